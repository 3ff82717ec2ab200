//! The model behind an endpoint: one call, with its retries and adaptations.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use jiff::Timestamp;
use reqwest::header::HeaderMap;
use serde::Deserialize;
use serde_json::Value;

use super::adapt::{self, Adaptation};
use super::fault::{self, ErrorBody, excerpt};
use super::reply::{self, NoReply, Said, SaidCall};
use super::request::Body;
use super::transport::{Failed, Received, Transport};
use super::truncation::TruncationWatch;
use super::wire::Completion;
use super::{ids, request};
use crate::endpoint::{EndpointConfig, EndpointError, Quirks, ToolChoice};
use crate::limiter::{Limiter, Outcome};
use crate::model::{
    Attempt, ChatModel, ChatReply, ChatRequest, Exchange, Fault, Listener, ModelError, Protocol,
    ReplyEnd, Usage,
};
use crate::protocol::{self, WrittenCall};
use crate::retry::Failure;

/// Refusals one call may learn from; more would be a loop.
const MAX_ADAPTATIONS: usize = 12;

/// A model behind an OpenAI-compatible endpoint. One is shared by all episodes of a
/// run, so that they share what was learned about it and how many calls it takes.
/// Cheap to clone.
#[derive(Clone)]
pub struct OpenAiModel {
    shared: Arc<Shared>,
}

struct Shared {
    config: EndpointConfig,
    transport: Transport,
    limiter: Limiter,
    /// Read before and written after every call; never held across one.
    learned: Mutex<Learned>,
    ever_answered: AtomicBool,
    listener: OnceLock<Listener>,
}

/// What this run knows about the endpoint.
#[derive(Debug)]
struct Learned {
    quirks: Quirks,
    said: BTreeSet<String>,
    /// Protocols that brought a proper call at least once.
    proven: BTreeSet<Protocol>,
    /// Prose answers since the last call.
    prose: u32,
    truncation: TruncationWatch,
}

/// One call in progress.
struct Call<'a> {
    request: &'a ChatRequest,
    began: Instant,
    attempts: Vec<Attempt>,
    notices: Vec<String>,
    adaptations: usize,
    /// Attempts since the last adaptation, which is what the retry policy counts.
    tries: u32,
}

/// One attempt, and how it was asked.
struct Asked {
    quirks: Quirks,
    by: Protocol,
    way: usize,
    body: Body,
}

/// What to do after an attempt.
enum Next {
    Return(Box<ChatReply>),
    /// Ask again at once, in another way.
    AskAgain,
    Retry(Duration),
    Fail(Box<Failed>),
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
            permit.finish(limiter_outcome(&result));
            call.note(started, waited, &received, &result);
            if let Some(ignored) = &received.ignored {
                shared.say_ignored(&mut call, ignored);
            }
            let next = match result {
                Ok((said, raw)) => shared.judge(&mut call, &asked, said, raw),
                Err(failed) => shared.recover(&mut call, &asked, failed),
            };
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
    fn learned(&self) -> MutexGuard<'_, Learned> {
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

    /// Takes an answer as the reply, unless it ignored how it was asked.
    fn judge(&self, call: &mut Call<'_>, asked: &Asked, said: Said, raw: Value) -> Next {
        self.ever_answered.store(true, Ordering::Relaxed);
        let native = !said.calls.is_empty();
        let found = match native || call.request.tools.is_empty() {
            true => None,
            false => Some(protocol::extract(&said.text, &call.request.tools, asked.by)),
        };
        let written = found.as_ref().is_some_and(|found| !found.calls.is_empty());
        let end = ReplyEnd::of(said.finish_reason.as_deref(), said.usage);
        let cut_off = end != ReplyEnd::Finished;
        // A reply that something else stopped says nothing about the protocol; one that the
        // token limit cut off in mid-prose does, for where a call is enforced it comes first.
        let stopped = end == ReplyEnd::Stopped || said.refused;
        let prose = found.is_some() && !written && !stopped && !said.text.is_empty();
        if prose && self.was_ignored(call, asked) {
            return Next::AskAgain;
        }
        let mut learned = self.learned();
        if native || (written && asked.by != Protocol::FunctionCalling) {
            learned.proven.insert(asked.by);
        }
        if native || written {
            learned.prose = 0;
        }
        if written && asked.by == Protocol::FunctionCalling {
            let notice = "writes tool calls into its text; they are read from there";
            self.say(call, &mut learned, notice);
        }
        // What was begun when the limit came is not what the model asked for.
        let found = match found {
            Some(_) if cut_off => Some(protocol::extract_cut_off(
                &said.text,
                &call.request.tools,
                asked.by,
            )),
            found => found,
        };
        let last_is_whole = match &found {
            Some(found) => !found.calls.is_empty(),
            None => (said.calls.last())
                .is_none_or(|last| serde_json::from_str::<Value>(&last.arguments).is_ok()),
        };
        match (end, last_is_whole) {
            (ReplyEnd::CutOff { .. }, false) => {
                let notice = "stopped at the token limit before it made a whole call; where that \
                              goes on, raise sampling.max_tokens";
                self.say(call, &mut learned, notice);
            }
            (ReplyEnd::Stopped, false) => {
                let notice = format!(
                    "stopped a reply before it held a whole call, for {:?}",
                    said.finish_reason.as_deref().unwrap_or_default()
                );
                self.say_as(call, &mut learned, "stopped", &notice);
            }
            (ReplyEnd::CutOff { .. } | ReplyEnd::Stopped | ReplyEnd::Finished, _) => {}
        }
        let none_asked_for = asked.quirks.stream && !asked.quirks.stream_usage;
        if said.usage.is_none() && !none_asked_for {
            let notice = "counts no tokens; limits of tokens go by an estimate, cost stays unknown";
            self.say(call, &mut learned, notice);
        }
        if let Some(usage) = said.usage
            && let Some(expected) = learned
                .truncation
                .missing(asked.body.prompt_chars, usage.prompt_tokens)
        {
            let notice = format!(
                "counts {} tokens in a prompt of about {expected}: it may silently drop the \
                 beginning of the conversation; raise its context length",
                usage.prompt_tokens
            );
            self.say_as(call, &mut learned, "truncation", &notice);
        }
        drop(learned);
        Next::Return(Box::new(self.reply(call, asked.by, said, found, raw)))
    }

