//! Puts into words what the player is after, and what for.
//!
//! A reason says nothing but what the observation bears out, what was seen before,
//! and what the rules of the game are.

use env_crafter::{Achievement, Action, Item, Material, ObjectKind, rules};

use super::{
    Level,
    belief::Belief,
    goals::{Goal, Refuge, Terrain, Urgency, Wish},
    needs,
    perception::Sighting,
    progress,
    tuning::{HEALED, STARVING, STONE_STORE},
};

/// What was decided, and by what.
#[derive(Clone, Copy)]
pub(super) struct Decision<'a> {
    pub level: Level,
    pub belief: &'a Belief,
    pub sighting: &'a Sighting,
    pub wish: Wish,
    /// What the player would do next for it.
    pub actions: &'a [Action],
    /// Whether a shelter is being built.
    pub walling: bool,
}

/// The most things a reason names.
const NAMED: usize = 3;

impl Decision<'_> {
    /// What it is after and why, as a player would say it.
    pub(super) fn reason(self) -> String {
        let mut reason = match self.wish.goal {
            Goal::SleepOn => format!(
                "I am asleep and sleep on: energy is {} of {}.",
                self.amount(Item::Energy),
                rules::MAX_ITEM
            ),
            Goal::Strike(_, kind) => {
                format!("A {kind} is right beside me and would hurt me, so I strike it.")
            }
            Goal::Block(ObjectKind::Arrow) => {
                "An arrow comes straight at me, so I stop it with a stone.".to_owned()
            }
            Goal::Block(kind) => format!(
                "A {kind} comes straight at me and strikes as soon as it arrives, so I put \
                 a stone in its way."
            ),
            Goal::Dodge(_) => "An arrow comes at me, so I step aside.".to_owned(),
            Goal::Shelter(refuge) => self.shelter(refuge),
            Goal::Gather(Material::Water) => {
                let does = match self.only_does() {
                    true => "I drink",
                    false => "I go to the water and drink",
                };
                self.need(Item::Drink, Achievement::CollectDrink, does)
            }
            Goal::Gather(material) => self.gather(material),
            Goal::Hunt(ObjectKind::Cow) => {
                self.need(Item::Food, Achievement::EatCow, "I hunt a cow")
            }
            Goal::Hunt(kind) => format!(
                "I have yet to defeat a {kind} and am fit for it with {} health and a sword, \
                 so I go after one.",
                self.amount(Item::Health)
            ),
            Goal::Harvest => self.need(Item::Food, Achievement::EatPlant, self.harvest()),
            Goal::Settle => self.settle(),
            Goal::Place(action) => self.place(action),
            Goal::Make(action) => self.make(action),
            Goal::Sow => format!(
                "I have a sapling and {} stone to fence it in with, so I plant it, to eat \
                 what grows.",
                self.amount(Item::Stone)
            ),
            Goal::SowAnywhere => {
                "I have a sapling and have yet to plant one, so I plant it.".to_owned()
            }
            Goal::Fence(_) if self.actions.last() == Some(&Action::Do) => {
                "Something stands beside my plant and would eat it, so I strike it.".to_owned()
            }
            Goal::Fence(_) => "My plant would be eaten before it is ripe, so I put stones \
                               around it."
                .to_owned(),
            Goal::Tend(_) => {
                let night = match self.sighting.dark {
                    true => "It is night",
                    false => "Night is near",
                };
                format!("{night} and my plant only grows while I am near, so I go back to it.")
            }
            Goal::Explore(Terrain::Mountain) => self.explore_mountains(),
            Goal::Explore(Terrain::Meadow) => self.explore_meadows(),
        };
        reason.extend(self.neglected());
        reason
    }

    fn amount(self, item: Item) -> u8 {
        self.sighting.amount(item)
    }

    fn lacks(self, achievement: Achievement) -> bool {
        self.sighting.lacks(achievement)
    }

    /// Whether all it takes is at hand.
    fn only_does(self) -> bool {
        self.actions.iter().all(|&action| action == Action::Do)
    }

    fn shelter(self, refuge: Refuge) -> String {
        let amount = |item| self.amount(item);
        let rests = match self.actions.first() {
            Some(Action::Sleep) => Some("sleep"),
            Some(Action::Noop) => Some("wait"),
            _ => None,
        };
        let why = match refuge {
            Refuge::Night if self.sighting.dark => {
                "It is night, when zombies roam the grass".to_owned()
            }
            Refuge::Night => "The night is hardly over and zombies leave the grass late".to_owned(),
            Refuge::Tiredness => format!(
                "Energy is {}, and without any I lose health",
                amount(Item::Energy)
            ),
            Refuge::Wounds => format!(
                "Health is {} and {HEALED} is what I want for the next fight",
                amount(Item::Health)
            ),
            Refuge::Waiting => {
                "I have yet to eat a plant, mine takes its time, and I know of nothing better \
                 to do"
                    .to_owned()
            }
            Refuge::Nap => format!(
                "I have yet to wake up once, energy is {} and nothing gets at me here",
                amount(Item::Energy)
            ),
        };
        match rests {
            Some(rest) if refuge == Refuge::Nap => format!("{why}, so I {rest} a little."),
            Some(rest) => format!("{why}, so I {rest} behind walls."),
            None if self.walling => format!("{why}, so I wall myself in."),
            None => format!("{why}, so I make for rock to hide in."),
        }
    }

    /// Why `does` is done about a need. `first` is what it unlocks.
    fn need(self, need: Item, first: Achievement, does: &str) -> String {
        let amount = self.amount(need);
        let dusk = self.sighting.is_dusk() && !self.sighting.is_night() && !self.sighting.dark;
        let why = match self.wish.urgency {
            _ if amount == 0 => format!("{need} is 0, which costs me health"),
            Urgency::Now | Urgency::Vital | Urgency::Rest => {
                format!("{need} is {amount}, and without any I lose health")
            }
            _ if self.lacks(first) => {
                let yet = match first {
                    Achievement::EatCow => "eat a cow",
                    Achievement::EatPlant => "eat a plant",
                    _ => "drink",
                };
                format!("I have yet to {yet}, and {need} is {amount}")
            }
            Urgency::Passing => format!("{need} is {amount} and there is some close by"),
            Urgency::Progress | Urgency::Last if dusk => {
                format!("night is near and {need} is {amount}")
            }
            Urgency::Progress | Urgency::Last => {
                format!("{need} is {amount} and would run low later")
            }
        };
        format!("{}, so {does}.", capitalised(&why))
    }

    fn harvest(self) -> &'static str {
        let mut due = self.belief.plants().iter().filter(|plant| plant.is_due());
        match due.all(|plant| plant.ripe) {
            true => "I go and eat my ripe plant",
            false => "I go and eat my plant, which should be ripe by now",
        }
    }

    fn gather(self, material: Material) -> String {
        match material {
            Material::Grass if self.lacks(Achievement::CollectSapling) => {
                "I have yet to find a sapling, which grass yields one time in ten, so I search it."
                    .to_owned()
            }
            Material::Grass => "I have yet to eat a plant and none of mine is near, so I search \
                                the grass for a sapling, which turns up one time in ten."
                .to_owned(),
            Material::Tree => self.wood("go and fell a tree"),
            Material::Stone => {
                let mut uses = self.uses(Item::Stone);
                if self.lacks(Achievement::EatPlant) && !self.belief.plants().is_empty() {
                    uses.push("a fence around my plant".to_owned());
                }
                if uses.is_empty() {
                    uses.push("walls and bridges".to_owned());
                }
                self.stock(Item::Stone, STONE_STORE, &uses, "go and mine stone")
            }
            Material::Diamond => "I have an iron pickaxe and have yet to collect a diamond, so I \
                                  go for one that I have seen."
                .to_owned(),
            _ => {
                let item = rules::collect(material).map_or(Item::Stone, |rule| rule.item);
                format!(
                    "I have {} {item} and need it for {}, so I go for some that I have seen.",
                    self.amount(item),
                    listed(&self.uses(item))
                )
            }
        }
    }

    fn wood(self, does: &str) -> String {
        let wanted = progress::wood_wanted(self.level, self.belief, self.sighting);
        let mut uses = self.uses(Item::Wood);
        if !self.lacks(Achievement::PlaceTable) && usize::from(wanted) > uses.len() {
            uses.push("a table to make it at".to_owned());
        }
        self.stock(Item::Wood, wanted, &uses, does)
    }

    fn stock(self, item: Item, wanted: u8, uses: &[String], does: &str) -> String {
        format!(
            "I have {} {item} and want {wanted}, for {}, so I {does}.",
            self.amount(item),
            listed(uses)
        )
    }

    /// What is still to be built and made out of an item.
    fn uses(self, item: Item) -> Vec<String> {
        let built = rules::PLACE.iter().filter_map(|rule| {
            let thing = match rule.placed {
                rules::Placed::Material(Material::Stone) | rules::Placed::Object(_) => return None,
                rules::Placed::Material(material) => material.name(),
            };
            Some((thing, rule.uses, rule.achievement))
        });
        let made = rules::MAKE.iter();
        let made = made.map(|rule| (rule.item.name(), rule.uses, rule.achievement));
        built
            .chain(made)
            .filter(|&(_, uses, achievement)| {
                let in_reach = match self.level {
                    Level::Expert => true,
                    Level::Novice => uses.iter().all(|&(each, _)| each == Item::Wood),
                };
                in_reach && self.lacks(achievement) && uses.iter().any(|&(each, _)| each == item)
            })
            .map(|(thing, ..)| with_article(thing))
            .collect()
    }

    fn settle(self) -> String {
        let wood = self.amount(Item::Wood);
        match self.actions.contains(&Action::PlaceTable) {
            true => format!(
                "I have {wood} wood, enough for a table and the first tools, so I build a table."
            ),
            false => format!(
                "I have {wood} wood, enough for a table and the first tools, so I go to the \
                 stones I have seen, to build it where the tools are needed."
            ),
        }
    }

    fn place(self, action: Action) -> String {
        match action {
            Action::PlaceFurnace => format!(
                "I have {} stone and no furnace yet, which iron tools take, so I build one.",
                self.amount(Item::Stone)
            ),
            _ => "I have yet to place a stone and have one to spare, so I put it down.".to_owned(),
        }
    }

    fn make(self, action: Action) -> String {
        let Some(rule) = rules::MAKE.iter().find(|rule| rule.action == action) else {
            return format!("I have what it takes for {action}.");
        };
        let what_for = match rule.item {
            Item::WoodPickaxe => "mine stone and coal",
            Item::StonePickaxe => "mine iron",
            Item::IronPickaxe => "mine diamonds",
            _ => "strike harder",
        };
        let does = if self.actions == [action] {
            "make it"
        } else if self.actions.contains(&Action::PlaceTable) {
            "build a table for it"
        } else if self.actions.contains(&Action::PlaceFurnace) {
            "build a furnace for it"
        } else if self.actions.last() == Some(&action) {
            "go where I can make it"
        } else if rule.nearby.contains(&Material::Furnace) {
            "go to my table, to build a furnace beside it"
        } else {
            "go to my table"
        };
        let uses: Vec<String> = rule.uses.iter().map(|(item, _)| item.to_string()).collect();
        format!(
            "I have the {} for {}, to {what_for} with, so I {does}.",
            listed(&uses),
            with_article(rule.item.name())
        )
    }

    fn explore_mountains(self) -> String {
        if self.amount(Item::WoodPickaxe) == 0 {
            return "I need stone and ores for tools, so I look for mountains.".to_owned();
        }
        let mut wanted = Vec::new();
        if self.lacks(Achievement::CollectStone) {
            wanted.push("stone".to_owned());
        }
        if self.lacks(Achievement::CollectDiamond) && self.amount(Item::IronPickaxe) > 0 {
            wanted.push("a diamond".to_owned());
        }
        if self.lacks(Achievement::DefeatSkeleton) {
            wanted.push("a skeleton to defeat".to_owned());
        }
        let ores = [Item::Iron, Item::Coal];
        let mut ores = ores.into_iter().filter(|&ore| {
            let open = self.uses(ore).len();
            usize::from(self.amount(ore)) < open
        });
        match (ores.next(), ores.next()) {
            (Some(iron), Some(coal)) => {
                let uses = listed(&self.uses(iron));
                wanted.push(format!("{iron} and {coal} for {uses}"));
            }
            (Some(ore), None) => wanted.push(format!("{ore} for {}", listed(&self.uses(ore)))),
            (None, _) => {}
        }
        if wanted.is_empty() {
            return self.nothing_to_do("mountains");
        }
        format!(
            "I still need {}, so I search the mountains.",
            listed(&wanted)
        )
    }

    fn explore_meadows(self) -> String {
        match self.wish.urgency {
            Urgency::Vital => self.search_for_food_and_water(),
            Urgency::Last => self.nothing_to_do("meadows"),
            Urgency::Now | Urgency::Rest | Urgency::Passing | Urgency::Progress => {
                self.wood("search the meadows for a tree, of which I know none")
            }
        }
    }

    fn search_for_food_and_water(self) -> String {
        let (food, drink) = (self.amount(Item::Food), self.amount(Item::Drink));
        let thirsty = !self.belief.knows(Material::Water);
        let hungry = needs::is_hungry(self.sighting);
        match (hungry, thirsty) {
            (true, true) => format!(
                "Food is {food}, drink is {drink}, and I know of no water, so I search the \
                 meadows for water and a cow."
            ),
            (false, true) => {
                format!(
                    "Drink is {drink} and I know of no water, so I search the meadows for some."
                )
            }
            (_, false) => {
                let why = match food {
                    0 => "Food is 0, which costs me health".to_owned(),
                    _ => format!("Food is {food} and running low"),
                };
                let water = match drink <= STARVING {
                    true => format!(" The water I know is farther, though drink is {drink}."),
                    false => String::new(),
                };
                format!("{why}, so I search the meadows for a cow.{water}")
            }
        }
    }

    /// Why to look around without anything to look for.
    fn nothing_to_do(self, land: &str) -> String {
        let lacking = Achievement::ALL
            .into_iter()
            .filter(|&each| self.lacks(each));
        let lacking: Vec<String> = lacking.map(|each| each.to_string()).collect();
        if lacking.is_empty() {
            return format!("I have unlocked everything, so I only look around in the {land}.");
        }
        format!(
            "I lack {} and know of nothing to do about it now, so I look around in the {land}.",
            listed(&lacking)
        )
    }

    /// Why hunger or thirst is left alone, if it is.
    fn neglected(self) -> Option<String> {
        match self.wish.urgency {
            Urgency::Progress | Urgency::Last => {}
            Urgency::Now | Urgency::Vital | Urgency::Rest | Urgency::Passing => return None,
        }
        let seen_to = match self.wish.goal {
            Goal::Gather(Material::Water) => Some(Item::Drink),
            Goal::Harvest | Goal::Hunt(ObjectKind::Cow) => Some(Item::Food),
            _ => None,
        };
        let needs = [Item::Food, Item::Drink].map(|need| (need, self.amount(need)));
        let low = needs
            .into_iter()
            .filter(|&(need, amount)| amount <= STARVING && Some(need) != seen_to);
        let low: Vec<String> = low
            .map(|(need, amount)| format!("{need}, which is {amount}"))
            .collect();
        if low.is_empty() {
            return None;
        }
        let low = low.join(" and ");
        Some(match self.sighting.steps_left {
            Some(left) if needs::last(self.sighting) => {
                format!(" In the {left} steps that are left, I can do without more {low}.")
            }
            _ if self.sighting.is_night() => format!(" For {low}, the meadows are too dangerous."),
            _ => format!(" I know nowhere to go for {low}."),
        })
    }
}

fn capitalised(sentence: &str) -> String {
    let mut letters = sentence.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// `wood_pickaxe` as `a wood pickaxe`.
fn with_article(name: &str) -> String {
    let article = match name.starts_with(['a', 'e', 'i', 'o', 'u']) {
        true => "an",
        false => "a",
    };
    format!("{article} {}", name.replace('_', " "))
}

/// `a table, a furnace and a stone sword`, or the first of them if there are many.
fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] if first.len() < NAMED => format!("{} and {last}", first.join(", ")),
        [..] => format!("{} and more", names[..NAMED].join(", ")),
    }
}
