//! `runner import`: sessions from elsewhere, into a trace file.

use std::path::Path;

use serde::Serialize;
use tracer::{Conflict, Imported, Importer, StoreError};

use crate::args::ImportArgs;
use crate::exit::{Coded, Exit};
use crate::output::{self, counted};

/// What one file brought.
#[derive(Serialize)]
struct Brought<'a> {
    file: &'a Path,
    #[serde(flatten)]
    imported: Imported,
}

/// Imports file by file, and says what each brought.
pub(super) fn import(args: &ImportArgs) -> anyhow::Result<Exit> {
    args.sources
        .iter()
        .try_for_each(|source| refuse_no_file(source))?;
    let conflict = match args.replace {
        true => Conflict::Replace,
        false => Conflict::Refuse,
    };
    let mut importer = Importer::new(&args.traces, conflict);
    let progress = output::progress("importing", args.sources.len());
    let mut brought = Vec::new();
    let mut failure = None;
    for file in &args.sources {
        match importer.import(file) {
            Ok(imported) => brought.push(Brought { file, imported }),
            Err(error) => {
                failure = Some(explained(error));
                break;
            }
        }
        progress.inc(1);
    }
    progress.finish_and_clear();
    importer.finish()?;
    match args.json {
        true => output::json(&brought)?,
        false => brought
            .iter()
            .try_for_each(|brought| output::line(&brought.to_string()))?,
    }
    match failure {
        Some(error) => Err(error),
        None => Ok(Exit::Done),
    }
}

/// The error with the options that are the way out of it.
fn explained(error: StoreError) -> anyhow::Error {
    match error {
        StoreError::SessionDiffers { .. } => Coded::usage(format!(
            "{error} (--replace does the one, --traces the other)"
        ))
        .into(),
        other => other.into(),
    }
}

/// Before anything is imported, a path that leads to no file is noticed.
fn refuse_no_file(source: &Path) -> Result<(), Coded> {
    let path = source.display();
    if source.is_dir() {
        let inside = source.join("*.json");
        return Err(Coded::usage(format!(
            "{path} is a folder: name the files in it, such as {}",
            inside.display()
        )));
    }
    match source.exists() {
        true => Ok(()),
        false => Err(Coded::usage(format!(
            "{path} does not exist: check the path"
        ))),
    }
}

impl std::fmt::Display for Brought<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Imported {
            sessions,
            unchanged,
            records,
        } = self.imported;
        let mut parts = Vec::new();
        if sessions > 0 {
            parts.push(format!("{} imported", counted(sessions, "session")));
        }
        if unchanged > 0 {
            parts.push(format!("{} there already", counted(unchanged, "session")));
        }
        if records > 0 {
            parts.push(format!(
                "{} that had been set aside, each there once now",
                counted(records, "record")
            ));
        }
        if parts.is_empty() {
            parts.push("nothing in it".to_owned());
        }
        write!(f, "{}: {}", self.file.display(), parts.join(", "))
    }
}
