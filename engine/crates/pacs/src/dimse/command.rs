//! Command sets to and from typed messages (PS3.7 §6.3.1, §9.3, Annex E). No I/O.
//!
//! A command set is always Implicit VR Little Endian and holds elements of group 0000 only.

use std::collections::BTreeMap;

use model::{SopClassUid, SopInstanceUid};

use super::status::Status;

/// Commands need some hundred bytes; more is refused before it is gathered.
pub(crate) const MAX_COMMAND_BYTES: usize = 64 << 10;
/// Command Data Set Type (0000,0800): no data set follows.
const NO_DATA_SET: u16 = 0x0101;

mod element {
    pub(super) const AFFECTED_SOP_CLASS_UID: u16 = 0x0002;
    pub(super) const COMMAND_FIELD: u16 = 0x0100;
    pub(super) const MESSAGE_ID: u16 = 0x0110;
    pub(super) const MESSAGE_ID_BEING_RESPONDED_TO: u16 = 0x0120;
    pub(super) const MOVE_DESTINATION: u16 = 0x0600;
    pub(super) const PRIORITY: u16 = 0x0700;
    pub(super) const COMMAND_DATA_SET_TYPE: u16 = 0x0800;
    pub(super) const STATUS: u16 = 0x0900;
    pub(super) const ERROR_COMMENT: u16 = 0x0902;
    pub(super) const AFFECTED_SOP_INSTANCE_UID: u16 = 0x1000;
    pub(super) const REMAINING: u16 = 0x1020;
    pub(super) const COMPLETED: u16 = 0x1021;
    pub(super) const FAILED: u16 = 0x1022;
    pub(super) const WARNING: u16 = 0x1023;
    pub(super) const MOVE_ORIGINATOR_AE_TITLE: u16 = 0x1030;
    pub(super) const MOVE_ORIGINATOR_MESSAGE_ID: u16 = 0x1031;
}

/// Command Field (0000,0100).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
pub(crate) enum Operation {
    Store = 0x0001,
    Get = 0x0010,
    Find = 0x0020,
    Move = 0x0021,
    Echo = 0x0030,
}

/// The bit of the Command Field that marks a response.
const RESPONSE: u16 = 0x8000;
/// C-CANCEL-RQ.
const CANCEL: u16 = 0x0FFF;

impl Operation {
    fn of(field: u16) -> Option<Self> {
        Some(match field {
            0x0001 => Self::Store,
            0x0010 => Self::Get,
            0x0020 => Self::Find,
            0x0021 => Self::Move,
            0x0030 => Self::Echo,
            _ => return None,
        })
    }
}

/// A request of ours, without the data set that may follow it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request<'a> {
    pub(crate) operation: Operation,
    pub(crate) message_id: u16,
    pub(crate) sop_class: &'a str,
    /// Move Destination (0000,0600), of C-MOVE only.
    pub(crate) destination: Option<&'a str>,
}

/// The counts of sub-operations in a C-GET or C-MOVE response (PS3.7 §9.1.3.1.6 and following).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct SubOperations {
    pub(crate) remaining: Option<u16>,
    pub(crate) completed: u16,
    pub(crate) failed: u16,
    pub(crate) warning: u16,
}

impl SubOperations {
    /// How many are done, well or not.
    pub(crate) fn done(&self) -> u32 {
        u32::from(self.completed) + u32::from(self.failed) + u32::from(self.warning)
    }
}

/// A response to a request of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Response {
    pub(crate) operation: Operation,
    pub(crate) responding_to: u16,
    pub(crate) status: Status,
    /// Error Comment (0000,0902): what the peer adds for people.
    pub(crate) comment: Option<String>,
    pub(crate) sub_operations: SubOperations,
}

/// A C-STORE request of the peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoreRequest {
    pub(crate) message_id: u16,
    pub(crate) sop_class: SopClassUid,
    pub(crate) sop_instance: SopInstanceUid,
    /// Move Originator AE Title (0000,1030) and Message ID (0000,1031), when both are given.
    pub(crate) originator: Option<(String, u16)>,
}

