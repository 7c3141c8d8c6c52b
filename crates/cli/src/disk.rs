//! Every step that changes the disk, one function a step, so that a failure names the path and the bytes, and so that tests can
//! make any step fail.
//!
//! A file that must be whole is written under another name in the same folder, forced to the disk, renamed, and its folder
//! forced to the disk ([`replace`]).
//!
//! `REMISSION_FAIL_POINT=NAME:K:KIND` makes the K-th step (from 1) called NAME fail. NAME is one of [`STEPS`], or `any`. KIND is
//! `kill` (the program is gone at once, as after kill -9), `enospc`, `edquot`, `eio`, `erofs`, or `short` (a write takes half
//! of the bytes; other steps are not touched). `trace` in place of all three prints the name of every step on stderr. For
//! tests of remission alone; without the variable a step costs one look at a pointer.

use crate::failure::{Exit, code};
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// Names of steps.
pub const STEPS: [&str; 7] = ["make-folder", "create", "write", "sync", "rename", "sync-folder", "remove"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Kill,
    Fault(i32),
    Short,
    Trace,
}

struct Armed {
    name: String,
    at: u64,
    kind: Kind,
    seen: AtomicU64,
}

/// `NAME:K:KIND` or `trace`.
fn armed(text: &str) -> Option<Armed> {
    if text == "trace" {
        return Some(Armed { name: "any".into(), at: 0, kind: Kind::Trace, seen: AtomicU64::new(0) });
    }
    let mut parts = text.split(':');
    let (name, at, kind) = (parts.next()?, parts.next()?.parse().ok()?, parts.next()?);
    let kind = match kind {
        "kill" => Kind::Kill,
        "eio" => Kind::Fault(5),
        "enospc" => Kind::Fault(28),
        "erofs" => Kind::Fault(30),
        "edquot" => Kind::Fault(122),
        "short" => Kind::Short,
        _ => return None,
    };
    (name == "any" || STEPS.contains(&name)).then(|| Armed { name: name.into(), at, kind, seen: AtomicU64::new(0) })
}

/// A step is about to be done. `Ok(true)`: a write shall be short.
fn step(name: &str, path: &Path) -> io::Result<bool> {
    static ARMED: OnceLock<Option<Armed>> = OnceLock::new();
    let Some(armed) = ARMED.get_or_init(|| armed(&std::env::var("REMISSION_FAIL_POINT").ok()?)) else {
        return Ok(false);
    };
    if armed.name != "any" && armed.name != name {
        return Ok(false);
    }
    let here = armed.seen.fetch_add(1, Ordering::Relaxed) + 1 == armed.at;
    match armed.kind {
        Kind::Trace => warnln!("step {name} {}", path.display()),
        Kind::Kill if here => std::process::abort(),
        Kind::Fault(number) if here => return Err(io::Error::from_raw_os_error(number)),
        Kind::Short if here => return Ok(true),
        _ => {}
    }
    Ok(false)
}

fn failed(doing: &str, path: &Path, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("cannot {doing} {}: {error}", path.display()))
}

/// A failed step as the end of a command.
pub fn exit(error: io::Error) -> Exit {
    Exit { message: format!("error: {error}"), code: code::IO }
}

/// A file being written.
pub struct Output {
    file: File,
    path: PathBuf,
    written: u64,
}

impl Output {
    /// An empty file; one of that name is gone, and a link of that name is not followed.
    pub fn create(path: &Path) -> io::Result<Output> {
        let attempt = step("create", path).and_then(|_| {
            let _ = std::fs::remove_file(path);
            File::create_new(path)
        });
        let file = attempt.map_err(|e| failed("create", path, e))?;
        Ok(Output { file, path: path.to_path_buf(), written: 0 })
    }

    /// Forces it to the disk.
    pub fn sync(&self) -> io::Result<()> {
        let attempt = step("sync", &self.path).and_then(|_| self.file.sync_all());
        attempt.map_err(|e| failed(&format!("force to the disk {} bytes of", self.written), &self.path, e))
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let attempt = step("write", &self.path).and_then(|short| {
            let some = if short { &bytes[..bytes.len().div_ceil(2)] } else { bytes };
            self.file.write(some)
        });
        match attempt {
            Ok(n) => {
                self.written += n as u64;
                Ok(n)
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => Err(e),
            Err(e) => {
                let doing = format!("write {} bytes after the first {} of", bytes.len(), self.written);
                Err(failed(&doing, &self.path, e))
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Makes a folder and those above it.
pub fn make_folder(path: &Path) -> io::Result<()> {
    let attempt = step("make-folder", path).and_then(|_| std::fs::create_dir_all(path));
    attempt.map_err(|e| failed("make the folder", path, e))
}

/// Makes a folder that is not there yet.
pub fn make_new_folder(path: &Path) -> io::Result<()> {
    let attempt = step("make-folder", path).and_then(|_| std::fs::create_dir(path));
    attempt.map_err(|e| failed("make the folder", path, e))
}

/// Writes a file and forces it to the disk, under its own name: for files in a folder that is not final.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = Output::create(path)?;
    file.write_all(bytes)?;
    file.sync()
}

/// Writes a file whole or not at all.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".partial-{}", std::process::id()));
    let partial = path.with_file_name(name);
    // What a killed program left, or somebody put there.
    let _ = std::fs::remove_file(&partial);
    write(&partial, bytes).and_then(|()| rename(&partial, path)).inspect_err(|_| {
        // What is left of a failed attempt is of no use.
        let _ = std::fs::remove_file(&partial);
    })
}

/// Renames a file or folder that was forced to the disk, and forces the folder that holds it to the disk.
pub fn rename(from: &Path, to: &Path) -> io::Result<()> {
    let attempt = step("rename", to).and_then(|_| std::fs::rename(from, to));
    attempt.map_err(|e| failed("give its name to", to, e))?;
    sync_folder(match to.parent() {
        Some(p) if !p.as_os_str().is_empty() => p,
        _ => Path::new("."),
    })
}

/// Forces the names in a folder to the disk. Only Unix lets a folder be opened for that.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    if !cfg!(unix) {
        return Ok(());
    }
    let attempt = step("sync-folder", path).and_then(|_| File::open(path)?.sync_all());
    attempt.map_err(|e| failed("force to the disk the folder", path, e))
}

/// Removes a file, or a folder with all that is in it; what is not there is removed.
pub fn remove(path: &Path) -> io::Result<()> {
    let attempt = step("remove", path)
        .and_then(|_| if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) });
    match attempt {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(failed("remove", path, e)),
        _ => Ok(()),
    }
}
