//! Answers that say what they mean in a way of their own.

use agent_react::model::{ChatMessage, Protocol, ReplyEnd};
use agent_react::protocol::parse_json;
use agent_react::tools::{ToolError, ToolRules};
use integration_tests::endpoint::{Answer, ScriptedEndpoint};
use serde_json::{Value, json};

use crate::{
    LEFT, arguments, complete, config, continued, model, read_both_ways, reply_of, request,
    streaming,
};

#[tokio::test]
async fn case_01_arguments_are_an_object() {
    let function = json!({"name": "interact", "arguments": {"actions": ["move_left"]}});
    let reply = read_both_ways(Answer::calling(function)).await;
    assert_eq!(arguments(&reply), LEFT);
}

#[tokio::test]
async fn case_02_arguments_are_empty_or_missing() {
    for function in [
        json!({"name": "interact", "arguments": ""}),
        json!({"name": "interact", "arguments": null}),
        json!({"name": "interact"}),
    ] {
        let reply = read_both_ways(Answer::calling(function)).await;
        assert_eq!(arguments(&reply), "{}");
    }
}

#[tokio::test]
async fn case_03_truncated_arguments_are_passed_on_and_not_guessed() {
    let calling = |arguments| Answer::calling(json!({"name": "interact", "arguments": arguments}));
    let broken = r#"{"actions": ["move_left", "mo"#;
    let reply = read_both_ways(calling(broken)).await;
    assert_eq!(arguments(&reply), broken);
    assert!(parse_json(broken).is_err());

    let reply = read_both_ways(calling(r#"{"actions": ["move_left"]"#)).await;
    let parsed = parse_json(arguments(&reply)).expect("only a bracket is lost");
    assert_eq!(parsed, json!({"actions": ["move_left"]}));
}

/// A filter, or a fault, may stop a reply like the token limit does.
#[tokio::test]
async fn of_a_reply_that_was_stopped_only_whole_calls_are_taken() {
    let cut = json!({"name": "interact", "arguments": r#"{"actions": ["do", "mo"#});
    let whole = json!({"name": "interact", "arguments": LEFT});
    for reason in ["content_filter", "error", "abort"] {
        for (answer, taken) in [
            (Answer::text("Thought: a zombie.\nAction: do"), false),
            (Answer::calling(cut.clone()), false),
            (Answer::calling(whole.clone()), true),
        ] {
            let answer = answer.with("/choices/0/finish_reason", json!(reason));
            let reply = read_both_ways(answer).await;
            assert_eq!(reply.end(), ReplyEnd::Stopped);
            let decided = ToolRules::default().validate(&reply.tool_calls, reply.end());
            match taken {
                true => assert!(decided.is_ok(), "{decided:?}"),
                false => assert_eq!(decided, Err(ToolError::Stopped)),
            }
        }
    }
}

/// What a server mangled is read where it can only mean one thing, and where it cannot
/// be read the whole reply asks for nothing.
#[tokio::test]
async fn calls_in_other_wrappings() {
    let said = async |calls: Value| {
        let answer = Answer::message(json!({ "tool_calls": calls }));
        reply_of(&ScriptedEndpoint::playing([answer]).await).await
    };
    let object = json!({"actions": ["move_left"]});
    let function = json!({"name": "interact", "arguments": LEFT});
    let call = json!({"id": "a", "function": function});
    for calls in [
        json!([{"id": "a", "name": "interact", "arguments": object}]),
        json!([null, call]),
        json!(call),
        json!(json!([call]).to_string()),
    ] {
        assert_eq!(arguments(&said(calls.clone()).await), LEFT, "{calls}");
    }
    let reply = said(json!(["interact(sleep)", call])).await;
    let decided = ToolRules::default().validate(&reply.tool_calls, reply.end());
    assert!(decided.is_err(), "{decided:?}");

    let encoded_twice = json!({"name": "interact", "arguments": json!(LEFT).to_string()});
    let reply = read_both_ways(Answer::calling(encoded_twice)).await;
    assert_eq!(arguments(&reply), LEFT);
}

/// Servers that read the arguments of the history (llama.cpp, vLLM) refuse every later
/// request otherwise; the scripted endpoint does so too.
/// Endpoints refuse a whole conversation for a name with a dot or a blank in it.
#[tokio::test]
async fn a_tools_name_in_another_spelling_is_the_tool_and_others_go_back_in_fit_letters() {
    for (name, is_known) in [
        ("Interact", true),
        ("functions.interact", true),
        ("default_api:Interact", true),
        ("functions.move left", false),
        ("", false),
    ] {
        let calling = Answer::calling(json!({"name": name, "arguments": LEFT}));
        let answers = [calling.clone(), calling, Answer::acting(&["do"])];
        let endpoint = ScriptedEndpoint::playing(answers).await;
        let whole = complete(&model(config(endpoint.url())), request()).await;
        let reply = complete(&model(streaming(endpoint.url())), request()).await;
        assert_eq!(whole.tool_calls, reply.tool_calls);
        let decided = ToolRules::default().validate(&reply.tool_calls, reply.end());
        assert_eq!(decided.is_ok(), is_known, "{name:?}: {decided:?}");
        let said = &whole.raw_response["choices"][0]["message"]["tool_calls"][0];
        assert_eq!(said["function"]["name"], name, "the trace has it as it was");
        complete(&model(config(endpoint.url())), continued(request(), &reply)).await;
        endpoint.requests();
    }
}

#[tokio::test]
async fn case_03_broken_arguments_are_sent_back_as_an_object() {
    for written in [
        r#"{"actions": ["move_left", "mo"#,
        r#"["move_left"]"#,
        "\"do\"",
    ] {
        let broken = Answer::calling(json!({"name": "interact", "arguments": written}));
        let endpoint = ScriptedEndpoint::playing([broken, Answer::acting(&["do"])]).await;
        let model = model(config(endpoint.url()));
        let first = complete(&model, request()).await;
        assert_eq!(arguments(&first), written, "as it was said, for the trace");
        complete(&model, continued(request(), &first)).await;
        let sent = &endpoint.bodies()[1]["messages"][2]["tool_calls"][0]["function"]["arguments"];
        let sent: Value = serde_json::from_str(sent.as_str().unwrap_or_default()).expect("JSON");
        assert_eq!(sent, json!({ "invalid": written }));
    }
}

/// Mistral and Anthropic refuse a message without content.
#[tokio::test]
async fn a_reply_of_nothing_is_sent_back_as_something() {
    let nothing = [
        json!({"role": "assistant", "content": ""}),
        json!({"role": "assistant", "content": null}),
        json!({"role": "assistant", "content": "<think>Which way?"}),
        json!({"role": "assistant", "reasoning_content": "Which way?"}),
    ];
    for message in nothing {
        let answers = [Answer::message(message), Answer::acting(&["do"])];
        let endpoint = ScriptedEndpoint::playing(answers).await;
        let model = model(config(endpoint.url()));
        let first = complete(&model, request()).await;
        let mut next = continued(request(), &first);
        next.messages.push(ChatMessage::user("Go on.").into());
        complete(&model, next).await;
        let roles = ["system", "user", "assistant", "user"];
        assert_eq!(endpoint.requests()[1].roles(), roles);
    }
}

#[tokio::test]
async fn case_04_finish_reason_is_empty_absent_null_or_unknown() {
    for reason in [
        json!(""),
        json!(null),
        json!("model_length"),
        json!("error"),
        json!(7),
    ] {
        let answer = Answer::acting(&["move_left"]).with("/choices/0/finish_reason", reason);
        assert!(arguments(&read_both_ways(answer).await).contains("move_left"));
    }
}

#[tokio::test]
async fn case_05_tool_calls_count_although_it_says_stop() {
    let reply = read_both_ways(Answer::acting(&["move_left"])).await;
    assert_eq!(reply.finish_reason.as_deref(), Some("stop"));
    assert_eq!(reply.tool_calls.len(), 1);
}

/// What a model refuses to do it may do the next time, and in the same way.
#[tokio::test]
async fn a_refusal_is_no_reason_to_change_the_protocol() {
    let refusal = json!({"role": "assistant", "content": null, "refusal": "I cannot help."});
    let endpoint = ScriptedEndpoint::playing([Answer::message(refusal)]).await;
    let reply = reply_of(&endpoint).await;
    assert_eq!(reply.text, "I cannot help.");
    assert_eq!(
        (reply.protocol, reply.notices.len()),
        (Protocol::FunctionCalling, 0)
    );
}

/// A second sample is nobody's move.
#[tokio::test]
async fn of_several_choices_the_one_at_index_0_is_played() {
    let choice = |index: u8, key: &str, text: &str| json!({"index": index, "finish_reason": "stop", key: {"content": text}});
    let [sleep, left] = ["Action: sleep", "Action: move_left"];
    let whole = json!({"choices": [choice(1, "message", sleep), choice(0, "message", left)]});
    let chunk = |index, text| json!({"choices": [choice(index, "delta", text)]});
    let chunks = [chunk(1, sleep), chunk(0, left), chunk(1, sleep)];
    for answer in [Answer::json(200, whole), Answer::chunks(&chunks)] {
        let endpoint = ScriptedEndpoint::playing([answer]).await;
        let reply = complete(&model(streaming(endpoint.url())), request()).await;
        assert_eq!(arguments(&reply), LEFT);
        endpoint.requests();
    }
}

#[tokio::test]
async fn case_06_unknown_values_elsewhere() {
    let function = json!({"name": "interact", "arguments": LEFT});
    let call = json!({"id": "a", "type": "tool", "function": function});
    let message = json!({"role": "robot", "content": "hm", "tool_calls": [call]});
    let answer = Answer::json(
        200,
        json!({
            "service_tier": "flexible", "system_fingerprint": 3, "object": ["odd"],
            "choices": [{"index": "0", "logprobs": "none", "message": message}],
        }),
    );
    let reply = reply_of(&ScriptedEndpoint::playing([answer]).await).await;
    assert_eq!(arguments(&reply), LEFT);
}

#[tokio::test]
async fn case_07_id_object_created_and_model_are_missing() {
    let function = json!({"name": "interact", "arguments": LEFT});
    let message = json!({"tool_calls": [{"id": "a", "function": function}]});
    let completion = json!({"choices": [{"message": message, "finish_reason": "tool_calls"}]});
    let reply = read_both_ways(Answer::Completion(completion)).await;
    assert_eq!((arguments(&reply), reply.model.as_deref()), (LEFT, None));
}

#[tokio::test]
async fn case_08_usage_is_missing_null_empty_or_without_details() {
    let cached = json!({
        "prompt_tokens": 5, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 4}});
    for (usage, expected) in [
        (json!(null), None),
        (json!({}), None),
        (
            json!({"prompt_tokens": 5, "completion_tokens": 2}),
            Some((5, 2, None)),
        ),
        (cached, Some((5, 2, Some(4)))),
    ] {
        let reply = read_both_ways(Answer::acting(&["do"]).with("/usage", usage)).await;
        let counted = reply.usage;
        let counted = counted.map(|u| (u.prompt_tokens, u.completion_tokens, u.cached_tokens));
        assert_eq!(counted, expected);
    }
}

#[tokio::test]
async fn case_15_reasoning_is_found_wherever_it_is() {
    let call = json!([{"id": "a", "function": {"name": "interact", "arguments": LEFT}}]);
    for (mut message, text, reasoning) in [
        (
            json!({"reasoning_content": "why", "content": "so"}),
            "so",
            "why",
        ),
        (json!({"reasoning": "why", "content": null}), "", "why"),
        (
            json!({"reasoning": "why", "reasoning_content": "why", "content": "so"}),
            "so",
            "why",
        ),
        (json!({"content": "<think>why</think>\nso"}), "so", "why"),
        (json!({"content": "<think>why"}), "", "why"),
        (json!({"content": "why</think>so"}), "so", "why"),
        (
            json!({"content": "<think>a<think>b</think>c</think>so"}),
            "so",
            "abc",
        ),
    ] {
        message["tool_calls"] = call.clone();
        let reply = read_both_ways(Answer::message(message)).await;
        assert_eq!(
            (reply.text.as_str(), reply.reasoning.as_deref()),
            (text, Some(reasoning))
        );
        assert_eq!(arguments(&reply), LEFT);
    }
    let reply = read_both_ways(Answer::text("<think>\nAction: move_left")).await;
    assert!(reply.tool_calls.is_empty(), "a thought is no call");
}

#[tokio::test]
async fn case_17_unknown_fields_of_a_call_are_sent_back() {
    let signature = json!({"google": {"thought_signature": "c2lnbmVk"}});
    let function = json!({"name": "interact", "arguments": LEFT});
    let call = json!({"id": "a", "extra_content": signature, "function": function});
    let details = json!([{"type": "reasoning.encrypted", "data": "x"}]);
    let message = json!({"content": "", "reasoning_details": details, "tool_calls": [call]});
    for configured in [config, streaming] {
        let answers = [Answer::message(message.clone()), Answer::acting(&["do"])];
        let endpoint = ScriptedEndpoint::playing(answers).await;
        let model = model(configured(endpoint.url()));
        let first = complete(&model, request()).await;
        complete(&model, continued(request(), &first)).await;
        let sent = &endpoint.bodies()[1]["messages"][2];
        assert_eq!(sent["tool_calls"][0]["extra_content"], signature);
        assert_eq!(sent["reasoning_details"], details);
    }
}

#[tokio::test]
async fn case_18_ids_of_calls_are_missing_or_duplicated() {
    for ids in [[json!(null), json!("")], [json!("same"), json!("same")]] {
        let function = json!({"name": "interact", "arguments": LEFT});
        let calls = ids.map(|id| json!({"id": id, "function": function}));
        let message = json!({"content": "", "tool_calls": calls});
        // The same ids turn after turn, sent back with results: the endpoint checks
        // that no two calls share one, and that each result answers a call.
        let endpoint = ScriptedEndpoint::playing(vec![Answer::message(message); 3]).await;
        let model = model(config(endpoint.url()));
        let mut conversation = request();
        for _ in 0..3 {
            let reply = complete(&model, conversation.clone()).await;
            assert_eq!(reply.tool_calls.len(), 2);
            conversation = continued(conversation, &reply);
        }
        assert_eq!(endpoint.requests().len(), 3);
    }
}

#[tokio::test]
async fn case_18_ids_become_nine_letters_or_digits_where_asked() {
    let is_short = |id: &str| id.len() == 9 && id.bytes().all(|b| b.is_ascii_alphanumeric());
    let refusal = "Tool call id was call_1 but must be a-z, A-Z, 0-9, with a length of 9.";
    let endpoint = ScriptedEndpoint::scripted(move |_, received| {
        match received.body["messages"][2]["tool_calls"][0]["id"].as_str() {
            Some(id) if !is_short(id) => Answer::error(400, refusal),
            _ => Answer::acting(&["do"]),
        }
    })
    .await;
    let model = model(config(endpoint.url()));
    let first = complete(&model, request()).await;
    let second = complete(&model, continued(request(), &first)).await;
    assert_eq!((second.attempts.len(), second.notices.len()), (2, 1));
    assert_eq!(endpoint.requests().len(), 3);
}

#[tokio::test]
async fn case_19_parallel_streamed_calls_without_index_or_id() {
    let piece = |call: Value| json!({"choices": [{"delta": {"tool_calls": [call]}}]});
    let end = json!({"choices": [{"delta": {}, "finish_reason": "tool_calls"}]});
    let named = |arguments: &str| json!({"name": "interact", "arguments": arguments});
    let all_at_zero = vec![
        piece(json!({"index": 0, "id": "a", "function": named("{\"actions\":")})),
        piece(json!({"index": 0, "function": {"arguments": "[\"do\"]}"}})),
        piece(json!({"index": 0, "id": "b", "function": named(LEFT)})),
        end.clone(),
    ];
    let nameless = vec![
        piece(json!({"function": named("{\"actions\":[\"do\"]}")})),
        piece(json!({"function": named(LEFT)})),
        end,
    ];
    for chunks in [all_at_zero, nameless] {
        let endpoint = ScriptedEndpoint::playing([Answer::chunks(&chunks)]).await;
        let reply = complete(&model(streaming(endpoint.url())), request()).await;
        let calls: Vec<&str> = reply
            .tool_calls
            .iter()
            .map(|call| &*call.arguments)
            .collect();
        assert_eq!(calls, [r#"{"actions":["do"]}"#, LEFT]);
        assert_ne!(reply.tool_calls[0].id, reply.tool_calls[1].id);
    }
}

#[tokio::test]
async fn case_20_content_is_a_list_of_parts_or_null() {
    let part = |text: &str| json!({"type": "text", "text": text});
    let parts = json!({"content": [part("Action: "), part("move_left")]});
    assert_eq!(
        arguments(&read_both_ways(Answer::message(parts)).await),
        LEFT
    );

    let function = json!({"name": "interact", "arguments": LEFT});
    let null = json!({"content": null, "tool_calls": [{"id": "a", "function": function}]});
    let reply = read_both_ways(Answer::message(null)).await;
    assert_eq!((reply.text.as_str(), arguments(&reply)), ("", LEFT));
}

#[tokio::test]
async fn case_29_a_call_written_as_text_is_read() {
    for text in [
        format!("<tool_call>\n{{\"name\": \"interact\", \"arguments\": {LEFT}}}\n</tool_call>"),
        format!("A tree.\n```json\n{LEFT}\n```"),
        "Thought: a tree.\nAction: move_left".to_owned(),
    ] {
        for configured in [config, streaming] {
            let endpoint = ScriptedEndpoint::playing(vec![Answer::text(&text); 2]).await;
            let model = model(configured(endpoint.url()));
            let first = complete(&model, request()).await;
            assert_eq!(
                (arguments(&first), first.protocol),
                (LEFT, Protocol::FunctionCalling)
            );
            let second = complete(&model, continued(request(), &first)).await;
            assert_eq!(
                (first.notices.len(), second.notices.len()),
                (1, 0),
                "said once"
            );
            // It goes back as the native call it was meant to be.
            assert_eq!(
                endpoint.requests()[1].roles(),
                ["system", "user", "assistant", "tool"]
            );
        }
    }
}
