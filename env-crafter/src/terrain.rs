//! Provides the shape of the terrain: what each cell is, as far as noise
//! decides it. Where chance has a say, too, [`Ground`] says which.
//!
//! The reference asks up to thirteen layers of noise about a cell. Here a
//! column of cells is asked about at once, layer by layer, and a layer only
//! where it can matter: noise has bounds, so what is known already often
//! decides the rest.
//!
//! Source: `_set_material` in `worldgen.py` of Crafter 1.8.3.

use crate::{
    Material, Position,
    simplex::{BOUND, Simplex},
};

/// What noise makes of a cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Ground {
    /// This material and no other.
    Sure(Material),
    /// A path that belongs to a tunnel.
    Tunnel,
    /// What may be found in it, and what it is if nothing is.
    Rock {
        coal: bool,
        iron: bool,
        diamond: bool,
        otherwise: Material,
    },
    /// Grass that may have trees.
    Forest,
}

// The planes that the layers of noise lie in.
const MOUNTAINS: f64 = 0.0;
const COAL: f64 = 1.0;
const IRON: f64 = 2.0;
const WATER: f64 = 3.0;
const BEACHES: f64 = 4.0;
const FORESTS: f64 = 5.0;
const CAVES: f64 = 6.0;
const LAVA: f64 = 6.0;
const TUNNELS: f64 = 7.0;
const START: f64 = 8.0;

/// Cells nearer to the player than this are asked for their part in the
/// player's meadow at once: further away it rarely matters.
const MEADOW: f64 = 14.0;

/// The most part in the meadow that a cell further away can have.
fn far_start() -> f64 {
    sigmoid(4.0 - MEADOW + 2.0 * BOUND)
}

/// More than rounding can be wrong by in the bounds of a level.
const SLACK: f64 = 1e-12;

/// A noise function, and what it says about a column.
pub(crate) struct Terrain {
    player: Position,
    simplex: Simplex,
    column: Column,
    grounds: Vec<Ground>,
    /// Rows that a layer is asked about.
    rows: Vec<usize>,
}

/// What is known of the cells of a column.
#[derive(Default)]
struct Column {
    start: Bounds,
    water: Vec<f64>,
    water_detail: Bounds,
    mountain: Vec<f64>,
    mountain_detail: Bounds,
    /// What the cells are at the ends of what is possible. A cell for which
    /// both are the same is that.
    low: Vec<Kind>,
    high: Vec<Kind>,
}

/// Numbers, or the bounds of those not asked for.
#[derive(Default)]
struct Bounds {
    low: Vec<f64>,
    high: Vec<f64>,
}

/// What is known of a cell.
struct Cell {
    start: Span,
    water: f64,
    water_detail: Span,
    mountain: f64,
    mountain_detail: Span,
}

struct Span {
    low: f64,
    high: f64,
}

/// What a cell is, by the thresholds that matter.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd)]
struct Kind(u8);

impl Bounds {
    fn reset(&mut self, height: usize, low: f64, high: f64) {
        for (bounds, bound) in [(&mut self.low, low), (&mut self.high, high)] {
            bounds.clear();
            bounds.resize(height, bound);
        }
    }

    fn set(&mut self, y: usize, value: f64) {
        self.low[y] = value;
        self.high[y] = value;
    }

    #[inline(always)]
    fn of(&self, height: usize) -> (&[f64], &[f64]) {
        (&self.low[..height], &self.high[..height])
    }
}

impl Column {
    /// Finds out what the cells are at the ends of what is possible.
    #[inline(always)]
    fn judge(&mut self) {
        let height = self.water.len();
        self.low.resize(height, Kind::MEADOW);
        self.high.resize(height, Kind::MEADOW);
        // Slices of one length, so that no index needs to be checked.
        let Self {
            start,
            water,
            water_detail,
            mountain,
            mountain_detail,
            low,
            high,
        } = self;
        let [start, water_detail, mountain_detail] =
            [start, water_detail, mountain_detail].map(|bounds| bounds.of(height));
        let (water, mountain) = (&water[..height], &mountain[..height]);
        let (low, high) = (&mut low[..height], &mut high[..height]);
        for y in 0..height {
            let span = |(low, high): (&[f64], &[f64])| Span {
                low: low[y],
                high: high[y],
            };
            let cell = Cell {
                start: span(start),
                water: water[y],
                water_detail: span(water_detail),
                mountain: mountain[y],
                mountain_detail: span(mountain_detail),
            };
            [low[y], high[y]] = cell.extremes();
        }
    }

