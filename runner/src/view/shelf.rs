//! Keeps the trace file on a thread of its own, which answers one question after
//! the other.
//!
//! The file is open only while it is asked about, so that a run can be started
//! while the page is open. While a run writes it, a copy is read instead.

use std::collections::VecDeque;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use anyhow::Context as _;
use serde::Serialize;
use tokio::sync::oneshot;
use tracer::store::{Reach, Store, StoreError};

use super::catalog::Catalog;
use super::episode::Episode;
use crate::rebuild::find_session;

/// How long the file stays open after a question: until the next one of the same
/// page, so that whoever wants to write it hardly ever finds it taken.
const PATIENCE: Duration = Duration::from_millis(20);
/// A copy is read for at least so long, and for so many times as long as it took
/// to make, before it is made again, but never for longer than [`COPY_OLD`].
const COPY_AGE: Duration = Duration::from_millis(1500);
const COPY_SHARE: u32 = 10;
/// On a machine that is busy, making it may take seconds.
const COPY_OLD: Duration = Duration::from_secs(15);
/// Episodes that are kept after they were read.
const KEPT: usize = 6;

/// Where questions about the file are asked.
#[derive(Clone)]
pub(super) struct Library {
    questions: mpsc::Sender<Question>,
}

type Question = Box<dyn FnOnce(&mut Shelf) + Send>;

impl Library {
    /// Opens a trace file.
    ///
    /// # Errors
    ///
    /// Where it cannot be read.
    pub(super) fn open(path: &Path) -> anyhow::Result<Library> {
        let mut shelf = Shelf {
            path: path.to_owned(),
            open: None,
            catalog: None,
            episodes: VecDeque::new(),
            status: None,
        };
        shelf.opened()?;
        let (questions, asked) = mpsc::channel::<Question>();
        thread::Builder::new()
            .name("traces".to_owned())
            .spawn(move || {
                loop {
                    match asked.recv_timeout(PATIENCE) {
                        Ok(question) => question(&mut shelf),
                        Err(RecvTimeoutError::Timeout) => shelf.close(),
                        Err(RecvTimeoutError::Disconnected) => return,
                    }
                }
            })
            .context("cannot start the thread that reads the trace file")?;
        Ok(Library { questions })
    }

    /// Asks a question.
    ///
    /// # Errors
    ///
    /// Whatever the question gives, or that the thread is gone.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Shelf) -> anyhow::Result<T> + Send + 'static,
    ) -> anyhow::Result<T> {
        let (answers, answer) = oneshot::channel();
        let question: Question = Box::new(move |shelf| {
            // Who asked may have gone meanwhile.
            drop(answers.send(question(shelf)));
        });
        let gone = "the thread that reads the trace file is gone: start the viewer again";
        self.questions.send(question).ok().context(gone)?;
        answer.await.context(gone)?
    }
}

/// The trace file, and what was read of it.
pub(super) struct Shelf {
    path: PathBuf,
    open: Option<Open>,
    catalog: Option<(Stamp, Arc<Catalog>)>,
    /// The latest last.
    episodes: VecDeque<(String, Stamp, Arc<Episode>)>,
    /// The latest status.
    status: Option<(Stamp, Status)>,
}

/// An open trace file, or a copy of one that is being written.
struct Open {
    store: Store,
    stamp: Stamp,
    opened: Instant,
    /// How long opening took.
    took: Duration,
}

/// What changes when the file does: lengths and times of it and of its log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp([Option<(u64, SystemTime)>; 2]);

/// How the file stands.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Status {
    path: String,
    bytes: u64,
    /// Whether another process is writing it.
    live: bool,
    sessions: usize,
    /// Changes when the contents do.
    version: u64,
}

impl Shelf {
    /// The file, open for questions.
    ///
    /// # Errors
    ///
    /// Where it cannot be read, or copied while it is written.
    pub(super) fn store(&mut self) -> anyhow::Result<&Store> {
        Ok(&self.opened()?.store)
    }

