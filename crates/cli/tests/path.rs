//! Did the path move? A known seed gives known bytes, in every table of every catalogue study.
//!
//! The digests are in `golden.toml` beside this file: each run of it says which study, with which arguments, and what came
//! of every table. When one changes, either no path was meant to move, and there is a defect; or it was, and then
//! CHANGELOG.md says which and why ("same law, different path", or what of the law changed), `RNG_VERSION` in `record.rs`
//! has gone up since the last release, and
//!
//!     REMISSION_RENEW=1 cargo test --release -p remission --test path
//!
//! writes the file anew; its difference is part of the change.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Runs whose bytes are known: study, arguments. Of every other entry of the catalogue two patients are, all arms, leaped
/// ([`runs`]).
const RUNS: [(&str, &[&str]); 7] = [
    ("nsclc-egfr-tki", &["--patients", "20"]),
    ("nsclc-egfr-tki", &["--patients", "3", "--method", "mean"]),
    ("nsclc-egfr-tki/typed-in-fraction", &["--patients", "20"]),
    ("pc9-erlotinib", &["--patients", "20"]),
    ("pc9-erlotinib", &["--patients", "3", "--method", "mean"]),
    ("pc9-erlotinib/aceso", &["--patients", "20"]),
    ("pc9-erlotinib/aceso", &["--patients", "3", "--method", "exact"]),
];

/// [`RUNS`], and one of every entry that they leave out, so that a new entry needs no line here. A variant goes the way of its entry,
/// with other numbers.
fn runs() -> Vec<(String, &'static [&'static str])> {
    let list: serde_json::Value = serde_json::from_slice(&remission(&["catalogue", "--json"])).unwrap();
    let mut all: Vec<(String, &[&str])> = RUNS.iter().map(|(study, a)| (study.to_string(), *a)).collect();
    for id in list.as_array().unwrap().iter().map(|entry| entry["id"].as_str().unwrap()) {
        if !id.contains('/') && !RUNS.iter().any(|(study, a)| *study == id && a.len() == 2) {
            all.push((id.to_string(), &["--patients", "2"]));
        }
    }
    assert!(all.len() > RUNS.len(), "the catalogue was not listed");
    all
}

/// `nsclc-egfr-tki` without its measurement of blood: the bytes from before there was one.
const BLOODLESS: [&[&str]; 2] = [&["--patients", "20"], &["--patients", "3", "--method", "mean"]];

/// Digests of a run's tables, by file.
type Digests = BTreeMap<String, String>;

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden.toml")
}

fn remission(arguments: &[&str]) -> Vec<u8> {
    let run = Command::new(env!("CARGO_BIN_EXE_remission")).args(arguments).output().unwrap();
    assert!(run.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&run.stderr));
    run.stdout
}

/// A scratch folder of this process, empty.
fn scratch(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("remission-path-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    folder
}

/// The record of a run with seed 1.
fn record(name: &str, study: &str, arguments: &[&str]) -> serde_json::Value {
    let out = scratch(name);
    let mut all = vec!["run", study, "--seed", "1", "--out", out.to_str().unwrap()];
    all.extend(arguments);
    remission(&all);
    let record = serde_json::from_slice(&std::fs::read(out.join("record.json")).unwrap()).unwrap();
    std::fs::remove_dir_all(&out).unwrap();
    record
}

fn tables(record: &serde_json::Value) -> Digests {
    let tables = record["tables"].as_object().unwrap();
    tables.iter().map(|(file, digest)| (file.clone(), digest.as_str().unwrap().to_string())).collect()
}

/// Version of the random streams and every run's digests, as this program has them now.
fn found() -> &'static (u64, BTreeMap<String, Digests>) {
    static FOUND: OnceLock<(u64, BTreeMap<String, Digests>)> = OnceLock::new();
    FOUND.get_or_init(|| {
        let mut versions = Vec::new();
        let mut all = BTreeMap::new();
        let mut keep = |key: String, record: &serde_json::Value| {
            versions.push(record["rng_version"].as_u64().expect("every record names its rng_version"));
            all.insert(key, tables(record));
        };
        for (k, (study, arguments)) in runs().iter().enumerate() {
            keep(key(study, arguments), &record(&k.to_string(), study, arguments));
        }
        let home = scratch("bloodless");
        let study = bloodless(&home);
        for (k, arguments) in BLOODLESS.iter().enumerate() {
            keep(key("nsclc-egfr-tki without blood", arguments), &record(&format!("b{k}"), &study, arguments));
        }
        std::fs::remove_dir_all(&home).unwrap();
        versions.dedup();
        assert_eq!(versions.len(), 1, "records of one program name different rng_versions: {versions:?}");
        (versions[0], all)
    })
}

