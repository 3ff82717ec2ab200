//! Sessions of agents, recorded: what each system did, what was said between them,
//! and what came of it.
//!
//! A *session* is one episode. It holds *timesteps*, one per turn; a timestep holds
//! *events*, which are state changes inside one system, and *messages*, which cross
//! from one system to another. There are three kinds of systems, and so of events:
//! those built around models, the runtime, and the environment.
//!
//! ```
//! use tracer::record::{Event, SessionStatus};
//! use tracer::{SessionOptions, Tracer, trace_agent, trace_env};
//!
//! #[trace_agent]
//! fn decide(observation: &str) -> &'static str {
//!     if observation.contains("water") { "drink" } else { "explore" }
//! }
//!
//! #[trace_env]
//! fn step(action: &str) -> Result<f64, String> {
//!     tracer::with_current_event(|event| {
//!         if let Event::Environment(event) = event {
//!             event.reward = Some(1.0);
//!         }
//!     });
//!     Ok(1.0)
//! }
//!
//! let session = Tracer::in_memory().start_session(SessionOptions::default())?;
//! session.scope(|| {
//!     for turn in 0..3 {
//!         let _turn = session.timestep(turn)?;
//!         // An error is recorded, and this is a loop that goes on after errors.
//!         let _reward = step(decide("water ahead")).unwrap_or(0.0);
//!     }
//!     Ok::<(), tracer::TraceError>(())
//! })?;
//! let trace = session.end_blocking(SessionStatus::Completed)?;
//! assert_eq!((trace.timesteps.len(), trace.event_history.len()), (3, 6));
//! # Ok::<(), tracer::TraceError>(())
//! ```
//!
//! An attribute needs the crate under its own name, `tracer`, and arguments and results that
//! implement `serde::Serialize`, or an option that leaves them out. The feature `duckdb`,
//! which is on unless `default-features = false` turns it off, is everything about files;
//! it compiles DuckDB, once and for some minutes.
//!
//! # From a function to a question
//!
//! The same with everything that belongs to it: a hook that looks at each event, a file
//! that everything is written into, and a question to that file. `#[trace_agent]` shows
//! [what an attribute expands to](macro@trace_agent).
//!
#![cfg_attr(feature = "duckdb", doc = "```")]
#![cfg_attr(not(feature = "duckdb"), doc = "```ignore")]
//! use std::sync::Arc;
//!
//! use serde_json::json;
//! use tracer::hook::{Hook, HookContext, HookError};
//! use tracer::record::{Event, HookResult, SessionStatus};
//! use tracer::{
//!     SessionOptions, Store, Tracer, TracerOptions, Writer, WriterOptions, trace_agent, trace_env,
//! };
//!
//! /// An agent: asynchronous, with a state of its own that is captured before each call.
//! struct Agent {
//!     thirst: u32,
//! }
//!
//! impl Agent {
//!     #[trace_agent(state_before = |agent: &Agent| agent.thirst)]
//!     async fn decide(&mut self, observation: &str) -> &'static str {
//!         self.thirst += 1;
//!         match observation.contains("water") && self.thirst > 1 {
//!             true => "drink",
//!             false => "explore",
//!         }
//!     }
//! }
//!
//! /// The environment, which fails now and then. The error is recorded and returned.
//! #[trace_env(err)]
//! fn step(action: &str) -> Result<f64, String> {
//!     let reward = if action == "drink" { 1.0 } else { 0.0 };
//!     tracer::with_current_event(|event| {
//!         if let Event::Environment(event) = event {
//!             event.reward = Some(reward);
//!         }
//!     });
//!     Ok(reward)
//! }
//!
//! /// Finds rewards. Each session has a hook of its own.
//! struct Rewarded;
//!
//! impl Hook for Rewarded {
//!     fn name(&self) -> &str {
//!         "rewarded"
//!     }
//!
//!     fn on_event(&mut self, _: &mut HookContext, event: &Event) -> Result<Vec<HookResult>, HookError> {
//!         let Event::Environment(event) = event else { return Ok(Vec::new()) };
//!         let Some(reward) = event.reward.filter(|reward| *reward > 0.0) else { return Ok(Vec::new()) };
//!         Ok(vec![HookResult {
//!             hook_name: "rewarded".to_owned(),
//!             code: 'R',
//!             priority: 3,
//!             description: format!("a reward of {reward}"),
//!             data: json!({ "reward": reward }),
//!         }])
//!     }
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("traces.duckdb");
//! let writer = Writer::open(&path, WriterOptions::default())?;
//! let tracer = Tracer::new(TracerOptions {
//!     hooks: vec![Arc::new(|| Box::new(Rewarded))],
//!     sink: Some(writer.sender()),
//!     ..TracerOptions::default()
//! });
//!
//! let session = tracer.start_session(SessionOptions::default())?;
//! let episode = async {
//!     let mut agent = Agent { thirst: 0 };
//!     for turn in 0..3 {
//!         let _turn = session.timestep(turn)?;
//!         let action = agent.decide("water ahead").await;
//!         step(action)?;
//!     }
//!     Ok::<(), Box<dyn std::error::Error>>(())
//! };
//! # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
//! // `.await` it in your own runtime.
//! runtime.block_on(session.instrument(episode))?;
//! session.end_blocking(SessionStatus::Completed)?; // It is on disk when this returns.
//! writer.finish()?;
//!
//! let store = Store::open_read_only(&path)?;
//! let found = store.query(
//!     "select turn_number, action, h.description
//!      from (select *, system_state_before ->> '$.args.action' as action from events) e
//!      join session_timesteps t on t.id = e.timestep_id
//!      join hook_results h on h.event_id = e.id
//!      order by e.id",
//! )?;
//! assert_eq!(found.rows.len(), 2);
//! assert_eq!(found.rows[0], [json!(1), json!("drink"), json!("a reward of 1")]);
//! # Ok(())
//! # }
//! ```
//!
//! # Where to look
//!
//! - [`Tracer`] starts sessions; [`Session`] and [`Timestep`] record by hand;
//!   [`record`] has what they record.
//! - [`trace_agent`], [`trace_runtime`] and [`trace_env`] record functions; they use
//!   the session that is active where they run, which [`Session::scope`],
//!   [`Session::instrument`] and [`spawn`] carry along.
//! - [`hook`] looks at records as they are made, and [`privacy`] at what must not be
//!   among them; [`prices`] says what calls of models cost.
//! - [`channel`] leads to the writer, which puts everything into a DuckDB file; `Store`
//!   reads it, in a copy while another process is writing it, and `export` has other forms.
//! - [`v1`] is the interface of the first tracing system, [`parity`] compares traces
//!   recorded in different ways.
//!
//! This crate knows nothing of any particular agent or environment.

