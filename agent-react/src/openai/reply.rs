//! Reads what the model said out of an answer.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::thinking;
use super::wire::{Choice, Completion, Message, WireCall, WireFunction, WireUsage};
use crate::model::Usage;

/// What the model said. Calls may still be hidden in the text.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Said {
    pub(super) text: String,
    /// Whether the text is a refusal, which says nothing of the protocol.
    pub(super) refused: bool,
    pub(super) reasoning: Option<String>,
    pub(super) calls: Vec<SaidCall>,
    pub(super) finish_reason: Option<String>,
    pub(super) usage: Option<Usage>,
    pub(super) model: Option<String>,
    /// Fields of the message that must come back with it.
    pub(super) extra: Map<String, Value>,
}

/// A native tool call. Its id may be missing or stand twice.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct SaidCall {
    pub(super) id: Option<String>,
    pub(super) name: String,
    pub(super) arguments: String,
    pub(super) extra: Map<String, Value>,
}

/// Why an answer holds no reply.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum NoReply {
    /// It is an error with a friendly status.
    Error(Value),
    /// There is no choice with a message in it.
    Empty(&'static str),
    /// A content filter left nothing of it.
    Withheld,
}

/// Takes the choice at index 0, or else the first, that holds a message. `finish_reason` decides nothing:
/// endpoints leave it out, invent their own, and say `stop` beside tool calls.
pub(super) fn read(mut completion: Completion) -> Result<Said, NoReply> {
    completion
        .choices
        .sort_by_key(|choice| choice.index.unwrap_or_default() != 0);
    let usage = completion.usage.and_then(read_usage);
    let withheld = completion.choices.iter().any(is_filtered);
    let empty = match completion.choices.as_slice() {
        [] => NoReply::Empty("it has no choices"),
        _ if withheld => NoReply::Withheld,
        _ => NoReply::Empty("its choice has no message"),
    };
    let mut choice_error = Value::Null;
    for choice in completion.choices {
        if !choice.error.is_null() {
            choice_error = choice.error;
        } else if let Some(message) = choice.message.or(choice.delta) {
            let said = read_message(message);
            if withheld && said.text.is_empty() && said.calls.is_empty() {
                return Err(NoReply::Withheld);
            }
            return Ok(Said {
                finish_reason: choice.finish_reason.filter(|reason| !reason.is_empty()),
                usage,
                model: completion.model,
                ..said
            });
        }
    }
    match [completion.error, choice_error]
        .into_iter()
        .find(|error| !error.is_null())
    {
        Some(error) => Err(NoReply::Error(error)),
        None => Err(empty),
    }
}

/// The tokens that an answer counts, whatever else it holds.
pub(super) fn usage_in(body: &Value) -> Option<Usage> {
    let completion = Completion::deserialize(body).ok()?;
    completion.usage.and_then(read_usage)
}

fn is_filtered(choice: &Choice) -> bool {
    let reason = choice.finish_reason.as_deref();
    reason.is_some_and(|reason| reason.starts_with("content_filter"))
}

fn read_message(message: Message) -> Said {
    let (content, thought_parts) = flatten(&message.content);
    let (text, thought_tags) = thinking::split(&content);
    // Some gateways send the same reasoning under both names.
    let field = [&message.reasoning_content, &message.reasoning]
        .into_iter()
        .map(|value| flatten(value).0)
        .find(|text| !text.is_empty());
    let reasoning: Vec<String> = field
        .into_iter()
        .chain([thought_parts, thought_tags])
        .filter(|text| !text.is_empty())
        .collect();
    let legacy = message.function_call.map(|function| WireCall {
        function: Some(function),
        ..WireCall::default()
    });
    let calls = match message.tool_calls.is_empty() {
        true => legacy.into_iter().collect(),
        false => message.tool_calls,
    };
    let refusal = message.refusal.filter(|_| text.is_empty());
    Said {
        refused: refusal.is_some(),
        text: refusal.unwrap_or(text),
        reasoning: (!reasoning.is_empty()).then(|| reasoning.join("\n")),
        calls: calls.into_iter().map(read_call).collect(),
        extra: message
            .reasoning_details
            .map(|details| ("reasoning_details".to_owned(), details))
            .into_iter()
            .collect(),
        ..Said::default()
    }
}

fn read_call(call: WireCall) -> SaidCall {
    let WireFunction { name, arguments } = call.function.unwrap_or_default();
    let mut extra = call.extra;
    extra.remove("type");
    SaidCall {
        id: call.id.filter(|id| !id.is_empty()),
        name: name.unwrap_or_default(),
        arguments: match arguments {
            Value::String(text) if !text.trim().is_empty() => encoded_once(text),
            Value::String(_) | Value::Null => "{}".to_owned(),
            object => object.to_string(),
        },
        extra,
    }
}

/// Arguments without the second encoding that some servers give them.
fn encoded_once(arguments: String) -> String {
    let inner: Option<String> = serde_json::from_str(&arguments).ok();
    let is_object = |text: &String| serde_json::from_str::<Map<String, Value>>(text).is_ok();
    inner.filter(is_object).unwrap_or(arguments)
}

