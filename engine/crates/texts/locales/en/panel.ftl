panel-preparing = Preparing the download
panel-page = Downloads
panel-open = { $count ->
    [0] Downloads: none
    [one] Downloads: one
   *[other] Downloads: { $count }
}
panel-all = All downloads
panel-close = Close the box of downloads
panel-withheld = To know more, turn to the institution.
panel-some-result = Radiology result
panel-images = { $done } of { $total } images
panel-until = kept until { $moment }
panel-left-moments = a few seconds left
panel-left-seconds = about { $seconds } seconds left
panel-left-minutes = { $minutes ->
    [one] about a minute left
   *[other] about { $minutes } minutes left
}
panel-left-hours = { $hours ->
    [one] about an hour left
   *[other] about { $hours } hours left
}
panel-bar = Preparing: { $name }
panel-fetch = Download the ZIP file: { $name }
panel-withdraw = Cancel the preparation: { $name }
panel-remove = Remove from the list: { $name }
panel-again = Ask again: { $name }
panel-how = How it works
panel-press = Press the icon ⭳ to download the radiology result.
panel-time = The download of the result starts as a ZIP file. Depending on the size of the result and the speed of your connection it can take many minutes.
panel-recall = When a result is not available, the portal tries by itself to bring it back.
panel-notice = If the result can be handed out, you will get a new notification that it is available; otherwise you will get none.
panel-actions = Actions
panel-only-reports = Download the report only
panel-without-viewer = Download without the viewer
