from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from invented import CODES, interview, scattered

import dmpkit.coding as coding
from dmpkit.coding.query import And, Code, Compare, Not, Or
from dmpkit.coding.spans import cover, cross_pairs, touched
from dmpkit.errors import DataError

SPANS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 20), st.integers(0, 8)), max_size=12)


def arrays(spans):
    found = np.array([(g, s, s + n) for g, s, n in spans], dtype=np.int64).reshape(-1, 3)
    return found[:, 0], found[:, 1], found[:, 2]


def meet(a, b, within=None):
    """Whether two spans share a character, or have at most so many between them."""
    if a[0] != b[0] or a[1] == a[2] or b[1] == b[2]:
        return False
    if within is None:
        return len(set(range(a[1], a[2])) & set(range(b[1], b[2]))) > 0
    return max(a[1] - b[2], b[1] - a[2]) <= within


@given(SPANS, SPANS, st.sampled_from([None, 0, 3]))
@settings(max_examples=80, deadline=None)
def test_sweeps_find_what_comparing_all_pairs_finds(one, two, within):
    a, b = arrays(one), arrays(two)
    rows, others = list(zip(*a, strict=True)), list(zip(*b, strict=True))
    pairs = [(i, j) for i, x in enumerate(rows) for j, y in enumerate(others) if meet(x, y, within)]
    left, right = cross_pairs(a, b, within=within)
    assert list(zip(left.tolist(), right.tolist(), strict=True)) == pairs
    counts = [sum(meet(x, y, within) for y in others) for x in rows]
    assert touched(*a, *b, within=within).tolist() == counts


@given(SPANS)
@settings(max_examples=50, deadline=None)
def test_cover_holds_every_character_once(spans):
    g, s, e = arrays(spans)
    wanted = {(i, p) for i, a, b in zip(g, s, e, strict=True) for p in range(a, b)}
    found = [(i, p) for i, a, b in zip(*cover(g, s, e), strict=True) for p in range(a, b)]
    assert len(found) == len(set(found))
    assert set(found) == wanted


# --- the language ------------------------------------------------------------------

NAMES = st.text(min_size=1, max_size=8)
ATOMS = st.builds(Code, NAMES, st.booleans()) | st.builds(
    Compare, NAMES, st.sampled_from(["==", "!=", "<", ">="]),
    st.tuples(st.text(max_size=5) | st.integers(-99, 99) | st.floats(-9, 9)),
)  # fmt: skip
QUERIES = st.recursive(
    ATOMS,
    lambda inner: (
        st.builds(Not, inner)
        | st.builds(lambda a, b: And((a, b)), inner, inner)
        | st.builds(lambda a, b: Or((a, b)), inner, inner)
    ),
    max_leaves=6,
)


@given(QUERIES)
@settings(max_examples=100, deadline=None)
def test_a_query_written_out_reads_back_as_itself(query):
    assert coding.parse_query(repr(query)) == query


@given(st.text(alphabet="AND OR NOT ()'\"=!<>,ab", max_size=30))
@settings(max_examples=150, deadline=None)
def test_any_text_is_a_query_or_a_data_error(text):
    try:
        found = repr(coding.parse_query(text))
    except DataError as error:
        found = f"NOT at character {error}"
    assert "character" in found or coding.parse_query(found) == coding.parse_query(text)


@pytest.mark.parametrize(
    ("text", "place", "why"),
    [
        ("Impact AND", 11, "the query ends there"),
        ("(Impact", 8, "a closing bracket"),
        ("Impact)", 7, "AND, OR or the end"),
        ("region = 'x'", 8, "equal is =="),
        ("region == 'x", 11, "never closed"),
        ("Impact AND OR Media", 12, "'OR' stands there"),
        ("region IN 'x'", 11, "a bracket with values"),
    ],
)
def test_errors_say_the_place(text, place, why):
    with pytest.raises(DataError, match=rf"character {place}\b.*") as caught:
        coding.parse_query(text)
    assert why in str(caught.value)


def test_deep_queries_end_in_an_error():
    with pytest.raises(DataError, match="nested"):
        coding.parse_query("(" * 500 + "a" + ")" * 500)


