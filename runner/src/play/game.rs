//! Follows an episode in a world of its own.

use std::collections::VecDeque;

use agent_react::agent::{AgentConfig, InvalidReplies};
use agent_react::environment::Environment;
use agent_react::model::ChatReply;
use agent_react::observation::Executed;
use env_crafter::{Action, Env};
use serde_json::Value;

use super::Heard;
use crate::events::EpisodeEnded;
use crate::output::visible;

/// Lines that are kept of what happened.
const LINES: usize = 100;

/// An episode as the terminal shows it.
#[derive(Debug)]
pub struct Game {
    pub(super) model: String,
    pub(super) environment: Environment,
    invalid_replies: InvalidReplies,
    /// What whoever plays was shown last.
    pub(super) observation: String,
    /// Why the model did what it did last.
    pub(super) reasoning: String,
    /// What happened, the latest last.
    pub(super) lines: VecDeque<Line>,
    /// Whether whoever plays was asked and has not answered.
    pub(super) asked: bool,
    /// What the model decided and was not shown yet.
    pub(super) decided: VecDeque<Action>,
    /// Whether the model's last answer was not shown to its end.
    pub(super) unshown: bool,
    /// What came of the episode, once it is over.
    pub(super) ended: Option<EpisodeEnded>,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) text: String,
    pub(super) tone: Tone,
}

/// How good it is that it happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Plain,
    /// An action without effect, an invalid reply, or damage.
    Bad,
    /// An achievement.
    Good,
}

impl Game {
    /// The game of an episode that begins in this environment.
    pub fn new(model: &str, environment: Environment, agent: &AgentConfig) -> Game {
        Game {
            model: model.to_owned(),
            environment,
            invalid_replies: agent.invalid_replies,
            observation: String::new(),
            reasoning: String::new(),
            lines: VecDeque::new(),
            asked: false,
            decided: VecDeque::new(),
            unshown: false,
            ended: None,
        }
    }

    /// The world.
    pub fn env(&self) -> &Env {
        self.environment.env()
    }

    /// Takes in what was heard of the episode.
    pub fn hear(&mut self, heard: Heard) {
        match heard {
            Heard::Asked(observation) => {
                self.observation = visible(&observation).into_owned();
                self.asked = true;
            }
            Heard::Replied(reply) => {
                (self.asked, self.unshown) = (false, true);
                self.replied(&reply);
            }
            Heard::Notice(text) => self.note(text, Tone::Plain),
            Heard::Ended(ended) => {
                self.asked = false;
                let text = format!("The episode is over: {}.", ended.ending);
                self.note(text, Tone::Good);
                self.note(ended.error.clone().unwrap_or_default(), Tone::Bad);
                self.ended = Some(*ended);
            }
        }
    }

    fn replied(&mut self, reply: &ChatReply) {
        let arguments = reply.tool_calls.iter().map(|call| &call.arguments);
        let argued = arguments.filter_map(|text| {
            let arguments: Value = serde_json::from_str(text).ok()?;
            Some(arguments["reasoning"].as_str()?.to_owned())
        });
        let argued: Vec<String> = argued.filter(|text| !text.is_empty()).collect();
        let reasoning = match (argued.is_empty(), &reply.reasoning) {
            (false, _) => &argued.join(" "),
            (true, Some(reasoning)) => reasoning,
            (true, None) => &reply.text,
        };
        self.reasoning = in_a_row(reasoning);
        match self
            .environment
            .options()
            .tools
            .validate(&reply.tool_calls, reply.end())
        {
            Ok(decision) => self.decided.extend(decision.actions()),
            Err(error) => {
                self.note(format!("invalid reply: {error}"), Tone::Bad);
                match self.invalid_replies {
                    InvalidReplies::Answered => {}
                    InvalidReplies::BecomeNoop => self.decided.push_back(Action::Noop),
                }
            }
        }
    }

    /// Makes a step, as the episode does.
    pub fn act(&mut self, action: Action) {
        self.asked = false;
        let report = self.environment.execute([action]).first().copied();
        let Some(Executed {
            effect,
            reward,
            unlocked,
        }) = report.and_then(|report| report.executed)
        else {
            return;
        };
        let step = self.env().steps();
        let bad = effect.is_invalid() || reward < 0.0;
        let mut text = format!("{step} {}: {effect}", action.name().replace('_', " "));
        if reward < 0.0 {
            text.push_str(&format!(" ({reward:+.1})"));
        }
        self.note(text, if bad { Tone::Bad } else { Tone::Plain });
        for achievement in unlocked.iter() {
            let name = achievement.name().replace('_', " ");
            self.note(format!("unlocked {name}!"), Tone::Good);
        }
    }

    fn note(&mut self, text: String, tone: Tone) {
        if text.is_empty() {
            return;
        }
        if self.lines.len() == LINES {
            self.lines.pop_front();
        }
        let text = in_a_row(&text);
        self.lines.push_back(Line { text, tone });
    }
}

/// Somebody else's text in one row, where nothing in it commands the terminal.
fn in_a_row(text: &str) -> String {
    visible(&text.replace(['\n', '\t'], " ")).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_model_says_stays_in_its_row() {
        let said = in_a_row("up\nand \u{1b}[2J\u{7}away");
        assert_eq!(said, "up and [U+001B][2J[U+0007]away");
    }
}
