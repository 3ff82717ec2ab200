//! Measures what the table in the documentation shows, on one core, and prints
//! it as JSON. `tests/reference/bench.py` runs it beside the reference.

#[path = "../tests/counting/mod.rs"]
mod counting;
#[path = "player/mod.rs"]
mod player;

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use env_crafter::{Action, AfterEnd, Env, EnvConfig, Renderer, Textures, VectorEnv};
use player::{RandomPlayer, exact};
use serde_json::json;

/// Seeds of the episodes, and of the longer plays.
const SEEDS: std::ops::Range<u64> = 0..32;
const LONG_SEEDS: std::ops::Range<u64> = 0..2;
const LONG_STEPS: usize = 600;
/// How long each measurement takes at least.
const TIME: Duration = Duration::from_millis(300);

fn main() {
    let before = counting::bytes();
    let world = Env::new(exact(0)).expect("valid");
    let memory = counting::bytes() - before + size_of_val(&world) as i64;
    let before = counting::allocations();
    let mut player = RandomPlayer(0);
    let mut played = world;
    while played.step(player.action()).is_ok() {}
    let allocations = counting::allocations() - before;
    let mut frames = Frames::new();
    let results = json!({
        "step": play(SEEDS.map(exact), usize::MAX, |_| {}),
        "step_long": play(LONG_SEEDS.map(alive), LONG_STEPS, |_| {}),
        "image": play(SEEDS.map(exact), usize::MAX, |env| frames.draw(env)),
        "image_long": play(LONG_SEEDS.map(alive), LONG_STEPS, |env| frames.draw(env)),
        "reset": reset(),
        "many": many(),
        "memory": memory,
        "allocations": allocations,
    });
    println!("{results}");
}

/// The reference's world, played on after death.
fn alive(seed: u64) -> EnvConfig {
    EnvConfig {
        after_end: AfterEnd::Continue,
        ..exact(seed)
    }
}

/// Steps a second, resets left out.
fn play(configs: impl Iterator<Item = EnvConfig>, most: usize, mut look: impl FnMut(&Env)) -> f64 {
    let worlds: Vec<Env> = configs
        .map(|config| Env::new(config).expect("valid"))
        .collect();
    let (mut spent, mut steps) = (Duration::ZERO, 0);
    while spent < TIME {
        for mut env in worlds.clone() {
            let mut player = RandomPlayer(env.config().seed);
            let start = Instant::now();
            for _ in 0..most {
                if env.step(player.action()).is_err() {
                    break;
                }
                look(&env);
            }
            spent += start.elapsed();
            steps += env.steps();
        }
    }
    steps as f64 / spent.as_secs_f64()
}

struct Frames {
    renderer: Renderer,
    bytes: Vec<u8>,
}

impl Frames {
    fn new() -> Self {
        let renderer = Renderer::new(&exact(0), Textures::embedded()).expect("valid");
        let (rows, columns, channels) = renderer.shape();
        Self {
            renderer,
            bytes: vec![0; rows * columns * channels],
        }
    }

    fn draw(&mut self, env: &Env) {
        self.renderer.render_into(env, &mut self.bytes);
        black_box(&self.bytes);
    }
}

/// Seconds that a new world takes.
fn reset() -> f64 {
    let (start, mut count) = (Instant::now(), 0);
    while start.elapsed() < TIME {
        for seed in SEEDS {
            black_box(Env::new(exact(seed)).is_ok());
            count += 1;
        }
    }
    start.elapsed().as_secs_f64() / f64::from(count)
}

/// Steps a second of many worlds on one core, on which the next worlds are
/// made, too.
fn many() -> f64 {
    const WORLDS: usize = 256;
    let configs = (0..WORLDS as u64).map(exact);
    let mut worlds = VectorEnv::with_threads(1, configs).expect("valid");
    let mut player = RandomPlayer(0);
    let mut actions = vec![Action::Noop; WORLDS];
    let mut step = || {
        actions.fill_with(|| player.action());
        black_box(worlds.step(&actions).is_ok());
    };
    // Until deaths are spread evenly over the steps.
    (0..400).for_each(|_| step());
    let (start, mut steps) = (Instant::now(), 0);
    while start.elapsed() < 2 * TIME {
        step();
        steps += WORLDS;
    }
    steps as f64 / start.elapsed().as_secs_f64()
}
