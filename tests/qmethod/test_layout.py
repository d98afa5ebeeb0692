"""What stands around the sorts in a table: left aloud, refused, or taken on demand."""

from __future__ import annotations

import time
import warnings

import numpy as np
import openpyxl
import pandas as pd
import polars as pl
import pytest

from dmpkit import qmethod as qm
from dmpkit.errors import DataError, DistributionWarning, DuplicatedSortsWarning, ReadingWarning
from dmpkit.qmethod import QSorts, read_sorts

GRID = np.repeat(np.arange(-4, 5), [1, 2, 3, 3, 4, 3, 3, 2, 1])
N, P = len(GRID), 14
RNG = np.random.default_rng(3)
VALUES = np.column_stack([RNG.permutation(GRID) for _ in range(P)])
PEOPLE = ["Ada", "Bo", "Cy", "Di", "Ed", "Flo", "Gus", "Hans", "Ida", "Jo", "Kim", "Lu", "Mo", "Ny"]
LABELS = [f"s{i}" for i in range(1, N + 1)]
TOPICS = [f"{a}{b}" for a in ("Work", "Home", "Care", "Play", "Rest") for b in ("er", "en", "ly")]
WORDS = [*TOPICS, "Parks", "Roads", "Trams", "Ferries", "Bridges", "Gates", "Walls"][:N]
AGES = RNG.integers(19, 79, P)
GENDER = np.arange(P) % 2
LIKERT = RNG.integers(1, 8, (N, P))


def in_rows(values=VALUES, labels=LABELS, **columns) -> pd.DataFrame:
    """A table with sorts in rows and other columns between the names and the statements."""
    people = pd.DataFrame({"name": PEOPLE, **columns})
    return pd.concat([people, pd.DataFrame(values.T, columns=labels)], axis=1)


def upright(values=VALUES, labels=LABELS, **columns) -> pd.DataFrame:
    """A table with statements in rows and other columns at its end."""
    table = pd.DataFrame(values, columns=PEOPLE)
    table.insert(0, "statement", labels)
    return table.assign(**columns)


@pytest.fixture
def saved(tmp_path):
    def save(table: pd.DataFrame | str, **how: object):
        path = tmp_path / "sorts.csv"
        if isinstance(table, str):
            path.write_text(table)
        else:
            table.to_csv(path, **{"index": False, **how})
        return path

    return save


def with_row(table: pd.DataFrame, *cells: object) -> pd.DataFrame:
    table = table.astype(object)
    table.loc[len(table)] = cells
    return table


# -- what is no sort and no statement -----------------------------------------------------


@pytest.mark.parametrize("labels", [LABELS, WORDS])
@pytest.mark.parametrize(
    "columns",
    [
        {"age": AGES},
        {"gender": GENDER},
        {"age": AGES, "gender": GENDER},
        {"Alter": AGES, "Geschlecht": GENDER, "Gewicht": RNG.normal(size=P)},
        {"sexe": GENDER + 1, "année": 1950 + AGES},
        {"participant number": range(101, 101 + P)},
        {"Birth_Year": [np.nan, *(1940 + AGES[1:])]},
        {"uid": RNG.permutation(P), "age": AGES, "sex": GENDER},
        {"score_total_7": 1000 + AGES},  # by its values alone
    ],
)
def test_columns_about_people_are_left_with_a_warning(saved, columns, labels):
    table = in_rows(labels=labels, **columns)
    with pytest.warns(ReadingWarning, match=rf"Left: column '{next(iter(columns))}'") as caught:
        sorts = read_sorts(saved(table))
    assert len(caught) == 1
    assert caught[0].filename == __file__
    np.testing.assert_array_equal(sorts.values, VALUES)
    assert sorts.statements == tuple(labels)
    assert sorts.forced
    assert all(any(f"column {name!r}" in note for note in sorts.notes) for name in columns)
    with pytest.warns(ReadingWarning, match="Left"):
        assert QSorts.from_frame(pl.from_pandas(table), rows="sorts") == sorts


