//! Restores the state that continuations begin in.

use agent_react::environment::{Environment, EnvironmentOptions};
use agent_react::outcome::Ending;
use env_crafter::Env;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tracer::store::Store;

use crate::exit::Coded;
use crate::rebuild::{Fork, Recording, Reseed, hex};
use crate::report::{self, RunInfo};

/// What is known of a fork before its continuations are looked at. Stored with the
/// experiment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ForkInfo {
    /// The session of the parent.
    pub session_id: String,
    /// The model that played the parent.
    pub model: String,
    /// The world's seed.
    pub seed: u64,
    /// The step after which others go on.
    pub step: u64,
    /// The parent's turn in which that step was.
    pub turn: u64,
    /// Whether each continuation has a luck of its own.
    pub reseeded: bool,
    /// Achievements that were unlocked by then.
    pub achievements: u64,
    /// The sum of rewards by then.
    pub reward: f64,
    /// What the parent went on to reach; absent where its trace does not say.
    pub parent: Option<ParentResults>,
}

/// What the parent of a fork came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ParentResults {
    /// Why it ended.
    pub ending: Ending,
    /// Steps in all.
    pub steps: u64,
    /// Achievements in all.
    pub achievements: u64,
    /// The sum of all rewards.
    pub reward: f64,
    /// The step up to which this is counted, where the parent went on further than its
    /// continuations may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<u64>,
}

impl ForkInfo {
    /// The key in an experiment's metadata that says it is a fork.
    pub const KEY: &str = "fork";

    /// What is stored with the experiment. It is no [`RunInfo`], so that no report
    /// takes a fork for a run.
    pub fn metadata(&self, run: &RunInfo) -> Value {
        serde_json::json!({ (Self::KEY): self, "run": run })
    }
}

/// Every fork in the file with how it was played, in the order in which they began.
///
/// # Errors
///
/// Where the file cannot be read.
pub fn all(store: &Store) -> anyhow::Result<Vec<(ForkInfo, RunInfo)>> {
    let found = store.query(&format!(
        "select metadata from experiments where json_exists(metadata, '$.{}') \
         order by created_at, id",
        ForkInfo::KEY
    ))?;
    let documents = found.rows.iter().flatten().filter_map(report::document);
    let read = documents.map(|metadata| {
        let fork = ForkInfo::deserialize(&metadata[ForkInfo::KEY])?;
        Ok((fork, RunInfo::deserialize(&metadata["run"])?))
    });
    read.collect()
}

/// The fork whose id is `id`, or the only one whose id begins so, with how it was
/// played.
///
/// # Errors
///
/// Where the file cannot be read.
pub fn find(store: &Store, id: &str) -> anyhow::Result<Option<(ForkInfo, RunInfo)>> {
    let mut forks = all(store)?;
    forks.retain(|(_, run)| run.experiment_id.starts_with(id));
    let exact = forks.iter().position(|(_, run)| run.experiment_id == id);
    Ok(match (exact, forks.len()) {
        (Some(exact), _) => Some(forks.swap_remove(exact)),
        (None, 1) => forks.pop(),
        (None, _) => None,
    })
}

/// The state that continuations begin in.
#[derive(Debug, Clone)]
pub struct Start {
    env: Env,
    total_reward: f64,
    fork: Fork,
    info: ForkInfo,
}

impl Start {
    /// The state of an episode after this step. With `reseed`, each continuation
    /// draws its chance from another generator from there on.
    ///
    /// # Errors
    ///
    /// Where the episode has no such step or was over by then.
    pub fn at(recording: &Recording, step: u64, reseed: bool) -> anyhow::Result<Start> {
        if let Some(fork) = recording.fork.as_ref().filter(|fork| step < fork.step) {
            return Err(Coded::usage(format!(
                "this episode goes on from step {} of {}: go on from that one for step {step}",
                fork.step, fork.session_id
            ))
            .into());
        }
        let mut states = recording.states()?;
        states.advance_to(step)?;
        let env = states.env().clone();
        if recording.is_over(&env) {
            return Err(Coded::usage(format!(
                "the episode was over at step {step}: go on from an earlier one"
            ))
            .into());
        }
        let before = (step - recording.first_step()) as usize;
        let own = &recording.steps[..before];
        let parents = recording.fork.as_ref();
        let turn = own.last().and_then(|step| step.turn);
        let fork = Fork {
            session_id: recording.session_id.clone(),
            step,
            turn: turn.unwrap_or_default(),
            actions: parents
                .map(|fork| fork.actions.clone())
                .unwrap_or_default()
                .into_iter()
                .chain(own.iter().map(|step| step.action.name().to_owned()))
                .collect(),
            reseeded: parents
                .map(|fork| fork.reseeded.clone())
                .unwrap_or_default(),
            digest: String::new(),
        };
        let info = ForkInfo {
            session_id: fork.session_id.clone(),
            model: recording.config.model.clone(),
            seed: recording.config.seed,
            step,
            turn: fork.turn,
            reseeded: reseed,
            achievements: env.achievements().len() as u64,
            reward: states.total_reward(),
            parent: recording.results.as_ref().map(|results| ParentResults {
                ending: results.ending,
                steps: results.steps,
                achievements: results.achievement_counts.len() as u64,
                reward: results.reward,
                until: None,
            }),
        };
        Ok(Start {
            total_reward: states.total_reward(),
            env,
            fork,
            info,
        })
    }

    /// Counts the parent no further than its continuations may go, so that what they reached
    /// is set against what it reached in the same time.
    ///
    /// # Errors
    ///
    /// Where the world of the parent cannot be rebuilt.
    pub fn until(mut self, limit: u64, recording: &Recording) -> anyhow::Result<Start> {
        if let Some(parent) = self.info.parent.as_mut().filter(|it| it.steps > limit) {
            let mut states = recording.states()?;
            states.advance_to(limit)?;
            *parent = ParentResults {
                ending: Ending::StepLimit,
                steps: limit,
                achievements: states.env().achievements().len() as u64,
                reward: states.total_reward(),
                until: Some(limit),
            };
        }
        Ok(self)
    }

    /// What the trace file is told of the fork.
    pub fn info(&self) -> &ForkInfo {
        &self.info
    }

    /// The world of a continuation, by its number, and what its trace says of where
    /// it begins.
    pub fn begin(&self, index: u64, options: EnvironmentOptions) -> (Environment, Fork) {
        let (mut env, mut fork) = (self.env.clone(), self.fork.clone());
        if self.info.reseeded {
            // Numbers from 1: the seed need only differ from one to the next.
            let seed = (index as u32).wrapping_add(1);
            env.reseed(seed);
            let step = self.info.step;
            fork.reseeded.push(Reseed { step, seed });
        }
        fork.digest = hex(&env.digest());
        let environment = Environment::resume(env, self.total_reward, options);
        (environment, fork)
    }
}
