"""What other people's programs make of a frame: its stored values, and its 8-bit picture.

Decoding, Modality LUT, VOI LUT, palette and colour conversion are pydicom's with the plugins of pylibjpeg,
GDCM and Pillow, in a second opinion DCMTK's; the order of the steps is that of PS3.4 N.2.
"""

import subprocess
import tempfile
import warnings
from pathlib import Path

import gdcm
import numpy
import pydicom
from pydicom.pixels import apply_color_lut, apply_modality_lut, apply_voi_lut, get_decoder, pixel_array

from instances import (
    DEFLATED_FRAMES, ENCAPSULATED_UNCOMPRESSED, EXPLICIT_LITTLE, PLAIN, RLE, decode_with_tools, inflate_frames,
    joined_frames, unpack_bits_runs)
from tools import find_tool

# The decoders that pydicom may use, the better judge first.
PLUGINS = ("pylibjpeg", "gdcm", "pillow", "")
# X-ray images of which a Modality LUT leads from what is shown back to the intensity of the beam (PS3.3 C.8.7.1.1.2):
# DCMTK leaves it out, pydicom knows nothing of it.
BACK_TO_INTENSITY = ("1.2.840.10008.5.1.4.1.1.12.1", "1.2.840.10008.5.1.4.1.1.12.2", "1.2.840.10008.5.1.4.1.1.12.3")
# Far beyond any value: shows where the output of a window begins and ends.
FAR = 1e12


class Undecodable(Exception):
    """No oracle gives the frame."""


def read(path):
    """The data set of a file, however odd."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = pydicom.dcmread(path, force=True)
        if not dataset.file_meta.get("TransferSyntaxUID"):
            implicit, little = dataset.original_encoding
            dataset.file_meta.TransferSyntaxUID = (
                "1.2.840.10008.1.2" if implicit else "1.2.840.10008.1.2.1" if little else "1.2.840.10008.1.2.2")
        for keyword, usual in (("PixelRepresentation", 0), ("SamplesPerPixel", 1)):
            if "PixelData" in dataset and keyword not in dataset:
                setattr(dataset, keyword, usual)
        return dataset


def decode(dataset, frame, raw):
    """The samples of a frame; colour as RGB unless `raw`. Raises Undecodable with every plugin's reason."""
    reasons = []
    syntax = dataset.file_meta.TransferSyntaxUID
    for plugin in PLUGINS:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                if plugin and (syntax in PLAIN or plugin not in get_decoder(syntax).available_plugins):
                    continue
                # pydicom takes the lowest bits for the stored ones, whatever High Bit says.
                return pixel_array(dataset, index=frame, raw=raw, decoding_plugin=plugin, correct_unused_bits=False)
        except Exception as error:  # any failure of a decoder
            reasons.append(f"{plugin or 'pydicom'}: {error}".split("\n")[0])
    frames = by_other_tools(dataset)
    if frames is None:
        raise Undecodable("; ".join(reasons))
    return frames[frame] if int(dataset.get("NumberOfFrames") or 1) > 1 else frames


def by_other_tools(dataset):
    """All frames, where pydicom's plugins give none: by DCMTK, GDCM's programs, or by hand."""
    syntax = dataset.file_meta.TransferSyntaxUID
    if syntax in PLAIN and dataset.get("BitsAllocated") == 12:
        return cells_by_gdcm(dataset)
    if syntax == DEFLATED_FRAMES:
        plain = inflate_frames(dataset)
    elif syntax == ENCAPSULATED_UNCOMPRESSED:
        plain = joined_frames(dataset)
    elif syntax == RLE and dataset.get("BitsAllocated") == 1:
        plain = unpack_bits_runs(dataset)
    else:
        return decode_with_tools(dataset.filename, syntax)
    native = pydicom.Dataset()
    native.update(dataset)
    native.file_meta = pydicom.dataset.FileMetaDataset()
    native.file_meta.TransferSyntaxUID = EXPLICIT_LITTLE
    # The element is the source's own: it must not be changed.
    del native["PixelData"]
    native.PixelData = plain + b"\0" * (len(plain) % 2)
    native["PixelData"].VR = "OB" if dataset.BitsAllocated <= 8 else "OW"
    return pixel_array(native, raw=True)


def cells_by_gdcm(dataset):
    """Cells of 12 bits (PS3.5 8.1.1) as words; GDCM unpacks them, pydicom does not."""
    reader = gdcm.ImageReader()
    reader.SetFileName(dataset.filename)
    if not reader.Read():
        return None
    words = numpy.frombuffer(reader.GetImage().GetBuffer().encode("utf-8", "surrogateescape"), "<u2")
    return words.reshape((-1, dataset.Rows, dataset.Columns)).squeeze(axis=0)


def stored_values(samples, dataset):
    """What Bits Stored and High Bit leave of the containers (PS3.5 8.1.1), as signed or unsigned numbers."""
    if samples.dtype.kind == "f" or dataset.BitsAllocated == 1:
        return samples
    stored = int(dataset.get("BitsStored") or dataset.BitsAllocated)
    high = int(dataset.get("HighBit", stored - 1))
    values = (samples.astype(numpy.int64) >> (high + 1 - stored)) & ((1 << stored) - 1)
    if dataset.get("PixelRepresentation", 0) == 1:
        values = numpy.where(values >= 1 << (stored - 1), values - (1 << stored), values)
    return values


