//! Defines the one stream of events a run turns into.
//!
//! The scheduler sends, reporters consume: the terminal display, the JSON log
//! of `--events` and whatever comes next see the same events in the same order.
//! As JSON an event is one line: `{"time": …, "event": "episode_started", …}`.
//! Names and fields are stable; new ones may be added.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use agent_react::model::Listener;
use agent_react::outcome::Ending;
use jiff::Timestamp;
use serde::{Serialize, Serializer};
use tokio::sync::mpsc;

use crate::episode::UsageRecord;

/// An event and when it happened.
#[derive(Debug, Clone, Serialize)]
pub struct Stamped {
    /// When.
    #[serde(serialize_with = "microseconds")]
    pub time: Timestamp,
    /// What.
    #[serde(flatten)]
    pub event: RunEvent,
}

/// All with as many digits, so that times are in order as texts.
fn microseconds<S: Serializer>(time: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(&format_args!("{time:.6}"))
}

/// Something that happened in a run.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum RunEvent {
    /// The run begins. Always the first event.
    RunStarted(RunStarted),
    /// More is to be played than was planned: the next round of a comparison that is
    /// not decided.
    RoundStarted {
        /// Pairs of episodes that were looked at.
        pairs: u64,
        /// Episodes that are added, over all models.
        episodes: u64,
    },
    /// An episode begins.
    EpisodeStarted {
        /// Which.
        #[serde(flatten)]
        episode: EpisodeId,
    },
    /// A turn of an episode is over.
    EpisodeProgress {
        /// Which.
        #[serde(flatten)]
        episode: EpisodeId,
        /// Turns so far.
        turn: u64,
        /// Steps so far.
        step: u64,
        /// The player's health, 0 to 9.
        health: u8,
        /// Achievements so far.
        achievements: usize,
        /// Rewards so far.
        reward: f64,
    },
    /// An achievement was unlocked.
    AchievementUnlocked {
        /// Where.
        #[serde(flatten)]
        episode: EpisodeId,
        /// Which.
        achievement: String,
        /// The step that did it.
        step: u64,
    },
    /// An episode is over and its trace is durable.
    EpisodeEnded(EpisodeEnded),
    /// Something the user should know, said once.
    Notice {
        /// What.
        text: String,
    },
    /// No new turns are begun: what runs is brought to its end.
    Stopping {
        /// Why.
        reason: String,
    },
    /// The run is over. Always the last event.
    RunEnded {
        /// How often each ending happened in this part of the run.
        endings: BTreeMap<String, u64>,
        /// Planned episodes that were never begun.
        not_played: u64,
    },
}

/// What a run is going to be.
#[derive(Debug, Clone, Serialize)]
pub struct RunStarted {
    /// The run.
    pub experiment_id: String,
    /// Who plays.
    pub models: Vec<String>,
    /// Episodes to be played now, over all models.
    pub episodes: u64,
    /// Episodes that an earlier part of the run has finished already.
    pub kept: u64,
    /// Episodes played at once.
    pub concurrency: usize,
    /// The step limit of an episode.
    pub max_steps: u64,
    /// The trace file.
    pub traces: PathBuf,
}

/// What came of an episode.
#[derive(Debug, Clone, Serialize)]
pub struct EpisodeEnded {
    /// Which.
    #[serde(flatten)]
    pub episode: EpisodeId,
    /// Why.
    pub ending: Ending,
    /// Whether it was played to an end of its own.
    pub complete: bool,
    /// Steps in all.
    pub steps: u64,
    /// Turns in all.
    pub turns: u64,
    /// Rewards in all.
    pub reward: f64,
    /// What was unlocked, by name.
    pub achievements: Vec<&'static str>,
    /// Calls, tokens and cost.
    pub usage: UsageRecord,
    /// What went wrong, where something did.
    pub error: Option<String>,
}

/// Which episode an event is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct EpisodeId {
    /// The session that holds its trace.
    pub session_id: String,
    /// Who plays.
    pub model: String,
    /// The world's seed.
    pub seed: u64,
}

/// Where events are sent to. Cheap to clone.
///
/// The channel is unbounded: there are a few events a turn, and an episode must
/// not wait for a terminal.
#[derive(Debug, Clone)]
pub struct Events(mpsc::UnboundedSender<Stamped>);

impl Events {
    /// A stream of events and where it comes out. It ends once every sender is
    /// dropped.
    pub fn channel() -> (Events, mpsc::UnboundedReceiver<Stamped>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Events(sender), receiver)
    }

    /// Makes notices of what the client of an endpoint has to say. It does not keep
    /// the stream open.
    pub fn listener(&self) -> Listener {
        let stream = self.0.downgrade();
        Arc::new(move |text| {
            if let Some(open) = stream.upgrade() {
                Events(open).send(RunEvent::Notice { text });
            }
        })
    }

    /// Sends an event. Without anyone to receive it, it is nobody's business.
    pub fn send(&self, event: RunEvent) {
        drop(self.0.send(Stamped {
            time: Timestamp::now(),
            event,
        }));
    }
}

/// A consumer of the stream.
pub trait Reporter: Send {
    /// Takes the next event.
    ///
    /// # Errors
    ///
    /// Where the event cannot be written; the reporter is asked no more.
    fn report(&mut self, event: &Stamped) -> std::io::Result<()>;

    /// Called after the last event.
    ///
    /// # Errors
    ///
    /// Where what was held back cannot be written.
    fn finish(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_flat_line_of_json() {
        let episode = EpisodeId {
            session_id: "s".into(),
            model: "embedded:noop".into(),
            seed: 7,
        };
        let event = RunEvent::EpisodeProgress {
            episode,
            turn: 1,
            step: 5,
            health: 9,
            achievements: 0,
            reward: 0.5,
        };
        let stamped = Stamped {
            time: Timestamp::UNIX_EPOCH,
            event,
        };
        assert_eq!(
            serde_json::to_string(&stamped).expect("JSON"),
            r#"{"time":"1970-01-01T00:00:00.000000Z","event":"episode_progress","session_id":"s","model":"embedded:noop","seed":7,"turn":1,"step":5,"health":9,"achievements":0,"reward":0.5}"#
        );
    }
}