    fn is_open(&self, y: usize) -> bool {
        self.low[y] != self.high[y]
    }

    fn may_be_rock(&self, y: usize) -> bool {
        self.high[y] >= Kind::ROCK || self.low[y] >= Kind::ROCK
    }
}

impl Cell {
    /// What the cell is at the ends of what is possible. There are no branches,
    /// so that many cells are judged at once.
    #[inline(always)]
    fn extremes(&self) -> [Kind; 2] {
        let Self {
            start,
            water_detail,
            mountain_detail,
            ..
        } = self;
        let low = self.height(mountain_detail.low, water_detail.high, start.high);
        let high = self.height(mountain_detail.high, water_detail.low, start.low);
        let dry = self.wetness(water_detail.low, start.high);
        let wet = self.wetness(water_detail.high, start.low);
        let slack = |low: f64, high: f64| if low < high { SLACK } else { 0.0 };
        let (height, wetness) = (slack(low, high), slack(dry, wet));
        [
            Kind::of(low - height, dry - wetness, start.low),
            Kind::of(high + height, wet + wetness, start.high),
        ]
    }

    // The reference's sums, term by term: in another order they would round
    // otherwise.

    #[inline(always)]
    fn wetness(&self, detail: f64, start: f64) -> f64 {
        self.water + 0.15 * detail + 0.1 - 2.0 * start
    }

    #[inline(always)]
    fn height(&self, detail: f64, water_detail: f64, start: f64) -> f64 {
        let wetness = self.wetness(water_detail, start);
        (self.mountain + 0.3 * detail) / 1.3 - (4.0 * start + 0.3 * wetness)
    }
}

impl Kind {
    /// Around the player's first place.
    const MEADOW: Self = Self(0);
    // Wetter than none of the thresholds, than one, two and three.
    const GRASSLAND: Self = Self(1);
    const BEACH: Self = Self(2);
    const SHALLOWS: Self = Self(3);
    const DEEP: Self = Self(4);
    // Higher than one of the thresholds, and than all three.
    const ROCK: Self = Self(5);
    const HEIGHTS: Self = Self(7);

    #[inline(always)]
    fn of(height: f64, wetness: f64, start: f64) -> Self {
        let above = |value: f64, [low, middle, high]: [f64; 3]| {
            u8::from(value > low) + u8::from(value > middle) + u8::from(value > high)
        };
        let level = above(height, [0.15, 0.18, 0.3]);
        let plain = Self::GRASSLAND.0 + above(wetness, [0.25, 0.3, 0.35]);
        let kind = if level > 0 {
            Self::DEEP.0 + level
        } else {
            plain
        };
        Self(if start > 0.5 { Self::MEADOW.0 } else { kind })
    }

    fn ground(self) -> Ground {
        match self {
            Self::MEADOW => Ground::Sure(Material::Grass),
            Self::GRASSLAND | Self::BEACH => Ground::Forest,
            Self::SHALLOWS | Self::DEEP => Ground::Sure(Material::Water),
            _ => Ground::Rock {
                coal: false,
                iron: false,
                diamond: self > Self::ROCK,
                otherwise: Material::Stone,
            },
        }
    }
}

impl Terrain {
    pub(crate) fn new(simplex: Simplex, player: Position) -> Self {
        Self {
            player,
            simplex,
            column: Column::default(),
            grounds: Vec::new(),
            rows: Vec::new(),
        }
    }

    /// What noise makes of the cells of a column.
    #[inline(always)]
    pub(crate) fn column(&mut self, x: i32, height: usize) -> &[Ground] {
        self.look_up(x, height);
        self.grounds.clear();
        let kinds = self.column.low.iter();
        self.grounds.extend(kinds.map(|kind| kind.ground()));
        self.refine(f64::from(x));
        &self.grounds
    }

