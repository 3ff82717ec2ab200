//! Plays an episode again from its replies and traces it by hand, call by call,
//! as the agent's attributes trace it by themselves.
//!
//! This is what tracing costs without attributes, and the measure they are held
//! to: the two traces of one episode must say the same.

use std::collections::BTreeMap;
use std::time::Duration;

use agent_react::agent::AgentConfig;
use agent_react::environment::Environment;
use agent_react::history::Conversation;
use agent_react::model::{ChatMessage, ChatReply, ChatRequest, ModelError, Role};
use agent_react::outcome::{ActionCounts, Ending, EpisodeOutcome, Unlock};
use agent_react::protocol::reminder;
use agent_react::state::PublicState;
use agent_react::tools::{Decision, ToolError};
use anyhow::Context as _;
use env_crafter::Action;
use serde_json::{Value, json};
use tracer::record::{
    CaisEvent, EnvironmentEvent, LlmAttempt, LlmCallRecord, LlmToolCall, Metadata, RuntimeEvent,
    SessionEventMessage, Usage,
};
use tracer::{Session, error_state};

/// Plays what the calls of `model` came to, up to the first that failed, and records
/// everything into `session`. Fewer replies in a row may ask for nothing valid than end
/// an episode.
///
/// # Errors
///
/// Where a record is refused.
pub fn play(
    model: &str,
    answers: Vec<Result<ChatReply, ModelError>>,
    environment: Environment,
    config: &AgentConfig,
    session: &Session,
) -> anyhow::Result<()> {
    let system = config.prompt.system_message(config.tools.max_actions);
    let every_turn = config.prompt.every_turn.clone();
    let mut conversation = Conversation::new(system, every_turn, config.history);
    let mut hand = Hand {
        session,
        environment,
        config,
        model,
        turns: 0,
        invalid_replies: 0,
        unlocks: Vec::new(),
        actions: ActionCounts::default(),
        failure: None,
    };
    let mut notice: Option<String> = None;
    for answer in answers {
        let timestep = session.timestep(hand.turns)?;
        let mut observation = hand.environment.observe();
        if let Some(notice) = notice.take() {
            observation.prepend(&notice);
        }
        hand.observation(&observation.text)?;
        let request = ChatRequest {
            messages: conversation.messages(&observation),
            tools: config.tools.specs().into(),
            protocol: config.protocol,
            settings: config.sampling.clone(),
        };
        hand.prompt(&request)?;
        let reply = match answer {
            Ok(reply) => reply,
            Err(error) => {
                hand.failed(&request, error)?;
                timestep.complete()?;
                break;
            }
        };
        hand.decided(&request, &reply)?;
        hand.turns += 1;
        let results = match hand.validated(&reply)? {
            Ok(decision) => hand.execute(&decision)?,
            Err(error) => {
                hand.invalid_replies += 1;
                hand.environment.execute([]);
                let wrong = match error {
                    ToolError::NoCall { .. } => reminder(&request.tools, reply.protocol),
                    _ => format!("{error}."),
                };
                notice = Some(format!("Nothing was executed: {wrong}\n\n"));
                vec![error.to_string(); reply.tool_calls.len()]
            }
        };
        conversation.push(observation, reply.to_message(), results);
        timestep.complete()?;
    }
    let last = hand.environment.observe();
    hand.observation(&last.text)?;
    hand.outcome()
}

/// Who serves embedded models.
const PROVIDER: &str = "embedded";

struct Hand<'a> {
    session: &'a Session,
    environment: Environment,
    config: &'a AgentConfig,
    model: &'a str,
    turns: u64,
    invalid_replies: u64,
    unlocks: Vec<Unlock>,
    actions: ActionCounts,
    /// What the call that ended the episode failed with.
    failure: Option<ModelError>,
}

