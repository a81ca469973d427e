//! The first bytes of a file, read on demand and inflated where the transfer syntax says so.

use std::fs::File;
use std::io::{Chain, Cursor, Read};

use flate2::read::DeflateDecoder;
use model::Refusal;

use crate::Limits;

/// How much is read at first: enough for the header of most images.
const FIRST_READ_BYTES: usize = 16 * 1024;

/// Where the bytes after the front come from.
pub(crate) enum Rest {
    /// Nothing follows.
    None,
    /// The file, positioned just behind the front.
    File(File),
    /// The inflated data set, positioned just behind the front.
    Inflated(Box<DeflateDecoder<Chain<Cursor<Vec<u8>>, Rest>>>),
}

impl Read for Rest {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Self::None => Ok(0),
            Self::File(file) => file.read(buffer),
            Self::Inflated(decoder) => decoder.read(buffer),
        }
    }
}

/// The bytes read so far, from the first one.
pub(crate) struct Front {
    pub(crate) bytes: Vec<u8>,
    pub(crate) rest: Rest,
}

impl Front {
    pub(crate) fn of_file(file: File) -> Self {
        Self { bytes: Vec::new(), rest: Rest::File(file) }
    }

    pub(crate) fn of_memory(bytes: Vec<u8>) -> Self {
        Self { bytes, rest: Rest::None }
    }

    /// Reads on until `wanted_bytes` more are there, generously, and gives how many are missing
    /// because the input ended.
    ///
    /// # Errors
    /// [`Refusal::Unreadable`] from the system, [`Refusal::OverLimit`] when a header grows beyond
    /// [`Limits::header_bytes`], [`Refusal::Malformed`] when a deflated data set is damaged.
    pub(crate) fn grow(&mut self, wanted_bytes: u64, limits: &Limits) -> Result<u64, Refusal> {
        let wanted = usize::try_from(wanted_bytes).unwrap_or(usize::MAX);
        let have = self.bytes.len();
        if have.saturating_add(wanted) > limits.header_bytes {
            let limit = limits.header_bytes >> 20;
            let reason = format!("elements before the pixel data take more than {limit} MiB");
            // A length beyond the end of the file is damage, not size.
            let missing_bytes = self.missing(wanted_bytes)?;
            return if missing_bytes > 0 {
                Ok(missing_bytes)
            } else {
                Err(Refusal::OverLimit(reason))
            };
        }
        let step = wanted.max(FIRST_READ_BYTES).max(have);
        self.read_up_to(step)?;
        Ok(have.saturating_add(wanted).saturating_sub(self.bytes.len()) as u64)
    }

    /// How many of the wanted bytes the input does not have, as far as that is known.
    fn missing(&self, wanted_bytes: u64) -> Result<u64, Refusal> {
        let wanted_end = (self.bytes.len() as u64).saturating_add(wanted_bytes);
        match &self.rest {
            Rest::None => Ok(wanted_bytes),
            Rest::File(file) => {
                let length = file.metadata().map_err(|error| unreadable(&error))?.len();
                Ok(wanted_end.saturating_sub(length))
            }
            Rest::Inflated(_) => Ok(0),
        }
    }

    fn read_up_to(&mut self, step: usize) -> Result<usize, Refusal> {
        let inflated = matches!(self.rest, Rest::Inflated(_));
        (&mut self.rest).take(step as u64).read_to_end(&mut self.bytes).map_err(|error| {
            if inflated {
                Refusal::Malformed("the deflated data set is damaged".into())
            } else {
                unreadable(&error)
            }
        })
    }

    /// Reads all that is left, if that is no more than `limit_bytes` in all; `Ok(false)` otherwise.
    pub(crate) fn read_whole(&mut self, limit_bytes: u64) -> Result<bool, Refusal> {
        let limit = usize::try_from(limit_bytes).unwrap_or(usize::MAX);
        if let Rest::File(file) = &self.rest {
            let length = file.metadata().map_err(|error| unreadable(&error))?.len();
            if length > limit_bytes {
                return Ok(false);
            }
            self.bytes.reserve_exact(
                usize::try_from(length).unwrap_or(0).saturating_sub(self.bytes.len()) + 1,
            );
        }
        while self.bytes.len() <= limit {
            let step = (limit - self.bytes.len()).saturating_add(1).min(64 << 20);
            if self.read_up_to(step)? == 0 {
                self.rest = Rest::None;
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Drops the bytes before `at` and takes those after it as a deflated stream.
    pub(crate) fn inflate_from(&mut self, at: usize) {
        let compressed = Cursor::new(self.bytes.split_off(at.min(self.bytes.len())));
        self.bytes.clear();
        let rest = std::mem::replace(&mut self.rest, Rest::None);
        self.rest = Rest::Inflated(Box::new(DeflateDecoder::new(compressed.chain(rest))));
    }
}

pub(crate) fn unreadable(error: &std::io::Error) -> Refusal {
    Refusal::Unreadable(error.to_string())
}
