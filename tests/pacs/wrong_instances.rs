//! Instances that the PACS sends wrongly or not at all: each is named, and all others are delivered.

use std::sync::Arc;
use std::time::Duration;

use fixtures::dimse::{Fault, Misdeed, Script, StoreFault};
use fixtures::{Holding, Options, write_study};
use rstest::rstest;

use crate::scripted::{
    GARBAGE, GET, INSTANCES, LONG, LYING_PDU, MOVE, SHORT, Scripted, package_from, says, settings,
};
use crate::support::Workplace;

const UNKNOWN_PDU: &[u8] = &[0x55, 0, 0, 0, 0, 4, 0, 0, 0, 0];
const OVERSIZED_PDU: &[u8] = &[4, 0, 0x7F, 0xFF, 0xFF, 0xFF, 0, 0];
/// A PDU that is too short for the header of its value.
const SHORT_PDU: &[u8] = &[4, 0, 0, 0, 0, 3, 0, 0, 0];
/// A release in mid data set.
const RELEASE: &[u8] = &[5, 0, 0, 0, 0, 4, 0, 0, 0, 0];

/// One instance that the PACS cannot send, whatever is asked for: its series loses only that one.
#[rstest]
#[case::abort(StoreFault::BetweenPdus(Misdeed::Abort), LONG, "aborts the association")]
#[case::hang_up(
    StoreFault::BetweenPdus(Misdeed::HangUp),
    LONG,
    "the connection to the PACS breaks"
)]
#[case::hang_up_in_a_pdu(
    StoreFault::InPdu(Misdeed::HangUp),
    LONG,
    "the connection to the PACS breaks"
)]
#[case::silence(
    StoreFault::BetweenPdus(Misdeed::Silence),
    SHORT,
    "`time_outs.no_progress` sets the limit"
)]
#[case::silence_in_a_pdu(
    StoreFault::InPdu(Misdeed::Silence),
    SHORT,
    "`time_outs.no_progress` sets the limit"
)]
#[case::one_byte_a_second(StoreFault::Drip, SHORT, "`time_outs.no_progress` sets the limit")]
#[case::reset(StoreFault::InPdu(Misdeed::Reset), LONG, "Connection reset by peer")]
#[case::unknown_pdu(StoreFault::BetweenPdus(says(UNKNOWN_PDU)), LONG, "a PDU of unknown type 55H")]
#[case::oversized_pdu(
    StoreFault::BetweenPdus(says(OVERSIZED_PDU)),
    LONG,
    "a PDU of 2147483647 bytes"
)]
#[case::lying_pdu(StoreFault::BetweenPdus(says(LYING_PDU)), LONG, "a P-DATA-TF PDU is damaged")]
#[case::short_pdu(StoreFault::BetweenPdus(says(SHORT_PDU)), LONG, "a P-DATA-TF PDU is damaged")]
#[case::garbage(StoreFault::BetweenPdus(says(GARBAGE)), LONG, "a PDU of unknown type DEH")]
#[case::release(
    StoreFault::BetweenPdus(says(RELEASE)),
    LONG,
    "a release in the midst of a data set"
)]
#[case::no_data_set(StoreFault::NoDataSet, LONG, "a C-STORE without data set")]
#[case::other_context(
    StoreFault::OtherContext,
    LONG,
    "an instance over a context that was refused"
)]
fn one_instance_breaks_each_association(
    #[case] fault: StoreFault,
    #[case] time_outs: &str,
    #[case] sentence: &str,
) {
    let scripted = Scripted::new();
    let spoiled = scripted.third()[0].clone();
    let script = Script::always(Fault::Store(fault, spoiled.clone()));
    let ended = scripted.package(script, &settings(GET, time_outs));
    ended.lacks(&[spoiled], "missing", "it is announced and not there");
    ended.says(sentence);
}

/// The same over C-MOVE, where the PACS itself goes on.
#[rstest]
#[case::abort(StoreFault::BetweenPdus(Misdeed::Abort), LONG)]
#[case::hang_up_in_a_pdu(StoreFault::InPdu(Misdeed::HangUp), LONG)]
#[case::garbage(StoreFault::BetweenPdus(says(GARBAGE)), LONG)]
#[case::silence(StoreFault::InPdu(Misdeed::Silence), SHORT)]
fn one_instance_breaks_each_association_of_a_move(
    #[case] fault: StoreFault,
    #[case] time_outs: &str,
) {
    let scripted = Scripted::new();
    let spoiled = scripted.third()[0].clone();
    let script = Script::always(Fault::Store(fault, spoiled.clone()));
    let ended = scripted.package(script, &settings(MOVE, time_outs));
    ended.lacks(&[spoiled], "missing", "it is announced and not there");
}

