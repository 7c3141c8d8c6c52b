#!/usr/bin/env python3
"""Kills, races and full disks, often. Usage: verify/unbreakable.py [kills] [races] [full-disk] [--count N] [--seed N]

kills      a run of nsclc-egfr-tki is killed (SIGKILL) at a random time, and again at a random time while it is resumed, then
           resumed to the end: every file has the bytes of an undisturbed run, and no patient of a checkpoint is lost. 100 times.
races      two processes begin a run in one directory: one wins, the other ends with 1 and names the process (or finds the
           finished run). Every other time a killed process has left its lock there. 200 times.
full-disk  a run on a small file system (tmpfs) that is full at first, at 40 sizes: exit code 5, path and bytes named, nothing
           half-written under a final name; with more room it is resumed to the same bytes. Needs root on Linux; says so if not.
           And a directory in which nobody may write, where this user can be refused that.

Ends with 0 when every claim held. The seed is the clock's unless it is given; it is printed.
"""

import argparse, hashlib, os, pathlib, random, re, shutil, signal, subprocess, sys, tempfile, time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BIN = ROOT / "target/release/remission"
STUDY = ["nsclc-egfr-tki", "--patients", "80", "--seed", "11", "--threads", "2"]
FAILED = []


def run(*arguments):
    return subprocess.run([BIN, *map(str, arguments)], capture_output=True, text=True)


def digests(folder):
    found = {}
    for path in sorted(pathlib.Path(folder).iterdir()):
        found[path.name] = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"
    return found


def claim(holds, what):
    if not holds:
        FAILED.append(what)
        print("FAILED", what, flush=True)


def undisturbed(scratch):
    began = time.monotonic()
    done = run("run", *STUDY, "--out", scratch / "undisturbed")
    assert done.returncode == 0, done.stderr
    return digests(scratch / "undisturbed"), time.monotonic() - began


def checkpointed(out):
    """Patients in checkpoints, from the heads of the files (bytes 48 to 52)."""
    total = 0
    for path in (out / "unfinished").glob("patients-*.outcomes"):
        total += int.from_bytes(path.read_bytes()[48:52], "little")
    return total


