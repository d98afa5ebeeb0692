"""Agreement on coded projects against the reference segments, and what must always hold."""

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

from dmpkit import plotting
from dmpkit.coding.agreement import ANY, SETS, agreement
from dmpkit.coding.data import CodedProject
from dmpkit.errors import DataError, SmallSampleWarning
from dmpkit.measures.agreement import disagreements, krippendorff_alpha, masi_distance
from dmpkit.measures.unitizing import character_ratings

FOLDER = Path(__file__).parents[1] / "reference" / "agreement"
EXPECTED = json.loads((FOLDER / "segments_expected.json").read_text(encoding="utf-8"))


def reference(approach="coding reliability", kind=lambda frame: frame):
    """The 19 codings on texts of the right lengths: agreement needs positions only."""
    sources = [(name, "x" * n) for name, n in EXPECTED["sources"].items()]
    segments = pd.read_csv(FOLDER / "segments.csv")[["source", "coder", "code", "start", "end"]]
    return CodedProject.from_frames(
        kind(pd.DataFrame(sources, columns=["source", "text"])), kind(segments), approach=approach
    )


@pytest.fixture(scope="module")
def found():
    return agreement(reference(), unit=("character", "segment", "document"))


@pytest.mark.parametrize("code", EXPECTED["codes"])
def test_characters_and_documents_of_the_reference_segments(found, code):
    wanted = EXPECTED["codes"][code]
    name = ANY if code == "<any code>" else code
    # computed with scikit-learn and krippendorff 0.9.0 on expanded characters
    for coefficient, key in [
        ("percent", "percent_agreement_char"),
        ("cohen", "cohen_kappa_char"),
        ("alpha", "alpha_nominal_char"),
    ]:
        value = found.value(name, "character", coefficient)
        assert value.value == pytest.approx(wanted[key], abs=1e-12)
        assert value.n == EXPECTED["length"]
    share = found.prevalence.query("unit == 'character' and code == @name")
    assert share["positive"].tolist() == wanted["chars"]
    both = found.overlap.query("unit == 'character' and code == @name")
    assert both["all"].item() == wanted["both"]
    assert both["jaccard"].item() == pytest.approx(wanted["jaccard_char"], abs=1e-12)
    percent = found.value(name, "document", "percent").value
    assert percent == pytest.approx(wanted["document_percent_agreement"], abs=1e-12)
    held = found.prevalence.query("unit == 'document' and code == @name")["positive"]
    assert held.tolist() == [sum(row) for row in wanted["document_presence"]]


def test_units_are_those_of_the_measures(found):
    segments = pd.read_csv(FOLDER / "segments.csv")
    cut = character_ratings(
        segments.rename(columns={"code": "value"}), EXPECTED["sources"], values="sets"
    )
    by_character = krippendorff_alpha(cut.ratings, masi_distance).value
    assert found.value(SETS).value == pytest.approx(by_character, abs=1e-12)
    by_segment = krippendorff_alpha(cut.by_segment(), masi_distance).value
    assert found.value(SETS, "segment").value == pytest.approx(by_segment, abs=1e-12)


def test_disagreements_add_up_to_those_of_alpha(found):
    code = "Steering/Expert selection"
    segments = pd.read_csv(FOLDER / "segments.csv").query("code == @code")
    cut = character_ratings(segments, EXPECTED["sources"])
    ours = found.disagreements_on(code)
    theirs = disagreements(cut.ratings)["contribution"].sum()
    assert ours["contribution"].sum() == pytest.approx(theirs)
    assert ours["share"].sum() == pytest.approx(1)
    assert ours["contribution"].is_monotonic_decreasing
    every = found.disagreements_on()
    assert len(every) >= len(ours)
    with pytest.raises(DataError, match="no code 'x'"):
        found.disagreements_on("x")


