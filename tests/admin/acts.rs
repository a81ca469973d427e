//! What each route that changes something does, and that it leaves an event which says nothing of anybody.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::pacs::Pacs;
use crate::scopes::routes;
use crate::server::{Server, Site, new_account, new_person, token};

/// Values of persons that no event may hold.
const MARKERS: &[&str] =
    &["MARKERFAMILY", "MARKERGIVEN", "marker@example.org", "+399999999999", "MARKER-ID"];

fn marked(server: &Server) -> (String, String) {
    let person = json!({
        "patient_ids": [{ "id": "MARKER-ID" }],
        "family_name": "MARKERFAMILY",
        "given_name": "MARKERGIVEN TEST",
        "birth_date": "1986-01-24",
        "consent": { "online_results": true },
    });
    let account = json!({
        "user_name": "marker",
        "contact": { "email": "marker@example.org", "phone": "+399999999999" },
    });
    let new = json!({ "person": person, "account": account });
    let added = server.ask("POST", "/v1/persons", &new).expect(201);
    let location = added.headers["location"].clone();
    let added = added.json();
    let id = added["id"].as_str().unwrap().to_owned();
    assert_eq!(location, format!("/v1/persons/{id}"));
    (id, added["account"].as_str().unwrap().to_owned())
}

#[test]
#[expect(clippy::too_many_lines, reason = "one life of a person here, act by act")]
fn every_act_is_in_the_trail_and_no_value_of_a_person_is() {
    let pacs = Pacs::start();
    let site = Site::with(&pacs.section());
    let server = site.serve();
    let nothing = json!(null);
    let ask = |method: &str, path: &str, body: &Value| server.ask(method, path, body);
    let (person, account) = marked(&server);
    let of_person = format!("/v1/persons/{person}");
    let of_account = format!("/v1/accounts/{account}");

    ask("POST", "/v1/persons/find", &json!({ "id": "MARKER-ID" })).expect(200);
    let read = ask("GET", &of_person, &nothing).expect(200);
    let etag = format!("If-Match: {}\r\n", read.headers["etag"]);
    let mut data = read.json()["data"].clone();
    data["patient_ids"] = json!([{ "id": "MARKER-ID" }, { "id": pacs.patient_id }]);
    replace(&server, &of_person, &etag, &data).expect(200);
    let csv = "patient_id,family_name,given_name\nTEST-9,VERDI,ANNA TEST\n";
    let headers = format!("Authorization: Bearer {}\r\nContent-Type: text/csv\r\n", token("all"));
    let imported = server.send("POST", "/v1/persons/import", &headers, csv.as_bytes()).unwrap();
    assert_eq!(imported.expect(200).json()["added"], 1);

    let child = ask("POST", "/v1/persons", &json!({ "person": new_person("child") })).expect(201);
    let child = child.json()["id"].as_str().unwrap().to_owned();
    let link = format!("{of_account}/persons/{child}");
    ask("PUT", &link, &json!({ "role": "parent", "until": "2040-01-01T00:00:00Z" })).expect(200);
    ask("DELETE", &link, &nothing).expect(200);
    let second = format!("{of_person}/accounts");
    let second = ask("POST", &second, &new_account("second")).expect(201).json();
    let second = format!("/v1/accounts/{}", second["id"].as_str().unwrap());
    let read = ask("GET", &second, &nothing).expect(200);
    let etag = format!("If-Match: {}\r\n", read.headers["etag"]);
    let contact =
        json!({ "email": "marker@example.org", "phone": "+399999999999", "language": "en" });
    replace(&server, &second, &etag, &contact).expect(200);
    ask("POST", &format!("{second}/reset"), &nothing).expect(204);
    ask("POST", &format!("{second}/disable"), &nothing).expect(204);
    ask("POST", &format!("{second}/enable"), &nothing).expect(204);
    ask("POST", &format!("{second}/log-out"), &nothing).expect(200);
    ask("DELETE", &second, &nothing).expect(204);

    let refreshed = ask("POST", &format!("{of_person}/orders/refresh"), &nothing).expect(200);
    assert_eq!(refreshed.json()["asked"], true);
    let orders = ask("GET", &format!("{of_person}/orders"), &nothing).expect(200).json();
    let order = orders["orders"][0].clone();
    let examination = &order["examinations"][0];
    assert_eq!(examination["withheld"], "no-report", "{orders}");
    let order = format!("/v1/orders/{}", order["id"].as_str().unwrap());
    let withheld = || {
        let orders = ask("GET", &format!("{of_person}/orders"), &nothing).expect(200).json();
        orders["orders"][0]["examinations"][0]["withheld"].clone()
    };
    let number = examination["accession_number"].as_str().unwrap().to_owned();
    ask("POST", "/v1/orders/find", &json!({ "number": number })).expect(200);
    ask("POST", &format!("{order}/release"), &json!({})).expect(204);
    assert_eq!(withheld(), json!(null));
    ask("POST", &format!("{order}/hold"), &json!({ "reason": "the physician tells first" }))
        .expect(204);
    assert_eq!(withheld(), "held");
    ask("POST", &format!("{order}/follow-rule"), &json!({})).expect(204);
    assert_eq!(withheld(), "no-report");
    let report = json!({
        "patient": { "person": person },
        "about": { "accession_number": number },
        "status": "final",
        "pdf": STANDARD.encode(PDF),
    });
    let report = ask("POST", "/v1/reports", &report).expect(201).json();
    assert_eq!(withheld(), json!(null), "there is a report now");
    let report = format!("/v1/reports/{}", report["id"].as_str().unwrap());
    ask("POST", &format!("{report}/withdraw"), &json!({ "cancelled": true })).expect(204);
    assert_eq!(withheld(), "report-withdrawn");

    let messages = ask("GET", "/v1/messages", &nothing).expect(200).json();
    let text = messages.to_string();
    assert!(!MARKERS.iter().any(|marker| text.contains(marker)), "{text}");
    let message = messages["messages"][0]["id"].as_str().unwrap().to_owned();
    ask("POST", &format!("/v1/messages/{message}/retry"), &nothing).expect(204);
    ask("POST", "/v1/backups", &json!({ "file": "one" })).expect(201);
    let export = ask("GET", &format!("{of_person}/export"), &nothing).expect(200).json();
    assert_eq!(export["person"]["data"]["family_name"], "MARKERFAMILY");
    assert_eq!(export["accounts"][0]["account"]["user_name"], "marker");
    assert_eq!(export["accounts"][0]["messages"].as_array().unwrap().len(), 2);
    assert_eq!(export["reports"].as_array().unwrap().len(), 1);
    assert!(export["events"].as_array().unwrap().len() > 10);
    ask("DELETE", &of_person, &nothing).expect(200);

    let trail = ask("GET", "/v1/audit?limit=500", &nothing).expect(200).json();
    let events = trail["events"].as_array().unwrap();
    let done: BTreeSet<_> = events
        .iter()
        .filter(|event| event["outcome"] == "done" && event["actor"] == json!({ "admin": "all" }))
        .map(|event| event["action"].as_str().unwrap())
        .collect();
    let missing: Vec<_> = routes()
        .into_iter()
        .filter(|route| route.method != "GET" && !done.contains(route.id.as_str()))
        // They need a patient who asks or shares: tests/portal/jobs.rs, portal/tests/web/shares.rs.
        .filter(|route| !route.id.starts_with("job.") && !route.id.starts_with("share."))
        .map(|route| route.id)
        .collect();
    assert!(missing.is_empty(), "no event, or not tried here: {missing:?}");
    for read in ["person.read", "person.export", "order.list", "message.list"] {
        assert!(done.contains(read), "{read}");
    }
    let text = trail.to_string();
    assert!(!MARKERS.iter().any(|marker| text.contains(marker)), "{text}");
}

