page-title = Esito radiologico
page-skip = Vai al contenuto
page-institution-not-stated = Struttura sanitaria non indicata
page-patient = Paziente
page-name-not-stated = Nome non indicato
page-sex = Sesso
page-patient-id = ID
page-male = Maschio
page-female = Femmina
page-other-sex = Altro
page-reports = Referti
page-no-reports = In questo pacchetto non c'è alcun referto. Per averlo rivolgiti alla struttura che ha eseguito l'esame.
page-report = Referto
page-report-page = pagina Web
page-status = Stato
page-preliminary = Provvisorio
page-final-status = Finale
page-withdrawn = Ritirato
page-cancelled = Annullato
page-document-only = Solo come documento: non è tra i dati DICOM importabili.
page-studies = Esami e immagini
page-no-studies = In questo pacchetto non c'è alcun esame.
page-study-without-description = Esame senza descrizione
page-untitled-series = Serie senza numero
page-date = Data
page-accession-number = Numero di adesione
page-referring-physician = Medico prescrivente
page-study-institution = Sede di esecuzione
page-series = Serie
page-images = { $n ->
    [one] { $n } immagine
   *[other] { $n } immagini
}
page-frames = { $n ->
    [one] { $n } fotogramma
   *[other] { $n } fotogrammi
}
page-objects = { $n ->
    [one] { $n } oggetto DICOM senza immagini
   *[other] { $n } oggetti DICOM senza immagini
}
page-body-part = Parte del corpo
page-window = Finestra
page-window-numbers = C { $center } L { $width }
page-window-varies = diversa da immagine a immagine
page-no-images = Nessuna immagine
page-preview-alt = { $series }: immagine { $image } di { $images }
page-image = Immagine
page-frame = fotogramma { $frame } di { $frames }
page-position = posizione { $mm } mm
page-no-preview = Anteprima non disponibile
page-capped = Sono mostrati i primi { $shown } fotogrammi di { $frames }: gli altri sono nel file DICOM.
page-segments = Regioni colorate delle immagini:
page-other-objects = Altri oggetti DICOM della serie
page-dicom-file = File DICOM
page-back = Torna a tutti gli esami
page-pages = Pagine
page-previous-series = Serie precedente
page-next-series = Serie successiva
page-not-for-diagnosis = Immagini non per uso diagnostico
page-not-for-diagnosis-why = Le immagini JPG sono per consultazione. Per la diagnosi il medico usa i file DICOM, che si trovano in questo stesso pacchetto.
page-complete = { $n ->
    [one] Il pacchetto è completo: contiene il solo oggetto DICOM previsto.
   *[other] Il pacchetto è completo: contiene tutti i { $n } oggetti DICOM previsti.
}
page-incomplete = Il pacchetto NON è completo: contiene { $received } dei { $expected } oggetti DICOM previsti. Chiedi alla struttura che ha eseguito l'esame di prepararlo di nuovo.
page-check-notices = Il pacchetto contiene gli oggetti DICOM previsti, ma c'è un avviso importante: leggilo qui sotto.
page-counts = Oggetti DICOM previsti: { $expected }; presenti: { $received }; anteprime JPG: { $rendered }.
page-notices = Avvisi
page-concerned = Di quali oggetti si tratta
page-more-in-manifest = { $n ->
    [one] e { $n } altro: vedi l'elenco completo dei file
   *[other] e altri { $n }: vedi l'elenco completo dei file
}
page-unpack = devi decomprimere il file (estrarre tutti i file presenti nel file ZIP) e lanciare il file { $index } per accedere all'interfaccia Web, per consultare il referto in formato PDF e le immagini in formato JPG.
page-own-viewer = E' inoltre possibile visualizzare le immagini DICOM tramite un visualizzatore DICOM in proprio possesso
page-own-or-bundled-viewer = E' inoltre possibile visualizzare le immagini DICOM tramite un visualizzatore DICOM in proprio possesso, oppure tramite il DICOM Viewer integrato nel file ZIP
page-open-viewer = Apri il visualizzatore DICOM
page-open-series-in-viewer = Apri la serie nel visualizzatore DICOM
page-viewer-program = Su Windows puoi anche avviare { $program }, che mostra subito le immagini: il sistema può chiedere una conferma.
page-importable = Dati DICOM importabili
page-importable-caption = Per il medico o il tecnico che importa il pacchetto: l'indice è il file DICOMDIR.
page-study = Esame
page-series-count = Serie
page-dicom-objects = Oggetti DICOM
page-total = Totale (un paziente)
page-other-files = Altri file del pacchetto
page-readme = Istruzioni e informazioni
page-manifest = Elenco completo dei file con le impronte SHA-256
page-made-by = Pacchetto creato con { $application } { $version }.
page-contact = Per informazioni
page-claim = Contenuto organizzato secondo IHE PDI; File-set secondo DICOM PS3.10 su supporto ZIP (PS3.12 Annex V), con contenuto idoneo a STD-GEN-CD.
page-claim-general = Contenuto organizzato secondo IHE PDI; File-set secondo DICOM PS3.10 su supporto ZIP (PS3.12 Annex V).
page-claim-documents = Il pacchetto contiene solo documenti: nessun oggetto DICOM, e quindi nessun DICOMDIR.
page-claim-syntaxes = Sintassi di trasferimento
page-privacy = Questo pacchetto contiene dati sanitari personali: conservalo con cura e consegnalo solo a persone di fiducia.
page-born = { $sex ->
    [male] Nato { $date }
    [female] Nata { $date }
   *[other] Nato/a { $date }
}
page-age-years = { $years }a
page-age-months = { $months ->
    [one] { $months } mese
   *[other] { $months } mesi
}
page-born-not-stated = Data di nascita non indicata
page-this-language = Italiano
page-language = Lingua
