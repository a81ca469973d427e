accessibility-title = Accessibilità
accessibility-how = Questo portale è costruito secondo le regole di accessibilità WCAG 2.1, livello AA: si usa con la tastiera, ingrandito e senza JavaScript; rispetta i colori scuri, il contrasto elevato e il movimento ridotto scelti nel tuo dispositivo.
accessibility-known = Cosa non dipende dal portale
accessibility-known-how = I referti sono documenti PDF preparati dalla struttura e le immagini radiologiche non hanno una descrizione testuale: per il loro contenuto fa fede il referto del medico.
accessibility-tested = Come lo verifichiamo
accessibility-tested-how = A ogni modifica del programma ogni pagina, in italiano e in inglese, è controllata con axe-core: a più larghezze da 320 pixel in su, ingrandita del 200 %, con i colori chiari e scuri, con più contrasto e con i colori imposti dal sistema; è percorsa con la sola tastiera e usata anche senza JavaScript. Nessuno le ha ancora verificate con un lettore di schermo: il controllo automatico non sostituisce il giudizio delle persone.
accessibility-trouble = Trovi un ostacolo?
accessibility-trouble-how = Segnalalo alla struttura: indica la pagina, che cosa volevi fare e con quale dispositivo. Puoi sempre chiedere gli esiti allo sportello.
