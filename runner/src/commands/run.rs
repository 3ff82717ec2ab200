//! `runner` without a subcommand: plays episodes and prints what came of them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use jiff::Timestamp;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;
use tracer::Store;
use tracer::prices::PriceTable;
use tracer::store::StoreError;

use super::compare;
use crate::args::RunArgs;
use crate::baselines::Baselines;
use crate::config::{self, Config, Layer, Origin, Settings};
use crate::episode::EpisodeRecord;
use crate::event_log::EventLog;
use crate::events::{EpisodeEnded, Reporter};
use crate::exit::{Coded, Exit};
use crate::experiment::{Job, Outcome};
use crate::output::counted;
use crate::overwrite::refuse_database;
use crate::plan::Plan;
use crate::play::HUMAN;
use crate::players::{Players, is_embedded};
use crate::report::text::{self, Detail};
use crate::report::{Later, Report, RunInfo};
use crate::run::{Exhausted, Finished, Stop};
use crate::{commands, estimate, output, players, replies, tasks, terminal};

/// Runs a new experiment.
pub(super) fn run(args: &RunArgs) -> anyhow::Result<Exit> {
    let (config, settings) = configuration(args, &[])?;
    refuse_two_on_stdout(args)?;
    if args.show_config {
        output::line(&settings.to_string())?;
        return Ok(Exit::Done);
    }
    let job = prepare(config, &settings, args, None)?;
    if args.dry_run {
        output::line(&estimate::describe(&job)?)?;
        return Ok(Exit::Done);
    }
    execute(job, args)
}

/// Two documents that are written at once are none.
pub(super) fn refuse_two_on_stdout(args: &RunArgs) -> Result<(), Coded> {
    match args.json && events_on_stdout(args) {
        true => Err(Coded::usage(
            "--json and --events - both want the standard output: write the events to a file",
        )),
        false => Ok(()),
    }
}

/// The configuration of defaults, environment, file and flags; `beneath` are
/// layers under the file.
pub(super) fn configuration(
    args: &RunArgs,
    beneath: &[Layer],
) -> anyhow::Result<(Config, Settings)> {
    let (config, settings) = layered(args, beneath)?;
    if args.endpoint.is_some() && config.run.models.iter().all(|model| is_embedded(model)) {
        return Err(Coded::usage(
            "--endpoint needs --model NAME: an endpoint is only asked for a model that is named",
        )
        .into());
    }
    Ok((config, settings))
}

/// The trace file that the options name. Only they know it: a run that is in it does not.
pub(super) fn traces(args: &RunArgs) -> anyhow::Result<PathBuf> {
    Ok(layered(args, &[])?.0.run.traces)
}

fn layered(args: &RunArgs, beneath: &[Layer]) -> anyhow::Result<(Config, Settings)> {
    let mut layers = Vec::new();
    let mut environment = Layer::new(Origin::Environment("OPENAI_BASE_URL"));
    let base_url = std::env::var("OPENAI_BASE_URL")
        .ok()
        .filter(|url| !url.is_empty());
    environment.set("endpoint", "base_url", base_url);
    layers.push(environment);
    layers.extend_from_slice(beneath);
    if let Some(folder) = &args.replay {
        layers.push(replies::layer(folder)?);
    }
    for path in &args.configs {
        layers.push(config::file_layer(path)?);
    }
    layers.push(args.layer());
    let (mut config, mut settings) = Config::load(&layers)?;
    if let Some(layer) = tasks::layer(&args.tasks, args.tier, &config, &settings)? {
        layers.push(layer);
        (config, settings) = Config::load(&layers)?;
    }
    Ok((config, settings))
}

/// Everything that is needed to run, checked. `earlier` is the run to continue.
pub(super) fn prepare(
    config: Config,
    settings: &Settings,
    args: &RunArgs,
    earlier: Option<(RunInfo, Vec<EpisodeRecord>)>,
) -> anyhow::Result<Job> {
    let prices = Arc::new(PriceTable::builtin()?);
    if config.run.until_decided {
        check_until_decided(&config)?;
    }
    let players = match &args.replay {
        Some(folder) => Players::recorded(&config.run.models, folder),
        None => Players::open(&config)?,
    };
    if !args.dry_run && args.replay.is_none() {
        players::check_endpoint(&config)?;
    }
    let plan = Plan::new(&config, settings, &players, &prices)?;
    if let Some(folder) = &args.replay {
        replies::check(folder, &plan.episodes)?;
    }
    let (info, earlier) = match earlier {
        Some(earlier) => earlier,
        None => (new_run(&config), Vec::new()),
    };
    Ok(Job {
        info,
        config,
        plan,
        players,
        earlier,
        start: None,
    })
}

