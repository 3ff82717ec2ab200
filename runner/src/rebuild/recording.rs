//! Reads out of a trace what an episode was and what was recorded of each step.

use std::collections::BTreeMap;

use env_crafter::{Action, ConfigError, Env, EnvConfig, EpisodeOver};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tracer::record::{
    EnvironmentEvent, Event, HookResult, RuntimeEvent, SessionStatus, SessionTrace,
};
use tracer::{Store, TraceError};

use super::{States, WorldRecord, find_session};
use crate::episode::{EpisodeConfig, EpisodeResults};

/// What a trace says of an episode.
#[derive(Debug, Clone)]
pub struct Recording {
    /// The session that holds it.
    pub session_id: String,
    /// The run it is part of.
    pub experiment_id: Option<String>,
    /// How the session stands.
    pub status: SessionStatus,
    /// Seed, model and index.
    pub config: EpisodeConfig,
    /// The world, seed included.
    pub world: EnvConfig,
    /// The run's limit of steps, beside the world's own length.
    pub max_steps: Option<u64>,
    /// The episode this one goes on from, if it does not begin at the beginning.
    pub fork: Option<Fork>,
    /// What was decided in each turn that decided something, in order.
    pub decisions: Vec<RecordedDecision>,
    /// Every executed action with what was recorded of it, in order.
    pub steps: Vec<RecordedStep>,
    /// Every observation the agent was given, in order; the last one is of the
    /// state the episode ended in.
    pub observations: Vec<RecordedObservation>,
    /// What came of it; `None` while it runs, or where it broke off.
    pub results: Option<EpisodeResults>,
}

/// Where an episode goes on from another one. Metadata `forked_from`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fork {
    /// The session of the parent.
    pub session_id: String,
    /// The parent's step after which this episode begins.
    pub step: u64,
    /// The parent's turn in which that step was.
    pub turn: u64,
    /// The actions from the world's beginning to that step, by name, so that the
    /// episode can be rebuilt without its parent.
    pub actions: Vec<String>,
    /// Where the world's chance was seeded anew on the way, or where this episode
    /// begins.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reseeded: Vec<Reseed>,
    /// The digest of the state it begins in, in hexadecimal.
    pub digest: String,
}

/// That the world was given another future at a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reseed {
    /// The step of the state it was done in.
    pub step: u64,
    /// The seed: see [`Env::reseed`](env_crafter::Env::reseed).
    pub seed: u32,
}

impl Fork {
    /// The metadata type it is stored under.
    pub const METADATA: &str = "forked_from";
}

/// The actions of a turn, as they went on to the world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedDecision {
    /// The message's number in the session.
    pub seq: u64,
    /// The turn.
    pub turn: Option<u64>,
    /// The names of the actions, in order. Those after the end of the episode
    /// have no step.
    pub actions: Vec<String>,
    /// What the agent's runtime had made of the model's reply; `None` where it found no
    /// valid call in it.
    pub validated: Option<Validated>,
}

/// What a reply asked for, as the runtime's event of the turn has it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Validated {
    /// The names of the event's actions.
    pub actions: Vec<String>,
    /// The names of those in the calls that it gave, up to the one that ends the episode.
    pub called: Vec<String>,
    /// The names of those after that call, which are reported and never played.
    pub too_late: Vec<String>,
}

/// A step as the trace has it.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordedStep {
    /// The event's number in the session.
    pub seq: u64,
    /// The turn in which it was played, from 0.
    pub turn: Option<u64>,
    /// What was done.
    pub action: Action,
    /// The reward.
    pub reward: Option<f64>,
    /// Whether the player died of it.
    pub terminated: bool,
    /// Whether a limit of steps was reached.
    pub truncated: bool,
    /// What the action did, in words.
    pub effect: Option<String>,
    /// Why it had no effect; `None` if it had one.
    pub invalid: Option<String>,
    /// The names of what it unlocked.
    pub unlocked: Vec<String>,
    /// What hooks reported of it.
    pub hooks: Vec<HookResult>,
    /// The public state before it: see [`PublicState`](agent_react::state::PublicState).
    pub before: Value,
    /// The public state after it.
    pub after: Value,
    /// What of the public state it changed.
    pub diff: Value,
}

