"""Matrices drawn: codes by interview as an ordered heat map, codes by attribute as dots."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from dmpkit.coding.cooccurrence_plots import short_labels
from dmpkit.errors import DataError
from dmpkit.plotting import GREY, dot_plot, heat_map, new_axes, set_alt, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dmpkit.coding.matrices import AttributeTable, CaseMatrix

__all__ = ["plot_case_matrix", "plot_code_by_attribute"]

#: Codes or cases beyond which labels cannot be read.
MOST = 80
LABELS = {
    "present": "1 = the code occurs", "segments": "segments", "words": "words under the code",
    "characters": "characters under the code",
}  # fmt: skip


def plot_case_matrix(
    result: CaseMatrix,
    *,
    order: Literal["frequency", "likeness", "given"] = "frequency",
    ax: Axes | None = None,
) -> Axes:
    """Codes (rows) by interviews (columns) as shades.

    Parameters
    ----------
    result : CaseMatrix
    order : {"frequency", "likeness", "given"}
        Codes that occur in most cases first and cases with most codes first; or the
        leaves of a tree, so that cases with like codes stand together; or as given.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes
        Empty cells hold a count of 0; columns with a hatch are cases of which nothing
        was coded.

    Raises
    ------
    DataError
        When nothing was coded, or for more than 80 codes or cases.
    """
    n_cases, n_codes = result.values.shape
    if not n_codes or not result.assessed.any() or max(n_cases, n_codes) > MOST:
        raise DataError(
            f"{n_codes} codes by {n_cases} cases make no picture that can be read.",
            remedy=f"Choose at most {MOST} codes and cases in which something was coded.",
        )
    rows, columns = _orders(result, order)
    cells = result.values.T[np.ix_(rows, columns)]
    codes = short_labels([result.codes[i] for i in rows])
    cases = short_labels([result.cases[i] for i in columns], 24)
    size = (2.4 + 0.22 * n_cases + 0.06 * max(map(len, codes)), 1.6 + 0.2 * n_codes)
    ax = ax if ax is not None else new_axes((max(size[0], 4.0), max(size[1], 2.6)))
    shown = np.where(cells > 0, cells, np.nan)
    top = float(np.nanmax(shown)) if np.isfinite(shown).any() else 1.0
    if not np.isfinite(shown).any():
        shown[0, int(np.flatnonzero(result.assessed[columns])[0])] = 0.0
    heat_map(
        shown, codes, cases, limits=(0.0, top), digits=0, label=LABELS[result.value],
        annotate=result.value != "present" and top < 100 and n_cases <= 20, ax=ax,
    )  # fmt: skip
    with style():
        _hatch_unread(ax, [not result.assessed[i] for i in columns], n_codes)
        ax.tick_params(axis="x", rotation=90)
        ax.set_xticks(np.arange(n_cases) + 0.5, cases)
        ax.set_yticks(np.arange(n_codes) + 0.5, codes)
        notes = ["dark: the code occurs"] * (result.value == "present")
        notes += ["hatched: nothing was coded"] * (not result.assessed.all())
        ax.set_xlabel(f"cases ({'; '.join(notes)})" if notes else "cases")
        if result.value == "present":
            ax.collections[0].colorbar.remove()  # type: ignore[union-attr]
    first = result.code_table.sort_values("cases", ascending=False, kind="stable").iloc[0]
    return set_alt(
        ax,
        f"Heat map of {n_codes} codes by {n_cases} cases ({LABELS[result.value]}), ordered by "
        f"{order}; {first['code']} occurs in most cases ({first['cases']} of {first['of']}).",
    )


def _orders(result: CaseMatrix, order: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Order of codes and of cases; cases that nobody coded come last."""
    values = np.nan_to_num(result.values)
    if order == "given":
        return np.arange(values.shape[1]), np.arange(values.shape[0])
    if order == "frequency":
        codes = np.lexsort((-values.sum(axis=0), -(values > 0).sum(axis=0)))
        cases = np.lexsort((-values.sum(axis=1), -(values > 0).sum(axis=1), ~result.assessed))
        return codes, cases
    if order != "likeness":
        raise DataError(f"{order!r} is no order.", remedy="Say 'frequency', 'likeness' or 'given'.")
    held = (values > 0).astype(np.float64)
    cases = _leaves(held)
    return _leaves(held.T), np.concatenate(
        [cases[result.assessed[cases]], cases[~result.assessed[cases]]]
    )


