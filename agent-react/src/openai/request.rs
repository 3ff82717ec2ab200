//! Builds the body of a request.
//!
//! `async-openai`'s types keep it true to the protocol; what they cannot say (fields of
//! the user's own) is put into the JSON afterwards. What is unset is not sent, not even as
//! null. Not here: the conversation, see [`super::messages`].

use std::collections::BTreeMap;

use async_openai::types::chat as wire;
use serde_json::{Map, Value, json};
use tracer::record::Document;

use super::messages::messages;
use crate::endpoint::{EndpointConfig, Quirks, ToolChoice};
use crate::model::{ChatRequest, Protocol, Sampling, Sent, ToolSpec};
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

/// Templates show a model the schemas of its tools as JSON.
fn written_tools(tools: &[ToolSpec]) -> Sent {
    let typed: Vec<_> = tools.iter().map(typed_tool).collect();
    let part = tracer::record::Part::of(&json!(typed));
    Sent {
        prompt_chars: part.text().len(),
        part,
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

/// The typed request as JSON. By way of text, because a float that goes through
/// `to_value` is widened: 0.7 would be sent as 0.699999988079071.
fn as_json(typed: &wire::CreateChatCompletionRequest) -> Map<String, Value> {
    let text = serde_json::to_string(typed).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::endpoint::{ReasoningEcho, SystemRole, TokenLimit};
    use crate::model::{ChatMessage, Shared, ToolCall};

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
