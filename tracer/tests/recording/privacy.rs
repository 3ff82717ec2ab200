//! What must not reach a trace, on every path into it.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tracer::hook::{self, Hook, HookContext, HookError};
use tracer::privacy::Privacy;
use tracer::record::{
    CaisEvent, Event, HookResult, LlmAttempt, LlmCallRecord, LlmToolCall, RuntimeEvent,
    SessionEventMessage, SessionStatus, SessionTrace,
};
use tracer::{Problem, SessionOptions, Tracer, TracerOptions, trace_json};

/// Repeats what it sees, on every path that a hook has.
struct Parrot;

impl Hook for Parrot {
    fn name(&self) -> &str {
        "parrot"
    }

    fn on_event(
        &mut self,
        ctx: &mut HookContext,
        event: &Event,
    ) -> Result<Vec<HookResult>, HookError> {
        let seen = event.base().system_state_before.to_string();
        ctx.add_metadata("seen", seen.as_str());
        Ok(vec![HookResult {
            hook_name: "parrot".into(),
            code: 'P',
            priority: 0,
            description: seen.clone(),
            data: json!({ "seen": seen }),
        }])
    }

    fn on_session_end(&mut self, _: &mut HookContext) -> Result<(), HookError> {
        Err(format!("could not send: {TEXT}").into())
    }
}

/// Says a thing on every path, and returns the trace and what was reported.
fn trace_of(privacy: Privacy, text: &str) -> (SessionTrace, String) {
    let problems = Arc::new(Mutex::new(String::new()));
    let seen = Arc::clone(&problems);
    let tracer = Tracer::new(TracerOptions {
        hooks: vec![hook::factory(|| Parrot)],
        privacy,
        report: Arc::new(move |problem: &Problem| {
            seen.lock().unwrap().push_str(&problem.to_string());
        }),
        ..TracerOptions::default()
    });
    let start = SessionOptions {
        metadata: [("start".to_owned(), text.into())].into_iter().collect(),
        ..SessionOptions::default()
    };
    let session = tracer.start_session(start).unwrap();
    let step = session.timestep(0).unwrap();
    step.add_metadata("note", text).unwrap();
    let mut event = RuntimeEvent::new("runtime");
    event.base.system_state_before = json!({"deep": [text, {text: 1}]});
    event.base.system_state_after = json!(text);
    event.base.metadata.insert("note".into(), text.into());
    event.actions.push(text.into());
    session.record_event(event).unwrap();
    let mut call = CaisEvent::new("agent");
    call.llm_call_records.push(LlmCallRecord {
        request: json!({"messages": [text, text.repeat(9)]}).into(),
        response: json!({"choices": [text]}),
        output_text: Some(text.into()),
        reasoning: Some(text.into()),
        tool_calls: vec![LlmToolCall {
            arguments: text.into(),
            ..LlmToolCall::default()
        }],
        failed_attempts: vec![LlmAttempt {
            error: text.into(),
            ..LlmAttempt::default()
        }],
        ..LlmCallRecord::default()
    });
    session.record_event(call).unwrap();
    session.scope(|| decorated(text).unwrap_err());
    session
        .add_message(SessionEventMessage::new("x", "a", "b", text))
        .unwrap();
    session.add_metadata("note", text).unwrap();
    session.track_reward("x", 1.0, Some(text)).unwrap();
    drop(step);
    let trace = session.end_blocking(SessionStatus::Completed).unwrap();
    let problems = problems.lock().unwrap().clone();
    (trace, problems)
}

#[tracer::trace_env]
fn decorated(text: &str) -> Result<(), String> {
    Err(format!("failed with {text}"))
}

const TEXT: &str = "key sk-live-quartz of jane@example.com";

#[test]
fn secrets_are_blotted_out_on_every_path() {
    let privacy = Privacy {
        secrets: vec!["sk-live-quartz".into()],
        ..Privacy::default()
    };
    let (trace, problems) = trace_of(privacy, TEXT);
    let json = tracer::trace_json::write(&trace).unwrap();
    assert!(!json.contains("quartz"), "{json}");
    assert!(!problems.contains("quartz"), "{problems}");
    assert_eq!(
        trace.message_history[0].record.content.payload,
        "key [secret] of jane@example.com"
    );
}

#[test]
fn personal_data_is_masked_with_and_without_a_limit() {
    for max_payload_bytes in [None, Some(1000)] {
        let privacy = Privacy {
            mask_personal_data: true,
            max_payload_bytes,
            ..Privacy::default()
        };
        let (trace, problems) = trace_of(privacy, TEXT);
        let json = tracer::trace_json::write(&trace).unwrap();
        assert!(!json.contains("jane") && json.contains("[email]"), "{json}");
        assert!(!problems.contains("jane"), "{problems}");
    }
}

