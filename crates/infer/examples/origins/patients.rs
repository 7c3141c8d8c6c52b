//! Verdicts on patients: a mutation in blood, a lesion's sizes.

use crate::assays::{between, judged, one, truth};
use crate::{Assay, Judged};
use remission_engine::draw::normal;
use remission_engine::stream::Stream;
use remission_infer::ctdna::{self, Data, Explanation, Patient, Rise, Role, Said, Series};
use remission_infer::jobs::Control;
use remission_infer::tumour_size::model::{Below, Lesion};
use remission_infer::tumour_size::origin::{Beginning, MODEL, Question, verdict};
use remission_infer::tumour_size::{Look, Seen};
use remission_infer::verdict::Origin;

/// Every assay here.
pub fn all() -> Vec<Assay> {
    vec![
        Assay { name: "ctdna", sets: (350, 60), once: blood },
        Assay { name: "tumour_size", sets: (350, 60), once: size },
    ]
}

/// A mutation of resistance in 4 to 10 tubes of 4 to 12 months, 1,000 to 20,000 molecules read. Nothing: no mutant in two tubes
/// of 300 molecules within four weeks.
fn blood(stream: &mut Stream, nothing: bool) -> Judged {
    let options = ctdna::Options { artefacts: one(&[1e-5, 1e-4], stream), ..ctdna::Options::default() };
    let (explanation, origin) = one(
        &[
            (Explanation::Before, Origin::PreExisting),
            (Explanation::Before, Origin::PreExisting),
            (Explanation::During, Origin::DuringTreatment),
            (Explanation::During, Origin::DuringTreatment),
            (Explanation::None, Origin::None),
            (Explanation::Steady, Origin::None),
        ],
        stream,
    );
    let depth = if nothing { 300 } else { between(1000.0, 20_000.0, stream) as u64 };
    let like = match stream.uniform() < 0.5 {
        true => Said::Reads { mutant: 0, depth },
        false => Said::ShareBelow { limit: 0.001, depth },
    };
    let (tubes, last) =
        if nothing { (2, 28.0) } else { (one(&[4, 6, 10], stream), one(&[120.0, 240.0, 360.0], stream)) };
    let days: Vec<f64> = (0..tubes).map(|k| last * f64::from(k) / f64::from(tubes - 1)).collect();
    let blank: Vec<(f64, Said)> = days.iter().map(|d| (*d, like)).collect();
    let rise = Rise::new(Role::Resistance, &blank, explanation, &options, last);
    let truth = truth(&rise, stream);
    let drawn = |d: &f64, stream: &mut Stream| if nothing { like } else { rise.simulate(&truth, *d, like, stream) };
    let readings = days.iter().map(|d| (*d, drawn(d, stream))).collect();
    let series = vec![Series { mutation: "M".into(), role: Role::Resistance, readings }];
    let data = Data { patients: vec![Patient { name: String::new(), series }], notes: Vec::new() };
    let found = ctdna::answer(&data, &options, &Control::quiet()).expect("nobody interrupts");
    judged(origin, found[0].verdict.as_ref().expect("a verdict"))
}

/// 4 to 12 looks, six or eight weeks apart, in whole millimetres. Nothing: two looks within six weeks. Sizes at the start are drawn
/// from a law much wider than the error of a record; the verdict's prior about the first record stands for one without bounds.
fn size(stream: &mut Stream, nothing: bool) -> Judged {
    const BELOW: Below = Below { limit: 5.0, zeros: 0.8, words: 0.0 };
    let (beginning, origin) = one(
        &[
            (Beginning::Never, Origin::None),
            (Beginning::AtStart, Origin::PreExisting),
            (Beginning::Later, Origin::DuringTreatment),
        ],
        stream,
    );
    let number = if nothing { 2 } else { one(&[4, 6, 8, 12], stream) };
    let every = one(&[42.0, 56.0], stream);
    let days: Vec<f64> = (0..number).map(|k| every * f64::from(k)).collect();
    let middle = 40.0 * libm::exp(0.4 * normal(stream));
    let about: Vec<Look> = days.iter().map(|days| Look { days: *days, seen: Seen::Diameter(middle) }).collect();
    let question = Question::new(beginning, &about, &BELOW);
    let theta = question.theta(&truth(&question, stream));
    let blank = Lesion { model: MODEL, looks: Vec::new(), below: &BELOW };
    let seen = |d: f64| if d < 0.5 { Seen::Gone } else { Seen::Diameter(libm::round(d)) };
    let drawn = blank.ahead(&theta, &days, stream);
    let looks: Vec<Look> = days.iter().zip(drawn).map(|(days, d)| Look { days: *days, seen: seen(d) }).collect();
    let (found, _, _) = verdict(&looks, &BELOW, 1, &Control::quiet()).expect("nobody interrupts");
    judged(origin, &found)
}
