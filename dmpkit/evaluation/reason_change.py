r"""Did the reason index change between two stages? The swap test, and the customary ones.

The swap test asks how large a change the labels *before* and *after* alone can make:
within each person, the whole profile of answers is swapped between the stages or not, and
the change is computed anew. It holds its level whatever pairs have in common, where
whole profiles are exchangeable (a person would have answered the same way at either
stage). With two profiles a person, the change is linear in the swaps: with
:math:`t_i = 1` for who is not swapped and :math:`-1` for who is, it is
:math:`\sum_i t_i w_i`, where :math:`w_i` is half of the sum over all others :math:`j` of
:math:`A_{ij} - B_{ij} + M_{ij} - M_{ji}`: the terms of the pair after, before, and of one
after with the other before. So one matrix is computed once and the test counts sign
patterns, which for up to forty people is done for all of them.

The customary tests compare the individual values of the two stages as if they were
independent between people. They are not: each pair enters the values of both its people.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dmpkit.arguments import check_settings
from dmpkit.errors import (
    DataError,
    ReasonDataWarning,
    ReasonTestWarning,
    SmallSampleWarning,
    warn,
)
from dmpkit.evaluation.reason import reason_index
from dmpkit.evaluation.reason_data import (
    ReasonSurvey,
    checked_count,
    left_out_words,
    matched_surveys,
    row_spearman,
)
from dmpkit.evaluation.reason_steps import LAMBDA, TIES, pair_terms
from dmpkit.evaluation.reason_views import ReasonChange
from dmpkit.resampling import drawn_seed, p_value

__all__ = ["SwapTest", "compare_reason_index", "customary_p", "swap_test"]

Floats = NDArray[np.float64]
Alternative = Literal["two-sided", "greater", "less"]
Test = Literal["swap", "paired t", "wilcoxon"]

#: Up to so many people (or small groups) all patterns of swaps are counted.
EXACT_UNITS = 40
#: The same where pairs without a correlation make the change no longer linear.
EXACT_WITH_GAPS = 14
#: With fewer small groups no swap by table can reach 5 % in a two-sided test.
FEW_TABLES = 6


@dataclass(frozen=True)
class SwapTest:
    """Result of :func:`swap_test`: p-value, number of patterns, and the spread under swaps."""

    change: float
    p_value: float
    n_swaps: int
    exact: bool
    null_sd: float
    seed: int | None


def swap_test(
    before: ReasonSurvey,
    after: ReasonSurvey,
    *,
    adjusted: bool = False,
    alternative: Alternative = "two-sided",
    table: Sequence[object] | None = None,
    n_permutations: int = 10_000,
    seed: int | None = None,
) -> SwapTest:
    """Test the change of the index by swapping whole profiles between the stages.

    Parameters
    ----------
    before, after : ReasonSurvey
        The same people in the same order, all usable in both stages.
    adjusted : bool
        Form of the index.
    alternative : {"two-sided", "greater", "less"}
        ``"greater"``: the index rose.
    table : sequence, optional
        Small group of each person; the profiles of a small group are swapped together.
    n_permutations : int
        Random patterns where there are too many to count all.
    seed : int, optional
        Of the random patterns.

    Returns
    -------
    SwapTest

    Examples
    --------
    >>> rng = np.random.default_rng(3)
    >>> one, two = (ReasonSurvey(rng.random((7, 6)), rng.random((7, 5))) for _ in range(2))
    >>> made = swap_test(one, two)
    >>> made.n_swaps, made.exact
    (128, True)
    """
    check_settings(swap_test, locals())
    n = before.n_people
    members = _membership(table, n)
    terms = stacked_terms(before, after, adjusted)
    scale = 2.0 / LAMBDA
    if _has_gaps(terms, n):
        made = _with_gaps(terms, members, alternative, n_permutations, seed)
    else:
        made = linear_swap_test(swap_weights(terms) @ members, alternative, n_permutations, seed)
    return SwapTest(scale * made.change, made.p_value, made.n_swaps, made.exact,
                    scale * made.null_sd, made.seed)  # fmt: skip


def stacked_terms(before: ReasonSurvey, after: ReasonSurvey, adjusted: bool) -> Floats:
    """Pair terms among all profiles, those before first."""
    c = row_spearman(np.vstack([before.considerations, after.considerations]))
    p = row_spearman(np.vstack([before.preferences, after.preferences]))
    return pair_terms(c, p, adjusted=adjusted)


def _has_gaps(terms: Floats, n: int) -> bool:
    missing = np.isnan(terms)
    np.fill_diagonal(missing, False)
    np.fill_diagonal(missing[:n, n:], False)  # a person's two profiles are never a pair
    np.fill_diagonal(missing[n:, :n], False)
    return bool(missing.any())


def swap_weights(terms: Floats) -> Floats:
    """What each person's swap takes from the mean term of the change, twice over.

    Parameters
    ----------
    terms : array of shape (2 people, 2 people)
        Pair terms among all profiles, those before first.

    Returns
    -------
    array of shape (people,)
        Its sum is the change of the mean term; swapping a person turns her sign.

    Examples
    --------
    >>> terms = np.array([[1, .2, 1, .3], [.2, 1, .4, 1], [1, .4, 1, .9], [.3, 1, .9, 1]])
    >>> swap_weights(terms).round(3).tolist()
    [0.4, 0.3]
    """
    n = len(terms) // 2
    before, after, mixed = terms[:n, :n], terms[n:, n:], terms[n:, :n]
    each = after - before + mixed - mixed.T
    np.fill_diagonal(each, 0.0)
    return np.asarray(each.sum(axis=1) / (n * (n - 1)))


def _membership(table: Sequence[object] | None, n: int) -> Floats:
    """People × units that are swapped together."""
    if table is None:
        return np.eye(n)
    codes, units = pd.factorize(np.array([str(label) for label in table], dtype=object))
    return np.eye(len(units))[codes]


def linear_swap_test(
    weights: Floats, alternative: Alternative, n_permutations: int, seed: int | None
) -> SwapTest:
    """The swap test from the weights of people (or of small groups), on the mean term.

    Examples
    --------
    >>> made = linear_swap_test(np.array([0.4, 0.3]), "two-sided", 100, None)
    >>> made.p_value, made.n_swaps
    (0.5, 4)
    """
    change, sd = float(weights.sum()), float(np.sqrt((weights**2).sum()))
    if len(weights) <= EXACT_UNITS:
        share = _exact_share(weights, change, alternative)
        return SwapTest(change, share, 2 ** len(weights), True, sd, None)
    seed = drawn_seed(seed)
    rng = np.random.default_rng(seed)
    sums = []
    for start in range(0, n_permutations, 2000):
        size = min(2000, n_permutations - start)
        sums.append((rng.integers(0, 2, (size, len(weights))) * 2.0 - 1.0) @ weights)
    b = int(_as_extreme(np.concatenate(sums), change, alternative).sum())
    return SwapTest(change, p_value(b, n_permutations), n_permutations, False, sd, seed)


def _exact_share(weights: Floats, change: float, alternative: Alternative) -> float:
    """Share of all sign patterns whose sum is as extreme; halves are summed and sorted."""
    half = len(weights) // 2
    one, two = np.sort(_signed_sums(weights[:half])), np.sort(_signed_sums(weights[half:]))
    wanted = {"greater": change, "less": -change, "two-sided": abs(change)}[alternative]
    if alternative == "two-sided" and wanted <= TIES:
        return 1.0
    # the sums are symmetric about 0, so that the lower tail is counted as the upper one
    n_reached = (len(two) - np.searchsorted(two, wanted - TIES - one, side="left")).sum()
    share = float(n_reached) / (float(len(one)) * len(two))
    return 2 * share if alternative == "two-sided" else share


def _signed_sums(weights: Floats) -> Floats:
    sums = np.zeros(1)
    for weight in weights:
        sums = np.concatenate([sums - weight, sums + weight])
    return sums


def _as_extreme(values: Floats, change: float, alternative: Alternative) -> NDArray[np.bool_]:
    if alternative == "greater":
        return np.asarray(values >= change - TIES)
    if alternative == "less":
        return np.asarray(values <= change + TIES)
    return np.asarray(np.abs(values) >= abs(change) - TIES)


def _with_gaps(
    terms: Floats, members: Floats, alternative: Alternative, n_permutations: int, seed: int | None
) -> SwapTest:
    """Pairs without a correlation: their number differs by pattern, so all is summed anew."""
    n, units = members.shape
    there = ~np.isnan(terms)
    for part in (there, there[:n, n:], there[n:, :n]):
        np.fill_diagonal(part, False)
    f = np.where(there, terms, 0.0)
    np.fill_diagonal(f, 0.0)
    exact = units <= EXACT_WITH_GAPS
    if exact:
        swaps = np.array(list(itertools.product((0.0, 1.0), repeat=units)))
        used = None
    else:
        used = drawn_seed(seed)
        swaps = np.random.default_rng(used).integers(0, 2, (n_permutations, units)) * 1.0
    values = []
    for start in range(0, len(swaps), 1000):
        swapped = swaps[start : start + 1000] @ members.T
        ends = []
        for chosen in (np.hstack([1 - swapped, swapped]), np.hstack([swapped, 1 - swapped])):
            ends.append(
                ((chosen @ f) * chosen).sum(axis=1) / ((chosen @ there) * chosen).sum(axis=1)
            )
        values.append(ends[1] - ends[0])
    sums = np.concatenate(values)
    own = np.hstack([np.ones(n), np.zeros(n)])
    change = (own[::-1] @ f @ own[::-1]) / (own[::-1] @ there @ own[::-1]) - (own @ f @ own) / (
        own @ there @ own
    )
    b = int(_as_extreme(sums, float(change), alternative).sum())
    p = b / len(sums) if exact else p_value(b, len(sums))
    return SwapTest(float(change), p, len(sums), exact, float(sums.std()), used)


def customary_p(
    before: Floats, after: Floats, *, test: Test, alternative: Alternative = "two-sided"
) -> float:
    """Paired test of individual values, as it is customarily done.

    Wilcoxon's test is exact up to 49 people without ties or zeros and uses the normal
    approximation with continuity correction otherwise, as R's ``wilcox.test`` does.

    Parameters
    ----------
    before, after : array
        Individual values of the same people.
    test : {"paired t", "wilcoxon"}
    alternative : {"two-sided", "greater", "less"}

    Returns
    -------
    float
        1 where no value changed at all.

    Examples
    --------
    >>> round(customary_p([0.1, 0.2, 0.3], [0.2, 0.4, 0.6], test="wilcoxon"), 3)
    0.25
    """
    from scipy import stats

    difference = np.asarray(after, dtype=np.float64) - np.asarray(before, dtype=np.float64)
    if not np.any(difference):
        return 1.0
    if test == "paired t":
        if np.ptp(difference) == 0 or len(difference) < 2:
            return math.nan
        return float(stats.ttest_1samp(difference, 0.0, alternative=alternative).pvalue)
    size = np.abs(difference)
    tied = (size == 0).any() or len(np.unique(size)) < len(size)
    exact = len(size) < 50 and not tied
    return float(
        stats.wilcoxon(
            difference,
            alternative=alternative,
            correction=not exact,
            method="exact" if exact else "asymptotic",
        ).pvalue
    )


def compare_reason_index(
    before: ReasonSurvey,
    after: ReasonSurvey,
    *,
    alternative: Alternative = "two-sided",
    adjusted: bool = False,
    test: Test = "swap",
    table: Mapping[Any, object] | Sequence[object] | None = None,
    n_permutations: int = 10_000,
    seed: int | None = None,
) -> ReasonChange:
    """The reason index of two stages, its change, and whether the change is more than chance.

    Parameters
    ----------
    before, after : ReasonSurvey
        People are matched by label; only those who can be used in both stages count, and
        the others are named in a warning.
    alternative : {"two-sided", "greater", "less"}
        ``"greater"``: the index rose.
    adjusted : bool
        Form of the index.
    test : {"swap", "paired t", "wilcoxon"}
        The swap test, or on request a customary test of individual values, which warns.
    table : sequence or mapping, optional
        Small group of each person of `before`, or of each label. Profiles of a small
        group are then swapped together, because its people influenced each other.
    n_permutations : int
        Random patterns of swaps where there are more than forty people or small groups;
        all patterns are counted otherwise.
    seed : int, optional
        Of the random patterns.

    Returns
    -------
    ReasonChange

    Raises
    ------
    DataError
        Stages that do not fit together, or an unknown test or alternative.

    Warns
    -----
    ReasonDataWarning
        When people are left out.
    ReasonTestWarning
        When a customary test is asked for.
    SmallSampleWarning
        When there are so few small groups that the test cannot reach 5 %.

    Examples
    --------
    >>> rng = np.random.default_rng(3)
    >>> one, two = (ReasonSurvey(rng.random((7, 6)), rng.random((7, 5))) for _ in range(2))
    >>> made = compare_reason_index(one, two)
    >>> bool(np.isclose(made.change, made.after.value - made.before.value)), made.test
    (True, 'swap')
    """
    check_settings(compare_reason_index, locals())
    n_permutations = checked_count(n_permutations, "n_permutations", least=1, usual=10_000)
    groups = _tables_of(before, table)
    one, two, left_out = matched_surveys(before, after)
    lacking = [] if groups is None else [who for who in one.people if who not in groups]
    if lacking:
        raise DataError(f"The person {lacking[0]!r} has no small group.")
    if len(left_out):
        warn(f"Left out of the change: {left_out_words(left_out)}.", ReasonDataWarning)
    tables = None if groups is None else tuple(groups[person] for person in one.people)
    if tables is not None and test == "swap" and len(set(tables)) < FEW_TABLES:
        warn(
            f"There are {len(set(tables))} small groups; swapping them together, the two-sided "
            f"p-value cannot be below {2 ** (1 - len(set(tables))):.3f}.",
            SmallSampleWarning,
        )
    swaps = swap_test(one, two, adjusted=adjusted, alternative=alternative, table=tables,
                      n_permutations=n_permutations, seed=seed)  # fmt: skip
    first, second = reason_index(one, adjusted=adjusted), reason_index(two, adjusted=adjusted)
    p = swaps.p_value
    if test != "swap":
        warn(
            "The paired test of individual values treats them as independent, but each pair of "
            "people enters the values of both: it rejects far too often (in simulations about "
            "one time in four at a nominal 5 %). Use test='swap'.",
            ReasonTestWarning,
        )
        p = customary_p(first.person_values, second.person_values, test=test,
                        alternative=alternative)  # fmt: skip
    return ReasonChange(first, second, test, alternative, p, swaps, tables, left_out)


def _tables_of(
    survey: ReasonSurvey, table: Mapping[Any, object] | Sequence[object] | None
) -> dict[str, str] | None:
    """Small group of each person, by label."""
    if table is None:
        return None
    if isinstance(table, Mapping):
        named = {str(person).strip(): str(group) for person, group in table.items()}
    else:
        labels = [str(group) for group in table]
        if len(labels) != survey.n_people:
            raise DataError(
                f"There are {len(labels)} labels of small groups for {survey.n_people} people.",
                remedy="Give one for each person of the first stage, in the same order.",
            )
        named = dict(zip(survey.people, labels, strict=True))
    return named
