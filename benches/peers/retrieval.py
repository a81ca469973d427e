"""Retrieval beside other people's clients, in turns: over DIMSE getscu and movescu, over DICOMweb curl, from Orthanc
and from dcmqrscp; and a package with its previews beside the bare retrieval, from a PACS that sends 100 MB/s.

Usage: retrieval.py [--quick] ESITO DIMSE_TO_DISK WADO_TO_DISK

Writes retrieval.md and retrieval.json beside this file and into the README (with --quick to quick-retrieval.*).
Over DIMSE Esito's CPU and wall time include its query at IMAGE level, which getscu and movescu do not make.
"""

import hashlib
import os
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

from orthanc import Orthanc, free_port  # noqa: E402
from serve_orthanc import PLUGIN  # noqa: E402

CALLED, CALLING = "PEER", "ESITO"
TUNED = {"TCP_NODELAY": "1"}
PDU = ["-pdu", "131072"]
BYTES_PER_SECOND = 100_000_000
LANES = (1, 2, 4)
# What `limits.associations` is when nothing is said.
USUAL = 2
ACCEPT = 'Accept: multipart/related; type="application/dicom"; transfer-syntax=*'


def main(arguments):
    """Measures, and writes the tables."""
    quick = "--quick" in arguments
    programs = [Path(argument).resolve() for argument in arguments if not argument.startswith("--")]
    esito = programs[0]
    runs = 2 if quick else 5
    before = os.getloadavg()[1]
    # ext4 looks for an inode the longer, the more files were just deleted, and writes at once what takes the place
    # of a file: in memory each run finds the same.
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with tempfile.TemporaryDirectory(prefix="esito-retrieval-", dir=memory) as place:
        place = Path(place)
        studies = {"CT 300": ct(esito, place / "ct", 30 if quick else 300),
                   "MR 40 series": mr(esito, place / "mr", 3 if quick else 10)}
        rows = []
        for name, folder in studies.items():
            for server in (orthanc, dcmqrscp):
                with server(place) as peer:
                    peer.fill(folder)
                    rows += compare(name, programs, peer, folder, place, runs)
    text = table(rows, report.machine(), runs, (before, os.getloadavg()[1]))
    report.save("quick-retrieval" if quick else "retrieval", text, rows, "retrieval")


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

    def __init__(self, name, port, store_port, http_port=None):
        self.name, self.port, self.store_port, self.http_port = name, port, store_port, http_port

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
                 MaximumPduLength=131072, Plugins=[str(PLUGIN)]) as server:
        yield Peer("Orthanc", server.dicom_port, store_port, server.port)


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
                # Nobody shall wait for the acknowledgement of a proxy.
                source.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
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


class Study:
    """A study at a peer, and how long each way to it takes: medians of runs in turns."""

    def __init__(self, name, peer, folder, place):
        self.name, self.peer, self.place, self.stored = f"{name}, {peer.name}", peer, place, pixels(folder)
        first = next(path for path in folder.rglob("*") if path.is_file())
        self.uid = str(pydicom.dcmread(first, stop_before_pixels=True).StudyInstanceUID)
        self.ways, self.unread, self.spent, self.rows = {}, set(), {}, []

    def way(self, name, command, environment=None, unread=False):
        """A command that writes into an empty folder: `OUT` stands for it."""
        out = self.place / "out"
        self.ways[name] = ([str(out / part[4:]) if str(part).startswith("OUT/") else str(out) if part == "OUT"
                            else str(part) for part in command], environment)
        if unread:
            self.unread.add(name)

    def measure(self, runs):
        """The first turn warms the caches, and is checked."""
        self.spent = {way: [] for way in self.ways}
        for turn in range(runs + 1):
            report.say(f"{self.name}, run {turn} of {runs}")
            for way, (command, environment) in self.ways.items():
                out = self.place / "out"
                shutil.rmtree(out, ignore_errors=True)
                out.mkdir()
                one = measure.run(command, environment)
                if turn:
                    self.spent[way].append(one)
                elif way not in self.unread and pixels(out) != self.stored:
                    raise RuntimeError(f"{self.name}, {way}: what came differs from what was stored")

    def median(self, way, kind):
        """Of `cpu` or `wall`."""
        return median(getattr(one, kind) for one in self.spent[way])

    def row(self, what, kind, way, peer, reach=None, aim=None):
        """Ours beside theirs."""
        ours, theirs = self.median(way, kind), self.median(peer, kind)
        unit = {"cpu": "CPU s", "wall": "wall s"}[kind]
        self.rows.append({"what": f"{self.name}: {what}, {unit}, against {peer}", "esito": ours, "peer": theirs,
                          "reach": reach, "aim": aim, "ratio": ours / theirs})

    def memory(self, what, way):
        """The worst of all runs."""
        worst = max(one.rss for one in self.spent[way])
        self.rows.append({"what": f"{self.name}: {what}, peak memory MiB", "esito": worst, "peer": None, "reach": 192,
                          "aim": 96, "ratio": worst})

    def lanes(self, way):
        """What the number of associations makes of it; the default is the middle one."""
        for kind, unit in (("wall", "wall s"), ("cpu", "CPU s")):
            values = " / ".join(f"{self.median(f'{way} {lanes}', kind):.2f}" for lanes in LANES)
            self.rows.append({"what": f"{self.name}: {way} over {' / '.join(map(str, LANES))} associations, {unit}",
                              "esito": values, "peer": None, "reach": None, "aim": None, "ratio": None})


