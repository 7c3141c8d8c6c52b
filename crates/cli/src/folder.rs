//! Folders that commands other than `run` write appear whole or not at all: everything is written into a hidden folder beside,
//! forced to the disk, and renamed at the end. What a killed command left is removed by the next that writes beside it.

use crate::disk;
use crate::failure::Exit;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// A folder being written; removed when dropped before [`finish`](Self::finish).
pub struct Partial {
    path: PathBuf,
    target: PathBuf,
    done: bool,
    /// Held while this process lives, where a folder can be locked.
    _lock: Option<File>,
}

impl Partial {
    /// Prepares to make `target`, which must not exist or be empty.
    pub fn beside(target: &Path) -> Result<Partial, Exit> {
        if target.exists() && (!target.is_dir() || !is_empty(target)) {
            let what = if target.is_dir() { "exists and is not empty" } else { "exists and is not a folder" };
            return Err(Exit::refused(format!(
                "error: {} {what}; results are never mixed or overwritten\n  name another folder with --out, or remove this one",
                target.display()
            )));
        }
        let Some(name) = target.file_name() else {
            return Err(Exit::refused(format!(
                "error: `{}` does not name a folder; give --out a name",
                target.display()
            )));
        };
        let parent = match target.parent() {
            Some(p) if !p.as_os_str().is_empty() => p.to_path_buf(),
            _ => PathBuf::from("."),
        };
        disk::make_folder(&parent).map_err(disk::exit)?;
        sweep(&parent, &format!(".{}.partial-", name.to_string_lossy()));
        let path = parent.join(format!(".{}.partial-{}", name.to_string_lossy(), std::process::id()));
        disk::make_new_folder(&path).map_err(disk::exit)?;
        let lock = File::open(&path).ok().filter(|f| f.try_lock().is_ok());
        Ok(Partial { path, target: target.to_path_buf(), done: false, _lock: lock })
    }

    /// Where to write.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Gives the folder its name and returns it: the one asked for, or the next with a number behind it when another run has
    /// taken that one meanwhile.
    pub fn finish(mut self) -> Result<PathBuf, Exit> {
        disk::sync_folder(&self.path).map_err(disk::exit)?;
        let wanted = self.target.clone();
        let mut number = 2;
        while self.target.exists() && !(self.target.is_dir() && is_empty(&self.target)) {
            let mut name = wanted.file_name().unwrap_or_default().to_os_string();
            name.push(format!("-{number}"));
            self.target = wanted.with_file_name(name);
            number += 1;
        }
        disk::rename(&self.path, &self.target).map_err(disk::exit)?;
        self.done = true;
        Ok(self.target.clone())
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.done {
            // Nothing more can be done for a folder that cannot be removed.
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

/// True for a folder without entries.
pub fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none())
}

/// Writes a file and forces it to the disk. A link of that name is not followed.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), Exit> {
    disk::write(path, bytes).map_err(disk::exit)
}

/// Writes a file under a temporary name, forces it to the disk and renames it.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), Exit> {
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    sweep(parent, &format!(".{}.partial-", path.file_name().unwrap_or_default().to_string_lossy()));
    disk::replace(path, bytes).map_err(disk::exit)
}

/// How old something must be to be what a killed command left.
const OLD: Duration = Duration::from_secs(60);

/// Removes files and folders of `parent` whose names begin so, which no living process is writing: they are locked while it
/// lives (folders), and have not changed for a while.
pub fn sweep(parent: &Path, begins: &str) {
    let Ok(entries) = std::fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        let number = entry.file_name().to_string_lossy().strip_prefix(begins).map(str::to_string);
        if number.is_none_or(|n| n.parse::<u32>().is_err()) {
            continue;
        }
        let path = entry.path();
        let plain = entry.metadata().ok().filter(|m| m.is_dir() || m.is_file());
        if plain.is_none() {
            continue;
        }
        let age = plain.and_then(|m| m.modified().ok()).and_then(|t| SystemTime::now().duration_since(t).ok());
        let free = File::open(&path).is_ok_and(|f| f.try_lock().is_ok());
        if free && age.is_some_and(|age| age > OLD) {
            // Nothing more can be done for what cannot be removed.
            let _ = disk::remove(&path);
        }
    }
}
