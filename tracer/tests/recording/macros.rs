//! What decorated functions leave behind, by kind of function and by option.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::Serialize;
use serde_json::{Value, json};
use tracer::record::{Event, EventKind, SessionEventMessage};
use tracer::{Called, trace_agent, trace_env, trace_event, trace_runtime};

use crate::support::{events, only_event, session, states};

#[derive(Debug, PartialEq)]
pub(crate) struct Refused(pub(crate) &'static str);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "refused: {}", self.0)
    }
}

#[trace_runtime]
fn add(left: u32, right: u32) -> u32 {
    left + right
}

#[test]
fn a_call_leaves_its_arguments_and_its_result() {
    let session = session();
    assert_eq!(session.scope(|| add(1, 2)), 3);
    let event = only_event(&session);
    assert_eq!(event.kind(), EventKind::Runtime);
    let base = event.base();
    assert_eq!(base.system_instance_id, "runtime");
    assert_eq!(
        base.system_state_before,
        json!({"args": {"left": 1, "right": 2}})
    );
    assert_eq!(base.system_state_after, json!({"result": 3}));
    assert_eq!(base.metadata["function"], "add");
    assert!(base.metadata["duration_ms"].is_f64());
}

#[test]
fn without_a_session_a_decorated_function_just_runs() {
    assert_eq!(add(1, 2), 3);
    assert!(tracer::current().is_none());
}

#[test]
fn each_attribute_has_its_kind_and_its_system() {
    #[trace_agent]
    fn decide() {}
    #[trace_env]
    fn step() {}
    #[trace_event(event_type = "legacy")]
    fn old() {}
    let session = session();
    session.scope(|| {
        decide();
        step();
        old();
    });
    let seen: Vec<_> = events(&session)
        .iter()
        .map(|event| (event.kind(), event.base().system_instance_id.clone()))
        .collect();
    assert_eq!(
        seen,
        [
            (EventKind::Cais, "llm_agent".to_owned()),
            (EventKind::Environment, "environment".to_owned()),
            (EventKind::Runtime, "runtime".to_owned()),
        ]
    );
    assert_eq!(events(&session)[2].base().metadata["event_type"], "legacy");
}

#[trace_runtime]
fn divide(dividend: i32, divisor: i32) -> Result<i32, Refused> {
    if divisor == 0 {
        return Err(Refused("division by zero"));
    }
    Ok(dividend / divisor)
}

#[test]
fn an_error_is_recorded_and_returned() {
    let session = session();
    assert_eq!(
        session.scope(|| divide(1, 0)),
        Err(Refused("division by zero"))
    );
    assert_eq!(session.scope(|| divide(4, 2)), Ok(2));
    assert_eq!(
        states(&session)[0][1],
        json!({"error": {"type": "Refused", "message": "refused: division by zero"}})
    );
    assert_eq!(states(&session)[1][1], json!({"result": 2}));
}

#[test]
fn an_error_is_recorded_once() {
    let session = session();
    session.scope(|| divide(1, 0)).unwrap_err();
    let trace = session
        .end_blocking(tracer::record::SessionStatus::Failed)
        .unwrap();
    assert_eq!(trace.event_history.len(), 1);
    assert!(trace.metadata.is_empty(), "{:?}", trace.metadata);
}

type Fallible<T> = std::result::Result<T, Box<dyn std::error::Error>>;

#[test]
fn results_are_recognized_by_whatever_name() {
    #[trace_runtime]
    fn parse(text: &str) -> Fallible<u8> {
        Ok(text.parse::<u8>()?)
    }
    #[derive(Debug)]
    #[expect(dead_code, reason = "read through Debug")]
    struct NoDisplay(u8);
    #[trace_runtime]
    fn debugged() -> Result<(), NoDisplay> {
        Err(NoDisplay(7))
    }
    let session = session();
    session.scope(|| {
        assert!(parse("x").is_err());
        assert!(debugged().is_err());
    });
    assert_eq!(
        states(&session)[0][1],
        json!({"error": {"type": "Box<dyn Error>", "message": "invalid digit found in string"}})
    );
    assert_eq!(
        states(&session)[1][1],
        json!({"error": {"type": "NoDisplay", "message": "NoDisplay(7)"}})
    );
}

