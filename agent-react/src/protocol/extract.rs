//! Finds the calls in a reply's text, in whichever way they are written.

use std::ops::Range;

use serde_json::Value;

use super::json::leading_json;
use super::written::{self, WrittenCall};
use super::{labels, parse_json, tags};
use crate::model::{Protocol, ToolSpec};

/// Bracket positions tried in one text; bounds the work on a hostile reply.
const MAX_STARTS: usize = 64;

/// What a reply's text holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Extraction {
    /// The text outside of the calls.
    pub text: String,
    /// The calls, in order; empty if the text holds none.
    pub calls: Vec<WrittenCall>,
}

/// Finds the calls in `text`.
///
/// Under [`Protocol::Naive`] the text is one action name. Otherwise these are
/// looked for, and the first kind found is taken: `<tool_call>`, `<function=…>` and
/// `[TOOL_CALLS]` tags, an `Action:` line, JSON in a fence or among prose. Where there
/// are several `Action:` lines, or JSON values that differ, none is taken, since which
/// one is meant would be a guess. Under [`Protocol::JsonSchema`] a text that begins as an object is a call
/// even if it is broken, so that the model hears what broke.
pub fn extract(text: &str, tools: &[ToolSpec], protocol: Protocol) -> Extraction {
    let found = match protocol {
        Protocol::Naive => naive(text, tools),
        Protocol::JsonSchema => anywhere(text, tools).or_else(|| broken_object(text, tools)),
        Protocol::FunctionCalling | Protocol::Text => anywhere(text, tools),
    };
    found.unwrap_or_else(|| Extraction {
        text: text.trim().to_owned(),
        calls: Vec::new(),
    })
}

/// Finds the calls in a text that was cut off: those that are the same whatever would
/// have followed. `Action: do` at its very end may be the beginning of another name or of
/// a longer list, and is none.
pub fn extract_cut_off(text: &str, tools: &[ToolSpec], protocol: Protocol) -> Extraction {
    let found = extract(text, tools, protocol);
    let longer = extract(&format!("{text}x"), tools, protocol);
    match found.calls == longer.calls {
        true => found,
        false => Extraction {
            text: text.trim().to_owned(),
            calls: Vec::new(),
        },
    }
}

fn anywhere(text: &str, tools: &[ToolSpec]) -> Option<Extraction> {
    tags::find(text, tools)
        .or_else(|| labels::find(text, tools))
        .or_else(|| embedded_json(text, tools))
}

fn naive(text: &str, tools: &[ToolSpec]) -> Option<Extraction> {
    anywhere(text, tools).or_else(|| {
        let name = text.trim();
        let one_name = !name.is_empty() && !name.contains('\n');
        let call = written::bare(one_name.then_some(name)?, tools)?;
        Some(Extraction {
            text: String::new(),
            calls: vec![call],
        })
    })
}

fn broken_object(text: &str, tools: &[ToolSpec]) -> Option<Extraction> {
    let body = text.trim();
    let call = written::verbatim(body, tools).filter(|_| body.starts_with('{'))?;
    Some(Extraction {
        text: String::new(),
        calls: vec![call],
    })
}

/// The only JSON in the text that is a call; or all of them, if they agree.
fn embedded_json(text: &str, tools: &[ToolSpec]) -> Option<Extraction> {
    let mut found: Option<(Range<usize>, Vec<WrittenCall>)> = None;
    let mut from = 0;
    for _ in 0..MAX_STARTS {
        let Some(start) = text[from..].find(['{', '[']).map(|at| from + at) else {
            break;
        };
        from = start + 1;
        let Some((json, _)) = leading_json(&text[start..]) else {
            continue;
        };
        let Ok(value) = parse_json(json) else {
            continue;
        };
        from = start + json.len();
        let whole = text.trim().len() == json.len();
        let Some(calls) =
            written::from_json(&value, tools).filter(|_| whole || holds_objects(&value))
        else {
            continue;
        };
        match &found {
            Some((_, first)) if *first != calls => return None,
            Some(_) => {}
            None => found = Some((start..from, calls)),
        }
    }
    let (range, calls) = found?;
    Some(Extraction {
        text: without_fenced(text, range),
        calls,
    })
}

/// A list of names among prose is more likely prose than a call.
fn holds_objects(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().all(Value::is_object),
        _ => value.is_object(),
    }
}

