//! Remembers something of each part that a session's last documents have.
//!
//! A conversation's requests share nearly all their parts with the one before, so what
//! was found out of a part once need not be found out again.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::record::Part;

/// After how many documents without it a part is forgotten, at the earliest: as many as
/// may be about something else in between.
const KEPT: u64 = 8;

/// What is known of the parts of the last documents.
#[derive(Debug)]
pub(crate) struct Recent<T> {
    /// With the document that had the part last.
    known: HashMap<Part, (T, u64), BuildHasherDefault<Hashed>>,
    documents: u64,
}

/// Takes the hash that a part has already for its hash.
#[derive(Default)]
struct Hashed(u64);

impl Hasher for Hashed {
    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    /// Parts give one number and nothing else; whatever else came would be mixed in.
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self {
            known: HashMap::default(),
            documents: 0,
        }
    }
}

impl<T: Clone> Recent<T> {
    /// What is known of a part of the present document, or is found out now.
    pub(crate) fn of(&mut self, part: &Part, find_out: impl FnOnce() -> T) -> T {
        if let Some((known, last)) = self.known.get_mut(part) {
            *last = self.documents;
            return known.clone();
        }
        let known = find_out();
        let entry = (known.clone(), self.documents);
        self.known.insert(part.clone(), entry);
        known
    }

    /// Ends the present document, and forgets what has not been seen for long.
    pub(crate) fn end_document(&mut self) {
        self.documents += 1;
        if self.documents.is_multiple_of(KEPT) {
            let documents = self.documents;
            self.known.retain(|_, (_, last)| *last + KEPT >= documents);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_part_is_known_until_it_has_not_been_seen_for_long() {
        let part = || Part::of(&json!("a part"));
        let mut recent = Recent::default();
        assert_eq!(recent.of(&part(), || 1), 1);
        for _ in 0..KEPT {
            recent.end_document();
        }
        assert_eq!(recent.of(&part(), || 2), 1);
        for _ in 0..2 * KEPT {
            recent.end_document();
        }
        assert_eq!(recent.of(&part(), || 3), 3);
    }
}
