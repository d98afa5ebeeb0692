"""Comparisons of studies told to a reader: methods, report, workbook."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dmpkit.qmethod.comparison import BeforeAfter, FactorMatch, SecondOrder
    from dmpkit.reporting import Indicator, Section

__all__ = [
    "Reported",
    "before_after_indicators",
    "before_after_methods",
    "match_indicators",
    "match_methods",
    "second_order_indicators",
    "second_order_methods",
]


class Reported(ABC):
    """What the results of comparing studies share: section, report, workbook."""

    _title: ClassVar[str]
    _sheets: ClassVar[tuple[str, ...]]
    _caption: ClassVar[str] = ""

    @abstractmethod
    def methods_text(self) -> str:
        """A methods paragraph that states every choice made, ready to edit."""

    @abstractmethod
    def tables(self) -> dict[str, Any]:
        """All tables by name."""

    @abstractmethod
    def _html(self) -> str: ...

    def _picture(self) -> Axes | None:
        return None

    def _repr_html_(self) -> str:
        return self._html()

    def section(self) -> Section:
        """The comparison as a section of a report, with the picture where there is one."""
        from dmpkit.reporting import Figure, Section, escape

        ax = self._picture()
        figures = () if ax is None else (Figure.from_axes(ax, self._caption),)
        told = "".join(f"<p>{escape(part)}</p>" for part in self.methods_text().split("\n\n"))
        return Section(self._title, f"{self._html()}<h3>Methods</h3>{told}", figures)

    def report(self, path: str | os.PathLike[str]) -> Path:
        """Write the comparison as one self-contained HTML page.

        Parameters
        ----------
        path : path

        Returns
        -------
        Path
            Where it was written.
        """
        from dmpkit.reporting import page, write_html

        write_html(path, page(self._title, [self.section()], subtitle=repr(self)))
        return Path(path)

    def to_excel(self, path: str | os.PathLike[str]) -> Path:
        """Write a workbook with one sheet a table, and a first one that explains.

        Parameters
        ----------
        path : path
            Ends in ``.xlsx``.

        Returns
        -------
        Path
            Where it was written.
        """
        from dmpkit.tables import write_workbook

        found = self.tables()
        notes = [(self._title, repr(self)), ("Methods", self.methods_text())]
        write_workbook(path, {name: found[name] for name in self._sheets}, notes=notes)
        return Path(path)


def match_methods(match: FactorMatch) -> str:
    """The methods paragraph of a matching of two studies.

    Parameters
    ----------
    match : FactorMatch
    """
    return (
        "The factors of two studies were matched one to one so that the sum of the correlations of "
        f"their z-scores on {match.n_statements} statements is largest (Kuhn-Munkres); a negative "
        "correlation is the opposite view and counts against a pair. p-values come from "
        f"{match.n_permutations:,} permutations of the statements of the second study, all its "
        f"factors together (seed {match.seed}), as (b + 1)/(B + 1): of each pair by itself, "
        "adjusted for all comparisons by the best of all possible pairs, and of the whole matching "
        "by its mean congruence. Statements of similar content are not quite exchangeable, so the "
        "p-values are read with the size of the congruence."
    )


def match_indicators(match: FactorMatch) -> tuple[Indicator, ...]:
    """The congruence of each pair with its adjusted p-value.

    Parameters
    ----------
    match : FactorMatch
    """
    from dmpkit.reporting import Indicator

    return tuple(
        Indicator(
            f"congruence of {row.factor} and {row.other}",
            float(row.congruence),  # type: ignore[arg-type]
            n=match.n_statements,
            note=f"p = {row.p_adjusted:.4f}, adjusted for all comparisons",
            source=f"{match.n_permutations:,} permutations of {match.n_statements} statements",
        )
        for row in match.pairs.itertuples()
    )


def second_order_methods(result: SecondOrder) -> str:
    """The methods paragraph of a second-order analysis, and that of the analysis itself.

    Parameters
    ----------
    result : SecondOrder
    """
    own = (
        f"The {len(result.origins)} factor arrays of {len(result.studies)} studies "
        f"({', '.join(result.studies)}) were analysed like sorts (second-order analysis, Watts & "
        "Stenner 2012): each array counts once, whatever the number of people behind it. Sorts in "
        "what follows are these arrays."
    )
    return f"{own}\n\n{result.analysis.methods_text()}"


def second_order_indicators(result: SecondOrder) -> tuple[Indicator, ...]:
    """Share of the studies that have a factor flagged on each shared factor.

    Parameters
    ----------
    result : SecondOrder
    """
    from dmpkit.reporting import Indicator

    held = result.members[result.members["flagged"]]
    n = len(result.studies)
    return tuple(
        Indicator(
            f"studies that share {name}",
            held.loc[held["shared"] == name, "study"].nunique() / n,
            n=n,
            note="share of the studies with a factor flagged on it",
            source=f"{len(result.origins)} factor arrays of {n} studies",
        )
        for name in result.analysis.factors
    )


def before_after_methods(result: BeforeAfter) -> str:
    """The methods paragraph of before and after, and that of the analysis itself.

    Parameters
    ----------
    result : BeforeAfter
    """
    first, second = result.occasions
    n = len(result.people)
    own = (
        f"The sorts of {n} people from {first} and {second} were analysed together, two sorts a "
        "person, so that both occasions stand in one space of factors. A person moved when the two "
        "sorts are not flagged on the same factor with the same sign (or both on several, or both "
        "on none)."
    )
    left = len(result.only_before) + len(result.only_after)
    if left:
        own += f" Left out, since they sorted on one occasion only: {left}."
    return f"{own}\n\n{result.analysis.methods_text()}"


def before_after_indicators(result: BeforeAfter) -> tuple[Indicator, ...]:
    """Share of the people who moved, and how a person's two sorts correlate.

    Parameters
    ----------
    result : BeforeAfter
    """
    from dmpkit.reporting import Indicator

    n = len(result.people)
    kind = "synthetic sorts" if result.analysis.sorts.synthetic else "people"
    source = f"{n} {kind}, {' and '.join(result.occasions)}"
    return (
        Indicator("share who moved", float(result.moves["moved"].mean()), n=n, source=source),
        Indicator(
            "correlation of a person's two sorts",
            float(result.moves["correlation"].median()),
            n=n,
            note="median",
            source=source,
        ),
    )
