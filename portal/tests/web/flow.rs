//! What people do: log in, change and recover a password, look at a profile, log out.

use jiff::SignedDuration;
use portal::{Origin, Password};

use crate::screens::assert_shown;
use crate::server::{GOOD, Options, Server};

const BETTER: &str = "Collina-Verde&42";

#[test]
fn the_first_login_leads_to_a_new_password_and_nowhere_else() {
    let server = Server::start();
    let (person, first) = server.enrol("maria");
    let mut browser = server.browser();
    assert_eq!(browser.get("/").location(), "/login");
    assert_eq!(browser.log_in("maria", &first).location(), "/password");
    let profile = format!("/persons/{person}/profile");
    for path in ["/", &profile, "/password/changed"] {
        assert_eq!(browser.get(path).location(), "/password", "{path}");
    }
    let page = browser.get("/password").text();
    assert_shown(
        &page,
        &[
            (
                "S-012",
                "Importante: se è la prima volta che accedi all'applicazione è obbligatorio cambiare la Password",
            ),
            ("S-041", "<h1>Modifica password</h1>"),
            ("S-041", "Scegliere una nuova password per l'account."),
            ("S-041", "Per garantire che l'accesso sia sicuro, la password deve:"),
            ("S-042", "avere almeno 8 caratteri"),
            ("S-043", "contenere almeno un carattere maiuscolo (A-Z)"),
            ("S-044", "contenere almeno un carattere minuscolo (a-z)"),
            ("S-045", "contenere almeno un numero (0-9)"),
            ("S-046", "contenere almeno un simbolo (!@#$%^&*)"),
            ("S-047", ">Vecchia password *</label>"),
            ("S-047", ">Nuova password *</label>"),
            ("S-047", ">Conferma password *</label>"),
            ("S-047", "placeholder=\"Vecchia password\""),
            ("S-047", "placeholder=\"Nuova password\""),
            ("S-047", "placeholder=\"Conferma password\""),
            ("S-047", "class=\"show\" hidden aria-controls=\"confirm\""),
            ("S-048", "Inserisci la Vecchia password e due volte quella nuova."),
            ("S-048", ">Modifica password</button>"),
            ("S-048", ">Annulla</button>"),
        ],
    );
    let change = |browser: &mut crate::browser::Browser, old: &str, new: &str, confirm: &str| {
        browser.post("/password", &[("old", old), ("new", new), ("confirm", confirm)])
    };
    for (old, new, confirm, said) in [
        (first.as_str(), GOOD, BETTER, "Le due nuove password non sono uguali."),
        ("wrong", GOOD, GOOD, "La vecchia password non è corretta."),
        (&first, "short", "short", "La nuova password non può essere accettata."),
        (&first, &first, &first, "La nuova password è uguale alla vecchia"),
    ] {
        let answer = change(&mut browser, old, new, confirm);
        assert_eq!(answer.status, 422);
        assert!(answer.body.contains(said), "{said}\n{}", answer.body);
        assert!(!answer.body.contains(new), "the page holds a password");
    }
    assert_eq!(change(&mut browser, &first, GOOD, GOOD).location(), "/password/changed");
    assert_eq!(browser.get("/password/changed").status, 200);
    let results = format!("/persons/{person}/results");
    assert_eq!(browser.get("/").location(), results);
    assert_shown(
        &browser.get(&results).body,
        &[("S-040", "<a href=\"/password\">Modifica Password</a>")],
    );
    assert_eq!(browser.get("/login").location(), "/");
    let mut other = server.browser();
    assert_eq!(other.log_in("maria", &first).status, 401);
    assert_eq!(other.log_in("MARIA ", GOOD).location(), "/");
}

