//! Defines how an episode ended and what came of it.

use std::{collections::BTreeMap, fmt, time::Duration};

use env_crafter::{Achievement, AchievementSet, Action, InvalidReason};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::model::{Fault, Protocol, Usage};

/// Why an episode ended. Every started episode ends under exactly one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// The player died.
    Died,
    /// The world's length or the configured number of steps was reached.
    StepLimit,
    /// The configured number of turns was reached.
    TurnLimit,
    /// The model called `terminate`.
    Terminated,
    /// Too many replies in a row asked for nothing valid.
    NoValidAction,
    /// The conversation no longer fitted the model's context.
    ContextOverflow,
    /// The episode's tokens, cost or time were spent.
    BudgetSpent,
    /// The endpoint gave no answer for good.
    EndpointFailure,
    /// The run was interrupted.
    Cancelled,
}

impl Ending {
    /// Every ending, in the order of reports.
    pub const ALL: [Ending; 9] = [
        Ending::Died,
        Ending::StepLimit,
        Ending::TurnLimit,
        Ending::Terminated,
        Ending::NoValidAction,
        Ending::ContextOverflow,
        Ending::BudgetSpent,
        Ending::EndpointFailure,
        Ending::Cancelled,
    ];

    /// The name used in traces.
    pub const fn name(self) -> &'static str {
        match self {
            Ending::Died => "died",
            Ending::StepLimit => "step_limit",
            Ending::TurnLimit => "turn_limit",
            Ending::Terminated => "terminated",
            Ending::NoValidAction => "no_valid_action",
            Ending::ContextOverflow => "context_overflow",
            Ending::BudgetSpent => "budget_spent",
            Ending::EndpointFailure => "endpoint_failure",
            Ending::Cancelled => "cancelled",
        }
    }

    /// How an episode ends whose time ran out while a call was not answered: `waited`
    /// of the `limit` went into that call.
    ///
    /// A model that is slow spends the episode's budget, and what it reached counts. An
    /// endpoint that hangs says nothing of the model, so an episode that spent more of
    /// its time on the one answer that never came than on everything before it is an
    /// endpoint failure. So is, with that, every episode without any answer.
    ///
    /// ```
    /// use std::time::Duration;
    /// use agent_react::outcome::Ending;
    ///
    /// let limit = Duration::from_secs(60);
    /// let after = |waited| Ending::out_of_time(Duration::from_secs(waited), limit);
    /// assert_eq!(after(20), Ending::BudgetSpent);
    /// assert_eq!(after(60), Ending::EndpointFailure);
    /// ```
    pub fn out_of_time(waited: Duration, limit: Duration) -> Self {
        match waited > limit / 2 {
            true => Self::EndpointFailure,
            false => Self::BudgetSpent,
        }
    }

    /// The ending with this name, if there is one.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ending| ending.name() == name)
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// When an achievement was unlocked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unlock {
    /// What was unlocked.
    pub achievement: Achievement,
    /// The step that did it, counted from 1.
    pub step: u64,
    /// The turn in which it happened, counted from 0.
    pub turn: u64,
}

/// How often actions were executed, and how often they had no effect.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActionCounts {
    /// Executed actions.
    pub executed: BTreeMap<Action, u64>,
    /// Executed actions without effect, by action and reason.
    pub invalid: BTreeMap<(Action, InvalidReason), u64>,
}

impl ActionCounts {
    /// All executed actions.
    pub fn total(&self) -> u64 {
        self.executed.values().sum()
    }

    /// All executed actions without effect.
    pub fn total_invalid(&self) -> u64 {
        self.invalid.values().sum()
    }
}

/// What came of an episode.
#[derive(Clone, Debug, PartialEq)]
pub struct EpisodeOutcome {
    /// The world's seed.
    pub seed: u64,
    /// Why it ended.
    pub ending: Ending,
    /// Steps the world took.
    pub steps: u64,
    /// Replies the model gave, invalid ones included.
    pub turns: u64,
    /// Replies that asked for nothing valid.
    pub invalid_replies: u64,
    /// How many replies an endpoint was asked for in each way; nothing for an
    /// embedded model, which is asked in none.
    pub protocols: BTreeMap<Protocol, u64>,
    /// The sum of all rewards.
    pub reward: f64,
    /// What was unlocked.
    pub achievements: AchievementSet,
    /// How often each achievement was accomplished, in their order.
    pub achievement_counts: [u32; Achievement::ALL.len()],
    /// When each was unlocked, in that order.
    pub unlocks: Vec<Unlock>,
    /// What was done, and how much of it for nothing.
    pub actions: ActionCounts,
    /// Tokens spent, as far as the endpoint said.
    pub usage: Usage,
    /// USD; `None` if a call's price is unknown.
    pub cost: Option<f64>,
    /// Calls of the model, failed ones included.
    pub model_calls: u64,
    /// Time waited for the model.
    pub model_time: Duration,
    /// Time taken by the world, rendering included.
    pub environment_time: Duration,
    /// Time from the first turn to the last.
    pub wall_time: Duration,
    /// What went wrong, in one sentence, if the ending needs one.
    pub error: Option<String>,
    /// The fault behind the error, if it would befall every other episode too, so
    /// that the run should stop.
    pub stops_run: Option<Fault>,
}

impl EpisodeOutcome {
    /// The outcome as the trace keeps it, under `episode_results`.
    pub fn to_json(&self) -> Value {
        let unlocks = self.unlocks.iter().map(|unlock| {
            json!({
                "achievement": unlock.achievement.name(),
                "step": unlock.step,
                "turn": unlock.turn,
            })
        });
        let counts = Achievement::ALL.iter().zip(self.achievement_counts);
        let counts: Map<String, Value> = counts
            .filter(|(_, count)| *count > 0)
            .map(|(achievement, count)| (achievement.name().to_owned(), count.into()))
            .collect();
        let executed: Map<String, Value> = self
            .actions
            .executed
            .iter()
            .map(|(action, count)| (action.name().to_owned(), (*count).into()))
            .collect();
        let invalid = self.actions.invalid.iter().map(|((action, reason), count)| {
            json!({ "action": action.name(), "reason": reason.name(), "count": count })
        });
        json!({
            "seed": self.seed,
            "ending": self.ending,
            "steps": self.steps,
            "turns": self.turns,
            "invalid_replies": self.invalid_replies,
            "protocols": self.protocols,
            "reward": self.reward,
            "achievements": self.achievements.iter().map(|each| each.name()).collect::<Vec<_>>(),
            "achievement_counts": counts,
            "unlocks": unlocks.collect::<Vec<_>>(),
            "actions": executed,
            "invalid_actions": invalid.collect::<Vec<_>>(),
            "usage": self.usage,
            "cost": self.cost,
            "model_calls": self.model_calls,
            "model_time_ms": self.model_time.as_secs_f64() * 1e3,
            "environment_time_ms": self.environment_time.as_secs_f64() * 1e3,
            "wall_time_ms": self.wall_time.as_secs_f64() * 1e3,
            "error": self.error,
        })
    }
}
