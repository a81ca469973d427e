//! DICOM files (PS3.10): header, body, frames, re-encoding.
