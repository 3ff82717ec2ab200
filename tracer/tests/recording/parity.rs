//! Tracing by hand and by attributes comes to the same, and if it did not, the
//! comparison would tell.

use std::time::Duration;

use proptest::prelude::*;
use serde_json::json;
use tracer::parity::{self, Check, ParityReport, Play, Tolerance, compare, compare_plays};
use tracer::record::{
    EnvironmentEvent, Event, RuntimeEvent, SessionEventMessage, SessionStatus, SessionTrace,
};
use tracer::{error_state, trace_env, trace_runtime};

use crate::program::{Tracing, programs, run};
use crate::support::session;

/// These programs do next to nothing, so that the machine decides how long they take.
const PATIENT: Tolerance = Tolerance {
    time: Duration::from_secs(60),
    overhead_per_event: Duration::from_secs(60),
};

proptest! {
    #[test]
    fn programs_leave_the_same_traces_by_hand_and_by_attributes(program in programs()) {
        let by_hand = run(&program, Tracing::ByHand);
        let by_attributes = run(&program, Tracing::ByAttributes);
        let report = compare(&by_hand, &by_attributes, &PATIENT);
        prop_assert!(report.holds(), "{report}");
        prop_assert!(by_attributes.event_history.iter().all(|it| parity::is_decorated(&it.record)));
    }

    #[test]
    fn a_change_to_any_event_is_noticed(program in programs(), at: prop::sample::Index) {
        let by_hand = run(&program, Tracing::ByHand);
        prop_assume!(!by_hand.event_history.is_empty());
        let index = at.index(by_hand.event_history.len());
        let change = |change: fn(&mut SessionTrace, usize)| {
            let mut changed = by_hand.clone();
            change(&mut changed, index);
            compare(&by_hand, &changed, &PATIENT).failed()
        };
        prop_assert_eq!(
            change(|trace, at| trace.event_history[at].record.base_mut().system_state_before.take()
                .as_null().unwrap_or_default()),
            [Check::States]
        );
        prop_assert!(
            change(|trace, at| drop(trace.event_history.remove(at))).contains(&Check::Events)
        );
        prop_assert_eq!(
            change(|trace, at| trace.event_history[at].record.base_mut().metadata.clear()),
            [Check::Metadata]
        );
    }
}

/// An episode of two turns, traced by hand, with an error in the second.
fn episode() -> SessionTrace {
    let session = session();
    session
        .add_metadata("episode_config", json!({"seed": 1}))
        .unwrap();
    for turn in 0..2 {
        let _turn = session.timestep(turn).unwrap();
        let mut validated = RuntimeEvent::new("runtime");
        validated.base.system_state_before = json!({"args": {"call": turn}});
        validated.base.system_state_after = json!({"result": [turn]});
        validated.base.metadata.insert("note".into(), "kept".into());
        validated.actions.push(turn.into());
        session.record_event(validated).unwrap();
        let message = SessionEventMessage::new("tool_call", "agent", "runtime", json!([turn]));
        session.add_message(message).unwrap();
        let mut step = EnvironmentEvent::new("environment");
        step.base.system_state_before = json!({"args": {"action": turn}});
        step.base.system_state_after = match turn {
            0 => json!({"result": 0.5}),
            _ => json!({"error": error_state("Over", "the episode is over")}),
        };
        step.reward = (turn == 0).then_some(0.5);
        session.record_event(step).unwrap();
    }
    session.end_blocking(SessionStatus::Completed).unwrap()
}

/// The same episode, decorated.
fn decorated_episode() -> SessionTrace {
    #[trace_runtime(
        metadata = |_| json!({"note": "kept"}),
        message = |call| call.result.map(|result| {
            SessionEventMessage::new("tool_call", "agent", "runtime", result.clone())
        }),
    )]
    fn validate(call: u64) -> [u64; 1] {
        tracer::with_current_event(|event| {
            if let Event::Runtime(event) = event {
                event.actions.push(call.into());
            }
        });
        [call]
    }

    struct Over;
    impl std::fmt::Display for Over {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("the episode is over")
        }
    }

    #[trace_env]
    fn step(action: u64) -> Result<f64, Over> {
        if action > 0 {
            return Err(Over);
        }
        tracer::with_current_event(|event| {
            if let Event::Environment(event) = event {
                event.reward = Some(0.5);
            }
        });
        Ok(0.5)
    }

    let session = session();
    session
        .add_metadata("episode_config", json!({"seed": 1}))
        .unwrap();
    session.scope(|| {
        for turn in 0..2 {
            let _turn = session.timestep(turn).unwrap();
            drop(step(validate(turn)[0]));
        }
    });
    session.end_blocking(SessionStatus::Completed).unwrap()
}

#[test]
fn an_episode_is_the_same_either_way() {
    let report = compare(&episode(), &decorated_episode(), &PATIENT);
    assert!(report.holds(), "{report}");
    assert_eq!(report.items.len(), 8);
}

/// Compares the episode with itself after a defect.
fn with_defect(defect: impl FnOnce(&mut SessionTrace)) -> ParityReport {
    let whole = episode();
    let mut broken = whole.clone();
    defect(&mut broken);
    compare(&whole, &broken, &Tolerance::default())
}

