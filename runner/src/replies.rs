//! Keeps a run's replies in a folder, and plays a run by such a folder.
//!
//! The files of the replies are the agent's business
//! ([`agent_react::recording`]); what a run adds is its configuration, beside them,
//! so that the folder is all it takes to play the run again.

use std::path::Path;
use std::{fs, io};

use agent_react::recording::Replayed;
use toml::{Table, Value};

use crate::config::{self, Config, Layer};
use crate::episode::EpisodeConfig;
use crate::exit::Coded;

/// The configuration of the recorded run, in its folder.
const CONFIG: &str = "config.toml";

/// Its prompt, where that was a file of the user's.
const PROMPT: &str = "prompt.md";

/// Prepares a folder to record into. One that holds a recording is taken only where
/// that is continued.
///
/// # Errors
///
/// Where it holds another recording or anything else, or cannot be written.
pub fn begin(folder: &Path, config: &Config, continued: bool) -> anyhow::Result<()> {
    let path = folder.join(CONFIG);
    if path.exists() && !continued {
        return Err(Coded::usage(format!(
            "{} holds a recording already: name another folder, or remove it",
            folder.display()
        ))
        .into());
    }
    let cannot =
        |error: io::Error| Coded::usage(format!("cannot record in {}: {error}", folder.display()));
    fs::create_dir_all(folder).map_err(cannot)?;
    let is_foreign = !path.exists() && fs::read_dir(folder).map_err(cannot)?.next().is_some();
    if is_foreign {
        return Err(Coded::usage(format!(
            "{} holds something else: name a folder that is empty or not there yet",
            folder.display()
        ))
        .into());
    }
    let mut table = Table::try_from(config.without_secrets())?;
    leave_out(&mut table, "run", &["traces"]);
    leave_out(&mut table, "endpoint", &["headers", "query"]);
    let prompt = Path::new(&config.agent.prompt);
    if prompt.is_file() {
        fs::copy(prompt, folder.join(PROMPT)).map_err(cannot)?;
        set(&mut table, "agent", "prompt", PROMPT.into());
    }
    let text = format!(
        "# The run whose replies are beside this file. `runner --replay {}` plays it again.\n\n{table}",
        folder.display()
    );
    fs::write(&path, text).map_err(cannot)?;
    Ok(())
}

fn set(table: &mut Table, section: &str, key: &str, value: Value) {
    if let Some(section) = table.get_mut(section).and_then(Value::as_table_mut) {
        section.insert(key.to_owned(), value);
    }
}

/// What is of this machine, or not stored.
fn leave_out(table: &mut Table, section: &str, keys: &[&str]) {
    if let Some(section) = table.get_mut(section).and_then(Value::as_table_mut) {
        section.retain(|key, _| !keys.contains(&key));
    }
}

/// The configuration of a recorded run.
///
/// # Errors
///
/// Where the folder holds none.
pub fn layer(folder: &Path) -> anyhow::Result<Layer> {
    let path = folder.join(CONFIG);
    if !path.is_file() {
        return Err(Coded::usage(format!(
            "{} holds no recording: `runner --record {}` makes one",
            folder.display(),
            folder.display()
        ))
        .into());
    }
    let mut layer = config::file_layer(&path)?;
    let prompt = folder.join(PROMPT);
    if prompt.is_file() {
        let prompt = prompt.to_string_lossy().into_owned();
        set(&mut layer.table, "agent", "prompt", prompt.into());
    }
    Ok(layer)
}

/// Checks that every episode was recorded.
///
/// # Errors
///
/// The first that was not, or whose recording cannot be read.
pub fn check(folder: &Path, episodes: &[EpisodeConfig]) -> Result<(), Coded> {
    for EpisodeConfig { model, seed, .. } in episodes {
        Replayed::open(folder, model, *seed).map_err(|error| Coded::usage(error.to_string()))?;
    }
    Ok(())
}
