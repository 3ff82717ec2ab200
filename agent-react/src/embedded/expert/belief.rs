//! Remembers what the map looks like, and what stood on it when last seen.

use env_crafter::{Achievement, Direction, Material, ObjectKind, Position, rules};

use super::{
    chart::{Cell, Chart, Spot},
    perception::{Glimpse, Sighting},
    tuning::{GROWTH_REACH, PATIENCE},
};

/// What is believed of the world.
#[derive(Clone, Debug, Default)]
pub(super) struct Belief {
    chart: Chart,
    /// Everything but the player that is in view, and cows seen before.
    objects: Vec<Seen>,
    plants: Vec<Plant>,
    step: u64,
}

/// What a known cell is to somebody who would pass it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Terrain {
    pub ground: Material,
    /// What stands there besides the player.
    pub occupant: Option<ObjectKind>,
    /// Whether it keeps creatures from a plant.
    pub fence: bool,
}

/// An object in view, or a cow out of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub kind: ObjectKind,
    pub position: Position,
}

/// A sapling, or what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Plant {
    pub position: Position,
    pub ripe: bool,
    /// Steps it has grown at least; it only does while the player is near.
    pub age: u64,
}

impl Plant {
    /// Whether it should be ripe by now, seen or not.
    pub(super) fn is_due(self) -> bool {
        self.ripe || self.age > u64::from(rules::RIPE_AGE) + PATIENCE
    }
}

impl Belief {
    /// Takes in what is seen now.
    ///
    /// The chart repeats for each cell what the lists of objects and plants say. So
    /// all of them are taken off it, the lists are brought up to date, and what is on
    /// them then is put back.
    pub(super) fn update(&mut self, sighting: &Sighting) {
        self.grow_plants(sighting);
        self.take_off_chart();
        self.forget_what_left(sighting);
        self.see(sighting);
        self.put_on_chart();
    }

    /// Lets the plants that are near enough grow since the last look.
    fn grow_plants(&mut self, sighting: &Sighting) {
        let passed = sighting.step.saturating_sub(self.step);
        self.step = sighting.step;
        for plant in &mut self.plants {
            if plant.position.distance(sighting.position) < GROWTH_REACH {
                plant.age += passed;
            }
        }
    }

    /// Keeps the cows that are out of view, and the plants that are not seen to be
    /// gone. Who is in view is seen anew.
    fn forget_what_left(&mut self, sighting: &Sighting) {
        self.objects
            .retain(|seen| seen.kind == ObjectKind::Cow && !sighting.shows(seen.position));
        self.plants.retain(|plant| {
            let seen = sighting.glimpse(plant.position);
            seen.is_none_or(|seen| matches!(seen, Glimpse::Plant { .. }))
        });
    }

    /// Takes in the ground in view, and what stands on it.
    fn see(&mut self, sighting: &Sighting) {
        for (position, glimpse) in sighting.cells() {
            match glimpse {
                Glimpse::Ground(material) => {
                    self.chart.set(position, Spot::Ground(material), self.step)
                }
                Glimpse::Outside => self.chart.set(position, Spot::Outside, self.step),
                Glimpse::Creature(kind) => {
                    self.stand(position, kind);
                    if kind != ObjectKind::Player {
                        self.objects.push(Seen { kind, position });
                    }
                }
                Glimpse::Plant { ripe } => {
                    self.stand(position, ObjectKind::Plant);
                    let eaten = !sighting.lacks(Achievement::EatPlant);
                    self.see_plant(position, ripe, eaten);
                }
            }
        }
    }

    /// What is believed of a cell.
    pub(super) fn spot(&self, position: Position) -> Spot {
        if position.x < 0 || position.y < 0 {
            return Spot::Outside;
        }
        self.chart
            .cell(position)
            .map_or(Spot::Unknown, |cell| cell.spot)
    }

    /// The ground of a cell, if it was seen.
    pub(super) fn ground(&self, position: Position) -> Option<Material> {
        match self.spot(position) {
            Spot::Ground(material) => Some(material),
            Spot::Unknown | Spot::Outside => None,
        }
    }

    /// Whether any cell of a material is known.
    pub(super) fn knows(&self, material: Material) -> bool {
        self.chart.knows(material)
    }

    /// Everything that decides whether a cell can be passed, at one look.
    pub(super) fn terrain(&self, position: Position) -> Option<Terrain> {
        let cell = self.chart.cell(position)?;
        let Spot::Ground(ground) = cell.spot else {
            return None;
        };
        Some(Terrain {
            ground,
            occupant: cell.occupant,
            fence: cell.fence,
        })
    }

    /// What stands in a cell besides the player, or stood there when it was last
    /// in view.
    pub(super) fn occupant(&self, position: Position) -> Option<ObjectKind> {
        self.chart.cell(position)?.occupant
    }

    /// Whether what is in a cell keeps creatures from a plant that is not ripe.
    pub(super) fn is_fence(&self, position: Position) -> bool {
        self.chart.cell(position).is_some_and(|cell| cell.fence)
    }

    /// The creatures in view, and cows seen before.
    pub(super) fn creatures(&self) -> &[Seen] {
        &self.objects
    }

    /// The plants that are still there as far as is known.
    pub(super) fn plants(&self) -> &[Plant] {
        &self.plants
    }

    /// Whether creatures could walk there: open ground, whoever stands on it.
    pub(super) fn is_open(&self, position: Position) -> bool {
        self.ground(position).is_some_and(rules::is_walkable)
            && self.occupant(position) != Some(ObjectKind::Plant)
    }