#[test]
fn a_profile_says_what_is_known_and_what_is_not() {
    let server = Server::start();
    let (person, mut browser) = server.settled("maria");
    let page = browser.get(&format!("/persons/{person}/profile")).body;
    assert_shown(
        &page,
        &[
            ("S-050", "<h1>Info paziente</h1>"),
            ("S-051", "<dt>Operatore sanitario principale</dt><dd><bdi>Non disponibile"),
            ("S-051", "<dt>Persona di contatto</dt><dd><bdi>Non disponibile"),
            ("S-051", "<p class=\"avatar\" aria-hidden=\"true\">MR</p>"),
            ("S-051", "<bdi>ROSSI, maria TEST</bdi> (Femmina)"),
            ("S-051", "<bdi>maria TEST ROSSI</bdi></span><span class=\"chevron\">"),
            ("S-052", ">Dettagli base</h2>"),
            ("S-052", "<dt>Sesso</dt><dd>Femmina"),
            ("S-052", "<dt>Data di nascita</dt><dd>24 gen 1986"),
            ("S-052", "<bdi>24 gen 1986</bdi> (40a)"),
            ("S-052", "<dt>Stato civile</dt><dd><bdi>Non disponibile"),
            ("S-053", ">Numeri di telefono</h2>"),
            ("S-053", "<dt>Cellulare</dt><dd><bdi>+390000000000"),
            ("S-054", ">Indirizzo e-mail</h2>"),
            ("S-054", "<dt>Casa</dt><dd><bdi>posta@example.org"),
            ("S-055", ">Indirizzo</h2>"),
            ("S-055", "<bdi>Nessun indirizzo disponibile</bdi>"),
            ("S-056", "Non disponibile"),
        ],
    );
    // It can be read only: the forms are those of every page.
    assert_eq!(page.matches("<form").count(), 3, "{page}");
}

#[test]
fn logging_out_ends_this_session_and_elsewhere_all_others() {
    let server = Server::start();
    let (_, mut here) = server.settled("maria");
    let mut there = server.browser();
    assert_eq!(there.log_in("maria", GOOD).location(), "/");
    there.get("/password");
    here.get("/password");
    assert_eq!(here.post("/logout/elsewhere", &[]).location(), "/logout/elsewhere");
    assert!(here.get("/logout/elsewhere").body.contains("accedere di nuovo"));
    assert_eq!(there.get("/").location(), "/login");
    here.get("/password");
    let before = here.cookies.clone();
    assert_eq!(here.post("/logout", &[]).location(), "/login");
    here.cookies = before;
    assert_eq!(here.get("/").location(), "/login", "the old cookie is worth nothing");
}

#[test]
fn a_session_ends_without_use_and_at_last_in_any_case() {
    let server = Server::start();
    let (_, mut browser) = server.settled("maria");
    for _ in 0..24 {
        server.clock.advance(SignedDuration::from_mins(19));
        assert_eq!(browser.get("/password").status, 200);
    }
    server.clock.advance(SignedDuration::from_mins(19));
    server.clock.advance(SignedDuration::from_mins(19));
    assert_eq!(browser.get("/password").location(), "/login");
    browser.log_in("maria", GOOD);
    for _ in 0..25 {
        assert_eq!(browser.get("/password").status, 200);
        server.clock.advance(SignedDuration::from_mins(19));
    }
    server.clock.advance(SignedDuration::from_mins(19));
    assert_eq!(browser.get("/password").location(), "/login");
}

/// A list that is asked for, a report that is prepared, images that come.
#[test]
fn what_a_page_asks_by_itself_keeps_no_session_alive() {
    let server = Server::start();
    let (maria, mut browser) = server.with_orders("maria", "", 1);
    let shared = server.share_with(&maria, &["verdi@example.org"]);
    let mut verdi = server.recipient(&shared, 0);
    let mut ask = |query: &str| {
        server.clock.advance(SignedDuration::from_mins(15));
        let list = browser.get(&format!("/persons/{}/results{query}", maria.id));
        let order = verdi.get(&format!("{}{query}", shared.path("")));
        [list.status, order.status]
    };
    for query in ["", "", "?again"] {
        assert_eq!(ask(query), [200, 200], "{query}");
    }
    assert_eq!(ask("?again"), [303, 404], "nobody used them for half an hour");
}

#[test]
fn a_session_outlives_the_server() {
    let server = Server::start();
    let (_, mut before) = server.settled("maria");
    assert_eq!(before.get("/password").status, 200);
    let again = Server::start_in(server.left(), Options::default());
    let mut after = again.browser();
    after.cookies = before.cookies;
    assert_eq!(after.get("/password").status, 200);
}

