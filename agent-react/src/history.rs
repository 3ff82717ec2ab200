//! Builds the conversation that a model is sent: the prompt, what is remembered
//! of earlier turns, and the present observation.
//!
//! A turn is remembered as a whole or not at all: an observation, the reply to
//! it, and the results of the reply's calls are never separated. What is
//! remembered does not decide what is recorded: traces hold every turn.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::{
    model::{ChatMessage, ChatRequest, Part, Role, Shared},
    observation::Observation,
};

/// How much of the earlier turns a model is sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum History {
    /// Nothing.
    None,
    /// At most this many turns.
    Last(usize),
    /// As many turns as fit into this many tokens, prompt and present observation
    /// included. Tokens are estimated, see [`estimate_tokens`].
    Full {
        /// The budget.
        tokens: usize,
    },
}

impl Default for History {
    fn default() -> Self {
        History::Last(16)
    }
}

/// How a conversation is put together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// The prompt is the system message, and turns are remembered whole.
    #[default]
    Turns,
    /// As BALROG's agents are shown it: the prompt is a user message, and what is
    /// remembered counts observations and actions apart, the present observation
    /// included. A full history therefore begins with an action whose observation is
    /// forgotten.
    Balrog,
}

impl Shape {
    /// Every shape with its name in configuration.
    pub const NAMES: [(&str, Shape); 2] = [("turns", Shape::Turns), ("balrog", Shape::Balrog)];
}

/// A conversation with a model.
#[derive(Clone, Debug)]
pub struct Conversation {
    system: Shared<ChatMessage>,
    every_turn: Option<String>,
    history: History,
    shape: Shape,
    turns: VecDeque<Turn>,
    /// What the present observation was shown as.
    shown: Vec<Shared<ChatMessage>>,
}

/// A turn that is over.
#[derive(Clone, Debug)]
struct Turn {
    /// The observation as it reads later, with the results of the turn before.
    opening: Vec<Shared<ChatMessage>>,
    /// The observation alone, for when the turn before is forgotten.
    alone: Shared<ChatMessage>,
    reply: Shared<ChatMessage>,
    /// What each call of the reply came to.
    results: Vec<String>,
}

impl Conversation {
    /// A conversation that opens with this system message; `every_turn` ends each
    /// present observation.
    pub fn new(system: String, every_turn: Option<String>, history: History) -> Self {
        Self {
            system: ChatMessage::system(system).into(),
            every_turn,
            history,
            shape: Shape::Turns,
            turns: VecDeque::new(),
            shown: Vec::new(),
        }
    }

    /// The same, put together in another way.
    #[must_use]
    pub fn shaped(mut self, shape: Shape) -> Self {
        self.shape = shape;
        let role = match shape {
            Shape::Turns => Role::System,
            Shape::Balrog => Role::User,
        };
        self.system = Shared::from(ChatMessage {
            role,
            ..(*self.system).clone()
        });
        self
    }

    /// The messages that show the model the present observation.
    ///
    /// The observation that follows a tool call is the result of that call; any
    /// other is a user message, and so is one with an image, since endpoints take
    /// images from users only.
    pub fn messages(&mut self, observation: &Observation) -> Vec<Shared<ChatMessage>> {
        let present = self.present(observation);
        self.forget(&present);
        let mut messages = vec![self.system.clone()];
        let is_full = self.history == History::Last(self.turns.len());
        let halved = self.shape == Shape::Balrog && is_full;
        for (age, turn) in self.turns.iter().enumerate() {
            match age {
                0 if halved => {}
                0 => messages.push(turn.alone.clone()),
                _ => messages.extend_from_slice(&turn.opening),
            }
            messages.push(turn.reply.clone());
        }
        self.shown = answered_with(self.turns.back(), present);
        messages.extend_from_slice(&self.shown);
        messages
    }

