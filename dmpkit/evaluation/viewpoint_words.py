"""What :class:`~dmpkit.evaluation.viewpoints.ThroughViewpoints` says in words."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from dmpkit.evaluation.viewpoint_links import agreement_words
from dmpkit.reporting import format_number
from dmpkit.wording import listed

if TYPE_CHECKING:
    import pandas as pd

    from dmpkit.evaluation.viewpoints import ThroughViewpoints

__all__ = ["methods_text", "summary"]


def summary(result: ThroughViewpoints) -> str:
    """The verdict, each viewpoint, the objection to any fixed yardstick, the notes."""
    from dmpkit.evaluation.viewpoints import FIXED_YARDSTICK, NOTE, OWN_NOTE

    parts = [_verdict(result), *(_viewpoint(result, v) for v in result.names)]
    parts += [_changed(result), FIXED_YARDSTICK, _local(result)]
    parts += [OWN_NOTE] if result.own_links else [NOTE]
    return "\n\n".join(part for part in parts if part)


def _score(value: float) -> str:
    return format_number(float(value))


def _verdict(result: ThroughViewpoints) -> str:
    """Whether the score depends on the viewpoint, and on which criteria."""
    from dmpkit.evaluation.viewpoints import MIN_LINKS

    if not result.with_line:
        start = "None of the five viewpoints has"
        if result.own_links:
            start = "None of the viewpoints in the table of links has"
        return (
            f"{start} {MIN_LINKS} criteria that apply and that it stresses by the text. So few "
            "links carry no score: no line is drawn and no viewpoint's score is given. What is "
            "linked is told in words."
        )
    middle, sure, most = result.spread
    words = {
        "all agree": f"All agree: whichever of the viewpoints with a line is taken, and however "
        f"strongly, the mean score moves by no more than {_score(most)} of 4, within the margin "
        f"of {_score(result.margin)}.",
        "depends": f"It depends: the viewpoints' scores lie at least {_score(sure)} of 4 apart, "
        f"more than the margin of {_score(result.margin)}.{_driven(result)}",
        "not known": f"Not known: depending on how the unknown criteria would turn out, the "
        f"viewpoints' scores lie between {_score(sure)} and {_score(most)} of 4 apart (margin "
        f"{_score(result.margin)}).{_assessed_only(result, middle)}",
    }
    told = [result.names[v] for v in result.names if v not in result.with_line]
    rest = f" {listed(told, 'and')}: fewer than {MIN_LINKS} text links, told in words only."
    return words[result.verdict] + (rest if told else "")


def _driven(result: ThroughViewpoints) -> str:
    """The criteria that make up half or more of the widest gap."""
    from dmpkit.evaluation.viewpoints import MAX_DRIVERS

    table = result.drivers
    if not len(table):
        return ""
    enough = int((table["share"].cumsum() < 0.5).sum()) + 1
    named = [
        f"{r['label']} ({_score(r['score'])})"
        for r in table.head(min(enough, MAX_DRIVERS)).to_dict("records")
        if r["contribution"] > 0
    ]
    ends = result._far_ends()
    between = f" The widest gap is between '{ends[0]}' and '{ends[1]}'," if ends else ""
    return f"{between} driven by {listed(named, 'and')}."


def _assessed_only(result: ThroughViewpoints, middle: float) -> str:
    text = ""
    if not math.isnan(middle):
        text = f" Of what was assessed, they lie {_score(middle)} apart.{_driven(result)}"
    if result.settling:
        text += f" What would settle it most: {listed(result.settling, 'and')}."
    return text


def _viewpoint(result: ThroughViewpoints, v: str) -> str:
    """One viewpoint: its line where it has one, and its links."""
    name = result.names[v]
    parts = [_line_words(result, v)] if v in result.with_line else []
    for direction, verb in (("stressed", "stresses"), ("contested", "contests")):
        links = result.linked(v, direction)
        if len(links):
            seen = ", seen apart" if direction == "contested" else ""
            parts.append(f"By the text it {verb} {_named(links)}{seen}.")
    inferred = [
        f"{way} {listed(result.linked(v, way, 'inference')['label'], 'and')}"
        for way in ("stressed", "contested")
        if len(result.linked(v, way, "inference"))
    ]
    if inferred:
        parts.append(f"By inference only, and in no score: {'; '.join(inferred)}.")
    return f"{name}. {' '.join(parts) or 'No criterion of this scorecard is linked to it.'}"


def _line_words(result: ThroughViewpoints, v: str) -> str:
    rows = {r["viewpoint"]: r for r in result.viewpoints.to_dict("records")}
    row = rows[v]
    band = f"between {_score(row['worst'])} and {_score(row['best'])} with what is unknown"
    if math.isnan(row["range_low"]):
        return (
            f"Only {row['n_stressed_assessed']} of its {row['n_stressed_text']} stressed criteria "
            f"were assessed, so only a band is given: {band} at worst and at best."
        )
    exact = "" if row["best"] - row["worst"] < row["range_high"] - row["range_low"] + 1e-9 else (
        f" ({band} at worst and at best)"
    )  # fmt: skip
    text = (
        f"From {_score(row['mean_all'])} of 4 with all criteria alike to "
        f"{_score(row['mean_stressed'])} with the {row['n_stressed_text']} that it stresses "
        f"alone{exact}."
    )
    kept = result.lines[(result.lines["viewpoint"] == v) & (result.lines["contested"] == "kept")]
    if len(kept):
        first = kept.sort_values("k").iloc[0]
        text += (
            f" Contested criteria are left out of this; kept in, the score at k = "
            f"{first['k']:g} is {_score(first['score'])}."
        )
    return text


def _named(links: pd.DataFrame) -> str:
    """Criteria with their scores, or why there is none."""
    rows = links[["label", "score", "status"]].itertuples(index=False)
    return listed(
        [f"{a} ({status if math.isnan(s) else _score(s) + ' of 4'})" for a, s, status in rows],
        "and",
    )


def _changed(result: ThroughViewpoints) -> str:
    if not result.changed:
        return ""
    return (
        f"The links of {listed(result.changed, 'and')} are left out, since these criteria carry "
        "another label here than in dmpkit's set; a table of links of your own can name them."
    )


def _local(result: ThroughViewpoints) -> str:
    local = [c for c in result.criteria["criterion"] if re.fullmatch(r"L\d+", c)]
    if not local:
        return "This scorecard has no local criteria so far."
    linked = result.links["criterion"].isin(local).any()
    place = "" if linked else "; no viewpoint is linked to them"
    return f"Local criteria in this scorecard: {listed(local, 'and')}{place}."


def methods_text(result: ThroughViewpoints) -> str:
    """Every choice made."""
    from dmpkit.evaluation.viewpoints import MIN_LINKS, MIN_SEEN

    origin = (
        "The links between viewpoints and criteria were supplied by the user."
        if result.own_links
        else "Viewpoints and criteria were linked twice, blind of each other, while dmpkit was "
        "built, with the help of a language model and not by two researchers of the field, from "
        "the public summary by Parry, Curato and Dryzek (2025) and from reading notes where the "
        "stored summary breaks off. A link stands where both gave it in the same direction; it is "
        "a text link where both found a sentence that covers the subject of the criterion in its "
        "plain sense, else an inference; what one coder alone gave is dropped, the stricter way. "
        + agreement_words()
    )
    lines = (
        f"For a viewpoint that stresses {MIN_LINKS} or more criteria by the text, score(k) = (k · "
        "sum over these + sum over the rest) / (k · number of these + number of the rest) for "
        "stress factors k from 1; it moves in one direction as k grows, so its range is exactly "
        "that between the mean of all and the mean of the stressed criteria. Criteria that the "
        "viewpoint contests by the text are left out of its line and seen apart; a second line "
        "keeps them among the rest. A contested criterion's score is never turned round, since "
        "who contests a demand need not want its opposite."
    )
    unknown = (
        "Unknown criteria (not assessed, or with contested ratings) are left out of the middle "
        "line and put at 0 and at 4 for the band; the line is given where at least "
        f"{MIN_SEEN:.0%} of the stressed criteria were assessed. Criteria that do not apply are "
        "left out. Bands say what is not known; they are no confidence intervals."
    )
    verdict = (
        "The verdict compares the ends of all lines and the mean of all criteria: 'all agree' "
        f"where no two can be more than {_score(result.margin)} of 4 apart however the unknown "
        "criteria turn out, 'depends' where two are further apart in any case, else 'not known'. "
        "A criterion drives the widest gap by the difference of its weights at the two ends times "
        "the distance of its score from the mean. Stress factor, thresholds and verdict are "
        "dmpkit's own proposal."
    )
    return f"{origin} Only text links enter scores.\n\n{lines}\n\n{unknown}\n\n{verdict}"
