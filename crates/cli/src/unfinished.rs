//! A run on its way: the folder `unfinished` within the run directory, which is there from the first moment to the last.
//!
//! | in it | what |
//! |---|---|
//! | `lock` | locked by the process that works on the run; the system opens it when that process ends, however it ends |
//! | `process` | the number of that process, to name it to another |
//! | `asked.json` | what was asked, with its own checksum: written last of the beginning, so a folder without it holds nothing |
//! | `inputs/` | copies of the study's files |
//! | `patients-N.outcomes` | outcomes of the patients from number N on ([`remission_cohort::checkpoint`]) |
//! | `whole/` | what will be the run directory; made anew by every attempt |
//!
//! At the end the files of `whole` are renamed into the run directory, `record.json` last, and `unfinished` is renamed and removed. So a
//! directory with a record is whole, and one without is found by its name and can be resumed, whatever happened.

use crate::asked::{self, Asked};
use crate::commands::run::shown;
use crate::failure::Exit;
use crate::load::Source;
use crate::record::{self, RNG_VERSION, digest};
use crate::{bounded, disk, folder, interrupt};
use remission_cohort::checkpoint::{self, HEAD, Pending};
use remission_cohort::outcome::PatientOutcome;
use remission_cohort::run::Handed;
use remission_model::records::MAX_BYTES;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, TryLockError};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Folder within a run directory.
pub const FOLDER: &str = "unfinished";
/// Its name while it is being removed.
const DONE: &str = "unfinished.done";
/// Longest time between two checkpoints while patients are finished: what kill -9 can cost.
pub const INTERVAL: Duration = Duration::from_secs(2);
/// Outcomes are written when they have this many bytes, however young they are: what waits is in memory.
const MOST: usize = 4 << 20;
/// Largest checkpoint that is read back.
const LARGEST: u64 = 1 << 28;

/// A run that this process works on.
pub struct Unfinished {
    /// The run directory.
    pub dir: PathBuf,
    /// What was asked.
    pub asked: Asked,
    identity: [u8; 32],
    lock: File,
    /// Segments not read yet, by first patient: file and patients, as its head says.
    unread: BTreeMap<u32, (PathBuf, u32)>,
    pending: Pending,
    /// Patients that were written before their turn.
    ahead: BTreeSet<u32>,
    written: Instant,
    every: u32,
    kept: u32,
}

/// Why a run did not begin.
pub enum Taken {
    /// Another process works in the directory.
    Locked(Exit),
    /// Anything else.
    Refused(Exit),
}

impl From<Exit> for Taken {
    fn from(exit: Exit) -> Taken {
        Taken::Refused(exit)
    }
}

/// True when a directory holds a run that was begun and not finished.
pub fn is_unfinished(dir: &Path) -> bool {
    dir.join(FOLDER).join(asked::FILE).is_file() && !dir.join(record::FILE).is_file()
}

/// True when a run was killed there before it had written down what was asked.
pub fn is_nothing_yet(dir: &Path) -> bool {
    dir.join(FOLDER).is_dir() && !dir.join(FOLDER).join(asked::FILE).exists() && !dir.join(record::FILE).exists()
}

/// What to say of such a directory.
pub fn message(dir: &Path) -> String {
    let lock = File::open(dir.join(FOLDER).join("lock"));
    if lock.is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))) {
        let process = holder(&dir.join(FOLDER));
        // Who asks may hold the lock himself, to look what is there.
        if process != std::process::id().to_string() {
            return format!("{} is being written by process {process}; wait for it to finish", dir.display());
        }
    }
    format!(
        "{} holds a run that is not finished; `remission run --resume {}` goes on with it",
        dir.display(),
        shown(dir)
    )
}

/// True when a run may begin there: nothing is there, or nothing but what a run leaves that was killed before it began.
pub fn is_free(dir: &Path) -> bool {
    let begun = |dir: &Path| {
        let names = std::fs::read_dir(dir).map(|list| list.flatten().map(|e| e.file_name()).collect::<Vec<_>>());
        names.is_ok_and(|names| names.iter().all(|n| n == FOLDER)) && !dir.join(FOLDER).join(asked::FILE).is_file()
    };
    !dir.exists() || (dir.is_dir() && (folder::is_empty(dir) || begun(dir)))
}

