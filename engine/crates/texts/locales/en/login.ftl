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
login-product = Web portal to download radiology results
login-purpose = The patient portal gives access to radiology results (reports and their images) and to the details of your profile.
login-credentials = Log in with the user name that came by e-mail and the password that came by SMS.
