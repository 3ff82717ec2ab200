//! Plays one episode.

use std::time::{Duration, Instant};

use env_crafter::{AchievementSet, Action, Item};
use tokio_util::sync::CancellationToken;
use tracer::{Session, TraceError};

use super::{AgentConfig, InvalidReplies, decide::decide, messages::Recorder, tally::Tally};
use crate::{
    environment::Environment,
    history::{Conversation, Shape, message_tokens, request_tokens},
    model::{
        ChatMessage, ChatModel, ChatReply, ChatRequest, Fault, ModelError, Protocol, Shared,
        ToolCall, ToolSpec, Usage,
    },
    observation::Observation,
    outcome::{Ending, EpisodeOutcome},
    protocol::reminder,
    tools::{Call, Decision, ToolError},
};

/// How an episode stands, told after every turn.
#[derive(Clone, Debug)]
pub struct Progress {
    /// Replies so far, invalid ones included.
    pub turns: u64,
    /// Steps so far.
    pub steps: u64,
    /// Health, food, drink and energy.
    pub needs: [u8; 4],
    /// What was unlocked so far.
    pub achievements: AchievementSet,
    /// What was unlocked in this turn.
    pub unlocked: AchievementSet,
    /// The sum of all rewards.
    pub reward: f64,
    /// Tokens spent so far.
    pub usage: Usage,
    /// USD so far; `None` if a call's price is unknown.
    pub cost: Option<f64>,
}

/// Plays an episode to its end and records it in `session`, which stays open.
///
/// # Errors
///
/// If the trace could not be recorded. Whatever the model, the endpoint or the
/// world do is an [`Ending`].
pub async fn play(
    model: &dyn ChatModel,
    environment: Environment,
    config: &AgentConfig,
    session: &Session,
    cancel: &CancellationToken,
    mut progress: impl FnMut(Progress),
) -> Result<EpisodeOutcome, TraceError> {
    let mut episode = Episode::new(model, environment, config, session, cancel);
    let playing = async {
        let ending = loop {
            if let Some(ending) = episode.limit_reached() {
                break ending;
            }
            let timestep = session.timestep(episode.tally.turns)?;
            let ending = episode.turn(&mut progress).await?;
            timestep.complete()?;
            if let Some(ending) = ending {
                break ending;
            }
            tokio::task::yield_now().await;
        };
        episode.finish(ending)
    };
    session.instrument(playing).await
}

struct Episode<'a> {
    model: &'a dyn ChatModel,
    environment: Environment,
    config: &'a AgentConfig,
    cancel: &'a CancellationToken,
    recorder: Recorder<'a>,
    conversation: Conversation,
    tools: Shared<Vec<ToolSpec>>,
    tally: Tally,
    /// What the model has to be told before the next observation.
    notice: Option<String>,
    invalid_in_a_row: u32,
}

impl<'a> Episode<'a> {
    fn new(
        model: &'a dyn ChatModel,
        environment: Environment,
        config: &'a AgentConfig,
        session: &'a Session,
        cancel: &'a CancellationToken,
    ) -> Self {
        let prompt = &config.prompt;
        let system = prompt.system_message(config.tools.max_actions);
        Self {
            model,
            environment,
            config,
            cancel,
            recorder: Recorder::new(session),
            conversation: Conversation::new(system, prompt.every_turn.clone(), config.history)
                .shaped(config.conversation),
            tools: config.tools.specs().into(),
            tally: Tally::default(),
            notice: None,
            invalid_in_a_row: 0,
        }
    }

    /// Observe, ask, validate, execute. Returns the ending if this was the last turn.
    async fn turn(
        &mut self,
        progress: &mut impl FnMut(Progress),
    ) -> Result<Option<Ending>, TraceError> {
        let observation = self.observe()?;
        let reply = match self.ask(&observation).await? {
            Ok(reply) => reply,
            Err(ending) => return Ok(Some(ending)),
        };
        let unlocked_before = self.environment.env().achievements();
        let invalid_before = self.tally.invalid_replies;
        let (results, ending) = self.act(&reply)?;
        let invalid = self.tally.invalid_replies > invalid_before;
        let (remembered, results) = match (self.config.conversation, invalid) {
            // BALROG remembers what was executed, not what was said.
            (Shape::Balrog, true) => (ChatMessage::assistant("Noop"), Vec::new()),
            _ => (reply.to_message(), results),
        };
        self.conversation.push(observation, remembered, results);
        progress(self.progress(unlocked_before));
        Ok(ending)
    }

    fn observe(&mut self) -> Result<Observation, TraceError> {
        let started = Instant::now();
        let mut observation = self.environment.observe();
        self.tally.environment_time += started.elapsed();
        if let Some(notice) = self.notice.take() {
            observation.prepend(&notice);
        }
        self.recorder.observation(&self.environment, &observation)?;
        Ok(observation)
    }

