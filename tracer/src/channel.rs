//! Provides the way from sessions to the writer: a bounded, lossless queue.
//!
//! Sessions hand over each record as it is complete; the writer takes all that is
//! waiting at once. When the queue is full, senders wait: nothing is dropped, and
//! memory stays bounded by records and by bytes, whatever the length of a run.
//!
//! This is not `std::sync::mpsc` because of what a sender pays. There, a receiver
//! that waits for the next record costs its sender a system call; here the receiver
//! comes back by itself after [`LINGER`], and a sender wakes it only when somebody
//! waits for the answer, or when the queue fills up.

use std::error::Error;
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::oneshot;

use crate::record::{
    Event, MetadataEntry, Recorded, RewardSignal, SessionEventMessage, SessionStatus,
    SessionTimeStep,
};

/// How long a receiver lets records gather before it looks at them.
pub const LINGER: Duration = Duration::from_millis(1);

/// What travels from sessions to the writer, in the order in which it happened.
///
/// Each is complete in itself and says which session it belongs to.
#[derive(Debug)]
pub enum Record {
    /// A session began.
    SessionStarted {
        /// The session's id.
        session: Arc<str>,
        /// The experiment it is part of.
        experiment_id: Option<String>,
        /// When it began.
        created_at: Timestamp,
    },
    /// A timestep began.
    TimestepStarted {
        /// The session's id.
        session: Arc<str>,
        /// The timestep, not yet completed.
        step: SessionTimeStep,
    },
    /// A timestep was completed: from here on it must survive anything.
    TimestepCompleted {
        /// The session's id.
        session: Arc<str>,
        /// The timestep, with its time of completion.
        step: SessionTimeStep,
    },
    /// An event, with its hook results.
    Event {
        /// The session's id.
        session: Arc<str>,
        /// The event. Shared with the session's history, which keeps it for the trace.
        event: Arc<Recorded<Event>>,
    },
    /// A message.
    Message {
        /// The session's id.
        session: Arc<str>,
        /// The message. Shared with the session's history, which keeps it for the trace.
        message: Arc<Recorded<SessionEventMessage>>,
    },
    /// Something said of the session.
    Metadata {
        /// The session's id.
        session: Arc<str>,
        /// What was said.
        entry: MetadataEntry,
    },
    /// A reward reported beside the environment's own.
    Reward {
        /// The session's id.
        session: Arc<str>,
        /// The reward.
        reward: RewardSignal,
    },
    /// A session ended.
    SessionEnded {
        /// The session's id.
        session: Arc<str>,
        /// When it ended.
        ended_at: Timestamp,
        /// How it ended.
        status: SessionStatus,
        /// Whom to tell when it is durable; `None` if nobody waits, as after a panic.
        ack: Option<Ack>,
    },
    /// Everything sent before is to be made durable now.
    Flush(Ack),
}

impl Record {
    /// The session that the record belongs to; none for what is only asked of the writer.
    pub const fn session(&self) -> Option<&Arc<str>> {
        match self {
            Record::SessionStarted { session, .. }
            | Record::TimestepStarted { session, .. }
            | Record::TimestepCompleted { session, .. }
            | Record::Event { session, .. }
            | Record::Message { session, .. }
            | Record::Metadata { session, .. }
            | Record::Reward { session, .. }
            | Record::SessionEnded { session, .. } => Some(session),
            Record::Flush(_) => None,
        }
    }

    /// Bytes that the record holds on to, roughly.
    fn weight(&self) -> usize {
        const FRAME: usize = 256;
        FRAME
            + match self {
                Record::Event { event, .. } => event.record.weight(),
                Record::Message { message, .. } => message.record.weight(),
                Record::Metadata { entry, .. } => crate::json::weight(&entry.data),
                Record::TimestepStarted { .. }
                | Record::TimestepCompleted { .. }
                | Record::SessionStarted { .. }
                | Record::Reward { .. }
                | Record::SessionEnded { .. }
                | Record::Flush(_) => 0,
            }
    }

    /// Whether somebody waits for the writer's answer.
    pub(crate) const fn is_urgent(&self) -> bool {
        matches!(self, Record::Flush(_) | Record::SessionEnded { .. })
    }
}

/// What the writer answers: saved, or why not.
pub type Saved = Result<(), Arc<dyn Error + Send + Sync>>;

/// The writer's way to answer one sender.
#[derive(Debug)]
pub struct Ack(oneshot::Sender<Saved>);

impl Ack {
    /// An answer and the place where to wait for it.
    pub fn new() -> (Ack, Answer) {
        let (sender, receiver) = oneshot::channel();
        (Ack(sender), Answer(receiver))
    }

    /// Tells the sender. One that no longer waits is no concern of the writer.
    pub fn answer(self, saved: Saved) {
        drop(self.0.send(saved));
    }
}

/// Where a sender waits for the writer's answer.
#[derive(Debug)]
pub struct Answer(oneshot::Receiver<Saved>);

impl Answer {
    /// Waits. `None` means that the writer went away without answering.
    pub async fn wait(self) -> Option<Saved> {
        self.0.await.ok()
    }

    /// Waits, blocking the thread, which must not be one that runs tasks.
    pub fn wait_blocking(self) -> Option<Saved> {
        self.0.blocking_recv().ok()
    }
}

/// How much the queue holds before senders have to wait.
#[derive(Clone, Copy, Debug)]
pub struct Capacity {
    /// In records.
    pub records: usize,
    /// In bytes, roughly. A record larger than all of this is let in alone.
    pub bytes: usize,
}