def test_words_and_numbers_about_people_are_both_named(saved):
    with pytest.warns(ReadingWarning, match="column 'age'"):
        sorts = read_sorts(saved(in_rows(age=AGES, gender=["m", "f"] * (P // 2))))
    assert "left: column(s) that are not numbers: gender" in sorts.notes
    assert sorts.n_statements == N


def test_a_number_before_the_name_is_left(saved):
    table = in_rows()
    table.insert(0, "no", range(1, P + 1))
    with pytest.warns(ReadingWarning, match="column 'no'"):
        sorts = read_sorts(saved(table))
    assert sorts.sorts == tuple(PEOPLE)
    np.testing.assert_array_equal(sorts.values, VALUES)


@pytest.mark.filterwarnings("ignore::dmpkit.errors.BipolarFactorWarning")
@pytest.mark.parametrize("name", ["Mean", "Mittelwert", "Total", "N", "Weight"])
def test_a_column_of_means_is_no_sort(saved, name):
    table = upright(**{name: VALUES.mean(axis=1)})
    with pytest.warns(ReadingWarning, match=f"Left: column '{name}'"):
        sorts = read_sorts(saved(table))
    assert sorts.sorts == tuple(PEOPLE)
    with pytest.warns(ReadingWarning, match=f"Left: column '{name}'"):
        assert QSorts.from_frame(table) == sorts
    with pytest.warns(ReadingWarning, match=f"Left: column '{name}'"):
        assert qm.analyse(table, 2).sorts == sorts


def test_rows_of_sums_and_means(saved):
    total = with_row(upright(), "Total", *VALUES.sum(axis=0))
    with pytest.warns(ReadingWarning, match=rf"Left: row {N + 2} \('Total'\)"):
        assert read_sorts(saved(total)).statements == tuple(LABELS)
    mean = with_row(in_rows(), "Mean", *VALUES.mean(axis=1))
    with pytest.warns(ReadingWarning, match=rf"Left: row {P + 2} \('Mean'\)"):
        assert read_sorts(saved(mean)).sorts == tuple(PEOPLE)
    both = with_row(upright(Mean=VALUES.mean(axis=1)), "Sum", *VALUES.sum(axis=0), 0)
    with pytest.warns(ReadingWarning, match=r"row 24 \('Sum'\), column 'Mean'"):
        np.testing.assert_array_equal(read_sorts(saved(both)).values, VALUES)
    unnamed = with_row(upright(), "", *VALUES.sum(axis=0))
    with pytest.raises(DataError, match=r"row 24: .*no label.*sums or means, delete it"):
        read_sorts(saved(unnamed))


def test_a_sort_that_breaks_the_grid_beside_an_age(saved):
    values = VALUES.copy()
    values[values[:, 3] == 4, 3] = 3
    with pytest.warns() as caught:
        sorts = read_sorts(saved(in_rows(values, age=AGES, gender=GENDER)))
    assert {w.category for w in caught} == {ReadingWarning, DistributionWarning}
    np.testing.assert_array_equal(sorts.values, values)


def test_what_is_doubtful_is_refused_with_the_arguments(saved):
    for column, name in ((GENDER, "Member"), (AGES % 3, "Region")):
        table = in_rows(labels=WORDS, **{name: column})
        with pytest.raises(DataError, match=rf"Column '{name}' does not look like a statement"):
            read_sorts(saved(table))
        assert read_sorts(saved(table), leave=[name]).forced
    pair = in_rows(labels=WORDS, Member=GENDER, Region=AGES % 3)
    with pytest.raises(DataError, match=r"'Member' does not.*leave=\['Member', 'Region'\]"):
        read_sorts(saved(pair))
    turned = VALUES.copy()
    turned[:, 7] += 5
    with pytest.raises(DataError, match=r"Column 'Hans' does not look like a sort \(values 1 to 9"):
        read_sorts(saved(upright(turned)))
    assert read_sorts(saved(upright(turned)), leave=["Hans"]).n_sorts == P - 1
    with pytest.warns(DistributionWarning, match="Hans"):
        assert read_sorts(saved(upright(turned)), leave=[]).n_sorts == P


def test_in_a_study_that_is_not_forced_age_is_refused(saved):
    with pytest.raises(DataError, match=r"'age' does not look like a statement \(values \d+ to"):
        read_sorts(saved(in_rows(LIKERT, age=AGES)))
    with pytest.raises(DataError, match=r"read_sorts\(path, leave=\['gender'\]\).*leave=\[\]"):
        read_sorts(saved(in_rows(LIKERT, gender=GENDER)))
    with pytest.raises(DataError, match="'years here' does not look like a statement"):
        read_sorts(saved(in_rows(LIKERT, **{"years here": AGES})))
    with pytest.raises(DataError, match=r"from_frame\(frame, leave=\['Mean'\]\)"):
        QSorts.from_frame(upright(LIKERT, Mean=LIKERT.mean(axis=1)))
    with pytest.warns(DistributionWarning):
        sorts = read_sorts(saved(in_rows(LIKERT, age=AGES, gender=GENDER)), leave=["age", "gender"])
    np.testing.assert_array_equal(sorts.values, LIKERT)


@pytest.mark.parametrize("values", [LIKERT, RNG.normal(size=(N, P)), 100 * RNG.random((N, P))])
@pytest.mark.parametrize("make", [upright, in_rows])
def test_a_study_that_is_not_forced_is_read_whole(saved, values, make):
    with pytest.warns(DistributionWarning) as caught:
        sorts = read_sorts(saved(make(values)))
    np.testing.assert_allclose(sorts.values, values)
    assert len(caught) == 1
    assert len(str(caught[0].message)) < 800


def test_statements_and_people_with_such_names_are_kept(saved):
    labels = ["age", "gender", *WORDS[2:]]
    sorts = read_sorts(saved(in_rows(labels=labels)))  # they share the distribution
    assert sorts.statements == tuple(labels)
    people = upright().rename(columns={"Ny": "N", "Mo": "Mean"})
    assert read_sorts(saved(people)).sorts[-2:] == ("Mean", "N")
    letters = upright(labels=list("abcdefghijklmnopqrstuv"))
    assert read_sorts(saved(letters)).n_statements == N
    with pytest.raises(DataError, match=r"'wave' does not look like a statement \(only 1"):
        read_sorts(saved(in_rows(labels=WORDS, wave=[1] * P)))
    with pytest.warns(ReadingWarning, match="column 'wave'"):
        assert read_sorts(saved(in_rows(wave=[1] * P))).n_statements == N


# -- what is asked for -----------------------------------------------------------------------


def test_columns_and_leave(saved):
    path = saved(in_rows(age=AGES, gender=GENDER))
    whole = read_sorts(path, leave=["age", "gender"])
    assert "left: age, gender" in whole.notes
    assert read_sorts(path, columns=LABELS) == whole
    with pytest.warns(DistributionWarning):  # without a statement they share none
        fewer = read_sorts(path, leave=["age", "gender", "Hans", "s3"])
    assert fewer.sorts == tuple(name for name in PEOPLE if name != "Hans")
    assert "s3" not in fewer.statements
    with pytest.warns(DistributionWarning):
        assert read_sorts(path, leave=[]).n_statements == N + 2
    with pytest.warns(DistributionWarning):
        assert read_sorts(path, columns=["age", *LABELS]).statements[0] == "age"
    with pytest.raises(DataError, match=r"sorts\.csv: There is no 'Hanns'.*'Hans'"):
        read_sorts(path, leave=["Hanns"])
    with pytest.raises(DataError, match="There is no column 's99'"):
        read_sorts(path, columns=["s1", "s99"])
    with pytest.raises(DataError, match=r"leave is one text.*leave=\['age'\]"):
        read_sorts(path, leave="age")  # type: ignore[arg-type]


def test_a_label_of_a_row_and_a_column_is_not_guessed(saved):
    table = in_rows(labels=[str(i) for i in range(1, N + 1)]).assign(name=range(1, P + 1))
    with pytest.raises(DataError, match="'3' in leave is the name of a column and of a row"):
        read_sorts(saved(table), leave=["3"])


def test_leave_in_every_kind_of_file(tmp_path):
    sorts = QSorts(VALUES, LABELS, PEOPLE)
    qm.write_sorts(sorts, tmp_path / "tidy.csv")
    qm.write_sorts(sorts, tmp_path / "tidy.parquet")
    with pytest.warns(ReadingWarning, match="numbers the statements"):
        qm.write_kade(sorts, tmp_path / "kade.xlsx")
    with pytest.warns(ReadingWarning, match="numbers the statements"):
        qm.write_pqmethod(sorts, tmp_path / "pq.dat")
    for name in ("tidy.csv", "tidy.parquet", "kade.xlsx", "pq.dat"):
        fewer = read_sorts(tmp_path / name, leave=["Hans"])
        assert fewer.n_sorts == P - 1
        assert "Hans" not in fewer.sorts
        assert any("left: Hans" in note for note in fewer.notes)
        with pytest.raises(DataError, match="no 'Nobody'"):
            read_sorts(tmp_path / name, leave=["Nobody"])
        with pytest.raises(DataError, match="columns= is for"):
            read_sorts(tmp_path / name, columns=["Hans"])
        wide = np.linspace(-3, 3, N)
        with pytest.warns(DistributionWarning):
            assert read_sorts(tmp_path / name, distribution=wide).distribution[0] == -3


def test_without_and_only():
    sorts = QSorts(VALUES, LABELS, PEOPLE, texts=[f"Text {label}" for label in LABELS])
    with pytest.warns(DistributionWarning):
        fewer = sorts.without("Hans", "s3")
    assert fewer.values.shape == (N - 1, P - 1)
    assert fewer.texts[2] == "Text s4"
    assert fewer.notes[-1] == "left: Hans, s3"
    np.testing.assert_array_equal(sorts.only("Cy", "Ada").values, VALUES[:, [0, 2]])
    with pytest.warns(DistributionWarning):
        assert sorts.only("s1", "s2", *LABELS[5:]).n_sorts == P
    with pytest.raises(DataError, match=r"no 'hans'.*'Hans'"):
        sorts.without("hans")
    numbered = QSorts(VALUES, sorts=[str(i) for i in range(1, P + 1)])
    with pytest.raises(DataError, match=r"sort and of a statement.*what='sorts'"):
        numbered.without(3)
    assert numbered.without(3, what="sorts").n_sorts == P - 1
    with pytest.warns(DistributionWarning):
        assert numbered.without(3, what="statements").n_statements == N - 1


def test_a_given_distribution_stays_while_all_statements_do():
    wide = np.linspace(-3, 3, N)
    with pytest.warns(DistributionWarning):
        sorts = QSorts(VALUES, LABELS, PEOPLE, distribution=wide)
    with pytest.warns(DistributionWarning):
        np.testing.assert_array_equal(sorts.without("Hans").distribution, wide)
    with pytest.warns(DistributionWarning):
        fewer = sorts.without("s1")
    assert "inferred anew" in fewer.notes[-1]
    assert len(fewer.distribution) == N - 1


# -- which way round ----------------------------------------------------------------------------


@pytest.mark.parametrize("columns", [{}, {"age": AGES, "gender": GENDER}])
@pytest.mark.parametrize("labels", [LABELS, WORDS])
def test_a_frame_the_wrong_way_round_is_refused(columns, labels):
    table = in_rows(labels=labels, **columns)
    for call in (QSorts.from_frame, lambda frame: qm.analyse(frame, 3)):
        with pytest.raises(DataError, match=r"sorts in rows.*from_frame\(frame, rows='sorts'\)"):
            call(table)
    indexed = table.set_index("name")
    with pytest.raises(DataError, match="sorts in rows"):
        QSorts.from_frame(indexed)


def test_a_frame_with_sorts_in_rows():
    expected = QSorts(VALUES, LABELS, PEOPLE)
    assert QSorts.from_frame(in_rows(), rows="sorts") == expected
    assert QSorts.from_frame(in_rows().set_index("name"), rows="sorts") == expected
    assert QSorts.from_frame(in_rows(who=PEOPLE), rows="sorts", label="who") == expected
    assert QSorts.from_frame(upright(), rows="statements") == expected
    with pytest.raises(DataError, match="its columns are called as statements are"):
        QSorts.from_frame(in_rows(LIKERT))
    with pytest.warns(DistributionWarning):
        assert QSorts.from_frame(in_rows(LIKERT), rows="sorts").n_statements == N
    with pytest.raises(DataError, match="rows is 'cells'"):
        QSorts.from_frame(in_rows(), rows="cells")  # type: ignore[arg-type]
    with pytest.raises(DataError, match="label is for rows='sorts'"):
        QSorts.from_frame(upright(), label="statement")


def test_no_upright_table_is_taken_for_a_turned_one():
    rng = np.random.default_rng(8)
    for n, p in ((9, 6), (24, 30), (40, 12)):
        grid = np.sort(rng.integers(-3, 4, n))
        values = np.column_stack([rng.permutation(grid) for _ in range(p)])
        frame = pd.DataFrame(values, columns=[f"P{j}" for j in range(p)])
        assert QSorts.from_frame(frame).values.shape == (n, p)


# -- the place in the sheet ------------------------------------------------------------------------


def test_a_missing_cell_is_named_as_the_sheet_counts(saved, tmp_path):
    table = upright().astype(object)
    table.iloc[11, 4] = ""
    with pytest.raises(DataError, match="'s12' in sort 'Di'") as caught:
        read_sorts(saved(table))
    assert (caught.value.row, caught.value.column) == (13, "Di")
    turned = in_rows().astype(object)
    turned.iloc[3, 7] = ""
    with pytest.raises(DataError, match="'s7' in sort 'Di'") as caught:
        read_sorts(saved(turned))
    assert (caught.value.row, caught.value.column) == (5, "s7")
    assert "leave=['Di']" in str(caught.value)
    book = openpyxl.Workbook()
    for row in (["My study"], [], list(turned.columns), *turned.to_numpy().tolist()):
        book.worksheets[0].append([None if cell == "" else cell for cell in row])
    book.save(tmp_path / "a.xlsx")
    with pytest.raises(DataError) as caught:
        read_sorts(tmp_path / "a.xlsx")
    assert (caught.value.row, caught.value.column) == (7, "s7")
    lines = table.to_csv(index=False).splitlines()
    with pytest.raises(DataError) as caught:
        read_sorts(saved("\n".join([lines[0], "", *lines[1:]])))
    assert caught.value.row == 14


def test_a_constant_sort_is_named_where_it_stands(saved):
    values = VALUES.copy()
    values[:, 3] = 1
    with pytest.raises(DataError, match=r"'Di'.*\(row 5 \('Di'\)\).*leave=\['Di'\]"):
        read_sorts(saved(in_rows(values)))
    with pytest.raises(DataError, match=r"'Di'.*\(column 'Di'\)"):
        read_sorts(saved(upright(values)))


def test_a_value_outside_the_grid_is_refused(saved):
    values = VALUES.copy()
    values[11, 7] = 44
    with pytest.raises(DataError, match=r"44 lies outside the grid -4 to \+4 that 13 of 14") as one:
        read_sorts(saved(upright(values)))
    assert (one.value.row, one.value.column) == (13, "Hans")
    with pytest.raises(DataError, match=r"leave=\['Hans'\]") as two:
        read_sorts(saved(in_rows(values)))
    assert (two.value.row, two.value.column) == (9, "s12")
    assert read_sorts(saved(in_rows(values)), leave=["Hans"]).forced
    with pytest.warns(DistributionWarning, match=r"1 too many in \+44"):
        assert read_sorts(saved(in_rows(values)), leave=[]).n_sorts == P


def test_a_sort_that_breaks_the_distribution_counts_and_says_how_to_mend():
    values = VALUES.copy()
    values[values[:, 7] == 4, 7] = 3
    with pytest.warns(DistributionWarning, match=r"count all the same.*sorts\.without\('Hans'\)"):
        sorts = QSorts.from_frame(upright(values))
    assert sorts.without("Hans").forced


def test_a_number_that_is_not_there(saved):
    labels = [str(i) for i in range(1, N + 2) if i != 9]
    with pytest.warns(ReadingWarning, match="numbered 1 to 23, but 9 is not there"):
        assert read_sorts(saved(upright(labels=labels))).n_statements == N
    whole = saved(upright(labels=[str(i) for i in range(1, N + 1)]))
    with pytest.warns(DistributionWarning) as caught:
        assert read_sorts(whole, leave=["9"]).n_statements == N - 1
    assert len(caught) == 1  # that 9 is not there, nobody needs be told


# -- other columns and lines -----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Remarks", "Topic"])
def test_words_about_statements_are_left(saved, name):
    texts = [f"Citizens should decide on matter {i}" for i in range(N)]
    table = upright(labels=texts)
    table.insert(1, name, ["power" if i % 2 else "" for i in range(N)])
    sorts = read_sorts(saved(table))
    assert sorts.statements == tuple(texts)
    assert sorts.texts == ()
    assert f"left: column(s) that are not numbers: {name}" in sorts.notes
    assert QSorts.from_frame(table) == sorts
    table.insert(0, "no", range(1, N + 1))
    both = read_sorts(saved(table))
    assert both.statements[0] == "1"
    assert both.texts == tuple(texts)
    assert QSorts.from_frame(table) == both


def test_an_empty_column_is_left_aloud(saved):
    table = upright(Olga=np.nan)
    with pytest.warns(ReadingWarning, match="Empty columns are left: Olga"):
        assert read_sorts(saved(table)).n_sorts == P


@pytest.mark.parametrize("make", [upright, in_rows])
def test_the_index_of_pandas_is_left(saved, make):
    sorts = read_sorts(saved(make(), index=True))
    assert sorts == QSorts(VALUES, LABELS, PEOPLE)
    assert "left: a column without a name that counts the rows from 0" in sorts.notes
    unnamed = read_sorts(saved(upright().drop(columns="statement"), index=True))
    assert unnamed.sorts == tuple(PEOPLE)


def test_lines_above_the_header(saved, tmp_path):
    text = upright().to_csv(index=False)
    for title in ("Study of rules\nof 2024\n\n", "Study of rules" + "," * P + "\n"):
        sorts = read_sorts(saved(title + text))
        assert sorts == QSorts(VALUES, LABELS, PEOPLE)
        assert any("above the header (Study of rules" in note for note in sorts.notes)
    with pytest.raises(DataError, match="remove lines above the header"):
        read_sorts(saved("Study,of,rules,x\n" + text))


def test_bars_instead_of_commas(saved):
    text = upright().to_csv(index=False)
    assert read_sorts(saved(text.replace(",", "|"))) == QSorts(VALUES, LABELS, PEOPLE)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (upright, "The statement 's3' stands in rows 4 and 9"),
        (in_rows, "The sort 'Cy' stands in rows 4 and 9"),
    ],
)
def test_a_label_twice_gives_both_rows(saved, make, message):
    table = make()
    table.iloc[7, 0] = table.iloc[2, 0]
    with pytest.raises(DataError, match=message):
        read_sorts(saved(table))


def test_only_a_header(saved):
    with pytest.raises(DataError, match="The file has only a header"):
        read_sorts(saved("statement,Ada,Bo\n"))


@pytest.mark.parametrize(("cell", "says"), [("o", "Did you mean 0"), ("-", "lone dash")])
def test_a_cell_that_is_no_number_says_what_it_may_mean(saved, cell, says):
    table = upright().astype(object)
    table.iloc[11, 4] = cell
    with pytest.raises(DataError, match=says) as caught:
        read_sorts(saved(table))
    assert (caught.value.row, caught.value.column) == (13, "Di")


def test_long_labels_do_not_make_long_messages():
    values = VALUES.astype(float)
    values[:, :8] = np.nan
    labels = [f"{i} {'long ' * 200}" for i in range(N)]
    with pytest.raises(DataError) as caught:
        QSorts(values, labels, [f"{name} {'x' * 500}" for name in PEOPLE])
    assert len(str(caught.value)) < 1000


def test_large_tables_of_cells_are_read_in_seconds(tmp_path):
    values = np.column_stack([RNG.permutation(GRID) for _ in range(5000)])
    sorts = QSorts(values)
    qm.write_sorts(sorts, tmp_path / "tidy.csv")
    start = time.process_time()
    assert read_sorts(tmp_path / "tidy.csv") == sorts
    assert time.process_time() - start < 10  # a good second on a free core


@pytest.mark.parametrize("seed", range(60))
def test_no_statement_of_a_study_with_slips_is_taken_for_something_else(saved, seed):
    """Forced sorts, some with a slip: all are read, or the value off the grid is named."""
    rng = np.random.default_rng(seed)
    n, p = int(rng.integers(8, 40)), int(rng.integers(2, 25))
    grid = np.clip(np.round(rng.normal(0, 1 + seed % 2, n)), -3, 3)
    values = np.column_stack([rng.permutation(grid) for _ in range(p)])
    for j in rng.choice(p, p // 5, replace=False):
        values[rng.integers(n), j] = rng.integers(-3, 4)
    labels = (
        [f"s{i + 1}" for i in range(n)] if seed % 3 else [f"Topic {'x' * i}y" for i in range(n)]
    )
    table = pd.DataFrame(values, columns=[f"Person {'a' * j}b" for j in range(p)])
    table.insert(0, "statement", labels)
    if seed % 2:
        table = table.set_index("statement").T.rename_axis("participant").reset_index()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DistributionWarning)
        warnings.simplefilter("ignore", DuplicatedSortsWarning)
        try:
            sorts = read_sorts(saved(table))
        except DataError as error:
            assert "outside the grid" in str(error)  # noqa: PT017
            return
    np.testing.assert_array_equal(sorts.values, values)


def test_nothing_is_guessed_silently(saved):
    """Whatever is read from a table with foreign columns is the sorts, or a warning is given."""
    rng = np.random.default_rng(5)
    for k in range(30):
        extra = {f"x{k}": rng.integers(-4, 5, P), "zz": rng.integers(0, 60, P)}
        columns = dict(list(extra.items())[: 1 + k % 2])
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                sorts = read_sorts(saved(in_rows(labels=WORDS, **columns)))
            except DataError as error:
                assert "does not look like" in str(error)  # noqa: PT017
                continue
        assert sorts.n_statements == N
        assert caught