    /// Decides whether prose means that the endpoint does not know the protocol; if
    /// so, the next attempt uses a weaker one.
    fn was_ignored(&self, call: &mut Call<'_>, asked: &Asked) -> bool {
        let mut learned = self.learned();
        if learned.proven.contains(&asked.by) || call.adaptations >= MAX_ADAPTATIONS {
            return false;
        }
        if learned.quirks.protocol_for(call.request.protocol) != asked.by {
            // Another call found out while this one was under way.
            call.adaptations += 1;
            return true;
        }
        learned.prose += 1;
        // Where a call was only asked for, one answer in prose may be the model's whim.
        let patience = match (asked.by, asked.quirks.tool_choice) {
            (Protocol::FunctionCalling, ToolChoice::Auto | ToolChoice::Omit) => 2,
            _ => 1,
        };
        if learned.prose < patience {
            return false;
        }
        match adapt::after_prose(&learned.quirks, asked.by) {
            Some(adaptation) => {
                learned.prose = 0;
                if let Some(attempt) = call.attempts.last_mut() {
                    attempt.outcome.clone_from(&adaptation.notice);
                }
                self.adopt(call, &mut learned, adaptation);
                true
            }
            None => false,
        }
    }

    /// Decides what a failure leads to.
    fn recover(&self, call: &mut Call<'_>, asked: &Asked, failed: Box<Failed>) -> Next {
        if let Some(written) = &failed.error.failed_generation {
            let found = protocol::extract(written, &call.request.tools, Protocol::FunctionCalling);
            let notice = "could not read the model's tool call; it is taken from what it reported";
            self.say(call, &mut self.learned(), notice);
            let reply = self.reply(call, asked.by, Said::default(), Some(found), failed.body);
            return Next::Return(Box::new(reply));
        }
        if failed.fault == Fault::NotFound && !self.ever_answered.load(Ordering::Relaxed) {
            // A model that is not there is not found elsewhere either.
            let about_model = failed.error.words().contains("model");
            if !about_model && self.transport.try_other_way(asked.way) {
                return Next::AskAgain;
            }
        }
        if let Some(status) = call.attempts.last().and_then(|attempt| attempt.status)
            && !matches!(failed.fault, Fault::ContextLength | Fault::Auth)
            && self.learn(call, asked, status, &failed)
        {
            return Next::AskAgain;
        }
        let failure = Failure {
            fault: failed.fault,
            attempts: call.tries,
            elapsed: call.began.elapsed(),
            server_wait: failed.server_wait,
            ever_answered: self.ever_answered.load(Ordering::Relaxed),
            random: rand::random(),
        };
        let Some(wait) = self.config.retry.next_wait(&failure) else {
            return Next::Fail(self.given_up(asked, failed));
        };
        let notice = format!(
            "failed: {}; the call is tried again, as are others like it, each up to {} times",
            failed.detail,
            self.config
                .retry
                .attempts(failure.fault, failure.ever_answered)
        );
        self.say_as(call, &mut self.learned(), failed.fault.name(), &notice);
        Next::Retry(wait)
    }

    /// A failure that is final, with what is known about why.
    fn given_up(&self, asked: &Asked, mut failed: Box<Failed>) -> Box<Failed> {
        let longest = self.config.retry.max_server_delay;
        if let Some(asked) = failed.server_wait.filter(|&asked| asked > longest) {
            let (asked, longest) = (asked.as_secs(), longest.as_secs());
            failed.detail.push_str(&format!(
                "; it asks to wait {asked} s, and {longest} s are waited at most"
            ));
        }
        let has_images = adapt::shows_images(&asked.body.document.to_value());
        let way_out = match failed.fault {
            Fault::Refused if has_images && adapt::is_about_images(&failed.error) => {
                "; use --observation synth/1"
            }
            Fault::Refused if fault::is_over_rate(&failed.error) => {
                "; this is a limit of the account: send less by --history 4"
            }
            Fault::ContextLength => {
                "; raise the server's context, or send less: --history 4, \
                 --set agent.prompt=short"
            }
            _ => "",
        };
        failed.detail.push_str(way_out);
        failed
    }

