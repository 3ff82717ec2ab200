//! The embedded models: they read text, call tools, and nothing else.

use agent_react::{
    agent::{self, AgentConfig},
    embedded,
    environment::Environment,
    history::History,
    model::{ChatMessage, ChatRequest, Shared},
    outcome::EpisodeOutcome,
    tools::ToolRules,
};
use env_crafter::{Achievement, EnvConfig};
use tokio_util::sync::CancellationToken;
use tracer::{Tracer, record::SessionStatus, record::SessionTrace};

async fn play(name: &str, seed: u64, steps: u64) -> (EpisodeOutcome, SessionTrace) {
    let mut config = AgentConfig {
        history: History::None,
        ..AgentConfig::default()
    };
    config.limits.steps = Some(steps);
    let world = EnvConfig {
        seed,
        ..EnvConfig::default()
    };
    let environment = Environment::new(world, config.environment()).expect("a valid world");
    let model = embedded::model(name, seed).expect("a known model");
    let tracer = Tracer::in_memory();
    let session = tracer
        .start_session(Default::default())
        .expect("a new session");
    let cancel = CancellationToken::new();
    let outcome = agent::play(&*model, environment, &config, &session, &cancel, |_| {}).await;
    let trace = session.end(SessionStatus::Completed).await;
    (outcome.expect("a trace in memory"), trace.expect("ends"))
}

#[tokio::test]
async fn the_expert_masters_the_wooden_age() {
    for seed in 0..3 {
        let (outcome, _) = play("embedded:expert", seed, 150).await;
        for achievement in [
            Achievement::CollectWood,
            Achievement::PlaceTable,
            Achievement::MakeWoodPickaxe,
            Achievement::MakeWoodSword,
            Achievement::CollectSapling,
        ] {
            let unlocked = outcome.achievements;
            assert!(
                unlocked.contains(achievement),
                "seed {seed} without {achievement}: {unlocked:?}"
            );
        }
        assert_eq!(outcome.invalid_replies, 0);
    }
}

#[tokio::test]
async fn the_random_player_is_repeatable_and_depends_on_its_seed() {
    let actions = |outcome: &EpisodeOutcome| outcome.actions.executed.clone();
    let (first, _) = play("embedded:random", 1, 100).await;
    let (again, _) = play("embedded:random", 1, 100).await;
    let (other, _) = play("embedded:random", 2, 100).await;
    assert_eq!(actions(&first), actions(&again));
    assert_ne!(actions(&first), actions(&other));
}

#[tokio::test]
async fn standing_still_unlocks_nothing() {
    let (outcome, _) = play("embedded:noop", 5, 100).await;
    assert!(outcome.achievements.is_empty());
    assert_eq!(outcome.actions.total_invalid(), 0);
}

/// The recorded text alone, without any world behind it, leads a fresh expert to
/// the same calls.
#[tokio::test]
async fn the_expert_plays_by_the_text_alone() {
    let (_, trace) = play("embedded:expert", 9, 200).await;
    let payloads = |message_type: &'static str| {
        let messages = trace.message_history.iter().map(|message| &message.record);
        messages
            .filter(move |message| message.message_type == message_type)
            .map(|message| &message.content.payload)
    };
    let reader = embedded::model("embedded:expert", 9).unwrap();
    let mut compared = 0;
    for (observation, asked) in payloads("observation").zip(payloads("tool_call")) {
        let request = ChatRequest {
            messages: Shared::all([
                ChatMessage::system("Nothing that a reader of the text would need."),
                ChatMessage::user(observation["text"].as_str().unwrap()),
            ]),
            tools: ToolRules::default().specs().into(),
            ..ChatRequest::default()
        };
        let reply = reader.complete(request).await.unwrap();
        assert_eq!(
            reply.tool_calls[0].arguments,
            asked["calls"][0]["arguments"]
        );
        compared += 1;
    }
    assert_eq!(compared, trace.timesteps.len(), "turns compared");
    assert!(compared > 0, "nothing was played");
}
