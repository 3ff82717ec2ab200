//! The shape of answers, as tolerant as the endpoints are different.
//!
//! Every field is optional, a field of an unexpected type counts as missing, and
//! what we do not know is kept. `async-openai`'s response types refuse all of this.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// A whole answer, or one chunk of a stream.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Completion {
    #[serde(deserialize_with = "lenient")]
    pub(super) model: Option<String>,
    #[serde(deserialize_with = "each")]
    pub(super) choices: Vec<Choice>,
    #[serde(deserialize_with = "lenient")]
    pub(super) usage: Option<WireUsage>,
    /// Anything but `null` is an error inside a 200.
    pub(super) error: Value,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Choice {
    #[serde(deserialize_with = "lenient")]
    pub(super) index: Option<u64>,
    #[serde(deserialize_with = "lenient")]
    pub(super) message: Option<Message>,
    /// A message in pieces (streams only).
    #[serde(deserialize_with = "lenient")]
    pub(super) delta: Option<Message>,
    #[serde(deserialize_with = "lenient")]
    pub(super) finish_reason: Option<String>,
    pub(super) error: Value,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Message {
    /// A string, a list of parts, or null.
    pub(super) content: Value,
    /// A string, or on some gateways an object with the text in it.
    pub(super) reasoning_content: Value,
    pub(super) reasoning: Value,
    /// OpenRouter's form of signed reasoning, which must come back unchanged.
    pub(super) reasoning_details: Option<Value>,
    #[serde(deserialize_with = "lenient")]
    pub(super) refusal: Option<String>,
    #[serde(deserialize_with = "calls")]
    pub(super) tool_calls: Vec<WireCall>,
    /// The form before `tool_calls`, still spoken by old servers.
    #[serde(deserialize_with = "lenient")]
    pub(super) function_call: Option<WireFunction>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct WireCall {
    #[serde(deserialize_with = "lenient")]
    pub(super) index: Option<u64>,
    #[serde(deserialize_with = "lenient")]
    pub(super) id: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub(super) function: Option<WireFunction>,
    #[serde(flatten)]
    pub(super) extra: Map<String, Value>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct WireFunction {
    #[serde(deserialize_with = "lenient")]
    pub(super) name: Option<String>,
    /// A string of JSON, or the object itself, or nothing.
    pub(super) arguments: Value,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
pub(super) struct WireUsage {
    #[serde(deserialize_with = "count")]
    pub(super) prompt_tokens: Option<u64>,
    #[serde(deserialize_with = "count")]
    pub(super) completion_tokens: Option<u64>,
    #[serde(deserialize_with = "count")]
    pub(super) total_tokens: Option<u64>,
    #[serde(deserialize_with = "lenient")]
    pub(super) prompt_tokens_details: Option<PromptDetails>,
    #[serde(deserialize_with = "lenient")]
    pub(super) completion_tokens_details: Option<CompletionDetails>,
    /// DeepSeek's name for cached tokens.
    #[serde(deserialize_with = "count")]
    pub(super) prompt_cache_hit_tokens: Option<u64>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
pub(super) struct PromptDetails {
    #[serde(deserialize_with = "count")]
    pub(super) cached_tokens: Option<u64>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
pub(super) struct CompletionDetails {
    #[serde(deserialize_with = "count")]
    pub(super) reasoning_tokens: Option<u64>,
}

/// A field of another type than expected is as good as missing.
fn lenient<'de, D, T>(from: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let value = Value::deserialize(from)?;
    Ok(serde_json::from_value(value).unwrap_or_default())
}

/// A count, which gateways in some languages write as a float or as a text.
fn count<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    let whole = |number: f64| (number >= 0.0 && number.fract() == 0.0).then_some(number as u64);
    Ok(match Value::deserialize(from)? {
        Value::Number(number) => number.as_u64().or_else(|| number.as_f64().and_then(whole)),
        Value::String(text) => text.trim().parse().ok().and_then(whole),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    })
}

/// The calls of a message: a list, a single one, or either as a text of JSON. An entry
/// that is no call stays as one of no tool, for a reply of which a part was not understood
/// asks for nothing.
fn calls<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<WireCall>, D::Error> {
    Ok(calls_in(Value::deserialize(from)?))
}

fn calls_in(value: Value) -> Vec<WireCall> {
    match value {
        Value::Array(entries) => entries.into_iter().filter_map(call).collect(),
        Value::Object(_) => {
            let is_call = ["function", "name"]
                .iter()
                .any(|key| value.get(*key).is_some());
            call(value).filter(|_| is_call).into_iter().collect()
        }
        Value::String(text) => match serde_json::from_str(&text) {
            Ok(inner @ (Value::Array(_) | Value::Object(_))) => calls_in(inner),
            Ok(_) | Err(_) => Vec::new(),
        },
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}

/// A call; some servers leave out the `function` around its name and arguments.
fn call(entry: Value) -> Option<WireCall> {
    if entry.is_null() {
        return None;
    }
    let read: Option<WireCall> = serde_json::from_value(entry.clone()).ok();
    let Some(mut call) = read else {
        let function = WireFunction {
            name: None,
            arguments: entry,
        };
        return Some(WireCall {
            function: Some(function),
            ..WireCall::default()
        });
    };
    if call.function.is_none() && call.extra.contains_key("name") {
        call.function = serde_json::from_value(entry).ok();
        call.extra
            .retain(|key, _| key != "name" && key != "arguments");
    }
    Some(call)
}

/// The entries of a list that are of the expected type; nothing if it is no list.
fn each<'de, D, T>(from: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let entries: Option<Vec<Value>> = lenient(from)?;
    let entries = entries.unwrap_or_default().into_iter();
    Ok(entries
        .filter_map(|entry| serde_json::from_value(entry).ok())
        .collect())
}
