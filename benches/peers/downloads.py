"""Measures downloads: from the click to the package beside `esito package`, what it costs to hand a package out beside
tower-http's `ServeFile` and nginx, 100 slow downloads beside ten preparations, and the start of a portal with 10,000 jobs.

Usage: downloads.py [--quick] [--esito PATH] [--furnish PATH] [--serve-file PATH]

The images come from an Orthanc on the same machine, over C-GET. "Click" is the POST of the button `Scarica`, "ready" the
event of the page that says so; `esito package --study` makes the same package in turns with it, into the same file
system in memory. A package is handed out to curl, by each server in turns, one after the other. A slow download reads 200 KB a second off a socket with small buffers; each begins within the first
five seconds, while ten packages are made. What is no whole answer, or another than the file, is an error. Results go to
downloads.md and downloads.json beside this file and into the README (with --quick to quick-downloads.*, not committed).
"""

import argparse
import asyncio
import html
import http.server
import json
import os
import random
import re
import secrets
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from pathlib import Path
from statistics import median

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE))

import measure  # noqa: E402
import report  # noqa: E402
from portal import Server, free_port  # noqa: E402
from retrieval import CALLED, CALLING, orthanc, write  # noqa: E402
from serving import nginx, serve_file, serving  # noqa: E402

DOWNLOADS, PREPARATIONS = 100, 10
BYTES_PER_SECOND = 200_000
PASSWORD = "Collina-Verde&42"
PATIENT = {
    "person": {"patient_ids": [{"id": "TEST-ROSSI"}], "family_name": "ROSSI", "given_name": "MARIA TEST",
               "consent": {"online_results": True, "messages": False}},
    "account": {"user_name": "rossi", "contact": {"email": "maria.test@example.org", "phone": "+390000000000"}},
}


class Gateway:
    """Takes SMS, as the first password comes in one."""

    def __init__(self):
        texts = self.texts = []

        class Handler(http.server.BaseHTTPRequestHandler):
            """Answers each request alike."""

            def do_POST(self):
                texts.append(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["text"])
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def first_password(self):
        """Waits for it."""
        for _ in range(300):
            for text in self.texts:
                if found := re.search(r"password è (\S+) ", text):
                    return found[1]
            time.sleep(0.1)
        raise RuntimeError("no first password came")


class Visitor:
    """A browser, as far as cookies and forms go; follows nothing."""

    def __init__(self, port):
        self.port, self.cookies, self.token = port, {}, ""

    def headers(self, **more):
        """What each request carries."""
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return {"cookie": cookies, "origin": f"http://127.0.0.1:{self.port}", "accept-language": "it", **more}

    def ask(self, path, fields=None):
        """A page, or a form that is sent: status, headers, body."""
        body = None
        if fields is not None:
            body = urllib.parse.urlencode({"form_token": self.token, **fields}).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data=body, headers=self.headers())
        opener = urllib.request.build_opener(Unled)
        with opener.open(request, timeout=60) as answer:
            for line in answer.headers.get_all("set-cookie") or []:
                name, value = line.split(";", 1)[0].split("=", 1)
                self.cookies[name] = value
            text = answer.read().decode()
            if found := re.search(r'name="form_token" value="([^"]*)"', text):
                self.token = html.unescape(found[1])
            return answer.status, answer.headers, text


class Unled(urllib.request.HTTPErrorProcessor):
    """Gives every answer as it is: one that leads elsewhere too."""

    def http_response(self, request, response):
        return response


