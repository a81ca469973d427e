"""WADO-RS from Orthanc to disk: Esito's client beside curl of the same resource to a file.

Usage: dicomweb.py [--quick] ESITO WADO_TO_DISK

Both retrieve study A (300 CT slices of 512 x 512) in turns; medians of the runs are printed as a table.
"""

import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import measure

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests/judges"))

import peers  # noqa: E402
from orthanc import Orthanc  # noqa: E402
from serve_orthanc import dicomweb_options  # noqa: E402

ACCEPT = 'Accept: multipart/related; type="application/dicom"; transfer-syntax=*'


def main(arguments):
    """Measures and prints."""
    quick = "--quick" in arguments
    esito, program = [argument for argument in arguments if not argument.startswith("--")]
    slices, runs = (30, 2) if quick else (300, 5)
    with tempfile.TemporaryDirectory(prefix="esito-dicomweb-") as place:
        place = Path(place)
        subprocess.run([esito, "fixtures", "--study", "ct", "--slices", str(slices), "--out", place / "in"],
                       check=True, stdout=subprocess.DEVNULL)
        with Orthanc(**dicomweb_options()) as server:
            _, study = peers.upload(server, place / "in")
            base = f"http://127.0.0.1:{server.port}/dicom-web"
            ours, theirs = [], []
            # The first pair warms the caches and is not counted.
            for number in range(runs + 1):
                shutil.rmtree(place / "out", ignore_errors=True)
                one = measure.run([program, base, study, str(place / "out")])
                same = files(place / "in") == files(place / "out")
                other = measure.run(["curl", "-s", "-f", "-H", ACCEPT, "-o", str(place / "curl.bin"),
                                     f"{base}/studies/{study}"])
                if not same:
                    raise RuntimeError("what was retrieved differs from what was stored")
                if number:
                    ours.append(one)
                    theirs.append(other)
    print(f"WADO-RS of {slices} slices, medians of {runs} runs in turn, every instance compared")
    print("| | Esito | curl | ratio |\n|---|---|---|---|")
    for name, value in (("wall s", lambda run: run.wall), ("CPU s", lambda run: run.cpu),
                        ("peak memory MiB, the worst", lambda run: run.rss)):
        middle = max if "worst" in name else statistics.median
        one, other = middle(map(value, ours)), middle(map(value, theirs))
        print(f"| {name} | {one:.3g} | {other:.3g} | {one / other:.3g} |" if other else f"| {name} | {one:.3g} | 0 | |")


def files(folder):
    """The contents of the files of a folder, in no order."""
    return sorted(path.read_bytes() for path in folder.rglob("*") if path.is_file())


if __name__ == "__main__":
    main(sys.argv[1:])
