#!/usr/bin/env python3
"""Writes the seeds of every target into seeds/, from spec/cases, the catalogue, and the run directories and
checkpoints that the arguments name. What lies in corpus/ is read besides."""

import json
import pathlib
import re
import sys
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
SEEDS = HERE / "seeds"
STUDY, REGIMEN, RECORDS = "# --- study ---\n", "# --- regimen ---\n", "# --- dosing.csv ---\n"


def write(target, name, data):
    folder = SEEDS / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data if isinstance(data, bytes) else data.encode())


def strings(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for v in value.values():
            yield from strings(v)
    elif isinstance(value, list):
        for v in value:
            yield from strings(v)


expressions, sentences = set(), set()
for path in sorted((ROOT / "spec/cases").glob("*/*.toml")) + sorted((ROOT / "catalogue").glob("**/*.toml")):
    text = path.read_text()
    if text.startswith("# pad to "):
        continue
    name = "-".join(path.relative_to(ROOT).parts).removesuffix(".toml")
    text, _, table = text.partition(RECORDS)
    model, _, study = text.partition(STUDY)
    if path.name in ("study.toml", "regimen.toml"):
        model, study = "", text
    if table:
        for k in (0, 1):
            write("events", f"{name}-{k}", bytes([k]) + table.encode())
    if study:
        for k in range(4):
            write("study", f"{name}-{k}", bytes([k]) + study.encode())
    if model and path.name not in ("expected.toml",):
        write("model", name, model)
    for part in (model, study.replace(REGIMEN, "")):
        try:
            for value in strings(tomllib.loads(part)):
                (sentences if re.match(r"^[a-z_]+ [0-9.]", value) else expressions).add(value)
        except tomllib.TOMLDecodeError:
            pass
drugs = "tablet drip shot dish unmeasured".split()
for k, sentence in enumerate(sorted(sentences)):
    for d in drugs if k % 10 == 0 else [drugs[k % 5]]:
        write("regimen", f"{k}-{d}", d + " " + sentence.split(" ", 1)[1] + "\n")
for k, e in enumerate(sorted(x for x in expressions if len(x) < 500)):
    write("rates", str(k), e)
names = "b d capacity theta ec u weight viability(drip) a p r effector marker tablet delayed(tablet) effect(drip) total time".split()
for k, n in enumerate(names):
    write("rates", f"name-{k}", f"b * ({n} / {n})^2 + 0 * d")
for k, row in enumerate(
    [
        "ID,TIME,AMT,II,ADDL,EVID,CMT\n1,0,150,24,2147483647,1,1\n",
        "ID,TIME,AMT,RATE,II,ADDL,SS,CMT\n1,0,0,5,0,0,1,2\n1,9,10,1,24,2147483648,2,2\n",
        "ID,TIME,AMT,DUR,II,ADDL,SS,CMT\n1,1,10,30,24,4294967296,0,2\n1,50,10,.,.,.,.,3\n",
        "ID,TIME,AMT,EVID,CMT\n1,0,1,1,4\n1,5,0,3,4\n1,5,2,4,4\n2,0,1e-300,1,1\n",
    ]
):
    for k2 in range(8):
        write("events", f"made-{k}-{k2}", bytes([k2]) + row.encode())


def cut(value, most):
    """A document with the first entries of every list; short ones may be tuples and stay."""
    if isinstance(value, list):
        return [cut(v, most) for v in (value[:most] if len(value) > 6 else value)]
    return {k: cut(v, most) for k, v in value.items()} if isinstance(value, dict) else value


given = list(map(pathlib.Path, sys.argv[1:]))
for folder in (g for g in given if g.is_dir()):
    name = folder.name
    summary = json.loads((folder / "summary.json").read_text())
    for most in (1, 2, 3):
        write("run_directory", f"summary-{name}-{most}", json.dumps(cut(summary, most)))
    write("run_directory", f"record-{name}", b"r" + (folder / "record.json").read_bytes())


def unpacked(data):
    """What Snappy packed: a length, then pieces that are given or copied from before."""
    at, shift, length = 0, 0, 0
    while True:
        length |= (data[at] & 127) << shift
        shift += 7
        at += 1
        if data[at - 1] < 128:
            break
    out = bytearray()
    while at < len(data):
        tag = data[at]
        at += 1
        if tag & 3 == 0:
            n = (tag >> 2) + 1
            if n > 60:
                more = n - 60
                n = int.from_bytes(data[at : at + more], "little") + 1
                at += more
            out += data[at : at + n]
            at += n
            continue
        if tag & 3 == 1:
            n, back, more = (tag >> 2 & 7) + 4, (tag >> 5) << 8 | data[at], 1
        else:
            more = 2 if tag & 3 == 2 else 4
            n, back = (tag >> 2) + 1, int.from_bytes(data[at : at + more], "little")
        at += more
        for _ in range(n):
            out.append(out[-back])
    assert len(out) == length
    return bytes(out)


for path in (g for g in given if g.suffix == ".outcomes"):
    segment = path.read_bytes()
    patients, body = segment[48], segment[100:]
    write("checkpoint", path.stem + "-0", bytes([0, 0]) + segment)
    write("checkpoint", path.stem + "-1", bytes([1, patients]) + body)
    write("checkpoint", path.stem + "-2", bytes([2, patients]) + unpacked(body))
print({p.name: len(list(p.iterdir())) for p in sorted(SEEDS.iterdir())})

# A table of every assay, its number first; and each read as that of every other.
ASSAYS = ["fluctuation", "persister_fluctuation", "regrowth", "growth", "barcodes", "tumour_size", "ctdna", "psa", "model"]
for name in ASSAYS:
    table = (ROOT / f"examples/infer/{name}.csv").read_bytes()
    for number in range(len(ASSAYS)):
        write("data", f"{name}-{number}", bytes([number]) + table)
