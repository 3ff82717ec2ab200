//! Hooks: what they see, what they can do, and how little they can break.

use std::sync::{Arc, Mutex, OnceLock};

use serde_json::{Value, json};
use tracer::hook::{self, Hook, HookContext, HookError, HookFactory, MAX_CHAIN};
use tracer::record::{
    Event, HookResult, SessionEventMessage, SessionStatus, SessionTimeStep, SessionTrace,
};
use tracer::{Session, SessionOptions, Tracer, TracerOptions};

use crate::support::{event, events, steps_of};

fn tracer(hooks: Vec<HookFactory>) -> (Tracer, Arc<Mutex<Vec<String>>>) {
    let problems = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&problems);
    let report = Arc::new(move |problem: &tracer::Problem| {
        seen.lock().unwrap().push(problem.to_string());
    });
    (
        Tracer::new(TracerOptions {
            hooks,
            report,
            ..TracerOptions::default()
        }),
        problems,
    )
}

fn start(tracer: &Tracer) -> Session {
    tracer.start_session(SessionOptions::default()).unwrap()
}

/// The metadata of a session, as `(type, data)`.
fn metadata(session: &Session) -> Vec<(String, Value)> {
    let entries = session.trace().metadata.into_iter();
    entries
        .map(|entry| (entry.metadata_type, entry.data))
        .collect()
}

/// Counts the events of its session and says so of each.
struct Counter {
    name: &'static str,
    priority: u8,
    count: u64,
}

impl Hook for Counter {
    fn name(&self) -> &str {
        self.name
    }

    fn priority(&self) -> u8 {
        self.priority
    }

    fn on_event(&mut self, _: &mut HookContext, _: &Event) -> Result<Vec<HookResult>, HookError> {
        self.count += 1;
        Ok(vec![HookResult {
            hook_name: self.name.to_owned(),
            code: 'C',
            priority: self.priority,
            description: format!("event number {}", self.count),
            data: json!({"count": self.count}),
        }])
    }
}

fn counter(name: &'static str, priority: u8) -> HookFactory {
    hook::factory(move || Counter {
        name,
        priority,
        count: 0,
    })
}

#[test]
fn results_become_part_of_the_event_in_order_of_priority() {
    let (tracer, _) = tracer(vec![
        counter("low", 1),
        counter("high", 5),
        counter("high as well", 5),
    ]);
    let session = start(&tracer);
    session.record_event(event("x")).unwrap();
    let event = &events(&session)[0];
    let names: Vec<_> = event
        .base()
        .event_metadata
        .iter()
        .map(|result| result.hook_name.as_str())
        .collect();
    assert_eq!(names, ["high", "high as well", "low"]);
}

#[test]
fn parallel_sessions_share_no_state() {
    let (tracer, _) = tracer(vec![counter("counter", 0)]);
    let (first, second) = (start(&tracer), start(&tracer));
    for session in [&first, &second, &first, &second] {
        session.record_event(event("x")).unwrap();
    }
    for session in [first, second] {
        let counts: Vec<_> = events(&session)
            .iter()
            .map(|event| event.base().event_metadata[0].data["count"].clone())
            .collect();
        assert_eq!(counts, [1, 2]);
    }
}

/// Notes every point at which it is called.
struct Points(Arc<Mutex<Vec<String>>>);

impl Points {
    fn note(&self, point: impl Into<String>) -> Result<(), HookError> {
        self.0.lock().unwrap().push(point.into());
        Ok(())
    }
}

impl Hook for Points {
    fn name(&self) -> &str {
        "points"
    }

    fn on_session_start(&mut self, _: &mut HookContext) -> Result<(), HookError> {
        self.note("session start")
    }

    fn on_timestep_start(
        &mut self,
        ctx: &mut HookContext,
        step: &SessionTimeStep,
    ) -> Result<(), HookError> {
        assert_eq!(ctx.step_id(), Some(step.step_id.as_str()));
        self.note(format!("timestep start {}", step.turn_number))
    }

    fn on_event(&mut self, ctx: &mut HookContext, _: &Event) -> Result<Vec<HookResult>, HookError> {
        self.note(format!("event in {:?}", ctx.turn()))?;
        Ok(Vec::new())
    }

    fn on_message(
        &mut self,
        _: &mut HookContext,
        message: &SessionEventMessage,
    ) -> Result<(), HookError> {
        self.note(format!("message {}", message.message_type))
    }

