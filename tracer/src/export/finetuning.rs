//! Turns sessions into conversations to train a model on.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::privacy;
use crate::record::{Event, LlmCallRecord, Recorded, SessionTrace};
use crate::store::{Store, StoreError, Table};

/// What to train on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FineTuning {
    /// Which sessions: a condition on the columns of the view `session_summary`, such as
    /// `status = 'completed' and total_reward >= 5`. A condition that is NULL does not hold.
    pub sessions: Option<String>,
    /// Cuts sessions into windows. Without it a whole session is one conversation.
    pub window: Option<Window>,
}

/// A stretch of consecutive timesteps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    /// How many timesteps. A session's last window may be shorter.
    pub timesteps: usize,
    /// The least that the environment's rewards within the window must add up to. A window
    /// without any reward never reaches it.
    pub min_reward: f64,
}

/// What came of an export.
#[derive(Debug, Default)]
pub struct FineTuned {
    /// How many conversations were written.
    pub conversations: u64,
    /// How many were left out, because what was said in them was cut by
    /// [`max_payload_bytes`](crate::privacy::Privacy::max_payload_bytes).
    pub cut: u64,
    /// The sessions that were left out because they cannot be read, each as its error.
    pub unreadable: Vec<StoreError>,
}

impl Store {
    /// Writes conversations as JSONL, `{"messages": […]}` a line with `tools` where the model
    /// had some. The file is there once it is whole. What was cut when it was recorded is
    /// nothing to train on and left out, and so are sessions that cannot be read.
    ///
    /// # Errors
    ///
    /// [`StoreError::Sql`] where the condition makes no sense, and those of files.
    pub fn export_finetuning(
        &self,
        file: &Path,
        what: &FineTuning,
    ) -> Result<FineTuned, StoreError> {
        let unwritable = |error| StoreError::File {
            path: file.to_owned(),
            error,
        };
        let condition = what.sessions.as_deref().unwrap_or("true");
        let chosen = self.query(&format!(
            "select session_id from session_summary where ({condition}\n)
             order by created_at, session_id"
        ))?;
        let folder = file.parent().filter(|it| !it.as_os_str().is_empty());
        if let Some(folder) = folder {
            fs::create_dir_all(folder).map_err(|error| StoreError::File {
                path: folder.to_owned(),
                error,
            })?;
        }
        // A device or a link is written, and not replaced.
        let is_plain = fs::symlink_metadata(file).map_or(true, |it| it.is_file());
        let unfinished = is_plain.then(|| Unfinished::beside(file));
        let target = unfinished.as_ref().map_or(file, |it| &it.0);
        let lines = File::create(target).map_err(unwritable)?;
        let mut lines = BufWriter::new(lines);
        let mut tuned = FineTuned::default();
        for id in chosen.rows.iter().flatten() {
            let trace = match self.session_trace(&Table::text(id)) {
                Ok(trace) => trace,
                Err(error @ StoreError::Unreadable { .. }) => {
                    tuned.unreadable.push(error);
                    continue;
                }
                Err(error) => return Err(error),
            };
            for events in windows(&trace, what.window) {
                if calls(&events).any(is_cut) {
                    tuned.cut += 1;
                } else if let Some(conversation) = conversation(&events) {
                    writeln!(lines, "{}", Value::from(conversation)).map_err(unwritable)?;
                    tuned.conversations += 1;
                }
            }
        }
        lines.flush().map_err(unwritable)?;
        if let Some(unfinished) = &unfinished {
            fs::rename(&unfinished.0, file).map_err(unwritable)?;
        }
        Ok(tuned)
    }
}

/// A file that becomes another one when it is whole, and is deleted where it never is.
struct Unfinished(PathBuf);

impl Unfinished {
    fn beside(file: &Path) -> Self {
        let mut name = file.as_os_str().to_owned();
        name.push(format!(".{}.part", Uuid::new_v4().simple()));
        Self(name.into())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // Once it has the name of the other, there is none.
        drop(fs::remove_file(&self.0));
    }
}

