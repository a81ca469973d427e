//! Frames of pixel data to 8-bit previews.
