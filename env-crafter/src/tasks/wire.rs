//! Defines how a task set is saved, with any of serde's formats:
//!
//! ```json
//! {
//!   "format": "crafter-tasks/1", "name": "test", "area": [64, 64], "difficulty": "normal",
//!   "tasks": [{"seed": 5, "tier": "easy", "trees": 27, "water": 88, "cows": 4, "hostiles": 1,
//!              "coal": 3, "iron": 0}]
//! }
//! ```

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use super::{Task, TaskSet, TaskSetError, Tier, Traits};
use crate::{ConfigError, Difficulty, EnvConfig, UnknownName};

const FORMAT: &str = "crafter-tasks/1";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedSet {
    format: Format,
    name: String,
    area: (u32, u32),
    difficulty: String,
    tasks: Vec<SavedTask>,
}

/// The format's name, which is the first thing to be read.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
struct Format;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedTask {
    seed: u64,
    tier: String,
    trees: u32,
    water: u32,
    cows: u32,
    hostiles: u32,
    coal: u32,
    iron: u32,
}

impl Serialize for TaskSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let saved = SavedSet {
            format: Format,
            name: self.name.clone(),
            area: self.area,
            difficulty: self.difficulty.name().to_owned(),
            tasks: self.tasks.iter().map(SavedTask::from).collect(),
        };
        saved.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for TaskSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let saved = SavedSet::deserialize(deserializer)?;
        let difficulty: Difficulty = saved.difficulty.parse().map_err(D::Error::custom)?;
        let config = EnvConfig {
            area: saved.area,
            ..EnvConfig::default()
        };
        // How much is seen of the area is no part of a set.
        if let Err(error @ ConfigError::Area { .. }) = config.validate() {
            return Err(D::Error::custom(error));
        }
        let mut set = Self {
            name: saved.name,
            area: saved.area,
            difficulty,
            tasks: Vec::with_capacity(saved.tasks.len()),
        };
        for saved in saved.tasks {
            let (task, found) = saved.read().map_err(D::Error::custom)?;
            if found != task.tier() {
                return Err(D::Error::custom(TaskSetError::OtherTier {
                    name: set.name,
                    seed: task.seed,
                    found,
                    expected: task.tier(),
                }));
            }
            set.tasks.push(task);
        }
        set.check_unique().map_err(D::Error::custom)?;
        Ok(set)
    }
}

impl From<Format> for String {
    fn from(_: Format) -> Self {
        FORMAT.to_owned()
    }
}

impl TryFrom<String> for Format {
    type Error = TaskSetError;

    fn try_from(found: String) -> Result<Self, TaskSetError> {
        if found == FORMAT {
            return Ok(Self);
        }
        Err(TaskSetError::Format {
            expected: FORMAT,
            found,
        })
    }
}

impl From<&Task> for SavedTask {
    fn from(task: &Task) -> Self {
        let Traits {
            trees,
            water,
            cows,
            hostiles,
            coal,
            iron,
        } = task.traits;
        Self {
            seed: task.seed,
            tier: task.tier().name().to_owned(),
            trees,
            water,
            cows,
            hostiles,
            coal,
            iron,
        }
    }
}

impl SavedTask {
    fn read(self) -> Result<(Task, Tier), UnknownName> {
        let traits = Traits {
            trees: self.trees,
            water: self.water,
            cows: self.cows,
            hostiles: self.hostiles,
            coal: self.coal,
            iron: self.iron,
        };
        let seed = self.seed;
        Ok((Task { seed, traits }, self.tier.parse()?))
    }
}
