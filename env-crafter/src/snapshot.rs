//! Provides saving a world and going on from there, bit for bit.
//!
//! The bytes of a snapshot hold what can't be derived: pictures on the tiles
//! and counts of chunks are made again when it is read. They begin with a
//! magic word and a version, and end with a checksum.

use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::{
    Achievement, AchievementSet, AfterEnd, ConfigError, Difficulty, Direction, Env, EnvConfig,
    Inventory, Item, Material, Mt19937, NightNoise, ObjectKind, Position,
    chunk::Chunks,
    difficulty::Tuning,
    map::Map,
    objects::{Body, Objects},
    player::{Needs, Player},
    rng, rules,
    tile::{Sprite, Tile},
    world::World,
};

const MAGIC: [u8; 8] = *b"CRAFTERW";
const VERSION: u16 = 1;
const CHECKSUM: usize = 32;
/// What nothing is counted beyond: no play lasts so long, and a world from
/// here goes on for as long again before a number runs over.
const MOST: u64 = 1 << 53;
/// The same for objects, whose numbers are shorter.
const MOST_OBJECTS: u32 = 1 << 31;

/// Everything a world is at one moment.
///
/// ```
/// use env_crafter::{Action, Env, EnvConfig, Snapshot};
///
/// let mut env = Env::new(EnvConfig::default())?;
/// let saved = env.snapshot().to_bytes();
/// env.step(Action::Do)?;
///
/// let mut again = Env::restore(&Snapshot::from_bytes(&saved)?);
/// again.step(Action::Do)?;
/// assert_eq!(again.digest(), env.digest());
///
/// let error = Snapshot::from_bytes(b"something else").unwrap_err();
/// assert_eq!(error.to_string(), "not a snapshot of a Crafter world");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot(Env);

/// Why bytes are not a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SnapshotError {
    /// They are something else.
    #[error("not a snapshot of a Crafter world")]
    Foreign,
    /// They were written by another version.
    #[error("snapshot of version {found}, but only version {VERSION} can be read")]
    Version {
        /// What they say their version is.
        found: u16,
    },
    /// They describe a world that there can't be.
    #[error("damaged snapshot: {0}")]
    Config(ConfigError),
    /// They are damaged or incomplete.
    #[error("damaged snapshot: {0}")]
    Corrupt(&'static str),
}

impl Snapshot {
    /// The snapshot as bytes, the same for the same state.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(VERSION.to_le_bytes());
        write_env(&mut bytes, &self.0);
        let checksum = Sha256::digest(&bytes);
        bytes.extend(checksum);
        bytes
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote.
    ///
    /// # Errors
    ///
    /// If the bytes are not a snapshot, of another version, or damaged.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SnapshotError> {
        let rest = bytes.strip_prefix(&MAGIC).ok_or(SnapshotError::Foreign)?;
        let (version, _) = rest.split_first_chunk().ok_or(TOO_SHORT)?;
        let found = u16::from_le_bytes(*version);
        if found != VERSION {
            return Err(SnapshotError::Version { found });
        }
        let (content, checksum) = bytes.split_last_chunk::<CHECKSUM>().ok_or(TOO_SHORT)?;
        if Sha256::digest(content)[..] != checksum[..] {
            return Err(SnapshotError::Corrupt("the checksum does not match"));
        }
        let mut reader = Reader(content.get(MAGIC.len() + 2..).ok_or(TOO_SHORT)?);
        let env = read_env(&mut reader)?;
        if !reader.0.is_empty() {
            return Err(SnapshotError::Corrupt("it goes on after its end"));
        }
        Ok(Self(env))
    }
}

impl Env {
    /// Saves the world.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot(self.clone())
    }

    /// The world as it was when it was saved.
    #[must_use]
    pub fn restore(snapshot: &Snapshot) -> Self {
        snapshot.0.clone()
    }

    /// The SHA-256 of the whole state, hidden parts and settings included.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        let mut bytes = Vec::new();
        write_env(&mut bytes, self);
        Sha256::digest(&bytes).into()
    }
}

