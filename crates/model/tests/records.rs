//! Dosing records: what a table becomes, how it is said, and that nothing in it may panic or take long.

use remission_model::records::{files, in_words, is_file_name, of_patients, summary};
use remission_model::resolved::{Body, DoseRule, Study};
use remission_model::{Beside, Code, Model, Problem, model_from_toml, study_with_files};
use std::time::{Duration, Instant};

const HEAD: &str = "[study]\npatients=4\nseed=1\nhorizon='1 year'\nvisits='every week'\n[[arms]]\nname='x'\n";
const ONE: &str = "records={file='t.csv', time_unit='h'}";

fn model(drugs: &[&str]) -> Model {
    let drug = |route: &&str| {
        let ka = if *route == "oral" { "ka='1 /h'\n" } else { "" };
        let rest = if *route == "held" { "" } else { "clearance='1 L/h'\nvolume='1 L'\n" };
        format!("[drugs.{route}]\nroute='{route}'\n{ka}{rest}felt_as='mg/L'\n")
    };
    let drugs: String = drugs.iter().map(drug).collect();
    model_from_toml(
        "m.toml",
        &format!("[model]\ntitle='x'\n[cells.s]\nbirth='1 /day'\ndeath='0'\n{drugs}[before_treatment]\nstart={{s='10 cells'}}\n"),
    )
    .unwrap()
}

fn read(model: &Model, records: &str, table: &str) -> Result<Study, Vec<Problem>> {
    let beside = Beside { regimens: None, records: &[("t.csv", "t.csv", table)] };
    study_with_files("s.toml", &format!("{HEAD}{records}\n"), &beside, "s", model).map_err(|p| p.0)
}

fn rules(model: &Model, table: &str) -> Vec<DoseRule> {
    let study = read(model, ONE, table).unwrap_or_else(|p| panic!("{table}\n{p:?}"));
    study.arms[0].regimen_of(0).rules.clone()
}

#[test]
fn a_row_becomes_a_rule() {
    let oral = model(&["oral"]);
    let rule = &rules(&oral, "ID,TIME,AMT,II,ADDL\n1,36,150,24,60\n")[0];
    assert_eq!((rule.amount, rule.from, rule.cycle, rule.until), (150.0, 1.5, 1.0, 62.5));
    assert_eq!((rule.duration, &rule.offsets[..]), (0.0, &[0.0][..]));
    // However many doses, it is one rule.
    let most = &rules(&oral, "ID,TIME,AMT,II,ADDL\n1,0,150,24,2147483647\n");
    assert_eq!((most.len(), most[0].until), (1, 2_147_483_648.0));
    let drip = model(&["infusion"]);
    let rule = &rules(&drip, "ID,TIME,AMT,RATE\n1,0,120,10\n")[0];
    assert_eq!((rule.duration, rule.row.unwrap().rate_given), (0.5, true));
    let rule = &rules(&drip, "ID,TIME,AMT,DUR\n1,0,120,12\n")[0];
    assert_eq!((rule.duration, rule.row.unwrap().rate_given), (0.5, false));
    // RATE and DUR that agree.
    assert_eq!(rules(&drip, "ID,TIME,AMT,RATE,DUR\n1,0,120,10,12\n")[0].duration, 0.5);
    // An infusion of 2.5 intervals is one of three that take turns.
    let turns = rules(&drip, "ID,TIME,AMT,DUR,II,ADDL\n1,0,120,60,24,9\n");
    let times: Vec<(f64, f64, f64)> = turns.iter().map(|r| (r.from, r.cycle, r.until)).collect();
    assert_eq!(times, [(0.0, 3.0, 10.0), (1.0, 3.0, 10.0), (2.0, 3.0, 10.0)]);
}