/// A fault that does not come again costs nothing.
#[rstest]
#[case::abort(StoreFault::BetweenPdus(Misdeed::Abort), LONG)]
#[case::reset(StoreFault::InPdu(Misdeed::Reset), LONG)]
#[case::silence(StoreFault::InPdu(Misdeed::Silence), SHORT)]
#[case::cut_short(StoreFault::CutShort, LONG)]
#[case::refused_by_the_pacs(StoreFault::Fails, LONG)]
#[case::of_another_move(StoreFault::OfAnotherMove, LONG)]
fn what_goes_wrong_once_is_asked_for_again(#[case] fault: StoreFault, #[case] time_outs: &str) {
    let scripted = Scripted::new();
    let spoiled = scripted.third()[1].clone();
    // Only a C-MOVE has an originator.
    let way = if fault == StoreFault::OfAnotherMove { MOVE } else { GET };
    let script = Script::once(Fault::Store(fault, spoiled));
    scripted.package(script, &settings(way, time_outs)).is_whole();
}

/// What another retrieval asked for is that one's (PS3.7 §9.1.1.1.5, Move Originator Message ID).
#[test]
fn an_instance_of_another_move_is_not_taken() {
    let scripted = Scripted::new();
    let foreign = scripted.third()[1].clone();
    let script = Script::always(Fault::Store(StoreFault::OfAnotherMove, foreign.clone()));
    let ended = scripted.package(script, &settings(MOVE, LONG));
    ended.lacks(&[foreign], "missing", "it is announced and not there");
}

/// A PACS that puts a C-MOVE into a queue, says that it went well and sends then, naming the request: soon, or so
/// late that it is asked once more.
#[rstest]
#[case::soon(300)]
#[case::after_the_next_request(3000)]
fn what_a_pacs_sends_after_its_last_answer_is_taken(#[case] late_by: u64) {
    let fault = Fault::AnswersFirst(Duration::from_millis(late_by));
    let one_request = format!("{}\nlimits.associations = 1", settings(MOVE, LONG));
    Scripted::new().package(Script::always(fault), &one_request).is_whole();
}

/// An instance that comes and cannot be used.
#[rstest]
#[case::empty(StoreFault::Empty, "")]
#[case::without_uids(StoreFault::NoUids, "is missing or unusable")]
#[case::cut_short(StoreFault::CutShort, "are missing")]
#[case::of_another_patient(StoreFault::OfPatient("TEST-OTHER".into()), "it belongs to another patient")]
#[case::of_another_study(StoreFault::OfStudy("1.2.3".into()), "it belongs to another study")]
fn one_instance_is_refused(
    #[case] fault: StoreFault,
    #[case] reason: &str,
    #[values(GET, MOVE)] way: &str,
) {
    let scripted = Scripted::new();
    let spoiled = scripted.third()[1].clone();
    let script = Script::always(Fault::Store(fault, spoiled.clone()));
    let ended = scripted.package(script, &settings(way, LONG));
    ended.lacks(&[spoiled], "refused", reason);
}

#[test]
fn an_instance_whose_sub_operation_fails_is_missing() {
    let scripted = Scripted::new();
    let spoiled = scripted.third()[1].clone();
    let script = Script::always(Fault::Store(StoreFault::Fails, spoiled.clone()));
    let ended = scripted.package(script, &settings(GET, LONG));
    ended.lacks(&[spoiled], "missing", "it is announced and not there");
}

#[test]
fn an_instance_that_comes_twice_the_same_is_one() {
    let scripted = Scripted::new();
    let twice = scripted.third()[0].clone();
    let script = Script::always(Fault::Store(StoreFault::Twice, twice));
    scripted.package(script, &settings(GET, LONG)).is_whole();
}

/// Each series is asked for, however often those before it come.
#[rstest]
fn a_pacs_that_sends_the_same_again_and_again_delivers_all(
    #[values(GET, MOVE)] way: &str,
    #[values(1, 2)] associations: usize,
) {
    let limits = format!("{}\nlimits.associations = {associations}", settings(way, LONG));
    Scripted::new().package(Script::always(Fault::Repeats), &limits).is_whole();
}

#[test]
fn an_instance_that_comes_twice_and_differs_is_named() {
    let scripted = Scripted::new();
    let twice = scripted.third()[0].clone();
    let script = Script::always(Fault::Store(StoreFault::TwiceDifferent, twice.clone()));
    let ended = scripted.package(script, &settings(GET, LONG));
    assert_eq!(ended.code, 3, "{}", ended.stderr);
    let counts = &ended.report.as_ref().expect("a report")["counts"];
    assert_eq!(counts["received"], INSTANCES);
    assert_eq!(counts["expected"], INSTANCES);
    ended.names(&[twice], "duplicate", "other content is in the package");
}

