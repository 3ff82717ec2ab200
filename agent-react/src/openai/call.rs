//! One call in progress: how it was asked, what came of each attempt, what to do next.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use reqwest::header::HeaderMap;
use serde::Deserialize;
use serde_json::Value;

use super::fault::{ErrorBody, excerpt};
use super::reply::{self, NoReply, Said};
use super::request::Body;
use super::transport::{Failed, Received};
use super::wire::Completion;
use crate::endpoint::Quirks;
use crate::limiter::Outcome;
use crate::model::{Attempt, ChatReply, ChatRequest, Fault, Protocol, Usage};

/// One call in progress.
pub(super) struct Call<'a> {
    pub(super) request: &'a ChatRequest,
    pub(super) began: Instant,
    pub(super) attempts: Vec<Attempt>,
    pub(super) notices: Vec<String>,
    pub(super) adaptations: usize,
    /// Attempts since the last adaptation, which is what the retry policy counts.
    pub(super) tries: u32,
}

/// One attempt, and how it was asked.
pub(super) struct Asked {
    pub(super) quirks: Quirks,
    pub(super) by: Protocol,
    pub(super) way: usize,
    pub(super) body: Body,
}

/// What to do after an attempt.
pub(super) enum Next {
    Return(Box<ChatReply>),
    /// Ask again at once, in another way.
    AskAgain,
    Retry(Duration),
    Fail(Box<Failed>),
}

impl<'a> Call<'a> {
    pub(super) fn new(request: &'a ChatRequest) -> Call<'a> {
        Call {
            request,
            began: Instant::now(),
            attempts: Vec::new(),
            notices: Vec::new(),
            adaptations: 0,
            tries: 0,
        }
    }

    pub(super) fn note(
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

pub(super) fn limiter_outcome(result: &Result<(Said, Value), Box<Failed>>) -> Outcome {
    match result {
        Ok(_) => Outcome::Answered,
        Err(failed) => match failed.fault {
            Fault::RateLimited => Outcome::RateLimited(failed.server_wait),
            Fault::Unreachable
            | Fault::Timeout
            | Fault::Server
            | Fault::BadReply
            | Fault::Unreadable => Outcome::Failed,
            Fault::ContextLength | Fault::ContentFilter => Outcome::Answered,
            Fault::Auth
            | Fault::Forbidden
            | Fault::NotFound
            | Fault::NotAnApi
            | Fault::Quota
            | Fault::Refused
            | Fault::Recording => Outcome::Refused,
        },
    }
}
