//! Messages, requests and replies, independent of any wire format.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tracer::record::Document;

use super::Shared;
use crate::duration::millis;
use crate::protocol::parse_json;

/// A conversation and the tools the model may answer with.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ChatRequest {
    /// The conversation so far, oldest first.
    pub messages: Vec<Shared<ChatMessage>>,
    /// What the model may call. A bare action name (`Action: move_left`) calls
    /// the first of them.
    pub tools: Shared<Vec<ToolSpec>>,
    /// How the model is asked to call tools. A model that turns out not to
    /// support it falls back to a weaker one and says so in [`ChatReply::notices`].
    pub protocol: Protocol,
    /// Sampling settings; what is unset is not sent.
    pub settings: Sampling,
}

/// How a tool call crosses between the agent and the model, strongest first.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// Native `tools` and `tool_calls`.
    #[default]
    FunctionCalling,
    /// `response_format: json_schema`: the whole reply is the call's arguments.
    JsonSchema,
    /// ReAct as text: `Thought: …` and `Action: …`.
    Text,
    /// The whole reply is one action name.
    Naive,
}

impl Protocol {
    /// Every protocol, strongest first.
    pub const ALL: [Protocol; 4] = [
        Protocol::FunctionCalling,
        Protocol::JsonSchema,
        Protocol::Text,
        Protocol::Naive,
    ];

    /// The name used in configuration and traces.
    pub const fn name(self) -> &'static str {
        match self {
            Protocol::FunctionCalling => "function_calling",
            Protocol::JsonSchema => "json_schema",
            Protocol::Text => "text",
            Protocol::Naive => "naive",
        }
    }
}

/// Sampling settings. An unset field is left to the endpoint's default.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sampling {
    /// Randomness, 0 for the most likely reply.
    pub temperature: Option<f32>,
    /// Nucleus sampling: the share of probability considered.
    pub top_p: Option<f32>,
    /// The most tokens a reply may have, reasoning included.
    pub max_tokens: Option<u32>,
    /// Asks for reproducible sampling where the endpoint can.
    pub seed: Option<i64>,
}

/// Who a message comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Instructions.
    System,
    /// The environment's side of the conversation.
    User,
    /// The model.
    Assistant,
    /// The result of a tool call.
    Tool,
}

/// One message of a conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChatMessage {
    /// Who it comes from.
    pub role: Role,
    /// Text and images, in order. Empty for a message that only calls tools.
    pub content: Vec<Part>,
    /// Calls made in this message (assistant only).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<ToolCall>,
    /// The call this message answers (tool only).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_call_id: Option<String>,
    /// The model's reasoning, sent back only where the endpoint wants it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<String>,
    /// Fields of the reply we do not know but some endpoint wants back.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub extra: Map<String, Value>,
}

impl ChatMessage {
    /// A message of text.
    pub fn text(role: Role, text: impl Into<String>) -> ChatMessage {
        ChatMessage {
            role,
            content: vec![Part::Text(text.into())],
            tool_calls: Vec::new(),
            tool_call_id: None,
            reasoning: None,
            extra: Map::new(),
        }
    }

    /// A system message.
    pub fn system(text: impl Into<String>) -> ChatMessage {
        ChatMessage::text(Role::System, text)
    }

    /// A user message.
    pub fn user(text: impl Into<String>) -> ChatMessage {
        ChatMessage::text(Role::User, text)
    }

    /// An assistant message of text.
    pub fn assistant(text: impl Into<String>) -> ChatMessage {
        ChatMessage::text(Role::Assistant, text)
    }

    /// The result of the call `id`.
    pub fn tool(id: impl Into<String>, text: impl Into<String>) -> ChatMessage {
        ChatMessage {
            tool_call_id: Some(id.into()),
            ..ChatMessage::text(Role::Tool, text)
        }
    }

    /// The text parts, joined by newlines; images are left out.
    pub fn joined_text(&self) -> String {
        let texts: Vec<&str> = self
            .content
            .iter()
            .filter_map(|part| match part {
                Part::Text(text) => Some(text.as_str()),
                Part::Image(_) => None,
            })
            .collect();
        texts.join("\n")
    }
}

/// A piece of a message's content.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Plain text.
    Text(String),
    /// An image as a data URL.
    Image(String),
}

/// A tool the model may call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolSpec {
    /// Letters, digits, `_` and `-`; at most 64 of them.
    pub name: String,
    /// What it does, for the model.
    pub description: String,
    /// JSON schema of the arguments: an object.
    pub parameters: Value,
}

