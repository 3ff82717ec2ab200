//! ReAct as text: `Thought:`, `Action:`, `Action Input:`, `Observation:`.

use super::Extraction;
use super::json::leading_json;
use super::names::leading_name;
use super::parse_json;
use super::written::{self, WrittenCall};
use crate::model::ToolSpec;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Label {
    Action,
    Input,
    Observation,
    Other,
}

/// A labelled part of the text: where it starts, and what follows its label.
struct Section<'a> {
    label: Label,
    start: usize,
    body: &'a str,
}

/// The call of the only `Action:` section before an `Observation:`, which is the model
/// imagining the world's answer. Of several sections none is meant for certain.
pub(super) fn find(text: &str, tools: &[ToolSpec]) -> Option<Extraction> {
    let sections = sections(text);
    let is = |label| move |section: &Section<'_>| section.label == label;
    let first = sections.iter().position(is(Label::Action))?;
    let (action, rest) = sections[first..].split_first()?;
    let said = rest
        .iter()
        .take_while(|section| section.label != Label::Observation);
    if said.clone().any(is(Label::Action)) {
        return Some(Extraction {
            text: text.trim().to_owned(),
            calls: Vec::new(),
        });
    }
    let input = said
        .clone()
        .next()
        .filter(|section| section.label == Label::Input);
    let calls = read_action(action.body, input.map(|section| section.body), tools);
    (!calls.is_empty()).then(|| Extraction {
        text: text[..action.start].trim().to_owned(),
        calls,
    })
}

fn sections(text: &str) -> Vec<Section<'_>> {
    let mut found: Vec<(Label, usize, usize)> = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if let Some((label, body)) = label_of(line) {
            found.push((label, start, start + body));
        }
        start += line.len();
    }
    let ends = found
        .iter()
        .skip(1)
        .map(|&(_, start, _)| start)
        .chain([text.len()]);
    found
        .iter()
        .zip(ends)
        .map(|(&(label, start, body), end)| Section {
            label,
            start,
            body: &text[body..end],
        })
        .collect()
}

/// The label a line begins with, and the offset of what follows its colon.
fn label_of(line: &str) -> Option<(Label, usize)> {
    let colon = line.find(':')?;
    let name = line[..colon].trim_matches(|c: char| c.is_whitespace() || "*#_->`".contains(c));
    let label = match name.to_ascii_lowercase().as_str() {
        "action" | "actions" => Label::Action,
        "action input" | "action_input" => Label::Input,
        "observation" | "observations" => Label::Observation,
        "thought" | "thoughts" | "reasoning" => Label::Other,
        _ => return None,
    };
    Some((label, colon + 1))
}

fn read_action(body: &str, input: Option<&str>, tools: &[ToolSpec]) -> Vec<WrittenCall> {
    let body = undecorated(body);
    if let Some((json, _)) = leading_json(body)
        && let Ok(value) = parse_json(json)
        && let Some(calls) = written::from_json(&value, tools)
    {
        return calls;
    }
    let line = body.lines().next().unwrap_or_default();
    let call = match leading_name(body, tools) {
        Some((tool, rest)) => {
            let written = undecorated(input.unwrap_or(rest));
            let arguments = match leading_json(written) {
                Some((json, _)) => json,
                None => written
                    .lines()
                    .next()
                    .unwrap_or_default()
                    .trim_end_matches([')', '`', ' ']),
            };
            Some(WrittenCall {
                name: tool.name.clone(),
                arguments: arguments.to_owned(),
            })
        }
        None => written::bare(line, tools),
    };
    call.into_iter().collect()
}

/// `text` without leading blanks, emphasis, backticks and a fence's language.
fn undecorated(text: &str) -> &str {
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '*');
    match text.strip_prefix("```") {
        Some(fenced) => fenced.trim_start_matches("json").trim_start(),
        None => text.trim_start_matches('`'),
    }
}
