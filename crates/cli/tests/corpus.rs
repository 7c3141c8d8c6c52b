//! Hostile files: the corpus that libFuzzer found (`fuzz/corpus`, kept small by coverage), replayed on any toolchain, and files
//! built to be deep, wide or endless. Each target runs in a process of its own in which 256 MiB of addresses and a minute
//! of the processor are all there is, so that an overflow of the stack or a hunger for memory ends that process and fails the test.
//!
//! What is checked of each input is in `fuzz/checks.rs`, which the fuzz targets call as well.

#[allow(dead_code)]
#[path = "../../../fuzz/checks.rs"]
mod checks;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

/// Names the target in a process of its own.
const TARGET: &str = "REMISSION_CORPUS_TARGET";
const MIB: u64 = 256;
const SECONDS: u64 = 60;
/// The clock guards against work that grows with the square of a file; it is no benchmark.
const LONGEST: Duration = Duration::from_secs(10);

fn files(target: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut files: Vec<PathBuf> = entries.map(|f| f.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 20, "{} holds {} files", folder.display(), files.len());
    files
}

/// A program under the limits; without them where the system has none.
fn limited(program: &Path) -> Command {
    if cfg!(not(target_os = "linux")) {
        return Command::new(program);
    }
    let mut command = Command::new("sh");
    let limits = format!("ulimit -v {}; ulimit -t {SECONDS}; exec \"$0\" \"$@\"", MIB * 1024);
    // One heap: each further one reserves 64 MiB of addresses.
    command.args(["-c", &limits]).arg(program).env("MALLOC_ARENA_MAX", "1");
    command
}

fn told(output: &Output) -> String {
    let text = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    let end = |t: &str| t.lines().rev().take(12).collect::<Vec<_>>().into_iter().rev().collect::<Vec<_>>().join("\n");
    format!("{}\n{}\n{}", output.status, end(&out), end(&err))
}

fn replay(target: &str) {
    let exe = std::env::current_exe().unwrap();
    let output = limited(&exe)
        .args(["--exact", "one_target", "--nocapture", "--test-threads", "1"])
        .env(TARGET, target)
        .output()
        .unwrap();
    assert!(output.status.success(), "{target}: the last file named is the one\n{}", told(&output));
}

/// Runs in a process of its own, for the target that the environment names; alone it has nothing to do.
#[test]
fn one_target() {
    let Ok(target) = std::env::var(TARGET) else { return };
    let check: fn(&[u8]) -> bool = match target.as_str() {
        "model" => checks::model,
        "study" => checks::study,
        "regimen" => checks::sentences,
        "events" => checks::events,
        "rates" => checks::rates,
        "checkpoint" => checks::checkpoint,
        "data" => checks::data,
        "made" => return made(),
        other => panic!("no target {other}"),
    };
    let mut accepted = 0;
    let files = files(&target);
    for file in &files {
        eprintln!("{}", file.display());
        let data = std::fs::read(file).unwrap();
        let began = Instant::now();
        accepted += usize::from(check(&data));
        assert!(began.elapsed() < LONGEST, "{} took {:?}", file.display(), began.elapsed());
    }
    assert!(accepted >= 3, "{accepted} of {} were accepted: the corpus reaches nothing", files.len());
}

#[test]
fn models() {
    replay("model");
}

#[test]
fn studies() {
    replay("study");
}

#[test]
fn regimens() {
    replay("regimen");
}

#[test]
fn event_tables() {
    replay("events");
}

#[test]
fn checkpoints() {
    replay("checkpoint");
}

#[test]
fn tables_of_assays() {
    replay("data");
}

#[test]
fn rate_laws() {
    replay("rates");
}

#[test]
fn deep_wide_and_endless() {
    replay("made");
}

