//! Finds the cheapest ways from the player to everywhere on the believed map.
//!
//! One flood per turn answers every question of a turn about ways. It is written
//! out instead of taken from a library, because cells and costs are small
//! integers: arrays and a ring of buckets make it several times faster than
//! hashing positions and keeping a heap.

use env_crafter::{Direction, Material, Position};

use super::belief::Belief;

/// The cost of entering a cell, in steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Passage {
    /// One gets in, and on from there.
    Through(u16),
    /// One gets beside it and can face it, and no farther.
    UpTo,
}

/// Where each way leads and what it costs.
#[derive(Clone, Debug, Default)]
pub(super) struct Field {
    start: Option<Position>,
    columns: i32,
    rows: i32,
    costs: Vec<u16>,
    came_by: Vec<Direction>,
    /// Every cell that was reached, the cheapest first.
    order: Vec<Position>,
    /// The cheapest cell of each material, by id.
    nearest: [Option<Position>; Material::ALL.len() + 1],
    buckets: Vec<Vec<Position>>,
}

/// More than any passage costs: the buckets of costs ahead form a ring.
const RING: usize = 64;
const UNREACHED: u16 = u16::MAX;

impl Field {
    /// Floods the map from the player's cell. Cells that `counts` refuses are
    /// never the nearest of their material.
    pub(super) fn flood(
        &mut self,
        belief: &Belief,
        start: Position,
        passage: impl Fn(Position) -> Passage,
        counts: impl Fn(Position) -> bool,
    ) {
        (self.columns, self.rows) = belief.extent();
        let cells = (self.columns * self.rows) as usize;
        self.costs.clear();
        self.costs.resize(cells, UNREACHED);
        self.came_by.resize(cells, Direction::Down);
        self.order.clear();
        self.nearest = Default::default();
        self.buckets.resize_with(RING, Vec::new);
        self.start = Some(start);
        let Some(slot) = self.slot(start) else { return };
        self.costs[slot] = 0;
        self.buckets[0].push(start);

        let mut waiting = 1;
        let mut cost: u16 = 0;
        while waiting > 0 {
            while let Some(at) = self.buckets[usize::from(cost) % RING].pop() {
                waiting -= 1;
                let Some(slot) = self.slot(at) else { continue };
                if self.costs[slot] != cost {
                    continue; // A cheaper way was found since.
                }
                self.order.push(at);
                if let Some(material) = belief.ground(at) {
                    let nearest = &mut self.nearest[usize::from(material.id())];
                    if nearest.is_none() && at != start && counts(at) {
                        *nearest = Some(at);
                    }
                }
                if at != start && passage(at) == Passage::UpTo {
                    continue;
                }
                for direction in Direction::ALL {
                    let next = at + direction;
                    let Some(slot) = self.slot(next) else {
                        continue;
                    };
                    if self.costs[slot] <= cost + 1 {
                        continue; // No passage costs less than a step.
                    }
                    let total = cost
                        + match passage(next) {
                            Passage::Through(price) => price,
                            Passage::UpTo => 1,
                        };
                    if total < self.costs[slot] {
                        self.costs[slot] = total;
                        self.came_by[slot] = direction;
                        self.buckets[usize::from(total) % RING].push(next);
                        waiting += 1;
                    }
                }
            }
            cost += 1;
        }
    }

    /// The cost of a way to a cell, if there is one.
    pub(super) fn cost(&self, at: Position) -> Option<u32> {
        let cost = self.costs[self.slot(at)?];
        (cost != UNREACHED).then_some(u32::from(cost))
    }

    /// The steps to a cell that can be reached. The last leads into the cell, or
    /// turns towards it if it cannot be entered.
    pub(super) fn way(&self, to: Position) -> Vec<Direction> {
        let mut steps = Vec::new();
        let mut at = to;
        while Some(at) != self.start {
            let Some(direction) = self.arrival(at) else {
                break;
            };
            steps.push(direction);
            let (dx, dy) = direction.delta();
            at = Position::new(at.x - dx, at.y - dy);
        }
        steps.reverse();
        steps
    }

    /// The direction of the last step to a cell.
    pub(super) fn arrival(&self, at: Position) -> Option<Direction> {
        let slot = self.slot(at)?;
        (self.costs[slot] != UNREACHED && Some(at) != self.start).then(|| self.came_by[slot])
    }

    /// Every cell that can be reached, the cheapest first, and what it costs.
    pub(super) fn reached(&self) -> impl Iterator<Item = (Position, u32)> {
        self.order
            .iter()
            .filter_map(|&at| Some((at, self.cost(at)?)))
    }

    /// The cell of a material that is cheapest to get to.
    pub(super) fn nearest(&self, material: Material) -> Option<Position> {
        self.nearest[usize::from(material.id())]
    }

    fn slot(&self, at: Position) -> Option<usize> {
        let inside = (0..self.columns).contains(&at.x) && (0..self.rows).contains(&at.y);
        inside.then_some((at.y * self.columns + at.x) as usize)
    }
}
