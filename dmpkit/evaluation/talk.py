"""Who speaks how long: speaking time by person, table, session and group.

Seconds come from a talk log. Inequality is described with the measures of
:mod:`dmpkit.measures.inequality`; members who said nothing count, which needs the full
list of members. A talk log is a complete count, so the description has no interval;
what is random in the comparison of groups is said at each number.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from dmpkit.errors import DataError
from dmpkit.evaluation.labels import (
    SMALLEST,
    attribute_of,
    first_few,
    member_list,
    names,
    numbers,
    text,
    whole_number,
)
from dmpkit.evaluation.talk_gap import UNTESTED, GroupGap, group_gap
from dmpkit.measures import inequality
from dmpkit.reporting import (
    Figure,
    Indicator,
    Result,
    Section,
    format_number,
    format_p,
    paragraphs,
    table_html,
)
from dmpkit.tables import to_pandas

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["TalkInequality", "speaking_statistics", "talk_inequality"]

Floats = NDArray[np.float64]


def speaking_statistics(seconds: ArrayLike) -> dict[str, float]:
    """All measures of inequality of one list of speaking times.

    ``gini`` is the population form, ``gini_corrected`` has the factor n/(n − 1);
    ``entropy`` is Shannon's over ln n (1 = all the same); ``hhi`` the sum of squared
    shares and ``effective_speakers`` its inverse; ``theil`` is Theil's T.

    Parameters
    ----------
    seconds : array of shape (people,)
        Of each person, 0 for the silent.

    Returns
    -------
    dict of str to float
        With ``people``, ``seconds``, ``top_share``, ``silent`` and ``silent_share``
        besides; NaN where nobody spoke, or where one person is too few.

    Examples
    --------
    >>> found = speaking_statistics([0, 60, 60])
    >>> found["silent"], found["top_share"], found["effective_speakers"]
    (1.0, 0.5, 2.0)
    """
    values = np.asarray(seconds, dtype=np.float64)
    n, total = values.size, float(values.sum())
    silent = int((values == 0).sum())
    spoke, several = total > 0, total > 0 and n > 1
    return {
        "people": float(n),
        "seconds": total,
        "gini": inequality.gini(values) if spoke else math.nan,
        "gini_corrected": inequality.gini(values, corrected=True) if several else math.nan,
        "entropy": inequality.entropy_ratio(values) if several else math.nan,
        "hhi": inequality.herfindahl(values) if spoke else math.nan,
        "effective_speakers": inequality.effective_number(values) if spoke else math.nan,
        "theil": inequality.theil(values) if spoke else math.nan,
        "top_share": float(values.max() / total) if spoke else math.nan,
        "silent": float(silent),
        "silent_share": silent / n if n else math.nan,
    }


_READINGS = {
    "people": "who could have spoken",
    "seconds": "all talk of the members",
    "gini": "0 where all speak equally long (population form)",
    "gini_corrected": "with the factor n/(n − 1), for comparing groups of different size",
    "entropy": "over ln n: 1 where all speak equally long",
    "hhi": "sum of squared shares: 1/n where all speak equally long, 1 for a monologue",
    "effective_speakers": "equal speakers that would give the same concentration",
    "theil": "Theil's T: 0 where all speak equally long, at most ln n",
    "top_share": "of all talk, by whoever spoke longest",
    "silent": "members who said nothing",
    "silent_share": "share of the members who said nothing",
}
#: Column names as a page shows them, and decimals.
_HEADINGS = {
    "mean_seconds": "mean seconds a person",
    "silent": "said nothing",
    "without_row": "people without a row",
    "low": "difference, from",
    "high": "difference, to",
    "relative": "share of talk / share of members",
    "theil": "Theil's T",
    "between_share": "share that lies between",
    "gini": "Gini, of those with a row",
    "gini_all_members": "Gini, all members",
    "top_share": "share of the longest speaker",
}
#: Measures as a page names them, and those that are whole numbers there.
_NAMES = {
    "gini": "Gini coefficient",
    "gini_corrected": "Gini coefficient, corrected",
    "hhi": "Herfindahl-Hirschman index",
    "theil": "Theil index",
    "top_share": "share of the longest speaker",
    "silent": "silent members",
    "silent_share": "share of silent members",
}
_COUNTS = ("people", "seconds", "silent")
_DIGITS = {"seconds": 0, "mean_seconds": 0}


@dataclass(frozen=True, eq=False, repr=False)
class TalkInequality(Result):
    """Result of :func:`talk_inequality`.

    Attributes
    ----------
    people : DataFrame
        ``person, seconds`` and, where known, ``group`` and ``table``; one row a member,
        in the order of their ids.
    log : DataFrame
        ``person, seconds`` and, where known, ``session`` and ``table``: the sums by
        person within them.
    complete : bool
        Whether the full list of members was given; without it, silent people are missed.
    gap : GroupGap or None
        Comparison of groups; None where no group was named or fewer than two are known.
    group_name : str or None
        Column that the groups come from.
    smallest : int
        Groups below this size are not shown in texts, sections and pictures.
    notes : tuple of str
        What was decided on the way.
    """

    people: pd.DataFrame
    log: pd.DataFrame
    complete: bool
    gap: GroupGap | None = None
    group_name: str | None = None
    smallest: int = SMALLEST
    notes: tuple[str, ...] = ()

    title = "Speaking time"
    sheet_notes: ClassVar[Mapping[str, str]] = {
        "statistics": "Measures of inequality over all members.",
        "shares": "Each member's seconds and share of the talk.",
        "groups": "Each group's talk against its part of the members.",
        "theil": "Theil's T split between and within groups or tables.",
        "tables": "The measures at each table.",
        "sessions": "The measures of each session, without and with those who have no row.",
    }
    sheet_formats: ClassVar[Mapping[str, str]] = {"seconds": "0", "mean_seconds": "0.0"}

    @property
    def seconds(self) -> Floats:
        """Of each member, in the order of `people`."""
        return self.people["seconds"].to_numpy(dtype=np.float64)

    @cached_property
    def values(self) -> dict[str, float]:
        """The measures of :func:`speaking_statistics` over all members."""
        return speaking_statistics(self.seconds)

    @property
    def gini(self) -> float:
        """Gini coefficient of the seconds, population form."""
        return self.values["gini"]

    @property
    def silent_share(self) -> float:
        """Share of members who said nothing; NaN where the list of members is not known."""
        return self.values["silent_share"] if self.complete else math.nan

    @cached_property
    def statistics(self) -> pd.DataFrame:
        """``statistic, value, reading``: one row a measure."""
        rows = [(name, value, _READINGS[name]) for name, value in self.values.items()]
        return pd.DataFrame(rows, columns=["statistic", "value", "reading"])

    @cached_property
    def shares(self) -> pd.DataFrame:
        """``person, seconds, share`` and known attributes, the longest speaker first."""
        frame = self.people.assign(share=self.seconds / self.seconds.sum())
        first = ["person", "seconds", "share"]
        frame = frame[[*first, *(c for c in frame.columns if c not in first)]]
        return frame.sort_values(["seconds", "person"], ascending=[False, True], ignore_index=True)

    @cached_property
    def groups(self) -> pd.DataFrame:
        """One row a group: see :attr:`GroupGap.table`; empty where no group was named."""
        return pd.DataFrame() if self.gap is None else self.gap.table

    @cached_property
    def theil(self) -> pd.DataFrame:
        """Theil's T by what it is split by: ``by, people, theil, between, within, between_share``.

        People whose group or table is not known are left out of that split.
        """
        rows = []
        for by in ("group", "table"):
            if by not in self.people.columns:
                continue
            known = self.people[self.people[by] != ""]
            if known["seconds"].sum() <= 0:
                continue
            between, within, _ = inequality.theil_decomposition(
                known["seconds"], known[by].tolist()
            )
            total = inequality.theil(known["seconds"])
            share = between / total if total > 0 else math.nan
            rows.append((by, len(known), total, between, within, share))
        columns = ["by", "people", "theil", "between", "within", "between_share"]
        return pd.DataFrame(rows, columns=columns)

    @cached_property
    def tables_(self) -> pd.DataFrame:
        """One row a table (and session where a person changed tables) with all measures."""
        if "table" in self.people.columns:
            known = self.people[self.people["table"] != ""]
            return _by(known, ["table"])
        if "table" in self.log.columns:
            keys = [c for c in ("session", "table") if c in self.log.columns]
            return _by(self.log, keys)
        return pd.DataFrame()

    @cached_property
    def sessions(self) -> pd.DataFrame:
        """One row a session; empty without sessions.

        A member without a row in a session was absent or silent, and the log cannot say
        which: the measures are for those with a row (0 seconds marks a silent presence);
        ``gini_all_members`` and ``silent_share_all_members`` count the others as silent.
        """
        if "session" not in self.log.columns:
            return pd.DataFrame()
        keyed = self.log.groupby(["session", "person"], sort=True)["seconds"].sum()
        per_person = keyed.reset_index()
        frame = _by(per_person, ["session"])
        frame.insert(2, "without_row", len(self.people) - frame["people"])
        wide = per_person.pivot_table(
            index="session", columns="person", values="seconds", aggfunc="sum"
        )
        wide = wide.reindex(columns=self.people["person"], index=frame["session"]).fillna(0.0)
        every = [speaking_statistics(row) for row in wide.to_numpy()]
        frame["gini_all_members"] = [found["gini"] for found in every]
        frame["silent_share_all_members"] = [found["silent_share"] for found in every]
        return frame

    def frames(self) -> dict[str, pd.DataFrame]:
        """``statistics``, ``shares`` and those of ``groups theil tables sessions`` that are."""
        every = {
            "statistics": self.statistics,
            "shares": self.shares,
            "groups": self.groups,
            "theil": self.theil,
            "tables": self.tables_,
            "sessions": self.sessions,
        }
        return {name: frame for name, frame in every.items() if len(frame)}

    def summary(self) -> str:
        """Who speaks how long, in plain words."""
        v = self.values
        parts = [
            f"{int(v['people'])} members spoke {v['seconds'] / 60:,.1f} minutes in all. The talk "
            f"is as concentrated as if {v['effective_speakers']:.1f} of them had spoken equally "
            f"long and the others not at all (inverse Herfindahl index). The Gini coefficient, "
            f"0 where all speak equally long, is {v['gini']:.2f}; the longest speaker has "
            f"{v['top_share']:.0%} of the talk."
        ]
        parts.append(self._silence())
        if self.gap is not None:
            parts.append(self.gap.words(self.group_name or "group", self.smallest))
        parts.extend(self.notes)
        return "\n\n".join(parts)

    def _silence(self) -> str:
        silent, n = int(self.values["silent"]), len(self.people)
        if self.complete:
            if not silent:
                return f"All {n} members spoke."
            return f"{silent} of {n} members said nothing ({self.silent_share:.0%})."
        return (
            "The full list of members was not given: people without a row in the talk log are "
            "missing here, so that the true inequality is the same or larger."
        )

    def methods_text(self) -> str:
        """How the measures are defined and what is random."""
        said = (
            "Seconds of speech are summed by person; "
            + ("members without a row count with 0. " if self.complete else "")
            + "Inequality is described by the Gini coefficient (population form; the form with "
            "n/(n − 1) after Deltas 2003 beside it), Shannon's entropy over ln n, the "
            "Herfindahl-Hirschman index, its inverse as the effective number of speakers "
            "(Laakso and Taagepera 1979) and Theil's T (1967), which splits exactly into what "
            "lies between and within groups or tables. The log is a complete count of the "
            "talk, not a sample; these numbers therefore have no interval."
        )
        return said if self.gap is None else f"{said}\n\n{self.gap.methods_text()}"

    def indicators(self) -> tuple[Indicator, ...]:
        """Gini, gap between groups and share of silent members."""
        note = (
            f"population form; {self.values['gini_corrected']:.3f} with the factor n/(n − 1); "
            "a complete count, so no interval"
        )
        if not self.complete:
            note += "; without the full list of members, so silent people are missed"
        silent = "complete count" if self.complete else "not assessed: no full list of members"
        source = f"talk log, {len(self.people)} people"
        n = len(self.people)
        return (
            Indicator("Gini of speaking time", self.gini, n=n, note=note, source=source),
            self._gap_indicator(source),
            Indicator(
                "share of silent members", self.silent_share, n=n, note=silent, source=source
            ),
        )

    def _gap_indicator(self, source: str) -> Indicator:
        name = "gap in speaking time between groups"
        if self.gap is None:
            why = "not assessed: no sub-groups" + (
                "" if self.group_name is None else f" known for {self.group_name!r}"
            )
            return Indicator(name, math.nan, note=why, source=source)
        gap = self.gap
        chance = (
            f"by chance {gap.expected:.3f} on average, {format_p(gap.gap.p_value)}"
            if gap.testable
            else UNTESTED
        )
        note = (
            f"share of the talk that would have to pass to other groups of {self.group_name!r} "
            f"for every group to speak in proportion to its members (0 to 1); {chance}"
        )
        return Indicator(name, gap.gap.value, n=gap.gap.n, note=note, source=source)

    def section(self) -> Section:
        """Text, measures, groups of enough people and pictures; nobody's own seconds."""
        known = self.statistics
        shown = known.assign(
            statistic=[_NAMES.get(name, name.replace("_", " ")) for name in known["statistic"]],
            value=[
                format_number(int(value) if name in _COUNTS else value, 3)
                for name, value in zip(known["statistic"], known["value"], strict=True)
            ],
        )
        body = paragraphs(self.summary()) + table_html(shown, caption="Speaking time in numbers")
        figures = [Figure.from_axes(self.plot_lorenz(), "Talk-time curve (Lorenz curve).")]
        if self.gap is not None:
            shown = self.gap.shown(self.smallest)
            body += table_html(shown, digits=_DIGITS, headings=_HEADINGS, caption="Talk by group")
            if len(shown) > 1:
                figures.append(Figure.from_axes(self.plot_groups(), "Talk against membership."))
        if len(self.theil):
            caption = "Inequality of speaking time between and within groups (Theil's T)"
            body += table_html(self.theil, digits=3, headings=_HEADINGS, caption=caption)
        if len(self.sessions):
            columns = ["session", "people", "without_row", "gini", "gini_all_members", "top_share"]
            body += table_html(self.sessions[columns], headings=_HEADINGS, caption="By session")
        return Section(self.title, body, tuple(figures))

    def plot_lorenz(self, *, by: str | None = None, ax: Axes | None = None) -> Axes:
        """Talk-time curve; see :func:`~.talk_plots.plot_talk_curve`."""
        from dmpkit.evaluation.talk_plots import plot_talk_curve

        return plot_talk_curve(self, by=by, ax=ax)

    def plot_groups(self, *, ax: Axes | None = None) -> Axes:
        """Share of talk against share of members; see :func:`~.talk_plots.plot_talk_groups`."""
        from dmpkit.evaluation.talk_plots import plot_talk_groups

        return plot_talk_groups(self, ax=ax)


