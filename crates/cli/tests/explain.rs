//! `explain`, `new` and `catalogue show|copy` from outside, and the examples of the error pages, which must be real.

use serde_json::Value;
use std::path::PathBuf;
use std::process::{Command, Output};

fn remission(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_remission")).env_remove("COLUMNS").args(arguments).output().unwrap()
}

/// What a command that must succeed printed.
fn said(arguments: &[&str]) -> String {
    let out = remission(arguments);
    assert_eq!(out.status.code(), Some(0), "{arguments:?}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap()
}

/// What a command that must be refused printed; nothing on stdout.
fn refused(arguments: &[&str]) -> String {
    let out = remission(arguments);
    assert_eq!(out.status.code(), Some(1), "{arguments:?}: {}", String::from_utf8_lossy(&out.stderr));
    assert!(out.stdout.is_empty(), "{arguments:?} prints on stdout");
    String::from_utf8(out.stderr).unwrap()
}

/// A folder of this test's own, removed at the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Scratch {
        let path = std::env::temp_dir().join(format!("remission-explain-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Scratch(path)
    }

    fn path(&self, file: &str) -> String {
        self.0.join(file).display().to_string()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Words with one space between them, so that a line break inside a sentence does not matter.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_patient_is_explained() {
    let text = said(&["explain", "nsclc-egfr-tki"]);
    let headings = [
        "Question",
        "Cells",
        "Drugs and levels",
        "Before treatment",
        "Visits",
        "Arms",
        "What ends a run",
        "Origins",
        "Numbers",
    ];
    let places: Vec<usize> = headings.iter().map(|h| text.find(&format!("\n{h}\n---")).expect(h)).collect();
    assert!(places.is_sorted(), "headings out of order");
    let words = flat(&text);
    for wanted in [
        "49 numbers: 17 from papers, 4 fitted, 28 assumed",
        // 0.13 + 0.016 less 0.13 + 0.042: the file's own numbers.
        "without drug 0.146 0.13 +0.016 doubles in 43 days",
        "0.146 0.172 -0.026 halves in 27 days",
        // ln 2 x 233 L / 3.95 L/h.
        "Half-life 41 hours",
        "every 6 weeks until 18 months, then every 12 weeks",
        "at least 20 % and at least 5 mm above the smallest sum so far",
        "drug-induced cannot occur here",
        "Could be 0.03 to 0.3 /day, log-uniform",
    ] {
        assert!(words.contains(wanted), "not said: {wanted}\n{text}");
    }
    for line in text.lines().filter(|l| !l.contains("://")) {
        assert!(line.chars().count() <= 80, "longer than 80 columns: {line}");
    }
}

#[test]
fn the_document_holds_what_the_text_says() {
    let json: Value = serde_json::from_str(&said(&["explain", "nsclc-egfr-tki", "--json"])).expect("one document");
    let count = &json["numbers_rest_on"];
    let numbers = json["numbers"].as_array().unwrap();
    let of = |basis: &str| numbers.iter().filter(|n| n["basis"] == basis).count() as u64;
    for basis in ["cited", "fitted", "assumed"] {
        assert_eq!(count[basis], of(basis));
    }
    assert!(
        numbers.iter().all(|n| (n["basis"] == "assumed") == n["prior"].is_string()),
        "a prior belongs to an assumption"
    );
    // Average of a linear drug at steady state: 150 mg / (3.95 L/h x 24 h) x 1000 / 429.9 g/mol, within the 1 % of `steady`.
    let daily = &json["drugs"][0]["arms"][0];
    assert_eq!(daily["arm"], "erlotinib 150 mg daily");
    let average = daily["steady"]["cavg"].as_f64().unwrap();
    assert!((average / (150.0 / (3.95 * 24.0) * 1000.0 / 429.9) - 1.0).abs() < 0.01, "{average}");
    let conditions = json["conditions"].as_array().unwrap().len();
    assert_eq!(conditions, 4, "without drug and three arms");
    for cell in json["cells"].as_array().unwrap() {
        assert_eq!(cell["net"].as_array().unwrap().len(), conditions);
    }
}

#[test]
fn a_model_without_a_study_and_every_valid_case_are_explained() {
    let scratch = Scratch::new("cases");
    let cases = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../spec/cases/valid");
    let mut explained = 0;
    for file in std::fs::read_dir(cases).unwrap().map(|f| f.unwrap().path()) {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        if name.ends_with(".resolved.toml") {
            continue;
        }
        let text = std::fs::read_to_string(&file).unwrap();
        let (model, rest) = text.split_once("# --- study ---\n").unwrap_or((&text, ""));
        let (rest, records) = rest.split_once("# --- dosing.csv ---\n").unwrap_or((rest, ""));
        let (study, regimens) = rest.split_once("# --- regimen ---\n").unwrap_or((rest, ""));
        let folder = scratch.0.join(&name);
        std::fs::create_dir(&folder).unwrap();
        let parts = [("model.toml", model), ("study.toml", study), ("regimen.toml", regimens), ("dosing.csv", records)];
        for (file, text) in parts {
            if !text.is_empty() {
                std::fs::write(folder.join(file), text).unwrap();
            }
        }
        let said = said(&["explain", &scratch.path(&name)]);
        assert!(!said.contains("NaN") && !said.contains("not known"), "{name}: {said}");
        assert_eq!(said.contains("\nArms\n"), !study.is_empty(), "{name}");
        assert!(
            said.lines().all(|l| l.chars().count() <= 80 || l.contains("://") || l.starts_with("next: ")),
            "{name}: {said}"
        );
        explained += 1;
    }
    assert!(explained >= 5);
}

#[test]
fn a_broken_model_gives_the_usual_report_and_names_its_page() {
    let scratch = Scratch::new("broken");
    std::fs::write(
        scratch.0.join("model.toml"),
        "[model]\ntitle = \"x\"\n[cells.a]\nbirth = \"-1 /day\"\ndeath = \"0\"\n",
    )
    .unwrap();
    let report = refused(&["explain", &scratch.path("")]);
    assert!(report.contains("RM0401") && report.contains("model.toml:4"), "{report}");
    assert!(
        report.trim_end().ends_with("says more") && report.contains("`remission explain RM0004` (or RM0401)"),
        "{report}"
    );
    assert!(refused(&["explain", "nsclc-egfr-tky"]).contains("nsclc-egfr-tki"));
}

#[test]
fn every_code_is_explained_in_any_case() {
    let list = said(&["explain", "--list"]);
    for code in remission_model::Code::ALL {
        assert!(
            list.contains(&format!("{code}  {}", &code.title()[..code.title().len().min(40)])),
            "{code} is not listed"
        );
        let page = said(&["explain", &code.text().to_lowercase()]);
        assert!(page.starts_with(&format!("{code}: ")), "{page}");
        assert!(page.contains("For example:\n\n    ") && page.contains("\nRepair: "), "{page}");
    }
    let pages: Value = serde_json::from_str(&said(&["explain", "--list", "--json"])).unwrap();
    assert_eq!(pages.as_array().unwrap().len(), remission_model::Code::ALL.len());
    let unknown = refused(&["explain", "RM0820"]);
    assert!(unknown.contains("RM0802") && unknown.contains("--list"), "{unknown}");
}

#[test]
fn a_new_study_checks_and_runs() {
    let scratch = Scratch::new("new");
    let mine = scratch.path("mine");
    let told = said(&["new", &mine]);
    assert!(told.contains(&format!("remission run {mine} --patients 100")), "{told}");
    said(&["check", &mine]);
    let json: Value = serde_json::from_str(&said(&["explain", &mine, "--json"])).unwrap();
    let count = &json["numbers_rest_on"];
    assert!(count["numbers"].as_u64().unwrap() > 5);
    assert_eq!(count["numbers"], count["assumed"], "every number of the skeleton is marked assumed");
    for number in json["numbers"].as_array().unwrap() {
        assert!(number["source"].as_str().unwrap().contains("placeholder"), "{number}");
    }
    let run: Value =
        serde_json::from_str(&said(&["run", &mine, "--patients", "100", "--json", "--out", &scratch.path("run")]))
            .unwrap();
    assert_eq!(run["patients"]["failed"], 0);
    assert!(run["arms"][0]["progressed"].as_u64().unwrap() > 50, "its question has an answer: {run}");
    assert!(refused(&["new", &mine]).contains("nothing is overwritten"));

    // What is commented out is right as well.
    for file in ["model.toml", "study.toml"] {
        let path = scratch.0.join("mine").join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        let starts = [
            "entry ",
            "wake ",
            "switches ",
            "[cells.persister]",
            "kind ",
            "birth ",
            "death ",
            "[[arms]]",
            "name ",
            "regimen ",
            "after_",
        ];
        let line = |l: &str| match l.strip_prefix("# ") {
            Some(rest) if starts.iter().any(|s| rest.starts_with(s)) => format!("{rest}\n"),
            _ => format!("{l}\n"),
        };
        std::fs::write(&path, text.lines().map(line).collect::<String>()).unwrap();
    }
    let checked = said(&["check", &mine]);
    assert!(
        checked.contains("3 cell types") && checked.contains("2 arms") && checked.contains("12 parameters"),
        "{checked}"
    );
}

#[test]
fn a_folder_is_shown_like_an_entry() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../catalogue/gbm-pus7");
    let (entry, own) = (flat(&said(&["catalogue", "show", "gbm-pus7"])), flat(&said(&["catalogue", "show", folder])));
    let part = |text: &str, from: &str, to: &str| {
        let (a, z) = (text.find(from).unwrap_or_else(|| panic!("{from}: {text}")), text.find(to).unwrap());
        text[a..z].to_string()
    };
    for (from, to) in [("gbm-pus7:", "`remission catalogue test"), ("Arms", "Published numbers")] {
        assert_eq!(part(&entry, from, to), part(&own, from, to));
    }
    assert!(own.contains("expected.toml") && own.contains("Notes"), "{own}");
    // A narrow range has its digits, and a unit a space before it.
    let narrow = flat(&said(&["catalogue", "show", "lgg-pcv"]));
    assert!(narrow.contains("4.8330e10 cells; 4.8325e10 to 4.8335e10 cells counts as agreement"), "{narrow}");
}

#[test]
fn a_catalogue_entry_is_shown_and_copied() {
    let shown = flat(&said(&["catalogue", "show", "nsclc-egfr-tki"]));
    for wanted in [
        "median progression-free survival 10.2 months; 9.7 to 10.7 months counts as agreement",
        "response 76 %",
        "doi 10.1056/NEJMoa1713137",
        "catalogue/nsclc-egfr-tki/study.toml",
        "nsclc-egfr-tki/typed-in-fraction",
        "What the model says",
    ] {
        assert!(shown.contains(wanted), "{wanted}\n{shown}");
    }
    let scratch = Scratch::new("copy");
    let ids: Value = serde_json::from_str(&said(&["catalogue", "--json"])).unwrap();
    for id in ids.as_array().unwrap().iter().map(|e| e["id"].as_str().unwrap()) {
        said(&["catalogue", "show", id]);
        let mine = scratch.path(&id.replace('/', "-"));
        let told = said(&["catalogue", "copy", id, &mine]);
        assert!(told.contains(&format!("remission check {mine}")), "{told}");
        said(&["check", &mine, "--read-only"]);
        let before: Vec<u8> = std::fs::read(PathBuf::from(&mine).join("model.toml")).unwrap();
        assert!(refused(&["catalogue", "copy", id, &mine]).contains("nothing is overwritten"));
        assert_eq!(std::fs::read(PathBuf::from(&mine).join("model.toml")).unwrap(), before);
    }
    // Data that a variant's numbers were fitted to come from its entry.
    assert!(scratch.0.join("pc9-erlotinib-aceso/readings.csv").is_file());
    assert!(scratch.0.join("pc9-erlotinib/readings.csv").is_file());
    assert!(
        !scratch.0.join("pc9-erlotinib/expected.toml").exists(),
        "published numbers belong to the entry and not to a copy"
    );
    assert!(refused(&["catalogue", "copy", "nsclc", &scratch.path("x")]).contains("the catalogue has"));
    assert!(!scratch.0.join("x").exists());
}

/// A model and a study in which every example of a page has its place.
const MODEL: &str = r#"
model.title = "x"
parameters.u = { value = "1e-8", fitted = "x.csv" }
parameters.a = { value = "0.1 /day", fitted = "x.csv" }
parameters.birth = { value = "0.5 /day", fitted = "x.csv", between_patients = "lognormal(cv = 10 %)" }
parameters.death = { value = "0.1 /day", fitted = "x.csv", between_patients = "lognormal(cv = 10 %)" }
parameters.kill = { value = "0.1 /day", fitted = "x.csv", between_patients = "lognormal(cv = 10 %)" }
parameters.entry = { value = "0.1 /day", fitted = "x.csv" }
parameters.size = { value = "1e9 cells", fitted = "x.csv" }
parameters.ec50 = { value = "1 uM", fitted = "x.csv" }
cells.sensitive = { birth = "0.5 /day", death = "0.1 /day" }
cells.resistant = { kind = "resistant", birth = "0.5 /day", death = "0.1 /day" }
drugs.drug = { route = "oral", ka = "1 /h", clearance = "5 L/h", volume = "100 L", molar_mass = "393.4 g/mol", felt_as = "uM" }
drugs.erlotinib = { route = "held", felt_as = "uM" }
before_treatment.grow = "sensitive from 1 cell until 1e9 cells"
tables.t = { of = "uM", points = [[0, 1], [1, 0]] }
measurements.tube = { kind = "ctdna", shed = "1e-4", half_life = "1 h", plasma = "3 L", blood = "10 mL", recovery = "50 %", background = "5 ng/mL", depth = 10000, artefacts = "1e-5", detection_limit = "0.01 %" }
levels.neutrophils = { start = "2e9 cells/L", rate = "0" }
measurements.diameters = { kind = "sum_of_diameters", shares = [0.5], cells_per_volume = "1e9 cells/cm^3", reader_error = "5 %" }
"#;

const STUDY: &str = r#"
study = { patients = 10, seed = 1, horizon = "1 year", visits = "every 2 weeks", recist_on = "diameters" }
arms = [{ name = "daily", regimen = ["drug 100 mg every day"] }]
"#;

/// Puts a key of an example where the format has it: the section that the page's reader would write it in.
fn place(key: &str) -> Option<&'static [&'static str]> {
    Some(match key {
        "birth" | "death" | "kind" | "mutates" | "switches" | "immigration" => &["cells", "sensitive"],
        "volume" | "bioavailability" | "peripheral" | "felt_as" | "delay" | "ka" | "clearance" | "route" => {
            &["drugs", "drug"]
        }
        "grow" | "start" | "barcodes" => &["before_treatment"],
        "u" => &["parameters"],
        "value" | "prior" | "between_patients" | "source" => &["parameters", "u"],
        "points" => &["tables", "t"],
        "shares" => &["measurements", "diameters"],
        "plasma" | "blood" | "copies" | "mutated_copies" => &["measurements", "tube"],
        "patients" | "visits" | "horizon" | "recist_on" => &["study"],
        "regimen" | "records" | "rules" => &["arms"],
        _ => return None,
    })
}

fn merge(into: &mut toml::Table, from: toml::Table) {
    for (key, value) in from {
        match (into.get_mut(&key), value) {
            (Some(toml::Value::Table(own)), toml::Value::Table(more)) => merge(own, more),
            (_, value) => {
                into.insert(key, value);
            }
        }
    }
}

/// Codes that a model and a study with the example in its place give; keys that the example says are not there (`# no ka`)
/// are taken out.
fn codes_of(example: &toml::Table, text: &str) -> Vec<&'static str> {
    let mut model: toml::Table = MODEL.parse().unwrap();
    let mut study: toml::Table = STUDY.parse().unwrap();
    if let Some((_, missing)) = text.split_once("# no ") {
        let path = if missing.trim() == "death" { ["cells", "sensitive"] } else { ["drugs", "drug"] };
        assert!(model[path[0]][path[1]].as_table_mut().unwrap().remove(missing.trim()).is_some(), "{text}");
    }
    for (key, value) in example {
        if key == "rate" {
            let switch = toml::Table::from_iter([("to".into(), "resistant".into()), (key.clone(), value.clone())]);
            let sensitive = model["cells"]["sensitive"].as_table_mut().unwrap();
            sensitive.insert("switches".into(), toml::Value::Array(vec![toml::Value::Table(switch)]));
            continue;
        }
        let Some(path) = place(key) else {
            // A whole section.
            let into = if key == "study" || key == "arms" { &mut study } else { &mut model };
            merge(into, toml::Table::from_iter([(key.clone(), value.clone())]));
            continue;
        };
        if path == ["arms"] {
            let arm = study["arms"][0].as_table_mut().unwrap();
            if key == "records" {
                arm.remove("regimen");
            }
            arm.insert(key.clone(), value.clone());
            continue;
        }
        let mut at = if path == ["study"] { &mut study } else { &mut model };
        for part in path {
            at = at.get_mut(*part).unwrap().as_table_mut().unwrap();
        }
        if key == "prior" || key == "between_patients" {
            at.remove("fitted");
            at.insert("assumed".into(), "x".into());
            at.entry("prior").or_insert("loguniform(1e-9, 1e-7)".into());
        } else if key == "source" {
            at.remove("fitted");
        } else if key == "start" {
            at.remove("grow");
        }
        at.insert(key.clone(), value.clone());
    }
    let codes = |p: remission_model::Problems| p.0.iter().map(|p| p.code.text()).collect();
    let model = match remission_model::model_from_toml("model.toml", &model.to_string()) {
        Ok(model) => model,
        Err(problems) => return codes(problems),
    };
    read_study(&study.to_string(), "ID,TIME,AMT\n1,0,100\n", &model).map_or_else(codes, |()| Vec::new())
}

