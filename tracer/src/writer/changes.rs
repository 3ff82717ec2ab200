//! Brings rows that are in their tables already up to date.
//!
//! A batch touches a row of every session that is running. One statement changes all of
//! them, because what a statement costs hardly depends on its rows. The rows travel as
//! one JSON text, which is the only list of values that every table function takes.

use duckdb::Connection;
use serde::Serialize;

use super::progress::{Progress, StepProgress};
use crate::store::value::to_json;

/// What a batch changes in rows that are there.
#[derive(Default)]
pub(super) struct Changes<'a> {
    steps: Vec<StepChange>,
    sessions: Vec<SessionChange<'a>>,
    metadata: Vec<MetadataChange<'a>>,
}

#[derive(Serialize)]
struct StepChange {
    id: i64,
    /// Nothing of this and of the metadata where the timestep only counts more records.
    completed_us: Option<i64>,
    step_metadata: Option<String>,
    num_events: u64,
    num_messages: u64,
}

const CHANGE_STEPS: &str = r#"
    update session_timesteps as t set
        completed_at = coalesce(make_timestamp(c.completed_us), t.completed_at),
        step_metadata = coalesce(c.step_metadata, t.step_metadata),
        num_events = c.num_events,
        num_messages = c.num_messages
    from (select unnest(from_json(?, '[{
        "id": "bigint", "completed_us": "bigint", "step_metadata": "varchar",
        "num_events": "bigint", "num_messages": "bigint"
    }]'), recursive := true)) as c
    where t.id = c.id"#;

#[derive(Serialize)]
struct SessionChange<'a> {
    session_id: &'a str,
    ended_us: Option<i64>,
    status: String,
    num_timesteps: usize,
    num_events: u64,
    num_messages: u64,
}

const CHANGE_SESSIONS: &str = r#"
    update session_traces as t set
        ended_at = make_timestamp(c.ended_us),
        status = c.status,
        num_timesteps = c.num_timesteps,
        num_events = c.num_events,
        num_messages = c.num_messages
    from (select unnest(from_json(?, '[{
        "session_id": "varchar", "ended_us": "bigint", "status": "varchar",
        "num_timesteps": "bigint", "num_events": "bigint", "num_messages": "bigint"
    }]'), recursive := true)) as c
    where t.session_id = c.session_id"#;

/// Apart from the rest of its session, because it is long and rarely changes.
#[derive(Serialize)]
struct MetadataChange<'a> {
    session_id: &'a str,
    metadata: String,
}

const CHANGE_METADATA: &str = r#"
    update session_traces as t set metadata = c.metadata
    from (select unnest(from_json(?, '[{
        "session_id": "varchar", "metadata": "varchar"
    }]'), recursive := true)) as c
    where t.session_id = c.session_id"#;

impl<'a> Changes<'a> {
    /// Notes what there is to say of a timestep.
    pub(super) fn step(&mut self, step: &StepProgress) -> duckdb::Result<()> {
        let news = step.news.as_ref();
        self.steps.push(StepChange {
            id: step.id,
            completed_us: news
                .and_then(|it| it.completed_at)
                .map(|at| at.as_microsecond()),
            step_metadata: news.map(|it| to_json(&it.step_metadata)).transpose()?,
            num_events: step.num_events,
            num_messages: step.num_messages,
        });
        Ok(())
    }

    /// Notes what there is to say of a session.
    pub(super) fn session(&mut self, session_id: &'a str, progress: &Progress) {
        self.sessions.push(SessionChange {
            session_id,
            ended_us: progress.ended_at.map(|at| at.as_microsecond()),
            status: progress.status.clone(),
            num_timesteps: progress.num_timesteps(),
            num_events: progress.num_events,
            num_messages: progress.num_messages,
        });
        let metadata = progress.new_metadata();
        self.metadata
            .extend(metadata.map(|metadata| MetadataChange {
                session_id,
                metadata,
            }));
    }

    /// Changes the rows.
    pub(super) fn write(&self, connection: &Connection) -> duckdb::Result<()> {
        change(connection, CHANGE_STEPS, &self.steps)?;
        change(connection, CHANGE_SESSIONS, &self.sessions)?;
        change(connection, CHANGE_METADATA, &self.metadata)
    }
}

fn change(connection: &Connection, sql: &str, rows: &[impl Serialize]) -> duckdb::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    connection.prepare_cached(sql)?.execute([to_json(&rows)?])?;
    Ok(())
}
