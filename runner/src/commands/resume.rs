//! `runner resume`: continues a run where it stopped.

use tracer::store::Store;

use super::run::{configuration, execute, prepare};
use crate::args::ResumeArgs;
use crate::config::{Config, Layer, Origin};
use crate::exit::{Coded, Exit};
use crate::{estimate, output, report};

/// What a continued run may change without being another experiment: how fast
/// it goes, how far it goes, and where the endpoint is.
const FREE: [&str; 12] = [
    "run.episodes",
    "run.concurrency",
    "run.traces",
    "limits.run_time",
    "limits.max_cost",
    "limits.max_tokens",
    "endpoint.base_url",
    "endpoint.api_key_env",
    "endpoint.headers",
    "endpoint.query",
    "endpoint.request_timeout",
    "endpoint.max_attempts",
];

/// Plays what is missing of a run, and what failed for reasons of the endpoint.
pub(super) fn resume(args: &ResumeArgs) -> anyhow::Result<Exit> {
    if args.run.replay.is_some() {
        return Err(
            Coded::usage("--replay plays a recorded run as a new one: leave `resume` out").into(),
        );
    }
    // Only the flags know where the file is: the run that is in it does not.
    let (wanted, _) = configuration(&args.run, &[])?;
    let store = Store::open_read_only(&wanted.run.traces)?;
    let run = report::find_run(&store, args.id.as_deref())?;
    let records = report::sessions(&store, &run)?;
    drop(store);

    let stored = stored_layer(&run.config, &run.experiment_id)?;
    let (mut config, settings) = configuration(&args.run, &[stored])?;
    config.run.traces = wanted.run.traces;
    let changes = changes(&run.config, &config)?;
    if !changes.is_empty() && !args.allow_changes {
        return Err(Coded::usage(format!(
            "run {} was begun with another configuration: {}; leave that out, or say \
             --allow-changes to mix both in one run",
            run.experiment_id,
            changes.join(", ")
        ))
        .into());
    }
    if args.run.show_config {
        output::line(&settings.to_string())?;
        return Ok(Exit::Done);
    }
    let job = prepare(config, &settings, &args.run, Some((run, records)))?;
    if args.run.dry_run {
        output::line(&estimate::describe(&job)?)?;
        return Ok(Exit::Done);
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

/// What differs between the configurations that is not free to differ.
fn changes(before: &Config, now: &Config) -> anyhow::Result<Vec<String>> {
    let (before, now) = (toml::Table::try_from(before)?, toml::Table::try_from(now)?);
    let mut changes = Vec::new();
    for (section, keys) in &now {
        let keys = keys.as_table().into_iter().flatten().map(|(key, _)| key);
        let earlier = before.get(section).and_then(toml::Value::as_table);
        let mut keys: Vec<&String> = keys
            .chain(earlier.into_iter().flat_map(|t| t.keys()))
            .collect();
        keys.sort();
        keys.dedup();
        for key in keys {
            let path = format!("{section}.{key}");
            let was = earlier.and_then(|table| table.get(key));
            let is = now.get(section).and_then(|table| table.get(key));
            if was != is && !FREE.contains(&path.as_str()) {
                let shown = |value: Option<&toml::Value>| {
                    value.map_or_else(|| "unset".to_owned(), ToString::to_string)
                };
                changes.push(format!("{path} was {} and is {}", shown(was), shown(is)));
            }
        }
    }
    Ok(changes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_makes_another_experiment_is_named() {
        let before = Config::defaults().expect("the defaults");
        let mut now = before.clone();
        now.run.concurrency = Some(3);
        now.limits.max_cost = Some(1.0);
        assert_eq!(
            changes(&before, &now).expect("comparable"),
            Vec::<String>::new()
        );
        now.limits.max_steps = 5;
        now.limits.max_turns = Some(7);
        assert_eq!(
            changes(&before, &now).expect("comparable"),
            [
                "limits.max_steps was 1000 and is 5",
                "limits.max_turns was unset and is 7"
            ]
        );
    }

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
