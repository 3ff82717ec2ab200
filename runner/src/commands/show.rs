//! `runner show`: one session, turn by turn.

use console::style;
use serde_json::Value;
use tracer::record::{Event, Recorded, SessionEventMessage, SessionTrace};
use tracer::store::Store;

use crate::args::ShowArgs;
use crate::exit::Exit;
use crate::output::{self, plain};
use crate::rebuild::find_session;

/// Prints a session: what was seen, thought, done and unlocked in each turn.
pub(super) fn show(args: &ShowArgs) -> anyhow::Result<Exit> {
    let store = Store::open_read_only(&args.file.traces)?;
    let trace = store.session_trace(&find_session(&store, &args.session)?)?;
    match args.json {
        true => output::json(&trace)?,
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
    for step in &trace.timesteps {
        lines.push(format!(
            "\n{}",
            style(format!("turn {}", step.turn_number)).bold()
        ));
        let of_step = |id: &Option<String>| id.as_deref() == Some(step.step_id.as_str());
        let messages = trace
            .message_history
            .iter()
            .filter(|each| of_step(&each.step_id));
        let events = trace
            .event_history
            .iter()
            .filter(|each| of_step(&each.step_id));
        let mut records: Vec<(u64, String)> = messages
            .filter_map(|message| Some((message.seq, message_line(message)?)))
            .chain(events.map(|event| (event.seq, event_line(event))))
            .collect();
        records.sort_by_key(|(seq, _)| *seq);
        lines.extend(records.into_iter().map(|(_, line)| line));
    }
    lines.join("\n")
}

/// What the agent saw and said. The other messages repeat what events tell.
fn message_line(message: &Recorded<SessionEventMessage>) -> Option<String> {
    let payload = &message.record.content.payload;
    match message.record.message_type.as_str() {
        "observation" => Some(plain(payload["text"].as_str()?).into_owned()),
        "llm_completion" => {
            let said = [&payload["reasoning"], &payload["text"]];
            let said: Vec<&str> = said
                .into_iter()
                .filter_map(Value::as_str)
                .filter(|text| !text.is_empty())
                .collect();
            (!said.is_empty()).then(|| style(plain(&said.join("\n"))).italic().to_string())
        }
        _ => None,
    }
}

fn event_line(event: &Recorded<Event>) -> String {
    let base = event.record.base();
    let mut line = match &event.record {
        Event::Cais(call) => format!(
            "  {} {}, {} tokens",
            style("model").cyan(),
            plain(call.model_name.as_deref().unwrap_or("unknown")),
            call.total_tokens.unwrap_or_default()
        ),
        Event::Runtime(decision) => {
            let actions: Vec<&str> = decision.actions.iter().filter_map(Value::as_str).collect();
            format!(
                "  {} {}",
                style("decided").cyan(),
                plain(&actions.join(", "))
            )
        }
        Event::Environment(step) => {
            let said = |key: &str| {
                let said = base.metadata.get(key).and_then(Value::as_str);
                plain(said.unwrap_or_default())
            };
            let mut line = format!(
                "  {} {}: {}",
                style("step").cyan(),
                said("action"),
                said("effect")
            );
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
            plain(&result.description)
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
    let text = plain(&text);
    match text.char_indices().nth(MOST) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text.into_owned(),
    }
}
