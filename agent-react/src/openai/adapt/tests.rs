use serde_json::json;

use super::*;

fn refused(quirks: &Quirks, sent: Value, message: &str) -> Option<Adaptation> {
    let error = ErrorBody {
        message: message.into(),
        ..ErrorBody::default()
    };
    after_refusal(quirks, &sent, 400, &error)
}

fn check(sent: Value, message: &str, change: impl FnOnce(&mut Quirks)) {
    let mut expected = Quirks::default();
    change(&mut expected);
    let adaptation = refused(&Quirks::default(), sent, message);
    assert_eq!(
        adaptation.map(|adaptation| adaptation.quirks),
        Some(expected),
        "{message}"
    );
}

#[test]
fn the_field_of_the_token_limit() {
    let message = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.";
    let first =
        refused(&Quirks::default(), json!({"max_tokens": 9}), message).expect("an adaptation");
    assert_eq!(
        first.quirks.token_limit_field(),
        Some("max_completion_tokens")
    );
    let message = "unknown field max_completion_tokens";
    let second = refused(&first.quirks, json!({"max_completion_tokens": 9}), message)
        .expect("an adaptation");
    assert_eq!(second.quirks.token_limit_field(), None);
    let large = "max_tokens is too large: 99999, the model takes 4096";
    assert_eq!(
        refused(&Quirks::default(), json!({"max_tokens": 9}), large),
        None
    );
}

#[test]
fn a_field_that_is_refused_is_dropped() {
    check(
        json!({"temperature": 0.2, "max_tokens": 4}),
        "Unsupported value: 'temperature' does not support 0.2 with this model. Only the default (1) value is supported.",
        |quirks| {
            quirks.omit.insert("temperature".into());
        },
    );
    check(
        json!({"seed": 1}),
        "Extra inputs are not permitted: seed",
        |quirks| {
            quirks.omit.insert("seed".into());
        },
    );
    assert_eq!(
        refused(
            &Quirks::default(),
            json!({}),
            "temperature is not supported"
        ),
        None,
        "it was not sent"
    );
}

#[test]
fn roles() {
    check(
        json!({}),
        "Conversation roles must alternate user/assistant/user/assistant/...",
        |quirks| {
            quirks.alternate_roles = true;
        },
    );
    for message in [
        "System role not supported",
        "Developer instruction is not enabled for models/gemma-3-27b-it",
        "messages[0]: role 'system' is not supported",
    ] {
        check(json!({}), message, |quirks| {
            quirks.system_role = SystemRole::User
        });
    }
    let developer = Quirks {
        system_role: SystemRole::Developer,
        ..Quirks::default()
    };
    let message =
        "Input should be 'system', 'user', 'assistant' or 'tool'; unknown variant `developer`";
    let adaptation = refused(&developer, json!({}), message).expect("an adaptation");
    assert_eq!(adaptation.quirks, Quirks::default());
}

#[test]
fn tools_that_are_refused() {
    let tools = json!({"tools": [], "tool_choice": "required"});
    check(
        tools.clone(),
        "registry.ollama.ai/library/gemma:2b does not support tools",
        |quirks| {
            quirks.protocol = Protocol::JsonSchema;
        },
    );
    check(
        tools.clone(),
        "No endpoints found that support tool use. tools are unavailable",
        |quirks| {
            quirks.protocol = Protocol::JsonSchema;
        },
    );
    check(
        tools.clone(),
        "tools param requires --jinja flag",
        |quirks| {
            quirks.protocol = Protocol::JsonSchema;
        },
    );
    check(tools, "tool_choice 'required' is not supported", |quirks| {
        quirks.tool_choice = ToolChoice::Auto
    });
    let auto = Quirks {
        tool_choice: ToolChoice::Auto,
        ..Quirks::default()
    };
    let message =
        "\"auto\" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set";
    let adaptation = refused(&auto, json!({"tools": [], "tool_choice": "auto"}), message)
        .expect("an adaptation");
    assert_eq!(adaptation.quirks.protocol, Protocol::JsonSchema);
}

#[test]
fn a_schema_loses_strictness_first() {
    let by_schema = Quirks {
        protocol: Protocol::JsonSchema,
        ..Quirks::default()
    };
    let sent = json!({"response_format": {"type": "json_schema"}});
    let first = refused(
        &by_schema,
        sent.clone(),
        "strict is not supported in json_schema",
    )
    .expect("an adaptation");
    assert_eq!(
        first.quirks,
        Quirks {
            strict_schema: false,
            ..by_schema.clone()
        }
    );
    let second = refused(
        &first.quirks,
        sent,
        "This response_format type is unavailable now",
    )
    .expect("an adaptation");
    assert_eq!(second.quirks.protocol, Protocol::Text);
}

#[test]
fn reasoning_is_sent_back_only_where_it_is_wanted() {
    let message = "The `reasoning_content` in the thinking mode must be passed back to the API.";
    check(json!({}), message, |quirks| {
        quirks.reasoning_echo = ReasoningEcho::ReasoningContent
    });
    let echoing = Quirks {
        reasoning_echo: ReasoningEcho::ReasoningContent,
        ..Quirks::default()
    };
    let message = "messages[2]: property 'reasoning_content' is unsupported";
    let refusal = refused(&echoing, json!({}), message).expect("an adaptation");
    assert_eq!(refusal.quirks.reasoning_echo, ReasoningEcho::Never);
    let message = "reasoning_content is required";
    assert_eq!(
        refused(&refusal.quirks, json!({}), message),
        None,
        "it was refused before"
    );
}

#[test]
fn a_complaint_about_one_call_is_no_refusal_of_tools() {
    for message in [
        "Invalid parameter: messages with role 'tool' must be a response to a preceding message with 'tool_calls'.",
        "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'.",
    ] {
        assert_eq!(
            refused(&Quirks::default(), json!({"tools": []}), message),
            None
        );
    }
}

#[test]
fn ids_and_streams() {
    let message = "Tool call id was call_1 but must be a-z, A-Z, 0-9, with a length of 9.";
    check(json!({}), message, |quirks| quirks.short_tool_ids = true);
    let sent = json!({"stream": true, "stream_options": {}});
    check(sent, "Unknown parameter: stream_options", |quirks| {
        quirks.stream_usage = false
    });
}

/// However often an endpoint refuses, the chain of adaptations ends.
#[test]
fn adaptations_run_out() {
    let message = "unsupported: max_tokens max_completion_tokens temperature top_p seed tools tool_choice \
                   response_format strict stream_options stream system role must alternate reasoning_content \
                   must be passed back tool call id length of 9 developer";
    let sent: Value = message
        .split([' ', ':'])
        .filter(|word| !word.is_empty())
        .map(|field| (field.to_owned(), json!(1)))
        .collect::<serde_json::Map<_, _>>()
        .into();
    let mut quirks = Quirks {
        stream: true,
        ..Quirks::default()
    };
    let mut steps = 0;
    while let Some(next) = refused(&quirks, sent.clone(), message) {
        quirks = next.quirks;
        steps += 1;
        assert!(steps < 30, "{quirks:?}");
    }
    assert!(steps > 8, "{steps}");
}
