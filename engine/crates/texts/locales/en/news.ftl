news-title = Notifications
news-none = Nothing new
news-none-advice = New results appear here, and those that changed since you last opened them.
news-new = New
news-updated = Updated
news-all-read = Mark all as read
news-read = All notifications are marked as read.
