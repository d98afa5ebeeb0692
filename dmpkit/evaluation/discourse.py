"""Quality of discourse from coded speech acts: reliability first, composite after.

Each act is coded by one coder or more. For every code the coders' agreement is given;
a composite over codes is offered only when all its codes reach a stated reliability, and
is otherwise missing, with the reason. The authors of the Discourse Quality Index add
their codes up only where these form a scale: Cronbach's alpha stands beside.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from numbers import Real
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dmpkit.arguments import check_settings
from dmpkit.errors import DataError
from dmpkit.evaluation.codebook import DQI, Codebook
from dmpkit.evaluation.labels import (
    SMALLEST,
    attribute_of,
    first_few,
    hidden_cells,
    member_list,
    names,
    text,
    whole_number,
)
from dmpkit.evaluation.reason_steps import cronbach_alpha
from dmpkit.evaluation.reliability import COEFFICIENTS, code_reliability
from dmpkit.reporting import (
    Estimate,
    Figure,
    Indicator,
    Result,
    Section,
    paragraphs,
    table_html,
)
from dmpkit.resampling import drawn_seed, run_resamples
from dmpkit.tables import require_columns, to_pandas

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["DiscourseQuality", "discourse_quality"]

Floats = NDArray[np.float64]

#: Krippendorff's least value for tentative conclusions (2004, Content Analysis, ch. 11).
THRESHOLD = 0.667


#: Column names as a page shows them.
_HEADINGS = {
    "label": "code",
    "percent_agreement": "share coded alike",
    "cohen_kappa": "Cohen's kappa",
    "kappa_quadratic": "Cohen's kappa, squared weights",
    "spearman": "Spearman's rank correlation",
    "alpha_nominal": "Krippendorff's alpha, nominal",
    "alpha_ordinal": "Krippendorff's alpha, ordinal",
    "reliable": "enough agreement",
    "complete": "acts with all codes",
    "composite_mean": "mean",
    "composite_sd": "standard deviation",
    "cronbach_alpha": "Cronbach's alpha",
    "scaled": "mean, 0 to 1",
}


@dataclass(frozen=True, eq=False, repr=False)
class DiscourseQuality(Result):
    """Result of :func:`discourse_quality`.

    Attributes
    ----------
    acts : DataFrame
        ``act, coder``, where known ``person`` and ``group``, then one column a code.
    codebook : Codebook
        Of the codes that are in the data.
    reliability : DataFrame
        One row a code: see :func:`~.reliability.code_reliability`.
    threshold : float
        What every code must reach for the composite.
    coefficient : str
        Of which coefficient.
    composite : Estimate
        Mean over acts of 100 × the mean of the codes, each scaled to 0 ... 1; NaN with
        the reason in `note` where a code is not reliable enough.
    group_name : str or None
    smallest : int
        Groups with fewer speakers are hidden.
    sampled : bool
        Whether the acts are a sample of the talk.
    notes : tuple of str
    """

    acts: pd.DataFrame
    codebook: Codebook
    reliability: pd.DataFrame
    threshold: float
    coefficient: str
    composite: Estimate
    group_name: str | None = None
    smallest: int = SMALLEST
    sampled: bool = False
    notes: tuple[str, ...] = ()

    title = "Quality of discourse"
    sheet_notes: ClassVar[Mapping[str, str]] = {
        "reliability": "Agreement of the coders, code by code.",
        "coders": "Composite and Cronbach's alpha of each coder (acts with all codes).",
        "distribution": "How often each coder gave each value.",
        "groups": "Mean of each code by group of speakers; small groups are empty.",
        "codebook": "The codes and their ranges.",
    }

    @property
    def offered(self) -> bool:
        """Whether all codes are reliable enough for a composite."""
        return bool(self.reliability["reliable"].all())

    @property
    def coders(self) -> tuple[str, ...]:
        """Who coded."""
        return tuple(sorted(self.acts["coder"].unique()))

    @cached_property
    def by_coder(self) -> pd.DataFrame:
        """``coder, acts, complete, composite_mean, composite_sd, cronbach_alpha``.

        Composites are missing where they are not offered; alpha rests on the acts that
        have all codes.
        """
        rows = []
        codes = [c.name for c in self.codebook.codes]
        for coder, own in self.acts.groupby("coder", sort=True):
            full = own[codes].dropna()
            each = _composites(own, self.codebook).dropna()
            if not self.offered:
                each = each.iloc[:0]
            alpha = cronbach_alpha(full, turn=False) if len(full) > 1 else math.nan
            mean = float(each.mean()) if len(each) else math.nan
            spread = float(each.std(ddof=1)) if len(each) > 1 else math.nan
            rows.append((coder, len(own), len(full), mean, spread, alpha))
        columns = ["coder", "acts", "complete", "composite_mean", "composite_sd", "cronbach_alpha"]
        return pd.DataFrame(rows, columns=columns)

    @cached_property
    def distribution(self) -> pd.DataFrame:
        """``code, label, coder, value, acts, share``: every value of every range."""
        rows = []
        for code in self.codebook.codes:
            for coder, own in self.acts.groupby("coder", sort=True):
                values = own[code.name].dropna()
                for value in range(code.minimum, code.maximum + 1):
                    n = int((values == value).sum())
                    share = n / len(values) if len(values) else math.nan
                    rows.append((code.name, code.label, coder, value, n, share))
        return pd.DataFrame(rows, columns=["code", "label", "coder", "value", "acts", "share"])

    @cached_property
    def groups(self) -> pd.DataFrame:
        """``group, people, acts, code, label, mean, scaled, hidden``: a row a group and code.

        Means over acts, each act the mean of its coders; ``scaled`` is the mean as share
        of the range. Groups with few speakers are hidden. The composite has rows of its
        own where it is offered.
        """
        if self.group_name is None:
            return pd.DataFrame()
        codes = [c.name for c in self.codebook.codes]
        each = self.acts.groupby("act", sort=True).agg(
            {"group": "max", "person": "max", **dict.fromkeys(codes, "mean")}
        )
        each["composite"] = _act_composites(self.acts, self.codebook)
        each["group"] = each["group"].where(each["group"] != "", "not known")
        parts = list(each.groupby("group", sort=True))
        hidden = hidden_cells([part["person"].nunique() for _, part in parts], self.smallest)
        rows = []
        for (name, part), hide in zip(parts, hidden, strict=True):
            size = (math.nan, math.nan) if hide else (
                float(part["person"].nunique()), float(len(part))
            )  # fmt: skip
            for code in self.codebook.codes:
                mean = math.nan if hide else float(part[code.name].mean())
                scaled = (mean - code.minimum) / (code.maximum - code.minimum)
                rows.append((name, *size, code.name, code.label, mean, scaled, bool(hide)))
            if self.offered:
                mean = math.nan if hide else float(part["composite"].mean())
                rows.append((name, *size, "composite", "composite (0 to 100)", mean, mean / 100,
                             bool(hide)))  # fmt: skip
        columns = ["group", "people", "acts", "code", "label", "mean", "scaled", "hidden"]
        return pd.DataFrame(rows, columns=columns)

    def frames(self) -> dict[str, pd.DataFrame]:
        """``reliability``, ``coders``, ``distribution``, ``codebook`` and perhaps ``groups``."""
        found = {
            "reliability": self.reliability,
            "coders": self.by_coder,
            "distribution": self.distribution,
            "codebook": self.codebook.table(),
        }
        return {**found, "groups": self.groups} if len(self.groups) else found

    def summary(self) -> str:
        """Reliability, composite and what it does not say, in plain words."""
        n_acts, double = self.acts["act"].nunique(), int(self.reliability["acts"].max())
        parts = [
            f"{n_acts} speech acts were coded by {len(self.coders)} coders with the "
            f"{self.codebook.name} ({len(self.codebook.codes)} codes); {double} acts were coded "
            "by two or more."
        ]
        parts.append(self._reliability_words())
        if math.isnan(self.composite.value):
            parts.append(f"No composite is given: {self.composite.note}.")
        else:
            interval = ""
            if not math.isnan(self.composite.low):
                interval = f" [{self.composite.low:.0f}, {self.composite.high:.0f}]"
            alphas = ", ".join(f"{a:.2f}" for a in self.by_coder["cronbach_alpha"])
            parts.append(
                f"The composite is {self.composite.value:.0f}{interval} of 100, the mean over "
                f"{self.composite.n} acts. Whether the codes form one scale: Cronbach's alpha "
                f"by coder {alphas}. The codes tell more than their mean."
            )
        if len(self.groups) and self.groups["hidden"].any():
            parts.append("Groups with few speakers, and those that would give them away, are "
                         "not shown.")  # fmt: skip
        return "\n\n".join([*parts, *self.notes])

    def _reliability_words(self) -> str:
        values = self.reliability.set_index("label")[self.coefficient]
        name = COEFFICIENTS[self.coefficient]
        known = values.dropna()
        if not len(known):
            return f"Agreement ({name}) cannot be computed: {self.reliability['note'].iloc[0]}."
        return (
            f"The coders' agreement ({name}) runs from {known.min():.2f} ({known.idxmin()}) to "
            f"{known.max():.2f} ({known.idxmax()}); {int(self.reliability['reliable'].sum())} of "
            f"{len(values)} codes reach {self.threshold:g}."
        )

    def methods_text(self) -> str:
        """Ranges, reliability, threshold and composite."""
        ranges = ", ".join(f"{c.label} {c.minimum}–{c.maximum}" for c in self.codebook.codes)
        source = f" after {self.codebook.source}" if self.codebook.source else ""
        basis = (
            "The acts are a sample of the talk; the interval is a studentised bootstrap over "
            "speakers."
            if self.sampled
            else "The acts are taken as all of the talk in question, so means have no interval."
        )
        return (
            f"Speech acts were coded with the {self.codebook.name}{source}; ranges used: {ranges}. "
            "Reliability rests on acts coded by two or more; the composite is offered when "
            f"{COEFFICIENTS[self.coefficient]} of every code is {self.threshold:g} or more "
            "(Krippendorff 2004 takes 0.667 as the least for tentative conclusions and 0.8 for "
            "others). Intervals of agreement treat acts as independent, which acts of one "
            "speaker are not. Composite of an act: 100 × the mean of its codes, each as a share "
            "of its range, all codes with equal weight, over acts with all codes; an act coded "
            f"twice counts once, with the mean of its coders. {basis}"
        )

    def indicators(self) -> tuple[Indicator, ...]:
        """The composite, missing with its reason where it is not reliable."""
        c = self.composite
        note = c.note if math.isnan(c.value) else f"0 to 100; {c.note}"
        return (
            Indicator("discourse quality composite", c.value, c.low, c.high, c.n, note,
                      f"{self.codebook.name}, {len(self.coders)} coders"),
        )  # fmt: skip

    def section(self) -> Section:
        """Text, tables and pictures."""
        columns = ["label", "acts", "percent_agreement", "cohen_kappa", "kappa_quadratic",
                   "spearman", "alpha_nominal", "alpha_ordinal", "reliable"]  # fmt: skip
        body = paragraphs(self.summary())
        body += table_html(
            self.reliability[columns], headings=_HEADINGS, caption="Agreement of the coders"
        )
        body += table_html(
            self.by_coder, digits={"composite_mean": 0, "composite_sd": 0}, headings=_HEADINGS,
            caption="Composite (0 to 100) by coder",
        )  # fmt: skip
        if len(self.groups):
            shown = self.groups[~self.groups["hidden"]].drop(columns=["hidden", "code"])
            if len(shown):
                caption = "Codes by group of speakers"
                body += table_html(shown, groups="group", headings=_HEADINGS, caption=caption)
        figures = [Figure.from_axes(self.plot_distribution(), "Values that the coders gave.")]
        if self.reliability[self.coefficient].notna().any():
            first = Figure.from_axes(self.plot_reliability(), "Agreement of the coders.")
            figures.insert(0, first)
        return Section(self.title, body, tuple(figures))

    def plot_reliability(self, *, ax: Axes | None = None) -> Axes:
        """Agreement by code; see :func:`~.discourse_plots.plot_code_reliability`."""
        from dmpkit.evaluation.discourse_plots import plot_code_reliability

        return plot_code_reliability(self, ax=ax)

    def plot_distribution(self) -> Axes:
        """Values by coder; see :func:`~.discourse_plots.plot_code_distribution`."""
        from dmpkit.evaluation.discourse_plots import plot_code_distribution

        return plot_code_distribution(self)


def _composites(acts: pd.DataFrame, codebook: Codebook) -> pd.Series[float]:
    """100 × mean of the scaled codes of each row; NaN where a code is missing."""
    scaled = np.column_stack([c.scaled(acts[c.name].to_numpy(np.float64)) for c in codebook.codes])
    return pd.Series(100 * scaled.mean(axis=1), index=acts.index)


def _act_composites(acts: pd.DataFrame, codebook: Codebook) -> pd.Series[float]:
    """Composite of each act: mean over its coders with all codes."""
    means: pd.Series[float] = _composites(acts, codebook).groupby(acts["act"], sort=True).mean()
    return means


def discourse_quality(
    acts: Any,
    *,
    codebook: Codebook = DQI,
    act: str = "act",
    coder: str = "coder",
    person: str | None = "person",
    members: Any = None,
    group: str | None = None,
    coders: Sequence[str] | None = None,
    threshold: float = THRESHOLD,
    coefficient: str = "alpha_ordinal",
    sampled: bool = False,
    n_resamples: int = 2_000,
    smallest: int = SMALLEST,
    seed: int | None = None,
) -> DiscourseQuality:
    """Reliability of discourse codings, and a composite where they are reliable.

    Parameters
    ----------
    acts : DataFrame
        One row a speech act and coder, one column a code; blank is not coded.
    codebook : Codebook
        Codes and ranges; the Discourse Quality Index when not given. Codes without a
        column are left out, and that is said.
    act, coder, person : str
        Columns; `person` (the speaker) may be missing.
    members : DataFrame, optional
        One row a speaker, with the column of `group`.
    group : str, optional
        Sub-group of the speakers, a column of `members` or `acts`.
    coders : (str, str), optional
        Which two enter the kappas and Spearman's correlation where there are more;
        without it these are then missing, while Krippendorff's alpha takes all.
    threshold : float
        What every code must reach for the composite; settable, and stated in the text.
    coefficient : str
        ``alpha_ordinal``, ``alpha_nominal``, ``kappa_quadratic``, ``cohen_kappa``,
        ``spearman`` or ``percent_agreement``.
    sampled : bool
        Whether the acts are a sample of the talk; then the composite has an interval
        (bootstrap over speakers), where there are five of them or more.
    n_resamples : int
        Of that bootstrap.
    smallest : int
        Groups with fewer speakers are hidden.
    seed : int, optional

    Returns
    -------
    DiscourseQuality

    Raises
    ------
    DataError
        Values out of range, an act coded twice by one coder, no column of a code.

    Examples
    --------
    >>> frame = pd.DataFrame({"act": [1, 1, 2, 2, 3, 3], "coder": ["a", "b"] * 3,
    ...                       "level": [0, 0, 3, 3, 1, 1], "content": [0, 0, 2, 2, 1, 1]})
    >>> found = discourse_quality(frame, person=None)
    >>> round(found.composite.value, 2)
    47.22
    """
    check_settings(discourse_quality, locals())
    frame = to_pandas(acts, what="table of speech acts").reset_index(drop=True)
    if frame.empty:
        raise DataError("The table of speech acts has no rows.")
    if not isinstance(coefficient, str) or coefficient not in COEFFICIENTS:
        raise DataError(f"There is no coefficient {coefficient!r}.",
                        remedy=f"Use one of {', '.join(COEFFICIENTS)}.")  # fmt: skip
    number = not isinstance(threshold, bool) and isinstance(threshold, Real)
    if not number or not -1 <= threshold <= 1:
        raise DataError(f"The threshold is {threshold!r}.", remedy="Use a number up to 1.")
    used, absent = _present(codebook, frame)
    rows = _rows(frame, act, coder, person)
    for code in used.codes:
        rows[code.name] = code.read(frame)
    notes = [] if not absent else [f"Not coded, and so left out: {first_few(absent, 8)}."]
    if group is not None:
        _place_groups(rows, frame, person, members, group)
    table = code_reliability(rows, used, coders=coders, coefficient=coefficient,
                             threshold=float(threshold))  # fmt: skip
    composite = _composite(rows, used, table, coefficient, float(threshold), sampled,
                           n_resamples, seed)  # fmt: skip
    return DiscourseQuality(
        rows, used, table, float(threshold), coefficient, composite, group,
        whole_number(smallest, "smallest", low=1), bool(sampled), tuple(notes),
    )  # fmt: skip


def _present(codebook: Codebook, frame: pd.DataFrame) -> tuple[Codebook, list[str]]:
    known = [c.name for c in codebook.codes if c.name in frame.columns]
    if not known:
        require_columns(frame, [codebook.codes[0].name])
    return codebook.only(known), [c.label for c in codebook.codes if c.name not in known]


def _rows(frame: pd.DataFrame, act: str, coder: str, person: str | None) -> pd.DataFrame:
    """Act, coder and speaker of each row, checked."""
    rows = pd.DataFrame({
        "act": names(frame, act, what="act"), "coder": names(frame, coder, what="coder"),
    })  # fmt: skip
    doubled = np.flatnonzero(rows.duplicated())
    if doubled.size:
        one = rows.iloc[doubled[0]]
        raise DataError(
            f"Coder {one['coder']!r} coded act {one['act']!r} twice.",
            row=int(doubled[0]) + 2,
            column=act,
            remedy="Keep one of them.",
        )
    if person is not None and person in frame.columns:
        rows["person"] = [text(v) for v in frame[person]]
        speakers = rows[rows["person"] != ""].groupby("act")["person"].nunique()
        if (speakers > 1).any():
            raise DataError(
                f"Act {speakers.idxmax()!r} has two speakers.",
                column=person,
                remedy="Give each act one speaker, the same with all coders.",
            )
    return rows


def _place_groups(
    rows: pd.DataFrame, frame: pd.DataFrame, person: str | None, members: Any, group: str
) -> None:
    """Write each speaker's group into the rows."""
    if person is None or "person" not in rows.columns:
        raise DataError("Groups of speakers need a column with the speaker.",
                        remedy="Name it as person=.")  # fmt: skip
    full = member_list(members, person=person)
    keyed = frame.assign(**{person: rows["person"].to_numpy()})
    speakers = sorted(set(rows["person"]) - {""})
    own = attribute_of(speakers, group, person=person, members=full, rows=keyed)
    rows["group"] = rows["person"].map({} if own is None else own.to_dict()).fillna("")


