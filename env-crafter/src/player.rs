//! Provides the player: what it does with an action, and its needs.
//!
//! Source: `Player` in `objects.py` of Crafter 1.8.3.

use crate::{
    Achievement, AchievementSet, Action, Direction, Effect, Inventory, Item, Material, ObjectKind,
    Obstacle, Placeable, Position,
    difficulty::Tuning,
    rules::{self, Make, Place, Placed},
    tile::{Ground, Sprite, Tile},
    world::{PLAYER, World},
};

/// The player besides its place on the map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Player {
    pub(crate) inventory: Inventory,
    pub(crate) counts: [u32; Achievement::ALL.len()],
    pub(crate) unlocked: AchievementSet,
    pub(crate) facing: Direction,
    pub(crate) sleeping: bool,
    pub(crate) needs: Needs,
    /// The health after the latest update, to notice damage by.
    pub(crate) last_health: u8,
}

/// The counters that make the player hungry, thirsty, tired and well, in
/// half steps: asleep, some of them run at half speed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Needs {
    pub(crate) hunger: i16,
    pub(crate) thirst: i16,
    pub(crate) fatigue: i16,
    pub(crate) recover: i16,
}

/// Counters run up to these and down to those, in half steps, and begin again.
impl Needs {
    const HUNGRY: i16 = 2 * 25;
    const THIRSTY: i16 = 2 * 20;
    const RESTED: i16 = -2 * 10;
    const TIRED: i16 = 2 * 30;
    const WELL: i16 = 2 * 25;
    const UNWELL: i16 = -2 * 15;

    /// Whether play can have led to these numbers.
    pub(crate) fn are_possible(&self) -> bool {
        (0..=Self::HUNGRY).contains(&self.hunger)
            && (0..=Self::THIRSTY).contains(&self.thirst)
            && (Self::RESTED..=Self::TIRED).contains(&self.fatigue)
            && (Self::UNWELL..=Self::WELL).contains(&self.recover)
    }
}

impl Default for Player {
    fn default() -> Self {
        let inventory = Inventory::default();
        Self {
            inventory,
            counts: [0; Achievement::ALL.len()],
            unlocked: AchievementSet::EMPTY,
            facing: Direction::Down,
            sleeping: false,
            needs: Needs::default(),
            last_health: inventory[Item::Health],
        }
    }
}

impl Player {
    pub(crate) fn lose_health(&mut self, damage: u8) {
        let health = &mut self.inventory[Item::Health];
        *health = health.saturating_sub(damage);
    }

    fn achieve(&mut self, achievement: Achievement) {
        let count = &mut self.counts[usize::from(achievement.id())];
        *count = count.saturating_add(1);
        self.unlocked.insert(achievement);
    }

    fn is_rested(&self) -> bool {
        self.inventory[Item::Energy] >= rules::MAX_ITEM
    }

    /// The damage of a blow.
    fn damage(&self) -> u8 {
        let owned = |&&(sword, _): &&(Option<Item>, u8)| {
            sword.is_none_or(|sword| self.inventory[sword] > 0)
        };
        rules::DAMAGE
            .iter()
            .find(owned)
            .map_or(0, |&(_, damage)| damage)
    }

    /// Hunger, thirst and fatigue: the needs' counters run, and needs with them.
    fn update_needs(&mut self) {
        let Self {
            needs,
            inventory,
            sleeping,
            ..
        } = self;
        let pace = if *sleeping { 1 } else { 2 };
        needs.hunger += pace;
        if needs.hunger > Needs::HUNGRY {
            needs.hunger = 0;
            decrease(&mut inventory[Item::Food]);
        }
        needs.thirst += pace;
        if needs.thirst > Needs::THIRSTY {
            needs.thirst = 0;
            decrease(&mut inventory[Item::Drink]);
        }
        needs.fatigue = if *sleeping {
            (needs.fatigue - 2).min(0)
        } else {
            needs.fatigue + 2
        };
        if needs.fatigue < Needs::RESTED {
            needs.fatigue = 0;
            inventory[Item::Energy] += 1;
        }
        if needs.fatigue > Needs::TIRED {
            needs.fatigue = 0;
            decrease(&mut inventory[Item::Energy]);
        }
    }

