//! Chooses the exit code of the program: the one place that does.

use std::process::ExitCode;

use tracer::store::StoreError;

use crate::config::ConfigError;
use crate::rebuild::{NoSession, RebuildError};

/// Why the program ends, as its exit code says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Everything asked for was done.
    Done = 0,
    /// Something failed that no other code names; where the command is a check,
    /// what was checked does not hold.
    Failed = 1,
    /// What was asked for makes no sense: an unknown flag, key or model, a value
    /// out of range, a run that does not exist.
    Usage = 2,
    /// The endpoint failed: some episodes could not be played to an end.
    Endpoint = 3,
    /// The trace file cannot be read or written.
    Traces = 4,
    /// A budget of the run was spent before all was played.
    Budget = 5,
    /// Interrupted by Ctrl-C; what was played is kept.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

/// An error of a kind that has its own exit code.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Coded {
    exit: Exit,
    message: String,
}

impl Coded {
    /// What was asked for makes no sense.
    pub fn usage(message: impl Into<String>) -> Coded {
        Coded {
            exit: Exit::Usage,
            message: message.into(),
        }
    }

    /// The endpoint failed.
    pub fn endpoint(message: impl Into<String>) -> Coded {
        Coded {
            exit: Exit::Endpoint,
            message: message.into(),
        }
    }
}

/// The exit code of an error, wherever in its chain the reason is.
pub fn of_error(error: &anyhow::Error) -> Exit {
    // One that was given as the context of another is not in the chain.
    if let Some(coded) = error.downcast_ref::<Coded>() {
        return coded.exit;
    }
    for cause in error.chain() {
        if let Some(coded) = cause.downcast_ref::<Coded>() {
            return coded.exit;
        }
        if cause.is::<ConfigError>() || cause.is::<NoSession>() {
            return Exit::Usage;
        }
        if let Some(error) = cause.downcast_ref::<StoreError>() {
            return of_store_error(error);
        }
        if let Some(RebuildError::NoStep { .. } | RebuildError::NoEpisode { .. }) =
            cause.downcast_ref()
        {
            return Exit::Usage;
        }
    }
    Exit::Failed
}

/// What was asked of a sound trace file may make no sense, and so may what was to be
/// imported into it; everything else is the trace file's.
fn of_store_error(error: &StoreError) -> Exit {
    match error {
        StoreError::Sql { .. }
        | StoreError::ReadOnly { .. }
        | StoreError::OutOfReach { .. }
        | StoreError::TooLong { .. }
        | StoreError::NoSession { .. }
        | StoreError::SessionDiffers { .. }
        | StoreError::BadImport { .. }
        | StoreError::BadTrace { .. }
        | StoreError::MixedUp { .. }
        | StoreError::NotTaken { .. } => Exit::Usage,
        StoreError::IsFolder { .. }
        | StoreError::Missing { .. }
        | StoreError::NotWritable { .. }
        | StoreError::Locked { .. }
        | StoreError::OpenHere { .. }
        | StoreError::NewerSchema { .. }
        | StoreError::OlderSchema { .. }
        | StoreError::NotTraces { .. }
        | StoreError::NoDatabase { .. }
        | StoreError::Damaged { .. }
        | StoreError::SetAside { .. }
        | StoreError::Lost { .. }
        | StoreError::NotFolded { .. }
        | StoreError::Stopped { .. }
        | StoreError::Restless { .. }
        | StoreError::NotCopied { .. }
        | StoreError::Query { .. }
        | StoreError::Unreadable { .. }
        | StoreError::File { .. } => Exit::Traces,
    }
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::*;

    #[test]
    fn the_reason_is_found_under_its_context() {
        let error = Err::<(), _>(Coded::endpoint("gone")).context("while playing");
        assert_eq!(of_error(&error.expect_err("an error")), Exit::Endpoint);
        let error = Err::<(), _>(anyhow::anyhow!("too large")).context(Coded::usage("--scale 9"));
        assert_eq!(of_error(&error.expect_err("an error")), Exit::Usage);
        assert_eq!(of_error(&anyhow::anyhow!("something else")), Exit::Failed);
    }
}
