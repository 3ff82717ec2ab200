//! Builds the body of a request.
//!
//! `async-openai`'s types keep it true to the protocol; what they cannot say
//! (reasoning sent back, unknown fields of a tool call, fields of the user's own)
//! is put into the JSON afterwards. What is unset is not sent, not even as null.

use std::collections::BTreeMap;

use async_openai::types::chat as wire;
use serde_json::{Map, Value, json};
use tracer::record::Document;

use super::ids;
use crate::endpoint::{EndpointConfig, Quirks, SystemRole, ToolChoice};
use crate::model::{
    ChatMessage, ChatRequest, Part, Protocol, Role, Sampling, Sent, Style, ToolSpec,
};
use crate::protocol;

/// The body of a request.
#[derive(Clone, Debug)]
pub(super) struct Body {
    pub(super) document: Document,
    /// The size of what the endpoint counts as the prompt, images left out.
    pub(super) prompt_chars: usize,
}

/// The body that asks `config`'s model to continue, by `protocol`, the way the
/// endpoint wants it.
pub(super) fn body(
    config: &EndpointConfig,
    quirks: &Quirks,
    request: &ChatRequest,
    by: Protocol,
) -> Body {
    let mut typed = sampled(&request.settings, quirks);
    typed.model.clone_from(&config.model);
    let mut tools = None;
    match by {
        Protocol::FunctionCalling if !request.tools.is_empty() => {
            tools = Some(request.tools.sent(0, |tools| written_tools(tools)));
            typed.tool_choice = match quirks.tool_choice {
                ToolChoice::Required => Some(wire::ToolChoiceOptions::Required),
                ToolChoice::Auto => Some(wire::ToolChoiceOptions::Auto),
                ToolChoice::Omit => None,
            }
            .map(wire::ChatCompletionToolChoiceOption::Mode);
        }
        Protocol::JsonSchema if !request.tools.is_empty() => {
            typed.response_format = Some(schema_format(&request.tools, quirks));
        }
        _ => {}
    }
    if quirks.stream {
        typed.stream = Some(true);
        typed.stream_options = quirks
            .stream_usage
            .then_some(wire::ChatCompletionStreamOptions {
                include_usage: Some(true),
                include_obfuscation: None,
            });
    }
    let messages = messages(quirks, request, by);
    let prompt_chars = messages.iter().chain(&tools).map(|it| it.prompt_chars);
    let prompt_chars = prompt_chars.sum();

    let mut fields = as_json(&typed);
    fields.remove("messages");
    fields.extend(config.extra_body.clone());
    let own = fields
        .into_iter()
        .map(|(name, value)| (name, Document::from(value)));
    let mut fields: BTreeMap<String, Document> = own.collect();
    let mut shared = |name: &str, value: Document| {
        // A field of the user's own has the last word.
        fields.entry(name.to_owned()).or_insert(value);
    };
    let messages = messages.into_iter().map(|sent| sent.part.into());
    shared("messages", Document::List(messages.collect()));
    tools
        .into_iter()
        .for_each(|sent| shared("tools", sent.part.into()));
    fields.retain(|field, _| quirks.sends(field));
    Body {
        document: Document::Object(fields),
        prompt_chars,
    }
}

/// The messages as they are sent. Where nothing has to be arranged, each was written
/// when it was sent first.
fn messages(quirks: &Quirks, request: &ChatRequest, by: Protocol) -> Vec<Sent> {
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
    // No message has a float that this would widen, see [`as_json`].
    let mut value = serde_json::to_value(typed_message(message, quirks)).unwrap_or_default();
    splice(&mut value, message, quirks);
    Sent {
        part: tracer::record::Part::of(&value),
        prompt_chars: text_chars(&value),
    }
}

