#!/usr/bin/env python3
"""Seconds and memory of a real cohort and how both grow: `nsclc-egfr-tki`, one arm, five years. Python's standard library only.

usage: bench/cohort.py [--runs N] [PATIENTS ...]      default: 5 runs of 1000, the size whose figures bench/README.md quotes
       bench/cohort.py --runs 1 1000 10000 100000     growth: between two sizes, ms of CPU and kB of memory a patient
"""
import argparse, json, os, pathlib, shutil, statistics, subprocess, sys, tempfile, time

root = pathlib.Path(__file__).resolve().parent.parent
binary = root / "target/release/remission"
parser = argparse.ArgumentParser()
parser.add_argument("--runs", type=int, default=5)
parser.add_argument("--scratch", help="folder for the runs' tables [default: the system's]")
parser.add_argument("patients", type=int, nargs="*", default=[1000])
options = parser.parse_args()


def run(study, patients, out):
    """Wall and CPU seconds, peak memory in MB of this run alone, MB of tables and kB of report and summary."""
    began = time.monotonic()
    process = subprocess.Popen([binary, "run", study, "--patients", str(patients), "--json", "--out", out],
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    document = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.monotonic() - began
    if process.returncode != 0:
        sys.exit(f"remission ended with {process.returncode}")
    json.loads(document)
    size = lambda pattern: sum(f.stat().st_size for f in out.glob(pattern))
    found = (wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, size("*.parquet") / 1e6, size("report.html") / 1e3,
             size("summary.json") / 1e3)
    shutil.rmtree(out)
    return found


with tempfile.TemporaryDirectory(dir=options.scratch) as scratch:
    scratch = pathlib.Path(scratch)
    study = scratch / "one-arm"
    study.mkdir()
    shutil.copy(root / "catalogue/nsclc-egfr-tki/model.toml", study)
    text = (root / "catalogue/nsclc-egfr-tki/study.toml").read_text()
    head, first, *_ = text.split("[[arms]]")
    (study / "study.toml").write_text(head + "[[arms]]" + first)
    print("one arm, 5 years; medians\n\n| patients | wall, s | CPU, s | ms a patient | peak memory, MB | tables, MB | report, kB | "
          "summary, kB |\n|---|---|---|---|---|---|---|---|", flush=True)
    before = None
    for patients in sorted(options.patients):
        runs = [run(study, patients, scratch / f"{patients}-{k}") for k in range(options.runs)]
        wall, cpu, peak, tables, report, summary = (statistics.median(x) for x in zip(*runs))
        print(f"| {patients:,} | {wall:.2f} | {cpu:.2f} | {1e3 * cpu / patients:.2f} | {peak:.0f} | {tables:.1f} | {report:.0f} | "
              f"{summary:.0f} |", flush=True)
        if before:
            n, c, m = before
            print(f"| from {n:,} | | | {1e3 * (cpu - c) / (patients - n):.2f} | {1024 * (peak - m) / (patients - n):.2f} kB a patient | "
                  "| | |", flush=True)
        before = (patients, cpu, peak)
