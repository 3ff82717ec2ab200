//! Replies are kept and played again: exactly, without the endpoint, up to the first
//! request that differs.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use agent_react::agent::AgentConfig;
use agent_react::endpoint::{EndpointConfig, Secret};
use agent_react::model::{ChatMessage, ChatModel, ChatReply, ChatRequest, Fault, Shared};
use agent_react::openai::OpenAiModel;
use agent_react::outcome::EpisodeOutcome;
use agent_react::recording::{Recorder, Replayed, path};
use integration_tests::endpoint::{Answer, Received, ScriptedEndpoint};
use runner::config::Config;
use runner::plan::Plan;
use runner::players::Players;
use runner::replies;
use serde_json::{Value, json};
use tempfile::TempDir;
use tracer::record::{Event, SessionTrace};

const MODEL: &str = "some/model";

/// What an episode's trace says of its model, the times of this machine left out.
#[derive(Debug, PartialEq)]
struct Said {
    messages: Vec<Value>,
    calls: Vec<Value>,
    outcome: (String, u64, u64, Option<String>),
}

fn said(outcome: &EpisodeOutcome, trace: &SessionTrace) -> Said {
    let messages = trace.message_history.iter();
    let events = trace.event_history.iter().map(|event| &event.record);
    Said {
        messages: messages
            .map(|message| message.record.content.payload.clone())
            .collect(),
        calls: events
            .filter_map(|event| match event {
                Event::Cais(event) => Some(json!({
                    "calls": event.llm_call_records,
                    "tokens": event.total_tokens,
                    "notices": event.base.metadata.get("notices"),
                    "fault": event.base.metadata.get("fault"),
                })),
                Event::Environment(_) | Event::Runtime(_) => None,
            })
            .collect(),
        outcome: (
            outcome.ending.to_string(),
            outcome.steps,
            outcome.usage.total_tokens,
            outcome.error.clone(),
        ),
    }
}

async fn play(model: Arc<dyn ChatModel>, seed: u64, config: &AgentConfig) -> Said {
    let (outcome, trace) = support::play(&*model, seed, config).await;
    said(&outcome, &trace)
}

#[track_caller]
fn check_same(again: &Said, recorded: &Said) {
    assert_eq!(again.outcome, recorded.outcome);
    let differs = |(now, then): (&Value, &Value)| now != then;
    let calls = again.calls.iter().zip(&recorded.calls).position(differs);
    assert_eq!(calls, None, "the call that differs");
    assert!(again == recorded, "{again:#?}\n{recorded:#?}");
}

fn short() -> AgentConfig {
    let mut config = AgentConfig::default();
    config.limits.turns = Some(6);
    config
}

/// An endpoint that ignores tools, fails now and then, and never says the same twice.
async fn moody() -> ScriptedEndpoint {
    let answered = AtomicUsize::new(0);
    ScriptedEndpoint::scripted(move |n, received: &Received| {
        if received.body.get("response_format").is_none() {
            return Answer::text("I see a tree.");
        }
        if n % 5 == 1 {
            return Answer::error(503, "overloaded");
        }
        let count = answered.fetch_add(1, Ordering::SeqCst);
        let action = ["noop", "move_left", "fly", "do"][count % 4];
        Answer::text(&json!({"reasoning": format!("{count}"), "actions": [action]}).to_string())
    })
    .await
}

fn client(url: &str) -> OpenAiModel {
    let mut config = EndpointConfig::resolve(url, MODEL).expect("a valid address");
    config.api_key = Some(Secret::new("sk-verysecret"));
    config.retry.base_delay = std::time::Duration::from_millis(2);
    OpenAiModel::new(config).expect("a valid configuration")
}

fn recorder(model: &Arc<dyn ChatModel>, seed: u64, folder: &Path) -> Arc<dyn ChatModel> {
    let secrets = vec![Secret::new("sk-verysecret")];
    Arc::new(Recorder::create(Arc::clone(model), seed, folder, secrets).expect("a new recording"))
}

fn replayed(folder: &Path, seed: u64) -> Arc<dyn ChatModel> {
    Arc::new(Replayed::open(folder, MODEL, seed).expect("a recording"))
}

