//! Provides sessions and timesteps: the handles by which everything is recorded.

mod hooks;
mod state;
mod steps;

use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use serde_json::Value;

use crate::channel::Ack;
use crate::context;
use crate::error::TraceError;
use crate::record::{
    CaisEvent, Event, EventId, Metadata, SessionEventMessage, SessionStatus, SessionTrace,
};
use crate::tracer::{Problem, Tracer};
use state::State;

/// A running session: one episode. Cheap to clone; all clones record into the same session.
///
/// A session is ended with [`end`](Session::end). If the last handle is dropped
/// before, as when an episode panics, the session is closed as
/// [`Abandoned`](SessionStatus::Abandoned).
#[derive(Clone)]
pub struct Session {
    inner: Arc<Inner>,
    /// The timestep that this handle records into. Without one it records into the
    /// innermost that is open.
    step: Option<Arc<str>>,
}

struct Inner {
    id: Arc<str>,
    tracer: Tracer,
    /// A mutex and not a channel, because recording returns the sequence number and
    /// must have run the hooks, from plain functions on any thread.
    state: Mutex<State>,
}

impl Session {
    pub(crate) fn start(
        tracer: Tracer,
        id: Arc<str>,
        experiment_id: Option<String>,
        metadata: Metadata,
    ) -> Result<Self, TraceError> {
        let state = State::new(&tracer, Arc::clone(&id), experiment_id);
        let inner = Inner {
            id,
            tracer,
            state: Mutex::new(state),
        };
        inner.lock().start(metadata)?;
        Ok(Self {
            inner: Arc::new(inner),
            step: None,
        })
    }

    /// The session's id.
    pub fn id(&self) -> &str {
        &self.inner.id
    }

    /// The turn that is being recorded, if any.
    pub fn turn(&self) -> Option<u64> {
        self.inner.lock().steps.position(self.step.as_ref()).turn
    }

    /// Begins a timestep, which is over when the guard is dropped. Its id is
    /// `turn_N`, and `turn_N_2` and so on where a turn is begun again.
    pub fn timestep(&self, turn: u64) -> Result<Timestep, TraceError> {
        let step = self.inner.lock().open_step(None, Some(turn))?;
        Ok(self.pinned(step))
    }

    /// Begins a timestep with an id of its own, which no other of the session may have.
    pub fn timestep_named(
        &self,
        step_id: impl Into<String>,
        turn: u64,
    ) -> Result<Timestep, TraceError> {
        let step = self
            .inner
            .lock()
            .open_step(Some(step_id.into()), Some(turn))?;
        Ok(self.pinned(step))
    }

    /// Begins the timestep of the next turn, named after `name`, unless one is open already.
    pub(crate) fn timestep_if_none(&self, name: &str) -> Result<Option<Timestep>, TraceError> {
        let mut state = self.inner.lock();
        if state.steps.position(self.step.as_ref()).step_id.is_some() {
            return Ok(None);
        }
        let step_id = state.steps.free_id(name).to_string();
        let step = state.open_step(Some(step_id), None)?;
        drop(state);
        Ok(Some(self.pinned(step)))
    }

