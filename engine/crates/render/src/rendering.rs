//! Native frames of one instance to 8-bit pictures.
//!
//! What the data set says about showing its pixels is read once, by [`Rendering::prepare`]; frames
//! then need nothing but their own bytes.
//!
//! Invariant: what is not known to be shown right is refused with
//! [`PreviewFault::Unsupported`]: a wrong picture is worse than none.

mod aspect;
mod colour;
#[cfg(test)]
mod dataset_bytes;
mod float;
mod gray;
mod gray_lut;
mod instance_levels;
mod lookup_table;
mod modality;
mod overlay;
mod palette;
mod plane;
mod segment_colour;
mod segmentation;
mod segmented_palette;
mod stored_format;
mod value_range;
mod voi;
mod window;

use dicom_dictionary_std::tags;
use model::PreviewFault;
use part10::{Dataset, Photometric, PixelDescription};

use crate::bitmap::{Bitmap, Channels};
use crate::limits::{Limits, MOST_GROUPED_FRAMES};
use colour::Colour;
use float::Float;
use gray::Gray;
use overlay::{Overlays, Picture};
use palette::Palette;

pub use gray_lut::LutCache;
pub use segmentation::{Segment, Segmentation, SourceFrame, segments};
pub use value_range::{ValueRange, ValueSample, sampled_frames};
pub use window::Window;

/// Everything that turns the native frames of one instance into 8-bit pictures.
///
/// Standard: DICOM PS3.4 N.2 (the pipeline), PS3.3 C.7.6.3, C.11.
#[derive(Debug)]
pub struct Rendering {
    columns: u16,
    rows: u16,
    frame_bytes: usize,
    /// Behind so many frames it is not read what each says of itself.
    most_frames: u32,
    pixel_height_over_width: f64,
    pipeline: Pipeline,
    range: Option<ValueRange>,
    overlays: Overlays,
}

#[derive(Debug)]
enum Pipeline {
    Gray(Gray),
    /// Grey, with a palette for the values above.
    GrayAndPalette(Gray, Palette),
    Float(Float),
    Palette(Palette),
    Colour(Colour),
    Segments(Box<Segmentation>),
}

impl Rendering {
    /// Reads how the frames of an instance are to be shown.
    ///
    /// `description` tells how the frames given to [`Rendering::frame`] are laid out: for decoded
    /// frames that is [`crate::NativeFrame::describe`] of the instance's description, not the
    /// description itself. Instances of a series share the tables in `cache`.
    ///
    /// # Errors
    /// [`PreviewFault::Unsupported`] for attributes that contradict each other or are of a kind
    /// that is not rendered; [`PreviewFault::OverLimit`] when a frame passes `limits`.
    pub fn prepare(
        dataset: &Dataset<'_>,
        description: &PixelDescription,
        cache: &LutCache,
        limits: &Limits,
    ) -> Result<Self, PreviewFault> {
        let frame_bytes = limits.native_bytes(description)?;
        let is_grouped = dataset.has(tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE);
        let most_frames = if is_grouped { MOST_GROUPED_FRAMES } else { u32::MAX };
        let frames = description.frames.min(most_frames);
        let description = &PixelDescription { frames, ..description.clone() };
        let segmentation = Segmentation::read(dataset, description)?;
        let pipeline = match description.photometric {
            _ if let Some(segmentation) = segmentation => {
                Pipeline::Segments(Box::new(segmentation))
            }
            Photometric::Monochrome1 | Photometric::Monochrome2 => {
                if description.samples_per_pixel != 1 {
                    return Err(PreviewFault::Unsupported(
                        "a grey image with several samples per pixel".into(),
                    ));
                }
                if Float::is_meant(dataset, description) {
                    Pipeline::Float(Float::prepare(dataset, description)?)
                } else {
                    let gray = Gray::prepare(dataset, description, cache)?;
                    if has_supplemental_palette(dataset) {
                        let palette = Palette::prepare(dataset, description)?;
                        Pipeline::GrayAndPalette(gray.below(palette.first()), palette)
                    } else {
                        Pipeline::Gray(gray)
                    }
                }
            }
            Photometric::PaletteColor => Pipeline::Palette(Palette::prepare(dataset, description)?),
            _ => Pipeline::Colour(Colour::prepare(description)?),
        };
        Ok(Self {
            columns: description.columns,
            rows: description.rows,
            frame_bytes,
            most_frames,
            pixel_height_over_width: aspect::pixel_height_over_width(dataset),
            pipeline,
            range: None,
            overlays: Overlays::read(dataset, description),
        })
    }