/// A call the model made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolCall {
    /// Unique within the conversation; made by us where the endpoint gave none.
    pub id: String,
    /// The tool's name, as the model wrote it.
    pub name: String,
    /// The arguments as the model wrote them: JSON if it did as asked.
    pub arguments: String,
    /// Fields of the call we do not know but the endpoint wants back.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub extra: Map<String, Value>,
}

/// What a model answered.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ChatReply {
    /// What was said outside of reasoning and calls.
    pub text: String,
    /// Reasoning, wherever the endpoint put it.
    pub reasoning: Option<String>,
    /// The calls, under whichever protocol they were made.
    pub tool_calls: Vec<ToolCall>,
    /// Why the model stopped, as the endpoint put it; see [`ChatReply::end`].
    pub finish_reason: Option<String>,
    /// Tokens of the answer that was kept, if the endpoint reports them; see
    /// [`ChatReply::total_usage`].
    pub usage: Option<Usage>,
    /// Fields of the message we do not know but the endpoint wants back.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub extra: Map<String, Value>,
    /// Time of the answer that was kept.
    #[serde(rename = "latency_ms", with = "millis")]
    pub latency: Duration,
    /// Every try this call took, the last being the one that was kept.
    pub attempts: Vec<Attempt>,
    /// The body sent.
    pub raw_request: Document,
    /// The body received; for a stream, its chunks.
    pub raw_response: Value,
    /// The model that answered, by the endpoint's account.
    pub model: Option<String>,
    /// The protocol the answer was read by.
    pub protocol: Protocol,
    /// What was adapted to the endpoint, or is odd about it; each said once a run.
    /// A [`Listener`](super::Listener) hears the same earlier.
    pub notices: Vec<String>,
}

/// How a reply came to its end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplyEnd {
    /// The model had said what it wanted to say.
    #[default]
    Finished,
    /// The token limit cut it off.
    CutOff {
        /// The reply's tokens, if the endpoint counts them.
        tokens: Option<u64>,
    },
    /// A content filter or a fault of the endpoint stopped it.
    Stopped,
}

impl ReplyEnd {
    /// By an endpoint's reason to finish, under any of the names it goes by.
    pub(crate) fn of(finish_reason: Option<&str>, usage: Option<Usage>) -> ReplyEnd {
        let reason = finish_reason.unwrap_or_default().to_ascii_lowercase();
        match reason.as_str() {
            "length" | "model_length" | "max_tokens" => ReplyEnd::CutOff {
                tokens: usage
                    .map(|usage| usage.completion_tokens)
                    .filter(|&tokens| tokens > 0),
            },
            "error" | "abort" | "aborted" | "cancelled" => ReplyEnd::Stopped,
            // Gemini adds which one: `content_filter: SAFETY`.
            filtered if filtered.starts_with("content_filter") => ReplyEnd::Stopped,
            _ => ReplyEnd::Finished,
        }
    }
}

impl ChatReply {
    /// How the reply came to its end.
    pub fn end(&self) -> ReplyEnd {
        ReplyEnd::of(self.finish_reason.as_deref(), self.usage)
    }

    /// The reply as the next message of the conversation. Of a text, or of arguments,
    /// longer than [`LONGEST_REPEATED`] only the beginning is repeated.
    pub fn to_message(&self) -> ChatMessage {
        let content = match self.text.is_empty() {
            true => Vec::new(),
            false => vec![Part::Text(shortened(&self.text))],
        };
        let calls = self.tool_calls.iter().map(|call| ToolCall {
            arguments: shortened_arguments(&call.arguments),
            ..call.clone()
        });
        ChatMessage {
            role: Role::Assistant,
            content,
            tool_calls: calls.collect(),
            tool_call_id: None,
            reasoning: self.reasoning.clone(),
            extra: self.extra.clone(),
        }
    }

    /// Tokens of all attempts, discarded answers included: what is paid for.
    pub fn total_usage(&self) -> Option<Usage> {
        self.attempts
            .iter()
            .filter_map(|attempt| attempt.usage)
            .reduce(Usage::plus)
            .or(self.usage)
    }
}

/// The most bytes of a reply's text, and of a call's arguments, that later requests
/// repeat: more is a model that does not stop, and would fill every request after it.
pub const LONGEST_REPEATED: usize = 16_000;

