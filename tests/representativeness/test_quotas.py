"""Quotas: what is read, what is refused, and the published case of Brent 2020."""

from __future__ import annotations

import json
from pathlib import Path

import hypothesis.strategies as st
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings

from dmpkit.errors import DataError, ReadingWarning
from dmpkit.representativeness.analysis import analyse
from dmpkit.representativeness.margins import check_margins
from dmpkit.representativeness.quotas import Quotas, quota_attainment, read_quotas

REFERENCE = Path(__file__).parents[1] / "reference" / "representativeness"
#: Brent Climate Assembly 2020, report (Traverse), appendix: quota and attendance at all events.
BRENT = """variable,category,target_min,target_max,count
gender,Female,28,32,25
gender,Male,28,32,28
age,16-18,3,4,3
age,19-24,5,6,5
age,25-34,12,12,9
age,35-44,10,12,15
age,45-54,8,10,9
age,55-64,6,8,9
age,65+,4,4,3
ethnicity,White British/Irish,12,14,12
ethnicity,White other,8,10,5
ethnicity,Asian,15,17,16
ethnicity,Black,10,12,10
ethnicity,Other incl. mixed,6,8,8
area,NW,14,16,12
area,NE,14,16,16
area,SW,14,16,11
area,SE,14,16,14
social_grade,AB,11,14,11
social_grade,C1,17,19,18
social_grade,C2,10,12,15
social_grade,DE,17,19,9
"""


def brent() -> pd.DataFrame:
    from io import StringIO

    return pd.read_csv(StringIO(BRENT)).rename(columns={"target_min": "min", "target_max": "max"})


def two(low: float = 11, high: float = 12) -> pd.DataFrame:
    return pd.DataFrame(
        {"variable": ["g", "g"], "category": ["W", "M"], "min": [low, 11], "max": [high, 12]}
    )


@pytest.mark.parametrize("kind", [pd.DataFrame, lambda f: pl.from_pandas(f)])
def test_brent_as_the_reference(kind):
    """Whole numbers of seats: equal exactly; the rate to 1e-15."""
    expected = json.loads((REFERENCE / "quota.json").read_text())
    table = brent()
    got = quota_attainment(kind(table[["variable", "category", "count"]]), kind(table))
    assert got.n == expected["n"]
    assert got.n_cells == expected["cells"]
    assert got.n_within == expected["cells_within"]
    assert got.share_met == pytest.approx(expected["attainment_rate"], rel=1e-15)
    assert got.shortfall == expected["total_shortfall"]
    assert got.excess == expected["total_excess"]
    rows = got.by_variable.set_index("variable")
    for variable, numbers in expected["by_variable"].items():
        for name, value in numbers.items():
            assert rows.loc[variable, name] == value
    short = {(r.variable, r.category): r.shortfall for r in got.worst.itertuples()}
    for case in expected["worst_shortfall"]:
        assert short[(case["variable"], case["category"])] == case["s"]
    assert (got.worst.iloc[0][["variable", "category"]] == ["social_grade", "DE"]).all()


def test_a_small_panel_cannot_meet_the_minima():
    table = brent()
    got = quota_attainment(table[["variable", "category", "count"]], table)
    least = got.by_variable.set_index("variable")["least_shortfall"]
    assert least["gender"] == 56 - 53
    assert least["age"] == 0
    assert "a matter of size" in got.summary()
    unknown = got.by_variable.set_index("variable")["unknown"]
    assert unknown["ethnicity"] == 2
    assert unknown.dtype.kind in "if"
    assert (unknown.drop("ethnicity") == 0).all()


def test_no_interval_and_the_reason_is_said():
    got = quota_attainment({"g": {"W": 11, "M": 12}}, two())
    assert all(pd.isna(i.low) for i in got.indicators())
    assert "no interval" in got.methods_text()
    assert got.share_met == 1
    assert got.worst.empty
    assert "fall short" not in got.summary()


