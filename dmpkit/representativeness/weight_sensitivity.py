"""Would the votes have come out otherwise under weights? A sensitivity analysis by name.

It is never run unless asked for, and its result says first why it is no correction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from dmpkit.errors import DataError
from dmpkit.reporting import Result, Section, paragraphs, table_html
from dmpkit.representativeness.weights import NOT_A_SURVEY, Weights
from dmpkit.tables import to_pandas

__all__ = ["WeightSensitivity", "sensitivity_to_weights"]

MEAN = "(mean)"


@dataclass(frozen=True, eq=False, repr=False)
class WeightSensitivity(Result):
    """Result of :func:`sensitivity_to_weights`.

    Attributes
    ----------
    table : DataFrame
        ``question, answer, weighting, n, share, change``: one row for the votes as cast
        (``unweighted``) and one for each weighting; a mean instead of a share for questions
        answered in numbers, where `answer` is ``(mean)``.
    weightings : mapping of str to Weights
    """

    table: pd.DataFrame
    weightings: Mapping[str, Weights]

    title: ClassVar[str] = "Sensitivity of votes to weighting"

    @cached_property
    def ranges(self) -> pd.DataFrame:
        """``question, answer, unweighted, lowest, highest, range``, over all weightings."""
        keys = ["question", "answer"]
        cast = self.table[self.table["weighting"] == "unweighted"].set_index(keys)["share"]
        spread = self.table.groupby(keys, sort=False)["share"].agg(["min", "max"])
        out = pd.DataFrame(
            {"unweighted": cast, "lowest": spread["min"], "highest": spread["max"]}
        ).loc[spread.index]
        return out.assign(range=out["highest"] - out["lowest"]).reset_index()

    @cached_property
    def leaders(self) -> pd.DataFrame:
        """``question, weighting, answer, share``: the answer most given, by weighting.

        Questions answered in numbers are left out.
        """
        kinds = self.table[self.table["answer"] != MEAN]
        first = kinds.sort_values("share", ascending=False, kind="stable")
        first = first.drop_duplicates(["question", "weighting"]).sort_index()
        return first[["question", "weighting", "answer", "share"]].reset_index(drop=True)

    def frames(self) -> dict[str, pd.DataFrame]:
        """The tables by name."""
        return {"ranges": self.ranges, "shares": self.table, "leaders": self.leaders}

    def summary(self) -> str:
        """Why it is no correction, and how far shares move."""
        shares = self.ranges[self.ranges["answer"] != MEAN]
        changed = [
            str(question)
            for question, part in self.leaders.groupby("question", sort=False)
            if len(set(part["answer"])) > 1
        ]
        many = len(self.weightings)
        text = f"Votes as cast beside {many} weighting{'' if many == 1 else 's'}. "
        if len(shares):
            most = shares.iloc[int(shares["range"].to_numpy().argmax())]
            text += (
                f"The share that moves most is {most['question']} '{most['answer']}': "
                f"{100 * most['unweighted']:.1f} % as cast, {100 * most['lowest']:.1f} to "
                f"{100 * most['highest']:.1f} % over all weightings. "
            )
        text += (
            f"The answer most given changes for {', '.join(changed)}."
            if changed
            else "The answer most given stays the same everywhere."
        )
        return f"{NOT_A_SURVEY} The votes as cast are the result; this shows no other.\n\n{text}"

    def methods_text(self) -> str:
        """What was weighted, for a methods paragraph."""
        made = "; ".join(f"{name}: {w.method}" for name, w in self.weightings.items())
        return (
            "As a sensitivity analysis only, shares of answers were recomputed under weights "
            f"({made}). No intervals are given: the range over weightings shows dependence on a "
            f"choice of ours, not sampling error. {NOT_A_SURVEY}"
        )

    def section(self) -> Section:
        """The analysis as a section of a report."""
        tables = table_html(self.ranges, digits=3, groups="question")
        return Section(self.title, paragraphs(self.summary()) + tables)


def sensitivity_to_weights(answers: Any, weightings: Mapping[str, Weights]) -> WeightSensitivity:
    """Shares of answers as cast, and under each of some weightings.

    A sensitivity analysis, not an estimate. Members of a mini-public are not survey
    respondents: they were drawn to fill quotas, they spoke with each other, and each of
    their votes was cast as one. Weights can correct for who is missing by the variables
    weighted; they cannot say what an absent person would have concluded after taking part.

    Parameters
    ----------
    answers : Series or DataFrame
        One row a person, in the order of the weights; one column a question. Numbers with
        more than two values are averaged; anything else is counted by answer. Missing ones
        are left out.
    weightings : mapping of str to Weights
        By the name they shall have in the table, such as ``{"raked": ..., "trimmed": ...}``.

    Returns
    -------
    WeightSensitivity

    Raises
    ------
    DataError
        No weighting, or answers of another number of people.

    Examples
    --------
    >>> from dmpkit.representativeness.weighting import rake
    >>> people = pd.DataFrame({"sex": ["f", "f", "f", "m"], "vote": ["yes", "yes", "no", "no"]})
    >>> raked = rake(people[["sex"]], {"sex": {"f": 0.5, "m": 0.5}})
    >>> found = sensitivity_to_weights(people["vote"], {"raked": raked})
    >>> found.ranges.round(3).to_numpy().tolist()
    [['vote', 'no', 0.5, 0.5, 0.667, 0.167], ['vote', 'yes', 0.5, 0.333, 0.5, 0.167]]
    """
    if not weightings:
        raise DataError("There is no weighting to compare with.", remedy="Give rake(...), say.")
    if not isinstance(weightings, Mapping):
        raise DataError("The weightings have no names.", remedy="Give {name: rake(...)}.")
    frame = _frame(answers)
    for name, weights in weightings.items():
        if not hasattr(weights, "weights"):
            raise DataError(
                f"The weighting {name!r} is a {type(weights).__name__}.",
                remedy="Give the result of rake(), say.",
            )
        if len(weights.weights) != len(frame):
            raise DataError(
                f"There are answers of {len(frame)} people and {len(weights.weights)} weights.",
                column=name,
                remedy="Give the answers in the order of the panel, one row a person.",
            )
    equal = np.ones(len(frame))
    rows: list[tuple[Any, ...]] = []
    for question in frame.columns:
        for answer, values in _indicators(frame[question]).items():
            known = ~np.isnan(values)
            cast = _mean(values[known], equal[known])
            rows.append((str(question), answer, "unweighted", int(known.sum()), cast, 0.0))
            for name, weights in weightings.items():
                share = _mean(values[known], weights.weights[known])
                rows.append((str(question), answer, name, int(known.sum()), share, share - cast))
    columns = ["question", "answer", "weighting", "n", "share", "change"]
    return WeightSensitivity(pd.DataFrame(rows, columns=columns), dict(weightings))


def _frame(answers: Any) -> pd.DataFrame:
    if hasattr(answers, "columns"):
        return to_pandas(answers).reset_index(drop=True)
    name = getattr(answers, "name", None)
    return pd.DataFrame({str(name) if name else "answer": list(answers)})


def _indicators(column: pd.Series[Any]) -> dict[str, np.ndarray[Any, np.dtype[np.float64]]]:
    """0 and 1 for each answer, or the numbers themselves; NaN where missing."""
    known = column.notna()
    if not known.any():
        raise DataError("Nobody answered.", column=str(column.name))
    numeric = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
    if numeric and column[known].nunique() > 2:
        return {MEAN: column.to_numpy(np.float64, na_value=np.nan)}
    labels = column.astype(str)
    return {
        answer: np.where(known, (labels == answer).to_numpy(np.float64), np.nan)
        for answer in sorted(set(labels[known]))
    }


def _mean(values: np.ndarray[Any, Any], weights: np.ndarray[Any, Any]) -> float:
    total = float(weights.sum())
    return float(weights @ values) / total if total else float("nan")
