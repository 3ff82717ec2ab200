//! Requests that an endpoint wants otherwise: found out once, remembered, said once.

use agent_react::endpoint::{Quirks, ReasoningEcho, Secret, SystemRole, TokenLimit, ToolChoice};
use agent_react::model::{ChatMessage, ChatModel, ChatRequest, Part, Protocol, ReplyEnd};
use integration_tests::endpoint::{Answer, Received, ScriptedEndpoint};
use serde_json::{Value, json};

use crate::{LEFT, arguments, complete, config, continued, model, reply_of, request, streaming};

/// An endpoint that refuses a field of the request in these words.
async fn refusing(field: &'static str, message: &'static str) -> ScriptedEndpoint {
    ScriptedEndpoint::scripted(move |_, received| match received.body.get(field) {
        Some(_) => Answer::error(400, message),
        None => Answer::acting(&["do"]),
    })
    .await
}

#[tokio::test]
async fn case_09_stream_options_are_refused() {
    let endpoint = refusing("stream_options", "Unknown parameter: stream_options").await;
    let model = model(streaming(endpoint.url()));
    let first = complete(&model, request()).await;
    let second = complete(&model, request()).await;
    assert_eq!((first.attempts.len(), second.attempts.len()), (2, 1));
    assert_eq!((first.notices.len(), second.notices.len()), (1, 0));
    assert_eq!(first.usage, None);
    assert_eq!(endpoint.requests().len(), 3);
}

#[tokio::test]
async fn case_13_the_token_limit_switches_its_field_once() {
    for (refused, message, taken) in [
        (
            "max_tokens",
            "Unsupported parameter: 'max_tokens' is not supported with this model. \
             Use 'max_completion_tokens' instead.",
            "max_completion_tokens",
        ),
        (
            "max_completion_tokens",
            "Extra inputs are not permitted: max_completion_tokens",
            "max_tokens",
        ),
    ] {
        let endpoint = refusing(refused, message).await;
        let mut config = config(endpoint.url());
        if refused == "max_completion_tokens" {
            config.quirks.token_limit = TokenLimit::MaxCompletionTokens;
        }
        let model = model(config);
        let first = complete(&model, request()).await;
        let second = complete(&model, request()).await;
        assert_eq!((first.attempts.len(), second.attempts.len()), (2, 1));
        assert!(first.notices[0].contains(taken), "{:?}", first.notices);
        assert!(second.notices.is_empty(), "{:?}", second.notices);
        let bodies = endpoint.bodies();
        assert_eq!(bodies[0][refused], 100);
        assert_eq!(
            (&bodies[1][taken], &bodies[2][taken]),
            (&json!(100), &json!(100))
        );
    }
}

#[tokio::test]
async fn case_14_a_refused_temperature_is_dropped_once() {
    let message = "Unsupported value: 'temperature' does not support 0.7 with this model. \
                   Only the default (1) value is supported.";
    let endpoint = refusing("temperature", message).await;
    let model = model(config(endpoint.url()));
    let first = complete(&model, request()).await;
    let second = complete(&model, request()).await;
    assert_eq!((first.attempts.len(), second.attempts.len()), (2, 1));
    // That nothing unset is sent as null is among the endpoint's own checks.
    let bodies = endpoint.bodies();
    assert_eq!(bodies[0]["temperature"], 0.7);
    assert_eq!(
        bodies[1]["max_tokens"], 100,
        "only the named field is dropped"
    );
    assert!(bodies[0].get("seed").is_none() && bodies[0].get("top_p").is_none());
}

#[tokio::test]
async fn case_16_reasoning_is_sent_back_only_where_it_is_wanted() {
    for (configured, wanted, refusal) in [
        (
            ReasoningEcho::Never,
            true,
            "The reasoning_content in the thinking mode must be passed back to the API.",
        ),
        (
            ReasoningEcho::ReasoningContent,
            false,
            "messages.2: property 'reasoning_content' is unsupported",
        ),
    ] {
        let endpoint = ScriptedEndpoint::scripted(move |n, received| {
            let messages = received.body["messages"].as_array();
            let mut calls = messages.into_iter().flatten();
            let is_wrong = |message: &Value| {
                message["role"] == "assistant"
                    && message.get("reasoning_content").is_some() != wanted
            };
            if calls.any(is_wrong) {
                return Answer::error(400, refusal);
            }
            // The second reply comes without a thought, which is to be said as well.
            match n {
                0 => Answer::acting(&["do"])
                    .with("/choices/0/message/reasoning_content", json!("why")),
                _ => Answer::acting(&["do"]),
            }
        })
        .await;
        let mut config = config(endpoint.url());
        config.quirks.reasoning_echo = configured;
        let model = model(config);
        let first = complete(&model, request()).await;
        let second = complete(&model, continued(request(), &first)).await;
        assert_eq!((first.attempts.len(), second.attempts.len()), (1, 2));
        assert_eq!(second.notices.len(), 1);
        let conversation = continued(continued(request(), &first), &second);
        let third = complete(&model, conversation).await;
        assert_eq!(third.attempts.len(), 1, "{:?}", third.attempts);
        assert_eq!(endpoint.requests().len(), 4);
    }
}

