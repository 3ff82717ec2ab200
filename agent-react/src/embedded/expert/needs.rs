//! Decides what staying alive calls for.

use env_crafter::{Achievement, Item, Material, ObjectKind, rules};

use super::{
    belief::Belief,
    danger,
    goals::{Goal, Refuge, Terrain, Urgency, Wish},
    perception::Sighting,
    tactics::Undertaking,
    tuning::{
        BESET, DUSK_THIRST, EXPOSED, FRAIL, HEALED, NIGHT_REACH, NIGHT_SHELTER, PASSING, PECKISH,
        RESTED, SATED, SCARCE, SLEEPY, SNACK, SPARE_HEALTH, STARVING, STILL_EXPOSED, TEND_NEAR,
        TEND_REACH, TIRED, VITAL, WOUNDED, bias, lasting,
    },
};

/// What a rest was begun for: it goes on until that is mended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Rest {
    healing: bool,
    sleeping: bool,
}

impl Rest {
    /// Begins or ends resting, by how the player is.
    pub(super) fn update(&mut self, sighting: &Sighting) {
        let amount = |item| sighting.amount(item);
        let starves = amount(Item::Food) == 0 || amount(Item::Drink) == 0;
        let health = amount(Item::Health);
        self.healing = !starves && (health <= WOUNDED || self.healing && health < HEALED);
        let energy = amount(Item::Energy);
        let tired = if sighting.is_night() { SLEEPY } else { TIRED };
        self.sleeping = !lasts(sighting, Item::Energy, lasting::ENERGY)
            && (energy <= tired || self.sleeping && energy < RESTED);
    }
}

/// What has to be done to stay alive. What was `begun` is wished for until it is done.
pub(super) fn wishes(
    belief: &Belief,
    sighting: &Sighting,
    rest: Rest,
    begun: &Undertaking,
    wishes: &mut Vec<Wish>,
) {
    if sighting.asleep {
        wishes.push(Wish::new(Urgency::Now, Goal::SleepOn, 0));
        return;
    }
    if let Some(goal) = danger::reaction(belief, sighting) {
        wishes.push(Wish::new(Urgency::Now, goal, 0));
    }
    food_and_drink(belief, sighting, wishes);
    wishes.extend(tending(belief, sighting, begun));
    let mut refuge = |wanted: bool, refuge| {
        if wanted {
            wishes.push(Wish::new(Urgency::Rest, Goal::Shelter(refuge), 0));
        }
    };
    refuge(rest.healing, Refuge::Wounds);
    refuge(rest.sleeping, Refuge::Tiredness);
    if sighting.is_night() && is_exposed(belief, sighting, begun) {
        let goal = Goal::Shelter(Refuge::Night);
        let urgency = match sighting.amount(Item::Health) {
            0..=FRAIL => Urgency::Rest,
            _ => Urgency::Progress,
        };
        wishes.push(Wish::new(urgency, goal, NIGHT_SHELTER));
    }
    if sighting.lacks(Achievement::WakeUp)
        && sighting.amount(Item::Energy) < rules::MAX_ITEM
        && sighting.amount(Item::WoodPickaxe) > 0
    {
        let goal = Goal::Shelter(Refuge::Nap);
        wishes.push(Wish::new(Urgency::Passing, goal, 0));
    }
}

/// Whether food and water both last until the episode ends.
pub(super) fn last(sighting: &Sighting) -> bool {
    lasts(sighting, Item::Drink, lasting::DRINK) && lasts(sighting, Item::Food, lasting::FOOD)
}

/// Whether what there is of a need lasts until the episode ends, with the health
/// that goes for want of it.
fn lasts(sighting: &Sighting, need: Item, point: u64) -> bool {
    let health = sighting.amount(Item::Health).saturating_sub(SPARE_HEALTH);
    let steps = u64::from(sighting.amount(need)) * point + u64::from(health) * lasting::HEALTH;
    sighting.steps_left.is_some_and(|left| left <= steps)
}

/// Amounts of food and water at or below which something is done about them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Limits {
    /// It comes before everything else, for so many steps at most.
    vital: Supplies,
    reach: u32,
    /// It is worth a few steps aside.
    passing: Supplies,
    /// How many steps earlier than by day it comes among what brings the player on.
    ease: i32,
}

/// Amounts of food and water.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Supplies {
    food: u8,
    drink: u8,
}

