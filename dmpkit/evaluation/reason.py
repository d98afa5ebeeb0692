"""The Deliberative Reason Index of one stage: value, chance level, p-value, sub-groups.

The index asks whether people who think alike about a matter also want the same done
(Niemeyer, Veri, Dryzek and Bächtiger 2024). Its value for a group that reasons no better
than chance is not 0, so the exact chance level stands beside it. The formulae are in
:mod:`dmpkit.evaluation.reason_steps`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from dmpkit.arguments import check_settings
from dmpkit.errors import DataError, ReasonDataWarning, SmallCellWarning, warn
from dmpkit.evaluation.reason_data import ReasonSurvey, checked_count
from dmpkit.evaluation.reason_steps import (
    ROOT,
    THRESHOLD,
    ChanceTerms,
    index_of,
    pair_terms,
    permuted_indices,
    upper_pairs,
)
from dmpkit.evaluation.reason_views import ReasonGroups, ReasonIndex
from dmpkit.resampling import drawn_seed

__all__ = ["consistency_pairs", "reason_chance_level", "reason_index", "sub_groups"]

#: Groups with fewer people are flagged: a person's own answers could be guessed.
SMALL_GROUP = 5


def consistency_pairs(survey: ReasonSurvey) -> pd.DataFrame:
    """The pairs of people from which the index is made.

    Parameters
    ----------
    survey : ReasonSurvey
        One stage.

    Returns
    -------
    DataFrame
        ``person_1, person_2, considerations, preferences`` (Spearman correlations),
        ``distance`` (from the diagonal, |c - p|/√2) and ``weight`` (of the adjusted form).
        Pairs without both correlations are not in it.

    Examples
    --------
    >>> survey = ReasonSurvey([[1, 2, 3], [1, 3, 2]], [[1, 2, 3], [3, 2, 1]], ["a", "b"])
    >>> consistency_pairs(survey)[["considerations", "preferences"]].round(2).values.tolist()
    [[0.5, -1.0]]
    """
    c, p = survey.correlations
    i, j = upper_pairs(c, p)
    c, p = c[i, j], p[i, j]
    names = np.array(survey.people, dtype=object)
    return pd.DataFrame(
        {
            "person_1": names[i],
            "person_2": names[j],
            "considerations": c,
            "preferences": p,
            "distance": np.abs(c - p) / ROOT,
            "weight": np.minimum(1.0, np.maximum(np.abs(c), np.abs(p)) / THRESHOLD),
        }
    )


def reason_chance_level(survey: ReasonSurvey, *, adjusted: bool = False) -> float:
    """The index to expect when preferences have nothing to do with considerations.

    The exact mean over all ways to deal the group's preferences out anew among its
    people: the formula of the index over all pairs × all pairs. Where some pairs have no
    correlation, it is the mean over the pairs that have one.

    Parameters
    ----------
    survey : ReasonSurvey
        One stage.
    adjusted : bool
        Form of the index.

    Returns
    -------
    float

    Raises
    ------
    DataError
        When no pair of people has both correlations.

    Examples
    --------
    >>> same = [[1, 2, 3], [1, 2, 3], [1, 2, 3]]
    >>> reason_chance_level(ReasonSurvey(same, same))
    1.0
    """
    check_settings(reason_chance_level, locals())
    return reason_index(survey, adjusted=adjusted).chance_level


def reason_index(
    survey: ReasonSurvey,
    *,
    adjusted: bool = False,
    n_permutations: int = 0,
    seed: int | None = None,
    n_jobs: int = 1,
    progress: bool = True,
) -> ReasonIndex:
    r"""Deliberative Reason Index of a group and of its members at one stage.

    With :math:`d = |c - p|/\sqrt 2` for each pair of people, where :math:`c` and
    :math:`p` are the Spearman correlations of their considerations and preferences, it is
    :math:`1 - 2\bar d/\lambda` with :math:`\lambda = \sqrt 2/2` (Niemeyer, Veri, Dryzek and
    Bächtiger 2024). The adjusted form counts less what pairs add whose correlations are
    both below 0.2 (Veri 2026). The best value is 1; the formula's floor is -3.

    Parameters
    ----------
    survey : ReasonSurvey
        One stage.
    adjusted : bool
        The adjusted form.
    n_permutations : int
        Random re-pairings of considerations and preferences for the p-value; 0 for
        none. With eight people or fewer all re-pairings are gone through instead.
    seed : int, optional
        Of the random numbers; the same for any `n_jobs`.
    n_jobs : int
        Workers.
    progress : bool
        Show a progress bar where it takes long.

    Returns
    -------
    ReasonIndex

    Raises
    ------
    DataError
        When no pair of people has both correlations, or an option is unknown.

    Warns
    -----
    ReasonDataWarning
        When people or pairs are left out because a correlation is undefined.

    Examples
    --------
    >>> survey = ReasonSurvey([[1, 2, 3, 4], [1, 2, 4, 3], [4, 3, 2, 1]],
    ...                       [[1, 2, 3], [1, 2, 3], [3, 2, 1]])
    >>> made = reason_index(survey)
    >>> round(made.value, 3), round(made.chance_level, 3)
    (0.733, -0.778)
    """
    check_settings(reason_index, locals())
    if not isinstance(survey, ReasonSurvey):
        raise DataError(
            f"The survey is a {type(survey).__name__}.",
            remedy="Make a ReasonSurvey, for instance with ReasonSurvey.from_frame.",
        )
    n_permutations = checked_count(n_permutations, "n_permutations", least=0, usual=10_000)
    survey.warn_left_out()
    c, p = survey.correlations
    i, j = upper_pairs(c, p)
    if not i.size:
        raise DataError(
            "No pair of people has correlations over both considerations and preferences.",
            remedy="Look at .left_out of the survey.",
        )
    used = int(survey.used.sum())
    if lost := used * (used - 1) // 2 - i.size:
        warn(
            f"{lost} of {used * (used - 1) // 2} pairs are left out: the two have fewer than "
            "three answered items in common, or one gave the same answer to all of those.",
            ReasonDataWarning,
        )
    terms = pair_terms(c[i, j], p[i, j], adjusted=adjusted)
    chance = ChanceTerms.of(c[i, j], p[i, j], adjusted=adjusted).mean()
    permuted, exact, used_seed = None, False, None
    if n_permutations:
        used_seed = drawn_seed(seed)
        keep = np.flatnonzero(survey.used)
        permuted, exact = permuted_indices(
            c[np.ix_(keep, keep)], p[np.ix_(keep, keep)], adjusted=adjusted,
            n_permutations=n_permutations, seed=used_seed, n_jobs=n_jobs, progress=progress,
        )  # fmt: skip
    return ReasonIndex(survey, bool(adjusted), float(index_of(terms.mean())),
                       float(index_of(chance)), permuted, exact, used_seed)  # fmt: skip


def sub_groups(
    survey: ReasonSurvey,
    labels: Mapping[Any, object] | Sequence[object],
    *,
    adjusted: bool = False,
) -> ReasonGroups:
    """The index within and between groups of people.

    Parameters
    ----------
    survey : ReasonSurvey
        One stage.
    labels : sequence or mapping
        Group of each person, in the order of the survey or by label of the person.
    adjusted : bool
        Form of the index.

    Returns
    -------
    ReasonGroups

    Raises
    ------
    DataError
        Labels that do not fit the people, or a single group.

    Warns
    -----
    SmallCellWarning
        When a group has fewer than five people.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> survey = ReasonSurvey(rng.random((12, 6)), rng.random((12, 5)))
    >>> sub_groups(survey, ["east"] * 6 + ["west"] * 6).table["pairs"].tolist()
    ['within east', 'within west', 'between east and west']
    """
    check_settings(sub_groups, locals())
    if isinstance(labels, Mapping):
        named = {str(person).strip(): str(group) for person, group in labels.items()}
        lacking = [person for person in survey.people if person not in named]
        if lacking:
            raise DataError(f"The person {lacking[0]!r} has no group.")
        groups = [named[person] for person in survey.people]
    else:
        groups = [str(group) for group in labels]
    if len(groups) != survey.n_people:
        raise DataError(f"There are {len(groups)} labels for {survey.n_people} people.")
    if len(set(groups)) < 2:
        raise DataError("All people are in one group.", remedy="Use reason_index.")
    survey.warn_left_out()
    sizes = pd.Series(groups).value_counts(sort=False)
    if (sizes < SMALL_GROUP).any():
        small = [str(name) for name in sizes.index[sizes < SMALL_GROUP]]
        warn(
            f"Groups of fewer than {SMALL_GROUP} people: {', '.join(small)}. Do not publish "
            "their values; what a single person answered could be guessed.",
            SmallCellWarning,
        )
    return ReasonGroups(survey, tuple(groups), bool(adjusted))
