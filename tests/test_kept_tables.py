"""A kept table notices a changed number, a changed kind, a missing row and a missing column."""

import pandas as pd
import pytest

from tests import kept_tables

TABLE = pd.DataFrame(
    {"name": ["a", None], "share": [0.25, float("nan")], "n": [1, 2], "in": [True, False]}
)


@pytest.fixture
def kept(tmp_path, monkeypatch):
    monkeypatch.setattr(kept_tables, "KEPT", tmp_path)
    kept_tables.write("room", {"part: table": TABLE})


def said(**changed):
    return kept_tables.differences("room", {"part: table": TABLE.assign(**changed)})


@pytest.mark.usefixtures("kept")
def test_what_is_as_it_was_is_said_to_be():
    assert said() == []
    assert said(share=[0.25 * (1 + 1e-12), float("nan")]) == []
    kept_tables.unchanged("room", {"part: table": TABLE})


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"share": [0.25 * (1 + 1e-6), None]}, "row 0: 0.25 is 0.25000025"),
        ({"share": [0.25, 0.0]}, "row 1: None is 0.0"),
        ({"name": ["a", "b"]}, "row 1: None is 'b'"),
        ({"n": [1.0, 2.0]}, "2 whole numbers are 2 numbers"),
        ({"in": [1, 0]}, "2 yes or no are 2 whole numbers"),
        ({"new": [0, 0]}, "columns new: [('part: table', 'new')]"),
    ],
)
def test_what_changed_is_told(changed, words):
    assert words in said(**changed)[0]


@pytest.mark.usefixtures("kept")
def test_a_missing_row_or_column_is_told():
    fewer = kept_tables.differences("room", {"part: table": TABLE.head(1)})
    assert len(fewer) == len(TABLE.columns)
    gone = kept_tables.differences("room", {"part: table": TABLE.drop(columns="n")})
    assert "columns gone: [('part: table', 'n')]" in gone[0]
    with pytest.raises(AssertionError, match="columns gone"):
        kept_tables.unchanged("room", {"part: table": TABLE[["name"]]})
