shell-skip = Vai al contenuto
shell-language = Italiano
shell-log-out = Esci
shell-change-password = Modifica Password
shell-log-out-elsewhere = Esci da tutti gli altri dispositivi
shell-go-on = Continua
shell-help = Aiuto
shell-notifications = { $count ->
    [0] Notifiche: nessuna novità
    [one] Notifiche: una novità
   *[other] Notifiche: { $count } novità
}
shell-close = Chiudi il messaggio
shell-logged-out = Sei uscito dal portale.
