"""The bootstrap: R's numbers with R's resamples, and what it must do on any data."""

from __future__ import annotations

import dataclasses
import functools
import html
import importlib
import itertools
import re
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dmpkit.qmethod as qm
from dmpkit import plotting
from dmpkit.errors import BipolarFactorWarning, DataError
from dmpkit.qmethod import stacks
from dmpkit.qmethod.bootstrap import PURPOSE, draw_resamples

FOLDER = Path(__file__).parents[1] / "reference" / "qmethod"
BOOTSTRAP = FOLDER / "bootstrap"
close = functools.partial(np.testing.assert_allclose, rtol=0, atol=1e-9)
pytestmark = pytest.mark.filterwarnings("ignore::dmpkit.errors.BipolarFactorWarning")


@functools.cache
def lipset() -> qm.QSorts:
    return qm.QSorts.from_frame(pd.read_csv(FOLDER / "sorts.csv"))


def drawn_by_r(n: int) -> np.ndarray:
    return pd.read_csv(BOOTSTRAP / f"resamples_n{n}.csv").to_numpy().T - 1


@functools.cache
def lipset_bootstrap(align: str, n: int = 100) -> qm.QBootstrap:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BipolarFactorWarning)
        return qm.bootstrap(lipset(), 3, resamples=drawn_by_r(n), align=align, progress=False)


def random_sorts(seed: int, p: int = 12, n_views: int = 2) -> qm.QSorts:
    """Sorts that lean to one of some random views."""
    rng = np.random.default_rng(seed)
    grid = np.repeat([-3.0, -2, -1, 0, 1, 2, 3], [2, 3, 4, 6, 4, 3, 2])
    views = rng.normal(size=(n_views, 24))
    values = np.empty((24, p))
    for i in range(p):
        liking = views[i % n_views] + 0.6 * rng.normal(size=24)
        values[np.argsort(liking), i] = grid
    return qm.QSorts(values)


# -- R's numbers -----------------------------------------------------------------

R_RUNS = [("none", "none", 100), ("procrustes", "procrustes_fixed", 20)]
R_RUNS += [("procrustes", "procrustes_fixed", 100)]


@pytest.mark.parametrize(("align", "mode", "n"), R_RUNS)
def test_z_scores_are_those_of_r(align, mode, n):
    result = lipset_bootstrap(align, n)
    expected = pd.read_csv(BOOTSTRAP / f"statements_{mode}_n{n}.csv")
    table = result.z_scores
    assert (table["factor"] == "f" + expected["factor"].astype(str)).all()
    assert (table["statement"] == expected["statement"]).all()
    names = {"z_score": "zsc_std", "mean": "mean", "standard_error": "sd", "low": "q2.5"}
    for ours, theirs in {**names, "high": "q97.5"}.items():
        close(table[ours], expected[theirs], err_msg=ours)
    for ours, theirs in {"n": "n", "score": "fsc_std", "score_of_mean": "fsc_bts"}.items():
        np.testing.assert_array_equal(table[ours], expected[theirs], err_msg=ours)
    found = result.quantiles("z_scores", (0.25, 0.75))
    for probability, name in ((0.25, "q25"), (0.75, "q75")):
        close(found.loc[found["probability"] == probability, "quantile"], expected[name])


@pytest.mark.parametrize(("align", "mode", "n"), R_RUNS)
def test_loadings_and_flag_frequencies_are_those_of_r(align, mode, n):
    table = lipset_bootstrap(align, n).loadings
    expected = pd.read_csv(BOOTSTRAP / f"sorts_{mode}_n{n}.csv")
    assert (table["sort"] == expected["sort"]).all()
    names = {"loading": "loa_std", "mean": "mean", "standard_error": "sd", "low": "q2.5"}
    for ours, theirs in {**names, "high": "q97.5", "flag_frequency": "flag_freq"}.items():
        close(table[ours], expected[theirs], err_msg=ours)
    np.testing.assert_array_equal(table["n"], expected["n"])
    np.testing.assert_array_equal(table["flagged"], expected["flag_std"] == 1)


