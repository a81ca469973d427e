shell-skip = Go to the content
shell-language = English
shell-log-out = Log out
