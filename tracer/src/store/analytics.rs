//! Answers the usual questions about a trace file, with typed rows.

use duckdb::{Row, params};
use jiff::Timestamp;
use serde::Serialize;

use super::value::Time;
use super::{Store, StoreError};

/// A span of time: from its start up to, and without, its end. Open where there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimeRange {
    /// The start.
    pub from: Option<Timestamp>,
    /// The end.
    pub to: Option<Timestamp>,
}

/// One session, in numbers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SessionSummary {
    /// The session.
    pub session_id: String,
    /// The experiment it is part of.
    pub experiment_id: Option<String>,
    /// How it stands: the name of a [`SessionStatus`](crate::record::SessionStatus).
    pub status: String,
    /// When it began.
    pub created_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// How long it took, in seconds.
    pub seconds: Option<f64>,
    /// Its timesteps.
    pub num_timesteps: u64,
    /// Its events.
    pub num_events: u64,
    /// Its messages.
    pub num_messages: u64,
    /// What hooks found.
    pub num_hook_results: u64,
    /// Events of models and agents.
    pub num_calls: u64,
    /// Tokens of all requests.
    pub prompt_tokens: Option<u64>,
    /// Tokens of all replies.
    pub completion_tokens: Option<u64>,
    /// Tokens in all.
    pub total_tokens_used: Option<u64>,
    /// What the calls cost whose price is known, in US dollars.
    pub total_cost: Option<f64>,
    /// Time spent in calls, in milliseconds.
    pub model_ms: Option<f64>,
    /// The sum of the environment's rewards.
    pub total_reward: Option<f64>,
}

/// What one model was used for.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ModelUsage {
    /// The model.
    pub model_name: String,
    /// Who serves it.
    pub provider: Option<String>,
    /// Calls.
    pub call_count: u64,
    /// Tokens of the requests.
    pub prompt_tokens: Option<u64>,
    /// Tokens of the replies.
    pub completion_tokens: Option<u64>,
    /// Prompt tokens that came from a cache.
    pub cached_tokens: Option<u64>,
    /// Completion tokens that went into reasoning.
    pub reasoning_tokens: Option<u64>,
    /// Tokens in all.
    pub total_tokens: Option<u64>,
    /// What the calls cost whose price is known, in US dollars.
    pub cost: Option<f64>,
    /// Calls whose price is not known.
    pub unpriced_calls: u64,
    /// The mean duration, in milliseconds.
    pub avg_latency_ms: Option<f64>,
}

/// A call that cost a lot.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExpensiveCall {
    /// The row in `events`.
    pub event_id: u64,
    /// The session.
    pub session_id: String,
    /// The turn.
    pub turn: Option<u64>,
    /// When.
    pub time: Timestamp,
    /// The model.
    pub model_name: Option<String>,
    /// Tokens of the request.
    pub prompt_tokens: Option<u64>,
    /// Tokens of the reply.
    pub completion_tokens: Option<u64>,
    /// US dollars.
    pub cost: f64,
    /// Milliseconds.
    pub latency_ms: Option<f64>,
}

/// An event that ended in an error, a panic or a cancellation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ErrorEvent {
    /// The row in `events`.
    pub event_id: u64,
    /// The session.
    pub session_id: String,
    /// The turn.
    pub turn: Option<u64>,
    /// `cais`, `runtime` or `environment`.
    pub event_type: String,
    /// The system that failed.
    pub system_instance_id: String,
    /// When.
    pub time: Timestamp,
    /// The error's type.
    pub error_type: String,
    /// The error's message.
    pub error_message: Option<String>,
}

/// How long the calls of one model take, in milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Latency {
    /// The model.
    pub model_name: String,
    /// Who serves it.
    pub provider: Option<String>,
    /// Calls whose duration is known.
    pub timed_calls: u64,
    /// The mean.
    pub avg_ms: Option<f64>,
    /// The median.
    pub p50_ms: Option<f64>,
    /// 95 of 100 calls took no longer.
    pub p95_ms: Option<f64>,
    /// 99 of 100 calls took no longer.
    pub p99_ms: Option<f64>,
    /// Tokens of replies per second of calls.
    pub completion_tokens_per_second: Option<f64>,
}

