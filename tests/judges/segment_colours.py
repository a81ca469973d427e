"""The colours of segments, worked out from the standards alone: no reader at hand shows segments in colour.

Recommended Display CIELab Value (PS3.3 C.10.7.1.1) → CIELab of white D50 → XYZ (ISO 15076-1) → XYZ of white
D65 by the Bradford transform → sRGB (IEC 61966-2-1). Everything is derived here from chromaticities.
"""

import numpy

# x and y of the primaries and the white of sRGB (IEC 61966-2-1), and the white of the profile connection space.
PRIMARIES = numpy.array([[0.64, 0.33], [0.30, 0.60], [0.15, 0.06]])
D65 = numpy.array([0.3127, 0.3290])
D50_XYZ = numpy.array([0.9642, 1.0, 0.8249])
BRADFORD = numpy.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


def xyz(chromaticity):
    """X, Y, Z with Y = 1 of a chromaticity."""
    x, y = chromaticity
    return numpy.array([x / y, 1.0, (1 - x - y) / y])


def rgb_of_d50():
    """The matrix from XYZ of white D50 to linear sRGB."""
    columns = numpy.array([xyz(primary) for primary in PRIMARIES]).T
    to_xyz = columns * numpy.linalg.solve(columns, xyz(D65))
    scale = numpy.diag((BRADFORD @ xyz(D65)) / (BRADFORD @ D50_XYZ))
    return numpy.linalg.inv(to_xyz) @ numpy.linalg.inv(BRADFORD) @ scale @ BRADFORD


def srgb(stored):
    """Red, green and blue of three stored words, rounded."""
    lightness = stored[0] / 65535 * 100
    a, b = (value / 65535 * 255 - 128 for value in stored[1:])
    f = numpy.array([(lightness + 16) / 116 + a / 500, (lightness + 16) / 116, (lightness + 16) / 116 - b / 200])
    inside = numpy.where(f > 6 / 29, f ** 3, 3 * (6 / 29) ** 2 * (f - 4 / 29))
    linear = numpy.clip(rgb_of_d50() @ (inside * D50_XYZ), 0, 1)
    coded = numpy.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return numpy.rint(coded * 255)


def colours(dataset):
    """{Segment Number: colour} of the segments that recommend one."""
    segments = dataset.get("SegmentSequence") or []
    found = ((int(item.SegmentNumber), item.get("RecommendedDisplayCIELabValue")) for item in segments)
    return {number: srgb([int(value) for value in lab]) for number, lab in found if lab is not None and len(lab) == 3}


def segment_of(dataset, index):
    """The number of the segment that a frame shows; None for a label map, which shows all."""
    if dataset.get("SegmentationType") == "LABELMAP":
        return None
    for sequence, item in (("PerFrameFunctionalGroupsSequence", index), ("SharedFunctionalGroupsSequence", 0)):
        groups = dataset.get(sequence) or []
        if item < len(groups) and groups[item].get("SegmentIdentificationSequence"):
            return int(groups[item].SegmentIdentificationSequence[0].ReferencedSegmentNumber)
    segments = dataset.get("SegmentSequence") or []
    return int(segments[0].SegmentNumber) if len(segments) == 1 else None


def others_there(dataset, index):
    """The frames that show another segment at the same place, as far as the file says where they are."""
    def place(frame):
        groups = dataset.get("PerFrameFunctionalGroupsSequence") or []
        positions = groups[frame].get("PlanePositionSequence") if frame < len(groups) else None
        return positions and list(positions[0].ImagePositionPatient)
    own, here = segment_of(dataset, index), place(index)
    if own is None or here is None:
        return []
    frames = range(int(dataset.get("NumberOfFrames") or 1))
    return [frame for frame in frames if place(frame) == here and segment_of(dataset, frame) != own]


def laid_over(picture, dataset, index, samples, share):
    """A picture with the colours of a frame laid over it, `share` of 1; None where a segment has no colour."""
    known, segment = colours(dataset), segment_of(dataset, index)
    kind = dataset.get("SegmentationType")
    shown = picture.astype(float).copy()
    if kind == "LABELMAP":
        padding = dataset.get("PixelPaddingValue", 0)
        for number in numpy.unique(samples):
            if number in (0, padding):
                continue
            if int(number) not in known:
                return None
            at = samples == number
            shown[at] = shown[at] * (1 - share) + known[int(number)] * share
        return shown
    if segment not in known:
        return None
    strength = samples / (int(dataset.get("MaximumFractionalValue") or 255) if kind == "FRACTIONAL" else 1) * share
    return shown + (known[segment] - shown) * numpy.clip(strength, 0, share)[:, :, None]
