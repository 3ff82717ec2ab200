//! Provides what everything but the player does in its turn.
//!
//! A creature that dies is taken from the map at the beginning of its own
//! turn, but finishes the turn: a killed zombie may still strike, a killed
//! skeleton may still shoot.
//!
//! Source: `objects.py` of Crafter 1.8.3.

use crate::{
    Direction, Material, ObjectKind, Position,
    objects::{Body, FEW},
    rules,
    tile::{Ground, Sprite},
    world::World,
};

impl Body {
    /// Whether this is a plant that can be eaten.
    pub(crate) fn is_ripe(&self) -> bool {
        self.kind == ObjectKind::Plant && self.counter > rules::RIPE_AGE
    }
}

impl World {
    /// The turns of the objects in the first `count` slots that are less than
    /// `reach` steps from the player, oldest first.
    pub(crate) fn update_creatures(&mut self, count: usize, reach: u16) {
        let player = self.player_position();
        let mut near = std::mem::take(&mut self.near);
        let few = count <= FEW;
        let candidates = if few {
            count
        } else {
            self.near_among_many(count, reach, &mut near);
            near.len()
        };
        for first in (0..candidates).step_by(64) {
            let mut turns = if few {
                let slots = first..count.min(first + 64);
                self.objects.near(slots, player, reach)
            } else {
                u64::MAX >> (64 - (candidates - first).min(64))
            };
            while turns != 0 {
                let candidate = first + turns.trailing_zeros() as usize;
                let slot = if few {
                    candidate
                } else {
                    near[candidate] as usize
                };
                self.update(slot, player);
                turns &= turns - 1;
            }
        }
        self.near = near;
    }

    /// Finds who is near by looking into the chunks around the player only.
    #[cold]
    fn near_among_many(&self, count: usize, reach: u16, near: &mut Vec<u32>) {
        let player = self.player_position();
        near.clear();
        for chunk in self.chunks.around(player, reach) {
            let slots = self.residents.of(chunk).filter(|&slot| {
                let distance = self.objects.position(slot).distance(player);
                slot < count && distance < u32::from(reach)
            });
            near.extend(slots.map(|slot| slot as u32));
        }
        near.sort_unstable();
    }

    fn update(&mut self, slot: usize, player: Position) {
        match self.objects.body(slot).kind {
            ObjectKind::Player => {}
            ObjectKind::Cow => self.update_cow(slot),
            ObjectKind::Zombie => self.update_zombie(slot, player),
            ObjectKind::Skeleton => self.update_skeleton(slot, player),
            ObjectKind::Arrow => self.update_arrow(slot),
            ObjectKind::Plant => self.update_plant(slot),
        }
    }

    fn update_cow(&mut self, slot: usize) {
        let mut turn = self.begin_turn(slot);
        if self.rng.chance(0.5) {
            self.wander(&mut turn);
        }
    }

    fn update_zombie(&mut self, slot: usize, player: Position) {
        let mut turn = self.begin_turn(slot);
        if turn.at.distance(player) <= 8 && self.rng.chance(0.9) {
            let along_longer = self.rng.chance(0.8);
            let step = toward(turn.at, player, along_longer);
            self.try_step(&mut turn, step);
        } else {
            self.wander(&mut turn);
        }
        if turn.at.distance(player) > 1 {
            return;
        }
        let body = self.objects.body_mut(slot);
        if body.counter > 0 {
            body.counter -= 1;
        } else {
            body.counter = rules::ZOMBIE_COOLDOWN;
            let damage = if self.player.sleeping {
                rules::ZOMBIE_DAMAGE_ASLEEP
            } else {
                rules::ZOMBIE_DAMAGE
            };
            self.player.lose_health(damage);
        }
    }

    fn update_skeleton(&mut self, slot: usize, player: Position) {
        let mut turn = self.begin_turn(slot);
        let body = self.objects.body_mut(slot);
        body.counter = body.counter.saturating_sub(1);
        let distance = turn.at.distance(player);
        if distance <= 3 {
            let along_longer = self.rng.chance(0.6);
            let (dx, dy) = toward(turn.at, player, along_longer);
            if self.try_step(&mut turn, (-dx, -dy)) {
                return;
            }
        }
        if distance <= 5 && self.rng.chance(0.5) {
            self.shoot(slot, turn.at, toward(turn.at, player, true));
        } else if distance <= 8 && self.rng.chance(0.3) {
            let along_longer = self.rng.chance(0.6);
            let step = toward(turn.at, player, along_longer);
            self.try_step(&mut turn, step);
        } else if self.rng.chance(0.2) {
            self.wander(&mut turn);
        }
    }

