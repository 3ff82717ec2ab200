//! Decides what the next achievements call for.

use env_crafter::{Achievement, Action, Item, Material, ObjectKind, rules};

use super::{
    Level,
    belief::Belief,
    danger, farm,
    goals::{Goal, Refuge, Terrain, Urgency, Wish},
    perception::Sighting,
    shelter,
    tuning::{
        FARM_REACH, FENCE_STONES, FIT_TO_FIGHT, FULL_WOOD, FURNACE_STONES, LEAST_WOOD, STONE_STORE,
        TABLE_WOOD, WOUNDED, bias,
    },
};

/// What brings the player on. While it is `walling` itself in, stones are for that.
pub(super) fn wishes(
    level: Level,
    belief: &Belief,
    sighting: &Sighting,
    walling: bool,
    wishes: &mut Vec<Wish>,
) {
    let mut wish = |goal, bias| wishes.push(Wish::new(Urgency::Progress, goal, bias));
    wooden_age(level, belief, sighting, &mut wish);
    if level == Level::Expert {
        farming(belief, sighting, &mut wish);
        stone_and_iron_age(belief, sighting, walling, &mut wish);
    }
    let amount = |item| sighting.amount(item);
    if sighting.lacks(Achievement::DefeatZombie)
        && amount(Item::Health) >= FIT_TO_FIGHT
        && amount(Item::WoodSword) > 0
    {
        wish(Goal::Hunt(ObjectKind::Zombie), bias::FIGHT);
    }
    if level == Level::Expert
        && sighting.lacks(Achievement::EatPlant)
        && !belief.plants().is_empty()
    {
        let wait = Goal::Shelter(Refuge::Waiting);
        wishes.push(Wish::new(Urgency::Last, wait, bias::WAIT));
    }
    let roam = Goal::Explore(Terrain::Meadow);
    wishes.push(Wish::new(Urgency::Last, roam, 0));
}

fn wooden_age(
    level: Level,
    belief: &Belief,
    sighting: &Sighting,
    wish: &mut impl FnMut(Goal, i32),
) {
    let amount = |item| sighting.amount(item);
    let settled = !sighting.lacks(Achievement::PlaceTable);
    for make in &rules::MAKE {
        if settled && sighting.lacks(make.achievement) && sighting.has(make.uses) {
            wish(Goal::Make(make.action), bias::MAKE);
        }
    }
    let wood = amount(Item::Wood);
    if sighting.lacks(Achievement::PlaceTable) && wood >= LEAST_WOOD {
        let bias = if wood >= FULL_WOOD {
            bias::MAKE
        } else {
            bias::EARLY_TABLE
        };
        wish(Goal::Settle, bias);
    }
    if wood < wood_wanted(level, belief, sighting) {
        wish(Goal::Gather(Material::Tree), bias::WOOD);
        if wood < LEAST_WOOD && !belief.knows(Material::Tree) {
            wish(Goal::Explore(Terrain::Meadow), bias::SEARCH);
        }
    }
    if sighting.lacks(Achievement::CollectDrink) {
        wish(Goal::Gather(Material::Water), bias::FIRST_DRINK);
    }
    if sighting.lacks(Achievement::EatCow) {
        wish(Goal::Hunt(ObjectKind::Cow), bias::FIRST_COW);
    }
    if sighting.lacks(Achievement::CollectSapling) {
        wish(Goal::Gather(Material::Grass), bias::SAPLING);
    }
    if level == Level::Novice
        && sighting.lacks(Achievement::PlacePlant)
        && amount(Item::Sapling) > 0
    {
        wish(Goal::SowAnywhere, bias::SOW);
    }
}

/// A plant takes long to ripen, so it is seen to as soon as there are stones.
fn farming(belief: &Belief, sighting: &Sighting, wish: &mut impl FnMut(Goal, i32)) {
    let unsafe_out = sighting.is_night() || sighting.amount(Item::Health) <= WOUNDED;
    if !sighting.lacks(Achievement::EatPlant) || unsafe_out {
        return;
    }
    let amount = |item| sighting.amount(item);
    let mut near = belief
        .plants()
        .iter()
        .filter(|plant| plant.position.distance(sighting.position) <= FARM_REACH)
        .peekable();
    if near.peek().is_none() {
        match amount(Item::Sapling) {
            0 => wish(Goal::Gather(Material::Grass), bias::SAPLING),
            _ if amount(Item::Stone) >= FENCE_STONES => wish(Goal::Sow, bias::SOW),
            _ => {}
        }
    }
    for plant in near {
        if plant.is_due() {
            wish(Goal::Harvest, bias::HARVEST);
        } else if farm::is_open(belief, plant.position) && amount(Item::Stone) > 0 {
            wish(Goal::Fence(plant.position), bias::FENCE);
        }
    }
}

