//! How the components of a tile are coded: COD, COC, QCD, QCC, RGN and POC segments.
//!
//! Standard: ITU-T T.800 A.6. What a component says of itself wins over what is said of all, a tile
//! over the main header.

use model::PreviewFault;

use super::cursor::Cursor;

/// Bits of the code-block style (Table A.19; T.814 Table A.4).
pub(super) mod style {
    pub(in super::super) const BYPASS: u8 = 0x01;
    pub(in super::super) const RESET: u8 = 0x02;
    pub(in super::super) const TERMINATE: u8 = 0x04;
    pub(in super::super) const CAUSAL: u8 = 0x08;
    pub(in super::super) const SYMBOLS: u8 = 0x20;
    pub(in super::super) const HIGH_THROUGHPUT: u8 = 0x40;
    pub(in super::super) const MIXED: u8 = 0x80;
}

/// A precinct that is as large as the resolution (Table A.21).
const LARGEST_PRECINCT: u8 = 15;
/// Progression order changes in a header; nobody needs more.
const MAX_CHANGES: usize = 64;
/// Bands of 32 decompositions; what a header says of more is not kept.
const MAX_BANDS: usize = 3 * 32 + 1;

/// In which order the packets of a tile stand (Table A.16).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    LayerResolution,
    ResolutionLayer,
    ResolutionPosition,
    PositionComponent,
    ComponentPosition,
}

impl Order {
    fn from_code(code: u8) -> Result<Self, PreviewFault> {
        Ok(match code {
            0 => Self::LayerResolution,
            1 => Self::ResolutionLayer,
            2 => Self::ResolutionPosition,
            3 => Self::PositionComponent,
            4 => Self::ComponentPosition,
            _ => return Err(PreviewFault::Damaged),
        })
    }
}

/// A stretch of packets in one order: all of a tile, or what a POC segment names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Progression {
    pub(super) order: Order,
    pub(super) resolutions: std::ops::Range<usize>,
    pub(super) components: std::ops::Range<usize>,
    pub(super) layers: u16,
}

/// How one component of a tile is coded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ComponentParameters {
    /// Decompositions: 0 to 32.
    pub(super) levels: u8,
    /// Width and height of a code-block, as powers of two.
    pub(super) block: [u8; 2],
    pub(super) style: u8,
    /// The 5-3 wavelet and no quantization; otherwise the 9-7 one.
    pub(super) reversible: bool,
    /// Width and height of the precincts of a resolution, as powers of two; none: the largest.
    precincts: Vec<[u8; 2]>,
    pub(super) guard_bits: u8,
    /// Exponent and mantissa of each band; with `derived`, of the lowest one.
    steps: Vec<(u8, u16)>,
    derived: bool,
    unquantized: bool,
    /// By how much a region of interest is shifted up (Maxshift).
    pub(super) region_shift: u8,
    coding_rank: Rank,
    quantization_rank: Rank,
}

/// Who has said how a component is coded; the higher wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Nobody,
    MainHeader,
    MainHeaderOfComponent,
    TileHeader,
    TileHeaderOfComponent,
}

impl ComponentParameters {
    /// Width and height of the precincts of a resolution, as powers of two.
    pub(super) fn precinct(&self, resolution: usize) -> [u8; 2] {
        self.precincts.get(resolution).copied().unwrap_or([LARGEST_PRECINCT; 2])
    }

    /// Exponent and mantissa of the step of a band (E.1.1). `band` counts from the lowest one;
    /// `level` is the number of decompositions that made it.
    pub(super) fn step(&self, band: usize, level: u8) -> Result<(u8, u16), PreviewFault> {
        if !self.derived {
            return self.steps.get(band).copied().ok_or(PreviewFault::Damaged);
        }
        let &(exponent, mantissa) = self.steps.first().ok_or(PreviewFault::Damaged)?;
        let exponent = (exponent + level).checked_sub(self.levels).ok_or(PreviewFault::Damaged)?;
        Ok((exponent, mantissa))
    }

    fn set_coding(&mut self, other: &Self, rank: Rank) {
        if rank >= self.coding_rank {
            self.coding_rank = rank;
            self.levels = other.levels;
            self.block = other.block;
            self.style = other.style;
            self.reversible = other.reversible;
            self.precincts.clone_from(&other.precincts);
        }
    }

    fn set_quantization(&mut self, other: &Self, rank: Rank) {
        if rank >= self.quantization_rank {
            self.quantization_rank = rank;
            self.guard_bits = other.guard_bits;
            self.steps.clone_from(&other.steps);
            self.derived = other.derived;
            self.unquantized = other.unquantized;
        }
    }

