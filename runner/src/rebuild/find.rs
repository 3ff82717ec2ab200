//! Finds the session that is meant by the first characters of its id.

use std::path::PathBuf;

use tracer::store::Store;

use crate::exit::Coded;

/// That no session is meant.
#[derive(Debug, thiserror::Error)]
#[error("{} holds no session {id:?}: `runner sessions` lists them", path.display())]
pub struct NoSession {
    /// The trace file.
    path: PathBuf,
    /// What was asked for.
    id: String,
}

/// How many candidates an error names.
const SHOWN: usize = 4;

/// The id of the only session in the file that begins with `id`.
///
/// # Errors
///
/// Where there is no such session, or more than one, or the file cannot be read.
pub fn find_session(store: &Store, id: &str) -> anyhow::Result<String> {
    if id.is_empty() {
        let hint = "a session is named by its id, or the first characters of it: \
                    `runner sessions` lists them";
        return Err(Coded::usage(hint).into());
    }
    let ids = store.session_ids()?;
    let mut begun: Vec<&String> = ids.iter().filter(|each| each.starts_with(id)).collect();
    // The whole id of one session may be how another begins.
    if let Some(exact) = begun.iter().position(|each| *each == id) {
        begun = vec![begun[exact]];
    }
    let path = store.path().display();
    match &begun[..] {
        [only] => Ok((*only).clone()),
        [] => Err(NoSession {
            path: store.path().to_owned(),
            id: id.to_owned(),
        }
        .into()),
        several => {
            let shown: Vec<&str> = several.iter().take(SHOWN).map(|id| id.as_str()).collect();
            let more = if several.len() > SHOWN { ", …" } else { "" };
            Err(Coded::usage(format!(
                "{path} holds {} sessions that begin with {id}: {}{more}; say more of it",
                several.len(),
                shown.join(", "),
            ))
            .into())
        }
    }
}
