//! The model behind an endpoint: one call, with its retries and adaptations.
//!
//! Not here: what an attempt leads to, see [`super::verdict`].

use std::collections::BTreeSet;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;

use super::call::{Asked, Call, Next, limiter_outcome, read};
use super::reply::{Said, SaidCall};
use super::transport::{Failed, Transport};
use super::truncation::TruncationWatch;
use super::{ids, request};
use crate::endpoint::{EndpointConfig, EndpointError, Quirks};
use crate::limiter::{Limiter, Outcome};
use crate::model::{
    ChatModel, ChatReply, ChatRequest, Exchange, Fault, Listener, ModelError, Protocol,
};
use crate::protocol::{self, WrittenCall};

/// A model behind an OpenAI-compatible endpoint. One is shared by all episodes of a
/// run, so that they share what was learned about it and how many calls it takes.
/// Cheap to clone.
#[derive(Clone)]
pub struct OpenAiModel {
    shared: Arc<Shared>,
}

/// What all clones of a model share.
pub(super) struct Shared {
    pub(super) config: EndpointConfig,
    pub(super) transport: Transport,
    limiter: Limiter,
    /// Read before and written after every call; never held across one.
    learned: Mutex<Learned>,
    pub(super) ever_answered: AtomicBool,
    pub(super) listener: OnceLock<Listener>,
}

/// What this run knows about the endpoint.
#[derive(Debug)]
pub(super) struct Learned {
    pub(super) quirks: Quirks,
    pub(super) said: BTreeSet<String>,
    /// Protocols that brought a proper call at least once.
    pub(super) proven: BTreeSet<Protocol>,
    /// Prose answers since the last call.
    pub(super) prose: u32,
    pub(super) truncation: TruncationWatch,
}

impl OpenAiModel {
    /// Prepares calls to an endpoint; none is made yet.
    ///
    /// # Errors
    ///
    /// If the key or a header cannot be sent, or the system offers no TLS.
    pub fn new(config: EndpointConfig) -> Result<OpenAiModel, EndpointError> {
        let learned = Learned {
            quirks: config.quirks.clone(),
            said: BTreeSet::new(),
            proven: BTreeSet::new(),
            prose: 0,
            truncation: TruncationWatch::default(),
        };
        Ok(OpenAiModel {
            shared: Arc::new(Shared {
                transport: Transport::new(&config)?,
                limiter: Limiter::new(config.concurrency),
                learned: Mutex::new(learned),
                ever_answered: AtomicBool::new(false),
                listener: OnceLock::new(),
                config,
            }),
        })
    }

    /// How the endpoint is configured.
    pub fn config(&self) -> &EndpointConfig {
        &self.shared.config
    }

    /// How requests look now, after what was learned.
    pub fn quirks(&self) -> Quirks {
        self.shared.learned().quirks.clone()
    }

    /// The endpoint's list of models, as it is.
    ///
    /// # Errors
    ///
    /// If there is none; not every endpoint has one.
    pub async fn list(&self) -> Result<Vec<Value>, ModelError> {
        let received = self.shared.transport.models().await;
        match received.result {
            Ok(Value::Array(models)) => Ok(models),
            Ok(body) => Ok(body["data"].as_array().cloned().unwrap_or_default()),
            Err(failed) => Err(self.shared.error(Exchange::default(), *failed)),
        }
    }

    /// How many calls may be in flight now.
    pub fn concurrency(&self) -> usize {
        self.shared.limiter.limit()
    }
}

impl fmt::Debug for OpenAiModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OpenAiModel")
            .field(&self.shared.config)
            .finish()
    }
}

#[async_trait]
impl ChatModel for OpenAiModel {
    fn name(&self) -> &str {
        &self.shared.config.model
    }

    fn provider(&self) -> &str {
        &self.shared.config.provider
    }