fn replace(server: &Server, path: &str, condition: &str, body: &Value) -> crate::server::Answer {
    let headers = format!(
        "Authorization: Bearer {}\r\nContent-Type: application/json\r\n{condition}",
        token("all")
    );
    server.send("PUT", path, &headers, body.to_string().as_bytes()).unwrap()
}

#[test]
fn of_two_administrators_the_second_does_not_undo_the_first() {
    let site = Site::new();
    let server = site.serve();
    let (person, account) = marked(&server);
    for path in [format!("/v1/persons/{person}"), format!("/v1/accounts/{account}")] {
        let read = server.ask("GET", &path, &json!(null)).expect(200);
        let etag = format!("If-Match: {}\r\n", read.headers["etag"]);
        let body = read.json();
        let body = |language: &str, contact: &str| {
            if path.contains("persons") {
                let mut person = body["data"].clone();
                person["contact"] = json!(contact);
                person
            } else {
                json!({ "email": contact, "phone": "+390000000001", "language": language })
            }
        };
        replace(&server, &path, "", &body("it", "a@example.org")).expect(428);
        let first = replace(&server, &path, &etag, &body("en", "b@example.org")).expect(200);
        let second = replace(&server, &path, &etag, &body("it", "c@example.org")).expect(412);
        assert!(second.json()["detail"].as_str().unwrap().contains("read it again"));
        let now = server.ask("GET", &path, &json!(null)).expect(200);
        assert_eq!(now.headers["etag"], first.headers["etag"]);
        let etag = format!("If-Match: \"other\", {}\r\n", now.headers["etag"]);
        replace(&server, &path, &etag, &body("it", "c@example.org")).expect(200);
    }
}

