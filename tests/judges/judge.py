"""Judges one package with readers that are not ours. Prints one line per fault; exit 1 if any.

Usage: judge.py PACKAGE.zip [--source DIR] ... | judge.py --batch FILE (a JSON list of arguments a line).
One process for many packages: start-up of the readers costs more than most packages.
"""

import argparse
import json
import sys
import tempfile
import warnings
import zipfile
import zlib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from container import judge_container  # noqa: E402
from file_set import judge_file_set  # noqa: E402
from findings import Findings  # noqa: E402
from instances import judge_instances, read_source, texts_of  # noqa: E402
from manifest import judge_manifest, read_manifest  # noqa: E402
from pages import judge_pages  # noqa: E402
from previews import judge_previews  # noqa: E402
from reports import judge_reports  # noqa: E402


def main():
    """Reads the command line, judges one package or, with --batch, one for each line of a file."""
    warnings.simplefilter("ignore")  # pydicom warns of what sources hold
    if "--batch" in sys.argv:
        optional = ["--tools-optional"] if "--tools-optional" in sys.argv else []
        jobs = Path(sys.argv[sys.argv.index("--batch") + 1]).read_text("utf-8").splitlines()
        return max([judge_one(json.loads(job) + optional) for job in jobs], default=0)
    return judge_one(sys.argv[1:])


def judge_one(argv):
    """Judges one package and prints the findings; 1 if there are any."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("package", type=Path)
    parser.add_argument("--source", type=Path, help="the folder that was packaged")
    parser.add_argument("--layout", choices=["reference", "pdi"], default="reference")
    parser.add_argument("--syntax", choices=["auto", "uncompressed", "as-stored"], default="auto")
    parser.add_argument("--instances", type=int, help="how many must be in the package")
    parser.add_argument("--real", action="store_true", help="the source's own faults are not ours")
    parser.add_argument("--tools-optional", action="store_true", help="a missing reader is a notice")
    arguments = parser.parse_args(argv)
    findings = Findings(arguments.tools_optional)
    summary = judge(arguments, findings)
    for line in findings.notices + findings.lines:
        print(f"{arguments.package.name}: {line}")
    print(f"{arguments.package.name}: {summary}, {len(findings.lines)} findings")
    return 1 if findings.lines else 0


def judge(arguments, findings):
    """All judges in turn; returns what the package holds, in words."""
    names = judge_container(arguments.package, arguments.layout, findings)
    if names is None:
        return "no ZIP"
    with tempfile.TemporaryDirectory(prefix="esito-judge-") as folder:
        root = Path(folder)
        with zipfile.ZipFile(arguments.package) as archive:
            try:
                archive.extractall(root)
            except (zipfile.BadZipFile, zlib.error, OSError) as error:
                findings.add("zipfile", error)
                return "cannot be unpacked"
        if arguments.layout == "reference":
            root = root / next(name for name in archive.namelist()).partition("/")[0]
        source, unreadable = read_source(arguments.source) if arguments.source else ({}, [])
        own_values = texts_of(source) if arguments.real else None
        instances = judge_file_set(root, names, arguments.source, own_values, findings)
        if arguments.source:
            judge_instances(instances, source, unreadable if arguments.real else [], arguments.syntax, findings)
        if arguments.instances is not None:
            findings.check("count", len(instances) == arguments.instances,
                           f"{len(instances)} instances, not {arguments.instances}")
        judge_pages(root, names, findings)
        judge_reports(root, names, findings)
        manifest = read_manifest(root, arguments.layout, findings)
        previews = judge_previews(root, names, manifest, instances, findings)
        if manifest:
            judge_manifest(root, names, arguments.layout, manifest, instances, previews, findings)
        return f"{len(instances)} instances, {previews} previews, {len(names)} entries"


if __name__ == "__main__":
    sys.exit(main())
