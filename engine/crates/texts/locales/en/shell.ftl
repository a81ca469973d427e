shell-skip = Go to the content
shell-language = English
shell-log-out = Log out
shell-change-password = Change password
shell-log-out-elsewhere = Log out on all other devices
shell-go-on = Continue
