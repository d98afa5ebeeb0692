"""Sorting pages: HTMLQ and FlashQ, EQ Web Sort and easy-HTMLQ."""

from __future__ import annotations

import json
import warnings

import numpy as np
import openpyxl
import pytest
import samples

from dmpkit.errors import DataError, DuplicatedSortsWarning, ReadingWarning
from dmpkit.qmethod import QSorts, read_sorts

SORTS = QSorts(samples.VALUES, sorts=samples.NAMES)
SHIPPED = {"eq.json": samples.firebase, "netlify.csv": samples.netlify, "s.csv": samples.sheets}


# -- HTMLQ, FlashQ ---------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_htmlq(tmp_path, delimiter):
    sorts = read_sorts(samples.htmlq(tmp_path / "data", delimiter=delimiter))
    assert sorts == SORTS
    assert "table of HTMLQ or FlashQ, one row a participant" in sorts.notes
    assert "labels of the sorts: 'uid'" in sorts.notes
    left = "sid, uid, datetime, npos, nneu, nneg, comment…, dur…, form…"
    assert f"left: columns {left}" in sorts.notes


def test_htmlq_without_user_codes_takes_sid(tmp_path):
    assert read_sorts(samples.htmlq(tmp_path / "a.csv", drop=("uid",))).sorts == tuple("12345")


def test_htmlq_statements_are_put_in_the_order_of_their_numbers(tmp_path):
    header = "sid,npos,nneg," + ",".join(f"s{i}" for i in (10, 2, 1, *range(3, 10)))
    (tmp_path / "a.csv").write_text(
        f"{header}\n1,3,3,10,2,1,3,4,5,6,7,8,9\n2,3,3,1,9,10,8,7,6,5,4,3,2\n"
    )
    np.testing.assert_array_equal(read_sorts(tmp_path / "a.csv").values[:, 0], np.arange(1, 11))


def test_htmlq_participants_without_a_sort_are_left_and_named(tmp_path):
    text = samples.htmlq(tmp_path / "a.csv").read_text().splitlines()
    cells = text[3].split(";")
    cells[8:17] = [""] * 9
    text[3] = ";".join(cells)
    (tmp_path / "a.csv").write_text("\n".join(text))
    with pytest.warns(ReadingWarning, match=r"1 participant\(s\) without a sort are left: row 4"):
        sorts = read_sorts(tmp_path / "a.csv")
    assert sorts.sorts == ("Ana", "Ben", "Dee", "Eva")
    cells[8] = "1"
    text[3] = ";".join(cells)
    (tmp_path / "a.csv").write_text("\n".join(text))
    with pytest.raises(DataError, match="statement '2' in sort 'Cem'"):
        read_sorts(tmp_path / "a.csv")


def test_htmlq_with_a_statement_lacking(tmp_path):
    with pytest.raises(DataError, match="s4 is not there"):
        read_sorts(samples.htmlq(tmp_path / "a.csv", drop=("s4",)))


def test_htmlq_asked_for_but_not_there(tmp_path):
    (tmp_path / "a.csv").write_text("sort,s1,s2,s3\na,1,0,-1\nb,0,1,-1\n")
    with pytest.raises(DataError, match="not a table of HTMLQ"):
        read_sorts(tmp_path / "a.csv", format="htmlq")


def test_whole_sorts_in_one_cell(tmp_path):
    """As HTMLQ sends them: ``sort`` with the values of all statements between bars."""
    fields = ("partId", "npos", "sort")
    rows = [[one[name] for name in fields] for one in samples.records(Cem={"sort": ""})]
    lines = [";".join(row) for row in [list(fields), *rows]]
    (tmp_path / "a.csv").write_text("\n".join(lines))
    with pytest.warns(ReadingWarning, match="without a sort are left: row 4"):
        sorts = read_sorts(tmp_path / "a.csv")
    np.testing.assert_array_equal(sorts.values, samples.VALUES[:, [0, 1, 3, 4]])
    assert sorts.sorts == ("Ana", "Ben", "Dee", "Eva")