fn write_env(out: &mut Vec<u8>, env: &Env) {
    let Env {
        config,
        episode,
        steps,
        last_health,
        world,
    } = env;
    write_config(out, config);
    out.extend(episode.to_le_bytes());
    out.extend(steps.to_le_bytes());
    out.push(*last_health);
    let World {
        map,
        objects,
        chunks,
        player,
        rng,
        residents: _,
        near: _,
    } = world;
    out.extend(map.tiles().iter().map(|tile| tile.material_id()));
    write_player(out, player);
    out.extend(rng.words().iter().flat_map(|word| word.to_le_bytes()));
    out.extend(rng.position().to_le_bytes());
    out.extend(rng.blocks().to_le_bytes());
    out.extend(objects.created().to_le_bytes());
    out.extend((objects.iter().count() as u32).to_le_bytes());
    for (position, body) in objects.iter() {
        out.extend((position.x as u16).to_le_bytes());
        out.extend((position.y as u16).to_le_bytes());
        out.extend(body.index.to_le_bytes());
        out.extend(body.counter.to_le_bytes());
        out.extend([body.health, body.kind.id(), body.facing.id()]);
    }
    out.extend((chunks.inhabited().len() as u32).to_le_bytes());
    out.extend(
        chunks
            .inhabited()
            .iter()
            .flat_map(|chunk| chunk.to_le_bytes()),
    );
}

fn read_env(reader: &mut Reader<'_>) -> Result<Env, SnapshotError> {
    let config = read_config(reader)?;
    let (episode, steps, last_health) = (reader.u64()?, reader.u64()?, reader.health()?);
    if episode == 0 {
        return Err(SnapshotError::Corrupt(
            "the episode is none, they begin at 1",
        ));
    }
    if steps > MOST {
        return Err(SnapshotError::Corrupt("more steps than can be played"));
    }
    let mut map = Map::new(config.area, Material::Grass);
    for tile in map.tiles_mut() {
        let material = reader.named(Material::try_from, "a material is unknown")?;
        *tile = Tile::new(material, Sprite::None);
    }
    let player = read_player(reader)?;
    let rng = read_rng(reader)?;
    let objects = read_objects(reader, &mut map, &player, config.difficulty.tuning())?;
    let mut chunks = Chunks::new(config.area);
    chunks.count_all(&map);
    for _ in 0..reader.u32()? {
        if !chunks.inhabit(reader.u32()?) {
            return Err(SnapshotError::Corrupt(
                "a chunk is listed twice or not on the map",
            ));
        }
    }
    for (position, body) in objects.iter() {
        if !chunks.is_inhabited(chunks.of(position)) {
            return Err(SnapshotError::Corrupt(
                "an object is in an uninhabited chunk",
            ));
        }
        chunks.enter(chunks.of(position), body.kind);
    }
    let world = World::of_parts(map, objects, chunks, player, rng);
    Ok(Env {
        config,
        episode,
        steps,
        last_health,
        world,
    })
}

fn write_config(out: &mut Vec<u8>, config: &EnvConfig) {
    let EnvConfig {
        seed,
        area,
        view,
        size,
        length,
        noise,
        difficulty,
        after_end,
    } = config;
    out.extend(seed.to_le_bytes());
    for side in [area.0, area.1, view.0, view.1, size.0, size.1] {
        out.extend(side.to_le_bytes());
    }
    // A length of zero can't be configured.
    out.extend(length.unwrap_or(0).to_le_bytes());
    let separate = matches!(noise, NightNoise::Separate);
    let refuse = matches!(after_end, AfterEnd::Refuse);
    out.extend([u8::from(separate), difficulty.id(), u8::from(refuse)]);
}

fn read_config(reader: &mut Reader<'_>) -> Result<EnvConfig, SnapshotError> {
    let config = EnvConfig {
        seed: reader.u64()?,
        area: (reader.u32()?, reader.u32()?),
        view: (reader.u32()?, reader.u32()?),
        size: (reader.u32()?, reader.u32()?),
        length: Some(reader.u64()?).filter(|&length| length > 0),
        noise: if reader.flag()? {
            NightNoise::Separate
        } else {
            NightNoise::WorldStream
        },
        difficulty: reader.named(Difficulty::try_from, "the difficulty is unknown")?,
        after_end: if reader.flag()? {
            AfterEnd::Refuse
        } else {
            AfterEnd::Continue
        },
    };
    config.validate().map_err(SnapshotError::Config)?;
    Ok(config)
}

fn write_player(out: &mut Vec<u8>, player: &Player) {
    let Player {
        inventory,
        counts,
        unlocked: _,
        facing,
        sleeping,
        needs,
        last_health,
    } = player;
    out.extend(inventory.amounts());
    out.extend(counts.iter().flat_map(|count| count.to_le_bytes()));
    out.extend([facing.id(), u8::from(*sleeping), *last_health]);
    let Needs {
        hunger,
        thirst,
        fatigue,
        recover,
    } = needs;
    out.extend(
        [hunger, thirst, fatigue, recover]
            .into_iter()
            .flat_map(|need| need.to_le_bytes()),
    );
}

