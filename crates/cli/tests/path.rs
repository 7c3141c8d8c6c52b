//! Did the path move? A known seed gives known bytes.
//!
//! When a digest changes, either the change was meant not to move any path, and there is a defect; or it was meant to, and
//! then the changelog says "same law, different path" (or why the law changed), `RNG_VERSION` in `record.rs` goes up
//! with the first release after, and the new digests are written here (the failing test prints them).

use std::process::Command;

/// Study, arguments, SHA-256 of trajectories.parquet as in the record.
const KNOWN: [(&str, &[&str], &str); 5] = [
    ("pc9-erlotinib", &["--patients", "5"], "bf910290b38205d4df764f7717e3f0aaba2959fd307daa8e8fde7cf8811ac0ad"),
    ("pc9-erlotinib/aceso", &["--patients", "5"], "b065183b005acd087a5d54f1f513774809c0a9c4b591856b66e4d6abee87cbf5"),
    ("nsclc-egfr-tki", &["--patients", "10"], "9591c7dfd6e8f143133dbe7d70dc3eb492338058e38cece34d5296eea44173c2"),
    (
        "nsclc-egfr-tki/typed-in-fraction",
        &["--patients", "10"],
        "5919be1dfc12c4aa9de7d118922e6659354a9f51b1a3bb6c4318665f540e94d7",
    ),
    (
        "nsclc-egfr-tki",
        &["--patients", "3", "--method", "mean"],
        "f914b0a817b6e9f5c1d08ce256ce47360c54a992a30d5a25a197931c82fb42e3",
    ),
];

/// `nsclc-egfr-tki` without its measurement of blood: the bytes from before there was one.
const BLOODLESS: [(&[&str], &str); 2] = [
    (&["--patients", "10"], "22e808effd56c15846e95ddbf66b882877906f6669266f5b43fe8e7d25d330c9"),
    (&["--patients", "3", "--method", "mean"], "0a07394c378e9d67b743f002aa4e709bce83dc9b180b3e5d99ca1ba6d889db99"),
];

/// SHA-256 of trajectories.parquet of a run with seed 1, as in the record.
fn digest(name: &str, study: &str, arguments: &[&str]) -> String {
    let out = std::env::temp_dir().join(format!("remission-path-{name}-{}", std::process::id()));
    let run = Command::new(env!("CARGO_BIN_EXE_remission"))
        .args(["run", study, "--seed", "1", "--out"])
        .arg(&out)
        .args(arguments)
        .output()
        .unwrap();
    assert!(run.status.success(), "{study}: {}", String::from_utf8_lossy(&run.stderr));
    let record: serde_json::Value = serde_json::from_slice(&std::fs::read(out.join("record.json")).unwrap()).unwrap();
    std::fs::remove_dir_all(&out).unwrap();
    record["tables"]["trajectories.parquet"].as_str().unwrap().to_string()
}

#[test]
fn known_seeds_give_known_bytes() {
    let mut moved = Vec::new();
    for (k, (study, arguments, known)) in KNOWN.iter().enumerate() {
        let found = digest(&k.to_string(), study, arguments);
        if found != *known {
            moved.push(format!("{study} {arguments:?}: {found}"));
        }
    }
    assert!(moved.is_empty(), "the path moved:\n{}", moved.join("\n"));
}

#[test]
fn a_tube_of_blood_moves_nothing_else() {
    let entry = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../catalogue/nsclc-egfr-tki");
    let scratch = std::env::temp_dir().join(format!("remission-bloodless-{}", std::process::id()));
    // A study is called by the name of its folder.
    let folder = scratch.join("nsclc-egfr-tki");
    std::fs::create_dir_all(&folder).unwrap();
    let model = std::fs::read_to_string(entry.join("model.toml")).unwrap();
    let (start, end) = (model.find("[measurements.plasma]").unwrap(), model.find("[death]").unwrap());
    std::fs::write(folder.join("model.toml"), format!("{}{}", &model[..start], &model[end..])).unwrap();
    std::fs::copy(entry.join("study.toml"), folder.join("study.toml")).unwrap();
    let study = folder.display().to_string();
    let found: Vec<String> = (BLOODLESS.iter().enumerate())
        .map(|(k, (arguments, _))| digest(&format!("bloodless-{k}"), &study, arguments))
        .collect();
    std::fs::remove_dir_all(&scratch).unwrap();
    assert_eq!(found, BLOODLESS.map(|b| b.1));
}