def test_unknown_names_show_the_closest_and_the_place():
    project = scattered(10, 1)
    with pytest.raises(DataError, match=r"'Medai', at character 12.*'Media'"):
        coding.retrieve(project, "Impact AND Medai")
    with pytest.raises(DataError, match=r"'regoin', at character 12.*'region'"):
        coding.retrieve(project, "Impact AND regoin == 'Asia'")
    with pytest.raises(DataError, match="cannot be ordered"):
        coding.retrieve(project, "region > 5")
    with pytest.raises(DataError, match="segment"):
        coding.retrieve(project, "Impact", unit="segments")  # type: ignore[arg-type]


def test_queries_cannot_be_joined_with_python_words():
    with pytest.raises(DataError, match=r"& \| ~"):
        bool(coding.Code("a") and coding.Code("b"))


# --- what is found -------------------------------------------------------------------


def characters(project, code, coder, source):
    """Positions under a code or one below it, by brute force."""
    own = project.segments
    own = own[(own["coder"] == coder) & (own["source"] == source)]
    own = own[(own["code"] == code) | own["code"].str.startswith(code + "/")]
    return {p for s, e in zip(own["start"], own["end"], strict=True) for p in range(s, e)}


@pytest.mark.parametrize("seed", range(4))
def test_passages_are_the_characters_for_which_the_query_holds(seed):
    project = scattered(24, seed)
    found = coding.retrieve(project, "(Impact AND NOT Media) OR Limits", unit="passage").quotes
    for coder in ("ada", "bo"):
        for source, text in project.texts.items():
            under = {
                c: characters(project, c, coder, source) for c in ("Impact", "Media", "Limits")
            }
            wanted = (under["Impact"] - under["Media"]) | under["Limits"]
            rows = found[(found["coder"] == coder) & (found["source"] == source)]
            spans = list(zip(rows["start"], rows["end"], strict=True))
            assert {p for s, e in spans for p in range(s, e)} == wanted
            assert all(b[0] > a[1] for a, b in pairwise(spans))
            assert [text[s:e] for s, e in spans] == rows["quote"].tolist()


