//! Records what crosses from one system to another in an episode.

use std::fmt::Write;

use serde_json::{Value, json};
use tracer::{Session, TraceError, record::SessionEventMessage};

use crate::{
    environment::Environment,
    model::{ChatMessage, ChatReply, ChatRequest, Part, Role},
    observation::Observation,
    outcome::EpisodeOutcome,
    tools::Decision,
};

const ENVIRONMENT: &str = "environment";
const RUNTIME: &str = "runtime";
const AGENT: &str = "llm_agent";
const MODEL: &str = "model";

/// Writes an episode's messages into its session.
pub(super) struct Recorder<'a> {
    session: &'a Session,
    /// Whether the model has been sent the system message and the tools.
    prompted: bool,
}

impl<'a> Recorder<'a> {
    pub(super) const fn new(session: &'a Session) -> Self {
        Self {
            session,
            prompted: false,
        }
    }

    /// What the agent is shown, and the digest of the state it shows, by which a
    /// replay can be checked. Images are not kept: a replay draws them again.
    pub(super) fn observation(
        &self,
        environment: &Environment,
        observation: &Observation,
    ) -> Result<(), TraceError> {
        let payload = json!({
            "format": environment.options().format.to_string(),
            "step": environment.env().steps(),
            "digest": hex(&environment.private_state().digest),
            "text": observation.text,
        });
        self.send("observation", ENVIRONMENT, AGENT, payload)
    }

    /// The part of the conversation that the model has not been sent before: what
    /// follows its own last message, and at first the system message and the tools.
    pub(super) fn prompt(&mut self, request: &ChatRequest) -> Result<(), TraceError> {
        let messages = &request.messages;
        let answered = messages
            .iter()
            .rposition(|message| message.role == Role::Assistant);
        let new = messages[answered.map_or(0, |last| last + 1)..].iter();
        let new = new.filter(|message| !self.prompted || message.role != Role::System);
        let mut payload = json!({
            "conversation_length": messages.len(),
            "messages": new.map(|message| without_images(message)).collect::<Vec<_>>(),
        });
        if !self.prompted {
            payload["protocol"] = json!(request.protocol);
            payload["tools"] = json!(*request.tools);
        }
        self.prompted = true;
        self.send("llm_prompt", AGENT, MODEL, payload)
    }

    pub(super) fn completion(&self, reply: &ChatReply) -> Result<(), TraceError> {
        let payload = json!({
            "text": reply.text,
            "reasoning": reply.reasoning,
            "tool_calls": reply.tool_calls,
            "finish_reason": reply.finish_reason,
        });
        self.send("llm_completion", MODEL, AGENT, payload)
    }

    pub(super) fn tool_calls(&self, reply: &ChatReply) -> Result<(), TraceError> {
        self.send(
            "tool_call",
            AGENT,
            RUNTIME,
            json!({ "calls": reply.tool_calls }),
        )
    }

    pub(super) fn actions(&self, decision: &Decision) -> Result<(), TraceError> {
        let actions: Vec<&str> = decision.actions().map(|action| action.name()).collect();
        self.send(
            "action",
            RUNTIME,
            ENVIRONMENT,
            json!({ "actions": actions }),
        )
    }

    pub(super) fn outcome(&self, outcome: &EpisodeOutcome) -> Result<(), TraceError> {
        self.session
            .add_metadata("episode_results", outcome.to_json())?;
        match &outcome.error {
            Some(message) => {
                let error = json!({ "ending": outcome.ending, "message": message });
                self.session.add_metadata("error", error)
            }
            None => Ok(()),
        }
    }

    fn send(
        &self,
        message_type: &str,
        source: &str,
        target: &str,
        payload: Value,
    ) -> Result<(), TraceError> {
        self.session.add_message(SessionEventMessage::new(
            message_type,
            source,
            target,
            payload,
        ))
    }
}

fn without_images(message: &ChatMessage) -> Value {
    let content = message.content.iter().map(|part| match part {
        Part::Text(text) => text.as_str(),
        Part::Image(_) => "[image]",
    });
    let mut value = json!({
        "role": message.role,
        "content": content.collect::<Vec<_>>().join("\n"),
    });
    if let Some(id) = &message.tool_call_id {
        value["tool_call_id"] = json!(id);
    }
    value
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
            // Writing to a string cannot fail.
            _ = write!(text, "{byte:02x}");
            text
        })
}
