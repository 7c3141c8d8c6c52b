//! The table of a barcode assay: counts by sample and barcode.
//!
//! Tidy: a line for each sample and barcode, with columns `barcode`, `count` and either `sample` or `arm`, `replicate`,
//! `time_days`; a barcode that a sample does not list has count 0 there. Wide: `barcode`, then one column a sample. A
//! sample is named `ARM_rREPLICATE_dDAYS`, the last two as needed: `baseline`, `baseline_r2`, `drug_r1_d21`.

use crate::sheet::{LATEST, Numbers, Sheet, TREATMENT, TableProblems};
use crate::words::typed;
use std::collections::HashMap;

/// A table that reads as it is.
pub const TEMPLATE: &str = "arm,replicate,time_days,barcode,count\n\
    baseline,1,0,ACGTAC,210\nbaseline,1,0,TTGACA,180\nbaseline,1,0,GGATCC,195\nbaseline,2,0,ACGTAC,190\n\
    baseline,2,0,TTGACA,202\nbaseline,2,0,GGATCC,188\ndrug,1,21,ACGTAC,5200\ndrug,1,21,TTGACA,12\n\
    drug,1,21,GGATCC,9\ndrug,2,21,ACGTAC,4100\ndrug,2,21,TTGACA,8\ndrug,2,21,GGATCC,11\n";

/// One sequenced sample.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Arm: `baseline`, `untreated`, `drug`.
    pub arm: String,
    /// Replicate; 1 where there is one.
    pub replicate: u32,
    /// Days since treatment began; 0 where it was not given.
    pub time: f64,
    /// Reads by barcode, in the order of [`Data::barcodes`].
    pub counts: Vec<u64>,
}

impl Sample {
    /// As in words: `drug r1 d21`.
    pub fn name(&self) -> String {
        format!("{} r{} d{}", self.arm, self.replicate, self.time)
    }

    /// All reads.
    pub fn depth(&self) -> u64 {
        self.counts.iter().sum()
    }
}

/// What was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Data {
    /// Barcodes with a read somewhere.
    pub barcodes: Vec<String>,
    /// Samples in the order in which they come first.
    pub samples: Vec<Sample>,
    /// What was ignored.
    pub notes: Vec<String>,
}

const MOST: u64 = 1 << 40;

/// Reads a table, or says everything that is wrong with it.
///
/// ```
/// use remission_infer::barcodes::read::{TEMPLATE, read};
/// let data = read(TEMPLATE).unwrap();
/// assert_eq!((data.barcodes.len(), data.samples.len(), data.samples[2].counts[0]), (3, 4, 5200));
/// let wide = read("barcode,baseline,drug_r1_d21,drug_r2_d21\nACG,10,5,7\nTTG,12,0,1\n").unwrap();
/// assert_eq!((wide.samples[2].arm.as_str(), wide.samples[2].replicate, wide.samples[2].time), ("drug", 2, 21.0));
/// let said = read(&TEMPLATE.replace("5200", "-5")).unwrap_err().to_string();
/// assert!(said.starts_with("line 8, column 5 (count): found `-5`"), "{said}");
/// ```
pub fn read(text: &str) -> Result<Data, TableProblems> {
    let mut sheet = Sheet::parse(text)?;
    let has = |sheet: &Sheet, name: &str| sheet.names().iter().any(|n| n.eq_ignore_ascii_case(name));
    let tidy = has(&sheet, "count") || has(&sheet, "sample") || has(&sheet, "arm");
    let Some(barcode) = sheet.needed("barcode") else {
        return Err(sheet.finish().err().unwrap_or(TableProblems(Vec::new())));
    };
    let mut table = Builder::default();
    let mut seen: HashMap<(usize, usize), usize> = HashMap::new();
    let rows = sheet.rows();
    if tidy {
        let named = has(&sheet, "sample") && !has(&sheet, "arm");
        let count = sheet.needed("count");
        let arm = sheet.needed(if named { "sample" } else { "arm" });
        let (replicate, time) = match named {
            true => (None, None),
            false => (sheet.optional("replicate"), sheet.optional("time_days")),
        };
        let (Some(count), Some(arm)) = (count, arm) else {
            return Err(sheet.finish().err().unwrap_or(TableProblems(Vec::new())));
        };
        for row in rows.iter() {
            let label = sheet.name(row, barcode, "a barcode");
            let reads = sheet.number(row, count, Numbers::Whole(MOST));
            let arm = sheet.name(row, arm, "the name of a sample or an arm");
            let replicate = match replicate {
                Some(column) => sheet.number(row, column, Numbers::Whole(u64::from(u32::MAX))),
                None => Some(1.0),
            };
            let time = match time {
                Some(column) => sheet.number(row, column, Numbers::ZeroOrMore).inspect(|day| {
                    sheet.within(row, column, *day, (0.0, LATEST), TREATMENT.1);
                }),
                None => Some(0.0),
            };
            let (Some(label), Some(reads), Some(arm), Some(replicate), Some(time)) =
                (label, reads, arm, replicate, time)
            else {
                continue;
            };
            let key = if named { parsed(arm) } else { (arm.to_string(), replicate as u32, time) };
            if let Some((found, allowed)) = late(arm, key.2).filter(|_| named) {
                sheet.reject_line(row, &found, &allowed);
            }
            let place = (table.sample(key), table.barcode(label));
            if let Some(earlier) = seen.insert(place, row.line) {
                let found = format!("the sample and barcode of line {earlier} again");
                sheet.reject_line(row, &found, "one line per sample and barcode; add the counts of one sample up");
            }
            table.counts.push((place, reads as u64));
        }
    } else {
        let named = |n: &&str| !n.is_empty() && !n.eq_ignore_ascii_case("barcode");
        let names: Vec<String> = sheet.names().into_iter().filter(named).map(str::to_string).collect();
        let columns: Vec<_> = names.iter().filter_map(|n| Some((n.clone(), sheet.optional(n)?))).collect();
        for unnamed in sheet.unused().iter().filter(|n| n.ends_with("no name")) {
            sheet.reject_header(unnamed, "a name ARM_rREPLICATE_dDAYS for each column of counts");
        }
        if columns.is_empty() {
            sheet.reject_header("no column of counts", "columns `arm`, `barcode`, `count`, or one column a sample");
        }
        for (name, _) in &columns {
            let (before, key) = (table.samples.len(), parsed(name));
            if let Some((found, allowed)) = late(name, key.2) {
                sheet.reject_header(&found, &allowed);
            }
            table.sample(key);
            if table.samples.len() == before {
                let found = format!("the sample `{name}` a second time");
                sheet.reject_header(&found, "names ARM_rREPLICATE_dDAYS that differ");
            }
        }
        for row in rows.iter() {
            let Some(label) = sheet.name(row, barcode, "a barcode") else { continue };
            let place = table.barcode(label);
            if let Some(earlier) = seen.insert((0, place), row.line) {
                let found = format!("the barcode of line {earlier} again");
                sheet.reject_line(row, &found, "one line per barcode");
            }
            for (name, column) in &columns {
                let Some(reads) = sheet.number(row, *column, Numbers::Whole(MOST)) else { continue };
                let sample = table.sample(parsed(name));
                table.counts.push(((sample, place), reads as u64));
            }
        }
    }
    if let Some((name, row)) =
        table.total().and_then(|name| Some((name, rows.iter().find(|r| sheet.text(r, barcode) == name)?)))
    {
        let found = format!("`{name}`, whose counts are the sums of all others");
        sheet.reject(row, barcode, &found, "barcodes alone; take the line of sums out");
    }
    sheet.finish()?;
    let mut notes = Vec::new();
    let unused = sheet.unused();
    if !unused.is_empty() {
        notes.push(format!("columns not used: {}", unused.join(", ")));
    }
    Ok(table.data(notes))
}

