//! Provides the noise of a plane at many points at once, nearly right.
//!
//! Where the reference asks at each point which vertices matter, here each
//! vertex adds to the points it reaches. Along a line of points only one
//! coordinate changes, so that most of the sum is worked out once for a vertex
//! and a line, and many points are added to at once.

use std::{
    mem,
    ops::{Range, RangeInclusive},
};

use super::{NORM, SQUISH, Simplex};

/// How far a sketch may be from the exact noise.
///
/// Two things make it differ. A vertex is counted wherever it reaches, while
/// the reference leaves some out that reach just beyond where it looks: they
/// contribute 1.3e-4 at most, as a test finds. And numbers are of 32 bits:
/// coordinates relative to a vertex are below 1.5 and exact to 2e-7, which makes
/// up to 1e-6 in a vertex's part, of eight at most.
pub(crate) const ROUGH: f64 = 1.5e-4;

/// The points that are added to at once.
const LANES: usize = 16;

/// Coordinates at equal distances.
#[derive(Clone, Copy)]
pub(crate) struct Axis {
    pub(crate) first: f64,
    pub(crate) step: f64,
    /// How many there are in a unit.
    pub(crate) density: f64,
    pub(crate) count: usize,
}

/// Points of a plane, line by line.
#[derive(Clone, Copy)]
pub(crate) struct Plane {
    pub(crate) z: f64,
    /// Where the lines are, and where the points of each.
    pub(crate) lines: Axis,
    pub(crate) points: Axis,
    /// Whether lines run along `x`, instead of along `y`.
    pub(crate) along_x: bool,
}

/// The noise of a plane's points, wrong by [`ROUGH`] at most.
#[derive(Default)]
pub(crate) struct Sketch {
    noise: Vec<f32>,
    stride: usize,
    strokes: Vec<Stroke>,
}

/// What a vertex adds to a few neighbouring points of some lines.
struct Stroke {
    /// The first of the points, and where it lies as seen from the vertex.
    point: usize,
    along: f32,
    /// The lines, and where the first one lies as seen from the vertex.
    lines: Range<usize>,
    aside: f32,
    /// How far the vertex reaches in the plane, squared.
    reach: f32,
    /// The gradient along a line and from line to line, and what it comes to
    /// across the plane.
    slope: f32,
    tilt: f32,
    across: f32,
}

impl Sketch {
    /// The noise of a line of points, as far as it was wanted, and whatever else
    /// beyond and between.
    #[inline(always)]
    pub(crate) fn line(&self, line: usize) -> &[f32] {
        &self.noise[line * self.stride..][..self.stride]
    }

    #[inline(always)]
    fn add(&mut self, plane: &Plane, wanted: &[Range<usize>], stroke: &Stroke) {
        let (step, to_next_line) = (plane.points.step as f32, plane.lines.step as f32);
        let (mut squares, mut slopes) = ([0.0; LANES], [0.0; LANES]);
        for lane in 0..LANES {
            let along = stroke.along + step * lane as f32;
            squares[lane] = along * along;
            slopes[lane] = stroke.across + stroke.slope * along;
        }
        let Range { start, end } = stroke.lines;
        let noise = &mut self.noise[start * self.stride..end * self.stride];
        let noise = noise.chunks_exact_mut(self.stride).zip(&wanted[start..end]);
        for (line, (noise, wanted)) in noise.enumerate() {
            if wanted.start >= stroke.point + LANES || wanted.end <= stroke.point {
                continue;
            }
            let aside = stroke.aside + to_next_line * line as f32;
            let (reach, tilt) = (stroke.reach - aside * aside, stroke.tilt * aside);
            let noise = &mut noise[stroke.point..][..LANES];
            for (lane, noise) in noise.iter_mut().enumerate() {
                let reach = reach - squares[lane];
                let reach = if reach > 0.0 { reach } else { 0.0 };
                let reach = reach * reach;
                *noise += reach * reach * (slopes[lane] + tilt);
            }
        }
    }
}

impl Axis {
    fn at(&self, index: usize) -> f64 {
        self.first + self.step * index as f64
    }

    /// From the first to the last.
    fn length(&self) -> f64 {
        self.step * (self.count - 1) as f64
    }

    /// Which of them lie between two bounds.
    #[inline(always)]
    fn between(&self, low: f64, high: f64) -> Range<usize> {
        // Conversions saturate, at zero too.
        let start = ((low - self.first) * self.density).ceil() as usize;
        let end = ((high - self.first) * self.density + 1.0).floor() as usize;
        let end = end.min(self.count);
        start.min(end)..end
    }
}

/// Sketches a plane, of each line the points that are wanted. Called through
/// [`cpu::sketch`](crate::cpu::sketch), which has it compiled for the processor at hand.
#[inline(always)]
pub(crate) fn sketch(
    simplex: &Simplex,
    plane: &Plane,
    wanted: &[Range<usize>],
    sketch: &mut Sketch,
) {
    // Beyond the last point of a line there is room for all that are added
    // to together with it.
    sketch.stride = plane.points.count + LANES;
    sketch.noise.clear();
    sketch.noise.resize(plane.lines.count * sketch.stride, 0.0);
    if plane.lines.count == 0 || plane.points.count == 0 {
        return;
    }
    let mut strokes = mem::take(&mut sketch.strokes);
    simplex.find_strokes(plane, &mut strokes);
    for stroke in &strokes {
        sketch.add(plane, wanted, stroke);
    }
    sketch.strokes = strokes;
}

