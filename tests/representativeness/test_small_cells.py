"""Small cells stay hidden: no number by which few people could be made out."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest

import dmpkit.representativeness as rep
from dmpkit.representativeness.small_cells import hide_intersections


def crossed(**levels):
    """A population in which every combination has 10 people."""
    rows = [(*cell, 10) for cell in product(*levels.values())]
    return pd.DataFrame(rows, columns=[*levels, "count"])


@pytest.fixture
def found():
    """Sex x age has 5 people in every cell, sex x home and age x home have small ones."""
    people = [
        (sex, age, "town" if (i < 4 or (sex, age) == ("F", "old")) else "village")
        for sex, age in product("FM", ["young", "old"])
        for i in range(5)
    ]
    panel = pd.DataFrame(people, columns=["sex", "age", "home"])
    joint = crossed(sex="FM", age=["young", "old"], home=["town", "village"])
    return rep.intersections(panel, joint, depth=2)


def test_every_crossing_with_a_small_cell_is_hidden_whatever_stands_before_it(found):
    hidden, out = hide_intersections(found, 3)
    assert hidden is not None
    small = {
        crossing
        for crossing, part in found.cells.groupby("crossing")
        if ((part["count"] > 0) & (part["count"] < 3)).any()
    }
    assert small == {"sex × home", "age × home"}
    assert found.cells["crossing"].iloc[0] not in small  # one without comes first
    for crossing, part in hidden.cells.groupby("crossing"):
        own = found.cells[found.cells["crossing"] == crossing]
        row = hidden.crossings.set_index("crossing").loc[crossing]
        if crossing in small:
            held = part["count"].to_numpy() != 0
            assert part.loc[held, ["count", "share", "gap"]].isna().all(axis=None)
            assert np.isnan(row["tvd"])
            assert np.isnan(row["mse"])
        else:
            assert part["count"].tolist() == own["count"].tolist()
            assert row["tvd"] == found.crossings.set_index("crossing").loc[crossing, "tvd"]
    shown = set(hidden.cells["crossing"])
    assert shown | set(out) == set(found.cells["crossing"])
