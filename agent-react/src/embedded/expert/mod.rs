//! Provides `embedded:expert`, a policy that plays by reading, and
//! `embedded:novice`, which knows only what wood is good for.
//!
//! Each turn runs through the same stages, one module each:
//!
//! - [`perception`] reads the observation's text;
//! - [`belief`] remembers where things were seen, on the map that [`chart`] holds;
//! - [`danger`] marks what to keep out of, and [`field`] finds the cheapest ways
//!   to everywhere;
//! - [`needs`] and [`progress`] list wishes for [`goals`], needs first;
//! - [`tactics`] turns the wish that is most pressing and then nearest into
//!   actions, with [`craft`], [`farm`], [`explore`] and [`shelter`] for what takes
//!   more than walking there, and [`walker`] for that;
//! - [`reasons`] says what it is after and what for.
//!
//! [`tuning`] holds every threshold with its reason. Nothing here may touch the
//! world itself: the expert knows what a language model in its place would know.

mod perception;

mod belief;
mod chart;

mod danger;
mod field;
mod walker;

mod goals;
mod needs;
mod progress;

mod craft;
mod explore;
mod farm;
mod shelter;
mod tactics;

mod reasons;

mod tuning;

use env_crafter::{Action, Material, ObjectKind};

use self::{
    belief::Belief,
    danger::Dangers,
    field::Field,
    goals::{Goal, Wish},
    needs::Rest,
    perception::Sighting,
    reasons::Decision,
    tactics::Undertaking,
    tuning::{DANGER_REACH, STEADINESS},
    walker::{Ground, Plan, Walker},
};
use super::{Choice, Policy};

/// How far a player goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    /// For everything.
    Expert,
    /// For what takes no more than wood.
    Novice,
}

/// The policy's state in one episode.
pub(super) struct Expert {
    level: Level,
    belief: Belief,
    rest: Rest,
    begun: Undertaking,
    dangers: Dangers,
    field: Field,
}

/// A wish that can be fulfilled.
struct Candidate {
    /// The steps it takes and its bias: less is better.
    rank: i64,
    wish: Wish,
    plan: Plan,
    /// What is begun if it is pursued.
    begun: Undertaking,
}

impl Expert {
    pub(super) fn new(level: Level) -> Self {
        Self {
            level,
            belief: Belief::default(),
            rest: Rest::default(),
            begun: Undertaking::default(),
            dangers: Dangers::default(),
            field: Field::default(),
        }
    }
}

impl Policy for Expert {
    fn choose(&mut self, observation: &str, max_actions: usize) -> Choice {
        let Some(sighting) = Sighting::read(observation) else {
            return Choice {
                actions: vec![Action::Noop],
                reasoning: "I can only read observations in the format synth/1.".to_owned(),
            };
        };
        self.look(&sighting);
        let mut wishes = Vec::new();
        needs::wishes(&self.belief, &sighting, self.rest, &self.begun, &mut wishes);
        let walling = self.begun.shelter.is_some();
        progress::wishes(self.level, &self.belief, &sighting, walling, &mut wishes);
        wishes.sort_by_key(|wish| wish.urgency);

        let Some((wish, Plan { mut actions, .. })) = self.decide(&sighting, &wishes) else {
            return Choice {
                actions: vec![Action::Noop],
                reasoning: "There is nothing I could do here, so I wait.".to_owned(),
            };
        };
        if !matches!(wish.goal, Goal::Shelter(_) | Goal::Strike(..)) {
            self.begun.shelter = None;
        }
        let decision = Decision {
            level: self.level,
            belief: &self.belief,
            sighting: &sighting,
            wish,
            actions: &actions,
            walling: self.begun.shelter.is_some(),
        };
        let reasoning = decision.reason();
        if self.is_in_danger(wish.goal, &sighting) {
            actions.truncate(1);
        }
        actions.truncate(max_actions);
        Choice { actions, reasoning }
    }
}

impl Expert {
    /// Takes in what is seen, and where one could go from here.
    fn look(&mut self, sighting: &Sighting) {
        self.belief.update(sighting);
        self.rest.update(sighting);
        self.dangers.update(&self.belief, sighting);
        let ground = Ground::new(self.level, &self.belief, sighting, &self.dangers);
        let counts = |at| !self.belief.is_fence(at) && self.belief.occupant(at).is_none();
        let start = sighting.position;
        self.field
            .flood(self.belief.extent(), start, |at| ground.look(at), counts);
    }

    /// The plan of the most pressing wish that can be fulfilled; of equally
    /// pressing ones, the one that is soonest fulfilled.
    fn decide(&mut self, sighting: &Sighting, wishes: &[Wish]) -> Option<(Wish, Plan)> {
        let walker = Walker {
            level: self.level,
            belief: &self.belief,
            sighting,
            field: &self.field,
        };
        for equals in wishes.chunk_by(|left, right| left.urgency == right.urgency) {
            let mut best: Option<Candidate> = None;
            for wish in equals {
                let steady = if self.begun.goal == Some(wish.goal) {
                    STEADINESS
                } else {
                    0
                };
                let start = i64::from(wish.bias) - steady;
                // What is no better even for free need not be thought through.
                if best.as_ref().is_some_and(|best| start >= best.rank) {
                    continue;
                }
                let mut begun = self.begun;
                let Some(plan) = tactics::pursue(wish.goal, walker, &mut begun) else {
                    continue;
                };
                let rank = start + i64::from(plan.cost);
                if plan.cost <= wish.reach && best.as_ref().is_none_or(|best| rank < best.rank) {
                    best = Some(Candidate {
                        rank,
                        wish: *wish,
                        plan,
                        begun,
                    });
                }
            }
            if let Some(best) = best {
                self.begun = Undertaking {
                    goal: Some(best.wish.goal),
                    ..best.begun
                };
                return Some((best.wish, best.plan));
            }
        }
        None
    }

    /// Whether to look again after every action: what was planned for free ground
    /// kills if it is carried out beside lava after being held up.
    fn is_in_danger(&self, goal: Goal, sighting: &Sighting) -> bool {
        let hostile = self.belief.creatures().iter().any(|seen| {
            let hostile = match seen.kind {
                ObjectKind::Zombie | ObjectKind::Skeleton | ObjectKind::Arrow => true,
                ObjectKind::Player | ObjectKind::Cow | ObjectKind::Plant => false,
            };
            hostile && seen.position.distance(sighting.position) <= DANGER_REACH
        });
        let lava = || {
            let mut cells = sighting.cells();
            cells.any(|(_, seen)| seen == perception::Glimpse::Ground(Material::Lava))
        };
        goal != Goal::SleepOn && (hostile || lava())
    }
}
