//! Provides the figures a run is judged by, as pure functions of what its
//! episodes unlocked and measured.
//!
//! Nothing here knows of runs, files or terminals: slices go in, numbers come
//! out, and equal input gives equal output (resampling uses a fixed seed).
//! Rates, scores and progress are in percent throughout.

mod bootstrap;
mod estimate;
mod paired;
mod score;

pub use bootstrap::{BOOTSTRAP_KIND, crafter_score_interval, score_difference_interval};
pub use estimate::{
    Interval, Mean, Stopping, median_interval, percentile, rate_interval, t_quantile,
};
pub use paired::{FEWEST_PAIRS, Paired, episodes_to_decide};
pub use score::{Rates, crafter_score, k_score, progress, success_rates};

/// The confidence level of every interval the runner prints.
pub const CONFIDENCE: f64 = 0.95;
