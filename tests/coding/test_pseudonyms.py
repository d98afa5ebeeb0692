"""Pseudonyms: nothing listed is left, no coding moves off its words, and all comes back."""

from __future__ import annotations

import json
import unicodedata

import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmpkit.coding.audit import Audit
from dmpkit.coding.data import CodedProject
from dmpkit.coding.names import NameList
from dmpkit.coding.pseudonyms import PseudonymKey, propose_names, pseudonymise, restore
from dmpkit.errors import DataError, ReadingWarning

NAMES = {
    "Ann": "Eva",
    "Anna": "Margit",
    "Anna-Marie": "Jo",
    "Zoë Ng": "Uma Q",
    "Greendale": "Aplace",
}


def replaced(text, names=NAMES, **options):
    project = CodedProject.from_frames(pd.DataFrame({"source": ["s"], "text": [text]}))
    made, key = pseudonymise(project, names, **options)
    assert restore(made, key).text("s") == text
    return made.text("s")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Ann, Anna and Anna-Marie", "Eva, Margit and Jo"),
        ("Anna's, Anna’s and Annas", "Margit's, Margit’s and Annas"),
        ("ANNA: well", "MARGIT: well"),
        ("anna and annual Annabel", "anna and annual Annabel"),
        ("Anna_2.txt Anna2 2Anna", "Margit_2.txt Margit2 2Margit"),
        ("Anna‐Marie Anna-Maries", "Jo Margit-Maries"),
        ("Zoe\u0308 Ng, Zoë\u00a0Ng, Zoë\nNg", "Uma Q, Uma Q, Uma Q"),
        ("Zoe\u0308, Zoe Ng", "Zoe\u0308, Zoe Ng"),
        ("Ann\u0301, Ann", "Ann\u0301, Eva"),
        ("\u0301Ann 👩🏽‍⚖️Ann👩🏽‍⚖️", "\u0301Eva 👩🏽‍⚖️Eva👩🏽‍⚖️"),
        ("Area Ann", "Area Eva"),
        ("", ""),
    ],
)
def test_whole_words_longest_first(text, wanted):
    assert replaced(text) == wanted


def test_a_digit_is_no_end_of_a_number():
    assert replaced("Area 5, Area 51", {"Area 5": "Area X"}) == "Area X, Area 51"


def test_case_is_chosen():
    assert replaced("Will will WILL", {"Will": "Tom"}) == "Tom will TOM"
    assert replaced("Will will WILL", {"Will": "Tom"}, case="ignore") == "Tom tom TOM"
    assert replaced("Will will WILL", {"Will": "Tom"}, case="as given") == "Tom will WILL"


def test_pseudonyms_are_not_replaced_again():
    with pytest.raises(DataError, match="a real name would be put"):
        replaced("Ann and Bo", {"Ann": "Bo", "Bo": "Cy"})
    assert replaced("Ann and Bo", {"Ann": "Bob", "Bo": "Cy"}) == "Bob and Cy"


def test_what_overlaps_or_differs_in_case_is_listed():
    project = CodedProject.from_frames(
        pd.DataFrame({"source": ["s"], "text": ["New Anna Karlsson and anna"]})
    )
    with pytest.warns(ReadingWarning, match="In 1 places names overlap"):
        made, key = pseudonymise(project, {"New Anna": "X", "Anna Karlsson": "Y", "Anna": "Z"})
    assert made.text("s") == "New Y and anna"
    assert key.log["action"].tolist() == ["left: overlaps", "replaced", "left: other case"]
    assert made.text("s")[key.log["start"].iloc[2] : key.log["end"].iloc[2]] == "anna"
    assert not set(key.log["pseudonym"]) & {"Anna", "Anna Karlsson", "New Anna"}


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ({"": "x"}, "no letter"),
        ({"Ann": " "}, "no pseudonym"),
        (pd.DataFrame({"original": ["é", "e\u0301"], "pseudonym": ["x", "y"]}), "are the same"),
        (pd.DataFrame({"original": ["a"], "pseudonym": ["b"], "kind": ["pet"]}), "'pet'"),
        (pd.DataFrame({"original": ["a", None], "pseudonym": ["b", "c"]}), "empty"),
        (pd.DataFrame({"name": ["a"]}), "missing"),
        (7, "not a data frame"),
    ],
)
def test_names_that_cannot_be_used(names, words):
    with pytest.raises(DataError, match=words):
        NameList.read(names)


