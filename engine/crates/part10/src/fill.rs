//! The zeros that fill the last block of a file behind its elements.
//!
//! An element of zeros looks the same, and millions of them may stand in a row: what was found behind the first
//! holds for those that follow.

/// Tells the fill from elements.
///
/// Invariant: the places asked for come in ascending order, and bytes change only by more behind them.
#[derive(Debug, Default)]
pub(crate) struct Fill {
    /// The first byte behind the last place that is not zero.
    not_zero: Option<usize>,
}

impl Fill {
    /// Whether nothing but zeros stands from `at` to the end.
    pub(crate) fn begins(&mut self, bytes: &[u8], at: usize) -> bool {
        if self.not_zero.is_none_or(|place| place < at) {
            let mut rest = bytes.iter().enumerate().skip(at);
            self.not_zero = rest.find(|(_, byte)| **byte != 0).map(|(place, _)| place);
        }
        self.not_zero.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_are_fill_up_to_the_end_alone() {
        let mut fill = Fill::default();
        let bytes = [0, 0, 1, 0, 0, 2, 0];
        let found: Vec<_> = (0..=bytes.len()).map(|at| fill.begins(&bytes, at)).collect();
        assert_eq!(found, [false, false, false, false, false, false, true, true]);
    }

    #[test]
    fn what_is_read_later_is_seen() {
        let mut fill = Fill::default();
        assert!(fill.begins(&[0; 4], 2));
        assert!(!fill.begins(&[0, 0, 0, 0, 1, 0], 2));
        assert!(!fill.begins(&[0, 0, 0, 0, 1, 0], 4));
        assert!(fill.begins(&[0, 0, 0, 0, 1, 0], 5));
    }
}
