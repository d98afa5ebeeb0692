"""What matching gives back of synthetic studies, and how often it is wrong."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import dmpkit.qmethod as qm
from dmpkit import plotting
from dmpkit.errors import DataError
from dmpkit.qmethod import recovery


@pytest.fixture(scope="module")
def views():
    return qm.Viewpoints.load("governance-2024")


@pytest.fixture(scope="module")
def curves(views):
    return qm.recovery_curves(
        views, noise=[0.3, 0.95], n_sorts=[10, 40], n_repeats=4, n_permutations=199,
        unstated=0.1, seed=1, progress=False,
    )  # fmt: skip


@pytest.mark.parametrize(("outside", "n_factors"), [(False, 3), (True, 1)])
def test_false_matches_keep_the_level(views, outside, n_factors):
    rate = qm.false_match_rate(
        views, n_sorts=20, n_factors=n_factors, n_studies=80, n_permutations=199,
        outside=outside, seed=3, progress=False,
    )  # fmt: skip
    assert rate.n == 80
    assert rate.low <= 0.05
    assert rate.value <= 0.09


@pytest.mark.long
@pytest.mark.parametrize("balanced", [False, True])
@pytest.mark.parametrize("outside", [False, True])
@pytest.mark.parametrize("n_factors", [1, 5])
def test_false_matches_keep_the_level_in_many_studies(views, balanced, outside, n_factors):
    tags = qm.synthetic_tags(views.claims) if balanced else None
    rate = qm.false_match_rate(
        views, tags, n_factors=n_factors, n_studies=600, n_permutations=299, outside=outside,
        seed=5, progress=False,
    )  # fmt: skip
    assert rate.low <= 0.05


def test_a_level_of_a_half_gives_many_false_matches(views):
    """The rate is not small because nothing is ever found."""
    rate = qm.false_match_rate(
        views, n_sorts=15, n_factors=2, n_studies=40, n_permutations=99, level=0.5, seed=3,
        progress=False,
    )  # fmt: skip
    assert rate.value > 0.1


def test_recovery_is_good_at_low_noise_and_bad_at_high(curves):
    table = curves.curves.set_index(["measure", "noise", "n_sorts"])["mean"]
    assert table["assigned", 0.3, 40] >= 0.8
    assert table["matched", 0.3, 40] >= 0.7
    assert table["members", 0.3, 40] >= 0.7
    assert table["matched", 0.95, 10] <= 0.2
    assert table["n_found", 0.95, 10] < table["n_found", 0.3, 40] <= 5
    assert table["wrong", 0.3, 40] <= 0.25


def test_runs_and_curves_hold_together(curves):
    runs = curves.runs
    assert len(runs) == 2 * 2 * 4
    assert (runs["matched"] <= 1).all()
    for (noise, size), part in runs.groupby(["noise", "n_sorts"]):
        table = curves.curves
        own = (table["noise"] == noise) & (table["n_sorts"] == size)
        row = table[own & (table["measure"] == "matched")]
        assert row["mean"].item() == pytest.approx(part["matched"].mean())
        error = part["matched"].std(ddof=1) / 2
        assert row["high"].item() == pytest.approx(
            part["matched"].mean() + 3.182446 * error
        )  # t, df 3
    assert "Nobody sorted" in curves.recipe
    assert "synthetic" in repr(curves)
    assert "Synthetic" in curves._repr_html_()


def test_workers_do_not_change_the_numbers(views):
    options = {
        "noise": [0.5], "n_sorts": [12], "n_repeats": 6, "n_permutations": 99, "seed": 2,
        "progress": False,
    }  # fmt: skip
    one = qm.recovery_curves(views, **options)
    two = qm.recovery_curves(views, n_jobs=2, **options)
    assert one.runs.equals(two.runs)


def test_random_sorts_show_no_factor_too_many():
    """Parallel analysis by random sorts with the same grid: about 5 per cent find a factor."""
    views = qm.Viewpoints.load("governance-2024")
    found = [
        recovery._parallel(qm.synthetic_sorts(views, n_sorts=15, unrelated=1.0, seed=seed))
        for seed in range(40)
    ]
    assert np.mean(np.array(found) > 0) <= 0.15


def test_a_fixed_number_of_factors_is_kept(views):
    fixed = qm.recovery_curves(
        views, noise=[0.5], n_sorts=[10], n_repeats=2, n_factors=2, n_permutations=99, seed=1,
        progress=False,
    )  # fmt: skip
    assert (fixed.runs["n_found"] == 2).all()
    assert "2 factors" in fixed.recipe


def test_people_flagged_twice_are_not_found(views):
    made = qm.synthetic_sorts(views, n_sorts=6, noise=0.3, seed=1)
    with recovery._quiet():
        base = qm.analyse(made.sorts, 2)
    flags = np.array([[1, 0], [1, 0], [1, 1], [0, 1], [0, 1], [0, 0]], dtype=bool)
    loadings = np.array([[0.8, 0], [-0.8, 0], [0.6, 0.6], [0, 0.8], [0, 0.8], [0.1, 0.1]])
    analysis = replace(base, flag_array=flags, loading_array=loadings)
    own = np.array(["RB", "RB", "RB", "SC", "RB", "RB"])
    # first: found; second: at the negative end; third: on both; fourth: found; fifth: on the
    # other's factor; sixth: on none
    assert recovery._members(analysis, own, ["RB", "SC"]) == pytest.approx(2 / 6)
    assert recovery._members(analysis, own, ["RB", ""]) == pytest.approx(1 / 6)


@pytest.mark.parametrize(("wrong", "mixed", "share"), [(1, 0, 1), (0, 2, 1), (1, 1, 1), (0, 0, 0)])
def test_a_false_mixture_is_a_false_match(views, monkeypatch, wrong, mixed, share):
    def studies(generator, size, **rest):
        return [{"wrong": float(wrong), "mixed": float(mixed), "no_match": 0.0}] * size

    monkeypatch.setattr(recovery, "_studies", studies)
    rate = qm.false_match_rate(views, n_studies=12, seed=1, progress=False)
    assert (rate.value, rate.n) == (share, 12)


def test_tables_and_summary(curves):
    tables = curves.tables("polars")
    assert tables["runs"].height == len(curves.runs)
    assert tables["curves"].columns == list(curves.curves.columns)
    words = curves.summary()
    assert max(map(len, words.splitlines())) <= 88
    assert "Nobody sorted" in words
    means = curves.curves.set_index(["measure", "noise", "n_sorts"])["mean"]
    found = [f"{means['n_found', 0.95, size]:.2f} with {size}" for size in (10, 40)]
    heading = "Viewpoints found (number of factors):"
    assert words.index(heading) < words.index(f"noise 0.95: {', '.join(found)} participants")
    nobody = replace(curves, runs=curves.runs.assign(matched=np.nan))
    assert "undefined with 10" in nobody.summary()


def test_the_picture_shows_the_means(curves):
    ax = curves.plot()
    panels = [a for a in ax.figure.axes if a.lines]
    assert len(panels) == 4
    drawn = {line.get_label(): line.get_ydata().tolist() for line in panels[1].lines}
    table = curves.curves.query("measure == 'assigned'")
    for noise, part in table.groupby("noise"):
        assert drawn[f"{noise:g}"] == part["mean"].tolist()
    assert plotting.alt_text(ax).startswith("Curves from synthetic sorts")
    assert len(curves.plot(["wrong"]).figure.axes) == 1
    with pytest.raises(DataError, match="no measure 'luck'"):
        curves.plot(["luck"])


def test_nothing_asked_is_refused(views):
    with pytest.raises(DataError, match="At least one noise"):
        qm.recovery_curves(views, noise=[])
    with pytest.raises(DataError, match="noise is 2"):
        qm.recovery_curves(views, noise=[2], n_sorts=[10], n_repeats=1, progress=False)
    for function in (qm.recovery_curves, qm.false_match_rate):
        with pytest.raises(DataError, match="seed is -1; it must"):
            function(views, seed=-1, progress=False)


def test_recipe_and_repr_are_short(views):
    curves = qm.recovery_curves(
        views, noise=[0.3], n_sorts=[20], n_repeats=2, n_permutations=199, seed=1, progress=False
    )
    assert repr(curves) == "RecoveryCurves: 2 synthetic studies (1 noise level, 20 participants)"
    assert "distribution = 44 values from -4 to 4" in curves.recipe
    assert len(curves.recipe) < 400


def test_ends_of_a_curve_lie_on_both_sides_of_its_mean(curves):
    """The t interval over the repeats, worked out a second time."""
    from scipy import stats

    spread = 0
    means = curves.curves.groupby(["noise", "n_sorts"])
    for place, runs in curves.runs.groupby(["noise", "n_sorts"]):
        for row in means.get_group(place).to_dict("records"):
            own = runs[row["measure"]].dropna()
            assert row["n"] == len(own)
            if len(own) > 1 and own.std() > 0:
                ends = stats.t.interval(0.95, len(own) - 1, own.mean(), own.sem())
                assert (row["low"], row["high"]) == pytest.approx(ends)
                spread += 1
    assert spread > 3
