"""Every table of an analysis, its bootstrap, retention and match is as it was."""

import pytest

from dmpkit import qmethod as qm
from dmpkit.workbench import Study
from tests.kept_tables import Tables, frames_of, unchanged


def tables() -> Tables:
    frame = Study.open("lipset-1963").table("sorts")
    sorts = qm.QSorts.from_frame(frame, statements="statement")
    found = frames_of(qm.analyse(sorts, 3), "analysis")
    found |= frames_of(qm.analyse(sorts, 3, rotation="oblimin"), "oblique")
    found |= frames_of(qm.bootstrap(sorts, 3, n_resamples=40, seed=1, progress=False), "bootstrap")
    found |= frames_of(
        qm.factor_retention(sorts, n_permutations=40, n_resamples=20, seed=1, progress=False),
        "retention",
    )
    made = qm.synthetic_sorts("governance-2024", n_sorts=20, seed=5).sorts
    match = qm.match_viewpoints(qm.analyse(made, 3), "governance-2024", n_permutations=99, seed=1)
    return found | frames_of(match, "match")


@pytest.mark.filterwarnings("ignore::dmpkit.errors.DmpkitWarning")
def test_the_tables_of_an_analysis_are_unchanged() -> None:
    unchanged("qmethod", tables())