fn read_study(study: &str, dosing: &str, model: &remission_model::Model) -> Result<(), remission_model::Problems> {
    let records = [("dosing.csv", "dosing.csv", dosing)];
    let beside = remission_model::Beside { regimens: None, records: &records };
    remission_model::study_with_files("study.toml", study, &beside, "x", model).map(|_| ())
}

/// Codes that this table of doses gives.
fn codes_of_doses(table: &str) -> Vec<&'static str> {
    let model = remission_model::model_from_toml("model.toml", MODEL).unwrap();
    let records = "arms = [{ name = \"recorded\", records = { file = \"dosing.csv\", time_unit = \"h\" } }]";
    let study = STUDY.lines().filter(|l| !l.starts_with("arms")).chain([records]).collect::<Vec<_>>().join("\n");
    let problems = read_study(&study, &format!("{table}\n"), &model).map_or_else(|p| p.0, |()| Vec::new());
    problems.iter().map(|p| p.code.text()).collect()
}

/// An example on a page gives the code of the page. Those that say in words what the file is (too large, too long, no arms)
/// have their case in `spec/cases/invalid` alone.
#[test]
fn the_examples_of_the_pages_are_real() {
    assert_eq!(codes_of(&toml::Table::new(), ""), Vec::<&str>::new(), "what examples are put into is right");
    let pages: Value = serde_json::from_str(&said(&["explain", "--list", "--json"])).unwrap();
    let mut wrong = Vec::new();
    let mut real = 0;
    for page in pages.as_array().unwrap() {
        let (code, example) = (page["code"].as_str().unwrap(), page["example"].as_str().unwrap());
        if example.contains("...") && !example.contains("doi") || example.starts_with('(') {
            continue;
        }
        let found = match example.parse::<toml::Table>() {
            _ if example.starts_with("ID") => codes_of_doses(example),
            Ok(table) => codes_of(&table, example),
            Err(_) => {
                let text = format!("[model]\ntitle = \"x\"\n[cells.a]\n{example}\n");
                remission_model::model_from_toml("m.toml", &text).unwrap_err().0.iter().map(|p| p.code.text()).collect()
            }
        };
        real += 1;
        if !found.contains(&code) {
            wrong.push(format!("{code} gives {found:?}:\n{example}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(real + 6 >= pages.as_array().unwrap().len(), "most pages have an example that is looked at: {real}");
}

/// What the program writes is laid out as the program lays out.
#[test]
fn a_new_study_is_formatted() {
    let scratch = Scratch::new("formatted");
    let mine = scratch.path("mine");
    said(&["new", &mine]);
    said(&["fmt", "--check", &mine]);
}
