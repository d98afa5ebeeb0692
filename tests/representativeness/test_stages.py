"""Stage flow against the reference, against printed panels, and what is refused."""

from __future__ import annotations

import json
import math
from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings

from dmpkit.errors import DataError
from dmpkit.representativeness.analysis import analyse
from dmpkit.representativeness.data import Population
from dmpkit.representativeness.stage_steps import gap_contributions, group_rate_test, rate_ratio
from dmpkit.representativeness.stages import _GROUP_COLUMNS, _empty, stage_flow

REFERENCE = Path(__file__).parents[1] / "reference" / "representativeness"
STAGES = ["invited", "responded", "selected", "attended", "completed"]
VARIABLES = ["gender", "age", "edu", "region", "tenure"]
#: Closed forms in another order of operations.
RTOL = 1e-8


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "recruitment_frame.csv")


@pytest.fixture(scope="module")
def expected() -> dict:
    return json.loads((REFERENCE / "stage_flow.json").read_text())


@pytest.mark.parametrize("kind", [lambda f: f, pl.from_pandas], ids=["pandas", "polars"])
def test_every_number_of_the_reference(frame, expected, kind):
    flow = stage_flow(kind(frame), stages=STAGES, variables=VARIABLES, person="person")
    stages = flow.stages.set_index("stage")
    groups = flow.groups.set_index(["stage", "variable", "category"])["rate"]
    tests = flow.differences.set_index(["stage", "variable"])
    tvd = flow.distances.set_index(["stage", "variable"])["tvd"]
    for stage in STAGES:
        want, row = expected[stage], stages.loc[stage]
        assert row["continued"] + row["left"] == want["from_n"]
        assert row["n"] == want["to_n"]
        np.testing.assert_allclose(row["rate"], want["rate"], rtol=RTOL)
        np.testing.assert_allclose([row["low"], row["high"]], want["wilson"], rtol=RTOL)
        for variable, numbers in want["variables"].items():
            for category, rate in numbers["rates"].items():
                np.testing.assert_allclose(groups[stage, variable, category], rate, rtol=RTOL)
            got = tests.loc[(stage, variable)]
            for name, key in (
                ("chi2", "chi2"),
                ("p_value", "p"),
                ("cramers_v", "cramers_v"),
                ("rate_ratio", "adverse_impact_ratio"),
            ):
                np.testing.assert_allclose(
                    got[name], numbers[key], rtol=RTOL, atol=1e-12, err_msg=f"{stage} {variable}"
                )
            np.testing.assert_allclose(
                tvd[stage, variable], numbers["tvd_vs_population"], rtol=RTOL
            )


def test_quota_variables_have_no_interval_and_no_test(frame):
    flow = stage_flow(frame, STAGES, VARIABLES, quota_variables=["age", "gender"])
    at = flow.differences.set_index(["stage", "variable"])
    for name in ("chi2", "p_value", "cramers_v", "low", "high"):
        assert math.isnan(at.loc[("selected", "age"), name])
        assert not math.isnan(at.loc[("responded", "age"), name])
        assert not math.isnan(at.loc[("selected", "region"), name])
    assert "no interval and no test" in at.loc[("selected", "age"), "note"]
    own = flow.groups[(flow.groups["stage"] == "selected") & flow.groups["quota"]]
    assert set(own["variable"]) == {"age", "gender"}
    assert own[["low", "high"]].isna().all(axis=None)
    assert own["rate"].notna().all()
    assert math.isnan(flow.stages.set_index("stage").loc["selected", "low"])
    assert "the quotas set these rates" in flow.summary()
    assert "set and not sampled" in flow.methods_text()
    with pytest.raises(DataError, match="quota variable 'Age' is not among"):
        stage_flow(frame, STAGES, VARIABLES, quota_variables=["Age"])
    with pytest.raises(DataError, match="no stage 'drawn'"):
        stage_flow(frame, STAGES, VARIABLES, quota_variables=["age"], selection_stage="drawn")


