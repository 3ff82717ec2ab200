//! Provides the comparison of two runs by pairs of episodes of one seed.

use env_crafter::{Achievement, AchievementSet};
use serde::Serialize;

use super::{Interval, Mean, Stopping, crafter_score, score_difference_interval, success_rates};

/// Fewer pairs than this decide nothing, however alike their differences are: the least
/// number that a sign test would believe at 5 % if all of them point the same way
/// (2 · 0.5⁶ = 3 %). A t interval knows no such bound, and has no width where a few
/// differences happen to be equal.
pub const FEWEST_PAIRS: usize = 6;

/// What would take more pairs than this is not worth a figure.
const MOST_PAIRS: usize = 1_000_000;

/// Two runs on the same seeds, compared pair by pair. Differences are left
/// minus right, in percentage points.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Paired {
    /// The difference in progress, with the standard error of the pairs.
    pub progress: Mean,
    /// The interval of [`Paired::progress`] that holds under the stopping rule.
    pub progress_interval: Option<Interval>,
    /// The difference in Crafter score.
    pub score: f64,
    /// The bootstrap interval of [`Paired::score`], from two pairs on.
    pub score_interval: Option<Interval>,
    /// How many more pairs would decide the difference in progress at the
    /// variation seen so far: zero where it is decided, `None` where nothing
    /// can be said (too few pairs, no difference at all, or one so small that
    /// over a million pairs would not do).
    pub more_to_decide: Option<u64>,
}

impl Paired {
    /// Compares pairs of what two runs unlocked on the same seed, or `None`
    /// where there is no pair. `stopping` is what decided that there are so many.
    pub fn of(pairs: &[(AchievementSet, AchievementSet)], stopping: Stopping) -> Option<Paired> {
        let progress = difference(pairs)?;
        let (left, right): (Vec<_>, Vec<_>) = pairs.iter().copied().unzip();
        Some(Paired {
            progress,
            progress_interval: progress.interval_under(stopping),
            score: crafter_score(&success_rates(&left)) - crafter_score(&success_rates(&right)),
            score_interval: score_difference_interval(pairs),
            more_to_decide: episodes_to_decide(&progress, stopping),
        })
    }

    /// Whether the interval of the difference in progress leaves zero out, with pairs
    /// enough to tell ([`FEWEST_PAIRS`]).
    pub fn decided(&self) -> bool {
        self.progress.n >= FEWEST_PAIRS
            && self
                .progress_interval
                .is_some_and(|interval| !interval.contains(0.0))
    }

    /// Whether score and progress rank the two runs the same way.
    pub fn rankings_agree(&self) -> bool {
        self.score * self.progress.value > 0.0 || (self.score == 0.0 && self.progress.value == 0.0)
    }
}

/// The mean difference in progress, in percentage points.
fn difference(pairs: &[(AchievementSet, AchievementSet)]) -> Option<Mean> {
    // Achievements are counted, so that a tie comes to zero and not close to it.
    let count = |set: AchievementSet| set.len() as f64;
    let differences: Vec<f64> = pairs.iter().map(|(a, b)| count(*a) - count(*b)).collect();
    let points = 100.0 / Achievement::ALL.len() as f64;
    let Mean { value, se, n } = Mean::of(&differences)?;
    Some(Mean {
        value: points * value,
        se: se.map(|se| points * se),
        n,
    })
}

