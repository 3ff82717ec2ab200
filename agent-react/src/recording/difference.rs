//! Shows in what a request differs from the one that was recorded.

use std::fmt;

use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use crate::model::{ChatMessage, ChatRequest, Part};

/// Lines of a difference that are shown; more help nobody.
const MOST_LINES: usize = 24;

/// The parts of two requests that differ.
#[derive(Debug)]
pub(super) struct Difference {
    parts: Vec<PartDifference>,
}

#[derive(Debug)]
struct PartDifference {
    name: String,
    /// Each with `-` (recorded), `+` (now) or a blank (both) before it.
    lines: Vec<String>,
}

impl Difference {
    /// What differs between a recorded request and one that is made now.
    pub(super) fn of(recorded: &ChatRequest, now: &ChatRequest) -> Difference {
        let (before, after) = (parts(recorded), parts(now));
        let names = match before.len() > after.len() {
            true => &before,
            false => &after,
        };
        let text = |parts: &[(String, String)], at: usize| {
            parts
                .get(at)
                .map_or(String::new(), |(_, text)| text.clone())
        };
        let parts = names.iter().enumerate().filter_map(|(at, (name, _))| {
            let (was, is) = (text(&before, at), text(&after, at));
            (was != is).then(|| PartDifference {
                name: name.clone(),
                lines: changed_lines(&was, &is),
            })
        });
        Difference {
            parts: parts.collect(),
        }
    }

    /// The first difference, on one line.
    pub(super) fn first(&self) -> String {
        let Some(part) = self.parts.first() else {
            return "only in what is not shown".to_owned();
        };
        let line = |sign: char| {
            let found = part.lines.iter().find_map(|line| line.strip_prefix(sign));
            found.map_or("nothing".to_owned(), |line| {
                let short: String = line.chars().take(100).collect();
                format!("{short:?}")
            })
        };
        format!("{}: recorded {}, now {}", part.name, line('-'), line('+'))
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = 0;
        let all: usize = self.parts.iter().map(|part| part.lines.len()).sum();
        for part in &self.parts {
            if shown == MOST_LINES {
                break;
            }
            writeln!(f, "  {}", part.name)?;
            for line in part.lines.iter().take(MOST_LINES - shown) {
                writeln!(f, "    {line}")?;
                shown += 1;
            }
        }
        match all.checked_sub(shown) {
            None | Some(0) => Ok(()),
            Some(more) => writeln!(f, "  … and {more} more lines"),
        }
    }
}

/// A request as parts with a name and a text each, in a fixed order.
fn parts(request: &ChatRequest) -> Vec<(String, String)> {
    let pretty = |value: Value| serde_json::to_string_pretty(&value).unwrap_or_default();
    let settings = super::lines::value(request)["settings"].take();
    let mut parts = vec![
        ("protocol".to_owned(), request.protocol.name().to_owned()),
        ("settings".to_owned(), pretty(settings)),
        (
            "tools".to_owned(),
            pretty(serde_json::to_value(&request.tools).unwrap_or_default()),
        ),
    ];
    parts.push((
        "number of messages".to_owned(),
        request.messages.len().to_string(),
    ));
    let messages = request.messages.iter().enumerate();
    parts.extend(messages.map(|(at, message)| (format!("message {}", at + 1), text(message))));
    parts
}

/// A message as lines that can be compared.
fn text(message: &ChatMessage) -> String {
    let ChatMessage {
        role,
        content,
        tool_calls,
        tool_call_id,
        reasoning,
        extra,
    } = message;
    let mut lines = vec![format!("role {role:?}").to_lowercase()];
    lines.extend(tool_call_id.as_ref().map(|id| format!("answers {id}")));
    lines.extend(reasoning.as_ref().map(|text| format!("reasoning {text}")));
    for part in content {
        match part {
            Part::Text(text) => lines.push(text.clone()),
            Part::Image(url) => lines.push(format!("image {url}")),
        }
    }
    for call in tool_calls {
        lines.push(format!(
            "calls {} {} as {}",
            call.name, call.arguments, call.id
        ));
        if !call.extra.is_empty() {
            lines.push(Value::Object(call.extra.clone()).to_string());
        }
    }
    if !extra.is_empty() {
        lines.push(Value::Object(extra.clone()).to_string());
    }
    lines.join("\n")
}

/// The lines that changed, each group with a line around it.
fn changed_lines(was: &str, is: &str) -> Vec<String> {
    let diff = TextDiff::from_lines(was, is);
    let mut lines = Vec::new();
    for group in diff.grouped_ops(1) {
        if !lines.is_empty() {
            lines.push("…".to_owned());
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let sign = match change.tag() {
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
                ChangeTag::Equal => ' ',
            };
            lines.push(format!("{sign}{}", change.value().trim_end_matches('\n')));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Shared;

    fn request(lines: &str) -> ChatRequest {
        ChatRequest {
            messages: Shared::all([ChatMessage::system("Play."), ChatMessage::user(lines)]),
            ..ChatRequest::default()
        }
    }

    #[test]
    fn a_changed_line_is_shown_with_its_neighbours() {
        let recorded = request("Step: 3\nHealth: 9\nFood: 8\nDrink: 7\nEnergy: 9");
        let mut now = request("Step: 3\nHealth: 9\nFood: 8\nDrink: 6\nEnergy: 9");
        now.settings.temperature = Some(0.5);
        now.messages.push(ChatMessage::assistant("Onwards.").into());
        let difference = Difference::of(&recorded, &now);
        assert_eq!(
            difference.first(),
            r#"settings: recorded "  \"temperature\": null,", now "  \"temperature\": 0.5,""#
        );
        insta::assert_snapshot!(difference, @r#"
          settings
               "seed": null,
            -  "temperature": null,
            +  "temperature": 0.5,
               "top_p": null
          number of messages
            -2
            +3
          message 2
             Food: 8
            -Drink: 7
            +Drink: 6
             Energy: 9
          message 3
            +role assistant
            +Onwards.
        "#);
    }

    #[test]
    fn a_long_difference_is_cut() {
        let long: String = (0..99).map(|n| format!("line {n}\n")).collect();
        let shown = Difference::of(&request(""), &request(&long)).to_string();
        assert_eq!(shown.lines().count(), MOST_LINES + 2);
        assert!(shown.ends_with("more lines\n"), "{shown}");
    }
}
