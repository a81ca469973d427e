//! Italian.

use super::{
    Counted, NoticeText, NoticeTexts, ObjectTexts, PageTexts, ReadmeTexts, ReportTexts, Texts,
};

const INCOMPLETE: &str = "Il pacchetto non è completo: chiedi alla struttura che ha eseguito \
    l'esame di prepararlo di nuovo.";
const NOTHING_TO_DO: &str = "Non manca alcuna immagine e non devi fare nulla.";
const OPEN_WITH_VIEWER: &str = "Nel pacchetto ci sono comunque in formato DICOM: per vederle serve \
    un visualizzatore DICOM.";
const ASK: &str = "Il file DICOM è nel pacchetto così come è stato ricevuto: chiedi alla struttura \
    se ne ha una copia integra.";

pub(super) const ITALIAN: Texts = Texts {
    page: PageTexts {
        title: "Esito radiologico",
        skip: "Vai al contenuto",
        institution_not_stated: "Struttura sanitaria non indicata",
        patient: "Paziente",
        name_not_stated: "Nome non indicato",
        birth_date: "Data di nascita",
        sex: "Sesso",
        patient_id: "ID",
        male: "Maschio",
        female: "Femmina",
        other_sex: "Altro",
        reports: "Referti",
        no_reports: "In questo pacchetto non c'è alcun referto. Per averlo rivolgiti alla \
            struttura che ha eseguito l'esame.",
        report: "Referto",
        report_page: "pagina Web",
        status: "Stato",
        preliminary: "Provvisorio",
        final_status: "Finale",
        withdrawn: "Ritirato",
        cancelled: "Annullato",
        document_only: "Solo come documento: non è tra i dati DICOM importabili.",
        studies: "Esami e immagini",
        no_studies: "In questo pacchetto non c'è alcun esame.",
        study_without_description: "Esame senza descrizione",
        untitled_series: "Serie senza numero",
        date: "Data",
        accession_number: "Numero di adesione",
        referring_physician: "Medico prescrivente",
        study_institution: "Sede di esecuzione",
        series: "Serie",
        images: Counted { one: "{n} immagine", many: "{n} immagini" },
        frames: Counted { one: "{n} fotogramma", many: "{n} fotogrammi" },
        objects: Counted { one: "{n} altro oggetto", many: "{n} altri oggetti" },
        body_part: "Distretto",
        no_images: "Nessuna immagine",
        preview_alt: "{series}: immagine {image} di {images}",
        image: "Immagine",
        frame: "fotogramma {frame} di {frames}",
        position: "posizione {mm} mm",
        no_preview: "Anteprima non disponibile",
        capped: "Sono mostrati i primi {shown} fotogrammi di {frames}: gli altri sono nel file \
            DICOM.",
        other_objects: "Altri oggetti DICOM della serie",
        dicom_file: "File DICOM",
        back: "Torna a tutti gli esami",
        pages: "Pagine",
        previous_series: "Serie precedente",
        next_series: "Serie successiva",
        not_for_diagnosis: "Immagini non per uso diagnostico",
        not_for_diagnosis_why: "Le immagini JPG sono per consultazione. Per la diagnosi il medico \
            usa i file DICOM, che si trovano in questo stesso pacchetto.",
        complete: Counted {
            one: "Il pacchetto è completo: contiene il solo oggetto DICOM previsto.",
            many: "Il pacchetto è completo: contiene tutti i {n} oggetti DICOM previsti.",
        },
        incomplete: "Il pacchetto NON è completo: contiene {received} dei {expected} oggetti DICOM \
            previsti. Chiedi alla struttura che ha eseguito l'esame di prepararlo di nuovo.",
        check_notices: "Il pacchetto contiene gli oggetti DICOM previsti, ma c'è un avviso \
            importante: leggilo qui sotto.",
        counts: "Oggetti DICOM previsti: {expected}; presenti: {received}; anteprime JPG: \
            {rendered}.",
        notices: "Avvisi",
        concerned: "Di quali oggetti si tratta",
        more_in_manifest: Counted {
            one: "e {n} altro: vedi l'elenco completo dei file",
            many: "e altri {n}: vedi l'elenco completo dei file",
        },
        how_to_open: "Se le immagini o il referto non si aprono",
        unpack: "devi decomprimere il file (estrarre tutti i file presenti nel file ZIP) e \
            lanciare il file {index} per accedere all'interfaccia Web, per consultare il referto \
            in formato PDF e le immagini in formato JPG.",
        own_viewer: "E' inoltre possibile visualizzare le immagini DICOM tramite un \
            visualizzatore DICOM in proprio possesso",
        own_or_bundled_viewer: "E' inoltre possibile visualizzare le immagini DICOM tramite un \
            visualizzatore DICOM in proprio possesso, oppure tramite il DICOM Viewer integrato \
            nel file ZIP",
        open_viewer: "Apri il visualizzatore DICOM",
        viewer_warning: "Il visualizzatore è un programma per Windows: il sistema può chiedere \
            una conferma prima di avviarlo.",
        importable: "Dati DICOM importabili",
        importable_caption: "Per il medico o il tecnico che importa il pacchetto: l'indice è il \
            file DICOMDIR.",
        study: "Esame",
        series_count: "Serie",
        dicom_objects: "Oggetti DICOM",
        total: "Totale (un paziente)",
        other_files: "Altri file del pacchetto",
        readme: "Istruzioni e informazioni",
        manifest: "Elenco completo dei file con le impronte SHA-256",
        made_by: "Pacchetto creato con {application} {version}.",
        contact: "Per informazioni",
        claim: "Contenuto organizzato secondo IHE PDI; File-set secondo DICOM PS3.10 su supporto \
            ZIP (PS3.12 Annex V), con contenuto idoneo a STD-GEN-CD.",
        claim_general: "Contenuto organizzato secondo IHE PDI; File-set secondo DICOM PS3.10 su \
            supporto ZIP (PS3.12 Annex V).",
        claim_syntaxes: "Sintassi di trasferimento",
        privacy: "Questo pacchetto contiene dati sanitari personali: conservalo con cura e \
            consegnalo solo a persone di fiducia.",
        object: ObjectTexts {
            pdf: "Documento PDF",
            document: "Documento",
            structured_report: "Referto strutturato",
            key_objects: "Selezione di immagini",
            presentation_state: "Impostazioni di visualizzazione",
            waveform: "Tracciato",
            radiotherapy: "Dati di radioterapia",
            raw_data: "Dati grezzi",
            other: "Oggetto DICOM",
        },
    },
    notice: NOTICES,
    readme: README,
    report: REPORT,
    modality,
};

