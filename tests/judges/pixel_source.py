"""Our own frames, as `render_frame` gives them, one process for all."""

import subprocess

import numpy


class Fault(Exception):
    """We show no picture, and say why."""


class Frame:
    """One frame of ours: the native bytes, what they are, and the 8-bit picture."""

    def __init__(self, header, native, picture):
        self.frames, self.syntax = int(header[1]), header[2]
        self.photometric, self.planar = header[3], header[4] == "1"
        width, height = int(header[6]), int(header[7])
        channels = (3,) if header[5] == "Rgb" else ()
        self.native = native
        self.picture = numpy.frombuffer(picture, numpy.uint8).reshape((height, width) + channels)


    def samples(self, dataset):
        """The native bytes of a grey frame as numbers of Bits Allocated."""
        kind = "i" if dataset.get("PixelRepresentation", 0) == 1 else "u"
        if "FloatPixelData" in dataset or "DoubleFloatPixelData" in dataset:
            kind = "f"
        shape = self.picture.shape[:2]
        if dataset.BitsAllocated == 1:
            bits = numpy.unpackbits(numpy.frombuffer(self.native, numpy.uint8), bitorder="little")
            return bits[: shape[0] * shape[1]].reshape(shape)
        return numpy.frombuffer(self.native, f"<{kind}{dataset.BitsAllocated // 8}").reshape(shape)


class Renderer:
    """Asks `render_frame` for frames."""

    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def frame(self, path, index):
        """The frame, counted from 0. Raises Fault with our reason when there is no picture."""
        self.process.stdin.write(f"{index} {path}\n".encode())
        self.process.stdin.flush()
        line = self.process.stdout.readline().decode().rstrip("\n")
        kind, _, rest = line.partition(" ")
        if kind != "ok":
            raise Fault(rest or "render_frame ended")
        header = rest.split(" ")
        native = self.process.stdout.read(int(header[0]))
        channels = 3 if header[5] == "Rgb" else 1
        return Frame(header, native, self.process.stdout.read(int(header[6]) * int(header[7]) * channels))

    def close(self):
        """Ends the program."""
        self.process.stdin.close()
        self.process.wait()
