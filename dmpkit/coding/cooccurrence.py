"""Which codes occur together: in the same words, turns, windows or documents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dmpkit.arguments import a_word, check_settings
from dmpkit.coding.code_names import closest
from dmpkit.coding.counting import Coded, coded_segments
from dmpkit.coding.evaluate import Scene
from dmpkit.coding.spans import pair_counts, shared_length
from dmpkit.coding.turns import segment_turns
from dmpkit.errors import DataError
from dmpkit.reporting import Figure, Result, Section, paragraphs, table_html
from dmpkit.wording import counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dmpkit.coding.data import CodedProject
    from dmpkit.coding.turns import Turns

__all__ = ["Cooccurrence", "cooccurrence"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
UNIT_COUNTS: Final[Mapping[str, str]] = {
    "segment": "n_1 and n_2 are the segments of each code, n_12 the pairs of a segment of one and "
    "a segment of the other that share at least one character (as ATLAS.ti counts co-occurrences)",
    "turn": "n_1 and n_2 are the speaker turns that hold each code, n_12 those that hold both",
    "window": "n_1 and n_2 are the places at which a window of {window} characters, moved along "
    "each source one character at a time, holds words under each code, n_12 those at which it "
    "holds words under both",
    "document": "n_1 and n_2 are the sources that hold each code, n_12 those that hold both",
}


@dataclass(frozen=True, eq=False, repr=False)
class Cooccurrence(Result):
    """Counts of codes and of pairs of codes.

    Attributes
    ----------
    codes : tuple of str
    unit : {"segment", "turn", "window", "document"}
    n : (codes,) integers
        Segments, turns, window positions or documents with each code.
    together : (codes, codes) integers
        ``n_12`` of each pair; on the diagonal, for segments, pairs of overlapping
        segments of one code, otherwise `n` again.
    characters : (codes, codes) integers or None
        For segments: characters under both codes, on the diagonal under one.
    partnered : (codes, codes) integers or None
        For segments: segments of the row's code that overlap one of the column's.
    segments : (codes,) integers
        Segments of each code.
    sources : (codes,) integers
        Sources with each code.
    nested : (codes, codes) booleans
        Pairs of which one code lies below the other and counts for it: no
        co-occurrence is given for them.
    window : int
    across_coders : bool
    n_duplicates, n_unplaced : int
        Exact duplicates that were counted once; codings without a place in a text.
    """

    title: ClassVar[str] = "Co-occurrence of codes"
    sheet_notes: ClassVar[Mapping[str, str]] = {
        "pairs": "One row a pair of codes that occur together, the highest c-coefficient first.",
        "codes": "Counts of each code.",
        "c_coefficient": "n_12 / (n_1 + n_2 - n_12), every code by every code.",
    }
    sheet_formats: ClassVar[Mapping[str, str]] = {"c_coefficient": "0.000", "jaccard": "0.000"}

    codes: tuple[str, ...]
    unit: str
    n: Ints
    together: Ints
    characters: Ints | None
    partnered: Ints | None
    segments: Ints
    sources: Ints
    nested: NDArray[np.bool_]
    window: int
    across_coders: bool
    n_coders: int
    n_duplicates: int
    n_unplaced: int

    @cached_property
    def c_coefficients(self) -> Floats:
        """``n_12 / (n_1 + n_2 − n_12)``; NaN on the diagonal, for nested codes, and for 0/0."""
        return _ratio(self.together, self.n, self.nested)

    @cached_property
    def jaccard(self) -> Floats:
        """Of segments: characters under both codes by characters under either; else the c.

        Turns, documents and window positions are sets, whose Jaccard index the
        c-coefficient is. Overlapping segments are not, so their characters are taken.
        """
        if self.characters is None:
            return self.c_coefficients
        return _ratio(self.characters, np.diag(self.characters), self.nested)

    @cached_property
    def pairs(self) -> pd.DataFrame:
        """One row a pair that occurs together, the highest c-coefficient first.

        ``code_1, code_2, n_1, n_2, n_12, c_coefficient, jaccard``; for segments also
        ``partnered_1, partnered_2`` (segments that have a partner), ``characters_1,
        characters_2, characters_12``, and ``note`` where a number needs a word.
        """
        a, b = np.nonzero(np.triu(self.together > 0, 1) & ~self.nested)
        names = np.array(self.codes, dtype=object)
        found: dict[str, Any] = {
            "code_1": names[a], "code_2": names[b], "n_1": self.n[a], "n_2": self.n[b],
            "n_12": self.together[a, b], "c_coefficient": self.c_coefficients[a, b],
            "jaccard": self.jaccard[a, b],
        }  # fmt: skip
        if self.characters is not None and self.partnered is not None:
            own = np.diag(self.characters)
            found |= {
                "partnered_1": self.partnered[a, b], "partnered_2": self.partnered[b, a],
                "characters_1": own[a], "characters_2": own[b],
                "characters_12": self.characters[a, b],
            }  # fmt: skip
            many = found["n_12"] > np.minimum(found["n_1"], found["n_2"])
            found["note"] = np.where(many, "more overlaps than segments: c is no share", "")
        frame = pd.DataFrame(found).astype({"code_1": "str", "code_2": "str"})
        by = ["c_coefficient", "n_12", "code_1", "code_2"]
        return frame.sort_values(by, ascending=[False, False, True, True], ignore_index=True)

    @cached_property
    def code_table(self) -> pd.DataFrame:
        """One row a code: ``code, n, segments, sources``; for segments ``characters``, too."""
        found: dict[str, Any] = {
            "code": pd.Series(self.codes, dtype="str"), "n": self.n, "segments": self.segments,
            "sources": self.sources,
        }  # fmt: skip
        if self.characters is not None:
            found["characters"] = np.diag(self.characters)
            found["overlapping_itself"] = np.diag(self.together)
        return pd.DataFrame(found)

    def matrix(self, value: str = "c_coefficient") -> pd.DataFrame:
        """Every code by every code: label column ``code``, then one column a code.

        Parameters
        ----------
        value : {"c_coefficient", "jaccard", "n_12"}

        Raises
        ------
        DataError
            When `value` is not one of the three.
        """
        known: dict[str, Any] = {
            "c_coefficient": self.c_coefficients, "jaccard": self.jaccard,
            "n_12": np.where(self.nested, np.nan, self.together),
        }  # fmt: skip
        if a_word(value, "value") not in known:
            raise DataError(
                f"{value!r} is not a measure of co-occurrence.",
                remedy=closest(value, known, "measures"),
            )
        frame = pd.DataFrame(known[value], columns=list(self.codes))
        frame.insert(0, "code", pd.Series(self.codes, dtype="str"), allow_duplicates=True)
        return frame

    def frames(self) -> dict[str, pd.DataFrame]:
        """Tables ``pairs``, ``codes``, ``c_coefficient``."""
        return {
            "pairs": self.pairs,
            "codes": self.code_table,
            "c_coefficient": self.matrix("c_coefficient"),
        }

    def summary(self) -> str:
        """The pairs that occur together most."""
        possible = int((~self.nested).sum() - len(self.codes)) // 2
        text = (
            f"{len(self.pairs)} of {counted(possible, 'pair')} of "
            f"{counted(len(self.codes), 'code')} "
            f"{'occurs' if len(self.pairs) == 1 else 'occur'} together"
        )
        text += f" (by {self.unit})."
        if len(self.pairs):
            top = self.pairs.head(3)
            said = "; ".join(
                f"{a} with {b} (together {counted(n, 'time')}, c-coefficient {c:.2f})"
                for a, b, n, c in zip(
                    top["code_1"], top["code_2"], top["n_12"], top["c_coefficient"], strict=True
                )
            )
            text += f" The strongest: {said}."
        if "note" in self.pairs and (n_many := int((self.pairs["note"] != "").sum())):
            text += (
                f"\n\nIn {n_many} pairs, one segment overlaps several of the other code: their "
                "c-coefficient is no share and can be negative or above 1; read the Jaccard index "
                "of characters there."
            )
        return text + self._left_out()

    def _left_out(self) -> str:
        said = []
        if self.n_duplicates:
            said.append(f"{self.n_duplicates} exact duplicates were counted once")
        if self.n_unplaced:
            said.append(f"{self.n_unplaced} codings without a place in a text are not counted")
        if self.nested.any():
            said.append("codes that lie one below the other are not compared")
        text = "; ".join(said)
        return f"\n\n{text[0].upper()}{text[1:]}." if text else ""

    def methods_text(self) -> str:
        """What was counted, and the formulas."""
        counts = UNIT_COUNTS[self.unit].format(window=self.window)
        jaccard = (
            "The Jaccard index is that of the characters: those under both codes by those under "
            "either, each character counted once a coder. "
            if self.unit == "segment"
            else "These are sets, so the c-coefficient is their Jaccard index. "
        )
        whose = ""
        if self.n_coders > 1:
            whose = (
                "Segments of all coders were laid over one another. "
                if self.across_coders
                else f"Each of the {self.n_coders} coders' readings was counted on its own and the "
                "counts were added, so a source that two coded counts twice. "
            )
        return (
            f"Co-occurrence of codes by {self.unit}: {counts}. The c-coefficient is "
            f"n_12 / (n_1 + n_2 − n_12). {jaccard}{whose}All coded text was counted; nothing was "
            "sampled, so no interval is given. That codes stand together does not say why."
        )

    def section(self) -> Section:
        """Pairs and heat map as a section."""
        figures: tuple[Figure, ...] = ()
        if 1 < len(self.codes) <= 60 and len(self.pairs):
            figures = (Figure.from_axes(self.plot_heat(), "Co-occurrence of codes"),)
        body = paragraphs(self.summary()) + table_html(self.pairs.head(30), caption="Pairs")
        return Section(self.title, body, figures)

    def plot_heat(self, value: str = "c_coefficient", *, ax: Axes | None = None) -> Axes:
        """See :func:`dmpkit.coding.cooccurrence_plots.plot_cooccurrence`."""
        from dmpkit.coding.cooccurrence_plots import plot_cooccurrence

        return plot_cooccurrence(self, value, ax=ax)

    def plot_network(self, **options: Any) -> Axes:
        """See :func:`dmpkit.coding.cooccurrence_plots.plot_code_network`."""
        from dmpkit.coding.cooccurrence_plots import plot_code_network

        return plot_code_network(self, **options)


def _ratio(together: Ints, n: Ints, nested: NDArray[np.bool_]) -> Floats:
    """Together by either; NaN where it says nothing."""
    either = n[:, None] + n[None, :] - together
    blank = nested | np.eye(len(n), dtype=bool) | (either <= 0)
    return np.where(blank, np.nan, together / np.where(blank, 1, either))


def cooccurrence(
    project: CodedProject,
    codes: str | Iterable[str] | None = None,
    *,
    unit: Literal["segment", "turn", "window", "document"] = "segment",
    window: int = 200,
    level: int | None = None,
    subcodes: bool = False,
    coders: str | Iterable[str] | None = None,
    across_coders: bool = False,
    turns: Turns | None = None,
) -> Cooccurrence:
    """How often codes occur together.

    The c-coefficient is ``n_12 / (n_1 + n_2 − n_12)``. What is counted depends on the
    unit: for ``"segment"`` (as ATLAS.ti does) `n_1` and `n_2` are segments and `n_12`
    is the number of overlapping pairs of segments, so that c can leave 0 to 1 where one
    segment overlaps several; the Jaccard index of the characters beside it cannot. For
    ``"turn"`` and ``"document"`` units that hold the codes are counted, for
    ``"window"`` the positions of a sliding window of `window` characters.

    Parameters
    ----------
    project : CodedProject
    codes : str or iterable of str, optional
        All codes when not given.
    unit : {"segment", "turn", "window", "document"}
    window : int
        Width of the window in characters.
    level : int, optional
        Count every code as its ancestor at this depth (1: the top codes).
    subcodes : bool
        Count a segment for the codes above its own, too; pairs of which one lies below
        the other are then left out.
    coders : str or iterable of str, optional
        Whose segments count.
    across_coders : bool
        Whether segments of different coders can occur together; by default each
        coder's reading is counted on its own, and the counts are added.
    turns : Turns, optional
        From :func:`dmpkit.coding.find_turns`; found by the usual rules when not given.

    Returns
    -------
    Cooccurrence

    Raises
    ------
    DataError
        For an unknown unit, code or coder, a window below 1, or sources without turns.

    Examples
    --------
    >>> from dmpkit.coding.data import CodedProject
    >>> sources = pd.DataFrame({"source": ["I1"], "text": ["The press changed it all at once."]})
    >>> segments = pd.DataFrame({"source": "I1", "code": ["Media", "Impact", "Impact"],
    ...                          "start": [0, 4, 21], "end": [9, 17, 32]})
    >>> result = cooccurrence(CodedProject.from_frames(sources, segments))
    >>> result.pairs[["n_1", "n_2", "n_12", "c_coefficient", "characters_12"]].to_numpy().tolist()
    [[2.0, 1.0, 1.0, 0.5, 5.0]]
    """
    check_settings(cooccurrence, locals())
    if unit not in UNIT_COUNTS:
        raise DataError(
            f"{unit!r} is not a unit of co-occurrence.",
            remedy=closest(str(unit), UNIT_COUNTS, "units"),
        )
    if (
        not isinstance(window, int | np.integer)
        or isinstance(window, bool)
        or not 1 <= window < 2**31
    ):
        raise DataError(f"A window of {window!r} characters is none.", remedy="Say 200.")
    coded = coded_segments(project, codes, level=level, subcodes=subcodes, coders=coders)
    scene = Scene(project, across_coders, turns)
    own = coded.segments
    at = scene.source_number(own["source"])
    group = scene.group(at, own["coder"])
    characters = partnered = None
    start, end = own["start"].to_numpy(np.int64), own["end"].to_numpy(np.int64)
    if unit == "segment":
        n = coded.members.sum(axis=0).astype(np.int64)
        together, partnered = pair_counts(group, start, end, coded.members)
        characters = shared_length(group, start, end, coded.members)
    elif unit == "window":
        limits = _window_positions(scene, group, at, int(window))
        together = shared_length(group, start - int(window) + 1, end, coded.members, limits=limits)
        n = np.diag(together).copy()
    else:
        rows, units = _units(scene, own, group, unit)
        together = _together(rows, units, coded)
        n = np.diag(together).copy()
    return Cooccurrence(
        coded.codes, unit, n, together, characters, partnered,
        coded.members.sum(axis=0).astype(np.int64),
        _in_sources(at, coded), coded.nested, int(window),
        across_coders, int(own["coder"].nunique()), coded.n_duplicates, coded.n_unplaced,
    )  # fmt: skip


def _in_sources(at: Ints, coded: Coded) -> Ints:
    """In how many sources each code occurs."""
    row, code = np.nonzero(coded.members)
    found = np.zeros((int(at.max(initial=-1)) + 1, len(coded.codes)), dtype=bool)
    found[at[row], code] = True
    return np.asarray(found.sum(axis=0), dtype=np.int64)


def _window_positions(scene: Scene, group: Ints, at: Ints, window: int) -> Ints:
    """How many places a window has in the source of each group; one in a shorter source."""
    limits = np.zeros(int(group.max(initial=-1)) + 1, dtype=np.int64)
    limits[group] = np.maximum(scene.lengths[at] - window, 0) + 1
    return limits


def _units(scene: Scene, segments: pd.DataFrame, group: Ints, unit: str) -> tuple[Ints, Ints]:
    """Rows of segments and the number of each turn or document that they lie in."""
    if unit == "document":
        return np.arange(len(segments)), group
    table = scene.turns.turns
    found = segment_turns(segments, table[table["turn"] > 0])
    rows = found["row"].to_numpy(np.int64)
    turn = found["turn"].to_numpy(np.int64)
    return rows, group[rows] * (int(table["turn"].max()) + 1) + turn


def _together(rows: Ints, units: Ints, coded: Coded) -> Ints:
    """Units that hold both of two codes."""
    from scipy.sparse import csr_array

    _, number = np.unique(units, return_inverse=True)
    row, code = np.nonzero(coded.members[rows])
    shape = (int(number.max(initial=-1)) + 1, len(coded.codes))
    if not shape[0]:
        return np.zeros((shape[1], shape[1]), dtype=np.int64)
    holds = csr_array((np.ones(len(row), dtype=np.int64), (number[row], code)), shape=shape)
    holds.data[:] = 1
    holds.sum_duplicates()
    holds.data[:] = 1
    return np.asarray((holds.T @ holds).toarray(), dtype=np.int64)
