//! What an examination of an endpoint finds, and what it says to do about it.

use agent_react::doctor::{Report, Standing, examine};
use agent_react::model::Protocol;
use integration_tests::endpoint::{Answer, Received, ScriptedEndpoint};
use serde_json::json;

use crate::{LEFT, config, model};

fn standing(report: &Report, topic: &str) -> (Standing, String) {
    let finding = report
        .findings
        .iter()
        .find(|finding| finding.topic == topic);
    let finding = finding.unwrap_or_else(|| panic!("no {topic} in {report:#?}"));
    (finding.standing, finding.detail.clone())
}

/// A small server: no tools, no images, a context of about 4,000 tokens.
fn small_server(_: usize, received: &Received) -> Answer {
    if received.uri.path().ends_with("/models") {
        return Answer::json(
            200,
            json!({"data": [{"id": "test-model", "max_model_len": 4096}]}),
        );
    }
    let sent = received.body["messages"].to_string();
    if received.body.get("tools").is_some() {
        return Answer::error(400, "this model does not support tools");
    }
    if sent.contains("image_url") {
        return Answer::error(400, "this model takes no images");
    }
    if sent.len() > 16_000 {
        return Answer::error(400, "the request exceeds the available context size");
    }
    match received.body.get("response_format") {
        Some(_) => Answer::text(LEFT),
        None => Answer::text("Trees stand close."),
    }
}

#[tokio::test]
async fn a_small_server_is_playable_and_its_limits_are_said() {
    let endpoint = ScriptedEndpoint::scripted(small_server).await;
    let mut asked = Vec::new();
    let report = examine(&model(config(endpoint.url())), |topic, _| asked.push(topic)).await;
    assert!(report.is_playable());
    let expected = ["the list of models", "tools", "a JSON schema", "streaming"];
    assert_eq!(asked[..4], expected, "{asked:?}");
    for (topic, expected, word) in [
        ("model listed", Standing::Good, "4096"),
        ("tools", Standing::Limited, "JSON schema"),
        ("json schema", Standing::Good, "follows"),
        ("streaming", Standing::Good, "counted"),
        ("images", Standing::Limited, "no images"),
        ("long context", Standing::Limited, "context size"),
        ("token counts", Standing::Good, "reported"),
        ("determinism", Standing::Good, "repeat"),
        ("speed", Standing::Good, "tokens a second"),
    ] {
        let (found, detail) = standing(&report, topic);
        assert_eq!(found, expected, "{topic}: {detail}");
        assert!(detail.contains(word), "{topic}: {detail}");
    }
    assert_eq!(report.quirks.protocol, Protocol::JsonSchema);
    assert!(
        report.snippet().contains("protocol = \"json_schema\""),
        "{}",
        report.snippet()
    );
}

/// A model that thinks, or chats, and never acts.
#[tokio::test]
async fn where_no_call_ever_comes_nothing_can_be_played() {
    for said in ["<think>Left, or right?", "Sure! I would go left."] {
        let endpoint = ScriptedEndpoint::scripted(move |_, _| Answer::text(said)).await;
        let report = examine(&model(config(endpoint.url())), |_, _| {}).await;
        assert!(!report.is_playable(), "{report:#?}");
        let (found, detail) = standing(&report, "actions");
        assert_eq!(found, Standing::Failed);
        assert!(detail.contains("no valid call"), "{detail}");
    }
}

/// Under function calling it only thinks; a schema makes it act.
#[tokio::test]
async fn a_protocol_that_brings_a_call_is_the_one_to_keep() {
    let endpoint =
        ScriptedEndpoint::scripted(|_, received| match received.body.get("response_format") {
            Some(_) => Answer::text(LEFT),
            None => Answer::text("<think>Left, or right?"),
        })
        .await;
    let report = examine(&model(config(endpoint.url())), |_, _| {}).await;
    assert!(report.is_playable(), "{report:#?}");
    assert_eq!(standing(&report, "actions").0, Standing::Limited);
    assert_eq!(report.quirks.protocol, Protocol::JsonSchema);
}

/// Nothing is called good that was not seen.
#[tokio::test]
async fn what_was_not_seen_is_not_claimed() {
    let endpoint = ScriptedEndpoint::scripted(|n, received| {
        if n == 1 {
            return Answer::error(429, "slow down");
        }
        match received.body.get("temperature") {
            Some(_) => Answer::error(400, "'temperature' is not supported"),
            None => Answer::acting(&["move_left"]).with("/usage", json!(null)),
        }
    })
    .await;
    let report = examine(&model(config(endpoint.url())), |_, _| {}).await;
    for (topic, expected, word) in [
        ("tools", Standing::Good, "slow down"),
        ("json schema", Standing::Limited, "ignored"),
        ("long context", Standing::Limited, "not known"),
        ("token counts", Standing::Limited, "not reported"),
        ("determinism", Standing::Limited, "no temperature"),
    ] {
        let (found, detail) = standing(&report, topic);
        assert_eq!(found, expected, "{topic}: {detail}");
        assert!(detail.contains(word), "{topic}: {detail}");
    }
}

#[tokio::test]
async fn an_endpoint_that_cannot_be_used_is_said_at_once() {
    let endpoint = ScriptedEndpoint::scripted(|_, received| match received.uri.path() {
        "/v1/models" => Answer::json(404, json!({"detail": "Not Found"})),
        _ => Answer::error(401, "no such key"),
    })
    .await;
    let report = examine(&model(config(endpoint.url())), |_, _| {}).await;
    assert!(!report.is_playable());
    let (found, detail) = standing(&report, "key");
    assert_eq!(found, Standing::Failed);
    assert!(detail.contains("OPENAI_API_KEY"), "{detail}");
    assert_eq!(report.findings.len(), 2, "nothing more is asked");
}