    /// The picture of one native little-endian frame, Explicit VR Little Endian as in a file.
    ///
    /// `index` counts from 0. `native` begins with the first pixel of the frame; frames of 1-bit
    /// pixels begin at the lowest bit of the first byte. Bytes after the frame are padding.
    ///
    /// # Errors
    /// [`PreviewFault::MissingPixels`] when `native` is shorter than a frame,
    /// [`PreviewFault::OverLimit`] for one behind the first 131,072 that have functional groups.
    pub fn frame(&self, index: u32, native: &[u8]) -> Result<Bitmap, PreviewFault> {
        self.frame_over(index, native, &[], None)
    }

    /// The picture of a frame of a segmentation: its colours laid over the picture of the image that
    /// was segmented, and fainter those of the `others`, native frames that show the same place. For
    /// any other instance the same as [`Self::frame`].
    ///
    /// # Errors
    /// As [`Self::frame`]; [`PreviewFault::Unsupported`] when `under` is of another size.
    pub fn frame_over(
        &self,
        index: u32,
        native: &[u8],
        others: &[(u32, &[u8])],
        under: Option<&Bitmap>,
    ) -> Result<Bitmap, PreviewFault> {
        if index >= self.most_frames {
            return Err(PreviewFault::OverLimit);
        }
        let native = self.of_frame(native)?;
        let size = (self.rows, self.columns);
        let pixels = usize::from(self.rows) * usize::from(self.columns);
        let (channels, mut data) = match &self.pipeline {
            Pipeline::Gray(gray) => (Channels::Gray, gray.frame(index, native, size, self.range)),
            Pipeline::GrayAndPalette(gray, palette) => {
                let levels = gray.frame(index, native, size, self.range);
                (Channels::Rgb, palette.over(&levels, native))
            }
            Pipeline::Float(float) => {
                (Channels::Gray, float.frame(index, native, self.columns, self.range)?)
            }
            Pipeline::Palette(palette) => (Channels::Rgb, palette.frame(native, pixels)),
            Pipeline::Colour(colour) => (Channels::Rgb, colour.frame(native, pixels)),
            Pipeline::Segments(segmentation) => {
                (Channels::Rgb, segmentation.picture(index, native, others, under)?)
            }
        };
        let (rows, columns) = (self.rows, self.columns);
        let mut picture = Picture { rows, columns, channels, data: &mut data };
        self.overlays.draw(index, native, &mut picture);
        Bitmap::new(self.columns, self.rows, channels, data)
    }

    /// How the instance is segmented, when it is a segmentation.
    pub fn segmentation(&self) -> Option<&Segmentation> {
        match &self.pipeline {
            Pipeline::Segments(segmentation) => Some(segmentation),
            _ => None,
        }
    }

    fn of_frame<'a>(&self, native: &'a [u8]) -> Result<&'a [u8], PreviewFault> {
        native.get(..self.frame_bytes).ok_or(PreviewFault::MissingPixels)
    }

    /// Whether there is a frame for which the file names neither VOI LUT nor window, so that the
    /// values of its pixels decide what is black and white. Without [`Self::set_range`] each such
    /// frame is shown by its own range.
    pub fn lacks_range(&self) -> bool {
        match &self.pipeline {
            Pipeline::Gray(gray) | Pipeline::GrayAndPalette(gray, _) => gray.lacks_range(),
            Pipeline::Float(float) => float.lacks_range(),
            _ => false,
        }
    }

    /// Gathers values of a native frame that has no window; see [`Self::frame`] for its shape. Of one that would not be
    /// shown there are none.
    ///
    /// # Errors
    /// [`PreviewFault::MissingPixels`] when `native` is shorter than a frame.
    pub fn sample(
        &self,
        index: u32,
        native: &[u8],
        sample: &mut ValueSample,
    ) -> Result<(), PreviewFault> {
        let native = self.of_frame(native)?;
        match &self.pipeline {
            _ if index >= self.most_frames => {}
            Pipeline::Gray(gray) | Pipeline::GrayAndPalette(gray, _) => {
                gray.sample(index, native, (self.rows, self.columns), sample);
            }
            Pipeline::Float(float) => float.sample(index, native, self.columns, sample),
            _ => {}
        }
        Ok(())
    }

    /// What all frames without a window are to be shown by.
    pub fn set_range(&mut self, range: ValueRange) {
        self.range = Some(range);
    }

    /// What the file says of the VOI LUTs and windows that its frames are shown by: each once, in the
    /// order of the frames, the first `most`.
    pub fn windows(&self, most: usize) -> Vec<Window> {
        let mut windows = Vec::new();
        let mut add = |window: &Window| {
            if windows.len() < most && !windows.contains(window) {
                windows.push(window.clone());
            }
        };
        match &self.pipeline {
            Pipeline::Gray(gray) | Pipeline::GrayAndPalette(gray, _) => {
                gray.windows().for_each(&mut add);
            }
            Pipeline::Float(float) => float.windows().for_each(&mut add),
            _ => {}
        }
        windows
    }

    /// Whether the file has an overlay that contradicts itself, and so is missing in the pictures.
    pub fn lacks_overlay(&self) -> bool {
        self.overlays.has_unusable()
    }

    /// How much higher than wide a pixel is; 1 for square pixels and where the file says nothing.
    ///
    /// Pictures are not resampled for it: whoever shows them stretches them.
    pub fn pixel_height_over_width(&self) -> f64 {
        self.pixel_height_over_width
    }
}

