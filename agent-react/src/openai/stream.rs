//! Puts a streamed answer together.
//!
//! [`Events`] cuts the bytes into server-sent events, [`Assembly`] joins their
//! chunks into the same JSON an unstreamed answer would have been, so that both are
//! read by one path.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::reply::flatten;
use super::wire::{Completion, WireCall};
use crate::protocol::read_as_written;

/// Cuts bytes into the data of server-sent events. Comments and keep-alives are
/// dropped; pieces may end anywhere, even within a character.
#[derive(Debug, Default)]
pub(super) struct Events {
    line: Vec<u8>,
    data: String,
}

impl Events {
    /// Takes a piece; returns the data of the events it completes.
    pub(super) fn push(&mut self, piece: &[u8]) -> Vec<String> {
        let mut complete = Vec::new();
        for &byte in piece {
            if byte == b'\n' {
                complete.extend(self.end_line());
            } else {
                self.line.push(byte);
            }
        }
        complete
    }

    /// Cuts a text that is complete.
    pub(super) fn all(mut self, text: &[u8]) -> Vec<String> {
        let mut events = self.push(text);
        events.extend(self.finish());
        events
    }

    /// What is left when the connection ends without a last blank line.
    pub(super) fn finish(mut self) -> Option<String> {
        let last = self.end_line();
        last.or_else(|| self.take_data())
    }

    fn end_line(&mut self) -> Option<String> {
        let line = std::mem::take(&mut self.line);
        let line = String::from_utf8_lossy(&line);
        let line = line.trim_end_matches('\r');
        if line.is_empty() {
            return self.take_data();
        }
        if let Some(data) = line.strip_prefix("data:") {
            if !self.data.is_empty() {
                self.data.push('\n');
            }
            self.data.push_str(data.strip_prefix(' ').unwrap_or(data));
        }
        None
    }

    fn take_data(&mut self) -> Option<String> {
        let data = std::mem::take(&mut self.data);
        (!data.is_empty()).then_some(data)
    }
}

/// Joins the chunks of a stream.
#[derive(Debug, Default)]
pub(super) struct Assembly {
    model: Option<String>,
    content: String,
    reasoning: String,
    reasoning_details: Vec<Value>,
    calls: Vec<PartialCall>,
    finish_reason: Option<String>,
    usage: Value,
    error: Value,
    done: bool,
    chunks: u64,
    broken: Option<BrokenEvent>,
}

/// A stream that is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NoAnswer {
    /// Neither a reason to finish nor `[DONE]` came.
    CutShort,
    /// An event of it cannot be read.
    Broken(BrokenEvent),
}

/// The data of an event that is no JSON object: part of what was said is lost, and
/// what is left may read as something else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BrokenEvent {
    pub(super) data: String,
    pub(super) problem: String,
}

#[derive(Debug, Default)]
struct PartialCall {
    index: Option<u64>,
    id: Option<String>,
    name: String,
    arguments: String,
    extra: Map<String, Value>,
}

impl Assembly {
    /// Takes the data of one event. After one that cannot be read, nothing more is.
    pub(super) fn push(&mut self, data: &str) {
        if self.is_done() {
            return;
        }
        if data.trim() == "[DONE]" {
            self.done = true;
            return;
        }
        let chunk = match read_as_written::<Map<String, Value>>(data) {
            Ok(chunk) => Value::Object(chunk),
            Err(problem) => {
                self.broken = Some(BrokenEvent {
                    data: data.to_owned(),
                    problem: problem.to_string(),
                });
                return;
            }
        };
        // Every object is one: what is of another type counts as missing.
        let Completion {
            model,
            choices,
            error,
            ..
        } = Completion::deserialize(&chunk).unwrap_or_default();
        self.chunks += 1;
        self.model = self.model.take().or(model);
        if chunk.get("usage").is_some_and(Value::is_object) {
            self.usage = chunk["usage"].clone();
        }
        self.note_error(error);
        for choice in choices {
            self.note_error(choice.error);
            self.finish_reason = choice.finish_reason.or(self.finish_reason.take());
            let Some(delta) = choice.delta.or(choice.message) else {
                continue;
            };
            let (text, thought) = flatten(&delta.content);
            self.content.push_str(&text);
            self.reasoning.push_str(&thought);
            let field = [&delta.reasoning_content, &delta.reasoning]
                .into_iter()
                .map(|value| flatten(value).0)
                .find(|text| !text.is_empty());
            self.reasoning.push_str(&field.unwrap_or_default());
            if let Some(Value::Array(details)) = delta.reasoning_details {
                self.reasoning_details.extend(details);
            }
            for call in delta.tool_calls {
                self.push_call(call);
            }
        }
    }

