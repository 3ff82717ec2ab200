//! Keeps a database open, and one process from opening it twice.
//!
//! DuckDB guards a file against other processes, but not against a second database
//! object in the same one, which would read blocks that the first is writing; and the
//! system drops a process's locks on a file as soon as it closes the file anywhere.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read as _;
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use duckdb::{Config, Connection};

use super::StoreError;

/// How many databases of this process read each file; a writer counts as [`WRITER`].
/// A global because what it stands for, the process's locks, is one.
static OPEN: Mutex<BTreeMap<PathBuf, usize>> = Mutex::new(BTreeMap::new());

const WRITER: usize = usize::MAX;

/// What is to be done with a file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
}

/// A connection to an open database. The file is free again when the last is dropped.
pub(crate) struct OpenFile {
    // Dropped before the claim.
    connection: Connection,
    claim: Arc<Claim>,
}

impl OpenFile {
    pub(crate) fn open(path: &Path, access: Access, settings: Config) -> Result<Self, StoreError> {
        let claim = Arc::new(Claim::new(path, access)?);
        // Some other files DuckDB would take into a database in memory, where all that is
        // written is lost.
        refuse_no_database(path)?;
        // Nor is a path to be taken for something else, such as `md:` in front of a name.
        let absolute = std::path::absolute(path).map_err(|error| StoreError::File {
            path: path.to_owned(),
            error,
        })?;
        let connection = Connection::open_with_flags(absolute, settings)
            .map_err(|error| StoreError::opening(path, error))?;
        Ok(Self { connection, claim })
    }

    /// Another connection to the same database.
    pub(crate) fn try_clone(&self) -> duckdb::Result<Self> {
        Ok(Self {
            connection: self.connection.try_clone()?,
            claim: Arc::clone(&self.claim),
        })
    }
}

impl Deref for OpenFile {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}

impl DerefMut for OpenFile {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.connection
    }
}

/// This process's right to have a file open, until it is dropped.
struct Claim {
    file: PathBuf,
}

impl Claim {
    fn new(path: &Path, access: Access) -> Result<Self, StoreError> {
        let file = identity(path);
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        let users = open.entry(file.clone()).or_default();
        match (access, *users) {
            (Access::Write, 0) => *users = WRITER,
            (Access::Read, ..WRITER) => *users += 1,
            _ => {
                return Err(StoreError::OpenHere {
                    path: path.to_owned(),
                });
            }
        }
        Ok(Self { file })
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(users @ 2..WRITER) = open.get_mut(&self.file) {
            *users -= 1;
        } else {
            open.remove(&self.file);
        }
    }
}

/// Whether a writer of this process has a file open.
pub(super) fn is_written_here(path: &Path) -> bool {
    let open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    open.get(&identity(path)) == Some(&WRITER)
}

/// Whether there is a database at a path, under whatever name. What is not there or cannot
/// be read is none: whether it can be opened shows when it is. Not to be asked of a file
/// that this process is writing, which other processes could write as well from then on.
pub fn is_database(path: &Path) -> bool {
    // A DuckDB file has a checksum of eight bytes before this.
    const MARK: &[u8; 4] = b"DUCK";
    let mut begin = [0; 12];
    path.is_file()
        && File::open(path).is_ok_and(|mut file| file.read_exact(&mut begin).is_ok())
        && begin.ends_with(MARK)
}

/// Refuses a file that can be read and is something else.
fn refuse_no_database(path: &Path) -> Result<(), StoreError> {
    if !path.is_file() || File::open(path).is_err() || is_database(path) {
        return Ok(());
    }
    let is_empty = fs::metadata(path).is_ok_and(|file| file.len() == 0);
    Err(StoreError::NoDatabase {
        path: path.to_owned(),
        found: match is_empty {
            true => "it is empty",
            false => "it is no DuckDB database",
        },
    })
}

/// One path for each file, also for one that is yet to be made.
fn identity(path: &Path) -> PathBuf {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = fs::canonicalize(folder.unwrap_or(Path::new("."))).unwrap_or_default();
    let made = folder.join(path.file_name().unwrap_or_default());
    fs::canonicalize(&made).unwrap_or(made)
}
