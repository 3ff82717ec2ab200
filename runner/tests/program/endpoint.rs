//! Endpoints that are not there, refuse, or answer something else.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread;

use serde_json::{Value, json};

use crate::{Place, Said};

/// An endpoint that gives every request the same answer. Its thread ends with
/// the test's process.
fn endpoint(answer: &'static str) -> String {
    answering(vec![answer.to_owned()])
}

/// An endpoint that gives these answers, one after the other and then from the first again.
fn answering(answers: Vec<String>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}/v1", listener.local_addr().expect("an address"));
    thread::spawn(move || {
        let mut answers = answers.iter().cycle();
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            let mut request = [0; 65536];
            if stream.read(&mut request).is_ok()
                && let Some(answer) = answers.next()
            {
                drop(stream.write_all(answer.as_bytes()));
            }
        }
    });
    url
}

/// A model that gives these replies, one after the other and then from the first again,
/// each for a hundred tokens.
pub(crate) fn replying(messages: Vec<String>) -> String {
    let answers = messages.into_iter().map(|message| {
        let body = format!(
            r#"{{"choices":[{{"index":0,"finish_reason":"stop","message":{message}}}],"usage":{{"prompt_tokens":90,"completion_tokens":10,"total_tokens":100}}}}"#
        );
        format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        )
    });
    answering(answers.collect())
}

/// A reply that calls these tools with these arguments.
pub(crate) fn message(calls: &[(&str, &str)]) -> String {
    let calls = calls.iter().enumerate().map(|(id, (name, arguments))| {
        json!({
            "id": id.to_string(),
            "type": "function",
            "function": { "name": name, "arguments": arguments },
        })
    });
    let calls: Vec<Value> = calls.collect();
    json!({ "role": "assistant", "content": "", "tool_calls": calls }).to_string()
}

fn play(place: &Place, url: &str) -> Said {
    place.play(&[
        "--episodes",
        "2",
        "--model",
        "some-model",
        "--endpoint",
        url,
        "--set",
        "endpoint.max_attempts=2",
    ])
}

#[test]
fn nobody_listens() {
    let place = Place::new();
    let closed = TcpListener::bind("127.0.0.1:0")
        .expect("a port")
        .local_addr()
        .expect("an address");
    let said = play(&place, &format!("http://{closed}/v1")).exited(3);
    let text = format!("{}{}", said.out, said.err);
    assert!(
        text.contains(&closed.to_string()) && text.contains("some-model"),
        "{text}"
    );
    assert!(text.contains("runner resume"), "{text}");
    // What was begun is in the file, under its ending, and scores nothing.
    let report = place.read("report", &["--format", "json"]).exited(0).json();
    assert_eq!(report["scored_episodes"], 0);
    assert_eq!(report["crafter_score"]["value"], serde_json::Value::Null);
    assert!(report["endings"]["endpoint_failure"].as_u64() >= Some(1));
}

#[test]
fn the_key_is_refused_and_never_shown() {
    let place = Place::new();
    let url = endpoint(
        "HTTP/1.1 401 Unauthorized\r\ncontent-type: application/json\r\ncontent-length: 44\r\nconnection: close\r\n\r\n\
         {\"error\":{\"message\":\"bad key sk-secret-1234\"}}",
    );
    let traces = place.traces();
    let said: Said = place
        .command(&["--episodes", "30", "--model", "m", "--endpoint", &url])
        .arg("--traces")
        .arg(&traces)
        .env("OPENAI_API_KEY", "sk-secret-1234")
        .output()
        .expect("the program starts")
        .into();
    let said = said.exited(3);
    assert!(said.err.contains("API key"), "{}", said.err);
    // One call found out what all would have.
    let calls = "select count(*) from events where event_type = 'cais' and \
        json_array_length(llm_call_records) > 0";
    assert_eq!(place.ask(calls), 1);
    let file = std::fs::read(&traces).expect("the trace file");
    let leaks = |bytes: &[u8]| bytes.windows(14).any(|window| window == b"sk-secret-1234");
    assert!(!leaks(&file) && !leaks(said.out.as_bytes()) && !leaks(said.err.as_bytes()));
}

/// Every reply does nothing and takes a hundred tokens.
fn replies() -> String {
    let rest = r#"{"reasoning":"rest","actions":["noop"]}"#;
    replying(vec![message(&[("interact", rest)])])
}