    async fn ask(
        &mut self,
        observation: &Observation,
    ) -> Result<Result<ChatReply, Ending>, TraceError> {
        let request = ChatRequest {
            messages: self.conversation.messages(observation),
            tools: self.tools.clone(),
            protocol: self.config.protocol,
            settings: self.config.sampling.clone(),
        };
        self.recorder.prompt(&request)?;
        let asked = request_tokens(&request);
        let started = Instant::now();
        let answer = self.answer_in_time(request).await;
        self.tally.model_time += started.elapsed();
        self.tally.model_calls += 1;
        match answer {
            Ok(reply) => {
                let prices = self.config.prices.as_deref();
                match reply.total_usage() {
                    None => self
                        .tally
                        .add_uncounted(asked + message_tokens(&reply.to_message())),
                    usage => self.tally.add_call(self.model.name(), usage, prices),
                }
                self.tally.add_protocol(&reply);
                self.recorder.completion(&reply)?;
                Ok(Ok(reply))
            }
            Err(ending) => Ok(Err(ending)),
        }
    }

    /// The model's answer, unless time runs out or the run is cancelled before.
    async fn answer_in_time(&mut self, request: ChatRequest) -> Result<ChatReply, Ending> {
        let limits = &self.config.limits;
        let episode_left = limits
            .episode_time
            .map(|limit| limit.saturating_sub(self.elapsed()));
        let time = [limits.call_time, episode_left].into_iter().flatten().min();
        let call = decide(self.model, request, self.config.prices.as_deref());
        let waited = Instant::now();
        let answer = tokio::select! {
            biased;
            () = self.cancel.cancelled() => return Err(Ending::Cancelled),
            answer = within(time, call) => answer,
        };
        match answer {
            Some(Ok(reply)) => Ok(reply),
            Some(Err(error)) => Err(self.failed(&error)),
            None if time == episode_left => Err(self.out_of_time(waited.elapsed())),
            None => {
                let limit = time.unwrap_or_default().as_secs_f64();
                let model = self.model.name();
                self.tally.error = Some(format!("model {model} gave no answer within {limit} s"));
                Err(Ending::EndpointFailure)
            }
        }
    }

    fn failed(&mut self, error: &ModelError) -> Ending {
        self.tally.add_call(
            self.model.name(),
            error.total_usage(),
            self.config.prices.as_deref(),
        );
        self.tally.error = Some(error.to_string());
        self.tally.stops_run = error.is_fatal_for_run().then_some(error.fault);
        match error.fault {
            Fault::ContextLength => Ending::ContextOverflow,
            Fault::Unreachable
            | Fault::Timeout
            | Fault::Auth
            | Fault::Forbidden
            | Fault::NotFound
            | Fault::NotAnApi
            | Fault::Quota
            | Fault::RateLimited
            | Fault::Refused
            | Fault::Server
            | Fault::BadReply
            | Fault::Unreadable
            | Fault::ContentFilter
            | Fault::Recording => Ending::EndpointFailure,
        }
    }

    /// Does what the reply asks for. Returns the result of each call, and the
    /// ending if this was the last turn.
    fn act(&mut self, reply: &ChatReply) -> Result<(Vec<String>, Option<Ending>), TraceError> {
        self.tally.turns += 1;
        self.recorder.tool_calls(reply)?;
        match self.environment.validate(&reply.tool_calls, reply.end()) {
            Ok(decision) => {
                self.invalid_in_a_row = 0;
                let results = self.execute(&decision)?;
                let terminated = decision.terminates().then_some(Ending::Terminated);
                Ok((results, self.world_ended().or(terminated)))
            }
            Err(error) => {
                self.tally.invalid_replies += 1;
                let results = self.refused(reply, &error);
                Ok((results, self.reject(&error, reply.protocol)?))
            }
        }
    }

    /// What each call of an invalid reply is answered with: those that are sound are told
    /// that another one kept them from being executed.
    fn refused(&self, reply: &ChatReply, error: &ToolError) -> Vec<String> {
        let rules = self.environment.options().tools;
        let is_sound = |call: &ToolCall| {
            let alone = std::slice::from_ref(call);
            rules.validate(alone, reply.end()).is_ok()
        };
        let any_broken = !reply.tool_calls.iter().all(is_sound);
        let answers = reply
            .tool_calls
            .iter()
            .map(|call| match any_broken && is_sound(call) {
                true => "not executed, because another call of the reply was invalid".to_owned(),
                false => error.to_string(),
            });
        answers.collect()
    }

    /// Tells the model what was wrong, or ends the episode if that did not help.
    fn reject(
        &mut self,
        error: &ToolError,
        protocol: Protocol,
    ) -> Result<Option<Ending>, TraceError> {
        match self.config.invalid_replies {
            InvalidReplies::Answered => {
                self.invalid_in_a_row += 1;
                // What a missing call is called depends on how one was asked for.
                let wrong = match error {
                    ToolError::NoCall { .. } => reminder(&self.tools, protocol),
                    _ => format!("{error}."),
                };
                if self.invalid_in_a_row >= self.config.limits.invalid_replies {
                    self.tally.error = Some(format!(
                        "{} invalid replies in a row; the answer to the last: {}",
                        self.invalid_in_a_row,
                        wrong.trim_end_matches('.')
                    ));
                    return Ok(Some(Ending::NoValidAction));
                }
                self.notice = Some(format!("{NOTHING_EXECUTED}: {wrong}\n\n"));
                self.environment.execute([]);
                Ok(None)
            }
            InvalidReplies::BecomeNoop => {
                let noop = Call::Interact {
                    actions: vec![Action::Noop],
                    reasoning: String::new(),
                };
                self.execute(&Decision { calls: vec![noop] })?;
                self.notice = Some(BALROG_NOTICE.to_owned());
                Ok(self.world_ended())
            }
        }
    }

