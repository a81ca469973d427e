"""Puts a clinical document (XML) into a DICOM object, as a PACS holds it: wrap_cda.py FILE.xml FILE.dcm"""

import sys
from pathlib import Path

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid


def main():
    """An Encapsulated CDA of a person who is not."""
    source, target = (Path(name) for name in sys.argv[1:])
    document = source.read_bytes()
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.104.2"
    names = ("SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")
    for keyword in names:
        setattr(dataset, keyword, generate_uid(entropy_srcs=[keyword, source.name]))
    dataset.PatientName, dataset.PatientID = "ROSSI^MARIA TEST", "TEST000001"
    dataset.Modality, dataset.StudyDate, dataset.ContentDate = "DOC", "20260312", "20260312"
    dataset.DocumentTitle, dataset.HL7InstanceIdentifier = source.stem, "2.25.1^1"
    dataset.MIMETypeOfEncapsulatedDocument = "text/XML"
    dataset.EncapsulatedDocumentLength = len(document)
    dataset.EncapsulatedDocument = document + b"\0" * (len(document) % 2)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.save_as(target, enforce_file_format=True)


if __name__ == "__main__":
    main()
