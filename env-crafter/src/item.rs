//! Defines what the player has: the four needs and what can be carried.

use std::ops::{Index, IndexMut};

use crate::vocabulary::vocabulary;

vocabulary! {
    /// An entry of the inventory, in the reference's order.
    pub enum Item("item", from 0, 16) {
        /// Zero is death.
        Health = "health",
        /// Eaten up by one every 26 steps awake and 51 asleep.
        Food = "food",
        /// Used up by one every 21 steps awake and 41 asleep.
        Drink = "drink",
        /// Regained by sleep.
        Energy = "energy",
        /// Planted in grass.
        Sapling = "sapling",
        /// From trees.
        Wood = "wood",
        /// From stone.
        Stone = "stone",
        /// From coal.
        Coal = "coal",
        /// From iron.
        Iron = "iron",
        /// From diamonds.
        Diamond = "diamond",
        /// Mines stone and coal.
        WoodPickaxe = "wood_pickaxe",
        /// Mines iron.
        StonePickaxe = "stone_pickaxe",
        /// Mines diamonds.
        IronPickaxe = "iron_pickaxe",
        /// Deals 2 damage.
        WoodSword = "wood_sword",
        /// Deals 3 damage.
        StoneSword = "stone_sword",
        /// Deals 5 damage.
        IronSword = "iron_sword",
    }
}

/// How much of each item the player has, each 0 to [`rules::MAX_ITEM`](crate::rules::MAX_ITEM).
///
/// ```
/// use env_crafter::{Inventory, Item};
///
/// let inventory = Inventory::default();
/// assert_eq!(inventory[Item::Health], 9);
/// assert_eq!(inventory[Item::Wood], 0);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Inventory([u8; Item::ALL.len()]);

impl Inventory {
    /// Every item with its amount, in order.
    pub fn iter(&self) -> impl Iterator<Item = (Item, u8)> {
        Item::ALL.into_iter().zip(self.0)
    }

    /// Whether there is at least this much of each.
    #[must_use]
    pub fn has(&self, needed: &[(Item, u8)]) -> bool {
        needed.iter().all(|&(item, amount)| self[item] >= amount)
    }

    pub(crate) const fn amounts(&self) -> &[u8; Item::ALL.len()] {
        &self.0
    }

    pub(crate) fn clamp(&mut self) {
        for amount in &mut self.0 {
            *amount = (*amount).min(crate::rules::MAX_ITEM);
        }
    }

    pub(crate) fn from_amounts(amounts: [u8; Item::ALL.len()]) -> Option<Self> {
        amounts
            .iter()
            .all(|&amount| amount <= crate::rules::MAX_ITEM)
            .then_some(Self(amounts))
    }
}

impl Default for Inventory {
    /// What a player starts with: nine of each need and nothing else.
    fn default() -> Self {
        let mut amounts = [0; Item::ALL.len()];
        for need in [Item::Health, Item::Food, Item::Drink, Item::Energy] {
            amounts[need as usize] = crate::rules::MAX_ITEM;
        }
        Self(amounts)
    }
}

impl Index<Item> for Inventory {
    type Output = u8;

    fn index(&self, item: Item) -> &u8 {
        &self.0[item as usize]
    }
}

impl IndexMut<Item> for Inventory {
    fn index_mut(&mut self, item: Item) -> &mut u8 {
        &mut self.0[item as usize]
    }
}
