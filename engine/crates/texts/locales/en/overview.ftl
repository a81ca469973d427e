overview-link = Overview to print
overview-title = Overview
overview-print = Print
overview-some = { $shown } of { $total } images are shown, at regular intervals.
overview-others = Series without images in this overview
