message-greeting = Dear user,
message-closing = { $site }

    This message was sent automatically: please do not reply to this address.
message-open = Open the link
message-open-else = If the button does not work, copy this address into your browser:
message-user-name-subject = Your user name for { $portal }
message-user-name-text = an account at { $portal } was opened for you.

    User name: { $name }
    Address: { $address }

    The password comes in a text message. At your first login you will choose a new one.
message-user-name-again-subject = Your user name
message-user-name-again-text = we were asked to remind you of the user name with which you log in to { $portal }.

    User name: { $name }
    Address: { $address }

    If it was not you who asked, you need not do anything.
message-first-password = { $portal }: your first password is { $password } The user name comes by e-mail. Do not tell it to anybody.
message-recovery-code = { $portal }: the code to choose a new password is { $code } and is good for { $minutes ->
    [one] one minute
   *[other] { $minutes } minutes
}. If it was not you who asked, ignore this message.
message-password-changed-subject = Your password was changed
message-password-changed-text = the password with which you log in to { $portal } was changed.

    If it was not you, choose another one at once with «Forgotten your password or user name?» at { $address }, and tell the hospital.
message-download-back = { $portal }: the download that you asked for is ready. To fetch it log in at { $address }
message-shared-back = { $portal }: what you have shared, and what was not available, is available now. Who asked for it can download it.
