"""Comparing studies: congruence, matching, second order, before and after."""

from __future__ import annotations

import html
import itertools
import warnings

import numpy as np
import pandas as pd
import pytest

import dmpkit.qmethod as qm
from dmpkit import plotting
from dmpkit.errors import DataError, ReadingWarning

GRID = np.repeat([-3.0, -2, -1, 0, 1, 2, 3], [2, 4, 6, 8, 6, 4, 2])
VIEWS = np.random.default_rng(99).normal(size=(3, 32))


def sorted_from(liking: np.ndarray) -> np.ndarray:
    return GRID[liking.argsort(axis=-1).argsort(axis=-1)]


def study(views: list[int], seed: int, *, labels: list[str] | None = None) -> qm.QSorts:
    """One sort for each view named, with noise."""
    rng = np.random.default_rng(seed)
    values = np.column_stack([sorted_from(VIEWS[v] + 0.5 * rng.normal(size=32)) for v in views])
    return qm.QSorts(values, sorts=labels)


def analysed(seed: int, n_views: int = 3) -> qm.QAnalysis:
    return qm.analyse(study([i % n_views for i in range(4 * n_views)], seed), n_views)


# -- congruence ------------------------------------------------------------------


def test_congruence_is_the_correlation_of_z_scores():
    a, b = analysed(1), analysed(2)
    found = qm.congruence(a, b)
    expected = np.corrcoef(a.z_array.T, b.z_array.T)[:3, 3:]
    np.testing.assert_allclose(found.iloc[:, 1:], expected, atol=1e-12)
    assert found["factor"].tolist() == ["f1", "f2", "f3"]
    # z-scores have mean 0, so it is Tucker's coefficient too
    tucker = (
        a.z_array.T
        @ b.z_array
        / np.outer(np.linalg.norm(a.z_array, axis=0), np.linalg.norm(b.z_array, axis=0))
    )
    np.testing.assert_allclose(found.iloc[:, 1:], tucker, atol=1e-12)
    arrays = qm.congruence(a, b, of="factor_arrays").iloc[:, 1:]
    expected = np.corrcoef(a.score_array.T, b.score_array.T)[:3, 3:]
    np.testing.assert_allclose(arrays, expected, atol=1e-12)


def test_statements_are_brought_together_by_label():
    a = analysed(1)
    shuffled = a.z_scores.sample(frac=1, random_state=1)
    np.testing.assert_allclose(np.diag(qm.congruence(a, shuffled).iloc[:, 1:]), 1)
    with pytest.raises(DataError, match=r"not the same: 32, new are on one side only"):
        qm.congruence(a, a.z_scores.replace({"statement": {"32": "new"}}))
    with pytest.raises(DataError, match="occurs more than once"):
        qm.congruence(a, a.z_scores.replace({"statement": {"32": "31"}}))
    with pytest.raises(DataError, match="'statement' is missing"):
        qm.congruence(a, a.z_scores.drop(columns="statement"))
    with pytest.raises(DataError, match="5 statements on one side and 4"):
        qm.congruence(np.eye(5), np.eye(4))
    with pytest.raises(DataError, match="z_scores or factor_arrays"):
        qm.congruence(a, a, of="loadings")


# -- matching ----------------------------------------------------------------------


def test_matching_finds_the_same_viewpoints():
    a, b = analysed(1), analysed(2)
    match = qm.match_factors(a, b, n_permutations=499, seed=1, progress=False)
    table = qm.congruence(a, b).iloc[:, 1:].to_numpy()
    best = max(itertools.permutations(range(3)), key=lambda o: table[range(3), o].sum())
    assert dict(zip(match.pairs["factor"], match.pairs["other"], strict=True)) == {
        f"f{i + 1}": f"f{j + 1}" for i, j in enumerate(best)
    }
    assert match.pairs["congruence"].min() > 0.85
    assert match.p_value == 1 / 500
    assert (match.pairs["p_adjusted"] >= match.pairs["p_value"]).all()
    assert match.unmatched == match.unmatched_other == ()
    assert "smallest attainable is 0.0020" in " ".join(match.summary().split())
    assert "matched pairs: f" in plotting.alt_text(match.plot())


