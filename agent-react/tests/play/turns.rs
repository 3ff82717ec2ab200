//! What a model is told from turn to turn.

use agent_react::{
    agent::{AgentConfig, InvalidReplies},
    history::{History, Shape},
    model::{ChatMessage, Role},
};

use crate::script::{Line, play};

fn roles(messages: &[ChatMessage]) -> Vec<Role> {
    messages.iter().map(|message| message.role).collect()
}

fn config(history: History, turns: u64) -> AgentConfig {
    let mut config = AgentConfig {
        history,
        ..AgentConfig::default()
    };
    config.limits.turns = Some(turns);
    config
}

#[tokio::test]
async fn without_history_only_the_present_is_sent() {
    let played = play(vec![Line::Act(&["noop"])], &config(History::None, 3)).await;
    for request in &played.requests {
        assert_eq!(roles(request), [Role::System, Role::User]);
    }
    let last = played.requests[2][1].joined_text();
    assert!(last.starts_with("Step: 2 of 10000"), "{last}");
    assert!(last.ends_with("Last actions:\n- noop: waited"), "{last}");
}

#[tokio::test]
async fn the_next_observation_is_the_result_of_the_last_call() {
    let parallel = vec![
        ("interact", r#"{"actions": ["noop"]}"#.to_owned()),
        ("interact", r#"{"actions": ["do", "sleep"]}"#.to_owned()),
    ];
    let played = play(vec![Line::Call(parallel)], &config(History::Last(5), 2)).await;
    let second = &played.requests[1];
    assert_eq!(
        roles(second),
        [
            Role::System,
            Role::User,
            Role::Assistant,
            Role::Tool,
            Role::Tool
        ]
    );
    let ids: Vec<_> = second[3..]
        .iter()
        .map(|message| message.tool_call_id.as_deref())
        .collect();
    assert_eq!(ids, [Some("call_0_0"), Some("call_0_1")]);
    assert_eq!(second[3].joined_text(), "noop: waited");
    assert!(second[4].joined_text().starts_with("Step: 3 of 10000"));
}

#[tokio::test]
async fn whole_turns_are_forgotten_oldest_first() {
    let played = play(vec![Line::Act(&["noop"])], &config(History::Last(2), 6)).await;
    let last = played.requests.last().unwrap();
    let (user, assistant, tool) = (Role::User, Role::Assistant, Role::Tool);
    assert_eq!(
        roles(last),
        [Role::System, user, assistant, tool, assistant, tool]
    );
    assert!(
        last[1].joined_text().starts_with("Step: 3"),
        "turns 0 to 2 are forgotten"
    );
}

#[tokio::test]
async fn balrogs_conversation_begins_with_the_prompt_and_half_a_turn() {
    let mut config = config(History::Last(2), 5);
    config.conversation = Shape::Balrog;
    config.invalid_replies = InvalidReplies::BecomeNoop;
    let script = vec![Line::Say("Move North, I think"), Line::Act(&["noop"])];
    let played = play(script, &config).await;
    let (user, assistant, tool) = (Role::User, Role::Assistant, Role::Tool);
    assert_eq!(roles(&played.requests[0]), [user, user]);
    assert_eq!(
        roles(&played.requests[1]),
        [user, user, assistant, user],
        "not yet full"
    );
    assert_eq!(played.requests[1][2].joined_text(), "Noop");
    assert_eq!(
        roles(&played.requests[2]),
        [user, assistant, user, assistant, tool],
        "the oldest observation is forgotten before its action"
    );
}

#[tokio::test]
async fn a_token_budget_bounds_the_conversation() {
    let tokens = 4000;
    let played = play(
        vec![Line::Act(&["noop"])],
        &config(History::Full { tokens }, 60),
    )
    .await;
    let lengths: Vec<usize> = played.requests.iter().map(Vec::len).collect();
    let longest = *lengths.iter().max().unwrap();
    assert!(
        longest < 2 * 60,
        "sixty turns of some 200 tokens do not fit into {tokens}"
    );
    assert!(longest > 10, "but several do");
    for request in &played.requests {
        let text: usize = request
            .iter()
            .map(|message| message.joined_text().len())
            .sum();
        assert!(text / 4 <= tokens);
        let answered = request
            .iter()
            .filter(|message| message.role == Role::Tool)
            .count();
        let made = request
            .iter()
            .filter(|message| message.role == Role::Assistant)
            .count();
        assert_eq!(answered, made, "no call is separated from its result");
    }
}

#[tokio::test]
async fn an_invalid_reply_is_answered_and_the_world_shown_again() {
    let script = vec![
        Line::Act(&["noop"]),
        Line::Act(&["fly"]),
        Line::Say("hm"),
        Line::Act(&["do"]),
    ];
    let played = play(script, &config(History::Last(9), 4)).await;
    let third = played.requests[2].last().unwrap();
    assert_eq!(third.role, Role::Tool);
    let third = third.joined_text();
    assert!(
        third.starts_with(r#"Nothing was executed: there is no action "fly"; available: noop, "#)
    );
    assert!(third.contains("\n\nStep: 1 of 10000\n"));
    assert!(third.ends_with("Last actions: none"));
    let fourth = played.requests[3].last().unwrap();
    assert_eq!(
        fourth.role,
        Role::User,
        "there is no call that could have a result"
    );
    assert!(
        fourth
            .joined_text()
            .starts_with("Nothing was executed: Your reply held no tool call")
    );
}

#[tokio::test]
async fn a_reply_that_was_cut_off_is_not_executed_and_told_so() {
    let script = vec![
        Line::CutOff(r#"{"actions": ["do", "sleep"]"#),
        Line::CutOff(r#"{"reasoning": "this is a very long th"#),
        Line::CutOff(r#"{"actions": ["noop"]}"#),
    ];
    let played = play(script, &config(History::Last(9), 3)).await;
    assert_eq!(played.executed(), ["noop"], "only what is whole");
    for request in &played.requests[1..] {
        let told = request.last().unwrap().joined_text();
        assert!(
            told.starts_with("Nothing was executed: your reply was cut off at 10 tokens"),
            "{told}"
        );
    }
}

#[tokio::test]
async fn progress_is_told_after_every_turn() {
    let script = vec![Line::Act(&["do", "sleep"]), Line::Say("hm")];
    let played = play(script, &config(History::None, 2)).await;
    let steps: Vec<_> = played
        .progress
        .iter()
        .map(|progress| (progress.turns, progress.steps))
        .collect();
    assert_eq!(steps, [(1, 2), (2, 2)]);
    assert_eq!(played.progress[1].needs, [9, 9, 9, 9]);
    assert_eq!(played.progress[1].usage.total_tokens, 200);
}

#[tokio::test]
async fn a_sound_call_beside_a_broken_one_is_told_so() {
    let broken = ("interact", r#"{"actions": ["fly"]}"#.to_owned());
    let sound = ("interact", r#"{"actions": ["noop"]}"#.to_owned());
    let script = vec![Line::Call(vec![sound, broken])];
    let played = play(script, &config(History::Last(9), 2)).await;
    assert!(played.executed().is_empty());
    let second = &played.requests[1];
    let told = second[3].joined_text();
    let reason = "because another call of the reply was invalid";
    assert!(told.contains(reason), "{told}");
    assert!(second[4].joined_text().contains("no action \"fly\""));
}
