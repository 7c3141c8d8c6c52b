#!/usr/bin/env python3
"""Draws what steps cost and what they err by: the table of `step_tolerance` as an SVG. Python's standard library only.

    cargo run --release -p remission-engine --example step_tolerance > bench/sweep.csv
    bench/sweep.py bench/sweep.csv bench/sweep.svg

A panel a model: time of a replicate across, error up, both logarithmic; a bar is the error and its standard error, a point whose
bar reaches the floor cannot be told from no error. The default is filled.
"""

import csv
import math
import sys

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 330, 260, 52, 12, 34, 44
FLOOR = 1e-4


def ticks(low, high):
    return [10.0**k for k in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)]


def say(x):
    return f"{x:g}" if 1e-3 <= x < 1e4 else f"{x:.0e}".replace("e-0", "e-").replace("e+0", "e")


def panel(name, rows, at):
    ms = [r["ms"] for r in rows]
    most = max(r["error"] + r["noise"] for r in rows)
    across, up = ticks(min(ms), max(ms)), ticks(FLOOR, most)
    x0, x1, y0, y1 = (math.log10(v) for v in (across[0], across[-1], up[0], up[-1]))
    x = lambda v: at + LEFT + (math.log10(v) - x0) / (x1 - x0) * (WIDTH - LEFT - RIGHT)
    y = lambda v: HEIGHT - BOTTOM - (math.log10(max(v, FLOOR)) - y0) / (y1 - y0) * (HEIGHT - TOP - BOTTOM)
    out = [f'<text x="{at + LEFT}" y="20" font-weight="600">{name}</text>']
    for v in across:
        out.append(f'<line class="grid" x1="{x(v):.1f}" x2="{x(v):.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>')
        out.append(f'<text class="small" text-anchor="middle" x="{x(v):.1f}" y="{HEIGHT - BOTTOM + 16}">{say(v)}</text>')
    for v in up:
        out.append(f'<line class="grid" x1="{at + LEFT}" x2="{at + WIDTH - RIGHT}" y1="{y(v):.1f}" y2="{y(v):.1f}"/>')
        out.append(f'<text class="small" text-anchor="end" x="{at + LEFT - 6}" y="{y(v) + 4:.1f}">{say(v)}</text>')
    path = " ".join(f"{x(r['ms']):.1f},{y(r['error']):.1f}" for r in rows)
    out.append(f'<polyline class="line" points="{path}"/>')
    for r in rows:
        cx, cy, own = x(r["ms"]), y(r["error"]), "point default" if r["tolerance"] == 1.0 else "point"
        low, high = y(r["error"] - r["noise"]), y(r["error"] + r["noise"])
        out.append(f'<line class="bar" x1="{cx:.1f}" x2="{cx:.1f}" y1="{low:.1f}" y2="{high:.1f}"/>')
        out.append(f'<circle class="{own}" cx="{cx:.1f}" cy="{cy:.1f}" r="4"><title>factor {r["tolerance"]:g}</title></circle>')
    out.append(f'<text class="small" text-anchor="middle" x="{at + (LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 8}">ms a replicate</text>')
    return "\n".join(out)


def main():
    rows = {}
    with open(sys.argv[1]) as file:
        for r in csv.DictReader(file):
            own = {"tolerance": float(r["tolerance"]), "ms": float(r["ms_per_replicate"])}
            rows.setdefault(r["model"], []).append(own | {"error": float(r["error"]), "noise": float(r["noise"])})
    panels = "\n".join(panel(name, own, k * WIDTH) for k, (name, own) in enumerate(rows.items()))
    style = (
        "text{font:13px sans-serif;fill:#222}.small{font-size:11px;fill:#555}.grid{stroke:#ddd}.line{fill:none;stroke:#9ab;stroke-width:1.5}"
        ".bar{stroke:#47a;stroke-width:1.5}.point{fill:#fff;stroke:#47a;stroke-width:2}.default{fill:#47a}"
    )
    size = f'width="{WIDTH * len(rows)}" height="{HEIGHT}" viewBox="0 0 {WIDTH * len(rows)} {HEIGHT}"'
    label = "Error against cost of a replicate, by the factor on the length of steps"
    with open(sys.argv[2], "w") as file:
        file.write(f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{label}">\n<style>{style}</style>\n')
        file.write(f'<rect width="100%" height="100%" fill="#fff"/>\n{panels}\n</svg>\n')


main()
