//! Defines what light does to a colour.

/// How a frame is lit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Light {
    /// 0 at midnight, 1 at noon.
    pub(super) daylight: f64,
    /// Asleep, the player sees only shades of blue.
    pub(super) sleeping: bool,
}

/// Twice what the night adds to half of each channel: red, green, blue.
pub(super) const NIGHT_TINT: [u8; 3] = [0, 16, 64];
/// The same for sleep.
const SLEEP_TINT: [u8; 3] = [0, 0, 16];

impl Light {
    /// Whether it is so dark that there is noise.
    pub(super) fn is_night(self) -> bool {
        self.daylight < 0.5
    }

    /// What a colour by day counts, and twice its [`dark`] one.
    pub(super) fn shares(self) -> (f64, f64) {
        (self.daylight, (1.0 - self.daylight) * 0.5)
    }

    /// How much noise there is at the edges, from 0 at dusk to 1 at midnight.
    pub(super) fn noise(self) -> f64 {
        2.0 * (0.5 - self.daylight)
    }
}

/// Brightness, as Pillow's grey images have it.
#[inline(always)]
pub(super) fn luma([red, green, blue]: [i32; 3]) -> i32 {
    (19595 * red + 38470 * green + 7471 * blue + 32768) >> 16
}

/// A channel with three fifths of its difference to the brightness taken away.
///
/// In whole numbers this is the same as in the single precision that Pillow
/// computes it with, and takes half as long.
#[inline(always)]
pub(super) fn desaturated(channel: i32, luma: i32) -> i32 {
    // The factor is a fifth, more precisely than a number below 1275 can tell.
    ((3 * luma + 2 * channel) * 13_108) >> 16
}

/// The whole part of a number from 0 to 255.
///
/// What `as` does besides, to give numbers beyond the integers a meaning,
/// keeps a loop from being vectorized: with it a night takes nine times as long.
#[inline(always)]
pub(super) fn whole(number: f64) -> i32 {
    /// Added to a small number, this leaves its whole part in the lowest bits.
    const SHIFT: f64 = (1_u64 << 52) as f64;
    (number.trunc() + SHIFT).to_bits() as i32
}

/// A colour as it is seen asleep.
#[inline(always)]
pub(super) fn asleep(colour: [i32; 3]) -> [i32; 3] {
    let luma = luma(colour);
    SLEEP_TINT.map(|tint| (luma + i32::from(tint)) >> 1)
}

/// A colour at night without noise, before the last halving: desaturated and
/// tinted.
pub(super) fn dark(colour: [u8; 3]) -> [u16; 3] {
    let luma = luma(colour.map(i32::from));
    std::array::from_fn(|i| {
        desaturated(i32::from(colour[i]), luma) as u16 + u16::from(NIGHT_TINT[i])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_fade_as_pillow_fades_them() {
        let check = |colour: [i32; 3], grey, faded: [i32; 3]| {
            let luma = luma(colour);
            assert_eq!(luma, grey, "{colour:?}");
            assert_eq!(
                colour.map(|channel| desaturated(channel, luma)),
                faded,
                "{colour:?}"
            );
        };
        check([157, 161, 109], 154, [155, 156, 136]);
        check([62, 86, 22], 72, [68, 77, 52]);
        check([34, 198, 236], 153, [105, 171, 186]);
        check([125, 139, 249], 147, [138, 143, 187]);
        check([250, 50, 254], 133, [179, 99, 181]);
        check([110, 32, 224], 77, [90, 59, 135]);
        check([216, 135, 17], 146, [174, 141, 94]);
        check([0, 0, 0], 0, [0, 0, 0]);
        check([255, 255, 255], 255, [255, 255, 255]);
    }

    #[test]
    fn colours_fade_as_in_single_precision() {
        for luma in 0..=255_u8 {
            for channel in 0..=255_u8 {
                let (grey, full) = (f32::from(luma), f32::from(channel));
                let faded = (grey + 0.4 * (full - grey)) as i32;
                let (channel, luma) = (i32::from(channel), i32::from(luma));
                assert_eq!(desaturated(channel, luma), faded, "{channel} in {luma}");
            }
        }
    }

    #[test]
    fn asleep_all_is_dim_and_blue() {
        assert_eq!(asleep([255, 255, 255]), [127, 127, 135]);
        assert_eq!(asleep([0, 0, 0]), [0, 0, 8]);
        // 0.5 * 153 + 8 is 84.5, of which the fraction is cut off.
        assert_eq!(asleep([34, 198, 236]), [76, 76, 84]);
    }
}
