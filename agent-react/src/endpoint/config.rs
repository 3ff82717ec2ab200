//! The validated settings of one endpoint and model.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use base64::{Engine as _, prelude::BASE64_STANDARD as STANDARD};
use reqwest::header::{HeaderName, HeaderValue};
use serde::Deserialize;
use serde_json::{Map, Value};
use url::{Host, Url};

use super::secret::{is_public_header, is_telling};
use super::{Preset, Quirks, Secret};
use crate::duration::seconds;
use crate::retry::RetryPolicy;

/// Where a model is served and how to talk to it.
///
/// `Debug` shows no key, no header's value and no query.
#[derive(Clone)]
pub struct EndpointConfig {
    base: Url,
    /// The model asked for.
    pub model: String,
    /// Sent in [`key_header`](Self::key_header) if there is one.
    pub api_key: Option<Secret>,
    /// The environment variable that customarily holds the key.
    pub key_variable: String,
    /// `authorization` sends `Bearer <key>`, any other header the bare key.
    pub key_header: String,
    /// Further headers.
    pub headers: BTreeMap<String, Secret>,
    /// Query parameters of every request.
    pub query: BTreeMap<String, Secret>,
    /// Further fields of every request's body.
    pub extra_body: Map<String, Value>,
    /// How requests must look.
    pub quirks: Quirks,
    /// The most calls in flight at once.
    pub concurrency: usize,
    /// How long to wait for what.
    pub timeouts: Timeouts,
    /// How often to try.
    pub retry: RetryPolicy,
    /// The name the trace gives the provider.
    pub provider: String,
}

/// How long an attempt may take.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Timeouts {
    /// Until the connection stands.
    #[serde(with = "seconds")]
    pub connect: Duration,
    /// From the request to the answer's headers: without streaming, most servers
    /// send them only when the reply is finished.
    #[serde(with = "seconds")]
    pub headers: Duration,
    /// Between two pieces of the answer.
    #[serde(with = "seconds")]
    pub idle: Duration,
    /// For everything.
    #[serde(with = "seconds")]
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Timeouts {
        Timeouts {
            connect: Duration::from_secs(10),
            headers: Duration::from_secs(300),
            idle: Duration::from_secs(60),
            total: Duration::from_secs(600),
        }
    }
}

/// An endpoint that cannot be used as it is configured.
#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    /// Neither a URL nor a known name.
    #[error("unknown endpoint {given:?}: give a URL, a TOML file, or one of {known}")]
    Unknown {
        /// What was given.
        given: String,
        /// The names there are.
        known: String,
    },
    /// Not an HTTP address.
    #[error("{given:?} is no address of an endpoint: {reason}")]
    Address {
        /// What was given, without credentials.
        given: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A header or key that HTTP cannot carry.
    #[error("the header {name:?} cannot be sent: {reason}")]
    Header {
        /// The header's name.
        name: String,
        /// What is wrong; never the value.
        reason: String,
    },
    /// A description of an endpoint that cannot be read.
    #[error("cannot read the endpoint {name}: {reason}")]
    Preset {
        /// The preset's name or file.
        name: String,
        /// The first thing that is wrong, with its place.
        reason: String,
    },
    /// The HTTP client could not be set up.
    #[error("cannot set up HTTP: {0}")]
    Client(String),
}

impl EndpointConfig {
    /// An endpoint by URL, by the name of a preset, or by a file of the same form
    /// (`*.toml`). A URL whose host a preset knows gets that preset's settings.
    ///
    /// # Errors
    ///
    /// If it is none of these, or the file cannot be read.
    pub fn resolve(endpoint: &str, model: &str) -> Result<EndpointConfig, EndpointError> {
        if endpoint.ends_with(".toml") {
            let preset = Preset::from_file(Path::new(endpoint))?;
            return EndpointConfig::from_preset(&preset, model);
        }
        if !endpoint.contains("://") && endpoint.contains([':', '/', '.']) {
            let given = endpoint.rsplit('@').next().unwrap_or_default();
            return Err(EndpointError::Address {
                given: given.to_owned(),
                reason: format!("did you mean http://{given}?"),
            });
        }
        if !endpoint.contains("://") {
            let preset = Preset::named(endpoint)?;
            if preset.base_url.contains(PLACEHOLDER) {
                return Err(EndpointError::Address {
                    given: preset.base_url,
                    reason: format!(
                        "{PLACEHOLDER} stands for the name of your own: give --endpoint with \
                         your address"
                    ),
                });
            }
            return EndpointConfig::from_preset(&preset, model);
        }
        let base = parse_base(endpoint)?;
        let mut config = match Preset::for_host(base.host_str().unwrap_or_default())? {
            Some(preset) => EndpointConfig::from_preset(&preset, model)?,
            None => EndpointConfig::plain(base.clone(), model),
        };
        config.take_query(&base);
        config.base = base;
        Ok(config)
    }

