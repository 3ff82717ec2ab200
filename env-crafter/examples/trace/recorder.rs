//! Plays a world and writes down what the reference's oracle would.

use std::{collections::BTreeMap, sync::Arc};

use base64::{Engine, prelude::BASE64_STANDARD};
use env_crafter::{
    Achievement, Action, AfterEnd, Env, EnvConfig, Item, Material, Mt19937, NightNoise, Renderer,
    Textures,
};
use sha2::{Digest, Sha256};

use crate::record::{self, Config, End, Hashes, Header, Object, Player, Record, Reset, Rng, Step};

/// The world that the settings of a trace describe.
fn env_config(config: &Config) -> Result<EnvConfig, String> {
    let seed = u64::try_from(config.seed)
        .map_err(|_| format!("seed {}: seeds are 0 to {}", config.seed, u64::MAX))?;
    let noise = match config.noise.as_deref() {
        None | Some("world") => NightNoise::WorldStream,
        Some("separate") => NightNoise::Separate,
        Some(other) => return Err(format!("noise {other:?}: neither world nor separate")),
    };
    Ok(EnvConfig {
        seed,
        area: config.area.into(),
        view: config.view.into(),
        size: config.size.into(),
        length: config.length.filter(|&length| length > 0),
        noise,
        after_end: AfterEnd::Continue,
        ..EnvConfig::default()
    })
}

/// Plays `actions` under `config` and gives each record to `write`, until that
/// fails. Images are drawn if there are textures.
pub(crate) fn play<E>(
    config: &Config,
    mut actions: impl Iterator<Item = Action>,
    textures: Option<&Arc<Textures>>,
    mut write: impl FnMut(Record) -> Result<(), E>,
) -> Result<(), E>
where
    E: From<String>,
{
    let world = env_config(config)?;
    let mut renderer = textures
        .map(|textures| Renderer::new(&world, Arc::clone(textures)))
        .transpose()
        .map_err(|error| error.to_string())?;
    let mut draw = |env: &Env| Some(renderer.as_mut()?.render(env).into_raw_vec_and_offset().0);
    let mut env: Option<Env> = None;
    let mut total = 0;
    write(Record::Header(Box::new(header(config.clone()))))?;
    for _ in 0..config.episodes {
        if config.total_steps > 0 && total >= config.total_steps {
            break;
        }
        let env = match &mut env {
            Some(env) => {
                env.reset();
                env
            }
            None => env.insert(Env::new(world.clone()).map_err(|error| error.to_string())?),
        };
        write(Record::Reset(Box::new(reset(env, config, &mut draw))))?;
        let mut recorder = Recorder::new(env);
        let mut sum = 0.0;
        let mut unlocked = BTreeMap::new();
        for _ in 0..config.steps {
            if config.total_steps > 0 && total >= config.total_steps {
                break;
            }
            let action = actions.next().unwrap_or(Action::Noop);
            total += 1;
            let step = recorder.step(env, action, config, &mut draw);
            sum += step.reward;
            unlocked.extend(step.unlocked.iter().map(|&name| (name, step.step)));
            let done = step.done;
            write(Record::Step(Box::new(step)))?;
            if done && !config.past_done {
                break;
            }
        }
        write(Record::End(Box::new(End {
            episode: env.episode(),
            steps: env.steps(),
            r#return: bits(sum),
            dead: env.is_dead(),
            unlocked,
        })))?;
    }
    Ok(())
}

const CLASSES: [&str; 7] = [
    "Player", "Cow", "Zombie", "Skeleton", "Arrow", "Plant", "Fence",
];

/// What the first line of a file of worlds has to say.
pub(crate) fn worlds_header() -> record::WorldsHeader {
    record::WorldsHeader {
        format: "crafter-trace-worldgen",
        version: 1,
        materials: material_names(),
        classes: CLASSES.to_vec(),
    }
}

fn material_names() -> Vec<Option<&'static str>> {
    let names = Material::ALL.map(|each| Some(each.name()));
    [None].into_iter().chain(names).collect()
}

fn header(config: Config) -> Header {
    Header {
        format: "crafter-trace",
        version: 1,
        versions: BTreeMap::from([("env-crafter", env!("CARGO_PKG_VERSION"))]),
        creature_order: "index in world._objects, ascending",
        config,
        actions: Action::ALL.map(Action::name).to_vec(),
        materials: material_names(),
        items: Item::ALL.map(Item::name).to_vec(),
        achievements: Achievement::ALL.map(Achievement::name).to_vec(),
        classes: CLASSES.to_vec(),
    }
}

fn reset(env: &Env, config: &Config, mut draw: impl FnMut(&Env) -> Option<Vec<u8>>) -> Reset {
    let image = draw(env);
    let hidden = env.hidden();
    Reset {
        episode: env.episode(),
        world_seed: hidden.world_seed,
        daylight: bits(env.daylight()),
        inventory: inventory(env),
        player: player(env),
        next_index: hidden.next_index,
        rng: rng(hidden.rng),
        hash: hashes(env, image.as_deref()),
        chunks: chunks(env),
        objects: objects(env),
        materials: BASE64_STANDARD.encode(materials(env)),
        image: image
            .filter(|_| config.frame_every > 0)
            .map(|image| BASE64_STANDARD.encode(image)),
    }
}

