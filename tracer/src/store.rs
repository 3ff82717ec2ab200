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

use duckdb::{Connection, Row};

pub use analytics::{
    ErrorEvent, ExpensiveCall, ExperimentOverview, ExperimentSystem, Latency, ModelUsage,
    SessionSummary, TimeRange,
};
pub use ask::{Answer, AskLimits};
pub use error::StoreError;
pub use experiment::{Experiment, SystemVersion};
use file::OpenFile;
pub use live::LiveCopy;
pub use schema::SCHEMA_VERSION;
pub use table::{Column, Table};

/// A trace file that is open for reading.
pub struct Store {
    path: PathBuf,
    connection: OpenFile,
}

impl Store {
    /// Opens a trace file for reading only, as any number of processes may at once,
    /// as long as none writes it.
    pub fn open_read_only(path: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let path = path.into();
        let connection = schema::open_read_only(&path)?;
        Ok(Self::new(path, connection))
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

    pub(crate) fn new(path: PathBuf, connection: OpenFile) -> Self {
        Self { path, connection }
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
