//! Answers of a PACS that are wrong, late, or none: what the user is told, and that nothing is lost that
//! can be had in another way.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use fixtures::dimse::{Fault, Misdeed, Script, Service};
use fixtures::{Holding, Storage};
use rstest::rstest;

use crate::peer::{configuration, free_port};
use crate::scripted::{
    GARBAGE, GET, LONG, LYING_PDU, MOVE, SHORT, Scripted, is_told_by_check_and_package,
    package_from, says, settings,
};
use crate::support::Workplace;

/// A-ASSOCIATE-AC of absurd length, and one of nothing.
const OVERSIZED: &[u8] = &[2, 0, 0xFF, 0xFF, 0xFF, 0xFF];
const DAMAGED: &[u8] = &[2, 0, 0, 0, 0, 8, 0, 1, 0, 0, 0, 0, 0, 0];

/// C-FIND that does not answer as it should: nothing is known of the study, so there is no package.
#[rstest]
#[case::silence(
    Fault::At(Service::Find, Misdeed::Silence),
    SHORT,
    "`time_outs.no_progress` sets the limit"
)]
#[case::hang_up(
    Fault::At(Service::Find, Misdeed::HangUp),
    LONG,
    "the connection to the PACS breaks"
)]
#[case::abort(Fault::At(Service::Find, Misdeed::Abort), LONG, "aborts the association")]
#[case::garbage(Fault::At(Service::Find, says(GARBAGE)), LONG, "a PDU of unknown type DEH")]
#[case::other_message(Fault::WrongMessageId(Service::Find), LONG, "an answer to another message")]
#[case::without_end(
    Fault::EndlessPending(Service::Find),
    LONG,
    "a query that C-CANCEL does not end"
)]
#[case::out_of_resources(Fault::Status(Service::Find, 0xA700), LONG, "out of resources (A700H)")]
#[case::identifier(
    Fault::Status(Service::Find, 0xA900),
    LONG,
    "identifier does not match SOP Class (A900H)"
)]
#[case::unable(Fault::Status(Service::Find, 0xC001), LONG, "unable to process (C001H)")]
#[case::not_supported(
    Fault::Status(Service::Find, 0x0122),
    LONG,
    "SOP Class not supported (0122H)"
)]
#[case::not_authorized(Fault::Status(Service::Find, 0x0124), LONG, "not authorized (0124H)")]
#[case::cancelled(Fault::Status(Service::Find, 0xFE00), LONG, "cancelled (FE00H)")]
#[case::warning(Fault::Status(Service::Find, 0xB000), LONG, "(B000H)")]
#[case::no_context(
    Fault::Refuses("1.2.840.10008.5.1.4.1.2.2.1"),
    LONG,
    "refuses C-FIND (Study Root): allow it for AE title ESITO"
)]
fn a_query_that_fails(#[case] fault: Fault, #[case] time_outs: &str, #[case] sentence: &str) {
    Scripted::new().package(Script::always(fault), time_outs).fails(5, sentence);
}