/// A message of the peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Incoming {
    Response(Response),
    Store(StoreRequest),
    Echo { message_id: u16 },
    Cancel,
}

/// Bytes are no command set that we know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CommandError {
    #[error("a command set is damaged")]
    Damaged,
    #[error("a command set lacks element (0000,{0:04X})")]
    Missing(u16),
    #[error("command {0:04X}H is not expected here")]
    Unexpected(u16),
}

/// A message of the peer, and whether a data set follows.
pub(crate) fn decode(bytes: &[u8]) -> Result<(Incoming, bool), CommandError> {
    let set = CommandSet::parse(bytes)?;
    let field = set.u16(element::COMMAND_FIELD)?;
    let has_data_set = set.u16(element::COMMAND_DATA_SET_TYPE)? != NO_DATA_SET;
    let incoming = match (field, Operation::of(field & !RESPONSE)) {
        (CANCEL, _) => Incoming::Cancel,
        (_, Some(operation)) if field & RESPONSE != 0 => Incoming::Response(Response {
            operation,
            responding_to: set.u16(element::MESSAGE_ID_BEING_RESPONDED_TO)?,
            status: Status(set.u16(element::STATUS)?),
            comment: set.text(element::ERROR_COMMENT),
            sub_operations: SubOperations {
                remaining: set.u16(element::REMAINING).ok(),
                completed: set.u16(element::COMPLETED).unwrap_or(0),
                failed: set.u16(element::FAILED).unwrap_or(0),
                warning: set.u16(element::WARNING).unwrap_or(0),
            },
        }),
        (_, Some(Operation::Echo)) => Incoming::Echo { message_id: set.u16(element::MESSAGE_ID)? },
        (_, Some(Operation::Store)) => Incoming::Store(StoreRequest {
            message_id: set.u16(element::MESSAGE_ID)?,
            sop_class: SopClassUid::from_wire(set.bytes(element::AFFECTED_SOP_CLASS_UID)?)
                .map_err(|_odd| CommandError::Missing(element::AFFECTED_SOP_CLASS_UID))?,
            sop_instance: SopInstanceUid::from_wire(set.bytes(element::AFFECTED_SOP_INSTANCE_UID)?)
                .map_err(|_odd| CommandError::Missing(element::AFFECTED_SOP_INSTANCE_UID))?,
            originator: set
                .text(element::MOVE_ORIGINATOR_AE_TITLE)
                .zip(set.u16(element::MOVE_ORIGINATOR_MESSAGE_ID).ok()),
        }),
        _ => return Err(CommandError::Unexpected(field)),
    };
    Ok((incoming, has_data_set))
}

/// A request of ours. All but C-ECHO have an identifier as data set.
pub(crate) fn encode_request(request: &Request<'_>) -> Vec<u8> {
    let mut set = CommandWriter::default();
    set.uid(element::AFFECTED_SOP_CLASS_UID, request.sop_class);
    set.u16(element::COMMAND_FIELD, request.operation as u16);
    set.u16(element::MESSAGE_ID, request.message_id);
    if let Some(destination) = request.destination {
        set.text(element::MOVE_DESTINATION, destination);
    }
    let has_identifier = request.operation != Operation::Echo;
    if has_identifier {
        set.u16(element::PRIORITY, 0);
    }
    set.u16(element::COMMAND_DATA_SET_TYPE, if has_identifier { 1 } else { NO_DATA_SET });
    set.finish()
}

/// C-CANCEL-RQ (PS3.7 §9.3.2.3).
pub(crate) fn encode_cancel(message_id: u16) -> Vec<u8> {
    let mut set = CommandWriter::default();
    set.u16(element::COMMAND_FIELD, CANCEL);
    set.u16(element::MESSAGE_ID_BEING_RESPONDED_TO, message_id);
    set.u16(element::COMMAND_DATA_SET_TYPE, NO_DATA_SET);
    set.finish()
}

