"""Decodes the same compressed frames with Esito and with other people's programs; prints one table.

Usage: codecs.py [--quick] [--runs N] [--only TEXT] [--esito PATH] [--decoder PATH]
The pixels are those of the fixtures, compressed by other people's encoders. Every program reads a
multi-frame file and writes its frames uncompressed, in turn with the others. What counts is the CPU
of the long file less that of the same file with one frame, so that nobody's start is in it. Where
the codec is lossless, each output is compared with the pixels that went in. Results go to codecs.md and
codecs.json beside this file and into the README (with --quick to quick-codecs.*, which are not
committed).
"""

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pydicom
from pydicom.encaps import generate_frames

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE))

sys.path.insert(0, str(ROOT / "tests/judges"))

import measure  # noqa: E402
import report  # noqa: E402
from foreign_encoders import by_library, htj2k  # noqa: E402

HTJ2K = "1.2.840.10008.1.2.4.201"

# Name, arguments of `esito fixtures`, frames, frames of the quick pass.
PICTURES = {
    "CT 512² × 16 bit": (["--study", "ct", "--slices", "60"], 60, 6),
    "CR 3000 × 2500 × 16 bit": (["--study", "cr"], 4, 2),
    "US 640 × 480 × RGB": (["--study", "us"], 60, 6),
}
GREY = list(PICTURES)[:2]
ALL = list(PICTURES)


@dataclass(frozen=True)
class Codec:
    """A way to compress, and who else turns it round; without an encoder it is OpenJPH's, of imagecodecs."""

    name: str
    encoder: tuple
    decoders: tuple
    pictures: list
    reach: float | None
    lossless: bool = True


# The programs that decode, given an input and an output; opj_decompress has codestreams in a folder.
DECODERS = {
    "dcmdrle": lambda source, target: ["dcmdrle", source, target],
    "dcmdjpeg": lambda source, target: ["dcmdjpeg", source, target],
    "dcmdjpls": lambda source, target: ["dcmdjpls", source, target],
    "gdcmconv": lambda source, target: ["gdcmconv", "--raw", source, target],
    "OpenJPH 0.26": lambda source, target: [sys.executable, HERE / "decode_htj2k.py", source, target],
    "opj_decompress": lambda source, target: ["opj_decompress", "-quiet", "-threads", "1", "-ImgDir",
                                              codestreams(source), "-OutFor", "RAW"],
}
CODECS = [
    Codec("RLE", ("dcmcrle",), ("dcmdrle", "gdcmconv"), ALL, 1.0),
    Codec("JPEG lossless, SV1", ("dcmcjpeg", "+e1"), ("dcmdjpeg", "gdcmconv"), ALL, 1.0),
    Codec("JPEG lossless, predictor 6", ("dcmcjpeg", "+el", "+sv", "6"), ("dcmdjpeg", "gdcmconv"), GREY, 1.0),
    Codec("JPEG baseline", ("dcmcjpeg", "+eb", "+q", "90"), ("dcmdjpeg", "gdcmconv"), ALL[2:], None, lossless=False),
    Codec("JPEG extended, 12 bit", ("dcmcjpeg", "+ee", "+q", "90"), ("dcmdjpeg", "gdcmconv"), GREY, None, lossless=False),
    Codec("JPEG-LS", ("dcmcjpls", "+el"), ("dcmdjpls", "gdcmconv"), ALL, 1.2),
    Codec("JPEG-LS, near-lossless 2", ("dcmcjpls", "+en", "+md", "2"), ("dcmdjpls", "gdcmconv"), ALL, 1.2, lossless=False),
    Codec("JPEG 2000, reversible", ("gdcmconv", "--j2k"), ("gdcmconv", "opj_decompress"), ALL, 1.5),
    Codec("JPEG 2000, irreversible", ("gdcmconv", "--j2k", "--lossy", "--irreversible", "-r", "8"),
          ("gdcmconv", "opj_decompress"), ALL, 1.5, lossless=False),
    Codec("HTJ2K, reversible", (), ("OpenJPH 0.26", "opj_decompress"), ALL, None),
]


