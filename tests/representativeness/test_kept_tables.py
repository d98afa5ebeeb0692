"""Every table of the analysis of a synthetic panel, its lottery and its weights is as it was."""

from importlib.resources import files
from pathlib import Path

import pandas as pd
import pytest

from dmpkit import representativeness as rep
from tests.kept_tables import Tables, frames_of, unchanged

DATA = Path(str(files("dmpkit.workbench"))) / "templates" / "representativeness"


def tables() -> Tables:
    people = pd.read_csv(DATA / "synthetic-people.csv")
    place = rep.read_population(DATA / "population.csv")
    quotas = rep.read_quotas(DATA / "quotas.csv")
    stages = ["invited", "responded", "selected", "completed"]
    result = rep.analyse(people, place, quotas=quotas, stages=stages, response="responded", seed=1)
    pool = people[people["responded"] == 1]
    lottery = rep.simulate_lottery(pool, quotas, 24, n_draws=60, person="person", seed=1)
    members = people[people["selected"] == 1]
    variables = ["gender", "age", "education"]
    panel = rep.Panel.from_frame(members, person="person", variables=variables)
    found = frames_of(result, "analysis") | frames_of(lottery, "lottery")
    return found | frames_of(rep.rake(panel, place), "weights")


@pytest.mark.filterwarnings("ignore::dmpkit.errors.DmpkitWarning")
def test_the_tables_of_an_analysis_are_unchanged() -> None:
    unchanged("representativeness", tables())
