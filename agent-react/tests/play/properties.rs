//! No sequence of replies, however broken, breaks the loop or makes it do what
//! was not asked for.

use std::time::Duration;

use agent_react::{agent::AgentConfig, outcome::Ending, tools::action_from_word};
use env_crafter::Action;
use proptest::prelude::*;

use crate::script::{Line, play};

/// A reply: some calls with more or less sensible arguments.
fn reply() -> impl Strategy<Value = Vec<(&'static str, String)>> {
    let action = prop_oneof![
        8 => prop::sample::select(Action::ALL.to_vec()).prop_map(|action| format!("{:?}", action.name())),
        1 => "[a-z_ ]{0,8}".prop_map(|word| format!("{word:?}")),
        1 => (-3i64..20).prop_map(|id| id.to_string()),
    ];
    let actions = prop::collection::vec(action, 0..7);
    let arguments = prop_oneof![
        8 => actions.prop_map(|actions| format!(r#"{{"actions": [{}]}}"#, actions.join(", "))),
        1 => "[\\[\\]{}\":,a-z ]{0,30}",
        1 => any::<String>(),
    ];
    let tool = prop_oneof![8 => Just("interact"), 1 => Just("terminate"), 1 => Just("")];
    prop::collection::vec((tool, arguments), 0..3)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn any_replies_lead_to_an_ending_and_only_to_what_was_asked(
        replies in prop::collection::vec(reply(), 1..12),
        terminate: bool,
    ) {
        let mut config = AgentConfig::default();
        config.tools.terminate = terminate;
        config.limits.turns = Some(12);
        let asked: Vec<Action> = replies.iter().flatten().flat_map(|(_, text)| named_in(text)).collect();
        let last = replies.last().into_iter().flatten().flat_map(|(_, text)| named_in(text));
        // The script's last line is said again until the end.
        let asked = asked.into_iter().chain(last.collect::<Vec<_>>().repeat(12));
        let script = replies.into_iter().map(Line::Call).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let played = runtime.block_on(async {
            tokio::time::timeout(Duration::from_secs(60), play(script, &config)).await
        });
        let played = played.map_err(|_| TestCaseError::fail("the episode hangs"))?;

        prop_assert!(played.outcome.turns <= 12);
        prop_assert_eq!(played.outcome.error.is_some(), played.outcome.ending == Ending::NoValidAction);
        prop_assert_eq!(played.executed().len() as u64, played.outcome.steps);
        prop_assert_eq!(played.outcome.actions.total(), played.outcome.steps);
        let mut asked = asked;
        for name in played.executed() {
            prop_assert!(
                asked.any(|action| action.name() == name),
                "{} was executed where nobody asked for it", name
            );
        }
    }
}

/// Everything in a text that could be read as an action, in its order: what is between
/// quotes.
fn named_in(text: &str) -> Vec<Action> {
    let quoted = text.split('"').skip(1).step_by(2);
    quoted.filter_map(action_from_word).collect()
}
