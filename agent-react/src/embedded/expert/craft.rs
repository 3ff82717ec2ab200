//! Puts things down and makes tools.

use env_crafter::{Action, Material, Position, rules};

use super::{
    tuning::{STONES_AT_HAND, STONES_NEAR, cost},
    walker::{Plan, Walker},
};

/// Puts something down on the nearest fitting ground.
pub(super) fn place(walker: Walker<'_>, action: Action) -> Option<Plan> {
    place_from(walker, action, |_| true)
}

fn place_from(walker: Walker<'_>, action: Action, from: impl Fn(Position) -> bool) -> Option<Plan> {
    let rule = rules::PLACE.iter().find(|rule| rule.action == action)?;
    if !walker.sighting.has(rule.uses) {
        return None;
    }
    let fits = |at| fits(walker, rule, at);
    walker.put_anywhere(action, from, fits, |at| clears(walker, at))
}

/// Whether something can be put down in a cell as it is.
fn fits(walker: Walker<'_>, rule: &rules::Place, at: Position) -> bool {
    let ground = walker.belief.ground(at);
    ground.is_some_and(|ground| rule.on.contains(&ground) && ground != Material::Lava)
        && walker.belief.occupant(at).is_none()
        && at != walker.here()
}

/// Whether a cell is cleared to put something down there.
fn clears(walker: Walker<'_>, at: Position) -> bool {
    match walker.belief.ground(at) {
        Some(ground @ (Material::Stone | Material::Tree)) => {
            walker.can_collect(ground) && !walker.belief.is_fence(at)
        }
        _ => false,
    }
}

/// Builds the first table beside the stones it will be needed at, if any are
/// known not too far away.
pub(super) fn settle(walker: Walker<'_>) -> Option<Plan> {
    let field = walker.field;
    let near = field.nearest(Material::Stone).and_then(|stone| {
        let cost = field.cost(stone)?;
        (cost <= STONES_NEAR).then_some((stone, cost))
    });
    match near {
        // Steps count, too: by its cost a stone is far where a creature aims at it.
        Some((stone, cost))
            if cost > STONES_AT_HAND && stone.distance(walker.here()) > STONES_AT_HAND =>
        {
            let mut way = field.way(stone);
            way.truncate(way.len().saturating_sub(1));
            let actions = walker.walk(&way);
            Some(Plan { actions, cost })
        }
        _ => place(walker, Action::PlaceTable),
    }
}

/// Makes a tool where everything for it is around, or builds what is missing,
/// whichever takes fewer steps.
pub(super) fn make(walker: Walker<'_>, action: Action) -> Option<Plan> {
    let rule = rules::MAKE.iter().find(|rule| rule.action == action)?;
    let tool = Tool { walker, rule };
    if tool.can_be_made(walker.here()) {
        return Some(Plan {
            actions: vec![action],
            cost: 1,
        });
    }
    let elsewhere = tool.make_elsewhere();
    match tool.site() {
        Some(site) if elsewhere.as_ref().is_none_or(|plan| site.cost < plan.cost) => {
            tool.build(site)
        }
        _ => elsewhere,
    }
}

/// A tool that is to be made.
#[derive(Clone, Copy)]
struct Tool<'a> {
    walker: Walker<'a>,
    rule: &'static rules::Make,
}

/// A place to build what a tool takes.
#[derive(Clone, Copy)]
struct Site {
    at: Position,
    /// The steps to there and for the building.
    cost: u32,
}

impl Tool<'_> {
    /// What it takes that is not around a cell.
    fn missing(self, at: Position) -> impl Iterator<Item = Material> {
        let nearby = self.rule.nearby.iter().copied();
        nearby.filter(move |&needed| !self.walker.belief.has_around(at, needed))
    }

    fn can_be_made(self, at: Position) -> bool {
        self.missing(at).next().is_none()
    }

    /// Goes to the nearest cell where it can be made, and makes it.
    fn make_elsewhere(self) -> Option<Plan> {
        let mut nearby = self.rule.nearby.iter();
        if !nearby.all(|&needed| self.walker.belief.knows(needed)) {
            return None;
        }
        let Site { at, cost } = self.nearest(|at| self.can_be_made(at))?;
        let mut plan = self.walker.go(at)?;
        plan.actions.push(self.rule.action);
        Some(Plan {
            cost: cost + 1,
            ..plan
        })
    }

    /// Where what is missing is built in the fewest steps: here, or where a table
    /// stands already.
    fn site(self) -> Option<Site> {
        let here = Site {
            at: self.walker.here(),
            cost: 0,
        };
        let belief = self.walker.belief;
        let beside_table = belief
            .knows(Material::Table)
            .then(|| self.nearest(|at| belief.has_around(at, Material::Table) && self.has_room(at)))
            .flatten();
        let here = self.has_room(here.at).then_some(here);
        let sites = [here, beside_table].into_iter().flatten();
        let priced = sites.filter_map(|site| {
            let cost = site.cost + self.price(site.at)?;
            Some(Site { cost, ..site })
        });
        priced.min_by_key(|site| site.cost)
    }

    /// Builds the first thing that is missing at a site, or goes there.
    fn build(self, site: Site) -> Option<Plan> {
        let here = self.walker.here();
        let plan = if site.at == here {
            let build = placing(self.missing(here).next()?)?.action;
            // What stands here already has to stay around.
            let keeps = |at| {
                let nearby = self.rule.nearby.iter().copied();
                let mut standing =
                    nearby.filter(|&needed| self.walker.belief.has_around(here, needed));
                standing.all(|needed| self.walker.belief.has_around(at, needed))
            };
            place_from(self.walker, build, keeps)?
        } else {
            self.walker.go(site.at)?
        };
        Some(Plan {
            cost: site.cost,
            ..plan
        })
    }

    /// Whether what is missing finds room. Where something stands already it has to be
    /// right beside the cell; elsewhere there is some around.
    fn has_room(self, at: Position) -> bool {
        let Some(rule) = self.missing(at).next().and_then(placing) else {
            return true;
        };
        let mut nearby = self.rule.nearby.iter();
        let walker = self.walker;
        !nearby.any(|&needed| walker.belief.has_around(at, needed))
            || walker
                .side_to_put(at, |at| fits(walker, rule, at), |at| clears(walker, at))
                .is_some()
    }

    /// The steps that building takes at a cell, if there is enough to build with.
    fn price(self, at: Position) -> Option<u32> {
        let prices = self.missing(at).map(|needed| {
            self.can_build(needed).then_some(match needed {
                Material::Table => cost::NEW_TABLE,
                _ => cost::NEW_FURNACE,
            })
        });
        prices.sum()
    }

    /// Whether there is enough to build with, besides what the tool itself takes.
    fn can_build(self, needed: Material) -> bool {
        let Some(built) = placing(needed) else {
            return false;
        };
        built.uses.iter().all(|&(item, amount)| {
            let also = self.rule.uses.iter().find(|(each, _)| *each == item);
            let also = also.map_or(0, |&(_, amount)| amount);
            self.walker.sighting.amount(item) >= amount + also
        })
    }

    /// The nearest cell of some to stand on.
    fn nearest(self, fits: impl Fn(Position) -> bool) -> Option<Site> {
        let mut reached = self.walker.field.reached();
        let (at, cost) = reached.find(|&(at, _)| self.walker.can_stand(at) && fits(at))?;
        Some(Site { at, cost })
    }
}

/// How a table or a furnace is built.
fn placing(material: Material) -> Option<&'static rules::Place> {
    rules::PLACE
        .iter()
        .find(|rule| rule.placed == rules::Placed::Material(material))
}
