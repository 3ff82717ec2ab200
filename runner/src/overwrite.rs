//! Keeps results from being written over a database, or among other people's files.

use std::fs;
use std::path::{Path, PathBuf};

use tracer::store::is_database;

use crate::exit::Coded;

/// Refuses to write `out` where the trace file or any other database is, or where the
/// trace file is yet to be made.
///
/// # Errors
///
/// Where writing would lose a database.
pub fn refuse_database(out: &Path, traces: &Path) -> Result<(), Coded> {
    let path = out.display();
    let mut log = traces.as_os_str().to_owned();
    log.push(".wal");
    let is_traces = [traces, Path::new(&log)]
        .into_iter()
        .any(|traces| identity(out) == identity(traces));
    if is_traces {
        return Err(Coded::usage(format!(
            "{path} is the trace file, which would be lost: write to another file"
        )));
    }
    match is_database(out) {
        true => Err(Coded::usage(format!(
            "{path} is a DuckDB database, which would be lost: write to another file, or delete it first"
        ))),
        false => Ok(()),
    }
}

/// Refuses a file where a folder is to be.
///
/// # Errors
///
/// Where it is one.
pub fn refuse_file(folder: &Path) -> Result<(), Coded> {
    match folder.is_file() {
        true => {
            let path = folder.display();
            Err(Coded::usage(format!("{path} is a file: name a folder")))
        }
        false => Ok(()),
    }
}

/// Refuses a folder for files of one kind that holds anything else. Hidden files do not
/// count.
///
/// # Errors
///
/// Where it is no folder, or what is in it is not of that kind.
pub fn refuse_foreign(folder: &Path, extension: &str) -> Result<(), Coded> {
    refuse_file(folder)?;
    // One that is not there is made, and one that cannot be read cannot be written.
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let is_foreign = |entry: &PathBuf| {
        let is_hidden = entry
            .file_name()
            .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        !is_hidden && (entry.is_dir() || entry.extension().is_none_or(|it| it != extension))
    };
    match entries.map(|entry| entry.path()).filter(is_foreign).min() {
        Some(other) => Err(Coded::usage(format!(
            "{} holds more than .{extension} files, such as {}: name another folder, or a new one",
            folder.display(),
            other.display()
        ))),
        None => Ok(()),
    }
}

/// One path for each file, also for one that is yet to be made.
fn identity(path: &Path) -> PathBuf {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let folder = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    let made = folder.join(path.file_name().unwrap_or_default());
    fs::canonicalize(&made).unwrap_or(made)
}