/// One experiment, in numbers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExperimentOverview {
    /// The experiment.
    pub experiment_id: String,
    /// Its name.
    pub name: String,
    /// What it is about.
    pub description: Option<String>,
    /// When it began.
    pub created_at: Timestamp,
    /// Its sessions.
    pub session_count: u64,
    /// Those that have not ended.
    pub unfinished_sessions: u64,
    /// Systems that take part.
    pub system_count: u64,
    /// Tokens in all.
    pub total_tokens: Option<u64>,
    /// What the calls cost whose price is known, in US dollars.
    pub total_cost: Option<f64>,
}

/// A system that takes part in an experiment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExperimentSystem {
    /// The system.
    pub system_id: String,
    /// Its name.
    pub name: String,
    /// The version.
    pub system_version_id: String,
    /// The version's git branch.
    pub branch: Option<String>,
    /// The version's git commit.
    pub commit: Option<String>,
}

impl Store {
    /// All sessions, in the order in which they began.
    pub fn sessions(&self) -> Result<Vec<SessionSummary>, StoreError> {
        self.rows(
            &format!("{SESSION_SUMMARY} order by created_at, session_id"),
            [],
            |row| self.session_summary_of(row),
        )
    }

    /// One session.
    pub fn session_summary(&self, session_id: &str) -> Result<SessionSummary, StoreError> {
        let sql = format!("{SESSION_SUMMARY} where session_id = ?");
        self.rows(&sql, [session_id], |row| self.session_summary_of(row))?
            .pop()
            .ok_or_else(|| StoreError::NoSession {
                path: self.path().to_owned(),
                session_id: session_id.to_owned(),
            })
    }

    fn session_summary_of(&self, row: &Row<'_>) -> duckdb::Result<SessionSummary> {
        Ok(SessionSummary {
            session_id: row.get(0)?,
            experiment_id: row.get(1)?,
            status: self.standing(row.get(2)?)?.name().to_owned(),
            created_at: Time::from_micros(row.get(3)?)?,
            ended_at: Time::from_micros_opt(row.get(4)?)?,
            seconds: row.get(5)?,
            num_timesteps: row.get(6)?,
            num_events: row.get(7)?,
            num_messages: row.get(8)?,
            num_hook_results: row.get(9)?,
            num_calls: row.get(10)?,
            prompt_tokens: row.get(11)?,
            completion_tokens: row.get(12)?,
            total_tokens_used: row.get(13)?,
            total_cost: row.get(14)?,
            model_ms: row.get(15)?,
            total_reward: row.get(16)?,
        })
    }

    /// What each model was used for, the most called first.
    pub fn usage(&self, range: TimeRange) -> Result<Vec<ModelUsage>, StoreError> {
        self.rows(
            "select model_name, provider, count(*), cast(sum(prompt_tokens) as bigint),
                    cast(sum(completion_tokens) as bigint), cast(sum(cached_tokens) as bigint),
                    cast(sum(reasoning_tokens) as bigint), cast(sum(total_tokens) as bigint),
                    sum(cost), count(*) filter (where cost is null), avg(latency_ms)
             from events
             where event_type = 'cais' and model_name is not null
               and (event_time >= $1 or $1 is null) and (event_time < $2 or $2 is null)
             group by model_name, provider
             order by count(*) desc, model_name, provider",
            params![range.from.map(Time), range.to.map(Time)],
            |row| {
                Ok(ModelUsage {
                    model_name: row.get(0)?,
                    provider: row.get(1)?,
                    call_count: row.get(2)?,
                    prompt_tokens: row.get(3)?,
                    completion_tokens: row.get(4)?,
                    cached_tokens: row.get(5)?,
                    reasoning_tokens: row.get(6)?,
                    total_tokens: row.get(7)?,
                    cost: row.get(8)?,
                    unpriced_calls: row.get(9)?,
                    avg_latency_ms: row.get(10)?,
                })
            },
        )
    }

    /// The calls that cost the most, the dearest first.
    pub fn expensive_calls(
        &self,
        range: TimeRange,
        limit: u64,
    ) -> Result<Vec<ExpensiveCall>, StoreError> {
        self.rows(
            "select id, session_id, message_time, epoch_us(event_time), model_name, prompt_tokens,
                    completion_tokens, cost, latency_ms
             from events
             where cost is not null
               and (event_time >= $1 or $1 is null) and (event_time < $2 or $2 is null)
             order by cost desc, id
             limit $3",
            params![range.from.map(Time), range.to.map(Time), limit],
            |row| {
                Ok(ExpensiveCall {
                    event_id: row.get(0)?,
                    session_id: row.get(1)?,
                    turn: row.get(2)?,
                    time: Time::from_micros(row.get(3)?)?,
                    model_name: row.get(4)?,
                    prompt_tokens: row.get(5)?,
                    completion_tokens: row.get(6)?,
                    cost: row.get(7)?,
                    latency_ms: row.get(8)?,
                })
            },
        )
    }