def _composite(
    rows: pd.DataFrame,
    codebook: Codebook,
    reliability: pd.DataFrame,
    coefficient: str,
    threshold: float,
    sampled: bool,
    n_resamples: int,
    seed: int | None,
) -> Estimate:
    """The mean composite, or NaN with the reason."""
    weak = reliability[~reliability["reliable"]]
    if len(weak):
        said = [
            f"{r.label} {getattr(r, coefficient):.2f}"
            if not math.isnan(getattr(r, coefficient))
            else f"{r.label} undefined"
            for r in weak.itertuples()
        ]
        return Estimate(math.nan, note=f"{COEFFICIENTS[coefficient]} is below {threshold:g} or "
                        f"not known for {first_few(said, 8)}")  # fmt: skip
    each = _act_composites(rows, codebook)
    gone, each = int(each.isna().sum()), each.dropna()
    if not len(each):
        return Estimate(math.nan, note="no act has all codes")
    note = f"{gone} acts without all codes are left out" if gone else "all acts have all codes"
    low, high = math.nan, math.nan
    if sampled:
        low, high, said_ = _interval(rows, each, n_resamples, seed)
        note = f"{note}; {said_}"
    return Estimate(float(each.mean()), low=low, high=high, n=len(each), note=note)


def _interval(
    rows: pd.DataFrame, each: pd.Series[float], n_resamples: int, seed: int | None
) -> tuple[float, float, str]:
    """Interval of the mean over acts, speakers drawn with all their acts (bootstrap-t)."""
    if "person" not in rows.columns:
        return math.nan, math.nan, "no interval: the speakers are not known"
    speaker = rows.groupby("act")["person"].max().reindex(each.index)
    own = each[speaker != ""].groupby(speaker[speaker != ""], sort=True)
    sums = np.asarray(own.sum(), dtype=np.float64)
    counts = np.asarray(own.count(), dtype=np.float64)
    if len(sums) < SMALLEST:
        return math.nan, math.nan, f"no interval: fewer than {SMALLEST} speakers"
    order = np.lexsort((counts, sums))  # names do not matter
    sums, counts = sums[order], counts[order]
    mean, error = (float(v[0]) for v in _ratio(sums[None, :], counts[None, :]))
    if error == 0:
        return math.nan, math.nan, "no interval: all speakers have the same mean"
    used = drawn_seed(seed)
    step = partial(_studentised, sums, counts)
    count = whole_number(n_resamples, "n_resamples", low=1)
    drawn = np.concatenate(run_resamples(step, count, seed=used, chunk_size=500, progress=False))
    usable = drawn[~np.isnan(drawn)]
    if usable.size < 0.9 * drawn.size:
        return math.nan, math.nan, "no interval: too few speakers differ"
    low, high = mean - error * np.quantile(usable, [0.975, 0.025])
    said = f"95 % studentised bootstrap over {len(sums)} speakers, seed {used}"
    return max(0.0, float(low)), min(100.0, float(high)), said


def _ratio(sums: Floats, counts: Floats) -> tuple[Floats, Floats]:
    """Mean over acts and its standard error (linearised ratio), samples × speakers."""
    total = counts.sum(axis=1)
    mean = sums.sum(axis=1) / total
    left = sums - mean[:, None] * counts
    m = sums.shape[1]
    error = np.sqrt(m / (m - 1) * (left * left).sum(axis=1)) / total
    return np.asarray(mean), np.asarray(error)


def _studentised(sums: Floats, counts: Floats, generator: Any, size: int) -> Floats:
    """(Mean − observed mean) / standard error of samples of speakers; NaN without spread."""
    centre = sums.sum() / counts.sum()
    drawn = generator.integers(len(sums), size=(size, len(sums)))
    mean, error = _ratio(sums[drawn], counts[drawn])
    some = error > 1e-12
    return np.where(some, (mean - centre) / np.where(some, error, 1.0), np.nan)
