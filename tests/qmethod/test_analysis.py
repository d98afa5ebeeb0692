"""The whole analysis: choices, warnings, tables."""

from __future__ import annotations

import dataclasses
import pickle
import timeit
import warnings
from types import SimpleNamespace

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_reference import lipset

import dmpkit.qmethod as qm
from dmpkit.errors import (
    BipolarFactorWarning,
    DataError,
    DmpkitWarning,
    HeywoodWarning,
    UnflaggedFactorWarning,
)
from dmpkit.qmethod import analysis

GRID = np.repeat(np.arange(-3.0, 4), [2, 3, 4, 6, 4, 3, 2])


def forced(seed: int, p: int = 8) -> qm.QSorts:
    """Two views with noise, laid into a forced grid of 24 statements."""
    rng = np.random.default_rng(seed)
    views = rng.normal(size=(24, 2))[:, np.arange(p) % 2] + 0.5 * rng.normal(size=(24, p))
    return qm.QSorts(GRID[views.argsort(axis=0).argsort(axis=0)])


def quiet(*args, **options) -> qm.QAnalysis:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DmpkitWarning)
        return qm.analyse(*args, **options)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), data=st.data())
def test_the_order_of_the_sorts_does_not_matter(seed, data):
    sorts = forced(seed)
    order = data.draw(st.permutations(range(8)))
    turned = qm.QSorts(sorts.values[:, order], sorts.statements, [sorts.sorts[i] for i in order])
    one, other = quiet(sorts, 2), quiet(turned, 2)
    np.testing.assert_allclose(one.loading_array[order], other.loading_array, atol=1e-9)
    np.testing.assert_array_equal(one.flag_array[order], other.flag_array)
    np.testing.assert_allclose(one.z_array, other.z_array, atol=1e-9)
    np.testing.assert_array_equal(one.score_array, other.score_array)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_the_order_of_the_statements_does_not_matter(seed):
    sorts = forced(seed)
    order = np.random.default_rng(seed).permutation(24)
    turned = qm.QSorts(sorts.values[order], [sorts.statements[i] for i in order], sorts.sorts)
    one, other = quiet(sorts, 2), quiet(turned, 2)
    np.testing.assert_allclose(one.z_array[order], other.z_array, atol=1e-9)
    np.testing.assert_array_equal(one.score_array[order], other.score_array)
    assert [one.labels[i] for i in order] == list(other.labels)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), i=st.integers(0, 7))
