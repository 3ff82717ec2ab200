//! Provides a session's hooks: called in order, and isolated from the episode.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::context;
use crate::error::panic_message;
use crate::hook::{Hook, HookContext, HookError, HookFactory};

/// The hooks of one session, in the order in which they run.
pub(super) struct Hooks {
    slots: Vec<Slot>,
}

struct Slot {
    hook: Box<dyn Hook>,
    failures: u64,
    /// A hook that panicked may be in any state, and is not called again.
    broken: bool,
}

impl Hooks {
    pub(super) fn new(factories: &[HookFactory]) -> Self {
        let mut slots: Vec<Slot> = factories
            .iter()
            .map(|make| Slot {
                hook: make(),
                failures: 0,
                broken: false,
            })
            .collect();
        slots.sort_by_key(|slot| std::cmp::Reverse(slot.hook.priority()));
        Self { slots }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    pub(super) fn name(&self, index: usize) -> &str {
        self.slots[index].hook.name()
    }

    /// Calls every hook at one point, and returns what those that did not fail returned.
    /// No session is active for them: theirs is locked, and decorated functions they call
    /// are not part of the episode.
    pub(super) fn run<R>(
        &mut self,
        ctx: &mut HookContext,
        mut point: impl FnMut(&mut dyn Hook, &mut HookContext) -> Result<R, HookError>,
    ) -> Vec<R> {
        if self.is_empty() {
            return Vec::new();
        }
        context::aside(|| self.run_all(ctx, &mut point))
    }

    fn run_all<R>(
        &mut self,
        ctx: &mut HookContext,
        mut point: impl FnMut(&mut dyn Hook, &mut HookContext) -> Result<R, HookError>,
    ) -> Vec<R> {
        let mut found = Vec::new();
        for (index, slot) in self
            .slots
            .iter_mut()
            .enumerate()
            .filter(|(_, slot)| !slot.broken)
        {
            ctx.hook = index;
            match catch_unwind(AssertUnwindSafe(|| point(&mut *slot.hook, ctx))) {
                Ok(Ok(result)) => found.push(result),
                Ok(Err(error)) => ctx.effects.failures.push((index, error.to_string())),
                Err(panic) => {
                    slot.broken = true;
                    let message = format!("panicked: {}", panic_message(&*panic));
                    ctx.effects.failures.push((index, message));
                }
            }
        }
        found
    }

    /// Counts a failure. Only the first of a hook is news.
    pub(super) fn is_first_failure(&mut self, index: usize) -> bool {
        let slot = &mut self.slots[index];
        slot.failures += 1;
        slot.failures == 1
    }

    /// The hooks that failed more than once, with the number of times.
    pub(super) fn repeated_failures(&self) -> impl Iterator<Item = (&str, u64)> {
        self.slots
            .iter()
            .filter(|slot| slot.failures > 1)
            .map(|slot| (slot.hook.name(), slot.failures))
    }
}
