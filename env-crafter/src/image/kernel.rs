//! Provides the loops over pixels. They are called through [`cpu`](crate::cpu),
//! which has them compiled for the processor at hand.

use super::{
    light::{Light, NIGHT_TINT, asleep, desaturated, luma, whole},
    vignette::Vignette,
};

/// Lights a picture by day: `dark` is [`dark`](super::light::dark) of `base`.
#[inline(always)]
pub(crate) fn day(light: Light, base: &[u8], dark: &[u16], lit: &mut [u8]) {
    let (day, night) = light.shares();
    for ((lit, &base), &dark) in lit.iter_mut().zip(base).zip(dark) {
        *lit = whole(day * f64::from(base) + night * f64::from(dark)) as u8;
    }
    if light.sleeping {
        let (pixels, _) = lit.as_chunks_mut::<3>();
        for pixel in pixels {
            *pixel = asleep(pixel.map(i32::from)).map(|channel| channel as u8);
        }
    }
}

/// Pixels that are lit together at night: so few that what is known of them
/// stays in the processor's registers.
pub(super) const BLOCK: usize = 32;

/// Lights whole blocks of pixels at night, in place. A pixel is its colour in
/// the lower three bytes, red lowest; `words` has two random words for each.
#[inline(always)]
pub(crate) fn night(light: Light, words: &[u32], vignette: &Vignette, pixels: &mut [u32]) {
    if light.sleeping {
        night_seen(light, words, vignette, pixels, |colour| {
            let [red, green, blue] = asleep(colour.map(whole));
            (red | green << 8 | blue << 16) as u32
        });
    } else {
        night_seen(light, words, vignette, pixels, packed);
    }
}

#[inline(always)]
fn night_seen(
    light: Light,
    words: &[u32],
    vignette: &Vignette,
    pixels: &mut [u32],
    seen: impl Fn([f64; 3]) -> u32,
) {
    let (day, night) = light.shares();
    let (pixels, _) = pixels.as_chunks_mut::<BLOCK>();
    let blocks = words.chunks_exact(2 * BLOCK).zip(vignette.blocks());
    // By index and channel by channel: with iterators and arrays of channels
    // the compiler finds no vectors here, and a night takes six times as long.
    for ((words, (exact, rough)), pixels) in blocks.zip(pixels) {
        let (mut high, mut low) = ([0; BLOCK], [0; BLOCK]);
        for i in 0..BLOCK {
            (high[i], low[i]) = (words[2 * i], words[2 * i + 1]);
        }
        let noise = light.noise();
        let dark = roughly_dark(noise as f32, &high, rough, pixels)
            .unwrap_or_else(|| exactly_dark(noise, &high, &low, exact, pixels));
        for i in 0..BLOCK {
            let base = |shift: u32| f64::from(channel(pixels[i], shift) as i32);
            let dark = |channel: usize| f64::from(dark[channel][i]);
            pixels[i] = seen([
                day * base(0) + night * dark(0),
                day * base(8) + night * dark(1),
                day * base(16) + night * dark(2),
            ]);
        }
    }
}

/// The red, green and blue channels of pixels with noise, as
/// [`dark`](super::light::dark) has those without.
type Dark = [[i32; BLOCK]; 3];

/// Pixels in the dark, computed with whole numbers of 32 bits: their noisy
/// channels are multiples of 2⁻²³, wrong by less than 2⁻¹³. `None` if some
/// channel is so near to a whole number that this could matter. So it is in one
/// block of thirty, and lighting takes two thirds of the time that it takes
/// with doubles for all.
///
/// The most that a channel can be wrong by, in multiples of 2⁻²⁴, half of what
/// single precision tells apart just above 1:
/// - the mask by 3 times itself (both factors and the product are rounded),
///   which is 3 × 127 in the noise and 3 × 255 in what is kept of a channel;
/// - what is kept by 255 more, as a multiple of 2⁻²³;
/// - the noise by 95 for the random bits that are left out, 95 and 64 for the
///   product and the sum, 64 for the noise itself and 128 as a whole number.
///
/// That is 1847, which is less than 2¹¹.
#[inline(always)]
fn roughly_dark(
    noise: f32,
    high: &[u32; BLOCK],
    vignette: &[f32; BLOCK],
    pixels: &[u32; BLOCK],
) -> Option<Dark> {
    const ONE: u32 = 1 << 23;
    const ERROR: u32 = 1 << 10;
    let mut dark = [[0; BLOCK]; 3];
    let mut unsure = false;
    for i in 0..BLOCK {
        let random = (high[i] >> 8) as i32 as f32;
        let mask = noise * vignette[i];
        let noise = mask * (32.0 + 95.0 / 16_777_216.0 * random);
        // Added to a number of fewer bits, a power of two leaves it in the
        // lowest bits: in multiples of 2⁻²³ here, and of 2⁻¹⁶ there.
        let keep = ONE - ((1.0 + mask).to_bits() & (ONE - 1));
        let noise = (((128.0 + noise).to_bits() & (ONE - 1)) << 7) + ERROR;
        let noisy = |shift: u32| keep * channel(pixels[i], shift) + noise;
        let (r, g, b) = (noisy(0), noisy(8), noisy(16));
        let past_whole = |channel: u32| channel & (ONE - 1);
        unsure |= past_whole(r).min(past_whole(g)).min(past_whole(b)) < 2 * ERROR;
        let [r, g, b] = [r, g, b].map(|channel| (channel >> 23) as i32);
        let luma = luma([r, g, b]);
        dark[0][i] = darkened(r, luma, NIGHT_TINT[0]);
        dark[1][i] = darkened(g, luma, NIGHT_TINT[1]);
        dark[2][i] = darkened(b, luma, NIGHT_TINT[2]);
    }
    (!unsure).then_some(dark)
}

