//! The tables of a run: tidy, long, Parquet. The same study, seed and patients give the same bytes.
//!
//! Rows stand in patient order, row groups are cut every [`GROUP`] patients, and nothing in a file depends on the
//! clock, the machine or the number of threads.

use crate::disk::Output;
use arrow_array::builder::{BooleanBuilder, Float64Builder, StringDictionaryBuilder, UInt32Builder, UInt64Builder};
use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::errors::Result;
use parquet::file::properties::WriterProperties;
use remission_cohort::measure::channels;
use remission_cohort::outcome::{ArmOutcome, PatientOutcome, Waited};
use remission_cohort::patient::mechanisms;
use remission_engine::state::Origin;
use remission_model::resolved::{Covariate, Model, Study};
use std::path::Path;
use std::sync::Arc;

/// Patients in a row group.
pub const GROUP: u32 = 512;

/// Rows of the table of barcodes in a row group: what is written at once is in memory.
const ROWS: usize = 1 << 18;

/// Tables of every run.
const FILES: [&str; 6] = [
    "trajectories.parquet",
    "endpoints.parquet",
    "patients.parquet",
    "clones.parquet",
    "clone_sizes.parquet",
    "dose_changes.parquet",
];

/// The table of barcodes, where the first cells have them.
const BARCODES: &str = "barcodes.parquet";

/// Files of a run directory that hold tables, for a run of this model.
pub fn files(model: &Model) -> Vec<&'static str> {
    FILES.into_iter().chain(model.barcodes.map(|_| BARCODES)).collect()
}

/// One column being filled.
enum Column {
    Word(StringDictionaryBuilder<Int32Type>),
    Count(UInt32Builder),
    Cells(UInt64Builder),
    Real(Float64Builder),
    Flag(BooleanBuilder),
}

/// A value for a column.
#[derive(Clone, Copy)]
enum Cell<'a> {
    Word(Option<&'a str>),
    Count(Option<u32>),
    Cells(u64),
    Real(Option<f64>),
    Flag(bool),
}

struct Table {
    schema: Arc<Schema>,
    columns: Vec<Column>,
    /// Rows not written yet.
    rows: usize,
    writer: ArrowWriter<Output>,
}

impl Table {
    fn new(folder: &Path, file: &str, columns: &[(&str, Column)]) -> Result<Table> {
        let fields: Vec<Field> = columns
            .iter()
            .map(|(name, column)| {
                let kind = match column {
                    Column::Word(_) => DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)),
                    Column::Count(_) => DataType::UInt32,
                    Column::Cells(_) => DataType::UInt64,
                    Column::Real(_) => DataType::Float64,
                    Column::Flag(_) => DataType::Boolean,
                };
                Field::new(*name, kind, matches!(column, Column::Word(_) | Column::Count(_) | Column::Real(_)))
            })
            .collect();
        let schema = Arc::new(Schema::new(fields));
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_created_by("remission".to_string())
            .build();
        let writer = ArrowWriter::try_new(Output::create(&folder.join(file))?, schema.clone(), Some(properties))?;
        Ok(Table { schema, columns: columns.iter().map(|(_, c)| c.empty()).collect(), rows: 0, writer })
    }

    fn row<'a>(&mut self, cells: impl IntoIterator<Item = Cell<'a>>) {
        self.rows += 1;
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            match (column, cell) {
                (Column::Word(b), Cell::Word(x)) => b.append_option(x),
                (Column::Count(b), Cell::Count(x)) => b.append_option(x),
                (Column::Cells(b), Cell::Cells(x)) => b.append_value(x),
                (Column::Real(b), Cell::Real(x)) => b.append_option(x),
                (Column::Flag(b), Cell::Flag(x)) => b.append_value(x),
                _ => unreachable!("a row is written with the kinds its table was made with"),
            }
        }
    }

    fn flush(&mut self) -> Result<()> {
        self.rows = 0;
        let arrays: Vec<ArrayRef> = self
            .columns
            .iter_mut()
            .map(|c| match c {
                Column::Word(b) => Arc::new(b.finish()) as ArrayRef,
                Column::Count(b) => Arc::new(b.finish()) as ArrayRef,
                Column::Cells(b) => Arc::new(b.finish()) as ArrayRef,
                Column::Real(b) => Arc::new(b.finish()) as ArrayRef,
                Column::Flag(b) => Arc::new(b.finish()) as ArrayRef,
            })
            .collect();
        let batch = RecordBatch::try_new(self.schema.clone(), arrays)?;
        if batch.num_rows() > 0 {
            self.writer.write(&batch)?;
            self.writer.flush()?;
        }
        Ok(())
    }

    fn close(mut self) -> Result<()> {
        self.flush()?;
        self.writer.finish()?;
        self.writer.inner().sync()?;
        Ok(())
    }
}

