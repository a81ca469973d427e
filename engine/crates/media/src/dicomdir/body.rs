//! The body of a directory record: what an instance says, encoded for good.
//!
//! Everything but the three fields that depend on other records is settled here, so that an
//! instance costs only its few hundred bytes until the directory is written.

use dicom_core::{Tag, VR};
use dicom_dictionary_std::tags;
use part10::{Dataset, Identity};

use super::charset::{self, NeedsUtf8, Text};
use super::encode::{self, TooLong, push_element};
use super::items;
use super::keys::{Items, Key, Need, Source, StandIn};
use super::values::{self, Multiplicity, Value};
use super::{Change, ChangeKind, Fallbacks};

/// The most bytes that the keys of one record take; a sequence that does not fit is left out.
///
/// Real records stay below 2 KiB. The limit keeps a directory of 10⁵ hostile instances bounded.
pub(super) const MAX_KEY_BYTES: usize = 64 * 1024;

/// A record whose place in the directory is not known yet.
#[derive(Debug, Clone)]
pub(super) struct Record {
    /// From Directory Record Type (0004,1430) to the last key.
    pub(super) bytes: Box<[u8]>,
    pub(super) number: Number,
}

/// The Series or Instance Number of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Number {
    /// The instance says so, or the record type has no number.
    Settled(Option<i32>),
    /// The instance has none: the element goes in at this offset of the bytes.
    Missing { tag: Tag, at: usize },
}

/// What a record says about the file that it references.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reference<'a> {
    pub(super) file_id: &'a str,
    pub(super) transfer_syntax: &'a str,
}

/// What the keys of a record are read from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Origin<'a> {
    pub(super) dataset: &'a Dataset<'a>,
    pub(super) identity: &'a Identity,
    pub(super) fallbacks: &'a Fallbacks,
    /// Stands for the patient when nothing else does.
    pub(super) patient_stand_in: &'a str,
}

/// Encodes a record; gives it with what had to be changed for it.
///
/// # Errors
/// [`TooLong`] when a value fits no length field, which the limits of each VR exclude.
pub(super) fn encode(
    record_type: &str,
    reference: Option<Reference<'_>>,
    keys: &[Key],
    origin: Origin<'_>,
) -> Result<(Record, Vec<Change>), TooLong> {
    let attempt = |text: Text| {
        let mut body = Body::new(origin, text);
        body.fill(keys).map(|()| body)
    };
    let body = match attempt(Text::as_stored(origin.dataset)) {
        Ok(body) => body,
        Err(Stop::NeedsUtf8) => attempt(Text::utf_8()).map_err(|_needs| TooLong)?,
        Err(Stop::TooLong) => return Err(TooLong),
    };
    body.finish(record_type, reference)
}

/// Why the keys cannot be encoded in this way.
enum Stop {
    NeedsUtf8,
    TooLong,
}

impl From<NeedsUtf8> for Stop {
    fn from(_: NeedsUtf8) -> Self {
        Self::NeedsUtf8
    }
}

impl From<TooLong> for Stop {
    fn from(_: TooLong) -> Self {
        Self::TooLong
    }
}

struct Body<'a> {
    origin: Origin<'a>,
    text: Text,
    keys: Vec<u8>,
    number: Number,
    changes: Vec<Change>,
}

impl<'a> Body<'a> {
    fn new(origin: Origin<'a>, text: Text) -> Self {
        let keys = Vec::with_capacity(384);
        Self { origin, text, keys, number: Number::Settled(None), changes: Vec::new() }
    }

    fn fill(&mut self, keys: &[Key]) -> Result<(), Stop> {
        for key in keys {
            match key.source {
                Source::Sequence(items) => self.sequence(key, items)?,
                Source::ConceptModifiers => self.concept_modifiers(key)?,
                Source::LatestVerification => self.verification(key)?,
                Source::StudyUid => {
                    let uid = self.origin.identity.study.as_str();
                    push_element(&mut self.keys, key.tag, key.vr, uid.as_bytes())?;
                }
                Source::SeriesUid => {
                    let uid = self.origin.identity.series.as_str();
                    push_element(&mut self.keys, key.tag, key.vr, uid.as_bytes())?;
                }
                Source::TopLevel | Source::Shared(_) => self.value(key)?,
            }
        }
        Ok(())
    }

    fn change(&mut self, tag: Tag, kind: ChangeKind) {
        self.changes.push(Change { tag, kind });
    }

