"""The range of grey where a file names no window, worked out anew from the rule in CONFORMANCE, "Previews".

From the 0.1st to the 99.9th percentile of the values in up to eight frames, spread evenly; pixel padding and
what is no number do not count. Where 8 bits or fewer are stored, all of their values are shown.
"""

import numpy

import pixel_oracles as oracles

FRAMES = 8
# Larger frames may be sampled: then the ends are only near to those percentiles.
WHOLE = 1 << 16
TAIL = 0.001
LEAST_TAIL, MOST_TAIL = TAIL / 2, TAIL * 2


def spread(count):
    """The numbers of up to eight of so many frames, the first and the last among them."""
    taken = min(count, FRAMES)
    return [at * (count - 1) // max(taken - 1, 1) for at in range(taken)]


def is_padding(values, dataset):
    """Where stored values mean that there is no pixel (PS3.3 C.7.5.1.1.2)."""
    for kind in ("", "Float", "DoubleFloat"):
        value = dataset.get(f"{kind}PixelPaddingValue")
        if value is not None:
            limit = dataset.get(f"{kind}PixelPaddingRangeLimit", value)
            # A negative number of an implicit VR is read as unsigned: the bits count.
            if not kind and dataset.get("PixelRepresentation", 0) == 1:
                value, limit = (number - (number >= 1 << 15) * (1 << 16) for number in (value, limit))
            return (values >= min(value, limit)) & (values <= max(value, limit))
    return numpy.zeros(values.shape, bool)


def counted(stored, values, dataset):
    """The modality values that count for the range."""
    return values[~is_padding(stored, dataset) & numpy.isfinite(values.astype(float))].astype(float)


def bounds(frames, exact=False):
    """The lowest and highest that each end of the range may be: ((low, low), (high, high)); the same if `exact`."""
    values = numpy.sort(numpy.concatenate(frames))
    last = len(values) - 1
    if exact or max(len(frame) for frame in frames) <= WHOLE:
        ranks = (int(len(values) * TAIL),) * 2
    else:
        ranks = int(len(values) * LEAST_TAIL), int(len(values) * MOST_TAIL) + 1
    low = values[ranks[0]], values[min(ranks[1], last)]
    high = values[max(last - ranks[1], 0)], values[last - ranks[0]]
    return low, high


def levels(values, low, high):
    """Levels from 0 to 255 on a straight line; a step where there is no range."""
    if high <= low:
        return numpy.where(values > low, 255.0, 0.0)
    with numpy.errstate(all="ignore"):
        return numpy.clip((values.astype(float) - low) / (high - low), 0, 1) * 255


def compare(picture, values, ends, slack=1):
    """What is wrong with a picture by the bounds of its range; `slack` levels are allowed beside them."""
    (lowest_low, highest_low), (lowest_high, highest_high) = ends
    darkest = levels(values, highest_low, highest_high) - slack - 0.5
    brightest = levels(values, lowest_low, lowest_high) + slack + 0.5
    shown = picture.astype(float)
    off = (shown < darkest) | (shown > brightest)
    many = float(off[~numpy.isnan(values.astype(float))].mean())
    said = f"{many:.2%} of the levels are not those of the range from {lowest_low:g} to {highest_high:g}"
    return said if many > 0.001 else ""


def compare_range(picture, own, values, dataset, index, view):
    """What is wrong with a picture by the rule for images without a window."""
    if picture.ndim != 2:
        return ""
    stored = oracles.stored_values(own, dataset)
    ends = ends_of(dataset, stored, values, index, view)
    if oracles.is_inverted(view):
        picture = 255 - picture
    shown = ~is_padding(stored, dataset)
    shown &= oracles.with_overlays(numpy.zeros(picture.shape), dataset, index) == 0
    return compare(picture[shown], values[shown], ends)


def ends_of(dataset, stored, values, index, view, exact=False):
    """The bounds of the range by which a frame is shown, of which these are the values."""
    bits = int(dataset.get("BitsStored") or 16)
    if bits > 8:
        return range_of(dataset, stored, values, index, exact)
    lowest = -(1 << (bits - 1)) if dataset.get("PixelRepresentation", 0) == 1 else 0
    every = oracles.modality_values(numpy.arange(lowest, lowest + (1 << bits)), dataset, view).astype(float)
    return (every.min(),) * 2, (every.max(),) * 2


def range_of(dataset, stored, values, index, exact):
    """The bounds of the range of an instance; its frame `index` is at hand, in our own samples."""
    frames = []
    for other in spread(max(int(dataset.get("NumberOfFrames") or 1), 1)):
        if other != index:
            view = oracles.view_of(dataset, other)
            samples = oracles.decode(dataset, other, raw=True)
            of_frame = oracles.stored_values(samples, dataset), oracles.modality_values(samples, dataset, view)
            if oracles.has_window(view):
                continue
        else:
            of_frame = stored, values
        frames.append(counted(*of_frame, dataset))
    return bounds(frames, exact)
