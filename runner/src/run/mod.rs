//! Plays the episodes of a plan, many at once.
//!
//! The scheduler owns what is shared between episodes (the queue, the budget,
//! the reason to stop) and hears of everything through messages; an episode owns
//! its world, its model's memory and its session. One episode's panic or error
//! ends that episode alone.

mod budget;
mod episode;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use agent_react::agent::AgentConfig;
use env_crafter::EnvConfig;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracer::{TraceError, Tracer};

use crate::config::Limits;
use crate::episode::{EpisodeConfig, UsageRecord};
use crate::events::{EpisodeEnded, EpisodeId, Events, RunEvent};
use crate::fork::Start;
use crate::output::{counted, visible};
use crate::players::Players;
pub use budget::{Exhausted, exhausted};

use budget::Budget;
use episode::{Ended, Turn};

/// What an episode needs to be played, beside what it is.
pub struct Stage {
    /// The run.
    pub experiment_id: String,
    /// How episodes are played.
    pub agent: AgentConfig,
    /// The world, but for its seed.
    pub world: EnvConfig,
    /// Where episodes go on from another one, if they do not begin at the beginning.
    pub start: Option<Start>,
    /// Who plays.
    pub players: Players,
    /// Who records it.
    pub tracer: Tracer,
}

/// Why a run stopped before everything was played.
#[derive(Debug, Clone)]
pub enum Stop {
    /// The user asked for it.
    Interrupted,
    /// The budget is spent.
    Budget(Exhausted),
    /// The endpoint would fail every other episode too; how.
    Endpoint(String),
    /// A recording of replies cannot be written, or is not of what is played; how.
    Recording(String),
    /// Traces can no longer be recorded.
    Traces(Arc<TraceError>),
    /// The program itself failed; how.
    Fault(String),
}

impl Stop {
    /// The reason in a few words.
    pub fn reason(&self) -> String {
        match self {
            Stop::Interrupted => "interrupted".to_owned(),
            Stop::Budget(spent) => spent.reason.clone(),
            Stop::Endpoint(reason) | Stop::Recording(reason) | Stop::Fault(reason) => {
                reason.clone()
            }
            Stop::Traces(error) => error.to_string(),
        }
    }
}

/// What came of playing.
#[derive(Debug)]
pub struct Finished {
    /// The episodes that were begun, in the order in which they ended.
    pub played: Vec<EpisodeEnded>,
    /// Episodes that were never begun.
    pub not_played: u64,
    /// Why the run stopped early, if it did.
    pub stop: Option<Stop>,
}

impl Finished {
    /// How often each ending happened.
    pub fn endings(&self) -> BTreeMap<String, u64> {
        let mut endings = BTreeMap::new();
        for episode in &self.played {
            *endings.entry(episode.ending.name().to_owned()).or_default() += 1;
        }
        endings
    }

    /// What kept episodes from an end of their own: the first reason, and how many
    /// others there are.
    pub fn why_incomplete(&self) -> Option<String> {
        let incomplete = self.played.iter().filter(|episode| !episode.complete);
        let mut reasons: Vec<&str> = incomplete
            .filter_map(|episode| episode.error.as_deref())
            .collect();
        let first = visible(reasons.first()?.trim_end_matches('.'));
        reasons.sort_unstable();
        reasons.dedup();
        Some(match reasons.len() - 1 {
            0 => first.to_string(),
            others => format!("{first}; and {}", counted(others as u64, "other reason")),
        })
    }

    /// How many episodes were not played to an end of their own.
    pub fn incomplete(&self) -> u64 {
        self.played
            .iter()
            .filter(|episode| !episode.complete)
            .count() as u64
    }
}

/// What is to be played, and how far.
pub struct Program<'a> {
    /// Episodes at once.
    pub concurrency: usize,
    /// What the whole run may take.
    pub limits: &'a Limits,
    /// What earlier parts of it have taken.
    pub spent: UsageRecord,
    /// Asked for episodes at the beginning, and again whenever all of them are
    /// over: given those that were played, it gives the next, or none to end.
    pub next: &'a mut (dyn FnMut(&[EpisodeEnded]) -> Vec<EpisodeConfig> + Send),
}

/// Plays until there is nothing more to play, the budget is spent, or
/// `interrupt` is cancelled. When it returns, every trace is durable.
pub async fn play<'a>(
    stage: Arc<Stage>,
    program: Program<'a>,
    events: &'a Events,
    interrupt: &CancellationToken,
) -> Finished {
    let (turns, heard) = mpsc::unbounded_channel();
    let scheduler = Scheduler {
        stage,
        budget: Budget::new(program.limits, program.spent),
        program,
        waiting: VecDeque::new(),
        events,
        stop: Arc::default(),
        cancel: CancellationToken::new(),
        running: JoinSet::new(),
        turns,
        played: Vec::new(),
    };
    scheduler.run(heard, interrupt).await
}

