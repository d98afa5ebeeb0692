"""Anonymity of attributes against counting by hand; what a quote could give away."""

from __future__ import annotations

import math

import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmpkit.coding.anonymity import anonymity, band
from dmpkit.coding.data import CodedProject
from dmpkit.coding.pseudonyms import pseudonymise
from dmpkit.coding.release import release_check
from dmpkit.errors import DataError

people_rows = st.lists(
    st.tuples(st.sampled_from("xyz"), st.sampled_from(["a", "b", None]), st.sampled_from("pqr")),
    min_size=1,
    max_size=20,
)


@settings(max_examples=40, deadline=None)
@given(people_rows)
def test_k_and_l_are_what_counting_gives(rows):
    people = pd.DataFrame(rows, columns=["role", "place", "view"])
    found = anonymity(people, ["role", "place"], sensitive="view", k=3)
    groups = {}
    for role, place, view in rows:
        groups.setdefault((role, place), []).append(view)
    assert found.k == min(map(len, groups.values()))
    assert found.l_distinct == min(len(set(v)) for v in groups.values())
    entropies = []
    for views in groups.values():
        shares = [views.count(v) / len(views) for v in set(views)]
        entropies.append(math.exp(-sum(p * math.log(p) for p in shares)))
    assert found.l_entropy == pytest.approx(min(entropies))
    assert list(found.of_row) == [len(groups[(r, p)]) for r, p, _ in rows]
    assert found.alone["n"].sum() == sum(len(v) for v in groups.values() if len(v) < 3)
    theirs = anonymity(pl.from_pandas(people), ["role", "place"], sensitive="view", k=3)
    pd.testing.assert_frame_equal(found.groups, theirs.groups)


def test_anonymity_in_words_and_bad_input():
    people = pd.DataFrame({"role": ["x", "x", ""], "view": ["a", "b", "a"]})
    found = anonymity(people, "role", k=2)
    assert found.groups["role"].tolist() == ["(missing)", "x"]
    assert "1 of 3 people" in found.summary()
    assert math.isnan(found.l_distinct)
    assert found.section().html
    for bad in ({"attributes": []}, {"attributes": ["town"]}, {"attributes": ["role"], "k": 0}):
        with pytest.raises(DataError):
            anonymity(people, **bad)


def test_bands():
    assert band([0, 9, 10, 34, -1], 10) == ["0–9", "0–9", "10–19", "30–39", "-10–-1"]
    assert band([2.2], 0.5) == ["2 to below 2.5"]
    assert band([0.3], 0.1) == ["0.3 to below 0.4"]
    assert band(pd.Series([18, 29, 30, None]), edges=[18, 30]) == [
        "18–29",
        "18–29",
        "30 and over",
        "",
    ]
    for bad in ({}, {"width": 1, "edges": [1]}, {"width": 0}, {"edges": [2, 1]}, {"edges": []}):
        with pytest.raises(DataError):
            band([1], **bad)
    with pytest.raises(DataError, match="'x' is not a number"):
        band([1, "x"], 5)


@given(st.floats(-1e4, 1e4), st.integers(1, 50))
def test_a_number_lies_in_its_band(number, width):
    (label,) = band([number], width)
    first = float(
        label.split("–")[0] if not label.startswith("-") else "-" + label[1:].split("–")[0]
    )
    assert first - 1e-6 <= number < first + width + 1e-6  # rounded at the edge


QUOTES = {
    "Anna knows it.": "name left",
    "annA knows it.": "name left",
    "Annaberg is nice.": "part of a name",
    "Karlsson came.": "part of a name",
    "Mail to x.y@z.org please.": "e-mail or web address",
    "See www.z.org/a there.": "e-mail or web address",
    "Ask @dmp_fan there.": "handle",
    "On 12 March we met.": "date",
    "On 2021-11-03 we met.": "date",
    "Since 2019 it is so.": "date",
    "Call 0123 456 789 there.": "telephone or other number",
    "We met in Ostfeld then.": "name or place in one source",
    "a most peculiarly thing": "rare word in one source",
    "so " * 51: "long quote",
    "It is so.": "",
}


def project(attributes=None):
    text, spans = "", []
    for quote in QUOTES:
        spans.append((len(text), len(text) + len(quote)))
        text += quote + "\n"
    common = "it is so knows nice came mail to please see there ask on we "
    common += "met since call in then a most thing"
    sources = pd.DataFrame({"source": ["I1", "I2"], "text": [text, common]})
    segments = pd.DataFrame(spans, columns=["start", "end"]).assign(source="I1", code="C")
    cases = pd.DataFrame({"case": ["P1", "P2"], **(attributes or {"role": ["x", "x"]})})
    links = pd.DataFrame({"case": ["P1", "P2"], "source": ["I1", "I2"]})
    return CodedProject.from_frames(sources, segments, cases=cases, case_sources=links)


NAMES = {"Anna": "Eva", "Bo Karlsson": "Tom"}