/// Local servers are given a key such as `x`, which stands in half of all words.
#[test]
fn a_secret_of_a_few_letters_leaves_the_trace_readable() {
    let privacy = Privacy {
        secrets: vec!["e".into(), "actions".into(), String::new()],
        ..Privacy::default()
    };
    let (trace, _) = trace_of(privacy, TEXT);
    let json = tracer::trace_json::write(&trace).unwrap();
    assert!(!json.contains("[secret]"), "{json}");
}

#[test]
fn without_options_texts_stay_as_they_are() {
    let (trace, _) = trace_of(Privacy::default(), TEXT);
    assert_eq!(trace.message_history[0].record.content.payload, TEXT);
}

#[test]
fn payloads_over_the_limit_are_cut_on_every_path() {
    let long = "x".repeat(1 << 20);
    let privacy = Privacy {
        max_payload_bytes: Some(100),
        ..Privacy::default()
    };
    let (trace, _) = trace_of(privacy, &long);
    let json = tracer::trace_json::write(&trace).unwrap();
    assert!(json.len() < 12_000, "{} bytes are left", json.len());
    assert!(json.contains("bytes cut]"));
}

#[test]
fn credentials_in_recorded_requests_are_blotted_out_whatever_they_are() {
    let (trace, _) = trace_of(Privacy::default(), "x");
    drop(trace);
    let tracer = Tracer::in_memory();
    let session = tracer.start_session(SessionOptions::default()).unwrap();
    let request: Value = json!({
        "headers": {"Authorization": "Bearer abc", "X-Api-Key": "def", "accept": "*/*"},
        "config": {"api_key": "ghi", "apikey": null},
    });
    session.add_metadata("request", request).unwrap();
    assert_eq!(
        session.trace().metadata[0].data,
        json!({
            "headers": {"Authorization": "[secret]", "X-Api-Key": "[secret]", "accept": "*/*"},
            "config": {"api_key": "[secret]", "apikey": null},
        })
    );
}

#[test]
fn values_of_secret_keys_are_blotted_out_in_what_requests_share() {
    let session = Tracer::in_memory()
        .start_session(SessionOptions::default())
        .unwrap();
    let request = |secret: &str| {
        let long = "x".repeat(999);
        json!({
            "Authorization": secret,
            "messages": [{"content": long, "X-Api-Key": secret}],
            "tools": {"text": long, "api_key": secret},
        })
    };
    for _turn in 0..2 {
        let mut event = CaisEvent::new("agent");
        event.llm_call_records.push(LlmCallRecord {
            request: request("abc").into(),
            ..LlmCallRecord::default()
        });
        session.record_event(event).unwrap();
    }
    for event in session.trace().event_history {
        let Event::Cais(event) = event.record else {
            panic!("a decision")
        };
        let recorded = event.llm_call_records[0].request.to_value();
        assert_eq!(recorded, request("[secret]"));
    }
}

#[test]
fn what_is_nested_too_deeply_is_kept_as_text_and_read_back() {
    let around = |inner: Value, levels: usize| (0..levels).fold(inner, |it, _| json!([it]));
    let nested = |levels| around(json!({"api_key": TEXT}), levels);
    let clean = |levels| around(json!({"api_key": "[secret]"}), levels);
    for levels in [10, 90, 99, 100, 120, 300] {
        let session = Tracer::in_memory()
            .start_session(SessionOptions::default())
            .unwrap();
        session.add_metadata("deep", nested(levels)).unwrap();
        let step = session.timestep(0).unwrap();
        step.add_metadata("deep", nested(levels)).unwrap();
        let mut call = CaisEvent::new("agent");
        call.base.system_state_after = nested(levels);
        call.llm_call_records.push(LlmCallRecord {
            request: json!({"messages": [nested(levels)]}).into(),
            response: nested(levels),
            ..LlmCallRecord::default()
        });
        session.record_event(call).unwrap();
        step.complete().unwrap();
        let message = SessionEventMessage::new("observation", "a", "b", nested(levels));
        session.add_message(message).unwrap();
        let trace = session.end_blocking(SessionStatus::Completed).unwrap();
        let text = trace_json::write(&trace).unwrap();
        assert!(!text.contains(TEXT), "a secret in what became text");
        assert_eq!(trace_json::read(&text).unwrap(), trace, "{levels} levels");
        let is_whole = trace.metadata[0].data == clean(levels);
        assert_eq!(is_whole, levels < 100, "{levels} levels");
    }
}
