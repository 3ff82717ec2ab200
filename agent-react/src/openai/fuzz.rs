//! Feeds the readers of answers with anything at all.
//!
//! `PROPTEST_CASES=1000000 cargo test --release -p agent-react --lib fuzz` runs long.

use jiff::Timestamp;
use proptest::prelude::*;
use proptest::sample::Index;
use reqwest::header::HeaderMap;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::call::read;
use super::events::{Events, StreamEvent};
use super::fault::{ErrorBody, classify};
use super::stream::Assembly;
use super::wire::Completion;
use super::{reply, thinking};
use crate::model::{Protocol, ReplyEnd, ToolCall};
use crate::protocol::{extract, parse_json};
use crate::retry::server_wait;
use crate::tools::ToolRules;

/// Words that mean something to the readers.
const WORDS: [&str; 40] = [
    "choices",
    "message",
    "delta",
    "content",
    "tool_calls",
    "function",
    "name",
    "arguments",
    "interact",
    "actions",
    "move_left",
    "do",
    "reasoning",
    "reasoning_content",
    "usage",
    "error",
    "finish_reason",
    "<think>",
    "</think>",
    "<tool_call>",
    "</tool_call>",
    "[TOOL_CALLS]",
    "[ARGS]",
    "<function=",
    "<parameter=",
    "```json",
    "```",
    "Action:",
    "Thought:",
    "{",
    "}",
    "[",
    "]",
    "\"",
    "\\",
    ",",
    ":",
    "data: ",
    "\n",
    "[DONE]",
];

