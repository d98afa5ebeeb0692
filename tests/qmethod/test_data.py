"""QSorts: what it accepts, what it refuses, and what it says about it."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dmpkit.errors import DataError, DistributionWarning, DmpkitWarning, DuplicatedSortsWarning
from dmpkit.qmethod.data import QSorts, duplicated_pairs, infer_distribution

GRID = np.array([-2, -1, -1, 0, 0, 0, 1, 1, 2], dtype=float)


def permuted(n_sorts: int = 4, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.column_stack([rng.permutation(GRID) for _ in range(n_sorts)])


def frame() -> pd.DataFrame:
    table = pd.DataFrame(permuted(), columns=["Ana", "Ben", "Cem", "Dee"])
    table.insert(0, "statement", [f"s{i}" for i in range(1, 10)])
    return table


def test_forced_sorts_are_recognised_and_read_only():
    sorts = QSorts(permuted())
    assert sorts.forced
    np.testing.assert_array_equal(sorts.distribution, GRID)
    assert sorts.grid["count"].tolist() == [1, 2, 3, 2, 1]
    assert sorts.statements[0] == "1"
    assert sorts.sorts == ("sort1", "sort2", "sort3", "sort4")
    with pytest.raises(ValueError, match="read-only"):
        sorts.values[0, 0] = 5
    with pytest.raises(ValueError, match="read-only"):
        sorts.distribution[0] = 5


def test_the_input_array_stays_writable_and_is_not_shared():
    values = permuted()
    sorts = QSorts(values)
    values[0, 0] = 99
    assert sorts.values[0, 0] != 99


def test_pandas_and_polars_frames_give_equal_sorts():
    table = frame()
    table["text"] = [f"Wording {i}" for i in range(9)]
    from_pandas = QSorts.from_frame(table)
    assert from_pandas == QSorts.from_frame(pl.from_pandas(table))
    assert from_pandas == QSorts.from_frame(pl.from_pandas(table).lazy())
    assert from_pandas.texts[3] == "Wording 3"
    assert hash(from_pandas) == hash(QSorts.from_frame(pl.from_pandas(table)))


def test_tables_come_in_the_kind_asked_for():
    sorts = QSorts.from_frame(frame())
    assert isinstance(sorts.tables()["sorts"], pd.DataFrame)
    polars = sorts.tables(kind="polars")
    assert all(isinstance(table, pl.DataFrame) for table in polars.values())
    assert polars["sorts"].columns == ["statement", "Ana", "Ben", "Cem", "Dee"]
    assert QSorts.from_frame(polars["sorts"]) == sorts


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ({"no": range(1, 10)}, "1"),
        ({"code": [f"s{i}" for i in range(1, 10)]}, "s1"),
        ({"Unnamed: 0": range(1, 10)}, "1"),
    ],
)
def test_the_column_of_labels_is_found(labels, expected):
    table = pd.DataFrame(permuted(), columns=list("abcd"))
    table = pd.concat([pd.DataFrame(labels), table], axis=1)
    sorts = QSorts.from_frame(table)
    assert sorts.n_sorts == 4
    assert sorts.statements[0] == expected


def test_row_labels_of_pandas_are_used_when_they_are_words():
    table = frame().set_index("statement")
    assert QSorts.from_frame(table).statements[0] == "s1"


def test_frame_without_labels_gets_row_numbers():
    table = frame().drop(columns="statement")
    assert QSorts.from_frame(table).statements == tuple(str(i) for i in range(1, 10))


def test_one_wrong_cell_does_not_turn_a_sort_into_labels():
    table = frame().astype({"Ben": object})
    table.loc[4, "Ben"] = "three"
    with pytest.raises(DataError, match="'three' is not a number") as caught:
        QSorts.from_frame(table)
    assert caught.value.column == "Ben"


def test_unknown_column_is_named_with_the_ones_there_are():
    with pytest.raises(DataError, match=r"no column 'statment'.*statement, Ana"):
        QSorts.from_frame(frame(), statements="statment")


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_missing_and_infinite_cells_name_statement_and_sort(bad):
    values = permuted()
    values[2, 1] = bad
    with pytest.raises(DataError, match="statement 's3' in sort 'Ben'") as caught:
        QSorts(values, [f"s{i}" for i in range(1, 10)], ["Ana", "Ben", "Cem", "Dee"])
    assert (caught.value.row, caught.value.column) == (None, None)  # no sheet, no row


def test_many_bad_cells_are_counted_and_not_all_named():
    with pytest.raises(DataError, match=r"36 cell\(s\).*and 30 more"):
        QSorts(np.full((9, 4), np.nan))


def test_constant_sort_is_named():
    values = permuted()
    values[:, 2] = 1
    with pytest.raises(DataError, match=r"'sort3'.*same value"):
        QSorts(values)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.zeros((2, 5)), "2 statements"),
        (np.array([[0.0], [1.0], [2.0]]), "1 sorts"),
        (np.zeros(4), "1 dimensions"),
        ([[1, 2], [3]], "rectangle"),
        ([["a", "b"], ["c", "d"], ["e", "f"]], "rectangle"),
        (np.zeros((3, 2, 2)), "3 dimensions"),
        (np.empty((0, 0)), "0 statements"),
    ],
)
def test_wrong_shapes_are_refused(values, message):
    with pytest.raises(DataError, match=message):
        QSorts(values)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sorts": ["a", "b", "a", "b"]}, "2 sort label.*'a', 'b'"),
        ({"statements": ["s"] * 9}, "statement label"),
        ({"sorts": ["a", "b", "c"]}, "3 sort labels for 4"),
        ({"sorts": ["a", " ", "c", "d"]}, "number 2 has an empty label"),
        ({"sorts": ["a", "statement", "c", "d"]}, "called 'statement'"),
        ({"texts": ["only one"]}, "1 statement texts for 9"),
        ({"distribution": [1, 2, 3]}, "3 values for 9"),
        ({"distribution": [np.nan] * 9}, "9 values for 9"),
        ({"distribution": "wide"}, "not a list of numbers"),
    ],
)
def test_wrong_labels_texts_and_distributions_are_refused(arguments, message):
    with pytest.raises(DataError, match=message):
        QSorts(permuted(), **arguments)


def test_duplicated_sorts_give_a_warning_with_the_pairs():
    values = permuted()
    values[:, 3] = values[:, 0]
    with pytest.warns(DuplicatedSortsWarning, match="Ana = Dee"):
        QSorts(values, sorts=["Ana", "Ben", "Cem", "Dee"])


def test_minus_zero_is_the_same_as_zero():
    values = permuted(3)
    values[:, 2] = np.where(values[:, 0] == 0, -0.0, values[:, 0])
    with pytest.warns(DuplicatedSortsWarning, match="sort1 = sort3"):
        QSorts(values)


def test_sorts_that_break_the_distribution_say_where():
    values = permuted()
    values[np.argmax(values[:, 1] == 2), 1] = 1
    with pytest.warns(
        DistributionWarning, match=r"1 of 4 sorts.*sort2 \(1 too many in \+1, 1 too few in \+2\)"
    ):
        sorts = QSorts(values)
    assert not sorts.forced
    np.testing.assert_array_equal(sorts.distribution, GRID)


def test_given_distribution_is_sorted_and_kept():
    sorts = QSorts(permuted(), distribution=GRID[::-1])
    np.testing.assert_array_equal(sorts.distribution, GRID)
    with pytest.warns(DistributionWarning, match="4 of 4 sorts"):
        other = QSorts(permuted(), distribution=np.arange(9))
    np.testing.assert_array_equal(other.distribution, np.arange(9.0))


def test_distribution_without_agreement_is_the_lower_median_of_each_rank():
    values = np.array([[0, 1, 0, 5], [1, 2, 2, 6], [2, 4, 3, 7.0]])
    distribution, message = infer_distribution(values)
    np.testing.assert_array_equal(distribution, [0, 2, 3])  # of 0015, 1226 and 2347
    assert "lower median" in message


def test_two_that_agree_do_not_set_the_grid_for_thirty():
    generator = np.random.default_rng(1)
    own = np.round(2 * generator.normal(size=(24, 29)))
    odd = np.repeat([-3.0, 0.0, 3.0], [2, 1, 21])
    values = np.column_stack([own, generator.permutation(odd), generator.permutation(odd)])
    distribution, message = infer_distribution(values)
    assert "Only 2 of 31 sorts" in message
    np.testing.assert_array_equal(distribution, np.sort(np.sort(values, axis=0), axis=1)[:, 15])
    half = np.column_stack([own[:, :2], values[:, -2:]])
    np.testing.assert_array_equal(infer_distribution(half)[0], odd)


def test_numbers_as_row_labels_stay_with_their_rows():
    values = permuted()
    labels = [19, 5, 21, 7, 1, 33, 2, 8, 40]
    frame = pd.DataFrame(values, index=labels)
    assert QSorts.from_frame(frame).statements == tuple(map(str, labels))
    counted = pd.DataFrame(values)
    assert QSorts.from_frame(counted).statements == tuple(map(str, range(1, 10)))
    turned = QSorts.from_frame(counted.iloc[::-1])
    assert turned.statements == tuple(map(str, range(9, 0, -1)))
    np.testing.assert_array_equal(turned.values[0], values[8])


def test_duplicated_pairs_refer_to_the_first_of_a_kind():
    values = np.array([[1, 2, 1, 1, 2], [0, 0, 0, 0, 0.0]])
    assert duplicated_pairs(values) == [(0, 2), (0, 3), (1, 4)]


def test_text_falls_back_to_the_label():
    values = permuted()
    assert QSorts(values).text(2) == "3"
    with_gap = QSorts(values, texts=["Wording"] + [""] * 8)
    assert with_gap.text(0) == "Wording"
    assert with_gap.text(1) == "2"
    assert with_gap.labels_with_text[:2] == ("1. Wording", "2")


def test_html_escapes_labels_and_texts():
    values = permuted()
    html = QSorts(
        values,
        sorts=["<b>x</b>", "b", "c", "d"],
        texts=["<script>alert(1)</script>"] + ["t"] * 8,
        notes=["<i>note</i>"],
    )._repr_html_()
    assert "<script" not in html
    assert "<b>x" not in html
    assert "&lt;script&gt;" in html
    assert "<i>note" not in html


@settings(max_examples=60, deadline=None)
@given(
    arrays(
        np.float64,
        st.tuples(st.integers(0, 6), st.integers(0, 5)),
        elements=st.sampled_from([-1.0, 0.0, 1.0, 2.0, np.nan, np.inf]),
    )
)
def test_any_table_gives_sorts_or_a_data_error(values):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DmpkitWarning)
        try:
            sorts = QSorts(values)
        except DataError:
            return
        again = QSorts.from_frame(sorts.frame(), distribution=sorts.distribution)
    assert sorts.values.shape == values.shape
    assert np.all(np.isfinite(sorts.values))
    assert np.all(np.diff(sorts.distribution) >= 0)
    assert sorts == again


@pytest.mark.parametrize("size", [1e200, 1e-200])
def test_values_that_no_grid_has_are_refused(size):
    values = np.array([[-1.0, -1], [0, 1], [1, 0]]) * [1, size]
    with pytest.raises(DataError, match=r"column sort2: The largest value is 1e.200, which no"):
        QSorts(values)


def test_sorts_know_that_they_are_synthetic():
    values = permuted()
    names = [f"synthetic-{i}" for i in range(values.shape[1])]
    assert QSorts(values, sorts=names).synthetic
    assert QSorts(values, notes=["Synthetic sorts, made here."]).synthetic
    assert not QSorts(values, notes=["not synthetic; real people"]).synthetic
    assert not QSorts(values).synthetic
