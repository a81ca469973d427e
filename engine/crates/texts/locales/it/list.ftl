list-pages = Elenco delle serie
list-more-pages = Elenco delle serie, altre pagine
list-all-series = L'esame comprende { $n } serie, elencate in queste pagine:
list-some-series = Sono mostrate { $shown } serie di { $total }. Tutte le serie sono elencate in queste pagine:
list-range = Serie da { $first } a { $last } di { $total }
list-back = Elenco delle serie