def small(segments, text="abcdefghijklmnopqrst", n=2, **options):
    sources = pd.DataFrame({"source": [f"I{i + 1}" for i in range(n)], "text": text})
    frame = pd.DataFrame(segments, columns=["source", "coder", "code", "start", "end"])
    return CodedProject.from_frames(sources, frame, approach="coding reliability", **options)


def test_quotes_of_both_coders_stand_beside_each_disagreement():
    p = small([("I1", "ada", "A", 2, 6), ("I1", "ben", "A", 4, 9), ("I1", "ben", "B", 5, 9)])
    first = agreement(p, unit="character").disagreements_on("A").iloc[0]
    assert (first["start"], first["end"], first["length"]) == (6, 9, 3)
    assert first["context"] == "abcdef[ghi]jklmnopqrst"
    assert (first["coded (ada)"], first["coded (ben)"]) == ("no", "yes")
    assert (first["quote (ada)"], first["quote (ben)"]) == ("cdef", "efghi")
    assert first["codes (ben)"] == "A; B"


def test_who_did_not_work_on_a_source_has_no_rating_there():
    spans = [("I1", "ada", "A", 0, 5), ("I1", "ben", "A", 0, 5), ("I2", "ada", "A", 0, 5)]
    p = small(spans)
    found = agreement(p, unit=("character", "document"))
    assert found.left_out == ("I2",)
    assert found.value("A", coefficient="percent").value == 1
    assert "I2" in found.summary()
    told = agreement(p, unit=("character", "document"), sources=["I1", "I2"])
    assert told.value("A", coefficient="percent").value == pytest.approx(35 / 40)
    three = small([*spans, ("I1", "cy", "A", 0, 9), ("I2", "cy", "A", 0, 5)])
    read = agreement(three, unit="document").codings.read
    assert read.tolist() == [[True, True], [True, False], [True, True]]
    shares = agreement(three, unit="document").prevalence
    assert shares.query("code == 'A' and coder == 'ben'")["n"].item() == 1


def test_turns_count_a_code_anywhere_in_them():
    text = "ANN: one two three.\nBEN: four five six."
    p = small([("I1", "ada", "A", 5, 8), ("I1", "ben", "A", 9, 12)], text=text, n=1)
    found = agreement(p)
    assert found.units == ("character", "segment", "turn", "document")
    assert found.value("A", "turn").value == 1
    assert found.value("A", "character").value < 0.1
    turns = pd.DataFrame({"source": "I1", "start": [0, 9], "end": [9, 20]})
    assert agreement(p, unit="turn", turns=turns).value("A", "turn", "percent").value == 0
    plain = agreement(small([("I1", "ada", "A", 0, 5), ("I1", "ben", "A", 0, 5)]))
    assert "no speaker turns" in plain.skipped["turn"]
    for bad in ([0, 5, 5, 25], [0, 9, 5, 12]):
        frame = pd.DataFrame({"source": "I1", "start": bad[::2], "end": bad[1::2]})
        with pytest.raises(DataError):
            agreement(small([("I1", "a", "A", 0, 5), ("I1", "b", "A", 0, 5)]), turns=frame)


def test_whole_source_codings_count_for_documents_only():
    p = small([("I1", "ada", "A", 0, 5), ("I1", "ben", "B", 0, 5)])
    whole = p.segments.assign(scope=["selection", "source"], code=["A", "A"])
    found = agreement(p.with_segments(whole), unit=("character", "document"))
    assert found.prevalence.query("unit == 'character' and coder == 'ben'")["positive"].sum() == 0
    assert found.value("A", "document", "percent").value == 1
    assert "1 codings of whole sources" in found.methods_text()


def test_undefined_is_said_in_words():
    p = small([(s, c, "A", 0, 20) for s in ("I1", "I2") for c in ("ada", "ben")])
    found = agreement(p, unit=("character", "document"))
    value = found.value("A")
    assert math.isnan(value.value)
    assert "every compared rating is 1" in value.note
    assert "undefined" in found.summary()


