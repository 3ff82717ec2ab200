//! `runner resume`: continues a run where it stopped.

use tracer::store::Store;

use super::run::{configuration, execute, part, prepare, refuse_two_on_stdout, traces};
use crate::args::ResumeArgs;
use crate::config::{Change, Config, Decides, Layer, Origin, changes};
use crate::exit::{Coded, Exit};
use crate::play::HUMAN;
use crate::{estimate, output, report};

/// Plays what is missing of a run, and what failed for reasons of the endpoint.
pub(super) fn resume(args: &ResumeArgs) -> anyhow::Result<Exit> {
    if args.run.replay.is_some() {
        return Err(
            Coded::usage("--replay plays a recorded run as a new one: leave `resume` out").into(),
        );
    }
    refuse_two_on_stdout(&args.run)?;
    let traces = traces(&args.run)?;
    let store = Store::open_read_only(&traces)?;
    let run = report::find_run(&store, args.id.as_deref())?;
    if run.models().contains(&HUMAN) {
        return Err(Coded::usage(format!(
            "a person played run {}, and nobody goes on for a person: `runner play --seed {}` \
             begins the same world again",
            run.experiment_id,
            run.current().run.seed
        ))
        .into());
    }
    let records = report::sessions(&store, &run)?;
    drop(store);

    let stored = stored_layer(run.current(), &run.experiment_id)?;
    let (mut config, settings) = configuration(&args.run, &[stored])?;
    config.run.traces = traces;
    let (moved, changed) = changes(run.current(), &config.without_secrets())?
        .into_iter()
        .filter(|change| change.decides() != Decides::Course)
        .partition::<Vec<Change>, _>(|change| change.decides() == Decides::Place);
    if !changed.is_empty() && !args.allow_changes {
        let changed: Vec<String> = changed.iter().map(ToString::to_string).collect();
        return Err(Coded::usage(format!(
            "run {} was played with another configuration: {}; leave that out, or say \
             --allow-changes to mix both in one run",
            run.experiment_id,
            changed.join(", ")
        ))
        .into());
    }
    for change in &moved {
        output::note(&format!("note: {change}; the report will say so"));
    }
    if args.run.show_config {
        output::line(&settings.to_string())?;
        return Ok(Exit::Done);
    }
    let part = part(&config);
    let mut job = prepare(config, &settings, &args.run, Some((run, records)))?;
    if args.run.dry_run {
        output::line(&estimate::describe(&job)?)?;
        return Ok(Exit::Done);
    }
    if !job.missing().is_empty() || job.config.run.until_decided {
        job.info.go_on(part)?;
    }
    execute(job, &args.run)
}

/// The configuration of the run as a layer. Headers and query parameters were
/// not stored; they come from the file or the flags again.
pub(super) fn stored_layer(config: &Config, id: &str) -> anyhow::Result<Layer> {
    let mut table = toml::Table::try_from(config)?;
    if let Some(endpoint) = table
        .get_mut("endpoint")
        .and_then(toml::Value::as_table_mut)
    {
        endpoint.retain(|key, _| key != "headers" && key != "query");
    }
    Ok(Layer {
        origin: Origin::Run(id.to_owned()),
        table,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_run_stored_is_a_layer_of_its_own() {
        let config = Config::defaults().expect("the defaults");
        let layer = stored_layer(&config, "r1").expect("a layer");
        let (loaded, settings) = Config::load(&[layer]).expect("valid");
        assert_eq!(loaded, config);
        let origin = settings
            .origin("limits", "max_steps")
            .map(ToString::to_string);
        assert_eq!(origin.as_deref(), Some("run r1"));
    }
}
