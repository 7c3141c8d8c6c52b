#!/usr/bin/env python3
"""The plain simulator: one patient's cells, one event after another, to be read beside spec/model.md.

Reads `resolved.toml` of a run directory (every unit already day, cell, mg, umol, L) and simulates an arm by Gillespie's direct
method (J. Phys. Chem. 81, 2340, 1977): wait an exponential time of the total rate, then choose the event by its share of it.
Every cell is kept: a tumour is one list per cell type, holding each cell's clone. Rates that vary in time are held over
intervals of STEP days at the concentrations and time of their middle; rates that depend on counts are renewed after every
event; levels take Euler steps of STEP. Left out: visits, measurements, death of the patient, what follows progression, variation
between patients (all have the central parameter values), names that are Python keywords.
"""

import argparse
import ast
import math
import multiprocessing
import random
import re
import tomllib

STEP = 1 / 200  # days
ORIGINS = ["pre_existing", "drug_induced", "persister", "cycling"]
UNIT = r"(days?|cells?|mg|umol|L|dm|Gy)(\^-?\d+)?"
QUANTITY = re.compile(rf"\s*([-+]?[\d.]+(?:[eE][-+]?\d+)?)\s*((/\s*)?{UNIT}(\s*[/* ]\s*{UNIT})*)?\s*")
LAWS = {
    "exp": math.exp, "ln": math.log, "sqrt": math.sqrt, "min": min, "max": max,
    "hill": lambda c, ec50, n: 0.0 if c <= 0 else c**n / (ec50**n + c**n),
    "emax": lambda c, emax, ec50: emax * c / (ec50 + c),
    "logistic": lambda n, capacity: max(0.0, 1 - n / capacity),
    "gompertz": lambda n, capacity: max(0.0, math.log(capacity / n)) if n > 0 else math.inf,
}
ALLOWED = (ast.Expression, ast.Tuple, ast.BinOp, ast.UnaryOp, ast.Call, ast.Name, ast.Load, ast.Constant, ast.operator, ast.USub)


def table(points):
    """A law linear between its points and constant outside."""
    def law(x):
        x = min(max(x, points[0][0]), points[-1][0])
        (x0, y0), (x1, y1) = next(pair for pair in zip(points, points[1:]) if x <= pair[1][0])
        return y0 + (y1 - y0) * (x - x0) / (x1 - x0)
    return law


def plain(text):
    """A quantity without its unit, or an expression as Python writes it: `delayed(drug)` is `δdrug`, `effect(drug)` `εdrug`."""
    if quantity := QUANTITY.fullmatch(text):
        return quantity[1]
    return re.sub(r"\b(delayed|effect)\s*\(\s*(\w+)\s*\)", lambda m: "δε"[m[1] == "effect"] + m[2], text).replace("^", "**")


def parse(texts):
    """Several expressions as one tree of arithmetic, names and laws, and nothing else."""
    tree = ast.parse(f"({', '.join([*map(plain, texts), ''])})", mode="eval")
    if not all(isinstance(node, ALLOWED) for node in ast.walk(tree)):
        raise ValueError(f"not an expression of a model: {texts}")
    return tree