def test_variables_that_are_not_named(frame):
    flow = stage_flow(frame, STAGES, person="person")
    assert set(flow.variables) == {*VARIABLES, "hh_size"}
    population = Population.from_microdata(frame[["edu", "age"]])
    assert set(stage_flow(frame, STAGES, population=population).variables) == {"edu", "age"}


def test_the_parts_of_a_gap_sum_to_it(frame):
    flow = stage_flow(frame, STAGES, VARIABLES)
    last = flow.composition[flow.composition["stage"] == "completed"]
    gaps = last.set_index(["variable", "category"])["gap"]
    sums = flow.decomposition.groupby(["variable", "category"])["added"].sum()
    for key, gap in gaps.items():
        assert sums[key] == pytest.approx(gap, abs=1e-15)
    assert len(flow.decomposition) == 5 * len(gaps)


def test_with_a_population_those_listed_are_a_stage_of_their_own(frame):
    population = Population.from_microdata(frame[["age", "edu"]])
    invited = frame[frame["invited"] == 1]
    flow = stage_flow(invited, STAGES[1:], ["age", "edu"], population=population, base="invited")
    whole = stage_flow(frame, STAGES, ["age", "edu"])
    assert flow.flow.stages == tuple(STAGES)
    pd.testing.assert_frame_equal(
        flow.decomposition.reset_index(drop=True), whole.decomposition.reset_index(drop=True)
    )
    same = stage_flow(invited, STAGES, ["age", "edu"], population=population)
    assert same.flow.stages == tuple(STAGES)
    assert same.flow.reference_name == "population"


def people() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "person": [f"p{i}" for i in range(1, 9)],
            "sex": ["F", "M"] * 4,
            "responded": 1,
            "selected": [1, 1, 1, 1, 0, 0, 0, 0],
            "attended": [1, 1, 1, 0, 0, 0, 0, 0],
        }
    )


def test_broken_order_names_the_persons():
    broken = people()
    broken.loc[[4, 6], "attended"] = 1
    stages = ["responded", "selected", "attended"]
    with pytest.raises(DataError, match=r"persons p5, p7 reached 'attended' without 'selected'"):
        stage_flow(broken, stages, ["sex"])
    added = stage_flow(broken, stages, ["sex"], late_joiners="add")
    row = added.stages.set_index("stage").loc["attended"]
    assert (row["n"], row["joined"], row["continued"], row["rate"]) == (5, 2, 3, 0.75)
    rates = added.groups[added.groups["stage"] == "attended"].set_index("category")["continued"]
    assert rates.to_dict() == {"F": 2, "M": 1}
    shares = added.composition.query("stage == 'attended'").set_index("category")["share"]
    assert shares["F"] == 4 / 5
    assert "p5, p7" in added.summary()
    left = stage_flow(broken, stages, ["sex"], late_joiners="leave_out")
    assert left.stages.set_index("stage").loc["attended", "n"] == 3
    assert "left out" in left.summary()


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        ({"attended": [1, None, 0, 0, 0, 0, 0, 0]}, {}, r"column attended: .*empty for person p2"),
        ({"attended": [2, 0, 0, 0, 0, 0, 0, 0]}, {}, r"column attended: The flag '2' is neither"),
        ({"person": ["p1"] * 8}, {}, r"'p1' stands twice"),
        ({"sex": None}, {}, r"column sex: .*no known value"),
        ({"sex": ["f", "M"] * 4}, {"population": {"sex": {"F": 1, "M": 1}}}, r"'f'.*upper and low"),
        ({}, {"stages": []}, r"No stages are named"),
        ({}, {"stages": ["selected", "selected"]}, r"named twice"),
        ({}, {"stages": ["selected", "completed"]}, r"Column 'completed' is missing"),
        ({}, {"late_joiners": "keep"}, r"late_joiners is 'keep'"),
        ({}, {"level": 95}, r"level is 95"),
        ({}, {"variables": ["gender"]}, r"Column 'gender' is missing"),
    ],
)
def test_bad_lists_of_persons(change, options, message):
    given = {"stages": ["responded", "selected", "attended"], "variables": ["sex"]} | options
    with pytest.raises(DataError, match=message):
        stage_flow(people().assign(**change), **given)


