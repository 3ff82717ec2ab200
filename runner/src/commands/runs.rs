//! `runner runs`: what runs a trace file holds.

use serde::Serialize;

use crate::args::TableArgs;
use crate::exit::Exit;
use crate::report::text::{right, table};
use crate::report::{self, RunInfo};
use crate::{estimate, output, traces};

/// A run, in a line.
#[derive(Serialize)]
struct Line {
    #[serde(flatten)]
    run: RunInfo,
    planned: u64,
    complete: u64,
}

/// Lists the runs, the oldest first.
pub(super) fn runs(args: &TableArgs) -> anyhow::Result<Exit> {
    let store = traces::open(&args.file.traces)?;
    let lines = report::runs(&store)?
        .into_iter()
        .map(|run| {
            let episodes = report::episodes(report::sessions(&store, &run)?);
            let complete = episodes.iter().filter(|episode| episode.complete).count() as u64;
            let planned = run.config.run.episodes * run.config.run.models.len() as u64;
            Ok(Line {
                planned: planned.max(episodes.len() as u64),
                complete,
                run,
            })
        })
        .collect::<anyhow::Result<Vec<Line>>>()?;
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
        planned,
        complete,
    } in &lines
    {
        let episodes = match complete == planned {
            true => planned.to_string(),
            false => format!("{complete} of {planned}"),
        };
        table.add_row([
            run.experiment_id.clone().into(),
            run.started_at.strftime("%Y-%m-%d %H:%M").to_string().into(),
            run.config.run.models.join(", ").into(),
            right(episodes),
            estimate::seeds(&run.config.run).into(),
            run.version.clone().into(),
            run.git.clone().unwrap_or_default().into(),
        ]);
    }
    output::line(&table.trim_fmt())?;
    Ok(Exit::Done)
}