impl Simplex {
    /// Finds what the vertices near a plane add to its points.
    #[inline(always)]
    fn find_strokes(&self, plane: &Plane, strokes: &mut Vec<Stroke>) {
        strokes.clear();
        // A vertex (i, j, k) lies at each of these plus a third of their sum.
        let Plane {
            z, lines, points, ..
        } = *plane;
        let (farthest, sides) = (2_f64.sqrt(), lines.first + points.first + z);
        let lowest = (sides - 3.0 * farthest) / 2.0;
        let highest = (sides + lines.length() + points.length() + 3.0 * farthest) / 2.0;
        for sum in whole(lowest, highest) {
            let skew = sum as f64 * SQUISH;
            for k in whole(z - farthest - skew, z + farthest - skew) {
                let away = z - (k as f64 + skew);
                let reach = 2.0 - away * away;
                if reach <= 0.0 {
                    continue;
                }
                let radius = reach.sqrt();
                let others = (sum - k) as f64 + skew;
                let nearest = (lines.first - radius - skew)
                    .max(others - points.first - points.length() - radius);
                let furthest = (lines.first + lines.length() + radius - skew)
                    .min(others - points.first + radius);
                for i in whole(nearest, furthest) {
                    let j = sum - k - i;
                    let vertex = if plane.along_x { [j, i, k] } else { [i, j, k] };
                    let [gx, gy, gz] = self
                        .gradient(vertex)
                        .map(|side| (side * (1.0 / NORM)) as f32);
                    let (tilt, slope) = if plane.along_x { (gy, gx) } else { (gx, gy) };
                    let (line, point) = (i as f64 + skew, j as f64 + skew);
                    let reached = points.between(point - radius, point + radius);
                    for first in reached.step_by(LANES) {
                        let start = points.at(first) - point;
                        let end = start + points.step * (LANES - 1) as f64;
                        let nearest = start.max(0.0) - end.min(0.0);
                        let radius = (reach - nearest * nearest).max(0.0).sqrt();
                        let lines_reached = lines.between(line - radius, line + radius);
                        strokes.push(Stroke {
                            point: first,
                            along: start as f32,
                            aside: (lines.at(lines_reached.start) - line) as f32,
                            lines: lines_reached,
                            reach: reach as f32,
                            slope,
                            tilt,
                            across: gz * away as f32,
                        });
                    }
                }
            }
        }
    }
}

/// The whole numbers between two bounds.
fn whole(low: f64, high: f64) -> RangeInclusive<i64> {
    low.ceil() as i64..=high.floor() as i64
}

#[cfg(test)]
mod tests {
    use super::{
        super::{GRADIENTS, vertices::Vertices},
        *,
    };
    use crate::cpu;

    #[test]
    fn a_sketch_is_nearly_right() {
        const SIDES: [(f64, f64); 4] = [
            (1.0 / 15.0, 1.0 / 15.0),
            (1.0 / 5.0, 1.0 / 5.0),
            (1.0 / 3.0, 1.0 / 3.0),
            (2.0 / 3.0, 1.0 / 15.0),
        ];
        let mut worst: f64 = 0.0;
        let mut sketch = Sketch::default();
        for seed in 0..20 {
            let simplex = Simplex::new(seed);
            let z = f64::from(seed % 9);
            for (line_step, point_step) in SIDES {
                let axis = |step: f64, count| Axis {
                    first: f64::from(seed * 200) * step,
                    step,
                    density: 1.0 / step,
                    count,
                };
                for along_x in [false, true] {
                    let (lines, points) = (axis(line_step, 50), axis(point_step, 64));
                    let plane = Plane {
                        z,
                        lines,
                        points,
                        along_x,
                    };
                    cpu::sketch(&simplex, &plane, &vec![0..64; 50], &mut sketch);
                    for line in 0..50 {
                        for (point, &rough) in sketch.line(line)[..64].iter().enumerate() {
                            let (line, point) = (lines.at(line), points.at(point));
                            let (x, y) = if along_x {
                                (point, line)
                            } else {
                                (line, point)
                            };
                            let exact = simplex.noise([x, y, z]);
                            worst = worst.max((exact - f64::from(rough)).abs());
                        }
                    }
                }
            }
        }
        assert!(worst > 0.0 && worst < 0.9 * ROUGH, "{worst}");
    }

    #[test]
    fn what_the_reference_leaves_out_stays_within_the_bound() {
        // The most that any choice of gradients gives, at the points of a grid.
        const STEPS: i32 = 64;
        let mut most: f64 = 0.0;
        for point in 0..STEPS.pow(3) {
            let side = |power: u32| f64::from(point / STEPS.pow(power) % STEPS) / f64::from(STEPS);
            let inside = [side(0), side(1), side(2)];
            let shift = inside.iter().sum::<f64>() * SQUISH;
            let vertices = Vertices::of(inside);
            let left_out = (0..216_i32)
                .map(|vertex| [vertex % 6 - 2, vertex / 6 % 6 - 2, vertex / 36 - 2])
                .filter(|steps| {
                    !vertices
                        .as_slice()
                        .iter()
                        .any(|each| each.lattice.map(i32::from) == *steps)
                });
            let sum: f64 = left_out
                .map(|steps| {
                    let steps = steps.map(f64::from);
                    let squish = steps.iter().sum::<f64>() * SQUISH;
                    let offset: [f64; 3] =
                        std::array::from_fn(|axis| inside[axis] + shift - steps[axis] - squish);
                    let reach = (2.0 - offset.iter().map(|d| d * d).sum::<f64>()).max(0.0);
                    let along = |gradient: &[f64; 3]| -> f64 {
                        gradient.iter().zip(offset).map(|(g, d)| g * d).sum()
                    };
                    reach.powi(4) * GRADIENTS.iter().map(along).fold(0.0, f64::max)
                })
                .sum();
            most = most.max(sum / NORM);
        }
        assert!(most > 1e-4 && most < 0.9 * ROUGH, "{most}");
    }
}
