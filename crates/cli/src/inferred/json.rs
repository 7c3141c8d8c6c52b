//! An answer as JSON. Numbers keep every bit; what is infinite or no number is null, since JSON has no word for it. Names
//! stand in the order of the answer, the most important first.

use remission_infer::answer::{Answer, Estimate, Said};
use remission_infer::verdict::{Next, Verdict};
use serde::ser::{Serialize, Serializer};
use std::collections::HashMap;

/// The document: one answer is its own object, several stand in `experiments`.
pub fn document(answers: &[Answer]) -> String {
    let written = match answers {
        [one] => serde_json::to_string_pretty(&Document::of(one)),
        _ => serde_json::to_string_pretty(&Several {
            assay: answers.first().map(|a| a.assay.as_str()),
            experiments: answers.iter().map(Document::of).collect(),
        }),
    };
    // Names are strings and numbers are numbers: nothing in an answer has no form in JSON.
    written.expect("an answer has a form in JSON") + "\n"
}

#[derive(serde::Serialize)]
struct Several<'a> {
    assay: Option<&'a str>,
    experiments: Vec<Document<'a>>,
}

/// An object whose names keep their order. A name that comes again gets a number, so that nothing is lost to readers who keep the
/// last.
struct Named<T>(Vec<(String, T)>);

impl<T> Named<T> {
    fn of(pairs: impl Iterator<Item = (String, T)>) -> Named<T> {
        let mut seen: HashMap<String, usize> = HashMap::new();
        let mut unlike = |name: String| {
            let times = seen.entry(name.clone()).or_insert(0);
            *times += 1;
            if *times == 1 { name } else { format!("{name}#{times}") }
        };
        Named(pairs.map(|(name, value)| (unlike(name), value)).collect())
    }
}

impl<T: Serialize> Serialize for Named<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

#[derive(serde::Serialize)]
struct Document<'a> {
    assay: &'a str,
    experiment: Option<&'a str>,
    estimates: Named<One<'a>>,
    tests: Vec<Tested<'a>>,
    origin: Option<Named<Of<'a>>>,
    evidence: Option<Named<f64>>,
    next_measurements: Option<Vec<Measurement<'a>>>,
    diagnostics: Named<Of<'a>>,
    words: &'a [String],
    unconverged: &'a [String],
    notes: &'a [String],
}

#[derive(serde::Serialize)]
struct One<'a> {
    value: f64,
    ci95: Option<(f64, f64)>,
    unit: &'a str,
    how: &'a str,
}

#[derive(serde::Serialize)]
struct Tested<'a> {
    name: &'a str,
    statistic: f64,
    law: &'a str,
    p: f64,
}

#[derive(serde::Serialize)]
struct Measurement<'a> {
    name: &'a str,
    expected_bits: f64,
    error: f64,
    cost: Option<f64>,
}

/// A number, words, yes or no, or numbers.
#[derive(serde::Serialize)]
#[serde(untagged)]
enum Of<'a> {
    Number(f64),
    Text(&'a str),
    Flag(bool),
    Numbers(&'a [f64]),
}

impl<'a> Document<'a> {
    fn of(answer: &'a Answer) -> Document<'a> {
        let one = |e: &'a Estimate| (e.name.clone(), One { value: e.value, ci95: e.ci95, unit: &e.unit, how: &e.how });
        let tests = answer.tests.iter();
        let said = |(name, said): &'a (String, Said)| {
            let of = match said {
                Said::Number(x) => Of::Number(*x),
                Said::Text(text) => Of::Text(text),
                Said::Flag(flag) => Of::Flag(*flag),
                Said::Numbers(all) => Of::Numbers(all),
            };
            (name.clone(), of)
        };
        let verdict = answer.verdict.as_ref();
        let evidence = |v: &Verdict| Named::of(v.explanations.iter().map(|e| (e.name.clone(), e.log_evidence)));
        Document {
            assay: &answer.assay,
            experiment: answer.experiment.as_deref(),
            estimates: Named::of(answer.estimates.iter().map(one)),
            tests: tests.map(|t| Tested { name: &t.name, statistic: t.statistic, law: &t.law, p: t.p }).collect(),
            origin: verdict.map(origin),
            evidence: verdict.map(evidence),
            next_measurements: verdict.map(|v| v.next.iter().map(measurement).collect()),
            diagnostics: Named::of(answer.diagnostics.iter().map(said)),
            words: &answer.words,
            unconverged: &answer.unconverged,
            notes: &answer.notes,
        }
    }
}

fn origin(verdict: &Verdict) -> Named<Of<'_>> {
    let shares = verdict.origin.iter().map(|(origin, p)| (origin.name().to_owned(), Of::Number(*p)));
    let rest = [
        ("undetermined".to_owned(), Of::Flag(verdict.undetermined)),
        ("withheld".to_owned(), Of::Flag(verdict.withheld)),
        ("reason".to_owned(), Of::Text(&verdict.reason)),
    ];
    Named::of(shares.chain(rest))
}