def view_of(dataset, frame):
    """The data set with the functional groups of a frame laid over it (PS3.3 C.7.6.16)."""
    groups = []
    for keyword, index in (("SharedFunctionalGroupsSequence", 0), ("PerFrameFunctionalGroupsSequence", frame)):
        items = dataset.get(keyword) or []
        if index < len(items):
            groups.append(items[index])
    view = pydicom.Dataset()
    view.file_meta = dataset.file_meta
    for element in dataset.group_dataset(0x0028):
        view.add(element)
    view.PixelRepresentation = dataset.get("PixelRepresentation", 0)
    if "BitsStored" not in view:
        # Of floating point values: only the range that pydicom's window is to have.
        view.BitsStored = 16
    for keyword in ("PresentationLUTShape", "DoseGridScaling"):
        if keyword in dataset:
            view[keyword] = dataset[keyword]
    for group in groups:
        for keyword in ("PixelValueTransformationSequence", "FrameVOILUTSequence"):
            for element in (group.get(keyword) or [pydicom.Dataset()])[0]:
                view.add(element)
    if dataset.get("SOPClassUID") in BACK_TO_INTENSITY and "ModalityLUTSequence" in view:
        del view.ModalityLUTSequence
    return view


def has_window(view):
    """Whether the file says how its values become grey."""
    if view.get("VOILUTSequence"):
        return True
    center, width = view.get("WindowCenter"), view.get("WindowWidth")
    return not any(value is None or value == "" for value in (center, width)) and first(width) > 0


def first(value):
    """The first of several values."""
    return float(value[0] if isinstance(value, (list, tuple, pydicom.multival.MultiValue)) else value)


def modality_values(samples, dataset, view):
    """The values of decoded samples after the Modality LUT."""
    values = stored_values(samples, dataset)
    if view.get("ModalityLUTSequence"):
        # pydicom's own function fails on tables of 65,536 entries and on signed values.
        return looked_up(values, view.ModalityLUTSequence[0], dataset)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return apply_modality_lut(values, view)


def looked_up(values, item, dataset):
    """Values through a table (PS3.3 C.11.1.1): first and last entry stand for all beyond."""
    entries, start, _ = (int(number) for number in item.LUTDescriptor)
    if dataset.get("PixelRepresentation", 0) == 1 and start >= 1 << 15:
        start -= 1 << 16
    table = item.LUTData
    if isinstance(table, bytes):
        table = numpy.frombuffer(table, ">u2" if not dataset.original_encoding[1] else "<u2")
    table = numpy.asarray(table)[: entries or 1 << 16]
    return table[numpy.clip(values - start, 0, len(table) - 1)].astype(numpy.int64)


def is_inverted(view):
    """Whether low values are white: MONOCHROME1, or Presentation LUT Shape INVERSE."""
    return view.PhotometricInterpretation == "MONOCHROME1" or view.get("PresentationLUTShape") == "INVERSE"


def grey_picture(values, view):
    """Levels from 0 to 255 of modality values, by the first VOI LUT or window."""
    ends = numpy.array([-FAR, FAR])
    if not view.get("VOILUTSequence") and first(view.WindowWidth) < 1 and view.get("VOILUTFunction", "LINEAR") == "LINEAR":
        view.VOILUTFunction = "LINEAR_EXACT"
    with warnings.catch_warnings(), numpy.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        shown = apply_voi_lut(values, view)
        if view.get("VOILUTSequence"):
            # Writers exist that tell fewer bits than their entries have.
            entries, start, told = (int(number) for number in view.VOILUTSequence[0].LUTDescriptor)
            largest = apply_voi_lut(numpy.arange(start, start + (entries or 1 << 16)), view).max()
            low, high = 0, 2 ** max(told, int(largest).bit_length()) - 1
        else:
            low, high = apply_voi_lut(ends, view)
    levels = (shown.astype(float) - low) / (high - low) * 255
    return 255 - levels if is_inverted(view) else levels


