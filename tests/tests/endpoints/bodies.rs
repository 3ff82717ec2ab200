//! Answers in other encodings and formats than JSON should be in: what is read all the same,
//! and what is not. And a key that comes back in one.

use std::io::Write as _;

use agent_react::endpoint::Secret;
use agent_react::model::{ChatModel, Fault, Protocol};
use flate2::Compression;
use flate2::write::GzEncoder;
use integration_tests::endpoint::{Answer, ScriptedEndpoint};
use serde_json::json;

use crate::{LEFT, arguments, complete, config, error_of, model, reply_of, request, streaming};

#[tokio::test]
async fn case_28_gzip_is_read() {
    let body = json!({"choices": [{"message": {"content": "Action: move_left"}}]}).to_string();
    let mut packer = GzEncoder::new(Vec::new(), Compression::default());
    packer.write_all(body.as_bytes()).expect("memory takes it");
    let packed = Answer::Http {
        status: 200,
        headers: vec![("content-encoding", "gzip".into())],
        body: packer.finish().expect("memory takes it"),
    };
    let reply = reply_of(&ScriptedEndpoint::playing([packed]).await).await;
    assert_eq!(arguments(&reply), LEFT);
}

#[tokio::test]
async fn case_28_what_is_no_gzip_is_called_that() {
    let broken = Answer::Http {
        status: 200,
        headers: vec![("content-encoding", "gzip".into())],
        body: b"\x1f\x8bgarbage".to_vec(),
    };
    let answers = [broken, Answer::acting(&["do"])];
    let reply = reply_of(&ScriptedEndpoint::playing(answers).await).await;
    let outcome = &reply.attempts[0].outcome;
    assert!(
        outcome.contains("not packed as its headers say"),
        "{outcome}"
    );
}

/// What Windows and Python servers add to JSON or leave out of it.
#[tokio::test]
async fn a_byte_order_mark_and_half_a_character_are_read() {
    let body = r#"{"choices": [{"message": {"content": "\ud83d Action: do", "tool_calls": [
        {"id": "a", "function": {"name": "interact",
         "arguments": "{\"reasoning\": \"\\ud83d\", \"actions\": [\"do\"]}"}}]}}]}"#;
    let answer = Answer::Http {
        status: 200,
        headers: Vec::new(),
        body: format!("\u{feff}{body}").into_bytes(),
    };
    let reply = reply_of(&ScriptedEndpoint::playing([answer]).await).await;
    assert_eq!(
        (reply.attempts.len(), reply.text.as_str()),
        (1, "\u{fffd} Action: do")
    );
    let read = agent_react::protocol::parse_json(arguments(&reply)).expect("arguments");
    assert_eq!(read["actions"], json!(["do"]));
}

#[tokio::test]
async fn bodies_in_utf_16_are_read_and_empty_ones_called_so() {
    let text = json!({"choices": [{"message": {"content": "Action: move_left"}}]}).to_string();
    let units = |mark: &str| format!("{mark}{text}").encode_utf16().collect::<Vec<_>>();
    let bodies = [
        units("\u{feff}")
            .into_iter()
            .flat_map(u16::to_le_bytes)
            .collect(),
        units("\u{feff}")
            .into_iter()
            .flat_map(u16::to_be_bytes)
            .collect(),
        units("").into_iter().flat_map(u16::to_le_bytes).collect(),
        b" ".to_vec(),
    ];
    for body in bodies {
        let is_empty = body.len() == 1;
        let answer = Answer::Http {
            status: 200,
            headers: Vec::new(),
            body,
        };
        let next = Answer::text("Action: move_left");
        let endpoint = ScriptedEndpoint::playing([answer, next]).await;
        let reply = complete(&model(config(endpoint.url())), request()).await;
        assert_eq!(arguments(&reply), LEFT);
        assert_eq!(reply.attempts.len(), 1 + usize::from(is_empty));
        if is_empty {
            assert_eq!(reply.attempts[0].outcome, "its answer is empty");
        }
    }
}

