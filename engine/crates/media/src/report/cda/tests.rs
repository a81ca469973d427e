//! Clinical documents, good and hostile.

use std::fmt::Write as _;

use rstest::rstest;

use super::*;
use crate::report::{Cell, Table};

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
            let cell = |cell: &Cell| match (cell.columns, cell.rows) {
                (1, 1) => cell.text.to_string(),
                (columns, rows) => format!("{} {columns}x{rows}", cell.text),
            };
            let row = |row: &Vec<Cell>| row.iter().map(cell).collect::<Vec<_>>().join("|");
            rows.iter().map(row).collect::<Vec<_>>().join("/")
        }
        Block::Figure { picture, caption } => format!(
            "figure {picture} {}",
            caption.as_ref().map_or_else(String::new, ToString::to_string)
        ),
        Block::Note(note) => format!("note {note}"),
        Block::Item { .. } => String::new(),
    };
    cda.documents[0].blocks.iter().map(shown).collect()
}

#[rstest]
#[case::text("Quadro  stabile,\n nessun   dolore.", &["0 Quadro stabile, nessun dolore."])]
#[case::inline("Peso <content>72</content> kg", &["0 Peso 72 kg"])]
#[case::lowered("H<sub>2</sub>O", &["0 H₂O"])]
#[case::raised("Leucociti 7,4 x 10<sup>9</sup>/L", &["0 Leucociti 7,4 x 10⁹/L"])]
#[case::note("Stadio T4<sup>1</sup> e 12<sup>1,2</sup>", &["0 Stadio T4¹ e 12^(1,2)"])]
#[case::raised_within("10<sup><content>9 </content></sup> dosi", &["0 10⁹ dosi"])]
#[case::space_inside("dose<sub> max </sub>5 mg", &["0 dose max 5 mg"])]
#[case::title("Dott.<sup>ssa</sup> VERDI TEST", &["0 Dott.ssa VERDI TEST"])]
#[case::raised_in_a_cell("<table><tr><td>10<sup>12</sup></td></tr></table>", &["10¹²"])]
#[case::lines("Uno<br/>due", &["0 Uno\ndue"])]
#[case::paragraphs("<paragraph>Uno</paragraph><paragraph>Due</paragraph>", &["0 Uno", "0 Due"])]
#[case::list("<list><item>Uno</item><item>Due</item></list>", &["1 • Uno", "1 • Due"])]
#[case::ordered("<list listType=\"ordered\"><item>Uno</item></list>", &["1 1. Uno"])]
#[case::table(
    "<table><thead><tr><th>Esame</th><th>Valore</th></tr></thead>\
     <tbody><tr><td>Hb</td><td>13,2<br/>g/dl</td></tr></tbody></table>",
    &["Esame|Valore/Hb|13,2\ng/dl"]
)]
#[case::spans(
    "<table><thead><tr><th rowspan=\"2\">Esame</th><th colspan=\"2\">Valori</th></tr>\
     <tr><th>prima</th><th>dopo</th></tr></thead>\
     <tbody><tr><td rowspan=\"9\">Hb</td><td>1</td><td>2</td></tr></tbody></table>",
    &["Esame 1x2|Valori 2x1/prima|dopo/Hb|1|2"]
)]
#[case::absurd_spans(
    "<table><tr><td colspan=\"99999999999\" rowspan=\"-3\">a</td><td colspan=\"5000\">b</td></tr></table>",
    &["a 100x1|b 100x1"]
)]
#[case::list_in_cell(
    "<table><tr><td>Terapia:<list><item>uno</item><item>due</item></list></td></tr></table>",
    &["Terapia:\n• uno\n• due"]
)]
#[case::table_in_cell(
    "<table><tr><td>fuori<table><tbody><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></tbody>\
     </table></td></tr></table>",
    &["fuori\na | b\nc"]
)]
#[case::lists_in_lists(
    "<list><item>Uno<list listType=\"ordered\"><item>a</item></list></item><item>Due</item></list>",
    &["1 • Uno", "2 1. a", "1 • Due"]
)]
#[case::footnotes(
    "Dose<footnote ID=\"n\">al giorno</footnote> e ancora<footnoteRef IDREF=\"n\"/>\
     <footnoteRef IDREF=\"altrove\"/>",
    &["0 Dose[1] e ancora[1][2]", "1 [1] al giorno", "1 [2] nota che il documento non riporta"]
)]
#[case::footnote_in_a_cell(
    "<table><tr><td>12<footnote>basso</footnote></td></tr></table>",
    &["12[1]", "1 [1] basso"]
)]
#[case::deleted("Peso <content revised=\"delete\">27</content> 72", &["0 Peso [cancellato: 27] 72"])]
#[case::link_is_told(
    "vedi <linkHtml href=\"http://example.org/x\">il sito</linkHtml>",
    &["0 vedi il sito (http://example.org/x)"]
)]
#[case::markup_is_text("&lt;script&gt;alert(1)&lt;/script&gt;", &["0 <script>alert(1)</script>"])]
fn narratives(#[case] text: &str, #[case] expected: &[&str]) {
    let shown = shown(&read(&section(text)));
    assert_eq!(shown.first().map(String::as_str), Some("h2 Esami"));
    assert_eq!(shown[1..], *expected);
}

