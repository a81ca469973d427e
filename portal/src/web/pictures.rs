//! The pictures of the quick guide, part of the program: `tests/browser/guide.js` makes them of the demonstration.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::response::Response;
use texts::Language;

use crate::web::assets::{asset, versioned};
use crate::web::error::Refusal;
use crate::web::shell::language_of_tag;

/// Where they are, without what follows from their content.
pub(crate) const PICTURE_ROUTE: &str = "/assets/guide/{language}/{picture}";

/// A picture as a page shows it.
#[derive(Debug)]
pub(crate) struct Picture {
    pub(crate) path: String,
    /// Pixels, so that nothing moves when it arrives.
    pub(crate) width: u16,
    pub(crate) height: u16,
}

/// Makes a field of each picture, and finds its file in each language.
macro_rules! pictures {
    ($($name:ident),+ $(,)?) => {
        /// Every picture, in one language.
        #[derive(Debug)]
        pub(crate) struct Pictures {
            $(pub(crate) $name: Picture,)+
        }

        impl Pictures {
            fn new(language: Language) -> Self {
                Self { $($name: Picture::of(language, stringify!($name)),)+ }
            }
        }

        fn file(language: Language, name: &str) -> Option<&'static [u8]> {
            match (language, name) {
                $((Language::Italian, stringify!($name)) => Some(include_bytes!(concat!(
                    "../../templates/guide/it/", stringify!($name), ".webp"
                ))),
                (Language::English, stringify!($name)) => Some(include_bytes!(concat!(
                    "../../templates/guide/en/", stringify!($name), ".webp"
                ))),)+
                _ => None,
            }
        }
    };
}

pictures!(login, password, recovery, overview, menu, profile, results, order, download);

static ITALIAN: LazyLock<Pictures> = LazyLock::new(|| Pictures::new(Language::Italian));
static ENGLISH: LazyLock<Pictures> = LazyLock::new(|| Pictures::new(Language::English));

/// The pictures with the words of a language.
pub(crate) fn pictures(language: Language) -> &'static Pictures {
    match language {
        Language::Italian => &ITALIAN,
        Language::English => &ENGLISH,
    }
}

impl Picture {
    fn of(language: Language, name: &str) -> Self {
        let bytes = file(language, name).unwrap_or_default();
        let (width, height) = size(bytes);
        let route = format!("/assets/guide/{}/{name}.webp", language.tag());
        Self { path: versioned(&route, bytes), width, height }
    }
}

/// Width and height of an extended WebP file, as Chromium writes them: 24 bits each, less one (RFC 9649 §2.7); 0 of
/// anything else.
fn size(bytes: &[u8]) -> (u16, u16) {
    let side = |at: usize| match bytes.get(at..at + 3) {
        Some(&[low, high, 0]) => u16::from_le_bytes([low, high]).saturating_add(1),
        _ => 0,
    };
    if bytes.get(12..16) == Some(b"VP8X") { (side(24), side(27)) } else { (0, 0) }
}

pub(crate) async fn show(
    Path((language, picture)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let language = language_of_tag(&language).ok_or(Refusal::NotFound)?;
    let name = picture.strip_suffix(".webp").ok_or(Refusal::NotFound)?;
    Ok(asset("image/webp", file(language, name).ok_or(Refusal::NotFound)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_picture_has_a_size_in_each_language() {
        for language in Language::ALL {
            let all = pictures(language);
            for one in [&all.login, &all.overview, &all.order, &all.results] {
                assert!((390..1200).contains(&one.width) && one.height > 200, "{one:?}");
            }
        }
        assert_eq!(size(b"RIFF"), (0, 0));
    }
}
