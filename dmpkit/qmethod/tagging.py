"""Which statement speaks to which claim: the bridge between a Q set and a text.

A tagging is made by people who read statements and claims. Two taggers seldom
agree everywhere, so a tagging keeps who said what; :class:`Tagging` averages
over them; :func:`dmpkit.qmethod.instrument.tag_agreement` says how far they agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from dmpkit.errors import DataError
from dmpkit.qmethod.arrays import Floats
from dmpkit.qmethod.instrument import check_tags
from dmpkit.tables import require_columns, to_pandas

__all__ = ["Tagging", "synthetic_tags"]


@dataclass(frozen=True, eq=False, repr=False)
class Tagging:
    """Statements tagged with claims; make it with :meth:`from_frame`.

    Attributes
    ----------
    table : DataFrame
        One row a tag: ``statement, claim, direction, strength, tagger``.

    Examples
    --------
    >>> tags = Tagging.from_frame(
    ...     pd.DataFrame({"statement": ["1", "2"], "claim": ["x", "x"], "direction": [1, -1]}))
    >>> tags
    Tagging: 2 tags of 2 statements with 1 claim by 1 tagger
    """

    table: pd.DataFrame

    @classmethod
    def from_frame(cls, tags: Any) -> Tagging:
        """Check a table of tags and keep it.

        Parameters
        ----------
        tags : DataFrame or Tagging
            Columns ``statement, claim, direction``: 1 where agreeing with the
            statement affirms the claim, -1 where it denies it. Optional
            ``strength`` (above 0, at most 1; default 1: how clearly it does so)
            and ``tagger`` (who says so; default one tagger).

        Returns
        -------
        Tagging

        Raises
        ------
        DataError
            For a missing column, no rows, a direction other than 1 and -1, a
            strength outside (0, 1], or a statement that one tagger tags twice with
            one claim. Rows are counted as a file shows them.
        """
        if isinstance(tags, Tagging):
            return tags
        frame = to_pandas(tags, what="tagging").reset_index(drop=True)
        require_columns(frame, ["statement", "claim", "direction"])
        if not len(frame):
            raise DataError("The tagging has no rows.", remedy="Tag at least one statement.")
        defaults: dict[str, Any] = {"strength": 1.0, "tagger": "tagger"}
        missing = {name: value for name, value in defaults.items() if name not in frame}
        return cls(check_tags(frame.assign(**missing)))

    def __repr__(self) -> str:
        sizes = (
            (len(self.table), "tag"),
            (len(self.statements), "statement"),
            (len(self.claims), "claim"),
            (len(self.taggers), "tagger"),
        )
        tags, statements, claims, taggers = (f"{n} {w}{'' if n == 1 else 's'}" for n, w in sizes)
        return f"Tagging: {tags} of {statements} with {claims} by {taggers}"

    @cached_property
    def statements(self) -> tuple[str, ...]:
        """The tagged statements, in the order in which they occur."""
        return tuple(dict.fromkeys(self.table["statement"]))

    @cached_property
    def claims(self) -> tuple[str, ...]:
        """The claims, in the order in which they occur."""
        return tuple(dict.fromkeys(self.table["claim"]))

    @cached_property
    def taggers(self) -> tuple[str, ...]:
        """The taggers, in the order in which they occur."""
        return tuple(dict.fromkeys(self.table["tagger"]))

    def only(self, tagger: str) -> Tagging:
        """The tags of one tagger.

        Raises
        ------
        DataError
            For an unknown tagger.
        """
        if tagger not in self.taggers:
            raise DataError(
                f"There is no tagger {tagger!r}.", remedy=f"There are {', '.join(self.taggers)}."
            )
        return Tagging(self.table[self.table["tagger"] == tagger].reset_index(drop=True))

    def weights(self, statements: Sequence[str], claims: Sequence[str]) -> Floats:
        """Direction times strength, averaged over the taggers.

        A tagger who did not tag a statement with a claim counts as 0 there, so
        taggers who take opposite directions cancel out.

        Parameters
        ----------
        statements, claims : sequence of str
            Rows and columns; other tags are left out.

        Returns
        -------
        ndarray, shape (n_statements, n_claims)
            Between -1 and 1; 0 where nobody tagged.

        Examples
        --------
        >>> rows = {"statement": ["1", "2", "1"], "claim": ["x", "x", "x"],
        ...         "direction": [1, -1, 1], "tagger": ["A", "A", "B"]}
        >>> Tagging.from_frame(pd.DataFrame(rows)).weights(["1", "2", "3"], ["x"]).ravel()
        array([ 1. , -0.5,  0. ])
        """
        rows = {name: i for i, name in enumerate(statements)}
        columns = {name: j for j, name in enumerate(claims)}
        table = self.table
        known = table["statement"].isin(rows) & table["claim"].isin(columns)
        table = table[known]
        result = np.zeros((len(rows), len(columns)))
        place = (
            table["statement"].map(rows).to_numpy(dtype=np.intp),
            table["claim"].map(columns).to_numpy(dtype=np.intp),
        )
        np.add.at(result, place, (table["direction"] * table["strength"]).to_numpy(np.float64))
        return result / len(self.taggers)


def synthetic_tags(claims: Sequence[str], per_claim: int = 4) -> pd.DataFrame:
    """A made-up, balanced tagging: statements in both directions for every claim.

    It stands in for an instrument where only the arithmetic is to be tried.

    Parameters
    ----------
    claims : sequence of str
    per_claim : int
        Statements a claim; they affirm and deny it in turn.

    Returns
    -------
    DataFrame
        ``statement, claim, direction, strength, tagger``; the statements are
        called ``"synthetic-s01"`` and so on, the tagger ``"synthetic"``.

    Raises
    ------
    DataError
        If there is no claim, or fewer than 1 statement a claim.

    Examples
    --------
    >>> synthetic_tags(["x", "y"], 2)[["statement", "claim", "direction"]]
           statement claim  direction
    0  synthetic-s01     x          1
    1  synthetic-s02     x         -1
    2  synthetic-s03     y          1
    3  synthetic-s04     y         -1
    """
    if not claims or per_claim < 1:
        raise DataError("At least one claim and one statement a claim are needed.")
    n = len(claims) * per_claim
    width = max(2, len(str(n)))
    return pd.DataFrame(
        {
            "statement": [f"synthetic-s{i:0{width}d}" for i in range(1, n + 1)],
            "claim": [claim for claim in claims for _ in range(per_claim)],
            "direction": [1 if i % 2 == 0 else -1 for _ in claims for i in range(per_claim)],
            "strength": 1.0,
            "tagger": "synthetic",
        }
    )
