//! Provides small worlds drawn as text.
//!
//! The ground: `.` grass, `:` sand, `_` path, `#` stone, `~` water, `%` lava,
//! `T` tree, `c` coal, `i` iron, `d` diamond, `t` table, `f` furnace.
//! On it: `@` the player and `P` a plant, `R` a ripe one, on grass; `C` a cow
//! and `Z` a zombie on grass; `S` a skeleton and the arrows `<`, `>`, `^`, `v`
//! on path.

use crate::{
    Action, AfterEnd, Direction, Effect, Env, EnvConfig, Item, Material, Mt19937, ObjectKind,
    Position, rules,
    world::{PLAYER, World},
};

/// A world like the picture, in which the player looks down and has `items`.
pub(crate) fn scene(picture: &str, items: &[(Item, u8)]) -> Env {
    let rows: Vec<&str> = picture.split_whitespace().collect();
    let area = (rows[0].len() as u32, rows.len() as u32);
    let config = EnvConfig {
        view: (3, 7),
        size: (30, 70),
        area,
        ..EnvConfig::default()
    };
    let config = EnvConfig {
        after_end: AfterEnd::Continue,
        ..config
    };
    let mut env = Env {
        episode: 1,
        steps: 0,
        last_health: 9,
        world: World::flat(
            area,
            Material::Grass,
            Mt19937::new(0),
            config.difficulty.tuning(),
        ),
        config,
    };
    env.world.chunks.count_all(&env.world.map);
    let mut creatures = Vec::new();
    for (y, row) in rows.iter().enumerate() {
        for (x, glyph) in row.chars().enumerate() {
            let at = Position::new(x as i32, y as i32);
            env.world.set_material(at, ground(glyph));
            match creature(glyph) {
                Some((ObjectKind::Player, _)) if at == env.position() => {}
                Some((ObjectKind::Player, _)) => env.world.relocate(PLAYER, at),
                Some(found) => creatures.push((at, glyph, found)),
                None => {}
            }
        }
    }
    for (at, glyph, (kind, facing)) in creatures {
        env.world.add(at, kind, facing);
        if glyph == 'R' {
            let newest = env.world.objects.len() - 1;
            env.world.objects.body_mut(newest).counter = rules::RIPE_AGE + 1;
        }
    }
    for &(item, amount) in items {
        env.world.player.inventory[item] = amount;
    }
    env.last_health = env.inventory()[Item::Health];
    env.world.player.last_health = env.last_health;
    env
}

/// Plays actions in a scene, and compares the last one's effect and what the
/// scene looks like then.
pub(crate) fn check(mut env: Env, actions: &[Action], effect: &str, picture: &str) -> Env {
    let effects: Vec<Effect> = actions
        .iter()
        .map(|&action| env.step(action).expect("goes on").effect)
        .collect();
    let expected: Vec<&str> = picture.split_whitespace().collect();
    assert_eq!(draw(&env), expected.join("\n"), "after {effects:?}");
    assert_eq!(
        effects.last().map(Effect::to_string).as_deref(),
        Some(effect)
    );
    env
}

/// The picture of a world.
pub(crate) fn draw(env: &Env) -> String {
    let (width, height) = env.config().area;
    let glyph = |x: u32, y: u32| {
        let at = Position::new(x as i32, y as i32);
        match env.object_at(at) {
            None => GROUNDS
                .iter()
                .find(|&&(_, each)| Some(each) == env.material(at)),
            Some(object) => {
                return match object.kind {
                    ObjectKind::Player => '@',
                    ObjectKind::Cow => 'C',
                    ObjectKind::Zombie => 'Z',
                    ObjectKind::Skeleton => 'S',
                    ObjectKind::Plant if object.ripe => 'R',
                    ObjectKind::Plant => 'P',
                    ObjectKind::Arrow => match object.facing {
                        Some(Direction::Left) => '<',
                        Some(Direction::Right) => '>',
                        Some(Direction::Up) => '^',
                        Some(Direction::Down) | None => 'v',
                    },
                };
            }
        }
        .map_or('?', |&(glyph, _)| glyph)
    };
    let rows: Vec<String> = (0..height)
        .map(|y| (0..width).map(|x| glyph(x, y)).collect())
        .collect();
    rows.join("\n")
}

const GROUNDS: [(char, Material); 12] = [
    ('~', Material::Water),
    ('.', Material::Grass),
    ('#', Material::Stone),
    ('_', Material::Path),
    (':', Material::Sand),
    ('T', Material::Tree),
    ('%', Material::Lava),
    ('c', Material::Coal),
    ('i', Material::Iron),
    ('d', Material::Diamond),
    ('t', Material::Table),
    ('f', Material::Furnace),
];

fn ground(glyph: char) -> Material {
    let under = match glyph {
        '@' | 'P' | 'R' | 'C' | 'Z' => '.',
        'S' | '<' | '>' | '^' | 'v' => '_',
        other => other,
    };
    let found = GROUNDS.iter().find(|&&(each, _)| each == under);
    found
        .unwrap_or_else(|| panic!("no ground is drawn as {glyph:?}"))
        .1
}

fn creature(glyph: char) -> Option<(ObjectKind, Direction)> {
    let arrow = |facing| Some((ObjectKind::Arrow, facing));
    let other = |kind| Some((kind, Direction::Down));
    match glyph {
        '@' => other(ObjectKind::Player),
        'C' => other(ObjectKind::Cow),
        'Z' => other(ObjectKind::Zombie),
        'S' => other(ObjectKind::Skeleton),
        'P' | 'R' => other(ObjectKind::Plant),
        '<' => arrow(Direction::Left),
        '>' => arrow(Direction::Right),
        '^' => arrow(Direction::Up),
        'v' => arrow(Direction::Down),
        _ => None,
    }
}