impl Limits {
    /// The limits at this time of the day.
    fn now(sighting: &Sighting) -> Self {
        let night = sighting.is_night();
        // Dusk goes on into the night, until daylight rises again.
        let dusk = sighting.is_dusk();
        let vital = if night { STARVING } else { VITAL };
        Self {
            vital: Supplies {
                food: vital,
                drink: if dusk { vital + DUSK_THIRST } else { vital },
            },
            reach: if night { NIGHT_REACH } else { u32::MAX },
            passing: match dusk {
                true => Supplies {
                    food: PECKISH,
                    drink: SATED,
                },
                false => Supplies {
                    food: SNACK,
                    drink: PECKISH,
                },
            },
            ease: if dusk && !night { bias::DUSK } else { 0 },
        }
    }
}

/// Whether food comes before everything else.
pub(super) fn is_hungry(sighting: &Sighting) -> bool {
    sighting.amount(Item::Food) <= Limits::now(sighting).vital.food
}

const WATER: Goal = Goal::Gather(Material::Water);
const EAT: [Goal; 2] = [Goal::Harvest, Goal::Hunt(ObjectKind::Cow)];

/// Food and water, which are wished for several times if they are low: as what life
/// depends on, for a few steps aside, and as one thing to do among others.
fn food_and_drink(belief: &Belief, sighting: &Sighting, wishes: &mut Vec<Wish>) {
    if last(sighting) {
        return;
    }
    let (drink, food) = (sighting.amount(Item::Drink), sighting.amount(Item::Food));
    let limits = Limits::now(sighting);

    let search = Wish::new(Urgency::Vital, Goal::Explore(Terrain::Meadow), bias::SEARCH);
    let may_search = !sighting.is_night();
    // Of two needs the one that is lower comes first.
    let vital =
        |goal, amount: u8| Wish::new(Urgency::Vital, goal, i32::from(amount)).within(limits.reach);
    if drink <= limits.vital.drink {
        wishes.push(vital(WATER, drink));
    }
    if drink <= PECKISH && !belief.knows(Material::Water) && may_search {
        wishes.push(search);
    }
    if food <= limits.vital.food {
        wishes.extend(EAT.map(|goal| vital(goal, food)));
        if may_search {
            wishes.push(search);
        }
    }

    let passing = |goal| Wish::new(Urgency::Passing, goal, 0).within(PASSING);
    if drink <= limits.passing.drink {
        wishes.push(passing(WATER));
    }
    if food <= limits.passing.food {
        wishes.extend(EAT.map(passing));
    }

    let patient = |goal, amount: u8| {
        let spare = i32::from(amount) - i32::from(SCARCE);
        let bias = bias::PER_POINT * spare - limits.ease;
        Wish::new(Urgency::Progress, goal, bias)
    };
    if drink < SATED {
        wishes.push(patient(WATER, drink));
    }
    if food < PECKISH {
        wishes.extend(EAT.map(|goal| patient(goal, food)));
    }
}

/// Before night, the player gets back to a plant that it waits for.
fn tending(belief: &Belief, sighting: &Sighting, begun: &Undertaking) -> Option<Wish> {
    if !sighting.is_dusk() || !sighting.lacks(Achievement::EatPlant) || last(sighting) {
        return None;
    }
    let plant = belief.plants().iter().find(|plant| !plant.is_due())?;
    let tend = Goal::Tend(plant.position);
    let reach = match begun.goal == Some(tend) {
        true => TEND_NEAR,
        false => TEND_REACH,
    };
    let far = plant.position.distance(sighting.position) > reach;
    far.then_some(Wish::new(Urgency::Progress, tend, bias::TEND))
}

/// Whether it is dangerous here at night: in the grass that zombies come from, or among
/// some that came.
fn is_exposed(belief: &Belief, sighting: &Sighting, begun: &Undertaking) -> bool {
    let grass = sighting
        .cells()
        .filter(|&(at, _)| belief.ground(at) == Some(Material::Grass));
    let zombies = belief
        .creatures()
        .iter()
        .filter(|seen| seen.kind == ObjectKind::Zombie);
    let hides = begun.shelter.is_some() || begun.goal == Some(Goal::Shelter(Refuge::Night));
    let exposed = if hides { STILL_EXPOSED } else { EXPOSED };
    grass.count() > exposed || zombies.count() >= BESET
}