    fn on_timestep_end(
        &mut self,
        ctx: &mut HookContext,
        step: &SessionTimeStep,
    ) -> Result<(), HookError> {
        ctx.add_metadata("said at the end of a timestep", step.turn_number);
        self.note("timestep end")
    }

    fn on_session_end(&mut self, ctx: &mut HookContext) -> Result<(), HookError> {
        ctx.fire(event("last"));
        self.note("session end")
    }

    fn before_save(&mut self, ctx: &mut HookContext) -> Result<(), HookError> {
        ctx.add_metadata("said before saving", true);
        self.note("before save")
    }

    fn after_save(&mut self, trace: &SessionTrace) -> Result<(), HookError> {
        self.note(format!("after save, {} events", trace.event_history.len()))
    }
}

#[test]
fn every_point_is_called_in_its_place() {
    let notes = Arc::new(Mutex::new(Vec::new()));
    let shared = Arc::clone(&notes);
    let (tracer, _) = tracer(vec![hook::factory(move || Points(Arc::clone(&shared)))]);
    let session = start(&tracer);
    {
        let _turn = session.timestep(4).unwrap();
        session.record_event(event("x")).unwrap();
        session
            .add_message(SessionEventMessage::new("action", "a", "b", 1))
            .unwrap();
    }
    let trace = session.end_blocking(SessionStatus::Completed).unwrap();
    let notes = notes.lock().unwrap();
    let expected = [
        "session start",
        "timestep start 4",
        "event in Some(4)",
        "message action",
        "timestep end",
        "session end",
        "event in None",
        "before save",
        "after save, 2 events",
    ];
    assert_eq!(*notes, expected);
    let said: Vec<_> = trace
        .metadata
        .iter()
        .map(|entry| entry.metadata_type.as_str())
        .collect();
    assert_eq!(
        said,
        ["said at the end of a timestep", "said before saving"]
    );
}

/// Fires an event for each that it sees: `limit` of them, or without end.
struct Chain(usize);

impl Hook for Chain {
    fn name(&self) -> &str {
        "chain"
    }

    fn on_event(&mut self, ctx: &mut HookContext, _: &Event) -> Result<Vec<HookResult>, HookError> {
        if self.0 > 0 {
            self.0 -= 1;
            ctx.fire(event("fired"));
        }
        Ok(Vec::new())
    }
}

#[test]
fn fired_events_follow_their_cause_in_the_same_timestep() {
    let (tracer, problems) = tracer(vec![hook::factory(|| Chain(1)), counter("counter", 0)]);
    let session = start(&tracer);
    let _turn = session.timestep(0).unwrap();
    session.record_event(event("cause")).unwrap();
    session.record_event(event("next")).unwrap();
    let names: Vec<_> = events(&session)
        .iter()
        .map(|event| event.base().metadata["name"].clone())
        .collect();
    assert_eq!(names, ["cause", "fired", "next"]);
    assert_eq!(steps_of(&session.trace()), [Some("turn_0"); 3]);
    assert_eq!(
        events(&session)[1].base().event_metadata[0].data["count"],
        2,
        "hooks see it too"
    );
    assert!(problems.lock().unwrap().is_empty());
}

#[test]
fn an_endless_chain_is_cut_off_and_said_to_be() {
    let (tracer, problems) = tracer(vec![hook::factory(|| Chain(usize::MAX))]);
    let session = start(&tracer);
    session.record_event(event("cause")).unwrap();
    assert_eq!(events(&session).len(), 1 + MAX_CHAIN);
    assert_eq!(metadata(&session)[0].0, "hook_error");
    assert_eq!(metadata(&session)[0].1["hook"], "chain");
    assert_eq!(problems.lock().unwrap().len(), 1);
}

/// Fails in one of the ways in which hooks fail.
struct Failing {
    panics: bool,
}

impl Hook for Failing {
    fn name(&self) -> &str {
        "failing"
    }

    fn priority(&self) -> u8 {
        9
    }

    fn on_event(&mut self, _: &mut HookContext, _: &Event) -> Result<Vec<HookResult>, HookError> {
        if self.panics {
            panic!("no inventory");
        }
        Err("no inventory".into())
    }
}