/// Python writes `NaN`, and proxies add lines of their own.
#[tokio::test]
async fn numbers_json_does_not_have_and_text_after_the_answer_are_passed_over() {
    let body = r#"{"choices": [{"logprobs": {"content": [{"logprob": -Infinity}]}, "message":
        {"tool_calls": [{"id": "a", "function": {"name": "interact", "arguments":
        "{\"actions\":[\"move_left\"]}"}}]}}], "score": NaN, "cost": 1e999}"#;
    for after in ["", "\n<!-- cached -->\n"] {
        let answer = Answer::Http {
            status: 200,
            headers: Vec::new(),
            body: format!("{body}{after}").into_bytes(),
        };
        let reply = reply_of(&ScriptedEndpoint::playing([answer]).await).await;
        assert_eq!((arguments(&reply), reply.attempts.len()), (LEFT, 1));
        let said = reply
            .notices
            .iter()
            .any(|it| it.contains("<!-- cached -->"));
        assert_eq!(said, !after.is_empty(), "{:?}", reply.notices);
    }
    let line = body.replace('\n', " ");
    let text = format!("data: {line}\n\ndata: [DONE]\n\n");
    let endpoint = ScriptedEndpoint::playing([Answer::Stream { text, hangs: false }]).await;
    let reply = complete(&model(streaming(endpoint.url())), request()).await;
    assert_eq!((arguments(&reply), reply.attempts.len()), (LEFT, 1));
}

/// What an endpoint writes in its own way it writes so every time; what broke off on the
/// way may come whole.
#[tokio::test]
async fn an_answer_that_is_no_json_is_given_up_soon_and_one_that_breaks_off_is_not() {
    let reply = r#"{"choices": [{"message": {"content": "Action: do"}}]}"#;
    let broken_off = &reply[..reply.len() - 3];
    let several = format!("{reply}\n{reply}");
    for (body, fault, attempts) in [
        ("not now", Fault::Unreadable, 3),
        ("{'choices': []}", Fault::Unreadable, 3),
        (&several, Fault::Unreadable, 3),
        (
            "data: {'choices': []}\n\ndata: [DONE]\n\n",
            Fault::Unreadable,
            3,
        ),
        (broken_off, Fault::BadReply, 8),
        (
            &format!("data: {broken_off}\n\ndata: [DONE]\n\n"),
            Fault::BadReply,
            8,
        ),
    ] {
        let answer = Answer::Http {
            status: 200,
            headers: Vec::new(),
            body: body.as_bytes().to_vec(),
        };
        let endpoint = ScriptedEndpoint::playing(vec![answer; 8]).await;
        let error = error_of(endpoint.url()).await;
        assert_eq!(
            (error.fault, endpoint.requests().len()),
            (fault, attempts),
            "{error}"
        );
        let sentence = error.to_string();
        let named = sentence.contains("JSON") && sentence.contains("column");
        assert!(named && !sentence.contains('\n'), "{sentence}");
    }
}

/// Escaped as it may be: letter by letter, or by servers that escape every slash.
#[tokio::test]
async fn a_key_that_comes_back_is_hidden_in_any_spelling() {
    const KEY: &str = "tk/0123456789/abcdef";
    let letters: String = KEY
        .chars()
        .map(|c| format!("\\u{:04x}", c as u32))
        .collect();
    let in_capitals = KEY.to_uppercase();
    for spelt in [
        KEY.to_owned(),
        KEY.replace('/', "\\/"),
        letters,
        in_capitals,
    ] {
        let error = format!(r#"{{"error": {{"message": "bad key {spelt}"}}}}"#);
        let reply = format!(r#"{{"choices": [{{"message": {{"content": "{spelt}"}}}}]}}"#);
        for (status, body) in [(400, error), (200, reply)] {
            let answer = Answer::Http {
                status,
                headers: vec![("x-request-id", KEY.to_owned())],
                body: body.into_bytes(),
            };
            let endpoint = ScriptedEndpoint::playing([answer]).await;
            let mut config = config(endpoint.url());
            config.api_key = Some(Secret::new(KEY));
            config.quirks.protocol = Protocol::Text;
            let said = format!("{:?}", model(config).complete(request()).await);
            assert!(!said.contains("0123456789"), "{said}");
            assert!(said.contains("[key]"), "{said}");
            endpoint.requests();
        }
    }
}