class Model:
    def __init__(self, path, arm=1):
        whole = tomllib.loads(text := open(path, encoding="utf-8").read())
        self.laws = {"__builtins__": {}} | LAWS | {name: table(t["points"]) for name, t in whole.get("tables", {}).items()}
        self.parameters = {name: float(plain(str(p["value"]))) for name, p in whole.get("parameters", {}).items()}
        self.types = list(whole["cells"])
        self.persister = [c["kind"] == "persister" for c in whole["cells"].values()]
        self.levels, self.drugs, self.before = whole.get("levels", {}), whole.get("drugs", {}), whole["before_treatment"]
        self.no_drug = {n: 0.0 for drug in self.drugs for n in (drug, "δ" + drug, "ε" + drug)}
        self.horizon = self.constant(whole["study"]["horizon"])
        self.doses = doses(text.split("[[arms]]")[arm].split("regimen =")[0], self.horizon)

        # What can happen: kind of event, type, type it becomes, rate (of one cell), chance or rate of the mutation.
        self.events = []
        for i, c in enumerate(whole["cells"].values()):
            birth, unchanged = plain(c["birth"]), "1"
            for m in c.get("mutates", []):
                to = self.types.index(m["to"])
                if "per_time" in m:
                    self.events.append(("per_time", i, to, m["per_time"], m["per_time"]))
                else:
                    unchanged += f" - ({(chance := plain(m['per_division']))})"
                    self.events.append(("per_division", i, to, f"({birth}) * ({chance})", chance))
            self.events += [("switch", i, self.types.index(s["to"]), s["rate"], None) for s in c.get("switches", [])]
            self.events += [("birth", i, i, f"({birth}) * ({unchanged})", None), ("death", i, i, c["death"], None),
                            ("immigration", i, i, c.get("immigration", "0"), None)]
        self.rates = self.compiled([event[3] for event in self.events])
        self.level_rates = self.compiled([level["rate"] for level in self.levels.values()])
        used = {getattr(node, "id", None) for node in ast.walk(parse([event[3] for event in self.events]))}
        self.counts_matter = bool(used & {*self.types, "total"})
        self.time_matters = "time" in used or bool(self.levels)

    def compiled(self, texts):
        """Several expressions as one function of the values of names."""
        return lambda values, code=compile(parse(texts), "model", "eval"): eval(code, self.laws, values)

    def constant(self, text):
        return float(self.compiled([text])(self.parameters)[0])


def doses(lines, horizon):
    """Ends (0) and beginnings (1) of doses in order of time, from the comments that say what each sentence became:
    `# drug: amount over duration at offsets of every cycle from day until day`."""
    changes, comment = [], r"# (\w+): (\S+) over (\S+) at (.+) of every (\S+) from (\S+) until (\S+)"
    for rule, (drug, amount, duration, offsets, cycle, begin, end) in enumerate(re.findall(comment, lines)):
        amount, duration, cycle, begin, end = map(float, (amount, duration, cycle, begin, end))
        for k in range(1 if math.isinf(cycle) else int(horizon / cycle) + 1):
            for offset in map(float, offsets.split()):
                t = begin + offset + (k * cycle if k else 0)
                if t < min(end, horizon):
                    changes.append((t, 1, rule, drug, amount, duration))
                    if 0 < duration < math.inf:
                        changes.append((t + duration, 0, rule, drug, amount, duration))
    return sorted(changes)


class Drug:
    """Amounts in gut and blood (mg), effect compartment, tissues (mg), transit states; a held drug has its level only."""

    def __init__(self, model, drug):
        get = lambda key, other, table=drug: model.constant(table[key]) if key in table else other
        self.route, tissues, delay = drug["route"], drug.get("peripheral", []), drug.get("delay", {"states": 0})
        self.ka, self.clearance, self.volume = get("ka", 0), get("clearance", get("elimination", 0)), get("volume", 1)
        self.felt_per_mg = get("elimination", 1 / self.volume / get("molar_mass", 1))  # K-PD: felt as what is cleared
        self.tissues = [(get("flow", 0, t), get("volume", 1, t)) for t in (tissues if isinstance(tissues, list) else [tissues])]
        self.lag, self.arrives, self.ke0 = get("lag", 0), get("bioavailability", 1), get("ke0", 0, drug.get("effect", {}))
        self.states, self.passage = delay["states"], delay["states"] / get("mean", 1, delay)
        self.inflow, self.level, self.amounts = 0.0, 0.0, [0.0] * (3 + len(self.tissues) + self.states)

    def change(self, begins, amount, duration):
        amount *= self.arrives
        if self.route == "held":
            self.level = amount if begins else 0.0
        elif duration > 0:
            self.inflow += (amount if begins else -amount) / duration
        else:
            self.amounts[0 if self.route == "oral" else 1] += amount

    def felt(self, amounts):
        return self.level if self.route == "held" else amounts[1] * self.felt_per_mg

    def slope(self, amounts):
        gut, blood, effect, *rest = amounts
        exchange = [flow * (blood / self.volume - tissue / volume) for (flow, volume), tissue in zip(self.tissues, rest)]
        absorbed, cleared = self.ka * gut, self.clearance * blood / self.volume
        chain = [felt := self.felt(amounts), *rest[len(exchange):]]
        passed = [self.passage * (a - b) for a, b in zip(chain, chain[1:])]
        return [-absorbed, absorbed + self.inflow - cleared - sum(exchange), self.ke0 * (felt - effect), *exchange, *passed]

    def advance(self, days):
        """One Runge-Kutta step of fourth order."""
        slopes = [self.slope(y := self.amounts)]
        for part in (days / 2, days / 2, days):
            slopes.append(self.slope([a + part * k for a, k in zip(y, slopes[-1])]))
        self.amounts = [a + days / 6 * (p + 2 * q + 2 * r + s) for a, p, q, r, s in zip(y, *slopes)]


