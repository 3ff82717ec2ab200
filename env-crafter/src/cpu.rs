//! Provides the hottest loops compiled for newer processors than the one a
//! plain build is for, and picks among them at run time.
//!
//! This is the only module with `unsafe` code. With the baseline's sixteen-byte
//! vectors a block of random words takes twice as long, and a frame at night
//! too (`cargo bench` shows what they take). Results are the same everywhere:
//! the loops are plain Rust, whose floating-point operations are never fused.

#![expect(
    unsafe_code,
    reason = "calling code for a processor that was asked for"
)]

use std::ops::Range;

use crate::{
    difficulty::Tuning,
    image::{self, Light, Vignette},
    rng,
    simplex::{self, Plane, Simplex, Sketch},
    terrain::Terrain,
    world::World,
    worldgen,
};

/// Declares a function with the body of another, compiled several times.
macro_rules! for_every_processor {
    ($(#[$doc:meta])* fn $name:ident($($arg:ident: $type:ty),* $(,)?) = $body:path;) => {
        $(#[$doc])*
        pub(crate) fn $name($($arg: $type),*) {
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
                fn avx512($($arg: $type),*) {
                    $body($($arg),*);
                }
                #[target_feature(enable = "avx2")]
                fn avx2($($arg: $type),*) {
                    $body($($arg),*);
                }
                if is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512vl")
                {
                    // SAFETY: the processor has just been found to have them.
                    return unsafe { avx512($($arg),*) };
                }
                if is_x86_feature_detected!("avx2") {
                    // SAFETY: the processor has just been found to have it.
                    return unsafe { avx2($($arg),*) };
                }
            }
            $body($($arg),*);
        }
    };
}

for_every_processor! {
    /// See [`rng::twist`].
    fn twist(words: &mut [u32; rng::WORDS]) = rng::twist;
}

for_every_processor! {
    /// See [`rng::untwist`].
    fn untwist(words: &mut [u32; rng::WORDS], joined: &mut [u32; rng::WORDS]) = rng::untwist;
}

for_every_processor! {
    /// See [`rng::temper_all`].
    fn temper_all(raw: &[u32], words: &mut [u32]) = rng::temper_all;
}

for_every_processor! {
    /// See [`simplex::sketch`].
    fn sketch(
        noise: &Simplex,
        plane: &Plane,
        wanted: &[Range<usize>],
        sketch: &mut Sketch,
    ) = simplex::sketch;
}

for_every_processor! {
    /// See [`worldgen::make_terrain`].
    fn make_terrain(
        terrain: &mut Terrain,
        world: &mut World,
        tuning: &Tuning,
        tunnels: &mut [bool],
    ) = worldgen::make_terrain;
}

for_every_processor! {
    /// See [`image::day`].
    fn light_day(light: Light, base: &[u8], dark: &[u16], lit: &mut [u8]) = image::day;
}

for_every_processor! {
    /// See [`image::night`].
    fn light_night(
        light: Light,
        words: &[u32],
        vignette: &Vignette,
        pixels: &mut [u32],
    ) = image::night;
}

for_every_processor! {
    /// See [`image::join_columns`].
    fn join_columns(columns: &mut [u32], height: usize) = image::join_columns;
}
