//! Defines the record of one call to a language model.

use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use super::Document;

/// Tokens of a call, as far as the endpoint told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Usage {
    /// Tokens of the request, cached ones included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt_tokens: Option<u64>,
    /// Tokens of the reply, reasoning included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completion_tokens: Option<u64>,
    /// What the endpoint gave as the sum.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_tokens: Option<u64>,
    /// Prompt tokens that were read from a cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cached_tokens: Option<u64>,
    /// Completion tokens that were spent on reasoning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning_tokens: Option<u64>,
}

/// One call to a model: what was asked, what came back, and how often it was tried.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct LlmCallRecord {
    /// The model that was asked for, or the one that answered where it said so.
    pub model_name: Option<String>,
    /// Who serves the model.
    pub provider: Option<String>,
    /// The body of the request, as it was sent.
    pub request: Document,
    /// The body of the response, as it was received; null while there is none.
    pub response: Value,
    /// The text of the reply.
    pub output_text: Option<String>,
    /// The reasoning that came with the reply, where the endpoint shows it.
    pub reasoning: Option<String>,
    /// The tool calls of the reply, in order.
    pub tool_calls: Vec<LlmToolCall>,
    /// Why the model stopped, in the endpoint's words.
    pub finish_reason: Option<String>,
    /// Tokens spent.
    pub usage: Usage,
    /// Time from the first attempt to the last byte, in milliseconds.
    pub latency_ms: Option<f64>,
    /// The attempts that failed before the one that counts.
    pub failed_attempts: Vec<LlmAttempt>,
}

/// The JSON form of a call, with the request in any form.
#[derive(Serialize)]
struct CallForm<'a, R> {
    #[serde(skip_serializing_if = "Option::is_none")]
    model_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<R>,
    #[serde(skip_serializing_if = "Value::is_null")]
    response: &'a Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    tool_calls: &'a [LlmToolCall],
    #[serde(skip_serializing_if = "Option::is_none")]
    finish_reason: Option<&'a str>,
    usage: Usage,
    #[serde(skip_serializing_if = "Option::is_none")]
    latency_ms: Option<f64>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    failed_attempts: &'a [LlmAttempt],
}

impl LlmCallRecord {
    /// The call with its request in another form.
    pub(crate) fn with_request<'a, R: Serialize + 'a>(
        &'a self,
        form: impl FnOnce(&'a Document) -> R,
    ) -> impl Serialize + 'a {
        CallForm {
            model_name: self.model_name.as_deref(),
            provider: self.provider.as_deref(),
            request: (!self.request.is_null()).then(|| form(&self.request)),
            response: &self.response,
            output_text: self.output_text.as_deref(),
            reasoning: self.reasoning.as_deref(),
            tool_calls: &self.tool_calls,
            finish_reason: self.finish_reason.as_deref(),
            usage: self.usage,
            latency_ms: self.latency_ms,
            failed_attempts: &self.failed_attempts,
        }
    }
}

impl Serialize for LlmCallRecord {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.with_request(|request| request).serialize(to)
    }
}

/// A tool call as the model made it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LlmToolCall {
    /// The endpoint's id for the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The tool's name.
    pub name: String,
    /// The arguments as text: models do not always produce JSON.
    pub arguments: String,
}

/// An attempt at a call that failed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LlmAttempt {
    /// What went wrong, in one sentence.
    pub error: String,
    /// The HTTP status, where there was a response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// How long was waited before the next attempt, in milliseconds.
    #[serde(default)]
    pub waited_ms: f64,
}