/// How many more observations of the same spread would move the interval of
/// `difference` off zero, if its mean stayed what it is, and are not less than
/// [`FEWEST_PAIRS`] in all. Zero where that is so already; `None` where there is no
/// spread to extrapolate, no difference to decide, or no end in sight.
pub fn episodes_to_decide(difference: &Mean, stopping: Stopping) -> Option<u64> {
    let (value, se) = (difference.value.abs(), difference.se?);
    if value == 0.0 {
        return None;
    }
    let deviation = se * (difference.n as f64).sqrt();
    let decides = |n: usize| {
        let half = stopping
            .quantile(n)
            .map(|errors| errors * deviation / (n as f64).sqrt());
        n >= FEWEST_PAIRS && half.is_some_and(|half| half < value)
    };

    // The half-width shrinks steadily with n.
    let (mut undecided, mut decided) = (difference.n, MOST_PAIRS.max(difference.n));
    if decides(undecided) {
        return Some(0);
    }
    if !decides(decided) {
        return None;
    }
    while decided - undecided > 1 {
        let middle = undecided + (decided - undecided) / 2;
        *(if decides(middle) {
            &mut decided
        } else {
            &mut undecided
        }) = middle;
    }
    Some((decided - difference.n) as u64)
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::statistics::t_quantile;

    fn first(count: usize) -> AchievementSet {
        Achievement::ALL.into_iter().take(count).collect()
    }

    #[test]
    fn a_steady_lead_is_decided_and_both_measures_agree() {
        let pairs: Vec<_> = (0..10)
            .map(|i| (first(5 + i % 3), first(3 + i % 2)))
            .collect();
        let paired = Paired::of(&pairs, Stopping::Planned).expect("pairs");
        assert!(paired.decided() && paired.rankings_agree());
        assert_eq!(paired.more_to_decide, Some(0));
        assert!(paired.score > 0.0 && paired.progress.value > 0.0);
    }

    #[test]
    fn score_and_progress_may_disagree() {
        // Left always unlocks the same four; right a different one each time,
        // three of them: fewer on average, yet spread, which the score rewards.
        let pairs: Vec<_> = (0..22)
            .map(|i| {
                (
                    first(4),
                    (0..3).map(|k| Achievement::ALL[(i + 7 * k) % 22]).collect(),
                )
            })
            .collect();
        let paired = Paired::of(&pairs, Stopping::Planned).expect("pairs");
        assert!(paired.progress.value > 0.0 && paired.score < 0.0);
        assert!(!paired.rankings_agree());
    }

    #[test]
    fn the_episodes_to_decide_are_the_least_that_do() {
        let difference = Mean {
            value: 1.0,
            se: Some(1.0),
            n: 10,
        };
        let more = episodes_to_decide(&difference, Stopping::Planned).expect("a number") as usize;
        let half = |n: usize| t_quantile(n - 1).expect("t") * 10f64.sqrt() / (n as f64).sqrt();
        assert!(
            half(10 + more) < 1.0 && half(10 + more - 1) >= 1.0,
            "{more}"
        );
    }

    #[test]
    fn a_few_pairs_decide_nothing_however_alike_they_are() {
        let pairs = [(first(4), first(2)); FEWEST_PAIRS];
        let few = Paired::of(&pairs[..4], Stopping::Planned).expect("pairs");
        assert_eq!((few.decided(), few.more_to_decide), (false, Some(2)));
        let enough = Paired::of(&pairs, Stopping::Planned).expect("pairs");
        assert_eq!((enough.decided(), enough.more_to_decide), (true, Some(0)));
    }

    #[test]
    fn nothing_is_extrapolated_from_nothing() {
        let more = |value: f64, se: Option<f64>| {
            let difference = Mean { value, se, n: 9 };
            episodes_to_decide(&difference, Stopping::Planned)
        };
        assert_eq!(more(1.0, None), None);
        assert_eq!(more(0.0, Some(1.0)), None);
        assert_eq!(more(1e-16, Some(1.0)), None, "a tie but for rounding");
        assert_eq!(Paired::of(&[], Stopping::Planned), None);
    }

    #[test]
    fn a_tie_is_one_although_the_shares_are_no_round_numbers() {
        let pairs: Vec<_> = (0..30)
            .map(|i| (first(1 + i % 3), first(1 + (i + 1) % 3)))
            .collect();
        let paired = Paired::of(&pairs, Stopping::OnceDecided).expect("pairs");
        assert_eq!((paired.progress.value, paired.more_to_decide), (0.0, None));
    }

    /// Both sides unlock each achievement with the same chance, and are looked at after
    /// every pair.
    #[test]
    fn equal_models_are_seldom_told_apart_however_often_one_looks() {
        const RUNS: u64 = 400;
        let mut random = ChaCha8Rng::seed_from_u64(RUNS);
        let mut unlocked = || first((0..22).filter(|_| random.random_bool(0.4)).count());
        let mut told_apart = [0; 2];
        for _ in 0..RUNS {
            let pairs: Vec<_> = (0..150).map(|_| (unlocked(), unlocked())).collect();
            let looks: Vec<Mean> = (FEWEST_PAIRS..=pairs.len())
                .filter_map(|n| difference(&pairs[..n]))
                .collect();
            for (told_apart, stopping) in told_apart
                .iter_mut()
                .zip([Stopping::OnceDecided, Stopping::Planned])
            {
                *told_apart += u64::from(looks.iter().any(|mean| {
                    let interval = mean.interval_under(stopping);
                    interval.is_some_and(|interval| !interval.contains(0.0))
                }));
            }
        }
        let [anytime, planned] = told_apart;
        assert!(anytime <= RUNS / 20, "{anytime} of {RUNS}");
        assert!(
            planned > 3 * RUNS / 20,
            "{planned}: why there are two intervals"
        );
    }
}
