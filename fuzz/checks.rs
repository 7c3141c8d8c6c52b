//! What must hold for any bytes, target by target. libFuzzer calls these (`fuzz_targets`), and so does the replay of the
//! corpus on a stable toolchain (`crates/cli/tests/corpus.rs`).
//!
//! A check returns true when the bytes were accepted, so that a corpus that reaches nothing is noticed; it panics when
//! something is wrong. Faults must cut the text they speak of; what is accepted must read back the same from its own print.

use remission_cohort::checkpoint::{self, Pending};
use remission_engine::compiled::Compiled;
use remission_engine::exposure::Exposure;
use remission_infer::sheet::TableProblems;
use remission_infer::{
    barcodes, ctdna, fit_model, fluctuation, growth, jobs, persister_fluctuation, psa, regrowth, table, tumour_size,
};
use remission_model::expr::{Expr, Slot};
use remission_model::program::{Depends, Layout, Program, evaluate};
use remission_model::resolved::{Model, Regimen, Study};
use remission_model::{Beside, Problems, model_from_toml, regimen, resolved_study_to_toml, resolved_to_toml};
use remission_model::{slot_text, study_with_files};
use sha2::{Digest, Sha256};
use std::sync::OnceLock;

/// Divides a study from its named regimens.
const REGIMEN: &str = "# --- regimen ---\n";
/// One drug of every route, with everything that a drug may have; levels, a table and a covariate for expressions.
const EVERYTHING: &str = include_str!("models/everything.toml");
const DISH: &str = include_str!("../spec/cases/valid/dish.toml");
const ERLOTINIB: &str = include_str!("../spec/cases/valid/erlotinib_study.toml");
const MODIFIED: &str = include_str!("../spec/cases/valid/dose_modification.toml");
/// Dose events that a check follows, and days.
const MOST_EVENTS: usize = 2000;
const MOST_DAYS: f64 = 4000.0;

/// Text as the program reads it: UTF-8 of at most a MiB; anything else is refused before it is read.
fn text(data: &[u8]) -> Option<&str> {
    std::str::from_utf8(data).ok().filter(|t| t.len() <= 1 << 20)
}

fn said(problems: &Problems, texts: &[&str]) {
    assert!(!problems.0.is_empty());
    for p in &problems.0 {
        let cuts = |t: &&&str| t.get(p.span.clone()).is_some();
        let of = texts.iter().find(cuts).unwrap_or_else(|| panic!("a span that does not cut the text: {p:?}"));
        p.line_column(of);
        assert!(p.found.len() < 2000 && p.allowed.len() < 2000 && p.repair.len() < 2000, "{p:?}");
    }
}

fn models() -> &'static [Model; 4] {
    static MODELS: OnceLock<[Model; 4]> = OnceLock::new();
    MODELS.get_or_init(|| {
        [EVERYTHING, DISH, ERLOTINIB, MODIFIED].map(|text| {
            let text = text.split("# --- study ---").next().unwrap_or(text);
            model_from_toml("model.toml", text).unwrap_or_else(|p| panic!("{p}"))
        })
    })
}

/// A model file: read, resolved, printed, and read back as the same model.
pub fn model(data: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(data) else { return false };
    match model_from_toml("m.toml", text) {
        Ok(model) => {
            let printed = resolved_to_toml(&model);
            let again = model_from_toml("again.toml", &printed).unwrap_or_else(|p| panic!("{printed}\n{p}"));
            assert_eq!(again, model, "{printed}");
            Compiled::new(&model);
            true
        }
        Err(problems) => {
            said(&problems, &[text]);
            false
        }
    }
}

