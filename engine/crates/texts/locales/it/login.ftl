login-title = Accesso (Login)
login-user-name = Nome utente
login-password = Password
login-submit = Accedi
login-first-time = Importante: se è la prima volta che accedi all'applicazione è obbligatorio cambiare la Password tramite l'apposita finestra che si aprirà automaticamente.
login-wrong = Nome utente o password non corretti.
login-wait = Troppi tentativi. Riprova tra { $seconds ->
    [one] un secondo
   *[other] { $seconds } secondi
}.
login-ended-elsewhere = Su tutti gli altri dispositivi è ora necessario accedere di nuovo.