/// An observation as the trace has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedObservation {
    /// The message's number in the session.
    pub seq: u64,
    /// The turn at whose beginning it was given; `None` after the last one.
    pub turn: Option<u64>,
    /// The step of the state it shows.
    pub step: u64,
    /// The digest of that state, in hexadecimal.
    pub digest: String,
    /// Name and version of the format.
    pub format: String,
    /// What the agent read.
    pub text: String,
}

/// Why a trace cannot be rebuilt.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say what the values are")]
pub enum RebuildError {
    #[error(
        "session {session_id} is no episode that can be rebuilt: it has no metadata {missing:?}"
    )]
    NoEpisode {
        session_id: String,
        missing: &'static str,
    },
    #[error("metadata {metadata:?} of session {session_id} cannot be read")]
    Metadata {
        session_id: String,
        metadata: &'static str,
        #[source]
        source: serde_json::Error,
    },
    #[error("session {session_id} is of another version: {what}")]
    Foreign { session_id: String, what: String },
    #[error("record {seq} of session {session_id} is not what an episode records: {what}")]
    Record {
        session_id: String,
        seq: u64,
        what: String,
    },
    #[error("the world of session {session_id} cannot be")]
    World {
        session_id: String,
        #[source]
        source: ConfigError,
    },
    #[error("session {session_id} has more actions than its world takes")]
    Over {
        session_id: String,
        #[source]
        source: EpisodeOver,
    },
    #[error("the hooks cannot be asked about session {session_id} again")]
    Hooks {
        session_id: String,
        #[source]
        source: TraceError,
    },
    #[error("session {session_id} has no step {step}: it has {first} to {last}")]
    NoStep {
        session_id: String,
        step: u64,
        first: u64,
        last: u64,
    },
}

impl Recording {
    /// The episode in the session whose id begins with `id`.
    ///
    /// # Errors
    ///
    /// Where there is no such session, it is no episode, or the file cannot be
    /// read.
    pub fn read(store: &Store, id: &str) -> anyhow::Result<Recording> {
        let trace = store.session_trace(&find_session(store, id)?)?;
        Ok(Recording::of(&trace)?)
    }

    /// The episode in a trace that was read already.
    ///
    /// # Errors
    ///
    /// Where the trace is of something else, or not what this version records.
    pub fn of(trace: &SessionTrace) -> Result<Recording, RebuildError> {
        let session_id = trace.session_id.clone();
        let config: EpisodeConfig = needed(trace, EpisodeConfig::METADATA)?;
        let world: WorldRecord = needed(trace, WorldRecord::METADATA)?;
        let mut recording = Recording {
            world: world
                .config(config.seed)
                .map_err(|what| RebuildError::Foreign {
                    session_id: session_id.clone(),
                    what,
                })?,
            max_steps: world.max_steps,
            session_id,
            experiment_id: trace.experiment_id.clone(),
            status: trace.status,
            config,
            fork: metadata(trace, Fork::METADATA)?,
            results: metadata(trace, EpisodeResults::METADATA)?,
            decisions: Vec::new(),
            steps: Vec::new(),
            observations: Vec::new(),
        };
        let mut validated: BTreeMap<Option<u64>, Validated> = BTreeMap::new();
        for event in &trace.event_history {
            match &event.record {
                Event::Environment(step) => {
                    let read = RecordedStep::read(event.seq, step);
                    let read = read.map_err(|what| recording.broken(event.seq, what))?;
                    recording.steps.push(read);
                }
                Event::Runtime(runtime) => {
                    let turn = runtime.base.time_record.message_time;
                    validated.extend(Validated::read(runtime).map(|read| (turn, read)));
                }
                Event::Cais(_) => {}
            }
        }
        for message in &trace.message_history {
            let (seq, turn) = (message.seq, message.record.time_record.message_time);
            let payload = &message.record.content.payload;
            match message.record.message_type.as_str() {
                "observation" => {
                    let read = RecordedObservation::read(seq, turn, payload);
                    let read = read.map_err(|what| recording.broken(seq, what))?;
                    recording.observations.push(read);
                }
                "action" => recording.decisions.push(RecordedDecision {
                    seq,
                    turn,
                    actions: texts(Some(&payload["actions"])),
                    validated: validated.remove(&turn),
                }),
                _ => {}
            }
        }
        Ok(recording)
    }

    /// The step of the state the episode begins in: 0, or where it was forked.
    pub fn first_step(&self) -> u64 {
        self.fork.as_ref().map_or(0, |fork| fork.step)
    }

