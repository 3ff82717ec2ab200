//! Plays with models that fail in every way, and checks that each fails alone.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use agent_react::agent::AgentConfig;
use agent_react::model::{
    ChatModel, ChatReply, ChatRequest, Exchange, Fault, ModelError, ToolCall,
};
use async_trait::async_trait;
use env_crafter::EnvConfig;
use runner::config::{Config, Limits};
use runner::episode::{EpisodeConfig, UsageRecord};
use runner::events::{EpisodeEnded, Events, RunEvent};
use runner::players::Players;
use runner::run::{Finished, Program, Stage, Stop, play};
use tokio_util::sync::CancellationToken;
use tracer::Tracer;

/// A model that stands still, and does something else in its `n`-th call.
struct Model {
    name: &'static str,
    calls: AtomicUsize,
    nth: usize,
    then: Then,
}

#[derive(Clone, Copy)]
enum Then {
    Panic,
    Hang,
    Fail(Fault),
    Nothing,
}

#[async_trait]
impl ChatModel for Model {
    fn name(&self) -> &str {
        self.name
    }

    fn provider(&self) -> &str {
        "test"
    }

    async fn complete(&self, _request: ChatRequest) -> Result<ChatReply, ModelError> {
        tokio::time::sleep(Duration::from_millis(1)).await;
        if self.calls.fetch_add(1, Ordering::SeqCst) + 1 >= self.nth {
            match self.then {
                Then::Panic => panic!("a bug in the model"),
                Then::Hang => std::future::pending().await,
                Then::Fail(fault) => {
                    return Err(ModelError {
                        fault,
                        endpoint: "http://test".into(),
                        model: self.name.into(),
                        detail: "as told".into(),
                        ever_answered: true,
                        exchange: Box::new(Exchange::default()),
                    });
                }
                Then::Nothing => {}
            }
        }
        Ok(ChatReply {
            tool_calls: vec![ToolCall {
                id: "call_1".into(),
                name: "interact".into(),
                arguments: r#"{"actions": ["noop"], "reasoning": ""}"#.into(),
                extra: Default::default(),
            }],
            usage: Some(agent_react::model::Usage {
                total_tokens: 10,
                ..Default::default()
            }),
            ..ChatReply::default()
        })
    }
}

fn model(name: &'static str, nth: usize, then: Then) -> Model {
    Model {
        name,
        calls: AtomicUsize::new(0),
        nth,
        then,
    }
}

/// Plays an episode of each model at once, and gives how each ended.
async fn play_one_each(
    models: Vec<Model>,
    limits: impl FnOnce(&mut Limits),
    interrupt: CancellationToken,
) -> (Finished, BTreeMap<String, EpisodeEnded>) {
    let mut config = Config::defaults().expect("the defaults").limits;
    limits(&mut config);
    let mut agent = AgentConfig::default();
    agent.limits.steps = Some(20);
    agent.limits.call_time = Some(Duration::from_millis(300));

    let episodes: Vec<EpisodeConfig> = (0..)
        .zip(&models)
        .map(|(seed, model)| EpisodeConfig {
            model: model.name.into(),
            index: 0,
            seed,
        })
        .collect();
    let players = models
        .into_iter()
        .fold(Players::default(), |players, model| {
            players.with(Arc::new(model))
        });
    let stage = Arc::new(Stage {
        experiment_id: "test".into(),
        agent,
        world: EnvConfig::default(),
        start: None,
        players,
        tracer: Tracer::in_memory(),
    });
    let (events, mut heard) = Events::channel();
    let mut episodes = Some(episodes);
    let program = Program {
        concurrency: 8,
        limits: &config,
        spent: UsageRecord::ZERO,
        next: &mut |_| episodes.take().unwrap_or_default(),
    };
    let finished = play(stage, program, &events, &interrupt).await;
    drop(events);
    let mut ended = BTreeMap::new();
    while let Some(stamped) = heard.recv().await {
        if let RunEvent::EpisodeEnded(event) = stamped.event {
            ended.insert(event.episode.model.clone(), event);
        }
    }
    (finished, ended)
}

