"""The studies of representativeness, recomputed from their tables by another route."""

from __future__ import annotations

import csv
import json
import re
from fractions import Fraction

import pytest

from dmpkit import datasets
from dmpkit.workbench import Study
from tests.helpers import data_mirror

SLUGS = ["ccc-2019", "jersey-jury-2021", "uk-assemblies", "uk-local-panels"]
VERDICT = "application/vnd.dmpkit.verdict+json"


def rows(slug, table):
    """The rows of a table, read without pandas."""
    with datasets.studies_path(slug, f"{table}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def study(slug):
    return Study.open(datasets.studies_path(slug))


def cells(slug):
    return json.loads(study(slug).notebook_path().read_text(encoding="utf-8"))["cells"]


def outputs(slug):
    return [out for cell in cells(slug) for out in cell.get("outputs", [])]


def agrees(slug, name, value):
    """Whether a value is the published figure, by the figure's own tolerance."""
    return study(slug).compare(name, float(value)).verdict != "differs"


@pytest.mark.parametrize("slug", SLUGS)
def test_one_verdict_a_figure_and_none_differs(slug):
    given = [out["data"][VERDICT] for out in outputs(slug) if VERDICT in out.get("data", {})]
    assert sorted(v["figure"] for v in given) == sorted(f.figure for f in study(slug).figures)
    assert not [v["figure"] for v in given if v["verdict"] == "differs"]


@pytest.mark.parametrize("slug", SLUGS)
def test_the_notebook_reads_as_the_others_do(slug):
    ids = [cell["id"] for cell in cells(slug)]
    assert ids[0] == "question"
    assert {"published-here", "try-next"} <= set(ids)
    stored = json.dumps(outputs(slug))
    assert not re.search(r"/(home|Users|root|tmp|work|mnt)/", stored)
    assert '"output_type": "error"' not in stored
    assert '"name": "stderr"' not in stored
    for out in outputs(slug):
        if "image/png" in out.get("data", {}):
            assert len(out["metadata"]["image/png"]["alt"]) > 30


@pytest.mark.parametrize("slug", SLUGS)
def test_asserts_stand_apart_and_have_words(slug):
    for cell in cells(slug):
        if cell["cell_type"] == "code":
            lines = "".join(cell["source"]).splitlines()
            asserts = [line for line in lines if line.lstrip().startswith("assert ")]
            assert bool(asserts) == cell["id"].endswith("-said"), cell["id"]
            assert all("," in line or line.rstrip().endswith("(") for line in asserts)


# --- jersey-jury-2021 ---------------------------------------------------------------------


def jersey(stage):
    return {
        (r["variable"], r["category"]): Fraction(r["value"])
        for r in rows("jersey-jury-2021", "composition")
        if r["stage"] == stage
    }


def test_jersey_percentages_are_those_of_477():
    came = jersey("responded")
    for row in rows("jersey-jury-2021", "responded-percent"):
        share = 100 * came[row["variable"], row["category"]] / 477
        assert abs(share - Fraction(row["percent"])) <= Fraction(1, 20), row


def test_jersey_chi_square_of_sex_by_hand():
    men, women = (jersey("responded")["sex", c] for c in ("Male", "Female"))
    wanted = (men + women) * Fraction(496, 1000)
    other = men + women - wanted
    chi2 = (men - wanted) ** 2 / wanted + (women - other) ** 2 / other
    held = {r["variable"]: r for r in rows("jersey-jury-2021", "scipy-responded")}
    assert float(held["sex"]["chi2"]) == pytest.approx(float(chi2), rel=1e-12)


def test_jersey_distances_by_hand():
    island = jersey("population")
    for stage, table in (("responded", "scipy-responded"), ("selected", "scipy-jury")):
        people = jersey(stage)
        for row in rows("jersey-jury-2021", table):
            here = [k for k in people if k[0] == row["variable"] and island[k]]
            n, total = sum(people[k] for k in here), sum(island[k] for k in here)
            gaps = [abs(people[k] / n - island[k] / total) for k in here]
            assert float(sum(gaps) / 2) == pytest.approx(float(row["tvd"]), rel=1e-12)


def test_jersey_rate_and_the_step_of_the_men():
    assert agrees("jersey-jury-2021", "response-rate", Fraction(47700, 4600))
    step = Fraction(11, 23) - Fraction(153, 477)
    assert agrees("jersey-jury-2021", "jury-men-added", 100 * step)


# --- uk-local-panels ----------------------------------------------------------------------


def test_devons_printed_percentages_by_fractions():
    held = rows("uk-local-panels", "composition")
    printed = {
        stage: [
            Fraction(r["value"]) for r in held if (r["panel"], r["stage"]) == ("Devon 2021", stage)
        ]
        for stage in ("selected", "completed")
    }

    def fits(percent, n):
        nearest = round(percent * n / 100)
        return any(
            abs(Fraction(100 * k, n) - percent) <= Fraction(1, 2)
            for k in (nearest - 1, nearest, nearest + 1)
        )

    wrong = [p for p in printed["selected"] if not fits(p, 70)]
    assert agrees("uk-local-panels", "devon-impossible", len(wrong))
    least = next(n for n in range(1, 401) if all(fits(p, n) for p in printed["selected"]))
    assert agrees("uk-local-panels", "devon-least", least)
    assert all(fits(p, 66) for p in printed["completed"])


def test_brents_seats_by_hand():
    cells_ = [
        (int(r["min"]), int(r["count"]), int(r["max"]))
        for r in rows("uk-local-panels", "brent-quotas")
    ]
    assert agrees("uk-local-panels", "brent-met", sum(a <= x <= b for a, x, b in cells_))
    assert agrees("uk-local-panels", "brent-shortfall", sum(max(0, a - x) for a, x, _ in cells_))
    assert agrees("uk-local-panels", "brent-excess", sum(max(0, x - b) for _, x, b in cells_))


def test_one_small_p_among_the_four_panels():
    from scipy.stats import chisquare

    found = {}
    for row in rows("uk-local-panels", "composition"):
        if row["panel"] != "Devon 2021":
            key = row["panel"], row["variable"]
            place = 1 if row["stage"] == "selected" else 0
            found.setdefault(key, {}).setdefault(row["category"], [0.0, 0.0])[place] = float(
                row["value"]
            )
    p_values = {}
    for key, categories in found.items():
        asked, came = zip(*[pair for pair in categories.values() if pair[0]], strict=True)
        wanted = [sum(came) * a / sum(asked) for a in asked]
        p_values[key] = chisquare(came, wanted).pvalue
    assert agrees("uk-local-panels", "n-variables", len(p_values))
    assert [k for k, p in p_values.items() if p < 0.05] == [("Camden 2019", "age")]


def test_the_synthetic_households_by_hand():
    weights = [w for w, n in zip((1, 2, 3, 4), (300, 450, 150, 100), strict=True) for _ in range(n)]
    effect = Fraction(len(weights) * sum(w * w for w in weights), sum(weights) ** 2)
    assert agrees("uk-local-panels", "household-design-effect", effect)


# --- ccc-2019 -----------------------------------------------------------------------------


def test_the_convention_by_trying_every_count():
    """Start and end counts that round to the printed 9 and 14 per cent."""

    def fit(percent, n):
        return [k for k in range(n + 1) if abs(Fraction(100 * k, n) - percent) <= Fraction(1, 2)]

    net = [b - a for a in fit(9, 150) for b in fit(14, 160)]
    assert agrees("ccc-2019", "senior-net-least", min(net))
    assert agrees("ccc-2019", "senior-net-most", max(net))
    (without,) = fit(26, 150)
    assert agrees("ccc-2019", "diploma-short-150", Fraction(28 * 150, 100) - without)


def test_what_has_no_population_is_not_made_up():
    missing = {f.figure for f in study("ccc-2019").figures if not f.is_available}
    assert missing == {"age-gap", "occupation-gap"}
    aims = {r["variable"] for r in rows("ccc-2019", "composition") if r["stage"] == "target"}
    assert aims == {"sex", "diploma"}


# --- uk-assemblies ------------------------------------------------------------------------


def register():
    """The register, read without pandas; skips where it is not downloaded."""
    with data_mirror("uk-assemblies", "register.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_the_sizes_of_the_register_without_pandas():
    import statistics

    sizes = [float(r["number_participants"]) for r in register() if r["number_participants"]]
    quarters = statistics.quantiles(sizes, n=4, method="inclusive")
    for name, value in {
        "known": len(sizes),
        "mean": statistics.fmean(sizes),
        "sd": statistics.stdev(sizes),
        "least": min(sizes),
        "quarter": quarters[0],
        "median": statistics.median(sizes),
        "three-quarters": quarters[2],
        "most": max(sizes),
    }.items():
        assert agrees("uk-assemblies", f"size-{name}", value), name


def test_the_facilitators_of_the_register_without_pandas():
    written = [r["faciliator"] for r in register() if r["faciliator"]]
    assert agrees("uk-assemblies", "spellings", len(set(written)))
    taken = {r["written"]: r["facilitator"] for r in rows("uk-assemblies", "name-decisions")}
    bodies = [b.strip() for w in written for b in w.replace(" and ", "/").split("/")]
    clean = [taken.get(body, body) for body in bodies]
    assert agrees("uk-assemblies", "facilitators", len(set(clean)))
    assert agrees("uk-assemblies", "shared-future", clean.count("Shared Future"))
    assert set(taken) <= set(bodies)  # no decision about a spelling that is not there
    assert set(taken.values()) <= set(clean)


def test_members_by_the_reports_are_those_of_the_other_studies():
    held = {r["panel"]: int(r["members"]) for r in rows("uk-assemblies", "reports-members")}
    panels = {}
    for row in rows("uk-local-panels", "composition"):
        if row["stage"] == "selected" and row["unit"] == "count":
            panels[row["panel"]] = int(row["base_n"])
    assert panels.items() <= held.items()
    stages = {(r["panel"], r["stage"]): int(r["count"]) for r in rows("uk-local-panels", "stages")}
    assert held["Devon 2021"] == stages["Devon 2021", "selected"]
    assert held["Brent 2020"] == stages["Brent 2020", "recruited"]
    people = jersey("selected")
    assert held["Jersey 2021"] == sum(n for (v, _), n in people.items() if v == "sex")


def test_no_row_of_the_register_is_stored():
    keys = {r["unique_id"] for r in register()}
    shown = json.dumps(outputs("uk-assemblies"))
    assert not [key for key in keys if key in shown]
    assert not [r for r in register() if r["assembly_description"][:40] in shown]
