"""Drawn matrices: within the words, the same for a seed, back out of a project as drawn."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from dmpkit.coding import case_matrix, cooccurrence, quantified
from dmpkit.coding.teaching import draw_matrix, project_of_matrix
from dmpkit.errors import DataError

FINDINGS = pd.DataFrame(
    {
        "finding": ["left", "informal", "few", "case", "silent"],
        "quantifier": ["just one", "most", "a few", "some", ""],
        "n": [9, 9, 9, np.nan, 9],
    }
)


@pytest.mark.parametrize("seed", range(20))
def test_counts_stay_within_words_and_assumptions(seed):
    made = draw_matrix(quantified(FINDINGS, 9, assumption={"a few": (3, 4)}), 9, seed=seed)
    assert list(made.columns) == ["left", "informal", "few"]
    assert made["left"].sum() == 1
    assert 5 <= made["informal"].sum() <= 9
    assert 3 <= made["few"].sum() <= 4
    assert set(np.unique(made)) <= {0, 1}


def test_every_number_that_a_word_allows_comes_up_and_a_seed_decides():
    found = quantified(FINDINGS, 9)
    drawn = [draw_matrix(found, 9, seed=seed) for seed in range(80)]
    assert {int(m["informal"].sum()) for m in drawn} == {5, 6, 7, 8, 9}
    assert drawn[3].equals(draw_matrix(found, 9, seed=3))
    assert not drawn[3].equals(drawn[4])


def test_a_project_gives_the_matrix_back():
    made = draw_matrix(quantified(FINDINGS, 9), 9, seed=1)
    project = project_of_matrix(made)
    counted = case_matrix(project)
    back = pd.DataFrame(counted.values, index=counted.cases, columns=counted.codes)
    holds = made.sum(axis=1) > 0
    assert np.array_equal(back[list(made.columns)][holds], made[holds])
    assert back[~holds].isna().all(axis=None)
    pair = cooccurrence(project, unit="document").pairs.set_index(["code_1", "code_2"])
    both = int((made["informal"] & made["few"]).sum())
    row = pair[[{"informal", "few"} == set(key) for key in pair.index]]
    assert row["n_12"].tolist() == ([both] if len(row) else [])


def test_what_cannot_be_drawn_is_said():
    with pytest.raises(DataError, match="about 8 people"):
        draw_matrix(quantified(FINDINGS, 9), 8, seed=1)
    with pytest.raises(DataError, match="other than 0 and 1"):
        project_of_matrix(pd.DataFrame({"a": [2]}))