/// S-020, S-022.
#[test]
fn a_password_is_recovered_with_the_code_of_an_sms() {
    let server = Server::start();
    let (_, mut before) = server.settled("maria");
    let mut browser = server.browser();
    browser.get("/recovery");
    let page = browser.post("/recovery/password", &[("user_name", "maria")]);
    assert_eq!(page.status, 200);
    let code = code_by_sms(&server);
    let mut set = |code: &str, new: &str| {
        let fields = [("user_name", "maria"), ("code", code), ("new", new), ("confirm", new)];
        browser.post("/recovery/code", &fields)
    };
    let wrong = if code == "00000000" { "00000001" } else { "00000000" };
    let answer = set(wrong, BETTER);
    assert_eq!(answer.status, 422);
    assert!(answer.body.contains("Il codice non è corretto o è scaduto."));
    assert_eq!(set(&code, "maria").status, 422);
    assert_eq!(set(&code, BETTER).location(), "/recovery/changed");
    assert_eq!(set(&code, GOOD).status, 422, "a code serves once");
    assert_eq!(before.get("/").location(), "/login", "sessions from before have ended");
    assert_eq!(server.browser().log_in("maria", BETTER).location(), "/");
}

/// Also while strangers who know the user name ask for codes, and try them.
#[test]
fn a_password_is_recovered_in_a_known_browser_whatever_strangers_do() {
    let server = Server::start();
    let (_, mut known) = server.settled("maria");
    known.get("/password");
    known.post("/logout", &[]);
    let accounts = &server.services.accounts;
    let stranger = |number: u8| Origin([203, 0, 113, number].into());
    for number in 0..25 {
        server.wait(accounts.send_code("maria", stranger(number), None)).unwrap();
    }
    server.messages();
    let mut unknown = server.browser();
    for browser in [&mut unknown, &mut known] {
        browser.get("/recovery");
        browser.post("/recovery/password", &[("user_name", "maria")]);
    }
    let code = code_by_sms(&server);
    for number in 0..20 {
        let new = Password::new(BETTER);
        let from = stranger(number);
        server.wait(accounts.recover_password("maria", "00000000", new, from, None)).unwrap();
    }
    let fields = [("user_name", "maria"), ("code", &*code), ("new", BETTER), ("confirm", BETTER)];
    unknown.get("/recovery");
    assert_eq!(unknown.post("/recovery/code", &fields).status, 422);
    assert_eq!(known.post("/recovery/code", &fields).location(), "/recovery/changed");
    let mut more = server.messages().into_iter().filter_map(|message| message.content);
    assert!(!more.any(|content| content.text.contains("nuova password è")));
}

/// The code that was sent behind an answer.
fn code_by_sms(server: &Server) -> String {
    poll(|| {
        let messages = server.messages();
        let text = &messages.first()?.content.as_ref()?.text;
        Some(text.split("nuova password è ").nth(1)?.split(' ').next()?.to_owned())
    })
}

/// S-021.
#[test]
fn a_user_name_is_recovered_by_mail() {
    let server = Server::start();
    server.settled("maria");
    let mut browser = server.browser();
    browser.get("/recovery");
    let sent = browser.post("/recovery/user-name", &[("email", "Maria@example.org")]);
    assert_eq!(sent.location(), "/recovery/sent");
    let text = poll(|| Some(server.messages().first()?.content.as_ref()?.text.clone()));
    assert!(text.contains("Nome utente: maria"), "{text}");
}

