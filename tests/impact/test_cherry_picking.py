"""Cherry-picking: the plain table first, exact tests for one process, models for several."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

from dmpkit.errors import DataError, SeparationWarning, SmallSampleWarning
from dmpkit.impact import (
    CherryPicking,
    cherry_picking,
    exact_table_test,
    fit_random_intercept,
    lint_causal_words,
)
from dmpkit.impact.wording import ratio_text
from dmpkit.plotting import alt_text, to_png

REFERENCE = Path(__file__).parents[1] / "reference" / "impact"
CODED = ["cost_high", "challenges_policy", "support"]


def proposals(folder="synthetic-101"):
    return pd.read_csv(REFERENCE / folder / "proposals.csv")


def expected(folder="synthetic-101"):
    return json.loads((REFERENCE / folder / "expected.json").read_text())["cherry"]


def picked(table=None, **options):
    given = {
        "fate": "fate",
        "predictors": CODED,
        "process": "process",
        "already_planned": "already_planned",
        "n_resamples": 199,
        "synthetic": True,
        **options,
    }
    return cherry_picking(proposals() if table is None else table, **given)


@pytest.fixture(scope="module")
def logit():
    return picked(blind=True)


@pytest.fixture(scope="module")
def single():
    return picked(proposals()[:40].assign(process="one"))


# --- the plain table --------------------------------------------------------------------


@pytest.mark.parametrize("folder", ["synthetic-101", "synthetic-102"])
def test_shares_with_and_without_already_planned_are_the_reference(folder):
    shares = picked(proposals(folder)).shares.set_index("which")["share"]
    known = expected(folder)  # ten digits in the file
    assert shares["all"] == pytest.approx(known["share_full_all"], abs=1e-10)
    assert shares["without already planned"] == pytest.approx(
        known["share_full_excluding_already_planned"], abs=1e-10
    )


def test_the_plain_table_counts_every_recommendation_once(logit):
    table = proposals()
    for variable, part in logit.uptake.groupby("variable"):
        assert part["n"].sum() == len(table), variable
        assert part["taken_up"].sum() == (table["fate"] == 2).sum()
    row = logit.uptake.query("variable == 'cost_high' and category == 'yes'").iloc[0]
    own = table[table["cost_high"] == 1]
    assert (row["n"], row["taken_up"]) == (len(own), (own["fate"] == 2).sum())
    assert logit.fates.groupby(["variable", "category"])["count"].sum().tolist() == (
        logit.fates.groupby(["variable", "category"])["n"].first().tolist()
    )
    assert logit.processes["n"].sum() == len(table)
    assert next(iter(logit.frames())) == "uptake"


def test_what_is_not_known_is_never_counted_as_refused():
    table = proposals().astype({"fate": float, "cost_high": float})
    table.loc[[0, 1], "fate"] = np.nan
    table.loc[[5, 6, 7], "cost_high"] = np.nan
    result = picked(table)
    assert result.coded.n_unassessed == 2
    assert result.shares["n"].iloc[0] == len(table) - 2
    gone = result.uptake.query("variable == 'cost_high' and category == '(not coded)'")
    assert gone["n"].tolist() == [3]
    assert (result.fitted.n, result.fitted.n_left_out) == (len(table) - 5, 3)
    assert "2 without a known fate" in result.summary()
    assert "3 with a property not coded" in result.summary()


def test_numbers_with_many_values_are_tabulated_in_thirds():
    rng = np.random.default_rng(1)
    table = pd.DataFrame({"fate": rng.integers(0, 2, 90), "support": rng.uniform(0, 100, 90)})
    uptake = cherry_picking(table, fate="fate", predictors=["support"]).uptake
    assert uptake["n"].tolist() == [30, 30, 30]
    assert uptake["category"].str.contains(" to ").all()


def test_blindness_is_said(logit):
    assert "were coded blind" in logit.summary()
    assert "It was not said" in picked().summary()
    seen = proposals()
    seen["blind"] = ["yes"] * 100 + ["no"] * 35
    result = picked(seen, blind="blind")
    assert "35 of 135 recommendations were coded with the fate known" in result.summary()
    assert "135 of 135" in picked(blind=False).methods_text()


def test_without_the_baseline_the_text_says_what_the_share_cannot_say():
    result = picked(already_planned=None)
    assert "nothing about what is new" in result.summary()
    assert result.shares["which"].tolist() == ["all"]


def test_the_ledgers_words_for_the_baseline():
    table = proposals()
    words = {0: "none", 1: "under_way"}
    table["already_planned"] = table["already_planned"].map(words)
    assert picked(table).shares.equals(picked().shares)
    table.loc[3, "already_planned"] = "unknown"
    which = picked(table).shares.set_index("which")["n"]
    assert which["not known whether planned"] == 1
    table.loc[4, "already_planned"] = "perhaps"
    with pytest.raises(DataError, match="row 6, column already_planned"):
        picked(table)


# --- one process ------------------------------------------------------------------------


def test_one_process_gets_an_exact_test_and_no_model(single):
    assert single.fitted is None
    assert single.coefficients is None
    table = proposals()[:40]
    for row in single.tests.itertuples():
        cells = pd.crosstab(table[row.variable], table["fate"]).to_numpy()
        assert row.p_value == pytest.approx(exact_table_test(cells).p_value, abs=1e-12)
        assert row.note.endswith(f"p of the table by all {cells.shape[1]} fates")
        assert row.p_holm >= row.p_value
    assert "of the table by all fates" in single.summary()
    assert "no model" in single.summary()
    assert "no statement about other processes" in single.summary()
    with pytest.raises(DataError, match="no model"):
        single.plot_forest()


def test_no_process_column_is_one_process():
    result = picked(process=None)
    assert result.processes["process"].tolist() == ["(one process)"]
    assert result.tests is not None


def test_two_by_two_by_hand():
    table = pd.DataFrame({"fate": [0, 0, 0, 1, 1, 1, 1, 0], "cost": list("hhhhllll")})
    row = cherry_picking(table, fate="fate", predictors=["cost"]).tests.iloc[0]
    # high: 1 of 4 taken up, low: 3 of 4; Fisher's test of (3, 1; 1, 3) is 0.4857
    assert row["difference"] == pytest.approx(0.5)
    assert row["odds_ratio"] == pytest.approx(9.0)
    assert row["p_value"] == pytest.approx(34 / 70)


# --- several processes ------------------------------------------------------------------


def agrees(frame, block, tolerance):
    for row in frame.itertuples():
        assert row.coefficient == pytest.approx(block[row.term]["coef"], abs=tolerance)
        assert row.standard_error == pytest.approx(block[row.term]["se"], abs=tolerance)


@pytest.mark.parametrize("folder", ["synthetic-101", "synthetic-102"])
def test_the_tables_hold_the_reference_numbers(folder):
    known, table = expected(folder), proposals(folder)
    logit = picked(table).fitted
    agrees(logit.coefficients, known["logit_cluster_HC1"], 1e-8)
    for row in logit.coefficients.itertuples():  # how many have it; of an amount, all
        values = table[row.term]
        assert row.n == (values.sum() if set(values) <= {0, 1} else len(table)), row.term
    constant = known["logit_cluster_HC1"]["(Intercept)"]
    assert logit.thresholds["coefficient"][0] == pytest.approx(constant["coef"], abs=1e-8)
    with pytest.warns(SmallSampleWarning, match="fewer than 40"):
        mixed = picked(table, errors="random").fitted
    agrees(mixed.coefficients, known["random_intercept_agq15"], 1e-5)
    sd = known["random_intercept_agq15"]["sd_process"]
    assert mixed.process_sd == pytest.approx(sd, abs=1e-5)
    with pytest.warns(SmallSampleWarning, match="fewer than 40"):
        ordinal = picked(table, model="ordinal", errors="random").fitted
    agrees(ordinal.coefficients, known["ordinal_random_intercept_clmm"], 1e-4)
    cut = known["ordinal_random_intercept_clmm"]["1|2"]
    assert ordinal.thresholds["coefficient"][1] == pytest.approx(cut["coef"], abs=1e-4)


def test_ordinal_coefficients_are_polr():
    known = expected()["ordinal_logit_polr"]
    fitted = picked(model="ordinal").fitted
    for row in fitted.coefficients.itertuples():
        assert row.coefficient == pytest.approx(known[row.term]["coef"], abs=1e-7)
    assert fitted.thresholds["term"].tolist() == ["0 | 1", "1 | 2"]
    assert fitted.log_likelihood == pytest.approx(known["loglik"], abs=1e-8)


def test_odds_ratios_are_exponentials_and_intervals_follow_the_p_value(logit):
    frame = logit.coefficients
    for plain, ratio in (
        ("coefficient", "odds_ratio"),
        ("low", "odds_low"),
        ("high", "odds_high"),
    ):
        assert np.exp(frame[plain]).to_numpy() == pytest.approx(frame[ratio].to_numpy())
    inside = (frame["low"] < 0) & (frame["high"] > 0)
    assert (inside == (frame["p_value"] > 0.05)).all()
    assert logit.fitted.inference == "bootstrap"
    assert "Kline & Santos" in logit.methods_text()


def test_t_is_the_other_small_sample_rule():
    from scipy.stats import t

    frame = picked(small_sample="t").coefficients
    size = t.ppf(0.975, 13)
    low = frame["coefficient"] - size * frame["standard_error"]
    assert frame["low"].to_numpy() == pytest.approx(low.to_numpy(), abs=1e-12)
    assert "13 degrees of freedom" in picked(small_sample="t").methods_text()


def test_many_processes_need_no_correction():
    table = proposals()
    table["process"] = [f"M{i % 45}" for i in range(len(table))]
    result = picked(table)
    assert result.fitted.inference == "normal"
    frame = result.coefficients
    low = frame["coefficient"] - 1.959963984540054 * frame["standard_error"]
    assert frame["low"].to_numpy() == pytest.approx(low.to_numpy(), abs=1e-12)


def test_marginal_effects_are_those_of_statsmodels():
    import statsmodels.api as sm

    table = proposals()
    names = [*CODED, "already_planned"]
    place = np.unique(table["process"], return_inverse=True)[1]
    fit = sm.Logit((table["fate"] == 2).astype(int), sm.add_constant(table[names])).fit(
        disp=0, method="newton", tol=1e-12, cov_type="cluster", cov_kwds={"groups": place}
    )
    theirs = fit.get_margeff(at="overall", dummy=True)
    ours = picked().marginal_effects
    assert ours["term"].tolist() == names
    assert ours["effect"].to_numpy() == pytest.approx(theirs.margeff, abs=1e-8)
    assert ours["standard_error"].to_numpy() == pytest.approx(theirs.margeff_se, abs=1e-7)


def test_marginal_effects_over_all_fates_sum_to_nothing():
    frame = picked(model="ordinal").marginal_effects
    assert frame.groupby("term")["effect"].sum().to_numpy() == pytest.approx(np.zeros(4), abs=1e-12)


def test_marginal_effects_of_the_random_intercept_by_simulation():
    with pytest.warns(SmallSampleWarning):
        fitted = picked(errors="random").fitted
    table = proposals()
    x = table[[*CODED, "already_planned"]].to_numpy(float)
    b = fitted.coefficients["coefficient"].to_numpy()
    u = np.random.default_rng(1).normal(0, fitted.process_sd, 20_000)
    change = []
    for value in (0.0, 1.0):
        x[:, 0] = value
        eta = fitted.thresholds["coefficient"][0] + x @ b
        change.append((1 / (1 + np.exp(-(eta[:, None] + u)))).mean())
    ours = fitted.marginal_effects["effect"][0]
    assert ours == pytest.approx(change[1] - change[0], abs=0.003)  # 20,000 draws


def test_words_become_categories_against_the_first():
    table = proposals()
    table["cost"] = np.where(
        table["support"] > 2, "low", np.where(table["cost_high"], "high", "mid")
    )
    result = picked(
        table, predictors=["cost"], already_planned=None, orders={"cost": ["low", "mid", "high"]}
    )
    assert result.coefficients["term"].tolist() == ["cost: mid", "cost: high"]
    assert result.uptake["category"].tolist() == ["low", "mid", "high"]
    assert "cost against low" in result.methods_text()
    turned = picked(table, predictors=["cost"], already_planned=None)
    assert turned.coefficients["term"].tolist() == ["cost: low", "cost: mid"]


def test_fates_in_words_need_an_order():
    table = proposals()
    table["fate"] = table["fate"].map({0: "refused", 1: "in part", 2: "adopted"})
    with pytest.raises(DataError, match="have no order"):
        picked(table)
    order = ["refused", "in part", "adopted"]
    same = picked(table, levels=order)
    assert np.array_equal(same.coefficients["coefficient"], picked().coefficients["coefficient"])
    wide = picked(table, levels=order, taken_up=["in part", "adopted"])
    assert wide.shares["taken_up"].iloc[0] == 79
    with pytest.raises(DataError, match="closest is 'adopted'"):
        picked(table, levels=order, taken_up="adoptd")
    with pytest.raises(DataError, match="'adopted' is not among"):
        picked(table, levels=["refused", "in part"])


# --- what the data cannot bear ----------------------------------------------------------


def test_separation_is_named_and_the_others_stay():
    table = proposals()
    table["outside"] = (np.arange(len(table)) % 11 == 0).astype(int)
    table.loc[table["outside"] == 1, "fate"] = 0
    with pytest.warns((SeparationWarning, SmallSampleWarning)) as caught:
        result = picked(table, predictors=["cost_high", "outside"], already_planned=None)
    assert any("outside" in str(w.message) for w in caught if w.category is SeparationWarning)
    frame = result.coefficients.set_index("term")
    assert frame.loc["outside", "coefficient"] == -np.inf
    assert frame.loc["outside", "odds_ratio"] == 0
    assert np.isnan(frame.loc["outside", "low"])
    rest = picked(table[table["outside"] == 0], predictors=["cost_high"], already_planned=None)
    assert frame.loc["cost_high", "coefficient"] == pytest.approx(
        rest.coefficients["coefficient"][0], abs=1e-6
    )
    assert "outside separates the fates" in result.summary()
    assert "separated" in alt_text(result.plot_forest())


def test_separation_leaves_no_random_intercept_model():
    table = proposals()
    table["outside"] = (np.arange(len(table)) % 11 == 0).astype(int)
    table.loc[table["outside"] == 1, "fate"] = 0
    with warnings.catch_warnings(record=True):
        warnings.simplefilter("always")
        result = picked(
            table, predictors=["cost_high", "outside"], already_planned=None, errors="random"
        )
    assert np.isnan(result.coefficients["coefficient"][0])
    assert "not estimated" in alt_text(result.plot_forest())


def test_too_few_events_and_too_few_processes_are_warned_of():
    table = proposals()
    few = table[table["process"].isin(table["process"].unique()[:5])]
    with pytest.warns(SmallSampleWarning) as caught:
        picked(few)
    said = " ".join(str(w.message) for w in caught)
    assert "events for each of the 4 coefficients (cost_high, challenges_policy" in said
    assert "With 5 processes no bootstrap p-value can fall below 0.0625" in said


def test_predictors_that_say_nothing_are_refused_by_name():
    table = proposals()
    table["cheap"] = 1 - table["cost_high"]
    with pytest.raises(DataError, match="'cheap' follows from the other predictors"):
        picked(table, predictors=["cost_high", "cheap"])
    with pytest.raises(DataError, match="'same' has one and the same value"):
        picked(table.assign(same=3.0), predictors=["cost_high", "same"])


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        ({}, {"fate": "fates"}, "closest column is 'fate'"),
        ({}, {"predictors": ["cost_hihg"]}, "closest column is 'cost_high'"),
        ({}, {"predictors": [], "already_planned": None}, "No predictor"),
        ({}, {"predictors": ["fate"]}, "fate and a predictor at once"),
        ({}, {"predictors": ["support", "support"]}, "'support' stands at positions"),
        ({"fate": 1}, {}, "nothing was picked from"),
        ({"fate": None}, {}, "No recommendation has a fate"),
        ({"process": None}, {}, "row 2, column process"),
        ({"support": np.inf}, {}, "row 2, column support"),
        ({}, {"model": "probit"}, "'probit' is not known"),
        ({}, {"errors": "robust"}, "'robust' is not known"),
        ({}, {"level": 95}, "level is 95"),
        ({}, {"n_resamples": 5}, "too few"),
        ({}, {"seed": -1}, "seed"),
        ({}, {"blind": "blid"}, "'blid' is missing"),
    ],
)
def test_hostile_input_is_refused_in_words(change, options, message):
    with pytest.raises(DataError, match=message):
        picked(proposals().assign(**change), **options)


def test_what_is_no_table():
    with pytest.raises(DataError, match="not a data frame"):
        cherry_picking([1, 2], fate="fate", predictors=["cost"])


# --- views ------------------------------------------------------------------------------


def test_pandas_and_polars_give_the_same():
    table = proposals()
    table["power"] = np.where(np.arange(len(table)) % 3 == 0, "own", "shared")
    table.loc[3, "power"] = None
    options = {"predictors": ["cost_high", "support", "power"]}
    one, other = picked(table, **options), picked(pl.from_pandas(table), **options)
    for name, frame in one.frames().items():
        pd.testing.assert_frame_equal(frame, other.frames()[name])
    assert one.tables(kind="polars")["uptake"].height == len(one.uptake)


def test_numbers_of_numpy_and_text_are_numbers():
    table = proposals()
    text = table.assign(fate=table["fate"].astype(str), support=table["support"].astype(str))
    pd.testing.assert_frame_equal(picked(text).coefficients, picked().coefficients)
    assert picked(level=np.float64(0.95), seed=np.int64(1)).seed == 1


def test_no_causal_word_in_what_the_result_says(logit, single):
    for result in (logit, single, picked(model="ordinal")):
        found = lint_causal_words(result.summary() + "\n" + result.methods_text())
        terms = found[~found["word"].str.lower().isin({"effects"})]  # marginal effects, a term
        assert terms.empty, terms
        assert "associations" in result.summary()


def test_causal_words_are_found_with_line_and_alternative():
    text = "Cost matters.\nHigh cost led to rejection. It did not cause delay; due to haste, no."
    found = lint_causal_words(text)
    assert found["word"].tolist() == ["led to", "cause", "due to"]
    assert found["line"].tolist() == [2, 2, 2]
    assert found["negated"].tolist() == [False, True, False]
    assert found["sentence"][0] == "High cost led to rejection."
    assert lint_causal_words("High cost goes with rejection.").empty
    with pytest.raises(DataError, match="not a text"):
        lint_causal_words(3)


def test_pictures_report_and_workbook(logit, single, tmp_path):
    assert alt_text(logit.plot_forest()).startswith("Synthetic data. Forest plot of 4")
    assert "cost_high yes 26 % of 61" in alt_text(logit.plot_uptake())
    assert to_png(logit.plot_forest())[:4] == b"\x89PNG"
    for name, result in (("several", logit), ("one", single)):
        assert isinstance(result, CherryPicking)
        page = result.report(tmp_path / f"{name}.html").read_text(encoding="utf-8")
        assert page.index("before any model") < page.index("associations")
        result.to_excel(tmp_path / f"{name}.xlsx")
    names = [indicator.name for indicator in logit.indicators()]
    assert "share taken up, without already planned" in names
    assert "odds ratio of cost_high" in names
    assert {indicator.source for indicator in logit.indicators()} == {"synthetic data"}


def test_marginal_effects_of_categories_are_differences_from_the_first():
    table = proposals()
    table["support"] = table["support"].clip(upper=2).map({0: "a few", 1: "half", 2: "most"})
    effects = picked(table, predictors=["support"], already_planned=None).marginal_effects
    # with one property in categories the model gives back the shares themselves
    share = (table["fate"] == 2).groupby(table["support"]).mean()
    assert effects["effect"].to_numpy() == pytest.approx(
        [share["half"] - share["a few"], share["most"] - share["a few"]], abs=1e-9
    )


def test_only_the_named_fates_count_as_taken_up() -> None:
    table = pd.DataFrame({"fate": ["no", "part", "full", "full"] * 2, "cost": ["a", "b"] * 4})
    found = cherry_picking(
        table, fate="fate", predictors=["cost"], levels=["no", "part", "full"], taken_up="part"
    )
    assert found.coded.taken_up.tolist() == [False, True, False, False] * 2
    assert found.coded.taken_up_levels == ("part",)


def test_arguments_of_the_wrong_kind_are_refused() -> None:
    table = pd.DataFrame({"fate": ["no", "yes"] * 4, "cost": [1, 2] * 4})
    with pytest.raises(DataError, match="n_resamples"):
        cherry_picking(table, fate="fate", predictors=["cost"], n_resamples="many")  # type: ignore[arg-type]
    with pytest.raises(DataError, match="predictor"):
        cherry_picking(table, fate="fate", predictors=None)  # type: ignore[arg-type]
    for wrong in ("abc", [[1, 2], [3]]):
        with pytest.raises(DataError, match="whole numbers"):
            exact_table_test(wrong)
    with pytest.raises(DataError, match="n_nodes"):
        fit_random_intercept([[1.0], [2]], [0, 1], [1, 2], n_nodes="x")  # type: ignore[arg-type]


def test_ratios_are_never_0_in_words() -> None:
    found = [ratio_text(r) for r in (0.0, 0.0049, 0.01, 1000.0, 1000.5, float("nan"))]
    assert found == ["0.00", "under 0.01", "0.01", "1000.00", "over 1,000", "–"]


def test_tables_too_many_to_list_are_drawn_with_the_seed():
    table = np.full((6, 7), 9) + np.arange(42).reshape(6, 7) % 5
    first, second = (exact_table_test(table, n_resamples=400, seed=6) for _ in range(2))
    assert first.note == "400 tables drawn with seed 6"
    assert first == second
    assert exact_table_test(table, n_resamples=400, seed=7).note.endswith("seed 7")
