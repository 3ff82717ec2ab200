//! Provides the keys that exist, read off the types that hold them, and the
//! answer to one that does not.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde::forward_to_deserialize_any;
use toml::Value;

use super::{Agent, ConfigError, Endpoint, Layer, Limits, Run, Sampling, Tracing, World};

/// The section names with the keys in each.
pub(super) fn sections() -> [(&'static str, &'static [&'static str]); 7] {
    [
        ("run", field_names::<Run>()),
        ("limits", field_names::<Limits>()),
        ("world", field_names::<World>()),
        ("agent", field_names::<Agent>()),
        ("sampling", field_names::<Sampling>()),
        ("endpoint", field_names::<Endpoint>()),
        ("tracing", field_names::<Tracing>()),
    ]
}

/// Every `section.key` there is.
pub(super) fn known_keys() -> Vec<String> {
    sections()
        .iter()
        .flat_map(|(section, keys)| keys.iter().map(move |key| format!("{section}.{key}")))
        .collect()
}

/// Refuses a layer with a section or key that does not exist.
pub(super) fn check_keys(layer: &Layer) -> Result<(), ConfigError> {
    let unknown = |key: String| {
        let hint = hint(&key);
        Err(ConfigError::UnknownKey {
            key,
            origin: layer.origin.clone(),
            hint,
        })
    };
    if layer.table.get("base_url").is_some_and(Value::is_str) {
        return Err(ConfigError::Invalid {
            origin: layer.origin.clone(),
            message: "this describes an endpoint: give it with --endpoint".to_owned(),
        });
    }
    for (section, keys) in &layer.table {
        let known = sections().into_iter().find(|(name, _)| name == section);
        match (known, keys.as_table()) {
            (Some((_, known)), Some(keys)) => {
                if let Some(key) = keys.keys().find(|key| !known.contains(&key.as_str())) {
                    return unknown(format!("{section}.{key}"));
                }
            }
            (Some(_), None) => {
                return Err(ConfigError::Invalid {
                    origin: layer.origin.clone(),
                    message: format!("`{section}` is a section: write [{section}] above its keys"),
                });
            }
            (None, _) => return unknown(section.clone()),
        }
    }
    Ok(())
}

/// What to say about an unknown key: the key of that name elsewhere, else the one
/// of the nearest name in its section, then anywhere, else all.
fn hint(key: &str) -> String {
    let known = known_keys();
    let sections = sections().map(|(section, _)| section.to_owned());
    let (section, name) = key.split_once('.').unwrap_or(("", key));
    let within = |prefix: &str| -> Vec<(&str, &str)> {
        let keys = known.iter().filter_map(|key| key.split_once('.'));
        keys.filter(|(section, _)| prefix.is_empty() || *section == prefix)
            .collect()
    };
    let elsewhere = within("").into_iter().find(|(_, known)| *known == name);
    let near = |prefix: &str| {
        let keys = within(prefix);
        let word = nearest(name, keys.iter().map(|(_, known)| *known))?;
        keys.into_iter().find(|(_, known)| *known == word)
    };
    let meant = match key.contains('.') {
        true => elsewhere.or_else(|| near(section)).or_else(|| near("")),
        false => elsewhere,
    };
    let meant = meant.map(|(section, name)| format!("{section}.{name}"));
    match meant.or_else(|| nearest(key, known.iter().chain(&sections)).cloned()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("the keys are {}", known.join(", ")),
    }
}

/// The candidate most similar to `word`, if any is similar enough to be meant.
pub fn nearest<'a, S: AsRef<str> + ?Sized + 'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a S>,
) -> Option<&'a S> {
    candidates
        .into_iter()
        .map(|candidate| (likeness(word, candidate.as_ref()), candidate))
        .filter(|(similarity, _)| *similarity > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// How much a word is like a candidate, up to 1. In short words one slip of a finger
/// leaves too little in common for a measure that looks at shares.
fn likeness(word: &str, candidate: &str) -> f64 {
    let likeness = strsim::jaro_winkler(word, candidate);
    match word.len() > 1 && candidate.len() > 1 && strsim::osa_distance(word, candidate) == 1 {
        true => likeness.max(0.85),
        false => likeness,
    }
}

/// The field names of a struct, as its `Deserialize` asks for them.
fn field_names<'de, T: Deserialize<'de>>() -> &'static [&'static str] {
    match T::deserialize(FieldProbe) {
        Err(Fields(names)) => names,
        Ok(_) => &[],
    }
}

/// A deserializer that answers any request for a struct with the names of the
/// fields it was asked for.
struct FieldProbe;

#[derive(Debug)]
struct Fields(&'static [&'static str]);

impl<'de> Deserializer<'de> for FieldProbe {
    type Error = Fields;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, Fields> {
        Err(Fields(fields))
    }

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Fields> {
        Err(Fields(&[]))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

impl fmt::Display for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl std::error::Error for Fields {}

impl Error for Fields {
    fn custom<T: fmt::Display>(_message: T) -> Fields {
        Fields(&[])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn every_section_of_the_config_is_known() {
        assert_eq!(
            field_names::<Config>(),
            sections().map(|(section, _)| section)
        );
    }

    #[test]
    fn nearest_wants_some_likeness() {
        assert_eq!(nearest("epsiodes", ["episodes", "seed"]), Some("episodes"));
        assert_eq!(nearest("rn", ["run", "world"]), Some("run"));
        assert_eq!(nearest("xyz", ["episodes", "seed"]), None);
    }
}