struct Scheduler<'a> {
    stage: Arc<Stage>,
    program: Program<'a>,
    budget: Budget,
    waiting: VecDeque<EpisodeConfig>,
    events: &'a Events,
    /// Set once, before episodes are cancelled, so that each can say why.
    stop: Arc<OnceLock<Stop>>,
    cancel: CancellationToken,
    running: JoinSet<Ended>,
    turns: mpsc::UnboundedSender<Turn>,
    played: Vec<EpisodeEnded>,
}

impl Scheduler<'_> {
    async fn run(
        mut self,
        mut heard: mpsc::UnboundedReceiver<Turn>,
        interrupt: &CancellationToken,
    ) -> Finished {
        let deadline = self.budget.deadline();
        // Before the budget is looked at, so that one that earlier parts of the run have
        // spent leaves something that was not played, or stops nothing.
        self.waiting = (self.program.next)(&self.played).into();
        if !self.waiting.is_empty() {
            self.check_budget();
        }
        loop {
            self.begin_more();
            if self.running.is_empty() {
                break;
            }
            let stopping = self.stop.get().is_some();
            // In this order, all that an episode had to say is heard before its
            // end, and neither keeps an interruption waiting.
            tokio::select! {
                biased;
                () = interrupt.cancelled(), if !stopping => self.stop(Stop::Interrupted),
                () = sleep_until(deadline), if !stopping => {
                    self.stop(Stop::Budget(self.budget.out_of_time()));
                }
                Some(turn) = heard.recv() => self.turn(turn),
                Some(joined) = self.running.join_next() => match joined {
                    Ok(ended) => self.ended(ended),
                    // The tasks of the set catch what episodes do; one that fails
                    // itself leaves a session that says it broke off.
                    Err(error) => self.stop(Stop::Fault(format!("an episode was lost: {error}"))),
                },
            }
        }
        Finished {
            played: self.played,
            not_played: self.waiting.len() as u64,
            stop: self.stop.get().cloned(),
        }
    }

    fn begin_more(&mut self) {
        let begun = !self.played.is_empty();
        if begun && self.running.is_empty() && self.waiting.is_empty() && self.stop.get().is_none()
        {
            self.waiting = (self.program.next)(&self.played).into();
        }
        while self.running.len() < self.program.concurrency && self.stop.get().is_none() {
            let Some(config) = self.waiting.pop_front() else {
                break;
            };
            let task = episode::Task {
                stage: Arc::clone(&self.stage),
                config,
                events: self.events.clone(),
                turns: self.turns.clone(),
                cancel: self.cancel.clone(),
                stop: Arc::clone(&self.stop),
            };
            self.running.spawn(task.run());
        }
    }

    fn turn(&mut self, turn: Turn) {
        let Turn { episode, progress } = turn;
        for achievement in progress.unlocked.iter() {
            self.events.send(RunEvent::AchievementUnlocked {
                episode: episode.clone(),
                achievement: achievement.name().to_owned(),
                step: progress.steps,
            });
        }
        let usage = UsageRecord::new(progress.turns, progress.usage, progress.cost);
        self.budget.note(&episode.session_id, usage);
        self.events.send(RunEvent::EpisodeProgress {
            episode,
            turn: progress.turns,
            step: progress.steps,
            health: progress.needs[0],
            achievements: progress.achievements.len(),
            reward: progress.reward,
        });
        self.check_budget();
    }

    fn ended(&mut self, ended: Ended) {
        let Ended { event, stop } = ended;
        self.budget.settle(&event.episode.session_id, event.usage);
        self.events.send(RunEvent::EpisodeEnded(event.clone()));
        self.played.push(event);
        if let Some(stop) = stop {
            self.stop(stop);
        }
        self.check_budget();
    }

    fn check_budget(&mut self) {
        if let Some(spent) = self.budget.exhausted() {
            self.stop(Stop::Budget(spent));
        }
    }

    /// Begins no more turns. The first reason is the one that counts.
    fn stop(&mut self, stop: Stop) {
        let reason = stop.reason();
        if self.stop.set(stop).is_ok() {
            self.events.send(RunEvent::Stopping { reason });
            self.cancel.cancel();
        }
    }
}

async fn sleep_until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
        None => std::future::pending().await,
    }
}
