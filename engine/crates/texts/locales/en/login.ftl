login-title = Login
login-user-name = User name
login-password = Password
login-submit = Log in
login-first-time = Important: the first time you log in you have to change the password, in the window that opens by itself.
login-wrong = User name or password are not correct.
login-wait = Too many attempts. Try again in { $seconds ->
    [one] one second
   *[other] { $seconds } seconds
}.
login-ended-elsewhere = All other devices now have to log in again.
