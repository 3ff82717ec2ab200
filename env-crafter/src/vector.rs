//! Provides many worlds played side by side on all cores.
//!
//! This is the one place that uses threads. It adds nothing to the game: each
//! world is an [`Env`] and goes the way it would go alone.

use std::sync::{Arc, OnceLock};

use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder, prelude::*};
use thiserror::Error;

use crate::{Action, ConfigError, Env, EnvConfig, Step};

/// Worlds that are played together, each of which begins its next episode as
/// soon as one ends.
///
/// ```
/// use env_crafter::{Action, EnvConfig, VectorEnv};
///
/// let config = |seed| EnvConfig { seed, length: Some(20), ..EnvConfig::default() };
/// let mut worlds = VectorEnv::new((0..8).map(config))?;
/// for _ in 0..30 {
///     let steps = worlds.step(&[Action::MoveLeft; 8])?;
///     let rewards: f64 = steps.iter().map(|step| step.reward).sum();
///     println!("{rewards}");
/// }
/// for env in worlds.envs() {
///     assert_eq!((env.episode(), env.steps()), (2, 10));
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// The next world does not depend on play, so it is made ahead, while the
/// caller makes up its mind about the next actions. It takes as much memory as
/// the present one.
#[derive(Debug)]
pub struct VectorEnv {
    lanes: Vec<Lane>,
    steps: Vec<Step>,
    threads: ThreadPool,
}

/// A world and the one to follow it.
#[derive(Debug)]
struct Lane {
    env: Env,
    next: Arc<OnceLock<Env>>,
}

/// Why worlds can't be played together.
#[derive(Debug, Error)]
pub enum VectorError {
    /// One of them can't be made.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// There are no threads to play them.
    #[error("can't start {count} threads")]
    Threads {
        /// How many were asked for; 0 means one for each core.
        count: usize,
        /// What the system says.
        source: ThreadPoolBuildError,
    },
}

/// Worlds lack an action, or there is an action too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{actions} actions for {worlds} worlds: give one for each")]
pub struct ActionCount {
    /// How many actions were given.
    pub actions: usize,
    /// How many worlds there are.
    pub worlds: usize,
}

/// Worlds that a thread takes at once, so that taking them costs little beside
/// playing them.
const SHARE: usize = 16;

impl VectorEnv {
    /// Worlds of some configurations, each at the beginning of its first
    /// episode, played by a thread for each core.
    ///
    /// # Errors
    ///
    /// If a configuration is not valid or there are no threads to be had.
    pub fn new(configs: impl IntoIterator<Item = EnvConfig>) -> Result<Self, VectorError> {
        Self::with_threads(0, configs)
    }

    /// The same, played by so many threads; 0 means one for each core.
    ///
    /// # Errors
    ///
    /// As for [`new`](Self::new).
    pub fn with_threads(
        count: usize,
        configs: impl IntoIterator<Item = EnvConfig>,
    ) -> Result<Self, VectorError> {
        let threads = ThreadPoolBuilder::new()
            .num_threads(count)
            .thread_name(|i| format!("worlds-{i}"))
            .build()
            .map_err(|source| VectorError::Threads { count, source })?;
        let configs: Vec<EnvConfig> = configs.into_iter().collect();
        let envs = threads.install(|| configs.into_par_iter().map(Env::new).collect());
        let envs: Result<Vec<Env>, ConfigError> = envs;
        let lanes = envs?.into_iter().map(|env| Lane::new(env, &threads));
        Ok(Self {
            lanes: lanes.collect(),
            steps: Vec::new(),
            threads,
        })
    }

    /// How many worlds there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lanes.len()
    }

    /// Whether there are no worlds.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lanes.is_empty()
    }

    /// The worlds in their present episodes.
    pub fn envs(&self) -> impl ExactSizeIterator<Item = &Env> {
        self.lanes.iter().map(|lane| &lane.env)
    }

    /// Plays a step in each world. Where that ended the episode, as its
    /// [`Step`] says, the world is at the beginning of the next one afterwards,
    /// whatever [`EnvConfig::after_end`] says.
    ///
    /// # Errors
    ///
    /// If there isn't an action for each world; then none is played.
    pub fn step(&mut self, actions: &[Action]) -> Result<&[Step], ActionCount> {
        if actions.len() != self.len() {
            return Err(ActionCount {
                actions: actions.len(),
                worlds: self.len(),
            });
        }
        let Self {
            lanes,
            steps,
            threads,
        } = self;
        threads.install(|| {
            let played = lanes.par_iter_mut().zip(actions).with_min_len(SHARE);
            played
                .map(|(lane, &action)| lane.step(action))
                .collect_into_vec(steps);
        });
        for (lane, step) in lanes.iter_mut().zip(&*steps) {
            if step.is_last() {
                lane.make_ahead(threads);
            }
        }
        Ok(&self.steps)
    }
}

impl Lane {
    /// A world of which the next one is being made.
    fn new(env: Env, threads: &ThreadPool) -> Self {
        let mut lane = Self {
            env,
            next: Arc::default(),
        };
        lane.make_ahead(threads);
        lane
    }

    fn step(&mut self, action: Action) -> Step {
        let step = self.env.advance(action);
        if step.is_last() {
            // Made by now, unless play is faster than making worlds.
            let next = self
                .next
                .get_or_init(|| Env::at_episode(self.env.config.clone(), self.env.next_episode()));
            self.env = next.clone();
        }
        step
    }

    /// Has a thread make the world of the next episode.
    fn make_ahead(&mut self, threads: &ThreadPool) {
        self.next = Arc::default();
        let next = Arc::clone(&self.next);
        let (config, episode) = (self.env.config.clone(), self.env.next_episode());
        threads.spawn(move || {
            next.get_or_init(|| Env::at_episode(config, episode));
        });
    }
}
