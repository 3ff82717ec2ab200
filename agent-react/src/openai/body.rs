//! Reads an answer's JSON as endpoints write it: with numbers that JSON does not have,
//! and with text after its end.
//!
//! Only what leaves the meaning of the rest untouched is read. Not here: what the JSON
//! says, see [`super::wire`].

use serde_json::Value;

use super::fault::excerpt;
use crate::protocol::{leading_json, read_as_written};

/// Characters of a body that are shown before the place that cannot be read.
const BEFORE_FAULT: usize = 80;

/// What a body holds.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Body {
    pub(super) json: Value,
    /// What follows the JSON and was not read.
    pub(super) after: Option<String>,
}

/// A text that is no JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NoJson {
    /// What is wrong, with the text around it.
    pub(super) problem: String,
    /// Whether it is JSON as far as it goes.
    pub(super) breaks_off: bool,
}

/// Reads a whole body. Text after a complete value is left out, unless it holds a further
/// object: that may be the rest of what was said.
pub(super) fn read(text: &str) -> Result<Body, NoJson> {
    let fault = match read_value(text) {
        Ok(json) => return Ok(Body { json, after: None }),
        Err(fault) => fault,
    };
    let whole = leading_json(text.trim_start()).filter(|(_, after)| !after.contains('{'));
    let read = whole.and_then(|(json, after)| Some((read_value(json).ok()?, after)));
    match read {
        Some((json, after)) => Ok(Body {
            json,
            after: Some(excerpt(after)),
        }),
        None => Err(NoJson {
            problem: format!("{fault}: {:?}", excerpt(around(text, &fault))),
            breaks_off: fault.is_eof(),
        }),
    }
}

/// Reads a value and nothing else. Numbers that JSON has none for, which Python and C++
/// write as they print them, count as missing.
pub(super) fn read_value(text: &str) -> serde_json::Result<Value> {
    read_as_written(text).or_else(|fault| match with_known_numbers(text) {
        Some(known) => read_as_written(&known),
        None => Err(fault),
    })
}

/// `text` with `null` for `NaN`, `Infinity`, `1e999` and their like, if it has any.
fn with_known_numbers(text: &str) -> Option<String> {
    let in_token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut any = false;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' => string_length(rest),
            _ if in_token(first) => rest.find(|c| !in_token(c)).unwrap_or(rest.len()),
            _ => first.len_utf8(),
        };
        let (piece, after) = rest.split_at(length);
        let is_beyond = in_token(first) && piece.parse().is_ok_and(|n: f64| !n.is_finite());
        any |= is_beyond;
        out.push_str(if is_beyond { "null" } else { piece });
        rest = after;
    }
    any.then_some(out)
}

/// The length in bytes of the string `text` begins with, to the end if it is open.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    let end = text.char_indices().skip(1).find(|&(_, c)| match c {
        _ if escaped => {
            escaped = false;
            false
        }
        '\\' => {
            escaped = true;
            false
        }
        _ => c == '"',
    });
    end.map_or(text.len(), |(at, quote)| at + quote.len_utf8())
}

/// `text` from a little before the place of a fault.
fn around<'a>(text: &'a str, fault: &serde_json::Error) -> &'a str {
    let lines = text.split_inclusive('\n').take(fault.line().max(1) - 1);
    let at = lines.map(str::len).sum::<usize>() + fault.column();
    let from = text
        .char_indices()
        .map(|(index, _)| index)
        .find(|index| index + BEFORE_FAULT >= at);
    &text[from.unwrap_or(0)..]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_that_are_none_count_as_missing() {
        for number in [
            "NaN",
            "Infinity",
            "-Infinity",
            "1e999",
            "-1E+999",
            "nan",
            "-inf",
        ] {
            let text = format!(r#"{{"a": [{number}, 1.5, "{number} \" {number}"], "b":{number}}}"#);
            let read = read_value(&text).expect("JSON but for a number");
            let said = format!("{number} \" {number}");
            assert_eq!(read, json!({"a": [null, 1.5, said], "b": null}));
        }
        for broken in ["{\"a\": nothing}", "{\"a\": NaN", "NaNs", "{\"a\": \"NaN}"] {
            assert!(read_value(broken).is_err(), "{broken}");
        }
    }

    #[test]
    fn text_after_a_whole_value_is_left_out() {
        let read = |text| read(text).map(|body| (body.json["a"].clone(), body.after));
        let after = |text: &str| Ok((json!(NUMBER), Some(text.to_owned())));
        const NUMBER: u8 = 1;
        assert_eq!(read(" {\"a\": 1}\n"), Ok((json!(NUMBER), None)));
        assert_eq!(read("{\"a\": 1}\n\ndata: [DONE]\n"), after("data: [DONE]"));
        assert_eq!(read("{\"a\": 1, \"b\": NaN}}"), after("}"));
        // One chunk of a stream of another format is no reply.
        for several in ["{\"a\": 1}\n{\"a\": 2}", "{\"a\": 1},{\"a\": 2}", "1 {}"] {
            assert!(read(several).is_err(), "{several}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_shown_where_it_is() {
        let fault = |text: &str| read(text).expect_err("no JSON");
        let long = format!("{{\"a\": \"{}\", \"b\": oops}}", "x".repeat(400));
        let shown = fault(&long);
        assert!(shown.problem.contains("\\\"b\\\": oops}"), "{shown:?}");
        assert!(!shown.breaks_off);
        assert!(fault("{\"a\": 1").breaks_off);
        let lines = fault("{\n\"é\": 1,\n\"b\": oops}");
        assert!(lines.problem.contains("line 3") && lines.problem.contains("oops"));
    }
}
