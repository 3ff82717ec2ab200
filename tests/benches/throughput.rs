//! A thousand episodes at once against an endpoint that answers in 200 ms: what
//! share of the endpoint's rate is reached, and how much memory an episode takes.
//!
//! ```text
//! cargo bench -p integration-tests --bench throughput
//! cargo bench -p integration-tests --bench throughput -- 200
//! ```
//!
//! The number is that of the episodes. The runner, the endpoint and a bare client
//! are processes of their own (this program again), so that the memory is the
//! runner's alone; they share the processor, and each one's part of it is printed.
//!
//! An endpoint that takes 200 ms for an answer allows 5 answers a second to each
//! episode, from the first request to the last answer: opening a thousand
//! connections and finding out that the endpoint bears a thousand calls count. So
//! does the end, when few episodes are left. What a longer run comes to is the rate in
//! its middle, which is printed beside it.
//!
//! What a machine can carry beside that is shown by the bare client: it sends bodies
//! of the size that the runner's had, over as many connections to the same endpoint,
//! reads the answers and does nothing else.

use std::env;
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use clap::Parser;
use integration_tests::endpoint::LIFETIME;
use runner::args::Cli;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader as AsyncBufReader};
use tokio::net::{TcpListener, TcpStream};

const LATENCY: Duration = Duration::from_millis(200);
const TURNS: u64 = 50;

fn main() -> ExitCode {
    // `cargo bench` passes `--bench` to every bench.
    let arguments: Vec<String> = env::args().skip(1).filter(|a| a != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["serve"] => serve(),
        ["play", url, traces, episodes] => return play(url, traces, episodes),
        ["send", url, connections, bytes] => send(
            url,
            connections.parse().expect("a number of connections"),
            bytes.parse().expect("a number of bytes"),
        ),
        [] => measure(1000),
        [episodes] => measure(episodes.parse().expect("a number of episodes")),
        _ => panic!("usage: throughput [EPISODES]"),
    }
    ExitCode::SUCCESS
}

/// Measures the runner and then the bare client, and prints both.
fn measure(episodes: u64) {
    let folder = tempfile::tempdir().expect("a folder");
    let traces = folder.path().join("traces.duckdb");
    let traces = traces.to_str().expect("a path in UTF-8");
    let count = episodes.to_string();
    let ours = Measured::of(|url| child(&["play", url, traces, &count]));
    let body = (ours.bytes / ours.turns).round();
    let bare = Measured::of(|url| child(&["send", url, &count, &body.to_string()]));

    let allowed = episodes as f64 / LATENCY.as_secs_f64();
    println!(
        "{episodes} episodes at once, {} turns in {:.1} s: {:.0} turns a second, \
         {:.0} % of the {allowed:.0} that the endpoint allows",
        ours.turns,
        ours.seconds,
        ours.rate(),
        100.0 * ours.rate() / allowed,
    );
    println!(
        "in the middle of the run, between a quarter and three quarters of its turns: {:.0} \
         turns a second, {:.0} %",
        ours.middle_rate,
        100.0 * ours.middle_rate / allowed,
    );
    println!(
        "a bare client with bodies of the same {:.0} kB: {:.0} turns a second, {:.0} in the \
         middle; the runner reaches {:.0} % of that, {:.0} % in the middle",
        body / 1e3,
        bare.rate(),
        bare.middle_rate,
        100.0 * ours.rate() / bare.rate(),
        100.0 * ours.middle_rate / bare.middle_rate
    );
    println!(
        "memory: at most {:.0} MB, {:.2} MB an episode",
        ours.peak_mb,
        ours.peak_mb / episodes as f64
    );
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    println!("processor time for a turn, on {cores} cores:");
    for (name, measured) in [("runner", &ours), ("bare client", &bare)] {
        println!(
            "  {name}: {:.0} µs, and {:.0} µs in the endpoint",
            1e6 * measured.cpu / measured.turns,
            1e6 * measured.endpoint_cpu / measured.turns
        );
    }
}

