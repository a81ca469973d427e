//! Each string of the reference portal, by its number, on the page that it belongs to.

use rstest::rstest;

use crate::server::Server;

/// Fails for each string that the page does not have.
pub(crate) fn assert_shown(page: &str, strings: &[(&str, &str)]) {
    let lost: Vec<_> = strings.iter().filter(|(_, string)| !page.contains(string)).collect();
    assert!(lost.is_empty(), "{lost:?}\n{page}");
}

#[test]
fn the_login_page_is_that_of_the_reference() {
    let server = Server::start();
    let mut browser = server.browser();
    let page = browser.get("/login").text();
    assert_shown(
        &page,
        &[
            ("S-001", "Portale web per il download dell'esito radiologico"),
            (
                "S-002",
                "Il portale paziente fornisce l'accesso agli esiti radiologici (referti e relative immagini) e alle informazioni riguardanti il profilo utente.",
            ),
            ("S-010", "<h1>Accesso (Login)</h1>"),
            ("S-011", "Nome utente ricevuto via e-mail e la Password ricevuta via SMS"),
            (
                "S-012",
                "Importante: se è la prima volta che accedi all'applicazione è obbligatorio cambiare la Password tramite l'apposita finestra che si aprirà automaticamente.",
            ),
            ("S-013", ">Nome utente</label>"),
            ("S-013", ">Password</label>"),
            ("S-014", "<a href=\"/recovery\">Password/ID utente dimenticato?</a>"),
            ("S-030", "La mia salute"),
            ("S-031", "href=\"/help\""),
            ("S-032", "name=\"language\" value=\"en\""),
        ],
    );
    let page = browser.get("/recovery").text();
    assert_shown(
        &page,
        &[("S-020", "Recupero della Password"), ("S-021", "Recupero del Nome utente")],
    );
}

#[test]
fn the_shell_the_list_and_an_order_are_those_of_the_reference() {
    let server = Server::start();
    let (maria, mut browser) = server.with_orders("maria", "", 2);
    let list = browser.get(&format!("/persons/{}/results", maria.id)).text();
    assert_shown(
        &list,
        &[
            ("S-007", "<bdi>24 gen 1986</bdi> (40a)"),
            ("S-015", ">Esci</button>"),
            ("S-030", "<img src=\"/assets/logo"),
            ("S-031", "href=\"/notifications\""),
            ("S-033", ">Modifica Password</a>"),
            ("S-034", "<bdi>ROSSI, maria TEST</bdi> (Femmina)"),
            ("S-034", "<dt>Nata</dt>"),
            ("S-034", "<dt>Telefono</dt><dd><bdi>+390000000000"),
            ("S-035", ">Risultati</a>"),
            ("S-035", ">Profilo</a>"),
            (
                "S-060",
                "Utilizza la pagina dei Risultati per visualizzare e ricercare i tuoi esiti radiologici",
            ),
            ("S-061", "Usa il campo cerca per ricercare i tuoi esami."),
            ("S-061", "placeholder=\"Cerca\""),
            ("S-062", "Filtra e ordina"),
            ("S-063", ">Descrizione</button>"),
            ("S-063", ">Tipo</button>"),
            ("S-063", ">Stato ordine</button>"),
            ("S-063", ">Data ordine</button>"),
            ("S-063", ">Sede di esecuzione</button>"),
            ("S-063", ">Immagine/ Referto</th>"),
            ("S-064", "Radiologia"),
            ("S-065", "Visualizza stato test (1)"),
            ("S-066", "<a class=\"report\" href=\"/persons/"),
        ],
    );
    let path = format!("/persons/{}/orders/{}", maria.id, server.order_of(&maria));
    let order = browser.get(&path).text();
    assert_shown(
        &order,
        &[
            ("S-006", "Dettagli ordine"),
            ("S-036", "<a class=\"round\" href=\"/persons/"),
            ("S-071", "<dt>Data ordine</dt>"),
            ("S-071", "<dt>Numero ordine</dt>"),
            ("S-071", "<dt>Medico prescrivente</dt>"),
            ("S-071", "<dt>Stato ordine</dt><dd>Finale</dd>"),
            ("S-071", "<dt>Sede di esecuzione</dt>"),
            ("S-072", "<details class=\"card examination\" open>"),
            ("S-072", "Numero di adesione: <bdi>"),
            ("S-073", "Dettagli referto"),
            ("S-073", "<dt>Stato</dt><dd>Finale</dd>"),
            ("S-073", "<dt>Immagini e documenti</dt><dd>2</dd>"),
        ],
    );
}

#[rstest]
#[case::italian(
    "it",
    "Utilizzatore: Paziente",
    "Utilizzatore: Destinatario di un esito radiologico condiviso da un Paziente",
    "Panoramica dell'applicazione"
)]
#[case::english("en", "User: patient", "User: recipient", "The application at a glance")]
fn the_guide_has_a_part_for_patients_and_one_for_recipients(
    #[case] language: &str,
    #[case] patient: &str,
    #[case] recipient: &str,
    #[case] overview: &str,
) {
    let server = Server::start();
    let mut browser = server.browser();
    browser.get("/help");
    browser.post("/language", &[("language", language), ("back", "/help")]);
    let page = browser.get("/help").text();
    assert_shown(
        &page,
        &[
            ("S-003", patient),
            ("S-003", recipient),
            ("S-004", "<section class=\"recipient\""),
            ("S-008", ">> "),
            ("S-038", overview),
            ("S-038", "<img class=\"picture\" src=\"/assets/guide/"),
            ("S-141", "index.htm"),
        ],
    );
    // A table of contents leads to what is there.
    for target in page.split("href=\"#").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert!(page.contains(&format!("id=\"{target}\"")), "{target}");
    }
    for (path, words) in [("/accessibility", "WCAG 2.1"), ("/privacy", "Cookie")] {
        assert!(browser.get(path).body.contains(words), "{path}");
    }
}
