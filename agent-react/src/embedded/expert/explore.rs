//! Chooses where to look next.
//!
//! A place is worth going to for the unseen cells that would come into view
//! there, weighed by how much of the land around is of the kind that is searched,
//! over the steps it takes to get there.

use env_crafter::{Achievement, Material, Position};

use super::{
    chart::Spot,
    goals::Terrain,
    tuning::{
        AWAY_FROM_PLANT, COWS_RETURN, EXPLORE_OVERHEAD, GROWTH_REACH, LEAST_GAIN, OTHER_TERRAIN,
        PERSISTENCE, SURROUNDINGS, VIEW_REACH,
    },
    walker::{Plan, Walker},
};

/// Sums over rectangles of the map, in constant time each.
struct Sums {
    columns: i32,
    rows: i32,
    sums: Vec<i32>,
}

impl Sums {
    fn of((columns, rows): (i32, i32), value: impl Fn(Position) -> bool) -> Self {
        let stride = columns as usize + 1;
        let mut sums = vec![0; stride * (rows as usize + 1)];
        for y in 0..rows as usize {
            let mut row = 0;
            for x in 0..columns as usize {
                row += i32::from(value(Position::new(x as i32, y as i32)));
                sums[(y + 1) * stride + x + 1] = sums[y * stride + x + 1] + row;
            }
        }
        Self {
            columns,
            rows,
            sums,
        }
    }

    /// How many cells count that are at most so many columns and rows away.
    fn around(&self, at: Position, (dx, dy): (i32, i32)) -> i32 {
        let stride = self.columns + 1;
        let sum = |x: i32, y: i32| {
            let (x, y) = (x.clamp(0, self.columns), y.clamp(0, self.rows));
            self.sums[(y * stride + x) as usize]
        };
        let (left, top) = (at.x - dx, at.y - dy);
        let (right, bottom) = (at.x + dx + 1, at.y + dy + 1);
        sum(right, bottom) - sum(left, bottom) - sum(right, top) + sum(left, top)
    }
}

/// Goes where there is most to see for the way. `heading` is where it was headed
/// for, and becomes where it is.
pub(super) fn explore(
    walker: Walker<'_>,
    terrain: Terrain,
    heading: &mut Option<Position>,
) -> Option<Plan> {
    let belief = walker.belief;
    // Cows come and go: a meadow seen long ago is as good as an unseen one.
    let unknown = Sums::of(belief.extent(), |at| match belief.spot(at) {
        Spot::Unknown => true,
        Spot::Ground(Material::Grass) => {
            terrain == Terrain::Meadow && belief.unseen_for(at) > COWS_RETURN
        }
        Spot::Ground(_) | Spot::Outside => false,
    });
    let fitting = Sums::of(belief.extent(), |at| {
        let ground = belief.ground(at);
        ground.is_some_and(|ground| is_mountain(ground) == (terrain == Terrain::Mountain))
    });
    let known = Sums::of(belief.extent(), |at| {
        matches!(belief.spot(at), Spot::Ground(_))
    });
    let worth = |at: Position, cost: u32| {
        let unseen = unknown.around(at, VIEW_REACH);
        if unseen < LEAST_GAIN || !is_passable(walker, at) {
            return None;
        }
        let share = f64::from(fitting.around(at, SURROUNDINGS))
            / f64::from(known.around(at, SURROUNDINGS).max(1));
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
    let reached = walker.field.reached().skip(1);
    let places = reached.filter_map(|(at, cost)| Some((worth(at, cost)?, at)));
    let (_, best) = places.max_by(|(left, _), (right, _)| left.total_cmp(right))?;
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
