//! Sessions and timesteps: what belongs where, and how they end.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use serde_json::json;
use tracer::channel::{Capacity, Received, Record, RecordReceiver, channel};
use tracer::prices::PriceTable;
use tracer::record::{
    CaisEvent, EnvironmentEvent, Event, LlmCallRecord, SessionEventMessage, SessionStatus, Usage,
};
use tracer::{Session, SessionOptions, TraceError, Tracer, TracerOptions, trace_json};

use crate::support::{event, events, session, steps_of};

#[test]
fn records_know_their_timestep_and_their_order() {
    let session = session();
    session.record_event(event("before")).unwrap();
    {
        let _turn = session.timestep(0).unwrap();
        session.record_event(event("first")).unwrap();
        session
            .add_message(SessionEventMessage::new("action", "a", "b", 5))
            .unwrap();
    }
    session.record_event(event("between")).unwrap();
    session.timestep(1).unwrap().complete().unwrap();
    let trace = session.end_blocking(SessionStatus::Completed).unwrap();

    assert_eq!(steps_of(&trace), [None, Some("turn_0"), None]);
    assert_eq!(trace.message_history[0].step_id.as_deref(), Some("turn_0"));
    let seqs: Vec<_> = trace.event_history.iter().map(|event| event.seq).collect();
    assert_eq!(seqs, [0, 2, 4]);
    assert_eq!((trace.timesteps[0].seq, trace.timesteps[1].seq), (1, 5));
    assert_eq!(trace.message_history[0].seq, 3);
}

#[test]
fn turn_0_is_a_turn() {
    let session = session();
    let _turn = session.timestep(0).unwrap();
    session.record_event(event("x")).unwrap();
    assert_eq!(session.turn(), Some(0));
    assert_eq!(events(&session)[0].base().time_record.message_time, Some(0));
}

#[test]
fn an_event_has_the_time_it_happened_and_not_that_of_its_recording() {
    let session = session();
    let happened = "2024-07-18T12:30:00.123456+02:00".parse().unwrap();
    let mut earlier = event("x");
    earlier.base_mut().time_record.event_time = happened;
    session.record_event(earlier).unwrap();
    assert_eq!(events(&session)[0].base().time_record.event_time, happened);
}

#[test]
fn times_are_in_utc_to_the_microsecond() {
    let session = session();
    session.record_event(event("x")).unwrap();
    let time = serde_json::to_value(events(&session)[0].base().time_record).unwrap();
    let time = time["event_time"].as_str().unwrap();
    assert!(time.ends_with('Z'), "{time}");
    assert!(time.len() <= "2024-07-18T12:30:00.123456Z".len(), "{time}");
}

#[cfg(target_os = "linux")]
#[test]
fn tracing_installs_no_signal_handlers() {
    let caught = || {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        status
            .lines()
            .find(|line| line.starts_with("SigCgt"))
            .unwrap()
            .to_owned()
    };
    let before = caught();
    session().end_blocking(SessionStatus::Completed).unwrap();
    assert_eq!(caught(), before);
}

#[test]
fn a_timestep_is_closed_by_return_error_and_panic() {
    fn turn(session: &Session, number: u64, outcome: &str) -> Result<(), String> {
        let _turn = session
            .timestep(number)
            .map_err(|error| error.to_string())?;
        match outcome {
            "return" => Ok(()),
            "error" => Err("x".to_owned())?,
            _ => panic!("y"),
        }
    }
    let session = session();
    turn(&session, 0, "return").unwrap();
    turn(&session, 1, "error").unwrap_err();
    catch_unwind(AssertUnwindSafe(|| turn(&session, 2, "panic"))).unwrap_err();
    assert_eq!(session.turn(), None);
    let trace = session.trace();
    assert_eq!(trace.timesteps.len(), 3);
    assert!(
        trace
            .timesteps
            .iter()
            .all(|step| step.completed_at >= Some(step.started_at))
    );
    let marks: Vec<_> = trace
        .timesteps
        .iter()
        .map(|step| &step.step_metadata)
        .collect();
    assert_eq!(json!(marks), json!([{}, {}, {"closed_by": "panic"}]));
}

#[tokio::test]
async fn a_timestep_is_closed_by_cancellation() {
    let session = session();
    let inside = session.clone();
    let task = tokio::spawn(async move {
        let _turn = inside.timestep(7).unwrap();
        std::future::pending::<()>().await;
    });
    while session.turn() != Some(7) {
        tokio::task::yield_now().await;
    }
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    assert!(session.trace().timesteps[0].completed_at.is_some());
}

