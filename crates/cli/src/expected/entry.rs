//! An entry of the catalogue, or a folder like one, with its variants and its published numbers.

use super::names;
use super::read::{read, refused};
use super::{Expected, Published};
use crate::catalogue;
use crate::failure::Exit;
use crate::load::{Loaded, Source, load};
use std::path::Path;

/// An entry.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Catalogue ID, or the folder's name.
    pub id: String,
    /// The entry itself (no name), then its variants.
    pub sets: Vec<(Option<String>, Loaded)>,
    /// The file of published numbers, where there is one.
    pub source: Option<Source>,
    /// The model as it was read a second time, where it was.
    pub second: Option<Source>,
    /// Published numbers; none where there is no file.
    pub expected: Expected,
    /// Only this set is looked at: the user named a variant.
    pub only: Option<String>,
}

impl Entry {
    /// Finds an entry and reads all of it.
    ///
    /// # Errors
    /// What is wrong with its models, studies or published numbers.
    pub fn find(what: &str) -> Result<Entry, Exit> {
        if catalogue::folder(what).is_some() {
            let (entry, only) = what.split_once('/').map_or((what, None), |(e, v)| (e, Some(v.to_string())));
            let mut sets = vec![(None, load(entry)?)];
            for id in catalogue::ids() {
                if let Some(variant) = id.strip_prefix(&format!("{entry}/")) {
                    sets.push((Some(variant.to_string()), load(&id)?));
                }
            }
            let second = catalogue::file(&format!("{entry}/second.toml")).map(|text| Source {
                file: "second.toml".into(),
                shown: format!("catalogue/{entry}/second.toml"),
                text: text.to_string(),
            });
            return Entry::of(what, sets, second, only);
        }
        let own = load(what)?;
        let id = own.name.clone();
        let mut sets = vec![(None, own)];
        let path = Path::new(what);
        // A model file stands for the folder it lies in.
        let variants = if path.is_file() { path.with_file_name("variants") } else { path.join("variants") };
        let mut names: Vec<String> = std::fs::read_dir(&variants)
            .map(|list| list.flatten().map(|f| f.file_name().to_string_lossy().into_owned()).collect())
            .unwrap_or_default();
        names.sort();
        for name in names {
            let folder = variants.join(&name);
            if folder.join("model.toml").is_file() {
                sets.push((Some(name), load(&folder.to_string_lossy())?));
            }
        }
        let beside = if path.is_file() { path.with_file_name("second.toml") } else { path.join("second.toml") };
        let second = beside.is_file().then(|| crate::load::source(&beside)).transpose()?;
        Entry::of(&id, sets, second, None)
    }

    /// All entries of the catalogue.
    ///
    /// # Errors
    /// As [`find`](Self::find), of the first that is wrong.
    pub fn all() -> Result<Vec<Entry>, Exit> {
        catalogue::ids().iter().filter(|id| !id.contains('/')).map(|id| Entry::find(id)).collect()
    }

    fn of(
        id: &str,
        sets: Vec<(Option<String>, Loaded)>,
        second: Option<Source>,
        only: Option<String>,
    ) -> Result<Entry, Exit> {
        let source = sets[0].1.expected.clone();
        let mut entry = Entry { id: id.to_string(), sets, source, second, expected: Expected::default(), only };
        if let Some(source) = entry.source.clone() {
            entry.expected = read(&source).map_err(|faults| refused(&source, faults))?;
            let faults = names::check(&entry);
            if !faults.is_empty() {
                return Err(refused(&source, faults));
            }
        }
        Ok(entry)
    }

    /// The entry itself or one of its variants.
    pub fn set(&self, name: Option<&str>) -> Option<&Loaded> {
        self.sets.iter().find(|(n, _)| n.as_deref() == name).map(|(_, loaded)| loaded)
    }

    /// Whether a number is among those that are looked at.
    pub fn looks_at(&self, p: &Published) -> bool {
        self.only.is_none() || self.only == p.set
    }
}
