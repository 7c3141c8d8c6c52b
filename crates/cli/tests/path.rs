//! Did the path move? A known seed gives known bytes.
//!
//! When a digest changes, either the change was meant not to move any path, and there is a defect; or it was meant to, and
//! then the changelog says "same law, different path" (or why the law changed), `RNG_VERSION` in `record.rs` goes up
//! with the first release after, and the new digests are written here (the failing test prints them).

use std::process::Command;

/// Study, arguments, SHA-256 of trajectories.parquet as in the record.
const KNOWN: [(&str, &[&str], &str); 5] = [
    ("pc9-erlotinib", &["--patients", "5"], "@@0@@"),
    ("pc9-erlotinib/aceso", &["--patients", "5"], "@@1@@"),
    ("nsclc-egfr-tki", &["--patients", "10"], "@@2@@"),
    ("nsclc-egfr-tki/typed-in-fraction", &["--patients", "10"], "@@3@@"),
    ("nsclc-egfr-tki", &["--patients", "3", "--method", "mean"], "@@4@@"),
];

#[test]
fn known_seeds_give_known_bytes() {
    let mut moved = Vec::new();
    for (k, (study, arguments, digest)) in KNOWN.iter().enumerate() {
        let out = std::env::temp_dir().join(format!("remission-path-{k}-{}", std::process::id()));
        let run = Command::new(env!("CARGO_BIN_EXE_remission"))
            .args(["run", study, "--seed", "1", "--out"])
            .arg(&out)
            .args(*arguments)
            .output()
            .unwrap();
        assert!(run.status.success(), "{study}: {}", String::from_utf8_lossy(&run.stderr));
        let record: serde_json::Value =
            serde_json::from_slice(&std::fs::read(out.join("record.json")).unwrap()).unwrap();
        let found = record["tables"]["trajectories.parquet"].as_str().unwrap().to_string();
        std::fs::remove_dir_all(&out).unwrap();
        if found != *digest {
            moved.push(format!("{study} {arguments:?}: {found}"));
        }
    }
    assert!(moved.is_empty(), "the path moved:\n{}", moved.join("\n"));
}
