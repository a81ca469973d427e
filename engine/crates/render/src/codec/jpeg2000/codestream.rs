//! The marker segments of a codestream: what its headers say, and where the data of its tiles lie.
//!
//! Standard: ITU-T T.800 Annex A; T.814 Annex A for the high-throughput block coder.
//! Invariant: sizes are checked here, so that arithmetic on them cannot overflow later.

use model::PreviewFault;

use super::cursor::Cursor;
use super::packed_headers::{PackedHeaders, PackedSegments, TileHeaders};
use super::parameters::Parameters;

const SOC: u16 = 0xFF4F;
const SIZ: u16 = 0xFF51;
const COD: u16 = 0xFF52;
const COC: u16 = 0xFF53;
const QCD: u16 = 0xFF5C;
const QCC: u16 = 0xFF5D;
const RGN: u16 = 0xFF5E;
const POC: u16 = 0xFF5F;
const PPM: u16 = 0xFF60;
const PPT: u16 = 0xFF61;
const SOT: u16 = 0xFF90;
const SOD: u16 = 0xFF93;
const EOC: u16 = 0xFFD9;

/// What DICOM can hold: Samples per Pixel is 1, 3 or 4.
const MAX_COMPONENTS: u16 = 4;
/// Tiles are counted in 16 bits, and no smaller than so many samples on average, apart from a few.
const MAX_TILES: usize = 1 << 16;
const SAMPLES_PER_TILE: usize = 1024;
const FEW_TILES: usize = 1024;

/// The SIZ segment (A.5.1): the reference grid, its tiles, and the components on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Size {
    /// Image area: left, top, right, bottom.
    pub(super) area: [usize; 4],
    /// Width and height of a tile, left and top of the first one.
    pub(super) tile: [usize; 4],
    pub(super) components: usize,
    /// Bits of each component: 1 to 38.
    pub(super) precision: u16,
    pub(super) signed: bool,
}

impl Size {
    fn read(content: &mut Cursor<'_>) -> Result<Self, PreviewFault> {
        let _capabilities = content.u16()?;
        let [right, bottom, left, top] = content.sizes()?;
        let tile = content.sizes()?;
        let components = content.u16()?;
        let [tile_width, tile_height, tile_left, tile_top] = tile;
        let first_tile_holds = |start: usize, size: usize, from: usize| {
            size > 0 && start <= from && start.saturating_add(size) > from
        };
        if components == 0
            || left >= right
            || top >= bottom
            || !first_tile_holds(tile_left, tile_width, left)
            || !first_tile_holds(tile_top, tile_height, top)
        {
            return Err(PreviewFault::Damaged);
        }
        if components > MAX_COMPONENTS {
            return Err(PreviewFault::Unsupported("JPEG 2000 of more than 4 components".into()));
        }
        let first = content.bytes::<3>()?;
        let [depth, 1, 1] = first else {
            return Err(PreviewFault::Unsupported("JPEG 2000 with sampled components".into()));
        };
        for _ in 1..components {
            if content.bytes::<3>()? != first {
                return Err(PreviewFault::Unsupported("JPEG 2000 of unlike components".into()));
            }
        }
        let size = Self {
            area: [left, top, right, bottom],
            tile,
            components: components.into(),
            precision: u16::from(depth & 0x7F) + 1,
            signed: depth & 0x80 != 0,
        };
        let [across, down] = size.tiles();
        let tiles = across.saturating_mul(down);
        let [columns, rows] = size.extent();
        if tiles > MAX_TILES {
            Err(PreviewFault::Damaged)
        } else if tiles > columns.saturating_mul(rows) / SAMPLES_PER_TILE + FEW_TILES {
            Err(PreviewFault::Unsupported("JPEG 2000 with tiles of a few samples".into()))
        } else {
            Ok(size)
        }
    }

    /// Columns and rows of the image.
    pub(super) fn extent(&self) -> [usize; 2] {
        let [left, top, right, bottom] = self.area;
        [right - left, bottom - top]
    }

    /// How many tiles lie side by side, and one below the other.
    pub(super) fn tiles(&self) -> [usize; 2] {
        let [_, _, right, bottom] = self.area;
        let [width, height, left, top] = self.tile;
        [(right - left).div_ceil(width), (bottom - top).div_ceil(height)]
    }
}

/// The parts of one tile.
#[derive(Debug, Default)]
pub(super) struct TileStream<'a> {
    /// Where its own header changes those of the main header.
    own: Option<Parameters>,
    /// The packets of its tile-parts.
    pub(super) parts: Vec<&'a [u8]>,
    /// The headers of the packets, where they stand apart from these.
    pub(super) packed: Option<TileHeaders>,
}

