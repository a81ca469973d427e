//! The site's daily work on the command line: the same with a server and without.

use serde_json::{Value, json};

use crate::server::{Site, new_account, new_person};

const CSV: &str = "patient_id,family_name,given_name,birth_date,online_results\n\
    TEST-2,VERDI,ANNA TEST,24/01/1950,yes\n\
    TEST-3,BIANCHI,,,yes\n\
    TEST-4,\"NERI\",LUCA TEST,1990-13-01,no\n";

/// Adds, finds, changes, exports and erases; the answers do not tell whether a server runs.
fn daily_work(site: &Site) {
    let new = json!({ "person": new_person("1"), "account": new_account("maria") });
    let added = site.answer(&["patient", "add"], &new.to_string());
    let person = added["id"].as_str().expect("a person").to_owned();
    let account = added["account"].as_str().expect("an account").to_owned();
    let again = site.esito(&["patient", "add"], &new.to_string()).expect_code(&[2]);
    assert!(again.stderr.contains("belongs to another person already"), "{}", again.stderr);

    std::fs::write(site.path("new.csv"), CSV).expect("a file");
    let file = site.path("new.csv");
    let file = file.to_str().expect("a path");
    let tried =
        site.esito(&["patient", "import", "--dry-run", "--json", file], "").expect_code(&[3]);
    let tried: Value = serde_json::from_slice(&tried.stdout).expect("JSON");
    assert_eq!((&tried["added"], &tried["refused"]), (&json!(1), &json!(2)));
    for (added, unchanged) in [(1, 0), (0, 1)] {
        let imported = site.esito(&["patient", "import", "--json", file], "").expect_code(&[3]);
        assert!(imported.stderr.contains("line 3, given_name:"), "{}", imported.stderr);
        assert!(imported.stderr.contains("line 4, birth_date:"), "{}", imported.stderr);
        assert!(!imported.stderr.contains("BIANCHI"), "{}", imported.stderr);
        let report: Value = serde_json::from_slice(&imported.stdout).expect("JSON");
        assert_eq!(report["added"], added);
        assert_eq!(report["unchanged"], unchanged);
    }
    site.esito(&["patient", "import", file, "--json"], "").expect_code(&[3]);
    site.esito(&["patient", "import", "-"], "patient_id\n,\n").expect_code(&[4]);

    let listed = site.answer(&["patient", "list", "--json"], "");
    assert_eq!(listed["persons"].as_array().expect("persons").len(), 2);
    let table = site.esito(&["patient", "list"], "").expect_code(&[0]);
    assert!(String::from_utf8_lossy(&table.stdout).contains("VERDI, ANNA TEST"));
    let found = site.answer(&["patient", "find", "--json"], "TEST-2\n");
    let other = found["persons"][0]["id"].as_str().expect("a person").to_owned();
    site.esito(&["patient", "find"], "NOBODY").expect_code(&[2]);

    site.answer(&["patient", "link", &account, &other, "--role", "guardian"], "");
    site.answer(&["patient", "unlink", &account, &other], "");
    site.esito(&["patient", "unlink", &account, &other], "").expect_code(&[2]);
    for act in ["reset", "disable", "enable", "log-out"] {
        site.answer(&["patient", act, &person], "");
    }
    let odd = site.esito(&["patient", "reset", &other], "").expect_code(&[2]);
    assert!(odd.stderr.contains("no account of its own"), "{}", odd.stderr);
    site.esito(&["patient", "reset", "../../v1"], "").expect_code(&[2]);
    let outbox = site.answer(&["outbox", "list", "--json"], "");
    let topics: Vec<_> = outbox["messages"].as_array().expect("messages").iter().collect();
    assert_eq!(topics.len(), 3, "user name, password, and the password of the reset");
    let orders = site.answer(&["order", "list", &person, "--json"], "");
    assert_eq!(orders["orders"], json!([]));
    site.esito(&["order", "hold", &"0".repeat(32)], "").expect_code(&[2]);
    std::fs::write(site.path("no.pdf"), "no PDF").expect("a file");
    let about = json!({
        "patient": { "person": person }, "about": { "accession_number": "TEST-1" }, "status": "final",
    });
    let no_pdf = site.path("no.pdf");
    let import = ["report", "import", no_pdf.to_str().expect("a path")];
    let refused = site.esito(&import, &about.to_string()).expect_code(&[4]);
    assert!(refused.stderr.contains("no PDF"), "{}", refused.stderr);

    let export = site.answer(&["patient", "export", &person], "");
    assert_eq!(export["person"]["data"]["family_name"], "ROSSI");
    let kept = site.esito(&["patient", "erase", &person], "").expect_code(&[2]);
    assert!(kept.stderr.contains("--yes"), "{}", kept.stderr);
    let erased = site.answer(&["patient", "erase", "--yes", &person], "");
    assert_eq!(erased["accounts"], 1);
    site.esito(&["patient", "export", &person], "").expect_code(&[2]);
    let trail = site.answer(&["audit", "--person", &person, "--json"], "");
    let actions: Vec<_> = trail["events"].as_array().expect("events").iter().collect();
    assert_eq!(actions.last().expect("an event")["action"], "person.erase");
    assert!(actions.iter().all(|event| event["actor"] == json!({ "admin": "console" })));
    assert_eq!(trail["kept_days"], 730);
    let one = site.answer(&["audit", "--json", "--action", "person.erase"], "");
    assert_eq!(one["events"].as_array().expect("events").len(), 1);
    let none = site.answer(&["audit", "--json", "--since", "2100-01-01T00:00:00+01:00"], "");
    assert_eq!(none["events"], json!([]));
}