/// The initial world of an episode.
pub(crate) fn world(env: &Env) -> record::World {
    let (width, height) = env.config().area;
    let hidden = env.hidden();
    let materials = materials(env);
    let mut counts = [0; 13];
    for &material in &materials {
        counts[usize::from(material)] += 1;
    }
    record::World {
        kind: "world",
        seed: env.config().seed.into(),
        episode: env.episode(),
        area: [width, height],
        world_seed: hidden.world_seed,
        simplex_seed: Mt19937::new(hidden.world_seed).below((1 << 31) - 1),
        hash: hashes(env, None),
        counts,
        rng: rng(hidden.rng),
        chunks: chunks(env),
        objects: objects(env)
            .iter()
            .map(|object| (object.1, object.2, object.3))
            .collect(),
        materials: BASE64_STANDARD.encode(materials),
    }
}

/// What a step is compared with.
struct Recorder {
    objects: BTreeMap<u32, Object>,
    materials: Vec<u8>,
    counts: [u32; Achievement::ALL.len()],
    chunks: usize,
}

impl Recorder {
    fn new(env: &Env) -> Self {
        Self {
            objects: objects(env)
                .into_iter()
                .map(|object| (object.0, object))
                .collect(),
            materials: materials(env),
            counts: *env.achievement_counts(),
            chunks: env.hidden().chunks.len(),
        }
    }

    fn step(
        &mut self,
        env: &mut Env,
        action: Action,
        config: &Config,
        mut draw: impl FnMut(&Env) -> Option<Vec<u8>>,
    ) -> Step {
        let outcome = env.step(action).expect("play goes on after the end");
        let before = std::mem::replace(self, Self::new(env));
        let every = |interval: u64| interval > 0 && env.steps().is_multiple_of(interval);
        let image = draw(env);
        let hidden = env.hidden();
        let height = env.config().area.1 as usize;
        let counts = Achievement::ALL
            .into_iter()
            .zip(self.counts)
            .zip(before.counts);
        let tiles = self.materials.iter().zip(&before.materials).enumerate();
        Step {
            step: env.steps(),
            action: action.id(),
            reward: outcome.reward,
            reward_bits: bits(outcome.reward),
            done: outcome.terminated || outcome.truncated,
            discount: if outcome.terminated { 0.0 } else { 1.0 },
            daylight: bits(env.daylight()),
            inventory: inventory(env),
            player: player(env),
            unlocked: outcome.unlocked.iter().map(Achievement::name).collect(),
            counts: counts
                .filter(|((_, now), before)| now != before)
                .map(|((achievement, now), _)| (achievement.name(), now))
                .collect(),
            changed: self
                .objects
                .values()
                .filter(|object| before.objects.get(&object.0) != Some(object))
                .copied()
                .collect(),
            removed: before
                .objects
                .keys()
                .filter(|index| !self.objects.contains_key(index))
                .copied()
                .collect(),
            tiles: tiles
                .filter(|(_, (now, before))| now != before)
                .map(|(i, (&now, _))| (i / height, i % height, now))
                .collect(),
            new_chunks: chunks(env).split_off(before.chunks),
            next_index: hidden.next_index,
            rng: rng(hidden.rng),
            hash: hashes(env, image.as_deref()),
            objects: every(config.dump_every).then(|| objects(env)),
            image: image
                .filter(|_| every(config.frame_every))
                .map(|image| BASE64_STANDARD.encode(image)),
        }
    }
}

fn inventory(env: &Env) -> Vec<u8> {
    env.inventory().iter().map(|(_, amount)| amount).collect()
}

fn player(env: &Env) -> Player {
    let (position, hidden) = (env.position(), env.hidden());
    Player {
        pos: [position.x, position.y],
        facing: env.facing().delta().into(),
        sleeping: env.is_sleeping(),
        hunger: hidden.hunger,
        thirst: hidden.thirst,
        fatigue: hidden.fatigue,
        recover: hidden.recover,
        last_health: hidden.last_health,
    }
}

fn rng(rng: &Mt19937) -> Rng {
    let words: Vec<u8> = rng
        .words()
        .iter()
        .flat_map(|word| word.to_le_bytes())
        .collect();
    Rng {
        pos: rng.position(),
        draws: rng.draws(),
        key: sha256(&words),
    }
}

fn chunks(env: &Env) -> Vec<[i32; 2]> {
    env.hidden()
        .chunks
        .iter()
        .map(|corner| [corner.x, corner.y])
        .collect()
}

fn objects(env: &Env) -> Vec<Object> {
    let object = |object: env_crafter::Object| {
        let (dx, dy) = object.facing.map_or((0, 0), env_crafter::Direction::delta);
        let at = object.position;
        Object(
            object.index,
            object.kind.id(),
            at.x,
            at.y,
            object.health.into(),
            object.counter,
            dx,
            dy,
        )
    };
    env.objects().map(object).collect()
}

fn materials(env: &Env) -> Vec<u8> {
    let semantic = env.semantic_map();
    semantic
        .indexed_iter()
        .map(|((x, y), _)| (x as i32, y as i32).into())
        .map(|position| env.material(position).map_or(0, Material::id))
        .collect()
}

fn hashes(env: &Env, image: Option<&[u8]>) -> Hashes {
    let mut packed = Vec::new();
    for Object(index, class, x, y, health, counter, dx, dy) in objects(env) {
        packed.extend(index.to_le_bytes());
        packed.push(class);
        for value in [x, y, health] {
            packed.extend((value as i16).to_le_bytes());
        }
        packed.extend(counter.to_le_bytes());
        packed.extend([dx as i8, dy as i8].map(i8::cast_unsigned));
    }
    Hashes {
        obj: sha256(&packed),
        mat: sha256(&materials(env)),
        sem: sha256(&env.semantic_map().into_iter().collect::<Vec<u8>>()),
        img: image.map(sha256),
    }
}

/// The bits of a number, in hexadecimal digits.
fn bits(value: f64) -> String {
    format!("{:016x}", value.to_bits())
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