/// Where the days in the name of a sample are more than a treatment has: what was found, and what is allowed.
fn late(name: &str, days: f64) -> Option<(String, String)> {
    let found = format!("the sample `{name}` of day {}", typed(days));
    (days > LATEST).then(|| (found, format!("{}, 0 to {LATEST}", TREATMENT.1)))
}

/// Arm, replicate and days in the name of a sample.
fn parsed(name: &str) -> (String, u32, f64) {
    let (mut arm, mut replicate, mut time) = (name, 1, 0.0);
    let days = |d: &str| d.parse::<f64>().ok().filter(|d| *d >= 0.0 && d.is_finite());
    if let Some((rest, found)) = arm.rsplit_once("_d").and_then(|(a, d)| Some((a, days(d)?))) {
        (arm, time) = (rest, found);
    }
    if let Some((rest, number)) = arm.rsplit_once("_r").and_then(|(a, r)| Some((a, r.parse::<u32>().ok()?))) {
        (arm, replicate) = (rest, number);
    }
    (arm.to_string(), replicate, time)
}

#[derive(Default)]
struct Builder {
    barcodes: HashMap<String, usize>,
    labels: Vec<String>,
    samples: Vec<(String, u32, f64)>,
    /// Of (sample, barcode).
    counts: Vec<((usize, usize), u64)>,
}

impl Builder {
    fn barcode(&mut self, label: &str) -> usize {
        if let Some(place) = self.barcodes.get(label) {
            return *place;
        }
        self.labels.push(label.to_string());
        self.barcodes.insert(label.to_string(), self.labels.len() - 1);
        self.labels.len() - 1
    }

    fn sample(&mut self, key: (String, u32, f64)) -> usize {
        let place = self.samples.iter().position(|s| *s == key);
        place.unwrap_or_else(|| {
            self.samples.push(key);
            self.samples.len() - 1
        })
    }

    /// A barcode that is called a total and has as many reads in each sample as all others together.
    fn total(&self) -> Option<&str> {
        let named = |label: &&String| ["total", "sum", "all"].iter().any(|word| label.to_lowercase().contains(word));
        self.labels.iter().filter(named).find_map(|label| {
            let place = *self.barcodes.get(label)?;
            let mut sums = vec![(0u64, 0u64); self.samples.len()];
            for ((sample, barcode), reads) in &self.counts {
                let (own, others) = &mut sums[*sample];
                let sum = if *barcode == place { own } else { others };
                *sum = sum.saturating_add(*reads);
            }
            let sums_up = sums.iter().all(|(own, others)| own == others) && sums.iter().any(|s| s.0 > 0);
            sums_up.then_some(label.as_str())
        })
    }

    fn data(self, mut notes: Vec<String>) -> Data {
        let mut counts = vec![vec![0u64; self.labels.len()]; self.samples.len()];
        for ((sample, barcode), reads) in self.counts {
            counts[sample][barcode] += reads;
        }
        let read: Vec<usize> = (0..self.labels.len()).filter(|&b| counts.iter().any(|c| c[b] > 0)).collect();
        if read.len() < self.labels.len() {
            notes.push(format!("{} barcodes without a read were left out", self.labels.len() - read.len()));
        }
        let barcodes = read.iter().map(|&b| self.labels[b].clone()).collect();
        let samples = self.samples.into_iter().zip(&counts).map(|((arm, replicate, time), all)| {
            let counts = read.iter().map(|&b| all[b]).collect();
            Sample { arm, replicate, time, counts }
        });
        Data { samples: samples.collect(), barcodes, notes }
    }
}
