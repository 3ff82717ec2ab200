//! Provides how noise is spread over a frame at night.

use super::kernel::BLOCK;

/// How much noise each pixel gets, from 0 in the middle to almost 1, column
/// after column: a hole around the player, whose edge is a Gaussian bell.
#[derive(Debug, Clone, Default)]
pub(crate) struct Vignette {
    exact: Vec<f64>,
    /// The same in single precision.
    rough: Vec<f32>,
}

impl Vignette {
    /// The vignette of a picture, with a few numbers more to make the last
    /// block whole.
    pub(super) fn new(width: usize, height: usize) -> Self {
        // NumPy's linspace(-1, 1, count).
        let steps = |count: usize| {
            let step = 2.0 / (count as f64 - 1.0);
            (0..count).map(move |i| match i {
                0 => -1.0,
                _ if i == count - 1 => 1.0,
                _ => i as f64 * step - 1.0,
            })
        };
        let column =
            |x: f64| steps(height).map(move |y| 1.0 - ((-0.5 * (x * x + y * y)) / 0.25).exp());
        let mut exact: Vec<f64> = steps(width).flat_map(column).collect();
        exact.resize(exact.len().next_multiple_of(BLOCK), 0.5);
        let rough = exact.iter().map(|&amount| amount as f32).collect();
        Self { exact, rough }
    }

    /// How many numbers there are, in whole blocks.
    pub(super) fn len(&self) -> usize {
        self.exact.len()
    }

    /// The numbers block by block, in double and in single precision.
    #[inline(always)]
    pub(super) fn blocks(&self) -> impl Iterator<Item = (&[f64; BLOCK], &[f32; BLOCK])> {
        let (exact, _) = self.exact.as_chunks();
        let (rough, _) = self.rough.as_chunks();
        exact.iter().zip(rough)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vignette_spares_the_middle() {
        let vignette = Vignette::new(63, 49);
        let at = |x: usize, y: usize| vignette.exact[x * 49 + y].to_bits();
        assert_eq!(vignette.exact[31 * 49 + 24], 0.0);
        let near = |a: u64, b: u64| assert!(a.abs_diff(b) <= 1, "{a:x} and {b:x}");
        near(at(0, 0), 0x3fef_69f5_523e_f618);
        near(at(0, 1), 0x3fef_4f5c_6e16_02db);
        near(at(31, 23), 0x3f6c_6526_8209_3a00);
        near(at(31, 25), 0x3f6c_6526_8209_3a00);
        assert_eq!(at(0, 0), at(62, 48));
    }
}
