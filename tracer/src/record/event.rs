//! Defines events: state changes inside one system.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{LlmCallRecord, Metadata, TimeRecord, Usage};
use crate::json;
use crate::prices::PriceTable;

/// A state change inside one system. There are three kinds of systems.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event_type", rename_all = "snake_case")]
pub enum Event {
    /// A model, or a system built around one, was called.
    Cais(CaisEvent),
    /// The runtime between agent and environment did something.
    Runtime(RuntimeEvent),
    /// The environment moved on.
    Environment(EnvironmentEvent),
}

/// The kinds of events, by the names the trace file uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// See [`CaisEvent`].
    Cais,
    /// See [`RuntimeEvent`].
    Runtime,
    /// See [`EnvironmentEvent`].
    Environment,
}

impl EventKind {
    /// The name in the `event_type` column.
    pub const fn name(self) -> &'static str {
        match self {
            EventKind::Cais => "cais",
            EventKind::Runtime => "runtime",
            EventKind::Environment => "environment",
        }
    }

    /// The system that an event of this kind belongs to unless it says otherwise.
    pub const fn default_system(self) -> &'static str {
        match self {
            EventKind::Cais => "llm_agent",
            EventKind::Runtime => "runtime",
            EventKind::Environment => "environment",
        }
    }

    /// An empty event of this kind, of the given system.
    pub fn event(self, system_instance_id: impl Into<String>) -> Event {
        match self {
            EventKind::Cais => CaisEvent::new(system_instance_id).into(),
            EventKind::Runtime => RuntimeEvent::new(system_instance_id).into(),
            EventKind::Environment => EnvironmentEvent::new(system_instance_id).into(),
        }
    }
}

/// What every event has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EventBase {
    /// The instance of the system whose state changed.
    pub system_instance_id: String,
    /// When it happened.
    pub time_record: TimeRecord,
    /// The system's state before; null where it was not captured.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub system_state_before: Value,
    /// The system's state after; null where it was not captured.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub system_state_after: Value,
    /// Whatever the recording side adds.
    #[serde(default, skip_serializing_if = "Metadata::is_empty")]
    pub metadata: Metadata,
    /// What the hooks made of the event, in the order in which they ran.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub event_metadata: Vec<HookResult>,
}

impl EventBase {
    /// An event of this system, now, with nothing captured yet.
    pub fn new(system_instance_id: impl Into<String>) -> Self {
        Self {
            system_instance_id: system_instance_id.into(),
            time_record: TimeRecord::now(),
            system_state_before: Value::Null,
            system_state_after: Value::Null,
            metadata: Metadata::new(),
            event_metadata: Vec::new(),
        }
    }
}

/// A call of an AI system: usually one decision of an agent, with its model calls.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CaisEvent {
    /// What every event has.
    #[serde(flatten)]
    pub base: EventBase,
    /// The model's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_name: Option<String>,
    /// Who serves the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// Tokens of the requests, cached ones included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt_tokens: Option<u64>,
    /// Tokens of the replies, reasoning included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completion_tokens: Option<u64>,
    /// Their sum, as the endpoint gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_tokens: Option<u64>,
    /// Prompt tokens that were read from a cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cached_tokens: Option<u64>,
    /// Completion tokens that were spent on reasoning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning_tokens: Option<u64>,
    /// USD, never rounded; `None` is unknown. A session with a price table fills it in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<f64>,
    /// Milliseconds from asking to the complete answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<f64>,
    /// The span of a distributed trace that this event is, if it is part of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span_id: Option<String>,
    /// The distributed trace that this event is part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
    /// The model calls that were made, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub llm_call_records: Vec<LlmCallRecord>,
}

impl CaisEvent {
    /// An event of this system, now, with nothing known of any model.
    pub fn new(system_instance_id: impl Into<String>) -> Self {
        Self {
            base: EventBase::new(system_instance_id),
            model_name: None,
            provider: None,
            prompt_tokens: None,
            completion_tokens: None,
            total_tokens: None,
            cached_tokens: None,
            reasoning_tokens: None,
            cost: None,
            latency_ms: None,
            span_id: None,
            trace_id: None,
            llm_call_records: Vec::new(),
        }
    }

    /// Fills in what was left open and follows from the calls: the model, and the
    /// sums of their tokens, costs and times. A sum with an unknown part is unknown.
    pub(crate) fn sum_up_calls(&mut self, prices: Option<&PriceTable>) {
        fn sum<T: std::iter::Sum<T>>(parts: impl Iterator<Item = Option<T>>) -> Option<T> {
            parts.sum()
        }
        let calls = &self.llm_call_records;
        if let Some(last) = calls.last() {
            let tokens =
                |part: fn(&Usage) -> Option<u64>| sum(calls.iter().map(|c| part(&c.usage)));
            self.model_name = self.model_name.take().or_else(|| last.model_name.clone());
            self.provider = self.provider.take().or_else(|| last.provider.clone());
            self.prompt_tokens = self
                .prompt_tokens
                .or_else(|| tokens(|usage| usage.prompt_tokens));
            self.completion_tokens = self
                .completion_tokens
                .or_else(|| tokens(|usage| usage.completion_tokens));
            self.total_tokens = self
                .total_tokens
                .or_else(|| tokens(|usage| usage.total_tokens));
            self.cached_tokens = self
                .cached_tokens
                .or_else(|| tokens(|usage| usage.cached_tokens));
            self.reasoning_tokens = self
                .reasoning_tokens
                .or_else(|| tokens(|usage| usage.reasoning_tokens));
            self.latency_ms = self
                .latency_ms
                .or_else(|| sum(calls.iter().map(|c| c.latency_ms)));
        }
        let Some(prices) = prices.filter(|_| self.cost.is_none()) else {
            return;
        };
        self.cost = if calls.is_empty() {
            let model = self.model_name.as_deref();
            model.and_then(|model| prices.cost(model, &self.usage()))
        } else {
            sum(calls.iter().map(|call| {
                let model = call.model_name.as_deref().or(self.model_name.as_deref())?;
                prices.cost(model, &call.usage)
            }))
        };
    }

