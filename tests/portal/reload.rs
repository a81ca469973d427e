//! SIGHUP changes the level of the log, the tokens of administrators and the identity provider at once.

use crate::server::{Portal, configure, free_port, get, private};
use crate::support::Workplace;

const OLD: &str = "0123456789abcdef0123456789abcdef";
const NEW: &str = "fedcba9876543210fedcba9876543210";

#[test]
fn a_hang_up_changes_tokens_and_the_level_of_the_log() {
    let workplace = Workplace::empty();
    let folder = workplace.target();
    let port = free_port();
    let listen = format!("listen = '127.0.0.1:{port}'\naddress = 'http://127.0.0.1:{port}'");
    let admin = "[admin]\nlisten = '127.0.0.1:0'\n[[admin.tokens]]\nname = 'his'\ntoken_file = 'token'\n\
        scopes = ['persons:read']\n";
    private(&folder.join("token"), OLD);
    let config = configure(&folder, &listen, admin);
    let portal = Portal::start(&config);
    let asked = |token: &str| {
        let header = format!("Authorization: Bearer {token}");
        get(&format!("http://{}/v1/persons", portal.admin), &["-H", &header]).0
    };
    let visit = |name: &str| get(&format!("http://{}/{name}", portal.listen), &[]);
    assert_eq!((asked(OLD), asked(NEW)), (200, 401));
    visit("nothing");
    portal.wait_for("\"route\":\"none\"");
    // The file alone is another one; then the level too.
    private(&folder.join("token"), NEW);
    portal.signal("HUP");
    portal.wait_for("the configuration was read again\"");
    assert_eq!((asked(OLD), asked(NEW)), (401, 200));
    let text = std::fs::read_to_string(&config).expect("the configuration");
    std::fs::write(&config, text.replace("level = 'debug'", "level = 'error'")).expect("written");
    portal.signal("HUP");
    // What it says of that itself is below the new level.
    let answered = || portal.log().matches("\"answered\"").count();
    let quiet = (0..100).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(50));
        let before = answered();
        visit("nothing");
        std::thread::sleep(std::time::Duration::from_millis(20));
        answered() == before
    });
    assert!(quiet, "{}", portal.log());
    let text = std::fs::read_to_string(&config).expect("the configuration");
    let format = text.replace("level = 'error'", "level = 'info'").replace("'json'", "'text'");
    std::fs::write(&config, format).expect("written");
    portal.signal("HUP");
    portal.wait_for("\"sections\":\"log\"");
}

#[test]
fn a_hang_up_puts_another_identity_provider_in_place_or_none() {
    let workplace = Workplace::empty();
    let folder = workplace.target();
    let port = free_port();
    let listen = format!("listen = '127.0.0.1:{port}'\naddress = 'http://127.0.0.1:{port}'");
    let oidc = |issuer: &str, name: &str| {
        format!(
            "[oidc]\nissuer = '{issuer}'\nclient_id = 'esito'\nclaim = 'sub'\nmatch = 'subject'\n\
             name_it = '{name}'\nname_en = '{name}'\n"
        )
    };
    let local = format!("http://127.0.0.1:{}", free_port());
    let portal = Portal::start(&configure(&folder, &listen, ""));
    let login = || get(&format!("http://{}/login", portal.listen), &[]).1;
    assert!(!login().contains("/login/provider"));
    let again = |more: &str, said: &str| {
        let before = portal.log().matches(said).count();
        configure(&folder, &listen, more);
        portal.signal("HUP");
        while portal.log().matches(said).count() == before {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    };
    let read = "the configuration was read again\"";
    again(&oidc(&local, "Entra di qui"), read);
    assert!(login().contains("Entra di qui"), "{}", login());
    // It is asked at once, and it is not there.
    portal.wait_for("the identity provider cannot be used");
    again(&oidc("http://id.example.org", "In chiaro"), "the old one stays");
    assert!(login().contains("Entra di qui"));
    again("", read);
    assert!(!login().contains("/login/provider"));
}
