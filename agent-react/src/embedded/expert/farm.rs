//! Grows plants: finds them a place, fences them, and eats what is ripe.
//!
//! A plant dies as soon as a creature stands beside it, and takes long to ripen,
//! so all four sides have to be closed.

use env_crafter::{Action, Direction, Item, Material, ObjectKind, Position};

use super::{
    belief::Belief,
    tuning::{FENCE_WORK, SOW_REACH},
    walker::{Plan, Walker},
};

/// Plants a sapling where it is soon fenced in, with the stones at hand.
pub(super) fn sow(walker: Walker<'_>) -> Option<Plan> {
    let stones = u32::from(walker.sighting.amount(Item::Stone));
    let near = walker.field.reached().skip(1);
    // The way to a spot is not always the way to where it is faced from.
    let plans = near
        .take_while(|&(_, cost)| cost <= SOW_REACH)
        .filter_map(|(at, _)| {
            let open = open_sides(walker.belief, at).filter(|&open| open <= stones)?;
            let plan = walker.put_at(Action::PlacePlant, at)?;
            Some((plan.cost + FENCE_WORK * open, plan))
        });
    let (_, plan) = plans.min_by_key(|&(price, _)| price)?;
    Some(plan)
}

/// Plants a sapling anywhere.
pub(super) fn sow_anywhere(walker: Walker<'_>) -> Option<Plan> {
    let fits = |at| walker.belief.is_free(at) && walker.belief.ground(at) == Some(Material::Grass);
    walker.put_anywhere(Action::PlacePlant, |_| true, fits, |_| false)
}

/// How many sides of a cell would have to be closed for a plant there; `None` if
/// it is no place for one.
fn open_sides(belief: &Belief, at: Position) -> Option<u32> {
    if belief.ground(at) != Some(Material::Grass) || !belief.is_free(at) {
        return None;
    }
    let mut open = 0;
    for side in Direction::ALL.map(|side| at + side) {
        let ground = belief.ground(side)?;
        let cow = belief.occupant(side) == Some(ObjectKind::Cow);
        if ground == Material::Lava || cow {
            return None;
        }
        open += u32::from(belief.is_open(side));
    }
    Some(open)
}

/// Closes the open sides of a plant, the player's own last.
pub(super) fn fence(walker: Walker<'_>, plant: Position) -> Option<Plan> {
    let belief = walker.belief;
    let here = walker.here();
    let open = || {
        let sides = Direction::ALL.into_iter().map(|side| plant + side);
        sides.filter(|&side| belief.is_open(side))
    };
    if let Some(intruder) = open().find(|&side| belief.occupant(side).is_some()) {
        return walker.use_at(intruder);
    }
    let plans = open()
        .filter(|&side| side != here)
        .filter_map(|side| walker.put_at(Action::PlaceStone, side));
    plans.min_by_key(|plan| plan.cost).or_else(|| {
        let own = open().find(|&side| side == here)?;
        walker.put_at(Action::PlaceStone, own)
    })
}

/// Whether any side of a plant is open.
pub(super) fn is_open(belief: &Belief, plant: Position) -> bool {
    let mut sides = Direction::ALL.into_iter().map(|side| plant + side);
    sides.any(|side| belief.is_open(side))
}

/// Eats the nearest plant that should be ripe, through its fence if need be.
pub(super) fn harvest(walker: Walker<'_>) -> Option<Plan> {
    let due = walker.belief.plants().iter().filter(|plant| plant.is_due());
    walker.cheapest(due.map(|plant| plant.position), Walker::use_at)
}