def _by(frame: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """The measures within each combination of the keys, sorted by them."""
    rows = []
    for key, part in frame.groupby(keys, sort=True):
        rows.append({**dict(zip(keys, key, strict=True)), **speaking_statistics(part["seconds"])})
    out = pd.DataFrame(rows)
    whole = ["people", "silent"]
    return out.astype(dict.fromkeys(whole, "int64")) if len(out) else out


def talk_inequality(
    talk: Any,
    *,
    person: str = "person",
    seconds: str = "seconds",
    members: Any = None,
    group: str | None = None,
    table: str | None = None,
    session: str | None = None,
    n_permutations: int = 9_999,
    n_resamples: int = 2_000,
    smallest: int = SMALLEST,
    seed: int | None = None,
) -> TalkInequality:
    """How unequally speaking time is spread over people and groups.

    Parameters
    ----------
    talk : DataFrame
        One row a turn or a person: who, and how many seconds.
    person, seconds : str
        Columns.
    members : DataFrame or sequence of ids, optional
        Everybody who could have spoken, so that the silent count (leave out who never
        came). Without it only those in the log are known. May hold the columns of
        `group` and `table`.
    group : str, optional
        Column of a sub-group (in `members` or in `talk`), constant within a person.
    table : str, optional
        Column of the small group at which a person sits (in `members` or in `talk`).
    session : str, optional
        Column of `talk`.
    n_permutations : int
        Shuffles of the group labels, within tables where each person has one table.
    n_resamples : int
        Bootstrap samples for the groups' intervals.
    smallest : int
        Groups with fewer people are left out of texts, sections and pictures (and a
        second group with them where the first could be found by subtraction); the frames
        keep them for the evaluator.
    seed : int, optional
        Of permutations and bootstrap.

    Returns
    -------
    TalkInequality

    Raises
    ------
    DataError
        Blank or negative seconds, people who are not members, or nobody spoke.

    Examples
    --------
    >>> import pandas as pd
    >>> log = pd.DataFrame({"person": ["a", "b", "a"], "seconds": [60, 90, 30]})
    >>> voice = talk_inequality(log, members=["a", "b", "c"])
    >>> round(voice.gini, 3), round(voice.silent_share, 3)
    (0.333, 0.333)
    """
    frame = to_pandas(talk, what="talk log").reset_index(drop=True)
    rows = pd.DataFrame({"person": names(frame, person, what="person")})
    rows["seconds"] = numbers(
        frame,
        seconds,
        low=0,
        high=1e9,
        blank="Leave the row out, or write 0 for somebody who was there and said nothing.",
    )
    full = member_list(members, person=person)
    everybody = sorted(rows["person"].unique() if full is None else full[person])
    _require_members(rows["person"], set(everybody))
    if session is not None:
        rows["session"] = names(frame, session, what="session")
    people = pd.DataFrame({"person": everybody})
    people["seconds"] = (
        rows.groupby("person")["seconds"].sum().reindex(everybody).fillna(0.0).to_numpy()
    )
    if people["seconds"].sum() <= 0:
        raise DataError("Nobody spoke: all seconds are 0.", column=seconds)
    keyed = frame.assign(**{person: rows["person"].to_numpy()})
    given = attribute_of(everybody, group, person=person, members=full, rows=keyed)
    if given is not None:
        people["group"] = given.to_numpy()
    notes = _place_tables(people, rows, keyed, full, person, table)
    gap, said = _gap(people, group, n_permutations, n_resamples, seed)
    keys = [c for c in ("session", "table", "person") if c in rows.columns]
    log = rows.groupby(keys, sort=True)["seconds"].sum().reset_index()
    return TalkInequality(
        people,
        log,
        full is not None,
        gap,
        group,
        whole_number(smallest, "smallest", low=1),
        (*notes, *said),
    )


def _require_members(speakers: pd.Series[str], members: set[str]) -> None:
    strangers = sorted(set(speakers) - members)
    if strangers:
        raise DataError(
            f"{first_few(map(repr, strangers))} spoke but are not among the members.",
            column="person",
            remedy="Leave out the turns of facilitators and guests, or mend the ids.",
        )


def _place_tables(
    people: pd.DataFrame,
    rows: pd.DataFrame,
    keyed: pd.DataFrame,
    members: pd.DataFrame | None,
    person: str,
    table: str | None,
) -> list[str]:
    """Write tables into `people` where each has one, else into the rows; say which."""
    if table is None:
        return []
    if not isinstance(table, str):
        raise DataError(f"The column of the tables is {table!r}.", remedy="Give its name.")
    in_members = members is not None and table in members.columns
    if not in_members and table in keyed.columns:
        cells = pd.Series([text(v) for v in keyed[table]], dtype=object)
        where = pd.DataFrame({"person": rows["person"], "table": cells})
        if where[where["table"] != ""].groupby("person")["table"].nunique().max() > 1:
            rows["table"] = names(keyed, table, what="table")
            return [
                "People changed tables, so the measures by table are for those with a row at "
                "it, and group labels are shuffled over all people instead of within tables."
            ]
    found = attribute_of(
        people["person"].tolist(), table, person=person, members=members, rows=keyed, what="table"
    )
    people["table"] = [] if found is None else found.to_numpy()
    unknown = int((people["table"] == "").sum())
    return [f"The table of {unknown} people is not known."] if unknown else []


def _gap(
    people: pd.DataFrame, group: str | None, n_permutations: int, n_resamples: int, seed: int | None
) -> tuple[GroupGap | None, list[str]]:
    """The comparison of groups over those whose group is known, and what was left out."""
    if group is None:
        return None, []
    known = people[people["group"] != ""]
    unknown = len(people) - len(known)
    said = [f"The group of {unknown} people is not known; they are left out of the comparison "
            "of groups."] if unknown else []  # fmt: skip
    if known["group"].nunique() < 2 or known["seconds"].sum() <= 0:
        return None, [*said, f"Groups of {group!r} cannot be compared: there are not two whose "
                      "members spoke."]  # fmt: skip
    tables = known["table"].tolist() if "table" in known.columns else None
    gap = group_gap(
        known["seconds"],
        known["group"].tolist(),
        strata=tables,
        n_permutations=n_permutations,
        n_resamples=n_resamples,
        seed=seed,
    )
    return gap, said
