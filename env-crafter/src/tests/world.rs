//! Worlds as a whole: what is refused, what presets change, which way is up.

use crate::{
    Action, AfterEnd, Difficulty, Env, EnvConfig, Material, ObjectKind, Position, objects::FEW,
    world::World,
};

fn refused(config: EnvConfig) -> String {
    Env::new(config).expect_err("refused").to_string()
}

#[test]
fn absurd_settings_are_refused_by_name() {
    let config = EnvConfig::default;
    assert_eq!(
        refused(EnvConfig {
            area: (64, 5000),
            ..config()
        }),
        "area 64x5000: each side must be 1 to 4096 cells"
    );
    assert_eq!(
        refused(EnvConfig {
            view: (0, 9),
            ..config()
        }),
        "view 0x9: needs 1 to 256 columns, and rows for the 16 of the inventory and at least one \
         more, 256 at most"
    );
    assert_eq!(
        refused(EnvConfig {
            area: (8, 8),
            ..config()
        }),
        "view 9x9 shows 9x7 cells, but the area has only 8x8"
    );
    assert_eq!(
        refused(EnvConfig {
            size: (0, 64),
            ..config()
        }),
        "size 0x64: each side must be at most 4096 pixels, and a cell of the 9x9 view at least 2x2"
    );
    assert_eq!(
        refused(EnvConfig {
            length: Some(0),
            ..config()
        }),
        "length 0: an episode needs at least one step; leave the limit out for none"
    );
    for seed in [0, u64::MAX, 1 << 61, (1 << 61) - 1] {
        assert!(
            Env::new(EnvConfig { seed, ..config() }).is_ok(),
            "seed {seed}"
        );
    }
}

#[test]
fn an_episode_ends_and_says_so() {
    let mut env = Env::new(EnvConfig {
        length: Some(2),
        ..EnvConfig::default()
    })
    .expect("valid");
    assert!(!env.step(Action::Noop).expect("first").truncated);
    assert!(env.step(Action::Noop).expect("second").truncated);
    let over = env.step(Action::Noop).expect_err("over");
    assert_eq!(
        over.to_string(),
        "the episode is over after 2 steps: reset the world to play on"
    );
    env.reset();
    assert_eq!((env.episode(), env.steps()), (2, 0));
    assert!(env.step(Action::Noop).is_ok());
}

#[test]
fn north_is_up_and_moving_right_moves_the_view_left() {
    let mut env = Env::new(EnvConfig::default()).expect("valid");
    let before = env.local_view();
    assert_eq!(before.dim(), (7, 9), "rows and columns");
    let player = before[(3, 4)].object.expect("the player in the middle");
    assert_eq!(player.kind, ObjectKind::Player);
    let Position { x, y } = env.position();
    assert_eq!(
        before[(2, 4)].material,
        env.material(Position::new(x, y - 1)),
        "north is up"
    );
    assert_eq!(
        before[(3, 5)].material,
        env.material(Position::new(x + 1, y)),
        "east is right"
    );
    env.step(Action::MoveRight).expect("goes on");
    let after = env.local_view();
    assert_eq!(env.position().x, x + 1);
    for row in 0..7 {
        for column in 0..8 {
            assert_eq!(
                after[(row, column)].material,
                before[(row, column + 1)].material
            );
        }
    }
}

#[test]
fn the_semantic_map_has_the_reference_s_numbers() {
    let env = Env::new(EnvConfig::default()).expect("valid");
    let map = env.semantic_map();
    for object in env.objects() {
        let at = (object.position.x as usize, object.position.y as usize);
        assert_eq!(map[at], 13 + object.kind.id(), "{}", object.kind);
    }
    let count = map.iter().filter(|&&id| id > 12).count();
    assert_eq!(count, env.objects().count());
}

#[test]
fn a_step_looks_at_no_more_objects_on_a_large_map() {
    let env = Env::new(EnvConfig {
        area: (600, 600),
        ..EnvConfig::default()
    })
    .expect("valid");
    let World {
        objects,
        chunks,
        residents,
        ..
    } = &env.world;
    assert!(objects.len() > 10 * FEW, "only {} objects", objects.len());
    let reach = env.config().reach();
    for slot in objects.slots() {
        let center = objects.position(slot);
        let around = chunks.around(center, reach);
        let seen: Vec<usize> = around.flat_map(|chunk| residents.of(chunk)).collect();
        assert!(seen.len() <= FEW, "{} around {center:?}", seen.len());
        assert_eq!(env.world.find(center), Some(slot));
        // Nobody near is overlooked.
        if slot % 97 == 0 {
            let near = |&other: &usize| objects.position(other).distance(center) < reach.into();
            let expected = objects.slots().filter(near).count();
            assert_eq!(seen.into_iter().filter(near).count(), expected);
        }
    }
}

/// Cells of a material and objects of a kind after some time, in ten worlds.
fn census(difficulty: Difficulty) -> (impl Fn(Material) -> usize, impl Fn(ObjectKind) -> usize) {
    let worlds: Vec<Env> = (0..10)
        .map(|seed| {
            let after_end = AfterEnd::Continue;
            let config = EnvConfig {
                seed,
                difficulty,
                after_end,
                ..EnvConfig::default()
            };
            let mut env = Env::new(config).expect("valid");
            for _ in 0..200 {
                env.step(Action::Noop).expect("goes on");
            }
            env
        })
        .collect();
    let others = worlds.clone();
    let cells = move |material: Material| {
        let tiles = worlds.iter().flat_map(|env| env.world.map.tiles());
        tiles.filter(|tile| tile.is(material)).count()
    };
    let objects = move |kind: ObjectKind| {
        others
            .iter()
            .flat_map(Env::objects)
            .filter(|object| object.kind == kind)
            .count()
    };
    (cells, objects)
}

#[test]
fn presets_change_what_grows_and_lives() {
    let (easy_cells, easy) = census(Difficulty::Easy);
    let (normal_cells, normal) = census(Difficulty::Normal);
    let (hard_cells, hard) = census(Difficulty::Hard);
    let (_, peaceful) = census(Difficulty::Peaceful);
    for kind in [ObjectKind::Zombie, ObjectKind::Skeleton] {
        assert!(easy(kind) < normal(kind), "{kind}");
        assert!(normal(kind) < hard(kind), "{kind}");
        assert_eq!(peaceful(kind), 0, "{kind}");
    }
    assert!(easy(ObjectKind::Cow) > normal(ObjectKind::Cow));
    assert!(normal(ObjectKind::Cow) > hard(ObjectKind::Cow));
    for material in [
        Material::Tree,
        Material::Coal,
        Material::Iron,
        Material::Diamond,
    ] {
        assert!(easy_cells(material) > normal_cells(material), "{material}");
        assert!(normal_cells(material) > hard_cells(material), "{material}");
    }
}

#[test]
fn seeds_are_hashed_as_python_does() {
    let text = include_str!("../../../tests/reference/golden/vectors.json");
    let vectors: serde_json::Value = serde_json::from_str(text).expect("JSON");
    for case in vectors["seed_episode_hash_world_seed"]
        .as_array()
        .expect("cases")
    {
        let seed: i128 = case[0]
            .as_str()
            .and_then(|seed| seed.parse().ok())
            .expect("seed");
        let episode = case[1].as_u64().expect("episode");
        let world_seed = u64::from(crate::seed::world_seed(seed, episode));
        assert_eq!(
            Some(world_seed),
            case[3].as_u64(),
            "seed {seed}, episode {episode}"
        );
    }
}
