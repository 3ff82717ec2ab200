//! How the client copes with endpoints that deviate from OpenAI's protocol: one test
//! for each way of deviating, numbered. The scripted endpoint checks every request.

mod adaptations;
mod bodies;
mod doctor;
mod faults;
mod properties;
mod replies;
mod streams;
#[path = "../support/mod.rs"]
mod support;

use std::time::Duration;

use agent_react::endpoint::EndpointConfig;
use agent_react::model::{
    ChatMessage, ChatModel, ChatReply, ChatRequest, ModelError, Protocol, Sampling, Shared,
    ToolSpec,
};
use agent_react::openai::OpenAiModel;
use integration_tests::endpoint::{Answer, ScriptedEndpoint};
use serde_json::json;

/// Arguments of a call that moves left.
const LEFT: &str = r#"{"actions":["move_left"]}"#;

fn config(url: &str) -> EndpointConfig {
    let mut config = EndpointConfig::resolve(url, "test-model").expect("a valid address");
    config.retry.base_delay = Duration::from_millis(2);
    config.retry.max_delay = Duration::from_millis(4);
    config
}

fn streaming(url: &str) -> EndpointConfig {
    let mut config = config(url);
    config.quirks.stream = true;
    config
}

fn model(config: EndpointConfig) -> OpenAiModel {
    OpenAiModel::new(config).expect("a valid configuration")
}

fn request() -> ChatRequest {
    let actions = json!({"type": "array", "items": {"enum": ["noop", "move_left", "do"]}});
    ChatRequest {
        messages: Shared::all([
            ChatMessage::system("You play."),
            ChatMessage::user("A tree is to your left."),
        ]),
        tools: vec![ToolSpec {
            name: "interact".into(),
            description: "Acts in the world.".into(),
            parameters: json!({
                "type": "object",
                "properties": {"actions": actions},
                "required": ["actions"],
                "additionalProperties": false,
            }),
        }]
        .into(),
        protocol: Protocol::FunctionCalling,
        settings: Sampling {
            temperature: Some(0.7),
            max_tokens: Some(100),
            ..Sampling::default()
        },
    }
}

/// The next turn: the reply, and a result for each of its calls.
fn continued(mut request: ChatRequest, reply: &ChatReply) -> ChatRequest {
    request.messages.push(reply.to_message().into());
    for call in &reply.tool_calls {
        request
            .messages
            .push(ChatMessage::tool(&call.id, "moved left").into());
    }
    request
}

async fn complete(model: &OpenAiModel, request: ChatRequest) -> ChatReply {
    let result = model.complete(request).await;
    result.unwrap_or_else(|error| panic!("{error}\n{:#?}", error.exchange))
}

async fn reply_of(endpoint: &ScriptedEndpoint) -> ChatReply {
    let reply = complete(&model(config(endpoint.url())), request()).await;
    endpoint.requests();
    reply
}

async fn error_of(url: &str) -> ModelError {
    let result = model(config(url)).complete(request()).await;
    result
        .map(|reply| panic!("a reply: {reply:#?}"))
        .unwrap_or_else(|error| error)
}

/// Plays one answer whole and as a stream; both must be read alike.
async fn read_both_ways(answer: Answer) -> ChatReply {
    let endpoint = ScriptedEndpoint::playing([answer.clone(), answer]).await;
    let whole = complete(&model(config(endpoint.url())), request()).await;
    let streamed = complete(&model(streaming(endpoint.url())), request()).await;
    assert_eq!(endpoint.requests().len(), 2);
    assert_eq!(whole.text, streamed.text);
    assert_eq!(whole.reasoning, streamed.reasoning);
    assert_eq!(whole.tool_calls, streamed.tool_calls);
    assert_eq!(whole.usage, streamed.usage);
    assert_eq!(whole.finish_reason, streamed.finish_reason);
    whole
}

/// The arguments of the only call.
#[track_caller]
fn arguments(reply: &ChatReply) -> &str {
    let [call] = reply.tool_calls.as_slice() else {
        panic!("not one call: {reply:#?}");
    };
    assert_eq!(call.name, "interact");
    &call.arguments
}
