"""How a file counts is found by its quotations, source by source."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from coded_samples import REFERENCE, TEXT, expected, qde, selection, write
from hypothesis import given, settings
from hypothesis import strategies as st

from dmpkit.coding import Convention, read_project
from dmpkit.coding.exchange.anchoring import Budget, find_quote
from dmpkit.coding.exchange.offsets import RawText, Selection, decide, similarity
from dmpkit.errors import DataError, ImportAuditWarning

FILES = expected("conventions")["files"]
CLEAN = [name for name, want in FILES.items() if want["outcome"] == "import"]
SHOWN = {
    "conv_lf_codepoint": "code points, end exclusive",
    "conv_bom": "code points, end exclusive, byte-order mark not counted",
    "conv_bom_counted": "code points, end exclusive, byte-order mark counted",
    "conv_crlf_counted_as_two": "code points, end exclusive, CR LF counted as two",
    "conv_crlf_counted_as_one": "code points, end exclusive, CR LF counted as one",
    "conv_utf16_units": "UTF-16 units, end exclusive",
    "conv_inclusive_end": "code points, end inclusive",
}


def rows(project: Any) -> list[dict[str, Any]]:
    named = project.segments.rename(columns={"quote": "text"})
    columns = ["code", "coder", "text", "start", "end"]
    return named[columns].to_dict("records")


@pytest.mark.parametrize("name", CLEAN)
def test_a_deviation_reads_to_the_expected_table_without_a_warning(name: str) -> None:
    project = read_project(REFERENCE / "conventions" / name)
    assert project.text("doc") == TEXT
    assert rows(project) == FILES[name]["segments"]
    line = project.audit.sources.iloc[0]
    assert (line["selections"], line["quotes"], line["matched"]) == (4, 4, 4)
    assert (line["re_anchored"], line["lost"], line["unchecked"]) == (0, 0, 0)
    shown = SHOWN.get(Path(name).stem, "code points, end exclusive")
    assert line["convention"] == shown


def test_without_quotations_and_with_astral_characters_it_warns() -> None:
    path = REFERENCE / "conventions" / "conv_no_name_utf16.qdpx"
    with pytest.warns(ImportAuditWarning, match="could not be decided in doc"):
        project = read_project(path)
    line = project.audit.sources.iloc[0]
    assert "standard's practice" in line["basis"]
    assert "characters outside the basic plane" in line["note"]
    assert "UTF-16 units, end exclusive" in line["note"]
    told = read_project(path, convention=Convention("UTF-16 units"))
    right = FILES["conv_lf_codepoint.qdpx"]["segments"]
    assert told.segments["quote"].tolist() == [row["text"] for row in right]
    assert told.audit.sources["basis"].tolist() == ["told by the reader"]


def test_coders_who_are_not_among_the_users_stay_apart() -> None:
    with pytest.warns(ImportAuditWarning, match="not among the users"):
        project = read_project(REFERENCE / "conventions" / "conv_no_users.qdpx")
    want = FILES["conv_no_users.qdpx"]["segments"]
    names = {"ada": "unknown 1", "ben": "unknown 2"}
    assert rows(project) == [{**row, "coder": names[row["coder"]]} for row in want]


def test_a_coding_without_its_code_is_dropped_and_said() -> None:
    with pytest.warns(ImportAuditWarning, match="left out: 1 × coding"):
        project = read_project(REFERENCE / "conventions" / "conv_dangling_coderef.qdpx")
    want = FILES["conv_dangling_coderef.qdpx"]
    assert project.n_segments == want["kept"]
    assert project.audit.dropped["count"].tolist() == [want["dropped"]]


def test_positions_out_of_range_are_kept_apart_with_the_reason() -> None:
    with pytest.warns(ImportAuditWarning, match="without a place in a text: 3"):
        project = read_project(REFERENCE / "conventions" / "conv_out_of_range.qdpx")
    want = FILES["conv_out_of_range.qdpx"]
    assert (project.n_segments, len(project.unplaced)) == (want["good"], want["bad"])
    assert project.audit.lost == 3
    reasons = " | ".join(project.unplaced["reason"])
    for words in ("ends at 172", "ends (10) before it starts (30)", "starts at -5"):
        assert words in reasons


def test_a_missing_text_is_named_and_nothing_is_lost() -> None:
    with pytest.warns(ImportAuditWarning, match="text of a source"):
        project = read_project(REFERENCE / "conventions" / "conv_missing_source.qdpx")
    assert project.n_segments == 0
    assert len(project.unplaced) == 4
    assert "bb730411" in project.audit.dropped["why"].iloc[0]
    assert project.unplaced["quote"].iloc[0] == "Time was short"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("conv_path_traversal", "outside itself"),
        ("conv_absolute_path", "outside itself"),
        ("conv_entity_bomb", "document type or entities"),
        ("conv_not_xml", "XML is broken"),
        ("conv_not_zip", "neither a zip archive nor a database"),
    ],
)
def test_what_must_be_refused_is(name: str, words: str) -> None:
    with pytest.raises(DataError, match=words):
        read_project(REFERENCE / "conventions" / f"{name}.qdpx")


# --- beyond the samples -------------------------------------------------------------------

WAYS = [
    Convention(unit, end, crlf, bom)  # type: ignore[arg-type]
    for unit in ("code points", "UTF-16 units", "UTF-8 bytes")
    for end in ("exclusive", "inclusive")
    for crlf in ("one", "two")
    for bom in ("counted", "not counted")
]


def counted(raw: str, at: int, way: Convention) -> int:
    """The position of a code point of the raw text under a convention, by counting."""
    before = raw[:at]
    if way.bom == "not counted":
        before = before.removeprefix("\ufeff")
    if way.crlf == "one":
        before = before.replace("\r\n", "\n")
    if way.unit == "UTF-16 units":
        return len(before.encode("utf-16-le")) // 2
    return len(before.encode()) if way.unit == "UTF-8 bytes" else len(before)


RAW = (
    "\ufeffADA: Ünser 😬 start.\r\nBEN: Time was short — “too short”.\r\nADA: 😬 Enough of it.\r\n"
)


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_every_combination_is_found(way: Convention) -> None:
    made = []
    for quote in ("start.\r\nBEN: Time", "too short", "😬 Enough", "Enough of it."):
        a = RAW.index(quote)
        b = a + len(quote)
        end = counted(RAW, b, way)
        if way.end == "inclusive":
            last = counted(RAW, b - 1, way)
            end = last if way.unit == "code points" else end - 1
        made.append(Selection(counted(RAW, a, way), end, quote.replace("\r\n", "\n")))
    raw = RawText.of(RAW)
    decision = decide(raw, made)
    assert decision.way == way
    assert [raw.text[a:b] for a, b in filter(None, decision.spans)] == [s.quote for s in made]
    assert not decision.open_ways


@settings(max_examples=60, deadline=None)
@given(
    st.text(alphabet="ab é😬\n", min_size=12, max_size=60),
    st.sampled_from(["code points", "UTF-16 units", "UTF-8 bytes"]),
    st.data(),
)
def test_boundaries_lead_to_the_same_characters(text: str, unit: str, data: st.DataObject) -> None:
    raw = "\ufeff" + text.replace("\n", "\r\n")
    looked = RawText.of(raw)
    way = Convention(unit, "exclusive", "two", "counted")  # type: ignore[arg-type]
    table = looked.boundaries(way)
    at = data.draw(st.integers(0, len(raw)))
    place = table[counted(raw, at, way)]
    assert looked.text[:place] == raw[:at].removeprefix("\ufeff").replace("\r\n", "\n").replace(
        "\r", ""
    )


def test_what_one_source_leaves_open_is_taken_from_the_others(tmp_path: Path) -> None:
    """A source whose names are labels follows the file's other source, and says so."""
    second = (
        '</TextSource><TextSource guid="00000000-0000-4000-8000-000000000022" name="other" '
        f'plainTextPath="internal://t.txt">{selection(5, 28, 42, "line:6")}'
    )
    project = qde(selection(1, 28, 42, "Time was short"), inside=second)
    read = read_project(write(tmp_path / "p.qdpx", project))
    assert read.segments["quote"].tolist() == ["Time was short", "Time was short"]
    assert read.audit.sources["convention"].tolist() == ["UTF-16 units, end exclusive"] * 2
    assert "as in the file's other sources" in read.audit.sources["basis"].iloc[1]


