//! Looking more, or at more, changes nothing of what was seen: rows that two runs share are the same to the last bit.

mod common;

use common::DISH;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

/// Rows of trajectories.csv: what stands before the value, and the value.
fn rows(name: &str, model: &str, visits: &str, method: &str) -> BTreeMap<String, String> {
    let scratch: PathBuf = std::env::temp_dir().join(format!("remission-rows-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&scratch);
    // A study is called by the name of its folder.
    let study = scratch.join("dish");
    std::fs::create_dir_all(&study).unwrap();
    std::fs::write(study.join("model.toml"), model).unwrap();
    let text = format!(
        "[study]\npatients = 30\nseed = 3\nhorizon = \"8 days\"\nvisits = \"{visits}\"\n\
         [[arms]]\nname = \"untreated\"\nregimen = [\"no treatment\"]\n"
    );
    std::fs::write(study.join("study.toml"), text).unwrap();
    let out = scratch.join("out");
    let run = Command::new(env!("CARGO_BIN_EXE_remission"))
        .arg("run")
        .arg(&study)
        .args(["--csv", "--method", method, "--out"])
        .arg(&out)
        .output()
        .unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let table = std::fs::read_to_string(out.join("trajectories.csv")).unwrap();
    std::fs::remove_dir_all(&scratch).unwrap();
    let mut lines = table.lines();
    let head: Vec<&str> = lines.next().unwrap().split(',').collect();
    let value = head.iter().position(|h| *h == "value").unwrap();
    let rows: BTreeMap<String, String> = lines
        .map(|line| {
            let mut cells: Vec<&str> = line.split(',').collect();
            let value = cells.remove(value).to_string();
            (cells.join(","), value)
        })
        .collect();
    assert!(rows.len() > 100);
    rows
}

fn assert_shared(fewer: &BTreeMap<String, String>, more: &BTreeMap<String, String>) {
    assert!(more.len() > fewer.len(), "nothing was added");
    for (key, value) in fewer {
        assert_eq!(more.get(key), Some(value), "{key}");
    }
}

#[test]
fn more_visits_see_the_same_path_event_by_event() {
    let few = rows("few", DISH, "every 4 days", "exact");
    let many = rows("many", DISH, "every 1 day", "exact");
    assert_shared(&few, &many);
}

#[test]
fn another_measurement_moves_no_other_row() {
    let measured = DISH.replace(
        "[before_treatment]",
        "[measurements.count]\nkind = \"cell_count\"\nerror = \"10 %\"\n[before_treatment]",
    );
    for method in ["exact", "leap", "mean"] {
        let one = rows(&format!("one-{method}"), DISH, "every 2 days", method);
        let two = rows(&format!("two-{method}"), &measured, "every 2 days", method);
        assert_shared(&one, &two);
    }
}
