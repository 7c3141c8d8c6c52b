#!/usr/bin/env python3
"""Seconds and memory of a real cohort: `nsclc-egfr-tki`, one arm, five years. Python's standard library only.

usage: bench/cohort.py [PATIENTS ...]      default: 1000, the size whose figures bench/README.md quotes
"""
import json, pathlib, resource, shutil, statistics, subprocess, sys, tempfile, time

root = pathlib.Path(__file__).resolve().parent.parent
binary = root / "target/release/remission"
sizes = [int(a) for a in sys.argv[1:]] or [1000]

with tempfile.TemporaryDirectory() as scratch:
    scratch = pathlib.Path(scratch)
    study = scratch / "one-arm"
    study.mkdir()
    shutil.copy(root / "catalogue/nsclc-egfr-tki/model.toml", study)
    text = (root / "catalogue/nsclc-egfr-tki/study.toml").read_text()
    head, first, *_ = text.split("[[arms]]")
    (study / "study.toml").write_text(head + "[[arms]]" + first)
    for patients in sizes:
        walls, cpus = [], []
        for k in range(5):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            began = time.monotonic()
            run = subprocess.run([binary, "run", study, "--patients", str(patients), "--json", "--out", scratch / f"{patients}-{k}"],
                                 capture_output=True, text=True)
            wall = time.monotonic() - began
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            if run.returncode != 0:
                sys.exit(run.stderr)
            json.loads(run.stdout)
            walls.append(wall)
            cpus.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        print(f"{patients} patients, one arm, 5 years: {statistics.median(walls):.2f} s wall, "
              f"{statistics.median(cpus):.2f} s CPU ({1e3 * statistics.median(cpus) / patients:.2f} ms a patient), "
              f"peak memory {peak:.0f} MB (medians of 5)")