#[test]
fn timesteps_nest_and_may_overlap() {
    let session = session();
    let outer = session.timestep(1).unwrap();
    let inner = session.timestep(2).unwrap();
    session.record_event(event("innermost")).unwrap();
    outer.session().record_event(event("pinned")).unwrap();
    let pinned = inner.session().clone();
    drop(inner);
    pinned
        .record_event(event("after its timestep is over"))
        .unwrap();
    drop(outer);
    pinned.record_event(event("after all")).unwrap();
    let expected = [Some("turn_2"), Some("turn_1"), Some("turn_1"), None];
    assert_eq!(steps_of(&session.trace()), expected);
}

#[test]
fn a_timestep_id_is_used_once() {
    let session = session();
    drop(session.timestep_named("opening", 0).unwrap());
    let error = session.timestep_named("opening", 1).unwrap_err();
    let expected = format!(
        "session {} already has a timestep opening: give each timestep an id of its own",
        session.id()
    );
    assert_eq!(error.to_string(), expected);
    // A turn may be begun again; its timesteps are told apart.
    drop(session.timestep(3).unwrap());
    assert_eq!(session.timestep(3).unwrap().id(), "turn_3_2");
    assert_eq!(session.timestep(3).unwrap().id(), "turn_3_3");
}

#[test]
fn metadata_is_kept_with_its_type_in_order() {
    let options = SessionOptions {
        id: Some("episode 1".into()),
        metadata: json!({"episode_config": {"seed": 7}})
            .as_object()
            .unwrap()
            .clone(),
        experiment_id: Some("e".into()),
    };
    let session = Tracer::in_memory().start_session(options).unwrap();
    session.add_metadata("system_ids", ["a", "b"]).unwrap();
    session.add_metadata("system_ids", ["c"]).unwrap();
    session
        .timestep(0)
        .unwrap()
        .add_metadata("note", 1.5)
        .unwrap();
    let trace = session.end_blocking(SessionStatus::Completed).unwrap();
    let entries: Vec<_> = trace
        .metadata
        .iter()
        .map(|entry| (entry.metadata_type.as_str(), &entry.data))
        .collect();
    let expected = [
        ("episode_config", &json!({"seed": 7})),
        ("system_ids", &json!(["a", "b"])),
        ("system_ids", &json!(["c"])),
    ];
    assert_eq!(entries, expected);
    assert_eq!(trace.timesteps[0].step_metadata["note"], 1.5);
    assert_eq!(
        (trace.session_id.as_str(), trace.experiment_id.as_deref()),
        ("episode 1", Some("e"))
    );
}

#[test]
fn an_ended_session_records_nothing_more_and_says_so() {
    let session = session();
    let late = session.clone();
    let open = session.timestep(0).unwrap();
    let trace = session.end_blocking(SessionStatus::Failed).unwrap();
    assert_eq!(trace.status, SessionStatus::Failed);
    assert!(
        trace.timesteps[0].completed_at.is_some(),
        "ending the session ends its timesteps"
    );
    assert!(trace.ended_at >= Some(trace.created_at));

    let id = late.id().to_owned();
    let error = late.record_event(event("x")).unwrap_err();
    let expected = format!("session {id} has ended: an event came too late and was not recorded");
    assert_eq!(error.to_string(), expected);
    assert!(matches!(late.timestep(1), Err(TraceError::Ended { .. })));
    assert!(matches!(
        late.add_metadata("x", 1),
        Err(TraceError::Ended { .. })
    ));
    assert!(matches!(
        late.track_reward("x", 1.0, None),
        Err(TraceError::Ended { .. })
    ));
    assert!(
        matches!(open.complete(), Ok(())),
        "it was completed by the end of the session"
    );
    let twice = late.end_blocking(SessionStatus::Completed).unwrap_err();
    assert!(twice.to_string().contains(&id));
}

#[test]
fn a_second_session_does_not_discard_the_first() {
    let tracer = Tracer::in_memory();
    let start = |id: &str| {
        tracer.start_session(SessionOptions {
            id: Some(id.into()),
            ..SessionOptions::default()
        })
    };
    let first = start("a").unwrap();
    let second = start("b").unwrap();
    assert!(matches!(start("a"), Err(TraceError::SessionRunning { .. })));
    first.record_event(event("1")).unwrap();
    second.record_event(event("2")).unwrap();
    first.record_event(event("3")).unwrap();
    assert_eq!(
        first
            .end_blocking(SessionStatus::Completed)
            .unwrap()
            .event_history
            .len(),
        2
    );
    assert_eq!(
        second
            .end_blocking(SessionStatus::Completed)
            .unwrap()
            .event_history
            .len(),
        1
    );
    start("a").unwrap();
}

#[test]
fn many_threads_record_into_one_session_without_a_gap() {
    let session = session();
    thread::scope(|scope| {
        for name in ["a", "b", "c", "d"] {
            let session = session.clone();
            scope.spawn(move || {
                for _ in 0..250 {
                    session.record_event(event(name)).unwrap();
                }
            });
        }
    });
    let trace = session.trace();
    let seqs: Vec<_> = trace.event_history.iter().map(|event| event.seq).collect();
    assert_eq!(seqs, (0..1000).collect::<Vec<_>>());
}