    /// The event's tokens together.
    pub const fn usage(&self) -> Usage {
        Usage {
            prompt_tokens: self.prompt_tokens,
            completion_tokens: self.completion_tokens,
            total_tokens: self.total_tokens,
            cached_tokens: self.cached_tokens,
            reasoning_tokens: self.reasoning_tokens,
        }
    }
}

/// Something the runtime did: a tool call validated, actions chosen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RuntimeEvent {
    /// What every event has.
    #[serde(flatten)]
    pub base: EventBase,
    /// The actions that go on to the environment.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<Value>,
}

impl RuntimeEvent {
    /// An event of this system, now, without actions.
    pub fn new(system_instance_id: impl Into<String>) -> Self {
        Self {
            base: EventBase::new(system_instance_id),
            actions: Vec::new(),
        }
    }
}

/// A step of the environment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EnvironmentEvent {
    /// What every event has.
    #[serde(flatten)]
    pub base: EventBase,
    /// The reward of the step; `None` where the environment gave none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reward: Option<f64>,
    /// Whether the episode ended in the environment's own terms.
    #[serde(default)]
    pub terminated: bool,
    /// Whether the episode was cut off from outside.
    #[serde(default)]
    pub truncated: bool,
    /// What changed in the observation; null where it was not captured.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub observation_diff: Value,
}

impl EnvironmentEvent {
    /// An event of this system, now, without reward and not the last.
    pub fn new(system_instance_id: impl Into<String>) -> Self {
        Self {
            base: EventBase::new(system_instance_id),
            reward: None,
            terminated: false,
            truncated: false,
            observation_diff: Value::Null,
        }
    }

    /// JSON has no infinities: such a reward is kept as text in the metadata.
    pub(crate) fn set_aside_nonfinite_reward(&mut self) {
        if let Some(reward) = self.reward.take_if(|reward| !reward.is_finite()) {
            self.base
                .metadata
                .insert("reward".to_owned(), reward.to_string().into());
        }
    }
}

impl Event {
    /// Which kind of event this is.
    pub const fn kind(&self) -> EventKind {
        match self {
            Event::Cais(_) => EventKind::Cais,
            Event::Runtime(_) => EventKind::Runtime,
            Event::Environment(_) => EventKind::Environment,
        }
    }

    /// What every event has.
    pub const fn base(&self) -> &EventBase {
        match self {
            Event::Cais(event) => &event.base,
            Event::Runtime(event) => &event.base,
            Event::Environment(event) => &event.base,
        }
    }

    /// What every event has, to be changed.
    pub const fn base_mut(&mut self) -> &mut EventBase {
        match self {
            Event::Cais(event) => &mut event.base,
            Event::Runtime(event) => &mut event.base,
            Event::Environment(event) => &mut event.base,
        }
    }

    /// Bytes that the event holds on to, roughly.
    pub(crate) fn weight(&self) -> usize {
        let base = self.base();
        let states =
            json::weight(&base.system_state_before) + json::weight(&base.system_state_after);
        let metadata = base.metadata.values().map(json::weight).sum::<usize>();
        let own = match self {
            Event::Cais(event) => {
                let calls = event.llm_call_records.iter();
                calls
                    .map(|call| call.request.held() + json::weight(&call.response))
                    .sum()
            }
            Event::Runtime(event) => event.actions.iter().map(json::weight).sum::<usize>(),
            Event::Environment(event) => json::weight(&event.observation_diff),
        };
        states + metadata + own
    }

    /// The error that the event ended with: the `{type, message}` object of its
    /// state after, whether an error was returned, a panic passed, or it was cancelled.
    ///
    /// ```
    /// # use tracer::record::*;
    /// let mut event = Event::from(RuntimeEvent::new("runtime"));
    /// assert!(event.error().is_none());
    /// event.base_mut().system_state_after =
    ///     serde_json::json!({"error": {"type": "Refused", "message": "no such action"}});
    /// assert_eq!(event.error().unwrap()["type"], "Refused");
    /// ```
    pub fn error(&self) -> Option<&Value> {
        self.base()
            .system_state_after
            .get("error")
            .filter(|error| error.get("type").is_some())
    }
}

impl From<CaisEvent> for Event {
    fn from(event: CaisEvent) -> Self {
        Event::Cais(event)
    }
}

impl From<RuntimeEvent> for Event {
    fn from(event: RuntimeEvent) -> Self {
        Event::Runtime(event)
    }
}

impl From<EnvironmentEvent> for Event {
    fn from(event: EnvironmentEvent) -> Self {
        Event::Environment(event)
    }
}

/// What a hook found in an event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HookResult {
    /// The hook's name, such as `easy_achievement`.
    pub hook_name: String,
    /// One character that stands for the finding where room is short.
    pub code: char,
    /// The hook's priority: higher is more important, and ran earlier.
    pub priority: u8,
    /// The finding in one clause, for people.
    pub description: String,
    /// The finding as data.
    #[serde(default)]
    pub data: Value,
}