    /// Finds out as much about each cell as decides its kind.
    #[inline(always)]
    fn look_up(&mut self, column: i32, height: usize) {
        let Self {
            player,
            simplex,
            column: known,
            rows,
            ..
        } = self;
        let x = f64::from(column);
        let scaled = |size: f64| move |y: f64| (x / size, y / size);
        let distance = |y: usize| player.euclidean(Position::new(column, y as i32));
        let start = |y: usize, noise: f64| sigmoid(4.0 - distance(y) + 2.0 * noise);
        known.start.reset(height, 0.0, far_start());
        known.water_detail.reset(height, -BOUND, BOUND);
        known.mountain_detail.reset(height, -BOUND, BOUND);
        rows.clear();
        rows.extend(0..height);
        for (known, plane) in [(&mut known.water, WATER), (&mut known.mountain, MOUNTAINS)] {
            known.clear();
            known.extend_from_slice(simplex.noise(plane, rows, scaled(15.0)));
        }
        rows.retain(|&y| distance(y) < MEADOW);
        for (&y, &noise) in rows.iter().zip(simplex.noise(START, rows, scaled(3.0))) {
            known.start.set(y, start(y, noise));
        }

        known.judge();
        rows.clear();
        rows.extend((0..height).filter(|&y| known.is_open(y) && known.may_be_rock(y)));
        for (&y, &noise) in rows.iter().zip(simplex.noise(MOUNTAINS, rows, scaled(5.0))) {
            known.mountain_detail.set(y, noise);
        }
        known.judge();
        rows.clear();
        rows.extend((0..height).filter(|&y| known.is_open(y)));
        for (&y, &noise) in rows.iter().zip(simplex.noise(WATER, rows, scaled(5.0))) {
            known.water_detail.set(y, noise);
        }
        known.judge();
        rows.retain(|&y| known.is_open(y));
        for (&y, &noise) in rows.iter().zip(simplex.noise(START, rows, scaled(3.0))) {
            known.start.set(y, start(y, noise));
        }
        if !rows.is_empty() {
            known.judge();
        }
    }

    /// Asks the layers that each kind of ground depends on.
    #[inline(always)]
    fn refine(&mut self, x: f64) {
        let Self {
            simplex,
            column,
            grounds,
            rows,
            ..
        } = self;
        let kinds = &column.low;
        let scaled = |size: f64| move |y: f64| (x / size, y / size);
        let height = kinds.len();

        rows.clear();
        rows.extend((0..height).filter(|&y| matches!(kinds[y], Kind::BEACH | Kind::SHALLOWS)));
        for (&y, &noise) in rows.iter().zip(simplex.noise(BEACHES, rows, scaled(9.0))) {
            if noise > -0.2 {
                grounds[y] = Ground::Sure(Material::Sand);
            }
        }
        rows.clear();
        rows.extend((0..height).filter(|&y| grounds[y] == Ground::Forest));
        for (&y, &noise) in rows.iter().zip(simplex.noise(FORESTS, rows, scaled(7.0))) {
            if noise <= 0.0 {
                grounds[y] = Ground::Sure(Material::Grass);
            }
        }

        rows.clear();
        rows.extend((0..height).filter(|&y| kinds[y] == Kind::HEIGHTS));
        for (&y, &noise) in rows.iter().zip(simplex.noise(CAVES, rows, scaled(7.0))) {
            if noise > 0.15 {
                grounds[y] = Ground::Sure(Material::Path);
            }
        }
        let is_rock = |ground: &Ground| matches!(ground, Ground::Rock { .. });
        rows.clear();
        rows.extend((0..height).filter(|&y| is_rock(&grounds[y])));
        let level = |y: f64| (2.0 * x / 3.0, y / 5.0 / 3.0);
        for (&y, &noise) in rows.iter().zip(simplex.noise(TUNNELS, rows, level)) {
            if noise > 0.4 {
                grounds[y] = Ground::Tunnel;
            }
        }
        rows.retain(|&y| is_rock(&grounds[y]));
        let steep = |y: f64| (x / 5.0 / 3.0, 2.0 * y / 3.0);
        for (&y, &noise) in rows.iter().zip(simplex.noise(TUNNELS, rows, steep)) {
            if noise > 0.4 {
                grounds[y] = Ground::Tunnel;
            }
        }
        rows.retain(|&y| is_rock(&grounds[y]));
        for (&y, &noise) in rows.iter().zip(simplex.noise(COAL, rows, scaled(8.0))) {
            if let Ground::Rock { coal, .. } = &mut grounds[y] {
                *coal = noise > 0.0;
            }
        }
        for (&y, &noise) in rows.iter().zip(simplex.noise(IRON, rows, scaled(6.0))) {
            if let Ground::Rock { iron, .. } = &mut grounds[y] {
                *iron = noise > 0.4;
            }
        }
        rows.retain(|&y| kinds[y] == Kind::HEIGHTS);
        for (&y, &noise) in rows.iter().zip(simplex.noise(LAVA, rows, scaled(5.0))) {
            if let Ground::Rock { otherwise, .. } = &mut grounds[y]
                && noise > 0.35
            {
                *otherwise = Material::Lava;
            }
        }
    }
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}
