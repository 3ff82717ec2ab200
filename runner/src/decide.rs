//! Decides how many more episodes a comparison of two models needs.
//!
//! It looks again after every round and stops at the first that decides, so the
//! interval has to be one that holds for all of them: [`Stopping::OnceDecided`].

use std::collections::BTreeMap;

use env_crafter::AchievementSet;

use crate::statistics::{FEWEST_PAIRS, Paired, Stopping};

/// Seeds of a round, at most.
const ROUND: u64 = 10;

/// What two models unlocked on each seed that was played to an end.
#[derive(Debug, Default)]
pub struct Duel {
    sides: [BTreeMap<u64, AchievementSet>; 2],
}

impl Duel {
    /// Takes note of an episode of the first or the second model.
    pub fn note(&mut self, side: usize, seed: u64, unlocked: AchievementSet) {
        self.sides[side].insert(seed, unlocked);
    }

    /// How many more seeds to play before looking again: none once decided.
    pub fn next_round(&self) -> u64 {
        let pairs = self.both();
        match Paired::of(&pairs, Stopping::OnceDecided) {
            Some(paired) if paired.decided() => 0,
            Some(paired) if pairs.len() >= FEWEST_PAIRS => {
                paired.more_to_decide.unwrap_or(ROUND).clamp(1, ROUND)
            }
            _ => (FEWEST_PAIRS.saturating_sub(pairs.len()) as u64).max(1),
        }
    }

    /// How many seeds both have finished.
    pub fn pairs(&self) -> usize {
        self.both().len()
    }

    fn both(&self) -> Vec<(AchievementSet, AchievementSet)> {
        let [left, right] = &self.sides;
        let pair = |(seed, set): (&u64, &AchievementSet)| Some((*set, *right.get(seed)?));
        left.iter().filter_map(pair).collect()
    }
}

#[cfg(test)]
mod tests {
    use env_crafter::Achievement;

    use super::*;

    fn first(count: usize) -> AchievementSet {
        Achievement::ALL.into_iter().take(count).collect()
    }

    fn duel(pairs: &[(usize, usize)]) -> Duel {
        let mut duel = Duel::default();
        for (seed, (left, right)) in (0..).zip(pairs) {
            duel.note(0, seed, first(*left));
            duel.note(1, seed, first(*right));
        }
        duel
    }

    #[test]
    fn a_clear_lead_is_decided_but_not_by_a_few_pairs() {
        assert_eq!(duel(&[(9, 2), (8, 2), (9, 3)]).next_round(), 3);
        assert_eq!(duel(&[(9, 2); 5]).next_round(), 1);
        let enough = [
            (9, 2),
            (8, 2),
            (9, 3),
            (9, 1),
            (8, 2),
            (9, 2),
            (8, 1),
            (9, 3),
        ];
        assert!(duel(&enough[..6]).next_round() > 0);
        assert_eq!(duel(&enough).next_round(), 0);
    }

    #[test]
    fn a_close_call_goes_on_in_rounds() {
        let close = duel(&[(5, 4), (4, 5), (6, 5), (5, 5), (4, 4), (6, 5)]);
        assert!((1..=ROUND).contains(&close.next_round()));
        let equal = duel(&[(5, 5); 8]);
        assert_eq!(equal.next_round(), ROUND);
    }

    #[test]
    fn seeds_that_only_one_has_finished_are_no_pairs() {
        let mut duel = duel(&[(9, 2), (8, 2), (9, 3), (9, 1)]);
        duel.note(0, 77, first(20));
        assert_eq!((duel.pairs(), duel.next_round()), (4, 2));
    }
}
