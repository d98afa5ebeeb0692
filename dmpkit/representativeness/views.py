"""A whole analysis told to a reader: main table, summary, methods, section, indicators."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pandas as pd

from dmpkit.reporting import (
    Estimate,
    Figure,
    Indicator,
    Result,
    Section,
    escape,
    format_number,
    format_p,
    paragraphs,
    table_html,
)
from dmpkit.representativeness.analysis_inputs import RESPONSES, SELECTIONS
from dmpkit.representativeness.readings import empty_categories, missed_quotas
from dmpkit.representativeness.response import RIndicator

if TYPE_CHECKING:
    from dmpkit.representativeness.analysis import RepresentativenessAnalysis
    from dmpkit.representativeness.stages import StageFlow

__all__ = ["frames", "indicators", "methods_text", "notebook_html", "origins", "overview",
           "section", "sections", "summary"]  # fmt: skip

NAN = math.nan
_HEADINGS = {
    "variable": "variable",
    "n": "n",
    "tvd": "distance, TVD (%)",
    "tvd_floor": "rounding alone (%)",
    "expected_tvd": "random sample (%)",
    "p_exact": "exact p",
    "p_exact_holm": "after Holm",
    "category": "largest gap",
    "gap": "points",
    "reading": "reading",
}
_CAPTION = (
    "Each variable against {against}: the share of members who would have to be in another "
    "category (TVD), the least that whole people allow, and what a simple random sample of this "
    "size misses by on average"
)


# --- tables ------------------------------------------------------------------------------


def overview(result: RepresentativenessAnalysis) -> pd.DataFrame:
    """One row a variable: distance, yardsticks, largest gap and a short reading."""
    table = result.margins.variables
    columns = ["variable", "quota", "n", "tvd", "tvd_floor", "expected_tvd", "p_exact",
               "p_exact_holm"]  # fmt: skip
    out = table[columns].copy()
    cells = result.margins.categories
    largest = [_largest(cells[cells["variable"] == name]) for name in table["variable"]]
    out["category"] = [str(row["category"]) for row in largest]
    out["gap"] = [float(row["gap"]) for row in largest]
    rows = table.to_dict("records")
    out["reading"] = [_reading(result, row) for row in rows]
    return out.reset_index(drop=True)


def _largest(cells: pd.DataFrame) -> pd.Series[Any]:
    return cells.iloc[int(cells["gap"].abs().round(12).to_numpy().argmax())]


def _reading(result: RepresentativenessAnalysis, row: dict[Any, Any]) -> str:
    if row["quota"]:
        return _quota_reading(result, row)
    exact = not math.isnan(row["p_exact"])
    p = row["p_exact"] if exact else row["p_value"]
    adjusted = row["p_exact_holm"] if exact else row["p_holm"]
    if math.isnan(p):
        return "one category, nothing to test"
    if adjusted <= result.level:
        return "more than chance explains"
    if p <= result.level:
        return "beyond chance alone, not among so many variables"
    return (
        f"chance alone could explain it; a gap below {100 * row['detectable_gap']:.0f} points "
        "would often stay unseen"
    )


def _quota_reading(result: RepresentativenessAnalysis, row: dict[Any, Any]) -> str:
    more = row["n"] * (row["tvd"] - row["tvd_floor"])
    text = (
        "filled by quota, not tested; as near as whole people allow"
        if more < 1e-6
        else f"filled by quota, not tested; {format_number(more, 1)} people beyond rounding"
    )
    missed = ""
    if result.quotas is not None:
        own = result.quotas.by_variable
        own = own[(own["variable"] == row["variable"]) & (own["cells"] > 0)]
        if len(own):
            met, cells = int(own["within"].iloc[0]), int(own["cells"].iloc[0])
            text += f"; {met} of {cells} quotas met"
            missed = "" if met == cells else _missed(result, str(row["variable"]))
    return missed + text


def _missed(result: RepresentativenessAnalysis, variable: str) -> str:
    """The quota cells of a variable that were not met; empty where all were."""
    if result.quotas is None:
        return ""
    worst = result.quotas.worst
    own = worst[worst["variable"] == variable]
    return missed_quotas(own.rename(columns={"min": "quota_min", "max": "quota_max"}))


def _missing_quotas(result: RepresentativenessAnalysis) -> list[str]:
    """Variables with a quota cell that was not met, in order of the quotas."""
    if result.quotas is None:
        return []
    missed = set(result.quotas.worst["variable"])
    return [v for v in result.quotas.by_variable["variable"] if v in missed]


def origins(result: RepresentativenessAnalysis) -> pd.DataFrame:
    """The largest final gap of each variable, and the stage that moved it there most."""
    columns = ["variable", "category", "gap", "stage", "added"]
    parts = None if result.stages is None else result.stages.decomposition.dropna()
    if parts is None or parts.empty:
        words = {"variable", "category", "stage"}
        return pd.DataFrame({c: pd.Series(dtype=object if c in words else float) for c in columns})
    rows = []
    for variable, own in parts.groupby("variable", sort=False):
        last = own.groupby("category", sort=False).tail(1)
        end = last.iloc[int(last["gap"].abs().round(12).to_numpy().argmax())]
        steps = own[own["category"] == end["category"]]
        toward = steps["added"].to_numpy() * (1 if end["gap"] >= 0 else -1)
        step = steps.iloc[int(toward.argmax())]
        rows.append((variable, end["category"], float(end["gap"]), step["stage"],
                     float(step["added"])))  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def frames(result: RepresentativenessAnalysis) -> dict[str, pd.DataFrame]:
    """All tables, the main one first."""
    out = {"overview": result.overview}
    if len(result.origins):
        out["origins"] = result.origins
    if len(result.not_computed):
        out["not_computed"] = result.not_computed
    if result.merging is not None and len(result.merging.table):
        out["merged"] = result.merging.table
    for name, part in _parts(result):
        for own, frame in part.frames().items():
            if not _hidden(result, name, own):
                label = own if own.startswith(name) else f"{name}_{own}"
                out[label[:31]] = frame
    if isinstance(result.response, Estimate):
        out["response"] = _estimate_table(result.response)
    return out


def _hidden(result: RepresentativenessAnalysis, part: str, table: str) -> bool:
    """Tables of single people, where small cells are suppressed."""
    return result.merging is not None and part == "fairness"


def _estimate_table(found: Estimate) -> pd.DataFrame:
    row = {"r": found.value, "standard_error": found.standard_error, "low": found.low,
           "high": found.high, "n": found.n, "note": found.note}  # fmt: skip
    return pd.DataFrame([row])


def _parts(result: RepresentativenessAnalysis) -> Iterable[tuple[str, Result]]:
    """The results that have tables and sections of their own, in reading order."""
    yield "margins", result.margins
    for name in ("quotas", "stages", "intersections", "response", "household"):
        part = getattr(result, name)
        if isinstance(part, Result):
            yield name, part
    if result.lottery is not None:
        yield "lottery", result.lottery
    elif result.fairness is not None:
        yield "fairness", result.fairness
    for place, part in enumerate(result.benchmark.values(), start=1):
        yield (f"benchmark_{place}" if len(result.benchmark) > 1 else "benchmark"), part
    if result.sensitivity is not None:
        yield "sensitivity", result.sensitivity


# --- text --------------------------------------------------------------------------------


def summary(result: RepresentativenessAnalysis) -> str:
    """The whole analysis in plain words, a paragraph a question."""
    said = [
        _departure(result),
        empty_categories(result.margins.categories),
        _chance(result),
        _quotas(result),
        _stages(result),
        _response(result),
        _intersections(result),
        _households(result),
        _fair(result),
        _benchmarks(result),
        _sensitivity(result),
        _suppressed(result),
        _absent(result),
    ]
    if result.notes:
        said.append(f"Notes: {'; '.join(result.notes)}.")
    return "\n\n".join(text for text in said if text)


def _in_short(result: RepresentativenessAnalysis) -> str:
    """The summary without the list that stands below it as a table."""
    absent = _absent(result)
    return "\n\n".join(part for part in summary(result).split("\n\n") if part != absent)


def _against(result: RepresentativenessAnalysis) -> str:
    return "the target" if result.target is not None else "the population"


def _held_against(result: RepresentativenessAnalysis) -> str:
    if result.target is None:
        return "the population"
    own = [v for v in result.target.variables if v in set(result.margins.variables["variable"])]
    if len(own) == len(result.margins.variables):
        return "the target"
    return f"the target for {', '.join(own)} and the population for the rest,"


def _points(gap: float) -> str:
    sign = "+" if gap > 0 else "\N{MINUS SIGN}" if gap < 0 else ""
    return f"{sign}{format_number(abs(100 * gap), 1)} points"


def _percent(share: float) -> str:
    return f"{format_number(100 * float(share), 1)} %"


def _departure(result: RepresentativenessAnalysis) -> str:
    table = result.overview.sort_values("tvd", ascending=False, kind="stable")
    first = table.iloc[0]
    missed = " ".join(f"{v}: {_missed(result, v)}" for v in _missing_quotas(result))
    text = missed + (
        f"{result.panel.n:,} members were held against {_held_against(result)} in {len(table)} "
        f"{'variable' if len(table) == 1 else 'variables'}. "
    )
    if first["tvd"] < 1e-9:
        return text + "There is no gap in any of them."
    text += (
        f"The panel departs most in {first['variable']}: {_percent(first['tvd'])} of the members "
        f"would have to be in another category, above all {first['category']} "
        f"({_points(first['gap'])})."
    )
    rest = [f"{row['variable']}: {_percent(row['tvd'])} ({row['category']} {_points(row['gap'])})"
            for row in table.iloc[1:4].to_dict("records") if row["tvd"] > 1e-9]  # fmt: skip
    return f"{text} Then: {'; '.join(rest)}." if rest else text


def _chance(result: RepresentativenessAnalysis) -> str:
    table = result.margins.variables
    free = table[~table["quota"].astype(bool)]
    missed = _missing_quotas(result)
    if free.empty:
        met = (
            "how far the quotas were met is said below"
            if missed
            else "their agreement was enforced"
            if result.quotas is not None
            else "whether the quotas were met is not known, for their seats were not given"
        )
        return (
            f"All these variables were filled by quota and not tested; {met}. "
            "The main table gives the distance beyond rounding."
        )
    return " ".join(["Chance and rounding:", _tested(result, free), _named(result, free)]).strip()


def _tested(result: RepresentativenessAnalysis, free: pd.DataFrame) -> str:
    """What exact tests, adjusted by Holm, say of the free variables."""
    exact = free["p_exact"].notna()
    adjusted = free["p_exact_holm"].where(exact, free["p_holm"])
    beyond = free[adjusted <= result.level]
    among = "one variable" if len(free) == 1 else f"{len(free)} variables"
    if len(beyond):
        listed = ", ".join(
            f"{name} ({format_p(p)})"
            for name, p in zip(beyond["variable"], adjusted[beyond.index], strict=True)
        )
        rest = len(free) - len(beyond)
        others = f" In the other {rest} chance alone could explain the gap." if rest else ""
        return f"more than chance explains, after Holm over {among} tested: {listed}.{others}"
    alone = free[free["p_exact"].where(exact, free["p_value"]) <= result.level]
    text = f"in {among} tested no departure is larger than chance explains (exact tests, Holm)."
    if len(alone):
        text += (
            f" Taken alone, {' and '.join(alone['variable'])} would be; among several tests that "
            "is to be expected now and then."
        )
    gaps = 100 * free["detectable_gap"]
    least, most = round(gaps.min()), round(gaps.max())
    span = f"{least}" if least == most else f"{least} to {most}"
    return (
        f"{text} That is no proof of agreement: with {result.panel.n:,} people a gap below {span} "
        "points would often stay unseen."
    )


def _named(result: RepresentativenessAnalysis, free: pd.DataFrame) -> str:
    """Whether it was said which variables had quotas."""
    fixed = result.margins.quota_variables
    if fixed:
        missed = _missing_quotas(result)
        end = f" The quota was not met in {', '.join(missed)}." if missed else ""
        return f"Filled by quota and not tested: {', '.join(fixed)}.{end}"
    return (
        "No variable was named as filled by quota, so all were tested as if left to chance; where "
        "the draw had quotas, name them (quotas= or quota_variables=), for the tests do not hold "
        "there."
    )


def _quotas(result: RepresentativenessAnalysis) -> str:
    if result.quotas is None:
        return ""
    return f"Quotas: {result.quotas.summary().split(chr(10))[0]}"


def _stages(result: RepresentativenessAnalysis) -> str:
    flow = result.stages
    if flow is None:
        return ""
    numbers = [
        f"{row['stage']} {row['n']:,.0f}" if row["n"] == row["n"] else f"{row['stage']} (not known)"
        for row in flow.stages.to_dict("records")
    ]
    said = [f"Stages: {' → '.join(numbers)}."]
    wide = _by_stage(flow, flow.distances)
    if len(wide) and wide.shape[1] > 1:
        means, chance = wide.mean(), _by_chance(flow, wide)
        listed = ", ".join(
            f"{_percent(v)} at {s!r}" + (f" ({_percent(c)})" if c == c else "")
            for (s, v), c in zip(means.items(), chance, strict=True)
        )
        said.append(
            f"The distance to {flow.flow.reference_name}, averaged over {len(wide)} "
            f"{'variable' if len(wide) == 1 else 'variables'}, is {listed}; in brackets what "
            f"simple random samples of that size show. {_turn(means)}"
        )
    rows = result.origins
    rows = rows.iloc[rows["gap"].abs().to_numpy().argsort(kind="stable")[::-1]].head(3)
    rows = rows[rows["gap"].abs() > 1e-9]
    if len(rows):
        listed = "; ".join(
            f"{r['variable']}: {r['category']} {_points(r['gap'])} ({r['stage']!r} added "
            f"{_points(r['added'])})"
            for r in rows.to_dict("records")
        )
        said.append(
            f"The largest gaps at the end, and the stage that moved each furthest: {listed}."
        )
    return " ".join(said)


def _by_stage(flow: StageFlow, table: pd.DataFrame) -> pd.DataFrame:
    """Distances, variables × stages, of the variables known at each of the stages."""
    wide = table.dropna(subset=["tvd"]).pivot_table(
        index="variable", columns="stage", values="tvd", sort=False
    )
    return wide[[s for s in flow.flow.stages if s in wide.columns]].dropna(axis=0)


def _by_chance(flow: StageFlow, wide: pd.DataFrame) -> list[float]:
    """Mean distance of simple random samples as large as each stage; NaN where n is not known."""
    from dmpkit.representativeness.goodness import expected_tvd

    sizes = flow.distances.set_index(["stage", "variable"])["n"]
    out = []
    for stage in wide.columns:
        own = [
            expected_tvd(round(n), flow.flow.reference[v])
            if (n := float(sizes[stage, v])) >= 1
            else NAN
            for v in wide.index
        ]
        out.append(sum(own) / len(own))
    return out


def _turn(means: pd.Series[float]) -> str:
    """The steps that moved the mean distance by a point or more (our own bound)."""
    steps = means.diff().dropna()
    up, down = steps[steps >= 0.01], steps[steps <= -0.01]
    said = []
    if len(up):
        said.append(f"{up.idxmax()!r} added most ({_points(float(up.max()))})")
    if len(down):
        said.append(f"{down.idxmin()!r} took most back ({_points(float(down.min()))})")
    return f"{'; '.join(said)}." if said else "No stage moved it by a point or more."


def _response(result: RepresentativenessAnalysis) -> str:
    part = result.response
    if part is None:
        return ""
    if isinstance(part, Estimate):
        span = "" if math.isnan(part.low) else (
            f" (95 % interval {format_number(part.low)} to {format_number(part.high)})"
        )  # fmt: skip
        return (
            f"Evenness of response: R = {format_number(part.value)}{span}, where 1 means that all "
            f"groups responded alike. {part.note[0].upper()}{part.note[1:]}."
        )
    return f"Evenness of response: {part.summary().split(chr(10))[0]}"


def _intersections(result: RepresentativenessAnalysis) -> str:
    part = result.intersections
    if part is None:
        return ""
    rows = part.crossings
    text = (
        f"Intersections: in {len(rows)} {'crossing' if len(rows) == 1 else 'crossings'} of "
        f"{rows['variables'].iloc[0]} variables {int(rows['present'].sum())} of "
        f"{int(rows['cells'].sum())} combinations have a member; simple random samples of this "
        f"size would have {rows['expected_present'].sum():.1f}."
    )
    if part.missing.empty:
        return f"{text} No combination of the population is missing."
    shown = [f"{r['cell']} ({r['crossing']}; {_percent(r['population_share'])} of the population)"
             for r in part.missing.head(5).to_dict("records")]  # fmt: skip
    more = f", and {len(part.missing) - 5} smaller ones" if len(part.missing) > 5 else ""
    return f"{text} Missing, the largest first: {'; '.join(shown)}{more}."


def _households(result: RepresentativenessAnalysis) -> str:
    if result.household is None:
        return ""
    return f"Households: {result.household.summary().split(chr(10))[0]}"


def _fair(result: RepresentativenessAnalysis) -> str:
    fair = result.fairness
    if fair is None:
        row = result.not_computed[result.not_computed["check"] == "lottery"]
        why = f" ({row['reason'].iloc[0]})" if len(row) else ""
        return f"Whether everyone in the pool had a fair chance was not assessed{why}."
    counted = "" if fair.n_draws is None else f", counted in {fair.n_draws:,} draws"
    return (
        f"Fair chance: an even chance in the pool of {fair.n:,} is {_percent(fair.even_chance)}; "
        f"the lowest is {_percent(fair.minimum)} ({format_number(fair.minimum / fair.even_chance)} "
        f"times that{counted}), and {_percent(fair.share_below_half)} of the pool have half of it "
        f"or less. The Gini coefficient of the chances is {format_number(fair.gini)} (0: all "
        "alike)."
    )


def _benchmarks(result: RepresentativenessAnalysis) -> str:
    said = []
    for question, part in result.benchmark.items():
        first = part.summary().split("\n\n")[0]
        said.append(f"{question}: {first}")
    if not said:
        return ""
    end = next(iter(result.benchmark.values())).summary().split("\n\n")[1]
    return f"Attitudes beside a survey. {' '.join(said)} {end}"


def _sensitivity(result: RepresentativenessAnalysis) -> str:
    if result.sensitivity is None:
        return ""
    return "Sensitivity to weights. " + " ".join(result.sensitivity.summary().split("\n\n"))


def _suppressed(result: RepresentativenessAnalysis) -> str:
    merging = result.merging
    if merging is None:
        return ""
    text = f"Small cells: no cell of 1 to {merging.below - 1} people is shown. "
    if merging.maps:
        rows = merging.table.groupby(["variable", "merged_into"], sort=False)["category"]
        names = "; ".join(f"{v}: {', '.join(own)}" for (v, _), own in rows)
        text += f"Merged first, and all numbers are those of merged categories: {names}."
    else:
        text += "No category had to be merged."
    return text


def _absent(result: RepresentativenessAnalysis) -> str:
    rows = [
        f"{check.replace('_', ' ')} ({reason})"
        for check, reason in zip(
            result.not_computed["check"], result.not_computed["reason"], strict=True
        )
        if check not in ("lottery", "weights")
    ]
    return f"Not computed: {'; '.join(rows)}." if rows else ""


def methods_text(result: RepresentativenessAnalysis) -> str:
    """A paragraph a check, and what was not done."""
    said = [part.methods_text() for _, part in _parts(result)]
    if isinstance(result.response, Estimate):
        said.append(
            "The R-indicator rests on the population's tables in place of records of those who "
            f"did not respond (Bianchi et al. 2019): {result.response.note}."
        )
    said += [f"{name}: {one.methods_text()}" for name, one in result.weights.items()]
    if result.merging is not None:
        k = result.merging.below
        said.append(
            f"Small cells: categories with 1 to {k - 1} members, or with 1 to {k - 1} people at a "
            "stage or leaving between two stages, were merged (bands with the smaller of their "
            "neighbours, other categories with one another and with the next smallest, until "
            f"each merged one had at least {k} and stood for two categories) "
            "before anything was computed; so no statistic holds what is hidden. A stage before "
            f"which fewer than {2 * k} people came or went is left out. Empty categories "
            "are shown. In crossings with a small cell or with people not known all numbers and "
            "distances are hidden, and "
            "the crossing is left out where its margins and empty cells would give a small number "
            "back. The number of people at a stage and of those whose category is not known is "
            "shown in the totals. These rules are our own."
        )
    rows = result.not_computed
    if len(rows):
        listed = "; ".join(
            f"{c.replace('_', ' ')}: {r}"
            for c, r in zip(rows["check"], rows["reason"], strict=True)
        )
        said.append(f"Not computed: {listed}.")
    said.append(f"References: {' '.join(_references(result))}")
    return "\n\n".join(said)


def _references(result: RepresentativenessAnalysis) -> list[str]:
    """What the checks that were made rest on."""
    free = not bool(result.margins.variables["quota"].all())
    use = {
        "bianchi": isinstance(result.response, Estimate),
        "flanigan": result.intersections is not None or result.fairness is not None,
        "goodman": free,
        "holm": free,
        "katz": result.stages is not None,
        "kish": result.household is not None,
        "newcombe": bool(result.benchmark),
        "schouten": isinstance(result.response, RIndicator),
        "schouten2": isinstance(result.response, RIndicator),
        "shlomo": isinstance(result.response, RIndicator),
        "wilson": free or result.stages is not None,
    }
    found = [text for name, text in _WORKS.items() if use[name]]
    return found or ["none needed: nothing was tested or estimated."]


_WORKS = {
    "bianchi": "Bianchi, A., Shlomo, N., Schouten, B., da Silva, D. N., & Skinner, C. (2019). "
    "doi:10.1093/jssam/smy006.",
    "flanigan": "Flanigan, B., Gölz, P., Gupta, A., Hennig, B., & Procaccia, A. D. (2021). Fair "
    "algorithms for selecting citizens' assemblies. Nature, 596, 548-552.",
    "goodman": "Goodman, L. A. (1965). On simultaneous confidence intervals for multinomial "
    "proportions. Technometrics, 7, 247-254.",
    "holm": "Holm, S. (1979). A simple sequentially rejective multiple test procedure. "
    "Scandinavian Journal of Statistics, 6, 65-70.",
    "katz": "Katz, D., Baptista, J., Azen, S. P., & Pike, M. C. (1978). Obtaining confidence "
    "intervals for the risk ratio in cohort studies. Biometrics, 34, 469-474.",
    "kish": "Kish, L. (1949). A procedure for objective respondent selection within the "
    "household. Journal of the American Statistical Association, 44, 380-387.",
    "newcombe": "Newcombe, R. G. (1998). Interval estimation for the difference between "
    "independent proportions. Statistics in Medicine, 17, 873-890.",
    "schouten": "Schouten, B., Cobben, F., & Bethlehem, J. (2009). Indicators for the "
    "representativeness of survey response. Survey Methodology, 35, 101-113.",
    "schouten2": "Schouten, B., Shlomo, N., & Skinner, C. (2011). Indicators for monitoring and "
    "improving representativeness of response. Journal of Official Statistics, 27, 231-253.",
    "shlomo": "Shlomo, N., Skinner, C., & Schouten, B. (2012). Estimation of an indicator of the "
    "representativeness of survey response. Journal of Statistical Planning and Inference, 142, "
    "201-211.",
    "wilson": "Wilson, E. B. (1927). Probable inference, the law of succession, and statistical "
    "inference. Journal of the American Statistical Association, 22, 209-212.",
}


# --- pages -------------------------------------------------------------------------------


def _main_table(result: RepresentativenessAnalysis) -> str:
    shown = result.overview[list(_HEADINGS)].copy()
    percent = ["tvd", "tvd_floor", "expected_tvd", "gap"]
    shown[percent] *= 100
    against = "its target" if result.target is not None else "the population"
    return table_html(
        shown,
        digits=dict.fromkeys(percent, 1) | {"p_exact": 3, "p_exact_holm": 3},
        headings=_HEADINGS,
        caption=_CAPTION.format(against=against),
    )


def notebook_html(result: RepresentativenessAnalysis) -> str:
    """What a notebook shows: summary, main table, what was not computed."""
    absent = _absent_table(result)
    head = f"<p><strong>{escape(result.title)}</strong></p>"
    return head + _main_table(result) + paragraphs(_in_short(result)) + absent


def _absent_table(result: RepresentativenessAnalysis) -> str:
    if result.not_computed.empty:
        return ""
    headings = {"check": "check", "reason": "why it was not computed", "bring": "what it needs"}
    shown = result.not_computed.assign(
        check=[c.replace("_", " ") for c in result.not_computed["check"]]
    )
    return table_html(shown, headings=headings, caption="Not computed")


def section(result: RepresentativenessAnalysis) -> Section:
    """Summary, main table and main pictures."""
    body = paragraphs(_in_short(result)) + _main_table(result)
    if len(result.origins):
        shown = result.origins.copy()
        shown[["gap", "added"]] *= 100
        body += table_html(
            shown,
            digits=1,
            headings={"gap": "gap (points)", "stage": "moved most at", "added": "added (points)"},
            caption="Largest gap of each variable at the last stage, and where it arose",
        )
    body += _absent_table(result)
    if result.merging is not None and len(result.merging.table):
        body += table_html(result.merging.table, caption="Merged categories")
    return Section(result.title, body, tuple(_main_figures(result)))


def _main_figures(result: RepresentativenessAnalysis) -> list[Figure]:
    caption = (
        "Panel against "
        + ("target" if result.target is not None else "population")
        + "; intervals only where the variable was left to chance."
    )
    figures = [Figure.from_axes(result.plot_margins(), caption)]
    if result.stages is not None and len(result.origins):
        figures.append(
            Figure.from_axes(result.plot_waterfall(), "What each stage added to the largest gap.")
        )
    return figures


def sections(result: RepresentativenessAnalysis) -> tuple[Section, ...]:
    """The overview, a section a check, and the methods."""
    first = section(result)
    out = [Section("In short", first.html, first.figures)]
    out += [_part_section(result, name, part) for name, part in _parts(result)]
    out.append(Section("Methods", paragraphs(methods_text(result))))
    return tuple(out)


def _part_section(result: RepresentativenessAnalysis, name: str, part: Result) -> Section:
    """A check's own section, without a picture that stands in the overview or shows few people."""
    if name == "intersections" and result.merging is not None:
        return _hidden_intersections(result)
    if name == "fairness" and result.merging is not None:
        curve = Figure.from_axes(result.plot_lottery(), "Lorenz curve of the chances.")
        return Section(part.title, paragraphs(_fair(result)), (curve,))
    own = part.section()
    if name == "margins":
        return Section(own.title, own.html, ())
    return Section(own.title, own.html, own.figures[:1]) if name == "stages" else own


