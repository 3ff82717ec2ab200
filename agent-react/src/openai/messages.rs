//! Writes the conversation as an endpoint takes it: which roles there are and how they
//! follow each other, and what is sent back of earlier replies.
//!
//! Not here: the other fields of a request, see [`super::request`].

use async_openai::types::chat as wire;
use serde_json::{Map, Value, json};

use super::ids;
use crate::endpoint::{Quirks, SystemRole};
use crate::model::{ChatMessage, ChatRequest, Part, Protocol, Role, Sent, Style};
use crate::protocol;

/// The messages as they are sent. Where nothing has to be arranged, each was written
/// when it was sent first.
pub(super) fn messages(quirks: &Quirks, request: &ChatRequest, by: Protocol) -> Vec<Sent> {
    let write = |message: &ChatMessage| written(message, quirks);
    let as_they_are = by == Protocol::FunctionCalling
        && quirks.system_role != SystemRole::User
        && !quirks.alternate_roles
        && !ids::want_repair(&request.messages, quirks.short_tool_ids);
    if as_they_are {
        let style = Style::from(quirks.text_beside_calls) << 12
            | (quirks.system_role as Style) << 8
            | (quirks.images as Style) << 4
            | quirks.reasoning_echo as Style;
        let messages = request.messages.iter();
        return messages.map(|it| it.sent(style, write)).collect();
    }
    let messages: Vec<ChatMessage> = request.messages.iter().map(|it| (**it).clone()).collect();
    let mut messages = protocol::render(&messages, &request.tools, by);
    if quirks.system_role == SystemRole::User {
        open_with_instructions(&mut messages);
    }
    if quirks.alternate_roles {
        alternate(&mut messages);
    }
    ids::repair(&mut messages, quirks.short_tool_ids);
    messages.iter().map(write).collect()
}

fn written(message: &ChatMessage, quirks: &Quirks) -> Sent {
    // No message has a float that this would widen, see `request::as_json`.
    let mut value = serde_json::to_value(typed_message(message, quirks)).unwrap_or_default();
    splice(&mut value, message, quirks);
    Sent {
        part: tracer::record::Part::of(&value),
        prompt_chars: text_chars(&value),
    }
}

/// The size of all texts in a message.
fn text_chars(value: &Value) -> usize {
    match value {
        Value::String(text) if text.starts_with("data:") => 0,
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(text_chars).sum(),
        Value::Object(fields) => fields.values().map(text_chars).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    }
}

fn typed_message(message: &ChatMessage, quirks: &Quirks) -> wire::ChatCompletionRequestMessage {
    let text = message.joined_text();
    match message.role {
        Role::System => match quirks.system_role {
            SystemRole::Developer => wire::ChatCompletionRequestDeveloperMessage::from(text).into(),
            SystemRole::System | SystemRole::User => {
                wire::ChatCompletionRequestSystemMessage::from(text).into()
            }
        },
        Role::User => wire::ChatCompletionRequestUserMessage {
            content: user_content(message, quirks),
            name: None,
        }
        .into(),
        Role::Assistant => {
            let calls = message.tool_calls.iter().map(|call| {
                wire::ChatCompletionMessageToolCalls::Function(
                    wire::ChatCompletionMessageToolCall {
                        id: call.id.clone(),
                        function: wire::FunctionCall {
                            name: sent_name(&call.name),
                            arguments: sent_arguments(&call.arguments),
                        },
                    },
                )
            });
            let calls: Vec<_> = calls.collect();
            let content = match (text.trim().is_empty(), calls.is_empty()) {
                (false, false) if !quirks.text_beside_calls => None,
                (false, _) => Some(text.into()),
                (true, true) => Some(NO_ANSWER.to_owned().into()),
                (true, false) => None,
            };
            wire::ChatCompletionRequestAssistantMessage {
                content,
                tool_calls: (!calls.is_empty()).then_some(calls),
                ..wire::ChatCompletionRequestAssistantMessage::default()
            }
            .into()
        }
        Role::Tool => wire::ChatCompletionRequestToolMessage {
            content: text.into(),
            tool_call_id: message.tool_call_id.clone().unwrap_or_default(),
        }
        .into(),
    }
}

/// Stands for a reply of nothing: some endpoints refuse a message without content, and
/// without the message roles would no longer alternate.
const NO_ANSWER: &str = "(no answer)";

/// The name of a tool that an earlier reply called as an endpoint takes it: many refuse
/// a whole conversation for a name of other letters.
fn sent_name(written: &str) -> String {
    const LONGEST: usize = 64;
    let is_fit = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let letters = written.chars().take(LONGEST);
    let name: String = letters.map(|c| if is_fit(c) { c } else { '_' }).collect();
    match name.is_empty() {
        true => "unknown".to_owned(),
        false => name,
    }
}

