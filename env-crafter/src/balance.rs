//! Provides the coming and going of creatures: in every tenth step, each
//! inhabited chunk may gain or lose one of each kind.
//!
//! Source: `_balance_chunk` in `env.py` of Crafter 1.8.3. Where it picks one
//! of several creatures, it does so from a set without an order; here the
//! order is that of creation.

use crate::{
    Direction, Material, ObjectKind, Position,
    chunk::SIDE,
    difficulty::{Population, Tuning},
    world::World,
};

impl World {
    /// Lets creatures come and go in all chunks, in the order in which they
    /// were first inhabited.
    pub(crate) fn balance(&mut self, daylight: f64, tuning: &Tuning) {
        let targets = tuning
            .populations
            .map(|population| population.target(daylight));
        for i in 0..self.chunks.inhabited().len() {
            let chunk = self.chunks.inhabited()[i] as usize;
            for (population, &(fewest, most)) in tuning.populations.iter().zip(&targets) {
                let counts = self.chunks.get(chunk);
                let creatures = counts.objects(population.kind);
                let too_few = creatures < fewest
                    && counts.space(population.material) >= population.least_space;
                if too_few && self.rng.chance(population.spawn) {
                    self.spawn(chunk, population);
                } else if creatures > most && self.rng.chance(population.despawn) {
                    self.despawn(chunk, population);
                }
            }
        }
    }

    /// Adds a creature on a random cell, unless that is taken or too near.
    fn spawn(&mut self, chunk: usize, population: &Population) {
        let Population {
            kind,
            material,
            spawn_distance,
            ..
        } = *population;
        let pick = self
            .rng
            .below(self.chunks.get(chunk).space(material).into());
        let Some(at) = self.nth_tile(chunk, material, pick) else {
            return;
        };
        let away = at.distance(self.player_position()) >= spawn_distance;
        if !self.map[at].is_occupied() && away {
            self.add(at, kind, Direction::Down);
        }
    }

    /// Removes a random creature, unless it is too near.
    fn despawn(&mut self, chunk: usize, population: &Population) {
        let Population {
            kind,
            despawn_distance,
            ..
        } = *population;
        let pick = self.rng.below(self.chunks.get(chunk).objects(kind).into());
        let Some(slot) = self.nth_creature(chunk, kind, pick) else {
            return;
        };
        let at = self.objects.position(slot);
        if at.distance(self.player_position()) >= despawn_distance {
            self.remove(slot);
        }
    }

    /// The `n`th cell of a material in a chunk, column by column.
    fn nth_tile(&self, chunk: usize, material: Material, n: u32) -> Option<Position> {
        let Position { x: left, y: top } = self.chunks.corner(chunk);
        let side = |from: i32, end: u32| from..(from + SIDE as i32).min(end as i32);
        side(left, self.map.width())
            .flat_map(|x| side(top, self.map.height()).map(move |y| Position::new(x, y)))
            .filter(|&at| self.map[at].is(material))
            .nth(n as usize)
    }

    /// The slot of the `n`th creature of a kind in a chunk, oldest first.
    fn nth_creature(&self, chunk: usize, kind: ObjectKind, n: u32) -> Option<usize> {
        self.residents
            .of(chunk)
            .filter(|&slot| self.objects.body(slot).kind == kind)
            .nth(n as usize)
    }
}
