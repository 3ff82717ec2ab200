//! Provides the tracer: what all sessions of a process have in common.

use std::collections::BTreeSet;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use uuid::Uuid;

use crate::channel::RecordSender;
use crate::error::TraceError;
use crate::hook::HookFactory;
use crate::prices::PriceTable;
use crate::privacy::Privacy;
use crate::record::Metadata;
use crate::session::Session;

/// Starts sessions. Cheap to clone; any number of sessions may run at once.
#[derive(Clone)]
pub struct Tracer {
    shared: Arc<Shared>,
}

struct Shared {
    options: TracerOptions,
    /// Sessions start and end on any thread, and two with one id would mix their
    /// records: that is noticed here, under a lock that is taken twice per session.
    running: Mutex<BTreeSet<Arc<str>>>,
    /// What was reported already. Locked only when something went wrong.
    reported: Mutex<BTreeSet<String>>,
}

/// What a tracer does with what its sessions record.
#[derive(Clone)]
pub struct TracerOptions {
    /// Hooks, each instantiated once per session.
    pub hooks: Vec<HookFactory>,
    /// Where records go as they are made. Without it they stay in memory only.
    pub sink: Option<RecordSender>,
    /// Whether sessions hold their records until they end, so that ending one
    /// returns the whole trace. Long runs into a file can do without.
    pub keep_history: bool,
    /// What is kept out of the records.
    pub privacy: Privacy,
    /// Prices by which calls of models are given their cost.
    pub prices: Option<Arc<PriceTable>>,
    /// Who is told of failures that must not break an episode. Standard error by default.
    pub report: Reporter,
}

/// Told of failures that must not break an episode, each once, when the session they
/// are of can be looked at.
pub type Reporter = Arc<dyn Fn(&Problem) + Send + Sync>;

impl Default for TracerOptions {
    fn default() -> Self {
        Self {
            hooks: Vec::new(),
            sink: None,
            keep_history: true,
            privacy: Privacy::default(),
            prices: None,
            report: Arc::new(|problem| eprintln!("warning: {problem}")),
        }
    }
}

/// A failure that must not break an episode.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// A hook returned an error, panicked, or fired events without end.
    #[error("hook {hook} failed in session {session}: {error} (further failures are only counted)")]
    HookFailed {
        /// The session's id.
        session: String,
        /// The hook's name.
        hook: String,
        /// What it failed with.
        error: String,
    },
    /// A function given to an attribute, such as `metadata = …`, panicked. The call was
    /// recorded without what it says.
    #[error(
        "`{option}` of the traced function {function} {error} in session {session}: correct it"
    )]
    OptionFailed {
        /// The session's id.
        session: String,
        /// The traced function.
        function: String,
        /// The option of its attribute.
        option: &'static str,
        /// What it panicked with.
        error: String,
    },
    /// Something that nobody waits for, such as the event of a decorated function, was refused.
    #[error(transparent)]
    NotRecorded(#[from] TraceError),
}

impl Problem {
    /// What is the same for problems of which one is enough to tell.
    fn key(&self) -> String {
        match self {
            Problem::HookFailed { hook, .. } => format!("hook {hook}"),
            Problem::OptionFailed {
                function, option, ..
            } => format!("{option} of {function}"),
            Problem::NotRecorded(error) => {
                format!("{} {:?}", error.session(), std::mem::discriminant(error))
            }
        }
    }
}

/// How to start a session.
#[derive(Clone, Debug, Default)]
pub struct SessionOptions {
    /// The session's id; a new UUID by default.
    pub id: Option<String>,
    /// Entries for the session's metadata, by type.
    pub metadata: Metadata,
    /// The experiment that the session is part of.
    pub experiment_id: Option<String>,
}

impl Tracer {
    /// A tracer with these options.
    pub fn new(options: TracerOptions) -> Self {
        Self {
            shared: Arc::new(Shared {
                options,
                running: Mutex::default(),
                reported: Mutex::default(),
            }),
        }
    }

    /// A tracer whose sessions stay in memory until they end.
    pub fn in_memory() -> Self {
        Self::new(TracerOptions::default())
    }

    /// Starts a session.
    pub fn start_session(&self, options: SessionOptions) -> Result<Session, TraceError> {
        let id: Arc<str> = options
            .id
            .unwrap_or_else(|| Uuid::now_v7().to_string())
            .into();
        let mut running = self
            .shared
            .running
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if !running.insert(Arc::clone(&id)) {
            return Err(TraceError::SessionRunning {
                session: id.to_string(),
            });
        }
        drop(running);
        Session::start(self.clone(), id, options.experiment_id, options.metadata)
    }

    pub(crate) fn options(&self) -> &TracerOptions {
        &self.shared.options
    }

    pub(crate) fn session_over(&self, id: &str) {
        self.shared
            .running
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(id);
    }

    /// Tells the reporter, unless it was told of this before.
    pub(crate) fn report_once(&self, problem: &Problem) {
        let mut reported = self
            .shared
            .reported
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let is_new = reported.insert(problem.key());
        drop(reported);
        if is_new {
            // A reporter that panics has said so, and must not break the episode either.
            drop(catch_unwind(AssertUnwindSafe(|| {
                (self.shared.options.report)(problem);
            })));
        }
    }
}

impl fmt::Debug for Tracer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tracer").finish_non_exhaustive()
    }
}