/// Waits for what is done behind an answer.
fn poll<T>(mut look: impl FnMut() -> Option<T>) -> T {
    for _ in 0..200 {
        if let Some(found) = look() {
            return found;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    panic!("it did not come")
}

/// S-032.
#[test]
fn a_chosen_language_stays_and_stands_over_that_of_browser_and_account() {
    let server = Server::start();
    let (person, mut browser) = server.settled("maria");
    let profile = format!("/persons/{person}/profile");
    assert!(browser.get(&profile).body.contains("<html lang=\"it\">"));
    let chosen = browser.post("/language", &[("language", "en"), ("back", &profile)]);
    assert_eq!(chosen.location(), profile);
    assert!(browser.get(&profile).body.contains("<h1>Patient information</h1>"));
    let chosen = browser.post("/language", &[("language", "it"), ("back", "//evil.example")]);
    assert_eq!(chosen.location(), "/");
    assert_eq!(browser.post("/language", &[("language", "xx"), ("back", "/")]).status, 400);
    let mut stranger = server.browser();
    stranger.headers.push(("accept-language", "de, en-GB;q=0.8, it;q=0.5".to_owned()));
    let page = stranger.get("/login");
    assert!(page.body.contains("<h1>Login</h1>"));
    assert_eq!(page.header("content-language"), "en");
}

#[test]
fn messages_are_in_the_language_that_was_chosen_last_in_the_portal() {
    let server = Server::start();
    let (_, mut browser) = server.settled("maria");
    let asked_for = |language: &str| {
        let mut stranger = server.browser();
        // Who asks without being known changes nothing for whoever the account is of.
        stranger.headers.push(("accept-language", "de".to_owned()));
        stranger.get("/recovery");
        stranger.post("/language", &[("language", "en"), ("back", "/recovery")]);
        stranger.post("/recovery/user-name", &[("email", "maria@example.org")]);
        let message = poll(|| server.messages().into_iter().next());
        let text = &message.content.as_ref().unwrap().text;
        assert_eq!(text.contains("User name: maria"), language == "en", "{text}");
        // Only so many are sent within some time.
        server.clock.advance(SignedDuration::from_mins(15));
    };
    asked_for("it");
    browser.get("/password");
    browser.post("/language", &[("language", "en"), ("back", "/")]);
    asked_for("en");
    // Who chose before logging in chose too.
    let mut other = server.browser();
    other.get("/login");
    other.post("/language", &[("language", "it"), ("back", "/login")]);
    other.log_in("maria", GOOD);
    asked_for("it");
    // A browser in which nothing was chosen, whatever it asks for, leaves it at that.
    let mut english = server.browser();
    english.headers.push(("accept-language", "en".to_owned()));
    english.log_in("maria", GOOD);
    asked_for("it");
    let changes = store::EventQuery { action: Some("account.".to_owned()), ..Default::default() };
    let changes = server.wait(server.services.store.events(changes, 99)).unwrap();
    let actions: Vec<_> = changes.iter().map(|one| one.event.action.as_str()).collect();
    assert_eq!(actions, ["account.add", "account.language", "account.language"]);
}

/// Whoever floods an account, or a network that many share, holds up no browser that logged in before.
#[test]
fn a_known_browser_does_not_wait_for_strangers() {
    let server = Server::start();
    let (_, mut known) = server.settled("maria");
    server.settled("anna");
    known.get("/password");
    known.post("/logout", &[]);
    let mut stranger = server.browser();
    stranger.get("/login");
    let guess = |browser: &mut crate::browser::Browser, name: &str| {
        browser.post("/login", &[("user_name", name), ("password", "x")]).status
    };
    for number in 0..201 {
        guess(&mut stranger, &format!("nobody.{number}"));
    }
    for _ in 0..6 {
        guess(&mut stranger, "maria");
    }
    assert_eq!(guess(&mut stranger, "maria"), 429);
    assert_eq!(server.browser().log_in("anna", GOOD).status, 429, "a new browser waits");
    assert_eq!(known.log_in("maria", GOOD).location(), "/");
    // What is known for one account is worth nothing for another, and gives no free guesses.
    known.get("/password");
    known.post("/logout", &[]);
    assert_eq!(known.log_in("anna", GOOD).status, 429);
    let mut forged = server.browser();
    let device = known.cookies["__Host-esito-device"].replace('.', ".0");
    forged.cookies.insert("__Host-esito-device".to_owned(), device);
    assert_eq!(forged.log_in("maria", GOOD).status, 429);
    let statuses: Vec<_> = (0..7).map(|_| guess(&mut known, "maria")).collect();
    assert_eq!(statuses, [401, 401, 401, 401, 401, 401, 429]);
}

/// What a browser is known by ends, so that a copy of it does too.
#[test]
fn a_browser_is_known_for_half_a_year() {
    let server = Server::start();
    let (_, browser) = server.settled("maria");
    let device = browser.cookies["__Host-esito-device"].clone();
    let known_after = |days: i64, device: &str| {
        server.clock.advance(SignedDuration::from_hours(24 * days));
        let mut stranger = server.browser();
        for _ in 0..7 {
            stranger.log_in("maria", "x");
        }
        assert_eq!(stranger.log_in("maria", GOOD).status, 429);
        let mut copy = server.browser();
        copy.cookies.insert("__Host-esito-device".to_owned(), device.to_owned());
        copy.log_in("maria", GOOD).status == 303
    };
    assert!(known_after(179, &device));
    // A later day on it is no day of ours.
    let parts: Vec<_> = device.split('.').collect();
    let day: i64 = parts[1].parse().unwrap();
    assert!(!known_after(2, &device));
    assert!(!known_after(0, &format!("{}.{}.{}", parts[0], day + 100, parts[2])));
}
