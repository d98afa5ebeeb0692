"""The ledger: every recommendation with what became of it, dated and sourced.

A `Ledger` cannot exist in a broken state: it is checked when it is made, and a new one
is made for every event that is added.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from dmpkit.impact.schema import TABLES, tidy

if TYPE_CHECKING:
    pass

__all__ = ["Ledger"]


@dataclass(frozen=True, eq=False, repr=False)
class Ledger:
    """Recommendations and the dated, sourced record of what became of them.

    Make one with :meth:`from_frames` or :func:`dmpkit.impact.read_ledger`.

    Attributes
    ----------
    recommendations, events, ratings, reviews, wider_impact, goals : DataFrame
        The six tables, with the columns of `dmpkit.impact.schema.TABLES`; text and dates
        as text (empty where missing), numbers as float64 (NaN where not assessed).
    folder : Path or None
        Where it lives; :meth:`append` then writes there.
    """

    recommendations: pd.DataFrame
    events: pd.DataFrame
    ratings: pd.DataFrame = field(default_factory=lambda: tidy(None, "ratings"))
    reviews: pd.DataFrame = field(default_factory=lambda: tidy(None, "reviews"))
    wider_impact: pd.DataFrame = field(default_factory=lambda: tidy(None, "wider_impact"))
    goals: pd.DataFrame = field(default_factory=lambda: tidy(None, "goals"))
    folder: Path | None = None

    def __post_init__(self) -> None:
        for name in TABLES:
            object.__setattr__(self, name, tidy(getattr(self, name), name))

    @classmethod
    def from_frames(
        cls,
        recommendations: Any,
        events: Any,
        *,
        ratings: Any = None,
        reviews: Any = None,
        wider_impact: Any = None,
        goals: Any = None,
    ) -> Ledger:
        """Make a ledger from frames of any kind (pandas, polars, pyarrow)."""
        return cls(recommendations, events, ratings, reviews, wider_impact, goals)
