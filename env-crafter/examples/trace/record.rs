//! Defines the records of a trace, as the reference's oracle writes them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The settings of a trace, in its first line.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Config {
    pub(crate) seed: i128,
    pub(crate) area: [u32; 2],
    pub(crate) view: [u32; 2],
    pub(crate) size: [u32; 2],
    pub(crate) length: Option<u64>,
    pub(crate) reward: bool,
    pub(crate) episodes: u64,
    /// The most steps an episode is played for.
    pub(crate) steps: u64,
    /// The most steps of all episodes together; 0 for no limit.
    pub(crate) total_steps: u64,
    pub(crate) policy: String,
    pub(crate) policy_seed: i128,
    /// All objects are listed in every so manieth step.
    pub(crate) dump_every: u64,
    /// The image is given in every so manieth step.
    pub(crate) frame_every: u64,
    /// Whether play goes on after the end.
    pub(crate) past_done: bool,
    pub(crate) rng_log: bool,
    /// "separate" if night noise is not the world's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) noise: Option<String>,
    /// The hash of the textures, if they are not the package's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) textures: Option<String>,
}

/// One line of a trace.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Record {
    Header(Box<Header>),
    Reset(Box<Reset>),
    Step(Box<Step>),
    End(Box<End>),
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Header {
    pub(crate) format: &'static str,
    pub(crate) version: u32,
    pub(crate) versions: BTreeMap<&'static str, &'static str>,
    /// Among which order of creatures chance picks one to go.
    pub(crate) creature_order: &'static str,
    pub(crate) config: Config,
    pub(crate) actions: Vec<&'static str>,
    pub(crate) materials: Vec<Option<&'static str>>,
    pub(crate) items: Vec<&'static str>,
    pub(crate) achievements: Vec<&'static str>,
    pub(crate) classes: Vec<&'static str>,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Reset {
    pub(crate) episode: u64,
    pub(crate) world_seed: u32,
    pub(crate) daylight: String,
    pub(crate) inventory: Vec<u8>,
    pub(crate) player: Player,
    pub(crate) next_index: u32,
    pub(crate) rng: Rng,
    pub(crate) hash: Hashes,
    pub(crate) chunks: Vec<[i32; 2]>,
    pub(crate) objects: Vec<Object>,
    pub(crate) materials: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) image: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Step {
    pub(crate) step: u64,
    pub(crate) action: u8,
    pub(crate) reward: f64,
    pub(crate) reward_bits: String,
    pub(crate) done: bool,
    pub(crate) discount: f64,
    pub(crate) daylight: String,
    pub(crate) inventory: Vec<u8>,
    pub(crate) player: Player,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) unlocked: Vec<&'static str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) counts: BTreeMap<&'static str, u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) changed: Vec<Object>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) removed: Vec<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) tiles: Vec<(usize, usize, u8)>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) new_chunks: Vec<[i32; 2]>,
    pub(crate) next_index: u32,
    pub(crate) rng: Rng,
    pub(crate) hash: Hashes,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) objects: Option<Vec<Object>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) image: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct End {
    pub(crate) episode: u64,
    pub(crate) steps: u64,
    pub(crate) r#return: String,
    pub(crate) dead: bool,
    pub(crate) unlocked: BTreeMap<&'static str, u64>,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Player {
    pub(crate) pos: [i32; 2],
    pub(crate) facing: [i32; 2],
    pub(crate) sleeping: bool,
    pub(crate) hunger: f64,
    pub(crate) thirst: f64,
    pub(crate) fatigue: f64,
    pub(crate) recover: f64,
    pub(crate) last_health: u8,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Rng {
    pub(crate) pos: u16,
    pub(crate) draws: u64,
    pub(crate) key: String,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Hashes {
    pub(crate) obj: String,
    pub(crate) mat: String,
    pub(crate) sem: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) img: Option<String>,
}

/// The first line of a file of worlds.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct WorldsHeader {
    pub(crate) format: &'static str,
    pub(crate) version: u32,
    pub(crate) materials: Vec<Option<&'static str>>,
    pub(crate) classes: Vec<&'static str>,
}

/// The initial world of a seed, in files of their own.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct World {
    pub(crate) kind: &'static str,
    pub(crate) seed: i128,
    pub(crate) episode: u64,
    pub(crate) area: [u32; 2],
    pub(crate) world_seed: u32,
    pub(crate) simplex_seed: u32,
    pub(crate) hash: Hashes,
    /// Cells of each material, by its number.
    pub(crate) counts: [u32; 13],
    pub(crate) rng: Rng,
    pub(crate) chunks: Vec<[i32; 2]>,
    /// Class and position.
    pub(crate) objects: Vec<(u8, i32, i32)>,
    pub(crate) materials: String,
}

/// Index, class, x, y, health, counter and facing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Object(
    pub(crate) u32,
    pub(crate) u8,
    pub(crate) i32,
    pub(crate) i32,
    pub(crate) i32,
    pub(crate) u32,
    pub(crate) i32,
    pub(crate) i32,
);
