accessibility-title = Accessibilità
accessibility-how = Questo portale segue le regole di accessibilità WCAG 2.1, livello AA. Ogni pagina si può usare con la sola tastiera, con un lettore di schermo, ingrandita fino al 400 % e senza JavaScript; rispetta i colori scuri, il contrasto elevato e il movimento ridotto scelti nel tuo dispositivo.
accessibility-known = Cosa non dipende dal portale
accessibility-known-how = I referti sono documenti PDF preparati dalla struttura e le immagini radiologiche non hanno una descrizione testuale: per il loro contenuto fa fede il referto del medico.
accessibility-tested = Come lo verifichiamo
accessibility-tested-how = Le pagine sono controllate con axe-core in ogni stato e a più larghezze, da tastiera e con gli aspetti a contrasto elevato, a ogni modifica del programma. Questo controllo automatico non sostituisce il giudizio delle persone.
accessibility-trouble = Trovi un ostacolo?
accessibility-trouble-how = Segnalalo alla struttura: indica la pagina, che cosa volevi fare e con quale dispositivo. Puoi sempre chiedere gli esiti allo sportello.