fn text() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        6 => prop::sample::select(WORDS.to_vec()).prop_map(str::to_owned),
        1 => any::<String>(),
        1 => "[ -~]{0,6}",
    ];
    prop::collection::vec(word, 0..24).prop_map(|words| words.concat())
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 5, |inner| {
        let key = prop::sample::select(WORDS.to_vec()).prop_map(str::to_owned);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((key, inner), 0..5)
                .prop_map(|fields| Value::Object(fields.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// A good answer with a few of its values replaced by others.
fn mutated() -> impl Strategy<Value = Value> {
    let changes = prop::collection::vec((any::<Index>(), json()), 0..4);
    changes.prop_map(|changes| {
        let mut answer = good();
        for (at, value) in changes {
            let mut places = Vec::new();
            pointers(&answer, String::new(), &mut places);
            if let Some(place) = answer.pointer_mut(&places[at.index(places.len())]) {
                *place = value;
            }
        }
        answer
    })
}

fn good() -> Value {
    let arguments = r#"{"reasoning":"a tree","actions":["move_left","do"]}"#;
    let function = json!({"name": "interact", "arguments": arguments});
    json!({
        "id": "1", "model": "m", "error": null,
        "choices": [{"index": 0, "finish_reason": "tool_calls", "message": {
            "role": "assistant", "content": "<think>hm</think>Action: do", "reasoning": "why",
            "tool_calls": [{"id": "a", "type": "function", "function": function}],
        }}],
        "usage": {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12,
            "prompt_tokens_details": {"cached_tokens": 3}},
    })
}

fn pointers(value: &Value, at: String, all: &mut Vec<String>) {
    match value {
        Value::Array(items) => (0..).zip(items).for_each(|(n, item): (usize, _)| {
            pointers(item, format!("{at}/{n}"), all);
        }),
        Value::Object(fields) => fields.iter().for_each(|(name, field)| {
            // As JSON pointers spell it.
            let name = name.replace('~', "~0").replace('/', "~1");
            pointers(field, format!("{at}/{name}"), all);
        }),
        _ => {}
    }
    all.push(at);
}

/// Whatever is read, calls can be answered and are checked before they are executed.
fn check_read(raw: Value) -> Result<(), TestCaseError> {
    let Ok((said, _)) = read(raw) else {
        return Ok(());
    };
    for call in &said.calls {
        prop_assert!(!call.arguments.is_empty());
        check_call(&call.name, &call.arguments)?;
    }
    check_extracted(&said.text)
}

/// A call is executed only if each of its actions stands in it.
fn check_call(name: &str, arguments: &str) -> Result<(), TestCaseError> {
    let call = ToolCall {
        id: "a".to_owned(),
        name: name.to_owned(),
        arguments: arguments.to_owned(),
        extra: Map::new(),
    };
    let rules = ToolRules {
        terminate: true,
        ..ToolRules::default()
    };
    let Ok(decision) = rules.validate(&[call], ReplyEnd::Finished) else {
        return Ok(());
    };
    let count = decision.actions().count();
    prop_assert!(count <= rules.max_actions);
    prop_assert!(decision.terminates() || count > 0);
    if count > 0 {
        let asked = parse_json(arguments).expect("what was validated");
        prop_assert!(asked.get("actions").or(asked.get("action")).is_some());
    }
    Ok(())
}

fn check_extracted(text: &str) -> Result<(), TestCaseError> {
    let tools = ToolRules {
        terminate: true,
        ..ToolRules::default()
    }
    .specs();
    for protocol in Protocol::ALL {
        let found = extract(text, &tools, protocol);
        for call in &found.calls {
            check_call(&call.name, &call.arguments)?;
            let parsed = parse_json(&call.arguments).unwrap_or_default();
            let names = parsed["actions"].as_array().cloned().unwrap_or_default();
            for name in names.iter().filter_map(Value::as_str) {
                // An escape may spell it otherwise.
                prop_assert!(
                    text.contains('\\') || text.contains(name),
                    "{name:?} was never written in {text:?}"
                );
            }
        }
    }
    Ok(())
}

fn data(data: &str) -> StreamEvent {
    StreamEvent::Data(data.to_owned())
}

fn events(pieces: &[&[u8]]) -> Vec<StreamEvent> {
    let mut events = Events::default();
    let mut found: Vec<StreamEvent> = pieces.iter().flat_map(|piece| events.push(piece)).collect();
    found.extend(events.finish());
    found
}

proptest! {
    #[test]
    fn any_json_is_read(body in json()) {
        drop(Completion::deserialize(&body));
        let error = ErrorBody::read(&body);
        classify(200, &error, false);
        let wait = server_wait(&HeaderMap::new(), &body, Timestamp::UNIX_EPOCH);
        prop_assert!(wait.is_none_or(|wait| wait.as_secs_f64().is_finite()));
        check_read(body)?;
    }

    #[test]
    fn a_good_answer_gone_bad_is_read(body in mutated()) {
        check_read(body)?;
    }

    #[test]
    fn any_text_is_searched_for_calls(text in text()) {
        check_extracted(&text)?;
        let (said, thought) = thinking::split(&text);
        prop_assert!(said.len() + thought.len() <= text.len());
        drop(parse_json(&text));
    }

    #[test]
    fn a_stream_is_the_same_wherever_it_is_cut(
        bytes in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..200),
            text().prop_map(String::into_bytes),
        ],
        cuts in prop::collection::vec(any::<Index>(), 0..6),
    ) {
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let pieces: Vec<&[u8]> = cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]]).collect();
        let found = events(&pieces);
        prop_assert_eq!(&found, &events(&[&bytes]));
        let mut assembly = Assembly::default();
        found.into_iter().for_each(|event| assembly.push(event));
        if let Ok(answer) = assembly.finish() {
            check_read(answer)?;
        }
    }

    #[test]
    fn any_chunks_are_assembled(chunks in prop::collection::vec(
        prop_oneof![json(), mutated().prop_map(|mut answer| {
            let message = answer.pointer_mut("/choices/0/message").map(Value::take);
            if let (Some(choice), Some(message)) = (answer.pointer_mut("/choices/0"), message) {
                *choice = json!({"delta": message});
            }
            answer
        })], 0..6),
    ) {
        let mut assembly = Assembly::default();
        chunks.iter().for_each(|chunk| assembly.push(data(&chunk.to_string())));
        assembly.push(data("[DONE]"));
        let answer = assembly.finish();
        prop_assert_eq!(answer.is_ok(), chunks.iter().all(Value::is_object));
        check_read(answer.unwrap_or_default())?;
    }

    #[test]
    fn a_stream_of_which_a_part_is_lost_is_no_answer(
        pieces in prop::collection::vec("[a-z{}\" ]{0,9}", 1..6), at: Index, cut: Index,
    ) {
        let chunk = |piece: &String| json!({"choices": [{"delta": {"content": piece}}]}).to_string();
        let mut events: Vec<String> = pieces.iter().map(chunk).collect();
        let damaged = &mut events[at.index(pieces.len())];
        let left = 1 + cut.index(damaged.len() - 1);
        damaged.truncate(left);
        let mut assembly = Assembly::default();
        events.iter().for_each(|event| assembly.push(data(event)));
        assembly.push(data("[DONE]"));
        prop_assert!(assembly.finish().is_err());
    }

    #[test]
    fn a_reply_in_pieces_is_the_reply(text in "[a-zé{}\" ]{0,40}", size in 1usize..9) {
        let letters: Vec<char> = text.chars().collect();
        let mut assembly = Assembly::default();
        for piece in letters.chunks(size) {
            let piece: String = piece.iter().collect();
            let chunk = json!({"choices": [{"delta": {"content": piece}}]});
            assembly.push(data(&chunk.to_string()));
        }
        assembly.push(data("[DONE]"));
        let answer = assembly.finish().expect("[DONE] came");
        let whole = json!({"choices": [{"message": {"content": text}}]});
        let read = |value: Value| {
            let completion = Completion::deserialize(&value).unwrap_or_default();
            reply::read(completion).map(|said| said.text).unwrap_or_default()
        };
        prop_assert_eq!(read(answer), read(whole));
    }
}
