//! Ids of tool calls: every call has one, none has another's, and where an
//! endpoint insists they are nine letters or digits.

use std::collections::{BTreeMap, BTreeSet};

use super::reply::SaidCall;
use crate::model::{ChatMessage, Role, Shared, ToolCall};

/// The longest id that is kept: each goes back twice in every later request.
const LONGEST: usize = 256;

/// An id for the `n`th call of a conversation, fit for every endpoint.
fn made(n: usize) -> String {
    format!("call{n:05}")
}

/// How many calls a conversation holds.
fn count(messages: &[Shared<ChatMessage>]) -> usize {
    messages
        .iter()
        .map(|message| message.tool_calls.len())
        .sum()
}

/// Gives every call an id of its own within the conversation.
pub(super) fn given(
    calls: impl Iterator<Item = SaidCall>,
    conversation: &[Shared<ChatMessage>],
) -> Vec<ToolCall> {
    let earlier = conversation.iter().flat_map(|message| &message.tool_calls);
    let mut taken: BTreeSet<String> = earlier.map(|call| call.id.clone()).collect();
    let mut n = count(conversation);
    calls
        .map(|call| {
            let mut id = call.id.unwrap_or_default();
            while !fits(&id, false) || taken.contains(&id) {
                n += 1;
                id = made(n);
            }
            taken.insert(id.clone());
            ToolCall {
                id,
                name: call.name,
                arguments: call.arguments,
                extra: call.extra,
            }
        })
        .collect()
}

/// Gives calls that lack an id, share one with an earlier call, or have one the
/// endpoint would refuse, a new one, and their results with them.
pub(super) fn repair(messages: &mut [ChatMessage], short: bool) {
    let mut taken = BTreeSet::new();
    let mut renamed: BTreeMap<String, String> = BTreeMap::new();
    let mut n = 0;
    for message in messages {
        if message.role == Role::Assistant && !message.tool_calls.is_empty() {
            renamed.clear();
        }
        for call in &mut message.tool_calls {
            n += 1;
            let id = match fits(&call.id, short) && !taken.contains(&call.id) {
                true => call.id.clone(),
                false => (n..)
                    .map(made)
                    .find(|id| !taken.contains(id))
                    .unwrap_or_default(),
            };
            taken.insert(id.clone());
            renamed.insert(std::mem::replace(&mut call.id, id.clone()), id);
        }
        if let Some(id) = &mut message.tool_call_id
            && let Some(new) = renamed.get(id)
        {
            id.clone_from(new);
        }
    }
}

/// Whether [`repair`] has anything to do.
pub(super) fn want_repair(messages: &[Shared<ChatMessage>], short: bool) -> bool {
    let mut taken = BTreeSet::new();
    let mut calls = messages.iter().flat_map(|message| &message.tool_calls);
    calls.any(|call| !fits(&call.id, short) || !taken.insert(call.id.as_str()))
}

fn fits(id: &str, short: bool) -> bool {
    let is_short = || id.len() == 9 && id.bytes().all(|b| b.is_ascii_alphanumeric());
    !id.is_empty() && id.len() <= LONGEST && (!short || is_short())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ToolCall;

    fn turn(ids: &[&str]) -> Vec<ChatMessage> {
        let call = |id: &&str| ToolCall {
            id: (*id).to_owned(),
            name: "interact".into(),
            arguments: "{}".into(),
            extra: serde_json::Map::new(),
        };
        let calls = ChatMessage {
            tool_calls: ids.iter().map(call).collect(),
            ..ChatMessage::assistant("")
        };
        let results = ids.iter().map(|id| ChatMessage::tool(*id, "done"));
        std::iter::once(calls).chain(results).collect()
    }

    fn check(mut messages: Vec<ChatMessage>, short: bool, expected: &[&str]) {
        repair(&mut messages, short);
        let calls = messages
            .iter()
            .flat_map(|message| &message.tool_calls)
            .map(|call| call.id.clone());
        assert_eq!(calls.collect::<Vec<_>>(), expected);
        let results = messages
            .iter()
            .filter_map(|message| message.tool_call_id.clone());
        assert_eq!(results.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn good_ids_are_kept() {
        check(
            [turn(&["a", "b"]), turn(&["c"])].concat(),
            false,
            &["a", "b", "c"],
        );
    }

    #[test]
    fn an_id_used_again_in_a_later_turn_is_replaced_with_its_result() {
        check(
            [turn(&["call_0"]), turn(&["call_0"])].concat(),
            false,
            &["call_0", "call00002"],
        );
    }

    #[test]
    fn ids_an_endpoint_refuses_become_nine_letters_or_digits() {
        check(
            turn(&["call_abc123", "abcdefghi"]),
            true,
            &["call00001", "abcdefghi"],
        );
    }

    #[test]
    fn an_id_without_end_is_replaced() {
        let long = "x".repeat(LONGEST + 1);
        check(
            turn(&[&long[1..], &long]),
            false,
            &[&long[1..], "call00002"],
        );
        let call = SaidCall {
            id: Some(long),
            name: "f".to_owned(),
            arguments: "{}".to_owned(),
            extra: serde_json::Map::new(),
        };
        assert_eq!(given([call].into_iter(), &[])[0].id, "call00001");
    }

    #[test]
    fn a_made_id_is_never_one_that_is_taken() {
        check(
            [turn(&["call00002"]), turn(&["call00002"])].concat(),
            false,
            &["call00002", "call00003"],
        );
    }
}
