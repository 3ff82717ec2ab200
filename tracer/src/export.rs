//! Writes what a trace file holds in forms that other programs take: tables as Parquet,
//! whole sessions as JSON, conversations as JSONL for fine-tuning.

mod finetuning;

use std::fs;
use std::path::{Path, PathBuf};

pub use finetuning::{FineTuned, FineTuning, Window};

use crate::store::{Store, StoreError};
use crate::trace_json;

/// The tables, each with the order of its rows; and the view that has what the requests in
/// `events` only refer to.
const TABLES: [(&str, &str); 12] = [
    ("session_traces", "created_at, session_id"),
    ("session_timesteps", "id"),
    ("events", "id"),
    ("llm_calls", "event_id, call"),
    ("request_parts", "session_id, part"),
    ("messages", "id"),
    ("hook_results", "event_id, priority, hook_name"),
    ("rewards", "session_id, seq"),
    ("systems", "id"),
    ("system_versions", "id"),
    ("experiments", "id"),
    (
        "experimental_systems",
        "experiment_id, system_id, system_version_id",
    ),
];

impl Store {
    /// Writes each table, and the view `llm_calls`, into a Parquet file of its name, and
    /// gives the files.
    pub fn export_parquet(&self, folder: &Path) -> Result<Vec<PathBuf>, StoreError> {
        make_folder(folder)?;
        let export = |(table, order): (&str, &str)| {
            let file = folder.join(format!("{table}.parquet"));
            let target = file.to_string_lossy().replace('\'', "''");
            let sql = format!(
                "copy (select * from {table} order by {order})
                 to '{target}' (format parquet, compression zstd)"
            );
            self.connection()
                .execute_batch(&sql)
                .map_err(|error| StoreError::query(&file, error))?;
            Ok(file)
        };
        TABLES.into_iter().map(export).collect()
    }

    /// Writes a session into a JSON file of its id, as [`trace_json`] does, in one line, so
    /// that such files can be joined into one. Gives the file.
    pub fn export_json(&self, session_id: &str, folder: &Path) -> Result<PathBuf, StoreError> {
        let trace = self.session_trace(session_id)?;
        make_folder(folder)?;
        let file = folder.join(format!("{}.json", file_name(session_id)));
        let unwritable = |error| StoreError::File {
            path: file.clone(),
            error,
        };
        let text = trace_json::write(&trace).map_err(|error| unwritable(error.into()))?;
        fs::write(&file, text + "\n").map_err(unwritable)?;
        Ok(file)
    }
}

fn make_folder(folder: &Path) -> Result<(), StoreError> {
    fs::create_dir_all(folder).map_err(|error| StoreError::File {
        path: folder.to_owned(),
        error,
    })
}

/// A session's id as the name of a file: whatever could lead elsewhere is written as its
/// code, so that two ids never share a name.
fn file_name(id: &str) -> String {
    let plain = |it: char| it.is_alphanumeric() || "-_ ".contains(it);
    id.chars()
        .map(|it| {
            if plain(it) {
                it.to_string()
            } else {
                format!("%{:02X}", u32::from(it))
            }
        })
        .collect()
}
