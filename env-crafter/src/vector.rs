//! Provides many worlds played side by side on all cores.
//!
//! This is the one place that uses threads. It adds nothing to the game: each
//! world is an [`Env`] and goes the way it would go alone.

use std::{
    mem,
    sync::{Arc, OnceLock},
};

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
/// What an episode came to is in the worlds that [`ended`](Self::ended) gives
/// until the next step: its last image, its achievements, how the player died.
///
/// ```
/// # use env_crafter::{Action, EnvConfig, VectorEnv};
/// # let config = |seed| EnvConfig { seed, length: Some(20), ..EnvConfig::default() };
/// # let mut worlds = VectorEnv::new((0..8).map(config))?;
/// for _ in 0..20 {
///     worlds.step(&[Action::Do; 8])?;
/// }
/// let unlocked: usize = worlds.ended().flatten().map(|env| env.achievements().len()).sum();
/// println!("{unlocked} achievements in eight episodes");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// The next world does not depend on play, so it is made ahead, while the
/// caller makes up its mind about the next actions. It takes as much memory as
/// the present one, and so does one that ended.
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
    /// The world of the episode that the latest step ended.
    ended: Option<Env>,
    next: Arc<OnceLock<Env>>,
}

/// Why worlds can't be played together.
#[derive(Debug, Error)]
pub enum VectorError {
    /// One of them can't be made.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// More threads than any machine plays faster with.
    #[error("{count} threads: at most {MAX_THREADS}, or 0 for one for each core")]
    TooManyThreads {
        /// How many were asked for.
        count: usize,
    },
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

/// The most threads that play worlds together.
pub const MAX_THREADS: usize = 1024;

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
        let threads = thread_pool(count)?;
        let configs: Vec<EnvConfig> = configs.into_iter().collect();
        let envs = threads.install(|| configs.into_par_iter().map(Env::new).collect());
        let envs: Result<Vec<Env>, ConfigError> = envs;
        Ok(Self::of_envs(envs?, threads))
    }

    /// Worlds in the middle of their episodes, which go on from there, played by
    /// so many threads; 0 means one for each core. Where the episode is over,
    /// the next one begins.
    ///
    /// ```
    /// use env_crafter::{Action, Env, EnvConfig, VectorEnv};
    ///
    /// let mut env = Env::new(EnvConfig::default())?;
    /// env.step(Action::Do)?;
    /// let saved = env.snapshot();
    ///
    /// // One world, and what four actions make of it.
    /// let mut worlds = VectorEnv::from_envs(0, (0..4).map(|_| Env::restore(&saved)))?;
    /// worlds.step(&Action::ALL[1..5])?;
    /// assert!(worlds.envs().all(|env| env.steps() == 2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If there are no threads to be had.
    pub fn from_envs(
        count: usize,
        envs: impl IntoIterator<Item = Env>,
    ) -> Result<Self, VectorError> {
        let threads = thread_pool(count)?;
        let going_on = |mut env: Env| {
            if env.is_over() {
                env.reset();
            }
            env
        };
        Ok(Self::of_envs(envs.into_iter().map(going_on), threads))
    }

    fn of_envs(envs: impl IntoIterator<Item = Env>, threads: ThreadPool) -> Self {
        let lanes = envs.into_iter().map(|env| Lane::new(env, &threads));
        Self {
            lanes: lanes.collect(),
            steps: Vec::new(),
            threads,
        }
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

    /// For each world the episode that the latest step ended, as it was then;
    /// `None` where it goes on.
    pub fn ended(&self) -> impl ExactSizeIterator<Item = Option<&Env>> {
        self.lanes.iter().map(|lane| lane.ended.as_ref())
    }

    /// Plays a step in each world. Where that ended the episode, as its
    /// [`Step`] says, the world is at the beginning of the next one afterwards,
    /// whatever [`EnvConfig::after_end`] says, and the old one is among
    /// [`ended`](Self::ended).
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

fn thread_pool(count: usize) -> Result<ThreadPool, VectorError> {
    if count > MAX_THREADS {
        return Err(VectorError::TooManyThreads { count });
    }
    ThreadPoolBuilder::new()
        .num_threads(count)
        .thread_name(|i| format!("worlds-{i}"))
        .build()
        .map_err(|source| VectorError::Threads { count, source })
}

impl Lane {
    /// A world of which the next one is being made.
    fn new(env: Env, threads: &ThreadPool) -> Self {
        let mut lane = Self {
            env,
            ended: None,
            next: Arc::default(),
        };
        lane.make_ahead(threads);
        lane
    }

    fn step(&mut self, action: Action) -> Step {
        let step = self.env.advance(action);
        self.ended = None;
        if step.is_last() {
            // Made by now, unless play is faster than making worlds.
            let next = self
                .next
                .get_or_init(|| Env::at_episode(self.env.config.clone(), self.env.next_episode()));
            self.ended = Some(mem::replace(&mut self.env, next.clone()));
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
