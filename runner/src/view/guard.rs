//! Refuses requests that were not made by the page itself.
//!
//! A page of somebody else's, open in the same browser, may neither read traces nor
//! ask for them: names that point here are refused by `Host`, other pages by
//! `Origin` and by what browsers tell of where a request comes from.

use std::net::IpAddr;

use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// Whose requests are answered.
#[derive(Debug, Clone)]
pub(super) struct Guard {
    /// The address or name that was asked to be listened on.
    pub(super) host: String,
    /// Whether that is this machine alone.
    pub(super) loopback: bool,
    /// The port that is listened on.
    pub(super) port: u16,
}

const UNKNOWN_HOST: &str = "this server does not answer to that name and port: ask it by the \
    address that it printed, through a tunnel by one with the same port";
const NOT_ITS_PAGE: &str = "this server answers its own page only";

/// Sent with every answer: the page may ask nobody but this server, and nobody may
/// embed it.
const ALWAYS: [(HeaderName, HeaderValue); 7] = [
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
             connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ),
    ),
    (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    ),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    ),
];

/// Lets a request through, or not.
pub(super) async fn guarded(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let mut response = match guard.refuses(request.uri(), request.headers()) {
        None => next.run(request).await,
        Some(reason) => (StatusCode::FORBIDDEN, reason).into_response(),
    };
    response.headers_mut().extend(ALWAYS.clone());
    response
}

