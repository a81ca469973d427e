"""Spoils a sound package in one way after another; the judges must notice each.

Usage: mutations.py PACKAGE.zip SOURCE (reference layout, sound, with at least two CT slices);
mutations.py --reports PACKAGE.zip SOURCE (the same with a structured report, whose PDF and pages alone are spoiled)
"""

import argparse
import re
import struct
import sys
import tempfile
import zipfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from findings import Findings  # noqa: E402
from judge import judge  # noqa: E402


def rebuild(change):
    """A mutation of the entries: `change` gets {name: bytes} and may alter it."""
    def mutate(package):
        with zipfile.ZipFile(package) as archive:
            entries = {e.filename: archive.read(e) for e in archive.infolist()}
        change(entries)
        with zipfile.ZipFile(package, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in entries.items():
                archive.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), data)
    return mutate


def in_place(change):
    """A mutation of the bytes of the ZIP itself."""
    def mutate(package):
        data = bytearray(package.read_bytes())
        change(data)
        package.write_bytes(data)
    return mutate


def entry(entries, pattern, number=0):
    """The name of an entry by a pattern."""
    return [name for name in entries if re.search(pattern, name)][number]


def replace(pattern, old, new, number=0):
    """A mutation: one text in one entry becomes another of the same length."""
    def change(entries):
        name = entry(entries, pattern, number)
        assert old in entries[name], f"{old!r} is not in {name}"
        entries[name] = entries[name].replace(old, new, 1)
    return rebuild(change)


def everywhere(pattern, old, new):
    """A mutation: a pattern becomes something else wherever it stands, in all entries of a kind."""
    def change(entries):
        names = [name for name in entries if re.search(pattern, name)]
        changed = {name: re.sub(old, new, entries[name], flags=re.DOTALL) for name in names}
        assert any(changed[name] != entries[name] for name in names), f"{old!r} is not in {names}"
        entries.update(changed)
    return rebuild(change)


def without(pattern):
    """A mutation: all entries of a kind are gone."""
    def change(entries):
        for name in [name for name in entries if re.search(pattern, name)]:
            del entries[name]
    return rebuild(change)


def change_last_pixel(entries):
    name = entry(entries, "/IM")
    entries[name] = entries[name][:-1] + bytes([entries[name][-1] ^ 1])


def remove_instance(entries):
    del entries[entry(entries, "STUDIES/.*/IM", 1)]