/// C-STORE-RSP (PS3.7 §9.3.1.2).
pub(crate) fn encode_store_response(request: &StoreRequest, status: Status) -> Vec<u8> {
    let mut set = CommandWriter::default();
    set.uid(element::AFFECTED_SOP_CLASS_UID, request.sop_class.as_str());
    set.u16(element::COMMAND_FIELD, RESPONSE | Operation::Store as u16);
    set.u16(element::MESSAGE_ID_BEING_RESPONDED_TO, request.message_id);
    set.u16(element::COMMAND_DATA_SET_TYPE, NO_DATA_SET);
    set.u16(element::STATUS, status.0);
    set.uid(element::AFFECTED_SOP_INSTANCE_UID, request.sop_instance.as_str());
    set.finish()
}

/// C-ECHO-RSP (PS3.7 §9.3.5.2).
pub(crate) fn encode_echo_response(message_id: u16) -> Vec<u8> {
    let mut set = CommandWriter::default();
    set.uid(element::AFFECTED_SOP_CLASS_UID, crate::dimse::context::VERIFICATION);
    set.u16(element::COMMAND_FIELD, RESPONSE | Operation::Echo as u16);
    set.u16(element::MESSAGE_ID_BEING_RESPONDED_TO, message_id);
    set.u16(element::COMMAND_DATA_SET_TYPE, NO_DATA_SET);
    set.u16(element::STATUS, Status::SUCCESS.0);
    set.finish()
}

/// The elements of group 0000, by element number.
struct CommandSet<'a>(BTreeMap<u16, &'a [u8]>);

impl<'a> CommandSet<'a> {
    fn parse(mut bytes: &'a [u8]) -> Result<Self, CommandError> {
        let mut elements = BTreeMap::new();
        while !bytes.is_empty() {
            let (head, rest) = bytes.split_first_chunk::<8>().ok_or(CommandError::Damaged)?;
            let [g0, g1, e0, e1, l0, l1, l2, l3] = *head;
            let length = usize::try_from(u32::from_le_bytes([l0, l1, l2, l3]))
                .map_err(|_wide| CommandError::Damaged)?;
            if u16::from_le_bytes([g0, g1]) != 0 {
                return Err(CommandError::Damaged);
            }
            let (value, rest) = rest.split_at_checked(length).ok_or(CommandError::Damaged)?;
            elements.insert(u16::from_le_bytes([e0, e1]), value);
            bytes = rest;
        }
        Ok(Self(elements))
    }

    fn bytes(&self, element: u16) -> Result<&'a [u8], CommandError> {
        self.0.get(&element).copied().ok_or(CommandError::Missing(element))
    }

    fn u16(&self, element: u16) -> Result<u16, CommandError> {
        let value = self.bytes(element)?.first_chunk().ok_or(CommandError::Missing(element))?;
        Ok(u16::from_le_bytes(*value))
    }

    fn text(&self, element: u16) -> Option<String> {
        let value = self.bytes(element).ok()?;
        let text: String = String::from_utf8_lossy(value)
            .chars()
            .filter(|character| !character.is_control())
            .take(64)
            .collect();
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }
}

#[derive(Default)]
struct CommandWriter(Vec<u8>);

impl CommandWriter {
    fn element(&mut self, element: u16, value: &[u8]) {
        self.0.extend_from_slice(&[0, 0]);
        self.0.extend_from_slice(&element.to_le_bytes());
        let length = u32::try_from(value.len()).unwrap_or(u32::MAX);
        self.0.extend_from_slice(&length.to_le_bytes());
        self.0.extend_from_slice(value);
    }

    fn u16(&mut self, element: u16, value: u16) {
        self.element(element, &value.to_le_bytes());
    }

    fn uid(&mut self, element: u16, uid: &str) {
        self.padded(element, uid, 0);
    }

    fn text(&mut self, element: u16, text: &str) {
        self.padded(element, text, b' ');
    }

    fn padded(&mut self, element: u16, text: &str, padding: u8) {
        let mut value = text.as_bytes().to_vec();
        if value.len() % 2 == 1 {
            value.push(padding);
        }
        self.element(element, &value);
    }

