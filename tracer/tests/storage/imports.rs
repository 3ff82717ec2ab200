//! What is imported makes sense, or is refused by the name of its own file.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

use std::fs;

use serde_json::{Value, json};
use tracer::{Conflict, import, trace_json};

use crate::sample::{Scratch, everything, scratch};

/// What the import of a file with these contents says.
fn refusal(contents: &str) -> (Scratch, String) {
    let file = scratch();
    let source = file.path.with_file_name("source");
    fs::write(&source, contents).unwrap();
    let error = import(&file.path, &source, Conflict::Refuse).unwrap_err();
    let message = file.without_folder(&error.to_string());
    (file, message)
}

#[test]
fn a_session_that_contradicts_itself_is_refused_before_anything_is_written() {
    let (trace, _) = scratch().record(|tracer| everything(tracer, "s", 2));
    let whole: Value = serde_json::from_str(&trace_json::write(&trace).unwrap()).unwrap();
    let check = |pointer: &str, value: Value, reason: &str| {
        let mut document = whole.clone();
        *document.pointer_mut(pointer).unwrap() = value;
        let (file, message) = refusal(&document.to_string());
        assert_eq!(
            message,
            format!(
                "FOLDER/source: session \"s\" cannot be imported: {reason}: export the session again"
            )
        );
        assert!(!file.path.exists());
    };
    let first = &trace.event_history[0];
    let seq = first.seq;
    check(
        "/trace/event_history/1/seq",
        json!(seq),
        &format!("two records have the number {seq}"),
    );
    check(
        "/trace/timesteps/1/step_id",
        json!("turn_0"),
        "two timesteps are called turn_0",
    );
    let second = trace.event_history[1].seq;
    check(
        "/trace/event_history/1/step_id",
        json!("nope"),
        &format!("record {second} is of the timestep nope, which is not there"),
    );
    check(
        "/trace/timesteps/0/turn_number",
        json!(u64::MAX),
        "the number 18446744073709551615 is larger than 9223372036854775807",
    );
}

#[test]
fn records_without_those_they_continue_are_refused_by_name() {
    let (trace, _) = scratch().record(|tracer| everything(tracer, "s", 1));
    let event = json!({"record": "event", "session": "s", "event": trace.event_history[1]});
    let (_, message) = refusal(&format!(
        "{}\n{event}\n",
        json!({"record": "trace_records", "version": 1})
    ));
    assert!(
        message.starts_with("FOLDER/source does not continue what FOLDER/traces.duckdb has ("),
        "{message}"
    );
}