#[test]
fn resets_and_steady_states_end_what_was_before() {
    let oral = model(&["oral"]);
    let bodies = |table: &str| -> Vec<(Body, f64)> {
        rules(&oral, table).iter().map(|r| (r.row.unwrap().body, r.until)).collect()
    };
    let head = "ID,TIME,AMT,II,ADDL,SS,EVID\n1,0,10,24,99,0,1\n";
    let steady = |added| Body::Steady { interval: 0.5, added };
    assert_eq!(bodies(&format!("{head}1,60,.,.,.,.,3\n")), [(Body::Kept, 2.5), (Body::Emptied, f64::INFINITY)]);
    assert_eq!(bodies(&format!("{head}1,60,5,12,0,1,1\n")), [(Body::Kept, 2.5), (steady(false), f64::INFINITY)]);
    assert_eq!(bodies(&format!("{head}1,60,5,12,1,2,1\n")), [(Body::Kept, 100.0), (steady(true), 3.5)]);
    assert_eq!(bodies(&format!("{head}1,60,5,12,0,2,4\n")), [(Body::Kept, 2.5), (steady(false), f64::INFINITY)]);
    // The next ID is another patient.
    assert_eq!(bodies(&format!("{head}2,60,.,.,.,.,3\n")), [(Body::Kept, 100.0)]);
}

#[test]
fn tables_are_read_as_people_write_them() {
    let oral = model(&["oral"]);
    let plain = rules(&oral, "ID,TIME,AMT\n1,24,150\n");
    for table in [
        "\u{feff}ID,TIME,AMT\r\n1,24,150\r\n",
        "# a remark\n\nid, Time ,\"amt\"\n\n\"1\" ,24, \"150\"\n#2,0,1\n",
        "DV,AMT,ID,MDV,TIME,EVID\nNA,150,1,1,24,1\n12.5,.,1,0,36,0\n.,,1,1,48,2\n",
        "ID,TIME,AMT\n1,2.4e1,+150.0",
        "ID,TIME,AMT,RATE,DUR,II,ADDL,SS,CMT\n1,24,150,0,.,,0,0,1\n",
    ] {
        assert_eq!(rules(&oral, table), plain, "{table}");
    }
    // Drugs by compartment and by name.
    let two = model(&["oral", "bolus", "held"]);
    let by_number = "records={file='t.csv', time_unit='h', compartments={1='oral', 4='bolus'}}";
    let drugs = |records: &str, table: &str| -> Vec<usize> {
        let study = read(&two, records, table).unwrap_or_else(|p| panic!("{table}\n{p:?}"));
        study.arms[0].regimen_of(0).rules.iter().map(|r| r.drug).collect()
    };
    assert_eq!(drugs(by_number, "ID,TIME,AMT,CMT\n1,0,1,4\n1,0,1,1\n"), [1, 0]);
    assert_eq!(drugs(ONE, "ID,TIME,AMT,DRUG\n1,0,1,bolus\n1,0,1,oral\n"), [1, 0]);
    // A unit for each column.
    let units = "records={file='t.csv', time_unit='days', amount_unit='g'}";
    let study = read(&oral, units, "ID,TIME,AMT,II,ADDL\n1,1,0.15,7,3\n").unwrap();
    let rule = &study.arms[0].regimen_of(0).rules[0];
    assert_eq!((rule.from, rule.amount, rule.cycle), (1.0, 150.0, 7.0));
    assert!(rule.until == 29.0 && study.arms[0].regimen.rules.is_empty());
}

