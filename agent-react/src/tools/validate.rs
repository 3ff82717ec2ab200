//! Checks what a model asked for against what is allowed.

use env_crafter::Action;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use thiserror::Error;

use super::{INTERACT, TERMINATE, ToolRules, action_from_word};
use crate::{
    model::{ReplyEnd, ToolCall},
    protocol::{ParseJsonError, parse_json, parse_whole_json},
};

/// One valid call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "tool", rename_all = "snake_case")]
pub enum Call {
    /// Execute these actions, in order.
    Interact {
        /// At least one action.
        #[serde(with = "names")]
        actions: Vec<Action>,
        /// Why, in the model's words; empty if it gave no reason.
        reasoning: String,
    },
    /// End the episode.
    Terminate {
        /// Why, in the model's words; empty if it gave no reason.
        reason: String,
    },
}

/// Everything one reply asked for, one entry for each of its calls.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// The calls, in the order the model made them.
    pub calls: Vec<Call>,
}

impl Decision {
    /// The actions to execute, in order: those asked for before the episode is ended.
    pub fn actions(&self) -> impl Iterator<Item = Action> {
        let before = self.calls.iter().take_while(|call| !call.terminates());
        before.flat_map(Call::actions).copied()
    }

    /// The actions asked for after the episode is ended, which are not executed.
    pub fn actions_too_late(&self) -> impl Iterator<Item = Action> {
        let after = self.calls.iter().skip_while(|call| !call.terminates());
        after.flat_map(Call::actions).copied()
    }

    /// Whether a call ends the episode, once the actions before it are executed.
    pub fn terminates(&self) -> bool {
        self.calls.iter().any(Call::terminates)
    }
}

impl Call {
    /// The actions to execute; none for `terminate`.
    pub fn actions(&self) -> &[Action] {
        match self {
            Call::Interact { actions, .. } => actions,
            Call::Terminate { .. } => &[],
        }
    }

    fn terminates(&self) -> bool {
        matches!(self, Call::Terminate { .. })
    }
}

/// Why a reply asks for nothing that can be done. `Display` is the answer the
/// model gets: what was wrong and what is allowed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ToolError {
    /// The reply makes no call at all.
    #[error("your reply calls no tool; call `interact` with 1 to {allowed} actions")]
    NoCall {
        /// Actions one reply may ask for.
        allowed: usize,
    },
    /// The token limit cut the reply off before it held a valid call.
    #[error(
        "your reply was cut off{} before it held a whole call; write less before it",
        tokens.map_or(String::new(), |tokens| format!(" at {tokens} tokens"))
    )]
    CutOff {
        /// The reply's tokens, if they were counted.
        tokens: Option<u64>,
    },
    /// Something other than the model stopped the reply before it held a valid call.
    #[error("your reply was stopped before it held a whole call; call `interact` again")]
    Stopped,
    /// There is no such tool.
    #[error("there is no tool {name:?}; available: {available}")]
    UnknownTool {
        /// The name that was called.
        name: String,
        /// The tools there are.
        available: String,
    },
    /// The arguments are no JSON.
    #[error("the arguments of `{tool}` are {problem}; expected {expected}")]
    NoJson {
        /// The tool that was called.
        tool: &'static str,
        /// What the parser says.
        problem: ParseJsonError,
        /// An example of good arguments.
        expected: &'static str,
    },
    /// The arguments are JSON, but no object.
    #[error("the arguments of `{tool}` are {found} instead of an object; expected {expected}")]
    NoObject {
        /// The tool that was called.
        tool: &'static str,
        /// What was sent instead.
        found: &'static str,
        /// An example of good arguments.
        expected: &'static str,
    },
    /// `interact` without any action.
    #[error("`interact` needs `actions`, a list of 1 to {allowed} action names")]
    NoActions {
        /// Actions one reply may ask for.
        allowed: usize,
    },
    /// A name, a number or something else that is no action.
    #[error("there is no action {action}; available: {}", Action::ALL.map(Action::name).join(", "))]
    UnknownAction {
        /// What was sent, as JSON.
        action: String,
    },
    /// More actions than one reply may ask for.
    #[error("you asked for {asked} actions; at most {allowed} are allowed in one reply")]
    TooManyActions {
        /// Actions in all calls of the reply.
        asked: usize,
        /// Actions one reply may ask for.
        allowed: usize,
    },
}

