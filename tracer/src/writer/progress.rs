//! What has to be known of a session to go on writing it, whoever wrote it until now.

use std::collections::{HashMap, VecDeque};
use std::mem;

use duckdb::{Connection, OptionalExt, params};
use jiff::Timestamp;

use super::parts::Parts;
use super::seen::Seen;
use crate::record::{MetadataEntry, SessionStatus, SessionTimeStep};
use crate::store::value::{Time, conversion, to_json};

/// How many events are remembered for the rewards that are given for them, which follow
/// closely as a rule.
const RECENT_EVENTS: usize = 1024;

/// How far a session is written.
pub(super) struct Progress {
    pub(super) experiment_id: Option<String>,
    pub(super) created_at: Timestamp,
    pub(super) ended_at: Option<Timestamp>,
    pub(super) status: String,
    pub(super) num_events: u64,
    pub(super) num_messages: u64,
    pub(super) parts: Parts,
    /// The entries as JSON, separated by commas.
    metadata: String,
    /// Whether the current batch added to it.
    has_new_metadata: bool,
    steps: HashMap<String, StepProgress>,
    seen: Seen,
    /// The last events: sequence number and row id.
    recent_events: VecDeque<(u64, i64)>,
    /// Timesteps that the current batch changed.
    changed_steps: Vec<String>,
    /// Whether the current batch changed anything.
    pub(super) is_changed: bool,
    /// Whether its row is there.
    pub(super) is_stored: bool,
}

/// How far a timestep is written.
#[derive(Default)]
pub(super) struct StepProgress {
    pub(super) id: i64,
    pub(super) num_events: u64,
    pub(super) num_messages: u64,
    /// Whether its row is there.
    pub(super) is_stored: bool,
    /// The timestep itself, where the current batch said something of it.
    pub(super) news: Option<SessionTimeStep>,
    is_changed: bool,
}

impl Progress {
    /// A session that begins.
    pub(super) fn new(experiment_id: Option<String>, created_at: Timestamp) -> Self {
        Self {
            experiment_id,
            created_at,
            ended_at: None,
            status: SessionStatus::Running.name().to_owned(),
            num_events: 0,
            num_messages: 0,
            parts: Parts::default(),
            metadata: String::new(),
            has_new_metadata: false,
            steps: HashMap::new(),
            seen: Seen::default(),
            recent_events: VecDeque::new(),
            changed_steps: Vec::new(),
            is_changed: false,
            is_stored: false,
        }
    }

    /// A session as the database has it, if it does.
    pub(super) fn load(connection: &Connection, session: &str) -> duckdb::Result<Option<Self>> {
        let found = connection
            .query_row(
                "select experiment_id, epoch_us(created_at), epoch_us(ended_at), status,
                        num_events, num_messages, metadata
                 from session_traces where session_id = ?",
                [session],
                |row| {
                    let mut progress = Self::new(row.get(0)?, Time::from_micros(row.get(1)?)?);
                    progress.ended_at = Time::from_micros_opt(row.get(2)?)?;
                    progress.status = row.get(3)?;
                    progress.num_events = row.get(4)?;
                    progress.num_messages = row.get(5)?;
                    let entries: String = row.get(6)?;
                    progress.metadata = entries[1..entries.len() - 1].to_owned();
                    progress.is_stored = true;
                    Ok(progress)
                },
            )
            .optional()?;
        let Some(mut progress) = found else {
            return Ok(None);
        };
        progress.parts = connection.query_row(
            "select coalesce(max(part) + 1, 0) from request_parts where session_id = ?",
            [session],
            |row| row.get(0).map(Parts::from),
        )?;
        let mut steps = connection.prepare_cached(
            "select step_id, id, num_events, num_messages, seq
             from session_timesteps where session_id = ?",
        )?;
        let mut steps = steps.query([session])?;
        while let Some(row) = steps.next()? {
            let step = StepProgress {
                id: row.get(1)?,
                num_events: row.get(2)?,
                num_messages: row.get(3)?,
                is_stored: true,
                ..StepProgress::default()
            };
            progress.steps.insert(row.get(0)?, step);
            progress.seen.insert(row.get(4)?);
        }
        let mut rows = connection.prepare_cached(
            "select seq from events where session_id = $1
             union all select seq from messages where session_id = $1
             union all select seq from rewards where session_id = $1
             union all select seq from session_metadata where session_id = $1
             order by seq",
        )?;
        let mut rows = rows.query(params![session])?;
        while let Some(row) = rows.next()? {
            progress.seen.insert(row.get(0)?);
        }
        Ok(Some(progress))
    }