/// Whether the higher stored values of a grey image stand for colours.
///
/// Standard: DICOM PS3.3 C.7.6.23; C.8.16.2.1.1.5 (Pixel Presentation).
fn has_supplemental_palette(dataset: &Dataset<'_>) -> bool {
    let presentation = dataset.text(tags::PIXEL_PRESENTATION);
    matches!(presentation.as_deref(), Some("COLOR" | "MIXED"))
        && dataset.has(tags::RED_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use stored_format::tests::description;

    fn prepare(description: &PixelDescription) -> Result<Rendering, PreviewFault> {
        let dataset = dataset_bytes::parse(&[]);
        Rendering::prepare(&dataset, description, &LutCache::default(), &Limits::default())
    }

    #[test]
    fn a_short_frame_is_refused_and_padding_is_ignored() {
        let rendering = prepare(&PixelDescription { columns: 3, ..description(8, 8, 7, false) });
        let rendering = rendering.unwrap();
        assert_eq!(rendering.frame(0, &[1, 2]), Err(PreviewFault::MissingPixels));
        let bitmap = rendering.frame(0, &[1, 2, 3, 0]).unwrap();
        assert_eq!((bitmap.width(), bitmap.height(), bitmap.data()), (3, 1, [1, 2, 3].as_slice()));
    }

    #[rstest]
    #[case::colour_by_name_only(Photometric::Rgb, 1)]
    #[case::grey_with_three_samples(Photometric::Monochrome2, 3)]
    #[case::palette_without_tables(Photometric::PaletteColor, 1)]
    #[case::unknown(Photometric::Other("HSV".into()), 3)]
    fn contradictions_are_refused(#[case] photometric: Photometric, #[case] samples: u16) {
        let description = PixelDescription {
            photometric,
            samples_per_pixel: samples,
            ..description(8, 8, 7, false)
        };
        assert!(matches!(prepare(&description), Err(PreviewFault::Unsupported(_))));
    }

    #[test]
    fn of_a_million_frames_that_speak_for_themselves_the_first_are_shown() {
        let sequence = dataset_bytes::sequence(tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE, &[]);
        let description = PixelDescription { frames: 1 << 20, ..description(8, 8, 7, false) };
        for (bytes, last) in [(sequence, MOST_GROUPED_FRAMES - 1), (Vec::new(), u32::MAX - 1)] {
            let dataset = dataset_bytes::parse(&bytes);
            let (cache, limits) = (LutCache::default(), Limits::default());
            let rendering = Rendering::prepare(&dataset, &description, &cache, &limits).unwrap();
            let size = description.frame_bytes().try_into().unwrap();
            let native = vec![0; size];
            assert!(rendering.frame(last, &native).is_ok());
            assert_eq!(rendering.frame(last + 1, &native).err(), Some(PreviewFault::OverLimit));
        }
    }

    #[test]
    fn the_largest_dimensions_are_refused_before_anything_is_allocated() {
        let description =
            PixelDescription { rows: u16::MAX, columns: u16::MAX, ..description(8, 8, 7, false) };
        assert_eq!(prepare(&description).err(), Some(PreviewFault::OverLimit));
    }
}
