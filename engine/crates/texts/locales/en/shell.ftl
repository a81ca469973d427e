shell-skip = Go to the content
shell-language = English
shell-log-out = Log out
shell-change-password = Change password
shell-log-out-elsewhere = Log out on all other devices
shell-go-on = Continue
shell-help = Help
shell-notifications = { $count ->
    [0] Notifications: nothing new
    [one] Notifications: one new
   *[other] Notifications: { $count } new
}
shell-close = Close this message
shell-logged-out = You have logged out.