def test_flags_in_other_words():
    words = people().assign(attended=["Yes", "yes", "TRUE", "no", "No", "0", "false", "n"])
    plain = stage_flow(people(), ["responded", "selected", "attended"], ["sex"])
    other = stage_flow(words, ["responded", "selected", "attended"], ["sex"])
    pd.testing.assert_frame_equal(plain.stages, other.stages)
    flags = people().astype({"selected": bool, "responded": bool})
    other = stage_flow(flags, ["responded", "selected", "attended"], ["sex"])
    pd.testing.assert_frame_equal(plain.stages, other.stages)


def test_unknown_categories_are_counted_apart():
    some = people().assign(sex=["F", "M", "prefer not to say", "M", "F", None, "F", "M"])
    flow = stage_flow(some, ["responded", "selected", "attended"], ["sex"])
    row = flow.distances.set_index("stage").loc["responded"]
    assert (row["n"], row["unknown"]) == (6, 2)


def test_sessions_of_persons():
    came = people().assign(s1=[1, 1, 0, 1, 0, 0, 0, 0], s2=[1, 0, 1, None, 0, 0, 0, 0])
    flow = stage_flow(came, ["responded", "selected"], ["sex"], sessions=["s1", "s2"])
    assert flow.attendance.to_numpy().tolist() == [
        ["s1", 4, 4, 3, 0.75],
        ["s2", 4, 3, 2, 2 / 3],
    ]
    assert flow.attended.people["people"].tolist() == [0, 2, 1]
    assert "not fully recorded" in flow.summary()
    assert "has no interval" in flow.methods_text()
    with pytest.raises(DataError, match=r"without being in 'selected': p5"):
        stage_flow(came.assign(s1=1), ["responded", "selected"], ["sex"], sessions=["s1"])
    with pytest.raises(DataError, match="No sessions were given"):
        _ = stage_flow(people(), ["responded", "selected"], ["sex"]).attendance


def jersey() -> pd.DataFrame:
    """Jersey assisted dying citizens' jury, final report 2021, section 2.3."""
    rows = []
    for variable, cells in {
        "sex": [("Male", 49.6, 153, 11), ("Female", 50.4, 323, 12), ("Other", 0, 1, 0)],
        "age": [("16-29", 19.9, 76, 4), ("30-44", 25.4, 132, 7), ("45-64", 34.3, 179, 6),
                ("65+", 20.4, 90, 6)],
        "area": [("Urban", 35, 165, 8), ("Rural", 43, 207, 10), ("Semi", 22, 102, 5)],
    }.items():  # fmt: skip
        for category, percent, responded, selected in cells:
            rows.append(("population", variable, category, percent, None))
            rows.append(("responded", variable, category, None, responded))
            rows.append(("selected", variable, category, None, selected))
    return pd.DataFrame(rows, columns=["stage", "variable", "category", "percent", "count"])


TOTALS = {"invited": 4600, "responded": 477, "selected": 23}