def main():
    """Compresses the pictures, measures every row, prints and saves the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few frames, one run: only to see that it works")
    parser.add_argument("--runs", type=int)
    parser.add_argument("--only", default="", help="rows whose codec or picture holds this text; nothing is saved")
    parser.add_argument("--esito", type=Path, default=ROOT / "target/release/esito")
    parser.add_argument("--decoder", type=Path, default=ROOT / "target/release/examples/decode_frames")
    arguments = parser.parse_args()
    runs = arguments.runs or (1 if arguments.quick else 5)
    rows = []
    with tempfile.TemporaryDirectory(prefix="esito-codecs-") as scratch:
        for picture in PICTURES:
            wanted = [codec for codec in CODECS
                      if picture in codec.pictures and arguments.only in f"{codec.name}, {picture}"]
            if not wanted:
                continue
            long, short = pictures(picture, arguments.esito, Path(scratch) / "sources", arguments.quick)
            for codec in wanted:
                report.say(f"{codec.name}, {picture}")
                work = Path(scratch) / "work"
                rows.append(measured(codec, picture, long, short, work, arguments.decoder, runs))
                shutil.rmtree(work)
            shutil.rmtree(Path(scratch) / "sources")
    rows.sort(key=lambda row: [codec.name for codec in CODECS].index(row["codec"]))
    facts = report.machine()
    text = table(rows, facts, runs)
    if arguments.only:
        print(text)
    else:
        name = "quick-codecs" if arguments.quick else "codecs"
        report.save(name, text, {"machine": facts, "runs": runs, "rows": rows}, "codecs")


def pictures(name, esito, folder, quick):
    """A fixture study as one multi-frame instance, uncompressed: (all frames, the first alone)."""
    options, *counts = PICTURES[name]
    count = counts[quick]
    subprocess.run([esito, "fixtures", *options, "--out", folder / "study"], check=True, stdout=subprocess.DEVNULL)
    files = sorted(path for path in (folder / "study").rglob("*") if path.is_file())
    first = pydicom.dcmread(files[0])
    frames = []
    for path in files:
        dataset = pydicom.dcmread(path)
        size = dataset.Rows * dataset.Columns * dataset.SamplesPerPixel * dataset.BitsAllocated // 8
        frames += [dataset.PixelData[at:at + size] for at in range(0, len(dataset.PixelData) - size + 1, size)]
    # Fewer frames than wanted come again.
    frames = [frames[index % len(frames)] for index in range(count)]
    colour = first.SamplesPerPixel == 3
    first.file_meta.MediaStorageSOPClassUID = first.SOPClassUID = (
        "1.2.840.10008.5.1.4.1.1.7.4" if colour else "1.2.840.10008.5.1.4.1.1.7.3")
    paths = []
    for part in (frames, frames[:1]):
        first.NumberOfFrames = len(part)
        first.PixelData = b"".join(part)
        paths.append(folder / f"{len(part)}.dcm")
        first.save_as(paths[-1], enforce_file_format=True)
    return paths


def measured(codec, picture, long, short, work, decoder, runs):
    """A row: MB of uncompressed pixels per CPU second of everybody, and our CPU over the best of the others."""
    work.mkdir()
    compressed = []
    for source in (long, short):
        target = work / source.name
        if codec.encoder:
            program, *options = codec.encoder
            measure.run([program, *options, str(source), str(target)])
        elif not by_library(HTJ2K, htj2k, True, source, target):
            raise RuntimeError("OpenJPH refused the picture")
        compressed.append(target)
    commands = {"Esito": lambda source, target: [str(decoder), source, target]}
    commands |= {name: DECODERS[name] for name in codec.decoders}
    costs = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            spent = []
            for source in compressed:
                target = work / "out"
                spent.append(measure.run(command(str(source), str(target))).cpu)
                if source.name == long.name and codec.lossless:
                    verify(name, target, long)
                target.unlink(missing_ok=True)
            costs[name].append(spent[0] - spent[1])
    dataset = pydicom.dcmread(long)
    pixel_bytes = len(dataset.PixelData) * (dataset.NumberOfFrames - 1) / dataset.NumberOfFrames
    cpu = {name: statistics.median(spent) for name, spent in costs.items()}
    best = min(value for name, value in cpu.items() if name != "Esito")
    return {"codec": codec.name, "picture": picture, "ratio": cpu["Esito"] / best, "reach": codec.reach,
            "compressed": compressed[0].stat().st_size / long.stat().st_size,
            "mb_per_cpu_s": {name: pixel_bytes / 1e6 / value for name, value in cpu.items()}}


def verify(name, output, source):
    """Raises when a program did not give back what went in. The frames of opj_decompress lie in files of their own,
    most significant byte first, and are not compared."""
    if name == "opj_decompress":
        return
    wanted = pydicom.dcmread(source).PixelData
    is_raw = name in ("Esito", "OpenJPH 0.26")
    found = output.read_bytes() if is_raw else unplanar(pydicom.dcmread(output))
    if found[:len(wanted)] != wanted:
        raise RuntimeError(f"{name} decoded other pixels than went in")


def unplanar(dataset):
    """Pixel data, colour-by-pixel."""
    if dataset.SamplesPerPixel == 3 and dataset.PlanarConfiguration == 1:
        return dataset.pixel_array.tobytes()
    return dataset.PixelData


def codestreams(source):
    """A folder with one codestream a frame."""
    folder = Path(source).with_suffix(".frames")
    if not folder.exists():
        folder.mkdir()
        dataset = pydicom.dcmread(source)
        for index, frame in enumerate(generate_frames(dataset.PixelData, number_of_frames=dataset.NumberOfFrames)):
            (folder / f"{index:04}.j2k").write_bytes(frame)
    return str(folder)


def table(rows, facts, runs):
    """The table in Markdown."""
    lines = [f"{facts['date']}, {facts['cpu']}, {facts['cores']} cores, commit {facts['commit']}, {facts['dcmtk']}; MB of "
             f"uncompressed pixels per CPU second, medians of {runs} runs in turn; ratio: our CPU over that of the fastest "
             "other program.", "",
             "| codec | picture | compressed to | Esito | others | ratio | reach | |", "|---|---|---|---|---|---|---|---|"]
    for row in rows:
        speeds = dict(row["mb_per_cpu_s"])
        ours = speeds.pop("Esito")
        others = ", ".join(f"{name} {speed:.0f}" for name, speed in speeds.items())
        reach = row["reach"]
        verdict = "" if reach is None else "reached" if row["ratio"] <= reach else "**missed**"
        lines.append(f"| {row['codec']} | {row['picture']} | {row['compressed']:.2f} | {ours:.0f} | {others} "
                     f"| {row['ratio']:.2f} | {'' if reach is None else f'≤ {reach}'} | {verdict} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
