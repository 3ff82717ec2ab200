//! Defines what can go wrong while recording.

use std::any::Any;
use std::error::Error;
use std::fmt::Display;
use std::sync::Arc;

use serde_json::{Value, json};

/// Why something was not recorded. Each says which session it concerns.
#[derive(Clone, Debug, thiserror::Error)]
pub enum TraceError {
    /// The session had ended.
    #[error("session {session} has ended: {what} came too late and was not recorded")]
    Ended {
        /// The session's id.
        session: String,
        /// What came too late.
        what: &'static str,
    },
    /// A session is not over while it runs.
    #[error("session {session} cannot end as running: end it as completed, failed or cancelled")]
    NotAnEnd {
        /// The session's id.
        session: String,
    },
    /// A hook came back to its session, which waits for the hook.
    #[error(
        "session {session} was used by one of its own hooks, for which it waits: record through \
         the hook's context instead"
    )]
    Reentrant {
        /// The session's id.
        session: String,
    },
    /// Two sessions with one id would be mixed up.
    #[error("session {session} is already running: end it first, or give the new one another id")]
    SessionRunning {
        /// The session's id.
        session: String,
    },
    /// Two timesteps with one id would be mixed up.
    #[error(
        "session {session} already has a timestep {step_id}: give each timestep an id of its own"
    )]
    StepExists {
        /// The session's id.
        session: String,
        /// The timestep's id.
        step_id: String,
    },
    /// A value has no JSON form.
    #[error("session {session}: {what} cannot be written as JSON: {source}")]
    NotSerializable {
        /// The session's id.
        session: String,
        /// What was to be recorded.
        what: String,
        /// What the serializer said.
        source: Arc<serde_json::Error>,
    },
    /// A reward that is no amount.
    #[error("session {session}: a reward of kind {kind:?} is {value}, which is no amount")]
    NotANumber {
        /// The session's id.
        session: String,
        /// The reward's kind.
        kind: String,
        /// The value.
        value: f64,
    },
    /// The writer stopped while sessions were still running.
    #[error(
        "session {session}: the trace writer is gone, so nothing more can be kept: finish the \
         writer after the last session has ended"
    )]
    WriterGone {
        /// The session's id.
        session: String,
    },
    /// The writer could not make the session durable.
    #[error("session {session} was recorded, but not saved: {source}")]
    NotSaved {
        /// The session's id.
        session: String,
        /// What the writer said.
        source: Arc<dyn Error + Send + Sync>,
    },
}

impl TraceError {
    /// The id of the session that the error is of.
    pub fn session(&self) -> &str {
        match self {
            TraceError::Ended { session, .. }
            | TraceError::NotAnEnd { session }
            | TraceError::Reentrant { session }
            | TraceError::SessionRunning { session }
            | TraceError::StepExists { session, .. }
            | TraceError::NotSerializable { session, .. }
            | TraceError::NotANumber { session, .. }
            | TraceError::WriterGone { session }
            | TraceError::NotSaved { session, .. } => session,
        }
    }
}

/// The `{type, message}` object by which a trace tells of an error, as
/// `{"error": …}` in an event's state after.
///
/// ```
/// let error = tracer::error_state("Refused", "no such action");
/// assert_eq!(error, serde_json::json!({"type": "Refused", "message": "no such action"}));
/// ```
pub fn error_state(error_type: impl Into<String>, message: impl Display) -> Value {
    json!({ "type": error_type.into(), "message": message.to_string() })
}

/// What a panic said, as far as it was text.
pub(crate) fn panic_message(payload: &(dyn Any + Send)) -> &str {
    payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a value that is not text")
}
