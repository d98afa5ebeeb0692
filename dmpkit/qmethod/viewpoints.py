"""Viewpoints known from texts: who holds or rejects which claim.

A Q study's published summary often says less than its factor arrays. A coding
of such a summary has three states a cell: holds, rejects, not stated. The last
is missing (NaN), never 0: a short text leaves most things out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dmpkit.errors import DataError
from dmpkit.tables import require_columns, require_unique, to_numbers, to_pandas

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Viewpoints", "array_correlations"]

_WORDS = {1.0: "holds", -1.0: "rejects"}


@dataclass(frozen=True, eq=False)
class Viewpoints:
    """Viewpoints × claims, coded from a text.

    Parameters
    ----------
    codes, names, summaries : tuple of str, length n_viewpoints
        Short codes, names, and what each viewpoint says.
    claims, labels : tuple of str, length n_claims
        Claim ids and short labels.
    values : ndarray, shape (n_claims, n_viewpoints)
        1 the viewpoint holds the claim, -1 it rejects it, NaN not stated.
    name : str
        Name of the data set.

    Raises
    ------
    DataError
        If shapes do not fit, codes or claims repeat, or a value is none of
        1, -1 and NaN.

    Examples
    --------
    >>> views = Viewpoints.load("governance-2024")
    >>> views
    Viewpoints: 5 viewpoints, 11 claims, 18 of 55 cells stated (14 held, 4 rejected)
    """

    codes: tuple[str, ...]
    names: tuple[str, ...]
    summaries: tuple[str, ...]
    claims: tuple[str, ...]
    labels: tuple[str, ...]
    values: NDArray[np.float64]
    name: str = ""

    def __post_init__(self) -> None:
        values = np.array(self.values, dtype=np.float64)
        if values.shape != (len(self.claims), len(self.codes)):
            raise DataError(
                f"The values have shape {values.shape}; "
                f"{len(self.claims)} claims and {len(self.codes)} viewpoints need "
                f"({len(self.claims)}, {len(self.codes)})."
            )
        for given, size in ((self.names, len(self.codes)), (self.labels, len(self.claims))):
            if len(given) != size:
                raise DataError(f"There are {len(given)} names for {size} rows.")
        require_unique(self.codes, "viewpoint")
        require_unique(self.claims, "claim")
        wrong = ~(np.isnan(values) | (np.abs(values) == 1))
        if wrong.any():
            i, j = (int(k) for k in np.argwhere(wrong)[0])
            raise DataError(
                f"The coding is {values[i, j]:g}; it is 1 (holds) or -1 (rejects).",
                row=self.claims[i],
                column=self.codes[j],
                remedy="Leave out what the text does not state; do not code it as 0.",
            )
        values.flags.writeable = False
        object.__setattr__(self, "values", values)

    @classmethod
    def load(cls, name: str) -> Viewpoints:
        """The data package ``data/viewpoints/<name>``.

        Raises
        ------
        DataError
            If there is no such data package, or its tables do not fit together.

        Examples
        --------
        >>> Viewpoints.load("governance-2024").codes
        ('RB', 'PA', 'SC', 'AU', 'CC')
        """
        from dmpkit import datasets

        package = datasets.info(f"viewpoints/{name}")
        tables = (package.read(part) for part in ("viewpoints", "claims", "codings"))
        return cls.from_frames(*tables, name=name)

    @classmethod
    def from_frames(
        cls,
        viewpoints: pd.DataFrame,
        claims: pd.DataFrame,
        codings: pd.DataFrame,
        *,
        name: str = "",
    ) -> Viewpoints:
        """Make the matrix from three tables.

        Parameters
        ----------
        viewpoints : DataFrame
            Columns ``code, name, summary``.
        claims : DataFrame
            Columns ``claim, label``.
        codings : DataFrame
            Columns ``viewpoint, claim, holds``; one row a stated cell.

        Raises
        ------
        DataError
            For a missing column, an unknown viewpoint or claim, a cell coded
            twice, or a coding other than 1 and -1.

        Examples
        --------
        >>> Viewpoints.from_frames(
        ...     pd.DataFrame({"code": ["A", "B"], "name": ["Ay", "Bee"], "summary": ["", ""]}),
        ...     pd.DataFrame({"claim": ["x"], "label": ["Ex"]}),
        ...     pd.DataFrame({"viewpoint": ["A"], "claim": ["x"], "holds": [-1]}),
        ... ).values
        array([[-1., nan]])
        """
        require_columns(viewpoints, ["code", "name", "summary"])
        require_columns(claims, ["claim", "label"])
        require_columns(codings, ["viewpoint", "claim", "holds"])
        codes, ids = list(viewpoints["code"]), list(claims["claim"])
        codings = to_numbers(to_pandas(codings, what="table of codings"), ["holds"])
        values = np.full((len(ids), len(codes)), np.nan)
        cells = zip(codings["viewpoint"], codings["claim"], codings["holds"], strict=True)
        for place, (view, claim, holds) in enumerate(cells, start=2):
            if view not in codes or claim not in ids:
                unknown = f"viewpoint {view!r}" if view not in codes else f"claim {claim!r}"
                raise DataError(f"The coding names an unknown {unknown}.", row=place)
            if pd.isna(holds):
                raise DataError(
                    "The coding has no value.",
                    row=place,
                    column="holds",
                    remedy="What is not stated has no row.",
                )
            i, j = ids.index(claim), codes.index(view)
            if not math.isnan(values[i, j]):
                raise DataError(f"Viewpoint {view!r}, claim {claim!r} is coded twice.", row=place)
            values[i, j] = holds
        return cls(
            tuple(codes),
            tuple(viewpoints["name"]),
            tuple(viewpoints["summary"]),
            tuple(ids),
            tuple(claims["label"]),
            values,
            name,
        )

    @cached_property
    def matrix(self) -> pd.DataFrame:
        """One row a claim: ``claim, label``, then 1, -1 or missing a viewpoint."""
        table = pd.DataFrame({"claim": self.claims, "label": self.labels})
        for j, code in enumerate(self.codes):
            table[code] = pd.array(
                [None if math.isnan(v) else int(v) for v in self.values[:, j]], dtype="Int64"
            )
        return table

    @cached_property
    def sides(self) -> pd.DataFrame:
        """One row a claim: ``claim, label, held_by, rejected_by, n_held, n_rejected``."""
        rows = []
        for i, claim in enumerate(self.claims):
            held, rejected = self._codes(self.values[i] == 1), self._codes(self.values[i] == -1)
            rows.append(
                (
                    claim,
                    self.labels[i],
                    " ".join(held),
                    " ".join(rejected),
                    len(held),
                    len(rejected),
                )
            )
        columns = ["claim", "label", "held_by", "rejected_by", "n_held", "n_rejected"]
        return pd.DataFrame(rows, columns=columns)

    @cached_property
    def pairs(self) -> pd.DataFrame:
        """Where two viewpoints both take a side, and whether it is the same.

        One row a pair: ``viewpoint, other, both_state, same, opposed`` (numbers
        of claims), ``same_on, opposed_on`` (the claims' ids). A claim that one
        of the two does not state counts for neither.

        Examples
        --------
        >>> views = Viewpoints.load("governance-2024")
        >>> views.pairs.iloc[0].to_dict()["opposed_on"]
        'government'
        """
        rows = []
        for a, b in combinations(range(len(self.codes)), 2):
            product = self.values[:, a] * self.values[:, b]
            same = [c for c, p in zip(self.claims, product, strict=True) if p == 1]
            opposed = [c for c, p in zip(self.claims, product, strict=True) if p == -1]
            counts = (len(same) + len(opposed), len(same), len(opposed))
            rows.append(
                (self.codes[a], self.codes[b], *counts, ", ".join(same), ", ".join(opposed))
            )
        columns = ["viewpoint", "other", "both_state", "same", "opposed", "same_on", "opposed_on"]
        return pd.DataFrame(rows, columns=columns)

    def stance(self, claim: str) -> dict[str, int]:
        """Which viewpoints take a side on a claim: code to 1 or -1.

        Raises
        ------
        DataError
            For an unknown claim.

        Examples
        --------
        >>> Viewpoints.load("governance-2024").stance("context")
        {'AU': 1, 'CC': 1}
        """
        if claim not in self.claims:
            raise DataError(
                f"There is no claim {claim!r}.", remedy=f"There are {', '.join(self.claims)}."
            )
        row = self.values[self.claims.index(claim)]
        return {c: int(v) for c, v in zip(self.codes, row, strict=True) if not math.isnan(v)}

    def plot(self, ax: Axes | None = None) -> Axes:
        """Claims × viewpoints as signs: + holds, − rejects, a dot for not stated.

        Shape, fill and sign carry the meaning, so the picture reads in grey.
        """
        return plot_viewpoints(self, ax=ax)

    def _codes(self, chosen: NDArray[np.bool_]) -> list[str]:
        return [code for code, yes in zip(self.codes, chosen, strict=True) if yes]

    def __repr__(self) -> str:
        held, rejected = int((self.values == 1).sum()), int((self.values == -1).sum())
        return (
            f"Viewpoints: {len(self.codes)} viewpoints, {len(self.claims)} claims, "
            f"{held + rejected} of {self.values.size} cells stated "
            f"({held} held, {rejected} rejected)"
        )

    def _repr_html_(self) -> str:
        from dmpkit.reporting import escape, table_html

        signs = self.matrix.drop(columns="claim").set_index("label")
        shown = signs.map(_sign).reset_index().rename(columns={"label": "claim"})
        names = "; ".join(f"{c} = {n}" for c, n in zip(self.codes, self.names, strict=True))
        caption = f"+ holds, − rejects, empty = not stated. {names}."
        return f"<p>{escape(repr(self))}</p>" + table_html(shown, caption=caption)


def plot_viewpoints(viewpoints: Viewpoints, *, ax: Axes | None = None) -> Axes:
    """Draw claims × viewpoints as signs; see :meth:`Viewpoints.plot`.

    Examples
    --------
    >>> from dmpkit.plotting import alt_text
    >>> ax = plot_viewpoints(Viewpoints.load("governance-2024"))
    >>> "Rule-Bound Professionalism holds" in alt_text(ax)
    True
    """
    from dmpkit.plotting import new_axes, set_alt, style

    n_claims, n_views = viewpoints.values.shape
    if ax is None:
        ax = new_axes(figsize=(3.0 + 1.25 * n_views, 1.3 + 0.42 * n_claims))
    with style():
        for (i, j), value in np.ndenumerate(viewpoints.values):
            _draw_sign(ax, j, i, float(value))
        _label_signs(ax, viewpoints)
    set_alt(ax, _alt(viewpoints))
    return ax


def _draw_sign(ax: Axes, x: float, y: float, value: float) -> None:
    from dmpkit.plotting import PALETTE

    if math.isnan(value):
        ax.scatter(x, y, s=8, color="0.6")
        return
    look: dict[str, Any] = (
        {"marker": "o", "facecolor": PALETTE[0], "edgecolor": PALETTE[0]}
        if value > 0
        else {"marker": "s", "facecolor": "white", "edgecolor": PALETTE[1], "linewidth": 2}
    )
    ax.scatter(x, y, s=330, **look)
    ink = "white" if value > 0 else "black"
    ax.text(
        x, y, _sign(value), ha="center", va="center_baseline", color=ink, weight="bold", size=13
    )


def _label_signs(ax: Axes, viewpoints: Viewpoints) -> None:
    from textwrap import fill

    n_claims, n_views = viewpoints.values.shape
    ax.set_xticks(range(n_views), [fill(name, 15) for name in viewpoints.names])
    ax.set_yticks(range(n_claims), viewpoints.labels)
    ax.set(xlim=(-0.6, n_views - 0.4), ylim=(n_claims - 0.4, -0.6))
    ax.tick_params(length=0, top=False, labeltop=True, bottom=False, labelbottom=False)
    ax.hlines(np.arange(n_claims - 1) + 0.5, -0.6, n_views - 0.4, color="0.9", lw=0.8, zorder=0)
    for spine in ax.spines.values():
        spine.set_visible(False)
    ax.set_xlabel("+ holds     − rejects     · not stated in the text coded")


def _alt(viewpoints: Viewpoints) -> str:
    parts = []
    for j, name in enumerate(viewpoints.names):
        said = [
            f"{_WORDS[float(v)]} '{label}'"
            for label, v in zip(viewpoints.labels, viewpoints.values[:, j], strict=True)
            if not math.isnan(v)
        ]
        parts.append(f"{name} {', '.join(said) or 'states nothing'}.")
    return "Table of claims by viewpoints. " + " ".join(parts) + " All else is not stated."


def _sign(value: object) -> str:
    if not isinstance(value, int | float | np.integer) or value != value:
        return ""
    return "+" if value > 0 else "−"


def array_correlations(arrays: pd.DataFrame) -> pd.DataFrame:
    """Correlations between published factor arrays, as a check of what was typed in.

    Parameters
    ----------
    arrays : DataFrame
        One row a statement: ``statement``, optionally ``text``, then one column
        of whole-number scores a viewpoint.

    Returns
    -------
    DataFrame
        One row a pair: ``viewpoint, other, correlation`` (Pearson, over all
        statements), ``largest_gap`` (largest absolute difference of scores)
        and ``at`` (the first statement where it occurs).

    Raises
    ------
    DataError
        For a cell that is empty or not a number, a statement that occurs
        twice, or arrays that do not share one distribution: factor arrays of
        one study do, so a difference is a slip of the typist.

    Examples
    --------
    >>> typed = pd.DataFrame({"statement": ["1", "2", "3"], "A": [1, 0, -1], "B": [0, 1, -1]})
    >>> array_correlations(typed)[["viewpoint", "other", "correlation"]].to_dict("records")
    [{'viewpoint': 'A', 'other': 'B', 'correlation': 0.5}]
    """
    from dmpkit.qmethod.data import QSorts

    require_columns(arrays, ["statement"])
    text = "text" if "text" in arrays.columns else None
    scores = QSorts.from_frame(arrays, statements="statement", texts=text, leave=[])
    _require_one_distribution(scores.values, scores.sorts)
    rows = []
    for a, b in combinations(range(scores.n_sorts), 2):
        gaps = np.abs(scores.values[:, a] - scores.values[:, b])
        widest = int(gaps.argmax())
        r = float(np.corrcoef(scores.values[:, a], scores.values[:, b])[0, 1])
        names = (scores.sorts[a], scores.sorts[b])
        rows.append((*names, r, float(gaps[widest]), scores.statements[widest]))
    return pd.DataFrame(rows, columns=["viewpoint", "other", "correlation", "largest_gap", "at"])


def _require_one_distribution(values: NDArray[np.float64], names: tuple[str, ...]) -> None:
    ranked = np.sort(values, axis=0)
    for j, name in enumerate(names):
        if not np.array_equal(ranked[:, j], ranked[:, 0]):
            raise DataError(
                f"The array has other scores than the array {names[0]!r}.",
                column=name,
                remedy="Arrays of one study share one distribution; check what was typed in.",
            )
