"""Where results go: files beside this one, and the README between its marks; and what they were measured on."""

import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]


def machine():
    """What it ran on."""
    cpu = next(line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text("ascii", "replace").splitlines()
               if line.startswith("model name"))
    def first_line(*command):
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip().split("\n")[0]
    return {"date": time.strftime("%Y-%m-%d"), "cpu": cpu, "cores": os.cpu_count(), "kernel": platform.release(),
            "rustc": first_line("rustc", "--version"), "dcmtk": first_line("dcmj2pnm", "--version").strip("$ "),
            "commit": first_line("git", "-C", str(ROOT), "rev-parse", "--short", "HEAD")}


def save(name, text, data, marks):
    """Prints a table and writes it down as NAME.md and NAME.json; unless it is of a quick pass, also between
    the `marks` of the README."""
    (HERE / f"{name}.md").write_text(text, "utf-8")
    (HERE / f"{name}.json").write_text(json.dumps(data, indent=1) + "\n", "utf-8")
    print(text)
    if name.startswith("quick"):
        return
    readme = ROOT / "README.md"
    before, rest = readme.read_text("utf-8").split(f"<!-- {marks}:begin -->\n")
    _, after = rest.split(f"<!-- {marks}:end -->")
    readme.write_text(f"{before}<!-- {marks}:begin -->\n{text}<!-- {marks}:end -->{after}", "utf-8")


def say(text):
    """Progress, apart from the table."""
    print(text, file=sys.stderr, flush=True)
