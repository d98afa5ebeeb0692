"""Which governance viewpoint stresses or contests which criterion, and what that rests on.

The links that come with dmpkit were made from two codings of the public summary of
a published Q study. They are an interpretation of that summary, not an instrument of
its authors.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from dmpkit import datasets
from dmpkit.errors import DataError
from dmpkit.evaluation.records import (
    Field,
    Finding,
    RecordKind,
    check_records,
    nearest,
    read_records,
)

__all__ = [
    "LINKS",
    "agreement_words",
    "checked_links",
    "coding_agreement",
    "default_links",
    "links_beside",
    "local_criteria_sheet",
    "viewpoint_links",
]

CODERS = ("A", "B")

#: What a table of links holds.
LINKS = RecordKind(
    "links",
    "links.csv",
    (
        Field("viewpoint", required=True),
        Field("criterion", kind="id", required=True, aliases=("id",)),
        Field("direction", choices=("stressed", "contested")),
        Field("basis", choices=("text", "inference")),
        Field("part"),
        Field("name"),
        Field("n_coders", kind="number", low=0),
    ),
    key=("viewpoint", "criterion"),
)


def viewpoint_links() -> pd.DataFrame:
    """The links between the five governance viewpoints and dmpkit's criteria.

    A link stands where two codings, made blind of each other in the making of
    dmpkit, both gave it in the same direction; its basis is *text* where both found
    that a sentence on the viewpoint covers the subject of the criterion, else
    *inference*. What only one coder gave is dropped.

    Returns
    -------
    DataFrame
        ``viewpoint, name, criterion, direction, basis, part, n_coders``.

    Examples
    --------
    >>> links = viewpoint_links()
    >>> links.loc[links["basis"] == "text", "viewpoint"].value_counts().to_dict()
    {'AU': 2, 'CC': 2, 'RB': 1, 'PA': 1, 'SC': 1}
    """
    names = datasets.load("criteria", "viewpoints").set_index("code")["name"]
    links = datasets.load("criteria", "links")
    links.insert(1, "name", links["viewpoint"].map(names))
    return links


def local_criteria_sheet(n: int = 5) -> pd.DataFrame:
    """Empty rows L01, L02 … for criteria that are written in the place.

    Fill them in, save them as ``local_criteria.csv`` in the folder of the evaluation,
    and rate them like the others.

    Parameters
    ----------
    n : int
        How many rows, 1 to 99.

    Returns
    -------
    DataFrame
        ``criterion, label, stage, definition, type, anchors, evidence``.

    Examples
    --------
    >>> local_criteria_sheet(2)["criterion"].tolist()
    ['L01', 'L02']
    """
    from dmpkit.evaluation.labels import whole_number

    rows = [f"L{i:02d}" for i in range(1, min(whole_number(n, "n", low=1), 99) + 1)]
    empty = ("label", "stage", "definition", "type", "anchors", "evidence")
    return pd.DataFrame({"criterion": rows, **dict.fromkeys(empty, "")})


def coding_agreement() -> pd.DataFrame:
    """How far the two codings behind the links agree, over all pairs of viewpoint and criterion.

    All 5 × 52 = 260 pairs were coded: *no link*, *stressed* or *contested*. Nearly all
    are *no link* for both coders, so percent agreement is high whatever they do;
    positive agreement (Dice: twice the links in common over the links of both) leaves
    the pairs without a link out. Both coders work on dmpkit and had the same notes:
    their agreement does not show that others would agree.

    Returns
    -------
    DataFrame
        ``of`` (direction: all links, by direction; text links: text links by direction, all
        else *no link*), ``n_pairs, n_links_a, n_links_b, n_same, share_without_link,
        percent_agreement, cohen_kappa, krippendorff_alpha, positive_agreement``.

    Examples
    --------
    >>> found = coding_agreement().set_index("of")
    >>> found.loc["direction", ["n_links_a", "n_links_b", "n_same"]].tolist()
    [20, 25, 20]
    """
    codings = datasets.load("criteria", "codings")
    pairs = _all_pairs()
    text = codings[codings["basis"] == "text"]
    return pd.DataFrame(
        [{"of": "direction", **_agreement(codings, pairs)},
         {"of": "text links", **_agreement(text, pairs)}]
    )  # fmt: skip


def _all_pairs() -> list[tuple[str, str]]:
    views = datasets.load("criteria", "viewpoints")["code"]
    criteria = datasets.load("criteria", "criteria")["id"]
    return [(v, c) for v in views for c in criteria]


def _agreement(codings: pd.DataFrame, pairs: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Agreement of the two coders over `pairs`, with what they did not link as *no link*."""
    from dmpkit.measures import agreement

    rows = []
    for coder in CODERS:
        own = codings[codings["coder"] == coder].set_index(["viewpoint", "criterion"])
        given = own["direction"].to_dict()
        rows.append([given.get(pair, "no link") for pair in pairs])
    linked = [sum(x != "no link" for x in row) for row in rows]
    both = list(zip(*rows, strict=True))
    same = sum(a == b != "no link" for a, b in both)
    return {
        "n_pairs": len(pairs),
        "n_links_a": linked[0],
        "n_links_b": linked[1],
        "n_same": same,
        "share_without_link": sum(a == b == "no link" for a, b in both) / len(pairs),
        "percent_agreement": agreement.percent_agreement(rows).value,
        "cohen_kappa": agreement.cohen_kappa(rows).value,
        "krippendorff_alpha": agreement.krippendorff_alpha(rows).value,
        "positive_agreement": 2 * same / sum(linked) if sum(linked) else math.nan,
    }


