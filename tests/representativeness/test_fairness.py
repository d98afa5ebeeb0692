"""Selection fairness: published figures of ten panels, and what must not matter."""

from __future__ import annotations

import json
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmpkit import plotting
from dmpkit.errors import DataError, SharesWarning
from dmpkit.representativeness import fair_rules
from dmpkit.representativeness.fairness import chance_bound, compare_rules, selection_fairness
from tests.helpers import data_mirror, shared_reference

PANELS = {
    "cca": 75, "hd": 30, "mass": 24, "nexus": 170, "obf": 30,
    "sf_a": 35, "sf_b": 20, "sf_c": 44, "sf_d": 40, "sf_e": 110,
}  # fmt: skip


def chances(path):
    frame = pd.read_csv(path)
    return {
        name: part["selection probability"].to_numpy()
        for name, part in frame.groupby("algorithm", sort=False)
    }


@pytest.mark.parametrize("instance", ["mass_24", "hd_30", "sf_b_20", "sf_c_44"])
def test_reference_statistics(instance):
    """Closed forms: 1e-8 relative (the reference's own tolerance)."""
    expected = json.loads(shared_reference("representativeness", "fairness.json").read_text())
    folder = shared_reference().parent / "data-sources" / "representativeness"
    if not folder.exists():
        pytest.skip("the selection probabilities are not here")
    given_chances = chances(folder / f"goelz_{instance}_prob_allocs.csv")
    assert set(given_chances) == set(expected[instance])
    for rule, wanted in expected[instance].items():
        fair = selection_fairness(given_chances[rule], int(instance.rsplit("_", 1)[1]), rule=rule)
        got = {
            "rows": fair.n,
            "first": fair.chances[0],
            "last": fair.chances[-1],
            "sum": fair.chances.sum(),
            "min": fair.minimum,
            "gini": fair.gini,
            "geomean": fair.geometric_mean,
            "entropy_ratio": fair.entropy_ratio,
            "share_below_half_k_over_n": fair.share_below_half,
            "gini_drop_last": selection_fairness(fair.chances[:-1]).gini,
        }
        assert got == pytest.approx(wanted, rel=1e-8, abs=1e-15), rule


@pytest.mark.parametrize("panel", PANELS)
def test_published_statistics_of_ten_panels(panel):
    """Printed to one decimal of a percent, so half of that, plus the last digit of a tie."""
    seats = PANELS[panel]
    given_chances = chances(data_mirror("sortition-2021", f"{panel}_{seats}_prob_allocs_data.csv"))
    text = data_mirror("sortition-2021", f"{panel}_{seats}_statistics.txt").read_text()
    fair = {
        name: selection_fairness(p, seats, rule=name, floor=1e-4 if name == "Legacy" else None)
        for name, p in given_chances.items()
    }
    both = compare_rules({n: fair[n] for n in ("Legacy", "LexiMin")})
    share = both.below_minimum.set_index("rule").loc["Legacy", "share"]
    printed = {
        "LEXIMIN minimum probability (exact)": fair["LexiMin"].minimum,
        "gini coefficient of LEGACY": fair["Legacy"].gini,
        "gini coefficient of LEXIMIN": fair["LexiMin"].gini,
        "geometric mean of LEGACY": fair["Legacy"].geometric_mean,
        "geometric mean of LEXIMIN": fair["LexiMin"].geometric_mean,
        "share selected by LEGACY with probability below LEXIMIN minimum selection probability":
            share,
        "mean selection probability k/n": fair["Legacy"].even_chance,
    }  # fmt: skip
    lines = dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)
    for label, value in printed.items():
        assert 100 * value == pytest.approx(float(lines[label].rstrip("%")), abs=0.0501), label
    assert int(lines["pool size n"]) == fair["Legacy"].n


@pytest.mark.parametrize("panel", PANELS)
def test_published_bound_of_the_lowest_chance(panel):
    """A bound of the Jeffreys interval, printed to 0.01 %."""
    text = data_mirror("sortition-2021", f"{panel}_{PANELS[panel]}_statistics.txt").read_text()
    found = re.search(r"≤ ([\d.]+)%.*proportion ([\d.]+) and sample size ([\d,]+)", text)
    bound, share, n = found.groups()
    n = int(n.replace(",", ""))
    assert 100 * chance_bound(round(float(share) * n), n) == pytest.approx(
        float(bound), abs=0.00501
    )


