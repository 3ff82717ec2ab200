//! Provides the models that need no endpoint.
//!
//! They are models like any other: each sees only the text of the conversation,
//! and answers with a tool call. They are the default first impression, the lower
//! and upper baselines of reports, and a test of the text and the tools.

mod expert;
mod noise;
mod noop;
mod random;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use async_trait::async_trait;
use env_crafter::Action;
use serde_json::{Map, json};
use thiserror::Error;

use self::{
    expert::{Expert, Level},
    noise::Noisy,
};
use crate::{
    model::{ChatModel, ChatReply, ChatRequest, ModelError, ToolCall, Usage},
    tools::INTERACT,
};

/// What the names of embedded models begin with.
pub const PREFIX: &str = "embedded:";

/// The embedded models' names. Each may be followed by a share of random actions,
/// as in `embedded:expert?noise=0.1`.
pub const NAMES: [&str; 4] = [
    "embedded:expert",
    "embedded:novice",
    "embedded:random",
    "embedded:noop",
];

/// There is no such embedded model.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "unknown embedded model {name:?}; known: {}, each with ?noise=0 to 1 for a share of random actions",
    NAMES.join(", ")
)]
pub struct UnknownModel {
    /// What was asked for.
    pub name: String,
}

/// An embedded model for one episode. It remembers what it was shown, so every
/// episode needs its own.
///
/// ```
/// use agent_react::embedded;
///
/// assert!(embedded::model("embedded:expert?noise=0.1", 7).is_ok());
/// assert!(embedded::model("embedded:expert?noise=2", 7).is_err());
/// ```
///
/// # Errors
///
/// If there is none of this name.
pub fn model(name: &str, seed: u64) -> Result<Arc<dyn ChatModel>, UnknownModel> {
    let unknown = || UnknownModel {
        name: name.to_owned(),
    };
    let (base, noise) = match name.split_once("?noise=") {
        Some((base, share)) => (base, share.parse().map_err(|_| unknown())?),
        None => (name, 0.0),
    };
    if !(0.0..=1.0).contains(&noise) {
        return Err(unknown());
    }
    match base {
        "embedded:expert" => Ok(embed(name, Expert::new(Level::Expert), noise, seed)),
        "embedded:novice" => Ok(embed(name, Expert::new(Level::Novice), noise, seed)),
        "embedded:random" => Ok(embed(name, random::Random::new(seed), noise, seed)),
        "embedded:noop" => Ok(embed(name, noop::Noop, noise, seed)),
        _ => Err(unknown()),
    }
}

/// Whether this embedded model plays by what it reads in `synth/1`, and can do
/// nothing with observations that lack it; the others look at nothing.
pub fn reads(name: &str) -> bool {
    let base = name.split_once('?').map_or(name, |(base, _)| base);
    matches!(base, "embedded:expert" | "embedded:novice")
}

/// Chooses actions by what it is shown.
trait Policy: Send {
    /// The next actions, 1 to `max_actions`, and why.
    fn choose(&mut self, observation: &str, max_actions: usize) -> Choice;
}

/// What a policy wants.
struct Choice {
    actions: Vec<Action>,
    reasoning: String,
}

fn embed(name: &str, policy: impl Policy + 'static, noise: f64, seed: u64) -> Arc<dyn ChatModel> {
    Arc::new(Embedded {
        name: name.to_owned(),
        policy: Mutex::new(Noisy::new(policy, noise, seed)),
    })
}

struct Embedded<P> {
    name: String,
    /// A mutex because models are shared and answer through `&self`. An episode
    /// asks one question at a time, so it is never contended.
    policy: Mutex<P>,
}

#[async_trait]
impl<P: Policy> ChatModel for Embedded<P> {
    fn name(&self) -> &str {
        &self.name
    }

    fn provider(&self) -> &str {
        "embedded"
    }

    async fn complete(&self, request: ChatRequest) -> Result<ChatReply, ModelError> {
        let started = Instant::now();
        let observation = request.messages.last().map(|message| message.joined_text());
        let mut policy = self.policy.lock().unwrap_or_else(PoisonError::into_inner);
        let choice = policy.choose(&observation.unwrap_or_default(), max_actions(&request));
        Ok(reply(&request, &choice.actions, &choice.reasoning, started))
    }
}

