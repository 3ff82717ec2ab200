//! Provides the active session, which travels with tasks and with scopes.
//!
//! Each thread has a stack of what is going on in it: the session, the system that
//! is at work, and the event under way. A future that carries a session puts it on
//! the stack of whichever thread polls it, for the time of the poll, so that tasks
//! which share a thread never see each other's session.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::thread;

use pin_project_lite::pin_project;
use tokio::task::JoinHandle;

use crate::error::TraceError;
use crate::record::{Event, EventId, SessionEventMessage};
use crate::session::Session;

/// One thing that is going on in a thread.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) session: Session,
    /// The system at work, where a decorated function or [`with_system`] named one.
    pub(crate) system: Option<Arc<str>>,
    /// What the decorated function that runs is going to leave behind.
    pub(crate) underway: Option<Box<Underway>>,
}

/// An event until it is recorded.
#[derive(Clone, Debug)]
pub(crate) struct Underway {
    pub(crate) event: Event,
    /// Rewards that were tracked for it, which are recorded when it has its number.
    pub(crate) rewards: Vec<TrackedReward>,
}

/// A reward without the event it belongs to.
#[derive(Clone, Debug)]
pub(crate) struct TrackedReward {
    pub(crate) kind: String,
    pub(crate) value: f64,
    pub(crate) annotation: Option<String>,
}

thread_local! {
    static STACK: RefCell<Vec<Frame>> = const { RefCell::new(Vec::new()) };
    /// How high the stack is. It has nothing to drop, so that looking at it costs a read,
    /// while looking at the stack also asks whether the thread is still alive.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
}

/// The active session of this task or scope.
pub fn current() -> Option<Session> {
    with_top(|frame| frame.session.clone())
}

/// Whether there is an active session, which is all that a decorated function pays
/// for when there is none.
#[inline]
pub(crate) fn is_active() -> bool {
    DEPTH.get() > 0
}

/// The system at work in this task or scope: that of the innermost decorated
/// function, or the one that [`with_system`] set.
pub fn current_system() -> Option<Arc<str>> {
    with_top(|frame| frame.system.clone()).flatten()
}

/// Runs a closure as the work of this system, in the active session if there is one.
pub fn with_system<R>(system_instance_id: &str, f: impl FnOnce() -> R) -> R {
    match current() {
        None => f(),
        Some(session) => {
            let system = Some(system_instance_id.into());
            enter(
                &mut Some(Frame {
                    session,
                    system,
                    underway: None,
                }),
                f,
            )
        }
    }
}

/// Records an event into the active session. `None` where there is none.
pub fn record_event(event: impl Into<Event>) -> Option<Result<EventId, TraceError>> {
    current().map(|session| session.record_event(event))
}

/// Records a message into the active session. `None` where there is none.
pub fn add_message(message: SessionEventMessage) -> Option<Result<(), TraceError>> {
    current().map(|session| session.add_message(message))
}

/// Changes the event under way: the one that the innermost decorated function will
/// leave behind. `None` where no decorated function runs in an active session.
///
/// ```
/// use tracer::record::Event;
/// use tracer::trace_env;
///
/// #[trace_env]
/// fn step(action: u8) -> f64 {
///     tracer::with_current_event(|event| {
///         if let Event::Environment(event) = event {
///             event.reward = Some(1.0);
///         }
///     });
///     1.0
/// }
///
/// let session = tracer::Tracer::in_memory().start_session(Default::default())?;
/// session.scope(|| step(3));
/// let Event::Environment(event) = &session.trace().event_history[0].record else { panic!() };
/// assert_eq!(event.reward, Some(1.0));
/// # Ok::<(), tracer::TraceError>(())
/// ```
pub fn with_current_event<R>(f: impl FnOnce(&mut Event) -> R) -> Option<R> {
    with_underway_where(|_| true, |underway| f(&mut underway.event))
}

