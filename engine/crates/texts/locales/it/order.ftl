order-list = Risultati
order-list-how = Utilizza la pagina dei Risultati per visualizzare e ricercare i tuoi esiti radiologici
order-search = Cerca
order-search-how = Usa il campo cerca per ricercare i tuoi esami.
order-all = Mostra tutti
order-counted = { $count ->
    [0] Nessun esito
    [one] Un esito
   *[other] { $count } esiti
}
order-no-consent = Non risulta il consenso alla consultazione online degli esiti. Per darlo, rivolgiti alla struttura.
order-description = Descrizione
order-kind = Tipo
order-status = Stato ordine
order-placed = Data ordine
order-site = Sede di esecuzione
order-reports = Immagine/ Referto
order-images = Immagini
order-images-and-report = Immagini e referto
order-tests = Visualizza stato test ({ $count })
order-previous = Pagina precedente
order-next = Pagina successiva
order-page = Pagina { $page } di { $pages }
order-title = Dettagli ordine
order-back = Torna ai Risultati
order-number = Numero ordine
order-physician = Medico prescrivente
order-accession = Numero di adesione
order-state = Stato
order-date = Data
order-report = Referto
order-report-details = Dettagli referto
order-report-provisional = Provvisorio
order-report-final = Finale
order-report-with-images = Il referto è insieme alle immagini.
order-no-report = Nessun referto disponibile.
