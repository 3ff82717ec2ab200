//! Defines what a session of a run says of itself: what was to be played, what
//! came of it, and whether the run cut it short.
//!
//! The agent writes its outcome under `episode_results`; here is the shape in
//! which that is read back, beside what only the run knows.

use std::collections::BTreeMap;

use agent_react::model::Usage;
use agent_react::outcome::{Ending, EpisodeOutcome};
use env_crafter::{Achievement, AchievementSet};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tracer::record::SessionStatus;

/// What was to be played: enough to play it again. Metadata `episode_config`.
/// Ordered as a run plays: seed by seed, so that models advance together.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EpisodeConfig {
    /// The place of the episode among those of its model, from 0.
    pub index: u64,
    /// The world's seed.
    pub seed: u64,
    /// The model that plays.
    pub model: String,
}

impl EpisodeConfig {
    /// The metadata type it is stored under.
    pub const METADATA: &str = "episode_config";
}

/// That and why the run ended an episode before its time. Metadata
/// `episode_cut_short`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CutShort {
    /// The ending it counts under.
    pub ending: Ending,
    /// Why.
    pub reason: String,
}

impl CutShort {
    /// The metadata type it is stored under.
    pub const METADATA: &str = "episode_cut_short";
}

/// What came of an episode. Metadata `episode_results`, written by the agent.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct EpisodeResults {
    /// Why it ended.
    pub ending: Ending,
    /// Steps the world took.
    pub steps: u64,
    /// Replies the model gave.
    pub turns: u64,
    /// Replies that asked for nothing valid.
    pub invalid_replies: u64,
    /// How many replies an endpoint was asked for in each way, by protocol.
    #[serde(default)]
    pub protocols: BTreeMap<String, u64>,
    /// The sum of all rewards.
    pub reward: f64,
    /// How often each achievement was reached; those never reached are left out.
    pub achievement_counts: BTreeMap<String, u32>,
    /// When each was first reached, in that order.
    pub unlocks: Vec<Unlock>,
    /// Executed actions by name.
    pub actions: BTreeMap<String, u64>,
    /// Executed actions without effect.
    pub invalid_actions: Vec<InvalidAction>,
    /// Tokens, as far as they are known.
    pub usage: Usage,
    /// US dollars; `None` where a price is unknown.
    pub cost: Option<f64>,
    /// Calls of the model, failed ones included.
    pub model_calls: u64,
    /// Milliseconds spent waiting for the model.
    pub model_time_ms: f64,
    /// Milliseconds spent in the world, rendering included.
    pub environment_time_ms: f64,
    /// Milliseconds from the first turn to the last.
    pub wall_time_ms: f64,
    /// What went wrong, where something did.
    pub error: Option<String>,
}

impl EpisodeResults {
    /// The metadata type it is stored under.
    pub const METADATA: &str = "episode_results";
}

/// When an achievement was first reached.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Unlock {
    /// The achievement.
    pub achievement: String,
    /// The step that did it, from 1.
    pub step: u64,
    /// The turn in which it happened, from 0.
    pub turn: u64,
}

/// How often an action had no effect for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct InvalidAction {
    /// The action.
    pub action: String,
    /// The reason.
    pub reason: String,
    /// How often.
    pub count: u64,
}

/// An episode of a run, as the trace file has it.
#[derive(Debug, Clone, PartialEq)]
pub struct EpisodeRecord {
    /// The session that holds the trace.
    pub session_id: String,
    /// What was to be played.
    pub config: EpisodeConfig,
    /// Whether it was played to an end of its own. An episode that the endpoint,
    /// an interruption or the run's budget cut short is not: it is left out of
    /// the scores, and `runner resume` plays it again.
    pub complete: bool,
    /// What came of it.
    pub results: EpisodeResults,
}

impl EpisodeRecord {
    /// The record of a session by its status and metadata, or `None` where the
    /// session is no episode of a run.
    ///
    /// A session that says nothing of its results broke off: it was begun, and
    /// then the program or its task gave out.
    ///
    /// # Errors
    ///
    /// Where an entry is not what this version writes.
    pub fn read(
        session_id: &str,
        status: SessionStatus,
        metadata: &[(String, Value)],
    ) -> Result<Option<EpisodeRecord>, serde_json::Error> {
        let entry = |wanted: &str| {
            let found = metadata
                .iter()
                .rev()
                .find(|(metadata_type, _)| metadata_type == wanted);
            found.map(|(_, data)| data)
        };
        let Some(config) = entry(EpisodeConfig::METADATA) else {
            return Ok(None);
        };
        let config = EpisodeConfig::deserialize(config)?;
        let mut results = match entry(EpisodeResults::METADATA) {
            Some(results) => EpisodeResults::deserialize(results)?,
            None => EpisodeResults::broken_off(),
        };
        if let Some(cut) = entry(CutShort::METADATA) {
            let cut = CutShort::deserialize(cut)?;
            (results.ending, results.error) = (cut.ending, Some(cut.reason));
        }
        let complete = status == SessionStatus::Completed;
        Ok(Some(EpisodeRecord {
            session_id: session_id.to_owned(),
            config,
            complete,
            results,
        }))
    }

