"""The peers: Orthanc's media export, and the pipeline of command-line tools of DCMTK and Info-ZIP."""

import json
import shutil
import sys
import time
import urllib.request
from pathlib import Path

import measure

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests/judges"))

from orthanc import Orthanc, free_port  # noqa: E402

# Without it each instance waits some 45 ms for Nagle's algorithm and a delayed acknowledgement.
TUNED = {"TCP_NODELAY": "1"}


def start_orthanc(**more):
    """An Orthanc that sends to, and answers, anybody on loopback; and the port that it sends to."""
    port = free_port()
    return Orthanc(DicomModalities={"DEST": ["DEST", "127.0.0.1", port], "MOVESCU": ["MOVESCU", "127.0.0.1", port]},
                   DicomAlwaysAllowMove=True, DicomAlwaysAllowFind=True, TcpNoDelay=True, **more), port


def upload(server, folder):
    """Stores a folder; returns (Orthanc's name of the study, Study Instance UID)."""
    answer = None
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        answer = json.loads(server.request("/instances", path.read_bytes()))
    study = answer["ParentStudy"]
    return study, server.get(f"/studies/{study}")["MainDicomTags"]["StudyInstanceUID"]


def orthanc_media(server, study, target, syntax=None):
    """GET /studies/{id}/media, to a file, transcoded to a transfer syntax if one is given; CPU of the
    server alone."""
    pid = server.process.pid
    cpu, before = measure.cpu_of(pid), time.perf_counter()
    first, size = None, 0
    address = f"http://127.0.0.1:{server.port}/studies/{study}/media" + (f"?transcode={syntax}" if syntax else "")
    with urllib.request.urlopen(address) as answer, open(target, "wb") as file:
        while chunk := answer.read(1 << 16):
            first = first or time.perf_counter() - before
            size += len(chunk)
            file.write(chunk)
    wall = time.perf_counter() - before
    return measure.Measured(measure.cpu_of(pid) - cpu, wall, measure.high_water(pid) / 1024, first, size)


def dcmtk_pipeline(server, port, study_uid, folder):
    """movescu → dcmmkdir → dcmj2pnm for each file → zip -6; {step: Measured}."""
    shutil.rmtree(folder, ignore_errors=True)
    received, package = folder / "received", folder / "package"
    received.mkdir(parents=True)
    (package / "STUDIES").mkdir(parents=True)
    (package / "IHE_PDI").mkdir()
    steps = {"movescu": measure.run(
        ["movescu", "-S", "-aet", "MOVESCU", "-aem", "DEST", "-aec", "ORTHANC", "-pdu", "131072",
         "+P", str(port), "-od", str(received), "-k", "QueryRetrieveLevel=STUDY",
         "-k", f"StudyInstanceUID={study_uid}", "127.0.0.1", str(server.dicom_port)], TUNED)}
    # A File-set wants names of eight characters; moving files costs nothing that is counted.
    files = sorted(received.iterdir())
    for number, path in enumerate(files):
        path.rename(package / "STUDIES" / f"IM{number:06}")
    steps["dcmmkdir"] = measure.run(["dcmmkdir", "-q", "+I", "+r", "STUDIES"], folder=package)
    steps["dcmj2pnm"] = measure.run(
        ["sh", "-c", "ls STUDIES | xargs -P 2 -I{} dcmj2pnm -q +oj +Jq 90 +Wi 1 STUDIES/{} IHE_PDI/{}.JPG"],
        folder=package)
    made = len(list((package / "IHE_PDI").iterdir()))
    if made != len(files):
        raise RuntimeError(f"dcmj2pnm made {made} pictures of {len(files)} files")
    steps["zip"] = measure.run(["zip", "-q", "-6", "-r", str(folder / "package.zip"), "."], folder=package)
    return steps
