//! Nothing damaged is ever believed: every truncation, every single bit of a small segment, 10,000 bits of a larger one.

use remission_cohort::checkpoint::{Damage, HEAD, Pending, read};
use remission_cohort::outcome::{
    ArmOutcome, BarcodeCount, BarcodeRest, BarcodesSeen, CloneSeen, CovariateValue, DoseChange, Ended, EventSeen,
    OriginFound, PatientOutcome, Rebiopsy, Seen, Waited,
};
use remission_cohort::recist::Response;
use remission_engine::state::{Cause, Founder, Origin};

const RUN: [u8; 32] = [7; 32];

/// A patient with something in every field.
fn patient(number: u32, looks: usize) -> PatientOutcome {
    let x = f64::from(number);
    let waited = |event| Waited { time: 30.5 + x, event, after: 28.0 };
    let founder = Founder {
        id: number,
        parent: number.checked_sub(1),
        cell_type: 3,
        parent_type: number.is_multiple_of(2).then_some(1),
        founded: -0.0,
        cause: [Cause::Start, Cause::Mutation, Cause::Immigration][number as usize % 3],
        origin: Origin::ALL[number as usize % 4],
        barcode: number.is_multiple_of(3).then_some(number + 9),
    };
    let arm = ArmOutcome {
        seen: (0..looks)
            .map(|k| Seen {
                time: k as f64 * 7.0,
                total: 1e9 / (2.0 + x),
                by_type: vec![1e9 / (1.0 + x), 0.1 + 0.2, f64::MIN_POSITIVE],
                levels: vec![],
                readings: vec![f64::INFINITY, 1.0 / 3.0 * k as f64],
            })
            .collect(),
        progression: waited(true),
        time_to_progression: waited(false),
        survival: waited(true),
        best: [None, Some(Response::Partial), Some(Response::NotEvaluable)][number as usize % 3],
        best_change: (number % 2 == 1).then_some(-0.3),
        rebiopsy: number.is_multiple_of(2).then(|| Rebiopsy {
            origin: OriginFound::ALL[number as usize % 5],
            found: vec![true, false],
            shares: vec![0.25; 3],
        }),
        ended: Ended::ALL[number as usize % 6],
        clones: vec![CloneSeen { founder, cells: u64::MAX - u64::from(number), time: 0.0 }],
        extinct_clones: 12,
        dose_changes: vec![DoseChange { time: 56.0, drug: 0, scale: 0.5, rule: 1 }],
        barcodes: vec![BarcodesSeen {
            time: 28.0,
            living: 6,
            listed: vec![BarcodeCount { barcode: u32::MAX - number, cell_type: 1, cells: 7 << 40 }],
            rest: vec![BarcodeRest { cell_type: 2, cells: 12, barcodes: 5, unmarked: 1 }],
        }],
        events: vec![EventSeen { event: number as usize % 3, time: 12.5 }],
    };
    let covariates = vec![CovariateValue { parameter: 2, value: 71.5, category: Some(1) }];
    let arms = if number % 7 == 6 { Err((Some(1), "a rate is negative: µ".to_string())) } else { Ok(vec![arm; 2]) };
    PatientOutcome { patient: number, covariates, arms }
}

fn segment(first: u32, patients: u32, looks: usize) -> (Vec<PatientOutcome>, Vec<u8>) {
    let list: Vec<_> = (first..first + patients).map(|n| patient(n, looks)).collect();
    let mut pending = Pending::default();
    list.iter().for_each(|p| pending.add(p));
    assert_eq!((pending.first(), pending.patients()), (first, patients));
    let bytes = pending.take(RUN);
    assert!(pending.is_empty());
    (list, bytes)
}

#[test]
fn what_is_written_is_read_back_bit_for_bit() {
    let (list, bytes) = segment(3, 40, 5);
    let back = read(&bytes, RUN).unwrap();
    assert_eq!(back, list);
    // Equality does not see the sign of zero.
    let Ok(arms) = &back[0].arms else { panic!("patient 3 has arms") };
    assert!(arms[0].clones[0].founder.founded.is_sign_negative());
    // Not-a-number is kept, too.
    let mut odd = patient(0, 1);
    odd.covariates[0].value = f64::from_bits(0x7ff8_0000_0000_1234);
    let mut pending = Pending::default();
    pending.add(&odd);
    let value = read(&pending.take(RUN), RUN).unwrap()[0].covariates[0].value;
    assert_eq!(value.to_bits(), 0x7ff8_0000_0000_1234);
}

#[test]
fn every_truncation_is_seen() {
    let (_, bytes) = segment(0, 8, 2);
    for length in 0..bytes.len() {
        let found = length as u64;
        let Err(Damage::Length { found: said, expected }) = read(&bytes[..length], RUN) else {
            panic!("cut to {length} of {} bytes and believed, or called something else", bytes.len())
        };
        assert!(said == found && expected > found);
    }
    let mut longer = bytes.clone();
    longer.push(0);
    assert!(matches!(read(&longer, RUN), Err(Damage::Length { .. })));
}

#[test]
fn every_single_bit_of_a_small_segment_and_ten_thousand_of_a_larger_are_seen() {
    let flip = |bytes: &mut Vec<u8>, bit: usize| bytes[bit / 8] ^= 1 << (bit % 8);
    let (_, mut small) = segment(5, 3, 1);
    for bit in 0..8 * small.len() {
        flip(&mut small, bit);
        assert!(read(&small, RUN).is_err(), "bit {bit} of a small segment");
        flip(&mut small, bit);
    }
    assert!(read(&small, RUN).is_ok());
    let (_, mut large) = segment(0, 60, 20);
    let mut state = 2026u64;
    for _ in 0..10_000 {
        // Knuth's multiplier; the high bits are used.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let bit = (state >> 33) as usize % (8 * large.len());
        flip(&mut large, bit);
        assert!(read(&large, RUN).is_err(), "bit {bit}");
        flip(&mut large, bit);
    }
}

#[test]
fn a_segment_of_another_run_or_with_lengths_that_lie_is_refused_without_allocating() {
    use sha2::{Digest, Sha256};
    let (_, bytes) = segment(0, 4, 2);
    assert_eq!(read(&bytes, [8; 32]), Err(Damage::Identity));
    // A liar who knows the checksum: every field and many bytes of the body, made consistent again.
    let seal = |bytes: &mut Vec<u8>| {
        let sum = Sha256::new().chain_update(&bytes[..HEAD - 32]).chain_update(&bytes[HEAD..]).finalize();
        bytes[HEAD - 32..HEAD].copy_from_slice(&sum);
    };
    for at in (44..HEAD - 32).chain(HEAD..bytes.len()) {
        for value in [0, 1, 127, 255] {
            let mut lie = bytes.clone();
            if lie[at] == value {
                continue;
            }
            lie[at] = value;
            seal(&mut lie);
            // Some bytes of the body are digits of a number, which nobody can know to be wrong; those of the head are not.
            let answer = read(&lie, RUN);
            assert!(at >= HEAD || answer.is_err(), "byte {at} of the head = {value}: {answer:?}");
        }
    }
}
