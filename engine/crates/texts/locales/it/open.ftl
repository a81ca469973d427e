open-title = Come si apre
open-windows = Windows: fai clic con il tasto destro sul file ZIP, scegli "Estrai tutto", poi fai doppio clic su { $index } nella cartella estratta.
open-macos = macOS: fai doppio clic sul file ZIP, apri la cartella che compare, poi fai doppio clic su { $index }.
open-phone = Telefono o tablet: apri il file ZIP con l'app File, che ne estrae il contenuto, poi tocca { $index }. Se il telefono non mostra le immagini, usa un computer.
open-unstyled = Stai leggendo questa pagina senza il resto del pacchetto: il file ZIP non è stato estratto. Estrai tutti i file, poi apri di nuovo questa pagina dalla cartella estratta.
