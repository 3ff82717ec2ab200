//! Writes a conversation with tool calls the way a protocol sends it.

use serde_json::{Value, json};

use super::written::list_property;
use crate::model::{ChatMessage, Protocol, Role, ToolCall, ToolSpec};

/// The conversation as `protocol` sends it.
///
/// [`Protocol::FunctionCalling`] changes nothing. The others write calls into the
/// assistant's text and their results into user messages, join neighbours of the
/// same role, and tell the model in the system message how to call; under
/// [`Protocol::Naive`] only if there is one, for a prompt that is a user message, as
/// BALROG's, says it all.
pub fn render(
    messages: &[ChatMessage],
    tools: &[ToolSpec],
    protocol: Protocol,
) -> Vec<ChatMessage> {
    if protocol == Protocol::FunctionCalling {
        return messages.to_vec();
    }
    let mut out: Vec<ChatMessage> = Vec::new();
    let is_told =
        protocol != Protocol::Naive || messages.iter().any(|message| message.role == Role::System);
    if let Some(how) = instructions(tools, protocol).filter(|_| is_told) {
        out.push(ChatMessage::system(how));
    }
    for message in messages {
        match message.role {
            // The instructions come last in the system message.
            Role::System if out.len() == 1 && out[0].role == Role::System => {
                let at = out[0].content.len() - 1;
                out[0]
                    .content
                    .splice(at..at, message.content.iter().cloned());
            }
            Role::System => out.push(message.clone()),
            Role::Assistant => join(&mut out, written_out(message, tools, protocol)),
            Role::User | Role::Tool => join(
                &mut out,
                ChatMessage {
                    role: Role::User,
                    content: message.content.clone(),
                    ..ChatMessage::user("")
                },
            ),
        }
    }
    out
}

/// What a reply without a usable call is answered with.
pub fn reminder(tools: &[ToolSpec], protocol: Protocol) -> String {
    let name = tools.first().map_or("the tool", |tool| tool.name.as_str());
    match protocol {
        Protocol::FunctionCalling => format!("Your reply held no tool call. Call the tool {name}."),
        Protocol::JsonSchema => {
            "Your reply was not the JSON object asked for. Reply with that object only.".to_owned()
        }
        Protocol::Text => {
            "Your reply must hold one Action line, and no second one. End it with a line such \
             as: Action: noop"
                .to_owned()
        }
        Protocol::Naive => "Reply with one action name and nothing else.".to_owned(),
    }
}

/// The schema of a whole reply under [`Protocol::JsonSchema`]: the arguments of
/// the only tool, or a `call` that names one of several.
pub fn reply_schema(tools: &[ToolSpec]) -> Value {
    if let [tool] = tools {
        return tool.parameters.clone();
    }
    let choice = |tool: &ToolSpec| {
        json!({
            "type": "object",
            "properties": {
                "tool": {"type": "string", "enum": [tool.name]},
                "arguments": tool.parameters,
            },
            "required": ["tool", "arguments"],
            "additionalProperties": false,
        })
    };
    json!({
        "type": "object",
        "properties": {"call": {"anyOf": tools.iter().map(choice).collect::<Vec<_>>()}},
        "required": ["call"],
        "additionalProperties": false,
    })
}

fn instructions(tools: &[ToolSpec], protocol: Protocol) -> Option<String> {
    let first = tools.first()?;
    match protocol {
        Protocol::FunctionCalling => None,
        Protocol::Naive => {
            let mut text = String::from("Reply with the name of one action and nothing else.");
            if let Some(names) = action_names(first) {
                text.push_str(&format!("\nThe action names: {}.", names.join(", ")));
            }
            Some(text)
        }
        Protocol::JsonSchema => Some(format!(
            "Reply with one JSON object and nothing else. It matches this schema:\n{}",
            reply_schema(tools)
        )),
        Protocol::Text => {
            let mut text = String::from(
                "Reply in exactly this form and write nothing after it:\n\
                 Thought: what you see and what to do about it\n\
                 Action: one action name, or several separated by commas\n",
            );
            if let Some(names) = action_names(first) {
                text.push_str(&format!("The action names: {}.\n", names.join(", ")));
            }
            for tool in &tools[1..] {
                text.push_str(&format!(
                    "Instead of action names, `{} {{…}}` may stand there with JSON arguments of this schema: {}. {}\n",
                    tool.name, tool.parameters, tool.description
                ));
            }
            Some(text.trim_end().to_owned())
        }
    }
}

fn action_names(tool: &ToolSpec) -> Option<Vec<&str>> {
    let items = &tool.parameters["properties"][list_property(tool)?]["items"];
    items["enum"]
        .as_array()?
        .iter()
        .map(Value::as_str)
        .collect()
}

/// An assistant message with its calls as text.
fn written_out(message: &ChatMessage, tools: &[ToolSpec], protocol: Protocol) -> ChatMessage {
    let calls = message.tool_calls.iter().map(|call| match protocol {
        Protocol::JsonSchema => as_object(call, tools),
        Protocol::Naive => bare_names(call, tools).unwrap_or_else(|| call.arguments.clone()),
        Protocol::FunctionCalling | Protocol::Text => {
            let written = bare_names(call, tools);
            format!(
                "Action: {}",
                written.unwrap_or_else(|| format!("{} {}", call.name, call.arguments))
            )
        }
    });
    let said = message.joined_text();
    let lines: Vec<String> = Some(said)
        .filter(|text| !text.is_empty())
        .into_iter()
        .chain(calls)
        .collect();
    ChatMessage {
        reasoning: message.reasoning.clone(),
        extra: message.extra.clone(),
        ..ChatMessage::assistant(lines.join("\n"))
    }
}

