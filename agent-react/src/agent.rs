//! Provides the agent: observe, ask the model, validate, execute, and again.
//!
//! [`play`] is one episode. It ends under exactly one [`Ending`](crate::outcome::Ending); a fault of the
//! endpoint ends it too and never becomes a move. Everything that passes between
//! the environment, the agent and the runtime is recorded in the session.

mod config;
mod decide;
mod episode;
mod messages;
mod tally;

pub use config::{AgentConfig, InvalidConfig, InvalidReplies, Limits};
pub use episode::{NOTHING_EXECUTED, Progress, play};
