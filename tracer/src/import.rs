//! Takes into a trace file what was written elsewhere: whole sessions as JSON, and what a
//! writer had to set aside.
//!
//! Importing twice is importing once: a session that is there already stays as it is, and
//! records that were set aside join their session where they are missing.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::channel::Record;
use crate::record::{Event, Recorded, SessionEventMessage, SessionTimeStep, SessionTrace};
use crate::store::{StoreError, schema};
use crate::trace_json::{self, TraceJsonError};
use crate::writer::{Database, Line, NotWritten};

/// Lines that are written with one commit.
const BATCH: usize = 10_000;

/// What becomes of a session that the trace file holds already, with other contents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Conflict {
    /// It is refused with [`StoreError::SessionDiffers`], and the one that is there stays.
    #[default]
    Refuse,
    /// It takes the place of the one that is there.
    Replace,
}

/// What an import brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Imported {
    /// Whole sessions that were written.
    pub sessions: u64,
    /// Whole sessions that were there already, just as they came.
    pub unchanged: u64,
    /// Records that had been set aside. Those that were there already are not written again.
    pub records: u64,
}

/// Imports one file into the trace file at `path`: an [`Importer`] for a single file.
///
/// # Errors
///
/// Those of [`Importer::import`] and [`Importer::finish`].
pub fn import(path: &Path, source: &Path, conflict: Conflict) -> Result<Imported, StoreError> {
    let mut importer = Importer::new(path, conflict);
    let imported = importer.import(source);
    importer.finish()?;
    imported
}

/// Imports any number of files into one trace file.
pub struct Importer {
    path: PathBuf,
    conflict: Conflict,
    /// Opened for the first thing that is worth writing, so that a file that cannot be
    /// imported does not leave an empty trace file.
    database: Option<Database>,
}

impl Importer {
    /// Imports into the trace file at `path`, which is made where there is none.
    pub fn new(path: impl Into<PathBuf>, conflict: Conflict) -> Self {
        Self {
            path: path.into(),
            conflict,
            database: None,
        }
    }

