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
    ("nsclc-egfr-tki", &["--patients", "10"], "22e808effd56c15846e95ddbf66b882877906f6669266f5b43fe8e7d25d330c9"),
    (
        "nsclc-egfr-tki/typed-in-fraction",
        &["--patients", "10"],
        "380395d1cf21b1b78d4a4f9c93161738262f5c90713e02d2012b33884a206d76",
    ),
    (
        "nsclc-egfr-tki",
        &["--patients", "3", "--method", "mean"],
        "0a07394c378e9d67b743f002aa4e709bce83dc9b180b3e5d99ca1ba6d889db99",
    ),
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
