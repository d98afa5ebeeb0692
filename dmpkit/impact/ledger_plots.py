"""Pictures of a ledger: a line a recommendation, answers against promises, what led where.

The kind of a status is told by its shade, which differs on a grey printer too, and by a
sign where it begins; what ended without it is thin. Hatching means one thing only: the
change came at some day in here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from dmpkit.errors import DataError
from dmpkit.impact.dates import as_day, iso
from dmpkit.impact.views import calendar_day, due_day
from dmpkit.plotting import GREY, INK, PALETTE, new_axes, set_alt, style
from dmpkit.wording import wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

#: How answers on the calendar are drawn, here and in :mod:`dmpkit.impact.deadline_plots`.
RECEIVED: Final[Mapping[str, Any]] = {"marker": "o", "mfc": "white", "mec": INK, "ls": "none",
                                      "ms": 5}  # fmt: skip
PROMISED: Final[Mapping[str, Any]] = {"color": PALETTE[4], "lw": 7, "alpha": 0.55, "zorder": 1}
ANSWERED: Final[Mapping[str, Any]] = {"marker": "s", "color": INK, "ls": "none", "ms": 6}
LATE: Final[Mapping[str, Any]] = {"marker": "X", "color": PALETTE[1], "ls": "none", "ms": 6}

__all__ = ["answer_marks", "plot_answers", "plot_flows", "plot_swimmer", "plot_timeline",
           "swimmer_pages"]  # fmt: skip

#: Kind of status to shade, sign and the sign's filling; light to dark as things are done.
LOOKS: Mapping[str, tuple[str, str]] = {
    "no record": ("#ffffff", ""),
    "no answer yet": ("#e4e4e8", ""),
    "noted or referred": ("#c9c3d6", "D"),
    "accepted, wholly or in part": ("#bfe0f2", "o"),
    "begun or decided": ("#56B4E9", ">"),
    "implemented in part": ("#1f8fbf", "^"),
    "implemented": ("#00456f", "s"),
    "rejected or outside powers": ("#e8a06a", "X"),
    "ended without it": ("#8a3a00", "v"),
}
#: Kinds that end without it are thin, so that a grey printer tells them from what is done.
REFUSED = ("rejected or outside powers", "ended without it")
THIN = 0.28
_DARK = ("implemented", "implemented in part")  # their signs are white
#: Order of lines within a theme: what is done first.
_ORDER = ("implemented", "implemented in part", "begun or decided", "accepted, wholly or in part",
          "noted or referred", "no answer yet", "no record", "rejected or outside powers",
          "ended without it")  # fmt: skip
#: More lines than this on one picture and the ids cannot be read.
MOST_LINES = 75
#: Most rows of answers that are drawn one by one.
MOST_ANSWERS = 45


def swimmer_pages(lines: pd.DataFrame, per_page: int = 60) -> int:
    """How many pictures the lines need.

    Parameters
    ----------
    lines : DataFrame
        As :func:`dmpkit.impact.views.swimmer_table` gives it.
    per_page : int

    Returns
    -------
    int

    Examples
    --------
    >>> swimmer_pages(pd.DataFrame({"rec_id": [f"R{k}" for k in range(149)]}))
    3
    """
    if not 1 <= per_page <= MOST_LINES:
        raise DataError(f"{per_page} lines cannot be read.", remedy=f"Use 1 to {MOST_LINES}.")
    return max(1, math.ceil(lines["rec_id"].nunique() / per_page))


def plot_swimmer(
    lines: pd.DataFrame, *, page: int = 1, per_page: int = 60, ax: Axes | None = None
) -> Axes:
    """One line a recommendation, shaded by status, hatched where known only between reviews.

    Lines are grouped by theme and, within it, ordered by where they stand at the end. Many
    are spread over pages of equal length.

    Parameters
    ----------
    lines : DataFrame
        ``rec_id, theme, kind, start, stop, between_reviews``, as
        :func:`dmpkit.impact.views.swimmer_table` gives it.
    page : int
        From 1 on.
    per_page : int
        Lines of a page at most, up to 75.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes

    Raises
    ------
    DataError
        There are no lines, or no such page.

    Examples
    --------
    >>> lines = pd.DataFrame({"rec_id": ["R1", "R1"], "theme": "", "start": [0.0, 90.0],
    ...     "kind": ["no answer yet", "implemented"], "stop": [90.0, 365.0],
    ...     "between_reviews": False})
    >>> len(plot_swimmer(lines).patches)
    2
    """
    pages = swimmer_pages(lines, per_page)
    if lines.empty:
        raise DataError("No recommendation has a date of receipt, so there is no line to draw.")
    if not 1 <= page <= pages:
        raise DataError(f"There is no page {page}.", remedy=f"There are {pages}.")
    ordered = _ordered(lines)
    size = math.ceil(len(ordered) / pages)
    shown = ordered.iloc[(page - 1) * size : page * size].reset_index(drop=True)
    there = [k for k in LOOKS if (lines["kind"] == k).any()]
    ax = new_axes((7.2, 1.6 + 0.148 * len(shown))) if ax is None else ax
    end = float(lines["stop"].max())
    with style():
        for y, rec in enumerate(shown["rec_id"]):
            _line(ax, lines[lines["rec_id"] == rec], y)
        _themes(ax, shown, end)
        ax.set_yticks(range(len(shown)), list(shown["rec_id"]), fontsize=6)
        ax.set_ylim(len(shown) - 0.3, -0.7)
        ax.set_xlim(-0.012 * end, end)
        ax.spines["left"].set_visible(False)
        ax.tick_params(axis="y", length=0)
        ax.set_xlabel("days since receipt" + (f" – page {page} of {pages}" if pages > 1 else ""))
        _key(ax, there, bool(lines["between_reviews"].any()))
    counts = ordered["last"].value_counts()
    said = ", ".join(f"{kind} {counts[kind]}" for kind in _ORDER if kind in counts)
    here = f" Page {page} of {pages} shows {len(shown)}." if pages > 1 else ""
    return set_alt(
        ax,
        f"One line for each of {len(ordered)} recommendations, shaded by status over "
        f"{end:.0f} days since receipt; at the end: {said}.{here}",
    )


def _ordered(lines: pd.DataFrame) -> pd.DataFrame:
    """``rec_id, theme, last``: themes as they first come, then by where they stand."""
    ends = lines.groupby("rec_id", sort=False).agg(theme=("theme", "first"), last=("kind", "last"))
    themes = {theme: k for k, theme in enumerate(dict.fromkeys(ends["theme"]))}
    keys = pd.DataFrame(
        {
            "theme": ends["theme"].map(themes),
            "last": ends["last"].map({kind: k for k, kind in enumerate(_ORDER)}),
        }
    )
    at = keys.sort_values(["theme", "last"], kind="stable").index
    return ends.loc[at].reset_index()


def _line(ax: Axes, pieces: pd.DataFrame, y: int) -> None:
    from matplotlib.patches import Rectangle

    before = ""
    for kind, start, stop, between in zip(
        pieces["kind"], pieces["start"], pieces["stop"], pieces["between_reviews"], strict=True
    ):
        colour, sign = LOOKS[kind]
        look: dict[str, Any] = {"facecolor": colour, "edgecolor": "none", "lw": 0}
        if between:
            look = {"facecolor": "white", "edgecolor": _hatch_ink(kind), "hatch": "////////",
                    "lw": 0}  # fmt: skip
        elif kind == "no record":
            look = {"facecolor": "none", "edgecolor": GREY, "lw": 0.5, "ls": ":"}
        height = THIN if kind in REFUSED else 0.72
        ax.add_patch(Rectangle((start, y - height / 2), stop - start, height, **look))
        if sign and not between and kind != before:
            dark = kind in _DARK
            ax.plot(start, y, sign, ms=3.4, mfc="white" if dark else INK,
                    mec="white" if dark else INK, mew=0.3, clip_on=False, zorder=3)  # fmt: skip
        before = kind if not between else before


def _hatch_ink(kind: str) -> str:
    return {"no answer yet": GREY, "noted or referred": "#7a6f93",
            "accepted, wholly or in part": "#5aa7cf"}.get(kind, LOOKS[kind][0])  # fmt: skip


def _themes(ax: Axes, shown: pd.DataFrame, end: float) -> None:
    """A thin line between themes, their names at the right."""
    blocks = shown.groupby("theme", sort=False).indices
    if len(blocks) < 2 and "" in blocks:
        return
    for theme, rows in blocks.items():
        if rows[0] > 0:
            ax.axhline(rows[0] - 0.5, color=INK, lw=0.5, xmax=1.0)
        text = str(theme) if len(str(theme)) <= 22 else f"{str(theme)[:21]}…"
        ax.text(end * 1.012, rows[0] - 0.4, text, fontsize=7, va="top", ha="left", clip_on=False)


def _key(ax: Axes, kinds: list[str], between: bool) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Any] = []
    for kind in kinds:
        colour, sign = LOOKS[kind]
        dark = kind in _DARK
        handles.append(
            Line2D([], [], color=colour, lw=2.8 if kind in REFUSED else 7,
                   marker=sign or "None", ms=4, mfc="white" if dark else INK,
                   mec="white" if dark else INK, label=kind)
            if kind != "no record"
            else Patch(facecolor="white", edgecolor=GREY, ls=":", lw=0.6, label=kind)
        )  # fmt: skip
    if between:
        handles.append(Patch(facecolor="white", edgecolor=GREY, hatch="//////", lw=0,
                             label="changed on an unknown day in here"))  # fmt: skip
    ax.legend(handles=handles, loc="lower left", bbox_to_anchor=(0, 1.0), ncols=3, fontsize=7,
              handlelength=2.2, borderaxespad=0.2, columnspacing=1.2)  # fmt: skip


def plot_flows(flows: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """From response to action: how many of each answer stand where.

    Parameters
    ----------
    flows : DataFrame
        ``response, action, n``.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes

    Examples
    --------
    >>> flows = pd.DataFrame({"response": ["accepted"], "action": ["implemented"], "n": [3]})
    >>> [t.get_text() for t in plot_flows(flows).get_xticklabels()]
    ['response', 'action']
    """
    from dmpkit.plotting import alluvial

    if flows.empty:
        raise DataError("There is nothing to draw.")
    shown = flows.assign(
        response=flows["response"].replace("no record", "no answer recorded"),
        action=flows["action"].replace("no record", "no action recorded"),
    )
    rows = max(shown["response"].nunique(), shown["action"].nunique())
    ax = new_axes((7.0, 2.2 + 0.34 * rows)) if ax is None else ax
    alluvial(shown, source="response", target="action", ax=ax)
    with style():
        ax.set_xlim(-0.62, 1.62)
    return ax


# --- answers and promises ----------------------------------------------------------------


def promise_line(ax: Axes, promise: str, answers: pd.DataFrame) -> None:
    """The promised time as a line over a curve by days since receipt."""
    received = answers.loc[answers["received"] != "", "received"]
    if received.empty:
        return
    spans = [due_day(as_day(day), promise) - as_day(day) for day in received]
    low, high = min(spans), max(spans)
    with style():
        if high > low:
            ax.axvspan(low, high, color=GREY, alpha=0.25, lw=0)
        ax.axvline(high, color=INK, lw=1.0, ls=(0, (1, 1.5)))
        ax.text(high, 1.015, f"promised: {promise}", fontsize=7.5, ha="left", va="bottom",
                color=INK, transform=ax.get_xaxis_transform())  # fmt: skip


def plot_answers(answers: pd.DataFrame, date: str, *, ax: Axes | None = None) -> Axes:
    """When each was answered, with the promised time drawn as a bar from its receipt.

    Parameters
    ----------
    answers : DataFrame
        ``rec_id, label, received, answered_from, answered_by, due, promise``, as
        :func:`dmpkit.impact.views.answers_table` gives it.
    date : str
        The day for which it holds.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes

    Raises
    ------
    DataError
        Nothing has a date, or there are more than 45 rows (a curve shows those).

    Examples
    --------
    >>> rows = pd.DataFrame({"rec_id": ["1"], "label": ["voting age"],
    ...     "received": ["2013-03-26"], "answered_from": ["2013-07-18"],
    ...     "answered_by": ["2013-07-18"], "due": ["2013-07-26"], "promise": ["kept"]})
    >>> plot_answers(rows, "2016-01-31").get_yticklabels()[0].get_text()
    '1 voting age'
    """
    if len(answers) > MOST_ANSWERS:
        raise DataError(
            f"{len(answers)} answers cannot be read one by one.",
            remedy="Draw plot_response, the share answered over time.",
        )
    dated = (answers[["received", "answered_by", "due"]] != "").any(axis=1)
    if not dated.any():
        raise DataError("No answer and no receipt has a date.")
    ax = new_axes((7.6, 1.5 + 0.27 * len(answers))) if ax is None else ax
    today = as_day(date)
    with style():
        for y, row in enumerate(answers.itertuples()):
            _answer_row(ax, row, y, today)
        names = [f"{r.rec_id} {r.label}".strip() for r in answers.itertuples()]
        ax.set_yticks(range(len(names)), [n if len(n) < 46 else f"{n[:44]}…" for n in names])
        ax.set_ylim(len(names) - 0.4, -0.6)
        ax.tick_params(axis="y", length=0)
        ax.grid(visible=True, axis="x")
        ax.set_axisbelow(True)
        _date_axis(ax, [*answers["received"], *answers["answered_by"], *answers["due"], date])
        _answers_key(ax)
    said = answers["promise"].str.partition(":")[0].value_counts(sort=False)
    return set_alt(
        ax,
        f"Receipt, promised time and answer of {len(answers)} rows by date: "
        + ", ".join(f"{word} {n}" for word, n in said.items())
        + ".",
    )


def _answer_row(ax: Axes, row: Any, y: int, today: int) -> None:
    got = as_day(row.received) if row.received else None
    if got is not None:
        ax.plot(got, y, zorder=3, **RECEIVED)
        if row.due:
            ax.hlines(y, got, as_day(row.due), **PROMISED)
    if row.answered_by:
        begin, end = as_day(row.answered_from), as_day(row.answered_by)
        late = row.promise == "late"
        if got is not None:
            ax.hlines(y, got, end, color=GREY, lw=0.9, zorder=2)
        if end > begin:
            ax.hlines(y, begin, end, color=INK, lw=2.4, zorder=3)
        ax.plot(end, y, zorder=4, **(LATE if late else ANSWERED))
        text = _days_text(end - got) if got is not None else "receipt not known"
        ax.annotate(text, (end, y), xytext=(6, 0), textcoords="offset points", va="center",
                    fontsize=7, color=INK if got is not None else GREY)  # fmt: skip
    elif got is not None:
        ax.hlines(y, got, today, color=GREY, lw=0.9, ls=":", zorder=2)
        ax.annotate("no answer", (today, y), xytext=(4, 0), textcoords="offset points",
                    va="center", fontsize=7, color=GREY)  # fmt: skip


def _days_text(days: int) -> str:
    return f"{days} days" if days >= 0 else f"{-days} days before receipt"


def answer_marks(*, promised: str = "promised time", late: bool = True) -> list[Line2D]:
    """Marks of a key to answers on the calendar.

    Parameters
    ----------
    promised : str
        What the bar of the promised time is called; no such mark where empty.
    late : bool
        Whether late answers have a mark of their own.
    """
    from matplotlib.lines import Line2D

    bar = {key: value for key, value in PROMISED.items() if key != "zorder"}
    marks = [Line2D([], [], label="received", **RECEIVED)]
    marks += [Line2D([], [], label=promised, **bar)] if promised else []
    marks.append(Line2D([], [], label="answered", **ANSWERED))
    return [*marks, Line2D([], [], label="answered late", **LATE)] if late else marks


def _answers_key(ax: Axes) -> None:
    ax.legend(handles=answer_marks(), loc="lower left", bbox_to_anchor=(0, 1), ncols=2)


def _date_axis(ax: Axes, dates: list[str]) -> None:
    """Ticks at the first of January or of a quarter, written as dates."""
    days = [as_day(d) for d in dates if d]
    low, high = min(days), max(days)
    span = max(high - low, 60)
    ax.set_xlim(low - 0.03 * span, high + 0.13 * span)
    first, last = int(iso(low)[:4]), int(iso(high)[:4]) + 1
    years = np.arange(first, last + 1, max(1, round((last - first) / 10)))
    ticks = [as_day(f"{year}-01-01") for year in years]
    if span < 800:
        months = (1, 4, 7, 10) if span < 400 else (1, 7)
        ticks = [as_day(f"{year}-{m:02d}-01") for year in years for m in months]
    left, right = ax.get_xlim()
    inside = [t for t in ticks if left <= t <= right]
    ax.set_xticks(inside, [iso(t)[:4] if span >= 800 else iso(t)[:7] for t in inside])


# --- dated events over several assemblies -----------------------------------------------


def plot_timeline(
    events: pd.DataFrame,
    *,
    row: str = "case",
    date: str = "date",
    event: str = "event",
    precision: str | None = None,
    promises: Mapping[str, tuple[str, str]] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Dated events, one row an assembly, numbered points with their key below the line.

    Parameters
    ----------
    events : DataFrame
        One row an event.
    row, date, event : str
        Columns: whose event, its ISO date (or year and month), what happened.
    precision : str, optional
        Column with day, month, quarter or year; the date's own when not given. A date
        that is not exact is drawn as a bar over its period.
    promises : mapping of row to (date, time), optional
        When an answer was promised and how soon, such as ``("2021-06-23", "six months")``;
        drawn as a bar.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes

    Raises
    ------
    DataError
        Columns that are missing, a date that is none, a promise of a row that is not there.

    Examples
    --------
    >>> rows = pd.DataFrame({"case": ["A", "A"], "date": ["2021-06-23", "2021-12-16"],
    ...                      "event": ["report", "answer"]})
    >>> ax = plot_timeline(rows, promises={"A": ("2021-06-23", "six months")})
    >>> ax.get_yticklabels()[0].get_text()
    'A'
    """
    from dmpkit.tables import require_columns, to_pandas

    frame = to_pandas(events, what="table of events").reset_index(drop=True)
    require_columns(frame, [row, date, event, *([precision] if precision else [])])
    frame = frame.assign(_at=_places(frame, date, precision)).sort_values("_at", kind="stable")
    names = list(dict.fromkeys(frame.sort_index()[row].astype(str)))
    for name in promises or {}:
        if name not in names:
            raise DataError(f"There is a promise to {name!r}, which has no event.")
    keys = [_key_lines(frame[frame[row].astype(str) == name], event, date) for name in names]
    heights = [0.52 + 0.16 * len(lines) for lines in keys]
    ax = new_axes((9.2, 0.9 + sum(heights))) if ax is None else ax
    tops = np.concatenate([[0.0], np.cumsum(heights)])
    span = float(frame["_at"].max() - frame["_at"].min())
    with style():
        for k, name in enumerate(names):
            part = frame[frame[row].astype(str) == name]
            if promises and name in promises:
                _promise_bar(ax, *promises[name], tops[k] + 0.2)
            _points(ax, part, date, precision, tops[k] + 0.2, 0.02 * span)
            for j, line in enumerate(keys[k]):
                ax.text(0.005, tops[k] + 0.42 + 0.16 * j, line, fontsize=7, va="center",
                        color=INK, transform=ax.get_yaxis_transform())  # fmt: skip
            if k:
                ax.axhline(tops[k] - 0.02, color="#d9d9de", lw=0.8)
        ax.set_yticks(tops[:-1] + 0.2, [wrapped(name, 24) for name in names])
        ax.set_ylim(tops[-1], -0.06)
        ax.tick_params(axis="y", length=0)
        dates = [iso(int(day)) for day in frame["_at"]]
        dates += [iso(due_day(as_day(a), b)) for a, b in (promises or {}).values()]
        _date_axis(ax, dates)
        ax.grid(visible=True, axis="x")
        ax.set_axisbelow(True)
        if promises:
            _promise_key(ax)
    said = "; ".join(f"{n}: {(frame[row].astype(str) == n).sum()} events" for n in names)
    return set_alt(ax, f"Time line of {len(frame)} dated events over {len(names)} rows. {said}.")