    /// Imports one file: the JSON of a session as [`trace_json`] writes it, several of them
    /// with one a line, or a `.unsaved.jsonl` file that [`StoreError::SetAside`] named.
    ///
    /// # Errors
    ///
    /// Where the file cannot be read, is cut short, is of a newer version or is something
    /// else; where the trace file has another session of the same id and is to keep it; and
    /// where the trace file cannot be written. Each session is there as a whole or not at all.
    pub fn import(&mut self, source: &Path) -> Result<Imported, StoreError> {
        let unreadable = |error| StoreError::File {
            path: source.to_owned(),
            error,
        };
        let mut lines = BufReader::new(File::open(source).map_err(unreadable)?);
        let mut first = String::new();
        match lines.read_line(&mut first) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::InvalidData => {
                return Err(StoreError::BadTrace {
                    path: source.to_owned(),
                    error: TraceJsonError::NotASession,
                });
            }
            Err(error) => return Err(unreadable(error)),
        }
        match serde_json::from_str(&first) {
            Ok(Line::TraceRecords {
                version: Line::VERSION,
            }) => self.import_records(source, lines),
            Ok(Line::TraceRecords { version }) => Err(StoreError::BadTrace {
                path: source.to_owned(),
                error: TraceJsonError::Version {
                    found: version,
                    known: Line::VERSION,
                },
            }),
            _ => match trace_json::read(&first) {
                Ok(trace) => self.import_sessions(source, trace, lines),
                // One session may well be spread over several lines.
                Err(_) => {
                    let text = fs::read_to_string(source).map_err(unreadable)?;
                    let mut imported = Imported::default();
                    let trace = trace_json::read(&text).map_err(|error| StoreError::BadTrace {
                        path: source.to_owned(),
                        error,
                    })?;
                    self.import_session(source, trace, &mut imported)?;
                    Ok(imported)
                }
            },
        }
    }

    /// Makes the trace file one whole file, and closes it.
    ///
    /// # Errors
    ///
    /// Where its log cannot be folded into it, which leaves a second file beside it.
    pub fn finish(self) -> Result<(), StoreError> {
        self.database.map_or(Ok(()), Database::close)
    }

    fn database(&mut self) -> Result<&mut Database, StoreError> {
        let database = match self.database.take() {
            Some(database) => database,
            None => Database::new(&self.path, schema::open_for_writing(&self.path)?)?,
        };
        Ok(self.database.insert(database))
    }

    fn import_session(
        &mut self,
        source: &Path,
        trace: SessionTrace,
        imported: &mut Imported,
    ) -> Result<(), StoreError> {
        refuse_mixed_up(source, &trace)?;
        let conflict = self.conflict;
        let database = self.database()?;
        let id = trace.session_id.clone();
        match database.session_trace(&id)? {
            Some(there) if there == trace => imported.unchanged += 1,
            Some(_) if conflict == Conflict::Refuse => {
                return Err(StoreError::SessionDiffers {
                    path: database.path().to_owned(),
                    imported: source.to_owned(),
                    session_id: id,
                });
            }
            _ => {
                database.rewrite(&id, &records(trace))?;
                imported.sessions += 1;
            }
        }
        Ok(())
    }

    /// Imports a session a line.
    fn import_sessions(
        &mut self,
        source: &Path,
        first: SessionTrace,
        lines: impl BufRead,
    ) -> Result<Imported, StoreError> {
        let mut imported = Imported::default();
        self.import_session(source, first, &mut imported)?;
        for (line, text) in (2..).zip(lines.lines()) {
            let trace = text
                .map_err(|error| error.to_string())
                .and_then(|text| trace_json::read(&text).map_err(|error| error.to_string()))
                .map_err(|reason| bad_line(source, line, reason))?;
            self.import_session(source, trace, &mut imported)?;
        }
        Ok(imported)
    }

    /// Imports a record a line. The first line said what the file is.
    fn import_records(
        &mut self,
        source: &Path,
        lines: impl BufRead,
    ) -> Result<Imported, StoreError> {
        let database = self.database()?;
        let target = database.path().to_owned();
        let refused = |error| match error {
            NotWritten::Refused(error) => StoreError::NotTaken {
                path: source.to_owned(),
                target: target.clone(),
                reason: error.reason(),
            },
            NotWritten::Failed(error) => error,
        };
        let mut imported = Imported::default();
        let mut batch = Vec::new();
        let mut write = |batch: &mut Vec<Record>| {
            database.write(batch).map_err(&refused)?;
            imported.records += batch.len() as u64;
            batch.clear();
            Ok::<_, StoreError>(())
        };
        for (line, text) in (2..).zip(lines.lines()) {
            let parsed = text.map_err(|error| error.to_string()).and_then(|text| {
                serde_json::from_str::<Line<'_>>(&text).map_err(|error| error.to_string())
            });
            match parsed {
                Ok(parsed) => batch.extend(parsed.into_record()),
                Err(reason) => {
                    write(&mut batch)?;
                    return Err(bad_line(source, line, reason));
                }
            }
            if batch.len() == BATCH {
                write(&mut batch)?;
            }
        }
        write(&mut batch)?;
        Ok(imported)
    }
}

/// Refuses a session whose parts do not fit together, before anything of it is written.
fn refuse_mixed_up(source: &Path, trace: &SessionTrace) -> Result<(), StoreError> {
    match mixed_up(trace).or_else(|| too_large(trace)) {
        None => Ok(()),
        Some(reason) => Err(StoreError::MixedUp {
            path: source.to_owned(),
            session_id: trace.session_id.clone(),
            reason,
        }),
    }
}

