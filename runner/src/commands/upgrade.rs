//! `runner upgrade`: brings a trace file of an earlier version up to date.

use tracer::Store;
use tracer::store::SCHEMA_VERSION;

use crate::args::UpgradeArgs;
use crate::exit::Exit;
use crate::output;

/// Upgrades the file, and says from which version.
pub(super) fn upgrade(args: &UpgradeArgs) -> anyhow::Result<Exit> {
    let found = Store::upgrade(&args.path)?;
    let path = args.path.display();
    let text = match found == SCHEMA_VERSION {
        true => format!("{path} has schema {found}, the newest: nothing to do"),
        false => format!("{path} had schema {found} and has {SCHEMA_VERSION} now"),
    };
    output::line(&text)?;
    Ok(Exit::Done)
}
