//! Provides means with Student t intervals, and percentiles.

use serde::Serialize;
use statrs::distribution::{Binomial, ContinuousCDF, DiscreteCDF, Normal, StudentsT};

use super::CONFIDENCE;

/// An interval around an estimate, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Interval {
    /// Whether `value` lies inside, ends included.
    pub fn contains(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }
}

/// The mean of a sample with what is needed to believe it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Mean {
    /// The mean.
    pub value: f64,
    /// The standard error of the mean, from the sample deviation (n − 1).
    /// `None` below two observations, where there is no deviation to speak of.
    pub se: Option<f64>,
    /// The number of observations.
    pub n: usize,
}

impl Mean {
    /// The mean of `values`, or `None` where there are none.
    ///
    /// ```
    /// use runner::statistics::Mean;
    ///
    /// let mean = Mean::of(&[2.0, 4.0, 9.0]).expect("three values have a mean");
    /// assert_eq!(mean.value, 5.0);
    /// assert!((mean.se.expect("a deviation") - 2.0817).abs() < 1e-4);
    /// assert_eq!(Mean::of(&[]), None);
    /// ```
    pub fn of(values: &[f64]) -> Option<Mean> {
        let n = values.len();
        if n == 0 {
            return None;
        }
        let value = values.iter().sum::<f64>() / n as f64;
        let se = (n > 1).then(|| {
            let squares: f64 = values.iter().map(|x| (x - value).powi(2)).sum();
            (squares / (n - 1) as f64).sqrt() / (n as f64).sqrt()
        });
        Some(Mean { value, se, n })
    }

    /// The Student t interval of the mean at [`CONFIDENCE`], or `None` below
    /// two observations.
    pub fn interval(&self) -> Option<Interval> {
        self.interval_under(Stopping::Planned)
    }

    /// The interval of the mean at [`CONFIDENCE`] that holds under a stopping rule, or
    /// `None` where there are too few observations for one.
    pub fn interval_under(&self, stopping: Stopping) -> Option<Interval> {
        let half = self.se? * stopping.quantile(self.n)?;
        Some(Interval {
            low: self.value - half,
            high: self.value + half,
        })
    }
}

/// What decided how many observations there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stopping {
    /// A plan, made before any was seen.
    Planned,
    /// The observations themselves, looked at again and again until they told enough.
    OnceDecided,
}

impl Stopping {
    /// How many standard errors the interval of a mean of `n` observations reaches to
    /// either side, or `None` where `n` is too small for any: two with a plan, seven
    /// without.
    ///
    /// With a plan this is Student's t. Without, it is the anytime-valid t interval: over
    /// all numbers of observations together, it ever misses the mean of a normal
    /// distribution in at most 5 % of cases. It leaves out the means against which the
    /// Bayes factor with a normal prior of scale `EFFECT` on the effect size is 20 or
    /// more (Rouder et al., "Bayesian t tests", 2009; that it may be looked at at any
    /// time: Wang and Ramdas, "Anytime-valid t-tests and confidence sequences for
    /// Gaussian means with unknown variance", 2025).
    ///
    /// ```
    /// use runner::statistics::Stopping;
    ///
    /// let planned = Stopping::Planned.quantile(30).expect("enough");
    /// let anytime = Stopping::OnceDecided.quantile(30).expect("enough");
    /// assert!((planned - 2.045).abs() < 1e-3 && (anytime - 3.267).abs() < 1e-3);
    /// assert_eq!(Stopping::OnceDecided.quantile(6), None);
    /// ```
    pub fn quantile(self, n: usize) -> Option<f64> {
        match self {
            Stopping::Planned => t_quantile(n.checked_sub(1)?),
            Stopping::OnceDecided => {
                let freedom = n.checked_sub(1)? as f64;
                let shrinkage = 1.0 + n as f64 * EFFECT.powi(2);
                let bound = (shrinkage / (1.0 - CONFIDENCE).powi(2)).powf((n as f64).recip());
                let square = freedom * (bound - 1.0) / (1.0 - bound / shrinkage);
                (bound < shrinkage).then(|| square.sqrt())
            }
        }
    }
}

/// The size of a difference that the anytime-valid interval is narrowest for, in standard
/// deviations: what Cohen calls a medium effect.
const EFFECT: f64 = 0.5;

/// The interval at [`CONFIDENCE`] of a chance in percent that came true so often in so
/// many trials, or `None` without a trial: Wilson's, which stays between 0 and 100 and has
/// a width where all trials ended alike (Wilson, "Probable inference", 1927).
///
/// ```
/// use runner::statistics::rate_interval;
///
/// let interval = rate_interval(8, 10).expect("ten trials");
/// assert!((interval.low - 49.02).abs() < 0.01 && (interval.high - 94.33).abs() < 0.01);
/// assert_eq!(rate_interval(0, 0), None);
/// ```
pub fn rate_interval(successes: usize, trials: usize) -> Option<Interval> {
    if trials == 0 {
        return None;
    }
    let (n, rate) = (trials as f64, successes as f64 / trials as f64);
    let z = Normal::standard().inverse_cdf(0.5 + CONFIDENCE / 2.0);
    let shrinkage = 1.0 + z * z / n;
    let middle = (rate + z * z / (2.0 * n)) / shrinkage;
    let half = z / shrinkage * (rate * (1.0 - rate) / n + (z / (2.0 * n)).powi(2)).sqrt();
    Some(Interval {
        // Rounding must not lead past the rate itself where it is an end of the interval.
        low: 100.0 * (middle - half).min(rate).max(0.0),
        high: 100.0 * (middle + half).max(rate).min(1.0),
    })
}

