download-title = Stato del download
download-ask = Scarica
download-asked = Richiesta generata correttamente.
download-too-many = Ci sono troppe richieste di download: annullane una, poi riprova.
download-none = Nessun download
download-none-advice = Apri un esito e premi Scarica: qui troverai il file, anche da un altro dispositivo.
download-reports = Solo referto
download-no-viewer = Senza visualizzatore
download-waiting = In attesa
download-collecting = Raccolta di file.
download-recalling = Esito non disponibile. Il portale sta tentando di richiamarlo.
download-available = Esito disponibile
download-unavailable = Esito non disponibile
download-ready = File compresso pronto per il download.
download-missing = { $count ->
    [one] Nel file manca un'immagine: l'indice del file dice quale.
   *[other] Nel file mancano { $count } immagini: l'indice del file dice quali.
}
download-failed = Il file non può essere preparato ora. Riprova più tardi.
download-gone = Il file non c'è più, o l'esito è cambiato. Puoi richiederlo di nuovo.
download-look = Guarda le immagini
download-look-of = Guarda le immagini: { $name }
download-growing = Le immagini arrivano mentre il file viene preparato: la pagina si aggiorna da sola. Quando ci sono tutte, si aprono le pagine complete.
download-series = Esame { $study }, serie { $series }
download-images-so-far = { $count ->
    [one] { $count } immagine finora
   *[other] { $count } immagini finora
}
download-image-number = immagine { $number }
download-reports-so-far = Referti
download-report-number = Referto { $number } (PDF)
download-read = Leggi il referto
download-read-preparing = Stiamo preparando il referto
download-read-soon = Ci vuole di solito qualche secondo: si apre da solo.
download-read-failed = Il referto non può essere preparato ora, o l'esito è cambiato.
download-read-again = Riprova
download-read-back = Torna ai dettagli dell'ordine
