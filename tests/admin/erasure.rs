//! What is left of somebody who was erased.

use serde_json::json;

use crate::server::{Site, holds};

#[test]
fn nothing_of_an_erased_person_is_in_the_files_when_the_store_was_written_anew() {
    let site = Site::new();
    let markers =
        ["MARKERFAMILY", "marker@example.org", "+399999999999", "MARKER-ID", "markeruser"];
    let new = json!({
        "person": {
            "patient_ids": [{ "id": "MARKER-ID" }],
            "family_name": "MARKERFAMILY",
            "given_name": "MARIA TEST",
        },
        "account": {
            "user_name": "markeruser",
            "contact": { "email": "marker@example.org", "phone": "+399999999999" },
        },
    });
    let added = site.answer(&["patient", "add"], &new.to_string());
    let other = json!({ "person": crate::server::new_person("1") });
    site.answer(&["patient", "add"], &other.to_string());
    let person = added["id"].as_str().expect("a person").to_owned();
    for marker in markers {
        assert!(holds(&site.path("store"), marker), "{marker} never was there");
    }
    site.answer(&["patient", "erase", "--yes", &person], "");
    assert_eq!(site.answer(&["outbox", "list", "--json"], "")["messages"], json!([]));
    site.answer(&["compact"], "");
    for marker in markers {
        assert!(!holds(&site.path(""), marker), "{marker}");
    }
    let listed = site.answer(&["patient", "list", "--json"], "");
    assert_eq!(listed["persons"].as_array().expect("persons").len(), 1);
    let trail = site.answer(&["audit", "--json", "--person", &person], "");
    assert!(trail["events"].as_array().expect("events").len() > 2, "the trail stays");
}