def agreement_words() -> str:
    """The agreement of the two codings as a reader needs it."""
    one, text = coding_agreement().to_dict("records")
    return (
        f"Two coders read every one of the {one['n_pairs']} pairs of viewpoint and criterion, "
        "blind of each other. On stressed, contested or no link they agree on "
        f"{one['percent_agreement']:.1%} of the pairs (Cohen's kappa {one['cohen_kappa']:.2f}, "
        f"Krippendorff's alpha {one['krippendorff_alpha']:.2f}). But "
        f"{one['share_without_link']:.0%} of the pairs have no link for either; of the links "
        f"themselves, {one['n_links_a']} and {one['n_links_b']}, they share {one['n_same']} "
        f"(positive agreement, Dice, {one['positive_agreement']:.2f}), and of the links by the "
        f"text, {text['n_links_a']} and {text['n_links_b']}, they share {text['n_same']}. Both "
        "coders work on dmpkit and used the same notes on the summary, so this does not show "
        "that other readers would agree."
    )


def default_links(criteria: pd.DataFrame) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """The links of dmpkit for the criteria of a scorecard, and the criteria that changed meaning.

    A link is used only where the scorecard has the criterion under dmpkit's own label.

    Parameters
    ----------
    criteria : DataFrame
        ``criterion, label``.

    Returns
    -------
    links : DataFrame
    changed : tuple of str
        Criteria of the links whose label in the scorecard is another.
    """
    links = viewpoint_links()
    own = datasets.load("criteria", "criteria").set_index("id")["label"].to_dict()
    given = dict(zip(criteria["criterion"], criteria["label"], strict=True))
    changed = tuple(
        c for c in dict.fromkeys(links["criterion"]) if c in given and given[c] != own[c]
    )
    kept = links["criterion"].isin(given) & ~links["criterion"].isin(changed)
    return links[kept].reset_index(drop=True), changed


def checked_links(links: Any, criteria: Sequence[str]) -> pd.DataFrame:
    """A user's own table of links, checked against the criteria.

    Parameters
    ----------
    links : DataFrame or path
        ``viewpoint, criterion`` and, where there are any, ``direction`` (stressed when
        empty), ``basis`` (text when empty), ``part``, ``name``, ``n_coders``.
    criteria : sequence of str
        What may stand in the column *criterion*.

    Returns
    -------
    DataFrame
        ``viewpoint, name, criterion, direction, basis, part, n_coders``.

    Raises
    ------
    DataError
        Names row and column: an unknown criterion or word, a pair that stands twice, a
        table without a row.

    Examples
    --------
    >>> checked_links(pd.DataFrame({"viewpoint": ["V"], "criterion": ["C01"]}), ["C01"])
      viewpoint name criterion direction basis part  n_coders
    0         V    V       C01  stressed  text             NaN
    """

    def known(table: pd.DataFrame) -> Iterable[Finding]:
        for i, one in enumerate(table["criterion"]):
            if one not in criteria:
                yield (i, "criterion", f"There is no criterion {one[:60]!r} in the scorecard.",
                       nearest(one, criteria))  # fmt: skip

    if isinstance(links, str | os.PathLike):
        table = read_records(links, LINKS, rules=[known])
    else:
        table = check_records(links, LINKS, rules=[known])
    if not len(table):
        file = links if isinstance(links, str | os.PathLike) else None
        raise DataError("The table of links has no row.", file=file, remedy="Give one row a link.")
    table["direction"] = table["direction"].where(table["direction"] != "", "stressed")
    table["basis"] = table["basis"].where(table["basis"] != "", "text")
    table["name"] = table["name"].where(table["name"] != "", table["viewpoint"].map(_names()))
    table["name"] = table["name"].fillna(table["viewpoint"])
    first = table.drop_duplicates("viewpoint").set_index("viewpoint")["name"]
    table["name"] = table["viewpoint"].map(first)
    columns = ["viewpoint", "name", "criterion", "direction", "basis", "part", "n_coders"]
    return table[columns]


def links_beside(scorecard: Any) -> Path | None:
    """The user's own links beside the files of a scorecard: ``links.csv``, where there is one."""
    folder = getattr(scorecard, "folder", None)
    if folder is None or not Path(folder).is_dir():
        return None
    file = Path(folder) / LINKS.file
    return file if file.is_file() else None


def _names() -> dict[str, str]:
    table = datasets.load("criteria", "viewpoints")
    return dict(zip(table["code"], table["name"], strict=True))
