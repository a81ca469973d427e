//! Tag trees: values of code-blocks, told level by level (ITU-T T.800 B.10.2).

use model::PreviewFault;

use super::packet_bits::PacketBits;

#[derive(Debug, Clone, Copy, Default)]
struct Node {
    /// No value is lower than this.
    lowest: u32,
    is_known: bool,
}

/// A tag tree over a rectangle of leaves.
#[derive(Debug)]
pub(super) struct TagTree {
    nodes: Vec<Node>,
    /// Width, height and first node of each level, from the leaves.
    levels: Vec<(usize, usize)>,
}

impl TagTree {
    pub(super) fn new(width: usize, height: usize) -> Self {
        let (mut width, mut height) = (width, height);
        let mut levels = Vec::new();
        let mut count = 0;
        while width * height > 0 {
            levels.push((width, count));
            count += width * height;
            if width * height == 1 {
                break;
            }
            width = width.div_ceil(2);
            height = height.div_ceil(2);
        }
        Self { nodes: vec![Node::default(); count], levels }
    }

    /// Reads on until it is known whether the value of a leaf is below `threshold`; its value then.
    pub(super) fn below(
        &mut self,
        bits: &mut PacketBits<'_>,
        [column, row]: [usize; 2],
        threshold: u32,
    ) -> Result<Option<u32>, PreviewFault> {
        let mut lowest = 0;
        let mut is_known = false;
        for (level, (width, first)) in self.levels.iter().enumerate().rev() {
            let index = first + (row >> level) * width + (column >> level);
            let node = self.nodes.get_mut(index).ok_or(PreviewFault::Damaged)?;
            node.lowest = node.lowest.max(lowest);
            while !node.is_known && node.lowest < threshold {
                if bits.bit()? == 1 {
                    node.is_known = true;
                } else {
                    node.lowest += 1;
                }
            }
            lowest = node.lowest;
            is_known = node.is_known;
        }
        Ok((is_known && lowest < threshold).then_some(lowest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of T.800 B.10.2: leaves 1 3 2 3 2 3, 2 2 1 4 3 2, 2 2 2 2 1 2.
    #[test]
    fn the_example_of_the_standard() {
        // 01111, 001, 101 and then 00111 for the first leaves, as the standard spells them.
        let bytes = [0b0111_1001, 0b1010_0000];
        let mut bits = PacketBits::new(&bytes, 0);
        let mut tree = TagTree::new(6, 3);
        assert_eq!(tree.below(&mut bits, [0, 0], 9), Ok(Some(1)));
        assert_eq!(tree.below(&mut bits, [1, 0], 9), Ok(Some(3)));
        assert_eq!(tree.below(&mut bits, [2, 0], 9), Ok(Some(2)));
    }
}
