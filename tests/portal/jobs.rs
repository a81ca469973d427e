//! `esito jobs`: what is prepared, as the site sees it.

use serde_json::json;

use crate::hospital::{Hospital, ct, held};
use crate::server::get;

#[test]
fn a_job_is_listed_shown_cancelled_and_tried_again() {
    let workplace = ct();
    let holding = held(&workplace);
    let mut hospital = Hospital::open(workplace, holding, "");
    assert_eq!(hospital.jobs(), [json!(null); 0]);
    hospital.ask();
    let ready = hospital.wait_for_job("ready");
    let id = ready["id"].as_str().expect("an identifier").to_owned();
    assert_eq!((&ready["content"], &ready["missing"]), (&json!("everything"), &json!(0)));
    let spooled = hospital.spooled();
    assert_eq!(spooled, [format!("{id}.zip")]);
    let length = std::fs::metadata(hospital.spool().join(&spooled[0]));
    assert_eq!(ready["bytes"], length.expect("a package").len());
    let shown = hospital.console(&["jobs", "show", &id]);
    assert_eq!(shown["requests"].as_array().expect("requests").len(), 1);
    let (_, counts) = get(&format!("http://{}/metrics", hospital.portal().monitor), &[]);
    for line in [
        "esito_preparations_total{end=\"ready\"} 1",
        "esito_preparations_overdue_seconds 0",
        "esito_spool_packages 1",
        &format!("esito_spool_bytes {}", ready["bytes"]),
    ] {
        assert!(counts.contains(line), "{line}\n{counts}");
    }
    // There is nothing to try again while it is there.
    let refused = crate::support::run::esito(&["jobs", "retry", &id, "--config"]);
    let refused = refused.arg(&hospital.config).finish().expect_code(&[2]);
    assert!(refused.stderr.contains("nothing to try again"), "{}", refused.stderr);
    hospital.console(&["jobs", "cancel", &id]);
    let ended = hospital.wait_for_job("ended");
    assert_eq!(ended["reason"], "cancelled");
    assert!(hospital.spooled().is_empty());
    hospital.wait_for("Esito non disponibile");
    hospital.console(&["jobs", "retry", &id]);
    hospital.wait_for_job("ready");
    assert_eq!(hospital.spooled(), spooled);
    let trail = hospital.console(&["audit", "--json", "--action", "job."]);
    let told: Vec<_> = trail["events"].as_array().expect("events").iter().collect();
    let acts: Vec<_> = told.iter().map(|event| event["action"].as_str().expect("text")).collect();
    // A list tells nothing of anybody's results; who looks at one does.
    let acts: Vec<_> = acts.into_iter().filter(|act| *act != "job.list").collect();
    assert_eq!(acts, ["job.read", "job.cancel", "job.retry"]);
    assert!(told.iter().all(|event| event["actor"] == json!({ "admin": "console" })));
    let nobody = crate::support::run::esito(&["jobs", "show", &"0".repeat(32), "--config"]);
    nobody.arg(&hospital.config).finish().expect_code(&[2]);
}
