//! Remembers something of each part that a session's last documents have.
//!
//! A conversation's requests share nearly all their parts with the one before, so what
//! was found out of a part once need not be found out again.

use std::collections::HashMap;

use crate::record::Part;

/// After how many documents without it a part is forgotten: as many as may be about
/// something else in between.
const KEPT: u64 = 8;

/// What is known of the parts of the last documents.
#[derive(Debug)]
pub(crate) struct Recent<T> {
    /// With the document that had the part last.
    known: HashMap<Part, (T, u64)>,
    documents: u64,
}

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self {
            known: HashMap::new(),
            documents: 0,
        }
    }
}

impl<T> Recent<T> {
    /// What is known of a part of the present document.
    pub(crate) fn get(&self, part: &Part) -> Option<&T> {
        self.known.get(part).map(|(known, _)| known)
    }

    /// What is known of a part of the present document, or is found out now.
    pub(crate) fn get_or_insert(&mut self, part: &Part, find_out: impl FnOnce() -> T) -> &T {
        let documents = self.documents;
        let entry = self.known.entry(part.clone());
        let (known, last) = entry.or_insert_with(|| (find_out(), documents));
        *last = documents;
        known
    }

    /// Ends the present document, and forgets what has not been seen for long.
    pub(crate) fn forget_old(&mut self) {
        self.documents += 1;
        let documents = self.documents;
        self.known.retain(|_, (_, last)| *last + KEPT >= documents);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_part_is_known_until_it_has_not_been_seen_for_long() {
        let part = Part::of(&json!("a part"));
        let mut recent = Recent::default();
        assert_eq!(recent.get_or_insert(&part, || 1), &1);
        for _ in 0..KEPT {
            recent.forget_old();
            assert_eq!(recent.get(&Part::of(&json!("a part"))), Some(&1));
        }
        recent.forget_old();
        assert_eq!(recent.get(&part), None);
    }
}