/// Some of Mistral's models.
#[tokio::test]
async fn text_beside_calls_is_left_out_where_it_is_refused() {
    let endpoint = ScriptedEndpoint::scripted(|_, received| {
        let messages = received.body["messages"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let has = |it: &serde_json::Value, field| it.get(field).is_some();
        if messages
            .iter()
            .any(|it| has(it, "content") && has(it, "tool_calls"))
        {
            let message = "Assistant message must have either content or tool_calls, but not both.";
            return Answer::json(400, json!({"object": "error", "message": message}));
        }
        Answer::acting(&["do"]).with("/choices/0/message/content", json!("I go left."))
    })
    .await;
    let model = model(config(endpoint.url()));
    let first = complete(&model, request()).await;
    let next = continued(request(), &first);
    let second = complete(&model, next.clone()).await;
    assert_eq!((second.attempts.len(), second.notices.len()), (2, 1));
    assert_eq!(complete(&model, next).await.attempts.len(), 1, "remembered");
    assert_eq!(first.text, "I go left.", "as it was said, for the trace");
    endpoint.requests();
}

#[tokio::test]
async fn case_21_a_context_that_is_cut_silently_is_said() {
    let endpoint = ScriptedEndpoint::scripted(|_, received| {
        let tokens = received.body["messages"].to_string().len() / 4;
        Answer::acting(&["do"]).with("/usage/prompt_tokens", json!(tokens.min(4096)))
    })
    .await;
    let model = model(config(endpoint.url()));
    let mut notices = Vec::new();
    for chars in [1_000, 10_000, 40_000, 80_000] {
        let mut request = request();
        request
            .messages
            .push(ChatMessage::user("tree ".repeat(chars / 5)).into());
        notices.push(complete(&model, request).await.notices);
    }
    assert!(
        notices[0].is_empty() && notices[1].is_empty(),
        "{notices:?}"
    );
    assert!(
        notices[2][0].contains("4096") && notices[2][0].contains("drop"),
        "{notices:?}"
    );
    assert!(notices[3].is_empty(), "said once");
    endpoint.requests();
}

type Refusal = fn(&Received) -> Option<&'static str>;

fn refuses_developer(received: &Received) -> Option<&'static str> {
    let refused = received.roles().contains(&"developer");
    refused.then_some("unknown variant `developer`, expected one of `system`, `user`")
}

fn refuses_system(received: &Received) -> Option<&'static str> {
    received
        .roles()
        .contains(&"system")
        .then_some("System role not supported")
}

fn refuses_neighbours(received: &Received) -> Option<&'static str> {
    let neighbours = received.roles().windows(2).any(|pair| pair[0] == pair[1]);
    neighbours.then_some("Conversation roles must alternate user/assistant/user/assistant/...")
}

#[tokio::test]
async fn case_22_roles_that_are_refused() {
    for (refuses, configured, roles) in [
        (
            refuses_developer as Refusal,
            SystemRole::Developer,
            vec!["system", "user", "user"],
        ),
        (
            refuses_system as Refusal,
            SystemRole::System,
            vec!["user", "user"],
        ),
        (
            refuses_neighbours as Refusal,
            SystemRole::System,
            vec!["system", "user"],
        ),
    ] {
        let endpoint = ScriptedEndpoint::scripted(move |_, received| match refuses(received) {
            Some(reason) => Answer::error(400, reason),
            None => Answer::acting(&["do"]),
        })
        .await;
        let mut config = config(endpoint.url());
        config.quirks.system_role = configured;
        let mut request = request();
        request.messages.push(ChatMessage::user("Go on.").into());
        let reply = complete(&model(config), request).await;
        assert_eq!((reply.attempts.len(), reply.notices.len()), (2, 1));
        let requests = endpoint.requests();
        assert_eq!(requests[1].roles(), roles);
        let first = &requests[1].body["messages"][0]["content"];
        assert!(
            first
                .as_str()
                .is_some_and(|text| text.starts_with("You play.")),
            "{first}"
        );
    }
}