def test_read_targets_and_names_of_other_programs(tmp_path):
    path = tmp_path / "features.csv"
    path.write_text("feature,value,min,max\ngender,Woman,5,6\ngender,Man,5,6\n")
    with pytest.warns(ReadingWarning, match=r"features.csv.*'feature' as 'variable'"):
        quotas = read_quotas(path)
    assert quotas.variables == ("gender",)
    path.write_text("category,name,min,max\ngender,Woman,5,6\ngender,Man,5,6\n")
    with pytest.warns(ReadingWarning, match="'name' as 'category'"):
        assert read_quotas(path).frame["category"].tolist() == ["Woman", "Man"]
    path.write_text("variable,category,target\nage,16-34,10.4\nage,35+,13\n")
    assert read_quotas(path).frame[["min", "max"]].to_numpy().tolist() == [[10, 11], [13, 13]]
    path.write_text("variable,category,target\nage,16-34,40\nage,35+,60\n")
    frame = read_quotas(path, target_unit="percent", seats=23).frame
    assert frame[["min", "max"]].to_numpy().tolist() == [[9, 10], [13, 14]]
    path.write_text("variable,category,target\nimd,1,4\nimd,2,6\n")
    assert read_quotas(path).frame["category"].tolist() == ["1", "2"]


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        ({"min": [-1, 11]}, {}, r"row 2, column min.*negative"),
        ({"max": [12.5, 12]}, {}, r"row 2, column max.*not whole"),
        ({"min": [13, 11]}, {}, r"row 2.*minimum 13 is above the maximum 12"),
        ({"min": [None, 11]}, {}, r"row 2, column min.*missing"),
        ({"min": ["ten", 11]}, {}, r"row 2, column min.*'ten' is not a number"),
        ({"category": ["W", "W"]}, {}, r"row 3.*'W' stands twice"),
        ({"category": ["W", None]}, {}, r"row 3, column category.*empty"),
        ({}, {"seats": 25}, r"No panel of 25 .* allow at most 24"),
        ({}, {"seats": 21}, r"No panel of 21 .* need at least 22"),
    ],
)
def test_broken_quotas_are_refused(change, options, message):
    with pytest.raises(DataError, match=message):
        Quotas.from_frame(two().assign(**change), **options)


def test_targets_that_look_like_shares_are_refused():
    frame = pd.DataFrame({"variable": ["g"] * 2, "category": ["W", "M"], "target": [0.5, 0.5]})
    with pytest.raises(DataError, match=r"look like shares"):
        Quotas.from_frame(frame)
    with pytest.raises(DataError, match=r"number of seats is not given"):
        Quotas.from_frame(frame, target_unit="share")
    with pytest.raises(DataError, match=r"Column 'target' is missing"):
        Quotas.from_frame(frame.drop(columns="target"))


def test_misspelt_extra_and_absent():
    with pytest.raises(DataError, match=r"'woman', which has no quota, and nobody in 'Woman'"):
        quota_attainment(
            {"g": {"woman": 11, "M": 12}},
            two().assign(category=["Woman", "M"]),
        )
    with pytest.warns(ReadingWarning, match=r"no quota for 'Other' \(1\)"):
        got = quota_attainment({"g": {"W": 11, "M": 11, "Other": 1}}, two())
    assert (got.n_cells, got.share_met) == (2, 1.0)
    assert "Other (1)" in got.summary()
    more = pd.concat([two(), two().assign(variable="h")], ignore_index=True)
    with pytest.warns(ReadingWarning, match=r"'h'.*not assessed"):
        got = quota_attainment({"g": {"W": 11, "M": 12}}, more)
    assert got.cells.loc[got.cells["variable"] == "h", "count"].isna().all()
    assert got.n_cells == 2
    assert quota_attainment({"g": {"W": 11, "M": 12}}, more, variables=["g"]).n_cells == 2
    with pytest.raises(DataError, match=r"none of the quota variables 'h'"):
        quota_attainment({"g": {"W": 11, "M": 12}}, more, variables=["h"])
    with pytest.raises(DataError, match=r"There are no quotas on 'G'"):
        quota_attainment({"g": {"W": 11, "M": 12}}, more, variables=["G"])


def test_views(tmp_path):
    table = brent()
    got = quota_attainment(table[["variable", "category", "count"]], table)
    assert got.tables(kind="polars")["cells"]["count"].sum() == got.cells["count"].sum()
    assert "DE" in got.section().html
    assert got.to_excel(tmp_path / "q.xlsx").exists()
    assert "Quota attainment" in got.report(tmp_path / "q.html").read_text()


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(1, 9)), min_size=2,
                max_size=6), st.randoms())  # fmt: skip
