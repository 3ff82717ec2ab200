//! Moves over the believed map: what passing a cell takes, and the actions that
//! follow a way.

use env_crafter::{Action, Direction, Item, Material, ObjectKind, Position, rules};

use super::{
    Level,
    belief::{Belief, Terrain, opposite},
    chart::Spot,
    danger::Dangers,
    field::{Field, Passage},
    perception::Sighting,
    tuning::cost,
};

/// What the player would do next, and how many steps that takes to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    pub actions: Vec<Action>,
    pub cost: u32,
}

/// Where to put something down from.
struct Stand {
    at: Position,
    /// The direction that is faced on arrival.
    ahead: Direction,
    /// The direction in which it is put down.
    side: Direction,
    /// The steps it takes in all.
    cost: u32,
}

/// A way that ends before a cell, facing it.
struct Approach {
    way: Vec<Direction>,
    cost: u32,
}

/// The player on the believed map, with the ways from where it is.
#[derive(Clone, Copy)]
pub(super) struct Walker<'a> {
    pub level: Level,
    pub belief: &'a Belief,
    pub sighting: &'a Sighting,
    pub field: &'a Field,
}

/// What decides which cells can be passed.
pub(super) struct Ground<'a> {
    belief: &'a Belief,
    dangers: &'a Dangers,
    /// What entering a cell of each material takes, by id.
    prices: [Passage; Material::ALL.len() + 1],
}

impl<'a> Ground<'a> {
    /// What passing takes for this player, now.
    pub(super) fn new(
        level: Level,
        belief: &'a Belief,
        sighting: &Sighting,
        dangers: &'a Dangers,
    ) -> Self {
        let mut prices = [Passage::UpTo; Material::ALL.len() + 1];
        for material in Material::ALL {
            prices[usize::from(material.id())] = price(level, sighting, material);
        }
        Self {
            belief,
            dangers,
            prices,
        }
    }

    /// What entering a cell takes, and what it is if that is known.
    pub(super) fn look(&self, at: Position) -> (Passage, Option<Material>) {
        match self.belief.terrain(at) {
            Some(terrain) => (self.passage(at, terrain), Some(terrain.ground)),
            None => (Passage::UpTo, None),
        }
    }

    fn passage(&self, at: Position, terrain: Terrain) -> Passage {
        let Passage::Through(price) = self.prices[usize::from(terrain.ground.id())] else {
            return Passage::UpTo;
        };
        match terrain.occupant {
            _ if terrain.fence && is_mined(terrain.ground) => Passage::UpTo,
            Some(ObjectKind::Plant) => Passage::UpTo,
            Some(ObjectKind::Cow | ObjectKind::Zombie | ObjectKind::Skeleton) => {
                Passage::Through(cost::CREATURE)
            }
            None | Some(ObjectKind::Arrow | ObjectKind::Player) => {
                Passage::Through(price + self.dangers.price(at))
            }
        }
    }
}

/// What entering a cell of a material takes if nothing is in the way.
fn price(level: Level, sighting: &Sighting, material: Material) -> Passage {
    let price = match material {
        Material::Grass if sighting.is_night() => cost::NIGHT_MEADOW,
        Material::Grass | Material::Sand | Material::Path => cost::WALK,
        Material::Stone | Material::Coal | Material::Iron | Material::Diamond => {
            match can_collect(level, sighting, material) {
                true => cost::DIG,
                false => return Passage::UpTo,
            }
        }
        Material::Tree => cost::FELL,
        Material::Water => {
            let bridges =
                sighting.amount(Item::Stone) > 0 && can_collect(level, sighting, Material::Stone);
            match bridges {
                true => cost::BRIDGE,
                false => return Passage::UpTo,
            }
        }
        Material::Lava | Material::Table | Material::Furnace => return Passage::UpTo,
    };
    Passage::Through(price)
}

const fn is_mined(ground: Material) -> bool {
    matches!(
        ground,
        Material::Stone | Material::Coal | Material::Iron | Material::Diamond
    )
}

/// Whether the tool for a material is at hand.
pub(super) fn can_collect(level: Level, sighting: &Sighting, material: Material) -> bool {
    rules::collect(material).is_some_and(|rule| {
        rule.tool
            .is_none_or(|tool| level == Level::Expert && sighting.amount(tool) > 0)
    })
}

