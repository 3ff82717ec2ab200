//! Writes an endpoint down as a file that can be given in its place.
//!
//! Only what is not usual is written, and nothing that may be secret: not the key, not
//! the values of headers, and of query parameters only those that can be shown.

use std::time::Duration;

use toml::{Table, Value};

use super::secret::is_telling;
use super::{EndpointConfig, Preset, Quirks, Timeouts};

impl EndpointConfig {
    /// The endpoint as a file of the form of `configs/endpoints/*.toml`, with what was
    /// learned of it.
    pub(crate) fn described(&self, learned: &Quirks) -> String {
        let usual = Preset::default();
        let mut file = Table::new();
        file.insert("base_url".into(), self.address().into());
        file.insert("key_variable".into(), self.key_variable.as_str().into());
        if self.key_header != usual.key_header {
            file.insert("key_header".into(), self.key_header.as_str().into());
        }
        if self.concurrency != usual.concurrency {
            let calls = i64::try_from(self.concurrency).unwrap_or(i64::MAX);
            file.insert("concurrency".into(), calls.into());
        }
        let query = self.query.iter().filter(|(name, _)| !is_telling(name));
        let query = query.map(|(name, value)| (name.clone(), value.expose().into()));
        for (section, keys) in [
            ("query", query.collect()),
            ("extra_body", table(&self.extra_body)),
            ("quirks", differing(table(learned), &table(&usual.quirks))),
            ("timeouts", timeouts(&self.timeouts)),
        ] {
            if !keys.is_empty() {
                file.insert(section.into(), Value::Table(keys));
            }
        }
        let mut text = file.to_string();
        let secret = self.query.keys().filter(|name| is_telling(name));
        let left_out = secret
            .map(|name| ("query", name))
            .chain(self.headers.keys().map(|name| ("headers", name)));
        for (section, name) in left_out {
            text.push_str(&format!(
                "# To be added under [{section}]: {name:?}, whose value may be secret.\n"
            ));
        }
        text
    }
}

fn table(of: &impl serde::Serialize) -> Table {
    Table::try_from(of).unwrap_or_default()
}

fn differing(keys: Table, usual: &Table) -> Table {
    let differs = |(key, value): &(String, Value)| usual.get(key) != Some(value);
    keys.into_iter().filter(differs).collect()
}

fn timeouts(timeouts: &Timeouts) -> Table {
    let Timeouts {
        connect,
        headers,
        idle,
        total,
    } = Timeouts::default();
    let seconds = |time: Duration| Value::from(time.as_secs_f64());
    [
        ("connect", timeouts.connect, connect),
        ("headers", timeouts.headers, headers),
        ("idle", timeouts.idle, idle),
        ("total", timeouts.total, total),
    ]
    .into_iter()
    .filter(|(_, time, usual)| time != usual)
    .map(|(name, time, _)| (name.to_owned(), seconds(time)))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::Secret;
    use crate::model::Protocol;

    /// What one is told to keep works as well as what was examined.
    #[test]
    fn a_description_is_read_as_the_endpoint_it_describes() {
        let mut classic = EndpointConfig::resolve(
            "https://mine.openai.azure.com/openai/deployments/d?api-version=2024-10-21",
            "m",
        )
        .expect("an address");
        classic.api_key = Some(Secret::new("not-to-be-seen"));
        let local = EndpointConfig::resolve("llama-cpp", "m").expect("a preset");
        for config in [classic, local] {
            let learned = Quirks {
                protocol: Protocol::JsonSchema,
                omit: ["seed".to_owned()].into(),
                ..config.quirks.clone()
            };
            let text = config.described(&learned);
            let preset = Preset::from_toml("mine", &text).expect("a valid description");
            let read = EndpointConfig::from_preset(&preset, "m").expect("an endpoint");
            assert_eq!(
                (&read.query, &read.key_header, &read.key_variable),
                (&config.query, &config.key_header, &config.key_variable)
            );
            assert_eq!(
                (read.address(), &read.timeouts, read.concurrency),
                (config.address(), &config.timeouts, config.concurrency)
            );
            assert_eq!(read.quirks, learned);
            assert!(
                !text.contains("not-to-be-seen") && !text.contains("stream"),
                "{text}"
            );
        }
    }

    #[test]
    fn what_may_be_secret_is_only_named() {
        let mut config =
            EndpointConfig::resolve("http://h?key=topsecret1&tier=2", "m").expect("an address");
        config
            .headers
            .insert("x-team".into(), Secret::new("topsecret2"));
        let text = config.described(&Quirks::default());
        assert!(!text.contains("topsecret"), "{text}");
        for part in ["tier = \"2\"", "[query]: \"key\"", "[headers]: \"x-team\""] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }
}
