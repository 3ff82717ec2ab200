//! Learns from a refusal what an endpoint does not take.
//!
//! Pure: from what was sent and what the endpoint said about it to the way it is
//! asked from then on. Every step gives something up for good, so that a chain of
//! refusals ends.

use std::collections::BTreeSet;

use serde_json::Value;

use super::fault::ErrorBody;
use crate::endpoint::{Quirks, ReasoningEcho, SystemRole, TokenLimit, ToolChoice};
use crate::model::Protocol;

/// How an endpoint is asked from now on, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Adaptation {
    pub(super) quirks: Quirks,
    /// What to tell the user, without the endpoint's name.
    pub(super) notice: String,
}

/// Optional fields that may simply be left out.
const EXPENDABLE: [&str; 4] = ["temperature", "top_p", "seed", "parallel_tool_calls"];

/// What to do differently after a refusal, if anything can be.
pub(super) fn after_refusal(
    quirks: &Quirks,
    sent: &Value,
    status: u16,
    error: &ErrorBody,
) -> Option<Adaptation> {
    if !matches!(status, 400 | 404 | 405 | 415 | 422 | 500 | 501) {
        return None;
    }
    let refusal = Refusal {
        quirks,
        sent,
        error,
        words: error.words(),
    };
    refusal
        .roles()
        .or_else(|| refusal.ids())
        .or_else(|| refusal.text_beside_calls())
        .or_else(|| refusal.reasoning())
        .or_else(|| refusal.token_limit())
        .or_else(|| refusal.streaming())
        .or_else(|| refusal.images())
        .or_else(|| refusal.tool_choice())
        .or_else(|| refusal.protocol())
        .or_else(|| refusal.expendable())
}

/// What to do differently after an answer that ignored the protocol.
pub(super) fn after_prose(quirks: &Quirks, protocol: Protocol) -> Option<Adaptation> {
    let (weaker, notice) = weaker(protocol)?;
    Some(Adaptation {
        quirks: Quirks {
            protocol: weaker,
            ..quirks.clone()
        },
        notice: format!("answered in prose where {notice}"),
    })
}

/// The next weaker protocol, and how the change is put.
fn weaker(protocol: Protocol) -> Option<(Protocol, &'static str)> {
    match protocol {
        Protocol::FunctionCalling => Some((
            Protocol::JsonSchema,
            "a tool call was asked for; actions are now asked for by JSON schema",
        )),
        Protocol::JsonSchema => Some((
            Protocol::Text,
            "a JSON schema was given; actions are now asked for as text (Thought, Action)",
        )),
        Protocol::Text | Protocol::Naive => None,
    }
}

/// Whether an error is about images, where the request has one. Content is sent as parts
/// for their sake alone, so that who wants a text wants no images.
pub(super) fn is_about_images(error: &ErrorBody) -> bool {
    let words = error.words();
    [
        "image",
        "multimodal",
        "vision",
        "must be a string",
        "be a valid string",
        "expected a string",
        "expected string",
    ]
    .iter()
    .any(|word| words.contains(word))
}

/// Whether a request shows an image.
pub(super) fn shows_images(sent: &Value) -> bool {
    let messages = sent["messages"].as_array().into_iter().flatten();
    let mut parts = messages
        .filter_map(|message| message["content"].as_array())
        .flatten();
    parts.any(|part| part["type"] == "image_url")
}

struct Refusal<'a> {
    quirks: &'a Quirks,
    sent: &'a Value,
    error: &'a ErrorBody,
    words: String,
}

