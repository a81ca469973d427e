//! `esito audit`: who did what to whose results, and when.

use std::process::ExitCode;

use serde_json::{Value, json};

use crate::commands::patient::Place;
use crate::commands::patient::identifier;
use crate::console::{self, Administration, Failure, text};
use crate::messages::Messages;
use crate::table;

/// What `esito audit` is asked for.
#[derive(Debug, clap::Args)]
pub(crate) struct AuditArgs {
    #[command(flatten)]
    place: Place,
    /// Only of the person with this identifier
    #[arg(long, value_name = "PERSON")]
    person: Option<String>,
    /// Only of the account with this identifier
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,
    /// Only what begins so: login, order.
    #[arg(long, value_name = "ACTION")]
    action: Option<String>,
    /// Not before, as 2026-11-24T00:00:00+01:00
    #[arg(long, value_name = "MOMENT")]
    since: Option<String>,
    /// Before
    #[arg(long, value_name = "MOMENT")]
    until: Option<String>,
    /// JSON on standard output instead of a table
    #[arg(long)]
    json: bool,
}

/// Reads the trail, and writes it.
pub(crate) fn run(arguments: &AuditArgs) -> ExitCode {
    console::end(audit(arguments))
}

fn audit(arguments: &AuditArgs) -> Result<(), Failure> {
    for id in [&arguments.person, &arguments.account].into_iter().flatten() {
        identifier(id)?;
    }
    let wanted = [
        ("person", &arguments.person),
        ("account", &arguments.account),
        ("action", &arguments.action),
        ("since", &arguments.since),
        ("until", &arguments.until),
    ];
    let wanted = wanted.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
    let query: Vec<_> = wanted.map(|(name, value)| format!("&{name}={}", encoded(value))).collect();
    let query = query.concat();
    let administration = Administration::open(&arguments.place.config)?;
    let mut events = Vec::new();
    let mut next = String::new();
    let last = loop {
        let after = if next.is_empty() { String::new() } else { format!("&after={next}") };
        let page = administration.ask("GET", &format!("/v1/audit?limit=500{query}{after}"))?.body;
        events.extend(page.get("events").and_then(Value::as_array).into_iter().flatten().cloned());
        next = text(&page, "/next");
        if next.is_empty() {
            break page;
        }
    };
    let covers_since = text(&last, "/covers_since");
    let kept_days = last.get("kept_days").and_then(Value::as_u64);
    if arguments.json {
        return console::write_json(&json!({
            "events": events, "covers_since": covers_since, "kept_days": kept_days,
        }));
    }
    let heading = ["at", "by", "action", "outcome", "person", "account", "object", "from"];
    table::write(heading, events.iter().map(row))?;
    let kept = kept_days.map_or_else(
        || "events are kept for good".to_owned(),
        |days| format!("events are kept for {days} days"),
    );
    Messages::Sentences.notice(&format!("the trail begins at {covers_since}; {kept}"));
    Ok(())
}

fn row(event: &Value) -> [String; 8] {
    let actor = match event.get("actor") {
        Some(Value::Object(actor)) => actor
            .iter()
            .next()
            .map(|(kind, name)| format!("{kind} {}", name_of(name)))
            .unwrap_or_default(),
        _ => text(event, "/actor"),
    };
    let field = |name: &str| text(event, &format!("/{name}"));
    [
        field("at"),
        actor,
        field("action"),
        field("outcome"),
        field("person"),
        field("account"),
        field("object"),
        field("address"),
    ]
}

/// Recipients of a share have a name of their own; which share it is stands with the object.
fn name_of(name: &Value) -> &str {
    name.as_str().or_else(|| name.get("recipient")?.as_str()).unwrap_or_default()
}

/// A value within a query (RFC 3986 §2.1).
fn encoded(value: &str) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~:".contains(byte);
    let letters = value.bytes().map(|byte| {
        if plain(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }
    });
    letters.collect()
}
