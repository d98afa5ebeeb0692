"""The picture of quota attainment: members as bars, quotas as bands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dmpkit.plotting import GREY, INK, PALETTE, new_axes, set_alt, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dmpkit.representativeness.quotas import QuotaAttainment

__all__ = ["plot_quotas"]


def plot_quotas(result: QuotaAttainment, *, ax: Axes | None = None) -> Axes:
    """Members of each cell as a bar, its quota as a band, the departure in words.

    A cell within its quota has a plain bar, one below or above a hatched one;
    beside it stands by how many seats. Variables that were not assessed are left
    out.

    Parameters
    ----------
    result : QuotaAttainment
    ax : Axes, optional
        Where to draw.
    """
    from matplotlib.ticker import MaxNLocator

    cells = result.cells[result.cells["status"] != "not assessed"]
    rows: list[tuple[float, str]] = []
    y, place = 0.0, []
    for variable, part in cells.groupby("variable", sort=False):
        rows.append((y, str(variable)))
        place += [y + 1 + i for i in range(len(part))]
        y += len(part) + 1.5
    ax = ax if ax is not None else new_axes((6.8, 1.1 + 0.21 * y))
    with style():
        for at, cell in zip(place, cells.itertuples(), strict=True):
            _draw_cell(ax, at, cell)
        ax.set_yticks(place, [str(c) for c in cells["category"]])
        for at, variable in rows:
            ax.text(
                0, at, f" {variable}", transform=ax.get_yaxis_transform(), va="center",
                ha="left", fontsize=8, fontweight="bold", color=INK,
            )  # fmt: skip
        ax.set_ylim(y - 0.6, -0.7)
        top = float(cells[["count", "max"]].max().max())
        ax.set_xlim(0, top * 1.24)
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.set_xlabel("seats (grey band: from minimum to maximum of the quota)")
        ax.tick_params(axis="y", length=0)
    outside = result.worst
    first = (
        f" The furthest is {outside.iloc[0]['variable']}: {outside.iloc[0]['category']}."
        if len(outside)
        else ""
    )
    return set_alt(
        ax,
        f"Bars of members against quota bands for {len(cells)} cells: {result.n_within} within, "
        f"{len(outside)} outside.{first}",
    )


def _draw_cell(ax: Axes, at: float, cell: object) -> None:
    low, high, count = (float(getattr(cell, name)) for name in ("min", "max", "count"))
    status = str(getattr(cell, "status"))  # noqa: B009
    inside = status == "within"
    if status != "no quota":
        ax.barh(at, high - low, left=low, height=0.92, color="#c9c9d0", lw=0, zorder=1)
        ax.vlines([low, high], at - 0.46, at + 0.46, color=GREY, lw=1.2, zorder=1)
    ax.barh(
        at,
        count,
        height=0.46,
        color=PALETTE[0] if inside else "white",
        ec=PALETTE[0] if inside else PALETTE[1],
        hatch="" if inside else "////",
        lw=1,
        zorder=2,
    )
    words = {
        "below": f"{low - count:g} short",
        "above": f"{count - high:g} over",
        "no quota": "no quota",
    }.get(status, "")
    if words:
        end = max(count, high if status != "no quota" else count)
        ax.text(end, at, f"  {words}", va="center", fontsize=7.5, color=INK)