def test_a_plain_table_with_columns_s1_s2_is_not_htmlq(tmp_path):
    (tmp_path / "a.csv").write_text("sort,s1,s2,s3\na,1,0,-1\nb,0,1,-1\n")
    assert read_sorts(tmp_path / "a.csv").notes[1].startswith("one row a sort")


def test_htmlq_saved_as_a_workbook(tmp_path):
    lines = samples.htmlq(tmp_path / "a.csv", drop=("comment3", "comment7")).read_text()
    book = openpyxl.Workbook()
    for line in lines.splitlines():
        book.worksheets[0].append(line.split(";"))
    book.save(tmp_path / "a.xlsx")
    assert read_sorts(tmp_path / "a.xlsx") == SORTS


# -- EQ Web Sort, easy-HTMLQ ----------------------------------------------------------------


@pytest.mark.parametrize("name", list(SHIPPED))
def test_records(tmp_path, name):
    sorts = read_sorts(SHIPPED[name](tmp_path / "export"))  # no ending
    assert sorts == SORTS
    assert "labels of the sorts: 'partId'" in sorts.notes
    assert sorts.notes[0].startswith("records of EQ Web Sort")
    assert any(
        note.startswith("left: fields column2_1, columnN2_1, dateTime") for note in sorts.notes
    )


@pytest.mark.parametrize("name", list(SHIPPED))
def test_label_asked_for(tmp_path, name):
    file = SHIPPED[name](tmp_path / name)
    assert read_sorts(file, label="randomId").sorts[0] == "8ea8f130-b10"
    with pytest.raises(DataError, match=r"no field 'age'.*randomId"):
        read_sorts(file, label="age")
    with pytest.raises(DataError, match="'3'"):  # not one of its own each
        read_sorts(file, label="npos")


def test_label_where_it_means_nothing(tmp_path):
    for file in (samples.kade1(tmp_path / "a.xlsx"), samples.archive(tmp_path / "a.zip")):
        with pytest.raises(DataError, match="every sort has one name"):
            read_sorts(file, label="partId")
    (tmp_path / "a.csv").write_text("statement,a,b\n1,0,1\n2,1,0\n3,-1,-1\n")
    with pytest.raises(DataError, match="one row a statement"):
        read_sorts(tmp_path / "a.csv", label="a")


def test_label_of_a_plain_table(tmp_path):
    (tmp_path / "a.csv").write_text("sort,code,s1,s2,s3\na,x1,1,0,-1\nb,x2,0,1,-1\n")
    assert read_sorts(tmp_path / "a.csv").sorts == ("a", "b")
    assert read_sorts(tmp_path / "a.csv", label="code").sorts == ("x1", "x2")
    with pytest.raises(DataError, match="no column 'name'"):
        read_sorts(tmp_path / "a.csv", label="name")


def test_htmlq_in_utf_16(tmp_path):
    text = samples.htmlq(tmp_path / "a.csv").read_text()
    (tmp_path / "a.csv").write_bytes(text.encode("utf-16"))
    assert read_sorts(tmp_path / "a.csv") == SORTS


@pytest.mark.parametrize("name", list(SHIPPED))
def test_nobody_gave_a_code(tmp_path, name):
    sent = samples.records(**{who: {"partId": "no part ID"} for who in samples.NAMES})
    sorts = read_sorts(SHIPPED[name](tmp_path / name, sent))
    assert "labels of the sorts: 'randomId'" in sorts.notes
    sent = [{k: v for k, v in one.items() if k in ("dateTime", "sort")} for one in sent]
    if name == "eq.json":
        sorts = read_sorts(SHIPPED[name](tmp_path / name, sent))
        assert sorts.sorts[:2] == ("-KYWb0", "-KYWb1")


@pytest.mark.parametrize("name", list(SHIPPED))
def test_sent_twice_is_said(tmp_path, name):
    sent = samples.records(Eva={"partId": "Ana"})
    with pytest.warns(ReadingWarning, match="'Ana' more than once.*sent a sort twice"):
        sorts = read_sorts(SHIPPED[name](tmp_path / name, sent))
    assert sorts.sorts[0] == "8ea8f130-b10"


