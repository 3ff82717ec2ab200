//! `runner upgrade`: brings a trace file of an earlier version up to date.

use tracer::store::{SCHEMA_VERSION, Store, StoreError};

use crate::args::UpgradeArgs;
use crate::exit::{Coded, Exit};
use crate::output;

/// Upgrades the file, and says from which version.
pub(super) fn upgrade(args: &UpgradeArgs) -> anyhow::Result<Exit> {
    let path = args.path.display();
    let found = match Store::upgrade(&args.path) {
        Err(StoreError::Missing { .. }) => {
            return Err(Coded::usage(format!("{path} does not exist: check the path")).into());
        }
        upgraded => upgraded?,
    };
    let text = match found == SCHEMA_VERSION {
        true => format!("{path} has schema {found}, the newest: nothing to do"),
        false => format!("{path} had schema {found} and has {SCHEMA_VERSION} now"),
    };
    output::line(&text)?;
    Ok(Exit::Done)
}