    /// Whether nothing more is expected.
    pub(super) fn is_done(&self) -> bool {
        self.done || self.broken.is_some()
    }

    /// The answer as an unstreamed one, if the stream is one.
    pub(super) fn finish(self) -> Result<Value, NoAnswer> {
        if let Some(broken) = self.broken {
            return Err(NoAnswer::Broken(broken));
        }
        if !self.done && self.finish_reason.is_none() && self.error.is_null() {
            return Err(NoAnswer::CutShort);
        }
        let mut message = Map::new();
        message.insert("role".into(), json!("assistant"));
        message.insert("content".into(), json!(self.content));
        if !self.reasoning.is_empty() {
            message.insert("reasoning_content".into(), json!(self.reasoning));
        }
        if !self.reasoning_details.is_empty() {
            message.insert("reasoning_details".into(), json!(self.reasoning_details));
        }
        let nothing_said =
            self.content.is_empty() && self.reasoning.is_empty() && self.calls.is_empty();
        if !self.calls.is_empty() {
            let calls: Vec<Value> = self.calls.into_iter().map(PartialCall::into_json).collect();
            message.insert("tool_calls".into(), Value::Array(calls));
        }
        let mut answer = json!({
            "object": "chat.completion",
            "assembled_from_chunks": self.chunks,
            "model": self.model,
            "usage": self.usage,
        });
        // An error after half a reply makes the whole of it worthless.
        answer["choices"] = match self.error.is_null()
            && !(nothing_said && self.finish_reason.is_none())
        {
            true => json!([{"index": 0, "message": message, "finish_reason": self.finish_reason}]),
            false => json!([]),
        };
        if !self.error.is_null() {
            answer["error"] = self.error;
        }
        Ok(answer)
    }

    fn note_error(&mut self, error: Value) {
        if self.error.is_null() {
            self.error = error;
        }
    }

    /// Servers put parallel calls all at index 0, or leave out ids or indices. A
    /// piece opens a new call if its index is new, or if it brings another id, or a
    /// name where a complete call is already there.
    fn push_call(&mut self, piece: WireCall) {
        let function = piece.function.unwrap_or_default();
        let name = function.name.unwrap_or_default();
        let id = piece.id.filter(|id| !id.is_empty());
        let at = match piece.index {
            Some(_) => self
                .calls
                .iter()
                .rposition(|call| call.index == piece.index),
            None => self.calls.len().checked_sub(1),
        };
        let at = at.filter(|&at| {
            let open = &self.calls[at];
            let other_id = id.is_some() && open.id.is_some() && id != open.id;
            let complete = serde_json::from_str::<Value>(&open.arguments).is_ok();
            let named_anew = !name.is_empty()
                && !open.name.is_empty()
                && complete
                && (id.is_none() || id != open.id);
            !other_id && !named_anew
        });
        let at = at.unwrap_or_else(|| {
            self.calls.push(PartialCall {
                index: piece.index,
                ..PartialCall::default()
            });
            self.calls.len() - 1
        });
        let call = &mut self.calls[at];
        call.id = call.id.take().or(id);
        // Some servers repeat the whole name with every piece, others split it.
        if call.name != name {
            call.name.push_str(&name);
        }
        match function.arguments {
            Value::String(text) => call.arguments.push_str(&text),
            Value::Null => {}
            object => call.arguments.push_str(&object.to_string()),
        }
        call.extra.extend(piece.extra);
    }
}

