//! Lets others go on from a step of a recorded episode, to see what the decision
//! taken there was worth.
//!
//! A [`Start`] is the state they begin in; a [`ForkReport`] compares what came of
//! the continuations with what the parent went on to reach. Forks are experiments
//! of their own kind: no report of a run counts their episodes, which had their
//! beginning played by somebody else.

mod figures;
mod start;
mod text;

pub use figures::{Continuations, ForkReport, WentOn};
pub use start::{ForkInfo, ParentResults, Start, all, find};
pub use text::{headline, render};
