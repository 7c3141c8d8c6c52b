//! An outcome as bytes and back: fields in their order, numbers little-endian, floating-point numbers bit for bit, a list as its
//! length (u32) and its entries, a choice as one byte.

use crate::outcome::{
    ArmOutcome, BarcodeCount, BarcodeRest, BarcodesSeen, CloneSeen, CovariateValue, DoseChange, Ended, EventSeen,
    OriginFound, PatientOutcome, Rebiopsy, Seen, Waited,
};
use crate::recist::Response;
use remission_engine::state::{Cause, Founder, Origin};

/// Bytes not read yet.
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Reader(bytes)
    }

    pub(super) fn left(&self) -> usize {
        self.0.len()
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (piece, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*piece)
    }
}

/// What has a form in bytes.
pub(super) trait Coded: Sized {
    fn put(&self, out: &mut Vec<u8>);
    /// `None` when the bytes are not those of such a value.
    fn get(from: &mut Reader) -> Option<Self>;
}

macro_rules! numbers {
    ($($kind:ty),*) => {$(
        impl Coded for $kind {
            fn put(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }
            fn get(from: &mut Reader) -> Option<Self> {
                from.take().map(<$kind>::from_le_bytes)
            }
        }
    )*};
}
numbers!(u8, u32, u64, f64);

impl Coded for usize {
    fn put(&self, out: &mut Vec<u8>) {
        (*self as u64).put(out);
    }
    fn get(from: &mut Reader) -> Option<Self> {
        u64::get(from)?.try_into().ok()
    }
}

impl Coded for bool {
    fn put(&self, out: &mut Vec<u8>) {
        u8::from(*self).put(out);
    }
    fn get(from: &mut Reader) -> Option<Self> {
        match u8::get(from)? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
}

impl<T: Coded> Coded for Option<T> {
    fn put(&self, out: &mut Vec<u8>) {
        self.is_some().put(out);
        if let Some(value) = self {
            value.put(out);
        }
    }
    fn get(from: &mut Reader) -> Option<Self> {
        if bool::get(from)? { T::get(from).map(Some) } else { Some(None) }
    }
}

impl<T: Coded> Coded for Vec<T> {
    fn put(&self, out: &mut Vec<u8>) {
        (self.len() as u32).put(out);
        self.iter().for_each(|value| value.put(out));
    }
    fn get(from: &mut Reader) -> Option<Self> {
        let length = u32::get(from)? as usize;
        // Every entry takes a byte at least, so a length beyond the bytes left is none; and the list grows as entries are
        // found, so no length allocates by itself.
        if length > from.left() {
            return None;
        }
        let mut list = Vec::new();
        for _ in 0..length {
            list.push(T::get(from)?);
        }
        list.shrink_to_fit();
        Some(list)
    }
}

impl Coded for String {
    fn put(&self, out: &mut Vec<u8>) {
        (self.len() as u32).put(out);
        out.extend_from_slice(self.as_bytes());
    }
    fn get(from: &mut Reader) -> Option<Self> {
        let length = u32::get(from)? as usize;
        let (text, rest) = from.0.split_at_checked(length)?;
        from.0 = rest;
        String::from_utf8(text.to_vec()).ok()
    }
}

macro_rules! structs {
    ($($name:ident { $($field:ident),* })*) => {$(
        impl Coded for $name {
            fn put(&self, out: &mut Vec<u8>) {
                // Taken apart, so that a field that is added must be named here.
                let $name { $($field),* } = self;
                $($field.put(out);)*
            }
            fn get(from: &mut Reader) -> Option<Self> {
                Some($name { $($field: Coded::get(from)?),* })
            }
        }
    )*};
}
structs! {
    Seen { time, total, by_type, levels, readings }
    Waited { time, event, after }
    Rebiopsy { origin, found, shares }
    Founder { id, parent, cell_type, parent_type, founded, cause, origin, barcode }
    CloneSeen { founder, cells, time }
    BarcodeCount { barcode, cell_type, cells }
    BarcodeRest { cell_type, cells, barcodes, unmarked }
    BarcodesSeen { time, living, listed, rest }
    DoseChange { time, drug, scale, rule }
    EventSeen { event, time }
    CovariateValue { parameter, value, category }
    ArmOutcome {
        seen, progression, time_to_progression, survival, best, best_change, rebiopsy, ended, clones, extinct_clones,
        dose_changes, barcodes, events
    }
}

macro_rules! choices {
    ($($name:ty: $($value:path = $number:literal),*;)*) => {$(
        impl Coded for $name {
            fn put(&self, out: &mut Vec<u8>) {
                out.push(match self { $($value => $number),* });
            }
            fn get(from: &mut Reader) -> Option<Self> {
                match u8::get(from)? {
                    $($number => Some($value),)*
                    _ => None,
                }
            }
        }
    )*};
}
choices! {
    Response: Response::Complete = 0, Response::Partial = 1, Response::Stable = 2, Response::Progression = 3,
        Response::NotEvaluable = 4;
    Origin: Origin::PreExisting = 0, Origin::DrugInduced = 1, Origin::Persister = 2, Origin::Cycling = 3;
    Cause: Cause::Start = 0, Cause::Mutation = 1, Cause::Immigration = 2;
    Ended: Ended::Horizon = 0, Ended::Death = 1, Ended::TumourDeath = 2, Ended::Ceiling = 3, Ended::Progression = 4,
        Ended::EventDeath = 5;
}

impl Coded for OriginFound {
    fn put(&self, out: &mut Vec<u8>) {
        match self {
            OriginFound::Clone(origin) => origin.put(out),
            OriginFound::NonGenetic => out.push(255),
        }
    }
    fn get(from: &mut Reader) -> Option<Self> {
        if from.0.first() == Some(&255) {
            u8::get(from)?;
            return Some(OriginFound::NonGenetic);
        }
        Origin::get(from).map(OriginFound::Clone)
    }
}

impl Coded for PatientOutcome {
    fn put(&self, out: &mut Vec<u8>) {
        let PatientOutcome { patient, covariates, arms } = self;
        patient.put(out);
        covariates.put(out);
        arms.is_ok().put(out);
        match arms {
            Ok(arms) => arms.put(out),
            Err((arm, reason)) => {
                arm.put(out);
                reason.put(out);
            }
        }
    }
    fn get(from: &mut Reader) -> Option<Self> {
        let (patient, covariates) = (Coded::get(from)?, Coded::get(from)?);
        let arms = if bool::get(from)? { Ok(Coded::get(from)?) } else { Err((Coded::get(from)?, Coded::get(from)?)) };
        Some(PatientOutcome { patient, covariates, arms })
    }
}
