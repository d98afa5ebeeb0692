"""Margins: every number of the reference, and what must hold of any comparison."""

import csv
import json
import math
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmpkit.errors import DataError, SharesWarning, SmallCellWarning
from dmpkit.representativeness.data import Panel, Population
from dmpkit.representativeness.margins import check_margins

REFERENCE = Path(__file__).resolve().parents[1] / "reference" / "representativeness"
MARGINALS = json.loads((REFERENCE / "marginals.json").read_text())
CASES, FAMILIES = MARGINALS["cases"], MARGINALS["families"]
#: Key of the reference to our column of the variables' table.
VARIABLE_KEYS = {
    "n": "n",
    "k": "n_categories",
    "chi2": "chi2",
    "df": "df",
    "p_chi2": "p_value",
    "G": "g",
    "p_G": "p_g",
    "min_expected": "min_expected",
    "tvd": "tvd",
    "cramers_w": "cramers_w",
    "max_abs_gap": "largest_gap",
    "tvd_floor": "tvd_floor",
    "expected_tvd_srs_closed": "expected_tvd",
    "expected_tvd_srs": "expected_tvd",
    "kl_panel_vs_target": "kl",
    "hellinger": "hellinger",
    "p_exact_prob": "p_exact",
}
CATEGORY_KEYS = {
    "count": "count",
    "target": "target",
    "share": "share",
    "gap": "gap",
    "ratio": "ratio",
    "binom_p_two_sided": "p_value",
    "std_residual": "residual",
    "smd_pooled": "smd",
    "smd_target_sd": "smd_target",
    "p_holm": "p_holm",
    "p_bh": "p_bh",
}
INTERVAL_KEYS = {
    "wilson": ("low", "high"),
    "clopper_pearson": ("clopper_pearson_low", "clopper_pearson_high"),
    "goodman": ("goodman_low", "goodman_high"),
}


