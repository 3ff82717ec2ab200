//! Rebuilds an episode as a film: the map at its beginning, and what changes with
//! each step.
//!
//! The page shows the part of the map around the player, and the whole map, from
//! the same tiles. What was recorded is compared with what the world does now.

use env_crafter::{Env, Item};
use serde::Serialize;

use crate::rebuild::{RebuildError, Recording};

/// Every state of an episode, as the page draws it.
#[derive(Debug, Serialize)]
pub(super) struct Film {
    /// Columns and rows of the map.
    area: (u32, u32),
    /// Columns and rows of what the player sees of it.
    view: (u32, u32),
    /// The step of the first state: 0, or where the episode was forked.
    first_step: u64,
    /// What was unlocked before it, and the reward until then: of the parent.
    inherited: Vec<&'static str>,
    inherited_reward: f64,
    /// Column and row of the player before each of the steps until then.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    inherited_path: Vec<(i32, i32)>,
    /// The map in the first state, row by row, as of [`Env::tiles`].
    map: Vec<u8>,
    /// Every state, one more than steps.
    states: Vec<State>,
    /// Every step.
    steps: Vec<FilmStep>,
    /// Where the record and the rebuilt world first differ, in a sentence.
    difference: Option<String>,
}

/// What is drawn of a state beside the map.
#[derive(Debug, Serialize)]
struct State {
    /// Column and row of the player.
    at: (i32, i32),
    /// How light it is, from 0 to 1.
    light: f64,
    /// Whether the player sleeps.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    asleep: bool,
    /// The amount of each item, in their order.
    items: [u8; Item::ALL.len()],
    /// The cells that differ from the state before: place in the map and tile, by
    /// turns.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    changes: Vec<u32>,
}

/// What a step was, as it was recorded.
#[derive(Debug, Serialize)]
struct FilmStep {
    action: &'static str,
    #[serde(skip_serializing_if = "is_zero")]
    reward: f64,
    effect: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    invalid: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unlocked: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    turn: Option<u64>,
}

impl Film {
    /// The film of an episode.
    pub(super) fn of(recording: &Recording) -> Result<Film, RebuildError> {
        let mut states = recording.states()?;
        let mut map = row_by_row(states.env());
        let mut film = Film {
            area: states.env().config().area,
            view: states.env().config().local_view(),
            first_step: states.env().steps(),
            inherited: states
                .env()
                .achievements()
                .iter()
                .map(|each| each.name())
                .collect(),
            inherited_reward: states.total_reward(),
            inherited_path: states.inherited().iter().map(|at| (at.x, at.y)).collect(),
            map: map.clone(),
            states: vec![State::of(states.env(), Vec::new())],
            steps: Vec::with_capacity(recording.steps.len()),
            difference: None,
        };
        let mut observations = recording.observations.iter().peekable();
        loop {
            let at = states.env().steps();
            while let Some(seen) = observations.next_if(|seen| seen.step <= at) {
                if seen.step == at && seen.digest != hexadecimal(&states.env().digest()) {
                    film.differs(at, "the state is not the one whose digest was recorded");
                }
            }
            let Some((recorded, step)) = states.advance()? else {
                return Ok(film);
            };
            if recorded.reward.is_some_and(|reward| reward != step.reward) {
                film.differs(at + 1, "the reward is not the one that was recorded");
            }
            if !recorded
                .unlocked
                .iter()
                .map(String::as_str)
                .eq(step.unlocked.iter().map(|each| each.name()))
            {
                film.differs(at + 1, "other achievements are unlocked than were recorded");
            }
            let next = row_by_row(states.env());
            let changed = (0u32..).zip(&map).zip(&next);
            let changed = changed.filter(|((_, before), after)| before != after);
            let changes = changed.flat_map(|((place, _), tile)| [place, u32::from(*tile)]);
            film.states.push(State::of(states.env(), changes.collect()));
            map = next;
            film.steps.push(FilmStep {
                action: recorded.action.name(),
                reward: step.reward,
                effect: step.effect.to_string(),
                invalid: step.effect.reason().map(|reason| reason.name().to_owned()),
                unlocked: step
                    .unlocked
                    .iter()
                    .map(|each| each.name().to_owned())
                    .collect(),
                turn: recorded.turn,
            });
        }
    }

    fn differs(&mut self, step: u64, what: &str) {
        self.difference.get_or_insert_with(|| {
            format!("At step {step}, {what}. What is drawn from here on may not be what happened.")
        });
    }
}

impl State {
    fn of(env: &Env, changes: Vec<u32>) -> State {
        let at = env.position();
        State {
            at: (at.x, at.y),
            light: (env.daylight() * 1e3).round() / 1e3,
            asleep: env.is_sleeping(),
            items: Item::ALL.map(|item| env.inventory()[item]),
            changes,
        }
    }
}

fn row_by_row(env: &Env) -> Vec<u8> {
    env.tiles().t().iter().copied().collect()
}

fn hexadecimal(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_zero(number: &f64) -> bool {
    *number == 0.0
}
