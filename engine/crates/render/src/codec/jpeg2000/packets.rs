//! Packets: which bytes belong to which code-block.
//!
//! Standard: ITU-T T.800 B.9 to B.12; T.814 for the segments of the high-throughput block coder.

use model::PreviewFault;

use super::packet_bits::PacketBits;
use super::parameters::{Order, Parameters, Progression, style};
use super::tile::{Block, Precinct, PrecinctBand, Segment, Tile};

/// SOP marker segments are six bytes, EPH markers two (A.8).
const SOP: [u8; 4] = [0xFF, 0x91, 0x00, 0x04];
const EPH: [u8; 2] = [0xFF, 0x92];
/// Passes before the bypass begins (D.6).
const PASSES_BEFORE_BYPASS: u16 = 10;
/// Packets that progression order changes name again, of all tiles that make sense.
const MAX_REPETITIONS: u32 = 1 << 24;

/// A precinct of a tile.
#[derive(Debug, Clone, Copy)]
struct Place {
    component: usize,
    resolution: usize,
    precinct: usize,
}

/// Reads all packets of a tile; with `packed`, their headers stand there.
///
/// # Errors
/// [`PreviewFault::Damaged`] where packets are missing or contradict themselves.
pub(super) fn read(
    tile: &mut Tile,
    parameters: &Parameters,
    data: &[u8],
    packed: Option<&[u8]>,
) -> Result<(), PreviewFault> {
    let packed = packed.map(|headers| (headers, 0));
    let markers = parameters.packet_markers;
    let mut reader = Reader { data, position: 0, packed, markers, repetitions: 0 };
    for progression in parameters.progressions() {
        reader.progression(tile, &progression)?;
    }
    Ok(())
}

#[derive(Debug)]
struct Reader<'a> {
    data: &'a [u8],
    position: usize,
    /// Headers that stand apart, and how many of their bytes have been read.
    packed: Option<(&'a [u8], usize)>,
    markers: [bool; 2],
    repetitions: u32,
}

impl Reader<'_> {
    fn progression(
        &mut self,
        tile: &mut Tile,
        progression: &Progression,
    ) -> Result<(), PreviewFault> {
        let places = places(tile, progression);
        match progression.order {
            Order::LayerResolution => self.by_layer(tile, &places, progression.layers),
            Order::ResolutionLayer => {
                let same = |one: &Place, other: &Place| one.resolution == other.resolution;
                let mut resolutions = places.chunk_by(same);
                resolutions.try_for_each(|places| self.by_layer(tile, places, progression.layers))
            }
            _ => {
                let mut places = places.chunks(1);
                places.try_for_each(|place| self.by_layer(tile, place, progression.layers))
            }
        }
    }

    /// One layer after the other.
    fn by_layer(
        &mut self,
        tile: &mut Tile,
        places: &[Place],
        layers: u16,
    ) -> Result<(), PreviewFault> {
        for layer in 0..layers {
            for place in places {
                let component = tile.components.get_mut(place.component);
                let component = component.ok_or(PreviewFault::Damaged)?;
                let style = component.parameters.style;
                let resolution = component.resolutions.get_mut(place.resolution);
                let precinct = resolution.and_then(|it| it.precincts.get_mut(place.precinct));
                let precinct = precinct.ok_or(PreviewFault::Damaged)?;
                if layer < precinct.layers {
                    // An earlier progression brought it.
                    self.repetitions += 1;
                    if self.repetitions > MAX_REPETITIONS {
                        return Err(PreviewFault::Damaged);
                    }
                    continue;
                }
                self.packet(precinct, layer, style)?;
                precinct.layers = layer + 1;
            }
        }
        Ok(())
    }

    fn packet(
        &mut self,
        precinct: &mut Precinct,
        layer: u16,
        style: u8,
    ) -> Result<(), PreviewFault> {
        let rest = self.data.get(self.position..).unwrap_or_default();
        if self.markers[0] && rest.starts_with(&SOP) {
            self.position += SOP.len() + 2;
        }
        let (headers, start) = self.packed.unwrap_or((self.data, self.position));
        let mut bits = PacketBits::new(headers, start);
        let mut lengths = Vec::new();
        if bits.bit()? == 1 {
            for band in &mut precinct.bands {
                read_band(&mut bits, band, layer, style, &mut lengths)?;
            }
        }
        let mut end = bits.end();
        let rest = headers.get(end..).unwrap_or_default();
        if self.markers[1] && rest.starts_with(&EPH) {
            end += EPH.len();
        }
        match &mut self.packed {
            Some((_, position)) => *position = end,
            None => self.position = end,
        }
        let mut lengths = lengths.into_iter();
        let contributing = precinct.bands.iter_mut().flat_map(|band| &mut band.blocks);
        for block in contributing.filter(|block| block.is_included) {
            let Some(length) = lengths.next() else { break };
            let end = self.position.checked_add(length).ok_or(PreviewFault::Damaged)?;
            if end > self.data.len() {
                return Err(PreviewFault::Damaged);
            }
            if length > 0 {
                block.chunks.push(self.position..end);
            }
            self.position = end;
        }
        Ok(())
    }
}

