//! Nothing that a person (or a file from the internet) writes may panic, exhaust the stack or take long.
//!
//! Valid cases are damaged in a fixed, pseudo-random way a few thousand times; what is still accepted must read
//! back as the same model. Then come texts built to be slow or deep.

use remission_model::{Code, Model, model_from_toml, resolved_study_to_toml, resolved_to_toml};
use remission_model::{study_from_toml, study_with_regimens};
use std::path::Path;
use std::time::{Duration, Instant};

/// A small generator (xorshift64*), so that a failure can be repeated.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % n
    }
}

fn case(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spec/cases/valid").join(name);
    std::fs::read_to_string(path).unwrap()
}

const NAMES: [&str; 8] = [
    "logistic.toml",
    "erlotinib_study.toml",
    "immune_levels.toml",
    "two_compartments.toml",
    "dish.toml",
    "kinetics.toml",
    "covariates.toml",
    "growth_laws.toml",
];

/// Words that the format knows, so that damage reaches past the first check.
const WORDS: [&str; 46] = [
    "0", "-1", "1e308", "1e-308", "nan", "inf", "/day", "/h", "cells", "mg", "uM", "%", "days", "every", "on", "until",
    "from", "for", "held", "oral", "infusion", "over 1 h", "and", "once", "total", "time", "hill(", "exp(", "ln(",
    "delayed(", "effect(", "kpd", ")", "(", "^", "*", "/", "-", ",", "\"", "[", "{", "é", "month", "7", "36525",
];

