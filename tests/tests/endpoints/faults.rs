//! Endpoints and connections that fail: what is tried again, what is final, and what
//! is said.

use std::sync::Arc;
use std::time::{Duration, Instant};

use agent_react::endpoint::Secret;
use agent_react::model::{ChatModel, Fault};
use integration_tests::endpoint::{Answer, Ending, RawEndpoint, ScriptedEndpoint};
use serde_json::{Value, json};

use crate::{complete, config, error_of, model, reply_of, request, streaming};

/// How long a silent endpoint is waited for here.
const SOON: Duration = Duration::from_millis(300);

#[tokio::test]
async fn case_10_an_error_inside_a_200_is_retried() {
    let failure = json!({"error": {"message": "upstream failed", "code": 502}});
    let choice = json!({"error": {"message": "upstream failed"}, "message": {"content": ""}});
    for body in [failure.clone(), json!({ "choices": [choice] })] {
        let answers = [Answer::json(200, body), Answer::acting(&["do"])];
        let reply = reply_of(&ScriptedEndpoint::playing(answers).await).await;
        assert_eq!(reply.attempts.len(), 2);
        assert!(
            reply.attempts[0].outcome.contains("upstream failed"),
            "{:?}",
            reply.attempts
        );
    }

    let half = json!({"choices": [{"delta": {"content": "I will"}}]});
    let answers = [Answer::chunks(&[half, failure]), Answer::acting(&["do"])];
    let endpoint = ScriptedEndpoint::playing(answers).await;
    let reply = complete(&model(streaming(endpoint.url())), request()).await;
    assert_eq!((reply.attempts.len(), reply.text.as_str()), (2, ""));

    let fine = Answer::acting(&["do"]).with("/error", Value::Null);
    let reply = reply_of(&ScriptedEndpoint::playing([fine]).await).await;
    assert_eq!(reply.attempts.len(), 1, "a null is no error");
}

#[tokio::test]
async fn case_11_errors_come_in_every_shape() {
    for body in [
        json!({"error": {"message": "the reason", "code": "c"}}),
        json!({"error": "the reason"}),
        json!({"object": "error", "message": "the reason"}),
        json!({"detail": "the reason"}),
        json!({"detail": [{"loc": ["body"], "msg": "the reason"}]}),
        json!([{"error": {"code": 400, "message": "the reason", "status": "INVALID_ARGUMENT"}}]),
        json!("the reason"),
    ] {
        let endpoint = ScriptedEndpoint::playing([Answer::json(400, body)]).await;
        let error = error_of(endpoint.url()).await;
        assert_eq!(error.fault, Fault::Refused);
        assert!(error.to_string().contains("the reason"), "{error}");
        assert_eq!(endpoint.requests().len(), 1, "a refusal is not retried");
    }
}

#[tokio::test]
async fn case_12_an_answer_without_choice_or_message_is_retried() {
    for (body, why) in [
        (json!({"choices": []}), "no choices"),
        (
            json!({"choices": [{"index": 0, "finish_reason": "content_filter"}]}),
            "a content filter withheld the reply",
        ),
        (
            json!({"choices": [{"index": 0, "message": null}]}),
            "no message",
        ),
    ] {
        let answers = [Answer::json(200, body), Answer::acting(&["do"])];
        let reply = reply_of(&ScriptedEndpoint::playing(answers).await).await;
        assert_eq!(reply.attempts.len(), 2);
        let outcome = &reply.attempts[0].outcome;
        assert!(outcome.contains(why), "{outcome}");
    }

    let empty = json!({"choices": [{"index": 0, "delta": {}}]});
    let endpoint = ScriptedEndpoint::playing(vec![Answer::chunks(&[empty]); 3]).await;
    let mut config = streaming(endpoint.url());
    config.retry.max_attempts = 3;
    let error = model(config)
        .complete(request())
        .await
        .expect_err("no reply ever comes");
    assert_eq!(
        (error.fault, error.exchange.attempts.len()),
        (Fault::BadReply, 3)
    );
    endpoint.requests();
}

