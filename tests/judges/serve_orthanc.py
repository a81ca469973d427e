"""Starts an Orthanc with DICOMweb, stores the files of a folder in it, and says where it is.

Usage: serve_orthanc.py FOLDER

Writes one line of JSON (`web`, `dicom_port`, `studies`) and serves until its standard input ends.
Exits 77 when Orthanc or its DICOMweb plugin is not installed.
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from orthanc import Orthanc  # noqa: E402
from tools import find_tool  # noqa: E402

PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")


def dicomweb_options():
    """What makes an Orthanc serve DICOMweb."""
    return {"Plugins": [str(PLUGIN)], "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
            "DicomAlwaysAllowFind": True, "DicomAlwaysAllowGet": True, "TcpNoDelay": True}


def main(folder):
    """Serves until the standard input ends."""
    if not find_tool("Orthanc") or not PLUGIN.exists():
        print("notice: Orthanc with orthanc-dicomweb is not installed (run tests/judges/install)")
        return 77
    with Orthanc(**dicomweb_options()) as server:
        for path in sorted(path for path in Path(folder).rglob("*") if path.is_file()):
            server.request("/instances", path.read_bytes())
        studies = [server.get(f"/studies/{study}")["MainDicomTags"]["StudyInstanceUID"]
                   for study in server.get("/studies")]
        print(json.dumps({"web": f"http://127.0.0.1:{server.port}/dicom-web",
                          "dicom_port": server.dicom_port, "studies": studies}), flush=True)
        sys.stdin.read()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
