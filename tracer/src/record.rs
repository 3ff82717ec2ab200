//! Defines what a trace is made of: sessions, timesteps, events and messages.
//!
//! The types here are plain values: they serialize, compare and clone, and know
//! neither who records them nor where they are kept. States, payloads and
//! metadata are JSON, because what a system's state looks like is that system's
//! own business.

mod document;
mod event;
mod llm;
mod time;
mod trace;

pub use document::{Document, Part};
pub use event::{
    CaisEvent, EnvironmentEvent, Event, EventBase, EventKind, HookResult, RuntimeEvent,
};
pub use llm::{LlmAttempt, LlmCallRecord, LlmToolCall, Usage};
pub use time::{TimeRecord, now};
pub use trace::{
    EventId, MessageContent, MetadataEntry, Recorded, RewardSignal, SessionEventMessage,
    SessionStatus, SessionTimeStep, SessionTrace,
};

/// A JSON object, as metadata is kept.
pub type Metadata = serde_json::Map<String, serde_json::Value>;
