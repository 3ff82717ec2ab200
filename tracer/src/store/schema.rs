//! Opens trace files: creates them, brings older ones up to date, refuses the rest.

use std::fs;
use std::path::{Path, PathBuf};

use duckdb::{AccessMode, Config, Connection};

use super::StoreError;
use super::file::{Access, OpenFile};

/// The schema version that this program writes.
pub const SCHEMA_VERSION: i64 = MIGRATIONS.len() as i64 + 1;

/// What DuckDB's releases before 2.0 can still open. Its own default is newer.
const STORAGE_VERSION: &str = "v1.2.0";

/// The log is folded into the file when it has grown to this, and when the file is closed.
/// DuckDB's default, 16 MB, folds several times a second where much is recorded.
const CHECKPOINT_THRESHOLD: &str = "128MB";

/// What DuckDB keeps in memory of the file at most; it takes 80 % of the machine's otherwise,
/// where a run is long enough.
const MEMORY: &str = "512MB";

/// The version of the program.
const PROGRAM: &str = env!("CARGO_PKG_VERSION");

const SCHEMA: &str = include_str!("schema.sql");
const VIEWS: &str = include_str!("views.sql");

/// Migration `i` brings a file from version `i + 1` to version `i + 2`.
const MIGRATIONS: [&str; 2] = [
    "alter table schema_version add column program varchar;",
    "create table request_parts (
        session_id varchar not null, part bigint not null, content json not null
    );",
];

/// What the statements on an open trace file reach beside it. None fetches anything from
/// the network by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Whatever they name, as exports do.
    Files,
    /// No other file, neither to read nor to write it, and no network.
    Alone,
    /// As [`Alone`](Reach::Alone), for questions of people who are not trusted: no
    /// statement changes a setting, or takes more than a gigabyte of memory.
    Confined,
}

/// Opens a file for writing; makes it, and the folders above it, where there is none.
pub(crate) fn open_for_writing(path: &Path) -> Result<OpenFile, StoreError> {
    refuse_folder(path)?;
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| StoreError::NotWritable {
            path: folder.to_owned(),
            reason: error.to_string(),
        })?;
    }
    let settings = settings()
        .and_then(|settings| settings.with("storage_compatibility_version", STORAGE_VERSION))
        .and_then(|settings| settings.with("checkpoint_threshold", CHECKPOINT_THRESHOLD))
        .and_then(|settings| settings.max_memory(MEMORY))
        // Rows come from one thread, which would only spin while others do the work.
        .and_then(|settings| settings.threads(1))
        .map_err(|error| StoreError::opening(path, error))?;
    let file = OpenFile::open(path, Access::Write, settings)?;
    refuse_cut_short(path, &file)?;
    bring_up_to_date(path, &file)?;
    Ok(file)
}

/// Brings a file that is there up to date, and gives the schema version it had.
pub(crate) fn upgrade(path: &Path) -> Result<i64, StoreError> {
    let found = match open_read_only(path, Reach::Files) {
        Ok(_) => return Ok(SCHEMA_VERSION),
        Err(StoreError::OlderSchema { found, .. }) => found,
        Err(error) => return Err(error),
    };
    open_for_writing(path)?;
    Ok(found)
}

/// Opens a file for reading only. Any number of processes may do so at once.
pub(crate) fn open_read_only(path: &Path, reach: Reach) -> Result<OpenFile, StoreError> {
    refuse_folder(path)?;
    if !path.exists() {
        return Err(StoreError::Missing {
            path: path.to_owned(),
        });
    }
    let settings = reaching(reach)
        .and_then(|settings| settings.access_mode(AccessMode::ReadOnly))
        .map_err(|error| StoreError::opening(path, error))?;
    let file = OpenFile::open(path, Access::Read, settings)?;
    refuse_cut_short(path, &file)?;
    match version(path, &file)? {
        None => Err(StoreError::NotTraces {
            path: path.to_owned(),
        }),
        Some(found) if found < SCHEMA_VERSION => Err(StoreError::OlderSchema {
            path: path.to_owned(),
            found,
            known: SCHEMA_VERSION,
        }),
        Some(_) => Ok(file),
    }
}

