//! The commands around a study, from outside: `fmt`, `diff`, `export`, `completions`.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn remission(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_remission")).args(arguments).output().unwrap()
}

/// Runs, expects an exit code, and gives what was printed.
fn ends(arguments: &[&str], code: i32) -> String {
    let out = remission(arguments);
    let said = text(&out.stderr);
    assert_eq!(out.status.code(), Some(code), "{arguments:?}: {said}{}", text(&out.stdout));
    assert!(!said.contains("panicked"), "{said}");
    assert!(code != 1 || !said.is_empty() || !out.stdout.is_empty(), "{arguments:?} says nothing");
    if code == 1 && out.stdout.is_empty() { said } else { text(&out.stdout) }
}

/// A folder of this test's own, removed at the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Scratch {
        let path = std::env::temp_dir().join(format!("remission-tools-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Scratch(path)
    }

    fn path(&self, file: &str) -> String {
        self.0.join(file).display().to_string()
    }

    fn write(&self, file: &str, text: &str) -> String {
        let path = self.0.join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self.path(file)
    }

    fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.0.join(file)).unwrap_or_else(|e| panic!("{file}: {e}"))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn catalogue(file: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../catalogue").join(file)).unwrap()
}

#[test]
fn fmt_writes_once_and_check_writes_nothing() {
    let s = Scratch::new("fmt");
    let before = "# about\n[model]\ntitle='t'   # short\n\n\n[before_treatment]\ngrow = 's from 1 cell until 1e6 cells'\n[cells.s]\ndeath='0.10 /day'\nbirth='0.2 /day'";
    s.write("m/model.toml", before);
    s.write("m/expected.toml", "a=1");
    let said = ends(&["fmt", "--check", &s.path("m")], 1);
    assert!(said.contains("model.toml") && !said.contains("expected"), "{said}");
    assert_eq!(s.read("m/model.toml"), before);
    ends(&["fmt", &s.path("m")], 0);
    let after = s.read("m/model.toml");
    assert_eq!(
        after,
        "# about\n[model]\ntitle = 't'  # short\n\n[cells.s]\nbirth = '0.2 /day'\ndeath = '0.10 /day'\n\n[before_treatment]\ngrow = 's from 1 cell until 1e6 cells'\n"
    );
    assert_eq!(s.read("m/expected.toml"), "a=1", "other files are not touched");
    assert_eq!(ends(&["fmt", "--check", &s.path("m"), &s.path("m/model.toml")], 0), "");
    let names: Vec<_> = std::fs::read_dir(s.0.join("m")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "nothing is left behind: {names:?}");
}

#[test]
fn fmt_refuses_what_is_not_toml_and_then_writes_nothing() {
    let s = Scratch::new("fmt-refused");
    let good = s.write("model.toml", "[model]\ntitle='t'");
    let bad = s.write("bad.toml", "[model]\ntitle = oops\n");
    let twice = s.write("twice.toml", "[model]\ntitle = 'a'\ntitle = 'b'\n");
    let said = ends(&["fmt", &good, &bad, &twice], 1);
    assert!(said.contains("RM0001") && said.contains("bad.toml:2") && said.contains("RM0009"), "{said}");
    assert_eq!(s.read("model.toml"), "[model]\ntitle='t'");
    let raw = s.path("raw.toml");
    std::fs::write(&raw, [0xff, 0xfe, 0x00]).unwrap();
    assert!(ends(&["fmt", &raw], 1).contains("UTF-8"));
    ends(&["fmt", &s.path("nowhere.toml")], 1);
    std::fs::create_dir(s.0.join("empty")).unwrap();
    ends(&["fmt", &s.path("empty")], 1);
    ends(&["fmt"], 1);
}