    /// An endpoint as a preset or a file of the user's describes it.
    ///
    /// # Errors
    ///
    /// If its address is none.
    pub fn from_preset(preset: &Preset, model: &str) -> Result<EndpointConfig, EndpointError> {
        let base = parse_base(&preset.base_url)?;
        let preset = preset.clone();
        let mut config = EndpointConfig {
            key_variable: preset.key_variable,
            key_header: preset.key_header,
            headers: preset.headers,
            query: preset.query,
            extra_body: preset.extra_body,
            quirks: preset.quirks,
            timeouts: preset.timeouts,
            retry: preset.retry,
            concurrency: preset.concurrency,
            provider: preset.name,
            ..EndpointConfig::plain(base.clone(), model)
        };
        config.take_query(&base);
        Ok(config)
    }

    fn plain(base: Url, model: &str) -> EndpointConfig {
        let host = base.host_str().unwrap_or_default();
        let provider = match base.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        let Preset {
            key_variable,
            key_header,
            concurrency,
            ..
        } = Preset::default();
        EndpointConfig {
            base,
            model: model.to_owned(),
            api_key: None,
            key_variable,
            key_header,
            headers: BTreeMap::new(),
            query: BTreeMap::new(),
            extra_body: Map::new(),
            quirks: Quirks::default(),
            concurrency,
            timeouts: Timeouts::default(),
            retry: RetryPolicy::default(),
            provider,
        }
    }

    /// The base address without credentials and query, as it may be shown.
    pub fn address(&self) -> String {
        self.bases().first().map(shown).unwrap_or_default()
    }

    /// The places the API may be at, likeliest first. A host alone means `/v1`
    /// there; a path of its own is taken as it is, then with `/v1`; a path that
    /// names a version is meant so.
    pub(crate) fn bases(&self) -> Vec<Url> {
        let path = self.base.path().trim_end_matches('/').to_owned();
        let at = |path: String| {
            let mut url = self.base.clone();
            url.set_path(&path);
            url.set_query(None);
            url
        };
        let is_version = |segment: &str| {
            let digits = segment.strip_prefix('v').unwrap_or_default();
            digits.starts_with(|c: char| c.is_ascii_digit())
        };
        if path.is_empty() {
            vec![at("/v1".into()), at("/".into())]
        } else if path.split('/').any(is_version) {
            vec![at(path)]
        } else {
            vec![at(path.clone()), at(format!("{path}/v1"))]
        }
    }

    /// Whether it is a hosted provider we know, which answers nobody without a key.
    pub fn wants_key(&self) -> bool {
        !self.is_local() && Preset::names().any(|name| name == self.provider)
    }

    /// Whether the endpoint is on this machine, where no proxy belongs between.
    pub(crate) fn is_local(&self) -> bool {
        match self.base.host() {
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
    }

    /// The headers of every request, the key among them.
    pub(crate) fn header_map(&self) -> Result<reqwest::header::HeaderMap, EndpointError> {
        let mut map = reqwest::header::HeaderMap::new();
        let key = self.api_key.as_ref().map(|key| {
            let value = match self.key_header.eq_ignore_ascii_case("authorization") {
                true => Secret::new(&format!("Bearer {}", key.expose())),
                false => key.clone(),
            };
            (&self.key_header, value)
        });
        let others = self
            .headers
            .iter()
            .map(|(name, value)| (name, value.clone()));
        for (name, secret) in key.into_iter().chain(others) {
            let fault = |reason: String| EndpointError::Header {
                name: name.clone(),
                reason,
            };
            let header = HeaderName::try_from(name).map_err(|error| fault(error.to_string()))?;
            let mut value = HeaderValue::from_str(secret.expose())
                .map_err(|_| fault("its value holds characters HTTP does not allow".into()))?;
            value.set_sensitive(true);
            map.insert(header, value);
        }
        Ok(map)
    }

    /// Everything that must not be written anywhere: the key, the values of headers of
    /// the user's own, and those of query parameters by whose names they are secret.
    pub fn secrets(&self) -> Vec<Secret> {
        let headers = self
            .headers
            .iter()
            .filter(|(name, _)| !is_public_header(name));
        let query = self.query.iter().filter(|(name, _)| is_telling(name));
        let named = headers.chain(query).map(|(_, value)| value);
        let encoded = self.api_key.iter();
        let encoded = encoded.map(|key| Secret::new(&STANDARD.encode(key.expose())));
        let key = self.api_key.iter();
        key.chain(named).cloned().chain(encoded).collect()
    }

    fn take_query(&mut self, url: &Url) {
        let pairs = url
            .query_pairs()
            .map(|(name, value)| (name.into_owned(), Secret::new(&value)));
        self.query.extend(pairs);
    }
}

impl std::fmt::Debug for EndpointConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EndpointConfig")
            .field("address", &self.address())
            .field("model", &self.model)
            .field("api_key", &self.api_key)
            .field("quirks", &self.quirks)
            .finish_non_exhaustive()
    }
}

