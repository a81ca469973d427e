"""Retrieval over DIMSE from Orthanc and from dcmqrscp: Esito's client beside getscu and movescu; and a
package beside the bare retrieval, through a PACS that sends 100 MB/s.

Usage: dimse.py [--quick] ESITO DIMSE_TO_DISK

Writes dimse.md and dimse.json beside this file and into the README (with --quick to quick-dimse.*).
Esito's CPU and wall time include its query at IMAGE level, which getscu and movescu do not make.
"""

import hashlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import pydicom

import measure
import report

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests/judges"))

import peers  # noqa: E402
from orthanc import Orthanc, free_port  # noqa: E402

CALLED, CALLING = "PEER", "ESITO"
TUNED = {"TCP_NODELAY": "1"}
PDU = ["-pdu", "131072"]
BYTES_PER_SECOND = 100_000_000
LANES = (1, 2, 4)


def main(arguments):
    """Measures, and writes the tables."""
    quick = "--quick" in arguments
    esito, program = (Path(argument).resolve() for argument in arguments if not argument.startswith("--"))
    runs = 2 if quick else 5
    with tempfile.TemporaryDirectory(prefix="esito-dimse-") as place:
        place = Path(place)
        studies = {"CT 300": ct(esito, place / "ct", 30 if quick else 300),
                   "MR 40 series": mr(esito, place / "mr", 3 if quick else 10)}
        rows = []
        for name, folder in studies.items():
            for server in (orthanc, dcmqrscp):
                with server(place) as peer:
                    peer.fill(folder)
                    rows += compare(f"{name}, {peer.name}", esito, program, peer, folder, place, runs)
    text = table(rows, report.machine(), runs)
    report.save("quick-dimse" if quick else "dimse", text, rows, "dimse")


def ct(esito, folder, slices):
    """Study A."""
    write(esito, folder, "ct", slices, 0)
    return folder


def mr(esito, folder, slices):
    """A study of 40 series: five examinations of eight series as one study."""
    first = None
    for number in range(5):
        part = folder / f"part{number}"
        write(esito, part, "mr", slices, number)
        for path in sorted(path for path in part.rglob("*") if path.is_file()):
            instance = pydicom.dcmread(path)
            first = first or instance
            for keyword in ("StudyInstanceUID", "AccessionNumber", "StudyID"):
                setattr(instance, keyword, getattr(first, keyword))
            instance.SeriesNumber += 8 * number
            instance.save_as(path)
    return folder


def write(esito, folder, study, slices, seed):
    """A fixture study."""
    subprocess.run([esito, "fixtures", "--study", study, "--slices", str(slices), "--seed", str(seed), "--out", folder],
                   check=True, stdout=subprocess.DEVNULL)


class Peer:
    """A PACS on loopback: its ports, and how to fill it."""

    def __init__(self, name, port, store_port):
        self.name, self.port, self.store_port = name, port, store_port

    def fill(self, folder):
        """Stores a folder."""
        files = [str(path) for path in sorted(folder.rglob("*")) if path.is_file()]
        subprocess.run(["dcmsend", "-aet", "FILLER", "-aec", CALLED, "127.0.0.1", str(self.port), *files],
                       check=True, env={**TUNED, "PATH": "/usr/bin:/bin"}, stdout=subprocess.DEVNULL)


@contextmanager
def orthanc(_place):
    """Orthanc with an empty store."""
    store_port = free_port()
    known = {"AET": CALLING, "Host": "127.0.0.1", "Port": store_port, "AllowGet": True, "AllowMove": True,
             "AllowFind": True, "AllowStore": True}
    with Orthanc(DicomAet=CALLED, DicomModalities={"esito": known}, DicomAlwaysAllowStore=True, TcpNoDelay=True,
                 MaximumPduLength=131072) as server:
        yield Peer("Orthanc", server.dicom_port, store_port)


@contextmanager
def dcmqrscp(place):
    """dcmqrscp with an empty store."""
    port, store_port = free_port(), free_port()
    folder = place / "dcmqrscp"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    settings = folder / "dcmqrscp.cfg"
    settings.write_text(f"""NetworkTCPPort = {port}
MaxPDUSize = 131072
MaxAssociations = 16
HostTable BEGIN
esito = ({CALLING}, 127.0.0.1, {store_port})
HostTable END
VendorTable BEGIN
VendorTable END
AETable BEGIN
{CALLED} {folder} RW (200, 4096mb) ANY
AETable END
""")
    process = subprocess.Popen(["dcmqrscp", "-c", settings], env={**TUNED, "PATH": "/usr/bin:/bin"},
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(port)
        yield Peer("dcmqrscp", port, store_port)
    finally:
        process.kill()
        process.wait()


def wait_for(port):
    """Until somebody listens."""
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("the PACS does not listen")


class Throttled:
    """Passes connections on to a port, and no more bytes back than so many a second, all together."""

    def __init__(self, target):
        self.target, self.lock, self.next = target, threading.Lock(), time.perf_counter()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        """Until the listener is closed."""
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.target))
            for one in (client, server):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.copy, args=(client, server, False), daemon=True).start()
            threading.Thread(target=self.copy, args=(server, client, True), daemon=True).start()

    def copy(self, source, target, throttled):
        """One direction."""
        buffer = memoryview(bytearray(1 << 18))
        try:
            while count := source.recv_into(buffer):
                if throttled:
                    self.wait(count)
                target.sendall(buffer[:count])
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def wait(self, count):
        """Sleeps until these bytes may go."""
        with self.lock:
            now = time.perf_counter()
            self.next = max(self.next, now - 0.05) + count / BYTES_PER_SECOND
            pause = self.next - now
        if pause > 0:
            time.sleep(pause)


