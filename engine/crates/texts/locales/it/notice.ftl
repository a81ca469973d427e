notice-study-missing = { $n ->
    [one] { $n } esame richiesto non è nel pacchetto: l'archivio non l'ha consegnato.
   *[other] { $n } esami richiesti non sono nel pacchetto: l'archivio non li ha consegnati.
}
    .advice = Il pacchetto contiene gli altri esami. Richiedilo di nuovo più tardi, o rivolgiti alla struttura che ha eseguito l'esame.
notice-missing = { $n ->
    [one] { $n } oggetto DICOM previsto non è arrivato dall'archivio.
   *[other] { $n } oggetti DICOM previsti non sono arrivati dall'archivio.
}
    .advice = Il pacchetto non è completo: chiedi alla struttura che ha eseguito l'esame di prepararlo di nuovo.
notice-unreadable = { $n ->
    [one] { $n } file non è leggibile e non è nel pacchetto.
   *[other] { $n } file non sono leggibili e non sono nel pacchetto.
}
    .advice = Il pacchetto non è completo: chiedi alla struttura che ha eseguito l'esame di prepararlo di nuovo.
notice-truncated = { $n ->
    [one] { $n } file è tronco e non è nel pacchetto.
   *[other] { $n } file sono tronchi e non sono nel pacchetto.
}
    .advice = Il pacchetto non è completo: chiedi alla struttura che ha eseguito l'esame di prepararlo di nuovo.
notice-malformed = { $n ->
    [one] { $n } file è danneggiato e non è nel pacchetto.
   *[other] { $n } file sono danneggiati e non sono nel pacchetto.
}
    .advice = Il pacchetto non è completo: chiedi alla struttura che ha eseguito l'esame di prepararlo di nuovo.
notice-no-uid = { $n ->
    [one] { $n } file è privo di un identificativo indispensabile e non è nel pacchetto.
   *[other] { $n } file sono privi di un identificativo indispensabile e non sono nel pacchetto.
}
    .advice = Il pacchetto non è completo: chiedi alla struttura che ha eseguito l'esame di prepararlo di nuovo.
notice-foreign-study = { $n ->
    [one] { $n } oggetto appartiene a un altro esame e non è nel pacchetto.
   *[other] { $n } oggetti appartengono a un altro esame e non sono nel pacchetto.
}
    .advice = Segnalalo alla struttura che ha eseguito l'esame: deve controllare l'archivio.
notice-foreign-patient = { $n ->
    [one] { $n } oggetto è registrato con un altro paziente e non è nel pacchetto.
   *[other] { $n } oggetti sono registrati con un altro paziente e non sono nel pacchetto.
}
    .advice = Segnalalo alla struttura che ha eseguito l'esame: deve controllare l'archivio.
notice-unknown-syntax = { $n ->
    [one] { $n } file è scritto in un formato sconosciuto e non è nel pacchetto.
   *[other] { $n } file sono scritti in un formato sconosciuto e non sono nel pacchetto.
}
    .advice = Il pacchetto non è completo: chiedi alla struttura che ha eseguito l'esame di prepararlo di nuovo.
notice-refused-over-limit = { $n ->
    [one] { $n } file supera i limiti di dimensione e non è nel pacchetto.
   *[other] { $n } file superano i limiti di dimensione e non sono nel pacchetto.
}
    .advice = Il pacchetto non è completo: chiedi alla struttura che ha eseguito l'esame di prepararlo di nuovo.
notice-refused = { $n ->
    [one] { $n } oggetto DICOM previsto non è nel pacchetto.
   *[other] { $n } oggetti DICOM previsti non sono nel pacchetto.
}
    .advice = Il pacchetto non è completo: chiedi alla struttura che ha eseguito l'esame di prepararlo di nuovo.
notice-left-out = { $n ->
    [one] { $n } oggetto DICOM non è nel pacchetto perché di un tipo che non vi ha posto: di solito un formato del solo produttore, o non più in uso.
   *[other] { $n } oggetti DICOM non sono nel pacchetto perché di tipi che non vi hanno posto: di solito formati del solo produttore, o non più in uso.
}
    .advice = Quasi sempre sono dati tecnici. Se un medico ne ha bisogno, chiedili alla struttura che ha eseguito l'esame.
notice-duplicate = { $n ->
    [one] { $n } oggetto è arrivato due volte, in copie identiche: nel pacchetto c'è una volta sola.
   *[other] { $n } oggetti sono arrivati più volte, in copie identiche: nel pacchetto ci sono una volta sola.
}
    .advice = Non manca alcuna immagine e non devi fare nulla.
notice-conflicting-duplicate = { $n ->
    [one] { $n } oggetto porta lo stesso identificativo di un altro ma è diverso: nel pacchetto c'è solo il primo.
   *[other] { $n } oggetti portano lo stesso identificativo di altri ma sono diversi: nel pacchetto ci sono solo i primi.
}
    .advice = Segnalalo alla struttura che ha eseguito l'esame: deve controllare l'archivio.
notice-no-decoder = { $n ->
    [one] { $n } immagine non ha l'anteprima: la sua compressione non è gestita.
   *[other] { $n } immagini non hanno l'anteprima: la loro compressione non è gestita.
}
    .advice = Nel pacchetto ci sono comunque in formato DICOM: per vederle serve un visualizzatore DICOM.
notice-unsupported = { $n ->
    [one] { $n } immagine non ha l'anteprima: il suo formato non è gestito.
   *[other] { $n } immagini non hanno l'anteprima: il loro formato non è gestito.
}
    .advice = Nel pacchetto ci sono comunque in formato DICOM: per vederle serve un visualizzatore DICOM.
