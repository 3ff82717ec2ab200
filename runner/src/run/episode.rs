//! Plays one episode as a task of its own and sees its session to the end,
//! whatever happens to it.

use std::sync::{Arc, OnceLock};

use agent_react::agent::{self, Progress};
use agent_react::environment::Environment;
use agent_react::model::Fault;
use agent_react::outcome::{Ending, EpisodeOutcome};
use env_crafter::{Achievement, EnvConfig};
use serde_json::json;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinError;
use tokio_util::sync::CancellationToken;
use tracer::record::SessionStatus;
use tracer::{Session, SessionOptions, TraceError};

use super::{EpisodeConfig, EpisodeEnded, EpisodeId, Events, RunEvent, Stage, Stop, UsageRecord};
use crate::episode::{CutShort, status_of};
use crate::players::is_embedded;
use crate::rebuild::{Fork, WorldRecord};

/// An episode to be played.
pub(super) struct Task {
    pub(super) stage: Arc<Stage>,
    pub(super) config: EpisodeConfig,
    pub(super) events: Events,
    pub(super) turns: mpsc::UnboundedSender<Turn>,
    pub(super) cancel: CancellationToken,
    pub(super) stop: Arc<OnceLock<Stop>>,
}

/// A turn of an episode is over.
pub(super) struct Turn {
    pub(super) episode: EpisodeId,
    pub(super) progress: Progress,
}

/// An episode is over, and its session durable if it can be.
pub(super) struct Ended {
    pub(super) event: EpisodeEnded,
    /// Why the whole run should stop, if it should.
    pub(super) stop: Option<Stop>,
}

/// An episode that was played to some end, and whose trace could be kept or not.
struct Played {
    outcome: EpisodeOutcome,
    not_kept: Option<TraceError>,
}

/// Why an episode came to nothing that its outcome could tell.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Trace(#[from] TraceError),
    #[error("the episode panicked: {0}")]
    Panic(String),
    #[error("{0}")]
    Setup(String),
}

impl Task {
    pub(super) async fn run(self) -> Ended {
        let session_id = uuid::Uuid::now_v7().to_string();
        let episode = EpisodeId {
            session_id: session_id.clone(),
            model: self.config.model.clone(),
            seed: self.config.seed,
        };
        self.events.send(RunEvent::EpisodeStarted {
            episode: episode.clone(),
        });
        let (tell, so_far) = watch::channel(None);
        match self.play_and_record(&episode, tell).await {
            Ok(played) => self.ended(episode, played),
            Err(failure) => failed(episode, failure, so_far.borrow().as_ref()),
        }
    }

    async fn play_and_record(
        &self,
        episode: &EpisodeId,
        tell: watch::Sender<Option<Progress>>,
    ) -> Result<Played, Failure> {
        let world = WorldRecord::new(&self.stage.world, self.stage.agent.limits.steps);
        let (environment, fork) = self.environment()?;
        let fork = fork.map(|fork| (Fork::METADATA.to_owned(), json!(fork)));
        let session = self.stage.tracer.start_session(SessionOptions {
            id: Some(episode.session_id.clone()),
            metadata: [
                (EpisodeConfig::METADATA.to_owned(), json!(self.config)),
                (WorldRecord::METADATA.to_owned(), json!(world)),
            ]
            .into_iter()
            .chain(fork)
            .collect(),
            experiment_id: Some(self.stage.experiment_id.clone()),
        })?;
        let played = self.play(episode, environment, session.clone(), tell).await;
        let status = match &played {
            Ok(outcome) => status_of(outcome),
            Err(_) => SessionStatus::Failed,
        };
        let noted = match self.cut_short(&played) {
            Some(cut) => session.add_metadata(CutShort::METADATA, cut),
            None => Ok(()),
        };
        let ended = session.end(status).await;
        let not_kept = noted.and(ended.map(drop)).err();
        match (played, not_kept) {
            (Ok(outcome), not_kept) => Ok(Played { outcome, not_kept }),
            (Err(_), Some(error)) => Err(error.into()),
            (Err(failure), None) => Err(failure),
        }
    }

    /// The world at the beginning of the episode, and where that is, if it is not
    /// at the world's beginning.
    fn environment(&self) -> Result<(Environment, Option<Fork>), Failure> {
        let options = self.stage.agent.environment();
        if let Some(start) = &self.stage.start {
            let (environment, fork) = start.begin(self.config.index, options);
            return Ok((environment, Some(fork)));
        }
        let world = EnvConfig {
            seed: self.config.seed,
            ..self.stage.world.clone()
        };
        let environment = Environment::new(world, options);
        let environment = environment.map_err(|error| Failure::Setup(error.to_string()))?;
        Ok((environment, None))
    }