def test_a_reversed_sort_loads_with_the_sign_turned(seed, i):
    sorts = forced(seed)
    values = sorts.values * np.where(np.arange(8) == i, -1, 1)
    one, other = quiet(sorts, 2), quiet(qm.QSorts(values), 2)
    # a column can be reflected as a whole; within it the reversed sort stands against the rest
    for a, b in zip(one.loading_array.T, other.loading_array.T, strict=True):
        b = b * np.sign((a * b * (np.arange(8) != i)).sum())
        np.testing.assert_allclose(np.delete(a, i), np.delete(b, i), atol=1e-9)
        assert b[i] == pytest.approx(-a[i], abs=1e-9)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_what_holds_for_every_result(seed):
    result = quiet(forced(seed), 2, profile="kade")
    np.testing.assert_allclose(result.z_array.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(result.z_array.std(axis=0, ddof=1), 1)
    np.testing.assert_array_equal(np.sort(result.score_array, axis=0), np.column_stack([GRID] * 2))
    assert ((result.weight_array != 0) == result.flag_array).all()


def test_profiles_agree_on_forced_sorts_without_ties():
    sorts = forced(3)
    one = quiet(sorts, 2)
    other = quiet(sorts, 2, profile="kade", flags=one.flag_array)
    np.testing.assert_allclose(one.loading_array, other.loading_array, atol=0.02)
    weights = qm.factor_weights(one.loading_array, one.flag_array)
    kade = qm.z_scores(sorts.values, weights, standardise=True)
    np.testing.assert_allclose(kade, one.z_array, atol=1e-12)


def test_profile_kade_keeps_the_order_of_the_rotation():
    sorts = lipset()
    unrotated = qm.extract_pca(qm.pearson(sorts.values), 3)
    expected = qm.rotate_varimax(unrotated, tolerance=1e-12).loadings
    kade = quiet(sorts, 3, profile="kade").loading_array
    np.testing.assert_allclose(np.abs(kade), np.abs(expected), atol=1e-12)
    assert (kade.sum(axis=0) > 0).all()


# -- warnings --------------------------------------------------------------


def test_a_factor_without_flagged_sorts():
    flags = np.zeros((9, 3), dtype=bool)
    flags[:3, 0] = flags[3:6, 2] = True
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = qm.analyse(lipset(), 3, flags=flags)
    said = [w for w in caught if w.category is UnflaggedFactorWarning]
    assert [str(w.message).split(":")[0] for w in said] == ["f2 has no flagged sorts"]
    assert all(w.filename == __file__ for w in caught)
    assert np.isnan(result.z_array).any(axis=0).tolist() == [False, True, False]
    assert result.characteristics["n_flagged"].tolist() == [3, 0, 3]
    assert np.isnan(result.standard_error[1])
    assert result.distinguishing("f2").empty
    assert result.crib_sheet("f2").empty
    assert not result.crib_sheet("f1").empty
    assert set(result.differences["other"]) == {"f3"}
    assert set(result.labels) == {"Consensus", "Distinguishing"}
    sizes = len(result.distinguishing("f1")), len(result.consensus())
    assert sum(sizes) == 33


def test_no_flags_at_all_still_gives_tables():
    result = quiet(lipset(), 2, flags=np.zeros((9, 2), dtype=bool))
    for name, table in result.tables().items():
        assert isinstance(table, pd.DataFrame), name
    assert result.differences.empty
    assert result.consensus().empty
    assert result.distinguishing("f1").empty
    assert set(result.labels) == {""}
    assert result.loadings.notna().all(axis=None)


def test_a_bipolar_factor_names_its_sorts():
    with pytest.warns(BipolarFactorWarning) as caught:
        result = qm.analyse(lipset(), 3)
    messages = {str(w.message).split()[0]: str(w.message) for w in caught}
    for j, name in enumerate(result.factors):
        weights = result.weight_array[:, j]
        if not (weights < 0).any():
            assert name not in messages
            continue
        negative = np.array(result.sorts.sorts)[weights < 0]
        assert f"with negative loadings by {', '.join(negative)}, with" in messages[name]
    assert messages


def test_a_factor_of_negative_sorts_only():
    loadings = quiet(lipset(), 3).loading_array
    flags = loadings > 0.4
    flags[:, 2] = loadings[:, 2] < -0.3
    names = ", ".join(np.array(lipset().sorts)[flags[:, 2]])
    with pytest.warns(BipolarFactorWarning, match=rf"All flagged sorts of f3 \({names}\) load neg"):
        result = qm.analyse(lipset(), 3, flags=flags)
    assert names
    mean = result.sorts.values[:, flags[:, 2]].mean(axis=1)
    assert np.corrcoef(mean, result.z_array[:, 2])[0, 1] < -0.9


def test_a_flagged_sort_that_loads_0_gives_no_composite():
    columns = [
        [-2, -1, -1, 0, 0, 0, 1, 1, 2],
        [-2, 0, 0, -1, -1, 1, 1, 0, 2],
        [1, -1, 0, -2, 0, 0, 2, 1, -1],
    ]
    sorts = qm.QSorts(np.array(columns).T)
    flags = [[0], [0], [1]]  # the third sort correlates with none of the others
    with pytest.warns(BipolarFactorWarning, match=r"f1: the flagged sorts \(sort3\) have loadings"):
        result = qm.analyse(sorts, 1, flags=flags)
    assert np.isnan(result.z_array).all()


def test_a_loading_beyond_one_is_said():
    walk = np.random.default_rng(0).normal(size=(40, 8)).cumsum(axis=1)  # neighbours are alike
    table = pd.DataFrame(walk).add_prefix("p")
    options = {"rotation": "oblimin", "flags": np.ones((8, 2), dtype=bool)}
    whole = np.abs(quiet(table, 2, **options).loading_array) >= 1
    assert whole.any()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = qm.analyse(table, 2, **options)
    said = [str(w.message) for w in caught if w.category is HeywoodWarning]
    assert len(said) == whole.any(axis=0).sum()
    assert "is 1 or more" in said[0]
    assert np.isfinite(result.z_array).all()


# -- choices ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"extraction": "principal"}, r"extraction 'principal' is not offered.*pca, centroid"),
        ({"extraction": "uls"}, r"centroid_tucker, ml, minres\."),
        (
            {"rotation": "quartimin"},
            r"rotation 'quartimin' is not offered.*'factor_analyzer' offers",
        ),
        ({"extraction": "brown"}, r"centroid is that of R's qmethod, centroid_brown that of KADE"),
        ({"rotation": "judgemental"}, r"none, varimax, quartimax, equamax, oblimin, promax\.$"),
        ({"correlation": "phi"}, r"pearson, spearman, kendall"),
        ({"profile": "pqmethod"}, r"qmethod, kade"),
        ({"engine": "r"}, r"dmpkit, factor_analyzer"),
        ({"engine": ["dmpkit"]}, r"is not offered"),
        ({"composite_reliability": 80}, r"reliability of a sort is 80"),
        ({"flags": [[True]]}, r"shape \(1, 1\), not \(9, 3\)"),
        ({"flags": None}, r"the flags have the shape"),
    ],
)
def test_a_choice_that_is_not_offered(options, said):
    with pytest.raises(DataError, match=said):
        qm.analyse(lipset(), 3, **options)


