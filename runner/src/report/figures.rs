//! Computes the figures of a report from the records of episodes.

use std::collections::BTreeMap;

use agent_react::hooks::Tier as TierOf;
use agent_react::outcome::Ending;
use env_crafter::{Achievement, AchievementSet};
use jiff::Timestamp;
use serde::Serialize;

use super::RunInfo;
use crate::episode::{EpisodeConfig, EpisodeRecord, EpisodeResults, UsageRecord};
use crate::play::HUMAN;
use crate::players::is_embedded;
use crate::statistics::{
    BOOTSTRAP_KIND, Interval, Mean, crafter_score, crafter_score_interval, k_score,
    median_interval, percentile, progress, rate_interval, success_rates,
};

/// Every measure of one model's episodes in a run.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The run.
    pub experiment_id: String,
    /// The model.
    pub model: String,
    /// The observation format.
    pub observation: String,
    /// The protocol that was asked for.
    pub protocol: String,
    /// How many replies the endpoint was asked for in each way, by protocol.
    pub protocols_used: BTreeMap<String, u64>,
    /// The difficulty of the world.
    pub difficulty: String,
    /// The task set that was played, if it was one.
    pub tasks: Option<String>,
    /// The step limit of an episode.
    pub max_steps: u64,
    /// When the run began.
    pub started_at: Timestamp,
    /// What was changed of the run when it was continued that figures may depend on;
    /// what else is said of it here is what it was begun with.
    pub mixed: Vec<String>,
    /// Whether the run is being played, by this model or another.
    pub goes_on: bool,
    /// How many episodes were planned.
    pub planned_episodes: u64,
    /// How many of them are being played, in the file of a run that goes on.
    pub under_way: u64,
    /// How many of them were never begun.
    pub not_begun: u64,
    /// Every episode that was begun, by seed.
    pub episodes: Vec<Episode>,
    /// How many of them count: in all figures but [`Report::endings`],
    /// [`Report::invalid_actions`] and [`Report::usage`], which are of every episode that
    /// was begun.
    pub scored_episodes: usize,
    /// The Crafter score.
    pub crafter_score: Score,
    /// The share of achievements unlocked in an episode.
    pub progress: Estimate,
    /// The sum of rewards of an episode.
    pub reward: Estimate,
    /// The number of achievements of an episode.
    pub achievements_per_episode: Estimate,
    /// The achievements unlocked in any episode.
    pub unique_achievements: Vec<String>,
    /// The shaped reward of Synth's demo, of an episode.
    pub k_score: Estimate,
    /// Achievements by difficulty.
    pub tiers: Vec<TierFigures>,
    /// The share of episodes in which each achievement was unlocked; unknown without a
    /// scored episode.
    pub success_rates: BTreeMap<String, Option<f64>>,
    /// The 95 % interval of each success rate (Wilson's).
    pub success_rate_intervals: BTreeMap<String, Option<Interval>>,
    /// When each achievement was first unlocked, where it was.
    pub first_unlocks: BTreeMap<String, FirstUnlock>,
    /// How often each ending happened, over every episode that was begun.
    pub endings: BTreeMap<String, u64>,
    /// Actions without effect, over every episode that was begun.
    pub invalid_actions: InvalidActions,
    /// Calls, tokens, cost and time, over every episode that was begun.
    pub usage: Usage,
}

/// An episode as a report lists it.
#[derive(Debug, Clone, Serialize)]
pub struct Episode {
    /// The world's seed.
    pub seed: u64,
    /// Why it ended.
    pub ending: Ending,
    /// Whether it counts in the scores.
    pub scored: bool,
    /// Steps the world took.
    pub steps: u64,
    /// Replies the model gave.
    pub turns: u64,
    /// The sum of rewards.
    pub reward: f64,
    /// What was unlocked, in the order in which it was.
    pub achievements: Vec<String>,
    /// The step of each of them.
    pub unlock_steps: Vec<u64>,
    /// The session that holds the trace.
    pub session_id: String,
    /// What went wrong, where something did.
    pub error: Option<String>,
}

/// The Crafter score with its interval.
#[derive(Debug, Clone, Serialize)]
pub struct Score {
    /// The score; unknown without a scored episode.
    pub value: Option<f64>,
    /// The lower end of the interval.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
    /// What kind of interval it is.
    pub interval: &'static str,
}

/// A mean over episodes with its standard error and Student t interval.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Estimate {
    /// The mean; unknown without an episode.
    pub value: Option<f64>,
    /// The standard error; unknown below two.
    pub se: Option<f64>,
    /// The lower end of the 95 % interval.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
}