    /// Its runs and episodes.
    pub(super) fn catalog(&mut self) -> anyhow::Result<Arc<Catalog>> {
        let open = self.opened()?;
        let (stamp, live) = (open.stamp, open.is_live());
        if let Some((known, catalog)) = &self.catalog
            && *known == stamp
        {
            return Ok(Arc::clone(catalog));
        }
        let catalog = Arc::new(Catalog::read(self.store()?, live)?);
        self.catalog = Some((stamp, Arc::clone(&catalog)));
        Ok(catalog)
    }

    /// The session that this is the id of, or how its id begins, rebuilt.
    pub(super) fn episode(&mut self, id: &str) -> anyhow::Result<Arc<Episode>> {
        let stamp = self.opened()?.stamp;
        let known = self
            .episodes
            .iter()
            .find(|(known, at, _)| known == id && *at == stamp);
        if let Some((_, _, episode)) = known {
            return Ok(Arc::clone(episode));
        }
        let store = self.store()?;
        let trace = store.session_trace(&find_session(store, id)?)?;
        let episode = Arc::new(Episode::of(trace));
        self.episodes.retain(|(known, ..)| known != id);
        if self.episodes.len() == KEPT {
            self.episodes.pop_front();
        }
        self.episodes
            .push_back((id.to_owned(), stamp, Arc::clone(&episode)));
        Ok(episode)
    }

    /// How the file stands. A file that nobody wrote since is not opened for it.
    pub(super) fn status(&mut self) -> anyhow::Result<Status> {
        if let Some((stamp, status)) = &self.status
            && !status.live
            && *stamp == Stamp::of(&self.path)
        {
            return Ok(status.clone());
        }
        let open = self.opened()?;
        let (stamp, live) = (open.stamp, open.is_live());
        let status = Status {
            path: self.path.display().to_string(),
            bytes: stamp.0.iter().flatten().map(|(length, _)| length).sum(),
            live,
            sessions: self.catalog()?.len(),
            version: stamp.number(),
        };
        self.status = Some((stamp, status.clone()));
        Ok(status)
    }

    fn opened(&mut self) -> anyhow::Result<&Open> {
        let stamp = Stamp::of(&self.path);
        if self
            .open
            .as_ref()
            .is_some_and(|open| !open.is_good_for(stamp))
        {
            self.open = None;
        }
        let open = match self.open.take() {
            Some(open) => open,
            None => Open::new(&self.path, stamp)?,
        };
        Ok(self.open.insert(open))
    }

    /// Lets go of the file, for whoever wants to write it. A copy is in nobody's way.
    fn close(&mut self) {
        let too_old = |open: &Open| !open.is_live() || open.opened.elapsed() > 20 * COPY_AGE;
        if self.open.as_ref().is_some_and(too_old) {
            self.open = None;
        }
    }
}

impl Open {
    fn new(path: &Path, stamp: Stamp) -> Result<Open, StoreError> {
        let opened = Instant::now();
        let store = match Store::open(path, Reach::Confined) {
            Err(StoreError::Locked { .. }) => Store::open_copy(path, Reach::Confined),
            opened => opened,
        }?;
        Ok(Open {
            store,
            stamp,
            opened,
            took: opened.elapsed(),
        })
    }

    fn is_live(&self) -> bool {
        self.store.copied_at().is_some()
    }

    fn is_good_for(&self, stamp: Stamp) -> bool {
        let young = self.opened.elapsed() < (self.took * COPY_SHARE).clamp(COPY_AGE, COPY_OLD);
        match self.is_live() {
            // The end of the run changes nothing but the lock.
            true => young,
            false => self.stamp == stamp,
        }
    }
}

impl Stamp {
    fn of(path: &Path) -> Stamp {
        let mut log = path.as_os_str().to_owned();
        log.push(".wal");
        Stamp([path.as_os_str(), &log].map(|path| {
            let file = fs::metadata(path).ok()?;
            Some((file.len(), file.modified().ok()?))
        }))
    }

    fn number(self) -> u64 {
        self.0.iter().flatten().fold(0, |number, (length, time)| {
            let time = time
                .duration_since(SystemTime::UNIX_EPOCH)
                .unwrap_or_default();
            number
                .rotate_left(7)
                .wrapping_mul(0x9e37_79b9)
                .wrapping_add(length ^ time.as_nanos() as u64)
                // Exact in JavaScript's numbers.
                & ((1 << 53) - 1)
        })
    }
}