/// Titles and captions, which are read as plain words.
#[test]
fn raised_and_lowered_characters_of_a_title_stay_so() {
    let xml = section("testo").replace(
        "Esami<",
        "Piastrine\n (10<sup>9</sup>/L), CO<sub>2 </sub>e<br/>m<sup>2</sup><br/>altro<",
    );
    assert_eq!(shown(&read(&xml))[0], "h2 Piastrine (10⁹/L), CO₂ e m² altro");
}

#[test]
fn the_header_becomes_facts() {
    let facts = &read(&document("")).documents[0].facts;
    let facts: Vec<_> = facts.iter().map(|(_, value)| value.as_str()).collect();
    assert_eq!(facts, ["12 mar 2026 10:30"]);
}

#[test]
fn who_wrote_signed_and_keeps_it_are_facts() {
    let person = |family: &str| {
        format!(
            "<assignedPerson><name><family>{family}</family><given>ANNA TEST</given>\
             <prefix>Dott.ssa</prefix></name></assignedPerson>"
        )
    };
    let (author, signer) = (person("VERDI"), person("BIANCHI"));
    let header = format!(
        "<effectiveTime value=\"20260312\"/>\
         <recordTarget><patientRole><id extension=\"TEST1\"/><patient><name><given>MARIA TEST</given>\
         <family>ROSSI</family></name><birthTime value=\"19700101\"/></patient></patientRole>\
         </recordTarget>\
         <author><time value=\"202603121130\"/><assignedAuthor>{author}<representedOrganization>\
         <name>Radiologia</name></representedOrganization></assignedAuthor></author>\
         <legalAuthenticator><time value=\"202603121200\"/><assignedEntity>{signer}</assignedEntity>\
         </legalAuthenticator>\
         <custodian><assignedCustodian><representedCustodianOrganization><name>Ospedale</name>\
         </representedCustodianOrganization></assignedCustodian></custodian>\
         <versionNumber value=\"2\"/><relatedDocument typeCode=\"RPLC\"/>"
    );
    let xml = document("").replace("<effectiveTime value=\"20260312103000+0100\"/>", &header);
    let read = read(&xml);
    let facts: Vec<_> =
        read.documents[0].facts.iter().map(|(label, value)| format!("{label}: {value}")).collect();
    assert_eq!(
        facts,
        [
            "Data: 12 mar 2026",
            "Paziente secondo il documento: MARIA TEST ROSSI, 1 gen 1970, TEST1",
            "Redatto da: Dott.ssa VERDI ANNA TEST, Radiologia, 12 mar 2026 11:30",
            "Verificato da: Dott.ssa BIANCHI ANNA TEST, 12 mar 2026 12:00",
            "Conservato da: Ospedale",
            "Versione del documento: 2",
            "Sostituisce: una versione precedente di questo documento",
        ]
    );
    assert_eq!(read.documents[1].facts[2].0.as_str(), "Written by");
}

/// A section whose text calls for a picture, and the value of that picture.
fn with_picture(value: &str) -> String {
    let text = "<renderMultiMedia referencedObject=\"P1\"><caption>Torace</caption>\
                </renderMultiMedia> fine";
    section(text).replace(
        "</section>",
        &format!(
            "<entry><regionOfInterest ID=\"P1\"><entryRelationship><observationMedia>{value}\
             </observationMedia></entryRelationship></regionOfInterest></entry></section>"
        ),
    )
}

