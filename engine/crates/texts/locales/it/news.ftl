news-title = Notifiche
news-none = Nessuna novità
news-none-advice = Qui trovi gli esiti nuovi, e quelli cambiati dopo l'ultima volta che li hai aperti.
news-new = Nuovo
news-updated = Aggiornato
news-all-read = Segna tutto come letto
news-read = Tutte le notifiche sono segnate come lette.
