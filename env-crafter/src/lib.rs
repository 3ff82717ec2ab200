//! Crafter, the open-world survival game, as a pure and deterministic state
//! machine: the same seed and actions give the same world, step for step the
//! one of the Python reference (Crafter 1.8.3), down to hidden counters, random
//! numbers and pixels.
//!
//! An [`Env`] is made from an [`EnvConfig`] and played by [`Env::step`], which
//! says what the action did. Everything else is a view: the [local
//! view](Env::local_view) and the [semantic map](Env::semantic_map), what the
//! player [has](Env::inventory) and [faces](Env::faced), the
//! [image](Env::image). Looking never changes the world.
//!
//! ```
//! use env_crafter::{Action, Effect, Env, EnvConfig, Item};
//!
//! let mut env = Env::new(EnvConfig { seed: 3, ..EnvConfig::default() })?;
//! let step = env.step(Action::MoveRight)?;
//! assert!(matches!(step.effect, Effect::Moved { .. } | Effect::Turned { .. }));
//!
//! // What was tried in vain says why.
//! let step = env.step(Action::PlaceTable)?;
//! println!("{}", step.effect);
//! assert!(step.effect.is_invalid());
//!
//! // A world is a value: save it, go on, and come back.
//! let saved = env.snapshot();
//! while !env.is_over() {
//!     env.step(if env.inventory()[Item::Energy] < 3 { Action::Sleep } else { Action::Do })?;
//! }
//! let env = Env::restore(&saved);
//! assert_eq!(env.steps(), 2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Where to look further: the numbers of the game are tables in [`rules`]; what
//! makes a world is [`EnvConfig`], [`NightNoise`] and [`Difficulty`]; frames are
//! drawn by a [`Renderer`] with some [`Textures`]; [`Snapshot`] saves and
//! restores; a [`VectorEnv`] plays many worlds on all cores; a [`TaskSet`]
//! lists seeds by how hard their worlds begin; `examples/trace` compares a world with the reference.
//!
//! The crate does no I/O but for loading textures, reads no clock and logs
//! nothing, and but for [`VectorEnv`] it uses no threads. It knows nothing of
//! agents.

mod vocabulary;

mod achievement;
mod action;
mod config;
mod difficulty;
mod effect;
mod item;
mod material;
mod object;
mod position;
pub mod rules;

mod env;

mod world;

mod map;
mod tile;

mod chunk;
mod objects;
mod residents;

mod balance;
mod creature;
mod player;

mod cpu;
mod daylight;
mod rng;
mod seed;
mod simplex;
mod terrain;
mod worldgen;

mod snapshot;
mod vector;

mod tasks;

#[cfg(test)]
mod tests;

mod image;
mod textures;

pub use achievement::{Achievement, AchievementSet};
pub use action::Action;
pub use config::{AfterEnd, ConfigError, EnvConfig, MAX_AREA, MAX_SIZE, MAX_VIEW, NightNoise};
pub use difficulty::Difficulty;
pub use effect::{Effect, InvalidReason, Obstacle, Placeable};
pub use env::{Env, EpisodeOver, Hidden, Step};
pub use image::Renderer;
pub use item::{Inventory, Item};
pub use material::Material;
pub use object::{Cell, Faced, Object, ObjectKind};
pub use position::{Direction, Position};
pub use rng::Mt19937;
pub use snapshot::{Snapshot, SnapshotError};
pub use tasks::{Task, TaskSet, TaskSetError, Tier, Traits};
pub use textures::{MAX_TEXTURE_SIDE, TextureError, Textures};
pub use vector::{ActionCount, MAX_THREADS, VectorEnv, VectorError};
pub use vocabulary::UnknownName;
