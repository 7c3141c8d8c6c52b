//! `catalogue test` and `catalogue audit` from outside: every status, exit codes, JSON, names that are not there, bare numbers.

#[path = "common/study_folder.rs"]
mod study_folder;

use serde_json::Value;
use std::process::{Command, Output};
use study_folder::StudyFolder;

fn remission(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_remission")).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// One type that divides at 0.3 and dies at 0.5 /day from 3 cells, so that all is known: P(extinct by day 5) is p^3 with
/// p = d (1 - E) / (d - b E), E = exp((b - d) t), and the mean is 3 E.
const MODEL: &str = r#"
[model]
title = "a dying clone"
question = "Is anything left?"

[parameters]
b = { value = "0.3 /day", assumed = "test", prior = "uniform(0.1 /day, 1 /day)" }
d = { value = "0.5 /day", assumed = "test", prior = "uniform(0.1 /day, 1 /day)" }
seeded = { value = "3 cells", assumed = "test", prior = "uniform(1 cells, 9 cells)" }

[cells.s]
birth = "b"
death = "d"

[before_treatment]
start = { s = "seeded" }
"#;

const STUDY: &str = r#"
[study]
patients = 600
seed = 11
horizon = "5 days"
visits = "every day"

[[arms]]
name = "left alone"
regimen = ["no treatment"]

[[arms]]
name = "left alone again"
regimen = ["no treatment"]
"#;

const CITED: &str = "citation = { url = \"https://example.org\", where = \"Table 1\" }";

fn extinct() -> f64 {
    let (b, d) = (0.3f64, 0.5f64);
    let e = ((b - d) * 5.0).exp();
    (d * (1.0 - e) / (d - b * e)).powi(3)
}

fn mean() -> f64 {
    3.0 * (-1.0f64).exp()
}

/// A published number: its name, keys, range and reason.
fn published(name: &str, keys: &str, (low, high): (f64, f64), reason: &str) -> String {
    let reason = if reason.is_empty() { String::new() } else { format!("reason = \"{reason}\"\n") };
    format!(
        "[[published]]\nname = \"{name}\"\n{keys}\nlow = {low}\nhigh = {high}\nkind = \"predicted\"\n{reason}{CITED}\n\n"
    )
}

const AT_END: &str = "quantity = \"reading\"\nof = \"s\"\nat = \"5 days\"";

fn folder(name: &str, expected: &str) -> StudyFolder {
    let folder = StudyFolder::new(name, MODEL, STUDY);
    std::fs::write(folder.path("study/expected.toml"), expected).unwrap();
    folder
}

fn tested(folder: &StudyFolder, more: &[&str]) -> (Option<i32>, Value, String) {
    let study = folder.path("study");
    let run = remission(&[&["catalogue", "test", &study, "--json"], more].concat());
    let document = serde_json::from_slice(&run.stdout).unwrap_or(Value::Null);
    (run.status.code(), document, text(&run.stderr))
}

fn check<'a>(document: &'a Value, name: &str) -> &'a Value {
    let checks = document[0]["checks"].as_array().unwrap();
    checks.iter().find(|c| c["name"] == name).unwrap_or_else(|| panic!("no {name} in {document:#}"))
}