/// The events of each conversation, in order.
fn windows(trace: &SessionTrace, window: Option<Window>) -> Vec<Vec<&Recorded<Event>>> {
    let Some(window) = window else {
        return vec![trace.event_history.iter().collect()];
    };
    let is_inside = |event: &Recorded<Event>, ids: &[&str]| {
        event.step_id.as_deref().is_some_and(|id| ids.contains(&id))
    };
    let ids: Vec<&str> = trace
        .timesteps
        .iter()
        .map(|step| step.step_id.as_str())
        .collect();
    ids.chunks(window.timesteps.max(1))
        .map(|ids| {
            trace
                .event_history
                .iter()
                .filter(|event| is_inside(event, ids))
                .collect()
        })
        .filter(|events: &Vec<_>| reward(events).is_some_and(|sum| sum >= window.min_reward))
        .collect()
}

/// The sum of the environment's rewards; none where there was no reward at all.
fn reward(events: &[&Recorded<Event>]) -> Option<f64> {
    let rewards = events.iter().filter_map(|event| match &event.record {
        Event::Environment(event) => event.reward,
        Event::Cais(_) | Event::Runtime(_) => None,
    });
    rewards.reduce(|sum, reward| sum + reward)
}

/// The calls of models among some events.
fn calls<'a>(events: &[&'a Recorded<Event>]) -> impl Iterator<Item = &'a LlmCallRecord> {
    events.iter().flat_map(|event| match &event.record {
        Event::Cais(event) => event.llm_call_records.as_slice(),
        Event::Runtime(_) | Event::Environment(_) => &[],
    })
}

/// Whether something of what was said in a call is missing.
fn is_cut(call: &LlmCallRecord) -> bool {
    let said = call.output_text.iter();
    let mut said = said.chain(call.tool_calls.iter().map(|call| &call.arguments));
    said.any(|text| privacy::is_cut_text(text)) || privacy::is_cut(&call.request.to_value())
}

/// The calls of some events as one conversation: what the model was first told, then for
/// each call what was new in it, and the reply. Agents that forget the beginning of a
/// long conversation and agents that do not come out the same. None without any call.
fn conversation(events: &[&Recorded<Event>]) -> Option<Map<String, Value>> {
    let mut messages: Vec<Value> = Vec::new();
    let mut tools = None;
    for call in calls(events) {
        let request = call.request.to_value();
        let (Some(asked), Some(reply)) = (request["messages"].as_array(), reply(call)) else {
            continue;
        };
        let of_role = |message: &Value, role: &str| message["role"] == role;
        let is_instruction =
            |message: &&Value| of_role(message, "system") || of_role(message, "developer");
        let news = asked
            .iter()
            .rposition(|it| of_role(it, "assistant"))
            .map_or(0, |last| last + 1);
        if messages.is_empty() {
            messages.extend(asked.iter().take_while(is_instruction).cloned());
            // The call that a first tool result answers lies before the conversation.
            messages.extend(
                asked[news..]
                    .iter()
                    .skip_while(is_instruction)
                    .map(|message| {
                        if of_role(message, "tool") {
                            json!({"role": "user", "content": message["content"]})
                        } else {
                            message.clone()
                        }
                    }),
            );
        } else {
            messages.extend(
                asked[news..]
                    .iter()
                    .filter(|it| !is_instruction(it))
                    .cloned(),
            );
        }
        messages.push(reply);
        tools = request.get("tools").cloned().or(tools);
    }
    if messages.is_empty() {
        return None;
    }
    let mut conversation = Map::new();
    conversation.insert("messages".to_owned(), messages.into());
    if let Some(tools) = tools {
        conversation.insert("tools".to_owned(), tools);
    }
    Some(conversation)
}

/// What the model said, if it said anything.
fn reply(call: &LlmCallRecord) -> Option<Value> {
    let text = call.output_text.as_deref().filter(|text| !text.is_empty());
    if text.is_none() && call.tool_calls.is_empty() {
        return None;
    }
    let mut message = json!({"role": "assistant", "content": text});
    if !call.tool_calls.is_empty() {
        let calls = call.tool_calls.iter().map(|it| {
            json!({
                "id": it.id,
                "type": "function",
                "function": {"name": it.name, "arguments": it.arguments},
            })
        });
        message["tool_calls"] = calls.collect();
    }
    Some(message)
}