pub mod record;

mod session;
mod tracer;

pub mod hook;

mod call;
mod context;

pub mod parity;
pub mod v1;

pub mod channel;
pub mod prices;
pub mod privacy;
pub mod trace_json;

#[cfg(feature = "duckdb")]
pub mod export;
#[cfg(feature = "duckdb")]
mod import;
#[cfg(feature = "duckdb")]
pub mod store;
#[cfg(feature = "duckdb")]
pub mod writer;

mod error;
mod json;
mod recent;
mod system;

pub use call::Called;
pub use context::{
    add_message, current, current_system, record_event, spawn, spawn_blocking, spawn_thread,
    with_current_event, with_system,
};
pub use error::{TraceError, error_state};
#[cfg(feature = "duckdb")]
pub use import::{Conflict, Imported, Importer, import};
pub use session::{Session, Timestep};
#[cfg(feature = "duckdb")]
pub use store::{Store, StoreError, TimeRange};
pub use system::{new_instance_id, system_id};
pub use tracer::{Problem, Reporter, SessionOptions, Tracer, TracerOptions};
#[cfg(feature = "duckdb")]
pub use writer::{Writer, WriterOptions, WriterReport};

/// Records each call of a function as an event of an AI system: a
/// [`CaisEvent`](record::CaisEvent) of the system `llm_agent`.
///
/// The event goes into the active session, its current timestep and its hooks, like
/// one recorded by hand. Its state before is `{"args": {…}}`, with the arguments by
/// name; its state after is `{"result": …}`, or `{"error": {"type", "message"}}` if
/// the function returned an error, panicked (type `panic`) or its future was dropped
/// before it was finished (type `cancelled`); its metadata has the function's name and
/// `duration_ms`. Errors and panics go on to the caller. What the function's own code
/// says of the event through [`with_current_event`] stands. Without an active session
/// the function just runs.
///
/// It works on functions and methods, generic or not, `async` or not, and on those that
/// return `impl Future` or a boxed one, as `async_trait` makes them.
///
/// ```
/// # use tracer::trace_runtime;
/// # struct Action;
/// # #[derive(Debug)] struct Refused;
/// # impl std::fmt::Display for Refused {
/// #     fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str("no") }
/// # }
/// #[trace_runtime(skip(raw), system_id = "validator")]
/// fn validate(name: &str, raw: &[u8]) -> Result<u8, Refused> {
///     raw.first().copied().ok_or(Refused)
/// }
/// # assert!(validate("a", &[1]).is_ok());
/// ```
///
/// becomes
///
/// ```
/// # use tracer::__macro as _;
/// # #[derive(Debug)] struct Refused;
/// # impl std::fmt::Display for Refused {
/// #     fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str("no") }
/// # }
/// fn validate(name: &str, raw: &[u8]) -> Result<u8, Refused> {
///     let mut __call = ::tracer::__macro::begin(|| {
///         ::tracer::__macro::Site::new(::tracer::__macro::EventKind::Runtime, "validate")
///             .system(|| "validator")
///             .args([("name", ::tracer::__macro::capture(&name))])
///     });
///     let __result = ::tracer::__macro::run(&mut __call, move || -> Result<u8, Refused> {
///         raw.first().copied().ok_or(Refused)
///     });
///     ::tracer::__macro::end(__call, |__call| {
///         match {
///             use ::tracer::__macro::{SplitDebug as _, SplitDisplay as _, SplitPlain as _};
///             (&&&::tracer::__macro::Probe(&__result)).split()
///         } {
///             Ok(__value) => __call.result(::tracer::__macro::capture(__value)),
///             Err(__error) => __call.error(__error),
///         }
///     });
///     __result
/// }
/// # assert!(validate("a", &[1]).is_ok());
/// ```
///
/// # Options
///
/// | option | meaning |
/// |---|---|
/// | `name = "…"` | the name in the metadata, instead of the function's |
/// | `system_id = expr` | the system instance, evaluated in the function (`self.id.as_str()`) |
/// | `capture_args = false` | the arguments are not captured |
/// | `capture_result = false` | the result is not captured |
/// | `skip(a, b)` | these arguments are not captured |
/// | `state_filter = f` | the state before is `f(&{"args": {…}})` |
/// | `result_filter = f` | the state after has `f(&result)` as its result |
/// | `state_before = f` | the state before also has `f(&self)` as its `state` |
/// | `state_after = f` | the state after also has `f(&self)` as its `state` |
/// | `metadata = f` | `f(&`[`Called`]`)` is added to the metadata, but for names that are in it, such as `function` |
/// | `message = f` | the message that `f(&`[`Called`]`)` makes, if it makes one, is recorded after the event |
/// | `auto_timestep` | where no timestep is open, one is opened for the call, of the next turn |
/// | `err` | the function has to return a `Result` |
/// | `err = f` | an error's message is `f(&error)` |
/// | `err = false` | a `Result` is a value like any other |
///
/// Each `f` is a path or a closure. One that panics costs what it was to say and nothing
/// else: the reason is in its place, or in the metadata as `metadata_error` or
/// `message_error`. A `system_id` that panics leaves the usual one, and `system_id_error`.
/// Without `err`, a `Result` is recognized by its type,
/// whatever it is called, and its error is described by `Display`, else by `Debug`.
/// What is captured has to implement `serde::Serialize`. With `state_after` an async
/// function borrows its arguments for as long as it runs.
pub use tracer_macros::trace_agent;

