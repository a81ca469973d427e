"""The JPGs: readable everywhere, and as large as the frames they show."""

from pathlib import Path

import pydicom
from PIL import Image

# A thumbnail's longest side, in pixels.
THUMBNAIL = 160


def judge_previews(root, names, instances, findings):
    """Judges every JPG below IHE_PDI; returns how many there are."""
    sizes = frame_sizes(root, instances)
    jpgs = [name for name in names if name.startswith("IHE_PDI/") and name.lower().endswith(".jpg")]
    for name in jpgs:
        try:
            with Image.open(root / name) as image:
                image.load()
                findings.check("Pillow", image.format == "JPEG", f"{name}: {image.format}")
                findings.check("Pillow", image.mode in ("L", "RGB"), f"{name}: mode {image.mode}")
                findings.check("Pillow", not image.info.get("progressive"), f"{name}: progressive")
                width, height = image.size
        except (OSError, SyntaxError) as error:
            findings.add("Pillow", f"{name}: {error}")
            continue
        shown = instance_of(name, sizes)
        if shown is None:
            # Not named after an instance: only a thumbnail may be so.
            findings.check("Pillow", max(width, height) <= THUMBNAIL, f"{name}: {width}×{height}, of no instance")
        else:
            findings.check("Pillow", (width, height) == shown, f"{name}: {width}×{height}, not {shown}")
    return len(jpgs)


def frame_sizes(root, instances):
    """{File ID below STUDIES: (columns, rows)} of the instances with pixels."""
    sizes = {}
    for path in instances.values():
        dataset = pydicom.dcmread(path, specific_tags=["Rows", "Columns"], stop_before_pixels=True)
        if "Rows" in dataset and "Columns" in dataset:
            key = "/".join(Path(path).relative_to(root / "STUDIES").parts)
            sizes[key] = (dataset.Columns, dataset.Rows)
    return sizes


def instance_of(name, sizes):
    """The frame size of the instance that a preview is named after: the same path below IHE_PDI,
    as a JPG (one frame) or as a folder of JPGs (many)."""
    path = name.removeprefix("IHE_PDI/")
    return sizes.get(path.rsplit(".", 1)[0]) or sizes.get(path.rsplit("/", 1)[0])
