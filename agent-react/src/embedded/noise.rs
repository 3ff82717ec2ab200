//! Makes a policy weaker: a share of its actions is left to chance.

use env_crafter::Action;
use rand::{RngExt, SeedableRng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;

use super::{Choice, Policy};

/// A policy that is carried out imperfectly.
pub(super) struct Noisy<P> {
    policy: P,
    share: f64,
    rng: ChaCha8Rng,
}

impl<P> Noisy<P> {
    /// Replaces this share of the actions, 0 to 1, by ones drawn from all.
    pub(super) fn new(policy: P, share: f64, seed: u64) -> Self {
        Self {
            policy,
            share,
            rng: ChaCha8Rng::seed_from_u64(seed),
        }
    }
}

impl<P: Policy> Policy for Noisy<P> {
    fn choose(&mut self, observation: &str, max_actions: usize) -> Choice {
        let mut choice = self.policy.choose(observation, max_actions);
        for action in &mut choice.actions {
            if self.rng.random_bool(self.share)
                && let Some(&other) = Action::ALL.choose(&mut self.rng)
            {
                let wanted = std::mem::replace(action, other);
                choice.reasoning +=
                    &format!(" By chance: {} instead of {}.", other.name(), wanted.name());
            }
        }
        choice
    }
}
