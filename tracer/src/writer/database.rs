//! Puts batches of records into the database, each batch as a whole or not at all.
//!
//! One way in for everything: what sessions record as it happens, what was set aside,
//! and whole sessions from JSON. A record is known by its session and its sequence
//! number, so one that is there already is not written again.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use duckdb::{Connection, OptionalExt as _, params};

use super::changes::Changes;
use super::progress::Progress;
use super::rows::Rows;
use crate::channel::Record;
use crate::record::{EventId, SessionTrace};
use crate::store::file::OpenFile;
use crate::store::value::{conversion, to_json};
use crate::store::{Store, StoreError};

/// The tables that hold a session's rows.
const TABLES: [&str; 7] = [
    "hook_results",
    "request_parts",
    "rewards",
    "messages",
    "events",
    "session_timesteps",
    "session_traces",
];

/// The database, and how far each running session is written.
pub(crate) struct Database {
    path: PathBuf,
    file: OpenFile,
    sessions: Sessions,
    next: NextIds,
}

type Sessions = HashMap<Arc<str>, Progress>;

/// The next free id of each table that has ids.
struct NextIds {
    timestep: i64,
    event: i64,
    message: i64,
}

impl Database {
    /// Takes over a connection to a file that has the current schema.
    pub(crate) fn new(path: &Path, file: OpenFile) -> Result<Self, StoreError> {
        let next = |table: &str| {
            let sql = format!("select coalesce(max(id), 0) + 1 from {table}");
            file.query_row(&sql, [], |row| row.get(0))
                .map_err(|error| StoreError::query(path, error))
        };
        let next = NextIds {
            timestep: next("session_timesteps")?,
            event: next("events")?,
            message: next("messages")?,
        };
        Ok(Self {
            path: path.to_owned(),
            file,
            sessions: Sessions::new(),
            next,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// A session as it is in the file; none where there is no such session.
    pub(crate) fn session_trace(&self, id: &str) -> Result<Option<SessionTrace>, StoreError> {
        let reader = self
            .file
            .try_clone()
            .map_err(|error| StoreError::query(&self.path, error))?;
        match Store::being_written(self.path.clone(), reader).session_trace(id) {
            Ok(trace) => Ok(Some(trace)),
            Err(StoreError::NoSession { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes records in one transaction. After an error, nothing of them is there.
    pub(crate) fn write(&mut self, records: &[Record]) -> Result<(), NotWritten> {
        self.write_in_place_of(None, records)
    }

    /// Writes the records of a session, and removes what there was of it, in one transaction.
    pub(crate) fn rewrite(&mut self, session: &str, records: &[Record]) -> Result<(), NotWritten> {
        self.write_in_place_of(Some(session), records)
    }

    fn write_in_place_of(
        &mut self,
        old: Option<&str>,
        records: &[Record],
    ) -> Result<(), NotWritten> {
        let written = self.write_in_transaction(old, records);
        for session in records.iter().filter_map(Record::session) {
            let is_over = self
                .sessions
                .get(session)
                .is_some_and(|it| it.ended_at.is_some());
            // After an error, the file knows better how far its sessions are.
            if is_over || written.is_err() {
                self.sessions.remove(session);
            }
        }
        written
    }

    /// Folds the log into the file, so that other programs find one whole file, and closes it.
    pub(crate) fn close(self) -> Result<(), StoreError> {
        self.file
            .execute_batch("checkpoint")
            .map_err(|error| StoreError::not_folded(&self.path, error))
    }

    fn write_in_transaction(
        &mut self,
        old: Option<&str>,
        records: &[Record],
    ) -> Result<(), NotWritten> {
        let path = &self.path;
        let refused = |error| NotWritten::Refused(StoreError::query(path, error));
        let failed = |error| NotWritten::Failed(StoreError::query(path, error));
        let transaction = self.file.unchecked_transaction().map_err(failed)?;
        if let Some(session) = old {
            delete(&transaction, session).map_err(refused)?;
            self.sessions.remove(session);
        }
        let mut batch = Batch {
            connection: &transaction,
            sessions: &mut self.sessions,
            next: &mut self.next,
            rows: Rows::new(&transaction).map_err(failed)?,
            changed: Vec::new(),
        };
        batch.recall(records).map_err(refused)?;
        for record in records {
            batch.put(record).map_err(refused)?;
        }
        batch.finish().map_err(refused)?;
        transaction.commit().map_err(failed)
    }
}

/// Why records were not written.
#[derive(Debug)]
pub(crate) enum NotWritten {
    /// The database would not take one of them, and may well take others.
    Refused(StoreError),
    /// The database cannot be written.
    Failed(StoreError),
}

impl From<NotWritten> for StoreError {
    fn from(reason: NotWritten) -> Self {
        match reason {
            NotWritten::Refused(error) | NotWritten::Failed(error) => error,
        }
    }
}

/// A batch that is being written.
struct Batch<'a> {
    connection: &'a Connection,
    sessions: &'a mut Sessions,
    next: &'a mut NextIds,
    rows: Rows<'a>,
    /// The sessions that the batch changed.
    changed: Vec<Arc<str>>,
}

impl<'a> Batch<'a> {
    fn put(&mut self, record: &Record) -> duckdb::Result<()> {
        match record {
            Record::SessionStarted {
                session,
                experiment_id,
                created_at,
            } => {
                if let Some(known) = self.sessions.get(session) {
                    if known.created_at == *created_at {
                        return Ok(());
                    }
                    self.rows.flush()?;
                    delete(self.connection, session)?;
                }
                let progress = Progress::new(experiment_id.clone(), *created_at);
                self.sessions.insert(Arc::clone(session), progress);
                self.change(session)?;
            }
            Record::TimestepStarted { session, step }
            | Record::TimestepCompleted { session, step } => {
                let id = self.next.timestep;
                if self.change(session)?.0.put_step(step, id) {
                    self.next.timestep += 1;
                }
            }
            Record::Event { session, event } => {
                let id = self.next.event;
                let (progress, rows) = self.change(session)?;
                if progress.is_new(event.seq) {
                    progress.put_event(event.seq, id);
                    progress.num_events += 1;
                    let step = progress.count(event.step_id.as_deref(), |it| it.num_events += 1)?;
                    rows.event(id, session, step, event, &mut progress.parts)?;
                    self.next.event += 1;
                }
            }
            Record::Message { session, message } => {
                let id = self.next.message;
                let (progress, rows) = self.change(session)?;
                if progress.is_new(message.seq) {
                    progress.num_messages += 1;
                    let step =
                        progress.count(message.step_id.as_deref(), |it| it.num_messages += 1)?;
                    rows.message(id, session, step, message)?;
                    self.next.message += 1;
                }
            }
            Record::Metadata { session, entry } => {
                let (progress, _) = self.change(session)?;
                if progress.is_new(entry.seq) {
                    progress.add_metadata(entry)?;
                }
            }
            Record::Reward { session, reward } => {
                let (progress, _) = self.change(session)?;
                if progress.is_new(reward.seq) {
                    let event = match reward.event {
                        None => None,
                        Some(EventId(seq)) => match progress.recent_event(seq) {
                            None => self.older_event(session, seq)?,
                            known => known,
                        },
                    };
                    self.rows.reward(session, event, reward)?;
                }
            }
            Record::SessionEnded {
                session,
                ended_at,
                status,
                ..
            } => {
                let (progress, _) = self.change(session)?;
                progress.ended_at = Some(*ended_at);
                progress.status = status.name().to_owned();
            }
            Record::Flush(_) => {}
        }
        Ok(())
    }

    /// Writes the rows that sum up others, which had to wait for the end of the batch.
    fn finish(mut self) -> duckdb::Result<()> {
        let mut changes = Changes::default();
        for session in &self.changed {
            let Some(progress) = self.sessions.get_mut(session) else {
                continue;
            };
            progress.settle_steps(|step| match &step.news {
                Some(news) if !step.is_stored => self.rows.timestep(session, step, news),
                _ => changes.step(step),
            })?;
            if progress.is_stored {
                changes.session(session, progress);
            } else {
                self.rows.session(session, progress)?;
            }
            progress.settle();
        }
        self.rows.flush()?;
        changes.write(self.connection)
    }

    /// The row id of an event that is not one of the last.
    fn older_event(&mut self, session: &str, seq: u64) -> duckdb::Result<Option<i64>> {
        self.rows.flush()?;
        self.connection
            .prepare_cached("select id from events where session_id = ? and seq = ?")?
            .query_row(params![session, seq], |row| row.get(0))
            .optional()
    }

    /// How far a session is written, which this batch changes, and where its rows go.
    fn change(&mut self, session: &Arc<str>) -> duckdb::Result<(&mut Progress, &mut Rows<'a>)> {
        let progress = self
            .sessions
            .get_mut(session)
            .ok_or_else(|| conversion(format!("session {session} has not begun")))?;
        if !progress.is_changed {
            progress.is_changed = true;
            self.changed.push(Arc::clone(session));
        }
        Ok((progress, &mut self.rows))
    }

    /// Looks up what the file has of the sessions that this writer has not seen yet. Nearly
    /// all of them are new, so one question finds out which are not.
    fn recall(&mut self, records: &[Record]) -> duckdb::Result<()> {
        let named = records.iter().filter_map(Record::session);
        let unseen: BTreeSet<&str> = named
            .map(|session| &**session)
            .filter(|session| !self.sessions.contains_key(*session))
            .collect();
        if unseen.is_empty() {
            return Ok(());
        }
        let mut stored = self.connection.prepare_cached(
            "select session_id from session_traces
             where session_id in (select unnest(from_json(?, '[\"varchar\"]')))",
        )?;
        let stored: Vec<String> = stored
            .query_map([to_json(&unseen)?], |row| row.get(0))?
            .collect::<duckdb::Result<_>>()?;
        for session in stored {
            if let Some(progress) = Progress::load(self.connection, &session)? {
                self.sessions.insert(session.into(), progress);
            }
        }
        Ok(())
    }
}

fn delete(connection: &Connection, session: &str) -> duckdb::Result<()> {
    for table in TABLES {
        connection.execute(
            &format!("delete from {table} where session_id = ?"),
            [session],
        )?;
    }
    Ok(())
}
