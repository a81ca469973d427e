list-pages = List of series
list-more-pages = List of series, more pages
list-all-series = The examination comprises { $n } series, listed on these pages:
list-some-series = { $shown } of { $total } series are shown. These pages list all of them:
list-range = Series { $first } to { $last } of { $total }
list-back = List of series