    /// What was unlocked. Names that are no achievements are passed over.
    pub fn unlocked(&self) -> AchievementSet {
        let names = self.results.achievement_counts.keys();
        names
            .filter_map(|name| Achievement::from_name(name))
            .collect()
    }

    /// How often each achievement was reached, in their order.
    pub fn counts(&self) -> [u32; Achievement::ALL.len()] {
        let counts = &self.results.achievement_counts;
        Achievement::ALL.map(|each| counts.get(each.name()).copied().unwrap_or_default())
    }

    /// Calls, tokens and cost.
    pub fn usage(&self) -> UsageRecord {
        UsageRecord::new(
            self.results.model_calls,
            self.results.usage,
            self.results.cost,
        )
    }
}

impl EpisodeResults {
    fn broken_off() -> EpisodeResults {
        EpisodeResults {
            ending: Ending::Cancelled,
            steps: 0,
            turns: 0,
            invalid_replies: 0,
            protocols: BTreeMap::new(),
            reward: 0.0,
            achievement_counts: BTreeMap::new(),
            unlocks: Vec::new(),
            actions: BTreeMap::new(),
            invalid_actions: Vec::new(),
            usage: Usage::default(),
            cost: Some(0.0),
            model_calls: 0,
            model_time_ms: 0.0,
            environment_time_ms: 0.0,
            wall_time_ms: 0.0,
            error: Some("broke off without an end".to_owned()),
        }
    }
}

/// Calls of a model, with tokens and cost as far as they are known.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct UsageRecord {
    /// Calls, failed ones included.
    pub calls: u64,
    /// Tokens of the prompts.
    pub prompt_tokens: u64,
    /// Tokens of the replies.
    pub completion_tokens: u64,
    /// Both.
    pub total_tokens: u64,
    /// Prompt tokens that came from a cache.
    pub cached_tokens: u64,
    /// Reply tokens spent on reasoning.
    pub reasoning_tokens: u64,
    /// Tokens of calls whose endpoint counted none, by their length; in none of the
    /// others.
    #[serde(skip_serializing_if = "is_zero")]
    pub estimated_tokens: u64,
    /// US dollars; `None` where a price is unknown.
    pub cost: Option<f64>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "this is how serde calls it"
)]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl UsageRecord {
    /// Nothing, which costs nothing: where sums begin.
    pub const ZERO: UsageRecord = UsageRecord {
        calls: 0,
        prompt_tokens: 0,
        completion_tokens: 0,
        total_tokens: 0,
        cached_tokens: 0,
        reasoning_tokens: 0,
        estimated_tokens: 0,
        cost: Some(0.0),
    };

    /// So many calls with these tokens at this cost.
    pub fn new(calls: u64, usage: Usage, cost: Option<f64>) -> UsageRecord {
        UsageRecord {
            calls,
            prompt_tokens: usage.prompt_tokens,
            completion_tokens: usage.completion_tokens,
            total_tokens: usage.total_tokens,
            cached_tokens: usage.cached_tokens.unwrap_or_default(),
            reasoning_tokens: usage.reasoning_tokens.unwrap_or_default(),
            estimated_tokens: usage.estimated_tokens,
            cost,
        }
    }

    /// The sum of two. A cost that is unknown in one is unknown in the sum.
    #[must_use]
    pub fn plus(self, other: UsageRecord) -> UsageRecord {
        UsageRecord {
            calls: self.calls + other.calls,
            prompt_tokens: self.prompt_tokens + other.prompt_tokens,
            completion_tokens: self.completion_tokens + other.completion_tokens,
            total_tokens: self.total_tokens + other.total_tokens,
            cached_tokens: self.cached_tokens + other.cached_tokens,
            reasoning_tokens: self.reasoning_tokens + other.reasoning_tokens,
            estimated_tokens: self.estimated_tokens + other.estimated_tokens,
            cost: self.cost.zip(other.cost).map(|(a, b)| a + b),
        }
    }
}