def _hidden_intersections(result: RepresentativenessAnalysis) -> Section:
    """Crossings whose numbers are hidden: which cells are empty, and no picture of gaps."""
    part = result.intersections
    assert part is not None  # noqa: S101 - called where there is one
    columns = ["crossing", "n", "cells", "present", "expected_present", "mass_covered"]
    body = paragraphs(_intersections(result))
    body += table_html(part.crossings[columns].head(40), digits=3, caption="Crossings")
    if len(part.missing):
        shown = part.missing[["crossing", "cell", "population_share", "empty_probability"]]
        body += table_html(shown.head(25), digits=3, caption="Missing cells, largest first")
    figures: tuple[Figure, ...] = ()
    if len(part.crossings) > 3 and (part.crossings["variables"] == 2).all():
        caption = "Population in missing cells, for every pair of variables."
        figures = (Figure.from_axes(result.plot_pairs(), caption),)
    return Section(part.title, body, figures)


# --- indicators --------------------------------------------------------------------------


def indicators(result: RepresentativenessAnalysis) -> tuple[Indicator, ...]:
    """Named numbers for an evaluation; NaN and the reason where not assessed."""
    return (
        _largest_distance(result),
        _beyond_chance(result),
        _quota_share(result),
        _mass(result),
        *_rates(result),
        _evenness(result),
        *_chances(result),
        *(one for part in result.benchmark.values() for one in part.indicators()),
    )