fn key(study: &str, arguments: &[&str]) -> String {
    format!("{study} {}", arguments.join(" "))
}

/// A copy of the study without blood below `home`; its folder has the study's name, for a study is called by it.
fn bloodless(home: &Path) -> String {
    let entry = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../catalogue/nsclc-egfr-tki");
    let folder = home.join("nsclc-egfr-tki");
    std::fs::create_dir_all(&folder).unwrap();
    let model = std::fs::read_to_string(entry.join("model.toml")).unwrap();
    let (start, end) = (model.find("[measurements.plasma]").unwrap(), model.find("[death]").unwrap());
    std::fs::write(folder.join("model.toml"), format!("{}{}", &model[..start], &model[end..])).unwrap();
    std::fs::copy(entry.join("study.toml"), folder.join("study.toml")).unwrap();
    folder.display().to_string()
}

/// `golden.toml` as these digests would have it.
fn written(version: u64, all: &BTreeMap<String, Digests>) -> String {
    let mut text = String::from(
        "# SHA-256 of every table of known runs with seed 1, see path.rs. A change of a digest is explained in CHANGELOG.md.\n\
         # REMISSION_RENEW=1 cargo test --release -p remission --test path\n\n",
    );
    text += &format!("rng_version = {version}\n");
    for (run, digests) in all {
        text += &format!("\n[\"{run}\"]\n");
        for (file, digest) in digests {
            text += &format!("{} = \"{digest}\"\n", file.trim_end_matches(".parquet"));
        }
    }
    text
}

#[test]
fn known_seeds_give_known_bytes() {
    let (version, all) = found();
    let now = written(*version, all);
    if std::env::var_os("REMISSION_RENEW").is_some() {
        std::fs::write(golden(), now).unwrap();
        return;
    }
    let known = std::fs::read_to_string(golden()).unwrap();
    let moved: Vec<String> = differences(&known.parse().unwrap(), &now.parse().unwrap());
    assert!(
        moved.is_empty(),
        "the path moved:\n{}\nif that was meant, say so in CHANGELOG.md and renew golden.toml, see path.rs; an entry that is new (`None`) is written \
         there by the same command",
        moved.join("\n")
    );
}

/// What differs, run by run and table by table.
fn differences(known: &toml::Table, now: &toml::Table) -> Vec<String> {
    let mut moved = Vec::new();
    let names: std::collections::BTreeSet<&String> = known.keys().chain(now.keys()).collect();
    for name in names {
        match (known.get(name), now.get(name)) {
            (Some(toml::Value::Table(a)), Some(toml::Value::Table(b))) => {
                let files: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
                moved.extend(files.into_iter().filter(|f| a.get(*f) != b.get(*f)).map(|f| format!("{name}: {f}")));
            }
            (a, b) if a != b => moved.push(format!("{name}: {a:?} is now {b:?}")),
            _ => {}
        }
    }
    moved
}

/// Blood draws have a stream of their own, so every row that both runs share is the same: the tables that blood has no
/// part in are byte for byte those of the study with blood.
#[test]
fn a_tube_of_blood_moves_nothing_else() {
    let (_, all) = found();
    for arguments in BLOODLESS {
        let with = &all[&key("nsclc-egfr-tki", arguments)];
        let without = &all[&key("nsclc-egfr-tki without blood", arguments)];
        for (file, digest) in with {
            if file == "trajectories.parquet" {
                assert_ne!(digest, &without[file], "blood has no rows");
            } else {
                assert_eq!(digest, &without[file], "{file} {arguments:?}");
            }
        }
    }
}

#[test]
fn a_moved_table_is_named() {
    let table = |text: &str| text.parse::<toml::Table>().unwrap();
    let known = table("rng_version = 1\n[\"a b\"]\nclones = \"x\"\nendpoints = \"y\"");
    let now = table("rng_version = 2\n[\"a b\"]\nclones = \"z\"\nendpoints = \"y\"\n[\"c\"]\nclones = \"x\"");
    let moved = differences(&known, &now);
    assert_eq!(moved.len(), 3, "{moved:?}");
    assert_eq!(moved[0], "a b: clones");
    assert!(moved[1].starts_with("c: None") && moved[2].starts_with("rng_version"), "{moved:?}");
    assert!(differences(&known, &known).is_empty());
}

/// The README shows what the program prints, figure by figure.
#[test]
fn the_readme_shows_what_is_printed() {
    let out = scratch("readme");
    let printed = remission(&["run", "nsclc-egfr-tki", "--out", out.to_str().unwrap()]);
    std::fs::remove_dir_all(&out).unwrap();
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md")).unwrap();
    for line in String::from_utf8_lossy(&printed).lines().filter(|l| !l.starts_with("report ")) {
        assert!(readme.lines().any(|shown| shown == line), "README.md does not show\n{line}");
    }
}