    async fn complete(&self, request: ChatRequest) -> Result<ChatReply, ModelError> {
        let shared = &self.shared;
        let mut call = Call::new(&request);
        let mut wait = Duration::ZERO;
        loop {
            let ready = Instant::now();
            tokio::time::sleep(wait).await;
            let permit = shared.limiter.acquire().await;
            let asked = shared.ask(&request);
            let waited = ready.elapsed();
            let started = Timestamp::now();
            let mut received = shared.transport.chat(&asked.body.document).await;
            let result = std::mem::replace(&mut received.result, Ok(Value::Null)).and_then(read);
            let outcome = limiter_outcome(&result);
            call.note(started, waited, &received, &result);
            if let Some(ignored) = &received.ignored {
                shared.say_ignored(&mut call, ignored);
            }
            let next = match result {
                Ok((said, raw)) => shared.judge(&mut call, &asked, said, raw),
                Err(failed) => shared.recover(&mut call, &asked, failed),
            };
            permit.finish(match &next {
                Next::Fail(failed) if failed.fault.is_of_every_call() => Outcome::InVain,
                _ => outcome,
            });
            wait = match next {
                Next::AskAgain => Duration::ZERO,
                Next::Retry(wait) => wait,
                Next::Return(reply) => {
                    return Ok(ChatReply {
                        latency: received.latency,
                        attempts: call.attempts,
                        notices: call.notices,
                        raw_request: asked.body.document,
                        ..*reply
                    });
                }
                Next::Fail(failed) => {
                    let exchange = Exchange {
                        attempts: call.attempts,
                        raw_request: asked.body.document,
                        raw_response: Value::Null,
                        notices: call.notices,
                    };
                    return Err(shared.error(exchange, *failed));
                }
            };
        }
    }

    fn listen(&self, listener: Listener) {
        // The first one stays, as the trait says.
        drop(self.shared.listener.set(listener));
    }
}

impl Shared {
    pub(super) fn learned(&self) -> MutexGuard<'_, Learned> {
        // A panic while it was held can at worst have lost a notice.
        self.learned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ask(&self, request: &ChatRequest) -> Asked {
        let quirks = self.learned().quirks.clone();
        let by = quirks.protocol_for(request.protocol);
        Asked {
            body: request::body(&self.config, &quirks, request, by),
            quirks,
            by,
            way: self.transport.way(),
        }
    }

    pub(super) fn reply(
        &self,
        call: &Call<'_>,
        by: Protocol,
        said: Said,
        found: Option<protocol::Extraction>,
        raw_response: Value,
    ) -> ChatReply {
        let (text, written) = match found {
            Some(found) => (found.text, found.calls),
            None => (said.text, Vec::new()),
        };
        let written = written
            .into_iter()
            .map(|WrittenCall { name, arguments }| SaidCall {
                id: None,
                name,
                arguments,
                extra: serde_json::Map::new(),
            });
        let tools = &call.request.tools;
        let calls = said.calls.into_iter().chain(written);
        let calls = calls.map(|call| match protocol::tool_named(&call.name, tools) {
            Some(tool) => SaidCall {
                name: tool.name.clone(),
                ..call
            },
            None => call,
        });
        ChatReply {
            text,
            reasoning: said.reasoning,
            tool_calls: ids::given(calls, &call.request.messages),
            finish_reason: said.finish_reason,
            usage: said.usage,
            extra: said.extra,
            raw_response,
            model: said.model,
            protocol: by,
            ..ChatReply::default()
        }
    }

    fn error(&self, exchange: Exchange, failed: Failed) -> ModelError {
        let detail = match failed.fault {
            Fault::Auth if self.config.api_key.is_none() => {
                format!(
                    "no key was sent, set {} ({})",
                    self.config.key_variable, failed.detail
                )
            }
            Fault::Auth => format!("check {} ({})", self.config.key_variable, failed.detail),
            _ => failed.detail,
        };
        let detail = match exchange.attempts.len() {
            0 | 1 => detail,
            attempts => format!("{detail} (after {attempts} attempts)"),
        };
        ModelError {
            fault: failed.fault,
            endpoint: self.config.address(),
            model: self.config.model.clone(),
            detail,
            ever_answered: self.ever_answered.load(Ordering::Relaxed),
            exchange: Box::new(Exchange {
                raw_response: failed.body,
                ..exchange
            }),
        }
    }
}
