//! What goes wrong from outside: processes killed, disks that fail, files that are damaged, two runs in one place. After each, the
//! run can be resumed and ends with the bytes of one that nobody disturbed. `verify/unbreakable.py` does the same far more often.
#![cfg(unix)]

mod common;

use common::DISH;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Scratch {
        let path = std::env::temp_dir().join(format!("remission-unbreakable-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Scratch(path)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }

    /// A study of small tumours: a run of 40 patients takes milliseconds.
    fn dish(&self) -> String {
        std::fs::create_dir_all(self.0.join("dish")).unwrap();
        std::fs::write(self.0.join("dish/model.toml"), DISH).unwrap();
        std::fs::write(self.0.join("dish/study.toml"), STUDY).unwrap();
        std::fs::write(self.0.join("dish/expected.toml"), EXPECTED).unwrap();
        self.path("dish")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

const STUDY: &str = r#"
[study]
patients = 40
seed = 7
horizon = "6 days"
visits = "every 2 days"

[[arms]]
name = "untreated"
regimen = ["no treatment"]
"#;

/// A known miss, which the report of a resumed run tells as that of an undisturbed one does.
const EXPECTED: &str = r#"
[[published]]
name = "known miss"
quantity = "reading"
of = "total"
at = "6 days"
low = 1
high = 2
kind = "predicted"
reason = "more cells than that live"
citation = { url = "https://example.org", where = "Table 1" }
"#;

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_remission"));
    command.args(arguments).env_remove("REMISSION_FAIL_POINT").stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn remission(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

fn failing(point: &str, arguments: &[&str]) -> Output {
    command(arguments).env("REMISSION_FAIL_POINT", point).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Every file of a finished run directory; nothing else may be in it.
fn files(dir: &str) -> BTreeMap<String, Vec<u8>> {
    let read = |e: std::fs::DirEntry| {
        let path = e.path();
        assert!(path.is_file(), "{} is no file of a finished run", path.display());
        (e.file_name().to_string_lossy().into_owned(), std::fs::read(path).unwrap())
    };
    std::fs::read_dir(dir).unwrap().map(|e| read(e.unwrap())).collect()
}

/// Names of the files that differ, or are in one alone.
fn difference(a: &BTreeMap<String, Vec<u8>>, b: &BTreeMap<String, Vec<u8>>) -> Vec<String> {
    a.keys().chain(b.keys()).filter(|k| a.get(*k) != b.get(*k)).cloned().collect()
}

fn assert_resumes(dir: &str, whole: &BTreeMap<String, Vec<u8>>, what: &str) -> Output {
    let run = remission(&["run", "--resume", dir]);
    assert_eq!(run.status.code(), Some(0), "{what}: {}", said(&run));
    assert_eq!(difference(&files(dir), whole), [""; 0], "{what}");
    run
}

/// Nothing under a final name is half-written: what is there has the bytes of the undisturbed run.
fn assert_nothing_half(dir: &str, whole: &BTreeMap<String, Vec<u8>>, what: &str) {
    for entry in std::fs::read_dir(dir).into_iter().flatten() {
        let entry = entry.unwrap();
        let name = entry.file_name().to_string_lossy().into_owned();
        let finished = Path::new(dir).join("record.json").is_file();
        if name == "unfinished" || (name == "unfinished.done" && finished) {
            continue;
        }
        assert!(whole.get(&name) == Some(&std::fs::read(entry.path()).unwrap()), "{what}: {name} is half-written");
    }
}

fn undisturbed(scratch: &Scratch, arguments: &[&str]) -> BTreeMap<String, Vec<u8>> {
    let out = scratch.path("undisturbed");
    let run = remission(&[&["run"], arguments, &["--out", &out]].concat());
    assert_eq!(run.status.code(), Some(0), "{}", said(&run));
    files(&out)
}

/// Outcomes that are kept, as the message of an interrupted or failed run says.
fn kept(message: &str) -> u32 {
    let before = message.split(" patients are kept").next().unwrap();
    before.rsplit(' ').nth(2).unwrap().parse().unwrap()
}

#[test]
fn threads_chunks_and_interruptions_give_one_set_of_bytes() {
    let scratch = Scratch::new("digest");
    let whole = undisturbed(&scratch, &["nsclc-egfr-tki", "--patients", "12", "--seed", "5", "--threads", "1"]);
    for (k, (threads, chunk)) in [("1", "5"), ("2", "1"), ("3", "16"), ("7", "2"), ("16", "3")].into_iter().enumerate()
    {
        let out = scratch.path(&format!("run-{k}"));
        let base = ["--threads", threads, "--chunk", chunk, "--checkpoint-patients", "3"];
        let first = [&["run", "nsclc-egfr-tki", "--patients", "12", "--seed", "5", "--out", &out], &base[..]].concat();
        if k % 2 == 0 {
            // Killed in the middle, at the rename of the third checkpoint (before come the process's number and what was asked).
            assert_eq!(failing("rename:5:kill", &first).status.code(), None);
            let again = remission(&[&["run", "--resume", &out], &base[..]].concat());
            assert_eq!(again.status.code(), Some(0), "{}", said(&again));
        } else {
            assert_eq!(remission(&first).status.code(), Some(0));
        }
        assert_eq!(difference(&files(&out), &whole), [""; 0], "{threads} threads, chunks of {chunk}");
    }
}

#[test]
fn killed_at_every_step_and_again_while_resuming() {
    let scratch = Scratch::new("steps");
    let dish = scratch.dish();
    let study = [dish.as_str(), "--csv", "--threads", "2"];
    let whole = undisturbed(&scratch, &study);
    let every = ["--checkpoint-patients", "13"];
    let mut k = 0;
    loop {
        k += 1;
        let out = scratch.path(&format!("kill-{k}"));
        let run = failing(&format!("any:{k}:kill"), &[&["run"], &study[..], &every[..], &["--out", &out]].concat());
        if run.status.code() == Some(0) {
            break;
        }
        assert_eq!(run.status.code(), None, "step {k}: {}", said(&run));
        assert_nothing_half(&out, &whole, &format!("killed at step {k}"));
        if !Path::new(&out).join("unfinished/asked.json").is_file() && !Path::new(&out).join("record.json").is_file() {
            // It had not begun: the same command begins it.
            let run = remission(&[&["run"], &study[..], &["--out", &out]].concat());
            assert_eq!(run.status.code(), Some(0), "step {k}: {}", said(&run));
            assert_eq!(difference(&files(&out), &whole), [""; 0], "step {k}");
            continue;
        }
        // Killed again at a step of the resume that moves with k, then once more without.
        let second =
            failing(&format!("any:{}:kill", 1 + k % 37), &["run", "--resume", &out, "--checkpoint-patients", "13"]);
        assert!(matches!(second.status.code(), None | Some(0)), "step {k}: {}", said(&second));
        assert_resumes(&out, &whole, &format!("killed at step {k}, then {}", 1 + k % 37));
    }
    assert!(k > 60, "only {k} steps were there to fail at");
}

#[test]
fn every_step_that_fails_is_named_and_leaves_nothing_half() {
    let scratch = Scratch::new("faults");
    let dish = scratch.dish();
    let study = [dish.as_str(), "--threads", "2"];
    let whole = undisturbed(&scratch, &study);
    let kinds = [("enospc", "os error 28"), ("eio", "os error 5"), ("erofs", "os error 30"), ("short", "")];
    let mut k = 0;
    let mut ended = false;
    while !ended {
        k += 1;
        for (kind, message) in kinds {
            let out = scratch.path(&format!("{kind}-{k}"));
            let arguments = [&["run"], &study[..], &["--checkpoint-patients", "13", "--out", &out]].concat();
            let run = failing(&format!("any:{k}:{kind}"), &arguments);
            let what = format!("{kind} at step {k}: {}", said(&run));
            if kind == "short" || run.status.code() == Some(0) {
                // A short write is no fault: the rest is written.
                assert_eq!(run.status.code(), Some(0), "{what}");
                assert_eq!(difference(&files(&out), &whole), [""; 0], "{what}");
                ended |= kind != "short";
                continue;
            }
            assert_eq!(run.status.code(), Some(5), "{what}");
            assert!(said(&run).contains(message) && said(&run).contains(&scratch.0.display().to_string()), "{what}");
            assert!(!said(&run).contains(" write ") || said(&run).contains(" bytes "), "{what}");
            assert_nothing_half(&out, &whole, &what);
            if Path::new(&out).join("unfinished/asked.json").is_file() || Path::new(&out).join("record.json").is_file()
            {
                assert_resumes(&out, &whole, &what);
            } else {
                let run = remission(&[&["run"], &study[..], &["--out", &out]].concat());
                assert_eq!(run.status.code(), Some(0), "{what}, then {}", said(&run));
            }
            std::fs::remove_dir_all(&out).unwrap();
        }
    }
    assert!(k > 50, "only {k} steps were there to fail");
}

/// Starts a run and waits until `n` checkpoints lie there.
fn started(out: &str, n: usize, arguments: &[&str]) -> Child {
    let mut child = command(&[&["run", "nsclc-egfr-tki", "--out", out], arguments].concat()).spawn().unwrap();
    let began = Instant::now();
    while checkpoints(out).len() < n {
        assert!(began.elapsed() < Duration::from_secs(60), "no checkpoint in a minute");
        assert!(child.try_wait().unwrap().is_none(), "the run ended before it could be disturbed");
        std::thread::sleep(Duration::from_millis(5));
    }
    child
}

fn checkpoints(out: &str) -> Vec<PathBuf> {
    let list = std::fs::read_dir(Path::new(out).join("unfinished")).into_iter().flatten();
    let mut found: Vec<_> =
        list.map(|e| e.unwrap().path()).filter(|p| p.extension().is_some_and(|e| e == "outcomes")).collect();
    found.sort();
    found
}

#[test]
fn ctrl_c_ends_within_a_second_and_says_how_to_go_on() {
    let scratch = Scratch::new("interrupt");
    let out = scratch.path("run");
    let study = ["--patients", "600", "--seed", "3", "--threads", "2"];
    let child = started(&out, 2, &[&study[..], &["--checkpoint-patients", "5"]].concat());
    let began = Instant::now();
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let ended = child.wait_with_output().unwrap();
    assert!(began.elapsed() < Duration::from_secs(1), "it took {:?}", began.elapsed());
    assert_eq!(ended.status.code(), Some(130), "{}", said(&ended));
    let message = said(&ended);
    assert!(message.contains(&format!("remission run --resume {out}")), "{message}");
    assert!((10..600).contains(&kept(&message)), "{message}");
    // Every command that reads run directories says so, by name.
    for command in
        [&["verify", &out][..], &["report", &out], &["export", "--csv", &out], &["diff", &out, "nsclc-egfr-tki"]]
    {
        let run = remission(command);
        assert_eq!(run.status.code(), Some(1), "{command:?}");
        assert!(said(&run).contains("not finished") && said(&run).contains("--resume"), "{command:?}: {}", said(&run));
    }
    // What contradicts the record is refused, naming both; what agrees is not.
    let cases = [
        (&["--patients", "601"][..], "--patients 601", "600"),
        (&["--seed", "4"], "--seed 4", "3"),
        (&["--method", "mean"], "--method mean", "leap"),
        (&["pc9-erlotinib"], "pc9-erlotinib", "nsclc-egfr-tki"),
        (&["--csv"], "--csv", "no CSV"),
        (&["--arm", "erlotinib 100 mg oral every day"], "--arm", "arms"),
        (&["--out", "elsewhere"], "--out elsewhere", &out),
    ];
    for (flags, given, recorded) in cases {
        let run = remission(&[&["run", "--resume", &out], flags].concat());
        assert_eq!(run.status.code(), Some(1), "{flags:?}");
        assert!(said(&run).contains(given) && said(&run).contains(recorded), "{flags:?}: {}", said(&run));
    }
    let run = remission(&[&["run", "nsclc-egfr-tki", "--resume", &out], &study[..]].concat());
    assert_eq!(run.status.code(), Some(0), "{}", said(&run));
    let whole = undisturbed(&scratch, &[&["nsclc-egfr-tki"], &study[..]].concat());
    assert_eq!(difference(&files(&out), &whole), [""; 0]);
    let again = remission(&["run", "--resume", &out]);
    assert_eq!(again.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&again.stdout).contains("nothing to do"));
}

#[test]
fn killed_at_random_times_it_ends_with_the_same_bytes() {
    let scratch = Scratch::new("random");
    let study = ["nsclc-egfr-tki", "--patients", "40", "--seed", "11", "--threads", "2"];
    let began = Instant::now();
    let whole = undisturbed(&scratch, &study);
    let takes = began.elapsed();
    let out = scratch.path("run");
    // Ten kills of one run, at ten places spread over the time it takes.
    let mut first = true;
    for k in 0..10u32 {
        let arguments =
            if first { [&["run"], &study[..], &["--out", &out]].concat() } else { vec!["run", "--resume", &out] };
        let mut child = command(&[&arguments[..], &["--checkpoint-patients", "4"]].concat()).spawn().unwrap();
        std::thread::sleep(takes * (k * 7 % 10 + 1) / 25);
        child.kill().unwrap();
        child.wait().unwrap();
        first = first && !Path::new(&out).join("unfinished/asked.json").is_file();
        if Path::new(&out).join("record.json").is_file() {
            break;
        }
    }
    assert!(!first, "no run came to begin");
    assert_resumes(&out, &whole, "killed ten times");
}

#[test]
fn a_killed_run_loses_no_checkpoint() {
    let scratch = Scratch::new("lost");
    let out = scratch.path("run");
    let mut child = started(&out, 3, &["--patients", "60", "--threads", "2", "--checkpoint-patients", "5"]);
    child.kill().unwrap();
    child.wait().unwrap();
    // Bytes 48 to 52 of a segment: how many patients it holds. On a busy machine one may hold fewer than five.
    let patients = |p: PathBuf| u32::from_le_bytes(std::fs::read(p).unwrap()[48..52].try_into().unwrap());
    let there: u32 = checkpoints(&out).into_iter().map(patients).sum();
    // Stopped as it resumes, before it has simulated anything: what was kept is still kept.
    let run = failing("create:2:eio", &["run", "--resume", &out]);
    assert_eq!(run.status.code(), Some(5), "{}", said(&run));
    assert_eq!(kept(&said(&run)), there, "{}", said(&run));
}

/// Files and what is written over them.
type Damaged = Vec<(PathBuf, Vec<u8>)>;

#[test]
fn damaged_checkpoints_are_named_and_their_patients_simulated_again() {
    let scratch = Scratch::new("damage");
    let dish = scratch.dish();
    let whole = undisturbed(&scratch, &[&dish]);
    let out = scratch.path("run");
    // Killed when all patients are kept and the tables are being closed.
    let run = failing("create:16:kill", &["run", &dish, "--checkpoint-patients", "8", "--out", &out]);
    assert_eq!(run.status.code(), None, "{}", said(&run));
    let segments = checkpoints(&out);
    assert!(segments.len() >= 4, "{segments:?}");
    let good: Vec<Vec<u8>> = segments.iter().map(|s| std::fs::read(s).unwrap()).collect();
    let pristine: Vec<(PathBuf, Vec<u8>)> = segments.iter().cloned().zip(good.iter().cloned()).collect();
    let mut cases: Vec<(String, Damaged)> = Vec::new();
    for (k, cut) in [0, 1, 50, 99, 100, good[1].len() - 1].into_iter().enumerate() {
        let at = k % segments.len();
        cases.push((
            format!("cut to {cut}"),
            vec![(segments[at].clone(), good[at][..cut.min(good[at].len() - 1)].to_vec())],
        ));
    }
    for bit in [3, 100, 360, 8 * 90, 8 * good[2].len() - 1] {
        let mut bytes = good[2].clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        cases.push((format!("bit {bit}"), vec![(segments[2].clone(), bytes)]));
    }
    cases
        .push(("swapped".into(), vec![(segments[0].clone(), good[1].clone()), (segments[1].clone(), good[0].clone())]));
    cases.push(("all empty".into(), segments.iter().map(|s| (s.clone(), Vec::new())).collect()));
    for (what, damage) in cases {
        let copy = scratch.path("copy");
        assert!(Command::new("cp").args(["-r", &out, &copy]).status().unwrap().success());
        let there = |p: &Path| Path::new(&copy).join("unfinished").join(p.file_name().unwrap());
        pristine.iter().for_each(|(p, b)| std::fs::write(there(p), b).unwrap());
        damage.iter().for_each(|(p, b)| std::fs::write(there(p), b).unwrap());
        let run = assert_resumes(&copy, &whole, &what);
        for (path, _) in &damage {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            assert!(said(&run).contains(&name) && said(&run).contains("damaged"), "{what}: {}", said(&run));
        }
        assert!(!said(&run).contains("panicked"), "{what}");
        std::fs::remove_dir_all(&copy).unwrap();
    }
    // What was asked cannot be simulated again: any change of it is refused, and nothing is done.
    let asked = Path::new(&out).join("unfinished/asked.json");
    let text = std::fs::read_to_string(&asked).unwrap();
    for (from, to) in
        [("\"seed\": 7", "\"seed\": 8"), ("\"patients\": 40", "\"patients\": 41"), ("{", ""), ("leap", "mean")]
    {
        std::fs::write(&asked, text.replacen(from, to, 1)).unwrap();
        let run = remission(&["run", "--resume", &out]);
        assert_eq!(run.status.code(), Some(1), "{from} -> {to}: {}", said(&run));
        assert!(said(&run).contains("asked.json") && said(&run).contains("damaged"), "{}", said(&run));
    }
    std::fs::write(&asked, &text).unwrap();
    let input = Path::new(&out).join("unfinished/inputs/model.toml");
    std::fs::write(&input, DISH.replace("0.8 /day", "0.9 /day")).unwrap();
    let run = remission(&["run", "--resume", &out]);
    assert_eq!(run.status.code(), Some(1), "{}", said(&run));
    assert!(said(&run).contains("model.toml"), "{}", said(&run));
}

#[test]
fn two_runs_into_one_directory() {
    let scratch = Scratch::new("two");
    let dish = scratch.dish();
    let whole = undisturbed(&scratch, &[&dish]);
    for k in 0..10 {
        let out = scratch.path(&format!("race-{k}"));
        if k % 2 == 1 {
            // A lock that a dead process left.
            assert_eq!(failing("create:2:kill", &["run", &dish, "--out", &out]).status.code(), None);
            assert!(Path::new(&out).join("unfinished/lock").is_file());
        }
        let race: Vec<Child> = (0..2).map(|_| command(&["run", &dish, "--out", &out]).spawn().unwrap()).collect();
        let ended: Vec<Output> = race.into_iter().map(|c| c.wait_with_output().unwrap()).collect();
        let won = ended.iter().filter(|o| o.status.code() == Some(0)).count();
        assert_eq!(won, 1, "{} / {}", said(&ended[0]), said(&ended[1]));
        let lost = ended.iter().find(|o| o.status.code() != Some(0)).unwrap();
        assert_eq!(lost.status.code(), Some(1), "{}", said(lost));
        assert_eq!(difference(&files(&out), &whole), [""; 0]);
    }
    // While one is at work, the other names it.
    let out = scratch.path("busy");
    let mut child = started(&out, 1, &["--patients", "100000", "--checkpoint-patients", "1"]);
    for arguments in [&["run", &dish, "--out", &out][..], &["run", "--resume", &out]] {
        let run = remission(arguments);
        assert_eq!(run.status.code(), Some(1), "{}", said(&run));
        assert!(said(&run).contains(&format!("process {}", child.id())), "{}", said(&run));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let run = remission(&["run", &dish, "--out", &out]);
    assert_eq!(run.status.code(), Some(1));
    assert!(said(&run).contains("--resume"), "{}", said(&run));
}