/// A study file, with named regimens behind a line `# --- regimen ---`, of the model that the first byte picks.
pub fn study(data: &[u8]) -> bool {
    let Some((first, rest)) = data.split_first() else { return false };
    let Ok(text) = std::str::from_utf8(rest) else { return false };
    let model = &models()[*first as usize % 4];
    let (study, named) = text.split_once(REGIMEN).map_or((text, None), |(s, r)| (s, Some(("r.toml", r))));
    for file in remission_model::records::files(study) {
        assert!(remission_model::records::is_file_name(&file) && !file.contains(['/', '\\', '\0']), "{file}");
    }
    match study_with_files("s.toml", study, &Beside { regimens: named, records: &[] }, "x", model) {
        Ok(found) => {
            reads_back(&found, model, &[]);
            for arm in &found.arms {
                follow(model, &arm.regimen);
            }
            true
        }
        Err(problems) => {
            said(&problems, &[study, named.map_or("", |n| n.1)]);
            false
        }
    }
}

fn reads_back(study: &Study, model: &Model, records: &[(&str, &str, &str)]) {
    let printed = resolved_study_to_toml(study, model);
    let again = study_with_files("again.toml", &printed, &Beside { regimens: None, records }, "x", model)
        .unwrap_or_else(|p| panic!("{printed}\n{p}"));
    assert_eq!(&again, study, "{printed}");
}

/// Sentences, one a line: put into words they are the same regimen, and concentrations stay finite.
pub fn sentences(data: &[u8]) -> bool {
    let Some(text) = text(data) else { return false };
    let lines: Vec<&str> = text.lines().collect();
    let model = &models()[0];
    match regimen::from_sentences(&lines, model) {
        Ok(found) => {
            let words: Vec<&str> = found.sentences.iter().map(String::as_str).collect();
            let again = regimen::from_sentences(&words, model).unwrap_or_else(|p| panic!("{words:?}\n{p}"));
            assert_eq!(again, found);
            follow(model, &found);
            true
        }
        Err(problems) => {
            said(&problems, &lines);
            false
        }
    }
}

/// A dosing record: the first byte picks the units, the rest is the table.
pub fn events(data: &[u8]) -> bool {
    data.len() <= 1 << 20 && table(data)
}

/// The same for a table of any size.
pub fn table(data: &[u8]) -> bool {
    let Some((first, rest)) = data.split_first() else { return false };
    let Ok(text) = std::str::from_utf8(rest) else { return false };
    let model = &models()[0];
    let time = ["h", "days", "min", "s"][*first as usize % 4];
    let amount = ["mg", "g", "ug", "kg"][*first as usize / 4 % 4];
    let study = format!(
        "[study]\npatients = 3\nseed = 1\nhorizon = '5 years'\nvisits = 'every 6 weeks'\n[[arms]]\nname = 'a'\n\
         records = {{ file = 'd.csv', time_unit = '{time}', amount_unit = '{amount}', compartments = {{ 1 = 'tablet', 2 = 'drip', \
         3 = 'shot', 4 = 'unmeasured' }} }}\n"
    );
    let records = [("d.csv", "d.csv", text)];
    match study_with_files("s.toml", &study, &Beside { regimens: None, records: &records }, "x", model) {
        Ok(found) => {
            reads_back(&found, model, &records);
            for (k, patient) in found.arms[0].records.iter().flat_map(|r| &r.patients).take(5).enumerate() {
                assert_eq!(found.arms[0].regimen_of(k as u32), &patient.regimen);
                follow(model, &patient.regimen);
            }
            true
        }
        Err(problems) => {
            said(&problems, &[text, &study]);
            false
        }
    }
}

/// Hands out the doses one by one, as the engine does.
fn follow(model: &Model, regimen: &Regimen) {
    let compiled = Compiled::new(model);
    let parameters: Vec<f64> = model.parameters.iter().map(|p| p.value).collect();
    let mut exposure = Exposure::new(&compiled, &parameters, 0.0).expect("the model's own parameters");
    exposure.follow(regimen);
    let mut largest = vec![0.0f64; 3 * model.drugs.len()];
    for _ in 0..MOST_EVENTS {
        for d in 0..model.drugs.len() {
            for (k, x) in [exposure.concentration(d), exposure.delayed(d), exposure.effect(d)].into_iter().enumerate() {
                let most = &mut largest[3 * d + k];
                *most = most.max(x);
                assert!(x.is_finite(), "{} of day {} is {x}", model.drugs[d].name, exposure.time());
                assert!(x >= -1e-9 * *most, "{} of day {} is {x} after {most}", model.drugs[d].name, exposure.time());
            }
        }
        let next = exposure.next_event();
        assert!(next > exposure.time(), "an event of day {next} at day {}", exposure.time());
        if next > MOST_DAYS {
            break;
        }
        exposure.advance(next);
    }
}

