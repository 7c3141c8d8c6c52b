//! Draws as a folder that ArviZ reads: groups of Zarr (format 2, chunks raw and little-endian), with the names of dimensions that
//! xarray looks for in `_ARRAY_DIMENSIONS`, and all metadata again in one file (`.zmetadata`).
//!
//! Groups as in ArviZ's schema: `posterior`, `prior` (dimensions chain, draw), `posterior_predictive`, `log_likelihood` (chain,
//! draw, unit), `observed_data` (unit). What was not kept has no group. A parameter keeps its name where a folder can bear it;
//! the attribute `long_name` holds it as it was, `units` its unit.
//!
//! Source: Zarr storage specification, version 2; xarray, "Zarr Encoding Specification"; ArviZ, "InferenceData schema".

use super::tables::Names;
use crate::disk;
use remission_infer::answer::Sampled;
use remission_model::draws::Draws;
use serde_json::{Map, Value, json};
use std::io;
use std::path::Path;

/// Writes `sampled` into the new folder `path`. It may be half-written when this errs: the caller writes it inside a folder that has
/// not its final name yet.
pub fn write(path: &Path, sampled: &Sampled) -> io::Result<()> {
    let mut store = Store { root: path, metadata: Map::new() };
    store.group(
        "",
        json!({ "inference_library": "remission", "inference_library_version": env!("CARGO_PKG_VERSION") }),
    )?;
    store.draws("posterior", &sampled.posterior)?;
    store.draws("prior", &sampled.prior)?;
    let observed = array_name(&mut Names::without(&["chain", "draw", "unit"]), &sampled.observed_name);
    for (group, values) in [("posterior_predictive", &sampled.predictive), ("log_likelihood", &sampled.log_likelihood)]
    {
        store.by_unit(group, &observed, &sampled.observed_name, values)?;
    }
    if !sampled.observed.is_empty() {
        let units = sampled.observed.len();
        store.group("observed_data", json!({}))?;
        store.counted("observed_data", "unit", units)?;
        let attributes = json!({ "_ARRAY_DIMENSIONS": ["unit"], "long_name": sampled.observed_name });
        store.array(&format!("observed_data/{observed}"), &[units], &[units], "<f8", attributes, &|_| {
            bytes(sampled.observed.iter().copied())
        })?;
    }
    store.finish()
}

/// The name of an array: what a folder and xarray can hold.
fn array_name(names: &mut Names, name: &str) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.') { c } else { '_' };
    let mut plain: String = name.chars().take(120).map(safe).collect();
    if plain.is_empty() || plain.starts_with('.') || plain.starts_with("__") {
        plain.insert_str(0, "value");
    }
    // Some systems drop a dot at the end.
    names.free(plain.trim_end_matches('.'))
}

fn bytes(values: impl Iterator<Item = f64>) -> Vec<u8> {
    values.flat_map(f64::to_le_bytes).collect()
}

/// The folder being written.
struct Store<'a> {
    root: &'a Path,
    metadata: Map<String, Value>,
}

