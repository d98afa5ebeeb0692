"""The studies of impact, recomputed from their tables by another route."""

from __future__ import annotations

import csv
import datetime as dt
import itertools
import json
from fractions import Fraction

import pytest

from dmpkit import datasets
from dmpkit.workbench import Study

SLUGS = ["ccc-2021", "follow-up-trackers", "irish-convention", "response-milestones"]


def rows(slug, table):
    """The rows of a table, read without pandas."""
    with datasets.studies_path(slug, f"{table}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def figure(slug, name):
    return Study.open(datasets.studies_path(slug)).figure(name)


def agrees(slug, name, value):
    """Whether a value is the published figure, by the figure's own tolerance."""
    study = Study.open(datasets.studies_path(slug))
    return study.compare(name, float(value)).verdict != "differs"


@pytest.mark.parametrize("slug", SLUGS)
def test_every_row_keeps_the_address_of_its_source(slug):
    study = Study.open(datasets.studies_path(slug))
    inferred = {"counts-that-fit", "totals-that-fit", "days", "voted-recommendations"}
    for item in study.data:
        if item.name in inferred:
            continue
        for row in rows(slug, item.name):
            addresses = [v for k, v in row.items() if k.endswith("url")]
            assert any(address.startswith("http") for address in addresses), row
    assert study.kind == "published figures"


@pytest.mark.parametrize("slug", SLUGS)
def test_what_is_derived_is_not_called_printed(slug):
    study = Study.open(datasets.studies_path(slug))
    for found in study.figures:
        derived = any(word in found.where for word in ("inference", "calculation", "between"))
        assert (found.basis == "computed by us") == (derived or "counted in" in found.where)


# --- ccc-2021 ---------------------------------------------------------------------------


def test_the_french_multiverse_by_hand():
    held = {(r["source"], r["status"]): int(r["count"]) for r in rows("ccc-2021", "tallies")}
    site, press = "government follow-up site", "Reporterre"
    force, under, dropped = (
        held[site, s] for s in ("already in force", "being carried out", "not kept")
    )
    same, weak, no = (
        held[press, s] for s in ("taken up unchanged", "changed or weakened", "rejected")
    )
    assert force + under + dropped == same + weak + no == 149
    shares = [Fraction(force, n) for n in (149, force + dropped) for _ in range(3)]
    shares += [Fraction(2 * same + half * weak, 2 * 149) for half in (0, 1, 2) for _ in range(2)]
    assert len(shares) == 12
    assert agrees("ccc-2021", "lowest", 100 * min(shares))
    assert agrees("ccc-2021", "highest", 100 * max(shares))
    assert agrees("ccc-2021", "government-share", Fraction(7500, 149))
    assert agrees("ccc-2021", "reporterre-share", Fraction(1500, 149))
    assert agrees("ccc-2021", "one-class-share", Fraction(7000, 149))


def test_the_least_overlap_is_reached_and_not_undercut():
    """By construction: fill the overlap as little as the totals allow."""
    for inside, name in ((75, "in-force-and-rejected"), (75 + 71, "alive-and-rejected")):
        rejected = 79
        outside = 149 - inside
        assert agrees("ccc-2021", name, rejected - min(outside, rejected))


def test_only_one_count_fits_each_rounded_percentage():
    for percent, count in ((37, 55), (53, 79)):
        fit = [n for n in range(150) if abs(Fraction(100 * n, 149) - percent) <= Fraction(1, 2)]
        assert fit == [count]


# --- irish-convention ---------------------------------------------------------------------


def test_only_one_total_fits_the_card_of_2016():
    fit = [
        (n, parked)
        for n, parked in itertools.product(range(7, 500), range(300))
        if abs(Fraction(700, n) - 17) <= Fraction(1, 2)
        and abs(Fraction(100 * parked, n) - 41) <= Fraction(1, 2)
    ]
    assert fit == [(41, 17)]


def test_irish_times_by_counting_days():
    def count(first, last):
        day, n = dt.date.fromisoformat(first), 0
        while day < dt.date.fromisoformat(last):
            day, n = day + dt.timedelta(days=1), n + 1
        return n

    for name, first, last in (
        ("days-report-1", "2013-03-26", "2013-07-18"),
        ("days-report-9-shortest", "2014-03-31", "2016-01-14"),
        ("days-report-9-longest", "2014-03-01", "2016-01-14"),
        ("marriage-days", "2013-12-17", "2015-05-22"),
        ("blasphemy-days", "2014-10-02", "2018-10-26"),
    ):
        assert agrees("irish-convention", name, count(first, last))


def test_missing_submission_dates_stay_missing():
    found = {r["report"]: r["submitted"] for r in rows("irish-convention", "reports")}
    assert {k for k, v in found.items() if v} == {"1", "9"}
    assert found["9"] == "2014-03"
    verdict = figure("irish-convention", "submission-dates")
    assert not verdict.is_available


def test_the_cards_make_their_totals():
    cards = rows("irish-convention", "report-cards")
    for day, total in (("2015-05-27", 40), ("2016-01-23", 41)):
        part = [r for r in cards if r["as_of"] == day]
        assert sum(int(r["count"]) for r in part) == total
        assert {int(r["total"]) for r in part} == {total}
    derived = {r["status"] for r in cards if r["known_from"] != "printed"}
    assert derived == {"parked", "other (not told apart)"}


# --- response-milestones ------------------------------------------------------------------


def test_days_since_the_report_by_ordinals():
    events = rows("response-milestones", "milestones")
    report = {r["case"]: r["date"] for r in events if r["role"] == "report"}
    given = {(r["case"], r["event"]): r for r in rows("response-milestones", "days")}
    assert len(given) == sum(r["role"] == "event" for r in events) == 17
    for row in events:
        if row["role"] != "event":
            continue
        found = given[row["case"], row["event"]]
        start = report.get(row["case"])
        if start is None:
            assert found["shortest"] == found["longest"] == ""
            continue
        first, last = (start, start) if len(start) == 10 else (f"{start}-01", f"{start}-30")
        end = dt.date.fromisoformat(row["date"]).toordinal()
        assert int(found["longest"]) == end - dt.date.fromisoformat(first).toordinal()
        assert int(found["shortest"]) == end - dt.date.fromisoformat(last).toordinal()


# --- follow-up-trackers -------------------------------------------------------------------


def test_tracker_shares_by_fractions():
    tallies = rows("follow-up-trackers", "tallies")
    done = {r["status"]: int(r["count"]) for r in tallies if r["body"] == "Department of Defense"}
    opened, yes, no = done["open"], done["closed implemented"], done["closed not implemented"]
    n = opened + yes + no
    assert n == 1122
    for name, value in (
        ("dod-all", Fraction(100 * yes, n)),
        ("dod-closed", Fraction(100 * yes, yes + no)),
        ("dod-bound-low", Fraction(100 * yes, n)),
        ("dod-bound-high", Fraction(100 * (yes + opened), n)),
        ("dod-closed-lowest", Fraction(4050, 47)),
        ("dod-closed-highest", Fraction(4150, 47)),
    ):
        assert agrees("follow-up-trackers", name, value)
    for row in tallies:
        if "under way" in row["status"]:
            state = row["body"].rsplit(" session", 1)[0].lower().replace(" ", "-")
            share = Fraction(100 * int(row["count"]), int(row["total"]))
            assert agrees("follow-up-trackers", f"already-{state}", share)


def test_no_figure_of_the_partnership_is_invented():
    assert not figure("follow-up-trackers", "ogp-completion").is_available
    named = [r["source"] for r in rows("follow-up-trackers", "tallies")]
    assert not any("open government" in name.lower() for name in named)


# --- what the pages say -------------------------------------------------------------------


@pytest.mark.parametrize("slug", SLUGS)
def test_no_interval_is_drawn_on_a_complete_list(slug):
    study = Study.open(datasets.studies_path(slug))
    book = json.loads(study.notebook_path().read_text(encoding="utf-8"))
    code = "\n".join("".join(c["source"]) for c in book["cells"] if c["cell_type"] == "code")
    assert "share_interval" not in code
    assert "sample=True" not in code


# --- the tour -----------------------------------------------------------------------------


def tour():
    path = datasets.notebooks_path("03-tour-impact.ipynb")
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def test_the_tour_has_ten_pictures_all_marked_as_synthetic():
    cells = tour()
    ids = [cell["id"] for cell in cells]
    assert [name for name in ids if name.startswith("picture-")] == [
        f"picture-{i}" for i in range(1, 11)
    ]
    alts = [
        out["metadata"]["image/png"]["alt"]
        for cell in cells
        for out in cell.get("outputs", [])
        if "image/png" in out.get("data", {})
    ]
    assert len(alts) == 10
    assert all(alt.startswith("Synthetic data.") for alt in alts)
    assert "your-own-file" in ids
    stored = json.dumps([cell.get("outputs", []) for cell in cells])
    assert "/tmp/" not in stored
    assert not [c["id"] for c in cells for o in c.get("outputs", []) if o["output_type"] == "error"]


def test_asserts_of_the_tour_stand_apart_and_have_words():
    import ast

    for cell in tour():
        if cell["cell_type"] == "code":
            tree = ast.parse("".join(cell["source"]))
            asserts = [node for node in ast.walk(tree) if isinstance(node, ast.Assert)]
            assert all(node.msg is not None for node in asserts), cell["id"]
            assert bool(asserts) == cell["id"].endswith("-said"), cell["id"]


def test_the_form_of_the_tour_reads_a_list_of_ones_own(tmp_path):
    import pandas as pd
    from IPython.display import HTML, display

    from dmpkit import impact
    from dmpkit.reporting import table_html

    path = tmp_path / "own.csv"
    path.write_text(
        "No.;Recommendation;Response;Response date\n7;Trams;accepted;2021-12-16\n8;Bread;;\n"
    )
    source = {cell["id"]: "".join(cell["source"]) for cell in tour()}["your-file"]
    source = source.replace('MY_FILE = ""', f"MY_FILE = {str(path)!r}", 1)
    held = {"pd": pd, "impact": impact, "HTML": HTML, "display": display, "table_html": table_html}
    exec(source, held)  # a cell of our own notebook
    found = held["mine"].ledger.as_of("2022-01-31").certain
    assert found.to_dict() == {"7": "accepted", "8": "no_record"}
