//! Provides OpenSimplex noise in three dimensions, equal to the last bit to
//! the Python package the reference uses.
//!
//! Space is cut into skewed cubes, and each cube into two tetrahedra and an
//! octahedron. A point's noise is the sum of what the [`vertices`] of the
//! lattice near it contribute, each as far as a ball around it reaches.
//!
//! There are two ways to it. [`Simplex::noise`] follows the reference to the
//! last bit, which takes choosing the vertices as it does and adding up in its
//! order. A [`Sketch`] holds the noise of many points, which is had far faster
//! when it need only be nearly right: its error has a bound, [`ROUGH`], so that
//! whoever compares noise with a threshold has to ask for the exact value only
//! where the two are closer than that.
//!
//! Source: Kurt Spencer's OpenSimplex of 2014, as in opensimplex 0.4.5.1.

mod sketch;
mod vertices;

pub(crate) use sketch::{Axis, Plane, ROUGH, Sketch, sketch};
use vertices::Vertices;

const STRETCH: f64 = -1.0 / 6.0;
const SQUISH: f64 = 1.0 / 3.0;
const NORM: f64 = 103.0;

/// No noise is further from zero than this: even if every vertex had the most
/// favourable of all gradients, the sum would stay below one.
pub(crate) const BOUND: f64 = 1.05;

/// A noise function, given by its seed.
pub(crate) struct Simplex {
    permutation: [u8; 256],
    /// The gradient at the end of each chain of permutations.
    gradients: [[f64; 3]; 256],
}

impl Simplex {
    pub(crate) fn new(seed: u32) -> Self {
        let next = |state: i64| {
            state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407)
        };
        let mut state = next(next(next(i64::from(seed))));
        let mut source: [u8; 256] = std::array::from_fn(|i| i as u8);
        let mut permutation = [0; 256];
        for last in (0..256).rev() {
            state = next(state);
            let pick = (i128::from(state) + 31).rem_euclid(last as i128 + 1) as usize;
            permutation[last] = source[pick];
            source[pick] = source[last];
        }
        let gradients = permutation.map(|entry| GRADIENTS[usize::from(entry) % GRADIENTS.len()]);
        Self {
            permutation,
            gradients,
        }
    }

    /// The noise at a point, equal to the reference's.
    pub(crate) fn noise(&self, [x, y, z]: [f64; 3]) -> f64 {
        let stretch = (x + y + z) * STRETCH;
        let (sx, sy, sz) = (x + stretch, y + stretch, z + stretch);
        let (bx, by, bz) = (sx.floor(), sy.floor(), sz.floor());
        let squish = (bx + by + bz) * SQUISH;
        let (x, y, z) = (x - (bx + squish), y - (by + squish), z - (bz + squish));
        let base = [bx, by, bz].map(|side| side as i64);
        let mut sum = 0.0;
        for vertex in Vertices::of([sx - bx, sy - by, sz - bz]).as_slice() {
            let [dx, dy, dz] = vertex.offset([x, y, z]);
            let reach = 2.0 - dx * dx - dy * dy - dz * dz;
            if reach > 0.0 {
                let steps = vertex.lattice;
                let at = std::array::from_fn(|axis| base[axis] + i64::from(steps[axis]));
                let [gx, gy, gz] = self.gradient(at);
                let reach = reach * reach;
                sum += reach * reach * (gx * dx + gy * dy + gz * dz);
            }
        }
        sum / NORM
    }

    /// The gradient at a vertex of the lattice.
    #[inline(always)]
    fn gradient(&self, vertex: [i64; 3]) -> [f64; 3] {
        // The tables repeat after 256 vertices along each axis.
        let [x, y, z] = vertex.map(|side| side as u8);
        let hash = self.permutation[usize::from(x)];
        let hash = self.permutation[usize::from(hash.wrapping_add(y))];
        self.gradients[usize::from(hash.wrapping_add(z))]
    }
}

/// The gradients: towards the edges of a cube, lengthened along one axis.
const GRADIENTS: [[f64; 3]; 24] = {
    let mut gradients = [[0.0; 3]; 24];
    let mut i = 0;
    while i < 24 {
        let (octant, long) = (i / 3, i % 3);
        let mut axis = 0;
        while axis < 3 {
            let sign = if SIGNS[octant] >> axis & 1 == 1 {
                1.0
            } else {
                -1.0
            };
            gradients[i][axis] = if axis == long {
                11.0 * sign
            } else {
                4.0 * sign
            };
            axis += 1;
        }
        i += 1;
    }
    gradients
};

/// Which axes are positive in each group of three gradients, `x` in bit 0.
const SIGNS: [u8; 8] = [0b110, 0b111, 0b100, 0b101, 0b010, 0b011, 0b000, 0b001];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_stays_within_its_bound() {
        // The most any choice of gradients gives, at the points of a grid. From
        // one to the next the sum changes far less than the bound leaves room.
        const STEPS: i32 = 40;
        let mut most: f64 = 0.0;
        for point in 0..STEPS.pow(3) {
            let side = |power: u32| f64::from(point / STEPS.pow(power) % STEPS) / f64::from(STEPS);
            let inside = [side(0), side(1), side(2)];
            let shift = inside.iter().sum::<f64>() * SQUISH;
            let sum: f64 = (0..216)
                .map(|vertex| {
                    let lattice = [vertex % 6 - 2, vertex / 6 % 6 - 2, vertex / 36 - 2];
                    let squish = f64::from(lattice.iter().sum::<i32>()) * SQUISH;
                    let offset: [f64; 3] = std::array::from_fn(|axis| {
                        inside[axis] + shift - f64::from(lattice[axis]) - squish
                    });
                    let reach = (2.0 - offset.iter().map(|d| d * d).sum::<f64>()).max(0.0);
                    let along = |gradient: &[f64; 3]| {
                        gradient.iter().zip(offset).map(|(g, d)| g * d).sum::<f64>()
                    };
                    reach.powi(4) * GRADIENTS.iter().map(along).fold(0.0, f64::max)
                })
                .sum();
            most = most.max(sum / NORM);
        }
        assert!(most > 0.9, "{most}");
        assert!(most + 0.05 < BOUND, "{most}");
    }
}