#[test]
fn in_words_for_one_and_for_all() {
    let two = model(&["oral", "infusion"]);
    let records = "records={file='t.csv', time_unit='h', compartments={1='oral', 2='infusion'}}";
    let table = "ID,TIME,AMT,RATE,II,ADDL,SS,EVID,CMT\n\
        1,0,150,0,24,60,0,1,1\n\
        2,0,150,0,24,60,0,1,1\n\
        P3,0,100,0,0,0,0,1,1\nP3,24,100,0,0,0,0,1,1\nP3,48,100,0,0,0,0,1,1\nP3,96,100,0,0,0,0,1,1\nP3,100,0,0,0,0,0,3,1\n\
        4,12,200,400,504,3,0,1,2\n4,600,90,0,12,0,1,1,1\n\
        5,0,.,.,.,.,.,0,.\n\
        6,0,0,10,0,0,1,1,2\n6,0,50,0,24,9,2,1,1\n6,60,40,0,0,0,0,4,1\n";
    let study = read(&two, records, table).unwrap_or_else(|p| panic!("{p:?}"));
    let arm = &study.arms[0];
    let words = |patient: u32| in_words(arm.regimen_of(patient), &two);
    assert_eq!(words(0), ["oral 150 mg oral every day, 61 doses from day 1"]);
    assert_eq!(
        words(2),
        [
            "oral 100 mg oral every day, 3 doses from day 1",
            "oral 100 mg oral on day 5",
            "the body is emptied on day 5.16667"
        ]
    );
    // Only two of the four doses come before the steady state that cancels the others.
    assert_eq!(
        words(3),
        [
            "infusion 200 mg infusion over 30 minutes every 21 days, 2 doses from day 1.5",
            "oral 90 mg oral every 12 hours, at steady state on day 26"
        ]
    );
    assert_eq!(words(4), ["no treatment"]);
    assert_eq!(
        words(5),
        [
            "infusion at the steady state of 240 mg a day, which ends on day 1",
            "oral 50 mg oral every day, at steady state added to what is in the body on day 1, 3 doses from then",
            "oral 40 mg oral on day 3.5, into an emptied body"
        ]
    );
    // Records are taken in turn.
    assert_eq!((words(6), words(8)), (words(0), words(2)));
    let records = arm.records.as_ref().unwrap();
    assert_eq!(
        summary(records, &two, 2),
        [
            "2 of 6 patients: oral 150 mg oral every day, 61 doses from day 1".to_string(),
            format!("1 of 6 patients: {}", words(2).join("; ")),
            "3 of 6 patients: 3 other courses".into()
        ]
    );
    assert_eq!(of_patients(records, &two, 3)[2], format!("patient 2 (ID P3): {}", words(2).join("; ")));
    assert_eq!(of_patients(records, &two, 8).len(), 8);
}

fn first(problems: &[Problem]) -> &Problem {
    problems.first().unwrap()
}