@pytest.mark.parametrize("kind", [lambda f: f, pl.from_pandas], ids=["pandas", "polars"])
def test_printed_counts_of_jersey(kind):
    flow = stage_flow(kind(jersey()), ["invited", "responded", "selected"], totals=TOTALS)
    rows = flow.stages.set_index("stage")
    assert rows.loc["responded", "rate"] == 477 / 4600
    assert rows.loc["selected", "rate"] == 23 / 477
    # the selection repairs what self-selection bent
    female = flow.decomposition.query("category == 'Female'").set_index("stage")["added"]
    assert female["responded"] == pytest.approx(323 / 477 - 0.504, abs=1e-12)
    assert female["selected"] == pytest.approx(12 / 23 - 323 / 477, abs=1e-12)
    tvd = flow.distances.set_index(["stage", "variable"])["tvd"]
    # 0.107217: research note on this panel, section 2.4, printed to six digits
    assert tvd["selected", "age"] == pytest.approx(0.107217, abs=5e-7)
    assert "responded" not in set(flow.groups["stage"])  # nobody knows who was invited
    assert "category not known: area 3" in flow.summary()
    assert flow.distances.set_index(["stage", "variable"]).loc[("responded", "area"), "n"] == 474


def test_totals_may_stand_in_the_table():
    more = pd.DataFrame([("invited", None, None, None, 4600)], columns=jersey().columns)
    flow = stage_flow(pd.concat([more, jersey()]), ["invited", "responded", "selected"])
    assert flow.stages["n"].tolist() == [4600, 477, 23]


def counts(**stages: dict[str, float]) -> pd.DataFrame:
    return pd.DataFrame(
        [(s, "sex", c, x) for s, cells in stages.items() for c, x in cells.items()],
        columns=["stage", "variable", "category", "count"],
    )


def test_substitutes_of_printed_counts():
    table = counts(first={"F": 21, "M": 20}, second={"F": 28, "M": 27})
    with pytest.raises(DataError, match=r"'second' has 55 people, 'first' before it 41.*late_join"):
        stage_flow(table, ["first", "second"])
    flow = stage_flow(table, ["first", "second"], late_joiners={"second": 16})
    row = flow.stages.iloc[1]
    assert (row["joined"], row["continued"], row["rate"]) == (16, 39, 39 / 41)
    assert flow.groups.empty
    with pytest.raises(DataError, match="late_joiners names 'third'"):
        stage_flow(table, ["first", "second"], late_joiners={"third": 16})
    with pytest.raises(DataError, match="56 joined at 'second', which has 55"):
        stage_flow(table, ["first", "second"], late_joiners={"second": 56})
    with pytest.raises(DataError, match="cannot be seen from counts"):
        stage_flow(table, ["first", "second"], late_joiners="add")


def test_percentages_become_counts_only_where_they_can_be_nothing_else():
    table = pd.DataFrame(
        [("selected", "g", "F", 48), ("selected", "g", "M", 52), ("selected", "e", "W", 93),
         ("selected", "e", "D", 7), ("completed", "g", "F", 52), ("completed", "g", "M", 48),
         ("completed", "e", "W", 92), ("completed", "e", "D", 8)],
        columns=["stage", "variable", "category", "percent"],
    )  # fmt: skip
    flow = stage_flow(table, ["selected", "completed"], totals={"selected": 70, "completed": 66})
    assert ("selected", "g") not in flow.flow.counts  # 33/70 is 47, 34/70 is 49 per cent
    assert flow.flow.counts["selected", "e"].tolist() == [65, 5]
    assert flow.flow.counts["completed", "e"].tolist() == [61, 5]
    assert set(flow.groups["variable"]) == {"e"}
    without = stage_flow(table, ["selected", "completed"])
    assert not without.flow.counts
    assert without.composition["share"].tolist()[0] == 0.48


def test_what_is_not_printed_is_not_nothing():
    table = pd.DataFrame(
        [("target", "d", "None", 28), ("a", "d", "None", 26), ("a", "d", "Student", 13),
         ("b", "d", "None", 26), ("b", "d", "Student", 12), ("b", "d", "Bac", 62)],
        columns=["stage", "variable", "category", "percent"],
    )  # fmt: skip
    with pytest.raises(DataError, match=r"sum to 28 %"):
        stage_flow(table, ["a", "b"], population="target")
    flow = stage_flow(table, ["a", "b"], population="target", rest="not printed")
    at = flow.composition.set_index(["stage", "category"])
    assert at.loc[("a", "None"), "gap"] == pytest.approx(-0.02)
    assert math.isnan(at.loc[("a", "Bac"), "share"])
    assert math.isnan(at.loc[("b", "Student"), "gap"])
    assert flow.distances["tvd"].isna().all()
    assert "No distance" in flow.summary()
    assert flow.section().figures