impl Hand<'_> {
    fn send(&self, kind: &str, from: &str, to: &str, payload: Value) -> anyhow::Result<()> {
        Ok(self
            .session
            .add_message(SessionEventMessage::new(kind, from, to, payload))?)
    }

    fn observation(&self, text: &str) -> anyhow::Result<()> {
        let digest = self.environment.private_state().digest;
        let payload = json!({
            "format": self.config.observation.to_string(),
            "step": self.environment.env().steps(),
            "digest": digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>(),
            "text": text,
        });
        self.send("observation", "environment", "llm_agent", payload)
    }

    fn prompt(&self, request: &ChatRequest) -> anyhow::Result<()> {
        let first = self.turns == 0;
        let messages = &request.messages;
        let answered = messages
            .iter()
            .rposition(|message| message.role == Role::Assistant);
        let new = &messages[answered.map_or(0, |last| last + 1)..];
        let new = new
            .iter()
            .filter(|message| first || message.role != Role::System);
        let mut payload = json!({
            "conversation_length": messages.len(),
            "messages": new.map(|message| shown(message)).collect::<Vec<_>>(),
        });
        if first {
            payload["protocol"] = json!(request.protocol);
            payload["tools"] = json!(request.tools);
        }
        self.send("llm_prompt", "llm_agent", "model", payload)
    }

    /// The event of a call, as far as it is known before the answer.
    fn called(&self, request: &ChatRequest) -> CaisEvent {
        let mut event = CaisEvent::new("llm_agent");
        event.base.system_state_before = json!({
            "messages": request.messages.len(),
            "tools": request.tools.iter().map(|tool| &tool.name).collect::<Vec<_>>(),
            "protocol": request.protocol,
        });
        event.model_name = Some(self.model.to_owned());
        event.provider = Some(PROVIDER.to_owned());
        event
    }

    fn failed(&mut self, request: &ChatRequest, error: ModelError) -> anyhow::Result<()> {
        let mut event = self.called(request);
        event.base.system_state_after = json!({ "error": error_state("ModelError", &error) });
        let fault = ("fault".to_owned(), error.fault.name().into());
        event.base.metadata.extend([fault]);
        let attempts = &error.exchange.attempts;
        let attempts = attempts.iter().enumerate().map(|(n, attempt)| LlmAttempt {
            error: attempt.outcome.clone(),
            status: attempt.status,
            waited_ms: match attempts.get(n + 1) {
                Some(next) => next.waited.as_secs_f64() * 1e3,
                None => 0.0,
            },
        });
        event.llm_call_records.push(LlmCallRecord {
            model_name: Some(self.model.to_owned()),
            provider: Some(PROVIDER.to_owned()),
            failed_attempts: attempts.collect(),
            ..LlmCallRecord::default()
        });
        self.session.record_event(event)?;
        self.failure = Some(error);
        Ok(())
    }

    fn decided(&self, request: &ChatRequest, reply: &ChatReply) -> anyhow::Result<()> {
        let usage = reply.total_usage().unwrap_or_default();
        let mut event = self.called(request);
        event.base.system_state_after =
            json!({ "protocol": reply.protocol, "tool_calls": reply.tool_calls });
        event.prompt_tokens = Some(usage.prompt_tokens);
        event.completion_tokens = Some(usage.completion_tokens);
        event.total_tokens = Some(usage.total_tokens);
        event.cost = Some(0.0);
        let latency_ms = Some(reply.latency.as_secs_f64() * 1e3);
        event.latency_ms = latency_ms;
        let calls = reply.tool_calls.iter().map(|call| LlmToolCall {
            id: Some(call.id.clone()),
            name: call.name.clone(),
            arguments: call.arguments.clone(),
        });
        event.llm_call_records.push(LlmCallRecord {
            model_name: Some(self.model.to_owned()),
            provider: Some(PROVIDER.to_owned()),
            output_text: Some(reply.text.clone()),
            reasoning: reply.reasoning.clone(),
            tool_calls: calls.collect(),
            finish_reason: reply.finish_reason.clone(),
            usage: Usage {
                prompt_tokens: Some(usage.prompt_tokens),
                completion_tokens: Some(usage.completion_tokens),
                total_tokens: Some(usage.total_tokens),
                ..Usage::default()
            },
            latency_ms,
            ..LlmCallRecord::default()
        });
        self.session.record_event(event)?;
        let payload = json!({
            "text": reply.text,
            "reasoning": reply.reasoning,
            "tool_calls": reply.tool_calls,
            "finish_reason": reply.finish_reason,
        });
        self.send("llm_completion", "model", "llm_agent", payload)
    }

    /// What a reply asks for, or why that cannot be done.
    fn validated(&self, reply: &ChatReply) -> anyhow::Result<Result<Decision, ToolError>> {
        let calls = json!({ "calls": reply.tool_calls });
        self.send("tool_call", "llm_agent", "runtime", calls)?;
        let mut event = RuntimeEvent::new("runtime");
        let arguments = json!({ "calls": reply.tool_calls, "end": reply.end() });
        event.base.system_state_before = json!({ "args": arguments });
        let decision = match self.environment.validate(&reply.tool_calls, reply.end()) {
            Ok(decision) => decision,
            Err(error) => {
                event.base.system_state_after =
                    json!({ "error": error_state("ToolError", &error) });
                self.session.record_event(event)?;
                return Ok(Err(error));
            }
        };
        event.base.system_state_after = json!({ "result": decision });
        let names: Vec<Value> = decision
            .actions()
            .map(|action| action.name().into())
            .collect();
        event.actions.clone_from(&names);
        self.session.record_event(event)?;
        self.send(
            "action",
            "runtime",
            "environment",
            json!({ "actions": names }),
        )?;
        Ok(Ok(decision))
    }

    /// Executes on a copy one action at a time, to see each state, and on the
    /// world itself all at once, as the agent does.
    fn execute(&mut self, decision: &Decision) -> anyhow::Result<Vec<String>> {
        let mut copy = self.environment.clone();
        for action in decision.actions() {
            if !copy.is_over() {
                self.step(&mut copy, action)?;
            }
        }
        let mut reports = self.environment.execute(decision.actions()).iter();
        Ok(decision
            .calls
            .iter()
            .map(|call| {
                let lines = reports
                    .by_ref()
                    .take(call.actions().len())
                    .map(ToString::to_string);
                lines.collect::<Vec<_>>().join("\n")
            })
            .collect())
    }

    fn step(&mut self, copy: &mut Environment, action: Action) -> anyhow::Result<()> {
        let before: PublicState = copy.public_state();
        let report = copy.execute([action]).first().copied();
        let done = report
            .and_then(|report| report.executed)
            .context("the world refused a step")?;
        let after = copy.public_state();

        let mut metadata: BTreeMap<&str, Value> = BTreeMap::new();
        metadata.insert("action", action.name().into());
        metadata.insert("effect", done.effect.to_string().into());
        if let Some(reason) = done.effect.reason() {
            metadata.insert("invalid", reason.name().into());
            *self.actions.invalid.entry((action, reason)).or_default() += 1;
        }
        if !done.unlocked.is_empty() {
            let names: Vec<&str> = done.unlocked.iter().map(|each| each.name()).collect();
            metadata.insert("unlocked", names.into());
        }
        *self.actions.executed.entry(action).or_default() += 1;
        let (step, turn) = (copy.env().steps(), self.turns - 1);
        self.unlocks
            .extend(done.unlocked.iter().map(|achievement| Unlock {
                achievement,
                step,
                turn,
            }));

        let mut event = EnvironmentEvent::new("environment");
        event.reward = Some(done.reward);
        event.terminated = copy.env().is_dead();
        event.truncated = copy.is_over() && !copy.env().is_dead();
        event.observation_diff = Value::Object(before.diff(&after));
        event.base.system_state_before = json!(before);
        event.base.system_state_after = json!(after);
        let entries = metadata
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value));
        event.base.metadata = entries.collect::<Metadata>();
        self.session.record_event(event)?;
        Ok(())
    }

    /// Records what came of the episode.
    fn outcome(self) -> anyhow::Result<()> {
        let env = self.environment.env();
        let has_failed = self.failure.is_some();
        let ending = match has_failed {
            true => Ending::EndpointFailure,
            false if env.is_dead() => Ending::Died,
            false => Ending::StepLimit,
        };
        let outcome = EpisodeOutcome {
            seed: env.config().seed,
            ending,
            steps: env.steps(),
            turns: self.turns,
            invalid_replies: self.invalid_replies,
            protocols: std::collections::BTreeMap::new(),
            reward: self.environment.total_reward(),
            achievements: env.achievements(),
            achievement_counts: *env.achievement_counts(),
            unlocks: self.unlocks,
            actions: self.actions,
            usage: agent_react::model::Usage::default(),
            // What a failed call cost is not known.
            cost: (!has_failed).then_some(0.0),
            model_calls: self.turns + u64::from(has_failed),
            model_time: Duration::ZERO,
            environment_time: Duration::ZERO,
            wall_time: Duration::ZERO,
            error: self.failure.map(|error| error.to_string()),
            stops_run: None,
        };
        self.session
            .add_metadata("episode_results", outcome.to_json())?;
        if let Some(message) = &outcome.error {
            let error = json!({ "ending": ending, "message": message });
            self.session.add_metadata("error", error)?;
        }
        Ok(())
    }
}

/// A message without its tool calls, which the reply's own record holds.
fn shown(message: &ChatMessage) -> Value {
    let mut value = json!({ "role": message.role, "content": message.joined_text() });
    if let Some(id) = &message.tool_call_id {
        value["tool_call_id"] = json!(id);
    }
    value
}