/// Two equal models are never told apart, so there has to be another end.
fn check_until_decided(config: &Config) -> Result<(), Coded> {
    let limits = &config.limits;
    if config.run.models.len() != 2 {
        return Err(Coded::usage(
            "--until-decided compares two models: name two with --model",
        ));
    }
    if config.run.seeds.is_some() {
        return Err(Coded::usage(
            "--until-decided plays seed after seed, and a list of seeds has an end: leave one out",
        ));
    }
    if limits.run_time.is_none() && limits.max_cost.is_none() && limits.max_tokens.is_none() {
        return Err(Coded::usage(
            "--until-decided needs an end for models that are equal: give --time-limit, \
             --max-tokens or --max-cost",
        ));
    }
    Ok(())
}

pub(super) fn new_run(config: &Config) -> RunInfo {
    let started_at = Timestamp::now();
    let (random, _) = uuid::Uuid::new_v4().as_u64_pair();
    let Later {
        began_at: _,
        version,
        git,
        config,
    } = part(config);
    RunInfo {
        experiment_id: format!(
            "{}-{:04x}",
            started_at.strftime("%Y%m%d-%H%M%S"),
            random as u16
        ),
        started_at,
        version,
        git,
        branch: option_env!("BUILD_BRANCH").map(ToOwned::to_owned),
        config,
        later: Vec::new(),
    }
}

