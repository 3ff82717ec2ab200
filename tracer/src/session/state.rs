//! Provides what a session does while it is locked: number records, run hooks,
//! send, and remember.

use std::mem;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::hooks::Hooks;
use super::steps::{Position, Steps};
use crate::channel::{Ack, Record};
use crate::error::TraceError;
use crate::hook::{HookContext, MAX_CHAIN};
use crate::privacy::{Clean, Cleaned};
use crate::record::{
    CaisEvent, Event, EventId, Metadata, MetadataEntry, Recorded, RewardSignal,
    SessionEventMessage, SessionStatus, SessionTimeStep, SessionTrace, now,
};
use crate::tracer::{Problem, Tracer};

pub(super) struct State {
    tracer: Tracer,
    id: Arc<str>,
    experiment_id: Option<String>,
    created_at: Timestamp,
    ended_at: Option<Timestamp>,
    status: SessionStatus,
    next_seq: u64,
    pub(super) steps: Steps,
    hooks: Hooks,
    history: History,
    cleaned: Cleaned,
    /// A call of a model that was tracked without its output so far.
    held_call: Option<CaisEvent>,
    /// What is to be told of once the session is no longer locked.
    problems: Vec<Problem>,
}

/// What the session has recorded, for the trace. Events and messages are shared
/// with the queue to the writer rather than copied.
#[derive(Clone, Default)]
struct History {
    metadata: Vec<MetadataEntry>,
    timesteps: Vec<SessionTimeStep>,
    events: Vec<Arc<Recorded<Event>>>,
    messages: Vec<Arc<Recorded<SessionEventMessage>>>,
    rewards: Vec<RewardSignal>,
}

impl State {
    pub(super) fn new(tracer: &Tracer, id: Arc<str>, experiment_id: Option<String>) -> Self {
        Self {
            id,
            experiment_id,
            created_at: now(),
            ended_at: None,
            status: SessionStatus::Running,
            next_seq: 0,
            steps: Steps::default(),
            hooks: Hooks::new(&tracer.options().hooks),
            history: History::default(),
            cleaned: Cleaned::default(),
            held_call: None,
            problems: Vec::new(),
            tracer: tracer.clone(),
        }
    }

    pub(super) fn is_running(&self) -> bool {
        self.status == SessionStatus::Running
    }

    pub(super) fn start(&mut self, metadata: Metadata) -> Result<(), TraceError> {
        self.send(Record::SessionStarted {
            session: Arc::clone(&self.id),
            experiment_id: self.experiment_id.clone(),
            created_at: self.created_at,
        })?;
        for (metadata_type, data) in metadata {
            self.add_metadata(metadata_type, data)?;
        }
        self.at_point(&Position::default(), |hook, ctx| hook.on_session_start(ctx))
    }

    pub(super) fn open_step(
        &mut self,
        step_id: Option<String>,
        turn: Option<u64>,
    ) -> Result<Arc<str>, TraceError> {
        self.require_running("a timestep")?;
        let turn = turn.unwrap_or_else(|| self.steps.next_turn());
        let step_id: Arc<str> = match step_id {
            Some(id) if self.steps.is_taken(&id) => {
                return Err(TraceError::StepExists {
                    session: self.id.to_string(),
                    step_id: id,
                });
            }
            Some(id) => id.into(),
            None => self.steps.free_id(&format!("turn_{turn}")),
        };
        let step = SessionTimeStep {
            seq: self.take_seq(),
            step_id: step_id.to_string(),
            step_index: self.steps.count(),
            turn_number: turn,
            started_at: now(),
            completed_at: None,
            step_metadata: Metadata::new(),
        };
        self.send(Record::TimestepStarted {
            session: Arc::clone(&self.id),
            step: step.clone(),
        })?;
        self.steps.open(Arc::clone(&step_id), step.clone());
        let at = Position {
            step_id: Some(Arc::clone(&step_id)),
            turn: Some(turn),
        };
        self.at_point(&at, |hook, ctx| hook.on_timestep_start(ctx, &step))?;
        Ok(step_id)
    }

