//! Decides whether a failed attempt is tried again, and after how long.
//!
//! Pure: no clock, no randomness, no network. The caller brings the time that has
//! passed, the wait the server asked for and a random number.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::HeaderMap;
use serde::Deserialize;
use serde_json::Value;

use crate::duration::seconds;
use crate::model::Fault;

/// How often and how long a call is tried.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RetryPolicy {
    /// Attempts in all, the first included.
    pub max_attempts: u32,
    /// Attempts to reach an endpoint that has not given a reply yet in this run: a
    /// mistyped address should be said soon. One that answers with errors may only
    /// be loading its model, and gets all of `max_attempts`.
    pub max_first_attempts: u32,
    /// Upper end of the first random wait; it doubles with every attempt.
    #[serde(with = "seconds")]
    pub base_delay: Duration,
    /// Upper end of every random wait.
    #[serde(with = "seconds")]
    pub max_delay: Duration,
    /// The longest wait taken from the server; if it asks for more, the call fails.
    #[serde(with = "seconds")]
    pub max_server_delay: Duration,
    /// No attempt starts later than this after the first.
    #[serde(with = "seconds")]
    pub max_total: Duration,
}

impl Default for RetryPolicy {
    fn default() -> RetryPolicy {
        RetryPolicy {
            max_attempts: 8,
            max_first_attempts: 3,
            base_delay: Duration::from_millis(500),
            max_delay: Duration::from_secs(30),
            max_server_delay: Duration::from_secs(120),
            max_total: Duration::from_secs(600),
        }
    }
}

/// A failed attempt, as the policy sees it.
#[derive(Debug, Clone, Copy)]
pub struct Failure {
    /// What went wrong.
    pub fault: Fault,
    /// Attempts made so far, this one included.
    pub attempts: u32,
    /// Time since the first attempt began.
    pub elapsed: Duration,
    /// How long the server asked to wait; see [`server_wait`].
    pub server_wait: Option<Duration>,
    /// Whether the endpoint gave a reply before in this run.
    pub ever_answered: bool,
    /// A random number from 0 to 1.
    pub random: f64,
}

impl RetryPolicy {
    /// How many attempts a call gets that fails like this every time.
    pub fn attempts(&self, fault: Fault, ever_answered: bool) -> u32 {
        match fault {
            Fault::Unreachable | Fault::Timeout if !ever_answered => {
                self.max_first_attempts.min(self.max_attempts)
            }
            Fault::Unreachable
            | Fault::Timeout
            | Fault::RateLimited
            | Fault::Server
            | Fault::BadReply => self.max_attempts,
            // Another sample may pass the filter, but much the same rarely does; what an
            // endpoint writes in its own way, it writes so again.
            Fault::ContentFilter | Fault::Unreadable => {
                self.max_first_attempts.min(self.max_attempts)
            }
            Fault::Auth
            | Fault::Forbidden
            | Fault::NotFound
            | Fault::NotAnApi
            | Fault::ContextLength
            | Fault::Quota
            | Fault::Refused
            | Fault::Recording => 1,
        }
    }

    /// How long to wait before the next attempt, or `None` to give up.
    ///
    /// Faults of the connection and of the endpoint are tried again, what the
    /// endpoint refused is not. The wait is random between nothing and an
    /// exponentially growing bound ("full jitter"), so that episodes that failed
    /// together do not return together; a wait the server asked for is kept, plus
    /// a little of the same jitter, where it is the longer one.
    pub fn next_wait(&self, failure: &Failure) -> Option<Duration> {
        if failure.attempts >= self.attempts(failure.fault, failure.ever_answered) {
            return None;
        }
        let random = failure.random.clamp(0.0, 1.0);
        let doublings = failure.attempts.saturating_sub(1).min(30);
        let bound = self.base_delay.saturating_mul(1 << doublings);
        let own = bound.min(self.max_delay).mul_f64(random);
        let wait = match failure.server_wait {
            Some(asked) if asked > self.max_server_delay => return None,
            // No time at all is asked for by servers that do not know better.
            Some(asked) => own.max(asked + self.base_delay.mul_f64(random)),
            None => own,
        };
        (failure.elapsed + wait <= self.max_total).then_some(wait)
    }
}

/// How long the server asks to wait, from its headers or else from the body of
/// its error: `retry-after-ms`, `Retry-After` (seconds, a duration or an HTTP
/// date), the later of `x-ratelimit-reset-requests` and `-tokens`,
/// `x-ratelimit-reset`, `retryDelay`, "try again in 1.5s".
pub fn server_wait(headers: &HeaderMap, body: &Value, now: Timestamp) -> Option<Duration> {
    let header = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let asked = header("retry-after-ms").and_then(|text| parse_duration(&format!("{text}ms")));
    asked
        .or_else(|| header("retry-after").and_then(|text| duration_or_date(text, now)))
        .or_else(|| later_reset(&header, now))
        .or_else(|| header("x-ratelimit-reset").and_then(|text| duration_or_date(text, now)))
        .or_else(|| wait_in_body(body, now))
}