fn not_free(dir: &Path) -> Exit {
    if is_unfinished(dir) {
        return Exit::refused(format!(
            "error: {}\n  or name another folder with --out, or remove this one",
            message(dir)
        ));
    }
    let what = if dir.is_dir() { "exists and is not empty" } else { "exists and is not a folder" };
    Exit::refused(format!(
        "error: {} {what}; results are never mixed or overwritten\n  name another folder with --out, or remove this one",
        dir.display()
    ))
}

impl Unfinished {
    /// Begins a run in `dir`, which must not exist or hold nothing.
    pub fn begin(dir: &Path, asked: Asked, sources: &[Source], every: u32) -> Result<Unfinished, Taken> {
        if dir.file_name().is_none() {
            let why = format!("error: `{}` does not name a folder; give --out a name", dir.display());
            return Err(Exit::refused(why).into());
        }
        let there = dir.exists();
        if dir.exists() && !dir.is_dir() || (!is_free(dir) && !dir.join(FOLDER).is_dir()) {
            return Err(not_free(dir).into());
        }
        let lock = lock(dir)?;
        if !is_free(dir) {
            // Another run ended here meanwhile and has taken its folder away: this one is of this process.
            if dir.join(record::FILE).is_file() {
                drop(lock);
                let _ = std::fs::remove_dir_all(dir.join(FOLDER));
            }
            return Err(not_free(dir).into());
        }
        let inside = dir.join(FOLDER);
        let attempt = || {
            disk::make_folder(&inside.join("inputs"))?;
            for source in sources {
                disk::write(&inside.join("inputs").join(record::input_name(source)), source.text.as_bytes())?;
            }
            disk::sync_folder(&inside.join("inputs"))?;
            disk::replace(&inside.join(asked::FILE), &asked.sealed())?;
            // The names of the folders on the way, too.
            disk::sync_folder(dir)?;
            disk::sync_folder(dir.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")))
        };
        if let Err(error) = attempt() {
            // Nothing was begun, so nothing is left.
            let _ = std::fs::remove_dir_all(&inside);
            if !there {
                let _ = std::fs::remove_dir(dir);
            }
            return Err(disk::exit(error).into());
        }
        Ok(Unfinished::of(dir, asked, lock, BTreeMap::new(), every))
    }

    /// Takes up the run in `dir` again, with its inputs.
    pub fn reopen(dir: &Path, every: u32) -> Result<(Unfinished, Vec<Source>), Exit> {
        let lock = lock(dir).map_err(|taken| match taken {
            Taken::Locked(exit) | Taken::Refused(exit) => exit,
        })?;
        let inside = dir.join(FOLDER);
        let asked = Asked::read(dir)?;
        if asked.rng_version != RNG_VERSION {
            return Err(Exit::refused(format!(
                "error: {} was begun with random streams version {}; this program has version {RNG_VERSION}, and patients \
                 of two versions are never mixed\n  go on with remission {}, or run the study anew",
                dir.display(),
                asked.rng_version,
                asked.remission
            )));
        }
        let mut sources = Vec::new();
        for (name, known) in &asked.inputs {
            let path = inside.join("inputs").join(name);
            let bytes = bounded::bytes(&path, MAX_BYTES as u64, "an input").map_err(|mut exit| {
                exit.message += &format!("\n  put it back, or remove {} and run the study anew", dir.display());
                exit
            })?;
            if digest(&bytes) != *known {
                return Err(Exit::refused(format!(
                    "error: {} is not what the run was begun with (its SHA-256 differs), so the run cannot go on\n  \
                     put the file back, or remove {} and run the study anew",
                    path.display(),
                    dir.display()
                )));
            }
            let text = String::from_utf8_lossy(&bytes).into_owned();
            sources.push(Source { file: name.clone(), shown: path.display().to_string(), text });
        }
        let mut unread = BTreeMap::new();
        let entries = std::fs::read_dir(&inside).map_err(|e| Exit::io("read", &inside, e))?;
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.contains(".partial-") {
                // A write that was cut off.
                disk::remove(&entry.path()).map_err(disk::exit)?;
            } else if let Some(first) = number(&name) {
                unread.insert(first, (entry.path(), counted(&entry.path())));
            }
        }
        Ok((Unfinished::of(dir, asked, lock, unread, every), sources))
    }

