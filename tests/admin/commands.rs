//! The site's daily work on the command line: the same with a server and without.

use serde_json::{Value, json};

use crate::acts::PDF;
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
    assert!(again.stderr.contains("or take it from that person first"), "{}", again.stderr);

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

/// All that a person is, with what a spreadsheet would compute, and the rows that it must come back from.
const ALL: &str = "patient_id,issuer,other_patient_ids,family_name,given_name,sex,birth_date,tax_code,phone,email,\
    address,marital_status,practitioner,contact,online_results,messages,user_name,account_email,account_phone,\
    language,subject_issuer,subject\n\
    TEST-1,OSPEDALE,TEST-1B^^^ALTRO~TEST-1C,ROSSI,\"MARIA \"\"TEST\"\"\",F,1986-01-24,TSTMRA86A64Z999X,'+39 000,\
    m@example.org,\"Via dell'Esempio 1, Mantova\",nubile,''=1+1,'@TEST,yes,no,maria,maria@example.org,'+390000000001,en,\
    ,\n\
    TEST-2,,,VERDI,ANNA TEST,,,,,,,,,,no,no,anna,,,it,https://id.example.org,TINIT-TST\n\
    TEST-3,,,NERI,,,,,,,,,,,no,no,,,,,,\n";

#[test]
fn a_csv_that_was_written_is_one_that_imports_again() {
    let site = Site::new();
    let file = ALL.replace("NERI,,", "NERI,LUCA TEST,");
    let imported = site.answer(&["patient", "import", "--json", "-"], &file);
    assert_eq!((&imported["added"], &imported["accounts"]), (&json!(3), &json!(2)), "{imported}");
    let listed = site.answer(&["patient", "list", "--json"], "");
    let csv = || {
        let finished = site.esito(&["patient", "list", "--csv"], "").expect_code(&[0]);
        (String::from_utf8(finished.stdout).expect("UTF-8"), finished.stderr)
    };
    let (written, notices) = csv();
    assert_eq!(notices, "");
    let person = |given: &str| {
        let persons = listed["persons"].as_array().expect("persons").iter();
        let mut found = persons.filter(|one| one["data"]["given_name"] == given);
        found.next().expect("a person").clone()
    };
    let maria = person("MARIA \"TEST\"");
    assert_eq!(maria["data"]["practitioner"], "'=1+1");
    assert_eq!(maria["data"]["contact"], "@TEST");
    assert_eq!(maria["data"]["patient_ids"].as_array().expect("IDs").len(), 3);
    for bare in [",=", ",+", ",@", ",-"] {
        assert!(!written.contains(bare), "{written}");
    }
    // Here it says nothing new, elsewhere all.
    let again = site.answer(&["patient", "import", "--json", "-"], &written);
    let counted = |report: &Value| {
        ["added", "changed", "unchanged", "accounts", "accounts_changed", "refused"]
            .map(|name| report[name].as_u64().expect("a count"))
    };
    assert_eq!(counted(&again), [0, 0, 3, 0, 0, 0], "{again}");
    let other = Site::new();
    let there = other.answer(&["patient", "import", "--json", "-"], &written);
    assert_eq!(counted(&there), [3, 0, 0, 2, 0, 0], "{there}");
    let same = other.esito(&["patient", "list", "--csv"], "").expect_code(&[0]);
    assert_eq!(String::from_utf8(same.stdout).expect("UTF-8"), written);
    // What it cannot hold is told.
    let anna = person("ANNA TEST")["id"].as_str().expect("an identifier").to_owned();
    site.answer(
        &[
            "patient",
            "link",
            &anna,
            maria["id"].as_str().expect("an identifier"),
            "--role",
            "parent",
        ],
        "",
    );
    assert!(csv().1.contains("1 accounts are not in the file"), "{}", csv().1);
    site.answer(&["patient", "disable", &anna], "");
    let (without, notices) = csv();
    assert!(notices.contains("2 accounts are not in the file"), "{notices}");
    assert!(!without.contains("TINIT-TST"), "{without}");
}

