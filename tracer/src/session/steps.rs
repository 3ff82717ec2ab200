//! Provides the timesteps of a session: which are open, and which ids are taken.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::record::SessionTimeStep;

/// Where in its session a record is made.
#[derive(Clone, Default)]
pub(super) struct Position {
    pub(super) step_id: Option<Arc<str>>,
    pub(super) turn: Option<u64>,
}

#[derive(Default)]
pub(super) struct Steps {
    /// In the order in which they were opened: the last is the innermost.
    open: Vec<(Arc<str>, SessionTimeStep)>,
    taken: BTreeSet<Arc<str>>,
    last_turn: Option<u64>,
}

impl Steps {
    pub(super) fn count(&self) -> u64 {
        self.taken.len() as u64
    }

    pub(super) fn is_taken(&self, step_id: &str) -> bool {
        self.taken.contains(step_id)
    }

    /// `wanted`, or `wanted_2` and so on if that is taken.
    pub(super) fn free_id(&self, wanted: &str) -> Arc<str> {
        if !self.is_taken(wanted) {
            return wanted.into();
        }
        let mut number = 2_u64;
        loop {
            let id = format!("{wanted}_{number}");
            if !self.is_taken(&id) {
                return id.into();
            }
            number += 1;
        }
    }

    /// The turn after the last: 0 at first.
    pub(super) fn next_turn(&self) -> u64 {
        self.last_turn.map_or(0, |turn| turn.saturating_add(1))
    }

    pub(super) fn open(&mut self, step_id: Arc<str>, step: SessionTimeStep) {
        self.last_turn = Some(step.turn_number);
        self.taken.insert(Arc::clone(&step_id));
        self.open.push((step_id, step));
    }

    pub(super) fn close(&mut self, step_id: &str) -> Option<SessionTimeStep> {
        let index = self.open.iter().position(|(id, _)| &**id == step_id)?;
        Some(self.open.remove(index).1)
    }

    /// Where a handle records: in its own timestep while that is open, else in the
    /// innermost open one, else outside of any.
    pub(super) fn position(&self, pin: Option<&Arc<str>>) -> Position {
        let pinned = pin.and_then(|pin| self.open.iter().find(|(id, _)| Arc::ptr_eq(id, pin)));
        pinned
            .or(self.open.last())
            .map_or_else(Position::default, Self::position_of)
    }

    pub(super) fn find(&self, step_id: &str) -> Option<(Position, &SessionTimeStep)> {
        let entry = self.open.iter().find(|(id, _)| &**id == step_id)?;
        Some((Self::position_of(entry), &entry.1))
    }

    pub(super) fn find_mut(&mut self, step_id: &str) -> Option<&mut SessionTimeStep> {
        self.open
            .iter_mut()
            .find(|(id, _)| &**id == step_id)
            .map(|(_, step)| step)
    }

    pub(super) fn innermost(&self) -> Option<Arc<str>> {
        self.open.last().map(|(id, _)| Arc::clone(id))
    }

    pub(super) fn all_open(&self) -> impl Iterator<Item = &SessionTimeStep> {
        self.open.iter().map(|(_, step)| step)
    }

    fn position_of((step_id, step): &(Arc<str>, SessionTimeStep)) -> Position {
        Position {
            step_id: Some(Arc::clone(step_id)),
            turn: Some(step.turn_number),
        }
    }
}