/// A retrieval that brings no instance: exit code 5, and why.
#[rstest]
#[case::out_of_resources(Fault::Status(Service::Get, 0xA701), GET, LONG, "(A701H)")]
#[case::sub_operations(
    Fault::Status(Service::Get, 0xA702),
    GET,
    LONG,
    "unable to perform sub-operations (A702H)"
)]
#[case::identifier(
    Fault::Status(Service::Get, 0xA900),
    GET,
    LONG,
    "identifier does not match SOP Class (A900H)"
)]
#[case::unable(Fault::Status(Service::Get, 0xC000), GET, LONG, "unable to process (C000H)")]
#[case::not_authorized(Fault::Status(Service::Get, 0x0124), GET, LONG, "not authorized (0124H)")]
#[case::success_without_instances(
    Fault::Status(Service::Get, 0),
    GET,
    LONG,
    "lists 16 instances and sends none"
)]
#[case::warning_without_instances(
    Fault::Status(Service::Get, 0xB000),
    GET,
    LONG,
    "lists 16 instances and sends none"
)]
#[case::destination(
    Fault::Status(Service::Move, 0xA801),
    MOVE,
    LONG,
    "move destination unknown (A801H)"
)]
#[case::move_unable(Fault::Status(Service::Move, 0xC000), MOVE, LONG, "unable to process (C000H)")]
#[case::silence(
    Fault::At(Service::Get, Misdeed::Silence),
    GET,
    SHORT,
    "`time_outs.no_progress` sets the limit"
)]
#[case::abort(Fault::At(Service::Get, Misdeed::Abort), GET, LONG, "aborts the association")]
#[case::reset(
    Fault::At(Service::Get, Misdeed::Reset),
    GET,
    LONG,
    "the connection to the PACS breaks"
)]
#[case::get_without_end(
    Fault::EndlessPending(Service::Get),
    GET,
    SHORT,
    "`time_outs.no_progress` sets the limit"
)]
#[case::move_without_end(
    Fault::EndlessPending(Service::Move),
    MOVE,
    SHORT,
    "`time_outs.no_progress` sets the limit"
)]
#[case::move_silence(
    Fault::At(Service::Move, Misdeed::Silence),
    MOVE,
    SHORT,
    "`time_outs.no_progress` sets the limit"
)]
#[case::move_hang_up(
    Fault::At(Service::Move, Misdeed::HangUp),
    MOVE,
    LONG,
    "the connection to the PACS breaks"
)]
#[case::no_context(
    Fault::Refuses("1.2.840.10008.5.1.4.1.2.2.3"),
    GET,
    LONG,
    "refuses C-GET: allow it for AE title ESITO"
)]
#[case::no_storage_context(
    Fault::Refuses("1.2.840.10008.5.1.4.1.1."),
    GET,
    LONG,
    "storage contexts with SCP role"
)]
#[case::move_no_context(
    Fault::Refuses("1.2.840.10008.5.1.4.1.2.2.2"),
    MOVE,
    LONG,
    "refuses C-MOVE: allow it for AE title ESITO"
)]
#[case::never_connects(
    Fault::NeverConnects,
    MOVE,
    SHORT,
    "its connection back to us (it must know our AE title"
)]
#[case::calls_another(Fault::Calls("SOMEBODY".into()), MOVE, LONG, "unable to perform sub-operations (A702H)")]
fn a_retrieval_that_brings_nothing(
    #[case] fault: Fault,
    #[case] way: &str,
    #[case] time_outs: &str,
    #[case] sentence: &str,
) {
    let ended = Scripted::new().package(Script::always(fault), &settings(way, time_outs));
    ended.fails(5, sentence);
}

/// Where C-GET does not work and C-MOVE does, all comes.
#[rstest]
#[case::refused(Fault::Refuses("1.2.840.10008.5.1.4.1.2.2.3"), LONG)]
#[case::no_storage_context(Fault::Status(Service::Get, 0x0122), LONG)]
#[case::silence(Fault::At(Service::Get, Misdeed::Silence), SHORT)]
#[case::without_end(Fault::EndlessPending(Service::Get), SHORT)]
fn c_move_takes_the_place_of_c_get(#[case] fault: Fault, #[case] time_outs: &str) {
    Scripted::new().package(Script::always(fault), &settings("", time_outs)).is_whole();
}

/// Answers with a wrong Message ID end each request; what came before each is kept.
#[rstest]
#[case::get(Service::Get, GET)]
#[case::to_move(Service::Move, MOVE)]
fn answers_to_another_message_cost_no_instance(#[case] service: Service, #[case] way: &str) {
    let script = Script::always(Fault::WrongMessageId(service));
    Scripted::new().package(script, &settings(way, LONG)).is_whole();
}

/// Many PACS send from another AE title than the one that is asked.
#[test]
fn a_pacs_may_send_from_another_ae_title() {
    let fault = Fault::ConnectsAs("SENDER".into());
    Scripted::new().package(Script::always(fault), &settings(MOVE, LONG)).is_whole();
}