async fn recorded_episodes(folder: &Path) -> Vec<Said> {
    let endpoint = moody().await;
    let model: Arc<dyn ChatModel> = Arc::new(client(endpoint.url()));
    let config = short();
    let episodes = (0..8).map(|seed| play(recorder(&model, seed, folder), seed, &config));
    let said = futures::future::join_all(episodes).await;
    endpoint.requests();
    said
}

#[tokio::test]
async fn many_episodes_at_once_are_played_again_exactly() {
    let folder = TempDir::new().expect("a folder");
    let recorded = recorded_episodes(folder.path()).await;
    let text = format!("{recorded:?}");
    for happened in ["overloaded", "in prose", "there is no action"] {
        assert!(text.contains(happened), "{happened} is part of it");
    }
    // In another order, and one at a time.
    for seed in (0..8).rev() {
        let again = play(replayed(folder.path(), seed), seed, &short()).await;
        check_same(&again, &recorded[seed as usize]);
    }
}

#[tokio::test]
async fn what_fails_is_played_again_too() {
    let folder = TempDir::new().expect("a folder");
    let endpoint = ScriptedEndpoint::scripted(|n, _| match n {
        0 => Answer::acting(&["noop"]),
        _ => Answer::error(403, "no access with sk-verysecret"),
    })
    .await;
    let model: Arc<dyn ChatModel> = Arc::new(client(endpoint.url()));
    let recorded = play(recorder(&model, 3, folder.path()), 3, &short()).await;
    assert_eq!(recorded.outcome.0, "endpoint_failure");
    let again = play(replayed(folder.path(), 3), 3, &short()).await;
    check_same(&again, &recorded);
    let file = fs::read_to_string(path(folder.path(), MODEL, 3)).expect("a file");
    assert!(!file.contains("verysecret") && file.contains("[key]"));
}

#[tokio::test]
async fn a_request_that_differs_stops_the_replay_and_is_shown() {
    let folder = TempDir::new().expect("a folder");
    recorded_episodes(folder.path()).await;
    let model = replayed(folder.path(), 0);
    let (said, heard) = std::sync::mpsc::channel();
    model.listen(Arc::new(move |text| drop(said.send(text))));
    let mut config = short();
    config.sampling.temperature = Some(0.5);
    let played = play(model, 0, &config).await;
    let (ending, steps, _, error) = played.outcome;
    assert_eq!((ending.as_str(), steps), ("endpoint_failure", 0));
    let error = error.expect("a reason");
    assert!(error.contains("call 1 is not the one in"), "{error}");
    assert!(error.contains("settings: recorded"), "{error}");
    let shown: String = heard.try_iter().collect();
    assert!(shown.contains("-  \"temperature\": null,"), "{shown}");
    assert!(shown.contains("+  \"temperature\": 0.5,"), "{shown}");
}

fn asking() -> ChatRequest {
    ChatRequest {
        messages: Shared::all([ChatMessage::user("?")]),
        ..ChatRequest::default()
    }
}

/// A recording of two calls, changed before it is played.
async fn changed(change: impl FnOnce(Vec<String>) -> String) -> (TempDir, PathBuf) {
    let folder = TempDir::new().expect("a folder");
    let endpoint = ScriptedEndpoint::scripted(|_, _| Answer::text("yes")).await;
    let model: Arc<dyn ChatModel> = Arc::new(client(endpoint.url()));
    let recorder = recorder(&model, 0, folder.path());
    for _ in 0..2 {
        recorder.complete(asking()).await.expect("a reply");
    }
    let file = path(folder.path(), MODEL, 0);
    let text = fs::read_to_string(&file).expect("a file");
    let text = change(text.lines().map(str::to_owned).collect());
    fs::write(&file, text).expect("the same file");
    (folder, file)
}

async fn check_damage(change: impl FnOnce(Vec<String>) -> String, fault: Fault, fragment: &str) {
    let (folder, _) = changed(change).await;
    let model = replayed(folder.path(), 0);
    let mut last = None;
    for _ in 0..3 {
        let answer: Result<ChatReply, _> = model.complete(asking()).await;
        if let Err(error) = answer {
            last = Some(error);
            break;
        }
    }
    let error = last.expect("an error");
    assert_eq!(error.fault, fault, "{error}");
    assert!(
        error.to_string().contains(fragment),
        "{fragment} in {error}"
    );
}

