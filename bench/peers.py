#!/usr/bin/env python3
"""remission and other programs on the same workloads in one go: time a replicate, ratios, z-scores against exact theory.

usage: PYTHON bench/peers.py [--rounds N] [--peers DIR] [--out FILE] [--cap SECONDS] [--quick]
                              [--remission PROGRAM]

PYTHON is that of an environment with the other programs: pip install rebop copasi-basico gillespy2 libroadrunner numpy scipy
(GillesPy2 also needs g++ and make). What is not installed is left out and named. DIR (default ../shared/peers beside this
repository) holds the scripts that define the workloads for the other programs (`workloads.py`, `bench_*.py`); without them
remission runs alone.

In every round each program runs each workload it can once, in turn, in a process of its own, under a cap of seconds. Times are CPU
time; a figure is the median of the rounds. z-scores are of all rounds pooled, for the mean and P(no resistant cell) with the law's
standard deviation, for the standard deviation with the sample's fourth moment. Written to FILE (default bench/peers.md).
"""
import argparse, datetime, importlib.util, json, math, os, pathlib, platform, statistics, subprocess, sys

root = pathlib.Path(__file__).resolve().parent.parent
binary = root / "target/release/remission"
WORKLOADS = ["W1", "W2", "W3s", "W3", "W3t"]

# program: (module, [(label, kind, {workload: replicates a round})]). Left out: what does not end within a minute, or crashes.
PEERS = {
    "rebop": ("rebop", [("exact", "exact", {"W1": 100, "W2": 6, "W3s": 20})]),
    "COPASI": ("basico", [
        ("directMethod", "exact", {"W1": 20, "W2": 2, "W3s": 10}),
        ("tauleap", "leap", {"W1": 200, "W2": 100, "W3s": 80, "W3": 40, "W3t": 5}),
        ("adaptivesa", "leap", {"W1": 300, "W2": 200, "W3s": 200, "W3": 200, "W3t": 5}),
        ("hybridlsoda", "leap", {"W2": 60, "W3": 60, "W3t": 60}),
    ]),
    "libRoadRunner": ("roadrunner", [("gillespie", "exact", {"W1": 10, "W2": 1, "W3s": 5})]),
    "GillesPy2": ("gillespy2", [
        ("SSACSolver", "exact", {"W1": 40, "W2": 2, "W3s": 20}),
        ("TauLeapingCSolver", "leap", {"W1": 200, "W2": 3}),
    ]),
}
PACKAGES = {"rebop": ["rebop"], "COPASI": ["copasi-basico", "python-copasi"], "libRoadRunner": ["libroadrunner"], "GillesPy2": ["gillespy2"]}


def child(peers, program, method, workload, replicates, seed):
    """One round of one program: prints CPU seconds and the final counts as JSON."""
    sys.path.insert(0, str(peers))
    from workloads import W, clock, sbml
    w = W[workload]
    species, horizon, finals = w["species"], w["T"], []
    if program == "rebop":
        import inspect, rebop
        g = rebop.Gillespie()
        for _, parent, k, offspring in w["reactions"]:
            g.add_reaction(k, [parent], list(offspring))
        start = dict(zip(species, w["x0"]))
        named = "rng" if "rng" in inspect.signature(rebop.Gillespie.run).parameters else "seed"
        began = clock()
        for i in range(replicates):
            end = g.run(start, tmax=horizon, nb_steps=1, **{named: seed + i})
            finals.append([float(end[s][-1]) for s in species])
    elif program == "COPASI":
        import basico, bench_copasi
        bench_copasi.load(workload)
        began = clock()
        for i in range(replicates):
            end = basico.run_time_course(start_time=0, duration=horizon, intervals=1, method=method, use_numbers=True,
                                         use_seed=True, seed=seed + i, max_steps=2000000000, update_model=False)
            whole = end is not None and len(end) and abs(float(end.index[-1]) - horizon) < 1e-6 * horizon
            if not whole:
                raise RuntimeError("ended before the horizon")
            finals.append([float(end[s].iloc[-1]) for s in species])
    elif program == "libRoadRunner":
        import roadrunner
        roadrunner.Logger.setLevel(roadrunner.Logger.LOG_ERROR)
        rr = roadrunner.RoadRunner(sbml(workload))
        rr.setIntegrator("gillespie")
        rr.integrator.variable_step_size = False
        rr.timeCourseSelections = ["time"] + species
        began = clock()
        for i in range(replicates):
            rr.reset()
            rr.integrator.seed = seed + i
            finals.append([float(x) for x in rr.simulate(0, horizon, 2)[-1][1:]])
    else:
        import gillespy2, bench_gillespy2
        solver = getattr(gillespy2, method)(model=bench_gillespy2.model(workload))
        solver.run(number_of_trajectories=1, seed=99)  # compiles
        began = clock()
        result = solver.run(number_of_trajectories=replicates, seed=seed)
        finals = [[float(tr[s][-1]) for s in species] for tr in (result if replicates > 1 else [result])]
    print("\n" + json.dumps({"seconds": clock() - began, "finals": finals}))


