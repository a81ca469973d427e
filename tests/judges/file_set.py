"""The DICOM File-set: DICOMDIR, its records and the files that they name."""

import re
import warnings
from pathlib import Path

import pydicom
from pydicom.filereader import read_file_meta_info
from pydicom.fileset import FileSet

from findings import Findings
from instances import ENCAPSULATED_UNCOMPRESSED
from tools import run_tool

COMPONENT = re.compile(r"^[A-Z0-9_]{1,8}$")
DIRECTORY_STORAGE = "1.2.840.10008.1.3.10"
EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
RETIRED = {"MRDR", "PRIVATE", "TOPIC", "VISIT", "RESULTS", "INTERPRETATION", "OVERLAY", "CURVE",
           "MODALITY LUT", "VOI LUT", "PRINT QUEUE", "FILM SESSION", "FILM BOX", "IMAGE BOX"}
CHILDREN = {None: {"PATIENT"}, "PATIENT": {"STUDY"}, "STUDY": {"SERIES"}}


def judge_file_set(root, names, source, own_values, findings):
    """Judges DICOMDIR against the files; returns {SOP Instance UID: path} of the File-set.

    `source` is the folder that was packaged, or None: faults that it has too are not ours.
    `own_values` is None for a clean source; for a real one it holds the texts of the source, whose
    faults (a UID with an illegal root, say) the directory has to repeat.
    """
    dicomdir_path = root / "DICOMDIR"
    if not dicomdir_path.exists():
        has_files = any(name.startswith("STUDIES/") for name in names)
        findings.check("DICOMDIR", not has_files, "is missing")
        return {}
    try:
        directory = pydicom.dcmread(dicomdir_path)
    except Exception as error:  # any failure of the reader is a finding
        findings.add("pydicom", f"DICOMDIR: {error!r}")
        return {}
    judge_directory_header(directory, findings)
    leaves = walk_records(directory, findings)
    files = {name for name in names if name.startswith("STUDIES/")}
    instances = judge_leaves(root, leaves, files, findings)
    judge_with_pydicom(dicomdir_path, instances, findings)
    judge_with_tools(root, source, own_values, findings)
    return instances


def judge_directory_header(directory, findings):
    """File meta and the first elements of DICOMDIR (PS3.10 8.6, PS3.3 F.3.2.1)."""
    meta = directory.file_meta
    def expect(condition, text):
        findings.check("DICOMDIR", condition, text)
    expect(directory.preamble == bytes(128), "preamble is not zero")
    expect(meta.get("MediaStorageSOPClassUID") == DIRECTORY_STORAGE, "SOP class of the file meta")
    expect(meta.get("TransferSyntaxUID") == EXPLICIT_LITTLE, "is not Explicit VR Little Endian")
    expect(pydicom.uid.UID(meta.get("MediaStorageSOPInstanceUID", "")).is_valid, "File-set UID")
    expect(meta.get("ImplementationClassUID"), "no Implementation Class UID")
    expect(len(meta.get("ImplementationVersionName", "")) in range(1, 17), "Implementation Version Name")
    expect("SOPClassUID" not in directory and "SOPInstanceUID" not in directory, "has SOP UIDs")
    expect(directory.get("FileSetConsistencyFlag") == 0, "consistency flag is not 0")
    expect(re.match(r"^[A-Z0-9_]{0,16}$", directory.get("FileSetID", "") or ""), "File-set ID")
    expect("FileSetID" in directory, "File-set ID is absent")
    expect(len(directory.get("DirectoryRecordSequence", [])) > 0, "has no records")