def _places(frame: pd.DataFrame, date: str, precision: str | None) -> list[int]:
    out = []
    for k in range(len(frame)):
        how = str(frame[precision].iloc[k]) if precision else ""
        try:
            out.append(calendar_day(str(frame[date].iloc[k]), how))
        except ValueError as error:
            raise DataError(
                f"{frame[date].iloc[k]!r} {error}.", row=k + 2, column=date,
                remedy="Write YYYY-MM-DD, or YYYY-MM where no more is known.",
            ) from None  # fmt: skip
    return out


def _key_lines(part: pd.DataFrame, event: str, date: str) -> list[str]:
    """The numbers and what they stand for, in lines that fit."""
    lines, line = [], ""
    for k, (what, when) in enumerate(zip(part[event], part[date], strict=True), start=1):
        item = f"{k} {what} ({when})"
        if line and len(line) + len(item) > 108:
            lines.append(line)
            line = ""
        line = f"{line}    {item}" if line else item
    return [*lines, line]


def _points(
    ax: Axes, part: pd.DataFrame, date: str, precision: str | None, y: float, least: float
) -> None:
    from dmpkit.impact.dates import period

    where = part["_at"].to_numpy(dtype=float)
    ax.hlines(y, where.min(), where.max(), color=GREY, lw=0.8, zorder=1)
    clear = _spread(where, least)
    for k, (_, row) in enumerate(part.iterrows(), start=1):
        first, last = period(str(row[date]), str(row[precision]) if precision else "")
        if last > first:
            ax.hlines(y, first, last, color=INK, lw=3, zorder=2)
        ax.plot(row["_at"], y, "o", ms=4, color=INK, zorder=3)
        ax.annotate(str(k), (row["_at"], y), xytext=(clear[k - 1], y - 0.12), fontsize=7.5,
                    ha="center", va="center")  # fmt: skip


def _spread(where: Any, least: float) -> list[float]:
    """Places of the numbers, at least so far apart."""
    out = [float(v) for v in where]
    for i in range(1, len(out)):
        out[i] = max(out[i], out[i - 1] + least)
    return out


def _promise_bar(ax: Axes, start: str, promise: str, y: float) -> None:
    begin = as_day(start)
    ax.hlines(y, begin, due_day(begin, promise), color=PALETTE[4], lw=8, alpha=0.55, zorder=0)


def _promise_key(ax: Axes) -> None:
    from matplotlib.lines import Line2D

    handle = Line2D([], [], color=PALETTE[4], lw=7, alpha=0.55, label="promised time for an answer")
    ax.legend(handles=[handle], loc="lower left", bbox_to_anchor=(0, 1))
