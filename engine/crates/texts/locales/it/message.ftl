message-greeting = Gentile utente,
message-closing = { $site }

    Questo messaggio è stato inviato automaticamente: non rispondere a questo indirizzo.
message-open = Apri il collegamento
message-open-else = Se il pulsante non funziona, copia questo indirizzo nel browser:
message-user-name-subject = Il tuo nome utente per { $portal }
message-user-name-text = è stato creato un accesso a tuo nome a { $portal }.

    Nome utente: { $name }
    Indirizzo: { $address }

    La password arriva con un SMS. Al primo accesso dovrai sceglierne una nuova.
message-user-name-again-subject = Il tuo nome utente
message-user-name-again-text = ci è stato chiesto di ricordarti il nome utente con cui accedi a { $portal }.

    Nome utente: { $name }
    Indirizzo: { $address }

    Se non l'hai chiesto tu, non devi fare nulla.
message-first-password = { $portal }: la tua prima password è { $password } Il nome utente arriva per e-mail. Non comunicarla a nessuno.
message-recovery-code = { $portal }: il codice per scegliere una nuova password è { $code } e vale { $minutes ->
    [one] un minuto
   *[other] { $minutes } minuti
}. Se non l'hai chiesto tu, ignora questo messaggio.
message-password-changed-subject = La tua password è stata cambiata
message-password-changed-text = la password con cui accedi a { $portal } è stata cambiata.

    Se non sei stato tu, scegline subito un'altra con «Password/ID utente dimenticato?» a { $address } e avvisa la struttura.
message-download-back = { $portal }: il download che hai richiesto è pronto. Per scaricarlo accedi a { $address }
message-shared-back = { $portal }: ciò che hai condiviso, e che non era disponibile, ora lo è. Chi lo ha richiesto può scaricarlo.
