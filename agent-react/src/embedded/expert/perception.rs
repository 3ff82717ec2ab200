//! Reads the text of an observation in the format `synth/1`.

use env_crafter::{Achievement, AchievementSet, Direction, Item, Material, ObjectKind, Position};

use super::tuning::{AFTERNOON, DAWN, DAY, DUSK, NIGHTFALL};

/// What an observation says.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sighting {
    pub step: u64,
    /// Steps until the episode ends, if that is said.
    pub steps_left: Option<u64>,
    pub position: Position,
    pub facing: Direction,
    pub daylight: f64,
    /// Whether the text calls it night.
    pub dark: bool,
    pub asleep: bool,
    pub achievements: AchievementSet,
    amounts: [u8; Item::ALL.len()],
    /// Rows from north to south, each from west to east.
    view: Vec<Glimpse>,
    rows: usize,
    arrows: Vec<Arrow>,
}

/// An arrow in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Arrow {
    pub position: Position,
    pub heading: Direction,
}

/// What a cell of the view shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Glimpse {
    Ground(Material),
    Creature(ObjectKind),
    Plant { ripe: bool },
    Outside,
}

impl Sighting {
    /// Reads a text, or says `None` if it is in another format.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut lines = text.lines().skip_while(|line| !line.starts_with("Step: "));
        let mut steps = lines.next()?.strip_prefix("Step: ")?.split(" of ");
        let step: u64 = steps.next()?.parse().ok()?;
        let limit: Option<u64> = steps.next().and_then(|limit| limit.parse().ok());
        let mut sighting = Self {
            step,
            steps_left: limit.map(|limit| limit.saturating_sub(step)),
            position: Position::new(0, 0),
            facing: Direction::Down,
            daylight: 1.0,
            dark: false,
            asleep: false,
            achievements: AchievementSet::default(),
            amounts: [0; Item::ALL.len()],
            view: Vec::new(),
            rows: 0,
            arrows: Vec::new(),
        };
        while let Some(line) = lines.next() {
            let (key, value) = line.split_once(':')?;
            let value = value.trim();
            match key.split_whitespace().next()? {
                "Health" => sighting.read_needs(line)?,
                "Position" => sighting.position = read_position(value)?,
                "Facing" => sighting.facing = Direction::from_name(value.split(' ').next()?)?,
                "Light" => {
                    sighting.daylight = in_brackets(value)?.parse().ok()?;
                    sighting.dark = value.starts_with("night");
                }
                "State" => sighting.asleep = value.starts_with("asleep"),
                "Inventory" => sighting.read_inventory(value)?,
                "Achievements" => sighting.achievements = read_achievements(value)?,
                "View" => {
                    sighting.rows = read_rows(key)?;
                    for row in lines.by_ref().take(sighting.rows) {
                        for word in row.split_ascii_whitespace() {
                            sighting.view.push(glimpse(word)?);
                        }
                    }
                    // What follows repeats the view in other words, but for
                    // where arrows head.
                    let lines = lines.filter_map(|line| line.strip_prefix("- arrow flying "));
                    let arrows = lines.filter_map(|line| read_arrow(line, sighting.position));
                    sighting.arrows = arrows.collect();
                    return Some(sighting);
                }
                _ => return None,
            }
        }
        None
    }

    /// How much there is of an item.
    pub(super) fn amount(&self, item: Item) -> u8 {
        self.amounts[usize::from(item.id())]
    }

    /// Whether there is at least this much of each.
    pub(super) fn has(&self, needed: &[(Item, u8)]) -> bool {
        needed
            .iter()
            .all(|&(item, amount)| self.amount(item) >= amount)
    }

    /// The arrows in view.
    pub(super) fn arrows(&self) -> &[Arrow] {
        &self.arrows
    }

    /// Whether a cell is in view.
    pub(super) fn shows(&self, position: Position) -> bool {
        self.glimpse(position).is_some()
    }

    /// What a cell shows, if it is in view.
    pub(super) fn glimpse(&self, position: Position) -> Option<Glimpse> {
        let (columns, rows) = self.size();
        let column = position.x - self.position.x + columns / 2;
        let row = position.y - self.position.y + rows / 2;
        let inside = (0..columns).contains(&column) && (0..rows).contains(&row);
        inside.then(|| self.view[(row * columns + column) as usize])
    }

    /// The columns and rows in view, with the player in the middle.
    fn size(&self) -> (i32, i32) {
        let columns = self.view.len() / self.rows.max(1);
        (columns as i32, self.rows as i32)
    }

    /// Whether daylight falls rather than rises.
    pub(super) fn is_afternoon(&self) -> bool {
        AFTERNOON.contains(&(self.step % DAY))
    }

    /// Whether night is near.
    pub(super) fn is_dusk(&self) -> bool {
        self.is_afternoon() && self.daylight < DUSK
    }

    /// Whether zombies roam the meadows.
    pub(super) fn is_night(&self) -> bool {
        self.daylight < if self.is_afternoon() { NIGHTFALL } else { DAWN }
    }

    /// The cell the player faces.
    pub(super) fn ahead(&self) -> Position {
        self.position + self.facing
    }

    /// Whether an achievement is still to be unlocked.
    pub(super) fn lacks(&self, achievement: Achievement) -> bool {
        !self.achievements.contains(achievement)
    }

    /// Every cell in view with its place on the map.
    pub(super) fn cells(&self) -> impl Iterator<Item = (Position, Glimpse)> {
        let (columns, rows) = self.size();
        let west = self.position.x - columns / 2;
        let north = self.position.y - rows / 2;
        let lines = self.view.chunks((columns as usize).max(1));
        lines.zip(north..).flat_map(move |(line, y)| {
            let seen = line.iter().zip(west..);
            seen.map(move |(&seen, x)| (Position::new(x, y), seen))
        })
    }

    /// `Health: 9/9, food: 9/9, drink: 9/9, energy: 9/9`
    fn read_needs(&mut self, line: &str) -> Option<()> {
        for (need, amount) in line.split(", ").zip(&mut self.amounts) {
            *amount = need.split(": ").nth(1)?.split('/').next()?.parse().ok()?;
        }
        Some(())
    }

    /// `3 wood, 1 sapling`
    fn read_inventory(&mut self, value: &str) -> Option<()> {
        for entry in listed(value) {
            let (amount, item) = entry.split_once(' ')?;
            self.amounts[usize::from(Item::from_name(item)?.id())] = amount.parse().ok()?;
        }
        Some(())
    }
}

