//! Provides OpenSimplex noise in three dimensions, equal to the last bit to
//! the Python package the reference uses.
//!
//! Space is cut into skewed cubes, and each cube into two tetrahedra and an
//! octahedron. A point's noise is the sum of what the vertices near it
//! contribute: those of its region, and two more that depend on where in the
//! region it lies. Each such [`mod@place`] in a cube has its list of vertices, in
//! the order in which floating-point numbers have to be added up to give the
//! reference's result.
//!
//! Source: Kurt Spencer's OpenSimplex of 2014, as in opensimplex 0.4.5.1.

mod place;

use place::{PLACES, Place, VERTICES, place};

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
    /// The places met lately, each where its key says.
    met: Box<[Met; KEPT]>,
    noise: Vec<f64>,
}

/// A cube and place in it, with the gradients of the vertices that matter there.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Met {
    gradients: [[f64; VERTICES]; 3],
    key: u64,
}

/// How many places are kept: most of a column's, which its neighbours share.
const KEPT: usize = 1 << KEPT_BITS;
const KEPT_BITS: u32 = 9;

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
        let nowhere = Met {
            gradients: [[0.0; VERTICES]; 3],
            key: u64::MAX,
        };
        Self {
            permutation,
            gradients,
            met: Box::new([nowhere; KEPT]),
            noise: Vec::new(),
        }
    }

    /// The noise of the plane `z` in some rows, each at the point that `point`
    /// gives for it.
    #[inline(always)]
    pub(crate) fn noise(
        &mut self,
        z: f64,
        rows: &[usize],
        point: impl Fn(f64) -> (f64, f64),
    ) -> &[f64] {
        self.noise.clear();
        for rows in rows.chunks(STRIP) {
            let (mut xs, mut ys) = ([0.0; STRIP], [0.0; STRIP]);
            for ((x, y), &row) in xs.iter_mut().zip(&mut ys).zip(rows) {
                (*x, *y) = point(row as f64);
            }
            let located = Located::new(&xs, &ys, z);
            let mut parts = [[0.0; VERTICES]; STRIP];
            for (i, parts) in parts[..rows.len()].iter_mut().enumerate() {
                *parts = self.contributions(&located, i);
            }
            let sums =
                parts.map(|parts| parts.into_iter().fold(0.0, |sum, each| sum + each) / NORM);
            self.noise.extend_from_slice(&sums[..rows.len()]);
        }
        &self.noise
    }

    #[inline(always)]
    fn contributions(&mut self, located: &Located, i: usize) -> [f64; VERTICES] {
        let (x, y, z, key) = (located.x[i], located.y[i], located.z[i], located.key[i]);
        let place = &PLACES[(key >> 24) as usize];
        let offsets = &place.offsets;
        let [gx, gy, gz] = self.gradients_at(key, place);
        let mut contributions = [0.0; VERTICES];
        for i in 0..VERTICES {
            let dx = x - offsets[0][0][i] - offsets[0][1][i];
            let dy = y - offsets[1][0][i] - offsets[1][1][i] - offsets[1][2][i];
            let dz = z - offsets[2][0][i] - offsets[2][1][i];
            let reach = 2.0 - dx * dx - dy * dy - dz * dz;
            let reach = if reach > 0.0 { reach * reach } else { 0.0 };
            contributions[i] = reach * reach * (gx[i] * dx + gy[i] * dy + gz[i] * dz);
        }
        contributions
    }

    /// The gradients of a place. Past the end of its vertices they are zero, so
    /// that nothing is added there.
    #[inline(always)]
    fn gradients_at(&mut self, key: u64, place: &Place) -> &[[f64; VERTICES]; 3] {
        // The upper bits of this product depend on all of the key's.
        let slot = (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - KEPT_BITS)) as usize;
        if self.met[slot].key != key {
            self.meet(slot, key, place);
        }
        &self.met[slot].gradients
    }

    fn meet(&mut self, slot: usize, key: u64, place: &Place) {
        let [x, y, z, ..] = key.to_le_bytes();
        let mut gradients = [[0.0; VERTICES]; 3];
        for (i, lattice) in place.lattice[..place.count].iter().enumerate() {
            let at = [
                x.wrapping_add_signed(lattice[0]),
                y.wrapping_add_signed(lattice[1]),
                z.wrapping_add_signed(lattice[2]),
            ];
            [gradients[0][i], gradients[1][i], gradients[2][i]] = self.gradient(at);
        }
        self.met[slot] = Met { gradients, key };
    }

    /// The gradient at a point of the lattice.
    #[inline(always)]
    fn gradient(&self, [x, y, z]: [u8; 3]) -> [f64; 3] {
        let hash = self.permutation[usize::from(x)];
        let hash = self.permutation[usize::from(hash.wrapping_add(y))];
        self.gradients[usize::from(hash.wrapping_add(z))]
    }
}

/// Points that are located together.
const STRIP: usize = 8;

/// Points of a strip relative to the cubes they are in.
struct Located {
    x: [f64; STRIP],
    y: [f64; STRIP],
    z: [f64; STRIP],
    /// Cube and place in one number.
    key: [u64; STRIP],
}

impl Located {
    /// Finds the cubes and places of points. It has no branches and converts no
    /// types, so that many points are located at once.
    #[inline(always)]
    fn new(xs: &[f64; STRIP], ys: &[f64; STRIP], z: f64) -> Self {
        /// Added to a whole number, this leaves its lowest bits in the lowest bits.
        const SHIFT: f64 = 1.5 * (1_u64 << 52) as f64;
        let zero = [0.0; STRIP];
        let mut located = Self {
            x: zero,
            y: zero,
            z: zero,
            key: [0; STRIP],
        };
        for i in 0..STRIP {
            let (x, y) = (xs[i], ys[i]);
            let stretch = (x + y + z) * STRETCH;
            let (sx, sy, sz) = (x + stretch, y + stretch, z + stretch);
            let (bx, by, bz) = (sx.floor(), sy.floor(), sz.floor());
            let squish = (bx + by + bz) * SQUISH;
            located.x[i] = x - (bx + squish);
            located.y[i] = y - (by + squish);
            located.z[i] = z - (bz + squish);
            let place = place(sx - bx, sy - by, sz - bz);
            let [x, y, z] = [bx, by, bz].map(|side| (side + SHIFT).to_bits() & 255);
            located.key[i] = place << 24 | z << 16 | y << 8 | x;
        }
        located
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
