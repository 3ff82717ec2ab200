//! Replies in server-sent events: the many ways of saying the same, and what must not be
//! taken for a reply.

use integration_tests::endpoint::{Answer, ScriptedEndpoint};
use serde_json::{Value, json};

use crate::{LEFT, arguments, complete, model, request, streaming};

/// What [`pieces`] add up to.
const WHOLE: &str = r#"{"actions":["do","noop","do"]}"#;

fn piece(arguments: &str) -> Value {
    let function = json!({"name": "interact", "arguments": arguments});
    let call = json!({"index": 0, "id": "a", "function": function});
    json!({"choices": [{"delta": {"tool_calls": [call]}}]})
}

/// A call in three pieces. Without the middle one, the rest would read as a shorter list
/// of actions.
fn pieces() -> [Value; 3] {
    [
        piece(r#"{"actions":["do","#),
        piece(r#""noop","#),
        piece(r#""do"]}"#),
    ]
}

fn end() -> Value {
    json!({"choices": [{"delta": {}, "finish_reason": "tool_calls"}]})
}

fn event(data: &impl ToString) -> String {
    format!("data: {}\n\n", data.to_string())
}

fn sent_as(content_type: &str, body: impl Into<Vec<u8>>) -> Answer {
    Answer::Http {
        status: 200,
        headers: vec![("content-type", content_type.to_owned())],
        body: body.into(),
    }
}

#[tokio::test]
async fn case_27_streams_with_comments_without_done_or_cut_short() {
    let chunk = |choice: Value| format!("data: {}\r\n\r\n", json!({ "choices": [choice] }));
    let function = json!({"name": "interact", "arguments": LEFT});
    let call = json!({"tool_calls": [{"index": 0, "id": "a", "function": function}]});
    let commented = format!(
        ": PROCESSING\n\n{}: keep-alive\n\nevent: ping\n\n{}",
        chunk(json!({ "delta": call })),
        chunk(json!({"delta": {}, "finish_reason": "tool_calls"})),
    );
    let cut = chunk(json!({"delta": {"content": "I am about to"}}));
    for (streams, attempts) in [(vec![commented.clone()], 1), (vec![cut, commented], 2)] {
        let answers = streams
            .into_iter()
            .map(|text| Answer::Stream { text, hangs: false });
        let endpoint = ScriptedEndpoint::playing(answers).await;
        let reply = complete(&model(streaming(endpoint.url())), request()).await;
        assert_eq!((arguments(&reply), reply.attempts.len()), (LEFT, attempts));
        if attempts > 1 {
            let outcome = &reply.attempts[0].outcome;
            assert!(outcome.contains("ended before the reply did"), "{outcome}");
        }
        endpoint.requests();
    }
}

/// Of three pieces of arguments the middle one is damaged: without it, the rest would
/// read as a shorter list of actions.
#[tokio::test]
async fn case_27_a_damaged_event_is_retried_and_never_passed_over() {
    let piece = |arguments: &str| {
        let function = json!({"name": "interact", "arguments": arguments});
        let call = json!({"index": 0, "id": "a", "function": function});
        json!({"choices": [{"delta": {"tool_calls": [call]}}]}).to_string()
    };
    let event = |data: &str| format!("data: {data}\n\n");
    let middle = piece(r#""noop","sleep","#);
    let end = json!({"choices": [{"delta": {}, "finish_reason": "tool_calls"}]}).to_string();
    for damaged in [&middle[..middle.len() - 6], "upstream hiccup", "[]"] {
        let data = [
            &piece(r#"{"actions":["do","#),
            damaged,
            &piece(r#""do"]}"#),
            &end,
            "[DONE]",
        ];
        let text: String = data.iter().map(|data| event(data)).collect();
        let whole = Answer::Http {
            status: 200,
            headers: Vec::new(),
            body: text.clone().into_bytes(),
        };
        for answer in [Answer::Stream { text, hangs: false }, whole] {
            let answers = [answer, Answer::acting(&["move_left"])];
            let endpoint = ScriptedEndpoint::playing(answers).await;
            let reply = complete(&model(streaming(endpoint.url())), request()).await;
            assert!(arguments(&reply).contains("move_left"), "{reply:?}");
            let outcome = &reply.attempts[0].outcome;
            assert!(
                outcome.contains("no JSON object") && outcome.contains(&format!("{damaged:?}")),
                "{outcome}"
            );
        }
    }
}

/// A line that lost its beginning, or is of another format, leaves a hole in the reply.
#[tokio::test]
async fn a_line_of_no_event_is_retried_and_never_passed_over() {
    let [first, middle, last] = pieces();
    for stray in [
        format!("dta: {middle}"),
        middle.to_string(),
        format!("\0data: {middle}"),
    ] {
        let text = [
            event(&first),
            format!("{stray}\n\n"),
            event(&last),
            event(&end()),
        ];
        let answers = [
            sent_as("text/event-stream", text.concat()),
            Answer::acting(&["move_left"]),
        ];
        let endpoint = ScriptedEndpoint::playing(answers).await;
        let reply = complete(&model(streaming(endpoint.url())), request()).await;
        assert!(arguments(&reply).contains("move_left"), "{reply:?}");
        let outcome = &reply.attempts[0].outcome;
        assert!(
            outcome.contains("a line that belongs to no event"),
            "{outcome}"
        );
    }
}

#[tokio::test]
async fn the_same_stream_in_many_forms() {
    let events: String = pieces().iter().chain([&end()]).map(event).collect();
    let done = format!("{events}data: [DONE]\n\n");
    let message = json!({"tool_calls": [{
        "id": "a", "type": "function", "function": {"name": "interact", "arguments": WHOLE}}]});
    let closing = json!({"choices": [{"message": message, "finish_reason": "tool_calls"}]});
    let other = json!({"choices": [{"index": 1, "delta": {"content": "Action: sleep"}}]});
    let late = event(&piece(r#"{"actions":["sleep"]}"#));
    for (content_type, body) in [
        ("text/event-stream", done.clone()),
        ("text/event-stream", done.replace('\n', "\r\n")),
        ("text/event-stream", done.replace('\n', "\r")),
        ("text/event-stream", format!("\u{feff}{done}")),
        (
            "text/event-stream",
            format!("retry: 3\nid: 1\nevent: message\n{done}"),
        ),
        (
            "text/event-stream; charset=utf-8",
            format!(": hello\n{done}"),
        ),
        ("text/event-stream", events.clone()),
        ("text/event-stream", format!("{done}{late}")),
        (
            "text/event-stream",
            format!("{}{}", events, event(&closing)),
        ),
        (
            "text/event-stream",
            pieces().iter().chain([&other, &end()]).map(event).collect(),
        ),
        ("text/event-stream", closing.to_string()),
        ("application/json", done.clone()),
        ("text/plain", format!("event: message\n{done}")),
        ("", done.clone()),
    ] {
        let endpoint = ScriptedEndpoint::playing([sent_as(content_type, body.clone())]).await;
        let reply = complete(&model(streaming(endpoint.url())), request()).await;
        assert_eq!(arguments(&reply), WHOLE, "{body}");
        assert_eq!(reply.attempts.len(), 1, "{body}");
    }
}
