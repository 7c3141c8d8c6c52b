//! Run directories appear whole or not at all: everything is written into a hidden folder beside, forced to the
//! disk, and renamed at the end.

use crate::failure::Exit;
use std::io::Write;
use std::path::{Path, PathBuf};

/// A folder being written; removed when dropped before [`finish`](Self::finish).
pub struct Partial {
    path: PathBuf,
    target: PathBuf,
    done: bool,
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
        std::fs::create_dir_all(&parent).map_err(|e| Exit::io("make the folder", &parent, e))?;
        let path = parent.join(format!(".{}.partial-{}", name.to_string_lossy(), std::process::id()));
        std::fs::create_dir(&path).map_err(|e| Exit::io("make the folder", &path, e))?;
        Ok(Partial { path, target: target.to_path_buf(), done: false })
    }

    /// Where to write.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Gives the folder its name and returns it: the one asked for, or the next with a number behind it when another run has
    /// taken that one meanwhile.
    pub fn finish(mut self) -> Result<PathBuf, Exit> {
        sync_folder(&self.path)?;
        let wanted = self.target.clone();
        let mut number = 2;
        while self.target.exists() && !(self.target.is_dir() && is_empty(&self.target)) {
            let mut name = wanted.file_name().unwrap_or_default().to_os_string();
            name.push(format!("-{number}"));
            self.target = wanted.with_file_name(name);
            number += 1;
        }
        std::fs::rename(&self.path, &self.target).map_err(|e| Exit::io("name the folder", &self.target, e))?;
        self.done = true;
        match self.target.parent() {
            Some(p) if !p.as_os_str().is_empty() => sync_folder(p)?,
            _ => sync_folder(Path::new("."))?,
        }
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

/// Writes a file that is not there yet and forces it to the disk. A link of that name is not followed.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), Exit> {
    let attempt = || {
        let mut file = std::fs::File::create_new(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    attempt().map_err(|e: std::io::Error| Exit::io("write", path, e))
}

/// Writes a file under a temporary name, forces it to the disk and renames it.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), Exit> {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".partial-{}", std::process::id()));
    let partial = path.with_file_name(name);
    // What a killed program left, or somebody put there.
    let _ = std::fs::remove_file(&partial);
    write(&partial, bytes)?;
    std::fs::rename(&partial, path).map_err(|e| Exit::io("write", path, e))
}

fn sync_folder(folder: &Path) -> Result<(), Exit> {
    // Only Unix lets a folder be opened and forced to the disk.
    if cfg!(unix) {
        let attempt = || std::fs::File::open(folder)?.sync_all();
        attempt().map_err(|e: std::io::Error| Exit::io("write", folder, e))?;
    }
    Ok(())
}
