//! Provides what a cell is by its levels, and what can be said of that while
//! these are known only roughly.

use super::Ground;
use crate::{Material, simplex::ROUGH};

/// More than rounding can be wrong by in the bounds of a level.
const SLACK: f64 = 1e-12;

/// What a cell is, by the thresholds that matter.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd)]
pub(super) struct Kind(u8);

/// What is known of the levels of a cell.
pub(super) struct Cell {
    pub(super) start: Span,
    pub(super) water: Span,
    pub(super) water_detail: Span,
    pub(super) mountain: Span,
    pub(super) mountain_detail: Span,
}

/// Bounds between which a number lies.
#[derive(Clone, Copy)]
pub(super) struct Span {
    pub(super) low: f64,
    pub(super) high: f64,
}

impl Span {
    pub(super) fn of(value: f64) -> Self {
        Self {
            low: value,
            high: value,
        }
    }

    pub(super) fn around(value: f64) -> Self {
        Self {
            low: value - ROUGH,
            high: value + ROUGH,
        }
    }
}

impl Cell {
    /// What the cell is at the ends of what is possible. What is the same at both
    /// is the same between them, for each level only rises from one to the other:
    /// height falls with wetness and with the meadow's part, wetness with the
    /// latter. There are no branches, so that many cells are judged at once.
    #[inline(always)]
    pub(super) fn extremes(&self) -> [Kind; 2] {
        let Self {
            start,
            water,
            water_detail,
            mountain,
            mountain_detail,
        } = self;
        let dry = wetness(water.low, water_detail.low, start.high);
        let wet = wetness(water.high, water_detail.high, start.low);
        let low = height(
            mountain.low,
            mountain_detail.low,
            wetness(water.high, water_detail.high, start.high),
            start.high,
        );
        let high = height(
            mountain.high,
            mountain_detail.high,
            wetness(water.low, water_detail.low, start.low),
            start.low,
        );
        let slack = |low: f64, high: f64| if low < high { SLACK } else { 0.0 };
        let (flat, wavy) = (slack(low, high), slack(dry, wet));
        [
            Kind::of(low - flat, dry - wavy, start.low),
            Kind::of(high + flat, wet + wavy, start.high),
        ]
    }
}

// The reference's sums, term by term: in another order they would round
// otherwise.

#[inline(always)]
fn wetness(water: f64, detail: f64, start: f64) -> f64 {
    water + 0.15 * detail + 0.1 - 2.0 * start
}

#[inline(always)]
fn height(mountain: f64, detail: f64, wetness: f64, start: f64) -> f64 {
    (mountain + 0.3 * detail) / 1.3 - (4.0 * start + 0.3 * wetness)
}

impl Kind {
    /// Around the player's first place.
    pub(super) const MEADOW: Self = Self(0);
    // Wetter than none of the thresholds, than one, two and three.
    pub(super) const GRASSLAND: Self = Self(1);
    pub(super) const BEACH: Self = Self(2);
    pub(super) const SHALLOWS: Self = Self(3);
    pub(super) const DEEP: Self = Self(4);
    // Higher than one of the thresholds, and than all three.
    pub(super) const ROCK: Self = Self(5);
    pub(super) const HEIGHTS: Self = Self(7);

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

    pub(super) fn ground(self) -> Ground {
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
