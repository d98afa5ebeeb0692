"""The power audit: by stage, which challenges were seen and which opportunities taken.

The points are those of a practitioners' network report (Involve with the Sortition
Foundation, posted 20 April 2022), in our words and turned by us into questions
(``data/power-audit``). No point carries a weight, and nothing is summed to a score.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from dmpkit.arguments import check_settings
from dmpkit.evaluation.outside_records import (
    ANSWERS,
    codes_of,
    counted,
    marked_synthetic,
    records_of,
    sentence,
)
from dmpkit.reporting import Figure, Result, Section, escape, paragraphs, table_html
from dmpkit.wording import listed

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["PowerAudit", "audit_questions", "power_audit"]

#: The list in which a kind of point stands, in our reading of the report.
LISTS = {
    "challenge": "challenges",
    "opportunity": "opportunities",
    "challenge or opportunity": "challenges or opportunities",
    "consideration": "opportunities",
    "priority action": "opportunities",
}
#: What *yes* means in a list.
YES = {
    "challenges": "challenge seen",
    "opportunities": "opportunity taken",
    "challenges or opportunities": "seen or taken",
}
#: What *yes* means of a point, beside its question.
MEANING = {
    "challenges": "challenge seen",
    "opportunities": "opportunity taken",
    "challenges or opportunities": "opportunity taken (it was there)",
}
#: Who may challenge the commissioner, and on whose authority: the point that asks so.
WHO_MAY_CHALLENGE = "CC4"
#: Columns of a stage's table.
SHOWN = ("point", "label", "question", "answer", "seen", "by", "note")


def audit_questions() -> pd.DataFrame:
    """The questions, with what *yes* means: ``point, question, yes_means``.

    Examples
    --------
    >>> audit_questions().set_index("point").loc[["CC3", "D1"], "yes_means"].tolist()
    ['challenge seen', 'opportunity taken']
    """
    points = codes_of("power")
    means = points["kind"].map(LISTS).map(MEANING)
    return points[["point", "question"]].assign(yes_means=means)


def power_audit(source: Any, *, synthetic: bool | None = None) -> PowerAudit:
    """The audit by stage in two lists, with who says so.

    Several people may answer a point; where they differ, the answers stand beside each
    other as *disputed*. A point without a row was not asked, which is not a no.

    Parameters
    ----------
    source : Scorecard or DataFrame
        A scorecard, or a table as ``power.csv``: ``point`` (of ``data/power-audit``),
        ``status`` (yes, partly, no, not asked, not applicable; of a challenge *yes* means
        that it was seen, of an opportunity that it was taken), ``seen`` (what was seen),
        ``by``, ``note``.
    synthetic : bool, optional
        Made-up answers; as the scorecard says when not given.

    Returns
    -------
    PowerAudit

    Raises
    ------
    DataError
        A point is not known, or a status is not one of the words.

    Examples
    --------
    >>> answers = pd.DataFrame({"point": ["CC4", "CO8"], "status": ["yes", "no"],
    ...                         "seen": ["Nobody could question the brief", ""],
    ...                         "by": ["member of the oversight group", "evaluator"]})
    >>> audit = power_audit(answers)
    >>> audit.points.set_index("point").loc[["CC4", "CO8", "D1"], "answer"].tolist()
    ['yes', 'no', 'not asked']
    """
    check_settings(power_audit, locals())
    return PowerAudit(records_of(source, "power"), marked_synthetic(source, synthetic))


#: The name by which a scorecard calls it.
power = power_audit


def _answers(record: Mapping[str, Any]) -> str:
    """The answer of one row; a word under `seen` alone counts as the answer."""
    if record["status"]:
        return str(record["status"])
    word = str(record["seen"]).strip().casefold()
    if word in {"yes", "partly", "no"}:
        return word
    return "not asked"


@dataclass(frozen=True, eq=False, repr=False)
class PowerAudit(Result):
    """Result of :func:`power_audit`.

    Attributes
    ----------
    answers : DataFrame
        ``point, status, seen, by, note``: one row an answer.
    synthetic : bool
        Whether the answers are made up.
    """

    answers: pd.DataFrame
    synthetic: bool = False

    title = "Power audit"
    sheet_notes = {  # noqa: RUF012
        "points": "One row a point of the audit with the answers that were given.",
        "counts": "How many points of each stage and list were answered how.",
    }

    @cached_property
    def points(self) -> pd.DataFrame:
        """One row a point.

        ``point, stage, list, label, question, yes_means, answer, seen, by, note``.
        """
        rows = []
        for point in codes_of("power").to_dict("records"):
            given = self.answers[self.answers["point"] == point["point"]].to_dict("records")
            words = {_answers(one) for one in given} - {"not asked"}
            answer = "not asked" if not words else words.pop() if len(words) == 1 else "disputed"
            rows.append(
                {
                    "point": point["point"],
                    "stage": point["stage"],
                    "list": LISTS[point["kind"]],
                    "label": point["label"],
                    "question": point["question"],
                    "yes_means": MEANING[LISTS[point["kind"]]],
                    "answer": answer,
                    "seen": _side_by_side(given, "seen", answer),
                    "by": "; ".join(dict.fromkeys(str(o["by"]) for o in given if o["by"])),
                    "note": "; ".join(dict.fromkeys(str(o["note"]) for o in given if o["note"])),
                }
            )
        return pd.DataFrame(rows)

    @cached_property
    def counts(self) -> pd.DataFrame:
        """Points by stage and list: ``stage, list, label`` and a column for each answer."""
        rows = []
        for (stage, name), part in self.points.groupby(["stage", "list"], sort=False):
            found = part["answer"].value_counts()
            numbers = {word: int(found.get(word, 0)) for word in (*ANSWERS, "disputed")}
            rows.append({"stage": stage, "list": name, "label": f"{stage}: {name}", **numbers})
        return pd.DataFrame(rows)

    @property
    def n_asked(self) -> int:
        """Points that somebody answered."""
        return int((self.points["answer"] != "not asked").sum())

    def of_list(self, stage: str, name: str) -> pd.DataFrame:
        """The points of one stage's list that were answered.

        Parameters
        ----------
        stage : str
            commissioning, recruitment, facilitation, design or actions.
        name : str
            challenges, opportunities, or challenges or opportunities.
        """
        points = self.points
        chosen = (points["stage"] == stage) & (points["list"] == name)
        return points[chosen & (points["answer"] != "not asked")].reset_index(drop=True)

    def who_may_challenge(self) -> str:
        """Who may challenge the commissioner and on whose authority, as far as it was answered."""
        row = self.points.set_index("point").loc[WHO_MAY_CHALLENGE]
        if row["answer"] == "not asked":
            return (
                "Who may challenge the commissioner, and on whose authority, was not asked. "
                "The audit is incomplete without it."
            )
        said = "; ".join(t.strip(" .") for t in (str(row["seen"]), str(row["note"])) if t)
        by = f" (said by {row['by']})" if row["by"] else " (who says so is not recorded)"
        if row["answer"] == "disputed":
            by = " (answers differ)"
        found = said or f"the answer is {row['answer']}, without words"
        return f"Who may challenge the commissioner, and on whose authority: {found}{by}."

    def frames(self) -> dict[str, pd.DataFrame]:
        """Tables by name: points and counts."""
        return {"points": self.points, "counts": self.counts}

    def summary(self) -> str:
        """How much was asked, what was found, and who may challenge the commissioner."""
        n = len(self.points)
        made_up = " The answers are synthetic." if self.synthetic else ""
        text = (
            f"{self.n_asked} of the {n} points were asked; of the others nothing is known.{made_up}"
        )
        lines = [sentence(self._found(name)) for name in YES]
        unsigned = int(((self.points["answer"] != "not asked") & (self.points["by"] == "")).sum())
        if unsigned:
            lines.append(f"Who says so is not recorded for {counted(unsigned, 'answer')}.")
        return f"{text} {' '.join(filter(None, lines))}\n\n{self.who_may_challenge()}"

    def _found(self, name: str) -> str:
        part = self.points[self.points["list"] == name]
        yes = part.loc[part["answer"].isin(["yes", "partly"]), "label"].tolist()
        disputed = part.loc[part["answer"] == "disputed", "label"].tolist()
        asked = int((part["answer"] != "not asked").sum())
        if not asked:
            return ""
        text = f"{YES[name]} for {len(yes)} of {asked} points asked"
        if yes:
            text += f" ({listed(yes, 'and')})"
        if disputed:
            text += f"; answers differ on {listed(disputed, 'and')}"
        return text

    def methods_text(self) -> str:
        """Where the points come from and how they were read."""
        return (
            "The points of the audit are those of a practitioners' network report (Involve with "
            "the Sortition Foundation, posted 20 April 2022), named in our words; the questions "
            "are dmpkit's own proposal, worded so that yes means that a challenge was seen or an "
            "opportunity taken. The report does not tell challenges from opportunities "
            "in facilitation, so those stand in one list; its design considerations and priority "
            "actions are read as opportunities, which is our reading. A point that nobody was "
            "asked is not a no. Answers that differ are called disputed and are not averaged. "
            "Counts of points say what a report dwells on and how far the audit went; they are "
            "no score, no sample, and have no interval."
        )

    def section(self) -> Section:
        """By stage two lists with who says so; first who may challenge the commissioner."""
        html = paragraphs(self.summary())
        for stage in dict.fromkeys(self.points["stage"]):
            lists = [n for n in YES if len(self.of_list(str(stage), n))]
            open_points = self.points[
                (self.points["stage"] == stage) & (self.points["answer"] == "not asked")
            ]
            html += f"<h3>{escape(str(stage).capitalize())}</h3>"
            for name in lists:
                shown = self.of_list(str(stage), name)[list(SHOWN)]
                heads = {"point": "code", "label": "point", "by": "said by"}
                caption = f"{name.capitalize()}. Yes means: {MEANING[name]}"
                html += table_html(shown, headings=heads, caption=caption)
            if len(open_points):
                missing = listed(open_points["label"].tolist(), "and")
                html += paragraphs(f"Not asked, so not known: {missing}.")
        figure = Figure.from_axes(self.plot(), "Points by stage and list. Counts, no score.")
        return Section(self.title, html, (figure,))

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Points by stage and list (:func:`~dmpkit.evaluation.outside_plots.plot_two_lists`)."""
        from dmpkit.evaluation.outside_plots import plot_two_lists

        answers = ["yes", "partly", "no", "disputed", "not asked", "not applicable"]
        used = [a for a in answers if self.counts[a].any()]
        return plot_two_lists(self.counts, answers=used, synthetic=self.synthetic, ax=ax)


def _side_by_side(given: list[dict[Any, Any]], field: str, answer: str) -> str:
    """What was written, with each one's answer and name where they differ."""
    if answer != "disputed":
        return "; ".join(dict.fromkeys(str(one[field]) for one in given if one[field]))
    return "; ".join(
        f"{one['by'] or 'somebody'}: {_answers(one)}{f' ({one[field]})' if one[field] else ''}"
        for one in given
    )