@pytest.mark.parametrize("kind", [lambda f: f, pl.from_pandas])
def test_each_reason_is_found_and_nothing_else(kind):
    p = project()
    found = release_check(p, kind(p.segments[["segment", "source"]]), names=NAMES)
    by_segment = found.findings.groupby("segment")["reason"].agg(set).to_dict()
    got = [by_segment.get(s, set()) for s in found.quotes["segment"]]
    assert got == [{r} if r else set() for r in QUOTES.values()]
    for row in found.findings.dropna(subset=["start"]).itertuples():
        quote = found.quotes.set_index("segment").loc[row.segment, "quote"]
        assert quote[row.start : row.end] == row.what


def test_small_groups_hold_a_quote_back():
    p = project({"role": ["x", "y"], "place": ["a", "a"]})
    found = release_check(p, attributes=["role", "place"], k=2)
    assert set(found.quotes["verdict"]) == {"hold"}
    assert "role: x, place: a (1 of 2 cases)" in set(found.findings["what"])
    fine = release_check(p, attributes=["place"], k=2)
    assert "small group" not in set(fine.findings["reason"])
    with pytest.raises(DataError, match="'town'"):
        release_check(p, attributes=["town"])


def test_what_was_not_checked_is_said():
    found = release_check(project())
    assert "no list of names" in found.summary()
    assert "none were named" in found.summary()
    assert "no promise" in found.summary()
    single = project().only(sources=["I1"])
    assert "there is one source" in release_check(single).summary()


def test_releasable_quotes_are_the_clear_and_the_accepted(tmp_path):
    found = release_check(project(), names=NAMES)
    assert found.releasable["quote"].tolist() == ["It is so."]
    more = found.accept(found.quotes["segment"].iloc[0])
    assert more.releasable["quote"].tolist() == ["Anna knows it.", "It is so."]
    assert found.releasable["quote"].tolist() == ["It is so."]
    assert list(more.releasable) == ["segment", "code", "quote"]
    text = more.write_quotes(tmp_path / "q.csv").read_text(encoding="utf-8")
    assert text.splitlines()[0] == "segment,code,quote"
    book = more.write_quotes(tmp_path / "q.xlsx")
    read = pd.read_excel(book, sheet_name="quotes")
    assert read["quote"].tolist() == more.releasable["quote"].tolist()
    with pytest.raises(DataError, match="csv or"):
        found.write_quotes(tmp_path / "q.doc")
    with pytest.raises(DataError, match="was not checked"):
        found.accept("zz")
    assert "Anna" not in found.section().html


def test_after_pseudonymising_no_name_is_left():
    made, key = pseudonymise(project(), NAMES)
    found = release_check(made, names=key)
    left = found.findings.loc[found.findings["reason"] == "name left", "what"]
    assert left.tolist() == ["annA"]  # differs in case, so it was left, and is found here


@pytest.mark.parametrize("options", [{"longest": 0}, {"rare": True}, {"quotes": ["zz"]}, {"k": 0}])
def test_bad_choices_are_named(options):
    with pytest.raises(DataError):
        release_check(project(), **({"attributes": ["role"]} | options))


def test_quotes_of_no_case_are_not_said_to_have_been_checked_for_attributes():
    project = CodedProject.from_frames(
        pd.DataFrame({"source": ["s", "t"], "text": "It was fine."}),
        pd.DataFrame({"source": ["s", "t"], "code": "c", "start": 0, "end": 2}),
        cases=pd.DataFrame({"case": ["a", "b"], "role": ["x", "x"]}),
    )
    found = release_check(project, attributes=["role"])
    assert any("2 quotes that belong to no case" in said for said in found.unchecked)
    assert not any("combinations" in said for said in found.checked)
    linked = project.with_tables(case_sources=pd.DataFrame({"case": ["a"], "source": ["s"]}))
    found = release_check(linked, attributes=["role"], k=2)
    assert any("1 quotes that belong to no case" in said for said in found.unchecked)
    assert any("combinations of role" in said for said in found.checked)


def test_borders_of_what_is_listed():
    text = "one two three four"
    project = CodedProject.from_frames(
        pd.DataFrame({"source": ["s"], "text": [text]}),
        pd.DataFrame({"source": "s", "code": "c", "start": [0, 4], "end": [4, 18]}),
        cases=pd.DataFrame({"case": ["a", "b"], "role": ["x", "y"]}),
        case_sources=pd.DataFrame(
            {"case": ["a", "b"], "source": "s", "start": [0, 4], "end": [4, 18]}
        ),
    )
    assert release_check(project).quotes["case"].tolist() == ["a", "b"]  # touching is not being in
    assert release_check(project, longest=3).quotes["n_findings"].tolist() == [0, 0]
    assert release_check(project, longest=2).quotes["n_findings"].tolist() == [0, 1]


@pytest.mark.parametrize(
    "call",
    [
        lambda: release_check(3),
        lambda: band(None, 10),
        lambda: band([1], "q"),
        lambda: band([1], edges=["a"]),
        lambda: band([1], edges=[1, math.nan]),
    ],
)
def test_what_is_no_project_and_no_number_is_refused_in_words(call):
    with pytest.raises(DataError):
        call()


def test_lists_in_cells_are_compared_as_they_read():
    assert anonymity(pd.DataFrame({"a": [[1], [1], [2]]}), ["a"], k=2).k == 1
