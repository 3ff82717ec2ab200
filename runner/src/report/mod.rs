//! Provides the report of a run: every measure of one model's episodes, and the
//! forms it is printed in.
//!
//! A [`Report`] is what its JSON form says, field by field; the other forms are
//! views of it, one file each. Rates, scores and progress are in percent.

mod figures;
mod grids;
mod info;
mod load;
mod so_far;
pub(crate) mod words;

pub mod csv;
pub mod html;
pub mod markdown;
pub mod text;

pub use figures::{
    Estimate, FirstUnlock, InvalidActions, Latency, Report, Score, Tier, TierFigures, Usage,
};
pub use info::{Later, RunInfo};
pub(crate) use load::document;
pub(crate) use so_far::{SoFar, so_far};

pub use load::{episodes, find_run, find_run_id, load, quoted, runs, sessions};