    /// The step of the state it ends in, if no record is missing.
    pub fn last_step(&self) -> u64 {
        self.first_step() + self.steps.len() as u64
    }

    /// The step at which the episode ends, if it does.
    pub fn step_limit(&self) -> Option<u64> {
        [self.world.length, self.max_steps]
            .into_iter()
            .flatten()
            .min()
    }

    /// Whether the episode goes no further than this state of its world.
    pub fn is_over(&self, env: &Env) -> bool {
        env.is_over() || self.step_limit().is_some_and(|limit| env.steps() >= limit)
    }

    /// The states of the world, from the one the episode begins in.
    ///
    /// # Errors
    ///
    /// Where the world cannot be made.
    pub fn states(&self) -> Result<States<'_>, RebuildError> {
        States::new(self)
    }

    fn broken(&self, seq: u64, what: String) -> RebuildError {
        RebuildError::Record {
            session_id: self.session_id.clone(),
            seq,
            what,
        }
    }
}

impl Validated {
    /// What a runtime's event gave, unless it gave an error.
    fn read(event: &RuntimeEvent) -> Option<Validated> {
        let calls = event.base.system_state_after["result"]["calls"].as_array()?;
        let end = calls.iter().position(|call| call["tool"] == "terminate");
        let (before, after) = calls.split_at(end.unwrap_or(calls.len()));
        let actions = |calls: &[Value]| {
            let actions = calls.iter().flat_map(|call| texts(call.get("actions")));
            actions.collect()
        };
        Some(Validated {
            actions: event.actions.iter().filter_map(text).collect(),
            called: actions(before),
            too_late: actions(after),
        })
    }
}

impl RecordedStep {
    fn read(seq: u64, event: &EnvironmentEvent) -> Result<RecordedStep, String> {
        let metadata = &event.base.metadata;
        let text = |key: &str| Some(metadata.get(key)?.as_str()?.to_owned());
        let action = text("action").ok_or("it names no action")?;
        Ok(RecordedStep {
            seq,
            turn: event.base.time_record.message_time,
            action: action
                .parse()
                .map_err(|unknown: env_crafter::UnknownName| unknown.to_string())?,
            reward: event.reward,
            terminated: event.terminated,
            truncated: event.truncated,
            effect: text("effect"),
            invalid: text("invalid"),
            unlocked: texts(metadata.get("unlocked")),
            hooks: event.base.event_metadata.clone(),
            before: event.base.system_state_before.clone(),
            after: event.base.system_state_after.clone(),
            diff: event.observation_diff.clone(),
        })
    }
}

impl RecordedObservation {
    fn read(seq: u64, turn: Option<u64>, payload: &Value) -> Result<RecordedObservation, String> {
        let text = |key: &str| {
            let text = payload[key].as_str().map(ToOwned::to_owned);
            text.ok_or_else(|| format!("the observation has no {key}"))
        };
        Ok(RecordedObservation {
            seq,
            turn,
            step: payload["step"]
                .as_u64()
                .ok_or("the observation has no step")?,
            digest: text("digest")?,
            format: text("format")?,
            text: text("text")?,
        })
    }
}

/// The texts in a list.
fn texts(list: Option<&Value>) -> Vec<String> {
    let list = list.and_then(Value::as_array).into_iter().flatten();
    list.filter_map(text).collect()
}

fn text(value: &Value) -> Option<String> {
    Some(value.as_str()?.to_owned())
}

/// The last metadata of this type, if there is any.
fn metadata<T: for<'de> Deserialize<'de>>(
    trace: &SessionTrace,
    metadata: &'static str,
) -> Result<Option<T>, RebuildError> {
    let mut entries = trace.metadata.iter().rev();
    let entry = entries.find(|entry| entry.metadata_type == metadata);
    let read = entry.map(|entry| T::deserialize(&entry.data));
    read.transpose().map_err(|source| RebuildError::Metadata {
        session_id: trace.session_id.clone(),
        metadata,
        source,
    })
}

fn needed<T: for<'de> Deserialize<'de>>(
    trace: &SessionTrace,
    missing: &'static str,
) -> Result<T, RebuildError> {
    metadata(trace, missing)?.ok_or_else(|| RebuildError::NoEpisode {
        session_id: trace.session_id.clone(),
        missing,
    })
}
