//! Stores what is remembered of each cell of the map.
//!
//! The map has no known size: there is room for what was seen, and for one unknown
//! column and row beyond it.

use env_crafter::{Material, ObjectKind, Position};

/// The map as far as it was seen.
#[derive(Clone, Debug, Default)]
pub(super) struct Chart {
    /// Columns and rows that there is room for; both grow as more is seen.
    width: i32,
    height: i32,
    /// Rows from north to south, each from west to east.
    cells: Vec<Cell>,
    /// How many cells of each material are known, by id.
    known: [usize; Material::ALL.len() + 1],
}

/// What is remembered of a cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cell {
    pub spot: Spot,
    /// What stands there, or stood there when it was last in view.
    pub occupant: Option<ObjectKind>,
    /// Whether what is there keeps creatures from a plant.
    pub fence: bool,
    /// The step at which it was last in view.
    pub seen: u64,
}

/// What is believed of a cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Spot {
    /// Never seen.
    #[default]
    Unknown,
    /// Outside the map.
    Outside,
    /// The ground it was when last seen.
    Ground(Material),
}

impl Chart {
    /// Columns and rows there is memory for.
    pub(super) fn extent(&self) -> (i32, i32) {
        (self.width, self.height)
    }

    /// Whether any cell of a material is known.
    pub(super) fn knows(&self, material: Material) -> bool {
        self.known[usize::from(material.id())] > 0
    }

    /// What is remembered of a cell, if there is memory for it.
    pub(super) fn cell(&self, position: Position) -> Option<&Cell> {
        self.slot(position).map(|slot| &self.cells[slot])
    }

    /// The same, to change what stands there.
    pub(super) fn cell_mut(&mut self, position: Position) -> Option<&mut Cell> {
        self.slot(position).map(|slot| &mut self.cells[slot])
    }

    /// The rows from north to south, each from west to east.
    pub(super) fn rows(&self) -> impl Iterator<Item = &[Cell]> {
        self.cells.chunks((self.width as usize).max(1))
    }

    /// Takes in what a cell is at this step.
    pub(super) fn set(&mut self, position: Position, spot: Spot, step: u64) {
        // Cells west and north of the map need no memory.
        if position.x < 0 || position.y < 0 {
            return;
        }
        if position.x >= self.width || position.y >= self.height {
            self.grow(position);
        }
        if let Some(slot) = self.slot(position) {
            let cell = &mut self.cells[slot];
            cell.seen = step;
            if cell.spot == spot {
                return;
            }
            if let Spot::Ground(material) = std::mem::replace(&mut cell.spot, spot) {
                self.known[usize::from(material.id())] -= 1;
            }
            if let Spot::Ground(material) = spot {
                self.known[usize::from(material.id())] += 1;
            }
        }
    }

    /// Makes room for a cell and for one unknown row and column beyond it.
    fn grow(&mut self, position: Position) {
        let room = |now: i32, at: i32| now.max((at + 2 + ROOM) / ROOM * ROOM);
        let (width, height) = (room(self.width, position.x), room(self.height, position.y));
        let mut cells = vec![Cell::default(); (width * height) as usize];
        for (old, new) in self
            .cells
            .chunks((self.width as usize).max(1))
            .zip(cells.chunks_mut(width as usize))
        {
            new[..old.len()].copy_from_slice(old);
        }
        (self.width, self.height, self.cells) = (width, height, cells);
    }

    fn slot(&self, position: Position) -> Option<usize> {
        let inside =
            (0..self.width).contains(&position.x) && (0..self.height).contains(&position.y);
        inside.then_some((position.y * self.width + position.x) as usize)
    }
}

/// Memory grows by this many columns or rows at a time.
const ROOM: i32 = 16;