def test_order_and_labels_change_nothing(cells, random):
    frame = pd.DataFrame(
        [("v", f"c{i}", min(a, b), max(a, b), n) for i, (a, b, n) in enumerate(cells)],
        columns=["variable", "category", "min", "max", "count"],
    )
    plain = quota_attainment(frame[["variable", "category", "count"]], frame)
    order = list(range(len(frame)))
    random.shuffle(order)
    other = frame.iloc[order].assign(category=[f"x{9 - i}y{i}" for i in range(len(frame))])
    moved = quota_attainment(other[["variable", "category", "count"]], other)
    assert (plain.share_met, plain.shortfall, plain.excess) == (
        moved.share_met,
        moved.shortfall,
        moved.excess,
    )
    inside = frame.assign(count=frame["max"].clip(lower=1), max=frame["max"].clip(lower=1))
    met = quota_attainment(inside[["variable", "category", "count"]], inside)
    assert (met.share_met, met.shortfall, met.excess) == (1.0, 0, 0)


# --- quotas on what a comparison sets apart --------------------------------------------


def council(label: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A panel of 23 with one person of a label, and quotas that give this label no seat."""
    people = pd.DataFrame({"gender": ["Woman"] * 11 + ["Man"] * 11 + [label]})
    wanted = pd.DataFrame(
        {"variable": "gender", "category": ["Woman", "Man", label], "min": [11, 11, 0],
         "max": [12, 12, 0]}
    )  # fmt: skip
    return people, wanted


@pytest.mark.parametrize("label", ["Other", "not stated"])
def test_a_quota_on_a_category_set_apart_counts_its_members(label):
    people, wanted = council(label)
    found = quota_attainment(people, wanted)
    assert (found.n_within, found.n_cells, found.excess) == (2, 3, 1)
    assert found.cells["count"].tolist() == [11, 11, 1]
    assert found.unknown == {"gender": 0}


@pytest.mark.filterwarnings("ignore:Members in categories whose target is 0")
@pytest.mark.parametrize("label", ["Other", "not stated"])
def test_an_analysis_takes_quotas_on_categories_that_are_set_apart(label):
    people, wanted = council(label)
    margins = {"gender": {"Woman": 51, "Man": 49} | ({"Other": 0} if label == "Other" else {})}
    result = analyse(people, margins, quotas=wanted)
    assert result.quotas.excess == 1
    assert result.margins.categories["category"].tolist() == ["Woman", "Man"]
    assert f"'{label}' (asked 0, 1 in the panel)" in result.summary()
    with pytest.raises(DataError, match="Category 'Othr' of the quotas"):
        check_margins(people[:22], margins, quotas=wanted.replace({"category": {label: "Othr"}}))


def test_a_category_that_the_population_lacks_may_be_given_as_0():
    people, wanted = council("Other")
    with pytest.raises(DataError, match="give it the number 0 there"):
        analyse(people, {"gender": {"Woman": 51, "Man": 49}}, quotas=wanted)


def test_quotas_on_people_not_known_are_not_shown_where_small_cells_are_hidden():
    people, wanted = council("not stated")
    hidden = analyse(people, {"gender": {"Woman": 51, "Man": 49}}, quotas=wanted, suppress_below=5)
    assert hidden.quotas.cells["category"].tolist() == ["Woman", "Man"]


@pytest.mark.parametrize("column", ["count", "seats", "Quota"])
def test_seats_under_another_name_are_targets(column):
    people, wanted = council("Other")
    table = wanted[["variable", "category"]].assign(**{column: [11, 12, 0]})
    with pytest.warns(ReadingWarning, match="as 'target'"):
        quotas = Quotas.from_frame(table)
    assert quotas.frame[["min", "max"]].to_numpy().tolist() == [[11, 11], [12, 12], [0, 0]]
    assert quota_attainment(people, quotas).shortfall == 1


def test_quotas_without_a_population_are_sent_to_quota_attainment():
    people, wanted = council("Other")
    with pytest.raises(DataError, match=r"quota_attainment\(panel, quotas\)"):
        analyse(people, None, quotas=wanted)


def test_titles_above_the_table_are_left_and_rows_are_those_of_the_file(tmp_path):
    path = tmp_path / "quotas.csv"
    text = "Seats asked for\n\nvariable,category,min,max\ngender,Woman,10,11\ngender,Man,{},13\n"
    path.write_text(text.format(13), encoding="utf-8")
    assert read_quotas(path).frame["min"].tolist() == [10, 13]
    path.write_text(text.format("many"), encoding="utf-8")
    with pytest.raises(DataError, match="'many' is not a number") as caught:
        read_quotas(path)
    assert caught.value.row == 5


def test_titles_above_a_table_of_stages_are_left(tmp_path):
    from dmpkit.representativeness.analysis_inputs import frame_of

    path = tmp_path / "stages.csv"
    path.write_text("Who came by stage\n\nstage,variable,category,value\ninvited,sex,F,3\n")
    assert frame_of(path, "table of stages")["value"].tolist() == [3]