/// The difficulty of achievements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// What a beginner reaches.
    Easy,
    /// What takes a few tools.
    Medium,
    /// What takes planning.
    Hard,
}

/// The achievements of one tier.
#[derive(Debug, Clone, Serialize)]
pub struct TierFigures {
    /// The tier.
    pub tier: Tier,
    /// How many achievements it has.
    pub achievements: usize,
    /// How many of them an episode unlocked.
    pub per_episode: Estimate,
}

/// When an achievement was first unlocked, over the episodes that did.
#[derive(Debug, Clone, Serialize)]
pub struct FirstUnlock {
    /// The episodes that did.
    pub episodes: usize,
    /// The median step.
    pub median_step: f64,
    /// The lower end of its interval; unknown below six episodes.
    pub step_low: Option<f64>,
    /// The upper end.
    pub step_high: Option<f64>,
    /// The median turn.
    pub median_turn: f64,
}

/// Actions without effect, over every episode that was begun and left word of them.
#[derive(Debug, Clone, Serialize)]
pub struct InvalidActions {
    /// All executed actions.
    pub executed: u64,
    /// Those without effect.
    pub invalid: u64,
    /// The share of those, in percent; unknown without an action.
    pub rate: Option<f64>,
    /// Executed and invalid, by action.
    pub by_action: BTreeMap<String, ActionFigures>,
    /// Invalid, by reason.
    pub by_reason: BTreeMap<String, u64>,
    /// Replies that held no valid call at all.
    pub invalid_replies: u64,
}

/// How often an action was executed, and how often for nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct ActionFigures {
    /// Times executed.
    pub executed: u64,
    /// Times without effect.
    pub invalid: u64,
}

/// What the episodes used.
#[derive(Debug, Clone, Serialize)]
pub struct Usage {
    /// Calls, failed ones included.
    pub calls: u64,
    /// Tokens of the prompts; like those below unknown where calls were made and no
    /// answer counted its tokens.
    pub prompt_tokens: Option<u64>,
    /// Tokens of the replies.
    pub completion_tokens: Option<u64>,
    /// Both.
    pub total_tokens: Option<u64>,
    /// Prompt tokens that came from a cache.
    pub cached_tokens: Option<u64>,
    /// Reply tokens spent on reasoning.
    pub reasoning_tokens: Option<u64>,
    /// US dollars; unknown where tokens or their price are.
    pub cost: Option<f64>,
    /// Tokens of an episode.
    pub tokens_per_episode: Estimate,
    /// US dollars of an episode, where prices are known.
    pub cost_per_episode: Estimate,
    /// How long calls took.
    pub latency_ms: Latency,
    /// Seconds waited for the model, summed over episodes.
    pub model_seconds: f64,
    /// Seconds in the world, summed over episodes.
    pub environment_seconds: f64,
    /// Seconds of episodes, summed.
    pub episode_seconds: f64,
}

/// Percentiles of the latency of calls, in milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Latency {
    /// The median.
    pub p50: Option<f64>,
    /// Nine of ten are faster.
    pub p90: Option<f64>,
    /// Nineteen of twenty.
    pub p95: Option<f64>,
    /// All but one in a hundred.
    pub p99: Option<f64>,
}

impl Latency {
    /// The percentiles of latencies.
    pub fn of(milliseconds: &[f64]) -> Latency {
        let at = |p| percentile(milliseconds, p);
        Latency {
            p50: at(50.0),
            p90: at(90.0),
            p95: at(95.0),
            p99: at(99.0),
        }
    }
}

impl From<Option<Mean>> for Estimate {
    fn from(mean: Option<Mean>) -> Estimate {
        let interval = mean.and_then(|mean| mean.interval());
        Estimate {
            value: mean.map(|mean| mean.value),
            se: mean.and_then(|mean| mean.se),
            low: interval.map(|interval| interval.low),
            high: interval.map(|interval| interval.high),
        }
    }
}

impl Estimate {
    fn over<'a>(
        episodes: impl IntoIterator<Item = &'a EpisodeRecord>,
        value: impl Fn(&EpisodeRecord) -> f64,
    ) -> Estimate {
        let values: Vec<f64> = episodes.into_iter().map(value).collect();
        Mean::of(&values).into()
    }
}

