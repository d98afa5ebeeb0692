"""Errors say what, where and how to mend it, and survive a journey between processes."""

from __future__ import annotations

import pickle
import warnings

import pytest

from dmpkit import errors, tables
from dmpkit.errors import DataError, MissingDependency


def test_a_data_error_names_file_row_column_and_remedy():
    error = DataError("It is wrong.", file="some/where/a.csv", row=3, column="x", remedy="Mend it.")
    assert str(error) == "a.csv, row 3, column x: It is wrong. Mend it."
    assert isinstance(error, ValueError)


def test_an_error_comes_back_from_a_worker_as_it_was():
    error = DataError("It is wrong.", file="a.csv", row=3, remedy="Mend it.")
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
    missing = MissingDependency("factor_analyzer", "efa", "Why.")
    assert str(pickle.loads(pickle.dumps(missing))) == str(missing)
    assert 'pip install -e ".[efa]"' in str(missing)


def test_a_named_warning_points_at_the_caller_and_can_be_filtered():
    def library():
        errors.warn("Ties.", errors.DuplicatedSortsWarning)

    with pytest.warns(errors.DuplicatedSortsWarning) as caught:
        library()
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", errors.DmpkitWarning)
        library()


def test_a_notebook_shows_the_readers_line_and_the_message_only(monkeypatch):
    def shown():
        try:
            tables.to_pandas(3)
        except DataError as error:
            return error._render_traceback_()

    lines = shown()
    assert len(lines) == 2
    assert "tables.to_pandas(3)" in lines[0]
    assert lines[1].startswith("DataError: The table is a int")
    monkeypatch.setenv("DMPKIT_FULL_TRACEBACK", "1")
    assert "Traceback" in shown()[0]


def test_a_warning_points_at_the_readers_line():
    from dmpkit.qmethod import QSorts

    with pytest.warns(errors.DuplicatedSortsWarning) as caught:
        QSorts([[-1, -1, 0], [0, 0, 1], [1, 1, -1]])
    assert [w.filename for w in caught] == [__file__]


@pytest.mark.parametrize("length", [10, 150, 5_000, 10**6])
def test_a_message_is_bounded_and_legible(length):
    """A stranger's file may hold a cell without end, or what a terminal would obey."""
    for part in ("x", "a b ", "\x1b[31m", "\u202e"):
        long = part * length
        error = DataError(long, file=f"{long}.csv", row=long, column=long, remedy=long)
        assert len(str(error)) < 20_000
        assert not set("\x1b\u202e") & set(str(error))
    plain = DataError("ab " * 5_000, file="n" * 300, column="c" * 300, remedy="d " * 5_000)
    assert len(str(plain)) < 2_800
    assert str(plain).count("…") == 4