def steps(name: str, rows: int) -> np.ndarray:
    """R's steps as resamples x rows x factors."""
    frame = pd.read_csv(BOOTSTRAP / f"steps_{name}_n20.csv")
    return frame.iloc[:, 2:].to_numpy().reshape(3, rows, 20).transpose(2, 1, 0)


def test_every_procrustes_step_is_that_of_r():
    result = lipset_bootstrap("procrustes", 20)
    close(result.loading_samples, steps("loa_procrustes_fixed", 9))
    close(result.z_samples, steps("zsc_procrustes_fixed", 33))


def test_every_unaligned_step_is_that_of_r_but_for_order_and_sign():
    ours = lipset_bootstrap("none", 20).z_samples
    theirs = steps("zsc_qindtest", 33)
    for one, other in zip(ours, theirs, strict=True):
        distance = np.abs(one[:, :, None] - other[:, None, :]).max(axis=0)
        distance = np.minimum(distance, np.abs(one[:, :, None] + other[:, None, :]).max(axis=0))
        assert sorted(distance.argmin(axis=1)) == [0, 1, 2]
        assert distance.min(axis=1).max() < 1e-9


def test_where_r_can_reorder_a_step_the_assignment_agrees():
    log = pd.read_csv(BOOTSTRAP / "steps_log_qindtest_n20.csv")
    sure = ~log["order"].str.startswith("ERROR").to_numpy()
    assert sure.sum() == 14
    close(lipset_bootstrap("assignment", 20).z_samples[sure], steps("zsc_qindtest", 33)[sure])


def test_mean_standard_errors_say_what_alignments_do():
    table = lipset_bootstrap("assignment").alignments
    mean = table.groupby("align")["standard_error"].mean()
    r = pd.read_csv(BOOTSTRAP / "statements_none_n100.csv")["sd"].mean()
    assert mean["none"] == pytest.approx(r, abs=1e-9)
    r = pd.read_csv(BOOTSTRAP / "statements_procrustes_fixed_n100.csv")["sd"].mean()
    assert mean["procrustes"] == pytest.approx(r, abs=1e-9)
    assert mean["procrustes"] < mean["assignment"] < mean["none"]


@pytest.mark.parametrize(("align", "mode"), [("none", "none"), ("procrustes", "procrustes_fixed")])
def test_shift_of_arrays_is_that_of_the_arrays_r_gives(align, mode):
    r = pd.read_csv(BOOTSTRAP / f"statements_{mode}_n100.csv")
    expected = (r["fsc_std"] - r["fsc_bts"]).abs().groupby(r["factor"]).mean()
    close(lipset_bootstrap(align).stability["score_shift"], expected)


# -- a stack equals its members ------------------------------------------------------

CHOICES = [
    {},
    {"extraction": "centroid"},
    {"extraction": "centroid_brown"},
    {"extraction": "centroid_horst"},
    {"extraction": "centroid_tucker"},
    {"rotation": "quartimax"},
    {"rotation": "equamax"},
    {"rotation": "oblimin"},
    {"rotation": "promax"},
    {"rotation": "none"},
    {"correlation": "spearman"},
    {"correlation": "kendall"},
    {"profile": "kade"},
    {"flags": qm.FlagRule(level=0.01, majority=False)},
]


@pytest.mark.parametrize(
    "options", CHOICES, ids=lambda o: "-".join(map(str, o.values())) or "usual"
)
@pytest.mark.filterwarnings("ignore")
def test_each_resample_is_the_analysis_of_its_sorts(options):
    sorts = random_sorts(1)
    draws = draw_resamples(12, 6, seed=3)
    result = qm.bootstrap(sorts, 2, resamples=draws, align="assignment", **options)
    for i, draw in enumerate(draws):
        names = [f"{sorts.sorts[s]}_{place}" for place, s in enumerate(draw)]
        drawn = qm.QSorts(sorts.values[:, draw], sorts=names, distribution=sorts.distribution)
        alone = qm.analyse(drawn, 2, **options)
        order, signs = best_order(alone.z_array, result.analysis.z_array)
        close(result.z_samples[i], alone.z_array[:, order] * signs)
        close(result.loading_samples[i][draw], alone.loading_array[:, order] * signs)
        np.testing.assert_array_equal(result.flag_samples[i][draw], alone.flag_array[:, order])
        np.testing.assert_array_equal(result.flagged_count_samples[i], alone.n_flagged[order])
        if abs(signs.sum()) == 2:  # a factor reflected against another changes what they share
            one = qm.bootstrap(sorts, 2, resamples=draw[None], **options).consensus()
            kept = set(one.loc[one["share"] == 1, "statement"])
            same = [text.startswith("Consensus") for text in alone.labels]
            assert kept == set(np.array(sorts.statements)[same])


