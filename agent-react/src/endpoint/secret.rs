//! Keys, and keeping them out of what is written.

use std::fmt;

use serde::Deserialize;

/// A key or a header's value: sent, never shown.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Wraps a key; blanks around it, as files leave them, are dropped.
    pub fn new(value: &str) -> Secret {
        Secret(value.trim().to_owned())
    }

    /// The value itself, for the one place that sends it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether it only stands where a key is asked for, such as `none`, `x` or
    /// `no-key-required`, and is not worth hiding: hiding it would make other words
    /// unreadable.
    pub fn is_placeholder(&self) -> bool {
        const SHORTEST: usize = 8;
        const KNOWN: [&str; 5] = [
            "anything",
            "lm-studio",
            "no-key-required",
            "not-needed",
            "placeholder",
        ];
        self.0.len() < SHORTEST || KNOWN.contains(&self.0.to_ascii_lowercase().as_str())
    }
}

/// Whether what goes by this name, a query parameter or a field, is likely a secret.
pub(super) fn is_telling(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["key", "token", "auth", "secret", "password", "code", "sig"]
        .iter()
        .any(|word| name.contains(word))
}

/// Whether a header's value is known to be none: hiding it would make other words
/// unreadable.
pub(super) fn is_public_header(name: &str) -> bool {
    const PUBLIC: [&str; 8] = [
        "accept",
        "accept-language",
        "anthropic-beta",
        "anthropic-version",
        "http-referer",
        "openai-beta",
        "user-agent",
        "x-title",
    ];
    PUBLIC.contains(&name.to_ascii_lowercase().as_str())
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

/// What stands where a key was.
const HIDDEN: &str = "[key]";

/// So much of a key's beginning gives it away.
const TELLING: usize = 12;

/// How keys of well-known providers begin.
const FORMS: [&str; 5] = ["sk-", "gsk_", "AIza", "xai-", "hf_"];

/// How long keys of these forms are. What is longer is a signature or an image.
const FORM_LENGTHS: std::ops::RangeInclusive<usize> = 20..=200;

/// Replaces every secret in `text` by `[key]`, in whatever case it is repeated.
pub(crate) fn scrub(text: String, secrets: &[Secret]) -> String {
    let real = secrets.iter().filter(|secret| !secret.is_placeholder());
    real.fold(text, |text, secret| {
        without_beginnings(text, &secret.0, &secret.0)
    })
}

/// Replaces in what an endpoint said every secret, the beginning of one, and what looks
/// like the key of another: some endpoints repeat the key they refuse, or their own.
pub(crate) fn scrub_received(text: String, secrets: &[Secret]) -> String {
    let mut text = scrub(text, secrets);
    let real = secrets.iter().filter(|secret| !secret.is_placeholder());
    for secret in real {
        if let Some(beginning) = secret.0.get(..TELLING) {
            text = without_beginnings(text, beginning, &secret.0);
        }
    }
    match FORMS.iter().any(|form| text.contains(form)) {
        true => without_known_forms(&text),
        false => text,
    }
}

/// `text` without pieces of `secret` that hold its `beginning`.
fn without_beginnings(text: String, beginning: &str, secret: &str) -> String {
    let mut rest = text.as_str();
    let mut out = String::new();
    while let Some(at) = find_in_any_case(rest, beginning) {
        out.push_str(&rest[..at]);
        out.push_str(HIDDEN);
        rest = &rest[at..];
        let common = rest.chars().zip(secret.chars());
        let common = common.take_while(|(a, b)| a.eq_ignore_ascii_case(b));
        rest = &rest[common.map(|(letter, _)| letter.len_utf8()).sum::<usize>()..];
    }
    match out.is_empty() {
        true => text,
        false => out + rest,
    }
}

/// Where `wanted`, which is not empty, begins in `text`, whatever the case of its letters.
fn find_in_any_case(text: &str, wanted: &str) -> Option<usize> {
    let windows = text.as_bytes().windows(wanted.len());
    let mut places = windows.enumerate();
    let found = places.find(|(_, window)| window.eq_ignore_ascii_case(wanted.as_bytes()));
    found.map(|(at, _)| at)
}

fn without_known_forms(text: &str) -> String {
    let in_word = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let word = rest.find(|c| !in_word(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(word);
        let is_key = FORM_LENGTHS.contains(&word.len())
            && FORMS.iter().any(|form| word.starts_with(form))
            && word.bytes().any(|byte| byte.is_ascii_digit());
        out.push_str(if is_key { HIDDEN } else { word });
        let between = after.find(in_word).unwrap_or(after.len());
        let (between, after) = after.split_at(between);
        out.push_str(between);
        rest = after;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_never_shown() {
        let secret = Secret::new(" sk-abcdef123456\n");
        assert_eq!(format!("{secret:?}"), "[key]");
        let text = "Incorrect API key provided: sk-abcdef123456.".to_owned();
        assert_eq!(scrub(text, &[secret]), "Incorrect API key provided: [key].");
    }

    #[test]
    fn a_secret_is_hidden_in_any_case() {
        let secrets = [Secret::new("Key-Über-AbC123")];
        let check = |text: &str, left| assert_eq!(scrub(text.to_owned(), &secrets), left);
        check("KEY-Über-ABC123 key-Über-abc123", "[key] [key]");
        check("Key-Über-AbC12", "Key-Über-AbC12");
        check("", "");
    }

    #[test]
    fn words_in_place_of_a_key_stay_readable() {
        for word in ["x", "none", "move", "no-key-required", "anything"] {
            let text = format!("{{\"index\": \"{word}\"}}");
            assert_eq!(scrub_received(text.clone(), &[Secret::new(word)]), text);
        }
        for key in ["hunter2hunter2", "AbCdEfGhIj", "my-secret-word"] {
            assert_eq!(scrub(key.to_owned(), &[Secret::new(key)]), "[key]");
        }
    }

    #[test]
    fn the_beginning_of_a_key_and_keys_of_others_are_hidden() {
        let secrets = [Secret::new("my-own-key-1234567890-abcdef")];
        let check = |said: &str, left: &str| {
            assert_eq!(scrub_received(said.to_owned(), &secrets), left);
        };
        check("bad my-own-key-1234567890-abcdef", "bad [key]");
        check("bad my-own-key-12345…", "bad [key]…");
        check("my-own-key-1 my-own-key-1", "[key] [key]");
        check("BAD MY-OWN-KEY-1234567890-ABCDEF!", "BAD [key]!");
        check("My-Own-Key-1234567…", "[key]…");
        check("é my-own-KEY-1234567890-abcdef é", "é [key] é");
        check("my-own-key", "my-own-key");
        check("\"gsk_0123456789abcdefghij\"", "\"[key]\"");
        check("task-0123456789abcdefghij", "task-0123456789abcdefghij");
        check("sk-learn is a library", "sk-learn is a library");
    }
}