/// What nobody asked for stays out, and is named.
#[rstest]
fn a_study_that_comes_besides_is_refused(#[values(GET, MOVE)] way: &str) {
    let scripted = Scripted::new();
    let foreign: Vec<_> =
        scripted.other.instances.iter().map(|one| one.sop_instance_uid.clone()).collect();
    let script = Script::always(Fault::AlsoSends(scripted.other_uid().to_owned()));
    let ended = scripted.package(script, &settings(way, LONG));
    assert_eq!(ended.code, 3, "{}", ended.stderr);
    assert_eq!(ended.report.as_ref().expect("a report")["counts"]["received"], INSTANCES);
    ended.names(&foreign, "refused", "it belongs to another study");
    assert!(!ended.stderr.contains(" 0 of "), "{}", ended.stderr);
}

#[rstest]
fn nothing_but_another_study_makes_no_package(#[values(GET, MOVE)] way: &str) {
    let scripted = Scripted::new();
    let script = Script::always(Fault::SendsInstead(scripted.other_uid().to_owned()));
    let ended = scripted.package(script, &settings(way, LONG));
    ended.fails(4, "none of the");
    ended.says("it belongs to another study");
}

#[rstest]
fn counts_of_the_pacs_are_not_believed(#[values(GET, MOVE)] way: &str) {
    let scripted = Scripted::new();
    scripted.package(Script::always(Fault::CountsLie), &settings(way, LONG)).is_whole();
}

#[test]
fn an_instance_that_is_listed_and_never_sent_is_missing() {
    let scripted = Scripted::new();
    let phantom = "1.2.826.0.1.3680043.10.1".to_owned();
    let script = Script::always(Fault::ListsMore(vec![phantom.clone()]));
    let ended = scripted.package(script, &settings(GET, LONG));
    assert_eq!(ended.code, 3, "{}", ended.stderr);
    assert_eq!(ended.report.as_ref().expect("a report")["counts"]["received"], INSTANCES);
    ended.names(&[phantom], "missing", "it is announced and not there");
    ended.says("1 of 17 instances are not in it");
}

#[test]
fn an_instance_that_is_sent_and_not_listed_is_in() {
    let scripted = Scripted::new();
    let hidden = scripted.third();
    let script = Script::always(Fault::ListsFewer(hidden));
    scripted.package(script, &settings(GET, LONG)).is_whole();
}

/// It is in the package as any other, so a selection of key images leads to it.
#[test]
fn a_report_leads_to_an_image_that_is_sent_and_not_listed() {
    let workplace = Workplace::empty();
    let options = Options { slices: Some(3), rows: Some(48), syntax: None, seed: 1 };
    let study = write_study("ko", &options, &workplace.source()).expect("a study");
    let hidden = vec![study.instances[0].sop_instance_uid.clone()];
    let holding = Arc::new(Holding::read(&workplace.source()).expect("the files"));
    let script = Script::always(Fault::ListsFewer(hidden));
    let ended =
        package_from(workplace, holding, script, study.study_uids()[0], &settings(GET, LONG));
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert_eq!(ended.report.as_ref().expect("a report")["counts"]["received"], 4);
    let page = ended.entry("IHE_PDI/RP000001.HTM");
    assert!(page.contains("vedi immagine 1 della serie 1"), "{page}");
    assert!(!page.contains("immagine che non è in questo pacchetto"), "{page}");
}

/// All that is listed came before the retrieval broke off: only the count of the PACS shows the others.
#[rstest]
#[case::get(GET, "aborts the association")]
#[case::by_move(MOVE, "one or more failures (B000H)")]
fn instances_that_are_not_listed_and_break_the_retrieval_are_missed(
    #[case] way: &str,
    #[case] sentence: &str,
) {
    let scripted = Scripted::new();
    let last = scripted.study.series_uids()[7].to_owned();
    let members = scripted.study.instances.iter().filter(|one| one.series_uid == last);
    let hidden: Vec<_> = members.map(|one| one.sop_instance_uid.clone()).collect();
    assert_eq!(hidden.len(), 2);
    let script = Script::always(Fault::HoldsBack(hidden));
    let ended = scripted.package(script, &settings(way, LONG));
    ended.misses_unnamed(2, INSTANCES);
    ended.says(sentence);
}

/// An inner space is in no UID (PS3.5 §9.1), and nothing can be asked for under it.
#[test]
fn an_instance_that_is_listed_under_no_uid_is_missed() {
    let scripted = Scripted::new();
    let script = Script::always(Fault::ListsMore(vec!["1.2 3".to_owned()]));
    let ended = scripted.package(script, &settings(GET, LONG));
    // Each of the eight series lists it.
    ended.misses_unnamed(8, INSTANCES + 8);
}

#[test]
fn an_instance_that_is_listed_twice_is_one() {
    let scripted = Scripted::new();
    scripted.package(Script::always(Fault::ListsTwice), &settings(GET, LONG)).is_whole();
}