#[test]
fn err_says_what_becomes_of_errors() {
    #[trace_runtime(err)]
    fn required() -> Result<u8, Refused> {
        Err(Refused("a"))
    }
    #[trace_runtime(err = |error: &Refused| error.0)]
    fn described() -> Result<u8, Refused> {
        Err(Refused("b"))
    }
    #[trace_runtime(err = false)]
    fn ignored() -> Result<u8, String> {
        Err("c".into())
    }
    let session = session();
    session.scope(|| {
        assert!(required().is_err());
        assert!(described().is_err());
        assert!(ignored().is_err());
    });
    let after: Vec<_> = states(&session)
        .into_iter()
        .map(|state| state[1].clone())
        .collect();
    assert_eq!(
        after,
        [
            json!({"error": {"type": "Refused", "message": "refused: a"}}),
            json!({"error": {"type": "Refused", "message": "b"}}),
            json!({"result": {"Err": "c"}}),
        ]
    );
}

#[test]
fn a_panic_leaves_an_event_and_goes_on() {
    #[trace_env]
    fn explode(fuse: u8) -> u8 {
        panic!("fuse {fuse}");
    }
    let session = session();
    let panic = catch_unwind(AssertUnwindSafe(|| session.scope(|| explode(3)))).unwrap_err();
    assert_eq!(panic.downcast_ref::<String>().unwrap(), "fuse 3");
    assert_eq!(
        states(&session),
        [json!([
            {"args": {"fuse": 3}},
            {"error": {"type": "panic", "message": "fuse 3"}}
        ])]
    );
    assert!(tracer::current().is_none(), "the scope is left behind");
}

struct Counter {
    count: u64,
}

impl Counter {
    #[trace_env(state_before = Self::state, state_after = Self::state)]
    fn bump(&mut self, by: u64) -> u64 {
        self.count += by;
        self.count
    }

    #[trace_env(capture_args = false, capture_result = false, state_after = |it| json!([it.count]))]
    async fn bump_later(&mut self, by: u64) -> Result<(), Refused> {
        std::future::ready(()).await;
        self.count += by;
        if by == 0 {
            Err(Refused("nothing to add"))
        } else {
            Ok(())
        }
    }

    #[trace_runtime(capture_result = false)]
    fn count_mut(&mut self) -> &mut u64 {
        &mut self.count
    }

    #[trace_runtime]
    fn longest<'a>(&self, left: &'a str, right: &'a str) -> &'a str {
        if left.len() < right.len() {
            right
        } else {
            left
        }
    }

    #[trace_runtime]
    async fn borrowed(&self) -> &u64 {
        std::future::ready(()).await;
        &self.count
    }

    #[trace_runtime(capture_result = false)]
    fn into_iter(self, times: u8) -> impl Iterator<Item = u64> {
        (0..times).map(move |_| self.count)
    }

    #[trace_runtime]
    fn boxed(self: Box<Self>) -> u64 {
        self.count
    }

    fn state(&self) -> Value {
        json!({"count": self.count})
    }
}

#[test]
fn the_receivers_state_is_captured_before_and_after() {
    let session = session();
    session.scope(|| Counter { count: 1 }.bump(2));
    assert_eq!(
        states(&session),
        [json!([
            {"args": {"by": 2}, "state": {"count": 1}},
            {"result": 3, "state": {"count": 3}}
        ])]
    );
}

#[tokio::test]
async fn methods_of_every_kind_can_be_traced() {
    let session = session();
    let work = async {
        let mut counter = Counter { count: 1 };
        counter.bump_later(1).await.unwrap();
        assert_eq!(counter.bump_later(0).await, Err(Refused("nothing to add")));
        *counter.count_mut() += 1;
        assert_eq!(counter.longest("ab", "abc"), "abc");
        assert_eq!(*counter.borrowed().await, 3);
        assert_eq!(
            Counter { count: 5 }.into_iter(2).collect::<Vec<_>>(),
            [5, 5]
        );
        assert_eq!(Box::new(counter).boxed(), 3);
    };
    session.instrument(work).await;
    assert_eq!(
        states(&session),
        [
            json!([null, {"state": [2]}]),
            json!([
                null,
                {"error": {"type": "Refused", "message": "refused: nothing to add"}, "state": [2]}
            ]),
            json!([{"args": {}}, null]),
            json!([{"args": {"left": "ab", "right": "abc"}}, {"result": "abc"}]),
            json!([{"args": {}}, {"result": 3}]),
            json!([{"args": {"times": 2}}, null]),
            json!([{"args": {}}, {"result": 3}]),
        ]
    );
}