    /// Plays on a task of its own, so that a panic stays there. Embedded models
    /// compute rather than wait, so they get a thread.
    async fn play(
        &self,
        episode: &EpisodeId,
        environment: Environment,
        session: Session,
        tell: watch::Sender<Option<Progress>>,
    ) -> Result<EpisodeOutcome, Failure> {
        let EpisodeConfig { model: name, .. } = &self.config;
        // Continuations of one episode share its seed, but not the dice of a player
        // who throws any.
        let dice = match self.stage.start {
            Some(_) => self.config.seed.wrapping_add(self.config.index),
            None => self.config.seed,
        };
        let model = self.stage.players.model(name, dice, self.events.listener());
        let model = model.map_err(|error| Failure::Setup(error.to_string()))?;

        let (stage, cancel) = (Arc::clone(&self.stage), self.cancel.clone());
        let (turns, episode) = (self.turns.clone(), episode.clone());
        let playing = async move {
            let heard = |progress: Progress| {
                tell.send_replace(Some(progress.clone()));
                // The scheduler is gone only when the whole run is.
                drop(turns.send(Turn {
                    episode: episode.clone(),
                    progress,
                }));
            };
            agent::play(&*model, environment, &stage.agent, &session, &cancel, heard).await
        };
        let joined = match is_embedded(name) {
            true => {
                let runtime = Handle::current();
                tokio::task::spawn_blocking(move || runtime.block_on(playing)).await
            }
            false => tokio::spawn(playing).await,
        };
        Ok(joined.map_err(|error| Failure::Panic(panic_text(error)))??)
    }

    /// What the run has to say of the end, where the agent could not know it.
    fn cut_short(&self, played: &Result<EpisodeOutcome, Failure>) -> Option<CutShort> {
        match (played, self.stop.get()) {
            (Err(failure), _) => Some(CutShort {
                ending: Ending::Cancelled,
                reason: failure.to_string(),
            }),
            (Ok(outcome), Some(Stop::Budget(spent))) if outcome.ending == Ending::Cancelled => {
                Some(CutShort {
                    ending: Ending::BudgetSpent,
                    reason: spent.reason.clone(),
                })
            }
            (Ok(_), _) => None,
        }
    }

    fn ended(&self, episode: EpisodeId, played: Played) -> Ended {
        let Played { outcome, not_kept } = played;
        let complete = status_of(&outcome) == SessionStatus::Completed && not_kept.is_none();
        let cut = self.cut_short(&Ok(outcome.clone()));
        let error = cut
            .as_ref()
            .map(|cut| cut.reason.clone())
            .or(outcome.error.clone());
        let error = not_kept.as_ref().map(ToString::to_string).or(error);
        let stop = match (not_kept, &error, outcome.stops_run) {
            (Some(error), ..) => Some(Stop::Traces(Arc::new(error))),
            (None, Some(error), Some(Fault::Recording)) => Some(Stop::Recording(error.clone())),
            (None, Some(error), Some(_)) => Some(Stop::Endpoint(error.clone())),
            (None, ..) => None,
        };
        let event = EpisodeEnded {
            episode,
            ending: cut.map_or(outcome.ending, |cut| cut.ending),
            complete,
            steps: outcome.steps,
            turns: outcome.turns,
            reward: outcome.reward,
            achievements: outcome.achievements.iter().map(Achievement::name).collect(),
            usage: UsageRecord::new(outcome.model_calls, outcome.usage, outcome.cost),
            error,
        };
        Ended { event, stop }
    }
}

/// The end of an episode that has no outcome: it counts for what its turns have told.
fn failed(episode: EpisodeId, failure: Failure, so_far: Option<&Progress>) -> Ended {
    let achievements = so_far.map(|it| it.achievements).unwrap_or_default();
    let event = EpisodeEnded {
        episode,
        ending: Ending::Cancelled,
        complete: false,
        steps: so_far.map_or(0, |it| it.steps),
        turns: so_far.map_or(0, |it| it.turns),
        reward: so_far.map_or(0.0, |it| it.reward),
        achievements: achievements.iter().map(Achievement::name).collect(),
        usage: so_far.map_or(UsageRecord::ZERO, |it| {
            UsageRecord::new(it.turns, it.usage, it.cost)
        }),
        error: Some(failure.to_string()),
    };
    let stop = match failure {
        Failure::Trace(error) => Some(Stop::Traces(Arc::new(error))),
        Failure::Panic(_) | Failure::Setup(_) => None,
    };
    Ended { event, stop }
}

fn panic_text(error: JoinError) -> String {
    let payload = match error.try_into_panic() {
        Ok(payload) => payload,
        Err(error) => return error.to_string(),
    };
    let text = payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned())
}
