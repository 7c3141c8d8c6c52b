//! Covariates and dose changes in the tables of a run, read back.

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type, UInt32Type};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use remission_cohort::variation::patient;
use remission_engine::stream::{Purpose, Stream};
use std::path::Path;
use std::process::Command;

fn table(folder: &Path, file: &str) -> RecordBatch {
    let reader = ParquetRecordBatchReaderBuilder::try_new(std::fs::File::open(folder.join(file)).unwrap()).unwrap();
    let schema = reader.schema().clone();
    let mut batches: Vec<RecordBatch> = reader.build().unwrap().map(Result::unwrap).collect();
    assert!(batches.len() <= 1, "small runs have one row group");
    batches.pop().unwrap_or_else(|| RecordBatch::new_empty(schema))
}

fn words(batch: &RecordBatch, column: &str) -> Vec<String> {
    let column = batch.column_by_name(column).unwrap().as_dictionary::<Int32Type>();
    let names = column.values().as_string::<i32>();
    column.keys().iter().map(|k| names.value(k.unwrap() as usize).to_string()).collect()
}

fn reals(batch: &RecordBatch, column: &str) -> Vec<f64> {
    batch.column_by_name(column).unwrap().as_primitive::<Float64Type>().values().to_vec()
}

const STUDY: &str = r#"
[study]
patients = 30
seed = 5
horizon = "10 weeks"
visits = "every week"
[[arms]]
name = "ruled"
regimen = ["drug 500 mg every week"]
rules = ["reduce drug by 50 % when n < 90 % of baseline, at most 1 time", "stop drug when n < 20 % of baseline"]
[[arms]]
name = "plain"
regimen = ["drug 500 mg every week"]
"#;

#[test]
fn patients_carry_their_covariates_and_arms_their_dose_changes() {
    let folder = std::env::temp_dir().join(format!("remission-test-variation-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let model = std::fs::read_to_string("../../spec/cases/valid/covariates.toml").unwrap()
        + "\n[measurements.n]\nkind = \"cell_count\"\n";
    std::fs::write(folder.join("model.toml"), &model).unwrap();
    std::fs::write(folder.join("study.toml"), STUDY).unwrap();
    let out = folder.join("run");
    let remission = |arguments: &[&str]| {
        let run = Command::new(env!("CARGO_BIN_EXE_remission")).args(arguments).output().unwrap();
        assert!(run.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&run.stderr));
        String::from_utf8_lossy(&run.stdout).into_owned()
    };
    let said = remission(&["check", &folder.display().to_string()]);
    assert!(said.contains("8 parameters") && said.contains("4 covariates"), "{said}");
    remission(&["run", &folder.display().to_string(), "--out", &out.display().to_string()]);
    remission(&["verify", &out.display().to_string()]);

    let model = remission_model::model_from_toml("model.toml", &model).unwrap();
    let patients = table(&out, "patients.parquet");
    let numbers = patients.column_by_name("patient_id").unwrap().as_primitive::<UInt32Type>().values().to_vec();
    assert_eq!(numbers.len(), 60);
    let (weight, age) = (reals(&patients, "covariate_weight"), reals(&patients, "covariate_age"));
    let (metaboliser, smoker) = (words(&patients, "covariate_metaboliser"), words(&patients, "covariate_smoker"));
    for (row, number) in numbers.iter().enumerate() {
        let (_, traits) = patient(&model, &mut Stream::new(5, u64::from(*number), 0, Purpose::Parameters));
        // kg are 1e6 mg, years 365.25 days.
        assert!((weight[row] * 1e6 / traits[0].value - 1.0).abs() < 1e-12);
        assert!((age[row] * 365.25 / traits[1].value - 1.0).abs() < 1e-12);
        assert_eq!(metaboliser[row], ["poor", "usual", "ultra-rapid"][traits[2].category.unwrap()]);
        assert_eq!(smoker[row], ["no", "yes"][traits[3].category.unwrap()]);
    }

    let changes = table(&out, "dose_changes.parquet");
    let (arms, rules, scales) = (words(&changes, "arm"), words(&changes, "rule"), reals(&changes, "scale"));
    assert!(!arms.is_empty() && arms.iter().all(|a| a == "ruled"), "{arms:?}");
    assert!(words(&changes, "drug").iter().all(|d| d == "drug"));
    assert!(reals(&changes, "time").iter().all(|t| t % 7.0 == 0.0 && *t > 0.0));
    let reduce = "reduce drug by 50 % when n < 90 % of baseline, at most 1 time";
    for (rule, scale) in rules.iter().zip(&scales) {
        assert_eq!(*scale, if rule == reduce { 0.5 } else { 0.0 }, "{rule}");
    }
    assert!(rules.iter().any(|r| r == reduce) && rules.iter().any(|r| r != reduce), "both rules act: {rules:?}");

    // A model without covariates has the columns that it always had.
    remission(&["run", "pc9-erlotinib", "--patients", "1", "--out", &folder.join("plain").display().to_string()]);
    let plain = table(&folder.join("plain"), "patients.parquet");
    let columns: Vec<String> = plain.schema().fields().iter().map(|f| f.name().clone()).collect();
    assert!(columns.iter().all(|c| !c.starts_with("covariate_")), "{columns:?}");
    assert_eq!(table(&folder.join("plain"), "dose_changes.parquet").num_rows(), 0);
    std::fs::remove_dir_all(&folder).unwrap();
}
