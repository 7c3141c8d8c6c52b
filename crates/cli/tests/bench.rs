//! `remission bench` from outside: the document other programs read, and what is refused.
//!
//! One seed is fixed in the program, so z-scores here are the same in every run and cannot fail by chance; the bound on them
//! (5.1 standard errors on 15 figures, 5e-6 for a right law) is for whoever changes a kernel and meets a new sample.

use serde_json::Value;
use std::process::Command;

fn bench(arguments: &[&str], code: i32) -> (String, String) {
    let run = Command::new(env!("CARGO_BIN_EXE_remission")).arg("bench").args(arguments).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    assert_eq!(run.status.code(), Some(code), "{arguments:?}: {}", text(&run.stderr));
    (text(&run.stdout), text(&run.stderr))
}

fn document(arguments: &[&str]) -> Vec<Value> {
    let (out, _) = bench(arguments, 0);
    serde_json::from_str::<Value>(&out).unwrap().as_array().unwrap().clone()
}

#[test]
fn every_workload_gives_its_figures_and_they_are_the_law() {
    let all = document(&["--json", "--replicates", "4000", "W1", "W3s", "w3"]);
    let names: Vec<&str> = all.iter().map(|w| w["workload"].as_str().unwrap()).collect();
    assert_eq!(names, ["W1", "W3s", "W3"]);
    for (w, types) in all.iter().zip([vec!["S"], vec!["P", "R", "S"], vec!["P", "R", "S"]]) {
        let positive = |key: &str| w[key].as_f64().unwrap() > 0.0;
        assert!(positive("ms_per_replicate") && positive("setup_ms") && positive("words_per_replicate"), "{w}");
        assert!(w["setup_ms"].as_f64().unwrap() <= w["ms_per_replicate"].as_f64().unwrap() * 4000.0, "{w}");
        assert_eq!((w["method"].as_str(), w["replicates"].as_u64()), (Some("leap"), Some(4000)));
        for figures in [w, &w["theory"], &w["z"]] {
            for kind in ["mean", "sd"] {
                let keys: Vec<&String> = figures[kind].as_object().unwrap().keys().collect();
                assert_eq!(keys, types.iter().collect::<Vec<_>>(), "{w}");
            }
            assert_eq!(figures["p_no_resistant"].is_null(), types.len() == 1, "{w}");
        }
        let z = &w["z"];
        let all = z["mean"].as_object().unwrap().values().chain(z["sd"].as_object().unwrap().values());
        for z in all.chain([&z["p_no_resistant"]]).filter(|z| !z.is_null()) {
            assert!(z.as_f64().unwrap().abs() < 5.1, "{w}");
        }
    }
    assert_eq!((all[0]["looks"].as_u64(), all[2]["looks"].as_u64()), (Some(1), Some(53)));
    let law = all[2]["theory"]["p_no_resistant"].as_f64().unwrap();
    assert!((law - 0.606_008_7).abs() < 1e-7, "{law}");
}

#[test]
fn exact_and_patients() {
    let all = document(&["--json", "--replicates", "5", "W1", "--method", "exact"]);
    assert_eq!((all.len(), all[0]["method"].as_str()), (1, Some("exact")));
    // 1,000 cells turn over for a month: far more words than a leap, and at least one an event.
    assert!(all[0]["words_per_replicate"].as_f64().unwrap() > 1e5, "{}", all[0]);
    let all = document(&["--json", "--replicates", "2", "nsclc-egfr-tki"]);
    assert_eq!((all[0]["replicates"].as_u64(), all[0]["arms"].as_u64()), (Some(2), Some(3)));
    assert!(all[0]["ms_per_replicate"].as_f64().unwrap() > 0.0);
}

#[test]
fn people_read_a_table() {
    let (out, _) = bench(&["--replicates", "100", "W3t"], 0);
    for part in ["W3t", "ms a replicate", "100 replicates", "53 looks", "P(no resistant cell)", "0.6060087"] {
        assert!(out.contains(part), "{part} is not in\n{out}");
    }
}

#[test]
fn what_cannot_be_run_is_named_all_at_once() {
    let (out, why) = bench(&["--json", "W4", "W3", "--method", "exact"], 1);
    assert!(out.is_empty() && why.contains("no workload `W4`") && why.contains("W1, W2, W3s, W3, W3t"), "{why}");
    assert!(why.contains("W3 starts at 1e9 cells"), "{why}");
    bench(&["--replicates", "0"], 1);
    bench(&["--replicates", "1"], 1);
    bench(&["--method", "mean"], 1);
}