fn as_object(call: &ToolCall, tools: &[ToolSpec]) -> String {
    if tools.len() == 1 {
        return call.arguments.clone();
    }
    let arguments = serde_json::from_str(&call.arguments).unwrap_or_else(|_| json!(call.arguments));
    json!({"call": {"tool": call.name, "arguments": arguments}}).to_string()
}

/// The names of a call to the first tool, if it is nothing but a list of them.
fn bare_names(call: &ToolCall, tools: &[ToolSpec]) -> Option<String> {
    let tool = tools.first().filter(|tool| tool.name == call.name)?;
    let arguments: Value = serde_json::from_str(&call.arguments).ok()?;
    let names = arguments.get(list_property(tool)?)?.as_array()?;
    let names: Option<Vec<&str>> = names.iter().map(Value::as_str).collect();
    Some(names?.join(", "))
}

/// Appends a message, or joins it to the last one if the role is the same.
fn join(out: &mut Vec<ChatMessage>, message: ChatMessage) {
    match out.last_mut() {
        Some(last) if last.role == message.role => {
            last.content.extend(message.content);
        }
        _ => out.push(message),
    }
}

#[cfg(test)]
mod tests {
    use super::super::extract;
    use super::*;

    fn tools() -> Vec<ToolSpec> {
        let tool = |name: &str, parameters| ToolSpec {
            name: name.into(),
            description: "Ends the episode.".into(),
            parameters,
        };
        vec![
            tool(
                "interact",
                json!({"type": "object", "properties": {"actions": {
                    "type": "array", "items": {"enum": ["noop", "do"]}}}}),
            ),
            tool("terminate", json!({"type": "object"})),
        ]
    }

    fn conversation() -> Vec<ChatMessage> {
        let call = ToolCall {
            id: "c1".into(),
            name: "interact".into(),
            arguments: r#"{"actions":["do","noop"]}"#.into(),
            extra: serde_json::Map::new(),
        };
        vec![
            ChatMessage::system("You play."),
            ChatMessage::user("A tree."),
            ChatMessage {
                tool_calls: vec![call],
                ..ChatMessage::assistant("Wood it is.")
            },
            ChatMessage::tool("c1", "Collected 1 wood."),
            ChatMessage::user("Another tree."),
        ]
    }

    fn check(protocol: Protocol, expected: &str) {
        let lines: Vec<String> = render(&conversation(), &tools(), protocol)
            .iter()
            .map(|message| format!("[{:?}] {}", message.role, message.joined_text()))
            .collect();
        assert_eq!(lines.join("\n"), expected);
    }

    #[test]
    fn text_shows_the_form_and_writes_calls_as_actions() {
        check(
            Protocol::Text,
            "[System] You play.\n\
             Reply in exactly this form and write nothing after it:\n\
             Thought: what you see and what to do about it\n\
             Action: one action name, or several separated by commas\n\
             The action names: noop, do.\n\
             Instead of action names, `terminate {…}` may stand there with JSON arguments of this schema: {\"type\":\"object\"}. Ends the episode.\n\
             [User] A tree.\n\
             [Assistant] Wood it is.\nAction: do, noop\n\
             [User] Collected 1 wood.\nAnother tree.",
        );
    }

    #[test]
    fn naive_sends_names_only() {
        check(
            Protocol::Naive,
            "[System] You play.\n\
             Reply with the name of one action and nothing else.\n\
             The action names: noop, do.\n\
             [User] A tree.\n[Assistant] Wood it is.\ndo, noop\n\
             [User] Collected 1 wood.\nAnother tree.",
        );
    }

    #[test]
    fn naive_adds_nothing_to_a_prompt_that_is_a_user_message() {
        let conversation = [ChatMessage::user("Play."), ChatMessage::user("A tree.")];
        let sent = render(&conversation, &tools(), Protocol::Naive);
        let [message] = sent.as_slice() else {
            panic!("not one message: {sent:?}");
        };
        assert_eq!(message.joined_text(), "Play.\nA tree.");
    }

    /// What we write for a model to imitate must be what we read back from it.
    #[test]
    fn a_call_that_is_written_out_is_read_back() {
        for protocol in [Protocol::JsonSchema, Protocol::Text] {
            for tools in [&tools()[..1], &tools()[..]] {
                let sent = render(&conversation(), tools, protocol);
                let answer = ChatMessage {
                    content: sent[2].content.clone(),
                    ..ChatMessage::assistant("")
                };
                let found = extract(&answer.joined_text(), tools, protocol);
                assert_eq!(found.text, "Wood it is.", "{protocol:?}");
                assert_eq!(found.calls.len(), 1);
                assert_eq!(found.calls[0].name, "interact");
                assert_eq!(found.calls[0].arguments, r#"{"actions":["do","noop"]}"#);
            }
        }
    }
}