/// A checkpoint. The first byte says how much is put right, since no fuzzer guesses a checksum: 0 nothing, 1 the head around
/// compressed outcomes, 2 the compression too; the second how many patients there are said to be. What is believed is written
/// again as the same bytes.
pub fn checkpoint(data: &[u8]) -> bool {
    let [how, patients, rest @ ..] = data else { return false };
    let identity = [7; 32];
    let segment = match how % 3 {
        0 => rest.to_vec(),
        how => {
            let raw = snap::raw::decompress_len(rest).unwrap_or(0) as u64;
            let (body, raw) = match how {
                1 => (rest.to_vec(), raw),
                _ => (snap::raw::Encoder::new().compress_vec(rest).unwrap(), rest.len() as u64),
            };
            let mut head = b"RMOUTCOM".to_vec();
            head.extend(checkpoint::VERSION.to_le_bytes());
            head.extend(identity);
            head.extend(0u32.to_le_bytes());
            head.extend(u32::from(*patients).to_le_bytes());
            head.extend((body.len() as u64).to_le_bytes());
            head.extend(raw.to_le_bytes());
            let sum = Sha256::new().chain_update(&head).chain_update(&body).finalize();
            head.extend(&sum[..]);
            head.extend(&body);
            head
        }
    };
    match checkpoint::read(&segment, identity) {
        Ok(outcomes) => {
            let mut again = Pending::default();
            outcomes.iter().for_each(|o| again.add(o));
            let again = again.take(identity);
            let (mut one, mut other) = (Vec::new(), Vec::new());
            for (bytes, into) in [(&segment, &mut one), (&again, &mut other)] {
                *into = snap::raw::Decoder::new().decompress_vec(&bytes[checkpoint::HEAD..]).unwrap();
            }
            assert!(one == other, "outcomes that are not written as they were read");
            true
        }
        Err(damage) => {
            assert!(!damage.to_string().is_empty());
            false
        }
    }
}

/// A rate law: the program gives, after every kind of change, the bits that the tree gives.
pub fn rates(data: &[u8]) -> bool {
    let Some(text) = text(data) else { return false };
    let escaped: String = text.chars().flat_map(char::escape_unicode_for_toml).collect();
    let whole = EVERYTHING.replace("\"b * logistic(total, capacity)\"", &format!("\"{escaped}\""));
    let Ok(model) = model_from_toml("m.toml", &whole) else { return false };
    let printed = resolved_to_toml(&model);
    let again = model_from_toml("again.toml", &printed).unwrap_or_else(|p| panic!("{printed}\n{p}"));
    assert_eq!(again, model, "{printed}");
    let expressions: Vec<Expr> = model.cells.iter().flat_map(|c| [c.birth.clone(), c.death.clone()]).collect();
    let layout = Layout {
        parameters: model.parameters.len(),
        drugs: model.drugs.len(),
        levels: model.levels.len(),
        cells: model.cells.len(),
    };
    let program = Program::new(&expressions, &model.tables, layout);
    let mut registers = program.registers();
    let mut slots: Vec<Slot> = (0..layout.parameters).map(Slot::Parameter).collect();
    for d in 0..layout.drugs {
        slots.extend([Slot::Drug(d), Slot::Delayed(d), Slot::Effect(d)]);
    }
    slots.extend((0..layout.levels).map(Slot::Level).chain((0..layout.cells).map(Slot::Cells)));
    slots.extend([Slot::Total, Slot::Time]);
    let values = [0.0, 1.0, -1.0, 0.3, 1e9, 1e-300, 1e300, 2.5, f64::INFINITY, f64::NAN, -0.0, 7e15];
    let mut dice = data.iter().fold(0xcbf2_9ce4_8422_2325u64, |h, b| (h ^ u64::from(*b)).wrapping_mul(0x100_0000_01b3));
    for changed in [Depends::Patient, Depends::Exposure, Depends::State, Depends::Exposure, Depends::State] {
        for slot in &slots {
            let class = match slot {
                Slot::Parameter(_) => Depends::Patient,
                Slot::Level(_) | Slot::Cells(_) | Slot::Total => Depends::State,
                _ => Depends::Exposure,
            };
            if class >= changed {
                dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                registers.set(*slot, values[(dice >> 40) as usize % values.len()]);
            }
        }
        program.run(&mut registers, changed);
        for (k, expression) in expressions.iter().enumerate() {
            let (one, other) =
                (program.output(&registers, k), evaluate(expression, &model.tables, &|s| registers.get(s)));
            assert!(one.to_bits() == other.to_bits() || (one.is_nan() && other.is_nan()), "{one} is not {other}");
        }
    }
    for slot in &slots {
        slot_text(*slot, &model);
    }
    true
}

