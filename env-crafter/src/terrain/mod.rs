//! Provides the shape of the terrain: what each cell is, as far as noise
//! decides it. Where chance has a say, too, [`Ground`] says which.
//!
//! The reference asks up to thirteen layers of noise about a cell and compares
//! what they say with thresholds. Here each layer is sketched over many cells at
//! once, and asked for its exact noise only where the sketch is so near to a
//! threshold that it may lie on the wrong side.
//!
//! Source: `_set_material` in `worldgen.py` of Crafter 1.8.3.

mod kind;
mod layer;

use std::ops::Range;

use crate::{
    Material, Position, cpu,
    simplex::{BOUND, ROUGH, Simplex, Sketch},
};
use kind::{Cell, Kind, Span};
use layer::{
    BEACHES, Band, CAVES, COAL, FORESTS, IRON, LAVA, LEVEL_TUNNELS, Layer, MOUNTAIN_DETAIL,
    MOUNTAINS, START, STEEP_TUNNELS, WATER, WATER_DETAIL,
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

/// Cells this far from the player along an axis may belong to the player's
/// meadow. Beyond, the part in it is below 6e-5, whatever the noise.
const MEADOW: i32 = 16;

/// A noise function, and what it says about a band of columns.
pub(crate) struct Terrain {
    player: Position,
    simplex: Simplex,
    water: Sketch,
    water_detail: Sketch,
    mountains: Sketch,
    mountain_detail: Sketch,
    /// Around the player only.
    start: Sketch,
    /// Any other layer.
    layer: Sketch,
    /// The cells that layers are asked about, and between which points these
    /// lie in each line.
    asked: Vec<Spot>,
    wanted: Vec<Range<usize>>,
    kinds: Vec<Kind>,
    grounds: Vec<Ground>,
}

/// A cell of a band, and its number there.
struct Spot {
    column: u32,
    row: u32,
    index: usize,
}

impl Terrain {
    pub(crate) fn new(simplex: Simplex, player: Position) -> Self {
        Self {
            player,
            simplex,
            water: Sketch::default(),
            water_detail: Sketch::default(),
            mountains: Sketch::default(),
            mountain_detail: Sketch::default(),
            start: Sketch::default(),
            layer: Sketch::default(),
            asked: Vec::new(),
            wanted: Vec::new(),
            kinds: Vec::new(),
            grounds: Vec::new(),
        }
    }

    /// What noise makes of the cells of some columns, one column after the other.
    #[inline(always)]
    pub(crate) fn columns(&mut self, columns: Range<i32>, height: usize) -> &[Ground] {
        let rows = 0..height as i32;
        let band = Band { columns, rows };
        self.judge(&band);
        self.grounds.clear();
        self.grounds
            .extend(self.kinds.iter().map(|kind| kind.ground()));
        self.refine(&band);
        &self.grounds
    }

    /// Finds out the kinds of the cells.
    #[inline(always)]
    fn judge(&mut self, band: &Band) {
        self.sketch_levels(band);
        let meadow = band.around(self.player, MEADOW);
        let height = band.rows.len();
        let far = Span {
            low: 0.0,
            high: start(f64::from(MEADOW), BOUND),
        };
        let mut starts = vec![far; height];
        let mut extremes = vec![[Kind::MEADOW; 2]; height];
        self.kinds.clear();
        for (line, column) in band.columns.clone().enumerate() {
            starts.fill(far);
            if meadow.columns.contains(&column) {
                let noise = self.start.line((column - meadow.columns.start) as usize);
                for (row, &noise) in meadow.rows.clone().zip(noise) {
                    let away = Position::new(column, row).euclidean(self.player);
                    // It changes by half as much as noise at most.
                    starts[row as usize] = Span::around(start(away, f64::from(noise)));
                }
            }
            // Slices of one length, so that no index needs to be checked.
            let [water, water_detail, mountain, mountain_detail] = [
                &self.water,
                &self.water_detail,
                &self.mountains,
                &self.mountain_detail,
            ]
            .map(|sketch| &sketch.line(line)[..height]);
            for row in 0..height {
                let around = |noise: &[f32]| Span::around(f64::from(noise[row]));
                let cell = Cell {
                    start: starts[row],
                    water: around(water),
                    water_detail: around(water_detail),
                    mountain: around(mountain),
                    mountain_detail: around(mountain_detail),
                };
                extremes[row] = cell.extremes();
            }
            for (row, &[low, high]) in extremes.iter().enumerate() {
                let kind = if low == high {
                    low
                } else {
                    self.exact_kind(Position::new(column, row as i32))
                };
                self.kinds.push(kind);
            }
        }
    }

    #[inline(always)]
    fn sketch_levels(&mut self, band: &Band) {
        let Self {
            simplex, wanted, ..
        } = self;
        let all = |wanted: &mut Vec<Range<usize>>, band: &Band| {
            wanted.clear();
            wanted.resize(band.columns.len(), 0..band.rows.len());
        };
        all(wanted, band);
        for (layer, sketch) in [
            (WATER, &mut self.water),
            (WATER_DETAIL, &mut self.water_detail),
            (MOUNTAINS, &mut self.mountains),
            (MOUNTAIN_DETAIL, &mut self.mountain_detail),
        ] {
            cpu::sketch(simplex, &layer.plane(band), wanted, sketch);
        }
        let meadow = band.around(self.player, MEADOW);
        all(wanted, &meadow);
        cpu::sketch(simplex, &START.plane(&meadow), wanted, &mut self.start);
    }

    /// What a cell is by its exact noise.
    fn exact_kind(&self, at: Position) -> Kind {
        let noise = |layer: Layer| self.simplex.noise(layer.point(at));
        let cell = Cell {
            start: Span::of(start(at.euclidean(self.player), noise(START))),
            water: Span::of(noise(WATER)),
            water_detail: Span::of(noise(WATER_DETAIL)),
            mountain: Span::of(noise(MOUNTAINS)),
            mountain_detail: Span::of(noise(MOUNTAIN_DETAIL)),
        };
        cell.extremes()[0]
    }

    /// Asks the layers that each kind of ground depends on.
    #[inline(always)]
    fn refine(&mut self, band: &Band) {
        self.pick(band, |kind, _| matches!(kind, Kind::BEACH | Kind::SHALLOWS));
        self.ask(band, BEACHES, -0.2, |ground, is_above| {
            if is_above {
                *ground = Ground::Sure(Material::Sand);
            }
        });
        self.pick(band, |_, ground| ground == Ground::Forest);
        self.ask(band, FORESTS, 0.0, |ground, is_above| {
            if !is_above {
                *ground = Ground::Sure(Material::Grass);
            }
        });

        let is_rock = |_: Kind, ground: Ground| matches!(ground, Ground::Rock { .. });
        self.pick(band, |kind, _| kind == Kind::HEIGHTS);
        self.ask(band, CAVES, 0.15, |ground, is_above| {
            if is_above {
                *ground = Ground::Sure(Material::Path);
            }
        });
        self.pick(band, is_rock);
        for tunnels in [LEVEL_TUNNELS, STEEP_TUNNELS] {
            self.ask(band, tunnels, 0.4, |ground, is_above| {
                if is_above {
                    *ground = Ground::Tunnel;
                }
            });
            self.keep(is_rock);
        }
        self.ask(band, COAL, 0.0, |ground, is_above| {
            if let Ground::Rock { coal, .. } = ground {
                *coal = is_above;
            }
        });
        self.ask(band, IRON, 0.4, |ground, is_above| {
            if let Ground::Rock { iron, .. } = ground {
                *iron = is_above;
            }
        });
        self.keep(|kind, _| kind == Kind::HEIGHTS);
        self.ask(band, LAVA, 0.35, |ground, is_above| {
            if let Ground::Rock { otherwise, .. } = ground
                && is_above
            {
                *otherwise = Material::Lava;
            }
        });
    }

    /// Has layers be asked about the cells of which this is true, from now on.
    #[inline(always)]
    fn pick(&mut self, band: &Band, is_asked: impl Fn(Kind, Ground) -> bool) {
        self.asked.clear();
        let mut cells = self.kinds.iter().zip(&self.grounds).enumerate();
        for column in 0..band.columns.len() as u32 {
            for row in 0..band.rows.len() as u32 {
                let Some((index, (&kind, &ground))) = cells.next() else {
                    return;
                };
                if is_asked(kind, ground) {
                    self.asked.push(Spot { column, row, index });
                }
            }
        }
    }

    /// Has no layer be asked about other cells than those of which this is true,
    /// from now on.
    #[inline(always)]
    fn keep(&mut self, is_asked: impl Fn(Kind, Ground) -> bool) {
        let Self {
            kinds,
            grounds,
            asked,
            ..
        } = self;
        asked.retain(|spot| is_asked(kinds[spot.index], grounds[spot.index]));
    }

    /// Asks a layer about cells whether its noise is above a threshold, and has
    /// the grounds learn from it.
    #[inline(always)]
    fn ask(
        &mut self,
        band: &Band,
        layer: Layer,
        threshold: f64,
        learn: impl Fn(&mut Ground, bool),
    ) {
        let plane = layer.plane(band);
        let place = |spot: &Spot| {
            let [column, row] = [spot.column, spot.row].map(|side| side as usize);
            if plane.along_x {
                [row, column]
            } else {
                [column, row]
            }
        };
        self.wanted.clear();
        self.wanted.resize(plane.lines.count, 0..0);
        for [line, point] in self.asked.iter().map(place) {
            let wanted = &mut self.wanted[line];
            // Points come in order: this is the line's first.
            if wanted.end == 0 {
                wanted.start = point;
            }
            wanted.end = point + 1;
        }
        cpu::sketch(&self.simplex, &plane, &self.wanted, &mut self.layer);
        for spot in &self.asked {
            let [line, point] = place(spot);
            let mut noise = f64::from(self.layer.line(line)[point]);
            if (noise - threshold).abs() <= ROUGH {
                let at = Position::new(band.columns.start + spot.column as i32, spot.row as i32);
                noise = self.simplex.noise(layer.point(at));
            }
            learn(&mut self.grounds[spot.index], noise > threshold);
        }
    }
}

/// A cell's part in the player's meadow: near one close by, near zero further away.
fn start(distance: f64, noise: f64) -> f64 {
    let inside = 4.0 - distance + 2.0 * noise;
    1.0 / (1.0 + (-inside).exp())
}