fn stone_and_iron_age(
    belief: &Belief,
    sighting: &Sighting,
    walling: bool,
    wish: &mut impl FnMut(Goal, i32),
) {
    let amount = |item| sighting.amount(item);
    if amount(Item::WoodPickaxe) == 0 {
        if sighting.lacks(Achievement::PlaceTable) {
            return;
        }
        wish(Goal::Explore(Terrain::Mountain), bias::EXPLORE);
        return;
    }
    let stone = amount(Item::Stone);
    // The walls of a shelter, and of one that is begun, are no stock.
    let sheltered = sighting.is_night() && shelter::is_enclosed(belief, sighting.position);
    if stone < STONE_STORE && !sheltered && !walling {
        wish(Goal::Gather(Material::Stone), bias::STONE);
    }
    if sighting.lacks(Achievement::PlaceStone) {
        wish(Goal::Place(Action::PlaceStone), bias::MAKE);
    }
    if sighting.lacks(Achievement::PlaceFurnace) && stone > FURNACE_STONES {
        wish(Goal::Place(Action::PlaceFurnace), bias::FURNACE);
    }
    let tools = [Achievement::MakeIronPickaxe, Achievement::MakeIronSword];
    let open = tools
        .into_iter()
        .filter(|&tool| sighting.lacks(tool))
        .count() as u8;
    let diamonds = u8::from(sighting.lacks(Achievement::CollectDiamond));
    for (material, item, wanted, bias) in [
        (Material::Diamond, Item::Diamond, diamonds, bias::DIAMOND),
        (Material::Iron, Item::Iron, open, bias::ORE),
        (Material::Coal, Item::Coal, open, bias::ORE),
    ] {
        let tool = rules::collect(material).and_then(|rule| rule.tool);
        if amount(item) < wanted && tool.is_none_or(|tool| amount(tool) > 0) {
            wish(Goal::Gather(material), bias);
        }
    }
    if danger::hunts_skeletons(sighting) {
        wish(Goal::Hunt(ObjectKind::Skeleton), bias::FIGHT);
    }
    // Who has both ores lacks wood for the tools, and there is none in the mountains.
    let ores = [Item::Iron, Item::Coal];
    if sighting.lacks(Achievement::CollectStone)
        || sighting.lacks(Achievement::DefeatSkeleton)
        || sighting.lacks(Achievement::CollectDiamond) && amount(Item::IronPickaxe) > 0
        || ores.into_iter().any(|ore| amount(ore) < open)
    {
        wish(Goal::Explore(Terrain::Mountain), bias::EXPLORE);
    }
}

/// Wood for what is still to be made, as far as one can carry it.
pub(super) fn wood_wanted(level: Level, belief: &Belief, sighting: &Sighting) -> u8 {
    let open = |tools: &[Achievement]| {
        let lacking = tools.iter().filter(|&&tool| sighting.lacks(tool));
        lacking.count() as u8
    };
    let wooden = open(&[Achievement::MakeWoodPickaxe, Achievement::MakeWoodSword]);
    let stone = open(&[Achievement::MakeStonePickaxe, Achievement::MakeStoneSword]);
    let iron = open(&[Achievement::MakeIronPickaxe, Achievement::MakeIronSword]);
    if level == Level::Novice {
        return TABLE_WOOD * open(&[Achievement::PlaceTable]) + wooden;
    }
    let tools = wooden + stone;
    // Ores lie where no table is, and arrows break the one there was: what is left to be
    // made then takes a new one.
    let moves_on = tools <= 1 && iron > 0 || !belief.knows(Material::Table);
    match tools + iron {
        _ if sighting.lacks(Achievement::PlaceTable) => FULL_WOOD,
        0 => 0,
        open if moves_on => TABLE_WOOD + open,
        _ => tools,
    }
}
