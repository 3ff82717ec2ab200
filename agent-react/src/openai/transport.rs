//! Sends one request and receives one answer, within the time allowed.

use std::error::Error;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures::{Stream, StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use reqwest::header::{CONTENT_TYPE, HeaderMap, LOCATION};
use reqwest::{Client, Method, redirect};
use serde_json::Value;
use tokio::time::timeout;
use tracer::record::Document;
use url::Url;

use super::body::{self, NoJson};
use super::events::Events;
use super::fault::{ErrorBody, classify, excerpt, is_html};
use super::stream::{Assembly, BrokenEvent, NoAnswer};
use crate::endpoint::{EndpointConfig, EndpointError, Secret, Timeouts, scrub_received, shown};
use crate::model::Fault;
use crate::retry::server_wait;

/// No answer is larger; more is a fault of the endpoint.
const MAX_BODY: usize = 64 << 20;

/// A piece of an answer's body.
type Piece = Vec<u8>;

/// A connection pool and the ways in.
#[derive(Debug)]
pub(crate) struct Transport {
    client: Client,
    headers: HeaderMap,
    query: Vec<(String, Secret)>,
    secrets: Vec<Secret>,
    timeouts: Timeouts,
    bases: Vec<Url>,
    /// Which of the bases is used.
    base: AtomicUsize,
}

/// What came of one request.
#[derive(Debug)]
pub(crate) struct Received {
    /// HTTP status, if an answer came.
    pub(crate) status: Option<u16>,
    /// The endpoint's id of the request.
    pub(crate) request_id: Option<String>,
    /// From sending to the end of the answer.
    pub(crate) latency: Duration,
    /// To the first piece of the body.
    pub(crate) first_byte: Option<Duration>,
    /// What followed the answer's JSON and was not read.
    pub(super) ignored: Option<String>,
    /// The answer's JSON, or why there is none.
    pub(crate) result: Result<Value, Box<Failed>>,
}

/// A request that got no usable answer.
#[derive(Debug, Clone)]
pub(crate) struct Failed {
    pub(crate) fault: Fault,
    /// In words, without keys.
    pub(crate) detail: String,
    /// The body, if it was JSON or text.
    pub(crate) body: Value,
    pub(super) error: ErrorBody,
    pub(crate) server_wait: Option<Duration>,
}

impl Failed {
    fn new(fault: Fault, detail: impl Into<String>) -> Box<Failed> {
        Box::new(Failed {
            fault,
            detail: detail.into(),
            body: Value::Null,
            error: ErrorBody::default(),
            server_wait: None,
        })
    }

    /// An answer in JSON that holds no reply.
    pub(super) fn bad_reply(why: impl Into<String>, body: Value) -> Box<Failed> {
        Box::new(Failed {
            body,
            ..*Failed::new(Fault::BadReply, why)
        })
    }

    /// An answer that is not what it should be written in.
    fn unreadable(why: impl Into<String>, body: Value) -> Box<Failed> {
        Box::new(Failed {
            body,
            ..*Failed::new(Fault::Unreadable, why)
        })
    }

    /// An answer of which a content filter left nothing.
    pub(super) fn withheld(body: Value) -> Box<Failed> {
        Box::new(Failed {
            body,
            ..*Failed::new(Fault::ContentFilter, "a content filter withheld the reply")
        })
    }

    /// An error the endpoint reports in JSON, whether by status or inside a 200.
    pub(super) fn reported(status: u16, body: Value, headers: &HeaderMap) -> Box<Failed> {
        let error = ErrorBody::read(&body);
        let server_wait = server_wait(headers, &body, Timestamp::now());
        let is_ok = (200..300).contains(&status);
        // What an endpoint reports inside a 200 without a status is a fault of its own.
        let meant = match is_ok {
            true => error.status.unwrap_or(500),
            false => status,
        };
        let mut fault = classify(meant, &error, server_wait.is_some());
        if error.failed_generation.is_some() {
            fault = Fault::Refused;
        }
        let heading = match (is_ok, error.status) {
            (true, Some(inside)) => format!("HTTP {status} with an error {inside} inside"),
            (true, None) => format!("HTTP {status} with an error inside"),
            (false, _) => format!("HTTP {status}"),
        };
        let detail = match error.message.is_empty() {
            true => heading,
            false => format!("{heading}, {:?}", error.message),
        };
        Box::new(Failed {
            fault,
            detail,
            body,
            error,
            server_wait,
        })
    }
}

impl Transport {
    /// Prepares connections; none is opened yet.
    ///
    /// # Errors
    ///
    /// If a header cannot be sent or the system offers no TLS.
    pub(crate) fn new(config: &EndpointConfig) -> Result<Transport, EndpointError> {
        let mut client = Client::builder()
            .connect_timeout(config.timeouts.connect)
            // A redirected POST loses its body or its key; the user is told instead.
            .redirect(redirect::Policy::none())
            .user_agent(concat!("crafter-agent/", env!("CARGO_PKG_VERSION")));
        if config.is_local() {
            client = client.no_proxy();
        }
        Ok(Transport {
            client: client
                .build()
                .map_err(|error| EndpointError::Client(innermost(&error)))?,
            headers: config.header_map()?,
            query: config
                .query
                .iter()
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
            secrets: config.secrets(),
            timeouts: config.timeouts.clone(),
            bases: config.bases(),
            base: AtomicUsize::new(0),
        })
    }

    /// Which way in is used now.
    pub(crate) fn way(&self) -> usize {
        self.base.load(Ordering::Relaxed)
    }

    /// Gives up the way that `used` was; whether there is another to try.
    pub(crate) fn try_other_way(&self, used: usize) -> bool {
        if used + 1 < self.bases.len() {
            // Another call may have moved on already, which is as good.
            let moved =
                self.base
                    .compare_exchange(used, used + 1, Ordering::Relaxed, Ordering::Relaxed);
            return moved.is_ok() || self.way() > used;
        }
        self.way() > used
    }

    /// Asks the chat endpoint.
    pub(crate) async fn chat(&self, body: &Document) -> Received {
        self.exchange(Method::POST, "chat/completions", Some(body))
            .await
    }

    /// Asks which models there are.
    pub(crate) async fn models(&self) -> Received {
        self.exchange(Method::GET, "models", None).await
    }

    async fn exchange(&self, method: Method, path: &str, body: Option<&Document>) -> Received {
        let mut received = Received {
            status: None,
            request_id: None,
            latency: Duration::ZERO,
            first_byte: None,
            ignored: None,
            result: Err(Failed::new(Fault::Timeout, "")),
        };
        let started = Instant::now();
        let limit = self.timeouts.total;
        let result = timeout(
            limit,
            self.send_and_read(method, path, body, started, &mut received),
        )
        .await;
        received.latency = started.elapsed();
        received.result = result.unwrap_or_else(|_| {
            Err(Failed::new(
                Fault::Timeout,
                format!("not finished after {} s", limit.as_secs()),
            ))
        });
        received
    }

    async fn send_and_read(
        &self,
        method: Method,
        path: &str,
        body: Option<&Document>,
        started: Instant,
        received: &mut Received,
    ) -> Result<Value, Box<Failed>> {
        let asked = self.url(path);
        let mut request = self
            .client
            .request(method, asked.clone())
            .headers(self.headers.clone());
        if let Some(body) = body {
            request = request
                .header(CONTENT_TYPE, "application/json")
                .body(body.text());
        }
        let response = match timeout(self.timeouts.headers, request.send()).await {
            Ok(response) => response.map_err(|error| connection_fault(&error))?,
            Err(_) => {
                let seconds = self.timeouts.headers.as_secs();
                return Err(Failed::new(
                    Fault::Timeout,
                    format!("no answer within {seconds} s"),
                ));
            }
        };
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        received.status = Some(status);
        received.request_id = ["x-request-id", "request-id", "x-amzn-requestid", "cf-ray"]
            .iter()
            .find_map(|name| headers.get(*name)?.to_str().ok())
            .map(|id| scrub_received(id.to_owned(), &self.secrets));
        if response.status().is_redirection() {
            let target = headers
                .get(LOCATION)
                .and_then(|target| target.to_str().ok())
                .and_then(|target| asked.join(target).ok());
            let detail = match target {
                Some(target) if target == asked => {
                    format!("it redirects (HTTP {status}) to the very address that was asked")
                }
                Some(target) => format!(
                    "it redirects (HTTP {status}) to {}; give that address",
                    shown(&target).trim_end_matches("/chat/completions")
                ),
                None => format!("it redirects (HTTP {status}) to nowhere"),
            };
            return Err(Failed::new(
                Fault::NotAnApi,
                scrub_received(detail, &self.secrets),
            ));
        }
        let is_ok = response.status().is_success();
        let mut pieces = response.bytes_stream().map_ok(Vec::from);
        let first = self.next_piece(&mut pieces, started, received).await?;
        let first = first.unwrap_or_default();
        let in_events = is_ok && is_stream(&headers, &first);
        let pieces = stream::iter([Ok(first)]).chain(pieces);
        if in_events {
            return self.read_stream(pieces, started, received).await;
        }
        let body = self.read_body(pieces, started, received).await?;
        self.parse(status, &headers, &text_of(&body), received)
    }

    /// Reads a whole body, and what it says about itself.
    fn parse(
        &self,
        status: u16,
        headers: &HeaderMap,
        text: &str,
        received: &mut Received,
    ) -> Result<Value, Box<Failed>> {
        // Some servers write a byte order mark.
        let text = text.trim_start_matches('\u{feff}').to_owned();
        let text = scrub_received(text, &self.secrets);
        let is_ok = (200..300).contains(&status);
        if is_ok && text.trim().is_empty() {
            return Err(Failed::bad_reply("its answer is empty", Value::Null));
        }
        match body::read(&text) {
            Ok(read) => {
                received.ignored = read.after;
                // What was escaped, letter by letter or as `\/`, shows only now.
                let json = match text.contains('\\') {
                    true => self.without_secrets(&read.json)?,
                    false => read.json,
                };
                match json {
                    Value::Object(_) | Value::Array(_) if is_ok => Ok(json),
                    Value::Null | Value::Bool(_) | Value::Number(_) if is_ok => {
                        Err(Failed::unreadable(format!("its answer is {json}"), json))
                    }
                    _ => Err(Failed::reported(status, json, headers)),
                }
            }
            Err(_) if !is_ok => Err(Failed::reported(status, Value::String(text), headers)),
            Err(_) if is_html(&text) => Err(Failed::new(
                Fault::NotAnApi,
                format!(
                    "it answers with a web page ({:?}) instead of JSON",
                    excerpt(&text)
                ),
            )),
            Err(NoJson {
                problem,
                breaks_off: true,
            }) => {
                let why = format!("its JSON breaks off ({problem})");
                Err(Failed::bad_reply(why, Value::String(text)))
            }
            Err(NoJson { problem, .. }) => {
                let why = format!("not JSON ({problem})");
                Err(Failed::unreadable(why, Value::String(text)))
            }
        }
    }

    async fn read_body<S>(
        &self,
        mut pieces: S,
        started: Instant,
        received: &mut Received,
    ) -> Result<Vec<u8>, Box<Failed>>
    where
        S: Stream<Item = reqwest::Result<Piece>> + Unpin,
    {
        let mut body = Vec::new();
        while let Some(piece) = self.next_piece(&mut pieces, started, received).await? {
            body.extend_from_slice(&piece);
            if body.len() > MAX_BODY {
                return Err(Failed::new(Fault::BadReply, "its answer does not end"));
            }
        }
        Ok(body)
    }

    async fn read_stream<S>(
        &self,
        mut pieces: S,
        started: Instant,
        received: &mut Received,
    ) -> Result<Value, Box<Failed>>
    where
        S: Stream<Item = reqwest::Result<Piece>> + Unpin,
    {
        let mut assembly = Assembly::default();
        let mut events = Events::default();
        let mut size = 0;
        while let Some(piece) = self.next_piece(&mut pieces, started, received).await? {
            size += piece.len();
            for event in events.push(&piece) {
                assembly.push(event);
            }
            if assembly.is_done() {
                break;
            }
            if size > MAX_BODY {
                return Err(Failed::new(Fault::BadReply, "its stream does not end"));
            }
        }
        if let Some(event) = events.finish() {
            assembly.push(event);
        }
        self.assembled(assembly)
    }

    /// The answer a stream adds up to. Only here a key is whole again that came in
    /// several pieces.
    fn assembled(&self, assembly: Assembly) -> Result<Value, Box<Failed>> {
        match assembly.finish() {
            Ok(answer) => self.without_secrets(&answer),
            Err(NoAnswer::CutShort) => Err(Failed::new(
                Fault::BadReply,
                "its stream ended before the reply did",
            )),
            Err(NoAnswer::Broken(BrokenEvent {
                data,
                problem,
                breaks_off,
            })) => {
                let data = scrub_received(data, &self.secrets);
                let why = format!("its stream holds {problem}: {:?}", excerpt(&data));
                let body = Value::String(data);
                Err(match breaks_off {
                    true => Failed::bad_reply(why, body),
                    false => Failed::unreadable(why, body),
                })
            }
        }
    }

    fn without_secrets(&self, body: &Value) -> Result<Value, Box<Failed>> {
        serde_json::from_str(&scrub_received(body.to_string(), &self.secrets))
            .map_err(|fault| Failed::unreadable(fault.to_string(), Value::Null))
    }

    async fn next_piece<S>(
        &self,
        pieces: &mut S,
        started: Instant,
        received: &mut Received,
    ) -> Result<Option<Piece>, Box<Failed>>
    where
        S: Stream<Item = reqwest::Result<Piece>> + Unpin,
    {
        let piece = match timeout(self.timeouts.idle, pieces.next()).await {
            Ok(piece) => piece.transpose().map_err(|error| broken_off(&error))?,
            Err(_) => {
                let seconds = self.timeouts.idle.as_secs();
                return Err(Failed::new(
                    Fault::Timeout,
                    format!("its answer stopped for {seconds} s"),
                ));
            }
        };
        received.first_byte.get_or_insert_with(|| started.elapsed());
        Ok(piece)
    }

    fn url(&self, path: &str) -> Url {
        let mut url = self.bases[self.way().min(self.bases.len() - 1)].clone();
        let whole = format!("{}/{path}", url.path().trim_end_matches('/'));
        url.set_path(&whole);
        if !self.query.is_empty() {
            let mut pairs = url.query_pairs_mut();
            for (name, value) in &self.query {
                pairs.append_pair(name, value.expose());
            }
        }
        url
    }
}

/// Whether an answer comes in events. How it begins says more than what it is called:
/// some servers send whole answers and errors as streams, and streams as something else.
fn is_stream(headers: &HeaderMap, first: &[u8]) -> bool {
    let called_so = headers
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| kind.starts_with("text/event-stream"));
    let first = String::from_utf8_lossy(first);
    let beginning = first.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    match called_so {
        true => !beginning.starts_with(['{', '[', '<']),
        false => [":", "data:", "event:", "id:", "retry:"]
            .iter()
            .any(|field| beginning.starts_with(field)),
    }
}

