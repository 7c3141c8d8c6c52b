//! An entry of the catalogue, or a folder like one, with its variants and its published numbers.

use super::read::{read, refused};
use super::{Expected, Published};
use super::{names, second};
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
    /// Finds an entry and reads all of it: models, studies, variants, the second reading and the published numbers.
    ///
    /// # Errors
    /// Everything that is wrong with any of them.
    pub fn find(what: &str) -> Result<Entry, Exit> {
        let mut read = Reading::default();
        if catalogue::folder(what).is_some() {
            let (entry, only) = what.split_once('/').map_or((what, None), |(e, v)| (e, Some(v.to_string())));
            read.set(None, entry);
            for id in catalogue::ids() {
                if let Some(variant) = id.strip_prefix(&format!("{entry}/")) {
                    read.set(Some(variant.to_string()), &id);
                }
            }
            let file = |name: &str| {
                catalogue::file(&format!("{entry}/{name}")).map(|text| Source {
                    file: name.into(),
                    shown: format!("catalogue/{entry}/{name}"),
                    text: text.to_string(),
                })
            };
            return read.finish(what, file("expected.toml"), file("second.toml"), only);
        }
        let path = Path::new(what);
        if !path.exists() || crate::unfinished::is_unfinished(path) {
            // Says what there is instead.
            load(what)?;
        }
        read.set(None, what);
        // A model file stands for the folder it lies in.
        let beside = |name: &str| if path.is_file() { path.with_file_name(name) } else { path.join(name) };
        let mut names: Vec<String> = std::fs::read_dir(beside("variants"))
            .map(|list| list.flatten().map(|f| f.file_name().to_string_lossy().into_owned()).collect())
            .unwrap_or_default();
        names.sort();
        for name in names {
            let folder = beside("variants").join(&name);
            if folder.is_dir() && !name.starts_with('.') {
                read.set(Some(name), &folder.to_string_lossy());
            }
        }
        let mut file = |name: &str| {
            let path = beside(name);
            if !path.is_file() {
                return None;
            }
            crate::load::source(&path).map_err(|exit| read.faults.push(exit)).ok()
        };
        let (expected, second) = (file("expected.toml"), file("second.toml"));
        let id = read.sets.iter().find(|s| s.0.is_none()).map_or(what.to_string(), |s| s.1.name.clone());
        read.finish(&id, expected, second, None)
    }

    /// All entries of the catalogue.
    ///
    /// # Errors
    /// As [`find`](Self::find), of the first that is wrong.
    pub fn all() -> Result<Vec<Entry>, Exit> {
        catalogue::ids().iter().filter(|id| !id.contains('/')).map(|id| Entry::find(id)).collect()
    }

    /// The entry itself or one of its variants.
    pub fn set(&self, name: Option<&str>) -> Option<&Loaded> {
        self.sets.iter().find(|(n, _)| n.as_deref() == name).map(|(_, loaded)| loaded)
    }

    /// Whether a number is among those that are looked at.
    pub fn looks_at(&self, p: &Published) -> bool {
        self.only.is_none() || self.only == p.asking.set
    }
}

/// An entry while it is read.
#[derive(Default)]
struct Reading {
    sets: Vec<(Option<String>, Loaded)>,
    /// Sets that cannot be read.
    broken: Vec<Option<String>>,
    /// Everything that is wrong, file by file.
    faults: Vec<Exit>,
}

impl Reading {
    fn set(&mut self, name: Option<String>, what: &str) {
        match load(what) {
            Ok(loaded) => self.sets.push((name, loaded)),
            Err(exit) => {
                self.broken.push(name);
                self.faults.push(exit);
            }
        }
    }

    /// The entry, or all faults at once.
    fn finish(
        mut self,
        id: &str,
        source: Option<Source>,
        second: Option<Source>,
        only: Option<String>,
    ) -> Result<Entry, Exit> {
        let expected = Expected::default();
        let mut entry = Entry { id: id.to_string(), sets: self.sets, source, second, expected, only };
        if let Some(source) = &entry.source {
            match read(source) {
                Ok(expected) => {
                    entry.expected = expected;
                    let faults = names::check(&entry, &self.broken);
                    if !faults.is_empty() {
                        self.faults.push(refused(source, faults));
                    }
                }
                Err(faults) => self.faults.push(refused(source, faults)),
            }
        }
        self.faults.extend(second::fault(&entry));
        match self.faults.is_empty() {
            true => Ok(entry),
            false => Err(Exit::all(self.faults)),
        }
    }
}
