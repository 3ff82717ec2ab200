//! Puts numbers on episodes: what they reached, and how they differ from others.
//!
//! The formulas are those of the runner's reports, which cannot be used from here:
//! the runner depends on this crate.

use std::{collections::BTreeMap, fmt};

use env_crafter::Achievement;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::episode::Episode;

/// What the episodes of a version reached.
pub(crate) struct Summary<'a> {
    episodes: &'a [Episode],
}

/// Two versions in the same worlds.
pub(crate) struct Comparison<'a> {
    pairs: Vec<(&'a Episode, &'a Episode)>,
}

/// Resamples of the bootstrap.
const RESAMPLES: usize = 1000;

/// The share of the normal distribution within this many deviations is 95 %.
const DEVIATIONS: f64 = 1.96;

impl<'a> Summary<'a> {
    pub(crate) fn of(episodes: &'a [Episode]) -> Self {
        Self { episodes }
    }

    fn share(&self, which: impl Fn(&Episode) -> bool) -> f64 {
        share(self.episodes.iter(), which)
    }
}

impl fmt::Display for Summary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let episodes: Vec<&Episode> = self.episodes.iter().collect();
        let mut scores: Vec<f64> = resampled(&episodes).map(|each| score(&each)).collect();
        let (low, high) = middle(&mut scores);
        writeln!(
            f,
            "Crafter score   {:5.1}  ({low:.1} to {high:.1})",
            score(&episodes)
        )?;
        let progress = counts(&episodes).map(|count| count / Achievement::ALL.len() as f64 * 100.0);
        let (mean, margin) = mean(progress);
        writeln!(
            f,
            "progress        {mean:5.1}  ({:.1} to {:.1})",
            mean - margin,
            mean + margin
        )?;
        for least in [18, 22] {
            let share = self.share(|episode| episode.unlocked.len() >= least);
            writeln!(f, "{least} or more      {share:5.1} %")?;
        }
        for achievement in Achievement::ALL {
            let name = achievement.name();
            let share = self.share(|episode| episode.unlocked.contains_key(name));
            let mut steps: Vec<u64> = self
                .episodes
                .iter()
                .filter_map(|episode| episode.unlocked.get(name).copied())
                .collect();
            steps.sort_unstable();
            let median = steps.get(steps.len() / 2).copied().unwrap_or_default();
            writeln!(f, "  {name:20} {share:5.1} %  median step {median}")?;
        }
        let mut causes: BTreeMap<&str, usize> = BTreeMap::new();
        for cause in self
            .episodes
            .iter()
            .filter_map(|each| each.died_of.as_deref())
        {
            *causes.entry(cause).or_default() += 1;
        }
        let died = self.share(|episode| episode.died_of.is_some());
        write!(f, "died            {died:5.1} %")?;
        for (cause, count) in causes {
            write!(f, ", {count} of {cause}")?;
        }
        let decisions: u64 = self.episodes.iter().map(|each| each.decisions).sum();
        let steps: u64 = self.episodes.iter().map(|each| each.steps).sum();
        let thinking: f64 = self.episodes.iter().map(|each| each.thinking).sum();
        writeln!(
            f,
            "\ndecisions       {:.0} a second of processor time, {:.2} actions each",
            decisions as f64 / thinking,
            steps as f64 / decisions as f64
        )
    }
}

impl<'a> Comparison<'a> {
    pub(crate) fn of(before: &'a [Episode], after: &'a [Episode]) -> Self {
        let pairs = after.iter().filter_map(|after| {
            let before = before.iter().find(|before| before.seed == after.seed)?;
            Some((before, after))
        });
        Self {
            pairs: pairs.collect(),
        }
    }
}

impl fmt::Display for Comparison<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "against the other version, in {} worlds:",
            self.pairs.len()
        )?;
        let mut scores: Vec<f64> = resampled(&self.pairs)
            .map(|pairs| {
                let (before, after): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
                score(&after) - score(&before)
            })
            .collect();
        let (low, high) = middle(&mut scores);
        let (before, after): (Vec<_>, Vec<_>) = self.pairs.iter().copied().unzip();
        let difference = score(&after) - score(&before);
        writeln!(
            f,
            "  score        {difference:+6.2}  ({low:+.2} to {high:+.2})"
        )?;
        let pairs = self.pairs.iter();
        let (counted, margin) = mean(
            pairs.map(|(before, after)| after.unlocked.len() as f64 - before.unlocked.len() as f64),
        );
        writeln!(f, "  achievements {counted:+6.2}  ± {margin:.2}")?;
        let mut line = |name: &str, has: &dyn Fn(&Episode) -> bool| {
            let change = |(before, after): &(&Episode, &Episode)| {
                100.0 * (f64::from(has(after)) - f64::from(has(before)))
            };
            let (difference, margin) = mean(self.pairs.iter().map(change));
            if difference.abs() < 0.05 {
                return Ok(());
            }
            writeln!(f, "  {name:20} {difference:+5.1} ± {margin:.1} %")
        };
        for achievement in Achievement::ALL {
            let name = achievement.name();
            line(name, &|episode| episode.unlocked.contains_key(name))?;
        }
        line("18 or more", &|episode| episode.unlocked.len() >= 18)?;
        line("died", &|episode| episode.died_of.is_some())
    }
}

/// The geometric mean of success rates in percent, as Crafter's paper has it.
fn score(episodes: &[&Episode]) -> f64 {
    let logs = Achievement::ALL.map(|achievement| {
        let has = |episode: &Episode| episode.unlocked.contains_key(achievement.name());
        share(episodes.iter().copied(), has).ln_1p()
    });
    (logs.iter().sum::<f64>() / logs.len() as f64).exp_m1()
}

/// In how many of a hundred episodes it was so.
fn share<'a>(
    episodes: impl ExactSizeIterator<Item = &'a Episode>,
    which: impl Fn(&Episode) -> bool,
) -> f64 {
    let all = episodes.len().max(1) as f64;
    100.0 * episodes.filter(|episode| which(episode)).count() as f64 / all
}

fn counts<'a>(episodes: &'a [&Episode]) -> impl Iterator<Item = f64> + 'a {
    episodes.iter().map(|each| each.unlocked.len() as f64)
}

/// The mean of some numbers, and how far from it the truth may be.
fn mean(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let values: Vec<f64> = values.collect();
    let count = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let deviation = (squares / (count - 1.0).max(1.0)).sqrt();
    (mean, DEVIATIONS * deviation / count.sqrt())
}

/// As many draws with replacement, again and again; the same every time.
fn resampled<T: Copy>(values: &[T]) -> impl Iterator<Item = Vec<T>> {
    let mut random = ChaCha8Rng::seed_from_u64(0);
    (0..RESAMPLES).map(move |_| {
        let draws = (0..values.len()).map(|_| values[random.random_range(0..values.len())]);
        draws.collect()
    })
}

/// The bounds of the middle 95 %.
fn middle(values: &mut [f64]) -> (f64, f64) {
    values.sort_by(f64::total_cmp);
    let cut = values.len() / 40;
    match (values.get(cut), values.iter().nth_back(cut)) {
        (Some(&low), Some(&high)) => (low, high),
        _ => (f64::NAN, f64::NAN),
    }
}
