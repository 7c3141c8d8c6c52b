#!/usr/bin/env python3
"""Does the program simulate what the plain simulator simulates? Ends in a number of rejections and exit code 0 or 1.

For every folder of `models/`, `simulate.py` and the engine (its example `finals`: event by event, and by leaps) give independent
samples of the horizon: cells by type, living clones by origin, cells by origin, clones by the type of their parent, and the age
of clones. Column by column four two-sided tests of one null hypothesis, that both samples have one law:

- mean: Welch's z, where at least 100 values of both samples are not 0;
- variance: z of the difference of logarithms, its error from the pooled fourth moment, where the same holds;
- P(0): Fisher's exact test;
- the whole distribution: two-sample Kolmogorov-Smirnov, conservative where values tie.

A test rejects below FALSE_ALARM divided by the number of tests of the run (Bonferroni), so that a run in which everything agrees
rejects anything with probability FALSE_ALARM at most, as far as the z-scores are normal. Seeds are the defaults, not chosen.

    verify/reference/compare.py [--replicates 1000] [--models grown,crowded] [--methods exact,leap] [--all]

The engine makes four times the replicates. The program and the example are built first.
"""

import argparse
import bisect
import math
import os
import pathlib
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
import simulate  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
FALSE_ALARM = 1e-4
NOT_ZERO = 100


def mean(x):
    return math.fsum(x) / len(x)


def moment(x, power):
    centre = mean(x)
    return math.fsum((v - centre) ** power for v in x) / len(x)


def two_sided(z):
    return math.erfc(abs(z) / math.sqrt(2))


def test_mean(x, y):
    z = (mean(y) - mean(x)) / math.sqrt(moment(x, 2) / len(x) + moment(y, 2) / len(y))
    return two_sided(z), f"{mean(x):.4g} and {mean(y):.4g}, z {z:+.2f}"


def test_variance(x, y):
    a, b = moment(x, 2), moment(y, 2)
    fourth = (len(x) * moment(x, 4) / a**2 + len(y) * moment(y, 4) / b**2) / (len(x) + len(y))
    z = math.log(b / a) / math.sqrt((fourth - 1) * (1 / len(x) + 1 / len(y)))
    return two_sided(z), f"{a:.4g} and {b:.4g}, z {z:+.2f}"


def test_zero(x, y):
    """Fisher's exact test, the smaller tail doubled."""
    n, m, k, both = len(x), len(y), x.count(0), x.count(0) + y.count(0)
    choose = lambda a, b: math.lgamma(a + 1) - math.lgamma(b + 1) - math.lgamma(a - b + 1)
    chance = lambda j: math.exp(choose(n, j) + choose(m, both - j) - choose(n + m, both))
    lower = math.fsum(map(chance, range(max(0, both - m), k + 1)))
    upper = math.fsum(map(chance, range(k, min(n, both) + 1)))
    return min(1.0, 2 * min(lower, upper)), f"{k / n:.4f} and {(both - k) / m:.4f}"


def test_distribution(x, y):
    """The limit law of Kolmogorov and Smirnov."""
    x, y = sorted(x), sorted(y)
    d = max(abs(bisect.bisect_right(x, v) / len(x) - bisect.bisect_right(y, v) / len(y)) for v in {*x, *y})
    t = d * math.sqrt(len(x) * len(y) / (len(x) + len(y)))
    p = 1.0 if t < 0.3 else 2 * sum((-1) ** (k - 1) * math.exp(-2 * k * k * t * t) for k in range(1, 30))
    return min(max(p, 0.0), 1.0), f"D {d:.4f}"


def tests(x, y):
    """(name of the test, p, what was seen) for one column of both samples."""
    if len({*x, *y}) == 1:
        return
    if min(len(x) - x.count(0), len(y) - y.count(0)) >= NOT_ZERO:
        if moment(x, 2) > 0 and moment(y, 2) > 0:
            yield "mean", *test_mean(x, y)
            yield "variance", *test_variance(x, y)
    if 0 < x.count(0) + y.count(0) < len(x) + len(y):
        yield "P(0)", *test_zero(x, y)
    yield "distribution", *test_distribution(x, y)


def engine(folder, method, replicates, seed, programs):
    command = [programs / "examples" / "finals", folder, method, str(replicates), str(seed)]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return lines[0].split(","), [[float(field) for field in line.split(",")] for line in lines[1:]]


def resolved(folder, programs):
    """The text that the program writes into a run directory: all that the plain simulator reads."""
    run = pathlib.Path(tempfile.mkdtemp()) / "run"
    command = [programs / "remission", "run", folder, "--patients", "1", "--json", "--out", run]
    subprocess.run(command, check=True, capture_output=True)
    return run / "resolved.toml"


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--replicates", type=int, default=1000, help="of the plain simulator")
    options.add_argument("--models", help="some of the folders of models/, by name")
    options.add_argument("--methods", default="exact,leap")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--all", action="store_true", help="print every test")
    asked = options.parse_args()
    folders = [HERE / "models" / name for name in asked.models.split(",")] if asked.models else sorted((HERE / "models").iterdir())

    for package in (["-p", "remission"], ["-p", "remission-engine", "--example", "finals"]):
        subprocess.run(["cargo", "build", "--release", "--quiet", "--locked", *package], check=True, cwd=ROOT)
    programs = ROOT / os.environ.get("CARGO_TARGET_DIR", "target") / "release"

    seen = []
    for folder in folders:
        began = time.monotonic()
        names, rows = simulate.simulate(resolved(folder, programs), asked.replicates, asked.seed)
        print(f"{folder.name}: {asked.replicates} plain replicates in {time.monotonic() - began:.0f} s", flush=True)
        for method in asked.methods.split(","):
            began = time.monotonic()
            engine_names, engine_rows = engine(folder, method, 4 * asked.replicates, asked.seed, programs)
            if engine_names != names:
                sys.exit(f"the columns differ: {names} and {engine_names}")
            print(f"  {method}: {4 * asked.replicates} replicates in {time.monotonic() - began:.1f} s", flush=True)
            for k, name in enumerate(names):
                for test, p, what in tests([row[k] for row in rows], [row[k] for row in engine_rows]):
                    seen.append((p, f"{folder.name}, {method}: {test} of {name}: {what}, p {p:.2g}"))
                    if asked.all:
                        print(f"    {test} of {name}: {what}, p {p:.2g}")

    threshold = FALSE_ALARM / len(seen)
    print("the five least alike:", *(line for _, line in sorted(seen)[:5]), sep="\n  ")
    rejected = [line for p, line in seen if p < threshold]
    print(f"{len(seen)} tests, each at {threshold:.1e}; rejections: {len(rejected)}", *rejected, sep="\n  ")
    return 1 if rejected else 0


if __name__ == "__main__":
    sys.exit(main())