    /// Keeps a call until its output is known. One that is still kept goes its way.
    pub(super) fn hold_call(
        &mut self,
        pin: Option<&Arc<str>>,
        mut event: CaisEvent,
    ) -> Result<(), TraceError> {
        self.require_running("a call of a model")?;
        self.release_call()?;
        let time = &mut event.base.time_record;
        time.message_time = time.message_time.or(self.steps.position(pin).turn);
        self.held_call = Some(event);
        Ok(())
    }

    pub(super) fn take_held_call(&mut self) -> Option<CaisEvent> {
        self.held_call.take()
    }

    /// Records a call that is still kept, without its output.
    fn release_call(&mut self) -> Result<(), TraceError> {
        match self.held_call.take() {
            None => Ok(()),
            Some(event) => self.record_event(None, event.into()).map(drop),
        }
    }

    /// Completes a timestep, unless the end of the session has done so already.
    pub(super) fn close_step(&mut self, step_id: &str) -> Result<(), TraceError> {
        let Some((at, step)) = self.steps.find(step_id) else {
            return Ok(());
        };
        let step = step.clone();
        let hooked = self
            .release_call()
            .and_then(|()| self.at_point(&at, |hook, ctx| hook.on_timestep_end(ctx, &step)));
        // Whatever the hooks came to, the timestep is over.
        let Some(mut step) = self.steps.close(step_id) else {
            return hooked;
        };
        step.completed_at = Some(now());
        step.clean(&self.tracer.options().privacy);
        if self.tracer.options().keep_history {
            self.history.timesteps.push(step.clone());
        }
        self.send(Record::TimestepCompleted {
            session: Arc::clone(&self.id),
            step,
        })?;
        hooked
    }

    pub(super) fn add_step_metadata(
        &mut self,
        step_id: &str,
        key: &str,
        data: Value,
    ) -> Result<(), TraceError> {
        self.require_running("timestep metadata")?;
        if let Some(step) = self.steps.find_mut(step_id) {
            step.step_metadata.insert(key.to_owned(), data);
        }
        Ok(())
    }

    /// Notes that a panic, and not its own end, closes the timestep.
    pub(super) fn mark_panicked(&mut self, step_id: &str) {
        if let Some(step) = self.steps.find_mut(step_id) {
            step.step_metadata
                .insert("closed_by".to_owned(), "panic".into());
        }
    }

    pub(super) fn record_event(
        &mut self,
        pin: Option<&Arc<str>>,
        event: Event,
    ) -> Result<EventId, TraceError> {
        self.require_running("an event")?;
        let at = self.steps.position(pin);
        self.record_at(&at, event, 0)
    }

    fn record_at(
        &mut self,
        at: &Position,
        mut event: Event,
        chain: usize,
    ) -> Result<EventId, TraceError> {
        let tracer = self.tracer.clone();
        let options = tracer.options();
        let time = &mut event.base_mut().time_record;
        time.message_time = time.message_time.or(at.turn);
        match &mut event {
            Event::Cais(event) => event.sum_up_calls(options.prices.as_deref()),
            Event::Environment(event) => event.set_aside_nonfinite_reward(),
            Event::Runtime(_) => {}
        }
        let mut ctx = self.context(at);
        let results = self
            .hooks
            .run(&mut ctx, |hook, ctx| hook.on_event(ctx, &event));
        event
            .base_mut()
            .event_metadata
            .extend(results.into_iter().flatten());
        event.clean(&options.privacy, &mut self.cleaned);
        let seq = self.take_seq();
        let event = Arc::new(self.recorded(seq, at, event));
        self.send(Record::Event {
            session: Arc::clone(&self.id),
            event: Arc::clone(&event),
        })?;
        if options.keep_history {
            self.history.events.push(event);
        }
        self.settle(at, ctx, chain)?;
        Ok(EventId(seq))
    }

