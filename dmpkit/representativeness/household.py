"""Households: what a draw of addresses does to people's chances, and who shares an address."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from dmpkit.errors import DataError
from dmpkit.reporting import Indicator, Result, Section, paragraphs, table_html
from dmpkit.representativeness.entries import to_number
from dmpkit.representativeness.labels import as_text
from dmpkit.representativeness.stage_data import read_flags
from dmpkit.tables import require_columns, to_numbers, to_pandas

__all__ = ["HouseholdCheck", "household_check", "household_weights"]


def household_weights(adults: ArrayLike) -> NDArray[np.float64]:
    """Design weights of a draw of addresses at which one adult each is asked: the adults.

    Every address has the same chance, and one of its m eligible adults is taken with
    the chance 1/m, so that a person's chance is proportional to 1/m and the weight to
    m (Kish, 1949, on the selection of a respondent within the household).

    Parameters
    ----------
    adults : array
        Eligible adults at the person's address, at least 1.

    References
    ----------
    Kish, L. (1949). A procedure for objective respondent selection within the
    household. Journal of the American Statistical Association, 44, 380-387.

    Examples
    --------
    >>> household_weights([1, 2, 2]).tolist()
    [1.0, 2.0, 2.0]
    """
    sizes = np.asarray(adults, dtype=np.float64)
    wrong = ~(sizes >= 1) | (sizes % 1 != 0)
    if wrong.any():
        place = int(wrong.argmax())
        raise DataError(
            f"Person {place + 1} lives with {sizes[place]:g} eligible adults.",
            remedy="Give a whole number from 1 for everybody, the person included.",
        )
    return sizes.copy()


def household_check(
    frame: Any,
    *,
    adults: str = "hh_size",
    household: str | None = None,
    address: str | None = None,
    person: str | None = None,
    invited: str | None = None,
    responded: str | None = None,
    selected: str | None = None,
    population_share: float | None = None,
    frame_is_population: bool = False,
) -> HouseholdCheck:
    """What drawing addresses did to single-person households, and who shares an address.

    Where one adult of each drawn address is asked, people who live alone have the
    largest chance. The weight is the number of eligible adults; the share of
    single-person households among those looked at is given raw and weighted, beside
    the true one where it is known, with Kish's design effect ``n Σw² / (Σw)²``.
    Household size is taken as reported.

    Parameters
    ----------
    frame : DataFrame
        One row a person.
    adults : str
        Column with the number of eligible adults at the person's address.
    household, address : str, optional
        Columns with the household's id, and with the address as text. Addresses are
        compared without regard to case, punctuation and spaces.
    person : str, optional
        Column of ids, to name people by.
    invited, responded, selected : str, optional
        Columns of flags (0/1). The shares are those of the people who responded; of
        everybody in the frame when `responded` is not given.
    population_share : float, optional
        True share of people who live in single-person households.
    frame_is_population : bool
        Whether the frame holds everybody, so that the true share can be counted.

    Returns
    -------
    HouseholdCheck

    Raises
    ------
    DataError
        Missing columns, household sizes below 1 or missing, odd flags, nobody who
        responded.

    Examples
    --------
    >>> import pandas as pd
    >>> people = pd.DataFrame({"hh_size": [1, 1, 2, 4], "household": ["a", "b", "c", "c"]})
    >>> check = household_check(people, household="household", population_share=0.2)
    >>> check.raw_share, check.weighted_share, check.duplicates["people"].tolist()
    (0.5, 0.25, ['row 4, row 5'])
    """
    table = to_pandas(frame).reset_index(drop=True)
    if not len(table):
        raise DataError("The list of people has no rows.")
    named = [c for c in (household, address, person, invited, responded, selected) if c]
    require_columns(table, [adults, *named])
    persons = (
        [f"row {row + 2}" for row in range(len(table))]
        if person is None
        else [str(as_text(value)) for value in table[person]]
    )
    columns = [c for c in (invited, responded, selected) if c]
    flags = read_flags(table, columns, persons)
    sizes = _sizes(table, adults)
    inside = np.ones(len(table), dtype=bool) if responded is None else flags[responded].to_numpy()
    if not inside.any():
        raise DataError("Nobody responded.", column=responded)
    if population_share is not None and not 0 <= to_number(population_share, "true share") <= 1:
        raise DataError(f"population_share is {population_share!r}.", remedy="Use a share: 0.18.")
    true = math.nan if population_share is None else float(population_share)
    if population_share is None and frame_is_population:
        true = float((sizes == 1).mean())
    keys = _keys(table, household, address)
    stages = {name: flags[c].to_numpy() for name, c in
              (("invited", invited), ("responded", responded), ("selected", selected))
              if c}  # fmt: skip
    return HouseholdCheck(
        weights=household_weights(sizes[inside]),
        true_share=true,
        counts=_counts(stages, keys),
        duplicates=_duplicates(stages or {"listed": inside}, keys, persons),
        by_address=household is not None or address is not None,
    )


def _sizes(table: pd.DataFrame, adults: str) -> NDArray[np.float64]:
    sizes = to_numbers(table, [adults])[adults].to_numpy(dtype=np.float64)
    wrong = ~(sizes >= 1) | (sizes % 1 != 0)
    if wrong.any():
        row = int(wrong.argmax())
        shown = "is missing" if np.isnan(sizes[row]) else f"is {sizes[row]:g}"
        raise DataError(
            f"The number of eligible adults {shown}.",
            row=row + 2,
            column=adults,
            remedy="Give a whole number from 1, the person included.",
        )
    return np.asarray(sizes)


def _keys(table: pd.DataFrame, household: str | None, address: str | None) -> pd.DataFrame:
    """Household and simplified address of each row, None where empty."""
    out = {}
    if household is not None:
        out["household"] = [as_text(value) for value in table[household]]
    if address is not None:
        out["address"] = [_simple(as_text(value)) for value in table[address]]
    return pd.DataFrame(out, index=table.index, dtype=object)


def _simple(text: str | None) -> str | None:
    """An address without case, punctuation and double spaces."""
    if text is None:
        return None
    return " ".join(re.sub(r"[\W_]+", " ", text.casefold()).split()) or None


def _counts(stages: dict[str, NDArray[np.bool_]], keys: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for stage, inside in stages.items():
        for kind in keys.columns:
            known = keys.loc[inside, kind].dropna()
            sizes = known.value_counts()
            most = float(sizes.max()) if len(sizes) else math.nan
            rows.append((stage, kind, int(inside.sum()), len(sizes), most))
    return pd.DataFrame(rows, columns=["stage", "by", "people", "households", "most"])


def _duplicates(
    stages: dict[str, NDArray[np.bool_]], keys: pd.DataFrame, persons: list[str]
) -> pd.DataFrame:
    rows = []
    names = pd.Series(persons, index=keys.index, dtype=object)
    for stage, inside in stages.items():
        for kind in keys.columns:
            column = keys.loc[inside, kind].dropna()
            for label, group in column.groupby(column, sort=False):
                if len(group) > 1:
                    listed = ", ".join(names.loc[group.index])
                    rows.append((stage, kind, str(label), len(group), listed))
    return pd.DataFrame(rows, columns=["stage", "by", "household", "count", "people"])


@dataclass(frozen=True, eq=False, repr=False)
class HouseholdCheck(Result):
    """What a draw of addresses did; made by :func:`household_check`.

    Parameters
    ----------
    weights : ndarray
        Eligible adults of each person looked at: the design weights.
    true_share : float
        Share of people in single-person households in the population, or NaN.
    counts : DataFrame
        ``stage, by, people, households, most`` (people of one household).
    duplicates : DataFrame
        ``stage, by, household, count, people``: households with more than one.
    by_address : bool
        Whether households could be told apart.
    """

    weights: NDArray[np.float64]
    true_share: float
    counts: pd.DataFrame
    duplicates: pd.DataFrame
    by_address: bool

    title: ClassVar[str] = "Households"

    @property
    def n(self) -> int:
        """People looked at."""
        return len(self.weights)

    @property
    def raw_share(self) -> float:
        """Share of them who live alone."""
        return float((self.weights == 1).mean())

    @property
    def weighted_share(self) -> float:
        """The same with design weights."""
        return float((self.weights == 1).sum() / self.weights.sum())

    @property
    def design_effect(self) -> float:
        """Kish's ``n Σw² / (Σw)²``."""
        return float(self.n * (self.weights**2).sum() / self.weights.sum() ** 2)

    @property
    def effective_n(self) -> float:
        """``n / design effect``."""
        return self.n / self.design_effect

    @property
    def shares(self) -> pd.DataFrame:
        """``single_person_share, value``: raw, weighted, true."""
        values = [self.raw_share, self.weighted_share, self.true_share]
        return pd.DataFrame({"single_person_share": ["raw", "weighted", "true"], "value": values})

    def frames(self) -> dict[str, pd.DataFrame]:
        """``shares``, ``counts`` and ``duplicates``."""
        return {"shares": self.shares, "counts": self.counts, "duplicates": self.duplicates}

    def summary(self) -> str:
        """The shares, the cost in precision, and shared households."""
        true = (
            "the true share is not known"
            if math.isnan(self.true_share)
            else f"{100 * self.true_share:.1f}% in the population"
        )
        text = (
            f"Of {self.n} people {100 * self.raw_share:.1f}% live alone; weighted by eligible "
            f"adults {100 * self.weighted_share:.1f}%, and {true}. The design effect is "
            f"{self.design_effect:.2f}, so that {self.n} people tell as much as "
            f"{self.effective_n:.0f} drawn with equal chances."
        )
        if not self.by_address:
            more = "Whether people share an address is not assessed: no household was given."
        elif self.duplicates.empty:
            more = "Nobody shares a household with another at the same stage."
        else:
            last = self.duplicates[self.duplicates["stage"] == self.duplicates["stage"].iloc[-1]]
            more = (
                f"Households with more than one person at {last['stage'].iloc[0]!r}: {len(last)}, "
                f"at most {int(last['count'].max())} people ({last['people'].iloc[0]}"
                f"{' …' if len(last) > 1 else ''})."
            )
        return f"{text}\n\n{more}"

    def methods_text(self) -> str:
        """The methods paragraph."""
        return (
            "Addresses were taken to have equal chances and one adult to have been asked at each, "
            "so that a person's design weight is the number of eligible adults at the address "
            "(Kish, 1949), as reported. The design effect is Kish's n Σw² / (Σw)². Addresses were "
            "compared without regard to case, punctuation and spaces. The weights describe who "
            "was reached; they are not for weighting members' votes."
        )

    def indicators(self) -> tuple[Indicator, ...]:
        """Raw and weighted share of people who live alone, and the design effect."""
        source = "representativeness: households"
        return (
            Indicator("people living alone, raw share", self.raw_share, n=self.n, source=source),
            Indicator(
                "people living alone, weighted share", self.weighted_share, n=self.n, source=source
            ),
            Indicator(
                "design effect of household sizes", self.design_effect, n=self.n, source=source
            ),
        )

    def section(self) -> Section:
        """Summary and tables."""
        html = paragraphs(self.summary()) + table_html(self.shares, digits=3)
        for name, caption in (("counts", "Households"), ("duplicates", "Shared households")):
            table = self.frames()[name]
            if len(table):
                html += table_html(table.head(40), digits=0, caption=caption)
        return Section(self.title, html)
