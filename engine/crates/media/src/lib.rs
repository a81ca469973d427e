//! The IHE PDI file-set: DICOMDIR, web content, readme; values in, bytes out.
