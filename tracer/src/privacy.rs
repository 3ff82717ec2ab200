//! Provides what is kept out of traces: secrets always, personal data and sheer
//! size on request; and what is nested so deeply that it could not be read again.
//!
//! Sessions apply it to everything they record, just before it leaves for the
//! writer, so that there is no path around it. Hooks have seen the record by then:
//! what they make of it is cleaned like everything else.

mod patterns;
mod size;

use serde_json::Value;
#[cfg(feature = "duckdb")]
pub(crate) use size::{is_cut, is_cut_text};

use crate::json::MAX_DEPTH;
use crate::recent::Recent;
use crate::record::{
    Document, Event, EventBase, HookResult, LlmCallRecord, MetadataEntry, Part, RewardSignal,
    SessionEventMessage, SessionTimeStep,
};

/// What is kept out of the records, on every path into the trace.
///
/// Whatever the options, values of keys such as `Authorization` and `api_key` are
/// blotted out, as they come with recorded requests.
#[derive(Clone, Debug, Default)]
pub struct Privacy {
    /// Keys and tokens in use. Wherever one appears in a record, it is blotted out. One
    /// of less than 8 bytes is not looked for: it is a word that others contain.
    pub secrets: Vec<String>,
    /// Whether strings that look like e-mail addresses, phone numbers, card numbers
    /// or social security numbers are masked.
    pub mask_personal_data: bool,
    /// How large a payload, that is a state, a message or a body, may be before
    /// what is over is cut off and said to be, in bytes.
    pub max_payload_bytes: Option<usize>,
}

/// Shorter secrets are placeholders such as `none`, as local servers are given them.
const SHORTEST_SECRET: usize = 8;

/// What stands where a secret was.
const SECRET: &str = "[secret]";

/// Keys whose values are secrets, in lower case.
const SECRET_KEYS: [&str; 8] = [
    "authorization",
    "proxy-authorization",
    "api_key",
    "apikey",
    "api-key",
    "x-api-key",
    "x-goog-api-key",
    "set-cookie",
];

/// The parts of a session's last documents, each with what takes its place, if anything.
pub(crate) type Cleaned = Recent<Option<Part>>;

/// A record whose contents can be cleaned.
pub(crate) trait Clean {
    /// Cleans every payload and every text.
    fn clean(&mut self, privacy: &Privacy);
}

impl Privacy {
    /// Cleans one payload.
    pub(crate) fn clean_value(&self, value: &mut Value) {
        self.clean_parts(value);
        if let Some(max) = self.max_payload_bytes {
            size::cut(value, max);
        }
    }

    /// Cleans one payload that shares parts with those before.
    fn clean_document(&self, document: &mut Document, cleaned: &mut Cleaned) {
        match self.max_payload_bytes {
            Some(_) => {
                let mut value = document.to_value();
                self.clean_value(&mut value);
                *document = value.into();
            }
            None => {
                self.clean_parts_of(document, cleaned);
                cleaned.end_document();
            }
        }
    }

    fn clean_parts_of(&self, document: &mut Document, cleaned: &mut Cleaned) {
        match document {
            Document::Own(value) => self.clean_parts(value),
            Document::Shared(part) => {
                if let Some(clean) = cleaned.of(part, || self.clean_part(part)) {
                    *part = clean;
                }
            }
            Document::List(items) => {
                for item in items {
                    self.clean_parts_of(item, cleaned);
                }
            }
            Document::Object(fields) => {
                for (key, value) in fields.iter_mut() {
                    if is_secret_key(key) && !value.is_null() {
                        *value = Document::Own(SECRET.into());
                    } else {
                        self.clean_parts_of(value, cleaned);
                    }
                }
                if self.changes_texts() {
                    let cleaned = std::mem::take(fields).into_iter().map(|(mut key, value)| {
                        self.clean_secrets(&mut key);
                        (key, value)
                    });
                    *fields = cleaned.collect();
                }
            }
        }
    }

    /// What takes the place of a part, where anything has to.
    fn clean_part(&self, part: &Part) -> Option<Part> {
        if !self.changes_texts() && !may_have_secret_key(part.text()) {
            return None;
        }
        let mut value = part.to_value();
        self.clean_parts(&mut value);
        Some(Part::of(&value)).filter(|clean| clean != part)
    }

    /// Cleans one text.
    pub(crate) fn clean_text(&self, text: &mut String) {
        self.clean_secrets(text);
        if let Some(max) = self.max_payload_bytes {
            size::cut_text(text, max);
        }
    }

    fn clean_parts(&self, value: &mut Value) {
        self.clean_to_depth(value, MAX_DEPTH);
    }

