download-title = Download status
download-ask = Download
download-asked = Your request was made.
download-too-many = There are too many downloads: cancel one, then try again.
download-none = No downloads
download-none-advice = Open a result and press Download: you will find the file here, on any of your devices.
download-reports = Report only
download-no-viewer = Without viewer
download-waiting = Waiting
download-collecting = Collecting files.
download-recalling = Result not available. The portal is trying to bring it back.
download-available = Result available
download-unavailable = Result not available
download-ready = The compressed file is ready to download.
download-missing = { $count ->
    [one] One image is missing in the file: the index of the file says which.
   *[other] { $count } images are missing in the file: the index of the file says which.
}
download-failed = The file cannot be prepared now. Try again later.
download-gone = The file is not there any more, or the result has changed. You can ask for it again.
download-look = View the images
download-look-of = View the images: { $name }
download-growing = Images arrive while the file is being prepared: this page updates itself. When all are there, the complete pages open.
download-series = Examination { $study }, series { $series }
download-images-so-far = { $count ->
    [one] { $count } image so far
   *[other] { $count } images so far
}
download-image-number = image { $number }
download-reports-so-far = Reports
download-report-number = Report { $number } (PDF)
download-read = Read the report
download-read-preparing = The report is being prepared
download-read-soon = It usually takes a few seconds: it opens by itself.
download-read-failed = The report cannot be prepared now, or the result has changed.
download-read-again = Try again
download-read-back = Back to the order
