//! Outcomes of consecutive patients as bytes, so that a run that was cut off can go on, and back, so that nothing damaged is
//! ever believed.
//!
//! A segment is a head of [`HEAD`] bytes (all numbers little-endian), then the outcomes compressed (Snappy):
//!
//! | bytes | what |
//! |---|---|
//! | 8 | `RMOUTCOM` |
//! | 4 | [`VERSION`] of this layout |
//! | 32 | identity: SHA-256 of what was asked, so that no segment of another run is taken |
//! | 4, 4 | number of the first patient, patients |
//! | 8, 8 | bytes that follow, bytes of the outcomes before compression |
//! | 32 | SHA-256 of everything else: the head up to here and all that follows |
//!
//! Every length is compared with what is there before anything is allocated: bytes that follow with the file's size, bytes
//! before compression with what the compressed bytes themselves say and with [`LARGEST`], and the length of a list with the
//! bytes left. A segment that is shorter, longer, or has one bit changed is refused with the reason.

mod code;

use crate::outcome::PatientOutcome;
use code::{Coded, Reader};
use sha2::{Digest, Sha256};
use std::fmt;

/// Bytes before the outcomes.
pub const HEAD: usize = 100;
/// Changes with the layout, and with what an outcome holds.
pub const VERSION: u32 = 3;
/// Most bytes of outcomes in a segment before compression.
pub const LARGEST: usize = 1 << 28;

const MAGIC: &[u8; 8] = b"RMOUTCOM";
/// Where the checksum stands.
const SUM: usize = HEAD - 32;

/// Why a segment cannot be believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Damage {
    /// It ends before it should, or goes on after it.
    Length {
        /// Bytes there are.
        found: u64,
        /// Bytes there should be.
        expected: u64,
    },
    /// Not a segment at all.
    Magic,
    /// Written in another layout.
    Version(u32),
    /// Of another run.
    Identity,
    /// Bytes were changed.
    Sum,
    /// The checksum holds and the content does not: it was written so.
    Content(&'static str),
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Damage::Length { found, expected } => write!(f, "it has {found} bytes where {expected} were written"),
            Damage::Magic => f.write_str("it does not begin as a checkpoint does"),
            Damage::Version(found) => write!(f, "its layout is {found}, and this program reads {VERSION}"),
            Damage::Identity => f.write_str("it belongs to another run"),
            Damage::Sum => f.write_str("its checksum does not match: bytes were changed since it was written"),
            Damage::Content(what) => write!(f, "its content makes no sense: {what}"),
        }
    }
}

impl std::error::Error for Damage {}

/// Outcomes of consecutive patients, as they will be written.
///
/// ```
/// use remission_cohort::{checkpoint, outcome::PatientOutcome};
/// let failed = PatientOutcome { patient: 7, covariates: vec![], arms: Err((Some(1), "a rate is negative".into())) };
/// let mut pending = checkpoint::Pending::default();
/// pending.add(&failed);
/// let bytes = pending.take([3; 32]);
/// assert_eq!(checkpoint::read(&bytes, [3; 32]), Ok(vec![failed]));
/// assert_eq!(checkpoint::read(&bytes, [4; 32]), Err(checkpoint::Damage::Identity));
/// ```
#[derive(Debug, Clone, Default)]
pub struct Pending {
    first: u32,
    patients: u32,
    bytes: Vec<u8>,
}

impl Pending {
    /// Adds the next patient.
    pub fn add(&mut self, outcome: &PatientOutcome) {
        if self.patients == 0 {
            self.first = outcome.patient;
        }
        self.patients += 1;
        outcome.put(&mut self.bytes);
    }

    /// Patients added.
    pub fn patients(&self) -> u32 {
        self.patients
    }

    /// Number of the first.
    pub fn first(&self) -> u32 {
        self.first
    }

    /// Bytes so far, before compression.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// True without patients.
    pub fn is_empty(&self) -> bool {
        self.patients == 0
    }

    /// The segment of all patients added, which is empty again then.
    pub fn take(&mut self, identity: [u8; 32]) -> Vec<u8> {
        // Snappy refuses nothing but 4 GiB and more. Nothing is read back of an empty body, so its patients are run again.
        let body = snap::raw::Encoder::new().compress_vec(&self.bytes).unwrap_or_default();
        let mut out = Vec::with_capacity(HEAD + body.len());
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.extend_from_slice(&identity);
        out.extend_from_slice(&self.first.to_le_bytes());
        out.extend_from_slice(&self.patients.to_le_bytes());
        out.extend_from_slice(&(body.len() as u64).to_le_bytes());
        out.extend_from_slice(&(self.bytes.len() as u64).to_le_bytes());
        let sum = Sha256::new().chain_update(&out).chain_update(&body).finalize();
        out.extend_from_slice(&sum);
        out.extend_from_slice(&body);
        self.bytes.clear();
        self.patients = 0;
        out
    }
}

/// Patients of a segment as its head claims; 0 when it is no head. [`read`] finds out whether that is true.
pub fn claimed(head: &[u8; HEAD]) -> u32 {
    if &head[..8] == MAGIC { u32::from_le_bytes([head[48], head[49], head[50], head[51]]) } else { 0 }
}

/// Reads a segment: its outcomes, in order of their numbers, which follow each other.
///
/// # Errors
/// Why it cannot be believed; nothing of a damaged segment is returned.
pub fn read(segment: &[u8], identity: [u8; 32]) -> Result<Vec<PatientOutcome>, Damage> {
    let found = segment.len() as u64;
    let (Some(head), Some(body)) = (segment.get(..HEAD), segment.get(HEAD..)) else {
        return Err(Damage::Length { found, expected: HEAD as u64 });
    };
    if &head[..8] != MAGIC {
        return Err(Damage::Magic);
    }
    let mut numbers = Reader::new(&head[8..]);
    let version = u32::get(&mut numbers).unwrap_or(0);
    if version != VERSION {
        return Err(Damage::Version(version));
    }
    if head[12..44] != identity {
        return Err(Damage::Identity);
    }
    let mut numbers = Reader::new(&head[44..SUM]);
    let (Some(first), Some(patients)) = (u32::get(&mut numbers), u32::get(&mut numbers)) else {
        return Err(Damage::Content("the head"));
    };
    let (Some(stored), Some(raw)) = (u64::get(&mut numbers), u64::get(&mut numbers)) else {
        return Err(Damage::Content("the head"));
    };
    if body.len() as u64 != stored {
        return Err(Damage::Length { found, expected: stored.saturating_add(HEAD as u64) });
    }
    let sum = Sha256::new().chain_update(&head[..SUM]).chain_update(body).finalize();
    if sum[..] != head[SUM..] {
        return Err(Damage::Sum);
    }
    if raw > LARGEST as u64 || snap::raw::decompress_len(body) != Ok(raw as usize) {
        return Err(Damage::Content("the size of its outcomes"));
    }
    let bytes = snap::raw::Decoder::new().decompress_vec(body).map_err(|_| Damage::Content("its compression"))?;
    let mut reader = Reader::new(&bytes);
    let mut outcomes = Vec::new();
    for k in 0..patients {
        let outcome = PatientOutcome::get(&mut reader).ok_or(Damage::Content("an outcome"))?;
        if Some(outcome.patient) != first.checked_add(k) {
            return Err(Damage::Content("the number of a patient"));
        }
        outcomes.push(outcome);
    }
    if reader.left() > 0 || patients == 0 {
        return Err(Damage::Content("the number of its patients"));
    }
    Ok(outcomes)
}