/// The answer of a player inside this program, who needs no endpoint: one call that
/// asks for `actions`, at no tokens, for a question put at `asked`.
pub fn reply(
    request: &ChatRequest,
    actions: &[Action],
    reasoning: &str,
    asked: Instant,
) -> ChatReply {
    let actions: Vec<&str> = actions.iter().map(|action| action.name()).collect();
    ChatReply {
        tool_calls: vec![ToolCall {
            id: format!("call_{}", request.messages.len()),
            name: INTERACT.to_owned(),
            arguments: json!({ "reasoning": reasoning, "actions": actions }).to_string(),
            extra: Map::new(),
        }],
        finish_reason: Some("tool_calls".to_owned()),
        usage: Some(Usage::default()),
        latency: asked.elapsed(),
        protocol: request.protocol,
        ..ChatReply::default()
    }
}

/// How many actions the tool takes, as its schema says.
fn max_actions(request: &ChatRequest) -> usize {
    let interact = request.tools.iter().find(|tool| tool.name == INTERACT);
    interact
        .and_then(|tool| {
            tool.parameters
                .pointer("/properties/actions/maxItems")?
                .as_u64()
        })
        .and_then(|most| usize::try_from(most).ok())
        .unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use env_crafter::{Achievement, EnvConfig};

    use super::*;
    use crate::{
        environment::{Environment, EnvironmentOptions},
        model::{ChatMessage, ReplyEnd, Shared},
        tools::ToolRules,
    };

    #[test]
    fn every_name_is_a_model() {
        for name in NAMES {
            assert_eq!(
                model(name, 0)
                    .map(|model| model.name().to_owned())
                    .as_deref(),
                Ok(name)
            );
        }
        insta::assert_snapshot!(
            model("embedded:genius", 0).map(|_| ()).unwrap_err(),
            @r#"unknown embedded model "embedded:genius"; known: embedded:expert, embedded:novice, embedded:random, embedded:noop, each with ?noise=0 to 1 for a share of random actions"#
        );
    }

    /// Plays through the world, and returns what was read and what was answered.
    fn play(name: &str, seed: u64, steps: u64) -> (Environment, Vec<(String, String)>) {
        let world = EnvConfig {
            seed,
            ..EnvConfig::default()
        };
        let options = EnvironmentOptions {
            max_steps: Some(steps),
            ..EnvironmentOptions::default()
        };
        let mut environment = Environment::new(world, options).unwrap();
        let model = model(name, seed).unwrap();
        let mut transcript = Vec::new();
        while !environment.is_over() {
            let text = environment.observe().text;
            let reply = answer(&*model, &text);
            let decision = environment.validate(&reply, ReplyEnd::Finished).unwrap();
            environment.execute(decision.actions().collect::<Vec<_>>());
            transcript.push((text, reply[0].arguments.clone()));
        }
        (environment, transcript)
    }

    fn answer(model: &dyn ChatModel, text: &str) -> Vec<ToolCall> {
        let request = ChatRequest {
            messages: Shared::all([ChatMessage::user(text)]),
            tools: ToolRules::default().specs().into(),
            ..ChatRequest::default()
        };
        let reply = futures::executor::block_on(model.complete(request));
        reply.unwrap().tool_calls
    }

    #[test]
    fn recorded_text_alone_gives_the_same_answers() {
        let (_, transcript) = play("embedded:expert", 7, 400);
        let blind = model("embedded:expert", 7).unwrap();
        for (text, answered) in transcript {
            assert_eq!(answer(&*blind, &text)[0].arguments, answered);
        }
    }

    #[test]
    fn skill_shows() {
        let unlocked = |name| {
            let episodes = (0..4).map(|seed| play(name, seed, 600).0);
            episodes
                .map(|environment| environment.env().achievements().len())
                .sum::<usize>()
        };
        let [expert, novice, noisy, random] = [
            "embedded:expert",
            "embedded:novice",
            "embedded:expert?noise=0.5",
            "embedded:random",
        ]
        .map(unlocked);
        assert!(expert >= 4 * 13, "{expert} in four episodes");
        assert!(
            expert > novice && novice > random,
            "{expert} {novice} {random}"
        );
        assert!(expert > noisy, "{expert} {noisy}");
    }

    /// Worlds in which it unlocked everything when this was written. The floor
    /// leaves room for other decisions, not for worse ones.
    #[test]
    fn the_expert_keeps_its_level() {
        for seed in [1, 9, 17, 33] {
            let (environment, _) = play("embedded:expert", seed, 700);
            let unlocked = environment.env().achievements();
            assert!(unlocked.len() >= 17, "seed {seed}: {unlocked:?}");
        }
    }

    #[test]
    fn a_novice_leaves_stone_alone() {
        let (environment, _) = play("embedded:novice", 3, 600);
        let unlocked = environment.env().achievements();
        assert!(unlocked.contains(Achievement::MakeWoodPickaxe));
        assert!(!unlocked.contains(Achievement::MakeStonePickaxe));
    }
}
