#!/usr/bin/env python3
"""How long fits of single patients by the particle filter take: simulated patients of `nsclc-egfr-tki`, 20 visits each.

    verify/infer/patients.py [--patients N] [--seed S]

Patients under erlotinib are simulated until N of them have 20 visits four weeks apart; none is chosen otherwise. Each is read as
the sum of diameters, every other one with T790M in blood at five of the visits as well. Each table is fitted on two threads by
`remission infer model nsclc-egfr-tki`. Exit code 0: every fit took less than a minute, its chains agree, and it has 400 effective
draws or more.

Needs Python 3.11 and Rust's toolchain; everything lies in target/verify-infer/patients.
"""

import argparse
import collections
import csv
import json
import pathlib
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
HERE = ROOT / "target" / "verify-infer" / "patients"
PROGRAM = ROOT / "target" / "release" / "remission"
VISITS = 20
STUDY = """[study]
patients = {patients}
seed = {seed}
horizon = "80 weeks"
visits = "every 4 weeks"
recist_on = "diameters"

[[arms]]
name = "erlotinib 150 mg daily"
regimen = ["erlotinib 150 mg oral every day"]
after_progression = "continue"
"""


def simulated(patients, seed):
    """Readings by patient, day and variable, of patients with enough visits."""
    study = HERE / "study"
    shutil.rmtree(HERE, ignore_errors=True)
    study.mkdir(parents=True)
    shutil.copy(ROOT / "catalogue" / "nsclc-egfr-tki" / "model.toml", study)
    (study / "study.toml").write_text(STUDY.format(patients=4 * patients, seed=seed))
    subprocess.run([PROGRAM, "run", study, "--csv", "--out", HERE / "run"], check=True, stdout=subprocess.DEVNULL)
    rows = collections.defaultdict(dict)
    with open(HERE / "run" / "trajectories.csv") as table:
        for row in csv.DictReader(table):
            if row["variable"] in ("diameters", "plasma_t790m"):
                rows[int(row["patient_id"])][float(row["time"]), row["variable"]] = float(row["value"])
    for patient, own in sorted(rows.items()):
        days = sorted(day for day, variable in own if variable == "diameters")
        if len(days) >= VISITS:
            yield patient, days[:VISITS], own


def table(number, patient, days, own):
    path = HERE / f"{patient}.csv"
    with open(path, "w") as out:
        print("patient,time_days,variable,value,unit", file=out)
        for k, day in enumerate(days):
            print(f"{patient},{day:g},diameters,{own[day, 'diameters']:.1f},mm", file=out)
            if number % 2 == 0 and k % 4 == 0:
                share = own[day, "plasma_t790m"]
                print(f"{patient},{day:g},plasma_t790m,{f'{share:.4g},1' if share > 0 else 'ND,'}", file=out)
    return path


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--patients", type=int, default=18)
    options.add_argument("--seed", type=int, default=11)
    options = options.parse_args()
    subprocess.run(["cargo", "build", "--release", "--quiet", "-p", "remission"], cwd=ROOT, check=True)
    all_well, slowest = True, 0.0
    for number, (patient, days, own) in enumerate(simulated(options.patients, options.seed)):
        if number == options.patients:
            break
        path = table(number, patient, days, own)
        began = time.monotonic()
        command = [PROGRAM, "infer", "model", "nsclc-egfr-tki", path, "--threads", "2", "--json"]
        found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        seconds = time.monotonic() - began
        if found.returncode != 0:
            print(f"patient {patient}: exit code {found.returncode}\n{found.stderr}")
            all_well = False
            continue
        told = json.loads(found.stdout)["diagnostics"]
        well = seconds < 60 and told["r_hat"] < 1.01 and told["effective_draws"] >= 400
        all_well, slowest = all_well and well, max(slowest, seconds)
        readings = sum(1 for _ in open(path)) - 1
        print(
            f"patient {patient}: {readings} readings, {seconds:.0f} s, R-hat {told['r_hat']:.4f}, "
            f"{told['effective_draws']:.0f} effective draws, {told['particles']:.0f} particles, {told['starts']:.0f} starts"
            + ("" if well else " - NOT AS WANTED"),
            flush=True,
        )
    print(f"slowest {slowest:.0f} s")
    return 0 if all_well else 1


if __name__ == "__main__":
    sys.exit(main())
