//! Statuses of DIMSE responses (PS3.7 Annex C, PS3.4 Annexes B, C and GG).

use std::fmt;

/// What kind of answer a status is (PS3.7 §C.1 and following).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Category {
    /// The operation is done.
    Success,
    /// The operation goes on and more answers follow.
    Pending,
    /// The operation was cancelled.
    Cancel,
    /// The operation is done, with a remark.
    Warning,
    /// The operation failed.
    Failure,
}

/// Status (0000,0900): the raw value, and what it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Status(pub u16);

impl Status {
    /// Success.
    pub const SUCCESS: Self = Self(0x0000);
    /// Cancelled.
    pub const CANCEL: Self = Self(0xFE00);
    /// Refused: out of resources (C-STORE).
    pub const OUT_OF_RESOURCES: Self = Self(0xA700);
    /// Error: cannot understand (C-STORE).
    pub const CANNOT_UNDERSTAND: Self = Self(0xC000);
    /// Refused: not authorized.
    pub const NOT_AUTHORIZED: Self = Self(0x0124);

    /// The kind of answer.
    pub fn category(self) -> Category {
        match self.0 {
            0x0000 => Category::Success,
            0xFF00 | 0xFF01 => Category::Pending,
            0xFE00 => Category::Cancel,
            0x0001 | 0x0107 | 0x0116 | 0xB000..=0xBFFF => Category::Warning,
            _ => Category::Failure,
        }
    }

    /// What the standard calls it.
    fn meaning(self) -> &'static str {
        match self.0 {
            0x0000 => "success",
            0xFF00 | 0xFF01 => "pending",
            0xFE00 => "cancelled",
            0x0105 => "no such attribute",
            0x0106 => "invalid attribute value",
            0x0110 => "processing failure",
            0x0112 => "no such SOP Instance",
            0x0117 => "invalid SOP Instance",
            0x0118 => "no such SOP Class",
            0x0119 => "class-instance conflict",
            0x0122 => "SOP Class not supported",
            0x0124 => "not authorized",
            0x0210 => "duplicate invocation",
            0x0211 => "unrecognized operation",
            0x0212 => "mistyped argument",
            0xA701 => "out of resources: unable to calculate number of matches",
            0xA702 => "out of resources: unable to perform sub-operations",
            0xA700..=0xA7FF => "out of resources",
            0xA801 => "move destination unknown",
            0xA900..=0xA9FF => "identifier does not match SOP Class",
            0xAA00 => "none of the frames requested were found",
            0xB000 => "sub-operations complete, one or more failures",
            0xC000..=0xCFFF => "unable to process",
            _ => match self.category() {
                Category::Warning => "warning",
                _ => "failure",
            },
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({:04X}H)", self.meaning(), self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::success(0x0000, Category::Success)]
    #[case::pending(0xFF00, Category::Pending)]
    #[case::pending_with_unsupported_keys(0xFF01, Category::Pending)]
    #[case::cancel(0xFE00, Category::Cancel)]
    #[case::some_sub_operations_failed(0xB000, Category::Warning)]
    #[case::move_destination_unknown(0xA801, Category::Failure)]
    #[case::not_in_the_standard(0x1234, Category::Failure)]
    fn ps3_7_annex_c(#[case] raw: u16, #[case] category: Category) {
        assert_eq!(Status(raw).category(), category);
    }

    #[test]
    fn a_status_is_shown_in_words_and_as_it_came() {
        assert_eq!(Status(0xA801).to_string(), "move destination unknown (A801H)");
    }
}