@pytest.mark.parametrize("name", list(SHIPPED))
def test_one_record_twice_is_not_two_people(tmp_path, name):
    sent = [*samples.records(), samples.record(1)]
    file = SHIPPED[name](tmp_path / name, sent)
    first, again = ("-KYWb1", "-KYWb5") if name == "eq.json" else ("row 3", "row 7")
    with pytest.raises(DataError, match=f"that of {first} again.*leave=") as caught:
        read_sorts(file)
    assert caught.value.row == again
    sorts = read_sorts(file, leave=[again])
    assert sorts == SORTS
    assert f"left: {again}" in sorts.notes
    with pytest.raises(DataError, match="row 9"):
        read_sorts(file, leave=[again, "row 9"])


@pytest.mark.parametrize("name", list(SHIPPED))
def test_two_people_who_sort_alike_are_two(tmp_path, name):
    sent = [*samples.records(), samples.record(1, partId="Fay", randomId="x")]
    with pytest.warns(DuplicatedSortsWarning, match="Ben.*Fay"):
        assert read_sorts(SHIPPED[name](tmp_path / name, sent)).n_sorts == 6


def test_one_row_of_htmlq_twice_is_not_two_people(tmp_path):
    file = samples.htmlq(tmp_path / "a.csv")
    lines = file.read_text().splitlines()
    file.write_text("\n".join([*lines, lines[2]]) + "\n")
    with pytest.raises(DataError, match=r"that of row 3 again.*leave=") as caught:
        read_sorts(file)
    assert caught.value.row == "row 7"
    assert read_sorts(file, leave=["row 7"]) == SORTS
    assert read_sorts(file, leave=["row 3"]).sorts == ("Ana", "Cem", "Dee", "Eva", "Ben")


@pytest.mark.parametrize("drop", [("s9",), ("s8", "s9")])
def test_htmlq_piles_that_do_not_add_up(tmp_path, drop):
    file = samples.htmlq(tmp_path / "a.csv", drop=drop)
    with pytest.raises(DataError, match=rf"3 \+ 3 \+ 3 = 9 .*has {9 - len(drop)}") as caught:
        read_sorts(file)
    assert caught.value.row == "row 2"


@pytest.mark.parametrize("lost", range(1, 13))
def test_a_last_row_of_sheets_that_is_too_short(tmp_path, lost):
    file = samples.sheets(tmp_path / "a.csv")
    text = file.read_bytes().decode().rstrip()
    file.write_bytes(text.rsplit(",", lost)[0].encode())
    with pytest.raises(DataError, match=rf"has {13 - lost} cells, the heading has 13") as caught:
        read_sorts(file)
    assert caught.value.row == 6


@pytest.mark.parametrize("name", list(SHIPPED))
def test_records_without_a_sort_are_left_and_named(tmp_path, name):
    sent = samples.records(Cem={"sort": "no data"})
    with pytest.warns(ReadingWarning, match=r"1 record\(s\) without a sort are left: ") as caught:
        sorts = read_sorts(SHIPPED[name](tmp_path / name, sent))
    assert sorts.sorts == ("Ana", "Ben", "Dee", "Eva")
    assert caught[0].filename.endswith("test_websort.py")


@pytest.mark.parametrize("name", list(SHIPPED))
@pytest.mark.parametrize(
    ("sort", "message"),
    [
        ("1|0|-1", r"has 3 values, most others have 9"),
        ("-2|-1|-1|0|x|0|1|1|2", "'x' is not a grid value"),
        ("-2|-1|-1|0||0|1|1|2", "'' is not a grid value"),
        ("-2|-1|-1|0|1e9|0|1|1|2", "'1e9' is not a grid value"),
    ],
)
def test_broken_sorts_name_the_record(tmp_path, name, sort, message):
    sent = samples.records(Cem={"sort": sort})
    with pytest.raises(DataError, match=message) as caught:
        read_sorts(SHIPPED[name](tmp_path / name, sent))
    assert caught.value.row in ("-KYWb2", "row 4")


@pytest.mark.parametrize("name", ["netlify.csv", "s.csv"])
def test_an_answer_cannot_pass_for_a_sort(tmp_path, name):
    forged = {"netlify.csv": "fine | sort:| 2|2|2 | ", "s.csv": 'x","sort: 2|2|2'}[name]
    sent = samples.records(Cem={"qNum1": forged})
    file = SHIPPED[name](tmp_path / name, sent)
    with pytest.raises(DataError, match="'sort' stands twice in one record"):
        read_sorts(file)


