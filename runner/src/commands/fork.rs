//! `runner fork`: lets models go on from a step of an episode.

use std::path::Path;

use tracer::store::Store;

use super::resume::stored_layer;
use super::run::{
    configuration, events_on_stdout, finish, interruption, prepare, refuse_two_on_stdout,
    reporters, traces,
};
use crate::args::{ForkArgs, RunArgs};
use crate::config::{Layer, Origin};
use crate::exit::{Coded, Exit};
use crate::fork::{self, ForkInfo, ForkReport, Start};
use crate::rebuild::Recording;
use crate::report::{self, RunInfo};
use crate::{estimate, output};

/// Plays continuations of an episode and prints what the decision was worth.
pub(super) fn fork(args: &ForkArgs) -> anyhow::Result<Exit> {
    refuse_other_worlds(&args.run)?;
    refuse_two_on_stdout(&args.run)?;
    let traces = traces(&args.run)?;
    let store = Store::open_read_only(&traces)?;
    let recording = Recording::read(&store, &args.episode)?;
    let start = Start::at(&recording, args.at_step, args.reseed)?;
    let beneath = beneath(&store, &recording, args)?;
    drop(store);

    let (mut config, settings) = configuration(&args.run, &beneath)?;
    config.run.traces.clone_from(&traces);
    (config.run.seeds, config.run.tasks) = (None, None);
    config.run.seed = recording.config.seed;
    if args.run.show_config {
        output::line(&settings.to_string())?;
        return Ok(Exit::Done);
    }
    if config.limits.max_steps <= args.at_step {
        return Err(Coded::usage(format!(
            "the limit of {} steps is reached at step {}: give a larger --max-steps",
            config.limits.max_steps, args.at_step
        ))
        .into());
    }
    let start = start.until(config.limits.max_steps, &recording)?;
    let mut job = prepare(config, &settings, &args.run, None)?;
    job.plan.world = recording.world.clone();
    for episode in &mut job.plan.episodes {
        // One world, many times.
        episode.seed = recording.config.seed;
    }
    let info = start.info().clone();
    job.start = Some(start);
    if args.run.dry_run {
        output::line(&estimate::describe(&job)?)?;
        return Ok(Exit::Done);
    }

    if !args.run.quiet {
        output::note(&fork::headline(&info));
    }
    let run = job.info.clone();
    let outcome = job.execute(reporters(&args.run, &traces, false)?, &interruption)?;
    print(info, &run, &args.run, &traces)?;
    finish(&outcome.finished, outcome.not_folded)
}

/// Prints what came of a fork.
pub(super) fn print(
    info: ForkInfo,
    run: &RunInfo,
    args: &RunArgs,
    traces: &Path,
) -> anyhow::Result<()> {
    let store = Store::open_read_only(traces)?;
    let report = ForkReport::load(&store, info, run)?;
    if args.json {
        output::json(&report)?;
    } else if !events_on_stdout(args) {
        let (id, path) = (&run.experiment_id, traces.display());
        output::line(&format!(
            "\n{}\n\nTo see it again:\n  runner report {id} --traces {path}",
            fork::render(&report, output::width())
        ))?;
    }
    Ok(())
}

/// A continuation is played in its parent's world, as often as it was asked for.
fn refuse_other_worlds(args: &RunArgs) -> Result<(), Coded> {
    let refused = [
        ("--episodes", args.episodes.is_some()),
        ("--seed", args.seed.is_some()),
        ("--difficulty", args.difficulty.is_some()),
        ("--tasks", !args.tasks.is_empty()),
        ("--tier", args.tier.is_some()),
        ("--until-decided", args.until_decided),
        ("--record", args.record.is_some()),
        ("--replay", args.replay.is_some()),
    ];
    match refused.iter().find(|(_, given)| *given) {
        Some((flag, _)) => Err(Coded::usage(format!(
            "{flag} says nothing here: a fork goes on in its parent's world, --continuations times"
        ))),
        None => Ok(()),
    }
}

/// What the parent was played with, where its run is in the file, and what makes a
/// fork of it.
fn beneath(store: &Store, recording: &Recording, args: &ForkArgs) -> anyhow::Result<Vec<Layer>> {
    let mut layers = Vec::new();
    let id = recording.experiment_id.as_deref();
    if let Some(run) = id.map(|id| run(store, id)).transpose()?.flatten() {
        layers.push(stored_layer(&run.config, &run.experiment_id)?);
    }
    let mut layer = Layer::new(Origin::Run(id.unwrap_or_default().to_owned()));
    layer.set("run", "models", Some(vec![recording.config.model.clone()]));
    layer.set("run", "episodes", Some(i64::from(args.continuations)));
    layer.set("run", "until_decided", Some(false));
    layers.push(layer);
    Ok(layers)
}

/// The run or the fork that the parent is part of.
fn run(store: &Store, id: &str) -> anyhow::Result<Option<RunInfo>> {
    let runs = report::runs(store)?;
    if let Some(run) = runs.into_iter().find(|run| run.experiment_id == id) {
        return Ok(Some(run));
    }
    Ok(fork::find(store, id)?.map(|(_, run)| run))
}