impl Column {
    fn empty(&self) -> Column {
        match self {
            Column::Word(_) => word(),
            Column::Count(_) => count(),
            Column::Cells(_) => cells(),
            Column::Real(_) => real(),
            Column::Flag(_) => flag(),
        }
    }
}

fn word() -> Column {
    Column::Word(StringDictionaryBuilder::new())
}
fn count() -> Column {
    Column::Count(UInt32Builder::new())
}
fn cells() -> Column {
    Column::Cells(UInt64Builder::new())
}
fn real() -> Column {
    Column::Real(Float64Builder::new())
}
fn flag() -> Column {
    Column::Flag(BooleanBuilder::new())
}

/// All tables of one run.
pub struct Tables {
    study: String,
    arms: Vec<String>,
    types: Vec<String>,
    levels: Vec<(String, f64, String)>,
    readings: Vec<(String, &'static str)>,
    mechanisms: Vec<String>,
    /// Names of events.
    events: Vec<String>,
    /// Signature of the mutations that a drug makes, by parent and type founded; empty where none is named.
    signatures: Vec<Vec<Option<String>>>,
    /// Progression is assessed.
    progression: bool,
    drugs: Vec<String>,
    /// Rules of each arm.
    rules: Vec<Vec<String>>,
    /// Covariates: what one written unit is in base units, and the names of categories.
    covariates: Vec<(f64, Option<Vec<String>>)>,
    trajectories: Table,
    endpoints: Table,
    patients: Table,
    clones: Table,
    sizes: Table,
    doses: Table,
    barcodes: Option<Table>,
    waiting: u32,
}

impl Tables {
    /// Opens every table in `folder`.
    pub fn create(folder: &Path, model: &Model, study: &Study) -> Result<Tables> {
        let [trajectories, endpoints, patients, clones, sizes, doses] = FILES;
        let head = || vec![("study", word()), ("arm", word()), ("patient_id", count()), ("replicate", count())];
        let with = |rest: Vec<(&'static str, Column)>| {
            let mut all = head();
            all.extend(rest);
            all
        };
        let traits: Vec<_> = model.parameters.iter().filter_map(|p| p.covariate.as_ref().map(|c| (p, c))).collect();
        // No other column begins like this, so a covariate may have any name.
        let names: Vec<String> = traits.iter().map(|(p, _)| format!("covariate_{}", p.name)).collect();
        let categories = |c: &Covariate| match c {
            Covariate::Continuous => None,
            Covariate::Categories(list) => Some(list.iter().map(|c| c.name.clone()).collect::<Vec<_>>()),
        };
        let covariates: Vec<_> = traits.iter().map(|(p, c)| (p.unit_scale, categories(c))).collect();
        let of_traits = names.iter().zip(&covariates);
        let of_traits = of_traits.map(|(n, (_, list))| (n.as_str(), if list.is_some() { word() } else { real() }));
        let signature = |t: usize, to: usize| model.cells[t].mutations.iter().find(|m| m.to == to)?.signature.clone();
        let n = model.cells.len();
        let signatures: Vec<Vec<_>> = (0..n).map(|t| (0..n).map(|to| signature(t, to)).collect()).collect();
        let signed = signatures.iter().flatten().any(Option::is_some);
        Ok(Tables {
            study: study.name.clone(),
            arms: study.arms.iter().map(|a| a.name.clone()).collect(),
            types: model.cells.iter().map(|c| c.name.clone()).collect(),
            levels: model.levels.iter().map(|l| (l.name.clone(), l.unit_scale, l.unit.clone())).collect(),
            readings: channels(model).into_iter().map(|c| (c.name, c.unit)).collect(),
            mechanisms: mechanisms(model),
            events: model.events.iter().map(|e| model.levels[e.level].name.clone()).collect(),
            progression: study.assesses_progression(),
            signatures: if signed { signatures } else { Vec::new() },
            trajectories: Table::new(
                folder,
                trajectories,
                &with(vec![("time", real()), ("variable", word()), ("value", real()), ("unit", word())]),
            )?,
            endpoints: Table::new(
                folder,
                endpoints,
                &with(vec![("endpoint", word()), ("time", real()), ("event", flag()), ("after", real())]),
            )?,
            patients: {
                let mut columns: Vec<(&str, Column)> = with(vec![
                    ("best_response", word()),
                    ("best_change", real()),
                    ("ended", word()),
                    ("origin_at_progression", word()),
                    ("mechanisms_at_progression", word()),
                    ("extinct_clones", cells()),
                ]);
                columns.extend(of_traits);
                Table::new(folder, patients, &columns)?
            },
            clones: {
                let mut columns: Vec<(&str, Column)> = with(vec![
                    ("Parent", count()),
                    ("Identity", count()),
                    ("cell_type", word()),
                    ("parent_type", word()),
                    ("founded", real()),
                    ("cause", word()),
                    ("origin", word()),
                ]);
                columns.extend(model.barcodes.map(|_| ("barcode", count())));
                columns.extend(signed.then(|| ("signature", word())));
                Table::new(folder, clones, &columns)?
            },
            sizes: Table::new(
                folder,
                sizes,
                &with(vec![("Identity", count()), ("Population", cells()), ("Time", real())]),
            )?,
            doses: Table::new(
                folder,
                doses,
                &with(vec![("time", real()), ("drug", word()), ("scale", real()), ("rule", word())]),
            )?,
            barcodes: match model.barcodes {
                Some(_) => Some(Table::new(
                    folder,
                    BARCODES,
                    &with(vec![
                        ("time", real()),
                        ("barcode", count()),
                        ("cell_type", word()),
                        ("cells", cells()),
                        ("barcodes", count()),
                    ]),
                )?),
                None => None,
            },
            drugs: model.drugs.iter().map(|d| d.name.clone()).collect(),
            rules: study.arms.iter().map(|a| a.rules.iter().map(|r| r.sentence.clone()).collect()).collect(),
            covariates,
            waiting: 0,
        })
    }

