//! Chooses where to look next.
//!
//! A place is worth going to for the unseen cells that would come into view
//! there, weighed by how much of the land around is of the kind that is searched,
//! over the steps it takes to get there.

use env_crafter::{Achievement, Material, Position};

use super::{
    belief::Belief,
    chart::{Cell, Spot},
    goals::Terrain,
    tuning::{
        AWAY_FROM_PLANT, COWS_RETURN, EXPLORE_OVERHEAD, GROWTH_REACH, LEAST_GAIN, OTHER_TERRAIN,
        PERSISTENCE, SURROUNDINGS, VIEW_REACH,
    },
    walker::{Plan, Walker},
};

/// How many cells of each sort there are in rectangles of the map, in constant
/// time each.
struct Sums {
    columns: i32,
    rows: i32,
    sums: Vec<Count>,
}

/// How many cells there are of each sort.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    /// Worth seeing.
    unseen: i32,
    known: i32,
    /// Known, and of the land that is searched.
    fitting: i32,
}

impl Count {
    fn plus(self, other: Self) -> Self {
        Self {
            unseen: self.unseen + other.unseen,
            known: self.known + other.known,
            fitting: self.fitting + other.fitting,
        }
    }

    fn minus(self, other: Self) -> Self {
        Self {
            unseen: self.unseen - other.unseen,
            known: self.known - other.known,
            fitting: self.fitting - other.fitting,
        }
    }
}

impl Sums {
    fn of(belief: &Belief, terrain: Terrain) -> Self {
        let (columns, rows) = belief.extent();
        let stride = columns as usize + 1;
        let mut sums = vec![Count::default(); stride * (rows as usize + 1)];
        for (y, line) in belief.rows().enumerate() {
            let mut row = Count::default();
            for (x, cell) in line.iter().enumerate() {
                row = row.plus(count(belief, cell, terrain));
                sums[(y + 1) * stride + x + 1] = sums[y * stride + x + 1].plus(row);
            }
        }
        Self {
            columns,
            rows,
            sums,
        }
    }

    /// Those at most so many columns and rows away.
    fn around(&self, at: Position, (dx, dy): (i32, i32)) -> Count {
        let stride = self.columns + 1;
        let sum = |x: i32, y: i32| {
            let (x, y) = (x.clamp(0, self.columns), y.clamp(0, self.rows));
            self.sums[(y * stride + x) as usize]
        };
        let (left, top) = (at.x - dx, at.y - dy);
        let (right, bottom) = (at.x + dx + 1, at.y + dy + 1);
        let below = sum(right, bottom).minus(sum(left, bottom));
        below.minus(sum(right, top).minus(sum(left, top)))
    }
}

/// What a cell counts as.
fn count(belief: &Belief, cell: &Cell, terrain: Terrain) -> Count {
    let (unseen, fitting) = match cell.spot {
        Spot::Unknown => (true, false),
        Spot::Outside => (false, false),
        // Cows come and go: a meadow seen long ago is as good as an unseen one.
        Spot::Ground(ground) => (
            terrain == Terrain::Meadow
                && ground == Material::Grass
                && belief.passed_since(cell) > COWS_RETURN,
            is_mountain(ground) == (terrain == Terrain::Mountain),
        ),
    };
    Count {
        unseen: i32::from(unseen),
        known: i32::from(matches!(cell.spot, Spot::Ground(_))),
        fitting: i32::from(fitting),
    }
}

/// How many cells one sees.
const VIEW_CELLS: i32 = (2 * VIEW_REACH.0 + 1) * (2 * VIEW_REACH.1 + 1);

/// Goes where there is most to see for the way. `heading` is where it was headed
/// for, and becomes where it is.
pub(super) fn explore(
    walker: Walker<'_>,
    terrain: Terrain,
    heading: &mut Option<Position>,
) -> Option<Plan> {
    let belief = walker.belief;
    let sums = Sums::of(belief, terrain);
    let worth = |at: Position, cost: u32| {
        let unseen = sums.around(at, VIEW_REACH).unseen;
        if unseen < LEAST_GAIN || !is_passable(walker, at) {
            return None;
        }
        let land = sums.around(at, SURROUNDINGS);
        let share = f64::from(land.fitting) / f64::from(land.known.max(1));
        let mut worth = f64::from(unseen) * (OTHER_TERRAIN + (1.0 - OTHER_TERRAIN) * share)
            / f64::from(cost + EXPLORE_OVERHEAD);
        if *heading == Some(at) {
            worth *= PERSISTENCE;
        }
        if leaves_plant(walker, at) {
            worth *= AWAY_FROM_PLANT;
        }
        Some(worth)
    };
    let mut best: Option<(f64, Position)> = None;
    for (at, cost) in walker.field.reached().skip(1) {
        let most = PERSISTENCE * f64::from(VIEW_CELLS) / f64::from(cost + EXPLORE_OVERHEAD);
        if best.is_some_and(|(best, _)| most < best) {
            break; // What is farther away is worth less.
        }
        if let Some(worth) = worth(at, cost)
            && best.is_none_or(|(best, _)| worth >= best)
        {
            best = Some((worth, at));
        }
    }
    let (_, best) = best?;
    *heading = Some(best);
    walker.go(best)
}

/// Whether a plant that is waited for would stop growing.
fn leaves_plant(walker: Walker<'_>, at: Position) -> bool {
    walker.sighting.lacks(Achievement::EatPlant)
        && walker
            .belief
            .plants()
            .iter()
            .any(|plant| !plant.is_due() && plant.position.distance(at) >= GROWTH_REACH)
}

fn is_passable(walker: Walker<'_>, at: Position) -> bool {
    walker.belief.ground(at).is_some_and(|ground| match ground {
        Material::Grass | Material::Sand | Material::Path | Material::Tree => true,
        Material::Stone | Material::Coal | Material::Iron | Material::Diamond => {
            walker.can_collect(ground) && !walker.belief.is_fence(at)
        }
        Material::Water | Material::Lava | Material::Table | Material::Furnace => false,
    })
}

const fn is_mountain(ground: Material) -> bool {
    match ground {
        Material::Stone
        | Material::Path
        | Material::Lava
        | Material::Coal
        | Material::Iron
        | Material::Diamond => true,
        Material::Water
        | Material::Grass
        | Material::Sand
        | Material::Tree
        | Material::Table
        | Material::Furnace => false,
    }
}