#[rstest]
#[case::picture(
    "<value mediaType=\"image/png\" representation=\"B64\">AAEC</value>",
    "figure 0 Torace",
    1
)]
#[case::outside(
    "<value mediaType=\"image/png\"><reference value=\"http://example.org/a.png\"/></value>",
    "note Qui il documento rimanda a un'immagine che non contiene: http://example.org/a.png",
    0
)]
#[case::another_type(
    "<value mediaType=\"image/svg+xml\" representation=\"B64\">AAEC</value>",
    "note contenuto di tipo image/svg+xml: si legge con un visualizzatore DICOM",
    0
)]
#[case::no_base64(
    "<value mediaType=\"image/png\" representation=\"B64\">?</value>",
    "note Qui il documento ha un'immagine che non si può mostrare: è nel documento originale.",
    0
)]
#[case::nothing(
    "",
    "note Qui il documento ha un'immagine che non si può mostrare: è nel documento originale.",
    0
)]
fn pictures(#[case] value: &str, #[case] expected: &str, #[case] count: usize) {
    let cda = read(&with_picture(value));
    assert_eq!(shown(&cda)[1..], [expected, "0 fine"]);
    assert_eq!(cda.pictures.len(), count);
}

#[test]
fn a_picture_in_a_cell_comes_below_the_table() {
    let xml = with_picture("<value mediaType=\"image/jpeg\" representation=\"B64\">AAEC</value>")
        .replace("<renderMultiMedia", "<table><tr><td><renderMultiMedia")
        .replace("</renderMultiMedia> fine", "</renderMultiMedia></td></tr></table>");
    assert_eq!(shown(&read(&xml))[1..], ["(immagine sotto la tabella)", "figure 0 Torace"]);
}

#[test]
fn one_picture_called_for_without_end_is_taken_out_once() {
    let call = "<renderMultiMedia referencedObject=\"P1\"/>";
    let value = "<value mediaType=\"image/png\" representation=\"B64\">AAEC</value>";
    let xml = with_picture(value).replace(" fine", &call.repeat(30_000));
    let cda = read(&xml);
    assert_eq!((cda.pictures.len(), cda.documents[0].blocks.len()), (1, 20_001));
    assert!(cda.documents[0].is_cut());
}

#[test]
fn attributes_without_end_are_cut_and_told() {
    let endless = "x".repeat(4 << 20);
    let xml = with_picture(&format!("<value mediaType=\"{endless}\"/>"))
        .replace("<title>Esami", &format!("<title>{endless}"))
        .replace("<title>Lettera", &format!("<title>{endless}"));
    let cda = read(&xml);
    let [document, _] = &cda.documents;
    assert!(document.is_cut() && document.title().len() < 4_000);
    assert!(shown(&cda).iter().all(|block| block.len() < 4_000));
}

#[test]
fn a_pdf_body_is_taken_out_as_it_is() {
    let body = "<nonXMLBody><text mediaType=\"application/pdf\" representation=\"B64\">\n\
                JVBERi0x\nLjQK</text></nonXMLBody>";
    assert_eq!(read(&document(body)).pdf.as_deref(), Some(&b"%PDF-1.4\n"[..]));
}

#[test]
fn a_pdf_body_in_padded_pieces_is_taken_out_whole() {
    let body = "<nonXMLBody><text mediaType=\"application/pdf\" representation=\"B64\">\n\
                JVBERi0xLjQ=\nCg==JSVFT0Y=</text></nonXMLBody>";
    assert_eq!(read(&document(body)).pdf.as_deref(), Some(&b"%PDF-1.4\n%%EOF"[..]));
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
    assert!(cda.documents[0].is_cut());
}

#[test]
fn more_than_a_document_holds_is_refused() {
    let nodes = "<br/>".repeat(usize::try_from(MAX_NODES).unwrap());
    assert!(clinical_document(section(&nodes).as_bytes(), LANGUAGES).is_none());
    assert!(clinical_document(&vec![b' '; MAX_BYTES + 1], LANGUAGES).is_none());
}
