//! JPEG 2000 (ITU-T T.800) and its high-throughput block coder (T.814).
//!
//! A codestream is read into tiles ([`codestream`], [`parameters`], [`tile`]), its packets are dealt
//! out to code-blocks ([`packets`]), these are decoded into planes of wavelet coefficients
//! ([`coefficient_bits`], [`high_throughput`]), and the planes are transformed back ([`wavelet`]).
//!
//! The reversible path computes in 32-bit integers, the irreversible one in `f32`.

mod arithmetic;
mod codestream;
mod coefficient_bits;
mod cursor;
mod high_throughput;
mod packed_headers;
mod packet_bits;
mod packets;
mod parameters;
mod planes;
mod tag_tree;
mod tile;
mod wavelet;

use model::PreviewFault;
use part10::{Photometric, PixelDescription};

use super::NativeFrame;
use super::samples::{check_shape, contain};
use codestream::{Codestream, Size};
use planes::TileDecoder;
use tile::Tile;

/// SOC and SIZ, with which every codestream begins.
const START: [u8; 4] = [0xFF, 0x4F, 0xFF, 0x51];

pub(super) fn decode(
    description: &PixelDescription,
    frame: &[u8],
) -> Result<NativeFrame, PreviewFault> {
    // DICOM demands bare codestreams; in a JP2 file only the codestream counts (PS3.5 A.4.4).
    let start = frame.windows(START.len()).position(|bytes| bytes == START);
    let bytes = start.and_then(|start| frame.get(start..)).ok_or(PreviewFault::Damaged)?;
    let codestream = Codestream::read(bytes, |size| check_size(description, size))?;
    let size = &codestream.size;
    let [columns, rows] = size.extent();
    let mut samples = vec![0; columns * rows * size.components];
    let mut decoder = TileDecoder::default();
    let mut is_transformed = false;
    for (index, stream) in codestream.tiles.iter().enumerate() {
        let parameters = codestream.parameters(stream);
        is_transformed |= parameters.transformed;
        let mut tile = Tile::new(size, index, parameters)?;
        let joined;
        let data = if let [data] = stream.parts.as_slice() {
            data
        } else {
            joined = stream.parts.concat();
            joined.as_slice()
        };
        let packed = stream.packed.as_ref().map(|headers| headers.bytes.as_slice());
        packets::read(&mut tile, parameters, data, packed)?;
        decoder.decode(&tile, data, parameters.transformed)?;
        decoder.store(&tile, size, &mut samples);
    }
    let photometric = photometric(&description.photometric, size.components, is_transformed)?;
    let bytes = contain(description, size.precision, &samples);
    Ok(NativeFrame { bytes, photometric, planar: false })
}

fn check_size(description: &PixelDescription, size: &Size) -> Result<(), PreviewFault> {
    let extent = size.extent().map(|length| u32::try_from(length).unwrap_or(u32::MAX));
    check_shape(description, extent.into(), size.components, size.precision)
}

/// What the decoded components are.
///
/// Standard: DICOM PS3.5 8.2.4; PS3.3 C.7.6.3.1.2.
fn photometric(
    declared: &Photometric,
    components: usize,
    is_transformed: bool,
) -> Result<Photometric, PreviewFault> {
    match (declared, components) {
        // The transformation has been turned round; without one, what was coded was RGB.
        (Photometric::YbrRct | Photometric::YbrIct, 3) => Ok(Photometric::Rgb),
        (Photometric::YbrFull, 3) if is_transformed => Err(PreviewFault::Unsupported(
            "JPEG 2000 that transforms what is called YBR_FULL".into(),
        )),
        (Photometric::YbrFull422 | Photometric::YbrPartial422 | Photometric::YbrPartial420, _) => {
            Err(PreviewFault::Unsupported("JPEG 2000 called chrominance-halved".into()))
        }
        (declared, _) => Ok(declared.clone()),
    }
}