/// Another sample may pass the filter, so that it is asked for, though not forever.
#[tokio::test]
async fn what_a_content_filter_withholds_ends_under_that_name() {
    for message in [json!(null), json!({"role": "assistant", "content": null})] {
        let choice = json!({"index": 0, "finish_reason": "content_filter", "message": message});
        let usage = json!({"prompt_tokens": 7, "completion_tokens": 1});
        let body = json!({"choices": [choice], "usage": usage});
        let endpoint = ScriptedEndpoint::playing(vec![Answer::Completion(body); 6]).await;
        for config in [config(endpoint.url()), streaming(endpoint.url())] {
            let error = model(config)
                .complete(request())
                .await
                .expect_err("no reply");
            let attempts = error.exchange.attempts.len();
            assert_eq!((error.fault, attempts), (Fault::ContentFilter, 3));
            assert!(error.to_string().contains("a content filter"), "{error}");
            let paid = error.total_usage().map(|usage| usage.total_tokens);
            assert_eq!(paid, Some(24), "all three cost");
        }
        endpoint.requests();
    }
}

#[tokio::test]
async fn an_answer_of_nothing_is_called_that_and_not_a_status_it_did_not_have() {
    for body in [json!({}), json!([]), json!({"id": "x", "object": "ping"})] {
        let answers = [Answer::json(200, body), Answer::acting(&["do"])];
        let reply = reply_of(&ScriptedEndpoint::playing(answers).await).await;
        let outcome = &reply.attempts[0].outcome;
        assert!(
            outcome.starts_with("it has no choices: ") && !outcome.contains("500"),
            "{outcome}"
        );
    }
    let flat = json!({"message": "no upstream", "type": "proxy"});
    let answers = [Answer::json(200, flat), Answer::acting(&["do"])];
    let reply = reply_of(&ScriptedEndpoint::playing(answers).await).await;
    assert_eq!(
        reply.attempts[0].outcome,
        "HTTP 200 with an error inside, \"no upstream\""
    );
}

#[tokio::test]
async fn case_25_a_rate_limit_is_waited_for_as_the_endpoint_says() {
    let limited = || Answer::error(429, "Rate limit reached");
    let resets = limited()
        .with_header("x-ratelimit-reset-requests", "50ms")
        .with_header("x-ratelimit-reset-tokens", "150ms");
    for (answer, least) in [
        (limited().with_header("retry-after", "0.1"), 100),
        (limited().with_header("retry-after", "120ms"), 120),
        (
            limited().with_header("retry-after", "Thu, 01 Jan 2015 00:00:00 GMT"),
            0,
        ),
        (resets, 150),
        (Answer::error(429, "Please try again in 110ms."), 110),
    ] {
        let least = Duration::from_millis(least);
        let endpoint = ScriptedEndpoint::playing([answer, Answer::acting(&["do"])]).await;
        let began = Instant::now();
        let reply = reply_of(&endpoint).await;
        assert!(began.elapsed() >= least, "{:?}", began.elapsed());
        assert_eq!(reply.attempts.len(), 2);
        assert_eq!(reply.attempts[0].status, Some(429));
        assert!(reply.attempts[1].waited >= least);
    }
}

#[tokio::test]
async fn case_25_some_rate_limits_are_final() {
    let long = Answer::error(429, "Rate limit reached").with_header("retry-after", "6m0s");
    let endpoint = ScriptedEndpoint::playing([long]).await;
    let error = error_of(endpoint.url()).await;
    assert_eq!(
        (error.fault, error.is_fatal_for_run()),
        (Fault::RateLimited, true)
    );
    assert!(error.to_string().contains("asks to wait 360 s"), "{error}");
    endpoint.requests();

    let spent = json!({"message": "You exceeded your quota", "code": "insufficient_quota"});
    let spent = Answer::json(429, json!({ "error": spent })).with_header("retry-after", "1");
    let endpoint = ScriptedEndpoint::playing([spent]).await;
    let error = error_of(endpoint.url()).await;
    assert_eq!(
        (error.fault, error.is_fatal_for_run()),
        (Fault::Quota, true)
    );
    endpoint.requests();
}

#[tokio::test]
async fn case_25_a_rate_limit_cuts_the_calls_in_flight() {
    let answers = [Answer::error(429, "slow down"), Answer::acting(&["do"])];
    let endpoint = ScriptedEndpoint::playing(answers).await;
    let mut config = config(endpoint.url());
    config.concurrency = 8;
    let model = model(config);
    assert_eq!(model.concurrency(), 8);
    complete(&model, request()).await;
    assert_eq!(model.concurrency(), 4);
}