    /// Whether both are handles of one session.
    pub(crate) fn is_same(&self, other: &Session) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }

    fn pinned(&self, step: Arc<str>) -> Timestep {
        Timestep {
            session: Session {
                inner: Arc::clone(&self.inner),
                step: Some(step),
            },
        }
    }

    /// Records an event, and runs the hooks on it.
    pub fn record_event(&self, event: impl Into<Event>) -> Result<EventId, TraceError> {
        self.inner
            .lock()
            .record_event(self.step.as_ref(), event.into())
    }

    /// Records a message.
    pub fn add_message(&self, message: SessionEventMessage) -> Result<(), TraceError> {
        self.inner.lock().add_message(self.step.as_ref(), message)
    }

    /// Says something of the session, such as `episode_config`.
    pub fn add_metadata(
        &self,
        metadata_type: &str,
        data: impl Serialize,
    ) -> Result<(), TraceError> {
        let data = self.to_json(metadata_type, &data)?;
        self.inner
            .lock()
            .add_metadata(metadata_type.to_owned(), data)
    }

    /// Records a reward beside the environment's own.
    pub fn track_reward(
        &self,
        kind: &str,
        value: f64,
        annotation: Option<&str>,
    ) -> Result<(), TraceError> {
        self.inner
            .lock()
            .track_reward(None, kind, value, annotation)
    }

    /// Records a reward that belongs to an event.
    pub fn track_reward_of(
        &self,
        event: EventId,
        kind: &str,
        value: f64,
        annotation: Option<&str>,
    ) -> Result<(), TraceError> {
        self.inner
            .lock()
            .track_reward(Some(event), kind, value, annotation)
    }

    pub(crate) fn hold_call(&self, event: CaisEvent) -> Result<(), TraceError> {
        self.inner.lock().hold_call(self.step.as_ref(), event)
    }

    pub(crate) fn take_held_call(&self) -> Option<CaisEvent> {
        self.inner.lock().take_held_call()
    }

    /// Everything recorded so far, if the tracer keeps the history.
    pub fn trace(&self) -> SessionTrace {
        self.inner.lock().trace()
    }

    /// Runs a closure with this session as the active one of the thread.
    pub fn scope<R>(&self, f: impl FnOnce() -> R) -> R {
        context::scope(self, f)
    }

    /// Runs a future with this session as the active one, on whichever threads it is polled.
    pub fn instrument<F: Future>(&self, future: F) -> impl Future<Output = F::Output> + use<F> {
        context::instrument(self.clone(), future)
    }

    /// Ends the session, for all its handles. When it returns, the session is durable.
    pub async fn end(self, status: SessionStatus) -> Result<SessionTrace, TraceError> {
        let (ack, answer) = Ack::new();
        let sent = self.inner.lock().end(status, Some(ack))?;
        let saved = if sent {
            answer.wait().await
        } else {
            Some(Ok(()))
        };
        self.saved(saved)
    }

    /// Ends the session like [`end`](Session::end), blocking the thread, which must
    /// not be one that runs tasks.
    pub fn end_blocking(self, status: SessionStatus) -> Result<SessionTrace, TraceError> {
        let (ack, answer) = Ack::new();
        let sent = self.inner.lock().end(status, Some(ack))?;
        let saved = if sent {
            answer.wait_blocking()
        } else {
            Some(Ok(()))
        };
        self.saved(saved)
    }

    fn saved(&self, saved: Option<crate::channel::Saved>) -> Result<SessionTrace, TraceError> {
        match saved {
            Some(Ok(())) => Ok(self.inner.lock().after_save()),
            Some(Err(source)) => Err(TraceError::NotSaved {
                session: self.id().into(),
                source,
            }),
            None => Err(TraceError::WriterGone {
                session: self.id().into(),
            }),
        }
    }

    fn to_json(&self, what: &str, value: &impl Serialize) -> Result<Value, TraceError> {
        serde_json::to_value(value).map_err(|source| TraceError::NotSerializable {
            session: self.id().into(),
            what: what.to_owned(),
            source: Arc::new(source),
        })
    }

    /// Reports that a function by which a decorated one describes its calls panicked.
    pub(crate) fn report_option(&self, function: &str, option: &'static str, mut error: String) {
        let tracer = &self.inner.tracer;
        tracer.options().privacy.clean_text(&mut error);
        let problem = Problem::OptionFailed {
            session: self.id().to_owned(),
            function: function.to_owned(),
            option,
            error,
        };
        tracer.report_once(format!("{option} of {function}"), &problem);
    }

    /// Reports a failure to record that no caller can be told of.
    pub(crate) fn report(&self, error: TraceError) {
        let key = format!("{} {:?}", self.id(), std::mem::discriminant(&error));
        self.inner
            .tracer
            .report_once(key, &Problem::NotRecorded(error));
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("id", &self.id())
            .field("step", &self.step)
            .finish()
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        if state.is_running()
            && let Err(error) = state.end(SessionStatus::Abandoned, None)
        {
            self.tracer
                .report_once(format!("drop {}", self.id), &Problem::NotRecorded(error));
        }
    }
}

/// An open timestep: one turn. It is completed when the guard is dropped, whatever
/// the reason: the end of the block, `?`, a panic, or the task being cancelled.
#[derive(Debug)]
#[must_use = "a timestep is over when its guard is dropped: bind it to a name, as in `let _step`"]
pub struct Timestep {
    session: Session,
}

impl Timestep {
    /// The timestep's id.
    pub fn id(&self) -> &str {
        self.session.step.as_deref().unwrap_or_default()
    }

    /// The session, as a handle that records into this timestep even where others
    /// of the session are open at the same time. Once the timestep is over, it
    /// records like any other handle.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Adds to the timestep's metadata.
    pub fn add_metadata(&self, key: &str, data: impl Serialize) -> Result<(), TraceError> {
        let data = self.session.to_json(key, &data)?;
        self.session
            .inner
            .lock()
            .add_step_metadata(self.id(), key, data)
    }

    /// Completes the timestep, telling what dropping the guard can only report.
    pub fn complete(self) -> Result<(), TraceError> {
        self.session.inner.lock().close_step(self.id())
    }
}

impl Drop for Timestep {
    fn drop(&mut self) {
        let mut state = self.session.inner.lock();
        if std::thread::panicking() {
            state.mark_panicked(self.id());
        }
        let closed = state.close_step(self.id());
        drop(state);
        if let Err(error) = closed {
            self.session.report(error);
        }
    }
}
