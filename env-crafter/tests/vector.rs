//! Proves that worlds played together go the way they would go alone.

use env_crafter::{Action, ActionCount, Env, EnvConfig, NightNoise, Step, VectorEnv};

/// Episodes long enough to die in, and short ones that end all the time.
fn config(seed: u64) -> EnvConfig {
    EnvConfig {
        seed,
        length: seed.is_multiple_of(2).then_some(3 + seed * 7),
        area: (32 + seed as u32, 64),
        noise: NightNoise::WorldStream,
        ..EnvConfig::default()
    }
}

/// What world `seed` does at a moment: the same whoever asks.
fn action(seed: usize, moment: usize) -> Action {
    let mixed = (seed * 7919 + moment * 104_729) ^ (moment >> 2);
    Action::ALL[mixed % Action::ALL.len()]
}

/// Plays a world alone, with the next episode after each.
fn alone(seed: u64, moments: usize) -> (Vec<Step>, Env) {
    let mut env = Env::new(config(seed)).expect("valid");
    let play = |moment| {
        if env.is_over() {
            env.reset();
        }
        env.step(action(seed as usize, moment)).expect("not over")
    };
    let steps = (0..moments).map(play).collect();
    if env.is_over() {
        env.reset();
    }
    (steps, env)
}

#[test]
fn together_is_like_alone() {
    const WORLDS: usize = 24;
    const MOMENTS: usize = 400;
    let alone: Vec<(Vec<Step>, Env)> = (0..WORLDS as u64)
        .map(|seed| alone(seed, MOMENTS))
        .collect();
    let deaths = alone.iter().flat_map(|(steps, _)| steps);
    let deaths = deaths.filter(|step| step.terminated).count();
    assert!(deaths > 10, "only {deaths} deaths");
    for threads in [0, 1, 5] {
        let configs = (0..WORLDS as u64).map(config);
        let mut together = VectorEnv::with_threads(threads, configs).expect("valid");
        for moment in 0..MOMENTS {
            let actions: Vec<Action> = (0..WORLDS).map(|seed| action(seed, moment)).collect();
            let steps = together.step(&actions).expect("an action each");
            for ((seed, (expected, _)), step) in alone.iter().enumerate().zip(steps) {
                assert_eq!(*step, expected[moment], "seed {seed}, moment {moment}");
            }
        }
        for (env, (_, expected)) in together.envs().zip(&alone) {
            assert_eq!(env.digest(), expected.digest(), "{:?}", env.config());
        }
    }
}

#[test]
fn each_world_needs_an_action() {
    let mut worlds = VectorEnv::new((0..3).map(config)).expect("valid");
    let error = worlds.step(&[Action::Noop; 4]).unwrap_err();
    assert_eq!(
        error,
        ActionCount {
            actions: 4,
            worlds: 3
        }
    );
    assert_eq!(
        error.to_string(),
        "4 actions for 3 worlds: give one for each"
    );
    assert!(worlds.envs().all(|env| env.steps() == 0));
}

#[test]
fn one_world_that_cannot_be_refuses_all() {
    let configs = (0..3).map(|i| EnvConfig {
        area: (64, 64 * i),
        ..EnvConfig::default()
    });
    assert_eq!(
        VectorEnv::new(configs).unwrap_err().to_string(),
        "area 64x0: each side must be 1 to 4096 cells"
    );
}

#[test]
fn no_worlds_are_played_in_no_time() {
    let mut worlds = VectorEnv::new([]).expect("valid");
    assert!(worlds.is_empty());
    assert_eq!(worlds.step(&[]), Ok(&[][..]));
}

#[test]
fn an_episode_that_ended_is_shown_as_it_was_then() {
    let mut alone: Vec<Env> = (0..6)
        .map(|seed| Env::new(config(seed)).expect("valid"))
        .collect();
    let mut together = VectorEnv::with_threads(2, (0..6).map(config)).expect("valid");
    let mut ends = 0;
    for moment in 0..300 {
        let actions: Vec<Action> = (0..6).map(|seed| action(seed, moment)).collect();
        together.step(&actions).expect("an action each");
        for ((env, &action), ended) in alone.iter_mut().zip(&actions).zip(together.ended()) {
            let last = env.step(action).expect("not over").is_last();
            assert_eq!(ended.map(Env::digest), last.then(|| env.digest()));
            if last {
                ends += 1;
                env.reset();
            }
        }
    }
    assert!(ends > 20, "only {ends} ends");
}

#[test]
fn restored_worlds_go_on_together() {
    let envs = (0..4).map(|seed| {
        let mut env = Env::new(config(seed)).expect("valid");
        for moment in 0..2 {
            env.step(action(seed as usize, moment)).expect("not over");
        }
        if seed == 0 {
            // Over after its third step, so that the next episode begins.
            env.step(Action::Noop).expect("not over");
        }
        Env::restore(&env.snapshot())
    });
    let mut together = VectorEnv::from_envs(2, envs).expect("valid");
    assert_eq!(together.ended().flatten().count(), 0);
    let actions: Vec<Action> = (0..4).map(|seed| action(seed, 2)).collect();
    together.step(&actions).expect("an action each");
    let places: Vec<(u64, u64)> = together
        .envs()
        .map(|env| (env.episode(), env.steps()))
        .collect();
    assert_eq!(places, [(2, 1), (1, 3), (1, 3), (1, 3)]);
    for seed in 1..4 {
        let (_, expected) = alone(seed, 3);
        let env = together.envs().nth(seed as usize).expect("four");
        assert_eq!(env.digest(), expected.digest(), "seed {seed}");
    }
}

#[test]
fn absurdly_many_threads_are_refused() {
    assert_eq!(
        VectorEnv::with_threads(2000, []).unwrap_err().to_string(),
        "2000 threads: at most 1024, or 0 for one for each core"
    );
}
