//! Runs an experiment from its plan to its reports: opens the trace file, plays,
//! sees everything written, and reads back what the file holds.

use std::collections::BTreeSet;
use std::panic;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use agent_react::hooks::{HookOptions, crafter_hooks};
use anyhow::Context as _;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;
use tracer::channel::RecordSender;
use tracer::privacy::Privacy;
use tracer::store::{Experiment, StoreError, SystemVersion};
use tracer::{Store, Tracer, TracerOptions, Writer, WriterOptions};

use env_crafter::Achievement;

use crate::config::Config;
use crate::decide::Duel;
use crate::episode::{EpisodeConfig, EpisodeRecord, UsageRecord};
use crate::events::{EpisodeEnded, Events, Reporter, RunEvent, RunStarted};
use crate::fork::Start;
use crate::plan::Plan;
use crate::players::Players;
use crate::report::{self, Report, RunInfo};
use crate::run::{self, Finished, Program, Stage};

/// An experiment that is ready to be run.
pub struct Job {
    /// What the trace file will say of it.
    pub info: RunInfo,
    /// Its configuration, secrets included.
    pub config: Config,
    /// What it means.
    pub plan: Plan,
    /// Who plays.
    pub players: Players,
    /// What earlier parts of the run have left: nothing for a new one.
    pub earlier: Vec<EpisodeRecord>,
    /// Where episodes go on from another one, if they do not begin at the beginning.
    pub start: Option<Start>,
}

/// What an experiment came to.
pub struct Outcome {
    /// One report for each model that began an episode; none for a fork, whose
    /// episodes are no run's.
    pub reports: Vec<Report>,
    /// How playing ended.
    pub finished: Finished,
    /// Why the file is not whole by itself, though everything played is saved.
    pub not_folded: Option<StoreError>,
}

impl Job {
    /// Runs it. Every trace is durable when it returns.
    ///
    /// # Errors
    ///
    /// Where the trace file cannot be written or read back. What was played is
    /// in it all the same, as far as it could be written.
    pub fn execute(
        self,
        reporters: Vec<Box<dyn Reporter>>,
        interrupt: &dyn Fn(&Runtime) -> CancellationToken,
    ) -> anyhow::Result<Outcome> {
        let job = Arc::new(self);
        let traces = job.config.run.traces.clone();
        let writer = Writer::open(&traces, WriterOptions::default())?;
        writer.register(&job.experiment()?)?;

        let (events, heard) = Events::channel();
        let reporting = report_on_thread(reporters, heard);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            // A thread for each embedded episode, and some for the rest.
            .max_blocking_threads(job.plan.concurrency + 64)
            .build()
            .context("cannot start the asynchronous runtime")?;
        let interrupt = interrupt(&runtime);
        let playing = Arc::clone(&job).play(writer.sender(), events, interrupt);
        // A task like the episodes: this thread would have to be woken after each turn.
        let finished = match runtime.block_on(runtime.spawn(playing)) {
            Ok(finished) => finished,
            Err(error) => panic::resume_unwind(error.into_panic()),
        };
        drop(reporting.join());
        let not_folded = match writer.finish() {
            Ok(_) => None,
            Err(error @ StoreError::NotFolded { .. }) => Some(error),
            Err(error) => return Err(error.into()),
        };
        // Only now: until here it listens for a second Ctrl-C.
        drop(runtime);

        let store = Store::open_read_only(&traces)?;
        let nothing = job.start.is_some() || report::sessions(&store, &job.info)?.is_empty();
        let reports = match nothing {
            true => Vec::new(),
            false => report::load(&store, &job.info, false)?,
        };
        Ok(Outcome {
            reports,
            finished,
            not_folded,
        })
    }

    /// The episodes that no earlier part of the run has finished, seed by seed.
    pub fn missing(&self) -> BTreeSet<EpisodeConfig> {
        let begun = self.earlier.iter().map(|record| &record.config);
        let mut missing: BTreeSet<EpisodeConfig> =
            self.plan.episodes.iter().chain(begun).cloned().collect();
        for record in self.earlier.iter().filter(|record| record.complete) {
            missing.remove(&record.config);
        }
        missing
    }

    async fn play(
        self: Arc<Self>,
        records: RecordSender,
        events: Events,
        interrupt: CancellationToken,
    ) -> Finished {
        let missing = self.missing();
        let complete: BTreeSet<&EpisodeConfig> = self
            .earlier
            .iter()
            .filter(|record| record.complete)
            .map(|record| &record.config)
            .collect();
        events.send(RunEvent::RunStarted(RunStarted {
            experiment_id: self.info.experiment_id.clone(),
            models: self.config.run.models.clone(),
            episodes: missing.len() as u64,
            kept: complete.len() as u64,
            concurrency: self.plan.concurrency,
            max_steps: self.config.limits.max_steps,
            traces: self.config.run.traces.clone(),
        }));
        let stage = Arc::new(Stage {
            experiment_id: self.info.experiment_id.clone(),
            agent: self.plan.agent.clone(),
            world: self.plan.world.clone(),
            start: self.start.clone(),
            players: self.players.clone(),
            tracer: self.tracer(records, &events),
        });
        let spent = self.earlier.iter().map(EpisodeRecord::usage);
        let mut planned = Some(missing.into_iter().collect::<Vec<_>>());
        let program = Program {
            concurrency: self.plan.concurrency,
            limits: &self.config.limits,
            spent: spent.fold(UsageRecord::ZERO, UsageRecord::plus),
            next: &mut |played| {
                let planned = planned.take().unwrap_or_default();
                match planned.is_empty() {
                    false => planned,
                    true => self.until_decided(played, &events),
                }
            },
        };
        let finished = run::play(stage, program, &events, &interrupt).await;
        events.send(RunEvent::RunEnded {
            endings: finished.endings(),
            not_played: finished.not_played,
        });
        finished
    }

