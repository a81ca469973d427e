"""The pages: valid HTML that also parses as XHTML, every link meets a file in its exact case."""

import posixpath
import re
import warnings
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

import html5lib

from tools import run_tool

XHTML = "{http://www.w3.org/1999/xhtml}"
LINKS = {"href", "src", "data", "poster", "action", "background"}
# tidy of Debian 12 predates these attributes and elements.
TIDY_KNOWS_NOT = re.compile(r'proprietary attribute "(loading|decoding|aria-current)"')


def judge_pages(root, names, findings):
    """Judges every page, then that every preview and report can be reached from the first one."""
    present = set(names)
    links = {}
    ids, fragments = {}, []
    pages = [name for name in names if name.lower().endswith((".htm", ".html"))]
    for name in pages:
        if not name.startswith(("cdviewer/", "CDVIEWER/")):
            links[name] = judge_page(root / name, name, present, ids, fragments, findings)
    for name, target, fragment in fragments:
        found = target not in ids or fragment in ids[target]
        findings.check("links", found, f"{name}: {target} has no id {fragment}")
    for name in names:
        if name.lower().endswith(".css"):
            links[name] = judge_stylesheet(root / name, name, present, findings)
    reached, todo = set(), [n for n in names if n.lower() == "index.htm"]
    while todo:
        name = todo.pop()
        if name not in reached:
            reached.add(name)
            todo.extend(links.get(name, ()))
    for name in names:
        if name.startswith("IHE_PDI/"):
            findings.check("links", name in reached, f"{name} cannot be reached from the index")


def judge_page(path, name, present, ids, fragments, findings):
    """One page; returns the names that it links to, adds its ids and the fragments it asks for."""
    data = path.read_bytes()
    findings.check("html", b"charset" in data[:1024].lower(), f"{name}: no charset in the first 1024 bytes")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        findings.add("html", f"{name}: {error}")
        return []
    parser = html5lib.HTMLParser()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = parser.parse(text)
    for (line, _), code, details in parser.errors[:5]:
        findings.add("html5lib", f"{name}:{line}: {code} {details}")
    try:
        ElementTree.fromstring(text.replace("<!DOCTYPE html>", "", 1).replace("&nbsp;", "&#160;"))
    except ElementTree.ParseError as error:
        findings.add("xhtml", f"{name}: {error}")
    run_tool("tidy", ["tidy", "-errors", "-quiet", "-utf8", path], findings, accept=(0, 1),
             error_lines=lambda line: not TIDY_KNOWS_NOT.search(line))
    return judge_tree(tree, name, present, ids, fragments, findings)


def judge_tree(tree, name, present, ids, fragments, findings):
    """What the parsed page holds: language, alternative texts, no script that came from DICOM text."""
    findings.check("html", tree.get("lang") in ("it", "en"), f"{name}: lang is {tree.get('lang')}")
    targets = []
    found = [element.get("id") for element in tree.iter() if element.get("id")]
    ids[name] = set(found)
    findings.check("html", len(found) == len(ids[name]), f"{name}: an id stands twice")
    for element in tree.iter():
        if not isinstance(element.tag, str):
            continue
        tag = element.tag.removeprefix(XHTML)
        findings.check("html", tag not in ("iframe", "object", "embed"), f"{name}: <{tag}>")
        if tag == "script":
            own = posixpath.normpath(posixpath.join(posixpath.dirname(name), element.get("src") or "x"))
            findings.check("html", own == "IHE_PDI/STACK.JS" and not (element.text or "").strip(), f"{name}: <script>")
        findings.check("html", tag != "img" or element.get("alt") is not None, f"{name}: img without alt")
        for key, value in element.attrib.items():
            findings.check("html", not str(key).lower().startswith("on"), f"{name}: {key} handler")
            if key in LINKS:
                targets += judge_link(value, name, present, fragments, findings)
    return targets


def judge_link(value, name, present, fragments, findings):
    """One link: relative, local, and its target is there in this very case."""
    parts = urlsplit(value)
    if parts.scheme or parts.netloc or value.startswith("/") or "\\" in value:
        findings.add("links", f"{name}: {value!r} leaves the package")
        return []
    if not parts.path:
        fragments += [(name, name, parts.fragment)] if parts.fragment else []
        return []
    steps = name.split("/")[:-1]
    for step in unquote(parts.path).split("/"):
        if step == "..":
            if not steps:
                findings.add("links", f"{name}: {value!r} climbs out of the package")
                return []
            steps.pop()
        elif step not in ("", "."):
            steps.append(step)
    target = "/".join(steps)
    folder = any(other.startswith(target + "/") for other in present)
    findings.check("links", target in present or folder, f"{name}: {value!r} meets no file")
    fragments += [(name, target, parts.fragment)] if parts.fragment else []
    return [target]


def judge_stylesheet(path, name, present, findings):
    """A stylesheet loads nothing from outside."""
    text = path.read_text("utf-8")
    targets = re.findall(r"""url\(\s*['"]?([^'")]+)""", text)
    findings.check("css", "@import" not in text, f"{name}: @import")
    return [found for value in targets if not value.startswith("data:")
            for found in judge_link(value, name, present, [], findings)]