def compare(name, programs, peer, folder, place, runs):
    """The rows of one study at one peer."""
    esito, dimse_to_disk, wado_to_disk = programs
    study = Study(name, peer, folder, place)
    uid, slow = study.uid, Throttled(peer.port)
    query = ["-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={uid}", "127.0.0.1", str(peer.port)]
    titles = ["-aet", CALLING, "-aec", CALLED]

    def ours(way, lanes, port=peer.port):
        return [dimse_to_disk, way, "127.0.0.1", str(port), CALLED, CALLING, uid, "OUT", str(lanes),
                *([str(peer.store_port)] if way == "move" else [])]

    def package(section):
        configuration = place / f"{len(study.ways)}.toml"
        configuration.write_text(f'[[pacs]]\nname = "peer"\n{section}\n')
        return [esito, "package", "--study", uid, "--config", configuration, "--out", "OUT/package.zip",
                "--progress", "none"]

    study.way("getscu", ["getscu", "-S", *titles, *PDU, "-od", "OUT", *query], TUNED)
    for lanes in LANES:
        study.way(f"C-GET {lanes}", ours("get", lanes))
    study.way("movescu", ["movescu", "-S", *titles, "-aem", CALLING, *PDU, "+P", str(peer.store_port), "-od", "OUT",
                          *query], TUNED)
    for lanes in LANES:
        study.way(f"C-MOVE {lanes}", ours("move", lanes))
    study.way("the bare C-GET", ours("get", USUAL, slow.port))
    study.way("package", package(f'host = "127.0.0.1"\nport = {slow.port}\ncalled_ae_title = "{CALLED}"\n'
                                 f'calling_ae_title = "{CALLING}"\nretrieve = "get"'), unread=True)
    if peer.http_port:
        slow_web = Throttled(peer.http_port)
        base, slow_base = (f"http://127.0.0.1:{port}/dicom-web" for port in (peer.http_port, slow_web.port))
        study.way("curl", ["curl", "-s", "-f", "-H", ACCEPT, "-o", "OUT/body", f"{base}/studies/{uid}"], unread=True)
        study.way("WADO-RS", [wado_to_disk, base, uid, "OUT"])
        study.way("the bare WADO-RS", [wado_to_disk, slow_base, uid, "OUT"])
        study.way("web package", package(f'protocol = "dicomweb"\nurl = "{slow_base}"'), unread=True)
    study.measure(runs)
    for way, other in (("C-GET", "getscu"), ("C-MOVE", "movescu")):
        study.row(way, "cpu", f"{way} {USUAL}", other, 1.0, 0.6)
        study.row(way, "wall", f"{way} {USUAL}", other, *((1.2, 1.0) if way == "C-GET" else (1.0, 0.8)))
    study.row("package with JPGs at 100 MB/s", "wall", "package", "the bare C-GET", 1.3, 1.1)
    study.memory("that package", "package")
    if peer.http_port:
        study.row("WADO-RS", "cpu", "WADO-RS", "curl")
        study.row("WADO-RS", "wall", "WADO-RS", "curl", 1.3, 1.1)
        study.row("package with JPGs at 100 MB/s over WADO-RS", "wall", "web package", "the bare WADO-RS", 1.3, 1.1)
        study.memory("that package over WADO-RS", "web package")
    study.lanes("C-GET")
    study.lanes("C-MOVE")
    return study.rows


def pixels(folder):
    """Digests of the pixels of each instance, by SOP Instance UID."""
    found = {}
    for path in folder.rglob("*"):
        if path.is_file():
            instance = pydicom.dcmread(path)
            found[str(instance.SOPInstanceUID)] = hashlib.sha256(instance.PixelData).hexdigest()
    return found


def table(rows, facts, runs, load):
    """The table in Markdown."""
    lines = [f"{facts['date']}, {facts['cpu']}, {facts['cores']} cores, Orthanc 1.10.1 and {facts['dcmtk']} of Debian, "
             f"commit {facts['commit']}; medians of {runs} runs in turn over {USUAL} associations, memory the worst of "
             f"them; load average {load[0]:.1f} before and {load[1]:.1f} after. getscu, movescu and dcmqrscp with "
             "TCP_NODELAY=1, PDUs of 128 KiB; files in a file system in memory.", "",
             "| what | Esito | peer | ratio | reach (aim) | |", "|---|---|---|---|---|---|"]
    for row in rows:
        ours = row["esito"] if isinstance(row["esito"], str) else f"{row['esito']:.3g}"
        peer = "" if row["peer"] is None else f"{row['peer']:.3g}"
        ratio = "" if row["peer"] is None else f"{row['ratio']:.2f}"
        reach = "" if row["reach"] is None else f"≤ {row['reach']} ({row['aim']})"
        lines.append(f"| {row['what']} | {ours} | {peer} | {ratio} | {reach} | {verdict(row)} |")
    return "\n".join(lines) + "\n"


def verdict(row):
    """Whether what is asked for is reached."""
    if row["reach"] is None:
        return ""
    if row["ratio"] <= row["aim"]:
        return "aim reached"
    return "reached" if row["ratio"] <= row["reach"] else "**missed**"


if __name__ == "__main__":
    main(sys.argv[1:])
