//! What is recorded is read back as the same value.

use serde_json::json;
use tracer::record::{EnvironmentEvent, Event, SessionStatus};
use tracer::{Conflict, SessionOptions, import, trace_json};

use crate::sample::{everything, scratch};

#[test]
fn a_session_is_read_back_as_it_was_recorded() {
    let file = scratch();
    let (trace, report) = file.record(|tracer| everything(tracer, "s", 3));
    assert_eq!(file.store().session_trace("s").unwrap(), trace);
    assert_eq!(report.sessions, 1);
    assert_eq!(trace.event_history.len(), 10);
}

#[test]
fn what_requests_have_in_common_is_there_once_and_each_request_whole() {
    let file = scratch();
    let (trace, _) = file.record(|tracer| everything(tracer, "s", 3));
    let requests: Vec<_> = trace
        .event_history
        .iter()
        .filter_map(|event| match &event.record {
            Event::Cais(event) => Some(vec![event.llm_call_records[0].request.to_value()]),
            Event::Runtime(_) | Event::Environment(_) => None,
        })
        .collect();
    let query = |sql| file.store().query(sql).unwrap().rows;
    assert_eq!(
        query("select request from llm_calls order by seq"),
        requests
    );
    // The system message, and what only looks like a reference.
    assert_eq!(query("select count(*) from request_parts"), [[json!(2)]]);
}

#[test]
fn the_summary_answers_with_one_row_per_session() {
    let file = scratch();
    file.record(|tracer| (everything(tracer, "a", 3), everything(tracer, "b", 1)));
    let row = file.row("select * from session_summary where session_id = 'a'");
    assert_eq!(row["status"], json!("completed"));
    assert_eq!(row["num_timesteps"], json!(3));
    assert_eq!(row["num_events"], json!(10));
    assert_eq!(row["num_messages"], json!(3));
    assert_eq!(row["num_hook_results"], json!(3));
    assert_eq!(row["total_tokens_used"], json!(1100 + 1101 + 1102));
}

/// The writer remembers the last thousand events, and looks older ones up.
#[test]
fn a_reward_finds_its_event_however_long_ago_it_was() {
    const EVENTS: usize = 3_000;
    let file = scratch();
    let (trace, _) = file.record(|tracer| {
        let session = tracer
            .start_session(SessionOptions {
                id: Some("s".to_owned()),
                ..SessionOptions::default()
            })
            .unwrap();
        let events: Vec<_> = (0..EVENTS)
            .map(|_| {
                session
                    .record_event(EnvironmentEvent::new("environment"))
                    .unwrap()
            })
            .collect();
        for event in [events[0], events[1_500], events[EVENTS - 1]] {
            session.track_reward_of(event, "late", 1.0, None).unwrap();
        }
        session.end_blocking(SessionStatus::Completed).unwrap()
    });
    assert_eq!(file.store().session_trace("s").unwrap(), trace);

    let json = file.path.with_extension("json");
    std::fs::write(&json, trace_json::write(&trace).unwrap()).unwrap();
    let other = scratch();
    import(&other.path, &json, Conflict::Refuse).unwrap();
    assert_eq!(other.store().session_trace("s").unwrap(), trace);
}
