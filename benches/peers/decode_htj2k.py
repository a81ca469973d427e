"""Decodes the HTJ2K frames of a DICOM file with OpenJPH, as imagecodecs has it, one after the other.

Usage: decode_htj2k.py FILE OUT. `ojph_expand` decodes one file a process: its start would count.
"""

import sys

import imagecodecs
import pydicom
from pydicom.encaps import generate_frames

dataset = pydicom.dcmread(sys.argv[1])
with open(sys.argv[2], "wb") as out:
    for frame in generate_frames(dataset.PixelData, number_of_frames=int(dataset.NumberOfFrames)):
        out.write(imagecodecs.htj2k_decode(frame).tobytes())
