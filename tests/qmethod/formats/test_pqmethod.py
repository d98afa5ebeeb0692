"""PQMethod files: the columns we write, the files of other programs, round trips."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import samples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dmpkit.errors import DataError, DmpkitWarning, ReadingWarning
from dmpkit.qmethod import QSorts, read_sorts, write_pqmethod

SORTS = QSorts(samples.VALUES, sorts=samples.NAMES, texts=samples.TEXTS)


def test_columns_are_where_they_belong(tmp_path):
    write_pqmethod(SORTS, tmp_path / "rules.DAT", title="Rules of a mini-public")
    lines = (tmp_path / "rules.DAT").read_text(encoding="cp1252").splitlines()
    assert (lines[0][:3], lines[0][3:6], lines[0][6:9]) == ("  0", "  5", "  9")
    assert lines[0][9:] == " Rules of a mini-public"  # the title begins in column 11
    assert [lines[1][i : i + 3] for i in (0, 3)] == [" -2", "  2"]
    counts = [int(lines[1][i : i + 3]) for i in range(6, len(lines[1]), 3)]
    assert counts == samples.COUNTS
    for j, line in enumerate(lines[2:]):
        assert (line[:10].rstrip(), len(line)) == (samples.NAMES[j], 10 + 2 * 9)
        assert [int(line[i : i + 2]) for i in range(10, 28, 2)] == samples.VALUES[:, j].tolist()
    assert (tmp_path / "rules.STA").read_text().splitlines() == list(samples.TEXTS)
    assert read_sorts(tmp_path / "rules.DAT") == SORTS


def test_the_published_example_of_the_format_is_written_to_the_letter(tmp_path):
    """Lipset's study, the test file of PQMethod and KADE: heading, grid and first sort."""
    grid = [-4, -4, -3, -3, -3, -2, -2, -2, -2, *[-1] * 5, *[0] * 5, *[1] * 5]
    grid += [2, 2, 2, 2, 3, 3, 3, 4, 4]
    us1 = [-1, 0, -2, 0, -2, 1, 0, -1, 0, -1, 1, 1, 2, 3, -1, -4, -3]
    us1 += [-3, -1, -4, 3, 2, 3, 1, 1, 0, 4, 2, 2, -3, -2, -2, 4]
    assert sorted(us1) == grid
    values = np.column_stack([us1, us1[::-1]])
    write_pqmethod(QSorts(values, sorts=["US1", "US2"]), tmp_path / "l.dat", title="Lipset Study")
    lines = (tmp_path / "l.dat").read_text().splitlines()
    assert lines[0] == "  0  2 33 Lipset Study"
    assert lines[1] == " -4  4  0  0  2  3  4  5  5  5  4  3  2  0  0  0  0  0  0  0  0  0"
    assert lines[2] == (
        "US1       -1 0-2 0-2 1 0-1 0-1 1 1 2 3-1-4-3-3-1-4 3 2 3 1 1 0 4 2 2-3-2-2 4"
    )


def test_recognised_by_its_columns_whatever_it_is_called(tmp_path):
    write_pqmethod(QSorts(samples.VALUES), tmp_path / "a.DAT")
    (tmp_path / "a.DAT").rename(tmp_path / "download.txt")
    assert read_sorts(tmp_path / "download.txt").notes[0] == "PQMethod .DAT"


def test_counts_padded_as_other_programs_do(tmp_path):
    write_pqmethod(QSorts(samples.VALUES), tmp_path / "a.DAT")
    lines = (tmp_path / "a.DAT").read_text().splitlines()
    for counts in ("  1  2  3  2  1", "  0  1  2  3  2  1  0", "  0" * 9 + "  1  2  3  2  1"):
        lines[1] = f" -2  2{counts}"
        (tmp_path / "b.DAT").write_text("\n".join(lines))
        np.testing.assert_array_equal(read_sorts(tmp_path / "b.DAT").distribution, samples.GRID)


def test_free_sorts_outside_the_grid_keep_it(tmp_path):
    values = [[-3, 1], [0, 0], [1, -1], [5, 0]]
    with pytest.warns(DmpkitWarning):
        sorts = QSorts(values, distribution=[-1, 0, 0, 1])
    write_pqmethod(sorts, tmp_path / "a.DAT")
    with pytest.warns(DmpkitWarning):
        assert read_sorts(tmp_path / "a.DAT") == sorts