/// What came of one client at the endpoint.
struct Measured {
    turns: f64,
    seconds: f64,
    /// Turns a second, from a quarter to three quarters of them.
    middle_rate: f64,
    /// Of all requests' bodies.
    bytes: f64,
    peak_mb: f64,
    /// Processor time of the client in seconds.
    cpu: f64,
    endpoint_cpu: f64,
}

impl Measured {
    /// Starts an endpoint and the client for it, and waits for both.
    fn of(client: impl FnOnce(&str) -> Child) -> Self {
        let mut endpoint = child(&["serve"]);
        let mut said = BufReader::new(endpoint.stdout.take().expect("piped"));
        let client = client(&line(&mut said));
        let client = client.wait_with_output().expect("the client's output");
        assert!(
            client.status.success(),
            "the client ended with {}",
            client.status
        );
        let client = last_line(&client.stdout);
        drop(endpoint.stdin.take());
        let served: Value = serde_json::from_str(&line(&mut said)).expect("what was served");
        endpoint.wait().expect("the endpoint's end");
        let number = |value: &Value, key: &str| value[key].as_f64().expect("a number");
        Self {
            turns: number(&served, "answers"),
            seconds: number(&served, "seconds"),
            middle_rate: number(&served, "middle_rate"),
            bytes: number(&served, "bytes"),
            peak_mb: number(&client, "peak_mb"),
            cpu: number(&client, "cpu_seconds"),
            endpoint_cpu: number(&served, "cpu_seconds"),
        }
    }

    fn rate(&self) -> f64 {
        self.turns / self.seconds
    }
}