    /// Executes all calls and says what each of them came to.
    fn execute(&mut self, decision: &Decision) -> Result<Vec<String>, TraceError> {
        self.recorder.actions(decision)?;
        let started = Instant::now();
        let reports = self.environment.carry_out(decision).to_vec();
        self.tally.environment_time += started.elapsed();
        let first_step = self.environment.env().steps()
            - reports
                .iter()
                .filter(|report| report.executed.is_some())
                .count() as u64;
        self.tally.add_actions(&reports, first_step);

        let mut reports = reports.iter();
        let results = decision.calls.iter().map(|call| {
            let lines = reports
                .by_ref()
                .take(call.actions().len())
                .map(ToString::to_string);
            lines.collect::<Vec<_>>().join("\n")
        });
        Ok(results.collect())
    }

    fn world_ended(&self) -> Option<Ending> {
        match (self.environment.env().is_dead(), self.environment.is_over()) {
            (true, _) => Some(Ending::Died),
            (false, true) => Some(Ending::StepLimit),
            (false, false) => None,
        }
    }

    /// What keeps the next turn from beginning.
    fn limit_reached(&mut self) -> Option<Ending> {
        let limits = self.config.limits;
        if let Some(ending) = self.world_ended() {
            return Some(ending);
        }
        if self.cancel.is_cancelled() {
            return Some(Ending::Cancelled);
        }
        if limits.turns.is_some_and(|limit| self.tally.turns >= limit) {
            return Some(Ending::TurnLimit);
        }
        let tokens = self.tally.usage.spent();
        if let Some(limit) = limits.tokens.filter(|&limit| tokens >= limit) {
            self.tally.error = Some(format!("spent {tokens} of {limit} tokens"));
            return Some(Ending::BudgetSpent);
        }
        let cost = self.tally.cost_so_far;
        if let Some(limit) = limits.cost.filter(|&limit| cost >= limit) {
            self.tally.error = Some(format!("spent {cost:.4} of {limit:.4} USD"));
            return Some(Ending::BudgetSpent);
        }
        let elapsed = self.elapsed();
        limits
            .episode_time
            .is_some_and(|limit| elapsed >= limit)
            .then(|| self.out_of_time(Duration::ZERO))
    }

    /// The end of an episode whose time is over after so long without an answer.
    fn out_of_time(&mut self, waited: Duration) -> Ending {
        let limit = self.config.limits.episode_time.unwrap_or_default();
        let ending = Ending::out_of_time(waited, limit);
        let seconds = limit.as_secs_f64();
        self.tally.error = Some(match ending {
            Ending::EndpointFailure => format!(
                "model {} had given no answer for {:.3} s when the episode's {seconds} s were over",
                self.model.name(),
                waited.as_secs_f64()
            ),
            _ => format!("the episode took longer than {seconds} s"),
        });
        ending
    }

    fn elapsed(&self) -> Duration {
        self.tally.started.elapsed()
    }

    fn progress(&self, unlocked_before: AchievementSet) -> Progress {
        let env = self.environment.env();
        let needs = [Item::Health, Item::Food, Item::Drink, Item::Energy];
        Progress {
            turns: self.tally.turns,
            steps: env.steps(),
            needs: needs.map(|need| env.inventory()[need]),
            achievements: env.achievements(),
            unlocked: env.achievements().difference(unlocked_before),
            reward: self.environment.total_reward(),
            usage: self.tally.usage,
            cost: self.tally.cost(),
        }
    }

    /// Records the last observation, which no model sees, and the outcome.
    fn finish(mut self, ending: Ending) -> Result<EpisodeOutcome, TraceError> {
        self.observe()?;
        let outcome = self.tally.outcome(&self.environment, ending);
        self.recorder.outcome(&outcome)?;
        Ok(outcome)
    }
}

/// How an observation begins that follows an invalid reply, unless the reply became a
/// `noop`. No action of an earlier turn is reported in it.
pub const NOTHING_EXECUTED: &str = "Nothing was executed";

/// BALROG's words for an invalid reply that became a `noop`.
const BALROG_NOTICE: &str = "\n\nYour previous output did not contain a valid action. \
                             Defaulted to action: Noop\n\nObservation:\n";

/// The result, or `None` if the time ran out first.
async fn within<T>(time: Option<Duration>, future: impl Future<Output = T>) -> Option<T> {
    match time {
        None => Some(future.await),
        Some(time) => tokio::time::timeout(time, future).await.ok(),
    }
}