impl ToolError {
    /// The kind of mistake, for counting.
    pub const fn name(&self) -> &'static str {
        match self {
            ToolError::NoCall { .. } => "no_call",
            ToolError::CutOff { .. } => "cut_off",
            ToolError::Stopped => "stopped",
            ToolError::UnknownTool { .. } => "unknown_tool",
            ToolError::NoJson { .. } => "no_json",
            ToolError::NoObject { .. } => "no_object",
            ToolError::NoActions { .. } => "no_actions",
            ToolError::UnknownAction { .. } => "unknown_action",
            ToolError::TooManyActions { .. } => "too_many_actions",
        }
    }
}

/// Of no real actions: a model that quotes it asks for nothing.
const INTERACT_EXAMPLE: &str = r#"{"reasoning": "...", "actions": ["action name", "..."]}"#;
const TERMINATE_EXAMPLE: &str = r#"{"reason": "..."}"#;

impl ToolRules {
    /// Checks all calls of a reply. One bad call makes the whole reply invalid,
    /// so that a model never has to guess which part of it was executed. In one that
    /// was cut off, nothing may be missing of a call, not even its last bracket.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong, as an answer to the model.
    pub fn validate(&self, calls: &[ToolCall], end: ReplyEnd) -> Result<Decision, ToolError> {
        match end {
            ReplyEnd::Finished => self.validate_calls(calls, parse_json),
            ReplyEnd::CutOff { tokens } => self
                .validate_calls(calls, parse_whole_json)
                .map_err(|_| ToolError::CutOff { tokens }),
            ReplyEnd::Stopped => self
                .validate_calls(calls, parse_whole_json)
                .map_err(|_| ToolError::Stopped),
        }
    }

    fn validate_calls(&self, calls: &[ToolCall], parse: Parse) -> Result<Decision, ToolError> {
        if calls.is_empty() {
            return Err(ToolError::NoCall {
                allowed: self.max_actions,
            });
        }
        let calls = calls
            .iter()
            .map(|call| self.validate_call(call, parse))
            .collect::<Result<Vec<_>, _>>()?;
        let asked = calls.iter().map(|call| call.actions().len()).sum();
        if asked > self.max_actions {
            return Err(ToolError::TooManyActions {
                asked,
                allowed: self.max_actions,
            });
        }
        Ok(Decision { calls })
    }

    fn validate_call(&self, call: &ToolCall, parse: Parse) -> Result<Call, ToolError> {
        match call.name.trim() {
            INTERACT => {
                let arguments = object(INTERACT, &call.arguments, INTERACT_EXAMPLE, parse)?;
                let listed = arguments.get("actions").or_else(|| arguments.get("action"));
                Ok(Call::Interact {
                    actions: self.actions(listed)?,
                    reasoning: text(&arguments, "reasoning"),
                })
            }
            TERMINATE if self.terminate => {
                let arguments = object(TERMINATE, &call.arguments, TERMINATE_EXAMPLE, parse)?;
                Ok(Call::Terminate {
                    reason: text(&arguments, "reason"),
                })
            }
            other => Err(ToolError::UnknownTool {
                name: other.to_owned(),
                available: if self.terminate {
                    "interact, terminate"
                } else {
                    "interact"
                }
                .to_owned(),
            }),
        }
    }

    /// A list of actions, or a single one.
    fn actions(&self, listed: Option<&Value>) -> Result<Vec<Action>, ToolError> {
        let actions = match listed {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(list)) => list.iter().map(action).collect::<Result<_, _>>()?,
            Some(single) => vec![action(single)?],
        };
        if actions.is_empty() {
            return Err(ToolError::NoActions {
                allowed: self.max_actions,
            });
        }
        Ok(actions)
    }
}