    fn of(dir: &Path, asked: Asked, lock: File, unread: BTreeMap<u32, (PathBuf, u32)>, every: u32) -> Unfinished {
        let kept = unread.values().fold(0u32, |n, s| n.saturating_add(s.1));
        let run = Unfinished {
            dir: dir.to_path_buf(),
            identity: Sha256::digest(asked.plain()).into(),
            asked,
            lock,
            unread,
            pending: Pending::default(),
            ahead: BTreeSet::new(),
            written: Instant::now(),
            every,
            kept,
        };
        interrupt::note(run.interrupted());
        run
    }

    /// Where to make what the run directory will be.
    pub fn whole(&self) -> Result<PathBuf, Exit> {
        let whole = self.dir.join(FOLDER).join("whole");
        disk::remove(&whole).and_then(|()| disk::make_folder(&whole)).map_err(disk::exit)?;
        Ok(whole)
    }

    /// The next segment whose outcomes can be believed: they begin at `due` or later. One that cannot be is named, removed,
    /// and its patients will be simulated again.
    pub fn next_segment(&mut self, due: u32) -> Result<Option<Vec<PatientOutcome>>, Exit> {
        while let Some((first, (path, patients))) = self.unread.pop_first() {
            let read = bounded::bytes(&path, LARGEST, "a checkpoint")
                .map_err(|exit| exit.message.trim_start_matches("error: ").to_string());
            let why = match read.and_then(|b| checkpoint::read(&b, self.identity).map_err(|damage| damage.to_string()))
            {
                Ok(list) if list[0].patient != first => "its name is that of other patients".to_string(),
                Ok(_) if first < due => "it holds patients that another checkpoint holds".to_string(),
                Ok(list) if list[list.len() - 1].patient >= self.asked.patients => {
                    "it holds patients that the run does not have".to_string()
                }
                Ok(list) => return Ok(Some(list)),
                Err(why) => why,
            };
            warnln!("warning: {} is damaged: {why}; its patients are simulated again", path.display());
            self.kept = self.kept.saturating_sub(patients);
            disk::remove(&path).map_err(disk::exit)?;
        }
        Ok(None)
    }

    /// Keeps patients that were simulated; written when it is time.
    pub fn keep(&mut self, handed: &Handed) -> std::io::Result<()> {
        match handed {
            Handed::Next(outcome) if self.ahead.remove(&outcome.patient) => {
                // Written before its turn; a segment has no gaps.
                return self.write();
            }
            Handed::Next(outcome) => self.pending.add(outcome),
            Handed::Ahead(list) => {
                self.write()?;
                for outcome in *list {
                    self.pending.add(outcome);
                    self.ahead.insert(outcome.patient);
                }
                return self.write();
            }
            Handed::Nothing => {}
        }
        let time = self.written.elapsed() >= INTERVAL;
        if time || self.pending.patients() >= self.every || self.pending.len() >= MOST {
            self.write()?;
        }
        Ok(())
    }

    /// Writes what waits.
    pub fn write(&mut self) -> std::io::Result<()> {
        if !self.pending.is_empty() {
            let path = self.dir.join(FOLDER).join(format!("patients-{:010}.outcomes", self.pending.first()));
            let patients = self.pending.patients();
            disk::replace(&path, &self.pending.take(self.identity))?;
            self.kept = self.kept.saturating_add(patients);
            interrupt::note(self.interrupted());
        }
        self.written = Instant::now();
        Ok(())
    }

    /// Patients that are kept.
    pub fn kept(&self) -> u32 {
        self.kept.min(self.asked.patients)
    }

    /// What is kept, and how to go on.
    pub fn state(&self) -> String {
        if !self.dir.join(FOLDER).is_dir() {
            return format!(
                "{} was removed or renamed while the run was written to it, and what was kept with it; begin the run again",
                self.dir.display()
            );
        }
        format!(
            "{} of {} patients are kept in {}\n  go on with: remission run --resume {}",
            self.kept(),
            self.asked.patients,
            self.dir.display(),
            shown(&self.dir)
        )
    }

    /// What an interrupted run says.
    pub fn interrupted(&self) -> String {
        format!("interrupted: {}", self.state())
    }