/// A trace file never fetches anything from the network by itself.
fn settings() -> duckdb::Result<Config> {
    Config::default().enable_autoload_extension(false)
}

fn reaching(reach: Reach) -> duckdb::Result<Config> {
    let alone = || {
        settings()?
            .enable_external_access(false)?
            .with("lock_configuration", "true")
    };
    match reach {
        Reach::Files => settings(),
        Reach::Alone => alone(),
        Reach::Confined => alone()?
            .max_memory("1GB")?
            .with("max_temp_directory_size", "0KB"),
    }
}

fn refuse_folder(path: &Path) -> Result<(), StoreError> {
    if path.is_dir() {
        return Err(StoreError::IsFolder {
            path: PathBuf::from(path),
        });
    }
    Ok(())
}

/// DuckDB notices that the end of a file is missing only when it reads there. Only
/// blocks in use count: free ones at the end of a whole file may never have been
/// written.
fn refuse_cut_short(path: &Path, connection: &Connection) -> Result<(), StoreError> {
    const HEADERS: u64 = 3 * 4096;
    let blocks: u64 = connection
        .query_row(
            "select block_size * used_blocks from pragma_database_size()",
            [],
            |row| row.get(0),
        )
        .map_err(|error| StoreError::opening(path, error))?;
    let length = fs::metadata(path)
        .map_err(|error| StoreError::File {
            path: path.to_owned(),
            error,
        })?
        .len();
    if blocks > 0 && length < HEADERS + blocks {
        let reason = format!("it has {length} of at least {} bytes", HEADERS + blocks);
        return Err(StoreError::Damaged {
            path: path.to_owned(),
            reason,
        });
    }
    Ok(())
}

/// The schema version of a file that is not newer than this program, or `None` if it is
/// no trace file.
fn version(path: &Path, connection: &Connection) -> Result<Option<i64>, StoreError> {
    let has_versions: bool = connection
        .query_row(
            "select exists (from duckdb_tables() where table_name = 'schema_version' and not internal)",
            [],
            |row| row.get(0),
        )
        .map_err(|error| StoreError::opening(path, error))?;
    if !has_versions {
        return Ok(None);
    }
    let found: Option<i64> = connection
        .query_row("select max(version) from schema_version", [], |row| {
            row.get(0)
        })
        .map_err(|error| StoreError::opening(path, error))?;
    match found {
        Some(found) if found > SCHEMA_VERSION => Err(StoreError::NewerSchema {
            path: path.to_owned(),
            found,
            known: SCHEMA_VERSION,
        }),
        found => Ok(found),
    }
}

/// Creates or migrates everything in one transaction, so that a file is never in between.
fn bring_up_to_date(path: &Path, connection: &Connection) -> Result<(), StoreError> {
    let steps = match version(path, connection)? {
        Some(found) => {
            // Versions count from 1, and `version` refused those that are too new.
            let done = usize::try_from(found - 1).unwrap_or_default();
            MIGRATIONS[done..].join("\n")
        }
        None if is_empty(path, connection)? => SCHEMA.to_owned(),
        None => {
            return Err(StoreError::NotTraces {
                path: path.to_owned(),
            });
        }
    };
    let now = crate::record::now().as_microsecond();
    let script = format!(
        "begin;\n{steps}\n{VIEWS}\n\
         insert into schema_version select {SCHEMA_VERSION}, make_timestamp({now}), '{PROGRAM}'\n\
         where not exists (from schema_version where version = {SCHEMA_VERSION});\n\
         update session_traces set status = 'abandoned' where status = 'running';\n\
         commit;"
    );
    connection
        .execute_batch(&script)
        .map_err(|error| StoreError::opening(path, error))
}

fn is_empty(path: &Path, connection: &Connection) -> Result<bool, StoreError> {
    connection
        .query_row(
            "select count(*) = 0 from duckdb_tables() where not internal",
            [],
            |row| row.get(0),
        )
        .map_err(|error| StoreError::opening(path, error))
}
