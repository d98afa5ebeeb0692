"""Codes as people name them: by full path, or by a name that occurs once."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import TYPE_CHECKING

import pandas as pd

from dmpkit.errors import DataError

if TYPE_CHECKING:
    from dmpkit.coding.data import CodedProject

__all__ = ["closest", "code_path", "lineages", "selected_codes"]


def closest(name: str, known: Iterable[str], what: str) -> str:
    """The remedy for an unknown name: the closest ones, or some of those there are."""
    names = [str(k) for k in known]
    close = get_close_matches(str(name), names, n=3, cutoff=0.5)
    folded = [k for k in names if k.casefold() == str(name).casefold()]
    shown = list(dict.fromkeys([*folded, *close]))
    if shown:
        word = "The closest is" if len(shown) == 1 else "The closest are"
        return f"{word} {', '.join(map(repr, shown))}."
    listed = ", ".join(map(repr, names[:12]))
    return f"The {what} are {listed}{' …' if len(names) > 12 else ''}." if names else (
        f"There are no {what}."
    )  # fmt: skip


def code_path(codes: pd.DataFrame, name: str, *, where: str = "") -> str:
    """The full path of a code that is named by its path or by its own name.

    Parameters
    ----------
    codes : DataFrame
        The codes of a project or codebook: ``code, name``.
    name : str
    where : str
        Put at the end of the sentence about what is wrong.

    Raises
    ------
    DataError
        When no code has the name (shows the closest), or several have.

    Examples
    --------
    >>> codes = pd.DataFrame({"code": ["A", "A/B", "C/B"], "name": ["A", "B", "B"]})
    >>> code_path(codes, "A/B"), code_path(codes, "A")
    ('A/B', 'A')
    """
    if (codes["code"] == name).any():
        return str(name)
    same = codes.loc[codes["name"] == name, "code"].tolist()
    if len(same) == 1:
        return str(same[0])
    if same:
        raise DataError(
            f"{len(same)} codes are called {name!r}{where}.",
            remedy=f"Write the full path: {', '.join(map(repr, same[:6]))}.",
        )
    known = [*codes["code"], *(n for n in codes["name"] if n not in set(codes["code"]))]
    raise DataError(f"There is no code {name!r}{where}.", remedy=closest(name, known, "codes"))


def selected_codes(project: CodedProject, codes: str | Iterable[str] | None) -> tuple[str, ...]:
    """Full paths of the codes asked for; all codes that can be assigned when not given."""
    if codes is None:
        used = set(project.segments["code"]) | set(project.unplaced["code"])
        keep = project.codes["codable"].to_numpy(bool) | project.codes["code"].isin(used)
        return tuple(project.codes.loc[keep, "code"])
    asked = [codes] if isinstance(codes, str) else list(codes)
    paths = tuple(dict.fromkeys(code_path(project.codes, name) for name in asked))
    if not paths:
        raise DataError("No code was named.", remedy="Name at least one, or leave codes out.")
    return paths


def lineages(codes: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """Each code with its ancestors, the top code first and the code itself last.

    Examples
    --------
    >>> lineages(pd.DataFrame({"code": ["A", "A/B"], "parent": ["", "A"]}))
    {'A': ('A',), 'A/B': ('A', 'A/B')}
    """
    found: dict[str, tuple[str, ...]] = {"": ()}
    for code, parent in zip(codes["code"], codes["parent"], strict=True):
        found[code] = (*found[parent], code)  # parents stand above their children
    del found[""]
    return found
