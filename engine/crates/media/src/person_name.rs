//! Person names as people write them (PS3.5 §6.2.1, VR PN).

/// A PN value in readable form: `Dott.ssa ROSSI MARIA TEST`, family name first.
///
/// The alphabetic group leads; an ideographic one follows in brackets, a phonetic one is shown only
/// when it is all there is. Of several values the first is taken. Nothing remains of an empty name.
pub fn display_pn(value: &str) -> Option<String> {
    let name = value.split('\\').next().unwrap_or_default();
    let mut groups = name.splitn(3, '=').map(display_group);
    let mut group = || groups.next().unwrap_or_default();
    let (alphabetic, ideographic, phonetic) = (group(), group(), group());
    match (alphabetic, ideographic) {
        (None, None) => phonetic,
        (Some(name), None) | (None, Some(name)) => Some(name),
        (Some(name), Some(other)) => Some(format!("{name} ({other})")),
    }
}

/// A PN value as the banner of the portal has it (S-034): `ROSSI, Maria Test`, family name in
/// capitals.
pub(crate) fn display_pn_family_first(value: &str) -> Option<String> {
    let name = value.split('\\').next().unwrap_or_default();
    let group = name.split('=').next().unwrap_or_default();
    let (family, rest) = group.split_once('^').unwrap_or((group, ""));
    let rest = display_group(&format!("^{rest}"));
    match (family.trim(), rest) {
        // A name without its alphabetic group, or with others beside it, is shown in full.
        _ if name.contains('=') => display_pn(value),
        ("", rest) => rest,
        (family, None) => Some(family.to_uppercase()),
        (family, Some(rest)) => Some(format!("{}, {rest}", family.to_uppercase())),
    }
}

/// Prefix, family, given, middle, suffix: the order of address, family name first.
fn display_group(group: &str) -> Option<String> {
    let components: Vec<&str> = group.split('^').map(str::trim).collect();
    let component = |index: usize| components.get(index).copied().unwrap_or_default();
    let mut words = vec![component(3), component(0), component(1), component(2), component(4)];
    // More components than the standard knows are kept, not lost.
    words.extend(components.iter().skip(5));
    words.retain(|word| !word.is_empty());
    (!words.is_empty()).then(|| words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::two("Rossi^maria test", Some("ROSSI, maria test"))]
    #[case::five("Rossi^Maria^Test^Dott.ssa^PhD", Some("ROSSI, Dott.ssa Maria Test PhD"))]
    #[case::family_only("D'Angelò Test", Some("D'ANGELÒ TEST"))]
    #[case::given_only("^Maria Test", Some("Maria Test"))]
    #[case::ideographic("Yamada^Test=山田^太郎", Some("Yamada Test (山田 太郎)"))]
    #[case::carets_only("^^^^", None)]
    fn banner(#[case] value: &str, #[case] expected: Option<&str>) {
        assert_eq!(display_pn_family_first(value).as_deref(), expected);
    }

    #[rstest]
    #[case::two("ROSSI^MARIA TEST", Some("ROSSI MARIA TEST"))]
    #[case::five("Rossi^Maria^Test^Dott.ssa^PhD", Some("Dott.ssa Rossi Maria Test PhD"))]
    #[case::family_only("ROSSI TEST", Some("ROSSI TEST"))]
    #[case::trailing_carets("ROSSI^TEST^^^", Some("ROSSI TEST"))]
    #[case::apostrophe("D'Angelò^Niccolò Test", Some("D'Angelò Niccolò Test"))]
    #[case::ideographic("Yamada^Test=山田^太郎=やまだ^たろう", Some("Yamada Test (山田 太郎)"))]
    #[case::ideographic_only("=山田^太郎", Some("山田 太郎"))]
    #[case::phonetic_only("==やまだ", Some("やまだ"))]
    #[case::six_components("A^B^C^D^E^F", Some("D A B C E F"))]
    #[case::first_of_two("ROSSI^TEST\\BIANCHI^TEST", Some("ROSSI TEST"))]
    #[case::carets_only("^^^^", None)]
    #[case::empty("", None)]
    fn readable(#[case] value: &str, #[case] expected: Option<&str>) {
        assert_eq!(display_pn(value).as_deref(), expected);
    }
}
