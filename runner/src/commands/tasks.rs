//! `runner tasks`: makes task sets, and checks saved ones.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use env_crafter::{Difficulty, EnvConfig, TaskSet, Tier};

use crate::args::TasksArgs;
use crate::exit::{Coded, Exit};
use crate::output::{self, counted};
use crate::overwrite::refuse_file;
use crate::plan::one_of;
use crate::tasks;

/// Makes a set, or checks those that were named.
pub(super) fn tasks(args: &TasksArgs) -> anyhow::Result<Exit> {
    if args.files.is_empty() {
        make(args)?;
    } else {
        for set in tasks::read_disjoint(&args.files)? {
            set.verify()
                .map_err(|error| Coded::usage(error.to_string()))?;
            output::line(&format!("{}: {}", set.name(), tasks::tiers(&set)))?;
        }
    }
    Ok(Exit::Done)
}

fn make(args: &TasksArgs) -> anyhow::Result<()> {
    let world = EnvConfig {
        difficulty: Difficulty::from_name(&args.difficulty).ok_or_else(|| {
            let known = Difficulty::ALL.map(Difficulty::name);
            Coded::usage(one_of("difficulty", &args.difficulty, &known))
        })?,
        ..EnvConfig::default()
    };
    let usage = |error: env_crafter::TaskSetError| Coded::usage(error.to_string());
    let end = args.seed.saturating_add(args.worlds);
    let found = match args.tier {
        Some(tier) => tasks::seeds_of_tier(tier, &world, args.seed, args.worlds),
        None => (args.seed..end).collect(),
    };
    let all = TaskSet::of_seeds(&args.name, &world, found).map_err(usage)?;
    let size = all.tasks().len();
    if (size as u64) < args.worlds {
        let message = format!(
            "there are only {} of that tier from seed {}",
            counted(size as u64, "world"),
            args.seed
        );
        return Err(Coded::usage(message).into());
    }
    let held_out = usize::try_from(args.held_out).unwrap_or(usize::MAX);
    let sets = match held_out {
        0 => vec![all],
        _ => {
            let test = format!("{}-test", args.name);
            let kept = size.saturating_sub(held_out);
            all.split(args.shuffle, [(&args.name, kept), (&test, held_out)])
                .map_err(usage)?
                .into()
        }
    };
    for set in &sets {
        let mut said = format!("{}: {}", set.name(), tasks::tiers(set));
        if let Some(folder) = &args.out {
            let path = folder.join(format!("{}.json", set.name()));
            save(set, folder, &path)?;
            said.push_str(&format!(", in {}", path.display()));
        }
        output::line(&said)?;
    }
    Ok(())
}

fn save(set: &TaskSet, folder: &Path, path: &Path) -> anyhow::Result<()> {
    refuse_file(folder)?;
    if path.exists() && tasks::read(path).is_err() {
        let message = format!(
            "{} is no task set, and would be lost: give the set another --name, or name another \
             folder",
            path.display()
        );
        return Err(Coded::usage(message).into());
    }
    let cannot = || Coded::usage(format!("cannot write the task set {}", path.display()));
    fs::create_dir_all(folder).with_context(cannot)?;
    let mut text = serde_json::to_string_pretty(set)?;
    text.push('\n');
    fs::write(path, text).with_context(cannot)
}

/// The tier of that name, for the command line.
pub(crate) fn tier(name: &str) -> Result<Tier, String> {
    Tier::from_name(name).ok_or_else(|| one_of("tier", name, &Tier::ALL.map(Tier::name)))
}