@pytest.mark.parametrize(
    ("table", "options", "message"),
    [
        (counts(a={"F": 5, "M": 5}, b={"F": 6, "M": 2}), {}, r"'b' has 6 people of 'F', 'a'"),
        (counts(a={"F": 5, "M": 5}, b={"F": 5.5, "M": 2}), {}, r"row 4, .*5\.5 is not a whole"),
        (counts(a={"F": 5, "M": -5}, b={"F": 5, "M": 2}), {}, r"row 3.*negative"),
        (counts(a={"F": 5, "M": 5}, b={"F": 5, "m": 2}), {}, r"broken|'m'|not printed"),
        (counts(a={"F": 5, "M": 5}), {}, r"no stage 'b'"),
        (counts(a={"F": 5, "M": 5}, b={"F": 5, "M": 2}), {"totals": {"a": 9}}, r"more than the st"),
        (counts(a={"F": 5, "M": 5}, b={"F": 5}), {"totals": {"b": 7}}, r"may be 0 or not known"),
        (counts(a={"F": 5, "M": 5}, b={"F": 0, "M": 0}), {}, r"nobody is counted"),
        (counts(a={"F": 5, "M": 5}, b={"F": 5}), {"variables": ["sexx"]}, r"closest is 'sex'"),
        (counts(a={"F": 5, "M": 5}, b={"F": 5}), {"population": {"sex": {"f": 1, "M": 1}}},
         r"Category 'F' of a stage"),
        (pd.concat([counts(a={"F": 5}), counts(a={"F": 5}, b={"F": 1})]), {}, r"stands twice"),
        (counts(a={"F": 5, "M": 5}, b={"F": 5}), {"sessions": {"s": 6}, "session_base": 5},
         r"6 people are counted, of 5"),
        (counts(a={"F": 5, "M": 5}, b={"F": 5}), {"sessions": ["s"]}, r"are not columns"),
        (counts(a={"F": 5, "M": 5}, b={"F": 5}), {"sessions": {"s": 6}}, r"could attend is not kn"),
    ],
)  # fmt: skip
def test_bad_printed_counts(table, options, message):
    with pytest.raises(DataError, match=message):
        stage_flow(table, ["a", "b"], **options)


def test_printed_attendance():
    """Blackburn with Darwen climate jury, report 2022: present at eight sessions, of 27."""
    came = dict(zip(range(1, 9), (26, 27, 25, 27, 26, 24, 24, 25), strict=True))
    table = counts(selected={"F": 16, "M": 16})
    flow = stage_flow(table, ["selected"], sessions=came, session_base=27)
    assert flow.attendance["share"].tolist() == [x / 27 for x in came.values()]
    assert "24 to 27 of 27" in flow.summary()


def test_steps():
    assert group_rate_test([3, 4], [3, 4]).note == "everybody went on"
    assert group_rate_test([3, 4], [0, 0]).note == "nobody went on"
    assert group_rate_test([3, 0], [2, 0]).note == "there is only one group to compare"
    with pytest.raises(DataError, match="Group 2 has 5 people after"):
        group_rate_test([3, 4], [3, 5])
    got = rate_ratio(10, 40, 20, 40)
    # Katz: SE = sqrt(1/10 - 1/40 + 1/20 - 1/40) = sqrt(0.1), z = 1.959964
    half = 1.959963984540054 * math.sqrt(0.1)
    assert (got.low, got.high) == pytest.approx((0.5 * math.exp(-half), 0.5 * math.exp(half)))
    assert rate_ratio(0, 4, 2, 4).value == 0
    assert math.isnan(rate_ratio(0, 4, 0, 4).value)
    assert math.isnan(rate_ratio(0, 0, 2, 4).value)
    assert math.isnan(rate_ratio(4, 4, 4, 4).low)
    assert gap_contributions([[0.5, 0.5], [0.2, 0.8], [0.4, 0.6]]).sum(axis=0) == pytest.approx(
        [-0.1, 0.1]
    )


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 3)), min_size=4, max_size=30),
       st.randoms())  # fmt: skip