def best_order(z: np.ndarray, target: np.ndarray) -> tuple[list[int], np.ndarray]:
    """The signed order with the largest sum of absolute correlations, by trying all."""
    k = z.shape[1]
    r = np.corrcoef(z.T, target.T)[:k, k:]
    order = max(itertools.permutations(range(k)), key=lambda o: np.abs(r[o, range(k)]).sum())
    return list(order), np.sign(r[order, range(k)])


@pytest.mark.filterwarnings("ignore::dmpkit.errors.DuplicatedSortsWarning")
def test_distinguishing_statements_of_a_resample_are_those_of_its_analysis():
    sorts = random_sorts(2, p=15, n_views=3)
    draw = draw_resamples(15, 1, balanced=False, seed=8)[0]
    names = [str(place) for place in range(15)]
    alone = qm.analyse(
        qm.QSorts(sorts.values[:, draw], sorts=names, distribution=sorts.distribution), 3
    )
    result = qm.bootstrap(sorts, 3, resamples=draw[None])
    order, _ = best_order(alone.z_array, result.analysis.z_array)
    table = result.distinguishing(level=0.01)
    for j, factor in enumerate(result.factors):
        kept = table.loc[(table["factor"] == factor) & (table["share"] == 1), "statement"]
        assert set(kept) == set(alone.distinguishing(f"f{order[j] + 1}", 0.01)["statement"])
    assert set(table["share"]) <= {0.0, 1.0}


# -- alignment -------------------------------------------------------------------------


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), k=st.integers(1, 8))
def test_assignment_undoes_any_order_and_reflection(seed, k):
    rng = np.random.default_rng(seed)
    similarity = np.eye(k) + 0.3 * rng.uniform(-1, 1, size=(k, k))
    order, signs = rng.permutation(k), rng.choice([-1.0, 1.0], size=k)
    mixed = (similarity * signs[:, None])[order]
    found, sign = stacks.assign(mixed[None])
    np.testing.assert_array_equal(order[found[0]], np.arange(k))
    np.testing.assert_array_equal(sign[0], signs)


def test_enumeration_and_linear_sum_assignment_agree(monkeypatch):
    similarity = np.random.default_rng(1).uniform(-1, 1, size=(50, 5, 5))
    tried = stacks.assign(similarity)
    monkeypatch.setattr(stacks, "_ENUMERATED", 2)
    for one, other in zip(tried, stacks.assign(similarity), strict=True):
        np.testing.assert_array_equal(one, other)


def test_procrustes_finds_the_rotation_and_never_leaves_orthogonality():
    rng = np.random.default_rng(2)
    target = rng.normal(size=(4, 10, 3))
    turns = np.linalg.qr(rng.normal(size=(4, 3, 3)))[0]
    close(stacks.procrustes(target @ turns, target), target)
    other = rng.normal(size=(4, 10, 3))
    close((stacks.procrustes(other, target) ** 2).sum(axis=2), (other**2).sum(axis=2))


def test_the_whole_sample_drawn_once_each_is_recovered_exactly():
    sorts = random_sorts(4)
    for align in ("assignment", "procrustes"):
        result = qm.bootstrap(sorts, 2, resamples=[range(12)], align=align)
        close(result.z_samples[0], result.analysis.z_array)
        close(result.congruence_samples, 1)
        assert result.stability["n_not_recovered"].tolist() == [0, 0]


def test_clear_viewpoints_come_back_and_noise_does_not():
    clear = qm.bootstrap(random_sorts(5, p=20), 2, n_resamples=100, seed=1)
    assert clear.stability["recovered"].min() > 0.95
    rng = np.random.default_rng(6)
    grid = clear.analysis.sorts.distribution
    noise = qm.QSorts(np.column_stack([rng.permutation(grid) for _ in range(20)]))
    assert qm.bootstrap(noise, 2, n_resamples=100, seed=1).stability["recovered"].max() < 0.5


