//! Tells from a status and a body what went wrong.

use serde_json::Value;

use crate::model::Fault;

/// The longest excerpt of a body that an error message repeats.
const EXCERPT: usize = 300;

/// An error as the endpoint put it, whatever its shape.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct ErrorBody {
    /// What it says.
    pub(super) message: String,
    /// Its code or type, as text.
    pub(super) code: String,
    /// A status code inside the body.
    pub(super) status: Option<u16>,
    /// The request's field it complains about.
    pub(super) param: Option<String>,
    /// What the model wrote where the endpoint could not read it as a call.
    pub(super) failed_generation: Option<String>,
}

impl ErrorBody {
    /// Reads an error that is nested, flat, a list, or a bare text.
    pub(super) fn read(body: &Value) -> ErrorBody {
        match body {
            Value::String(text) => ErrorBody {
                message: excerpt(text),
                ..ErrorBody::default()
            },
            Value::Array(items) => items.first().map(ErrorBody::read).unwrap_or_default(),
            Value::Object(fields) => {
                for wrapper in ["error", "errors", "detail"] {
                    match fields.get(wrapper) {
                        None | Some(Value::Null) => {}
                        // `{"error": "…", "message": "…"}`: the message says more.
                        Some(Value::String(_)) if fields.contains_key("message") => {}
                        Some(inner) => return ErrorBody::read(inner),
                    }
                }
                let text = |key: &str| fields.get(key).and_then(Value::as_str).map(str::to_owned);
                let number = |key: &str| fields.get(key).and_then(Value::as_u64);
                // FastAPI's validation errors name the field as a path.
                let place = fields
                    .get("loc")
                    .and_then(Value::as_array)
                    .and_then(|path| path.last());
                let message = text("message").or_else(|| text("msg"));
                let codes: Vec<String> = ["code", "type", "status"]
                    .into_iter()
                    .filter_map(text)
                    .collect();
                ErrorBody {
                    message: excerpt(&message.unwrap_or_else(|| body.to_string())),
                    code: codes.join(" "),
                    status: number("code")
                        .or_else(|| number("status"))
                        .or_else(|| text("code")?.parse().ok())
                        .and_then(|code| u16::try_from(code).ok())
                        .filter(|code| (400..600).contains(code)),
                    param: text("param").or_else(|| place?.as_str().map(str::to_owned)),
                    failed_generation: text("failed_generation"),
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => ErrorBody::default(),
        }
    }

    /// Whether a body that holds no reply is an error, rather than nothing at all.
    pub(super) fn is_in(body: &Value) -> bool {
        let says = |key: &str| body.get(key).is_some_and(|value| !value.is_null());
        match body {
            Value::Array(items) => items.first().is_some_and(ErrorBody::is_in),
            _ => ["error", "errors", "detail", "message", "msg"]
                .iter()
                .any(|key| says(key)),
        }
    }

    /// Everything it says, in lower case, for looking for words.
    pub(super) fn words(&self) -> String {
        let param = self.param.as_deref().unwrap_or_default();
        format!("{} {} {param}", self.message, self.code).to_lowercase()
    }
}

/// The kind of fault an error is. `asked_to_wait` tells a rate limit, which some
/// endpoints call a quota, from a quota that is spent.
pub(super) fn classify(status: u16, error: &ErrorBody, asked_to_wait: bool) -> Fault {
    let words = error.words();
    let says = |any: &[&str]| any.iter().any(|phrase| words.contains(phrase));
    // One request over what the account may send in a minute: waiting does not help.
    if is_over_rate(error) {
        return Fault::Refused;
    }
    if status != 401 && says(&CONTEXT) {
        return Fault::ContextLength;
    }
    if status == 402
        || says(&[
            "insufficient_quota",
            "credit balance",
            "insufficient credits",
            "insufficient balance",
        ])
        || (status == 429 && !asked_to_wait && says(&["exceeded your current quota", "billing"]))
    {
        return Fault::Quota;
    }
    // llama.cpp says so with a 500, which would be tried again.
    if says(&["image input is not supported"]) {
        return Fault::Refused;
    }
    match status {
        300..400 => Fault::NotAnApi,
        400 if says(&[
            "api key not valid",
            "invalid api key",
            "invalid_api_key",
            "api key is missing",
        ]) =>
        {
            Fault::Auth
        }
        401 => Fault::Auth,
        403 => Fault::Forbidden,
        404 => Fault::NotFound,
        405 => Fault::NotAnApi,
        408 => Fault::Timeout,
        429 => Fault::RateLimited,
        501 => Fault::Refused,
        // 498 is Groq's word for no room left.
        409 | 425 | 498 | 500.. => Fault::Server,
        _ => Fault::Refused,
    }
}

/// Whether a single request is larger than the account's rate allows.
pub(super) fn is_over_rate(error: &ErrorBody) -> bool {
    let words = error.words();
    let per_minute = ["per min", "(tpm)"].iter().any(|unit| words.contains(unit));
    words.contains("request too large") && per_minute
}

/// How endpoints say that a conversation is too long.
const CONTEXT: [&str; 17] = [
    "context_length",
    "context length",
    "context window",
    "context size",
    "exceed_context_size",
    "prompt is too long",
    "input is too long",
    "prompt too long",
    "input token count",
    "reduce the length of the messages",
    "maximum number of tokens allowed",
    "too large for model with",
    "request too large for",
    "exceeds the maximum allowed length",
    "`inputs` tokens + `max_new_tokens` must be",
    "`inputs` must have less than",
    "input tokens exceed",
];

/// The title of a web page, or the beginning of a text, on one line.
pub(super) fn excerpt(text: &str) -> String {
    let title = text
        .split_once("<title>")
        .and_then(|(_, rest)| rest.split_once("</title>"));
    let text = match title {
        Some((title, _)) => title.to_owned(),
        None if is_html(text) => without_tags(text),
        None => text.to_owned(),
    };
    let mut line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() > EXCERPT {
        line = line.chars().take(EXCERPT).chain(['…']).collect();
    }
    line
}

/// What a web page says, roughly.
fn without_tags(page: &str) -> String {
    let pieces = page.split('<').map(|piece| match piece.split_once('>') {
        Some((_, said)) => said,
        None => piece,
    });
    pieces.collect::<Vec<_>>().join(" ")
}

/// Whether a body is a web page.
pub(super) fn is_html(body: &str) -> bool {
    let start: String = body.trim_start().chars().take(20).collect();
    let start = start.to_ascii_lowercase();
    start.starts_with("<!doctype") || start.starts_with("<html") || start.starts_with("<head")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn errors_are_read_in_every_shape() {
        for body in [
            json!({"error": {"message": "no", "code": "c"}}),
            json!({"object": "error", "message": "no", "type": "c"}),
            json!([{"error": {"message": "no", "status": "c"}}]),
            json!({"errors": [{"message": "no", "code": "c"}]}),
            json!({"error": "Bad Request", "message": "no", "code": "c"}),
        ] {
            let error = ErrorBody::read(&body);
            assert_eq!(
                (error.message.as_str(), error.code.as_str()),
                ("no", "c"),
                "{body}"
            );
        }
        assert_eq!(ErrorBody::read(&json!("no")).message, "no");
        assert_eq!(ErrorBody::read(&json!({"error": "no"})).message, "no");
        assert_eq!(
            ErrorBody::read(&json!({"detail": "Not Found"})).message,
            "Not Found"
        );
        let field =
            ErrorBody::read(&json!({"detail": [{"loc": ["body", "seed"], "msg": "Extra inputs"}]}));
        assert_eq!(
            (field.message.as_str(), field.param.as_deref()),
            ("Extra inputs", Some("seed"))
        );
        assert_eq!(ErrorBody::read(&json!({"odd": 1})).message, r#"{"odd":1}"#);
    }

    #[test]
    fn a_status_inside_the_body_is_found() {
        let status = |code: Value| ErrorBody::read(&json!({"error": {"code": code}})).status;
        assert_eq!(status(json!(429)), Some(429));
        assert_eq!(status(json!("503")), Some(503));
        assert_eq!(status(json!("rate_limit")), None);
        assert_eq!(status(json!(7)), None);
    }

    fn check(status: u16, message: &str, expected: Fault) {
        let error = ErrorBody {
            message: message.into(),
            ..ErrorBody::default()
        };
        assert_eq!(
            classify(status, &error, false),
            expected,
            "{status} {message}"
        );
    }

    #[test]
    fn a_context_that_is_too_long_in_its_wordings() {
        for (status, message) in [
            (
                400,
                "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens",
            ),
            (
                400,
                "the request exceeds the available context size. try increasing the context size",
            ),
            (400, "prompt is too long: 210000 tokens > 200000 maximum"),
            (
                400,
                "The input token count (40000) exceeds the maximum number of tokens allowed (32768).",
            ),
            (
                422,
                "Prompt contains 40000 tokens, too large for model with 32768 maximum context length",
            ),
            (413, "Request too large for model `m`"),
            (
                400,
                "Input length (160062 tokens) exceeds the maximum allowed length (59862 tokens).",
            ),
            (
                422,
                "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 8740",
            ),
            (
                422,
                "Input validation error: `inputs` must have less than 1024 tokens. Given: 1168",
            ),
            (
                400,
                "Input tokens exceed the configured limit of 272000 tokens.",
            ),
            (500, "input is too long for requested model"),
            (
                400,
                "Please reduce the length of the messages or completion.",
            ),
            (
                400,
                "trying to keep the first 100 tokens when context the overflows. context length is only 4096",
            ),
        ] {
            check(status, message, Fault::ContextLength);
        }
    }

    #[test]
    fn statuses() {
        check(401, "context length", Fault::Auth);
        check(
            400,
            "API key not valid. Please pass a valid API key.",
            Fault::Auth,
        );
        check(402, "pay", Fault::Quota);
        check(403, "no", Fault::Forbidden);
        check(404, "no", Fault::NotFound);
        check(308, "", Fault::NotAnApi);
        check(408, "", Fault::Timeout);
        check(409, "", Fault::Server);
        check(498, "", Fault::Server);
        check(422, "", Fault::Refused);
        check(529, "overloaded", Fault::Server);
        check(500, "image input is not supported", Fault::Refused);
    }

    /// It neither passes by waiting nor says anything of the model's context.
    #[test]
    fn a_request_beyond_the_rate_of_an_account_is_refused() {
        for status in [413, 429] {
            let message = "Request too large for model `m` in organization `o` on tokens per \
                           minute (TPM): Limit 6000, Requested 9000";
            check(status, message, Fault::Refused);
            check(
                status,
                "Request too large for gpt-4o on tokens per min (TPM)",
                Fault::Refused,
            );
        }
        check(
            429,
            "Rate limit reached on tokens per min (TPM)",
            Fault::RateLimited,
        );
    }

    /// Gemini calls its rate limit a quota, and says when to come back.
    #[test]
    fn a_quota_that_renews_is_a_rate_limit() {
        let message = "You exceeded your current quota, please check your plan and billing details";
        check(429, message, Fault::Quota);
        let error = ErrorBody {
            message: message.into(),
            ..ErrorBody::default()
        };
        assert_eq!(classify(429, &error, true), Fault::RateLimited);
        let spent = ErrorBody {
            code: "insufficient_quota".into(),
            ..error
        };
        assert_eq!(classify(429, &spent, true), Fault::Quota);
    }

    #[test]
    fn pages_are_shown_by_their_title() {
        let page = "<!DOCTYPE html><html><head><title>502 Bad\n Gateway</title></head></html>";
        assert!(is_html(page));
        assert_eq!(excerpt(page), "502 Bad Gateway");
        assert_eq!(
            excerpt("<html><body><h1>Sign in</h1></body></html>"),
            "Sign in"
        );
        assert_eq!(excerpt(&"x".repeat(400)).chars().count(), EXCERPT + 1);
    }
}
