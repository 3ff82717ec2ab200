//! Provides who is asked by the agent: a person at the terminal, or a model that
//! somebody looks on.

use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Instant;

use agent_react::embedded;
use agent_react::model::{ChatModel, ChatReply, ChatRequest, ModelError};
use async_trait::async_trait;
use env_crafter::Action;
use tokio::sync::Mutex;
use tokio::sync::mpsc::UnboundedReceiver;

use super::HUMAN;
use crate::events::EpisodeEnded;

/// What the terminal hears of the episode.
#[derive(Debug)]
pub enum Heard {
    /// Whoever plays is shown this and asked to act.
    Asked(String),
    /// The model answered.
    Replied(Box<ChatReply>),
    /// There is something to know.
    Notice(String),
    /// The episode is over.
    Ended(Box<EpisodeEnded>),
}

/// Whoever plays, as the agent meets it. The terminal is told of every question and
/// answer; where it is gone, nobody is told and the episode goes on.
pub struct Seat {
    player: Player,
    told: Sender<Heard>,
}

/// Receivers are shared because models answer through `&self`; calls of an episode
/// come one by one.
enum Player {
    /// Acts by what is typed.
    Person(Mutex<UnboundedReceiver<Action>>),
    /// Acts on its own, and waits after each answer until it was shown.
    Model {
        model: Arc<dyn ChatModel>,
        shown: Mutex<UnboundedReceiver<()>>,
    },
}

impl Seat {
    /// A person, whose actions come from `typed`.
    pub fn person(typed: UnboundedReceiver<Action>, told: Sender<Heard>) -> Seat {
        Seat {
            player: Player::Person(Mutex::new(typed)),
            told,
        }
    }

    /// A model, which goes on when `shown` says that its answer was looked at.
    pub fn model(
        model: Arc<dyn ChatModel>,
        shown: UnboundedReceiver<()>,
        told: Sender<Heard>,
    ) -> Seat {
        Seat {
            player: Player::Model {
                model,
                shown: Mutex::new(shown),
            },
            told,
        }
    }

    fn tell(&self, heard: Heard) {
        // The terminal may have been left while the episode comes to its end.
        drop(self.told.send(heard));
    }
}

#[async_trait]
impl ChatModel for Seat {
    fn name(&self) -> &str {
        match &self.player {
            Player::Person(_) => HUMAN,
            Player::Model { model, .. } => model.name(),
        }
    }

    fn provider(&self) -> &str {
        match &self.player {
            Player::Person(_) => "terminal",
            Player::Model { model, .. } => model.provider(),
        }
    }

    async fn complete(&self, request: ChatRequest) -> Result<ChatReply, ModelError> {
        let asked = Instant::now();
        let question = request.messages.last().map(|message| message.joined_text());
        self.tell(Heard::Asked(question.unwrap_or_default()));
        match &self.player {
            Player::Person(typed) => match typed.lock().await.recv().await {
                Some(action) => Ok(embedded::reply(&request, &[action], "", asked)),
                // Nobody is there any more: the run is about to be cancelled.
                None => std::future::pending().await,
            },
            Player::Model { model, shown } => {
                let reply = model.complete(request).await?;
                self.tell(Heard::Replied(Box::new(reply.clone())));
                shown.lock().await.recv().await;
                Ok(reply)
            }
        }
    }
}
