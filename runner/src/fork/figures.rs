//! Computes what continuations came to, beside what their parent came to.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;
use tracer::store::{Store, Table};

use super::ForkInfo;
use crate::episode::EpisodeRecord;
use crate::report::{self, Estimate, RunInfo};
use crate::statistics::Mean;

/// What came of a fork.
#[derive(Debug, Clone, Serialize)]
pub struct ForkReport {
    /// The fork, which is an experiment in the trace file.
    pub experiment_id: String,
    /// Where it begins, and what the parent came to.
    #[serde(flatten)]
    pub fork: ForkInfo,
    /// What the parent reached from there on; absent where its trace does not say.
    pub parent_went_on: Option<WentOn>,
    /// What each model reached from there on.
    pub models: Vec<Continuations>,
}

/// What one continuation reached, without what was there at its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct WentOn {
    /// Steps.
    pub steps: f64,
    /// Achievements.
    pub achievements: f64,
    /// The sum of rewards.
    pub reward: f64,
}

/// What one model's continuations reached, without what was there at their
/// beginning.
#[derive(Debug, Clone, Serialize)]
pub struct Continuations {
    /// The model.
    pub model: String,
    /// Continuations that were played to an end: the denominator of all that
    /// follows.
    pub continuations: usize,
    /// Those that were cut short, which do not count.
    pub cut_short: usize,
    /// Whether all of them are the same, action for action.
    pub all_alike: bool,
    /// Steps.
    pub steps: Estimate,
    /// Achievements.
    pub achievements: Estimate,
    /// The sum of rewards.
    pub reward: Estimate,
    /// Achievements above what the parent reached; unknown where its trace does
    /// not say.
    pub achievements_above_parent: Estimate,
    /// Reward above what the parent reached.
    pub reward_above_parent: Estimate,
    /// How often each ending happened.
    pub endings: BTreeMap<String, u64>,
    /// The sessions, in the order of the continuations.
    pub session_ids: Vec<String>,
}

impl ForkReport {
    /// The report of a fork from what the file holds of its episodes.
    ///
    /// # Errors
    ///
    /// Where it cannot be read.
    pub fn load(store: &Store, fork: ForkInfo, run: &RunInfo) -> anyhow::Result<ForkReport> {
        let mut records = report::sessions(store, run)?;
        records.sort_by_key(|record| record.config.index);
        let actions = actions(store, run)?;
        let from = |steps: u64, achievements: u64, reward: f64| WentOn {
            steps: steps as f64 - fork.step as f64,
            achievements: achievements as f64 - fork.achievements as f64,
            reward: reward - fork.reward,
        };
        let parent = fork.parent.as_ref();
        let parent = parent.map(|parent| from(parent.steps, parent.achievements, parent.reward));
        let models = run.config.run.models.iter();
        let models = models.map(|model| {
            let of_model = records
                .iter()
                .filter(|record| record.config.model == *model);
            let of_model: Vec<&EpisodeRecord> = of_model.collect();
            let whole = of_model.iter().filter(|record| record.complete);
            let reached: Vec<WentOn> = whole
                .map(|record| {
                    let results = &record.results;
                    from(
                        results.steps,
                        record.unlocked().len() as u64,
                        results.reward,
                    )
                })
                .collect();
            Continuations::new(model, &of_model, &reached, parent, &actions)
        });
        Ok(ForkReport {
            experiment_id: run.experiment_id.clone(),
            models: models.collect(),
            parent_went_on: parent,
            fork,
        })
    }
}

/// The actions of each session of a run, in one text.
fn actions(store: &Store, run: &RunInfo) -> anyhow::Result<BTreeMap<String, String>> {
    let found = store.query(&format!(
        "select session_id, string_agg(events.metadata ->> '$.action', ' ' order by seq) \
         from events join session_traces using (session_id) \
         where experiment_id = {} and event_type = 'environment' group by session_id",
        report::quoted(&run.experiment_id)
    ))?;
    let each = found.rows.iter().filter_map(|row| {
        let actions = row.get(1).and_then(Value::as_str)?;
        Some((Table::text(row.first()?).into_owned(), actions.to_owned()))
    });
    Ok(each.collect())
}

impl Continuations {
    fn new(
        model: &str,
        records: &[&EpisodeRecord],
        reached: &[WentOn],
        parent: Option<WentOn>,
        actions: &BTreeMap<String, String>,
    ) -> Continuations {
        let over = |value: &dyn Fn(&WentOn) -> f64| -> Estimate {
            let values: Vec<f64> = reached.iter().map(value).collect();
            Mean::of(&values).into()
        };
        let above = |value: fn(&WentOn) -> f64| match parent {
            Some(parent) => over(&|each| value(each) - value(&parent)),
            None => Estimate::default(),
        };
        let mut endings = BTreeMap::new();
        for record in records {
            let ending = record.results.ending.name().to_owned();
            *endings.entry(ending).or_default() += 1;
        }
        let whole = records.iter().filter(|record| record.complete);
        // The same actions come to something else where the world's luck differs.
        // Rewards are compared by their bits: the same play sums up the same way.
        let played: BTreeSet<_> = whole
            .map(|record| {
                let actions = actions.get(&record.session_id);
                (actions, record.results.reward.to_bits())
            })
            .collect();
        Continuations {
            model: model.to_owned(),
            continuations: reached.len(),
            cut_short: records.len() - reached.len(),
            all_alike: reached.len() > 1 && played.len() == 1,
            steps: over(&|each| each.steps),
            achievements: over(&|each| each.achievements),
            reward: over(&|each| each.reward),
            achievements_above_parent: above(|each| each.achievements),
            reward_above_parent: above(|each| each.reward),
            endings,
            session_ids: records
                .iter()
                .map(|record| record.session_id.clone())
                .collect(),
        }
    }
}
