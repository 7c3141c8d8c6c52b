//! Opens made-up reports in headless Chromium at 1280 and at 400 pixels and looks: every picture is found and has
//! its text, letters are legible, no text lies on text or outside its picture, the page is never wider than the
//! window, each table downloads as a clean CSV, and the console stays silent (so the security policy lets the
//! page's own style and script through and nothing has gone wrong in them).
//!
//! Without Chromium the test says so and passes.

#[path = "../src/inferred/report/mod.rs"]
mod inferred;
// Printed as lines by a command that is not here.
#[allow(dead_code)]
#[path = "../src/map/mod.rs"]
mod map;
#[path = "../src/report/mod.rs"]
mod report;

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const PATIENCE: Duration = Duration::from_secs(120);

/// The browser, when there is one on the path.
fn chromium() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).flat_map(|dir| NAMES.map(|name| dir.join(name))).find(|file| file.is_file())
}

/// Pictures that a made-up report must show.
fn pictures(name: &str) -> usize {
    match name {
        // 6 kinds of picture in 3 panels, 6 portraits, 2 endpoints, origin, mechanism, comparisons, ranking, 3 levels, an event, map
        "trial" => 35,
        // Burden and clones of 4 arms, map
        "dish" => 9,
        // 5 kinds in 1 panel (nothing was detected), 2 endpoints, origin, 3 levels, an event, map
        "cured" => 13,
        // 6 kinds in 12 panels, 2 portraits of 9 arms, 3 levels, and the 8 other single pictures
        "twelve" => 101,
        // The map is there whatever came out
        "nobody" => 1,
        // Two figures, origin, next, two posteriors
        "fluctuation" => 6,
        // Two figures an experiment, two verdicts, one posterior
        "lines" => 9,
        // A figure, origin, next, four posteriors
        "hostile" => 7,
        "sixty" => 61,
        "edges" => 18,
        _ => 0,
    }
}

/// Writes every made-up report and the page that frames them all at both widths.
fn write_pages(dir: &Path) -> std::io::Result<usize> {
    let mut frames = String::new();
    let mut count = 0;
    let runs = report::sample::all().into_iter().map(|(name, data)| ("run", name, report::render(&data)));
    let answers = inferred::sample::all().into_iter();
    let answers = answers.map(|(name, all)| ("answer", name, inferred::render(&all, "remission infer")));
    for (kind, name, page) in runs.chain(answers) {
        fs::write(dir.join(format!("{name}.html")), page)?;
        for width in [1280, 400] {
            let pictures = pictures(name);
            frames.push_str(&format!(
                "<iframe name=\"{name} at {width}\" data-kind={kind} data-pictures={pictures} width={width} height=900 src=\"{name}.html\"></iframe>\n"
            ));
            count += 1;
        }
    }
    fs::write(dir.join("check.js"), include_str!("report_browser/check.js"))?;
    let page =
        format!("<!doctype html><meta charset=utf-8>{frames}<pre id=verdict></pre><script src=check.js></script>");
    fs::write(dir.join("check.html"), page)?;
    Ok(count)
}

/// Runs the browser on the framing page; gives the page as it ended and what the browser logged.
fn look(browser: &Path, dir: &Path) -> std::io::Result<(String, String)> {
    let (page, log) = (dir.join("dom.html"), dir.join("log.txt"));
    let mut child = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage"])
        .args(["--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .args(["--allow-file-access-from-files", "--enable-logging=stderr", "--dump-dom"])
        .arg(format!("--user-data-dir={}", dir.join("profile").display()))
        .arg(format!("file://{}", dir.join("check.html").display()))
        .stdin(Stdio::null())
        .stdout(File::create(&page)?)
        .stderr(File::create(&log)?)
        .spawn()?;
    let begun = Instant::now();
    while child.try_wait()?.is_none() {
        if begun.elapsed() > PATIENCE {
            child.kill()?;
            child.wait()?;
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let read = |file: &Path| fs::read(file).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    Ok((read(&page)?, read(&log)?))
}

#[test]
fn reports_read_well_in_a_browser_at_1280_and_at_400_pixels() {
    let Some(browser) = chromium() else {
        // Past the test harness, which would swallow a print.
        let _ = writeln!(std::io::stderr(), "skipped: chromium is not installed");
        return;
    };
    let dir = std::env::temp_dir().join(format!("remission-report-{}", std::process::id()));
    fs::create_dir_all(&dir).expect("a temporary directory");
    let frames = write_pages(&dir).expect("pages written");
    let seen = look(&browser, &dir);
    let _ = fs::remove_dir_all(&dir);
    let (page, log) = seen.expect("the browser runs");
    let verdict = page.split("<pre id=\"verdict\">").nth(1).and_then(|rest| rest.split("</pre>").next()).unwrap_or("");
    let end = log.lines().last().unwrap_or_default();
    assert!(
        verdict.starts_with(&format!("looked at {frames} pages; faults: 0")),
        "{verdict}\nlast words of the browser: {end}"
    );
    let console: Vec<&str> = log.lines().filter(|line| line.contains("CONSOLE")).collect();
    assert!(console.is_empty(), "{}", console.join("\n"));
}