/// A codestream taken apart.
#[derive(Debug)]
pub(super) struct Codestream<'a> {
    pub(super) size: Size,
    parameters: Parameters,
    /// Row by row.
    pub(super) tiles: Vec<TileStream<'a>>,
    /// Headers of packets, for one tile-part after the other.
    packed: PackedHeaders,
}

impl<'a> Codestream<'a> {
    /// Reads the headers and finds the tile-parts. `accept` looks at the size before anything is
    /// allocated by it.
    ///
    /// # Errors
    /// [`PreviewFault::Damaged`], or [`PreviewFault::Unsupported`] for what is not decoded here.
    pub(super) fn read(
        bytes: &'a [u8],
        accept: impl FnOnce(&Size) -> Result<(), PreviewFault>,
    ) -> Result<Self, PreviewFault> {
        let mut cursor = Cursor::new(bytes);
        if cursor.u16()? != SOC || cursor.u16()? != SIZ {
            return Err(PreviewFault::Damaged);
        }
        let size = Size::read(&mut cursor.segment()?)?;
        accept(&size)?;
        let mut parameters = Parameters::new(size.components);
        let mut packed = PackedSegments::default();
        while header_segment(&mut cursor, &mut parameters, &mut packed, SOT)? {}
        parameters.check()?;
        let packed = packed.by_tile_part()?;
        let [across, down] = size.tiles();
        let tiles = (0..across * down).map(|_| TileStream::default()).collect();
        let mut codestream = Self { size, parameters, tiles, packed };
        while codestream.tile_part(&mut cursor)? {}
        if codestream.tiles.iter().any(|tile| tile.parts.is_empty()) {
            return Err(PreviewFault::Damaged);
        }
        Ok(codestream)
    }

    /// What holds for a tile.
    pub(super) fn parameters<'s>(&'s self, tile: &'s TileStream<'_>) -> &'s Parameters {
        tile.own.as_ref().unwrap_or(&self.parameters)
    }

    /// Reads a tile-part, whose SOT marker has been read; `false` when it was the last (A.4.2).
    fn tile_part(&mut self, cursor: &mut Cursor<'a>) -> Result<bool, PreviewFault> {
        let start = cursor.position() - 2;
        let mut content = cursor.segment()?;
        let index = usize::from(content.u16()?);
        let length = content.size()?;
        let tile = self.tiles.get_mut(index).ok_or(PreviewFault::Damaged)?;
        let mut parameters = tile.own.as_ref().unwrap_or(&self.parameters).clone();
        let is_first = tile.parts.is_empty();
        let mut is_changed = false;
        let mut packed = PackedSegments::default();
        parameters.begin_tile_header();
        while header_segment(cursor, &mut parameters, &mut packed, SOD)? {
            is_changed = true;
        }
        self.packed.add_next_part(packed, &mut tile.packed)?;
        if is_changed {
            // Only the first part of a tile may say how it is coded.
            let before = tile.own.as_ref().unwrap_or(&self.parameters);
            if !is_first && !parameters.differ_in_order_only(before) {
                return Err(PreviewFault::Damaged);
            }
            parameters.check()?;
            tile.own = Some(parameters);
        }
        // Without a length, the last tile-part reaches to the end.
        let end = if length == 0 { usize::MAX } else { start.saturating_add(length) };
        tile.parts.push(cursor.until(end)?);
        match cursor.u16() {
            Ok(SOT) => Ok(true),
            // A stream that ends where its last tile-part does is whole.
            Ok(EOC) | Err(_) => Ok(false),
            Ok(_) => Err(PreviewFault::Damaged),
        }
    }
}

/// Reads one marker segment of a header; `false` when the marker was `last`.
fn header_segment<'a>(
    cursor: &mut Cursor<'a>,
    parameters: &mut Parameters,
    packed: &mut PackedSegments<'a>,
    last: u16,
) -> Result<bool, PreviewFault> {
    let marker = cursor.u16()?;
    if marker == last {
        return Ok(false);
    }
    if marker < 0xFF00 || matches!(marker, SOC | SIZ | SOT | SOD | EOC) {
        return Err(PreviewFault::Damaged);
    }
    let mut content = cursor.segment()?;
    match marker {
        COD => parameters.coding_style(&mut content)?,
        COC => parameters.component_coding_style(&mut content)?,
        QCD => parameters.quantization(&mut content)?,
        QCC => parameters.component_quantization(&mut content)?,
        RGN => parameters.region_of_interest(&mut content)?,
        POC => parameters.progression_changes(&mut content)?,
        PPM if last == SOT => packed.add(&mut content)?,
        PPT if last == SOD => packed.add(&mut content)?,
        PPM | PPT => return Err(PreviewFault::Damaged),
        // Lengths of packets and tile-parts, comments, capabilities: nothing that changes a pixel.
        _ => {}
    }
    Ok(true)
}
