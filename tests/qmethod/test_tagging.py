"""Taggings: what is refused, and how several taggers become one weight."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from dmpkit.errors import DataError
from dmpkit.qmethod import Tagging, synthetic_tags


def _tags(**changes):
    rows = {"statement": [1, 2, 3], "claim": ["x", "x", "y"], "direction": [1, -1, 1]}
    return pd.DataFrame({**rows, **changes})


def test_defaults_and_labels():
    tags = Tagging.from_frame(_tags())
    assert tags.statements == ("1", "2", "3")
    assert tags.claims == ("x", "y")
    assert tags.taggers == ("tagger",)
    assert tags.table["strength"].tolist() == [1, 1, 1]
    assert Tagging.from_frame(tags) is tags


def test_polars_frames_are_taken():
    import polars as pl

    assert Tagging.from_frame(pl.from_pandas(_tags())).claims == ("x", "y")


def test_weights_average_over_taggers_and_opposite_directions_cancel():
    tags = Tagging.from_frame(
        pd.DataFrame(
            [
                ("1", "x", 1, 1.0, "A"),
                ("1", "x", 1, 0.5, "B"),
                ("2", "x", -1, 0.5, "A"),
                ("2", "y", 1, 1.0, "A"),
                ("2", "y", -1, 1.0, "B"),
            ],
            columns=["statement", "claim", "direction", "strength", "tagger"],
        )
    )
    expected = [[0.75, 0], [-0.25, 0], [0, 0]]
    np.testing.assert_allclose(tags.weights(["1", "2", "3"], ["x", "y"]), expected)
    np.testing.assert_allclose(tags.only("A").weights(["2"], ["y", "x"]), [[1, -0.5]])
    with pytest.raises(DataError, match="no tagger 'C'"):
        tags.only("C")


@pytest.mark.parametrize(
    ("changes", "row"),
    [
        ({"direction": [1, 0, 1]}, 3),
        ({"direction": [1, -1, float("nan")]}, 4),
        ({"direction": [1, "up", 1]}, 3),
        ({"strength": [1, 1, 0]}, 4),
        ({"strength": [1.5, 1, 1]}, 2),
        ({"statement": [1, 1, 3]}, 3),
    ],
)
def test_bad_cells_are_named(changes, row):
    with pytest.raises(DataError) as caught:
        Tagging.from_frame(_tags(**changes))
    assert caught.value.row == row


def test_empty_and_incomplete_tables_are_refused():
    with pytest.raises(DataError, match="no rows"):
        Tagging.from_frame(_tags().head(0))
    with pytest.raises(DataError, match="'direction'"):
        Tagging.from_frame(_tags().drop(columns="direction"))
    with pytest.raises(DataError, match="not a data frame"):
        Tagging.from_frame([1, 2])


def test_synthetic_tags_are_balanced_and_called_synthetic():
    tags = synthetic_tags(["x", "y", "z"], 4)
    assert len(tags) == 12
    assert (tags.groupby("claim")["direction"].sum() == 0).all()
    assert tags["statement"].str.startswith("synthetic").all()
    assert set(tags["tagger"]) == {"synthetic"}
    with pytest.raises(DataError):
        synthetic_tags([], 4)
