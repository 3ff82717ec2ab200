//! Provides what decorated functions do: the module that the macros' output calls.
//!
//! A [`Call`] is one run of a decorated function. It holds the event under way and
//! records it when the function returns, when it panics, and when its future is
//! dropped before it is finished; each of these exactly once. Without an active
//! session it holds nothing and does nothing.

mod capture;

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use pin_project_lite::pin_project;
use serde_json::{Value, json};

use crate::context::{Frame, TrackedReward, Underway, current, enter, is_active};
use crate::error::{error_state, panic_message};
use crate::record::{Event, EventKind, Metadata, SessionEventMessage};
use crate::session::{Session, Timestep};

use capture::{Capture, Failure, caught, made};
pub use capture::{
    Probe, SplitDebug, SplitDisplay, SplitPlain, capture, filter, message, metadata, once, split,
    typed,
};

/// What a `metadata` or `message` function is told of a call.
#[derive(Clone, Copy, Debug)]
pub struct Called<'a> {
    /// The session into which the call is recorded.
    pub session: &'a Session,
    /// The function's name, or the one it was given with `name`.
    pub name: &'a str,
    /// The captured arguments by name; null with `capture_args = false`.
    pub args: &'a Value,
    /// The captured result, if there is one and it is captured.
    pub result: Option<&'a Value>,
    /// The `{type, message}` of the error, the panic or the cancellation, if there was one.
    pub error: Option<&'a Value>,
}

/// Where a decorated function stands in the code, and how it wants to be recorded.
#[derive(Debug)]
pub struct Site {
    kind: EventKind,
    name: &'static str,
    system: Option<String>,
    /// Why the system is not known.
    system_error: Option<String>,
    args: Value,
    filtered: Option<Value>,
    state: Option<Value>,
    metadata: Option<MetadataFn>,
    message: Option<MessageFn>,
    event_type: Option<&'static str>,
    auto_timestep: bool,
}

