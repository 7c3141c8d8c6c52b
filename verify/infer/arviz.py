#!/usr/bin/env python3
"""Opens the draws that remission wrote with ArviZ and says whether ArviZ reads what was written.

    verify/infer/arviz.py FOLDER...

FOLDER is what an inference wrote with --out (every posterior*.zarr in it is opened), or one .zarr folder. Needs arviz,
xarray and zarr:

    python3 -m venv target/arviz && target/arviz/bin/pip install arviz xarray zarr

Checked: every group has the dimensions and coordinates that ArviZ's schema asks for; every value that xarray gives is, bit
for bit, the one in the chunks, which are read here without zarr; every group opens also without the consolidated metadata;
ArviZ's summary has a row for each parameter with its mean and standard deviation (numpy's) and its
R-hat; leave-one-out runs where the log-likelihood is there and finite. Exit code 0: all of it holds.
"""

import importlib.metadata
import json
import pathlib
import sys
import warnings

import numpy as np
import xarray as xr

# The script has the name of the package: look for the package only where packages are.
here = str(pathlib.Path(__file__).resolve().parent)
sys.path = [p for p in sys.path if str(pathlib.Path(p or ".").resolve()) != here]
import arviz as az  # noqa: E402

DIMENSIONS = {
    "posterior": ("chain", "draw"),
    "prior": ("chain", "draw"),
    "posterior_predictive": ("chain", "draw", "unit"),
    "log_likelihood": ("chain", "draw", "unit"),
    "observed_data": ("unit",),
}


def chunks(folder):
    """The array in a folder, read from its bytes alone."""
    about = json.loads((folder / ".zarray").read_text())
    shape, chunk = about["shape"], about["chunks"]
    assert about["compressor"] is None and about["filters"] is None and about["order"] == "C"
    out = np.full(shape, np.nan if about["dtype"] == "<f8" else 0, dtype=about["dtype"])
    for file in folder.iterdir():
        if file.name.startswith("."):
            continue
        place = [int(k) for k in file.name.split(".")]
        values = np.frombuffer(file.read_bytes(), dtype=about["dtype"]).reshape(chunk)
        out[tuple(slice(k * c, k * c + c) for k, c in zip(place, chunk))] = values
    return out


def same(a, b):
    """The same bits, or both not a number."""
    return a.shape == b.shape and a.dtype == b.dtype and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")


def groups(store):
    """Every group against its bytes."""
    count = 0
    tree = xr.open_datatree(store, engine="zarr")
    plain = xr.open_datatree(store, engine="zarr", consolidated=False)
    found = sorted(p.name for p in store.iterdir() if p.is_dir())
    assert found == sorted(tree.children) == sorted(plain.children), (found, list(tree.children))
    for name in found:
        wanted = DIMENSIONS[name]
        data = tree[name]
        assert set(data.coords) == set(wanted), (name, list(data.coords))
        arrays = sorted(p.name for p in (store / name).iterdir() if p.is_dir())
        assert arrays == sorted([*data.data_vars, *data.coords]), name
        for array in arrays:
            raw = chunks(store / name / array)
            assert same(data[array].values, raw) and same(plain[name][array].values, raw), (name, array)
            assert data[array].dims == ((array,) if array in wanted else wanted), (name, array)
            count += raw.size
        for dimension in wanted:
            assert np.array_equal(data[dimension].values, np.arange(data.sizes[dimension])), (name, dimension)
    return tree, found, count


def summary(tree):
    """ArviZ's own reading of the posterior."""
    data = tree
    if hasattr(az, "InferenceData") and hasattr(az.InferenceData, "from_datatree"):
        data = az.InferenceData.from_datatree(tree)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        table = az.summary(data, round_to="none")
    posterior = tree["posterior"]
    assert sorted(table.index) == sorted(posterior.data_vars), list(table.index)
    for name in posterior.data_vars:
        values = posterior[name].values
        for column, value in (("mean", values.mean()), ("sd", values.std(ddof=1))):
            read = float(table.loc[name, column])
            assert np.isclose(read, value, rtol=1e-9, atol=1e-12 * abs(values).max()), (name, column, read, value)
        assert "r_hat" in table.columns
    return data, table


def leave_one_out(data, tree):
    """Runs where the log-likelihood can bear it."""
    if "log_likelihood" not in tree.children:
        return "no log-likelihood"
    values = next(iter(tree["log_likelihood"].data_vars.values())).values
    if not np.isfinite(values).all():
        return "log-likelihood not finite"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = az.loo(data)
    elpd = getattr(found, "elpd_loo", getattr(found, "elpd", None))
    assert np.isfinite(elpd)
    return f"elpd by leave-one-out {elpd:.2f}"


def main(arguments):
    stores = []
    for folder in map(pathlib.Path, arguments):
        stores += [folder] if (folder / ".zgroup").exists() else sorted(folder.glob("posterior*.zarr"))
    if not stores:
        print(__doc__)
        return 2
    versions = ", ".join(f"{p} {importlib.metadata.version(p)}" for p in ("arviz", "xarray", "zarr", "numpy"))
    print(f"Python {sys.version.split()[0]}, {versions}")
    for store in stores:
        tree, found, count = groups(store)
        data, table = summary(tree)
        said = leave_one_out(data, tree)
        print(f"{store}: {', '.join(found)}; {count} values as written; summary of {len(table)} parameters; {said}")
        print(table.head(6).to_string())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
