//! Provides the writer: the one thread that puts records into a trace file.
//!
//! Sessions send their records through a bounded queue and go on; the writer gathers
//! them and commits them together, because a commit costs the same few milliseconds
//! whether it holds one row or thousands. A record is durable once the writer has
//! been idle for a moment, at the latest after [`WriterOptions::flush_interval`], and
//! before [`Session::end`](crate::Session::end) returns.
//!
//! What was accepted is in the file, or in a file beside it that [`import`](crate::import)
//! takes, or [`Writer::finish`] says that it is lost.

mod aside;
mod changes;
mod database;
mod parts;
mod progress;
mod rows;
mod scribe;
mod seen;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::channel::{Ack, Capacity, Record, RecordSender, channel};
use crate::store::file::OpenFile;
use crate::store::{Experiment, Store, StoreError, schema};
pub(crate) use aside::Line;
pub(crate) use database::{Database, NotWritten};
pub(crate) use parts::resolved;
use scribe::Scribe;

/// How a writer groups what it writes.
#[derive(Clone, Copy, Debug)]
pub struct WriterOptions {
    /// The longest that a record takes into the file, as long as a commit takes less. The
    /// writer stops gathering as much earlier as its last commit took.
    pub flush_interval: Duration,
    /// The most records that wait for one commit.
    pub flush_records: usize,
    /// How much may wait in the queue before sessions have to.
    pub queue: Capacity,
}

impl Default for WriterOptions {
    /// A commit every 200 ms or 10,000 records.
    fn default() -> Self {
        Self {
            flush_interval: Duration::from_millis(200),
            flush_records: 10_000,
            queue: Capacity::default(),
        }
    }
}

/// What a writer wrote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WriterReport {
    /// Records that are in the file.
    pub records: u64,
    /// Commits it took.
    pub commits: u64,
    /// Sessions that ended.
    pub sessions: u64,
}

/// Writes the records of any number of sessions into one trace file.
///
/// Dropping it without [`finish`](Writer::finish) writes everything too, but can
/// report a failure on standard error only.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("traces.duckdb");
/// use tracer::record::SessionStatus;
/// use tracer::{SessionOptions, Store, Tracer, TracerOptions, Writer, WriterOptions};
///
/// let writer = Writer::open(&path, WriterOptions::default())?;
/// let tracer = Tracer::new(TracerOptions { sink: Some(writer.sender()), ..Default::default() });
///
/// let session = tracer.start_session(SessionOptions::default())?;
/// let id = session.id().to_owned();
/// session.timestep(0)?.add_metadata("note", "the first turn")?;
/// let trace = session.end_blocking(SessionStatus::Completed)?;
/// writer.finish()?;
///
/// assert_eq!(Store::open_read_only(&path)?.session_trace(&id)?, trace);
/// # Ok(())
/// # }
/// ```
pub struct Writer {
    path: PathBuf,
    sender: RecordSender,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Result<WriterReport, StoreError>>>,
    /// A second connection to the same database, for what is not a record. Connections
    /// cannot be shared between threads, and this one is used a few times per run.
    desk: Mutex<OpenFile>,
}

impl Writer {
    /// Opens a trace file for writing, making it where there is none, and starts the thread.
    ///
    /// The file is locked against other processes until [`finish`](Writer::finish).
    pub fn open(path: impl Into<PathBuf>, options: WriterOptions) -> Result<Self, StoreError> {
        let path = path.into();
        let file = schema::open_for_writing(&path)?;
        let desk = file
            .try_clone()
            .map_err(|error| StoreError::query(&path, error))?;
        let database = Database::new(&path, file)?;
        let (sender, receiver) = channel(options.queue);
        let stop = Arc::new(AtomicBool::new(false));
        let scribe = Scribe::new(database, options, receiver, Arc::clone(&stop));
        let thread = thread::Builder::new()
            .name("trace-writer".to_owned())
            .spawn(move || scribe.run())
            .map_err(|error| StoreError::File {
                path: path.clone(),
                error,
            })?;
        Ok(Self {
            path,
            sender,
            stop,
            thread: Some(thread),
            desk: Mutex::new(desk),
        })
    }

    /// The trace file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The way to this writer, for [`TracerOptions::sink`](crate::TracerOptions).
    pub fn sender(&self) -> RecordSender {
        self.sender.clone()
    }

    /// Reads of the file while it is being written, as of the last commit.
    ///
    /// Only this process can: to others the file is locked, until the writer is finished
    /// and the last store of it dropped.
    pub fn store(&self) -> Result<Store, StoreError> {
        let desk = self.desk.lock().unwrap_or_else(PoisonError::into_inner);
        let connection = desk
            .try_clone()
            .map_err(|error| StoreError::query(&self.path, error))?;
        Ok(Store::being_written(self.path.clone(), connection))
    }

    /// Puts an experiment and the systems that take part in it into the file, each once:
    /// what is there already stays as it is, and the experiment's description is renewed.
    pub fn register(&self, experiment: &Experiment) -> Result<(), StoreError> {
        let mut desk = self.desk.lock().unwrap_or_else(PoisonError::into_inner);
        experiment
            .register(&mut desk)
            .map_err(|error| StoreError::query(&self.path, error))
    }

    /// Makes everything durable that was sent until now, closes the file, and says how it went.
    ///
    /// What is recorded afterwards is refused with an error to whoever records it.
    pub fn finish(mut self) -> Result<WriterReport, StoreError> {
        self.stop()
    }

    fn stop(&mut self) -> Result<WriterReport, StoreError> {
        let Some(thread) = self.thread.take() else {
            return Ok(WriterReport::default());
        };
        self.stop.store(true, Ordering::Release);
        let (wake, _) = Ack::new();
        // It fails only if the thread is gone, and then joining it tells why.
        drop(self.sender.send(Record::Flush(wake)));
        thread.join().map_err(|_| StoreError::Stopped {
            path: self.path.clone(),
        })?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if let Err(error) = self.stop() {
            eprintln!("error: {error}");
        }
    }
}