#[tokio::test]
async fn case_28_a_connection_that_hangs_times_out() {
    let text = format!(
        "data: {}\n\n",
        json!({"choices": [{"delta": {"content": "I"}}]})
    );
    let half = Answer::Stream { text, hangs: true };
    for (first, outcome) in [(Answer::Silence, "no answer"), (half, "stopped")] {
        let endpoint = ScriptedEndpoint::scripted(move |n, _| match n {
            0 => first.clone(),
            _ => Answer::acting(&["do"]),
        })
        .await;
        let mut config = streaming(endpoint.url());
        (config.timeouts.headers, config.timeouts.idle) = (SOON, SOON);
        let reply = complete(&model(config), request()).await;
        assert!(
            reply.attempts[0].outcome.contains(outcome),
            "{:?}",
            reply.attempts
        );
    }

    let half = "HTTP/1.1 200 OK\r\ncontent-length: 90\r\n\r\n{";
    let endpoint = RawEndpoint::saying(half, Ending::Hang).await;
    let mut config = config(endpoint.url());
    config.timeouts.idle = SOON;
    let error = model(config)
        .complete(request())
        .await
        .expect_err("half an answer");
    assert_eq!(error.fault, Fault::Timeout);
    assert_eq!(
        endpoint.connections(),
        3,
        "what never answered is given up soon"
    );
}

#[tokio::test]
async fn case_28_connections_that_break() {
    let half = "HTTP/1.1 200 OK\r\ncontent-length: 90\r\n\r\n{\"choices\"";
    for (said, ending) in [
        ("", Ending::Reset),
        ("", Ending::Close),
        (half, Ending::Reset),
        (half, Ending::Close),
        ("SSH-2.0-OpenSSH_9.6\r\n", Ending::Close),
    ] {
        let endpoint = RawEndpoint::saying(said, ending).await;
        let error = error_of(endpoint.url()).await;
        let (fault, attempts) = match said == half {
            true => (Fault::BadReply, 8),
            false => (Fault::Unreachable, 3),
        };
        assert_eq!(error.fault, fault, "{error}");
        assert!(error.is_fatal_for_run(), "it never answered");
        assert_eq!(error.exchange.attempts.len(), attempts);
        let sentence = error.to_string();
        assert!(!sentence.contains("trusted"), "{sentence}");
        if said == half {
            assert!(!sentence.contains("cannot reach"), "{sentence}");
        }
    }
}

#[tokio::test]
async fn case_28_hosts_that_cannot_be_reached() {
    let closed = ScriptedEndpoint::playing([]).await.url().to_owned();
    // A label over 63 letters is refused by the resolver itself, without a network.
    let nowhere = format!("http://{}.invalid/v1", "x".repeat(70));
    let plain = RawEndpoint::saying("HTTP/1.1 400 Bad Request\r\n\r\n", Ending::Close).await;
    let not_tls = plain.url().replace("http://", "https://");
    for (url, cause) in [
        (closed, "refused"),
        (nowhere, "no such host"),
        (not_tls, "TLS"),
    ] {
        let error = error_of(&url).await;
        assert_eq!(error.fault, Fault::Unreachable, "{error}");
        let sentence = error.to_string();
        for part in [cause, "test-model", url.trim_end_matches("/v1")] {
            assert!(sentence.contains(part), "{part} in {sentence}");
        }
    }
}

#[tokio::test]
async fn case_28_web_pages_and_redirects() {
    let answers = [
        Answer::page(502, "502 Bad Gateway"),
        Answer::acting(&["do"]),
    ];
    let reply = reply_of(&ScriptedEndpoint::playing(answers).await).await;
    assert!(
        reply.attempts[0].outcome.contains("502 Bad Gateway"),
        "{:?}",
        reply.attempts
    );

    let endpoint = ScriptedEndpoint::playing([Answer::page(200, "My router")]).await;
    let error = error_of(endpoint.url()).await;
    assert_eq!(
        (error.fault, error.is_fatal_for_run()),
        (Fault::NotAnApi, true)
    );
    assert!(error.to_string().contains("My router"), "{error}");

    let target = "https://elsewhere.example/v1?key=secret";
    let moved = Answer::json(308, json!({})).with_header("location", target);
    let endpoint = ScriptedEndpoint::playing([moved]).await;
    let error = error_of(endpoint.url()).await;
    assert_eq!(
        (error.fault, error.is_fatal_for_run()),
        (Fault::NotAnApi, true)
    );
    assert!(
        error.to_string().contains("https://elsewhere.example/v1;"),
        "{error}"
    );

    let moved = Answer::json(308, json!({})).with_header("location", "/v1/chat/completions");
    let endpoint = ScriptedEndpoint::playing([moved]).await;
    let error = error_of(endpoint.url()).await;
    assert!(error.to_string().contains("the very address"), "{error}");
}

