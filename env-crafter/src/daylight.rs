//! Provides how light it is, to the last bit on every platform.
//!
//! The reference computes `1 - |cos(pi * progress)| ** 3` with a C library
//! whose cosine and power are correctly rounded for these arguments, in episodes
//! of up to 10,000 steps at least; from step 83,298 on there are some that the C
//! library misrounds. The last bit can be seen in a frame, and libraries differ in
//! it, so both functions are computed here with numbers of twice the precision.

use std::{
    f64::consts::{FRAC_PI_2, PI},
    sync::LazyLock,
};

/// The daylight of a step, from 0 at midnight to 1 at noon. A day has 300
/// steps; the night is where this is below one half.
///
/// It depends on the step and not only on the time of day, because the
/// rounding of `step / 300` does.
pub(crate) fn daylight(step: u64) -> f64 {
    daylight_at(DAY[(step % 300) as usize].abs_cos(angle(step)))
}

fn daylight_at(cosine: f64) -> f64 {
    let square = product(cosine, cosine);
    let cube = product(square.high, cosine);
    1.0 - (cube.high + (cube.low + square.low * cosine))
}

/// The angle whose cosine the reference takes.
fn angle(step: u64) -> f64 {
    let days = step as f64 / 300.0;
    PI * ((days - (days as u64) as f64) + 0.3)
}

/// The steps of the first day.
static DAY: LazyLock<[Phase; 300]> =
    LazyLock::new(|| std::array::from_fn(|step| Phase::new(angle(step as u64))));

/// An angle and the cosine there, near which others are quickly found.
struct Phase {
    angle: f64,
    cosine: Double,
    slope: f64,
}

impl Phase {
    fn new(angle: f64) -> Self {
        let sign = angle.cos().signum();
        Self {
            angle,
            cosine: abs_cos(angle),
            slope: -sign * angle.sin(),
        }
    }

    /// `|cos x|`, correctly rounded where the last bit matters: two terms of the
    /// Taylor series around this angle, if `x` differs from it only by what is
    /// lost in rounding.
    fn abs_cos(&self, x: f64) -> f64 {
        /// The next term, a sixth of the cube, is then far below the last bit.
        const NEAR: f64 = 1e-9;
        let past = x - self.angle;
        let cosine = if past.abs() < NEAR {
            let change = past * (self.slope - 0.5 * past * self.cosine.high);
            sum(self.cosine.high, self.cosine.low + change)
        } else {
            abs_cos(x)
        };
        (cosine.high + cosine.low).abs()
    }
}

/// The sum of two numbers of which the second is below the first's last bit.
#[derive(Clone, Copy)]
struct Double {
    high: f64,
    low: f64,
}

/// Dekker's sum, for `|a| >= |b|`.
const fn quick_sum(a: f64, b: f64) -> Double {
    let high = a + b;
    Double {
        high,
        low: b - (high - a),
    }
}

/// Knuth's sum.
const fn sum(a: f64, b: f64) -> Double {
    let high = a + b;
    let t = high - a;
    Double {
        high,
        low: (a - (high - t)) + (b - t),
    }
}

/// Dekker's product, without a fused multiply-add.
const fn product(a: f64, b: f64) -> Double {
    let high = a * b;
    let ((a1, a2), (b1, b2)) = (halves(a), halves(b));
    Double {
        high,
        low: ((a1 * b1 - high) + a1 * b2 + a2 * b1) + a2 * b2,
    }
}

/// Splits a number into two of half the digits.
const fn halves(x: f64) -> (f64, f64) {
    let t = 134_217_729.0 * x;
    let high = t - (t - x);
    (high, x - high)
}

impl Double {
    fn plus(self, other: Self) -> Self {
        let (high, low) = (sum(self.high, other.high), sum(self.low, other.low));
        let carried = quick_sum(high.high, high.low + low.high);
        quick_sum(carried.high, carried.low + low.low)
    }

