//! Finds the cheapest ways from the player to everywhere on the believed map.
//!
//! One flood per turn answers every question of a turn about ways. It is written
//! out instead of taken from a library, because cells and costs are small
//! integers: arrays and a ring of buckets make it several times faster than
//! hashing positions and keeping a heap.

use env_crafter::{Direction, Material, Position};

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
    /// The cells of the map within a frame of one cell that no way is cheap
    /// enough for, so that a flood need not ask where the map ends.
    reaches: Vec<Reach>,
    /// Every cell that was reached and what it costs, the cheapest first.
    order: Vec<(Position, u16)>,
    /// The cheapest cell of each material, by id.
    nearest: [Option<Position>; Material::ALL.len() + 1],
    buckets: Vec<Vec<Position>>,
}

/// The cheapest way to a cell that was found so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Reach {
    cost: u16,
    came_by: Direction,
    /// What entering it takes and what it is, if that is known.
    passage: Passage,
    ground: Option<Material>,
}

impl Reach {
    const fn new(cost: u16) -> Self {
        Self {
            cost,
            came_by: Direction::Down,
            passage: Passage::UpTo,
            ground: None,
        }
    }
}

/// More than any passage costs: the buckets of costs ahead form a ring.
const RING: usize = 64;
const UNREACHED: u16 = u16::MAX;

impl Field {
    /// Floods a map of so many columns and rows from the player's cell, looking
    /// once at each cell that is come upon. Cells that `counts` refuses are never
    /// the nearest of their material.
    pub(super) fn flood(
        &mut self,
        extent: (i32, i32),
        start: Position,
        look: impl Fn(Position) -> (Passage, Option<Material>),
        counts: impl Fn(Position) -> bool,
    ) {
        self.clear(extent);
        self.start = Some(start);
        let Some(slot) = self.slot(start) else { return };
        self.reaches[slot] = Reach {
            passage: Passage::Through(0),
            ..Reach::new(0)
        };
        self.buckets[0].push(start);
        let mut waiting = 1;
        let mut cost: u16 = 0;
        while waiting > 0 {
            while let Some(at) = self.buckets[usize::from(cost) % RING].pop() {
                waiting -= 1;
                let reach = self.reaches[self.framed(at)];
                if reach.cost != cost {
                    continue; // A cheaper way was found since.
                }
                self.order.push((at, cost));
                if let Some(material) = reach.ground {
                    let nearest = &mut self.nearest[usize::from(material.id())];
                    if nearest.is_none() && at != start && counts(at) {
                        *nearest = Some(at);
                    }
                }
                if reach.passage == Passage::UpTo {
                    continue;
                }
                for direction in Direction::ALL {
                    let next = at + direction;
                    let slot = self.framed(next);
                    let reach = &mut self.reaches[slot];
                    if reach.cost <= cost + 1 {
                        continue; // No passage costs less than a step.
                    }
                    if reach.cost == UNREACHED {
                        (reach.passage, reach.ground) = look(next);
                    }
                    let total = cost
                        + match reach.passage {
                            Passage::Through(price) => price,
                            Passage::UpTo => 1,
                        };
                    if total < reach.cost {
                        (reach.cost, reach.came_by) = (total, direction);
                        self.buckets[usize::from(total) % RING].push(next);
                        waiting += 1;
                    }
                }
            }
            cost += 1;
        }
    }

    /// Forgets all ways, on a map of so many columns and rows.
    fn clear(&mut self, (columns, rows): (i32, i32)) {
        (self.columns, self.rows) = (columns, rows);
        self.order.clear();
        self.nearest = Default::default();
        self.buckets.resize_with(RING, Vec::new);
        let (stride, lines) = (columns as usize + 2, rows as usize + 2);
        self.reaches.clear();
        self.reaches.resize(stride * lines, Reach::new(UNREACHED));
        for (line, cells) in self.reaches.chunks_exact_mut(stride).enumerate() {
            if line == 0 || line + 1 == lines {
                cells.fill(Reach::new(0));
            } else {
                cells[0] = Reach::new(0);
                cells[stride - 1] = Reach::new(0);
            }
        }
    }

    /// The cost of a way to a cell, if there is one.
    pub(super) fn cost(&self, at: Position) -> Option<u32> {
        let cost = self.reaches[self.slot(at)?].cost;
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
        let reach = self.reaches[self.slot(at)?];
        (reach.cost != UNREACHED && Some(at) != self.start).then_some(reach.came_by)
    }

    /// Every cell that can be reached, the cheapest first, and what it costs.
    pub(super) fn reached(&self) -> impl Iterator<Item = (Position, u32)> {
        self.order.iter().map(|&(at, cost)| (at, u32::from(cost)))
    }

    /// The cell of a material that is cheapest to get to.
    pub(super) fn nearest(&self, material: Material) -> Option<Position> {
        self.nearest[usize::from(material.id())]
    }

    fn slot(&self, at: Position) -> Option<usize> {
        let inside = (0..self.columns).contains(&at.x) && (0..self.rows).contains(&at.y);
        inside.then(|| self.framed(at))
    }

    /// The place of a cell of the map or the frame around it.
    fn framed(&self, at: Position) -> usize {
        ((at.y + 1) * (self.columns + 2) + at.x + 1) as usize
    }
}