def test_a_row_of_netlify_without_any_field_is_left_and_named(tmp_path):
    file = samples.netlify(tmp_path / "a.csv")
    file.write_text(file.read_text() + "test entry,2021-09-27\n")
    with pytest.warns(ReadingWarning, match=r"1 record\(s\) without a sort are left: row 7"):
        assert read_sorts(file) == SORTS


def test_other_shapes_of_json(tmp_path):
    for content in (
        samples.records(),
        {"responses": {str(j): one for j, one in enumerate(samples.records())}},
        [one | {"sort": one["sort"].split("|")} for one in samples.records()],
        [one | {"sort": one["sort"].replace("|", ",")} for one in samples.records()],
    ):
        (tmp_path / "a.json").write_text(json.dumps(content))
        assert read_sorts(tmp_path / "a.json") == SORTS


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"a": 1}', "no records with a 'sort'"),
        ("[]", "no records with a 'sort'"),
        ('[{"sort": "no data"}]', "No record holds a sort"),
        ('{"a": {"sort": "1|0"}, "a": {"sort": "0|1"}}', "'a' stands twice"),
        ('{"a": {"sort": "1|0"', "JSON is broken"),
        ('{"a": NaN}', "NaN is not a number"),
        ('{"a": {"sort": {"1": 2}}}', "is not a grid value"),
        ('{"a": {"sort": "1|0|-1"}}', "1 sorts"),
        ('[{"sort": "1|0|-1"}, {"sort": "1|0|-1"}, 7]', None),
    ],
)
def test_broken_json(tmp_path, content, message):
    (tmp_path / "a.json").write_text(content)
    if message is None:
        with pytest.warns() as caught:
            assert read_sorts(tmp_path / "a.json").n_sorts == 2
        assert any("1 record(s) without a sort" in str(one.message) for one in caught)
        return
    with pytest.raises(DataError, match=message):
        read_sorts(tmp_path / "a.json")


# -- texts that stand apart ---------------------------------------------------------------------


def test_texts_from_a_list_a_text_file_and_the_page_itself(tmp_path):
    (tmp_path / "statements.txt").write_text("\n".join(samples.TEXTS) + "\n\n")
    numbered = list(enumerate(samples.TEXTS, start=1))
    xml = "".join(f'<statement id="{i}">{text}</statement>' for i, text in reversed(numbered))
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<!-- texts -->\n'
    (tmp_path / "statements.xml").write_text(f"{head}<statements>{xml}</statements>")
    file = samples.firebase(tmp_path / "a.json")
    given = (list(samples.TEXTS), tmp_path / "statements.txt", str(tmp_path / "statements.xml"))
    for texts in given:
        sorts = read_sorts(file, texts=texts)
        assert sorts.texts == samples.TEXTS
        assert "texts: given apart from the sorts" in sorts.notes


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("<statements><statement id='1'>a</statement>", "XML is broken"),
        ("<statements/>", "holds 0 statements"),
        ("<s><statement id='1'>a</statement><statement id='1'>b</statement></s>", "id '1'"),
        ("<s><statement id='2'>a</statement></s>", "do not count from 1"),
        ("<!DOCTYPE s [<!ENTITY a 'b'>]><s><statement id='1'>&a;</statement></s>", "XML is broken"),
        ("one\ntwo\n", "2 statement texts for 9 statements"),
        ("", "empty"),
    ],
)
def test_broken_texts(tmp_path, content, message):
    (tmp_path / "texts").write_text(content)
    with pytest.raises(DataError, match=message):
        read_sorts(samples.firebase(tmp_path / "a.json"), texts=tmp_path / "texts")


def test_texts_given_take_the_place_of_those_in_the_file(tmp_path):
    given = [f"Other {i}" for i in range(9)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sorts = read_sorts(samples.kade1(tmp_path / "a.xlsx"), texts=given)
    assert sorts.texts == tuple(given)
    assert "left: the statement texts in the file (others were given)" in sorts.notes