def test_an_opposite_view_is_no_match_and_what_is_too_many_is_left_over():
    one = VIEWS.T
    other = np.column_stack([-VIEWS[0], VIEWS[2]])
    match = qm.match_factors(one, other, n_permutations=99, seed=1, progress=False)
    pairs = dict(zip(match.pairs["factor"], match.pairs["other"], strict=True))
    assert pairs["f3"] == "f2"
    assert pairs.get("f1") != "f1"
    assert len(match.unmatched) == 1
    turned = qm.match_factors(other, one, n_permutations=99, seed=1, progress=False)
    assert len(turned.unmatched_other) == 1


def test_permutation_p_values_keep_their_level():
    rng = np.random.default_rng(5)
    whole, single = [], []
    for seed in range(120):
        match = qm.match_factors(
            rng.normal(size=(20, 3)),
            rng.normal(size=(20, 3)),
            n_permutations=99,
            seed=seed,
            progress=False,
        )
        whole.append(match.p_value <= 0.05)
        single.append(match.pairs["p_adjusted"].min() <= 0.05)
    # 6 expected of 120; 13 or more has a probability below 1 per cent
    assert sum(whole) < 13
    assert sum(single) < 13


def test_a_factor_without_scores_is_left_over_and_the_seed_decides():
    one = VIEWS.T.copy()
    labelled = pd.DataFrame({"statement": range(32), "A": one[:, 0], "B": one[:, 1]})
    a = analysed(1)
    runs = [qm.match_factors(a, labelled.assign(statement=a.z_scores["statement"]),
                             n_permutations=2500, seed=4, n_jobs=n, progress=False)
            for n in (1, 2)]  # fmt: skip
    pd.testing.assert_frame_equal(runs[0].pairs, runs[1].pairs)
    assert len(runs[0].unmatched) == 1
    with pytest.raises(DataError, match="No factor has z-scores"):
        qm.match_factors(np.zeros((5, 2)), np.eye(5))


# -- second order ----------------------------------------------------------------------


def test_second_order_joins_the_same_views_of_three_studies():
    studies = {name: analysed(seed) for seed, name in enumerate(["Bern", "Graz", "Kiel"])}
    result = qm.second_order(studies, 3)
    assert result.analysis.sorts.sorts[0] == "Bern f1"
    shared = result.members
    assert shared["flagged"].all()
    assert shared.groupby("shared")["study"].nunique().tolist() == [3, 3, 3]
    for name, part in shared.groupby("shared"):
        for row in part.itertuples():  # the shared factor looks like each of its members
            z = studies[row.study].z_scores[row.factor]
            own = np.corrcoef(z, result.analysis.z_scores[name])[0, 1]
            assert own > 0.9
    assert "Bern f" in result.summary()
    unnamed = qm.second_order(list(studies.values()))
    assert unnamed.studies == ("study 1", "study 2", "study 3")
    assert 1 <= unnamed.analysis.n_factors <= 3


def test_second_order_needs_two_studies_with_the_same_statements():
    a = analysed(1)
    with pytest.raises(DataError, match="at least two studies"):
        qm.second_order({"Bern": a})
    with pytest.raises(DataError, match="Graz is no QAnalysis"):
        qm.second_order({"Bern": a, "Graz": a.z_scores})
    other = qm.analyse(qm.QSorts(a.sorts.values, [f"s{i}" for i in range(32)]), 3)
    with pytest.raises(DataError, match="not the same"):
        qm.second_order([a, other])


# -- before and after ------------------------------------------------------------------------

PEOPLE = ["Ana", "Ben", "Cem", "Dea", "Eva", "Fay", "Gil", "Hal"]
FIRST = [0, 0, 0, 0, 1, 1, 1, 1]
THEN = [0, 0, 0, 1, 1, 1, 1, 0]  # Dea and Hal change sides


def both() -> tuple[qm.QSorts, qm.QSorts]:
    return study(FIRST, 3, labels=PEOPLE), study(THEN, 4, labels=PEOPLE)


