//! The HTML part of an e-mail, made of its text, so that both say the same.
//!
//! It goes through clients that know little: tables for the layout, styles at each element, nothing that has to be
//! fetched. What knows more also gets dark colours.
//!
//! **Invariant:** nothing of the text becomes markup, and no address but a web address becomes a link.

use askama::Template;
use texts::Texts;

use crate::messages::Site;

/// A part of a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Block<'a> {
    /// Lines of a paragraph.
    Lines(Vec<&'a str>),
    /// `Nome utente: maria`, a line each.
    Facts(Vec<(&'a str, &'a str)>),
    /// A web address on a line of its own.
    Button(&'a str),
    /// What somebody else wrote: lines that begin with `> `.
    Quote(Vec<&'a str>),
}

#[derive(Template)]
#[template(path = "mail.html")]
struct Letter<'a> {
    text: Texts,
    site: &'a Site,
    subject: &'a str,
    blocks: Vec<Block<'a>>,
    /// What stands below, smaller.
    closing: Vec<&'a str>,
}

/// The HTML of a letter; its closing is what stands below. Plain text alone is sent if there is none.
pub(super) fn letter(
    text: Texts,
    site: &Site,
    subject: &str,
    content: &str,
    closing: &str,
) -> Option<String> {
    let blocks = content.split("\n\n").filter(|part| !part.trim().is_empty()).flat_map(blocks);
    let closing = closing.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    Letter { text, site, subject, blocks: blocks.collect(), closing }.render().ok()
}

/// What a paragraph is made of: an address that ends it is a button below the rest.
fn blocks(paragraph: &str) -> Vec<Block<'_>> {
    let mut lines: Vec<&str> = paragraph.lines().map(str::trim_end).collect();
    lines.retain(|line| !line.is_empty());
    let button = lines.pop_if(|line| is_address(line)).map(Block::Button);
    let rest = if lines.is_empty() {
        None
    } else if let Some(quoted) = all(&lines, |line| line.strip_prefix('>').map(str::trim_start)) {
        Some(Block::Quote(quoted))
    } else if let Some(facts) = all(&lines, fact) {
        Some(Block::Facts(facts))
    } else {
        Some(Block::Lines(lines))
    };
    rest.into_iter().chain(button).collect()
}

/// What each line is, if all of them are.
fn all<'a, T>(lines: &[&'a str], one: impl Fn(&'a str) -> Option<T>) -> Option<Vec<T>> {
    lines.iter().map(|line| one(line)).collect()
}

/// A name of a few words and a value.
fn fact(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once(": ")?;
    (name.split_whitespace().count() <= 4 && !value.is_empty()).then_some((name, value))
}

fn is_address(text: &str) -> bool {
    (text.starts_with("https://") || text.starts_with("http://"))
        && !text.contains(|letter: char| letter.is_whitespace() || letter.is_control())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn html(content: &str) -> String {
        let site = Site {
            institution: "Ospedale di Prova <&>".to_owned(),
            portal: "La mia salute".to_owned(),
            address: "https://portal.example.org".to_owned(),
        };
        let text = texts::Language::Italian.texts();
        letter(text, &site, "Oggetto <b>", content, "Chiusura\n\n  Non rispondere").unwrap()
    }

    #[rstest]
    #[case::paragraph("una riga\nun'altra", vec![Block::Lines(vec!["una riga", "un'altra"])])]
    #[case::facts("PIN: 271828", vec![Block::Facts(vec![("PIN", "271828")])])]
    #[case::not_facts("PIN: 271828\ne altro", vec![Block::Lines(vec!["PIN: 271828", "e altro"])])]
    #[case::long_name("è scaduto il tuo PIN: oggi", vec![Block::Lines(vec!["è scaduto il tuo PIN: oggi"])])]
    #[case::address(
        "Apri:\nhttps://portal.example.org/s/abc",
        vec![Block::Lines(vec!["Apri:"]), Block::Button("https://portal.example.org/s/abc")]
    )]
    #[case::no_address("javascript:alert(1)", vec![Block::Lines(vec!["javascript:alert(1)"])])]
    #[case::quote("> Caro dottore,\n> ecco", vec![Block::Quote(vec!["Caro dottore,", "ecco"])])]
    fn a_paragraph_is_what_it_looks_like(
        #[case] paragraph: &str,
        #[case] expected: Vec<Block<'_>>,
    ) {
        assert_eq!(blocks(paragraph), expected);
    }

    #[test]
    fn nothing_of_a_text_becomes_markup_and_nothing_is_fetched() {
        let odd = "<script>alert(1)</script>\n\nNome: \"><img src=x>\n\n> </td></table>\n\nhttps://x/\"onclick=\"y";
        let page = html(odd);
        for odd in ["<script", "<img", "onclick=\"", "</td></table>\n\n"] {
            assert!(!page.contains(odd), "{odd}: {page}");
        }
        // Links apart, no address is in it that a client would ask.
        for fetched in ["src=\"", "url(", "@import", "<link"] {
            assert!(!page.contains(fetched), "{fetched}: {page}");
        }
    }

    #[test]
    fn the_text_is_all_there() {
        let page = html(
            "Gentile utente,\n\nNome utente: maria\n\n> Ecco\n\nhttps://portal.example.org/s/1",
        );
        for words in [
            "Gentile utente,",
            "maria",
            "Ecco",
            "href=\"https://portal.example.org/s/1\"",
            "Non rispondere",
            "Ospedale di Prova &#60;&#38;&#62;",
        ] {
            assert!(page.contains(words), "{words}: {page}");
        }
    }
}