/// How an outcome is stored as the status of its session: an episode is
/// completed if it was played to an end of its own. One whose first request was too
/// long for the model or that never had an answer was not played at all.
pub fn status_of(outcome: &EpisodeOutcome) -> SessionStatus {
    match outcome.ending {
        Ending::ContextOverflow | Ending::BudgetSpent if outcome.turns == 0 => {
            SessionStatus::Failed
        }
        Ending::EndpointFailure => SessionStatus::Failed,
        Ending::Cancelled => SessionStatus::Cancelled,
        Ending::Died
        | Ending::StepLimit
        | Ending::TurnLimit
        | Ending::Terminated
        | Ending::NoValidAction
        | Ending::ContextOverflow
        | Ending::BudgetSpent => SessionStatus::Completed,
    }
}

#[cfg(test)]
mod tests {
    use agent_react::outcome::{ActionCounts, Unlock as Unlocked};
    use env_crafter::{Action, InvalidReason};
    use serde_json::json;
    use std::time::Duration;

    use super::*;

    fn outcome() -> EpisodeOutcome {
        let mut achievement_counts = [0; 22];
        achievement_counts[Achievement::CollectWood as usize] = 3;
        let mut actions = ActionCounts::default();
        actions.executed.insert(Action::Do, 7);
        actions
            .invalid
            .insert((Action::Do, InvalidReason::ALL[0]), 2);
        EpisodeOutcome {
            seed: 4,
            ending: Ending::Died,
            steps: 20,
            turns: 5,
            invalid_replies: 1,
            protocols: BTreeMap::default(),
            reward: 0.9,
            achievements: [Achievement::CollectWood].into_iter().collect(),
            achievement_counts,
            unlocks: vec![Unlocked {
                achievement: Achievement::CollectWood,
                step: 9,
                turn: 2,
            }],
            actions,
            usage: Usage {
                prompt_tokens: 10,
                completion_tokens: 2,
                total_tokens: 12,
                ..Usage::default()
            },
            cost: None,
            model_calls: 5,
            model_time: Duration::from_millis(40),
            environment_time: Duration::from_millis(3),
            wall_time: Duration::from_millis(50),
            error: None,
            stops_run: None,
        }
    }

    fn metadata() -> Vec<(String, Value)> {
        let config = json!({ "model": "m", "index": 1, "seed": 4 });
        vec![("episode_config".to_owned(), config)]
    }

    fn read(status: SessionStatus, metadata: &[(String, Value)]) -> EpisodeRecord {
        EpisodeRecord::read("s", status, metadata)
            .expect("valid metadata")
            .expect("an episode")
    }

    #[test]
    fn what_the_agent_writes_is_read_back() {
        let mut metadata = metadata();
        metadata.push(("episode_results".to_owned(), outcome().to_json()));
        let record = read(SessionStatus::Completed, &metadata);
        assert!(record.complete);
        assert_eq!(record.unlocked(), outcome().achievements);
        assert_eq!(record.counts(), outcome().achievement_counts);
        assert_eq!(record.usage().total_tokens, 12);
        let results = record.results;
        assert_eq!(
            (results.ending, results.steps, results.reward),
            (Ending::Died, 20, 0.9)
        );
        assert_eq!(
            (results.unlocks[0].step, results.invalid_actions[0].count),
            (9, 2)
        );
        assert_eq!((results.model_time_ms, results.cost), (40.0, None));
    }

    #[test]
    fn what_the_run_says_of_the_end_wins() {
        let mut metadata = metadata();
        metadata.push(("episode_results".to_owned(), outcome().to_json()));
        let cut = json!({ "ending": "budget_spent", "reason": "$2 are spent" });
        metadata.push(("episode_cut_short".to_owned(), cut));
        let record = read(SessionStatus::Cancelled, &metadata);
        assert_eq!(
            (record.complete, record.results.ending),
            (false, Ending::BudgetSpent)
        );
        assert_eq!(record.results.error.as_deref(), Some("$2 are spent"));
    }

    #[test]
    fn an_episode_without_a_turn_has_no_score() {
        let check = |ending, turns, expected| {
            let outcome = EpisodeOutcome {
                ending,
                turns,
                ..outcome()
            };
            assert_eq!(status_of(&outcome), expected, "{ending} after {turns}");
        };
        check(Ending::ContextOverflow, 0, SessionStatus::Failed);
        check(Ending::ContextOverflow, 1, SessionStatus::Completed);
        check(Ending::BudgetSpent, 0, SessionStatus::Failed);
        check(Ending::BudgetSpent, 1, SessionStatus::Completed);
        check(Ending::EndpointFailure, 9, SessionStatus::Failed);
    }

    #[test]
    fn a_session_without_results_broke_off() {
        let record = read(SessionStatus::Running, &metadata());
        assert_eq!(
            (record.complete, record.results.ending),
            (false, Ending::Cancelled)
        );
    }

    #[test]
    fn a_session_of_something_else_is_no_episode() {
        let none = EpisodeRecord::read("s", SessionStatus::Completed, &[]);
        assert_eq!(none.expect("valid metadata"), None);
    }
}
