//! Peers that misbehave before there is an association: what the user is told, with which exit code,
//! within the configured time.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::time::{Duration, Instant};

use rstest::rstest;

use crate::peer::{configuration, free_port};
use crate::support::{Workplace, run};

const TIME_OUTS: &str = "time_outs = { connect = 1, association = 1, no_progress = 1, total = 5 }";

/// What a peer does with an association request.
#[derive(Debug, Clone, Copy)]
enum Peer {
    /// Nothing.
    Silent,
    /// Closes the connection.
    HangsUp,
    /// Answers with these bytes, and then waits.
    Says(&'static [u8]),
}

const REJECTS_CALLING: &[u8] = &[3, 0, 0, 0, 0, 4, 0, 1, 1, 3];
const REJECTS_CALLED: &[u8] = &[3, 0, 0, 0, 0, 4, 0, 1, 1, 7];
const REJECTS_APPLICATION: &[u8] = &[3, 0, 0, 0, 0, 4, 0, 1, 1, 2];
const REJECTS_VERSION: &[u8] = &[3, 0, 0, 0, 0, 4, 0, 1, 2, 2];
const CONGESTED: &[u8] = &[3, 0, 0, 0, 0, 4, 0, 2, 3, 1];
const OVER_ITS_LIMIT: &[u8] = &[3, 0, 0, 0, 0, 4, 0, 2, 3, 2];
const ABORTS: &[u8] = &[7, 0, 0, 0, 0, 4, 0, 0, 2, 0];
const OVERSIZED: &[u8] = &[2, 0, 0xFF, 0xFF, 0xFF, 0xFF];
const DAMAGED: &[u8] = &[2, 0, 0, 0, 0, 8, 0, 1, 0, 0, 0, 0, 0, 0];
const NO_DICOM: &[u8] = b"HTTP/1.1 400 Bad Request\r\n\r\n";

#[rstest]
#[case::silence(Peer::Silent, "took more than 1 s; `time_outs.association` sets the limit")]
#[case::hang_up(Peer::HangsUp, "the connection to the PACS breaks")]
#[case::calling(Peer::Says(REJECTS_CALLING), "Register the AE title ESITO at the PACS")]
#[case::called(Peer::Says(REJECTS_CALLED), "Set `called_ae_title`")]
#[case::application(Peer::Says(REJECTS_APPLICATION), "Check that `port` is the DICOM port")]
#[case::version(Peer::Says(REJECTS_VERSION), "protocol version not supported")]
#[case::congested(Peer::Says(CONGESTED), "temporary congestion (for now). Try again later")]
#[case::limit(Peer::Says(OVER_ITS_LIMIT), "It has too many associations")]
#[case::abort(Peer::Says(ABORTS), "aborts the association (by its DICOM layer")]
#[case::oversized(Peer::Says(OVERSIZED), "a PDU of 4294967295 bytes")]
#[case::damaged(Peer::Says(DAMAGED), "a PDU of the negotiation is damaged")]
#[case::no_dicom(Peer::Says(NO_DICOM), "a PDU of unknown type 48H")]
fn each_fault_is_named_in_time(#[case] peer: Peer, #[case] sentence: &str) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            std::thread::spawn(move || {
                let mut request = [0; 64];
                drop(stream.read(&mut request));
                match peer {
                    Peer::HangsUp => return,
                    Peer::Silent => {}
                    Peer::Says(bytes) => drop(stream.write_all(bytes)),
                }
                std::thread::sleep(Duration::from_secs(20));
            });
        }
    });
    tell(port, sentence);
}

#[test]
fn a_closed_port_is_named() {
    tell(free_port(), "Check `host` and `port`, that the PACS runs");
}

/// `check` and `package` both say so, with exit code 5, and leave no file.
fn tell(port: u16, sentence: &str) {
    let workplace = Workplace::empty();
    let file = configuration(&workplace, port, free_port(), TIME_OUTS);
    let begun = Instant::now();
    let checked = run::esito(&["check", "--config"]).arg(&file).finish().expect_code(&[5]);
    let said = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert!(said.contains(sentence), "{said}");
    let packaged = run::esito(&["package", "--study", "1.2.3", "--progress", "none", "--config"])
        .arg(&file)
        .arg("--out")
        .arg(workplace.zip())
        .finish()
        .expect_code(&[5]);
    assert!(packaged.stderr.contains(sentence), "{}", packaged.stderr);
    assert!(workplace.left_behind().is_empty());
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}
