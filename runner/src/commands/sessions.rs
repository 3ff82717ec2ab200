//! `runner sessions`: what sessions a trace file holds.

use tracer::store::SessionSummary;

use crate::args::SessionsArgs;
use crate::exit::Exit;
use crate::output;
use crate::report::find_run;
use crate::report::text::{right, table};
use crate::traces;

/// Lists sessions, the latest first.
pub(super) fn sessions(args: &SessionsArgs) -> anyhow::Result<Exit> {
    let store = traces::open(&args.file.traces)?;
    let of_run = |session: &SessionSummary| {
        let run = session.experiment_id.as_deref().unwrap_or_default();
        args.run
            .as_deref()
            .is_none_or(|wanted| run.starts_with(wanted))
    };
    let mut sessions: Vec<SessionSummary> = store.sessions()?.into_iter().filter(of_run).collect();
    // A run may have no session yet, but it has to be there.
    if let (true, Some(run)) = (sessions.is_empty(), &args.run) {
        find_run(&store, Some(run))?;
    }
    sessions.reverse();
    let all = sessions.len();
    sessions.truncate(args.limit);
    if args.json {
        output::json(&sessions)?;
        return Ok(Exit::Done);
    }
    let header = [
        "session", "run", "status", "began", "seconds", "turns", "events", "tokens", "reward",
    ];
    let mut table = table(output::width(), header);
    for session in &sessions {
        let decimal = |value: Option<f64>| value.map(|v| format!("{v:.1}")).unwrap_or_default();
        table.add_row([
            session.session_id.clone().into(),
            session.experiment_id.clone().unwrap_or_default().into(),
            session.status.clone().into(),
            session
                .created_at
                .strftime("%Y-%m-%d %H:%M:%S")
                .to_string()
                .into(),
            right(decimal(session.seconds)),
            right(session.num_timesteps),
            right(session.num_events),
            right(
                session
                    .total_tokens_used
                    .map(|tokens| tokens.to_string())
                    .unwrap_or_default(),
            ),
            right(decimal(session.total_reward)),
        ]);
    }
    output::line(&table.trim_fmt())?;
    if all > sessions.len() {
        output::line(&format!(
            "({} of {all}: --limit shows more)",
            sessions.len()
        ))?;
    }
    Ok(Exit::Done)
}
