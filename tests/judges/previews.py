"""The JPGs: readable everywhere, as large as the frames they show with square pixels, one for every
frame."""

import re
from collections import Counter

import pydicom
from PIL import Image

# A thumbnail's longest side, in pixels.
THUMBNAIL = 160
PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")


def judge_previews(root, names, manifest, instances, findings):
    """Judges every JPG below IHE_PDI; returns how many are previews (not thumbnails)."""
    frames = frames_of(root, instances)
    shown = Counter()
    for name in (n for n in names if n.startswith("IHE_PDI/") and n.lower().endswith(".jpg")):
        size = judge_jpg(root / name, name, findings)
        instance = instance_of(name, frames)
        if instance:
            shown[instance] += 1
            columns, rows = frames[instance][:2]
            findings.check("Pillow", size in (None, (columns, rows)), f"{name}: {size}, not {columns}×{rows}")
        elif size and not re.fullmatch(r"IHE_PDI/RP\w+/PC\w+\.JPG", name):
            # Neither a picture out of a document nor named after an instance: only a thumbnail may be so.
            findings.check("Pillow", max(size) <= THUMBNAIL, f"{name}: {size}, of no instance")
    judge_counts(frames, shown, manifest, findings)
    return sum(shown.values())


def judge_jpg(path, name, findings):
    """One JPG; returns its size."""
    try:
        with Image.open(path) as image:
            image.load()
            findings.check("Pillow", image.format == "JPEG", f"{name}: {image.format}")
            findings.check("Pillow", image.mode in ("L", "RGB"), f"{name}: mode {image.mode}")
            findings.check("Pillow", not image.info.get("progressive"), f"{name}: progressive")
            return image.size
    except (OSError, SyntaxError) as error:
        findings.add("Pillow", f"{name}: {error}")
        return None


def judge_counts(frames, shown, manifest, findings):
    """Every frame has a preview, or a notice says that it has none or that the cine was capped."""
    excused, capped = Counter(), {}
    for notice in manifest["notices"] if manifest else []:
        key = notice.get("file_id", "").removeprefix("STUDIES/")
        if notice["kind"] == "no_preview":
            excused[key] += notice["frames"]
        elif notice["kind"] == "previews_capped":
            capped[key] = notice["shown"]
    for key, (_, _, count) in sorted(frames.items()):
        expected = min(count, capped.get(key, count))
        findings.check("previews", shown[key] + excused[key] == expected,
                       f"{key}: {shown[key]} previews and {excused[key]} excused of {expected} frames")


def frames_of(root, instances):
    """{File ID below STUDIES: (width, height, frames)} of the instances with pixels."""
    found = {}
    for path in instances.values():
        dataset = pydicom.dcmread(path, defer_size=1024)
        if any(keyword in dataset for keyword in PIXELS):
            key = path.relative_to(root / "STUDIES").as_posix()
            try:
                count = max(int(dataset.get("NumberOfFrames") or 1), 1)
            except (TypeError, ValueError):
                count = 1
            found[key] = (*square(dataset), count)
    return found


def square(dataset):
    """Width and height of a frame stretched so that its pixels are square."""
    columns, rows = dataset.get("Columns"), dataset.get("Rows")
    ratio = height_over_width(dataset)
    # Under a hundredth nobody sees it; over four it would be the fault of a header.
    if ratio and 0.01 < abs(ratio - 1) and max(ratio, 1 / ratio) <= 4:
        return (columns, int(rows * ratio + 0.5)) if ratio > 1 else (int(columns / ratio + 0.5), rows)
    return columns, rows


def height_over_width(dataset):
    """The shape of a pixel (PS3.3 10.7.1.3, C.7.6.3.1.7, C.7.6.16.2.1); None where it is not said."""
    shared = next(iter(dataset.get("SharedFunctionalGroupsSequence") or []), pydicom.Dataset())
    measures = next(iter(shared.get("PixelMeasuresSequence") or []), pydicom.Dataset())
    for holder, keyword in ((dataset, "PixelSpacing"), (dataset, "ImagerPixelSpacing"),
                            (dataset, "NominalScannedPixelSpacing"), (dataset, "PixelAspectRatio"),
                            (measures, "PixelSpacing")):
        value = holder.get(keyword)
        if isinstance(value, pydicom.multival.MultiValue) and len(value) == 2 and min(value) > 0:
            return float(value[0]) / float(value[1])
    return None


def instance_of(name, frames):
    """The instance that a preview is named after: the same path below IHE_PDI, as a JPG (one frame)
    or as a folder of JPGs (many)."""
    path = name.removeprefix("IHE_PDI/")
    return next((p for p in (path.rsplit(".", 1)[0], path.rsplit("/", 1)[0]) if p in frames), None)