const NOTICES: NoticeTexts = NoticeTexts {
    missing: NoticeText {
        what: Counted {
            one: "{n} oggetto DICOM previsto non è arrivato dall'archivio.",
            many: "{n} oggetti DICOM previsti non sono arrivati dall'archivio.",
        },
        advice: INCOMPLETE,
    },
    unreadable: NoticeText {
        what: Counted {
            one: "{n} file non è leggibile e non è nel pacchetto.",
            many: "{n} file non sono leggibili e non sono nel pacchetto.",
        },
        advice: INCOMPLETE,
    },
    truncated: NoticeText {
        what: Counted {
            one: "{n} file è tronco e non è nel pacchetto.",
            many: "{n} file sono tronchi e non sono nel pacchetto.",
        },
        advice: INCOMPLETE,
    },
    malformed: NoticeText {
        what: Counted {
            one: "{n} file è danneggiato e non è nel pacchetto.",
            many: "{n} file sono danneggiati e non sono nel pacchetto.",
        },
        advice: INCOMPLETE,
    },
    no_uid: NoticeText {
        what: Counted {
            one: "{n} file è privo di un identificativo indispensabile e non è nel pacchetto.",
            many: "{n} file sono privi di un identificativo indispensabile e non sono nel \
                pacchetto.",
        },
        advice: INCOMPLETE,
    },
    foreign_study: NoticeText {
        what: Counted {
            one: "{n} oggetto appartiene a un altro esame e non è nel pacchetto.",
            many: "{n} oggetti appartengono a un altro esame e non sono nel pacchetto.",
        },
        advice: "Segnalalo alla struttura che ha eseguito l'esame: deve controllare l'archivio.",
    },
    foreign_patient: NoticeText {
        what: Counted {
            one: "{n} oggetto è registrato con un altro paziente e non è nel pacchetto.",
            many: "{n} oggetti sono registrati con un altro paziente e non sono nel pacchetto.",
        },
        advice: "Segnalalo alla struttura che ha eseguito l'esame: deve controllare l'archivio.",
    },
    unknown_syntax: NoticeText {
        what: Counted {
            one: "{n} file è scritto in un formato sconosciuto e non è nel pacchetto.",
            many: "{n} file sono scritti in un formato sconosciuto e non sono nel pacchetto.",
        },
        advice: INCOMPLETE,
    },
    refused_over_limit: NoticeText {
        what: Counted {
            one: "{n} file supera i limiti di dimensione e non è nel pacchetto.",
            many: "{n} file superano i limiti di dimensione e non sono nel pacchetto.",
        },
        advice: INCOMPLETE,
    },
    refused: NoticeText {
        what: Counted {
            one: "{n} oggetto DICOM previsto non è nel pacchetto.",
            many: "{n} oggetti DICOM previsti non sono nel pacchetto.",
        },
        advice: INCOMPLETE,
    },
    left_out: NoticeText {
        what: Counted {
            one: "{n} oggetto tecnico dell'apparecchiatura non è nel pacchetto: altri programmi \
                non potrebbero leggerlo.",
            many: "{n} oggetti tecnici dell'apparecchiatura non sono nel pacchetto: altri \
                programmi non potrebbero leggerli.",
        },
        advice: NOTHING_TO_DO,
    },
    duplicate: NoticeText {
        what: Counted {
            one: "{n} oggetto è arrivato due volte, in copie identiche: nel pacchetto c'è una \
                volta sola.",
            many: "{n} oggetti sono arrivati più volte, in copie identiche: nel pacchetto ci sono \
                una volta sola.",
        },
        advice: NOTHING_TO_DO,
    },
    conflicting_duplicate: NoticeText {
        what: Counted {
            one: "{n} oggetto porta lo stesso identificativo di un altro ma è diverso: nel \
                pacchetto c'è solo il primo.",
            many: "{n} oggetti portano lo stesso identificativo di altri ma sono diversi: nel \
                pacchetto ci sono solo i primi.",
        },
        advice: "Segnalalo alla struttura che ha eseguito l'esame: deve controllare l'archivio.",
    },
    no_decoder: NoticeText {
        what: Counted {
            one: "{n} immagine non ha l'anteprima: la sua compressione non è gestita.",
            many: "{n} immagini non hanno l'anteprima: la loro compressione non è gestita.",
        },
        advice: OPEN_WITH_VIEWER,
    },
    unsupported: NoticeText {
        what: Counted {
            one: "{n} immagine non ha l'anteprima: il suo formato non è gestito.",
            many: "{n} immagini non hanno l'anteprima: il loro formato non è gestito.",
        },
        advice: OPEN_WITH_VIEWER,
    },
    damaged: NoticeText {
        what: Counted {
            one: "{n} immagine non ha l'anteprima: i suoi dati sono danneggiati.",
            many: "{n} immagini non hanno l'anteprima: i loro dati sono danneggiati.",
        },
        advice: ASK,
    },
    missing_pixels: NoticeText {
        what: Counted {
            one: "{n} immagine non ha l'anteprima: i suoi dati sono incompleti.",
            many: "{n} immagini non hanno l'anteprima: i loro dati sono incompleti.",
        },
        advice: ASK,
    },
    preview_over_limit: NoticeText {
        what: Counted {
            one: "{n} immagine non ha l'anteprima: è troppo grande.",
            many: "{n} immagini non hanno l'anteprima: sono troppo grandi.",
        },
        advice: OPEN_WITH_VIEWER,
    },
    no_preview: NoticeText {
        what: Counted {
            one: "{n} immagine non ha l'anteprima.",
            many: "{n} immagini non hanno l'anteprima.",
        },
        advice: OPEN_WITH_VIEWER,
    },
    capped: NoticeText {
        what: Counted {
            one: "Di {n} sequenza lunga sono mostrati solo i primi fotogrammi.",
            many: "Di {n} sequenze lunghe sono mostrati solo i primi fotogrammi.",
        },
        advice: "La sequenza intera è nel file DICOM: per vederla serve un visualizzatore DICOM.",
    },
    kept_compressed: NoticeText {
        what: Counted {
            one: "{n} oggetto resta compresso, come è stato ricevuto.",
            many: "{n} oggetti restano compressi, come sono stati ricevuti.",
        },
        advice: "Se un programma non li apre, provane un altro: nulla è andato perduto.",
    },
    other: NoticeText {
        what: Counted {
            one: "C'è {n} annotazione sul contenuto.",
            many: "Ci sono {n} annotazioni sul contenuto.",
        },
        advice: "I particolari sono nell'elenco completo dei file.",
    },
    box_no_decoder: "compressione non gestita",
    box_unsupported: "formato non gestito",
    box_damaged: "dati danneggiati",
    box_missing_pixels: "dati incompleti",
    box_over_limit: "immagine troppo grande",
    box_other: "motivo non noto",
};

