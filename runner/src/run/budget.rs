//! Keeps the budget of a run: tokens, money and time over all its episodes.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::config::Limits;
use crate::episode::UsageRecord;
use crate::report::words::grouped;

/// What may be spent, and what was.
#[derive(Debug)]
pub(super) struct Budget {
    limits: Limits,
    deadline: Option<Instant>,
    /// Spent by all episodes, running ones included.
    spent: Spent,
    /// What of that belongs to each running episode, by session.
    running: BTreeMap<String, Spent>,
}

/// A budget that is spent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exhausted {
    /// How.
    pub reason: String,
    /// The option that gives a run that is continued enough to go on: twice the limit,
    /// or twice what was spent. Time begins anew without one.
    pub more: Option<String>,
}

/// Tokens, counted or estimated, and US dollars. A cost that is unknown counts as none.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Spent {
    tokens: u64,
    cost: f64,
}

impl From<UsageRecord> for Spent {
    fn from(usage: UsageRecord) -> Spent {
        Spent {
            tokens: usage.total_tokens + usage.estimated_tokens,
            cost: usage.cost.unwrap_or_default(),
        }
    }
}

/// Why a run whose earlier parts have spent so much may spend nothing more, if so.
pub fn exhausted(limits: &Limits, spent: UsageRecord) -> Option<Exhausted> {
    Budget::new(limits, spent).exhausted()
}

impl Budget {
    /// The budget of a run of which earlier parts have spent so much.
    pub(super) fn new(limits: &Limits, spent: UsageRecord) -> Budget {
        Budget {
            limits: limits.clone(),
            deadline: limits.run_time.map(|time| Instant::now() + time),
            spent: spent.into(),
            running: BTreeMap::new(),
        }
    }

    /// Takes note of what an episode has spent so far, in all.
    pub(super) fn note(&mut self, session_id: &str, usage: UsageRecord) {
        let now = Spent::from(usage);
        let before = self
            .running
            .insert(session_id.to_owned(), now)
            .unwrap_or_default();
        self.spent.tokens += now.tokens.saturating_sub(before.tokens);
        self.spent.cost += now.cost - before.cost;
    }

    /// Takes note of what an episode that is over has spent.
    pub(super) fn settle(&mut self, session_id: &str, usage: UsageRecord) {
        self.note(session_id, usage);
        self.running.remove(session_id);
    }

    /// Why nothing more may be spent, if so.
    pub(super) fn exhausted(&self) -> Option<Exhausted> {
        let Spent { tokens, cost } = self.spent;
        if let Some(limit) = self.limits.max_tokens.filter(|limit| tokens >= *limit) {
            return Some(Exhausted {
                reason: format!("{} of {} tokens are spent", grouped(tokens), grouped(limit)),
                more: Some(format!("--max-tokens {}", 2 * tokens)),
            });
        }
        let limit = self.limits.max_cost.filter(|limit| cost >= *limit)?;
        Some(Exhausted {
            reason: format!("${cost:.4} of ${limit:.4} are spent"),
            more: Some(format!("--max-cost {:.4}", 2.0 * cost)),
        })
    }

    /// When time is up, if ever.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// What to say when time is up.
    pub(super) fn out_of_time(&self) -> Exhausted {
        let limit = self.limits.run_time.map_or(Duration::ZERO, |time| time);
        Exhausted {
            reason: format!("the run's time limit of {} s is over", limit.as_secs_f64()),
            more: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn budget(max_tokens: Option<u64>, max_cost: Option<f64>) -> Budget {
        let limits = Config::defaults().expect("the defaults").limits;
        Budget::new(
            &Limits {
                max_tokens,
                max_cost,
                ..limits
            },
            UsageRecord::ZERO,
        )
    }

    fn used(total_tokens: u64, cost: Option<f64>) -> UsageRecord {
        UsageRecord {
            total_tokens,
            cost,
            ..UsageRecord::ZERO
        }
    }

    #[test]
    fn what_is_told_twice_is_counted_once() {
        let mut budget = budget(Some(100), None);
        budget.note("a", used(40, None));
        budget.note("a", used(60, None));
        budget.note("b", used(39, None));
        assert_eq!(budget.exhausted(), None);
        budget.settle("a", used(61, None));
        assert_eq!(
            budget.exhausted(),
            Some(Exhausted {
                reason: "100 of 100 tokens are spent".into(),
                more: Some("--max-tokens 200".into()),
            })
        );
    }

    #[test]
    fn money_is_counted_as_far_as_it_is_known() {
        let mut budget = budget(None, Some(0.5));
        budget.settle("a", used(10, None));
        budget.settle("b", used(10, Some(0.3)));
        assert_eq!(budget.exhausted(), None);
        budget.note("c", used(10, Some(0.2)));
        assert_eq!(
            budget.exhausted(),
            Some(Exhausted {
                reason: "$0.5000 of $0.5000 are spent".into(),
                more: Some("--max-cost 1.0000".into()),
            })
        );
    }

    #[test]
    fn an_earlier_part_of_the_run_counts() {
        let limits = Config::defaults().expect("the defaults").limits;
        let limits = Limits {
            max_tokens: Some(10),
            ..limits
        };
        assert!(Budget::new(&limits, used(10, None)).exhausted().is_some());
    }
}
