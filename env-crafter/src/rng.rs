//! Provides the Mersenne Twister as NumPy's `RandomState` uses it: the same
//! words for the same seed, and the same numbers made of them.
//!
//! Source: Matsumoto and Nishimura's MT19937, seeded by `init_genrand`;
//! NumPy's `legacy_double` and its masked rejection for bounded integers.

use std::convert::Infallible;

use rand_core::{SeedableRng, TryRng};

use crate::cpu;

/// Words in the generator's state.
pub(crate) const WORDS: usize = 624;
const SHIFT: usize = 397;
const MATRIX: u32 = 0x9908_b0df;
const UPPER: u32 = 0x8000_0000;
const LOWER: u32 = 0x7fff_ffff;
/// The numbers that `uniform()` chooses among.
const FRACTIONS: f64 = 9_007_199_254_740_992.0;

/// The generator, with NumPy's ways of drawing from it.
///
/// ```
/// use env_crafter::Mt19937;
/// use rand_core::Rng;
///
/// // numpy.random.RandomState(5489)
/// assert_eq!(Mt19937::new(5489).next_u32(), 3_499_211_612);
/// assert_eq!(Mt19937::new(5489).uniform(), 0.814_723_686_393_178_9);
/// ```
#[derive(Clone, PartialEq, Eq)]
#[repr(C, align(64))]
pub struct Mt19937 {
    words: [u32; WORDS],
    /// The next word of the block to hand out; `WORDS` if it is used up.
    next: u16,
    /// Blocks made since seeding.
    blocks: u64,
}

impl Mt19937 {
    /// The generator of `numpy.random.RandomState(seed)`.
    #[must_use]
    pub fn new(seed: u32) -> Self {
        let mut words = [seed; WORDS];
        for i in 1..WORDS {
            let previous = words[i - 1];
            words[i] = 1_812_433_253_u32
                .wrapping_mul(previous ^ (previous >> 30))
                .wrapping_add(i as u32);
        }
        Self {
            words,
            next: WORDS as u16,
            blocks: 0,
        }
    }

    /// A generator in a given state, or `None` if `next` is not in a block.
    pub(crate) fn from_parts(words: [u32; WORDS], next: u16, blocks: u64) -> Option<Self> {
        (usize::from(next) <= WORDS).then_some(Self {
            words,
            next,
            blocks,
        })
    }

    /// The state as NumPy's `get_state` gives it.
    #[must_use]
    pub fn words(&self) -> &[u32; WORDS] {
        &self.words
    }

    /// The index of the next word in the state, 0 to 624.
    #[must_use]
    pub fn position(&self) -> u16 {
        self.next
    }

    /// Words handed out since seeding.
    #[must_use]
    pub fn draws(&self) -> u64 {
        (self.blocks * WORDS as u64 + u64::from(self.next)).saturating_sub(WORDS as u64)
    }

    pub(crate) fn blocks(&self) -> u64 {
        self.blocks
    }

    /// The next word.
    #[inline]
    pub fn word(&mut self) -> u32 {
        if usize::from(self.next) == WORDS {
            self.next_block();
        }
        let word = self.words[usize::from(self.next)];
        self.next += 1;
        temper(word)
    }

    /// Draws as many words as there is room for.
    pub fn fill(&mut self, mut words: &mut [u32]) {
        while !words.is_empty() {
            if usize::from(self.next) == WORDS {
                self.next_block();
            }
            let block = &self.words[usize::from(self.next)..];
            let count = block.len().min(words.len());
            let (now, later) = words.split_at_mut(count);
            cpu::temper_all(block, now);
            self.next += count as u16;
            words = later;
        }
    }

    /// `uniform()`: a number in `[0, 1)`, of 53 random bits.
    #[inline]
    pub fn uniform(&mut self) -> f64 {
        self.fraction() as f64 / FRACTIONS
    }

    /// `uniform() < probability`.
    #[inline]
    pub fn chance(&mut self, probability: f64) -> bool {
        // Scaling by a power of two is exact, so comparing integers is, too.
        self.fraction() < (probability * FRACTIONS).ceil() as u64
    }

    /// The 53 bits of a uniform number.
    #[inline]
    fn fraction(&mut self) -> u64 {
        let (high, low) = match self
            .words
            .get(usize::from(self.next)..usize::from(self.next) + 2)
        {
            Some(&[high, low]) => {
                self.next += 2;
                (temper(high), temper(low))
            }
            _ => (self.word(), self.word()),
        };
        u64::from(high >> 5) << 26 | u64::from(low >> 6)
    }

    /// `randint(0, bound)`: an integer below `bound`, without a draw if there
    /// is only one.
    #[inline]
    pub fn below(&mut self, bound: u32) -> u32 {
        let most = bound.saturating_sub(1);
        if most == 0 {
            return 0;
        }
        let mask = u32::MAX >> most.leading_zeros();
        loop {
            let value = self.word() & mask;
            if value <= most {
                return value;
            }
        }
    }

    /// Draws `count` words and looks at none of them.
    pub fn skip(&mut self, count: u32) {
        let mut ahead = u32::from(self.next) + count;
        while ahead > WORDS as u32 {
            self.next_block();
            ahead -= WORDS as u32;
        }
        self.next = ahead as u16;
    }

    /// Fills a slice with the words drawn last, in the order in which they were.
    ///
    /// The generator's step can be undone, so what was drawn for a frame need
    /// not be kept to draw the frame later.
    pub(crate) fn latest(&self, mut words: &mut [u32]) {
        let (mut block, mut next) = (self.words, usize::from(self.next));
        let mut joined = [0; WORDS];
        while !words.is_empty() {
            if next == 0 {
                cpu::untwist(&mut block, &mut joined);
                next = WORDS;
            }
            let first = next.saturating_sub(words.len());
            let (earlier, now) = words.split_at_mut(words.len() - (next - first));
            cpu::temper_all(&block[first..next], now);
            words = earlier;
            next = first;
        }
    }

