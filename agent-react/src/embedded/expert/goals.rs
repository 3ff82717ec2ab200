//! Defines what the player can be after, how pressing that is, and how it says so.

use env_crafter::{Action, Direction, Item, Material, ObjectKind, Position, rules};

use super::perception::Sighting;

/// What the player is after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Goal {
    /// To sleep on until rested.
    SleepOn,
    /// To strike what stands beside.
    Strike(Position, ObjectKind),
    /// To put a stone in the way of what comes straight on.
    Block(ObjectKind),
    /// To step out of an arrow's way.
    Dodge(Direction),
    /// To be enclosed, and rest there.
    Shelter(Refuge),
    /// To take something from the ground.
    Gather(Material),
    /// To hunt.
    Hunt(ObjectKind),
    /// To eat a ripe plant.
    Harvest,
    /// To build the first table where it will be needed.
    Settle,
    /// To put something down.
    Place(Action),
    /// To make a tool, building the table and the furnace for it if need be.
    Make(Action),
    /// To plant a sapling where it can be fenced in.
    Sow,
    /// To plant a sapling wherever that is possible.
    SowAnywhere,
    /// To put stones around a plant.
    Fence(Position),
    /// To get back to a plant, which only grows while the player is near.
    Tend(Position),
    /// To see more of the world.
    Explore(Terrain),
}

/// What the player hides from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refuge {
    /// The zombies of the night.
    Night,
    /// Sleep, which leaves one helpless.
    Tiredness,
    /// Whatever gave the wounds.
    Wounds,
    /// Nothing: there is only a plant to wait for.
    Waiting,
    /// Nothing: to wake up once is an achievement.
    Nap,
}

/// What kind of land is searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Terrain {
    /// Where stone, ores and tunnels are.
    Mountain,
    /// Where trees, cows and water are.
    Meadow,
}

/// How pressing a goal is. Whatever is more pressing comes first, however long
/// it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Urgency {
    /// It cannot wait a step.
    Now,
    /// Life depends on it.
    Vital,
    /// Strength depends on it.
    Rest,
    /// It is worth a few steps aside.
    Passing,
    /// It brings the player on.
    Progress,
    /// For want of anything better.
    Last,
}

/// A goal with what it is worth. Among equally pressing ones the one with the
/// fewest steps and the least bias is pursued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wish {
    pub urgency: Urgency,
    pub goal: Goal,
    /// How many steps later than another goal it may come.
    pub bias: i32,
    /// The most steps it is worth.
    pub reach: u32,
}

impl Wish {
    /// A goal that is pursued however far away it is.
    pub(super) const fn new(urgency: Urgency, goal: Goal, bias: i32) -> Self {
        Self {
            urgency,
            goal,
            bias,
            reach: u32::MAX,
        }
    }

    /// The same, but for so many steps at most.
    pub(super) const fn within(self, reach: u32) -> Self {
        Self { reach, ..self }
    }
}

impl Goal {
    /// What it is after and why, as a player would say it.
    pub(super) fn reason(self, sighting: &Sighting) -> String {
        let amount = |item| sighting.amount(item);
        match self {
            Goal::SleepOn => format!(
                "I am asleep and rest until energy, now {}, is full.",
                amount(Item::Energy)
            ),
            Goal::Strike(_, kind) => format!("A {kind} is right beside me, so I strike it."),
            Goal::Block(ObjectKind::Arrow) => {
                "An arrow comes straight at me, so I stop it with a stone.".into()
            }
            Goal::Block(kind) => {
                format!("A {kind} comes straight at me, so I put a stone in its way.")
            }
            Goal::Dodge(_) => "An arrow comes at me, so I step aside.".into(),
            Goal::Shelter(Refuge::Night) => {
                "It is night and zombies roam, so I stay behind walls until morning.".into()
            }
            Goal::Shelter(Refuge::Tiredness) => format!(
                "Energy is {}, so I wall myself in and sleep.",
                amount(Item::Energy)
            ),
            Goal::Shelter(Refuge::Wounds) => format!(
                "Health is {}, so I wall myself in and heal.",
                amount(Item::Health)
            ),
            Goal::Shelter(Refuge::Waiting) => {
                "All that is left takes time, so I wait behind walls.".into()
            }
            Goal::Shelter(Refuge::Nap) => {
                "I am well covered here, so I take a nap to have woken up once.".into()
            }
            Goal::Gather(Material::Water) => format!(
                "Drink is {}, so I go to the water and drink.",
                amount(Item::Drink)
            ),
            Goal::Gather(Material::Grass) => {
                "I search the grass for a sapling, which turns up one time in ten.".into()
            }
            Goal::Gather(material) => match rules::collect(material).map(|rule| rule.item) {
                Some(item) => format!("I have {} {item}, so I go for {material}.", amount(item)),
                None => format!("I go for {material}."),
            },
            Goal::Hunt(ObjectKind::Cow) => {
                format!("Food is {}, so I hunt a cow.", amount(Item::Food))
            }
            Goal::Hunt(kind) => format!("I am fit to fight, so I go after a {kind}."),
            Goal::Harvest => "My plant should be ripe, so I go and eat it.".into(),
            Goal::Settle => {
                "I have the wood for a table and tools, so I build it where stones are near.".into()
            }
            Goal::Place(action) => format!("I have what it takes for {action}."),
            Goal::Make(action) => {
                format!("I have what it takes for {action}, so I see to a place for it.")
            }
            Goal::Sow => "I have a sapling, so I plant it where it can be fenced in.".into(),
            Goal::SowAnywhere => "I have a sapling, so I plant it.".into(),
            Goal::Fence(_) => "I put stones around my plant, so that nothing eats it.".into(),
            Goal::Tend(_) => "My plant only grows while I am near, so I go back to it.".into(),
            Goal::Explore(Terrain::Mountain) => {
                "I explore the mountains for what I need next.".into()
            }
            Goal::Explore(Terrain::Meadow) => "I explore the meadows for what I need next.".into(),
        }
    }
}