impl PartialCall {
    fn into_json(self) -> Value {
        let mut call = self.extra;
        call.insert("id".into(), json!(self.id));
        call.insert("type".into(), json!("function"));
        call.insert(
            "function".into(),
            json!({"name": self.name, "arguments": self.arguments}),
        );
        Value::Object(call)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assemble(chunks: &[Value]) -> Value {
        let mut assembly = Assembly::default();
        for chunk in chunks {
            assembly.push(&chunk.to_string());
        }
        assembly.push("[DONE]");
        assembly.finish().expect("a finished stream")
    }

    fn calls(pieces: &[Value]) -> Vec<(String, String)> {
        let chunks: Vec<Value> = pieces
            .iter()
            .map(|piece| json!({"choices": [{"delta": {"tool_calls": [piece]}}]}))
            .collect();
        let answer = assemble(&chunks);
        let calls = answer["choices"][0]["message"]["tool_calls"]
            .as_array()
            .expect("calls")
            .clone();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        calls
            .iter()
            .map(|call| (text(&call["id"]), text(&call["function"]["arguments"])))
            .collect()
    }

    fn piece(index: Option<u64>, id: Option<&str>, name: Option<&str>, arguments: &str) -> Value {
        json!({"index": index, "id": id, "function": {"name": name, "arguments": arguments}})
    }

    #[test]
    fn events_are_cut_anywhere() {
        let text = ": keep-alive\r\n\r\ndata: {\"a\":\"é\"}\r\n\r\nevent: x\ndata:1\ndata: 2\n\ndata: [DONE]";
        for size in 1..text.len() {
            let mut events = Events::default();
            let mut found: Vec<String> = text
                .as_bytes()
                .chunks(size)
                .flat_map(|piece| events.push(piece))
                .collect();
            found.extend(events.finish());
            assert_eq!(
                found,
                ["{\"a\":\"é\"}", "1\n2", "[DONE]"],
                "pieces of {size}"
            );
        }
    }

    #[test]
    fn parallel_calls_by_index() {
        let pieces = [
            piece(Some(0), Some("a"), Some("f"), "{\"x\""),
            piece(Some(1), Some("b"), Some("f"), "{}"),
            piece(Some(0), None, None, ":1}"),
        ];
        assert_eq!(
            calls(&pieces),
            [("a".into(), "{\"x\":1}".into()), ("b".into(), "{}".into())]
        );
    }

    #[test]
    fn parallel_calls_all_at_index_zero() {
        let pieces = [
            piece(Some(0), Some("a"), Some("f"), "{}"),
            piece(Some(0), Some("b"), Some("f"), "{\"y\":"),
            piece(Some(0), None, None, "2}"),
        ];
        assert_eq!(
            calls(&pieces),
            [("a".into(), "{}".into()), ("b".into(), "{\"y\":2}".into())]
        );
    }

    #[test]
    fn parallel_calls_without_ids_or_indices() {
        let pieces = [
            piece(None, None, Some("f"), "{\"x\":"),
            piece(None, None, Some("f"), "1}"),
            piece(None, None, Some("f"), "{}"),
        ];
        assert_eq!(
            calls(&pieces),
            [("".into(), "{\"x\":1}".into()), ("".into(), "{}".into())]
        );
    }

    #[test]
    fn a_stream_that_ends_early_is_no_answer() {
        let mut assembly = Assembly::default();
        assembly.push(&json!({"choices": [{"delta": {"content": "half"}}]}).to_string());
        assert_eq!(assembly.finish(), Err(NoAnswer::CutShort));
    }

    /// The middle of three pieces is cut short: what is left would read as a shorter
    /// list of actions.
    #[test]
    fn a_damaged_event_voids_the_stream() {
        let mut assembly = Assembly::default();
        let chunk = |arguments: &str| {
            let piece = piece(Some(0), Some("a"), Some("f"), arguments);
            json!({"choices": [{"delta": {"tool_calls": [piece]}}]}).to_string()
        };
        let damaged = chunk("2,3,");
        let damaged = &damaged[..damaged.len() - 6];
        for data in [&chunk("[1,"), damaged, &chunk("4]"), "[DONE]"] {
            assembly.push(data);
        }
        let Err(NoAnswer::Broken(broken)) = assembly.finish() else {
            panic!("an answer");
        };
        assert_eq!(broken.data, damaged);
    }

    #[test]
    fn usage_comes_in_a_chunk_without_choices() {
        let answer = assemble(&[
            json!({"choices": [{"delta": {"content": "a"}, "finish_reason": ""}], "usage": null}),
            json!({"choices": [{"delta": {"content": "b"}, "finish_reason": "stop"}]}),
            json!({"choices": [], "usage": {"prompt_tokens": 1}}),
        ]);
        assert_eq!(answer["usage"]["prompt_tokens"], 1);
        assert_eq!(answer["choices"][0]["message"]["content"], "ab");
    }

    #[test]
    fn an_error_in_mid_stream_voids_the_reply() {
        let answer = assemble(&[
            json!({"choices": [{"delta": {"content": "a"}}]}),
            json!({"error": {"message": "overloaded"}}),
        ]);
        assert_eq!(answer["choices"], json!([]));
        assert_eq!(answer["error"]["message"], "overloaded");
    }
}