#[test]
fn what_is_odd_is_refused_with_what_to_do_and_without_the_value() {
    let site = Site::new();
    let server = site.serve();
    let bearer = format!("Authorization: Bearer {}\r\n", token("all"));
    let json_type = format!("{bearer}Content-Type: application/json\r\n");
    let large = format!("{{\"person\": \"{}\"}}", "x".repeat(1 << 17));
    let deep = "[".repeat(1 << 15);
    for (headers, body, status, says) in [
        (&bearer, "{}", 415, "application/json"),
        (&json_type, "", 400, "no JSON"),
        (&json_type, "{", 400, "no JSON"),
        (&json_type, "{}", 400, "missing field `person`"),
        (&json_type, "{\"persn\": {}}", 400, "unknown field `persn`"),
        (&json_type, "{\"person\": \"MARKERFAMILY\"}", 400, "write struct PersonData"),
        (
            &json_type,
            "{\"person\": {\"sex\": \"MARKERFAMILY\"}}",
            400,
            "write one of `M`, `F`, `O`",
        ),
        (&json_type, large.as_str(), 413, "more than 65536 bytes"),
        (&json_type, deep.as_str(), 400, ""),
    ] {
        let answer = server.send("POST", "/v1/persons", headers, body.as_bytes()).unwrap();
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        assert_eq!(answer.status, status, "{text}");
        assert_eq!(answer.headers["content-type"], "application/problem+json");
        assert!(text.contains(says) && !text.contains("MARKERFAMILY"), "{text}");
    }
    for path in
        ["/v1/persons?limit=0", "/v1/persons?limit=501", "/v1/persons?lmit=1", "/v1/persons/1"]
    {
        server.ask("GET", path, &json!(null)).expect(400);
    }
    server.ask("POST", "/v1/backups", &json!({ "file": "../one" })).expect(400);
    server.ask("GET", "/v1/nothing", &json!(null)).expect(404);
    let other = server.ask("PATCH", "/v1/persons", &json!(null)).expect(405);
    assert_eq!(other.headers["allow"], "GET, POST");
}

/// The least that a reader of PDF opens.
pub(crate) const PDF: &[u8] = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n\
    2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n\
    3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj\n\
    xref\n0 4\n0000000000 65535 f \n0000000009 00000 n \n0000000053 00000 n \n0000000102 00000 n \n\
    trailer<</Size 4/Root 1 0 R>>\nstartxref\n165\n%%EOF\n";