class Site:
    """A portal over a PACS, and a patient who is logged in."""

    def __init__(self, esito, folder, peer):
        self.esito, self.folder, self.port, gateway = esito, folder, free_port(), Gateway()
        secret = folder / "secret"
        secret.write_text(secrets.token_hex(32))
        secret.chmod(0o600)
        self.config = folder / "esito.toml"
        self.config.write_text(
            f"[store]\nfolder = 'store'\nsecret_file = 'secret'\n[log]\nlevel = 'error'\n"
            f"[portal]\nlisten = '127.0.0.1:{self.port}'\naddress = 'http://127.0.0.1:{self.port}'\n"
            f"[results]\nrelease = 'always'\navailability_days = 0\n"
            f"refresh = {{ at_most_every = 1, page_waits_ms = 10000 }}\n"
            f"[sms]\nurl = 'http://127.0.0.1:{gateway.port}/send'\njson = {{ to = '{{number}}', text = '{{text}}' }}\n"
            f"[spool]\nfree_mib = 0\n"
            f"[[pacs]]\nname = 'peer'\nhost = '127.0.0.1'\nport = {peer.port}\ncalled_ae_title = '{CALLED}'\n"
            f"calling_ae_title = '{CALLING}'\nretrieve = 'get'\n")
        self.start()
        self.console("patient", "add", told=json.dumps(PATIENT))
        self.her = Visitor(self.port)
        first = gateway.first_password()
        self.her.ask("/login")
        self.her.ask("/login", {"user_name": "rossi", "password": first})
        self.her.ask("/password")
        _, headers, _ = self.her.ask("/password", {"old": first, "new": PASSWORD, "confirm": PASSWORD})
        if headers["location"] != "/password/changed":
            raise RuntimeError("the first login fails")

    def start(self):
        """`esito serve`."""
        self.server = Server("Esito", [self.esito, "serve", "--config", self.config], self.port, "/login")

    def console(self, *command, told=None):
        """What a command of an administrator answers."""
        ended = subprocess.run([self.esito, *command, "--config", self.config], input=told, capture_output=True,
                               text=True, check=True)
        return json.loads(ended.stdout) if ended.stdout.startswith(("{", "[")) else None

    def orders(self, count):
        """The pages of her orders, once so many are there."""
        for _ in range(120):
            _, headers, _ = self.her.ask("/")
            _, _, page = self.her.ask(headers["location"])
            found = sorted(set(re.findall(r"/persons/[0-9a-f]+/orders/[0-9a-f]+", page)))
            if len(found) >= count:
                return found
            time.sleep(0.5)
        raise RuntimeError(f"{len(found)} orders instead of {count}")

    def ask_for(self, order):
        """Presses `Scarica`."""
        status, _, _ = self.her.ask(f"{order}/downloads", {"content": "everything"})
        if status != 303:
            raise RuntimeError(f"{order}: {status}")

    def entries(self):
        """The downloads as the script of the page sees them."""
        return json.loads(self.her.ask("/downloads/state")[2])["entries"]

    def wait_for_events(self, count):
        """Reads events until so many downloads are ready; they are ready when the event comes."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/downloads/events", headers=self.her.headers())
        end = time.monotonic() + 600
        while time.monotonic() < end:
            with urllib.request.urlopen(request, timeout=120) as events:
                for line in events:
                    if not line.startswith(b"data: "):
                        continue
                    states = [one["state"] for one in json.loads(line[6:])["entries"]]
                    if "failed" in states:
                        raise RuntimeError("a preparation failed")
                    if states.count("ready") >= count:
                        return
        raise RuntimeError("it does not become ready")


def click_to_ready(site, uid, place, rounds):
    """Seconds of each round from the click to the package, and those of the command line in turns with them."""
    order = site.orders(1)[0]
    site.her.ask(order)
    clicks, commands = [], []
    for turn in range(rounds + 1):
        report.say(f"from the click to the package, turn {turn} of {rounds}")
        out = place / "package.zip"
        out.unlink(missing_ok=True)
        command = measure.run([site.esito, "package", "--study", uid, "--config", site.config, "--out", out,
                               "--progress", "none"])
        before = time.perf_counter()
        site.ask_for(order)
        site.wait_for_events(1)
        took = time.perf_counter() - before
        job = site.console("jobs", "list", "--json")["jobs"][0]
        if job["missing"] or abs(job["bytes"] - out.stat().st_size) > 64 << 10:
            raise RuntimeError(f"not the same package: {job['bytes']} and {out.stat().st_size} bytes")
        site.console("jobs", "cancel", job["id"])
        # The first turn warms the caches of all three.
        if turn:
            clicks.append(took)
            commands.append(command.wall)
    out.unlink()
    return {"clicks": clicks, "commands": commands, "bytes": job["bytes"]}


async def fetch(site, path, length, begin, seconds):
    """A slow download: seconds to its first byte, and how many bytes came; None where it is no such answer."""
    await asyncio.sleep(begin)
    before = time.perf_counter()
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", site.port, limit=1 << 16)
        head = "".join(f"{name}: {value}\r\n" for name, value in site.her.headers().items())
        writer.write(f"GET {path} HTTP/1.1\r\nhost: x\r\n{head}\r\n".encode())
        answered = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 60)).decode("latin-1").lower()
        piece = await asyncio.wait_for(reader.read(1), 60)
        first = time.perf_counter() - before
        if not answered.startswith("http/1.1 200") or f"content-length: {length}" not in answered:
            return None
        came, end = len(piece), time.perf_counter() + seconds
        while came < length and time.perf_counter() < end:
            due = before + came / BYTES_PER_SECOND
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            piece = await asyncio.wait_for(reader.read(BYTES_PER_SECOND // 10), 60)
            if not piece:
                return None
            came += len(piece)
        writer.close()
        return first, came
    except (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError):
        return None


def ready_package(site, order):
    """Where the package of an order is handed out once it is made, and its length."""
    site.ask_for(order)
    site.wait_for_events(1)
    ready = next(one for one in site.entries() if one["state"] == "ready")
    return f"/downloads/{ready['id']}/package", site.console("jobs", "list", "--json")["jobs"][0]["bytes"]


def handing_out(site, program, order, rounds):
    """The package of an order, by the portal and its peers."""
    path, length = ready_package(site, order)
    file = max(site.folder.rglob("*.zip"), key=lambda found: found.stat().st_size)
    cookies = site.her.headers()["cookie"]
    found = serving(site.server, path, cookies, [serve_file(program, file), nginx(site.folder, file)], length, rounds)
    site.console("jobs", "cancel", site.console("jobs", "list", "--json")["jobs"][0]["id"])
    return found


def slow_downloads(site, seconds):
    """100 of them while ten packages are made."""
    orders = site.orders(PREPARATIONS + 1)
    path, length = ready_package(site, orders[0])
    site.server.end()
    site.start()
    site.her.ask(orders[0])
    chance = random.Random(20261130)

    async def all_of_them():
        asked = asyncio.to_thread(lambda: [site.ask_for(order) for order in orders[1:PREPARATIONS + 1]])
        begins = [chance.uniform(0, 5) for _ in range(DOWNLOADS)]
        return (await asyncio.gather(asked, *(fetch(site, path, length, begin, seconds) for begin in begins)))[1:]

    before, begun = site.server.cpu(), time.perf_counter()
    report.say(f"{DOWNLOADS} slow downloads for {seconds} s, and {PREPARATIONS} preparations")
    fetched = asyncio.run(all_of_them())
    took, cpu = time.perf_counter() - begun, site.server.cpu() - before
    site.wait_for_events(PREPARATIONS + 1)
    good = [one for one in fetched if one]
    firsts = sorted(first for first, _ in good)
    states = [one["state"] for one in site.entries()]
    return {"errors": len(fetched) - len(good) + sum(state != "ready" for state in states),
            "p50": median(firsts), "p99": firsts[int(0.99 * (len(firsts) - 1) + 0.5)], "worst": firsts[-1],
            "bytes_a_second": sum(came for _, came in good) / took, "rss": site.server.resident()[1], "cpu": cpu,
            "package": length}


def restart(esito, furnish, place, persons, rounds):
    """Seconds until a portal answers that has so many jobs, of each round."""
    spool = place / "spool"
    report.say(f"furnishing a store with {persons * 10} jobs")
    subprocess.run([furnish, place / "store", str(persons), "1", spool], check=True, stdout=subprocess.DEVNULL)
    port = free_port()
    secret = place / "secret"
    secret.write_text(secrets.token_hex(32))
    secret.chmod(0o600)
    config = place / "esito.toml"
    config.write_text(f"[store]\nfolder = 'store'\nsecret_file = 'secret'\n[log]\nlevel = 'error'\n"
                      f"[spool]\nfree_mib = 0\n"
                      f"[portal]\nlisten = '127.0.0.1:{port}'\naddress = 'http://127.0.0.1:{port}'\n")
    taken = []
    for _ in range(rounds):
        before = time.perf_counter()
        process = subprocess.Popen([esito, "serve", "--config", config], stdout=subprocess.DEVNULL)
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/login", timeout=60).close()
                break
            except OSError:
                time.sleep(0.005)
        taken.append(time.perf_counter() - before)
        time.sleep(1)
        process.kill()
        process.wait()
    return taken


def table(found):
    """What README shows."""
    host, click, slow, cost = found["machine"], found["click"], found["slow"], found["serving"]
    ratio = cost["Esito"] / cost["ServeFile"]
    ours, theirs = median(click["clicks"]), median(click["commands"])

    def row(what, value, peer, reach, aim, measured, form):
        verdict = "aim reached" if aim is not None and measured <= aim else "reached" if measured <= reach else "**missed**"
        bound = f"≤ {reach}" + (f" ({aim})" if aim is not None else "")
        return f"| {what} | {value:{form}} | {peer} | {bound} | {verdict} |"

    lines = ["| figure | portal | peer | bound (aim) | |", "|---|---|---|---|---|",
             row(f"from the click to the package, s (CT of {click['bytes'] / 1e6:.0f} MB from Orthanc; ratio "
                 f"{ours / theirs:.2f})", ours, f"{theirs:.2f} `esito package`", 1.15, 1.05, ours / theirs, ".2f"),
             row(f"a package of {cost['bytes'] / 1e6:.0f} MB handed out, CPU s a GB (ratio {ratio:.2f})", cost["Esito"],
                 f"{cost['ServeFile']:.2f} ServeFile, {cost['nginx']:.2f} nginx", 1.3, 1.05, ratio, ".2f"),
             row(f"{DOWNLOADS} downloads at 200 KB/s beside {PREPARATIONS} preparations: errors", slow["errors"], "", 0,
                 None, slow["errors"], "d"),
             row("the same: first byte, p99, s", slow["p99"], "", 2, None, slow["p99"], ".3f"),
             f"| the same: first byte, median and worst, s | {slow['p50']:.3f}, {slow['worst']:.3f} | | | |",
             row("the same: most memory, MiB", slow["rss"], "", 512, 256, slow["rss"], ".0f"),
             f"| the same: MB a second to all of them; CPU s, preparations included | "
             f"{slow['bytes_a_second'] / 1e6:.1f}; {slow['cpu']:.1f} | | | |",
             row(f"start after a kill with {found['jobs']} jobs, s", median(found["restart"]), "", 2, None,
                 median(found["restart"]), ".2f")]
    return (f"{host['date']}, {host['cpu']}, {host['cores']} cores, commit {host['commit']}; Orthanc 1.10.1 and the clients "
            f"on the same cores; medians of {len(click['clicks'])} and {len(found['restart'])} runs; load average "
            f"{found['load'][0]:.1f} before and {found['load'][1]:.1f} after.\n\n" + "\n".join(lines) + "\n")


def main():
    """Measures and writes down."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--esito", default=ROOT / "target/release/esito", type=Path)
    parser.add_argument("--furnish", default=ROOT / "target/release/examples/furnish_store", type=Path)
    parser.add_argument("--serve-file", default=ROOT / "target/serve_file/release/serve_file", type=Path)
    options = parser.parse_args()
    slices, rounds, seconds, persons = (30, 1, 5, 20) if options.quick else (300, 5, 30, 1000)
    esito = options.esito.resolve()
    before = os.getloadavg()[0]
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with tempfile.TemporaryDirectory(prefix="esito-downloads-", dir=memory) as name:
        place = Path(name)
        with orthanc(place) as peer:
            write(esito, place / "ct", "ct", slices, 0)
            peer.fill(place / "ct")
            uid = patient_of(place / "ct")
            (place / "site").mkdir()
            site = Site(esito, place / "site", peer)
            click = click_to_ready(site, uid, place, rounds)
            known = site.orders(1)
            write(esito, place / "large", "ct", slices * 27 // 10, PREPARATIONS + 1)
            peer.fill(place / "large")
            large = next(order for order in site.orders(2) if order not in known)
            cost = handing_out(site, options.serve_file.resolve(), large, rounds)
            for seed in range(1, PREPARATIONS + 1):
                write(esito, place / f"ct{seed}", "ct", max(slices // 5, 10), seed)
                peer.fill(place / f"ct{seed}")
            slow = slow_downloads(site, seconds)
            site.server.end()
        jobs = place / "jobs"
        jobs.mkdir()
        taken = restart(esito, options.furnish.resolve(), jobs, persons, rounds)
    found = {"click": click, "serving": cost, "slow": slow, "restart": taken, "jobs": persons * 10, "machine": report.machine(),
             "load": [before, os.getloadavg()[0]]}
    report.save("quick-downloads" if options.quick else "downloads", table(found), found, "downloads")


def patient_of(folder):
    """Notes the Patient ID of a study; gives its UID."""
    import pydicom
    first = next(path for path in folder.rglob("*") if path.is_file())
    data_set = pydicom.dcmread(first, stop_before_pixels=True)
    PATIENT["person"]["patient_ids"][0]["id"] = str(data_set.PatientID)
    return str(data_set.StudyInstanceUID)


if __name__ == "__main__":
    main()