#[test]
fn every_status_is_told_with_its_reason() {
    let of_mean = format!("{AT_END}\npatients = \"mean\"\nmethod = \"mean\"");
    let near = (mean() - 0.01, mean() + 0.01);
    let expected = [
        published("comes out", &of_mean, near, ""),
        published("comes out though a reason is written", &of_mean, near, "an old one"),
        published("known miss", &of_mean, (2.0, 3.0), "cells are not that many"),
        published("unknown miss", &of_mean, (2.0, 3.0), ""),
        published(
            "no progression",
            "quantity = \"median_pfs_months\"",
            (0.0, 1.0),
            "written, but it cannot be computed",
        ),
    ];
    let all = folder("statuses", &expected.concat());
    let (code, document, said) = tested(&all, &[]);
    assert_eq!(code, Some(1), "{said}");
    assert_eq!(document.as_array().unwrap().len(), 1);
    assert_eq!(document[0]["id"], "study");
    let of = |name: &str| {
        let c = check(&document, name);
        for key in ["name", "published", "obtained", "tolerance", "status", "reason"] {
            assert!(c.get(key).is_some(), "{key} of {c:#}");
        }
        c
    };
    let good = of("comes out");
    assert_eq!((good["status"].as_str(), &good["reason"]), (Some("reproduces"), &Value::Null));
    // Every patient of the mean equations is the same, so there is no error and the tolerance is the range's.
    assert!((good["obtained"].as_f64().unwrap() - mean()).abs() < 1e-9, "{good:#}");
    assert_eq!(good["standard_error"], 0.0);
    assert!((good["tolerance"].as_f64().unwrap() - 0.01).abs() < 1e-12);
    let stale = of("comes out though a reason is written");
    assert_eq!(stale["status"], "reproduces");
    assert!(stale["reason"].as_str().unwrap().contains("stale"), "{stale:#}");
    let miss = of("known miss");
    assert_eq!((miss["status"].as_str(), miss["reason"].as_str()), (Some("differs"), Some("cells are not that many")));
    assert_eq!(miss["published"], 2.5);
    let failed = of("unknown miss");
    assert_eq!(failed["status"], "failed");
    assert!(failed["reason"].as_str().unwrap().contains("below the range"), "{failed:#}");
    let none = of("no progression");
    assert_eq!((none["status"].as_str(), &none["obtained"]), (Some("failed"), &Value::Null));
    assert!(none["reason"].as_str().unwrap().contains("not computable: the study assesses no progression"), "{none:#}");
    // |obtained - published| <= tolerance exactly when it reproduces.
    for c in document[0]["checks"].as_array().unwrap() {
        if let Some(obtained) = c["obtained"].as_f64() {
            let away = (obtained - c["published"].as_f64().unwrap()).abs();
            assert_eq!(away <= c["tolerance"].as_f64().unwrap(), c["status"] == "reproduces", "{c:#}");
        }
    }
    // The table: failed and differing first, a line of counts last.
    let study = all.path("study");
    let shown = text(&remission(&["catalogue", "test", &study]).stdout);
    let at = |words: &str| shown.find(words).unwrap_or_else(|| panic!("no `{words}` in {shown}"));
    assert!(at("unknown miss") < at("known miss  ") && at("known miss  ") < at("comes out  "), "{shown}");
    assert_eq!(
        shown.trim_end().lines().last().unwrap(),
        "5 published numbers: 2 reproduce, 1 differs for the reason written, 2 failed"
    );
    // `check` judges by the same code.
    let checked = remission(&["check", &study, "--json"]);
    assert_eq!(checked.status.code(), Some(1));
    let checked: Value = serde_json::from_slice(&checked.stdout).unwrap();
    assert_eq!(checked["published"], document[0]["checks"]);
    assert_eq!((checked["failed"].as_u64(), checked["differ"].as_u64()), (Some(2), Some(1)));
    // Without what failed the test passes, though a number differs.
    let honest = folder("honest", &expected[..3].concat());
    let (code, _, said) = tested(&honest, &[]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("3 published numbers: 2 reproduce, 1 differs for the reason written, 0 failed"), "{said}");
}