def test_order_and_labels_change_nothing(rows, random):
    def made(given_rows, names):
        table = pd.DataFrame(given_rows, columns=["v", "reached"]).replace({"v": names})
        for place, stage in enumerate(("one", "two", "three"), start=1):
            table[stage] = (table["reached"] >= place).astype(int)
        return stage_flow(table, ["one", "two", "three"], ["v"])

    plain = made(rows, {})
    random.shuffle(rows)
    names = {"a": "zz", "b": "mm", "c": "aa"}
    moved = made(rows, names)
    numbers = ["n", "continued", "joined", "left", "rate", "low", "high"]
    pd.testing.assert_frame_equal(plain.stages[numbers], moved.stages[numbers])
    for column in ("chi2", "p_value", "cramers_v", "rate_ratio"):
        np.testing.assert_allclose(plain.differences[column], moved.differences[column], atol=1e-12)
    np.testing.assert_allclose(plain.distances["tvd"], moved.distances["tvd"], atol=1e-12)
    parts = plain.decomposition.groupby("category")
    np.testing.assert_allclose(parts["added"].sum(), parts["gap"].last(), atol=1e-14)


def test_stages_equal_to_the_population_add_nothing():
    table = pd.DataFrame({"v": ["a", "b"] * 8, "all": 1, "half": [1, 1, 0, 0] * 4})
    flow = stage_flow(table, ["all", "half"], ["v"])
    assert flow.decomposition["added"].abs().max() == 0
    assert flow.distances["tvd"].abs().max() == 0
    assert flow.differences["chi2"].max() == 0


def test_views(frame, tmp_path):
    flow = stage_flow(frame, STAGES, VARIABLES, person="person", quota_variables=["age"])
    tables = flow.tables(kind="polars")
    assert tables["stages"].height == 6
    assert flow.to_excel(tmp_path / "flow.xlsx").exists()
    assert "Methods" in flow.report(tmp_path / "flow.html").read_text()
    named = {i.name: i for i in flow.indicators()}
    assert math.isnan(named["rate from responded to selected"].low)
    assert named["rate from invited to responded"].n == 700
    assert math.isnan(named["distance of edu at completed"].low)


# --- totals and percentages alone -------------------------------------------------------

LETTERS = pd.DataFrame({"Stage": ["invited", "responded", "selected"], "count": [10_000, 300, 45]})


@pytest.mark.parametrize("kind", [pd.DataFrame, pl.from_pandas])
def test_totals_without_composition_give_rates_and_nothing_more(kind):
    flow = stage_flow(kind(LETTERS), ["invited", "responded", "selected"])
    assert flow.stages["rate"].tolist()[1:] == [0.03, 0.15]
    assert flow.variables == ()
    assert "composition by stage is not assessed" in flow.summary()
    assert "invited 10,000 → responded 300" in flow.section().html
    assert all(len(frame) == 0 for name, frame in flow.frames().items() if name != "stages")


def test_an_analysis_takes_totals_without_composition():
    panel = {"sex": {"W": 23, "M": 22}}
    result = analyse(panel, {"sex": {"W": 0.5, "M": 0.5}}, stages=LETTERS)
    assert result.stages.stages["n"].tolist() == [10_000, 300, 45]
    assert "Stages: invited 10,000" in result.summary()
    assert "stages" not in set(result.not_computed["check"])
    assert [one.title for one in result.sections()]
    shown = analyse(panel, {"sex": {"W": 0.5, "M": 0.5}}, stages=LETTERS, suppress_below=5)
    assert shown.stages.stages["n"].tolist() == [10_000, 300, 45]