impl Guard {
    /// Why a request is not answered, if it is not.
    fn refuses(&self, uri: &Uri, headers: &HeaderMap) -> Option<&'static str> {
        let mut hosts = headers.get_all(header::HOST).iter();
        // Of two, nobody knows which one the next program would take.
        let (Some(host), None) = (hosts.next(), hosts.next()) else {
            return Some(UNKNOWN_HOST);
        };
        let host = host.to_str().unwrap_or_default();
        // A request may name the server in its first line, too.
        let named = uri.authority().is_none_or(|named| named.as_str() == host);
        if !named || !self.knows(host) {
            return Some(UNKNOWN_HOST);
        }
        let own = |origin: &HeaderValue| {
            let origin = origin.to_str().unwrap_or_default();
            origin.strip_prefix("http://") == Some(host)
        };
        if !headers.get_all(header::ORIGIN).iter().all(own) {
            return Some(NOT_ITS_PAGE);
        }
        // Following a link to a page from elsewhere is fine; fetching from elsewhere is not.
        let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or(""));
        let site = text("sec-fetch-site").unwrap_or("none");
        let mode = text("sec-fetch-mode").unwrap_or("navigate");
        let follows = mode == "navigate" && !uri.path().starts_with("/api/");
        if !matches!(site, "same-origin" | "none") && !follows {
            return Some(NOT_ITS_PAGE);
        }
        None
    }

    /// Whether a `Host` is this server. One that is a name can be made to point
    /// here by whoever owns the name, an address cannot. Beyond this machine, a port
    /// may have been forwarded under another number.
    fn knows(&self, host: &str) -> bool {
        let Ok(authority) = host.parse::<Authority>() else {
            return false;
        };
        let port = authority.port_u16().unwrap_or(80);
        if host.contains('@') || (self.loopback && port != self.port) {
            return false;
        }
        let name = authority.host();
        let address = match name.strip_prefix('[') {
            Some(rest) => rest
                .strip_suffix(']')
                .and_then(|address| address.parse().ok().map(IpAddr::V6)),
            None => name.parse().ok().map(IpAddr::V4),
        };
        match address {
            Some(address) => !self.loopback || address.is_loopback(),
            None => name.eq_ignore_ascii_case("localhost") || name.eq_ignore_ascii_case(&self.host),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(host: &str, headers: &[(&'static str, &'static str)], answered: bool) {
        let guard = Guard {
            host: "127.0.0.1".to_owned(),
            loopback: true,
            port: 8642,
        };
        let mut all = HeaderMap::new();
        all.insert(header::HOST, host.parse().expect("a header"));
        for (name, value) in headers {
            all.append(*name, HeaderValue::from_static(value));
        }
        let refusal = guard.refuses(&Uri::from_static("/"), &all);
        assert_eq!(
            refusal.is_none(),
            answered,
            "{host} {headers:?}: {refusal:?}"
        );
    }

    #[test]
    fn only_its_own_names_are_answered() {
        check("127.0.0.1:8642", &[], true);
        check("localhost:8642", &[], true);
        check("[::1]:8642", &[], true);
        check("LOCALHOST:8642", &[], true);
        check("", &[], false);
        check("localhost", &[], false);
        check("localhost:80", &[], false);
        check("localhost:", &[], false);
        check("localhost:8642:8642", &[], false);
        check("localhost.:8642", &[], false);
        check("[127.0.0.1]:8642", &[], false);
        check("::1:8642", &[], false);
        check("0.0.0.0:8642", &[], false);
        check("2130706433:8642", &[], false);
        check("localhost:8642", &[("host", "evil.example:8642")], false);
        check("localhost:8642", &[("host", "localhost:8642")], false);
        check("evil.example:8642", &[], false);
        check("localhost.evil.example", &[], false);
        check("127.0.0.1.evil.example", &[], false);
        check("192.168.0.7:8642", &[], false);
        check("localhost:80@evil.example", &[], false);
        check("evil@localhost:8642", &[], false);
    }

    #[test]
    fn a_request_that_names_no_host_or_another_one_is_not_answered() {
        let guard = Guard {
            host: "127.0.0.1".to_owned(),
            loopback: true,
            port: 8642,
        };
        let own = HeaderMap::from_iter([(header::HOST, HeaderValue::from_static("[::1]:8642"))]);
        let none = HeaderMap::new();
        let refused = |uri, headers| guard.refuses(&Uri::from_static(uri), headers).is_some();
        assert!(refused("/", &none));
        assert!(refused("http://evil.example/", &own));
        assert!(!refused("http://[::1]:8642/", &own));
    }

    #[test]
    fn a_link_from_elsewhere_leads_to_the_page_and_not_to_its_data() {
        let guard = Guard {
            host: "127.0.0.1".to_owned(),
            loopback: true,
            port: 8642,
        };
        let headers = HeaderMap::from_iter([
            (header::HOST, HeaderValue::from_static("localhost:8642")),
            (
                HeaderName::from_static("sec-fetch-site"),
                HeaderValue::from_static("cross-site"),
            ),
        ]);
        let refused = |uri| guard.refuses(&Uri::from_static(uri), &headers).is_some();
        assert!(!refused("/"));
        assert!(refused("/api/runs"));
    }

    #[test]
    fn other_pages_are_not_answered() {
        let own = "http://localhost:8642";
        check("localhost:8642", &[("origin", own)], true);
        check(
            "localhost:8642",
            &[("origin", "http://localhost:3000")],
            false,
        );
        check(
            "localhost:8642",
            &[("origin", "https://localhost:8642")],
            false,
        );
        check("localhost:8642", &[("origin", "null")], false);
        check(
            "localhost:8642",
            &[("origin", own), ("origin", "http://evil.example")],
            false,
        );
        let elsewhere = ("sec-fetch-site", "cross-site");
        check(
            "localhost:8642",
            &[elsewhere, ("sec-fetch-mode", "no-cors")],
            false,
        );
        check(
            "localhost:8642",
            &[elsewhere, ("sec-fetch-mode", "navigate")],
            true,
        );
        check(
            "localhost:8642",
            &[
                ("sec-fetch-site", "same-origin"),
                ("sec-fetch-mode", "cors"),
            ],
            true,
        );
    }

    #[test]
    fn listening_beyond_this_machine_answers_to_addresses_but_not_to_any_name() {
        let guard = Guard {
            host: "box.lan".to_owned(),
            loopback: false,
            port: 8642,
        };
        assert!(guard.knows("192.168.0.7:80"));
        assert!(guard.knows("box.lan:8642"));
        assert!(!guard.knows("evil.example:8642"));
    }
}