def run_child(arguments, cap):
    """The last line of a child that ended well, or why not."""
    # GillesPy2 builds its solvers with the scons of its own environment.
    path = os.pathsep.join([os.path.dirname(sys.executable), os.environ.get("PATH", "")])
    limit = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PATH": path}
    try:
        done = subprocess.run([sys.executable, __file__, "--child", json.dumps(arguments)], capture_output=True, text=True,
                              timeout=cap, env={**os.environ, **limit})
    except subprocess.TimeoutExpired:
        return None, f"not done in {cap} s"
    if done.returncode < 0:
        return None, "crashed"
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines()
        return None, (lines[-1] if lines else f"ended with {done.returncode}")[:60]
    return json.loads(done.stdout.strip().splitlines()[-1]), ""


def remission(workload, method, replicates):
    command = [binary, "bench", workload, "--method", method, "--json", "--replicates", str(replicates)]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)[0]


def z_scores(finals, theory, species):
    """As remission's own: (mean by species), (sd by species), P(no resistant cell)."""
    n, z_mean, z_sd, z_none = len(finals), [], [], None
    for i in range(len(species)):
        mean, sd = theory["mean"][i], theory["sd"][i]
        d = [(f[i] - mean) / sd for f in finals]
        m = sum(d) / n
        z_mean.append(m * math.sqrt(n))
        v = sum((x - m) ** 2 for x in d) / (n - 1) if n > 1 else math.nan
        fourth = sum((x - m) ** 4 for x in d) / n
        error = math.sqrt(max(fourth - v * v, 0.0) / n) if n > 1 else 0.0
        # Without spread there is no error; the law's own (normal) says how far 0 is from it.
        z_sd.append((v - 1) / error if error > 1e-6 else (v - 1) / math.sqrt(2 / n))
    if "R" in species:
        p, i = theory["p_r0"], species.index("R")
        error = math.sqrt(p * (1 - p) / n)
        z_none = (sum(f[i] < 0.5 for f in finals) / n - p) / error if error > 1e-9 else None
    return z_mean, z_sd, z_none


def worst(values):
    known = [z for z in values if z is not None and not math.isnan(z)]
    return f"{max(known, key=abs):+.1f}" if known else "-"


def digits(ms):
    return f"{ms:.3g}" if ms < 100 else f"{ms:,.0f}"


