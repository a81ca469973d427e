"""Spoils pictures, samples and previews one after another; the judge of pixels must notice each.

Usage: pixel_mutations.py RENDER_FRAME FILE PACKAGE (a grey file with a window, and its package)
"""

import io
import sys
import zipfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import numpy  # noqa: E402
from PIL import Image  # noqa: E402

import pixel_oracles as oracles  # noqa: E402
import pixels  # noqa: E402
import value_ranges  # noqa: E402
from pixel_source import Renderer  # noqa: E402


def picture(change):
    """A mutation of the 8-bit picture."""
    def judged(file, dataset, ours, _package):
        ours.picture = change(ours.picture.copy())
        return pixels.judge_frame(file, dataset, 0, ours).outcome == "wrong"
    return judged


def without_window(change):
    """A mutation of the picture of a file that says nothing of its levels."""
    def judged(file, dataset, ours, _package):
        del dataset.WindowCenter, dataset.WindowWidth
        values = oracles.modality_values(ours.samples(dataset), dataset, dataset)
        (low, _), (high, _) = value_ranges.bounds([values.ravel().astype(float)])
        ours.picture = numpy.rint(value_ranges.levels(values, low, high)).astype(numpy.uint8)
        sound = pixels.judge_frame(file, dataset, 0, ours).outcome == "right"
        ours.picture = change(ours.picture.copy())
        return sound and pixels.judge_frame(file, dataset, 0, ours).outcome == "wrong"
    return judged


def preview(change):
    """A mutation of the JPG in the package."""
    def judged(_file, _dataset, ours, package):
        with zipfile.ZipFile(package) as archive:
            name = next(name for name in archive.namelist() if name.endswith("/IM000001.JPG"))
            return bool(pixels.judge_jpg(change(archive.read(name), ours.picture), ours.picture, 0))
    return judged


def again(_jpg, levels, quality=80):
    """A JPG of lower quality."""
    out = io.BytesIO()
    Image.fromarray(levels).save(out, "JPEG", quality=quality)
    return out.getvalue()


def one_row_black(levels):
    levels[levels.shape[0] // 2] = 0
    return levels


def patch(levels):
    """Two pixels in a thousand off by two levels."""
    flat = levels.ravel()
    places = slice(None, None, 400)
    flat[places] = numpy.where(flat[places] > 127, flat[places] - 2, flat[places] + 2)
    return levels


MUTATIONS = {
    "inverted": picture(lambda levels: 255 - levels),
    "two levels brighter": picture(lambda levels: numpy.clip(levels.astype(int) + 2, 0, 255).astype(numpy.uint8)),
    "a row of black": picture(one_row_black),
    "a few pixels": picture(patch),
    "turned": picture(lambda levels: levels[:, ::-1]),
    "another size": picture(lambda levels: levels[1:]),
    "inverted without a window": without_window(lambda levels: 255 - levels),
    "one pixel out of order": without_window(lambda levels: numpy.where(numpy.arange(levels.size).reshape(levels.shape) == 5, 255 - levels, levels)),
    "all of one level": without_window(lambda levels: levels * 0),
    "a narrower range": without_window(lambda levels: numpy.clip(levels * 1.05 - 6, 0, 255).astype(numpy.uint8)),
    "lower quality": preview(again),
    "the JPG of another": preview(lambda jpg, levels: again(jpg, 255 - levels, 90)),
}


def main():
    """Judges the sound picture, then each spoiled one."""
    renderer = Renderer(sys.argv[1])
    file, package = sys.argv[2:4]
    job = {"name": "sound", "file": file, "package": package}
    verdict = pixels.judge(job, renderer)[1]
    failed = [] if verdict.outcome == "right" else [f"sound: {verdict.outcome}: {verdict.why}"]
    for name, notices in MUTATIONS.items():
        if not notices(file, oracles.read(file), renderer.frame(file, 0), package):
            failed.append(f"{name}: not noticed")
    for line in failed:
        print(line)
    print(f"{len(MUTATIONS)} mutations, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