#[rstest]
#[case::nearline(Storage::Nearline, "study is NEARLINE")]
#[case::offline(Storage::Offline, "study is OFFLINE")]
fn a_study_that_is_not_online_is_refused_in_words(
    #[case] storage: Storage,
    #[case] sentence: &str,
) {
    let scripted = Scripted::new();
    let uid = scripted.study_uid().to_owned();
    let holding = Holding::read(&scripted.workplace.source()).expect("the files");
    let holding = Arc::new(holding.with(&uid, storage));
    let script = Script::default();
    package_from(scripted.workplace, holding, script, &uid, LONG).fails(5, sentence);
}

/// Each source and reason of A-ASSOCIATE-RJ has its words (PS3.8 §9.3.4).
#[rstest]
#[case::user_no_reason(1, 1, 1, "Ask the PACS whether AE title ESITO may connect")]
#[case::application(1, 1, 2, "application context name not supported (permanently)")]
#[case::calling(1, 1, 3, "Register the AE title ESITO at the PACS")]
#[case::called(1, 1, 7, "Set `called_ae_title`")]
#[case::user_reserved(1, 1, 5, "Ask the PACS whether AE title ESITO may connect")]
#[case::acse_no_reason(1, 2, 1, "Ask the PACS whether AE title ESITO may connect")]
#[case::version(1, 2, 2, "protocol version not supported")]
#[case::presentation_reserved(2, 3, 0, "Ask the PACS whether AE title ESITO may connect")]
#[case::congestion(2, 3, 1, "temporary congestion (for now). Try again later")]
#[case::limit(2, 3, 2, "It has too many associations")]
#[case::transient_calling(
    2,
    1,
    3,
    "calling AE title not recognized, it does not know ESITO (for now)"
)]
fn each_rejection_has_its_words(
    #[case] result: u8,
    #[case] source: u8,
    #[case] reason: u8,
    #[case] sentence: &str,
) {
    let fault = Fault::Rejects(result, source, reason);
    Scripted::new().tells_by_check_and_package(fault, LONG, sentence);
}

/// What is no answer to an association request.
#[rstest]
#[case::silence(Misdeed::Silence, "took more than 2 s; `time_outs.association` sets the limit")]
#[case::hang_up(Misdeed::HangUp, "the connection to the PACS breaks")]
#[case::abort(Misdeed::Abort, "aborts the association (by its application, without a reason)")]
#[case::garbage(says(GARBAGE), "a PDU of unknown type DEH")]
#[case::oversized(says(OVERSIZED), "a PDU of 4294967295 bytes")]
#[case::damaged(says(DAMAGED), "a PDU of the negotiation is damaged")]
#[case::no_dicom(says(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "a PDU of unknown type 48H")]
#[case::p_data(says(LYING_PDU), "PDU type 04H as answer to an association request")]
fn no_answer_to_an_association_request(#[case] misdeed: Misdeed, #[case] sentence: &str) {
    Scripted::new().tells_by_check_and_package(Fault::AtRequest(misdeed), SHORT, sentence);
}

/// Silence before there is a connection: nobody accepts, and the queue of the listener is full.
#[test]
fn a_pacs_that_takes_no_connection_is_named() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let address = listener.local_addr().expect("an address");
    let mut waiting = Vec::new();
    while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(300)) {
        waiting.push(stream);
        assert!(waiting.len() < 900, "the queue has no end");
    }
    let workplace = Workplace::empty();
    let file = configuration(&workplace, address.port(), free_port(), "time_outs.connect = 0.5");
    let sentence = "took more than 0.5 s; `time_outs.connect` sets the limit";
    is_told_by_check_and_package(&workplace, &file, sentence);
}

#[test]
fn a_closed_port_is_named() {
    let workplace = Workplace::empty();
    let file = configuration(&workplace, free_port(), free_port(), SHORT);
    is_told_by_check_and_package(&workplace, &file, "Check `host` and `port`, that the PACS runs");
}