const README: ReadmeTexts = ReadmeTexts {
    title: "ESITO RADIOLOGICO - ISTRUZIONI",
    institution: "Struttura",
    address: "Indirizzo",
    contact: "Contatto",
    not_stated: "non indicata",
    made_by: "Creato con",
    how_to_open: "COME SI APRE",
    unpack: "Dopo avere scaricato il file",
    start: "Con Windows: tasto destro sul file ZIP, \"Estrai tutto\", poi doppio clic su {index}. \
        Con macOS: doppio clic sul file ZIP, poi su {index}. Con telefono o tavoletta: apri il \
        file ZIP con l'app File, che ne estrae il contenuto, poi tocca {index}.",
    contents: "CONTENUTO",
    index: "pagina iniziale: referti, esami, avvisi",
    web_content: "pagine Web, immagini JPG, referti PDF",
    dicomdir: "indice dei file DICOM",
    dicom_files: "file DICOM (immagini e altri oggetti)",
    viewer: "visualizzatore DICOM; si avvia con {viewer}",
    manifest: "elenco di tutti i file con impronte SHA-256",
    requirements: "REQUISITI",
    requirements_web: "Le pagine si aprono con qualsiasi browser, anche senza connessione a \
        Internet e senza installare nulla.",
    requirements_viewer: "Il visualizzatore incluso funziona con Windows; il sistema può chiedere \
        una conferma prima di avviarlo.",
    notices: "AVVISI",
    no_notices: "Nessuno.",
    standards: "STANDARD",
    disclaimer: "AVVERTENZE",
};