def exposure(model):
    """Intervals (end, values of drugs and time in the middle) from day 0 to the horizon, cut where a dose begins or ends."""
    drugs = {name: Drug(model, drug) for name, drug in model.drugs.items()}
    changes, now, intervals = sorted((t + drugs[dose[2]].lag, *dose) for t, *dose in model.doses), 0.0, []
    while now < model.horizon - 1e-9:
        while changes and changes[0][0] <= now + 1e-9:
            _, begins, _, name, amount, duration = changes.pop(0)
            drugs[name].change(begins, amount, duration)
        end = min(now + STEP, model.horizon, changes[0][0] if changes else math.inf)
        values = {"time": (now + end) / 2} if model.time_matters else {}
        for name, drug in drugs.items():
            drug.advance((end - now) / 2)
            values[name] = felt = drug.felt(drug.amounts)
            values |= {"δ" + name: drug.amounts[-1] if drug.states else felt, "ε" + name: drug.amounts[2] if drug.ke0 else felt}
            drug.advance((end - now) / 2)
        if intervals and intervals[-1][1] == values:
            intervals.pop()  # nothing moves: one long interval
        intervals.append((end, values))
        now = end
    return intervals


class Tumour:
    def __init__(self, model, rng):
        self.model, self.rng, self.time, self.treated = model, rng, 0.0, False
        self.cells = [[] for _ in model.types]  # of every type: the clone of each cell
        self.clones = []  # of every clone: (origin, time, parent's type or None)
        self.arrivals = {}  # the one clone of all arrivals from outside, by type
        self.levels = {name: model.constant(level["start"]) for name, level in model.levels.items()}

    def total(self):
        return sum(map(len, self.cells))

    def found(self, cell_type, cells, origin, parent_type=None):
        self.clones.append((origin, self.time, parent_type))
        self.cells[cell_type] += [len(self.clones) - 1] * cells
        return len(self.clones) - 1

    def values(self, exposed):
        counts = {name: len(cells) for name, cells in zip(self.model.types, self.cells)}
        return {"time": 0.0, "total": self.total()} | self.model.parameters | self.levels | counts | exposed

    def run(self, end, exposed, size=math.inf):
        """Event by event to `end`, or until the total reaches `size` or dies out on the way to it."""
        model, rates, began = self.model, None, self.time
        while True:
            if rates is None or model.counts_matter:
                rates = model.rates(self.values(exposed))
                if not all(0 <= rate < math.inf for rate in rates):
                    raise ValueError(f"a rate is negative or infinite on day {self.time}: {rates}")
            all_rates = [rate if kind == "immigration" else rate * len(self.cells[i])
                         for (kind, i, *_), rate in zip(model.events, rates)]
            wait = self.rng.expovariate(sum(all_rates)) if sum(all_rates) > 0 else math.inf
            if self.time + wait >= end:
                break  # waiting has no memory: it begins anew in the next interval
            self.time += wait
            self.happen(self.rng.choices(model.events, weights=all_rates)[0], exposed)
            if size < math.inf and (self.total() >= size or self.total() == 0):
                return
        slopes = model.level_rates(self.values(exposed))
        self.levels = {name: x + (end - began) * slope for (name, x), slope in zip(self.levels.items(), slopes)}
        self.time = end

    def happen(self, event, exposed):
        kind, i, to, _, chance = event
        cells = self.cells[i]
        if kind == "immigration":
            if i not in self.arrivals:
                self.arrivals[i] = self.found(i, 0, "pre_existing")
            return cells.append(self.arrivals[i])
        clone = cells[which := self.rng.randrange(len(cells))]
        if kind in ("death", "switch", "per_time"):  # the cell leaves its type; else the mother stays
            cells[which] = cells[-1]
            cells.pop()
        if kind in ("birth", "switch"):
            self.cells[to].append(clone)
        elif kind != "death":
            self.found(to, 1, self.origin(i, chance, exposed), i)

    def origin(self, parent_type, chance, exposed):
        """The label of a founder: before treatment, else the drug's excess of the mutation rate, else the parent's state."""
        if not self.treated:
            return "pre_existing"
        chance, values = self.model.compiled([chance]), self.values(exposed)
        (with_drug,), (without,) = chance(values), chance(values | self.model.no_drug)
        if self.rng.random() * with_drug < with_drug - without:
            return "drug_induced"
        return "persister" if self.model.persister[parent_type] else "cycling"


