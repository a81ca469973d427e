//! Keys whose bytes sort as their parts do.

/// A key put together part by part.
#[derive(Debug, Default)]
pub(crate) struct Key(Vec<u8>);

impl Key {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// A part of a length that is always the same.
    #[must_use]
    pub(crate) fn fixed(mut self, part: &[u8]) -> Self {
        self.0.extend_from_slice(part);
        self
    }

    /// A text of any length: no text is the beginning of another one's bytes.
    #[must_use]
    pub(crate) fn text(mut self, part: &str) -> Self {
        for byte in part.bytes() {
            self.0.push(byte);
            if byte == 0 {
                self.0.push(0xFF);
            }
        }
        self.0.extend_from_slice(&[0, 1]);
        self
    }

    /// A moment, in milliseconds; those before 1970 come first.
    #[must_use]
    pub(crate) fn moment(self, moment: jiff::Timestamp) -> Self {
        let shifted = moment.as_millisecond().cast_unsigned() ^ (1 << 63);
        self.fixed(&shifted.to_be_bytes())
    }

    pub(crate) fn build(self) -> Vec<u8> {
        self.0
    }
}

/// The first key behind all those that begin with `prefix`.
pub(crate) fn prefix_end(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < u8::MAX {
            end.push(last + 1);
            break;
        }
    }
    // Every key begins with a table, and no table has the number 255.
    if end.is_empty() { vec![u8::MAX] } else { end }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_sort_as_texts_and_none_begins_another() {
        let keys: Vec<_> = ["", "a", "a\0", "a\0b", "aa", "b"]
            .map(|text| Key::new().text(text).fixed(&[7]).build())
            .to_vec();
        assert!(keys.is_sorted(), "{keys:?}");
        for (one, other) in keys.iter().flat_map(|one| keys.iter().map(move |other| (one, other))) {
            assert!(one == other || !other.starts_with(one));
        }
    }

    #[test]
    fn moments_sort_by_time() {
        let keys = [i64::from(i32::MIN), -1, 0, 1, 1_795_500_000_000].map(|millisecond| {
            Key::new().moment(jiff::Timestamp::from_millisecond(millisecond).unwrap()).build()
        });
        assert!(keys.is_sorted(), "{keys:?}");
    }

    #[test]
    fn a_prefix_ends_behind_its_last_key() {
        assert_eq!(prefix_end(&[1, 2]), [1, 3]);
        assert_eq!(prefix_end(&[1, 255]), [2]);
        assert_eq!(prefix_end(&[255, 255]), [255]);
    }
}
