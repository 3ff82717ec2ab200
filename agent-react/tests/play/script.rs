//! Provides a model that says what it is told to say, and a table to play it at.

use std::{sync::Mutex, time::Duration};

use agent_react::{
    agent::{self, AgentConfig, Progress},
    environment::Environment,
    hooks,
    model::{
        ChatMessage, ChatModel, ChatReply, ChatRequest, Exchange, Fault, ModelError, ToolCall,
        Usage,
    },
    outcome::EpisodeOutcome,
};
use async_trait::async_trait;
use env_crafter::EnvConfig;
use serde_json::{Map, json};
use tokio_util::sync::CancellationToken;
use tracer::{
    SessionOptions, Tracer, TracerOptions,
    record::{SessionStatus, SessionTrace},
};

/// What the scripted model does next.
pub(crate) enum Line {
    /// Calls `interact` with these actions.
    Act(&'static [&'static str]),
    /// Makes these calls: a tool and its arguments.
    Call(Vec<(&'static str, String)>),
    /// Calls `interact` with these arguments when the token limit cuts it off.
    CutOff(&'static str),
    /// Acts, without its tokens being counted.
    Uncounted(&'static [&'static str]),
    /// Says something without a call.
    Say(&'static str),
    /// Fails.
    Fail(Fault),
    /// Never answers.
    Hang,
}

/// Follows its script, repeats the last line at the end of it, and remembers what
/// it was sent.
pub(crate) struct Scripted {
    script: Vec<Line>,
    requests: Mutex<Vec<Vec<ChatMessage>>>,
}

impl Scripted {
    pub(crate) fn new(script: Vec<Line>) -> Self {
        Self {
            script,
            requests: Mutex::default(),
        }
    }

    /// The messages of each request so far.
    pub(crate) fn requests(&self) -> Vec<Vec<ChatMessage>> {
        self.requests
            .lock()
            .expect("no test panics while holding it")
            .clone()
    }
}

/// Tokens that each scripted reply claims to cost.
pub(crate) const TOKENS: u64 = 100;

#[async_trait]
impl ChatModel for Scripted {
    fn name(&self) -> &str {
        "scripted"
    }

    fn provider(&self) -> &str {
        "tests"
    }

    async fn complete(&self, request: ChatRequest) -> Result<ChatReply, ModelError> {
        let turn = {
            let mut requests = self
                .requests
                .lock()
                .expect("no test panics while holding it");
            requests.push(request.messages.iter().map(|it| (**it).clone()).collect());
            requests.len() - 1
        };
        let line = self
            .script
            .get(turn)
            .or(self.script.last())
            .expect("a script has lines");
        let calls = match line {
            Line::Act(actions) | Line::Uncounted(actions) => {
                vec![("interact", json!({ "actions": actions }).to_string())]
            }
            Line::Call(calls) => calls.clone(),
            Line::CutOff(arguments) => vec![("interact", (*arguments).to_owned())],
            Line::Say(_) => Vec::new(),
            Line::Fail(fault) => return Err(error(*fault)),
            Line::Hang => std::future::pending().await,
        };
        let tool_calls = calls
            .into_iter()
            .enumerate()
            .map(|(index, (name, arguments))| ToolCall {
                id: format!("call_{turn}_{index}"),
                name: name.to_owned(),
                arguments,
                extra: Map::new(),
            });
        Ok(ChatReply {
            text: if let Line::Say(text) = line {
                (*text).to_owned()
            } else {
                String::new()
            },
            tool_calls: tool_calls.collect(),
            finish_reason: matches!(line, Line::CutOff(_)).then(|| "length".to_owned()),
            usage: (!matches!(line, Line::Uncounted(_))).then(|| Usage {
                prompt_tokens: TOKENS - 10,
                completion_tokens: 10,
                total_tokens: TOKENS,
                ..Usage::default()
            }),
            latency: Duration::from_millis(1),
            ..ChatReply::default()
        })
    }
}

fn error(fault: Fault) -> ModelError {
    ModelError {
        fault,
        endpoint: "http://localhost:1/v1".to_owned(),
        model: "scripted".to_owned(),
        detail: "as the script says".to_owned(),
        ever_answered: true,
        exchange: Box::new(Exchange::default()),
    }
}

/// What came of a played script.
pub(crate) struct Played {
    pub(crate) outcome: EpisodeOutcome,
    pub(crate) trace: SessionTrace,
    pub(crate) requests: Vec<Vec<ChatMessage>>,
    pub(crate) progress: Vec<Progress>,
}

impl Played {
    /// The payloads of all messages of a type.
    pub(crate) fn messages(&self, message_type: &str) -> Vec<&serde_json::Value> {
        let history = self
            .trace
            .message_history
            .iter()
            .map(|message| &message.record);
        history
            .filter(|message| message.message_type == message_type)
            .map(|message| &message.content.payload)
            .collect()
    }

    /// Names of the executed actions, in order, as the trace has them.
    pub(crate) fn executed(&self) -> Vec<&str> {
        let events = self.trace.event_history.iter().map(|event| &event.record);
        let actions = events.filter_map(|event| event.base().metadata.get("action")?.as_str());
        actions.collect()
    }
}

/// Plays a script in the world of seed 0.
pub(crate) async fn play(script: Vec<Line>, config: &AgentConfig) -> Played {
    play_until(script, config, &CancellationToken::new()).await
}

/// Plays a script that can be cancelled.
pub(crate) async fn play_until(
    script: Vec<Line>,
    config: &AgentConfig,
    cancel: &CancellationToken,
) -> Played {
    let environment =
        Environment::new(EnvConfig::default(), config.environment()).expect("a valid world");
    let tracer = Tracer::new(TracerOptions {
        hooks: hooks::crafter_hooks(hooks::HookOptions::default()),
        ..TracerOptions::default()
    });
    let session = tracer
        .start_session(SessionOptions::default())
        .expect("a new session");
    let model = Scripted::new(script);
    let mut progress = Vec::new();
    let outcome = agent::play(&model, environment, config, &session, cancel, |each| {
        progress.push(each);
    });
    let outcome = outcome.await.expect("a trace in memory cannot fail");
    let trace = session
        .end(SessionStatus::Completed)
        .await
        .expect("nor can its end");
    Played {
        outcome,
        trace,
        requests: model.requests(),
        progress,
    }
}
