enter-title = Esito condiviso con te
enter-says = Un paziente ha condiviso con te un suo esito radiologico. Per aprirlo serve il PIN di 6 cifre.
enter-where = Il PIN ti arriva separatamente: con un'altra e-mail, con un SMS, o dal paziente stesso.
enter-submit = Apri l'esito
enter-wrong = { $left ->
    [0] PIN errato.
    [one] PIN errato. Puoi fare ancora un tentativo prima di una pausa.
   *[other] PIN errato. Puoi fare ancora { $left } tentativi prima di una pausa.
}
enter-pause = Troppi tentativi
enter-pause-says = PIN errato. Per sicurezza puoi riprovare dopo le { $moment }.
enter-pause-advice = Se non trovi il PIN, chiedilo al paziente. Il collegamento resta valido.
enter-again = Riprova
enter-frozen = Condivisione bloccata
enter-frozen-says = Il PIN è stato sbagliato troppe volte: per sicurezza nessuno può più aprire questo esito.
enter-frozen-advice = Il paziente è stato avvisato: chiedigli di riattivare la condivisione.
enter-nothing = Questa condivisione non è disponibile
enter-nothing-says = Il collegamento non è valido, è scaduto o è stato revocato.
enter-nothing-advice = Chiedi al paziente di condividere di nuovo l'esito: riceverai un nuovo collegamento.
enter-shared-by = Condiviso con te da { $name }, fino al { $moment }.
enter-tell = Avvisami per e-mail quando è disponibile: { $name }
