"""Total rows are refused: they count everybody twice."""

from __future__ import annotations

import pandas as pd
import pytest

from dmpkit.errors import DataError, SharesWarning
from dmpkit.representativeness import Panel, Population


def _frame(kind: str, numbers: list[float], label: str = "Total") -> pd.DataFrame:
    return pd.DataFrame({"variable": "gender", "category": ["woman", "man", label], kind: numbers})


@pytest.mark.parametrize("label", ["Total", "ALL", "sum", "Gesamt", "insgesamt", "Ensemble",
                                   "All persons", "Total population"])  # fmt: skip
def test_a_total_row_of_counts_is_refused(label: str) -> None:
    with pytest.raises(DataError, match="total row counts everybody twice") as caught:
        Population.from_margins(_frame("count", [5100, 4900, 10000], label))
    assert caught.value.row == 4
    assert caught.value.column == "gender"
    assert "Delete this row" in str(caught.value)
    assert label in str(caught.value)


def test_a_total_of_rounded_cells_is_refused() -> None:
    with pytest.raises(DataError, match="total row"):
        Population.from_margins(_frame("count", [5105, 4900, 10000]))


@pytest.mark.parametrize(
    ("kind", "numbers"), [("percent", [51, 49, 100]), ("share", [0.5, 0.5, 1])]
)
def test_a_total_row_of_shares_is_refused_with_its_own_remedy(
    kind: str, numbers: list[float]
) -> None:
    for renormalise in (False, True):
        with pytest.raises(DataError, match="Delete this row") as caught:
            Population.from_margins(_frame(kind, numbers), renormalise=renormalise)
        assert "renormalise" not in str(caught.value)


def test_a_total_may_hold_the_unknown_or_not() -> None:
    for total in (10000, 10200):
        with pytest.raises(DataError, match="'Total'"):
            Population.from_margins(
                {"gender": {"woman": 5100, "man": 4900, "unknown": 200, "Total": total}}
            )


def test_an_exact_sum_without_the_label_is_remarked_upon() -> None:
    with pytest.warns(SharesWarning, match="exactly the sum of the others"):
        Population.from_margins(_frame("count", [5100, 4900, 10000], "adults"))


def test_a_label_without_the_sum_is_remarked_upon() -> None:
    with pytest.warns(SharesWarning, match="reads like a total row"):
        Population.from_margins(_frame("count", [5100, 4900, 12000]))


def test_categories_that_are_none_are_left_in_peace() -> None:
    assert (
        Population.from_margins(_frame("percent", [30, 20, 50], "All")).shares("gender")["All"]
        == 0.5
    )
    assert Population.from_margins(_frame("count", [49, 1, 50], "other")).size == 100
    assert Population.from_margins(_frame("count", [5100, 4900, 1], "Allied")).size == 10001


def test_a_total_row_of_a_panel_is_refused() -> None:
    with pytest.raises(DataError, match="total row") as caught:
        Panel.from_counts(_frame("count", [11, 12, 23]))
    assert caught.value.row == 4
    assert Panel.from_counts(_frame("count", [10, 1, 11], "other")).n == 22


# --- joint tables and records -------------------------------------------------------------

JOINT = pd.DataFrame(
    {"sex": ["F", "F", "M", "M"], "age": ["young", "old"] * 2, "count": [30, 20, 25, 25]}
)


def with_totals(word: str) -> pd.DataFrame:
    """The joint table with the rows of totals that a census table has."""
    by_sex = JOINT.groupby("sex", as_index=False)["count"].sum().assign(age=word)
    by_age = JOINT.groupby("age", as_index=False)["count"].sum().assign(sex=word)
    every = pd.DataFrame({"sex": [word], "age": [word], "count": [100]})
    return pd.concat([JOINT, by_sex, by_age, every], ignore_index=True)


@pytest.mark.parametrize("word", ["Total", "All", "Insgesamt"])
def test_total_rows_of_a_joint_table_are_refused(word):
    assert Population.from_joint(JOINT).size == 100
    with pytest.raises(DataError, match=f"{word!r} of 'sex' is the sum of the others"):
        Population.from_joint(with_totals(word))
    grand = with_totals(word).iloc[[0, 1, 2, 3, 8]]
    with pytest.raises(DataError, match=f"{word!r} of 'sex' is the sum of the others"):
        Population.from_joint(grand)
    shares = with_totals(word).rename(columns={"count": "percent"})
    with pytest.raises(DataError, match="a total row counts everybody twice"):
        Population.from_joint(shares, count="percent")


def test_total_rows_of_weighted_records_are_refused():
    with pytest.raises(DataError, match="'Total' of 'sex' is the sum of the others"):
        Population.from_microdata(with_totals("Total"), ["sex", "age"], weight="count")
    even = pd.DataFrame({"area": ["n"] * 2000 + ["s"] * 1500 + ["w"] * 500})
    assert Population.from_microdata(even).size == 4000  # half of all in one place is no total
