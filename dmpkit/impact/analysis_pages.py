"""The pages of an impact analysis: sections with their tables and pictures, in reading order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import pandas as pd

from dmpkit.errors import DataError
from dmpkit.impact.analysis_text import NAMES, at_times, shown_words
from dmpkit.impact.ledger_plots import MOST_ANSWERS, swimmer_pages
from dmpkit.reporting import Figure, Section, paragraphs, table_html

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dmpkit.impact.analysis import ImpactAnalysis
    from dmpkit.impact.incidence import CumulativeIncidence

__all__ = ["sections", "short_section"]


def _table(
    frame: pd.DataFrame,
    *,
    caption: str,
    digits: int | Mapping[str, int] = 2,
    headings: Mapping[str, str] | None = None,
) -> str:
    """A table with its columns named in words."""
    words = {str(c): str(c).replace("_", " ") for c in frame}
    return table_html(frame, digits=digits, caption=caption, headings=words | dict(headings or {}))


def short_section(a: ImpactAnalysis) -> Section:
    """One section for a larger report: summary, coverage, shares and two pictures."""
    html = paragraphs(a.summary()) + _coverage(a) + _shares(a)
    return Section(a.title, html, _figures(_occupancy(a), _range(a)))


def sections(a: ImpactAnalysis) -> tuple[Section, ...]:
    """The whole page, coverage first."""
    made = [
        Section("In short", paragraphs(a.summary())),
        Section("Coverage and shares", _coverage(a) + _shares(a)),
        _definitions(a),
        _answers(a),
        _time(a),
        _lines(a),
        _judged(a),
        _taken_up(a),
        _wider(a),
        _not_computed(a),
        Section("Methods", paragraphs(a.methods_text())),
    ]
    return tuple(section for section in made if section is not None)


_THREE = dict.fromkeys(("estimate", "standard_error", "low", "high", "bootstrap_error"), 3)
Picture = tuple[Callable[[], "Axes"], str] | None


def _figures(*pictures: Picture) -> tuple[Figure, ...]:
    """Pictures that can be drawn; what has nothing to show is left out."""
    found = []
    for picture in pictures:
        if picture is None:
            continue
        try:
            found.append(Figure.from_axes(picture[0](), picture[1]))
        except DataError:
            continue
    return tuple(found)


def _occupancy(a: ImpactAnalysis) -> Picture:
    if a.action_states is None:
        return None
    return (a.plot_occupancy, "Where the recommendations stand, action layer.")


def _range(a: ImpactAnalysis) -> Picture:
    return None if a.multiverse is None else (a.plot_range, "The share by how it is counted.")


def _coverage(a: ImpactAnalysis) -> str:
    html = _table(a.shares.coverage, digits={"count": 0}, caption="Coverage")
    return html + _table(a.evidence, caption="Evidence on which the statuses rest")


def _shares(a: ImpactAnalysis) -> str:
    fates = shown_words(a.shares.fates, "fate")
    html = _table(fates, digits=3, caption="What became of them (complete list, no interval)")
    html += _table(a.shares.bounds, digits=3, caption="Bounds for what is pending")
    if a.pooled:
        html += _table(a.by_process, digits=3, caption="By process")
    if a.new is not None:
        planned = shown_words(a.new, "baseline")
        html += _table(planned, digits=3, caption="Implemented, by what there was before")
    return html + _table(a.attribution, caption="Attribution of what was implemented")


def _definitions(a: ImpactAnalysis) -> Section | None:
    if a.multiverse is None:
        return None
    section = a.multiverse.section()
    return Section(section.title, section.html, section.figures)


def _answers(a: ImpactAnalysis) -> Section:
    html = paragraphs(a.words.answers())
    if a.response is not None:
        html += _curve(a.response, a, "Share answered, by days since receipt")
    if len(a.status.overdue):
        late = shown_words(a.status.overdue, "status")
        html += _table(late, caption="Overdue (computed; nobody decided it)")
    each = (a.plot_answers, "Each answer and the promised time.")
    curve_picture: Picture = (
        None if a.response is None else (a.plot_response, "Share answered over time.")
    )
    rows = each if len(a.answers) <= MOST_ANSWERS and len(set(a.answers["received"])) > 1 else None
    return Section("Answers", html, _figures(rows, curve_picture))


def _curve(curve: CumulativeIncidence, a: ImpactAnalysis, caption: str) -> str:
    """A curve at a few times: wide where it is a count, long where it has intervals."""
    table = shown_words(at_times(curve, yearly=a.pooled), "cause")
    digits = {"time": 0, **_THREE}
    if a.pooled:
        table = table.drop(columns=[c for c in table if str(c).startswith("greenwood")])
        return _table(table, digits=digits, caption=caption, headings={"cause": "what"})
    wide = table.pivot_table(index="time", columns="cause", values="estimate", dropna=False)
    wide = wide[list(dict.fromkeys(table["cause"]))].rename(columns={"pending": "nothing yet"})
    shares = dict.fromkeys(map(str, wide.columns), 3)
    wide.insert(0, "at risk", table.groupby("time")["at_risk"].max())
    wide = wide.rename_axis(columns=None).reset_index()
    return _table(wide, digits={"time": 0, **shares}, caption=caption, headings={"time": "days"})


def _time(a: ImpactAnalysis) -> Section:
    html = ""
    if a.outcome is not None:
        html += _curve(a.outcome, a, "Share come to each end, by days since receipt")
    moves = shown_words(a.transitions, "from", "to")
    html += _table(moves, caption="How often one status followed another")
    html += _table(a.flows, caption="From response to action")
    return Section(
        "Over time",
        html,
        _figures(
            _occupancy(a),
            (lambda: a.plot_occupancy("response"), "Where the answers stand."),
            (a.plot_outcome, "Share that has come to each end, with numbers at risk."),
            (a.plot_alluvial, "From response to action."),
        ),
    )


def _lines(a: ImpactAnalysis) -> Section | None:
    if a.lines.empty:
        return None
    pages = swimmer_pages(a.lines)
    pictures: list[Picture] = [
        (lambda k=page: a.plot_swimmer(page=k), "One line a recommendation.")  # type: ignore[misc]
        for page in range(1, pages + 1)
    ]
    return Section("Recommendation by recommendation", "", _figures(*pictures))


def _judged(a: ImpactAnalysis) -> Section | None:
    html = paragraphs(a.words.kept())
    html += _table(a.fidelity, caption="Content kept, by the record (fidelity 0 to 4)")
    if a.raters is None:
        return Section("Faithfulness", html)
    section = a.raters.section()
    figures = _figures((a.plot_raters, "Recommendations on which two raters differ."))
    return Section("Raters and faithfulness", html + section.html, figures)


def _taken_up(a: ImpactAnalysis) -> Section | None:
    return None if a.cherry_picking is None else a.cherry_picking.section()


def _wider(a: ImpactAnalysis) -> Section:
    html = paragraphs(a.words.wider())
    if len(a.wider_impact):
        html += _table(a.wider_impact, caption="Wider impact, by route")
    if len(a.goals):
        shown = a.goals.assign(
            set_after_start=a.goals["set_after_start"].map(
                {"yes": "yes: after the start", "no": "no", "": "not known"}
            )
        )
        html += _table(shown, caption="Goals")
    return Section("Beside the recommendations", html)


def _not_computed(a: ImpactAnalysis) -> Section | None:
    if a.not_computed.empty and a.notes.empty:
        return None
    html = ""
    if len(a.not_computed):
        rows = a.not_computed.assign(part=a.not_computed["part"].map(NAMES))
        html += _table(rows, caption="Not computed, and why")
    if len(a.notes):
        rows = a.notes.assign(part=a.notes["part"].map(NAMES))
        html += _table(rows, caption="What to know before trusting a part")
    return Section("What was not computed, and what to know", html)
