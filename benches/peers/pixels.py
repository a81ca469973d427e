"""Measures what pixels cost a package: a study stored compressed, and the preview of one slice.

Usage: pixels.py [--quick] [--runs N] [--esito PATH]
The compressed study is packaged uncompressed, previews included; Orthanc transcodes it to Explicit VR
Little Endian into its media ZIP, without previews; in turn. Results go to pixels.md and pixels.json
beside this file and into the README (with --quick to quick-pixels.*, which are not committed).
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from statistics import median

import pydicom

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE))

import measure  # noqa: E402
import peers  # noqa: E402
import report  # noqa: E402

EXPLICIT = "1.2.840.10008.1.2.1"
# Orthanc's own decoder knows no JPEG 2000; this plugin of Debian's orthanc-gdcm does.
PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancGdcm.so")


def main():
    """Makes the studies, measures every row, prints and saves the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a small study, one run: only to see that it works")
    parser.add_argument("--runs", type=int)
    parser.add_argument("--esito", type=Path, default=ROOT / "target/release/esito")
    arguments = parser.parse_args()
    runs = arguments.runs or (1 if arguments.quick else 5)
    slices = 20 if arguments.quick else 300
    with tempfile.TemporaryDirectory(prefix="esito-pixels-") as scratch:
        work = Path(scratch)
        rows = [preview(runs, arguments.quick)]
        plain = work / "plain"
        make = [arguments.esito, "fixtures", "--study", "ct", "--slices", str(slices)]
        subprocess.run([*make, "--out", plain], check=True, stdout=subprocess.DEVNULL)
        for codec in ("JPEG lossless", "JPEG 2000"):
            if codec == "JPEG 2000" and not PLUGIN.exists():
                report.say("without Debian's orthanc-gdcm Orthanc cannot decode JPEG 2000: that row is left out")
                continue
            rows.append(transcoded(codec, arguments.esito, plain, work, runs, slices))
    facts = report.machine()
    name = "quick-pixels" if arguments.quick else "pixels"
    report.save(name, table(rows, facts, runs), {"machine": facts, "runs": runs, "rows": rows}, "pixels")


def preview(runs, quick):
    """LUT and JPEG of one slice: the bench of that name, run for few and for many slices, so that its
    start does not count."""
    report.say("LUT + JPEG")
    few, many = 100, 600 if quick else 1600
    built = subprocess.run(["cargo", "bench", "--locked", "--bench", "render", "--no-run", "--message-format=json"],
                           cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout
    program = next(found for line in built.splitlines() if (found := json.loads(line).get("executable")))
    costs = []
    for _ in range(runs):
        spent = [measure.run([program, "--bench", "preview::ct", "--sample-size", "1", "--sample-count", str(count)])
                 for count in (few, many)]
        costs.append((spent[1].cpu - spent[0].cpu) * 1000 / (many - few))
    return {"what": "LUT + JPEG of a slice of 512² × 16 bit, CPU ms", "esito": median(costs), "peer": None, "limit": 1.2}


def transcoded(codec, esito, plain, work, runs, slices):
    """A row: CPU of a package with uncompressed pixels, of Esito and of Orthanc."""
    folder = work / codec.replace(" ", "-")
    folder.mkdir()
    for path in sorted(p for p in plain.rglob("*") if p.is_file()):
        encoder = ["dcmcjpeg", "+e1"] if codec == "JPEG lossless" else ["gdcmconv", "--j2k"]
        measure.run([*encoder, str(path), str(folder / path.name)])
    ours, theirs = [], []
    target, orthanc_zip = work / "esito.zip", work / "orthanc.zip"
    server, _ = peers.start_orthanc(Plugins=[str(PLUGIN)] if codec == "JPEG 2000" else [])
    with server:
        study, _ = peers.upload(server, folder)
        for turn in range(runs):
            report.say(f"{codec}, run {turn + 1} of {runs}")
            theirs.append(peers.orthanc_media(server, study, orthanc_zip, EXPLICIT).cpu)
            ours.append(measure.run([str(esito), "package", "--folder", str(folder), "--out", str(target),
                                     "--transfer-syntax", "uncompressed", "--progress", "none"]).cpu)
    for path, part in ((target, "STUDIES/"), (orthanc_zip, "IMAGES/")):
        check(path, part, slices)
    shutil.rmtree(folder)
    return {"what": f"CT {slices} stored as {codec}, packaged as Explicit VR Little Endian, CPU s (Esito with "
                    "previews, Orthanc without)", "esito": median(ours), "peer": median(theirs), "limit": 1.0}


def check(path, part, slices):
    """Raises when not every slice is in the ZIP, uncompressed."""
    with zipfile.ZipFile(path) as package:
        names = [name for name in package.namelist() if part in name]
        if len(names) != slices:
            raise RuntimeError(f"{path.name} holds {len(names)} instances of {slices}")
        for name in names:
            with package.open(name) as file:
                syntax = pydicom.dcmread(file, stop_before_pixels=True).file_meta.TransferSyntaxUID
            if syntax != EXPLICIT:
                raise RuntimeError(f"{path.name}: {name} is {syntax.name}")


def table(rows, facts, runs):
    """The table in Markdown; where there is a peer the limit is one of the ratio."""
    lines = [f"{facts['date']}, {facts['cpu']}, {facts['cores']} cores, Orthanc 1.10.1 of Debian, commit {facts['commit']}; "
             f"medians of {runs} runs in turn.", "", "| what | Esito | peer | ratio | reach | |", "|---|---|---|---|---|---|"]
    for row in rows:
        ours, peer = row["esito"], row["peer"]
        found = ours / peer if peer else ours
        lines.append(f"| {row['what']} | {ours:.2f} | {f'{peer:.2f}' if peer else ''} | {f'{found:.2f}' if peer else ''} "
                     f"| ≤ {row['limit']} | {'reached' if found <= row['limit'] else '**missed**'} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
