//! Provides the world as something to play: episodes, steps and views.

use std::num::NonZeroU64;

use ndarray::Array2;
use thiserror::Error;

use crate::{
    Achievement, AchievementSet, Action, Cell, ConfigError, Direction, Effect, EnvConfig, Faced,
    Inventory, Item, Material, Mt19937, NightNoise, Object, Position,
    config::AfterEnd,
    daylight::{daylight, is_night},
    objects::Body,
    rules,
    seed::world_seed,
    tile::Tile,
    world::World,
};

/// What a step brought.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// A tenth of the change in health, and 1 if anything was unlocked.
    pub reward: f64,
    /// Whether the player is dead.
    pub terminated: bool,
    /// Whether the episode has reached its length.
    pub truncated: bool,
    /// What was achieved for the first time in this episode.
    pub unlocked: AchievementSet,
    /// What the action did.
    pub effect: Effect,
}

impl Step {
    /// Whether the episode ended with this step, in one way or the other.
    #[must_use]
    pub fn is_last(&self) -> bool {
        self.terminated || self.truncated
    }
}

/// The episode has ended, so there is nothing to step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the episode is over after {steps} steps: reset the world to play on")]
pub struct EpisodeOver {
    /// How many steps the episode had.
    pub steps: u64,
}

/// A world in the middle of an episode.
///
/// It is a plain value: clone it to try something out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Env {
    pub(crate) config: EnvConfig,
    pub(crate) episode: u64,
    pub(crate) steps: u64,
    /// The health at the end of the latest step, which rewards are measured by.
    pub(crate) last_health: u8,
    pub(crate) world: World,
}

impl Env {
    /// A world at the beginning of its first episode.
    ///
    /// # Errors
    ///
    /// What is wrong with the configuration, if anything is.
    pub fn new(config: EnvConfig) -> Result<Self, ConfigError> {
        config.validate()?;
        Ok(Self::at_episode(config, 1))
    }

    /// A world of a configuration known to be valid.
    pub(crate) fn at_episode(config: EnvConfig, episode: u64) -> Self {
        let seed = world_seed(i128::from(config.seed), episode);
        let world = World::generate(config.area, seed, config.difficulty.tuning());
        let last_health = world.player.inventory[Item::Health];
        Self {
            config,
            episode,
            steps: 0,
            last_health,
            world,
        }
    }

    /// Begins the next episode, in another world. Episode 1 follows the one of the
    /// greatest number.
    pub fn reset(&mut self) {
        *self = Self::at_episode(self.config.clone(), self.next_episode());
    }

    /// Begins an episode by its number. The same episode of the same
    /// configuration is always the same.
    ///
    /// ```
    /// use std::num::NonZeroU64;
    /// use env_crafter::{Env, EnvConfig};
    ///
    /// let mut env = Env::new(EnvConfig::default())?;
    /// env.reset_to(NonZeroU64::MAX);
    /// env.reset();
    /// assert_eq!(env.episode(), 1);
    /// # Ok::<(), env_crafter::ConfigError>(())
    /// ```
    pub fn reset_to(&mut self, episode: NonZeroU64) {
        *self = Self::at_episode(self.config.clone(), episode.get());
    }

    /// The number of the episode after this one.
    pub(crate) fn next_episode(&self) -> u64 {
        self.episode.checked_add(1).unwrap_or(1)
    }

    /// Plays a step.
    ///
    /// # Errors
    ///
    /// The episode is over, and [`EnvConfig::after_end`] doesn't say to go on.
    pub fn step(&mut self, action: Action) -> Result<Step, EpisodeOver> {
        if self.config.after_end == AfterEnd::Refuse && self.is_over() {
            return Err(EpisodeOver { steps: self.steps });
        }
        Ok(self.advance(action))
    }

