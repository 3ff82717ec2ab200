//! Provides the bookkeeping of chunks: squares of twelve by twelve cells, in
//! which creatures come and go.

use crate::{Material, ObjectKind, Position, map::Map, objects::with_room};

/// The side of a chunk in cells.
pub(crate) const SIDE: u32 = 12;

/// All chunks of a map, with counts kept up to date as the world changes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Chunks {
    chunks: Box<[Chunk]>,
    /// The chunks that ever held an object, in the order in which they first
    /// did. The others are barren: nothing ever spawns there.
    order: Vec<u32>,
    rows: u32,
}

/// What is counted in a chunk, at most 144 of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Chunk {
    /// Creatures by the number of their kind. The others are counted along:
    /// that costs less than to tell them apart.
    objects: [u8; ObjectKind::ALL.len()],
    grass: u8,
    path: u8,
    inhabited: bool,
}

impl Chunk {
    /// Cells of a material in which creatures spawn, occupied or not.
    pub(crate) fn space(&self, material: Material) -> u8 {
        if material == Material::Grass {
            self.grass
        } else {
            self.path
        }
    }

    /// Objects of a kind.
    pub(crate) fn objects(&self, kind: ObjectKind) -> u8 {
        self.objects[usize::from(kind.id())]
    }

    fn space_mut(&mut self, material: Material) -> Option<&mut u8> {
        match material {
            Material::Grass => Some(&mut self.grass),
            Material::Path => Some(&mut self.path),
            _ => None,
        }
    }
}

impl Clone for Chunks {
    /// Keeps the room for more chunks, as objects do.
    fn clone(&self) -> Self {
        Self {
            chunks: self.chunks.clone(),
            order: with_room(&self.order),
            rows: self.rows,
        }
    }
}

impl Chunks {
    pub(crate) fn new((width, height): (u32, u32)) -> Self {
        let (columns, rows) = (width.div_ceil(SIDE), height.div_ceil(SIDE));
        let count = columns as usize * rows as usize;
        Self {
            chunks: vec![Chunk::default(); count].into(),
            order: Vec::with_capacity(count),
            rows,
        }
    }

    /// The number of the chunk of a position.
    #[inline]
    pub(crate) fn of(&self, position: Position) -> usize {
        (position.x as u32 / SIDE * self.rows + position.y as u32 / SIDE) as usize
    }

    /// How many chunks there are.
    pub(crate) fn len(&self) -> usize {
        self.chunks.len()
    }

    /// The chunks that have a cell in the square of all cells up to `reach`
    /// columns and rows away.
    pub(crate) fn around(&self, center: Position, reach: u16) -> impl Iterator<Item = usize> {
        let columns = self.chunks.len() as u32 / self.rows;
        let span = move |at: i32, most: u32| {
            let first = (at - i32::from(reach)).max(0) as u32 / SIDE;
            let last = (at as u32 + u32::from(reach)) / SIDE;
            first..(last + 1).min(most)
        };
        let rows = self.rows;
        span(center.x, columns).flat_map(move |column| {
            span(center.y, rows).map(move |row| (column * rows + row) as usize)
        })
    }

    /// The first cell of a chunk.
    pub(crate) fn corner(&self, chunk: usize) -> Position {
        let (column, row) = (chunk as u32 / self.rows, chunk as u32 % self.rows);
        Position::new((column * SIDE) as i32, (row * SIDE) as i32)
    }

    pub(crate) fn get(&self, chunk: usize) -> &Chunk {
        &self.chunks[chunk]
    }

    /// The chunks in which creatures come and go, in their order.
    pub(crate) fn inhabited(&self) -> &[u32] {
        &self.order
    }

    /// Counts the materials of a whole map, of which none was counted yet.
    pub(crate) fn count_all(&mut self, map: &Map) {
        for x in 0..map.width() {
            for y in 0..map.height() {
                let at = Position::new(x as i32, y as i32);
                if let Some(material) = map[at].material() {
                    self.replace_material(at, None, material);
                }
            }
        }
    }

    /// A cell's material became another.
    pub(crate) fn replace_material(
        &mut self,
        position: Position,
        old: Option<Material>,
        new: Material,
    ) {
        let chunk = self.of(position);
        if let Some(space) = old.and_then(|old| self.chunks[chunk].space_mut(old)) {
            *space -= 1;
        }
        if let Some(space) = self.chunks[chunk].space_mut(new) {
            *space += 1;
        }
    }

    pub(crate) fn is_inhabited(&self, chunk: usize) -> bool {
        self.chunks[chunk].inhabited
    }

    /// Adds a chunk to those in which creatures come and go, unless it is
    /// among them already or not on the map.
    pub(crate) fn inhabit(&mut self, chunk: u32) -> bool {
        let new = self
            .chunks
            .get_mut(chunk as usize)
            .filter(|chunk| !chunk.inhabited);
        if let Some(new) = new {
            new.inhabited = true;
            self.order.push(chunk);
            return true;
        }
        false
    }

    /// An object is now in a chunk.
    pub(crate) fn enter(&mut self, chunk: usize, kind: ObjectKind) {
        self.chunks[chunk].objects[usize::from(kind.id())] += 1;
        self.inhabit(chunk as u32);
    }

    /// An object is no longer in a chunk.
    pub(crate) fn leave(&mut self, chunk: usize, kind: ObjectKind) {
        self.chunks[chunk].objects[usize::from(kind.id())] -= 1;
    }
}
