"""Whether groups differ: the result of such a test, Gray's test, Fine and Gray's model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from dmpkit.errors import DataError
from dmpkit.impact.followup import Floats, FollowUp, follow_up, labels_of, risk_counts
from dmpkit.reporting import Indicator, Result, Section, format_p, paragraphs, table_html
from dmpkit.wording import counted

__all__ = ["GroupTest", "gray_test"]

#: A share that is rounding alone.
_NOTHING = 1e-12

DRAWN = (
    "The test reads the items as independent draws from a larger set; a complete list from one "
    "assembly is none, and items of one process are not independent."
)


@dataclass(frozen=True, eq=False, repr=False)
class GroupTest(Result):
    """Result of a test of several groups.

    Attributes
    ----------
    name : str
    statistic : float
        Chi-square; NaN where there is nothing to compare.
    df : int
        Rank of the variance.
    p_value : float
    table : DataFrame
        One row a group: ``group, n, observed, expected`` (weighted events).
    note : str
    """

    name: str
    statistic: float
    df: int
    p_value: float
    table: pd.DataFrame
    note: str = ""

    title: ClassVar[str] = "Comparison of groups"

    @classmethod
    def from_score(
        cls,
        name: str,
        score: Floats,
        variance: Floats,
        *,
        groups: Sequence[str],
        n: Sequence[int],
        observed: Floats,
        expected: Floats,
    ) -> GroupTest:
        """The test from a score whose entries add to 0, and its variance."""
        from scipy.special import gammaincc

        keep = len(score) - 1  # one entry follows from the others
        inner = variance[:keep, :keep]
        df = int(np.linalg.matrix_rank(inner, tol=1e-9)) if keep else 0
        note, statistic, p = "", float("nan"), float("nan")
        if df:
            statistic = float(score[:keep] @ np.linalg.pinv(inner, rcond=1e-10) @ score[:keep])
            p = float(gammaincc(df / 2, statistic / 2))
        else:
            note = "There is nothing to compare: no event at which more than one group was at risk."
        table = pd.DataFrame(
            {"group": list(groups), "n": list(n), "observed": observed, "expected": expected}
        )
        return cls(name, statistic, df, p, table, note)

    def frames(self) -> dict[str, pd.DataFrame]:
        """Observed and expected by group."""
        return {"groups": self.table}

    def summary(self) -> str:
        """The test in plain words."""
        if self.note:
            return f"{self.name}: {self.note}"
        how = "more than" if self.p_value < 0.05 else "no more than"
        return (
            f"The groups differ {how} chance alone would often bring ({self.name}: chi-square "
            f"{self.statistic:.3f} with {counted(self.df, 'degree')} of freedom, "
            f"{format_p(self.p_value)}).\n\n{DRAWN}"
        )

    def methods_text(self) -> str:
        """A methods paragraph."""
        return f"Groups were compared by the {self.name[0].lower()}{self.name[1:]}. {DRAWN}"

    def indicators(self) -> tuple[Indicator, ...]:
        """None: a test is no indicator."""
        return ()

    def section(self) -> Section:
        """The test as a section of a report."""
        html = paragraphs(self.summary()) + table_html(self.table, caption=self.name)
        return Section(self.title, html)


@dataclass(frozen=True, eq=False)
class _Walk:
    """What Gray's test needs at each event time; T times, G groups."""

    own: Floats  # events of the cause, (T, G)
    other: Floats  # other events
    risk: Floats
    before: Floats  # group's share without any event before the time
    after: Floats
    incidence: Floats  # group's incidence of the cause before the time


def gray_test(
    time: Any, cause: Any, group: Any, *, of: str | int | None = None
) -> GroupTest | dict[str, GroupTest]:
    """Whether groups differ in cumulative incidence (Gray 1988, with rho = 0).

    For group k with Y at risk, S(t−) without any event and F(t−) the incidence of the cause,
    R_k = Y_k (1 − F_k(t−)) / S_k(t−) takes the place of those at risk, and the score is
    Σ_t [d_k − d R_k / ΣR]. Its variance is the martingale form of Gray's paper, with the incidence
    pooled under the hypothesis.

    Parameters
    ----------
    time : sequence of float, length n
    cause : sequence, length n
        As in :func:`dmpkit.impact.cumulative_incidence`.
    group : sequence, length n
    of : str or int, optional
        The cause to test; without it, all of them.

    Returns
    -------
    GroupTest, or dict of cause to GroupTest
        One where `of` is given, else one for each cause.

    Raises
    ------
    DataError
        When there are not at least two groups, or the cause did not occur.

    Examples
    --------
    >>> tests = gray_test([1, 2, 3, 4, 5, 6], [1, 2, 1, 0, 1, 2], list("aabbab"))
    >>> sorted(tests), tests["1"].df
    (['1', '2'], 1)
    """
    seen = follow_up(time, cause)
    labels = labels_of(group, "group", seen.n)
    names = tuple(sorted(set(labels)))
    if len(names) < 2:
        raise DataError("there is only one group.", column="group", remedy="Compare two or more.")
    if of is not None and str(of) not in seen.causes:
        raise DataError(
            f"{of!r} did not occur.", column="cause", remedy=f"Use: {', '.join(seen.causes)}."
        )
    parts = [seen.part(labels == name) for name in names]
    found = {c: _gray(parts, names, c) for c in (seen.causes if of is None else (str(of),))}
    return found if of is None else found[str(of)]


