"""Judges what the viewer shows in Chromium against pydicom's pictures, file by file.

Usage: viewer_pixels.py [--least N] [--every-syntax] ESITO FILE…: packages each file alone as it is stored, opens it
from disk with its viewer and compares the canvas at one pixel for one; small images at an odd multiple, where the middle
of each square is the pixel itself. Prints each file that is not right, then a table; exit 1 when a picture is wrong,
fewer than N are right or, if so asked, none is in one of the transfer syntaxes. A file that the viewer refuses, saying
why, is no fault, nor is one that cannot be packaged, which counts as dropped.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import numpy  # noqa: E402
from PIL import Image  # noqa: E402
from pydicom.uid import UID  # noqa: E402

import pixel_oracles as oracles  # noqa: E402
from instances import PLAIN, is_lossless  # noqa: E402

LEVELS_APART, PIXELS_APART = 1, 0.001
LOSSY_MEAN = 2
# Windows of a browser larger than this cost more memory than they tell.
MOST = 2100
# A smaller one is a telephone's, whose bars leave less for the picture.
LEAST = 360
ROOT = Path(__file__).resolve().parent.parent.parent
SCRIPT = ROOT / "tests" / "browser" / "viewer_pixels.js"
MODULES = ROOT / ".cache" / "browser" / "node_modules"
# Exit codes of `esito package`: a whole package, one that lacks something, and what cannot be packaged.
WHOLE, INCOMPLETE, REFUSED = 0, 3, 4


class Dropped(Exception):
    """A file with pixels that did not get into a package: the outcome, and why."""


def main():
    """Judges all files."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--least", type=int, default=1)
    parser.add_argument("--every-syntax", action="store_true")
    parser.add_argument("esito")
    parser.add_argument("files", nargs="+")
    arguments = parser.parse_args()
    table, wrong, jobs = {}, 0, []
    with tempfile.TemporaryDirectory(prefix="viewer-") as folder:
        for number, file in enumerate(arguments.files):
            try:
                job = prepare(arguments.esito, Path(folder) / str(number), file)
            except Dropped as fault:
                outcome, syntax, why = fault.args
                table.setdefault(syntax, Counter())[outcome] += 1
                wrong += outcome == "wrong"
                print(f"{outcome} {file}: {why}")
                continue
            if job:
                jobs.append(job)
        todo = Path(folder) / "jobs.json"
        todo.write_text(json.dumps([{"root": job["root"], "frames": job["frames"], "rows": job["rows"] * job["scale"], "columns": job["columns"] * job["scale"]} for job in jobs]))
        environment = {**os.environ, "NODE_PATH": str(MODULES)}
        run = subprocess.run(["node", SCRIPT, todo], capture_output=True, text=True, check=False, env=environment)
        results = [json.loads(line) for line in run.stdout.splitlines() if line.startswith("{")]
        if run.returncode:
            print(run.stderr)
        by_root = {}
        for result in results:
            by_root.setdefault(result["root"], []).append(result)
        for job in jobs:
            outcome, why = judge(job, by_root.get(job["root"], []))
            table.setdefault(job["syntax"], Counter())[outcome] += 1
            wrong += outcome == "wrong"
            if outcome != "right":
                print(f"{outcome} {job['file']}: {why}")
    outcomes = ["right", "refused", "unjudged", "dropped", "wrong"]
    print(f"{'transfer syntax':52}" + "".join(f"{name:>10}" for name in outcomes))
    for syntax, counts in sorted(table.items()):
        print(f"{syntax[:50]:52}" + "".join(f"{counts[name]:10}" for name in outcomes))
    total = sum(table.values(), Counter())
    print(f"{'all':52}" + "".join(f"{total[name]:10}" for name in outcomes))
    if total["right"] < arguments.least:
        print(f"only {total['right']} are right, not {arguments.least}")
    unseen = [syntax for syntax, counts in table.items() if not counts["right"]] if arguments.every_syntax else []
    for syntax in unseen:
        print(f"none is right in {syntax}")
    return 1 if wrong or run.returncode or unseen or total["right"] < arguments.least else 0


