//! Says what differs between two configurations, and whether figures depend on it.
//!
//! The keys are read off the configurations themselves. The lists here name those
//! that do not change how an episode is played, so a key that is new counts as one
//! that does until somebody says otherwise.

use std::collections::BTreeSet;
use std::fmt;

use toml::{Table, Value};

use super::Config;

/// What a key of the configuration decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decides {
    /// How far and how fast a run goes, and what of it is kept.
    Course,
    /// Which episodes are played, and by whom.
    Episodes,
    /// Where the model is.
    Place,
    /// How an episode is played.
    Play,
}

/// The keys that decide [`Decides::Course`]. A run that is continued may change them
/// and stay the run it was.
const COURSE: [&str; 13] = [
    "run.episodes",
    "run.concurrency",
    "run.traces",
    "run.until_decided",
    "limits.run_time",
    "limits.max_cost",
    "limits.max_tokens",
    "endpoint.api_key_env",
    "endpoint.headers",
    "endpoint.query",
    "endpoint.prices",
    "endpoint.request_timeout",
    "endpoint.max_attempts",
];

/// The section that decides what of a run is kept, all of which is its course.
const TRACING: &str = "tracing.";

/// The keys that decide [`Decides::Episodes`].
const EPISODES: [&str; 4] = ["run.models", "run.seed", "run.seeds", "run.tasks"];

/// The key that decides [`Decides::Place`].
const PLACE: &str = "endpoint.base_url";

impl Decides {
    /// What `section.key` decides.
    pub fn of(key: &str) -> Decides {
        match key {
            PLACE => Decides::Place,
            _ if COURSE.contains(&key) || key.starts_with(TRACING) => Decides::Course,
            _ if EPISODES.contains(&key) => Decides::Episodes,
            _ => Decides::Play,
        }
    }
}

/// A key that has another value in another configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The `section.key`.
    pub key: String,
    /// Its value in the one configuration, if it is set there.
    pub was: Option<Value>,
    /// Its value in the other.
    pub is: Option<Value>,
}

impl Change {
    /// What the key decides.
    pub fn decides(&self) -> Decides {
        Decides::of(&self.key)
    }

    /// The change as two values side by side, where neither came first.
    pub fn side_by_side(&self) -> String {
        let (was, is) = (shown(self.was.as_ref()), shown(self.is.as_ref()));
        format!("{}: {was} and {is}", self.key)
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (was, is) = (shown(self.was.as_ref()), shown(self.is.as_ref()));
        write!(f, "{} was {was} and is {is}", self.key)
    }
}

/// A value as a person would write it. Numbers that are kept with single precision
/// are written with as many digits as that has.
fn shown(value: Option<&Value>) -> String {
    match value {
        None => "unset".to_owned(),
        Some(Value::Float(number)) if f64::from(*number as f32) == *number => {
            (*number as f32).to_string()
        }
        Some(value) => value.to_string(),
    }
}

/// Every key that differs, in the order of the alphabet.
///
/// # Errors
///
/// Where a configuration holds a number that TOML cannot.
pub fn changes(before: &Config, now: &Config) -> Result<Vec<Change>, toml::ser::Error> {
    let (before, now) = (Table::try_from(before)?, Table::try_from(now)?);
    let keys: BTreeSet<(&str, &str)> = pairs(&before).chain(pairs(&now)).collect();
    let value = |table: &Table, (section, key): (&str, &str)| {
        table.get(section).and_then(|keys| keys.get(key)).cloned()
    };
    let change = |path: (&str, &str)| Change {
        key: format!("{}.{}", path.0, path.1),
        was: value(&before, path),
        is: value(&now, path),
    };
    Ok(keys
        .into_iter()
        .map(change)
        .filter(|change| change.was != change.is)
        .collect())
}

/// The section and the name of every key that is set.
fn pairs(table: &Table) -> impl Iterator<Item = (&str, &str)> {
    table.iter().flat_map(|(section, keys)| {
        let keys = keys.as_table().into_iter().flat_map(Table::keys);
        keys.map(move |key| (section.as_str(), key.as_str()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::fields::known_keys;

    #[test]
    fn the_lists_name_keys_there_are() {
        let known = known_keys();
        for key in COURSE.iter().chain(&EPISODES).chain([&PLACE]) {
            assert!(known.iter().any(|each| each == key), "{key}");
        }
    }

    #[test]
    fn the_page_on_runs_names_what_may_change() {
        let page = include_str!("../../../docs/runs.md");
        for key in COURSE.iter().chain([&PLACE]) {
            assert!(page.contains(&format!("`{key}`")), "{key}");
        }
    }

    #[test]
    fn what_differs_is_named_with_what_it_decides() {
        let before = Config::defaults().expect("the defaults");
        let mut now = before.clone();
        now.run.concurrency = Some(3);
        now.limits.max_steps = 5;
        now.limits.max_turns = Some(7);
        now.sampling.temperature = Some(0.3);
        now.endpoint.base_url = Some("groq".to_owned());
        let changes = changes(&before, &now).expect("comparable");
        let said: Vec<_> = changes
            .iter()
            .map(|change| (change.to_string(), change.decides()))
            .collect();
        let said: Vec<_> = said.iter().map(|(text, of)| (text.as_str(), *of)).collect();
        assert_eq!(
            said,
            [
                (
                    "endpoint.base_url was unset and is \"groq\"",
                    Decides::Place
                ),
                ("limits.max_steps was 1000 and is 5", Decides::Play),
                ("limits.max_turns was unset and is 7", Decides::Play),
                ("run.concurrency was unset and is 3", Decides::Course),
                ("sampling.temperature was unset and is 0.3", Decides::Play),
            ]
        );
    }
}
