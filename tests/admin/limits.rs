//! What is more than the store takes in one record is refused, and said.

use std::fmt::Write as _;

use serde_json::json;

use crate::server::{Site, new_account, new_person, token};

/// An account that sees very many persons grows beyond a record (48 KiB): no link is half made.
#[test]
fn a_record_that_is_too_large_is_refused_with_what_to_do() {
    let site = Site::new();
    let server = site.serve();
    let new = json!({ "person": new_person("1"), "account": new_account("maria") });
    let added = server.ask("POST", "/v1/persons", &new).expect(201).json();
    let account = added["account"].as_str().unwrap().to_owned();
    let mut csv = "patient_id,family_name,given_name\n".to_owned();
    for number in 0..900 {
        writeln!(csv, "MANY-{number},VERDI,ANNA TEST").unwrap();
    }
    let headers = format!("Authorization: Bearer {}\r\nContent-Type: text/csv\r\n", token("all"));
    server.send("POST", "/v1/persons/import", &headers, csv.as_bytes()).unwrap().expect(200);
    let mut refused = None;
    let mut after = String::new();
    let mut linked = 1;
    'pages: loop {
        let page = server.ask("GET", &format!("/v1/persons?limit=500{after}"), &json!(null));
        let page = page.expect(200).json();
        for person in page["persons"].as_array().unwrap() {
            let path = format!("/v1/accounts/{account}/persons/{}", person["id"].as_str().unwrap());
            let answer = server.ask("PUT", &path, &json!({ "role": "delegate" }));
            if answer.status != 200 {
                refused = Some(answer);
                break 'pages;
            }
            linked = answer.json()["persons"].as_array().unwrap().len();
        }
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    let problem = refused.expect("it takes any number").expect(422).json();
    assert_eq!(problem["code"], "too-large");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("the store takes 49152 at most"), "{detail}");
    assert!(detail.contains("make its texts or lists shorter"), "{detail}");
    assert!(linked > 300, "{linked}");
    // What was refused left nothing.
    let path = format!("/v1/accounts/{account}");
    let kept = server.ask("GET", &path, &json!(null)).expect(200).json();
    assert_eq!(kept["persons"].as_array().unwrap().len(), linked);
}

#[test]
fn a_patient_id_that_stands_twice_is_refused() {
    let site = Site::new();
    let server = site.serve();
    let mut person = new_person("1");
    let [once, other] = ["TEST-1", "TEST-2"].map(|id| json!({ "id": id, "issuer": "TEST-A" }));
    person["patient_ids"] = json!([once, other, once]);
    let problem =
        server.ask("POST", "/v1/persons", &json!({ "person": person })).expect(422).json();
    assert_eq!(problem["pointer"], "/person/patient_ids/2");
    // Of another issuer it is another.
    person["patient_ids"] = json!([once, other, { "id": "TEST-1", "issuer": "TEST-B" }]);
    server.ask("POST", "/v1/persons", &json!({ "person": person })).expect(201);
}

#[test]
fn a_report_beyond_the_limit_is_refused_and_the_setting_named() {
    let site = Site::with("[results]\nreport_mib = 1\n");
    std::fs::write(site.path("large.pdf"), vec![b'%'; 2 << 20]).unwrap();
    let about = json!({
        "patient": { "person": "0".repeat(32) },
        "about": { "accession_number": "TEST-1" },
        "status": "final",
    });
    let pdf = site.path("large.pdf");
    let import = ["report", "import", pdf.to_str().unwrap()];
    let refused = site.esito(&import, &about.to_string()).expect_code(&[4]);
    assert!(refused.stderr.contains("results.report_mib sets the limit"), "{}", refused.stderr);
}
