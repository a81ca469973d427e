//! What the program says to people, in the language of the system: Italian or English.

use crate::{system, Trouble};

/// The language of the messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Words {
    /// Italian.
    Italian,
    /// English, for everybody else.
    English,
}

impl Words {
    /// The language of the system.
    pub fn of_system() -> Self {
        if system::is_italian() {
            Self::Italian
        } else {
            Self::English
        }
    }

    /// The title of message boxes.
    pub fn title(self) -> String {
        self.pick("Visualizzatore DICOM", "DICOM viewer").to_owned()
    }

    /// What is wrong, and what to do about it.
    pub fn about(self, trouble: &Trouble) -> String {
        match trouble {
            Trouble::NotUnpacked => self.pick(
                "Il visualizzatore non trova le immagini.\n\nEstrai prima tutti i file dal file ZIP \
                 (tasto destro sul file, «Estrai tutto»), apri la cartella estratta e avvia di nuovo \
                 _start.exe dalla cartella cdviewer.",
                "The viewer does not find the images.\n\nExtract all files from the ZIP file first (right \
                 click on the file, “Extract all”), open the extracted folder and start _start.exe again \
                 in the folder cdviewer.",
            ).to_owned(),
            Trouble::NoPort => self.pick(
                "Il visualizzatore non può usare la rete interna di questo computer: forse un programma di \
                 sicurezza lo impedisce.\n\nApri invece il file index.htm nella cartella cdviewer.",
                "The viewer cannot use the internal network of this computer: perhaps a security program \
                 forbids it.\n\nOpen the file index.htm in the folder cdviewer instead.",
            ).to_owned(),
            Trouble::NoSecret => self.pick(
                "Il sistema non fornisce numeri casuali: il visualizzatore non può proteggere le immagini e \
                 si chiude.\n\nApri invece il file index.htm nella cartella cdviewer.",
                "The system gives no random numbers: the viewer cannot protect the images and ends.\n\nOpen \
                 the file index.htm in the folder cdviewer instead.",
            ).to_owned(),
            Trouble::NoBrowser(address) => format!(
                "{}\n\n{address}",
                self.pick(
                    "Non è stato possibile aprire il browser. Apri tu un browser (per esempio Edge, Chrome o \
                     Firefox) e scrivi questo indirizzo, lasciando aperto questo messaggio:",
                    "The browser could not be opened. Open a browser yourself (for example Edge, Chrome or \
                     Firefox) and type this address, leaving this message open:",
                )
            ),
        }
    }

    fn pick(self, italian: &'static str, english: &'static str) -> &'static str {
        match self {
            Self::Italian => italian,
            Self::English => english,
        }
    }
}
