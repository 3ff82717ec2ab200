//! Counts what an episode spends and achieves.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use tracer::prices::PriceTable;

use super::decide;
use crate::{
    environment::Environment,
    model::{ChatReply, Fault, Protocol, Usage},
    observation::ActionReport,
    outcome::{ActionCounts, Ending, EpisodeOutcome, Unlock},
};

/// What was counted so far.
pub(super) struct Tally {
    pub started: Instant,
    pub turns: u64,
    pub invalid_replies: u64,
    pub model_calls: u64,
    pub model_time: Duration,
    pub environment_time: Duration,
    pub usage: Usage,
    /// USD of all calls whose price is known.
    pub cost_so_far: f64,
    pub error: Option<String>,
    pub stops_run: Option<Fault>,
    unpriced: bool,
    actions: ActionCounts,
    unlocks: Vec<Unlock>,
    protocols: BTreeMap<Protocol, u64>,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            started: Instant::now(),
            turns: 0,
            invalid_replies: 0,
            model_calls: 0,
            model_time: Duration::ZERO,
            environment_time: Duration::ZERO,
            usage: Usage::default(),
            cost_so_far: 0.0,
            error: None,
            stops_run: None,
            unpriced: false,
            actions: ActionCounts::default(),
            unlocks: Vec::new(),
            protocols: BTreeMap::new(),
        }
    }
}

impl Tally {
    pub(super) fn add_call(
        &mut self,
        model: &str,
        usage: Option<Usage>,
        prices: Option<&PriceTable>,
    ) {
        match decide::cost(model, usage, prices) {
            Some(cost) => self.cost_so_far += cost,
            None => self.unpriced = true,
        }
        self.usage = self.usage.plus(usage.unwrap_or_default());
    }

    /// Counts a call whose endpoint did not count its tokens.
    pub(super) fn add_uncounted(&mut self, estimated_tokens: usize) {
        self.unpriced = true;
        self.usage.estimated_tokens += estimated_tokens as u64;
    }

    /// Counts how a reply was asked for. One without attempts came over no wire.
    pub(super) fn add_protocol(&mut self, reply: &ChatReply) {
        if !reply.attempts.is_empty() {
            *self.protocols.entry(reply.protocol).or_default() += 1;
        }
    }

    /// Counts a turn's actions, the first of which was step `first_step + 1`.
    pub(super) fn add_actions(&mut self, reports: &[ActionReport], first_step: u64) {
        let executed = reports
            .iter()
            .filter_map(|report| Some((report.action, report.executed?)));
        for ((action, executed), step) in executed.zip(first_step + 1..) {
            *self.actions.executed.entry(action).or_default() += 1;
            if let Some(reason) = executed.effect.reason() {
                *self.actions.invalid.entry((action, reason)).or_default() += 1;
            }
            self.unlocks
                .extend(executed.unlocked.iter().map(|achievement| Unlock {
                    achievement,
                    step,
                    turn: self.turns - 1,
                }));
        }
    }

    /// USD; `None` if a call's price is unknown.
    pub(super) fn cost(&self) -> Option<f64> {
        (!self.unpriced).then_some(self.cost_so_far)
    }

    pub(super) fn outcome(self, environment: &Environment, ending: Ending) -> EpisodeOutcome {
        let env = environment.env();
        EpisodeOutcome {
            seed: env.config().seed,
            ending,
            steps: env.steps(),
            turns: self.turns,
            invalid_replies: self.invalid_replies,
            reward: environment.total_reward(),
            achievements: env.achievements(),
            achievement_counts: *env.achievement_counts(),
            cost: self.cost(),
            protocols: self.protocols,
            unlocks: self.unlocks,
            actions: self.actions,
            usage: self.usage,
            model_calls: self.model_calls,
            model_time: self.model_time,
            environment_time: self.environment_time,
            wall_time: self.started.elapsed(),
            error: self.error,
            stops_run: self.stops_run,
        }
    }
}
