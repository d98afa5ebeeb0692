"""Single arguments of the wrong kind end in an error that says what to give."""

import numpy as np
import pandas as pd
import pytest

import dmpkit.representativeness as rep
from dmpkit.errors import DataError, SmallCellWarning
from dmpkit.measures import inequality, proportions

NAN = float("nan")
PEOPLE = pd.DataFrame(
    {
        "sex": ["F", "M"] * 15,
        "age": ["a", "b", "c"] * 10,
        "adults": [1, 2, 3] * 10,
        "invited": 1,
        "selected": [1] * 20 + [0] * 10,
        "came": [1, 0, 1] * 10,
    }
)
SHARES = {"sex": {"F": 0.5, "M": 0.5}, "age": {"a": 0.3, "b": 0.3, "c": 0.4}}
QUOTAS = pd.DataFrame(
    {
        "variable": ["sex", "sex"],
        "category": ["F", "M"],
        "min": [4, 4],
        "max": [6, 6],
    }
)
JOINT = pd.DataFrame(
    [(s, a, 10) for s in "FM" for a in "abc"], columns=["sex", "age", "count"]
)  # fmt: skip
PRINTED = pd.DataFrame(
    {"stage": ["a", "a", "b", "b"], "variable": "s", "category": ["x", "y"] * 2,
     "count": [5, 5, 2, 3]}
)  # fmt: skip
STAGES = ["invited", "selected"]

REFUSED = {
    "level of confidence for level of significance": lambda: rep.check_margins(
        PEOPLE[["sex"]], SHARES, level=0.95
    ),
    "resamples as text": lambda: rep.check_margins(PEOPLE[["sex"]], SHARES, n_resamples="a"),
    "resamples below 0": lambda: rep.check_margins(PEOPLE[["sex"]], SHARES, n_resamples=-5),
    "lottery as text": lambda: rep.check_margins(PEOPLE[["sex"]], SHARES, lottery="x"),
    "variables as number": lambda: rep.check_margins(PEOPLE[["sex"]], SHARES, variables=3),
    "variable None": lambda: rep.check_margins(PEOPLE[["sex"]], SHARES, variables=[None]),
    "infinite count": lambda: rep.exact_multinomial([1, np.inf], [0.5, 0.5]),
    "no resamples": lambda: rep.exact_multinomial([30] * 9, [1] * 9, n_resamples=0),
    "tables as text": lambda: rep.exact_multinomial([3, 4], [1, 1], max_tables="a"),
    "seats as text": lambda: rep.Quotas.from_frame(QUOTAS, seats="abc"),
    "seats missing": lambda: rep.Quotas.from_frame(QUOTAS, seats=NAN),
    "seats 0": lambda: rep.Quotas.from_frame(QUOTAS, seats=0),
    "columns twice": lambda: rep.Quotas.from_frame(
        pd.DataFrame([["s", "a", 1, 1, 2]], columns=["variable", "category", "min", "Min", "max"])
    ),
    "one draw": lambda: rep.simulate_lottery(PEOPLE, QUOTAS, 10, n_draws=1),
    "rule as list": lambda: rep.simulate_lottery(PEOPLE, QUOTAS, 10, rule=["x"]),
    "dropout as list": lambda: rep.simulate_lottery(PEOPLE, QUOTAS, 10, dropout=[0.1, 0.2]),
    "no address": lambda: rep.simulate_lottery(PEOPLE, QUOTAS, 10, household=[]),
    "level as text": lambda: rep.chance_bound(0, 10, level="a"),
    "rules as list": lambda: rep.compare_rules([[0.5, 0.5], [0.4, 0.6]]),
    "response resamples": lambda: rep.r_indicator(PEOPLE, "came", ["sex"], n_resamples=-1),
    "response variables": lambda: rep.r_indicator(PEOPLE, "came", None),
    "response twice": lambda: rep.r_indicator(
        pd.concat([PEOPLE, PEOPLE[["came"]]], axis=1), "came", ["sex"]
    ),
    "invited as text": lambda: rep.r_indicator_from_margins(PEOPLE[["sex"]], SHARES, "x"),
    "one resample": lambda: rep.r_indicator_from_margins(
        PEOPLE[["sex"]], SHARES, 300, n_resamples=1
    ),
    "weights as table": lambda: rep.rake(PEOPLE, SHARES, base_weights=np.ones((30, 2))),
    "tolerance as text": lambda: rep.rake(PEOPLE, SHARES, tolerance="a"),
    "tolerance below 0": lambda: rep.rake(PEOPLE, SHARES, tolerance=-1),
    "no iterations": lambda: rep.rake(PEOPLE, SHARES, max_iterations=0),
    "one bound": lambda: rep.calibrate(PEOPLE, SHARES, method="logit", bounds=(1,)),
    "bounds as text": lambda: rep.calibrate(PEOPLE, SHARES, method="logit", bounds=("a", "b")),
    "infinite bound": lambda: rep.calibrate(PEOPLE, SHARES, method="logit", bounds=(0.3, np.inf)),
    "method as list": lambda: rep.calibrate(PEOPLE, SHARES, method=["linear"]),
    "trimming by text": lambda: rep.rake(PEOPLE, SHARES).trim("a"),
    "mean's level": lambda: rep.rake(PEOPLE, SHARES).estimate([1] * 30, level="a"),
    "infinite value": lambda: rep.rake(PEOPLE, SHARES).estimate([np.inf] * 30),
    "pooling by text": lambda: rep.intersections(
        PEOPLE[["sex", "age"]], rep.Population.from_joint(JOINT), pool_below="a"
    ),
    "stage level": lambda: rep.stage_flow(PEOPLE, STAGES, ["sex"], level="a"),
    "total as text": lambda: rep.stage_flow(PRINTED, ["a", "b"], totals={"a": "ten"}),
    "totals as list": lambda: rep.stage_flow(PRINTED, ["a", "b"], totals=[1, 2]),
    "true share as text": lambda: rep.household_check(
        PEOPLE, adults="adults", population_share="x"
    ),
    "design effect as text": lambda: rep.compare_with_benchmark([1, 2], [3, 4], "x"),
    "survey level": lambda: rep.compare_with_benchmark([1, 2], [3, 4], level="x"),
    "no panel counts": lambda: rep.compare_with_benchmark(None, [3, 4]),
    "survey shares for counts": lambda: rep.compare_with_benchmark([20, 20], [0.3, 0.7]),
    "survey percentages for counts": lambda: rep.compare_with_benchmark([20, 20], [30.5, 69.5]),
    "no Weights": lambda: rep.balance_table(PEOPLE, SHARES, weights=[1] * 30),
    "no weightings": lambda: rep.sensitivity_to_weights(PEOPLE["sex"], {"a": [1] * 30}),
    "no check to draw": lambda: rep.plot_love(3),
    "no margins to draw": lambda: rep.plot_margins(None),
    "no path": lambda: rep.read_population(None),
    "number for a path": lambda: rep.read_quotas(3),
    "joint shares that miss 100": lambda: rep.Population.from_joint(
        JOINT.rename(columns={"count": "percent"}), count="percent"
    ),
    "Goodman of text": lambda: proportions.goodman_intervals(["a"]),
    "Newcombe of text": lambda: proportions.newcombe_difference("1", 3, 1, 3),
    "Newcombe of lists": lambda: proportions.newcombe_difference([1, 2], [3, 4], 1, 3),
    "share of lists": lambda: proportions.share_interval([1, 2], [3, 4]),
    "Holm of text": lambda: proportions.holm(["a"]),
    "adjustment as list": lambda: proportions.adjust([0.1], ["holm"]),
    "binomial shapes": lambda: proportions.exact_binomial_test([1, 2], [3, 4], [0.1, 0.2, 0.3]),
    "base as text": lambda: inequality.entropy([1, 2], base="e"),
    "aversion as text": lambda: inequality.atkinson([1, 2], aversion="x"),
    "floor as text": lambda: inequality.geometric_mean([1, 2], floor="x"),
    "threshold as text": lambda: inequality.share_below([1, 2], "x"),
    "no groups": lambda: inequality.theil_decomposition([1, 2], None),
    "too large to add": lambda: inequality.theil([1e308, 1e308]),
}