#[test]
fn options_choose_what_is_captured() {
    struct Opaque;
    #[trace_runtime(
        name = "renamed",
        system_id = format!("validator_{}", strict),
        skip(secret, opaque),
        metadata = |call| json!({"was_strict": call.args["strict"], "called": call.name}),
        result_filter = |result: &Opaque| { let _: &Opaque = result; "opaque" },
    )]
    fn validate(strict: bool, secret: &str, opaque: &Opaque) -> Opaque {
        let _: (&str, &Opaque) = (secret, opaque);
        Opaque
    }
    #[trace_runtime(state_filter = |state: &Value| json!({"action": state["args"]["calls"][0]}))]
    fn first(calls: &[u8]) -> u8 {
        calls[0]
    }
    let session = session();
    session.scope(|| {
        validate(true, "sesame", &Opaque);
        first(&[7, 8]);
    });
    assert_eq!(
        states(&session),
        [
            json!([{"args": {"strict": true}}, {"result": "opaque"}]),
            json!([{"action": 7}, {"result": 7}]),
        ]
    );
    let base = events(&session)[0].base().clone();
    assert_eq!(base.system_instance_id, "validator_true");
    assert_eq!(base.metadata["function"], "renamed");
    assert_eq!(base.metadata["was_strict"], true);
    assert_eq!(base.metadata["called"], "renamed");
}

#[test]
fn a_message_is_recorded_after_its_event() {
    fn tool_call(call: &Called<'_>) -> Option<SessionEventMessage> {
        let result = call.result?;
        Some(SessionEventMessage::new(
            "tool_call",
            "agent",
            "runtime",
            result.clone(),
        ))
    }
    #[trace_agent(message = tool_call)]
    fn decide(works: bool) -> Result<Vec<u8>, Refused> {
        if works {
            Ok(vec![1, 2])
        } else {
            Err(Refused("no idea"))
        }
    }
    let session = session();
    session.scope(|| {
        decide(true).unwrap();
        decide(false).unwrap_err();
    });
    let trace = session.trace();
    assert_eq!(trace.message_history.len(), 1);
    let message = &trace.message_history[0];
    assert_eq!(message.record.content.payload, json!([1, 2]));
    assert_eq!(trace.event_history[0].seq + 1, message.seq);
}

#[test]
fn a_timestep_is_opened_only_where_there_is_none() {
    #[trace_env(auto_timestep)]
    fn step() {}
    let session = session();
    session.scope(|| {
        step();
        let _turn = session.timestep(5).unwrap();
        step();
        step();
    });
    session.scope(step);
    let trace = session.trace();
    let steps: Vec<_> = trace
        .timesteps
        .iter()
        .map(|step| (step.step_id.as_str(), step.turn_number))
        .collect();
    assert_eq!(
        steps,
        [
            ("environment:step", 0),
            ("turn_5", 5),
            ("environment:step_2", 6)
        ]
    );
    assert!(
        trace
            .timesteps
            .iter()
            .all(|step| step.completed_at.is_some())
    );
    let of_events = crate::support::steps_of(&trace);
    let expected = ["environment:step", "turn_5", "turn_5", "environment:step_2"];
    assert_eq!(of_events, expected.map(Some));
}

