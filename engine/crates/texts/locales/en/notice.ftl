notice-study-missing = { $n ->
    [one] { $n } examination that was asked for is not in the package: the archive did not deliver it.
   *[other] { $n } examinations that were asked for are not in the package: the archive did not deliver them.
}
    .advice = The package holds the other examinations. Ask for it again later, or turn to the institution that carried out the examination.
notice-missing = { $n ->
    [one] { $n } expected DICOM object has not arrived.
   *[other] { $n } expected DICOM objects have not arrived.
}
    .advice = The package is not complete: ask the institution that carried out the examination to prepare it again.
notice-unreadable = { $n ->
    [one] { $n } file cannot be read and is not in the package.
   *[other] { $n } files cannot be read and are not in the package.
}
    .advice = The package is not complete: ask the institution that carried out the examination to prepare it again.
notice-truncated = { $n ->
    [one] { $n } file is cut short and is not in the package.
   *[other] { $n } files are cut short and are not in the package.
}
    .advice = The package is not complete: ask the institution that carried out the examination to prepare it again.
notice-malformed = { $n ->
    [one] { $n } file is damaged and is not in the package.
   *[other] { $n } files are damaged and are not in the package.
}
    .advice = The package is not complete: ask the institution that carried out the examination to prepare it again.
notice-no-uid = { $n ->
    [one] { $n } file lacks an essential identifier and is not in the package.
   *[other] { $n } files lack an essential identifier and are not in the package.
}
    .advice = The package is not complete: ask the institution that carried out the examination to prepare it again.
notice-foreign-study = { $n ->
    [one] { $n } object belongs to another examination and is not in the package.
   *[other] { $n } objects belong to another examination and are not in the package.
}
    .advice = Please tell the institution that carried out the examination: its archive needs checking.
notice-foreign-patient = { $n ->
    [one] { $n } object is recorded for another patient and is not in the package.
   *[other] { $n } objects are recorded for another patient and are not in the package.
}
    .advice = Please tell the institution that carried out the examination: its archive needs checking.
notice-unknown-syntax = { $n ->
    [one] { $n } file is written in an unknown format and is not in the package.
   *[other] { $n } files are written in an unknown format and are not in the package.
}
    .advice = The package is not complete: ask the institution that carried out the examination to prepare it again.
notice-refused-over-limit = { $n ->
    [one] { $n } file is over the size limit and is not in the package.
   *[other] { $n } files are over the size limit and are not in the package.
}
    .advice = The package is not complete: ask the institution that carried out the examination to prepare it again.
notice-refused = { $n ->
    [one] { $n } expected DICOM object is not in the package.
   *[other] { $n } expected DICOM objects are not in the package.
}
    .advice = The package is not complete: ask the institution that carried out the examination to prepare it again.
notice-left-out = { $n ->
    [one] { $n } DICOM object is not in the package, being of a kind that has no place there: usually a format of one manufacturer only, or no longer in use.
   *[other] { $n } DICOM objects are not in the package, being of kinds that have no place there: usually formats of one manufacturer only, or no longer in use.
}
    .advice = Nearly always these are technical data. If a physician needs them, ask the institution that carried out the examination for them.
notice-duplicate = { $n ->
    [one] { $n } object arrived twice, in identical copies: the package holds it once.
   *[other] { $n } objects arrived more than once, in identical copies: the package holds them once.
}
    .advice = No image is missing and there is nothing for you to do.
notice-conflicting-duplicate = { $n ->
    [one] { $n } object has the identifier of another one but differs: the package holds only the first.
   *[other] { $n } objects have the identifiers of others but differ: the package holds only the first ones.
}
    .advice = Please tell the institution that carried out the examination: its archive needs checking.
notice-no-decoder = { $n ->
    [one] { $n } image has no preview: its compression is not supported.
   *[other] { $n } images have no preview: their compression is not supported.
}
    .advice = They are in the package as DICOM files all the same: a DICOM viewer is needed to see them.
notice-unsupported = { $n ->
    [one] { $n } image has no preview: its format is not supported.
   *[other] { $n } images have no preview: their format is not supported.
}
    .advice = They are in the package as DICOM files all the same: a DICOM viewer is needed to see them.
