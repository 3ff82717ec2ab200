//! Turns records into rows of their tables.

use std::cell::RefCell;

use duckdb::{Appender, Connection, params};

use super::parts::{Parts, Referring};
use super::progress::{Progress, StepProgress};
use crate::record::{
    Event, LlmCallRecord, Recorded, RewardSignal, SessionEventMessage, SessionTimeStep,
};
use crate::store::value::{Time, state_to_json, to_json};

/// One appender for each table that gets rows in bulk.
pub(super) struct Rows<'a> {
    sessions: Appender<'a>,
    timesteps: Appender<'a>,
    events: Appender<'a>,
    messages: Appender<'a>,
    hook_results: Appender<'a>,
    rewards: Appender<'a>,
    request_parts: Appender<'a>,
}

impl<'a> Rows<'a> {
    pub(super) fn new(connection: &'a Connection) -> duckdb::Result<Self> {
        Ok(Self {
            sessions: connection.appender("session_traces")?,
            timesteps: connection.appender("session_timesteps")?,
            events: connection.appender("events")?,
            messages: connection.appender("messages")?,
            hook_results: connection.appender("hook_results")?,
            rewards: connection.appender("rewards")?,
            request_parts: connection.appender("request_parts")?,
        })
    }

    /// Hands everything to the transaction. An appender that is only dropped keeps its errors.
    pub(super) fn flush(&mut self) -> duckdb::Result<()> {
        self.sessions.flush()?;
        self.timesteps.flush()?;
        self.events.flush()?;
        self.messages.flush()?;
        self.hook_results.flush()?;
        self.rewards.flush()?;
        self.request_parts.flush()
    }

    pub(super) fn session(&mut self, session: &str, progress: &Progress) -> duckdb::Result<()> {
        self.sessions.append_row(params![
            session,
            Time(progress.created_at),
            progress.ended_at.map(Time),
            progress.status,
            progress.num_timesteps(),
            progress.num_events,
            progress.num_messages,
            progress.metadata(),
            progress.experiment_id,
        ])
    }

    pub(super) fn timestep(
        &mut self,
        session: &str,
        progress: &StepProgress,
        step: &SessionTimeStep,
    ) -> duckdb::Result<()> {
        self.timesteps.append_row(params![
            progress.id,
            session,
            step.seq,
            step.step_id,
            step.step_index,
            step.turn_number,
            Time(step.started_at),
            step.completed_at.map(Time),
            progress.num_events,
            progress.num_messages,
            to_json(&step.step_metadata)?,
        ])
    }

    pub(super) fn event(
        &mut self,
        id: i64,
        session: &str,
        timestep: Option<i64>,
        event: &Recorded<Event>,
        parts: &mut Parts,
    ) -> duckdb::Result<()> {
        let Recorded { seq, record, .. } = event;
        let base = record.base();
        let time = Time(base.time_record.event_time);
        let cais = if let Event::Cais(cais) = record {
            Some(cais)
        } else {
            None
        };
        let runtime = if let Event::Runtime(runtime) = record {
            Some(runtime)
        } else {
            None
        };
        let world = if let Event::Environment(world) = record {
            Some(world)
        } else {
            None
        };
        let calls = cais
            .map(|it| self.calls(session, &it.llm_call_records, parts))
            .transpose()?;
        self.events.append_row(params![
            id,
            session,
            timestep,
            seq,
            record.kind().name(),
            base.system_instance_id,
            time,
            base.time_record.message_time,
            cais.and_then(|it| it.span_id.as_deref()),
            cais.and_then(|it| it.trace_id.as_deref()),
            cais.and_then(|it| it.model_name.as_deref()),
            cais.and_then(|it| it.provider.as_deref()),
            cais.and_then(|it| it.prompt_tokens),
            cais.and_then(|it| it.completion_tokens),
            cais.and_then(|it| it.total_tokens),
            cais.and_then(|it| it.cached_tokens),
            cais.and_then(|it| it.reasoning_tokens),
            cais.and_then(|it| it.cost),
            cais.and_then(|it| it.latency_ms),
            world.and_then(|it| it.reward),
            world.map(|it| it.terminated),
            world.map(|it| it.truncated),
            runtime.map(|it| to_json(&it.actions)).transpose()?,
            world
                .map(|it| state_to_json(&it.observation_diff))
                .transpose()?
                .flatten(),
            calls,
            state_to_json(&base.system_state_before)?,
            state_to_json(&base.system_state_after)?,
            to_json(&base.metadata)?,
            to_json(&base.event_metadata)?,
        ])?;
        for result in &base.event_metadata {
            self.hook_results.append_row(params![
                id,
                session,
                result.hook_name,
                result.code.to_string(),
                result.priority,
                result.description,
                to_json(&result.data)?,
                time,
            ])?;
        }
        Ok(())
    }

    /// The calls of an event as JSON. What their requests have in common with earlier ones
    /// goes into rows of its own.
    fn calls(
        &mut self,
        session: &str,
        calls: &[LlmCallRecord],
        parts: &mut Parts,
    ) -> duckdb::Result<String> {
        let mut rows = Vec::with_capacity(calls.len());
        for call in calls {
            let numbers = parts.number(&call.request, |number, part| {
                self.request_parts
                    .append_row(params![session, number, part.text()])
            })?;
            let numbers = &RefCell::new(numbers.into_iter());
            let row = call.with_request(|document| Referring { document, numbers });
            rows.push(to_json(&row)?);
        }
        Ok(format!("[{}]", rows.join(",")))
    }

    pub(super) fn message(
        &mut self,
        id: i64,
        session: &str,
        timestep: Option<i64>,
        message: &Recorded<SessionEventMessage>,
    ) -> duckdb::Result<()> {
        let Recorded { seq, record, .. } = message;
        let time = Time(record.time_record.event_time);
        self.messages.append_row(params![
            id,
            session,
            timestep,
            seq,
            record.message_type,
            record.source_id,
            record.target_id,
            to_json(&record.content)?,
            time,
            time,
            record.time_record.message_time,
        ])
    }

    pub(super) fn reward(
        &mut self,
        session: &str,
        event: Option<i64>,
        reward: &RewardSignal,
    ) -> duckdb::Result<()> {
        self.rewards.append_row(params![
            session,
            reward.seq,
            event,
            reward.kind,
            reward.value,
            reward.annotation,
            Time(reward.time),
        ])
    }
}
