//! Sums up each run for the page, forks included.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use env_crafter::{Achievement, AchievementSet};
use serde::Serialize;
use tracer::store::Store;

use super::catalog::{RUNNING, Row};
use crate::fork::{self, ForkInfo};
use crate::report::{self, RunInfo};
use crate::statistics::{crafter_score, success_rates};

/// A run and what came of it so far.
#[derive(Debug, Serialize)]
pub(super) struct Run {
    #[serde(flatten)]
    info: RunInfo,
    /// Where its episodes begin, if they go on from another one.
    fork: Option<ForkInfo>,
    models: Vec<ModelLine>,
}

/// What one model reached in a run, before a fork included.
#[derive(Debug, Default, Serialize)]
struct ModelLine {
    model: String,
    episodes: u64,
    complete: u64,
    running: u64,
    mean_achievements: f64,
    mean_reward: f64,
    /// The Crafter score of the complete ones.
    score: f64,
    /// For each achievement that some of them unlocked, in percent of them.
    rates: BTreeMap<&'static str, f64>,
    /// How many achievements were unlocked in any episode.
    unlocked: usize,
}

impl Run {
    /// Every run and every fork in the file, the latest first.
    pub(super) fn all(store: &Store, rows: &[Row]) -> anyhow::Result<Vec<Run>> {
        let mut of_run: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
        for row in rows {
            let id = row.run.as_deref().unwrap_or_default();
            of_run.entry(id).or_default().push(row);
        }
        let runs = report::runs(store)?.into_iter().map(|info| (None, info));
        let forks = fork::all(store)?.into_iter();
        let forks = forks.map(|(fork, info)| (Some(fork), info));
        let mut runs: Vec<Run> = runs
            .chain(forks)
            .map(|(fork, info)| {
                let rows = of_run.get(info.experiment_id.as_str());
                let mut models = lines(rows.map_or(&[][..], Vec::as_slice));
                let asked = &info.config.run.models;
                models.sort_by_key(|line| asked.iter().position(|model| *model == line.model));
                Run { info, fork, models }
            })
            .collect();
        runs.sort_by_key(|run| Reverse(run.info.started_at));
        Ok(runs)
    }
}

/// A line for each model, in the order in which they began.
fn lines(rows: &[&Row]) -> Vec<ModelLine> {
    let mut models: Vec<ModelLine> = Vec::new();
    let mut unlocked: BTreeMap<usize, BTreeSet<&str>> = BTreeMap::new();
    let mut complete: BTreeMap<usize, Vec<AchievementSet>> = BTreeMap::new();
    for row in rows {
        let Some(model) = &row.model else { continue };
        let place = models.iter().position(|line| line.model == *model);
        let place = place.unwrap_or_else(|| {
            models.push(ModelLine {
                model: model.clone(),
                ..ModelLine::default()
            });
            models.len() - 1
        });
        let line = &mut models[place];
        line.episodes += 1;
        line.running += u64::from(row.ending == RUNNING);
        if row.complete {
            line.complete += 1;
            line.mean_achievements += row.achievements.len() as f64;
            line.mean_reward += row.reward;
            let names = row.achievements.iter();
            let set = names.filter_map(|name| Achievement::from_name(name));
            complete.entry(place).or_default().push(set.collect());
        }
        let names = row.achievements.iter().map(String::as_str);
        unlocked.entry(place).or_default().extend(names);
    }
    for (place, line) in models.iter_mut().enumerate() {
        let sets = complete.remove(&place).unwrap_or_default();
        let count = sets.len().max(1) as f64;
        line.mean_achievements /= count;
        line.mean_reward /= count;
        line.unlocked = unlocked.get(&place).map_or(0, BTreeSet::len);
        let rates = success_rates(&sets);
        line.score = crafter_score(&rates);
        let rates = Achievement::ALL
            .map(Achievement::name)
            .into_iter()
            .zip(rates);
        line.rates = rates.filter(|(_, rate)| *rate > 0.0).collect();
    }
    models
}