/// `text` without `range` and the fence around it.
fn without_fenced(text: &str, range: Range<usize>) -> String {
    let (before, after) = (
        text[..range.start].trim_end(),
        text[range.end..].trim_start(),
    );
    let opened = before.rfind("```").map(|at| &before[..at]);
    let (before, after) = match (opened, after.strip_prefix("```")) {
        (Some(before), Some(after)) => (before.trim_end(), after.trim_start()),
        _ => (before, after),
    };
    format!("{before}\n{after}").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn tools() -> [ToolSpec; 2] {
        [
            ToolSpec {
                name: "interact".into(),
                description: String::new(),
                parameters: json!({"type": "object", "properties": {
                    "reasoning": {"type": "string"}, "actions": {"type": "array"}}}),
            },
            ToolSpec {
                name: "terminate".into(),
                description: String::new(),
                parameters: json!({"type": "object"}),
            },
        ]
    }

    fn check(protocol: Protocol, text: &str, said: &str, calls: &[(&str, &str)]) {
        let found = extract(text, &tools(), protocol);
        let found_calls: Vec<_> = found
            .calls
            .iter()
            .map(|call| (call.name.as_str(), call.arguments.as_str()))
            .collect();
        assert_eq!(
            (found.text.as_str(), found_calls.as_slice()),
            (said, calls),
            "{text}"
        );
    }

    const LEFT: (&str, &str) = ("interact", r#"{"actions":["move_left"]}"#);
    const LEFT_DO: (&str, &str) = ("interact", r#"{"actions":["move_left","do"]}"#);

    #[test]
    fn react_text() {
        let check = |text, said, calls: &[_]| check(Protocol::Text, text, said, calls);
        check("Thought: go\nAction: move_left", "Thought: go", &[LEFT]);
        check(
            "**Thought:** go\n**Action:** `move_left`, do.",
            "**Thought:** go",
            &[LEFT_DO],
        );
        check("Action:\nmove_left\n\nThat is my move.", "", &[LEFT]);
        check("action: [\"move_left\", \"do\"]", "", &[LEFT_DO]);
        check(
            "Action: interact({\"actions\":[\"move_left\"]})",
            "",
            &[LEFT],
        );
        check(
            "Action: interact\nAction Input: {\"actions\":[\"move_left\"]}",
            "",
            &[LEFT],
        );
        check(
            "Action: interact\n```json\n{\"actions\":[\"move_left\"]}\n```",
            "",
            &[LEFT],
        );
        check(
            "Action: {\"name\": \"terminate\", \"arguments\": {}}",
            "",
            &[("terminate", "{}")],
        );
        check(
            "Action: terminate {\"reason\": \"done\"}",
            "",
            &[("terminate", r#"{"reason": "done"}"#)],
        );
    }

    /// In any case and namespace; and not the action `do`, of which `interact` is an alias.
    #[test]
    fn a_tools_name_in_another_spelling_is_the_tool() {
        for name in ["interact", "Interact", "functions.interact", "**INTERACT**"] {
            for input in ["\nAction Input: ", " ", "("] {
                let text = format!("Action: {name}{input}{}", LEFT.1);
                check(Protocol::Text, &text, "", &[LEFT]);
            }
        }
        for text in ["Action: Interact", "{\"action\": \"Interact\"}"] {
            let found = extract(text, &tools(), Protocol::Text).calls;
            let [call] = found.as_slice() else {
                panic!("not one call: {found:?}");
            };
            assert!(!call.arguments.contains("Interact"), "{call:?}");
        }
    }

    /// A change of mind is no plan.
    #[test]
    fn of_several_action_lines_none_is_taken() {
        for text in [
            "Action: sleep\nNo wait.\nAction: move_left",
            "Action: move_left\nThought: no\nAction: do",
            "Action: move_left\nAction: move_left",
            "Action: interact\nAction Input: {\"actions\":[\"do\"]}\nAction: noop",
        ] {
            for protocol in Protocol::ALL {
                check(protocol, text, text, &[]);
            }
        }
    }

    #[test]
    fn a_text_that_was_cut_off_holds_only_what_is_complete() {
        let tools = [ToolSpec {
            name: "interact".into(),
            description: String::new(),
            parameters: json!({"type": "object", "properties": {"actions": {"type": "array"}}}),
        }];
        let check = |protocol, text: &str, taken: usize| {
            let calls = extract_cut_off(text, &tools, protocol).calls;
            assert_eq!(calls.len(), taken, "{protocol:?} {text}");
        };
        for open in [
            "Action: do",
            "Action: move_left, place_",
            "Action: {\"actions\": [\"do\"",
            "I go {\"actions\":[\"move_left\"]",
            "<tool_call>{\"name\":\"interact\",\"arguments\":{\"actions\":[\"do\"]}",
        ] {
            check(Protocol::FunctionCalling, open, 0);
        }
        check(Protocol::Naive, "do", 0);
        check(Protocol::JsonSchema, "{\"actions\": [\"do\"]", 0);
        check(Protocol::JsonSchema, "{\"actions\": [\"do\"]}", 1);
        check(Protocol::Text, "Action: do\nThat will bring", 1);
    }

    #[test]
    fn an_imagined_observation_ends_the_reply() {
        let text = "Thought: a\nAction: move_left\nObservation: moved\nThought: b\nAction: do";
        check(Protocol::Text, text, "Thought: a", &[LEFT]);
    }

    #[test]
    fn tags_of_chat_templates() {
        let check = |text: &str, said: &str, calls: &[(&str, &str)]| {
            check(Protocol::FunctionCalling, text, said, calls);
        };
        let call = r#"{"name": "interact", "arguments": {"actions":["move_left"]}}"#;
        check(
            &format!("Go.\n<tool_call>\n{call}\n</tool_call>"),
            "Go.",
            &[LEFT],
        );
        check(
            &format!("<tool_call>{call}</tool_call><tool_call>{call}"),
            "",
            &[LEFT, LEFT],
        );
        check(
            "<function=interact>{\"actions\":[\"move_left\"]}</function>",
            "",
            &[LEFT],
        );
        check(
            "<tool_call><function=interact><parameter=actions>\n[\"move_left\"]\n</parameter></function></tool_call>",
            "",
            &[LEFT],
        );
        check(&format!("[TOOL_CALLS] [{call}]"), "", &[LEFT]);
        check(
            "[TOOL_CALLS]interact[ARGS]{\"actions\":[\"move_left\"]}",
            "",
            &[LEFT],
        );
        check("<tool_call>{oops</tool_call>", "", &[("interact", "{oops")]);
    }

    #[test]
    fn json_in_fences_and_prose() {
        let check = |text: &str, said: &str, calls: &[(&str, &str)]| {
            check(Protocol::FunctionCalling, text, said, calls);
        };
        check(
            "Well:\n```json\n{\"actions\":[\"move_left\"]}\n```\nDone.",
            "Well:\nDone.",
            &[LEFT],
        );
        check(
            "I go {\"actions\":[\"move_left\"]} now",
            "I go\nnow",
            &[LEFT],
        );
        check(
            r#"{"tool_calls":[{"function":{"name":"interact","arguments":"{}"}}]}"#,
            "",
            &[("interact", "{}")],
        );
        check(r#"{"action": "move_left"}"#, "", &[LEFT]);
        check(r#"["move_left","do"]"#, "", &[LEFT_DO]);
    }

    #[test]
    fn what_would_be_a_guess_is_no_call() {
        for text in [
            "I will move left.",
            "Options: {\"actions\":[\"do\"]} or {\"actions\":[\"noop\"]}",
            "I see [\"a\", \"b\"] here",
            "The action: is unclear to me\u{2026}".trim_start_matches("The action: is"),
            "{\"health\": 3}",
            "",
        ] {
            check(Protocol::FunctionCalling, text, text.trim(), &[]);
        }
    }

    #[test]
    fn a_broken_object_under_a_schema_is_passed_on() {
        let broken = r#"{"actions": ["move_l"#;
        check(Protocol::JsonSchema, broken, "", &[("interact", broken)]);
        check(Protocol::FunctionCalling, broken, broken, &[]);
        check(Protocol::JsonSchema, "no idea", "no idea", &[]);
    }

    #[test]
    fn naive_takes_one_name() {
        check(
            Protocol::Naive,
            " \"Move Left\"\n",
            "",
            &[("interact", r#"{"actions":["Move Left"]}"#)],
        );
        check(Protocol::Naive, "Action: move_left", "", &[LEFT]);
        check(Protocol::Naive, "I could\ngo on", "I could\ngo on", &[]);
    }

    #[test]
    fn a_hostile_reply_takes_bounded_work() {
        let text = "{".repeat(200_000);
        check(Protocol::FunctionCalling, &text, &text, &[]);
    }
}
