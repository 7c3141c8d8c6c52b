//! Streams: the only place in the program where a random generator is made.
//!
//! A stream is *found*, not handed down: its key is (seed, patient, replicate, purpose), so threads, order, cohort size
//! and what is recorded change nothing, and every arm of a trial meets the same patients.
//!
//! # Method
//! ChaCha with eight rounds (Bernstein, *ChaCha, a variant of Salsa20*, 2008), counter mode, nonce 0. The 32-byte key is
//! the four `u64` themselves, little-endian, in the order seed, patient, replicate, purpose. Nothing is hashed, so two
//! streams share a key only if all four numbers agree. A stream is 2⁶⁷ words of 64 bits long.
//!
//! # Left out
//! The laws, which live in [`crate::draw`], one per file.

use chacha20::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

/// What a stream is for. The number behind a name is part of the key and never changes; a new purpose takes a new number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u64)]
pub enum Purpose {
    /// The parameters of a patient, drawn once.
    Parameters = 1,
    /// Growth from the first cell, or from the stated start, to the first day of treatment.
    BeforeTreatment = 2,
    /// Everything the cells do from the first day of treatment on.
    Treatment = 3,
    /// When the patient is seen: jitter and missed visits.
    Visits = 4,
    /// What an assay or a scan reads at a visit.
    Measurement = 5,
    /// Death of the patient, from the disease or from another cause.
    Death = 6,
    /// Doses missed or delayed.
    Adherence = 7,
    /// Arms, strata and accrual.
    Allocation = 8,
    /// Leaving the study.
    Dropout = 9,
    /// Proposals, resampling and anything else that inference draws.
    Inference = 10,
    /// Tests, examples and measurements of the program itself.
    Check = 11,
    /// Blood draws and their sequencing.
    Ctdna = 12,
    /// When events happen to the patient; the replicate is the number of the event.
    Events = 13,
    /// Points at which a study is evaluated with other numbers, and bootstrap samples of them.
    Design = 20,
}

/// Words made at a time: four ChaCha blocks.
const WORDS: usize = 32;

/// A stream of random numbers that always begins the same way for the same key.
///
/// ```
/// use remission_engine::stream::{Purpose, Stream};
/// let mut first = Stream::new(2026, 17, 0, Purpose::Treatment);
/// let mut again = Stream::new(2026, 17, 0, Purpose::Treatment);
/// let mut other = Stream::new(2026, 18, 0, Purpose::Treatment);
/// let word = first.next_u64();
/// assert_eq!(word, again.next_u64());
/// assert_ne!(word, other.next_u64());
/// let u = first.uniform();
/// assert!(0.0 < u && u < 1.0);
/// ```
pub struct Stream {
    words: [u64; WORDS],
    /// Index in `words` of the next word; `WORDS` when they are used up.
    next: usize,
    /// Words made so far, those still in `words` included.
    made: u64,
    generator: ChaCha8Rng,
    /// What a test wants to be drawn. The hot path never looks here: a script fills `words` as the generator does.
    script: Option<std::vec::IntoIter<u64>>,
}

impl Stream {
    /// The stream of one patient, replicate and purpose under one seed. Every value of every argument is allowed.
    #[must_use]
    pub fn new(seed: u64, patient: u64, replicate: u64, purpose: Purpose) -> Stream {
        let mut key = [0; 32];
        for (bytes, number) in key.chunks_exact_mut(8).zip([seed, patient, replicate, purpose as u64]) {
            bytes.copy_from_slice(&number.to_le_bytes());
        }
        Stream { words: [0; WORDS], next: WORDS, made: 0, generator: ChaCha8Rng::from_seed(key), script: None }
    }

    /// A stream for tests that yields exactly these words, to reach a rare branch without hunting for a seed.
    ///
    /// # Panics
    /// Drawing past the last word panics; that is how a test learns that more was drawn than it expected.
    ///
    /// ```
    /// use remission_engine::stream::Stream;
    /// let mut stream = Stream::scripted(vec![7, Stream::word_for(0.25)]);
    /// assert_eq!(stream.next_u64(), 7);
    /// assert!((stream.uniform() - 0.25).abs() < 1e-15);
    /// ```
    #[must_use]
    pub fn scripted(words: Vec<u64>) -> Stream {
        Stream { script: Some(words.into_iter()), ..Stream::new(0, 0, 0, Purpose::Check) }
    }

    /// The word that makes [`uniform`](Stream::uniform) return the number nearest to `u`, which lies in (0, 1).
    #[must_use]
    pub fn word_for(u: f64) -> u64 {
        ((u * TWO_TO_52) as u64).min((1 << 52) - 1) << 12
    }