def walk_records(directory, findings):
    """Follows the offsets from the root: every record is met exactly once. Returns the leaves."""
    records = {}
    for record in directory.get("DirectoryRecordSequence", []):
        records[record.seq_item_tell] = record
    leaves, met = [], set()

    def entity(offset, parent, parent_type):
        previous = 0
        while offset:
            record = records.get(offset)
            if record is None:
                findings.add("DICOMDIR", f"offset {offset} below {parent_type} meets no record")
                return previous
            if offset in met:
                findings.add("DICOMDIR", f"record at {offset} is referenced twice")
                return previous
            met.add(offset)
            kind = record.get("DirectoryRecordType")
            judge_record(record, kind, parent_type, findings)
            path = {**parent, **keys_of(record, kind)}
            lower = record.get("OffsetOfReferencedLowerLevelDirectoryEntity", 0)
            if kind in ("PATIENT", "STUDY", "SERIES"):
                findings.check("DICOMDIR", lower, f"{kind} record without content")
                entity(lower, path, kind)
            else:
                findings.check("DICOMDIR", not lower, f"{kind} record has records below")
                leaves.append((record, path))
            previous, offset = offset, record.get("OffsetOfTheNextDirectoryRecord", 0)
        return previous

    first = directory.get("OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity", 0)
    last = directory.get("OffsetOfTheLastDirectoryRecordOfTheRootDirectoryEntity", 0)
    end = entity(first, {}, None)
    findings.check("DICOMDIR", end == last, f"last root record is at {end}, not {last}")
    findings.check("DICOMDIR", met == set(records), f"{len(set(records) - met)} records are not reachable")
    for level in ("PATIENT", "STUDY", "SERIES"):
        keys = [k for r in records.values() if r.get("DirectoryRecordType") == level
                for k in keys_of(r, level).values()]
        findings.check("DICOMDIR", len(keys) == len(set(keys)), f"two {level} records with one key")
    return leaves


def keys_of(record, kind):
    """What makes a record of the upper levels unique."""
    keyword = {"PATIENT": "PatientID", "STUDY": "StudyInstanceUID", "SERIES": "SeriesInstanceUID"}.get(kind)
    return {keyword: record.get(keyword)} if keyword else {}


def judge_record(record, kind, parent_type, findings):
    """Rules for every record (PS3.3 F.3.2.2, F.4)."""
    def expect(condition, text):
        findings.check("DICOMDIR", condition, f"{kind} record: {text}")
    expect(kind not in RETIRED, "retired or private type")
    allowed = CHILDREN.get(parent_type)
    expect(kind in allowed if allowed else kind not in ("PATIENT", "STUDY", "SERIES"),
           f"stands below {parent_type}")
    expect(record.get("RecordInUseFlag") == 0xFFFF, "in-use flag")
    expect(not any(tag.is_private for tag in record.keys()), "holds private elements")
    tags = [int(tag) for tag in record.keys()]
    expect(tags == sorted(tags), "elements out of order")


def judge_leaves(root, leaves, files, findings):
    """Each leaf names one file, and says of it what the file says of itself."""
    referenced, instances = {}, {}
    for record, path in leaves:
        file_id = record.get("ReferencedFileID")
        parts = [file_id] if isinstance(file_id, str) else list(file_id or [])
        name = "/".join(parts)
        legal = 1 <= len(parts) <= 8 and all(COMPONENT.match(part) for part in parts)
        findings.check("DICOMDIR", legal, f"File ID {name} is not legal")
        findings.check("DICOMDIR", name not in referenced, f"{name} is referenced twice")
        referenced[name] = record
        if name not in files:
            findings.add("DICOMDIR", f"{name} is not in the package")
            continue
        judge_file(root / name, name, record, path, instances, findings)
    for name in sorted(files - set(referenced)):
        findings.add("DICOMDIR", f"{name} has no record")
    return instances


def judge_file(path, name, record, above, instances, findings):
    """One DICOM file of the package against its record and the records above."""
    def expect(condition, text):
        findings.check("file", condition, f"{name}: {text}")
    try:
        dataset = pydicom.dcmread(path, stop_before_pixels=True)
    except Exception as error:
        findings.add("pydicom", f"{name}: {error!r}")
        return
    meta = dataset.file_meta
    expect(dataset.preamble == bytes(128), "preamble is not zero")
    group_end = meta.get("FileMetaInformationGroupLength")
    expect(group_end is not None, "no group length in the file meta")
    pairs = [("ReferencedSOPClassUIDInFile", dataset.get("SOPClassUID")),
             ("ReferencedSOPInstanceUIDInFile", dataset.get("SOPInstanceUID")),
             ("ReferencedTransferSyntaxUIDInFile", meta.get("TransferSyntaxUID"))]
    for keyword, value in pairs:
        expect(record.get(keyword) == value, f"{keyword} {record.get(keyword)} is not {value}")
    expect(meta.get("MediaStorageSOPClassUID") == dataset.get("SOPClassUID"), "SOP class of the meta")
    expect(meta.get("MediaStorageSOPInstanceUID") == dataset.get("SOPInstanceUID"), "UID of the meta")
    expect(above.get("StudyInstanceUID") == dataset.get("StudyInstanceUID"), "below another STUDY")
    expect(above.get("SeriesInstanceUID") == dataset.get("SeriesInstanceUID"), "below another SERIES")
    own = str(dataset.get("PatientID") or "").strip()
    expect(not own or above.get("PatientID") == own, "below another PATIENT")
    uid = str(dataset.get("SOPInstanceUID"))
    expect(uid not in instances, f"{uid} is in the package twice")
    instances[uid] = path


