//! Whole episodes against an endpoint that answers anything at all, by every protocol,
//! whole and streamed: exactly that is executed which a reply asked for.

use std::time::Duration;

use agent_react::agent::AgentConfig;
use agent_react::model::Protocol;
use agent_react::outcome::Ending;
use env_crafter::Action;
use integration_tests::endpoint::{Answer, ScriptedEndpoint};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};
use tracer::record::SessionTrace;

use crate::{config, model, support};

/// Turns of an episode.
const TURNS: u64 = 12;

/// What the endpoint answers.
#[derive(Debug, Clone)]
enum Said {
    /// Native calls: lists of actions, or the end where there is none.
    Calls(Vec<Option<Vec<&'static str>>>, &'static str),
    /// A call whose arguments end in the middle of a name.
    CutOff(Vec<&'static str>),
    /// `Action:` and names.
    Line(Vec<&'static str>),
    /// `Action:` twice.
    TwoLines(&'static str, &'static str),
    /// The object that a schema asks for.
    Object(Vec<&'static str>),
    /// A bare name.
    Name(&'static str),
    /// No call.
    Prose,
    /// No reply.
    Fault(Fault),
}

/// What goes wrong.
#[derive(Debug, Clone, Copy)]
enum Fault {
    Status,
    ErrorInside,
    NoChoices,
    NoJson,
    HalfAnAnswer,
    /// A stream that lost its middle.
    Damaged,
}

/// What a reply asks for.
#[derive(Debug, Default)]
struct Asked {
    actions: Vec<&'static str>,
    ends: bool,
}

impl Said {
    fn answer(&self) -> Answer {
        let call = |(n, list): (usize, &Option<Vec<&str>>)| {
            let (name, arguments) = match list {
                Some(actions) => ("interact", json!({ "actions": actions })),
                None => ("terminate", json!({"reason": "enough"})),
            };
            let function = json!({"name": name, "arguments": arguments.to_string()});
            json!({"id": format!("call_{n}"), "type": "function", "function": function})
        };
        match self {
            Said::Calls(lists, finish) => {
                let calls: Vec<Value> = lists.iter().enumerate().map(call).collect();
                let message = json!({"role": "assistant", "content": null, "tool_calls": calls});
                Answer::message(message).with("/choices/0/finish_reason", json!(finish))
            }
            Said::CutOff(actions) => {
                let whole = json!({ "actions": actions }).to_string();
                let arguments = format!("{},\"sle", whole.trim_end_matches("]}"));
                Answer::calling(json!({"name": "interact", "arguments": arguments}))
                    .with("/choices/0/finish_reason", json!("length"))
            }
            Said::Line(actions) => {
                Answer::text(&format!("Thought: so.\nAction: {}", actions.join(", ")))
            }
            Said::TwoLines(one, other) => {
                Answer::text(&format!("Action: {one}\nNo.\nAction: {other}"))
            }
            Said::Object(actions) => Answer::text(&json!({ "actions": actions }).to_string()),
            Said::Name(action) => Answer::text(action),
            Said::Prose => Answer::text("I would rather look at the trees."),
            Said::Fault(fault) => fault.answer(),
        }
    }

    /// What is to be executed of it, where actions are asked for by this protocol.
    fn asks(&self, protocol: Protocol, may_end: bool) -> Asked {
        let lists = match self {
            Said::Calls(lists, _) => lists.clone(),
            Said::Line(actions) | Said::Object(actions) => vec![Some(actions.clone())],
            Said::Name(action) if protocol == Protocol::Naive => vec![Some(vec![*action])],
            Said::Name(_) | Said::CutOff(_) | Said::TwoLines(..) | Said::Prose | Said::Fault(_) => {
                return Asked::default();
            }
        };
        let all: Vec<&str> = lists.iter().flatten().flatten().copied().collect();
        let is_valid = |list: &Option<Vec<&str>>| match list {
            Some(actions) => !actions.is_empty(),
            None => may_end,
        };
        let known = all.iter().all(|name| Action::from_name(name).is_some());
        let most = AgentConfig::default().tools.max_actions;
        if !known || all.len() > most || !lists.iter().all(is_valid) {
            return Asked::default();
        }
        let ends = lists.iter().any(Option::is_none);
        let before = lists.into_iter().map_while(|list| list);
        Asked {
            actions: before.flatten().collect(),
            ends,
        }
    }
}

impl Fault {
    fn answer(self) -> Answer {
        let reply = json!({"choices": [{"message": {"content": "Action: do"}}]}).to_string();
        let body = |body: &str| Answer::Http {
            status: 200,
            headers: Vec::new(),
            body: body.as_bytes().to_vec(),
        };
        match self {
            Fault::Status => Answer::error(503, "Action: do"),
            Fault::ErrorInside => Answer::json(200, json!({"error": {"message": "Action: do"}})),
            Fault::NoChoices => Answer::json(200, json!({"choices": [], "content": "Action: do"})),
            Fault::NoJson => body("Action: do"),
            Fault::HalfAnAnswer => body(&reply[..reply.len() - 2]),
            Fault::Damaged => {
                let event = |text: &str| {
                    let chunk = json!({"choices": [{"delta": {"content": text}}]});
                    format!("data: {chunk}\n\n")
                };
                let lost = &event("not ")[..20];
                let text = [
                    &event("Action: "),
                    lost,
                    "\n\n",
                    &event("do"),
                    "data: [DONE]\n\n",
                ];
                Answer::Stream {
                    text: text.concat(),
                    hangs: false,
                }
            }
        }
    }
}

fn action() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        12 => select(Action::ALL.map(Action::name).to_vec()),
        1 => select(vec!["fly", "7", "", "interact with the tree, then left"]),
    ]
}

fn said() -> impl Strategy<Value = Said> {
    let list = || prop::collection::vec(action(), 0..5);
    let call = prop_oneof![5 => list().prop_map(Some), 1 => Just(None)];
    let finish = select(vec!["tool_calls", "stop", "length", "error", ""]);
    let fault = select(vec![
        Fault::Status,
        Fault::ErrorInside,
        Fault::NoChoices,
        Fault::NoJson,
        Fault::HalfAnAnswer,
        Fault::Damaged,
    ]);
    // Of what follows words alone, blanks and commas would make other words.
    let name = || select(Action::ALL.map(Action::name).to_vec());
    let names = || prop::collection::vec(name(), 1..7);
    prop_oneof![
        4 => (prop::collection::vec(call, 1..4), finish).prop_map(|(it, end)| Said::Calls(it, end)),
        1 => prop::collection::vec(name(), 1..4).prop_map(Said::CutOff),
        2 => names().prop_map(Said::Line),
        1 => (name(), name()).prop_map(|(one, other)| Said::TwoLines(one, other)),
        2 => list().prop_map(Said::Object),
        1 => name().prop_map(Said::Name),
        1 => Just(Said::Prose),
        2 => fault.prop_map(Said::Fault),
    ]
}

/// Names of the executed actions, in order, as the trace has them.
fn executed(trace: &SessionTrace) -> Vec<&str> {
    let events = trace.event_history.iter().map(|event| &event.record);
    let actions = events.filter_map(|event| event.base().metadata.get("action")?.as_str());
    actions.collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn exactly_what_was_asked_for_is_executed(
        script in prop::collection::vec(said(), 1..16),
        protocol in select(Protocol::ALL.to_vec()),
        streams: bool,
        may_end: bool,
    ) {
        let mut agent = AgentConfig { protocol, ..AgentConfig::default() };
        agent.tools.terminate = may_end;
        agent.limits.turns = Some(TURNS);
        let at = |n: usize| &script[n.min(script.len() - 1)];
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let playing = async {
            let answers: Vec<Answer> = script.iter().map(Said::answer).collect();
            let endpoint = ScriptedEndpoint::scripted(move |n, _| {
                answers[n.min(answers.len() - 1)].clone()
            }).await;
            let mut config = config(endpoint.url());
            config.quirks.stream = streams;
            let (outcome, trace) = support::play(&model(config), 0, &agent).await;
            (outcome, trace, endpoint.requests().len())
        };
        let limit = Duration::from_secs(60);
        let played = runtime.block_on(async { tokio::time::timeout(limit, playing).await });
        let (outcome, trace, requests) =
            played.map_err(|_| TestCaseError::fail("the episode hangs"))?;

        let asked: Vec<Asked> = (0..requests).map(|n| at(n).asks(protocol, may_end)).collect();
        let expected: Vec<&str> = asked.iter().flat_map(|it| &it.actions).copied().collect();
        let executed = executed(&trace);
        match outcome.ending {
            // What was left of its list is not executed.
            Ending::Died => prop_assert!(expected.starts_with(&executed)),
            _ => prop_assert_eq!(executed, expected, "{:?}", outcome),
        }
        let ends: Vec<bool> = asked.iter().map(|it| it.ends).collect();
        prop_assert!(!ends[..requests - 1].contains(&true), "it went on after its end");
        if ends.last() == Some(&true) {
            prop_assert!(matches!(outcome.ending, Ending::Terminated | Ending::Died));
        }
        prop_assert!(outcome.turns <= TURNS);
        prop_assert_eq!(outcome.actions.total(), outcome.steps);
    }
}
