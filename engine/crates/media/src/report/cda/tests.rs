//! Clinical documents, good and hostile.

use std::fmt::Write as _;

use rstest::rstest;

use super::*;
use crate::report::Table;

const LANGUAGES: [Language; 2] = [Language::Italian, Language::English];

fn document(body: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ClinicalDocument xmlns=\"urn:hl7-org:v3\">\
         <title>Lettera di dimissione</title><effectiveTime value=\"20260312103000+0100\"/>\
         <component>{body}</component></ClinicalDocument>"
    )
}

fn section(text: &str) -> String {
    document(&format!(
        "<structuredBody><component><section><title>Esami</title><text>{text}</text></section>\
         </component></structuredBody>"
    ))
}

fn read(xml: &str) -> Cda {
    clinical_document(xml.as_bytes(), LANGUAGES).expect("a document")
}

fn shown(cda: &Cda) -> Vec<String> {
    let shown = |block: &Block| match block {
        Block::Heading { level, text } => format!("h{level} {text}"),
        Block::Item { depth, value: Some(value), .. } => format!("{depth} {}", value.text),
        Block::Table(Table { rows, .. }) => {
            let row =
                |row: &Vec<Shown>| row.iter().map(Shown::as_str).collect::<Vec<_>>().join("|");
            rows.iter().map(row).collect::<Vec<_>>().join("/")
        }
        Block::Note(note) => format!("note {note}"),
        Block::Item { .. } => String::new(),
    };
    cda.documents[0].blocks.iter().map(shown).collect()
}

#[rstest]
#[case::text("Quadro  stabile,\n nessun   dolore.", &["0 Quadro stabile, nessun dolore."])]
#[case::inline("Peso <content>72</content> kg", &["0 Peso 72 kg"])]
#[case::glued("H<sub>2</sub>O", &["0 H2O"])]
#[case::lines("Uno<br/>due", &["0 Uno\ndue"])]
#[case::paragraphs("<paragraph>Uno</paragraph><paragraph>Due</paragraph>", &["0 Uno", "0 Due"])]
#[case::list("<list><item>Uno</item><item>Due</item></list>", &["1 • Uno", "1 • Due"])]
#[case::ordered("<list listType=\"ordered\"><item>Uno</item></list>", &["1 1. Uno"])]
#[case::table(
    "<table><thead><tr><th>Esame</th><th>Valore</th></tr></thead>\
     <tbody><tr><td>Hb</td><td>13,2<br/>g/dl</td></tr></tbody></table>",
    &["Esame|Valore/Hb|13,2\ng/dl"]
)]
#[case::markup_is_text("&lt;script&gt;alert(1)&lt;/script&gt;", &["0 <script>alert(1)</script>"])]
fn narratives(#[case] text: &str, #[case] expected: &[&str]) {
    let shown = shown(&read(&section(text)));
    assert_eq!(shown.first().map(String::as_str), Some("h2 Esami"));
    assert_eq!(shown[1..], *expected);
}

#[test]
fn the_header_becomes_facts() {
    let facts = &read(&document("")).documents[0].facts;
    let facts: Vec<_> = facts.iter().map(|(_, value)| value.as_str()).collect();
    assert_eq!(facts, ["12 mar 2026 10:30"]);
}

#[test]
fn a_pdf_body_is_taken_out_as_it_is() {
    let body = "<nonXMLBody><text mediaType=\"application/pdf\" representation=\"B64\">\n\
                JVBERi0x\nLjQK</text></nonXMLBody>";
    assert_eq!(read(&document(body)).pdf.as_deref(), Some(&b"%PDF-1.4\n"[..]));
}

#[rstest]
#[case::no_pdf("application/pdf", "AAAA", "B64")]
#[case::no_base64("application/pdf", "%PDF-1.4", "B64")]
#[case::other("image/tiff", "AAAA", "B64")]
fn another_body_is_told(#[case] kind: &str, #[case] content: &str, #[case] how: &str) {
    let cda = read(&document(&format!(
        "<nonXMLBody><text mediaType=\"{kind}\" representation=\"{how}\">{content}</text>\
         </nonXMLBody>"
    )));
    assert_eq!(cda.pdf, None);
    assert!(shown(&cda).iter().any(|block| block.contains(kind)), "{:?}", shown(&cda));
}

#[test]
fn the_declared_encoding_counts() {
    let xml = section("Età").replace("UTF-8", "ISO-8859-1");
    let latin: Vec<u8> = xml.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let cda = clinical_document(&latin, LANGUAGES).unwrap();
    assert_eq!(shown(&cda).last().unwrap(), "0 Età");
}

#[rstest]
#[case::no_xml("GIF89a")]
#[case::another_root("<html/>")]
#[case::open("<ClinicalDocument>")]
#[case::doctype("<!DOCTYPE ClinicalDocument []><ClinicalDocument/>")]
#[case::billion_laughs(
    "<!DOCTYPE ClinicalDocument [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">\
     <!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\">]><ClinicalDocument><title>&c;</title>\
     </ClinicalDocument>"
)]
#[case::external(
    "<!DOCTYPE ClinicalDocument [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>\
     <ClinicalDocument><title>&x;</title></ClinicalDocument>"
)]
fn refused(#[case] xml: &str) {
    assert!(clinical_document(xml.as_bytes(), LANGUAGES).is_none());
}

#[test]
fn ten_thousand_levels_are_cut_and_told() {
    let mut text = String::new();
    for level in 0..10_000 {
        write!(text, "<content>{level} ").unwrap();
    }
    text.push_str(&"</content>".repeat(10_000));
    let shown = shown(&read(&section(&text)));
    assert!(shown.last().unwrap().starts_with("note"), "{}", shown.len());
    assert!(shown[1].starts_with("0 0 1 2 3"));
}

#[test]
fn ten_thousand_sections_are_cut_and_told() {
    let open = "<component><section><title>S</title>".repeat(10_000);
    let close = "</section></component>".repeat(10_000);
    let cda = read(&document(&format!("<structuredBody>{open}{close}</structuredBody>")));
    assert_eq!(cda.documents[0].blocks.len(), MAX_SECTIONS + 1);
}

#[test]
fn more_than_a_document_holds_is_refused() {
    let nodes = "<br/>".repeat(usize::try_from(MAX_NODES).unwrap());
    assert!(clinical_document(section(&nodes).as_bytes(), LANGUAGES).is_none());
    assert!(clinical_document(&vec![b' '; MAX_BYTES + 1], LANGUAGES).is_none());
}