    /// Adds a patient; a failed one has no rows.
    pub fn add(&mut self, outcome: &PatientOutcome) -> Result<()> {
        if let Ok(arms) = &outcome.arms {
            for (k, arm) in arms.iter().enumerate() {
                self.add_arm(outcome, k, arm);
                self.add_barcodes(outcome.patient, k, arm)?;
            }
        }
        self.waiting += 1;
        if self.waiting == GROUP {
            self.waiting = 0;
            for table in [
                &mut self.trajectories,
                &mut self.endpoints,
                &mut self.patients,
                &mut self.clones,
                &mut self.sizes,
                &mut self.doses,
            ] {
                table.flush()?;
            }
            self.barcodes.as_mut().map_or(Ok(()), Table::flush)?;
        }
        Ok(())
    }

    fn add_arm(&mut self, outcome: &PatientOutcome, k: usize, arm: &ArmOutcome) {
        let patient = outcome.patient;
        let (study, name) = (self.study.as_str(), self.arms[k].as_str());
        let head =
            || [Cell::Word(Some(study)), Cell::Word(Some(name)), Cell::Count(Some(patient)), Cell::Count(Some(0))];
        let row = |table: &mut Table, rest: &[Cell]| table.row(head().into_iter().chain(rest.iter().copied()));
        for seen in &arm.seen {
            let mut put = |variable: &str, value: f64, unit: &str| {
                row(
                    &mut self.trajectories,
                    &[
                        Cell::Real(Some(seen.time)),
                        Cell::Word(Some(variable)),
                        Cell::Real(Some(value)),
                        Cell::Word(Some(unit)),
                    ],
                );
            };
            put("total", seen.total, "cells");
            for (t, value) in self.types.iter().zip(&seen.by_type) {
                put(t, *value, "cells");
            }
            for ((level, scale, unit), value) in self.levels.iter().zip(&seen.levels) {
                put(level, value / scale, unit);
            }
            for ((measurement, unit), value) in self.readings.iter().zip(&seen.readings) {
                put(measurement, *value, unit);
            }
        }
        for seen in &arm.barcodes {
            // No cell type, level or reading has a name of two words.
            let rest = [
                Cell::Real(Some(seen.time)),
                Cell::Word(Some("living barcodes")),
                Cell::Real(Some(f64::from(seen.living))),
                Cell::Word(Some("barcodes")),
            ];
            row(&mut self.trajectories, &rest);
        }
        let mut endpoints = vec![("survival", arm.survival)];
        for (k, name) in self.events.iter().enumerate() {
            let first = arm.events.iter().find(|e| e.event == k);
            endpoints.push((
                name,
                match first {
                    Some(e) => Waited { time: e.time, event: true, after: e.time },
                    None => Waited { event: false, ..arm.survival },
                },
            ));
        }
        if self.progression {
            endpoints.insert(0, ("time_to_progression", arm.time_to_progression));
            endpoints.insert(0, ("progression", arm.progression));
        }
        for (endpoint, waited) in endpoints {
            row(
                &mut self.endpoints,
                &[
                    Cell::Word(Some(endpoint)),
                    Cell::Real(Some(waited.time)),
                    Cell::Flag(waited.event),
                    Cell::Real(Some(waited.after)),
                ],
            );
        }
        let found = arm.rebiopsy.as_ref().map(|r| {
            let names: Vec<&str> =
                self.mechanisms.iter().zip(&r.found).filter(|(_, f)| **f).map(|(n, _)| n.as_str()).collect();
            names.join("+")
        });
        let mut of_patient = vec![
            Cell::Word(arm.best.map(|b| b.code())),
            Cell::Real(arm.best_change),
            Cell::Word(Some(arm.ended.name())),
            Cell::Word(arm.rebiopsy.as_ref().map(|r| r.origin.name())),
            Cell::Word(found.as_deref()),
            Cell::Cells(arm.extinct_clones),
        ];
        for (c, (scale, categories)) in outcome.covariates.iter().zip(&self.covariates) {
            of_patient.push(match (categories, c.category) {
                (Some(names), Some(k)) => Cell::Word(Some(&names[k])),
                _ => Cell::Real(Some(c.value / scale)),
            });
        }
        row(&mut self.patients, &of_patient);
        for change in &arm.dose_changes {
            row(
                &mut self.doses,
                &[
                    Cell::Real(Some(change.time)),
                    Cell::Word(Some(&self.drugs[change.drug])),
                    Cell::Real(Some(change.scale)),
                    Cell::Word(Some(&self.rules[k][change.rule])),
                ],
            );
        }
        let mut listed: Vec<u32> = Vec::new();
        for clone in &arm.clones {
            let f = &clone.founder;
            if !listed.contains(&f.id) {
                listed.push(f.id);
                let cause = match f.cause {
                    remission_engine::state::Cause::Start => "start",
                    remission_engine::state::Cause::Mutation => "mutation",
                    remission_engine::state::Cause::Immigration => "immigration",
                };
                let mut of_founder = vec![
                    Cell::Count(f.parent),
                    Cell::Count(Some(f.id)),
                    Cell::Word(Some(&self.types[f.cell_type])),
                    Cell::Word(f.parent_type.map(|t| self.types[t].as_str())),
                    Cell::Real(Some(f.founded)),
                    Cell::Word(Some(cause)),
                    Cell::Word(Some(f.origin.name())),
                ];
                of_founder.extend(self.barcodes.iter().map(|_| Cell::Count(f.barcode)));
                if !self.signatures.is_empty() {
                    let parent = f.parent_type.filter(|_| f.origin == Origin::DrugInduced);
                    of_founder.push(Cell::Word(parent.and_then(|t| self.signatures[t][f.cell_type].as_deref())));
                }
                row(&mut self.clones, &of_founder);
            }
            row(&mut self.sizes, &[Cell::Count(Some(f.id)), Cell::Cells(clone.cells), Cell::Real(Some(clone.time))]);
        }
    }