LINK = ["case", "source", "start", "end"]


def project(text="ANNA: Ann met Anna Karlsson in Greendale.\nBEN: Zoe\u0308 Ng's file, żółć."):
    sources = pd.DataFrame(
        {
            "source": ["Anna.txt", "Ann.txt", "x"],
            "text": [text, "Ann.", ""],
            "place": ["Greendale", "", "z"],
        }
    )
    spans = [("Anna.txt", 0, 4), ("Anna.txt", 6, 9), ("Anna.txt", 16, 40), ("Anna.txt", 33, 47)]
    segments = pd.DataFrame(
        [
            (s, a, min(b, len(text)), f"Views/of Ann{i}", "Anna")
            for i, (s, a, b) in enumerate(spans)
        ],
        columns=["source", "start", "end", "code", "coder"],
    ).assign(memo=["", "Anna said", "see Greendale", ""], strength=[1, 2, 3, 4])
    return CodedProject.from_frames(
        sources,
        segments,
        cases=pd.DataFrame({"case": ["Anna", "Ben"], "town": ["Greendale", None], "age": [31, 40]}),
        case_sources=pd.DataFrame([("Anna", "Anna.txt", 2, 8)], columns=LINK),
        notes=pd.DataFrame(
            {"note": ["Ann"], "kind": ["memo"], "name": ["on Ann"], "text": ["Anna!"],
             "source": ["Anna.txt"], "start": [1], "end": [9]}
        ),
        unplaced=pd.DataFrame({"source": ["x"], "code": ["Ann"], "quote": ["Anna lost"]}),
        name="Greendale study",
        users=["Anna", "Zed"],
    ).with_tables(
        audit=Audit(
            items=pd.DataFrame(
                [("dropped", "Anna", "Anna.txt", 1, "x")],
                columns=["kind", "what", "where", "count", "why"],
            )
        )
    )  # fmt: skip


def same(a, b):
    for name, frame in a.frames().items():
        pd.testing.assert_frame_equal(frame, b.frames()[name])
    assert (a.name, a.users, a.approach) == (b.name, b.users, b.approach)


def test_no_original_is_left_anywhere_and_everything_comes_back(tmp_path):
    before = project()
    made, key = pseudonymise(before, NAMES)
    listed = NameList.read(NAMES)
    for name, frame in made.frames().items():
        for column in frame.columns:
            for value in map(str, frame[column]):
                assert not listed.find(value), (name, column, value)
    assert made.name == "Aplace study"
    assert made.users == ("Margit", "Zed")
    same(restore(made, key), before)
    again = PseudonymKey.read(key.save(tmp_path / "key.json"))
    same(restore(made, again), before)
    pd.testing.assert_frame_equal(again.log, key.log, check_dtype=False)
    assert "Greendale" not in repr(key)
    originals = [name for name in NAMES if name in key.log.to_csv()]
    assert originals == []


def test_spans_that_cut_a_name_are_widened_and_listed():
    before = project()
    made, key = pseudonymise(before, NAMES | {"Anna Karlsson": "Lise Holm"})
    cut = key.log[key.log["column"] == "span"]
    # codings begin within a name and within a town, a link and a note within names
    assert set(cut["table"]) == {"segments", "case_sources", "notes"}
    assert made.segments["quote"].tolist()[3].startswith("Aplace")
    same(restore(made, key), before)


def test_what_was_coded_since_moves_with_the_words():
    made, key = pseudonymise(project(), NAMES)
    text = made.text("Margit.txt")
    at = text.index("żółć")
    extra = pd.DataFrame(
        {
            "source": ["Margit.txt"],
            "code": ["Views"],
            "coder": ["new"],
            "start": [at],
            "end": [at + 4],
            "strength": [0],
        }
    )
    more = made.with_segments(pd.concat([extra, made.segments], ignore_index=True))
    back = restore(more, key)
    assert back.segments["quote"].iloc[0] == "żółć"
    same(back.with_segments(back.segments.iloc[1:].reset_index(drop=True)), project())