/// Cells by the leap against what is known of them. A number that is right fails with probability 6.3e-5; one that is 0.15 off
/// (8 standard errors of a share of 600) passes with probability 6e-5.
#[test]
fn chance_is_forgiven_and_a_wrong_number_is_not() {
    let p = extinct();
    let exactly = |x: f64| (x - 1e-9, x + 1e-9);
    let gone = format!("{AT_END}\npatients = \"share = 0\"");
    let expected = [
        published("law", "quantity = \"law.cure\"", exactly(p), ""),
        published("law on a day", "quantity = \"law.cure\"\nat = \"5 days\"", exactly(p), ""),
        published("none resistant", "quantity = \"law.no_resistance\"\nat = \"2 days\"", exactly(1.0), ""),
        published("extinct", &gone, exactly(p), ""),
        published("extinct, per cent", &format!("{gone}\nunit = \"%\""), exactly(100.0 * p), ""),
        published("extinct, wrong", &gone, exactly(p - 0.15), "planted"),
        published("mean", &format!("{AT_END}\npatients = \"mean\""), exactly(mean()), ""),
        published("mean, wrong", &format!("{AT_END}\npatients = \"mean\""), exactly(2.0 * mean()), "planted"),
        published(
            "arms are one",
            &format!("{AT_END}\npatients = \"mean\"\narm = \"left alone\"\nagainst = \"left alone again\""),
            exactly(1.0),
            "",
        ),
        published(
            "no difference",
            &format!("{AT_END}\npatients = \"mean\"\nagainst = \"left alone again\"\nas = \"difference\""),
            exactly(0.0),
            "",
        ),
        published(
            "largest is at least the first",
            "quantity = \"reading\"\nof = \"total\"\ntake = \"max\"\nbetween = [\"0 days\", \"3 days\"]\npatients = \"share >= 3\"",
            exactly(1.0),
            "",
        ),
        published(
            "begins largest",
            "quantity = \"reading\"\nof = \"total\"\ntake = \"time_of_max\"\nunit = \"h\"",
            (0.0, 1.0),
            "",
        ),
    ];
    let (code, document, said) = tested(&folder("chance", &expected.concat()), &[]);
    assert_eq!(code, Some(0), "{said}");
    for c in document[0]["checks"].as_array().unwrap() {
        println!("{}: {} for {}, se {}", c["name"], c["obtained"], c["published"], c["standard_error"]);
        let wrong = c["name"].as_str().unwrap().ends_with("wrong");
        assert_eq!(c["status"], if wrong { "differs" } else { "reproduces" }, "{c:#}");
    }
    let share = check(&document, "extinct")["obtained"].as_f64().unwrap();
    assert_eq!(check(&document, "extinct, per cent")["obtained"].as_f64().unwrap(), 100.0 * share);
    // Another seed and another number of patients give another figure and a larger error.
    let (_, fewer, _) = tested(&folder("fewer", &expected.concat()), &["--patients", "60", "--seed", "12"]);
    let error = |document: &Value| check(document, "mean")["standard_error"].as_f64().unwrap();
    assert!(error(&fewer) > 2.0 * error(&document) && error(&document) > 0.0);
    assert_eq!(check(&fewer, "mean")["patients"], 60);
}

#[test]
fn what_is_wrong_with_the_file_is_said_all_at_once() {
    let expected = format!(
        "[[published]]\nname = \"a\"\n{AT_END}\nvlaue = 1\nlow = 2\nhigh = 1\nkind = \"predicted\"\n{CITED}\n\
         [[published]]\nname = \"a\"\nquantity = \"readnig\"\nlow = 1\nhigh = 2\nkind = \"guessed\"\n{CITED}\n\
         [[published]]\nname = \"b\"\n{AT_END}\npatients = \"mediam\"\nvalue = 3\nlow = 1\nhigh = 2\nkind = \"shown_only\"\n{CITED}\n\
         [[published]]\nname = \"c\"\nquantity = \"reading\"\nof = \"s\"\nlow = 1\nhigh = 2\nkind = \"predicted\"\n"
    );
    let bad = folder("faults", &expected);
    let run = remission(&["catalogue", "test", &bad.path("study"), "--json"]);
    let said = text(&run.stderr);
    assert_eq!((run.status.code(), run.stdout.len()), (Some(1), 0), "{said}");
    let place = |line: usize| format!("{}:{line}: ", bad.path("study/expected.toml"));
    for (line, words) in [
        (6, "the key `vlaue`"),
        (7, "low = 2, high = 1"),
        (13, "the quantity `readnig`"),
        (16, "the word `guessed`"),
        (23, "the words `mediam`"),
        (24, "value = 3 outside 1 to 2"),
        (27, "the word `shown_only`"),
        (29, "neither `at` nor `take`"),
    ] {
        let here = said.find(&place(line)).unwrap_or_else(|| panic!("nothing of line {line} in {said}"));
        let block: String = said[here..].lines().take(4).collect::<Vec<_>>().join("\n");
        assert!(block.contains(words), "{words} at line {line} in {said}");
    }
    for near in ["did you mean value?", "did you mean reading?", "did you mean median?"] {
        assert!(said.contains(near), "{near}: {said}");
    }
    assert!(said.contains("8 problems; nothing was run"), "{said}");
    // `check` reads the file too.
    let read = remission(&["check", &bad.path("study"), "--read-only"]);
    assert_eq!((read.status.code(), text(&read.stderr)), (Some(1), said));
}