def quiet(*args, **options):
    """The check without its warning on small cells, which most of these panels earn."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SmallCellWarning)
        return check_margins(*args, **{"n_resamples": 0, **options})


def of(case):
    name = case["variable"]
    return quiet({name: case["counts"]}, {name: case["target_renormalised"]})


@pytest.mark.parametrize("case", CASES, ids=lambda c: c["id"])
def test_variables_agree_with_the_reference(case):
    row = of(case).variables.iloc[0]
    expected = case["expected"]
    for key, column in VARIABLE_KEYS.items():
        if key in expected:
            # closed forms and enumeration: 1e-8 relative; a zero may be rounding dust
            assert row[column] == pytest.approx(expected[key], rel=1e-8, abs=1e-13), key
    assert list(row["floor_counts"]) == expected["floor_counts"]


@pytest.mark.parametrize("case", CASES, ids=lambda c: c["id"])
def test_categories_agree_with_the_reference(case):
    table = of(case).categories
    assert list(table["category"]) == [row["category"] for row in case["categories"]]
    for key, column in CATEGORY_KEYS.items():
        expected = [row[key] for row in case["categories"]]
        np.testing.assert_allclose(table[column], expected, rtol=1e-8, atol=1e-12, err_msg=key)
    for key, columns in INTERVAL_KEYS.items():
        expected = [row[key] for row in case["categories"]]
        found = table[list(columns)].to_numpy()
        np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-12, err_msg=key)


@pytest.mark.parametrize(
    "family", FAMILIES, ids=lambda f: f"{f['panel']}.{f['reference_stage']}-{f['observed_stage']}"
)
def test_families_agree_with_the_reference(family):
    keys = ("panel", "reference_stage", "observed_stage")
    cases = [c for c in CASES if all(c[k] == family[k] for k in keys)]
    by_name = {c["variable"]: c for c in cases}
    panel = {name: by_name[name]["counts"] for name in family["variables"]}
    target = {name: by_name[name]["target_renormalised"] for name in family["variables"]}
    table = quiet(panel, target).variables
    np.testing.assert_allclose(table["p_value"], family["p_raw"], rtol=1e-8)
    np.testing.assert_allclose(table["p_holm"], family["holm"], rtol=1e-8)
    np.testing.assert_allclose(table["p_bh"], family["bh"], rtol=1e-8)


def test_five_variables_agree_with_r():
    # chisq.test(x, p = p), p.adjust(P, "holm"), p.adjust(P, "BH"); R wrote 12 digits
    with (REFERENCE / "r_reference.csv").open() as lines:
        r = {row["key"]: float(row["value"]) for row in csv.DictReader(lines)}
    names = ["gender", "age", "edu", "region", "tenure"]
    people = pd.read_csv(REFERENCE / "panel_sample.csv", keep_default_na=False)
    panel = Panel.from_frame(people, variables=names)
    population = Population.from_margins(pd.read_csv(REFERENCE / "population_margins.csv"))
    table = quiet(panel, population).variables.set_index("variable").loc[names]
    for column, key in (("chi2", "X2"), ("p_value", "p"), ("p_holm", "p_holm"), ("p_bh", "p_BH")):
        expected = [r[f"gof.{name}.{key}"] for name in names]
        np.testing.assert_allclose(table[column], expected, rtol=1e-10, err_msg=key)


# --- pandas and polars, order, names, scale ----------------------------------------


def people(n=60, seed=4):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "person": [f"p{i}" for i in range(n)],
            "gender": rng.choice(["woman", "man"], n),
            "age": rng.choice(["16-29", "30-44", "45-64", "65+"], n),
        }
    )


MARGINS = pd.DataFrame(
    {
        "variable": ["gender"] * 2 + ["age"] * 4,
        "category": ["woman", "man", "16-29", "30-44", "45-64", "65+"],
        "count": [510, 490, 200, 250, 340, 210],
    }
)


def numbers(check):
    tables = check.frames()
    return [
        tables["variables"].select_dtypes("number").to_numpy(dtype=float),
        tables["categories"].select_dtypes("number").to_numpy(dtype=float),
    ]


def same(one, other, **tolerance):
    for a, b in zip(numbers(one), numbers(other), strict=True):
        np.testing.assert_allclose(a, b, **{"rtol": 1e-12, "atol": 1e-12, **tolerance})


def test_pandas_and_polars_give_equal_results():
    frame = people()
    one = quiet(frame, MARGINS)
    same(one, quiet(pl.from_pandas(frame), pl.from_pandas(MARGINS)), rtol=0, atol=0)
    assert one.tables("polars")["variables"]["variable"].to_list() == ["gender", "age"]


def test_order_of_people_and_scale_of_the_population_change_nothing():
    frame = people()
    one = quiet(frame, MARGINS)
    same(one, quiet(frame.sample(frac=1, random_state=1), MARGINS))
    same(one, quiet(frame, MARGINS.assign(count=MARGINS["count"] * 1000)))
    shares = MARGINS.rename(columns={"count": "percent"})
    same(one, quiet(frame, shares.assign(percent=shares["percent"] / 10)))


def test_other_names_change_nothing_but_the_names():
    frame = people()
    one = quiet(frame, MARGINS)
    names = {"woman": "z", "man": "q", "16-29": "k4", "30-44": "k3", "45-64": "k2", "65+": "k1"}
    other = quiet(frame.replace(names), MARGINS.replace(names))
    same(one, other)
    assert list(other.categories["category"]) == [names[c] for c in one.categories["category"]]


def test_order_of_categories_changes_only_the_order():
    frame = people()
    one = quiet(frame, MARGINS).categories.set_index(["variable", "category"])
    other = quiet(frame, MARGINS.iloc[::-1]).categories.set_index(["variable", "category"])
    columns = ["count", "share", "gap", "low", "high", "goodman_low", "p_value", "p_holm"]
    pd.testing.assert_frame_equal(one[columns], other.loc[one.index, columns], rtol=1e-12)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 40), min_size=2, max_size=6))
def test_a_panel_equal_to_its_target_has_no_gap(counts):
    labels = [f"c{i}" for i in range(len(counts))]
    panel = {"v": dict(zip(labels, counts, strict=True))}
    population = {"v": dict(zip(labels, (7.0 * c for c in counts), strict=True))}
    check = quiet(panel, Population.from_margins(population, weighted=True))
    row = check.variables.iloc[0]
    assert row["tvd"] == pytest.approx(0, abs=1e-12)
    assert row["tvd_floor"] == pytest.approx(0, abs=1e-12)
    assert row["chi2"] == pytest.approx(0, abs=1e-12)
    np.testing.assert_allclose(check.categories["gap"], 0, atol=1e-12)
    np.testing.assert_allclose(check.categories["ratio"], 1, rtol=1e-12)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.integers(0, 30), min_size=2, max_size=5).filter(lambda x: sum(x) > 0),
    st.randoms(use_true_random=False),
)
def test_the_floor_is_below_any_panel_and_the_interval_holds_the_share(counts, rng):
    labels = [f"c{i}" for i in range(len(counts))]
    target = {"v": {c: rng.randint(1, 20) for c in labels}}
    target = Population.from_margins(
        pd.DataFrame([("v", c, k) for c, k in target["v"].items()],
                     columns=["variable", "category", "count"]), size=10_000,
    )  # fmt: skip
    check = quiet({"v": dict(zip(labels, counts, strict=True))}, target)
    row, cells = check.variables.iloc[0], check.categories
    assert row["tvd"] >= row["tvd_floor"] - 1e-12
    assert sum(row["floor_counts"]) == sum(counts)
    assert (cells["low"] <= cells["share"] + 1e-12).all()
    assert (cells["share"] <= cells["high"] + 1e-12).all()
    assert (cells["goodman_low"] <= cells["low"] + 1e-12).all()
    assert cells["gap"].sum() == pytest.approx(0, abs=1e-12)


# --- quotas, targets, what is set apart ------------------------------------------------


def test_quota_variables_have_no_test_and_no_interval_and_the_text_says_why():
    check = quiet(people(), MARGINS, quota_variables=["age"])
    row = check.variables.set_index("variable").loc["age"]
    for column in ("chi2", "df", "p_value", "g", "p_g", "p_exact", "p_holm", "p_bh"):
        assert math.isnan(row[column]), column
    cells = check.categories[check.categories["variable"] == "age"]
    for column in ("low", "high", "goodman_low", "clopper_pearson_high", "p_value", "p_holm",
                   "residual", "detectable_gap"):  # fmt: skip
        assert cells[column].isna().all(), column
    assert row["tvd"] > 0
    assert "no test and no interval" in row["reading"]
    assert "Agreement was enforced" in check.methods_text()
    assert "not tested: age" in check.summary()
    # the family of tests is that of the free variables: one test, nothing to adjust
    free = check.variables.set_index("variable").loc["gender"]
    assert free["p_holm"] == free["p_value"]


def test_seats_of_the_quotas_stand_beside_the_categories():
    quotas = pd.DataFrame(
        {"variable": "gender", "category": ["woman", "man"], "min": [29, 29], "max": [31, 31]}
    )
    check = quiet(people(), MARGINS, quotas=quotas)
    assert check.quota_variables == ("gender",)
    cells = check.categories[check.categories["variable"] == "gender"]
    assert cells["quota_min"].tolist() == [29, 29]
    assert cells["quota_max"].tolist() == [31, 31]
    n_met = int(cells["count"].between(29, 31).sum())
    assert f"{n_met} of 2 categories are within" in check.variables["reading"].iloc[0]


def test_a_target_is_no_misfit_to_the_population():
    panel = {"ethnicity": {"white": 40, "other": 10}}
    population = {"ethnicity": {"white": 0.89, "other": 0.11}}
    target = {"ethnicity": {"white": 0.8, "other": 0.2}}
    check = quiet(panel, population, target=target)
    cells = check.categories.set_index("category")
    np.testing.assert_allclose(cells["gap"], 0, atol=1e-12)
    assert cells.loc["other", "population_gap"] == pytest.approx(0.09)
    assert cells.loc["other", "population"] == pytest.approx(0.11)
    assert quiet(panel, population).variables["p_value"].iloc[0] < 0.05
    assert check.variables["p_value"].iloc[0] == pytest.approx(1)


def test_a_target_may_have_some_of_the_variables_only():
    target = {"gender": {"woman": 0.5, "man": 0.5}}
    check = quiet(people(), MARGINS, target=target)
    cells = check.categories.set_index("category")
    assert cells.loc["woman", "target"] == 0.5
    assert cells.loc["woman", "population"] == pytest.approx(0.51)
    assert cells.loc["16-29", "target"] == pytest.approx(0.2)
    assert len(quiet(people(), target=target).variables) == 1


def test_zero_targets_are_left_out_and_set_apart():
    panel = {"sex": {"Male": 153, "Female": 323, "Other": 1}}
    with pytest.warns(SharesWarning, match="sex 'Other' \\(1\\)"):
        check = check_margins(panel, {"sex": {"Male": 49.6, "Female": 50.4, "Other": 0}})
    row = check.variables.iloc[0]
    assert (row["n"], row["n_zero_target"], row["n_categories"]) == (476, 1, 2)
    assert check.set_apart.to_dict("records") == [
        {"variable": "sex", "category": "Other", "count": 1, "reason": "target of 0"}
    ]
    assert "Set apart: sex Other 1 (target of 0)" in check.summary()


def test_people_of_unknown_category_are_set_apart():
    frame = people()
    frame.loc[0, "age"] = "Prefer not to say"
    frame.loc[1:2, "age"] = None
    check = quiet(frame, MARGINS)
    row = check.variables.set_index("variable").loc["age"]
    assert (row["n"], row["n_unknown"]) == (57, 3)
    assert set(check.set_apart["category"]) == {"Prefer not to say", "(missing)"}


def test_small_cells_are_warned_of():
    with pytest.warns(SmallCellWarning, match="read the exact p-values"):
        check_margins({"v": {"a": 1, "b": 5}}, {"v": {"a": 0.1, "b": 0.9}})


def test_what_was_not_compared_is_said():
    check = quiet(people(), MARGINS[MARGINS["variable"] == "age"])
    assert "not compared, in the panel only: 'gender'" in check.notes
    assert "Not compared, in the panel only: 'gender'." in check.summary()


def test_without_drawing_a_test_of_too_many_tables_is_not_made():
    panel = {"v": {"a": 200, "b": 210, "c": 190, "d": 205}}
    population = {"v": dict.fromkeys("abcd", 0.25)}
    without = check_margins(panel, population, n_resamples=0)
    assert without.n_resamples == 0
    row = without.variables.iloc[0]
    assert math.isnan(row["p_exact"])
    assert "chi-square p" in row["reading"]
    drawn = check_margins(panel, population, n_resamples=999, seed=1)
    assert drawn.variables["exact_method"].iloc[0] == "Monte Carlo"
    assert "999 tables drawn with seed 1" in drawn.methods_text()


def test_one_category_is_nothing_to_test():
    row = quiet({"v": {"a": 5}}, {"v": {"a": 1.0}}).variables.iloc[0]
    assert row["tvd"] == 0
    assert math.isnan(row["p_value"])
    assert "nothing to test" in row["reading"]


def test_readings_say_whether_chance_explains_it():
    big = check_margins(
        {"sex": {"M": 153, "F": 323}, "area": {"u": 240, "r": 236}},
        {"sex": {"M": 0.496, "F": 0.504}, "area": {"u": 0.5, "r": 0.5}},
    )
    readings = dict(zip(big.variables["variable"], big.variables["reading"], strict=True))
    assert "more than chance explains (exact p < 0.001, after Holm p < 0.001)" in readings["sex"]
    assert "Chance alone could explain it" in readings["area"]
    assert "a gap below 6 points" in readings["area"]  # 2.8016 * sqrt(0.25 / 476) = 6.4 points
    assert "More than chance explains, after Holm: sex." in big.summary()


def test_detectable_gap_of_the_jury():
    # 23 people, share one half: about 20 points significant, about 29 found with 80 % power
    row = quiet({"v": {"a": 11, "b": 12}}, {"v": {"a": 0.5, "b": 0.5}}).variables.iloc[0]
    assert row["significant_gap"] == pytest.approx(0.2043, abs=5e-5)
    assert row["detectable_gap"] == pytest.approx(0.2921, abs=5e-5)


def test_quota_variables_are_read_against_their_own_lottery():
    from dmpkit.representativeness.lottery import simulate_lottery

    pool = pd.DataFrame({"age": ["young"] * 30 + ["old"] * 70})
    lottery = simulate_lottery(pool, None, 10, variables=["age"], n_draws=2000, seed=1)
    panel, target = {"age": {"young": 5, "old": 5}}, {"age": {"old": 0.5, "young": 0.5}}
    check = quiet(panel, target, quota_variables=["age"], lottery=lottery)
    row = check.variables.iloc[0]
    assert row["p_lottery"] == 1.0  # no panel can be nearer than one that matches
    drawn = lottery.counts("age")[:, list(lottery.variable("age").categories).index("young")]
    assert row["lottery_tvd"] == pytest.approx(np.abs(drawn / 10 - 0.5).mean(), rel=1e-12)
    assert "The lottery itself misses by" in row["reading"]
    assert "simulated lottery" in check.methods_text()
    far = quiet({"age": {"young": 10}}, target, quota_variables=["age"], lottery=lottery)
    as_far = int(((drawn == 0) | (drawn == 10)).sum())
    assert far.variables["p_lottery"].iloc[0] == (as_far + 1) / 2001


# --- views -----------------------------------------------------------------------------


def test_views(tmp_path):
    check = quiet(people(), MARGINS, quota_variables=["age"])
    assert check.report(tmp_path / "check.html").read_text().count("<h1>") == 1
    check.to_excel(tmp_path / "check.xlsx")
    assert len(check.indicators()) == 2
    assert all(math.isnan(i.low) for i in check.indicators())
    assert "<table" in check._repr_html_()
    assert repr(check).startswith("60 people against the population in 2 variables.")


def test_twelve_variables_of_150_people_take_less_than_two_seconds():
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({f"v{i}": rng.choice(list("abcde"), 150) for i in range(12)})
    margins = {f"v{i}": dict.fromkeys("abcde", 0.2) for i in range(12)}
    quiet(frame, margins)
    start = time.process_time()
    quiet(frame, margins)
    assert time.process_time() - start < 4  # twice the bound: shared machines


def test_numpy_numbers_are_numbers():
    check = quiet({"v": {"a": np.int64(5), "b": np.int32(6)}}, {"v": {"a": np.float32(0.5),
                  "b": 0.5}}, level=np.float64(0.1))  # fmt: skip
    assert check.variables["n"].iloc[0] == 11


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"population": None}, "nothing to compare with"),
        ({"population": {"sex": {"woman": 0.5, "man": 0.5}}}, "no variable in common"),
        ({"variables": ["agee"]}, "'age'"),
        ({"quota_variables": ["Age"]}, "differs from 'age' only in upper and lower case"),
        ({"level": 95}, "at most 0.5"),
        ({"level": 0.95}, "at most 0.5"),
        ({"target": {"gender": {"woman": 0.5, "man": 0.4, "x": 0.1}}}, "'x' of the target"),
        ({"target": {"gender": {"woman": 1.0}}}, "'man' of the panel"),
        ({"population": MARGINS.assign(count=10)}, "population only 20"),
    ],
)
def test_what_cannot_be_compared_is_refused(arguments, words):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SharesWarning)
        if "population" in arguments and isinstance(arguments["population"], pd.DataFrame):
            arguments = {"population": arguments["population"].iloc[:2]}
        with pytest.raises(DataError, match=words):
            check_margins(people(), **{"population": MARGINS, **arguments})


def test_a_confidence_level_is_answered_with_the_significance_level_it_stands_for():
    with pytest.raises(DataError, match=r"Give 0\.1, for tests at 10 % and intervals of 90 %"):
        check_margins({"sex": {"F": 3, "M": 2}}, {"sex": {"F": 0.5, "M": 0.5}}, level=0.9)
    with pytest.raises(DataError, match=r"Give 0\.05, for tests at 5 %"):
        check_margins({"sex": {"F": 3, "M": 2}}, {"sex": {"F": 0.5, "M": 0.5}}, level=-1)


def test_people_left_out_of_the_counts_of_one_variable_are_told():
    panel = {"sex": {"F": 30, "M": 20}, "age": {"young": 21, "old": 22}}
    targets = {"sex": {"F": 0.5, "M": 0.5}, "age": {"young": 0.5, "old": 0.5}}
    check = check_margins(panel, targets, n_resamples=0)
    assert check.set_apart[["variable", "category", "count"]].to_numpy().tolist() == [
        ["age", "(not counted)", 7]
    ]
    assert check.variables.set_index("variable")["n_unknown"].to_dict() == {"sex": 0, "age": 7}