#[test]
fn faults_say_line_column_and_repair_all_at_once() {
    let oral = model(&["oral"]);
    let table =
        "ID,TIME,AMT,EVID\n1,0,100,1\n1,24,1e400,1\n1,48,100\n1,36,100,7\n# passed over\n1,-1,100,1\n1,60,abc,1\n";
    let problems = read(&oral, ONE, table).unwrap_err();
    let said: Vec<(&str, &str)> = problems.iter().map(|p| (p.code.text(), p.where_.as_str())).collect();
    assert_eq!(
        said,
        [
            ("RM0906", "line 3, column AMT"),
            ("RM0905", "line 4"),
            ("RM0907", "line 5, column EVID"),
            ("RM0908", "line 7, column TIME"),
            ("RM0906", "line 8, column AMT"),
        ]
    );
    assert_eq!(&table[problems[0].span.clone()], "1e400");
    assert_eq!(problems[0].line_column(table), (3, 6));
    assert!(problems.iter().all(|p| p.file == "t.csv"));
    // Faults of the study and of the table together.
    let both =
        read(&oral, "records={file='t.csv', time_unit='h', tiem_unit='h'}", "ID,TIME,AMT\n1,0,-1\n").unwrap_err();
    let codes: Vec<&str> = both.iter().map(|p| p.code.text()).collect();
    assert_eq!(codes, ["RM0003", "RM0910"], "{both:?}");
    for (table, repair) in [
        ("ID;TIME;AMT\n1;0;100\n", "separate cells by commas and write decimals with a point"),
        ("ID TIME AMT\n1 0 100\n", "separate cells by commas"),
        ("#ID,TIME,AMT\n1,0,100\n", "a line that begins with # is passed over"),
        ("ID,TIME,AMT\n1,0,37,5\n", "write decimals with a point"),
        ("ID,TIME,AMT\n1,0,\"37,5\"\n", "write decimals with a point"),
        ("ID,TIME,AMT\n1,2026-01-31,37\n", "not as a clock time or a date"),
        ("ID,TIME,AMT\n1,0,NA\n", "write `.`"),
        ("ID,TIME,AMT\n1,0,-150\n", "remove the row if nothing was given"),
        ("ID,TIME,AMT\n1,0,1000001\n", "correct AMT"),
        ("ID,TIME,AMT,II,ADDTL\n1,0,10,24,9\n", "did you mean ADDL?"),
        ("ID,TIME,AMT,TAU,ADDL\n1,0,10,24,9\n", "did you mean II?"),
        ("ID,TIME,AMT,II,steady\n1,0,10,24,1\n", "did you mean SS?"),
        ("ID,TIME,AMT,EVIDD\n1,0,10,0\n", "did you mean EVID?"),
        ("ID,TIME,DOSE\n1,0,10\n", "did you mean AMT?"),
        ("SUBJECT,TIME,AMT\n1,0,10\n", "did you mean ID?"),
        ("ID,TIME,AMT,RTE\n1,0,10,0\n", "did you mean RATE?"),
        ("ID,TIME,AMT,COMP\n1,0,10,1\n", "did you mean CMT?"),
        ("1,0,100\n1,24,100\n", "names of the columns"),
        ("ID,TIME,AMT,RATE\n1,0,10,-2\n", "DUR"),
        ("ID,TIME,AMT,CMT\n1,0,10,1\n1,9,10,2\n", "compartments = { 1 = \"oral\", 2 = \"oral\" }"),
        ("ID,TIME,AMT,II\n1,0,10,24\n", "ADDL"),
        ("ID,TIME,AMT\n1,0,1\n2,0,1\n1,1,1\n", "sort the table by ID, then TIME"),
    ] {
        let problems = read(&oral, ONE, table).unwrap_err();
        assert!(first(&problems).repair.contains(repair), "{table}: {problems:?}");
    }
    // What is wrong with a header is said once.
    for table in ["ID;TIME;AMT\n1;0;100\n", "1,0,100\n1,24,100\n", "ID,TIME,AMT,ADDTL\n1,0,10,24\n"] {
        assert_eq!(read(&oral, ONE, table).unwrap_err().len(), 1, "{table}");
    }
    // Columns that say nothing about doses are passed over, even where they look like one that is read.
    let usual = "ID,TIME,AMT,DV,MDV,DVID,CENS,LIMIT,BLQ,WT,AGE,SEX,RACE,CRCL,DATE,C,TAD,DOSE,DAY,AST,OCC,NOTE";
    let row = format!("1,0,100{}", ",.".repeat(19));
    assert!(read(&oral, ONE, &format!("{usual}\n{row}\n")).is_ok());
    // A held drug has no doses.
    let held = model(&["held"]);
    assert_eq!(first(&read(&held, ONE, "ID,TIME,AMT\n1,0,1\n").unwrap_err()).code, Code::RecordsColumns);
}

#[test]
fn many_faults_are_counted() {
    let oral = model(&["oral"]);
    let table = "ID,TIME,AMT\n".to_string() + &"1,0,x\n".repeat(5000);
    let problems = read(&oral, ONE, &table).unwrap_err();
    assert_eq!(problems.len(), 20);
    assert!(problems[19].repair.ends_with("(and 4980 more problems of this table)"), "{}", problems[19].repair);
    let drugs = "ID,TIME,AMT,DRUG\n".to_string() + &"1,0,1,nothing\n".repeat(100);
    assert_eq!(read(&oral, ONE, &drugs).unwrap_err().len(), 20);
}