    pub(super) fn add_message(
        &mut self,
        pin: Option<&Arc<str>>,
        mut message: SessionEventMessage,
    ) -> Result<(), TraceError> {
        self.require_running("a message")?;
        let at = self.steps.position(pin);
        let time = &mut message.time_record;
        time.message_time = time.message_time.or(at.turn);
        let mut ctx = self.context(&at);
        self.hooks
            .run(&mut ctx, |hook, ctx| hook.on_message(ctx, &message));
        self.tracer
            .options()
            .privacy
            .clean_value(&mut message.content.payload);
        let seq = self.take_seq();
        let message = Arc::new(self.recorded(seq, &at, message));
        self.send(Record::Message {
            session: Arc::clone(&self.id),
            message: Arc::clone(&message),
        })?;
        if self.tracer.options().keep_history {
            self.history.messages.push(message);
        }
        self.settle(&at, ctx, 0)
    }

    pub(super) fn add_metadata(
        &mut self,
        metadata_type: String,
        mut data: Value,
    ) -> Result<(), TraceError> {
        self.require_running("metadata")?;
        self.tracer.options().privacy.clean_value(&mut data);
        let entry = MetadataEntry {
            seq: self.take_seq(),
            metadata_type,
            data,
            time: now(),
        };
        if self.tracer.options().keep_history {
            self.history.metadata.push(entry.clone());
        }
        self.send(Record::Metadata {
            session: Arc::clone(&self.id),
            entry,
        })
    }

    pub(super) fn track_reward(
        &mut self,
        event: Option<EventId>,
        kind: &str,
        value: f64,
        annotation: Option<&str>,
    ) -> Result<(), TraceError> {
        self.require_running("a reward")?;
        if !value.is_finite() {
            let session = self.id.to_string();
            return Err(TraceError::NotANumber {
                session,
                kind: kind.to_owned(),
                value,
            });
        }
        let mut annotation = annotation.map(str::to_owned);
        if let Some(text) = &mut annotation {
            self.tracer.options().privacy.clean_text(text);
        }
        let kind = kind.to_owned();
        let reward = RewardSignal {
            seq: self.take_seq(),
            event,
            kind,
            value,
            annotation,
            time: now(),
        };
        if self.tracer.options().keep_history {
            self.history.rewards.push(reward.clone());
        }
        self.send(Record::Reward {
            session: Arc::clone(&self.id),
            reward,
        })
    }

    /// Ends the session. Says whether there is a writer that will answer `ack`.
    pub(super) fn end(
        &mut self,
        status: SessionStatus,
        ack: Option<Ack>,
    ) -> Result<bool, TraceError> {
        self.require_running("its end")?;
        if status == SessionStatus::Running {
            return Err(TraceError::NotAnEnd {
                session: self.id.to_string(),
            });
        }
        let last_words = self.last_words();
        self.status = status;
        let ended_at = now();
        self.ended_at = Some(ended_at);
        self.tracer.session_over(&self.id);
        self.send(Record::SessionEnded {
            session: Arc::clone(&self.id),
            ended_at,
            status,
            ack,
        })?;
        last_words?;
        Ok(self.tracer.options().sink.is_some())
    }

    fn last_words(&mut self) -> Result<(), TraceError> {
        while let Some(step_id) = self.steps.innermost() {
            self.close_step(&step_id)?;
        }
        self.release_call()?;
        let at = Position::default();
        self.at_point(&at, |hook, ctx| hook.on_session_end(ctx))?;
        self.at_point(&at, |hook, ctx| hook.before_save(ctx))?;
        let repeated: Metadata = self
            .hooks
            .repeated_failures()
            .map(|(name, n)| (name.to_owned(), n.into()))
            .collect();
        if !repeated.is_empty() {
            self.add_metadata("hook_failures".to_owned(), Value::Object(repeated))?;
        }
        Ok(())
    }

    /// The finished trace, after its hooks have seen it.
    pub(super) fn after_save(&mut self) -> SessionTrace {
        let history = mem::take(&mut self.history);
        let trace = self.trace_of(history);
        let mut ctx = self.context(&Position::default());
        self.hooks.run(&mut ctx, |hook, _| hook.after_save(&trace));
        for (hook, error) in ctx.effects.failures {
            self.report_hook(hook, error);
        }
        trace
    }