/// Files that no fuzzer writes because they are large.
fn made() {
    let n = 100_000;
    let quick = |name: &str, check: fn(&[u8]) -> bool, data: String| {
        eprintln!("{name}, {} bytes", data.len());
        let began = Instant::now();
        let accepted = check(data.as_bytes());
        assert!(began.elapsed() < LONGEST, "{name} took {:?}", began.elapsed());
        accepted
    };
    // Expressions.
    for (name, text) in [
        ("open parentheses", "(".repeat(n)),
        ("parentheses", format!("{}b{}", "(".repeat(n), ")".repeat(n))),
        ("minus signs", format!("{}b", "-".repeat(n))),
        ("powers", format!("b{}", "^b".repeat(n))),
        ("sums", format!("b{}", " + b".repeat(n))),
        ("calls", format!("{}b{}", "exp(".repeat(n), ")".repeat(n))),
        ("arguments", format!("max({}b)", "b, ".repeat(n))),
        ("digits", "9".repeat(n)),
    ] {
        assert!(!quick(name, checks::rates, text), "{name}");
    }
    // TOML.
    for (name, text) in [
        ("arrays", format!("a = {}", "[".repeat(n))),
        ("closed arrays", format!("a = {}{}", "[".repeat(n), "]".repeat(n))),
        ("tables", format!("a = {}", "{a=".repeat(n))),
        ("dotted keys", format!("{}a = 1", "a.".repeat(n))),
        ("headers", format!("[{}a]", "a.".repeat(n))),
        ("keys", (0..1_000_000).map(|k| format!("k{k}=1\n")).collect()),
        ("short keys", (0..90_000).map(|k| format!("k{k:x}=1\n")).collect()),
        ("sections", (0..90_000).map(|k| format!("[s{k:x}]\n")).collect()),
        ("arms", "[[arms]]\n".repeat(n)),
    ] {
        assert!(!quick(name, checks::model, text.clone()), "{name}");
        assert!(!quick(name, checks::study, format!("\0{text}")), "{name}");
    }
    // Event tables: 10^6 columns, 10^6 rows, one long cell, doses for good.
    let columns: String = (0..1_000_000).map(|k| format!(",C{k}")).collect();
    let wide = format!("\0ID,TIME,AMT,CMT{columns}\n1,0,1,1{}\n", ",0".repeat(1_000_000));
    quick_table("columns", wide.as_bytes(), false);
    let commas = format!("\0ID,TIME,AMT,CMT\n1,0,1,1{}\n", ",".repeat(30_000_000));
    quick_table("cells", commas.as_bytes(), false);
    quick_table("one cell", format!("\0ID,TIME,AMT,CMT\n1,0,{},1\n", "9".repeat(30_000_000)).as_bytes(), false);
    quick_table("an open quote", format!("\0ID,TIME,AMT,CMT\n1,0,\"{}", "\n".repeat(10_000_000)).as_bytes(), false);
    let rows: String = (0..1_000_001).map(|k| format!("{},0,1,1\n", k / 5000)).collect();
    for first in "\0\u{1}\u{2}\u{3}\u{4}\u{5}\u{6}\u{7}\u{8}".chars() {
        let cells = "1,".repeat(400_000);
        let rows = "1,2,3,4\n".repeat(120_000);
        quick("columns of data", checks::data, format!("{first}{cells}\n{cells}\n"));
        quick(
            "one cell of data",
            checks::data,
            format!("{first}mutants,time_days,value\n{},1,1\n", "9".repeat(1_000_000)),
        );
        quick("rows of data", checks::data, format!("{first}mutants,culture,final_cells,time_days\n{rows}"));
        quick("quotes of data", checks::data, format!("{first}mutants\n{}", "\"".repeat(1_000_001)));
    }
    quick_table("rows", format!("\0ID,TIME,AMT,CMT\n{rows}").as_bytes(), false);
    for addl in ["2147483647", "2147483648", "4294967296", "9007199254740991"] {
        for (name, interval) in [("a minute", "0.0166666666666667"), ("a day", "24"), ("a century", "876600")] {
            let table = format!("\0ID,TIME,AMT,II,ADDL,CMT\n1,0,1,{interval},{addl},1\n1,0.5,1,{interval},{addl},3\n");
            assert!(quick(name, checks::events, table), "ADDL {addl} every {name}");
        }
    }
}