/// Templates show a model the schemas of its tools as JSON.
fn written_tools(tools: &[ToolSpec]) -> Sent {
    let typed: Vec<_> = tools.iter().map(typed_tool).collect();
    let part = tracer::record::Part::of(&json!(typed));
    Sent {
        prompt_chars: part.text().len(),
        part,
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

#[expect(
    deprecated,
    reason = "max_tokens and seed are what most endpoints take"
)]
fn sampled(settings: &Sampling, quirks: &Quirks) -> wire::CreateChatCompletionRequest {
    let limit = |field| {
        settings
            .max_tokens
            .filter(|_| quirks.token_limit_field() == Some(field))
    };
    wire::CreateChatCompletionRequest {
        temperature: settings.temperature,
        top_p: settings.top_p,
        seed: settings.seed,
        max_tokens: limit("max_tokens"),
        max_completion_tokens: limit("max_completion_tokens"),
        ..wire::CreateChatCompletionRequest::default()
    }
}

fn typed_tool(tool: &ToolSpec) -> wire::ChatCompletionTools {
    wire::ChatCompletionTools::Function(wire::ChatCompletionTool {
        function: wire::FunctionObject {
            name: tool.name.clone(),
            description: Some(tool.description.clone()),
            parameters: Some(tool.parameters.clone()),
            strict: None,
        },
    })
}

