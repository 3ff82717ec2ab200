//! Decides what an attempt leads to: a reply, another way of asking, a retry, an end. What
//! is learned of the endpoint is remembered for the run, and said once.
//!
//! Not here: what a refusal teaches, see [`super::adapt`], and how often is tried, see
//! [`crate::retry`].

use std::sync::atomic::Ordering;

use serde_json::Value;

use super::adapt::{self, Adaptation};
use super::call::{Asked, Call, Next};
use super::client::{Learned, Shared};
use super::fault;
use super::reply::Said;
use super::transport::Failed;
use crate::endpoint::{EndpointConfig, ToolChoice};
use crate::model::{Fault, Protocol, ReplyEnd};
use crate::protocol;
use crate::retry::Failure;

/// Refusals one call may learn from; more would be a loop.
const MAX_ADAPTATIONS: usize = 12;

impl Shared {
    /// Takes an answer as the reply, unless it ignored how it was asked.
    pub(super) fn judge(&self, call: &mut Call<'_>, asked: &Asked, said: Said, raw: Value) -> Next {
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
    pub(super) fn recover(&self, call: &mut Call<'_>, asked: &Asked, failed: Box<Failed>) -> Next {
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

    pub(super) fn say_ignored(&self, call: &mut Call<'_>, text: &str) {
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
}
