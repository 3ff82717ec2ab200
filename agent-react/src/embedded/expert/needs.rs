//! Decides what staying alive calls for.

use env_crafter::{Achievement, Item, Material, ObjectKind, rules};

use super::{
    belief::Belief,
    danger,
    goals::{Goal, Refuge, Terrain, Urgency, Wish},
    perception::Sighting,
    tuning::{
        EXPOSED, FRAIL, HEALED, NIGHT_REACH, NIGHT_SHELTER, PASSING, PECKISH, PROVISIONS, SATED,
        SLEEPY, SPARE_HEALTH, STARVING, TEND_REACH, TIRED, VITAL, WOUNDED, bias, lasting,
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
            && (energy <= tired || self.sleeping && energy < rules::MAX_ITEM - 1);
    }
}

/// What has to be done to stay alive.
pub(super) fn wishes(belief: &Belief, sighting: &Sighting, rest: Rest, wishes: &mut Vec<Wish>) {
    if sighting.asleep {
        wishes.push(Wish::new(Urgency::Now, Goal::SleepOn, 0));
        return;
    }
    if let Some(goal) = danger::reaction(belief, sighting) {
        wishes.push(Wish::new(Urgency::Now, goal, 0));
    }
    food_and_drink(belief, sighting, wishes);
    let mut refuge = |wanted: bool, refuge| {
        if wanted {
            wishes.push(Wish::new(Urgency::Rest, Goal::Shelter(refuge), 0));
        }
    };
    refuge(rest.healing, Refuge::Wounds);
    refuge(rest.sleeping, Refuge::Tiredness);
    if sighting.is_night() && meadow(belief, sighting) > EXPOSED {
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

/// Whether what there is of a need lasts until the episode ends, with the health
/// that goes for want of it.
fn lasts(sighting: &Sighting, need: Item, point: u64) -> bool {
    let health = sighting.amount(Item::Health).saturating_sub(SPARE_HEALTH);
    let steps = u64::from(sighting.amount(need)) * point + u64::from(health) * lasting::HEALTH;
    sighting.steps_left.is_some_and(|left| left <= steps)
}

fn food_and_drink(belief: &Belief, sighting: &Sighting, wishes: &mut Vec<Wish>) {
    let (drink, food) = (sighting.amount(Item::Drink), sighting.amount(Item::Food));
    let night = sighting.is_night();
    let (vital, reach) = match (night, sighting.is_dusk()) {
        (true, _) => (STARVING, NIGHT_REACH),
        (false, true) => (PROVISIONS, u32::MAX),
        (false, false) => (VITAL, u32::MAX),
    };
    let eat = [Goal::Harvest, Goal::Hunt(ObjectKind::Cow)];
    let water = Goal::Gather(Material::Water);
    let search = Wish::new(Urgency::Vital, Goal::Explore(Terrain::Meadow), bias::SEARCH);
    let drink_lasts = lasts(sighting, Item::Drink, lasting::DRINK);
    if drink_lasts && lasts(sighting, Item::Food, lasting::FOOD) {
        return;
    }
    if drink <= vital + u8::from(sighting.is_dusk()) {
        wishes.push(Wish::new(Urgency::Vital, water, i32::from(drink)).within(reach));
    }
    if drink <= PECKISH && !belief.knows(Material::Water) && !night {
        wishes.push(search);
    }
    if food <= vital {
        let wish = |goal| Wish::new(Urgency::Vital, goal, i32::from(food)).within(reach);
        wishes.extend(eat.map(wish));
        if !night {
            wishes.push(search);
        }
    }
    let (thirsty, hungry) = match sighting.is_dusk() {
        true => (SATED, PECKISH),
        false => (PECKISH, PECKISH - 1),
    };
    if drink <= thirsty {
        wishes.push(Wish::new(Urgency::Passing, water, 0).within(PASSING));
    }
    if food <= hungry {
        wishes.extend(eat.map(|goal| Wish::new(Urgency::Passing, goal, 0).within(PASSING)));
    }
    // Night is spent away from both, so it is prepared for.
    let ease = if sighting.is_dusk() && !night {
        bias::DUSK
    } else {
        0
    };
    let patience = |amount: u8| bias::PER_POINT * (i32::from(amount) - i32::from(VITAL)) - ease;
    if drink < SATED {
        wishes.push(Wish::new(Urgency::Progress, water, patience(drink)));
    }
    if food < PECKISH {
        wishes.extend(eat.map(|goal| Wish::new(Urgency::Progress, goal, patience(food))));
    }
    if sighting.is_dusk()
        && sighting.lacks(Achievement::EatPlant)
        && let Some(plant) = belief.plants().iter().find(|plant| !plant.is_due())
        && plant.position.distance(sighting.position) > TEND_REACH
    {
        wishes.push(Wish::new(
            Urgency::Progress,
            Goal::Tend(plant.position),
            bias::TEND,
        ));
    }
}

/// How much grass is around, where zombies come from.
fn meadow(belief: &Belief, sighting: &Sighting) -> usize {
    let cells = sighting.cells();
    cells
        .filter(|&(at, _)| belief.ground(at) == Some(Material::Grass))
        .count()
}
