"""What a speech act is coded for: codes with their ranges, all of them settable.

The default follows the Discourse Quality Index (Steenbergen, Bächtiger, Spörndli &
Steiner 2003, Measuring political deliberation, Comparative European Politics 1, 21-48).
Versions of it differ, e.g. in the range of respect towards demands: set the ranges that
your coders used. Other instruments (such as a ladder of listening) are entered the same
way with the codes of their authors; none is made up here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dmpkit.errors import DataError
from dmpkit.evaluation.labels import first_few, names, numbers, text, whole_number
from dmpkit.tables import require_unique, to_pandas

__all__ = ["DQI", "Code", "Codebook"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Code:
    """One ordinal code of speech acts.

    Parameters
    ----------
    name : str
        Column of the codings.
    label : str
        What it is called in texts and pictures.
    maximum : int
        Highest value.
    minimum : int
        Lowest value.
    written : mapping of str to int
        Values that coders write in another way, such as ``2a``.

    Examples
    --------
    >>> Code("level", "level of justification", 3).maximum
    3
    """

    name: str
    label: str
    maximum: int
    minimum: int = 0
    written: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        low = whole_number(self.minimum, f"The minimum of {self.name!r}", low=-1_000)
        whole_number(self.maximum, f"The maximum of {self.name!r}", low=low + 1)

    def read(self, frame: pd.DataFrame) -> Floats:
        """The column of this code, every value in its range; NaN where not coded.

        Raises
        ------
        DataError
            A value that is not whole or out of range, with its row.

        Examples
        --------
        >>> content = Code("content", "content", 2, written={"2a": 2})
        >>> content.read(pd.DataFrame({"content": ["2a", 1, None]})).tolist()
        [2.0, 1.0, nan]
        """
        known = {k.casefold(): v for k, v in self.written.items()}
        cells = [known.get(text(v).casefold(), v) for v in frame[self.name]]
        column = pd.DataFrame({self.name: pd.Series(cells, dtype=object)})
        return numbers(column, self.name, low=self.minimum, high=self.maximum, whole=True)

    def scaled(self, values: Floats) -> Floats:
        """Values from 0 at the minimum to 1 at the maximum."""
        return (values - self.minimum) / (self.maximum - self.minimum)


@dataclass(frozen=True)
class Codebook:
    """The codes of one instrument.

    Parameters
    ----------
    name : str
        Of the instrument.
    codes : tuple of Code
    source : str
        Where its codes are defined.

    Examples
    --------
    >>> [code.maximum for code in DQI.with_maxima(resp_demands=3).codes]
    [1, 3, 2, 2, 3, 3, 2]
    >>> Codebook("own", (Code("a", "first", 2),)).codes[0].label
    'first'
    """

    name: str
    codes: tuple[Code, ...]
    source: str = ""

    def __post_init__(self) -> None:
        if not self.codes:
            raise DataError(f"The codebook {self.name!r} has no codes.")
        require_unique([code.name for code in self.codes], "code")

    def with_maxima(self, **maxima: int) -> Codebook:
        """The same codes with other highest values.

        Raises
        ------
        DataError
            There is no such code.
        """
        self._require(maxima)
        return replace(
            self,
            codes=tuple(replace(c, maximum=maxima.get(c.name, c.maximum)) for c in self.codes),
        )

    def only(self, wanted: Iterable[str]) -> Codebook:
        """The codes of these names, in the order of the codebook.

        Raises
        ------
        DataError
            There is no such code.
        """
        chosen = list(wanted)
        self._require(chosen)
        return replace(self, codes=tuple(c for c in self.codes if c.name in chosen))

    def _require(self, wanted: Iterable[str]) -> None:
        known = [code.name for code in self.codes]
        odd = [name for name in wanted if name not in known]
        if odd:
            raise DataError(
                f"The codebook {self.name!r} has no code {odd[0]!r}.",
                remedy=f"It has {first_few(known, 12)}.",
            )

    @classmethod
    def from_frame(cls, frame: Any, *, name: str, source: str = "") -> Codebook:
        """A codebook from a table with ``code, label, maximum`` and perhaps ``minimum``.

        Raises
        ------
        DataError
            A cell is blank or no whole number.

        Examples
        --------
        >>> own = pd.DataFrame({"code": ["heard"], "label": ["takes up"], "maximum": [3]})
        >>> Codebook.from_frame(own, name="own").codes[0].maximum
        3
        """
        table = to_pandas(frame, what="codebook").reset_index(drop=True)
        ids = names(table, "code", what="code")
        labels = names(table, "label", what="label")
        tops = numbers(table, "maximum", whole=True, blank="Write the highest value.")
        lows = np.zeros(len(table))
        if "minimum" in table.columns:
            lows = numbers(table, "minimum", whole=True, blank="Write the lowest value.")
        rows = zip(ids, labels, tops, lows, strict=True)
        return cls(name, tuple(Code(i, l_, int(t), int(w)) for i, l_, t, w in rows), source)

    def table(self) -> pd.DataFrame:
        """``code, label, minimum, maximum``: one row a code."""
        rows = [(c.name, c.label, c.minimum, c.maximum) for c in self.codes]
        return pd.DataFrame(rows, columns=["code", "label", "minimum", "maximum"])


#: The Discourse Quality Index with the ranges of 2003 as we know them; check your version.
DQI = Codebook(
    "Discourse Quality Index",
    (
        Code("participation", "participation", 1),
        Code("level", "level of justification", 3),
        # 2a and 2b are two kinds of common good of equal rank
        Code("content", "content of justification", 2, written={"2a": 2, "2b": 2, "2ab": 2}),
        Code("resp_groups", "respect towards groups", 2),
        Code("resp_demands", "respect towards demands", 2),
        Code("resp_counter", "respect towards counter-arguments", 3),
        Code("constructive", "constructive politics", 2),
    ),
    "Steenbergen, Bächtiger, Spörndli & Steiner (2003)",
)
