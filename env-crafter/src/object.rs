//! Defines what stands on the map, as it is seen from outside.

use crate::{Direction, Material, Position, vocabulary::vocabulary};

vocabulary! {
    /// What an object is. Its number is the reference's class number.
    pub enum ObjectKind("object", from 0, 6) {
        /// The player.
        Player = "player",
        /// Food that wanders over the grass.
        Cow = "cow",
        /// Lives on grass, comes closer and strikes, harder if the player sleeps.
        Zombie = "zombie",
        /// Lives in tunnels and shoots arrows.
        Skeleton = "skeleton",
        /// Flies until it hits something.
        Arrow = "arrow",
        /// A planted sapling, edible once ripe.
        Plant = "plant",
    }
}

/// An object on the map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Object {
    /// What it is.
    pub kind: ObjectKind,
    /// Where it is.
    pub position: Position,
    /// How much more damage it can take; 0 for an arrow.
    pub health: u8,
    /// Where the player looks, or an arrow flies.
    pub facing: Option<Direction>,
    /// Whether it is a plant that can be eaten.
    pub ripe: bool,
    /// The object's number in the order of creation, from 1, the player's.
    pub index: u32,
    /// What the object counts: the steps until a zombie strikes again or a
    /// skeleton can shoot again, or the age of a plant; else 0.
    pub counter: u32,
}

/// A cell of the map as the player sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cell {
    /// The ground, or `None` outside the map.
    pub material: Option<Material>,
    /// What stands there.
    pub object: Option<Object>,
}

/// What the player looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Faced {
    /// The map ends here.
    Outside,
    /// Free ground.
    Material(Material),
    /// Something that stands on the ground.
    Object(Object),
}
