//! What an endpoint takes and what it does not.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::model::Protocol;

/// How requests must look for one endpoint and model. Starts from the
/// configuration; what the endpoint refuses is learned while playing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Quirks {
    /// The strongest protocol that works; a request for a stronger one uses it.
    pub protocol: Protocol,
    /// Which field limits the length of a reply.
    pub token_limit: TokenLimit,
    /// How firmly a tool call is asked for.
    pub tool_choice: ToolChoice,
    /// How instructions are sent.
    pub system_role: SystemRole,
    /// Whether user and assistant must strictly take turns.
    pub alternate_roles: bool,
    /// Whether, and in which field, reasoning is sent back.
    pub reasoning_echo: ReasoningEcho,
    /// Whether an earlier reply is sent with what it said beside its calls.
    pub text_beside_calls: bool,
    /// Whether ids of tool calls must be nine letters or digits.
    pub short_tool_ids: bool,
    /// Whether a JSON schema may be asked for with `strict: true`.
    pub strict_schema: bool,
    /// Whether replies are streamed.
    pub stream: bool,
    /// Whether a stream may be asked for its token counts.
    pub stream_usage: bool,
    /// Whether images are sent. Without them the words beside them have to do.
    pub images: bool,
    /// Fields of the request that are never sent.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub omit: BTreeSet<String>,
}

impl Default for Quirks {
    fn default() -> Quirks {
        Quirks {
            protocol: Protocol::FunctionCalling,
            token_limit: TokenLimit::MaxTokens,
            tool_choice: ToolChoice::Required,
            system_role: SystemRole::System,
            alternate_roles: false,
            reasoning_echo: ReasoningEcho::Never,
            text_beside_calls: true,
            short_tool_ids: false,
            strict_schema: true,
            stream: false,
            stream_usage: true,
            images: true,
            omit: BTreeSet::new(),
        }
    }
}

impl Quirks {
    /// The protocol a request that wants `wanted` is sent by.
    pub fn protocol_for(&self, wanted: Protocol) -> Protocol {
        wanted.max(self.protocol)
    }

    /// The field to limit a reply's length with, if one is taken at all.
    pub fn token_limit_field(&self) -> Option<&'static str> {
        let fields = match self.token_limit {
            TokenLimit::MaxTokens => ["max_tokens", "max_completion_tokens"],
            TokenLimit::MaxCompletionTokens => ["max_completion_tokens", "max_tokens"],
        };
        fields.into_iter().find(|field| self.sends(field))
    }

    /// Whether a field of the request is sent.
    pub fn sends(&self, field: &str) -> bool {
        !self.omit.contains(field)
    }
}

/// The field that limits a reply's length; the other is tried if it is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenLimit {
    /// `max_tokens`, which nearly every server takes.
    MaxTokens,
    /// `max_completion_tokens`, which OpenAI's reasoning models demand.
    MaxCompletionTokens,
}

/// The `tool_choice` that is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToolChoice {
    /// `required`: every turn is a call.
    Required,
    /// `auto`.
    Auto,
    /// None.
    Omit,
}

/// The role of instructions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SystemRole {
    /// `system`.
    System,
    /// `developer`, OpenAI's newer name for it.
    Developer,
    /// No such role: instructions open the first user message.
    User,
}

/// Where reasoning is sent back with the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReasoningEcho {
    /// Nowhere.
    Never,
    /// In `reasoning_content`, as DeepSeek demands between tool calls.
    ReasoningContent,
    /// In `reasoning`.
    Reasoning,
}

impl ReasoningEcho {
    /// The field of a message that carries it.
    pub fn field(self) -> Option<&'static str> {
        match self {
            ReasoningEcho::Never => None,
            ReasoningEcho::ReasoningContent => Some("reasoning_content"),
            ReasoningEcho::Reasoning => Some("reasoning"),
        }
    }
}
