"""Measures the portal: the list of results beside nginx with a static page of that size, and 200 patients at once.

Usage: portal.py [--quick] [--esito PATH] [--furnish PATH]
`furnish_store` makes a store of 10,000 accounts and 100,000 orders; `esito serve` reads it, with no PACS to ask.
wrk (Debian) asks for the lists of 200 sessions, each with its cookie; nginx and the portal are asked in turns. wrk
waits for an answer before it asks on: a server that stalls is asked less meanwhile, so that its percentiles look
better than what somebody who comes by the clock would see. Everything that is no 200 is an error. Results go to
portal.md and portal.json beside this file and into the README (with --quick to quick-portal.*, not committed).
"""

import argparse
import json
import os
import re
import secrets
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE))

import measure  # noqa: E402
import report  # noqa: E402

SESSIONS = 200
# Of the patients that browse, seconds between an answer and the next request.
PAUSE = 2.0

SCRIPT = """
local lines = {}
for line in io.lines(os.getenv("SESSIONS")) do lines[#lines + 1] = line end
local pause = tonumber(os.getenv("PAUSE"))
local at, threads = 0, {}
function setup(thread) thread:set("first", #threads * 97); threads[#threads + 1] = thread end
function init() bad = 0; math.randomseed(first + 1) end
function request()
  at = at % #lines + 1
  local token, person = lines[(at + first) % #lines + 1]:match("(%S+) (%S+)")
  return wrk.format("GET", "/persons/" .. person .. "/results", {["cookie"] = "__Host-esito-session=" .. token})
end
function response(status) if status ~= 200 then bad = bad + 1 end end
if pause > 0 then function delay() return math.floor(pause * 500 + math.random() * pause * 1000) end end
function done(summary, latency)
  local bad = 0
  for _, thread in ipairs(threads) do bad = bad + thread:get("bad") end
  local e = summary.errors
  io.stderr:write(string.format('{"requests": %d, "seconds": %f, "errors": %d, "p50": %f, "p99": %f, "worst": %f}',
    summary.requests, summary.duration / 1e6, bad + e.connect + e.read + e.write + e.timeout,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000, latency.max / 1000))
end
"""


class Server:
    """A program that listens; its CPU is that of its family."""

    def __init__(self, name, command, port, ready):
        self.name, self.port = name, port
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        for _ in range(300):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}{ready}", timeout=1).close()
                return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError(f"{name} does not answer")

    def cpu(self):
        """Seconds that it has used."""
        return sum(measure.cpu_of(pid) for pid in measure.family(self.process.pid))

    def resident(self):
        """MiB now, and the most ever."""
        status = Path(f"/proc/{self.process.pid}/status").read_text("ascii", "replace")
        return [int(re.search(rf"{key}:\s+(\d+) kB", status)[1]) / 1024 for key in ("VmRSS", "VmHWM")]

    def end(self):
        """Asks it to."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)


def free_port():
    """One that nobody listens at."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def start_portal(esito, folder):
    """`esito serve` over the store in a folder."""
    port = free_port()
    secret = folder / "secret"
    secret.write_text(secrets.token_hex(32))
    secret.chmod(0o600)
    (folder / "esito.toml").write_text(
        f"[store]\nfolder = 'store'\nsecret_file = 'secret'\n[log]\nlevel = 'warn'\n"
        f"[portal]\nlisten = '127.0.0.1:{port}'\naddress = 'http://127.0.0.1:{port}'\n")
    return Server("Esito", [esito, "serve", "--config", folder / "esito.toml"], port, "/login")


def start_nginx(folder, pages):
    """nginx with a page for each person, all of it served as Debian's settings do, without a log."""
    port = free_port()
    for path, page in pages.items():
        place = folder / "www" / path.strip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(page)
    (folder / "nginx.conf").write_text(
        f"daemon off; worker_processes auto; pid {folder}/nginx.pid; error_log {folder}/nginx.log;\n"
        f"events {{ worker_connections 1024; }}\nhttp {{ sendfile on; tcp_nopush on; access_log off;\n"
        f"default_type text/html; keepalive_requests 1000000;\n"
        f"server {{ listen 127.0.0.1:{port}; root {folder}/www; }} }}\n")
    folder.chmod(0o755)
    nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    return Server("nginx", [nginx, "-c", folder / "nginx.conf"], port, next(iter(pages)))


def load(server, folder, connections, seconds, pause=0.0):
    """wrk for so long, and the CPU seconds of the server."""
    before = server.cpu()
    environment = {**os.environ, "SESSIONS": str(folder / "sessions"), "PAUSE": str(pause)}
    ended = subprocess.run(
        ["wrk", "-t", "2", "-c", str(connections), "-d", f"{seconds}s", "--timeout", "10s", "-s",
         folder / "browse.lua", f"http://127.0.0.1:{server.port}/"],
        env=environment, capture_output=True, text=True, check=True)
    found = json.loads(ended.stderr)
    found["cpu_ms"] = 1000 * (server.cpu() - before) / max(1, found["requests"])
    report.say(f"{server.name}, {connections} connections: {found}")
    return found


def fetch(server, path, token):
    """A page as a session sees it."""
    request = urllib.request.Request(f"http://127.0.0.1:{server.port}{path}",
                                     headers={"cookie": f"__Host-esito-session={token}"})
    with urllib.request.urlopen(request) as answer:
        return answer.read()


