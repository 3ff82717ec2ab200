//! How little of what a trace is made with can do to the program that is traced.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use serde::{Serialize, Serializer};
use serde_json::json;
use tracer::record::{Event, SessionEventMessage, SessionStatus};
use tracer::{Called, trace_agent, trace_runtime};

use crate::macros::Refused;
use crate::support::{events, only_event, session};

fn only_with_a_result(called: &Called<'_>) -> serde_json::Value {
    json!({ "size": called.result.unwrap() })
}

fn no_message(_: &Called<'_>) -> SessionEventMessage {
    panic!("no message")
}

#[test]
fn a_function_that_describes_calls_and_panics_costs_its_description_only() {
    #[trace_runtime(metadata = only_with_a_result, message = no_message)]
    fn refuse(panics: bool) -> Result<u8, Refused> {
        assert!(!panics, "of itself");
        Err(Refused("always"))
    }
    for panics in [false, true] {
        let session = session();
        let call = catch_unwind(AssertUnwindSafe(|| session.scope(|| refuse(panics))));
        assert_eq!(call.ok(), (!panics).then_some(Err(Refused("always"))));
        let event = only_event(&session);
        let kind = if panics { "panic" } else { "Refused" };
        assert_eq!(event.error().unwrap()["type"], kind);
        let said = |key: &str| event.base().metadata[key].as_str().unwrap();
        assert_eq!(
            said("metadata_error"),
            "panicked: called `Option::unwrap()` on a `None` value"
        );
        assert_eq!(said("message_error"), "panicked: no message");
    }
}

#[test]
fn a_system_that_cannot_be_told_leaves_the_call_with_the_usual_one() {
    fn name() -> String {
        panic!("no name")
    }
    #[trace_runtime(system_id = name())]
    fn answer() -> u8 {
        42
    }
    let session = session();
    assert_eq!(session.scope(answer), 42);
    let event = only_event(&session);
    assert_eq!(event.base().system_instance_id, "runtime");
    assert_eq!(
        event.base().metadata["system_id_error"],
        "panicked: no name"
    );
    assert_eq!(answer(), 42, "nobody asks for it outside of sessions");
}

#[test]
fn a_cancelled_call_whose_description_panics_is_dropped_quietly() {
    #[trace_agent(metadata = only_with_a_result)]
    async fn wait() -> u8 {
        std::future::pending().await
    }
    let session = session();
    {
        let mut call = pin!(session.instrument(wait()));
        let mut cx = Context::from_waker(Waker::noop());
        assert_eq!(call.as_mut().poll(&mut cx), Poll::Pending);
    }
    let event = only_event(&session);
    assert_eq!(event.error().unwrap()["type"], "cancelled");
    assert!(event.base().metadata.contains_key("metadata_error"));
}

#[tokio::test]
async fn the_time_of_a_call_is_that_of_its_body() {
    const SLOW: Duration = Duration::from_millis(20);
    fn slowly(_: &Called<'_>) {
        let begun = Instant::now();
        while begun.elapsed() < SLOW {}
    }
    #[trace_agent(metadata = slowly)]
    fn decide() {}
    #[trace_agent(metadata = slowly)]
    async fn decide_later() {
        tokio::task::yield_now().await;
    }
    let session = session();
    let begun = Instant::now();
    session.scope(decide);
    session.instrument(decide_later()).await;
    let mut in_bodies = Duration::ZERO;
    for event in events(&session) {
        let Event::Cais(event) = event else {
            panic!("a call of an agent")
        };
        let duration = event.base.metadata["duration_ms"].as_f64().unwrap();
        assert_eq!(event.latency_ms, Some(duration));
        in_bodies += Duration::from_secs_f64(duration / 1e3);
    }
    // Whatever else the machine is doing, what the descriptions took is not in it.
    assert!(in_bodies + 2 * SLOW <= begun.elapsed(), "{in_bodies:?}");
}

/// A value that panics when it is serialized, and an error that does when it is displayed.
#[derive(Debug)]
struct Opaque;

impl Serialize for Opaque {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        panic!("not for others")
    }
}

impl std::fmt::Display for Opaque {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        panic!("beyond words")
    }
}

#[test]
fn values_that_panic_when_looked_at_leave_the_reason_in_their_place() {
    #[trace_runtime(state_filter = |_: &_| -> u8 { panic!("no state") })]
    fn filtered(value: Opaque) -> Opaque {
        value
    }
    #[trace_runtime]
    fn plain(value: Opaque) -> Result<u8, Opaque> {
        Err(value)
    }
    let before = session();
    before.scope(|| filtered(Opaque));
    let event = only_event(&before);
    assert_eq!(
        event.base().system_state_before,
        json!({"not_captured": "panicked: no state"})
    );
    assert_eq!(
        event.base().system_state_after,
        json!({"result": {"not_serializable": "panicked: not for others"}})
    );

    let after = session();
    assert!(after.scope(|| plain(Opaque)).is_err());
    let event = only_event(&after);
    assert_eq!(
        event.base().system_state_before["args"]["value"],
        json!({"not_serializable": "panicked: not for others"})
    );
    assert_eq!(
        event.error().unwrap()["message"],
        "its description panicked: beyond words"
    );
}

#[test]
fn the_last_turn_there_is_has_no_other_after_it() {
    #[trace_runtime(auto_timestep)]
    fn again() -> u8 {
        1
    }
    let session = session();
    session.timestep(u64::MAX).unwrap().complete().unwrap();
    assert_eq!(session.scope(again), 1);
    assert_eq!(session.trace().timesteps[1].turn_number, u64::MAX);
}

#[test]
fn a_session_does_not_end_as_running() {
    let session = session();
    let refused = session.clone().end_blocking(SessionStatus::Running);
    let refused = refused.unwrap_err().to_string();
    assert!(
        refused.contains("completed, failed or cancelled"),
        "{refused}"
    );
    session.end_blocking(SessionStatus::Completed).unwrap();
}