fn damage(text: &str, dice: &mut Dice) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..1 + dice.below(3) {
        let at = dice.below(bytes.len());
        let end = (at + dice.below(12)).min(bytes.len());
        match dice.below(6) {
            0 => bytes[at] = dice.below(256) as u8,
            1 => drop(bytes.drain(at..end)),
            2 => drop(bytes.splice(at..at, WORDS[dice.below(WORDS.len())].bytes())),
            3 => drop(bytes.splice(at..end, WORDS[dice.below(WORDS.len())].bytes())),
            4 => {
                let from = dice.below(bytes.len());
                let piece = bytes[from..(from + 20).min(bytes.len())].to_vec();
                drop(bytes.splice(at..at, piece));
            }
            _ => {
                let digits: Vec<usize> = (0..bytes.len()).filter(|k| bytes[*k].is_ascii_digit()).collect();
                if !digits.is_empty() {
                    bytes[digits[dice.below(digits.len())]] = b"0123456789.e-"[dice.below(13)];
                }
            }
        }
        if bytes.is_empty() {
            bytes.push(b'\n');
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn read_model(text: &str) -> Option<Model> {
    let model = match model_from_toml("m.toml", text) {
        Ok(model) => model,
        Err(problems) => {
            assert!(!problems.0.is_empty());
            for p in &problems.0 {
                assert!(text.get(p.span.clone()).is_some(), "a span that does not cut the text: {p:?}");
                p.line_column(text);
            }
            return None;
        }
    };
    let printed = resolved_to_toml(&model);
    let again =
        model_from_toml("again.toml", &printed).unwrap_or_else(|p| panic!("{text}\n=== resolved\n{printed}\n=== {p}"));
    assert_eq!(again, model, "{text}\n=== resolved\n{printed}");
    Some(model)
}

#[test]
fn damaged_models_never_panic_and_accepted_ones_read_back() {
    let mut accepted = 0;
    for (k, name) in NAMES.iter().enumerate() {
        let text = case(name);
        let text = text.split("# --- study").next().unwrap();
        let mut dice = Dice(0x9E37_79B9_7F4A_7C15 + k as u64);
        for _ in 0..1500 {
            accepted += usize::from(read_model(&damage(text, &mut dice)).is_some());
        }
    }
    assert!(accepted > 500, "only {accepted} of 12000 were accepted: the damage reaches nothing");
}

#[test]
fn damaged_studies_never_panic_and_accepted_ones_read_back() {
    let mut accepted = 0;
    for (k, name) in
        ["erlotinib_study.toml", "two_compartments.toml", "dish.toml", "dose_modification.toml"].iter().enumerate()
    {
        let text = case(name);
        let (model, study) = text.split_once("# --- study ---").unwrap();
        let model = model_from_toml("m.toml", model).unwrap();
        let (study, regimens) = study.split_once("# --- regimen ---").unwrap_or((study, ""));
        let mut dice = Dice(0xD1B5_4A32_D192_ED03 + k as u64);
        for _ in 0..5000 {
            let damaged = damage(study, &mut dice);
            let regimens = damage(&format!("{regimens}\n"), &mut dice);
            let result = study_with_regimens("s.toml", &damaged, "r.toml", &regimens, "x", &model);
            let plain = study_from_toml("s.toml", &damaged, "x", &model);
            for study in [result, plain].into_iter().flatten() {
                accepted += 1;
                let printed = resolved_study_to_toml(&study, &model);
                let again = study_from_toml("again.toml", &printed, "x", &model)
                    .unwrap_or_else(|p| panic!("{damaged}\n=== resolved\n{printed}\n=== {p}"));
                assert_eq!(again, study, "{damaged}\n=== resolved\n{printed}");
            }
        }
    }
    assert!(accepted > 500, "only {accepted} were accepted: the damage reaches nothing");
}

/// A model whose first cell type is born at the rate `birth`.
fn with_birth(birth: &str) -> String {
    format!(
        "[model]\ntitle = 'x'\n[parameters]\nb = {{ value = '1 /day', fitted = 'x' }}\n[cells.a]\n\
         birth = \"{birth}\"\ndeath = '0'\n[before_treatment]\ngrow = 'a from 1 cell until 10 cells'\n"
    )
}

/// Refused (or read) without a panic, and within a second even on a slow machine.
fn quick(name: &str, text: &str, code: Option<Code>) {
    let start = Instant::now();
    let result = model_from_toml("m.toml", text);
    // The clock is a guard against quadratic work, which takes minutes here; not a benchmark.
    let took = start.elapsed();
    assert!(took < Duration::from_secs(5), "{name} took {took:?}");
    match (result, code) {
        (Ok(_), None) => {}
        (Err(p), Some(code)) => assert!(p.0.iter().any(|p| p.code == code), "{name}: {p}"),
        (result, code) => panic!("{name}: wanted {code:?}, got {:?}", result.map(|_| "a model")),
    }
}

#[test]
fn deep_and_long_texts_are_refused_quickly() {
    let n = 300_000;
    quick("open parentheses", &with_birth(&"(".repeat(n)), Some(Code::TooDeep));
    quick("minus signs", &with_birth(&"-".repeat(n)), Some(Code::TooDeep));
    quick("plus signs", &with_birth(&"+".repeat(n)), Some(Code::TooDeep));
    quick("powers", &with_birth(&format!("b{}", "^2".repeat(n))), Some(Code::TooDeep));
    quick("calls", &with_birth(&"exp(".repeat(n / 2)), Some(Code::TooDeep));
    quick("a chain", &with_birth(&format!("b{}", "+b".repeat(n))), Some(Code::TooDeep));
    quick("a wide call", &with_birth(&format!("max({}b)", "b,".repeat(n))), Some(Code::TooDeep));
    quick("a chain of 200", &with_birth(&format!("b{}", "+b".repeat(200))), None);
    quick("unknown names", &with_birth(&format!("max({}b)", "c,".repeat(4000))), Some(Code::Arguments));
    quick("a long number", &with_birth(&"9".repeat(n)), Some(Code::NotFinite));
    quick("a long name", &with_birth(&"x".repeat(n)), Some(Code::UnknownName));
    quick("arrays", &format!("a = {}", "[".repeat(n)), Some(Code::Syntax));
    quick("tables", &format!("a = {}", "{a=".repeat(n)), Some(Code::Syntax));
    quick("dots", &format!("[{}a]", "a.".repeat(n)), Some(Code::Syntax));
}

#[test]
fn many_entries_are_refused_quickly() {
    let keys: String = (0..60_000).map(|k| format!("key{k} = 1\n")).collect();
    quick("unknown keys", &keys, Some(Code::UnknownKey));
    let cells: String = (0..20_000).map(|k| format!("[cells.a{k}]\nbirth = 'x{k}'\n")).collect();
    quick("cell types", &cells, Some(Code::TooMany));
    let to = "{ to = 'nowhere', rate = 'nothing' }, ".repeat(20_000);
    quick("switches", &format!("[cells.a]\nswitches = [{to}]\n"), Some(Code::TooMany));
    let lists: String = (0..1900)
        .map(|k| {
            format!(
                "[cells.a{k}]\nbirth='q*r*s*t'\ndeath='qq'\nswitches=[{{to='b',rate='u*v*w'}},{{to='b',rate='zz'}}]\n"
            )
        })
        .collect();
    quick("unknown everything", &lists, Some(Code::UnknownType));
    let points = "[1, 2], ".repeat(100_000);
    quick("points", &format!("[tables.t]\nof = 'uM'\npoints = [{points}]\n"), Some(Code::TooMany));
    let spaces = format!("[model]\ntitle = 'x'{}\n", " ".repeat(1_000_000));
    quick("spaces", &spaces, Some(Code::MissingKey));
}

#[test]
fn long_day_lists_are_refused_quickly() {
    let model = case("dish.toml");
    let model = model_from_toml("m.toml", model.split("# --- study").next().unwrap()).unwrap();
    let head = "[study]\npatients=1\nseed=1\nhorizon='1 year'\nvisits='every day'\n[[arms]]\nname='a'\nregimen=[";
    for sentence in [
        "drug 1 uM held on days 1-36525".to_string(),
        format!("drug 1 uM held on days {}1", "1-36525, ".repeat(2000)),
        format!("drug 1 uM held {}", "on day 1 and 2 uM ".repeat(3000)),
        "every ".repeat(3000),
        format!("drug {} uM held from day 1", "9".repeat(1000)),
        "drug 1 uM held from day 99999999999999999999".to_string(),
    ] {
        let start = Instant::now();
        let list = format!("'{sentence}', ").repeat(1 + 400_000 / (sentence.len() + 50));
        let result = study_from_toml("s.toml", &format!("{head}{list}]"), "x", &model);
        let took = start.elapsed();
        assert!(took < Duration::from_secs(5), "{} took {took:?}", &sentence[..30]);
        assert!(result.is_err() || sentence.len() < 40);
    }
}
