"""The ZIP container: byte by byte after APPNOTE, then Python's zipfile, unzip and 7z."""

import re
import struct
import zipfile
import zlib

from tools import run_tool

LOCAL_HEADER = struct.Struct("<4sHHHHHLLLHH")
SAFE_NAME = re.compile(r"^[A-Za-z0-9_.\-]+(/[A-Za-z0-9_.\-]+)*$")
WRAPPER = re.compile(r"^ESITO_\d{8}_[0-9a-f]{32}$")
STRICT_PART = re.compile(r"^[A-Z0-9_]{1,8}(\.[A-Z0-9_]{1,3})?$")
RESERVED = {"CON", "PRN", "AUX", "NUL"} | {f"{n}{i}" for n in ("COM", "LPT") for i in range(1, 10)}
ROOT_REFERENCE = {"index.htm", "readme.txt", "DICOMDIR", "CDINFO", ".mediainfo"}
ROOT_STRICT = {"INDEX.HTM", "README.TXT", "DICOMDIR"}
DATA_DESCRIPTOR = 1 << 3
UTF8_NAME = 1 << 11
ENCRYPTED = 1


def judge_container(path, layout, findings):
    """Judges the ZIP; returns the names below the wrapper folder, or None when it is no ZIP."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            central_start = archive.start_dir
            broken = first_broken(archive)
            findings.check("zipfile", broken is None, f"{broken} is damaged")
    except (zipfile.BadZipFile, zlib.error, OSError, NotImplementedError) as error:
        findings.add("zipfile", error)
        return None
    judge_headers(path, entries, central_start, findings)
    judge_names(entries, findings)
    run_tool("unzip", ["unzip", "-t", "-qq", path], findings)
    run_tool("7z", ["7z", "t", "-bso0", "-bsp0", path], findings)
    return judge_layout([e.filename for e in entries], layout, findings)


def first_broken(archive):
    """The first entry that does not read back; testzip itself breaks off at damaged deflate data."""
    try:
        return archive.testzip()
    except zlib.error as error:
        return error


def judge_headers(path, entries, central_start, findings):
    """Local headers say the same as the central directory, entries touch, no ZIP64 unless needed."""
    expected_offset = 0
    zip64_needed = len(entries) > 0xFFFE or central_start >= 0xFFFFFFFF
    with open(path, "rb") as file:
        for entry in sorted(entries, key=lambda e: e.header_offset):
            name = entry.filename
            findings.check("container", entry.header_offset == expected_offset,
                           f"{name}: begins at {entry.header_offset}, not {expected_offset}")
            file.seek(entry.header_offset)
            fixed = file.read(LOCAL_HEADER.size)
            if len(fixed) < LOCAL_HEADER.size or not fixed.startswith(b"PK\3\4"):
                findings.add("container", f"{name}: no local header at {entry.header_offset}")
                return
            (_, _, flags, method, time, date, crc, packed, plain, name_len, extra_len) = (
                LOCAL_HEADER.unpack(fixed))
            local_name = file.read(name_len)
            extra = file.read(extra_len)
            big = entry.file_size >= 0xFFFFFFFF or entry.compress_size >= 0xFFFFFFFF
            zip64_needed |= big
            if big:
                plain, packed = zip64_sizes(extra)
            else:
                findings.check("container", b"\1\0" != extra[:2], f"{name}: needless ZIP64 extra")
            same = (local_name == name.encode() and flags == entry.flag_bits
                    and method == entry.compress_type and crc == entry.CRC
                    and packed == entry.compress_size and plain == entry.file_size)
            findings.check("container", same, f"{name}: local header differs from the directory")
            findings.check("container", dos_date(date, time) == entry.date_time,
                           f"{name}: local date differs from the directory")
            findings.check("container", not flags & (DATA_DESCRIPTOR | ENCRYPTED),
                           f"{name}: flags {flags:#06x}")
            findings.check("container", method in (0, 8), f"{name}: method {method}")
            findings.check("container", entry.date_time >= (1980, 1, 1, 0, 0, 0), f"{name}: no date")
            expected_offset = (
                entry.header_offset + LOCAL_HEADER.size + name_len + extra_len + entry.compress_size)
        findings.check("container", expected_offset == central_start,
                       f"{central_start - expected_offset} bytes before the central directory")
        file.seek(central_start)
        directory = file.read()
    # The locator of the ZIP64 end record stands directly before the end record, which has no comment.
    has_zip64 = directory[-42:-38] == b"PK\6\7"
    findings.check("container", directory[-22:-18] == b"PK\5\6", "comment or bytes after the end record")
    findings.check("container", has_zip64 == zip64_needed,
                   "ZIP64 records although no limit is passed" if has_zip64 else "ZIP64 records missing")


def zip64_sizes(extra):
    """Plain and packed size of the ZIP64 extra field in a local header (APPNOTE 4.5.3)."""
    while len(extra) >= 4:
        tag, length = struct.unpack_from("<HH", extra)
        if tag == 1 and length >= 16:
            return struct.unpack_from("<QQ", extra, 4)
        extra = extra[4 + length:]
    return (None, None)


def dos_date(date, time):
    """MS-DOS date and time as zipfile shows them."""
    return ((date >> 9) + 1980, (date >> 5) & 15, date & 31, time >> 11, (time >> 5) & 63, (time & 31) * 2)


def judge_names(entries, findings):
    """Names unpack everywhere: ASCII, relative, no two that a file system without case confuses."""
    seen = {}
    for entry in entries:
        name = entry.filename
        findings.check("names", entry.orig_filename == name and SAFE_NAME.match(name),
                       f"{name!r}: unsafe characters")
        parts = name.split("/")
        findings.check("names", not {".", ".."} & set(parts), f"{name}: climbs out")
        for part in parts:
            findings.check("names", part.split(".")[0].upper() not in RESERVED and part[-1:] != ".",
                           f"{name}: reserved in Windows")
        findings.check("names", len(name) < 150, f"{name}: {len(name)} characters")
        findings.check("names", name.lower() not in seen, f"{name}: same as {seen.get(name.lower())}")
        seen[name.lower()] = name
    for name in list(seen):
        for depth in range(1, name.count("/") + 1):
            folder = name.rsplit("/", depth)[0]
            findings.check("names", folder not in seen, f"{folder} is both a file and a folder")


def judge_layout(names, layout, findings):
    """The wrapper folder and what may lie in the root of the package; names below the wrapper."""
    if layout == "reference":
        wrappers = {name.split("/")[0] for name in names}
        findings.check("layout", len(wrappers) == 1, f"{len(wrappers)} top folders")
        for wrapper in sorted(wrappers)[:1]:
            findings.check("layout", WRAPPER.match(wrapper), f"top folder {wrapper} is not opaque")
        names = [name.partition("/")[2] for name in names]
        root, other = ROOT_REFERENCE, {"STUDIES", "IHE_PDI", "cdviewer", "other_content"}
        required = {"index.htm", "readme.txt", "DICOMDIR", "other_content/manifest.json"}
    else:
        for name in names:
            findings.check("layout", all(STRICT_PART.match(part) for part in name.split("/")),
                           f"{name}: not upper-case 8.3")
        root, other = ROOT_STRICT, {"STUDIES", "IHE_PDI", "CDVIEWER", "OTHER"}
        required = {"INDEX.HTM", "README.TXT", "DICOMDIR", "OTHER/MANIFEST.JSN"}
    if not any(name.startswith("STUDIES/") for name in names):
        # No media profile allows a directory without records (PS3.11 D.3.3).
        required.remove("DICOMDIR")
        findings.check("layout", "DICOMDIR" not in names, "a DICOMDIR of no file")
    for name in names:
        top, slash, _ = name.partition("/")
        findings.check("layout", top in (other if slash else root), f"{name}: not in the layout")
    for name in sorted(required - set(names)):
        findings.add("layout", f"{name} is missing")
    return names
