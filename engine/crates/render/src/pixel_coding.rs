//! Which transfer syntaxes exist, whether they lose anything, and who decodes them.
//!
//! Standard: DICOM PS3.5 Annex A, PS3.6 Annex A.

/// How a transfer syntax is turned into native frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decoder {
    /// Nothing to decode: the frames are native already, in fragments or not.
    Native,
    /// JPEG (ITU-T T.81): baseline, extended and lossless processes.
    Jpeg,
    /// JPEG 2000 (ITU-T T.800) and its high-throughput block coder (T.814).
    Jpeg2000,
    /// JPEG-LS (ITU-T T.87).
    JpegLs,
    /// Deflate, frame by frame.
    Deflate,
    /// RLE Lossless (PS3.5 Annex G).
    Rle,
}

/// How the pixels of one transfer syntax are coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PixelCoding {
    /// The UID.
    pub uid: &'static str,
    /// A short name for reports, after PS3.6.
    pub name: &'static str,
    /// Whether the pixel data are encapsulated.
    pub encapsulated: bool,
    /// Whether every stream of this transfer syntax gives back exactly what was coded. False where
    /// single streams may be lossless (JPEG 2000, JPEG-LS near-lossless).
    pub lossless: bool,
    /// Who decodes it here; `None` when nothing does.
    pub decoder: Option<Decoder>,
}

const fn native(uid: &'static str, name: &'static str) -> PixelCoding {
    let decoder = Some(Decoder::Native);
    PixelCoding { uid, name, encapsulated: false, lossless: true, decoder }
}

const fn coded(
    uid: &'static str,
    name: &'static str,
    lossless: bool,
    decoder: Option<Decoder>,
) -> PixelCoding {
    PixelCoding { uid, name, encapsulated: true, lossless, decoder }
}

/// Every transfer syntax that a composite instance can have, retired ones met in archives included.
pub static PIXEL_CODINGS: &[PixelCoding] = &[
    native("1.2.840.10008.1.2", "Implicit VR Little Endian"),
    native("1.2.840.10008.1.2.1", "Explicit VR Little Endian"),
    native("1.2.840.10008.1.2.1.99", "Deflated Explicit VR Little Endian"),
    native("1.2.840.10008.1.2.2", "Explicit VR Big Endian"),
    coded(
        "1.2.840.10008.1.2.1.98",
        "Encapsulated Uncompressed Explicit VR LE",
        true,
        Some(Decoder::Native),
    ),
    coded("1.2.840.10008.1.2.4.50", "JPEG Baseline", false, Some(Decoder::Jpeg)),
    coded("1.2.840.10008.1.2.4.51", "JPEG Extended", false, Some(Decoder::Jpeg)),
    coded("1.2.840.10008.1.2.4.57", "JPEG Lossless", true, Some(Decoder::Jpeg)),
    coded("1.2.840.10008.1.2.4.70", "JPEG Lossless SV1", true, Some(Decoder::Jpeg)),
    coded("1.2.840.10008.1.2.4.80", "JPEG-LS Lossless", true, Some(Decoder::JpegLs)),
    coded("1.2.840.10008.1.2.4.81", "JPEG-LS Near-Lossless", false, Some(Decoder::JpegLs)),
    coded("1.2.840.10008.1.2.4.90", "JPEG 2000 Lossless", true, Some(Decoder::Jpeg2000)),
    coded("1.2.840.10008.1.2.4.91", "JPEG 2000", false, Some(Decoder::Jpeg2000)),
    coded("1.2.840.10008.1.2.4.92", "JPEG 2000 Multi-component Lossless", true, None),
    coded("1.2.840.10008.1.2.4.93", "JPEG 2000 Multi-component", false, None),
    coded("1.2.840.10008.1.2.4.100", "MPEG2 Main Profile / Main Level", false, None),
    coded("1.2.840.10008.1.2.4.100.1", "Fragmentable MPEG2 Main / Main", false, None),
    coded("1.2.840.10008.1.2.4.101", "MPEG2 Main Profile / High Level", false, None),
    coded("1.2.840.10008.1.2.4.101.1", "Fragmentable MPEG2 Main / High", false, None),
    coded("1.2.840.10008.1.2.4.102", "MPEG-4 AVC/H.264 High 4.1", false, None),
    coded("1.2.840.10008.1.2.4.102.1", "Fragmentable H.264 High 4.1", false, None),
    coded("1.2.840.10008.1.2.4.103", "H.264 High 4.1 BD-compatible", false, None),
    coded("1.2.840.10008.1.2.4.103.1", "Fragmentable H.264 BD-compatible", false, None),
    coded("1.2.840.10008.1.2.4.104", "H.264 High 4.2 for 2D Video", false, None),
    coded("1.2.840.10008.1.2.4.104.1", "Fragmentable H.264 High 4.2 2D", false, None),
    coded("1.2.840.10008.1.2.4.105", "H.264 High 4.2 for 3D Video", false, None),
    coded("1.2.840.10008.1.2.4.105.1", "Fragmentable H.264 High 4.2 3D", false, None),
    coded("1.2.840.10008.1.2.4.106", "H.264 Stereo High 4.2", false, None),
    coded("1.2.840.10008.1.2.4.106.1", "Fragmentable H.264 Stereo High 4.2", false, None),
    coded("1.2.840.10008.1.2.4.107", "HEVC/H.265 Main 5.1", false, None),
    coded("1.2.840.10008.1.2.4.108", "HEVC/H.265 Main 10 5.1", false, None),
    coded("1.2.840.10008.1.2.4.110", "JPEG XL Lossless", true, None),
    coded("1.2.840.10008.1.2.4.111", "JPEG XL JPEG Recompression", false, None),
    coded("1.2.840.10008.1.2.4.112", "JPEG XL", false, None),
    coded("1.2.840.10008.1.2.4.201", "HTJ2K Lossless", true, Some(Decoder::Jpeg2000)),
    coded("1.2.840.10008.1.2.4.202", "HTJ2K Lossless RPCL", true, Some(Decoder::Jpeg2000)),
    coded("1.2.840.10008.1.2.4.203", "HTJ2K", false, Some(Decoder::Jpeg2000)),
    coded("1.2.840.10008.1.2.5", "RLE Lossless", true, Some(Decoder::Rle)),
    coded("1.2.840.10008.1.2.8.1", "Deflated Image Frame", true, Some(Decoder::Deflate)),
];