/// The part of a packet header that is about one band (B.10.3 to B.10.7). `lengths` gets the bytes of
/// each code-block that has been included by now, those of this packet or none.
fn read_band(
    bits: &mut PacketBits<'_>,
    band: &mut PrecinctBand,
    layer: u16,
    style: u8,
    lengths: &mut Vec<usize>,
) -> Result<(), PreviewFault> {
    let across = band.across.max(1);
    for (index, block) in band.blocks.iter_mut().enumerate() {
        let place = [index % across, index / across];
        let contributes = if block.is_included {
            bits.bit()? == 1
        } else {
            band.inclusion.below(bits, place, u32::from(layer) + 1)?.is_some()
        };
        if !contributes {
            if block.is_included {
                lengths.push(0);
            }
            continue;
        }
        if !block.is_included {
            block.is_included = true;
            let zero_planes = band.zero_planes.below(bits, place, 64)?;
            let zero_planes = zero_planes.ok_or(PreviewFault::Damaged)?;
            block.zero_planes = u8::try_from(zero_planes).unwrap_or(u8::MAX);
        }
        let passes = bits.passes()?;
        while bits.bit()? == 1 {
            block.length_bits += 1;
            if block.length_bits > 32 {
                return Err(PreviewFault::Damaged);
            }
        }
        lengths.push(add_passes(bits, block, passes, style)?);
    }
    Ok(())
}

/// Reads the lengths of the segments that new passes lie in; their sum.
fn add_passes(
    bits: &mut PacketBits<'_>,
    block: &mut Block,
    passes: u16,
    style: u8,
) -> Result<usize, PreviewFault> {
    let mut passes = passes;
    let mut total = 0_usize;
    if style & style::HIGH_THROUGHPUT != 0 && block.segments.is_empty() {
        // Passes before the cleanup pass are placeholders for bit planes without content.
        let placeholders = (passes - 1) / 3;
        let zero_planes = u16::from(block.zero_planes) + placeholders;
        block.zero_planes = u8::try_from(zero_planes).unwrap_or(u8::MAX);
        let cleanup = 3 * placeholders + 1;
        total += add_segment(bits, block, cleanup, 1)?;
        passes -= cleanup;
    }
    while passes > 0 {
        let room = block.segments.last().map_or(0, |last| last.capacity - last.passes);
        let (added, capacity) = if room > 0 {
            (passes.min(room), None)
        } else {
            let capacity = capacity(block, style);
            (passes.min(capacity), Some(capacity))
        };
        total = total.saturating_add(match capacity {
            Some(capacity) => add_segment(bits, block, added, capacity)?,
            None => extend_segment(bits, block, added)?,
        });
        passes -= added;
    }
    Ok(total)
}

/// How many passes the next segment of a code-block holds.
fn capacity(block: &Block, style: u8) -> u16 {
    if style & style::TERMINATE != 0 {
        1
    } else if style & style::HIGH_THROUGHPUT != 0 {
        2
    } else if style & style::BYPASS != 0 {
        match block.segments.last().map(|last| last.capacity) {
            None => PASSES_BEFORE_BYPASS,
            Some(PASSES_BEFORE_BYPASS | 1) => 2,
            Some(_) => 1,
        }
    } else {
        u16::MAX
    }
}

fn add_segment(
    bits: &mut PacketBits<'_>,
    block: &mut Block,
    passes: u16,
    capacity: u16,
) -> Result<usize, PreviewFault> {
    block.segments.push(Segment { passes: 0, bytes: 0, capacity: capacity.max(passes) });
    extend_segment(bits, block, passes)
}

fn extend_segment(
    bits: &mut PacketBits<'_>,
    block: &mut Block,
    passes: u16,
) -> Result<usize, PreviewFault> {
    let length_bits = u32::from(block.length_bits) + passes.max(1).ilog2();
    if length_bits > 32 {
        return Err(PreviewFault::Damaged);
    }
    let bytes = usize::try_from(bits.bits(length_bits)?).unwrap_or(usize::MAX);
    let segment = block.segments.last_mut().ok_or(PreviewFault::Damaged)?;
    segment.passes = segment.passes.saturating_add(passes);
    segment.bytes = segment.bytes.saturating_add(bytes);
    Ok(bytes)
}

/// The precincts of a progression in the order in which it takes them (B.12.1).
fn places(tile: &Tile, progression: &Progression) -> Vec<Place> {
    let mut keyed = Vec::new();
    let components = tile.components.iter().enumerate();
    for (component, content) in components.filter(|it| progression.components.contains(&it.0)) {
        let resolutions = content.resolutions.iter().enumerate();
        for (resolution, content) in
            resolutions.filter(|it| progression.resolutions.contains(&it.0))
        {
            for (precinct, content) in content.precincts.iter().enumerate() {
                let place = Place { component, resolution, precinct };
                let [y, x] = content.start;
                let key = match progression.order {
                    Order::LayerResolution | Order::ResolutionLayer => {
                        [resolution, component, precinct, 0, 0]
                    }
                    Order::ResolutionPosition => [resolution, y, x, component, precinct],
                    Order::PositionComponent => [y, x, component, resolution, precinct],
                    Order::ComponentPosition => [component, y, x, resolution, precinct],
                };
                keyed.push((key, place));
            }
        }
    }
    keyed.sort_unstable_by_key(|(key, _)| *key);
    keyed.into_iter().map(|(_, place)| place).collect()
}