/// The two-sided quantile of Student's t at [`CONFIDENCE`] with so many
/// degrees of freedom: 2.262 with nine, 1.96 in the limit. `None` with none.
pub fn t_quantile(degrees_of_freedom: usize) -> Option<f64> {
    let distribution = StudentsT::new(0.0, 1.0, degrees_of_freedom as f64).ok()?;
    Some(distribution.inverse_cdf(0.5 + CONFIDENCE / 2.0))
}

/// The `p`-th percentile (0 to 100) with linear interpolation between the two
/// nearest observations, or `None` where there are none.
///
/// ```
/// use runner::statistics::percentile;
///
/// assert_eq!(percentile(&[10.0, 40.0, 20.0, 30.0], 50.0), Some(25.0));
/// assert_eq!(percentile(&[], 50.0), None);
/// ```
pub fn percentile(values: &[f64], p: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    percentile_of_sorted(&sorted, p)
}

/// The interval of a median at [`CONFIDENCE`], by order statistics: from the k-th
/// smallest to the k-th largest observation, with the largest k below which a fair coin
/// stays in so many throws often enough to be left out. `None` below six observations,
/// where the whole sample is too narrow (David and Nagaraja, "Order Statistics",
/// section 7.1).
///
/// ```
/// use runner::statistics::median_interval;
///
/// let values: Vec<f64> = (1..=10).map(f64::from).collect();
/// let interval = median_interval(&values).expect("ten observations");
/// assert_eq!((interval.low, interval.high), (2.0, 9.0));
/// assert_eq!(median_interval(&values[..5]), None);
/// ```
pub fn median_interval(values: &[f64]) -> Option<Interval> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let throws = Binomial::new(0.5, values.len() as u64).ok()?;
    let k = usize::try_from(throws.inverse_cdf((1.0 - CONFIDENCE) / 2.0)).ok()?;
    Some(Interval {
        low: *sorted.get(k.checked_sub(1)?)?,
        high: *sorted.get(sorted.len().checked_sub(k)?)?,
    })
}

/// [`percentile`] for values that are in ascending order already.
pub(super) fn percentile_of_sorted(sorted: &[f64], p: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let rank = (p / 100.0).clamp(0.0, 1.0) * last as f64;
    let below = rank.floor() as usize;
    let above = (below + 1).min(last);
    let share = rank - below as f64;
    Some(sorted[below] * (1.0 - share) + sorted[above] * share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_t(degrees_of_freedom: usize, expected: f64) {
        let t = t_quantile(degrees_of_freedom).expect("a quantile");
        assert!(
            (t - expected).abs() < 5e-4,
            "t({degrees_of_freedom}) is {t}"
        );
    }

    #[test]
    fn t_quantiles_are_those_of_the_printed_tables() {
        check_t(1, 12.706);
        check_t(4, 2.776);
        check_t(9, 2.262);
        check_t(99, 1.984);
        assert_eq!(t_quantile(0), None);
    }

    #[test]
    fn a_single_observation_has_no_interval() {
        let mean = Mean::of(&[3.0]).expect("a mean");
        assert_eq!((mean.value, mean.se, mean.interval()), (3.0, None, None));
    }

    #[test]
    fn the_interval_of_a_mean_is_t_times_its_standard_error() {
        let mean = Mean::of(&[1.0, 2.0, 3.0, 4.0, 5.0]).expect("a mean");
        let interval = mean.interval().expect("an interval");
        assert!((interval.low - 1.0368).abs() < 1e-3, "{interval:?}");
        assert!((interval.high - 4.9632).abs() < 1e-3, "{interval:?}");
        assert!(interval.contains(mean.value));
    }

    #[test]
    fn medians_lie_between_the_ranks_of_the_printed_tables() {
        for (n, low, high) in [(6, 1, 6), (8, 1, 8), (9, 2, 8), (15, 4, 12), (20, 6, 15)] {
            let values: Vec<f64> = (1..=n).map(f64::from).collect();
            let interval = median_interval(&values).expect("enough observations");
            let ranks = (interval.low, interval.high);
            assert_eq!(ranks, (f64::from(low), f64::from(high)), "{n}");
        }
        assert_eq!(median_interval(&[]), None);
    }

    #[test]
    fn percentiles_interpolate_and_clamp() {
        let values: Vec<f64> = (1..=101).map(f64::from).collect();
        for (p, expected) in [
            (0.0, 1.0),
            (50.0, 51.0),
            (90.0, 91.0),
            (99.0, 100.0),
            (120.0, 101.0),
        ] {
            assert_eq!(percentile(&values, p), Some(expected));
        }
    }
}