/// Characters as a TOML string in double quotes may hold them.
trait ForToml {
    fn escape_unicode_for_toml(self) -> std::vec::IntoIter<char>;
}

impl ForToml for char {
    fn escape_unicode_for_toml(self) -> std::vec::IntoIter<char> {
        let text = match self {
            '"' | '\\' => format!("\\{self}"),
            c if c.is_control() => format!("\\u{:04X}", c as u32),
            c => c.to_string(),
        };
        text.chars().collect::<Vec<_>>().into_iter()
    }
}

/// A table of an assay, which the first byte picks: read, or every fault with a line of the text and words of bounded length.
/// Cultures of a fluctuation assay are fitted, too.
pub fn data(bytes: &[u8]) -> bool {
    let Some((first, rest)) = bytes.split_first() else { return false };
    let Some(text) = text(rest) else { return false };
    // Carriage returns end lines where nothing else does.
    let lines = if text.contains('\n') { text.lines().count() } else { text.split('\r').count() };
    let said = |problems: &TableProblems| {
        assert!(!problems.0.is_empty());
        for p in &problems.0 {
            assert!(p.line >= 1 && p.line <= lines.max(1), "{p:?}");
            assert!(p.column == 0 || !p.name.is_empty(), "{p:?}");
            assert!(!p.found.is_empty() && !p.allowed.is_empty(), "{p:?}");
            assert!(p.found.len() < 4000 && p.allowed.len() < 4000, "{p:?}");
        }
    };
    let read = |found: Result<(), TableProblems>| match found {
        Ok(()) => true,
        Err(problems) => {
            said(&problems);
            false
        }
    };
    match first % 9 {
        0 => match fluctuation::read::read(text) {
            Ok(found) => {
                let few = |e: &&fluctuation::read::Experiment| e.cultures.len() <= 50;
                for experiment in found.experiments.iter().filter(few).take(3) {
                    let alone = fluctuation::read::Data { experiments: vec![experiment.clone()], ignored: Vec::new() };
                    let options = fluctuation::answer::Options::default();
                    if let Ok(answers) = fluctuation::answer::answer(&alone, &options, &jobs::Control::quiet()) {
                        let m = &answers[0].estimates[0];
                        let (low, high) = m.ci95.unwrap_or((0.0, 0.0));
                        assert!(low <= m.value && m.value <= high, "{m:?}");
                    }
                }
                true
            }
            Err(problems) => read(Err(problems)),
        },
        1 => read(persister_fluctuation::data::read(text).map(drop)),
        2 => read(regrowth::data::read(text, 1.0).map(drop)),
        3 => read(growth::read::read(text, &growth::read::Names::default()).map(drop)),
        4 => read(barcodes::read::read(text).map(drop)),
        5 => read(tumour_size::read(text).map(drop)),
        6 => read(ctdna::read(text).map(drop)),
        7 => read(psa::read(text).map(drop)),
        _ => {
            psa::held_out::outcomes(text);
            let dish = read(table::read(text, &table::Columns::default()).map(drop));
            read(fit_model::read(text, &models()[2]).map(drop)) || dish
        }
    }
}
