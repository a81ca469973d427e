shell-skip = Vai al contenuto
shell-language = Italiano
shell-log-out = Esci
