"""Pictures of margins: what is drawn is what the tables say."""

import warnings
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from dmpkit.errors import DataError, SmallCellWarning
from dmpkit.plotting import alt_text
from dmpkit.representativeness.margins import check_margins
from dmpkit.representativeness.margins_plots import love_table, plot_love, plot_margins

TARGET = {"sex": {"M": 0.496, "F": 0.504}, "age": {"young": 0.3, "old": 0.7}}


def check(sex=(11, 12), age=(10, 13), **options):
    counts = {
        "sex": dict(zip("MF", sex, strict=True)),
        "age": dict(zip(("young", "old"), age, strict=True)),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SmallCellWarning)
        return check_margins(counts, TARGET, **options)


def drawn(ax, label):
    return next(line for line in ax.lines if line.get_label() == label)


def test_dots_stand_where_the_table_says():
    found = check()
    ax = plot_margins(found)
    np.testing.assert_allclose(drawn(ax, "panel").get_xdata(), 100 * found.categories["share"])
    np.testing.assert_allclose(
        drawn(ax, "population").get_xdata(), 100 * found.categories["target"]
    )
    labels = [tick.get_text() for tick in ax.get_yticklabels()]
    assert labels == ["sex", "M", "F", "age", "young", "old"]
    assert "largest gap is age young, 43.5 per cent against 30.0" in alt_text(ax)


def test_intervals_are_drawn_for_free_variables_only():
    found = check(quota_variables=["sex"])
    lines = [c for c in plot_margins(found).collections if c.get_label() == "95 % interval"]
    segments = np.array([s[:, 0] for s in lines[0].get_segments()])
    free = found.categories[found.categories["variable"] == "age"]
    np.testing.assert_allclose(segments, 100 * free[["low", "high"]].to_numpy())
    everything = check(quota_variables=["sex", "age"])
    labels = [c.get_label() for c in plot_margins(everything).collections]
    assert "95 % interval" not in labels


def test_the_quota_is_a_band():
    quotas = pd.DataFrame({"variable": "sex", "category": ["M", "F"], "min": [11, 11], "max": 12})
    ax = plot_margins(check(quotas=quotas))
    band = ax.patches[0]
    assert band.get_x() == pytest.approx(100 * 11 / 23)
    assert band.get_width() == pytest.approx(100 / 23)


def test_a_target_is_called_so():
    found = check(target={"sex": {"M": 0.5, "F": 0.5}})
    assert drawn(plot_margins(found), "target") is not None


def test_love_plot_of_two_checks():
    one, two = check(sex=(5, 18)), check()
    rows = love_table(one, two)
    np.testing.assert_allclose(rows["before"], one.categories["smd"].abs())
    np.testing.assert_allclose(rows["after"], two.categories["smd"].abs())
    ax = plot_love(one, two, labels=("responded", "selected"))
    np.testing.assert_allclose(drawn(ax, "selected").get_xdata(), rows["after"])
    assert "2 became smaller" in alt_text(ax)
    assert one.plot_love(two) is not None


def test_love_plot_by_variable_shows_distances():
    found = check()
    ax = plot_love(found, by="variable")
    np.testing.assert_allclose(ax.lines[0].get_xdata(), 100 * found.variables["tvd"])
    assert ax.get_xlabel() == "total variation distance (%)"


def test_many_categories_are_shown_by_variable():
    labels = [f"c{i}" for i in range(10)]
    counts = {f"v{i}": dict.fromkeys(labels, 60) for i in range(5)}
    found = check_margins(counts, {name: dict.fromkeys(labels, 0.1) for name in counts},
                          n_resamples=0)  # fmt: skip
    assert [t.get_text() for t in plot_love(found).get_yticklabels()] == list(counts)


def test_fifteen_variables_with_long_labels_do_not_overlap():
    words = ["Lives in a household with at least one child under the age of five", "no", "other"]
    names = [f"variable number {i} with a rather long name" for i in range(15)]
    counts = {name: dict.fromkeys(words, 40) for name in names}
    found = check_margins(counts, {name: dict.fromkeys(words, 1 / 3) for name in names},
                          n_resamples=0)  # fmt: skip
    ax = plot_margins(found)
    ax.figure.canvas.draw()
    boxes = [tick.get_window_extent() for tick in ax.get_yticklabels()]
    boxes.sort(key=lambda box: -box.y1)
    assert all(lower.y1 <= upper.y0 + 1 for upper, lower in pairwise(boxes))
    assert min(box.x0 for box in boxes) >= 0


def test_nothing_in_common_is_refused():
    other = check_margins({"x": {"a": 50, "b": 50}}, {"x": {"a": 0.5, "b": 0.5}})
    with pytest.raises(DataError, match="no variable in common"):
        plot_love(check(), other)
    with pytest.raises(DataError, match="not a kind of row"):
        love_table(check(), by="person")