def prepare(esito, folder, file):
    """The package of a file, unpacked; None for what has no pixels or another size than can be compared.

    Raises Dropped when there is no package."""
    try:
        dataset = oracles.read(file)
        rows, columns = int(dataset.Rows), int(dataset.Columns)
        count = max(int(dataset.get("NumberOfFrames") or 1), 1)
        if not any(key in dataset for key in ("PixelData", "FloatPixelData", "DoubleFloatPixelData")):
            return None
    except Exception:  # any failure of the reader
        return None
    if not is_square(dataset):
        # The viewer stretches them.
        return None
    if max(rows, columns) > MOST or min(rows, columns) < 8:
        return None
    source = folder / "source"
    source.mkdir(parents=True)
    shutil.copy(file, source / "f")
    package = folder / "package.zip"
    command = [esito, "package", "--folder", source, "--transfer-syntax", "as-stored", "--out", package, "--progress", "none"]
    code = subprocess.run(command, capture_output=True, check=False).returncode
    if code not in (WHOLE, INCOMPLETE):
        syntax = UID(dataset.file_meta.TransferSyntaxUID).name
        raise Dropped("dropped" if code == REFUSED else "wrong", syntax, f"esito package ends with {code}")
    with zipfile.ZipFile(package) as archive:
        archive.extractall(folder / "package")
    root = next((folder / "package").iterdir())
    stored = next((root / "STUDIES").rglob("IM*"))
    packed = oracles.read(stored)
    frames = sorted({0, count // 2, count - 1})
    syntax = UID(packed.file_meta.TransferSyntaxUID)
    return {"file": str(file), "root": str(root), "rows": rows, "columns": columns, "frames": frames, "dataset": packed, "scale": scale_of(rows, columns),
            "syntax": syntax.name, "lossy": syntax not in PLAIN and not is_lossless(packed, str(syntax))}


def is_square(dataset):
    """Whether pixels are as high as wide."""
    shared = dataset.get("SharedFunctionalGroupsSequence") or [{}]
    measures = (shared[0].get("PixelMeasuresSequence") or [{}])[0]
    for sides in (measures.get("PixelSpacing"), dataset.get("PixelSpacing"), dataset.get("PixelAspectRatio")):
        if sides and len(sides) == 2:
            return float(sides[0]) == float(sides[1])
    return True


def scale_of(rows, columns):
    """The least odd number that makes an image large enough for a window of a browser."""
    scale = 1
    while min(rows, columns) * scale < LEAST:
        scale += 2
    return scale


def judge(job, results):
    """The outcome of a file, and why."""
    if not results:
        return "wrong", "the viewer gave no answer"
    worst = ("right", "")
    rank = ["right", "refused", "unjudged", "wrong"]
    for result in results:
        outcome = judge_frame(job, result)
        worst = max(worst, outcome, key=lambda one: rank.index(one[0]))
    return worst


def judge_frame(job, result):
    """The outcome of one frame."""
    if "error" in result:
        return "wrong", result["error"]
    if not result.get("shown"):
        return "refused", result["says"]
    if not result["shown"].endswith(f"#{result['frame'] + 1}"):
        return "wrong", f"frame {result['frame']}: {result['shown']} is shown"
    try:
        picture = Image.open(Path(job["root"]).parent / f"frame-{result['frame']}.png").convert("RGB")
    except OSError as error:
        return "wrong", f"frame {result['frame']}: {error}"
    middle = job["scale"] // 2
    ours = numpy.asarray(picture).astype(float)[middle::job["scale"], middle::job["scale"]]
    if ours.shape[:2] != (job["rows"], job["columns"]):
        return "wrong", f"the canvas has {ours.shape}"
    try:
        expected = picture_of(job["dataset"], result["frame"])
        # Planes in unused bits of the pixels are not drawn, and the label says so.
        if not result["isPartial"]:
            expected = oracles.with_overlays(expected, job["dataset"], result["frame"])
    except Exception as error:  # pydicom cannot show everything that it can decode
        return "unjudged", repr(error)[:120]
    if expected.ndim == 2:
        expected = numpy.repeat(expected[..., None], 3, axis=2)
    difference = numpy.abs(ours - numpy.rint(expected.astype(float))).max(axis=2)
    far = float((difference > LEVELS_APART).mean())
    if far <= PIXELS_APART or (job["lossy"] and difference.mean() <= LOSSY_MEAN):
        return "right", ""
    return "wrong", f"frame {result['frame']}: {far:.1%} of the pixels differ, by {difference.max():.0f} at most, {difference.mean():.1f} on average"


def picture_of(dataset, index):
    """8-bit levels by pydicom; without a window from the least value to the largest of the frame."""
    if dataset.get("SamplesPerPixel", 1) > 1 or dataset.PhotometricInterpretation == "PALETTE COLOR":
        return oracles.colour_picture(dataset, index)
    view = oracles.view_of(dataset, index)
    values = oracles.modality_values(oracles.decode(dataset, index, raw=True), dataset, view)
    if oracles.has_window(view):
        return oracles.grey_picture(values, view)
    least, most = values.min(), values.max()
    levels = numpy.rint(numpy.clip((values - least) / max(most - least, 1) * 255, 0, 255))
    return 255 - levels if oracles.is_inverted(view) else levels


if __name__ == "__main__":
    sys.exit(main())
