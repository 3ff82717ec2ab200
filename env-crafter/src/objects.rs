//! Provides the list of what stands on the map, in the order of creation.

use std::ops::Range;

use crate::{Direction, ObjectKind, Position, difficulty::Tuning, rules};

/// So many objects are looked through faster than the chunks around the
/// player, and a world of 64 by 64 cells has fewer.
pub(crate) const FEW: usize = 320;

/// Where a removed object is said to be: far from everything.
const GONE: u16 = 0x7fff;

/// The objects of a world, oldest first; the player is the first.
///
/// Positions lie in arrays of their own, so that finding those near the
/// player, which every step begins with, reads little and vectorizes.
#[derive(Debug)]
pub(crate) struct Objects {
    xs: Vec<u16>,
    ys: Vec<u16>,
    bodies: Vec<Body>,
    /// Objects ever created, which is the number of the latest.
    created: u32,
    /// Slots of removed objects.
    holes: usize,
}

/// What an object is besides its position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Body {
    /// Its number in the order of creation.
    pub(crate) index: u32,
    /// A zombie's cooldown, a skeleton's reload time, or a plant's age.
    pub(crate) counter: u32,
    /// Unused for the player, whose health is in the inventory.
    pub(crate) health: u8,
    pub(crate) kind: ObjectKind,
    /// Where an arrow flies; unused for others.
    pub(crate) facing: Direction,
}

impl Clone for Objects {
    /// Keeps the room for more objects, so that playing a copy allocates nothing.
    fn clone(&self) -> Self {
        Self {
            xs: with_room(&self.xs),
            ys: with_room(&self.ys),
            bodies: with_room(&self.bodies),
            created: self.created,
            holes: self.holes,
        }
    }
}

impl PartialEq for Objects {
    /// Whether there are the same objects, in whichever slots.
    fn eq(&self, other: &Self) -> bool {
        self.created == other.created && self.iter().eq(other.iter())
    }
}

impl Eq for Objects {}

/// A copy of a list with the same capacity.
pub(crate) fn with_room<T: Copy>(list: &Vec<T>) -> Vec<T> {
    let mut copy = Vec::with_capacity(list.capacity());
    copy.extend_from_slice(list);
    copy
}

impl Objects {
    /// An empty list with room for the objects of a map of so many cells, and
    /// for a bed of plants. Only who plants more makes it grow.
    pub(crate) fn for_cells(cells: usize, tuning: &Tuning) -> Self {
        let capacity = cells / tuning.cells_an_object + 48;
        Self {
            xs: Vec::with_capacity(capacity),
            ys: Vec::with_capacity(capacity),
            bodies: Vec::with_capacity(capacity),
            created: 0,
            holes: 0,
        }
    }

    /// Slots, those of removed objects included.
    pub(crate) fn len(&self) -> usize {
        self.bodies.len()
    }

    /// Slots there is room for.
    pub(crate) fn capacity(&self) -> usize {
        self.bodies.capacity()
    }

    pub(crate) fn created(&self) -> u32 {
        self.created
    }

    pub(crate) fn position(&self, slot: usize) -> Position {
        Position::new(i32::from(self.xs[slot]), i32::from(self.ys[slot]))
    }

    pub(crate) fn body(&self, slot: usize) -> &Body {
        &self.bodies[slot]
    }

    pub(crate) fn body_mut(&mut self, slot: usize) -> &mut Body {
        &mut self.bodies[slot]
    }

    /// The slots that hold an object.
    pub(crate) fn slots(&self) -> impl DoubleEndedIterator<Item = usize> {
        (0..self.len()).filter(|&slot| self.xs[slot] != GONE)
    }

    /// Every object with its position.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Position, &Body)> {
        self.slots()
            .map(|slot| (self.position(slot), self.body(slot)))
    }

    /// Creates an object.
    pub(crate) fn push(&mut self, position: Position, kind: ObjectKind, facing: Direction) -> Body {
        self.created += 1;
        let health = rules::health(kind);
        let body = Body {
            index: self.created,
            counter: 0,
            health,
            kind,
            facing,
        };
        self.push_body(position, body);
        body
    }

    /// Adds an object that was created earlier.
    pub(crate) fn push_body(&mut self, position: Position, body: Body) {
        self.xs.push(position.x as u16);
        self.ys.push(position.y as u16);
        self.bodies.push(body);
    }

    /// Sets the number of objects ever created, if those there are can be
    /// among them.
    pub(crate) fn number_up_to(&mut self, created: u32) -> bool {
        self.created = created;
        self.bodies
            .is_sorted_by(|older, newer| older.index < newer.index)
            && self
                .bodies
                .last()
                .is_none_or(|newest| newest.index <= created)
    }

    pub(crate) fn relocate(&mut self, slot: usize, position: Position) {
        self.xs[slot] = position.x as u16;
        self.ys[slot] = position.y as u16;
    }

    pub(crate) fn remove(&mut self, slot: usize) {
        self.xs[slot] = GONE;
        self.ys[slot] = GONE;
        self.holes += 1;
    }

    /// Closes the holes that removed objects left, if there are so many that
    /// it pays or room is running out, and says whether it did: then slots
    /// have changed.
    pub(crate) fn compact(&mut self) -> bool {
        let tight = self.len() + 32 > self.capacity();
        if self.holes <= if tight { 0 } else { 16 + self.len() / 8 } {
            return false;
        }
        let mut kept = 0;
        for slot in 0..self.len() {
            if self.xs[slot] != GONE {
                self.xs[kept] = self.xs[slot];
                self.ys[kept] = self.ys[slot];
                self.bodies[kept] = self.bodies[slot];
                kept += 1;
            }
        }
        self.xs.truncate(kept);
        self.ys.truncate(kept);
        self.bodies.truncate(kept);
        self.holes = 0;
        true
    }

    /// Which of at most 64 slots hold objects less than `reach` steps from a
    /// position, the first slot in bit 0.
    pub(crate) fn near(&self, slots: Range<usize>, center: Position, reach: u16) -> u64 {
        let (x, y) = (center.x as u16, center.y as u16);
        let positions = self.xs[slots.clone()].iter().zip(&self.ys[slots]);
        let mut near = [0; 64];
        for (near, (&each_x, &each_y)) in near.iter_mut().zip(positions) {
            *near = u8::from(each_x.abs_diff(x) + each_y.abs_diff(y) < reach);
        }
        // Gathers eight bytes of zero or one in eight bits: each product of a
        // byte and a bit of the factor meets no other.
        let gathered =
            |bytes: &[u8; 8]| u64::from_le_bytes(*bytes).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        let (eights, _) = near.as_chunks::<8>();
        eights
            .iter()
            .rev()
            .fold(0, |mask, eight| mask << 8 | gathered(eight))
    }
}