    /// Learns from a refusal; whether asking again makes sense.
    fn learn(&self, call: &mut Call<'_>, asked: &Asked, status: u16, failed: &Failed) -> bool {
        if call.adaptations >= MAX_ADAPTATIONS {
            return false;
        }
        let mut learned = self.learned();
        let Some(adaptation) = adapt::after_refusal(
            &asked.quirks,
            &asked.body.document.to_value(),
            status,
            &failed.error,
        ) else {
            return false;
        };
        if learned.quirks != asked.quirks {
            // Another call learned something meanwhile: see whether that was it.
            call.adaptations += 1;
            return true;
        }
        self.adopt(call, &mut learned, adaptation);
        true
    }

    fn adopt(&self, call: &mut Call<'_>, learned: &mut Learned, adaptation: Adaptation) {
        learned.quirks = adaptation.quirks;
        call.adaptations += 1;
        call.tries = 0;
        self.say(call, learned, &adaptation.notice);
    }

    fn say_ignored(&self, call: &mut Call<'_>, text: &str) {
        let notice = format!("writes {text:?} after its JSON; such text is not read");
        self.say_as(call, &mut self.learned(), "after its JSON", &notice);
    }

    /// Says something, the first time in a run.
    fn say(&self, call: &mut Call<'_>, learned: &mut Learned, notice: &str) {
        self.say_as(call, learned, notice, notice);
    }

    /// Says something of a kind of which nothing was said before in this run.
    fn say_as(&self, call: &mut Call<'_>, learned: &mut Learned, kind: &str, notice: &str) {
        if !learned.said.insert(kind.to_owned()) {
            return;
        }
        let EndpointConfig { model, .. } = &self.config;
        let notice = format!("{} (model {model}) {notice}", self.config.address());
        if let Some(listener) = self.listener.get() {
            listener(notice.clone());
        }
        call.notices.push(notice);
    }

    fn reply(
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

impl<'a> Call<'a> {
    fn new(request: &'a ChatRequest) -> Call<'a> {
        Call {
            request,
            began: Instant::now(),
            attempts: Vec::new(),
            notices: Vec::new(),
            adaptations: 0,
            tries: 0,
        }
    }

    fn note(
        &mut self,
        started: Timestamp,
        waited: Duration,
        received: &Received,
        result: &Result<(Said, Value), Box<Failed>>,
    ) {
        self.tries += 1;
        let (outcome, usage): (String, Option<Usage>) = match result {
            Ok((said, _)) => ("ok".into(), said.usage),
            // What was withheld or cannot be read may have cost something all the same.
            Err(failed) => (failed.detail.clone(), reply::usage_in(&failed.body)),
        };
        self.attempts.push(Attempt {
            started,
            latency: received.latency,
            waited,
            status: received.status,
            request_id: received.request_id.clone(),
            outcome,
            usage,
        });
    }
}

/// Reads a body as a reply. An error inside a 200 is an error.
pub(super) fn read(raw: Value) -> Result<(Said, Value), Box<Failed>> {
    let completion = Completion::deserialize(&raw).unwrap_or_default();
    match reply::read(completion) {
        Ok(said) => Ok((said, raw)),
        Err(NoReply::Error(_)) => Err(Failed::reported(200, raw, &HeaderMap::new())),
        Err(NoReply::Empty(_)) if raw.get("choices").is_none() && ErrorBody::is_in(&raw) => {
            Err(Failed::reported(200, raw, &HeaderMap::new()))
        }
        Err(NoReply::Withheld) => Err(Failed::withheld(raw)),
        Err(NoReply::Empty(why)) => {
            let why = match raw.get("assembled_from_chunks") {
                Some(_) => "its stream holds no reply".to_owned(),
                None => format!("{why}: {}", excerpt(&raw.to_string())),
            };
            Err(Failed::bad_reply(why, raw))
        }
    }
}

fn limiter_outcome(result: &Result<(Said, Value), Box<Failed>>) -> Outcome {
    match result {
        Ok(_) => Outcome::Answered,
        Err(failed) => match failed.fault {
            Fault::RateLimited => Outcome::RateLimited(failed.server_wait),
            Fault::Unreachable
            | Fault::Timeout
            | Fault::Server
            | Fault::BadReply
            | Fault::Unreadable => Outcome::Failed,
            Fault::Auth
            | Fault::Forbidden
            | Fault::NotFound
            | Fault::NotAnApi
            | Fault::ContextLength
            | Fault::Quota
            | Fault::Refused
            | Fault::ContentFilter
            | Fault::Recording => Outcome::Answered,
        },
    }
}
