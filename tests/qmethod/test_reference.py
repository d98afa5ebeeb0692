"""Every case that was run with R's qmethod: the same numbers, flags, labels and stars."""

from __future__ import annotations

import functools
import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

import dmpkit.qmethod as qm
from dmpkit.errors import BipolarFactorWarning, UnflaggedFactorWarning

FOLDER = Path(__file__).parents[1] / "reference" / "qmethod"
OUTPUTS = FOLDER / "outputs"
close = functools.partial(np.testing.assert_allclose, rtol=0, atol=1e-9)


class Case(NamedTuple):
    name: str
    extraction: str
    rotation: str
    correlation: str
    k: int
    free: bool
    ok: bool


def all_cases() -> list[Case]:
    found = []
    for row in pd.read_csv(OUTPUTS / "cases.csv").itertuples():
        extraction, rotation, correlation, k, *free = row.case.split("_")
        found.append(
            Case(
                row.case,
                extraction.lower(),
                rotation,
                correlation,
                int(k[1:]),
                bool(free),
                row.status == "ok",
            )
        )
    return found


CASES = all_cases()
NAMES = [case.name for case in CASES]
FINISHED = [case for case in CASES if case.ok]
STOPPED = [case for case in CASES if not case.ok]


def read(name: str, part: str) -> pd.DataFrame:
    return pd.read_csv(OUTPUTS / f"{name}__{part}.csv", keep_default_na=False, na_values=["NA"])


@functools.cache
def lipset() -> qm.QSorts:
    return qm.QSorts.from_frame(pd.read_csv(FOLDER / "sorts.csv"))


def run(case: Case, **options) -> qm.QAnalysis:
    sorts = lipset()
    if case.free:
        first = np.sort(sorts.values[:, 0])
        sorts = qm.QSorts(sorts.values, sorts.statements, sorts.sorts, distribution=first)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BipolarFactorWarning)
        warnings.simplefilter("ignore", UnflaggedFactorWarning)
        return qm.analyse(
            sorts,
            case.k,
            extraction=case.extraction,
            rotation=case.rotation,
            correlation=case.correlation,
            **options,
        )


def columns(frame: pd.DataFrame, prefix: str, names: tuple[str, ...]) -> np.ndarray:
    return frame[[f"{prefix}{name}" for name in names]].to_numpy(dtype=float)


def test_there_are_69_cases_and_four_at_which_r_stops():
    assert len(CASES) == 69
    assert len(STOPPED) == 4


@pytest.mark.parametrize("method", ["pearson", "spearman", "kendall"])
def test_correlations(method):
    expected = pd.read_csv(OUTPUTS / f"cor_{method}.csv", index_col=0)
    close(qm.correlate(lipset().values, method), expected)


@pytest.mark.parametrize("method", ["pearson", "spearman", "kendall"])
@pytest.mark.parametrize("k", [1, 2, 3, 4])
def test_unrotated_loadings(method, k):
    correlations = qm.correlate(lipset().values, method)
    for name, extract in (("PCA", qm.extract_pca), ("centroid", qm.extract_centroid)):
        expected = pd.read_csv(OUTPUTS / f"unrotated_{name}_{method}_k4.csv", index_col=0)
        close(extract(correlations, k), expected.iloc[:, :k])


def test_eigenvalues_and_distribution():
    result = run(CASES[0])
    close(
        result.eigenvalues["eigenvalue"],
        pd.read_csv(OUTPUTS / "eigenvalues_pearson.csv")["eigenvalue"],
    )
    close(lipset().distribution, pd.read_csv(OUTPUTS / "distribution.csv")["distribution"])


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_loadings_and_flags(case):
    result = run(case)
    expected = read(case.name, "sorts")
    close(result.loadings[list(result.factors)], columns(expected, "", result.factors))
    flags = columns(expected, "flag_", result.factors) == 1
    np.testing.assert_array_equal(result.flags[list(result.factors)].to_numpy(), flags)
    assert result.loadings["sort"].tolist() == expected["sort"].tolist()