#[tokio::test]
async fn case_23_a_failed_generation_is_recovered_or_answered() {
    let failed = |generation: String| {
        let error = json!({
            "message": "Failed to call a function. See 'failed_generation'.",
            "type": "invalid_request_error",
            "code": "tool_use_failed",
            "failed_generation": generation,
        });
        Answer::json(400, json!({ "error": error }))
    };
    let endpoint = ScriptedEndpoint::playing([
        failed(format!("<function=interact>{LEFT}</function>")),
        failed("I would rather chat.".into()),
    ])
    .await;
    let model = model(config(endpoint.url()));
    let recovered = complete(&model, request()).await;
    assert_eq!((arguments(&recovered), recovered.notices.len()), (LEFT, 1));
    let chat = complete(&model, request()).await;
    assert_eq!(
        (chat.text.as_str(), chat.tool_calls.len()),
        ("I would rather chat.", 0)
    );
    assert_eq!(endpoint.requests().len(), 2);
}

#[tokio::test]
async fn case_24_a_protocol_that_is_refused_gives_way_to_the_next() {
    let endpoint = ScriptedEndpoint::scripted(|_, received| {
        if received.body.get("tools").is_some() {
            return Answer::error(400, "this model does not support tools");
        }
        if received.body.get("response_format").is_some() {
            return Answer::error(400, "response_format 'json_schema' is not supported");
        }
        Answer::text("Thought: a tree.\nAction: move_left")
    })
    .await;
    let model = model(config(endpoint.url()));
    let first = complete(&model, request()).await;
    assert_eq!((arguments(&first), first.protocol), (LEFT, Protocol::Text));
    assert_eq!(
        (first.attempts.len(), first.notices.len()),
        (3, 2),
        "{:?}",
        first.notices
    );
    let second = complete(&model, continued(request(), &first)).await;
    assert_eq!((second.attempts.len(), second.notices.len()), (1, 0));
    let sent = &endpoint.bodies()[3]["messages"];
    let written = "Thought: a tree.\nAction: move_left";
    assert_eq!(sent[2], json!({"role": "assistant", "content": written}));
    assert_eq!(sent[3], json!({"role": "user", "content": "moved left"}));
}

/// llama.cpp ignores tools if the chat template knows none, and enforces a schema.
#[tokio::test]
async fn case_24_tools_that_are_ignored_give_way_to_a_schema() {
    let endpoint =
        ScriptedEndpoint::scripted(|_, received| match received.body.get("response_format") {
            Some(_) => Answer::text(LEFT),
            None => Answer::text("I see a tree. Moving left would be wise."),
        })
        .await;
    let model = model(config(endpoint.url()));
    let first = complete(&model, request()).await;
    assert_eq!(
        (arguments(&first), first.protocol),
        (LEFT, Protocol::JsonSchema)
    );
    assert!(first.notices[0].contains("prose"), "{:?}", first.notices);
    let paid = first.total_usage().map(|usage| usage.completion_tokens);
    assert_eq!(paid, Some(20), "both answers cost");
    assert_eq!(
        complete(&model, request()).await.attempts.len(),
        1,
        "remembered"
    );
    let bodies = endpoint.bodies();
    assert_eq!(bodies[0]["tool_choice"], "required");
    let schema = &bodies[1]["response_format"]["json_schema"]["schema"];
    assert_eq!(*schema, request().tools[0].parameters);
}

/// A base model rambles on until the token limit ends it.
#[tokio::test]
async fn case_24_prose_that_the_token_limit_cuts_off_gives_way_all_the_same() {
    let cut = |text| Answer::text(text).with("/choices/0/finish_reason", json!("length"));
    let endpoint = ScriptedEndpoint::scripted(move |_, received| {
        let body = &received.body;
        match (body.get("tools"), body.get("response_format")) {
            (Some(_), _) => cut("I see a tree. It is a tall tree, and"),
            (_, Some(_)) => cut("Trees are plants that"),
            _ => Answer::text("Thought: go\nAction: move_left"),
        }
    })
    .await;
    let reply = reply_of(&endpoint).await;
    assert_eq!((arguments(&reply), reply.protocol), (LEFT, Protocol::Text));
    assert_eq!(reply.notices.len(), 2, "{:?}", reply.notices);
}

