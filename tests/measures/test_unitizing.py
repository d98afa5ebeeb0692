"""Unitising alphas and agreement on breakpoints, against the reference numbers."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmpkit.errors import DataError
from dmpkit.measures import agreement as ag
from dmpkit.measures.unitizing import character_ratings, unitizing_alpha, unitizing_table

HERE = Path(__file__).parents[1] / "reference" / "agreement"
CONTINUA = json.loads((HERE / "unitizing_expected.json").read_text())
SEGMENTS = json.loads((HERE / "segments_expected.json").read_text())
CODED = pd.read_csv(HERE / "segments.csv")
EXACT = 1e-12


def spans_of(name: str) -> pd.DataFrame:
    rows = [
        (coder, start, start + length, value)
        for coder, units in CONTINUA[name]["units_start_length_category"].items()
        for start, length, value in units
    ]
    return pd.DataFrame(rows, columns=["coder", "start", "end", "value"])


def of_code(code: str) -> pd.DataFrame:
    return CODED if code == "<any code>" else CODED[CODED["code"] == code]


@pytest.mark.parametrize("name", list(CONTINUA))
def test_alpha_u_of_1995(name):
    found = CONTINUA[name]
    options = {"begin": found["begin"]}
    got = unitizing_alpha(spans_of(name), found["length"], 1995, **options)
    assert got.value == pytest.approx(found["alpha_U_1995_2004"]["total"], abs=EXACT)
    table = unitizing_table(spans_of(name), found["length"], **options).set_index("value")
    for value, row in found["alpha_U_1995_2004"]["per_category"].items():
        assert table.loc[value, "observed"] == pytest.approx(row["D_o"], abs=EXACT)
        assert table.loc[value, "expected"] == pytest.approx(row["D_e"], abs=EXACT)
        assert table.loc[value, "alpha"] == pytest.approx(row["alpha"], abs=EXACT)


def test_the_example_in_the_book():
    # Krippendorff 2004, p. 254, prints c .7286, k 1.0 and total .8591 (rounded on the way)
    name = "krippendorff_2004_p254"
    table = unitizing_table(spans_of(name), 300, begin=150).set_index("value")
    assert table["alpha"].to_dict() == pytest.approx({"c": 0.7286, "k": 1.0}, abs=5e-5)
    total = unitizing_alpha(spans_of(name), 300, 1995, begin=150).value
    assert total == pytest.approx(0.8591, abs=5e-4)


@pytest.mark.parametrize("name", list(CONTINUA))
def test_u_alpha_of_2016(name):
    found = CONTINUA[name]
    if found["u_alpha_2016_nominal"] is None:
        with pytest.raises(DataError, match="overlap"):
            unitizing_alpha(spans_of(name), found["length"], begin=found["begin"])
        return
    got = unitizing_alpha(spans_of(name), found["length"], begin=found["begin"])
    assert got.value == pytest.approx(found["u_alpha_2016_nominal"], abs=EXACT)


@pytest.mark.parametrize("code", list(SEGMENTS["codes"]))
def test_coded_interviews_at_character_level(code):
    found = SEGMENTS["codes"][code]
    segments = character_ratings(of_code(code), SEGMENTS["sources"], coders=SEGMENTS["coders"])
    assert segments.table["length"].sum() == SEGMENTS["length"]
    assert segments.positives().tolist() == found["chars"]
    r = segments.ratings
    marked = (r.codes == 1).all(axis=0)
    assert segments.table.loc[marked, "length"].sum() == found["both"]
    union = segments.table.loc[(r.codes == 1).any(axis=0), "length"].sum()
    assert found["both"] / union == pytest.approx(found["jaccard_char"], abs=EXACT)
    share = ag.percent_agreement(r).value
    assert share == pytest.approx(found["percent_agreement_char"], abs=EXACT)
    assert ag.cohen_kappa(r).value == pytest.approx(found["cohen_kappa_char"], abs=EXACT)
    alpha = ag.krippendorff_alpha(r)
    assert alpha.value == pytest.approx(found["alpha_nominal_char"], abs=EXACT)
    assert "not independent" in alpha.note


@pytest.mark.parametrize("code", list(SEGMENTS["codes"]))
def test_coded_interviews_by_u_alpha(code):
    spans = of_code(code)
    if code == "<any code>":
        spans = joined(spans)
    got = unitizing_alpha(
        spans[["source", "coder", "start", "end"]], SEGMENTS["sources"], coders=SEGMENTS["coders"]
    )
    assert got.value == pytest.approx(SEGMENTS["codes"][code]["u_alpha_2016"], abs=EXACT)


def joined(spans: pd.DataFrame) -> pd.DataFrame:
    """Spans of one coder that touch or overlap as one."""
    rows: list[list] = []
    keys = ["source", "coder", "start", "end"]
    for row in spans.sort_values(keys)[keys].to_numpy().tolist():
        if rows and rows[-1][:2] == row[:2] and row[2] <= rows[-1][3]:
            rows[-1][3] = max(rows[-1][3], row[3])
        else:
            rows.append(row)
    return pd.DataFrame(rows, columns=keys)


@pytest.mark.parametrize("code", list(SEGMENTS["codes"]))
def test_coded_interviews_at_document_level(code):
    found = SEGMENTS["codes"][code]
    spans = of_code(code)
    rows = [
        [int(((spans["source"] == s) & (spans["coder"] == c)).any()) for s in SEGMENTS["sources"]]
        for c in SEGMENTS["coders"]
    ]
    assert rows == found["document_presence"]
    share = ag.percent_agreement(rows).value
    assert share == pytest.approx(found["document_percent_agreement"], abs=EXACT)


@st.composite
def marks(draw):
    length = draw(st.integers(4, 30))
    coders = draw(st.integers(2, 3))
    rows = []
    for coder in "abc"[:coders]:
        cuts = sorted(draw(st.sets(st.integers(0, length), max_size=6)))
        for start, end in zip(cuts[::2], cuts[1::2], strict=False):
            rows.append((coder, start, end, draw(st.sampled_from("pq"))))
    frame = pd.DataFrame(rows, columns=["coder", "start", "end", "value"])
    return frame, length, list("abc"[:coders])


def painted(frame, length, coders):
    """Coders × characters."""
    text = np.full((len(coders), length), "-", dtype=object)
    for row in frame.itertuples():
        text[coders.index(row.coder), row.start : row.end] = row.value
    return text


@pytest.mark.filterwarnings("ignore::dmpkit.errors.SmallSampleWarning")
@settings(max_examples=60, deadline=None)
@given(marks())
def test_breakpoints_give_what_characters_give(case):
    frame, length, coders = case
    text = painted(frame, length, coders)
    segments = character_ratings(frame, length, values="value", coders=coders)
    for step in (ag.krippendorff_alpha, ag.fleiss_kappa, ag.conger_kappa):
        a, b = step(text).value, step(segments.ratings).value
        assert (math.isnan(a) and math.isnan(b)) or a == pytest.approx(b, abs=1e-9)
    sets = character_ratings(frame, length, values="sets", coders=coders)
    a, b = (ag.krippendorff_alpha(s.ratings).value for s in (segments, sets))
    assert (math.isnan(a) and math.isnan(b)) or a == pytest.approx(b, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(marks())
def test_u_alpha_is_its_definition_on_characters(case):
    frame, length, coders = case
    text, m = painted(frame, length, coders), len(coders)
    differ = sum(
        float((text[i] != text[j]).sum()) for i in range(m) for j in range(m) if i != j
    ) / (m - 1)
    sizes = {v: float((text == v).sum()) for v in "pq-"}
    total = m * length
    taken = sizes["-"] + float(((frame["end"] - frame["start"]) ** 2).sum())
    pairs = total**2 - sum(v**2 for v in sizes.values())
    got = unitizing_alpha(frame, length, coders=coders).value
    if pairs == 0:
        assert math.isnan(got)
    else:
        want = 1 - differ * (total**2 - taken) / (total * pairs)
        assert got == pytest.approx(want, abs=1e-9)


def slow_misfit(a, b, length):
    """δ² summed over spans and gaps of two coders, by the cases of 2004, 11.6."""

    def parts(spans):
        out, at = [], 0
        for start, end in spans:
            out += [(at, start, 0), (start, end, 1)]
            at = end
        return [p for p in [*out, (at, length, 0)] if p[1] > p[0]]

    total = 0.0
    for b1, e1, v1 in parts(a):
        for b2, e2, v2 in parts(b):
            if v1 and v2 and b1 < e2 and b2 < e1:
                total += (b1 - b2) ** 2 + (e1 - e2) ** 2
            elif v1 and not v2 and b2 <= b1 and e1 <= e2:
                total += (e1 - b1) ** 2
            elif v2 and not v1 and b1 <= b2 and e2 <= e1:
                total += (e2 - b2) ** 2
    return total


@settings(max_examples=60, deadline=None)
@given(marks())
def test_observed_disagreement_of_1995_is_its_definition(case):
    frame, length, coders = case
    table = unitizing_table(frame, length, coders=coders).set_index("value")
    m = len(coders)
    for value in table.index:
        own = [
            frame[(frame["coder"] == c) & (frame["value"] == value)][["start", "end"]].to_numpy()
            for c in coders
        ]
        slow = sum(
            slow_misfit(own[i], own[j], length) for i in range(m) for j in range(m) if i != j
        )
        assert table.loc[value, "observed"] == pytest.approx(
            slow / (m * (m - 1) * length**2), abs=1e-12
        )


@settings(max_examples=30, deadline=None)
@given(marks())
def test_a_coder_with_herself_agrees_wholly(case):
    frame, length, _ = case
    one = frame[frame["coder"] == "a"]
    twice = pd.concat([one, one.assign(coder="z")])
    for version in (1995, 2016):
        got = unitizing_alpha(twice, length, version, coders=["a", "z"])
        assert got.value == pytest.approx(1.0, abs=1e-12) or "undefined" in got.note


def test_order_of_spans_and_kind_of_frame_change_nothing():
    spans = spans_of("two_codes_100")
    mixed = spans.sample(frac=1, random_state=1)
    for version in (1995, 2016):
        first = unitizing_alpha(spans, 100, version)
        assert unitizing_alpha(mixed, 100, version) == first
        assert unitizing_alpha(pl.from_pandas(spans), 100, version) == first


def test_resampling_of_sources():
    rng = np.random.default_rng(1)
    rows = []
    for source in range(12):
        for start in range(0, 90, 30):
            shift = rng.integers(0, 6, 2)
            rows.append((f"s{source}", "a", start + 2, start + 14))
            rows.append((f"s{source}", "b", start + 2 + shift[0], start + 14 + shift[1]))
    spans = pd.DataFrame(rows, columns=["source", "coder", "start", "end"])
    length = {f"s{i}": 90 for i in range(12)}
    got = unitizing_alpha(spans, length, n_resamples=300, seed=1)
    assert got.low < got.value < got.high
    assert got.value == unitizing_alpha(spans, length).value
    assert "12 sources, seed 1" in got.note
    assert got == unitizing_alpha(spans, length, n_resamples=300, seed=1)
    segments = character_ratings(spans, length)
    drawn = ag.krippendorff_alpha(segments.ratings, n_resamples=200, seed=1)
    assert drawn.low < drawn.value < drawn.high
    assert "12 clusters" in drawn.note


def test_undefined_is_said():
    nothing = pd.DataFrame({"coder": [], "start": [], "end": []})
    for version in (1995, 2016):
        got = unitizing_alpha(nothing, 10, version, coders=["a", "b"])
        assert math.isnan(got.value)
        assert "nobody marked" in got.note
    everything = pd.DataFrame({"coder": ["a", "b"], "start": [0, 0], "end": [10, 10]})
    assert "undefined" in unitizing_alpha(everything, 10).note


@pytest.mark.parametrize(
    ("rows", "length", "options", "match"),
    [
        ([("a", 3, 3), ("b", 1, 2)], 10, {}, "empty or runs backwards"),
        ([("a", 3, 12), ("b", 1, 2)], 10, {}, "leaves the continuum"),
        ([("a", 0, 5), ("a", 4, 8), ("b", 1, 2)], 10, {}, "overlap: 0 to 5 and 4 to 8"),
        ([("a", 0.5, 5), ("b", 1, 2)], 10, {}, "not a whole position"),
        ([("a", "x", 5), ("b", 1, 2)], 10, {}, "'x' is not a whole position"),
        ([("a", 0, 5)], 10, {}, "two coders"),
        ([("a", 0, 5), ("b", 1, 2)], 0, {}, "above 0"),
        ([("a", 0, 5), ("b", 1, 2)], 10.5, {}, "whole number"),
        ([("a", 0, 5), ("b", 1, 2)], 10, {"coders": ["a", "c"]}, "'b' is not a known coder"),
        ([("a", 0, 5), ("b", 1, 2)], 10, {"version": 2004}, "no version"),
        ([("a", 0, 5), ("b", 1, 2)], 10, {"n_resamples": 9}, "one source"),
        (
            [("a", 0, 5), ("b", 1, 2)],
            10,
            {"n_resamples": 9, "version": 1995},
            "cannot be resampled",
        ),
        ([("a", 0, 5), ("b", 1, 2)], {"s": 10}, {}, "'source' is missing"),
        ([(None, 0, 5), ("b", 1, 2)], 10, {}, "no coder"),
    ],
)
def test_bad_spans_are_explained(rows, length, options, match):
    spans = pd.DataFrame(rows, columns=["coder", "start", "end"])
    with pytest.raises(DataError, match=match):
        unitizing_alpha(spans, length, **options)


def test_overlapping_values_need_sets():
    spans = pd.DataFrame(
        {"coder": ["a", "a", "b"], "start": [0, 3, 0], "end": [5, 8, 5], "value": ["p", "q", "p"]}
    )
    with pytest.raises(DataError, match="values='sets'"):
        character_ratings(spans, 10, values="value")
    r = character_ratings(spans, 10, values="sets").ratings
    assert frozenset({"p", "q"}) in r.categories
    assert ag.krippendorff_alpha(r, "masi").value < 1
    by_segment = character_ratings(spans, 10).by_segment()
    assert by_segment.unit_weights is None