    /// What COD and COC have in common (Table A.20).
    fn read_coding(&mut self, content: &mut Cursor<'_>, sized: bool) -> Result<(), PreviewFault> {
        let [levels, width, height, style, wavelet] = content.bytes()?;
        if levels > 32 || width > 8 || height > 8 || width + height > 8 || wavelet > 1 {
            return Err(PreviewFault::Damaged);
        }
        self.levels = levels;
        self.block = [width + 2, height + 2];
        self.style = style;
        self.reversible = wavelet == 1;
        self.precincts.clear();
        if sized {
            for resolution in 0..=levels {
                let size = content.u8()?;
                let size = [size & 15, size >> 4];
                if resolution > 0 && size.contains(&0) {
                    return Err(PreviewFault::Damaged);
                }
                self.precincts.push(size);
            }
        }
        Ok(())
    }

    /// What QCD and QCC have in common (Tables A.28 to A.30).
    fn read_quantization(&mut self, content: &mut Cursor<'_>) -> Result<(), PreviewFault> {
        let style = content.u8()?;
        self.guard_bits = style >> 5;
        self.steps.clear();
        (self.unquantized, self.derived) = match style & 31 {
            0 => (true, false),
            1 => (false, true),
            2 => (false, false),
            _ => return Err(PreviewFault::Damaged),
        };
        while !content.is_at_end() {
            let step = if self.unquantized {
                (content.u8()? >> 3, 0)
            } else {
                let step = content.u16()?;
                (u8::try_from(step >> 11).unwrap_or(0), step & 0x7FF)
            };
            if self.steps.len() < MAX_BANDS {
                self.steps.push(step);
            }
        }
        Ok(())
    }

    fn check(&self) -> Result<(), PreviewFault> {
        if Rank::Nobody == self.coding_rank.min(self.quantization_rank) {
            return Err(PreviewFault::Damaged);
        }
        if self.reversible != self.unquantized {
            let what = "JPEG 2000 whose wavelet and quantization contradict each other";
            return Err(PreviewFault::Unsupported(what.into()));
        }
        if self.style & style::MIXED != 0 {
            let what = "JPEG 2000 that mixes both block coders";
            return Err(PreviewFault::Unsupported(what.into()));
        }
        Ok(())
    }
}

/// How a tile is coded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parameters {
    pub(super) order: Option<Order>,
    pub(super) layers: u16,
    /// Whether the first three components are transformed (Annex G).
    pub(super) transformed: bool,
    /// Whether packets may begin with an SOP marker segment, and their headers end with EPH.
    pub(super) packet_markers: [bool; 2],
    pub(super) changes: Vec<Progression>,
    pub(super) components: Vec<ComponentParameters>,
    in_tile: bool,
    changed_in_tile: bool,
}

impl Parameters {
    pub(super) fn new(components: usize) -> Self {
        let unsaid = ComponentParameters {
            levels: 0,
            block: [6, 6],
            style: 0,
            reversible: true,
            precincts: Vec::new(),
            guard_bits: 0,
            steps: Vec::new(),
            derived: false,
            unquantized: true,
            region_shift: 0,
            coding_rank: Rank::Nobody,
            quantization_rank: Rank::Nobody,
        };
        Self {
            order: None,
            layers: 0,
            transformed: false,
            packet_markers: [false; 2],
            changes: Vec::new(),
            components: vec![unsaid; components],
            in_tile: false,
            changed_in_tile: false,
        }
    }

    /// From here on, what is read is said of one tile.
    pub(super) fn begin_tile_header(&mut self) {
        self.in_tile = true;
    }

    /// Whether nothing but progression order changes were added since `before`.
    pub(super) fn differ_in_order_only(&self, before: &Self) -> bool {
        let same = Self {
            changes: before.changes.clone(),
            in_tile: before.in_tile,
            changed_in_tile: before.changed_in_tile,
            ..self.clone()
        };
        same == *before
    }

    /// Whether the needed segments were there and do not contradict each other.
    pub(super) fn check(&self) -> Result<(), PreviewFault> {
        if self.order.is_none() || self.layers == 0 {
            return Err(PreviewFault::Damaged);
        }
        for component in &self.components {
            component.check()?;
        }
        if self.transformed {
            let Some([first, second, third]) = self.components.first_chunk() else {
                return Err(PreviewFault::Damaged);
            };
            let kind = |component: &ComponentParameters| component.reversible;
            if kind(first) != kind(second) || kind(second) != kind(third) {
                return Err(PreviewFault::Damaged);
            }
        }
        Ok(())
    }

