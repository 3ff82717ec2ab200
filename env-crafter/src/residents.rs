//! Provides who is in which chunk, so that finding an object takes no longer
//! on a large map than on a small one.
//!
//! It follows from the objects' positions, is no part of a world's state, and
//! knows nothing of the objects but their slots.

use crate::objects::with_room;

/// Marks the end of a list.
const NONE: u32 = u32::MAX;

/// For each chunk, the slots of the objects in it, oldest first.
#[derive(Debug)]
pub(crate) struct Residents {
    /// First the first slot of each chunk, then for each slot the one that
    /// follows it in its chunk.
    links: Vec<u32>,
    chunks: usize,
}

impl Clone for Residents {
    /// Keeps the room for more objects, as they do.
    fn clone(&self) -> Self {
        Self {
            links: with_room(&self.links),
            chunks: self.chunks,
        }
    }
}

impl Residents {
    /// Empty chunks, with room for so many slots.
    pub(crate) fn new(chunks: usize, slots: usize) -> Self {
        let mut links = Vec::with_capacity(chunks + slots);
        links.resize(chunks, NONE);
        Self { links, chunks }
    }

    /// The slots of the objects in a chunk, oldest first.
    #[inline]
    pub(crate) fn of(&self, chunk: usize) -> impl Iterator<Item = usize> {
        let slot = |slot: u32| (slot != NONE).then_some(slot as usize);
        std::iter::successors(slot(self.links[chunk]), move |&each| {
            slot(self.links[self.chunks + each])
        })
    }

    /// The object in a slot is now in a chunk.
    pub(crate) fn enter(&mut self, chunk: usize, slot: usize) {
        let own = self.chunks + slot;
        while self.links.len() <= own {
            self.links.push(NONE);
        }
        let link = self.link_to(chunk, |each| each > slot as u32);
        self.links[own] = self.links[link];
        self.links[link] = slot as u32;
    }

    /// The object in a slot is no longer in a chunk.
    pub(crate) fn leave(&mut self, chunk: usize, slot: usize) {
        let link = self.link_to(chunk, |each| each == slot as u32);
        self.links[link] = self.links[self.chunks + slot];
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.links.truncate(self.chunks);
        self.links.fill(NONE);
    }

    /// The first link of a chunk's list that leads to a fitting slot, or its
    /// last, which leads nowhere.
    #[inline]
    fn link_to(&self, chunk: usize, fits: impl Fn(u32) -> bool) -> usize {
        let mut link = chunk;
        loop {
            let slot = self.links[link];
            if slot == NONE || fits(slot) {
                return link;
            }
            link = self.chunks + slot as usize;
        }
    }
}
