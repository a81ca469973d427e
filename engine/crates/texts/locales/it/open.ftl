open-title = Come si apre
open-on-windows = Windows
open-on-macos = macOS
open-on-phone = Telefono o tablet
open-windows = fai clic con il tasto destro sul file ZIP, scegli "Estrai tutto", poi fai doppio clic su { $index } nella cartella estratta.
open-macos = fai doppio clic sul file ZIP, apri la cartella che compare, poi fai doppio clic su { $index }.
open-phone = apri il file ZIP con l'app File, che ne estrae il contenuto, poi tocca { $index }. Molti telefoni mostrano solo il testo di questa pagina, senza immagini e senza collegamenti: in questo caso apri i referti (file PDF) e le immagini (file JPG) direttamente dalla cartella IHE_PDI, oppure usa un computer.
open-unstyled = Se questa pagina appare senza colori e senza immagini, non trova il resto del pacchetto. Su un computer: estrai tutti i file dal file ZIP, poi apri questa pagina dalla cartella estratta. Su un telefono: apri i referti e le immagini dalla cartella IHE_PDI, oppure usa un computer.
