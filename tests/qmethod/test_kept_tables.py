"""Every table of an analysis, its bootstrap, retention, match and comparisons is as it was."""

import numpy as np
import pytest

from dmpkit import qmethod as qm
from dmpkit.qmethod.equivalence import consensus_levels
from dmpkit.workbench import Study
from tests.kept_tables import Tables, frames_of, unchanged

FEW = {"progress": False, "seed": 1}


def tables() -> Tables:
    frame = Study.open("lipset-1963").table("sorts")
    sorts = qm.QSorts.from_frame(frame, statements="statement")
    three = qm.analyse(sorts, 3)
    found = frames_of(three, "analysis")
    found |= frames_of(qm.analyse(sorts, 3, rotation="oblimin"), "oblique")
    found |= frames_of(qm.analyse(sorts, 2, extraction="centroid"), "centroid")
    found |= frames_of(qm.analyse(sorts, 2, rotation="promax"), "promax")
    found |= frames_of(qm.bootstrap(sorts, 3, n_resamples=40, **FEW), "bootstrap")
    found |= frames_of(
        qm.factor_retention(sorts, n_permutations=40, n_resamples=20, **FEW), "retention"
    )
    found |= frames_of(consensus_levels(three), "consensus")
    made = qm.synthetic_sorts("governance-2024", n_sorts=20, noise=0.4, seed=5)
    viewed = qm.analyse(made.sorts, 3)
    match = qm.match_viewpoints(viewed, "governance-2024", n_permutations=99, seed=1)
    found |= frames_of(match, "match")
    curves = qm.recovery_curves(
        "governance-2024", noise=[0.3, 0.8], n_sorts=[12, 20], n_repeats=3, n_permutations=49, **FEW
    )
    found |= {"recovery: runs": curves.runs, "recovery: curves": curves.curves}
    return found | comparisons(sorts)


def comparisons(sorts: qm.QSorts) -> Tables:
    """Two halves of the people compared, and the same people at two times."""
    names = list(sorts.sorts)
    halves = [qm.analyse(sorts.only(names[k::2]), 2) for k in (0, 1)]
    match = qm.match_factors(*halves, n_permutations=99, seed=1)
    turned = np.roll(sorts.values, 1, axis=1)
    again = qm.QSorts(turned, sorts=names, statements=sorts.statements)
    found = frames_of(match, "halves") | frames_of(
        qm.before_after(sorts, again, 2), "before, after"
    )
    return found | frames_of(qm.second_order({"A": halves[0], "B": halves[1]}, 1), "second order")


@pytest.mark.filterwarnings("ignore::dmpkit.errors.DmpkitWarning")
def test_the_tables_of_an_analysis_are_unchanged() -> None:
    unchanged("qmethod", tables())
