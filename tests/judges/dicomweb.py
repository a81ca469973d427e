"""Judges a DICOMweb server by dicomweb-client: what it searches and retrieves is what lies in a folder.

Usage: dicomweb.py URL FOLDER
"""

import sys
from pathlib import Path

import pydicom
from dicomweb_client.api import DICOMwebClient
from pydicom.datadict import tag_for_keyword
from requests.exceptions import HTTPError

AS_STORED = (("application/dicom", "*"),)


def main(url, folder):
    """Exits 1 with what differs."""
    files = [pydicom.dcmread(path) for path in sorted(Path(folder).rglob("*")) if path.is_file()]
    stored = {str(one.SOPInstanceUID): one for one in files}
    client = DICOMwebClient(url)
    findings = []

    def same(what, one, other):
        if one != other:
            findings.append(f"{what}: {one!r}, and in the folder {other!r}")

    studies = group(files, "StudyInstanceUID")
    same("studies", values(client.search_for_studies(), "StudyInstanceUID"), sorted(studies))
    paged = [one for offset in range(len(studies)) for one in client.search_for_studies(limit=1, offset=offset)]
    same("studies one by one", values(paged, "StudyInstanceUID"), sorted(studies))
    for study, members in studies.items():
        first = members[0]
        for keyword in ("PatientID", "AccessionNumber", "StudyDate"):
            found = client.search_for_studies(search_filters={keyword: str(first[keyword].value)},
                                              fields=[keyword, "StudyDescription"])
            wanted = sorted(str(uid) for uid, others in studies.items() if others[0][keyword] == first[keyword])
            same(f"studies by {keyword}", values(found, "StudyInstanceUID"), wanted)
            same(f"{keyword} as it is answered", set(values(found, keyword)), {str(first[keyword].value)})
        series = group(members, "SeriesInstanceUID")
        same("series", values(client.search_for_series(study), "SeriesInstanceUID"), sorted(series))
        same("a study", data_sets(client.retrieve_study(study, media_types=AS_STORED)), data_sets(members))
        for uid, instances in series.items():
            found = client.search_for_instances(study, uid, fields=["Rows"])
            same("instances", values(found, "SOPInstanceUID"), sorted(str(one.SOPInstanceUID) for one in instances))
            with_rows = sorted(str(one.Rows) for one in instances if "Rows" in one)
            same("Rows", values([one for one in found if "Value" in one.get(number("Rows"), {})], "Rows"), with_rows)
        for uid, one in [(str(one.SOPInstanceUID), one) for one in members[:3]]:
            came = client.retrieve_instance(study, str(one.SeriesInstanceUID), uid, media_types=AS_STORED)
            same("an instance", data_sets([came]), data_sets([stored[uid]]))
    same("studies of nobody", client.search_for_studies(search_filters={"PatientID": "TEST-NOBODY"}), [])
    try:
        client.retrieve_study("1.2.3", media_types=AS_STORED)
        findings.append("a study that is not there is delivered")
    except HTTPError as error:
        same("the status of a study that is not there", error.response.status_code, 404)
    print(f"{len(files)} instances in {len(studies)} studies, {len(findings)} findings")
    for finding in findings:
        print(finding[:400])
    return 1 if findings or not files else 0


def group(instances, keyword):
    """Instances by a UID."""
    groups = {}
    for one in instances:
        groups.setdefault(str(one[keyword].value), []).append(one)
    return groups


def number(keyword):
    """The name of an attribute in DICOM JSON (PS3.18 F.2.2)."""
    return f"{tag_for_keyword(keyword):08X}"


def values(answers, keyword):
    """The values of an attribute in the answers to a search."""
    return sorted(str(one[number(keyword)]["Value"][0]) for one in answers)


def data_sets(instances):
    """What is to be compared: data set by SOP Instance UID, as JSON."""
    return {str(one.SOPInstanceUID): one.to_json() for one in instances}


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