/// How this program plays a configuration, from now on.
pub(super) fn part(config: &Config) -> Later {
    Later {
        began_at: Timestamp::now(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        git: option_env!("BUILD_COMMIT").map(ToOwned::to_owned),
        config: config.without_secrets(),
    }
}

/// What is told of a run while it runs, and where.
pub(super) fn reporters(
    args: &RunArgs,
    traces: &Path,
    continued: bool,
) -> anyhow::Result<Vec<Box<dyn Reporter>>> {
    let mut reporters: Vec<Box<dyn Reporter>> = Vec::new();
    if let Some(path) = &args.events {
        refuse_database(path, traces)?;
        reporters.push(Box::new(EventLog::open(path, continued)?));
    }
    if !args.quiet {
        reporters.push(terminal::reporter());
    }
    Ok(reporters)
}

/// Runs a job, prints its reports, and says how it went.
pub(super) fn execute(mut job: Job, args: &RunArgs) -> anyhow::Result<Exit> {
    let traces = job.config.run.traces.clone();
    if let Some(folder) = &args.record {
        replies::begin(folder, &job.config, !job.earlier.is_empty())?;
        job.players = job.players.recording_to(folder);
    }
    let info = job.info.clone();
    let reporters = reporters(args, &traces, !job.earlier.is_empty())?;
    let Outcome {
        reports,
        finished,
        not_folded,
    } = job.execute(reporters, &interruption)?;
    let unfinished = unfinished(&info.experiment_id, &traces, &finished);

    // Where events take the standard output, a report has no place there.
    if args.json {
        output::document(&commands::report::json(&reports)?)?;
    } else if !events_on_stdout(args) {
        print(&reports, args.quiet)?;
    }
    if args.json || args.quiet || events_on_stdout(args) {
        unfinished.iter().for_each(|text| output::note(text));
    } else {
        if reports.len() > 1
            && let Some(comparison) = compare::within(&Store::open_read_only(&traces)?, &info)?
        {
            output::line(&format!("\n{comparison}"))?;
        }
        output::line(&where_to_look(&info.experiment_id, &traces))?;
        if let Some(text) = unfinished {
            output::line(&format!("\n{text}"))?;
        }
    }
    finish(&finished, not_folded)
}

/// How the program ends once all there is to say was said.
pub(super) fn finish(finished: &Finished, not_folded: Option<StoreError>) -> anyhow::Result<Exit> {
    match not_folded {
        Some(error) => Err(error.into()),
        None => Ok(exit(finished)),
    }
}

pub(super) fn events_on_stdout(args: &RunArgs) -> bool {
    args.events.as_deref() == Some(Path::new("-"))
}

pub(super) fn print(reports: &[Report], quiet: bool) -> anyhow::Result<()> {
    let published = Baselines::published().context("the embedded baselines are broken")?;
    let detail = if quiet {
        Detail::Scores
    } else {
        Detail::Summary
    };
    for report in reports {
        output::line(&format!(
            "\n{}",
            text::render(report, &published, detail, output::width())
        ))?;
    }
    Ok(())
}

pub(super) fn where_to_look(id: &str, traces: &Path) -> String {
    let path = traces.display();
    [
        format!("\nTraces of run {id} are in {path}. To look into them:"),
        format!("  duckdb {path} \"select * from session_summary\""),
        format!("  runner report {id} --traces {path}"),
    ]
    .join("\n")
}

/// What was not played and how to play it, where anything was not.
pub(super) fn unfinished(id: &str, traces: &Path, finished: &Finished) -> Option<String> {
    let incomplete = finished.incomplete();
    if incomplete + finished.not_played == 0 && finished.stop.is_none() {
        return None;
    }
    let reason = finished.stop.as_ref().map(Stop::reason);
    let why = match reason {
        Some(reason) => Some(format!("The run stopped early: {reason}.")),
        None => (finished.why_incomplete()).map(|why| format!("What cut it short: {why}.")),
    };
    let mut lines: Vec<String> = why.into_iter().collect();
    let of_a_person = |ended: &EpisodeEnded| ended.episode.model == HUMAN;
    let more = match &finished.stop {
        // Nothing goes on from a recording, and nobody for a person who left.
        Some(Stop::Recording(_)) => return Some(lines.join("\n")),
        _ if finished.played.iter().any(of_a_person) => return Some(lines.join("\n")),
        Some(Stop::Budget(Exhausted {
            more: Some(more), ..
        })) => Some(more),
        _ => None,
    };
    let (with, more) = match more {
        Some(more) => (" with more to spend", format!(" {more}")),
        None => ("", String::new()),
    };
    lines.push(format!(
        "Cut short: {}; not begun: {}. To go on{with}:\n  runner resume {id} --traces {}{more}",
        counted(incomplete, "episode"),
        finished.not_played,
        traces.display()
    ));
    Some(lines.join("\n"))
}

fn exit(finished: &Finished) -> Exit {
    match &finished.stop {
        Some(Stop::Interrupted) => Exit::Interrupted,
        Some(Stop::Budget(_)) => Exit::Budget,
        Some(Stop::Endpoint(_)) => Exit::Endpoint,
        Some(Stop::Traces(_)) => Exit::Traces,
        Some(Stop::Recording(_) | Stop::Fault(_)) => Exit::Failed,
        None if finished.endings().contains_key("endpoint_failure") => Exit::Endpoint,
        None if finished.incomplete() > 0 => Exit::Failed,
        None => Exit::Done,
    }
}

/// Listens for Ctrl-C, and for the signal by which schedulers and containers end a
/// program: the first ends the run politely, the second at once. The trace file is
/// whole either way; the database sees to that.
pub(super) fn interruption(runtime: &Runtime) -> CancellationToken {
    let interrupt = CancellationToken::new();
    cancel_by_signal(runtime, &interrupt, || {});
    interrupt
}

/// The first signal cancels `interrupt`; the second ends the program after `parting`.
pub(super) fn cancel_by_signal(
    runtime: &Runtime,
    interrupt: &CancellationToken,
    parting: impl FnOnce() + Send + 'static,
) {
    let cancel = interrupt.clone();
    let listening = {
        let _entered = runtime.enter();
        Signals::listen()
    };
    runtime.spawn(async move {
        let mut signals = match listening {
            Ok(signals) => signals,
            Err(error) => {
                output::note(&format!(
                    "warning: Ctrl-C will end the program at once: {error}"
                ));
                return;
            }
        };
        signals.next().await;
        cancel.cancel();
        signals.next().await;
        parting();
        std::process::exit(Exit::Interrupted as i32);
    });
}

/// What asks the program to end.
struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

impl Signals {
    #[cfg(unix)]
    fn listen() -> std::io::Result<Signals> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Signals {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    #[cfg(unix)]
    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    #[cfg(not(unix))]
    fn listen() -> std::io::Result<Signals> {
        Ok(Signals {})
    }

    #[cfg(not(unix))]
    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