/// The later reset of the limits that are used up; of all if none says it is.
fn later_reset<'a>(header: &impl Fn(&str) -> Option<&'a str>, now: Timestamp) -> Option<Duration> {
    let resets = ["requests", "tokens"].map(|limit| {
        let reset = header(&format!("x-ratelimit-reset-{limit}"))?;
        let left = header(&format!("x-ratelimit-remaining-{limit}"));
        let used_up = left
            .and_then(|left| left.parse().ok())
            .is_some_and(|left: f64| left <= 0.0);
        Some((duration_or_date(reset, now)?, used_up))
    });
    let resets = || resets.into_iter().flatten();
    let used_up = resets()
        .filter(|&(_, used_up)| used_up)
        .map(|(wait, _)| wait)
        .max();
    used_up.or_else(|| resets().map(|(wait, _)| wait).max())
}

fn wait_in_body(body: &Value, now: Timestamp) -> Option<Duration> {
    let text = body.to_string();
    let after = |marker: &str| text.split_once(marker).map(|(_, rest)| rest);
    // OpenRouter repeats the header of the provider behind it.
    if let Some(reset) = after("\"X-RateLimit-Reset\":\"").and_then(|it| it.split_once('"')) {
        return duration_or_date(reset.0, now);
    }
    let found = after("\"retryDelay\":\"")
        .or_else(|| after("try again in "))
        .or_else(|| after("retry in "))?;
    let end = found
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '.')
        .unwrap_or(found.len());
    let (first, rest) = found.split_at(end);
    let first = first.trim_end_matches('.');
    // "20 seconds", "2 minutes"
    let unit = rest
        .trim_start()
        .chars()
        .next()
        .filter(|_| first.ends_with(|c: char| c.is_ascii_digit()));
    match unit {
        Some(unit @ ('s' | 'm' | 'h')) => parse_duration(&format!("{first}{unit}")),
        _ => parse_duration(first),
    }
}

/// A duration from now, or a moment: HTTP date, RFC 3339, Unix time in seconds or
/// milliseconds. A moment that has passed is no wait.
fn duration_or_date(text: &str, now: Timestamp) -> Option<Duration> {
    const YEAR_2001: f64 = 1e9;
    let until =
        |moment: Timestamp| Duration::try_from(moment.duration_since(now)).unwrap_or_default();
    match text.parse::<f64>() {
        Ok(millis) if millis > YEAR_2001 * 1e3 => {
            Timestamp::from_millisecond(millis as i64).ok().map(until)
        }
        Ok(seconds) if seconds > YEAR_2001 => {
            Timestamp::from_second(seconds as i64).ok().map(until)
        }
        Ok(_) => parse_duration(text),
        Err(_) => parse_duration(text)
            .or_else(|| text.parse().ok().map(until))
            .or_else(|| {
                let date = httpdate::parse_http_date(text).ok()?;
                Timestamp::try_from(date).ok().map(until)
            }),
    }
}