def with_supplemental_palette(levels, values, view):
    """Grey levels, and the colours of the stored values from the first one of a supplemental palette on.

    Those above the table take its last colour, as in any palette (PS3.3 C.7.6.3.1.5, C.7.6.19); pydicom looks up.
    """
    if "RedPaletteColorLookupTableDescriptor" not in view:
        return levels
    start = int(view.RedPaletteColorLookupTableDescriptor[1])
    coloured = values >= start
    shown = numpy.repeat(levels[:, :, None], 3, axis=2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        looked_up_colours = apply_color_lut(values[coloured].astype(numpy.uint16), view)
    shown[coloured] = looked_up_colours.astype(float) / (257 if looked_up_colours.dtype.itemsize > 1 else 1)
    return shown


def colour_picture(dataset, frame):
    """Levels from 0 to 255 of a colour frame as red, green, blue."""
    if dataset.PhotometricInterpretation == "PALETTE COLOR":
        values = stored_values(decode(dataset, frame, raw=True), dataset)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            shown = apply_color_lut(values.astype(numpy.uint16), dataset)
        return shown.astype(float) / (257 if shown.dtype.itemsize > 1 else 1)
    if dataset.PhotometricInterpretation == "YBR_PARTIAL_422" and dataset.file_meta.TransferSyntaxUID in PLAIN:
        return partial_range(dataset, frame)
    shown = decode(dataset, frame, raw=False)
    return shown.astype(float) * 255 / (2 ** int(dataset.BitsStored) - 1)


def partial_range(dataset, frame):
    """Uncompressed YBR_PARTIAL_422, which pydicom does not convert, by ITU-R BT.601 in floating point."""
    rows, columns = int(dataset.Rows), int(dataset.Columns)
    size = rows * columns * 2
    pairs = numpy.frombuffer(dataset.PixelData, numpy.uint8)[frame * size:(frame + 1) * size].reshape(rows, columns // 2, 4)
    luminance = (pairs[:, :, :2].astype(float) - 16) * 255 / 219
    blue, red = ((pairs[:, :, at, None].astype(float) - 128) * 255 / 224 for at in (2, 3))
    of_red, of_blue = 0.299, 0.114
    of_green = 1 - of_red - of_blue
    rgb = [luminance + 2 * (1 - of_red) * red,
           luminance - 2 * ((1 - of_red) * of_red * red + (1 - of_blue) * of_blue * blue) / of_green,
           luminance + 2 * (1 - of_blue) * blue]
    return numpy.clip(numpy.stack(rgb, axis=-1).reshape(rows, columns, 3), 0, 255)


def dcmtk_picture(path, frame, view):
    """What dcmj2pnm makes of a frame as an array of 8-bit levels; None when it cannot."""
    if not find_tool("dcmj2pnm"):
        return None
    window = []
    if view.get("VOILUTSequence"):
        window = ["+Wl", "1"]
    elif has_window(view):
        window = ["+Wi", "1"]
    with tempfile.TemporaryDirectory(prefix="esito-pnm-") as folder:
        pnm = Path(folder) / "frame.pnm"
        command = ["dcmj2pnm", "-q", "+op", "-S", *window, "+F", str(frame + 1), str(path), str(pnm)]
        try:
            done = subprocess.run(command, capture_output=True, check=False, timeout=60)
        except subprocess.TimeoutExpired:
            return None
        return read_pnm(pnm.read_bytes()) if done.returncode == 0 and pnm.exists() else None


def read_pnm(data):
    """A binary PGM or PPM with comments, as an array."""
    fields, at = [], 0
    while len(fields) < 4:
        end = at
        while not data[end:end + 1].isspace():
            end += 1
        if data[at:at + 1] == b"#":
            at = data.index(b"\n", at) + 1
            continue
        if end > at:
            fields.append(data[at:end])
        at = end + 1
    kind, width, height, _ = fields
    shape = (int(height), int(width)) + ((3,) if kind == b"P6" else ())
    return numpy.frombuffer(data, numpy.uint8, count=int(numpy.prod(shape)), offset=at).reshape(shape)


def with_overlays(levels, dataset, frame):
    """Draws the overlay planes of groups 60xx in white, as DCMTK does by default; of regions the outline."""
    shown = levels.copy()
    for group in range(0x6000, 0x6020, 2):
        plane = overlay_of(dataset, group, frame)
        if plane is None:
            continue
        if (group, 0x0040) in dataset and dataset[(group, 0x0040)].value == "R":
            around = numpy.pad(plane, 1)
            plane = plane & ~(around[:-2, 1:-1] & around[2:, 1:-1] & around[1:-1, :-2] & around[1:-1, 2:])
        origin = dataset[(group, 0x0050)].value if (group, 0x0050) in dataset else (1, 1)
        rows, columns = numpy.nonzero(plane)
        rows, columns = rows + int(origin[0]) - 1, columns + int(origin[1]) - 1
        inside = (rows >= 0) & (columns >= 0) & (rows < shown.shape[0]) & (columns < shown.shape[1])
        shown[rows[inside], columns[inside]] = 255
    return shown


def overlay_of(dataset, group, frame):
    """The bits of an overlay that lie on a frame; None when it has none there."""
    if (group, 0x3000) not in dataset:
        # In a bit of the pixels' containers above or below the stored value (until 2004).
        rows, allocated, position = (dataset.get((group, element)) for element in (0x0010, 0x0100, 0x0102))
        if not rows or not position or not position.value or not allocated or allocated.value != dataset.BitsAllocated:
            return None
        position = int(position.value)
        return decode(dataset, frame, raw=True) >> position & 1
    plane = dataset.overlay_array(group)
    if (group, 0x0015) in dataset:
        # The frames of the overlay lie on those of the image from Image Frame Origin on (PS3.3 C.9.3).
        planes = plane.reshape((-1, *plane.shape[-2:]))
        at = frame + 1 - int(dataset[(group, 0x0051)].value if (group, 0x0051) in dataset else 1)
        return planes[at] if 0 <= at < len(planes) else None
    return plane