def start(model, rng):
    """What exists on day 0: typed in, or grown without drug until its size, again from the beginning whenever it dies out."""
    tumour = Tumour(model, rng)
    if "start" in model.before:
        for name, size in model.before["start"].items():
            tumour.found(model.types.index(name), round(model.constant(size)), "pre_existing")
    else:
        name, cells, until = re.fullmatch(r"(\w+) from (\d+) cells? until (.*)", model.before["grow"]).groups()
        size = round(model.constant(until))
        while tumour.total() < size:
            if tumour.total() == 0:
                tumour = Tumour(model, rng)
                tumour.found(model.types.index(name), int(cells), "pre_existing")
            tumour.run(tumour.time + STEP if model.levels else math.inf, model.no_drug, size)
        tumour.clones = [(origin, t - tumour.time, parent) for origin, t, parent in tumour.clones]
    tumour.time, tumour.treated = 0.0, True
    return tumour


def replicate(model, intervals, seed, number):
    """Cells by type; living clones by origin; cells by origin; living clones by the type of their parent; and the summed age, in
    days, of living clones that mutation founded under treatment. All at the horizon."""
    tumour = start(model, random.Random(f"{seed} {number}"))
    for end, exposed in intervals:
        tumour.run(end, exposed)
    owners = [clone for cells in tumour.cells for clone in cells]
    living = [tumour.clones[clone] for clone in sorted(set(owners))]
    return [*map(len, tumour.cells),
            *(sum(origin == o for origin, _, _ in living) for o in ORIGINS),
            *(sum(tumour.clones[clone][0] == o for clone in owners) for o in ORIGINS),
            *(sum(parent == i for _, _, parent in living) for i in range(len(model.types))),
            sum(model.horizon - t for _, t, parent in living if parent is not None and t >= 0)]


def some(path, arm, seed, numbers):
    intervals = exposure(model := Model(path, arm))
    return [replicate(model, intervals, seed, number) for number in numbers]


def simulate(path, replicates, seed, arm=1, processes=2):
    """Names of the columns, and one row a replicate."""
    types = Model(path, arm).types
    names = [f"cells {t}" for t in types] + [f"{what} {o}" for what in ("clones", "cells") for o in ORIGINS]
    names += [f"clones from {t}" for t in types] + ["clone days"]
    with multiprocessing.Pool(processes) as pool:
        parts = pool.starmap(some, [(path, arm, seed, range(k, replicates, processes)) for k in range(processes)])
    return names, [row for part in parts for row in part]


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("path", help="resolved.toml of a run directory")
    for option, default in [("replicates", 1000), ("seed", 1), ("arm", 1), ("processes", 2)]:
        options.add_argument(f"--{option}", type=int, default=default)
    header, rows = simulate(**vars(options.parse_args()))
    print("\n".join(",".join(map(str, line)) for line in [header, *rows]))
