"""Every table of the analysis of a synthetic panel, its lottery and its weights is as it was."""

from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dmpkit import representativeness as rep
from tests.kept_tables import Tables, frames_of, unchanged

DATA = Path(str(files("dmpkit.workbench"))) / "templates" / "representativeness"
VARIABLES = ["gender", "age", "education"]
STAGES = ["invited", "responded", "selected", "completed"]


def tables() -> Tables:
    people = pd.read_csv(DATA / "synthetic-people.csv")
    place = rep.read_population(DATA / "population.csv")
    quotas = rep.read_quotas(DATA / "quotas.csv")
    result = rep.analyse(people, place, quotas=quotas, stages=STAGES, response="responded", seed=1)
    pool = people[people["responded"] == 1].reset_index(drop=True)
    lottery = rep.simulate_lottery(pool, quotas, 24, n_draws=60, person="person", seed=1)
    found = frames_of(result, "analysis") | frames_of(lottery, "lottery")
    found |= frames_of(rep.check_feasibility(pool, quotas, 24), "feasibility")
    found |= frames_of(rep.check_feasibility(pool.head(26), quotas, 24), "a small pool")
    return found | of_the_panel(people, place) | of_households(people)


def of_the_panel(people: pd.DataFrame, place: rep.Population) -> Tables:
    members = people[people["selected"] == 1]
    panel = rep.Panel.from_frame(members, person="person", variables=VARIABLES)
    raked = rep.rake(panel, place)
    found = frames_of(raked, "raked")
    for method in ("linear", "logit"):
        bounds = (0.2, 5) if method == "logit" else None
        found |= frames_of(rep.calibrate(panel, place, method=method, bounds=bounds), method)
    found |= frames_of(rep.check_margins(panel, place, n_resamples=199, seed=1), "margins")
    found |= frames_of(rep.balance_table(panel, place, raked), "balance")
    found |= frames_of(rep.balance_distances(panel, place, raked), "distances")
    answers = pd.Series(np.arange(len(members)) % 3 == 0).map({True: "yes", False: "no"})
    found |= frames_of(rep.sensitivity_to_weights(answers, {"raked": raked}), "sensitivity")
    joint = people.groupby(VARIABLES, as_index=False).size().rename(columns={"size": "count"})
    found |= frames_of(rep.intersections(members, joint, VARIABLES, depth="all"), "crossings")
    found |= frames_of(
        rep.r_indicator(people, "responded", VARIABLES, n_resamples=39, seed=1), "response"
    )
    came = {"gender": people[people["responded"] == 1]["gender"].value_counts().to_dict()}
    margin = {"gender": people["gender"].value_counts(normalize=True).to_dict()}
    margins = rep.r_indicator_from_margins(came, margin, len(people))
    found |= frames_of(margins, "response from margins")
    benchmark = rep.compare_with_benchmark([54, 36, 16, 4], [2197, 1394, 380, 253])
    found |= frames_of(benchmark, "benchmark")
    flow = rep.stage_flow(people, STAGES, VARIABLES, population=place, quota_variables=["gender"])
    return found | frames_of(flow, "stages")


def of_households(people: pd.DataFrame) -> Tables:
    rng = np.random.default_rng(2)
    home = rng.integers(0, len(people) // 2, len(people))
    at_home = people.assign(household=home, hh_size=1 + home % 4)
    check = rep.household_check(
        at_home, household="household", person="person", invited="invited",
        responded="responded", selected="selected", population_share=0.3,
    )  # fmt: skip
    found = frames_of(check, "households")
    found |= frames_of(rep.design_weights(at_home, "hh_size"), "design weights")
    chances = rng.beta(2, 5, 50)
    chances *= 12 / chances.sum()
    even = np.full(50, 12 / 50)
    found |= frames_of(rep.selection_fairness(chances, seats=12), "fairness")
    rules = rep.compare_rules({"drawn": chances, "even": even}, seats=12)
    return found | frames_of(rules, "rules")


@pytest.mark.filterwarnings("ignore::dmpkit.errors.DmpkitWarning")
def test_the_tables_of_an_analysis_are_unchanged() -> None:
    unchanged("representativeness", tables())
