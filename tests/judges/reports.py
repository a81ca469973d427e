"""The reports that are typeset: every text of the source in the PDF, fonts embedded, structure whole."""

import posixpath
import re
import urllib.parse

import pydicom

from tools import run_tool

OURS = re.compile(r"^Producer:\s+Esito", re.MULTILINE)
# The body of a page, without its head and foot, in points (pdftotext -r 72).
BODY = ["-r", "72", "-x", "0", "-y", "80", "-W", "596", "-H", "708"]
# Marks of direction and controls do not reach a page; white space is the typesetter's.
UNSEEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u00ad\u0000-\u001f\u007f-\u009f\ufffd\\s]")

RIGHT_TO_LEFT = re.compile("([\u0590-\u08ff]+)")


def judge_reports(root, names, findings):
    """Each PDF that Esito set; then each structured report against all of them."""
    texts = []
    for name in names:
        if not (name.startswith("IHE_PDI/RP") and name.endswith(".PDF")):
            continue
        path = root / name
        info = run_tool("pdfinfo", ["pdfinfo", path], findings, error_lines=is_complaint)
        if not info or not OURS.search(info):
            continue
        findings.check("pdfinfo", re.search(r"^Title:\s+\S", info, re.MULTILINE), f"{name}: no title")
        findings.check("pdfinfo", re.search(r"^Tagged:\s+yes", info, re.MULTILINE), f"{name}: not tagged")
        findings.check("pdf", b"/Lang" in path.read_bytes(), f"{name}: no language")
        fonts = run_tool("pdffonts", ["pdffonts", path], findings, error_lines=is_complaint) or ""
        for line in fonts.splitlines()[2:]:
            flags = re.search(r"(yes|no)\s+(yes|no)\s+(yes|no)\s+\d+\s+\d+$", line)
            findings.check("pdffonts", flags and set(flags.groups()) == {"yes"},
                           f"{name}: not embedded, not a subset, or without Unicode: {line}")
        run_tool("qpdf", ["qpdf", "--check", path], findings)
        links = run_tool("pdfinfo", ["pdfinfo", "-url", path], findings, error_lines=is_complaint) or ""
        for line in links.splitlines()[1:]:
            judge_link(root, names, name, line.split()[-1], findings)
        text = run_tool("pdftotext", ["pdftotext", "-raw", *BODY, path, "-"], findings) or ""
        texts.append(seen(text))
    everything = "\n".join(texts)
    for name in names:
        if name.startswith("STUDIES/"):
            try:
                dataset = pydicom.dcmread(root / name, stop_before_pixels=True)
            except pydicom.errors.InvalidDicomError:
                continue  # no DICOM file: the judge of instances says so
            if dataset.get("ValueType") == "CONTAINER" and "ContentSequence" in dataset:
                for text in spoken(dataset):
                    findings.check("pdftotext", holds(everything, seen(text)),
                                   f"{name}: a text of {len(text)} characters is in no report: {text[:60]!r}")


def judge_link(root, names, name, target, findings):
    """A link leads to a page of the package, and to a place that is on it."""
    address, _, place = target.partition("#")
    page = posixpath.normpath(posixpath.join(posixpath.dirname(name), urllib.parse.unquote(address)))
    if findings.check("pdfinfo", page in names, f"{name}: {target} is not in the package") and place:
        findings.check("pdfinfo", f'id="{place}"' in (root / page).read_text("utf-8"), f"{name}: {target}: no such place")


def is_complaint(line):
    """Poppler prints its complaints and goes on."""
    return line.startswith(("Syntax Error", "Syntax Warning", "Internal Error"))


def holds(everything, text):
    """Whether the text is there; poppler turns what is written from right to left."""
    if text in everything:
        return True
    runs = RIGHT_TO_LEFT.split(text)
    return all(run in everything or run[::-1] in everything for run in runs)


def seen(text):
    """The text without what nobody sees."""
    return UNSEEN.sub("", text)


def spoken(dataset):
    """The texts of the content tree that a reader must find."""
    for item in dataset.get("ContentSequence", []):
        if item.get("TextValue"):
            yield str(item.TextValue)
        for sequence in ("ConceptNameCodeSequence", "ConceptCodeSequence"):
            for code in item.get(sequence, [])[:1]:
                if code.get("CodeMeaning"):
                    yield str(code.CodeMeaning)
        for measured in item.get("MeasuredValueSequence", [])[:1]:
            yield str(measured.get("NumericValue", "")).replace(".", ",")
        yield from spoken(item)