def test_a_rotation_by_hand_is_repeated_by_its_angles():
    sorts, draws = random_sorts(5), draw_resamples(12, 20, seed=1)
    nothing = qm.bootstrap(sorts, 2, resamples=draws, rotation=qm.RotationLog())
    plain = qm.bootstrap(sorts, 2, resamples=draws)
    close(nothing.z_samples, plain.z_samples)
    log = qm.RotationLog().rotate("f1", "f2", 20).invert("f2")
    turned = qm.bootstrap(sorts, 2, resamples=draws, rotation=log)
    close(turned.analysis.loading_array, qm.analyse(sorts, 2, rotation=log).loading_array)
    hand = np.linalg.lstsq(plain.analysis.loading_array, turned.analysis.loading_array)[0]
    close(turned.loading_samples, plain.loading_samples @ hand)
    assert set(turned.z_errors) == {"assignment", "procrustes"}
    assert "turned by hand" in turned.methods_text()
    fitted = qm.bootstrap(sorts, 2, resamples=draws, rotation=log, align="procrustes")
    other = qm.bootstrap(sorts, 2, resamples=draws, align="procrustes")
    close(fitted.loading_samples[0], other.loading_samples[0] @ hand)


# -- drawing -----------------------------------------------------------------------------


def test_balanced_resamples_hold_every_sort_equally_often():
    assert set(np.bincount(draw_resamples(7, 30, seed=1).ravel())) == {30}
    ordinary = np.bincount(draw_resamples(7, 30, balanced=False, seed=1).ravel())
    assert ordinary.sum() == 210
    assert len(set(ordinary)) > 1


def test_the_seed_decides_and_the_size_of_chunks_does_not(monkeypatch):
    sorts = random_sorts(7)
    one = qm.bootstrap(sorts, 2, n_resamples=30, seed=5)
    monkeypatch.setattr(importlib.import_module("dmpkit.qmethod.bootstrap"), "_MOST", 7)
    for n_jobs in (1, 2):
        other = qm.bootstrap(sorts, 2, n_resamples=30, seed=5, n_jobs=n_jobs, progress=False)
        for name in ("z_samples", "loading_samples", "flag_samples", "congruence_samples"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    third = qm.bootstrap(sorts, 2, n_resamples=30, seed=6)
    assert not np.array_equal(one.resamples, third.resamples)


@pytest.mark.long
def test_a_dask_cluster_gives_the_same_numbers(monkeypatch):
    distributed = pytest.importorskip("distributed")
    import joblib

    monkeypatch.setattr(importlib.import_module("dmpkit.qmethod.bootstrap"), "_MOST", 10)
    sorts = random_sorts(7)
    alone = qm.bootstrap(sorts, 2, n_resamples=30, seed=5)
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as at,
        distributed.Client(at),
        joblib.parallel_config(backend="dask"),
    ):
        far = qm.bootstrap(sorts, 2, n_resamples=30, seed=5, progress=False)
    np.testing.assert_array_equal(alone.z_samples, far.z_samples)


