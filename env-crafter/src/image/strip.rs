//! Provides the picture of the inventory, which changes rarely and is kept
//! from frame to frame.

use super::scale::{blend, scaled};
use crate::{
    Inventory, Item, Textures,
    textures::{DIGITS, Texture},
};

/// The inventory's rows, at the bottom of a frame.
#[derive(Debug, Clone)]
pub(super) struct Strip {
    /// Rows from the top, three bytes a pixel.
    bytes: Box<[u8]>,
    /// What it shows; at first nothing.
    amounts: [u8; Item::ALL.len()],
    columns: usize,
    unit: (usize, usize),
}

impl Strip {
    /// An empty inventory in `columns` of cells of `unit` pixels.
    pub(super) fn new(columns: usize, unit: (usize, usize)) -> Self {
        let rows = Item::ALL.len().div_ceil(columns);
        Self {
            bytes: vec![0; columns * unit.0 * rows * unit.1 * 3].into(),
            amounts: [0; Item::ALL.len()],
            columns,
            unit,
        }
    }

    /// Draws what has changed and gives the rows of pixels.
    pub(super) fn rows(
        &mut self,
        inventory: &Inventory,
        textures: &Textures,
    ) -> impl Iterator<Item = &[u8]> {
        if self.amounts != *inventory.amounts() {
            for (item, amount) in inventory.iter() {
                if self.amounts[usize::from(item.id())] != amount {
                    self.redraw(item, amount, textures);
                }
            }
            self.amounts = *inventory.amounts();
        }
        self.bytes.chunks_exact(self.columns * self.unit.0 * 3)
    }

    fn redraw(&mut self, item: Item, amount: u8, textures: &Textures) {
        let index = usize::from(item.id());
        let cell = (index % self.columns, index / self.columns);
        let width = self.columns * self.unit.0;
        let (pixels, _) = self.bytes.as_chunks_mut::<3>();
        for row in 0..self.unit.1 {
            let start = (cell.1 * self.unit.1 + row) * width + cell.0 * self.unit.0;
            pixels[start..start + self.unit.0].fill([0; 3]);
        }
        if amount > 0 {
            self.lay(textures.get(item.name()), cell, 0.1, 0.8);
            let digit = usize::from(amount).min(DIGITS.len()) - 1;
            self.lay(textures.get(DIGITS[digit]), cell, 0.4, 0.6);
        }
    }

    /// Lays a texture over a cell, with its corner and size in cells.
    fn lay(&mut self, texture: &Texture, cell: (usize, usize), corner: f64, size: f64) {
        let (x, width) = extent(cell.0, self.unit.0, corner, size);
        let (y, height) = extent(cell.1, self.unit.1, corner, size);
        let stride = self.columns * self.unit.0;
        let (pixels, _) = self.bytes.as_chunks_mut::<3>();
        for (i, over) in scaled(texture, (width, height)).enumerate() {
            let pixel = &mut pixels[(y + i / width) * stride + x + i % width];
            *pixel = blend(*pixel, over);
        }
    }
}

/// The first pixel and the number of pixels of something in a cell.
fn extent(cell: usize, unit: usize, corner: f64, size: f64) -> (usize, usize) {
    let first = (cell * unit) as f64 + corner * unit as f64;
    (first as usize, (size * unit as f64) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_reaches_beyond_its_cell() {
        for unit in 2..=2048 {
            for cell in [0, 1, 2, 7, 100, 255] {
                for (corner, size) in [(0.1, 0.8), (0.4, 0.6)] {
                    let (first, count) = extent(cell, unit, corner, size);
                    assert!(count > 0, "{size} of {unit}");
                    assert!(first >= cell * unit, "{unit} at {cell}");
                    assert!(first + count <= (cell + 1) * unit, "{unit} at {cell}");
                }
            }
        }
    }

    #[test]
    fn what_is_gone_leaves_nothing_behind() {
        let textures = Textures::embedded();
        let mut strip = Strip::new(9, (7, 7));
        let mut draw = |wood| {
            let mut inventory = Inventory::default();
            inventory[Item::Wood] = wood;
            strip
                .rows(&inventory, &textures)
                .map(<[u8]>::to_vec)
                .collect::<Vec<_>>()
        };
        let without = draw(0);
        let with = draw(8);
        assert_ne!(without, with);
        assert_ne!(with, draw(9));
        assert_eq!(without, draw(0));
    }
}