@pytest.mark.parametrize(
    ("drawn", "percent"),
    [(0, 0.03), (3, 0.09), (4, 0.11), (7, 0.15), (8, 0.17), (20, 0.32), (190, 2.24), (1412, 14.94)],
)
def test_bounds_printed_by_flanigan_and_others(drawn, percent):
    """Their 99 % bounds of the lowest chance in 10,000 draws, printed to 0.01 %."""
    assert 100 * chance_bound(drawn, 10_000) == pytest.approx(percent, abs=0.00501)


def test_a_member_never_drawn_makes_the_geometric_mean_zero():
    fair = selection_fairness([0.0, 0.5, 0.5], 1, people=["p1", "p2", "p3"])
    assert fair.geometric_mean == 0
    assert fair.never == ("p1",)
    raised = selection_fairness([0.0, 0.5, 0.5], 1, floor=0.01)
    assert raised.geometric_mean == pytest.approx((0.01 * 0.25) ** (1 / 3))
    assert "0.01" in raised.methods_text()
    assert "no chance at all" in fair.summary()
    counted = selection_fairness([0.0, 0.5, 0.5], 1, n_draws=1000)
    assert "not drawn once in 1,000 draws" in counted.summary()


def test_gini_by_noise_is_what_equal_chances_show():
    rng = np.random.default_rng(3)
    n, k, draws = 400, 40, 500
    seen = [
        selection_fairness(rng.binomial(draws, k / n, n) / draws, n_draws=draws).gini
        for _ in range(30)
    ]
    assert np.mean(seen) == pytest.approx(
        selection_fairness(np.full(n, k / n), k, n_draws=draws).gini_by_noise, rel=0.02
    )


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(0.01, 1), min_size=3, max_size=20), st.randoms())
def test_order_does_not_matter(values, random):
    a = selection_fairness(values)
    mixed = list(values)
    random.shuffle(mixed)
    b = selection_fairness(mixed)
    assert a.statistics["value"].to_numpy() == pytest.approx(b.statistics["value"].to_numpy())


def test_views(tmp_path):
    fair = selection_fairness([0.1, 0.3, 0.6], 1, rule="greedy")
    both = compare_rules({"greedy": fair, "even": [1 / 3] * 3})
    for result in (fair, both):
        assert result.report(tmp_path / "page.html").read_text().count("<img") == 2
        for name, frame in result.tables(kind="polars").items():
            assert frame.to_pandas().equals(result.tables()[name])
    assert both.table["gini"].tolist()[1] == 0
    assert {i.name for i in fair.indicators()} >= {"Gini of the chances of selection"}
    assert "0.33" in plotting.alt_text(fair.plot_lorenz())


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: selection_fairness([0.5, 1.5]), "more than 1"),
        (lambda: selection_fairness([50, 50]), "Divide percentages"),
        (lambda: selection_fairness([0.5, -0.1]), "position 2"),
        (lambda: selection_fairness([0.5, 0.5], 2), "sum to 1, the panel has 2 seats"),
        (lambda: selection_fairness([0, 0]), "nobody can be drawn"),
        (lambda: selection_fairness([1.0]), "single person"),
        (lambda: selection_fairness([0.5, 0.5], people=["a"]), "1 people"),
        (lambda: selection_fairness([0.5, 0.5], floor=2), "floor"),
        (lambda: selection_fairness([0.5, 0.5], seats=-1), "seats are -1"),
        (lambda: selection_fairness([0.5, 0.5], n_draws=0), "n_draws"),
        (lambda: compare_rules({"a": [0.5, 0.5]}), "two or more"),
        (lambda: compare_rules({"a": [0.5, 0.5], "b": [0.5, 0.25, 0.25]}), "same pool"),
        (lambda: chance_bound(3, 2), "cannot be"),
        (lambda: chance_bound(1, 2, level=1), "level"),
    ],
)
def test_bad_input_is_named(call, says):
    with pytest.raises(DataError, match=says):
        call()


def test_rounded_chances_are_used_with_a_warning():
    with pytest.warns(SharesWarning, match=r"sum to 0\.999"):
        assert selection_fairness([0.333] * 3, 1).seats == 1


def test_probabilities_of_panels_sum_to_one_and_their_lowest_chance_is_the_value():
    """Two panels, of three people each in one of them or both: the lowest chance is 1/2."""
    shares = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    value, weights, price = fair_rules._spread(shares, np.array([True] * 3), np.zeros(3))
    assert value == pytest.approx(0.5)
    assert weights.tolist() == pytest.approx([0.5, 0.5])
    assert price.tolist() == pytest.approx([0.5, 0.5, 0])
