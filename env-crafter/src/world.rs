//! Provides the state of an episode and the four ways to change its map:
//! adding, moving and removing an object, and replacing a material.

use crate::{
    Direction, Material, ObjectKind, Position,
    chunk::Chunks,
    difficulty::Tuning,
    map::Map,
    objects::{Body, FEW, Objects, with_room},
    player::Player,
    residents::Residents,
    rng::Mt19937,
    tile::Sprite,
};

/// The slot of the player, who is the oldest object and is never removed.
pub(crate) const PLAYER: usize = 0;

/// Everything that play changes.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) map: Map,
    pub(crate) objects: Objects,
    pub(crate) chunks: Chunks,
    pub(crate) player: Player,
    pub(crate) rng: Mt19937,
    pub(crate) residents: Residents,
    /// The slots of who is near among many, kept for the room it takes.
    pub(crate) near: Vec<u32>,
}

impl Clone for World {
    /// Keeps the room for what is near, as objects do theirs.
    fn clone(&self) -> Self {
        Self {
            map: self.map.clone(),
            objects: self.objects.clone(),
            chunks: self.chunks.clone(),
            player: self.player.clone(),
            rng: self.rng.clone(),
            residents: self.residents.clone(),
            near: with_room(&self.near),
        }
    }
}

impl PartialEq for World {
    fn eq(&self, other: &Self) -> bool {
        let Self {
            map,
            objects,
            chunks,
            player,
            rng,
            residents: _, // Where the objects are says this already.
            near: _,
        } = self;
        *map == other.map
            && *objects == other.objects
            && *chunks == other.chunks
            && *player == other.player
            && *rng == other.rng
    }
}

impl Eq for World {}

impl World {
    /// A world of one material with the player in the middle.
    pub(crate) fn flat(
        area: (u32, u32),
        material: Material,
        rng: Mt19937,
        tuning: &Tuning,
    ) -> Self {
        let map = Map::new(area, material);
        let objects = Objects::for_cells(map.tiles().len(), tuning);
        let chunks = Chunks::new(area);
        let mut world = Self::of_parts(map, objects, chunks, Player::default(), rng);
        let center = Position::new((area.0 / 2) as i32, (area.1 / 2) as i32);
        world.add(center, ObjectKind::Player, Direction::Down);
        world
    }

    /// A world of parts that fit together.
    pub(crate) fn of_parts(
        map: Map,
        objects: Objects,
        chunks: Chunks,
        player: Player,
        rng: Mt19937,
    ) -> Self {
        let residents = Residents::new(chunks.len(), objects.capacity());
        let near = if objects.capacity() > FEW {
            Vec::with_capacity(objects.capacity())
        } else {
            Vec::new()
        };
        let mut world = Self {
            map,
            objects,
            chunks,
            player,
            rng,
            residents,
            near,
        };
        world.settle();
        world
    }

    /// Notes anew which objects are in which chunk.
    fn settle(&mut self) {
        self.residents.clear();
        // From the last, so that each is the first of its list.
        for slot in self.objects.slots().rev() {
            let chunk = self.chunks.of(self.objects.position(slot));
            self.residents.enter(chunk, slot);
        }
    }

    /// Gives room back that removed objects took. Slots change.
    pub(crate) fn compact(&mut self) {
        if self.objects.compact() {
            self.settle();
        }
    }

    pub(crate) fn player_position(&self) -> Position {
        self.objects.position(PLAYER)
    }

    /// Adds an object on a free cell.
    pub(crate) fn add(&mut self, at: Position, kind: ObjectKind, facing: Direction) {
        let slot = self.objects.len();
        let sprite = self.objects.push(at, kind, facing).sprite(&self.player);
        self.map[at] = self.map[at].with_sprite(sprite);
        let chunk = self.chunks.of(at);
        self.chunks.enter(chunk, kind);
        self.residents.enter(chunk, slot);
    }

    /// Takes an object from the map. Its slot stays until the step's end.
    pub(crate) fn remove(&mut self, slot: usize) {
        let at = self.objects.position(slot);
        let kind = self.objects.body(slot).kind;
        self.objects.remove(slot);
        self.map[at] = self.map[at].with_sprite(Sprite::None);
        let chunk = self.chunks.of(at);
        self.chunks.leave(chunk, kind);
        self.residents.leave(chunk, slot);
    }

    /// Moves an object to a free cell.
    pub(crate) fn relocate(&mut self, slot: usize, to: Position) {
        let from = self.objects.position(slot);
        let tile = self.map[from];
        self.map[from] = tile.with_sprite(Sprite::None);
        self.map[to] = self.map[to].with_sprite_of(tile);
        self.objects.relocate(slot, to);
        let (old, new) = (self.chunks.of(from), self.chunks.of(to));
        if old != new {
            self.change_chunk(slot, old, new);
        }
    }

    #[cold]
    fn change_chunk(&mut self, slot: usize, old: usize, new: usize) {
        let kind = self.objects.body(slot).kind;
        self.chunks.leave(old, kind);
        self.chunks.enter(new, kind);
        self.residents.leave(old, slot);
        self.residents.enter(new, slot);
    }

    /// Replaces the material of a cell.
    pub(crate) fn set_material(&mut self, at: Position, material: Material) {
        let tile = self.map[at];
        self.map[at] = tile.with_material(material);
        self.chunks.replace_material(at, tile.material(), material);
    }

    /// Replaces the picture of an object that changed its looks.
    pub(crate) fn set_sprite(&mut self, at: Position, sprite: Sprite) {
        self.map[at] = self.map[at].with_sprite(sprite);
    }

    /// The slot of the object at a position, which may lie outside.
    pub(crate) fn find(&self, at: Position) -> Option<usize> {
        if !self.map.get(at).is_occupied() {
            return None;
        }
        let mut neighbours = self.residents.of(self.chunks.of(at));
        neighbours.find(|&slot| self.objects.position(slot) == at)
    }

    /// Takes health from the object at a position, whatever it is.
    pub(crate) fn damage(&mut self, at: Position, damage: u8) {
        match self.find(at) {
            Some(PLAYER) => self.player.lose_health(damage),
            Some(slot) => {
                let body = self.objects.body_mut(slot);
                body.health = body.health.saturating_sub(damage);
            }
            None => {}
        }
    }
}

impl Body {
    /// The picture of an object.
    pub(crate) fn sprite(&self, player: &Player) -> Sprite {
        match self.kind {
            ObjectKind::Player => Sprite::player(player.facing, player.sleeping),
            ObjectKind::Cow => Sprite::Cow,
            ObjectKind::Zombie => Sprite::Zombie,
            ObjectKind::Skeleton => Sprite::Skeleton,
            ObjectKind::Arrow => Sprite::arrow(self.facing),
            ObjectKind::Plant => Sprite::plant(self.is_ripe()),
        }
    }
}