    fn next_block(&mut self) {
        cpu::twist(&mut self.words);
        self.next = 0;
        self.blocks += 1;
    }
}

/// Makes a word of the state one that is handed out.
#[inline(always)]
fn temper(mut word: u32) -> u32 {
    word ^= word >> 11;
    word ^= (word << 7) & 0x9d2c_5680;
    word ^= (word << 15) & 0xefc6_0000;
    word ^ (word >> 18)
}

/// Makes words of the state those that are handed out. Called through
/// [`cpu::temper_all`].
#[inline(always)]
pub(crate) fn temper_all(raw: &[u32], words: &mut [u32]) {
    for (word, &raw) in words.iter_mut().zip(raw) {
        *word = temper(raw);
    }
}

/// Replaces a block of words by the following one. Called through
/// [`cpu::twist`], which has it compiled for the processor at hand.
#[inline(always)]
pub(crate) fn twist(words: &mut [u32; WORDS]) {
    const FRONT: usize = WORDS - SHIFT;
    twist_range::<0, FRONT, SHIFT>(words);
    twist_range::<FRONT, { WORDS - 1 }, { WORDS - FRONT }>(words);
    words[WORDS - 1] = mixed(words[SHIFT - 1], words[WORDS - 1], words[0]);
}

/// Twists a range of words with those `AHEAD` of them, around the block.
///
/// In strips whose words are all read before any is written: so the compiler
/// needs no shuffles to carry a word that it reads twice.
#[inline(always)]
fn twist_range<const FROM: usize, const TO: usize, const AHEAD: usize>(words: &mut [u32; WORDS]) {
    const STRIP: usize = 32;
    let mut at = FROM;
    while at + STRIP <= TO {
        let far = (at + AHEAD) % WORDS;
        let strip: [u32; STRIP] =
            std::array::from_fn(|i| mixed(words[far + i], words[at + i], words[at + i + 1]));
        words[at..at + STRIP].copy_from_slice(&strip);
        at += STRIP;
    }
    for i in at..TO {
        words[i] = mixed(words[(i + AHEAD) % WORDS], words[i], words[i + 1]);
    }
}

#[inline(always)]
const fn mixed(far: u32, upper: u32, lower: u32) -> u32 {
    let joined = join(upper, lower);
    far ^ (joined >> 1) ^ (joined & 1).wrapping_neg() & MATRIX
}

/// Replaces a block of words by the one before it. What is in the room for the
/// joined words does not matter. Called through [`cpu::untwist`].
#[inline(always)]
pub(crate) fn untwist(words: &mut [u32; WORDS], joined: &mut [u32; WORDS]) {
    const FRONT: usize = WORDS - SHIFT;
    // What `twist` mixed: the upper bit of a word and the lower ones of the next.
    let unmixed = |word: u32| {
        let odd = word >> 31;
        (word ^ odd.wrapping_neg() & MATRIX) << 1 | odd
    };
    let (front, back) = joined.split_at_mut(FRONT);
    for ((joined, own), far) in back.iter_mut().zip(&words[FRONT..]).zip(&words[..SHIFT]) {
        *joined = unmixed(own ^ far);
    }
    let (upper, lower) = (&back[SHIFT - FRONT..], &back[SHIFT - FRONT - 1..]);
    for (((joined, own), &upper), &lower) in front.iter_mut().zip(&*words).zip(upper).zip(lower) {
        *joined = unmixed(own ^ join(upper, lower));
    }
    let before =
        join(joined[WORDS - 1], joined[WORDS - 2]) ^ join(joined[SHIFT - 1], joined[SHIFT - 2]);
    words[0] = join(joined[0], unmixed(before));
    for ((word, &upper), &lower) in words[1..].iter_mut().zip(&joined[1..]).zip(&*joined) {
        *word = join(upper, lower);
    }
}

#[inline(always)]
const fn join(upper: u32, lower: u32) -> u32 {
    upper & UPPER | lower & LOWER
}

impl TryRng for Mt19937 {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.word())
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        rand_core::utils::next_u64_via_u32(self)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        rand_core::utils::fill_bytes_via_next_word(bytes, || self.try_next_u32())
    }
}

impl SeedableRng for Mt19937 {
    type Seed = [u8; 4];

    fn from_seed(seed: Self::Seed) -> Self {
        Self::new(u32::from_le_bytes(seed))
    }
}

impl std::fmt::Debug for Mt19937 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mt19937")
            .field("draws", &self.draws())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_words_are_those_drawn_last() {
        for (seed, before, count) in [(0, 1, 3), (7, 623, 1), (7, 624, 6174), (9, 5000, 4999)] {
            let mut rng = Mt19937::new(seed);
            rng.skip(before);
            let words: Vec<u32> = (0..count).map(|_| rng.word()).collect();
            let mut latest = vec![0; count];
            rng.latest(&mut latest);
            assert_eq!(latest, words, "seed {seed}, {count} after {before}");
        }
    }

    #[test]
    fn skipping_is_drawing_without_looking() {
        for count in [0, 1, 623, 624, 625, 6174] {
            let (mut skipped, mut drawn) = (Mt19937::new(3), Mt19937::new(3));
            skipped.skip(count);
            (0..count).for_each(|_| {
                drawn.word();
            });
            assert!(skipped == drawn, "{count}");
        }
    }
}