    fn shoot(&mut self, slot: usize, from: Position, delta: (i32, i32)) {
        let body = self.objects.body_mut(slot);
        let Some(facing) = direction(delta) else {
            return;
        };
        let target = from + facing;
        if body.counter == 0 && self.map.get(target).is_free(Ground::ARROW) {
            body.counter = rules::SKELETON_RELOAD;
            self.add(target, ObjectKind::Arrow, facing);
        }
    }

    fn update_arrow(&mut self, slot: usize) {
        let target = self.objects.position(slot) + self.objects.body(slot).facing;
        let tile = self.map.get(target);
        if tile.is_occupied() {
            self.damage(target, rules::ARROW_DAMAGE);
            self.remove(slot);
        } else if tile.is_free(Ground::ARROW) {
            self.relocate(slot, target);
        } else {
            self.remove(slot);
            if tile.is(Material::Table) || tile.is(Material::Furnace) {
                self.set_material(target, Material::Path);
            }
        }
    }

    fn update_plant(&mut self, slot: usize) {
        let at = self.objects.position(slot);
        let eaten = Direction::ALL.iter().any(|&direction| {
            matches!(
                self.map.get(at + direction).kind(),
                Some(ObjectKind::Cow | ObjectKind::Zombie | ObjectKind::Skeleton)
            )
        });
        let body = self.objects.body_mut(slot);
        body.counter = body.counter.saturating_add(1);
        body.health = body.health.saturating_sub(u8::from(eaten));
        let (ripe, dead) = (body.is_ripe(), body.health == 0);
        self.set_sprite(at, Sprite::plant(ripe));
        if dead {
            self.remove(slot);
        }
    }

    fn begin_turn(&mut self, slot: usize) -> Turn {
        let at = self.objects.position(slot);
        let alive = self.objects.body(slot).health > 0;
        if !alive {
            self.remove(slot);
        }
        Turn { slot, at, alive }
    }

    fn wander(&mut self, turn: &mut Turn) {
        let direction = Direction::ALL[self.rng.below(4) as usize];
        self.try_step(turn, direction.delta());
    }

    /// Takes a step if the cell is free, and says whether it was. A dead
    /// creature stays where it was, and finds its own cell free.
    fn try_step(&mut self, turn: &mut Turn, (dx, dy): (i32, i32)) -> bool {
        let to = Position::new(turn.at.x + dx, turn.at.y + dy);
        let free = self.map.get(to).is_free(Ground::CREATURES);
        if free && turn.alive {
            self.relocate(turn.slot, to);
            turn.at = to;
        }
        free
    }
}

/// A creature in its turn.
struct Turn {
    slot: usize,
    at: Position,
    alive: bool,
}

/// A step that shortens one of the two distances to the target. Where the
/// shorter one is zero already, this is no step.
fn toward(from: Position, target: Position, along_longer: bool) -> (i32, i32) {
    let (dx, dy) = (target.x - from.x, target.y - from.y);
    if (dx.abs() > dy.abs()) == along_longer {
        (dx.signum(), 0)
    } else {
        (0, dy.signum())
    }
}

fn direction(delta: (i32, i32)) -> Option<Direction> {
    Direction::ALL
        .into_iter()
        .find(|each| each.delta() == delta)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Action, AfterEnd, Difficulty, Env, EnvConfig};

    #[test]
    fn those_near_among_many_are_those_near_among_all() {
        let config = EnvConfig {
            area: (200, 150),
            difficulty: Difficulty::Hard,
            after_end: AfterEnd::Continue,
            ..EnvConfig::default()
        };
        let mut env = Env::new(config).expect("valid");
        for step in 0..600 {
            let count = env.world.objects.len();
            assert!(count > FEW, "only {count} objects");
            let (player, reach) = (env.position(), env.config().reach());
            let mut near = Vec::new();
            env.world.near_among_many(count, reach, &mut near);
            let all = env.world.objects.slots().filter(|&slot| {
                env.world.objects.position(slot).distance(player) < u32::from(reach)
            });
            assert_eq!(near, all.map(|slot| slot as u32).collect::<Vec<_>>());
            env.step(Action::ALL[step * step % 31 % 17])
                .expect("goes on");
            for object in env.objects() {
                assert_eq!(env.object_at(object.position), Some(object));
            }
        }
    }
}