#[test]
fn an_import_changes_how_somebody_is_reached_and_known() {
    let site = Site::new();
    let import = |rows: &str, codes: &[i32]| {
        let file = format!(
            "patient_id,family_name,given_name,user_name,account_email,account_phone,subject_issuer,subject\n{rows}"
        );
        let done = site.esito(&["patient", "import", "--json", "-"], &file).expect_code(codes);
        let report: Value = serde_json::from_slice(&done.stdout).expect("JSON");
        (report, done.stderr)
    };
    let phone = "maria@example.org,+390000000001";
    import(&format!("TEST-1,ROSSI,MARIA TEST,maria,{phone},,\n"), &[0]);
    import("TEST-2,VERDI,ANNA TEST,anna,,,https://id.example.org,TINIT-2\n", &[0]);
    let given = format!("TEST-1,ROSSI,MARIA TEST,maria,{phone},https://id.example.org,TINIT-1\n");
    let (report, _) = import(&given, &[0]);
    assert_eq!((&report["unchanged"], &report["accounts_changed"]), (&json!(1), &json!(1)));
    assert_eq!(import(&given, &[0]).0["accounts_changed"], 0);
    for (row, says) in [
        // Another's.
        (
            format!("TEST-1,ROSSI,MARIA TEST,maria,{phone},https://id.example.org,TINIT-2\n"),
            "subject: the subject of the identity provider belongs to another account",
        ),
        // One alone.
        (
            format!("TEST-1,ROSSI,MARIA TEST,maria,{phone},,TINIT-1\n"),
            "subject_issuer: write who names the subject so",
        ),
        // Nowhere to send a password, and nobody who vouches.
        (
            "TEST-1,ROSSI,MARIA TEST,maria,,,,\n".to_owned(),
            "account_phone: give account_email and account_phone",
        ),
        ("TEST-1,ROSSI,MARIA TEST,anna,,,,\n".to_owned(), "user_name: the user name is taken"),
    ] {
        let (_, told) = import(&row, &[4]);
        assert!(told.contains(says), "{told}");
        assert!(!told.contains("TINIT"), "{told}");
    }
    let accounts = site.answer(&["audit", "--json", "--action", "account.replace"], "");
    assert_eq!(accounts["events"].as_array().expect("events").len(), 1);
}

/// A row that names two who are there is refused, and the others are imported.
#[test]
fn a_row_with_patient_ids_of_two_persons_stops_no_import() {
    let site = Site::new();
    let head = "patient_id,other_patient_ids,family_name,given_name\n";
    site.answer(&["patient", "import", "-"], &format!("{head}TEST-1,,ROSSI,A\nTEST-2,,ROSSI,B\n"));
    let file = format!("{head}TEST-1,TEST-2,ROSSI,A\nTEST-3,,ROSSI,C\n");
    let done = site.esito(&["patient", "import", "--json", "-"], &file).expect_code(&[3]);
    assert!(done.stderr.contains("line 2, other_patient_ids: "), "{}", done.stderr);
    let report: Value = serde_json::from_slice(&done.stdout).expect("JSON");
    assert_eq!((&report["added"], &report["refused"]), (&json!(1), &json!(1)));
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

/// What README pipes into a command of an installed portal.
fn example(command: &str) -> &'static str {
    let readme = include_str!("../../README.md");
    let behind = format!("sudo -u esito esito {command} ");
    let mut examples = readme.split("echo '").filter_map(|example| example.split_once("' |"));
    let found = examples.find(|(_, command)| command.trim_start().starts_with(&behind));
    found.expect("an example").0
}

#[test]
fn the_examples_of_the_readme_enrol_a_patient_and_import_a_report() {
    let site = Site::new();
    let added = site.answer(&["patient", "add"], example("patient add"));
    let person = added["id"].as_str().expect("a person").to_owned();
    let pdf = site.path("report.pdf");
    std::fs::write(&pdf, PDF).expect("a file");
    let import = ["report", "import", pdf.to_str().expect("a path")];
    site.answer(&import, example("report import"));
    let export = site.answer(&["patient", "export", &person], "");
    let consent = json!({ "online_results": true, "messages": true });
    assert_eq!(export["person"]["data"]["consent"], consent);
    for (what, expected) in [("accounts", 1), ("reports", 1)] {
        assert_eq!(export[what].as_array().expect("a list").len(), expected, "{what}");
    }
}
