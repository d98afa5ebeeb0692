"""Match factors with published viewpoints, or with none.

A published summary states a few claims and leaves most things out. A factor
of a new study ranks every statement. Between them stands a tagging (which
statement speaks to which claim), and the question is whether the factor ranks
the statements of the claims that the summary states as the summary has it,
more clearly than it ranks the statements of other claims that way.

The similarity, the rule for an answer and its thresholds are our own proposal;
they are not from the literature, and nobody has tried them on people.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from numbers import Integral, Real
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from dmpkit.errors import DataError
from dmpkit.qmethod.analysis import QAnalysis
from dmpkit.qmethod.arrays import Floats
from dmpkit.qmethod.matching_rule import (
    Z95,
    Answer,
    Comparison,
    Question,
    answers,
    closest,
    compare,
)
from dmpkit.qmethod.permuting import check_permutations, finite_columns
from dmpkit.qmethod.tagging import Tagging
from dmpkit.qmethod.viewpoints import Viewpoints
from dmpkit.resampling import drawn_seed
from dmpkit.tables import as_kind, require_columns, require_unique, to_numbers, to_pandas

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dmpkit.reporting import Indicator, Section

__all__ = ["ViewpointMatch", "match_viewpoints"]

MIN_SIMILARITY = {"claims": 0.30, "arrays": 0.85}
ANSWERS = ("match", "mixed", "no match", "not testable")
_MISSING = -1
_NUMBERS = (
    "similarity",
    "low",
    "high",
    "p_value",
    "p_adjusted",
    "attainable_p",
    "attainable_adjusted",
)
_CLAIM_COLUMNS = [
    "factor",
    "viewpoint",
    "claim",
    "label",
    "stance",
    "n_statements",
    "score",
    "aligned",
    "low",
    "high",
    "part",
]


def match_viewpoints(
    analysis: QAnalysis,
    viewpoints: Viewpoints | str,
    tags: Any | None = None,
    *,
    arrays: Any | None = None,
    n_permutations: int = 9999,
    seed: int | None = None,
    level: float = 0.05,
    min_similarity: float | None = None,
    mixed: bool = True,
) -> ViewpointMatch:
    r"""Find the published viewpoint that each factor most resembles, or none.

    **Similarity.** A tag has direction d (1 agreeing affirms the claim, -1 denies
    it) and strength w; :math:`t_{sc} = d w` (mean over taggers, 0 untagged), and
    :math:`u_c` is the column :math:`t_c` centred and scaled to length 1, so that
    every claim weighs the same however many statements it has. A viewpoint that
    holds (h = 1) or rejects (h = -1) the claims C expects the pattern
    :math:`a = \sum_{c \in C} h_c u_c`, and its similarity with a factor is

    .. math:: \frac{\sum_s a_s z_s}{\max_\pi \sum_s a_s z_{\pi(s)}}

    1 when the statements of the stated claims stand as far out, in the direction
    that the summary gives, as these z-scores allow; 0 when they do so in neither
    direction; -1 when they stand there reversed. A claim that the summary does
    not state has no part in it: it is missing, not neutral.

    **Interval.** 95 per cent, from the standard error of the factor's z-scores
    (the reliability of its flagged sorts), errors of statements taken as
    independent. It tells nothing of who else might have sorted, nor of the
    tagging; see :attr:`ViewpointMatch.sensitivity`.

    **p.** Claims are permuted, as wholes: statements of one claim hang together
    and are not exchangeable, so permuting them would find order everywhere. The
    null hypothesis is that the factor's scores on the claims have nothing to do
    with which claims the viewpoint holds and rejects; the pool are all claims
    that any of the viewpoints states and any statement speaks to. The claims that
    a summary leaves out enter as that yardstick and in no other way. A claim's
    score is its coefficient in the regression of z on :math:`u_1, u_2, \dots`
    (where claims share no statement: the correlation of tags and z), because
    claims that share statements would otherwise move together. A factor that
    ranks every claim alike matches nothing. A liking that all people share, for
    claims that most would hold, is not modelled. With few stated claims there are
    few arrangements: ``attainable_p`` is the smallest p that any sorts could
    reach. p is exact where a comparison has at most 20,000 arrangements; the
    joint null of all comparisons is listed when there are at most
    `n_permutations` + 1 permutations, else p is (b + 1)/(B + 1).

    **Correction.** For all factors, viewpoints and pairs of viewpoints at once:
    the maximum statistic under joint permutation (its fit is the correlation of
    the factor's claim scores with the stances, so that viewpoints stating
    different numbers of claims are comparable), stepping down by factor. A fifth
    of the level goes to pairs.

    **Answers.** *match*: the best fit of all candidates with a corrected p of at
    most `level` and a similarity of at least `min_similarity` is a single
    viewpoint. *mixed*: it is a pair, and the claims that only one of the two
    contributes carry that one, for both. *no match*: there is none. *not
    testable*: the factor has no scores, or no viewpoint states enough claims for
    a p of `level`. Two factors may resemble one viewpoint; the column
    ``assigned`` is the best one-to-one assignment, whatever the answers.

    **Bipolar factors.** A factor with flagged sorts at both ends is compared by the
    view of its positive end; who stands at the negative end, perhaps with a published
    viewpoint, is not looked for. The result names such factors
    (:attr:`ViewpointMatch.bipolar`). To give each end a factor of its own, split it:
    ``rotation=RotationLog("varimax").split("f1")`` in
    :func:`~dmpkit.qmethod.analysis.analyse`. Decide so before the match is looked at.

    **Published arrays.** With `arrays` of the same Q set, the similarity is the
    congruence of the factor's z-scores with the array (their correlation), the
    threshold .85 ("fair", Lorenzo-Seva & ten Berge 2006), and statements are
    permuted, which is liberal as far as statements on one topic hang together.
    *mixed* then means that two viewpoints pass and cannot be told apart, or that
    only the mean of two does.

    Parameters
    ----------
    analysis : QAnalysis
        The new study.
    viewpoints : Viewpoints or str
        Known from texts; a name is loaded (:meth:`Viewpoints.load`).
    tags : DataFrame or Tagging, optional
        ``statement, claim, direction`` and optionally ``strength, tagger`` (see
        :class:`Tagging`). Without it, the tagging of dmpkit's governance
        instrument, when the study has its statements.
    arrays : DataFrame, optional
        ``statement``, then one column a viewpoint code with its published factor
        array, for the very statements of the study. Decides when given.
    n_permutations : int
        At least 19.
    seed : int, optional
        Of the permutations; drawn and kept when not given.
    level : float
        Of the corrected p.
    min_similarity : float, optional
        Smallest similarity of a match; .30 with tags, .85 with arrays.
    mixed : bool
        Look for mixtures of two viewpoints. Without it the whole level goes to
        single viewpoints.

    Returns
    -------
    ViewpointMatch

    Raises
    ------
    DataError
        If tags or arrays name statements, claims or viewpoints that are not there,
        fewer than three claims can be compared, or an option is out of range.

    References
    ----------
    Lorenzo-Seva, U., & ten Berge, J. M. F. (2006). Tucker's congruence coefficient
    as a meaningful index of factor similarity. Methodology, 2(2), 57-64.

    Westfall, P. H., & Young, S. S. (1993). Resampling-based multiple testing. Wiley.

    Examples
    --------
    >>> import dmpkit.qmethod as qm
    >>> views = qm.Viewpoints.load("governance-2024")
    >>> tags = qm.synthetic_tags(views.claims)
    >>> made = qm.synthetic_sorts(views, tags, n_sorts=20, noise=0.4, seed=1)
    >>> match = qm.match_viewpoints(qm.analyse(made.sorts, 5), views, tags, seed=1)
    >>> match.assignment[["factor", "answer", "viewpoint"]]
      factor    answer viewpoint
    0     f1     match        AU
    1     f2     match        SC
    2     f3     match        PA
    3     f4  no match
    4     f5     match        CC
    """
    views = Viewpoints.load(viewpoints) if isinstance(viewpoints, str) else viewpoints
    _check_options(level, min_similarity)
    _check_draws(n_permutations)
    seed = drawn_seed(seed)
    basis: Literal["claims", "arrays"] = "claims" if arrays is None else "arrays"
    tagging = None
    if arrays is None:
        tagging = Tagging.from_frame(_own_tags(analysis) if tags is None else tags)
        _check_tagging(tagging, analysis, views)
        stances, weights = np.array(views.values), _weights(tagging, analysis, views)
        order = list(range(analysis.sorts.n_statements))
    else:
        stances, order = _from_arrays(arrays, analysis, views)
        weights = np.eye(len(order))
    scored = finite_columns(analysis.z_array)
    question = Question(
        rows=tuple(order),
        z=analysis.z_array[order][:, scored],
        errors=analysis.standard_error[scored],
        basis=basis,
        stances=stances,
        weights=weights,
        level=level,
        min_similarity=MIN_SIMILARITY[basis] if min_similarity is None else min_similarity,
        mixed=mixed,
        n_permutations=n_permutations,
        seed=seed,
    )
    _require_units(question)
    return ViewpointMatch(analysis, views, tagging, tuple(bool(yes) for yes in scored), question)


def _check_options(level: float, min_similarity: float | None) -> None:
    _require_number("level", level)
    if min_similarity is not None:
        _require_number("smallest similarity", min_similarity)
    if not 0 < level < 1:
        raise DataError(f"The level {level:g} is not between 0 and 1.")
    if min_similarity is not None and not 0 <= min_similarity <= 1:
        raise DataError(f"The smallest similarity {min_similarity:g} is not between 0 and 1.")


def _require_number(name: str, value: object) -> None:
    if not isinstance(value, Real):
        raise DataError(f"The {name} {value!r} is not a number.", remedy="It is from 0 to 1.")


def _check_draws(n_permutations: object) -> None:
    if isinstance(n_permutations, bool) or not isinstance(n_permutations, Integral):
        raise DataError(
            f"The number of permutations {n_permutations!r} is not a whole number.",
            remedy="Use 19 or more; 9999 is the default.",
        )
    check_permutations(int(n_permutations))


def _own_tags(analysis: QAnalysis) -> pd.DataFrame:
    from dmpkit import datasets

    try:
        tags = datasets.load("governance-instrument", "tags")
    except DataError:
        known = False
    else:
        known = set(map(str, tags["statement"])) <= set(analysis.sorts.statements)
    if not known:
        raise DataError(
            "The match needs a tagging: which statement speaks to which claim.",
            remedy="Give tags= with the columns statement, claim, direction; only studies with "
            "the statements of the governance instrument need none.",
        )
    return pd.DataFrame(tags)


def _check_tagging(tagging: Tagging, analysis: QAnalysis, views: Viewpoints) -> None:
    for column, known, what in (
        ("statement", set(analysis.sorts.statements), "the study"),
        ("claim", set(views.claims), "the viewpoints"),
    ):
        for row, label in enumerate(tagging.table[column], start=2):
            if label not in known:
                raise DataError(
                    f"The {column} {label!r} is not among those of {what}.", row=row, column=column
                )


def _weights(tagging: Tagging, analysis: QAnalysis, views: Viewpoints) -> Floats:
    return tagging.weights(analysis.sorts.statements, views.claims)


def _from_arrays(arrays: Any, analysis: QAnalysis, views: Viewpoints) -> tuple[Floats, list[int]]:
    """Published arrays as stances on statements, and where each statement stands in the study."""
    frame = to_pandas(arrays, what="published arrays")
    require_columns(frame, ["statement"])
    codes = [c for c in frame.columns if c in views.codes]
    others = [c for c in frame.columns if c not in (*codes, "statement", "text")]
    if others or not codes:
        raise DataError(
            f"The columns {', '.join(map(repr, others)) or 'of viewpoints'} "
            f"{'are not viewpoints' if others else 'are missing'}.",
            remedy=f"The viewpoints are {', '.join(views.codes)}.",
        )
    labels = [str(label) for label in frame["statement"]]
    require_unique(labels, "statement")
    if set(labels) != set(analysis.sorts.statements):
        odd = sorted(set(labels) ^ set(analysis.sorts.statements))
        raise DataError(
            f"The arrays and the study do not share one Q set; see {', '.join(odd[:6])}.",
            column="statement",
            remedy="Arrays of another Q set cannot be compared; give tags instead.",
        )
    values = to_numbers(frame[codes]).to_numpy(dtype=np.float64)
    _check_arrays(values, codes, labels)
    stances = np.full((len(labels), len(views.codes)), np.nan)
    stances[:, [views.codes.index(c) for c in codes]] = values
    return stances, [analysis.sorts.statements.index(label) for label in labels]


def _check_arrays(values: Floats, codes: Sequence[str], labels: Sequence[str]) -> None:
    if not np.isfinite(values).all():
        i, j = (int(k) for k in np.argwhere(~np.isfinite(values))[0])
        raise DataError("The cell is empty.", row=labels[i], column=codes[j])
    for j, code in enumerate(codes):
        if np.ptp(values[:, j]) == 0:
            raise DataError("The array has the same score everywhere.", column=code)


def _require_units(question: Question) -> None:
    n = int(question.used.sum())
    if n < 3:
        raise DataError(
            f"Only {n} of the claims that the viewpoints state have tagged statements.",
            remedy="Three are the least that can be compared; tag statements for more claims.",
        )


# -- the result ----------------------------------------------------------------------------


@dataclass(frozen=True, eq=False, repr=False)
class ViewpointMatch:
    """Result of :func:`match_viewpoints`; tables are made when asked for.

    Attributes
    ----------
    analysis : QAnalysis
    viewpoints : Viewpoints
    tagging : Tagging or None
        None when published arrays decided.
    scored : tuple of bool
        Which factors have scores.
    """

    analysis: QAnalysis
    viewpoints: Viewpoints
    tagging: Tagging | None
    scored: tuple[bool, ...]
    _question: Question = field(repr=False)

    def __repr__(self) -> str:
        counts = self.assignment["answer"].value_counts()
        said = ", ".join(f"{counts[a]} {a}" for a in ANSWERS if a in counts)
        return (
            f"ViewpointMatch: {len(self.scored)} factors with {len(self.viewpoints.codes)} "
            f"viewpoints by {self.basis} ({said}){', synthetic sorts' if self.synthetic else ''}"
        )

    @property
    def basis(self) -> Literal["claims", "arrays"]:
        """What was compared: ``"claims"`` through a tagging, or published ``"arrays"``."""
        return self._question.basis

    @property
    def level(self) -> float:
        """Level of the corrected p at which a match is declared."""
        return self._question.level

    @property
    def min_similarity(self) -> float:
        """Smallest similarity of a match."""
        return self._question.min_similarity

    @property
    def n_permutations(self) -> int:
        """Permutations asked for."""
        return self._question.n_permutations

    @property
    def seed(self) -> int:
        """Seed of the permutations."""
        return self._question.seed

    @property
    def mixed(self) -> bool:
        """Whether mixtures of two viewpoints were looked for."""
        return self._question.mixed

    @property
    def exact(self) -> bool:
        """Whether the correction lists every permutation."""
        return self._numbers.exact

    @property
    def synthetic(self) -> bool:
        """Whether the sorts say of themselves that they are synthetic."""
        return self.analysis.sorts.synthetic

    @cached_property
    def _numbers(self) -> Comparison:
        return compare(self._question)

    @cached_property
    def _answers(self) -> tuple[Answer, ...]:
        return answers(self._question, self._numbers)

    @cached_property
    def _rows(self) -> tuple[int, ...]:
        """Row of each factor in the numbers, -1 without scores."""
        place = np.cumsum(self.scored) - 1
        return tuple(int(i) if yes else _MISSING for i, yes in zip(place, self.scored, strict=True))

    def _named(self, members: Sequence[int]) -> str:
        return " + ".join(self.viewpoints.codes[j] for j in members)

    def _full_name(self, members: Sequence[int]) -> str:
        return " + ".join(self.viewpoints.names[j] for j in members)

    # Tables

    @cached_property
    def assignment(self) -> pd.DataFrame:
        """What is said of each factor, one row a factor.

        Columns: ``factor, answer`` (match, mixed, no match, not testable),
        ``viewpoint`` (its code, two joined by +, or empty), ``name, closest`` (the
        single viewpoint with the highest similarity), ``similarity, low, high,
        p_value, p_adjusted, attainable_p, attainable_adjusted`` (of the viewpoint
        in the answer, else of the closest), ``carrying, against`` (numbers of
        claims), ``assigned`` (best one-to-one assignment by total similarity,
        whatever the answer) and ``why``.
        """
        rows = [self._assigned_row(f, i) for f, i in zip(self.factors, self._rows, strict=True)]
        frame = pd.DataFrame(rows)
        partner = self._one_to_one
        frame.insert(len(frame.columns) - 1, "assigned", [partner[f] for f in self.factors])
        return frame

    @property
    def factors(self) -> tuple[str, ...]:
        """Names of the factors."""
        return self.analysis.factors

    @cached_property
    def bipolar(self) -> tuple[str, ...]:
        """Factors with flagged sorts at both ends: their negative ends are not compared."""
        flags, loadings = self.analysis.flag_array, self.analysis.loading_array
        up, down = (flags & (loadings > 0)).sum(axis=0), (flags & (loadings < 0)).sum(axis=0)
        return tuple(self.factors[j] for j in np.flatnonzero((up > 0) & (down > 0)).tolist())

    def _assigned_row(self, factor: str, i: int) -> dict[str, Any]:
        nothing = dict.fromkeys(_NUMBERS, math.nan)
        if i == _MISSING:
            words = {"factor": factor, "answer": "not testable", "viewpoint": "", "name": ""}
            tail = {"carrying": 0, "against": 0, "why": "no flagged sorts, so no scores"}
            return {**words, "closest": "", **nothing, **tail}
        said, v = self._answers[i], len(self.viewpoints.codes)
        near = closest(self._numbers.similarity[i, :v])
        part = self._parts(i, self._question.candidates[said.column])
        return {
            "factor": factor,
            "answer": said.answer,
            "viewpoint": self._named(said.viewpoint),
            "name": self._full_name(said.viewpoint),
            "closest": self.viewpoints.codes[near],
            **self._row_of_numbers(i, said.column),
            "carrying": part.count("carries"),
            "against": part.count("speaks against"),
            "why": said.why,
        }

    def _row_of_numbers(self, i: int, j: int) -> dict[str, float]:
        c = self._numbers
        low, high = (c.similarity[i, j] + side * c.margin[i, j] for side in (-1, 1))
        values = (
            c.similarity[i, j],
            max(-1.0, float(low)) if math.isfinite(low) else math.nan,
            min(1.0, float(high)) if math.isfinite(high) else math.nan,
            c.p[i, j],
            c.adjusted[i, j],
            c.attainable[j],
            c.attainable_adjusted[i, j],
        )
        return dict(zip(_NUMBERS, map(float, values), strict=True))

    @cached_property
    def _one_to_one(self) -> Mapping[str, str]:
        from scipy.optimize import linear_sum_assignment

        v = len(self.viewpoints.codes)
        similarity = self._numbers.similarity[:, :v]
        speaking = np.flatnonzero(np.isfinite(similarity).all(axis=0))
        partner = dict.fromkeys(self.factors, "")
        scored = [f for f, yes in zip(self.factors, self.scored, strict=True) if yes]
        if scored:
            rows, columns = linear_sum_assignment(-similarity[:, speaking])
            for i, j in zip(rows, columns, strict=True):
                partner[scored[i]] = self.viewpoints.codes[speaking[j]]
        return partner

    @cached_property
    def similarity(self) -> pd.DataFrame:
        """Every factor with every viewpoint, one row each.

        Columns: ``factor, viewpoint, name, n_stated`` (claims that it states and
        that have tagged statements; statements with arrays), ``similarity, low,
        high, p_value`` (of this comparison alone), ``p_adjusted`` (corrected for
        all), ``attainable_p`` (the smallest that any sorts could reach) and
        ``attainable_adjusted`` (the corrected p, were this one fit the highest that
        the factor's scores allow and all other fits as they are).
        """
        return self._comparisons(single=True)

    @cached_property
    def mixtures(self) -> pd.DataFrame:
        """Every factor with every pair of viewpoints; columns as in :attr:`similarity`.

        Claims on which the two take opposite sides cancel out; where they take the
        same side, the claim counts twice.
        """
        return self._comparisons(single=False)

    def _comparisons(self, *, single: bool) -> pd.DataFrame:
        q = self._question
        rows = []
        for factor, i in zip(self.factors, self._rows, strict=True):
            for j, members in enumerate(q.candidates):
                if (len(members) == 1) != single:
                    continue
                numbers = (
                    dict.fromkeys(_NUMBERS, math.nan)
                    if i == _MISSING
                    else self._row_of_numbers(i, j)
                )
                words = (factor, self._named(members), self._full_name(members))
                stated = int(np.isfinite(q.stances[q.used][:, members]).any(axis=1).sum())
                head = dict(zip(("factor", "viewpoint", "name"), words, strict=True))
                rows.append({**head, "n_stated": stated, **numbers})
        return pd.DataFrame(rows, columns=["factor", "viewpoint", "name", "n_stated", *_NUMBERS])

    @cached_property
    def unmatched(self) -> pd.DataFrame:
        """Factors without a viewpoint, and viewpoints without a factor.

        Columns: ``kind`` (factor, viewpoint), ``label, name, closest`` (the viewpoint
        or the factor with the highest similarity), ``similarity, p_adjusted, why``.
        A viewpoint that takes part in a mixture is not unmatched.
        """
        table, v = self.assignment, len(self.viewpoints.codes)
        rows: list[tuple[Any, ...]] = []
        for row in table[table["viewpoint"] == ""].to_dict("records"):
            place = (row["similarity"], row["p_adjusted"], row["why"])
            rows.append(("factor", row["factor"], "", row["closest"], *place))
        taken = {j for said in self._answers for j in said.viewpoint}
        scored = [f for f, yes in zip(self.factors, self.scored, strict=True) if yes]
        for j in range(v):
            if j in taken:
                continue
            rows.append(("viewpoint", *self._lonely(j, scored)))
        columns = ["kind", "label", "name", "closest", "similarity", "p_adjusted", "why"]
        return pd.DataFrame(rows, columns=columns)

    def _lonely(self, j: int, scored: Sequence[str]) -> tuple[Any, ...]:
        names = (self.viewpoints.codes[j], self.viewpoints.names[j])
        similarity = self._numbers.similarity[:, j]
        if not len(scored) or not np.isfinite(similarity).all():
            why = "no claim that it states has tagged statements" if len(scored) else "no factor"
            return (*names, "", math.nan, math.nan, why)
        i = int(similarity.argmax())
        adjusted = float(self._numbers.adjusted[i, j])
        why = "no factor resembles it clearly enough"
        if adjusted <= self.level and similarity[i] >= self.min_similarity:
            why = "the factor closest to it fits another candidate better"
        return (*names, scored[i], float(similarity[i]), adjusted, why)

    @cached_property
    def claims(self) -> pd.DataFrame:
        """Which claims carry a similarity and which speak against it.

        One row a factor, viewpoint and claim that it states: ``factor, viewpoint,
        claim, label, stance`` (1 holds, -1 rejects), ``n_statements, score`` (mean
        z-score of the claim's statements, turned so that a high score affirms the
        claim, weighted by the strength of the tags), ``aligned`` (score times
        stance), ``low, high`` (95 per cent, from the standard error of z-scores) and
        ``part``: *carries* when the interval lies above 0, *speaks against* when it
        lies below, else *open*. Empty with published arrays.
        """
        rows: list[dict[str, Any]] = []
        if self.basis == "claims":
            for factor, i in zip(self.factors, self._rows, strict=True):
                if i != _MISSING:
                    for j in range(len(self.viewpoints.codes)):
                        rows += self._claim_rows(factor, i, j)
        return pd.DataFrame(rows, columns=_CLAIM_COLUMNS)

    def _claim_rows(self, factor: str, i: int, j: int) -> list[dict[str, Any]]:
        q, views = self._question, self.viewpoints
        scores, errors = self._claim_scores
        rows = []
        for c in np.flatnonzero(q.used & np.isfinite(q.stances[:, j])).tolist():
            stance = int(q.stances[c, j])
            aligned, margin = stance * float(scores[c, i]), Z95 * float(errors[c, i])
            values = (
                *(factor, views.codes[j], views.claims[c], views.labels[c], stance),
                *(int((q.weights[:, c] != 0).sum()), float(scores[c, i]), aligned),
                *(aligned - margin, aligned + margin, _part(aligned, margin)),
            )
            rows.append(dict(zip(_CLAIM_COLUMNS, values, strict=True)))
        return rows

    @cached_property
    def _claim_scores(self) -> tuple[Floats, Floats]:
        """Mean aligned z-score of every claim, and its standard error: claims x factors."""
        q = self._question
        total = np.abs(q.weights).sum(axis=0)
        weights = q.weights / np.where(total > 0, total, np.nan)
        spread = np.sqrt(((weights - weights.mean(axis=0)) ** 2).sum(axis=0))
        return weights.T @ q.z, spread[:, None] * q.errors

    def _parts(self, i: int, members: Sequence[int]) -> list[str]:
        """What each claim of a viewpoint, or of a mixture, does; those that cancel left out."""
        if self.basis == "arrays":
            return []
        q = self._question
        scores, errors = self._claim_scores
        stance = np.nan_to_num(q.stances[:, list(members)], nan=0.0).sum(axis=1)
        return [
            _part(math.copysign(1, stance[c]) * float(scores[c, i]), Z95 * float(errors[c, i]))
            for c in np.flatnonzero(q.used & (stance != 0)).tolist()
        ]

    def statements(self, factor: str, viewpoint: str) -> pd.DataFrame:
        """The statements behind one comparison, those that carry it first.

        Parameters
        ----------
        factor, viewpoint : str
            A factor with scores, and a code.

        Returns
        -------
        DataFrame
            ``statement, text, claim, stance, tag`` (direction times strength, mean of
            the taggers), ``z_score, aligned`` (stance times the sign of the tag times
            z). With arrays: ``statement, text, array, z_score``.

        Raises
        ------
        DataError
            For an unknown factor or viewpoint, or a factor without scores.
        """
        i, j = self._place(factor, viewpoint)
        analysis, q = self.analysis, self._question
        if self.basis == "arrays":
            return self._array_rows(i, j)
        rows = []
        for c in np.flatnonzero(q.used & np.isfinite(q.stances[:, j])).tolist():
            for s in np.flatnonzero(q.weights[:, c]).tolist():
                tag, z, stance = float(q.weights[s, c]), float(q.z[s, i]), int(q.stances[c, j])
                label = (analysis.sorts.statements[s], analysis.texts[s], self.viewpoints.claims[c])
                rows.append((*label, stance, tag, z, stance * math.copysign(z, tag * z)))
        columns = ["statement", "text", "claim", "stance", "tag", "z_score", "aligned"]
        frame = pd.DataFrame(rows, columns=columns)
        return frame.sort_values("aligned", ascending=False, kind="stable", ignore_index=True)

    def _array_rows(self, i: int, j: int) -> pd.DataFrame:
        q, sorts, texts = self._question, self.analysis.sorts, self.analysis.texts
        return pd.DataFrame(
            {
                "statement": [sorts.statements[s] for s in q.rows],
                "text": [texts[s] for s in q.rows],
                "array": q.stances[:, j],
                "z_score": q.z[:, i],
            }
        )

    def _place(self, factor: str, viewpoint: str) -> tuple[int, int]:
        if factor not in self.factors or viewpoint not in self.viewpoints.codes:
            raise DataError(
                f"There is no factor {factor!r} or no viewpoint {viewpoint!r}.",
                remedy=f"There are {', '.join((*self.factors, *self.viewpoints.codes))}.",
            )
        i = self._rows[self.factors.index(factor)]
        if i == _MISSING:
            raise DataError(f"{factor} has no scores, because no sort is flagged on it.")
        return i, self.viewpoints.codes.index(viewpoint)

    def carrying(self, factor: str) -> pd.DataFrame:
        """The claims that carry a factor's similarity with its viewpoint, or its closest.

        Rows of :attr:`claims`, the clearest first. Of a mixture, claims on which its two
        viewpoints take opposite sides are left out.

        Raises
        ------
        DataError
            For an unknown factor.
        """
        return self._claims_of(factor, "carries")

    def against(self, factor: str) -> pd.DataFrame:
        """The claims that speak against a factor's similarity with its viewpoint, or its closest.

        Rows of :attr:`claims`, the clearest first. Of a mixture, claims on which its two
        viewpoints take opposite sides are left out.

        Raises
        ------
        DataError
            For an unknown factor.
        """
        return self._claims_of(factor, "speaks against")

    def shown(self, factor: str) -> tuple[str, ...]:
        """Codes of the viewpoints in a factor's answer, or of its closest one.

        Raises
        ------
        DataError
            For an unknown factor.
        """
        if factor not in self.factors:
            raise DataError(
                f"There is no factor {factor!r}.", remedy=f"There are {', '.join(self.factors)}."
            )
        row = self.assignment.iloc[self.factors.index(factor)]
        named = str(row["viewpoint"] or row["closest"])
        return tuple(named.split(" + ")) if named else ()

    def _claims_of(self, factor: str, part: str) -> pd.DataFrame:
        own = self.claims
        own = own[(own["factor"] == factor) & own["viewpoint"].isin(self.shown(factor))]
        both_sides = own.groupby("claim")["stance"].transform("nunique") > 1
        rows = own[(own["part"] == part) & ~both_sides]
        clear = rows["aligned"].abs().sort_values(ascending=False, kind="stable").index
        return rows.loc[clear].reset_index(drop=True)

    @cached_property
    def coverage(self) -> pd.DataFrame:
        """How well the Q set covers each claim, one row a claim.

        Columns: ``claim, label, n_statements, affirming, denying`` (statements by
        the mean direction of their tags), ``stated_by`` (number of viewpoints) and
        ``used``: stated by a viewpoint and tagged, and so part of the permutations.
        Empty with published arrays.
        """
        columns = ["claim", "label", "n_statements", "affirming", "denying", "stated_by", "used"]
        if self.basis == "arrays":
            return pd.DataFrame(columns=columns)
        q, views = self._question, self.viewpoints
        counts = [(q.weights != 0), (q.weights > 0), (q.weights < 0)]
        parts = [list(views.claims), list(views.labels), *(c.sum(axis=0) for c in counts)]
        parts += [np.isfinite(q.stances).sum(axis=1), q.used]
        return pd.DataFrame(dict(zip(columns, parts, strict=True)))

    @cached_property
    def sensitivity(self) -> pd.DataFrame:
        """Whether the answers stand with other tags: one tagger at a time, one claim left out.

        One row a variant and factor: ``variant`` (``tagger ...``, ``without ...``),
        ``factor, answer, viewpoint, similarity, p_adjusted`` (of the variant; similarity
        and p of the viewpoint in its answer, else of the closest) and ``same``: the
        answer and the viewpoint are those of the whole. Leaving out a claim also
        leaves fewer arrangements, so a match can be lost for want of a small p.
        Empty with published arrays.
        """
        columns = ["variant", "factor", "answer", "viewpoint", "similarity", "p_adjusted", "same"]
        parts = [self._variant_rows(*variant) for variant in self._variants()]
        rows = [row for part in parts for row in part]
        return pd.DataFrame(rows, columns=columns)

    def _variants(self) -> list[tuple[str, Question]]:
        q, tagging = self._question, self.tagging
        if tagging is None:
            return []
        found = []
        if len(tagging.taggers) > 1:
            for who in tagging.taggers:
                weights = _weights(tagging.only(who), self.analysis, self.viewpoints)
                found.append((f"tagger {who}", replace(q, weights=weights)))
        for c in np.flatnonzero(q.used).tolist():
            stances = q.stances.copy()
            stances[c] = np.nan
            found.append((f"without {self.viewpoints.claims[c]}", replace(q, stances=stances)))
        return [(name, question) for name, question in found if question.used.sum() >= 3]

    def _variant_rows(self, name: str, question: Question) -> list[tuple[Any, ...]]:
        numbers = compare(question)
        found = answers(question, numbers)
        rows = []
        for factor, i in zip(self.factors, self._rows, strict=True):
            if i == _MISSING:
                continue
            said, whole = found[i], self._answers[i]
            same = (said.answer, said.viewpoint) == (whole.answer, whole.viewpoint)
            figures = (numbers.similarity[i, said.column], numbers.adjusted[i, said.column])
            viewpoint = self._named(said.viewpoint)
            rows.append((name, factor, said.answer, viewpoint, *map(float, figures), same))
        return rows

    @cached_property
    def stability(self) -> pd.DataFrame:
        """In how many variants of :attr:`sensitivity` a factor keeps its answer.

        Columns: ``factor, tagger_variants, tagger_same, claim_variants, claim_same,
        changed_without`` (the claims without which the answer is another one).
        """
        table = self.sensitivity
        rows = []
        for factor in self.factors:
            own = table[table["factor"] == factor]
            taggers = own[own["variant"].str.startswith("tagger ")]
            claims = own[own["variant"].str.startswith("without ")]
            lost = claims.loc[~claims["same"].astype(bool), "variant"].str.removeprefix("without ")
            counts = [len(taggers), int(taggers["same"].sum())]
            counts += [len(claims), int(claims["same"].sum())]
            rows.append((factor, *counts, ", ".join(lost)))
        columns = ["factor", "tagger_variants", "tagger_same", "claim_variants", "claim_same"]
        return pd.DataFrame(rows, columns=[*columns, "changed_without"])

    def tables(self, kind: Literal["pandas", "polars", "pyarrow"] = "pandas") -> dict[str, Any]:
        """All tables by name, as the kind of frame asked for."""
        return {name: as_kind(getattr(self, name), kind) for name in TABLES}

    # Views

    def summary(self) -> str:
        """The match in plain words, factor by factor."""
        from dmpkit.qmethod import matching_views

        return matching_views.summary(self)

    def methods_text(self) -> str:
        """A methods paragraph that states every choice made, ready to edit."""
        from dmpkit.qmethod import matching_views

        return matching_views.methods_text(self)

    def _repr_html_(self) -> str:
        from dmpkit.qmethod import matching_views

        return matching_views.repr_html(self)

    def indicators(self) -> tuple[Indicator, ...]:
        """Similarity of each factor with the viewpoint in its answer, or its closest."""
        from dmpkit.qmethod import matching_views

        return matching_views.indicators(self)

    def section(self) -> Section:
        """The match as a section of a report, with pictures."""
        from dmpkit.qmethod import matching_views

        return matching_views.section(self)

    def report(self, path: str | PathLike[str]) -> Path:
        """Write a complete HTML page about the match."""
        from dmpkit.qmethod import matching_views

        return matching_views.report(self, path)

    def to_excel(self, path: str | PathLike[str]) -> Path:
        """Write a workbook with one sheet a table."""
        from dmpkit.qmethod import matching_views

        return matching_views.to_excel(self, path)

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Draw the similarities of every factor with every viewpoint."""
        from dmpkit.qmethod import matching_views

        return matching_views.plot_similarity(self, ax=ax)

    def plot_claims(
        self, factor: str, viewpoint: str | None = None, *, ax: Axes | None = None
    ) -> Axes:
        """Draw which claims carry a similarity and which speak against it."""
        from dmpkit.qmethod import matching_views

        return matching_views.plot_claims(self, factor, viewpoint, ax=ax)


TABLES = (
    "assignment",
    "similarity",
    "mixtures",
    "unmatched",
    "claims",
    "coverage",
    "sensitivity",
    "stability",
)


def _part(aligned: float, margin: float) -> str:
    if aligned - margin > 0:
        return "carries"
    return "speaks against" if aligned + margin < 0 else "open"
