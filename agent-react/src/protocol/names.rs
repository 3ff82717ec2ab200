//! Recognizes a tool by the name a model calls it: in any case, and within the namespace
//! of a provider's prompt (`functions.interact`, `default_api:interact`).

use crate::model::ToolSpec;

/// The tool of this name. Neither case nor a namespace can make it another one.
pub(crate) fn tool_named<'a>(written: &str, tools: &'a [ToolSpec]) -> Option<&'a ToolSpec> {
    let written = written.trim();
    let is_count = |end: &str| !end.is_empty() && end.bytes().all(|byte| byte.is_ascii_digit());
    // Some models number their calls: `functions.interact:0`.
    let name = match written.rsplit_once(':') {
        Some((name, count)) if is_count(count) => name,
        _ => written,
    };
    let name = name.rsplit(['.', ':', '/']).next()?;
    tools
        .iter()
        .find(|tool| tool.name.eq_ignore_ascii_case(name))
}

/// The tool whose name `text` begins with, and what follows the name and its decoration.
pub(super) fn leading_name<'a, 'b>(
    text: &'b str,
    tools: &'a [ToolSpec],
) -> Option<(&'a ToolSpec, &'b str)> {
    let in_name = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    let (word, rest) = text.split_at(text.find(|c| !in_name(c)).unwrap_or(text.len()));
    let tool = tool_named(word.trim_end_matches('.'), tools)?;
    Some((tool, rest.trim_start_matches(['(', ':', ' ', '`', '*'])))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn case_and_namespace_do_not_matter() {
        let tools = ["interact", "terminate"].map(|name| ToolSpec {
            name: name.to_owned(),
            description: String::new(),
            parameters: Value::Null,
        });
        let check = |written: &str, expected: Option<&str>| {
            let found = tool_named(written, &tools).map(|tool| tool.name.as_str());
            assert_eq!(found, expected, "{written:?}");
        };
        for written in [
            "interact",
            " Interact\n",
            "INTERACT",
            "functions.interact",
            "default_api.Interact",
            "default_api:interact",
            "functions.interact:0",
            "tools/interact",
        ] {
            check(written, Some("interact"));
        }
        check("Functions.Terminate", Some("terminate"));
        for other in [
            "",
            "interact_",
            "reinteract",
            "inter act",
            "interact.",
            "interact:x",
            "do",
        ] {
            check(other, None);
        }
    }
}
