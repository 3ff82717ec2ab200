//! Provides the cutting of payloads that are too large.

use serde_json::Value;

/// Bytes that a number or the like counts for.
const SCALAR: usize = 8;

/// Cuts a payload so that roughly `max` bytes of it remain: texts and lists keep
/// their beginnings, and each cut says what it took.
pub(super) fn cut(value: &mut Value, max: usize) {
    let mut left = max;
    cut_to(value, &mut left);
}

/// Cuts a text to `max` bytes and a note of what is missing.
pub(super) fn cut_text(text: &mut String, max: usize) {
    if text.len() > max {
        let end = text.floor_char_boundary(max);
        let cut = text.len() - end;
        text.truncate(end);
        text.push_str(&format!("…[{cut} bytes cut]"));
    }
}

/// Whether a text says that it was cut.
#[cfg(any(feature = "duckdb", test))]
pub(crate) fn is_cut_text(text: &str) -> bool {
    let note = |unit: &str| {
        let number = text.strip_suffix(unit)?.rsplit_once("…[")?.1;
        Some(!number.is_empty() && number.bytes().all(|it| it.is_ascii_digit()))
    };
    [" bytes cut]", " items cut]"]
        .iter()
        .any(|unit| note(unit).unwrap_or_default())
}

/// Whether something in a payload says that it was cut.
#[cfg(any(feature = "duckdb", test))]
pub(crate) fn is_cut(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
        Value::String(text) => is_cut_text(text),
        Value::Array(items) => items.iter().any(is_cut),
        Value::Object(entries) => entries
            .iter()
            .any(|(key, value)| key == "…" || is_cut(value)),
    }
}

fn cut_to(value: &mut Value, left: &mut usize) {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => *left = left.saturating_sub(SCALAR),
        Value::String(text) => {
            let length = text.len();
            cut_text(text, *left);
            *left = left.saturating_sub(length);
        }
        Value::Array(items) => {
            let mut kept = 0;
            while kept < items.len() && *left > 0 {
                cut_to(&mut items[kept], left);
                kept += 1;
            }
            if kept < items.len() {
                let cut = items.len() - kept;
                items.truncate(kept);
                items.push(format!("…[{cut} items cut]").into());
            }
        }
        Value::Object(entries) => {
            let mut kept = 0;
            for (key, value) in entries.iter_mut() {
                if *left == 0 {
                    break;
                }
                *left = left.saturating_sub(key.len());
                cut_to(value, left);
                kept += 1;
            }
            if kept < entries.len() {
                let cut: Vec<String> = entries.keys().skip(kept).cloned().collect();
                cut.iter().for_each(|key| drop(entries.remove(key)));
                entries.insert(
                    "…".to_owned(),
                    format!("[{} entries cut]", cut.len()).into(),
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(mut value: Value, max: usize, expected: Value) {
        let whole = value.clone();
        cut(&mut value, max);
        assert_eq!(value, expected);
        assert_eq!(is_cut(&value), value != whole);
    }

    #[test]
    fn what_fits_stays() {
        let value = json!({"a": ["b", 1, null], "c": "d"});
        check(value.clone(), 100, value);
    }

    #[test]
    fn what_is_over_is_cut_and_said_to_be() {
        check(json!("abcdef"), 2, json!("ab…[4 bytes cut]"));
        check(json!("ööö"), 3, json!("ö…[4 bytes cut]"));
        check(json!([1, 2, 3, 4]), 16, json!([1, 2, "…[2 items cut]"]));
        check(
            json!({"a": "0123456789", "b": 1, "c": 2}),
            5,
            json!({"a": "0123…[6 bytes cut]", "…": "[2 entries cut]"}),
        );
    }
}
