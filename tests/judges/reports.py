"""The reports that are typeset: every text of the source in the PDF, fonts embedded, structure whole."""

import datetime
import html
import json
import posixpath
import re
import urllib.parse
import xml.etree.ElementTree

import pydicom

from tools import run_tool

OURS = b"/Producer(Esito"
# The body of a page, without its head and foot, in points (pdftotext -r 72).
BODY = ["-r", "72", "-x", "0", "-y", "80", "-W", "596", "-H", "708"]
# Marks of direction and controls do not reach a page; white space is the typesetter's.
UNSEEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u00ad\u0000-\u001f\u007f-\u009f\ufffd\\s]")

ENCAPSULATED_CDA = "1.2.840.10008.5.1.4.1.1.104.2"
RIGHT_TO_LEFT = re.compile("([\u0590-\u08ff]+)")


def judge_reports(root, names, findings):
    """Each PDF that Esito set; then each structured report against all of them."""
    texts = []
    for name in names:
        if not (name.startswith("IHE_PDI/RP") and name.endswith(".PDF")):
            continue
        path = root / name
        if OURS not in path.read_bytes():
            continue  # byte for byte from an object, sound or not
        info = run_tool("pdfinfo", ["pdfinfo", path], findings, error_lines=is_complaint) or ""
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
    pages = {kind: read_pages(root, names, kind) for kind in ("", "EN/", "IT/")}
    main = language_of(root, names)
    cut = cut_pdfs(root)
    shown = [("pdftotext", main, "\n".join(texts)), ("page", main, pages[""])]
    shown += [("other page", kind[:2].lower(), pages[kind]) for kind in ("EN/", "IT/") if pages[kind]]
    for name in names:
        if name.startswith("STUDIES/"):
            try:
                dataset = pydicom.dcmread(root / name, stop_before_pixels=True)
            except pydicom.errors.InvalidDicomError:
                continue  # no DICOM file: the judge of instances says so
            if dataset.get("ValueType") == "CONTAINER" and "ContentSequence" in dataset:
                findings.check("page", len(shown) == 3, f"{name}: {len(shown) - 2} pages in another language")
                # A report that is longer than its PDF is whole on its page.
                judge_content(dataset, name, shown[name in cut:], findings)
            elif dataset.get("SOPClassUID") == ENCAPSULATED_CDA:
                judge_narrative(dataset, name, shown, findings)


def judge_content(dataset, name, shown, findings):
    """All that a structured report says is in the PDF and on the page of each language."""
    for judge, language, everything in shown:
        for kind, text in spoken(dataset, language):
            findings.check(judge, holds(everything, seen(text)),
                           f"{name}: a {kind} of {len(text)} characters is in no report: {text[:60]!r}")


def judge_narrative(dataset, name, shown, findings):
    """Every title and every text of the sections of a clinical document is in PDF and pages."""
    document = bytes(dataset.EncapsulatedDocument).rstrip(b"\0")
    if b"<!DOCTYPE" in document:
        return  # refused: the judge of notices knows
    for element in xml.etree.ElementTree.fromstring(document).iter():
        if element.tag.endswith("}section"):
            for part in element:
                if part.tag.endswith(("}title", "}text")):
                    for text in part.itertext():
                        for judge, _, everything in shown:
                            findings.check(judge, holds(everything, seen(text)), f"{name}: lacks {text.strip()[:60]!r}")


def cut_pdfs(root):
    """The instances whose PDF is said to hold the beginning only."""
    manifest = next(path for path in (root / "other_content/manifest.json", root / "OTHER/MANIFEST.JSN") if path.exists())
    notices = json.loads(manifest.read_text("utf-8"))["notices"]
    return {notice["file_id"] for notice in notices if (notice["kind"], notice.get("reason")) == ("report_impaired", "cut_pdf")}


def language_of(root, names):
    """The language in which the package opens."""
    index = next(name for name in names if name.lower() == "index.htm")
    found = re.search('<html lang="(..)"', (root / index).read_text("utf-8"))
    # A page without a language is judged elsewhere.
    return found.group(1) if found else "it"


def read_pages(root, names, kind):
    """The visible text of the pages of reports."""
    found = [name for name in names if re.fullmatch(f"IHE_PDI/{kind}RP\\d+\\.HTM", name)]
    bodies = [(root / name).read_text("utf-8").partition("<main")[2] for name in found]
    return seen(html.unescape(re.sub("<[^>]*>", "", "\n".join(bodies))))


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


MONTHS = {"it": "gen feb mar apr mag giu lug ago set ott nov dic".split(),
          "en": "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()}
# A limit of ours, which the report announces.
MOST_ITEMS = 20_000


def spoken(dataset, language):
    """What of the content tree a reader must find: (kind, text), as the language writes it."""
    left = [MOST_ITEMS]
    yield from spoken_below(dataset, language, left, 24)


def spoken_below(dataset, language, left, levels):
    """The same below one item."""
    for item in dataset.get("ContentSequence", []) if levels else []:
        left[0] -= 1
        if left[0] < 0:
            return
        for sequence in ("ConceptNameCodeSequence", "ConceptCodeSequence"):
            for code in item.get(sequence, [])[:1]:
                if code.get("CodeMeaning"):
                    yield "meaning", str(code.CodeMeaning)
        value = {"TEXT": text_value, "NUM": number, "DATE": date, "TIME": time, "DATETIME": date_time,
                 "PNAME": person, "UIDREF": uid}.get(item.get("ValueType"))
        if value:
            yield from ((item.ValueType, text) for text in value(item, language) if text)
        yield from spoken_below(item, language, left, levels - 1)


def text_value(item, _language):
    """A text."""
    yield str(item.get("TextValue") or "")


def number(item, language):
    """A number with its unit, or the reason why there is none."""
    for measured in item.get("MeasuredValueSequence", [])[:1]:
        text = str(measured.get("NumericValue", ""))
        text = text.replace(".", ",") if language == "it" else text
        units = measured.get("MeasurementUnitsCodeSequence", [])
        unit = str(units[0].get("CodeValue", "")) if units else ""
        unit = {"[hnsf'U]": "HU", "1": ""}.get(unit, "" if unit.startswith("{") else unit)
        yield text + unit
    for code in item.get("NumericValueQualifierCodeSequence", [])[:1]:
        yield str(code.get("CodeMeaning", ""))


def date(item, language):
    """A date in words; as it stands where it is none."""
    yield day(str(item.get("Date") or ""), language)


def day(text, language):
    """`20210423` as 23 apr 2021."""
    digits = text.strip().replace(".", "")
    try:
        at = datetime.datetime.strptime(digits, "%Y%m%d")
    except ValueError:
        return text
    return f"{at.day} {MONTHS[language][at.month - 1]} {at.year}"


def time(item, _language):
    """Hours and minutes."""
    text = str(item.get("Time") or "").replace(":", "")
    yield f"{text[:2]}:{text[2:4]}" if re.match("[0-9]{4}", text) else text


def date_time(item, language):
    """Both."""
    text = str(item.get("DateTime") or "")
    clock = f"{text[8:10]}:{text[10:12]}" if re.match("[0-9]{12}", text) else ""
    yield f"{day(text[:8], language)} {clock}"


def person(item, _language):
    """Each part of a name."""
    name = item.get("PersonName")
    if name:
        name = name[0] if isinstance(name, pydicom.multival.MultiValue) else name
        yield from (name.family_name, name.given_name, name.middle_name, name.name_prefix, name.name_suffix)


def uid(item, _language):
    """A UID that is a value."""
    yield str(item.get("UID") or "")
