"""The screening kept as a baseline, and what became of each flag.

``screen.json`` holds every screening of a folder in order, each with its date, the
answers, the hash of the sheet and a hash over itself and the one before. A changed entry
is refused when read. The date is that of the computer: a hash shows that a file was
changed later, it proves no date.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from dmpkit import __version__
from dmpkit.arguments import check_settings
from dmpkit.errors import DataError
from dmpkit.evaluation.conditions import condition_state, criterion_means, not_applicable
from dmpkit.evaluation.incidents import NOTHING_PUBLIC, RedLines, red_lines
from dmpkit.evaluation.outside_records import (
    codes_of,
    counted,
    is_scorecard,
    many,
    marked_synthetic,
    sentence,
)
from dmpkit.evaluation.screen import OPEN, SETTLED, STOP, Screen, screen
from dmpkit.reporting import Figure, Result, Section, paragraphs, table_html
from dmpkit.tables import atomic_write
from dmpkit.wording import listed

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["BaselineComparison", "compare_with_baseline", "read_baseline", "save_baseline"]

PathLike = str | os.PathLike[str]
FILE = "screen.json"
ANSWER_FIELDS = ("flag", "status", "state", "by", "note")
CAME_TRUE, SIGN_OF_IT, IN_PART, NOT_TRUE, UNKNOWN = (
    "came true", "a sign of it", "in part", "did not come true", "not known",
)  # fmt: skip
#: Outcomes that need more words in a sentence.
_TOLD = {SIGN_OF_IT: "there is a sign of it", IN_PART: "came true in part"}


# --- keeping -----------------------------------------------------------------------------


def save_baseline(screening: Screen, folder: PathLike) -> Path | None:
    """Add a screening to ``screen.json``; the earlier ones stay as they are.

    A screening whose answers are those of the last one adds nothing, and one without a
    single answer is no baseline and is not kept.

    Parameters
    ----------
    screening : Screen
    folder : path
        Where ``screen.json`` is or will be.

    Returns
    -------
    Path or None
        The file; None where there was nothing to keep.

    Raises
    ------
    DataError
        When the file is there and was changed by hand.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.mkdtemp()
    >>> sheet = pd.DataFrame({"flag": ["F1"], "status": ["no sign"]})
    >>> _ = save_baseline(screen(sheet, on="2026-01-15"), folder)
    >>> [one["verdict"] for one in read_baseline(folder)]
    ['no verdict yet']
    """
    answers = _answers(screening)
    if not answers:
        return None
    path = Path(folder) / FILE
    kept = read_baseline(folder) if path.exists() else []
    if kept and kept[-1]["answers"] == answers:
        return path
    entry = {
        "date": screening.on,
        "name": screening.name,
        "when": screening.when,
        "synthetic": screening.synthetic,
        "verdict": screening.verdict,
        "reasons": screening.reasons,
        "answers": answers,
        "answers_sha256": _hash(answers),
        "dmpkit": __version__,
        "previous": kept[-1]["sha256"] if kept else "",
    }
    entry["sha256"] = _hash(entry)
    text = json.dumps({"screenings": [*kept, entry]}, indent=2, ensure_ascii=False)
    with atomic_write(path) as target:
        target.write_text(text + "\n", encoding="utf-8", newline="\n")
    return path


def _answers(screening: Screen) -> list[dict[str, str]]:
    """The rows of the sheet that say something."""
    rows = [
        {name: str(row[name]) for name in ANSWER_FIELDS}
        for row in screening.answers.to_dict("records")
    ]
    return [row for row in rows if row["status"] not in ("", "not looked")]


def _hash(value: object) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def read_baseline(folder: PathLike) -> list[dict[str, Any]]:
    """The screenings kept in a folder, in order; the first one is the baseline.

    Parameters
    ----------
    folder : path
        A folder with ``screen.json``.

    Raises
    ------
    DataError
        When there is none, it is no such file, or an entry was changed after it was saved.
    """
    path = Path(folder) / FILE
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))["screenings"]
        good = isinstance(kept, list) and bool(kept) and all(_is_entry(one) for one in kept)
    except FileNotFoundError:
        raise DataError(
            f"There is no {FILE} in the folder.",
            file=path,
            remedy=f"Make one before the project: dmpkit screen {folder}",
        ) from None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        good = False
    if not good:
        raise DataError("This is not a file of screenings.", file=path, remedy="Restore it.")
    previous = ""
    for number, entry in enumerate(kept, start=1):
        rest = {k: v for k, v in entry.items() if k != "sha256"}
        if entry["sha256"] != _hash(rest) or entry["previous"] != previous:
            raise DataError(
                f"Screening {number} was changed after it was saved (its hash differs).",
                file=path,
                remedy="Restore the file as it was saved.",
            )
        previous = entry["sha256"]
    return list(kept)


def _is_entry(entry: object) -> bool:
    """Whether this has the parts of a screening, of the right kinds."""
    if not isinstance(entry, dict):
        return False
    texts = all(isinstance(entry.get(k), str) for k in ("date", "verdict", "sha256", "previous"))
    answers = entry.get("answers")
    return texts and isinstance(answers, list) and all(
        isinstance(a, dict) and all(isinstance(a.get(k), str) for k in ANSWER_FIELDS)
        for a in answers
    )  # fmt: skip


# --- comparing ---------------------------------------------------------------------------


def compare_with_baseline(
    baseline: PathLike | Sequence[Mapping[str, Any]],
    finished: Any,
    *,
    lines: RedLines | None = None,
    synthetic: bool | None = None,
) -> BaselineComparison:
    """What became of each question of the screening, read from the finished evaluation.

    A sign *came true* where the criteria that ask about the same are at most 1 or a red
    line that belongs to it is shown; there is *a sign of it* where such a line shows a
    sign; it *did not come true* where the criteria are at least 3; *in part* lies
    between; else it is *not known*, as it is where a line belongs to it and incidents are
    held back as confidential. Links and rule are our own proposal, and none of it
    says what caused what.

    Parameters
    ----------
    baseline : path or list
        A folder with ``screen.json``, or what :func:`read_baseline` gives.
    finished : Scorecard or DataFrame
        The scorecard, or a profile table with ``criterion, mean``.
    lines : RedLines, optional
        The public red lines; made from the scorecard when not given.
    synthetic : bool, optional
        Made-up records; as scorecard or baseline say when not given.

    Returns
    -------
    BaselineComparison

    Raises
    ------
    DataError
        As :func:`read_baseline` does.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.mkdtemp()
    >>> sheet = pd.DataFrame({"flag": ["F3"], "status": ["sign"], "state": ["negotiable"]})
    >>> _ = save_baseline(screen(sheet, on="2026-01-15"), folder)
    >>> profile = pd.DataFrame({"criterion": ["C16", "C17"], "mean": [0.5, 1.0]})
    >>> fate = compare_with_baseline(folder, profile).fates.set_index("flag")
    >>> fate.loc["F3", ["at_first", "outcome"]].tolist()
    ['sign, negotiable', 'came true']
    """
    check_settings(compare_with_baseline, locals())
    kept = read_baseline(baseline) if isinstance(baseline, str | os.PathLike) else list(baseline)
    if not kept:
        raise DataError("There is no screening to compare with.")
    if lines is None and is_scorecard(finished):
        lines = red_lines(finished)
    made_up = bool(kept[0].get("synthetic")) or marked_synthetic(finished)
    return BaselineComparison(
        screenings=tuple(kept),
        means=criterion_means(finished),
        left_out=not_applicable(finished),
        statuses={} if lines is None else dict(zip(lines.lines["line"], lines.lines["status"],
                                                   strict=True)),
        synthetic=made_up if synthetic is None else bool(synthetic),
    )  # fmt: skip


@dataclass(frozen=True, eq=False, repr=False)
class BaselineComparison(Result):
    """Result of :func:`compare_with_baseline`.

    Attributes
    ----------
    screenings : tuple of mapping
        As kept; the first is the baseline.
    means : mapping of str to float
        Mean by criterion at the end, NaN where not assessed.
    left_out : frozenset of str
        Criteria that are not applicable.
    statuses : mapping of str to str
        Status of the red lines at the end.
    synthetic : bool
        Whether the records are made up.
    """

    screenings: tuple[Mapping[str, Any], ...]
    means: Mapping[str, float]
    left_out: frozenset[str]
    statuses: Mapping[str, str]
    synthetic: bool = False

    title = "What became of the red flags"
    sheet_notes = {"fates": "One row a question: first and last answer, and what became of it."}  # noqa: RUF012

    @cached_property
    def fates(self) -> pd.DataFrame:
        """``flag, label, at_first, at_last, raised, agreed, outcome, rests_on``."""
        first, last = self._sheet(0), self._sheet(-1)
        raised = {f for i in range(len(self.screenings)) for f in _signs(self._sheet(i))}
        rows = []
        for question in codes_of("questions").to_dict("records"):
            flag = question["flag"]
            a, b = first.loc[flag], last.loc[flag]
            outcome, grounds = self._outcome(question["criteria"], question["lines"])
            rows.append(
                {
                    "flag": flag,
                    "label": question["label"],
                    "at_first": _said(a),
                    "at_last": _said(b),
                    "raised": "yes" if flag in raised else "no",
                    "agreed": b["note"] if b["reading"] == SETTLED else "",
                    "outcome": outcome,
                    "rests_on": grounds,
                }
            )
        return pd.DataFrame(rows)

    def _sheet(self, place: int) -> pd.DataFrame:
        entry = self.screenings[place]
        answers = pd.DataFrame(list(entry["answers"]), columns=list(ANSWER_FIELDS))
        return screen(answers, on=entry["date"]).sheet.set_index("flag")

    def _outcome(self, criteria: str, lines: str) -> tuple[str, str]:
        """What became of a question, and on what the reading rests."""
        names = [c for c in many(criteria) if c not in self.left_out]
        values = [self.means.get(name, math.nan) for name in names]
        found = [self.statuses.get(line, "not looked") for line in many(lines)]
        said = [
            *(f"{n} {'not assessed' if math.isnan(v) else f'{v:.1f}'}"
              for n, v in zip(names, values, strict=True)),
            *(f"{line} {status}" for line, status in zip(many(lines), found, strict=True)),
        ]  # fmt: skip
        state = condition_state(values)
        if "shown" in found or state == "low":
            outcome = CAME_TRUE
        elif "sign" in found:
            outcome = SIGN_OF_IT
        elif NOTHING_PUBLIC in found:
            outcome = UNKNOWN  # an incident that is held back might say more
        else:
            outcome = {"between": IN_PART, "high": NOT_TRUE}.get(state, UNKNOWN)
        return outcome, ", ".join(said)

    def frames(self) -> dict[str, pd.DataFrame]:
        """The questions with what became of them."""
        return {"fates": self.fates}

    def summary(self) -> str:
        """Signs raised and what became of them, and what came true unseen."""
        entry = self.screenings[0]
        made_up = " The records are synthetic." if self.synthetic else ""
        n = len(self.screenings)
        head = (
            f"The first screening ({entry['date']}, {entry.get('when') or 'start not known'}) "
            f"said: {entry['verdict']}."
        )
        if n > 1:
            head += f" The last of {n} ({self.screenings[-1]['date']}) said: "
            head += f"{self.screenings[-1]['verdict']}."
        raised = self.fates[self.fates["raised"] == "yes"]
        parts = [head + made_up, self._told(raised, "sign")]
        unseen = self.fates[
            (self.fates["raised"] == "no") & self.fates["outcome"].isin([CAME_TRUE, SIGN_OF_IT])
        ]
        if len(unseen):
            names = [f"{f} {w}" for f, w in zip(unseen["flag"], unseen["label"], strict=True)]
            parts.append(f"Came true, or shows signs, without having been raised: "
                         f"{listed(names, 'and')}.")  # fmt: skip
        return " ".join(parts)

    def _told(self, rows: pd.DataFrame, word: str) -> str:
        if not len(rows):
            return "No sign was raised."
        said = []
        for outcome in (CAME_TRUE, SIGN_OF_IT, IN_PART, NOT_TRUE, UNKNOWN):
            part = rows[rows["outcome"] == outcome]
            if len(part):
                names = [f"{f} {w}" for f, w in zip(part["flag"], part["label"], strict=True)]
                said.append(f"{_TOLD.get(outcome, outcome)}, {listed(names, 'and')}")
        were = "was" if len(rows) == 1 else "were"
        head = sentence(f"{counted(len(rows), word)} {were} raised")
        return f"{head} What became of {'it' if len(rows) == 1 else 'them'}: {'; '.join(said)}."

    def methods_text(self) -> str:
        """The rule of the comparison."""
        return (
            "Each question of the screening is linked to criteria and red lines that ask about "
            "the same once the process is over (data/screening). A sign came true where those "
            "criteria have means of at most 1 or such a line is shown, did not come true where "
            "they have means of at least 3, came true in part between, and is not known where "
            "that hangs on a criterion that was not assessed. Links and rule are a proposal of "
            "dmpkit; that something was foreseen does not say what caused it. Screenings are "
            "read from screen.json, whose hashes show later changes but prove no date."
        )

    def section(self) -> Section:
        """What became of the questions that were raised or came true, as table and picture."""
        told = self.fates[(self.fates["raised"] == "yes")
                          | self.fates["outcome"].isin([CAME_TRUE, SIGN_OF_IT])]  # fmt: skip
        html = paragraphs(self.summary())
        if not len(told):
            return Section(self.title, html)
        headings = {"label": "what was asked about"}
        html += table_html(told, headings=headings, caption="Flags and what became of them")
        figure = Figure.from_axes(self.plot(), "Full marks: came true, or a sign of it.")
        return Section(self.title, html, (figure,))

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Outcome by question (:func:`~dmpkit.evaluation.outside_plots.plot_statuses`)."""
        from dmpkit.evaluation.outside_plots import plot_statuses

        labels = [
            f"{flag} {label}{' [raised]' if raised == 'yes' else ''}"
            for flag, label, raised in zip(
                self.fates["flag"], self.fates["label"], self.fates["raised"], strict=True
            )
        ]
        order = (UNKNOWN, NOT_TRUE, IN_PART, SIGN_OF_IT, CAME_TRUE)
        return plot_statuses(
            labels, self.fates["outcome"].tolist(), order,
            bad=(CAME_TRUE, SIGN_OF_IT), what="questions", synthetic=self.synthetic, ax=ax,
        )  # fmt: skip


def _signs(sheet: pd.DataFrame) -> list[str]:
    """The questions with a sign."""
    return [str(flag) for flag in sheet.index[sheet["reading"].isin([STOP, OPEN, SETTLED])]]


def _said(row: pd.Series[Any]) -> str:
    """Status and state as one phrase."""
    return f"{row['status']}, {row['state']}" if row["state"] else str(row["status"])
