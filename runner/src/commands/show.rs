//! `runner show`: one session, turn by turn.

use std::borrow::Cow;
use std::collections::HashMap;

use console::style;
use serde_json::Value;
use tracer::record::{Event, Recorded, SessionEventMessage, SessionTrace};
use tracer::trace_json;

use crate::args::ShowArgs;
use crate::exit::Exit;
use crate::output::{self, counted, visible};
use crate::rebuild::find_session;
use crate::traces;

/// Prints a session: what was seen, thought, done and unlocked in each turn.
pub(super) fn show(args: &ShowArgs) -> anyhow::Result<Exit> {
    let store = traces::open(&args.file.traces)?;
    let trace = store.session_trace(&find_session(&store, &args.session)?)?;
    match args.json {
        true => output::document(&trace_json::write(&trace)?)?,
        false => output::line(&printed(&trace))?,
    }
    Ok(Exit::Done)
}

fn printed(trace: &SessionTrace) -> String {
    let mut lines = vec![
        style(format!("session {}", trace.session_id))
            .bold()
            .to_string(),
        format!("{}, began {}", trace.status.name(), trace.created_at),
    ];
    for entry in &trace.metadata {
        lines.push(format!(
            "{}: {}",
            style(&entry.metadata_type).dim(),
            shortened(&entry.data)
        ));
    }
    let turns: HashMap<&str, u64> = trace
        .timesteps
        .iter()
        .map(|step| (step.step_id.as_str(), step.turn_number))
        .collect();
    // Under which timestep the last line belongs, once there is any.
    let mut under = None;
    for (step_id, line) in records(trace) {
        if under.replace(step_id) != Some(step_id) {
            let title = match step_id.and_then(|id| turns.get(id)) {
                Some(turn) => format!("turn {turn}"),
                None => "outside of turns".to_owned(),
            };
            lines.push(format!("\n{}", style(title).bold()));
        }
        lines.extend(line);
    }
    lines.join("\n")
}

/// What there is to say in the order of the session, each with its timestep: where one
/// begins nothing is said yet.
fn records(trace: &SessionTrace) -> impl Iterator<Item = (Option<&str>, Option<String>)> {
    let steps = trace
        .timesteps
        .iter()
        .map(|it| (it.seq, Some(it.step_id.as_str()), None));
    let messages = trace.message_history.iter().filter_map(|it| {
        let line = message_line(it)?;
        Some((it.seq, it.step_id.as_deref(), Some(line)))
    });
    let events = trace
        .event_history
        .iter()
        .map(|it| (it.seq, it.step_id.as_deref(), Some(event_line(it))));
    let mut records: Vec<_> = steps.chain(messages).chain(events).collect();
    records.sort_by_key(|(seq, ..)| *seq);
    records.into_iter().map(|(_, step, line)| (step, line))
}

/// What was seen and said. Some messages of this program's agent repeat what its events tell.
fn message_line(message: &Recorded<SessionEventMessage>) -> Option<String> {
    let payload = &message.record.content.payload;
    let text = payload["text"].as_str();
    match (message.record.message_type.as_str(), text) {
        ("observation", Some(text)) => Some(visible(text).into_owned()),
        ("llm_completion", _) => {
            let beside_calls = [payload["reasoning"].as_str(), text].map(|it| it.map(Cow::from));
            let said: Vec<Cow<'_, str>> = beside_calls
                .into_iter()
                .flatten()
                .chain(reasons(payload).map(Cow::from))
                .filter(|text| !text.is_empty())
                .collect();
            (!said.is_empty()).then(|| style(visible(&said.join("\n"))).italic().to_string())
        }
        ("llm_prompt" | "tool_call" | "action", _) => None,
        (other, _) => {
            let content = shortened(payload);
            Some(format!("  {} {content}", style(visible(other)).cyan()))
        }
    }
}

/// What the arguments of a reply's calls give as their reasons.
fn reasons(reply: &Value) -> impl Iterator<Item = String> {
    let calls = reply["tool_calls"].as_array().into_iter().flatten();
    calls.filter_map(|call| {
        let arguments: Value = serde_json::from_str(call["arguments"].as_str()?).ok()?;
        arguments["reasoning"].as_str().map(str::to_owned)
    })
}

fn event_line(event: &Recorded<Event>) -> String {
    let base = event.record.base();
    let mut line = match &event.record {
        Event::Cais(call) => format!(
            "  {} {}, {}",
            style("model").cyan(),
            visible(call.model_name.as_deref().unwrap_or("unknown")),
            call.total_tokens.map_or_else(
                || "tokens unknown".to_owned(),
                |tokens| counted(tokens, "token")
            )
        ),
        Event::Runtime(decision) => {
            let actions: Vec<String> = decision.actions.iter().map(shortened).collect();
            format!(
                "  {} {}",
                style("decided").cyan(),
                visible(&actions.join(", "))
            )
        }
        Event::Environment(step) => {
            let said = |key: &str| {
                let said = base.metadata.get(key).and_then(Value::as_str);
                visible(said.unwrap_or_default())
            };
            let parts = [said("action"), said("effect")];
            let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
            let mut line = format!("  {} {}", style("step").cyan(), parts.join(": "));
            if let Some(reward) = step.reward.filter(|reward| *reward != 0.0) {
                line.push_str(&format!(", reward {reward:+.1}"));
            }
            line
        }
    };
    if let Some(error) = base.system_state_after.get("error") {
        line.push_str(&format!(" {}", style(shortened(error)).red()));
    }
    for result in &base.event_metadata {
        line.push_str(&format!(
            "\n    {} {}",
            style(result.code).yellow(),
            visible(&result.description)
        ));
    }
    line
}

/// A value in one line of bearable length.
fn shortened(value: &Value) -> String {
    const MOST: usize = 300;
    let text = value
        .as_str()
        .map_or_else(|| value.to_string(), ToOwned::to_owned);
    let text = visible(&text);
    match text.char_indices().nth(MOST) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text.into_owned(),
    }
}
