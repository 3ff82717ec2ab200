//! Defines hooks: code that looks at records as they are made.
//!
//! A hook never changes what it looks at. It can attach results to an event, say
//! something of the session, and fire events of its own. Each session has its own
//! instances, so a hook's state is an episode's state, and a hook that fails is
//! reported and recorded while the episode goes on.

use std::error::Error;
use std::sync::Arc;

use serde_json::Value;

use crate::record::{Event, HookResult, SessionEventMessage, SessionTimeStep, SessionTrace};

/// What a hook fails with. It never breaks the episode.
pub type HookError = Box<dyn Error + Send + Sync>;

/// Makes one instance of a hook for each session.
pub type HookFactory = Arc<dyn Fn() -> Box<dyn Hook> + Send + Sync>;

/// A factory from a closure that makes the hook.
///
/// ```
/// # use tracer::{hook::{self, Hook}, Tracer, TracerOptions};
/// struct Quiet;
/// impl Hook for Quiet {
///     fn name(&self) -> &str { "quiet" }
/// }
/// let tracer = Tracer::new(TracerOptions { hooks: vec![hook::factory(|| Quiet)], ..Default::default() });
/// ```
pub fn factory<H: Hook + 'static>(make: impl Fn() -> H + Send + Sync + 'static) -> HookFactory {
    Arc::new(move || Box::new(make()))
}

/// Looks at a session's records as they are made. Every point is optional.
///
/// Points are called while the session is locked: they are for a quick look, not for
/// waiting. No session is active in them, so that decorated functions just run, and a handle
/// of the session answers [`TraceError::Reentrant`](crate::TraceError::Reentrant): the
/// context is the way to record.
///
/// Another thread or task that records into the session, or asks it for its turn, waits
/// until the point has returned. A point that waits for such a thread, by joining it, by a
/// channel or by blocking on a future, therefore never returns, and nor does the episode:
/// nobody can tell this wait from a long one, so nobody ends it. A point may start work
/// that uses the session, as long as it does not wait for it.
pub trait Hook: Send {
    /// The hook's name, as results and failures show it.
    fn name(&self) -> &str;

    /// Hooks with higher priority run first; equal ones in the order of registration.
    fn priority(&self) -> u8 {
        0
    }

    /// The session has begun.
    fn on_session_start(&mut self, _ctx: &mut HookContext) -> Result<(), HookError> {
        Ok(())
    }

    /// A timestep has begun.
    fn on_timestep_start(
        &mut self,
        _ctx: &mut HookContext,
        _step: &SessionTimeStep,
    ) -> Result<(), HookError> {
        Ok(())
    }

    /// An event is being recorded. What is returned becomes part of the event.
    fn on_event(
        &mut self,
        _ctx: &mut HookContext,
        _event: &Event,
    ) -> Result<Vec<HookResult>, HookError> {
        Ok(Vec::new())
    }

    /// A message is being recorded.
    fn on_message(
        &mut self,
        _ctx: &mut HookContext,
        _message: &SessionEventMessage,
    ) -> Result<(), HookError> {
        Ok(())
    }

    /// A timestep is being completed, and can still be recorded into.
    fn on_timestep_end(
        &mut self,
        _ctx: &mut HookContext,
        _step: &SessionTimeStep,
    ) -> Result<(), HookError> {
        Ok(())
    }

    /// The session is ending, and can still be recorded into.
    fn on_session_end(&mut self, _ctx: &mut HookContext) -> Result<(), HookError> {
        Ok(())
    }

    /// The last word, after every hook saw the end of the session and before the
    /// session is closed and made durable.
    fn before_save(&mut self, _ctx: &mut HookContext) -> Result<(), HookError> {
        Ok(())
    }

    /// The session is durable. Nothing can be recorded any more.
    fn after_save(&mut self, _trace: &SessionTrace) -> Result<(), HookError> {
        Ok(())
    }
}

/// Where a hook is called, and what it can do there.
#[derive(Debug)]
pub struct HookContext {
    session_id: Arc<str>,
    step_id: Option<Arc<str>>,
    turn: Option<u64>,
    /// Which of the session's hooks is looking.
    pub(crate) hook: usize,
    pub(crate) effects: Effects,
}

/// What hooks want done once all of them have looked.
#[derive(Debug, Default)]
pub(crate) struct Effects {
    pub(crate) metadata: Vec<(String, Value)>,
    /// Each with the hook that fired it.
    pub(crate) events: Vec<(usize, Event)>,
    pub(crate) failures: Vec<(usize, String)>,
}

impl HookContext {
    pub(crate) fn new(session_id: Arc<str>, step_id: Option<Arc<str>>, turn: Option<u64>) -> Self {
        Self {
            session_id,
            step_id,
            turn,
            hook: 0,
            effects: Effects::default(),
        }
    }

    /// The session.
    pub fn session_id(&self) -> &str {
        &self.session_id
    }

    /// The timestep in which the record is made, if it is made in one.
    pub fn step_id(&self) -> Option<&str> {
        self.step_id.as_deref()
    }

    /// The turn of that timestep.
    pub fn turn(&self) -> Option<u64> {
        self.turn
    }

    /// Says something of the session.
    pub fn add_metadata(&mut self, metadata_type: impl Into<String>, data: impl Into<Value>) {
        self.effects
            .metadata
            .push((metadata_type.into(), data.into()));
    }

    /// Records an event of the hook's own, after the present record and in the same
    /// timestep. Hooks look at it as at any other; a chain of events that fire
    /// events is cut off after [`MAX_CHAIN`] links, which counts as a failure.
    pub fn fire(&mut self, event: impl Into<Event>) {
        self.effects.events.push((self.hook, event.into()));
    }
}

/// How many times in a row an event fired by a hook may lead to another.
pub const MAX_CHAIN: usize = 8;
