//! Defines the twenty-two achievements and a set of them.

use std::fmt;

use crate::vocabulary::vocabulary;

vocabulary! {
    /// Something the player can accomplish, in the reference's order.
    ///
    /// ```
    /// use env_crafter::Achievement;
    ///
    /// assert_eq!(Achievement::ALL.len(), 22);
    /// assert_eq!(Achievement::EatCow.name(), "eat_cow");
    /// ```
    pub enum Achievement("achievement", from 0, 22) {
        /// Mined coal.
        CollectCoal = "collect_coal",
        /// Mined a diamond.
        CollectDiamond = "collect_diamond",
        /// Drank water.
        CollectDrink = "collect_drink",
        /// Mined iron.
        CollectIron = "collect_iron",
        /// Found a sapling in the grass.
        CollectSapling = "collect_sapling",
        /// Mined stone.
        CollectStone = "collect_stone",
        /// Cut down a tree.
        CollectWood = "collect_wood",
        /// Killed a skeleton.
        DefeatSkeleton = "defeat_skeleton",
        /// Killed a zombie.
        DefeatZombie = "defeat_zombie",
        /// Killed and ate a cow.
        EatCow = "eat_cow",
        /// Ate a ripe plant.
        EatPlant = "eat_plant",
        /// Made an iron pickaxe.
        MakeIronPickaxe = "make_iron_pickaxe",
        /// Made an iron sword.
        MakeIronSword = "make_iron_sword",
        /// Made a stone pickaxe.
        MakeStonePickaxe = "make_stone_pickaxe",
        /// Made a stone sword.
        MakeStoneSword = "make_stone_sword",
        /// Made a wooden pickaxe.
        MakeWoodPickaxe = "make_wood_pickaxe",
        /// Made a wooden sword.
        MakeWoodSword = "make_wood_sword",
        /// Built a furnace.
        PlaceFurnace = "place_furnace",
        /// Planted a sapling.
        PlacePlant = "place_plant",
        /// Put down a stone.
        PlaceStone = "place_stone",
        /// Built a table.
        PlaceTable = "place_table",
        /// Woke up rested.
        WakeUp = "wake_up",
    }
}

/// A set of achievements.
///
/// ```
/// use env_crafter::{Achievement, AchievementSet};
///
/// let set: AchievementSet = [Achievement::WakeUp, Achievement::EatCow].into_iter().collect();
/// assert!(set.contains(Achievement::EatCow));
/// assert_eq!(set.iter().next(), Some(Achievement::EatCow), "iterates in order");
/// assert_eq!(format!("{set:?}"), "{EatCow, WakeUp}");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct AchievementSet(u32);

impl fmt::Debug for AchievementSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl AchievementSet {
    /// The set of none.
    pub const EMPTY: Self = Self(0);

    /// Whether `achievement` is in the set.
    #[must_use]
    pub const fn contains(self, achievement: Achievement) -> bool {
        self.0 & Self::bit(achievement) != 0
    }

    /// Adds one, and says whether it was new.
    pub fn insert(&mut self, achievement: Achievement) -> bool {
        let new = !self.contains(achievement);
        self.0 |= Self::bit(achievement);
        new
    }

    /// How many there are.
    #[must_use]
    pub const fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// What is in either set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in this set and not in `other`.
    #[must_use]
    pub const fn difference(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// The achievements in the set, in their order.
    pub fn iter(self) -> impl Iterator<Item = Achievement> {
        Achievement::ALL
            .into_iter()
            .filter(move |&each| self.contains(each))
    }

    const fn bit(achievement: Achievement) -> u32 {
        1 << achievement.id()
    }
}

impl FromIterator<Achievement> for AchievementSet {
    fn from_iter<I: IntoIterator<Item = Achievement>>(iter: I) -> Self {
        iter.into_iter()
            .fold(Self::EMPTY, |set, each| Self(set.0 | Self::bit(each)))
    }
}
