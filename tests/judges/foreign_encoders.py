"""Writes each DICOM file of a folder in the transfer syntaxes that only other people's encoders write.

Usage: foreign_encoders.py [--tools-optional] SOURCE OUT. Encoders: DCMTK, GDCM, imagecodecs (OpenJPEG, OpenJPH). What
an encoder refuses for a file is not written; prints how many files each one wrote. Exit 1 when one wrote nothing, unless
its program is missing and may be: then a line says so.
"""

import argparse
import subprocess
import sys
import warnings
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import imagecodecs  # noqa: E402
import pydicom  # noqa: E402
from pydicom.encaps import encapsulate  # noqa: E402
from pydicom.pixels import pixel_array  # noqa: E402

from tools import find_tool  # noqa: E402

PROGRAMS = {
    "jpeg-baseline": ["dcmcjpeg", "+eb", "+q", "95", "+un"],
    "jpeg-extended": ["dcmcjpeg", "+ee", "+q", "95", "+un"],
    "jpeg-lossless-4": ["dcmcjpeg", "+el", "+sv", "4", "+un"],
    "jpeg-lossless-7": ["dcmcjpeg", "+el", "+sv", "7", "+un"],
    "jpeg-lossless-1": ["dcmcjpeg", "+e1", "+un"],
    "jpeg-ls": ["dcmcjpls", "+un"],
    "jpeg-ls-near": ["dcmcjpls", "+en", "+md", "2", "+un"],
    "jpeg-2000": ["gdcmconv", "--j2k"],
    "rle": ["dcmcrle", "+un"],
}


def j2k(array, lossless, bits):
    """A JPEG 2000 codestream of OpenJPEG."""
    quality = {"reversible": True, "level": 0} if lossless else {"reversible": False, "level": 60}
    return imagecodecs.jpeg2k_encode(array, codecformat="j2k", mct=lossless, bitspersample=bits, **quality)


def htj2k(array, lossless, _bits):
    """A High-Throughput JPEG 2000 codestream of OpenJPH."""
    return imagecodecs.htj2k_encode(array, reversible=lossless, level=None if lossless else 0.001)


# Name: (transfer syntax, encoder, whether it is lossless).
LIBRARIES = {
    "jpeg-2000-lossy": ("1.2.840.10008.1.2.4.91", j2k, False),
    "htj2k": ("1.2.840.10008.1.2.4.201", htj2k, True),
    "htj2k-lossy": ("1.2.840.10008.1.2.4.203", htj2k, False),
}


def main():
    """Every file by every encoder."""
    parser = argparse.ArgumentParser()
    parser.add_argument("source", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--tools-optional", action="store_true")
    arguments = parser.parse_args()
    source, out = arguments.source, arguments.out
    missing = [name for name, command in PROGRAMS.items() if not find_tool(command[0])]
    for name in missing:
        print(f"notice: {PROGRAMS[name][0]} is not installed: no {name}")
    written = Counter()
    for path in sorted(p for p in source.rglob("*") if p.is_file()):
        stem = "-".join(path.relative_to(source).with_suffix("").parts)
        for name, command in PROGRAMS.items():
            written[name] += by_program(command, path, out / f"{stem}.{name}.dcm")
        for name, (syntax, encode, lossless) in LIBRARIES.items():
            written[name] += by_library(syntax, encode, lossless, path, out / f"{stem}.{name}.dcm")
    print(" ".join(f"{name}:{written[name]}" for name in [*PROGRAMS, *LIBRARIES]))
    # An encoder that writes nothing judges nothing.
    may_lack = missing if arguments.tools_optional else []
    return 0 if all(written[name] or name in may_lack for name in [*PROGRAMS, *LIBRARIES]) else 1


def by_program(command, path, target):
    """Whether the program wrote the file."""
    if not find_tool(command[0]):
        return False
    done = subprocess.run([*command, path, target], capture_output=True, check=False, timeout=60)
    if done.returncode != 0:
        target.unlink(missing_ok=True)
    return target.exists()


def by_library(syntax, encode, lossless, path, target):
    """Whether the library encoded every frame of the file."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = pydicom.dcmread(path)
        if "PixelData" not in dataset or dataset.get("BitsAllocated") not in (8, 16):
            return False
        colour = dataset.SamplesPerPixel == 3
        if colour and dataset.PhotometricInterpretation != "RGB":
            return False
        frames = pixel_array(dataset, raw=True)
        count = int(dataset.get("NumberOfFrames") or 1)
        try:
            bits = int(dataset.BitsStored)
            coded = [encode(frame.copy(), lossless, bits) for frame in (frames if count > 1 else [frames])]
        except (ValueError, RuntimeError, TypeError):
            return False
        if colour:
            dataset.PlanarConfiguration = 0
            if encode is htj2k or lossless:
                dataset.PhotometricInterpretation = "YBR_RCT" if lossless else "YBR_ICT"
        dataset.PixelData = encapsulate(coded)
        dataset["PixelData"].VR = "OB"
        dataset["PixelData"].is_undefined_length = True
        dataset.file_meta.TransferSyntaxUID = syntax
        dataset.LossyImageCompression = "00" if lossless else "01"
        dataset.save_as(target, implicit_vr=False, little_endian=True)
        return True


if __name__ == "__main__":
    sys.exit(main())