# -- what is refused, and what is odd ---------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"extraction": "ml"}, r"'ml' cannot be bootstrapped: a resample repeats sorts.*pca"),
        ({"extraction": "minres"}, "singular"),
        ({"extraction": " ML"}, r"' ML' cannot be bootstrapped"),
        ({"align": "target"}, "assignment, procrustes, none"),
        ({"align": "procrustes", "rotation": "oblimin"}, "oblimin is oblique"),
        ({"flags": np.ones((12, 2), dtype=bool)}, "flags given by hand"),
        ({"rotation": 3}, "rotation is 3"),
        ({"rotation": qm.RotationLog().split("f1")}, "splits a factor"),
        ({"rotation": qm.RotationLog(), "align": "none"}, "not aligned first"),
        ({"interval": 95}, "0.95 for 95"),
        ({"n_resamples": 0}, "1 or more"),
        ({"n_resamples": 2.5}, "whole number"),
        ({"resamples": [[0, 1]]}, r"shape \(1, 2\); 12 columns"),
        ({"resamples": [range(1, 13)]}, "counted from 1"),
        ({"resamples": np.full((1, 12), 0.5)}, "whole numbers"),
        ({"resamples": np.full((1, 12), np.nan)}, "whole numbers"),
        ({"resamples": np.zeros((0, 12), dtype=int)}, "shape"),
        ({"extraction": "svd"}, "not offered"),
        ({"resamples": [[0, 1], [2]]}, "different lengths"),
        ({"seed": -1}, "seed is -1"),
        ({"seed": 1.5}, "seed is 1.5"),
        ({"n_jobs": 0}, "n_jobs is 0"),
    ],
    ids=str,
)
def test_what_cannot_be_resampled_is_refused_with_the_reason(options, said):
    with pytest.raises(DataError, match=said):
        qm.bootstrap(random_sorts(1), 2, **options)


@pytest.mark.parametrize("extraction", ["pca", "centroid", "centroid_horst"])
def test_a_resample_with_too_few_different_sorts_counts_as_not_recovering(extraction):
    draws = np.array([[0] * 12, [*range(12)]])
    result = qm.bootstrap(random_sorts(1), 2, resamples=draws, extraction=extraction)
    assert np.isnan(result.z_samples[0]).all()
    assert result.stability["n_not_recovered"].tolist() == [1, 1]
    assert (result.z_scores["n"] == 1).all()


def test_a_factor_without_flags_is_placed_and_counted():
    sorts = random_sorts(3, p=8)
    rule = qm.FlagRule(level=1e-5)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = qm.bootstrap(sorts, 2, n_resamples=60, flags=rule, seed=2)
    lacking = np.isnan(result.z_samples).all(axis=1)
    assert lacking.any()
    np.testing.assert_array_equal(lacking.sum(axis=0), result.stability["n_without_flags"])
    assert not result.recovered_samples[lacking].any()
    n = result.z_scores["n"].to_numpy().reshape(2, 24).T
    np.testing.assert_array_equal(n, np.tile(60 - lacking.sum(axis=0), (24, 1)))


@pytest.mark.filterwarnings("ignore")
def test_a_factor_without_flags_is_placed_by_all_sorts_weighted_with_its_loadings():
    sorts, rule = random_sorts(3, p=9, n_views=3), qm.FlagRule(level=1e-5)
    draws = draw_resamples(9, 40, seed=2)
    result = qm.bootstrap(sorts, 3, resamples=draws, flags=rule)
    whole = placed(result.analysis)
    seen = 0
    for i, draw in enumerate(draws):
        names = [str(place) for place in range(9)]
        drawn = qm.QSorts(sorts.values[:, draw], sorts=names, distribution=sorts.distribution)
        alone = qm.analyse(drawn, 3, flags=rule)
        lacking = np.isnan(alone.z_array).any(axis=0)
        if not lacking.any():
            continue
        seen += 1
        order, signs = best_order(placed(alone), whole)
        close(result.loading_samples[i][draw], alone.loading_array[:, order] * signs)
        np.testing.assert_array_equal(np.isnan(result.z_samples[i]).any(axis=0), lacking[order])
    assert seen > 5


def placed(analysis: qm.QAnalysis) -> np.ndarray:
    """Z-scores, those of factors without flags from all sorts weighted with their loadings."""
    total = analysis.sorts.values @ analysis.loading_array
    every = (total - total.mean(axis=0)) / total.std(axis=0, ddof=1)
    return np.where(np.isnan(analysis.z_array), every, analysis.z_array)


