//! `runner runs`: what runs and forks a trace file holds.

use serde::Serialize;

use crate::args::TableArgs;
use crate::exit::Exit;
use crate::fork::{self, ForkInfo};
use crate::report::text::{right, table};
use crate::report::{self, RunInfo};
use crate::{estimate, output, traces};

/// A run, in a line.
#[derive(Serialize)]
struct Line {
    #[serde(flatten)]
    run: RunInfo,
    /// Where its episodes begin, if they go on from another one.
    fork: Option<ForkInfo>,
    planned: u64,
    complete: u64,
    /// The worlds, in words: those that were planned and those that were played beyond.
    worlds: String,
}

/// Characters of a parent's id that are shown: its time, and some of its chance.
const PARENT: usize = 18;

/// Lists the runs and the forks, the oldest first.
pub(super) fn runs(args: &TableArgs) -> anyhow::Result<Exit> {
    let store = traces::open(&args.file.traces)?;
    let runs = report::runs(&store)?.into_iter().map(|run| (None, run));
    let forks = fork::all(&store)?.into_iter();
    let forks = forks.map(|(fork, run)| (Some(fork), run));
    let mut lines = runs
        .chain(forks)
        .map(|(fork, run)| {
            let episodes = report::episodes(report::sessions(&store, &run)?);
            let complete = episodes.iter().filter(|episode| episode.complete).count() as u64;
            let config = &run.current().run;
            let planned = config.episodes * run.models().len() as u64;
            let last = episodes
                .iter()
                .map(|episode| episode.config.index + 1)
                .max();
            let mut worlds = estimate::seeds(config, last.unwrap_or_default());
            if !run.mixed()?.is_empty() {
                worlds.push_str(", mixed");
            }
            Ok(Line {
                worlds,
                planned: planned.max(episodes.len() as u64),
                complete,
                run,
                fork,
            })
        })
        .collect::<anyhow::Result<Vec<Line>>>()?;
    lines.sort_by_key(|line| line.run.started_at);
    if args.json {
        output::json(&lines)?;
        return Ok(Exit::Done);
    }
    let mut table = table(
        output::width(),
        [
            "run", "began", "models", "episodes", "worlds", "version", "git",
        ],
    );
    for Line {
        run,
        fork,
        planned,
        complete,
        worlds,
    } in &lines
    {
        let episodes = match complete == planned {
            true => planned.to_string(),
            false => format!("{complete} of {planned}"),
        };
        table.add_row([
            run.experiment_id.clone().into(),
            run.started_at.strftime("%Y-%m-%d %H:%M").to_string().into(),
            run.models().join(", ").into(),
            right(episodes),
            match fork {
                None => worlds.clone(),
                Some(fork) => beginning(fork),
            }
            .into(),
            run.version.clone().into(),
            run.git.clone().unwrap_or_default().into(),
        ]);
    }
    output::line(&table.trim_fmt())?;
    Ok(Exit::Done)
}

/// Where a fork begins: enough of the parent's id to find it by.
fn beginning(fork: &ForkInfo) -> String {
    let ForkInfo {
        session_id,
        seed,
        step,
        ..
    } = fork;
    let parent: String = session_id.chars().take(PARENT).collect();
    format!("seed {seed}, step {step} of {parent}")
}
