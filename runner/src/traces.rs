//! Opens trace files for the commands that read them.

use std::path::Path;

use tracer::store::{Reach, Store, StoreError};

use crate::output;

/// Opens a trace file for reading. While another process writes it, that is a copy of what
/// was in it a moment ago, and the user is told so.
///
/// # Errors
///
/// Where it is no trace file of this version, or cannot be read.
pub fn open(path: &Path) -> Result<Store, StoreError> {
    open_within(path, Reach::Files)
}

/// As [`open`], with a bound on what statements reach.
///
/// # Errors
///
/// As [`open`].
pub fn open_within(path: &Path, reach: Reach) -> Result<Store, StoreError> {
    let holder = match Store::open(path, reach) {
        Err(StoreError::Locked { holder, .. }) => holder,
        opened => return opened,
    };
    let progress = output::spinner("copying the trace file, which is being written");
    let copied = Store::open_copy(path, reach);
    progress.finish_and_clear();
    let store = copied?;
    if let Some(time) = store.copied_at() {
        output::note(&format!(
            "note: {holder} is writing {}: this is what it held at {} UTC",
            path.display(),
            time.strftime("%H:%M:%S")
        ));
    }
    Ok(store)
}

/// Refuses an address of something elsewhere: what DuckDB would fetch, or make a folder of.
///
/// # Errors
///
/// What is wrong with it.
pub fn refuse_address(path: &Path) -> Result<(), &'static str> {
    match path.to_string_lossy().contains("://") {
        true => Err("a trace file lies on this machine: name its path"),
        false => Ok(()),
    }
}