def _why(result: RepresentativenessAnalysis, check: str) -> str:
    rows = result.not_computed[result.not_computed["check"] == check]
    return f"not assessed: {rows['reason'].iloc[0]}" if len(rows) else "not assessed"


def _largest_distance(result: RepresentativenessAnalysis) -> Indicator:
    row = result.overview.iloc[int(result.overview["tvd"].to_numpy().argmax())]
    return Indicator(
        f"largest distance from {'target' if result.target is not None else 'population'} (TVD)",
        float(row["tvd"]),
        n=int(row["n"]),
        note=f"{row['variable']}: {row['reading']}; a description of the members, no interval",
        source="representativeness: check_margins",
    )


def _beyond_chance(result: RepresentativenessAnalysis) -> Indicator:
    table = result.margins.variables
    free = table[~table["quota"].astype(bool)]
    p = free["p_exact_holm"].fillna(free["p_holm"])
    return Indicator(
        "free variables that depart more than chance explains",
        float((p <= result.level).sum()) if len(free) else NAN,
        n=len(free),
        note="exact tests, Holm" if len(free) else "not assessed: all variables had quotas",
        source="representativeness: check_margins",
    )


def _quota_share(result: RepresentativenessAnalysis) -> Indicator:
    if result.quotas is not None:
        return result.quotas.indicators()[0]
    return Indicator("quota cells met", NAN, note=_why(result, "quotas"),
                     source="representativeness: quota attainment")  # fmt: skip


