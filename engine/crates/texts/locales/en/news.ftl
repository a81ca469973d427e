news-title = Notifications
news-none = Nothing new
news-none-advice = New results appear here, those that changed since you last opened them, and those that can be downloaded again.
news-new = New
news-back = Available again
news-updated = Updated
news-all-read = Mark all as read
news-read = All notifications are marked as read.
