//! Provides the layers configuration comes in, and remembers which of them
//! each value came from.
//!
//! A layer is a table of sections of keys; later layers win key by key. What
//! the values mean is not decided here.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use toml::{Table, Value};

use super::address_without_secrets;
use super::fields::sections;

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The defaults inside the program.
    Default,
    /// An environment variable.
    Environment(&'static str),
    /// A configuration that comes with the program, by name.
    Preset(&'static str),
    /// The file given with `--config`.
    File(PathBuf),
    /// A run in the trace file that is being continued, by id.
    Run(String),
    /// A task set, by name.
    Tasks(String),
    /// A flag on the command line.
    Flags,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Default => f.write_str("default"),
            Origin::Environment(name) => write!(f, "${name}"),
            Origin::Preset(name) => write!(f, "preset {name}"),
            Origin::File(path) => write!(f, "{}", path.display()),
            Origin::Run(id) => write!(f, "run {id}"),
            Origin::Tasks(name) => write!(f, "tasks {name}"),
            Origin::Flags => f.write_str("command line"),
        }
    }
}

/// One layer: sections of keys, and where they came from.
#[derive(Debug, Clone)]
pub struct Layer {
    /// Where the values came from.
    pub origin: Origin,
    /// `section → key → value`.
    pub table: Table,
}

impl Layer {
    /// An empty layer.
    pub fn new(origin: Origin) -> Layer {
        Layer {
            origin,
            table: Table::new(),
        }
    }

    /// Sets `section.key`, where there is a value to set.
    pub fn set(&mut self, section: &str, key: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            let section = self
                .table
                .entry(section)
                .or_insert_with(|| Table::new().into());
            if let Value::Table(section) = section {
                section.insert(key.to_owned(), value.into());
            }
        }
    }
}

/// All layers merged: the value of each `section.key` with its origin, in
/// alphabetical order.
#[derive(Debug, Clone, Default)]
pub struct Settings(BTreeMap<(String, String), (Value, Origin)>);

impl Settings {
    /// Lays `layer` over what is there.
    pub fn apply(&mut self, layer: &Layer) {
        for (section, keys) in &layer.table {
            for (key, value) in keys.as_table().into_iter().flatten() {
                let path = (section.clone(), key.clone());
                self.0.insert(path, (value.clone(), layer.origin.clone()));
            }
        }
    }

    /// The merged table, without origins.
    pub fn table(&self) -> Table {
        let mut merged = Layer::new(Origin::Default);
        for ((section, key), (value, _)) in &self.0 {
            merged.set(section, key, Some(value.clone()));
        }
        merged.table
    }

    /// Where `section.key` came from, if it is set.
    pub fn origin(&self, section: &str, key: &str) -> Option<&Origin> {
        self.0
            .get(&(section.to_owned(), key.to_owned()))
            .map(|(_, origin)| origin)
    }

    /// Every set value as `(section.key, value, origin)`.
    pub fn iter(&self) -> impl Iterator<Item = (String, &Value, &Origin)> {
        self.0
            .iter()
            .map(|((section, key), (value, origin))| (format!("{section}.{key}"), value, origin))
    }
}

impl fmt::Display for Settings {
    /// One line a key: valid TOML, each value with its origin as a comment, and keys
    /// that are unset as comments. Headers and query parameters may hold keys: their
    /// values are not shown, nor is what an address holds of the kind.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut gap = "";
        for (section, keys) in sections() {
            writeln!(f, "{gap}[{section}]")?;
            gap = "\n";
            for key in keys {
                let path = (section.to_owned(), (*key).to_owned());
                match self.0.get(&path) {
                    Some((value, origin)) => {
                        let line = format!("{key} = {}", shown(key, value));
                        writeln!(f, "{line:<44} # {origin}")?;
                    }
                    None => writeln!(f, "# {key} is unset")?,
                }
            }
        }
        Ok(())
    }
}

/// A value as it may be printed: a table but for prices keeps its keys alone, an address
/// what is no secret.
fn shown(key: &str, value: &Value) -> Value {
    match value {
        Value::Table(table) if key != "prices" => {
            let hidden = |(key, _): (&String, &Value)| (key.clone(), Value::from("…"));
            Value::Table(table.iter().map(hidden).collect())
        }
        Value::String(address) if key == "base_url" => address_without_secrets(address).into(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(origin: Origin, text: &str) -> Layer {
        Layer {
            origin,
            table: text.parse().expect("valid TOML"),
        }
    }

    #[test]
    fn later_layers_win_key_by_key_and_are_remembered() {
        let mut settings = Settings::default();
        settings.apply(&layer(Origin::Default, "[run]\nepisodes = 10\nseed = 0"));
        settings.apply(&layer(Origin::File("my.toml".into()), "[run]\nseed = 7"));
        let mut flags = Layer::new(Origin::Flags);
        flags.set("limits", "max_steps", Some(50));
        flags.set("run", "episodes", None::<i64>);
        settings.apply(&flags);
        let printed = settings.to_string();
        let lines: Vec<&str> = printed.lines().take(4).collect();
        assert_eq!(
            lines,
            [
                "[run]",
                "episodes = 10                                # default",
                "seed = 7                                     # my.toml",
                "# seeds is unset",
            ]
        );
        let limit = "max_steps = 50                               # command line";
        assert!(printed.contains(limit), "{printed}");
        printed.parse::<Table>().expect("valid TOML");
        assert_eq!(
            settings.origin("run", "seed"),
            Some(&Origin::File("my.toml".into()))
        );
        assert_eq!(settings.table()["run"]["episodes"].as_integer(), Some(10));
    }

    #[test]
    fn header_and_query_values_are_never_printed() {
        let mut settings = Settings::default();
        let file = "[endpoint]\nbase_url = \"http://u:sk-secret@h/v1?key=sk-secret\"\n\
                    [endpoint.headers]\nAuthorization = \"Bearer sk-secret\"";
        settings.apply(&layer(Origin::File("my.toml".into()), file));
        let printed = settings.to_string();
        assert!(printed.contains("Authorization"), "{printed}");
        assert!(!printed.contains("sk-secret"), "{printed}");
    }
}