def test_totals_that_are_no_numbers_of_people_are_refused():
    broken = LETTERS.assign(count=[10_000, 300.5, 45])
    with pytest.raises(DataError, match="not a number of people") as caught:
        stage_flow(broken, ["invited", "responded", "selected"])
    assert caught.value.row == 3
    with pytest.raises(DataError, match="total of the stage 'invited' stands twice"):
        stage_flow(pd.concat([LETTERS, LETTERS[:1]]), ["invited", "responded", "selected"])


def test_attendance_in_percent_gives_counts_only_where_one_number_fits():
    flow = stage_flow(LETTERS, ["invited", "responded", "selected"],
                      sessions={"day 1": "96 %", "day 2": "100%", "day 3": 40})  # fmt: skip
    assert flow.attendance["attended"].tolist() == [43, 45, 40]
    assert flow.attendance["share"].tolist() == [43 / 45, 1, 40 / 45]
    assert "worked out from percentages" in flow.summary().lower()
    wide = stage_flow(LETTERS, ["invited", "responded"], sessions={"day 1": "50 %"},
                      session_base="responded")  # fmt: skip
    assert wide.attendance["attended"].isna().all()
    assert wide.attendance["share"].tolist() == [0.5]
    alone = stage_flow(LETTERS[:2], ["invited", "responded"], sessions={"a": "91,5 %", "b": "87 %"})
    assert "87.0% to 91.5% of those who could attend" in alone.summary()


@pytest.mark.parametrize("value", ["many", "110 %", "96"])
def test_attendance_that_is_neither_number_nor_percentage_is_refused(value):
    with pytest.raises(DataError, match="neither a number nor a percentage"):
        stage_flow(LETTERS, ["invited", "selected"], sessions={"day 1": value})


def test_p_values_within_a_stage_are_adjusted_for_its_variables():
    people = pd.DataFrame(
        {"invited": 1, "responded": [1] * 60 + [0] * 40, "sex": ["W"] * 45 + ["M"] * 55,
         "age": (["a"] * 6 + ["b"] * 4) * 10, "area": ["n", "s"] * 50}
    )  # fmt: skip
    flow = stage_flow(people, ["invited", "responded"], ["sex", "age", "area"])
    table = flow.differences.set_index("variable")
    assert table["p_value"].idxmin() == "sex"
    assert table.loc["sex", "p_holm"] == pytest.approx(3 * table.loc["sex", "p_value"], rel=1e-12)
    assert "after Holm over the variables tested" in flow.summary()
    alone = stage_flow(people, ["invited", "responded"], ["sex"]).differences
    assert alone["p_holm"].tolist() == alone["p_value"].tolist()


def test_tables_without_rows_keep_the_kinds_of_their_columns():
    kinds = _empty(_GROUP_COLUMNS).dtypes
    assert list(kinds.index) == _GROUP_COLUMNS
    for name, kind in kinds.items():
        words = name in ("from_stage", "stage", "variable", "category")
        assert kind == (object if words else bool if name == "quota" else float), name


def test_a_group_of_whom_nobody_was_left_has_no_rate():
    """Neither 0 nor whatever stood in memory: nobody could go on."""
    people = pd.DataFrame({"g": ["a", "a", "b"], "invited": [1, 1, 1], "responded": [1, 1, 0],
                           "selected": [1, 0, 0]})  # fmt: skip
    groups = stage_flow(people, ["invited", "responded", "selected"], ["g"]).groups
    rates = groups.set_index(["stage", "category"])["rate"]
    assert rates["responded", "b"] == 0
    assert np.isnan(rates["selected", "b"])
    assert rates["selected", "a"] == 0.5
