//! Defines what an agent asks of a language model, and what it gets back.
//!
//! The agent speaks one language with every model: messages and tool calls.
//! How these cross to an endpoint (native function calling, a JSON schema,
//! plain text) is the model's business: whatever [`Protocol`] ends up being
//! used, a reply's calls are in [`ChatReply::tool_calls`] and its other words in
//! [`ChatReply::text`]. Nothing here knows HTTP; see the `openai` module for that.

mod chat;
mod error;
mod shared;

pub use chat::{
    Attempt, ChatMessage, ChatReply, ChatRequest, LONGEST_REPEATED, Part, Protocol, ReplyEnd, Role,
    Sampling, ToolCall, ToolSpec, Usage,
};
pub use error::{Exchange, Fault, ModelError};
pub use shared::Shared;
pub(crate) use shared::{Sent, Style};

use std::sync::Arc;

use async_trait::async_trait;

/// Hears what a model's client has to say the moment it is known: what was adapted
/// to an endpoint, or that a call is being tried again.
pub type Listener = Arc<dyn Fn(String) + Send + Sync>;

/// Something that answers a conversation: an endpoint or an embedded policy.
#[async_trait]
pub trait ChatModel: Send + Sync {
    /// The model's name, as the trace and the price table know it.
    fn name(&self) -> &str;

    /// Who serves the model, such as `openai`, `localhost:8080` or `embedded`.
    fn provider(&self) -> &str;

    /// Answers a conversation.
    ///
    /// # Errors
    ///
    /// A [`ModelError`] once retrying is no use: it says which endpoint and model
    /// failed, why, and whether the run can go on.
    async fn complete(&self, request: ChatRequest) -> Result<ChatReply, ModelError>;

    /// Tells `listener` from now on, should there be anything to tell. The first
    /// listener stays; replies carry the same words for the trace.
    fn listen(&self, _listener: Listener) {}
}
