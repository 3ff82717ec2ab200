//! Turns JSON and bare names into calls.

use serde_json::{Value, json};

use super::names::tool_named;
use crate::model::ToolSpec;

/// A call as it was written in text: it has no id yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenCall {
    /// The tool's name.
    pub name: String,
    /// Its arguments, which may be no valid JSON.
    pub arguments: String,
}

/// The property of the first tool that takes a list of names.
pub(super) fn list_property(tool: &ToolSpec) -> Option<&str> {
    let properties = tool.parameters.get("properties")?.as_object()?;
    let list = properties
        .iter()
        .find(|(_, schema)| schema["type"] == "array");
    list.map(|(name, _)| name.as_str())
}

/// `move_left, do` as a call of the first tool.
pub(super) fn bare(names: &str, tools: &[ToolSpec]) -> Option<WrittenCall> {
    let tool = tools.first()?;
    let names: Vec<&str> = names
        .split([',', ';'])
        .map(|name| {
            name.trim()
                .trim_matches(['"', '\'', '`', '*', '[', ']', '(', ')', '.', ' '])
        })
        .filter(|name| !name.is_empty())
        .collect();
    list_call(tool, json!(names)).filter(|_| !names.is_empty())
}

/// Something broken as the first tool's arguments, for the model to hear about.
pub(super) fn verbatim(arguments: &str, tools: &[ToolSpec]) -> Option<WrittenCall> {
    tools.first().map(|tool| WrittenCall {
        name: tool.name.clone(),
        arguments: arguments.to_owned(),
    })
}

/// The calls a JSON value stands for, if it stands for any:
/// `{"name": …, "arguments": …}` and its many spellings, the bare arguments of the
/// first tool, a list of names, or a list of any of these.
pub(super) fn from_json(value: &Value, tools: &[ToolSpec]) -> Option<Vec<WrittenCall>> {
    match value {
        Value::Array(items) if items.is_empty() => None,
        Value::Array(items) if items.iter().all(Value::is_string) => {
            Some(vec![list_call(tools.first()?, value.clone())?])
        }
        Value::Array(items) => {
            let calls: Option<Vec<_>> = items.iter().map(|item| from_json(item, tools)).collect();
            calls.map(|calls| calls.into_iter().flatten().collect())
        }
        Value::Object(_) => from_object(value, tools),
        _ => None,
    }
}

fn from_object(object: &Value, tools: &[ToolSpec]) -> Option<Vec<WrittenCall>> {
    for wrapper in [
        "tool_calls",
        "tool_call",
        "function_call",
        "function",
        "call",
    ] {
        if let Some(inner @ (Value::Object(_) | Value::Array(_))) = object.get(wrapper) {
            return from_json(inner, tools);
        }
    }
    let text = |keys: &[&str]| keys.iter().find_map(|key| object.get(key)?.as_str());
    let arguments = ["arguments", "parameters", "args", "action_input", "input"]
        .iter()
        .find_map(|key| object.get(key));
    if let (Some(name), Some(arguments)) = (
        text(&["name", "tool", "tool_name", "function", "action"]),
        arguments,
    ) {
        let arguments = match arguments {
            Value::String(written) => written.clone(),
            other => other.to_string(),
        };
        return Some(vec![WrittenCall {
            name: name.to_owned(),
            arguments,
        }]);
    }
    let tool = tools.first()?;
    if object.get(list_property(tool)?).is_some() {
        return verbatim(&object.to_string(), tools).map(|call| vec![call]);
    }
    let action = text(&["action"])?;
    let call = match tool_named(action, tools) {
        // Without arguments: to guess an action of that name would be to invent them.
        Some(tool) => Some(WrittenCall {
            name: tool.name.clone(),
            arguments: "{}".to_owned(),
        }),
        None => bare(action, tools),
    };
    call.map(|call| vec![call])
}

fn list_call(tool: &ToolSpec, names: Value) -> Option<WrittenCall> {
    let property = list_property(tool)?;
    Some(WrittenCall {
        name: tool.name.clone(),
        arguments: json!({ property: names }).to_string(),
    })
}
