//! `runner errors`: what failed, in which session and turn, and why.

use tracer::store::ErrorEvent;

use super::usage::time_range;
use crate::args::ErrorsArgs;
use crate::exit::Exit;
use crate::output::{self, counted};
use crate::report::text::{right, table};
use crate::traces;

/// Lists failed events, the latest first.
pub(super) fn errors(args: &ErrorsArgs) -> anyhow::Result<Exit> {
    let store = traces::open(&args.file.traces)?;
    let mut errors: Vec<ErrorEvent> = store.error_events(time_range(args.range))?;
    errors.reverse();
    let all = errors.len();
    errors.truncate(args.limit);
    if args.json {
        output::json(&errors)?;
        return Ok(Exit::Done);
    }
    if all == 0 {
        output::line("nothing failed")?;
        return Ok(Exit::Done);
    }
    let header = ["time", "session", "turn", "system", "error", "message"];
    let mut table = table(output::width(), header);
    for error in &errors {
        table.add_row([
            error.time.strftime("%Y-%m-%d %H:%M:%S").to_string().into(),
            error.session_id.clone().into(),
            right(error.turn.map(|turn| turn.to_string()).unwrap_or_default()),
            error.system_instance_id.clone().into(),
            error.error_type.clone().into(),
            error.error_message.clone().unwrap_or_default().into(),
        ]);
    }
    output::line(&table.trim_fmt())?;
    if all > errors.len() {
        let all = counted(all as u64, "error");
        output::line(&format!("({} of {all}: --limit shows more)", errors.len()))?;
    }
    Ok(Exit::Done)
}