#[tokio::test]
async fn damaged_recordings_are_named_with_the_line() {
    let joined = |lines: Vec<String>| lines.join("\n");
    check_damage(joined, Fault::Recording, "ends after 2 calls").await;
    let cut = |lines: Vec<String>| lines[..4].join("\n") + "\n{\"reply\": {";
    check_damage(cut, Fault::Recording, "line 5 of the recording").await;
    let edited = |lines: Vec<String>| lines.join("\n").replace("\"text\":\"?\"", "\"text\":\"!\"");
    check_damage(edited, Fault::Recording, "line 2").await;
    let reordered = |lines: Vec<String>| [&lines[0], &lines[2]].map(String::as_str).join("\n");
    check_damage(reordered, Fault::Recording, "answers nothing").await;
    let unanswered = |lines: Vec<String>| lines[..4].join("\n");
    check_damage(unanswered, Fault::Timeout, "was given up").await;
    let dangling = |lines: Vec<String>| {
        let request = lines[3].replace("{\"again\":0}", "{\"again\":9}");
        [&lines[..3], &[request]].concat().join("\n")
    };
    check_damage(dangling, Fault::Recording, "repeats value 9").await;
}

#[tokio::test]
async fn what_is_no_recording_is_said_when_it_is_opened() {
    let error = |folder: &Path, seed| match Replayed::open(folder, MODEL, seed) {
        Ok(_) => panic!("it opens"),
        Err(error) => error.to_string(),
    };
    let (folder, file) = changed(|lines| lines[1..].join("\n")).await;
    assert!(error(folder.path(), 0).contains("line 1"));
    assert!(error(folder.path(), 7).contains("with seed 7"));
    fs::write(&file, "{\"recording\":99}").expect("a file");
    assert!(error(folder.path(), 0).contains("version 99"));
    fs::write(&file, "").expect("a file");
    assert!(error(folder.path(), 0).contains("line 1"));
    let other = r#"{"recording":1,"model":"other","provider":"p","seed":0}"#;
    fs::write(&file, other).expect("a file");
    assert!(error(folder.path(), 0).contains("model other"));
}

/// Two episodes of a small model on llama.cpp's server, recorded once.
fn real() -> (PathBuf, Plan) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("recordings/gemma-3-270m");
    let layer = replies::layer(&folder).expect("the recording's configuration");
    let (config, settings) = Config::load(&[layer]).expect("a valid configuration");
    let players = Players::recorded(&config.run.models, &folder);
    let plan = Plan::new(&config, &settings, &players, &Arc::default()).expect("a plan");
    (folder, plan)
}

#[tokio::test]
async fn a_real_models_run_is_played_again() {
    let (folder, plan) = real();
    let mut outcomes = Vec::new();
    for episode in &plan.episodes {
        let model = Replayed::open(&folder, &episode.model, episode.seed).expect("a recording");
        let said = play(Arc::new(model), episode.seed, &plan.agent).await;
        let (ending, steps, tokens, error) = said.outcome;
        assert_eq!((ending.as_str(), error), ("turn_limit", None));
        outcomes.push((episode.seed, steps, tokens));
    }
    assert_eq!(outcomes, [(3, 24, 9_587), (4, 15, 9_496)]);
}

/// The client reads a real server's answers today as it did when they were recorded.
#[tokio::test]
async fn a_real_servers_answers_are_read_as_they_were() {
    let (folder, plan) = real();
    for episode in &plan.episodes {
        let model = &episode.model;
        let file = fs::read_to_string(path(&folder, model, episode.seed)).expect("a file");
        let lines = file.lines().skip(1);
        let lines = lines.map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        let replies: Vec<Value> = lines
            .filter_map(|mut line| line.get_mut("reply").map(Value::take))
            .collect();
        let bodies: Vec<Answer> = replies
            .iter()
            .map(|reply| Answer::json(200, reply["raw_response"].clone()))
            .collect();
        let endpoint = ScriptedEndpoint::playing(bodies).await;
        let mut config = EndpointConfig::resolve(endpoint.url(), model).expect("an address");
        config.quirks.protocol = agent_react::model::Protocol::JsonSchema;
        let client: Arc<dyn ChatModel> = Arc::new(OpenAiModel::new(config).expect("valid"));
        let today = play(client, episode.seed, &plan.agent).await;
        let then = Replayed::open(&folder, model, episode.seed).expect("a recording");
        let then = play(Arc::new(then), episode.seed, &plan.agent).await;
        assert_eq!(today.messages, then.messages);
        endpoint.requests();
    }
}
