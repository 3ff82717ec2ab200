//! Every ending, each under exactly its own conditions.

use std::{sync::Arc, time::Duration};

use agent_react::{
    agent::{AgentConfig, InvalidReplies},
    model::Fault,
    outcome::Ending,
};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::script::{Line, TOKENS, play, play_until};

#[tokio::test]
async fn the_step_limit_ends_it_in_mid_batch() {
    let mut config = AgentConfig::default();
    config.limits.steps = Some(7);
    let played = play(vec![Line::Act(&["noop"; 5])], &config).await;
    assert_eq!(played.outcome.ending, Ending::StepLimit);
    assert_eq!((played.outcome.steps, played.outcome.turns), (7, 2));
    assert_eq!(played.executed().len(), 7);
    let last = played.messages("observation").last().unwrap()["text"]
        .as_str()
        .unwrap();
    assert!(last.ends_with("- noop: waited\n- noop: waited\n- noop: not executed, the episode is over\n- noop: not executed, the episode is over\n- noop: not executed, the episode is over"), "{last}");
}

#[tokio::test]
async fn death_ends_it_and_later_actions_are_not_executed() {
    let mut config = AgentConfig::default();
    config.tools.max_actions = 10;
    let played = play(vec![Line::Act(&["noop"; 10])], &config).await;
    assert_eq!(played.outcome.ending, Ending::Died);
    let steps = played.outcome.steps;
    assert_ne!(
        steps % 10,
        0,
        "the seed has to die in mid-batch for this test"
    );
    assert_eq!(played.executed().len() as u64, steps);
    let last = &played.trace.event_history.last().unwrap().record;
    assert_eq!(last.base().system_state_after["inventory"]["health"], 0);
    let last = played.messages("observation").last().unwrap()["text"]
        .as_str()
        .unwrap();
    assert!(last.contains("State: dead"));
    assert!(last.ends_with("noop: not executed, the episode is over"));
}

#[tokio::test]
async fn the_turn_limit_counts_replies() {
    let mut config = AgentConfig::default();
    config.limits.turns = Some(3);
    let played = play(
        vec![Line::Act(&["noop"]), Line::Say("hm"), Line::Act(&["noop"])],
        &config,
    )
    .await;
    assert_eq!(played.outcome.ending, Ending::TurnLimit);
    assert_eq!((played.outcome.turns, played.outcome.steps), (3, 2));
    assert_eq!(played.outcome.invalid_replies, 1);
}

