//! Lists, a page at a time.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// The most of a page.
const MOST: u16 = 500;
/// What a page has when nobody says.
const USUAL: u16 = 100;

/// How much one page has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limit(u16);

impl Default for Limit {
    fn default() -> Self {
        Self(USUAL)
    }
}

impl Limit {
    /// How much to ask for: one more, so that it shows whether there is a next page.
    pub(crate) fn and_one(self) -> usize {
        usize::from(self.0) + 1
    }

    /// Cuts what was found to a page, and tells whether there is another one behind it.
    pub(crate) fn cut<T>(self, found: &mut Vec<T>) -> bool {
        let more = found.len() > usize::from(self.0);
        found.truncate(usize::from(self.0));
        more
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u16::deserialize(deserializer) {
            Ok(limit @ 1..=MOST) => Ok(Self(limit)),
            _ => Err(D::Error::custom(format!("a page has 1 to {MOST} entries"))),
        }
    }
}

impl PartialSchema for Limit {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Integer)
            .minimum(Some(1))
            .maximum(Some(MOST))
            .default(Some(USUAL.into()))
            .build()
            .into()
    }
}

impl ToSchema for Limit {}
