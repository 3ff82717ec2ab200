//! Reads a trace file while another process writes it, by way of a copy.
//!
//! DuckDB lets nobody else open a file that is being written. But between two
//! checkpoints the writer only adds to the file and to the log beside it, so that
//! a copy of both is the database at one moment, provided no checkpoint came in
//! between. A checkpoint changes the headers at the beginning of the file, which
//! are compared.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

use super::file::{OpenFile, is_written_here};
use super::{Reach, StoreError, schema};
use crate::record::now;

/// A copy of a trace file, deleted when it is dropped.
pub(super) struct Copy {
    taken_at: Timestamp,
    _folder: Folder,
}

/// How often a copy is tried, and how long is waited in between: a checkpoint of a
/// large file can take a second or two.
const TRIES: u32 = 40;
const PAUSE: Duration = Duration::from_millis(100);

impl Copy {
    /// What the writer had committed by then is in it.
    pub(super) fn taken_at(&self) -> Timestamp {
        self.taken_at
    }
}

/// Copies a trace file that another process is writing, and opens the copy.
pub(super) fn copied(path: &Path, reach: Reach) -> Result<(OpenFile, Copy), StoreError> {
    // The system drops a process's locks on a file that it closes, were it only a copy's source.
    if is_written_here(path) {
        return Err(StoreError::OpenHere {
            path: path.to_owned(),
        });
    }
    let place = std::env::temp_dir();
    let no_copy = |error| StoreError::NotCopied {
        path: path.to_owned(),
        folder: place.clone(),
        error,
    };
    let folder = Folder::new(&place).map_err(no_copy)?;
    let copy = folder.path.join("traces.duckdb");
    let mut last = None;
    for attempt in 0..TRIES {
        if attempt > 0 {
            thread::sleep(PAUSE);
        }
        let taken_at = now();
        if !copy_whole(path, &copy).map_err(no_copy)? {
            continue;
        }
        // The end of the log may be half written.
        match schema::open_read_only(&copy, reach) {
            Ok(file) => {
                remove_names(&copy);
                let copy = Copy {
                    taken_at,
                    _folder: folder,
                };
                return Ok((file, copy));
            }
            Err(error) => last = Some(error),
        }
    }
    Err(match last {
        // A database before its first checkpoint may hold nothing yet.
        Some(StoreError::NotTraces { .. }) => StoreError::NotTraces {
            path: path.to_owned(),
        },
        last => StoreError::Restless {
            path: path.to_owned(),
            reason: last.map_or_else(
                || "checkpoints follow one another".to_owned(),
                |error| error.reason(),
            ),
        },
    })
}

/// Lets an open copy have no name any more, where the system allows it, so that nothing
/// large stays behind of it even after a kill.
fn remove_names(copy: &Path) {
    if cfg!(unix) {
        // Where it cannot be, the folder goes with all that is in it later.
        drop(fs::remove_file(copy));
        drop(fs::remove_file(with_suffix(copy, ".wal")));
    }
}

/// Copies the log and then the file it belongs to. Whether they belong together.
fn copy_whole(path: &Path, copy: &Path) -> io::Result<bool> {
    let before = headers(path)?;
    let log = with_suffix(copy, ".wal");
    match fs::copy(with_suffix(path, ".wal"), &log) {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => match fs::remove_file(&log) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        },
        Err(error) => return Err(error),
    }
    // What the log refers to in the file was written before it.
    fs::copy(path, copy)?;
    Ok(before == headers(path)? && !with_suffix(path, ".wal.checkpoint").exists())
}

/// The beginning of a database, which every checkpoint changes.
fn headers(path: &Path) -> io::Result<Vec<u8>> {
    const HEADERS: u64 = 3 * 4096;
    let mut bytes = Vec::new();
    File::open(path)?.take(HEADERS).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// A folder of this user's own, deleted when it is dropped. Whoever has it holds a lock on
/// a file in it, so that the next one knows a folder whose owner was killed.
struct Folder {
    path: PathBuf,
    _lock: File,
}

const FOLDERS: &str = "traces-";
const LOCK: &str = "lock";

impl Folder {
    fn new(place: &Path) -> io::Result<Folder> {
        remove_left_behind(place);
        let path = place.join(format!("{FOLDERS}{}", Uuid::new_v4()));
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&path)?;
        // It has its name only once it is held. Where files cannot be locked, it has none.
        let unnamed = path.join("new");
        let lock = File::create(&unnamed)?;
        if lock.try_lock().is_ok() {
            fs::rename(unnamed, path.join(LOCK))?;
        }
        Ok(Folder { path, _lock: lock })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What stays behind goes with the next copy.
        drop(fs::remove_dir_all(&self.path));
    }
}

/// Deletes the folders of readers that were killed. What cannot be deleted does no harm.
fn remove_left_behind(place: &Path) {
    let entries = fs::read_dir(place).into_iter().flatten().flatten();
    for entry in entries {
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if !is_folder || !entry.file_name().to_string_lossy().starts_with(FOLDERS) {
            continue;
        }
        let lock = File::open(entry.path().join(LOCK));
        if lock.is_ok_and(|lock| lock.try_lock().is_ok()) {
            drop(fs::remove_dir_all(entry.path()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_a_killed_reader_left_behind_goes_with_the_next_copy() {
        let place = tempfile::tempdir().expect("a folder");
        let left = place.path().join("traces-left");
        let foreign = place.path().join("traces-of-somebody-else");
        for folder in [&left, &foreign] {
            fs::create_dir(folder).expect("a folder");
            fs::write(folder.join("traces.duckdb"), "much").expect("a file");
        }
        fs::write(left.join(LOCK), "").expect("a file");
        let first = Folder::new(place.path()).expect("a folder");
        let second = Folder::new(place.path()).expect("a folder");
        assert!(!left.exists());
        assert!(foreign.exists() && first.path.exists() && second.path.exists());
        drop(first);
        let names = fs::read_dir(place.path()).expect("a folder").count();
        assert_eq!(names, 2, "the second's and somebody else's");
    }
}