    /// How many words have been drawn. With [`seek`](Stream::seek) it lets an interrupted run continue with the same bits.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.made - (WORDS - self.next) as u64
    }

    /// Goes to the place where `position` words have been drawn, forwards or backwards. A scripted stream stays where it is.
    ///
    /// ```
    /// use remission_engine::stream::{Purpose, Stream};
    /// let mut whole = Stream::new(1, 2, 3, Purpose::Death);
    /// for _ in 0..45 { whole.next_u64(); }
    /// let mut resumed = Stream::new(1, 2, 3, Purpose::Death);
    /// resumed.seek(whole.position());
    /// assert_eq!(whole.next_u64(), resumed.next_u64());
    /// ```
    pub fn seek(&mut self, position: u64) {
        if self.script.is_some() {
            return;
        }
        let start = position - position % WORDS as u64;
        self.generator.set_word_pos(2 * u128::from(start));
        self.made = start;
        self.next = WORDS;
        if position > start {
            self.refill();
            self.next = (position - start) as usize;
        }
    }

    /// The next 64 random bits.
    #[inline(always)]
    pub fn next_u64(&mut self) -> u64 {
        if self.next >= WORDS {
            self.refill();
        }
        let word = self.words[self.next % WORDS];
        self.next += 1;
        word
    }

    /// Uniform on the open interval (0, 1): the 2⁵² odd multiples of 2⁻⁵³, each as likely as the next.
    ///
    /// Never 0 and never 1, and both u and 1 − u are exact.
    #[inline(always)]
    pub fn uniform(&mut self) -> f64 {
        ((self.next_u64() >> 12) as i64 as f64 + 0.5) * TWO_TO_MINUS_52
    }

    /// Uniform on (0, 1) with full relative precision near 0, for comparison with probabilities as small as 10⁻³⁰⁰.
    ///
    /// Below 2⁻¹² the leading zeros are kept and all other bits are drawn afresh, so it costs what
    /// [`uniform`](Stream::uniform) costs in all but one draw of 4,096.
    #[inline(always)]
    pub fn uniform_near_zero(&mut self) -> f64 {
        let u = self.uniform();
        if u < TWO_TO_MINUS_12 {
            return self.refined();
        }
        u
    }

    #[cold]
    fn refined(&mut self) -> f64 {
        let mut scale = TWO_TO_MINUS_12;
        loop {
            let u = self.uniform();
            if u >= TWO_TO_MINUS_12 || scale < 1e-290 {
                return scale * u;
            }
            scale *= TWO_TO_MINUS_12;
        }
    }

    /// Exponential with mean 1; see [`crate::draw::exponential`].
    #[inline]
    pub fn exponential(&mut self) -> f64 {
        crate::draw::exponential(self)
    }

    #[cold]
    #[inline(never)]
    fn refill(&mut self) {
        match &mut self.script {
            None => {
                let mut bytes = [0; 8 * WORDS];
                self.generator.fill_bytes(&mut bytes);
                for (word, bytes) in self.words.iter_mut().zip(bytes.as_chunks().0) {
                    *word = u64::from_le_bytes(*bytes);
                }
                self.next = 0;
                self.made += WORDS as u64;
            }
            Some(script) => {
                let word = script.next().expect("the script of this stream is used up");
                self.words[WORDS - 1] = word;
                self.next = WORDS - 1;
                self.made += 1;
            }
        }
    }
}

/// Another crate's sampler may draw from a stream too; only tests and benches have a reason to.
impl rand_core::TryRng for Stream {
    type Error = rand_core::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        Ok((self.next_u64() >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        Ok(Stream::next_u64(self))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&Stream::next_u64(self).to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

impl std::fmt::Debug for Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Stream at word {}", self.position())
    }
}

const TWO_TO_52: f64 = (1u64 << 52) as f64;
const TWO_TO_MINUS_52: f64 = 1.0 / TWO_TO_52;
const TWO_TO_MINUS_12: f64 = 1.0 / 4096.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uniform_is_open_at_both_ends() {
        let mut stream = Stream::scripted(vec![0, u64::MAX, 1 << 63]);
        assert_eq!(stream.uniform(), 0.5 * TWO_TO_MINUS_52);
        assert_eq!(stream.uniform(), 1.0 - 0.5 * TWO_TO_MINUS_52);
        assert_eq!(stream.uniform(), 0.5 + 0.5 * TWO_TO_MINUS_52);
    }

    #[test]
    fn near_zero_draws_fresh_bits_below_a_4096th() {
        let half = Stream::word_for(0.5);
        let mut stream = Stream::scripted(vec![0, 0, half, half]);
        let u = stream.uniform_near_zero();
        assert_eq!(u, (0.5 + 0.5 * TWO_TO_MINUS_52) / 4096.0 / 4096.0);
        assert!(stream.uniform_near_zero() > 0.5);
        let mut zeros = Stream::scripted(vec![0; 100]);
        assert!(zeros.uniform_near_zero() > 0.0);
    }

    #[test]
    fn a_stream_can_be_left_and_found_again_at_any_word() {
        let mut whole = Stream::new(5, 6, 7, Purpose::Visits);
        let words: Vec<u64> = (0..200).map(|_| whole.next_u64()).collect();
        assert_eq!(whole.position(), 200);
        let mut other = Stream::new(5, 6, 7, Purpose::Visits);
        for at in [199, 0, 31, 32, 33, 64, 1, 63, 128] {
            other.seek(at);
            assert_eq!(other.position(), at);
            assert_eq!(other.next_u64(), words[at as usize]);
        }
    }

    #[test]
    #[should_panic(expected = "used up")]
    fn a_script_that_ends_says_so() {
        let mut stream = Stream::scripted(vec![1]);
        stream.next_u64();
        stream.next_u64();
    }
}
