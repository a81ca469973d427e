panel-preparing = Preparazione del download
panel-page = Download
panel-open = { $count ->
    [0] Download: nessuno
    [one] Download: uno
   *[other] Download: { $count }
}
panel-all = Tutti i download
panel-close = Chiudi il riquadro dei download
panel-withheld = Per informazioni rivolgiti alla struttura.
panel-some-result = Esito radiologico
panel-images = { $done } di { $total } immagini
panel-until = conservato fino al { $moment }
panel-left-moments = ancora pochi secondi
panel-left-seconds = ancora circa { $seconds } secondi
panel-left-minutes = ancora circa { $minutes ->
    [one] un minuto
   *[other] { $minutes } minuti
}
panel-left-hours = ancora circa { $hours ->
    [one] un'ora
   *[other] { $hours } ore
}
panel-bar = Preparazione: { $name }
panel-fetch = Scarica il file ZIP: { $name }
panel-withdraw = Annulla la preparazione: { $name }
panel-remove = Togli dall'elenco: { $name }
panel-again = Chiedi di nuovo: { $name }
panel-how = Come funziona
panel-press = Premi l'icona ⭳ per eseguire il download dell'esito radiologico.
panel-time = Partirà il download dell'esito in formato ZIP, che in base alle dimensioni dell'esito ed alla velocità della tua connessione ad Internet potrebbe impiegare anche molti minuti.
panel-recall = In caso di risultato non disponibile il portale tenta automaticamente di richiamare l'esito per renderlo nuovamente disponibile.
panel-notice = Se l'esito risulta distribuibile allora riceverai una nuova notifica di disponibilità dell'esito, diversamente non riceverai nessuna nuova notifica.
panel-actions = Azioni
panel-only-reports = Scarica solo il referto
panel-without-viewer = Scarica senza visualizzatore
