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
use agent_react::model::{ChatMessage, ChatReply, ChatRequest, Role};
use agent_react::outcome::{ActionCounts, Ending, EpisodeOutcome, Unlock};
use agent_react::state::PublicState;
use agent_react::tools::Decision;
use anyhow::Context as _;
use env_crafter::Action;
use serde_json::{Value, json};
use tracer::Session;
use tracer::record::{
    CaisEvent, EnvironmentEvent, LlmCallRecord, LlmToolCall, Metadata, RuntimeEvent,
    SessionEventMessage, Usage,
};

/// Plays the replies of `model` and records everything into `session`.
///
/// # Errors
///
/// Where a record is refused, or a reply asks for nothing valid: an episode with
/// invalid replies is not one this can play again.
pub fn play(
    model: &str,
    replies: Vec<ChatReply>,
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
        turns: 0,
        unlocks: Vec::new(),
        actions: ActionCounts::default(),
    };
    for reply in replies {
        let timestep = session.timestep(hand.turns)?;
        let observation = hand.environment.observe();
        hand.observation(&observation.text)?;
        let request = ChatRequest {
            messages: conversation.messages(&observation),
            tools: config.tools.specs().into(),
            protocol: config.protocol,
            settings: config.sampling.clone(),
        };
        hand.prompt(&request)?;
        hand.decided(model, &request, &reply)?;
        hand.turns += 1;
        let decision = hand.validated(&reply)?;
        let results = hand.execute(&decision)?;
        conversation.push(observation, reply.to_message(), results);
        timestep.complete()?;
    }
    let last = hand.environment.observe();
    hand.observation(&last.text)?;
    session.add_metadata("episode_results", hand.outcome().to_json())?;
    Ok(())
}

struct Hand<'a> {
    session: &'a Session,
    environment: Environment,
    config: &'a AgentConfig,
    turns: u64,
    unlocks: Vec<Unlock>,
    actions: ActionCounts,
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

    fn decided(&self, model: &str, request: &ChatRequest, reply: &ChatReply) -> anyhow::Result<()> {
        let usage = reply.total_usage().unwrap_or_default();
        let mut event = CaisEvent::new("llm_agent");
        event.base.system_state_before = json!({
            "messages": request.messages.len(),
            "tools": request.tools.iter().map(|tool| &tool.name).collect::<Vec<_>>(),
            "protocol": request.protocol,
        });
        event.base.system_state_after =
            json!({ "protocol": reply.protocol, "tool_calls": reply.tool_calls });
        event.model_name = Some(model.to_owned());
        event.provider = Some("embedded".to_owned());
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
            model_name: Some(model.to_owned()),
            provider: Some("embedded".to_owned()),
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

    fn validated(&self, reply: &ChatReply) -> anyhow::Result<Decision> {
        let calls = json!({ "calls": reply.tool_calls });
        self.send("tool_call", "llm_agent", "runtime", calls.clone())?;
        let decision = self.environment.validate(&reply.tool_calls);
        let decision = decision.context("the model asked for something invalid")?;
        let mut event = RuntimeEvent::new("runtime");
        event.base.system_state_before = json!({ "args": calls });
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
        Ok(decision)
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

    fn outcome(self) -> EpisodeOutcome {
        let env = self.environment.env();
        EpisodeOutcome {
            seed: env.config().seed,
            ending: if env.is_dead() {
                Ending::Died
            } else {
                Ending::StepLimit
            },
            steps: env.steps(),
            turns: self.turns,
            invalid_replies: 0,
            protocols: std::collections::BTreeMap::new(),
            reward: self.environment.total_reward(),
            achievements: env.achievements(),
            achievement_counts: *env.achievement_counts(),
            unlocks: self.unlocks,
            actions: self.actions,
            usage: agent_react::model::Usage::default(),
            cost: Some(0.0),
            model_calls: self.turns,
            model_time: Duration::ZERO,
            environment_time: Duration::ZERO,
            wall_time: Duration::ZERO,
            error: None,
            stops_run: None,
        }
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