fn schema_format(tools: &[ToolSpec], quirks: &Quirks) -> wire::ResponseFormat {
    wire::ResponseFormat::JsonSchema {
        json_schema: wire::ResponseFormatJsonSchema {
            description: None,
            name: tools
                .first()
                .map_or("reply", |tool| tool.name.as_str())
                .to_owned(),
            schema: protocol::reply_schema(tools),
            strict: quirks.strict_schema.then_some(true),
        },
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
                            name: call.name.clone(),
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

/// The typed request as JSON. By way of text, because a float that goes through
/// `to_value` is widened: 0.7 would be sent as 0.699999988079071.
fn as_json(typed: &wire::CreateChatCompletionRequest) -> Map<String, Value> {
    let text = serde_json::to_string(typed).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}

/// Puts into a message what the types cannot say.
fn splice(sent: &mut Value, message: &ChatMessage, quirks: &Quirks) {
    let Value::Object(fields) = sent else {
        return;
    };
    fields.extend(message.extra.clone());
    if let (Some(field), Some(reasoning)) = (quirks.reasoning_echo.field(), &message.reasoning) {
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
    use std::collections::BTreeSet;

    use super::*;
    use crate::endpoint::{ReasoningEcho, TokenLimit};
    use crate::model::{Shared, ToolCall};

    fn request() -> ChatRequest {
        let mut call = ToolCall {
            id: "call_1".into(),
            name: "interact".into(),
            arguments: r#"{"actions":["do"]}"#.into(),
            extra: serde_json::Map::new(),
        };
        call.extra.insert(
            "extra_content".into(),
            json!({"google": {"thought_signature": "s"}}),
        );
        ChatRequest {
            messages: Shared::all([
                ChatMessage::system("Play."),
                ChatMessage::user("A tree."),
                ChatMessage {
                    tool_calls: vec![call],
                    reasoning: Some("wood".into()),
                    content: Vec::new(),
                    ..ChatMessage::assistant("")
                },
                ChatMessage::tool("call_1", "1 wood."),
                ChatMessage::user("Another."),
            ]),
            tools: vec![ToolSpec {
                name: "interact".into(),
                description: "Acts.".into(),
                parameters: json!({"type": "object", "properties": {"actions": {"type": "array"}}}),
            }]
            .into(),
            settings: Sampling {
                temperature: Some(0.7),
                max_tokens: Some(9),
                ..Sampling::default()
            },
            ..ChatRequest::default()
        }
    }

    fn sent(change: impl FnOnce(&mut Quirks), by: Protocol) -> Value {
        let config = EndpointConfig::resolve("http://h", "m").expect("a valid address");
        let mut quirks = Quirks::default();
        change(&mut quirks);
        body(&config, &quirks, &request(), by).document.to_value()
    }

    #[test]
    fn the_plain_request() {
        let arguments = r#"{"actions":["do"]}"#;
        let call = json!({
            "id": "call_1", "type": "function",
            "function": {"name": "interact", "arguments": arguments},
            "extra_content": {"google": {"thought_signature": "s"}},
        });
        let schema = json!({"type": "object", "properties": {"actions": {"type": "array"}}});
        let expected = json!({
            "model": "m",
            "messages": [
                {"role": "system", "content": "Play."},
                {"role": "user", "content": "A tree."},
                {"role": "assistant", "tool_calls": [call]},
                {"role": "tool", "tool_call_id": "call_1", "content": "1 wood."},
                {"role": "user", "content": "Another."},
            ],
            "tools": [{"type": "function", "function": {
                "name": "interact", "description": "Acts.", "parameters": schema}}],
            "tool_choice": "required",
            "temperature": 0.7,
            "max_tokens": 9,
        });
        assert_eq!(sent(|_| {}, Protocol::FunctionCalling), expected);
    }

    #[test]
    fn the_request_by_schema() {
        let body = sent(|_| {}, Protocol::JsonSchema);
        assert_eq!(body["response_format"]["type"], "json_schema");
        let format = &body["response_format"]["json_schema"];
        assert_eq!(
            (&format["name"], &format["strict"]),
            (&json!("interact"), &json!(true))
        );
        assert_eq!(format["schema"], request().tools[0].parameters);
        assert_eq!(
            body["messages"][2],
            json!({"role": "assistant", "content": r#"{"actions":["do"]}"#})
        );
        assert!(body.get("tools").is_none() && body.get("tool_choice").is_none());
    }

    #[test]
    fn what_is_omitted_is_not_there() {
        let body = sent(
            |quirks| {
                quirks.omit = BTreeSet::from(["temperature".into(), "max_tokens".into()]);
                quirks.token_limit = TokenLimit::MaxTokens;
                quirks.tool_choice = ToolChoice::Omit;
            },
            Protocol::FunctionCalling,
        );
        let fields: Vec<&String> = body.as_object().expect("an object").keys().collect();
        assert_eq!(
            fields,
            ["max_completion_tokens", "messages", "model", "tools"]
        );
    }

    #[test]
    fn reasoning_and_unknown_fields_are_sent_back() {
        let body = sent(
            |quirks| quirks.reasoning_echo = ReasoningEcho::ReasoningContent,
            Protocol::FunctionCalling,
        );
        let message = &body["messages"][2];
        assert_eq!(message["reasoning_content"], "wood");
        assert_eq!(
            message["tool_calls"][0]["extra_content"]["google"]["thought_signature"],
            "s"
        );
        assert!(
            sent(|_| {}, Protocol::FunctionCalling)["messages"][2]
                .get("reasoning_content")
                .is_none()
        );
    }

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
    fn a_reply_of_nothing_is_not_sent_back_as_nothing() {
        for content in ["", " \n"] {
            let message = ChatMessage::assistant(content);
            let sent = written(&message, &Quirks::default()).part.to_value();
            assert_eq!(sent["content"], NO_ANSWER);
        }
    }

    fn roles(body: &Value) -> Vec<&str> {
        let messages = body["messages"].as_array().expect("messages").iter();
        messages
            .filter_map(|message| message["role"].as_str())
            .collect()
    }

    #[test]
    fn roles_as_the_endpoint_wants_them() {
        let body = sent(
            |quirks| quirks.system_role = SystemRole::Developer,
            Protocol::FunctionCalling,
        );
        assert_eq!(
            roles(&body),
            ["developer", "user", "assistant", "tool", "user"]
        );
        let body = sent(
            |quirks| quirks.system_role = SystemRole::User,
            Protocol::FunctionCalling,
        );
        assert_eq!(roles(&body), ["user", "assistant", "tool", "user"]);
        assert_eq!(body["messages"][0]["content"], "Play.\nA tree.");
        let body = sent(
            |quirks| quirks.alternate_roles = true,
            Protocol::FunctionCalling,
        );
        assert_eq!(roles(&body), ["system", "user", "assistant", "tool"]);
        assert_eq!(body["messages"][3]["content"], "1 wood.\nAnother.");
        assert_eq!(
            roles(&sent(|_| {}, Protocol::Text)),
            ["system", "user", "assistant", "user"]
        );
    }
}