    /// Gives the files of [`whole`](Self::whole) their names and removes everything else.
    pub fn finish(self) -> Result<(), Exit> {
        let whole = self.dir.join(FOLDER).join("whole");
        let entries = std::fs::read_dir(&whole).map_err(|e| Exit::io("read", &whole, e))?;
        let mut names: Vec<_> = entries.flatten().map(|e| e.file_name()).collect();
        names.sort_by_key(|n| (n == record::FILE, n.clone()));
        let attempt = || {
            disk::sync_folder(&whole)?;
            names.iter().try_for_each(|n| disk::rename(&whole.join(n), &self.dir.join(n)))
        };
        attempt().map_err(disk::exit)?;
        interrupt::note(String::new());
        // Out of the way at once, so that who comes meanwhile makes a folder of his own.
        disk::rename(&self.dir.join(FOLDER), &self.dir.join(DONE)).map_err(disk::exit)?;
        drop(self.lock);
        clear(&self.dir)
    }
}

/// Removes what a finished run needs no more.
pub fn clear(dir: &Path) -> Result<(), Exit> {
    [DONE, FOLDER].iter().map(|name| dir.join(name)).filter(|p| p.exists()).try_for_each(|p| disk::remove(&p)).map_err(
        |e| {
            let mut exit = disk::exit(e);
            exit.message += "\n  the run is finished and whole; only this folder, which nothing needs, is left";
            exit
        },
    )
}

fn number(name: &str) -> Option<u32> {
    name.strip_prefix("patients-")?.strip_suffix(".outcomes")?.parse().ok()
}

/// Patients of a segment, as its head says; whether that is true is found when it is read.
fn counted(path: &Path) -> u32 {
    if !path.is_file() {
        // A pipe would wait for who never comes.
        return 0;
    }
    let mut head = [0; HEAD];
    let read = File::open(path).and_then(|mut f| f.read_exact(&mut head));
    read.map_or(0, |()| checkpoint::claimed(&head))
}

/// Makes the run this process's own.
fn lock(dir: &Path) -> Result<File, Taken> {
    let inside = dir.join(FOLDER);
    let path = inside.join("lock");
    if std::fs::symlink_metadata(&inside).is_ok_and(|m| m.file_type().is_symlink()) {
        let why = format!("error: {} is a link; a run writes within its own directory alone", inside.display());
        return Err(Exit::refused(why).into());
    }
    // Each turn another process ended its run between two steps of this one.
    for _ in 0..100 {
        disk::make_folder(&inside).map_err(disk::exit)?;
        if path.exists() && !path.is_file() {
            let why = format!("error: {} is not a file; remove it, nothing needs it", path.display());
            return Err(Exit::refused(why).into());
        }
        let file = match File::options().create(true).truncate(false).write(true).open(&path) {
            Ok(file) => file,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => continue,
            Err(e) => return Err(Exit::io("write", &path, e).into()),
        };
        match file.try_lock() {
            Ok(()) if is_still(&file, &path) => {
                match disk::replace(&inside.join("process"), std::process::id().to_string().as_bytes()) {
                    Ok(()) => return Ok(file),
                    // The folder was taken away just now, by the process that ended its run.
                    Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
                    Err(e) => return Err(disk::exit(e).into()),
                }
            }
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Taken::Locked(Exit::refused(format!(
                    "error: {} is being written by process {}; results are never mixed\n  wait for it, or name another folder with --out",
                    dir.display(),
                    holder(&inside)
                ))));
            }
            Err(TryLockError::Error(e)) => return Err(Exit::io("lock", &path, e).into()),
        }
    }
    Err(Exit::io("lock", &path, "other processes make and remove it all the time").into())
}

/// False when the locked file was removed meanwhile, so that another may lie under its name.
fn is_still(file: &File, path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let same = |a: std::fs::Metadata, b: std::fs::Metadata| (a.dev(), a.ino()) == (b.dev(), b.ino());
        file.metadata().is_ok_and(|a| std::fs::metadata(path).is_ok_and(|b| same(a, b)))
    }
    // Elsewhere an open file cannot be removed.
    #[cfg(not(unix))]
    {
        let _ = file;
        path.exists()
    }
}

/// The process that holds the lock. It writes its number right after locking, so the number of one that died may still stand
/// there: where processes can be looked up, that is seen.
fn holder(inside: &Path) -> String {
    let mut found = None;
    for _ in 0..50 {
        std::thread::sleep(Duration::from_millis(20));
        let text = std::fs::read_to_string(inside.join("process")).unwrap_or_default();
        let number: Option<u32> = text.trim().parse().ok();
        let alive = |n: u32| !Path::new("/proc/self").exists() || Path::new(&format!("/proc/{n}")).exists();
        found = number.or(found);
        if number.is_some_and(alive) {
            break;
        }
    }
    found.map_or("(unknown)".to_string(), |n| n.to_string())
}
