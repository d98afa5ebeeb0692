"""The sentences of an impact analysis: what is said, part by part, and what is not."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from dmpkit.impact.vocabulary import label
from dmpkit.reporting import Indicator
from dmpkit.wording import listed

if TYPE_CHECKING:
    from dmpkit.impact.analysis import ImpactAnalysis
    from dmpkit.impact.incidence import CumulativeIncidence

__all__ = ["Words"]

#: Fewer known times than this, where others are not known, and no median is spoken of.
FEW = 5
#: Answers that take no position for or against.
_SOFT = ("noted", "referred")
#: A part as it is called in a sentence.
NAMES = {
    "already planned": "the share without what was already planned",
    "response": "the curve of answers",
    "outcome": "the curve of ends",
    "response_states": "the answers over time",
    "action_states": "the actions over time",
    "raters": "the comparison of raters",
    "multiverse": "the range over definitions",
    "cherry_picking": "what was taken up, by property",
}


def percent(share: float, digits: int = 1) -> str:
    """A share as a reader sees it; "not assessed" where there is none."""
    return "not assessed" if math.isnan(share) else f"{100 * share:.{digits}f} %"


def rows_by(frame: pd.DataFrame, key: str) -> dict[str, dict[str, Any]]:
    """The rows of a small table by the words of a column."""
    return {str(row[key]): row for row in frame.to_dict("records")}  # type: ignore[misc]


def count(n: int, one: str, many: str) -> str:
    """A number with its noun."""
    return f"{n:,} {one if n == 1 else many}"


class Words:
    """The text of an analysis; every method gives a paragraph, empty where nothing is said."""

    def __init__(self, analysis: ImpactAnalysis) -> None:
        self.a = analysis

    def summary(self) -> str:
        """All paragraphs in the order in which they may be read."""
        parts = [
            self.coverage(), self.implemented(), self.definitions(), self.planned(),
            self.answers(), self.dates(), self.judged(), self.kept(), self.taken_up(),
            self.wider(), self.missing(), self.warned(),
        ]  # fmt: skip
        return "\n\n".join(part for part in parts if part)

    # --- the parts -----------------------------------------------------------------------

    def coverage(self) -> str:
        """What was counted and how much of it the ledger knows anything of."""
        a = self.a
        facts = rows_by(a.shares.coverage, "what")
        silent = int(facts["without any record"]["count"])
        known = f", as known on {a.known_on}" if a.known_on else ""
        floor = (
            f" Only events with evidence of grade {a.min_grade} or better count."
            if a.min_grade
            else ""
        )
        text = "Synthetic data: nothing here is about a real assembly.\n\n" if a.synthetic else ""
        units = count(a.n, a.counting_unit, f"{a.counting_unit}s")
        text += f"On {a.date}{known}: {units} of {self._processes()}."
        if silent:
            text += (
                f" Of {silent} the ledger holds no record; {'it is' if silent == 1 else 'they are'}"
                " counted, and not as rejected."
            )
        else:
            text += " The ledger holds a record of every one."
        last = str(facts["last check"]["note"])
        text += (
            f" Last review: {last}."
            if last[:1].isdigit()
            else " No review is recorded, so it is not known how fresh the record is."
        )
        return text + floor

    def _processes(self) -> str:
        names = self.a.processes
        if len(names) == 1:
            return "one process" if names[0] == "(not named)" else f"one process ({names[0]})"
        shown = ", ".join(names[:6]) + (" …" if len(names) > 6 else "")
        return f"{len(names)} processes, pooled ({shown})"

    def implemented(self) -> str:
        """The three shares with their bounds."""
        shares = self.a.shares
        row = rows_by(shares.bounds, "what")["implemented"]
        done = int(row["count"])
        sizes = (("answered", shares.n_answered), ("closed", shares.n_closed))
        of = [f"{percent(done / shares.n)} of all {shares.n}"]
        of += [f"{percent(shares.share(of=name))} of the {n} {name}" for name, n in sizes if n]
        empty = "".join(
            f" None was {name}, so there is no share of those." for name, n in sizes if not n
        )
        text = (
            f"Implemented: {done}, which is {listed(of, 'and')}.{empty} "
            f"{self._bounds(row)} The list is complete: there is no sampling error and so no "
            "confidence interval. What is uncertain is what will become of the pending ones, how "
            "good the record is, and how things are counted."
        )
        if self.a.pooled:
            text += (
                " Over the processes the share runs from "
                f"{percent(float(self.a.by_process['share'].min()))} to "
                f"{percent(float(self.a.by_process['share'].max()))}.{self._followed()}"
            )
        return text

    def _followed(self) -> str:
        days = self.a.by_process["days_followed"].dropna()
        if not len(days) or days.max() - days.min() < 30:
            return ""
        return (
            f" They were followed for {days.min():.0f} to {days.max():.0f} days after receipt: an "
            "early process has had more time, so compare them on the curves at one age, not by "
            "these shares."
        )

    @staticmethod
    def _bounds(row: dict[str, Any]) -> str:
        waiting = int(row["awaiting"])
        if not waiting:
            return "None is pending."
        return (
            f"{waiting} may still come (pending, in part or without a record): the share of all "
            f"stays at {percent(float(row['low']))} if none of them does and reaches "
            f"{percent(float(row['high']))} if all do."
        )

    def definitions(self) -> str:
        """The range over definitions beside the headline, and what moves it most."""
        many = self.a.multiverse
        if many is None:
            return ""
        low, high = many.range
        spread = f"runs from {percent(low)} to {percent(high)}"
        if high - low < 1e-12:
            spread = f"is {percent(low)} each time"
        n = len(many.answered)
        coders = many.universes["coder"].nunique()
        who = (
            "the ledger alone"
            if coders == 1
            else f"the ledger and {count(coders - 1, 'rater', 'raters')}"
        )
        text = (
            f"Counted in {n} defensible ways ({who}; three denominators; credit for what was done "
            f"in part) the share implemented {spread}."
        )
        moving = many.by_choice[many.by_choice["n_options"] > 1]
        if len(moving) and moving["largest_step"].max() > 1e-12:
            first = moving.iloc[0]
            text += (
                f" The choice of {str(first['choice']).replace('_', ' ')} moves it most "
                f"({100 * float(first['range_of_means']):.1f} percentage points between the means "
                "of its options; a measure of our own)."
            )
        return text

    def planned(self) -> str:
        """With and without what was planned before."""
        if self.a.new is None:
            return ""
        rows = rows_by(self.a.new, "baseline")
        new, every = rows["new"], rows["all"]
        before = int(every["n"] - new["n"])
        if not before:
            return "None was planned, under way or in force before the assembly reported."
        done = int(every["implemented"] - new["implemented"])
        text = (
            f"{before} of {int(every['n'])} were planned, under way or in force before the "
            f"assembly reported, or acted upon before it; {done} of these "
            f"{'is' if done == 1 else 'are'} implemented."
        )
        if int(new["n"]):
            text += (
                f" Without them {int(new['implemented'])} of {int(new['n'])} are implemented "
                f"({percent(float(new['share']))}, bounds {percent(float(new['low']))} to "
                f"{percent(float(new['high']))}). That a recommendation was new does not show that "
                "the assembly was the reason."
            )
        return text

    def answers(self) -> str:
        """Answers, promises and what is overdue."""
        a = self.a
        held = a.answers["promise"]
        n = int((a.answers["answered_by"] != "").sum())
        text = f"Answered (noted and referred included): {n} of {len(held)}"
        text += f"{self._soft_answers()}."
        early = int((held == "before receipt").sum())
        plain = ~held.isin(["no due date", "before receipt"])
        known = held[plain & ~held.str.startswith("not assessed")]
        if len(known):
            said = {word: int((held == word).sum()) for word in
                    ("kept", "late", "unclear", "overdue", "not due yet")}  # fmt: skip
            promised = f" An answer was promised in {a.promise}:" if a.promise else " Due dates:"
            names = {"kept": "in time", "late": "late", "overdue": "overdue without an answer",
                     "unclear": "not clear, the date being too rough",
                     "not due yet": "not due yet"}  # fmt: skip
            text += f"{promised} {', '.join(f'{k} {names[w]}' for w, k in said.items() if k)}."
        elif not early or (a.answers["due"] == "").any():
            text += " Whether answers were in time is not assessed: there is no due date."
        if early:
            text += (
                f" {count(early, 'answer is', 'answers are')} dated before the receipt of the "
                "recommendation: not counted as in time, nor as late; see whether the dates are "
                "right."
            )
        unknown = int(held.str.startswith("not assessed").sum())
        if unknown:
            text += f" Of {unknown} the date of receipt is not known: the time is not assessed."
        if a.response is not None:
            text += f" {self._median(a.response, a.n)}"
        late = a.status.overdue
        actions = int((late["what"] == "action").sum())
        if actions:
            text += f" {count(actions, 'action', 'actions')} promised by a day had not come by it."
        return text

    def _soft_answers(self) -> str:
        """How many first answers take no position for or against."""
        first = self.a.answers["answer"]
        words = {word: int((first == word).sum()) for word in map(label, _SOFT)}
        said = listed([f"{n} {word}" for word, n in words.items() if n], "and")
        return f", of them at first {said}" if said else ""

    @staticmethod
    def _median(curve: CumulativeIncidence, n: int) -> str:
        half = curve.median()
        whom = "all" if curve.n == n else f"the {curve.n} whose time is known"
        if curve.n < n and curve.n < FEW:
            return f"The time is known of only {curve.n}, too few to speak of a median."
        if math.isnan(half.value):
            return f"Half of {whom} had not been answered by then, so there is no median time."
        ends = ""
        if not math.isnan(half.low) and not math.isnan(half.high):
            ends = f" (95 % interval {half.low:.0f} to {half.high:.0f}, from drawing processes)"
        return f"Half of {whom} were answered within {half.value:.0f} days of receipt{ends}."

    def dates(self) -> str:
        """What hangs on rough dates, and what came before the assembly."""
        status = self.a.status
        unsure = int((status.certain != status.possible).sum())
        text = ""
        if unsure:
            text = (
                f"Of {unsure} the status on the day depends on dates known only to a month, "
                "quarter or year; the tables give both answers, certain and possible."
            )
        early = len(status.predates)
        if early:
            text += (
                f" {early} had been accepted or acted upon before the assembly reported and "
                f"{'is' if early == 1 else 'are'} marked as predating it: "
                f"{', '.join(status.predates[:8])}{' …' if early > 8 else ''}."
            )
        return text.strip()

    def judged(self) -> str:
        """Raters and how far they agree."""
        return "" if self.a.raters is None else self.a.raters.summary().replace("\n\n", " ")

    def kept(self) -> str:
        """Faithfulness beside status."""
        rows = rows_by(self.a.fidelity, "what")
        every = rows["all implemented"]
        if not int(every["count"]):
            return ""
        weak = int(rows["implemented but weakened (0 to 3)"]["count"])
        blank = int(rows["implemented, content not assessed"]["count"])
        if blank == int(every["count"]):
            return (
                "How faithfully the implemented ones follow the recommendation was not assessed in "
                "the record."
            )
        text = (
            f"By the record, {weak} of the {int(every['count'])} implemented came weakened; on "
            f"average {percent(float(every['share_kept']), 0)} of the content was kept"
        )
        return text + (f" ({blank} not assessed and left out)." if blank else ".")

    def taken_up(self) -> str:
        """What was taken up: the plain shares."""
        picked = self.a.cherry_picking
        if picked is None:
            return ""
        text = picked.summary().removeprefix("Synthetic data. ")
        return (
            f"{text}\n\nTaken up means implemented, wholly or in part, so far: pending ones stand "
            "in the denominator and may still come."
        )

    def wider(self) -> str:
        """What lies beside the recommendations."""
        goals, wider = self.a.goals, self.a.wider_impact
        parts = []
        if len(wider):
            parts.append(
                f"Wider impact: {count(len(wider), 'observation', 'observations')} by route, shown "
                "beside and never added to the share implemented."
            )
        if len(goals):
            after = int((goals["set_after_start"] == "yes").sum())
            unsaid = int((goals["set_after_start"] == "").sum())
            text = f"{count(len(goals), 'goal was', 'goals were')} set for the process"
            text += f", {after} of them after it had started (marked)" if after else ""
            text += f"; of {unsaid} it is not known when" if unsaid else ""
            parts.append(f"{text}.")
        if not parts:
            return (
                "Nothing is recorded on wider impact or on the goals of the process: that is not "
                "assessed, not absent."
            )
        return " ".join(parts)

    def missing(self) -> str:
        """What was not computed, and why."""
        rows = self.a.not_computed
        if rows.empty:
            return ""
        said = [
            f"{NAMES[str(part)]} – {str(why).rstrip('.')}"
            for part, why in zip(rows["part"], rows["why"], strict=True)
        ]
        return f"Not computed: {'; '.join(said)}."

    def warned(self) -> str:
        """What the methods warned of, each said once."""
        said = list(dict.fromkeys(str(note) for note in self.a.notes["note"]))
        return f"To know before trusting a part: {' '.join(said)}" if said else ""

    # --- methods -------------------------------------------------------------------------

    def methods(self) -> str:
        """Every choice made, part by part."""
        a = self.a
        parts = [a.status.methods_text(), a.shares.methods_text(), self._time_methods()]
        if a.promise:
            parts.append(
                f"Answers were due {a.promise} after receipt (calendar months) where the ledger "
                "gives no due date of its own; an answer is in time if it had certainly come by "
                "then, late if it had certainly not, and neither if it is dated before the "
                "receipt."
            )
        for part in (a.raters, a.cherry_picking, a.multiverse):
            if part is not None:
                parts.append(part.methods_text())
        if a.multiverse is not None:
            parts.append(
                "In the range over definitions the ledger's own voice is the fate of each "
                "recommendation; what was acted upon counts as answered there even where no answer "
                "is on record, so its shares of the answered can differ from those above."
            )
        if a.cherry_picking is not None:
            parts.append(
                "For what was taken up, fates were ordered from closed without it over pending and "
                "implemented in part to implemented (our own proposal); recommendations without a "
                "record were left out."
            )
        return "\n\n".join(parts)

    def _time_methods(self) -> str:
        a = self.a
        text = (
            "Times count in days from receipt. Events known only from a review, or to the month, "
            "count from the last day on which they can have happened. Answers (the first that "
            "takes a position) and ends (the first of implemented, rejected, outside powers, lost "
            "at a vote, abandoned, superseded; a proposal of our own, reversals not counted) are "
            "drawn as cumulative incidence by the Aalen–Johansen product limit, in which one end "
            "is not taken for the loss of another; states, which can be left again, as occupancy."
        )
        curve = a.response or a.outcome or a.action_states
        return text if curve is None else f"{text} {curve.uncertainty}"

    # --- indicators ----------------------------------------------------------------------

    def indicators(self) -> tuple[Indicator, ...]:
        """Names that an evaluation can rely on; NaN where not assessed."""
        a = self.a
        source = "impact: synthetic ledger" if a.synthetic else "impact: ledger"
        low, high = a.multiverse.range if a.multiverse is not None else (math.nan, math.nan)
        bounds = rows_by(a.shares.bounds, "what")["implemented"]
        spread = (
            f"; {percent(low)} to {percent(high)} over {len(a.multiverse.answered)} ways to count"
            if a.multiverse is not None
            else ""
        )
        listed = "a complete list, no interval"
        note = (
            f"bounds {percent(float(bounds['low']))} to {percent(float(bounds['high']))}{spread}; "
            f"{listed}"
        )
        sizes = {"all": a.shares.n, "answered": a.shares.n_answered, "closed": a.shares.n_closed}
        found = [
            Indicator(f"recommendations implemented, share of {of}", a.shares.share(of=of), n=n,
                      note=note if of == "all" else listed, source=source)
            for of, n in sizes.items()
        ]  # fmt: skip
        new = math.nan if a.new is None else float(rows_by(a.new, "baseline")["new"]["share"])
        n_new = None if a.new is None else int(rows_by(a.new, "baseline")["new"]["n"])
        found.append(
            Indicator("recommendations implemented, share of those not already planned", new,
                      n=n_new, note="baseline not recorded for all" if a.new is None else listed,
                      source=source)
        )  # fmt: skip
        found += self._answer_indicators(source)
        return tuple(found)

    def _answer_indicators(self, source: str) -> list[Indicator]:
        a = self.a
        held = a.answers["promise"]
        judged = held.isin(["kept", "late", "overdue"])
        share = float((held[judged] == "kept").mean()) if judged.any() else math.nan
        left = int((~judged).sum())
        early = bool((held == "before receipt").any())
        why = "not due, not assessed" if early else "not due or not assessed"
        why += " or dated before receipt" if early else ""
        rare = a.response is None or (a.response.n < a.n and a.response.n < FEW)
        half = None if rare or a.response is None else a.response.median()
        found = [
            Indicator("recommendations answered, share of all", a.shares.n_answered / a.n, n=a.n,
                      note="noted and referred included; a complete list, no interval",
                      source=source),
            Indicator("answers in time, share of those due", share, n=int(judged.sum()),
                      note=f"overdue counts as not in time; {left} {why}",
                      source=source),
            Indicator("median days from receipt to the answer",
                      math.nan if half is None else half.value,
                      math.nan if half is None else half.low,
                      math.nan if half is None else half.high,
                      None if half is None else half.n,
                      "too few times are known" if half is None else half.note, source),
        ]  # fmt: skip
        rows = rows_by(a.fidelity, "what")
        kept = rows["all implemented"]
        blank = int(rows["implemented, content not assessed"]["count"])
        found.append(
            Indicator("content kept in what was implemented", float(kept["share_kept"]),
                      n=int(kept["count"]) - blank,
                      note="fidelity 0 to 4 as a share, by the record",
                      source=source)
        )  # fmt: skip
        if a.raters is not None:
            found += [i for i in a.raters.indicators() if i.name.startswith("agreement")]
        return found


def shown_words(frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """A table with status words written out."""
    return frame.assign(**{c: [label(str(v)) for v in frame[c]] for c in columns})


def at_times(curve: CumulativeIncidence, *, yearly: bool = False) -> pd.DataFrame:
    """A curve at half-yearly or yearly times, for a page."""
    step = 365.25 if yearly else 182.625
    times = np.arange(step, curve.end, step)
    return curve.at(times if len(times) else [curve.end])
