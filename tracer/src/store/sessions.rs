//! Reads whole sessions back as they were recorded.

use std::collections::HashMap;

use duckdb::{OptionalExt, Row};

use super::value::{Time, conversion, from_json, from_json_opt};
use super::{Store, StoreError};
use crate::record::{
    CaisEvent, EnvironmentEvent, Event, EventBase, EventId, HookResult, LlmCallRecord, Part,
    Recorded, RewardSignal, RuntimeEvent, SessionEventMessage, SessionTimeStep, SessionTrace,
    TimeRecord,
};
use crate::writer::resolved;

impl Store {
    /// The ids of all sessions, in the order in which they began.
    pub fn session_ids(&self) -> Result<Vec<String>, StoreError> {
        self.rows(
            "select session_id from session_traces order by created_at, session_id",
            [],
            |row| row.get(0),
        )
    }

    /// A whole session: the same value as the one that was recorded.
    ///
    /// # Errors
    ///
    /// [`StoreError::NoSession`] where there is none, and [`StoreError::Unreadable`] where
    /// it is not what a session of this version is.
    pub fn session_trace(&self, session_id: &str) -> Result<SessionTrace, StoreError> {
        self.read_session(session_id).map_err(|error| match error {
            StoreError::Query { path, reason } => StoreError::Unreadable {
                path,
                session_id: session_id.to_owned(),
                reason,
            },
            other => other,
        })
    }

    /// What hooks found in a session, as the table `hook_results` has it: the number of the
    /// event in the session, which is `None` where there is no such event, and the finding.
    /// The events of [`session_trace`](Self::session_trace) have the same findings, in the
    /// same order.
    ///
    /// # Errors
    ///
    /// Where the table cannot be read.
    pub fn hook_results(
        &self,
        session_id: &str,
    ) -> Result<Vec<(Option<u64>, HookResult)>, StoreError> {
        self.rows(
            "select e.seq, hook_name, code, priority, description, data
             from hook_results h left join events e
               on e.id = h.event_id and e.session_id = h.session_id
             where h.session_id = ? order by e.seq, h.rowid",
            [session_id],
            |row| {
                let code: String = row.get(2)?;
                let code = code.parse().map_err(|_| {
                    conversion(format!(
                        "{code:?} is no code of a hook: it has one character"
                    ))
                })?;
                Ok((
                    row.get(0)?,
                    HookResult {
                        hook_name: row.get(1)?,
                        code,
                        priority: row.get(3)?,
                        description: row.get(4)?,
                        data: from_json(row.get(5)?)?,
                    },
                ))
            },
        )
    }

    fn read_session(&self, session_id: &str) -> Result<SessionTrace, StoreError> {
        let found = self
            .connection()
            .query_row(
                "select experiment_id, epoch_us(created_at), epoch_us(ended_at), status, metadata
                 from session_traces where session_id = ?",
                [session_id],
                |row| {
                    Ok(SessionTrace {
                        session_id: session_id.to_owned(),
                        experiment_id: row.get(0)?,
                        created_at: Time::from_micros(row.get(1)?)?,
                        ended_at: Time::from_micros_opt(row.get(2)?)?,
                        status: self.standing(row.get(3)?)?,
                        metadata: from_json(row.get(4)?)?,
                        timesteps: Vec::new(),
                        event_history: Vec::new(),
                        message_history: Vec::new(),
                        rewards: Vec::new(),
                    })
                },
            )
            .optional()
            .map_err(|error| StoreError::query(self.path(), error))?;
        let Some(mut trace) = found else {
            return Err(StoreError::NoSession {
                path: self.path().to_owned(),
                session_id: session_id.to_owned(),
            });
        };
        let steps = self.rows(
            "select id, seq, step_id, step_index, turn_number, epoch_us(timestamp),
                    epoch_us(completed_at), step_metadata
             from session_timesteps where session_id = ? order by seq",
            [session_id],
            |row| Ok((row.get::<_, i64>(0)?, timestep(row)?)),
        )?;
        let step_ids: HashMap<i64, String> = steps
            .iter()
            .map(|(id, step)| (*id, step.step_id.clone()))
            .collect();
        let step_id = |id: Option<i64>| id.and_then(|id| step_ids.get(&id).cloned());
        trace.timesteps = steps.into_iter().map(|(_, step)| step).collect();
        let parts = self.rows(
            "select part, content from request_parts where session_id = ?",
            [session_id],
            |row| Ok((row.get(0)?, Part::of(&from_json(row.get(1)?)?))),
        )?;
        let parts: HashMap<i64, Part> = parts.into_iter().collect();
        trace.event_history = self.rows(
            "select seq, timestep_id, event_type, system_instance_id, epoch_us(event_time),
                    message_time, span_id, trace_id, model_name, provider, prompt_tokens,
                    completion_tokens, total_tokens, cached_tokens, reasoning_tokens, cost,
                    latency_ms, reward, terminated, truncated, actions, observation_diff,
                    llm_call_records, system_state_before, system_state_after, metadata,
                    event_metadata
             from events where session_id = ? order by seq",
            [session_id],
            |row| {
                Ok(Recorded {
                    seq: row.get(0)?,
                    step_id: step_id(row.get(1)?),
                    record: event(row, &parts)?,
                })
            },
        )?;
        trace.message_history = self.rows(
            "select seq, timestep_id, message_type, source_id, target_id, content,
                    epoch_us(event_time), message_time
             from messages where session_id = ? order by seq",
            [session_id],
            |row| {
                Ok(Recorded {
                    seq: row.get(0)?,
                    step_id: step_id(row.get(1)?),
                    record: message(row)?,
                })
            },
        )?;
        trace.rewards = self.rows(
            "select r.seq, e.seq, r.kind, r.value, r.annotation, epoch_us(r.time)
             from rewards r left join events e on e.id = r.event_id
             where r.session_id = ? order by r.seq",
            [session_id],
            reward,
        )?;
        Ok(trace)
    }
}

