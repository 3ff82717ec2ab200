//! Provides the environment as the agent meets it: it validates tool calls,
//! executes actions, and renders what is to be seen.
//!
//! Two traced functions are all that can change an episode: [`Environment::validate`]
//! decides what a reply asks for, and `step` executes one action. What is returned
//! and recorded after an action is the state after that action.

mod checkpoint;

use env_crafter::{Achievement, Action, ConfigError, Env, EnvConfig, EpisodeOver, Step};
use serde_json::{Value, json};
use tracer::{record::Event, trace_env, trace_runtime};

pub use checkpoint::{Checkpoint, CheckpointError};

use crate::{
    model::{ReplyEnd, ToolCall},
    observation::{ActionReport, Executed, Format, Observation, Scene},
    state::PublicState,
    tools::{Decision, ToolError, ToolRules},
};

/// How the agent meets the world.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EnvironmentOptions {
    /// How the world is shown.
    pub format: Format,
    /// What a model may ask for.
    pub tools: ToolRules,
    /// Steps after which the episode ends, should the world's own length not
    /// end it before.
    pub max_steps: Option<u64>,
}

/// A world with tools.
#[derive(Clone, Debug)]
pub struct Environment {
    env: Env,
    options: EnvironmentOptions,
    total_reward: f64,
    reports: Vec<ActionReport>,
}

/// What only a checkpoint may know.
#[derive(Clone, Debug, PartialEq)]
pub struct PrivateState {
    /// The sum of all rewards.
    pub total_reward: f64,
    /// The SHA-256 of the whole world, random state and hidden counters included.
    pub digest: [u8; 32],
}

impl Environment {
    /// A new world, at its first step.
    ///
    /// # Errors
    ///
    /// If the configuration asks for a world that cannot be.
    pub fn new(config: EnvConfig, options: EnvironmentOptions) -> Result<Self, ConfigError> {
        Ok(Self {
            env: Env::new(config)?,
            options,
            total_reward: 0.0,
            reports: Vec::new(),
        })
    }

    /// The world.
    pub fn env(&self) -> &Env {
        &self.env
    }

    /// How the agent meets it.
    pub fn options(&self) -> &EnvironmentOptions {
        &self.options
    }

    /// What a player may know.
    pub fn public_state(&self) -> PublicState {
        PublicState::of(&self.env, self.step_limit())
    }

    /// What a player may not know.
    pub fn private_state(&self) -> PrivateState {
        PrivateState {
            total_reward: self.total_reward,
            digest: self.env.digest(),
        }
    }

    /// The step at which the episode ends, if it does.
    pub fn step_limit(&self) -> Option<u64> {
        [self.env.config().length, self.options.max_steps]
            .into_iter()
            .flatten()
            .min()
    }

    /// Whether no further action will be executed.
    pub fn is_over(&self) -> bool {
        self.env.is_over()
            || self
                .step_limit()
                .is_some_and(|limit| self.env.steps() >= limit)
    }

    /// The sum of all rewards.
    pub fn total_reward(&self) -> f64 {
        self.total_reward
    }

    /// What the model is shown now.
    pub fn observe(&self) -> Observation {
        self.options.format.render(&Scene {
            env: &self.env,
            step_limit: self.step_limit(),
            reports: &self.reports,
        })
    }

    /// Checks what a reply asks for. Nothing is executed.
    ///
    /// # Errors
    ///
    /// What is wrong, as an answer to the model.
    #[trace_runtime]
    pub fn validate(&self, calls: &[ToolCall], end: ReplyEnd) -> Result<Decision, ToolError> {
        let decision = self.options.tools.validate(calls, end)?;
        tracer::with_current_event(|event| {
            if let Event::Runtime(event) = event {
                event.actions = decision
                    .actions()
                    .map(|action| action.name().into())
                    .collect();
            }
        });
        Ok(decision)
    }

    /// Executes actions in order and says what each did. Those after the end of
    /// the episode are not executed.
    pub fn execute(&mut self, actions: impl IntoIterator<Item = Action>) -> &[ActionReport] {
        self.reports.clear();
        for action in actions {
            let executed = if self.is_over() {
                None
            } else {
                self.step(action).ok()
            };
            self.reports.push(ActionReport { action, executed });
        }
        &self.reports
    }

    /// Executes what was decided and says what each action did, those included that
    /// come too late.
    pub fn carry_out(&mut self, decision: &Decision) -> &[ActionReport] {
        self.execute(decision.actions());
        let late = decision.actions_too_late();
        self.reports.extend(late.map(|action| ActionReport {
            action,
            executed: None,
        }));
        &self.reports
    }

    #[trace_env(capture_args = false, capture_result = false)]
    fn step(&mut self, action: Action) -> Result<Executed, EpisodeOver> {
        let traced = tracer::current().is_some();
        let before = traced.then(|| self.public_state());
        let step = self.env.step(action)?;
        self.total_reward += step.reward;
        if let Some(before) = before {
            let after = self.public_state();
            let truncated = step.truncated || (!step.terminated && self.is_over());
            tracer::with_current_event(|event| {
                if let Event::Environment(event) = event {
                    event.reward = Some(step.reward);
                    event.terminated = step.terminated;
                    event.truncated = truncated;
                    event.observation_diff = Value::Object(before.diff(&after));
                    event.base.system_state_before = json!(before);
                    event.base.system_state_after = json!(after);
                    event.base.metadata.extend(happened(action, &step));
                }
            });
        }
        Ok(Executed {
            effect: step.effect,
            reward: step.reward,
            unlocked: step.unlocked,
        })
    }

    /// The world and what it has brought so far, to be continued elsewhere. What
    /// the latest actions came to is not kept: the first observation after
    /// [`restore`](Self::restore) shows the world and reports nothing.
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint::new(self.env.snapshot(), self.total_reward)
    }

    /// Continues a checkpoint, bit for bit.
    pub fn restore(checkpoint: &Checkpoint, options: EnvironmentOptions) -> Self {
        let world = Env::restore(checkpoint.world());
        Self::resume(world, checkpoint.total_reward(), options)
    }

    /// Goes on in a world that was played before, with what it has brought so far.
    pub fn resume(env: Env, total_reward: f64, options: EnvironmentOptions) -> Self {
        Self {
            env,
            options,
            total_reward,
            reports: Vec::new(),
        }
    }
}

/// Metadata keys of a step's event, which hooks and queries read.
pub(crate) mod step_metadata {
    /// The action's name.
    pub(crate) const ACTION: &str = "action";
    /// What it did, in words.
    pub(crate) const EFFECT: &str = "effect";
    /// Why it had no effect; absent if it had one.
    pub(crate) const INVALID: &str = "invalid";
    /// What it unlocked; absent if nothing.
    pub(crate) const UNLOCKED: &str = "unlocked";
}

fn happened(action: Action, step: &Step) -> Vec<(String, Value)> {
    let mut entries = vec![
        (step_metadata::ACTION.to_owned(), action.name().into()),
        (
            step_metadata::EFFECT.to_owned(),
            step.effect.to_string().into(),
        ),
    ];
    if let Some(reason) = step.effect.reason() {
        entries.push((step_metadata::INVALID.to_owned(), reason.name().into()));
    }
    if !step.unlocked.is_empty() {
        let unlocked: Vec<&str> = step.unlocked.iter().map(Achievement::name).collect();
        entries.push((step_metadata::UNLOCKED.to_owned(), unlocked.into()));
    }
    entries
}
