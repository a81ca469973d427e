//! What is read of a request, and the problem where it cannot be.

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use serde_path_to_error::{Path as Where, Segment};

use crate::admin::problem::Problem;

/// Bytes of a JSON body: far more than a person with all that is known of it.
pub(crate) const MOST_JSON: usize = 64 << 10;

/// Reads a body up to a limit.
pub(crate) async fn read(body: Body, most_bytes: usize) -> Result<Bytes, Problem> {
    match Limited::new(body, most_bytes).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Problem::too_large(most_bytes)),
        Err(_broken) => Err(Problem::malformed("the body ended early: send it again")),
    }
}

/// Whether the body is said to be of a type; parameters of it do not matter.
pub(crate) fn expect_type(request: &Request, wanted: &'static str) -> Result<(), Problem> {
    let sent = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = sent.and_then(|sent| sent.split(';').next()).map(str::trim);
    match essence {
        Some(essence) if essence.eq_ignore_ascii_case(wanted) => Ok(()),
        _ => Err(Problem::media_type(wanted)),
    }
}

/// A JSON body: no field too many, none twice.
#[derive(Debug)]
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        json(request, MOST_JSON).await.map(Self)
    }
}

/// Reads a JSON body up to a limit.
pub(crate) async fn json<T: DeserializeOwned>(
    request: Request,
    most_bytes: usize,
) -> Result<T, Problem> {
    expect_type(&request, "application/json")?;
    let bytes = read(request.into_body(), most_bytes).await?;
    let mut deserializer = serde_json::Deserializer::from_slice(&bytes);
    let read = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let inner = error.inner();
        let detail = if inner.is_data() {
            without_value(&inner.to_string())
        } else {
            format!("no JSON: see line {}, column {}", inner.line(), inner.column())
        };
        Problem::at(pointer(error.path()), detail)
    })?;
    deserializer.end().map_err(|_more| Problem::malformed("there is more behind the JSON"))?;
    Ok(read)
}

/// A JSON Pointer (RFC 6901).
fn pointer(path: &Where) -> String {
    path.iter().fold(String::new(), |pointer, segment| match segment {
        Segment::Seq { index } => format!("{pointer}/{index}"),
        Segment::Map { key } => format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1")),
        Segment::Enum { .. } | Segment::Unknown => pointer,
    })
}

/// The sentence of the parser without the value that it quotes, which could be a patient's.
fn without_value(sentence: &str) -> String {
    let sentence = sentence.split(" at line ").next().unwrap_or_default();
    match sentence.split_once(", expected ") {
        Some((odd, expected)) if !odd.starts_with("unknown field") => format!("write {expected}"),
        _ => sentence.to_owned(),
    }
}

/// The parameters of the path.
#[derive(Debug)]
pub(crate) struct In<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for In<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Path::<T>::from_request_parts(parts, state).await {
            Ok(Path(read)) => Ok(Self(read)),
            Err(_odd) => {
                Err(Problem::malformed("the path names something by 32 hexadecimal digits"))
            }
        }
    }
}

/// The parameters behind the `?`.
#[derive(Debug)]
pub(crate) struct By<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for By<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Query::<T>::from_request_parts(parts, state).await {
            Ok(Query(read)) => Ok(Self(read)),
            Err(error) => Err(Problem::malformed(without_value(&error.body_text()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_of_the_parser_loses_the_value() {
        for (sentence, kept) in [
            (
                "invalid type: string \"ROSSI\", expected a boolean at line 1 column 9",
                "write a boolean",
            ),
            (
                "unknown variant `ROSSI`, expected one of `M`, `F` at line 1",
                "write one of `M`, `F`",
            ),
            ("unknown field `nme`, expected `name`", "unknown field `nme`, expected `name`"),
            ("missing field `name` at line 1 column 2", "missing field `name`"),
        ] {
            assert_eq!(without_value(sentence), kept);
        }
    }
}