def _leaves(rows: NDArray[np.float64]) -> NDArray[np.int64]:
    """Rows in the order of an average-linkage tree of their city-block distances."""
    from scipy.cluster.hierarchy import leaves_list, linkage

    if len(rows) < 3:
        return np.arange(len(rows))
    tree = linkage(rows, "average", metric="cityblock", optimal_ordering=True)
    return np.asarray(leaves_list(tree), dtype=np.int64)


def _hatch_unread(ax: Axes, unread: list[bool], n_rows: int) -> None:
    from matplotlib.patches import Rectangle

    for column in np.flatnonzero(unread).tolist():
        box = Rectangle((column, 0), 1, n_rows, fill=False, hatch="///", ec=GREY, lw=0)
        ax.add_patch(box)


def plot_code_by_attribute(result: AttributeTable, *, ax: Axes | None = None) -> Axes:
    """Share of the cases of each category that have a code, one row a code.

    Suppressed cells have no dot; hollow dots rest on small cells.

    Parameters
    ----------
    result : AttributeTable
    ax : Axes, optional
        Where to draw.

    Raises
    ------
    DataError
        When every cell is suppressed.
    """
    cells = result.cells[result.cells["share"].notna()].copy()
    if not len(cells):
        raise DataError("Every cell is suppressed: there is nothing to draw.")
    most = cells.groupby("code")["count"].sum().sort_values(ascending=False, kind="stable")
    cells["place"] = cells["code"].map({code: i for i, code in enumerate(most.index)})
    categories = {c: i for i, c in enumerate(dict.fromkeys(result.cells["category"]))}
    cells["of"] = cells["category"].map(categories)
    cells = cells.sort_values(["of", "place"], kind="stable")
    names = dict(zip(most.index, short_labels(list(most.index)), strict=True))
    cells["label"] = cells["code"].map(names)
    n_known = cells.drop_duplicates("category").set_index("category")["n"]
    cells[result.attribute] = [f"{c} (n = {n_known[c]})" for c in cells["category"]]
    height = 1.0 + len(names) * max(0.26, 0.11 * len(categories))
    ax = ax if ax is not None else new_axes((7.6, height))
    order = cells.sort_values(["place", "of"], kind="stable")
    dot_plot(order, label="label", value="share", group=result.attribute, ax=ax)
    with style():
        hollow = f" (hollow: fewer than {result.small} cases)" if order["small"].any() else ""
        ax.set_xlabel(f"share of the cases with the code{hollow}")
        ax.set_xlim(-0.03, 1.03)
        _hollow(ax, order)
    return set_alt(
        ax,
        f"Dot plot of the share of cases with each of {len(names)} codes by {result.attribute} "
        f"({len(categories)} categories), from {cells['share'].min():.2f} to "
        f"{cells['share'].max():.2f}; {int((order['small']).sum())} dots are hollow because they "
        "rest on few cases.",
    )


def _hollow(ax: Axes, cells: object) -> None:
    """White insides for dots that rest on small cells."""
    groups: dict[str, list[bool]] = {}
    for name, small in zip(cells.iloc[:, -1], cells["small"], strict=True):  # type: ignore[attr-defined, index]
        groups.setdefault(str(name), []).append(bool(small))
    for line in list(ax.get_lines()):
        small = np.array(groups.get(str(line.get_label()), []))
        if len(small) != len(np.atleast_1d(line.get_xdata())) or not small.any():
            continue
        x, y = np.asarray(line.get_xdata()), np.asarray(line.get_ydata())
        ax.plot(
            x[small], y[small], ls="none", marker=line.get_marker(), mfc="white",
            mec=line.get_color(), zorder=4,
        )  # fmt: skip
