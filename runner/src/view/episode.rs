//! Puts together what the page shows of one session: what it is, its turns in
//! short, and its film; and each turn in full when it is looked at.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};
use tracer::record::{Document, Event, Recorded, SessionStatus, SessionTrace};

use super::film::Film;
use crate::rebuild::Recording;

/// A session that was read, with its film if it is an episode.
pub(super) struct Episode {
    trace: SessionTrace,
    recording: Option<Recording>,
    summary: Summary,
}

/// What the page needs at once.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    id: String,
    run: Option<String>,
    status: SessionStatus,
    created: String,
    ended: Option<String>,
    /// Entries by their types; of several the last.
    metadata: BTreeMap<String, Value>,
    turns: Vec<TurnLine>,
    film: Option<Film>,
    /// Why there is no film.
    problem: Option<String>,
}

/// A turn, in a line.
#[derive(Debug, Default, Serialize)]
struct TurnLine {
    turn: u64,
    /// The places in the film of the turn's first step and the one after its last.
    steps: (usize, usize),
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    cost: Option<f64>,
    latency_ms: Option<f64>,
    /// Attempts at calls that failed.
    failed_attempts: usize,
    /// Whether something in it ended in an error.
    error: bool,
}

/// How much of a turn is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Detail {
    /// With the bodies of requests and responses.
    Bodies,
    /// Without them: they repeat the messages.
    Messages,
}

impl Episode {
    /// Rebuilds what was recorded. A session that cannot be rebuilt has no film.
    pub(super) fn of(trace: SessionTrace) -> Episode {
        let recording = Recording::of(&trace);
        let film = recording.as_ref().map_err(|error| format!("{error:#}"));
        let film = film.and_then(|it| Film::of(it).map_err(|error| format!("{error:#}")));
        let (film, problem) = match film {
            Ok(film) => (Some(film), None),
            Err(problem) => (None, Some(problem)),
        };
        let recording = recording.ok();
        let summary = Summary {
            id: trace.session_id.clone(),
            run: trace.experiment_id.clone(),
            status: trace.status,
            created: trace.created_at.to_string(),
            ended: trace.ended_at.map(|time| time.to_string()),
            metadata: trace
                .metadata
                .iter()
                .map(|entry| (entry.metadata_type.clone(), entry.data.clone()))
                .collect(),
            turns: lines(&trace, recording.as_ref()),
            film,
            problem,
        };
        Episode {
            trace,
            recording,
            summary,
        }
    }

    pub(super) fn summary(&self) -> &Summary {
        &self.summary
    }

    /// What was recorded, if it can be rebuilt.
    pub(super) fn recording(&self) -> Option<&Recording> {
        self.recording.as_ref()
    }

    /// The number of every turn.
    pub(super) fn turns(&self) -> impl Iterator<Item = u64> {
        self.trace.timesteps.iter().map(|step| step.turn_number)
    }

    /// Everything that was recorded in a turn, and outside of turns for `None`.
    pub(super) fn turn(&self, turn: Option<u64>, detail: Detail) -> Value {
        let of_turn = |step: &&tracer::record::SessionTimeStep| Some(step.turn_number) == turn;
        let steps: Vec<_> = self.trace.timesteps.iter().filter(of_turn).collect();
        let belongs = |id: &Option<String>| match turn {
            None => id.is_none(),
            Some(_) => steps.iter().any(|step| id.as_ref() == Some(&step.step_id)),
        };
        let messages = self.trace.message_history.iter();
        let events = self.trace.event_history.iter();
        json!({
            "turn": turn,
            "started": steps.first().map(|step| step.started_at.to_string()),
            "completed": steps.last().and_then(|step| step.completed_at).map(|time| time.to_string()),
            "messages": messages.filter(|each| belongs(&each.step_id)).collect::<Vec<_>>(),
            "events": events
                .filter(|each| belongs(&each.step_id))
                .map(|event| shown(event, detail))
                .collect::<Vec<_>>(),
        })
    }
}

/// An event without what the film has already, and without bodies if they are not
/// wanted.
fn shown(event: &Recorded<Event>, detail: Detail) -> Recorded<Event> {
    let mut event = event.clone();
    match &mut event.record {
        Event::Environment(step) => {
            step.base.system_state_before = Value::Null;
            if step.base.system_state_after.get("error").is_none() {
                step.base.system_state_after = Value::Null;
            }
        }
        Event::Cais(call) if detail == Detail::Messages => {
            for record in &mut call.llm_call_records {
                record.request = Document::default();
                record.response = Value::Null;
            }
        }
        Event::Cais(_) | Event::Runtime(_) => {}
    }
    event
}

fn lines(trace: &SessionTrace, recording: Option<&Recording>) -> Vec<TurnLine> {
    let mut lines: BTreeMap<u64, TurnLine> = BTreeMap::new();
    for step in &trace.timesteps {
        let turn = step.turn_number;
        lines.entry(turn).or_insert_with(|| TurnLine {
            turn,
            ..TurnLine::default()
        });
    }
    for event in &trace.event_history {
        let base = event.record.base();
        let Some(line) = base
            .time_record
            .message_time
            .and_then(|turn| lines.get_mut(&turn))
        else {
            continue;
        };
        line.error |= base.system_state_after.get("error").is_some();
        if let Event::Cais(call) = &event.record {
            let add = |sum: Option<u64>, more: Option<u64>| match (sum, more) {
                (None, more) => more,
                (Some(sum), more) => Some(sum + more.unwrap_or_default()),
            };
            line.prompt_tokens = add(line.prompt_tokens, call.prompt_tokens);
            line.completion_tokens = add(line.completion_tokens, call.completion_tokens);
            line.cost = line.cost.map_or(call.cost, |sum| Some(sum + call.cost?));
            line.latency_ms = line
                .latency_ms
                .map_or(call.latency_ms, |sum| Some(sum + call.latency_ms?));
            let records = call.llm_call_records.iter();
            line.failed_attempts += records.map(|it| it.failed_attempts.len()).sum::<usize>();
        }
    }
    // A turn without steps stands where the next one begins.
    let steps = recording.map_or(&[][..], |recording| &recording.steps);
    let mut next = 0;
    for line in lines.values_mut() {
        let first = next;
        next += steps[next..]
            .iter()
            .take_while(|step| step.turn.is_some_and(|turn| turn <= line.turn))
            .count();
        line.steps = (first, next);
    }
    lines.into_values().collect()
}
