"""The tasks as dmpkit does them. Each makes ``work`` and ``answer``; see ``../measure.py``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import labels
import numpy as np
import pandas as pd

from dmpkit import evaluation as ev
from dmpkit import impact
from dmpkit import qmethod as qm
from dmpkit import representativeness as rep
from dmpkit.measures import agreement, proportions
from dmpkit.qmethod.correlation import correlate
from dmpkit.qmethod.extraction import extract_pca
from dmpkit.qmethod.rotation import order_and_reflect, rotate_varimax

REFERENCE = Path(__file__).resolve().parents[2] / "tests" / "reference"
#: Times at which curves are compared.
GRID = np.linspace(1, 2000, 200)


def estimate(made: Any) -> list[float]:
    return [made.value, made.standard_error]


# --- agreement


def alpha(level: str) -> Any:
    def task(data: dict[str, np.ndarray]) -> Any:
        table = data["ratings"]
        return lambda: agreement.krippendorff_alpha(table, level), lambda made: made.value

    return task


alpha_nominal, alpha_ordinal = alpha("nominal"), alpha("ordinal")
alpha_interval, alpha_ratio = alpha("interval"), alpha("ratio")


def gwet(data: dict[str, np.ndarray]) -> Any:
    return lambda: agreement.gwet_ac1(data["ratings"]), estimate


def conger(data: dict[str, np.ndarray]) -> Any:
    return lambda: agreement.conger_kappa(data["ratings"]), estimate


def fleiss(data: dict[str, np.ndarray]) -> Any:
    return lambda: agreement.fleiss_kappa(data["ratings"]), lambda made: made.value


# --- shares


def wilson(data: dict[str, np.ndarray]) -> Any:
    return lambda: proportions.wilson_interval(data["yes"], data["size"]), lambda ends: np.ravel(
        [end[:1000] for end in ends]
    )


def holm(data: dict[str, np.ndarray]) -> Any:
    return lambda: proportions.holm(data["p"]), lambda p: np.sort(p)[:1000]


# --- Q methodology


def varimax(data: dict[str, np.ndarray]) -> Any:
    def work() -> Any:
        loadings = extract_pca(correlate(data["sorts"], "pearson"), 3)
        return order_and_reflect(rotate_varimax(loadings))

    return work, lambda made: made.loadings


def lipset() -> qm.QSorts:
    return qm.QSorts.from_frame(pd.read_csv(REFERENCE / "qmethod" / "sorts.csv"))


def q_analysis(_: dict[str, np.ndarray]) -> Any:
    frame = pd.read_csv(REFERENCE / "qmethod" / "sorts.csv")
    answer = lambda made: made.loadings[["f1", "f2", "f3"]].to_numpy()  # noqa: E731
    return lambda: qm.analyse(qm.QSorts.from_frame(frame), 3), answer


def bootstrapped(align: str, n: int) -> Any:
    """Resamples of Lipset's sorts; the first 100 are those that R drew."""

    def task(_: dict[str, np.ndarray]) -> Any:
        drawn = pd.read_csv(REFERENCE / "qmethod" / "bootstrap" / "resamples_n100.csv")
        by_r = drawn.to_numpy().T - 1
        frame = pd.read_csv(REFERENCE / "qmethod" / "sorts.csv")

        def run(resamples: np.ndarray) -> Any:
            sorts = qm.QSorts.from_frame(frame)
            return qm.bootstrap(sorts, 3, resamples=resamples, align=align, progress=False)

        more = np.tile(by_r, (n // len(by_r), 1))

        def answer(_: Any) -> Any:
            table = run(by_r).z_scores
            return table[["z_score", "mean", "standard_error", "low", "high"]].to_numpy()

        return lambda: run(more), answer

    return task


q_bootstrap_procrustes = bootstrapped("procrustes", 100)
q_bootstrap_none = bootstrapped("none", 1000)


# --- representativeness


def rake(data: dict[str, np.ndarray]) -> Any:
    frame, margins = labels.frame(data["codes"]), labels.shares(data)
    return lambda: rep.rake(frame, margins), lambda made: labels.summary(made.weights)


def rake_r(data: dict[str, np.ndarray]) -> Any:
    """The work of :func:`rake`; the answer is of the panel that R's survey raked for the tests."""
    folder = REFERENCE / "representativeness"

    def answer(_: Any) -> Any:
        people = pd.read_csv(folder / "panel_sample.csv", dtype=str)
        margins = pd.read_csv(folder / "population_margins.csv", dtype={"category": str})
        return rep.rake(people, rep.Population.from_margins(margins)).weights

    return rake(data)[0], answer


def smd(data: dict[str, np.ndarray]) -> Any:
    people, target = labels.halves(data["codes"][1:])

    def answer(table: Any) -> Any:
        other = table[table["category"] != "c0"].sort_values(["variable", "category"])
        return other["smd_target"].abs()

    return lambda: rep.balance_table(people, rep.Population.from_microdata(target)), answer


def r_indicator(data: dict[str, np.ndarray]) -> Any:
    frame = labels.frame(data["codes"])
    frame["responded"] = data["responded"].astype(int)
    names = list(frame.columns[:-1])
    return lambda: rep.r_indicator(frame, "responded", names), lambda made: made.raw


# --- impact


def kaplan_meier(data: dict[str, np.ndarray]) -> Any:
    days, event = data["days"], data["cause"] > 0

    def answer(curve: Any) -> Any:
        return curve.at(GRID)["estimate"]

    return lambda: impact.kaplan_meier(days, event), answer


def incidence(data: dict[str, np.ndarray]) -> Any:
    def answer(curves: Any) -> Any:
        table = curves.at(GRID)
        wanted = table[table["cause"] != "pending"].sort_values(["cause", "time"])
        return np.append(wanted["estimate"], wanted["standard_error"])

    return lambda: impact.cumulative_incidence(data["days"], data["cause"]), answer


def incidence_of_one(data: dict[str, np.ndarray]) -> Any:
    def answer(curves: Any) -> Any:
        table = curves.at(GRID)
        return table.loc[table["cause"].astype(str) == "1", "estimate"]

    return lambda: impact.cumulative_incidence(data["days"], data["cause"]), answer


def logrank(data: dict[str, np.ndarray]) -> Any:
    days, event, group = data["days"], data["cause"] > 0, data["group"]
    return lambda: impact.logrank_test(days, event, group), lambda made: made.statistic


def cox(data: dict[str, np.ndarray]) -> Any:
    x = pd.DataFrame(data["x"], columns=["a", "b", "c"])
    days, event = data["days"], data["cause"] > 0

    def answer(model: Any) -> Any:
        return np.append(model.coefficient, model.standard_error)

    return lambda: impact.cox(days, event, x), answer


# --- evaluation


def reason(_: dict[str, np.ndarray]) -> Any:
    rows = pd.read_csv(REFERENCE / "dri" / "activate.csv")
    rows = rows[rows.stage_id == 2]

    def work() -> Any:
        survey = ev.ReasonSurvey.from_frame(rows, person="pnum", stage="after")
        return ev.reason_index(survey, n_permutations=1000, seed=1, progress=False)

    return work, lambda made: made.value
