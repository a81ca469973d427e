//! The header of a clinical document: whose it is, who wrote and signed it, what it replaces.
//!
//! Standard: HL7 CDA R2 §4.2.

use roxmltree::Node;
use texts::Language;

use super::{Element, attribute, child, children, path, plain};
use crate::dates::display_dt;
use crate::report::document::MAX_FACTS;

/// What the header says: label and value.
pub(super) fn facts(
    root: Element<'_, '_>,
    language: Language,
) -> Vec<(&'static str, Option<String>)> {
    let text = language.texts();
    let time = |element: Element<'_, '_>| Some(display_dt(&attribute(element, "value")?, language));
    let mut facts = vec![(text.page_date(), path(root, &["effectiveTime"]).and_then(time))];
    for target in some(root, "recordTarget").filter_map(|target| child(target, "patientRole")) {
        let parts = [
            path(target, &["patient", "name"]).and_then(person),
            path(target, &["patient", "birthTime"]).and_then(time),
            child(target, "id").and_then(|id| attribute(id, "extension")),
        ];
        facts.push((text.report_patient_of_document(), joined(&parts)));
    }
    let participants = [
        ("author", "assignedAuthor", text.report_author()),
        ("dataEnterer", "assignedEntity", text.report_entered()),
        ("authenticator", "assignedEntity", text.report_approved()),
        ("legalAuthenticator", "assignedEntity", text.report_verifier()),
    ];
    for (role, entity, label) in participants {
        for participant in some(root, role) {
            let of_entity = |names: &[&'static str]| {
                child(participant, entity).and_then(|who| path(who, names))
            };
            let parts = [
                of_entity(&["assignedPerson", "name"]).and_then(person),
                of_entity(&["assignedAuthoringDevice", "softwareName"]).and_then(words),
                of_entity(&["representedOrganization", "name"]).and_then(words),
                child(participant, "time").and_then(time),
            ];
            facts.push((label, joined(&parts)));
        }
    }
    for recipient in some(root, "informationRecipient") {
        let recipient = child(recipient, "intendedRecipient");
        let of = |names: &[&'static str]| recipient.and_then(|recipient| path(recipient, names));
        let parts = [
            of(&["informationRecipient", "name"]).and_then(person),
            of(&["receivedOrganization", "name"]).and_then(words),
        ];
        facts.push((text.report_recipient(), joined(&parts)));
    }
    for order in some(root, "inFulfillmentOf").filter_map(|order| path(order, &["order", "id"])) {
        facts.push((text.report_order(), attribute(order, "extension")));
    }
    for service in some(root, "documentationOf").filter_map(|of| child(of, "serviceEvent")) {
        let parts = [
            child(service, "code").and_then(|code| attribute(code, "displayName")),
            path(service, &["effectiveTime", "low"]).and_then(time),
        ];
        facts.push((text.report_service(), joined(&parts)));
    }
    let custodian = ["custodian", "assignedCustodian", "representedCustodianOrganization", "name"];
    facts.push((text.report_custodian(), path(root, &custodian).and_then(words)));
    let version = path(root, &["versionNumber"]).and_then(|number| attribute(number, "value"));
    facts.push((text.report_version(), version));
    if some(root, "relatedDocument").any(|other| other.attribute("typeCode") == Some("RPLC")) {
        facts.push((text.report_replaces(), Some(text.report_replaces_earlier().to_owned())));
    }
    facts
}

/// As many as a report has; what is beyond is cut with the facts.
fn some<'a, 'input: 'a>(
    root: Element<'a, 'input>,
    name: &'static str,
) -> impl Iterator<Item = Element<'a, 'input>> {
    children(root, name).take(MAX_FACTS + 1)
}

fn words(element: Element<'_, '_>) -> Option<String> {
    Some(plain(element)).filter(|words| !words.is_empty())
}

/// A name in one line: what stands before it first, as people are addressed (EN, ISO 21090).
pub(super) fn person(name: Element<'_, '_>) -> Option<String> {
    let is_prefix = |node: &Node<'_, '_>| node.tag_name().name() == "prefix";
    let rest = name.children().filter(|node| !is_prefix(node));
    let parts = name.children().filter(is_prefix).chain(rest);
    let text = |node: Node<'_, '_>| {
        if node.is_text() {
            node.text().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
        } else {
            plain(node)
        }
    };
    let parts: Vec<String> = parts.map(text).filter(|part| !part.is_empty()).collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

fn joined(parts: &[Option<String>]) -> Option<String> {
    let parts: Vec<&str> = parts.iter().flatten().map(String::as_str).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}