    pub(super) fn num_timesteps(&self) -> usize {
        self.steps.len()
    }

    /// The entries as a JSON array.
    pub(super) fn metadata(&self) -> String {
        format!("[{}]", self.metadata)
    }

    /// The entries, if the current batch added to them.
    pub(super) fn new_metadata(&self) -> Option<String> {
        self.has_new_metadata.then(|| self.metadata())
    }

    pub(super) fn add_metadata(&mut self, entry: &MetadataEntry) -> duckdb::Result<()> {
        self.has_new_metadata = true;
        if !self.metadata.is_empty() {
            self.metadata.push(',');
        }
        self.metadata.push_str(&to_json(entry)?);
        Ok(())
    }

    /// Notes a record. Says whether it is new.
    pub(super) fn is_new(&mut self, seq: u64) -> bool {
        self.seen.insert(seq)
    }

    /// Notes the row id of an event.
    pub(super) fn put_event(&mut self, seq: u64, id: i64) {
        if self.recent_events.len() == RECENT_EVENTS {
            self.recent_events.pop_front();
        }
        self.recent_events.push_back((seq, id));
    }

    /// The row id of one of the last events.
    pub(super) fn recent_event(&self, seq: u64) -> Option<i64> {
        let mut known = self.recent_events.iter().rev();
        known.find(|(known, _)| *known == seq).map(|(_, id)| *id)
    }

    /// Notes that a timestep began or was completed. Says whether its id was taken.
    pub(super) fn put_step(&mut self, step: &SessionTimeStep, next_id: i64) -> bool {
        self.seen.insert(step.seq);
        let progress = self.steps.entry(step.step_id.clone()).or_default();
        let is_new = progress.id == 0;
        if is_new {
            progress.id = next_id;
        }
        progress.news = Some(step.clone());
        if !mem::replace(&mut progress.is_changed, true) {
            self.changed_steps.push(step.step_id.clone());
        }
        is_new
    }

    /// Counts an event or a message in its timestep, and gives the timestep's row id.
    pub(super) fn count(
        &mut self,
        step_id: Option<&str>,
        count: fn(&mut StepProgress),
    ) -> duckdb::Result<Option<i64>> {
        let Some(step_id) = step_id else {
            return Ok(None);
        };
        let step = self
            .steps
            .get_mut(step_id)
            .ok_or_else(|| conversion(format!("timestep {step_id} has not begun")))?;
        count(step);
        if !mem::replace(&mut step.is_changed, true) {
            self.changed_steps.push(step_id.to_owned());
        }
        Ok(Some(step.id))
    }

    /// Hands every timestep that the batch changed to `store`, which is to write it.
    pub(super) fn settle_steps(
        &mut self,
        mut store: impl FnMut(&StepProgress) -> duckdb::Result<()>,
    ) -> duckdb::Result<()> {
        for step_id in self.changed_steps.drain(..) {
            if let Some(step) = self.steps.get_mut(&step_id) {
                store(step)?;
                step.is_changed = false;
                step.is_stored = true;
                step.news = None;
            }
        }
        Ok(())
    }

    /// Notes that the session's row says all there is to say.
    pub(super) fn settle(&mut self) {
        self.is_changed = false;
        self.is_stored = true;
        self.has_new_metadata = false;
    }
}