#[tokio::test]
async fn a_panic_a_stuck_and_a_failing_endpoint_leave_the_others_untouched() {
    let models = vec![
        model("good", usize::MAX, Then::Nothing),
        model("panics", 3, Then::Panic),
        model("hangs", 3, Then::Hang),
        model("fails", 3, Then::Fail(Fault::Server)),
    ];
    let (finished, ended) = play_one_each(models, |_| {}, CancellationToken::new()).await;
    let endings: Vec<_> = ended
        .values()
        .map(|event| {
            format!(
                "{} {} {}",
                event.episode.model, event.ending, event.complete
            )
        })
        .collect();
    assert_eq!(
        endings,
        [
            "fails endpoint_failure false",
            "good step_limit true",
            "hangs endpoint_failure false",
            "panics cancelled false"
        ]
    );
    assert_eq!(ended["good"].steps, 20);
    let said = ended["panics"].error.as_deref();
    assert_eq!(said, Some("the episode panicked: a bug in the model"));
    // It had come that far, and what it spent is spent.
    let panicked = &ended["panics"];
    assert_eq!((panicked.steps, panicked.turns), (2, 2));
    assert_eq!(panicked.usage.total_tokens, 20);
    assert!(finished.stop.is_none());
    assert_eq!((finished.incomplete(), finished.not_played), (3, 0));
}

#[tokio::test]
async fn an_endpoint_that_refuses_the_key_stops_the_run() {
    let models = vec![
        model("refused", 1, Then::Fail(Fault::Auth)),
        model("good", usize::MAX, Then::Nothing),
    ];
    let (finished, ended) = play_one_each(models, |_| {}, CancellationToken::new()).await;
    let Some(Stop::Endpoint(reason)) = finished.stop else {
        panic!("{:?}", finished.stop)
    };
    assert!(
        reason.contains("http://test does not accept the API key"),
        "{reason}"
    );
    assert_eq!(ended["refused"].ending.name(), "endpoint_failure");
}

#[tokio::test]
async fn a_spent_budget_ends_what_runs_under_that_name() {
    let models = vec![
        model("a", usize::MAX, Then::Nothing),
        model("b", usize::MAX, Then::Nothing),
    ];
    let (finished, ended) = play_one_each(
        models,
        |limits| limits.max_tokens = Some(100),
        CancellationToken::new(),
    )
    .await;
    assert!(matches!(finished.stop, Some(Stop::Budget(_))));
    assert!(
        ended
            .values()
            .all(|event| event.ending.name() == "budget_spent" && !event.complete)
    );
    let tokens: u64 = ended.values().map(|event| event.usage.total_tokens).sum();
    assert!((100..200).contains(&tokens), "{tokens}");
}

#[tokio::test]
async fn time_that_is_up_ends_what_runs_under_that_name() {
    let models = vec![model("hangs", 2, Then::Hang)];
    let limit = |limits: &mut Limits| limits.run_time = Some(Duration::from_millis(50));
    let (finished, ended) = play_one_each(models, limit, CancellationToken::new()).await;
    assert!(matches!(finished.stop, Some(Stop::Budget(_))));
    assert_eq!(ended["hangs"].ending.name(), "budget_spent");
}

#[tokio::test]
async fn an_interruption_ends_what_runs_and_begins_nothing_more() {
    let interrupt = CancellationToken::new();
    interrupt.cancel();
    let models = (0..20)
        .map(|_| model("good", usize::MAX, Then::Nothing))
        .collect();
    let (finished, ended) = play_one_each(models, |_| {}, interrupt).await;
    assert!(matches!(finished.stop, Some(Stop::Interrupted)));
    assert!(
        ended
            .values()
            .all(|event| event.ending.name() == "cancelled")
    );
    assert_eq!(finished.not_played, 12);
}
