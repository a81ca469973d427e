"""Measures Esito beside its peers in one run and prints one table of medians and ratios.

Usage: compare.py [--quick] [--runs N] [--esito PATH] [--keep DIR]
Peer and Esito run in turn, so that a busy machine is busy for both. Results go to latest.md and
latest.json beside this file and into the README (with --quick to quick.*, which are not committed).
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE))

import measure  # noqa: E402
import peers  # noqa: E402
import report  # noqa: E402

# Name, arguments of `esito fixtures`, and the arguments of the quick pass.
STUDIES = {
    "CT 300": (["--study", "ct", "--slices", "300"], ["--study", "ct", "--slices", "40"]),
    "CT 6000": (["--study", "ct", "--slices", "6000"], ["--study", "ct", "--slices", "400"]),
    "tomosynthesis 1 GB": (["--study", "tomo", "--slices", "150"], ["--study", "tomo", "--slices", "8"]),
    "US 60 frames": (["--study", "us"], ["--study", "us"]),
}


def main():
    """Makes the studies, measures every row, prints and saves the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small studies, one run: only to see that it works")
    parser.add_argument("--runs", type=int)
    parser.add_argument("--esito", type=Path, default=ROOT / "target/release/esito")
    parser.add_argument("--keep", type=Path, help="a folder for the studies, kept for the next time")
    arguments = parser.parse_args()
    runs = arguments.runs or (1 if arguments.quick else 5)
    with tempfile.TemporaryDirectory(prefix="esito-peers-") as scratch:
        work = Path(scratch)
        facts = report.machine()
        bench = Bench(arguments.esito, arguments.keep or work, work, runs, arguments.quick)
        rows = [*bench.study_a(), *bench.memory()]
        facts["orthanc"] = bench.orthanc_version
    text = table(rows, facts, runs)
    report.save("quick" if arguments.quick else "latest", text, {"machine": facts, "runs": runs, "rows": rows}, "peers")


class Bench:
    """The rows of the table."""

    def __init__(self, esito, studies, work, runs, quick):
        self.esito, self.studies, self.work, self.runs, self.quick = esito, studies, work, runs, quick
        self.orthanc_version = None

    def study(self, name):
        """The folder of a fixture study, made on first use; its UIDs and pixels repeat."""
        arguments = STUDIES[name][self.quick]
        folder = self.studies / "-".join(a.strip("-") for a in arguments)
        if not folder.exists():
            report.say(f"making {name}")
            subprocess.run([self.esito, "fixtures", *arguments, "--out", folder], check=True, stdout=subprocess.DEVNULL)
        return folder

    def package(self, folder, target):
        """The command that packages a folder."""
        return [str(self.esito), "package", "--folder", str(folder), "--out", str(target), "--progress", "none"]

    def study_a(self):
        """Study A against Orthanc and against the DCMTK pipeline."""
        folder = self.study("CT 300")
        esito_zip, orthanc_zip = self.work / "esito.zip", self.work / "orthanc.zip"
        ours, piped, orthanc, pipeline = [], [], [], []
        server, port = peers.start_orthanc()
        with server:
            study, uid = peers.upload(server, folder)
            for turn in range(self.runs):
                report.say(f"CT 300, run {turn + 1} of {self.runs}")
                orthanc.append(peers.orthanc_media(server, study, orthanc_zip))
                ours.append(measure.run(self.package(folder, esito_zip)))
                pipeline.append(peers.dcmtk_pipeline(server, port, uid, self.work / "pipeline"))
                piped.append(measure.run_piped(self.package(folder, "-"), b"STUDIES/"))
            self.orthanc_version = server.get("/system")["Version"]
        dicom = dicom_bytes(esito_zip)
        cpu, wall = median(ours, "cpu"), median(ours, "wall")
        # Esito reads a folder here, so what movescu costs is left out of the pipeline.
        steps = {name: statistics.median(run[name].cpu for run in pipeline) for name in pipeline[0]}
        packing = sum(cost for name, cost in steps.items() if name != "movescu")
        detail = ", ".join(f"{name} {cost:.2f}" for name, cost in steps.items())
        first = median(piped, "first_entry")
        return [
            row("whole package, CPU s, against Orthanc /media", cpu, median(orthanc, "cpu"), "≤ 1/3", 1 / 3),
            row(f"whole package, CPU s, against DCMTK and zip -6 ({detail}; movescu not counted)",
                cpu, packing, "≤ 1/6", 1 / 6),
            row("whole package, wall s, against Orthanc /media", wall, median(orthanc, "wall"), "≤ 1/6", 1 / 6),
            row("DICOM part of the ZIP, bytes, against Orthanc's ZIP", dicom, orthanc_zip.stat().st_size, "≤ 1.05", 1.05),
            row("first complete DICOM entry, ms (Orthanc: first byte)", first * 1000,
                median(orthanc, "first_entry") * 1000, "≤ 200", limit=200),
            row("peak memory, CT 300, MiB", max(run.rss for run in ours), median(orthanc, "rss"), "≤ 192", limit=192),
        ]

    def memory(self):
        """Peak memory of the large studies; the worst of all runs counts."""
        for name in list(STUDIES)[1:]:
            folder = self.study(name)
            found = []
            for turn in range(self.runs):
                report.say(f"{name}, run {turn + 1} of {self.runs}")
                found.append(measure.run(self.package(folder, "-")))
            size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6
            worst = max(run.rss for run in found)
            title = (f"peak memory, {name} ({size:.0f} MB; CPU {median(found, 'cpu'):.2f} s, "
                     f"wall {median(found, 'wall'):.2f} s), MiB")
            yield row(title, worst, None, "≤ 192", limit=192)


def row(title, ours, peer, reach, ratio=None, limit=None):
    """A line of the table: reached when the ratio, or else our figure, is within the limit."""
    quotient = ours / peer if peer else None
    return {"what": title, "esito": ours, "peer": peer, "ratio": quotient, "reach": reach,
            "reached": quotient <= ratio if ratio else ours <= limit}


def median(runs, field):
    """The median of a figure over the runs."""
    return statistics.median(getattr(run, field) for run in runs)


def dicom_bytes(path):
    """Compressed bytes of the DICOM files and DICOMDIR: what Orthanc's ZIP holds too."""
    with zipfile.ZipFile(path) as archive:
        return sum(e.compress_size for e in archive.infolist()
                   if "STUDIES/" in e.filename or e.filename.endswith("DICOMDIR"))


def table(rows, facts, runs):
    """The table in Markdown."""
    def figure(value):
        return "" if value is None else f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"
    lines = [f"{facts['date']}, {facts['cpu']}, {facts['cores']} cores, Orthanc {facts['orthanc']}, {facts['dcmtk']}, commit {facts['commit']}; "
             f"medians of {runs} runs in turn, memory the worst of them.", "",
             "| what | Esito | peer | ratio | reach | |", "|---|---|---|---|---|---|"]
    for line in rows:
        lines.append(f"| {line['what']} | {figure(line['esito'])} | {figure(line['peer'])} | {figure(line['ratio'])} "
                     f"| {line['reach']} | {'reached' if line['reached'] else '**missed**'} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