@pytest.mark.parametrize("case", list(REFUSED))
def test_what_cannot_be_meant_is_refused(case):
    with pytest.raises(DataError):
        REFUSED[case]()


def test_flat_propensities_have_no_invented_interval():
    flat = rep.r_indicator(PEOPLE.assign(same="x"), "came", ["same"], n_resamples=0)
    assert flat.raw == pytest.approx(1)
    assert np.isnan([flat.standard_error, flat.low, flat.high]).all()
    assert "no interval" in flat.summary()
    assert "95 % interval" not in flat.summary()


def test_a_joint_table_of_shares_counts_nobody():
    percent = [30.5, 19.5, 10.0, 10.0, 15.0, 15.0]
    for name, numbers in (
        ("count", percent),
        ("percent", [30, 20, 10, 10, 15, 15]),
        ("share", [0.3, 0.2, 0.1, 0.1, 0.15, 0.15]),
    ):
        table = JOINT[["sex", "age"]].assign(**{name: numbers})
        population = rep.Population.from_joint(table, count=name)
        assert population.size is None
        assert "read as shares" in population.notes[0]
        assert population.shares("sex")["F"] == pytest.approx(sum(numbers[:3]) / sum(numbers))
        found = rep.intersections(pd.concat([PEOPLE] * 5)[["sex", "age"]], population)
        assert np.isnan(found.crossings["expected_present_finite"]).all()  # 150 of "100" people
    assert rep.Population.from_joint(JOINT).size == 60


def test_one_category_is_not_said_to_agree():
    with pytest.warns(SmallCellWarning):
        check = rep.check_margins({"s": {"a": 3}}, {"s": {"a": 1}})
    assert "not tested, with one category: s" in check.summary()
    assert "no more than chance" not in check.summary()