fn timestep(row: &Row<'_>) -> duckdb::Result<SessionTimeStep> {
    Ok(SessionTimeStep {
        seq: row.get(1)?,
        step_id: row.get(2)?,
        step_index: row.get(3)?,
        turn_number: row.get(4)?,
        started_at: Time::from_micros(row.get(5)?)?,
        completed_at: Time::from_micros_opt(row.get(6)?)?,
        step_metadata: from_json(row.get(7)?)?,
    })
}

fn event(row: &Row<'_>, parts: &HashMap<i64, Part>) -> duckdb::Result<Event> {
    let base = EventBase {
        system_instance_id: row.get(3)?,
        time_record: TimeRecord {
            event_time: Time::from_micros(row.get(4)?)?,
            message_time: row.get(5)?,
        },
        system_state_before: from_json_opt(row.get(23)?)?,
        system_state_after: from_json_opt(row.get(24)?)?,
        metadata: from_json(row.get(25)?)?,
        event_metadata: from_json(row.get(26)?)?,
    };
    match row.get::<_, String>(2)?.as_str() {
        "cais" => Ok(Event::Cais(CaisEvent {
            base,
            span_id: row.get(6)?,
            trace_id: row.get(7)?,
            model_name: row.get(8)?,
            provider: row.get(9)?,
            prompt_tokens: row.get(10)?,
            completion_tokens: row.get(11)?,
            total_tokens: row.get(12)?,
            cached_tokens: row.get(13)?,
            reasoning_tokens: row.get(14)?,
            cost: row.get(15)?,
            latency_ms: row.get(16)?,
            llm_call_records: calls(row.get(22)?, parts)?,
        })),
        "runtime" => Ok(Event::Runtime(RuntimeEvent {
            base,
            actions: from_json_opt(row.get(20)?)?,
        })),
        "environment" => Ok(Event::Environment(EnvironmentEvent {
            base,
            reward: row.get(17)?,
            terminated: row.get::<_, Option<_>>(18)?.unwrap_or_default(),
            truncated: row.get::<_, Option<_>>(19)?.unwrap_or_default(),
            observation_diff: from_json_opt(row.get(21)?)?,
        })),
        other => Err(conversion(format!("there are no events of type {other:?}"))),
    }
}

fn calls(text: Option<String>, parts: &HashMap<i64, Part>) -> duckdb::Result<Vec<LlmCallRecord>> {
    let mut calls: Vec<LlmCallRecord> = from_json_opt(text)?;
    for call in &mut calls {
        call.request = resolved(call.request.to_value(), parts)?;
    }
    Ok(calls)
}

fn message(row: &Row<'_>) -> duckdb::Result<SessionEventMessage> {
    Ok(SessionEventMessage {
        message_type: row.get(2)?,
        source_id: row.get(3)?,
        target_id: row.get(4)?,
        content: from_json(row.get(5)?)?,
        time_record: TimeRecord {
            event_time: Time::from_micros(row.get(6)?)?,
            message_time: row.get(7)?,
        },
    })
}

fn reward(row: &Row<'_>) -> duckdb::Result<RewardSignal> {
    Ok(RewardSignal {
        seq: row.get(0)?,
        event: row.get::<_, Option<_>>(1)?.map(EventId),
        kind: row.get(2)?,
        value: row.get(3)?,
        annotation: row.get(4)?,
        time: Time::from_micros(row.get(5)?)?,
    })
}
