"""Judges pictures, previews and decoded pixels against other people's decoders and renderers.

Cells of 12 bits are GDCM's and dcmj2pnm's to judge, floating point pydicom's. No reader at hand shows supplemental
palettes, segments in colour, or frames that are encapsulated uncompressed: these are worked out from what pydicom
reads; so are YBR_PARTIAL_422, which dcmj2pnm converts to two levels, and the range of images without a window.

Usage: pixels.py RENDER_FRAME JOBS: each line of JOBS is JSON {"name", "file", "package"}: a DICOM file, and
the package that holds it alone, made with --transfer-syntax uncompressed. Prints what is wrong, then a table;
exit 1 if anything is.
"""

import io
import json
import math
import sys
import tempfile
import zipfile
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import numpy  # noqa: E402
import pydicom  # noqa: E402
from PIL import Image  # noqa: E402
from pydicom.uid import UID  # noqa: E402

import pixel_excuses  # noqa: E402
import pixel_oracles as oracles  # noqa: E402
import previews  # noqa: E402
import segment_colours  # noqa: E402
import value_ranges  # noqa: E402
from instances import PLAIN, compare_files, is_lossless  # noqa: E402
from pixel_source import Fault, Renderer  # noqa: E402

PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
# A level off is rounding; of a thousand pixels one may be more.
LEVELS_APART, PIXELS_APART = 1, 0.001
# Decoders of lossy streams differ in their arithmetic: mean levels.
LOSSY_MEAN = 2
# What the encoder may be worse than libjpeg-turbo at the same quality, in dB.
WORSE_DECIBEL = 0.3
# With fewer pixels than a block of JPEG has the ratio is chance: then an error of one level is small enough.
BLOCK = 64
ONE_LEVEL_DECIBEL = 20 * math.log10(255)
QUALITY = 90


class Verdict:
    """What became of one file."""

    def __init__(self, outcome, why="", notes=()):
        self.outcome, self.why, self.notes = outcome, why, list(notes)


def main():
    """Judges all jobs and prints findings and the table."""
    renderer = Renderer(sys.argv[1])
    jobs = [json.loads(line) for line in Path(sys.argv[2]).read_text("utf-8").splitlines()]
    table, wrong = {}, 0
    for job in jobs:
        key, verdict = judge(job, renderer)
        table.setdefault(key, Counter())[verdict.outcome] += 1
        if verdict.outcome == "wrong":
            wrong += 1
            print(f"WRONG {job['name']}: {verdict.why}")
        elif verdict.outcome != "right" and verdict.outcome != "no pixels":
            print(f"{verdict.outcome} {job['name']}: {verdict.why}")
        for note in verdict.notes:
            print(f"  note {job['name']}: {note}")
    renderer.close()
    print_table(table)
    return 1 if wrong else 0


def print_table(table):
    """Files by modality and transfer syntax."""
    outcomes = ["right", "placeholder", "unjudged", "wrong"]
    print(f"{'modality':10}{'transfer syntax':52}" + "".join(f"{name:>13}" for name in outcomes))
    rows = [(key, counts) for key, counts in sorted(table.items()) if any(counts[o] for o in outcomes)]
    for (modality, syntax), counts in rows:
        print(f"{modality:10}{syntax[:50]:52}" + "".join(f"{counts[name]:13}" for name in outcomes))
    total = sum((counts for _, counts in rows), Counter())
    print(f"{'all':10}{'':52}" + "".join(f"{total[name]:13}" for name in outcomes))


