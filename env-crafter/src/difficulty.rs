//! Defines the presets that make a world harder or easier, and the numbers
//! they change.

use crate::{Material, ObjectKind, vocabulary::vocabulary};

vocabulary! {
    /// How dangerous and how generous a world is.
    ///
    /// Each preset has numbers of its own for what grows and lives in the
    /// world; they belong to a world and not to the program. The rules of
    /// what actions do are the same in all.
    pub enum Difficulty("difficulty", from 0, 4) {
        /// Fewer zombies and skeletons; more cows, trees, ores and saplings.
        Easy = "easy",
        /// The reference's numbers.
        Normal = "normal",
        /// More zombies and skeletons; fewer cows, trees, ores and saplings.
        Hard = "hard",
        /// No zombies and no skeletons.
        Peaceful = "peaceful",
    }
}

#[expect(
    clippy::derivable_impls,
    reason = "the variants are declared by a macro"
)]
impl Default for Difficulty {
    fn default() -> Self {
        Self::Normal
    }
}

/// The probabilities a preset sets.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Tuning {
    /// A drawn number above this makes the thing: of terrain where the noise
    /// allows it, of creatures on a fitting cell.
    pub(crate) tree: f64,
    pub(crate) coal: f64,
    pub(crate) iron: f64,
    pub(crate) diamond: f64,
    pub(crate) cow: f64,
    pub(crate) zombie: f64,
    pub(crate) skeleton: f64,
    /// What the probability of finding a sapling is multiplied by.
    pub(crate) luck: f64,
    /// What comes and goes, in the order in which it does.
    pub(crate) populations: [Population; 3],
    /// Cells for each object for which a world has room without allocating:
    /// about three quarters of what each had in the fullest of the worlds of
    /// 64 by 64 cells in which a random player took 6,000 steps.
    pub(crate) cells_an_object: usize,
}

/// How a kind of creature comes and goes in a chunk.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Population {
    pub(crate) kind: ObjectKind,
    /// What it appears on.
    pub(crate) material: Material,
    /// The least distance to the player at which one appears.
    pub(crate) spawn_distance: u32,
    /// The least distance to the player at which one disappears.
    pub(crate) despawn_distance: u32,
    pub(crate) spawn: f64,
    pub(crate) despawn: f64,
    /// Cells of the material it takes for any to appear.
    pub(crate) least_space: u8,
    /// How many there are at least, if there is space, and at most: a number
    /// in the dark, and what full daylight adds.
    pub(crate) fewest: (f64, f64),
    pub(crate) most: (f64, f64),
}

impl Population {
    /// The numbers of creatures below and above which some come or go.
    pub(crate) fn target(&self, daylight: f64) -> (u8, u8) {
        let at = |(dark, light): (f64, f64)| (dark + light * daylight) as u8;
        (at(self.fewest), at(self.most))
    }
}

const ZOMBIES: Population = Population {
    kind: ObjectKind::Zombie,
    material: Material::Grass,
    spawn_distance: 6,
    despawn_distance: 0,
    spawn: 0.3,
    despawn: 0.4,
    least_space: 50,
    fewest: (3.5, -3.0),
    most: (3.5, -3.0),
};

const SKELETONS: Population = Population {
    kind: ObjectKind::Skeleton,
    material: Material::Path,
    spawn_distance: 7,
    despawn_distance: 7,
    spawn: 0.1,
    despawn: 0.1,
    least_space: 6,
    fewest: (1.0, 0.0),
    most: (2.0, 0.0),
};

const COWS: Population = Population {
    kind: ObjectKind::Cow,
    material: Material::Grass,
    spawn_distance: 5,
    despawn_distance: 5,
    spawn: 0.01,
    despawn: 0.1,
    least_space: 30,
    fewest: (1.0, 0.0),
    most: (1.5, 1.0),
};

const NORMAL: Tuning = Tuning {
    tree: 0.8,
    coal: 0.85,
    iron: 0.75,
    diamond: 0.994,
    cow: 0.985,
    zombie: 0.993,
    skeleton: 0.95,
    luck: 1.0,
    populations: [ZOMBIES, SKELETONS, COWS],
    cells_an_object: 22,
};

const EASY: Tuning = Tuning {
    tree: 0.7,
    coal: 0.75,
    iron: 0.6,
    diamond: 0.985,
    cow: 0.975,
    zombie: 0.997,
    skeleton: 0.98,
    luck: 2.0,
    populations: [
        Population {
            spawn: 0.15,
            despawn: 0.6,
            fewest: (2.5, -2.0),
            most: (2.5, -2.0),
            ..ZOMBIES
        },
        Population {
            spawn: 0.05,
            despawn: 0.2,
            most: (1.0, 0.0),
            ..SKELETONS
        },
        Population {
            spawn: 0.05,
            despawn: 0.05,
            most: (2.5, 1.0),
            ..COWS
        },
    ],
    ..NORMAL
};

const HARD: Tuning = Tuning {
    tree: 0.87,
    coal: 0.9,
    iron: 0.85,
    diamond: 0.997,
    cow: 0.992,
    zombie: 0.985,
    skeleton: 0.9,
    luck: 0.5,
    populations: [
        Population {
            spawn: 0.5,
            despawn: 0.3,
            fewest: (5.5, -4.0),
            most: (5.5, -4.0),
            ..ZOMBIES
        },
        Population {
            spawn: 0.2,
            despawn: 0.05,
            fewest: (2.0, 0.0),
            most: (3.0, 0.0),
            ..SKELETONS
        },
        Population {
            spawn: 0.005,
            despawn: 0.2,
            most: (1.0, 0.5),
            ..COWS
        },
    ],
    cells_an_object: 16,
};

/// Nothing is above one, and no number drawn below zero.
const PEACEFUL: Tuning = Tuning {
    zombie: 1.0,
    skeleton: 1.0,
    populations: [
        Population {
            spawn: 0.0,
            ..ZOMBIES
        },
        Population {
            spawn: 0.0,
            ..SKELETONS
        },
        COWS,
    ],
    ..NORMAL
};

impl Difficulty {
    pub(crate) const fn tuning(self) -> &'static Tuning {
        match self {
            Self::Easy => &EASY,
            Self::Normal => &NORMAL,
            Self::Hard => &HARD,
            Self::Peaceful => &PEACEFUL,
        }
    }
}