def kills(scratch, count):
    whole, takes = undisturbed(scratch)
    for _ in range(2):
        # The first run of a program is slow, and kills must fall within one.
        shutil.rmtree(scratch / "undisturbed")
        takes = min(takes, undisturbed(scratch)[1])
    began_again = finished = resumes = 0
    for k in range(count):
        out = scratch / f"kill-{k}"
        for attempt in range(2):
            begun = (out / "unfinished/asked.json").is_file()
            arguments = ["run", "--resume", out] if begun else ["run", *STUDY, "--out", out]
            before = checkpointed(out) if begun else 0
            child = subprocess.Popen([BIN, *map(str, arguments), "--checkpoint-patients", "7"],
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                child.wait(random.uniform(0, takes))
            except subprocess.TimeoutExpired:
                child.send_signal(signal.SIGKILL)
                child.wait()
            if (out / "record.json").is_file():
                break
            if begun:
                resumes += 1
                claim(checkpointed(out) >= before, f"kill {k}: checkpoints were lost")
        if (out / "record.json").is_file():
            finished += 1
        if (out / "unfinished/asked.json").is_file() or (out / "record.json").is_file():
            done = run("run", "--resume", out)
        else:
            began_again += 1
            done = run("run", *STUDY, "--out", out)
        claim(done.returncode == 0, f"kill {k}: {done.stderr}")
        claim(out.is_dir() and digests(out) == whole, f"kill {k}: other bytes")
        shutil.rmtree(out, ignore_errors=True)
    claim(2 * finished <= count, f"{finished} of {count} runs were finished when the kill came, so little was tried")
    litter = [p.name for p in scratch.iterdir() if p.name != "undisturbed"]
    claim(not litter, f"litter: {litter}")
    print(f"kills: {count} runs, {resumes} killed again while resuming, {began_again} killed before they had begun, "
          f"{finished} were finished when the kill came", flush=True)


def races(scratch, count):
    dish = scratch / "dish"
    dish.mkdir()
    model = ROOT / "verify/reference/models/birth-death-mutation"
    for file in ["model.toml", "study.toml"]:
        shutil.copy(model / file, dish)
    named = finished = 0
    for k in range(count):
        out = scratch / f"race-{k}"
        if k % 2:
            dead = subprocess.run([BIN, "run", dish, "--out", out], capture_output=True,
                                  env={**os.environ, "REMISSION_FAIL_POINT": "create:2:kill"})
            claim(dead.returncode < 0 and (out / "unfinished/lock").is_file(), f"race {k}: no stale lock")
        pair = [subprocess.Popen([BIN, "run", dish, "--patients", "400", "--out", out], stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, text=True) for _ in range(2)]
        ended = [(c.pid, *c.communicate(), c.returncode) for c in pair]
        won = [e for e in ended if e[3] == 0]
        lost = [e for e in ended if e[3] != 0]
        claim(len(won) == 1 and len(lost) == 1, f"race {k}: {[(e[3], e[2]) for e in ended]}")
        if won and lost:
            says = lost[0][2]
            named += f"process {won[0][0]};" in says
            finished += "exists and is not empty" in says
            claim(lost[0][3] == 1 and (f"process {won[0][0]};" in says or "exists and is not empty" in says),
                  f"race {k}: {says}")
            claim("folder" not in digests(out).values() and run("verify", out).returncode == 0, f"race {k}: not whole")
        shutil.rmtree(out, ignore_errors=True)
    print(f"races: {count}; the loser named the winner's process {named} times, found its finished run {finished} times", flush=True)


def full_disk(scratch, count):
    disk = scratch / "disk"
    disk.mkdir()
    whole, _ = undisturbed(scratch)
    mount = lambda option: subprocess.run(["mount", "-t", "tmpfs", "-o", option, "none", disk], capture_output=True)
    if mount("size=64k").returncode != 0:
        print("full-disk: SKIPPED, this user may not mount a tmpfs (needs root on Linux)", flush=True)
        return
    subprocess.run(["umount", disk], check=True)
    full = fitted = 0
    for k in range(count):
        mount(f"size={16 + 48 * k}k")
        try:
            out = disk / "run"
            first = run("run", *STUDY, "--out", out, "--checkpoint-patients", "9")
            if first.returncode == 0:
                fitted += 1
            else:
                full += 1
                says = first.stderr
                claim(first.returncode == 5 and str(disk) in says and "os error 28" in says, f"full {k}: {says}")
                claim("bytes" in says or "make the folder" in says or "create" in says, f"full {k}: no bytes named: {says}")
                for name, digest in (digests(out) if out.is_dir() else {}).items():
                    claim(digest in ("folder", whole.get(name)), f"full {k}: {name} is half-written")
            subprocess.run(["mount", "-o", "remount,size=64m", disk], check=True)
            begun = (out / "unfinished/asked.json").is_file() or (out / "record.json").is_file()
            again = run("run", "--resume", out) if begun else run("run", *STUDY, "--out", out)
            claim(again.returncode == 0 and digests(out) == whole, f"full {k}: not resumed: {again.stderr}")
        finally:
            subprocess.run(["umount", disk], check=True)
    mount("size=8m,ro")
    says = run("run", *STUDY, "--out", disk / "run")
    claim(says.returncode == 5 and str(disk) in says.stderr, f"read-only: {says.stderr}")
    subprocess.run(["umount", disk], check=True)
    print(f"full-disk: {full} runs on a disk that was full, {fitted} that fitted; 1 read-only file system", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", nargs="*", default=[])
    parser.add_argument("--count", type=int)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 2**32)
    args = parser.parse_args()
    parts = {"kills": (kills, 100), "races": (races, 200), "full-disk": (full_disk, 40)}
    print(f"seed {args.seed}", flush=True)
    random.seed(args.seed)
    if not BIN.is_file():
        subprocess.run(["cargo", "build", "--release", "--locked", "-p", "remission"], cwd=ROOT, check=True)
    for name in args.what or parts:
        function, count = parts[name]
        with tempfile.TemporaryDirectory(prefix="remission-unbreakable-") as scratch:
            function(pathlib.Path(scratch), args.count or count)
    print("all claims held" if not FAILED else f"{len(FAILED)} claims failed")
    return bool(FAILED)


if __name__ == "__main__":
    sys.exit(main())
