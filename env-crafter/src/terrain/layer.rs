//! Provides the layers of noise that the reference asks about a cell.

use std::ops::Range;

use crate::{
    Position,
    simplex::{Axis, Plane},
};

/// Neighbouring columns of an area.
#[derive(Clone)]
pub(super) struct Band {
    pub(super) columns: Range<i32>,
    pub(super) rows: Range<i32>,
}

/// Noise that the reference asks for at each cell.
#[derive(Clone, Copy)]
pub(super) struct Layer {
    /// The plane it lies in.
    z: f64,
    /// How large its shapes are, in cells.
    size: f64,
    /// What coordinates are multiplied with and divided by before.
    x: (f64, f64),
    y: (f64, f64),
}

impl Layer {
    const fn new(z: f64, size: f64) -> Self {
        let (x, y) = ((1.0, 1.0), (1.0, 1.0));
        Self { z, size, x, y }
    }

    /// Where a cell lies in it, rounded as the reference rounds.
    pub(super) fn point(&self, at: Position) -> [f64; 3] {
        let along = |side: i32, (times, by): (f64, f64)| f64::from(side) * times / by / self.size;
        [along(at.x, self.x), along(at.y, self.y), self.z]
    }

    /// The cells of a band in it. Lines run where noise changes least, so that
    /// what a vertex reaches is as long as can be.
    pub(super) fn plane(&self, band: &Band) -> Plane {
        let axis = |cells: &Range<i32>, (times, by): (f64, f64)| {
            let step = times / by / self.size;
            Axis {
                first: f64::from(cells.start) * step,
                step,
                density: 1.0 / step,
                count: cells.len(),
            }
        };
        let (x, y) = (axis(&band.columns, self.x), axis(&band.rows, self.y));
        let along_x = x.step < y.step;
        let (lines, points) = if along_x { (y, x) } else { (x, y) };
        Plane {
            z: self.z,
            lines,
            points,
            along_x,
        }
    }
}

pub(super) const MOUNTAINS: Layer = Layer::new(0.0, 15.0);
pub(super) const MOUNTAIN_DETAIL: Layer = Layer::new(0.0, 5.0);
pub(super) const COAL: Layer = Layer::new(1.0, 8.0);
pub(super) const IRON: Layer = Layer::new(2.0, 6.0);
pub(super) const WATER: Layer = Layer::new(3.0, 15.0);
pub(super) const WATER_DETAIL: Layer = Layer::new(3.0, 5.0);
pub(super) const BEACHES: Layer = Layer::new(4.0, 9.0);
pub(super) const FORESTS: Layer = Layer::new(5.0, 7.0);
pub(super) const CAVES: Layer = Layer::new(6.0, 7.0);
pub(super) const LAVA: Layer = Layer::new(6.0, 5.0);
pub(super) const LEVEL_TUNNELS: Layer = Layer {
    x: (2.0, 1.0),
    y: (1.0, 5.0),
    ..Layer::new(7.0, 3.0)
};
pub(super) const STEEP_TUNNELS: Layer = Layer {
    x: (1.0, 5.0),
    y: (2.0, 1.0),
    ..Layer::new(7.0, 3.0)
};
pub(super) const START: Layer = Layer::new(8.0, 3.0);

impl Band {
    /// What of it is near a position along both axes.
    pub(super) fn around(&self, at: Position, away: i32) -> Self {
        let near = |side: &Range<i32>, at: i32| {
            let start = side.start.max(at - away);
            start..side.end.min(at + away + 1).max(start)
        };
        Self {
            columns: near(&self.columns, at.x),
            rows: near(&self.rows, at.y),
        }
    }
}