def truncate_jpg(entries):
    name = entry(entries, r"/IM\w+\.JPG")
    entries[name] = entries[name][: len(entries[name]) // 2]


def remove_jpg(entries):
    del entries[entry(entries, r"/IM\w+\.JPG", 1)]


def move_first_offset(entries):
    name = entry(entries, "/DICOMDIR$")
    data = bytearray(entries[name])
    at = data.index(b"\x04\x00\x00\x12UL") + 8
    struct.pack_into("<L", data, at, struct.unpack_from("<L", data, at)[0] + 8)
    entries[name] = bytes(data)


def stray_file(entries):
    entries[entry(entries, "/DICOMDIR$").replace("DICOMDIR", "STUDIES/STRAY")] = b"x"


def second_folder(entries):
    entries["another/readme.txt"] = b"x"


def case_twin(entries):
    name = entry(entries, "/readme.txt$")
    entries[name.replace("readme", "ReadMe")] = entries[name]


def script_in_page(entries):
    name = entry(entries, r"^[^/]+/index\.htm$")
    entries[name] = entries[name].replace(b"</body>", b"<script>alert(1)</script></body>")


def descriptor_flag(data):
    data[6] |= 8


def damaged_entry(data):
    data[len(data) // 3] ^= 0xFF


def bytes_at_the_end(data):
    data += b"tail"


# What is done to the package, and the judge that must speak.
MUTATIONS = {
    "data descriptor flag": (in_place(descriptor_flag), "container"),
    "damaged bytes": (in_place(damaged_entry), "zipfile"),
    "bytes after the end record": (in_place(bytes_at_the_end), "container"),
    "two top folders": (rebuild(second_folder), "layout"),
    "names that differ in case only": (rebuild(case_twin), "names"),
    "file without a record": (rebuild(stray_file), "DICOMDIR"),
    "record without a file": (rebuild(remove_instance), "DICOMDIR"),
    "offset off by eight": (rebuild(move_first_offset), "DICOMDIR"),
    "record type unknown to its parent": (replace("/DICOMDIR$", b"SERIES", b"STUDY "), "DICOMDIR"),
    "transfer syntax of the record": (
        replace("/DICOMDIR$", b"\x12\x15UI\x14\x001.2.840.10008.1.2.1\0", b"\x12\x15UI\x14\x001.2.840.10008.1.2.2\0"),
        "file"),
    "pixel": (rebuild(change_last_pixel), "source"),
    "element value": (replace("STUDIES/.*/IM", b"TEST", b"TOAD"), "source"),
    "truncated JPG": (rebuild(truncate_jpg), "Pillow"),
    "missing JPG": (rebuild(remove_jpg), "previews"),
    "link in the wrong case": (replace(r"^[^/]+/index\.htm$", b"IHE_PDI/ST", b"IHE_PDI/st"), "links"),
    "link to the outside": (replace(r"^[^/]+/index\.htm$", b'href="', b'href="//x/'), "links"),
    "script in a page": (rebuild(script_in_page), "html"),
    "hash in the manifest": (replace("manifest.json$", b'"sha256":"', b'"sha256":"0'), "manifest"),
    "instances that came": (everywhere("manifest.json$", rb'"received":', b'"received":1'), "manifest"),
    "instances that were expected": (everywhere("manifest.json$", rb'"expected":\d+', b'"expected":0'), "manifest"),
    "previews": (everywhere("manifest.json$", rb'"rendered":', b'"rendered":1'), "manifest"),
    "a whole package that says it is none": (
        everywhere("manifest.json$", rb'"complete":true', b'"complete":false'), "manifest"),
    "language of a page": (replace(r"^[^/]+/index\.htm$", b'lang="', b'lang="x'), "html"),
}

# The same for PDF and pages of a structured report.
PDF, EMPTY_MAIN = r"/IHE_PDI/RP\d+\.PDF$", (rb"(<main[^>]*>).*(</main>)", rb"\1\2")
REPORT_MUTATIONS = {
    "PDF that is not there": (without(PDF), "pdftotext"),
    "PDF without a language": (everywhere(PDF, b"/Lang", b"/Lung"), "pdf"),
    "PDF whose table is not found": (everywhere(PDF, b"startxref", b"startxrof"), "qpdf"),
    "page without the report": (everywhere(r"/IHE_PDI/RP\d+\.HTM$", *EMPTY_MAIN), "page"),
    "page in the other language without it": (everywhere(r"/IHE_PDI/EN/RP\d+\.HTM$", *EMPTY_MAIN), "other page"),
}


def main():
    """Judges the sound package, then each spoiled one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("package", type=Path)
    parser.add_argument("source", type=Path)
    parser.add_argument("--reports", action="store_true")
    parser.add_argument("--tools-optional", action="store_true")
    arguments = parser.parse_args()
    mutations = REPORT_MUTATIONS if arguments.reports else MUTATIONS
    failed = [f"sound package: {line}" for line in lines(arguments, arguments.package)]
    with tempfile.TemporaryDirectory(prefix="esito-mutations-") as folder:
        for name, (mutate, expected) in mutations.items():
            spoiled = Path(folder) / "spoiled.zip"
            spoiled.write_bytes(arguments.package.read_bytes())
            mutate(spoiled)
            found = lines(arguments, spoiled)
            if not any(line.startswith(f"{expected}:") for line in found):
                failed.append(f"{name}: not noticed by {expected}: {found}")
    for line in failed:
        print(line)
    print(f"{len(mutations)} mutations, {len(failed)} failed")
    return 1 if failed else 0


def lines(arguments, package):
    """What the judges say of a package."""
    findings = Findings(arguments.tools_optional)
    judge(argparse.Namespace(package=package, source=arguments.source, layout="reference",
                             syntax="auto", real=False, instances=None), findings)
    return findings.lines


if __name__ == "__main__":
    sys.exit(main())
