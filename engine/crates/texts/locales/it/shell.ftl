shell-skip = Vai al contenuto
shell-language = Italiano
shell-log-out = Esci
shell-change-password = Modifica Password
shell-log-out-elsewhere = Esci da tutti gli altri dispositivi
shell-go-on = Continua