#[test]
fn check_reads_all_there_is_and_says_every_fault_at_once() {
    let good = published("own", &format!("{AT_END}\nset = \"fast\"\nmethod = \"mean\""), (0.0, 3.0), "");
    let entry = folder("all-faults", &good);
    let put = |file: &str, text: &str| {
        let path = std::path::PathBuf::from(entry.path(file));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    put("study/variants/fast/model.toml", MODEL);
    put("study/variants/fast/study.toml", STUDY);
    put("study/second.toml", MODEL);
    let check = |more: &[&str]| remission(&[&["check", &entry.path("study")], more].concat());
    let read = check(&["--read-only"]);
    let said = text(&read.stdout);
    assert_eq!(read.status.code(), Some(0), "{}", text(&read.stderr));
    assert!(
        said.contains("read model.toml, study.toml, expected.toml (1 published number), second.toml, 1 variant;"),
        "{said}"
    );
    assert!(text(&read.stderr).is_empty() && !said.contains("reproduces"), "nothing was run");
    // Without --read-only what will be run is said first, on stderr.
    put(
        "study/expected.toml",
        &(good.clone()
            + &published("own", &format!("{AT_END}\npatients = \"mean\""), (0.0, 3.0), "").replace("own", "mine")),
    );
    let run = check(&["--patients", "50"]);
    let told = text(&run.stderr);
    assert!(told.contains("2 runs against the published numbers"), "{told}");
    assert!(
        told.contains("the entry itself: 50 patients an arm, leap, seed 11, in each of 2 arms: for 1 published number"),
        "{told}"
    );
    assert!(told.contains("the second reading beside the first"), "{told}");
    // A fault in every file, each said, and nothing run.
    put("study/expected.toml", &good.replace("low", "lwo"));
    put("study/second.toml", &MODEL.replace("[cells.s]", "[cells.other]").replace("{ s =", "{ other ="));
    put("study/variants/fast/study.toml", &STUDY.replace("horizon", "horizn"));
    put("study/variants/slow/model.toml", &MODEL.replace("birth = \"b\"", "birth = \"bb\""));
    for more in [&["--read-only"][..], &[]] {
        let read = check(more);
        let said = text(&read.stderr);
        assert_eq!((read.status.code(), read.stdout.len()), (Some(1), 0), "{said}");
        for words in
            ["the key `lwo`", "second.toml: no cell type and no level", "`horizn`", "variants/slow/model.toml", "`bb`"]
        {
            assert!(said.contains(words), "{words}: {said}");
        }
    }
    // Two of them in the model itself: the others are said all the same.
    put("study/model.toml", &MODEL.replace("death = \"d\"", "death = \"dd\""));
    let said = text(&check(&["--read-only"]).stderr);
    for words in ["`dd`", "the key `lwo`", "`bb`"] {
        assert!(said.contains(words), "{words}: {said}");
    }
}

#[test]
fn the_mean_equations_follow_the_typical_patient_unless_patients_are_asked_for() {
    let varied = MODEL.replace(
        "prior = \"uniform(1 cells, 9 cells)\"",
        "prior = \"uniform(1 cells, 9 cells)\", between_patients = \"lognormal(cv = 90 %)\"",
    ) + "\n[measurements.count]\nkind = \"cell_count\"\nerror = \"50 %\"\nassumed = \"test\"\n";
    let near = (mean() - 1e-6, mean() + 1e-6);
    let of = |more: &str| format!("{AT_END}\nmethod = \"mean\"{more}");
    let expected = [
        published("typical", &of(""), near, ""),
        published("typical, said", &of("\npatients = \"typical\""), near, ""),
        published("typical at the end", "quantity = \"cells_at_end.s\"\nmethod = \"mean\"", near, ""),
        // Nor has a reader an error.
        published("typical, counted", &of("").replace("of = \"s\"", "of = \"count\""), near, ""),
        published("over patients", &of("\npatients = \"mean\""), (0.0, 3.0), ""),
    ];
    let entry = folder("typical", &expected.concat());
    std::fs::write(entry.path("study/model.toml"), &varied).unwrap();
    let (code, document, said) = tested(&entry, &["--patients", "40"]);
    assert_eq!(code, Some(0), "{said}");
    for name in ["typical", "typical, said", "typical at the end", "typical, counted"] {
        let c = check(&document, name);
        assert!((c["obtained"].as_f64().unwrap() - mean()).abs() < 1e-9, "{c:#}");
        assert_eq!((&c["patients"], &c["weak"]), (&Value::from(1), &Value::Bool(false)), "{c:#}");
    }
    let over = check(&document, "over patients");
    assert_eq!(over["patients"], 40);
    assert!(over["standard_error"].as_f64().unwrap() > 0.01, "{over:#}");
    let flat = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        flat.contains("the entry itself: the typical patient, mean; the entry itself: 40 patients an arm, mean"),
        "{said}"
    );
    // It is of the mean equations alone.
    std::fs::write(
        entry.path("study/expected.toml"),
        published("x", &format!("{AT_END}\npatients = \"typical\""), near, ""),
    )
    .unwrap();
    let said = text(&remission(&["check", &entry.path("study"), "--read-only"]).stderr);
    assert!(said.contains("patients = \"typical\" without method = \"mean\""), "{said}");
}

