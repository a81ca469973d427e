news-title = Notifiche
news-none = Nessuna novità
news-none-advice = Qui trovi gli esiti nuovi, quelli cambiati dopo l'ultima volta che li hai aperti, e quelli di nuovo disponibili per il download.
news-new = Nuovo
news-back = Di nuovo disponibile
news-updated = Aggiornato
news-all-read = Segna tutto come letto
news-read = Tutte le notifiche sono segnate come lette.
