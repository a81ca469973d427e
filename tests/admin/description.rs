//! The description of the API, judged by schemathesis: it sends what the description allows and what it
//! forbids, and compares the answers with it.

use serde_json::json;

use crate::server::{Site, new_account, new_person};
use crate::support::judges;

#[test]
fn the_api_is_what_its_description_says() {
    let site = Site::new();
    let server = site.serve();
    // Somebody is there already, so that lists have something in them.
    let new = json!({ "person": new_person("1"), "account": new_account("maria") });
    server.ask("POST", "/v1/persons", &new).expect(201);
    let served = server.ask("GET", "/v1/openapi.json", &json!(null)).expect(200).json();
    let told = crate::support::run::esito(&["openapi"]).finish().expect_code(&[0]);
    let told: serde_json::Value = serde_json::from_slice(&told.stdout).unwrap();
    assert_eq!(served, told);
    assert_eq!(served["openapi"], "3.1.0");
    let judged = judges::script("administration.py")
        .arg(format!("http://{}", server.address))
        .arg(site.path("all.token"))
        .arg(site.path("schemathesis"))
        .finish();
    let text = String::from_utf8_lossy(&judged.stdout).into_owned();
    assert_eq!(judged.code, Some(0), "{text}{}", judged.stderr);
    println!("{}", text.trim_end());
    // Its wrong tokens were refused, and the server is as it was.
    let listed = site.answer(&["patient", "list", "--json"], "");
    assert!(!listed["persons"].as_array().unwrap().is_empty());
}