impl Default for Capacity {
    /// 65,536 records or 64 MiB, which bridges the time that DuckDB takes to fold its log
    /// into the file.
    fn default() -> Self {
        Self {
            records: 65_536,
            bytes: 64 << 20,
        }
    }
}

/// Makes a queue. It is closed when its receiver or its last sender is dropped.
pub fn channel(capacity: Capacity) -> (RecordSender, RecordReceiver) {
    let shared = Arc::new(Shared {
        capacity,
        queue: Mutex::new(Queue {
            senders: 1,
            ..Queue::default()
        }),
        filled: Condvar::new(),
        drained: Condvar::new(),
    });
    (
        RecordSender {
            shared: Arc::clone(&shared),
        },
        RecordReceiver { shared },
    )
}

/// A mutex because senders are many threads and must not wait for each other's
/// work: it is held to push one record or to swap a batch, never while either is made.
struct Shared {
    capacity: Capacity,
    queue: Mutex<Queue>,
    filled: Condvar,
    drained: Condvar,
}

#[derive(Default)]
struct Queue {
    records: Vec<Record>,
    bytes: usize,
    /// When the first of the records came.
    since: Option<Instant>,
    /// Somebody waits: for an answer, or for room.
    urgent: bool,
    senders: usize,
    receiver_gone: bool,
    /// The receiver found nothing and sleeps until it is woken.
    receiver_idle: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn has_room(&self, queue: &Queue, weight: usize) -> bool {
        queue.records.is_empty()
            || (queue.records.len() < self.capacity.records
                && queue.bytes.saturating_add(weight) <= self.capacity.bytes)
    }
}

/// The side of the sessions.
pub struct RecordSender {
    shared: Arc<Shared>,
}

impl RecordSender {
    /// Hands over a record, waiting for room if there is none.
    /// The record comes back if there is nobody to take it any more.
    pub fn send(&self, record: Record) -> Result<(), Box<Record>> {
        let weight = record.weight();
        let mut queue = self.shared.lock();
        while !queue.receiver_gone && !self.shared.has_room(&queue, weight) {
            queue.urgent = true;
            self.shared.filled.notify_one();
            queue = self
                .shared
                .drained
                .wait(queue)
                .unwrap_or_else(PoisonError::into_inner);
        }
        if queue.receiver_gone {
            return Err(Box::new(record));
        }
        queue.urgent |= record.is_urgent();
        if queue.records.is_empty() {
            queue.since = Some(Instant::now());
        }
        queue.bytes += weight;
        queue.records.push(record);
        let wake = queue.receiver_idle || queue.urgent;
        queue.receiver_idle = false;
        drop(queue);
        if wake {
            self.shared.filled.notify_one();
        }
        Ok(())
    }
}

impl Clone for RecordSender {
    fn clone(&self) -> Self {
        self.shared.lock().senders += 1;
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl Drop for RecordSender {
    fn drop(&mut self) {
        let mut queue = self.shared.lock();
        queue.senders -= 1;
        if queue.senders == 0 {
            drop(queue);
            self.shared.filled.notify_one();
        }
    }
}

/// What a wait for records came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// There are records.
    Records {
        /// What they hold on to, roughly.
        bytes: usize,
        /// When the first of them came.
        since: Instant,
    },
    /// The time was over before there were any.
    Nothing,
    /// There are none, and there will be none: every sender is gone.
    Closed,
}

/// The side of the writer.
pub struct RecordReceiver {
    shared: Arc<Shared>,
}

impl RecordReceiver {
    /// Moves everything that is waiting into `batch`, in order.
    ///
    /// Where nothing is waiting, it waits for `timeout`, or without one for as long as it
    /// takes. What comes before the timeout is left to gather until then: no sender has to
    /// wake a receiver that comes back by itself. After that it lingers for [`LINGER`], so
    /// that a batch is worth its while. Neither holds up a sender who waits for an answer.
    pub fn receive(&self, batch: &mut Vec<Record>, timeout: Option<Duration>) -> Received {
        let deadline = timeout.map(|timeout| Instant::now() + timeout);
        let mut queue = self.shared.lock();
        while queue.records.is_empty() {
            if queue.senders == 0 {
                return Received::Closed;
            }
            match deadline {
                None => {
                    queue.receiver_idle = true;
                    queue = self
                        .shared
                        .filled
                        .wait(queue)
                        .unwrap_or_else(PoisonError::into_inner);
                }
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return Received::Nothing;
                    }
                    queue = self
                        .shared
                        .filled
                        .wait_timeout(queue, left)
                        .unwrap_or_else(PoisonError::into_inner)
                        .0;
                }
            }
        }
        queue.receiver_idle = false;
        if !queue.urgent && queue.senders > 0 {
            queue = self
                .shared
                .filled
                .wait_timeout(queue, LINGER)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        if batch.is_empty() {
            mem::swap(batch, &mut queue.records);
        } else {
            batch.append(&mut queue.records);
        }
        let bytes = mem::take(&mut queue.bytes);
        let since = queue.since.take().unwrap_or_else(Instant::now);
        queue.urgent = false;
        drop(queue);
        self.shared.drained.notify_all();
        Received::Records { bytes, since }
    }
}

impl Drop for RecordReceiver {
    fn drop(&mut self) {
        let mut queue = self.shared.lock();
        queue.receiver_gone = true;
        queue.records.clear();
        drop(queue);
        self.shared.drained.notify_all();
    }
}