#[tokio::test]
async fn terminate_ends_it_after_the_actions_beside_it() {
    let mut config = AgentConfig::default();
    config.tools.terminate = true;
    let quit = vec![
        ("interact", r#"{"actions": ["noop", "noop"]}"#.to_owned()),
        ("terminate", r#"{"reason": "bored"}"#.to_owned()),
    ];
    let played = play(vec![Line::Call(quit.clone())], &config).await;
    assert_eq!(played.outcome.ending, Ending::Terminated);
    assert_eq!(played.outcome.steps, 2);

    config.tools.terminate = false;
    let played = play(vec![Line::Call(quit)], &config).await;
    assert_eq!(played.outcome.ending, Ending::NoValidAction);
    assert_eq!(
        played.outcome.steps, 0,
        "a reply with a bad call is not executed in part"
    );
}

#[tokio::test]
async fn what_is_asked_for_after_terminate_is_not_executed() {
    let mut config = AgentConfig::default();
    config.tools.terminate = true;
    let act = |action| ("interact", format!(r#"{{"actions": ["{action}"]}}"#));
    let quit = ("terminate", "{}".to_owned());
    let reply = vec![act("noop"), quit, act("sleep"), act("do")];
    let played = play(vec![Line::Call(reply)], &config).await;
    assert_eq!(played.outcome.ending, Ending::Terminated);
    assert_eq!(played.executed(), ["noop"]);
    let last = played.messages("observation").pop().unwrap();
    let text = last["text"].as_str().unwrap();
    for action in ["sleep", "do"] {
        let line = format!("{action}: not executed, the episode is over");
        assert!(text.contains(&line), "{text}");
    }
}

#[tokio::test]
async fn a_limit_of_tokens_holds_where_none_are_counted() {
    let mut config = AgentConfig::default();
    config.limits.tokens = Some(3_000);
    config.limits.turns = Some(50);
    let played = play(vec![Line::Uncounted(&["noop"])], &config).await;
    assert_eq!(played.outcome.ending, Ending::BudgetSpent);
    assert!(played.outcome.turns < 10, "{:?}", played.outcome);
    assert_eq!(played.outcome.usage.total_tokens, 0);
    assert!(played.outcome.usage.estimated_tokens >= 3_000);
    assert_eq!(played.outcome.cost, None);
}

#[tokio::test]
async fn three_invalid_replies_in_a_row_end_it() {
    let script = vec![
        Line::Say("I would rather talk."),
        Line::Say("Really."),
        Line::Act(&["noop"]),
        Line::Act(&["fly"]),
        Line::Call(vec![("dance", "{}".to_owned())]),
        Line::Say("No."),
    ];
    let played = play(script, &AgentConfig::default()).await;
    assert_eq!(played.outcome.ending, Ending::NoValidAction);
    assert_eq!(
        (played.outcome.turns, played.outcome.invalid_replies),
        (6, 5)
    );
    assert_eq!(played.executed(), ["noop"]);
    assert_eq!(
        played.outcome.error.as_deref(),
        Some(
            "3 invalid replies in a row; the answer to the last: Your reply held no tool call. \
             Call the tool interact"
        )
    );
}

#[tokio::test]
async fn balrogs_protocol_turns_invalid_replies_into_noops_and_says_so() {
    let mut config = AgentConfig {
        invalid_replies: InvalidReplies::BecomeNoop,
        observation: "balrog/1".parse().unwrap(),
        ..AgentConfig::default()
    };
    config.limits.steps = Some(5);
    let played = play(vec![Line::Say("I would rather talk.")], &config).await;
    assert_eq!(played.outcome.ending, Ending::StepLimit);
    assert_eq!(played.executed(), ["noop"; 5]);
    assert_eq!(played.outcome.invalid_replies, 5);
    let second = played.requests[1].last().unwrap().joined_text();
    assert!(second.starts_with(
        "\n\nYour previous output did not contain a valid action. Defaulted to action: Noop\n\n\
         Observation:\nCurrent Observation:\nYour status:\n- health: 9/9"
    ));
}

#[tokio::test]
async fn faults_of_the_endpoint_are_never_moves() {
    for (fault, ending, stops_run) in [
        (Fault::ContextLength, Ending::ContextOverflow, false),
        (Fault::Server, Ending::EndpointFailure, false),
        (Fault::BadReply, Ending::EndpointFailure, false),
        (Fault::Auth, Ending::EndpointFailure, true),
        (Fault::Quota, Ending::EndpointFailure, true),
    ] {
        let played = play(
            vec![Line::Act(&["noop"]), Line::Fail(fault)],
            &AgentConfig::default(),
        )
        .await;
        assert_eq!(played.outcome.ending, ending, "{fault:?}");
        assert_eq!(played.outcome.stops_run.is_some(), stops_run, "{fault:?}");
        assert_eq!(played.executed(), ["noop"], "{fault:?}");
        assert!(
            played
                .outcome
                .error
                .is_some_and(|error| error.contains("localhost:1"))
        );
        assert!(
            played
                .trace
                .metadata
                .iter()
                .any(|entry| entry.metadata_type == "error")
        );
    }
}

#[tokio::test]
async fn a_call_that_takes_too_long_is_an_endpoint_failure() {
    let mut config = AgentConfig::default();
    config.limits.call_time = Some(Duration::from_millis(20));
    let played = play(vec![Line::Hang], &config).await;
    assert_eq!(played.outcome.ending, Ending::EndpointFailure);
    let error = played.outcome.error.unwrap();
    assert_eq!(error, "model scripted gave no answer within 0.02 s");
}

#[tokio::test]
async fn an_episode_that_takes_too_long_has_spent_its_budget() {
    let mut config = AgentConfig::default();
    // However busy the machine is, this is over between two turns, not in a call.
    config.limits.episode_time = Some(Duration::ZERO);
    let played = play(vec![Line::Act(&["noop"])], &config).await;
    assert_eq!(played.outcome.ending, Ending::BudgetSpent);
    assert_eq!(
        played.outcome.error.unwrap(),
        "the episode took longer than 0 s"
    );
}

#[tokio::test]
async fn an_endpoint_that_hangs_is_no_spent_budget() {
    let mut config = AgentConfig::default();
    config.limits.episode_time = Some(Duration::from_millis(200));
    config.limits.call_time = Some(Duration::from_secs(60));
    for script in [vec![Line::Hang], vec![Line::Act(&["noop"]), Line::Hang]] {
        let played = play(script, &config).await;
        assert_eq!(played.outcome.ending, Ending::EndpointFailure);
        let error = played.outcome.error.unwrap();
        assert!(
            error.ends_with("when the episode's 0.2 s were over"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn tokens_and_cost_are_budgets() {
    let mut config = AgentConfig::default();
    config.limits.tokens = Some(3 * TOKENS);
    let played = play(vec![Line::Act(&["noop"])], &config).await;
    assert_eq!(played.outcome.ending, Ending::BudgetSpent);
    assert_eq!(
        (played.outcome.turns, played.outcome.usage.total_tokens),
        (3, 3 * TOKENS)
    );
    assert_eq!(
        played.outcome.cost, None,
        "the price of a scripted reply is unknown"
    );

    let prices = json!({"models": {"scripted": {"input": 1000.0, "output": 1000.0}}});
    config.prices = Some(Arc::new(serde_json::from_value(prices).unwrap()));
    config.limits.tokens = None;
    config.limits.cost = Some(0.15);
    let played = play(vec![Line::Act(&["noop"])], &config).await;
    assert_eq!(played.outcome.ending, Ending::BudgetSpent);
    assert_eq!(
        played.outcome.turns, 2,
        "two replies of 100 tokens cost 0.2 USD"
    );
    assert_eq!(played.outcome.cost, Some(0.2));
}

#[tokio::test]
async fn cancelling_ends_it_between_turns_and_in_mid_call() {
    let cancel = CancellationToken::new();
    cancel.cancel();
    let played = play_until(vec![Line::Act(&["noop"])], &AgentConfig::default(), &cancel).await;
    assert_eq!(
        (played.outcome.ending, played.outcome.turns),
        (Ending::Cancelled, 0)
    );

    let cancel = CancellationToken::new();
    let script = vec![Line::Act(&["noop"]), Line::Hang];
    let config = AgentConfig::default();
    let playing = play_until(script, &config, &cancel);
    let cancelling = async {
        tokio::task::yield_now().await;
        cancel.cancel();
    };
    let (played, ()) = tokio::join!(playing, cancelling);
    assert_eq!(played.outcome.ending, Ending::Cancelled);
    assert!(
        played
            .trace
            .timesteps
            .iter()
            .all(|step| step.completed_at.is_some())
    );
}