fn read_position(value: &str) -> Option<Position> {
    let (x, y) = value.strip_prefix("x ")?.split_once(", y ")?;
    Some(Position::new(x.parse().ok()?, y.parse().ok()?))
}

fn read_achievements(value: &str) -> Option<AchievementSet> {
    listed(value).map(Achievement::from_name).collect()
}

/// `View (9x7, north is up, …` has 7 rows.
fn read_rows(key: &str) -> Option<usize> {
    key.split_once('x')?.1.split(',').next()?.parse().ok()
}

/// `left: 3 steps (2 left, 1 up)`, seen from `here`.
fn read_arrow(line: &str, here: Position) -> Option<Arrow> {
    let (heading, place) = line.split_once(':')?;
    let mut position = here;
    for part in in_brackets(place)?.split(", ") {
        let (distance, direction) = part.split_once(' ')?;
        let (dx, dy) = Direction::from_name(direction)?.delta();
        let distance: i32 = distance.parse().ok()?;
        position = Position::new(position.x + dx * distance, position.y + dy * distance);
    }
    let heading = Direction::from_name(heading)?;
    Some(Arrow { position, heading })
}

fn in_brackets(value: &str) -> Option<&str> {
    value.split_once('(')?.1.strip_suffix(')')
}

fn listed(value: &str) -> impl Iterator<Item = &str> {
    value.split(", ").filter(|entry| *entry != "none")
}

fn glimpse(word: &str) -> Option<Glimpse> {
    match word {
        "void" => Some(Glimpse::Outside),
        "plant" => Some(Glimpse::Plant { ripe: false }),
        "ripe_plant" => Some(Glimpse::Plant { ripe: true }),
        _ => Material::from_name(word)
            .map(Glimpse::Ground)
            .or_else(|| ObjectKind::from_name(word).map(Glimpse::Creature)),
    }
}