    fn value(&mut self, key: &Key) -> Result<(), Stop> {
        let shared;
        let holder = match key.source {
            Source::Shared(group) if !self.origin.dataset.has(key.tag) => {
                shared = items::shared_functional_group(self.origin.dataset, group);
                shared.as_ref().unwrap_or(self.origin.dataset)
            }
            _ => self.origin.dataset,
        };
        let binary = match key.vr {
            VR::US => holder.u16(key.tag).map(|number| number.to_le_bytes().to_vec()),
            VR::UL => holder.u32(key.tag).map(|number| number.to_le_bytes().to_vec()),
            _ => None,
        };
        if let Some(binary) = binary {
            return Ok(push_element(&mut self.keys, key.tag, key.vr, &binary)?);
        }
        let Some(raw) = holder.bytes(key.tag).filter(|_| !matches!(key.vr, VR::US | VR::UL)) else {
            return self.absent(key, false);
        };
        let value = match key.vr {
            VR::LO | VR::SH | VR::ST | VR::PN => {
                self.text.value(holder, key.vr, key.multiplicity, raw)?
            }
            _ => values::ascii_value(key.vr, key.multiplicity, raw),
        };
        let corrected = matches!(value, Value::Corrected(_));
        let bytes = match &value {
            Value::Same(bytes) => bytes,
            Value::Corrected(bytes) | Value::Converted(bytes) => bytes.as_slice(),
            Value::Unusable => return self.absent(key, true),
        };
        if !key.allowed.is_empty() && !key.allowed.iter().any(|value| value.as_bytes() == bytes) {
            return self.absent(key, true);
        }
        if push_element(&mut self.keys, key.tag, key.vr, bytes).is_err() {
            return self.absent(key, true);
        }
        if corrected {
            self.change(key.tag, ChangeKind::Corrected);
        }
        if let Need::One(StandIn::Number) = key.need {
            let number = std::str::from_utf8(bytes).ok().and_then(|text| text.parse().ok());
            self.number = Number::Settled(number);
        }
        Ok(())
    }

    /// Writes what a key holds when the instance has no usable value for it.
    fn absent(&mut self, key: &Key, unusable: bool) -> Result<(), Stop> {
        let stand_in = match key.need {
            Need::One(stand_in) => stand_in,
            Need::Two | Need::IfPresent => {
                if unusable {
                    self.change(key.tag, ChangeKind::Omitted);
                }
                if let Need::Two = key.need {
                    push_element(&mut self.keys, key.tag, key.vr, b"")?;
                }
                return Ok(());
            }
        };
        self.change(key.tag, ChangeKind::Invented);
        let Origin { dataset, fallbacks, patient_stand_in, .. } = self.origin;
        let value = match stand_in {
            StandIn::Text(text) => text.as_bytes().to_vec(),
            StandIn::Word(number) if key.vr == VR::UL => u32::from(number).to_le_bytes().to_vec(),
            StandIn::Word(number) => number.to_le_bytes().to_vec(),
            StandIn::Number => {
                self.number = Number::Missing { tag: key.tag, at: self.keys.len() };
                return Ok(());
            }
            StandIn::Date(tags) => first_legal(dataset, VR::DA, tags)
                .or_else(|| legal_ascii(VR::DA, fallbacks.study_date.as_deref()?.as_bytes()))
                .unwrap_or_else(|| b"19000101".to_vec()),
            StandIn::Time(tags) => {
                first_legal(dataset, VR::TM, tags).unwrap_or_else(|| b"000000".to_vec())
            }
            StandIn::PatientId => self.text.own(patient_stand_in)?,
            StandIn::StudyId => match dataset.bytes(tags::ACCESSION_NUMBER) {
                Some(raw) => match self.text.value(dataset, VR::SH, Multiplicity::One, raw)? {
                    Value::Same(bytes) => bytes.to_vec(),
                    Value::Corrected(bytes) | Value::Converted(bytes) => bytes,
                    Value::Unusable => b"1".to_vec(),
                },
                None => b"1".to_vec(),
            },
            StandIn::Untitled => {
                return Ok(encode::push_sequence(&mut self.keys, key.tag, &[untitled()?])?);
            }
        };
        Ok(push_element(&mut self.keys, key.tag, key.vr, &value)?)
    }

    fn sequence(&mut self, key: &Key, copied: Items) -> Result<(), Stop> {
        let dataset = self.origin.dataset;
        let shared = items::shared_instead(dataset, key.tag);
        let holder = shared.as_ref().unwrap_or(dataset);
        self.copy(key, holder.items(key.tag), copied)
    }

    fn concept_modifiers(&mut self, key: &Key) -> Result<(), Stop> {
        let dataset = self.origin.dataset;
        let is_modifier =
            |item: &Dataset<'_>| item.bytes(tags::RELATIONSHIP_TYPE) == Some(b"HAS CONCEPT MOD");
        self.copy(key, dataset.items(key.tag).filter(is_modifier), Items::Whole)
    }

