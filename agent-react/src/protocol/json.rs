//! JSON as models write it: inside fences, among prose, without its last bracket.

use std::fmt;

use serde::de::{
    Deserialize, DeserializeOwned, Deserializer, Error, MapAccess, SeqAccess, Visitor,
};
use serde_json::{Map, Number, Value};

/// Text that is no JSON, lacks more than a closing bracket, or says a thing twice.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not valid JSON: {0}")]
pub struct ParseJsonError(String);

/// Parses JSON that may lack its last closing bracket, and nothing else: an open
/// string, a dangling comma or a second bracket that is missing is an error, for what
/// would follow is unknown; so is an object with a key twice, for one of the two values
/// would be dropped.
///
/// # Errors
///
/// Says what is wrong and where, in words fit to be shown to the model.
///
/// ```
/// use agent_react::protocol::parse_json;
///
/// assert_eq!(parse_json(r#"{"actions": ["do"]"#)?["actions"][0], "do");
/// assert!(parse_json(r#"{"actions": ["do"#).is_err());
/// assert!(parse_json(r#"{"actions": ["do"], "actions": ["noop"]}"#).is_err());
/// # Ok::<(), agent_react::protocol::ParseJsonError>(())
/// ```
pub fn parse_json(text: &str) -> Result<Value, ParseJsonError> {
    let text = text.trim();
    let fault = match parse_whole_json(text) {
        Ok(value) => return Ok(value),
        Err(fault) => fault,
    };
    match scan(text) {
        Scan::Open(closers) if closers.len() == 1 => {
            parse_whole_json(&format!("{text}{closers}")).map_err(|_| fault)
        }
        Scan::Open(_) | Scan::Closed(_) | Scan::Broken => Err(fault),
    }
}

/// Parses JSON of which nothing is missing.
///
/// # Errors
///
/// As [`parse_json`].
pub(crate) fn parse_whole_json(text: &str) -> Result<Value, ParseJsonError> {
    match read_as_written(text) {
        Ok(Unambiguous(value)) => Ok(value),
        Err(fault) => Err(ParseJsonError(fault.to_string())),
    }
}

/// Reads JSON in which half a character may be escaped, as Python writes it where a token
/// ends within one: it is read as U+FFFD.
pub(crate) fn read_as_written<T: DeserializeOwned>(text: &str) -> serde_json::Result<T> {
    serde_json::from_str(text).or_else(|fault| match with_whole_characters(text) {
        Some(whole) => serde_json::from_str(&whole),
        None => Err(fault),
    })
}

/// `text` without escapes of lone surrogates, if it has any.
fn with_whole_characters(text: &str) -> Option<String> {
    let surrogate = |text: &str, range: std::ops::Range<u32>| {
        let digits = text.strip_prefix("\\u")?.get(..4)?;
        let unit = u32::from_str_radix(digits, 16).ok()?;
        range.contains(&unit).then_some(())
    };
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut lone = false;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let is_high = surrogate(rest, 0xD800..0xDC00).is_some();
        let length = match surrogate(rest, 0xD800..0xE000) {
            Some(()) if is_high && surrogate(&rest[6..], 0xDC00..0xE000).is_some() => 12,
            Some(()) => {
                lone = true;
                out.push('\u{fffd}');
                rest = &rest[6..];
                continue;
            }
            // Another escape: a backslash and what it stands before.
            None => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
        };
        out.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    out.push_str(rest);
    lone.then_some(out)
}

/// A value in which no object has a key twice.
struct Unambiguous(Value);

impl<'de> Deserialize<'de> for Unambiguous {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Reader).map(Unambiguous)
    }
}

/// Reads as [`Value`] does, but for keys that come again.
struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Unambiguous(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some((key, Unambiguous(value))) = entries.next_entry::<String, _>()? {
            if object.contains_key(&key) {
                return Err(A::Error::custom(format_args!("{key:?} stands there twice")));
            }
            object.insert(key, value);
        }
        Ok(object.into())
    }
}

/// The JSON object or array `text` starts with, and what follows it. With its
/// closing brackets lost, it reaches to the end.
pub(crate) fn leading_json(text: &str) -> Option<(&str, &str)> {
    if !text.starts_with(['{', '[']) {
        return None;
    }
    let end = match scan(text) {
        Scan::Closed(end) => end,
        Scan::Open(_) => text.len(),
        Scan::Broken => return None,
    };
    Some(text.split_at(end))
}

enum Scan {
    /// Complete; ends before this byte.
    Closed(usize),
    /// The end came first; these brackets are missing.
    Open(String),
    /// Brackets that do not match, or a string without its end.
    Broken,
}

/// Walks the brackets of the value `text` starts with.
fn scan(text: &str) -> Scan {
    let mut closers = Vec::new();
    let mut in_string = false;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        if in_string {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match c {
            '"' => in_string = true,
            '{' => closers.push('}'),
            '[' => closers.push(']'),
            '}' | ']' => {
                if closers.pop() != Some(c) {
                    return Scan::Broken;
                }
                if closers.is_empty() {
                    return Scan::Closed(at + 1);
                }
            }
            _ => {}
        }
    }
    match in_string {
        true => Scan::Broken,
        false => Scan::Open(closers.iter().rev().collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_lost_last_bracket_is_put_back() {
        let ok = |text| parse_json(text).map(|value| value.to_string()).ok();
        assert_eq!(
            ok(r#"{"a":[1,{"b":2.5}, null, true]"#).as_deref(),
            Some(r#"{"a":[1,{"b":2.5},null,true]}"#)
        );
        assert_eq!(ok(r#" {"a": "]}"} "#).as_deref(), Some(r#"{"a":"]}"}"#));
        for broken in [
            r#"{"a":[1"#,
            r#"{"a":[1,{"b":2"#,
            r#"{"a": 1, "a": 2}"#,
            r#"[{"a": {"b": 1, "b": 1}}]"#,
            r#"{"a": 1, "a": 2"#,
            r#"{"a": "b"#,
            r#"{"a": [1,"#,
            r#"{"a":"#,
            r#"{"a": [1}"#,
            r#"{"a": 1}}"#,
            "",
            "do",
        ] {
            assert_eq!(ok(broken), None, "{broken}");
        }
    }

    #[test]
    fn half_a_character_is_read_as_unknown() {
        let read = |text| read_as_written::<String>(text).ok();
        assert_eq!(read(r#""\ud83d\ude00 a""#).as_deref(), Some("\u{1f600} a"));
        assert_eq!(
            read(r#""\ud83d a \ude00""#).as_deref(),
            Some("\u{fffd} a \u{fffd}")
        );
        assert_eq!(read(r#""\ud83d\n""#).as_deref(), Some("\u{fffd}\n"));
        assert_eq!(
            read(r#""\\ud83d é \ud83d""#).as_deref(),
            Some("\\ud83d é \u{fffd}")
        );
        assert_eq!(read(r#""\ud8"#), None);
    }

    #[test]
    fn a_value_ends_where_its_brackets_close() {
        assert_eq!(
            leading_json(r#"{"a":"}"} and more"#),
            Some((r#"{"a":"}"}"#, " and more"))
        );
        assert_eq!(leading_json("[1, 2"), Some(("[1, 2", "")));
        assert_eq!(leading_json("x"), None);
    }
}
