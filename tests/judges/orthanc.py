"""Imports packages into an Orthanc of its own and compares the numbers of instances.

Usage: orthanc.py [--tools-optional] PACKAGE.zip INSTANCES [PACKAGE.zip INSTANCES ...]
"""

import ctypes
import json
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from tools import find_tool  # noqa: E402

START_LIMIT = 30


class Orthanc:
    """A server on loopback with an empty store, for as long as the `with` block lasts."""

    def __init__(self, **more):
        self.more = more

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="esito-orthanc-")
        self.port, self.dicom_port = free_port(), free_port()
        configuration = Path(self.folder.name) / "orthanc.json"
        configuration.write_text(json.dumps({
            "Name": "ESITO-TEST", "StorageDirectory": self.folder.name, "IndexDirectory": self.folder.name,
            "HttpPort": self.port, "DicomPort": self.dicom_port, "RemoteAccessAllowed": False,
            "AuthenticationEnabled": False, "Plugins": [], **self.more,
        }))
        # Its log would tell of the data; only a failed start is of interest.
        self.log = open(Path(self.folder.name) / "log", "wb")
        self.process = subprocess.Popen(
            [find_tool("Orthanc"), str(configuration)], stdout=self.log, stderr=self.log,
            preexec_fn=end_with_parent)
        end = time.monotonic() + START_LIMIT
        while True:
            try:
                self.get("/system")
                return self
            except (urllib.error.URLError, ConnectionError):
                if self.process.poll() is not None or time.monotonic() > end:
                    self.__exit__()
                    raise RuntimeError("Orthanc did not start") from None
                time.sleep(0.1)

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
        self.folder.cleanup()

    def get(self, path):
        """A JSON answer."""
        return json.loads(self.request(path))

    def request(self, path, data=None, method=None):
        """The bytes of an answer."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", data=data, method=method or ("POST" if data else "GET"))
        with urllib.request.urlopen(request, timeout=300) as answer:
            return answer.read()


def end_with_parent():
    """In the child: the kernel ends it when this program is killed (prctl PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def free_port():
    """A TCP port on loopback that nobody listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def main(arguments):
    """Imports each package into the empty server, compares, empties it again."""
    if not find_tool("Orthanc"):
        optional = "--tools-optional" in arguments
        print("notice: Orthanc is not installed: nothing was imported" if optional
              else "Orthanc: is not installed (run tests/judges/install)")
        return 0 if optional else 1
    arguments = [a for a in arguments if not a.startswith("--")]
    failed = 0
    with Orthanc() as server:
        for package, expected in zip(arguments[::2], arguments[1::2], strict=True):
            server.request("/instances", Path(package).read_bytes())
            held = server.get("/statistics")["CountInstances"]
            print(f"{Path(package).name}: Orthanc holds {held} of {expected} instances")
            failed += held != int(expected)
            for patient in server.get("/patients"):
                server.request(f"/patients/{patient}", method="DELETE")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
