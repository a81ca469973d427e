//! Every route × no token, a wrong one, one without its scope, one with it alone.

use serde_json::{Value, json};

use crate::server::{SCOPES, Site, token};
use crate::support::run;

/// A route of the description, with identifiers of nothing in its path.
pub(crate) struct Route {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) id: String,
    /// None where any token will do.
    pub(crate) scope: Option<String>,
}

/// The routes, as `esito openapi` tells them.
pub(crate) fn routes() -> Vec<Route> {
    let told = run::esito(&["openapi"]).finish().expect_code(&[0]);
    let document: Value = serde_json::from_slice(&told.stdout).expect("JSON");
    let mut routes = Vec::new();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            let path: Vec<_> =
                path.split('/')
                    .map(|part| {
                        if part.starts_with('{') {
                            "0123456789abcdef0123456789abcdef"
                        } else {
                            part
                        }
                    })
                    .collect();
            let scopes = operation["security"][0]["token"].as_array().expect("scopes");
            assert!(scopes.len() < 2, "{operation}");
            routes.push(Route {
                method: method.to_uppercase(),
                path: path.join("/"),
                id: operation["operationId"].as_str().expect("an identifier").to_owned(),
                scope: scopes.first().map(|scope| scope.as_str().expect("a scope").to_owned()),
            });
        }
    }
    assert!(routes.len() > 25, "only {}", routes.len());
    routes
}

#[test]
fn a_route_is_served_to_those_who_have_its_scope_and_nobody_else() {
    let site = Site::new();
    let server = site.serve();
    let mut used = std::collections::BTreeSet::new();
    for Route { method, path, scope, id } in routes() {
        let nobody = server.send(&method, &path, "", b"").unwrap();
        assert_eq!(nobody.status, 401, "{id} without a token");
        assert_eq!(nobody.headers["www-authenticate"], "Bearer");
        assert_eq!(nobody.headers["content-type"], "application/problem+json");
        for odd in ["Basic dGVzdDp0ZXN0", "Bearer", "Bearer "] {
            let header = format!("Authorization: {odd}\r\n");
            // An empty token is a wrong one: not to be slowed down, it is sent once only.
            if odd == "Bearer " && used.len() > 1 {
                continue;
            }
            assert_eq!(
                server.send(&method, &path, &header, b"").unwrap().status,
                401,
                "{id} {odd}"
            );
        }
        let Some(scope) = scope else { continue };
        assert!(SCOPES.contains(&scope.as_str()), "{scope}");
        let name = scope.replace(':', "-");
        let others =
            server.ask_as(&token(&format!("all-but-{name}")), &method, &path, &json!(null));
        assert_eq!(others.status, 403, "{id} without {scope}");
        assert!(others.json()["detail"].as_str().unwrap().contains(&scope), "{id}");
        let only = server.ask_as(&token(&format!("only-{name}")), &method, &path, &json!(null));
        assert!(
            ![401, 403, 405, 429, 500].contains(&only.status),
            "{id} with {scope}: {}",
            only.status
        );
        used.insert(scope);
    }
    assert_eq!(used.len(), SCOPES.len(), "a scope is of no use: {used:?}");
    // Who was sent away is in the trail.
    let trail = server.ask("GET", "/v1/audit?limit=500", &json!(null)).expect(200).json();
    let refused = trail["events"].as_array().unwrap().iter();
    let refused = refused.filter(|event| event["outcome"] == "refused").count();
    assert!(refused > 25, "{refused}");
}

#[test]
fn an_account_needs_the_scope_of_accounts_too() {
    let site = Site::new();
    let server = site.serve();
    let with_account = json!({ "person": crate::server::new_person("1"), "account": crate::server::new_account("maria") });
    let only = token("only-persons-write");
    server.ask_as(&only, "POST", "/v1/persons", &with_account).expect(403);
    let headers = format!("Authorization: Bearer {only}\r\nContent-Type: text/csv\r\n");
    let csv = b"patient_id,family_name,given_name,user_name\nTEST-1,ROSSI,MARIA TEST,maria\n";
    let sent = server.send("POST", "/v1/persons/import", &headers, csv).unwrap();
    assert_eq!(sent.status, 403);
    let without = json!({ "person": crate::server::new_person("1") });
    server.ask_as(&only, "POST", "/v1/persons", &without).expect(201);
}

#[test]
fn who_sends_wrong_tokens_waits_and_is_in_the_trail() {
    let site = Site::new();
    let server = site.serve();
    let wrong = |number: usize| {
        server.ask_as(&format!("{}{number}", token("all")), "GET", "/v1/persons", &json!(null))
    };
    let statuses: Vec<_> = (0..20).map(|number| wrong(number).status).collect();
    assert!(statuses[..10].iter().all(|status| *status == 401), "{statuses:?}");
    assert!(statuses.contains(&429), "{statuses:?}");
    let slowed = wrong(0);
    let wait: u64 = slowed.headers["retry-after"].parse().unwrap();
    assert!((1..=30).contains(&wait), "{wait}");
    // The right token waits as well: who guesses learns nothing meanwhile.
    assert_eq!(server.ask("GET", "/v1/persons", &json!(null)).status, 429);
    // The console does not.
    let trail = site.answer(&["audit", "--action", "admin.token", "--json"], "");
    let events = trail["events"].as_array().unwrap();
    assert!((11..20).contains(&events.len()), "{}", events.len());
    assert!(events.iter().all(|event| event["address"] == "127.0.0.1"), "{events:?}");
}