/// The arguments of an earlier call as an endpoint takes them: some read those of the
/// whole history, and fail on any that are no JSON object.
fn sent_arguments(written: &str) -> String {
    let is_object = |text: &str| serde_json::from_str::<Map<String, Value>>(text).is_ok();
    match protocol::parse_json(written) {
        _ if is_object(written) => written.to_owned(),
        Ok(mended @ Value::Object(_)) => mended.to_string(),
        Ok(_) | Err(_) if written.trim().is_empty() => "{}".to_owned(),
        Ok(_) | Err(_) => json!({ "invalid": written }).to_string(),
    }
}

/// A plain string wherever there is no image: some servers take nothing else.
fn user_content(
    message: &ChatMessage,
    quirks: &Quirks,
) -> wire::ChatCompletionRequestUserMessageContent {
    let has_images = message
        .content
        .iter()
        .any(|part| matches!(part, Part::Image(_)));
    if !has_images || !quirks.images {
        return message.joined_text().into();
    }
    let parts = message.content.iter().map(|part| match part {
        Part::Text(text) => {
            wire::ChatCompletionRequestUserMessageContentPart::Text(text.as_str().into())
        }
        Part::Image(url) => wire::ChatCompletionRequestUserMessageContentPart::ImageUrl(
            wire::ImageUrl::from(url.clone()).into(),
        ),
    });
    wire::ChatCompletionRequestUserMessageContent::Array(parts.collect())
}

/// Puts into a message what the types cannot say.
fn splice(sent: &mut Value, message: &ChatMessage, quirks: &Quirks) {
    let Value::Object(fields) = sent else {
        return;
    };
    fields.extend(message.extra.clone());
    // DeepSeek wants the field beside every call, even where nothing was thought.
    let thought = message.reasoning.as_deref();
    let thought = thought.or((!message.tool_calls.is_empty()).then_some(""));
    if let (Some(field), Some(reasoning)) = (quirks.reasoning_echo.field(), thought) {
        fields.insert(field.to_owned(), json!(reasoning));
    }
    let calls = fields.get_mut("tool_calls").and_then(Value::as_array_mut);
    for (sent, call) in calls.into_iter().flatten().zip(&message.tool_calls) {
        if let Value::Object(fields) = sent {
            fields.extend(call.extra.clone());
        }
    }
}

/// Moves instructions into the first user message.
fn open_with_instructions(messages: &mut Vec<ChatMessage>) {
    let (system, mut others): (Vec<_>, Vec<_>) = messages
        .drain(..)
        .partition(|message| message.role == Role::System);
    let instructions = system.into_iter().flat_map(|message| message.content);
    match others.first_mut() {
        Some(first) if first.role == Role::User => {
            first.content.splice(0..0, instructions);
        }
        _ => others.insert(
            0,
            ChatMessage {
                content: instructions.collect(),
                ..ChatMessage::user("")
            },
        ),
    }
    *messages = others;
}

/// Joins neighbours of one role, and a user message with the tool's result before
/// it (which takes no image). Results of parallel calls stay apart, since each
/// answers its own call.
fn alternate(messages: &mut Vec<ChatMessage>) {
    let mut joined: Vec<ChatMessage> = Vec::new();
    for message in messages.drain(..) {
        let has_image = message
            .content
            .iter()
            .any(|part| matches!(part, Part::Image(_)));
        match (joined.last_mut(), message.role) {
            (Some(last), Role::User)
                if last.role == Role::User || (last.role == Role::Tool && !has_image) =>
            {
                last.content.extend(message.content);
            }
            (Some(last), Role::Assistant)
                if last.role == Role::Assistant && last.tool_calls.is_empty() =>
            {
                last.content.extend(message.content);
                last.tool_calls = message.tool_calls;
            }
            _ => joined.push(message),
        }
    }
    *messages = joined;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Servers that put the arguments of earlier calls into the chat template fail on
    /// what is no object, for as long as it stands in the history.
    #[test]
    fn arguments_go_back_as_an_object() {
        let check = |written, sent| assert_eq!(sent_arguments(written), sent, "{written}");
        check(r#"{"actions": ["do"]}"#, r#"{"actions": ["do"]}"#);
        check(r#"{"actions": ["do"]"#, r#"{"actions":["do"]}"#);
        check(r#"{"actions": ["d"#, r#"{"invalid":"{\"actions\": [\"d"}"#);
        check(r#"["do"]"#, r#"{"invalid":"[\"do\"]"}"#);
        check("", "{}");
    }

    #[test]
    fn names_go_back_in_letters_that_are_taken() {
        let check = |written, sent| assert_eq!(sent_name(written), sent);
        check("interact", "interact");
        check("functions.move left", "functions_move_left");
        check("", "unknown");
        assert_eq!(sent_name(&"é".repeat(70)), "_".repeat(64));
    }

    #[test]
    fn a_reply_of_nothing_is_not_sent_back_as_nothing() {
        for content in ["", " \n"] {
            let message = ChatMessage::assistant(content);
            let sent = written(&message, &Quirks::default()).part.to_value();
            assert_eq!(sent["content"], NO_ANSWER);
        }
    }
}
