letter-greeting = Buongiorno,
letter-link-subject = Un paziente ha condiviso con te un esito su { $portal }
letter-link = un paziente ha condiviso con te un suo esito su { $portal }.
letter-until = Disponibile fino al
letter-writes = Il paziente ti scrive:
letter-open = Per aprire l'esito:
letter-pin-apart = Serve un PIN di 6 cifre, che ti arriva separatamente. Se non ti aspettavi questo messaggio, ignoralo.
letter-pin-subject = Il PIN per l'esito condiviso su { $portal }
letter-pin = questo è il PIN per aprire l'esito che un paziente ha condiviso con te su { $portal }.

    PIN: { $pin }

    Il collegamento è in un'altra e-mail. Non comunicare il PIN ad altri.
letter-pin-sms = { $portal }: il PIN per aprire l'esito condiviso con te è { $pin }. Il collegamento arriva per e-mail.
letter-opened-subject = La tua condivisione è stata aperta
letter-opened = il destinatario { $recipient } ha aperto per la prima volta l'esito che hai condiviso, il { $moment }.

    Se non te lo aspettavi, puoi revocare subito la condivisione:
    { $address }
letter-frozen-subject = Una tua condivisione è stata bloccata
letter-frozen = nella condivisione del { $moment } il PIN è stato sbagliato troppe volte: per sicurezza nessuno può più entrare.

    Puoi riattivarla, scegliere un nuovo PIN o revocarla:
    { $address }
letter-back-subject = L'esito che hai richiesto è disponibile
letter-back = l'esito condiviso con te su { $portal }, che non era disponibile, ora lo è. Per scaricarlo apri di nuovo il collegamento che hai ricevuto e inserisci il PIN.