/// What about a session's own numbers and names contradicts the rest of it.
fn mixed_up(trace: &SessionTrace) -> Option<String> {
    let mut steps = BTreeSet::new();
    for step in &trace.timesteps {
        if !steps.insert(step.step_id.as_str()) {
            return Some(format!("two timesteps are called {}", step.step_id));
        }
    }
    let events = trace.event_history.iter().map(|it| (it.seq, &it.step_id));
    let messages = trace.message_history.iter().map(|it| (it.seq, &it.step_id));
    let unknown = events
        .clone()
        .chain(messages.clone())
        .find_map(|(seq, id)| {
            let id = id.as_deref().filter(|id| !steps.contains(id))?;
            Some(format!(
                "record {seq} is of the timestep {id}, which is not there"
            ))
        });
    if unknown.is_some() {
        return unknown;
    }
    let mut numbers = BTreeSet::new();
    let numbered = events.chain(messages).map(|(seq, _)| seq);
    let numbered = numbered.chain(trace.timesteps.iter().map(|it| it.seq));
    let numbered = numbered.chain(trace.metadata.iter().map(|it| it.seq));
    let mut numbered = numbered.chain(trace.rewards.iter().map(|it| it.seq));
    let twice = numbered.find(|seq| !numbers.insert(*seq))?;
    Some(format!("two records have the number {twice}"))
}

/// A number that has no room in the column it belongs to.
fn too_large(trace: &SessionTrace) -> Option<String> {
    let of_step = |step: &SessionTimeStep| [step.seq, step.turn_number, step.step_index];
    let of_event = |event: &Recorded<Event>| {
        let tokens = match &event.record {
            Event::Cais(it) => [
                it.prompt_tokens,
                it.completion_tokens,
                it.total_tokens,
                it.cached_tokens,
                it.reasoning_tokens,
            ],
            Event::Runtime(_) | Event::Environment(_) => [None; 5],
        };
        let time = event.record.base().time_record.message_time;
        tokens.into_iter().flatten().chain(time).chain([event.seq])
    };
    let of_message = |message: &Recorded<SessionEventMessage>| {
        let time = message.record.time_record.message_time;
        time.into_iter().chain([message.seq])
    };
    let numbers = trace.timesteps.iter().flat_map(of_step);
    let numbers = numbers.chain(trace.event_history.iter().flat_map(of_event));
    let numbers = numbers.chain(trace.message_history.iter().flat_map(of_message));
    let numbers = numbers.chain(trace.metadata.iter().map(|it| it.seq));
    let mut numbers = numbers.chain(trace.rewards.iter().map(|it| it.seq));
    let number = numbers.find(|it| i64::try_from(*it).is_err())?;
    Some(format!("the number {number} is larger than {}", i64::MAX))
}

fn bad_line(source: &Path, line: usize, reason: String) -> StoreError {
    StoreError::BadImport {
        path: source.to_owned(),
        line,
        reason,
    }
}

/// The records that a session consists of, in the order in which they were made.
fn records(trace: SessionTrace) -> Vec<Record> {
    let session: Arc<str> = trace.session_id.into();
    let mut numbered = Vec::new();
    for step in trace.timesteps {
        let session = Arc::clone(&session);
        numbered.push((step.seq, Record::TimestepCompleted { session, step }));
    }
    for event in trace.event_history {
        let session = Arc::clone(&session);
        let event = Arc::new(event);
        numbered.push((event.seq, Record::Event { session, event }));
    }
    for message in trace.message_history {
        let session = Arc::clone(&session);
        let message = Arc::new(message);
        numbered.push((message.seq, Record::Message { session, message }));
    }
    for entry in trace.metadata {
        let session = Arc::clone(&session);
        numbered.push((entry.seq, Record::Metadata { session, entry }));
    }
    for reward in trace.rewards {
        let session = Arc::clone(&session);
        numbered.push((reward.seq, Record::Reward { session, reward }));
    }
    numbered.sort_by_key(|(seq, _)| *seq);
    let start = Record::SessionStarted {
        session: Arc::clone(&session),
        experiment_id: trace.experiment_id,
        created_at: trace.created_at,
    };
    let status = trace.status;
    let end = trace.ended_at.map(|ended_at| Record::SessionEnded {
        session,
        ended_at,
        status,
        ack: None,
    });
    let made = numbered.into_iter().map(|(_, record)| record);
    [start].into_iter().chain(made).chain(end).collect()
}