#[tokio::test]
async fn case_30_a_context_that_is_full_is_an_ending_of_its_own() {
    let nested = |error: Value| json!({ "error": error });
    for (status, body) in [
        (
            400,
            nested(json!({"message": "too long", "code": "context_length_exceeded"})),
        ),
        (
            400,
            nested(json!({"type": "exceed_context_size_error", "message": "no room"})),
        ),
        (
            500,
            nested(json!("prompt is too long: 9000 tokens > 8192 maximum")),
        ),
        (
            200,
            nested(json!({"code": 400, "message": "maximum context length is 8192"})),
        ),
        (
            422,
            json!({"message": "9000 tokens, too large for model with 8192 maximum"}),
        ),
    ] {
        let endpoint = ScriptedEndpoint::playing([Answer::json(status, body)]).await;
        let error = error_of(endpoint.url()).await;
        assert_eq!(
            (error.fault, error.is_fatal_for_run()),
            (Fault::ContextLength, false)
        );
        assert_eq!(endpoint.requests().len(), 1, "never retried");
    }
}

#[tokio::test]
async fn what_stops_a_run_is_said_in_one_sentence_without_the_key() {
    for (status, message, fault) in [
        (
            401,
            "Incorrect API key provided: sk-wrong-123456",
            Fault::Auth,
        ),
        (403, "This key has no access", Fault::Forbidden),
        (
            404,
            "The model `test-model` does not exist",
            Fault::NotFound,
        ),
    ] {
        let endpoint = ScriptedEndpoint::playing([Answer::error(status, message)]).await;
        let mut config = config(endpoint.url());
        config.api_key = Some(Secret::new("sk-wrong-123456"));
        let error = model(config)
            .complete(request())
            .await
            .expect_err("refused");
        assert_eq!((error.fault, error.is_fatal_for_run()), (fault, true));
        let sentence = error.to_string();
        assert!(
            sentence.contains(endpoint.url()) && sentence.contains("test-model"),
            "{sentence}"
        );
        assert!(!sentence.contains('\n'), "{sentence}");
        let everything = format!("{error:?} {sentence}");
        assert!(!everything.contains("sk-wrong"), "{everything}");
        assert_eq!(endpoint.requests().len(), 1);
    }
    let endpoint = ScriptedEndpoint::playing([Answer::error(401, "no key")]).await;
    let sentence = error_of(endpoint.url()).await.to_string();
    assert!(sentence.contains("OPENAI_API_KEY"), "{sentence}");
}

#[tokio::test]
async fn a_server_error_is_tried_again_up_to_the_limit_and_recorded() {
    let endpoint = ScriptedEndpoint::playing(vec![Answer::error(503, "overloaded"); 8]).await;
    let error = error_of(endpoint.url()).await;
    assert_eq!(
        (error.fault, error.is_fatal_for_run()),
        (Fault::Server, true),
        "no call ever succeeded"
    );
    assert_eq!(error.exchange.attempts.len(), 8);
    assert!(
        error
            .exchange
            .attempts
            .iter()
            .all(|attempt| attempt.status == Some(503))
    );
    endpoint.requests();
}

#[tokio::test]
async fn an_endpoint_that_replied_once_may_fail_without_ending_the_run() {
    let endpoint = ScriptedEndpoint::scripted(|n, _| match n {
        0 => Answer::acting(&["do"]),
        _ => Answer::error(500, "boom"),
    })
    .await;
    let mut config = config(endpoint.url());
    config.retry.max_attempts = 2;
    let model = model(config);
    complete(&model, request()).await;
    let error = model.complete(request()).await.expect_err("it fails now");
    assert_eq!(
        (error.fault, error.is_fatal_for_run()),
        (Fault::Server, false)
    );
}

#[tokio::test]
async fn the_first_retry_is_said_at_once_and_only_once() {
    let endpoint = ScriptedEndpoint::scripted(|_, _| Answer::error(500, "boom")).await;
    let mut config = config(endpoint.url());
    config.retry.max_attempts = 3;
    let model = model(config);
    let (said, heard) = std::sync::mpsc::channel();
    model.listen(Arc::new(move |text| drop(said.send(text))));
    for _ in 0..2 {
        model
            .complete(request())
            .await
            .expect_err("it always fails");
    }
    let heard: Vec<String> = heard.try_iter().collect();
    let [retry] = heard.as_slice() else {
        panic!("not one notice: {heard:#?}");
    };
    for part in [
        endpoint.url(),
        "test-model",
        "HTTP 500",
        "boom",
        "tried again",
        "3 times",
    ] {
        assert!(retry.contains(part), "{part} in {retry}");
    }
}