/// Records each call of a function as an event of the environment: an
/// [`EnvironmentEvent`](record::EnvironmentEvent) of the system `environment`.
///
/// See [`trace_agent`](macro@trace_agent) for what is recorded and for the options. The
/// function sets reward and end of the episode through [`with_current_event`].
pub use tracer_macros::trace_env;

/// Records each call of a function as an event of a given type, as the first tracing
/// system did: a [`RuntimeEvent`](record::RuntimeEvent) whose metadata has the
/// `event_type`.
///
/// ```
/// #[tracer::trace_event(event_type = "react_agent_decide")]
/// async fn decide(observation: String) -> Vec<u8> {
///     vec![1]
/// }
/// ```
///
/// It can stand on one function with the others, which then leaves one event for each.
/// See [`trace_agent`](macro@trace_agent) for its other options, and [`v1`] for the
/// tracker that belongs to it.
pub use tracer_macros::trace_event;

/// Records each call of a function as an event of the runtime: a
/// [`RuntimeEvent`](record::RuntimeEvent) of the system `runtime`.
///
/// See [`trace_agent`](macro@trace_agent) for what is recorded and for the options.
pub use tracer_macros::trace_runtime;

/// What the macros' output calls. Not for use by hand: it changes with the macros.
#[doc(hidden)]
pub mod __macro {
    pub use crate::call::{
        Call, Probe, Site, SplitDebug, SplitDisplay, SplitPlain, begin, capture, end, filter,
        message, metadata, once, run, run_async, split, typed,
    };
    pub use crate::record::EventKind;
}
