"""Whether those who judge the same recommendations agree, and who they are.

A share of implemented recommendations is only as good as the judgement behind it:
the same 149 French measures were half or a tenth done, depending on who said so.
Here the status words of every pair of raters are compared, how faithfully the
content was kept is shown beside them, and it is said when only one side judged.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import combinations
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from dmpkit.errors import DataError, LedgerWarning, SmallSampleWarning, warn
from dmpkit.impact.vocabulary import SIDES, STATUSES, known_word
from dmpkit.measures.agreement import Ratings, cohen_kappa, percent_agreement, ratings_from_long
from dmpkit.reporting import (
    Figure,
    Indicator,
    Result,
    Section,
    format_number,
    paragraphs,
    table_html,
)
from dmpkit.resampling import drawn_seed
from dmpkit.tables import require_columns, to_pandas
from dmpkit.wording import counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["HOW_FAR", "RaterComparison", "raters"]

#: How far a recommendation came, 0 to 4, by its status; dmpkit's own proposal. Statuses
#: that say nothing on it (no evidence, superseded, measured …) stand for no rating.
HOW_FAR: Mapping[str, int] = MappingProxyType(
    {
        "received": 0,
        "acknowledged": 0,
        "accepted": 0,
        "accepted_in_part": 0,
        "noted": 0,
        "referred": 0,
        "rejected": 0,
        "outside_powers": 0,
        "not_started": 0,
        "abandoned": 0,
        "lost_at_vote": 0,
        "reversed": 0,
        "in_progress": 1,
        "put_to_a_vote": 1,
        "reopened": 1,
        "decided": 2,
        "implemented_in_part": 3,
        "implemented": 4,
    }
)
#: The five grades in words.
GRADE_NAMES = ("nothing done", "begun", "decided", "done in part", "done")
#: Highest fidelity: the content is wholly kept.
WHOLE = 4
_ALL_STATUSES = tuple(status for layer in STATUSES.values() for status in layer)
_UNSAID = "not said"


@dataclass(frozen=True, eq=False, repr=False)
class RaterComparison(Result):
    """Result of :func:`raters`.

    Attributes
    ----------
    ratings : DataFrame
        One row a recommendation and rater, the latest rating: ``rec_id, rater,
        rater_side, as_of, status, fidelity, grade``.
    scale : mapping of str to int
        Status to grade.
    n_resamples : int
    seed : int or None
    date : str or None
    """

    title: ClassVar[str] = "Who judged, and do they agree"
    sheet_notes: ClassVar[dict[str, str]] = {
        "agreement": "Every pair of raters; the weights of each kappa are named.",
        "items": "Recommendations on whose status raters differ, the furthest apart first.",
        "confusion": "Recommendations by what the one and the other rater said.",
        "fidelity": "How much of the content was kept (0 to 4) where it was implemented.",
        "sides": "Ratings by who judged.",
    }

    ratings: pd.DataFrame
    scale: Mapping[str, int]
    n_resamples: int
    seed: int | None
    date: str | None

    @cached_property
    def raters(self) -> tuple[str, ...]:
        """Names, in order of appearance."""
        return tuple(dict.fromkeys(self.ratings["rater"]))

    @cached_property
    def agreement(self) -> pd.DataFrame:
        """Each pair of raters: ``rater_a, rater_b, of, coefficient, weights, value …``."""
        rows = []
        for a, b in combinations(self.raters, 2):
            for of, column in (("status", "status"), ("how far", "grade"), ("fidelity",) * 2):
                rows += self._pair(a, b, of, column)
        return pd.DataFrame(rows)

    def _pair(self, a: str, b: str, of: str, column: str) -> list[dict[str, Any]]:
        known = self.ratings.dropna(subset=[column])
        known = known[known["rater"].isin([a, b])]
        wide = ratings_from_long(known, unit="rec_id", rater="rater", value=column)
        common = len(wide) == 2 and bool(wide.notna().all().any())
        rows = []
        for name, weights in _WEIGHTS[column]:
            row = {"rater_a": a, "rater_b": b, "of": of, "coefficient": name}
            row["weights"] = weights or "unweighted"
            if common:
                grades = None if column == "status" else range(WHOLE + 1)
                matrix = Ratings.read(wide.loc[[a, b]], categories=grades)
                step = percent_agreement if name == "percent agreement" else cohen_kappa
                found = step(matrix, weights, n_resamples=self.n_resamples, seed=self.seed)
                rows.append({**row, **asdict(found)})
            else:
                why = f"undefined: {a} and {b} rated no recommendation in common"
                empty = dict.fromkeys(
                    ["value", "standard_error", "low", "high", "p_value"], math.nan
                )
                rows.append({**row, **empty, "n": 0, "note": why})
        return rows

    @cached_property
    def confusion(self) -> pd.DataFrame:
        """``rater_a, rater_b, status_a, status_b, n``, for pairs of statuses that occur."""
        parts = []
        for a, b in combinations(self.raters, 2):
            both = (
                self._status_of(a)
                .to_frame("status_a")
                .join(self._status_of(b).to_frame("status_b"), how="inner")
            )
            counts = both.value_counts(["status_a", "status_b"]).reset_index(name="n")
            counts.insert(0, "rater_a", a)
            counts.insert(1, "rater_b", b)
            order = {s: i for i, s in enumerate(self._order)}
            keys = counts[["status_a", "status_b"]].replace(order).infer_objects()
            parts.append(counts.loc[keys.sort_values(["status_a", "status_b"]).index])
        columns = ["rater_a", "rater_b", "status_a", "status_b", "n"]
        if not parts:
            return pd.DataFrame(columns=columns)
        return pd.concat(parts, ignore_index=True)[columns]

    @property
    def _order(self) -> list[str]:
        return list(dict.fromkeys([*self.scale, *_ALL_STATUSES, *self.ratings["status"].dropna()]))

    def _status_of(self, rater: str) -> pd.Series[Any]:
        own = self.ratings[self.ratings["rater"] == rater].dropna(subset=["status"])
        return own.set_index("rec_id")["status"]

    @cached_property
    def items(self) -> pd.DataFrame:
        """Recommendations on whose status raters differ: ``rec_id, gap`` and each rater's word.

        `gap` is the distance in grades between the furthest raters, NaN where fewer
        than two of their statuses have a grade.
        """
        wide = {name: self._status_of(name) for name in self.raters}
        table = pd.DataFrame(wide).reindex(list(dict.fromkeys(self.ratings["rec_id"])))
        differs = table.apply(lambda row: len(set(row.dropna())) > 1, axis=1)
        grades = pd.DataFrame({n: table[n].map(dict(self.scale)) for n in table}).astype(float)
        gap = (grades.max(axis=1) - grades.min(axis=1)).where(grades.notna().sum(axis=1) >= 2)
        table.insert(0, "gap", gap)
        found = table[differs].sort_values("gap", ascending=False, kind="stable")
        return found.rename_axis("rec_id").reset_index()

    @cached_property
    def fidelity(self) -> pd.DataFrame:
        """How much was kept where implemented, by rater.

        ``rater, rater_side, n_implemented, n_rated, mean_fidelity, retained, n_weakened``:
        `retained` is the mean as a share of 4, `n_weakened` how many were implemented
        with less than the whole content.
        """
        rows = []
        for name in self.raters:
            own = self.ratings[self.ratings["rater"] == name]
            done = own[own["status"] == "implemented"]
            kept = done["fidelity"].dropna().to_numpy(dtype=float)
            mean = float(kept.mean()) if len(kept) else math.nan
            rows.append(
                {
                    "rater": name,
                    "rater_side": own["rater_side"].iloc[0],
                    "n_implemented": len(done),
                    "n_rated": len(kept),
                    "mean_fidelity": mean,
                    "retained": mean / WHOLE,
                    "n_weakened": int((kept < WHOLE).sum()),
                }
            )
        return pd.DataFrame(rows)

    @cached_property
    def sides(self) -> pd.DataFrame:
        """``rater_side, n_raters, n_ratings, share_implemented, mean_grade`` by who judged."""
        rows = []
        for side in (*SIDES, _UNSAID):
            own = self.ratings[self.ratings["rater_side"] == side]
            said = own.dropna(subset=["status"])
            rows.append(
                {
                    "rater_side": side,
                    "n_raters": own["rater"].nunique(),
                    "n_ratings": len(said),
                    "share_implemented": float((said["status"] == "implemented").mean())
                    if len(said)
                    else math.nan,
                    "mean_grade": float(own["grade"].mean()) if own["grade"].notna().any()
                    else math.nan,
                }
            )  # fmt: skip
        table = pd.DataFrame(rows)
        return table[(table["n_raters"] > 0) | (table["rater_side"] != _UNSAID)]

    @property
    def n_common(self) -> int:
        """Recommendations with a status from two raters or more."""
        counts = self.ratings.dropna(subset=["status"]).groupby("rec_id")["rater"].nunique()
        return int((counts >= 2).sum())

    def frames(self) -> dict[str, pd.DataFrame]:
        """The tables by name."""
        return {
            "agreement": self.agreement,
            "items": self.items,
            "confusion": self.confusion,
            "fidelity": self.fidelity,
            "sides": self.sides,
        }

    def summary(self) -> str:
        """The result in plain words."""
        n = self.ratings["rec_id"].nunique()
        text = [f"{len(self.raters)} raters judged {counted(n, 'recommendation')}, "
                f"{self.n_common} of them "
                f"by two or more; on {len(self.items)} the status differs."]  # fmt: skip
        for row in self._how_far():
            ends = f"; interval {format_number(row['low'])} to {format_number(row['high'])}"
            text.append(
                f"{row['rater_a']} and {row['rater_b']}: agreement beyond chance on how far each "
                f"went {format_number(row['value'])} (linearly weighted kappa, "
                f"{counted(row['n'], 'item')}{ends if row['low'] == row['low'] else ''})"
                f"{self._plain(row['rater_a'], row['rater_b'])}."
            )
        return " ".join(text) + "\n\n" + f"{self._kept()} {self._who()}".strip()

    def _how_far(self) -> list[dict[str, Any]]:
        """Rows of the linear kappas of how far."""
        if self.agreement.empty:
            return []
        table = self.agreement
        chosen = table[(table["of"] == "how far") & (table["weights"] == "linear")]
        rows: list[dict[str, Any]] = chosen.to_dict("records")  # type: ignore[assignment]
        return rows

    def _plain(self, a: str, b: str) -> str:
        """How often two raters gave the same status, and the kappa without weights."""
        table = self.agreement
        own = table[(table["rater_a"] == a) & (table["rater_b"] == b) & (table["of"] == "status")]
        found = own.set_index("coefficient")
        same, kappa = (found.loc[k] for k in ("percent agreement", "Cohen's kappa"))
        if not same["n"]:
            return ""
        return (
            f"; the same status word on {format_number(100 * same['value'], 0)} % of "
            f"{counted(same['n'], 'item')} (unweighted kappa {format_number(kappa['value'])})"
        )

    def _kept(self) -> str:
        kept = self.fidelity.dropna(subset=["retained"])
        if not len(kept):
            return "No rater said how much of the content was kept where it was implemented."
        ends = 100 * kept["retained"].min(), 100 * kept["retained"].max()
        share = f"{format_number(ends[0], 0)} %"
        if len(kept) > 1 and ends[0] == ends[1]:
            share += ", by every rater's marks,"
        elif len(kept) > 1:
            share += f" to {format_number(ends[1], 0)} %, depending on the rater,"
        return f"Where implemented, {share} of the content was kept on average."

    def _who(self) -> str:
        known = self.sides[(self.sides["n_ratings"] > 0) & (self.sides["rater_side"] != _UNSAID)]
        if len(known) == 1:
            return f"Only one side judged: {known['rater_side'].iloc[0]}."
        return ""

    def methods_text(self) -> str:
        """A methods paragraph that states every choice made."""
        at = f" up to {self.date}" if self.date else ""
        how = (
            f"{self.n_resamples:,} bootstrap resamples of the recommendations (seed {self.seed})"
            if self.n_resamples
            else "the asymptotic standard errors of Fleiss, Cohen and Everitt (1969)"
        )
        return (
            f"The latest rating of each rater{at} was taken. Pairs of raters were compared by "
            "Cohen's kappa on the status words (unweighted) and, with linear and quadratic "
            "weights, on how far the recommendation came (0 nothing done, 1 begun, 2 decided, "
            "3 done in part, 4 done; the grading of the statuses is dmpkit's own proposal) and "
            f"on fidelity (0 to 4). Intervals rest on {how}; they treat the recommendations as a "
            "draw from many like them and say how well the raters' judgement is known, not how "
            "much was implemented. A recommendation that a rater did not judge is left out, "
            "never counted as 0. The mean content kept has no interval: it is over all "
            "implemented recommendations; its range over the raters is given instead."
        )

    def indicators(self) -> tuple[Indicator, ...]:
        """Linear kappas on how far, and the content kept."""
        source = f"{len(self.raters)} raters, {self.n_common} recommendations judged twice"
        found = [
            Indicator(
                f"agreement of {r['rater_a']} and {r['rater_b']} (linear kappa)",
                r["value"],
                r["low"],
                r["high"],
                r["n"],
                r["note"],
                source,
            )
            for r in self._how_far()
        ]
        note = (
            "share of the content, mean over implemented recommendations; a complete list, so "
            "no interval"
        )
        kept: list[dict[str, Any]] = self.fidelity.to_dict("records")  # type: ignore[assignment]
        found += [
            Indicator(
                f"content kept where implemented, by {r['rater']}",
                r["retained"],
                n=r["n_rated"],
                note=note,
                source=source,
            )
            for r in kept
        ]
        return tuple(found)

    def section(self) -> Section:
        """Tables and the dumbbells of the first two raters."""
        html = paragraphs(self.summary())
        html += table_html(self.agreement.drop(columns=["note"]), caption="Pairs of raters")
        html += table_html(self.fidelity, caption="Content kept where implemented")
        html += table_html(self.sides, caption="Who judged")
        figures: tuple[Figure, ...] = ()
        if len(self.raters) >= 2 and self.items["gap"].gt(0).any():
            caption = "Recommendations on which two raters differ."
            figures = (Figure.from_axes(self.plot_raters(), caption),)
        return Section(self.title, html, figures)

    def plot_raters(
        self, a: str | None = None, b: str | None = None, *, ax: Axes | None = None
    ) -> Axes:
        """Two raters side by side, see :func:`~dmpkit.impact.raters_plots.plot_raters`."""
        from dmpkit.impact.raters_plots import plot_raters

        return plot_raters(self, a, b, ax=ax)


_WEIGHTS: dict[str, tuple[tuple[str, Any], ...]] = {
    "status": (("percent agreement", None), ("Cohen's kappa", None)),
    "grade": (
        ("percent agreement", None),
        ("Cohen's kappa", "linear"),
        ("Cohen's kappa", "quadratic"),
    ),
    "fidelity": (("Cohen's kappa", "linear"), ("Cohen's kappa", "quadratic")),
}


def raters(
    ratings: Any,
    *,
    date: str | None = None,
    scale: Mapping[str, int] | None = None,
    n_resamples: int = 0,
    seed: int | None = None,
) -> RaterComparison:
    """Compare those who judged the same recommendations.

    Parameters
    ----------
    ratings : DataFrame
        ``rec_id, rater, status`` and, where known, ``rater_side`` (government,
        assembly member, independent), ``as_of`` (ISO date), ``fidelity`` (0 to 4).
        The ratings of a ledger as they are.
    date : str, optional
        Only ratings up to this day (ISO) count; all when not given. The latest of
        each rater and recommendation is taken.
    scale : mapping of str to int, optional
        Status to grade, 0 (nothing done) to 4 (done); ``HOW_FAR`` when not given. A
        status without a grade is no rating of how far.
    n_resamples : int
        Bootstrap resamples for the intervals; 0 for the asymptotic ones.
    seed : int, optional

    Returns
    -------
    RaterComparison

    Warns
    -----
    LedgerWarning
        Only one side judged.
    SmallSampleWarning
        No recommendation was judged by two raters.

    Raises
    ------
    DataError
        No rating, a missing column, an unknown status, a fidelity outside 0 to 4,
        two ratings of one rater on the same day that differ.

    Examples
    --------
    >>> table = pd.DataFrame({"rec_id": ["R1", "R1", "R2", "R2"], "rater": ["a", "b"] * 2,
    ...     "rater_side": ["government", "independent"] * 2,
    ...     "status": ["implemented", "decided", "in_progress", "in_progress"]})
    >>> raters(table).items.values.tolist()
    [['R1', 2.0, 'implemented', 'decided']]
    """
    grades = _grades(scale)
    table = _read(ratings, set(grades))
    if date is not None:
        table = table[table["as_of"].isna() | (table["as_of"] <= str(date))]
        if table.empty:
            raise DataError(f"There is no rating up to {date}.")
    latest = _latest(_one_side(table))
    grade = latest["status"].map(dict(grades)).astype(float)
    latest = latest.assign(grade=grade)
    used = drawn_seed(seed) if n_resamples else None
    result = RaterComparison(latest, grades, n_resamples, used, date)
    _warn(result)
    return result


def _warn(result: RaterComparison) -> None:
    sides = set(result.ratings["rater_side"]) - {_UNSAID}
    if len(sides) == 1:
        warn(f"Only one side judged: {sides.pop()}. Nobody checked it from outside.", LedgerWarning)
    if not result.n_common:
        warn(
            "No recommendation was judged by two raters, so nothing says how sure the ratings are.",
            SmallSampleWarning,
        )


def _grades(scale: Mapping[str, int] | None) -> Mapping[str, int]:
    if scale is None:
        return HOW_FAR
    for status, grade in scale.items():
        if isinstance(grade, bool) or grade not in range(WHOLE + 1):
            raise DataError(
                f"The grade of {status!r} is {grade!r}.",
                remedy="Use a whole number from 0 (nothing done) to 4 (done).",
            )
    return MappingProxyType({str(status): int(grade) for status, grade in scale.items()})


def _read(ratings: Any, own_words: set[str]) -> pd.DataFrame:
    frame = to_pandas(ratings, what="ratings").reset_index(drop=True)
    require_columns(frame, ["rec_id", "rater", "status"])
    if frame.empty:
        raise DataError("There is no rating.", remedy="Enter ratings, or leave this step out.")
    text = {c: _text(frame[c]) for c in ("rec_id", "rater", "status")}
    for column in ("rec_id", "rater"):
        if text[column].isna().any():
            row = int(text[column].isna().to_numpy().argmax()) + 2
            raise DataError(f"The {column} is missing.", row=row, column=column)
    words = (*own_words, *_ALL_STATUSES, "no_record", "no_answer_by_deadline")
    known = {w: known_word(w, words, "status", row=_row(text["status"], w), column="status")
             for w in text["status"].dropna().unique()}  # fmt: skip
    out = pd.DataFrame({**text, "status": text["status"].map(known)})
    side = _text(frame["rater_side"]) if "rater_side" in frame else pd.Series([None] * len(frame))
    of = {w: known_word(w, SIDES, "side", row=_row(side, w), column="rater_side")
          for w in side.dropna().unique()}  # fmt: skip
    out["rater_side"] = side.map(of).astype(object).fillna(_UNSAID)
    out["as_of"] = _text(frame["as_of"]) if "as_of" in frame else None
    out["fidelity"] = _fidelity(frame)
    return out


def _text(values: pd.Series[Any]) -> pd.Series[Any]:
    """Text, None where blank."""
    plain = values.astype(object).where(values.notna(), None)
    cells = [None if v is None or not str(v).strip() else str(v).strip() for v in plain]
    return pd.Series(cells, index=values.index, dtype=object)


def _row(values: pd.Series[Any], word: str) -> int:
    return int((values == word).to_numpy().argmax()) + 2


def _fidelity(frame: pd.DataFrame) -> pd.Series[float]:
    if "fidelity" not in frame:
        return pd.Series(np.full(len(frame), math.nan), index=frame.index)
    given = _text(frame["fidelity"])
    numbers = pd.to_numeric(given, errors="coerce").astype(float)
    wrong = given.notna() & ~numbers.isin(range(WHOLE + 1))
    if wrong.any():
        at = int(wrong.to_numpy().argmax())
        raise DataError(
            f"The fidelity is {given.iloc[at]!r}.", row=at + 2, column="fidelity",
            remedy="Use 0 (nothing kept) to 4 (all kept), or leave it empty.",
        )  # fmt: skip
    return numbers


def _latest(table: pd.DataFrame) -> pd.DataFrame:
    """The latest rating of each rater and recommendation; undated ones are the oldest."""
    when = table["as_of"].astype(object).where(table["as_of"].notna(), "")
    ordered = table.assign(_when=when).sort_values("_when", kind="stable")
    keys = ["rec_id", "rater", "_when"]
    last = ordered.drop_duplicates(["rec_id", "rater"], keep="last").index
    same = ordered.drop_duplicates([*keys, "status", "fidelity"])
    twice = same[same.duplicated(keys)]
    if len(twice):
        row = twice.iloc[0]
        raise DataError(
            f"{row['rater']} judged {row['rec_id']} twice on the same day, differently.",
            row=int(twice.index[0]) + 2,
            remedy="Keep one of the two, or date the later one.",
        )
    return table.loc[sorted(last)].reset_index(drop=True)


def _one_side(table: pd.DataFrame) -> pd.DataFrame:
    """Each rater on one side; where it is left blank, on that of the rater's other rows."""
    said = table[table["rater_side"] != _UNSAID].drop_duplicates(["rater", "rater_side"])
    twice = said[said.duplicated("rater")]
    if len(twice):
        raise DataError(
            f"{twice['rater'].iloc[0]} stands on more than one side.",
            column="rater_side",
            remedy="Give each rater one side, or two names to the two roles.",
        )
    of = dict(zip(said["rater"], said["rater_side"], strict=True))
    return table.assign(rater_side=[of.get(name, _UNSAID) for name in table["rater"]])