@pytest.mark.parametrize("k", [0, 10, 2.5, "3", None])
def test_a_number_of_factors_that_cannot_be(k):
    with pytest.raises(DataError, match="factors"):
        qm.analyse(lipset(), k)


def test_flags_in_a_frame_may_name_the_sorts_in_any_order():
    result = quiet(lipset(), 3)
    shuffled = result.flags.iloc[::-1]
    for frame in (shuffled, pl.from_pandas(shuffled), result.flags.drop(columns="sort")):
        again = quiet(lipset(), 3, flags=frame)
        np.testing.assert_array_equal(again.flag_array, result.flag_array)
        assert again.flag_rule is None
    assert result.flag_rule == qm.FlagRule()
    wrong = result.flags.replace({"sort": {"US1": "US9"}})
    with pytest.raises(DataError, match="do not name every sort once; see US1, US9"):
        qm.analyse(lipset(), 3, flags=wrong)


def test_flags_in_a_frame_are_matched_by_the_names_of_factors():
    result = quiet(lipset(), 3)
    flags = result.flags
    assert (result.flag_array.any(axis=0)).all()
    assert (result.flag_array[:, 0] != result.flag_array[:, 1]).any()
    bare = flags.drop(columns="sort")
    for frame in (
        flags[["sort", "f3", "f1", "f2"]],
        flags[["f2", "sort", "f1", "f3"]].iloc[::-1],
        bare[["f2", "f3", "f1"]],
        bare[["f2", "f3", "f1"]].set_axis([2, 3, 1], axis=1),
        bare.rename(columns=str.upper)[["F2", "F3", "F1"]],
        flags.set_index("sort")[["f3", "f2", "f1"]].iloc[::-1],
        bare.set_axis(list(lipset().sorts)).iloc[::-1],
        bare.set_axis(range(3), axis=1),
        pl.from_pandas(flags[["f3", "sort", "f2", "f1"]].iloc[::-1]),
    ):
        again = quiet(lipset(), 3, flags=frame)
        np.testing.assert_array_equal(again.flag_array, result.flag_array)
        assert again.flags["sort"].tolist() == list(lipset().sorts)


def test_flags_of_a_split_factor_are_matched_by_name():
    log = qm.RotationLog("varimax").split("f1")
    result = quiet(lipset(), 2, rotation=log)
    assert result.factors == ("f1+", "f1-", "f2")
    again = quiet(lipset(), 2, rotation=log, flags=result.flags[["f2", "f1-", "sort", "f1+"]])
    np.testing.assert_array_equal(again.flag_array, result.flag_array)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda f: f.rename(columns={"f3": "g3"}), "no factor 'g3'. The factors are: f1, f2, f3"),
        (lambda f: f.drop(columns="f3"), "one column a factor; see f3. The factors are"),
        (lambda f: f.assign(note="x"), "no factor 'note'"),
        (lambda f: f.assign(F1=True), "one column a factor; see f1"),
        (lambda f: f.rename(columns={"sort": "name"}), "no factor 'name'"),
        (lambda f: f.drop(columns="sort").iloc[::-1], "do not name every sort once"),
        (lambda f: f.set_index("sort").iloc[1:], "do not name every sort once; see"),
        (lambda f: f.assign(f2=[2, *f["f2"][1:]]).iloc[::-1], "row 9, column f2: the flag is 2"),
    ],
)
def test_flags_in_a_frame_that_cannot_be_matched(change, said):
    with pytest.raises(DataError, match=said):
        quiet(lipset(), 3, flags=change(quiet(lipset(), 3).flags))


