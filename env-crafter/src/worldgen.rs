//! Provides the making of a world: terrain from noise, then its first
//! inhabitants.
//!
//! Source: `worldgen.py` of Crafter 1.8.3.

use crate::{
    Direction, Material, ObjectKind, Position, cpu,
    difficulty::Tuning,
    rng::Mt19937,
    rules,
    simplex::Simplex,
    terrain::{Ground, Terrain},
    world::World,
};

impl World {
    /// The world of a seed, as the reference has it after `reset`.
    pub(crate) fn generate(area: (u32, u32), seed: u32, tuning: &Tuning) -> Self {
        let mut rng = Mt19937::new(seed);
        let simplex = Simplex::new(rng.below((1 << 31) - 1));
        let mut world = Self::flat(area, Material::Grass, rng, tuning);
        let player = world.player_position();
        let mut terrain = Terrain::new(simplex, player);
        let mut tunnels = vec![false; world.map.tiles().len()];
        cpu::make_terrain(&mut terrain, &mut world, tuning, &mut tunnels);
        world.chunks.count_all(&world.map);
        for (at, tunnel) in positions(area).zip(tunnels) {
            if let Some(kind) = inhabitant(&mut world, tuning, at, player, tunnel) {
                world.add(at, kind, Direction::Down);
            }
        }
        world
    }
}

/// Columns that are asked about together: enough that what reaches over their
/// border costs little, and few enough that what is known of them stays in a
/// processor's cache.
const BAND: i32 = 64;

fn positions((width, height): (u32, u32)) -> impl Iterator<Item = Position> {
    (0..width as i32).flat_map(move |x| (0..height as i32).map(move |y| Position::new(x, y)))
}

/// Sets all materials, and says which cells are tunnels. Called through
/// [`cpu::make_terrain`], which has it compiled for the processor at hand.
#[inline(always)]
pub(crate) fn make_terrain(
    terrain: &mut Terrain,
    world: &mut World,
    tuning: &Tuning,
    tunnels: &mut [bool],
) {
    let (width, height) = (world.map.width() as i32, world.map.height() as usize);
    let mut tiles = world.map.tiles_mut().iter_mut().zip(tunnels);
    for first in (0..width).step_by(BAND as usize) {
        let columns = first..width.min(first + BAND);
        for &ground in terrain.columns(columns, height) {
            let Some((tile, tunnel)) = tiles.next() else {
                return;
            };
            *tile = tile.with_material(material(ground, &mut world.rng, tuning));
            *tunnel = ground == Ground::Tunnel;
        }
    }
}

/// What chance makes of the ground.
fn material(ground: Ground, rng: &mut Mt19937, tuning: &Tuning) -> Material {
    match ground {
        Ground::Sure(material) => material,
        Ground::Tunnel => Material::Path,
        Ground::Forest if rng.uniform() > tuning.tree => Material::Tree,
        Ground::Forest => Material::Grass,
        Ground::Rock {
            coal,
            iron,
            diamond,
            otherwise,
        } => {
            if coal && rng.uniform() > tuning.coal {
                Material::Coal
            } else if iron && rng.uniform() > tuning.iron {
                Material::Iron
            } else if diamond && rng.uniform() > tuning.diamond {
                Material::Diamond
            } else {
                otherwise
            }
        }
    }
}

/// What stands on a cell in the beginning.
fn inhabitant(
    world: &mut World,
    tuning: &Tuning,
    at: Position,
    player: Position,
    tunnel: bool,
) -> Option<ObjectKind> {
    let material = world.map[at]
        .material()
        .filter(|&each| rules::is_walkable(each))?;
    let distance = at.euclidean(player);
    let rng = &mut world.rng;
    if distance > 3.0 && material == Material::Grass && rng.uniform() > tuning.cow {
        Some(ObjectKind::Cow)
    } else if distance > 10.0 && rng.uniform() > tuning.zombie {
        Some(ObjectKind::Zombie)
    } else if material == Material::Path && tunnel && rng.uniform() > tuning.skeleton {
        Some(ObjectKind::Skeleton)
    } else {
        None
    }
}
