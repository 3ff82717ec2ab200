//! Turns task sets and tiers into the seeds of a run.
//!
//! What is played is a list of seeds either way, and that is what the trace file
//! keeps, so that a run can be continued after the set's file has changed.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use env_crafter::{Difficulty, Env, EnvConfig, TaskSet, Tier, Traits};

use crate::config::{Config, Layer, Origin, Settings};
use crate::exit::Coded;
use crate::output::counted;

/// Worlds that are looked at for each that is wanted, before a tier is given up.
/// Of the reference's worlds, three in ten are in the rarest tier.
const MOST_TRIES: u64 = 100;

/// Reads a task set.
///
/// # Errors
///
/// Where it cannot be read or is none.
pub fn read(path: &Path) -> anyhow::Result<TaskSet> {
    let shown = path.display();
    let file = File::open(path)
        .with_context(|| Coded::usage(format!("cannot read the task set {shown}")))?;
    serde_json::from_reader(BufReader::new(file)).with_context(|| {
        Coded::usage(format!(
            "{shown} is no task set: `runner tasks --out DIR` makes one"
        ))
    })
}

/// Reads task sets that are to be used together.
///
/// # Errors
///
/// Where one cannot be read, or two share seeds.
pub fn read_disjoint(paths: &[PathBuf]) -> anyhow::Result<Vec<TaskSet>> {
    let sets = paths
        .iter()
        .map(|path| read(path))
        .collect::<anyhow::Result<Vec<_>>>()?;
    for (place, set) in sets.iter().enumerate() {
        for other in &sets[..place] {
            set.check_disjoint(other)
                .map_err(|error| Coded::usage(error.to_string()))?;
        }
    }
    Ok(sets)
}

/// The seeds of a tier from `first` up: `wanted` of them, or as many as there are
/// among so many tries.
pub fn seeds_of_tier(tier: Tier, world: &EnvConfig, first: u64, wanted: u64) -> Vec<u64> {
    let of_tier = |seed: &u64| {
        let config = EnvConfig {
            seed: *seed,
            ..world.clone()
        };
        Env::new(config).is_ok_and(|env| Traits::of(&env).tier() == tier)
    };
    (first..=first.saturating_add(wanted.saturating_mul(MOST_TRIES)))
        .filter(of_tier)
        .take(usize::try_from(wanted).unwrap_or(usize::MAX))
        .collect()
}

/// The layer that task sets or a tier are, given the configuration without them.
/// `None` where neither is given.
///
/// # Errors
///
/// Where the sets cannot be read, share seeds, are of another difficulty than was
/// asked for, or have nothing of the tier.
pub fn layer(
    paths: &[PathBuf],
    tier: Option<Tier>,
    config: &Config,
    settings: &Settings,
) -> anyhow::Result<Option<Layer>> {
    let is_default =
        |section: &str, key: &str| settings.origin(section, key) == Some(&Origin::Default);
    let (name, seeds, difficulty) = match (paths.is_empty(), tier) {
        (true, None) => return Ok(all_listed(config, &is_default)),
        (true, Some(tier)) => {
            let difficulty = &config.world.difficulty;
            let world = EnvConfig {
                difficulty: Difficulty::from_name(difficulty).unwrap_or_default(),
                ..EnvConfig::default()
            };
            let seeds = seeds_of_tier(tier, &world, config.run.seed, config.run.episodes);
            (tier.name().to_owned(), seeds, difficulty.clone())
        }
        (false, tier) => {
            let sets = read_disjoint(paths)?;
            let of_tier = |set: &TaskSet| match tier {
                Some(tier) => set.of_tier(format!("{} {tier}", set.name()), tier),
                None => set.clone(),
            };
            let sets: Vec<TaskSet> = sets.iter().map(of_tier).collect();
            let asked = (!is_default("world", "difficulty")).then_some(&*config.world.difficulty);
            let difficulty = shared_world(&sets, asked)?;
            let names: Vec<&str> = sets.iter().map(TaskSet::name).collect();
            let seeds: Vec<u64> = sets.iter().flat_map(TaskSet::seeds).collect();
            (names.join(", "), seeds, difficulty)
        }
    };
    if seeds.is_empty() {
        return Err(Coded::usage(format!("task set {name:?} has no world to play")).into());
    }
    let signed = |seed: &u64| {
        i64::try_from(*seed).map_err(|_| {
            let message = format!(
                "seed {seed} of task set {name:?} is beyond the last, {}",
                i64::MAX
            );
            Coded::usage(message)
        })
    };
    let listed: Vec<i64> = seeds.iter().map(signed).collect::<Result<_, _>>()?;
    let mut layer = Layer::new(Origin::Tasks(name.clone()));
    if is_default("run", "episodes") && !paths.is_empty() {
        layer.set("run", "episodes", i64::try_from(listed.len()).ok());
    }
    layer.set("run", "tasks", Some(name));
    layer.set("run", "seeds", Some(listed));
    layer.set("world", "difficulty", Some(difficulty));
    Ok(Some(layer))
}

/// A list of seeds of one's own is played whole where nobody says how far.
fn all_listed(config: &Config, is_default: &dyn Fn(&str, &str) -> bool) -> Option<Layer> {
    let seeds = config.run.seeds.as_ref()?;
    let mut layer = Layer::new(Origin::Tasks("as listed".to_owned()));
    if is_default("run", "episodes") {
        layer.set("run", "episodes", i64::try_from(seeds.len()).ok());
    }
    Some(layer)
}

/// The difficulty that all sets are of, and `asked` too if anything was.
fn shared_world(sets: &[TaskSet], asked: Option<&str>) -> Result<String, Coded> {
    let area = EnvConfig::default().area;
    let mut difficulty = asked;
    for set in sets {
        let (columns, rows) = set.area();
        if (columns, rows) != area {
            return Err(Coded::usage(format!(
                "task set {:?} is of worlds of {columns}×{rows} cells, and {}×{} are played",
                set.name(),
                area.0,
                area.1
            )));
        }
        let its = set.difficulty().name();
        if let Some(other) = difficulty.filter(|other| *other != its) {
            return Err(Coded::usage(format!(
                "task set {:?} is of {its} worlds, not {other}: its tiers say nothing there",
                set.name()
            )));
        }
        difficulty = Some(its);
    }
    Ok(difficulty.unwrap_or_default().to_owned())
}

/// How many worlds of each tier a set has: `40 worlds: 13 easy, 15 medium, 12 hard`.
pub fn tiers(set: &TaskSet) -> String {
    let count = |tier| {
        set.tasks()
            .iter()
            .filter(|task| task.tier() == tier)
            .count()
    };
    let each = Tier::ALL.map(|tier| format!("{} {tier}", count(tier)));
    format!(
        "{}: {}",
        counted(set.tasks().len() as u64, "world"),
        each.join(", ")
    )
}