@pytest.mark.parametrize("case", FINISHED, ids=lambda case: case.name)
def test_z_scores_and_arrays(case):
    result = run(case)
    expected = read(case.name, "statements")
    close(result.z_scores[list(result.factors)], columns(expected, "zsc_", result.factors))
    arrays = columns(expected, "fsc_", result.factors)
    np.testing.assert_array_equal(result.factor_arrays[list(result.factors)], arrays)
    assert result.z_scores["statement"].tolist() == expected["statement"].tolist()


@pytest.mark.parametrize("case", FINISHED, ids=lambda case: case.name)
def test_characteristics(case):
    result = run(case)
    expected = read(case.name, "factors")
    names = {
        "average_reliability": "av_rel_coef",
        "n_flagged": "nload",
        "eigenvalue": "eigenvals",
        "explained_variance": "expl_var",
        "reliability": "reliability",
        "standard_error": "se_fscores",
    }
    for ours, theirs in names.items():
        close(result.characteristics[ours], expected[theirs].to_numpy(dtype=float), err_msg=ours)
    factors = list(result.factors)
    correlations = columns(expected, "cor_zsc_", result.factors)
    close(result.factor_score_correlations[factors], correlations)
    errors = columns(expected, "sd_dif_", result.factors)
    close(result.standard_errors_of_differences[factors], errors)


@pytest.mark.parametrize("case", FINISHED, ids=lambda case: case.name)
def test_differences_stars_and_labels(case):
    result = run(case)
    expected = read(case.name, "qdc")
    pairs = [name for name in expected.columns if name[0] == "f" and "_f" in name]
    ours = result.differences.assign(
        pair=result.differences["factor"] + "_" + result.differences["other"]
    )
    assert sorted(ours["pair"].unique()) == sorted(pairs)
    for pair, rows in ours.groupby("pair"):
        assert rows["statement"].tolist() == expected["statement"].tolist()
        close(rows["difference"], expected[pair])
        assert rows["stars"].tolist() == expected[f"sig_{pair}"].tolist()
    labels = [label.strip() for label in expected["dist.and.cons"]]
    assert result.statements_table["label"].tolist() == labels


@pytest.mark.parametrize("case", STOPPED, ids=lambda case: case.name)
def test_where_r_stops_there_is_a_result_and_a_named_warning(case):
    result = run(case)
    empty = [name for name, n in zip(result.factors, result.n_flagged, strict=True) if n == 0]
    assert empty
    assert empty != [result.factors[-1]]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        qm.analyse(
            lipset(),
            case.k,
            extraction=case.extraction,
            rotation=case.rotation,
            correlation=case.correlation,
        )
    named = [str(w.message) for w in caught if w.category is UnflaggedFactorWarning]
    assert [message.split()[0] for message in named] == empty
    for name in result.factors:
        assert result.z_scores[name].isna().all() == (name in empty)
        assert result.factor_arrays[name].isna().all() == (name in empty)
    compared = set(result.differences["factor"]) | set(result.differences["other"])
    assert compared == set(result.factors) - set(empty)
    assert result.statements_table["label"].str.len().gt(0).any()


PCA_CASES = [case for case in CASES if case.extraction == "pca"]
SERVED = [case for case in PCA_CASES if case.rotation != "promax"]


@pytest.mark.parametrize("case", SERVED, ids=lambda case: case.name)
def test_factor_analyzer_gives_the_numbers_of_r(case):
    """Its promax normalises rows before making the target, so it is not among these."""
    pytest.importorskip("factor_analyzer")
    result = run(case, engine="factor_analyzer")
    own = run(case)
    expected = read(case.name, "sorts")
    close(result.loading_array, columns(expected, "", result.factors))
    np.testing.assert_array_equal(
        result.flag_array, columns(expected, "flag_", result.factors) == 1
    )
    close(result.phi_array, own.phi_array)
    close(result.unrotated_array, own.unrotated_array)
    np.testing.assert_array_equal(result.score_array, own.score_array)
    if case.ok:
        statements = read(case.name, "statements")
        close(result.z_array, columns(statements, "zsc_", result.factors))
        np.testing.assert_array_equal(
            result.score_array, columns(statements, "fsc_", result.factors)
        )
