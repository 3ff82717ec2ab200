//! Plays one episode against a model, with its trace kept in memory.

use agent_react::agent::{self, AgentConfig};
use agent_react::environment::Environment;
use agent_react::model::ChatModel;
use agent_react::outcome::EpisodeOutcome;
use env_crafter::EnvConfig;
use tokio_util::sync::CancellationToken;
use tracer::record::{SessionStatus, SessionTrace};
use tracer::{SessionOptions, Tracer};

/// Plays the world of a seed to its end.
///
/// # Panics
///
/// If the configuration makes no world. A trace in memory cannot fail.
pub(crate) async fn play(
    model: &dyn ChatModel,
    seed: u64,
    config: &AgentConfig,
) -> (EpisodeOutcome, SessionTrace) {
    let world = EnvConfig {
        seed,
        ..EnvConfig::default()
    };
    let environment = Environment::new(world, config.environment()).expect("a valid world");
    let session = Tracer::in_memory()
        .start_session(SessionOptions::default())
        .expect("a new session");
    let cancel = CancellationToken::new();
    let played = agent::play(model, environment, config, &session, &cancel, |_| {}).await;
    let outcome = played.expect("a trace in memory cannot fail");
    let trace = session.end(SessionStatus::Completed).await;
    (outcome, trace.expect("nor can its end"))
}