    /// Whether the player could step there, if need be once an arrow has passed.
    pub(super) fn is_free(&self, position: Position) -> bool {
        let occupant = self.occupant(position);
        self.is_open(position) && occupant.is_none_or(|kind| kind == ObjectKind::Arrow)
    }

    /// Whether a material is in one of the nine cells around, as making tools
    /// takes it. In the first column and row nothing can be made.
    pub(super) fn has_around(&self, here: Position, material: Material) -> bool {
        let mut around = (-1..=1).flat_map(|dy| (-1..=1).map(move |dx| (dx, dy)));
        here.x > 0
            && here.y > 0
            && around.any(|(dx, dy)| {
                self.ground(Position::new(here.x + dx, here.y + dy)) == Some(material)
            })
    }

    /// Columns and rows there is memory for.
    pub(super) fn extent(&self) -> (i32, i32) {
        self.chart.extent()
    }

    /// What is remembered, from north to south, each row from west to east.
    pub(super) fn rows(&self) -> impl Iterator<Item = &[Cell]> {
        self.chart.rows()
    }

    /// The steps since a cell was last in view.
    pub(super) fn passed_since(&self, cell: &Cell) -> u64 {
        self.step - cell.seen
    }

    /// Clears the cells of all objects and plants, and the fences around these.
    fn take_off_chart(&mut self) {
        for at in self.objects.iter().map(|seen| seen.position) {
            if let Some(cell) = self.chart.cell_mut(at) {
                cell.occupant = None;
            }
        }
        for at in self.plants.iter().map(|plant| plant.position) {
            for near in std::iter::once(at).chain(Direction::ALL.map(|side| at + side)) {
                if let Some(cell) = self.chart.cell_mut(near) {
                    cell.fence = false;
                    cell.occupant = None;
                }
            }
        }
    }

    /// Marks the cells of all objects and plants. Whatever is beside a plant that
    /// still grows is its fence, also where two plants share it.
    fn put_on_chart(&mut self) {
        for plant in &self.plants {
            let at = plant.position;
            if let Some(cell) = self.chart.cell_mut(at) {
                cell.occupant = Some(ObjectKind::Plant);
            }
            for side in Direction::ALL.map(|side| at + side) {
                if let Some(cell) = self.chart.cell_mut(side) {
                    cell.fence |= !plant.is_due();
                }
            }
        }
        for seen in &self.objects {
            if let Some(cell) = self.chart.cell_mut(seen.position) {
                cell.occupant = Some(seen.kind);
            }
        }
    }

    fn see_plant(&mut self, position: Position, ripe: bool, eaten: bool) {
        match self
            .plants
            .iter_mut()
            .find(|plant| plant.position == position)
        {
            Some(plant) => {
                // One that should be ripe and is not was eaten, and grows again. As
                // long as none was, it may have grown less than was believed.
                if !ripe && (plant.ripe || eaten && plant.is_due()) {
                    plant.age = 0;
                }
                plant.ripe = ripe;
            }
            None => self.plants.push(Plant {
                position,
                ripe,
                age: 0,
            }),
        }
    }

    /// Something is there and hides the ground, which is guessed unless it can be what
    /// is known: a wall that was broken is no wall any more.
    fn stand(&mut self, position: Position, kind: ObjectKind) {
        let known = self.ground(position).filter(|&ground| match kind {
            ObjectKind::Arrow => is_flown_over(ground),
            _ => rules::is_walkable(ground),
        });
        self.chart.set(
            position,
            Spot::Ground(known.unwrap_or(ground_under(kind))),
            self.step,
        );
    }
}

/// Whether arrows fly over it.
const fn is_flown_over(ground: Material) -> bool {
    rules::is_walkable(ground) || matches!(ground, Material::Water | Material::Lava)
}

/// The side of `here` on which `there` is, if it is beside it.
pub(super) fn side(here: Position, there: Position) -> Option<Direction> {
    let mut sides = Direction::ALL.into_iter();
    sides.find(|&direction| here + direction == there)
}

/// The other way.
pub(super) const fn opposite(direction: Direction) -> Direction {
    match direction {
        Direction::Left => Direction::Right,
        Direction::Right => Direction::Left,
        Direction::Up => Direction::Down,
        Direction::Down => Direction::Up,
    }
}

/// What something most likely stands on.
const fn ground_under(kind: ObjectKind) -> Material {
    match kind {
        ObjectKind::Player | ObjectKind::Cow | ObjectKind::Zombie | ObjectKind::Plant => {
            Material::Grass
        }
        ObjectKind::Skeleton | ObjectKind::Arrow => Material::Path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Who believed it ripe stood before it until it starved.
    #[test]
    fn a_plant_eaten_unseen_grows_again() {
        let mut belief = Belief::default();
        for (step, plant, unlocked, due) in [
            (0, "plant", "none", false),
            (400, "plant", "none", true),
            (401, "plant", "eat_plant", false),
            (800, "ripe_plant", "eat_plant", true),
            (801, "plant", "eat_plant", false),
        ] {
            let text = format!(
                "Step: {step} of 1000\nPosition: x 5, y 5\nAchievements unlocked: {unlocked}\n\
                 View (3x1, north is up):\ngrass player {plant}"
            );
            belief.update(&Sighting::read(&text).unwrap());
            assert_eq!(belief.plants()[0].is_due(), due, "step {step}");
        }
    }
}