/// An action by its name. A number is none: no model is told a numbering, and might count
/// the names it is given from 0 or from 1.
fn action(value: &Value) -> Result<Action, ToolError> {
    let known = value.as_str().and_then(action_from_word);
    known.ok_or_else(|| ToolError::UnknownAction {
        action: value.to_string(),
    })
}

/// How arguments are read.
type Parse = fn(&str) -> Result<Value, ParseJsonError>;

/// The arguments of a call; an empty text counts as an empty object.
fn object(
    tool: &'static str,
    arguments: &str,
    expected: &'static str,
    parse: Parse,
) -> Result<Map<String, Value>, ToolError> {
    if arguments.trim().is_empty() {
        return Ok(Map::new());
    }
    let value = parse(arguments).map_err(|problem| ToolError::NoJson {
        tool,
        problem,
        expected,
    })?;
    let found = match value {
        Value::Object(object) => return Ok(object),
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
    };
    Err(ToolError::NoObject {
        tool,
        found,
        expected,
    })
}

fn text(arguments: &Map<String, Value>, key: &str) -> String {
    match arguments.get(key) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

mod names {
    //! Actions as their names.

    use env_crafter::Action;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(actions: &[Action], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(actions.iter().map(|action| action.name()))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Action>, D::Error> {
        let names = Vec::<String>::deserialize(from)?;
        names
            .iter()
            .map(|name| name.parse().map_err(D::Error::custom))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: ToolRules = ToolRules {
        max_actions: 3,
        terminate: true,
    };

    fn call(name: &str, arguments: &str) -> ToolCall {
        ToolCall {
            id: "call".to_owned(),
            name: name.to_owned(),
            arguments: arguments.to_owned(),
            extra: Map::new(),
        }
    }

    #[track_caller]
    fn check(arguments: &str, expected: &str) {
        let read = match RULES.validate(&[call(INTERACT, arguments)], ReplyEnd::Finished) {
            Ok(decision) => decision
                .actions()
                .map(Action::name)
                .collect::<Vec<_>>()
                .join(" "),
            Err(error) => error.name().to_owned(),
        };
        assert_eq!(read, expected, "validating {arguments}");
    }

    #[test]
    fn lists_single_actions_names_and_aliases_are_understood() {
        check(r#"{"actions": ["move_left", "do"]}"#, "move_left do");
        check(r#"{"reasoning": "thirsty", "actions": ["Drink"]}"#, "do");
        check(r#"{"actions": "north"}"#, "move_up");
        check(r#"{"action": "sleep"}"#, "sleep");
        check(r#"{"actions": ["do", "do"]"#, "do do");
    }

    #[test]
    fn mistakes_are_named_and_never_repaired_into_actions() {
        check("", "no_actions");
        check("{}", "no_actions");
        check(r#"{"actions": []}"#, "no_actions");
        check(r#"{"actions": null}"#, "no_actions");
        check(r#"{"actions": ["fly"]}"#, "unknown_action");
        check(r#"{"actions": ["do", "fly"]}"#, "unknown_action");
        check(r#"{"actions": [1]}"#, "unknown_action");
        check(r#"{"actions": ["1"]}"#, "unknown_action");
        check(r#"{"actions": [17]}"#, "unknown_action");
        check(r#"{"actions": [-1]}"#, "unknown_action");
        check(r#"{"actions": [1.5]}"#, "unknown_action");
        check(r#"{"actions": {"do": 3}}"#, "unknown_action");
        check(
            r#"{"actions": ["do", "do", "do", "do"]}"#,
            "too_many_actions",
        );
        check(r#"["move_left"]"#, "no_object");
        check(r#""move_left""#, "no_object");
        check(r#"{"actions": ["move_le"#, "no_json");
        check(r#"{"actions": ["move_left","#, "no_json");
        check(r#"{"actions": ["move_left""#, "no_json");
        check(r#"{"actions": ["do"], "actions": ["sleep"]}"#, "no_json");
        check(INTERACT_EXAMPLE, "unknown_action");
    }

    #[test]
    fn parallel_calls_share_the_limit() {
        let two = r#"{"actions": ["do", "do"]}"#;
        let one = r#"{"actions": ["sleep"]}"#;
        let decision = RULES.validate(
            &[call(INTERACT, two), call(INTERACT, one)],
            ReplyEnd::Finished,
        );
        assert_eq!(decision.map(|decision| decision.actions().count()), Ok(3));
        let error = RULES.validate(
            &[call(INTERACT, two), call(INTERACT, two)],
            ReplyEnd::Finished,
        );
        assert_eq!(
            error,
            Err(ToolError::TooManyActions {
                asked: 4,
                allowed: 3
            })
        );
    }

    #[test]
    fn one_bad_call_makes_the_reply_invalid() {
        let good = call(INTERACT, r#"{"actions": ["do"]}"#);
        let error = RULES.validate(&[good, call("attack", "{}")], ReplyEnd::Finished);
        assert_eq!(error.map_err(|error| error.name()), Err("unknown_tool"));
        assert_eq!(
            RULES
                .validate(&[], ReplyEnd::Finished)
                .map_err(|error| error.name()),
            Err("no_call")
        );
    }

    #[test]
    fn a_reply_that_was_cut_off_must_hold_whole_calls() {
        let end = ReplyEnd::CutOff { tokens: Some(250) };
        let read = |arguments| {
            let decision = RULES.validate(&[call(INTERACT, arguments)], end);
            decision.map(|decision| decision.actions().count())
        };
        assert_eq!(read(r#"{"actions": ["do", "do"]}"#), Ok(2));
        for open in [r#"{"actions": ["do"]"#, r#"{"reasoning": "a lo"#, ""] {
            assert_eq!(read(open), Err(ToolError::CutOff { tokens: Some(250) }));
        }
        let error = RULES.validate(&[], end).unwrap_err();
        insta::assert_snapshot!(error, @"your reply was cut off at 250 tokens before it held a whole call; write less before it");
    }

    #[test]
    fn what_follows_the_end_comes_too_late() {
        let one = |action| call(INTERACT, &format!(r#"{{"actions": ["{action}"]}}"#));
        let calls = [one("do"), call(TERMINATE, "{}"), one("sleep")];
        let decision = RULES.validate(&calls, ReplyEnd::Finished).unwrap();
        assert!(decision.terminates());
        assert_eq!(decision.actions().collect::<Vec<_>>(), [Action::Do]);
        let late: Vec<Action> = decision.actions_too_late().collect();
        assert_eq!(late, [Action::Sleep]);
    }

    #[test]
    fn terminate_needs_to_be_enabled() {
        let quit = call(TERMINATE, r#"{"reason": "done"}"#);
        let terminated = Decision {
            calls: vec![Call::Terminate {
                reason: "done".to_owned(),
            }],
        };
        assert_eq!(
            RULES.validate(std::slice::from_ref(&quit), ReplyEnd::Finished),
            Ok(terminated)
        );
        let rules = ToolRules {
            terminate: false,
            ..RULES
        };
        assert_eq!(
            rules
                .validate(&[quit], ReplyEnd::Finished)
                .map_err(|error| error.name()),
            Err("unknown_tool")
        );
    }

    #[test]
    fn answers_say_what_is_allowed() {
        let answer = |name, arguments| {
            RULES
                .validate(&[call(name, arguments)], ReplyEnd::Finished)
                .unwrap_err()
        };
        insta::assert_snapshot!(answer("fly", "{}"), @r#"there is no tool "fly"; available: interact, terminate"#);
        insta::assert_snapshot!(answer(INTERACT, r#"{"actions": ["fly"]}"#), @r#"there is no action "fly"; available: noop, move_left, move_right, move_up, move_down, do, sleep, place_stone, place_table, place_furnace, place_plant, make_wood_pickaxe, make_stone_pickaxe, make_iron_pickaxe, make_wood_sword, make_stone_sword, make_iron_sword"#);
        insta::assert_snapshot!(answer(INTERACT, "[]"), @r#"the arguments of `interact` are a list instead of an object; expected {"reasoning": "...", "actions": ["action name", "..."]}"#);
    }
}
