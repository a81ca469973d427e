//! Presentation contexts: what is proposed, and which ones a retrieval needs (PS3.8 §9.3.2.2).
//!
//! The acceptor picks one transfer syntax for each context. To get an instance as it is stored, each
//! pair of SOP Class and compressed transfer syntax therefore has a context of its own.

use std::collections::BTreeMap;

use part10::{
    DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_BIG_ENDIAN, EXPLICIT_VR_LITTLE_ENDIAN,
    IMPLICIT_VR_LITTLE_ENDIAN,
};

use crate::source::Wanted;

/// Verification SOP Class.
pub(crate) const VERIFICATION: &str = "1.2.840.10008.1.1";

/// Context identifiers are the odd numbers up to 255.
const MOST_CONTEXTS: usize = 128;

/// Transfer syntaxes of compressed pixel data (PS3.6 Table A-1), and Explicit VR Big Endian.
const COMPRESSED: [&str; 27] = [
    "1.2.840.10008.1.2.4.50",
    "1.2.840.10008.1.2.4.51",
    "1.2.840.10008.1.2.4.57",
    "1.2.840.10008.1.2.4.70",
    "1.2.840.10008.1.2.4.80",
    "1.2.840.10008.1.2.4.81",
    "1.2.840.10008.1.2.4.90",
    "1.2.840.10008.1.2.4.91",
    "1.2.840.10008.1.2.4.92",
    "1.2.840.10008.1.2.4.93",
    "1.2.840.10008.1.2.4.100",
    "1.2.840.10008.1.2.4.101",
    "1.2.840.10008.1.2.4.102",
    "1.2.840.10008.1.2.4.103",
    "1.2.840.10008.1.2.4.104",
    "1.2.840.10008.1.2.4.105",
    "1.2.840.10008.1.2.4.106",
    "1.2.840.10008.1.2.4.107",
    "1.2.840.10008.1.2.4.108",
    "1.2.840.10008.1.2.4.110",
    "1.2.840.10008.1.2.4.201",
    "1.2.840.10008.1.2.4.202",
    "1.2.840.10008.1.2.4.203",
    "1.2.840.10008.1.2.5",
    "1.2.840.10008.1.2.8.1",
    DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN,
    EXPLICIT_VR_BIG_ENDIAN,
];

/// Storage classes without pixel data: presentation states, waveforms, raw data, registrations,
/// structured and encapsulated documents, radiotherapy.
const WITHOUT_PIXELS: [&str; 7] = [
    "1.2.840.10008.5.1.4.1.1.11.",
    "1.2.840.10008.5.1.4.1.1.9.",
    "1.2.840.10008.5.1.4.1.1.66",
    "1.2.840.10008.5.1.4.1.1.88.",
    "1.2.840.10008.5.1.4.1.1.104.",
    "1.2.840.10008.5.1.4.1.1.481.",
    "1.2.840.10008.5.1.4.1.1.200.",
];

/// What is proposed where the PACS does not say which SOP Classes a study has: below
/// 1.2.840.10008.5.1.4.1.1.
const USUAL_CLASSES: [&str; 60] = [
    "1", "1.1", "1.1.1", "1.2", "1.2.1", "1.3", "2", "2.1", "2.2", "3.1", "4", "4.1", "4.2", "4.3",
    "6.1", "6.2", "7", "7.1", "7.2", "7.3", "7.4", "9.1.1", "9.1.2", "9.2.1", "11.1", "11.2",
    "11.3", "12.1", "12.1.1", "12.2", "12.2.1", "13.1.1", "13.1.3", "13.1.4", "13.1.5", "20", "66",
    "66.1", "66.4", "77.1.1", "77.1.1.1", "77.1.2", "77.1.4", "77.1.4.1", "77.1.5.1", "77.1.5.4",
    "77.1.6", "88.11", "88.22", "88.33", "88.50", "88.59", "88.67", "104.1", "104.2", "128", "130",
    "481.1", "481.2", "481.3",
];

/// A presentation context to propose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Proposal {
    pub(crate) abstract_syntax: String,
    pub(crate) transfer_syntaxes: Vec<String>,
    /// Whether we offer to be the SCP, as C-GET needs (PS3.7 §D.3.3.4).
    pub(crate) we_are_scp: bool,
}

/// A presentation context that both sides agreed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AcceptedContext {
    pub(crate) id: u8,
    pub(crate) abstract_syntax: String,
    pub(crate) transfer_syntax: String,
}

impl Proposal {
    /// A service of which we are the SCU.
    pub(crate) fn service(abstract_syntax: &str) -> Self {
        let transfer_syntaxes = uncompressed();
        let abstract_syntax = abstract_syntax.to_owned();
        Self { abstract_syntax, transfer_syntaxes, we_are_scp: false }
    }

    fn storage(sop_class: &str, transfer_syntaxes: Vec<String>) -> Self {
        Self { abstract_syntax: sop_class.to_owned(), transfer_syntaxes, we_are_scp: true }
    }
}

pub(crate) fn contexts_are_too_many(contexts: usize) -> bool {
    contexts > MOST_CONTEXTS
}

fn uncompressed() -> Vec<String> {
    vec![EXPLICIT_VR_LITTLE_ENDIAN.to_owned(), IMPLICIT_VR_LITTLE_ENDIAN.to_owned()]
}

/// The storage contexts of one C-GET association, and the instances that come over it.
#[derive(Debug)]
pub(crate) struct StorageGroup<'a> {
    pub(crate) proposals: Vec<Proposal>,
    pub(crate) wanted: Vec<&'a Wanted>,
}

