"""Writing sorts as a tidy table: one row a cell, CSV or Parquet."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from dmpkit.errors import DataError
from dmpkit.formulas import safe_cell
from dmpkit.qmethod.data import QSorts, infer_distribution
from dmpkit.qmethod.formats.reading import PathLike
from dmpkit.tables import atomic_write

__all__ = ["tidy_table", "write_sorts"]


def write_sorts(sorts: QSorts, path: PathLike) -> None:
    """Write sorts as a tidy table that any program reads, one row a cell.

    Columns: ``sort``, ``statement``, ``text`` (where there are texts),
    ``score``, and ``distribution`` where the forced distribution is not the
    one that the scores themselves tell (its values, in order, are repeated
    with every sort). :func:`dmpkit.qmethod.read_sorts` reads it back equal.

    Parameters
    ----------
    sorts : QSorts
    path : path
        Ends in ``.csv`` (UTF-8, commas; a text that a spreadsheet would run as
        a formula gets a leading apostrophe, which reading takes off again) or
        ``.parquet``.

    Raises
    ------
    DataError
        For another ending or a folder that does not exist.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> import dmpkit.qmethod as qm
    >>> sorts = qm.QSorts([[-1, 0], [0, 1], [1, -1]], sorts=["Ana", "Ben"])
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "sorts.csv"
    >>> qm.write_sorts(sorts, file)
    >>> file.read_text().splitlines()[:3]
    ['sort,statement,score', 'Ana,1,-1', 'Ana,2,0']
    >>> qm.read_sorts(file) == sorts
    True
    """
    final = Path(path)
    ending = final.suffix.lower()
    table = tidy_table(sorts)
    if ending == ".parquet":
        with atomic_write(final) as target:
            table.to_parquet(target, index=False)
    elif ending == ".csv":
        texts = "".join((*sorts.sorts, *sorts.statements, *sorts.texts))
        # a carriage return would begin a row unless it is quoted
        quoting: Any = csv.QUOTE_ALL if "\r" in texts else csv.QUOTE_MINIMAL
        with atomic_write(final) as target, target.open("w", newline="", encoding="utf-8") as out:
            writer = csv.writer(out, lineterminator="\n", quoting=quoting)
            writer.writerow(table.columns)
            writer.writerows(
                [_cell(value) for value in row] for row in table.itertuples(index=False)
            )
    else:
        raise DataError(
            f"Sorts cannot be written as {ending or 'a file without ending'!r}.",
            file=final,
            remedy="Use .csv or .parquet; write_pqmethod and write_kade write other formats.",
        )


def tidy_table(sorts: QSorts) -> pd.DataFrame:
    """The sorts as a table with one row a cell, see :func:`write_sorts`.

    Parameters
    ----------
    sorts : QSorts

    Examples
    --------
    >>> tidy_table(QSorts([[-1, 0], [0, 1], [1, -1]])).head(2)
        sort statement  score
    0  sort1         1   -1.0
    1  sort1         2    0.0
    """
    n, p = sorts.values.shape
    table = pd.DataFrame(
        {
            "sort": np.repeat(np.array(sorts.sorts, dtype=object), n),
            "statement": np.tile(np.array(sorts.statements, dtype=object), p),
            "score": sorts.values.T.ravel(),
        }
    )
    if sorts.texts:
        table.insert(2, "text", np.tile(np.array(sorts.texts, dtype=object), p))
    if not np.array_equal(sorts.distribution, infer_distribution(sorts.values)[0]):
        table["distribution"] = np.tile(sorts.distribution, p)
    return table


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return str(safe_cell(value))
    number = float(value)
    return str(int(number)) if number.is_integer() else repr(number)