def test_a_frame_is_read_as_sorts():
    table = lipset().frame()
    for frame in (table, pl.from_pandas(table)):
        np.testing.assert_array_equal(quiet(frame, 3).z_array, quiet(lipset(), 3).z_array)


def test_one_factor():
    result = quiet(lipset(), 1)
    assert result.loading_array.shape == (9, 1)
    assert result.differences.empty
    assert set(result.labels) == {""}
    assert repr(result).startswith("QAnalysis: 1 factor of 9 sorts")
    assert result.crib_sheet("f1")["part"].unique().tolist() == ["highest", "lowest"]


def test_centroid_takes_every_rotation():
    for rotation in ("quartimax", "oblimin", "promax"):
        result = quiet(lipset(), 2, extraction="centroid", rotation=rotation)
        a, phi, u = result.loading_array, result.phi_array, result.unrotated_array
        np.testing.assert_allclose(a @ phi @ a.T, u @ u.T, atol=1e-9)


# -- the result ------------------------------------------------------------


@pytest.fixture(scope="module")
def result() -> qm.QAnalysis:
    return quiet(lipset(), 3)


def test_the_tables_have_the_columns_of_every_analysis(result):
    factors = ["f1", "f2", "f3"]
    expected = {
        "correlations": ["sort", *lipset().sorts],
        "eigenvalues": ["factor", "eigenvalue", "explained_variance", "cumulative"],
        "unrotated": ["sort", *factors],
        "loadings": ["sort", *factors],
        "phi": ["factor", *factors],
        "flags": ["sort", *factors],
        "sort_status": [
            "sort",
            "status",
            "flagged_on",
            "significant_on",
            "factor",
            "loading",
            "communality",
            "explanation",
        ],
        "z_scores": ["statement", *factors],
        "factor_arrays": ["statement", *factors],
        "characteristics": [
            "factor",
            "n_flagged",
            "average_reliability",
            "eigenvalue",
            "explained_variance",
            "reliability",
            "standard_error",
        ],
        "factor_score_correlations": ["factor", *factors],
        "standard_errors_of_differences": ["factor", *factors],
        "differences": [
            "statement",
            "factor",
            "other",
            "difference",
            "standard_error",
            "stars",
        ],
        "statements_table": ["statement", "text", "label", "z_f1", "z_f2", "z_f3", *factors],
    }
    tables = result.tables()
    assert {name: table.columns.tolist() for name, table in tables.items()} == expected
    assert result.eigenvalues["cumulative"].iloc[-1] == pytest.approx(100)
    assert len(result.differences) == 33 * 3
    assert result.flags[factors].dtypes.eq(bool).all()


def test_tables_in_polars(result):
    tables = result.tables(kind="polars")
    assert all(isinstance(table, pl.DataFrame) for table in tables.values())
    assert tables["loadings"]["f1"].to_list() == result.loadings["f1"].tolist()


def test_sorts_called_like_the_label_column():
    sorts = lipset()
    renamed = qm.QSorts(sorts.values, sorts.statements, ["sort", *sorts.sorts[1:]])
    assert quiet(renamed, 2).correlations.columns[:2].tolist() == ["sort_", "sort"]


