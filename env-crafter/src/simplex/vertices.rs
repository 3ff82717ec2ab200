//! Provides the vertices that matter to a point, in the order in which the
//! reference adds up what they contribute.
//!
//! They are those of the region of the cube that the point lies in, and two
//! more, which depend on the corners of the region that are nearest to it.
//! Corners are written as sets of axes, `x` in bit 0: `0b101` is the corner one
//! step along `x` and one along `z`.

use super::SQUISH;

/// The most vertices that matter to a point.
const MOST: usize = 8;

/// A vertex near a cube.
#[derive(Clone, Copy, Default)]
pub(super) struct Vertex {
    /// Its steps from the cube's origin.
    pub(super) lattice: [i8; 3],
    /// What to subtract from a point's coordinates, one after the other, to get
    /// those relative to the vertex. Grouped otherwise, the subtractions would
    /// round otherwise than the reference's.
    offsets: [[f64; 3]; 3],
}

impl Vertex {
    /// The vertex so many steps along the axes, each of which the skew moves
    /// along all of them.
    fn at(lattice: [i8; 3]) -> Self {
        let squish = f64::from(lattice.iter().sum::<i8>()) * SQUISH;
        let offsets = lattice.map(|steps| [f64::from(steps), squish, 0.0]);
        Self { lattice, offsets }
    }

    /// The vertex one step back from a corner, along the axis it is not on.
    fn beside(set: u8) -> Self {
        let axis = axes(!set).next().unwrap_or_default();
        Self::at(moved(corner(set), axis, -1))
    }

    /// The vertex one step beyond a corner. Along `y` the reference takes this
    /// step last.
    fn beyond(set: u8, axis: usize) -> Self {
        let mut vertex = Self::at(moved(corner(set), axis, 1));
        if axis == 1 {
            vertex.offsets[1][0] -= 1.0;
            vertex.offsets[1][2] = 1.0;
        }
        vertex
    }

    /// The vertex two steps along an axis, which the reference takes after the
    /// squish.
    fn twice(axis: usize) -> Self {
        let mut vertex = Self::at(moved([0; 3], axis, 2));
        vertex.offsets[axis].swap(0, 1);
        vertex
    }

    /// Coordinates relative to the cube's origin as those relative to the vertex.
    pub(super) fn offset(&self, [x, y, z]: [f64; 3]) -> [f64; 3] {
        let along = |side: f64, [first, second, third]: [f64; 3]| side - first - second - third;
        let [by_x, by_y, by_z] = self.offsets;
        [along(x, by_x), along(y, by_y), along(z, by_z)]
    }
}

/// The vertices that matter to a point.
pub(super) struct Vertices {
    list: [Vertex; MOST],
    count: usize,
}

impl Vertices {
    /// Those of a point at these skewed coordinates in its cube.
    pub(super) fn of(inside: [f64; 3]) -> Self {
        let sum: f64 = inside.iter().sum();
        if sum <= 1.0 {
            Self::low(inside, sum)
        } else if sum >= 2.0 {
            Self::high(inside, sum)
        } else {
            Self::middle(inside)
        }
    }

    pub(super) fn as_slice(&self) -> &[Vertex] {
        &self.list[..self.count]
    }

    fn corners(sets: &[u8]) -> Self {
        let mut vertices = Self {
            list: [Vertex::default(); MOST],
            count: 0,
        };
        for &set in sets {
            vertices.push(Vertex::at(corner(set)));
        }
        vertices
    }

    fn push(&mut self, vertex: Vertex) {
        self.list[self.count] = vertex;
        self.count += 1;
    }

    /// In the tetrahedron at the origin.
    fn low([x, y, z]: [f64; 3], sum: f64) -> Self {
        let mut vertices = Self::corners(&[0b000, 0b001, 0b010, 0b100]);
        let mut a = (0b001, x);
        let mut b = (0b010, y);
        if x >= y && z > y {
            b = (0b100, z);
        } else if x < y && z > x {
            a = (0b100, z);
        }
        let origin = 1.0 - sum;
        if origin > a.1 || origin > b.1 {
            let nearest = if b.1 > a.1 { b.0 } else { a.0 };
            for axis in axes(!nearest) {
                vertices.push(Vertex::at(moved(corner(nearest), axis, -1)));
            }
        } else {
            vertices.push(Vertex::at(corner(a.0 | b.0)));
            vertices.push(Vertex::beside(a.0 | b.0));
        }
        vertices
    }

    /// In the tetrahedron at the opposite corner.
    fn high([x, y, z]: [f64; 3], sum: f64) -> Self {
        let mut vertices = Self::corners(&[0b011, 0b101, 0b110, 0b111]);
        let mut a = (0b110, x);
        let mut b = (0b101, y);
        if x <= y && z < y {
            b = (0b011, z);
        } else if x > y && z < x {
            a = (0b011, z);
        }
        let opposite = 3.0 - sum;
        if opposite < a.1 || opposite < b.1 {
            let nearest = if b.1 < a.1 { b.0 } else { a.0 };
            for axis in axes(nearest) {
                vertices.push(Vertex::beyond(nearest, axis));
            }
        } else {
            let shared = a.0 & b.0;
            vertices.push(Vertex::at(corner(shared)));
            vertices.push(Vertex::at(corner(shared).map(|steps| 2 * steps)));
        }
        vertices
    }

    /// In the octahedron between them: of each pair of opposite corners the
    /// nearer, and of the three the two nearest.
    fn middle([x, y, z]: [f64; 3]) -> Self {
        struct Near {
            set: u8,
            score: f64,
            is_high: bool,
        }
        let nearer = |side: f64, set: u8| {
            let is_high = side > 1.0;
            let (set, score) = if is_high {
                (set, side - 1.0)
            } else {
                (!set & 7, 1.0 - side)
            };
            Near {
                set,
                score,
                is_high,
            }
        };
        let mut a = nearer(x + y, 0b011);
        let mut b = nearer(x + z, 0b101);
        let c = nearer(y + z, 0b110);
        if a.score <= b.score && a.score < c.score {
            a = c;
        } else if a.score > b.score && b.score < c.score {
            b = c;
        }
        let mut vertices = Self::corners(&[0b001, 0b010, 0b100, 0b011, 0b101, 0b110]);
        match (a.is_high, b.is_high) {
            (true, true) => {
                vertices.push(Vertex::at([1; 3]));
                vertices.push(Vertex::at(corner(a.set & b.set).map(|steps| 2 * steps)));
            }
            (false, false) => {
                vertices.push(Vertex::at([0; 3]));
                vertices.push(Vertex::beside(a.set | b.set));
            }
            _ => {
                let (high, low) = if a.is_high { (a, b) } else { (b, a) };
                vertices.push(Vertex::beside(high.set));
                axes(low.set).for_each(|axis| vertices.push(Vertex::twice(axis)));
            }
        }
        vertices
    }
}

/// A corner of the cube.
fn corner(set: u8) -> [i8; 3] {
    [0, 1, 2].map(|axis| (set >> axis & 1) as i8)
}

/// The axes of a set.
fn axes(set: u8) -> impl Iterator<Item = usize> {
    (0..3).filter(move |axis| set >> axis & 1 == 1)
}

fn moved(mut lattice: [i8; 3], axis: usize, by: i8) -> [i8; 3] {
    lattice[axis] += by;
    lattice
}
