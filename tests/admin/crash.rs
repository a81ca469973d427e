//! A server that is killed while it enrols: person, account and messages are there, or none of them.

use std::time::Duration;

use serde_json::{Value, json};

use crate::server::{Site, new_account, new_person, token};
use crate::support::run;

#[test]
fn a_kill_leaves_an_enrolment_whole_or_not_at_all() {
    let site = Site::new();
    let server = site.serve();
    let acknowledged = std::thread::scope(|scope| {
        let enrolling = scope.spawn(|| {
            let headers = format!(
                "Authorization: Bearer {}\r\nContent-Type: application/json\r\n",
                token("all")
            );
            let mut acknowledged = Vec::new();
            for number in 0.. {
                let name = format!("maria{number}");
                let new = json!({
                    "person": new_person(&number.to_string()), "account": new_account(&name),
                });
                let body = new.to_string();
                match server.send("POST", "/v1/persons", &headers, body.as_bytes()) {
                    Ok(answer) if answer.status == 201 => {
                        let added = answer.json();
                        acknowledged.push(added["id"].as_str().unwrap().to_owned());
                    }
                    _ => break,
                }
            }
            acknowledged
        });
        std::thread::sleep(Duration::from_millis(1500));
        let killed = run::program("kill").args(["-9", &server.process().to_string()]).finish();
        assert_eq!(killed.code, Some(0));
        enrolling.join().unwrap()
    });
    drop(server);
    assert!(!acknowledged.is_empty());
    let listed = site.answer(&["patient", "list", "--json"], "");
    let persons = listed["persons"].as_array().unwrap();
    let ids: Vec<_> = persons.iter().map(|person| person["id"].as_str().unwrap()).collect();
    assert!(acknowledged.iter().all(|person| ids.contains(&person.as_str())));
    let outbox = site.answer(&["outbox", "list", "--json"], "");
    let messages = outbox["messages"].as_array().unwrap();
    for person in &ids {
        let export = site.answer(&["patient", "export", person], "");
        let account = &export["accounts"][0]["account"]["id"];
        let of_account = |message: &&Value| message["account"] == *account;
        assert_eq!(messages.iter().filter(of_account).count(), 2, "{export}");
    }
    assert_eq!(messages.len(), 2 * ids.len());
}
