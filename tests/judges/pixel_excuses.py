"""Where an oracle is known to be wrong, or differs by choice: rules, each with its reason.

A rule may allow so many levels; one without allows anything, and then another oracle must agree or the
picture counts as unjudged.
"""

from pydicom.encaps import generate_frames

SEGMENTATIONS = ("1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7")
BIG_ENDIAN = "1.2.840.10008.1.2.2"
SEQUENTIAL_JPEG = ("1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51")


def has_frame_window(dataset):
    """A VOI LUT in functional groups."""
    groups = list(dataset.get("SharedFunctionalGroupsSequence") or []) + list(dataset.get("PerFrameFunctionalGroupsSequence") or [])
    return any("FrameVOILUTSequence" in group or "PixelValueTransformationSequence" in group for group in groups)


def narrow_window(dataset):
    """A window less than 1 wide."""
    width = dataset.get("WindowWidth")
    width = width[0] if hasattr(width, "__getitem__") else width
    return width is not None and float(width) < 1


def jfif_said_to_be_rgb(dataset):
    """A JPEG whose APP0 says JFIF, in a data set that says RGB."""
    if dataset.file_meta.TransferSyntaxUID not in SEQUENTIAL_JPEG or dataset.PhotometricInterpretation != "RGB":
        return False
    frame = next(generate_frames(dataset.PixelData, number_of_frames=int(dataset.get("NumberOfFrames") or 1)))
    return frame[6:11] == b"JFIF\0"


def is_segmentation(dataset):
    """Segments, which have colours of their own."""
    return dataset.get("SOPClassUID") in SEGMENTATIONS


def is_ybr(dataset):
    """Luminance and chrominances in the data set."""
    return str(dataset.PhotometricInterpretation).startswith(("YBR_FULL", "YBR_PARTIAL"))


def overlay_of_region(dataset):
    """An overlay that marks a region of interest (PS3.3 C.9.2.1.3)."""
    return any(dataset.get((group, 0x0040)) and dataset[(group, 0x0040)].value == "R" for group in range(0x6000, 0x6020, 2))


def supplemental_palette(dataset):
    """Colours for the higher values of a grey image."""
    return dataset.PhotometricInterpretation != "PALETTE COLOR" and "RedPaletteColorLookupTableDescriptor" in dataset


def big_endian_palette(dataset):
    """Palette tables of words, most significant byte first."""
    return dataset.PhotometricInterpretation == "PALETTE COLOR" and dataset.file_meta.TransferSyntaxUID == BIG_ENDIAN


# (oracle, when, levels that are allowed or None, why)
RULES = [
    ("dcmj2pnm", is_segmentation, None, "dcmj2pnm shows segments in grey, we in Recommended Display CIELab Value"),
    ("dcmj2pnm", supplemental_palette, None, "dcmj2pnm shows no supplemental palette (PS3.3 C.7.6.19)"),
    ("dcmj2pnm", has_frame_window, None, "dcmj2pnm reads no functional groups (PS3.3 C.7.6.16)"),
    ("dcmj2pnm", narrow_window, None,
     "LINEAR is not defined below a width of 1 (PS3.3 C.11.2.1.2.1): dcmj2pnm shows black, we take it for LINEAR_EXACT"),
    ("dcmj2pnm", jfif_said_to_be_rgb, None,
     "a JFIF stream is YCbCr (T.871); dcmj2pnm believes Photometric Interpretation, pydicom and we the stream"),
    ("dcmj2pnm", is_ybr, 2, "dcmj2pnm converts YBR in integers, and cuts; floating point and we agree"),
    ("dcmj2pnm", overlay_of_region, None, "dcmj2pnm draws no regions of interest, we their outlines"),
    ("pydicom", big_endian_palette, None,
     "pydicom takes the words of palettes as little endian; dcmj2pnm and we swap them (PS3.5 7.3)"),
]


def excuse(oracle, dataset):
    """Reason and levels allowed of the first rule for this oracle and data set; None when it must be right."""
    for name, applies, levels, reason in RULES:
        if name == oracle and applies(dataset):
            return reason, levels
    return None
