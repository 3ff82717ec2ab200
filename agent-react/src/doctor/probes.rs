//! The questions, in the order in which one answer makes the next worth asking.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Finding, Standing};
use crate::model::{
    ChatMessage, ChatModel, ChatReply, ChatRequest, Exchange, Fault, ModelError, Part, Protocol,
    Sampling, Shared, ToolCall, ToolSpec,
};
use crate::openai::OpenAiModel;
use crate::protocol::parse_json;

/// Enough for a call and a short thought. A model that only rambles stops there.
const CALL_TOKENS: u32 = 256;

/// Enough for one word and a short thought.
const WORD_TOKENS: u32 = 64;

/// How long the first reply may take: the server may be loading its model.
const FIRST_TIME: Duration = Duration::from_secs(120);

/// How long any other may take.
const PROBE_TIME: Duration = Duration::from_secs(30);

/// How long a long prompt may take to be read.
const LONG_TIME: Duration = Duration::from_secs(60);

/// The size of the long conversation: about 6,000 tokens, which is more than the
/// context some servers silently fall back to and less than an episode takes.
const LONG_CHARS: usize = 24_000;

/// The tool that a model is offered, and the actions it takes.
const TOOL: &str = "interact";
const ACTIONS: [&str; 3] = ["noop", "move_left", "do"];

/// A red square of 8 by 8 pixels.
const RED_SQUARE: &str = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABL\
    bSncAAAAEUlEQVR42mP4z8CAFTEMLQkAKP8/wc53yE8AAAAASUVORK5CYII=";