const REPORT: ReportTexts = ReportTexts {
    completion: "Completezza",
    complete: "completo",
    partial: "parziale",
    verification: "Verifica",
    verified: "verificato",
    unverified: "non verificato",
    verified_by: "Verificato da {name}.",
    verified_by_on: "Verificato da {name}, {date}.",
    see_item: "vedi il punto {item}",
    image: "immagine con SOP Instance UID {uid}",
    object: "oggetto con SOP Instance UID {uid}",
    region: "regione indicata sull'immagine",
    interval: "intervallo di tempo indicato",
    not_shown: "valore di tipo {type}: si legge con un visualizzatore DICOM",
    is_cut: "Il documento continua: il testo intero è nel file DICOM.",
    origin: "Pagina ricavata dal documento strutturato DICOM contenuto nel pacchetto: fa fede il \
        documento originale.",
};

fn modality(code: &str) -> Option<&'static str> {
    Some(match code {
        "CR" | "DX" | "RG" => "Radiografia",
        "CT" => "Tomografia computerizzata (TC)",
        "MR" => "Risonanza magnetica",
        "US" | "IVUS" => "Ecografia",
        "MG" => "Mammografia",
        "PT" => "PET",
        "NM" => "Medicina nucleare",
        "XA" => "Angiografia",
        "RF" => "Radioscopia",
        "IO" | "PX" => "Radiografia dentale",
        "BMD" => "Densitometria ossea",
        "ES" => "Endoscopia",
        "ECG" => "Elettrocardiogramma",
        "OP" | "OPT" | "OAM" | "OPM" => "Oculistica",
        "SM" | "GM" => "Microscopia",
        "XC" => "Fotografia",
        "SC" | "OT" => "Altre immagini",
        "DOC" => "Documenti",
        "SR" => "Referti strutturati",
        "KO" => "Selezione di immagini",
        "PR" => "Impostazioni di visualizzazione",
        "SEG" => "Segmentazione",
        "REG" => "Registrazione",
        "RTIMAGE" | "RTDOSE" | "RTSTRUCT" | "RTPLAN" | "RTRECORD" => "Radioterapia",
        _ => return None,
    })
}