    /// Adds a turn that is over.
    pub fn push(&mut self, observation: Observation, reply: ChatMessage, results: Vec<String>) {
        let keep = match self.history {
            History::None => return,
            History::Last(turns) => turns,
            History::Full { .. } => usize::MAX,
        };
        let text = observation.text_later.unwrap_or(observation.text);
        let seen = vec![Part::Text(text.clone())];
        let opening = answered_with(self.turns.back(), seen);
        self.turns.push_back(Turn {
            // What reads later as it was shown need not be written again.
            opening: match opening == self.shown {
                true => std::mem::take(&mut self.shown),
                false => opening,
            },
            alone: ChatMessage::user(text).into(),
            reply: reply.into(),
            results,
        });
        while self.turns.len() > keep {
            self.turns.pop_front();
        }
    }

    fn present(&self, observation: &Observation) -> Vec<Part> {
        let text = match &self.every_turn {
            Some(reminder) => format!("{}\n\n{reminder}", observation.text),
            None => observation.text.clone(),
        };
        let image = observation.image.clone().map(Part::Image);
        image
            .into_iter()
            .chain((!text.is_empty()).then_some(Part::Text(text)))
            .collect()
    }

    /// Forgets, for good, the oldest turns that do not fit the budget.
    fn forget(&mut self, present: &[Part]) {
        let History::Full { tokens } = self.history else {
            return;
        };
        let fixed = message_tokens(&self.system) + present.iter().map(part_tokens).sum::<usize>();
        let mut remembered: usize = self.turns.iter().map(Turn::tokens).sum();
        while fixed + remembered > tokens {
            let Some(oldest) = self.turns.pop_front() else {
                break;
            };
            remembered -= oldest.tokens();
        }
    }
}

impl Turn {
    /// The result of each call.
    fn answers(&self) -> Vec<ChatMessage> {
        let results = self.results.iter().map(String::as_str);
        let calls = self.reply.tool_calls.iter();
        calls
            .zip(results.chain(std::iter::repeat("")))
            .map(|(call, result)| ChatMessage::tool(call.id.as_str(), result))
            .collect()
    }

    fn tokens(&self) -> usize {
        let results: usize = self
            .results
            .iter()
            .map(|result| estimate_tokens(result))
            .sum();
        let observation: usize = self.alone.content.iter().map(part_tokens).sum();
        observation + message_tokens(&self.reply) + results
    }
}

/// The messages that answer all calls of the turn before, the last one with what is seen
/// now.
fn answered_with(before: Option<&Turn>, seen: Vec<Part>) -> Vec<Shared<ChatMessage>> {
    let has_image = seen.iter().any(|part| matches!(part, Part::Image(_)));
    let mut messages: Vec<ChatMessage> = before.map_or_else(Vec::new, Turn::answers);
    match messages.last_mut() {
        Some(last) if !has_image => last.content = seen,
        _ => messages.push(ChatMessage {
            content: seen,
            ..ChatMessage::text(Role::User, "")
        }),
    }
    Shared::all(messages)
}

/// A rough number of tokens, four bytes each: tokenizers differ by model, and the
/// budget only has to keep its distance from the model's context.
pub const fn estimate_tokens(text: &str) -> usize {
    text.len().div_ceil(4)
}

/// What an image costs, roughly, at the sizes that are drawn here.
const IMAGE_TOKENS: usize = 1000;
/// What the description of a tool costs.
const TOOL_TOKENS: usize = 200;
/// What the frame of a message costs.
const MESSAGE_TOKENS: usize = 4;

fn part_tokens(part: &Part) -> usize {
    match part {
        Part::Text(text) => estimate_tokens(text),
        Part::Image(_) => IMAGE_TOKENS,
    }
}

/// What a request costs, roughly, see [`estimate_tokens`].
pub(crate) fn request_tokens(request: &ChatRequest) -> usize {
    let messages: usize = request.messages.iter().map(|it| message_tokens(it)).sum();
    messages + request.tools.len() * TOOL_TOKENS
}

pub(crate) fn message_tokens(message: &ChatMessage) -> usize {
    let content: usize = message.content.iter().map(part_tokens).sum();
    let calls: usize = message
        .tool_calls
        .iter()
        .map(|call| estimate_tokens(&call.name) + estimate_tokens(&call.arguments))
        .sum();
    let reasoning = message.reasoning.as_deref().map_or(0, estimate_tokens);
    MESSAGE_TOKENS + content + calls + reasoning
}