    /// The events that failed, in order.
    pub fn error_events(&self, range: TimeRange) -> Result<Vec<ErrorEvent>, StoreError> {
        self.rows(
            "select event_id, session_id, message_time, event_type, system_instance_id,
                    epoch_us(event_time), error_type, error_message
             from error_events
             where (event_time >= $1 or $1 is null) and (event_time < $2 or $2 is null)
             order by event_id",
            params![range.from.map(Time), range.to.map(Time)],
            |row| {
                Ok(ErrorEvent {
                    event_id: row.get(0)?,
                    session_id: row.get(1)?,
                    turn: row.get(2)?,
                    event_type: row.get(3)?,
                    system_instance_id: row.get(4)?,
                    time: Time::from_micros(row.get(5)?)?,
                    error_type: row.get(6)?,
                    error_message: row.get(7)?,
                })
            },
        )
    }

    /// How long the calls of each model take.
    pub fn latency(&self, range: TimeRange) -> Result<Vec<Latency>, StoreError> {
        self.rows(
            "select model_name, provider, count(latency_ms), avg(latency_ms),
                    quantile_cont(latency_ms, 0.50), quantile_cont(latency_ms, 0.95),
                    quantile_cont(latency_ms, 0.99),
                    sum(completion_tokens) filter (where latency_ms is not null)
                        / nullif(sum(latency_ms), 0) * 1000
             from events
             where event_type = 'cais' and model_name is not null
               and (event_time >= $1 or $1 is null) and (event_time < $2 or $2 is null)
             group by model_name, provider
             order by model_name, provider",
            params![range.from.map(Time), range.to.map(Time)],
            |row| {
                Ok(Latency {
                    model_name: row.get(0)?,
                    provider: row.get(1)?,
                    timed_calls: row.get(2)?,
                    avg_ms: row.get(3)?,
                    p50_ms: row.get(4)?,
                    p95_ms: row.get(5)?,
                    p99_ms: row.get(6)?,
                    completion_tokens_per_second: row.get(7)?,
                })
            },
        )
    }

    /// All experiments, in the order in which they began.
    pub fn experiments(&self) -> Result<Vec<ExperimentOverview>, StoreError> {
        self.rows(
            "select experiment_id, experiment_name, description, epoch_us(created_at),
                    session_count, unfinished_sessions, system_count, total_tokens, total_cost
             from experiment_overview",
            [],
            |row| {
                Ok(ExperimentOverview {
                    experiment_id: row.get(0)?,
                    name: row.get(1)?,
                    description: row.get(2)?,
                    created_at: Time::from_micros(row.get(3)?)?,
                    session_count: row.get(4)?,
                    unfinished_sessions: row.get(5)?,
                    system_count: row.get(6)?,
                    total_tokens: row.get(7)?,
                    total_cost: row.get(8)?,
                })
            },
        )
    }

    /// The systems that take part in an experiment, by name.
    pub fn experiment_systems(
        &self,
        experiment_id: &str,
    ) -> Result<Vec<ExperimentSystem>, StoreError> {
        self.rows(
            "select s.id, s.name, v.id, v.branch, v.commit
             from experimental_systems m
             join systems s on s.id = m.system_id
             join system_versions v on v.id = m.system_version_id
             where m.experiment_id = ?
             order by s.name, v.created_at, v.id",
            [experiment_id],
            |row| {
                Ok(ExperimentSystem {
                    system_id: row.get(0)?,
                    name: row.get(1)?,
                    system_version_id: row.get(2)?,
                    branch: row.get(3)?,
                    commit: row.get(4)?,
                })
            },
        )
    }
}

const SESSION_SUMMARY: &str = "
    select session_id, experiment_id, status, epoch_us(created_at), epoch_us(ended_at), seconds,
           num_timesteps, num_events, num_messages, num_hook_results, num_calls, prompt_tokens,
           completion_tokens, total_tokens_used, total_cost, model_ms, total_reward
    from session_summary";