    /// Whether a comparison was asked for that earlier parts of the run have decided.
    pub fn is_decided(&self) -> bool {
        self.config.run.until_decided && self.duel(&[]).next_round() == 0
    }

    /// What two models unlocked in earlier parts of the run and in this one.
    fn duel(&self, played: &[EpisodeEnded]) -> Duel {
        let models = &self.config.run.models;
        let mut duel = Duel::default();
        let side = |name: &String| models.iter().position(|model| model == name);
        for record in self.earlier.iter().filter(|record| record.complete) {
            if let Some(side) = side(&record.config.model) {
                duel.note(side, record.config.seed, record.unlocked());
            }
        }
        for ended in played.iter().filter(|ended| ended.complete) {
            if let Some(side) = side(&ended.episode.model) {
                let unlocked = ended.achievements.iter();
                let unlocked = unlocked
                    .filter_map(|name| Achievement::from_name(name))
                    .collect();
                duel.note(side, ended.episode.seed, unlocked);
            }
        }
        duel
    }

    /// The next round of a comparison, if one was asked for and is not decided.
    fn until_decided(&self, played: &[EpisodeEnded], events: &Events) -> Vec<EpisodeConfig> {
        let models = &self.config.run.models;
        if !self.config.run.until_decided {
            return Vec::new();
        }
        let duel = self.duel(played);
        let first = self.config.run.seed;
        let begun = self
            .plan
            .episodes
            .iter()
            .chain(self.earlier.iter().map(|record| &record.config));
        let begun = begun
            .map(|episode| episode.seed)
            .chain(played.iter().map(|e| e.episode.seed));
        let next = begun.max().map_or(first, |last| last + 1);
        let seeds = duel.next_round();
        if seeds > 0 {
            events.send(RunEvent::RoundStarted {
                pairs: duel.pairs() as u64,
                episodes: seeds * models.len() as u64,
            });
        }
        (next..next.saturating_add(seeds))
            .flat_map(|seed| {
                models.iter().map(move |model| EpisodeConfig {
                    index: seed - first,
                    seed,
                    model: model.clone(),
                })
            })
            .collect()
    }

    fn tracer(&self, records: RecordSender, events: &Events) -> Tracer {
        let events = events.clone();
        Tracer::new(TracerOptions {
            hooks: crafter_hooks(HookOptions::default()),
            sink: Some(records),
            keep_history: false,
            privacy: Privacy {
                secrets: self.players.secrets(),
                mask_personal_data: self.config.tracing.mask,
                max_payload_bytes: self.config.tracing.max_payload_bytes,
            },
            prices: self.plan.agent.prices.clone(),
            report: Arc::new(move |problem| {
                events.send(RunEvent::Notice {
                    text: problem.to_string(),
                });
            }),
        })
    }

    fn experiment(&self) -> anyhow::Result<Experiment> {
        let version = |name: &str, description: &str| SystemVersion {
            name: name.to_owned(),
            description: Some(description.to_owned()),
            branch: self.info.branch.clone(),
            commit: self.info.git.clone(),
        };
        let mut systems = vec![
            version(
                "environment",
                &format!("Crafter, {} world", self.config.world.difficulty),
            ),
            version("runtime", "validates tool calls"),
        ];
        systems.extend(
            self.config
                .run
                .models
                .iter()
                .map(|model| version(model, "plays")),
        );
        Ok(Experiment {
            id: self.info.experiment_id.clone(),
            name: self.config.run.models.join(", "),
            description: None,
            created_at: self.info.started_at,
            metadata: match &self.start {
                None => serde_json::to_value(&self.info)?,
                Some(start) => start.info().metadata(&self.info),
            },
            systems,
        })
    }
}

/// How long events gather before they are reported. A reporter that took each as it comes
/// would have to be woken for every turn of every episode.
const GATHERING: Duration = Duration::from_millis(5);

/// Lets the reporters take events on a thread of their own, where a slow
/// terminal keeps nobody waiting. One that fails is asked no more.
fn report_on_thread(
    mut reporters: Vec<Box<dyn Reporter>>,
    mut heard: tokio::sync::mpsc::UnboundedReceiver<crate::events::Stamped>,
) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        let mut gathered = Vec::new();
        while heard.blocking_recv_many(&mut gathered, usize::MAX) > 0 {
            for event in gathered.drain(..) {
                reporters.retain_mut(|reporter| match reporter.report(&event) {
                    Ok(()) => true,
                    Err(error) => {
                        eprintln!("warning: events are no longer reported: {error}");
                        false
                    }
                });
            }
            thread::sleep(GATHERING);
        }
        for mut reporter in reporters {
            if let Err(error) = reporter.finish() {
                eprintln!("warning: the last events were not reported: {error}");
            }
        }
    })
}