    fn copy<'s>(
        &mut self,
        key: &Key,
        sources: impl Iterator<Item = Dataset<'s>>,
        copied: Items,
    ) -> Result<(), Stop> {
        let mut sources = sources.peekable();
        let is_there = sources.peek().is_some();
        let room = MAX_KEY_BYTES.saturating_sub(self.keys.len());
        let copies = match items::copy(sources, copied, &mut self.text, room) {
            Ok(copies) => copies,
            Err(items::Stop::NeedsUtf8) => return Err(Stop::NeedsUtf8),
            Err(items::Stop::OverLimit) => return self.absent(key, true),
        };
        if copies.is_empty() {
            return self.absent(key, is_there);
        }
        // A document has one title (F.5.25); some writers repeat it.
        let due = if key.tag == tags::CONCEPT_NAME_CODE_SEQUENCE { 1 } else { copies.len() };
        Ok(encode::push_sequence(&mut self.keys, key.tag, copies.get(..due).unwrap_or(&copies))?)
    }

    fn verification(&mut self, key: &Key) -> Result<(), Stop> {
        let dataset = self.origin.dataset;
        if dataset.bytes(tags::VERIFICATION_FLAG) != Some(b"VERIFIED") {
            return Ok(());
        }
        let moment = |item: Dataset<'_>| legal_ascii(VR::DT, item.bytes(key.tag)?);
        let observers = dataset.items(tags::VERIFYING_OBSERVER_SEQUENCE);
        let latest = observers.filter_map(moment).max();
        let value = latest.unwrap_or_else(|| {
            self.change(key.tag, ChangeKind::Invented);
            let date = first_legal(dataset, VR::DA, super::keys::CONTENT_DATES);
            let time = first_legal(dataset, VR::TM, super::keys::CONTENT_TIMES);
            match (date, time) {
                (Some(date), Some(time)) => [date, time].concat(),
                (Some(date), None) => date,
                (None, _) => b"19000101".to_vec(),
            }
        });
        Ok(push_element(&mut self.keys, key.tag, key.vr, &value)?)
    }

    fn finish(
        mut self,
        record_type: &str,
        reference: Option<Reference<'_>>,
    ) -> Result<(Record, Vec<Change>), TooLong> {
        let mut bytes = Vec::with_capacity(self.keys.len() + 320);
        push_element(&mut bytes, tags::DIRECTORY_RECORD_TYPE, VR::CS, record_type.as_bytes())?;
        if let Some(reference) = reference {
            self.push_reference(&mut bytes, reference)?;
        }
        if let Some(value) = self.text.character_set(self.origin.dataset) {
            push_element(&mut bytes, tags::SPECIFIC_CHARACTER_SET, VR::CS, value)?;
            if value == charset::UTF_8 && self.origin.dataset.character_set_value() != Some(value) {
                self.change(tags::SPECIFIC_CHARACTER_SET, ChangeKind::Corrected);
            }
        }
        if let Number::Missing { at, .. } = &mut self.number {
            *at += bytes.len();
        }
        bytes.extend_from_slice(&self.keys);
        Ok((Record { bytes: bytes.into_boxed_slice(), number: self.number }, self.changes))
    }

    fn push_reference(
        &mut self,
        bytes: &mut Vec<u8>,
        reference: Reference<'_>,
    ) -> Result<(), TooLong> {
        let mut push = |tag, vr, value: &str| push_element(bytes, tag, vr, value.as_bytes());
        push(tags::REFERENCED_FILE_ID, VR::CS, reference.file_id)?;
        let identity = self.origin.identity;
        push(tags::REFERENCED_SOP_CLASS_UID_IN_FILE, VR::UI, identity.sop_class.as_str())?;
        push(tags::REFERENCED_SOP_INSTANCE_UID_IN_FILE, VR::UI, identity.sop_instance.as_str())?;
        push(tags::REFERENCED_TRANSFER_SYNTAX_UID_IN_FILE, VR::UI, reference.transfer_syntax)?;
        if let Some(raw) = self.origin.dataset.bytes(tags::RELATED_GENERAL_SOP_CLASS_UID) {
            let tag = tags::REFERENCED_RELATED_GENERAL_SOP_CLASS_UID_IN_FILE;
            match values::ascii_value(VR::UI, Multiplicity::Many, raw) {
                Value::Same(value) => push_element(bytes, tag, VR::UI, value)?,
                Value::Corrected(value) => push_element(bytes, tag, VR::UI, &value)?,
                Value::Converted(_) | Value::Unusable => self.change(tag, ChangeKind::Omitted),
            }
        }
        Ok(())
    }
}

/// A value of an ASCII VR if it is legal or can be put right.
fn legal_ascii(vr: VR, raw: &[u8]) -> Option<Vec<u8>> {
    match values::ascii_value(vr, Multiplicity::One, raw) {
        Value::Same(value) => Some(value.to_vec()),
        Value::Corrected(value) => Some(value),
        Value::Converted(_) | Value::Unusable => None,
    }
}

fn first_legal(dataset: &Dataset<'_>, vr: VR, tags: &[Tag]) -> Option<Vec<u8>> {
    tags.iter().find_map(|tag| legal_ascii(vr, dataset.bytes(*tag)?))
}

/// The title of a document that has none: a code of ours, which claims nothing.
fn untitled() -> Result<Vec<u8>, TooLong> {
    let mut item = Vec::new();
    push_element(&mut item, tags::CODE_VALUE, VR::SH, b"UNTITLED")?;
    push_element(&mut item, tags::CODING_SCHEME_DESIGNATOR, VR::SH, b"99ESITO")?;
    push_element(&mut item, tags::CODE_MEANING, VR::LO, b"Untitled document")?;
    Ok(item)
}
