//! Provides what is done with JSON values in more than one place.

use serde_json::Value;

/// Bytes that a value holds on to, roughly.
pub(crate) fn weight(value: &Value) -> usize {
    const NODE: usize = 32;
    NODE + match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(weight).sum(),
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| key.len() + weight(value))
            .sum(),
    }
}

/// A value as JSON without white space, as `to_string` gives it, which goes by way of a
/// formatter piece by piece.
pub(crate) fn text(value: &Value) -> String {
    // Nothing can keep a value from being written: its keys are texts.
    serde_json::to_string(value).unwrap_or_default()
}

/// How deeply lists and objects of a record may be nested. JSON is read to a depth of 127,
/// and the form of a session puts its own levels around a record.
pub(crate) const MAX_DEPTH: usize = 100;

/// Whether a value is nested more deeply than this.
pub(crate) fn is_deeper(value: &Value, depth: usize) -> bool {
    let is_deeper = |inner: &Value| depth == 0 || is_deeper(inner, depth - 1);
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
        Value::Array(items) => depth == 0 || items.iter().any(is_deeper),
        Value::Object(map) => depth == 0 || map.values().any(is_deeper),
    }
}