notice-no-report = { $n ->
    [one] { $n } document cannot be shown as a report.
   *[other] { $n } documents cannot be shown as reports.
}
    .advice = The original document is in the package, in its DICOM file: ask your doctor or the institution to open it.
notice-empty-report = { $n ->
    [one] { $n } document is empty.
   *[other] { $n } documents are empty.
}
    .advice = It came like this: ask the institution that made the examination for the report.
notice-no-pdf = { $n ->
    [one] { $n } document is said to be a PDF and is none.
   *[other] { $n } documents are said to be PDFs and are none.
}
    .advice = It is among the other documents of the package, as it came: ask the institution which program opens it.
notice-damaged-pdf = { $n ->
    [one] { $n } report in PDF is damaged or incomplete: it may not open.
   *[other] { $n } reports in PDF are damaged or incomplete: they may not open.
}
    .advice = It is in the package as it came: if it does not open, ask the institution for a sound copy.
notice-locked-pdf = { $n ->
    [one] { $n } report in PDF is encrypted: it may ask for a password.
   *[other] { $n } reports in PDF are encrypted: they may ask for a password.
}
    .advice = The password is not in the package: if one is asked for, the institution that wrote the report knows it.
notice-cut-pdf = { $n ->
    [one] { $n } report is too long for a PDF, which holds only its beginning.
   *[other] { $n } reports are too long for a PDF, which holds only their beginning.
}
    .advice = The text goes on in the page of the report, beside the PDF in the list.
notice-cut-report = { $n ->
    [one] { $n } report is too long: PDF and page show only its beginning.
   *[other] { $n } reports are too long: PDF and page show only their beginning.
}
    .advice = The whole text is in the original document, in its DICOM file: ask your doctor or the institution to open it.
notice-damaged = { $n ->
    [one] { $n } image has no preview: its data are damaged.
   *[other] { $n } images have no preview: their data are damaged.
}
    .advice = The DICOM file is in the package as it was received: ask the institution whether it has an intact copy.
notice-missing-pixels = { $n ->
    [one] { $n } image has no preview: its data are incomplete.
   *[other] { $n } images have no preview: their data are incomplete.
}
    .advice = The DICOM file is in the package as it was received: ask the institution whether it has an intact copy.
notice-preview-over-limit = { $n ->
    [one] { $n } image has no preview: it is too large.
   *[other] { $n } images have no preview: they are too large.
}
    .advice = They are in the package as DICOM files all the same: a DICOM viewer is needed to see them.
notice-no-preview = { $n ->
    [one] { $n } image has no preview.
   *[other] { $n } images have no preview.
}
    .advice = They are in the package as DICOM files all the same: a DICOM viewer is needed to see them.
notice-overlay-missing = { $n ->
    [one] { $n } image is shown without a drawing that belongs to it: the data of the drawing are contradictory.
   *[other] { $n } images are shown without a drawing that belongs to them: the data of the drawing are contradictory.
}
    .advice = Open the DICOM file in a DICOM viewer to look for it.
notice-segments-alone = { $n ->
    [one] { $n } image shows coloured regions without the image on which they were drawn.
   *[other] { $n } images show coloured regions without the image on which they were drawn.
}
    .advice = That image is not in the package or does not lie in the same place: a DICOM viewer can show both.
notice-capped = { $n ->
    [one] Only the first frames of { $n } long sequence are shown.
   *[other] Only the first frames of { $n } long sequences are shown.
}
    .advice = The whole sequence is in the DICOM file: a DICOM viewer is needed to see it.
notice-kept-compressed = { $n ->
    [one] { $n } object stays compressed, as it was received.
   *[other] { $n } objects stay compressed, as they were received.
}
    .advice = If a program does not open them, try another one: nothing has been lost.
notice-other = { $n ->
    [one] There is { $n } remark on the content.
   *[other] There are { $n } remarks on the content.
}
    .advice = Details are in the complete list of files.
notice-box-no-decoder = compression not supported
notice-box-unsupported = format not supported
notice-box-damaged = damaged data
notice-box-missing-pixels = incomplete data
notice-box-over-limit = image too large
notice-box-other = reason not known
notice-reports-only = { $n ->
    [one] The package holds the reports only, as asked for: { $n } DICOM object of the examination is not in it.
   *[other] The package holds the reports only, as asked for: { $n } DICOM objects of the examination, images among them, are not in it.
}
    .advice = For the images, download the whole package.