@pytest.mark.parametrize("across", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_segments_by_brute_force(seed, across):
    project = scattered(24, seed)
    rows = project.segments.to_dict("records")

    def coded(row, code):
        return any(
            (r["code"] == code or r["code"].startswith(code + "/"))
            and r["source"] == row["source"]
            and (across or r["coder"] == row["coder"])
            and max(r["start"], row["start"]) < min(r["end"], row["end"])
            for r in rows
        )

    wanted = [
        r["segment"] for r in rows
        if r["code"].startswith("Impact") and coded(r, "Impact") and not coded(r, "Media")
    ]  # fmt: skip
    found = coding.retrieve(project, "Impact AND NOT Media", across_coders=across)
    assert found.quotes["segment"].tolist() == wanted
    both = coding.retrieve(
        project, coding.Code("Impact") & coding.Code("Media"), across_coders=across
    )
    assert set(both.quotes["segment"]) == {
        r["segment"] for r in rows
        if r["code"].split("/")[0] in {"Impact", "Media"}
        and coded(r, "Impact") and coded(r, "Media")
    }  # fmt: skip


def test_attributes_and_missing_values():
    project = scattered(40, 5)
    here = coding.retrieve(project, "region == 'Europe'", unit="source").quotes["source"].tolist()
    assert here == ["I0", "I2"]
    assert coding.retrieve(project, "years >= 7", unit="source").quotes["source"].tolist() == [
        "I1",
        "I9",
    ]
    assert coding.retrieve(project, "years != 3", unit="source").quotes["source"].tolist() == [
        "I1",
        "I9",
    ]
    no = coding.retrieve(project, "NOT years == 3", unit="source").quotes["source"].tolist()
    assert no == ["I1", "I2", "I9"]
    some = coding.retrieve(project, "Impact AND region IN (Europe)", attributes=["region", "years"])
    assert set(some.quotes["source"]) <= {"I0", "I2"}
    assert set(some.quotes["region"]) == {"Europe"}


def test_quotes_stand_in_their_surroundings():
    project = interview()
    row = coding.retrieve(project, "Media AND Impact", coders="ada", context=6).quotes.iloc[0]
    text, start, end = project.text("I1"), int(row["start"]), int(row["end"])
    assert (start, end) == (25, 34)
    assert (row["before"], row["quote"], row["after"]) == (
        text[19:25], text[25:34], text[34:40],
    )  # fmt: skip
    assert (row["line"], row["speaker"], row["turn"]) == (2, "P1", 2)
    assert row["codes"] == "Impact; Media"
    said = coding.retrieve(project, "speaker == 'P1' AND text CONTAINS 'CHANGED'", unit="turn")
    assert said.quotes["quote"].str.contains("Nothing changed").all()
    assert len(said) == 1


def test_only_leaves_sub_codes_out_and_levels_are_columns():
    project = interview()
    assert len(coding.retrieve(project, "ONLY Impact")) == 2
    found = coding.retrieve(project, "Impact")
    assert found.levels()[["level_1", "level_2"]].to_numpy().tolist() == [
        ["Impact", ""], ["Impact", ""], ["Impact", "Policy"],
    ]  # fmt: skip
    with pytest.raises(DataError, match="no code of its own"):
        coding.retrieve(project, "Impact", unit="turn").levels()


@pytest.mark.parametrize("within", [None, 0, 5, "source", "turn"])
def test_nearby_by_brute_force(within):
    project = interview() if within == "turn" else scattered(30, 3)
    found = coding.nearby(project, "Impact", "Limits", within=within)
    rows = project.segments.to_dict("records")
    turns = coding.segment_turns(project.segments, coding.find_turns(project))
    of = turns.groupby("row")["turn"].agg(set).to_dict()
    wanted = set()
    for i, a in enumerate(rows):
        for j, b in enumerate(rows):
            same = a["source"] == b["source"] and a["coder"] == b["coder"]
            if not (same and a["code"].startswith("Impact") and b["code"].startswith("Limits")):
                continue
            gap = max(a["start"] - b["end"], b["start"] - a["end"])
            near = {
                None: gap < 0, "source": True, "turn": bool(of.get(i, set()) & of.get(j, set())),
            }  # fmt: skip
            if near[within] if isinstance(within, str | None) else gap <= within:
                wanted.add((a["segment"], b["segment"], max(gap, 0)))
    got = set(zip(found["segment_1"], found["segment_2"], found["distance"], strict=True))
    assert got == wanted
    assert len(found) == len(wanted)


def test_pairs_of_one_code_are_listed_once():
    sources = pd.DataFrame({"source": ["I1"], "text": ["0123456789"]})
    segments = pd.DataFrame({"source": "I1", "code": "A", "start": [0, 2, 8], "end": [5, 6, 9]})
    project = coding.CodedProject.from_frames(sources, segments)
    assert coding.overlaps(project, "A", "A")["quote"].tolist() == ["234"]
    assert coding.union(project, "A")["quote"].tolist() == ["012345", "8"]
    with pytest.raises(DataError, match="distance"):
        coding.nearby(project, "A", "A", within=-1)


def test_frames_of_either_kind_give_the_same():
    import polars as pl

    project = scattered(20, 2)
    other = coding.CodedProject.from_frames(
        pl.from_pandas(project.sources), pl.from_pandas(project.segments),
        pl.from_pandas(project.codes), cases=pl.from_pandas(project.cases),
        case_sources=pl.from_pandas(project.case_sources),
    )  # fmt: skip
    one, two = (coding.retrieve(p, "Impact AND years > 1") for p in (project, other))
    pd.testing.assert_frame_equal(one.quotes, two.quotes)
    assert one.tables(kind="polars")["quotes"]["quote"].to_list() == one.quotes["quote"].tolist()


def test_hostile_words_are_escaped():
    text = "<script>alert(1)</script> & more"
    project = coding.CodedProject.from_frames(
        pd.DataFrame({"source": ["<b>"], "text": [text]}),
        pd.DataFrame({"source": ["<b>"], "code": ["<i>x"], "start": [0], "end": [25]}),
    )
    page = coding.retrieve(project, '"<i>x"')._repr_html_()
    assert "<script" not in page
    assert "<b>" not in page
    assert "&lt;script&gt;" in page


def test_all_codes_of_the_invented_project_are_used():
    assert set(scattered(60, 1).segments["code"]) == set(CODES)


def test_the_union_joins_adjacent_codings_and_counts_none_twice():
    found = cover([0, 0, 0, 1], [0, 4, 9, 9], [4, 8, 12, 10])
    assert [part.tolist() for part in found] == [[0, 0, 1], [0, 9, 9], [8, 12, 10]]