/// The row of a transfer syntax; `None` when the UID is not known.
pub fn pixel_coding(uid: &str) -> Option<&'static PixelCoding> {
    PIXEL_CODINGS.iter().find(|row| row.uid == uid)
}

/// Whether frames of this transfer syntax can be turned into native ones here.
///
/// Single streams can still be refused: see [`crate::decode_frame`].
pub fn can_decode(uid: &str) -> bool {
    pixel_coding(uid).is_some_and(|row| row.decoder.is_some())
}

/// Whether decoding every stream of this transfer syntax gives back exactly what was coded.
pub fn is_lossless(uid: &str) -> bool {
    pixel_coding(uid).is_some_and(|row| row.lossless)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[test]
    fn each_uid_stands_once() {
        let mut uids: Vec<_> = PIXEL_CODINGS.iter().map(|row| row.uid).collect();
        uids.sort_unstable();
        uids.dedup();
        assert_eq!(uids.len(), PIXEL_CODINGS.len());
    }

    #[rstest]
    #[case::explicit("1.2.840.10008.1.2.1", true, true)]
    #[case::jpeg_baseline("1.2.840.10008.1.2.4.50", true, false)]
    #[case::jpeg_lossless("1.2.840.10008.1.2.4.70", true, true)]
    #[case::encapsulated_uncompressed("1.2.840.10008.1.2.1.98", true, true)]
    #[case::htj2k("1.2.840.10008.1.2.4.203", true, false)]
    #[case::mpeg2("1.2.840.10008.1.2.4.100", false, false)]
    #[case::unknown("1.2.3", false, false)]
    fn what_is_known_of(#[case] uid: &str, #[case] decodes: bool, #[case] lossless: bool) {
        assert_eq!((can_decode(uid), is_lossless(uid)), (decodes, lossless));
    }
}