def test_what_distinguishes_leaves_factors_without_flags_aside():
    """With the third factor unflagged, f1 and f2 are compared with each other alone."""
    whole = qm.bootstrap(random_sorts(2, p=15, n_views=3), 3, n_resamples=1, seed=1)
    z, n = whole.z_samples.copy(), whole.flagged_count_samples.copy()
    assert (n > 0).all()
    z[:, :, 2], n[:, 2] = np.nan, 0
    table = dataclasses.replace(whole, z_samples=z, flagged_count_samples=n).distinguishing()
    error = np.sqrt((1 / (1 + 4 * n[0, :2])).sum())  # reliability .8 n / (1 + .8 (n - 1))
    apart = np.abs(z[0, :, 0] - z[0, :, 1]) > 1.96 * error
    labels = set(np.array(whole.analysis.sorts.statements)[apart])
    assert 0 < len(labels) < 24
    for factor, expected in (("f1", labels), ("f2", labels), ("f3", set())):
        part = table[(table["factor"] == factor) & (table["share"] == 1)]
        assert set(part["statement"]) == expected


def test_one_factor_has_no_differences():
    result = qm.bootstrap(random_sorts(1), 1, n_resamples=20, seed=1)
    assert len(result.distinguishing()) == 0
    assert len(result.differences) == 0
    assert not result.consensus()["share"].any()
    assert "Distinguishing" not in result.summary()
    with pytest.raises(DataError, match="One factor"):
        result.plot_distinguishing()


def test_quantiles_leave_missing_values_out_as_numpy_does():
    rng = np.random.default_rng(1)
    samples = np.where(rng.random((40, 6)) < 0.3, np.nan, rng.normal(size=(40, 6)))
    for q in (0.0, 0.025, 0.5, 0.9, 1.0):
        close(stacks.quantiles(samples, (q,))[0], np.nanquantile(samples, q, axis=0))
    assert np.isnan(stacks.quantiles(np.full((3, 1), np.nan), (0.5,))).all()
    with pytest.raises(DataError, match="z_scores or loadings"):
        lipset_bootstrap("none").quantiles("scores", (0.5,))
    with pytest.raises(DataError, match="probability"):
        lipset_bootstrap("none").quantiles("loadings", (50,))


# -- views ---------------------------------------------------------------------------------------


def test_everything_a_reader_sees_says_what_it_is_not(tmp_path):
    result = lipset_bootstrap("assignment")
    page = result.report(tmp_path / "b.html").read_text(encoding="utf-8")
    shown = (result.summary(), result.methods_text(), result._repr_html_(), page)
    shown += (result.section().html, result.indicators()[0].note)
    for text in shown:
        assert PURPOSE in html.unescape(re.sub(r"\s+", " ", text))
    assert "not inference to a population" in qm.bootstrap.__doc__


def test_summary_states_the_numbers_of_the_tables():
    result = lipset_bootstrap("assignment")
    text = re.sub(r"\s+", " ", result.summary())
    for row in result.stability.itertuples():
        assert f"{row.factor}: in {100 * row.recovered:.0f}% of the resamples" in text
        assert f"({row.n_not_recovered} without it)" in text
    methods = result.methods_text()
    assert "100 bootstrap resamples. The resamples were given; each" in methods
    seeded = qm.bootstrap(random_sorts(1), 2, n_resamples=5, seed=9, balanced=False)
    assert "drawn with replacement (ordinary bootstrap, seed 9);" in seeded.methods_text()


def test_a_seed_that_was_drawn_is_kept_and_told():
    drawn = qm.bootstrap(random_sorts(1), 2, n_resamples=5)
    again = qm.bootstrap(random_sorts(1), 2, n_resamples=5, seed=drawn.seed)
    np.testing.assert_array_equal(drawn.resamples, again.resamples)
    assert f"seed {drawn.seed})" in drawn.methods_text()
    assert drawn.seed != qm.bootstrap(random_sorts(1), 2, n_resamples=5).seed
    assert lipset_bootstrap("assignment").seed is None


@pytest.mark.filterwarnings("ignore::dmpkit.errors.DmpkitWarning")
def test_synthetic_sorts_are_called_so():
    sorts = qm.synthetic_sorts("governance-2024", n_sorts=10, noise=0.3, seed=1).sorts
    result = qm.bootstrap(sorts, 2, n_resamples=5, seed=1)
    told = (result.summary(), result.methods_text(), result.section().html, result._repr_html_())
    for text in told:
        assert "The sorts are synthetic: made, not collected." in text
    for name in ("z_scores", "loadings", "stability", "flags", "distinguishing"):
        ax = getattr(result, f"plot_{name}")()
        assert plotting.alt_text(ax).startswith("Synthetic data.")
    assert "synthetic" not in lipset_bootstrap("assignment").summary()


