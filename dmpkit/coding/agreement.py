"""Agreement of coders on a coded project, at four units side by side.

The same codings give different figures at the level of characters, stretches, turns and
documents, because each asks a different question; all are shown, with what they mean and
how common each code is.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

import numpy as np
import pandas as pd

from dmpkit.arguments import a_word, check_settings
from dmpkit.coding.agreement_units import UNITS, Codings, Grid, Unit
from dmpkit.coding.approach import require_approach
from dmpkit.coding.data import CodedProject
from dmpkit.errors import DataError, SmallSampleWarning, warn
from dmpkit.measures import coefficients as measured
from dmpkit.measures.ratings import Ratings
from dmpkit.reporting import (
    Estimate,
    Figure,
    Indicator,
    Result,
    Section,
    escape,
    format_number,
    paragraphs,
    table_html,
)
from dmpkit.resampling import drawn_seed
from dmpkit.wording import counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["ANY", "COEFFICIENTS", "SETS", "CodingAgreement", "agreement"]

#: Rows that are no single code.
ANY: Final = "(any code)"
SETS: Final = "(sets of codes)"
#: Short names of the coefficients.
COEFFICIENTS: Final[Mapping[str, Callable[..., Estimate]]] = {
    "percent": measured.percent_agreement,
    "alpha": measured.krippendorff_alpha,
    "cohen": measured.cohen_kappa,
    "scott": measured.scott_pi,
    "fleiss": measured.fleiss_kappa,
    "conger": measured.conger_kappa,
    "light": measured.light_kappa,
    "brennan_prediger": measured.brennan_prediger,
    "ac1": measured.gwet_ac1,
}
#: More different sets of codes than this are not compared one with another.
MOST_SETS: Final = 1500
#: Fewer interviews than this make a bootstrap over them rough; our own choice.
FEW: Final = 10
#: Interviews in which a code must stand to be resampled over interviews; our own choice.
FEWEST: Final = 3
_CONTEXT: Final = 60


@dataclass(frozen=True, eq=False, repr=False)
class CodingAgreement(Result):
    """Result of :func:`agreement`.

    Attributes
    ----------
    table : DataFrame
        One row a unit, code and coefficient: ``unit, code, coefficient, value,
        standard_error, low, high, n`` (units, or characters, that two coders read),
        ``note``.
    prevalence : DataFrame
        ``unit, code, coder, positive, n, share``: characters or units that each coder
        gave the code, of those she read.
    overlap : DataFrame
        ``unit, code, any, all, jaccard``: units coded by at least one coder, by all who
        read them, and the second over the first.
    units : tuple of str
    skipped : mapping
        Unit to why it could not be made.
    codings : Codings
    left_out : tuple of str
        Sources that fewer than two of the coders coded.
    n_resamples, resample, seed, confidence
    approach_note : str
    """

    title: ClassVar[str] = "Agreement of coders"
    sheet_notes: ClassVar[Mapping[str, str]] = {
        "agreement": "Coefficients by unit and code; undefined values say why in the note.",
        "prevalence": "How much of the text each coder gave each code.",
        "overlap": "Coded by any coder, by all, and the share of all in any (Jaccard).",
        "disagreements": "Passages by what they contribute to observed disagreement.",
        "units": "What agreement at each unit means.",
    }

    table: pd.DataFrame
    prevalence: pd.DataFrame
    overlap: pd.DataFrame
    units: tuple[str, ...]
    skipped: Mapping[str, str]
    codings: Codings
    left_out: tuple[str, ...]
    n_resamples: int
    resample: str
    seed: int | None
    confidence: float
    approach_note: str = ""

    @cached_property
    def meanings(self) -> pd.DataFrame:
        """``unit, means``."""
        means = [UNITS[u] for u in self.units] + [f"Not made: {w}" for w in self.skipped.values()]
        return pd.DataFrame({"unit": [*self.units, *self.skipped], "means": means})

    @cached_property
    def disagreements(self) -> pd.DataFrame:
        """The 200 passages that contribute most, see :meth:`disagreements_on`."""
        return self.disagreements_on(most=200)

    def disagreements_on(
        self, codes: str | Sequence[str] | None = None, most: int | None = None
    ) -> pd.DataFrame:
        """Passages on which coders differ, by what they add to observed disagreement.

        At the level of characters: of a passage of L characters that n1 of m coders gave
        the code and n0 did not, 2·n1·n0·L/(m − 1), which is its part of the observed
        disagreement of Krippendorff's alpha.

        Parameters
        ----------
        codes : str or sequence of str, optional
            Only these.
        most : int, optional
            Only the first rows.

        Returns
        -------
        DataFrame
            ``code, source, start, end, length, contribution, share, cumulative_share``
            (of all codes chosen), ``context`` (the passage in brackets), and for each
            coder ``coded (name)``, ``quote (name)`` (her codings with the code that
            overlap or touch the passage) and ``codes (name)`` (all codes she gave within
            it); largest first.
        """
        c = self.codings
        wanted = range(len(c.codes))
        if codes is not None:
            names = [codes] if isinstance(codes, str) else list(codes)
            if unknown := [n for n in names if n not in c.codes]:
                raise DataError(f"There is no code {unknown[0]!r} in this comparison.")
            wanted = [c.codes.index(n) for n in names]  # type: ignore[assignment]
        grid = c.grid("character")
        parts = [_differences(c, grid, code) for code in wanted]
        found = pd.concat(parts, ignore_index=True)
        found = found.sort_values("contribution", ascending=False, kind="stable")
        found = found.reset_index(drop=True)
        total = float(found["contribution"].sum())
        found["share"] = found["contribution"] / total if total else found["contribution"]
        found["cumulative_share"] = found["share"].cumsum()
        return _with_words(found if most is None else found.head(most), c)

    def frames(self) -> dict[str, pd.DataFrame]:
        """The tables by name."""
        return {
            "agreement": self.table,
            "prevalence": self.prevalence,
            "overlap": self.overlap,
            "disagreements": self.disagreements,
            "units": self.meanings,
        }

    def value(self, code: str, unit: str = "character", coefficient: str = "alpha") -> Estimate:
        """One estimate.

        Raises
        ------
        DataError
            When there is none of that name.
        """
        for name, word in (("code", code), ("unit", unit), ("coefficient", coefficient)):
            a_word(word, name)
        t = self.table
        row = t[(t["code"] == code) & (t["unit"] == unit) & (t["coefficient"] == coefficient)]
        if not len(row):
            raise DataError(f"There is no {coefficient!r} of {code!r} at the unit {unit!r}.")
        r = row.iloc[0]
        return Estimate(
            float(r["value"]), float(r["standard_error"]), float(r["low"]), float(r["high"]),
            n=int(r["n"]), note=str(r["note"]),
        )  # fmt: skip

    def summary(self) -> str:
        """The result in plain words."""
        c = self.codings
        text = (
            f"{len(c.coders)} coders ({', '.join(c.coders)}), {counted(len(c.codes), 'code')}, "
            f"{counted(len(c.sources), 'source')} that two or more of them coded."
        )
        if self.left_out:
            text += (
                f" Left out, because fewer than two coded anything there: "
                f"{', '.join(self.left_out)}; name them in sources= if they were read."
            )
        parts = [text, *(self._of_unit(unit) for unit in self.units)]
        parts += [f"{unit.capitalize()}: not made, {why}" for unit, why in self.skipped.items()]
        return "\n\n".join(p for p in [*parts, self.approach_note] if p)

    def _of_unit(self, unit: str) -> str:
        """Any code, sets of codes, best and worst code at a unit."""
        own = self.table[(self.table["unit"] == unit) & (self.table["coefficient"] == "alpha")]
        text = f"{unit.capitalize()}: {UNITS[unit]}"
        if not len(own):
            return text
        by_code = own.set_index("code")["value"]
        said = [
            f"{words} {format_number(by_code[name])}"
            for name, words in ((ANY, "coded at all"), (SETS, "sets of codes (MASI)"))
            if name in by_code and not math.isnan(by_code[name])
        ]
        single = by_code.drop([n for n in (ANY, SETS) if n in by_code]).dropna()
        if len(single):
            low, high = str(single.idxmin()), str(single.idxmax())
            said.append(
                f"by code from {format_number(single[low])} ({low}) to "
                f"{format_number(single[high])} ({high})"
            )
        missing = int(own["value"].isna().sum())
        if missing:
            said.append(f"{missing} undefined (the notes say why)")
        return f"{text} Alpha: {'; '.join(said)}." if said else text

    def methods_text(self) -> str:
        """A methods paragraph that states every choice made."""
        c = self.codings
        names = list(dict.fromkeys(self.table["coefficient"]))
        text = (
            f"Agreement of {len(c.coders)} coders on {len(c.codes)} codes in {len(c.sources)} "
            f"sources was measured by {', '.join(names)} (nominal, per code: used or not; "
            "sets of codes with the MASI distance of Passonneau 2006). A source counts for the "
            "coders who worked on it; a code that a coder did not use there counts as absent. "
            + " ".join(UNITS[u] for u in self.units)
        )
        if len(c.whole):
            text += (
                f" {len(c.whole)} codings of whole sources, or without a position, count at the "
                "level of documents only."
            )
        if not self.n_resamples:
            return (
                f"{text} Intervals are given at the level of documents only: stretches and turns "
                "of one interview are not independent."
            )
        what = "whole interviews" if self.resample == "interview" else "single units"
        return (
            f"{text} Intervals are {100 * self.confidence:g} % percentile intervals from "
            f"{self.n_resamples:,} bootstrap resamples of {what} (seed {self.seed}); drawn from "
            "ten interviews they held about 90 % in our simulations, nominally 95 %."
        )

    def indicators(self) -> tuple[Indicator, ...]:
        """Alpha of coding anything at each unit."""
        source = f"{len(self.codings.coders)} coders, {len(self.codings.sources)} sources"
        found = []
        for unit in self.units:
            rows = self.table[(self.table["unit"] == unit) & (self.table["code"] == ANY)]
            for r in rows[rows["coefficient"] == "alpha"].to_dict("records"):
                name = f"alpha of coders, {unit}"
                n = int(r["n"])
                found.append(Indicator(name, r["value"], r["low"], r["high"], n, r["note"], source))
        return tuple(found)

    def section(self) -> Section:
        """Words, alpha by code and unit, the first disagreements, picture."""
        html = paragraphs(self.summary())
        shown = self.table.drop(columns="note")
        html += table_html(shown, caption="Agreement by unit and code", groups="unit")
        html += table_html(self.overlap, caption="How common each code is", groups="unit")
        undefined = self.table.loc[self.table["value"].isna(), ["unit", "code", "note"]]
        for unit, code, note in undefined.drop_duplicates().head(30).itertuples(index=False):
            html += f'<p class="note">{escape(f"{code} ({unit}): {note}")}.</p>'
        first = self.disagreements.head(10)
        if len(first):
            html += table_html(
                first[["code", "source", "share", "context"]], caption="Most disputed passages"
            )
        known = self.table.loc[self.table["coefficient"] == "alpha", "value"].notna()
        figures: tuple[Figure, ...] = ()
        if known.any():
            figures = (Figure.from_axes(self.plot_agreement(), "Alpha by code and unit."),)
        return Section(self.title, html, figures)

    def plot_agreement(
        self, coefficient: str = "alpha", *, unit: str | None = None, ax: Axes | None = None
    ) -> Axes:
        """One coefficient by code, with intervals, a marker for each unit.

        Parameters
        ----------
        coefficient : str
        unit : str, optional
            Only this; then the share of it that any coder gave the code stands beside.
        ax : Axes, optional
        """
        from dmpkit.measures.agreement_plots import plot_agreement

        rows = self.table[self.table["coefficient"] == coefficient]
        if unit is not None:
            rows = rows[rows["unit"] == unit]
            either = self.overlap.assign(coded_by_any=self.overlap["any"] / self.overlap["n"])
            rows = rows.merge(either[["unit", "code", "coded_by_any"]], on=["unit", "code"])
            return plot_agreement(rows, label="code", share="coded_by_any", ax=ax)
        return plot_agreement(rows, label="code", group="unit", ax=ax)


def agreement(
    project: CodedProject,
    coders: Sequence[str] | None = None,
    unit: Unit | Sequence[Unit] | None = None,
    *,
    codes: Sequence[str] | None = None,
    sources: Sequence[str] | None = None,
    turns: Any = None,
    coefficients: Sequence[str] | None = None,
    n_resamples: int = 0,
    resample: Literal["interview", "unit"] = "interview",
    seed: int | None = None,
    confidence: float = 0.95,
) -> CodingAgreement:
    """How far coders agree, code by code and overall, at each unit side by side.

    Programs differ in what they show here. NVivo and QualCoder compare characters,
    MAXQDA documents or overlapping segments. What QualCoder 3.9 calls kappa is not
    Cohen's: it looks at coded text only and multiplies the two chances where Cohen adds
    them (0.48 where Cohen's kappa of the same characters is 0.64).

    Parameters
    ----------
    project : CodedProject
    coders : sequence of str, optional
        Two or more; all who coded when not given.
    unit : {"character", "segment", "turn", "document"} or several, optional
        All four when not given; turns only where they are recognised or given.
    codes : sequence of str, optional
        Each stands for itself, without those below it. All that these coders used when
        not given.
    sources : sequence of str, optional
        Sources that all of them read, whether or not they coded anything there. When not
        given: those that at least two coded; a coder without a coding in a source is
        taken not to have worked on it, and has no rating there.
    turns : DataFrame, optional
        ``source, start, end`` of speaker turns; recognised by
        :func:`dmpkit.coding.find_turns` when not given.
    coefficients : sequence of str, optional
        Of ``percent, alpha, cohen, scott, fleiss, conger, light, brennan_prediger,
        ac1``; percent, alpha, Cohen's kappa (Conger's with more than two coders) and AC1
        when not given.
    n_resamples : int
        Bootstrap resamples; 0 for none.
    resample : {"interview", "unit"}
        Draw whole sources (right where stretches of one conversation are coded) or single
        units (which takes them to be independent; never offered for characters).
    seed : int, optional
    confidence : float

    Returns
    -------
    CodingAgreement

    Raises
    ------
    DataError
        A reflexive project (says why), fewer than two coders, nothing to compare, names
        that the project does not have.

    Examples
    --------
    >>> text = pd.DataFrame({"source": ["I1", "I2"], "text": ["Time was short.", "No budget."]})
    >>> codings = pd.DataFrame({"source": ["I1", "I1", "I2", "I2"], "code": "Limits",
    ...     "coder": ["ada", "ben", "ada", "ben"], "start": [0, 0, 3, 0], "end": [14, 4, 9, 9]})
    >>> project = CodedProject.from_frames(text, codings, approach="coding reliability")
    >>> found = agreement(project, unit="character")
    >>> round(found.value("Limits", coefficient="percent").value, 2)
    0.48
    """
    check_settings(agreement, locals())
    from tqdm.auto import tqdm

    note = require_approach(project, "agreement between coders")
    c = Codings.of(project, coders, codes, sources)
    names = _coefficients(coefficients, len(c.coders))
    if isinstance(n_resamples, bool) or not hasattr(n_resamples, "__index__") or n_resamples < 0:
        raise DataError(f"n_resamples is {n_resamples!r}; it must be a whole number of 0 or more.")
    if resample not in ("interview", "unit"):
        raise DataError(f"resample is {resample!r}.", remedy="Use 'interview' or 'unit'.")
    grids, skipped = _grids(project, c, unit, turns)
    used = drawn_seed(seed) if n_resamples else None
    sampling = _Sampling(n_resamples, resample, used, confidence)
    if n_resamples and resample == "interview" and 1 < len(c.sources) < FEW:
        warn(
            f"The bootstrap draws from {len(c.sources)} interviews only; its intervals are rough.",
            SmallSampleWarning,
        )
    with tqdm(total=len(grids) * (len(c.codes) + 1), unit=" codes", leave=False, delay=1.0) as bar:
        rows = [row for grid in grids for row in _rows(c, grid, names, sampling, bar.update)]
    shares = [_shares(c, grid) for grid in grids]
    left = ()
    if sources is None:
        coded = set(project.segments["source"]) | set(project.unplaced["source"])
        order = project.sources["source"]
        left = tuple(s for s in order if s in coded and s not in c.sources)
    return CodingAgreement(
        pd.DataFrame(rows),
        pd.concat([a for a, _ in shares], ignore_index=True),
        pd.concat([b for _, b in shares], ignore_index=True),
        tuple(g.unit for g in grids), skipped, c, left,
        n_resamples, resample, used, confidence, note,
    )  # fmt: skip


@dataclass(frozen=True)
class _Sampling:
    n_resamples: int
    resample: str
    seed: int | None
    confidence: float


def _coefficients(names: Sequence[str] | None, n_coders: int) -> tuple[str, ...]:
    if names is None:
        return ("percent", "alpha", "cohen" if n_coders == 2 else "conger", "ac1")
    listed = [names] if isinstance(names, str) else list(names)
    for name in listed:
        if name not in COEFFICIENTS:
            raise DataError(
                f"There is no coefficient {name!r}.", remedy=f"Use {', '.join(COEFFICIENTS)}."
            )
        if name in ("cohen", "scott") and n_coders != 2:
            raise DataError(
                f"{name.capitalize()} compares two coders, and there are {n_coders}.",
                remedy="Choose two in coders=, or take alpha, conger, fleiss or light.",
            )
    return tuple(dict.fromkeys(listed))


def _grids(
    project: CodedProject, c: Codings, unit: Unit | Sequence[Unit] | None, turns: Any
) -> tuple[list[Grid], dict[str, str]]:
    """The units asked for, and why one of them cannot be."""
    wanted: Sequence[str] = (
        tuple(UNITS) if unit is None else (unit,) if isinstance(unit, str) else tuple(unit)
    )
    if not wanted:
        raise DataError("No unit was named.", remedy="Leave unit out for all four.")
    grids, skipped = [], {}
    for name in wanted:
        if name == "turn" and turns is None:
            from dmpkit.coding.turns import find_turns

            turns = find_turns(project.only(sources=c.sources)).turns
        grid = c.grid(name, turns)
        if len(grid):
            grids.append(grid)
            continue
        why = "no speaker turns were recognised" if name == "turn" else "the texts are empty"
        skipped[name] = f"{why}; give turns= with source, start and end." if name == "turn" else why
    if not grids:
        raise DataError(f"There is nothing to compare: {next(iter(skipped.values()))}")
    return grids, skipped


def _rows(
    c: Codings, grid: Grid, names: Sequence[str], sampling: _Sampling, done: Callable[[], object]
) -> list[dict[str, Any]]:
    """All coefficients of all codes at one unit."""
    by_interview = sampling.resample == "interview"
    rows = []
    for code, label in [*enumerate(c.codes), (None, ANY)]:
        ratings = c.ratings(grid, c.presence(grid, code), clusters=by_interview)
        for name in names:
            rows.append(_row(grid, label, name, COEFFICIENTS[name], (), ratings, sampling))
        done()
    ratings = c.set_ratings(grid, clusters=by_interview)
    if len(ratings.categories) > MOST_SETS:
        note = f"not made: {len(ratings.categories):,} different sets of codes are too many"
        empty = Estimate(math.nan, n=len(grid), note=note)
        return [*rows, _line(grid, SETS, "alpha", empty)]
    if "percent" in names:
        rows.append(_row(grid, SETS, "percent", measured.percent_agreement, (), ratings, sampling))
    alpha = measured.krippendorff_alpha
    return [*rows, _row(grid, SETS, "alpha", alpha, ("masi",), ratings, sampling)]


def _row(
    grid: Grid,
    code: str,
    name: str,
    function: Callable[..., Estimate],
    arguments: tuple[Any, ...],
    ratings: Ratings,
    sampling: _Sampling,
) -> dict[str, Any]:
    n, why = sampling.n_resamples, ""
    held = (ratings.codes > 0) if ratings.numeric else ratings.codes >= 0
    where = len(set(grid.source[held.any(axis=0)].tolist()))
    if n and sampling.resample == "interview" and where < FEWEST:
        few = "1 interview" if where == 1 else f"{where} interviews"
        n, why = 0, f"no interval: the code was used in {few} only, too few to draw from"
    if n and sampling.resample == "interview" and ratings.clusters is None:
        n, why = 0, "no interval: one interview only"
    if n and sampling.resample == "unit" and grid.unit == "character":
        n, why = 0, "no interval: characters are not independent; resample interviews"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SmallSampleWarning)  # said by n
        found = function(
            ratings, *arguments, n_resamples=n, seed=sampling.seed, confidence=sampling.confidence
        )
    if not n and grid.unit != "document" and not math.isnan(found.value):
        words = found.note.split("; ", 1)[0]
        why = why or "no interval: stretches of one interview are not independent; take n_resamples"
        found = Estimate(found.value, n=found.n, note=f"{words}; {why}")
    if grid.weights is not None:
        compared = (ratings.codes >= 0).sum(axis=0) >= 2
        found = replace(found, n=int(grid.weights[compared].sum()))
    return _line(grid, code, name, found)


def _line(grid: Grid, code: str, name: str, e: Estimate) -> dict[str, Any]:
    return {
        "unit": grid.unit, "code": code, "coefficient": name, "value": e.value,
        "standard_error": e.standard_error, "low": e.low, "high": e.high, "n": e.n,
        "note": e.note,
    }  # fmt: skip


def _shares(c: Codings, grid: Grid) -> tuple[pd.DataFrame, pd.DataFrame]:
    """How common each code is: by coder, and in any and all of them."""
    known = c.known(grid)
    size = np.ones(len(grid)) if grid.weights is None else grid.weights
    compared = known.sum(axis=0) >= 2
    rows, overlaps = [], []
    for code, label in [*enumerate(c.codes), (None, ANY)]:
        held = c.presence(grid, code) & known
        for coder, own, read in zip(c.coders, held, known, strict=True):
            positive, n = int(size[own].sum()), int(size[read].sum())
            rows.append((grid.unit, label, coder, positive, n, positive / n if n else math.nan))
        either = int(size[held.any(axis=0) & compared].sum())
        every = int(size[(held | ~known).all(axis=0) & compared].sum())
        share = every / either if either else math.nan
        overlaps.append((grid.unit, label, int(size[compared].sum()), either, every, share))
    return (
        pd.DataFrame(rows, columns=["unit", "code", "coder", "positive", "n", "share"]),
        pd.DataFrame(overlaps, columns=["unit", "code", "n", "any", "all", "jaccard"]),
    )


def _differences(c: Codings, grid: Grid, code: int) -> pd.DataFrame:
    """Passages on which coders differ over one code; neighbours that look alike are joined."""
    known = c.known(grid)
    held = c.presence(grid, code) & known
    yes, m = held.sum(axis=0), known.sum(axis=0)
    differ = (m >= 2) & (yes > 0) & (yes < m)
    place = np.flatnonzero(differ)
    same = np.ones(len(place), dtype=bool)
    if len(place):
        before, here = place[:-1], place[1:]
        same[0] = False
        same[1:] = (
            (here == before + 1)
            & (grid.source[here] == grid.source[before])
            & (held[:, here] == held[:, before]).all(axis=0)
        )
    first = place[~same]
    ends = np.flatnonzero(~same)
    stop = np.append(ends[1:], len(place)) - 1
    last = place[stop] if len(place) else first
    table = grid.table
    length = grid.last[last] - grid.first[first]
    n1, mm = yes[first], m[first]
    out = pd.DataFrame(
        {
            "code": c.codes[code],
            "source": table["source"].to_numpy()[first],
            "start": table["start"].to_numpy()[first],
            "end": table["end"].to_numpy()[last],
            "length": length,
            "contribution": 2.0 * n1 * (mm - n1) * length / np.maximum(mm - 1, 1),
        }
    )
    for i, coder in enumerate(c.coders):
        words = np.where(held[i, first], "yes", np.where(known[i, first], "no", "not read"))
        out[f"coded ({coder})"] = words
    return out


def _with_words(found: pd.DataFrame, c: Codings) -> pd.DataFrame:
    """The passages in context, with what each coder marked there."""
    spans = c.spans
    by_source: dict[Any, pd.DataFrame] = dict(list(spans.groupby("source", sort=False)))
    contexts: list[str] = []
    quotes: list[list[str]] = [[] for _ in c.coders]
    others: list[list[str]] = [[] for _ in c.coders]
    for row in found[["code", "source", "start", "end"]].itertuples(index=False):
        code, source, a, b = c.codes.index(row[0]), row[1], int(row[2]), int(row[3])
        contexts.append(_in_context(c.texts[source], a, b))
        near = by_source.get(c.sources.index(source), spans.head(0))
        near = near[(near["start"] <= b) & (near["end"] >= a)]
        within = near[(near["start"] < b) & (near["end"] > a)]
        for i in range(len(c.coders)):
            own = near[(near["coder"] == i) & (near["code"] == code)]
            quotes[i].append(" | ".join(own["quote"]))
            given = sorted(set(within.loc[within["coder"] == i, "code"]))
            others[i].append("; ".join(c.codes[g] for g in given))
    front = ["code", "source", "start", "end", "length", "contribution", "share"]
    out = found[[*front, "cumulative_share"]].assign(context=contexts)
    for i, coder in enumerate(c.coders):
        out[f"coded ({coder})"] = found[f"coded ({coder})"].to_numpy()
        out[f"quote ({coder})"] = quotes[i]
        out[f"codes ({coder})"] = others[i]
    return out


def _in_context(text: str, a: int, b: int) -> str:
    before, after = text[max(a - _CONTEXT, 0) : a], text[b : b + _CONTEXT]
    left = "…" if a > _CONTEXT else ""
    right = "…" if b + _CONTEXT < len(text) else ""
    return f"{left}{before}[{text[a:b]}]{after}{right}".replace("\n", " ")
