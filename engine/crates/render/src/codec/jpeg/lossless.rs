//! The lossless process: each sample predicted from its neighbours, the difference Huffman coded.
//!
//! Standard: ITU-T T.81 Annex H.

use model::PreviewFault;

use super::differences::Differences;
use super::entropy::Bits;
use super::header::Header;
use super::scan::{Definitions, Scan};
use crate::codec::marker_segments::Segments;

/// Decodes to samples, colour-by-pixel.
///
/// # Errors
/// [`PreviewFault::Damaged`]; [`PreviewFault::Unsupported`] for components of different sizes.
pub(super) fn decode(header: &Header, stream: &[u8]) -> Result<Vec<u16>, PreviewFault> {
    if header.components.iter().any(|component| component.sampling != (1, 1))
        && header.components.len() > 1
    {
        return Err(PreviewFault::Unsupported("JPEG lossless with sampled components".into()));
    }
    if !(2..=16).contains(&header.precision) {
        return Err(PreviewFault::Damaged);
    }
    let count = header.components.len();
    let pixels = usize::from(header.rows) * usize::from(header.columns);
    let mut samples = vec![0; pixels * count];
    let mut definitions = Definitions::default();
    let mut segments = Segments::of(stream)?;
    let mut missing = count;
    while missing > 0 {
        let scan = definitions.next_scan(header, &mut segments)?.ok_or(PreviewFault::Damaged)?;
        let rest = match (scan.components.as_slice(), count) {
            ([_], 1) => decode_scan::<1>(header, &definitions, &scan, &mut samples)?,
            ([_, _, _], 3) => decode_scan::<3>(header, &definitions, &scan, &mut samples)?,
            ([component], _) => {
                let mut plane = vec![0; pixels];
                let rest = decode_scan::<1>(header, &definitions, &scan, &mut plane)?;
                let places = samples.iter_mut().skip(component.index).step_by(count);
                places.zip(plane).for_each(|(place, sample)| *place = sample);
                rest
            }
            _ => {
                return Err(PreviewFault::Unsupported(
                    "JPEG lossless with partly interleaved components".into(),
                ));
            }
        };
        missing = missing.saturating_sub(scan.components.len());
        segments = Segments::after(rest);
    }
    Ok(samples)
}

/// Decodes a scan of `N` interleaved components; gives what follows it.
fn decode_scan<'a, const N: usize>(
    header: &Header,
    definitions: &Definitions,
    scan: &Scan<'a>,
    samples: &mut [u16],
) -> Result<&'a [u8], PreviewFault> {
    let mut tables = Vec::with_capacity(N);
    for component in &scan.components {
        let table = definitions.huffman.dc.get(component.dc).and_then(Option::as_ref);
        tables.push(Differences::new(table.ok_or(PreviewFault::Damaged)?));
    }
    let tables: [Differences<'_>; N] = tables.try_into().map_err(|_count| PreviewFault::Damaged)?;
    let first = 1_i32
        .checked_shl(u32::from(header.precision) - 1)
        .map(|middle| middle >> scan.point_transform.min(15))
        .ok_or(PreviewFault::Damaged)?;
    let coder = Coder { bits: Bits::new(scan.data), tables, first };
    let columns = usize::from(header.columns);
    let restart_rows = match definitions.restart_interval {
        0 => usize::MAX,
        interval if interval % columns == 0 => interval / columns,
        _ => {
            return Err(PreviewFault::Unsupported("JPEG lossless with restarts in a row".into()));
        }
    };
    let rows = samples.as_chunks_mut::<N>().0;
    let rest = match scan.start {
        1 => coder.rows(rows, columns, restart_rows, |left, _, _| left),
        2 => coder.rows(rows, columns, restart_rows, |_, above, _| above),
        3 => coder.rows(rows, columns, restart_rows, |_, _, corner| corner),
        4 => coder.rows(rows, columns, restart_rows, |left, above, corner| left + above - corner),
        5 => coder.rows(rows, columns, restart_rows, |left, above, corner| {
            left + ((above - corner) >> 1)
        }),
        6 => coder.rows(rows, columns, restart_rows, |left, above, corner| {
            above + ((left - corner) >> 1)
        }),
        7 => coder.rows(rows, columns, restart_rows, |left, above, _| (left + above) >> 1),
        _ => Err(PreviewFault::Damaged),
    }?;
    if scan.point_transform > 0 {
        for sample in samples.iter_mut() {
            *sample <<= scan.point_transform.min(15);
        }
    }
    Ok(rest)
}

struct Coder<'a, 't, const N: usize> {
    bits: Bits<'a>,
    tables: [Differences<'t>; N],
    /// What the first sample is predicted to be.
    first: i32,
}

impl<'a, const N: usize> Coder<'a, '_, N> {
    /// Decodes all rows; gives what follows the scan.
    ///
    /// `predict` has the neighbours Ra (left), Rb (above) and Rc (above left) of H.1.2.1.
    fn rows(
        mut self,
        pixels: &mut [[u16; N]],
        columns: usize,
        restart_rows: usize,
        predict: impl Fn(i32, i32, i32) -> i32,
    ) -> Result<&'a [u8], PreviewFault> {
        let mut above: &mut [[u16; N]] = &mut [];
        for (index, row) in pixels.chunks_exact_mut(columns).enumerate() {
            let restarts = index % restart_rows == 0;
            if restarts && index > 0 {
                self.bits.restart()?;
            }
            if restarts {
                self.first_row(row)?;
            } else {
                self.row(above, row, &predict)?;
            }
            if self.bits.has_ended() {
                return Err(PreviewFault::Damaged);
            }
            above = row;
        }
        Ok(self.bits.after())
    }

    /// The first row after a start or restart: predicted from the left.
    fn first_row(&mut self, row: &mut [[u16; N]]) -> Result<(), PreviewFault> {
        let mut left = [self.first; N];
        for pixel in row {
            for ((sample, left), table) in pixel.iter_mut().zip(&mut left).zip(&self.tables) {
                *sample = sum(*left, table.next(&mut self.bits)?);
                *left = i32::from(*sample);
            }
        }
        Ok(())
    }

    /// Any other row: its first sample is predicted from above.
    fn row(
        &mut self,
        above: &[[u16; N]],
        row: &mut [[u16; N]],
        predict: impl Fn(i32, i32, i32) -> i32,
    ) -> Result<(), PreviewFault> {
        let (Some((first, row)), Some((first_above, above))) =
            (row.split_first_mut(), above.split_first())
        else {
            return Err(PreviewFault::Damaged);
        };
        let mut corner = first_above.map(i32::from);
        for ((sample, above), table) in first.iter_mut().zip(corner).zip(&self.tables) {
            *sample = sum(above, table.next(&mut self.bits)?);
        }
        let mut left = first.map(i32::from);
        for (pixel, above) in row.iter_mut().zip(above) {
            let neighbours = left.iter_mut().zip(&mut corner).zip(above);
            for ((sample, ((left, corner), above)), table) in
                pixel.iter_mut().zip(neighbours).zip(&self.tables)
            {
                let above = i32::from(*above);
                let predicted = predict(*left, above, *corner);
                *sample = sum(predicted, table.next(&mut self.bits)?);
                *left = i32::from(*sample);
                *corner = above;
            }
        }
        Ok(())
    }
}

/// Prediction + difference modulo 2¹⁶ (T.81 H.1.2.1).
#[inline]
fn sum(predicted: i32, difference: i32) -> u16 {
    let [low, next, ..] = (predicted + difference).to_le_bytes();
    u16::from_le_bytes([low, next])
}
