"""One headline result of every module from fixed inputs, and the hashes of what it writes.

Run as a program: ``python one_of_everything.py FOLDER`` writes the exports into FOLDER and
prints JSON: numbers with all their digits, and the SHA-256 of every file. Whatever differs
between two surroundings differs between two of these outputs. ``--workers 2`` resamples with
two workers, ``--frames polars`` gives the tables as polars frames, ``--pages`` writes the
pages with their pictures as well, ``--reversed`` lists every folder in reverse.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import locale
import math
import os
import sys
import warnings
from importlib.resources import files
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

import numpy as np
import pandas as pd

import dmpkit.qmethod as qm
import dmpkit.representativeness as rep
from dmpkit import coding, datasets, impact, tables
from dmpkit import evaluation as ev
from dmpkit.coding.synthetic import synthetic_interviews
from dmpkit.evaluation.reason_simulation import synthetic_stages
from dmpkit.measures import agreement as coefficients
from dmpkit.measures import inequality, proportions
from dmpkit.workbench import Study
from dmpkit.workbench.evaluating import evaluate

TEMPLATES = Path(str(files("dmpkit.workbench"))) / "templates"


def plain(value: Any) -> Any:
    """A result as JSON: frames as their columns, numbers with all their digits."""
    if isinstance(value, pd.DataFrame):
        return {str(name): plain(value[name].tolist()) for name in value.columns}
    if isinstance(value, pd.Series):
        return plain(value.tolist())
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float):
        return repr(value) if not math.isfinite(value) else value
    if value is None or isinstance(value, str | bool | int):
        return value
    return str(value)


def q_methodology(out: Path, give: Any, jobs: int, pages: bool) -> dict[str, Any]:
    study = Study.open("lipset-1963")
    sorts = qm.QSorts.from_frame(give(study.table("sorts")), statements="statement")
    result = qm.analyse(sorts, 3)
    oblique = qm.analyse(sorts, 3, rotation="oblimin")
    boot = qm.bootstrap(sorts, 3, n_resamples=40, seed=1, n_jobs=jobs, progress=False)
    keep = qm.factor_retention(
        sorts, n_permutations=40, n_resamples=20, seed=1, n_jobs=jobs, progress=False
    )
    match = qm.match_viewpoints(
        qm.analyse(qm.synthetic_sorts("governance-2024", n_sorts=20, seed=5).sorts, 3),
        "governance-2024",
        n_permutations=99,
        seed=1,
    )
    result.to_excel(out / "q.xlsx")
    if pages:
        result.report(out / "q.html")
    qm.write_sorts(sorts, out / "sorts.csv")
    qm.write_kade(sorts, out / "kade.xlsx")
    return {
        "loadings": result.loadings,
        "flags": result.flags,
        "z": result.z_array,
        "arrays": result.factor_arrays,
        "oblique": oblique.loadings,
        "bootstrap": boot.distinguishing(),
        "retention": keep.criteria,
        "match": match.assignment,
        "text": result.methods_text(),
    }


def representativeness(out: Path, give: Any, jobs: int, pages: bool) -> dict[str, Any]:
    folder = TEMPLATES / "representativeness"
    people = pd.read_csv(folder / "synthetic-people.csv")
    place = rep.read_population(folder / "population.csv")
    quotas = rep.read_quotas(folder / "quotas.csv")
    stages = ["invited", "responded", "selected", "completed"]
    result = rep.analyse(
        give(people), place, quotas=quotas, stages=stages, response="responded", seed=1
    )
    responded = people[people["responded"] == 1]
    lottery = rep.simulate_lottery(give(responded), quotas, 24, n_draws=60, person="person", seed=1)
    members = people[people["selected"] == 1]
    panel = rep.Panel.from_frame(
        give(members), person="person", variables=["gender", "age", "education"]
    )
    weights = rep.rake(panel, place)
    result.to_excel(out / "panel.xlsx")
    if pages:
        result.report(out / "panel.html")
    return {
        "variables": result.margins.variables,
        "categories": result.margins.categories,
        "stages": result.stages.decomposition,
        "chances": lottery.people,
        "effective": weights.effective_n,
        "text": result.methods_text(),
    }


def impacts(out: Path, give: Any, jobs: int, pages: bool) -> dict[str, Any]:
    made = impact.synthetic_ledger(30, years=5, seed=1)
    ledger = impact.write_ledger(made, out / "ledger", title="Synthetic", source="a recipe")
    result = impact.analyse(ledger, "2025-01-31")
    many = impact.synthetic_ledger(20, years=4, n_processes=8, seed=2).durations("2027-05-31")
    curve = impact.cumulative_incidence(
        many["time"], many["cause"], process=many["process_id"], n_resamples=39, seed=1
    )
    rows = give(pd.DataFrame({
        "No.": ["1", "2", "3"], "Recommendation": ["Trams", "Bread", "Roofs"],
        "Response": ["Accepted", "Rejected", None],
        "Response date": ["16 December 2021", "2021-12-16", None],
    }))  # fmt: skip
    listed = impact.ledger_from_spreadsheet(rows, report_date="2021-06-23", checked_on="2023-01-31")
    result.to_excel(out / "impact.xlsx")
    if pages:
        result.report(out / "impact.html")
    impact.ledger_to_excel(ledger, out / "ledger.xlsx")
    return {
        "states": ledger.as_of("2025-01-31").certain,
        "known": ledger.as_of("2021-06-30", known_on="2021-06-30").certain,
        "flows": result.flows,
        "incidence": curve.curves if hasattr(curve, "curves") else str(curve),
        "dates": listed.ledger.events,
        "text": result.methods_text(),
    }


def codings(out: Path, give: Any, jobs: int, pages: bool) -> dict[str, Any]:
    made = synthetic_interviews(out)
    first, second = (coding.read_project(made[name]) for name in ("coder A", "coder B"))
    project = coding.merge_blind({"coder A": first, "coder B": second})
    project = project.with_approach("coding reliability")
    agreed = coding.agreement(project, n_resamples=40, seed=1)
    both = coding.cooccurrence(project, across_coders=True)
    names = datasets.load("synthetic-interviews", "names")
    public, key = coding.pseudonymise(project, give(names))
    coding.write_qdpx(public, out / "public.qdpx")
    checked = coding.release_check(public, names=key, attributes=["role", "age"], k=2)
    checked.write_quotes(out / "quotes.xlsx")
    return {
        "agreement": agreed.table,
        "pairs": both.pairs if hasattr(both, "pairs") else str(both),
        "saturation": coding.saturation(project, seed=1).summary(),
        "segments": public.segments,
        "findings": checked.findings,
    }


def evaluations(out: Path, give: Any, jobs: int, pages: bool) -> dict[str, Any]:
    study = Study.open("evaluate-a-minipublic")
    result = evaluate(study.folder, seed=1, n_permutations=99)
    result.to_excel(out / "evaluation.xlsx")
    if pages:
        result.report(out / "evaluation.html")
    before, after = synthetic_stages(14, seed=1)
    swap = ev.compare_reason_index(before, after)
    return {
        "verdict": result.verdict.sentences(),
        "stages": result.verdict.stages,
        "indicators": {one.name: one.value for one in result.indicators()},
        "swap": [swap.swaps.change, swap.p_value],
    }


def measures(out: Path, give: Any, jobs: int, pages: bool) -> dict[str, Any]:
    rng = np.random.default_rng(1)
    codes = rng.integers(0, 4, (40, 3)).astype(float)
    codes[rng.random(codes.shape) < 0.1] = np.nan
    values = rng.gamma(2, 10, 30)
    table = give(pd.DataFrame({"who": ["ä", "ß", "I", "ı"], "share": [0.1, 1 / 3, 1e-9, 2.5e7]}))
    tables.write_csv(tables.to_pandas(table), out / "table.csv")
    return {
        "alpha": [coefficients.krippendorff_alpha(codes, level=x).value
                  for x in ("nominal", "ordinal", "interval")],
        "gini": inequality.gini(values),
        "wilson": list(proportions.wilson_interval(7, 24)),
    }  # fmt: skip


PARTS = {
    "qmethod": q_methodology,
    "representativeness": representativeness,
    "impact": impacts,
    "coding": codings,
    "evaluation": evaluations,
    "measures": measures,
}


def hashes(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


class _ReversedScan:
    """What os.scandir gives, from the last name to the first."""

    def __init__(self, scan: Any, *place: Any) -> None:
        with scan(*place) as entries:
            found = sorted(entries, key=lambda entry: os.fspath(entry.name), reverse=True)
        self._entries = iter(found)

    def __iter__(self) -> Any:
        return self._entries

    def __enter__(self) -> Any:
        return self._entries

    def __exit__(self, *_: object) -> None:
        """There is nothing to close."""


def reverse_listings() -> None:
    """List every folder from the last name to the first, as some file systems may."""
    listed, scan = os.listdir, os.scandir
    os.listdir = lambda *place: sorted(listed(*place), reverse=True)
    os.scandir = lambda *place: _ReversedScan(scan, *place)


def main() -> None:
    locale.setlocale(locale.LC_ALL, "")
    ask = argparse.ArgumentParser()
    ask.add_argument("folder", type=Path)
    ask.add_argument("--workers", type=int, default=1)
    ask.add_argument("--frames", default="pandas")
    ask.add_argument("--parts", nargs="*", default=list(PARTS))
    ask.add_argument("--pages", action="store_true", help="write the pages with pictures too")
    ask.add_argument("--reversed", action="store_true", help="list folders in reverse")
    chosen = ask.parse_args()
    if chosen.reversed:
        reverse_listings()
    give = lambda frame: tables.as_kind(frame, chosen.frames)  # noqa: E731
    said: dict[str, Any] = {}
    for name in chosen.parts:
        out = chosen.folder / name
        out.mkdir(parents=True)
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            found = PARTS[name](out, give, chosen.workers, chosen.pages)
        said[name] = {
            "numbers": plain(found),
            "files": hashes(out),
            "warnings": [f"{one.category.__name__}: {one.message}" for one in heard],
        }
    said["decimal sign of the system"] = locale.localeconv()["decimal_point"]
    json.dump(said, sys.stdout, ensure_ascii=True, indent=1)


if __name__ == "__main__":
    main()