    /// Health comes back while nothing is lacking, and goes otherwise.
    fn update_health(&mut self) {
        let Self {
            needs,
            inventory,
            sleeping,
            ..
        } = self;
        let well = inventory[Item::Food] > 0
            && inventory[Item::Drink] > 0
            && (inventory[Item::Energy] > 0 || *sleeping);
        needs.recover += match (well, *sleeping) {
            (true, true) => 4,
            (true, false) => 2,
            (false, true) => -1,
            (false, false) => -2,
        };
        if needs.recover > Needs::WELL {
            needs.recover = 0;
            inventory[Item::Health] += 1;
        }
        if needs.recover < Needs::UNWELL {
            needs.recover = 0;
            decrease(&mut inventory[Item::Health]);
        }
    }
}

fn decrease(amount: &mut u8) {
    *amount = amount.saturating_sub(1);
}

impl World {
    /// The player's turn, the first of every step.
    pub(crate) fn update_player(&mut self, action: Action, tuning: &Tuning) -> Effect {
        let effect = self.act(action, tuning);
        let player = &mut self.player;
        player.update_needs();
        player.update_health();
        player.inventory.clamp();
        // Damage by creatures comes after the player's turn, so it wakes the
        // player in the next step.
        if player.inventory[Item::Health] < player.last_health {
            player.sleeping = false;
        }
        player.last_health = player.inventory[Item::Health];
        let sprite = Sprite::player(player.facing, player.sleeping);
        self.set_sprite(self.player_position(), sprite);
        effect
    }

    fn act(&mut self, action: Action, tuning: &Tuning) -> Effect {
        let mut woke = false;
        if self.player.sleeping {
            if !self.player.is_rested() {
                let ignored = !matches!(action, Action::Noop | Action::Sleep);
                return Effect::SleptOn { ignored };
            }
            self.player.sleeping = false;
            self.player.achieve(Achievement::WakeUp);
            woke = true;
        }
        match action {
            Action::Noop | Action::Sleep if woke => Effect::WokeUp,
            Action::Noop => Effect::Waited,
            Action::MoveLeft => self.walk(Direction::Left),
            Action::MoveRight => self.walk(Direction::Right),
            Action::MoveUp => self.walk(Direction::Up),
            Action::MoveDown => self.walk(Direction::Down),
            Action::Do => self.use_faced(tuning),
            Action::Sleep if self.player.is_rested() => Effect::NotTired,
            Action::Sleep => {
                self.player.sleeping = true;
                Effect::FellAsleep
            }
            Action::PlaceStone => self.place(&rules::PLACE[0], Placeable::Stone),
            Action::PlaceTable => self.place(&rules::PLACE[1], Placeable::Table),
            Action::PlaceFurnace => self.place(&rules::PLACE[2], Placeable::Furnace),
            Action::PlacePlant => self.place(&rules::PLACE[3], Placeable::Plant),
            Action::MakeWoodPickaxe => self.make(&rules::MAKE[0]),
            Action::MakeStonePickaxe => self.make(&rules::MAKE[1]),
            Action::MakeIronPickaxe => self.make(&rules::MAKE[2]),
            Action::MakeWoodSword => self.make(&rules::MAKE[3]),
            Action::MakeStoneSword => self.make(&rules::MAKE[4]),
            Action::MakeIronSword => self.make(&rules::MAKE[5]),
        }
    }

    fn walk(&mut self, direction: Direction) -> Effect {
        let turned = self.player.facing != direction;
        self.player.facing = direction;
        let from = self.player_position();
        let to = from + direction;
        let tile = self.map.get(to);
        let moved = tile.is_free(Ground::PLAYER);
        if moved {
            self.relocate(PLAYER, to);
        }
        if self.map[if moved { to } else { from }].is(Material::Lava) {
            self.player.inventory[Item::Health] = 0;
            return Effect::SteppedIntoLava;
        }
        match (moved, turned) {
            (true, _) => Effect::Moved { direction },
            (false, true) => Effect::Turned {
                direction,
                blocked_by: obstacle(tile),
            },
            (false, false) => Effect::Blocked { by: obstacle(tile) },
        }
    }

    fn use_faced(&mut self, tuning: &Tuning) -> Effect {
        let target = self.player_position() + self.player.facing;
        let tile = self.map.get(target);
        match (tile.kind(), tile.material()) {
            (Some(kind), _) => self.use_object(target, kind),
            (None, Some(material)) => self.use_material(target, material, tuning),
            (None, None) => Effect::NothingThere { at: Obstacle::Edge },
        }
    }

