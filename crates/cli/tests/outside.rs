//! Nothing is written outside the directory that a command was given, whatever names a study, a record or a link brings
//! along; and what is read from elsewhere is read within bounds.
//!
//! Each test keeps canaries beside its directories and compares everything around before and after, byte for byte.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Scratch {
        let path = std::env::temp_dir().join(format!("remission-outside-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(path.join("work")).unwrap();
        std::fs::write(path.join("canary.csv"), "a canary").unwrap();
        std::fs::write(path.join("work/canary.csv"), "another").unwrap();
        Scratch(path)
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.0.join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Runs in `work`.
    fn remission(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_remission"));
        command.args(arguments).current_dir(self.0.join("work")).output().unwrap()
    }

    /// Every file and link with what it holds, but those of which `ours` is said.
    fn everything(&self, ours: &str) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut all = BTreeMap::new();
        walk(&self.0, &self.0.join(ours), &mut all);
        all
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn walk(folder: &Path, leave_out: &Path, all: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path == leave_out {
            continue;
        }
        let kind = std::fs::symlink_metadata(&path).unwrap().file_type();
        if kind.is_symlink() {
            let to = std::fs::read_link(&path).unwrap();
            all.insert(path, to.to_string_lossy().into_owned().into_bytes());
        } else if kind.is_dir() {
            all.insert(path.clone(), Vec::new());
            walk(&path, leave_out, all);
        } else {
            let bytes = std::fs::read(&path).unwrap();
            all.insert(path, bytes);
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

const MODEL: &str = "[model]\ntitle = 't'\n[cells.a]\nbirth = '0.1 /day'\ndeath = '0.05 /day'\nmechanism = 'm'\nkind = 'resistant'\n\
                     [before_treatment]\nstart = { a = '50 cells' }\n[measurements.count]\nkind = 'cell_count'\n";

fn study(arm: &str) -> String {
    format!(
        "[study]\npatients = 2\nseed = 1\nhorizon = '20 days'\nvisits = 'every 10 days'\n[[arms]]\nname = '{arm}'\nregimen = []\n"
    )
}

/// A run directory at `work/run`.
fn finished(scratch: &Scratch, arm: &str) {
    scratch.write("work/m/model.toml", MODEL);
    scratch.write("work/m/study.toml", &study(arm));
    let run = scratch.remission(&["run", "m", "--out", "run"]);
    assert_eq!(run.status.code(), Some(0), "{}", text(&run.stderr));
}

/// Names of tables, files and inputs that lead out of a run directory, in a record that is otherwise in order.
#[test]
fn a_record_leads_nowhere_else() {
    let scratch = Scratch::new("record");
    finished(&scratch, "one");
    // A table beside the run, whose digest the record states as it is.
    std::fs::copy(scratch.0.join("work/run/clones.parquet"), scratch.0.join("work/evil.parquet")).unwrap();
    std::fs::copy(scratch.0.join("work/run/clones.parquet"), scratch.0.join("evil.parquet")).unwrap();
    let path = scratch.0.join("work/run/record.json");
    let whole = std::fs::read_to_string(&path).unwrap();
    let record: serde_json::Value = serde_json::from_str(&whole).unwrap();
    let digest = record["tables"]["clones.parquet"].clone();
    let absolute = scratch.0.join("evil.parquet").display().to_string();
    let names = [
        "../evil.parquet",
        "../../evil.parquet",
        &absolute,
        "a/../../evil.parquet",
        "..",
        "",
        "a\0b.parquet",
        "./evil.parquet",
    ];
    for name in names.into_iter().chain(["..\\evil.parquet", ".hidden.parquet", "C:evil.parquet"]) {
        for section in ["tables", "files", "inputs"] {
            let mut bad = record.clone();
            bad[section][name] = digest.clone();
            std::fs::write(&path, bad.to_string()).unwrap();
            let before = scratch.everything("nothing");
            for command in
                [&["export", "run", "--csv"][..], &["report", "run"], &["verify", "run"], &["diff", "run", "m"]]
            {
                let output = scratch.remission(command);
                assert_eq!(
                    output.status.code(),
                    Some(1),
                    "{name:?} in {section}, {command:?}: {}",
                    text(&output.stderr)
                );
                assert!(text(&output.stderr).contains("names a file"), "{}", text(&output.stderr));
            }
            assert!(scratch.everything("nothing") == before, "{name:?} in {section} wrote something");
        }
    }
    std::fs::write(&path, &whole).unwrap();
    assert_eq!(scratch.remission(&["export", "run", "--csv"]).status.code(), Some(0));
}

/// Links inside a run directory, under the names that a command writes: they are replaced and not written through.
#[cfg(unix)]
#[test]
fn links_are_not_written_through() {
    use std::os::unix::fs::symlink;
    let scratch = Scratch::new("links");
    finished(&scratch, "one");
    let run = scratch.0.join("work/run");
    std::fs::remove_file(run.join("report.html")).unwrap();
    for name in ["report.html", "clones.csv", "patients.csv", "endpoints.csv"] {
        symlink("../../canary.csv", run.join(name)).unwrap();
    }
    // Names of temporary files hold the number of the process, which can be guessed.
    let next = std::process::id();
    for guess in next..next + 3000 {
        symlink("../../canary.csv", run.join(format!(".clones.csv.partial-{guess}"))).unwrap();
        symlink("../../canary.csv", run.join(format!("report.html.partial-{guess}"))).unwrap();
    }
    let before = scratch.everything("work/run");
    scratch.remission(&["report", "run"]);
    scratch.remission(&["export", "run", "--csv"]);
    assert!(scratch.everything("work/run") == before, "something was written through a link");
    // A link in place of the directory to be written leads nowhere either, but for `run`, whose directory it then is.
    std::fs::create_dir(scratch.0.join("elsewhere")).unwrap();
    symlink("../elsewhere", scratch.0.join("work/link")).unwrap();
    let before = scratch.everything("nothing");
    for command in [&["new", "link"][..], &["export", "run", "--csv", "--out", "link"]] {
        scratch.remission(command);
        assert_eq!(std::fs::read_dir(scratch.0.join("elsewhere")).unwrap().count(), 0, "{command:?}");
    }
    // Nor does one in place of the folder of an unfinished run, or within it.
    std::fs::create_dir(scratch.0.join("work/linked")).unwrap();
    symlink("../../elsewhere", scratch.0.join("work/linked/unfinished")).unwrap();
    for command in [&["run", "m", "--out", "linked"][..], &["run", "--resume", "linked"]] {
        assert_eq!(scratch.remission(command).status.code(), Some(1), "{command:?}");
        assert_eq!(std::fs::read_dir(scratch.0.join("elsewhere")).unwrap().count(), 0, "{command:?}");
    }
    std::fs::remove_dir_all(scratch.0.join("work/linked")).unwrap();
    let inside = scratch.0.join("work/within/unfinished");
    std::fs::create_dir_all(&inside).unwrap();
    for name in ["process", "lock", "whole", "inputs"] {
        symlink(if name == "whole" { "../../../elsewhere" } else { "../../../canary.csv" }, inside.join(name)).unwrap();
    }
    scratch.remission(&["run", "m", "--out", "within"]);
    assert_eq!(std::fs::read_dir(scratch.0.join("elsewhere")).unwrap().count(), 0);
    std::fs::remove_dir_all(scratch.0.join("work/within")).unwrap();
    let after = scratch.everything("work/link");
    let before: BTreeMap<_, _> =
        before.into_iter().filter(|(p, _)| !p.starts_with(scratch.0.join("work/link"))).collect();
    assert!(after == before);
}

/// A folder's name becomes part of the name of a run directory, and no more than that.
#[test]
fn names_of_studies_stay_names() {
    let scratch = Scratch::new("names");
    for name in ["a b", "..x", "$(touch pwned)", "`id`", "-rf", "a;b", "é\u{202e}", "a\\..\\b", "%2e%2e"] {
        let folder = scratch.0.join("work").join(name);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("model.toml"), MODEL).unwrap();
        std::fs::write(folder.join("study.toml"), study("../../x")).unwrap();
    }
    let before = scratch.everything("work/runs");
    for name in ["a b", "..x", "$(touch pwned)", "`id`", "./-rf", "a;b", "é\u{202e}", "a\\..\\b", "%2e%2e"] {
        let output = scratch.remission(&["run", name]);
        assert_eq!(output.status.code(), Some(0), "{name}: {}", text(&output.stderr));
        assert!(!text(&output.stdout).contains(['\u{202e}', '\u{1b}']), "{name}");
    }
    let mut inside = Command::new(env!("CARGO_BIN_EXE_remission"));
    let output = inside
        .args(["run", "../a b", "--out", "../runs/dots"])
        .current_dir(scratch.0.join("work/..x"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(scratch.everything("work/runs") == before, "a run was written outside `runs`");
    assert_eq!(std::fs::read_dir(scratch.0.join("work/runs")).unwrap().count(), 10);
    // Dosing records are files beside the study and nothing else.
    for file in ["../canary.csv", "/etc/passwd", "a\\u0000.csv", "..csv", ".csv", "a/b.csv", "C:\\\\a.csv"] {
        let text_of =
            study("x").replace("regimen = []", &format!("records = {{ file = \"{file}\", time_unit = 'h' }}"));
        scratch.write("work/a b/study.toml", &text_of);
        let output = scratch.remission(&["check", "a b", "--read-only"]);
        assert_eq!(output.status.code(), Some(1), "{file}");
        assert!(text(&output.stderr).contains("RM0901"), "{file}: {}", text(&output.stderr));
    }
}

/// The table `patients.csv` is not written over the dosing record `patients.csv`.
#[test]
fn tables_are_not_written_over_records() {
    let scratch = Scratch::new("over");
    let model = "[drugs.d]\nroute = 'bolus'\nclearance = '1 L/h'\nvolume = '5 L'\nfelt_as = 'mg/L'\n";
    scratch.write("work/m/model.toml", &format!("{MODEL}{model}"));
    let records = "records = { file = 'patients.csv', time_unit = 'h' }";
    scratch.write("work/m/study.toml", &study("x").replace("regimen = []", records));
    scratch.write("work/m/patients.csv", "ID,TIME,AMT\n1,0,1\n");
    let refused = scratch.remission(&["run", "m", "--csv", "--out", "run"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("patients.csv"), "{}", text(&refused.stderr));
    assert_eq!(scratch.remission(&["run", "m", "--out", "run"]).status.code(), Some(0));
    assert_eq!(scratch.remission(&["export", "run", "--csv"]).status.code(), Some(1));
    assert_eq!(std::fs::read_to_string(scratch.0.join("work/run/patients.csv")).unwrap(), "ID,TIME,AMT\n1,0,1\n");
    assert_eq!(scratch.remission(&["export", "run", "--csv", "--out", "csv"]).status.code(), Some(0));
    assert_eq!(scratch.remission(&["verify", "run"]).status.code(), Some(0));
}

/// Files without an end, or far too large, are refused in 256 MiB of addresses and in no time.
#[cfg(target_os = "linux")]
#[test]
fn endless_files_are_refused() {
    use std::os::unix::fs::symlink;
    let scratch = Scratch::new("endless");
    finished(&scratch, "one");
    let limited = |arguments: &[&str]| {
        let mut command = Command::new("sh");
        command.args(["-c", "ulimit -v 262144; ulimit -t 20; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_remission")]);
        command.args(arguments).env("MALLOC_ARENA_MAX", "1").current_dir(scratch.0.join("work")).output().unwrap()
    };
    let huge = |file: &str, bytes: u64| {
        let path = scratch.0.join("work").join(file);
        let _ = std::fs::remove_file(&path);
        std::fs::File::create(path).unwrap().set_len(bytes).unwrap();
    };
    let refused = |arguments: &[&str], word: &str| {
        let output = limited(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", text(&output.stderr));
        assert!(text(&output.stderr).contains(word), "{arguments:?}: {}", text(&output.stderr));
    };
    // A line of 1 GB, 32 MiB and a byte: a size and no more is looked at.
    scratch.write(
        "work/m/study.toml",
        &study("x").replace("regimen = []", "records = { file = 'd.csv', time_unit = 'h' }"),
    );
    for bytes in [1 << 30, (1 << 25) + 1] {
        huge("m/d.csv", bytes);
        refused(&["check", "m", "--read-only"], "a dosing record may have 33554432 (32 MiB)");
    }
    huge("m/d.csv", 1 << 25);
    refused(&["check", "m", "--read-only"], "RM09");
    for file in ["m/study.toml", "m/model.toml"] {
        huge(file, 1 << 30);
        refused(&["check", "m", "--read-only"], "may have 1048576 (1 MiB)");
        refused(&["fmt", "m"], "may have 1048576 (1 MiB)");
        let path = scratch.0.join("work").join(file);
        std::fs::remove_file(&path).unwrap();
        symlink("/dev/zero", &path).unwrap();
        let output = limited(&["check", "m", "--read-only"]);
        assert!(matches!(output.status.code(), Some(0 | 1)), "{}", text(&output.stderr));
    }
    refused(&["check", "m/model.toml", "--read-only"], "m/model.toml");
    refused(&["fmt", "m/model.toml"], "not a file that can be read at once");
    // A pipe into which nobody writes.
    std::fs::remove_file(scratch.0.join("work/m/model.toml")).unwrap();
    assert!(Command::new("mkfifo").arg(scratch.0.join("work/m/model.toml")).status().unwrap().success());
    refused(&["check", "m", "--read-only"], "not a file that can be read at once");
    // Run directories.
    for file in ["run/summary.json", "run/record.json"] {
        huge(file, 1 << 33);
        refused(&["report", "run"], if file.contains("record") { "may have 67108864" } else { "may have 25165824" });
    }
}

/// No cell of any table that is exported begins as a formula does, unless it is a number; and words can be turned back.
#[test]
fn words_in_tables_are_no_formulas() {
    let scratch = Scratch::new("formulas");
    for (k, arm) in ["=1+1", "+1", "-1+x", "@SUM(A1)", "'=1", "\u{ff1d}1"].into_iter().enumerate() {
        scratch.write("work/m/model.toml", MODEL);
        scratch.write("work/m/study.toml", &study("x").replace("'x'", &format!("\"{arm}\"")));
        let out = format!("run{k}");
        let run = scratch.remission(&["run", "m", "--csv", "--out", &out]);
        assert_eq!(run.status.code(), Some(0), "{}", text(&run.stderr));
        assert_eq!(scratch.remission(&["export", &out, "--muller", "0"]).status.code(), Some(0));
        let mut seen = 0;
        for (file, bytes) in
            scratch.everything("nothing").into_iter().filter(|(f, _)| f.to_string_lossy().contains(&out))
        {
            if file.extension().is_none_or(|e| e != "csv") {
                continue;
            }
            for cell in text(&bytes).lines().flat_map(|line| line.split(',')) {
                let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\u{ff1d}']);
                assert!(!formula || cell.parse::<f64>().is_ok(), "{cell} in {}", file.display());
                seen += usize::from(cell.strip_prefix('\'') == Some(arm));
            }
        }
        assert!(seen > 3, "{arm} was found {seen} times");
        let page = std::fs::read_to_string(scratch.0.join("work").join(&out).join("report.html")).unwrap();
        let escaped = arm.replace('\'', "&#39;");
        assert!(page.contains(&format!("data-csv=\"&#39;{escaped}\"")), "{arm}");
    }
}
