//! Provides the interface of the first tracing system, over the same sessions.
//!
//! What is tracked lands in the active session, among the records of attributes and
//! of handles, so that code can move from one interface to the other function by
//! function. Nothing is active, nothing is tracked: every call then just returns.
//!
//! Its attribute is [`trace_event`](crate::trace_event).

use serde_json::{Value, json};

use crate::context::{
    TrackedReward, current, current_system, with_current_event, with_underway_where,
};
use crate::error::TraceError;
use crate::record::{CaisEvent, Event, EventKind, LlmCallRecord, RuntimeEvent, Usage};

/// Tracks calls of models, states and rewards into the active session.
///
/// ```
/// use tracer::v1::{LmCall, LmOutput, SynthTracker};
/// use serde_json::json;
///
/// let session = tracer::Tracer::in_memory().start_session(Default::default())?;
/// session.scope(|| {
///     SynthTracker::track_lm(LmCall {
///         messages: vec![json!({"role": "user", "content": "What now?"})],
///         turn_number: Some(3),
///         ..LmCall::default()
///     })?;
///     SynthTracker::track_lm_output(LmOutput {
///         messages: vec![json!({"role": "assistant", "content": "Drink."})],
///         ..LmOutput::default()
///     })
/// })?;
/// let events = session.trace().event_history;
/// assert_eq!(events[0].record.base().time_record.message_time, Some(3));
/// # Ok::<(), tracer::TraceError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct SynthTracker;

/// A call of a model, as it is made.
#[derive(Clone, Debug, Default)]
pub struct LmCall {
    /// The stable id of the system that calls.
    pub system_id: Option<String>,
    /// The instance that calls; the system at work by default.
    pub system_instance_id: Option<String>,
    /// The turn; that of the session by default.
    pub turn_number: Option<u64>,
    /// The messages that are sent.
    pub messages: Vec<Value>,
    /// The model.
    pub model_name: Option<String>,
    /// Temperature and the like.
    pub model_params: Value,
}

/// What came back from the call that was tracked last.
#[derive(Clone, Debug, Default)]
pub struct LmOutput {
    /// The messages that came back.
    pub messages: Vec<Value>,
    /// The model that answered; that of the call by default.
    pub model_name: Option<String>,
    /// Why it stopped.
    pub finish_reason: Option<String>,
    /// Tokens spent.
    pub usage: Usage,
}

/// Who a tracked state belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The agent.
    Agent,
    /// The environment.
    Environment,
}

impl SynthTracker {
    /// Tracks a call of a model: as a call record of the `#[trace_agent]` function
    /// that runs, else as an event of its own, which waits for its output.
    pub fn track_lm(call: LmCall) -> Result<(), TraceError> {
        let Some(session) = current() else {
            return Ok(());
        };
        let record = LlmCallRecord {
            model_name: call.model_name,
            request: json!({ "messages": call.messages, "params": call.model_params }).into(),
            ..LlmCallRecord::default()
        };
        let mut record = Some(record);
        if with_cais(|event| event.llm_call_records.extend(record.take())).is_some() {
            return Ok(());
        }
        let instance = call
            .system_instance_id
            .or_else(|| current_system().map(|it| it.to_string()));
        let instance = instance.unwrap_or_else(|| EventKind::Cais.default_system().to_owned());
        let mut event = CaisEvent::new(instance);
        event.base.metadata.insert("event_type".into(), "lm".into());
        if let Some(system_id) = call.system_id {
            event
                .base
                .metadata
                .insert("system_id".into(), system_id.into());
        }
        event.base.time_record.message_time = call.turn_number;
        event.llm_call_records.extend(record);
        session.hold_call(event)
    }

