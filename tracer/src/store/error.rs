//! Defines what can go wrong with a trace file, each with the way out.

use std::io;
use std::path::{Path, PathBuf};

use crate::trace_json::TraceJsonError;

/// Why a trace file could not be opened, written or read.
///
/// Every message is one sentence that names the file and says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The path is a folder.
    #[error("{} is a folder: name a file in it, such as {}", path.display(), path.join("traces.duckdb").display())]
    IsFolder {
        /// The folder.
        path: PathBuf,
    },
    /// There is nothing at the path.
    #[error("{} does not exist: check the path, or record something into it first", path.display())]
    Missing {
        /// The path.
        path: PathBuf,
    },
    /// The file or its folder may not be written.
    #[error("{} cannot be written ({reason}): make it writable, or choose another place", path.display())]
    NotWritable {
        /// The file, or the folder that was to hold it.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// Another process has the file open for writing.
    #[error("{} is in use by {holder}: wait until it ends, or name another file", path.display())]
    Locked {
        /// The file.
        path: PathBuf,
        /// The process that has it, as far as the system tells.
        holder: String,
    },
    /// This process has the file open already.
    #[error("{} is open in this process already: close it there first", path.display())]
    OpenHere {
        /// The file.
        path: PathBuf,
    },
    /// The file has a schema that this version does not know yet.
    #[error(
        "{} was written by a newer version (schema {found}, this one knows {known}): update, or name another file",
        path.display()
    )]
    NewerSchema {
        /// The file.
        path: PathBuf,
        /// The schema version it has.
        found: i64,
        /// The newest schema version that is known here.
        known: i64,
    },
    /// The file has an older schema and was opened for reading only.
    #[error(
        "{} has the older schema {found} (this version reads {known}): `runner upgrade {}` brings it, or a copy of it, up to date",
        path.display(), path.display()
    )]
    OlderSchema {
        /// The file.
        path: PathBuf,
        /// The schema version it has.
        found: i64,
        /// The schema version that is read here.
        known: i64,
    },
    /// The file is a sound database of something else.
    #[error("{} is a database without traces: name another file", path.display())]
    NotTraces {
        /// The file.
        path: PathBuf,
    },
    /// The file is something else.
    #[error(
        "{} is not a trace file ({found}): name another file; what was exported from one, `runner import` takes",
        path.display()
    )]
    NoDatabase {
        /// The file.
        path: PathBuf,
        /// What it is.
        found: &'static str,
    },
    /// The file is not a whole database.
    #[error("{} is damaged ({reason}): move it away, or name another file", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What DuckDB said.
        reason: String,
    },
    /// There is no such session.
    #[error("{} holds no session {session_id:?}: `select session_id from session_traces` lists them", path.display())]
    NoSession {
        /// The file.
        path: PathBuf,
        /// The session that was asked for.
        session_id: String,
    },
    /// A file to be imported is not what it should be.
    #[error("{}, line {line}, is not a whole record ({reason}): everything before it was imported, mend or cut the file there and import it again", path.display())]
    BadImport {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// A file to be imported is not the JSON form of a session.
    #[error("{} cannot be imported: {error}", path.display())]
    BadTrace {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: TraceJsonError,
    },
    /// A session to be imported contradicts itself.
    #[error("{}: session {session_id:?} cannot be imported: {reason}: export the session again", path.display())]
    MixedUp {
        /// The file to be imported.
        path: PathBuf,
        /// The session.
        session_id: String,
        /// What does not fit together.
        reason: String,
    },
    /// Records that were set aside do not continue what the trace file has of their session.
    #[error(
        "{} does not continue what {} has ({reason}): import it into the file it was kept for, after the other .unsaved.jsonl files of that run, which may be in another folder",
        path.display(), target.display()
    )]
    NotTaken {
        /// The file to be imported.
        path: PathBuf,
        /// The trace file.
        target: PathBuf,
        /// What the trace file lacks.
        reason: String,
    },
    /// A session of the file is written in a way that cannot be read again.
    #[error("{}: session {session_id} cannot be read ({reason}): leave it out", path.display())]
    Unreadable {
        /// The trace file.
        path: PathBuf,
        /// The session.
        session_id: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A session to be imported is in the trace file already, with other contents.
    #[error(
        "{} holds another session {session_id:?} than {}: replace it, or import into another file",
        path.display(), imported.display()
    )]
    SessionDiffers {
        /// The trace file.
        path: PathBuf,
        /// The file to be imported.
        imported: PathBuf,
        /// The session that both have.
        session_id: String,
    },
    /// Records could not be written to the database and were kept beside it.
    #[error(
        "{} could not be written ({reason}): {records} records are kept in {}, to be imported once it can be written again",
        path.display(), list(aside)
    )]
    SetAside {
        /// The database.
        path: PathBuf,
        /// The files that have the records.
        aside: Vec<PathBuf>,
        /// How many.
        records: u64,
        /// What went wrong first.
        reason: String,
    },
    /// Records could neither be written to the database nor beside it.
    #[error("{} could not be written ({reason}), nor a file beside it ({aside_reason}): {records} records are lost", path.display())]
    Lost {
        /// The database.
        path: PathBuf,
        /// What went wrong with the database.
        reason: String,
        /// What went wrong with the file beside it.
        aside_reason: String,
        /// How many records.
        records: u64,
    },
    /// Everything is written, but not all of it into the file itself.
    #[error(
        "{} is complete only together with {}.wal, which could not be folded into it ({reason}): keep both side by side",
        path.display(), path.display()
    )]
    NotFolded {
        /// The database.
        path: PathBuf,
        /// What DuckDB said.
        reason: String,
    },
    /// The writer's thread is gone.
    #[error("the writer of {} has stopped: open it again", path.display())]
    Stopped {
        /// The database.
        path: PathBuf,
    },
    /// A statement that was asked for makes no sense, to DuckDB or to these tables.
    #[error("{reason}")]
    Sql {
        /// What DuckDB said.
        reason: String,
    },
    /// A statement that was asked for would change a file that is open for reading only.
    #[error(
        "{} is only read here, and this statement would change it: copy the file, and change the copy with the duckdb program",
        path.display()
    )]
    ReadOnly {
        /// The database.
        path: PathBuf,
    },
    /// A statement that was asked for would reach another file or the network.
    #[error(
        "a statement here reaches nothing but {}: the duckdb program reads and writes other files",
        path.display()
    )]
    OutOfReach {
        /// The database.
        path: PathBuf,
    },
    /// A question took longer than it may.
    #[error("no answer within {seconds} s: ask for less")]
    TooLong {
        /// How long it may take.
        seconds: u64,
    },
    /// A file that is being written could not be copied whole.
    #[error("{} is written so busily that it cannot be read meanwhile ({reason}): try again, or wait until it is done", path.display())]
    Restless {
        /// The file.
        path: PathBuf,
        /// What came in between.
        reason: String,
    },
    /// A file that is being written could not be copied to be read.
    #[error(
        "{} is being written and cannot be copied to {} to be read ({error}): make room there, name another folder with TMPDIR, or wait until it is done",
        path.display(), folder.display()
    )]
    NotCopied {
        /// The file.
        path: PathBuf,
        /// The folder for temporary files.
        folder: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// A query failed.
    #[error("{}: {reason}", path.display())]
    Query {
        /// The database.
        path: PathBuf,
        /// What DuckDB said.
        reason: String,
    },
    /// A file beside the database could not be read or written.
    #[error("{}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

impl StoreError {
    /// What went wrong, without the file's name and the way out.
    pub(crate) fn reason(&self) -> String {
        match self {
            StoreError::Query { reason, .. } => reason.clone(),
            other => other.to_string(),
        }
    }

    /// Sorts an error of a query on an open database.
    pub(crate) fn query(path: &Path, error: duckdb::Error) -> Self {
        StoreError::Query {
            path: path.to_owned(),
            reason: error.to_string(),
        }
    }

    /// Sorts an error of a statement that somebody else wrote.
    pub(crate) fn asked(path: &Path, error: duckdb::Error) -> Self {
        /// Classes of DuckDB's errors that are the file's or the machine's, not the statement's.
        const ELSEWHERE: [&str; 6] = [
            "IO Error",
            "FATAL Error",
            "INTERNAL Error",
            "Out of Memory Error",
            "Serialization Error",
            "TransactionContext Error",
        ];
        let text = error.to_string();
        if ELSEWHERE.iter().any(|class| text.starts_with(class)) {
            return StoreError::query(path, error);
        }
        if text.contains("read-only mode") {
            return StoreError::ReadOnly {
                path: path.to_owned(),
            };
        }
        if text.contains("disabled by configuration") {
            return StoreError::OutOfReach {
                path: path.to_owned(),
            };
        }
        // This is all that is said of a text with nothing but space and comments in it.
        let reason = match text.contains("Unknown error code") {
            true => "there is no SQL statement in it".to_owned(),
            false => text,
        };
        StoreError::Sql { reason }
    }

    /// An error of the last checkpoint.
    pub(crate) fn not_folded(path: &Path, error: duckdb::Error) -> Self {
        StoreError::NotFolded {
            path: path.to_owned(),
            reason: first_sentence(&error.to_string()),
        }
    }

    /// Sorts an error that came up while a database was opened.
    ///
    /// DuckDB tells its errors apart by text only.
    pub(crate) fn opening(path: &Path, error: duckdb::Error) -> Self {
        let text = error.to_string();
        let path = path.to_owned();
        if text.contains("Could not set lock") || text.contains("already open") {
            let holder = text
                .split_once("held in ")
                .and_then(|(_, rest)| rest.split_once(')'))
                .map_or_else(
                    || "another process".to_owned(),
                    |(holder, _)| format!("{holder})"),
                );
            StoreError::Locked { path, holder }
        } else if text.contains("Cannot open file") {
            // The system refused, for whatever reason: nothing is known of the contents.
            StoreError::NotWritable {
                path,
                reason: first_sentence(&text),
            }
        } else {
            StoreError::Damaged {
                path,
                reason: first_sentence(&text),
            }
        }
    }
}

/// The first line of a DuckDB error, without its class and without a final period.
fn first_sentence(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let line = line
        .split_once(": ")
        .and_then(|(class, rest)| class.ends_with("Error").then_some(rest))
        .unwrap_or(line);
    line.trim_end_matches(['.', '!']).to_owned()
}

fn list(paths: &[PathBuf]) -> String {
    let paths: Vec<String> = paths
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    paths.join(" and ")
}
