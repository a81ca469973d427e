"""Judges JPGs that show more than their own instance: images of a series that share one range of grey, and
segmentations over the images that they were drawn on.

Usage: package_pictures.py PACKAGE [--least N]. What a picture must show is worked out anew from the DICOM files
in the package: pydicom decodes and applies windows, `value_ranges` the rule for images without one,
`segment_colours` the colours. No program at hand draws segments in colour over their images. A JPG must be as
near to that picture as libjpeg-turbo's; prints what is wrong and how many were judged, exit 1 if anything is
or there are fewer than N.
"""

import argparse
import io
import sys
import zipfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import numpy  # noqa: E402
import pydicom  # noqa: E402

import pixel_oracles as oracles  # noqa: E402
import pixels  # noqa: E402
import segment_colours  # noqa: E402
import value_ranges  # noqa: E402

# How much of a segment is laid over its image, and over black; of the others at the place (CONFORMANCE, "Previews").
OVER_IMAGE, OTHERS_OVER_IMAGE, ALONE, OTHERS_ALONE = 128 / 256, 72 / 256, 1, 0.5


def main():
    """Every JPG of an image without a window, and of a segmentation."""
    parser = argparse.ArgumentParser()
    parser.add_argument("package")
    parser.add_argument("--least", type=int, default=1)
    arguments = parser.parse_args()
    with zipfile.ZipFile(arguments.package) as archive:
        images = read_images(archive)
        judged, wrong = 0, []
        for path, dataset in sorted(images.items()):
            for index in range(max(int(dataset.get("NumberOfFrames") or 1), 1)):
                expected = picture_of(path, dataset, index, images)
                if expected is not None:
                    judged += 1
                    jpg = archive.read(jpg_of(path, dataset, index, archive))
                    levels = numpy.clip(numpy.rint(expected), 0, 255).astype(numpy.uint8)
                    wrong += [f"{path}: {fault}" for fault in pixels.judge_jpg(jpg, levels, index)]
    for line in wrong:
        print(line)
    print(f"{judged} pictures, {len(wrong)} wrong")
    return 1 if wrong or judged < arguments.least else 0


def read_images(archive):
    """The instances with pixels by their path in the package."""
    images = {}
    for name in archive.namelist():
        if "/STUDIES/" in f"/{name}":
            dataset = pydicom.dcmread(io.BytesIO(archive.read(name)))
            if "PixelData" in dataset:
                images[name] = dataset
    return images


def jpg_of(path, dataset, index, archive):
    """The entry that shows a frame."""
    stem = path.replace("STUDIES/", "IHE_PDI/")
    names = (f"{stem}.JPG", f"{stem}/FR{index + 1:06}.JPG")
    return next(name for name in names if name in archive.NameToInfo)


def picture_of(path, dataset, index, images):
    """What a JPG must show; None for one that its own file explains."""
    if pixels.is_segmentation(dataset):
        return segments_over_image(dataset, index, images)
    if int(dataset.get("NumberOfFrames") or 1) == 1 and not oracles.has_window(oracles.view_of(dataset, 0)):
        return by_range_of_series(path, dataset, images)
    return None


def values_of(dataset, index):
    """Stored and modality values of a frame."""
    samples = oracles.decode(dataset, index, raw=True)
    view = oracles.view_of(dataset, index)
    return oracles.stored_values(samples, dataset), oracles.modality_values(samples, dataset, view)


def by_range_of_series(path, dataset, images):
    """The levels of an image by the range of up to eight images of its series."""
    folder = path.rsplit("/", 1)[0]
    members = [image for name, image in sorted(images.items()) if name.rsplit("/", 1)[0] == folder]
    frames = []
    for number in value_ranges.spread(len(members)):
        frames.append(value_ranges.counted(*values_of(members[number], 0), members[number]))
    (low, _), (high, _) = value_ranges.bounds(frames, exact=True)
    levels = value_ranges.levels(values_of(dataset, 0)[1], low, high)
    return 255 - levels if oracles.is_inverted(dataset) else levels


def segments_over_image(dataset, index, images):
    """A frame of a segmentation over the image that it names, else over black."""
    size = (int(dataset.Rows), int(dataset.Columns))
    under = source_of(dataset, index, images)
    picture = numpy.zeros((*size, 3))
    own, others = ALONE, OTHERS_ALONE
    if under is not None:
        own, others = OVER_IMAGE, OTHERS_OVER_IMAGE
        view = oracles.view_of(under, 0)
        levels = oracles.grey_picture(values_of(under, 0)[1], view)
        picture = numpy.repeat(numpy.clip(numpy.rint(levels), 0, 255)[:, :, None], 3, axis=2)
    for other in segment_colours.others_there(dataset, index):
        samples = oracles.decode(dataset, other, raw=True)
        picture = segment_colours.laid_over(picture, dataset, other, samples, others)
    return segment_colours.laid_over(picture, dataset, index, oracles.decode(dataset, index, raw=True), own)


def source_of(dataset, index, images):
    """The image that a frame was drawn on, when it is in the package."""
    group = dataset.PerFrameFunctionalGroupsSequence[index]
    uid = group.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPInstanceUID
    return next((image for image in images.values() if image.SOPInstanceUID == uid), None)


if __name__ == "__main__":
    sys.exit(main())