def test_a_source_that_shows_nothing_is_no_evidence_for_another(tmp_path: Path) -> None:
    """Plain letters fit all units, so they decide nothing for a text with an emoji."""
    second = (
        '</TextSource><TextSource guid="00000000-0000-4000-8000-000000000022" name="plain">'
        "<PlainTextContent>Only letters here</PlainTextContent>"
        + selection(5, 0, 12, "Only letters")
    )
    project = qde(selection(1, 27, 41), inside=second)
    with pytest.warns(ImportAuditWarning, match="could not be decided in doc"):
        read = read_project(write(tmp_path / "p.qdpx", project))
    assert "standard's practice" in read.audit.sources["basis"].iloc[0]


def test_a_shifted_quotation_is_found_by_its_words(tmp_path: Path) -> None:
    parts = [(27, 41, "Time was short"), (27, 55, "Time was short — “too short”")]
    good = "".join(selection(i, *part) for i, part in enumerate(parts))
    moved = selection(8, 90, 130, "The sponsor chose the experts & the date")
    changed = selection(9, 72, 112, "The sponsor chose all experts & the date")
    with pytest.warns(ImportAuditWarning, match="found elsewhere by their words: 2"):
        read = read_project(write(tmp_path / "p.qdpx", qde(good + moved + changed)))
    assert read.segments["start"].tolist() == [27, 27, 70, 70]
    assert read.segments["end"].tolist()[2:] == [110, 110]
    assert read.audit.re_anchored == 2
    assert "nearly the same words" in " ".join(read.audit.items["why"])


