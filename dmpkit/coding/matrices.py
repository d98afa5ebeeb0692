"""Codes by cases and by attributes: counts, words, quotes, joined to other tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dmpkit.arguments import check_settings
from dmpkit.coding.code_names import closest
from dmpkit.coding.counting import Coded, coded_segments
from dmpkit.coding.evaluate import Scene
from dmpkit.coding.schema import SEPARATOR
from dmpkit.coding.spans import cover, cross_pairs
from dmpkit.errors import DataError, ReadingWarning, SmallCellWarning, warn
from dmpkit.reporting import Figure, Result, Section, paragraphs, table_html
from dmpkit.tables import require_columns, require_unique, same_kind, to_pandas
from dmpkit.wording import counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dmpkit.coding.data import CodedProject

__all__ = [
    "AttributeTable",
    "CaseMatrix",
    "case_matrix",
    "code_by_attribute",
    "framework_matrix",
    "join",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
VALUES: Final[Mapping[str, str]] = {
    "present": "1 where a segment of the code lies in the words of the case, 0 where none does",
    "segments": "segments of the code that lie in the words of the case",
    "words": "words of the case under the code (a word counts where its first character does), "
    "each once, however many segments or coders cover it",
    "characters": "characters of the case under the code, each once",
}
#: Code points that part words (Unicode white space).
WHITE: Final = np.array(
    [9, 10, 11, 12, 13, 28, 29, 30, 31, 32, 133, 160, 5760, *range(8192, 8203), 8232, 8233, 8239,
     8287, 12288], dtype=np.uint32,
)  # fmt: skip


@dataclass(frozen=True, eq=False, repr=False)
class CaseMatrix(Result):
    """Cases by codes.

    Attributes
    ----------
    cases : tuple of str
        Cases; sources where the project has no cases.
    codes : tuple of str
    values : (cases, codes) array
        NaN for a case of which nothing was coded: nobody looked, which is not 0.
    value : {"present", "segments", "words", "characters"}
    attributes : DataFrame
        ``case`` and its attributes, in the order of `cases`.
    of_sources : bool
        Whether sources stand in for cases.
    n_coders, n_duplicates, n_unplaced : int
    """

    title: ClassVar[str] = "Codes by cases"
    sheet_notes: ClassVar[Mapping[str, str]] = {
        "matrix": "One row a case, one column a code; empty where nothing of a case was coded.",
        "codes": "In how many cases each code occurs.",
    }

    cases: tuple[str, ...]
    codes: tuple[str, ...]
    values: Floats
    value: str
    attributes: pd.DataFrame
    of_sources: bool
    n_coders: int
    n_duplicates: int
    n_unplaced: int

    @cached_property
    def assessed(self) -> NDArray[np.bool_]:
        """Cases of which something was coded."""
        return (
            np.asarray(~np.isnan(self.values).all(axis=1))
            if self.codes
            else (np.zeros(len(self.cases), dtype=bool))
        )

    @cached_property
    def matrix(self) -> pd.DataFrame:
        """Label column ``case``, then one column a code."""
        frame = pd.DataFrame(self.values, columns=list(self.codes))
        if self.assessed.all():
            frame = frame.astype(np.int64)
        frame.insert(0, "case", pd.Series(self.cases, dtype="str"), allow_duplicates=True)
        return frame

    @cached_property
    def code_table(self) -> pd.DataFrame:
        """``code, cases`` (with the code), ``of`` (cases coded at all), ``share``, ``total``."""
        known = self.values[self.assessed]
        having = (known > 0).sum(axis=0)
        share = having / len(known) if len(known) else np.full(len(self.codes), np.nan)
        return pd.DataFrame(
            {
                "code": pd.Series(self.codes, dtype="str"),
                "cases": having,
                "of": len(known),
                "share": share,
                "total": known.sum(axis=0).astype(np.int64),
            }
        )

    def long(self) -> pd.DataFrame:
        """One row a case and code: ``case, code`` and the value."""
        frame = self.matrix.melt("case", var_name="code", value_name=self.value)
        return frame.astype({"code": "str"})

    def frames(self) -> dict[str, pd.DataFrame]:
        """Tables ``matrix`` and ``codes``."""
        return {"matrix": self.matrix, "codes": self.code_table}

    def summary(self) -> str:
        """The size of the matrix and what is not in it."""
        where = counted(len(self.cases), "source" if self.of_sources else "case")
        where += " (no source belongs to a case)" if self.of_sources else ""
        text = f"{counted(len(self.codes), 'code')} in {where}: {VALUES[self.value]}."
        missing = [c for c, known in zip(self.cases, self.assessed, strict=True) if not known]
        if missing:
            text += (
                f"\n\nNothing was coded of {', '.join(missing[:12])}{' …' * (len(missing) > 12)} "
                "(or no source belongs to them): their rows are empty, which is not 0."
            )
        if self.n_coders > 1 and self.value == "segments":
            text += (
                f"\n\nThe segments of {self.n_coders} coders were added: words that two of them "
                "coded count twice. Choose one with coders=."
            )
        if above := self._empty_above:
            text += (
                f"\n\nNever used themselves, though codes below them were: {', '.join(above[:8])}"
                f"{' …' * (len(above) > 8)}. With subcodes=True a code also counts what is below; "
                "level=1 gives the top codes alone."
            )
        if self.n_unplaced:
            text += f"\n\n{self.n_unplaced} codings without a place in a text are not counted."
        return text

    @cached_property
    def _empty_above(self) -> list[str]:
        """Codes that no case has, and of which a code below is had by some."""
        had = {c for c, n in zip(self.codes, self.code_table["cases"], strict=True) if n}
        ends = [f"{code}{SEPARATOR}" for code in self.codes]
        return [
            code
            for code, end in zip(self.codes, ends, strict=True)
            if code not in had and any(one.startswith(end) for one in had)
        ]

    def methods_text(self) -> str:
        """What was counted."""
        return (
            f"Cells hold {VALUES[self.value]}. A segment belongs to a case with whose words it "
            "shares at least one character. Cases of which nothing was coded are left empty. The "
            "counts are of the interviews at hand; interviewees are as a rule chosen and not drawn "
            "at random, so no interval is given."
        )

    def section(self) -> Section:
        """Codes and heat map as a section."""
        figures: tuple[Figure, ...] = ()
        if self.codes and self.assessed.any() and len(self.codes) <= 80 and len(self.cases) <= 80:
            figures = (Figure.from_axes(self.plot(), "Codes by cases"),)
        table = table_html(self.code_table, caption="Codes")
        return Section(self.title, paragraphs(self.summary()) + table, figures)

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """See :func:`dmpkit.coding.matrices_plots.plot_case_matrix`."""
        from dmpkit.coding.matrices_plots import plot_case_matrix

        return plot_case_matrix(self, ax=ax)


def case_matrix(
    project: CodedProject,
    codes: str | Iterable[str] | None = None,
    *,
    value: Literal["present", "segments", "words", "characters"] = "present",
    level: int | None = None,
    subcodes: bool = False,
    coders: str | Iterable[str] | None = None,
) -> CaseMatrix:
    """Cases by codes: 0 or 1, segments, words or characters.

    Parameters
    ----------
    project : CodedProject
        Where no source belongs to a case, each source is one.
    codes : str or iterable of str, optional
        All codes when not given.
    value : {"present", "segments", "words", "characters"}
    level : int, optional
        Count every code as its ancestor at this depth (1: the top codes).
    subcodes : bool
        Count a segment for its code and for each code above it.
    coders : str or iterable of str, optional
        Whose segments count.

    Returns
    -------
    CaseMatrix
        Rows of cases of which nothing was coded (by these coders, with any code) are NaN.

    Raises
    ------
    DataError
        For an unknown value, code or coder.

    Examples
    --------
    >>> from dmpkit.coding.data import CodedProject
    >>> sources = pd.DataFrame({"source": ["I1", "I2"], "text": ["Time was short.", "Fine."]})
    >>> segments = pd.DataFrame({"source": ["I1", "I2"], "code": ["Time", "Mood"],
    ...                          "start": [0, 0], "end": [14, 4]})
    >>> project = CodedProject.from_frames(sources, segments)
    >>> case_matrix(project, value="words").matrix.to_numpy().tolist()
    [['I1', 0, 3], ['I2', 1, 0]]
    """
    check_settings(case_matrix, locals())
    if value not in VALUES:
        raise DataError(
            f"{value!r} is not a value of cells.", remedy=closest(value, VALUES, "values")
        )
    coded = coded_segments(project, codes, level=level, subcodes=subcodes, coders=coders)
    scene = Scene(project, across_coders=True)
    cases, links = _cases_and_links(scene)
    rows, at_link, clipped = _in_cases(scene, coded, links)
    shape = (len(cases), len(coded.codes))
    case = links["number"].to_numpy(np.int64)[at_link]
    row, code = np.nonzero(coded.members[rows])
    if value in {"present", "segments"}:
        once = np.unique(np.stack([rows[row], case[row], code]), axis=1)
        filled = np.zeros(shape)
        np.add.at(filled, (once[1], once[2]), 1.0)
        filled = np.minimum(filled, 1.0) if value == "present" else filled
    else:
        at = links["at"].to_numpy(np.int64)[at_link]
        filled = _covered(scene, case[row], code, at[row], clipped[:, row], shape, value)
    filled[~_assessed(project, scene, links, len(cases), coders)] = np.nan
    linked = len(project.case_sources) > 0
    attributes = project.cases if linked else pd.DataFrame({"case": list(cases)})
    return CaseMatrix(
        cases, coded.codes, filled, value, attributes.reset_index(drop=True),
        not linked, int(coded.segments["coder"].nunique()), coded.n_duplicates,
        coded.n_unplaced,
    )  # fmt: skip


def _cases_and_links(scene: Scene) -> tuple[tuple[str, ...], pd.DataFrame]:
    """Cases and the words that belong to them; sources where there are no cases."""
    project = scene.project
    if len(scene.links):
        cases = tuple(project.cases["case"])
        links = scene.links
    else:
        if len(project.cases):
            warn(
                f"The project has {len(project.cases)} cases, but no source belongs to any of them "
                "(some programs lose these links on export), so each source is counted as a case. "
                "Link them: project.with_tables(case_sources=…).",
                ReadingWarning,
            )
        cases = tuple(project.sources["source"])
        links = pd.DataFrame(
            {"case": list(cases), "at": np.arange(len(cases)), "start": 0, "end": scene.lengths}
        )
    number = pd.Index(cases).get_indexer(pd.Index(links["case"]))
    return cases, links.assign(number=number).reset_index(drop=True)


def _in_cases(scene: Scene, coded: Coded, links: pd.DataFrame) -> tuple[Ints, Ints, Ints]:
    """Segments in cases: rows of both, and the part of the segment that lies in the case."""
    own = coded.segments
    at = scene.source_number(own["source"])
    start, end = own["start"].to_numpy(np.int64), own["end"].to_numpy(np.int64)
    since, till = links["start"].to_numpy(np.int64), links["end"].to_numpy(np.int64)
    rows, found = cross_pairs((at, start, end), (links["at"].to_numpy(np.int64), since, till))
    clipped = np.stack([np.maximum(start[rows], since[found]), np.minimum(end[rows], till[found])])
    return rows, found, clipped


def _assessed(
    project: CodedProject, scene: Scene, links: pd.DataFrame, n: int, coders: Any
) -> NDArray[np.bool_]:
    """Cases in whose words something was coded at all, by the coders asked for."""
    part = project if coders is None else project.only(coders=coders)
    own = part.segments
    at = scene.source_number(own["source"])
    found = np.zeros(n, dtype=bool)
    spans = (at, own["start"].to_numpy(np.int64), own["end"].to_numpy(np.int64))
    places = tuple(links[name].to_numpy(np.int64) for name in ("at", "start", "end"))
    _, hit = cross_pairs(spans, (places[0], places[1], places[2]))
    found[links["number"].to_numpy(np.int64)[hit]] = True
    return found


def _covered(
    scene: Scene,
    case: Ints,
    code: Ints,
    at: Ints,
    clipped: Ints,
    shape: tuple[int, int],
    value: str,
) -> Floats:
    """Characters or words under each code in each case, each once."""
    n_sources = len(scene.places)
    key = (case * shape[1] + code) * n_sources + at
    keys, group = np.unique(key, return_inverse=True)
    group, start, end = cover(group, clipped[0], clipped[1])
    place, at = np.divmod(keys[group], n_sources)
    amount = end - start
    if value == "words":
        firsts, base = _word_starts(scene)
        low = np.searchsorted(firsts, base[at] + start, side="left")
        amount = np.searchsorted(firsts, base[at] + end, side="left") - low
    filled = np.bincount(place, weights=amount, minlength=shape[0] * shape[1])
    return np.asarray(filled, dtype=np.float64).reshape(shape)


def _word_starts(scene: Scene) -> tuple[Ints, Ints]:
    """First characters of all words, the sources one behind the other, and where each begins."""
    base = np.concatenate([[0], np.cumsum(scene.lengths + 1)])[:-1].astype(np.int64)
    joined = " ".join(scene.project.sources["text"])
    units = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    white = np.isin(units, WHITE)
    return np.flatnonzero(~white & np.concatenate([[True], white])[: len(white)]), base


def framework_matrix(
    project: CodedProject,
    codes: str | Iterable[str] | None = None,
    *,
    most: int | None = 3,
    level: int | None = None,
    subcodes: bool = False,
    coders: str | Iterable[str] | None = None,
) -> pd.DataFrame:
    """Cases by codes with the quotes themselves, as in framework analysis.

    The layout is that of Ritchie & Spencer (1994): a row a case, a column a theme; they
    put summaries into the cells, here the quotes stand that a summary would rest on.

    Parameters
    ----------
    project : CodedProject
    codes, level, subcodes, coders
        As for :func:`case_matrix`.
    most : int, optional
        Quotes a cell at most, in the order of the text, with the number left out said;
        all when None.

    Returns
    -------
    DataFrame
        ``case``, then one column a code: quotes with their source and span, parted by
        an empty line. Empty where the code does not occur in the case.

    Examples
    --------
    >>> from dmpkit.coding.data import CodedProject
    >>> sources = pd.DataFrame({"source": ["I1"], "text": ["Time was short."]})
    >>> segments = pd.DataFrame({"source": ["I1"], "code": ["Time"], "start": [0], "end": [4]})
    >>> framework_matrix(CodedProject.from_frames(sources, segments)).to_numpy().tolist()
    [['I1', '“Time” (I1, 0–4)']]
    """
    check_settings(framework_matrix, locals())
    coded = coded_segments(project, codes, level=level, subcodes=subcodes, coders=coders)
    scene = Scene(project, across_coders=True)
    cases, links = _cases_and_links(scene)
    rows, at_link, _ = _in_cases(scene, coded, links)
    own = coded.segments
    order = np.lexsort((own["end"].to_numpy()[rows], own["start"].to_numpy()[rows]))
    cells: dict[tuple[int, int], dict[str, None]] = {}
    number = links["number"].to_numpy(np.int64)[at_link]
    for i in order:
        row = own.iloc[rows[i]]
        said = f"“{row['quote'].strip()}” ({row['source']}, {row['start']}–{row['end']})"
        for code in np.flatnonzero(coded.members[rows[i]]):
            cells.setdefault((int(number[i]), int(code)), {})[said] = None
    frame = pd.DataFrame(
        {
            name: pd.Series([_cell(cells.get((c, j), {}), most) for c in range(len(cases))])
            for j, name in enumerate(coded.codes)
        },
        dtype="str",
    )
    frame.insert(0, "case", pd.Series(cases, dtype="str"), allow_duplicates=True)
    return frame


def _cell(quotes: Iterable[str], most: int | None) -> str:
    found = list(quotes)
    shown = found if most is None else found[: max(int(most), 0)]
    if len(found) > len(shown):
        shown = [*shown, f"({len(found) - len(shown)} more)"]
    return "\n\n".join(shown)


# --- attributes --------------------------------------------------------------------


@dataclass(frozen=True, eq=False, repr=False)
class AttributeTable(Result):
    """Codes by the categories of an attribute.

    Attributes
    ----------
    cells : DataFrame
        One row a code and category: ``code, category, count`` (cases of the category
        with the code), ``n`` (cases of the category that were coded at all), ``share``,
        ``segments``, ``small`` (a cell that could give somebody away), ``suppressed``.
    attribute : str
    small : int
        Counts below it, and categories with fewer cases, are small.
    suppressed : bool
        Whether small cells were emptied.
    n_unknown : int
        Cases without the attribute, which are left out.
    """

    title: ClassVar[str] = "Codes by attribute"
    sheet_notes: ClassVar[Mapping[str, str]] = {
        "cells": "One row a code and category; suppressed cells are empty.",
        "counts": "Cases with the code, a row a code and a column a category.",
    }

    cells: pd.DataFrame
    attribute: str
    small: int
    suppressed: bool
    n_unknown: int

    @cached_property
    def counts(self) -> pd.DataFrame:
        """Cases with the code: label column ``code``, then one column a category."""
        codes = list(dict.fromkeys(self.cells["code"]))
        categories = list(dict.fromkeys(self.cells["category"]))
        values = self.cells["count"].to_numpy().reshape(len(codes), len(categories))
        frame = pd.DataFrame(values, columns=categories)
        frame.insert(0, "code", pd.Series(codes, dtype="str"), allow_duplicates=True)
        return frame

    def frames(self) -> dict[str, pd.DataFrame]:
        """Tables ``cells`` and ``counts``."""
        return {"cells": self.cells, "counts": self.counts}

    def summary(self) -> str:
        """Categories, small cells, cases left out."""
        sizes = self.cells.drop_duplicates("category")
        listed = ", ".join(
            f"{c} ({counted(n, 'case')})"
            for c, n in zip(sizes["category"], sizes["n"], strict=True)
        )
        text = f"{counted(self.cells['code'].nunique(), 'code')} by {self.attribute}: {listed}."
        n_small = int(self.cells["small"].sum())
        if n_small:
            what = "were emptied, with others from which they could be worked out" if (
                self.suppressed
            ) else "are shown; do not publish them where the cases can be known"  # fmt: skip
            text += f"\n\n{n_small} cells rest on fewer than {self.small} cases and {what}."
        if self.n_unknown:
            text += f"\n\n{self.n_unknown} cases have no {self.attribute} and are left out."
        return text

    def methods_text(self) -> str:
        """What was counted and what was hidden."""
        hidden = (
            f"Cells of 1 to {self.small - 1} cases, and all cells of categories with fewer than "
            f"{self.small} cases, were suppressed; where a code was left with one suppressed cell, "
            "its smallest other cell was suppressed too (our own rule), so that a total does not "
            "give it away. A count of 0, or of all cases of a category, still says something of "
            "everyone in it. "
            if self.suppressed
            else ""
        )
        return (
            f"Cases with each code were counted by {self.attribute}; shares are of the cases of a "
            f"category of which anything was coded. {hidden}Interviewees are as a rule chosen and "
            "not drawn at random, so there is no interval and no test."
        )

    def section(self) -> Section:
        """Counts and dots as a section."""
        figures: tuple[Figure, ...] = ()
        if self.cells["count"].notna().any() and self.cells["code"].nunique() <= 60:
            figures = (Figure.from_axes(self.plot(), f"Codes by {self.attribute}"),)
        table = table_html(self.counts, caption="Cases with the code", digits=0)
        return Section(self.title, paragraphs(self.summary()) + table, figures)

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """See :func:`dmpkit.coding.matrices_plots.plot_code_by_attribute`."""
        from dmpkit.coding.matrices_plots import plot_code_by_attribute

        return plot_code_by_attribute(self, ax=ax)


def code_by_attribute(
    project: CodedProject,
    attribute: str,
    codes: str | Iterable[str] | None = None,
    *,
    small: int = 5,
    suppress: bool = False,
    level: int | None = None,
    subcodes: bool = False,
    coders: str | Iterable[str] | None = None,
) -> AttributeTable:
    """Cases with each code by the categories of an attribute of the cases.

    Parameters
    ----------
    project : CodedProject
    attribute : str
        A column of the cases.
    codes, level, subcodes, coders
        As for :func:`case_matrix`.
    small : int
        Cells of fewer cases than this could give somebody away (5 is a convention of
        statistical offices; a small professional field may need more).
    suppress : bool
        Empty the small cells.

    Returns
    -------
    AttributeTable

    Raises
    ------
    DataError
        When there is no such attribute, or no case has it.

    Warns
    -----
    SmallCellWarning
        Where cells are small and `suppress` is not set.

    Examples
    --------
    >>> from dmpkit.coding.data import CodedProject
    >>> sources = pd.DataFrame({"source": ["I1", "I2"], "text": ["Time.", "Time."]})
    >>> segments = pd.DataFrame({"source": ["I1"], "code": ["Time"], "start": [0], "end": [4]})
    >>> cases = pd.DataFrame({"case": ["P1", "P2"], "role": ["member", "member"]})
    >>> links = pd.DataFrame({"case": ["P1", "P2"], "source": ["I1", "I2"]})
    >>> project = CodedProject.from_frames(sources, segments, cases=cases, case_sources=links)
    >>> code_by_attribute(project, "role", small=1).cells[["count", "n"]].to_numpy().tolist()
    [[1, 1]]
    """
    check_settings(code_by_attribute, locals())
    if attribute not in project.cases.columns[1:]:
        raise DataError(
            f"There is no attribute {attribute!r} of cases.",
            remedy=closest(attribute, project.cases.columns[1:], "attributes"),
        )
    if not len(project.case_sources):
        raise DataError(
            "No source belongs to any case, so no attribute can be laid beside a code.",
            remedy="Link them: project.with_tables(case_sources=…); some programs lose the links.",
        )
    if not isinstance(small, int | np.integer) or isinstance(small, bool) or small < 1:
        raise DataError(f"Cells of fewer than {small!r} cases do not exist.", remedy="Say 5.")
    counted = case_matrix(
        project, codes, value="segments", level=level, subcodes=subcodes, coders=coders
    )
    values = counted.attributes[attribute]
    known = (values.notna() & (values.astype(str).str.strip() != "")).to_numpy()
    use = known & counted.assessed
    if not use.any():
        raise DataError(f"No coded case has a value of {attribute!r}.")
    categories = list(dict.fromkeys(values[use].astype(str).sort_values(kind="stable")))
    number = pd.Index(categories).get_indexer(pd.Index(values[use].astype(str)))
    cells = _attribute_cells(counted, use, number, categories)
    small_cells = ((cells["count"] > 0) & (cells["count"] < small)) | (cells["n"] < small)
    cells["small"] = small_cells
    cells["suppressed"] = _to_suppress(cells) if suppress else False
    if suppress:
        hidden = cells["suppressed"]
        for name in ("count", "share", "segments"):
            cells[name] = cells[name].astype(np.float64).mask(hidden)
    elif small_cells.any():
        warn(
            f"{int(small_cells.sum())} of {len(cells)} cells by {attribute} rest on fewer than "
            f"{small} cases: with other attributes they can give a speaker away. Empty them with "
            "suppress=True before publishing.",
            SmallCellWarning,
        )
    return AttributeTable(cells, attribute, int(small), bool(suppress), int((~known).sum()))


def _attribute_cells(
    counted: CaseMatrix, use: NDArray[np.bool_], number: Any, categories: list[str]
) -> pd.DataFrame:
    """Counts of cases and segments, code by code, category by category."""
    values = counted.values[use]
    member = np.eye(len(categories))[number]
    cases, segments = (values > 0).T @ member, values.T @ member
    n = member.sum(axis=0).astype(np.int64)
    k = len(categories)
    count = np.rint(cases).astype(np.int64).ravel()
    frame = {
        "code": np.repeat(np.array(counted.codes, dtype=object), k),
        "category": np.tile(np.array(categories, dtype=object), len(counted.codes)),
        "count": count,
        "n": np.tile(n, len(counted.codes)),
        "share": count / np.tile(n, len(counted.codes)),
        "segments": np.rint(segments).astype(np.int64).ravel(),
    }
    return pd.DataFrame(frame).astype({"code": "str", "category": "str"})


def _to_suppress(cells: pd.DataFrame) -> NDArray[np.bool_]:
    """Small cells, and the smallest other one where a code would be left with one alone."""
    hidden = cells["small"].to_numpy(bool).copy()
    for found in cells.groupby("code", sort=False).indices.values():
        rows = np.asarray(found, dtype=np.int64)
        if hidden[rows].sum() == 1 and len(rows) > 1:
            others = rows[~hidden[rows]]
            hidden[others[np.argmin(cells["count"].to_numpy()[others])]] = True
    return hidden


# --- other modules' tables ----------------------------------------------------------


def join(
    matrix: CaseMatrix | Any, table: Any, *, on: str = "participant", case_column: str = "case"
) -> Any:
    """A case matrix beside another module's table of the same people.

    Parameters
    ----------
    matrix : CaseMatrix or DataFrame
        Codes by cases; a frame needs `case_column`.
    table : DataFrame
        One row a person: factor loadings of their sorts, answers before and after, their
        place in the panel …
    on : str
        Column of `table` with the person's id.
    case_column : str
        ``"case"``, or the attribute of the cases that holds the same ids.

    Returns
    -------
    DataFrame
        Of the kind of `table`: one row a case that both know, the column `on` first,
        then the codes, then the other columns of `table`. Ids are compared as texts.

    Raises
    ------
    DataError
        When a column is absent, an id stands twice, nobody is in both, or a column of
        the table has the name of a code.

    Warns
    -----
    ReadingWarning
        Names the cases and the rows that the other side does not know.

    Examples
    --------
    >>> codes = pd.DataFrame({"case": ["P1", "P2"], "Time": [1, 0]})
    >>> loadings = pd.DataFrame({"participant": ["P2", "P1"], "f1": [0.6, -0.2]})
    >>> join(codes, loadings).to_numpy().tolist()
    [['P1', 1, -0.2], ['P2', 0, 0.6]]
    """
    other = to_pandas(table, what="table to be joined")
    require_columns(other, [on])
    left = _with_ids(matrix, case_column)
    right = other.assign(**{on: other[on].astype(str)})
    require_unique(list(left[case_column]), f"{case_column} of the matrix")
    require_unique(list(right[on]), on)
    left = left.rename(columns={case_column: on})
    both = [name for name in right.columns if name in set(left.columns) - {on}]
    if both:
        raise DataError(
            f"The table and the matrix both have a column {both[0]!r}.",
            remedy="Rename it in one of them.",
        )
    shared = set(left[on]) & set(right[on])
    if not shared:
        raise DataError(
            f"No {on} of the table is a case of the matrix.",
            remedy=f"The cases are {', '.join(map(repr, left[on].head(5)))} …, the table has "
            f"{', '.join(map(repr, right[on].head(5)))} …",
        )
    alone = [n for n in left[on] if n not in shared], [n for n in right[on] if n not in shared]
    if alone[0] or alone[1]:
        warn(
            f"{len(alone[0])} cases are not in the table ({_some(alone[0])}) and {len(alone[1])} "
            f"of its rows are not among the cases ({_some(alone[1])}); they are left out.",
            ReadingWarning,
        )
    return same_kind(left.merge(right, on=on, how="inner", validate="1:1"), table)


def _with_ids(matrix: CaseMatrix | Any, case_column: str) -> pd.DataFrame:
    """The matrix with the ids as its first column, as texts."""
    if isinstance(matrix, CaseMatrix):
        frame = matrix.matrix
        if case_column != "case":
            require_columns(matrix.attributes, [case_column])
            frame = frame.drop(columns="case")
            frame.insert(0, case_column, matrix.attributes[case_column].to_numpy())
    else:
        frame = to_pandas(matrix, what="matrix")
        require_columns(frame, [case_column])
    return frame.assign(**{case_column: frame[case_column].astype(str)})


def _some(names: list[str]) -> str:
    return ", ".join(names[:6]) + (" …" if len(names) > 6 else "") if names else "none"