/// What stands in a preset's address where everyone has one of their own.
const PLACEHOLDER: &str = "RESOURCE";

/// The address without credentials and query.
pub(crate) fn shown(url: &Url) -> String {
    let path = url.path().trim_end_matches('/');
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{}://{host}:{port}{path}", url.scheme()),
        None => format!("{}://{host}{path}", url.scheme()),
    }
}

fn parse_base(text: &str) -> Result<Url, EndpointError> {
    let fault = |reason: &str| EndpointError::Address {
        given: text
            .split('@')
            .next_back()
            .unwrap_or_default()
            .split('?')
            .next()
            .unwrap_or_default()
            .to_owned(),
        reason: reason.to_owned(),
    };
    let mut url = Url::parse(text.trim()).map_err(|error| fault(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(fault("it must begin with http:// or https://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(fault(
            "it holds a user or a password, which would be shown with it; set the variable of \
             the key instead, or a header `authorization` under `headers`",
        ));
    }
    let path = url.path().trim_end_matches('/');
    let path = path
        .strip_suffix("/chat/completions")
        .unwrap_or(path)
        .to_owned();
    url.set_path(&path);
    url.set_fragment(None);
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(given: &str, expected: &[&str]) {
        let config = EndpointConfig::resolve(given, "m").expect("a valid address");
        let bases: Vec<String> = config.bases().iter().map(shown).collect();
        assert_eq!(bases, expected, "{given}");
    }

    #[test]
    fn a_base_url_comes_with_or_without_its_version() {
        check("http://h:1", &["http://h:1/v1", "http://h:1"]);
        check("http://h:1/", &["http://h:1/v1", "http://h:1"]);
        check("http://h/v1/", &["http://h/v1"]);
        check("http://h/v1/chat/completions", &["http://h/v1"]);
        check(
            "https://h/proxy",
            &["https://h/proxy", "https://h/proxy/v1"],
        );
        check("https://h/v1beta/openai/", &["https://h/v1beta/openai"]);
        check("https://h/v1?api-version=1", &["https://h/v1"]);
    }

    #[test]
    fn nothing_secret_is_shown() {
        let mut config =
            EndpointConfig::resolve("https://h/v1?key=topsecret1", "m").expect("valid");
        config.api_key = Some(Secret::new("sk-verysecret"));
        let text = format!("{config:?} {}", config.address());
        for secret in ["topsecret1", "sk-verysecret"] {
            assert!(!text.contains(secret), "{text}");
            assert!(
                config
                    .secrets()
                    .iter()
                    .any(|known| known.expose().contains(secret))
            );
        }
    }

    #[test]
    fn what_is_no_endpoint_is_said() {
        let message = |given| {
            EndpointConfig::resolve(given, "m")
                .expect_err("invalid")
                .to_string()
        };
        assert!(message("ftp://h").contains("http://"));
        for address in ["http://user:password1@", "http://user:password1@h:1/v1"] {
            let said = message(address);
            assert!(
                said.contains("no address") && !said.contains("password1"),
                "{said}"
            );
        }
        assert!(message("http://user:password1@h:1/v1").contains("`headers`"));
        assert!(message("127.0.0.1:8080/v1").contains("did you mean http://127.0.0.1:8080/v1?"));
        assert!(
            message("azure").contains("your own"),
            "{}",
            message("azure")
        );
        assert!(message("grok").contains("groq"), "{}", message("grok"));
    }

    #[test]
    fn a_key_no_header_can_carry_is_an_error_that_hides_it() {
        let mut config = EndpointConfig::resolve("http://h", "m").expect("valid");
        config.api_key = Some(Secret::new("two\nlines"));
        let message = config.header_map().expect_err("invalid").to_string();
        assert!(
            message.contains("authorization") && !message.contains("lines"),
            "{message}"
        );
    }
}
