//! Puts a streamed answer together: [`Assembly`] joins the chunks of a stream into the
//! same JSON an unstreamed answer would have been, so that both are read by one path.
//!
//! Not here: cutting bytes into events, see [`super::events`].

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::body;
use super::events::StreamEvent;
use super::fault::ErrorBody;
use super::reply::flatten;
use super::wire::{Choice, Completion, Message, WireCall};

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
    /// Which of several choices is read: the one at index 0, or else the one that came
    /// first.
    choice: Option<u64>,
    /// Whether a piece of the message came as a `delta`.
    in_deltas: bool,
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

/// A piece that cannot be read: part of what was said is lost, and what is left may read
/// as something else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BrokenEvent {
    pub(super) data: String,
    /// What the piece is, for a sentence.
    pub(super) problem: String,
    /// Whether a part was lost on the way, rather than written in another format.
    pub(super) breaks_off: bool,
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
    /// Takes one event. After one that cannot be read, nothing more is.
    pub(super) fn push(&mut self, event: StreamEvent) {
        if self.is_done() {
            return;
        }
        match event {
            StreamEvent::Data(data) => self.push_data(&data),
            StreamEvent::Error(data) => {
                let error = serde_json::from_str(&data);
                self.note_error(error.unwrap_or(Value::String(data)));
            }
            StreamEvent::Stray(line) => {
                let problem = "a line that belongs to no event".to_owned();
                self.broken = Some(BrokenEvent {
                    data: line,
                    problem,
                    breaks_off: true,
                });
            }
        }
    }

    fn push_data(&mut self, data: &str) {
        if data.trim() == "[DONE]" {
            self.done = true;
            return;
        }
        let (problem, breaks_off) = match body::read_value(data) {
            Ok(chunk @ Value::Object(_)) => return self.push_chunk(chunk),
            Ok(_) => ("an event that is no JSON object".to_owned(), false),
            Err(fault) => (
                format!("an event that is no JSON object ({fault})"),
                fault.is_eof(),
            ),
        };
        self.broken = Some(BrokenEvent {
            data: data.to_owned(),
            problem,
            breaks_off,
        });
    }

    fn push_chunk(&mut self, chunk: Value) {
        self.chunks += 1;
        if ["choices", "error"]
            .iter()
            .all(|key| chunk.get(*key).is_none())
            && ErrorBody::is_in(&chunk)
        {
            self.note_error(chunk);
            return;
        }
        // Every object is one: what is of another type counts as missing.
        let Completion {
            model,
            choices,
            error,
            ..
        } = Completion::deserialize(&chunk).unwrap_or_default();
        self.model = self.model.take().or(model);
        if chunk.get("usage").is_some_and(Value::is_object) {
            self.usage = chunk["usage"].clone();
        }
        self.note_error(error);
        for choice in choices {
            let index = choice.index.unwrap_or_default();
            let read = *self.choice.get_or_insert(index);
            if index == 0 && read != 0 {
                self.choice = Some(index);
                self.finish_reason = None;
                self.forget_message();
            }
            if index == 0 || index == read {
                self.push_choice(choice);
            }
        }
    }

    fn push_choice(&mut self, choice: Choice) {
        self.note_error(choice.error);
        self.finish_reason = choice.finish_reason.or(self.finish_reason.take());
        match (choice.delta, choice.message) {
            // Some servers end with the whole message, which stands for its pieces.
            (_, Some(whole)) if self.in_deltas && says_something(&whole) => {
                self.forget_message();
                self.push_piece(whole);
            }
            (Some(piece), _) => {
                self.in_deltas = true;
                self.push_piece(piece);
            }
            (None, Some(piece)) => self.push_piece(piece),
            (None, None) => {}
        }
    }

    /// Drops what was said so far, for what comes stands in its place.
    fn forget_message(&mut self) {
        self.content.clear();
        self.reasoning.clear();
        self.reasoning_details.clear();
        self.calls.clear();
    }

    fn push_piece(&mut self, piece: Message) {
        let (text, thought) = flatten(&piece.content);
        self.content.push_str(&text);
        self.reasoning.push_str(&thought);
        let field = [&piece.reasoning_content, &piece.reasoning]
            .into_iter()
            .map(|value| flatten(value).0)
            .find(|text| !text.is_empty());
        self.reasoning.push_str(&field.unwrap_or_default());
        if let Some(Value::Array(details)) = piece.reasoning_details {
            self.reasoning_details.extend(details);
        }
        for call in piece.tool_calls {
            self.push_call(call);
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
        let is_same = |call: &PartialCall| call.index == piece.index;
        let of_that_id = |call: &PartialCall| is_same(call) && id.is_some() && call.id == id;
        let at = match piece.index {
            _ if self.calls.iter().any(of_that_id) => self.calls.iter().rposition(of_that_id),
            Some(_) => self.calls.iter().rposition(is_same),
            None => self.calls.len().checked_sub(1),
        };
        let complete = |call: &PartialCall| serde_json::from_str::<Value>(&call.arguments).is_ok();
        let at = at.filter(|&at| {
            let open = &self.calls[at];
            let other_id = id.is_some() && open.id.is_some() && id != open.id;
            let named_anew = !name.is_empty()
                && !open.name.is_empty()
                && complete(open)
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
        if call.id == id
            && call.name == name
            && complete(call)
            && function.arguments == *call.arguments
        {
            // The call once more, whole.
            return;
        }
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

fn says_something(message: &Message) -> bool {
    !message.tool_calls.is_empty() || !flatten(&message.content).0.is_empty()
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
            assembly.push_data(&chunk.to_string());
        }
        assembly.push_data("[DONE]");
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
    fn calls_that_take_turns_at_one_index_are_told_by_their_ids() {
        let pieces = [
            piece(Some(0), Some("a"), Some("f"), "{\"x\":"),
            piece(Some(0), Some("b"), Some("f"), "{\"y\":"),
            piece(Some(0), Some("a"), None, "1}"),
            piece(Some(0), Some("b"), None, "2}"),
        ];
        assert_eq!(
            calls(&pieces),
            [
                ("a".into(), "{\"x\":1}".into()),
                ("b".into(), "{\"y\":2}".into())
            ]
        );
    }

    #[test]
    fn a_call_that_comes_again_whole_is_one() {
        let whole = piece(Some(0), Some("a"), Some("f"), "{\"x\":1}");
        assert_eq!(
            calls(&[whole.clone(), whole]),
            [("a".into(), "{\"x\":1}".into())]
        );
    }

    #[test]
    fn a_whole_message_stands_for_the_pieces_before_it() {
        let text = |answer: Value| answer["choices"][0]["message"]["content"].clone();
        let delta = |text: &str| json!({"choices": [{"delta": {"content": text}}]});
        let message = |text: &str| json!({"choices": [{"message": {"content": text}}]});
        let whole = assemble(&[delta("Action: "), delta("do"), message("Action: do")]);
        assert_eq!(text(whole), "Action: do");
        let in_messages = assemble(&[message("Action: "), message("do")]);
        assert_eq!(text(in_messages), "Action: do");
    }

    /// Two samples of one reply, which together would read as a third.
    #[test]
    fn of_several_choices_one_is_read() {
        let both = |a: &str, b: &str| {
            let choice =
                |index: u8, text: &str| json!({"index": index, "delta": {"content": text}});
            json!({"choices": [choice(0, a), choice(1, b)]})
        };
        let text = |answer: Value| answer["choices"][0]["message"]["content"].clone();
        let answer = assemble(&[both("Action: move_", "Action: "), both("left", "sleep")]);
        assert_eq!(text(answer), "Action: move_left");
        let second = json!({"choices": [
            {"index": 1, "delta": {"content": "Action: sleep"}, "finish_reason": "length"}]});
        let answer = assemble(&[second.clone(), both("Action: do", "!"), second.clone()]);
        assert_eq!(answer["choices"][0]["finish_reason"], Value::Null);
        assert_eq!(text(answer), "Action: do");
        assert_eq!(text(assemble(&[second])), "Action: sleep");
    }

    #[test]
    fn a_stream_that_ends_early_is_no_answer() {
        let mut assembly = Assembly::default();
        assembly.push_data(&json!({"choices": [{"delta": {"content": "half"}}]}).to_string());
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
            assembly.push(StreamEvent::Data(data.to_owned()));
        }
        let Err(NoAnswer::Broken(broken)) = assembly.finish() else {
            panic!("an answer");
        };
        assert_eq!(broken.data, damaged);
    }

    /// What is left of a line may be the middle of a list of actions.
    #[test]
    fn a_line_of_no_event_voids_the_stream() {
        let mut assembly = Assembly::default();
        let line = "dta: {}".to_owned();
        assembly.push(StreamEvent::Stray(line.clone()));
        assembly.push_data("[DONE]");
        let Err(NoAnswer::Broken(broken)) = assembly.finish() else {
            panic!("an answer");
        };
        assert_eq!(broken.data, line);
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

        for event in [
            StreamEvent::Error("{\"message\": \"overloaded\"}".to_owned()),
            StreamEvent::Error("overloaded".to_owned()),
            StreamEvent::Data("{\"message\": \"overloaded\"}".to_owned()),
        ] {
            let mut assembly = Assembly::default();
            assembly.push(event);
            let answer = assembly.finish().expect("an error is one");
            assert_eq!(ErrorBody::read(&answer).message, "overloaded");
        }
    }
}