def prove(server, folder):
    """Shows that errors are counted: whoever has no session is led to the login, which is no list."""
    sessions = folder / "sessions"
    kept = sessions.read_text()
    sessions.write_text("\n".join(f"{secrets.token_urlsafe(32)} {line.split()[1]}" for line in kept.splitlines()))
    strangers = load(server, folder, 2, 1)
    sessions.write_text(kept)
    if not 0 < strangers["requests"] == strangers["errors"]:
        raise RuntimeError("errors are not counted")


def medians(runs):
    """Of each figure; errors are added up, and of the worst time the worst counts."""
    joined = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
    joined["errors"] = sum(run["errors"] for run in runs)
    joined["worst"] = max(run["worst"] for run in runs)
    joined["requests"] = sum(run["requests"] for run in runs)
    return joined


def table(found, memory, size):
    """What README shows."""
    made = found["list"]
    ours, theirs = made["Esito"], made["nginx"]
    many = found["patients"]
    host = report.machine()
    def verdict(value, reach, aim=None):
        if aim is not None and value <= aim:
            return "aim reached"
        return "reached" if value <= reach else "missed"
    lines = ["| figure | Esito | nginx, static | bound | |", "|---|---|---|---|---|"]
    lines.append(f"| list from the cache, 8 connections without a pause: p99, ms | {ours['p99']:.1f} | {theirs['p99']:.1f} | ≤ 50 | {verdict(ours['p99'], 50)} |")
    lines.append(f"| the same, median, ms | {ours['p50']:.2f} | {theirs['p50']:.2f} | | |")
    lines.append(f"| the same, pages a second | {ours['requests'] / ours['total']:.0f} | {theirs['requests'] / theirs['total']:.0f} | | |")
    lines.append(f"| the same, CPU ms a page | {ours['cpu_ms']:.2f} | {theirs['cpu_ms']:.2f} | | |")
    lines.append(f"| the same, errors of {ours['requests']} and {theirs['requests']} requests | {ours['errors']} | {theirs['errors']} | 0 | {verdict(ours['errors'], 0)} |")
    lines.append(f"| 200 patients at once, a page each {PAUSE:g} s: p99, ms | {many['p99']:.1f} | | ≤ 50 (15) | {verdict(many['p99'], 50, 15)} |")
    lines.append(f"| the same, errors of {many['requests']} requests | {many['errors']} | | 0 | {verdict(many['errors'], 0)} |")
    lines.append(f"| memory of the portal with that store after all that, and the most ever, MiB | {memory[0]:.0f}, {memory[1]:.0f} | | | |")
    return (f"{host['date']}, {host['cpu']}, {host['cores']} cores, commit {host['commit']}; {found['persons']} accounts with ten "
            f"orders each, pages of {size} bytes, lists of {SESSIONS} sessions; wrk {wrk_version()} on the same cores; medians of "
            f"{found['rounds']} runs in turns; load average {found['load'][0]:.1f} before and {found['load'][1]:.1f} after.\n\n"
            + "\n".join(lines) + "\n")


def wrk_version():
    """As Debian calls it."""
    return subprocess.run(["dpkg-query", "-W", "-f", "${Version}", "wrk"], capture_output=True, text=True, check=False).stdout


def main():
    """Furnishes, measures, writes down."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--esito", default=ROOT / "target/release/esito", type=Path)
    parser.add_argument("--furnish", default=ROOT / "target/release/examples/furnish_store", type=Path)
    options = parser.parse_args()
    persons, seconds, rounds = (500, 3, 1) if options.quick else (10_000, 8, 3)
    with tempfile.TemporaryDirectory(prefix="esito-portal-", dir=ROOT / "target") as name:
        folder = Path(name)
        report.say(f"furnishing a store of {persons} accounts")
        made = subprocess.run([options.furnish, folder / "store", str(persons), str(SESSIONS)],
                              capture_output=True, text=True, check=True)
        (folder / "sessions").write_text(made.stdout)
        (folder / "browse.lua").write_text(SCRIPT)
        sessions = [line.split() for line in made.stdout.splitlines()]
        before = os.getloadavg()[0]
        portal = start_portal(options.esito, folder)
        pages = {f"/persons/{person}/results": fetch(portal, f"/persons/{person}/results", token)
                 for token, person in sessions}
        prove(portal, folder)
        size = statistics.median(len(page) for page in pages.values())
        if not all(page.count(b"RX TORACE") >= 10 for page in pages.values()):
            raise RuntimeError("a list lacks orders")
        nginx = start_nginx(folder, pages)
        runs = {"Esito": [], "nginx": []}
        for _ in range(rounds):
            for server in (portal, nginx):
                runs[server.name].append(load(server, folder, 8, seconds))
        browsing = [load(portal, folder, SESSIONS, 2 * seconds, PAUSE) for _ in range(rounds)]
        found = {"persons": persons, "rounds": rounds,
                 "list": {who: {**medians(of), "total": sum(run["seconds"] for run in of)} for who, of in runs.items()},
                 "patients": medians(browsing), "memory": portal.resident(),
                 "load": [before, os.getloadavg()[0]], "machine": report.machine()}
        nginx.end()
        portal.end()
        name = "quick-portal" if options.quick else "portal"
        report.save(name, table(found, found["memory"], round(size)), found, "portal")


if __name__ == "__main__":
    main()