/// What was found, and the protocol by which a valid call came, if one came at all.
pub(super) async fn all(
    model: &OpenAiModel,
    progress: &mut (dyn FnMut(&'static str, Duration) + Send),
) -> (Vec<Finding>, Option<Protocol>) {
    let mut asked = |topic, longest, began: &mut Instant| {
        progress(topic, longest);
        *began = Instant::now();
    };
    let mut began = Instant::now();
    let mut findings: Vec<Finding> = Vec::new();
    let mut found = |began: Instant, finding: Finding| {
        findings.push(Finding {
            took: began.elapsed(),
            ..finding
        });
    };

    asked("the list of models", PROBE_TIME, &mut began);
    found(began, listing(model).await);
    asked("tools", FIRST_TIME, &mut began);
    let asking = request("Move left.", Protocol::FunctionCalling);
    let first = match complete(model, asking, FIRST_TIME).await {
        Ok(reply) => reply,
        Err(error) => {
            found(began, unusable(&error));
            return (findings, None);
        }
    };
    found(began, tools(&first, model));
    let mut protocol = has_valid_call(&first).then_some(first.protocol);
    if protocol == Some(Protocol::FunctionCalling) {
        asked("parallel calls", PROBE_TIME, &mut began);
        found(began, parallel(model).await);
    }
    asked("a JSON schema", PROBE_TIME, &mut began);
    let (schema, finding) = by_schema(model).await;
    found(began, finding);
    if protocol.is_none() {
        asked("a call in another way", PROBE_TIME, &mut began);
        protocol = schema.or(by_text(model).await);
        found(began, playable(&first, protocol));
    }
    asked("streaming", PROBE_TIME, &mut began);
    found(began, streaming(model).await);
    asked("images", PROBE_TIME, &mut began);
    found(began, vision(model).await);
    found(Instant::now(), usage(&first));
    asked("speed", 2 * PROBE_TIME, &mut began);
    let (same, timed) = repeated(model).await;
    found(Instant::now(), same);
    found(began, timed);
    // Last, for a slow server works on after it was given up.
    asked("a long context", LONG_TIME, &mut began);
    found(began, long_context(model).await);
    (findings, protocol)
}

/// The model's reply, or that it took too long.
async fn complete(
    model: &OpenAiModel,
    request: ChatRequest,
    time: Duration,
) -> Result<ChatReply, ModelError> {
    match tokio::time::timeout(time, model.complete(request)).await {
        Ok(answer) => answer,
        Err(_) => Err(ModelError {
            fault: Fault::Timeout,
            endpoint: model.config().address(),
            model: model.config().model.clone(),
            detail: format!("no reply within {} s", time.as_secs()),
            ever_answered: true,
            exchange: Box::new(Exchange::default()),
        }),
    }
}

fn finding(
    topic: &'static str,
    standing: Standing,
    detail: impl Into<String>,
    consequence: &str,
) -> Finding {
    Finding {
        topic,
        standing,
        detail: detail.into(),
        consequence: consequence.to_owned(),
        took: Duration::ZERO,
    }
}

fn unusable(error: &ModelError) -> Finding {
    let topic = match error.fault {
        Fault::Unreachable | Fault::Timeout | Fault::NotAnApi => "reachable",
        Fault::Auth | Fault::Forbidden | Fault::Quota => "key",
        Fault::NotFound => "model",
        Fault::ContextLength
        | Fault::RateLimited
        | Fault::Refused
        | Fault::Server
        | Fault::BadReply
        | Fault::Unreadable
        | Fault::ContentFilter
        | Fault::Recording => "chat",
    };
    finding(
        topic,
        Standing::Failed,
        error.to_string(),
        "a run stops with this message",
    )
}

async fn listing(model: &OpenAiModel) -> Finding {
    const TOPIC: &str = "model listed";
    let wanted = &model.config().model;
    let Ok(list) = tokio::time::timeout(PROBE_TIME, model.list()).await else {
        let detail = format!("no list within {} s", PROBE_TIME.as_secs());
        return finding(TOPIC, Standing::Limited, detail, "");
    };
    match list {
        Ok(models) => {
            let id = |model: &Value| model["id"].as_str().map(str::to_owned);
            match models
                .iter()
                .find(|model| id(model).as_ref() == Some(wanted))
            {
                Some(listed) => finding(TOPIC, Standing::Good, described(listed), ""),
                None => {
                    let known: Vec<String> = models.iter().filter_map(id).take(8).collect();
                    let detail = format!("{wanted} is not among them: {}", known.join(", "));
                    finding(
                        TOPIC,
                        Standing::Limited,
                        detail,
                        "it is asked for all the same",
                    )
                }
            }
        }
        Err(error) => finding(
            TOPIC,
            Standing::Limited,
            format!("no list of models ({})", error.detail),
            "the model is asked for all the same",
        ),
    }
}

/// What a list says about a model's context, under the names servers use.
fn described(listed: &Value) -> String {
    let context = [
        "context_length",
        "max_model_len",
        "context_window",
        "max_context_length",
    ]
    .iter()
    .find_map(|field| listed[*field].as_u64())
    .or_else(|| listed["meta"]["n_ctx"].as_u64());
    match context {
        Some(tokens) => format!("yes, with a context of {tokens} tokens"),
        None => "yes".to_owned(),
    }
}

fn tools(reply: &ChatReply, model: &OpenAiModel) -> Finding {
    const TOPIC: &str = "tools";
    let consequence = format!("actions are asked for by {}", reply.protocol.name());
    let notices = notices(reply, model);
    if !has_valid_call(reply) {
        let detail = format!("{}; {notices}", what_came(reply));
        let detail = detail.trim_end_matches([';', ' ']);
        return finding(TOPIC, Standing::Limited, detail, "");
    }
    if reply.protocol == Protocol::FunctionCalling && is_native(reply) {
        let detail = format!("a proper call; {notices}");
        let detail = detail.trim_end_matches([';', ' ']);
        return finding(TOPIC, Standing::Good, detail, "");
    }
    finding(TOPIC, Standing::Limited, notices, &consequence)
}

/// Whether a reply asks for an action of those that were offered.
fn has_valid_call(reply: &ChatReply) -> bool {
    let is_valid = |call: &ToolCall| {
        let arguments = parse_json(&call.arguments).unwrap_or_default();
        let names = arguments["actions"].as_array();
        let is_offered = |name: &Value| name.as_str().is_some_and(|it| ACTIONS.contains(&it));
        call.name == TOOL && names.is_some_and(|it| !it.is_empty() && it.iter().all(is_offered))
    };
    !reply.tool_calls.is_empty() && reply.tool_calls.iter().all(is_valid)
}

/// Whether its calls came as such, and not in its text.
fn is_native(reply: &ChatReply) -> bool {
    let calls = reply.raw_response.pointer("/choices/0/message/tool_calls");
    calls
        .and_then(Value::as_array)
        .is_some_and(|it| !it.is_empty())
}

fn what_came(reply: &ChatReply) -> String {
    let beginning = |text: &str| text.chars().take(80).collect::<String>();
    match (reply.tool_calls.first(), reply.text.as_str()) {
        (Some(call), _) => format!("no valid call, but {:?}", beginning(&call.arguments)),
        (None, "") => "no call, and no text outside of its reasoning".to_owned(),
        (None, text) => format!("no call; it says {:?}", beginning(text)),
    }
}

/// Whether a valid call comes where text is asked for.
async fn by_text(model: &OpenAiModel) -> Option<Protocol> {
    let asking = request("Move left.", Protocol::Text);
    let reply = complete(model, asking, PROBE_TIME).await.ok()?;
    has_valid_call(&reply).then_some(reply.protocol)
}

/// Whether anything can be played where the first reply held no valid call.
fn playable(first: &ChatReply, protocol: Option<Protocol>) -> Finding {
    const TOPIC: &str = "actions";
    match protocol {
        Some(protocol) => finding(
            TOPIC,
            Standing::Limited,
            format!("a valid call came by {}", protocol.name()),
            "a run needs what is to be kept below, or --protocol",
        ),
        None => finding(
            TOPIC,
            Standing::Failed,
            format!(
                "no valid call came in any way; at first {}",
                what_came(first)
            ),
            "a run would end its episodes as no_valid_action",
        ),
    }
}

async fn parallel(model: &OpenAiModel) -> Finding {
    const TOPIC: &str = "parallel calls";
    let ask = "Make two calls of the tool in this one reply: move_left first, then do.";
    match complete(model, request(ask, Protocol::FunctionCalling), PROBE_TIME).await {
        Ok(reply) if reply.tool_calls.len() > 1 => finding(
            TOPIC,
            Standing::Good,
            format!("{} calls in one reply", reply.tool_calls.len()),
            "",
        ),
        Ok(_) => finding(
            TOPIC,
            Standing::Limited,
            "one call a reply",
            "one call may hold several actions",
        ),
        Err(error) => finding(TOPIC, Standing::Limited, error.detail, ""),
    }
}

/// The protocol by which a valid call came, and what is to be said of the schema.
async fn by_schema(model: &OpenAiModel) -> (Option<Protocol>, Finding) {
    const TOPIC: &str = "json schema";
    let asking = request("Move left.", Protocol::JsonSchema);
    let reply = match complete(model, asking, PROBE_TIME).await {
        Ok(reply) => reply,
        Err(error) => {
            let finding = finding(TOPIC, Standing::Limited, error.detail, "not used");
            return (None, finding);
        }
    };
    let protocol = has_valid_call(&reply).then_some(reply.protocol);
    let follows = protocol == Some(Protocol::JsonSchema) && !is_native(&reply);
    if follows {
        let finding = finding(TOPIC, Standing::Good, "the reply follows it", "");
        return (protocol, finding);
    }
    let detail = match (reply.notices.is_empty(), is_native(&reply)) {
        (false, _) => notices(&reply, model),
        (true, true) => "it is ignored: a tool call came instead".to_owned(),
        (true, false) => "the reply does not follow it".to_owned(),
    };
    let consequence = "text is used where tools are not to be had";
    (
        protocol,
        finding(TOPIC, Standing::Limited, detail, consequence),
    )
}

async fn streaming(model: &OpenAiModel) -> Finding {
    const TOPIC: &str = "streaming";
    let mut config = model.config().clone();
    config.quirks = model.quirks();
    config.quirks.stream = true;
    let streaming = match OpenAiModel::new(config) {
        Ok(streaming) => streaming,
        Err(error) => return finding(TOPIC, Standing::Limited, error.to_string(), "not used"),
    };
    let asking = request("Move left.", Protocol::FunctionCalling);
    match complete(&streaming, asking, PROBE_TIME).await {
        Ok(reply) if streaming.quirks().stream => {
            let counted = match reply.usage {
                Some(_) => "works, tokens are counted",
                None => "works, tokens are not counted",
            };
            finding(
                TOPIC,
                Standing::Good,
                counted,
                "off unless `stream = true` is set in [quirks]",
            )
        }
        Ok(reply) => finding(
            TOPIC,
            Standing::Limited,
            notices(&reply, model),
            "whole answers are asked for",
        ),
        Err(error) => finding(
            TOPIC,
            Standing::Limited,
            error.detail,
            "whole answers are asked for",
        ),
    }
}

async fn vision(model: &OpenAiModel) -> Finding {
    const TOPIC: &str = "images";
    let picture = ChatMessage {
        content: vec![
            Part::Image(RED_SQUARE.to_owned()),
            Part::Text("Which colour is this? One word.".to_owned()),
        ],
        ..ChatMessage::user("")
    };
    let request = ChatRequest {
        messages: Shared::all([picture]),
        ..plain(WORD_TOKENS)
    };
    match complete(model, request, PROBE_TIME).await {
        Ok(reply) if reply.text.to_lowercase().contains("red") => {
            finding(TOPIC, Standing::Good, "it sees a red square as red", "")
        }
        Ok(reply) if !model.quirks().images => finding(
            TOPIC,
            Standing::Limited,
            notices(&reply, model),
            "of an image with text only the text is sent",
        ),
        Ok(reply) => {
            let said: String = reply.text.chars().take(40).collect();
            let detail = format!("taken, but a red square is {said:?} to it");
            finding(
                TOPIC,
                Standing::Limited,
                detail,
                "use an observation of text",
            )
        }
        Err(error) => finding(
            TOPIC,
            Standing::Limited,
            error.detail,
            "use an observation of text",
        ),
    }
}

async fn long_context(model: &OpenAiModel) -> Finding {
    const TOPIC: &str = "long context";
    let text = "A tree stands to the north and a cow grazes. ";
    let mut request = plain(1);
    request
        .messages
        .push(ChatMessage::user(text.repeat(LONG_CHARS / text.len())).into());
    match complete(model, request, LONG_TIME).await {
        Ok(reply) if !reply.notices.is_empty() => finding(
            TOPIC,
            Standing::Limited,
            notices(&reply, model),
            "raise the server's context, or limit the history",
        ),
        Ok(reply) => match reply.usage {
            Some(usage) => {
                let detail = format!("{} tokens taken whole", usage.prompt_tokens);
                finding(TOPIC, Standing::Good, detail, "")
            }
            None => finding(
                TOPIC,
                Standing::Limited,
                "taken; whether whole is not known, since no tokens are counted",
                "limit the history if the server's context is small",
            ),
        },
        Err(error) => {
            let consequence = match error.fault {
                Fault::ContextLength => "episodes end with context_overflow when it is full",
                Fault::Timeout => {
                    "says nothing of the context: a turn with a long history takes longer than \
                     that, so limit it, for instance by --history 4"
                }
                _ => "not known",
            };
            finding(TOPIC, Standing::Limited, error.detail, consequence)
        }
    }
}

fn usage(reply: &ChatReply) -> Finding {
    const TOPIC: &str = "token counts";
    match reply.usage {
        Some(usage) => {
            let cached = usage.cached_tokens.map_or("", |_| ", cached ones too");
            let detail = format!("reported{cached}");
            finding(TOPIC, Standing::Good, detail, "")
        }
        None => finding(
            TOPIC,
            Standing::Limited,
            "not reported",
            "limits of tokens go by an estimate, cost stays unknown",
        ),
    }
}

/// Asks the same twice: whether it answers the same, and how fast.
async fn repeated(model: &OpenAiModel) -> (Finding, Finding) {
    let mut replies = Vec::new();
    for _ in 0..2 {
        let mut request = plain(WORD_TOKENS);
        request
            .messages
            .push(ChatMessage::user("Describe a forest in two sentences.").into());
        match complete(model, request, PROBE_TIME).await {
            Ok(reply) => replies.push(reply),
            Err(error) => {
                let failed = |topic| finding(topic, Standing::Limited, error.detail.clone(), "");
                return (failed("determinism"), failed("speed"));
            }
        }
    }
    if !model.quirks().sends("temperature") {
        let same = finding(
            "determinism",
            Standing::Limited,
            "not to be tested: it takes no temperature",
            "the world repeats by its seed, the model does not",
        );
        return (same, speed(&replies));
    }
    let alike = replies.windows(2).all(|pair| pair[0].text == pair[1].text);
    let same = match alike {
        true => finding(
            "determinism",
            Standing::Good,
            "temperature 0 and a seed repeat a reply",
            "",
        ),
        false => finding(
            "determinism",
            Standing::Limited,
            "the same request gets different replies at temperature 0",
            "the world repeats by its seed, the model does not",
        ),
    };
    (same, speed(&replies))
}

fn speed(replies: &[ChatReply]) -> Finding {
    let mut latencies: Vec<Duration> = replies.iter().map(|reply| reply.latency).collect();
    latencies.sort();
    let median = latencies
        .get(latencies.len() / 2)
        .copied()
        .unwrap_or_default();
    let tokens: u64 = replies
        .iter()
        .filter_map(|reply| reply.usage)
        .map(|usage| usage.completion_tokens)
        .sum();
    let time: f64 = latencies.iter().map(Duration::as_secs_f64).sum();
    let rate = match tokens {
        0 => String::new(),
        tokens => format!(", {:.0} tokens a second", tokens as f64 / time.max(1e-9)),
    };
    finding(
        "speed",
        Standing::Good,
        format!("median {:.2} s a reply{rate}", median.as_secs_f64()),
        "",
    )
}

/// What the client had to say, without where and which model that was.
fn notices(reply: &ChatReply, model: &OpenAiModel) -> String {
    let config = model.config();
    let subject = format!("{} (model {}) ", config.address(), config.model);
    let said = reply.notices.iter();
    let said = said.map(|notice| notice.trim_start_matches(&subject));
    said.collect::<Vec<_>>().join("; ")
}

/// A request without tools.
fn plain(max_tokens: u32) -> ChatRequest {
    ChatRequest {
        settings: Sampling {
            temperature: Some(0.0),
            max_tokens: Some(max_tokens),
            seed: Some(1),
            ..Sampling::default()
        },
        ..ChatRequest::default()
    }
}

/// A request of the kind an episode makes.
fn request(ask: &str, protocol: Protocol) -> ChatRequest {
    let action = json!({"type": "string", "enum": ACTIONS});
    // Bounded as in an episode: where a grammar enforces it, the list has an end.
    let actions = json!({"type": "array", "items": action, "minItems": 1, "maxItems": 5});
    ChatRequest {
        messages: Shared::all([
            ChatMessage::system(
                "You control a player in a grid world through the tool `interact`.",
            ),
            ChatMessage::user(ask),
        ]),
        tools: vec![ToolSpec {
            name: TOOL.to_owned(),
            description: "Executes actions in the world, in order.".to_owned(),
            parameters: json!({
                "type": "object",
                "properties": {"actions": actions},
                "required": ["actions"],
                "additionalProperties": false,
            }),
        }]
        .into(),
        protocol,
        ..plain(CALL_TOKENS)
    }
}
