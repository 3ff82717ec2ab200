//! Provides sessions and timesteps: the handles by which everything is recorded.

mod hooks;
mod state;
mod steps;

use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

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
    /// The thread that holds the lock, so that it does not wait for itself where a hook
    /// comes back to its session.
    owner: AtomicUsize,
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
            owner: AtomicUsize::new(NO_THREAD),
        };
        inner.with(|state| state.start(metadata))?;
        Ok(Self {
            inner: Arc::new(inner),
            step: None,
        })
    }

    /// The session's id.
    pub fn id(&self) -> &str {
        &self.inner.id
    }

    /// The turn that is being recorded, if any. A hook of the session cannot ask here:
    /// its context knows the turn.
    pub fn turn(&self) -> Option<u64> {
        let turn = |state: &mut State| Ok(state.steps.position(self.step.as_ref()).turn);
        self.inner.with(turn).unwrap_or_default()
    }

    /// Begins a timestep, which is over when the guard is dropped. Its id is
    /// `turn_N`, and `turn_N_2` and so on where a turn is begun again.
    pub fn timestep(&self, turn: u64) -> Result<Timestep, TraceError> {
        let step = self.inner.with(|state| state.open_step(None, Some(turn)))?;
        Ok(self.pinned(step))
    }

    /// Begins a timestep with an id of its own, which no other of the session may have.
    pub fn timestep_named(
        &self,
        step_id: impl Into<String>,
        turn: u64,
    ) -> Result<Timestep, TraceError> {
        let step_id = Some(step_id.into());
        let step = self
            .inner
            .with(|state| state.open_step(step_id, Some(turn)))?;
        Ok(self.pinned(step))
    }

    /// Begins the timestep of the next turn, named after `name`, unless one is open already.
    pub(crate) fn timestep_if_none(&self, name: &str) -> Result<Option<Timestep>, TraceError> {
        let step = self.inner.with(|state| {
            if state.steps.position(self.step.as_ref()).step_id.is_some() {
                return Ok(None);
            }
            let step_id = state.steps.free_id(name).to_string();
            state.open_step(Some(step_id), None).map(Some)
        })?;
        Ok(step.map(|step| self.pinned(step)))
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
        let event = event.into();
        self.inner
            .with(|state| state.record_event(self.step.as_ref(), event))
    }

    /// Records a message.
    pub fn add_message(&self, message: SessionEventMessage) -> Result<(), TraceError> {
        self.inner
            .with(|state| state.add_message(self.step.as_ref(), message))
    }

    /// Says something of the session, such as `episode_config`.
    pub fn add_metadata(
        &self,
        metadata_type: &str,
        data: impl Serialize,
    ) -> Result<(), TraceError> {
        let data = self.to_json(metadata_type, &data)?;
        self.inner
            .with(|state| state.add_metadata(metadata_type.to_owned(), data))
    }

    /// Records a reward beside the environment's own.
    pub fn track_reward(
        &self,
        kind: &str,
        value: f64,
        annotation: Option<&str>,
    ) -> Result<(), TraceError> {
        self.inner
            .with(|state| state.track_reward(None, kind, value, annotation))
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
            .with(|state| state.track_reward(Some(event), kind, value, annotation))
    }

    pub(crate) fn hold_call(&self, event: CaisEvent) -> Result<(), TraceError> {
        self.inner
            .with(|state| state.hold_call(self.step.as_ref(), event))
    }

    pub(crate) fn take_held_call(&self) -> Result<Option<CaisEvent>, TraceError> {
        self.inner.with(|state| Ok(state.take_held_call()))
    }

    /// Everything recorded so far, if the tracer keeps the history.
    ///
    /// # Panics
    ///
    /// In a hook of the session, which then counts as failed: `after_save` is given the
    /// trace.
    pub fn trace(&self) -> SessionTrace {
        match self.inner.with(|state| Ok(state.trace())) {
            Ok(trace) => trace,
            Err(error) => panic!("{error}"),
        }
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
        let sent = self.inner.with(|state| state.end(status, Some(ack)))?;
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
        let sent = self.inner.with(|state| state.end(status, Some(ack)))?;
        let saved = if sent {
            answer.wait_blocking()
        } else {
            Some(Ok(()))
        };
        self.saved(saved)
    }

    fn saved(&self, saved: Option<crate::channel::Saved>) -> Result<SessionTrace, TraceError> {
        match saved {
            Some(Ok(())) => self.inner.with(|state| Ok(state.after_save())),
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
        let privacy = &self.inner.tracer.options().privacy;
        privacy.clean_text(&mut error);
        self.inner.tell(vec![Problem::OptionFailed {
            session: self.id().to_owned(),
            function: function.to_owned(),
            option,
            error,
        }]);
    }

    /// Reports a failure to record that no caller can be told of.
    pub(crate) fn report(&self, error: TraceError) {
        self.inner.tell(vec![Problem::NotRecorded(error)]);
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
    /// Does something while nobody else does anything with the session, and then tells of
    /// what went wrong, when whoever is told may look at the session again.
    fn with<R>(
        &self,
        f: impl FnOnce(&mut State) -> Result<R, TraceError>,
    ) -> Result<R, TraceError> {
        /// Takes the thread's name away again, also after a panic.
        struct Owned<'a>(&'a AtomicUsize);
        impl Drop for Owned<'_> {
            fn drop(&mut self) {
                self.0.store(NO_THREAD, Ordering::Relaxed);
            }
        }
        let this_thread = this_thread();
        // Only this thread ever writes its own number, so no order with others matters.
        if self.owner.load(Ordering::Relaxed) == this_thread {
            return Err(TraceError::Reentrant {
                session: self.id.to_string(),
            });
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        self.owner.store(this_thread, Ordering::Relaxed);
        let owned = Owned(&self.owner);
        let result = f(&mut state);
        let problems = state.take_problems();
        drop(owned);
        drop(state);
        self.tell(problems);
        result
    }

    fn tell(&self, problems: Vec<Problem>) {
        for problem in problems {
            self.tracer.report_once(&problem);
        }
    }
}

/// What no thread's number is.
const NO_THREAD: usize = 0;

/// A number that no other thread has while this one lives.
fn this_thread() -> usize {
    thread_local!(static PLACE: u8 = const { 0 });
    PLACE.with(|place| std::ptr::from_ref(place).addr())
}

impl Drop for Inner {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        if !state.is_running() {
            return;
        }
        let ended = state.end(SessionStatus::Abandoned, None);
        let problems = state.take_problems();
        self.tell(problems);
        if let Err(error) = ended {
            self.tell(vec![Problem::NotRecorded(error)]);
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
            .with(|state| state.add_step_metadata(self.id(), key, data))
    }

    /// Completes the timestep, telling what dropping the guard can only report.
    pub fn complete(self) -> Result<(), TraceError> {
        self.session.inner.with(|state| state.close_step(self.id()))
    }
}

impl Drop for Timestep {
    fn drop(&mut self) {
        let closed = self.session.inner.with(|state| {
            if std::thread::panicking() {
                state.mark_panicked(self.id());
            }
            state.close_step(self.id())
        });
        if let Err(error) = closed {
            self.session.report(error);
        }
    }
}