fn shortened(text: &str) -> String {
    if text.len() <= LONGEST_REPEATED {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(LONGEST_REPEATED);
    format!("{}… [{} bytes left out]", &text[..end], text.len() - end)
}

/// Arguments with a long text among them stay arguments.
fn shortened_arguments(written: &str) -> String {
    if written.len() <= LONGEST_REPEATED {
        return written.to_owned();
    }
    if let Ok(Value::Object(mut fields)) = parse_json(written) {
        for field in fields.values_mut() {
            if let Value::String(text) = field {
                *text = shortened(text);
            }
        }
        let shorter = Value::Object(fields).to_string();
        if shorter.len() <= 2 * LONGEST_REPEATED {
            return shorter;
        }
    }
    shortened(written)
}

/// Tokens, as the endpoint counts them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens of the prompt, cached ones included.
    pub prompt_tokens: u64,
    /// Tokens of the reply, reasoning included.
    pub completion_tokens: u64,
    /// Both; the endpoint's own sum where it gives one.
    pub total_tokens: u64,
    /// Prompt tokens that were served from a cache.
    pub cached_tokens: Option<u64>,
    /// Reply tokens spent on reasoning.
    pub reasoning_tokens: Option<u64>,
    /// Tokens of calls whose endpoint counted none, by their length; in none of the
    /// others.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub estimated_tokens: u64,
}

impl Usage {
    /// What a limit of tokens counts: those that were counted, and those that were not.
    pub fn spent(self) -> u64 {
        self.total_tokens + self.estimated_tokens
    }

    /// The sum of two calls.
    #[must_use]
    pub fn plus(self, other: Usage) -> Usage {
        let sum = |a: Option<u64>, b: Option<u64>| match (a, b) {
            (None, None) => None,
            (a, b) => Some(a.unwrap_or(0) + b.unwrap_or(0)),
        };
        Usage {
            prompt_tokens: self.prompt_tokens + other.prompt_tokens,
            completion_tokens: self.completion_tokens + other.completion_tokens,
            total_tokens: self.total_tokens + other.total_tokens,
            cached_tokens: sum(self.cached_tokens, other.cached_tokens),
            reasoning_tokens: sum(self.reasoning_tokens, other.reasoning_tokens),
            estimated_tokens: self.estimated_tokens + other.estimated_tokens,
        }
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "this is how serde calls it"
)]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// One HTTP exchange of a call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// When it was sent.
    pub started: Timestamp,
    /// How long it took.
    #[serde(rename = "latency_ms", with = "millis")]
    pub latency: Duration,
    /// How long was waited before it, for a retry or for a free slot.
    #[serde(rename = "waited_ms", with = "millis")]
    pub waited: Duration,
    /// HTTP status, if an answer came.
    pub status: Option<u16>,
    /// The endpoint's own id of the request, for its operators.
    pub request_id: Option<String>,
    /// `ok`, or in one sentence why it was not kept.
    pub outcome: String,
    /// Tokens it cost, if the endpoint said.
    pub usage: Option<Usage>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_reply_that_does_not_stop_the_beginning_is_repeated() {
        let call = |arguments: String| ToolCall {
            id: "a".to_owned(),
            name: "interact".to_owned(),
            arguments,
            extra: Map::new(),
        };
        let long = "é".repeat(1 << 20);
        let reply = ChatReply {
            text: long.clone(),
            tool_calls: vec![
                call(format!(r#"{{"reasoning": "{long}", "actions": ["do"]}}"#)),
                call(format!("[{}]", "\"do\",".repeat(1 << 20))),
            ],
            ..ChatReply::default()
        };
        let message = reply.to_message();
        let said = message.joined_text();
        assert!(said.len() < LONGEST_REPEATED + 50 && said.ends_with("bytes left out]"));
        let valid = parse_json(&message.tool_calls[0].arguments).unwrap();
        assert_eq!(valid["actions"][0], "do");
        for call in &message.tool_calls {
            assert!(call.arguments.len() < LONGEST_REPEATED + 100);
        }
    }

    #[test]
    fn a_reply_is_cut_off_by_any_name_of_the_token_limit() {
        let end = |reason| ReplyEnd::of(Some(reason), None);
        for reason in ["length", "max_tokens", "MAX_TOKENS", "model_length"] {
            assert_eq!(end(reason), ReplyEnd::CutOff { tokens: None });
        }
        for reason in ["content_filter", "content_filter: SAFETY", "error", "abort"] {
            assert_eq!(end(reason), ReplyEnd::Stopped);
        }
        assert_eq!(end("stop"), ReplyEnd::Finished);
        assert_eq!(ReplyEnd::of(None, None), ReplyEnd::Finished);
    }
}