    fn rank(&self, of_component: bool) -> Rank {
        match (self.in_tile, of_component) {
            (false, false) => Rank::MainHeader,
            (false, true) => Rank::MainHeaderOfComponent,
            (true, false) => Rank::TileHeader,
            (true, true) => Rank::TileHeaderOfComponent,
        }
    }

    /// The component that COC, QCC or RGN is about: components are too few for two bytes.
    fn component(
        &mut self,
        content: &mut Cursor<'_>,
    ) -> Result<&mut ComponentParameters, PreviewFault> {
        let index = usize::from(content.u8()?);
        self.components.get_mut(index).ok_or(PreviewFault::Damaged)
    }

    pub(super) fn coding_style(&mut self, content: &mut Cursor<'_>) -> Result<(), PreviewFault> {
        let [style, order] = content.bytes()?;
        self.order = Some(Order::from_code(order)?);
        self.layers = content.u16()?;
        self.transformed = match content.u8()? {
            0 => false,
            1 => true,
            _ => return Err(PreviewFault::Unsupported("JPEG 2000 multi-component".into())),
        };
        self.packet_markers = [style & 2 != 0, style & 4 != 0];
        let rank = self.rank(false);
        let mut said = self.components.first().ok_or(PreviewFault::Damaged)?.clone();
        said.read_coding(content, style & 1 != 0)?;
        self.components.iter_mut().for_each(|component| component.set_coding(&said, rank));
        Ok(())
    }

    pub(super) fn component_coding_style(
        &mut self,
        content: &mut Cursor<'_>,
    ) -> Result<(), PreviewFault> {
        let rank = self.rank(true);
        let component = self.component(content)?;
        let sized = content.u8()? & 1 != 0;
        let mut said = component.clone();
        said.read_coding(content, sized)?;
        component.set_coding(&said, rank);
        Ok(())
    }

    pub(super) fn quantization(&mut self, content: &mut Cursor<'_>) -> Result<(), PreviewFault> {
        let rank = self.rank(false);
        let mut said = self.components.first().ok_or(PreviewFault::Damaged)?.clone();
        said.read_quantization(content)?;
        self.components.iter_mut().for_each(|component| component.set_quantization(&said, rank));
        Ok(())
    }

    pub(super) fn component_quantization(
        &mut self,
        content: &mut Cursor<'_>,
    ) -> Result<(), PreviewFault> {
        let rank = self.rank(true);
        let component = self.component(content)?;
        let mut said = component.clone();
        said.read_quantization(content)?;
        component.set_quantization(&said, rank);
        Ok(())
    }

    /// RGN (A.6.3).
    pub(super) fn region_of_interest(
        &mut self,
        content: &mut Cursor<'_>,
    ) -> Result<(), PreviewFault> {
        let component = self.component(content)?;
        let [kind, shift] = content.bytes()?;
        if kind != 0 {
            return Err(PreviewFault::Damaged);
        }
        component.region_shift = shift;
        Ok(())
    }

    /// POC (A.6.6). Those of a tile take the place of those of the main header.
    pub(super) fn progression_changes(
        &mut self,
        content: &mut Cursor<'_>,
    ) -> Result<(), PreviewFault> {
        if self.in_tile && !self.changed_in_tile {
            self.changes.clear();
            self.changed_in_tile = true;
        }
        while !content.is_at_end() {
            let [first_resolution, first_component] = content.bytes()?;
            let layers = content.u16()?;
            let [last_resolution, last_component, order] = content.bytes()?;
            // A component bound of 0 stands for 256.
            let last_component = if last_component == 0 { 256 } else { last_component.into() };
            if layers == 0
                || first_resolution >= last_resolution
                || u16::from(first_component) >= last_component
            {
                return Err(PreviewFault::Damaged);
            }
            self.changes.push(Progression {
                order: Order::from_code(order)?,
                resolutions: first_resolution.into()..last_resolution.into(),
                components: first_component.into()
                    ..usize::from(last_component).min(self.components.len()),
                layers,
            });
        }
        if self.changes.len() > MAX_CHANGES { Err(PreviewFault::Damaged) } else { Ok(()) }
    }

    /// The stretches of packets, in their order.
    pub(super) fn progressions(&self) -> Vec<Progression> {
        let all = Progression {
            order: self.order.unwrap_or(Order::LayerResolution),
            resolutions: 0..33,
            components: 0..self.components.len(),
            layers: self.layers,
        };
        if self.changes.is_empty() { vec![all] } else { self.changes.clone() }
    }
}
