"""How many factors."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import dmpkit.qmethod as qm
from dmpkit import plotting
from dmpkit.errors import DataError
from dmpkit.qmethod.bootstrap import PURPOSE
from dmpkit.qmethod.correlation import unit_columns
from dmpkit.qmethod.retention import _as_many_as_there_are, _compared, parallel_analysis

FOLDER = Path(__file__).parents[1] / "reference" / "qmethod"
QUICK = {"n_permutations": 100, "n_resamples": 40, "seed": 1, "progress": False}


def lipset() -> qm.QSorts:
    return qm.QSorts.from_frame(pd.read_csv(FOLDER / "sorts.csv"))


def leaning(n_views: int, p: int, *, noise: float = 0.5, seed: int = 1) -> qm.QSorts:
    rng = np.random.default_rng(seed)
    grid = np.repeat([-3.0, -2, -1, 0, 1, 2, 3], [2, 4, 6, 8, 6, 4, 2])
    views = 0.7 * rng.normal(size=32) + rng.normal(size=(n_views, 32))
    liking = np.stack([views[i % n_views] + noise * rng.normal(size=32) for i in range(p)])
    return qm.QSorts(grid[liking.argsort(axis=1).argsort(axis=1)].T)


@pytest.mark.parametrize("n_views", [1, 2, 3])
@pytest.mark.parametrize("extraction", ["pca", "centroid"])
def test_clear_viewpoints_are_counted(n_views, extraction):
    sorts = leaning(n_views, 18)
    found = qm.factor_retention(sorts, extraction=extraction, max_factors=5, **QUICK)
    assert found.answers["parallel analysis"] == n_views
    if extraction == "pca":
        assert found.answers["stability"] == n_views
        assert found.factors["recovered"].iloc[n_views - 1] > 0.9


def test_permuted_sorts_hold_no_factor_most_of_the_time():
    kept = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        grid = np.repeat([-2.0, -1, 0, 1, 2], [3, 5, 8, 5, 3])
        noise = qm.QSorts(np.column_stack([rng.permutation(grid) for _ in range(15)]))
        observed, random = parallel_analysis(noise, n_permutations=99, seed=seed)
        kept.append(observed[0] > random[0])
    assert sum(kept) <= 4  # expected 1 of 20


def test_permuted_sorts_keep_the_forced_distribution(monkeypatch):
    from dmpkit.qmethod import retention

    seen = []
    plain = retention.unit_columns
    monkeypatch.setattr(
        retention, "unit_columns", lambda values, method: seen.append(values) or plain(values)
    )
    sorts = leaning(1, 6)
    parallel_analysis(sorts, n_permutations=5, seed=1)
    assert len(seen) == 6
    for values in seen:
        np.testing.assert_array_equal(np.sort(values, axis=0), np.sort(sorts.values, axis=0))
    assert not np.array_equal(seen[1], sorts.values)


def test_eigenvalues_by_either_route_and_the_reduced_matrix():
    wide, tall = leaning(2, 45), leaning(2, 9)
    for sorts in (wide, tall):
        observed, _ = parallel_analysis(sorts, n_permutations=1, seed=1)
        matrix = qm.pearson(sorts.values)
        np.testing.assert_allclose(observed, qm.eigenvalues(matrix), atol=1e-10)
        reduced = matrix - np.eye(len(matrix))
        np.fill_diagonal(reduced, np.abs(reduced).max(axis=0))
        observed, _ = parallel_analysis(sorts, extraction="centroid", n_permutations=1, seed=1)
        np.testing.assert_allclose(observed, np.linalg.eigvalsh(reduced)[::-1], atol=1e-10)


def test_lipset_criteria_from_r_numbers():
    found = qm.factor_retention(lipset(), **QUICK)
    values = pd.read_csv(FOLDER / "outputs" / "eigenvalues_pearson.csv")["eigenvalue"]
    assert found.answers["eigenvalue rule"] == (values > 1).sum()
    loadings = pd.read_csv(FOLDER / "outputs" / "unrotated_PCA_pearson_k4.csv", index_col=0).abs()
    two = np.sort(loadings.to_numpy(), axis=0)[-2:].prod(axis=0)
    np.testing.assert_allclose(found.factors["humphrey"][:4], two, atol=1e-9)
    strict, lenient = 2 / math.sqrt(33), 1 / math.sqrt(33)
    assert (two > strict).tolist() == [True, True, False, True]
    assert found.answers["Humphrey's rule (strict)"] == 2  # counts up to the first that fails
    assert (two > lenient).all()
    assert found.answers["Humphrey's rule (lenient)"] >= 4
    n_loaders = (loadings > 2.576 / math.sqrt(33)).sum()
    assert found.factors["n_loaders"][:4].tolist() == n_loaders.tolist()
    bends = np.diff(values.to_numpy(), n=2)
    assert found.answers["elbow of the scree plot"] == bends.argmax() + 1


def test_humphreys_bounds_are_two_and_one_by_the_root_of_the_statements():
    from dmpkit.qmethod.retention import _criteria

    product = np.array([2.01, 1.99, 1.01, 0.99]) / math.sqrt(33)
    factors = pd.DataFrame({"humphrey": product, "n_loaders": 2})
    values = np.arange(9.0, 0, -1)
    table = _criteria(lipset(), values, factors, values, values, 0.01, 0.95, 0)
    counted = table.set_index("criterion")["n_factors"]
    assert counted["Humphrey's rule (strict)"] == 1
    assert counted["Humphrey's rule (lenient)"] == 3


@pytest.mark.filterwarnings("ignore::dmpkit.errors.DmpkitWarning")
def test_stability_is_that_of_the_bootstrap():
    sorts = leaning(2, 14)
    found = qm.factor_retention(sorts, max_factors=3, **QUICK)
    for k in (1, 2, 3):
        own = qm.bootstrap(sorts, k, n_resamples=40, seed=1, progress=False)
        assert found.factors["recovered"][k - 1] == own.stability["recovered"].min()
    without = qm.factor_retention(sorts, n_permutations=20, n_resamples=0, seed=1)
    assert (without.seed, without.n_permutations, without.n_resamples) == (1, 20, 0)
    assert "stability" not in without.answers
    assert PURPOSE not in without.methods_text()


def test_workers_do_not_change_the_numbers():
    sorts = leaning(2, 10)
    one, two = (
        qm.factor_retention(
            sorts, n_permutations=210, n_resamples=10, seed=3, n_jobs=n, progress=False
        )
        for n in (1, 2)
    )
    pd.testing.assert_frame_equal(one.factors, two.factors)


def test_words_say_where_the_criteria_disagree_and_that_it_is_a_guide(tmp_path):
    found = qm.factor_retention(lipset(), **QUICK)
    text = re.sub(r"\s+", " ", found.summary())
    assert "A guide, not a rule" in text
    assert "The criteria disagree, from 2 to" in text
    for name in found.criteria["criterion"]:
        assert name in text
    page = found.report(tmp_path / "k.html").read_text(encoding="utf-8")
    assert PURPOSE in page
    sheets = pd.read_excel(found.to_excel(tmp_path / "k.xlsx"), sheet_name=None)
    assert list(sheets) == ["About", "criteria", "factors"]
    assert "parallel analysis 2" in plotting.alt_text(found.plot())
    assert len(found.indicators()) == len(found.answers)
    assert "polars" in type(found.tables("polars")["factors"]).__module__


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"extraction": "ml"}, "pca, centroid"),
        ({"percentile": 95}, "0.95"),
        ({"percentile": "a"}, "percentile is 'a'"),
        ({"n_permutations": 0}, "whole number from 1"),
        ({"n_permutations": 1.5}, "n_permutations is 1.5"),
        ({"n_resamples": -1}, "whole number from 0"),
        ({"n_resamples": "a"}, "n_resamples is 'a'"),
        ({"seed": -1}, "seed is -1"),
        ({"n_jobs": 0}, "n_jobs is 0"),
        ({"max_factors": 2.5}, "from 1 to 9"),
        ({"max_factors": 0}, "from 1 to 9"),
        ({"correlation": "phi"}, "not offered"),
        ({"level": 5}, "probability"),
    ],
)
def test_what_is_refused(options, said):
    with pytest.raises(DataError, match=said):
        qm.factor_retention(lipset(), **{**QUICK, **options})


def synthetic(n_sorts: int = 10) -> qm.QSorts:
    return qm.synthetic_sorts("governance-2024", n_sorts=n_sorts, noise=0.3, seed=1).sorts


def test_picture_holds_a_row_for_every_criterion_and_the_recovered_shares():
    found = qm.factor_retention(lipset(), **QUICK)
    assert "stability" not in found.answers
    ax = found.plot()
    drawn = " | ".join(text.get_text() for text in ax.texts)
    for name in found.criteria["criterion"]:
        assert name in drawn
    assert "stability: no answer" in drawn
    shares = found.factors["recovered"].to_numpy()
    curves = [line.get_ydata() for line in ax.lines if len(line.get_ydata()) == len(shares)]
    assert any(
        np.allclose((y - y.min()) / np.ptp(y), (shares - shares.min()) / np.ptp(shares))
        for y in curves
    )
    alt = plotting.alt_text(ax)
    assert "stability no answer" in alt
    assert ", ".join(f"{100 * share:.0f}%" for share in shares) in alt
    assert PURPOSE in alt
    assert "not inference to a population" in ax.figure.get_supxlabel()
    without = qm.factor_retention(lipset(), n_permutations=20, n_resamples=0).plot()
    assert PURPOSE not in plotting.alt_text(without)
    assert without.figure.get_supxlabel() == ""


def test_methods_say_every_choice_in_words():
    found = qm.factor_retention(
        lipset(), extraction="centroid_brown", rotation="quartimax", max_factors=2, **QUICK
    )
    text = found.methods_text()
    assert "up to 2 centroid factors (Brown's form, as KADE) of Pearson correlations" in text
    assert "rotated by quartimax" in text
    assert "with seed 1." in text
    assert "centroid_brown" not in text
    drawn = qm.factor_retention(lipset(), n_permutations=20, n_resamples=5, progress=False)
    again = qm.factor_retention(
        lipset(), n_permutations=20, n_resamples=5, seed=drawn.seed, progress=False
    )
    pd.testing.assert_frame_equal(drawn.factors, again.factors)
    assert f"seed {drawn.seed}" in drawn.methods_text()
    assert r"\\sqrt" not in (qm.factor_retention.__doc__ or "")


@pytest.mark.filterwarnings("ignore::dmpkit.errors.DmpkitWarning")
def test_synthetic_sorts_are_called_so():
    found = qm.factor_retention(synthetic(), max_factors=2, **QUICK)
    for text in (found.summary(), found.methods_text(), found.section().html):
        assert "The sorts are synthetic: made, not collected." in text
    assert plotting.alt_text(found.plot()).startswith("Synthetic data.")
    assert "synthetic sorts" in found.indicators()[0].source


def test_eigenvalues_of_more_sorts_than_statements_are_those_of_the_whole_matrix():
    columns = np.stack(
        [unit_columns(np.random.default_rng(i).normal(size=(8, 14))) for i in range(20)]
    )
    found = _compared(columns, reduced=False)
    assert (found >= 0).all()  # what is zero is not left a little below it
    for one, values in zip(columns, found, strict=True):
        np.testing.assert_allclose(values, np.linalg.eigvalsh(one.T @ one)[::-1], atol=1e-12)


@pytest.mark.parametrize("form", ["centroid", "centroid_tucker"])
def test_factors_that_are_counted_are_of_the_extraction_asked_for(form):
    matrix = np.corrcoef(np.random.default_rng(2).normal(size=(7, 20)))
    values = np.linalg.eigvalsh(matrix)[::-1]
    found = _as_many_as_there_are(matrix, values, 2, form)
    np.testing.assert_array_equal(found, qm.extract_centroid(matrix, 2, form=form))
