"""Change of opinion: reference numbers, tables, blanks, and what is refused."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from dmpkit.errors import DataError
from dmpkit.evaluation import opinion as op
from dmpkit.evaluation import paired_tests as pt
from dmpkit.evaluation.pairing import pair_answers
from dmpkit.measures.clusters import icc
from dmpkit.plotting import alt_text, to_png

REFERENCE = Path(__file__).parents[1] / "reference" / "evaluation"
VARIANTS = ("A", "B")
#: The reference is the same formula in double precision (scipy, pingouin, R).
CLOSE = {"rtol": 0, "atol": 1e-8}
COLUMNS = {
    "n": "n",
    "mean_before": "mean_pre",
    "mean_after": "mean_post",
    "mean_change": "mean_diff",
    "sd_change": "sd_diff",
    "gross_change": "gross_change_mean_abs",
    "share_moved": "share_moved",
    "sd_before": "sd_pre",
    "sd_after": "sd_post",
    "t": "t",
    "df": "df",
    "p_t": "p_t",
    "dz": "cohen_dz",
    "gz": "hedges_gz",
    "p_wilcoxon": "p_wilcoxon_normal_approx_cc_zeros_dropped",
    "n_nonzero": "wilcoxon_n_nonzero",
    "pitman_morgan_r": "pitman_morgan_r",
    "p_pitman_morgan": "pitman_morgan_p",
}


def expected(variant, part):
    text = (REFERENCE / f"expected_opinion_{variant}.json").read_text(encoding="utf-8")
    return json.loads(text)[part]


def stages(variant):
    frame = pd.read_csv(REFERENCE / f"opinion_{variant}.csv")
    out = []
    for stage in ("pre", "post"):
        part = frame[["pnum", *(c for c in frame if c.endswith(f"_{stage}"))]]
        out.append(part.rename(columns=lambda c, s=stage: c.removesuffix(f"_{s}")))
    return out


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_number_of_the_reference(variant):
    table = op.opinion_change(*stages(variant), person="pnum").items.set_index("item")
    reference = expected(variant, "opinion_change")
    assert list(table.index) == list(reference["items"])
    for item, numbers in reference["items"].items():
        assert set(numbers) == set(COLUMNS.values()) | {"ci95"}
        for ours, theirs in COLUMNS.items():
            np.testing.assert_allclose(table.loc[item, ours], numbers[theirs], **CLOSE)
        np.testing.assert_allclose(table.loc[item, ["low", "high"]].tolist(), numbers["ci95"])
        for method in ("holm", "bh"):
            theirs = reference[f"{method}_p_t"][item]
            np.testing.assert_allclose(table.loc[item, f"p_{method}"], theirs, **CLOSE)


@pytest.mark.parametrize("variant", VARIANTS)
def test_clustering_of_the_reference(variant):
    frame = pd.read_csv(REFERENCE / f"tables_{variant}.csv")
    reference = expected(variant, "clustering")
    row = op.change_row(np.zeros(len(frame)), frame["y"], frame["table"].to_numpy())
    alike = icc(frame["y"], frame["table"])
    assert row["icc"] == pytest.approx(reference["icc1_anova"], abs=1e-8)
    assert max(0, row["icc"]) == pytest.approx(reference["icc1_truncated"], abs=1e-8)
    assert row["design_effect"] == pytest.approx(reference["design_effect_mean_size"], abs=1e-8)
    assert row["n"] / row["design_effect"] == pytest.approx(reference["n_effective"], abs=1e-8)
    assert alike.p_value == pytest.approx(reference["p"], abs=1e-8)
    groups = [part["y"].to_numpy() for _, part in frame.groupby("table")]
    assert stats.f_oneway(*groups).statistic == pytest.approx(reference["F"], abs=1e-8)
    sizes = np.array([len(g) for g in groups])
    n0 = (sizes.sum() - (sizes**2).sum() / sizes.sum()) / (len(sizes) - 1)
    assert n0 == pytest.approx(reference["n0"], abs=1e-8)
    within = sum(((g - g.mean()) ** 2).sum() for g in groups) / (sizes.sum() - len(sizes))
    assert within == pytest.approx(reference["msw"], abs=1e-8)
    between = reference["F"] * within
    assert between == pytest.approx(reference["msb"], abs=1e-8)
    assert alike.value == pytest.approx((between - within) / (between + (n0 - 1) * within))


def frames(first, second, **more):
    ids = [f"p{i}" for i in range(len(first))]
    one = pd.DataFrame({"person": ids, "q": first, **more})
    return one, pd.DataFrame({"person": ids, "q": second})


# --- single statistics ------------------------------------------------------------


def test_exact_wilcoxon_is_that_of_all_signs():
    d = np.array([1.0, 1, -2, 3, 3, -3, 4, 0])
    n, w, _, exact = pt.wilcoxon(d)
    ranks = stats.rankdata(np.abs(d[d != 0]))
    signs = np.array(np.meshgrid(*[[0, 1]] * n)).reshape(n, -1)
    sums = ranks @ signs
    by_hand = 2 * min((sums <= w).mean(), (sums >= w).mean())
    assert exact == pytest.approx(by_hand, abs=1e-14)
    scipy_exact = stats.wilcoxon([1.0, 2, 3, -4, 5, 6.5], method="exact").pvalue
    assert pt.wilcoxon([1.0, 2, 3, -4, 5, 6.5])[3] == pytest.approx(scipy_exact, abs=1e-14)


def test_wilcoxon_of_many_has_no_exact_p_and_of_zeros_none_at_all():
    assert math.isnan(pt.wilcoxon(np.arange(1, 80.0))[3])
    assert pt.wilcoxon([0.0, 0.0])[0] == 0
    assert math.isnan(pt.wilcoxon([0.0, 0.0])[2])


@pytest.mark.parametrize(("dz", "n"), [(0.5, 30), (-0.2, 12), (1.4, 50)])
def test_standardised_interval_inverts_the_noncentral_t(dz, n):
    low, high = (
        v / pt.hedges_correction(n) * math.sqrt(n) for v in pt.standardised_interval(dz, n)
    )
    t = dz * math.sqrt(n)
    # 1e-6: scipy's inversion of the noncentrality
    assert stats.nct.sf(t, n - 1, low) == pytest.approx(0.025, abs=1e-6)
    assert stats.nct.cdf(t, n - 1, high) == pytest.approx(0.025, abs=1e-6)


def test_clustered_mean_of_equal_tables_is_the_t_interval_of_their_means():
    rng = np.random.default_rng(1)
    groups = np.repeat(np.arange(6), 5)
    x = rng.normal(size=30) + rng.normal(size=6)[groups]
    ours = pt.clustered_mean(x, groups)
    means = x.reshape(6, 5).mean(axis=1)
    theirs = stats.ttest_1samp(means, 0)
    low, high = theirs.confidence_interval()
    assert ours.df == pytest.approx(5)
    assert (ours.low, ours.high) == pytest.approx((low, high))
    assert ours.p_value == pytest.approx(theirs.pvalue)


def test_clustered_mean_is_the_matrix_form_of_bell_and_mccaffrey():
    rng = np.random.default_rng(2)
    groups = np.repeat(np.arange(5), [2, 9, 4, 5, 3])
    x = rng.normal(size=len(groups))
    n = len(x)
    keep = np.eye(n) - 1 / n
    middle, columns = 0.0, []
    for g in range(5):
        own = groups == g
        values, vectors = np.linalg.eigh(keep[np.ix_(own, own)])
        root = vectors @ np.diag(values**-0.5) @ vectors.T
        middle += float(np.ones(own.sum()) @ root @ (x - x.mean())[own]) ** 2
        columns.append(keep[:, own] @ root @ np.ones(own.sum()) / n)
    spread = np.array(columns) @ np.array(columns).T
    roots = np.linalg.eigvalsh(spread)
    ours = pt.clustered_mean(x, groups)
    assert ours.standard_error == pytest.approx(math.sqrt(middle) / n, rel=1e-10)
    assert ours.df == pytest.approx(roots.sum() ** 2 / (roots**2).sum(), rel=1e-10)
    assert ours.df < 4


def test_one_table_gives_no_interval():
    assert math.isnan(pt.clustered_mean([1.0, 2, 3], [1, 1, 1]).low)


def _covered(runs, seed, icc_value=0.2, sizes=(5, 6, 7, 8, 8, 9, 10, 7, 6, 8, 4, 9)):
    """How often the clustered and the naive interval hold the true mean change."""
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(len(sizes)), sizes)
    hits = np.zeros(2)
    for _ in range(runs):
        at_table = rng.normal(size=len(sizes)) * math.sqrt(icc_value)
        d = 0.4 + at_table[groups] + rng.normal(size=len(groups)) * math.sqrt(1 - icc_value)
        tables, alone = pt.clustered_mean(d, groups), pt.paired_t(d)
        hits += [tables.low <= 0.4 <= tables.high, alone.low <= 0.4 <= alone.high]
    return hits / runs


def test_interval_over_tables_covers_where_the_naive_one_does_not():
    tables, alone = _covered(600, seed=11)
    # 600 runs at 95 %: three standard errors are 2.7 points
    assert 0.922 <= tables <= 0.978
    assert alone < 0.90


@pytest.mark.long
@pytest.mark.parametrize("icc_value", [0.0, 0.1, 0.3])
@pytest.mark.parametrize(
    "sizes", [(8,) * 6, (5, 6, 7, 8, 8, 9, 10, 7, 6, 8, 4, 9), (3, 12, 7, 9, 5, 10, 8, 6)]
)
def test_interval_over_tables_covers(icc_value, sizes):
    tables, _ = _covered(8000, seed=5, icc_value=icc_value, sizes=sizes)
    assert 0.93 <= tables <= 0.97


# --- the whole ----------------------------------------------------------------------


def test_items_that_nobody_or_everybody_moved_on_carry_no_t():
    ids = range(5)
    first = pd.DataFrame({"person": ids, "a": [1, 2, 3, 4, 5], "b": [1, 1, 2, 2, 3], "c": 3})
    second = pd.DataFrame({"person": ids, "a": [2, 2, 3, 5, 5], "b": [2, 2, 3, 3, 4], "c": 3})
    table = op.opinion_change(first, second).items.set_index("item")
    assert table["t"].isna().tolist() == [False, True, True]
    assert table.loc[["b", "c"], "p_holm"].tolist() == [1.0, 1.0]
    assert table.loc["a", "p_holm"] == pytest.approx(min(1, 3 * table.loc["a", "p_t"]))
    assert "same amount" in table.loc["b", "note"]
    assert "nobody moved" in table.loc["c", "note"]


def test_blanks_are_left_out_and_counted_never_zero():
    one, two = frames([1, 2, None, 4, 5], [2, 2, 3, None, 5])
    full = op.opinion_change(*frames([1, 2, 5], [2, 2, 5])).items.iloc[0]
    row = op.opinion_change(one, two).items.iloc[0]
    assert (row["n"], row["missing_before"], row["missing_after"]) == (3, 1, 1)
    assert row["mean_change"] == full["mean_change"]
    assert row["t"] == full["t"]


def test_people_are_matched_by_id_and_the_unmatched_listed():
    one = pd.DataFrame({"person": [1, 2, 3], "q": [1, 2, 3]})
    two = pd.DataFrame({"person": ["3", "2.0", "9"], "q": [5, 2, 1]})
    change = op.opinion_change(one, two.assign(person=[3.0, 2.0, 9.0]))
    assert change.paired.people == ("2", "3")
    assert change.items["mean_change"].iloc[0] == 1.0
    assert change.unmatched.to_numpy().tolist() == [["1", "before only"], ["9", "after only"]]
    assert "1 answered only before" in change.summary()


def test_order_of_people_and_kind_of_frame_do_not_matter():
    one, two = stages("A")
    tables = {p: i % 4 for i, p in enumerate(one["pnum"])}
    wanted = op.opinion_change(one, two, person="pnum", table=tables, scale=(1, 7))
    mixed = op.opinion_change(
        pl.from_pandas(one.sample(frac=1, random_state=1)),
        pl.from_pandas(two.sample(frac=1, random_state=2)),
        person="pnum", table=pd.Series(tables), scale={f"P{i}": (1, 7) for i in range(1, 8)},
    )  # fmt: skip
    pd.testing.assert_frame_equal(wanted.items, mixed.items, check_exact=False, rtol=1e-12)
    assert wanted.absolute_change.value == pytest.approx(mixed.absolute_change.value, rel=1e-12)
    assert mixed.tables(kind="polars")["items"].height == 7


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 5), min_size=3, max_size=15))
def test_identical_stages_give_no_change(values):
    change = op.opinion_change(*frames(values, values), scale=(1, 5))
    row = change.items.iloc[0]
    assert (row["mean_change"], row["gross_change"], row["share_moved"]) == (0, 0, 0)
    assert change.absolute_change.value == 0
    assert len(change.moved()) == 0


def test_mean_absolute_change_is_a_share_of_the_scale():
    one, two = frames([1, 2, 3, None], [5, 2, 1, 4])
    indicator = op.opinion_change(one, two, scale=(1, 5)).indicators()[0]
    assert indicator.name == "mean absolute change of opinion"
    assert indicator.value == pytest.approx((4 + 0 + 2) / 4 / 3)
    assert indicator.n == 3
    assert indicator.low < indicator.value < indicator.high
    unknown = op.opinion_change(one, two).indicators()[0]
    assert math.isnan(unknown.value)
    assert "scale" in unknown.note


def test_tables_lead_the_summary_where_they_are_known():
    one, two = stages("A")
    tables = {p: i % 5 for i, p in enumerate(one["pnum"])}
    change = op.opinion_change(one, two, person="pnum", table=tables)
    assert "5 tables" in change.summary()
    assert {"low_tables", "icc", "design_effect", "p_tables_holm"} <= set(change.items)
    assert "CR2" in change.methods_text()
    alone = op.opinion_change(one, two, person="pnum")
    assert "low_tables" not in alone.items
    assert "too narrow" in alone.summary()


def test_table_may_be_a_column_of_either_frame():
    one, two = frames([1, 2, 3, 4], [2, 2, 5, 4], seat=["x", "x", "y", "y"])
    change = op.opinion_change(one, two, table="seat")
    assert change.paired.items == ("q",)
    assert change.items["n_tables"].iloc[0] == 2
    both = op.opinion_change(one, two.assign(seat=one["seat"]), table="seat")
    assert both.items.equals(change.items)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda a, b: op.opinion_change(a.assign(q=["x"] * 4), b), "not a number"),
        (lambda a, b: op.opinion_change(a.assign(q=[1, 2, 3, 77]), b, scale=(0, 10)), "codes for"),
        (lambda a, b: op.opinion_change(a, b, person="id"), "'id' is missing"),
        (lambda a, b: op.opinion_change(a.assign(person=list("ppxy")), b), "more than once"),
        (lambda a, b: op.opinion_change(a.assign(person=["p", None, "x", "y"]), b), "no id"),
        (lambda a, b: op.opinion_change(a, b.assign(person=list("wxyz"))), "No person"),
        (lambda a, b: op.opinion_change(a, b.rename(columns={"q": "r"})), "no item in common"),
        (lambda a, b: op.opinion_change(a, b, items=["q", "q"]), "named twice"),
        (lambda a, b: op.opinion_change(a, b, table={"p0": 1}), "have no table"),
        (lambda a, b: op.opinion_change(a, b, table="seat"), "'seat' is missing"),
        (lambda a, b: op.opinion_change(a, b, scale=(5, 1)), "lowest and the highest"),
        (lambda a, b: op.opinion_change(a, b, scale=3), "lowest and the highest"),
        (lambda a, b: op.opinion_change(a, b, adjust="none"), "'holm' or 'bh'"),
        (lambda a, b: op.opinion_change(a, b, level=95), "share"),
        (lambda a, b: op.opinion_change(a.assign(q=np.inf), b), "infinite"),
        (lambda a, b: op.opinion_change([1, 2], b), "not a data frame"),
        (lambda a, b: op.opinion_change(a.assign(q=1e300), b), "as good as that"),
        (lambda a, b: op.opinion_change(a, b, person=None), "holds the ids"),
        (lambda a, b: op.opinion_change(a, b, table=list("xxyy")), "Name a column"),
        (lambda a, b: op.opinion_change(a, b, table=5), "Name a column"),
        (lambda a, b: op.opinion_change(a.assign(t=list("xxyy")), b.assign(t=list("xyyy")),
                                        table="t"), "another after"),
    ],
)  # fmt: skip
def test_refusals_say_what_and_how_to_mend(change, words):
    with pytest.raises(DataError, match=words):
        change(*frames([1, 2, 3, 4], [2, 2, 5, 4]))


def test_too_few_people_are_said_and_nothing_is_tested():
    change = op.opinion_change(*frames([1, None], [2, 2]))
    row = change.items.iloc[0]
    assert row["n"] == 1
    assert math.isnan(row["p_holm"])
    assert "nothing is tested" in row["note"]
    assert isinstance(change.summary(), str)
    empty = op.opinion_change(*frames([None, None], [2, 2]))
    assert empty.summary()
    assert empty.section().figures == ()
    with pytest.raises(DataError, match="both before and after"):
        empty.plot()


def test_civic_capacity_reverses_and_uses_the_same_items():
    one = pd.DataFrame({"person": range(4), "e": [1, 2, 3, 2], "f": [5, 4, 4, None]})
    two = pd.DataFrame({"person": range(4), "e": [3, 2, 4, 3], "f": [4, 4, 2, 1]})
    found = op.civic_capacity_change(one, two, items=["e", "f"], reversed_items=["f"], scale=(1, 5))
    d = np.array([(2 + 1) / 8, 0, (1 + 2) / 8, 1 / 4])
    assert found.name == "change in civic capacity (effect size)"
    assert found.value == pytest.approx(d.mean() / d.std(ddof=1) * (1 - 3 / 11))
    assert found.low < found.value < found.high
    with pytest.raises(DataError, match="not among"):
        op.civic_capacity_change(one, two, items=["e"], reversed_items=["x"], scale=(1, 5))
    with pytest.raises(DataError, match="no scale"):
        op.civic_capacity_change(one, two, items=["e", "f"], scale={"e": (1, 5)})
    same = op.civic_capacity_change(one, one, items=["e"], scale=(1, 5))
    assert math.isnan(same.value)
    assert "nobody moved" in same.note


def test_views_and_pictures(tmp_path):
    one, two = stages("A")
    change = op.opinion_change(one, two, person="pnum", scale=(1, 7), synthetic=True)
    assert "Synthetic" in alt_text(change.plot())
    assert "7 items" in alt_text(change.plot_effects())
    picture = change.plot_distribution("P1")
    assert [t.get_text() for t in picture.get_xticklabels()] == list("1234567")
    assert sum(b.get_height() for b in picture.patches) == pytest.approx(200)
    with pytest.raises(DataError, match="no item"):
        change.plot_distribution("P9")
    page = change.report(tmp_path / "c.html").read_text(encoding="utf-8")
    assert "Holm" in page
    change.to_excel(tmp_path / "c.xlsx")


def test_hostile_labels_are_escaped():
    change = op.opinion_change(
        *frames([1, 2, 3], [2, 2, 5]), labels={"q": "<script>alert(1)</script>"}
    )
    assert "<script>" not in change.section().render()


def test_columns_that_only_one_table_has_are_listed():
    one, two = frames([1, 2], [1, 3], extra=[1, 2])
    assert pair_answers(one, two).left_out == ("extra",)


def test_a_dollar_sign_starts_no_formula_in_a_picture():
    change = op.opinion_change(*frames([1, 2, 3], [2, 2, 5]), labels={"q": r"from $7 to $\frac"})
    assert change.plot().get_yticklabels()[0].get_text() == r"from \$7 to \$\frac"
    to_png(change.plot())
    to_png(change.plot_distribution("q"))


def test_the_largest_shift_names_its_change_and_one_blank_is_one():
    before = pd.DataFrame({"person": [*"abcdef"], "heat": [1, 2, 3, 4, 5, 3.0]})
    after = pd.DataFrame({"person": [*"abcdef"], "heat": [3, 3, 5, 5, 7, None]})
    text = op.opinion_change(before, after, person="person").summary()
    assert "from 3.00 to 4.60, by 1.60 (95 % interval of the change " in text
    assert "1 lacks one or both; it is left out" in text