#[test]
fn each_kind_of_defect_is_caught_by_its_question() {
    let check = |expected: &[Check], defect: fn(&mut SessionTrace)| {
        let report = with_defect(defect);
        assert_eq!(report.failed(), expected, "{report}");
    };
    check(&[], |_| ());
    check(&[Check::Events], |trace| {
        drop(trace.event_history.remove(0))
    });
    check(&[Check::Events], |trace| {
        trace.event_history.push(trace.event_history[0].clone());
    });
    check(&[Check::Events], |trace| {
        trace.event_history[0].seq = 1000;
    });
    check(&[Check::Timestamps], |trace| {
        let time = &mut trace.event_history[1]
            .record
            .base_mut()
            .time_record
            .event_time;
        *time += Duration::from_secs(3);
    });
    check(&[Check::States], |trace| {
        trace.event_history[0].record.base_mut().system_state_after["result"] = json!([7]);
    });
    check(&[Check::States], |trace| {
        if let Event::Environment(event) = &mut trace.event_history[1].record {
            event.reward = None;
        }
    });
    check(&[Check::States], |trace| {
        if let Event::Runtime(event) = &mut trace.event_history[0].record {
            event.actions.clear();
        }
    });
    check(&[Check::Messages], |trace| {
        drop(trace.message_history.pop())
    });
    check(&[Check::Messages], |trace| {
        trace.message_history[0].record.target_id.clear()
    });
    check(&[Check::Metadata], |trace| {
        trace.event_history[0]
            .record
            .base_mut()
            .metadata
            .remove("note");
    });
    check(&[Check::Metadata], |trace| trace.metadata.clear());
    check(&[Check::Turns], |trace| trace.timesteps[1].turn_number = 5);
    check(&[Check::Turns], |trace| drop(trace.timesteps.pop()));
    check(&[Check::Errors], |trace| {
        trace.event_history[3].record.base_mut().system_state_after = json!({});
    });
    check(&[Check::Errors], |trace| {
        trace.status = SessionStatus::Failed
    });
    check(&[Check::Performance], |trace| {
        trace.ended_at = Some(trace.created_at + Duration::from_secs(9));
    });
}

/// Compares plays of the episode, each with itself after its own defects.
fn of_plays(plays: &[&[fn(&mut SessionTrace)]]) -> ParityReport {
    let plays = plays.iter().map(|defects| {
        let manual = episode();
        let mut decorated = manual.clone();
        defects.iter().for_each(|defect| defect(&mut decorated));
        Play {
            manual,
            decorated,
            tolerance: Tolerance::default(),
        }
    });
    compare_plays(&plays.collect::<Vec<_>>())
}

fn delay(trace: &mut SessionTrace, event: usize) {
    let base = trace.event_history[event].record.base_mut();
    base.time_record.event_time += Duration::from_secs(3);
}

#[test]
fn an_event_is_late_that_is_late_in_every_play() {
    let check = |expected: &[Check], plays: &[&[fn(&mut SessionTrace)]]| {
        let report = of_plays(plays);
        assert_eq!(report.failed(), expected, "{report}");
    };
    check(&[Check::Timestamps], &[&[|it| delay(it, 1)]]);
    check(&[], &[&[|it| delay(it, 1)], &[]]);
    // The machine stopped each play somewhere else.
    check(&[], &[&[|it| delay(it, 1)], &[|it| delay(it, 2)]]);
    let same = of_plays(&[
        &[|it| delay(it, 1), |it| delay(it, 2)],
        &[|it| delay(it, 2), |it| delay(it, 3)],
    ]);
    assert_eq!(same.failed(), [Check::Timestamps], "{same}");
    let [late] = &same.items[1].differences[..] else {
        panic!("one event is late in both: {same}")
    };
    assert!(late.starts_with("turn 1, runtime event"), "{late}");
}

#[test]
fn one_quick_play_is_enough_and_one_that_differs_is_too_much() {
    let slow: fn(&mut SessionTrace) =
        |trace| trace.ended_at = Some(trace.created_at + Duration::from_secs(9));
    assert_eq!(of_plays(&[&[slow], &[]]).failed(), []);
    assert_eq!(of_plays(&[&[slow], &[slow]]).failed(), [Check::Performance]);
    let mute: fn(&mut SessionTrace) = |trace| trace.message_history.clear();
    for plays in [[&[mute][..], &[]], [&[], &[mute]]] {
        assert_eq!(of_plays(&plays).failed(), [Check::Messages]);
    }
}

#[test]
fn the_report_says_what_differs() {
    let report = with_defect(|trace| {
        trace.event_history[0].record.base_mut().system_state_after["result"] = json!([7]);
        trace.message_history.pop();
    });
    let text = report.to_string();
    let lines: Vec<_> = text
        .lines()
        .filter(|line| !line.starts_with("yes"))
        .collect();
    let expected = [
        "NO   state capture is identical (4 state changes)",
        "       turn 0, runtime event of runtime: the state after is {\"result\":[0]} by hand, \
         {\"result\":[7]} decorated",
        "NO   messages are recorded correctly (2 messages by hand, 1 decorated)",
        "       2 by hand, 1 decorated",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn what_neither_trace_has_is_not_passed_off_as_compared() {
    let empty = session().end_blocking(SessionStatus::Completed).unwrap();
    let report = compare(&empty, &empty, &PATIENT);
    for item in report.items {
        let is_exercised = item.check == Check::Performance;
        assert_eq!(item.compared != "not exercised", is_exercised, "{item:?}");
    }
}

#[test]
fn the_two_ways_can_be_taken_apart_where_both_ran() {
    #[trace_env]
    fn step() {
        tracer::record_event(EnvironmentEvent::new("environment"))
            .unwrap()
            .unwrap();
    }
    let session = session();
    session.scope(step);
    let trace = session.trace();
    let decorated = parity::extract(&trace, parity::is_decorated);
    let manual = parity::extract(&trace, |event| !parity::is_decorated(event));
    assert_eq!(
        (decorated.event_history.len(), manual.event_history.len()),
        (1, 1)
    );
    assert!(manual.event_history[0].seq < decorated.event_history[0].seq);
}