def _mass(result: RepresentativenessAnalysis) -> Indicator:
    name, source = (
        "least population mass covered by a crossing",
        "representativeness: intersections",
    )
    part = result.intersections
    if part is None:
        return Indicator(name, NAN, note=_why(result, "intersections"), source=source)
    row = part.crossings.iloc[int(part.crossings["mass_covered"].to_numpy().argmin())]
    note = f"{row['crossing']}: {row['present']} of {row['cells']} cells have a member"
    return Indicator(name, float(row["mass_covered"]), n=int(row["n"]), note=note, source=source)


def _rates(result: RepresentativenessAnalysis) -> tuple[Indicator, ...]:
    source = "representativeness: stage flow"
    flow = result.stages
    if flow is None:
        why = _why(result, "stages")
        return tuple(
            Indicator(name, NAN, note=why, source=source)
            for name in ("response rate", "share of those selected who completed")
        )
    out = []
    rows = {str(row["stage"]): row for row in flow.stages.to_dict("records")}
    came = next((s for s in rows if s.lower() in RESPONSES), None)
    if came is not None and rows[came]["from_stage"]:
        row = rows[came]
        n = row["continued"] + row["left"]
        out.append(Indicator("response rate", float(row["rate"]), float(row["low"]),
                             float(row["high"]), None if math.isnan(n) else int(n),
                             f"{came} of {row['from_stage']}", source))  # fmt: skip
    else:
        why = "not assessed: the number of those invited is not known"
        out.append(Indicator("response rate", NAN, note=why, source=source))
    picked = next((s for s in rows if s.lower() in SELECTIONS), None)
    last = flow.flow.stages[-1]
    name = "share of those selected who completed"
    if picked is not None and picked != last and not any(
        flow.flow.joined[s] for s in flow.flow.stages[flow.flow.stages.index(picked) + 1 :]
    ):  # fmt: skip
        start, end = flow.flow.totals[picked], flow.flow.totals[last]
        out.append(Indicator(name, end / start if start else NAN, n=int(start), source=source,
                             note=f"{last} of {picked}; a complete count"))  # fmt: skip
    else:
        why = "not assessed: no stage after the selection is shown, or people joined"
        out.append(Indicator(name, NAN, note=why, source=source))
    return tuple(out)


def _evenness(result: RepresentativenessAnalysis) -> Indicator:
    name, source = "R-indicator of response", "representativeness: r_indicator"
    part = result.response
    if isinstance(part, RIndicator):
        return part.indicators()[0]
    if isinstance(part, Estimate):
        return Indicator(name, part.value, part.low, part.high, part.n, part.note, source)
    return Indicator(name, NAN, note=_why(result, "response"), source=source)


def _chances(result: RepresentativenessAnalysis) -> tuple[Indicator, ...]:
    if result.fairness is not None:
        return result.fairness.indicators()
    why = _why(result, "lottery")
    names = ("lowest chance of selection", "Gini of the chances of selection")
    return tuple(Indicator(name, NAN, note=why, source="selection_fairness") for name in names)
