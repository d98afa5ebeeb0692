"""Questionnaires, sheets and printed forms."""

from __future__ import annotations

import re

import pandas as pd
import polars as pl
import pytest

from dmpkit import datasets
from dmpkit.errors import DataError
from dmpkit.evaluation import questionnaire as q

EXPERIENCE = {"C24", "C25", "C29", "C31", "C33", "C41"}


@pytest.fixture(scope="module")
def tables():
    return {name: q.instrument(name) for name in q.instruments()}


def test_every_item_names_criteria_that_exist(tables):
    known = set(datasets.load("criteria")["id"])
    for table in tables.values():
        assert set(table["criterion"].str.split().explode().dropna()) <= known


def test_scales_have_ends_that_their_labels_keep(tables):
    for name, table in tables.items():
        for row in table[table["answer"].isin(["scale", "rank"])].itertuples():
            assert row.low < row.high, (name, row.item)
            numbers = [v for v in q.split_options(row.options).values() if v is not None]
            assert numbers in ([], list(range(int(row.low), int(row.high) + 1)))
            if not pd.isna(row.agree_from):
                assert row.low < row.agree_from <= row.high
        chosen = table[table["answer"].isin(["one", "several"])]
        assert (chosen["options"].map(lambda o: len(q.split_options(o))) >= 2).all()


def test_the_members_questionnaires_ask_the_same_words_before_and_after(tables):
    before = tables["members-before"].set_index("item")
    after = tables["members-after"].set_index("item")
    shared = before.index.intersection(after.index)
    columns = ["kind", "wording", "answer", "options", "low", "high", "stage"]
    pd.testing.assert_frame_equal(before.loc[shared, columns], after.loc[shared, columns])
    assert set(before.loc[shared, "stage"]) == {"both"}
    assert {"opinion", "knowledge", "consideration", "preference", "efficacy"} <= set(
        before.loc[shared, "kind"]
    )


def test_experience_informs_one_criterion_each_and_the_wanted_ones(tables):
    items = q.instrument_items()
    experience = items[items["kind"] == "experience"]
    assert experience["criterion"].str.fullmatch(r"C\d\d").all()
    assert set(experience["criterion"]) >= EXPERIENCE
    assert "yes" in set(experience["reversed"])


def test_no_fact_about_a_topic_is_given(tables):
    for name in ("members-before", "members-after"):
        table = tables[name]
        topical = table[table["kind"].isin(["knowledge", "consideration", "preference"])]
        assert topical["wording"].str.fullmatch(r"\[.*\]").all()
    assert set(q.instrument_items()["correct"]) == {""}


def test_the_shipped_items_are_derived_from_the_questionnaires(tables):
    derived = q.items_from(tables["members-before"], tables["members-after"])
    pd.testing.assert_frame_equal(derived, q.instrument_items(), check_dtype=False)


def test_items_are_the_same_from_polars(tables):
    table = tables["members-after"]
    pd.testing.assert_frame_equal(
        q.items_from(pl.from_pandas(table)), q.items_from(table), check_dtype=False
    )


def test_coverage_counts_both_ways(tables):
    table = q.instrument_coverage().set_index("criterion")
    for name, items in tables.items():
        named = items["criterion"].str.split().explode().dropna()
        assert table[name].sum() == len(named)
    none = table.index[table["n_items"] == 0]
    assert list(none) == ["C43", "C44", "C46", "C50"]
    # what the README tells is the same
    readme = (datasets.data_path("instruments") / "README.md").read_text(encoding="utf-8")
    assert "C43, C44, C46 and C50 have none" in readme
    assert (table.loc[none, "evidence"] != "").all()


def test_a_criterion_of_ones_own_is_informed_by_none():
    own = pd.DataFrame({"id": ["L01"], "label": ["Food"], "evidence": ["taste"]})
    assert q.instrument_coverage(own)["n_items"].tolist() == [0]


def test_what_is_not_an_instrument_is_refused():
    with pytest.raises(DataError, match=r"no instrument 'members'.*members-before"):
        q.instrument("members")
    with pytest.raises(DataError, match="at least one"):
        q.items_from()


def test_an_item_worded_in_two_ways_is_refused(tables):
    after = tables["members-after"]
    other = after.assign(wording=after["wording"] + "!")
    with pytest.raises(DataError, match=r"'o_1' is worded in two ways"):
        q.items_from(after, other)


@pytest.mark.parametrize("name", q.instruments())
def test_a_form_holds_every_wording_and_asks_nothing_from_outside(tmp_path, name, tables):
    text = q.write_form(tmp_path / "f.html", name).read_text(encoding="utf-8")
    body = text.partition("<body>")[2]
    for row in tables[name].itertuples():
        assert row.wording.replace("'", "&#x27;") in body
    assert not re.search(r"https?://|<script|src=", text)
    assert text.count("<h1>") == 1
    ticks = body.count('class="tick"')
    scales = tables[name][tables[name]["answer"] == "scale"]
    ends = zip(scales["options"], scales["low"], scales["high"], strict=True)
    cells = sum(len(q.split_options(o)) or int(high - low + 1) for o, low, high in ends)
    ones = tables[name].loc[tables[name]["answer"] == "one", "options"]
    assert ticks == cells + sum(len(q.split_options(o)) for o in ones)


def test_a_form_in_another_language_keeps_hostile_text_harmless(tmp_path, tables):
    own = tables["observer"].head(2).assign(wording=["<script>alert(1)</script>", "\u202edrehen"])
    page = q.write_form(
        tmp_path / "b.html", "observer", items=own, title="Bogen <1>", language="de",
        texts={"voluntary": "Jede Frage ist freiwillig.", "scale_how": "Bitte ankreuzen."},
    ).read_text(encoding="utf-8")  # fmt: skip
    assert '<html lang="de">' in page
    assert "Jede Frage ist freiwillig." in page
    assert "<script>" not in page
    assert "Bogen &lt;1&gt;" in page
    assert "Draft" not in page


def test_notes_are_printed_on_request_only(tmp_path):
    for wanted in (False, True):
        page = q.write_form(tmp_path / "o.html", "organiser", notes=wanted).read_text("utf-8")
        assert ("goes to incidents.csv" in page) is wanted


def test_a_text_that_a_form_does_not_have_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"no text 'volontary'.*voluntary"):
        q.write_form(tmp_path / "f.html", "observer", texts={"volontary": "x"})
    assert not list(tmp_path.iterdir())


def test_a_scale_without_ends_is_refused_before_anything_is_written(tmp_path, tables):
    broken = tables["observer"].assign(low=float("nan"))
    with pytest.raises(DataError, match=r"'b_balance'.*lacks a whole number in 'low'"):
        q.write_form(tmp_path / "f.html", "observer", items=broken)
    assert not list(tmp_path.iterdir())
