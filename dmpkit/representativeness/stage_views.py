"""A stage flow told to a reader: summary, methods, section, indicators."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from dmpkit.reporting import Figure, Indicator, Section, paragraphs, table_html

if TYPE_CHECKING:
    from dmpkit.representativeness.stages import StageFlow

__all__ = ["indicators", "methods_text", "section", "summary"]

#: Cramér's V below which the text says that rates hardly differ (our own bound).
SMALL = 0.05


def summary(flow: StageFlow) -> str:
    """The numbers of each stage, its uneven rates, the largest gaps and where they arose."""
    parts = [_numbers(flow), *_uneven(flow), *_gaps(flow), *_attendance(flow)]
    if flow.flow.notes:
        parts.append("Notes: " + "; ".join(flow.flow.notes) + ".")
    return "\n\n".join(parts)


def _numbers(flow: StageFlow) -> str:
    said = []
    for row in flow.stages.to_dict("records"):
        text = f"{row['stage']} {_people(row['n'])}"
        if row["from_stage"] and not math.isnan(row["rate"]):
            text += f" ({_percent(row['rate'])} of {row['from_stage']}"
            if not math.isnan(row["low"]):
                text += f", {_percent(row['low'])} to {_percent(row['high'])}"
            text += f"; {row['joined']:g} joined)" if row["joined"] else ")"
        said.append(text)
    return "Stages: " + " → ".join(said) + "."


def _people(n: float) -> str:
    return "(number not known)" if math.isnan(n) else f"{n:,.0f}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f}%"


def _uneven(flow: StageFlow) -> list[str]:
    """For each stage the variable whose groups went on most unevenly."""
    table = flow.differences
    said = []
    for stage in flow.flow.stages:
        rows = table[(table["stage"] == stage) & table["cramers_v"].notna()]
        if len(rows):
            row = rows.iloc[int(rows["cramers_v"].to_numpy().argmax())].to_dict()
            said.append(_most_uneven(stage, row))
        if flow.quota_variables and stage == flow.selection_stage:
            said.append(
                f"At {stage!r} there is no interval and no test on "
                f"{', '.join(flow.quota_variables)}: the quotas set these rates, so they hold no "
                "chance that a test could weigh."
            )
    if table.empty and len(flow.flow.stages) > 1 and flow.variables:
        said.append(
            "Rates by group are not computable: no two stages in a row have their people counted "
            "by group. (An address mailing does not know who was invited.) Compositions, "
            "distances and gaps do not need them."
        )
    return [" ".join(said)] if said else []


def _most_uneven(stage: str, row: dict[Any, Any]) -> str:
    if row["cramers_v"] < SMALL:
        return (
            f"At {stage!r} the groups' rates hardly differ (the largest V is "
            f"{row['cramers_v']:.2f}, {row['variable']})."
        )
    note = f"; {row['note']}" if row["note"] else ""
    return (
        f"At {stage!r} the rates differ most by {row['variable']}: "
        f"{_percent(row['lowest_rate'])} of {row['lowest']} against "
        f"{_percent(row['highest_rate'])} of {row['highest']} "
        f"(V = {row['cramers_v']:.2f}, p = {_p(row['p_value'])}{_holm(row)}{note})."
    )


def _holm(row: dict[Any, Any]) -> str:
    """The adjusted p-value, where several variables were tested at the stage."""
    if row["p_holm"] != row["p_holm"] or row["p_holm"] == row["p_value"]:
        return ""
    return f", after Holm over the variables tested {_p(row['p_holm'])}"


def _p(value: float) -> str:
    return "under 0.001" if value < 0.001 else f"{value:.3f}"


def _where(flow: StageFlow, stage: str) -> str:
    if stage == flow.flow.stages[-1]:
        return "at the end"
    return f"at {stage!r}, the last stage whose composition is known,"


def _gaps(flow: StageFlow) -> list[str]:
    if not flow.variables:
        return ["Only the numbers of people are known: composition by stage is not assessed."]
    parts = flow.decomposition.dropna(subset=["gap"])
    if parts.empty:
        return ["The population's shares are not known: gaps and distances are not assessed."]
    last = parts.groupby(["variable", "category"], sort=False).tail(1)
    row = last.iloc[int(last["gap"].abs().to_numpy().argmax())].to_dict()
    own = parts[(parts["variable"] == row["variable"]) & (parts["category"] == row["category"])]
    steps = ", ".join(
        f"{stage} {100 * more:+.1f}" if more == more else f"{stage} an amount not known"
        for stage, more in zip(own["stage"], own["added"], strict=True)
    )
    text = (
        f"The largest gap {_where(flow, str(row['stage']))} is {row['variable']}: "
        f"{row['category']}, "
        f"{100 * row['gap']:+.1f} points against {flow.flow.reference_name}; the stages added "
        f"{steps} points."
    )
    whole = set(flow.distances.loc[flow.distances["tvd"].notna(), "variable"])
    absent = [v for v in flow.variables if v not in whole]
    if absent:
        listed = ", ".join(absent)
        text += f" No distance, because the population's shares are not all known: {listed}."
    return [text]


def _attendance(flow: StageFlow) -> list[str]:
    if flow.attended is None:
        return []
    table = flow.attended.sessions
    low, high = table["attended"].min(), table["attended"].max()
    if table["attended"].isna().any():
        least, most = (_percent(float(x)) for x in (table["share"].min(), table["share"].max()))
        text = f"At {len(table)} sessions {least} to {most} of those who could attend were present."
        return [" ".join([text, *_sentences(flow.attended.notes)])]
    text = (
        f"At {len(table)} sessions {low:g} to {high:g} of {table['members'].iloc[0]:g} "
        f"({flow.attended.base}) were present, {_percent(float(table['share'].mean()))} on average."
    )
    return [" ".join([text, *_sentences(flow.attended.notes)])]


def _sentences(notes: tuple[str, ...]) -> list[str]:
    return [f"{note[0].upper()}{note[1:]}." for note in notes]


def methods_text(flow: StageFlow) -> str:
    """The methods paragraph, with every choice made."""
    text = (
        f"Stages in order: {', '.join(flow.flow.stages)}; compared with "
        f"{flow.flow.reference_name}. The rate of a stage is the share of the people of the stage "
        f"before who went on, with Wilson's {100 * flow.level:g}% interval, which takes each "
        "person's going on as a matter of chance. Within a stage, group against going on was "
        "tested with Pearson's chi-square without continuity correction, its size given as "
        "Cramér's V; p-values are adjusted for the number of variables tested at a stage (Holm, "
        "1979), not over the stages. The lowest was "
        "divided by the highest group rate, with the interval of the log method (Katz et al., "
        "1978); the two groups were picked after looking, so this interval is descriptive. "
        "Distances are total variation, half the sum of absolute gaps. What a stage added to a "
        "category's signed gap is the change of its share; these parts sum to the final gap, "
        "which those of the distance would not."
    )
    if flow.quota_variables:
        text += (
            f" {', '.join(flow.quota_variables)} had quotas: at {flow.selection_stage!r} they and "
            "the number of seats were set and not sampled, so they have neither interval nor test."
        )
    if sum(flow.flow.joined.values()):
        text += (
            " People who joined at a stage count in its composition and not in its rates; where "
            "only their number is known, the stage has no rates by group."
        )
    if flow.attended is not None:
        text += " Attendance is a complete record of the members and has no interval."
    return text


def indicators(flow: StageFlow) -> tuple[Indicator, ...]:
    """The rate of every stage, and the distance of every variable after the last stage."""
    source = "representativeness: stage flow"
    out = []
    for row in flow.stages.to_dict("records"):
        if row["from_stage"]:
            name = f"rate from {row['from_stage']} to {row['stage']}"
            n = row["n"] if math.isnan(row["left"]) else row["continued"] + row["left"]
            out.append(
                Indicator(
                    name,
                    float(row["rate"]),
                    float(row["low"]),
                    float(row["high"]),
                    n=None if math.isnan(n) else int(n),
                    note=row["note"],
                    source=source,
                )
            )
    for row in flow.distances.groupby("variable", sort=False).tail(1).to_dict("records"):
        note = f"total variation distance to {flow.flow.reference_name}; a description of those "
        note += "who were there: no interval"
        n = row["n"]
        out.append(
            Indicator(
                f"distance of {row['variable']} at {row['stage']}",
                float(row["tvd"]),
                n=None if math.isnan(n) else int(n),
                note=note,
                source=source,
            )
        )
    return tuple(out)


def section(flow: StageFlow) -> Section:
    """Summary, the tables a reader needs, composition by stage and the largest waterfall."""
    shown = paragraphs(summary(flow))
    shown += _table(flow.stages, "Stages", {"n": 0, "continued": 0, "joined": 0, "left": 0})
    shown += _table(flow.differences, "Rates by group within each stage", {})
    shown += _table(flow.distances, "Distance to the population after each stage", {})
    figures = []
    if flow.variables:
        said = "Composition by stage; first bar: the population."
        figures.append(Figure.from_axes(flow.plot_stages(), said))
    parts = flow.decomposition.dropna(subset=["gap"])
    if len(parts):
        last = parts.groupby(["variable", "category"], sort=False).tail(1)
        row = last.iloc[int(last["gap"].abs().to_numpy().argmax())]
        ax = flow.plot_waterfall(str(row["variable"]), str(row["category"]))
        figures.append(Figure.from_axes(ax, "What each stage added to the largest gap."))
    return Section(flow.title, shown, tuple(figures))


def _table(frame: Any, caption: str, whole: dict[str, int]) -> str:
    if frame.empty:
        return ""
    digits = dict.fromkeys(frame.columns, 3) | whole | {"df": 0, "unknown": 0}
    if "tvd" in frame.columns:
        digits["n"] = 0
    return table_html(frame, digits=digits, caption=caption)