#[test]
fn a_value_without_json_form_is_refused_by_name() {
    let session = session();
    let map = std::collections::BTreeMap::from([(vec![1], 2)]);
    let error = session.add_metadata("episode_config", map).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("episode_config cannot be written as JSON")
    );
    let error = session.track_reward("bonus", f64::NAN, None).unwrap_err();
    assert!(
        error
            .to_string()
            .contains(r#"a reward of kind "bonus" is NaN"#)
    );
}

#[test]
fn a_trace_survives_its_json_form_to_the_last_bit() {
    let session = session();
    let _turn = session.timestep(0).unwrap();
    let mut step = EnvironmentEvent::new("environment");
    step.reward = Some(0.1 + 0.2);
    step.base.system_state_before = json!({"daylight": 0.123_456_789_012_345_67, "n": u64::MAX});
    step.base.metadata.insert("nothing".into(), json!(null));
    session.record_event(step).unwrap();
    let mut decision = CaisEvent::new("llm_agent");
    decision.cost = Some(1e-7 / 3.0);
    decision.llm_call_records.push(LlmCallRecord {
        request: json!({"messages": ["x".repeat(999)]}).into(),
        failed_attempts: vec![Default::default()],
        ..LlmCallRecord::default()
    });
    session.record_event(decision).unwrap();
    session.record_event(event("plain")).unwrap();
    session
        .add_message(SessionEventMessage::new(
            "observation",
            "a",
            "b",
            json!(["ö"]),
        ))
        .unwrap();
    session
        .track_reward("bonus", 1.0 / 3.0, Some("why"))
        .unwrap();
    session.add_metadata("x", json!({"y": -0.0})).unwrap();
    let trace = session.trace();
    let json = trace_json::write(&trace).unwrap();
    assert_eq!(trace_json::read(&json).unwrap(), trace);
}

#[test]
fn json_that_is_no_trace_is_refused_with_the_reason() {
    let json = trace_json::write(&session().trace()).unwrap();
    let check = |text: &str, expected: &str| {
        let error = trace_json::read(text).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    check(&json[..json.len() - 1], "cut short after line 1");
    check("[", "cut short");
    check("{}", "it is not a session");
    check(
        &json.replace("session_trace", "other"),
        "it is not a session",
    );
    check(
        &json.replace("\"version\":1", "\"version\":99"),
        "has version 99",
    );
}

#[test]
fn a_reward_that_is_no_number_is_kept_beside() {
    let session = session();
    let mut step = EnvironmentEvent::new("environment");
    step.reward = Some(f64::INFINITY);
    session.record_event(step).unwrap();
    let Event::Environment(step) = &events(&session)[0] else {
        panic!("it is a step")
    };
    assert_eq!(
        (step.reward, &step.base.metadata["reward"]),
        (None, &json!("inf"))
    );
}

/// A tracer whose records are looked at by the test.
fn observed(capacity: Capacity) -> (Tracer, RecordReceiver) {
    let (sink, receiver) = channel(capacity);
    (
        Tracer::new(TracerOptions {
            sink: Some(sink),
            ..TracerOptions::default()
        }),
        receiver,
    )
}

fn drain(receiver: &RecordReceiver) -> Vec<&'static str> {
    let mut batch = Vec::new();
    while let Received::Records { .. } =
        receiver.receive(&mut batch, Some(std::time::Duration::ZERO))
    {}
    batch.iter().map(name).collect()
}

fn name(record: &Record) -> &'static str {
    match record {
        Record::SessionStarted { .. } => "session started",
        Record::TimestepStarted { .. } => "timestep started",
        Record::TimestepCompleted { .. } => "timestep completed",
        Record::Event { .. } => "event",
        Record::Message { .. } => "message",
        Record::Metadata { .. } => "metadata",
        Record::Reward { .. } => "reward",
        Record::SessionEnded {
            status: SessionStatus::Abandoned,
            ..
        } => "session abandoned",
        Record::SessionEnded { .. } => "session ended",
        Record::Flush(_) => "flush",
    }
}

#[test]
fn records_leave_for_the_writer_as_they_are_made() {
    let (tracer, receiver) = observed(Capacity::default());
    let session = tracer.start_session(SessionOptions::default()).unwrap();
    assert_eq!(drain(&receiver), ["session started"]);
    {
        let _turn = session.timestep(0).unwrap();
        session.record_event(event("x")).unwrap();
        assert_eq!(drain(&receiver), ["timestep started", "event"]);
        session.track_reward("bonus", 1.0, None).unwrap();
    }
    assert_eq!(drain(&receiver), ["reward", "timestep completed"]);
    let panic = catch_unwind(AssertUnwindSafe(move || {
        let _turn = session.timestep(1).unwrap();
        let _moved_in_and_dropped_by_the_panic = session;
        panic!("the episode breaks");
    }));
    assert!(panic.is_err());
    assert_eq!(
        drain(&receiver),
        [
            "timestep started",
            "timestep completed",
            "session abandoned"
        ]
    );
}

