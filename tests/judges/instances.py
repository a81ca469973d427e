"""Every element and pixel of the package against the source folder, by SOP Instance UID."""

import math
import subprocess
import tempfile
import warnings
import zlib
from pathlib import Path

import numpy
import pydicom
from pydicom.datadict import dictionary_has_tag, dictionary_VR
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.encaps import generate_fragments, generate_frames
from pydicom.pixels import pixel_array
from pydicom.sequence import Sequence
from pydicom.uid import UID

from tools import find_tool

PIXEL_DATA = 0x7FE00010
ICON_IMAGE_SEQUENCE = 0x00880200
# What a decoded frame says of itself may differ from what the compressed one said.
PIXEL_LAYOUT = {0x00280004, 0x00280006}
EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
PLAIN = {"1.2.840.10008.1.2", EXPLICIT_LITTLE, "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2"}
RLE = "1.2.840.10008.1.2.5"
DEFLATED_FRAMES = "1.2.840.10008.1.2.8.1"
ENCAPSULATED_UNCOMPRESSED = "1.2.840.10008.1.2.1.98"
BIG_ENDIAN = "1.2.840.10008.1.2.2"
# Values that are words of so many bytes.
WORD_BYTES = {"OW": 2, "OF": 4, "OL": 4, "OD": 8, "OV": 8}
LOSSLESS = {"1.2.840.10008.1.2.2", "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.90",
            "1.2.840.10008.1.2.4.201"}
# What is lost once these are coded: JPEG baseline and extended, JPEG-LS near-lossless.
ALWAYS_LOSSY = ("1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51")
# Decoders of lossy JPEG differ in the inverse DCT and in chroma upsampling.
LOSSY = {"1.2.840.10008.1.2.4.50": 3, "1.2.840.10008.1.2.4.51": 3}


def read_source(folder):
    """{SOP Instance UID: [dataset, ...]} of all that pydicom can read below the folder, and the names
    of the files that it cannot."""
    found, unreadable = {}, []
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                dataset = pydicom.dcmread(path, force=True, defer_size="1 MB")
                uid = str(dataset.get("SOPInstanceUID") or "").strip()
        except Exception:  # any failure of the reader
            uid = ""
        if not uid:
            unreadable.append(path.name)
        elif "DirectoryRecordSequence" not in dataset:
            found.setdefault(uid, []).append(dataset)
    return found, unreadable


def sequence_items(dataset, tag):
    """The items of a sequence; none of one that pydicom cannot read."""
    try:
        return list(dataset[tag].value or [])
    except Exception:  # any failure of the reader
        return []


def texts_of(source):
    """Every short text value of the source, as it stands in the files."""
    texts = set()

    def gather(dataset):
        for tag in list(dataset.keys()):
            # Asked for by `[]`, an element would be converted, and its bytes lost for the comparison.
            element = dataset.get_item(tag)
            value = element.value
            if isinstance(value, str):
                texts.add(str(value))
            elif isinstance(value, bytes) and len(value) < 1024:
                texts.update(part.strip(" \0") for part in value.decode("latin-1").split("\\"))
            if "SQ" in (element.VR, dictionary_VR(tag) if dictionary_has_tag(tag) else None):
                for item in sequence_items(dataset, tag):
                    gather(item)

    for dataset in (d for same in source.values() for d in same):
        gather(dataset)
    return texts


def judge_instances(instances, source, unreadable, syntax, findings):
    """`instances` are paths by UID, `source` data sets by UID, `syntax` the policy asked for; of what
    pydicom cannot read nobody can say here whether it is the same."""
    for uid, path in sorted(instances.items()):
        name = "/".join(path.parts[-3:])
        candidates = source.get(uid)
        if not candidates and unreadable:
            findings.notices.append(f"notice: {name} is not compared: pydicom reads no UID in {unreadable.pop()}")
            continue
        if not candidates:
            findings.add("source", f"{name}: {uid} is not in the source")
            continue
        # Of duplicates any one may be in the package; the report says which were left out.
        reports = [compare_files(path, candidate, syntax) for candidate in candidates]
        for text in min(reports, key=len)[:10]:
            findings.add("source", f"{name}: {text}")