type MetadataFn = fn(&Called<'_>) -> Value;
type MessageFn = fn(&Called<'_>) -> Option<SessionEventMessage>;

impl Site {
    /// A function of this name, of the kind's default system, that captures nothing.
    pub const fn new(kind: EventKind, name: &'static str) -> Self {
        Self {
            kind,
            name,
            system: None,
            system_error: None,
            args: Value::Null,
            filtered: None,
            state: None,
            metadata: None,
            message: None,
            event_type: None,
            auto_timestep: false,
        }
    }

    /// `system_id = …`
    #[must_use]
    pub fn system<S: Into<String>>(mut self, system: impl FnOnce() -> S) -> Self {
        match caught(|| system().into()) {
            Ok(system) => self.system = Some(system),
            Err(error) => self.system_error = Some(error),
        }
        self
    }

    /// `capture_args`, less what is skipped
    #[must_use]
    pub fn args<const N: usize>(mut self, args: [(&'static str, Value); N]) -> Self {
        self.args = args
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        self
    }

    /// `state_filter = …`
    #[must_use]
    pub fn filter<R: Capture>(mut self, filter: impl FnOnce(&Value) -> R) -> Self {
        self.filtered = Some(made(|| filter(&json!({ "args": self.args }))));
        self
    }

    /// `state_before = …`
    #[must_use]
    pub fn state<S: ?Sized, R: Capture>(
        mut self,
        receiver: &S,
        state: impl FnOnce(&S) -> R,
    ) -> Self {
        self.state = Some(made(|| state(receiver)));
        self
    }

    /// `metadata = …`
    #[must_use]
    pub const fn metadata(mut self, metadata: MetadataFn) -> Self {
        self.metadata = Some(metadata);
        self
    }

    /// `message = …`
    #[must_use]
    pub const fn message(mut self, message: MessageFn) -> Self {
        self.message = Some(message);
        self
    }

    /// `event_type = …`
    #[must_use]
    pub const fn event_type(mut self, event_type: &'static str) -> Self {
        self.event_type = Some(event_type);
        self
    }

    /// `auto_timestep`
    #[must_use]
    pub const fn auto_timestep(mut self) -> Self {
        self.auto_timestep = true;
        self
    }

    /// The state before the call. The arguments stay with the site only where
    /// somebody is going to ask for them.
    fn state_before(&mut self) -> Value {
        let args = if self.metadata.is_some() || self.message.is_some() {
            self.args.clone()
        } else {
            self.args.take()
        };
        let mut before = match self.filtered.take() {
            Some(filtered) => filtered,
            None if args.is_null() => Value::Null,
            None => json!({ "args": args }),
        };
        if let Some(state) = self.state.take() {
            insert(&mut before, "state", state);
        }
        before
    }
}

/// One run of a decorated function. A pointer, because a call without a session is to
/// cost nothing to make, to pass on and to drop.
#[derive(Debug, Default)]
pub struct Call(Option<Box<Open>>);

#[derive(Debug)]
struct Open {
    /// What is going on. While the function runs it is on the thread's stack instead.
    frame: Option<Frame>,
    /// What the function panicked with, if it did.
    panic: Option<String>,
    site: Site,
    started: Instant,
    /// How long the body has taken so far, without what is done for the trace.
    took: Duration,
    outcome: Outcome,
    /// The timestep opened for this call, if it was.
    step: Option<Timestep>,
}

#[derive(Debug, Default)]
struct Outcome {
    result: Option<Value>,
    error: Option<Value>,
    state: Option<Value>,
}

/// Begins a call, if there is an active session.
#[inline]
pub fn begin(site: impl FnOnce() -> Site) -> Call {
    if is_active() {
        Call::open(site())
    } else {
        Call::default()
    }
}

/// Runs the body of a function as its call.
#[inline]
pub fn run<R>(call: &mut Call, body: impl FnOnce() -> R) -> R {
    match &mut call.0 {
        None => body(),
        Some(open) => open.run(body),
    }
}

/// Runs the body of an async function as its call.
#[inline]
pub fn run_async<F: Future>(call: &mut Call, body: F) -> impl Future<Output = F::Output> {
    Running {
        call,
        body: Some(body),
    }
}

/// Ends a call whose function returned.
#[inline]
pub fn end(mut call: Call, describe: impl FnOnce(&mut Call)) {
    if call.0.is_some() {
        describe(&mut call);
        call.finish();
    }
}

impl Open {
    /// Runs code as that of the call, and notes what it panics with.
    fn run<R>(&mut self, body: impl FnOnce() -> R) -> R {
        let outcome = catch_unwind(AssertUnwindSafe(|| enter(&mut self.frame, body)));
        self.took = self.started.elapsed();
        match outcome {
            Ok(result) => result,
            Err(panic) => {
                self.panic = Some(panic_message(&*panic).to_owned());
                resume_unwind(panic)
            }
        }
    }
}

impl Call {
    fn open(mut site: Site) -> Self {
        let Some(mut session) = current() else {
            return Self::default();
        };
        let system = match site.system.take() {
            Some(system) => system,
            None => site.kind.default_system().to_owned(),
        };
        let step = if site.auto_timestep {
            session
                .timestep_if_none(&format!("{system}:{}", site.name))
                .unwrap_or_else(|error| {
                    session.report(error);
                    None
                })
        } else {
            None
        };
        if let Some(step) = &step {
            session = step.session().clone();
        }
        let frame_system = Some(system.as_str().into());
        let mut event = site.kind.event(system);
        event.base_mut().system_state_before = site.state_before();
        Self(Some(Box::new(Open {
            frame: Some(Frame {
                session,
                system: frame_system,
                underway: Some(Box::new(Underway {
                    event,
                    rewards: Vec::new(),
                })),
            }),
            panic: None,
            site,
            started: Instant::now(),
            took: Duration::ZERO,
            outcome: Outcome::default(),
            step,
        })))
    }

    /// The function returned a value.
    pub fn result(&mut self, result: Value) {
        self.outcome(|outcome| outcome.result = Some(result));
    }

    /// The function returned an error.
    pub fn error(&mut self, error: Failure) {
        self.outcome(|outcome| outcome.error = Some(error.0));
    }

    /// `state_after = …`
    pub fn state<S: ?Sized, R: Capture>(&mut self, receiver: &S, state: impl FnOnce(&S) -> R) {
        let state = made(|| state(receiver));
        self.outcome(|outcome| outcome.state = Some(state));
    }

    fn outcome(&mut self, set: impl FnOnce(&mut Outcome)) {
        if let Some(open) = &mut self.0 {
            set(&mut open.outcome);
        }
    }

    /// Records the event.
    fn finish(&mut self) {
        let Some(open) = self.0.take() else {
            return;
        };
        let Open {
            frame:
                Some(Frame {
                    session,
                    underway: Some(underway),
                    ..
                }),
            site,
            took,
            outcome,
            step,
            ..
        } = *open
        else {
            return;
        };
        let Underway { mut event, rewards } = *underway;
        let called = Called {
            session: &session,
            name: site.name,
            args: &site.args,
            result: outcome.result.as_ref(),
            error: outcome.error.as_ref(),
        };
        let metadata = site
            .metadata
            .map(|metadata| caught(|| metadata(&called)))
            .transpose();
        let message = site
            .message
            .map_or(Ok(None), |message| caught(|| message(&called)));
        let duration_ms = took.as_secs_f64() * 1e3;
        if let Event::Cais(event) = &mut event {
            event.latency_ms = event.latency_ms.or(Some(duration_ms));
        }
        let base = event.base_mut();
        let mut describe = |key: &str, value: Value| {
            // What the function's own code said of the event stands.
            base.metadata.entry(key).or_insert(value);
        };
        describe("function", site.name.into());
        describe("duration_ms", duration_ms.into());
        if let Some(event_type) = site.event_type {
            describe("event_type", event_type.into());
        }
        let mut failed = |option, key, error: String| {
            session.report_option(site.name, option, error.clone());
            describe(key, error.into());
        };
        if let Some(error) = site.system_error {
            failed("system_id", "system_id_error", error);
        }
        let message = message.unwrap_or_else(|error| {
            failed("message", "message_error", error);
            None
        });
        match metadata {
            Ok(Some(Value::Object(entries))) => {
                entries
                    .into_iter()
                    .for_each(|(key, value)| describe(&key, value));
            }
            Ok(Some(value)) => describe("metadata", value),
            Ok(None) => {}
            Err(error) => failed("metadata", "metadata_error", error),
        }
        let Outcome {
            result,
            error,
            state,
        } = outcome;
        for (key, value) in [("result", result), ("error", error), ("state", state)] {
            if let Some(value) = value {
                insert(&mut base.system_state_after, key, value);
            }
        }
        let recorded = session.record_event(event).and_then(|id| {
            for TrackedReward {
                kind,
                value,
                annotation,
            } in rewards
            {
                session.track_reward_of(id, &kind, value, annotation.as_deref())?;
            }
            message.map_or(Ok(()), |message| session.add_message(message))
        });
        if let Err(error) = recorded {
            session.report(error);
        }
        drop(step);
    }
}

impl Drop for Call {
    #[inline]
    fn drop(&mut self) {
        if self.0.is_some() {
            self.give_up();
        }
    }
}

impl Call {
    /// Records that the function did not come to its end.
    #[cold]
    fn give_up(&mut self) {
        let panic = self.0.as_mut().and_then(|open| open.panic.take());
        let error = match panic {
            Some(message) => error_state("panic", message),
            None if std::thread::panicking() => {
                error_state("panic", "a panic passed while the call was being recorded")
            }
            None => error_state("cancelled", "the future was dropped before it was finished"),
        };
        self.error(Failure(error));
        self.finish();
    }
}

pin_project! {
    /// A future that runs as a call.
    struct Running<'a, F> {
        call: &'a mut Call,
        #[pin]
        body: Option<F>,
    }

    impl<F> PinnedDrop for Running<'_, F> {
        fn drop(this: Pin<&mut Self>) {
            // What a cancelled future does on its way out belongs to the call too.
            let mut this = this.project();
            run(this.call, || this.body.set(None));
        }
    }
}

impl<F: Future> Future for Running<'_, F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        match this.body.as_pin_mut() {
            Some(body) => run(this.call, || body.poll(cx)),
            None => Poll::Pending,
        }
    }
}

/// Puts a value into a state, which becomes an object if it was none.
fn insert(state: &mut Value, key: &str, value: Value) {
    match state {
        Value::Object(entries) => {
            entries.insert(key.to_owned(), value);
        }
        other => {
            let mut entries = Metadata::new();
            if !other.is_null() {
                entries.insert("value".to_owned(), other.take());
            }
            entries.insert(key.to_owned(), value);
            *other = Value::Object(entries);
        }
    }
}
