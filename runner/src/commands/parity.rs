//! `runner parity`: one episode traced by attributes and by hand, compared.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use agent_react::agent::{self, AgentConfig};
use agent_react::embedded;
use agent_react::environment::Environment;
use agent_react::hooks::{HookOptions, crafter_hooks};
use agent_react::model::{
    Attempt, ChatModel, ChatReply, ChatRequest, Exchange, Fault, ModelError, ToolCall, Usage,
};
use agent_react::tools::INTERACT;
use async_trait::async_trait;
use env_crafter::EnvConfig;
use jiff::Timestamp;
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use tracer::parity::{Check, ParityReport, Play, Tolerance, compare_plays};
use tracer::record::{SessionStatus, SessionTrace};
use tracer::{Tracer, TracerOptions};

use crate::args::ParityArgs;
use crate::by_hand;
use crate::exit::{Coded, Exit};
use crate::output;
use crate::plan::one_of;

/// How often an episode is traced both ways at most. A busy machine may disturb most plays;
/// what tracing itself takes is in each of them, so that one without it is enough.
const PLAYS: usize = 25;

/// Plays an episode both ways with the same replies, and prints what the two traces have
/// in common.
pub(super) fn parity(args: &ParityArgs) -> anyhow::Result<Exit> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let report = runtime.block_on(played_both_ways(args))?;
    match args.json {
        true => output::json(&report)?,
        false => output::line(&report.to_string())?,
    }
    Ok(if report.holds() {
        Exit::Done
    } else {
        Exit::Failed
    })
}

async fn played_both_ways(args: &ParityArgs) -> anyhow::Result<ParityReport> {
    let name = &args.model;
    let model = embedded::model(name, args.seed)
        .map_err(|_| Coded::usage(one_of("embedded model", name, &embedded::NAMES)))?;
    let mut config = AgentConfig::default();
    config.limits.steps = Some(args.max_steps);
    let world = EnvConfig {
        seed: args.seed,
        ..EnvConfig::default()
    };
    let environment = Environment::new(world, config.environment())?;
    let tracer = Tracer::new(TracerOptions {
        hooks: crafter_hooks(HookOptions::default()),
        ..TracerOptions::default()
    });

    let heard = Overheard {
        model,
        replies: Mutex::default(),
    };
    traced(&heard, &tracer, &environment, &config).await?;
    let replies = heard
        .replies
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    let answers = with_mishaps(replies);

    let mut plays = Vec::new();
    loop {
        let session = tracer.start_session(Default::default())?;
        by_hand::play(
            name,
            answers.clone(),
            environment.clone(),
            &config,
            &session,
        )?;
        let manual = session.end(SessionStatus::Completed).await?;
        // Without thinking, which takes no time by hand either.
        let recited = Recited {
            model: &*heard.model,
            answers: Mutex::new(answers.clone().into()),
        };
        let decorated = traced(&recited, &tracer, &environment, &config).await?;
        plays.push(Play {
            tolerance: tolerance(&manual),
            manual: untimed(manual),
            decorated: untimed(decorated),
        });
        let report = compare_plays(&plays);
        if plays.len() == PLAYS || !report.failed().into_iter().any(is_of_time) {
            return Ok(report);
        }
    }
}

/// Whether a question is one that a busy machine changes the answer to.
fn is_of_time(check: Check) -> bool {
    match check {
        Check::Timestamps | Check::Performance => true,
        Check::Events
        | Check::States
        | Check::Messages
        | Check::Metadata
        | Check::Turns
        | Check::Errors => false,
    }
}

/// The trace of an episode as the agent's attributes record it.
async fn traced(
    model: &dyn ChatModel,
    tracer: &Tracer,
    environment: &Environment,
    config: &AgentConfig,
) -> anyhow::Result<SessionTrace> {
    let session = tracer.start_session(Default::default())?;
    let cancel = CancellationToken::new();
    agent::play(model, environment.clone(), config, &session, &cancel, drop).await?;
    Ok(session.end(SessionStatus::Completed).await?)
}