def test_distinguishing_and_consensus_at_other_levels(result):
    z, bound = result.z_array, np.sqrt(2) * result.standard_error[0]  # all have 3 flagged sorts
    np.testing.assert_allclose(result.standard_error, result.standard_error[0])
    for j, name in enumerate(result.factors):
        nearest = np.abs(np.delete(z, j, axis=1) - z[:, [j]]).min(axis=1)
        found = []
        for level, c in ((0.000001, 4.8916), (0.001, 3.291), (0.05, 1.96), (0.10, 1.6449)):
            found.append(set(result.distinguishing(name, level)["statement"]))
            expected = np.array(result.sorts.statements)[nearest > c * bound]
            assert found[-1] == set(expected)
        assert found[0] < found[1] < found[2] < found[3]
        assert result.distinguishing(name)["stars"].ne("").all()
        assert result.distinguishing(name)[f"z_{name}"].is_monotonic_decreasing
    assert set(result.consensus()["statement"]) < set(result.consensus(level=0.001)["statement"])
    labelled = result.statements_table.query("label == 'Consensus'")["statement"]
    assert set(result.consensus()["statement"]) == set(labelled)
    with pytest.raises(DataError, match="not a probability"):
        result.consensus(level=5)


def test_stars_of_a_distinguishing_statement_are_those_of_its_smallest_difference(result):
    rank = {"": 0, "*": 1, "**": 2, "***": 3, "6*": 4}
    table = result.differences
    for row in result.distinguishing("f2").itertuples():
        own = table[(table["statement"] == row.statement)]
        own = own[(own["factor"] == "f2") | (own["other"] == "f2")]
        assert rank[row.stars] == min(rank[star] for star in own["stars"])


def test_crib_sheet(result):
    sheet = result.crib_sheet("f1")
    assert not sheet["statement"].duplicated().any()
    parts = dict(iter(sheet.groupby("part")))
    assert set(parts["highest"]["f1"]) == {4}
    assert set(parts["lowest"]["f1"]) == {-4}
    higher, lower = parts["higher than the others"], parts["lower than the others"]
    assert (higher["f1"] > higher[["f2", "f3"]].max(axis=1)).all()
    assert (lower["f1"] < lower[["f2", "f3"]].min(axis=1)).all()
    arrays = result.factor_arrays
    expected = (arrays["f1"] > arrays[["f2", "f3"]].max(axis=1)) & arrays["f1"].abs().lt(4)
    assert len(higher) == expected.sum()


@pytest.mark.parametrize("name", ["F2", 2, np.int64(2), " f2 "])
def test_a_factor_by_number_and_in_capitals(result, name):
    for method in (result.distinguishing, result.crib_sheet):
        pd.testing.assert_frame_equal(method(name), method("f2"))
    assert result.plot_composite(name).get_title(loc="left") == "Composite sort of f2"
    assert result.plot_loadings(name, "F3").get_xlabel() == "loading on f2"
    shown, named = (result.plot_z_scores(order=order).get_yticklabels() for order in (name, "f2"))
    assert [t.get_text() for t in shown] == [t.get_text() for t in named]


@pytest.mark.parametrize("name", ["f0", "f4", 0, 4, True, None, ""])
def test_a_factor_that_is_not_there(result, name):
    for method in (result.distinguishing, result.crib_sheet):
        with pytest.raises(DataError, match="The factors are: f1, f2, f3"):
            method(name)


def test_choices_in_any_case():
    plain = quiet(lipset(), 3)
    loud = quiet(
        lipset(), 3, extraction="PCA", rotation="Varimax", correlation="Pearson", profile="QMethod"
    )
    np.testing.assert_array_equal(loud.z_array, plain.z_array)
    chosen = ("extraction", "rotation", "correlation", "profile", "engine")
    assert [getattr(loud, c) for c in chosen] == [getattr(plain, c) for c in chosen]
    assert loud.methods_text() == plain.methods_text()


def test_a_missing_number_of_factors_is_asked_for():
    with pytest.raises(DataError, match=r"n_factors is missing.*analyse\(sorts, 3\)"):
        qm.analyse(lipset())


def test_grid_values_are_whole_numbers_where_the_grid_has_them(result, tmp_path):
    for table in (
        result.factor_arrays,
        result.statements_table,
        result.distinguishing("f1"),
        result.consensus(),
        result.crib_sheet("f1"),
    ):
        assert (table[["f1", "f2", "f3"]].dtypes == np.int64).all()
    np.testing.assert_array_equal(result.factor_arrays[["f1", "f2", "f3"]], result.score_array)
    result.factor_arrays.to_csv(tmp_path / "arrays.csv", index=False)
    assert ".0" not in (tmp_path / "arrays.csv").read_text()
    halves = qm.QSorts(result.sorts.values / 2)
    assert (quiet(halves, 3).factor_arrays[["f1", "f2", "f3"]].dtypes == np.float64).all()