#[test]
fn diff_says_what_changed() {
    let s = Scratch::new("diff");
    let (model, study) = (catalogue("nsclc-egfr-tki/model.toml"), catalogue("nsclc-egfr-tki/study.toml"));
    let replaced = |text: &str, pairs: &[(&str, &str)]| {
        pairs.iter().fold(text.to_string(), |t, (from, to)| {
            assert!(t.contains(from), "{from}");
            t.replacen(from, to, 1)
        })
    };
    s.write(
        "b/model.toml",
        &replaced(
            &model,
            &[
                ("kill = { value = \"0.042 /day\"", "kill = { value = \"0.050 /day\""),
                ("between_patients = \"lognormal(cv = 80 %)\"", "between_patients = \"lognormal(cv = 60 %)\""),
                ("{ to = \"met\", per_division = \"u_met\" },", "{ to = \"met\", per_division = \"2 * u_met\" },"),
                ("c0 = { value = \"0.180237 uM\"", "c0 = { value = \"180.237 nM\""),
                ("birth = \"persister_birth\"", "birth = \"persister_birth*1\""),
                (
                    "fitted = \"pc9-erlotinib, set delayed\" }",
                    "assumed = \"a guess\", prior = \"uniform(0.1 uM, 0.2 uM)\" }",
                ),
            ],
        ),
    );
    s.write(
        "b/study.toml",
        &replaced(
            &study,
            &[("erlotinib 150 mg oral", "erlotinib 100 mg oral"), ("patients = 1000", "patients = 500"), ("2026", "7")],
        ),
    );
    let b = s.path("b");
    let said = ends(&["diff", "nsclc-egfr-tki", &b], 0);
    for line in [
        "  kill: 0.042 -> 0.05 /day (+19 %)\n",
        "  kill, between_patients: lognormal(cv = 80 %) -> lognormal(cv = 60 %)\n",
        "  sensitive, mutation to met, per division: u_met -> 2 * u_met\n",
        "  persister, birth: persister_birth -> persister_birth * 1\n",
        "  c0, basis: fitted: pc9-erlotinib, set delayed -> assumed: a guess\n",
        "  c0, prior: added: uniform(0.1 umol/L, 0.2 umol/L)\n",
        "  \"erlotinib 150 mg daily\": erlotinib 150 -> 100 mg oral every day\n",
        "  patients: 1000 -> 500 (-50 %)\n",
        "  seed: 2026 -> 7\n",
    ] {
        assert!(said.contains(line), "{line} in\n{said}");
    }
    assert!(!said.contains("180") && said.ends_with("9 differences\n"), "another unit is no difference\n{said}");
    assert_eq!(ends(&["diff", &b, &b], 0), "no difference\n");
    ends(&["diff", "--exit-code", &b, &b], 0);
    ends(&["diff", "--exit-code", "nsclc-egfr-tki", &b], 4);
    let json: Value = serde_json::from_str(&ends(&["diff", "--json", "nsclc-egfr-tki", &b], 0)).unwrap();
    let list = json["differences"].as_array().unwrap();
    assert_eq!(list.len(), 9);
    let kill = list.iter().find(|c| c["path"] == serde_json::json!(["parameters", "kill", "value"])).unwrap();
    assert_eq!((&kill["kind"], &kill["section"]), (&"changed".into(), &"parameters".into()));
    assert!((kill["factor"].as_f64().unwrap() - 0.05 / 0.042).abs() < 1e-12);
    ends(&["diff", "nsclc-egfr-tki", "nowhere"], 1);
    // Any two models can be compared, also of other shapes, and a formatted model is the same model.
    let said = ends(&["diff", "nsclc-egfr-tki", "pc9-erlotinib"], 0);
    assert!(said.contains("drugs\n") && said.contains("  osimertinib: removed"), "{said}");
    s.write("c/model.toml", &model);
    s.write("c/study.toml", &study);
    ends(&["fmt", &s.path("c")], 0);
    assert_eq!(ends(&["diff", "nsclc-egfr-tki", &s.path("c")], 0), "no difference\n");
}

#[test]
fn diff_of_runs_sees_the_flags() {
    let s = Scratch::new("diff-runs");
    let (a, b) = (s.path("a"), s.path("b"));
    ends(&["run", "pc9-erlotinib", "--patients", "2", "--out", &a], 0);
    ends(&["run", "pc9-erlotinib", "--patients", "3", "--seed", "9", "--method", "mean", "--out", &b], 0);
    let said = ends(&["diff", &a, &b], 0);
    for part in ["patients: 2 -> 3", "seed: 2026 -> 9", "method: leap -> mean", "3 differences", "tables differ: clone"]
    {
        assert!(said.contains(part), "{part} in\n{said}");
    }
    let again = s.path("again");
    ends(&["run", "pc9-erlotinib", "--patients", "2", "--out", &again], 0);
    assert_eq!(ends(&["diff", &a, &again, "--exit-code"], 0), "no difference\nthe 6 tables hold the same bytes\n");
    // What is compared is what the run wrote; that a file is that no more is said.
    std::fs::write(Path::new(&again).join("clones.parquet"), "no table").unwrap();
    let output = remission(&["diff", &a, &again]);
    assert!(text(&output.stderr).contains("clones.parquet: changed since it was written"), "{output:?}");
}