#[test]
fn the_daily_work_is_done_without_a_server() {
    daily_work(&Site::new());
}

#[test]
fn the_daily_work_is_done_while_a_server_runs() {
    let site = Site::new();
    let _server = site.serve();
    daily_work(&site);
}

#[test]
fn a_backup_made_while_the_server_runs_is_restored() {
    let site = Site::new();
    let server = site.serve();
    let new = json!({ "person": new_person("1") });
    site.answer(&["patient", "add"], &new.to_string());
    let made = site.answer(&["backup", "monday"], "");
    assert!(made["records"].as_u64().expect("a count") > 1);
    let twice = site.esito(&["backup", "monday"], "").expect_code(&[2]);
    assert!(twice.stderr.contains("choose another name"), "{}", twice.stderr);
    site.esito(&["backup", "../elsewhere"], "").expect_code(&[2]);
    let backup = site.path("backups/monday");
    let mode =
        std::os::unix::fs::PermissionsExt::mode(&backup.metadata().expect("a file").permissions());
    assert_eq!(mode & 0o777, 0o600);
    site.answer(&["patient", "add"], &json!({ "person": new_person("2") }).to_string());

    let from = ["restore", "--from", backup.to_str().expect("a path")];
    site.esito(&from, "").expect_code(&[6]);
    let compact = site.esito(&["compact"], "").expect_code(&[6]);
    assert!(compact.stderr.contains("in use"), "{}", compact.stderr);
    server.kill();
    std::fs::rename(site.path("store"), site.path("away")).expect("moved");
    site.answer(&from, "");
    let listed = site.answer(&["patient", "list", "--json"], "");
    assert_eq!(listed["persons"].as_array().expect("persons").len(), 1);
    let _server = site.serve();
    let listed = site.answer(&["patient", "list", "--json"], "");
    assert_eq!(listed["persons"].as_array().expect("persons").len(), 1);
}

#[test]
fn the_console_is_its_own_users_only() {
    let site = Site::new();
    let _server = site.serve();
    let socket = site.path("store/admin.sock");
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &socket.metadata().expect("a socket").permissions(),
    );
    assert_eq!(mode & 0o777, 0o600);
}