fn quick_table(name: &str, data: &[u8], wanted: bool) {
    eprintln!("{name}, {} bytes", data.len());
    let began = Instant::now();
    assert_eq!(checks::table(data), wanted, "{name}");
    assert!(began.elapsed() < LONGEST, "{name} took {:?}", began.elapsed());
}

/// Every summary and record of the corpus, given to the program itself: a report, or an error in words.
#[test]
fn run_directories() {
    let folder = std::env::temp_dir().join(format!("remission-corpus-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let plain = format!(
        "{{\"format\":1,\"remission\":\"0\",\"rng_version\":{},\"study\":\"x\",\"seed\":1,\"patients\":1,\"method\":\"leap\",\"inputs\":{{}},\
         \"tables\":{{}},\"files\":{{}},\"failed\":[]}}",
        rng_version()
    );
    let mut reports = 0;
    for file in files("run_directory") {
        let data = std::fs::read(&file).unwrap();
        let (record, summary) = match data.split_first() {
            Some((b'r', record)) => (record, &b"{}"[..]),
            _ => (plain.as_bytes(), &data[..]),
        };
        std::fs::write(folder.join("record.json"), record).unwrap();
        std::fs::write(folder.join("summary.json"), summary).unwrap();
        let began = Instant::now();
        let output = limited(Path::new(env!("CARGO_BIN_EXE_remission"))).arg("report").arg(&folder).output().unwrap();
        assert!(matches!(output.status.code(), Some(0 | 1)), "{}: {}", file.display(), told(&output));
        assert!(began.elapsed() < LONGEST, "{} took {:?}", file.display(), began.elapsed());
        if output.status.success() {
            reports += 1;
            let page = std::fs::read_to_string(folder.join("report.html")).unwrap();
            assert_eq!(page.matches("<script").count(), 1, "{}", file.display());
        }
    }
    // Large ones of the shortest entries, which take most memory for their size.
    let failed =
        plain.replace("\"failed\":[]", &format!("\"failed\":[{}[0,null,\"\"]]", "[0,null,\"\"],".repeat(5_000_000)));
    std::fs::write(folder.join("record.json"), failed).unwrap();
    let output = limited(Path::new(env!("CARGO_BIN_EXE_remission"))).arg("report").arg(&folder).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    assert!(String::from_utf8_lossy(&output.stderr).contains("at most 1000000 failed patients"), "{}", told(&output));
    let seed = files("run_directory").into_iter().filter_map(|f| std::fs::read_to_string(f).ok());
    let mut summary = seed
        .filter_map(|t| serde_json::from_str::<serde_json::Value>(&t).ok())
        .find(|v| v["format"] == 2 && v["arms"][0]["last"].is_array() && v["finished"].as_u64() > Some(0))
        .expect("a summary of a whole run");
    summary["arms"][0]["last"] = "here".into();
    let summary = summary.to_string();
    let rows = "[\"\",0,0,0],".repeat(((5 << 20) - summary.len()) / 11 - 1);
    let summary = summary.replace("\"here\"", &format!("[{}]", rows.trim_end_matches(',')));
    std::fs::write(folder.join("record.json"), &plain).unwrap();
    std::fs::write(folder.join("summary.json"), summary).unwrap();
    let output = limited(Path::new(env!("CARGO_BIN_EXE_remission"))).arg("report").arg(&folder).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(reports >= 4, "{reports} reports: the corpus reaches nothing");
}

/// The version of the random streams that this program's records bear.
fn rng_version() -> u64 {
    let source = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/record.rs")).unwrap();
    let (_, rest) = source.split_once("RNG_VERSION: u32 = ").unwrap();
    rest.split(';').next().unwrap().parse().unwrap()
}
