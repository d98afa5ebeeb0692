"""The criteria, their counterparts in guidance, and the cut points of indicators."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dmpkit import datasets

CUTS = ["at_least_1", "at_least_2", "at_least_3", "at_least_4"]


@pytest.fixture(scope="module")
def criteria():
    return datasets.load("criteria").set_index("id")


@pytest.fixture(scope="module")
def counterparts():
    return datasets.load("criteria", "counterparts")


@pytest.fixture(scope="module")
def indicators():
    return datasets.load("criteria", "indicators")


def test_the_count_of_counterparts_is_derived_from_their_table(criteria, counterparts):
    counted = counterparts["criterion"].value_counts()
    assert criteria["n_counterparts"].to_dict() == {c: counted.get(c, 0) for c in criteria.index}
    assert 0 in set(criteria["n_counterparts"]), "no counterpart is claimed where none is known"


def test_every_counterpart_says_what_and_where_and_how_it_is_known(counterparts):
    assert (counterparts["said_by_source"].str.len() > 20).all()
    assert (counterparts["part"].str.len() > 3).all()
    assert counterparts["url"].str.match(r"https://\S+$").all()
    # nothing of the evaluation guidelines' blocks but the comparison table and summary was seen
    blocks = counterparts[counterparts["part"].str.startswith("block ")]
    assert set(blocks["read"]) == {"outline"}
    council = counterparts[counterparts["framework"].str.startswith("CoE")]
    assert set(council["read"]) == {"outline"}
    assert "same" not in set(council["relation"]), "an outline is too little for it"


def test_every_quantitative_criterion_has_cut_points(criteria, indicators):
    wanted = set(criteria.index[criteria["type"] == "quantitative"])
    assert wanted <= set(indicators["criterion"])


def test_cut_points_rise_or_fall_throughout(indicators):
    cuts = indicators[CUTS].to_numpy()
    steps = cuts[:, 1:] - cuts[:, :-1]
    assert ((steps > 0).all(axis=1) | (steps < 0).all(axis=1)).all()
    assert set(indicators["basis"]) == {"our proposal"}


def test_where_people_are_counted_the_cut_points_are_in_people(criteria, indicators):
    seats = indicators.set_index("indicator").loc["seats short of quotas"]
    assert seats[CUTS].tolist() == [6, 3, 1, 0]
    assert "50 / number of members" in seats["note"]
    for criterion in ("C19", "C23"):
        assert "2 points in a panel of 50" in criteria.loc[criterion, "anchors"]
    # one seat in points is 100 / members
    said = criteria.loc["C19", "anchors"]
    pairs = [(2, 50), (4, 25), (1, 100)]
    assert all(points * members == 100 for points, members in pairs)
    assert "One seat is 2 points in a panel of 50, 4 in one of 25 and 1 in one of 100" in said


def test_samples_are_judged_by_effect_sizes_and_not_by_p_values(criteria, indicators):
    names = set(indicators["indicator"])
    assert {"knowledge gain (effect size)", "change in civic capacity (effect size)"} <= names
    assert not [n for n in names if re.search(r"\bp\b|p-value|significan", n)]
    for criterion in ("C27", "C49"):
        assert "not the p-value" in criteria.loc[criterion, "anchors"]
    assert "not judgeable where the chance level is 0.5" in criteria.loc["C40", "anchors"]


@pytest.mark.parametrize(
    ("criterion", "indicator", "said"),
    [
        ("C10", "hours of meeting per member", ["8", "20", "30", "40"]),
        ("C25", "share agreeing: C25", ["40 %", "60 %", "70 %", "80 %"]),
        ("C27", "knowledge gain (effect size)", ["0.1", "0.2", "0.5", "0.8"]),
        ("C28", "Gini of speaking time", ["0.6", "0.4", "0.325", "0.25"]),
        ("C30", "discourse quality composite", ["30", "50", "60", "70"]),
        ("C41", "support for the final text", ["50 %", "60 %", "70 %", "80 %"]),
        ("C43", "recommendations implemented, share of answered", ["10 %", "30 %", "50 %", "75 %"]),
        ("C49", "change in civic capacity (effect size)", ["-0.3", "-0.1", "0.2", "0.5"]),
    ],
)
def test_anchors_and_cut_points_say_the_same(criteria, indicators, criterion, indicator, said):
    row = indicators.set_index(["criterion", "indicator"]).loc[(criterion, indicator)]
    values = [float(s.removesuffix(" %")) / (100 if s.endswith("%") else 1) for s in said]
    assert row[CUTS].tolist() == pytest.approx(values, abs=1e-12)
    for part in said:
        assert re.search(
            rf"(?<![\d.]){re.escape(part)}(?![\d.]*\d)", criteria.loc[criterion, "anchors"]
        )


#: Names that the parts of the evaluation module promise to each other.
AGREED = {
    "Gini of speaking time",
    "change in civic capacity (effect size)",
    "discourse quality composite",
    "gap in speaking time between groups",
    "knowledge gain (effect size)",
    "lowest support in a sub-group",
    "reason index above chance after",
    "share of members who left",
    "share of silent members",
    "support for the final text",
}


def test_every_indicator_is_named_as_the_module_that_measures_it_names_it(indicators, criteria):
    package = Path(datasets.__file__).parent
    folders = [package / "representativeness", package / "impact"]
    source = "".join(f.read_text(encoding="utf-8") for d in folders for f in d.glob("*.py"))
    for row in indicators.itertuples():
        if "entered by hand" in row.note or row.indicator in AGREED:
            continue
        if row.indicator.startswith("share agreeing: "):
            assert row.indicator == f"share agreeing: {row.criterion}"
            assert criteria.loc[row.criterion, "type"] != "judgement"
            continue
        # shares of recommendations are put together from a stem and what they are a share of
        stem, _, kind = row.indicator.partition("share of ")
        assert row.indicator in source or (
            f"{stem}share of {{of}}" in source and f'"{kind}"' in source
        )


def test_every_promised_name_has_cut_points(indicators):
    assert set(indicators["indicator"]) >= AGREED
