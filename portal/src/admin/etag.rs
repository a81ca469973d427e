//! Entity tags (RFC 9110 §8.8.3), so that of two administrators the second does not undo the first.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, header};
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::admin::problem::Problem;

/// Names a state of a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ETag(String);

impl ETag {
    /// Of what is answered.
    pub(crate) fn of(answer: &impl Serialize) -> Result<Self, Problem> {
        let bytes = serde_json::to_vec(answer).map_err(|error| Problem::failed(&error))?;
        let hash = Sha256::digest(&bytes);
        let (half, _) = hash.split_at(16);
        let number = half.iter().fold(0_u128, |number, byte| number << 8 | u128::from(*byte));
        Ok(Self(format!("\"{number:032x}\"")))
    }

    /// For a response.
    pub(crate) fn header(&self) -> [(HeaderName, HeaderValue); 1] {
        let value = HeaderValue::from_str(&self.0);
        [(header::ETAG, value.unwrap_or(HeaderValue::from_static("\"\"")))]
    }
}

/// The text of `If-Match`, for the description.
#[derive(Debug)]
pub(crate) struct EntityTags;

impl PartialSchema for EntityTags {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some(r#"^(\*|(W/)?"[!#-~]*"(, ?(W/)?"[!#-~]*")*)$"#))
            .build()
            .into()
    }
}

impl ToSchema for EntityTags {}

/// What `If-Match` asks for (RFC 9110 §13.1.1).
#[derive(Debug)]
pub(crate) struct IfMatch(Vec<String>);

impl IfMatch {
    /// # Errors
    /// When the resource is in none of the states asked for.
    pub(crate) fn check(&self, now: &ETag) -> Result<(), Problem> {
        if self.0.iter().any(|tag| tag == "*" || *tag == now.0) {
            Ok(())
        } else {
            Err(Problem::stale())
        }
    }
}

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let tags: Vec<_> = parts
            .headers
            .get_all(header::IF_MATCH)
            .iter()
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(','))
            .map(|tag| tag.trim().to_owned())
            .filter(|tag| !tag.is_empty())
            .collect();
        if tags.is_empty() { Err(Problem::unconditional()) } else { Ok(Self(tags)) }
    }
}
