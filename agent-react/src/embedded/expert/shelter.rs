//! Finds and builds places where nothing can get at the player.
//!
//! Creatures strike along the axes only, so a space is safe once every side of
//! its cells is closed. The catch is that an open side is only faced, and so
//! only closed, by walking towards it: one needs a cell to take the run-up from.
//! In rock a tunnel of two cells does, in the open a square of four.

use env_crafter::{Action, Direction, Item, Material, ObjectKind, Position, rules};

use super::{
    belief::{Belief, opposite},
    chart::Spot,
    field::{Field, Passage},
    tuning::{SHELTER_CELLS, SHELTER_REACH, cost},
    walker::{Plan, Walker, step_action},
};

/// The shapes of shelters, as columns and rows.
const SHAPES: [(i32, i32); 4] = [(1, 1), (2, 1), (1, 2), (2, 2)];

/// A rectangle of cells to hide in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shelter {
    corner: Position,
    shape: (i32, i32),
}

/// Whether nothing can walk up to the player.
pub(super) fn is_enclosed(belief: &Belief, here: Position) -> bool {
    let mut inside = vec![here];
    let mut looked_at = 0;
    while let Some(&at) = inside.get(looked_at) {
        looked_at += 1;
        for direction in Direction::ALL {
            let next = at + direction;
            if inside.contains(&next) || is_wall(belief, next) {
                continue;
            }
            let intruder = match belief.occupant(next) {
                Some(ObjectKind::Zombie | ObjectKind::Skeleton) => true,
                Some(
                    ObjectKind::Cow | ObjectKind::Player | ObjectKind::Plant | ObjectKind::Arrow,
                )
                | None => false,
            };
            if intruder || !belief.is_open(next) || inside.len() >= SHELTER_CELLS {
                return false;
            }
            inside.push(next);
        }
    }
    true
}

/// The next actions to be enclosed, or `None` if there is no place for it near
/// or too few stones. What was begun is gone on with while that is possible.
pub(super) fn build(walker: Walker<'_>, begun: &mut Option<Shelter>) -> Option<Plan> {
    if begun.is_none_or(|shelter| shelter.price(walker).is_none()) {
        *begun = choose(walker);
    }
    let shelter = (*begun)?;
    Some(Plan {
        actions: shelter.proceed(walker)?,
        cost: shelter.price(walker)?,
    })
}

/// The cheapest shelter around.
fn choose(walker: Walker<'_>) -> Option<Shelter> {
    let Position { x, y } = walker.here();
    let around = -SHELTER_REACH..=SHELTER_REACH;
    let corners = around
        .clone()
        .flat_map(|dx| around.clone().map(move |dy| Position::new(x + dx, y + dy)));
    let shelters = corners.flat_map(|corner| SHAPES.map(|shape| Shelter { corner, shape }));
    let mut best: Option<(u32, Shelter)> = None;
    for shelter in shelters {
        let bound = best.map_or(u32::MAX, |(price, _)| price);
        // The way there alone decides about most.
        if shelter.distance(walker).is_some_and(|steps| steps < bound)
            && let Some(price) = shelter.price(walker)
            && price < bound
        {
            best = Some((price, shelter));
        }
    }
    best.map(|(_, shelter)| shelter)
}

impl Shelter {
    fn contains(self, at: Position) -> bool {
        let (columns, rows) = self.shape;
        (self.corner.x..self.corner.x + columns).contains(&at.x)
            && (self.corner.y..self.corner.y + rows).contains(&at.y)
    }

    fn cells(self) -> impl Iterator<Item = Position> {
        let (columns, rows) = self.shape;
        let Position { x, y } = self.corner;
        (0..columns).flat_map(move |dx| (0..rows).map(move |dy| Position::new(x + dx, y + dy)))
    }

    /// Every cell and direction that leads out.
    fn sides(self) -> impl Iterator<Item = (Position, Direction)> {
        self.cells()
            .flat_map(|cell| Direction::ALL.map(|direction| (cell, direction)))
            .filter(move |&(cell, direction)| !self.contains(cell + direction))
    }

    /// The steps to its nearest cell, if there is a way.
    fn distance(self, walker: Walker<'_>) -> Option<u32> {
        let costs = self.cells().filter_map(|cell| walker.field.cost(cell));
        costs.min()
    }

    /// Roughly how many steps it takes, or `None` if it cannot be built.
    fn price(self, walker: Walker<'_>) -> Option<u32> {
        let belief = walker.belief;
        let here = walker.here();
        let mut price = self.distance(walker)?;
        let mut stones = i32::from(walker.sighting.amount(Item::Stone));
        for cell in self.cells() {
            if !belief.is_free(cell) {
                let digs = belief.ground(cell) == Some(Material::Stone)
                    && walker.can_collect(Material::Stone);
                if !digs {
                    return None;
                }
                walker.field.cost(cell)?;
                if belief.is_fence(cell) {
                    return None;
                }
                price += u32::from(cost::DIG);
                stones += 1;
            }
        }
        for (cell, direction) in self.sides() {
            let outside = cell + direction;
            if is_wall(belief, outside) {
                continue;
            }
            let faced = cell == here && direction == walker.sighting.facing;
            let has_run_up = self.contains(cell + opposite(direction));
            let closable = belief.is_open(outside) && (faced || has_run_up);
            if !closable {
                return None;
            }
            price += cost::CLOSE;
            stones -= 1;
        }
        (stones >= 0).then_some(price)
    }

    /// Goes there, digs it out, closes its sides.
    fn proceed(self, walker: Walker<'_>) -> Option<Vec<Action>> {
        let belief = walker.belief;
        let here = walker.here();
        if !self.contains(here) {
            let cells = self
                .cells()
                .filter_map(|at| Some((walker.field.cost(at)?, at)));
            let (_, cell) = cells.min_by_key(|&(cost, _)| cost)?;
            return Some(walker.walk(&walker.field.way(cell)));
        }
        let mut inside = Field::default();
        let passage = |at| match self.contains(at) {
            true => (Passage::Through(cost::WALK), None),
            false => (Passage::UpTo, None),
        };
        inside.flood(belief.extent(), here, passage, |_| false);
        let undug = |&at: &Position| at != here && !belief.is_free(at);
        let costs = |at: &Position| inside.cost(*at);
        if let Some(cell) = self.cells().filter(undug).min_by_key(costs) {
            return Some(walker.walk(&inside.way(cell)));
        }
        let open = |&(cell, direction): &(Position, Direction)| !is_wall(belief, cell + direction);
        let is_faced = |&(cell, direction): &(Position, Direction)| {
            cell == here && direction == walker.sighting.facing
        };
        let close = |outside| match belief.occupant(outside) {
            Some(_) => Action::Do,
            None => Action::PlaceStone,
        };
        if let Some((cell, direction)) = self.sides().filter(open).find(is_faced) {
            return Some(vec![close(cell + direction)]);
        }
        let (cell, direction) = self.sides().find(open)?;
        let run_up = cell + opposite(direction);
        let mut actions = walker.walk(&inside.way(run_up));
        actions.extend([step_action(direction), close(cell + direction)]);
        Some(actions)
    }
}

/// Whether nothing comes through a cell. Arrows fly over lava and water, but only
/// lava is common where skeletons are. Plants get eaten.
fn is_wall(belief: &Belief, at: Position) -> bool {
    match belief.spot(at) {
        Spot::Ground(ground) => !rules::is_walkable(ground) && ground != Material::Lava,
        Spot::Outside => true,
        Spot::Unknown => false,
    }
}