    fn use_object(&mut self, target: Position, kind: ObjectKind) -> Effect {
        let nothing = Effect::NothingThere {
            at: Obstacle::Object(kind),
        };
        let Some(slot) = self.find(target) else {
            return nothing;
        };
        let body = self.objects.body_mut(slot);
        let player = &mut self.player;
        match kind {
            ObjectKind::Plant if body.is_ripe() => {
                body.counter = 0;
                player.inventory[Item::Food] += rules::PLANT_FOOD;
                player.achieve(Achievement::EatPlant);
                self.set_sprite(target, Sprite::plant(false));
                Effect::AtePlant
            }
            ObjectKind::Plant => Effect::NotRipe,
            ObjectKind::Cow | ObjectKind::Zombie | ObjectKind::Skeleton => {
                body.health = body.health.saturating_sub(player.damage());
                if body.health > 0 {
                    return Effect::Hit {
                        kind,
                        health_left: body.health,
                    };
                }
                if kind == ObjectKind::Cow {
                    player.inventory[Item::Food] += rules::COW_FOOD;
                    player.needs.hunger = 0;
                    player.achieve(Achievement::EatCow);
                    return Effect::AteCow;
                }
                player.achieve(if kind == ObjectKind::Zombie {
                    Achievement::DefeatZombie
                } else {
                    Achievement::DefeatSkeleton
                });
                Effect::Defeated { kind }
            }
            ObjectKind::Arrow | ObjectKind::Player => nothing,
        }
    }

    fn use_material(&mut self, target: Position, material: Material, tuning: &Tuning) -> Effect {
        if material == Material::Water {
            self.player.needs.thirst = 0;
        }
        let Some(rule) = rules::collect(material) else {
            return Effect::NothingThere {
                at: Obstacle::Material(material),
            };
        };
        if let Some(tool) = rule.tool
            && self.player.inventory[tool] == 0
        {
            return Effect::NeedsTool { tool, material };
        }
        self.set_material(target, rule.leaves);
        // A number is drawn even where nothing can go wrong.
        let luck = if rule.probability < 1.0 {
            tuning.luck
        } else {
            1.0
        };
        if self.rng.uniform() > rule.probability * luck {
            return Effect::FoundNoSapling;
        }
        let amount = &mut self.player.inventory[rule.item];
        let full = *amount >= rules::MAX_ITEM;
        *amount += 1;
        self.player.achieve(rule.achievement);
        Effect::Collected {
            item: rule.item,
            full,
        }
    }

    fn place(&mut self, rule: &Place, what: Placeable) -> Effect {
        let target = self.player_position() + self.player.facing;
        let tile = self.map.get(target);
        let allowed = tile
            .material()
            .is_some_and(|material| rule.on.contains(&material));
        if tile.is_occupied() || !allowed {
            return Effect::CannotPlace {
                what,
                on: obstacle(tile),
            };
        }
        if let Some(effect) = self.spend(rule.uses) {
            return effect;
        }
        match rule.placed {
            Placed::Material(material) => self.set_material(target, material),
            Placed::Object(kind) => {
                self.add(target, kind, Direction::Down);
            }
        }
        self.player.achieve(rule.achievement);
        Effect::Placed { what }
    }

    fn make(&mut self, rule: &Make) -> Effect {
        if let Some(&material) = rule.nearby.iter().find(|&&each| !self.is_nearby(each)) {
            return Effect::NotNearby { material };
        }
        if let Some(effect) = self.spend(rule.uses) {
            return effect;
        }
        self.player.inventory[rule.item] += 1;
        self.player.achieve(rule.achievement);
        Effect::Made { item: rule.item }
    }

    /// Takes what an action costs, or says what is lacking.
    fn spend(&mut self, uses: &[(Item, u8)]) -> Option<Effect> {
        let inventory = &mut self.player.inventory;
        let lacking = uses
            .iter()
            .find(|&&(item, needed)| inventory[item] < needed);
        if let Some(&(item, needed)) = lacking {
            return Some(Effect::Lacking {
                item,
                needed,
                have: inventory[item],
            });
        }
        for &(item, amount) in uses {
            inventory[item] -= amount;
        }
        None
    }

    /// Whether a material is among the nine cells around and under the player.
    ///
    /// In the first column and row nothing is: the reference takes a slice
    /// from -1 there, which is empty.
    fn is_nearby(&self, material: Material) -> bool {
        let Position { x, y } = self.player_position();
        x > 0
            && y > 0
            && (x - 1..=x + 1)
                .any(|x| (y - 1..=y + 1).any(|y| self.map.get(Position::new(x, y)).is(material)))
    }
}

fn obstacle(tile: Tile) -> Obstacle {
    match (tile.kind(), tile.material()) {
        (Some(kind), _) => Obstacle::Object(kind),
        (None, Some(material)) => Obstacle::Material(material),
        (None, None) => Obstacle::Edge,
    }
}
