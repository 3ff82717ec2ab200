//! `runner play`: a person plays in the terminal, or looks on while a model does.

use std::io::{self, IsTerminal as _};
use std::sync::Arc;
use std::sync::mpsc::{self, Sender};
use std::thread;

use agent_react::environment::Environment;
use agent_react::model::Listener;
use anyhow::Context as _;
use env_crafter::EnvConfig;
use tokio::runtime::Builder;
use tokio::sync::mpsc::unbounded_channel;
use tokio_util::sync::CancellationToken;
use tracer::prices::PriceTable;
use tracer::store::Store;

use super::fork;
use super::run::{
    cancel_by_signal, configuration, finish, new_run, print, unfinished, where_to_look,
};
use crate::args::{PlayArgs, RunArgs};
use crate::config::{Config, Layer, Origin, Run, Settings};
use crate::events::{Reporter, RunEvent, Stamped};
use crate::exit::{Coded, Exit};
use crate::experiment::{Job, Outcome};
use crate::fork::Start;
use crate::output;
use crate::plan::Plan;
use crate::play::{Colors, Game, HUMAN, Hands, Heard, Screen, Seat, View, at_the_terminal};
use crate::players::{self, Players};
use crate::rebuild::Recording;

/// Plays one episode and records it like any other.
pub(super) fn play(args: &PlayArgs) -> anyhow::Result<Exit> {
    refuse_several(&args.run)?;
    let (config, settings, start) = configured(args)?;
    if args.run.show_config {
        output::line(&settings.to_string())?;
        return Ok(Exit::Done);
    }
    check_terminal()?;

    let (told, heard) = mpsc::channel();
    let (mut job, hands) = seated(args, config, &settings, &told)?;
    let game = game(&job, start.as_ref())?;
    job.start = start;
    let (info, traces) = (job.info.clone(), job.config.run.traces.clone());
    let parent = job.start.as_ref().map(|start| start.info().clone());
    let screen = Screen {
        view: View::Pixels,
        scroll: 0,
        colors: colors(),
        clock: args.fps,
        pace: None,
    };

    let cancel = CancellationToken::new();
    // Heard before the terminal is taken over, so that none leaves it as it is then.
    let signals = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .context("cannot listen for signals")?;
    cancel_by_signal(&signals, &cancel, ratatui::restore);
    let interrupt = cancel.clone();
    let playing = thread::spawn(move || {
        let reporter: Box<dyn Reporter> = Box::new(Teller(told));
        job.execute(vec![reporter], &|_| interrupt.clone())
    });
    // From here on a panic puts the terminal back before it is reported.
    let mut terminal = ratatui::try_init().context("the terminal cannot be taken over")?;
    let left = at_the_terminal(&mut terminal, screen, game, hands, &heard, &cancel);
    ratatui::try_restore().context("the terminal cannot be put back")?;
    if !matches!(left, Ok(false)) {
        cancel.cancel();
    }
    let outcome = match playing.join() {
        Ok(outcome) => outcome?,
        Err(_) => anyhow::bail!("the episode broke off"),
    };
    left.context("the terminal cannot be used")?;
    let Outcome {
        reports,
        finished,
        not_folded,
    } = outcome;
    match parent {
        Some(parent) => fork::print(parent, &info, &args.run, &traces)?,
        None if args.run.json => output::document(&super::report::json(&reports)?)?,
        None => {
            print(&reports, true)?;
            output::line(&where_to_look(&info.experiment_id, &traces))?;
            let unfinished = unfinished(&info.experiment_id, &traces, &finished);
            // What a person left, no `resume` plays.
            if let Some(text) = unfinished.filter(|_| args.watch.is_some()) {
                output::line(&format!("\n{text}"))?;
            }
        }
    }
    finish(&finished, not_folded)
}

/// One episode is played at a time, by one player.
fn refuse_several(args: &RunArgs) -> Result<(), Coded> {
    let refused = [
        (
            "--model",
            !args.models.is_empty(),
            "--watch NAME looks on while a model plays",
        ),
        (
            "--episodes",
            args.episodes.is_some(),
            "one episode is played at a time",
        ),
        ("--tasks", !args.tasks.is_empty(), "--seed says which world"),
        ("--tier", args.tier.is_some(), "--seed says which world"),
        (
            "--concurrency",
            args.concurrency.is_some(),
            "one episode is played at a time",
        ),
        (
            "--until-decided",
            args.until_decided,
            "one episode is played at a time",
        ),
        (
            "--record",
            args.record.is_some(),
            "the trace holds all there is",
        ),
        (
            "--replay",
            args.replay.is_some(),
            "`runner view` shows what was played",
        ),
        (
            "--dry-run",
            args.dry_run,
            "--show-config prints what is played by",
        ),
        (
            "--events",
            args.events.is_some(),
            "the terminal shows what happens",
        ),
    ];
    match refused.iter().find(|(_, given, _)| *given) {
        Some((flag, _, instead)) => {
            Err(Coded::usage(format!("{flag} says nothing here: {instead}")))
        }
        None => Ok(()),
    }
}