impl Walker<'_> {
    /// Where the player is.
    pub(super) fn here(self) -> Position {
        self.sighting.position
    }

    /// Whether the tool for a material is at hand.
    pub(super) fn can_collect(self, material: Material) -> bool {
        can_collect(self.level, self.sighting, material)
    }

    /// Goes into a cell.
    pub(super) fn go(self, to: Position) -> Option<Plan> {
        let cost = self.field.cost(to)?;
        let actions = self.walk(&self.field.way(to));
        Some(Plan { actions, cost })
    }

    /// Goes to a cell but not into it, faces it and uses it.
    pub(super) fn use_at(self, at: Position) -> Option<Plan> {
        let way = self.field.way(at);
        let (&last, before) = way.split_last()?;
        let mut actions = self.walk(before);
        if !before.is_empty() && before.last() != Some(&last)
            || before.is_empty() && self.sighting.facing != last
        {
            actions.push(step_action(last));
        }
        actions.push(Action::Do);
        let cost = self.field.cost(at)?;
        Some(Plan { actions, cost })
    }

    /// The plan for the cheapest of some cells.
    pub(super) fn cheapest(
        self,
        cells: impl Iterator<Item = Position>,
        plan: impl Fn(Self, Position) -> Option<Plan>,
    ) -> Option<Plan> {
        let priced = cells.filter_map(|at| Some((self.field.cost(at)?, at)));
        plan(self, priced.min_by_key(|&(cost, _)| cost)?.1)
    }

    /// Puts something down on the nearest fitting cell, from a cell that will do.
    /// Where the way leads up to something that `clears`, it is taken away first.
    pub(super) fn put_anywhere(
        self,
        action: Action,
        from: impl Fn(Position) -> bool,
        fits: impl Fn(Position) -> bool,
        clears: impl Fn(Position) -> bool,
    ) -> Option<Plan> {
        let stands = self.field.reached();
        let mut stands = stands.filter(|&(at, _)| self.can_stand(at) && from(at));
        let stand = stands.find_map(|(at, cost)| {
            let side = self.side_to_put(at, &fits, &clears)?;
            let ahead = self.facing_at(at);
            let work = match fits(at + side) {
                true => cost::PUT,
                false => cost::CLEAR_AND_PUT,
            };
            Some(Stand {
                at,
                ahead,
                side,
                cost: cost + work,
            })
        })?;
        let mut actions = self.walk(&self.field.way(stand.at));
        if stand.side != stand.ahead {
            actions.push(step_action(stand.side));
        }
        if !fits(stand.at + stand.side) {
            actions.push(Action::Do);
        }
        actions.push(action);
        Some(Plan {
            actions,
            cost: stand.cost,
        })
    }

    /// The side on which something can be put down by who arrives in a cell: only what
    /// is in the way can be turned to without walking on.
    pub(super) fn side_to_put(
        self,
        at: Position,
        fits: impl Fn(Position) -> bool,
        clears: impl Fn(Position) -> bool,
    ) -> Option<Direction> {
        let ahead = self.facing_at(at);
        if fits(at + ahead) {
            return Some(ahead);
        }
        let mut sides = Direction::ALL.into_iter();
        sides.find(|&side| clears(at + side))
    }

    /// Puts something down on this open cell. It is only faced by walking
    /// towards it: that takes a cell before it to stand on, and one more to
    /// come from.
    pub(super) fn put_at(self, action: Action, at: Position) -> Option<Plan> {
        let sides = Direction::ALL.into_iter();
        let approaches = sides.filter_map(|facing| self.approach(at, facing));
        let approach = approaches.min_by_key(|approach| approach.cost)?;
        let mut actions = self.walk(&approach.way);
        actions.push(action);
        Some(Plan {
            actions,
            cost: approach.cost + cost::PUT,
        })
    }

    /// The way to stand before a cell, facing it in this direction.
    fn approach(self, at: Position, facing: Direction) -> Option<Approach> {
        let back = opposite(facing);
        let stand = at + back;
        if stand == self.here() && self.sighting.facing == facing {
            return Some(Approach {
                way: Vec::new(),
                cost: 0,
            });
        }
        if !self.can_stand(stand) {
            return None;
        }
        if self.field.arrival(stand) == Some(facing) {
            return Some(Approach {
                way: self.field.way(stand),
                cost: self.field.cost(stand)?,
            });
        }
        let run_up = stand + back;
        if !self.can_stand(run_up) {
            return None;
        }
        let cost = self.field.cost(run_up)? + u32::from(cost::WALK);
        let mut way = self.field.way(run_up);
        way.push(facing);
        Some(Approach { way, cost })
    }

    /// Whether the player is there or could step there.
    pub(super) fn can_stand(self, at: Position) -> bool {
        at == self.here() || self.belief.is_free(at)
    }

    /// The direction the player faces once it has walked there.
    pub(super) fn facing_at(self, at: Position) -> Direction {
        let arrival = self.field.arrival(at);
        arrival.unwrap_or(self.sighting.facing)
    }

    /// The actions for a way, as far as the ground is known.
    pub(super) fn walk(self, steps: &[Direction]) -> Vec<Action> {
        let mut actions = Vec::with_capacity(steps.len() + 2);
        let mut at = self.here();
        let mut facing = self.sighting.facing;
        for &step in steps {
            at = at + step;
            let Spot::Ground(ground) = self.belief.spot(at) else {
                break;
            };
            let walk = step_action(step);
            if self.belief.is_free(at) {
                actions.push(walk);
            } else {
                if facing != step {
                    actions.push(walk);
                }
                if ground == Material::Water {
                    actions.push(Action::PlaceStone);
                }
                actions.extend([Action::Do, walk]);
            }
            facing = step;
        }
        actions
    }
}

/// The action that turns and walks that way.
pub(super) const fn step_action(direction: Direction) -> Action {
    match direction {
        Direction::Left => Action::MoveLeft,
        Direction::Right => Action::MoveRight,
        Direction::Up => Action::MoveUp,
        Direction::Down => Action::MoveDown,
    }
}