fn measurement(next: &Next) -> Measurement<'_> {
    Measurement { name: &next.name, expected_bits: next.expected_bits, error: next.error, cost: next.cost }
}

#[cfg(test)]
mod tests {
    use super::super::report::sample;
    use super::document;
    use remission_infer::answer::{Answer, Estimate};
    use serde_json::Value;

    #[test]
    fn one_answer_is_the_object_and_keeps_every_bit() {
        let answer = sample::fluctuation();
        let text = document(std::slice::from_ref(&answer));
        let read: Value = serde_json::from_str(&text).unwrap();
        let keys =
            ["assay", "experiment", "estimates", "tests", "origin", "evidence", "next_measurements", "diagnostics"];
        let keys: Vec<&str> = keys.into_iter().chain(["words", "unconverged", "notes"]).collect();
        let places: Vec<usize> = keys.iter().map(|k| text.find(&format!("\n  \"{k}\":")).expect(k)).collect();
        assert!(places.is_sorted() && read.as_object().unwrap().len() == keys.len());
        for e in &answer.estimates {
            let one = &read["estimates"][&e.name];
            assert_eq!(one["value"].as_f64().unwrap().to_bits(), e.value.to_bits());
            let (low, high) = e.ci95.unwrap();
            assert_eq!([&one["ci95"][0], &one["ci95"][1]].map(|v| v.as_f64().unwrap()), [low, high]);
            assert_eq!((one["unit"].as_str(), one["how"].as_str()), (Some(e.unit.as_str()), Some(e.how.as_str())));
        }
        let verdict = answer.verdict.unwrap();
        for (origin, p) in &verdict.origin {
            assert_eq!(read["origin"][origin.name()].as_f64(), Some(*p));
        }
        assert_eq!(read["origin"]["undetermined"], Value::Bool(true));
        assert_eq!(read["origin"]["withheld"], Value::Bool(false));
        assert_eq!(read["origin"]["reason"].as_str(), Some(verdict.reason.as_str()));
        assert_eq!(read["evidence"]["before_plating"].as_f64(), Some(verdict.explanations[0].log_evidence));
        assert_eq!(read["next_measurements"][0]["expected_bits"].as_f64(), Some(verdict.next[0].expected_bits));
    }

    #[test]
    fn what_is_no_number_is_null_and_no_verdict_is_null() {
        let estimate =
            |value: f64, ci95| Estimate { name: "a".into(), value, ci95, unit: String::new(), how: String::new() };
        let estimates = vec![estimate(f64::NAN, Some((f64::NEG_INFINITY, f64::INFINITY))), estimate(-0.0, None)];
        let read: Value = serde_json::from_str(&document(&[Answer { estimates, ..Answer::default() }])).unwrap();
        assert_eq!(read["estimates"]["a"]["value"], Value::Null);
        assert_eq!(read["estimates"]["a"]["ci95"], serde_json::json!([null, null]));
        assert!(read["estimates"]["a#2"]["value"].as_f64().unwrap().is_sign_negative());
        for key in ["origin", "evidence", "next_measurements", "experiment"] {
            assert_eq!(read.get(key), Some(&Value::Null), "{key}");
        }
    }

    #[test]
    fn several_answers_stand_in_experiments_and_every_sample_is_json() {
        let read: Value = serde_json::from_str(&document(&sample::lines())).unwrap();
        assert_eq!(read["experiments"].as_array().unwrap().len(), 3);
        assert_eq!(read["assay"], read["experiments"][0]["assay"]);
        for (name, all) in sample::all() {
            let read: Result<Value, _> = serde_json::from_str(&document(&all));
            assert!(read.is_ok(), "{name}");
        }
        assert_eq!(
            serde_json::from_str::<Value>(&document(&[])).unwrap(),
            serde_json::json!({"assay": null, "experiments": []})
        );
    }
}