def compare(name, esito, program, peer, folder, place, runs):
    """The rows of one study at one peer; each way is checked once, and then measured in turns."""
    uid = str(pydicom.dcmread(next(path for path in folder.rglob("*") if path.is_file()),
                              stop_before_pixels=True).StudyInstanceUID)
    stored = pixels(folder)
    out, target = place / "out", place / "package.zip"
    query = ["-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={uid}"]
    address = ["127.0.0.1", str(peer.port)]
    slow = Throttled(peer.port)

    def ours(way, lanes, port=peer.port):
        return [program, way, "127.0.0.1", str(port), CALLED, CALLING, uid, out, str(lanes),
                *([str(peer.store_port)] if way == "move" else [])]

    configuration = place / "esito.toml"
    configuration.write_text(f'[[pacs]]\nname = "peer"\nhost = "127.0.0.1"\nport = {slow.port}\n'
                             f'called_ae_title = "{CALLED}"\ncalling_ae_title = "{CALLING}"\nretrieve = "get"\n')
    package = [esito, "package", "--study", uid, "--config", configuration, "--out", target, "--progress", "none"]
    titles = ["-aet", CALLING, "-aec", CALLED]
    ways = {
        "getscu": (["getscu", "-S", *titles, *PDU, "-od", out, *query, *address], TUNED),
        "getscu +B": (["getscu", "-S", "+B", *titles, *PDU, "-od", out, *query, *address], TUNED),
        **{f"get {lanes}": (ours("get", lanes), None) for lanes in LANES},
        "movescu": (["movescu", "-S", *titles, "-aem", CALLING, *PDU, "+P", str(peer.store_port), "-od", out, *query,
                     *address], TUNED),
        **{f"move {lanes}": (ours("move", lanes), None) for lanes in LANES},
        "bare": (ours("get", 2, slow.port), None),
        "package": (package, None),
    }
    spent = {way: [] for way in ways}
    for turn in range(runs + 1):
        report.say(f"{name}, run {turn} of {runs}")
        for way, (command, environment) in ways.items():
            shutil.rmtree(out, ignore_errors=True)
            out.mkdir()
            one = measure.run([str(part) for part in command], environment)
            # The first turn warms the caches, and is checked.
            if turn == 0 and way != "package" and pixels(out) != stored:
                raise RuntimeError(f"{name}, {way}: what came differs from what was stored")
            if turn:
                spent[way].append(one)
    slow.listener.close()
    cpu = {way: median(one.cpu for one in all_runs) for way, all_runs in spent.items()}
    wall = {way: median(one.wall for one in all_runs) for way, all_runs in spent.items()}
    rows = []

    def row(what, kind, of, peer_of, limit):
        rows.append({"what": f"{name}: {what}", "esito": of[kind[0]], "peer": peer_of[kind[1]], "limit": limit,
                     "ratio": of[kind[0]] / peer_of[kind[1]]})

    for lanes in LANES:
        row(f"C-GET, {lanes} at a time, CPU s, against getscu", (f"get {lanes}", "getscu"), cpu, cpu, 1.0)
        row(f"C-GET, {lanes} at a time, wall s, against getscu", (f"get {lanes}", "getscu"), wall, wall, 1.2)
        row(f"C-GET, {lanes} at a time, CPU s, against getscu +B", (f"get {lanes}", "getscu +B"), cpu, cpu, None)
    for lanes in LANES:
        row(f"C-MOVE, {lanes} at a time, CPU s, against movescu", (f"move {lanes}", "movescu"), cpu, cpu, 1.0)
        row(f"C-MOVE, {lanes} at a time, wall s, against movescu", (f"move {lanes}", "movescu"), wall, wall, 1.0)
    row("package with JPGs at 100 MB/s, wall s, against the bare retrieval", ("package", "bare"), wall, wall, 1.3)
    worst = max(one.rss for one in spent["package"])
    rows.append({"what": f"{name}: peak memory of the package, MiB", "esito": worst, "peer": None, "limit": 192,
                 "ratio": worst})
    return rows


def pixels(folder):
    """Digests of the pixels of each instance, by SOP Instance UID."""
    found = {}
    for path in folder.rglob("*"):
        if path.is_file():
            instance = pydicom.dcmread(path)
            found[str(instance.SOPInstanceUID)] = hashlib.sha256(instance.PixelData).hexdigest()
    return found


def table(rows, facts, runs):
    """The table in Markdown."""
    lines = [f"{facts['date']}, {facts['cpu']}, {facts['cores']} cores, Orthanc 1.10.1 and {facts['dcmtk']} of Debian, "
             f"commit {facts['commit']}; medians of {runs} runs in turn, memory the worst of them. getscu, movescu and "
             "dcmqrscp with TCP_NODELAY=1 and PDUs of 128 KiB.", "",
             "| what | Esito | peer | ratio | reach | |", "|---|---|---|---|---|---|"]
    for row in rows:
        peer = "" if row["peer"] is None else f"{row['peer']:.3g}"
        ratio = "" if row["peer"] is None else f"{row['ratio']:.2f}"
        limit = row["limit"]
        reached = "" if limit is None else "reached" if row["ratio"] <= limit else "**missed**"
        lines.append(f"| {row['what']} | {row['esito']:.3g} | {peer} | {ratio} | {'' if limit is None else f'≤ {limit}'} "
                     f"| {reached} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main(sys.argv[1:])