def test_a_changed_text_is_refused_and_a_changed_memo_is_said():
    made, key = pseudonymise(project(), NAMES)
    memo = made.segments.assign(memo="new words")
    with pytest.warns(ReadingWarning, match="2 texts were changed since"):
        restore(made.with_segments(memo), key)
    other = made.sources.assign(text=["other", "Eva.", ""])
    changed = made.with_tables(sources=other, segments=None, case_sources=None, notes=None)
    with pytest.raises(DataError, match="not the one that the key belongs to"):
        restore(changed, key)


def test_labels_that_become_alike_are_numbered():
    names = {"Ann": "Eva", "Anna": "Eva"}
    made, key = pseudonymise(project(), names)
    assert made.sources["source"].tolist() == ["Eva.txt", "Eva.txt (2)", "x"]
    same(restore(made, key), project())


def test_coders_can_be_left_alone():
    made, key = pseudonymise(project(), NAMES, coders=False)
    assert made.coders == ("Anna",)
    same(restore(made, key), project())


def test_a_pseudonym_in_the_text_is_said():
    source = pd.DataFrame({"source": ["s"], "text": ["Eva met Ann."]})
    with pytest.warns(ReadingWarning, match="'Eva'"):
        pseudonymise(CodedProject.from_frames(source), NAMES)


def test_pandas_polars_and_mapping_are_the_same():
    frame = pd.DataFrame({"original": list(NAMES), "pseudonym": list(NAMES.values())})
    wanted, _ = pseudonymise(project(), NAMES)
    for names in (frame, pl.from_pandas(frame)):
        same(pseudonymise(project(), names)[0], wanted)


def test_a_recogniser_proposes_names_to_check():
    def capitals(text):
        at = text.find("Greendale")
        return [(at, at + 9, "GPE")] if at >= 0 else []

    found = propose_names(project(), capitals)
    assert found.values.tolist() == [["Greendale", "Other 1", "other", 1]]
    made, key = pseudonymise(project(), capitals)
    assert "Other 1" in made.text("Anna.txt")
    assert key.names["original"].tolist() == ["Greendale"]
    with pytest.raises(DataError, match="from 0 to 99"):
        propose_names(project(), lambda text: [(0, 99, "person")])


def test_a_file_that_is_no_key(tmp_path):
    for content in ("", "[]", json.dumps({"dmpkit pseudonym key": 9})):
        (tmp_path / "k.json").write_text(content)
        with pytest.raises(DataError):
            PseudonymKey.read(tmp_path / "k.json")
    with pytest.raises(DataError):
        PseudonymKey.read(tmp_path / "none.json")


words = st.sampled_from(
    ["Ann", "Anna", "Anna-Marie", "ANN", "Zoë Ng", "Zoe\u0308", "Ng", "the", "e\u0301", " ",
     "\n", "’s", "-", "👩🏽‍⚖️", "مرحبا", "\u0301", "Greendale", "x", "7"]
)  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(st.lists(words, max_size=14).map("".join), st.data())
def test_offsets_point_at_the_same_words_and_restoring_gives_back_the_bytes(text, data):
    places = st.integers(0, len(text))
    some = st.tuples(places, places).filter(lambda s: s[0] < s[1])
    spans = data.draw(st.lists(some, max_size=4)) if text else []
    before = CodedProject.from_frames(
        pd.DataFrame({"source": ["s"], "text": [text]}),
        pd.DataFrame(
            [("s", "c", a, b) for a, b in spans], columns=["source", "code", "start", "end"]
        ).astype({"start": int, "end": int}),
    )
    made, key = pseudonymise(before, NAMES)
    back = restore(made, key)
    assert back.text("s").encode() == text.encode()
    same(back, before)
    inside = {(m.start, m.end) for m in NameList.read(NAMES).find(text) if m.action == "replace"}
    for (a, b), quote in zip(spans, made.segments["quote"], strict=True):
        if not any(x < a < y or x < b < y for x, y in inside):
            assert quote == pseudonymised(text[a:b], text, a, b, inside)


