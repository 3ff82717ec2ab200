//! Rebuilds episodes from their traces: a trace holds seed, world and actions, and
//! the world is deterministic, so every state can be had again.
//!
//! A [`Recording`] is what a trace says of an episode; [`Recording::states`] walks
//! through the states of the world it was played in. Nothing is compared here:
//! whether the states are those that were recorded is `runner replay`'s question.
//!
//! ```no_run
//! use runner::rebuild::Recording;
//! use tracer::Store;
//!
//! let store = Store::open_read_only("traces/crafter.duckdb")?;
//! let recording = Recording::read(&store, "0199c2f4")?;
//! let mut states = recording.states()?;
//! while let Some((recorded, step)) = states.advance()? {
//!     println!("{} {}: {}", states.env().steps(), recorded.action, step.effect);
//! }
//! # Ok::<(), anyhow::Error>(())
//! ```

mod find;
mod recording;
mod states;
mod world;

pub use find::{NoSession, find_session};
pub use recording::{
    Fork, RebuildError, RecordedDecision, RecordedObservation, RecordedStep, Recording, Reseed,
    Validated,
};
pub use states::States;
pub use world::WorldRecord;

/// Bytes in hexadecimal, as traces write digests.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
