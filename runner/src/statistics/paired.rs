//! Provides the comparison of two runs by pairs of episodes of one seed.

use env_crafter::AchievementSet;
use serde::Serialize;

use super::score::share;
use super::{Interval, Mean, crafter_score, score_difference_interval, success_rates, t_quantile};

/// Fewer pairs than this decide nothing, however alike their differences are: the least
/// number that a sign test would believe at 5 % if all of them point the same way
/// (2 · 0.5⁶ = 3 %). A t interval knows no such bound, and has no width where a few
/// differences happen to be equal.
pub const FEWEST_PAIRS: usize = 6;

/// Two runs on the same seeds, compared pair by pair. Differences are left
/// minus right, in percentage points.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Paired {
    /// The difference in progress, with the standard error of the pairs.
    pub progress: Mean,
    /// The t interval of [`Paired::progress`], from two pairs on.
    pub progress_interval: Option<Interval>,
    /// The difference in Crafter score.
    pub score: f64,
    /// The bootstrap interval of [`Paired::score`], from two pairs on.
    pub score_interval: Option<Interval>,
    /// How many more pairs would decide the difference in progress at the
    /// variation seen so far: zero where it is decided, `None` where nothing
    /// can be said (too few pairs, or no difference at all).
    pub more_to_decide: Option<u64>,
}

impl Paired {
    /// Compares pairs of what two runs unlocked on the same seed, or `None`
    /// where there is no pair.
    pub fn of(pairs: &[(AchievementSet, AchievementSet)]) -> Option<Paired> {
        let differences: Vec<f64> = pairs.iter().map(|(a, b)| share(*a) - share(*b)).collect();
        let progress = Mean::of(&differences)?;
        let (left, right): (Vec<_>, Vec<_>) = pairs.iter().copied().unzip();
        Some(Paired {
            progress,
            progress_interval: progress.interval(),
            score: crafter_score(&success_rates(&left)) - crafter_score(&success_rates(&right)),
            score_interval: score_difference_interval(pairs),
            more_to_decide: episodes_to_decide(&progress),
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

/// How many more observations of the same spread would move the t interval of
/// `difference` off zero, if its mean stayed what it is, and are not less than
/// [`FEWEST_PAIRS`] in all. Zero where that is so already; `None` where there is no spread to extrapolate or no
/// difference to decide.
pub fn episodes_to_decide(difference: &Mean) -> Option<u64> {
    let (value, se) = (difference.value.abs(), difference.se?);
    if value == 0.0 {
        return None;
    }
    let deviation = se * (difference.n as f64).sqrt();
    let decides = |n: usize| {
        let half = t_quantile(n - 1).map(|t| t * deviation / (n as f64).sqrt());
        n >= FEWEST_PAIRS && half.is_some_and(|half| half < value)
    };

    // The half-width shrinks steadily with n: double until it is small enough,
    // then bisect.
    let mut undecided = difference.n;
    if decides(undecided) {
        return Some(0);
    }
    let mut decided = undecided * 2;
    while !decides(decided) {
        undecided = decided;
        decided = decided.checked_mul(2)?;
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
    use env_crafter::Achievement;

    use super::*;

    fn first(count: usize) -> AchievementSet {
        Achievement::ALL.into_iter().take(count).collect()
    }

    #[test]
    fn a_steady_lead_is_decided_and_both_measures_agree() {
        let pairs: Vec<_> = (0..10)
            .map(|i| (first(5 + i % 3), first(3 + i % 2)))
            .collect();
        let paired = Paired::of(&pairs).expect("pairs");
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
        let paired = Paired::of(&pairs).expect("pairs");
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
        let more = episodes_to_decide(&difference).expect("a number") as usize;
        let half = |n: usize| t_quantile(n - 1).expect("t") * 10f64.sqrt() / (n as f64).sqrt();
        assert!(
            half(10 + more) < 1.0 && half(10 + more - 1) >= 1.0,
            "{more}"
        );
    }

    #[test]
    fn a_few_pairs_decide_nothing_however_alike_they_are() {
        let pairs = [(first(4), first(2)); FEWEST_PAIRS];
        let few = Paired::of(&pairs[..4]).expect("pairs");
        assert_eq!((few.decided(), few.more_to_decide), (false, Some(2)));
        let enough = Paired::of(&pairs).expect("pairs");
        assert_eq!((enough.decided(), enough.more_to_decide), (true, Some(0)));
    }

    #[test]
    fn nothing_is_extrapolated_from_nothing() {
        assert_eq!(
            episodes_to_decide(&Mean {
                value: 1.0,
                se: None,
                n: 1
            }),
            None
        );
        assert_eq!(
            episodes_to_decide(&Mean {
                value: 0.0,
                se: Some(1.0),
                n: 9
            }),
            None
        );
        assert_eq!(Paired::of(&[]), None);
    }
}
