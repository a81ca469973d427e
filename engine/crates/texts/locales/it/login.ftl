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
login-product = Portale web per il download dell'esito radiologico
login-purpose = Il portale paziente fornisce l'accesso agli esiti radiologici (referti e relative immagini) e alle informazioni riguardanti il profilo utente.
login-credentials = Puoi accedere con il Nome utente ricevuto via e-mail e la Password ricevuta via SMS.
