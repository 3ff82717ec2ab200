//! The interface of the first tracing system, beside the second's.

use serde_json::json;
use tracer::record::{Event, EventId, SessionStatus, Usage};
use tracer::v1::{LmCall, LmOutput, Origin, SynthTracker};
use tracer::{trace_agent, trace_env, trace_event};

use crate::support::{events, only_event, session};

fn ask(question: &str) -> LmCall {
    LmCall {
        messages: vec![json!({"role": "user", "content": question})],
        model_name: Some("small".into()),
        ..LmCall::default()
    }
}

fn answer(text: &str) -> LmOutput {
    LmOutput {
        messages: vec![json!({"role": "assistant", "content": text})],
        usage: Usage {
            prompt_tokens: Some(3),
            ..Usage::default()
        },
        ..LmOutput::default()
    }
}

#[test]
fn without_a_session_nothing_is_tracked() {
    SynthTracker::track_lm(ask("a")).unwrap();
    SynthTracker::track_lm_output(answer("b")).unwrap();
    SynthTracker::track_state("x", 1, Origin::Agent, None).unwrap();
    SynthTracker::track_reward_signal("r", 1.0, None).unwrap();
    SynthTracker::finish().unwrap();
}

#[test]
fn a_call_and_its_output_are_one_call_record_of_the_agents_event() {
    #[trace_agent]
    #[trace_event(event_type = "react_agent_decide")]
    fn decide() -> Result<u8, tracer::TraceError> {
        SynthTracker::track_lm(ask("What now?"))?;
        SynthTracker::track_lm_output(answer("Drink."))?;
        Ok(4)
    }
    let session = session();
    session.scope(decide).unwrap();
    let events = events(&session);
    assert_eq!(events.len(), 2, "one event for each attribute");
    let decision = events.iter().find_map(|event| match event {
        Event::Cais(event) => Some(event),
        Event::Runtime(_) | Event::Environment(_) => None,
    });
    let decision = decision.unwrap();
    assert_eq!(decision.llm_call_records.len(), 1);
    let call = &decision.llm_call_records[0];
    assert_eq!(
        call.request.to_value()["messages"][0]["content"],
        "What now?"
    );
    assert_eq!(call.output_text.as_deref(), Some("Drink."));
    assert_eq!(
        (decision.prompt_tokens, decision.model_name.as_deref()),
        (Some(3), Some("small"))
    );
    let legacy = events
        .iter()
        .find(|event| event.base().metadata.contains_key("event_type"));
    assert_eq!(
        legacy.unwrap().base().metadata["event_type"],
        "react_agent_decide"
    );
}

#[test]
fn outside_of_an_agent_a_call_is_an_event_of_its_own() {
    let session = session();
    let _turn = session.timestep(2).unwrap();
    session.scope(|| {
        SynthTracker::track_lm(ask("a")).unwrap();
        assert!(events(&session).is_empty(), "it waits for its output");
        SynthTracker::track_lm_output(answer("b")).unwrap();
    });
    let Event::Cais(event) = only_event(&session) else {
        panic!("it is a call")
    };
    assert_eq!(event.base.metadata["event_type"], "lm");
    assert_eq!(event.base.time_record.message_time, Some(2));
    assert_eq!(event.llm_call_records[0].output_text.as_deref(), Some("b"));
}

#[test]
fn a_call_without_output_is_not_lost() {
    let calls = |end: fn(&tracer::Session)| {
        let session = session();
        let step = session.timestep(0).unwrap();
        session.scope(|| SynthTracker::track_lm(ask("a")).unwrap());
        end(&session);
        drop(step);
        session
            .end_blocking(SessionStatus::Completed)
            .unwrap()
            .event_history
    };
    let by_finish = calls(|session| session.scope(|| SynthTracker::finish().unwrap()));
    let by_the_next = calls(|session| {
        session.scope(|| SynthTracker::track_lm(ask("b")).unwrap());
    });
    let by_the_end = calls(|_| ());
    let recorded = [by_finish, by_the_next, by_the_end];
    assert_eq!(recorded.each_ref().map(Vec::len), [1, 2, 1]);
    for event in recorded.iter().flatten() {
        assert_eq!(event.step_id.as_deref(), Some("turn_0"));
    }
}

#[test]
fn a_reward_is_that_of_the_environments_event_and_of_the_session() {
    #[trace_env]
    fn step() {
        SynthTracker::track_reward_signal("achievement", 1.0, Some("collect_wood")).unwrap();
        SynthTracker::track_reward_signal("achievement", 2.0, None).unwrap();
    }
    let session = session();
    session.scope(step);
    session.scope(|| SynthTracker::track_reward_signal("bonus", 5.0, None).unwrap());
    let Event::Environment(event) = only_event(&session) else {
        panic!("it is a step")
    };
    assert_eq!(event.reward, Some(1.0), "the first stands");
    let trace = session.trace();
    let rewards: Vec<_> = trace
        .rewards
        .iter()
        .map(|it| (it.event, it.kind.as_str(), it.value))
        .collect();
    let event = Some(EventId(trace.event_history[0].seq));
    let expected = [
        (event, "achievement", 1.0),
        (event, "achievement", 2.0),
        (None, "bonus", 5.0),
    ];
    assert_eq!(rewards, expected);
    assert_eq!(trace.rewards[0].annotation.as_deref(), Some("collect_wood"));
}

#[test]
fn a_state_is_kept_with_the_function_that_runs_or_alone() {
    #[trace_event(event_type = "step")]
    fn step() {
        SynthTracker::track_state("health", 9, Origin::Environment, None).unwrap();
        SynthTracker::track_state("plan", "drink", Origin::Agent, Some("new")).unwrap();
    }
    let session = session();
    session.scope(step);
    session.scope(|| SynthTracker::track_state("food", 3, Origin::Environment, None).unwrap());
    let events = events(&session);
    let expected = json!([
        {"name": "health", "value": 9, "origin": "environment", "annotation": null},
        {"name": "plan", "value": "drink", "origin": "llm_agent", "annotation": "new"},
    ]);
    assert_eq!(events[0].base().metadata["states"], expected);
    assert_eq!(events[1].base().system_instance_id, "environment");
    assert_eq!(events[1].base().system_state_after, json!({"food": 3}));
}
