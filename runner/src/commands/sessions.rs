//! `runner sessions`: what sessions a trace file holds.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use tracer::store::{SessionSummary, Store, Table};

use crate::args::SessionsArgs;
use crate::episode::EpisodeConfig;
use crate::exit::Exit;
use crate::output;
use crate::report::find_run;
use crate::report::text::{right, table};
use crate::traces;

/// A session, in a line.
#[derive(Serialize)]
struct Line {
    /// As much of the id as tells it from all others of the file.
    short_id: String,
    #[serde(flatten)]
    session: SessionSummary,
    #[serde(flatten)]
    player: Player,
}

/// Who played, and where.
#[derive(Clone, Default, Serialize)]
struct Player {
    /// The model that was to play, or those that were called.
    model: Option<String>,
    /// The world's seed, of a session that is an episode.
    seed: Option<Value>,
}

/// Lists sessions, the latest first.
pub(super) fn sessions(args: &SessionsArgs) -> anyhow::Result<Exit> {
    let store = traces::open(&args.file.traces)?;
    let of_run = |line: &Line| {
        let run = line.session.experiment_id.as_deref().unwrap_or_default();
        args.run
            .as_deref()
            .is_none_or(|wanted| run.starts_with(wanted))
    };
    let mut lines = lines(&store)?;
    lines.retain(of_run);
    // A run may have no session yet, but it has to be there.
    if let (true, Some(run)) = (lines.is_empty(), &args.run) {
        find_run(&store, Some(run))?;
    }
    lines.reverse();
    let all = lines.len();
    lines.truncate(args.limit);
    if args.json {
        output::json(&lines)?;
        return Ok(Exit::Done);
    }
    let header = [
        "session", "run", "model", "seed", "status", "began", "seconds", "turns", "events",
        "tokens", "reward",
    ];
    let mut table = table(output::width(), header);
    for line in &lines {
        let decimal = |value: Option<f64>| value.map(|v| format!("{v:.1}")).unwrap_or_default();
        let session = &line.session;
        table.add_row([
            line.short_id.clone().into(),
            session.experiment_id.clone().unwrap_or_default().into(),
            line.player.model.clone().unwrap_or_default().into(),
            right(Table::text(
                line.player.seed.as_ref().unwrap_or(&Value::Null),
            )),
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
    if all > lines.len() {
        output::line(&format!("({} of {all}: --limit shows more)", lines.len()))?;
    }
    Ok(Exit::Done)
}

/// All sessions, in the order in which they began.
fn lines(store: &Store) -> anyhow::Result<Vec<Line>> {
    let sessions = store.sessions()?;
    let ids: Vec<&str> = sessions.iter().map(|it| it.session_id.as_str()).collect();
    let short_ids = shortened(&ids);
    let mut players = players(store)?;
    let lines = sessions.into_iter().zip(short_ids);
    Ok(lines
        .map(|(session, short_id)| Line {
            short_id,
            player: players.remove(&session.session_id).unwrap_or_default(),
            session,
        })
        .collect())
}

/// The beginning of each id that no other has.
fn shortened(ids: &[&str]) -> Vec<String> {
    /// What is always shown, so that an id looks like one.
    const LEAST: usize = 8;
    let mut sorted = ids.to_vec();
    sorted.sort_unstable();
    let in_common = |a: &str, b: &str| a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count();
    let shorten = |id: &&str| {
        let place = sorted.partition_point(|other| other < id);
        let before = place.checked_sub(1).and_then(|it| sorted.get(it));
        let neighbours = before.into_iter().chain(sorted.get(place + 1));
        let shared = neighbours.map(|other| in_common(id, other)).max();
        let length = shared.map_or(LEAST, |shared| LEAST.max(shared + 1));
        id.chars().take(length).collect()
    };
    ids.iter().map(shorten).collect()
}

fn players(store: &Store) -> anyhow::Result<BTreeMap<String, Player>> {
    let found = store.query(&format!(
        "select session_id, coalesce(data ->> '$.model', called), data -> '$.seed'
         from session_traces
         left join (select session_id, data from session_metadata where metadata_type = '{}')
             using (session_id)
         left join (select session_id, string_agg(distinct model_name, ', ' order by model_name)
             as called from events where event_type = 'cais' group by session_id)
             using (session_id)",
        EpisodeConfig::METADATA
    ))?;
    let player = |row: &Vec<Value>| {
        let [id, model, seed] = &row[..] else {
            return None;
        };
        let player = Player {
            model: model.as_str().map(ToOwned::to_owned),
            seed: (!seed.is_null()).then(|| seed.clone()),
        };
        Some((Table::text(id).into_owned(), player))
    };
    Ok(found.rows.iter().filter_map(player).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_as_long_as_it_takes_to_tell_it_from_the_others() {
        let ids = ["01a205be-0001", "01a205be-0002", "01a205c0", "b", "bb"];
        assert_eq!(shortened(&ids), ids);
        assert_eq!(
            shortened(&["01a205be-7000", "02a205be-7000"]),
            ["01a205be", "02a205be"]
        );
        assert_eq!(shortened(&["é23456789"]), ["é2345678"]);
    }
}
