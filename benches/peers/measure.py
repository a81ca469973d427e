"""Measures a program: CPU seconds and peak memory with its children, wall time, first entry."""

import os
import struct
import subprocess
import threading
import time
from dataclasses import dataclass

LOCAL_HEADER = struct.Struct("<4sHHHHHLLLHH")
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Measured:
    """One run; memory in MiB (VmHWM), times in seconds."""

    cpu: float
    wall: float
    rss: float = 0.0
    first_entry: float | None = None
    bytes: int = 0


def run(command, environment=None, stdout=subprocess.DEVNULL, folder=None):
    """Runs a command to its end; raises with what it said when it fails."""
    before = time.perf_counter()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stdout, cwd=folder,
                               stderr=subprocess.PIPE, env={**os.environ, **(environment or {})})
    peak = PeakMemory(process.pid)
    drain = threading.Thread(target=read_all, args=(process.stderr, said := []))
    drain.start()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - before
    process.returncode = os.waitstatus_to_exitcode(status)
    drain.join()
    rss = peak.stop()
    if process.returncode != 0:
        raise RuntimeError(f"{command[0]}: exit {process.returncode}: {b''.join(said)[-400:]!r}")
    return Measured(usage.ru_utime + usage.ru_stime, wall, rss)


def run_piped(command, wanted):
    """Runs a command that writes a ZIP to its standard output; notes when the first entry whose
    name contains `wanted` was there completely."""
    before = time.perf_counter()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, bufsize=0)
    peak = PeakMemory(process.pid)
    head, total, first, end = bytearray(), 0, None, None
    while chunk := os.read(process.stdout.fileno(), 1 << 16):
        total += len(chunk)
        if first is None:
            head += chunk
            end = end or end_of_entry(head, wanted)
            if end is not None and total >= end:
                first = time.perf_counter() - before
                head.clear()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - before
    process.returncode = os.waitstatus_to_exitcode(status)
    rss = peak.stop()
    if process.returncode != 0 or first is None:
        raise RuntimeError(f"{command[0]}: exit {process.returncode}, first entry {first}")
    return Measured(usage.ru_utime + usage.ru_stime, wall, rss, first, total)


def end_of_entry(head, wanted):
    """Where the first entry with the wanted name ends, from the local headers read so far."""
    at = 0
    while at + LOCAL_HEADER.size <= len(head):
        fields = LOCAL_HEADER.unpack_from(head, at)
        signature, packed, name_length, extra_length = fields[0], fields[7], fields[9], fields[10]
        if signature != b"PK\3\4":
            return None
        name_at = at + LOCAL_HEADER.size
        if name_at + name_length > len(head):
            return None
        end = name_at + name_length + extra_length + packed
        if wanted in head[name_at:name_at + name_length]:
            return end
        at = end
    return None


class PeakMemory:
    """The largest sum of VmHWM over a process and its descendants, looked at every 5 ms.

    ru_maxrss would count this Python process too: the kernel hands it down through fork and exec.
    """

    def __init__(self, pid):
        self.pid, self.peak, self.ended = pid, 0, threading.Event()
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()

    def watch(self):
        """Until stopped."""
        while not self.ended.wait(0.005):
            self.peak = max(self.peak, sum(high_water(pid) for pid in family(self.pid)))

    def stop(self):
        """The peak in MiB."""
        self.ended.set()
        self.thread.join()
        return self.peak / 1024


def family(pid):
    """A process and its descendants."""
    found = [pid]
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as file:
                for child in file.read().split():
                    found += family(int(child))
    except OSError:
        pass
    return found


def high_water(pid):
    """VmHWM in KiB; 0 for a process that has ended or has not yet become another program."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
            fields = dict(line.split(":", 1) for line in file if ":" in line)
    except OSError:
        return 0
    if fields.get("Name", "").strip().startswith("python"):
        return 0
    return int(fields.get("VmHWM", "0").split()[0])


def cpu_of(pid):
    """CPU seconds, user and system, that a running process has used so far."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def read_all(pipe, into):
    """Keeps a pipe from filling up."""
    into.append(pipe.read())
