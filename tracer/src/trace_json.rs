//! Provides the JSON form of a whole session, which is read back without loss.
//!
//! It is one object, `{"format": "session_trace", "version": 1, "trace": {…}}`, whose
//! `trace` is a [`SessionTrace`] field by field.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::record::SessionTrace;

/// The version of the form that is written.
pub const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Document<'a> {
    format: Cow<'a, str>,
    version: u32,
    trace: Cow<'a, SessionTrace>,
}

/// What a document says of itself, read before the rest of it.
#[derive(Deserialize)]
struct Kind {
    #[serde(default)]
    format: String,
    #[serde(default)]
    version: u32,
}

const FORMAT: &str = "session_trace";

/// Why a text is not the JSON form of a session.
#[derive(Debug, thiserror::Error)]
pub enum TraceJsonError {
    /// It ends in the middle.
    #[error("it is cut short after line {line}: export the session again")]
    CutShort {
        /// The last line that is there.
        line: usize,
    },
    /// It is not JSON, or a session that lacks something.
    #[error("{0}: export the session again")]
    Malformed(#[source] serde_json::Error),
    /// It is JSON of something else.
    #[error("it is not a session, which has \"format\": \"{FORMAT}\": name another file")]
    NotASession,
    /// It is of a version that is not known here.
    #[error("it has version {found} of the format, and this program knows {known}: update")]
    Version {
        /// The version it has.
        found: u32,
        /// The newest version that is known here.
        known: u32,
    },
}

impl TraceJsonError {
    /// What is wrong with a text that does not parse. A number or a word that is cut
    /// in the middle is an error of its own to the parser, though it is the end's.
    fn of(text: &str, error: serde_json::Error) -> Self {
        let before: usize = text
            .split('\n')
            .take(error.line() - 1)
            .map(|it| it.len() + 1)
            .sum();
        if error.is_eof() || before + error.column() >= text.len() {
            TraceJsonError::CutShort { line: error.line() }
        } else {
            TraceJsonError::Malformed(error)
        }
    }
}

/// Writes a session.
///
/// ```
/// # use tracer::{SessionOptions, Tracer, record::SessionStatus, trace_json};
/// let session = Tracer::in_memory().start_session(SessionOptions::default())?;
/// let trace = session.end_blocking(SessionStatus::Completed)?;
/// assert_eq!(trace_json::read(&trace_json::write(&trace)?)?, trace);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn write(trace: &SessionTrace) -> Result<String, serde_json::Error> {
    serde_json::to_string(&Document {
        format: FORMAT.into(),
        version: VERSION,
        trace: Cow::Borrowed(trace),
    })
}

/// Reads a session.
pub fn read(text: &str) -> Result<SessionTrace, TraceJsonError> {
    let broken = |error| TraceJsonError::of(text, error);
    let kind: Kind = serde_json::from_str(text).map_err(broken)?;
    if kind.format != FORMAT {
        return Err(TraceJsonError::NotASession);
    }
    if kind.version != VERSION {
        return Err(TraceJsonError::Version {
            found: kind.version,
            known: VERSION,
        });
    }
    let document: Document<'_> = serde_json::from_str(text).map_err(broken)?;
    Ok(document.trace.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{SessionOptions, Tracer, record::SessionStatus};

    #[test]
    fn wherever_a_text_is_cut_it_is_cut_short() {
        let session = Tracer::in_memory()
            .start_session(SessionOptions::default())
            .unwrap();
        let metadata = serde_json::json!({ "number": -1.5e-7, "known": true, "none": null });
        session.add_metadata("example", metadata).unwrap();
        let whole = write(&session.end_blocking(SessionStatus::Completed).unwrap()).unwrap();
        for end in 0..whole.len() {
            let error = read(&whole[..end]).unwrap_err();
            assert!(
                matches!(error, TraceJsonError::CutShort { line: 0 | 1 }),
                "cut at {end} of {}: {error}",
                whole.len()
            );
        }
    }
}
