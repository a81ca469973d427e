//! The images that a report points to and the pictures inside it, as far as they are in the package.

use std::collections::BTreeMap;
use std::fmt;

use model::EntryPath;
use texts::Language;

use super::document::ImageKey;
use crate::contents::Preview;
use crate::layout::{Edition, Layout};
use crate::numbering::Place;
use crate::web::link;

/// The images of the package that a report points to.
#[derive(Debug, Default)]
pub struct References {
    images: BTreeMap<ImageKey, ImageReference>,
    illustrations: BTreeMap<usize, Illustration>,
}

/// A picture that was inside a document, as the package holds it.
#[derive(Debug)]
pub struct Illustration {
    /// For the page.
    pub preview: Preview,
    /// The same as bytes, for the PDF.
    pub picture: Picture,
}

/// An image of the package.
#[derive(Debug)]
pub struct ImageReference {
    /// Series Number (0020,0011), or the number of the series in the package.
    pub series: String,
    /// Instance Number (0020,0013), or the number of the instance in the package.
    pub number: String,
    /// Where it lies in the package.
    pub place: Place,
    /// The fragment that leads to it on the page of its series.
    pub anchor: String,
    /// Its preview in the package.
    pub preview: Option<Preview>,
    /// The same as bytes, for the PDF.
    pub picture: Option<Picture>,
}

/// A JPEG that a PDF embeds.
pub struct Picture {
    /// Baseline JPEG, 8 bits.
    pub jpeg: Vec<u8>,
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// One component instead of three.
    pub is_grey: bool,
}

impl fmt::Debug for Picture {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Picture({} x {})", self.width, self.height)
    }
}

impl References {
    /// Adds an image that the package holds.
    pub fn insert(&mut self, key: ImageKey, image: ImageReference) {
        self.images.insert(key, image);
    }

    /// Adds a picture that was inside the document, by its number there.
    pub fn illustrate(&mut self, number: usize, illustration: Illustration) {
        self.illustrations.insert(number, illustration);
    }

    pub(crate) fn illustration(&self, number: usize) -> Option<&Illustration> {
        self.illustrations.get(&number)
    }

    pub(crate) fn get(&self, key: &ImageKey) -> Option<&ImageReference> {
        self.images.get(key)
    }

    /// What leads from an entry to the image on the page of its series; nothing when it is elsewhere.
    pub(crate) fn href(
        &self,
        key: &ImageKey,
        here: &EntryPath,
        layout: Layout,
        edition: Edition,
    ) -> Option<String> {
        let ImageReference { place, anchor, .. } = self.get(key)?;
        let page = link(here, &layout.series_page(edition, place.study, place.series));
        Some(format!("{page}#{anchor}"))
    }

    /// The UID by which a program finds an image that is not in the package.
    pub(crate) fn code(&self, key: &ImageKey) -> Option<String> {
        self.get(key).is_none().then(|| format!("UID {}", key.sop_instance))
    }

    /// What a reader is told of an image; `more` is what the report says besides.
    pub(crate) fn sentence(&self, key: &ImageKey, more: &str, language: Language) -> String {
        let text = language.texts();
        let mut sentence = match (self.get(key), key.frame) {
            (Some(image), None) => text.report_see_image(&*image.number, &*image.series),
            (Some(image), Some(frame)) => {
                text.report_see_frame(frame, &*image.number, &*image.series)
            }
            (None, _) => text.report_image_elsewhere().to_owned(),
        };
        if !more.is_empty() {
            sentence.push_str(", ");
            sentence.push_str(more);
        }
        sentence
    }
}