/// The text and the thinking of content that may be a string or a list of parts.
pub(super) fn flatten(content: &Value) -> (String, String) {
    match content {
        Value::String(text) => (text.clone(), String::new()),
        Value::Array(parts) => {
            let mut all = (String::new(), String::new());
            for part in parts {
                let (text, thought) = flatten(part);
                all.0.push_str(&text);
                all.1.push_str(&thought);
            }
            all
        }
        Value::Object(part) => match (
            part.get("thinking"),
            part.get("text").or(part.get("content")),
        ) {
            (Some(thought), _) => (String::new(), flatten(thought).0),
            (None, Some(text)) => flatten(text),
            (None, None) => Default::default(),
        },
        Value::Null | Value::Bool(_) | Value::Number(_) => Default::default(),
    }
}

/// More tokens than any call takes: a count beyond it is no count, such as a -1 that was
/// written without its sign.
const MOST_TOKENS: u64 = 1 << 30;

fn read_usage(usage: WireUsage) -> Option<Usage> {
    let count = |count: Option<u64>| count.filter(|count| *count <= MOST_TOKENS);
    let total = count(usage.total_tokens).unwrap_or_default();
    let prompt = count(usage.prompt_tokens).unwrap_or_default();
    let completion = count(usage.completion_tokens);
    let completion = completion.unwrap_or_else(|| total.saturating_sub(prompt));
    // Some give no sum, or one that is less than its parts.
    let total = total.max(prompt + completion);
    // No reply costs nothing: who counts nothing does not count.
    (total > 0).then_some(())?;
    Some(Usage {
        prompt_tokens: prompt,
        completion_tokens: completion,
        total_tokens: total,
        cached_tokens: count(
            usage
                .prompt_tokens_details
                .and_then(|details| details.cached_tokens)
                .or(usage.prompt_cache_hit_tokens),
        ),
        reasoning_tokens: count(
            usage
                .completion_tokens_details
                .and_then(|details| details.reasoning_tokens),
        ),
        ..Usage::default()
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read_json(value: Value) -> Result<Said, NoReply> {
        read(serde_json::from_value(value).expect("any object is a completion"))
    }

    fn said(message: Value) -> Said {
        read_json(json!({"choices": [{"message": message}]})).expect("a reply")
    }

    #[test]
    fn fields_of_the_wrong_type_count_as_missing() {
        let reply = read_json(json!({
            "id": 7, "model": [], "usage": "much", "service_tier": "flexible", "error": null,
            "choices": ["odd", {"finish_reason": 3, "message": {"content": "hi", "tool_calls": {}}}],
        }));
        assert_eq!(
            reply,
            Ok(Said {
                text: "hi".into(),
                ..Said::default()
            })
        );
    }

    #[test]
    fn counts_that_cannot_be_are_none() {
        let usage = json!({"prompt_tokens": u64::MAX, "completion_tokens": u64::MAX - 1});
        let body = json!({"choices": [{"message": {"content": "x"}}], "usage": usage});
        assert_eq!(read_json(body).expect("a reply").usage, None);
    }

    #[test]
    fn usage_without_details_or_sum() {
        let usage = |usage: Value| {
            read_json(json!({"choices": [{"message": {}}], "usage": usage}))
                .expect("a reply")
                .usage
        };
        assert_eq!(usage(json!(null)), None);
        assert_eq!(usage(json!({})), None);
        let counted = usage(json!({"prompt_tokens": 3, "completion_tokens": 4})).expect("counted");
        assert_eq!((counted.total_tokens, counted.cached_tokens), (7, None));
        let sum = usage(json!({"prompt_tokens": 3, "total_tokens": 9})).expect("counted");
        assert_eq!(sum.completion_tokens, 6);
        for total in [json!(0), json!(1), json!(-5), json!(null), json!(u32::MAX)] {
            let counts =
                json!({"prompt_tokens": 3.0, "completion_tokens": "4", "total_tokens": total});
            assert_eq!(usage(counts).expect("counted").total_tokens, 7, "{total}");
        }
        let nothing = json!({"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0});
        assert_eq!(usage(nothing), None);
    }

    #[test]
    fn of_several_choices_the_one_at_index_0_is_read() {
        let choice = |index: u8| json!({"index": index, "message": {"content": index.to_string()}});
        let text = |choices: Value| {
            read_json(json!({ "choices": choices }))
                .expect("a reply")
                .text
        };
        assert_eq!(text(json!([choice(1), choice(0)])), "0");
        assert_eq!(
            text(json!([choice(2), choice(1)])),
            "2",
            "the first where there is no 0"
        );
    }

    #[test]
    fn content_as_parts() {
        let reply = said(json!({"content": [
            {"type": "thinking", "thinking": [{"type": "text", "text": "hmm"}]},
            {"type": "text", "text": "a"}, {"type": "text", "text": "b"}, "c", {"type": "image"},
        ]}));
        assert_eq!(
            (reply.text.as_str(), reply.reasoning.as_deref()),
            ("abc", Some("hmm"))
        );
    }

    #[test]
    fn the_old_function_call_is_a_call() {
        let reply =
            said(json!({"content": null, "function_call": {"name": "f", "arguments": "{}"}}));
        assert_eq!(reply.calls.len(), 1);
        assert_eq!(reply.calls[0].name, "f");
    }
}