#[test]
fn agreement_on_too_few_patients_is_marked_and_counted() {
    // Cells at the end have a standard deviation of 1.6 or so: the mean of 600 has an error of 0.07, that of 20 one of 0.36.
    let expected = published("mean", &format!("{AT_END}\npatients = \"mean\""), (mean() - 0.4, mean() + 0.4), "");
    let entry = folder("weak", &expected);
    let (_, strong, said) = tested(&entry, &[]);
    let c = check(&strong, "mean");
    assert_eq!(
        (&c["status"], &c["weak"], &c["patients_needed"]),
        (&"reproduces".into(), &Value::Bool(false), &Value::Null),
        "{c:#}"
    );
    assert!(!said.contains("too few") && !said.contains("weak"), "{said}");
    let (_, few, said) = tested(&entry, &["--patients", "20"]);
    let c = check(&few, "mean");
    assert_eq!((&c["status"], &c["weak"]), (&"reproduces".into(), &Value::Bool(true)), "{c:#}");
    let needed = c["patients_needed"].as_u64().unwrap();
    let (error, run) = (c["standard_error"].as_f64().unwrap(), 20.0);
    let exact = run * (1.96 * error / 0.4) * (1.96 * error / 0.4);
    assert!(needed as f64 >= 0.999 * exact && (needed as f64) < 1.11 * exact, "{needed} for {exact}");
    let mark = format!("weak (needs {needed} patients)");
    assert!(said.split_whitespace().collect::<Vec<_>>().join(" ").contains(&mark), "{mark}: {said}");
    assert!(said.contains("1 reproduces (1 on too few patients to mean much; at the studies' own sizes 0)"), "{said}");
}

