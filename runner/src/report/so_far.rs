//! Reads how far episodes came that have no end: those that are being played, and those
//! that broke off.

use std::collections::BTreeMap;

use agent_react::model::Usage;
use serde_json::Value;
use tracer::store::{Store, Table};

use crate::episode::EpisodeResults;

/// How far an episode came, by the events that were recorded of it.
#[derive(Debug, Default)]
pub(crate) struct SoFar {
    pub(crate) steps: u64,
    pub(crate) turns: u64,
    pub(crate) reward: f64,
    /// Executed actions without effect.
    pub(crate) invalid: u64,
    /// What was unlocked, in that order.
    pub(crate) achievements: Vec<String>,
    pub(crate) calls: u64,
    pub(crate) usage: Usage,
    /// US dollars; `None` where a price is unknown.
    pub(crate) cost: Option<f64>,
}

impl SoFar {
    /// Puts it where an episode without results has none.
    pub(crate) fn fill(self, results: &mut EpisodeResults) {
        results.steps = self.steps;
        results.turns = self.turns;
        results.reward = self.reward;
        results.achievement_counts = self.achievements.into_iter().map(|it| (it, 1)).collect();
        results.model_calls = self.calls;
        results.usage = self.usage;
        results.cost = self.cost;
    }
}

/// Every session with events and without results.
///
/// # Errors
///
/// Where the file cannot be read.
pub(crate) fn so_far(store: &Store) -> anyhow::Result<BTreeMap<String, SoFar>> {
    let found = store.query(&format!(
        "with open as (
             select session_id from session_traces where session_id not in
                 (select session_id from session_metadata where metadata_type = '{}')
         ), steps as (
             select session_id, count(*) as steps, max(message_time) + 1 as turns,
                 sum(reward) as reward,
                 count(*) filter (where json_exists(metadata, '$.invalid')) as invalid,
                 to_json(flatten(list(cast(json_extract(metadata, '$.unlocked') as varchar[])
                     order by seq) filter (where json_exists(metadata, '$.unlocked'))))
                     as unlocked
             from events semi join open using (session_id)
             where event_type = 'environment' group by session_id
         ), calls as (
             select session_id, count(*) as calls, sum(prompt_tokens) as prompt_tokens,
                 sum(completion_tokens) as completion_tokens, sum(total_tokens) as total_tokens,
                 sum(cached_tokens) as cached_tokens, sum(reasoning_tokens) as reasoning_tokens,
                 case when count(cost) = count(*) then sum(cost) end as cost
             from events semi join open using (session_id)
             where event_type = 'cais' group by session_id
         )
         select session_id, steps, turns, reward, invalid, unlocked, calls, prompt_tokens,
             completion_tokens, total_tokens, cached_tokens, reasoning_tokens,
             case when calls is null then 0 else cost end
         from steps full join calls using (session_id)",
        EpisodeResults::METADATA
    ))?;
    let each = found.rows.iter().map(|row| {
        let number = |place: usize| row.get(place).and_then(Value::as_u64);
        let count = |place: usize| number(place).unwrap_or_default();
        let names = row.get(5).and_then(Value::as_array).into_iter().flatten();
        let so_far = SoFar {
            steps: count(1),
            turns: count(2),
            reward: row.get(3).and_then(Value::as_f64).unwrap_or_default(),
            invalid: count(4),
            achievements: names
                .filter_map(|it| Some(it.as_str()?.to_owned()))
                .collect(),
            calls: count(6),
            usage: Usage {
                prompt_tokens: count(7),
                completion_tokens: count(8),
                total_tokens: count(9),
                cached_tokens: number(10),
                reasoning_tokens: number(11),
            },
            cost: row.get(12).and_then(Value::as_f64),
        };
        (Table::text(&row[0]).into_owned(), so_far)
    });
    Ok(each.collect())
}