    /// Plays a step, whether or not the episode has ended.
    pub(crate) fn advance(&mut self, action: Action) -> Step {
        self.steps += 1;
        let tuning = self.config.difficulty.tuning();
        let before = self.achievements();
        // What is created in a step acts from the next one on.
        let count = self.world.objects.len();
        let effect = self.world.update_player(action, tuning);
        self.world.update_creatures(count, self.config.reach());
        if self.steps.is_multiple_of(rules::BALANCE_INTERVAL) {
            self.world.balance(daylight(self.steps), tuning);
        }
        self.world.compact();
        if self.draws_noise() {
            self.world.rng.skip(self.config.noise_words());
        }
        let health = self.world.player.inventory[Item::Health];
        let mut reward = (f64::from(health) - f64::from(self.last_health)) / 10.0;
        self.last_health = health;
        let unlocked = self.achievements().difference(before);
        if !unlocked.is_empty() {
            reward += 1.0;
        }
        Step {
            reward,
            terminated: self.is_dead(),
            truncated: self.is_truncated(),
            unlocked,
            effect,
        }
    }

    /// Whether the latest step drew a frame's noise from the world's stream.
    fn draws_noise(&self) -> bool {
        self.config.noise == NightNoise::WorldStream && is_night(self.steps)
    }

    /// Gives the world another future: from here on, chance is drawn from a
    /// generator with this seed.
    pub fn reseed(&mut self, seed: u32) {
        self.world.rng = Mt19937::new(seed);
    }

    /// What the world was made with.
    #[must_use]
    pub fn config(&self) -> &EnvConfig {
        &self.config
    }

    /// The number of the episode, from 1.
    #[must_use]
    pub fn episode(&self) -> u64 {
        self.episode
    }

    /// Steps played in this episode.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Where the player is.
    #[must_use]
    pub fn position(&self) -> Position {
        self.world.player_position()
    }

    /// Where the player looks.
    #[must_use]
    pub fn facing(&self) -> Direction {
        self.world.player.facing
    }

    /// What the player looks at.
    #[must_use]
    pub fn faced(&self) -> Faced {
        let target = self.position() + self.facing();
        match (self.object_at(target), self.material(target)) {
            (Some(object), _) => Faced::Object(object),
            (None, Some(material)) => Faced::Material(material),
            (None, None) => Faced::Outside,
        }
    }

    /// Whether the player is asleep.
    #[must_use]
    pub fn is_sleeping(&self) -> bool {
        self.world.player.sleeping
    }