def test_a_label_is_not_taken_for_a_quotation(tmp_path: Path) -> None:
    """The label 'Time' occurs in the text, but the span is not of its length: it stays."""
    plain = TEXT.replace("😬", "-")
    file = write(tmp_path / "p.qdpx", qde(selection(1, 70, 110, "Time")), plain)
    read = read_project(file)
    assert read.segments[["start", "end"]].to_numpy().tolist() == [[70, 110]]
    assert "1 names are labels" in read.audit.sources["note"].iloc[0]
    as_long = qde(selection(1, 70, 110, "Sponsor, experts and date (see page 12)."))
    with pytest.warns(ImportAuditWarning, match="selection named otherwise"):
        read = read_project(write(tmp_path / "q.qdpx", as_long, plain))
    assert read.segments[["start", "end"]].to_numpy().tolist() == [[70, 110]]


@pytest.mark.parametrize(
    ("quote", "stands", "want"),
    [
        ("Time was", "Time was", 1.0),
        ("Time was ...", "Time was short", 0.5),
        ("Time", "Time was short", 0.0),
        ("Time was", "Time was ", 0.75),
        ("Time  was", "Time was", 0.75),
        ("line:6", "Time was short", 0.0),
        ("ime was", "Time was", 0.0),
        ("Time was shor", "Time was short", 0.5),
    ],
)
def test_likeness(quote: str, stands: str, want: float) -> None:
    assert similarity(quote, stands) == want


def test_words_that_stand_twice_need_a_place() -> None:
    body = "so it was. And so it was."
    assert find_quote(body, "so it was", None, Budget())[0] is None
    assert find_quote(body, "so it was", 20, Budget())[0] == (15, 24)
    assert find_quote(body, "so it was", 0, Budget())[0] == (0, 9)
    assert "stand more than once" in find_quote(body, "so it was", 20, Budget())[1]
    assert "not looked for" in find_quote(body, "it", 0, Budget(exact=3))[1]
    long = "abcdefghij" * 100
    assert find_quote("x" * 50 + long + "y", long[:450] + "??" + long[452:], 10, Budget())[0] == (
        50,
        1050,
    )


@pytest.mark.parametrize(
    ("name", "start", "end", "want"),
    [
        ("abcde", 0, 6, True),
        ("abcde", 0, 7, False),
        ("x" * 50, 0, 55, True),
        ("x" * 50, 0, 56, False),
    ],
)
def test_a_name_about_as_long_as_its_span_is_looked_for(
    name: str, start: int, end: int, want: bool
) -> None:
    from dmpkit.coding.exchange.placing import _is_quotation

    assert _is_quotation(name, Selection(start, end, name)) is want
    assert _is_quotation(name, Selection(start, end, name, certain=True))