def processor():
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
        return next(l.split(":", 1)[1].strip() for l in lines if l.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def version(program):
    import importlib.metadata as metadata
    return program + " " + "/".join(metadata.version(p) for p in PACKAGES[program])


def main():
    global binary
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--peers", type=pathlib.Path, default=root.parent / "shared/peers")
    parser.add_argument("--out", type=pathlib.Path, default=root / "bench/peers.md")
    parser.add_argument("--cap", type=float, default=60.0, help="seconds of one program on one workload in one round")
    parser.add_argument("--quick", action="store_true", help="a quarter of the replicates")
    parser.add_argument("--remission", type=pathlib.Path, default=binary, help="program to run")
    parser.add_argument("--child")
    options = parser.parse_args()
    if options.child:
        return child(*json.loads(options.child))
    binary = options.remission
    share = 4 if options.quick else 1
    notes, tasks = [], []
    theories = None
    if not (options.peers / "workloads.py").is_file():
        notes.append(f"no `workloads.py` in {options.peers.name}/: the other programs were not run")
    else:
        sys.path.insert(0, str(options.peers))
        try:
            import workloads
            theories = {w: workloads.theory(w) for w in WORKLOADS}
        except ImportError as error:
            notes.append(f"{error.name} is not installed: the other programs were not run")
    versions = [subprocess.run([binary, "--version"], capture_output=True, text=True, check=True).stdout.strip()]
    if theories:
        for program, (module, methods) in PEERS.items():
            if importlib.util.find_spec(module) is None:
                notes.append(f"{program} is not installed")
                continue
            versions.append(version(program))
            for method, kind, counts in methods:
                tasks += [(program, method, kind, w, max(1, n // share)) for w, n in counts.items()]
    own = [(w, "leap", 100_000 // share) for w in WORKLOADS] + [(w, "exact", max(2, n // share)) for w, n in [("W1", 200), ("W2", 8), ("W3s", 40)]]
    seen, failed = {}, {}
    for k in range(options.rounds):
        for w, method, n in own:
            m = remission(w, method, n)
            seen.setdefault(("remission", method, method, w), []).append((m["ms_per_replicate"], n, m))
        for program, method, kind, w, n in tasks:
            key = (program, method, kind, w)
            if key in failed:
                continue
            result, why = run_child([str(options.peers), program, method, w, n, 1 + k * 100_000], options.cap)
            if result is None:
                failed[key] = why
                print(f"{program} {method} {w}: {why}", file=sys.stderr)
            else:
                seen.setdefault(key, []).append((1e3 * result["seconds"] / n, n, result["finals"]))
        print(f"round {k + 1} of {options.rounds}", file=sys.stderr)

    lines = ["# remission beside other programs", "",
             f"Written by `bench/peers.py` on {datetime.date.today().isoformat()}; {processor()}, one thread, CPU time, "
             f"medians of {options.rounds} interleaved rounds; load average at the end {os.getloadavg()[0]:.1f}.",
             "Versions: " + "; ".join(versions) + ".", ""]
    lines += [f"- {n}" for n in notes] + ([""] if notes else [])
    lines += ["z (of a standard deviation from 200 replicates on, since its own standard error comes from the sample) is the largest of all cell types, in standard errors from the exact law, of all rounds pooled (of remission: of one round "
              "of as many replicates as stated; its rounds are the same replicates). Ratio: time over that of remission's leap."]
    for w in WORKLOADS:
        base = statistics.median(x[0] for x in seen[("remission", "leap", "leap", w)])
        lines += ["", f"## {w}", "", "| program | method | ms a replicate | ratio | ns an event | replicates | z of mean | z of sd | z of P(no resistant cell) |", "|---|---|---|---|---|---|---|---|---|"]
        rows = []
        for (program, method, kind, at), rounds in seen.items():
            if at != w or (program, method, kind, at) in failed:
                continue
            ms = statistics.median(x[0] for x in rounds)
            event = f"{1e6 * ms / theories[w]['events']:.1f}" if kind == "exact" and theories else "-"
            if program == "remission":
                count, z = rounds[0][1], rounds[0][2]["z"]
                z = (list(z["mean"].values()), list(z["sd"].values()), z["p_no_resistant"])
            else:
                finals = [f for x in rounds for f in x[2]]
                species = ["S"] if w == "W1" else ["S", "R"] if w == "W2" else ["S", "P", "R"]
                count, z = len(finals), z_scores(finals, theories[w], species)
            rows.append((ms, f"| {program} | {method} | {digits(ms)} | {digits(ms / base)} | {event} | {count:,} | {worst(z[0])} | {worst(z[1]) if count >= 200 else '-'} | {worst([z[2]])} |"))
        lines += [row for _, row in sorted(rows)]
        lines += [f"| {program} | {method} | {why} | | | | | | |" for (program, method, _, at), why in failed.items() if at == w]
    options.out.write_text("\n".join(lines) + "\n")
    print(options.out.read_text())


if __name__ == "__main__":
    main()