#[test]
fn names_that_the_studies_do_not_have_are_refused_by_line() {
    let reading = |of: &str, at: &str| format!("quantity = \"reading\"\nof = \"{of}\"\nat = \"{at}\"");
    let range = (1.0, 2.0);
    let expected = [
        published("arm", &format!("{AT_END}\narm = \"left allone\""), range, ""),
        published("variable", &reading("totl", "5 days"), range, ""),
        published("set", &format!("{AT_END}\nset = \"aceso\""), range, ""),
        published("late", &reading("s", "6 days"), range, ""),
        published("unit", &format!("{AT_END}\nunit = \"days\""), range, ""),
        published("origin", "quantity = \"origin.preexisting\"", range, ""),
        published("mechanism", "quantity = \"mechanism.t790m\"", range, ""),
        published("itself", "quantity = \"hazard_ratio\"\narm = \"left alone\"", range, ""),
    ];
    let bad = folder("names", &expected.concat());
    let run = remission(&["catalogue", "test", &bad.path("study")]);
    let said = text(&run.stderr);
    assert_eq!(run.status.code(), Some(1), "{said}");
    for words in [
        "the arm `left allone`",
        "did you mean left alone?",
        "the variable `totl`",
        "did you mean total?",
        "the variant `aceso`",
        "at most the horizon of the study, 5 days",
        "the unit `days`",
        "a unit like cells",
        "the origin `preexisting`",
        "did you mean pre_existing?",
        "the mechanism `t790m`",
        "a hazard ratio of an arm against itself",
        "8 problems; nothing was run",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let line = 1 + expected.concat().lines().position(|l| l == "arm = \"left allone\"").unwrap();
    assert!(said.contains(&format!("expected.toml:{line}: arm")), "{said}");
}

#[test]
fn a_variant_is_run_where_its_name_is_the_set() {
    let of = |set: &str| format!("{AT_END}\npatients = \"mean\"\nmethod = \"mean\"{set}");
    let near = |x: f64| (x - 1e-6, x + 1e-6);
    let faster = 3.0 * (-2.5f64).exp();
    let expected =
        [published("own", &of(""), near(mean()), ""), published("fast", &of("\nset = \"fast\""), near(faster), "")];
    let entry = folder("variant", &expected.concat());
    std::fs::create_dir_all(entry.path("study/variants/fast")).unwrap();
    let model = MODEL.replace("value = \"0.5 /day\"", "value = \"0.8 /day\"");
    std::fs::write(entry.path("study/variants/fast/model.toml"), model).unwrap();
    std::fs::write(entry.path("study/variants/fast/study.toml"), STUDY).unwrap();
    let (code, document, said) = tested(&entry, &["--patients", "5"]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(check(&document, "fast")["set"], "fast");
    assert!((check(&document, "fast")["obtained"].as_f64().unwrap() - faster).abs() < 1e-9);
    // `check` looks at the folder alone.
    let checked = remission(&["check", &entry.path("study"), "--patients", "5", "--json"]);
    let checked: Value = serde_json::from_slice(&checked.stdout).unwrap();
    assert_eq!(checked["published"].as_array().unwrap().len(), 1);
}

#[test]
fn what_a_test_of_its_own_judges_is_listed_apart() {
    let expected = published("comes out", &format!("{AT_END}\npatients = \"mean\""), (0.0, 3.0), "")
        + &published(
            "slope",
            "quantity = \"slope\"\njudged_by = \"tests/slope.rs\"\ngiven = { dose = 3 }",
            (1.0, 2.0),
            "",
        )
        + "[[fit]]\nname = \"birth\"\nvalue = 1\ntolerance_absolute = 0.1\njudged_by = \"tests/slope.rs\"\n";
    let (code, document, said) = tested(&folder("elsewhere", &expected), &[]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(document[0]["checks"].as_array().unwrap().len(), 1);
    let names: Vec<&str> =
        document[0]["judged_elsewhere"].as_array().unwrap().iter().map(|e| e["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["slope", "birth"]);
    let counts = "1 published number: 1 reproduces, 0 differ for the reason written, 0 failed; 2 more are judged by tests of their own and not counted";
    assert!(said.contains(counts), "{said}");
}

#[test]
#[cfg(unix)]
fn an_interrupt_ends_it_with_its_code() {
    let expected = published("never", &format!("{AT_END}\npatients = \"mean\""), (0.0, 3.0), "");
    let endless = folder("interrupt", &expected);
    let child = Command::new(env!("CARGO_BIN_EXE_remission"))
        .args(["catalogue", "test", &endless.path("study"), "--patients", "10000000"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(std::time::Duration::from_millis(700));
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(130), "{}", text(&ended.stderr));
    assert!(ended.stdout.is_empty() && text(&ended.stderr).contains("interrupted"));
}

#[test]
fn a_run_tells_of_numbers_that_are_known_not_to_come_out() {
    let expected = published("cells after five days", AT_END, (2.0, 3.0), "cells <die> too fast")
        + &published("comes out", AT_END, (0.0, 3.0), "");
    let entry = folder("misses", &expected);
    let out = entry.path("out");
    let run = remission(&["run", &entry.path("study"), "--patients", "5", "--out", &out]);
    let said = "1 published number of this entry is known not to come out:";
    assert!(text(&run.stdout).contains(&format!("{said} cells after five days")), "{}", text(&run.stdout));
    let page = std::fs::read_to_string(entry.path("out/report.html")).unwrap();
    let at = |words: &str| page.find(words).unwrap_or_else(|| panic!("no `{words}`"));
    // Question, answer, then what does not come out, then the pictures.
    assert!(at("Is anything left?") < at("<div class=answer>") && at("<div class=answer>") < at("<section id=misses>"));
    assert!(at("<section id=misses>") < at("<section id=burden>"));
    assert!(at(said) > at("<section id=misses>") && page.contains("cells &lt;die&gt; too fast"));
    assert!(!page.contains("comes out</strong>"));
    // Written again from the figures it is the same page.
    assert_eq!(remission(&["report", &out]).status.code(), Some(0));
    assert_eq!(std::fs::read_to_string(entry.path("out/report.html")).unwrap(), page);
    // An unreadable file stops no run and is told of.
    std::fs::write(entry.path("study/expected.toml"), "[[published]]\nnmae = 1\n").unwrap();
    let run = remission(&["run", &entry.path("study"), "--patients", "5", "--out", &entry.path("again")]);
    assert_eq!(run.status.code(), Some(0));
    assert!(text(&run.stderr).contains("cannot be read") && !text(&run.stdout).contains("known not to"));
}

#[test]
fn bare_numbers_fail_the_audit_by_file_and_line() {
    let good = folder("audit-good", &published("a", AT_END, (0.0, 3.0), ""));
    let run = remission(&["catalogue", "audit", &good.path("study")]);
    let said = text(&run.stdout);
    assert_eq!(run.status.code(), Some(0), "{said}");
    assert!(said.contains("3 numbers: 0 cited, 0 fitted, 3 assumed, 0 bare"), "{said}");
    assert!(said.contains("1 citation\n") && said.contains("1 published number, 0 without a citation"), "{said}");

    let bare =
        MODEL.replace("birth = \"b\"", "birth = \"0.75 * b * 2^1\"").replace("s = \"seeded\"", "s = \"5 cells\"")
            + "\n[measurements.count]\nkind = \"cell_count\"\nerror = \"10 %\"\n";
    let bad = folder("audit-bad", &published("a", AT_END, (0.0, 3.0), "").replace(CITED, ""));
    std::fs::write(bad.path("study/model.toml"), &bare).unwrap();
    let run = remission(&["catalogue", "audit", &bad.path("study"), "--json"]);
    assert_eq!(run.status.code(), Some(1));
    let document: Value = serde_json::from_slice(&run.stdout).unwrap();
    let numbers = &document[0]["numbers"];
    assert_eq!(
        (numbers["bare"].as_u64(), numbers["assumed"].as_u64(), &document[0]["passes"]),
        (Some(3), Some(3), &Value::Bool(false))
    );
    let line = |words: &str| 1 + bare.lines().position(|l| l.contains(words)).unwrap() as u64;
    let found: Vec<(u64, &str)> = document[0]["bare"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| (f["line"].as_u64().unwrap(), f["found"].as_str().unwrap()))
        .collect();
    let wanted = [
        (line("0.75"), "the bare number 0.75"),
        (line("5 cells"), "the bare number 5 cells"),
        (line("10 %"), "the bare number 10 %"),
    ];
    assert_eq!(found, wanted);
    assert_eq!(document[0]["expected"]["without_citation"].as_array().unwrap().len(), 1);
    let said = text(&run.stderr);
    assert!(said.contains("study/model.toml:") && said.contains("give it a name at the end of [parameters]"), "{said}");
    assert!(said.contains("in [measurements.count], for all numbers written there"), "{said}");
    assert!(said.contains("a published number without a citation"), "{said}");

    // A key of the section covers what only takes a number there, and nothing else.
    let covered = bare.clone() + "assumed = \"test\"\n";
    std::fs::write(bad.path("study/model.toml"), covered).unwrap();
    let run = remission(&["catalogue", "audit", &bad.path("study"), "--json"]);
    let document: Value = serde_json::from_slice(&run.stdout).unwrap();
    assert_eq!(
        (document[0]["numbers"]["bare"].as_u64(), document[0]["numbers"]["assumed"].as_u64()),
        (Some(2), Some(4))
    );
}

#[test]
fn a_section_names_one_source_for_its_numbers() {
    let count = "\n[measurements.count]\nkind = \"cell_count\"\nerror = \"10 %\"\nassumed = \"test\"\n";
    let both = folder("two-sources", "");
    let cited = |place: &str| format!("{MODEL}{count}source = {{ url = \"https://example.org\"{place} }}\n");
    std::fs::write(both.path("study/model.toml"), cited(", where = \"Table 1\"")).unwrap();
    let said = text(&remission(&["check", &both.path("study")]).stderr);
    assert!(said.contains("RM0302") && said.contains("`measurements.count` with `source` and `assumed`"), "{said}");
    std::fs::write(both.path("study/model.toml"), cited("").replace("assumed = \"test\"\nsource", "source")).unwrap();
    let said = text(&remission(&["check", &both.path("study")]).stderr);
    assert!(said.contains("RM0308") && said.contains("no `where`"), "{said}");
}

#[test]
fn the_whole_catalogue_passes_its_audit() {
    let run = remission(&["catalogue", "audit", "--json"]);
    assert_eq!(run.status.code(), Some(0), "{}", text(&run.stderr));
    let document: Value = serde_json::from_slice(&run.stdout).unwrap();
    let ids: Vec<&str> = document.as_array().unwrap().iter().map(|e| e["id"].as_str().unwrap()).collect();
    for id in ["nsclc-egfr-tki", "nsclc-egfr-tki/typed-in-fraction", "pc9-erlotinib", "pc9-erlotinib/aceso"] {
        assert!(ids.contains(&id), "{id} in {ids:?}");
    }
    for entry in document.as_array().unwrap() {
        assert!(entry["numbers"]["all"].as_u64().unwrap() > 5 && entry["numbers"]["bare"] == 0, "{entry:#}");
    }
}