    fn times(self, other: Self) -> Self {
        let high = product(self.high, other.high);
        quick_sum(
            high.high,
            high.low + (self.high * other.low + self.low * other.high),
        )
    }

    const fn divided_by(self, divisor: f64) -> Self {
        let quotient = self.high / divisor;
        let back = product(quotient, divisor);
        quick_sum(
            quotient,
            (((self.high - back.high) - back.low) + self.low) / divisor,
        )
    }
}

/// `|cos x|` for `0 <= x < 5`: the argument is reduced to
/// the nearest multiple of half pi, and the Taylor series of sine or cosine
/// summed from there, the terms that can't reach the last bit in plain
/// numbers.
fn abs_cos(x: f64) -> Double {
    /// Half pi as the sum of three numbers.
    const HALF_PI: [f64; 3] = [
        FRAC_PI_2,
        6.123_233_995_736_766e-17,
        -1.497_384_904_859_183_3e-33,
    ];
    let quarters = (x / HALF_PI[0]).round();
    let minus = |a: Double| Double {
        high: -a.high,
        low: -a.low,
    };
    let rest = Double { high: x, low: 0.0 }
        .plus(minus(product(quarters, HALF_PI[0])))
        .plus(minus(product(quarters, HALF_PI[1])))
        .plus(Double {
            high: -quarters * HALF_PI[2],
            low: 0.0,
        });
    let square = rest.times(rest);
    let odd = quarters as i64 & 1 == 1;
    let terms = &RECIPROCALS[usize::from(odd)];
    let (exact, plain) = terms.split_at(EXACT_TERMS);
    let tail = plain
        .iter()
        .rev()
        .fold(0.0, |sum, term| term.high - square.high * sum);
    let series = exact.iter().rev().fold(
        Double {
            high: tail,
            low: 0.0,
        },
        |sum, &term| term.plus(minus(square.times(sum))),
    );
    let value = if odd { series.times(rest) } else { series };
    if value.high < 0.0 {
        minus(value)
    } else {
        value
    }
}

const EXACT_TERMS: usize = 6;

/// The reciprocals of the factorials of the even numbers, for the cosine, and
/// of the odd ones, for the sine.
static RECIPROCALS: [[Double; 11]; 2] = {
    let mut rows = [[Double {
        high: 1.0,
        low: 0.0,
    }; 11]; 2];
    let mut row = 0;
    while row < 2 {
        let mut i = 1;
        while i < 11 {
            let order = (2 * i + row) as f64;
            rows[row][i] = rows[row][i - 1].divided_by(order * (order - 1.0));
            i += 1;
        }
        row += 1;
    }
    rows
};

/// Whether the daylight of a step is below one half, as it is in the same 125
/// steps of every day: it comes nowhere near one half, so no rounding matters.
pub(crate) fn is_night(step: u64) -> bool {
    (148..=272).contains(&(step % 300))
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn every_bit_is_the_reference_s() {
        let bytes: Vec<u8> = (0..=10_000)
            .flat_map(|step| daylight(step).to_le_bytes())
            .collect();
        let hash: String = Sha256::digest(bytes)
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect();
        // Steps 0 to 10000 of the reference, `float_probes` in its traces.
        assert_eq!(
            hash,
            "d1e5d07b6c65a81d74ccc842350104118fd3196d656a4cd3f43629f16282c812"
        );
    }

    #[test]
    fn the_table_gives_what_the_series_gives() {
        for step in (0..1_000_000).chain(u64::MAX / 600 - 1000..u64::MAX / 600) {
            let cosine = abs_cos(angle(step));
            let series = daylight_at(cosine.high + cosine.low);
            assert_eq!(daylight(step).to_bits(), series.to_bits(), "step {step}");
        }
    }

    #[test]
    fn night_is_where_daylight_is_below_one_half() {
        for step in 0..100_000 {
            assert_eq!(is_night(step), daylight(step) < 0.5, "step {step}");
        }
    }
}