def pseudonymised(quote, text, a, b, places):
    """The words a..b with the names within them replaced, from the list of places."""
    out, at = "", a
    lookup = {unicodedata.normalize("NFC", k): v for k, v in NAMES.items()}
    for x, y in sorted(places):
        if a <= x and y <= b:
            found = unicodedata.normalize("NFC", " ".join(text[x:y].split()))
            new = lookup.get(found) or lookup[found.title()].upper()
            out += text[at:x] + new
            at = y
    return out + text[at:b]


@pytest.mark.parametrize(
    ("names", "text", "wanted"),
    [
        ({"Yılmaz": "Demo"}, "YILMAZ: Yılmaz left", "DEMO: Demo left"),
        ({"Strauß": "Berg"}, "STRAUSS, STRAUẞ, Strauß", "BERG, BERG, Berg"),
        ({"Anna": "Eva"}, "An\u00adna, An\u2060na, \ufeffAnna\u00ad.", "Eva, Eva, \ufeffEva."),
        ({"王小明": "李四"}, "我见了王小明。王小明走了", "我见了李四。李四走了"),
        ({"Anna": "Eva"}, "AnnaMaria Annában", "AnnaMaria Annában"),
    ],
)
def test_names_in_capitals_with_unseen_signs_and_without_spaces(names, text, wanted):
    assert replaced(text, names) == wanted


def test_names_of_attributes_and_guids_made_from_names_give_nobody_away():
    from uuid import NAMESPACE_DNS, uuid5

    made_from_name = str(uuid5(NAMESPACE_DNS, "Anna"))
    drawn = "3b241101-e2bb-4255-8caf-4136c566a962"
    project = CodedProject.from_frames(
        pd.DataFrame({"source": ["s", "t"], "text": "Anna", "guid": [made_from_name, drawn]}),
        cases=pd.DataFrame({"case": ["c"], "sees Anna": ["Anna"], "Eva": [1]}),
    )
    made, key = pseudonymise(project, {"Anna": "Eva"})
    assert made.sources["guid"].tolist() == ["", drawn]
    assert list(made.cases) == ["case", "sees Eva", "Eva"]
    assert "Anna" not in key.log.to_csv()
    back = restore(made, key)
    for name, frame in project.frames().items():
        pd.testing.assert_frame_equal(back.frames()[name], frame)


def test_an_attribute_that_would_get_the_name_of_another_is_numbered():
    project = CodedProject.from_frames(
        pd.DataFrame({"source": ["s"], "text": ["x"]}),
        cases=pd.DataFrame({"case": ["c"], "Anna": ["y"], "Eva": ["z"]}),
    )
    made, key = pseudonymise(project, {"Anna": "Eva"})
    assert list(made.cases) == ["case", "Eva", "Eva (2)"]
    pd.testing.assert_frame_equal(restore(made, key).cases, project.cases)


def test_a_name_without_pseudonym_does_not_become_none():
    with pytest.raises(DataError, match="empty"):
        replaced("Ann", {"Ann": None})


def test_what_is_no_project_no_key_and_no_name_is_refused_in_words():
    project = CodedProject.from_frames(pd.DataFrame({"source": ["s"], "text": ["Ann"]}))
    with pytest.raises(DataError, match="not a coded project"):
        pseudonymise("Ann", {"Ann": "Eva"})
    with pytest.raises(DataError, match="not a key"):
        restore(project, None)
    with pytest.raises(DataError, match="start, end and kind"):
        pseudonymise(project, lambda text: [(0,)])


def test_a_coding_that_ends_where_a_name_ends_is_not_widened():
    project = CodedProject.from_frames(
        pd.DataFrame({"source": ["s"], "text": ["Ann met Ann here"]}),
        pd.DataFrame({"source": "s", "code": "c", "start": [0, 3, 8], "end": [3, 8, 11]}),
    )
    made, key = pseudonymise(project, {"Ann": "Margit"})
    assert made.segments["quote"].tolist() == ["Margit", " met ", "Margit"]
    assert not key.cuts
    assert set(key.log["action"]) == {"replaced"}