def test_texts_of_another_alphabet_and_of_several_lines(tmp_path):
    for texts in (("für alle", "gegen", "weiß nicht"), ("да", "нет\nи ещё", "…")):
        sorts = QSorts([[-1, 0], [0, 1], [1, -1]], texts=texts)
        write_pqmethod(sorts, tmp_path / "a.dat")
        again = read_sorts(tmp_path / "a.dat")
        assert again.texts == tuple(" ".join(text.split()) for text in texts)


def test_names_that_do_not_fit_are_changed_and_said(tmp_path):
    names = ["Anastasia One", "Anastasia Only", "Jürgen", "Мария"]
    values = [[-1, 0, 1, 1], [0, 1, -1, 0], [1, -1, 0, -1]]
    with pytest.warns(ReadingWarning, match=r"10 columns: 3 name\(s\) are changed") as caught:
        write_pqmethod(QSorts(values, sorts=names), tmp_path / "a.DAT")
    assert caught[0].filename == __file__
    assert read_sorts(tmp_path / "a.DAT").sorts == ("1_Anastasi", "2_Anastasi", "Jürgen", "?????")


def test_labels_other_than_numbers_are_said(tmp_path):
    values = [[-1, 0], [0, 1], [1, -1]]
    write_pqmethod(QSorts(values), tmp_path / "a.DAT")  # numbered already: nothing to say
    for labels in (["x", "y", "z"], ["s1", "s2", "s3"]):
        left = rf"\({', '.join(labels)}\) are left.*read back with the labels 1, 2, 3"
        with pytest.warns(ReadingWarning, match=left) as caught:
            write_pqmethod(QSorts(values, statements=labels), tmp_path / "b.DAT")
        assert caught[0].filename == __file__
        assert read_sorts(tmp_path / "b.DAT").statements == ("1", "2", "3")


def test_what_cannot_be_written_is_refused_and_nothing_is_left_behind(tmp_path):
    values = [[-1, 0], [0, 1], [1, -1]]
    coded = QSorts(values, texts=["1st", "2nd", "3rd"])
    for sorts, name, message in (
        (coded, "a.DAT", "take the digits for group codes"),
        (QSorts(np.array(values) * 20), "a.DAT", "'sort1' has the value -20"),
        (QSorts(np.array(values) / 2), "a.DAT", r"value -0\.5"),
        (QSorts(values), "a.csv", r"must end in \.DAT"),
    ):
        with pytest.raises(DataError, match=message):
            write_pqmethod(sorts, tmp_path / name)
    many = np.tile([-1, 0, 1], 400)
    with pytest.raises(DataError, match="at most 999"):
        write_pqmethod(QSorts(np.column_stack([many, many[::-1]])), tmp_path / "a.DAT")
    assert not list(tmp_path.iterdir())


def test_texts_of_an_older_study_are_not_mixed_in(tmp_path):
    write_pqmethod(SORTS, tmp_path / "a.DAT")
    with pytest.raises(DataError, match=r"a\.STA lies beside it"):
        write_pqmethod(QSorts(samples.VALUES), tmp_path / "a.DAT")
    other = QSorts(samples.VALUES[:, :2], texts=[f"Other {i}" for i in range(9)])
    write_pqmethod(other, tmp_path / "a.DAT")
    assert read_sorts(tmp_path / "a.DAT") == other


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_round_trip(tmp_path, data):
    n, p = data.draw(st.integers(3, 6)), data.draw(st.integers(2, 4))
    table = data.draw(
        st.lists(st.lists(st.integers(-6, 13), min_size=p, max_size=p), min_size=n, max_size=n)
    )
    table[0], table[1] = [-1] * p, [1] * p
    words = st.text(st.sampled_from("abcÄéß 019.-_"), min_size=1, max_size=10).map(
        lambda text: " ".join(text.split()) or "x"
    )
    names = data.draw(st.lists(words, min_size=p, max_size=p, unique=True))
    texts = data.draw(st.just([]) | st.lists(words.map("s ".__add__), min_size=n, max_size=n))
    file = tmp_path / ("with.DAT" if texts else "without.DAT")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DmpkitWarning)
        sorts = QSorts(table, sorts=names, texts=texts)
        write_pqmethod(sorts, file)
        assert read_sorts(file) == sorts
