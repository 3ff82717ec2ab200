//! Provides the comparison of two traces of the same episode, one recorded by hand
//! and one by attributes.
//!
//! The report answers eight questions, on three levels: whether the same **events**
//! are there (kind, number, order, turn, time), whether their **content** is the
//! same (states, messages, metadata), and whether they **mean** the same (actions,
//! rewards, errors, outcome); and whether it was bought at an acceptable price.
//! Where an answer is no, it says what differs.
//!
//! A busy machine stops a program now and then, and so delays events that are not late by
//! themselves. Who plays the episode several times ([`compare_plays`]) can tell the two
//! apart: what tracing itself delays is late each time.

mod compare;
mod pairs;

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::record::{Event, SessionTrace};

pub use compare::{compare, compare_plays};

/// An episode that was played, and recorded, both ways.
#[derive(Clone, Debug)]
pub struct Play {
    /// The trace recorded by hand.
    pub manual: SessionTrace,
    /// The trace recorded by attributes.
    pub decorated: SessionTrace,
    /// How much they may differ.
    pub tolerance: Tolerance,
}

/// How much two traces of the same episode may differ.
#[derive(Clone, Copy, Debug)]
pub struct Tolerance {
    /// By how much the moments of two events may differ, counted from the beginning
    /// of their timestep.
    pub time: Duration,
    /// How much longer the second session may take for each of its events, beside `time`
    /// in all.
    pub overhead_per_event: Duration,
}

impl Default for Tolerance {
    /// Two seconds, and a millisecond per event: enough for a busy machine, and little
    /// enough to notice that something is wrong.
    fn default() -> Self {
        Self {
            time: Duration::from_secs(2),
            overhead_per_event: Duration::from_millis(1),
        }
    }
}

/// The eight questions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// The same events, in the same order.
    Events,
    /// At the same moments.
    Timestamps,
    /// With the same states before and after, actions and rewards.
    States,
    /// The same messages, in the same order.
    Messages,
    /// The same metadata, calls of models, hook results and rewards.
    Metadata,
    /// The same turns, and each record in its own.
    Turns,
    /// The same errors, and the same end.
    Errors,
    /// Without taking much longer.
    Performance,
}

impl Check {
    /// All of them, in the order of the report.
    pub const ALL: [Check; 8] = [
        Check::Events,
        Check::Timestamps,
        Check::States,
        Check::Messages,
        Check::Metadata,
        Check::Turns,
        Check::Errors,
        Check::Performance,
    ];

    /// What holds if the answer is yes.
    pub const fn claim(self) -> &'static str {
        match self {
            Check::Events => "all manual events have decorator equivalents",
            Check::Timestamps => "event timestamps match within tolerance",
            Check::States => "state capture is identical",
            Check::Messages => "messages are recorded correctly",
            Check::Metadata => "metadata is preserved",
            Check::Turns => "turn advancement matches",
            Check::Errors => "error cases are handled",
            Check::Performance => "performance is acceptable",
        }
    }
}

/// What the comparison of two traces came to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ParityReport {
    /// The eight answers, in the order of [`Check::ALL`].
    pub items: Vec<ParityItem>,
}

/// One answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ParityItem {
    /// The question.
    pub check: Check,
    /// Whether it holds.
    pub holds: bool,
    /// What was compared, such as `312 events`, or `not exercised` where neither trace has
    /// anything of the kind.
    pub compared: String,
    /// What differs, the first few of them.
    pub differences: Vec<String>,
    /// How many differences there are in all.
    pub difference_count: usize,
}

impl ParityReport {
    /// Whether all eight hold.
    pub fn holds(&self) -> bool {
        self.items.iter().all(|item| item.holds)
    }

    /// The questions that were answered with no.
    pub fn failed(&self) -> Vec<Check> {
        let failed = self.items.iter().filter(|item| !item.holds);
        failed.map(|item| item.check).collect()
    }
}

impl fmt::Display for ParityReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for item in &self.items {
            let mark = if item.holds { "yes" } else { "NO " };
            writeln!(f, "{mark}  {} ({})", item.check.claim(), item.compared)?;
            for difference in &item.differences {
                writeln!(f, "       {difference}")?;
            }
            let unsaid = item.difference_count - item.differences.len();
            if unsaid > 0 {
                writeln!(f, "       and {unsaid} more")?;
            }
        }
        Ok(())
    }
}

/// The part of a trace that consists of certain events, with everything that is not
/// an event: for taking apart a session in which both ways of tracing ran.
///
/// ```
/// # use tracer::{parity, Tracer};
/// # let trace = Tracer::in_memory().start_session(Default::default())?.trace();
/// let decorated = parity::extract(&trace, parity::is_decorated);
/// let manual = parity::extract(&trace, |event| !parity::is_decorated(event));
/// # assert_eq!(decorated, manual);
/// # Ok::<(), tracer::TraceError>(())
/// ```
pub fn extract(trace: &SessionTrace, is_wanted: impl Fn(&Event) -> bool) -> SessionTrace {
    let mut extracted = trace.clone();
    extracted
        .event_history
        .retain(|event| is_wanted(&event.record));
    extracted
}

/// Whether an event was recorded by an attribute: those name their function.
pub fn is_decorated(event: &Event) -> bool {
    event.base().metadata.contains_key("function")
}