/// Thinking may take all the tokens before a call is begun: no fault of the protocol.
#[tokio::test]
async fn a_reply_cut_off_while_thinking_is_said_and_changes_nothing() {
    let message = json!({"role": "assistant", "content": "<think>A tree stands"});
    let answer = Answer::message(message).with("/choices/0/finish_reason", json!("length"));
    let reply = reply_of(&ScriptedEndpoint::playing([answer]).await).await;
    assert_eq!(reply.protocol, Protocol::FunctionCalling);
    assert_eq!(reply.reasoning.as_deref(), Some("A tree stands"));
    assert!(
        reply.notices[0].contains("token limit"),
        "{:?}",
        reply.notices
    );
}

/// The call was begun, but its end is missing.
#[tokio::test]
async fn case_03_a_call_that_is_cut_off_is_said() {
    let function = json!({"name": "interact", "arguments": r#"{"reasoning": "a very lo"#});
    let native = Answer::calling(function);
    for (answer, calls) in [
        (native, 1),
        (
            Answer::text("<tool_call>{\"name\":\"interact\",\"arguments\":{\"actions\":[\"do\""),
            0,
        ),
        (
            Answer::text("Thought: with a zombie there I use\nAction: do"),
            0,
        ),
    ] {
        let answer = answer.with("/choices/0/finish_reason", json!("length"));
        let reply = reply_of(&ScriptedEndpoint::playing([answer]).await).await;
        assert_eq!(reply.end(), ReplyEnd::CutOff { tokens: Some(10) });
        assert_eq!(reply.tool_calls.len(), calls, "{reply:?}");
        assert_eq!(reply.protocol, Protocol::FunctionCalling);
        let said = reply
            .notices
            .iter()
            .any(|it| it.contains("sampling.max_tokens"));
        assert!(said, "{:?}", reply.notices);
    }
}

fn shown(message: ChatMessage) -> ChatRequest {
    let mut request = request();
    request.messages.push(message.into());
    request
}

/// Models that take no images, in the words of six servers.
#[tokio::test]
async fn images_that_are_refused_are_left_out_where_words_say_the_same() {
    for (status, refusal) in [
        (
            400,
            "Invalid content type. image_url is only supported by certain models.",
        ),
        (
            500,
            "image input is not supported - hint: you may need to provide the mmproj",
        ),
        (400, "m is not a multimodal model"),
        (400, "message[0].content must be a string"),
        (
            400,
            "'messages.1' : for 'role:user' the following must be satisfied[('messages.1.content' \
             : value must be a string)]",
        ),
        (422, "Input should be a valid string"),
    ] {
        let endpoint =
            ScriptedEndpoint::scripted(move |_, received| {
                match received.body["messages"].to_string().contains("image_url") {
                    true => Answer::error(status, refusal),
                    false => Answer::acting(&["do"]),
                }
            })
            .await;
        let image = || Part::Image("data:image/png;base64,AAAA".to_owned());
        let both = ChatMessage {
            content: vec![image(), Part::Text("A tree.".to_owned())],
            ..ChatMessage::user("")
        };
        let alone = ChatMessage {
            content: vec![image()],
            ..ChatMessage::user("")
        };
        let model_of_both = model(config(endpoint.url()));
        let first = complete(&model_of_both, shown(both.clone())).await;
        assert_eq!((first.attempts.len(), first.notices.len()), (2, 1));
        let second = complete(&model_of_both, shown(both)).await;
        assert_eq!(second.attempts.len(), 1, "remembered");
        let error = model(config(endpoint.url()))
            .complete(shown(alone))
            .await
            .expect_err("nothing would be left");
        assert!(
            error.to_string().contains("--observation synth/1"),
            "{error}"
        );
        endpoint.requests();
    }
}

#[tokio::test]
async fn case_24_prose_after_a_proper_call_is_no_reason_to_switch() {
    let chat = || Answer::text("I see a tree.");
    let endpoint = ScriptedEndpoint::playing([Answer::acting(&["do"]), chat(), chat()]).await;
    let model = model(config(endpoint.url()));
    for (calls, text) in [(1, ""), (0, "I see a tree."), (0, "I see a tree.")] {
        let reply = complete(&model, request()).await;
        assert_eq!((reply.tool_calls.len(), reply.text.as_str()), (calls, text));
        assert_eq!(reply.protocol, Protocol::FunctionCalling);
    }
}

#[tokio::test]
async fn case_24_where_a_call_is_not_required_it_may_chat_once() {
    let endpoint = ScriptedEndpoint::scripted(|_, received| match received.body.get("tools") {
        Some(_) => Answer::text("I see a tree."),
        None => Answer::text(LEFT),
    })
    .await;
    let mut config = config(endpoint.url());
    config.quirks.tool_choice = ToolChoice::Auto;
    let model = model(config);
    assert_eq!(complete(&model, request()).await.tool_calls.len(), 0);
    assert_eq!(
        complete(&model, request()).await.protocol,
        Protocol::JsonSchema
    );
}

#[tokio::test]
async fn case_26_base_urls_come_in_every_form() {
    let endpoint = ScriptedEndpoint::scripted(|_, received| {
        match received.uri.path().ends_with("/v1/chat/completions") {
            true => Answer::acting(&["do"]),
            false => Answer::json(404, json!({"detail": "Not Found"})),
        }
    })
    .await;
    let host = endpoint.url().trim_end_matches("/v1");
    for (given, expected) in [
        ("", "/v1/chat/completions"),
        ("/", "/v1/chat/completions"),
        ("/v1", "/v1/chat/completions"),
        ("/v1/", "/v1/chat/completions"),
        ("/v1/chat/completions", "/v1/chat/completions"),
        ("/my/api/v1", "/my/api/v1/chat/completions"),
        ("/my/api", "/my/api/v1/chat/completions"),
        (
            "/v1?api-version=2024-10-21",
            "/v1/chat/completions?api-version=2024-10-21",
        ),
    ] {
        complete(&model(config(&format!("{host}{given}"))), request()).await;
        let received = endpoint.requests().pop().expect("a request");
        assert_eq!(received.uri.to_string(), expected, "{given}");
    }
}

/// A server that serves the API at its root answers 404 below `/v1`.
#[tokio::test]
async fn case_26_an_api_without_v1_is_found() {
    let endpoint = ScriptedEndpoint::scripted(|_, received| match received.uri.path() {
        "/chat/completions" => Answer::acting(&["do"]),
        _ => Answer::json(404, json!({"detail": "Not Found"})),
    })
    .await;
    let model = model(config(endpoint.url().trim_end_matches("/v1")));
    assert_eq!(complete(&model, request()).await.attempts.len(), 2);
    assert_eq!(
        complete(&model, request()).await.attempts.len(),
        1,
        "remembered"
    );
}

#[tokio::test]
async fn case_26_the_key_goes_into_the_header_the_endpoint_reads() {
    let endpoint = ScriptedEndpoint::playing(vec![Answer::acting(&["do"]); 2]).await;
    let mut usual = config(endpoint.url());
    usual.api_key = Some(Secret::new("sk-test-123456\n"));
    complete(&model(usual), request()).await;
    let mut azure = config(endpoint.url());
    azure.key_header = "api-key".into();
    azure.api_key = Some(Secret::new("azure-123456"));
    azure
        .headers
        .insert("x-title".into(), Secret::new("crafter"));
    complete(&model(azure), request()).await;
    let [usual, azure] = endpoint.requests().try_into().expect("two requests");
    assert_eq!(usual.header("authorization"), "Bearer sk-test-123456");
    assert_eq!(
        (azure.header("api-key"), azure.header("authorization")),
        ("azure-123456", "")
    );
    assert_eq!(azure.header("x-title"), "crafter");
}

/// Many episodes find out the same things at the same time.
#[tokio::test]
async fn many_calls_at_once_learn_once() {
    let endpoint = ScriptedEndpoint::scripted(|_, received| {
        let has = |field| received.body.get(field).is_some();
        if has("max_tokens") {
            return Answer::error(400, "'max_tokens' is not supported here");
        }
        if has("temperature") {
            return Answer::error(400, "'temperature' is not supported");
        }
        match has("tools") {
            true => Answer::text("I would rather not."),
            false => Answer::text(LEFT),
        }
    })
    .await;
    let model = model(config(endpoint.url()));
    let calls = (0..200).map(|_| {
        let model = model.clone();
        tokio::spawn(async move { complete(&model, request()).await })
    });
    let mut notices = Vec::new();
    for call in calls.collect::<Vec<_>>() {
        let reply = call.await.expect("no call panics");
        assert_eq!(
            (arguments(&reply), reply.protocol),
            (LEFT, Protocol::JsonSchema)
        );
        notices.extend(reply.notices);
    }
    assert_eq!(notices.len(), 3, "{notices:#?}");
    let expected = Quirks {
        protocol: Protocol::JsonSchema,
        token_limit: TokenLimit::MaxCompletionTokens,
        omit: ["max_tokens".to_owned(), "temperature".to_owned()].into(),
        ..Quirks::default()
    };
    assert_eq!(model.quirks(), expected);
    endpoint.requests();
}