/// `20`, `1.5s`, `500ms`, `6m0s`, `2h3m`. A bare number is seconds.
fn parse_duration(text: &str) -> Option<Duration> {
    let mut total = 0.0;
    let mut rest = text.trim();
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let number_end = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(rest.len());
        let (number, tail) = rest.split_at(number_end);
        let unit_end = tail
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(unit_end);
        let scale = match unit {
            "" | "s" => 1.0,
            "ms" => 1e-3,
            "m" => 60.0,
            "h" => 3600.0,
            "d" => 86400.0,
            _ => return None,
        };
        total += number.parse::<f64>().ok()? * scale;
        rest = tail;
    }
    Duration::try_from_secs_f64(total).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn failure(fault: Fault) -> Failure {
        Failure {
            fault,
            attempts: 1,
            elapsed: Duration::ZERO,
            server_wait: None,
            ever_answered: true,
            random: 1.0,
        }
    }

    const fn seconds(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    #[test]
    fn only_faults_that_may_pass_are_tried_again() {
        let policy = RetryPolicy::default();
        let retried = |fault| policy.next_wait(&failure(fault)).is_some();
        for fault in [
            Fault::Unreachable,
            Fault::Timeout,
            Fault::RateLimited,
            Fault::Server,
            Fault::BadReply,
            Fault::Unreadable,
            Fault::ContentFilter,
        ] {
            assert!(retried(fault), "{fault:?}");
        }
        for fault in [
            Fault::Auth,
            Fault::Forbidden,
            Fault::NotFound,
            Fault::NotAnApi,
            Fault::ContextLength,
            Fault::Quota,
            Fault::Refused,
        ] {
            assert!(!retried(fault), "{fault:?}");
        }
    }

    #[test]
    fn the_bound_doubles_up_to_its_cap_and_jitter_is_full() {
        let policy = RetryPolicy {
            max_attempts: 100,
            ..RetryPolicy::default()
        };
        let wait = |attempts, random| {
            policy.next_wait(&Failure {
                attempts,
                random,
                ..failure(Fault::Server)
            })
        };
        let bounds: Vec<u128> = (1..9)
            .map(|n| wait(n, 1.0).unwrap_or_default().as_millis())
            .collect();
        assert_eq!(bounds, [500, 1000, 2000, 4000, 8000, 16000, 30000, 30000]);
        assert_eq!(wait(90, 1.0), Some(seconds(30)), "no overflow");
        assert_eq!(wait(5, 0.0), Some(Duration::ZERO));
        assert_eq!(wait(5, 0.25), Some(seconds(2)));
    }

    #[test]
    fn attempts_and_total_time_are_capped() {
        let policy = RetryPolicy::default();
        let wait = |failure| policy.next_wait(&failure);
        let base = failure(Fault::Server);
        assert!(
            wait(Failure {
                attempts: 7,
                ..base
            })
            .is_some()
        );
        assert_eq!(
            wait(Failure {
                attempts: 8,
                ..base
            }),
            None
        );
        assert!(
            wait(Failure {
                elapsed: seconds(599),
                ..base
            })
            .is_some()
        );
        assert_eq!(
            wait(Failure {
                elapsed: seconds(600),
                ..base
            }),
            None
        );
    }

    #[test]
    fn an_endpoint_that_never_answered_is_given_up_soon() {
        let policy = RetryPolicy::default();
        let refused = Failure {
            attempts: 3,
            ..failure(Fault::Unreachable)
        };
        assert!(policy.next_wait(&refused).is_some());
        assert_eq!(
            policy.next_wait(&Failure {
                ever_answered: false,
                ..refused
            }),
            None
        );
    }

    #[test]
    fn the_servers_wait_is_kept_unless_it_is_too_long() {
        let policy = RetryPolicy::default();
        let asked = |seconds| {
            policy.next_wait(&Failure {
                server_wait: Some(Duration::from_secs(seconds)),
                random: 0.5,
                ..failure(Fault::RateLimited)
            })
        };
        assert_eq!(asked(7), Some(Duration::from_millis(7250)));
        let at_last = policy.next_wait(&Failure {
            server_wait: Some(Duration::ZERO),
            attempts: 5,
            ..failure(Fault::RateLimited)
        });
        assert_eq!(at_last, Some(seconds(8)), "no wait at all is not kept");
        assert_eq!(asked(121), None);
    }

    fn check_wait(headers: &[(&'static str, &str)], body: Value, expected_ms: Option<u64>) {
        let now: Timestamp = "2026-01-01T00:00:00Z".parse().expect("a timestamp");
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| {
                let name = reqwest::header::HeaderName::from_static(name);
                (name, value.parse().expect("a header value"))
            })
            .collect();
        let expected = expected_ms.map(Duration::from_millis);
        assert_eq!(
            server_wait(&headers, &body, now),
            expected,
            "{headers:?} {body}"
        );
    }

    #[test]
    fn waits_in_headers() {
        let check = |headers: &[(&'static str, &str)], ms| check_wait(headers, Value::Null, ms);
        check(&[("retry-after", "20")], Some(20_000));
        check(&[("retry-after", "0.5")], Some(500));
        check(&[("retry-after", "500ms")], Some(500));
        check(&[("retry-after", "6m0s")], Some(360_000));
        check(
            &[("retry-after", "Thu, 01 Jan 2026 00:00:30 GMT")],
            Some(30_000),
        );
        check(&[("retry-after", "Thu, 01 Jan 2015 00:00:30 GMT")], Some(0));
        check(&[("retry-after", "soon")], None);
        check(
            &[("retry-after", "9"), ("retry-after-ms", "1500")],
            Some(1500),
        );
        check(&[("x-ratelimit-reset", "1767225610")], Some(10_000));
        check(&[("x-ratelimit-reset", "1767225610500")], Some(10_500));
        check(&[], None);
    }

    #[test]
    fn the_later_reset_of_the_limits_that_are_used_up() {
        let (requests, tokens) = (
            ("x-ratelimit-reset-requests", "1h"),
            ("x-ratelimit-reset-tokens", "7.66s"),
        );
        let check = |headers: &[(&'static str, &str)], ms| check_wait(headers, Value::Null, ms);
        check(&[requests, tokens], Some(3_600_000));
        check(
            &[requests, tokens, ("x-ratelimit-remaining-tokens", "0")],
            Some(7_660),
        );
        check(
            &[tokens, ("x-ratelimit-remaining-tokens", "12")],
            Some(7_660),
        );
    }

    #[test]
    fn waits_in_bodies() {
        let message = |text: &str| json!({"error": {"message": text}});
        check_wait(&[], message("Please try again in 1.5s. Visit…"), Some(1500));
        check_wait(
            &[],
            message("Rate limit reached, try again in 6m0s."),
            Some(360_000),
        );
        check_wait(&[], message("Please retry in 20 seconds."), Some(20_000));
        check_wait(&[], message("Slow down."), None);
        let headers = json!({"headers": {"X-RateLimit-Reset": "1767225602000"}});
        let inside = json!({"error": {"code": 429, "metadata": headers}});
        check_wait(&[], inside, Some(2_000));
        check_wait(
            &[],
            json!([{"error": {"details": [{"retryDelay": "17s"}]}}]),
            Some(17_000),
        );
    }
}