#[test]
fn a_spent_budget_says_what_it_takes_to_go_on() {
    let place = Place::new();
    let url = replies();
    let run = ["--model", "m", "--endpoint", &url, "--max-steps", "3"];
    let budget = [
        "--episodes",
        "2",
        "--concurrency",
        "1",
        "--max-tokens",
        "400",
    ];
    let said = place.play(&[&run[..], &budget[..]].concat()).exited(5);
    assert!(
        said.out.contains("400 of 400 tokens are spent"),
        "{}",
        said.out
    );
    assert!(said.out.contains("--max-tokens 800"), "{}", said.out);

    let said = place.read("resume", &["--dry-run"]).exited(0);
    assert!(said.out.contains("Nothing would be played"), "{}", said.out);
    assert!(said.out.contains("with --max-tokens"), "{}", said.out);

    // Futile: but why is said, also where little is.
    let said = place.read("resume", &["--quiet"]).exited(5);
    // A call that was under way when the first run stopped may be spent, too.
    assert!(said.err.contains("not begun: 1"), "{}", said.err);
    assert!(said.err.contains("with more to spend"), "{}", said.err);
    // The run knows its model.
    let more = ["--max-tokens", "1000", "--endpoint", &url, "--quiet"];
    place.read("resume", &more).exited(0);
    let report = place.read("report", &["--format", "json"]).exited(0).json();
    assert_eq!(report["scored_episodes"], 2);
    assert_eq!(report["usage"]["total_tokens"], 600);

    // A run that is alike takes as much, and one that is longer takes more.
    let estimate = |steps| {
        let run = ["--model", "m", "--endpoint", &url, "--max-steps", steps];
        let dry = ["--episodes", "2", "--dry-run"];
        place.play(&[&run[..], &dry[..]].concat()).exited(0).out
    };
    let alike = estimate("3");
    assert!(alike.contains("540 prompt and 60 reply tokens"), "{alike}");
    assert!(
        alike.contains("2 past episodes with these settings"),
        "{alike}"
    );
    let longer = estimate("30");
    assert!(
        longer.contains("5,400 prompt and 600 reply tokens"),
        "{longer}"
    );
    assert!(longer.contains("at most 3 turns"), "{longer}");
}

#[test]
fn what_was_never_answered_is_unknown() {
    let place = Place::new();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}/v1", listener.local_addr().expect("an address"));
    // It takes calls and answers none; what it holds is let go with the test.
    let held = thread::spawn(move || listener.incoming().take(2).collect::<Vec<_>>());
    let run = ["--model", "m", "--endpoint", &url, "--episodes", "2"];
    let limit = ["--episode-time-limit", "1s", "--quiet"];
    place.play(&[&run[..], &limit[..]].concat()).exited(3);
    drop(held);
    let report = place.read("report", &["--format", "json"]).exited(0).json();
    assert_eq!(
        report["endings"],
        serde_json::json!({ "endpoint_failure": 2 })
    );
    assert_eq!(report["scored_episodes"], 0);
    let unknown = serde_json::Value::Null;
    assert_eq!(report["success_rates"]["collect_wood"], unknown);
    assert_eq!(report["usage"]["total_tokens"], unknown);
    assert_eq!(report["usage"]["cost"], unknown);
    let page = place.read("report", &["--format", "html"]).exited(0).out;
    assert!(page.contains("nothing to draw") && !page.contains("<svg"));
}

/// Local servers take any key, and are given a word.
#[test]
fn a_word_in_place_of_the_key_leaves_the_trace_readable() {
    let place = Place::new();
    let url = endpoint(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n\
         {\"choices\":[{\"message\":{\"tool_calls\":[{\"id\":\"a\",\"function\":{\"name\":\"interact\",\
         \"arguments\":\"{\\\"actions\\\":[\\\"move_left\\\"]}\"}}]}}]}",
    );
    for word in ["x", "move", "observation"] {
        let traces = place.traces();
        drop(std::fs::remove_file(&traces));
        let said: Said = place
            .command(&["--episodes", "1", "--max-turns", "2", "--model", "m"])
            .args(["--endpoint", &url, "--traces"])
            .arg(&traces)
            .env("OPENAI_API_KEY", word)
            .output()
            .expect("the program starts")
            .into();
        said.exited(0);
        place.read("replay", &["--all"]).exited(0);
        place.read("report", &[]).exited(0);
    }
}

#[test]
fn a_web_page_is_no_endpoint() {
    let url = endpoint(
        "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 32\r\nconnection: close\r\n\r\n\
         <html><body>Welcome</body></html",
    );
    let said = play(&Place::new(), &url).exited(3);
    assert!(said.err.contains("is no chat endpoint"), "{}", said.err);
}