fn child(arguments: &[&str]) -> Child {
    Command::new(env::current_exe().expect("this program"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("this program starts")
}

fn line(said: &mut impl BufRead) -> String {
    let mut line = String::new();
    said.read_line(&mut line).expect("a line");
    line.trim().to_owned()
}

fn last_line(output: &[u8]) -> Value {
    let text = String::from_utf8_lossy(output);
    let last = text.lines().last().expect("a last line");
    serde_json::from_str(last).expect("JSON")
}

/// The runner, as it is typed; then a line on what it took.
fn play(url: &str, traces: &str, episodes: &str) -> ExitCode {
    let turns = TURNS.to_string();
    let cli = Cli::parse_from([
        "runner",
        "--quiet",
        "--endpoint",
        url,
        "--model",
        "bench",
        "--traces",
        traces,
        "--episodes",
        episodes,
        "--concurrency",
        episodes,
        "--max-turns",
        &turns,
    ]);
    let exit = runner::commands::dispatch(&cli).expect("the run");
    println!(
        "{}",
        json!({"peak_mb": peak_mb(), "cpu_seconds": cpu_seconds()})
    );
    exit.into()
}

/// The bare client: as many requests as the runner makes, and nothing else.
fn send(url: &str, connections: u64, bytes: usize) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let client = reqwest::Client::builder()
        .no_proxy()
        .build()
        .expect("a client");
    let url = format!("{url}/chat/completions");
    let body = axum::body::Bytes::from(vec![b' '; bytes]);
    runtime.block_on(async {
        let sending = (0..connections).map(|_| {
            let (client, url, body) = (client.clone(), url.clone(), body.clone());
            tokio::spawn(async move {
                for _ in 0..TURNS {
                    let request = client.post(&url).body(body.clone());
                    let answer = request.send().await.expect("an answer");
                    answer.bytes().await.expect("a whole answer");
                }
            })
        });
        for sender in sending.collect::<Vec<_>>() {
            sender.await.expect("a client without a panic");
        }
    });
    println!(
        "{}",
        json!({"peak_mb": peak_mb(), "cpu_seconds": cpu_seconds()})
    );
}

/// How much was served, and when, in microseconds.
struct Served {
    began: Instant,
    bytes: AtomicU64,
    first: AtomicU64,
    /// When each answer was given. A mutex, held to push a number.
    answers: Mutex<Vec<u64>>,
}

/// The endpoint: prints its URL, answers until its standard input ends, and
/// prints what it served. It reads nothing of a request but its length, because its
/// work is done on the processor that is being measured.
fn serve() {
    let served = Arc::new(Served {
        began: Instant::now(),
        bytes: AtomicU64::new(0),
        first: AtomicU64::new(u64::MAX),
        answers: Mutex::default(),
    });
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let shared = Arc::clone(&served);
    runtime.spawn(async move {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        println!("http://{}/v1", listener.local_addr().expect("an address"));
        io::stdout().flush().expect("standard output");
        while let Ok((connection, _)) = listener.accept().await {
            let conversation = converse(connection, Arc::clone(&shared));
            tokio::spawn(tokio::time::timeout(LIFETIME, conversation));
        }
    });
    io::stdin()
        .read_to_end(&mut Vec::new())
        .expect("standard input");
    let mut answers = served.answers.lock().expect("no panic").clone();
    answers.sort_unstable();
    let seconds = |from: u64, to: u64| Duration::from_micros(to - from).as_secs_f64();
    let [first_quarter, third_quarter] = [answers.len() / 4, 3 * answers.len() / 4];
    let middle = seconds(answers[first_quarter], answers[third_quarter]);
    let last = answers.last().expect("an answer");
    println!(
        "{}",
        json!({
            "answers": answers.len(),
            "bytes": served.bytes.load(Ordering::Relaxed),
            "seconds": seconds(served.first.load(Ordering::Relaxed), *last),
            "middle_rate": (third_quarter - first_quarter) as f64 / middle,
            "cpu_seconds": cpu_seconds(),
        })
    );
}

const ANSWER: &str = r#"{"id":"1","object":"chat.completion","created":1,"model":"bench","choices":[{"index":0,"finish_reason":"tool_calls","message":{"role":"assistant","content":"","tool_calls":[{"id":"call_1","type":"function","function":{"name":"interact","arguments":"{\"reasoning\":\"I look around before I go on.\",\"actions\":[\"noop\"]}"}}]}}],"usage":{"prompt_tokens":1000,"completion_tokens":20,"total_tokens":1020}}"#;

/// Answers every request of a connection. Its end is the client's affair.
async fn converse(connection: TcpStream, served: Arc<Served>) {
    let mut connection = AsyncBufReader::with_capacity(64 << 10, connection);
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{ANSWER}",
        ANSWER.len()
    );
    let now = || served.began.elapsed().as_micros() as u64;
    while let Some(length) = head(&mut connection).await {
        served.first.fetch_min(now(), Ordering::Relaxed);
        let mut body = (&mut connection).take(length);
        let read = tokio::io::copy_buf(&mut body, &mut tokio::io::sink()).await;
        assert_eq!(read.ok(), Some(length), "a request has a whole body");
        tokio::time::sleep(LATENCY).await;
        if connection.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
        served.bytes.fetch_add(length, Ordering::Relaxed);
        served.answers.lock().expect("no panic").push(now());
    }
}

/// Reads the head of a request: the length of its body; none after the last.
async fn head(connection: &mut AsyncBufReader<TcpStream>) -> Option<u64> {
    let (mut line, mut length) = (String::new(), None);
    loop {
        line.clear();
        connection.read_line(&mut line).await.ok()?;
        let field = line.trim_end().to_ascii_lowercase();
        match field.strip_prefix("content-length:") {
            Some(value) => length = value.trim().parse().ok(),
            None if field.is_empty() => return length,
            None => {}
        }
    }
}

/// The most memory this process ever held, in megabytes; from Linux's `/proc`.
fn peak_mb() -> f64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux's /proc");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kb = peak.and_then(|text| text.trim().strip_suffix(" kB"));
    kb.and_then(|kb| kb.parse::<f64>().ok())
        .expect("VmHWM in kB")
        * 1024.0
        / 1e6
}

/// Processor time of this process, in seconds; from Linux's `/proc`, which counts
/// in hundredths.
fn cpu_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").expect("Linux's /proc");
    let after_name = stat.rsplit_once(") ").expect("a process name").1;
    let fields: Vec<&str> = after_name.split(' ').collect();
    let ticks = |n: usize| fields[n].parse::<f64>().expect("a number of ticks");
    (ticks(11) + ticks(12)) / 100.0
}