    /// Tracks what came back from the call that was tracked last.
    pub fn track_lm_output(output: LmOutput) -> Result<(), TraceError> {
        let Some(session) = current() else {
            return Ok(());
        };
        let mut output = Some(output);
        let taken = with_cais(|event| match event.llm_call_records.last_mut() {
            Some(call) => output
                .take()
                .into_iter()
                .for_each(|output| output.complete(call)),
            None => event
                .llm_call_records
                .extend(output.take().map(LmOutput::alone)),
        });
        let Some(output) = output.filter(|_| taken.is_none()) else {
            return Ok(());
        };
        let mut event = session.take_held_call()?.unwrap_or_else(|| {
            let mut event = CaisEvent::new(EventKind::Cais.default_system());
            event.base.metadata.insert("event_type".into(), "lm".into());
            event
        });
        match event.llm_call_records.last_mut() {
            Some(call) => output.complete(call),
            None => event.llm_call_records.push(output.alone()),
        }
        session.record_event(event).map(drop)
    }

    /// Tracks a variable: in the metadata of the decorated function that runs, else
    /// as an event of its own.
    pub fn track_state(
        variable_name: &str,
        variable_value: impl Into<Value>,
        origin: Origin,
        annotation: Option<&str>,
    ) -> Result<(), TraceError> {
        let Some(session) = current() else {
            return Ok(());
        };
        let origin = match origin {
            Origin::Agent => EventKind::Cais.default_system(),
            Origin::Environment => EventKind::Environment.default_system(),
        };
        let value = variable_value.into();
        let state = json!({
            "name": variable_name, "value": value, "origin": origin, "annotation": annotation,
        });
        let taken = with_current_event(|event| {
            let states = event
                .base_mut()
                .metadata
                .entry("states")
                .or_insert_with(|| json!([]));
            if let Value::Array(states) = states {
                states.push(state);
            }
        });
        if taken.is_some() {
            return Ok(());
        }
        let mut event = RuntimeEvent::new(origin);
        event.base.system_state_after = json!({ variable_name: value });
        event
            .base
            .metadata
            .insert("event_type".into(), "state".into());
        if let Some(annotation) = annotation {
            event
                .base
                .metadata
                .insert("annotation".into(), annotation.into());
        }
        session.record_event(event).map(drop)
    }

    /// Tracks a reward: as that of the `#[trace_env]` function that runs, unless it
    /// has one already, and as a reward of the session.
    pub fn track_reward_signal(
        kind: &str,
        value: f64,
        annotation: Option<&str>,
    ) -> Result<(), TraceError> {
        let Some(session) = current() else {
            return Ok(());
        };
        let taken = with_underway_where(
            |event| event.kind() == EventKind::Environment,
            |underway| {
                if let Event::Environment(event) = &mut underway.event {
                    event.reward.get_or_insert(value);
                }
                underway.rewards.push(TrackedReward {
                    kind: kind.to_owned(),
                    value,
                    annotation: annotation.map(str::to_owned),
                });
            },
        );
        match taken {
            Some(()) => Ok(()),
            None => session.track_reward(kind, value, annotation),
        }
    }

    /// Records what is still held back: a call whose output was never tracked. The
    /// session goes on, and is ended by whoever started it.
    pub fn finish() -> Result<(), TraceError> {
        match current() {
            None => Ok(()),
            Some(session) => match session.take_held_call()? {
                None => Ok(()),
                Some(event) => session.record_event(event).map(drop),
            },
        }
    }
}

impl LmOutput {
    fn complete(self, call: &mut LlmCallRecord) {
        call.model_name = self.model_name.or_else(|| call.model_name.take());
        call.output_text = last_text(&self.messages);
        call.response = json!({ "messages": self.messages });
        call.finish_reason = self.finish_reason;
        call.usage = self.usage;
    }

    fn alone(self) -> LlmCallRecord {
        let mut call = LlmCallRecord::default();
        self.complete(&mut call);
        call
    }
}

fn last_text(messages: &[Value]) -> Option<String> {
    messages.last()?.get("content")?.as_str().map(str::to_owned)
}

/// Changes the innermost event under way that can hold calls of models.
fn with_cais(f: impl FnOnce(&mut CaisEvent)) -> Option<()> {
    with_underway_where(
        |event| event.kind() == EventKind::Cais,
        |underway| {
            if let Event::Cais(event) = &mut underway.event {
                f(event);
            }
        },
    )
}