#[test]
fn large_tables_are_read_at_once_and_larger_ones_refused() {
    let oral = model(&["oral"]);
    let began = Instant::now();
    let row = |id: usize, k: usize| format!("{id},{},150,24,2147483647,1\n", k * 10);
    let many: String = (0..5000).flat_map(|id| (0..20).map(move |k| row(id, k))).collect();
    let study = read(&oral, ONE, &format!("ID,TIME,AMT,II,ADDL,EVID\n{many}")).unwrap();
    assert_eq!(study.arms[0].records.as_ref().unwrap().patients.len(), 5000);
    let of_one = "ID,TIME,AMT\n".to_string() + &"1,0,1\n".repeat(10_001);
    assert_eq!(first(&read(&oral, ONE, &of_one).unwrap_err()).code, Code::RecordsSize);
    let huge = "ID,TIME,AMT\n".to_string() + &" ".repeat(remission_model::records::MAX_BYTES);
    assert_eq!(first(&read(&oral, ONE, &huge).unwrap_err()).code, Code::RecordsSize);
    // Repeats that each steady state cancels, ten thousand times.
    let resets: String = (0..10_000).map(|k| format!("1,{k},1,24,9,1,1\n")).collect();
    assert_eq!(rules(&oral, &format!("ID,TIME,AMT,II,ADDL,SS,EVID\n{resets}")).len(), 10_000);
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
}

/// A damaged table is read or refused, and never more.
#[test]
fn damage_does_not_panic() {
    let two = model(&["oral", "infusion"]);
    let records = "records={file='t.csv', time_unit='h', compartments={1='oral', 2='infusion'}}";
    let table = "ID,TIME,AMT,RATE,DUR,II,ADDL,SS,EVID,CMT\n1,0,150,0,0,24,60,0,1,1\n1,9,50,25,2,24,6,1,1,2\n\
        2,0,0,10,0,0,0,2,1,2\n2,30,\"70\",.,4,12,3,2,4,2\n";
    let pieces =
        ["1e308", "-1", "-2", "\"", ",", "\n", ".", "é", "1e-308", "2147483648", "nan", "\r", "\u{feff}", "#", "0"];
    let mut state = 0x9E37_79B9_7F4A_7C15u64;
    let mut below = |n: usize| {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        (state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % n
    };
    let mut accepted = 0;
    for _ in 0..20_000 {
        let mut bytes = table.as_bytes().to_vec();
        for _ in 0..1 + below(2) {
            let at = below(bytes.len());
            let end = (at + below(4)).min(bytes.len());
            drop(bytes.splice(at..end, pieces[below(pieces.len())].bytes()));
        }
        let damaged = String::from_utf8_lossy(&bytes).into_owned();
        match read(&two, records, &damaged) {
            Ok(study) => {
                accepted += 1;
                for patient in 0..3 {
                    let regimen = study.arms[0].regimen_of(patient);
                    in_words(regimen, &two);
                    for r in &regimen.rules {
                        let rate = r.amount / r.duration.max(1.0 / 86_400.0);
                        assert!(r.from >= 0.0 && r.cycle > 0.0 && r.duration >= 0.0 && rate.is_finite(), "{damaged}");
                    }
                }
            }
            Err(problems) => {
                for p in problems {
                    assert!(p.span.end <= damaged.len().max(HEAD.len() + records.len() + 1), "{p:?}\n{damaged}");
                    assert!(!p.found.is_empty() && p.found.len() < 1000 && !p.repair.is_empty(), "{p:?}");
                }
            }
        }
    }
    println!("{accepted} of 20000 damaged tables were still tables");
    assert!(accepted > 200);
}

#[test]
fn names_of_files_stay_beside_the_study() {
    for name in ["dosing.csv", "trial-7_a.b.csv", "1.csv"] {
        assert!(is_file_name(name), "{name}");
    }
    for name in
        ["", ".csv", "..csv", "../a.csv", "a/b.csv", "a\\b.csv", "a.tsv", "/etc/a.csv", "a b.csv", "C:a.csv", "é.csv"]
    {
        assert!(!is_file_name(name), "{name}");
    }
    let study = "[[arms]]\nrecords={file='a.csv'}\n[[arms]]\nrecords={file='../b.csv'}\n[[arms]]\nregimen=[]\n[[arms]]\nrecords={file='a.csv'}";
    assert_eq!(files(study), ["a.csv"]);
    assert!(files("not toml").is_empty());
}