def test_a_factor_without_scores_keeps_its_missing_values():
    flags = np.zeros((9, 2), dtype=bool)
    flags[:3, 0] = True
    table = quiet(lipset(), 2, flags=flags).factor_arrays
    assert table["f1"].dtype == np.int64
    assert table["f2"].dtype == np.float64
    assert table["f2"].isna().all()


def test_the_result_is_frozen(result):
    with pytest.raises(dataclasses.FrozenInstanceError):
        result.n_factors = 2
    for field in dataclasses.fields(result):
        value = getattr(result, field.name)
        if isinstance(value, np.ndarray):
            assert not value.flags.writeable, field.name
    with pytest.raises(TypeError):
        result.extra["kmo"] = 1


def test_arrays_and_tables_say_the_same(result):
    np.testing.assert_array_equal(result.loadings[["f1", "f2", "f3"]], result.loading_array)
    assert result.loadings is result.loadings


def test_the_result_travels_between_processes(result):
    again = pickle.loads(pickle.dumps(result))
    np.testing.assert_array_equal(again.z_array, result.z_array)
    pd.testing.assert_frame_equal(again.statements_table, result.statements_table)
    assert not again.z_array.flags.writeable
    assert not again.extra["communalities"].flags.writeable


@pytest.mark.parametrize(
    "options", [{"n_factors": 3}, {"n_factors": 4, "rotation": "none"}, {"n_factors": 1}]
)
def test_every_view_of_every_kind_of_result(options, tmp_path):
    """The second has a factor without flagged sorts that is not the last, the third no pairs."""
    result = quiet(lipset(), **options)
    for text in (result.summary(), result.methods_text(), result._repr_html_()):
        assert len(text) > 200
        assert "nan" not in text.lower().replace("dominan", "")
    assert result.indicators()
    assert result.section().html
    for path in (result.to_excel(tmp_path / "a.xlsx"), result.report(tmp_path / "a.html")):
        assert path.stat().st_size > 1000
    for ax in (result.plot_scree(), result.plot_correlations(), result.plot_z_scores()):
        assert ax.has_data()
    assert result.plot_composite("f1") is not None


def test_one_analysis_is_quick():
    """About 1 ms on an idle machine: tables are not made, the steps are vectorised."""
    sorts = lipset()
    quiet(sorts, 3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DmpkitWarning)
        best = min(timeit.repeat(lambda: qm.analyse(sorts, 3), number=20, repeat=5)) / 20
    assert best < 0.010


@pytest.mark.parametrize(("loading", "warned"), [(1.0, True), (-1.0, True), (1 - 1e-9, False)])
def test_a_loading_of_exactly_one_is_told(loading, warned):
    from types import SimpleNamespace

    from dmpkit.qmethod.analysis import _warn_heywood

    result = SimpleNamespace(
        engine="dmpkit", extraction="pca", factors=("f1", "f2"),
        flag_array=np.array([[True, False], [False, True]]),
        loading_array=np.array([[loading, 0.1], [0.2, 0.6]]),
        sorts=SimpleNamespace(sorts=("ada", "ben")),
    )  # fmt: skip
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        _warn_heywood(result)
    assert [w.category for w in caught] == [HeywoodWarning] * warned
    assert all("f1: the loading of ada is 1" in str(w.message) for w in caught)


@pytest.mark.parametrize(
    ("engine", "communality", "improper"),
    [("factor_analyzer", 0.992, False), ("factor_analyzer", 0.995, True), ("dmpkit", 0.995, False),
     ("dmpkit", 1.0, True)],
)  # fmt: skip
def test_a_heywood_case_is_at_the_limit_of_its_engine(engine, communality, improper):
    """factor_analyzer holds uniquenesses at .005, so a communality of .995 is its limit."""
    made = SimpleNamespace(
        engine=engine, extraction="minres", n_factors=1, factors=("f1",),
        extra={"communalities": [0.5, communality]}, sorts=SimpleNamespace(sorts=("Ana", "Ben")),
        flag_array=np.zeros((2, 1), dtype=bool), loading_array=np.zeros((2, 1)),
    )  # fmt: skip
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        analysis._warn_heywood(made)
    assert [str(w.message).startswith("Heywood case: the communality of Ben") for w in heard] == (
        [True] * improper
    )
