//! Defines what the player can be after and how pressing that is.

use env_crafter::{Action, Direction, Material, ObjectKind, Position};

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
