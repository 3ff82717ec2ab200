//! Turns a goal into actions.

use env_crafter::{Action, Item, Material, ObjectKind, Position, rules};

use super::{
    craft,
    explore::explore,
    farm,
    goals::{Goal, Refuge},
    shelter::{self, Shelter},
    tuning::{GRASS_TRIES, REST_ACTIONS, SAPLING_TRIES, TEND_NEAR},
    walker::{Plan, Walker, step_action},
};

/// What was begun and is gone on with, if the same goal comes up again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Undertaking {
    /// The shelter that is being built.
    pub shelter: Option<Shelter>,
    /// What the player is after.
    pub goal: Option<Goal>,
    /// Where exploring leads.
    pub heading: Option<Position>,
}

/// The plan to pursue a goal, or `None` if it is out of reach for now.
pub(super) fn pursue(goal: Goal, walker: Walker<'_>, begun: &mut Undertaking) -> Option<Plan> {
    match goal {
        Goal::SleepOn => Some(Plan {
            actions: vec![Action::Sleep; sleep_actions(walker)],
            cost: 0,
        }),
        Goal::Strike(at, _) => walker.use_at(at),
        Goal::Block(_) => Some(Plan {
            actions: vec![Action::PlaceStone],
            cost: 0,
        }),
        Goal::Dodge(step) => Some(Plan {
            actions: vec![step_action(step)],
            cost: 0,
        }),
        Goal::Shelter(refuge) => hide(walker, refuge, &mut begun.shelter),
        Goal::Gather(Material::Grass) => use_grass(walker),
        Goal::Gather(material) => gather(walker, material),
        Goal::Hunt(kind) => hunt(walker, kind),
        Goal::Harvest => farm::harvest(walker),
        Goal::Settle => craft::settle(walker),
        Goal::Place(action) => craft::place(walker, action),
        Goal::Make(action) => craft::make(walker, action),
        Goal::Sow => farm::sow(walker),
        Goal::SowAnywhere => farm::sow_anywhere(walker),
        Goal::Fence(plant) => farm::fence(walker, plant),
        Goal::Tend(plant) => tend(walker, plant),
        Goal::Explore(terrain) => explore(walker, terrain, &mut begun.heading),
    }
    .filter(|plan| !plan.actions.is_empty())
}

/// Rests where nothing can come near, or gets to such a place. A nap is only
/// taken where nothing has to be built for it.
fn hide(walker: Walker<'_>, refuge: Refuge, begun: &mut Option<Shelter>) -> Option<Plan> {
    if !shelter::is_enclosed(walker.belief, walker.here()) {
        return match refuge {
            Refuge::Nap => None,
            Refuge::Waiting => shelter::build(walker, begun),
            // Where there is no place for a shelter, rock is looked for: there one
            // takes but a stone or two.
            Refuge::Night | Refuge::Tiredness | Refuge::Wounds => {
                shelter::build(walker, begun).or_else(|| gather(walker, Material::Stone))
            }
        };
    }
    let tired = walker.sighting.amount(Item::Energy) < rules::MAX_ITEM;
    let actions = match tired {
        true => vec![Action::Sleep; sleep_actions(walker)],
        false => vec![Action::Noop; REST_ACTIONS],
    };
    Some(Plan { actions, cost: 0 })
}

/// For how many actions to sleep: who lacks but a point of energy may wake up after any
/// of them, and cannot fall asleep again.
fn sleep_actions(walker: Walker<'_>) -> usize {
    match walker.sighting.amount(Item::Energy) < rules::MAX_ITEM - 1 {
        true => REST_ACTIONS,
        false => 1,
    }
}

fn gather(walker: Walker<'_>, material: Material) -> Option<Plan> {
    if !walker.can_collect(material) {
        return None;
    }
    let mut plan = walker.use_at(walker.field.nearest(material)?)?;
    if material == Material::Water {
        let missing = rules::MAX_ITEM.saturating_sub(walker.sighting.amount(Item::Drink) + 1);
        let more = (0..missing).map(|_| Action::Do);
        plan.actions.extend(more);
    }
    Some(plan)
}

fn hunt(walker: Walker<'_>, kind: ObjectKind) -> Option<Plan> {
    let prey = walker.belief.creatures().iter();
    let places = prey.filter(|seen| seen.kind == kind);
    walker.cheapest(places.map(|seen| seen.position), Walker::use_at)
}

/// Grass is open ground, which is only faced by walking towards it: the nearest place to
/// search some is one that is reached with grass ahead.
fn use_grass(walker: Walker<'_>) -> Option<Plan> {
    let belief = walker.belief;
    let is_grass = |at| belief.ground(at) == Some(Material::Grass) && belief.is_free(at);
    if is_grass(walker.sighting.ahead()) {
        return Some(Plan {
            actions: vec![Action::Do; GRASS_TRIES],
            cost: SAPLING_TRIES,
        });
    }
    let faces_grass = |at| walker.can_stand(at) && is_grass(at + walker.facing_at(at));
    let mut reached = walker.field.reached().skip(1);
    let (at, cost) = reached.find(|&(at, _)| faces_grass(at))?;
    let cost = cost + SAPLING_TRIES;
    let plan = walker.go(at)?;
    Some(Plan { cost, ..plan })
}

fn tend(walker: Walker<'_>, plant: Position) -> Option<Plan> {
    let near = |at: Position| at.distance(plant) <= TEND_NEAR && walker.belief.is_free(at);
    let mut reached = walker.field.reached();
    let (at, _) = reached.find(|&(at, _)| near(at))?;
    walker.go(at)
}
