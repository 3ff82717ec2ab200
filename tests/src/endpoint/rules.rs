//! What every request must look like.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// The rules a request's body breaks, in words.
pub(super) fn broken_by(body: &Value) -> Vec<String> {
    let mut broken = Vec::new();
    if !body.is_object() {
        broken.push(format!("the body is no object: {body}"));
        return broken;
    }
    if let Some(place) = null_in(body, "") {
        broken.push(format!("an unset field is sent as null: {place}"));
    }
    if body["model"].as_str().is_none_or(str::is_empty) {
        broken.push("no model is named".to_owned());
    }
    match body["messages"].as_array() {
        Some(messages) if !messages.is_empty() => broken.extend(broken_by_conversation(messages)),
        _ => broken.push("there are no messages".to_owned()),
    }
    if body.get("tool_choice").is_some() && body.get("tools").is_none() {
        broken.push("tool_choice without tools".to_owned());
    }
    if body.get("stream_options").is_some() && body["stream"] != true {
        broken.push("stream_options without stream".to_owned());
    }
    broken
}

/// Every result answers a call of the message before, every call is answered, and
/// no two calls share an id.
fn broken_by_conversation(messages: &[Value]) -> Vec<String> {
    let mut broken = Vec::new();
    let mut ids = BTreeSet::new();
    let mut unanswered: BTreeSet<&str> = BTreeSet::new();
    for (n, message) in messages.iter().enumerate() {
        let role = message["role"].as_str().unwrap_or_default();
        if !matches!(role, "system" | "developer" | "user" | "assistant" | "tool") {
            broken.push(format!("message {n} has the role {role:?}"));
        }
        if role == "tool" {
            let id = message["tool_call_id"].as_str().unwrap_or_default();
            if !unanswered.remove(id) {
                broken.push(format!(
                    "message {n} answers the call {id:?}, which was not made or is answered"
                ));
            }
            continue;
        }
        if !unanswered.is_empty() {
            broken.push(format!(
                "message {n} comes before the results of {unanswered:?}"
            ));
            unanswered.clear();
        }
        let calls = message["tool_calls"].as_array();
        let is_blank = match message.get("content") {
            None => true,
            Some(Value::String(text)) => text.trim().is_empty(),
            Some(_) => false,
        };
        if is_blank && calls.is_none_or(Vec::is_empty) {
            broken.push(format!("message {n} is empty"));
        }
        for call in calls.into_iter().flatten() {
            let id = call["id"].as_str().unwrap_or_default();
            if id.is_empty() || !ids.insert(id) {
                broken.push(format!("message {n} has a call with the id {id:?}"));
            }
            let name = call["function"]["name"].as_str().unwrap_or_default();
            let is_fit = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
            if name.is_empty() || name.len() > 64 || !name.chars().all(is_fit) {
                broken.push(format!("message {n} calls a tool by the name {name:?}"));
            }
            match call["function"]["arguments"].as_str() {
                None => broken.push(format!(
                    "message {n} has a call whose arguments are no string"
                )),
                Some(text) if serde_json::from_str::<Map<String, Value>>(text).is_err() => broken
                    .push(format!(
                        "message {n} has a call whose arguments are no JSON object: {text}"
                    )),
                Some(_) => {}
            }
            unanswered.insert(id);
        }
    }
    broken
}

fn null_in(value: &Value, place: &str) -> Option<String> {
    match value {
        Value::Null => Some(place.to_owned()),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .find_map(|(n, item)| null_in(item, &format!("{place}[{n}]"))),
        Value::Object(fields) => fields
            .iter()
            .find_map(|(name, field)| null_in(field, &format!("{place}.{name}"))),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_good_conversation_breaks_nothing() {
        let body = json!({"model": "m", "messages": [
            {"role": "user", "content": "a"},
            {"role": "assistant", "tool_calls": [{"id": "1", "function": {"name": "f", "arguments": "{}"}}]},
            {"role": "tool", "tool_call_id": "1", "content": "b"},
        ]});
        assert_eq!(broken_by(&body), [""; 0]);
    }

    #[test]
    fn what_is_broken_is_said() {
        let body = json!({"model": "m", "seed": null, "tool_choice": "auto", "messages": [
            {"role": "assistant", "tool_calls": [
                {"id": "1", "function": {"name": "f.g", "arguments": {}}},
                {"id": "1", "function": {"arguments": "[]"}},
            ]},
            {"role": "user", "content": " "},
            {"role": "tool", "tool_call_id": "1", "content": "b"},
        ]});
        let broken = broken_by(&body).join("\n");
        for word in [
            ".seed",
            "no string",
            "no JSON object: []",
            "with the id \"1\"",
            "by the name \"f.g\"",
            "before the results",
            "is empty",
            "not made",
            "without tools",
        ] {
            assert!(broken.contains(word), "{word} in {broken}");
        }
    }
}