def test_who_changed_sides_is_found():
    result = qm.before_after(*both(), 2)
    moves = result.moves.set_index("person")
    assert moves.index[moves["moved"]].tolist() == ["Dea", "Hal"]
    assert moves.loc["Dea", "before"] == moves.loc["Ana", "before"]
    assert moves.loc["Dea", "after"] == moves.loc["Eva", "after"]
    one, two = both()
    assert moves.loc["Ben", "correlation"] == pytest.approx(
        np.corrcoef(one.values[:, 1], two.values[:, 1])[0, 1]
    )
    assert result.flows["n"].sum() == 8
    table = result.loadings
    np.testing.assert_allclose(table["change"], table["after"] - table["before"])
    text = " ".join(result.summary().split())
    assert "2 stand elsewhere in after than in before" in text
    assert "by custom .80" in text
    assert ": Dea" in text


def test_people_are_known_by_label_whatever_the_order():
    one, two = both()
    mixed = [5, 2, 7, 0, 1, 3, 6, 4]
    shuffled = qm.QSorts(two.values[:, mixed], two.statements, [PEOPLE[i] for i in mixed])
    rows = np.random.default_rng(1).permutation(32)
    turned = qm.QSorts(
        shuffled.values[rows], [shuffled.statements[i] for i in rows], shuffled.sorts
    )
    expected = qm.before_after(one, two, 2).moves
    pd.testing.assert_frame_equal(qm.before_after(one, turned, 2).moves, expected)


def test_who_sorted_once_is_left_out_and_named():
    one, two = both()
    fewer = qm.QSorts(two.values[:, 1:], two.statements, PEOPLE[1:])
    with pytest.warns(ReadingWarning, match="one occasion only: Ana"):
        result = qm.before_after(one, fewer, 2, occasions=("May", "June"))
    assert result.only_before == ("Ana",)
    assert "Left out, only in May: Ana." in result.summary()
    others = qm.QSorts(two.values, two.statements)
    with pytest.raises(DataError, match="Nobody sorted on both"):
        qm.before_after(one, others, 2)