impl Report {
    /// The report of one model's episodes. Those that were not played to an end
    /// of their own are listed but not scored, unless `include_failures`.
    pub fn new(
        run: &RunInfo,
        model: &str,
        mut records: Vec<EpisodeRecord>,
        latency: Latency,
        include_failures: bool,
    ) -> Report {
        records.sort_by_key(|record| record.config.seed);
        let planned = run.current().run.episodes.max(records.len() as u64);
        let scores = |record: &&EpisodeRecord| record.complete || include_failures;
        let scored: Vec<&EpisodeRecord> = records.iter().filter(scores).collect();
        let unlocked: Vec<AchievementSet> = scored.iter().map(|each| each.unlocked()).collect();
        let rates = success_rates(&unlocked);
        let score_interval = crafter_score_interval(&unlocked);
        let over = |value: fn(&EpisodeRecord) -> f64| Estimate::over(scored.iter().copied(), value);

        Report {
            experiment_id: run.experiment_id.clone(),
            model: model.to_owned(),
            observation: run.config.agent.observation.clone(),
            protocol: run.config.agent.protocol.clone(),
            protocols_used: count(records.iter().flat_map(|each| {
                let used = &each.results.protocols;
                used.iter().map(|(name, replies)| (name.clone(), *replies))
            })),
            difficulty: run.config.world.difficulty.clone(),
            tasks: run.config.run.tasks.clone(),
            max_steps: run.config.limits.max_steps,
            started_at: run.started_at,
            mixed: Vec::new(),
            goes_on: false,
            planned_episodes: planned,
            under_way: 0,
            not_begun: planned - records.len() as u64,
            episodes: records
                .iter()
                .map(|each| Episode::new(each, scores(&each)))
                .collect(),
            scored_episodes: scored.len(),
            crafter_score: Score {
                value: (!scored.is_empty()).then(|| crafter_score(&rates)),
                low: score_interval.map(|interval| interval.low),
                high: score_interval.map(|interval| interval.high),
                interval: BOOTSTRAP_KIND,
            },
            progress: progress(&unlocked).into(),
            reward: over(|each| each.results.reward),
            achievements_per_episode: over(|each| each.unlocked().len() as f64),
            unique_achievements: unlocked
                .iter()
                .copied()
                .fold(AchievementSet::EMPTY, AchievementSet::union)
                .iter()
                .map(|each| each.name().to_owned())
                .collect(),
            k_score: over(|each| k_score(&each.counts())),
            tiers: tiers(&unlocked),
            success_rates: Achievement::ALL
                .iter()
                .zip(rates)
                .map(|(achievement, rate)| {
                    let known = (!scored.is_empty()).then_some(rate);
                    (achievement.name().to_owned(), known)
                })
                .collect(),
            success_rate_intervals: Achievement::ALL
                .iter()
                .map(|achievement| {
                    let had = |each: &&AchievementSet| each.contains(*achievement);
                    let times = unlocked.iter().filter(had).count();
                    let interval = rate_interval(times, unlocked.len());
                    (achievement.name().to_owned(), interval)
                })
                .collect(),
            first_unlocks: first_unlocks(&scored),
            endings: count(
                records
                    .iter()
                    .map(|each| (each.results.ending.name().to_owned(), 1)),
            ),
            invalid_actions: InvalidActions::of(&records),
            usage: Usage::of(&records, latency, model),
        }
    }

    /// The report while the run is being played, and of this model these episodes.
    #[must_use]
    pub fn with_under_way<'a>(self, episodes: impl Iterator<Item = &'a EpisodeConfig>) -> Report {
        // One that is played again is listed as far as it came before.
        let is_listed = |seed| self.episodes.iter().any(|episode| episode.seed == seed);
        let (again, first): (Vec<u64>, Vec<u64>) = episodes
            .map(|it| it.seed)
            .partition(|seed| is_listed(*seed));
        let begun = (self.episodes.len() + first.len()) as u64;
        let planned_episodes = self.planned_episodes.max(begun);
        Report {
            goes_on: true,
            planned_episodes,
            under_way: (again.len() + first.len()) as u64,
            not_begun: planned_episodes - begun,
            ..self
        }
    }
}

impl Episode {
    fn new(record: &EpisodeRecord, scored: bool) -> Episode {
        let results = &record.results;
        Episode {
            seed: record.config.seed,
            ending: results.ending,
            scored,
            steps: results.steps,
            turns: results.turns,
            // Without the noise of adding up tenths.
            reward: (results.reward * 1e9).round() / 1e9,
            achievements: results
                .unlocks
                .iter()
                .map(|each| each.achievement.clone())
                .collect(),
            unlock_steps: results.unlocks.iter().map(|each| each.step).collect(),
            session_id: record.session_id.clone(),
            error: results.error.clone(),
        }
    }
}