def test_a_caption_of_the_readers_own_stays():
    figure_axes = plotting.new_axes()
    figure_axes.figure.supxlabel("Our study")
    lipset_bootstrap("assignment").plot_stability(ax=figure_axes)
    assert figure_axes.figure.get_supxlabel() == "Our study"


def test_workbook_and_tables(tmp_path):
    result = lipset_bootstrap("assignment")
    sheets = pd.read_excel(result.to_excel(tmp_path / "b.xlsx"), sheet_name=None)
    assert list(sheets)[:2] == ["About", "stability"]
    close(sheets["z_scores"]["standard_error"], result.z_scores["standard_error"])
    assert type(result.tables("polars")["loadings"]).__module__.startswith("polars")


def test_pictures_say_in_words_what_they_show():
    result = lipset_bootstrap("assignment")
    for name in ("z_scores", "loadings", "stability", "flags", "distinguishing"):
        ax = getattr(result, f"plot_{name}")()
        assert len(plotting.to_png(ax)) > 5000
        assert re.search(r"\d", plotting.alt_text(ax))
        assert PURPOSE in plotting.alt_text(ax)
        assert "not inference to a population" in ax.figure.get_supxlabel()
    share = result.stability["recovered"].iloc[0]
    assert f"f1 recovered in {100 * share:.0f}%" in plotting.alt_text(result.plot_stability())


def test_sixty_statements_and_five_thousand_participants():
    rng = np.random.default_rng(1)
    grid = np.repeat(np.arange(-5.0, 6), [3, 4, 5, 6, 7, 10, 7, 6, 5, 4, 3])
    views = rng.normal(size=(3, 60))
    liking = views[rng.integers(0, 3, 5000)] + rng.normal(size=(5000, 60))
    values = grid[liking.argsort(axis=1).argsort(axis=1)].T
    sorts = qm.QSorts(values)
    result = qm.bootstrap(sorts, 3, n_resamples=20, seed=1, progress=False)
    assert "correlation_matrix" not in vars(result.analysis)
    assert result.stability["recovered"].min() == 1


def test_weights_of_a_stack_are_those_of_each_matrix_whole_loadings_too():
    loadings = np.array([[0.5, -1.0], [1.0, 0.2], [-0.8, 0.9], [0.3, 0.7]])
    flags = np.array([[True, True], [True, False], [True, True], [False, True]])
    stack = np.stack([loadings, 0.9 * loadings])
    found = stacks.weigh_stack(stack, np.stack([flags, flags]))
    # Brown (1980): a / (1 - a^2); a sort that is the factor stands for it alone
    by_hand = [[0, -1], [1, 0], [0, 0], [0, 0]]
    np.testing.assert_allclose(found[0], by_hand, atol=1e-12)
    a = np.where(flags, 0.9 * loadings, 0)
    np.testing.assert_allclose(found[1], a / (1 - a**2), atol=1e-12)
    for k in range(2):
        np.testing.assert_allclose(found[k], qm.factor_weights(stack[k], flags), atol=1e-12)


def test_a_frame_is_analysed_as_the_sorts_in_it():
    frame = pd.read_csv(FOLDER / "sorts.csv")
    few = {"n_resamples": 10, "seed": 3, "progress": False}
    whole = qm.bootstrap(lipset(), 2, **few)
    pd.testing.assert_frame_equal(qm.bootstrap(frame, 2, **few).stability, whole.stability)
    numbers = {"n_permutations": 20, "n_resamples": 0, "seed": 1, "progress": False}
    of_frame = qm.factor_retention(frame, **numbers)
    pd.testing.assert_frame_equal(
        of_frame.factors, qm.factor_retention(lipset(), **numbers).factors
    )


def test_scores_without_spread_correlate_with_nothing():
    z = np.array([[1.0, 2.0], [1.0, -1.0], [1.0, -1.0]])
    close(
        stacks._paired(z[None], np.array([[1.0, 1.0], [0.0, 0.0], [-1.0, -1.0]])),
        [[0.0, np.sqrt(3) / 2]],
    )
