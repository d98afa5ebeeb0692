"""What became of each sort, and how alike the factors' scores are."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from helpers import data_mirror
from made_up import analysis, hand_flagged
from scipy.stats import norm

import dmpkit.qmethod as qm
from dmpkit.errors import DataError, DmpkitWarning
from dmpkit.qmethod.equivalence import (
    consensus_levels,
    equivalence,
    equivalence_bounds,
    equivalence_p_values,
)
from dmpkit.qmethod.status import STATUSES, _status


def row(loading, flags, significant):
    return _status(np.array(loading), np.array(flags, bool), np.array(significant, bool))


@pytest.mark.parametrize(
    ("loading", "flags", "significant", "expected"),
    [
        ([0.8, 0.1], [1, 0], [1, 0], "flagged"),
        ([0.8, 0.4], [1, 0], [1, 1], "flagged"),
        ([-0.8, 0.1], [1, 0], [1, 0], "flagged, opposite end"),
        ([0.5, 0.5], [0, 0], [1, 1], "confounded"),
        ([0.8, 0.5], [1, 1], [1, 1], "confounded"),
        ([0.4, 0.3], [0, 0], [1, 0], "not flagged"),
        ([0.2, 0.1], [0, 0], [0, 0], "not significant"),
        ([0.2, 0.1], [1, 0], [0, 0], "flagged"),
    ],
)
def test_every_status(loading, flags, significant, expected):
    assert row(loading, flags, significant) == expected
    assert expected in STATUSES


def test_the_table_says_what_loadings_and_flags_say():
    result = analysis(30, 40, 4)
    table = result.sort_status
    bound = 1.96 / np.sqrt(30)
    for i, found in table.iterrows():
        loading, flags = result.loading_array[i], result.flag_array[i]
        names = np.array(result.factors)
        assert found["flagged_on"] == ", ".join(names[flags])
        assert found["significant_on"] == ", ".join(names[np.abs(loading) > bound])
        assert found["factor"] == names[np.abs(loading).argmax()]
        assert abs(found["loading"]) == np.abs(loading).max()
        assert found["communality"] == pytest.approx((loading**2).sum())
        assert found["explanation"].endswith(".")
    assert len(table) == 40
    assert {"flagged", "not flagged"} <= set(table["status"]) <= set(STATUSES)


def test_explanations_give_the_reason():
    flags = np.zeros((6, 2), dtype=bool)
    flags[0, 0] = flags[1, 1] = flags[3, 0] = True
    result = hand_flagged(flags)
    table = result.sort_status.set_index("sort")
    assert result.loading_array[0].round(2).tolist() == [0.11, 0.81]
    assert table.loc["P01", "explanation"] == (
        "Flagged by hand on f1 0.11, which does not reach 0.36. Also significant on f2 0.81."
    )
    odd = table[table["status"].isin(["not flagged", "confounded"])]
    assert len(odd)
    assert odd["explanation"].str.contains("not flagged by hand").all()
    by_rule = analysis(30, 40, 4).sort_status
    text = by_rule.loc[by_rule["status"] == "not flagged", "explanation"].iloc[0]
    assert "squared loading" in text
    assert "the others together" in text


def test_opposite_ends_are_sent_to_a_split_or_an_inversion():
    base = analysis(30, 12, 2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DmpkitWarning)
        inverted = qm.analyse(base.sorts, 2, rotation=qm.RotationLog().invert("f1"))
    table = inverted.sort_status
    other = table[table["status"] == "flagged, opposite end"]
    assert other["sort"].tolist() == [
        name for name, on in zip(base.sorts.sorts, base.flag_array[:, 0], strict=True) if on
    ]
    assert other["explanation"].str.contains("invert f1").all()


# -- consensus at two levels


def test_consensus_at_two_levels_holds_both():
    result = analysis(30, 40, 3)
    table = consensus_levels(result)
    assert set(table["statement"]) == set(result.consensus(0.01)["statement"])
    starred = table.loc[table["mark"] == "*", "statement"]
    assert set(starred) == set(result.consensus(0.05)["statement"])
    order = {label: i for i, label in enumerate(result.sorts.statements)}
    assert table["statement"].map(order).is_monotonic_increasing


def test_levels_the_wrong_way_round():
    with pytest.raises(DataError, match="the larger level first"):
        analysis(30, 12, 2).consensus_levels((0.01, 0.05))
    with pytest.raises(DataError, match="not a probability"):
        analysis(30, 12, 2).consensus_levels((0.05, 0.0))


def test_consensus_as_kade_prints_it():
    """KADE 1.3.1 on the polycrisis study: which statements, and which with a star."""
    from openpyxl import load_workbook

    folder = "polycrisis-2024"
    book = load_workbook(data_mirror(folder, "KADE_results_Polycrisis_3_factors.xlsx"))
    rows = list(book["Consensus Statements"].iter_rows(min_row=11, max_col=2, values_only=True))
    printed = {str(int(n)): str(mark or "").strip() for n, mark in rows if isinstance(n, int)}
    page = book["Factor Loadings"]
    flags = [
        [page[f"{letter}{row}"].value == "Flagged" for letter in "DFH"] for row in range(6, 56)
    ]
    sorts = qm.read_sorts(data_mirror(folder, "Polycrisis_Q_data_for_KADE.xlsx"))
    table = qm.analyse(sorts, 3, flags=flags, profile="kade").consensus_levels()
    numbers = {label: str(i) for i, label in enumerate(sorts.statements, start=1)}
    ours = {numbers[s]: m for s, m in zip(table["statement"], table["mark"].tolist(), strict=True)}
    assert len(printed) >= 3
    assert ours == printed


# -- equivalence


def test_bounds_and_p_values_are_two_sides_of_one_test():
    rng = np.random.default_rng(4)
    z, errors = rng.normal(size=(20, 3)), np.array([0.2, 0.3, 0.4])
    bounds = equivalence_bounds(z, errors, 0.05)
    for pair, (i, j) in enumerate(((0, 1), (0, 2), (1, 2))):
        sed = np.hypot(errors[i], errors[j])
        gap = z[:, i] - z[:, j]
        for margin in (0.5, 1.0):
            # two one-sided z tests: below the margin, and above minus the margin
            high = norm.cdf((gap - margin) / sed)
            low = norm.sf((gap + margin) / sed)
            p = equivalence_p_values(z, errors, margin)[:, pair]
            np.testing.assert_allclose(p, np.maximum(high, low), atol=1e-12)
            np.testing.assert_array_equal(p < 0.05, bounds[:, pair] < margin)


def test_its_level_is_kept_at_the_margin():
    """Scores that differ by exactly the margin are called alike in 5 per cent at most."""
    rng = np.random.default_rng(5)
    n, sed = 40_000, np.hypot(0.3, 0.4)
    gap = 1.0 + sed * rng.standard_normal(n)
    z = np.column_stack([gap, np.zeros(n)])
    share = (equivalence_p_values(z, [0.3, 0.4], 1.0) < 0.05).mean()
    reach = 1.0 - norm.isf(0.05) * sed  # alike when the gap is within it
    expected = norm.cdf((reach - 1) / sed) - norm.cdf((-reach - 1) / sed)
    assert expected < 0.05
    assert abs(share - expected) < 4 * np.sqrt(expected / n)


def test_the_table_takes_the_worst_pair():
    result = analysis(30, 40, 3)
    table = result.equivalence(margin=1.2).set_index("statement")
    z, errors = result.z_array, result.standard_error
    bounds, p = equivalence_bounds(z, errors), equivalence_p_values(z, errors, 1.2)
    same = set(result.consensus()["statement"])
    spread = np.std(result.sorts.distribution, ddof=1)
    for i, statement in enumerate(result.sorts.statements):
        found = table.loc[statement]
        assert found["bound"] == bounds[i].max()
        assert found["bound_columns"] == pytest.approx(bounds[i].max() * spread)
        assert found["p_value"] == p[i].max()
        assert found["equivalent"] == (p[i].max() < 0.05)
        assert found["consensus"] == (statement in same)
        a, b = (result.factors.index(found[side]) for side in ("factor", "other"))
        assert found["difference"] == z[i, a] - z[i, b]
        assert found["bound"] == pytest.approx(
            abs(found["difference"]) + norm.isf(0.05) * found["standard_error"]
        )
    assert table["bound"].is_monotonic_increasing
    assert table["reading"].nunique() >= 3
    assert "proposal" in (equivalence.__doc__ or "")


def test_little_evidence_is_no_agreement():
    """The same scores from one flagged sort each: more consensus, less equivalence."""
    z = np.array([[0.1, 0.0], [0.6, 0.0], [-0.7, 0.6]])
    few, many = np.array([0.447, 0.447]), np.array([0.1, 0.1])
    assert (equivalence_bounds(z, few) > 1.0)[:, 0].tolist() == [True, True, True]
    assert (equivalence_bounds(z, many) < 1.0)[:, 0].tolist() == [True, True, False]


@pytest.mark.parametrize("margin", [0, -1.0, float("inf"), float("nan"), True, "1"])
def test_margins_that_are_none(margin):
    with pytest.raises(DataError, match="not a positive number"):
        analysis(30, 12, 2).equivalence(margin)


@pytest.mark.parametrize("level", [0, 0.5, 1.0, True])
def test_levels_that_are_none(level):
    with pytest.raises(DataError, match="not a probability"):
        equivalence_bounds([[0.1, 0.2]], [0.3, 0.3], level)


def test_with_one_scored_factor_there_is_nothing_to_compare():
    for result in (analysis(30, 12, 1), hand_flagged(np.eye(6, 2, dtype=bool) * [1, 0] > 0)):
        assert result.equivalence().empty
        assert result.consensus_levels().empty
        assert "reading" in result.equivalence().columns


# -- options that pass through


def test_plots_of_an_analysis_take_the_options_of_the_plots():
    from dmpkit.plotting import alt_text
    from dmpkit.qmethod import plots

    result = analysis(30, 12, 2)
    ax = result.plot_composite("f1", texts="none", levels=(0.01, 0.001))
    same = plots.plot_composite(result, "f1", texts="none", levels=(0.01, 0.001))
    assert alt_text(ax) == alt_text(same) != alt_text(result.plot_composite("f1"))
    assert any("p < .001" in text.get_text() for text in ax.texts)
    ax = result.plot_z_scores(order="f2", level=0.01)
    same = plots.plot_z_scores(result, order="f2", level=0.01)
    assert alt_text(ax) == alt_text(same) != alt_text(result.plot_z_scores())
