//! Why a model could not answer.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tracer::record::Document;

use super::{Attempt, Usage};

/// A call that failed for good. Its `Display` is one sentence that names the
/// endpoint, the model and the likely cause; keys never appear in it.
#[derive(Debug, Clone, thiserror::Error, Serialize, Deserialize)]
pub struct ModelError {
    /// What kind of failure it is.
    pub fault: Fault,
    /// The endpoint's base address, without credentials or query.
    pub endpoint: String,
    /// The model that was asked for.
    pub model: String,
    /// What the endpoint or the network said.
    pub detail: String,
    /// Whether this endpoint gave a reply before in this run.
    pub ever_answered: bool,
    /// What was sent and received, for the trace.
    pub exchange: Box<Exchange>,
}

/// What a failed call sent and received.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Exchange {
    /// Every try, oldest first.
    pub attempts: Vec<Attempt>,
    /// The last body sent.
    pub raw_request: Document,
    /// The last body received, if any.
    pub raw_response: Value,
    /// What was adapted to the endpoint on the way.
    pub notices: Vec<String>,
}

/// The kinds of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// No connection: refused, reset, no such host, no valid certificate.
    Unreachable,
    /// Connected, but no answer, or not all of it, in the time given.
    Timeout,
    /// HTTP 401: no key, or a wrong one.
    Auth,
    /// HTTP 403: the key may not do this.
    Forbidden,
    /// HTTP 404: no such model, or no such path.
    NotFound,
    /// Something answers there, but no chat endpoint: a web page, a redirect.
    NotAnApi,
    /// The conversation does not fit the model's context.
    ContextLength,
    /// The account is out of credit.
    Quota,
    /// HTTP 429, after waiting as often as allowed.
    RateLimited,
    /// The endpoint calls the request wrong (400, 422 and the like).
    Refused,
    /// The endpoint failed (5xx, or an error inside a 200).
    Server,
    /// An answer that holds no reply: no choices, JSON or a stream that breaks off.
    BadReply,
    /// An answer in another format than it should be, as often as it was asked for.
    Unreadable,
    /// A content filter withheld the reply, as often as it was asked for.
    ContentFilter,
    /// No fault of the endpoint: replies are recorded or replayed, and the recording
    /// cannot be written, or is of something else.
    Recording,
}

impl Fault {
    /// The name used in traces.
    pub const fn name(self) -> &'static str {
        match self {
            Fault::Unreachable => "unreachable",
            Fault::Timeout => "timeout",
            Fault::Auth => "auth",
            Fault::Forbidden => "forbidden",
            Fault::NotFound => "not_found",
            Fault::NotAnApi => "not_an_api",
            Fault::ContextLength => "context_length",
            Fault::Quota => "quota",
            Fault::RateLimited => "rate_limited",
            Fault::Refused => "refused",
            Fault::Server => "server",
            Fault::BadReply => "bad_reply",
            Fault::Unreadable => "unreadable",
            Fault::ContentFilter => "content_filter",
            Fault::Recording => "recording",
        }
    }

    /// Whether every other call would fail in the same way.
    pub(crate) const fn is_of_every_call(self) -> bool {
        match self {
            Fault::Auth
            | Fault::Forbidden
            | Fault::NotFound
            | Fault::NotAnApi
            | Fault::Quota
            | Fault::Recording => true,
            Fault::Unreachable
            | Fault::Timeout
            | Fault::ContextLength
            | Fault::RateLimited
            | Fault::Refused
            | Fault::Server
            | Fault::BadReply
            | Fault::Unreadable
            | Fault::ContentFilter => false,
        }
    }
}

impl ModelError {
    /// Whether every other episode would fail the same way, so that the run
    /// should stop now: by what went wrong, or because no call ever succeeded.
    pub fn is_fatal_for_run(&self) -> bool {
        let never_answered = !self.ever_answered && self.fault != Fault::ContextLength;
        self.fault.is_of_every_call() || never_answered
    }

    /// Tokens that the failed attempts cost all the same.
    pub fn total_usage(&self) -> Option<Usage> {
        self.exchange
            .attempts
            .iter()
            .filter_map(|attempt| attempt.usage)
            .reduce(Usage::plus)
    }
}

impl fmt::Display for ModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ModelError {
            endpoint,
            model,
            detail,
            ..
        } = self;
        match self.fault {
            Fault::Unreachable => write!(
                f,
                "cannot reach {endpoint} (model {model}): {detail}; check the address and that the server runs"
            ),
            Fault::Timeout => write!(
                f,
                "{endpoint} gave model {model}'s answer too late: {detail}"
            ),
            Fault::Auth => write!(
                f,
                "{endpoint} does not accept the API key for model {model}: {detail}"
            ),
            Fault::Forbidden => write!(
                f,
                "{endpoint} does not allow this key to use model {model}: {detail}"
            ),
            Fault::NotFound => write!(
                f,
                "{endpoint} knows no model {model}, or the address lacks its path (often /v1): {detail}"
            ),
            Fault::NotAnApi => write!(
                f,
                "{endpoint} is no chat endpoint for model {model}: {detail}"
            ),
            Fault::ContextLength => write!(
                f,
                "the conversation no longer fits the context of model {model} at {endpoint}: {detail}"
            ),
            Fault::Quota => write!(
                f,
                "the account at {endpoint} has no credit left for model {model}: {detail}"
            ),
            Fault::RateLimited => {
                write!(f, "{endpoint} limits the rate of model {model}: {detail}")
            }
            Fault::Refused => write!(
                f,
                "{endpoint} refuses the request for model {model}: {detail}"
            ),
            Fault::Server => write!(f, "{endpoint} failed for model {model}: {detail}"),
            Fault::BadReply => write!(
                f,
                "{endpoint} sent an answer for model {model} that holds no reply: {detail}"
            ),
            Fault::Unreadable => write!(
                f,
                "{endpoint} sent an answer for model {model} that cannot be read: {detail}"
            ),
            Fault::ContentFilter => {
                write!(f, "{endpoint} gives no reply of model {model}: {detail}")
            }
            Fault::Recording => write!(f, "model {model}: {detail}"),
        }
    }
}
