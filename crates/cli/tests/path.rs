//! Did the path move? A known seed gives known bytes.
//!
//! When a digest changes, either the change was meant not to move any path, and there is a defect; or it was meant to, and
//! then the changelog says "same law, different path" (or why the law changed), `RNG_VERSION` in `record.rs` goes up
//! with the first release after, and the new digests are written here (the failing test prints them).

use std::process::Command;

/// Study, arguments, SHA-256 of trajectories.parquet as in the record.
const KNOWN: [(&str, &[&str], &str); 5] = [
    ("pc9-erlotinib", &["--patients", "5"], "d169ecd3034f185db7a96b06dff437a4cdd66a349bbc84a4108e0c8ee235d185"),
    ("pc9-erlotinib/aceso", &["--patients", "5"], "23a6ac8512274c0672b325b0d75f559bd4a8d1b5faf2cf9676452ee8ecbbcdb7"),
    ("nsclc-egfr-tki", &["--patients", "10"], "919d27f9e1a394dd73bae70fb27cbcc8d63f77ed20426667bd5eb8bc4085cc44"),
    (
        "nsclc-egfr-tki/typed-in-fraction",
        &["--patients", "10"],
        "a0bdedbaf4a29642f75226a379e69e8fc44efcd7da00b4790d3f8fce738d4af1",
    ),
    (
        "nsclc-egfr-tki",
        &["--patients", "3", "--method", "mean"],
        "f914b0a817b6e9f5c1d08ce256ce47360c54a992a30d5a25a197931c82fb42e3",
    ),
];

/// `nsclc-egfr-tki` without its measurement of blood: the bytes from before there was one.
const BLOODLESS: [(&[&str], &str); 2] = [
    (&["--patients", "10"], "7bd06f820c9d4501b7fc38e6d947cca333293b622bb1ecd4539e718a92516fe8"),
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