impl Refusal<'_> {
    fn says(&self, any: &[&str]) -> bool {
        any.iter().any(|phrase| self.words.contains(phrase))
    }

    /// Whether something is refused as such, rather than for its value's sake.
    fn unsupported(&self) -> bool {
        self.says(&[
            "not support",
            "n't support",
            "unsupported",
            "not permitted",
            "not allowed",
            "not enabled",
            "not available",
            "unavailable",
            "not implemented",
            "unknown",
            "unrecognized",
            "unexpected",
            "extra inputs",
            "extra_forbidden",
            "extra fields",
            "deprecated",
            "requires",
            "only the default",
            "cannot",
            "must not",
            "may not",
            "invalid",
            "remove",
        ])
    }

    /// Whether the request had this field and the error is about it.
    fn names(&self, field: &str) -> bool {
        let about = self.error.param.as_deref().is_some_and(|param| {
            param == field
                || param.starts_with(&format!("{field}."))
                || param.starts_with(&format!("{field}["))
        });
        self.sent.get(field).is_some() && (about || contains_word(&self.words, field))
    }

    fn with(
        &self,
        notice: impl Into<String>,
        change: impl FnOnce(&mut Quirks),
    ) -> Option<Adaptation> {
        let mut quirks = self.quirks.clone();
        change(&mut quirks);
        (quirks != *self.quirks).then(|| Adaptation {
            quirks,
            notice: notice.into(),
        })
    }

    fn without(&self, field: &str) -> Option<Adaptation> {
        self.with(
            format!("does not take `{field}`; it is no longer sent"),
            |quirks| {
                quirks.omit.insert(field.to_owned());
            },
        )
    }

    fn roles(&self) -> Option<Adaptation> {
        if self.says(&[
            "must alternate",
            "alternating",
            "unexpected role 'user' after role 'tool'",
            "roles should alternate",
        ]) {
            return self.with(
                "wants roles to alternate; neighbours are now joined",
                |quirks| {
                    quirks.alternate_roles = true;
                },
            );
        }
        let refused = self.unsupported();
        if refused && self.quirks.system_role == SystemRole::Developer && self.says(&["developer"])
        {
            return self.with(
                "does not know the developer role; system is used",
                |quirks| {
                    quirks.system_role = SystemRole::System;
                },
            );
        }
        let about_system = self.says(&[
            "system role",
            "role system",
            "role 'system'",
            "role: system",
            "role `system`",
            "system message",
            "system prompt",
            "system instruction",
            "developer instruction",
            "\"system\"",
        ]);
        if refused && about_system {
            return self.with(
                "takes no system message; instructions open the first user message",
                |quirks| {
                    quirks.system_role = SystemRole::User;
                },
            );
        }
        None
    }

    fn ids(&self) -> Option<Adaptation> {
        let about_ids = self.says(&["tool call id", "tool_call_id", "tool_calls.id"]);
        if about_ids && self.says(&["length of 9", "a-z, a-z, 0-9", "alphanumeric"]) {
            return self.with(
                "wants ids of nine letters or digits; they are rewritten",
                |quirks| {
                    quirks.short_tool_ids = true;
                },
            );
        }
        None
    }

    fn text_beside_calls(&self) -> Option<Adaptation> {
        if !self.says(&["either content or tool_calls, but not both"]) {
            return None;
        }
        self.with(
            "takes no text beside tool calls; it is left out of earlier replies",
            |quirks| {
                quirks.text_beside_calls = false;
            },
        )
    }

    fn reasoning(&self) -> Option<Adaptation> {
        if !self.says(&[
            "reasoning_content",
            "thinking",
            "'reasoning'",
            "`reasoning`",
            "\"reasoning\"",
        ]) {
            return None;
        }
        let echo = match self.words.contains("reasoning_content") {
            true => ReasoningEcho::ReasoningContent,
            false => ReasoningEcho::Reasoning,
        };
        let wanted = self.says(&[
            "passed back",
            "must be passed",
            "missing",
            "is required",
            "must include",
        ]);
        if wanted && echo.field().is_some_and(|field| self.quirks.sends(field)) {
            return self.with(
                "wants its reasoning back between tool calls; it is now sent",
                |quirks| {
                    quirks.reasoning_echo = echo;
                },
            );
        }
        if self.quirks.reasoning_echo != ReasoningEcho::Never && self.unsupported() {
            return self.with(
                "does not want reasoning back; it is no longer sent",
                |quirks| {
                    quirks
                        .omit
                        .extend(quirks.reasoning_echo.field().map(str::to_owned));
                    quirks.reasoning_echo = ReasoningEcho::Never;
                },
            );
        }
        None
    }

    fn token_limit(&self) -> Option<Adaptation> {
        let field = ["max_tokens", "max_completion_tokens"]
            .into_iter()
            .find(|field| self.names(field))?;
        if !self.unsupported() {
            return None;
        }
        let other = match field {
            "max_tokens" => (TokenLimit::MaxCompletionTokens, "max_completion_tokens"),
            _ => (TokenLimit::MaxTokens, "max_tokens"),
        };
        let notice = match self.quirks.sends(other.1) {
            true => format!("does not take `{field}`; `{}` is sent instead", other.1),
            false => "takes no limit of a reply's length; none is sent".to_owned(),
        };
        self.with(notice, |quirks| {
            quirks.token_limit = other.0;
            quirks.omit.insert(field.to_owned());
        })
    }

    fn streaming(&self) -> Option<Adaptation> {
        if self.names("stream_options")
            || (self.sent.get("stream_options").is_some() && self.says(&["include_usage"]))
        {
            return self.with(
                "does not report tokens of a stream; limits of tokens go by an estimate",
                |quirks| {
                    quirks.stream_usage = false;
                },
            );
        }
        if self.names("stream") && self.unsupported() {
            return self.with("does not stream; whole answers are asked for", |quirks| {
                quirks.stream = false
            });
        }
        None
    }

    /// An image can be left out where words beside it say the same.
    fn images(&self) -> Option<Adaptation> {
        if !is_about_images(self.error) || !shows_images(self.sent) {
            return None;
        }
        let messages = self.sent.get("messages")?.as_array()?;
        let kinds = |message: &Value| -> Option<BTreeSet<String>> {
            let parts = message.get("content")?.as_array()?.iter();
            Some(
                parts
                    .filter_map(|part| part["type"].as_str().map(str::to_owned))
                    .collect(),
            )
        };
        if !(messages.iter().filter_map(kinds)).all(|kinds| kinds.contains("text")) {
            return None;
        }
        self.with(
            "takes no images; only the text beside them is sent",
            |quirks| {
                quirks.images = false;
            },
        )
    }

    fn tool_choice(&self) -> Option<Adaptation> {
        let sent = self.sent.get("tool_choice").is_some();
        let refused = self.names("tool_choice") || (sent && self.says(&["tool choice"]));
        if !refused {
            return None;
        }
        match self.quirks.tool_choice {
            ToolChoice::Required => self.with(
                "does not let a tool call be required; it is left to the model",
                |quirks| {
                    quirks.tool_choice = ToolChoice::Auto;
                },
            ),
            // vLLM without a parser for tool calls refuses `auto`, and tools with it.
            ToolChoice::Auto if self.says(&["auto-tool-choice", "tool-call-parser"]) => None,
            ToolChoice::Auto => self.with(
                "does not take `tool_choice`; it is no longer sent",
                |quirks| {
                    quirks.tool_choice = ToolChoice::Omit;
                },
            ),
            ToolChoice::Omit => None,
        }
    }

    fn protocol(&self) -> Option<Adaptation> {
        let schema = self.sent.get("response_format").is_some()
            && self.says(&[
                "response_format",
                "json_schema",
                "json schema",
                "structured output",
                "grammar",
                "schema",
                "strict",
            ]);
        if schema && self.quirks.strict_schema && self.says(&["strict"]) {
            return self.with(
                "does not take a strict schema; a plain one is sent",
                |quirks| {
                    quirks.strict_schema = false;
                },
            );
        }
        // Narrow on purpose: much is said about tools that is no refusal of them,
        // such as that a tool's result answers no call.
        let tools = self.sent.get("tools").is_some()
            && self.says(&[
                "tools",
                "tool use",
                "tool call",
                "tool choice",
                "tool-call",
                "function call",
                "functions",
            ])
            && self.says(&[
                "not support",
                "n't support",
                "unsupported",
                "not enabled",
                "not available",
                "unavailable",
                "not implemented",
                "not permitted",
                "unrecognized",
                "requires --",
            ]);
        let from = match (schema, tools) {
            (true, _) => Protocol::JsonSchema,
            (false, true) => Protocol::FunctionCalling,
            (false, false) => return None,
        };
        let (weaker, notice) = weaker(from)?;
        self.with(format!("refused where {notice}"), |quirks| {
            quirks.protocol = weaker
        })
    }

    fn expendable(&self) -> Option<Adaptation> {
        let field = EXPENDABLE.into_iter().find(|field| self.names(field))?;
        self.without(field).filter(|_| self.unsupported())
    }
}

/// Whether `word` stands in `text` on its own: `max_tokens` is not in
/// `max_tokens_total`.
fn contains_word(text: &str, word: &str) -> bool {
    let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, _)| {
        !text[..at].ends_with(part_of_word) && !text[at + word.len()..].starts_with(part_of_word)
    })
}

#[cfg(test)]
mod tests;
