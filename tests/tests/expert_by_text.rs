//! The expert plays by the text alone: behind HTTP, where nothing but the words of a
//! request reaches it, it plays the same episode as inside the program.

mod support;

use std::sync::Arc;

use agent_react::agent::AgentConfig;
use agent_react::embedded;
use agent_react::endpoint::EndpointConfig;
use agent_react::model::{ChatMessage, ChatModel, ChatRequest, Shared};
use agent_react::openai::OpenAiModel;
use agent_react::outcome::EpisodeOutcome;
use agent_react::tools::ToolRules;
use futures::executor::block_on;
use integration_tests::endpoint::{Answer, Received, ScriptedEndpoint};
use serde_json::json;

const SEED: u64 = 9;
const STEPS: u64 = 300;

async fn play(model: &dyn ChatModel) -> EpisodeOutcome {
    let mut config = AgentConfig::default();
    config.limits.steps = Some(STEPS);
    support::play(model, SEED, &config).await.0
}

/// An expert of its own behind an address.
async fn expert_endpoint() -> ScriptedEndpoint {
    let expert = expert();
    ScriptedEndpoint::scripted(move |_, received| {
        let request = ChatRequest {
            messages: Shared::all([ChatMessage::user(last_words(received))]),
            tools: ToolRules::default().specs().into(),
            ..ChatRequest::default()
        };
        let reply = block_on(expert.complete(request)).expect("an embedded model answers");
        let call = &reply.tool_calls[0];
        Answer::calling(json!({ "name": call.name, "arguments": call.arguments }))
    })
    .await
}

fn expert() -> Arc<dyn ChatModel> {
    embedded::model("embedded:expert", SEED).expect("a known model")
}

/// The text of a request's last message.
fn last_words(received: &Received) -> String {
    let messages = received.body["messages"].as_array();
    let last = messages.and_then(|messages| messages.last());
    let words = last.and_then(|message| message["content"].as_str());
    words.expect("a message of text").to_owned()
}

#[tokio::test]
async fn behind_an_address_the_expert_plays_the_same() {
    let endpoint = expert_endpoint().await;
    let config = EndpointConfig::resolve(endpoint.url(), "expert").expect("a valid address");
    let client = OpenAiModel::new(config).expect("a valid configuration");
    let over_http = play(&client).await;
    let inside = play(&*expert()).await;
    assert!(!endpoint.requests().is_empty());
    assert_eq!(over_http.steps, inside.steps);
    assert_eq!(over_http.actions.executed, inside.actions.executed);
    assert_eq!(over_http.unlocks, inside.unlocks);
    assert_eq!(over_http.achievements, inside.achievements);
}