#[test]
fn a_failing_hook_is_reported_once_recorded_and_breaks_nothing() {
    let (tracer, problems) = tracer(vec![
        hook::factory(|| Failing { panics: false }),
        counter("counter", 0),
    ]);
    for _ in 0..2 {
        let session = start(&tracer);
        for _ in 0..3 {
            session.record_event(event("x")).unwrap();
        }
        assert_eq!(
            events(&session)[2].base().event_metadata[0].data["count"],
            3
        );
        let trace = session.end_blocking(SessionStatus::Completed).unwrap();
        let said: Vec<_> = trace
            .metadata
            .iter()
            .map(|it| (it.metadata_type.as_str(), &it.data))
            .collect();
        assert_eq!(
            said,
            [
                (
                    "hook_error",
                    &json!({"hook": "failing", "error": "no inventory"})
                ),
                ("hook_failures", &json!({"failing": 3})),
            ]
        );
    }
    let problems = problems.lock().unwrap();
    assert_eq!(
        problems.len(),
        1,
        "once per hook, not per session: {problems:?}"
    );
    assert!(
        problems[0].starts_with("hook failing failed in session"),
        "{}",
        problems[0]
    );
}

#[test]
fn a_hook_that_panicked_is_not_called_again() {
    let (tracer, problems) = tracer(vec![
        hook::factory(|| Failing { panics: true }),
        counter("counter", 0),
    ]);
    let session = start(&tracer);
    session.record_event(event("x")).unwrap();
    session.record_event(event("y")).unwrap();
    assert_eq!(
        events(&session)[1].base().event_metadata[0].data["count"],
        2
    );
    assert_eq!(metadata(&session).len(), 1);
    assert_eq!(metadata(&session)[0].1["error"], "panicked: no inventory");
    assert_eq!(problems.lock().unwrap().len(), 1);
}

#[test]
fn decorated_functions_go_through_hooks_and_timesteps() {
    #[tracer::trace_env]
    fn step() {}
    let (tracer, _) = tracer(vec![counter("counter", 0)]);
    let session = start(&tracer);
    let _turn = session.timestep(2).unwrap();
    session.scope(step);
    assert_eq!(
        events(&session)[0].base().event_metadata[0].data["count"],
        1
    );
    assert_eq!(steps_of(&session.trace()), [Some("turn_2")]);
}

/// Comes back to the session that waits for it, in every way there is.
struct Returning(Arc<OnceLock<Session>>);

#[tracer::trace_runtime]
fn helper() -> u8 {
    1
}

impl Hook for Returning {
    fn name(&self) -> &str {
        "returning"
    }

    fn on_event(&mut self, _: &mut HookContext, _: &Event) -> Result<Vec<HookResult>, HookError> {
        assert_eq!(helper(), 1);
        assert!(tracer::record_event(event("nowhere")).is_none());
        let Some(session) = self.0.get() else {
            return Ok(Vec::new());
        };
        assert_eq!(session.turn(), None);
        Err(Box::new(session.record_event(event("again")).unwrap_err()))
    }
}

#[test]
fn a_hook_that_comes_back_to_its_session_is_refused_and_never_hangs() {
    let handle = Arc::new(OnceLock::new());
    let given = Arc::clone(&handle);
    let (tracer, problems) = tracer(vec![hook::factory(move || Returning(Arc::clone(&given)))]);
    let session = start(&tracer);
    session.scope(helper);
    assert_eq!(events(&session).len(), 1, "the hook's own call is not one");
    handle.set(session.clone()).unwrap();
    session.scope(helper);
    assert_eq!(events(&session).len(), 2);
    assert!(problems.lock().unwrap()[0].contains("record through the hook's context"));
}

#[test]
fn who_is_told_of_a_failure_can_look_at_the_session_and_cannot_break_it() {
    let handle: Arc<OnceLock<Session>> = Arc::default();
    let seen = Arc::new(Mutex::new(None));
    let (given, noted) = (Arc::clone(&handle), Arc::clone(&seen));
    let tracer = Tracer::new(TracerOptions {
        hooks: vec![hook::factory(|| Failing { panics: false })],
        report: Arc::new(move |_| {
            *noted.lock().unwrap() = given.get().map(Session::turn);
            panic!("a reporter");
        }),
        ..TracerOptions::default()
    });
    let session = start(&tracer);
    handle.set(session.clone()).unwrap();
    let _turn = session.timestep(4).unwrap();
    session.record_event(event("x")).unwrap();
    assert_eq!(*seen.lock().unwrap(), Some(Some(4)));
}