def judge(job, renderer):
    """The row of the table and the verdict of one file."""
    try:
        dataset = oracles.read(job["file"])
        modality = str(dataset.get("Modality") or "-")
        syntax = UID(dataset.file_meta.TransferSyntaxUID)
    except Exception as error:  # any failure of the reader
        return ("-", "-"), Verdict("no pixels", repr(error))
    key = (modality, syntax.name)
    if not any(keyword in dataset for keyword in PIXELS):
        return key, Verdict("no pixels")
    try:
        count = max(int(dataset.get("NumberOfFrames") or 1), 1)
    except (TypeError, ValueError):
        count = 1
    worst = Verdict("right")
    frames = []
    for index in sorted({0, count // 2, count - 1}):
        try:
            ours = renderer.frame(job["file"], index)
        except Fault as fault:
            verdict = Verdict("placeholder", str(fault) + others_show(dataset, index))
        else:
            # Of a segmentation others are laid below where they are at the same place: package_pictures.py.
            if not is_segmentation(dataset) or not segment_colours.others_there(dataset, index):
                frames.append((index, ours))
            verdict = judge_frame(job["file"], dataset, index, ours)
        notes = worst.notes + verdict.notes
        worst = max(worst, verdict, key=lambda v: ["right", "unjudged", "placeholder", "wrong"].index(v.outcome))
        worst = Verdict(worst.outcome, worst.why, dict.fromkeys(notes))
    if job.get("package"):
        faults, hidden = judge_package(job["package"], job["file"], count, frames)
        if faults:
            return key, Verdict("wrong", "; ".join(faults), worst.notes)
        if hidden:
            return key, Verdict("placeholder", f"in the package: {hidden}", worst.notes)
    return key, worst


def others_show(dataset, index):
    """A remark where somebody else decodes what we do not show."""
    try:
        oracles.decode(dataset, index, raw=True)
    except Exception:  # any failure of the reader
        return ""
    return " (others decode it)"


def judge_frame(path, dataset, index, ours):
    """The picture of one frame, against every oracle that gives one."""
    syntax = str(dataset.file_meta.TransferSyntaxUID)
    lossy = syntax not in PLAIN and not is_lossless(dataset, syntax)
    view = oracles.view_of(dataset, index)
    opinions, reasons = [], []
    try:
        fault, levels = by_pydicom(dataset, index, view, ours, lossy)
        opinions.append(("pydicom", fault, levels))
    except oracles.Undecodable as why:
        reasons.append(str(why))
    except Exception as error:  # pydicom cannot show everything that it can decode
        reasons.append(f"pydicom: {error!r}")
    shown = oracles.dcmtk_picture(path, index, view)
    if shown is None:
        reasons.append("dcmj2pnm gives no picture")
    elif oracles.has_window(view) or ours.picture.ndim == 3:
        opinions.append(("dcmj2pnm", compare(ours.picture, shown, lossy), shown))
    faults, notes, agreed = [], [], 0
    for name, fault, levels in opinions:
        excused = pixel_excuses.excuse(name, dataset) if fault else None
        if excused and (excused[1] is None or not compare(ours.picture, levels, lossy, excused[1])):
            notes.append(f"{name}: {fault}; excused: {excused[0]}")
            agreed += excused[1] is not None
        elif fault:
            faults.append(f"frame {index}: {name}: {fault}")
        else:
            agreed += 1
    if faults:
        return Verdict("wrong", "; ".join(faults), notes)
    return Verdict("right", "", notes) if agreed else Verdict("unjudged", "; ".join(reasons), notes)


def by_pydicom(dataset, index, view, ours, lossy):
    """What is wrong by pydicom's decoding and rendering, and its levels."""
    if dataset.get("SamplesPerPixel", 1) > 1 or dataset.PhotometricInterpretation == "PALETTE COLOR":
        expected = oracles.with_overlays(oracles.colour_picture(dataset, index), dataset, index)
        return compare(ours.picture, expected, lossy), expected
    samples = oracles.decode(dataset, index, raw=True)
    if is_segmentation(dataset):
        own = ours.samples(dataset)
        fault = compare_samples(own, samples, dataset, lossy)
        return fault or compare_colours(ours.picture, own, dataset, index), samples
    if oracles.has_window(view):
        values = oracles.modality_values(samples, dataset, view)
        levels = oracles.grey_picture(values, view)
        levels = oracles.with_supplemental_palette(levels, oracles.stored_values(samples, dataset), view)
        expected = oracles.with_overlays(levels, dataset, index)
        return compare(ours.picture, expected, lossy), expected
    # No reader has our range: the samples are judged by pydicom's, the levels by the rule worked out anew.
    own = ours.samples(dataset)
    fault = compare_samples(own, samples, dataset, lossy)
    values = oracles.modality_values(own, dataset, view)
    order = compare_order(ours.picture, values * (-1 if oracles.is_inverted(view) else 1), dataset, index)
    return fault or order or value_ranges.compare_range(ours.picture, own, values, dataset, index, view), samples


def is_segmentation(dataset):
    """Segmentation or Label Map Segmentation, shown in the colours that its segments recommend."""
    return dataset.get("SOPClassUID") in pixel_excuses.SEGMENTATIONS


def compare_colours(picture, values, dataset, index):
    """A segmentation alone, on black: the recommended colours; of segments without one, that it is one colour."""
    expected = segment_colours.laid_over(numpy.zeros((*values.shape, 3)), dataset, index, values, 1)
    if expected is not None:
        return compare(picture, expected, False)
    levels = picture.reshape(picture.shape[0] * picture.shape[1], -1).astype(int)
    flat = values.ravel()
    several = [value for value in numpy.unique(flat) if numpy.ptp(levels[flat == value], axis=0).any()]
    return f"{len(several)} values have several colours" if several else ""


def compare_samples(ours, samples, dataset, lossy):
    """What is wrong with decoded grey samples; lossy ones may differ by two of 256 steps of their range."""
    ours, samples = (oracles.stored_values(array, dataset) for array in (ours, samples))
    if ours.shape != samples.shape:
        return f"the frame is {ours.shape}, not {samples.shape}"
    with numpy.errstate(invalid="ignore"):
        apart = numpy.abs(ours.astype(float) - samples)
    if not lossy:
        same = numpy.array_equal(ours, samples, equal_nan=ours.dtype.kind == "f")
        return "" if same else f"samples differ, by up to {apart.max():.0f}"
    mean = float(apart.mean()) / max(1.0, float(numpy.ptp(samples))) * 256
    return "" if mean <= LOSSY_MEAN else f"samples are {mean:.2f} of 256 steps apart on average"


def as_colour(ours, expected):
    """Both as grey, or both as colour."""
    if ours.ndim == 3 and expected.ndim == 2:
        expected = numpy.repeat(expected[:, :, None], 3, axis=2)
    elif ours.ndim == 2 and expected.ndim == 3:
        ours = numpy.repeat(ours[:, :, None], 3, axis=2)
    return ours, expected


def compare(ours, expected, lossy, levels=LEVELS_APART):
    """What is wrong with a picture of which every level is known; empty when nothing is."""
    ours, expected = as_colour(ours, expected)
    if ours.shape != expected.shape:
        return f"the picture is {ours.shape}, not {expected.shape}"
    apart = numpy.abs(ours.astype(float) - numpy.clip(numpy.rint(expected), 0, 255))
    if lossy:
        mean = float(apart.mean())
        return "" if mean <= LOSSY_MEAN else f"{mean:.2f} levels apart on average"
    many = float((apart > levels).mean())
    return "" if many <= PIXELS_APART else f"{many:.2%} of the levels are off, by up to {apart.max():.0f}"


def compare_order(ours, values, dataset, index):
    """Where the file gives no window, equal values have one level, and a higher value is never darker."""
    if ours.ndim != 2 or ours.shape != values.shape:
        return f"the picture is {ours.shape}, not {values.shape}"
    drawn = oracles.with_overlays(numpy.zeros(ours.shape), dataset, index) > 0
    values, ours = values[~drawn & ~numpy.isnan(values)], ours[~drawn & ~numpy.isnan(values)]
    order = numpy.argsort(values, kind="stable")
    ordered, levels = values[order], ours[order].astype(int)
    starts = numpy.flatnonzero(numpy.r_[True, ordered[1:] != ordered[:-1]])
    lows, highs = numpy.minimum.reduceat(levels, starts), numpy.maximum.reduceat(levels, starts)
    darker = numpy.count_nonzero(numpy.maximum.accumulate(highs)[:-1] > lows[1:])
    several = numpy.count_nonzero(highs != lows)
    if darker or several:
        return f"of {len(starts)} values {darker} are darker than lower ones, {several} have several levels"
    flat = len(starts) > 1 and levels[0] == levels[-1]
    return "all values have one level" if flat else ""


def judge_package(package, source, count, frames):
    """Faults of the JPGs and of the DICOM file in a package that holds one instance, and why there is no JPG."""
    faults, hidden, dataset = [], "", oracles.read(source)
    with zipfile.ZipFile(package) as archive, tempfile.TemporaryDirectory(prefix="esito-pixels-") as folder:
        names = archive.namelist()
        manifest = json.loads(archive.read(next(name for name in names if name.endswith("manifest.json"))))
        reasons = [notice["reason"] for notice in manifest["notices"] if notice["kind"] == "no_preview"]
        for index, ours in frames:
            end = "/IM000001.JPG" if count == 1 else f"/IM000001/FR{index + 1:06}.JPG"
            name = next((name for name in names if name.endswith(end)), None)
            if name:
                faults += judge_jpg(archive.read(name), stretched(ours.picture, dataset), index)
            elif reasons:
                hidden = reasons[0]
            elif index < 200:
                faults.append(f"frame {index}: the package has neither a JPG of it nor a notice")
        stored = next((name for name in names if name.endswith("STUDIES/ST000001/SE000001/IM000001")), None)
        if stored:
            file = Path(folder) / "file"
            file.write_bytes(archive.read(stored))
            # Read anew: what has been looked at is not compared byte by byte.
            before = pydicom.dcmread(source, force=True)
            faults += [f"package: {line}" for line in compare_files(file, before, "uncompressed")[:3]]
    return faults, hidden


def stretched(picture, dataset):
    """A picture with square pixels: stretched along one side, in straight lines between pixel centres."""
    columns, rows = previews.square(dataset)
    for axis, size in ((0, rows), (1, columns)):
        length = picture.shape[axis]
        if size != length:
            places = numpy.clip((numpy.arange(size) + 0.5) * length / size - 0.5, 0, length - 1)
            first = numpy.minimum(places.astype(int), max(length - 2, 0))
            share = numpy.expand_dims(places - first, tuple(range(1, picture.ndim)) if axis == 0 else (0, *range(2, picture.ndim)))
            one, other = (picture.take(at, axis=axis).astype(float) for at in (first, numpy.minimum(first + 1, length - 1)))
            picture = numpy.rint(one * (1 - share) + other * share).astype(numpy.uint8)
    return picture


def judge_jpg(jpg, picture, index):
    """A JPG must be as near to the picture as libjpeg-turbo's of the same quality."""
    reference = io.BytesIO()
    Image.fromarray(picture).save(reference, "JPEG", quality=QUALITY, subsampling=0)
    found, expected = (psnr(data, picture) for data in (jpg, reference.getvalue()))
    near = found >= expected - WORSE_DECIBEL or (picture.size < BLOCK and found >= ONE_LEVEL_DECIBEL)
    return [] if near else [f"frame {index}: the JPG has {found:.2f} dB, libjpeg-turbo's {expected:.2f}"]


def psnr(jpg, picture):
    """Peak signal to noise ratio of a JPEG, in dB."""
    with Image.open(io.BytesIO(jpg)) as image:
        decoded = numpy.asarray(image.convert("L" if picture.ndim == 2 else "RGB"), float)
    if decoded.shape != picture.shape:
        return 0.0
    error = float(((decoded - picture) ** 2).mean())
    return math.inf if error == 0 else 10 * math.log10(255 ** 2 / error)


if __name__ == "__main__":
    sys.exit(main())