def test_a_reflexive_project_is_refused_with_the_reason():
    with pytest.raises(DataError, match="reflexive"):
        agreement(reference("reflexive"))
    assert "does not say how" in agreement(reference(""), unit="document").summary()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"coders": ["ada"]}, "two coders or more"),
        ({"coders": ["ada", "bem"]}, "no coder 'bem'"),
        ({"codes": ["Votes"]}, "no code 'Votes'"),
        ({"sources": ["x"]}, "no source 'x'"),
        ({"unit": "word"}, "no unit 'word'"),
        ({"coefficients": ["kappa"]}, "no coefficient 'kappa'"),
        ({"resample": "coder"}, "resample='coder' is not known"),
    ],
)
def test_bad_choices_are_named(options, words):
    with pytest.raises(DataError, match=words):
        agreement(reference(), **options)


def test_nothing_in_common_is_an_error_not_a_zero():
    with pytest.raises(DataError, match="No source was coded by two"):
        agreement(small([("I1", "ada", "A", 0, 5), ("I2", "ben", "A", 0, 5)]))
    three = small([(s, c, "A", 0, 5) for s, c in (("I1", "a"), ("I1", "b"), ("I2", "c"))])
    with pytest.raises(DataError, match="c coded nothing in a source"):
        agreement(three)
    assert agreement(three, ["a", "b"], "document").codings.coders == ("a", "b")
    with pytest.raises(DataError, match="compares two coders"):
        agreement(three, coefficients=["cohen"], sources=["I1"])


def drawn(seed=3, n=12):
    generator = np.random.default_rng(seed)
    rows = []
    for i in range(n):
        for coder in ("ada", "ben"):
            for code in ("A", "B"):
                a = int(generator.integers(0, 15))
                rows.append((f"I{i + 1}", coder, code, a, a + int(generator.integers(1, 6))))
    return small(rows, n=n)


def test_bootstrap_by_interview_and_by_unit():
    p = drawn()
    one = agreement(p, n_resamples=200, seed=1, unit=("character", "segment", "document"))
    two = agreement(p, n_resamples=200, seed=1, unit=("character", "segment", "document"))
    pd.testing.assert_frame_equal(one.table, two.table)
    value = one.value("A")
    assert value.low <= value.value <= value.high
    assert "12 clusters" in value.note
    units = agreement(p, n_resamples=200, seed=1, resample="unit", unit=("character", "segment"))
    assert "not independent" in units.value("A").note
    assert math.isnan(units.value("A").low)
    assert "units" in units.value("A", "segment").note
    none = agreement(p, unit=("segment", "document"))
    assert math.isnan(none.value("A", "segment").low)


def test_few_interviews_give_no_false_precision():
    with pytest.warns(SmallSampleWarning, match="3 interviews"):
        found = agreement(reference(), n_resamples=50, seed=1, unit="character")
    rare = found.value("Commercialisation")
    assert math.isnan(rare.low)
    assert "1 interview only" in rare.note


spans = st.lists(
    st.tuples(
        st.sampled_from(["I1", "I2"]), st.sampled_from("AB"), st.integers(0, 18), st.integers(1, 20)
    ).filter(lambda s: s[2] < s[3]),
    min_size=1,
    max_size=8,
)


@settings(max_examples=25, deadline=None)
@given(spans)
def test_a_coder_agrees_with_herself(drawn_spans):
    rows = [(s, coder, c, a, b) for s, c, a, b in drawn_spans for coder in ("ada", "twin")]
    found = agreement(small(rows), unit=("character", "segment", "document"))
    assert (found.table.loc[found.table["coefficient"] == "percent", "value"] == 1).all()
    others = found.table["value"].dropna()
    np.testing.assert_allclose(others, 1, atol=1e-12)
    assert len(found.disagreements) == 0


