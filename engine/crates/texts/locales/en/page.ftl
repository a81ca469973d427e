page-title = Radiology result
page-skip = Skip to content
page-institution-not-stated = Institution not stated
page-patient = Patient
page-name-not-stated = Name not stated
page-sex = Sex
page-patient-id = ID
page-male = Male
page-female = Female
page-other-sex = Other
page-reports = Reports
page-no-reports = There is no report in this package. To get one, ask the institution that carried out the examination.
page-report = Report
page-report-page = web page
page-status = Status
page-preliminary = Preliminary
page-final-status = Final
page-withdrawn = Withdrawn
page-cancelled = Cancelled
page-document-only = As a document only: it is not among the DICOM data to import.
page-studies = Examinations and images
page-no-studies = There is no examination in this package.
page-study-without-description = Examination without description
page-untitled-series = Series without number
page-date = Date
page-accession-number = Accession number
page-referring-physician = Referring physician
page-study-institution = Performed at
page-series = Series
page-images = { $n ->
    [one] { $n } image
   *[other] { $n } images
}
page-frames = { $n ->
    [one] { $n } frame
   *[other] { $n } frames
}
page-objects = { $n ->
    [one] { $n } DICOM object without images
   *[other] { $n } DICOM objects without images
}
page-body-part = Body part
page-window = Window
page-window-numbers = C { $center } W { $width }
page-window-varies = differs from image to image
page-no-images = No images
page-preview-alt = { $series }: image { $image } of { $images }
page-image = Image
page-frame = frame { $frame } of { $frames }
page-position = position { $mm } mm
page-no-preview = No preview
page-capped = The first { $shown } of { $frames } frames are shown: the others are in the DICOM file.
page-segments = Coloured regions of the images:
page-other-objects = Other DICOM objects of the series
page-dicom-file = DICOM file
page-back = Back to all examinations
page-pages = Pages
page-previous-series = Previous series
page-next-series = Next series
page-not-for-diagnosis = Images not for diagnostic use
page-not-for-diagnosis-why = The JPG images are for viewing only. For diagnosis, physicians use the DICOM files, which are also in this package.
page-complete = { $n ->
    [one] The package is complete: it holds the one DICOM object expected.
   *[other] The package is complete: it holds all { $n } DICOM objects expected.
}
page-incomplete = The package is NOT complete: it holds { $received } of { $expected } DICOM objects expected. Ask the institution that carried out the examination to prepare it again.
page-check-notices = The package holds the DICOM objects expected, but there is an important notice: please read it below.
page-counts = DICOM objects expected: { $expected }; present: { $received }; JPG previews: { $rendered }.
page-notices = Notices
page-concerned = Which objects are concerned
page-more-in-manifest = { $n ->
    [one] and { $n } more: see the complete list of files
   *[other] and { $n } more: see the complete list of files
}
page-unpack = first extract all files from the ZIP file, then open the file { $index } to reach the web pages, with the report as PDF and the images as JPG.
page-own-viewer = The DICOM images can also be seen with a DICOM viewer of your own
page-own-or-bundled-viewer = The DICOM images can also be seen with a DICOM viewer of your own, or with the DICOM viewer in the ZIP file
page-open-viewer = Open the DICOM viewer
page-open-series-in-viewer = Open the series in the DICOM viewer
page-viewer-program = On Windows you can also start { $program }, which shows the images at once: the system may ask you to confirm.
page-importable = DICOM data to import
page-importable-caption = For whoever imports the package: the directory is the file DICOMDIR.
page-study = Examination
page-series-count = Series
page-dicom-objects = DICOM objects
page-total = Total (one patient)
page-other-files = Other files in the package
page-readme = Instructions and information
page-manifest = Complete list of files with SHA-256 digests
page-made-by = Package created with { $application } { $version }.
page-contact = For information
page-claim = Content organised according to IHE PDI; File-set according to DICOM PS3.10 on ZIP media (PS3.12 Annex V), content suitable for STD-GEN-CD.
page-claim-general = Content organised according to IHE PDI; File-set according to DICOM PS3.10 on ZIP media (PS3.12 Annex V).
page-claim-documents = The package holds documents only: no DICOM object, and so no DICOMDIR.
page-claim-syntaxes = Transfer syntaxes
page-privacy = This package holds personal health data: keep it with care and give it only to people you trust.
page-born = { $sex ->
   *[other] Born { $date }
}
page-age-years = { $years }y
page-age-months = { $months ->
    [one] { $months } month
   *[other] { $months } months
}
page-born-not-stated = Date of birth not stated
page-this-language = English
page-language = Language
