"""Majorities over pairs of options: Condorcet winner and cycles."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from dmpkit.errors import DataError
from dmpkit.evaluation.labels import floats, name_list

__all__ = ["Majorities", "majorities"]

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Majorities:
    """Result of :func:`majorities`.

    Attributes
    ----------
    counts : array of shape (options, options)
        People who put the option of the row above that of the column.
    options : tuple of str
    n : int
        People with a ranking, complete or not.
    """

    counts: Ints
    options: tuple[str, ...]
    n: int

    @cached_property
    def beats(self) -> NDArray[np.bool_]:
        """Whether the row's option has a strict majority over the column's."""
        return np.asarray(self.counts > self.counts.T)

    @property
    def condorcet_winner(self) -> str | None:
        """The option that beats every other, or None."""
        wins = np.flatnonzero(self.beats.sum(axis=1) == len(self.options) - 1)
        return self.options[wins[0]] if wins.size else None

    @property
    def unbeaten(self) -> tuple[str, ...]:
        """Options that no other beats (more than one only with tied pairs)."""
        return tuple(self.options[i] for i in np.flatnonzero(~self.beats.any(axis=0)))

    @cached_property
    def matrix(self) -> pd.DataFrame:
        """Counts with the options as labels."""
        return pd.DataFrame(self.counts, index=self.options, columns=self.options)

    @cached_property
    def table(self) -> pd.DataFrame:
        """``option, against, prefer, prefer_other, no_preference, winner``: a row a pair."""
        rows = []
        for i, one in enumerate(self.options):
            for j in range(i + 1, len(self.options)):
                up, down = int(self.counts[i, j]), int(self.counts[j, i])
                winner = one if up > down else self.options[j] if down > up else "tie"
                rows.append((one, self.options[j], up, down, self.n - up - down, winner))
        columns = ["option", "against", "prefer", "prefer_other", "no_preference", "winner"]
        return pd.DataFrame(rows, columns=columns)

    @cached_property
    def cycles(self) -> tuple[str, ...]:
        """A shortest cycle through each set of options that beat each other in circles.

        Such as ``rail > bus > road > rail``; empty where there is none.
        """
        reach = self._reach()
        found = []
        left = [i for i in range(len(self.options)) if reach[i, i]]
        while left:
            circle = [j for j in left if reach[left[0], j] and reach[j, left[0]]]
            paths = [self._round_trip(i) for i in circle]
            shortest = min(paths, key=lambda path: (len(path), path))
            found.append(" > ".join(self.options[i] for i in shortest))
            left = [i for i in left if i not in circle]
        return tuple(found)

    def _reach(self) -> NDArray[np.bool_]:
        """Whether a chain of majorities leads from row to column (Warshall's closure)."""
        reach = self.beats.copy()
        for via in range(len(self.options)):
            reach |= reach[:, [via]] & reach[[via], :]
        return reach

    def _round_trip(self, start: int) -> list[int]:
        """A shortest chain of majorities from an option back to itself."""
        paths = [[start]]
        seen: set[int] = set()
        while paths:
            longer = []
            for path in paths:
                for step in np.flatnonzero(self.beats[path[-1]]):
                    if step == start:
                        return [*path, start]
                    if int(step) not in seen:
                        seen.add(int(step))
                        longer.append([*path, int(step)])
            paths = longer
        return []

    def words(self) -> str:
        """Winner and cycles in plain words."""
        winner = self.condorcet_winner
        parts = []
        if winner is not None:
            parts.append(f"{winner} wins against every other option (Condorcet winner).")
        elif len(self.unbeaten) > 1:
            parts.append(f"No option wins against every other; {' and '.join(self.unbeaten)} are "
                         "beaten by none.")  # fmt: skip
        else:
            parts.append("No option wins against every other (no Condorcet winner).")
        if self.cycles:
            parts.append(f"Majorities go in a circle: {'; '.join(self.cycles)} (majority cycle).")
        return " ".join(parts)


def majorities(ranks: ArrayLike, options: tuple[str, ...]) -> Majorities:
    """Count, for every pair of options, who puts which one higher.

    Parameters
    ----------
    ranks : array of shape (people, options)
        1 the best. Equal ranks are no preference; NaN is no say on the pair (an option
        left unranked is not taken to be the worst).
    options : tuple of str

    Returns
    -------
    Majorities

    Raises
    ------
    DataError
        When the columns are not as many as the options.

    Examples
    --------
    >>> found = majorities([[1, 2, 3], [2, 3, 1], [3, 1, 2]], ("a", "b", "c"))
    >>> found.condorcet_winner, found.cycles
    (None, ('a > b > c > a',))
    """
    table = floats(ranks, "ranks")
    named = name_list(options, "options")
    if table.ndim != 2 or table.shape[1] != len(named):
        raise DataError(f"The ranks are not a table with {len(named)} columns.")
    above = (table[:, :, None] < table[:, None, :]).sum(axis=0)
    return Majorities(above.astype(np.int64), tuple(named), len(table))