impl InvalidActions {
    fn of(records: &[EpisodeRecord]) -> InvalidActions {
        let mut by_action = BTreeMap::<String, ActionFigures>::new();
        for (action, count) in records.iter().flat_map(|each| &each.results.actions) {
            by_action.entry(action.clone()).or_default().executed += count;
        }
        let without_effect = || {
            records
                .iter()
                .flat_map(|each| &each.results.invalid_actions)
        };
        for each in without_effect() {
            by_action.entry(each.action.clone()).or_default().invalid += each.count;
        }
        let executed = by_action.values().map(|figures| figures.executed).sum();
        let invalid = by_action.values().map(|figures| figures.invalid).sum();
        InvalidActions {
            executed,
            invalid,
            rate: (executed > 0).then(|| 100.0 * invalid as f64 / executed as f64),
            by_reason: count(without_effect().map(|each| (each.reason.clone(), each.count))),
            by_action,
            invalid_replies: records
                .iter()
                .map(|each| each.results.invalid_replies)
                .sum(),
        }
    }
}

impl Usage {
    fn of(records: &[EpisodeRecord], latency: Latency, model: &str) -> Usage {
        let total = records.iter().map(EpisodeRecord::usage);
        let total = total.fold(UsageRecord::ZERO, UsageRecord::plus);
        let asks_an_endpoint = !is_embedded(model) && model != HUMAN;
        let known = !asks_an_endpoint || total.calls == 0 || total.total_tokens > 0;
        let tokens = |count: u64| known.then_some(count);
        let priced = known && records.iter().all(|each| each.results.cost.is_some());
        let cost = |each: &EpisodeRecord| each.results.cost.unwrap_or_default();
        let seconds = |ms: fn(&EpisodeResults) -> f64| {
            records.iter().map(|each| ms(&each.results) / 1e3).sum()
        };
        Usage {
            calls: total.calls,
            prompt_tokens: tokens(total.prompt_tokens),
            completion_tokens: tokens(total.completion_tokens),
            total_tokens: tokens(total.total_tokens),
            cached_tokens: tokens(total.cached_tokens),
            reasoning_tokens: tokens(total.reasoning_tokens),
            cost: total.cost.filter(|_| known),
            tokens_per_episode: match known {
                true => Estimate::over(records, |each| each.usage().total_tokens as f64),
                false => Estimate::default(),
            },
            cost_per_episode: match priced {
                true => Estimate::over(records, cost),
                false => Estimate::default(),
            },
            latency_ms: latency,
            model_seconds: seconds(|each| each.model_time_ms),
            environment_seconds: seconds(|each| each.environment_time_ms),
            episode_seconds: seconds(|each| each.wall_time_ms),
        }
    }
}

fn tiers(unlocked: &[AchievementSet]) -> Vec<TierFigures> {
    [
        (Tier::Easy, TierOf::Easy),
        (Tier::Medium, TierOf::Medium),
        (Tier::Hard, TierOf::Hard),
    ]
    .map(|(tier, of)| {
        let all: AchievementSet = Achievement::ALL
            .into_iter()
            .filter(|each| TierOf::of(*each) == of)
            .collect();
        let reached = |set: &AchievementSet| set.iter().filter(|each| all.contains(*each)).count();
        let counts: Vec<f64> = unlocked.iter().map(|set| reached(set) as f64).collect();
        TierFigures {
            tier,
            achievements: all.len(),
            per_episode: Mean::of(&counts).into(),
        }
    })
    .to_vec()
}

fn first_unlocks(scored: &[&EpisodeRecord]) -> BTreeMap<String, FirstUnlock> {
    let mut when = BTreeMap::<&str, (Vec<f64>, Vec<f64>)>::new();
    for unlock in scored.iter().flat_map(|each| &each.results.unlocks) {
        let (steps, turns) = when.entry(&unlock.achievement).or_default();
        steps.push(unlock.step as f64);
        turns.push(unlock.turn as f64);
    }
    when.into_iter()
        .filter_map(|(achievement, (steps, turns))| {
            let interval = median_interval(&steps);
            let unlock = FirstUnlock {
                episodes: steps.len(),
                median_step: percentile(&steps, 50.0)?,
                step_low: interval.map(|interval| interval.low),
                step_high: interval.map(|interval| interval.high),
                median_turn: percentile(&turns, 50.0)?,
            };
            Some((achievement.to_owned(), unlock))
        })
        .collect()
}

fn count(items: impl Iterator<Item = (String, u64)>) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for (name, count) in items {
        *counts.entry(name).or_default() += count;
    }
    counts
}
