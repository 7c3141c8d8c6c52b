#!/usr/bin/env python3
"""Plants the faults of faults.toml one by one in a copy of the source and says which test catches each.

    verify/planted/run.py                     all faults, one after another
    verify/planted/run.py --copies 2          in two copies at once
    verify/planted/run.py founder-late tie    these alone
    verify/planted/run.py --baseline          the tests without any fault, which must pass

A fault is one change of the source: `old`, which must stand exactly once in `file`, becomes `new`. The tests named by the
fault come first, then the others of its crate, then those of the crates that use it, until one fails; a test that takes longer
than twenty minutes counts as failed. A fault that does not build does not count. Golden digests (crates/cli/tests/path.rs) notice
every change and say of none whether it is wrong, so they are not asked.

Exit code 0: at least 95 of 100 faults were caught. Needs Python 3.11 and Rust's toolchain; the copies lie in target/planted.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import queue
import re
import signal
import subprocess
import sys
import time
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CRATES = ["model", "engine", "cohort", "infer"]
LONGEST = 1200
SHARE = 0.95
# Tests that are not asked, by a part of their name.
SKIP = []


def targets(root, crate):
    """Test targets of a crate: those of `order.txt` (the quick ones) in its order, the others by name, examples of the documentation last."""
    wanted = [line.strip() for line in (HERE / "order.txt").read_text().splitlines()]
    names = [f"{crate}:{p.stem}" for p in sorted((root / "crates" / crate / "tests").glob("*.rs"))]
    last = wanted.index("...")
    key = lambda t: (wanted.index(t) if t in wanted else last, t)
    return sorted([f"{crate}:lib"] + names, key=key) + [f"{crate}:doc"]


def plan(root, fault):
    """Tests to ask, in order."""
    crate = fault["file"].split("/")[1]
    users = CRATES[CRATES.index(crate) :] if crate in CRATES else [crate]
    rest = [t for c in users for t in targets(root, c)]
    first = [t if ":" in t else f"{crate}:{t}" for t in fault.get("tests", [])]
    return first + [t for t in rest if t not in first]


def cargo(root, target, build_only, limit):
    crate, name = target.split(":")
    package = "remission" if crate == "cli" else f"remission-{crate}"
    which = {"lib": ["--lib"], "bin": ["--bins"], "doc": ["--doc"]}.get(name, ["--test", name])
    if build_only and name == "doc":
        return 0, ""
    command = ["cargo", "test", "--release", "--locked", "--quiet", "-p", package, *which]
    command += ["--no-run"] if build_only else ["--", "--test-threads", os.environ.get("PLANTED_THREADS", "2")]
    command += [] if build_only else [word for name in SKIP for word in ("--skip", name)]
    env = dict(os.environ, CARGO_TARGET_DIR=str(root / "target"), CARGO_TERM_COLOR="never")
    child = subprocess.Popen(command, cwd=root, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True)
    try:
        out, _ = child.communicate(timeout=limit)
        return child.returncode, out
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.communicate()
        return None, ""


def ask(root, tests):
    """(verdict, test, builds) of the tree as it is."""
    for target in tests:
        code, out = cargo(root, target, True, 3600)
        if code != 0:
            return "does not build", "\n".join([line for line in out.splitlines() if line.startswith("error")][:2]) or out[-300:]
        code, out = cargo(root, target, False, LONGEST)
        if code is None:
            return "caught", f"{target} (no end)"
        if code != 0:
            failed = re.findall(r"^(?:---- |test )(\S+) (?:stdout ----|\.\.\. FAILED)$", out, re.M)
            return "caught", f"{target} {failed[0] if failed else ''}".strip()
    return "not caught", ""


def sync(root):
    """Brings a copy up to the working tree, touching only what differs."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True)
    wanted = {f for f in listed.stdout.splitlines() if (ROOT / f).is_file() and not f.startswith("fuzz/corpus")}
    for file in wanted:
        to = root / file
        data = (ROOT / file).read_bytes()
        if not to.is_file() or to.read_bytes() != data:
            to.parent.mkdir(parents=True, exist_ok=True)
            to.write_bytes(data)
    for old in root.glob("crates/**/*.rs"):
        if str(old.relative_to(root)) not in wanted:
            old.unlink()


def work(fault, roots):
    root = roots.get()
    began = time.monotonic()
    path = root / fault["file"]
    whole = path.read_text()
    try:
        found = whole.count(fault["old"])
        if found != 1 or fault["old"] == fault["new"]:
            return fault, f"stands {found} times", "", 0.0
        path.write_text(whole.replace(fault["old"], fault["new"]))
        verdict, test = ask(root, plan(root, fault))
        return fault, verdict, test, time.monotonic() - began
    finally:
        path.write_text(whole)
        roots.put(root)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ids", nargs="*")
    parser.add_argument("--copies", type=int, default=1)
    parser.add_argument("--dir", type=pathlib.Path, default=ROOT / "target/planted")
    parser.add_argument("--skip", action="append", default=[], help="leave out tests whose name holds this, such as one that fails without any fault")
    parser.add_argument("--baseline", action="store_true")
    parser.add_argument("--json", type=pathlib.Path, help="also write what came of each, a line a fault as it is known")
    args = parser.parse_args()
    SKIP.extend(args.skip)
    faults = tomllib.loads((HERE / "faults.toml").read_text())["fault"]
    assert len({f["id"] for f in faults}) == len(faults), "an id is given once"
    if args.ids:
        faults = [f for f in faults if f["id"] in args.ids]
    roots = queue.Queue()
    for k in range(args.copies):
        root = (args.dir / str(k)).resolve()
        root.mkdir(parents=True, exist_ok=True)
        sync(root)
        roots.put(root)
    if args.baseline:
        root = roots.get()
        verdicts = []
        for target in [t for c in CRATES for t in targets(root, c)]:
            began = time.monotonic()
            verdicts.append(ask(root, [target]))
            print(f"{'passes' if verdicts[-1][0] == 'not caught' else verdicts[-1]}  {target}  {time.monotonic() - began:.0f} s", flush=True)
        sys.exit(any(v[0] != "not caught" for v in verdicts))
    began = time.monotonic()
    done = []
    with concurrent.futures.ThreadPoolExecutor(args.copies) as pool:
        for job in concurrent.futures.as_completed([pool.submit(work, f, roots) for f in faults]):
            fault, verdict, test, seconds = job.result()
            done.append(verdict)
            print(f"{verdict:14} {fault['id']:28} {test}  {seconds:.0f} s", flush=True)
            if args.json:
                with args.json.open("a") as out:
                    out.write(json.dumps({"id": fault["id"], "verdict": verdict, "test": test, "seconds": round(seconds)}) + "\n")
    caught, missed = done.count("caught"), done.count("not caught")
    other = len(done) - caught - missed
    print(f"{caught} of {caught + missed} caught, {missed} not; {other} do not count; {(time.monotonic() - began) / 60:.1f} minutes")
    sys.exit(0 if other == 0 and caught + missed > 0 and caught >= SHARE * (caught + missed) else 1)


if __name__ == "__main__":
    main()