const DISH: &str = "[model]\ntitle = 'a dish'\n[cells.s]\nbirth = '0.5 /day'\ndeath = '0.3 /day'\nmutates = [{ to = 'r', per_division = '0.05' }]\n\
    [cells.r]\nkind = 'resistant'\nbirth = '0.5 /day'\ndeath = '0.3 /day'\nmutates = [{ to = 's', per_division = '0.02' }]\n\
    [before_treatment]\nstart = { s = '200 cells', r = '3 cells' }\n";

fn dish(s: &Scratch, arms: &[&str]) -> String {
    let mut study = "[study]\npatients = 3\nseed = 1\nhorizon = '20 days'\nvisits = 'every 5 days'\n".to_string();
    for arm in arms {
        study += &format!("[[arms]]\nname = {}\nregimen = ['no treatment']\n", toml::Value::String(arm.to_string()));
    }
    s.write("dish/model.toml", DISH);
    s.write("dish/study.toml", &study);
    s.path("dish")
}

/// Rows of a CSV text by the rules of RFC 4180.
fn rows(text: &str) -> Vec<Vec<String>> {
    let mut out = vec![vec![String::new()]];
    let mut chars = text.chars().peekable();
    let mut quoted = false;
    while let Some(c) = chars.next() {
        let cell = out.last_mut().unwrap().last_mut().unwrap();
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => cell.push(chars.next().unwrap()),
            '"' => quoted = !quoted,
            ',' if !quoted => out.last_mut().unwrap().push(String::new()),
            '\n' if !quoted => out.push(vec![String::new()]),
            c => cell.push(c),
        }
    }
    assert_eq!(out.pop(), Some(vec![String::new()]), "the last line ends");
    out
}