    /// Rows of a barcode and cell type each; those of all barcodes that are not listed, and of cells without one, have no barcode
    /// and say how many there are.
    fn add_barcodes(&mut self, patient: u32, k: usize, arm: &ArmOutcome) -> Result<()> {
        let Some(table) = &mut self.barcodes else { return Ok(()) };
        let mut row = |time, barcode, cell_type: usize, cells, barcodes| {
            table.row([
                Cell::Word(Some(&self.study)),
                Cell::Word(Some(&self.arms[k])),
                Cell::Count(Some(patient)),
                Cell::Count(Some(0)),
                Cell::Real(Some(time)),
                Cell::Count(barcode),
                Cell::Word(Some(&self.types[cell_type])),
                Cell::Cells(cells),
                Cell::Count(Some(barcodes)),
            ]);
            if table.rows == ROWS { table.flush() } else { Ok(()) }
        };
        for seen in &arm.barcodes {
            for one in &seen.listed {
                row(seen.time, Some(one.barcode), one.cell_type as usize, one.cells, 1)?;
            }
            for rest in &seen.rest {
                if rest.barcodes > 0 {
                    row(seen.time, None, rest.cell_type, rest.cells, rest.barcodes)?;
                }
                if rest.unmarked > 0 {
                    row(seen.time, None, rest.cell_type, rest.unmarked, 0)?;
                }
            }
        }
        Ok(())
    }

    /// Finishes every file and forces it to the disk.
    pub fn close(self) -> Result<()> {
        if let Some(table) = self.barcodes {
            table.close()?;
        }
        for table in [self.trajectories, self.endpoints, self.patients, self.clones, self.sizes, self.doses] {
            table.close()?;
        }
        Ok(())
    }
}
