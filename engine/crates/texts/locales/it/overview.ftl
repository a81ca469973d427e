overview-link = Panoramica da stampare
overview-title = Panoramica
overview-print = Stampa
overview-some = Sono mostrate { $shown } immagini di { $total }, a intervalli regolari.
overview-others = Serie senza immagini in questa panoramica