def compare_files(path, before, syntax):
    """Differences between a file of the package and its source, as sentences."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            after = pydicom.dcmread(path)
            old_syntax = source_syntax(before)
            new_syntax = str(after.file_meta.TransferSyntaxUID)
            differences = judge_syntax(old_syntax, new_syntax, syntax)
            decoded = old_syntax not in PLAIN and new_syntax == EXPLICIT_LITTLE
            if decoded and old_syntax in ALWAYS_LOSSY:
                # Decoded pixels no longer tell by their transfer syntax (PS3.3 C.7.6.1.1.5).
                before.LossyImageCompression = "01"
            if decoded and has_compressed_icon(before):
                # It is optional, and items in Explicit VR Little Endian hold no fragments (PS3.5 A.4).
                del before[ICON_IMAGE_SEQUENCE]
            differences += compare_datasets(before, after, "", PIXEL_LAYOUT if decoded else set())
            if PIXEL_DATA in before and PIXEL_DATA in after:
                differences += compare_pixels(before, after, old_syntax, new_syntax)
            return differences
        except Exception as error:
            return [f"cannot be compared: {error!r}"]


def has_compressed_icon(dataset):
    """Whether the icon of a data set has its pixels in fragments, whose element has no length."""
    if ICON_IMAGE_SEQUENCE not in dataset:
        return False
    pixels = [item.get_item(PIXEL_DATA) for item in sequence_items(dataset, ICON_IMAGE_SEQUENCE) if PIXEL_DATA in item]
    return any(getattr(element, "length", None) == 0xFFFFFFFF or getattr(element, "is_undefined_length", False)
               for element in pixels)


def source_syntax(dataset):
    """Transfer syntax of a source, guessed as pydicom did where the file says nothing."""
    declared = getattr(dataset, "file_meta", Dataset()).get("TransferSyntaxUID")
    if declared:
        return str(declared)
    implicit, little = dataset.original_encoding
    return "1.2.840.10008.1.2" if implicit else EXPLICIT_LITTLE if little else BIG_ENDIAN


def judge_syntax(old, new, policy):
    """The transfer-syntax policy of the package (uncompressed, as-stored, auto)."""
    if old in PLAIN:
        return [] if new == EXPLICIT_LITTLE else [f"{old} was written as {new}"]
    if policy == "as-stored" and new != old:
        return [f"{old} was not kept as stored but written as {new}"]
    return [] if new in (old, EXPLICIT_LITTLE) else [f"{old} was written as {new}"]


def compare_datasets(before, after, where, layout):
    """Same tags, same values; group length elements are retired and may go."""
    def tags(dataset):
        return {t for t in dataset.keys() if t.element != 0 and t.group > 0x0002 and t != PIXEL_DATA}
    old, new = tags(before), tags(after)
    differences = [f"{where}{tag} is lost" for tag in sorted(old - new)]
    differences += [f"{where}{tag} was added" for tag in sorted(new - old)]
    if (PIXEL_DATA in before) != (PIXEL_DATA in after):
        differences.append(f"{where}pixel data are lost or were added")
    for tag in sorted(old & new - layout):
        if not same_element(before, after, tag):
            nested = nested_differences(before, after, tag, where, layout)
            differences += nested if nested is not None else [f"{where}{tag} differs"]
    return differences


def nested_differences(before, after, tag, where, layout):
    """Differences inside a sequence; an empty list for equal ones, None when it is no sequence."""
    old, new = before[tag], after[tag]
    if not (isinstance(old.value, Sequence) and isinstance(new.value, Sequence)):
        return None
    if len(old.value) != len(new.value):
        return [f"{where}{tag} has {len(new.value)} items, not {len(old.value)}"]
    return [text for index, (a, b) in enumerate(zip(old.value, new.value))
            for text in compare_datasets(a, b, f"{where}{tag}[{index}].", layout)]


def same_element(before, after, tag):
    """Whether the value is the same: the bytes where the encodings allow it, else what they mean."""
    old, new = before.get_item(tag), after.get_item(tag)
    raw = isinstance(old, RawDataElement) and isinstance(new, RawDataElement)
    if raw and old.value is not None and new.VR != "SQ" and old.is_little_endian:
        if not old.is_implicit_VR and old.VR != new.VR and old.VR != "UN":
            return False
        return strip(old.value) == strip(new.value)
    if raw and old.VR in WORD_BYTES and old.value is not None:
        # pydicom leaves values of these kinds in the byte order of the file.
        words = numpy.frombuffer(old.value, f">u{WORD_BYTES[old.VR]}")
        return words.byteswap().tobytes() == new.value
    old, new = before[tag], after[tag]
    if isinstance(old.value, Sequence) or isinstance(new.value, Sequence):
        return False  # compared item by item
    return same_value(old.value, new.value)


def same_value(old, new):
    """Equality in which NaN equals itself and padding of byte values does not count."""
    if isinstance(old, float) and isinstance(new, float):
        return old == new or (math.isnan(old) and math.isnan(new))
    if isinstance(old, bytes) and isinstance(new, bytes):
        return strip(old) == strip(new)
    if not isinstance(old, str) and hasattr(old, "__len__") and hasattr(new, "__len__"):
        if len(old) == len(new) and not isinstance(old, bytes):
            try:
                return all(same_value(a, b) for a, b in zip(old, new))
            except TypeError:
                pass
    return old == new or (old in (None, "", b"") and new in (None, "", b""))


def strip(value):
    """A value without the padding that makes its length even."""
    return (value or b"").rstrip(b"\0 ")


def compare_pixels(before, after, old_syntax, new_syntax):
    """Same pixel bytes, or the same samples where they were decoded."""
    if old_syntax == new_syntax and before.PixelData == after.PixelData:
        return []
    if old_syntax == new_syntax and old_syntax not in PLAIN:
        same = list(generate_fragments(before.PixelData)) == list(generate_fragments(after.PixelData))
        return [] if same else ["compressed fragments differ"]
    if old_syntax in PLAIN and old_syntax != BIG_ENDIAN:
        old, new = before.PixelData, after.PixelData
        same = old == new or (len(old) % 2 == 1 and old + b"\0" == new)
        return [] if same else [f"pixel bytes differ ({len(old)} before, {len(new)} after)"]
    if old_syntax == DEFLATED_FRAMES:
        same = after.PixelData.startswith(inflate_frames(before))
        return [] if same else ["inflated frames differ"]
    if old_syntax == ENCAPSULATED_UNCOMPRESSED:
        plain = joined_frames(before)
        return [] if after.PixelData == plain + b"\0" * (len(plain) % 2) else ["pixel bytes differ"]
    if old_syntax == RLE and before.get("BitsAllocated") == 1:
        return [] if after.PixelData == unpack_bits_runs(before) else ["single bits differ"]
    if old_syntax == BIG_ENDIAN and before.get("BitsAllocated", 0) > 16:
        swapped = numpy.frombuffer(before.PixelData, f">u{before.BitsAllocated // 8}").byteswap().tobytes()
        return [] if swapped == after.PixelData else ["pixel bytes differ after the byte swap"]
    if old_syntax == BIG_ENDIAN and before["PixelData"].VR == "OW":
        swapped = numpy.frombuffer(before.PixelData, ">u2").astype("<u2").tobytes()
        return [] if swapped == after.PixelData else ["pixel bytes differ after the byte swap"]
    return compare_samples(before, after, old_syntax)


def inflate_frames(dataset):
    """Frames deflated one by one (PS3.5 A.4.13), which no other reader here takes."""
    frames = generate_frames(dataset.PixelData, number_of_frames=int(dataset.get("NumberOfFrames") or 1))
    # A fragment may be padded to an even length behind the end of the stream.
    inflated = [zlib.decompressobj(-15).decompress(frame) for frame in frames]
    size = dataset.Rows * dataset.Columns * dataset.SamplesPerPixel * dataset.BitsAllocated
    return b"".join(frame[: size // 8] for frame in inflated)


def joined_frames(dataset):
    """Frames in fragments, not compressed (PS3.5 A.4.11), which no other reader here takes."""
    frames = generate_frames(dataset.PixelData, number_of_frames=int(dataset.get("NumberOfFrames") or 1))
    size = dataset.Rows * dataset.Columns * dataset.SamplesPerPixel * dataset.BitsAllocated // 8
    # A fragment may be padded to an even length.
    return b"".join(frame[:size] for frame in frames)


def unpack_bits_runs(dataset):
    """RLE frames of single bits, one segment each (PS3.5 Annex G), which no other reader here takes."""
    out = bytearray()
    for frame in generate_frames(dataset.PixelData, number_of_frames=int(dataset.get("NumberOfFrames") or 1)):
        at, end = int.from_bytes(frame[4:8], "little"), len(out) + dataset.Rows * dataset.Columns // 8
        while at < len(frame) and len(out) < end:
            count = frame[at]
            if count < 128:
                out += frame[at + 1:at + 2 + count]
                at += count + 2
            else:
                out += frame[at + 1:at + 2] * (257 - count if count > 128 else 0)
                at += 2 if count > 128 else 1
        del out[end:]
    return bytes(out) + b"\0" * (len(out) % 2)


def compare_samples(before, after, old_syntax):
    """Decoded samples, as other decoders give them, against those that we wrote."""
    colour_kept = after.get("PhotometricInterpretation", "").startswith("YBR")
    try:
        old = pixel_array(before, raw=colour_kept)
    except Exception as error:
        old = decode_with_tools(before.filename, old_syntax)
        if old is None:
            return [f"was decoded although nobody else can: {error!r}"]
    new = pixel_array(after, raw=True)
    if old.shape != new.shape:
        return [f"pixels have the shape {new.shape}, not {old.shape}"]
    apart = int(numpy.abs(old.astype(numpy.int64) - new.astype(numpy.int64)).max(initial=0))
    allowed = 0 if is_lossless(before, old_syntax) else LOSSY.get(old_syntax, 3)
    return [] if apart <= allowed else [f"samples differ by up to {apart} (allowed {allowed}): {UID(old_syntax).name}"]


def decode_with_tools(path, syntax):
    """What DCMTK or GDCM decode, for what pydicom's plugins cannot; None when they cannot either."""
    with tempfile.TemporaryDirectory(prefix="esito-decode-") as folder:
        decoded = Path(folder) / "decoded.dcm"
        for tool in (["dcmdrle"], ["dcmdjpeg"], ["dcmdjpls"], ["gdcmconv", "--raw"]):
            if find_tool(tool[0]):
                decoded.unlink(missing_ok=True)
                done = subprocess.run([*tool, path, decoded], capture_output=True, check=False, timeout=120)
                if done.returncode == 0 and decoded.exists():
                    dataset = pydicom.dcmread(decoded)
                    if dataset.file_meta.TransferSyntaxUID != syntax:
                        return pixel_array(dataset, raw=True)
    return None


def is_lossless(dataset, syntax):
    """Whether decoders must agree to the bit: by the transfer syntax, and by what is really there."""
    if syntax in ("1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70"):
        # Files exist that say lossless and hold a baseline frame; SOF3 begins a lossless one.
        return b"\xff\xc3" in next(generate_fragments(dataset.PixelData[8 + first_item(dataset):]), b"")[:4096]
    return syntax in LOSSLESS


def first_item(dataset):
    """The length of the Basic Offset Table, which is the first item of encapsulated pixel data."""
    return int.from_bytes(dataset.PixelData[4:8], "little")