/// The configuration, and where the episode goes on from another one, if it does.
fn configured(args: &PlayArgs) -> anyhow::Result<(Config, Settings, Option<Start>)> {
    let mut ours = Layer::new(Origin::Default);
    let player = args.watch.clone().unwrap_or_else(|| HUMAN.to_owned());
    ours.set("run", "models", Some(vec![player.clone()]));
    if args.watch.is_none() {
        // A key is an action.
        ours.set("agent", "max_actions", Some(1));
    }
    let (mut config, settings) = configuration(&args.run, &[ours])?;
    // Whatever a file says of several.
    config.run = Run {
        models: vec![player],
        episodes: 1,
        seeds: None,
        tasks: None,
        concurrency: Some(1),
        ..config.run
    };
    let Some(id) = &args.fork else {
        return Ok((config, settings, None));
    };
    let store = Store::open_read_only(&config.run.traces)?;
    let recording = Recording::read(&store, id)?;
    let start = Start::at(&recording, args.at_step.unwrap_or_default(), false)?;
    config.run.seed = recording.config.seed;
    config.world.difficulty = recording.world.difficulty.name().to_owned();
    config.world.length = recording.world.length.unwrap_or(config.world.length);
    let start = start.until(config.limits.max_steps, &recording)?;
    Ok((config, settings, Some(start)))
}

fn check_terminal() -> Result<(), Coded> {
    let dumb = std::env::var_os("TERM").is_some_and(|name| name == "dumb");
    match io::stdin().is_terminal() && io::stdout().is_terminal() && !dumb {
        true => Ok(()),
        false => Err(Coded::usage(
            "runner play takes a terminal for keys and pictures; without one, `runner --model NAME` \
             plays and `runner render` draws what was played",
        )),
    }
}

fn colors() -> Colors {
    let name = std::env::var("COLORTERM").unwrap_or_default();
    match (console::colors_enabled(), name.as_str()) {
        (false, _) => Colors::None,
        (true, "truecolor" | "24bit") => Colors::True,
        (true, _) => Colors::Few,
    }
}

/// The job with whoever plays in the seat, and the hands at the terminal.
fn seated(
    args: &PlayArgs,
    config: Config,
    settings: &Settings,
    told: &Sender<Heard>,
) -> anyhow::Result<(Job, Hands)> {
    let prices = Arc::new(PriceTable::builtin()?);
    let (seat, others, hands) = match &args.watch {
        None => {
            let (typing, typed) = unbounded_channel();
            let seat = Seat::person(typed, told.clone());
            (seat, Players::default(), Hands::play(typing, args.fps))
        }
        Some(name) => {
            let players = Players::open(&config)?;
            players::check_endpoint(&config)?;
            let notices = told.clone();
            let listener: Listener = Arc::new(move |text| drop(notices.send(Heard::Notice(text))));
            let model = players.model(name, config.run.seed, listener)?;
            let (showing, shown) = unbounded_channel();
            let seat = Seat::model(model, shown, told.clone());
            (seat, players, Hands::watch(showing))
        }
    };
    let players = others.with(Arc::new(seat));
    let mut plan = Plan::new(&config, settings, &players, &prices)?;
    if args.watch.is_none() {
        // Nobody hurries a person.
        plan.agent.limits.call_time = None;
    }
    let job = Job {
        info: new_run(&config),
        config,
        plan,
        players,
        earlier: Vec::new(),
        start: None,
    };
    Ok((job, hands))
}

/// The game that goes with the job's only episode.
fn game(job: &Job, start: Option<&Start>) -> anyhow::Result<Game> {
    let episode = job.plan.episodes.first().context("there is no episode")?;
    let options = job.plan.agent.environment();
    let environment = match start {
        Some(start) => start.begin(episode.index, options).0,
        None => {
            let world = EnvConfig {
                seed: episode.seed,
                ..job.plan.world.clone()
            };
            Environment::new(world, options)?
        }
    };
    Ok(Game::new(&episode.model, environment, &job.plan.agent))
}

/// Tells the terminal what it has to know of a run.
struct Teller(Sender<Heard>);

impl Reporter for Teller {
    fn report(&mut self, stamped: &Stamped) -> io::Result<()> {
        let heard = match &stamped.event {
            RunEvent::EpisodeEnded(ended) => Heard::Ended(Box::new(ended.clone())),
            RunEvent::Notice { text } => Heard::Notice(text.clone()),
            RunEvent::RunStarted(_)
            | RunEvent::RoundStarted { .. }
            | RunEvent::EpisodeStarted { .. }
            | RunEvent::EpisodeProgress { .. }
            | RunEvent::AchievementUnlocked { .. }
            | RunEvent::Stopping { .. }
            | RunEvent::RunEnded { .. } => return Ok(()),
        };
        // The terminal may have been left before.
        drop(self.0.send(heard));
        Ok(())
    }
}