/// Changes the innermost event under way that is of interest.
pub(crate) fn with_underway_where<R>(
    is_wanted: impl Fn(&Event) -> bool,
    f: impl FnOnce(&mut Underway) -> R,
) -> Option<R> {
    /// The event is taken out while the caller's code runs, which may look at the
    /// stack itself, and is put back even if that code panics.
    struct Borrowed {
        index: usize,
        underway: Option<Box<Underway>>,
    }
    impl Drop for Borrowed {
        fn drop(&mut self) {
            STACK.with_borrow_mut(|stack| stack[self.index].underway = self.underway.take());
        }
    }
    let mut borrowed = STACK.with_borrow_mut(|stack| {
        let session = stack.last()?.session.clone();
        let index = stack.iter().rposition(|frame| {
            let underway = frame.underway.as_deref();
            frame.session.is_same(&session) && underway.is_some_and(|it| is_wanted(&it.event))
        })?;
        Some(Borrowed {
            index,
            underway: stack[index].underway.take(),
        })
    })?;
    borrowed.underway.as_deref_mut().map(f)
}

/// Spawns a task that carries the active session along, if there is one.
pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    tokio::spawn(Carried {
        frame: inherited(),
        future: Some(future),
    })
}

/// Runs a closure on the blocking threads, with the active session if there is one.
pub fn spawn_blocking<R: Send + 'static>(f: impl FnOnce() -> R + Send + 'static) -> JoinHandle<R> {
    let mut frame = inherited();
    tokio::task::spawn_blocking(move || enter(&mut frame, f))
}

/// Starts a thread that carries the active session along, if there is one.
pub fn spawn_thread<R: Send + 'static>(
    f: impl FnOnce() -> R + Send + 'static,
) -> thread::JoinHandle<R> {
    let mut frame = inherited();
    thread::spawn(move || enter(&mut frame, f))
}

/// What a child takes along: session and system, but not the event under way, which
/// may be over before the child is.
fn inherited() -> Option<Frame> {
    with_top(|frame| Frame {
        session: frame.session.clone(),
        system: frame.system.clone(),
        underway: None,
    })
}

fn with_top<R>(f: impl FnOnce(&mut Frame) -> R) -> Option<R> {
    STACK.with_borrow_mut(|stack| stack.last_mut().map(f))
}

pub(crate) fn scope<R>(session: &Session, f: impl FnOnce() -> R) -> R {
    enter(
        &mut Some(Frame {
            session: session.clone(),
            system: None,
            underway: None,
        }),
        f,
    )
}

pub(crate) fn instrument<F: Future>(session: Session, future: F) -> Carried<F> {
    Carried {
        frame: Some(Frame {
            session,
            system: None,
            underway: None,
        }),
        future: Some(future),
    }
}

/// Runs a closure as if nothing was going on in the thread.
pub(crate) fn aside<R>(f: impl FnOnce() -> R) -> R {
    struct Aside(Vec<Frame>);
    impl Drop for Aside {
        fn drop(&mut self) {
            DEPTH.set(self.0.len());
            STACK.with_borrow_mut(|stack| mem::swap(stack, &mut self.0));
        }
    }
    if !is_active() {
        return f();
    }
    let _aside = Aside(STACK.with_borrow_mut(mem::take));
    DEPTH.set(0);
    f()
}

/// Runs a closure with the frame on the stack, and takes it back even if it panics.
pub(crate) fn enter<R>(frame: &mut Option<Frame>, f: impl FnOnce() -> R) -> R {
    struct Entered<'a>(&'a mut Option<Frame>);
    impl Drop for Entered<'_> {
        fn drop(&mut self) {
            *self.0 = STACK.with_borrow_mut(Vec::pop);
            DEPTH.set(DEPTH.get() - 1);
        }
    }
    let Some(entered) = frame.take() else {
        return f();
    };
    STACK.with_borrow_mut(|stack| stack.push(entered));
    DEPTH.set(DEPTH.get() + 1);
    let _entered = Entered(frame);
    f()
}

pin_project! {
    /// A future with what is going on in it. A type of its own rather than an async
    /// function, because those keep their arguments twice, and nesting would double
    /// the size with each level.
    pub(crate) struct Carried<F> {
        frame: Option<Frame>,
        #[pin]
        future: Option<F>,
    }

    impl<F> PinnedDrop for Carried<F> {
        fn drop(this: Pin<&mut Self>) {
            // What a cancelled future does on its way out belongs to the session too.
            let mut this = this.project();
            enter(this.frame, || this.future.set(None));
        }
    }
}

impl<F: Future> Future for Carried<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        match this.future.as_pin_mut() {
            Some(future) => enter(this.frame, || future.poll(cx)),
            None => Poll::Pending,
        }
    }
}
