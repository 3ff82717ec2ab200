//! Provides the trace file: its schema, and what can be read from it.
//!
//! `schema.sql` says what each table holds, `views.sql` what the views sum up. Writing
//! is the [`writer`](crate::writer)'s business.

mod analytics;
mod ask;
mod error;
mod experiment;
pub(crate) mod file;
mod live;
pub(crate) mod schema;
mod sessions;
mod table;
pub(crate) mod value;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use duckdb::{Connection, Row};
use jiff::Timestamp;

pub use analytics::{
    ErrorEvent, ExpensiveCall, ExperimentOverview, ExperimentSystem, Latency, ModelUsage,
    SessionSummary, TimeRange,
};
pub use ask::{Answer, AskLimits};
pub use error::StoreError;
pub use experiment::{Experiment, SystemVersion};
use file::OpenFile;
pub use file::is_database;
use live::Copy;
pub use schema::{Reach, SCHEMA_VERSION};
pub use table::{Column, Table};

use crate::record::SessionStatus;

/// A trace file that is open for reading.
pub struct Store {
    path: PathBuf,
    // Closed before the copy goes.
    connection: OpenFile,
    /// What is open instead of the file.
    copy: Option<Arc<Copy>>,
    /// Whether somebody writes the file: another process, or this one.
    written: bool,
}

impl Store {
    /// Opens a trace file for reading only, as any number of processes may at once,
    /// as long as none writes it.
    ///
    /// # Errors
    ///
    /// [`StoreError::Locked`] while another process writes it, which
    /// [`open_copy`](Self::open_copy) is for; and where it is no trace file, or not one of
    /// this version.
    pub fn open_read_only(path: impl Into<PathBuf>) -> Result<Self, StoreError> {
        Self::open(path, Reach::Files)
    }

    /// As [`open_read_only`](Self::open_read_only), with a bound on what statements reach.
    ///
    /// # Errors
    ///
    /// As [`open_read_only`](Self::open_read_only).
    pub fn open(path: impl Into<PathBuf>, reach: Reach) -> Result<Self, StoreError> {
        let path = path.into();
        let connection = schema::open_read_only(&path, reach)?;
        Ok(Self {
            path,
            connection,
            copy: None,
            written: false,
        })
    }

    /// Opens a copy of a trace file that another process is writing: what that one had
    /// committed at [`copied_at`](Self::copied_at).
    ///
    /// The copy takes as much room in the folder for temporary files as the trace file, is
    /// readable for this user alone, and goes when the store is dropped.
    ///
    /// # Errors
    ///
    /// As [`open_read_only`](Self::open_read_only), where it is not the lock;
    /// [`StoreError::OpenHere`] where it is this process that writes the file, for which
    /// there is [`Writer::store`](crate::Writer::store); [`StoreError::NotCopied`] where
    /// there is no room for the copy, and [`StoreError::Restless`] where the file is written so
    /// busily that no whole copy could be had.
    pub fn open_copy(path: impl Into<PathBuf>, reach: Reach) -> Result<Self, StoreError> {
        let path = path.into();
        let (connection, copy) = live::copied(&path, reach)?;
        Ok(Self {
            path,
            connection,
            copy: Some(Arc::new(copy)),
            written: true,
        })
    }

    /// When the file was copied, if it is a copy that is read.
    pub fn copied_at(&self) -> Option<Timestamp> {
        self.copy.as_ref().map(|copy| copy.taken_at())
    }

    /// Another connection to the same open file, for another thread.
    ///
    /// # Errors
    ///
    /// Where DuckDB refuses one.
    pub fn try_clone(&self) -> Result<Self, StoreError> {
        let connection = self.connection.try_clone();
        let connection = connection.map_err(|error| StoreError::query(self.path(), error))?;
        Ok(Self {
            path: self.path.clone(),
            connection,
            copy: self.copy.clone(),
            written: self.written,
        })
    }

    /// Brings a trace file of an earlier version up to date, as a [`Writer`](crate::Writer)
    /// does that opens one, and gives the schema version that it had.
    ///
    /// # Errors
    ///
    /// Where there is no such file, where it is of a newer version or holds no traces, and
    /// where it cannot be written.
    pub fn upgrade(path: impl AsRef<Path>) -> Result<i64, StoreError> {
        schema::upgrade(path.as_ref())
    }

    /// What this process writes, as it stands.
    pub(crate) fn being_written(path: PathBuf, connection: OpenFile) -> Self {
        Self {
            path,
            connection,
            copy: None,
            written: true,
        }
    }

    /// How a session stands, by the name in its row. One that runs, says the row, in a file
    /// that nobody writes, was given up: its process was killed before it could say so.
    fn standing(&self, recorded: String) -> duckdb::Result<SessionStatus> {
        let recorded = serde_json::from_value(recorded.into()).map_err(value::conversion)?;
        match recorded {
            SessionStatus::Running if !self.written => Ok(SessionStatus::Abandoned),
            recorded => Ok(recorded),
        }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Every row of a query, read by `read`.
    pub(crate) fn rows<T>(
        &self,
        sql: &str,
        params: impl duckdb::Params,
        read: impl FnMut(&Row<'_>) -> duckdb::Result<T>,
    ) -> Result<Vec<T>, StoreError> {
        self.connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.query_map(params, read)?.collect())
            .map_err(|error| StoreError::query(&self.path, error))
    }
}
