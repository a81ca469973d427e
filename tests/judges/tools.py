"""Runs other people's programs over a package."""

import os
import shutil
import subprocess

TIME_LIMIT = 300


def run_tool(judge, command, findings, accept=(0,), error_lines=None):
    """Runs a reader; a bad exit code, or a line that `error_lines` picks, is a finding."""
    if not find_tool(command[0]):
        findings.tool_missing(command[0])
        return None
    environment = dict(os.environ, LC_ALL="C.UTF-8", PATH=search_path())
    try:
        result = subprocess.run(
            [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, env=environment, timeout=TIME_LIMIT, check=False)
    except subprocess.TimeoutExpired:
        findings.add(judge, f"no end within {TIME_LIMIT} s")
        return None
    output = result.stdout.decode("utf-8", "replace")
    lines = [line for line in output.splitlines() if line.strip()]
    if result.returncode not in accept:
        findings.add(judge, f"exit {result.returncode}: {' | '.join(lines[-3:])[:400]}")
    for line in lines:
        if error_lines and error_lines(line):
            findings.add(judge, line[:400])
    return output


def find_tool(name):
    """Where the program is, Debian's folder of daemons included."""
    return shutil.which(name, path=search_path())


def search_path():
    """PATH and /usr/sbin, where Debian puts daemons."""
    return os.environ.get("PATH", "") + ":/usr/sbin"