#[tokio::test]
async fn the_end_waits_for_the_writer_and_tells_what_it_says() {
    let (tracer, receiver) = observed(Capacity::default());
    let writer = thread::spawn(move || {
        let mut answers = ["saved", "disk full"].into_iter();
        let mut batch = Vec::new();
        while let Received::Records { .. } = receiver.receive(&mut batch, None) {
            for record in batch.drain(..) {
                if let Record::SessionEnded { ack: Some(ack), .. } = record {
                    match answers.next() {
                        Some("saved") => ack.answer(Ok(())),
                        Some(error) => ack.answer(Err(std::io::Error::other(error).into_saved())),
                        None => return,
                    }
                }
            }
        }
    });
    let start = || tracer.start_session(SessionOptions::default()).unwrap();
    assert!(start().end(SessionStatus::Completed).await.is_ok());
    let unsaved = start();
    let trace = unsaved.clone();
    unsaved.record_event(event("x")).unwrap();
    let error = unsaved.end(SessionStatus::Completed).await.unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("was recorded, but not saved: disk full"),
        "{error}"
    );
    assert_eq!(
        trace.trace().event_history.len(),
        1,
        "the trace is still at hand"
    );
    let gone = start().end(SessionStatus::Completed).await.unwrap_err();
    assert!(
        gone.to_string().contains("the trace writer is gone"),
        "{gone}"
    );
    writer.join().unwrap();
    assert!(matches!(
        tracer.start_session(SessionOptions::default()),
        Err(TraceError::WriterGone { .. })
    ));
}

trait IntoSaved {
    fn into_saved(self) -> std::sync::Arc<dyn std::error::Error + Send + Sync>;
}

impl IntoSaved for std::io::Error {
    fn into_saved(self) -> std::sync::Arc<dyn std::error::Error + Send + Sync> {
        std::sync::Arc::new(self)
    }
}

#[test]
fn without_history_a_session_keeps_nothing_but_sends_everything() {
    let (sink, receiver) = channel(Capacity::default());
    let options = TracerOptions {
        sink: Some(sink),
        keep_history: false,
        ..Default::default()
    };
    let session = Tracer::new(options)
        .start_session(SessionOptions::default())
        .unwrap();
    session.record_event(event("x")).unwrap();
    drop(session.timestep(0).unwrap());
    let trace = session.trace();
    assert!(trace.event_history.is_empty() && trace.timesteps.is_empty());
    let sent = drain(&receiver);
    assert_eq!(
        sent,
        [
            "session started",
            "event",
            "timestep started",
            "timestep completed"
        ]
    );
}

#[test]
fn calls_are_summed_up_and_priced_on_the_event() {
    let options = TracerOptions {
        prices: Some(PriceTable::builtin().unwrap().into()),
        ..TracerOptions::default()
    };
    let session = Tracer::new(options)
        .start_session(SessionOptions::default())
        .unwrap();
    let call = |model: &str, prompt, completion| LlmCallRecord {
        model_name: Some(model.into()),
        usage: Usage {
            prompt_tokens: Some(prompt),
            completion_tokens: Some(completion),
            ..Usage::default()
        },
        latency_ms: Some(20.0),
        ..LlmCallRecord::default()
    };
    let record = |calls: Vec<LlmCallRecord>| {
        let mut event = CaisEvent::new("llm_agent");
        event.llm_call_records = calls;
        session.record_event(event).unwrap();
    };
    record(vec![call("gpt-4o", 1000, 10), call("gpt-4o-mini", 2000, 0)]);
    record(vec![
        call("gpt-4o", 1000, 10),
        call("embedded:expert", 0, 0),
    ]);
    let events = events(&session);
    let [Event::Cais(priced), Event::Cais(unknown)] = &events[..] else {
        panic!("two decisions")
    };
    assert_eq!(
        (priced.prompt_tokens, priced.completion_tokens),
        (Some(3000), Some(10))
    );
    assert_eq!((priced.latency_ms, priced.total_tokens), (Some(40.0), None));
    assert_eq!(priced.model_name.as_deref(), Some("gpt-4o-mini"));
    assert_eq!(
        priced.cost,
        Some((1000.0 * 2.5 + 10.0 * 10.0) / 1e6 + 2000.0 * 0.15 / 1e6)
    );
    assert_eq!(unknown.cost, None, "a sum with an unknown part is unknown");
}