#[test]
fn csv_holds_the_tables_and_no_formula() {
    let s = Scratch::new("csv");
    let arms = ["=cmd|' /C calc'!A0", "+1", "-x, y", "@SUM(1)", "say \"hi\""];
    let study = dish(&s, &arms);
    let run = s.path("run");
    ends(&["run", &study, "--csv", "--out", &run], 0);
    ends(&["verify", &run], 0);
    ends(&["export", &run, "--csv", "--out", &s.path("all")], 0);
    for table in ["trajectories", "endpoints", "patients", "clones", "clone_sizes"] {
        let text = s.read(&format!("all/{table}.csv"));
        assert_eq!(text, s.read(&format!("run/{table}.csv")), "run --csv and export write the same");
        let rows = rows(&text);
        assert!(rows.len() > 10 && rows.iter().all(|r| r.len() == rows[0].len()), "{table}");
        let arm = rows[0].iter().position(|n| n == "arm").unwrap();
        let mut found: Vec<&str> = rows[1..].iter().map(|r| r[arm].as_str()).collect();
        found.dedup();
        let wanted: Vec<String> = arms
            .iter()
            .map(|a| if a.starts_with(['=', '+', '-', '@']) { format!("'{a}") } else { a.to_string() })
            .collect();
        assert_eq!(found[..5], wanted.iter().map(String::as_str).collect::<Vec<_>>()[..], "{table}");
        for cell in rows[1..].iter().flatten() {
            let number = cell.parse::<f64>().is_ok();
            assert!(number || !cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{table}: {cell}");
        }
    }
    // Sizes written and sizes of the trajectories are the same numbers.
    let rows = rows(&s.read("run/trajectories.csv"));
    let column = |name: &str| rows[0].iter().position(|n| n == name).unwrap();
    let start = rows.iter().find(|r| r[column("variable")] == "total").unwrap();
    assert_eq!((start[column("value")].as_str(), start[column("time")].as_str()), ("203", "0"));
    // One table, into the run directory; a changed CSV is found by verify.
    assert!(ends(&["export", &run, "--csv", "--table", "endpoints", "--out", &s.path("one")], 0).contains("15 rows"));
    assert_eq!(std::fs::read_dir(s.0.join("one")).unwrap().count(), 1);
    ends(&["export", &run, "--csv", "--table", "endpoints.parquet"], 0);
    assert!(ends(&["export", &run, "--csv", "--table", "nothing"], 1).contains("endpoints"));
    std::fs::write(s.0.join("run/endpoints.csv"), "mine").unwrap();
    ends(&["verify", &run], 4);
    for bad in
        [&["export", &run][..], &["export", &s.path("dish"), "--csv"], &["export", &run, "--csv", "--muller", "0"]]
    {
        ends(bad, 1);
    }
    ends(&["export", &run, "--csv", "--out", &s.path("one")], 1);
}

#[test]
fn clones_as_ggmuller_reads_them() {
    let s = Scratch::new("muller");
    let run = s.path("run");
    ends(&["run", &dish(&s, &["one", "-two"]), "--out", &run], 0);
    assert!(ends(&["export", &run, "--muller", "1"], 1).contains("\"one\", \"-two\""));
    assert!(ends(&["export", &run, "--muller", "3", "--arm", "one"], 1).contains("0 to 2"));
    let said = ends(&["export", &run, "--muller", "1", "--arm", "-two"], 0);
    assert!(said.contains("identity -1 is a common root"), "two founders: {said}");
    let numbers = |file: &str, head: [&str; 3], n: usize| -> Vec<Vec<f64>> {
        let rows = rows(&s.read(&format!("run/muller-patient-1-arm-2/{file}")));
        assert_eq!(rows[0], head[..n]);
        rows[1..].iter().map(|r| r.iter().map(|x| x.parse().unwrap()).collect()).collect()
    };
    let edges = numbers("edges.csv", ["Parent", "Identity", ""], 2);
    let sizes = numbers("populations.csv", ["Identity", "Population", "Time"], 3);
    let mut known = vec![-1.0];
    for edge in &edges {
        assert!(known.contains(&edge[0]) && !known.contains(&edge[1]), "parents first, each identity once: {edge:?}");
        known.push(edge[1]);
    }
    assert!(known.len() > 4, "clones were founded");
    let mut times: Vec<f64> = sizes.iter().map(|r| r[2]).collect();
    times.dedup();
    assert_eq!(times, [-0.001, 0.0, 5.0, 10.0, 15.0, 20.0]);
    for time in &times {
        let here: Vec<f64> = sizes.iter().filter(|r| r[2] == *time).map(|r| r[0]).collect();
        assert_eq!(here, known, "every identity at every time, once");
    }
    assert_eq!(sizes.iter().filter(|r| r[2] == 0.0).map(|r| r[1]).sum::<f64>(), 203.0);
    assert_eq!(sizes.iter().filter(|r| r[0] == -1.0).map(|r| r[1]).collect::<Vec<_>>(), [1.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    // The mean equations know no clones.
    let mean = s.path("mean");
    ends(&["run", &s.path("dish"), "--method", "mean", "--out", &mean], 0);
    assert!(ends(&["export", &mean, "--muller", "0", "--arm", "one"], 1).contains("no clones"));
    ends(&["verify", &run], 0);
}

#[test]
fn completions_name_every_command() {
    let help = ends(&["--help"], 0);
    let commands: Vec<&str> = help
        .lines()
        .skip_while(|l| !l.starts_with("Commands"))
        .skip(1)
        .take_while(|l| !l.is_empty())
        .filter_map(|l| l.split_whitespace().next())
        .collect();
    assert!(commands.contains(&"fmt") && commands.contains(&"run"), "{commands:?}");
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = ends(&["completions", shell], 0);
        for command in commands.iter().filter(|c| **c != "help") {
            assert!(script.contains(command), "{shell} does not complete `{command}`");
        }
        assert!(script.contains("patients"), "{shell}: flags too");
    }
    ends(&["completions", "cmd"], 1);
}