def _gray(parts: Sequence[FollowUp], names: Sequence[str], cause: str) -> GroupTest:
    walk = _walk(parts, cause)
    effective = np.divide(
        walk.risk, walk.before, out=np.zeros_like(walk.risk), where=walk.before > 0
    )
    weighted = effective * (1 - walk.incidence)
    d = walk.own.sum(axis=1)
    whole = weighted.sum(axis=1)
    share = np.divide(weighted, whole[:, None], out=np.zeros_like(weighted),
                      where=whole[:, None] > 0)  # fmt: skip
    observed, expected = walk.own.sum(axis=0), d @ share
    return GroupTest.from_score(
        f"Gray's test of {cause}",
        observed - expected,
        _gray_variance(walk, effective),
        groups=names,
        n=[part.n for part in parts],
        observed=observed,
        expected=expected,
    )


def _walk(parts: Sequence[FollowUp], cause: str) -> _Walk:
    code = parts[0].causes.index(cause) + 1
    everything = np.concatenate([part.time[part.code > 0] for part in parts])
    times = np.unique(everything)
    shape = (len(times), len(parts))
    own, other, risk = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    for g, part in enumerate(parts):
        place = np.searchsorted(times, part.time)
        mine, done = part.code == code, part.code > 0
        np.add.at(own[:, g], place[mine], 1)
        np.add.at(other[:, g], place[done & ~mine], 1)
        risk[:, g] = risk_counts(times, np.sort(part.entry), np.sort(part.time))
    some = risk > 0
    gone = np.divide(own + other, risk, out=np.zeros(shape), where=some)
    after = np.cumprod(1 - gone, axis=0)
    after[np.abs(after) < 1e-14] = 0.0
    before = np.vstack([np.ones(shape[1]), after[:-1]])
    steps = before * np.divide(own, risk, out=np.zeros(shape), where=some)
    incidence = np.vstack([np.zeros(shape[1]), np.cumsum(steps, axis=0)[:-1]])
    return _Walk(own, other, risk, before, after, incidence)


def _gray_variance(walk: _Walk, effective: Floats) -> Floats:
    """Gray's variance of the score, as a sum over the martingales of each group.

    With h = Y / S(t−) by group, dF = d / Σh pooled, a_ik = h_i (1{i=k} − h_k / Σh) and c_ik its
    integral against dF / (1 − F), an event of the cause in group k moves score i by
    a_ik + (1 − (1 − F) / S_k)(C_ik − c_ik), another event by ((1 − F) / S_k)(C_ik − c_ik),
    C being c at the end. Pooled, F can come to 1 where a group has run out; what follows counts
    only as far as the groups do not differ there, and the variance is undefined (NaN) otherwise.
    """
    d = walk.own.sum(axis=1)
    total = effective.sum(axis=1)
    step = np.divide(d, total, out=np.zeros_like(d), where=total > 0)
    pooled = np.cumsum(step)
    before = np.concatenate([[0.0], pooled[:-1]])
    g = effective.shape[1]
    part = np.divide(effective, total[:, None], out=np.zeros_like(effective),
                     where=total[:, None] > 0)  # fmt: skip
    a = effective[:, :, None] * (np.eye(g) - part[:, None, :])
    left = 1 - before
    open_ = left > _NOTHING
    if (~open_ & (step > 0) & (np.abs(a).max(axis=(1, 2)) > _NOTHING)).any():
        return np.full((g, g), np.nan)
    hazard = np.divide(step, left, out=np.zeros_like(step), where=open_)
    c = np.cumsum(a * hazard[:, None, None], axis=0)
    ahead = c[-1] - c if len(c) else c
    alive = walk.after > 0
    ratio = np.divide((1 - pooled)[:, None], walk.after, out=np.zeros_like(effective), where=alive)
    mine = a + np.where(alive, 1 - ratio, 1.0)[:, None, :] * ahead
    theirs = ratio[:, None, :] * ahead
    with np.errstate(divide="ignore", invalid="ignore"):
        # tied events of one group are drawn without replacement
        tied = np.where(
            d[:, None] > 1, 1 - (d[:, None] - 1) / (total[:, None] * walk.before - 1), 1
        )
        weight = tied * walk.before * step[:, None] / walk.risk
        among = np.where(walk.other > 1, 1 - (walk.other - 1) / (walk.risk - 1), 1.0)
        others = among * walk.before**2 * walk.other / walk.risk**2
    weight = np.where((walk.risk > 0) & (d[:, None] > 0), weight, 0.0)
    others = np.where((walk.other > 0) & alive, others, 0.0)
    return np.asarray(
        np.einsum("tik,tjk,tk->ij", mine, mine, weight)
        + np.einsum("tik,tjk,tk->ij", theirs, theirs, others)
    )
