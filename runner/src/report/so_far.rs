//! Reads how far episodes came that have no end: those that are being played, and those
//! that broke off.

use std::collections::BTreeMap;

use agent_react::model::Usage;
use serde::Deserialize;
use serde_json::Value;
use tracer::store::{Store, Table};

use crate::episode::{EpisodeResults, Unlock};

/// How far an episode came, by the events that were recorded of it.
#[derive(Debug, Default)]
pub(crate) struct SoFar {
    pub(crate) steps: u64,
    pub(crate) turns: u64,
    pub(crate) reward: f64,
    /// Executed actions without effect.
    pub(crate) invalid: u64,
    /// What was unlocked when, in that order.
    pub(crate) unlocks: Vec<Unlock>,
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
        let unlocked = self.unlocks.iter();
        results.achievement_counts = unlocked.map(|it| (it.achievement.clone(), 1)).collect();
        results.unlocks = self.unlocks;
        results.model_calls = self.calls;
        results.usage = self.usage;
        results.cost = self.cost;
    }
}

/// What one step unlocked.
#[derive(Deserialize)]
struct Unlocked {
    step: u64,
    turn: u64,
    achievements: Vec<String>,
}

impl Unlocked {
    fn each(self) -> impl Iterator<Item = Unlock> {
        let Unlocked { step, turn, .. } = self;
        let unlock = move |achievement| Unlock {
            achievement,
            step,
            turn,
        };
        self.achievements.into_iter().map(unlock)
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
         ), numbered as (
             select session_id, message_time as turn, reward, metadata,
                 row_number() over (partition by session_id order by seq) as step
             from events semi join open using (session_id)
             where event_type = 'environment'
         ), steps as (
             select session_id, count(*) as steps, max(turn) + 1 as turns, sum(reward) as reward,
                 count(*) filter (where json_exists(metadata, '$.invalid')) as invalid,
                 to_json(list({{'step': step, 'turn': turn, 'achievements':
                     cast(json_extract(metadata, '$.unlocked') as varchar[])}} order by step)
                     filter (where json_exists(metadata, '$.unlocked'))) as unlocked
             from numbered group by session_id
         ), calls as (
             select session_id, count(*) as calls,
                 cast(sum(prompt_tokens) as bigint) as prompt_tokens,
                 cast(sum(completion_tokens) as bigint) as completion_tokens,
                 cast(sum(total_tokens) as bigint) as total_tokens,
                 cast(sum(cached_tokens) as bigint) as cached_tokens,
                 cast(sum(reasoning_tokens) as bigint) as reasoning_tokens,
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
        let unlocked = row.get(5).filter(|list| !list.is_null());
        let unlocked = unlocked.map(Vec::<Unlocked>::deserialize).transpose()?;
        let so_far = SoFar {
            steps: count(1),
            turns: count(2),
            reward: row.get(3).and_then(Value::as_f64).unwrap_or_default(),
            invalid: count(4),
            unlocks: unlocked
                .into_iter()
                .flatten()
                .flat_map(Unlocked::each)
                .collect(),
            calls: count(6),
            usage: Usage {
                prompt_tokens: count(7),
                completion_tokens: count(8),
                total_tokens: count(9),
                cached_tokens: number(10),
                reasoning_tokens: number(11),
                ..Usage::default()
            },
            cost: row.get(12).and_then(Value::as_f64),
        };
        anyhow::Ok((Table::text(&row[0]).into_owned(), so_far))
    });
    each.collect()
}