/// Shares instances out over as few associations as their storage contexts need.
///
/// Some peers send all instances of a class over its first accepted context, whatever their transfer
/// syntax: `compressed_first` gives them another one to choose.
pub(crate) fn storage_groups<'a>(
    wanted: &[&'a Wanted],
    compressed_first: bool,
) -> Vec<StorageGroup<'a>> {
    let mut of_class: BTreeMap<Option<&str>, Vec<&'a Wanted>> = BTreeMap::new();
    for instance in wanted {
        let class = instance.sop_class.as_ref().map(model::SopClassUid::as_str);
        of_class.entry(class).or_default().push(instance);
    }
    let mut groups: Vec<StorageGroup<'a>> = Vec::new();
    for (class, members) in of_class {
        let mut proposals = match class {
            Some(class) => proposals_of(class, &members),
            None => proposals_of_unknown(),
        };
        if compressed_first {
            proposals.reverse();
        }
        // One context is that of the retrieval itself.
        let fits =
            |group: &&mut StorageGroup<'_>| group.proposals.len() + proposals.len() < MOST_CONTEXTS;
        match groups.iter_mut().find(fits) {
            Some(group) => {
                group.proposals.extend(proposals);
                group.wanted.extend(members);
            }
            None => groups.push(StorageGroup { proposals, wanted: members }),
        }
    }
    groups
}

fn proposals_of(class: &str, members: &[&Wanted]) -> Vec<Proposal> {
    let all_say = members.iter().all(|member| !member.transfer_syntaxes.is_empty());
    let has_pixels = !WITHOUT_PIXELS.iter().any(|prefix| class.starts_with(prefix));
    let is_stored = |syntax: &&str| {
        members.iter().any(|member| member.transfer_syntaxes.iter().any(|one| one == syntax))
    };
    let mut proposals = vec![Proposal::storage(class, uncompressed())];
    proposals.extend(
        COMPRESSED
            .iter()
            .filter(|syntax| if all_say { is_stored(syntax) } else { has_pixels })
            .map(|syntax| Proposal::storage(class, vec![(*syntax).to_owned()])),
    );
    proposals
}

/// Two contexts for each usual class: any compression is better than none.
fn proposals_of_unknown() -> Vec<Proposal> {
    let compressed: Vec<String> = COMPRESSED.iter().map(|syntax| (*syntax).to_owned()).collect();
    USUAL_CLASSES
        .iter()
        .flat_map(|suffix| {
            let class = format!("1.2.840.10008.5.1.4.1.1.{suffix}");
            [
                Proposal::storage(&class, uncompressed()),
                Proposal::storage(&class, compressed.clone()),
            ]
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(class: Option<&str>, syntaxes: &[&str]) -> Wanted {
        Wanted {
            sop_class: class.map(|class| class.parse().unwrap()),
            sop_instance: "1.2.3".parse().unwrap(),
            series: "1.2".parse().unwrap(),
            patient_id: None,
            transfer_syntaxes: syntaxes.iter().map(|one| (*one).to_owned()).collect(),
        }
    }

    const CT: &str = "1.2.840.10008.5.1.4.1.1.2";
    const SR: &str = "1.2.840.10008.5.1.4.1.1.88.22";

    #[test]
    fn each_compressed_transfer_syntax_has_a_context_of_its_own() {
        let instance = wanted(Some(CT), &[]);
        let groups = storage_groups(&[&instance], false);
        assert_eq!(groups.len(), 1);
        let proposals = &groups[0].proposals;
        assert_eq!(proposals.len(), 1 + COMPRESSED.len());
        assert!(proposals[1..].iter().all(|proposal| proposal.transfer_syntaxes.len() == 1));
        assert!(proposals.iter().all(|proposal| proposal.we_are_scp));
    }

    #[test]
    fn what_the_pacs_says_it_stores_is_all_that_is_proposed() {
        let instance = wanted(Some(CT), &["1.2.840.10008.1.2.4.70"]);
        let groups = storage_groups(&[&instance], false);
        assert_eq!(groups[0].proposals.len(), 2);
    }

    #[test]
    fn a_second_try_proposes_the_compressed_ones_first() {
        let instance = wanted(Some(CT), &[]);
        let groups = storage_groups(&[&instance], true);
        assert_eq!(groups[0].proposals.last().unwrap().transfer_syntaxes, uncompressed());
    }

    #[test]
    fn a_report_needs_no_compression() {
        let instance = wanted(Some(SR), &[]);
        assert_eq!(storage_groups(&[&instance], false)[0].proposals.len(), 1);
    }

    #[test]
    fn more_contexts_than_an_association_has_take_several() {
        let classes: Vec<_> =
            (1..=9).map(|n| wanted(Some(&format!("1.2.840.10008.5.1.4.1.1.{n}")), &[])).collect();
        let groups = storage_groups(&classes.iter().collect::<Vec<_>>(), false);
        assert_eq!(groups.len(), 3);
        assert!(groups.iter().all(|group| group.proposals.len() < MOST_CONTEXTS));
        assert_eq!(groups.iter().map(|group| group.wanted.len()).sum::<usize>(), 9);
    }

    #[test]
    fn a_pacs_that_names_no_sop_class_gets_the_usual_ones() {
        let instance = wanted(None, &[]);
        let groups = storage_groups(&[&instance], false);
        assert!(groups[0].proposals.len() < MOST_CONTEXTS);
        assert!(groups[0].proposals.iter().any(|proposal| proposal.abstract_syntax == CT));
    }
}