impl Store<'_> {
    /// A metadata file, which `.zmetadata` will hold again.
    fn describe(&mut self, key: String, value: Value) -> io::Result<()> {
        disk::write(&self.root.join(&key), format!("{value:#}\n").as_bytes())?;
        self.metadata.insert(key, value);
        Ok(())
    }

    fn group(&mut self, name: &str, attributes: Value) -> io::Result<()> {
        disk::make_new_folder(&self.root.join(name))?;
        let key = |file: &str| if name.is_empty() { file.to_owned() } else { format!("{name}/{file}") };
        self.describe(key(".zgroup"), json!({ "zarr_format": 2 }))?;
        self.describe(key(".zattrs"), attributes)
    }

    /// An array with the chunks of `chunk` along its first dimension; `values` gives the bytes of one.
    fn array(
        &mut self,
        path: &str,
        shape: &[usize],
        chunk: &[usize],
        dtype: &str,
        attributes: Value,
        values: &dyn Fn(usize) -> Vec<u8>,
    ) -> io::Result<()> {
        let folder = self.root.join(path);
        disk::make_new_folder(&folder)?;
        // A chunk has one element at least, also where the array has none.
        let chunks: Vec<usize> = chunk.iter().map(|c| (*c).max(1)).collect();
        let fill = if dtype == "<f8" { json!("NaN") } else { Value::Null };
        let array = json!({
            "zarr_format": 2, "shape": shape, "chunks": chunks, "dtype": dtype, "compressor": null, "filters": null,
            "fill_value": fill, "order": "C",
        });
        self.describe(format!("{path}/.zarray"), array)?;
        self.describe(format!("{path}/.zattrs"), attributes)?;
        if shape.contains(&0) {
            return disk::sync_folder(&folder);
        }
        let rest = ".0".repeat(shape.len() - 1);
        for k in 0..shape[0].div_ceil(chunks[0]) {
            disk::write(&folder.join(format!("{k}{rest}")), &values(k))?;
        }
        disk::sync_folder(&folder)
    }

    /// A coordinate that counts from 0.
    fn counted(&mut self, group: &str, dimension: &str, length: usize) -> io::Result<()> {
        let attributes = json!({ "_ARRAY_DIMENSIONS": [dimension] });
        let values = |_| (0..length as i64).flat_map(i64::to_le_bytes).collect();
        self.array(&format!("{group}/{dimension}"), &[length], &[length], "<i8", attributes, &values)
    }

    /// Parameters over chains and draws. A chain that is shorter than the longest ends in NaN.
    fn draws(&mut self, group: &str, draws: &Draws) -> io::Result<()> {
        if draws.is_empty() {
            return Ok(());
        }
        let (chains, length) = (draws.chains.len(), draws.chains.iter().map(Vec::len).max().unwrap_or(0));
        self.group(group, json!({}))?;
        self.counted(group, "chain", chains)?;
        self.counted(group, "draw", length)?;
        let mut names = Names::without(&["chain", "draw", "unit"]);
        for (k, name) in draws.names.iter().enumerate() {
            let unit = draws.units.get(k).map_or("", String::as_str);
            let mut attributes = json!({ "_ARRAY_DIMENSIONS": ["chain", "draw"], "long_name": name });
            if !unit.is_empty() {
                attributes["units"] = json!(unit);
            }
            let value =
                |c: usize, d: usize| draws.chains[c].get(d).and_then(|set| set.get(k)).copied().unwrap_or(f64::NAN);
            let path = format!("{group}/{}", array_name(&mut names, name));
            let values =
                |_| bytes((0..chains).flat_map(|c| (0..length).map(move |d| (c, d))).map(|(c, d)| value(c, d)));
            self.array(&path, &[chains, length], &[chains, length], "<f8", attributes, &values)?;
        }
        disk::sync_folder(&self.root.join(group))
    }

    /// One variable over chains, draws and units.
    fn by_unit(&mut self, group: &str, name: &str, long: &str, values: &[Vec<Vec<f64>>]) -> io::Result<()> {
        let length = values.iter().map(Vec::len).max().unwrap_or(0);
        let units = values.iter().flatten().map(Vec::len).max().unwrap_or(0);
        if units == 0 {
            return Ok(());
        }
        self.group(group, json!({}))?;
        for (dimension, size) in [("chain", values.len()), ("draw", length), ("unit", units)] {
            self.counted(group, dimension, size)?;
        }
        let value = |c: usize, d: usize, u: usize| values[c].get(d).and_then(|x| x.get(u)).copied().unwrap_or(f64::NAN);
        let chunk = |c: usize| bytes((0..length).flat_map(|d| (0..units).map(move |u| value(c, d, u))));
        let attributes = json!({ "_ARRAY_DIMENSIONS": ["chain", "draw", "unit"], "long_name": long });
        self.array(
            &format!("{group}/{name}"),
            &[values.len(), length, units],
            &[1, length, units],
            "<f8",
            attributes,
            &chunk,
        )?;
        disk::sync_folder(&self.root.join(group))
    }

    fn finish(self) -> io::Result<()> {
        let all = json!({ "zarr_consolidated_format": 1, "metadata": self.metadata });
        disk::write(&self.root.join(".zmetadata"), format!("{all:#}\n").as_bytes())?;
        disk::sync_folder(self.root)
    }
}

#[cfg(test)]
mod tests {
    use super::super::report::{sample, sample_edges};
    use super::*;
    use std::fs;

    fn written(name: &str, sampled: &Sampled) -> std::path::PathBuf {
        let folder = std::env::temp_dir().join(format!("remission-zarr-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        write(&folder, sampled).unwrap();
        folder
    }

    fn numbers(path: &Path) -> Vec<f64> {
        fs::read(path).unwrap().chunks(8).map(|b| f64::from_le_bytes(b.try_into().unwrap())).collect()
    }

    #[test]
    fn chunks_hold_every_bit_and_metadata_says_what_they_are() {
        let sampled = sample::fluctuation().sampled.unwrap();
        let folder = written("whole", &sampled);
        let rate = numbers(&folder.join("posterior/mutation_rate/0.0"));
        assert_eq!(rate, sampled.posterior.values("mutation_rate"));
        assert_eq!(numbers(&folder.join("log_likelihood/mutants/3.0.0")), sampled.log_likelihood[3].concat());
        assert_eq!(numbers(&folder.join("observed_data/mutants/0")), sampled.observed);
        let all: Value = serde_json::from_slice(&fs::read(folder.join(".zmetadata")).unwrap()).unwrap();
        for (key, value) in all["metadata"].as_object().unwrap() {
            let one: Value = serde_json::from_slice(&fs::read(folder.join(key)).unwrap()).unwrap();
            assert_eq!(&one, value, "{key}");
        }
        let array = &all["metadata"]["posterior/mutation_rate/.zarray"];
        assert_eq!((&array["shape"], &array["chunks"]), (&json!([4, 250]), &json!([4, 250])));
        assert_eq!(all["metadata"]["posterior/mutation_rate/.zattrs"]["units"], json!("per division"));
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn names_stay_in_their_folder_and_come_once() {
        let folder = written("names", &sample_edges::hostile().sampled.unwrap());
        let mut names: Vec<String> = fs::read_dir(folder.join("posterior"))
            .unwrap()
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        let expected =
            [".zattrs", ".zgroup", "Chain_3", "_script_alert_1___script_", "chain", "chain_2", "draw", "value.._x"];
        assert_eq!(names, expected);
        assert!(!folder.join("prior").exists() && folder.join("observed_data/unit_.._").exists());
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn ragged_and_empty_draws_are_written() {
        let mut sampled = Sampled { observed_name: "y".into(), ..Sampled::default() };
        let folder = written("empty", &sampled);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 3);
        fs::remove_dir_all(folder).unwrap();
        sampled.posterior =
            Draws { names: vec!["a".into()], units: vec![], chains: vec![vec![vec![1.0]], vec![vec![2.0], vec![3.0]]] };
        let folder = written("ragged", &sampled);
        let values = numbers(&folder.join("posterior/a/0.0"));
        assert!(values[0] == 1.0 && values[1].is_nan() && values[2..] == [2.0, 3.0]);
        fs::remove_dir_all(folder).unwrap();
    }
}
