"""Pictures of a stage flow."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from dmpkit.errors import DataError
from dmpkit.plotting import alt_text, to_png
from dmpkit.representativeness.stages import stage_flow
from dmpkit.representativeness.stages_plots import _spread


@pytest.fixture(scope="module")
def flow():
    table = pd.DataFrame(
        {
            "v": ["a", "a", "b", "b", "c", "c"],
            "w": ["x", "y"] * 3,
            "all": 1,
            "in": [1, 1, 1, 0, 0, 0],
        }
    )
    return stage_flow(table, ["all", "in"], ["v", "w"])


def test_bars_show_the_shares(flow):
    ax = flow.plot_stages()
    heights = [p.get_height() for p in ax.patches]
    assert heights == pytest.approx([1 / 3] * 3 + [2 / 3, 1 / 3, 0])
    assert len({p.get_hatch() for p in ax.patches}) == 3
    assert [t.get_text() for t in ax.get_xticklabels()] == ["all", "in"]
    assert any("a 67%" in t.get_text() for t in ax.texts)
    assert "v: a at in, +33.3 points" in alt_text(ax)
    assert len([a for a in ax.figure.axes if a.get_visible()]) == 2
    assert to_png(ax)
    with pytest.raises(DataError, match="no variable 'V'"):
        flow.plot_stages(["V"])


def test_waterfall_shows_the_parts(flow):
    ax = flow.plot_waterfall("v", "c")
    assert [p.get_height() for p in ax.patches] == pytest.approx([-100 / 3, -100 / 3])
    assert all(p.get_hatch() for p in ax.patches)
    assert "in -33.3; gap at the end -33.3" in alt_text(ax)
    with pytest.raises(DataError, match="no gap of v: d"):
        flow.plot_waterfall("v", "d")


def test_fifteen_variables_and_a_stage_not_known():
    rng = np.random.default_rng(2)
    rows = []
    for v in range(15):
        for c in range(2 + v % 11):
            rows.append(
                ("population", f"variable {v}", f"category number {c}", 27720 / (2 + v % 11))
            )
            rows.append(("selected", f"variable {v}", f"category number {c}", rng.integers(1, 9)))
            if v != 3:
                rows.append(("responded", f"variable {v}", f"category number {c}", 20))
    table = pd.DataFrame(rows, columns=["stage", "variable", "category", "count"])
    got = stage_flow(table, ["responded", "selected"], totals={"selected": 99, "responded": 400})
    ax = got.plot_stages()
    shown = [a for a in ax.figure.axes if a.get_visible()]
    assert len(shown) == 15
    assert [t.get_text() for t in shown[3].texts].count("not known") == 1


def test_labels_keep_apart():
    places = _spread(np.array([0.99, 0.5, 0.49, 0.02, 0.01]), 0.1)
    assert (np.diff(places) <= -0.1 + 1e-12).all()
    assert places[-1] >= 0