    /// Cleans a value. What is nested more deeply than could be read again becomes its text.
    fn clean_to_depth(&self, value: &mut Value, depth: usize) {
        match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
            Value::String(text) => self.clean_secrets(text),
            Value::Array(_) | Value::Object(_) if depth == 0 => {
                self.clean_parts(value);
                *value = value.to_string().into();
            }
            Value::Array(items) => items
                .iter_mut()
                .for_each(|item| self.clean_to_depth(item, depth - 1)),
            Value::Object(entries) => {
                for (key, value) in entries.iter_mut() {
                    if is_secret_key(key) && !value.is_null() {
                        *value = SECRET.into();
                    } else {
                        self.clean_to_depth(value, depth - 1);
                    }
                }
                if self.changes_texts() {
                    let cleaned = std::mem::take(entries).into_iter().map(|(mut key, value)| {
                        self.clean_secrets(&mut key);
                        (key, value)
                    });
                    *entries = cleaned.collect();
                }
            }
        }
    }

    fn clean_secrets(&self, text: &mut String) {
        for secret in self.real_secrets() {
            if text.contains(secret.as_str()) {
                *text = text.replace(secret.as_str(), SECRET);
            }
        }
        if self.mask_personal_data {
            patterns::mask(text);
        }
    }

    fn changes_texts(&self) -> bool {
        self.mask_personal_data || self.real_secrets().next().is_some()
    }

    fn real_secrets(&self) -> impl Iterator<Item = &String> {
        self.secrets
            .iter()
            .filter(|secret| secret.len() >= SHORTEST_SECRET)
    }
}

fn is_secret_key(key: &str) -> bool {
    SECRET_KEYS
        .iter()
        .any(|secret| key.eq_ignore_ascii_case(secret))
}

/// Whether a JSON text may have one of the keys, or only speaks of it.
fn may_have_secret_key(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    SECRET_KEYS.iter().any(|key| text.contains(key))
}

impl Event {
    /// Cleans every payload and every text.
    pub(crate) fn clean(&mut self, privacy: &Privacy, cleaned: &mut Cleaned) {
        self.base_mut().clean(privacy);
        match self {
            Event::Cais(event) => {
                for call in &mut event.llm_call_records {
                    privacy.clean_document(&mut call.request, cleaned);
                    call.clean(privacy);
                }
            }
            Event::Runtime(event) => {
                event
                    .actions
                    .iter_mut()
                    .for_each(|action| privacy.clean_value(action));
            }
            Event::Environment(event) => privacy.clean_value(&mut event.observation_diff),
        }
    }
}

impl Clean for EventBase {
    fn clean(&mut self, privacy: &Privacy) {
        privacy.clean_value(&mut self.system_state_before);
        privacy.clean_value(&mut self.system_state_after);
        self.metadata.clean(privacy);
        self.event_metadata
            .iter_mut()
            .for_each(|result| result.clean(privacy));
    }
}

impl Clean for HookResult {
    fn clean(&mut self, privacy: &Privacy) {
        privacy.clean_text(&mut self.description);
        privacy.clean_value(&mut self.data);
    }
}

impl Clean for LlmCallRecord {
    /// Cleans everything but the request, which shares with those before.
    fn clean(&mut self, privacy: &Privacy) {
        privacy.clean_value(&mut self.response);
        let texts = self.output_text.iter_mut().chain(&mut self.reasoning);
        let texts = texts.chain(self.tool_calls.iter_mut().map(|call| &mut call.arguments));
        let texts = texts.chain(self.failed_attempts.iter_mut().map(|it| &mut it.error));
        texts.for_each(|text| privacy.clean_text(text));
    }
}

impl Clean for crate::record::Metadata {
    fn clean(&mut self, privacy: &Privacy) {
        let mut value = Value::Object(std::mem::take(self));
        privacy.clean_parts(&mut value);
        if let Value::Object(mut entries) = value {
            if let Some(max) = privacy.max_payload_bytes {
                entries.values_mut().for_each(|value| size::cut(value, max));
            }
            *self = entries;
        }
    }
}

impl Clean for SessionEventMessage {
    fn clean(&mut self, privacy: &Privacy) {
        privacy.clean_value(&mut self.content.payload);
    }
}

impl Clean for SessionTimeStep {
    fn clean(&mut self, privacy: &Privacy) {
        self.step_metadata.clean(privacy);
    }
}

impl Clean for MetadataEntry {
    fn clean(&mut self, privacy: &Privacy) {
        privacy.clean_value(&mut self.data);
    }
}

impl Clean for RewardSignal {
    fn clean(&mut self, privacy: &Privacy) {
        if let Some(annotation) = &mut self.annotation {
            privacy.clean_text(annotation);
        }
    }
}