@settings(max_examples=25, deadline=None)
@given(spans, spans)
def test_the_order_of_coders_and_codings_does_not_matter(one, two):
    rows = [(s, "ada", *rest) for s, *rest in one] + [(s, "ben", *rest) for s, *rest in two]
    every = {"sources": ["I1", "I2"], "unit": ("character", "document")}
    a = agreement(small(rows), ["ada", "ben"], **every)
    b = agreement(small(rows[::-1]), ["ben", "ada"], **every)
    np.testing.assert_allclose(a.table["value"], b.table["value"], atol=1e-12)
    held = a.table["value"].dropna()
    assert held.between(-1 - 1e-12, 1 + 1e-12).all()


def test_pandas_and_polars_give_the_same(found):
    theirs = agreement(reference(kind=pl.from_pandas), unit=("character", "segment", "document"))
    for name, frame in found.tables().items():
        pd.testing.assert_frame_equal(frame, theirs.tables()[name])
    assert isinstance(found.tables(kind="polars")["agreement"], pl.DataFrame)


def test_words_section_and_pictures(found, tmp_path):
    assert "2 coders (ada, ben), 8 codes, 3 sources" in found.summary()
    assert len(found.indicators()) == 3
    assert "Passonneau" in found.methods_text()
    assert found.section().figures[0].alt
    assert "Dot plot" in plotting.alt_text(found.plot_agreement(unit="character"))
    assert found.to_excel(tmp_path / "a.xlsx").exists()


def test_disputed_passages_end_with_their_source_and_who_did_not_read_does_not_count():
    project = CodedProject.from_frames(
        pd.DataFrame({"source": ["s", "t"], "text": ["abcd", "efgh"]}),
        pd.DataFrame(
            {
                "source": ["s", "t", "s", "t", "t"],
                "code": ["A", "A", "B", "B", "A"],
                "coder": ["x", "x", "y", "y", "z"],
                "start": [2, 0, 0, 3, 0],
                "end": [4, 2, 1, 4, 2],
            }
        ),
        approach="coding reliability",
    )
    two = agreement(project, ["x", "y"], "character")
    rows = two.disagreements.query("code == 'A'")
    assert sorted(rows[["source", "start", "end"]].itertuples(index=False, name=None)) == [
        ("s", 2, 4),
        ("t", 0, 2),
    ]
    one_missing = agreement(project, ["x", "z"], "character", sources=None)
    assert one_missing.codings.sources == ("t",)
    three = agreement(project, unit="character")
    got = three.overlap.set_index("code").loc["A"]
    assert (got["n"], got["any"], got["all"]) == (8, 4, 0)
    with_z = project.with_segments(
        project.segments.assign(coder=["x", "x", "z", "y", "y"], code=["A", "A", "A", "A", "A"],
                                start=[2, 0, 2, 0, 1], end=[4, 2, 4, 2, 2], quote="")
    )  # fmt: skip
    got = agreement(with_z, unit="character").overlap.set_index("code").loc["A"]
    assert (got["n"], got["any"], got["all"]) == (8, 4, 4)  # y did not read s, z did not read t


@pytest.mark.parametrize(
    "options",
    [
        {"unit": []},
        {"n_resamples": -1},
        {"n_resamples": 2.5},
        {"unit": "turn", "turns": pd.DataFrame({"source": ["s"], "start": ["a"], "end": [None]})},
        {"unit": "turn", "turns": pd.DataFrame({"source": ["s"], "start": [0.5], "end": [2]})},
    ],
)
def test_options_that_say_nothing_are_refused_in_words(options):
    project = CodedProject.from_frames(
        pd.DataFrame({"source": ["s"], "text": ["abcd"]}),
        pd.DataFrame({"source": "s", "code": "A", "coder": ["x", "y"], "start": 0, "end": 2}),
        approach="coding reliability",
    )
    with pytest.raises(DataError):
        agreement(project, **options)


def test_what_is_no_project_is_refused_in_words():
    with pytest.raises(DataError, match="not a coded project"):
        agreement(pd.DataFrame({"a": [1]}))