/// A body in whichever encoding it is, which its first bytes tell: JSON begins with a
/// letter of ASCII.
fn text_of(body: &[u8]) -> String {
    let in_units = |unit: fn([u8; 2]) -> u16| {
        let units = body.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
        String::from_utf16_lossy(&units.collect::<Vec<u16>>())
    };
    match body {
        [0xff, 0xfe, ..] | [1..=0x7f, 0, ..] => in_units(u16::from_le_bytes),
        [0xfe, 0xff, ..] | [0, 1..=0x7f, ..] => in_units(u16::from_be_bytes),
        _ => String::from_utf8_lossy(body).into_owned(),
    }
}

/// What kept a connection from working, in words.
fn connection_fault(error: &reqwest::Error) -> Box<Failed> {
    let cause = innermost(error);
    let words = cause.to_lowercase();
    let says = |any: &[&str]| any.iter().any(|word| words.contains(word));
    if error.is_timeout() {
        return Failed::new(Fault::Timeout, "the connection was not made in time");
    }
    let chain = chain(error);
    if chain.iter().any(|link| link.contains("dns error")) {
        return Failed::new(Fault::Unreachable, format!("no such host ({cause})"));
    }
    if says(&["invalid http version"]) {
        return Failed::new(
            Fault::Unreachable,
            format!("it does not speak HTTP ({cause})"),
        );
    }
    if says(&["corrupt message", "wrong version number"]) {
        return Failed::new(
            Fault::Unreachable,
            "it does not speak TLS; try http:// instead of https://",
        );
    }
    if says(&["certificate", "tls", "handshake"]) {
        return Failed::new(
            Fault::Unreachable,
            format!("no trusted connection: {cause}"),
        );
    }
    Failed::new(Fault::Unreachable, cause)
}

/// What ended an answer that had begun, in words.
fn broken_off(error: &reqwest::Error) -> Box<Failed> {
    let cause = innermost(error);
    let words = cause.to_lowercase();
    let packed = ["gzip", "deflate", "zlib", "brotli"];
    if packed.iter().any(|encoding| words.contains(encoding)) {
        let why = format!("its answer is not packed as its headers say ({cause})");
        return Failed::new(Fault::Unreadable, why);
    }
    let why = if words.contains("reset") {
        "the connection was reset in mid-answer".to_owned()
    } else {
        format!("its answer broke off ({cause})")
    };
    Failed::new(Fault::BadReply, why)
}

/// The messages from the outermost error to its first cause, without addresses,
/// which may hold keys.
fn chain(error: &dyn Error) -> Vec<String> {
    let mut links = Vec::new();
    let mut next = error.source();
    while let Some(link) = next {
        links.push(link.to_string());
        next = link.source();
    }
    links
}

fn innermost(error: &reqwest::Error) -> String {
    chain(error)
        .pop()
        .unwrap_or_else(|| "the connection failed".to_owned())
}