    /// Whether the episode has ended, in death or by its length.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.is_dead() || self.is_truncated()
    }

    /// Whether the player is dead.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        self.world.player.inventory[Item::Health] == 0
    }

    fn is_truncated(&self) -> bool {
        self.config
            .length
            .is_some_and(|length| self.steps >= length)
    }

    /// What the player has.
    #[must_use]
    pub fn inventory(&self) -> &Inventory {
        &self.world.player.inventory
    }

    /// What has been achieved in this episode.
    #[must_use]
    pub fn achievements(&self) -> AchievementSet {
        self.world.player.unlocked
    }

    /// How often each achievement was reached, by its number.
    #[must_use]
    pub fn achievement_counts(&self) -> &[u32; Achievement::ALL.len()] {
        &self.world.player.counts
    }

    /// How light it is, from 0 at midnight to 1 at noon; night is below 0.5.
    #[must_use]
    pub fn daylight(&self) -> f64 {
        daylight(self.steps)
    }

    /// The material at a position; `None` outside the map.
    #[must_use]
    pub fn material(&self, position: Position) -> Option<Material> {
        self.world.map.get(position).material()
    }

    /// What stands at a position.
    #[must_use]
    pub fn object_at(&self, position: Position) -> Option<Object> {
        let slot = self.world.find(position)?;
        Some(self.object(position, self.world.objects.body(slot)))
    }

    /// Everything on the map, the player first, then by age.
    pub fn objects(&self) -> impl Iterator<Item = Object> {
        self.world
            .objects
            .iter()
            .map(|(position, body)| self.object(position, body))
    }

    fn object(&self, position: Position, body: &Body) -> Object {
        let player = &self.world.player;
        let (health, facing) = match body.kind {
            crate::ObjectKind::Player => (player.inventory[Item::Health], Some(player.facing)),
            crate::ObjectKind::Arrow => (body.health, Some(body.facing)),
            crate::ObjectKind::Cow
            | crate::ObjectKind::Zombie
            | crate::ObjectKind::Skeleton
            | crate::ObjectKind::Plant => (body.health, None),
        };
        Object {
            kind: body.kind,
            position,
            health,
            facing,
            ripe: body.is_ripe(),
            index: body.index,
            counter: body.counter,
        }
    }

    /// The part of the map the player sees, by row and column, with the
    /// player in the middle and north up: 7 rows of 9 cells by default.
    #[must_use]
    pub fn local_view(&self) -> Array2<Cell> {
        let (columns, rows) = self.config.local_view();
        let center = self.position();
        Array2::from_shape_fn((rows as usize, columns as usize), |(row, column)| {
            let position = Position::new(
                center.x - (columns / 2) as i32 + column as i32,
                center.y - (rows / 2) as i32 + row as i32,
            );
            let tile = self.world.map.get(position);
            let object = tile.kind().and_then(|_| self.object_at(position));
            Cell {
                material: tile.material(),
                object,
            }
        })
    }

    /// The whole map by `[x, y]`: the number of each cell's material, or 13
    /// and the number of the kind of what stands there, as in the reference's
    /// `info['semantic']`.
    #[must_use]
    pub fn semantic_map(&self) -> Array2<u8> {
        let map = &self.world.map;
        let id = |tile: &Tile| {
            tile.kind().map_or(tile.material_id(), |kind| {
                Material::ALL.len() as u8 + 1 + kind.id()
            })
        };
        let shape = (map.width() as usize, map.height() as usize);
        Array2::from_shape_fn(shape, |(x, y)| id(&map[Position::new(x as i32, y as i32)]))
    }

    /// The whole map by `[x, y]` as it is drawn: the number of each cell's
    /// material in the lower four bits, and in the upper four the number of
    /// what is drawn on it, which is its place in [`Textures::SPRITES`](crate::Textures::SPRITES) from 1,
    /// or 0 for nothing.
    #[must_use]
    pub fn tiles(&self) -> Array2<u8> {
        let map = &self.world.map;
        let shape = (map.width() as usize, map.height() as usize);
        Array2::from_shape_fn(shape, |(x, y)| {
            map[Position::new(x as i32, y as i32)].index() as u8
        })
    }

    /// What the player can't know and the reference's state holds, for
    /// comparing the two.
    #[must_use]
    pub fn hidden(&self) -> Hidden<'_> {
        let World {
            player,
            objects,
            chunks,
            rng,
            ..
        } = &self.world;
        let halves = |count: i16| f64::from(count) / 2.0;
        Hidden {
            world_seed: world_seed(i128::from(self.config.seed), self.episode),
            hunger: halves(player.needs.hunger),
            thirst: halves(player.needs.thirst),
            fatigue: halves(player.needs.fatigue),
            recover: halves(player.needs.recover),
            last_health: player.last_health,
            next_index: objects.created() + 1,
            chunks: chunks
                .inhabited()
                .iter()
                .map(|&chunk| chunks.corner(chunk as usize))
                .collect(),
            rng,
        }
    }
}

/// See [`Env::hidden`].
#[derive(Debug, Clone, PartialEq)]
pub struct Hidden<'a> {
    /// What the world's generator was seeded with.
    pub world_seed: u32,
    /// Rises to 25, then a point of food goes.
    pub hunger: f64,
    /// Rises to 20, then a point of drink goes.
    pub thirst: f64,
    /// Rises to 30, then a point of energy goes; falls to -10 in sleep, then
    /// one comes.
    pub fatigue: f64,
    /// Rises to 25 while nothing is lacking, then a point of health comes;
    /// else falls to -15, then one goes.
    pub recover: f64,
    /// The health the player remembers, to notice damage by.
    pub last_health: u8,
    /// The index the next object will get.
    pub next_index: u32,
    /// The first cell of each chunk in which creatures come and go, in the
    /// order in which they do.
    pub chunks: Vec<Position>,
    /// The world's stream of random numbers.
    pub rng: &'a Mt19937,
}