/// Pixels in the dark, computed as the reference does.
#[inline(always)]
fn exactly_dark(
    noise: f64,
    high: &[u32; BLOCK],
    low: &[u32; BLOCK],
    vignette: &[f64; BLOCK],
    pixels: &[u32; BLOCK],
) -> Dark {
    let mut dark = [[0; BLOCK]; 3];
    for i in 0..BLOCK {
        let high = f64::from((high[i] >> 5) as i32) * 67_108_864.0;
        let random = (high + f64::from((low[i] >> 6) as i32)) / 9_007_199_254_740_992.0;
        let mask = noise * vignette[i];
        let (keep, noise) = (1.0 - mask, mask * (32.0 + 95.0 * random));
        let noisy = |shift: u32| whole(keep * f64::from(channel(pixels[i], shift) as i32) + noise);
        let (r, g, b) = (noisy(0), noisy(8), noisy(16));
        let luma = luma([r, g, b]);
        dark[0][i] = darkened(r, luma, NIGHT_TINT[0]);
        dark[1][i] = darkened(g, luma, NIGHT_TINT[1]);
        dark[2][i] = darkened(b, luma, NIGHT_TINT[2]);
    }
    dark
}

#[inline(always)]
fn channel(pixel: u32, shift: u32) -> u32 {
    pixel >> shift & 255
}

#[inline(always)]
fn darkened(channel: i32, luma: i32, tint: u8) -> i32 {
    desaturated(channel, luma) + i32::from(tint)
}

/// The whole parts of channels as a pixel.
#[inline(always)]
fn packed([red, green, blue]: [f64; 3]) -> u32 {
    /// Added to a small whole number, this leaves it in the lowest bits, and a
    /// 256th of it leaves it eight bits higher.
    const SHIFT: f64 = (1_u64 << 52) as f64;
    let at = |channel: f64, shift: f64| (channel.trunc() + shift).to_bits();
    (at(red, SHIFT) | at(green, SHIFT / 256.0) | at(blue, SHIFT / 65_536.0)) as u32
}

/// Joins four columns of pixels in place: the first three become columns of
/// the words that rows of three bytes a pixel consist of.
#[inline(always)]
pub(crate) fn join_columns(columns: &mut [u32], height: usize) {
    let (left, right) = columns.split_at_mut(2 * height);
    let ((a, b), (c, d)) = (left.split_at_mut(height), right.split_at_mut(height));
    for (((a, b), c), d) in a.iter_mut().zip(b).zip(c).zip(d) {
        (*a, *b, *c) = (*a | *b << 24, *b >> 8 | *c << 16, *c >> 16 | *d << 8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Mt19937;

    #[test]
    fn what_is_rough_and_sure_is_exact() {
        let mut random = Mt19937::new(17);
        let (mut sure, mut blocks) = (0, 0);
        for noise in [1.0, 0.999, 0.5, 0.1, 0.003].repeat(2000) {
            let (mut high, mut low, mut pixels) = ([0; BLOCK], [0; BLOCK], [0; BLOCK]);
            for words in [&mut high, &mut low, &mut pixels] {
                random.fill(words);
            }
            // The extremes, too: what is rounded most, and what is least.
            (high[0], low[0], pixels[0]) = (u32::MAX, u32::MAX, 0x00ff_ffff);
            (high[1], low[1], pixels[1]) = (0, 0, 0x00ff_00ff);
            let exact: [f64; BLOCK] = std::array::from_fn(|_| 0.982 * random.uniform());
            let rough = exact.map(|amount| amount as f32);
            let dark = exactly_dark(noise, &high, &low, &exact, &pixels);
            if let Some(roughly) = roughly_dark(noise as f32, &high, &rough, &pixels) {
                assert_eq!(roughly, dark, "{noise}");
                sure += 1;
            }
            blocks += 1;
        }
        assert!(sure * 10 > blocks * 9, "{sure} of {blocks}");
        assert!(sure < blocks, "some should be near a whole number");
    }

    #[test]
    fn joined_columns_are_rows_of_three_bytes_a_pixel() {
        let mut columns = [
            0x03_02_01, 0x13_12_11, 0x06_05_04, 0, 0x09_08_07, 0, 0x0c_0b_0a, 0,
        ];
        join_columns(&mut columns, 2);
        let row: Vec<u8> = [columns[0], columns[2], columns[4]]
            .iter()
            .flat_map(|word: &u32| word.to_le_bytes())
            .collect();
        assert_eq!(row, (1..=12).collect::<Vec<u8>>());
        assert_eq!(columns[1], 0x13_12_11);
    }
}
