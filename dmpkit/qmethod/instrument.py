"""The instrument of a Q study: statements, grid, and what participants are asked.

From a concourse (everything that is said on a topic) a structured Q set is
drawn with :func:`sample_q_set`; :func:`propose_distribution` proposes the
forced distribution. An :class:`Instrument` holds both with the condition of
instruction, and makes what a participant needs: a web page on which to sort,
cards to print, a sheet to write the sort on.

The governance instrument, ``Instrument.load("governance-instrument")``, is our
own proposal, in our own words. It is not the instrument of any published study.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd

from dmpkit.errors import DataError, in_file
from dmpkit.tables import (
    frame_function,
    read_delimited,
    read_table,
    require_columns,
    require_unique,
    to_numbers,
    to_pandas,
)

if TYPE_CHECKING:
    from narwhals.typing import IntoFrame
    from numpy.typing import ArrayLike, NDArray

    from dmpkit.qmethod.data import QSorts

__all__ = ["Instrument", "TagAgreement", "propose_distribution", "sample_q_set", "tag_agreement"]

PathLike: TypeAlias = str | os.PathLike[str]

MAX_STATEMENTS = 300
MAX_COLUMNS = 21
MAX_TEXT = 2000
_WORDING = ("title", "question", "instruction", "about", "low", "high", "hand_in")
_DEFAULT_WORDING = {
    "instruction": "Sort the cards by how far they say what you think.",
    "low": "most disagree",
    "high": "most agree",
}


# -- the grid and the Q set -----------------------------------------------------------


def propose_distribution(
    n: int, *, columns: int | None = None, spread: float = 0.7
) -> pd.DataFrame:
    """Propose a forced distribution for `n` statements.

    The counts follow a normal curve over the columns: with columns
    ``-w … +w`` and standard deviation ``spread * w``, each side gets its share
    of the statements by largest remainder; the middle column takes what makes
    the sum `n`. The result is symmetric, falls from the middle outwards and
    leaves no column empty. Without `columns`, the range is Brown's rule of
    thumb (1980, as cited by Watts and Stenner 2012): -4 to +4 up to 40
    statements, -5 to +5 up to 60, -6 to +6 above; narrower for fewer than 18.
    That the counts follow a normal curve, and the default `spread`, are our
    own proposal.

    Parameters
    ----------
    n : int
        Number of statements, at least 5.
    columns : int, optional
        Number of columns, odd, at least 3 and at most `n`.
    spread : float
        Larger is flatter: flat grids suit people who know the topic well.

    Returns
    -------
    DataFrame
        One row a column: ``value, count``.

    Raises
    ------
    DataError
        For numbers that leave no such grid.

    Examples
    --------
    >>> propose_distribution(44, columns=9)["count"].tolist()
    [3, 4, 5, 6, 8, 6, 5, 4, 3]
    >>> propose_distribution(33)["value"].tolist()
    [-4, -3, -2, -1, 0, 1, 2, 3, 4]
    """
    if n < 5 or n > MAX_STATEMENTS:
        raise DataError(
            f"A grid for {n} statements cannot be proposed; give 5 to {MAX_STATEMENTS}."
        )
    k = _usual_columns(n) if columns is None else columns
    if k < 3 or k > min(n, MAX_COLUMNS) or k % 2 == 0:
        raise DataError(
            f"A grid of {k} columns does not fit {n} statements.",
            remedy=f"Give an odd number of columns from 3 to {min(n, MAX_COLUMNS)}.",
        )
    if not spread > 0:
        raise DataError(f"The spread is {spread}; it has to be above 0.")
    half = k // 2
    density = np.exp(-0.5 * (np.arange(half + 1) / (spread * half)) ** 2)
    middle = _middle_count(n, half, density)
    side = _largest_remainder((n - middle) // 2, density[1:])
    while side[0] > middle:
        middle += 2
        side = _largest_remainder((n - middle) // 2, density[1:])
    counts = [*side[::-1], middle, *side]
    return pd.DataFrame({"value": range(-half, half + 1), "count": counts})


def _usual_columns(n: int) -> int:
    if n < 18:
        return 5 if n < 10 else 7
    return 9 if n <= 40 else 11 if n <= 60 else 13


def _middle_count(n: int, half: int, density: NDArray[np.float64]) -> int:
    """The whole number of the parity of `n` that lies nearest to the curve; the larger of two."""
    ideal = n / (2 * density.sum() - 1)
    middle = int(np.floor(ideal))
    middle += (n - middle) % 2
    if middle - ideal > 1 and middle >= 3:
        middle -= 2
    return min(max(middle, 2 - n % 2), n - 2 * half)


def _largest_remainder(total: int, shares: NDArray[np.float64]) -> list[int]:
    """Whole numbers of at least 1 that sum to `total`; of equal remainders the first is raised."""
    ideal = 1 + (total - len(shares)) * shares / shares.sum()
    counts = np.floor(ideal + 1e-9).astype(int)
    order = np.argsort(-(ideal - counts), kind="stable")
    counts[order[: total - counts.sum()]] += 1
    return [int(c) for c in np.sort(counts)[::-1]]


@frame_function
def sample_q_set(
    concourse: pd.DataFrame, n: int, *, by: str | Sequence[str], seed: int
) -> pd.DataFrame:
    """Draw a structured Q set: as many statements from every cell of a design.

    Cells are the combinations of the columns `by` that occur, for instance
    topic and direction. Each gets ``n // cells`` statements; what is left over
    goes to cells drawn at random among those that have a statement to spare.
    Within a cell, statements are drawn at random without replacement.

    Parameters
    ----------
    concourse : DataFrame
        One row a statement; at least the columns `by`.
    n : int
        Number of statements to draw.
    by : str or sequence of str
        The design: one or more columns.
    seed : int
        The same seed draws the same Q set.

    Returns
    -------
    DataFrame
        The drawn rows in random order, of the same kind and with the same
        columns as `concourse`.

    Raises
    ------
    DataError
        If a column is absent or has an empty cell, or a cell of the design
        has too few statements.

    Examples
    --------
    >>> concourse = pd.DataFrame({"text": list("abcdef"), "topic": ["x"] * 3 + ["y"] * 3})
    >>> sample_q_set(concourse, 4, by="topic", seed=1)["topic"].value_counts().tolist()
    [2, 2]
    """
    design = [by] if isinstance(by, str) else list(by)
    require_columns(concourse, design)
    if not design or concourse[design].isna().any(axis=None):
        raise DataError("The design has an empty cell, or no column at all.")
    rng = np.random.default_rng(seed)
    cells = concourse.reset_index(drop=True).groupby(design, sort=True).indices
    takes = _takes({key: len(rows) for key, rows in cells.items()}, n, rng)
    chosen = [rng.choice(rows, size=takes[key], replace=False) for key, rows in cells.items()]
    return concourse.iloc[rng.permutation(np.concatenate(chosen))].reset_index(drop=True)


def _takes(sizes: Mapping[Any, int], n: int, rng: np.random.Generator) -> dict[Any, int]:
    """How many statements each cell gives."""
    share, left = divmod(n, len(sizes)) if sizes else (0, 0)
    if share < 1:
        raise DataError(
            f"{n} statements cannot cover {len(sizes)} cells of the design.",
            remedy="Ask for more statements, or use fewer columns in the design.",
        )
    for key, size in sizes.items():
        if size < share:
            name = " × ".join(map(str, key)) if isinstance(key, tuple) else str(key)
            raise DataError(
                f"The cell {name!r} of the design has {size} statements; {share} are needed.",
                remedy="Write more statements for it, or ask for a smaller Q set.",
            )
    spare = [key for key, size in sizes.items() if size > share]
    if len(spare) < left:
        raise DataError(
            f"Only {len(spare)} cells have a statement to spare; {left} are needed to reach {n}.",
            remedy=f"Ask for {n - left} statements, or write more.",
        )
    extra = {spare[i] for i in rng.choice(len(spare), size=left, replace=False)}
    return {key: share + (key in extra) for key in sizes}


# -- the instrument ----------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Instrument:
    """What participants of a Q study sort, and how they are asked to.

    Parameters
    ----------
    name : str
        Short name, used in file names: letters, digits, ``-``, ``_`` and ``.``.
    title : str
        Shown on the page, the cards and the sheet.
    statements, texts : sequence of str
        Labels and wording, each of them once.
    distribution : array_like, shape (n_statements,), optional
        The forced distribution, one grid value a statement. Without it,
        :func:`propose_distribution` proposes one.
    question, instruction, about, low, high, hand_in : str
        The question; the condition of instruction; a note on what the
        instrument is; the names of the two ends; what to do with the file.
    language : str
        Language tag of the texts.
    path : Path, optional
        The folder it was read from, where ``tags.csv`` may lie.

    Raises
    ------
    DataError
        For labels or wordings that occur twice or are empty, a distribution
        that does not fit, and a set that is too small or too large.

    Examples
    --------
    >>> instrument = Instrument.load("governance-instrument")
    >>> instrument
    Instrument 'governance-instrument': 44 statements, grid from -4 to +4
    >>> instrument.grid["count"].tolist()
    [3, 4, 5, 6, 8, 6, 5, 4, 3]
    """

    name: str
    title: str
    statements: tuple[str, ...]
    texts: tuple[str, ...]
    distribution: ArrayLike | None = None
    question: str = ""
    instruction: str = _DEFAULT_WORDING["instruction"]
    about: str = ""
    low: str = _DEFAULT_WORDING["low"]
    high: str = _DEFAULT_WORDING["high"]
    hand_in: str = ""
    language: str = "en"
    path: Path | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        labels = tuple(str(label).strip() for label in self.statements)
        texts = tuple(str(text).strip() for text in self.texts)
        if not re.fullmatch(r"[A-Za-z0-9][\w.-]{0,79}", self.name):
            raise DataError(
                f"{self.name!r} is not a name for an instrument.",
                remedy="Use letters, digits, hyphens, underscores and dots.",
            )
        _check_statements(labels, texts)
        values = _check_distribution(self.distribution, len(labels))
        object.__setattr__(self, "statements", labels)
        object.__setattr__(self, "texts", texts)
        object.__setattr__(self, "distribution", values)

    @classmethod
    def load(cls, name: str = "governance-instrument") -> Instrument:
        """Open an instrument that comes with dmpkit.

        Raises
        ------
        DataError
            If there is none of that name, or its files were changed.
        """
        from dmpkit.datasets import info

        package = info(name)
        for resource in package.resources:
            package.file(resource)  # checks the hash
        return cls.open(package.path)

    @classmethod
    def open(cls, path: PathLike) -> Instrument:
        """Read an instrument from a folder or a table.

        Parameters
        ----------
        path : path
            A folder with ``statements.csv`` (``statement, text``), and where
            there are any ``distribution.csv`` (``value, count``) and
            ``texts.csv`` (``key, text`` with the keys title, question,
            instruction, about, low, high, hand_in); without a distribution
            the grid of ``sorts.csv`` is taken, or else one is proposed. Or a
            single table with the columns ``statement`` and ``text``.

        Raises
        ------
        DataError
            For what is absent or cannot be used, naming file, row and column.
        """
        source = Path(path)
        folder = source if source.is_dir() else None
        file = source / "statements.csv" if folder else source
        if folder and not file.is_file():
            raise DataError(
                "This folder holds no statements.csv.",
                file=source,
                remedy="Write one with the columns statement and text.",
            )
        table = _text_table(file)
        require_columns(table, ["statement", "text"], file=file)
        wording = _read_wording(folder / "texts.csv") if folder else {}
        name = re.sub(r"[^\w.-]+", "-", source.resolve().name if folder else source.stem)
        labels = tuple(table["statement"])
        settings: dict[str, Any] = {"title": name} | wording
        with in_file(file):
            return cls(
                name=name.strip("-.") or "q-set",
                statements=labels,
                texts=tuple(table["text"]),
                distribution=_read_distribution(folder, labels) if folder else None,
                path=folder,
                **settings,
            )

    @classmethod
    def from_sorts(cls, sorts: QSorts, name: str, **wording: Any) -> Instrument:
        """The instrument of sorts that are there: their statements, texts and grid.

        Raises
        ------
        DataError
            If the sorts come without the wording of their statements.

        Examples
        --------
        >>> from dmpkit.qmethod import QSorts
        >>> sorts = QSorts([[-1, 0], [0, 1], [1, -1]], texts=["One.", "Two.", "Three."])
        >>> Instrument.from_sorts(sorts, "toy", title="A toy").grid["count"].tolist()
        [1, 1, 1]
        """
        if not sorts.texts:
            raise DataError(
                "These sorts have no statement texts.", remedy="Give QSorts the argument texts."
            )
        return cls(
            name=name,
            statements=sorts.statements,
            texts=sorts.texts,
            distribution=sorts.distribution,
            **({"title": name} | wording),
        )

    # -- what it is ------------------------------------------------------

    @property
    def n_statements(self) -> int:
        """Number of statements."""
        return len(self.statements)

    @property
    def values(self) -> NDArray[np.float64]:
        """The distribution: one grid value a statement, ascending."""
        return np.asarray(self.distribution, dtype=np.float64)

    @cached_property
    def grid(self) -> pd.DataFrame:
        """The forced distribution, one row a column: ``value, count``."""
        values, counts = np.unique(self.values, return_counts=True)
        return pd.DataFrame({"value": values, "count": counts})

    @cached_property
    def frame(self) -> pd.DataFrame:
        """The Q set: ``statement, text``."""
        return pd.DataFrame({"statement": self.statements, "text": self.texts})

    @cached_property
    def fingerprint(self) -> str:
        """Tells this Q set and grid from others; the wording may be translated."""
        grid = [[float(v), int(c)] for v, c in self.grid.itertuples(index=False)]
        said = json.dumps([self.name, list(self.statements), grid])
        return hashlib.sha256(said.encode()).hexdigest()[:16]

    @cached_property
    def tags(self) -> pd.DataFrame:
        """Which claims each statement bears on: ``statement, claim, direction, strength, tagger``.

        Direction +1: who agrees with the statement affirms the claim; -1: who
        agrees with it rejects the claim. Strength 1: the statement says so
        itself; below 1: it follows for most readers.

        Raises
        ------
        DataError
            If the instrument has no ``tags.csv``, or one that does not fit.
        """
        if self.path is None or not (self.path / "tags.csv").is_file():
            raise DataError(f"The instrument {self.name!r} has no tags.csv.")
        return check_tags(_text_table(self.path / "tags.csv"), statements=self.statements)

    def __repr__(self) -> str:
        low, high = (f"{v:+g}" if v else "0" for v in (self.values[0], self.values[-1]))
        return (
            f"Instrument {self.name!r}: {self.n_statements} statements, grid from {low} to {high}"
        )

    def _repr_html_(self) -> str:
        from dmpkit.reporting import escape, table_html

        grid = table_html(self.grid, digits=0, caption="Forced distribution")
        about = f"<p>{escape(self.about)}</p>" if self.about else ""
        return f"<p>{escape(repr(self))}</p>{about}{grid}{table_html(self.frame)}"

    # -- what it makes ---------------------------------------------------

    def write_page(self, path: PathLike, *, texts: Mapping[str, Any] | None = None) -> None:
        """Write the sorting page: one HTML file, see :func:`sorting_page`.

        Parameters
        ----------
        path : path
            Where to.
        texts : mapping, optional
            Texts that replace the English ones, see :func:`page_texts`.
        """
        from dmpkit.qmethod.sorting_page import sorting_page
        from dmpkit.reporting import write_html

        write_html(path, sorting_page(self, texts=texts))

    def write_cards(self, path: PathLike) -> None:
        """Write the cards as a page to print and cut, see :func:`cards_page`."""
        from dmpkit.qmethod.sorting_page import cards_page
        from dmpkit.reporting import write_html

        write_html(path, cards_page(self))

    def write_sheet(self, path: PathLike) -> None:
        """Write the sheet on which a sort is noted by hand, see :func:`sheet_page`."""
        from dmpkit.qmethod.sorting_page import sheet_page
        from dmpkit.reporting import write_html

        write_html(path, sheet_page(self))


def _check_statements(labels: tuple[str, ...], texts: tuple[str, ...]) -> None:
    if not 3 <= len(labels) <= MAX_STATEMENTS:
        raise DataError(f"There are {len(labels)} statements; 3 to {MAX_STATEMENTS} can be sorted.")
    if len(labels) != len(texts):
        raise DataError(f"There are {len(labels)} labels and {len(texts)} texts.")
    for what, words, longest in (("label", labels, 60), ("text", texts, MAX_TEXT)):
        for i, word in enumerate(words, start=1):
            if not word or len(word) > longest or re.search(r"[\x00-\x1f\x7f]", word):
                raise DataError(
                    f"The {what} of statement {i} is empty, too long or holds control characters.",
                    row=i + 1,
                    column="statement" if what == "label" else "text",
                    remedy=f"Give 1 to {longest} characters on one line.",
                )
    require_unique(labels, "statement")
    require_unique(texts, "statement text")


def _check_distribution(distribution: ArrayLike | None, n: int) -> NDArray[np.float64]:
    if distribution is None:
        grid = (
            propose_distribution(n)
            if n >= 5
            else pd.DataFrame({"value": np.arange(n) - (n - 1) // 2, "count": 1})
        )
        values = np.repeat(grid["value"].to_numpy(float), grid["count"])
    else:
        try:
            values = np.sort(np.array(distribution, dtype=np.float64)) + 0.0
        except (TypeError, ValueError):
            raise DataError("The distribution does not consist of numbers.") from None
    n_columns = len(np.unique(values))
    if values.shape != (n,) or not np.isfinite(values).all() or not 2 <= n_columns <= MAX_COLUMNS:
        raise DataError(
            f"The distribution has {values.size} places in {n_columns} columns for {n} statements.",
            remedy=f"Give one place a statement, in 2 to {MAX_COLUMNS} columns.",
        )
    values.setflags(write=False)
    return values


def _text_table(file: Path) -> pd.DataFrame:
    if file.suffix.lower() in (".xlsx", ".parquet"):
        table = read_table(file)
        return table.map(lambda v: "" if v is None or v != v else _plain(v))
    cells, _ = read_delimited(file)
    return cells


def _plain(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _read_wording(file: Path) -> dict[str, str]:
    if not file.is_file():
        return {}
    table = _text_table(file)
    require_columns(table, ["key", "text"], file=file)
    require_unique(list(table["key"]), "key", file=file)
    for i, key in enumerate(table["key"], start=2):
        if key not in _WORDING:
            raise DataError(
                f"There is no text {key!r}.",
                file=file,
                row=i,
                column="key",
                remedy=f"The keys are {', '.join(_WORDING)}.",
            )
    return dict(zip(table["key"], table["text"], strict=True))


def _read_distribution(folder: Path, labels: tuple[str, ...]) -> NDArray[np.float64] | None:
    file = folder / "distribution.csv"
    if file.is_file():
        table = _text_table(file)
        require_columns(table, ["value", "count"], file=file)
        numbers = to_numbers(table[["value", "count"]], file=file)
        counts = numbers["count"].to_numpy()
        bad = ~((counts >= 1) & (counts <= MAX_STATEMENTS) & (counts == np.floor(counts)))
        if bad.any():
            raise DataError(
                "The count is not a whole number of at least 1.",
                file=file,
                row=int(bad.argmax()) + 2,
                column="count",
            )
        return np.repeat(numbers["value"].to_numpy(), counts.astype(int))
    if (folder / "sorts.csv").is_file():
        from dmpkit.qmethod.readers import read_sorts

        sorts = read_sorts(folder / "sorts.csv")
        return np.array(sorts.distribution) if sorts.n_statements == len(labels) else None
    return None


# -- tags -----------------------------------------------------------------------------


def check_tags(tags: IntoFrame, *, statements: Sequence[str] | None = None) -> pd.DataFrame:
    """Check a tagging of statements and give it typed.

    Parameters
    ----------
    tags : DataFrame
        ``statement, claim, direction`` (1 or -1), ``strength`` (above 0, at
        most 1) and ``tagger``; one row a statement, claim and tagger.
    statements : sequence of str, optional
        The labels that may occur.

    Raises
    ------
    DataError
        Naming row and column.

    Examples
    --------
    >>> check_tags(Instrument.load().tags)["tagger"].unique().tolist()
    ['first reading', 'second reading']
    """
    table = to_pandas(tags, what="tags")
    keys = ["statement", "claim", "tagger"]
    require_columns(table, [*keys, "direction", "strength"])
    out = to_numbers(table, ["direction", "strength"]).reset_index(drop=True)
    for column in keys:
        out[column] = out[column].astype(str)
    known = set(out["statement"]) if statements is None else set(statements)
    for wrong, column, problem in (
        (~out["statement"].isin(known), "statement", "This statement is not in the Q set."),
        (~out["direction"].isin([1, -1]), "direction", "The direction is neither 1 nor -1."),
        (
            ~((out["strength"] > 0) & (out["strength"] <= 1)),
            "strength",
            "The strength is not above 0 and at most 1.",
        ),
        (out.duplicated(keys), "claim", "This tagger tagged statement and claim twice."),
    ):
        if wrong.any():
            raise DataError(problem, row=int(wrong.to_numpy().argmax()) + 2, column=column)
    out["direction"] = out["direction"].astype("int64")
    return out[["statement", "claim", "direction", "strength", "tagger"]]


@dataclass(frozen=True, eq=False, repr=False)
class TagAgreement:
    """How far two taggings of a Q set agree; made by :func:`tag_agreement`.

    Attributes
    ----------
    taggers : tuple of str
        The two names.
    n_cells : int
        Statements × claims.
    both, first_only, second_only, opposite, same_strength : int
        Cells that both tag with one direction, that only one tags, that both
        tag with opposite directions; and of `both`, those of equal strength.
    percent : float
        Percentage of all cells with the same answer (affirms, rejects, no tag).
    kappa : float
        Cohen's kappa of those three answers; NaN where it is undefined.
    differences : DataFrame
        Where they differ: ``statement, claim, first, second`` (signed
        strengths, 0 for no tag).
    """

    taggers: tuple[str, str]
    n_cells: int
    both: int
    first_only: int
    second_only: int
    opposite: int
    same_strength: int
    percent: float
    kappa: float
    differences: pd.DataFrame

    def __repr__(self) -> str:
        a, b = self.taggers
        return (
            f"Agreement of '{a}' and '{b}' over {self.n_cells} cells (statements × claims): "
            f"{self.percent:.1f}% the same, Cohen's kappa {self.kappa:.2f}. Tagged by both "
            f"{self.both} ({self.same_strength} with the same strength), by one only "
            f"{self.first_only + self.second_only}, in opposite directions {self.opposite}."
        )

    def _repr_html_(self) -> str:
        from dmpkit.reporting import escape, table_html

        return f"<p>{escape(repr(self))}</p>" + table_html(self.differences, digits=1)


def tag_agreement(
    tags: IntoFrame,
    *,
    statements: Sequence[str] | None = None,
    claims: Sequence[str] | None = None,
) -> TagAgreement:
    """Agreement of two taggers on which claims the statements bear, and which way.

    Every pair of a statement and a claim is one cell with one of three
    answers: affirms, rejects, no tag. Cohen's kappa is ``(o - e) / (1 - e)``
    with the observed share of equal answers *o* and the share *e* expected
    from the two taggers' own distributions (Cohen 1960). Most cells have no
    tag, which lifts the percentage; look at the cells tagged by one only.

    Parameters
    ----------
    tags : DataFrame
        As :func:`check_tags` takes it, with exactly two taggers.
    statements, claims : sequence of str, optional
        All statements and claims that could be tagged; those that occur when
        not given.

    Raises
    ------
    DataError
        If there are not two taggers, or a tag lies outside.

    Examples
    --------
    >>> tag_agreement(Instrument.load().tags).opposite
    0
    """
    table = check_tags(tags, statements=statements)
    taggers = list(dict.fromkeys(table["tagger"]))
    if len(taggers) != 2:
        raise DataError(f"There are {len(taggers)} taggers; agreement is between two.")
    rows = list(dict.fromkeys(table["statement"])) if statements is None else list(statements)
    columns = list(dict.fromkeys(table["claim"])) if claims is None else list(claims)
    if stray := sorted(set(table["claim"]) - set(columns)):
        raise DataError(f"There is no claim {stray[0]!r}.", column="claim")
    first, second = (_signed(table[table["tagger"] == tagger], rows, columns) for tagger in taggers)
    return _agreement((taggers[0], taggers[1]), first, second, rows, columns)


def _signed(
    table: pd.DataFrame, rows: Sequence[str], columns: Sequence[str]
) -> NDArray[np.float64]:
    """Direction times strength, statements × claims; 0 where there is no tag."""
    out = np.zeros((len(rows), len(columns)))
    place = (
        table["statement"].map({name: i for i, name in enumerate(rows)}).to_numpy(np.intp),
        table["claim"].map({name: j for j, name in enumerate(columns)}).to_numpy(np.intp),
    )
    out[place] = (table["direction"] * table["strength"]).to_numpy(np.float64)
    return out


def _agreement(
    taggers: tuple[str, str],
    first: NDArray[np.float64],
    second: NDArray[np.float64],
    rows: Sequence[str],
    columns: Sequence[str],
) -> TagAgreement:
    a, b = np.sign(first), np.sign(second)
    observed = float(np.mean(a == b))
    expected = float(sum(np.mean(a == v) * np.mean(b == v) for v in (-1, 0, 1)))
    i, j = np.nonzero(first != second)
    differences = pd.DataFrame(
        {
            "statement": [rows[int(k)] for k in i],
            "claim": [columns[int(k)] for k in j],
            "first": first[i, j],
            "second": second[i, j],
        }
    )
    return TagAgreement(
        taggers=taggers,
        n_cells=int(a.size),
        both=int(((a == b) & (a != 0)).sum()),
        first_only=int(((a != 0) & (b == 0)).sum()),
        second_only=int(((a == 0) & (b != 0)).sum()),
        opposite=int((a * b == -1).sum()),
        same_strength=int(((first == second) & (a != 0)).sum()),
        percent=100 * observed,
        kappa=(observed - expected) / (1 - expected) if expected < 1 else float("nan"),
        differences=differences,
    )
