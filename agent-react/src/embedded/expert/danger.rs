//! Knows what threatens the player: which cells to keep out of, and what to do
//! about something that is at hand.

use env_crafter::{Achievement, Direction, Item, ObjectKind, Position};

use super::{
    belief::{Belief, Seen, opposite, side},
    goals::Goal,
    perception::{Arrow, Sighting},
    tuning::{ARROW_LANE, ARROW_REACH, BOW_REACH, FIT_TO_FIGHT, SPARE_STONES, ZOMBIE_REACH, cost},
};

/// What it costs, over walking, to pass near the creatures in view.
#[derive(Clone, Debug, Default)]
pub(super) struct Dangers {
    columns: i32,
    rows: i32,
    /// Empty while nothing threatens.
    prices: Vec<u16>,
}

impl Dangers {
    /// Marks what the creatures in view can reach, and where arrows fly.
    pub(super) fn update(&mut self, belief: &Belief, sighting: &Sighting) {
        let (columns, rows) = belief.extent();
        (self.columns, self.rows) = (columns, rows);
        self.prices.clear();
        for arrow in sighting.arrows() {
            let lane = line(belief, arrow.position, arrow.heading, ARROW_LANE);
            lane.for_each(|at| self.mark(at, cost::IN_ARROW_LANE));
        }
        for seen in belief.creatures() {
            match seen.kind {
                ObjectKind::Zombie => self.mark_zombie(seen.position),
                ObjectKind::Skeleton if !hunts_skeletons(sighting) => {
                    for direction in Direction::ALL {
                        let aimed = line(belief, seen.position, direction, BOW_REACH);
                        aimed.for_each(|at| self.mark(at, cost::IN_BOWSHOT));
                    }
                }
                ObjectKind::Skeleton
                | ObjectKind::Player
                | ObjectKind::Cow
                | ObjectKind::Arrow
                | ObjectKind::Plant => {}
            }
        }
    }

    /// What entering a cell costs over walking.
    pub(super) fn price(&self, at: Position) -> u16 {
        if self.prices.is_empty() || at.x < 0 || at.y < 0 || at.x >= self.columns {
            return 0;
        }
        let slot = (at.y * self.columns + at.x) as usize;
        self.prices.get(slot).copied().unwrap_or(0)
    }

    fn mark_zombie(&mut self, at: Position) {
        let reach = ZOMBIE_REACH as i32;
        for dx in -reach..=reach {
            for dy in -reach..=reach {
                let near = Position::new(at.x + dx, at.y + dy);
                match near.distance(at) {
                    0 | 1 => self.mark(near, cost::BESIDE_ZOMBIE),
                    2..=ZOMBIE_REACH => self.mark(near, cost::NEAR_ZOMBIE),
                    _ => {}
                }
            }
        }
    }

    fn mark(&mut self, at: Position, price: u16) {
        let cells = (self.columns * self.rows) as usize;
        self.prices.resize(cells, 0);
        let inside = (0..self.columns).contains(&at.x) && at.y >= 0;
        let slot = inside.then_some((at.y * self.columns + at.x) as usize);
        if let Some(marked) = slot.and_then(|slot| self.prices.get_mut(slot)) {
            *marked = (*marked).max(price);
        }
    }
}

/// The cells that an arrow from here flies over: straight on, until something is in
/// the way, and so many at most.
fn line(
    belief: &Belief,
    from: Position,
    heading: Direction,
    cells: usize,
) -> impl Iterator<Item = Position> {
    let ahead = std::iter::successors(Some(from), move |&at| Some(at + heading)).skip(1);
    ahead.take_while(|&at| belief.is_open(at)).take(cells)
}

/// Whether skeletons are sought rather than avoided.
pub(super) fn hunts_skeletons(sighting: &Sighting) -> bool {
    sighting.lacks(Achievement::DefeatSkeleton)
        && sighting.amount(Item::Health) >= FIT_TO_FIGHT
        && sighting.amount(Item::WoodSword) > 0
}

/// What cannot wait: an arrow on its way, or a creature beside the player.
pub(super) fn reaction(belief: &Belief, sighting: &Sighting) -> Option<Goal> {
    // The one ahead first: turning takes a step.
    let beside = |kind| {
        let seen = belief
            .creatures()
            .iter()
            .filter(|seen| seen.kind == kind && side(sighting.position, seen.position).is_some());
        seen.min_by_key(|seen| seen.position != sighting.ahead())
    };
    if let Some(zombie) = beside(ObjectKind::Zombie) {
        return Some(Goal::Strike(zombie.position, zombie.kind));
    }
    if let Some(skeleton) = beside(ObjectKind::Skeleton) {
        return Some(Goal::Strike(skeleton.position, skeleton.kind));
    }
    let ahead = sighting.ahead();
    let stones = sighting.amount(Item::Stone);
    let way_is_free = belief.is_free(ahead) && belief.occupant(ahead).is_none();
    // A zombie strikes as soon as it arrives. One that comes straight on is stopped
    // by a stone, if there are some to spare.
    let comes =
        |seen: &Seen| seen.kind == ObjectKind::Zombie && seen.position == ahead + sighting.facing;
    if way_is_free
        && stones >= SPARE_STONES
        && !sighting.lacks(Achievement::DefeatZombie)
        && belief.creatures().iter().any(comes)
    {
        return Some(Goal::Block(ObjectKind::Zombie));
    }
    let aimed = |arrow: &&Arrow| hits(belief, arrow, sighting.position);
    let arrow = sighting.arrows().iter().find(aimed)?;
    // Who steps aside has to come back, and is shot at again.
    if way_is_free && stones > 0 && arrow.heading == opposite(sighting.facing) {
        return Some(Goal::Block(ObjectKind::Arrow));
    }
    let mut sidesteps = Direction::ALL
        .into_iter()
        .filter(|step| (step.delta().0 == 0) != (arrow.heading.delta().0 == 0));
    let is_safe = |at: Position| {
        let others = || {
            sighting
                .arrows()
                .iter()
                .any(|arrow| hits(belief, arrow, at))
        };
        let zombie = || {
            let mut seen = belief.creatures().iter();
            seen.any(|seen| {
                seen.kind == ObjectKind::Zombie && seen.position.distance(at) <= ZOMBIE_REACH
            })
        };
        belief.is_free(at) && belief.occupant(at).is_none() && !others() && !zombie()
    };
    let step = sidesteps.find(|&step| is_safe(sighting.position + step))?;
    Some(Goal::Dodge(step))
}

/// Whether an arrow will be where the player is before there is time for more
/// than stepping aside.
fn hits(belief: &Belief, arrow: &Arrow, target: Position) -> bool {
    line(belief, arrow.position, arrow.heading, ARROW_REACH).any(|at| at == target)
}