def judge_with_pydicom(path, instances, findings):
    """pydicom's own idea of the File-set is the same set of files."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            seen = {str(i.SOPInstanceUID): Path(i.path) for i in FileSet(path)}
    except Exception as error:
        findings.add("pydicom", f"FileSet: {error!r}")
        return
    findings.check("pydicom", seen.keys() == instances.keys(),
                   f"FileSet has {len(seen)} instances, the walk {len(instances)}")


def judge_with_tools(root, source, own_values, findings):
    """Other parsers. In a real sample, faults of the source itself are not ours."""
    files = files_below(root / "STUDIES")
    run_tool("dciodvfy", ["dciodvfy", root / "DICOMDIR"], findings, accept=(0, 1),
             error_lines=lambda line: line.startswith("Error") and not repeats(line, own_values))
    run_tool("dcmdump", ["dcmdump", "-q", root / "DICOMDIR"], findings)
    run_tool("gdcmdump", ["gdcmdump", "-i", root / "DICOMDIR"], findings)
    # A real file may contradict itself (a transfer syntax that is not the one it has): so does ours.
    damaged = Findings(tools_optional=True)
    if own_values is not None and source:
        run_tool("dcmdump", ["dcmdump", "-q", *files_below(source)], damaged)
    for batch in batches(files if not damaged.lines else []):
        run_tool("dcmdump", ["dcmdump", "-q", *batch], findings)
    if own_values is None:
        # GDCM does not know Encapsulated Uncompressed.
        if not any(is_encapsulated_uncompressed(file) for file in files):
            run_tool("gdcmdump", ["gdcmdump", "-r", "-i", root / "STUDIES"], findings)
        # A dry run: are the files such that somebody else could make a File-set of them?
        run_tool("dcmmkdir", ["dcmmkdir", "-w", "-nb", "-Pgp", "-Nxc", "-Nec", "-Nrc", "+I", "+id", root,
                              "+r", "STUDIES"], findings)
        judge_entities(files, source, findings)


def is_encapsulated_uncompressed(file):
    """Of a file without meta information others say what is wrong."""
    try:
        return read_file_meta_info(file).get("TransferSyntaxUID") == ENCAPSULATED_UNCOMPRESSED
    except pydicom.errors.InvalidDicomError:
        return False


def judge_entities(files, source, findings):
    """dcentvfy: attributes of a patient, study or series are the same in all of its files."""
    theirs = Findings(tools_optional=True)
    excused = set()
    for batch in batches(files_below(source) if source else []):
        run_tool("dcentvfy", ["dcentvfy", *batch], theirs, accept=(0, 1), error_lines=entity_fault)
    for line in theirs.lines:
        # It may also break off, with an assertion of its own, at what the source holds.
        excused.add(entity_fault(line.removeprefix("dcentvfy: ")) or "broke off")
    for batch in batches(files):
        ours = Findings(findings.tools_optional)
        run_tool("dcentvfy", ["dcentvfy", *batch], ours, accept=(0, 1), error_lines=entity_fault)
        for line in ours.lines:
            if (entity_fault(line.removeprefix("dcentvfy: ")) or "broke off") not in excused:
                findings.lines.append(line)


def entity_fault(line):
    """Which attribute of which entity an error line of dcentvfy is about; None for other lines."""
    if not line.startswith("Error"):
        return None
    found = re.search(r"Element=<\w+> IE=<\w+>", line)
    return found.group(0) if found else line


def repeats(line, own_values):
    """Whether an error of dciodvfy is about a value (it quotes it) that stands so in the source."""
    if own_values is not None and line == "Error - Dicom dataset contains invalid data values for Value Representations":
        return True  # only sums up the lines above it
    quoted = re.search(r'"(.*)"', line) or re.search(r"<(.*)>", line)
    return own_values is not None and quoted is not None and quoted.group(1).strip(" \0") in own_values


def files_below(folder):
    """All files below a folder, sorted."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def batches(items, size=2000):
    """Command lines have a length limit."""
    return [items[i:i + size] for i in range(0, len(items), size)]
