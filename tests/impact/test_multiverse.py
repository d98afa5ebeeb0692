"""The multiverse: every way of counting, its range, and which choice moves it most."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest

from dmpkit.errors import DataError, LedgerWarning
from dmpkit.impact import Multiverse, multiverse
from dmpkit.plotting import alt_text

#: Rival tallies of the 149 measures of the French climate convention, 2021, as printed.
FRENCH = pd.DataFrame(
    {
        "coder": ["government"] * 3 + ["Reporterre"] * 3,
        "status": [
            "already in force",
            "being carried out",
            "not kept",
            "taken up unchanged",
            "changed or weakened",
            "rejected",
        ],
        "count": [75, 71, 3, 15, 55, 79],
        "total": 149,
    }
)
WORDS = {
    "already in force": "implemented",
    "being carried out": "open",
    "not kept": "not implemented",
    "taken up unchanged": "implemented",
    "changed or weakened": "partial",
}


def french(**options):
    return multiverse(FRENCH, count="count", total="total", statuses=WORDS, **options)


def ratings():
    """Three recommendations (A with two parts, B with one, C with none) by two coders."""
    items = ["A", "A1", "A2", "B", "B1", "C"]
    parents = ["", "A", "A", "", "B", ""]
    status = {
        "m": [
            "implemented_in_part",
            "implemented",
            "rejected",
            "implemented",
            "implemented",
            "noted",
        ],
        "n": ["rejected", "rejected", "rejected", "implemented_in_part", "implemented", "received"],
    }
    kept = {"m": [2, 4, None, 4, 4, None], "n": [None, None, None, 1, 3, None]}
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "rec_id": items,
                    "parent_id": parents,
                    "coder": coder,
                    "status": status[coder],
                    "fidelity": pd.array(kept[coder], dtype="Float64"),
                }
            )
            for coder in "mn"
        ],
        ignore_index=True,
    )


def share(result, **choices):
    rows = result.universes
    for choice, option in choices.items():
        rows = rows[rows[choice] == option]
    assert len(rows) == 1
    return rows["share"].iloc[0]


def test_the_french_headlines_side_by_side():
    result = french(headline={"coder": "government"})
    full = {"counting_rule": "as listed", "denominator": "all", "credit": "full only"}
    assert share(result, coder="government", **full) == 75 / 149
    assert share(result, coder="Reporterre", **full) == 15 / 149
    assert result.headline_text().startswith("share implemented: 50.3 % (10.1 % to 96.2 %")
    assert result.range == (15 / 149, 75 / 78)
    assert len(result.universes) == 2 * 3 * 3
    half = share(result, coder="Reporterre", denominator="all", credit="partial counts half")
    assert half == 42.5 / 149
    assert "no confidence interval" in result.summary()
    assert "our own proposal" in result.summary()
    assert "50.3 %" in result.summary()
    assert "10.1 %" in result.summary()


def test_items_whose_status_was_not_published_are_not_guessed():
    later = pd.DataFrame(
        {"coder": ["site, July"], "status": ["already in force"], "count": [75], "total": [149]}
    )
    result = multiverse(later, count="count", total="total", statuses=WORDS)
    by = result.universes.groupby("denominator")["share"].first()
    assert by["all"] == 75 / 149
    assert np.isnan(by["closed"])
    assert np.isnan(by["answered"])
    assert "not published" in result.universes.query("denominator == 'closed'")["note"].iloc[0]
    assert "6 further combinations have no answer" in result.summary()


def test_item_ratings_by_hand():
    result = multiverse(ratings(), parent="parent_id", fidelity="fidelity")
    top = {"coder": "m", "counting_rule": "recommendations"}
    low = {"coder": "m", "counting_rule": "sub-actions"}
    # m on A (in part), B (implemented), C (noted): closed is B alone
    assert share(result, **top, denominator="all", credit="full only") == 1 / 3
    assert share(result, **top, denominator="all", credit="partial counts half") == 1.5 / 3
    assert share(result, **top, denominator="closed", credit="partial counts full") == 1
    assert share(result, **top, denominator="all", credit="by fidelity") == (0.5 + 1) / 3
    # m on A1 (implemented), A2 (rejected), B1 (implemented), C (noted)
    assert share(result, **low, denominator="all", credit="full only") == 2 / 4
    assert share(result, **low, denominator="closed", credit="full only") == 2 / 3
    # n on A (rejected), B (in part), C (received, unanswered)
    other = {"coder": "n", "counting_rule": "recommendations"}
    assert share(result, **other, denominator="answered", credit="partial counts half") == 0.5 / 2
    assert share(result, **other, denominator="all", credit="by fidelity") == 0.25 / 3
    n = result.universes.query("counting_rule == 'sub-actions' and denominator == 'all'")["n"]
    assert set(n) == {4}  # a part and its whole are never added


def test_by_choice_by_hand():
    table = pd.DataFrame(
        {
            "coder": ["a", "a", "b", "b"],
            "status": ["implemented", "partial", "implemented", "rejected"],
            "count": [2, 2, 1, 3],
        }
    )
    result = multiverse(table, count="count", denominators=["all"])
    # a: 0.5, 0.75, 1; b: 0.25 three times
    by = result.by_choice.set_index("choice")
    assert by.loc["coder", "range_of_means"] == pytest.approx(0.5)
    assert by.loc["credit", "range_of_means"] == pytest.approx(0.25)
    assert by.loc["coder", "largest_step"] == pytest.approx(0.75)
    assert by.loc["credit", "largest_step"] == pytest.approx(0.5)
    total = 0.25**2 + 0.5**2 + 3 * 0.25**2  # about the mean of 0.5
    assert by.loc["coder", "variance_share"] == pytest.approx(6 * 0.25**2 / total)
    assert by.loc["credit", "variance_share"] == pytest.approx(2 * 2 * 0.125**2 / total)
    assert by.loc["denominator", "variance_share"] == 0
    assert result.by_choice["choice"].iloc[0] == "coder"
    assert "choice of coder moves it most" in result.summary()


def test_without_any_difference_no_choice_moves_it():
    table = pd.DataFrame({"coder": ["a"], "status": ["implemented"], "count": [3]})
    result = multiverse(table, count="count")
    assert "No choice moves" in result.summary()
    assert result.by_choice["variance_share"].isna().sum() == 2  # denominator and credit


def test_fidelity_that_was_not_assessed_is_never_nought():
    table = ratings()
    table.loc[3, "fidelity"] = pd.NA  # B by m, implemented
    result = multiverse(table, parent="parent_id", fidelity="fidelity")
    own = result.universes.query("coder == 'm' and credit == 'by fidelity'")
    top = own[own["counting_rule"] == "recommendations"]
    assert top["share"].isna().all()
    assert top["note"].str.contains("fidelity of 1 items").all()
    assert own[own["counting_rule"] == "sub-actions"]["share"].notna().all()


def test_coders_who_rated_different_items_are_said():
    table = ratings().drop(index=[11])
    with pytest.warns(LedgerWarning, match="different items"):
        result = multiverse(table, parent="parent_id")
    row = result.universes.query("coder == 'n' and counting_rule == 'recommendations'").iloc[0]
    assert row["n"] == 2
    assert row["note"] == "1 of 3 items not rated by n"


def test_own_credit_and_counting_rules():
    table = ratings().assign(legal=["yes", "no", "no", "yes", "no", "no"] * 2)
    result = multiverse(
        table,
        rules={"legal measures": "legal"},
        credits={"begun counts": {"implemented": 1, "partial so far": 1, "open": 0.25}},
        denominators=["all"],
    )
    assert result.universes["counting_rule"].unique().tolist() == ["legal measures"]
    assert share(result, coder="m") == 1.0
    assert share(result, coder="n") == 0.5


def test_tallies_under_two_counting_rules():
    irish = pd.DataFrame(
        {
            "coder": "report card",
            "rule": ["40 in 2015"] * 2 + ["41 in 2016"] * 2,
            "status": ["accepted", "rest"] * 2,
            "count": [5, 35, 7, 34],
        }
    )
    words = {"accepted": "implemented", "rest": "open"}
    result = multiverse(irish, count="count", rule="rule", statuses=words, denominators=["all"])
    assert sorted(set(result.universes["share"])) == [5 / 40, 7 / 41]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"headline": {"coder": "press"}}, "coder 'press', which is no option"),
        ({"headline": {"who": "press"}}, "headline names 'who'"),
        ({"denominators": ["rejected"]}, "not denominators"),
        ({"denominators": "all"}, "not denominators"),
        ({"denominators": []}, "not denominators"),
        ({"credits": {}}, "No credit rule"),
        ({"credits": {"x": {"implemented": 2}}}, "gives 2 to 'implemented'"),
        ({"credits": {"x": {"done": 1}}}, "gives 1 to 'done'"),
        ({"coder": "codr"}, "'codr' is missing. The closest column is 'coder'"),
        ({"rule": "rule"}, "'rule' is missing"),
    ],
)
def test_choices_that_cannot_be(options, message):
    with pytest.raises(DataError, match=message):
        french(**options)


def test_tables_that_cannot_be():
    with pytest.raises(DataError, match="has no class"):
        multiverse(FRENCH, count="count")
    with pytest.raises(DataError, match="has no class") as raised:
        multiverse(FRENCH.rename(columns={"status": "stand"}), status="stand", count="count")
    assert raised.value.column == "stand"
    with pytest.raises(DataError, match=r"status twice.*2021"):
        multiverse(pd.concat([FRENCH, FRENCH]), count="count", statuses=WORDS)
    with pytest.raises(DataError, match="sum to 149, the total says 140"):
        multiverse(FRENCH.assign(total=140), count="count", total="total", statuses=WORDS)
    with pytest.raises(DataError, match="rates the item 'A' twice"):
        multiverse(pd.concat([ratings(), ratings()[:1]]), parent="parent_id")
    with pytest.raises(DataError, match="'Z' is not in the table"):
        multiverse(ratings().replace({"parent_id": {"A": "Z"}}), parent="parent_id")
    with pytest.raises(DataError, match=r"9\.0 is no fidelity"):
        multiverse(ratings().assign(fidelity=9.0), fidelity="fidelity")
    with pytest.raises(DataError, match="neither yes nor no"):
        multiverse(ratings().assign(legal="maybe"), rules={"x": "legal"})
    with pytest.raises(DataError, match="no rows"):
        multiverse(FRENCH[:0], count="count", statuses=WORDS)


def test_pandas_and_polars_give_the_same():
    one = multiverse(ratings(), parent="parent_id", fidelity="fidelity")
    other = multiverse(pl.from_pandas(ratings()), parent="parent_id", fidelity="fidelity")
    for name, frame in one.frames().items():
        pd.testing.assert_frame_equal(frame, other.frames()[name])
    assert one.tables(kind="polars")["universes"].height == 2 * 2 * 3 * 4


def test_pictures_report_and_workbook(tmp_path):
    result = french(headline={"coder": "Reporterre"}, synthetic=False)
    assert isinstance(result, Multiverse)
    assert "21 ways" not in alt_text(result.plot_curve())
    assert "from 10.1 % to 96.2 %" in alt_text(result.plot_curve())
    assert "10.1 % (10.1 % to 96.2 %" in alt_text(result.plot_range())
    made = multiverse(ratings(), parent="parent_id", fidelity="fidelity", synthetic=True)
    assert alt_text(made.plot_range()).startswith("Synthetic data.")
    assert made.summary().startswith("Synthetic data.")
    page = result.report(tmp_path / "m.html").read_text(encoding="utf-8")
    assert "no confidence interval" in page
    result.to_excel(tmp_path / "m.xlsx")
    assert result.indicators()[0].value == 15 / 149
    assert "10.1 % to 96.2 %" in result.indicators()[0].note