def test_who_is_flagged_on_two_factors_stands_mixed_and_who_on_none_at_none():
    rng = np.random.default_rng(7)
    views = [VIEWS[0], VIEWS[0], VIEWS[1], VIEWS[1], VIEWS[0] + VIEWS[1]]
    names = ["a", "b", "c", "d", "between"]
    one, two = (
        qm.QSorts(
            np.column_stack([sorted_from(x + 0.1 * rng.normal(size=32)) for x in views]),
            sorts=names,
        )
        for _ in range(2)
    )
    both_flags = qm.FlagRule(level=0.05, majority=False)
    moves = qm.before_after(one, two, 2, flags=both_flags).moves.set_index("person")
    assert moves.loc["between", ["before", "after"]].tolist() == ["mixed", "mixed"]
    assert not moves.loc["between", "moved"]
    strict = qm.FlagRule(level=1e-5, majority=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        moves = qm.before_after(one, two, 2, flags=strict).moves.set_index("person")
    assert moves.loc["between", "before"] == "none"
    assert moves.loc["a", "before"].startswith("f")


def test_who_stands_opposed_is_told_apart():
    rng = np.random.default_rng(7)
    liking = [VIEWS[0], VIEWS[0], -VIEWS[0], VIEWS[1], VIEWS[1], rng.normal(size=32)]
    names = ["a", "b", "against", "c", "d", "nobody"]
    values = np.column_stack([sorted_from(x + 0.2 * rng.normal(size=32)) for x in liking])
    with pytest.warns(qm_warning()):
        result = qm.before_after(qm.QSorts(values, sorts=names), qm.QSorts(
            np.column_stack([sorted_from(x + 0.2 * rng.normal(size=32)) for x in liking]),
            sorts=names), 2)  # fmt: skip
    moves = result.moves.set_index("person")
    assert moves.loc["against", "before"] == f"{moves.loc['a', 'before']}, opposed"
    assert not moves.loc[["a", "b", "c", "d", "against"], "moved"].any()
    assert moves.loc["nobody", "before"] in {"none", "f1", "f2", "f1, opposed", "f2, opposed"}


def qm_warning() -> type[Warning]:
    from dmpkit.errors import BipolarFactorWarning

    return BipolarFactorWarning


def test_picture_and_section_tell_the_flows():
    result = qm.before_after(*both(), 2, occasions=("start", "end"))
    alt = plotting.alt_text(result.plot())
    assert alt.startswith("Alluvial plot of 8 units from start to end")
    section = result.section()
    assert "by custom .80" in section.html
    assert "start" in section.html


# -- what a reader is told ----------------------------------------------------------------------


def comparisons() -> dict[str, tuple[object, list[str], list[str]]]:
    """Each result with its sheets and what its methods must say."""
    match = qm.match_factors(analysed(1), analysed(2), n_permutations=99, progress=False)
    joined = qm.second_order({"Bern": analysed(1), "Graz": analysed(2)}, 3)
    moved = qm.before_after(*both(), 2, occasions=("May", "June"))
    return {
        "match": (match, ["pairs", "congruence"], ["99 permutations", f"seed {match.seed})"]),
        "joined": (
            joined,
            ["members", "loadings", "z_scores", "factor_arrays"],
            ["6 factor arrays of 2 studies (Bern, Graz)", "varimax"],
        ),
        "moved": (moved, ["moves", "flows", "loadings"], ["8 people from May and June", "varimax"]),
    }


@pytest.mark.parametrize("which", ["match", "joined", "moved"])
def test_every_comparison_has_methods_report_and_workbook(which, tmp_path):
    result, sheets, said = comparisons()[which]
    for words in said:
        assert words in result.methods_text()
        assert words in html.unescape(result.section().html)
    page = result.report(tmp_path / "c.html").read_text(encoding="utf-8")
    assert page.count("<img") == len(result.section().figures) == (0 if which == "joined" else 1)
    found = pd.read_excel(result.to_excel(tmp_path / "c.xlsx"), sheet_name=None)
    assert list(found) == ["About", *sheets]
    assert len(found[sheets[0]]) == len(result.tables()[sheets[0]])


def test_indicators_of_comparisons_are_the_numbers_of_their_tables():
    match, joined, moved = (result for result, _, _ in comparisons().values())
    assert [i.value for i in match.indicators()] == match.pairs["congruence"].tolist()
    assert [i.value for i in joined.indicators()] == [1.0, 1.0, 1.0]
    share, correlation = moved.indicators()
    assert share.value == 2 / 8
    assert correlation.value == moved.moves["correlation"].median()
    assert share.n == 8


def test_a_matching_keeps_the_seed_it_drew_and_refuses_a_negative_one():
    a, b = analysed(1), analysed(2)
    drawn = qm.match_factors(a, b, n_permutations=99, progress=False)
    again = qm.match_factors(a, b, n_permutations=99, seed=drawn.seed, progress=False)
    pd.testing.assert_frame_equal(drawn.pairs, again.pairs)
    with pytest.raises(DataError, match="seed is -1"):
        qm.match_factors(a, b, seed=-1)


def test_synthetic_sorts_are_called_so():
    one, two = (
        qm.QSorts(side.values, side.statements, [f"synthetic-{name}" for name in PEOPLE])
        for side in both()
    )
    result = qm.before_after(one, two, 2)
    assert "The sorts are synthetic: made, not collected." in " ".join(result.summary().split())
    assert plotting.alt_text(result.plot()).startswith("Synthetic data.")
    assert "synthetic" not in qm.before_after(*both(), 2).summary()


def test_the_number_of_factors_rests_on_the_correlation_and_extraction_asked_for(monkeypatch):
    from dmpkit.qmethod import comparison, retention

    asked = {}

    def count(_sorts, **how):
        asked.update(how)
        return np.array([3.0, 1.0]), np.array([1.5, 1.2])

    monkeypatch.setattr(retention, "parallel_analysis", count)
    options = {"correlation": "spearman", "extraction": "centroid"}
    assert comparison._by_parallel_analysis(None, options) == 1
    assert (asked["correlation"], asked["extraction"]) == ("spearman", "centroid")
    comparison._by_parallel_analysis(None, {})
    assert (asked["correlation"], asked["extraction"]) == ("pearson", "pca")
