//! Proves that steps and frames allocate nothing, and that a world is small.

mod counting;

use counting::{allocations, bytes};
use env_crafter::{
    Action, AfterEnd, Difficulty, Env, EnvConfig, Mt19937, NightNoise, Renderer, Snapshot, Textures,
};

fn config(seed: u64, noise: NightNoise) -> EnvConfig {
    EnvConfig {
        seed,
        noise,
        after_end: AfterEnd::Continue,
        ..EnvConfig::default()
    }
}

fn action(i: usize) -> Action {
    Action::ALL[i * i % 31 % Action::ALL.len()]
}

/// Plays at random, or plants whenever there is a sapling.
fn play(env: &mut Env, steps: usize, plants: bool) {
    let mut random = Mt19937::new(env.config().seed as u32);
    for i in 0..steps {
        let action = if plants && random.below(2) == 0 {
            [Action::Do, Action::PlacePlant][i % 2]
        } else {
            Action::ALL[random.below(17) as usize]
        };
        env.step(action).expect("goes on after the end");
    }
}

#[test]
fn a_step_allocates_nothing() {
    for seed in 0..5 {
        let env = Env::new(config(seed, NightNoise::WorldStream)).expect("valid");
        let bytes = env.snapshot().to_bytes();
        let read = Snapshot::from_bytes(&bytes).expect("whole");
        // A copy has the same room as a new world.
        for mut env in [env.clone(), Env::restore(&read), env] {
            let before = allocations();
            for i in 0..5000 {
                env.step(action(i)).expect("goes on after the end");
            }
            assert_eq!(allocations() - before, 0, "seed {seed}");
        }
    }
}

#[test]
fn a_step_allocates_nothing_in_small_and_in_crowded_worlds() {
    for difficulty in Difficulty::ALL {
        for area in [(9, 7), (12, 12), (32, 32), (64, 64), (128, 128)] {
            for seed in 0..4 {
                let env = Env::new(EnvConfig {
                    area,
                    difficulty,
                    ..config(seed, NightNoise::Separate)
                })
                .expect("valid");
                let mut env = if seed == 0 { env.clone() } else { env };
                let before = allocations();
                play(&mut env, 6000, seed % 2 == 1);
                let made = allocations() - before;
                assert_eq!(made, 0, "{difficulty}, {area:?}, seed {seed}");
            }
        }
    }
}

#[test]
fn a_frame_allocates_nothing_once_its_pictures_are_drawn() {
    for noise in [NightNoise::Separate, NightNoise::WorldStream] {
        let start = Env::new(config(3, noise)).expect("valid");
        let mut renderer = Renderer::new(start.config(), Textures::embedded()).expect("valid");
        let (rows, columns, channels) = renderer.shape();
        let mut frame = vec![0; rows * columns * channels];
        // The same days and nights twice: the first time, what the renderer
        // keeps is made.
        let mut play = || {
            let mut env = start.clone();
            let before = allocations();
            for i in 0..600 {
                env.step(action(i)).expect("goes on after the end");
                renderer.render_into(&env, &mut frame);
            }
            allocations() - before
        };
        assert!(play() > 0, "{noise:?}: the allocator should count");
        assert_eq!(play(), 0, "{noise:?}");
    }
}

#[test]
fn a_world_is_small() {
    for difficulty in Difficulty::ALL {
        let before = bytes();
        let env = Env::new(EnvConfig {
            difficulty,
            ..EnvConfig::default()
        })
        .expect("valid");
        let size = bytes() - before + size_of_val(&env) as i64;
        assert!(
            (4096..14 * 1024).contains(&size),
            "{difficulty}: {size} bytes"
        );
    }
}