    /// Puts Command Group Length (0000,0000) in front.
    fn finish(self) -> Vec<u8> {
        let mut whole = Self::default();
        let length = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        whole.element(0, &length.to_le_bytes());
        whole.0.extend_from_slice(&self.0);
        whole.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn set(elements: &[(u16, &[u8])]) -> Vec<u8> {
        let mut writer = CommandWriter::default();
        for (element, value) in elements {
            writer.element(*element, value);
        }
        writer.finish()
    }

    #[test]
    fn a_store_request_with_nul_padded_uids() {
        let bytes = set(&[
            (element::AFFECTED_SOP_CLASS_UID, b"1.2.840.10008.5.1.4.1.1.2\0"),
            (element::COMMAND_FIELD, &[1, 0]),
            (element::MESSAGE_ID, &[7, 0]),
            (element::COMMAND_DATA_SET_TYPE, &[0, 0]),
            (element::AFFECTED_SOP_INSTANCE_UID, b"1.2.3\0"),
            (element::MOVE_ORIGINATOR_AE_TITLE, b"ESITO "),
            (element::MOVE_ORIGINATOR_MESSAGE_ID, &[9, 0]),
        ]);
        let request = StoreRequest {
            message_id: 7,
            sop_class: "1.2.840.10008.5.1.4.1.1.2".parse().unwrap(),
            sop_instance: "1.2.3".parse().unwrap(),
            originator: Some(("ESITO".into(), 9)),
        };
        assert_eq!(decode(&bytes), Ok((Incoming::Store(request), true)));
    }

    #[test]
    fn a_move_response_with_counts() {
        let bytes = set(&[
            (element::COMMAND_FIELD, &[0x21, 0x80]),
            (element::MESSAGE_ID_BEING_RESPONDED_TO, &[3, 0]),
            (element::COMMAND_DATA_SET_TYPE, &[1, 1]),
            (element::STATUS, &[0x00, 0xB0]),
            (element::ERROR_COMMENT, b"disk\x1b[31m "),
            (element::COMPLETED, &[2, 0]),
            (element::FAILED, &[1, 0]),
        ]);
        let (Incoming::Response(response), false) = decode(&bytes).unwrap() else {
            panic!("no response without data set")
        };
        assert_eq!(response.operation, Operation::Move);
        assert_eq!(response.responding_to, 3);
        assert_eq!(response.status, Status(0xB000));
        assert_eq!(response.comment.as_deref(), Some("disk[31m"));
        let counts = SubOperations { remaining: None, completed: 2, failed: 1, warning: 0 };
        assert_eq!(response.sub_operations, counts);
    }

    #[rstest]
    #[case::cut_short(&[0, 0, 0, 1, 2, 0, 0, 0, 1], CommandError::Damaged)]
    #[case::another_group(&[8, 0, 0, 1, 0, 0, 0, 0], CommandError::Damaged)]
    #[case::length_beyond_the_end(&[0, 0, 0, 1, 255, 255, 255, 255], CommandError::Damaged)]
    #[case::empty(&[], CommandError::Missing(element::COMMAND_FIELD))]
    fn damaged(#[case] bytes: &[u8], #[case] expected: CommandError) {
        assert_eq!(decode(bytes), Err(expected));
    }

    #[test]
    fn a_request_has_the_group_length_of_what_follows() {
        let sop_class = "1.2.840.10008.5.1.4.1.2.2.2";
        let request = Request {
            operation: Operation::Move,
            message_id: 1,
            sop_class,
            destination: Some("ME"),
        };
        let bytes = encode_request(&request);
        let length = u32::from_le_bytes(bytes[8..12].try_into().unwrap());
        assert_eq!(length as usize, bytes.len() - 12);
        let set = CommandSet::parse(&bytes).unwrap();
        assert_eq!(set.text(element::MOVE_DESTINATION).as_deref(), Some("ME"));
        assert_eq!(set.u16(element::COMMAND_DATA_SET_TYPE), Ok(1));
    }

    #[test]
    fn no_bytes_panic() {
        let good = encode_cancel(1);
        for at in 0..good.len() {
            for value in [0, 1, 0x80, 0xFF] {
                let mut bytes = good.clone();
                bytes[at] = value;
                drop(decode(&bytes));
                drop(decode(&bytes[..at]));
            }
        }
    }
}