/// The replies with what goes wrong with models that are not embedded: in the midst of them
/// one that calls nothing and one that asks for an action that is none, and in the place of
/// the last, which may end the world, a call that fails for good.
fn with_mishaps(mut replies: Vec<ChatReply>) -> Vec<Result<ChatReply, ModelError>> {
    replies.pop();
    let midst = replies.len() / 2;
    let silent = ChatReply {
        text: "I wonder what to do.".to_owned(),
        finish_reason: Some("stop".to_owned()),
        usage: Some(Usage::default()),
        ..ChatReply::default()
    };
    let mistaken = ChatReply {
        tool_calls: vec![ToolCall {
            id: "mistaken".to_owned(),
            name: INTERACT.to_owned(),
            arguments: r#"{"actions": ["fly"]}"#.to_owned(),
            extra: Default::default(),
        }],
        finish_reason: Some("tool_calls".to_owned()),
        usage: Some(Usage::default()),
        ..ChatReply::default()
    };
    replies.splice(midst..midst, [silent, mistaken]);
    let failed = |waited| Attempt {
        started: Timestamp::UNIX_EPOCH,
        latency: Duration::ZERO,
        waited,
        status: Some(503),
        request_id: None,
        outcome: "HTTP 503: overloaded".to_owned(),
        usage: None,
    };
    let failure = ModelError {
        fault: Fault::Server,
        endpoint: "an endpoint".to_owned(),
        model: "of parity".to_owned(),
        detail: "HTTP 503: overloaded".to_owned(),
        ever_answered: true,
        exchange: Box::new(Exchange {
            attempts: vec![failed(Duration::ZERO), failed(Duration::from_secs(1))],
            ..Exchange::default()
        }),
    };
    let replies = replies.into_iter().map(Ok);
    replies.chain([Err(failure)]).collect()
}

/// What may differ in time, by what recording by hand took: an event may take twice as
/// long, and be as late as ten of them.
fn tolerance(manual: &SessionTrace) -> Tolerance {
    /// Less than this is the machine's business.
    const LEAST: Duration = Duration::from_micros(50);
    let took = manual
        .ended_at
        .unwrap_or(manual.created_at)
        .duration_since(manual.created_at);
    let events = u32::try_from(manual.event_history.len()).unwrap_or(u32::MAX);
    let event = Duration::try_from(took).unwrap_or_default() / events.max(1);
    let event = event.max(LEAST);
    Tolerance {
        time: 10 * event,
        overhead_per_event: event,
    }
}

/// The trace without what its results say of time, which no two episodes share.
fn untimed(mut trace: SessionTrace) -> SessionTrace {
    for entry in &mut trace.metadata {
        if let Value::Object(fields) = &mut entry.data {
            fields.retain(|name, _| !name.ends_with("_ms"));
        }
    }
    trace
}

/// A model whose replies are kept, to be played again.
struct Overheard {
    model: Arc<dyn ChatModel>,
    /// A mutex because models answer through `&self`. Calls come one by one.
    replies: Mutex<Vec<ChatReply>>,
}

#[async_trait]
impl ChatModel for Overheard {
    fn name(&self) -> &str {
        self.model.name()
    }

    fn provider(&self) -> &str {
        self.model.provider()
    }

    async fn complete(&self, request: ChatRequest) -> Result<ChatReply, ModelError> {
        let reply = self.model.complete(request).await?;
        self.replies
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(reply.clone());
        Ok(reply)
    }
}

/// A model under whose name a script is played.
struct Recited<'a> {
    model: &'a dyn ChatModel,
    /// A mutex because models answer through `&self`. Calls come one by one.
    answers: Mutex<VecDeque<Result<ChatReply, ModelError>>>,
}

#[async_trait]
impl ChatModel for Recited<'_> {
    fn name(&self) -> &str {
        self.model.name()
    }

    fn provider(&self) -> &str {
        self.model.provider()
    }

    async fn complete(&self, _request: ChatRequest) -> Result<ChatReply, ModelError> {
        let answer = self
            .answers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop_front();
        answer.unwrap_or_else(|| {
            Err(ModelError {
                fault: Fault::Recording,
                endpoint: String::new(),
                model: self.name().to_owned(),
                detail: "the episode went on longer than before".to_owned(),
                ever_answered: true,
                exchange: Box::default(),
            })
        })
    }
}