notice-no-report = { $n ->
    [one] { $n } documento non si può mostrare come referto.
   *[other] { $n } documenti non si possono mostrare come referti.
}
    .advice = Il documento originale è nel pacchetto, nel suo file DICOM: chiedi al medico o alla struttura di aprirlo.
notice-empty-report = { $n ->
    [one] { $n } documento è vuoto.
   *[other] { $n } documenti sono vuoti.
}
    .advice = È arrivato così: chiedi il referto alla struttura che ha eseguito l'esame.
notice-no-pdf = { $n ->
    [one] { $n } documento è indicato come PDF ma non lo è.
   *[other] { $n } documenti sono indicati come PDF ma non lo sono.
}
    .advice = È nel pacchetto fra gli altri documenti, così come è arrivato: chiedi alla struttura con quale programma si apre.
notice-damaged-pdf = { $n ->
    [one] { $n } referto in PDF è danneggiato o incompleto: forse non si apre.
   *[other] { $n } referti in PDF sono danneggiati o incompleti: forse non si aprono.
}
    .advice = È nel pacchetto così come è arrivato: se non si apre, chiedi alla struttura una copia integra.
notice-locked-pdf = { $n ->
    [one] { $n } referto in PDF è cifrato: per aprirlo può servire una password.
   *[other] { $n } referti in PDF sono cifrati: per aprirli può servire una password.
}
    .advice = La password non è nel pacchetto: se viene richiesta, la conosce la struttura che ha scritto il referto.
notice-cut-pdf = { $n ->
    [one] { $n } referto è troppo lungo per un PDF, che ne contiene solo l'inizio.
   *[other] { $n } referti sono troppo lunghi per un PDF, che ne contiene solo l'inizio.
}
    .advice = Il testo continua nella pagina del referto, accanto al PDF nell'elenco.
notice-cut-report = { $n ->
    [one] { $n } referto è troppo lungo: PDF e pagina ne mostrano solo l'inizio.
   *[other] { $n } referti sono troppo lunghi: PDF e pagina ne mostrano solo l'inizio.
}
    .advice = Il testo intero è nel documento originale, nel suo file DICOM: chiedi al medico o alla struttura di aprirlo.
notice-damaged = { $n ->
    [one] { $n } immagine non ha l'anteprima: i suoi dati sono danneggiati.
   *[other] { $n } immagini non hanno l'anteprima: i loro dati sono danneggiati.
}
    .advice = Il file DICOM è nel pacchetto così come è stato ricevuto: chiedi alla struttura se ne ha una copia integra.
notice-missing-pixels = { $n ->
    [one] { $n } immagine non ha l'anteprima: i suoi dati sono incompleti.
   *[other] { $n } immagini non hanno l'anteprima: i loro dati sono incompleti.
}
    .advice = Il file DICOM è nel pacchetto così come è stato ricevuto: chiedi alla struttura se ne ha una copia integra.
notice-preview-over-limit = { $n ->
    [one] { $n } immagine non ha l'anteprima: è troppo grande.
   *[other] { $n } immagini non hanno l'anteprima: sono troppo grandi.
}
    .advice = Nel pacchetto ci sono comunque in formato DICOM: per vederle serve un visualizzatore DICOM.
notice-no-preview = { $n ->
    [one] { $n } immagine non ha l'anteprima.
   *[other] { $n } immagini non hanno l'anteprima.
}
    .advice = Nel pacchetto ci sono comunque in formato DICOM: per vederle serve un visualizzatore DICOM.
notice-overlay-missing = { $n ->
    [one] { $n } immagine è mostrata senza un disegno che le appartiene: i dati del disegno si contraddicono.
   *[other] { $n } immagini sono mostrate senza un disegno che appartiene loro: i dati del disegno si contraddicono.
}
    .advice = Per cercarlo apri il file DICOM con un visualizzatore DICOM.
notice-segments-alone = { $n ->
    [one] { $n } immagine mostra regioni colorate senza l'immagine sulla quale sono state disegnate.
   *[other] { $n } immagini mostrano regioni colorate senza l'immagine sulla quale sono state disegnate.
}
    .advice = Quell'immagine non è nel pacchetto o non coincide nella posizione: un visualizzatore DICOM può mostrare entrambe.
notice-capped = { $n ->
    [one] Di { $n } sequenza lunga sono mostrati solo i primi fotogrammi.
   *[other] Di { $n } sequenze lunghe sono mostrati solo i primi fotogrammi.
}
    .advice = La sequenza intera è nel file DICOM: per vederla serve un visualizzatore DICOM.
notice-kept-compressed = { $n ->
    [one] { $n } oggetto resta compresso, come è stato ricevuto.
   *[other] { $n } oggetti restano compressi, come sono stati ricevuti.
}
    .advice = Se un programma non li apre, provane un altro: nulla è andato perduto.
notice-other = { $n ->
    [one] C'è { $n } annotazione sul contenuto.
   *[other] Ci sono { $n } annotazioni sul contenuto.
}
    .advice = I particolari sono nell'elenco completo dei file.
notice-box-no-decoder = compressione non gestita
notice-box-unsupported = formato non gestito
notice-box-damaged = dati danneggiati
notice-box-missing-pixels = dati incompleti
notice-box-over-limit = immagine troppo grande
notice-box-other = motivo non noto
notice-reports-only = { $n ->
    [one] Il pacchetto contiene solo i referti, come richiesto: { $n } oggetto DICOM dell'esame non è compreso.
   *[other] Il pacchetto contiene solo i referti, come richiesto: { $n } oggetti DICOM dell'esame, tra cui le immagini, non sono compresi.
}
    .advice = Per le immagini, scarica il pacchetto completo.
