order-list = Results
order-list-how = Use the page of the results to see and search your radiology results
order-search = Search
order-search-how = Use the search field to look for your examinations.
order-all = Show all
order-counted = { $count ->
    [0] No results
    [one] One result
   *[other] { $count } results
}
order-no-consent = There is no consent to see results online. To give it, please turn to the institution.
order-description = Description
order-kind = Type
order-status = State of the order
order-placed = Date of the order
order-site = Place
order-reports = Images/ Report
order-images = Images
order-images-and-report = Images and report
order-tests = Show the state of the tests ({ $count })
order-previous = Previous page
order-next = Next page
order-page = Page { $page } of { $pages }
order-title = Order details
order-back = Back to the results
order-number = Order number
order-physician = Referring physician
order-accession = Accession number
order-state = State
order-date = Date
order-report = Report
order-report-details = Details of the report
order-report-provisional = Provisional
order-report-final = Final
order-report-with-images = The report comes with the images.
order-no-report = No report is available.
