"""The JPGs: readable everywhere, as large as the frames they show, one for every frame."""

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
            columns, rows, _ = frames[instance]
            findings.check("Pillow", size in (None, (columns, rows)), f"{name}: {size}, not {columns}×{rows}")
        elif size:
            # Not named after an instance: only a thumbnail may be so.
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
    """{File ID below STUDIES: (columns, rows, frames)} of the instances with pixels."""
    found = {}
    for path in instances.values():
        dataset = pydicom.dcmread(path, defer_size=1024)
        if any(keyword in dataset for keyword in PIXELS):
            key = path.relative_to(root / "STUDIES").as_posix()
            try:
                count = max(int(dataset.get("NumberOfFrames") or 1), 1)
            except (TypeError, ValueError):
                count = 1
            found[key] = (dataset.get("Columns"), dataset.get("Rows"), count)
    return found


def instance_of(name, frames):
    """The instance that a preview is named after: the same path below IHE_PDI, as a JPG (one frame)
    or as a folder of JPGs (many)."""
    path = name.removeprefix("IHE_PDI/")
    return next((p for p in (path.rsplit(".", 1)[0], path.rsplit("/", 1)[0]) if p in frames), None)