fn read_player(reader: &mut Reader<'_>) -> Result<Player, SnapshotError> {
    let amounts = reader.take::<{ Item::ALL.len() }>()?;
    let mut counts = [0; Achievement::ALL.len()];
    for count in &mut counts {
        *count = reader.u32()?;
    }
    let reached = Achievement::ALL
        .into_iter()
        .zip(counts)
        .filter(|&(_, count)| count > 0);
    let player = Player {
        inventory: Inventory::from_amounts(amounts)
            .ok_or(SnapshotError::Corrupt("there is too much of an item"))?,
        counts,
        unlocked: reached
            .map(|(achievement, _)| achievement)
            .collect::<AchievementSet>(),
        facing: reader.named(Direction::try_from, "a direction is unknown")?,
        sleeping: reader.flag()?,
        last_health: reader.health()?,
        needs: Needs {
            hunger: reader.i16()?,
            thirst: reader.i16()?,
            fatigue: reader.i16()?,
            recover: reader.i16()?,
        },
    };
    if !player.needs.are_possible() {
        return Err(SnapshotError::Corrupt("a need is counted beyond its end"));
    }
    Ok(player)
}

fn read_rng(reader: &mut Reader<'_>) -> Result<Mt19937, SnapshotError> {
    let mut words = [0; rng::WORDS];
    for word in &mut words {
        *word = reader.u32()?;
    }
    let (next, blocks) = (reader.u16()?, reader.u64()?);
    if blocks > MOST {
        return Err(SnapshotError::Corrupt("more numbers than can be drawn"));
    }
    Mt19937::from_parts(words, next, blocks).ok_or(SnapshotError::Corrupt(
        "the random stream is past its block",
    ))
}

fn read_objects(
    reader: &mut Reader<'_>,
    map: &mut Map,
    player: &Player,
    tuning: &Tuning,
) -> Result<Objects, SnapshotError> {
    let created = reader.u32()?;
    if created > MOST_OBJECTS {
        return Err(SnapshotError::Corrupt("more objects than can be created"));
    }
    let count = reader.u32()? as usize;
    let mut objects = Objects::for_cells(map.tiles().len(), tuning);
    for slot in 0..count {
        let at = Position::new(reader.u16()?.into(), reader.u16()?.into());
        let body = Body {
            index: reader.u32()?,
            counter: reader.u32()?,
            health: reader.u8()?,
            kind: reader.named(ObjectKind::try_from, "an object is unknown")?,
            facing: reader.named(Direction::try_from, "a direction is unknown")?,
        };
        if (slot == 0) != (body.kind == ObjectKind::Player) {
            return Err(SnapshotError::Corrupt("the player is not the first object"));
        }
        if body.health > rules::health(body.kind) {
            return Err(SnapshotError::Corrupt("an object is too healthy"));
        }
        if !map.contains(at) || map[at].is_occupied() {
            return Err(SnapshotError::Corrupt(
                "an object is off the map or on another one",
            ));
        }
        map[at] = map[at].with_sprite(body.sprite(player));
        objects.push_body(at, body);
    }
    if count == 0 || !objects.number_up_to(created) {
        return Err(SnapshotError::Corrupt(
            "the objects are not in the order of creation",
        ));
    }
    Ok(objects)
}

const TOO_SHORT: SnapshotError = SnapshotError::Corrupt("it is too short");

/// The bytes that are still to be read.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], SnapshotError> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(TOO_SHORT)?;
        self.0 = rest;
        Ok(*taken)
    }

    fn u8(&mut self) -> Result<u8, SnapshotError> {
        self.take().map(u8::from_le_bytes)
    }

    fn health(&mut self) -> Result<u8, SnapshotError> {
        let too_much = SnapshotError::Corrupt("there is too much health");
        self.u8().and_then(|health| {
            (health <= rules::MAX_ITEM)
                .then_some(health)
                .ok_or(too_much)
        })
    }

    fn u16(&mut self) -> Result<u16, SnapshotError> {
        self.take().map(u16::from_le_bytes)
    }

    fn i16(&mut self) -> Result<i16, SnapshotError> {
        self.take().map(i16::from_le_bytes)
    }

    fn u32(&mut self) -> Result<u32, SnapshotError> {
        self.take().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64, SnapshotError> {
        self.take().map(u64::from_le_bytes)
    }

    fn flag(&mut self) -> Result<bool, SnapshotError> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(SnapshotError::Corrupt("a flag is neither set nor unset")),
        }
    }

    fn named<T, E>(
        &mut self,
        from_id: impl Fn(u8) -> Result<T, E>,
        unknown: &'static str,
    ) -> Result<T, SnapshotError> {
        from_id(self.u8()?).map_err(|_| SnapshotError::Corrupt(unknown))
    }
}