#[test]
fn generic_functions_can_be_traced() {
    #[trace_runtime]
    fn pick<T: Serialize + Clone, const N: usize>(items: [T; N], at: usize) -> Option<T>
    where
        [T; N]: Serialize,
    {
        items.get(at).cloned()
    }
    #[trace_runtime(capture_result = false)]
    fn fallible<E>(error: Option<E>) -> Result<impl Iterator<Item = u8>, E>
    where
        E: Serialize + fmt::Display,
    {
        match error {
            Some(error) => Err(error),
            None => Ok([1_u8].into_iter()),
        }
    }
    #[trace_runtime]
    fn patterns((left, [right, _]): (u8, [u8; 2]), mut last: u8) -> u8 {
        last += 1;
        left + right + last
    }
    let session = session();
    session.scope(|| {
        assert_eq!(pick(["a", "b"], 1), Some("b"));
        assert!(fallible(Some("no")).is_err());
        assert_eq!(patterns((1, [2, 9]), 3), 7);
    });
    assert_eq!(
        states(&session),
        [
            json!([{"args": {"at": 1, "items": ["a", "b"]}}, {"result": "b"}]),
            json!([{"args": {"error": "no"}}, {"error": {"type": "&str", "message": "no"}}]),
            json!([{"args": {"last": 3, "left": 1, "right": 2}}, {"result": 7}]),
        ]
    );
}

#[test]
fn the_event_under_way_can_be_enriched() {
    #[trace_env]
    fn step() -> u8 {
        tracer::with_current_event(|event| {
            let Event::Environment(event) = event else {
                panic!("it is an environment's")
            };
            event.reward = Some(0.5);
            event.base.metadata.insert("function".into(), "mine".into());
            event.base.system_state_after = json!({"position": [1, 2]});
        });
        inner();
        7
    }
    #[trace_runtime]
    fn inner() {
        tracer::with_current_event(|event| {
            assert_eq!(event.kind(), EventKind::Runtime, "the innermost");
        });
    }
    let session = session();
    session.scope(step);
    let event = events(&session).remove(1);
    assert_eq!(
        event.base().system_state_after,
        json!({"position": [1, 2], "result": 7})
    );
    assert_eq!(event.base().metadata["function"], "mine");
    assert!(matches!(event, Event::Environment(event) if event.reward == Some(0.5)));
    assert!(tracer::with_current_event(|_| ()).is_none());
}

#[test]
fn a_panic_while_enriching_does_not_lose_the_event() {
    #[trace_env]
    fn step() {
        tracer::with_current_event(|_| panic!("in the closure"));
    }
    let session = session();
    assert!(catch_unwind(AssertUnwindSafe(|| session.scope(step))).is_err());
    assert_eq!(
        only_event(&session).error().unwrap()["message"],
        "in the closure"
    );
}

#[test]
fn what_has_no_json_form_leaves_the_reason_in_its_place() {
    #[trace_runtime]
    fn count(words: std::collections::BTreeMap<Vec<u8>, u8>) -> usize {
        words.len()
    }
    let session = session();
    session.scope(|| count([(vec![1], 2)].into()));
    let reason = &states(&session)[0][0]["args"]["words"]["not_serializable"];
    assert_eq!(reason, "key must be a string");
}

#[test]
fn the_system_at_work_is_that_of_the_innermost_function() {
    #[trace_runtime(system_id = "outer")]
    fn outer() -> [Option<String>; 3] {
        let system = || tracer::current_system().map(|system| system.to_string());
        [system(), tracer::with_system("other", system), system()]
    }
    let session = session();
    let seen = session.scope(outer);
    assert_eq!(
        seen,
        ["outer", "other", "outer"].map(|name| Some(name.to_owned()))
    );
}

#[test]
fn both_generations_of_attributes_work_on_one_function() {
    #[trace_agent]
    #[trace_event(event_type = "react_agent_decide")]
    fn decide(turn: u8) -> u8 {
        turn
    }
    let session = session();
    assert_eq!(session.scope(|| decide(2)), 2);
    let events = events(&session);
    assert_eq!(events.len(), 2);
    assert_eq!(states(&session)[0], states(&session)[1]);
}

#[test]
fn recording_into_an_ended_session_does_not_disturb_the_function() {
    let session = session();
    let other = session.clone();
    other
        .end_blocking(tracer::record::SessionStatus::Completed)
        .unwrap();
    assert_eq!(session.scope(|| add(1, 1)), 2);
}
