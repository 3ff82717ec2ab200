//! Questions of the page, which a process of its own answers.

use std::io::Write as _;
use std::process::{Child, Stdio};

use serde_json::json;

use crate::{Place, Said};

/// One function call, which the database cannot interrupt.
const ENDLESS: &str = "select levenshtein(repeat('x', 1000000), repeat('y', 1000000))";

fn asked(place: &Place, question: &str, seconds: &str) -> Child {
    let mut process = place
        .command(&["answer", "--seconds", seconds, "--traces", "traces.duckdb"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let line = format!("{}\n", json!(question));
    let stdin = process.stdin.as_mut().expect("a way to ask");
    stdin.write_all(line.as_bytes()).expect("a question");
    process
}

/// What is answered to somebody who waits for it.
fn answered(place: &Place, question: &str, seconds: &str) -> Said {
    let mut process = asked(place, question, seconds);
    let _waiting = process.stdin.take();
    process.wait_with_output().expect("an end").into()
}

#[test]
fn a_question_is_answered_within_its_time_whatever_it_asks() {
    let (place, id) = Place::with_episode("5");
    let answer = answered(&place, "select session_id, 7 from session_traces", "60");
    assert_eq!(answer.exited(0).json()["rows"], json!([[id, 7]]));
    let said = answered(&place, "selct 1", "60");
    said.refused(2, &["only questions"]);
    let said = answered(&place, ENDLESS, "1");
    assert!(said.err.contains("no answer within 1 s"), "{}", said.err);
    assert!(said.out.is_empty());
}

#[cfg(target_os = "linux")]
#[test]
fn a_question_that_takes_too_much_memory_is_refused_at_once() {
    let (place, _) = Place::with_episode("5");
    let said = answered(&place, "select length(repeat('x', 4000000000))", "600");
    assert!(said.err.contains("Out of Memory"), "{}", said.err);
}

#[test]
fn a_question_ends_with_whoever_asked() {
    let (place, _) = Place::with_episode("5");
    let mut process = asked(&place, ENDLESS, "600");
    drop(process.stdin.take());
    assert!(!process.wait().expect("an end").success());
}