    /// Everything recorded so far.
    pub(super) fn trace(&self) -> SessionTrace {
        self.trace_of(self.history.clone())
    }

    fn trace_of(&self, history: History) -> SessionTrace {
        let mut timesteps = history.timesteps;
        timesteps.extend(self.steps.all_open().cloned());
        timesteps.sort_by_key(|step| step.step_index);
        SessionTrace {
            session_id: self.id.to_string(),
            experiment_id: self.experiment_id.clone(),
            created_at: self.created_at,
            ended_at: self.ended_at,
            status: self.status,
            metadata: history.metadata,
            timesteps,
            event_history: history
                .events
                .into_iter()
                .map(Arc::unwrap_or_clone)
                .collect(),
            message_history: history
                .messages
                .into_iter()
                .map(Arc::unwrap_or_clone)
                .collect(),
            rewards: history.rewards,
        }
    }

    /// Calls every hook at a point that returns nothing, and does what they ask for.
    fn at_point(
        &mut self,
        at: &Position,
        mut point: impl FnMut(
            &mut dyn crate::hook::Hook,
            &mut HookContext,
        ) -> Result<(), crate::hook::HookError>,
    ) -> Result<(), TraceError> {
        if self.hooks.is_empty() {
            return Ok(());
        }
        let mut ctx = self.context(at);
        self.hooks.run(&mut ctx, &mut point);
        self.settle(at, ctx, 0)
    }

    /// Does what the hooks asked for, and records their failures.
    fn settle(&mut self, at: &Position, ctx: HookContext, chain: usize) -> Result<(), TraceError> {
        let effects = ctx.effects;
        for (hook, error) in effects.failures {
            self.hook_failed(hook, error)?;
        }
        for (metadata_type, data) in effects.metadata {
            self.add_metadata(metadata_type, data)?;
        }
        for (hook, event) in effects.events {
            if chain < MAX_CHAIN {
                self.record_at(at, event, chain + 1)?;
            } else {
                let error = format!("its events led to further events {MAX_CHAIN} times in a row");
                self.hook_failed(hook, error)?;
            }
        }
        Ok(())
    }

    fn hook_failed(&mut self, hook: usize, error: String) -> Result<(), TraceError> {
        if !self.hooks.is_first_failure(hook) {
            return Ok(());
        }
        let data = json!({ "hook": self.hooks.name(hook), "error": error });
        self.report_hook(hook, error);
        self.add_metadata("hook_error".to_owned(), data)
    }

    fn report_hook(&mut self, hook: usize, mut error: String) {
        self.tracer.options().privacy.clean_text(&mut error);
        self.problems.push(Problem::HookFailed {
            session: self.id.to_string(),
            hook: self.hooks.name(hook).to_owned(),
            error,
        });
    }

    /// What went wrong and has not been told.
    pub(super) fn take_problems(&mut self) -> Vec<Problem> {
        mem::take(&mut self.problems)
    }

    fn context(&self, at: &Position) -> HookContext {
        HookContext::new(Arc::clone(&self.id), at.step_id.clone(), at.turn)
    }

    fn recorded<T>(&self, seq: u64, at: &Position, record: T) -> Recorded<T> {
        Recorded {
            seq,
            step_id: at.step_id.as_deref().map(str::to_owned),
            record,
        }
    }

    fn take_seq(&mut self) -> u64 {
        let seq = self.next_seq;
        self.next_seq += 1;
        seq
    }

    fn require_running(&self, what: &'static str) -> Result<(), TraceError> {
        if self.is_running() {
            Ok(())
        } else {
            Err(TraceError::Ended {
                session: self.id.to_string(),
                what,
            })
        }
    }

    fn send(&self, record: Record) -> Result<(), TraceError> {
        match &self.tracer.options().sink {
            None => Ok(()),
            Some(sink) => sink.send(record).map_err(|_| TraceError::WriterGone {
                session: self.id.to_string(),
            }),
        }
    }
}
