"""One call from a ledger to everything that can be said of it; the README's ten lines."""

from __future__ import annotations

import html
import re
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest

import dmpkit.impact as impact
from dmpkit import plotting
from dmpkit.errors import DataError
from dmpkit.impact import views
from dmpkit.impact.ledger_plots import swimmer_pages
from tests.impact.ledgers import events, ledger, recommendations

DAY = "2025-01-14"


@pytest.fixture(scope="module")
def one() -> impact.ImpactAnalysis:
    return impact.analyse(impact.synthetic_ledger(), DAY, promise="six months")


@pytest.fixture(scope="module")
def pooled() -> impact.ImpactAnalysis:
    made = impact.synthetic_ledger(15, n_processes=11)
    return impact.analyse(made, DAY, n_resamples=99, blind=True)


def plain(page: str) -> str:
    """The words of a page."""
    return html.unescape(re.sub(r"<[^>]+>", " ", page.split("</style>")[1]))


# --- one assembly --------------------------------------------------------------------------


def test_coverage_comes_first_and_nothing_has_an_interval(one: impact.ImpactAnalysis) -> None:
    assert next(iter(one.frames())) == "coverage"
    first = one.summary().split("\n\n")
    assert first[0].startswith("Synthetic data")
    assert "holds no record" in first[1]
    assert "no sampling error" in one.summary()
    for curve in (one.response, one.outcome, one.action_states, one.response_states):
        assert curve is not None
        assert curve.table[["low", "high"]].isna().all().all()
    assert one.cherry_picking is not None
    assert one.cherry_picking.fitted is None
    assert all(np.isnan(i.low) for i in one.indicators() if "agreement" not in i.name)


def test_shares_are_those_of_plain_counting(one: impact.ImpactAnalysis) -> None:
    made = one.ledger
    fate = impact.fates(made.as_of(DAY))
    done = int((fate == "implemented").sum())
    named = {i.name: i for i in one.indicators()}
    assert named["recommendations implemented, share of all"].value == done / made.n
    assert named["recommendations implemented, share of all"].n == 60
    new = made.recommendations["baseline"].eq("none").to_numpy()
    value = named["recommendations implemented, share of those not already planned"].value
    assert value == pytest.approx((fate.to_numpy()[new] == "implemented").mean())
    assert one.multiverse is not None
    assert one.multiverse.headline == done / made.n


def test_curves_of_a_complete_list_are_counts(one: impact.ImpactAnalysis) -> None:
    assert one.response is not None
    days = one.answers["days"]
    for at in (90, 182, 400, 1500):
        table = one.response.at([at]).set_index("cause")["estimate"]
        assert 1 - table["pending"] == pytest.approx((days <= at).sum() / 60, abs=1e-12)
    assert one.response.median().value == np.sort(days.fillna(np.inf))[29]
    assert one.action_states is not None
    last = one.action_states.at([one.action_states.end]).set_index("state")["estimate"]
    action = one.status.status("certain", "action")
    assert last["implemented"] == pytest.approx((action == "implemented").mean(), abs=1e-12)
    assert int(one.flows["n"].sum()) == 60


def test_promises_are_kept_late_overdue_or_unclear() -> None:
    made = ledger(
        ("R1", "accepted", "2021-12-16"),
        ("R2", "rejected", "2022-01-05"),
        ("R3", "noted", "2021-12"),
        ("R5", "received", "2022-01-10"),
        n=5,
    )
    result = impact.analyse(made, "2022-02-01", promise="six months")
    found = result.answers.set_index("rec_id")
    # received 2021-06-23, so the answer was due on 2021-12-23; R3 is known to the month
    assert found["due"]["R1"] == "2021-12-23"
    words = ["kept", "late", "unclear", "overdue", "not due yet"]
    assert found["promise"].tolist() == words
    assert found["days"]["R1"] == 176
    assert set(result.status.overdue["rec_id"]) == {"R4"}


def test_what_cannot_be_computed_is_listed_with_its_reason() -> None:
    made = ledger(("R1", "accepted", "2021-12-16"), n=3)
    result = impact.analyse(made, "2022-02-01")
    why = result.not_computed.set_index("part")["why"]
    assert set(why.index) == {
        "already planned", "outcome", "action_states", "raters", "cherry_picking"
    }  # fmt: skip
    assert "baseline of 3" in why["already planned"]
    assert "no ratings" in why["raters"]
    assert "Not computed: " in result.summary()
    with pytest.raises(DataError, match="no ratings"):
        result.plot_raters()
    named = {i.name: i.value for i in result.indicators()}
    assert np.isnan(named["recommendations implemented, share of those not already planned"])
    assert np.isnan(named["answers in time, share of those due"])


def test_a_ledger_without_dates_of_receipt_still_gives_shares() -> None:
    recs = recommendations(2, report_date="")
    made = impact.Ledger.from_frames(recs, events(("R1", "accepted", "2021-12-16")))
    result = impact.analyse(made, "2022-02-01", promise="4 months")
    assert result.shares.n == 2
    assert result.answers["promise"].str.startswith("not assessed").all()
    assert {"response", "outcome"} <= set(result.not_computed["part"])
    assert result.lines.empty


def test_the_second_clock_and_the_grade_hold_in_every_part() -> None:
    made = ledger(
        ("R1", "accepted", "2021-12-16", {"recorded_on": "2021-12-20", "evidence_grade": 2}),
        ("R2", "accepted", "2021-12-17", {"recorded_on": "2022-06-01", "evidence_grade": 2}),
        ("R3", "accepted", "2021-12-18", {"recorded_on": "2021-12-20", "evidence_grade": 1}),
    )
    for options, n in (({}, 3), ({"known_on": "2022-01-01"}, 2), ({"min_grade": 2}, 2)):
        result = impact.analyse(made, "2022-02-01", **options)
        assert result.shares.n_answered == n
        assert (result.answers["answered_by"] != "").sum() == n
        assert result.response is not None
        assert result.response.at([200])["estimate"][0] == pytest.approx(n / 3)


def test_withdrawn_events_are_in_no_part() -> None:
    made = ledger(
        ("R1", "accepted", "2021-12-16"),
        ("R1", "in progress", "2022-01-16"),
        ("R2", "rejected", "2021-12-16"),
    )
    made = made.withdraw("E03", recorded_on="2024-07-01")
    result = impact.analyse(made, "2024-08-01")
    assert result.shares.n_answered == 1
    assert "rejected" not in set(result.lines["kind"])
    before = impact.analyse(made, "2024-08-01", known_on="2024-06-15")
    assert before.shares.n_answered == 2
    assert "rejected or outside powers" in set(before.lines["kind"])


def test_a_confirmation_does_not_lose_the_fidelity() -> None:
    kept = {"evidence_grade": 3, "fidelity": 2}
    made = ledger(
        ("R1", "implemented", "2021-12-16", kept),
        ("R1", "implemented", "2022-12-16", {"evidence_grade": 3}),
    )
    rows = impact.analyse(made, "2023-02-01").fidelity.set_index("what")
    assert rows["count"]["implemented but weakened (0 to 3)"] == 1
    assert rows["share_kept"]["all implemented"] == 0.5


def test_parts_and_wholes_are_two_counting_rules() -> None:
    recs = recommendations(3, counting_unit=["recommendation", "sub-action", "sub-action"])
    recs["parent_id"] = ["", "R1", "R1"]
    done = ("R2", "implemented", "2021-12-16", {"evidence_grade": 3})
    made = impact.Ledger.from_frames(recs, events(done))
    with pytest.raises(DataError, match="several units"):
        impact.analyse(made, "2022-02-01")
    result = impact.analyse(made, "2022-02-01", counting_unit="sub-action")
    assert result.shares.share() == 0.5
    assert result.multiverse is not None
    assert set(result.multiverse.universes["counting_rule"]) == {"recommendations", "sub-actions"}
    assert result.multiverse.headline == 0.5
    assert result.multiverse.range[0] == 0


# --- several -------------------------------------------------------------------------------


def test_pooled_processes_have_bands_and_a_model(pooled: impact.ImpactAnalysis) -> None:
    assert pooled.pooled
    assert pooled.response is not None
    assert pooled.response.bootstrapped is not None
    assert pooled.response.table["low"].notna().any()
    assert pooled.cherry_picking is not None
    assert pooled.cherry_picking.fitted is not None
    assert len(pooled.by_process) == 11
    assert pooled.by_process["implemented"].sum() == pooled.shares.fates["count"][0]
    assert "compare them on the curves at one age" in pooled.summary()
    again = impact.analyse(pooled.ledger, DAY, n_resamples=99, blind=True, n_jobs=2)
    assert again.response is not None
    pd.testing.assert_frame_equal(again.response.table, pooled.response.table)


def test_one_of_several_processes_can_be_chosen(pooled: impact.ImpactAnalysis) -> None:
    alone = impact.analyse(pooled.ledger, DAY, process="synthetic-3")
    assert (alone.n, alone.processes) == (15, ("synthetic-3",))
    assert set(alone.goals["process_id"]) == {"synthetic-3"}
    assert alone.response is not None
    assert alone.response.bootstrapped is None
    with pytest.raises(DataError, match="synthetic-11"):
        impact.analyse(pooled.ledger, DAY, process="synthetic-12")


# --- views of the result ---------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["one", pytest.param("pooled", marks=pytest.mark.long)])
def test_the_report_claims_no_causes(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    result: impact.ImpactAnalysis = request.getfixturevalue(kind)
    page = result.report(tmp_path / "impact.html").read_text(encoding="utf-8")
    found = impact.lint_causal_words(plain(page))
    assert found[~found["negated"]].empty
    both = impact.lint_causal_words(f"{result.summary()} {result.methods_text()}")
    assert both[~both["negated"]].empty
    for words in ("Coverage", "Methods", "Synthetic data", "set after", "never added"):
        assert words.lower() in plain(page).lower()
    assert not re.search(r"\bnan\b|None|\binf\b", plain(page))
    alts = re.findall(r'alt="([^"]+)"', page)
    assert len(alts) >= 8
    assert all("ynthetic" in alt for alt in alts)


def test_workbook_and_frames_of_either_kind(one: impact.ImpactAnalysis, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(one.to_excel(tmp_path / "impact.xlsx"))
    assert set(one.frames()) <= set(book.sheetnames)
    other = impact.Ledger.from_frames(**one.ledger.tables("polars"))
    again = impact.analyse(other, DAY, promise="six months")
    assert again.summary() == one.summary()
    for name, frame in one.frames().items():
        pd.testing.assert_frame_equal(frame, again.frames()[name])
    assert one.tables("polars")["answers"].height == 60


def test_what_is_made_up_says_so_and_what_is_not_does_not(one: impact.ImpactAnalysis) -> None:
    assert "ynthetic data" in plotting.alt_text(one.plot_swimmer())
    assert one.ledger.recommendations["rec_id"].str.startswith("SYN").all()
    real = ledger(("R1", "accepted", "2021-12-16"), n=3)
    result = impact.analyse(real, "2022-02-01")
    assert "ynthetic" not in result.summary()
    assert "ynthetic" not in plotting.alt_text(result.plot_response())


def test_the_synthetic_ledger_is_the_same_for_the_same_seed() -> None:
    first, second = (impact.synthetic_ledger(12, seed=4).events for _ in range(2))
    pd.testing.assert_frame_equal(first, second)
    assert not first.equals(impact.synthetic_ledger(12, seed=5).events)
    with pytest.raises(DataError, match="cannot be made"):
        impact.synthetic_ledger(0)


# --- pictures --------------------------------------------------------------------------------


def test_the_swimmer_plot_shows_every_line_once() -> None:
    made = impact.synthetic_ledger(149, seed=3)
    lines = views.swimmer_table(made, DAY, np.ones(149, dtype=bool))
    assert lines["rec_id"].nunique() == 149
    length = (lines["stop"] - lines["start"]).groupby(lines["rec_id"]).sum()
    assert (length == 1826).all()  # no gap and no overlap, from receipt to the day
    assert swimmer_pages(lines) == 3
    shown = []
    for page in (1, 2, 3):
        labels = impact.plot_swimmer(lines, page=page).get_yticklabels()
        shown += [t.get_text() for t in labels]
    assert sorted(shown) == sorted(set(lines["rec_id"]))
    with pytest.raises(DataError, match="no page 4"):
        impact.plot_swimmer(lines, page=4)
    with pytest.raises(DataError, match="cannot be read"):
        impact.plot_swimmer(lines, per_page=149)


def test_hatching_is_where_a_change_is_known_only_between_reviews() -> None:
    seen = {"last_seen_before": "2022-06-23"}
    made = ledger(("R1", "accepted", "2021-12-16"), ("R1", "in progress", "2022-12-23", seen), n=1)
    lines = views.swimmer_table(made, "2023-06-23", np.array([True]))
    assert lines["between_reviews"].tolist() == [False, False, True, False]
    assert lines[["start", "stop"]].iloc[2].tolist() == [366, 548]  # 2022-06-24 to 2022-12-23
    assert lines["kind"].tolist()[-2:] == ["begun or decided"] * 2


def test_a_timeline_draws_every_event_and_the_promise() -> None:
    rows = pd.DataFrame(
        {
            "case": ["A", "A", "B"],
            "date": ["2021-06-23", "2021-12-16", "2023-06"],
            "event": ["report", "answer", "report"],
        }
    )
    ax = impact.plot_timeline(rows, promises={"A": ("2021-06-23", "six months")})
    texts = " ".join(t.get_text() for t in ax.texts)
    for part in ("1 report (2021-06-23)", "2 answer (2021-12-16)", "1 report (2023-06)"):
        assert part in texts
    with pytest.raises(DataError, match="row 3"):
        impact.plot_timeline(rows.assign(date=["2021-06-23", "soon", "2023-06"]))
    with pytest.raises(DataError, match="promise to 'C'"):
        impact.plot_timeline(rows, promises={"C": ("2021-06-23", "six months")})


@pytest.mark.parametrize("bad", ["soon", "0 months", "four", "4 moons", ""])
def test_promises_that_cannot_be_read_are_refused(bad: str) -> None:
    with pytest.raises(DataError, match="is not read"):
        impact.analyse(ledger(("R1", "accepted", "2021-12-16")), "2022-02-01", promise=bad)


# --- from a list to the report ----------------------------------------------------------------


LISTED = pd.DataFrame(
    {
        "No.": [1, 2, 3, 4],
        "Recommendation": ["Free buses", "Insulate homes", "Ban short flights", "Food in schools"],
        "Theme": ["transport", "housing", "transport", "food"],
        "Response": ["Accepted", "Accepted", "Rejected", None],
        "Response date": ["2021-12-16", "2022-01-20", "2021-12-16", None],
        "Status": ["Implemented", "In progress", None, None],
        "Status date": ["2023-03-01", "2022-09-15", None, None],
        "Evidence grade": [3, 2, 2, None],
        "Already planned": ["none", "planned", "none", "none"],
    }
)


#: The lines of the README; they read `my-recommendations.csv` (or `.xlsx`).
TEN_LINES = """
import dmpkit.impact as impact

imported = impact.ledger_from_spreadsheet(
    "my-recommendations.csv", report_date="2021-06-23", checked_on="2023-12-31"
)
imported.tables()["mapping"]           # what each column was taken for; nothing is dropped
result = impact.analyse(imported.ledger, "2023-12-31", promise="six months")
result                                 # coverage, shares, answers in time, and what is not known
result.plot_swimmer()                  # one line a recommendation
result.to_excel("impact.xlsx")
result.report("impact.html")           # everything on one page, ready to print
impact.write_ledger(imported.ledger, "ledger")     # from here on, add dated events to it
"""


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_from_an_evaluators_list_to_the_report_in_ten_lines(
    ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"my-recommendations.{ending}"
    monkeypatch.chdir(tmp_path)
    if ending == "csv":
        LISTED.to_csv(name, index=False)
    else:
        LISTED.to_excel(name, index=False)
    seen: dict[str, Any] = {}
    exec(TEN_LINES.replace("my-recommendations.csv", name), seen)
    imported, result = seen["imported"], seen["result"]
    assert "4 recommendations" in imported.summary()
    assert result.shares.share() == 0.25
    assert result.shares.share(of="answered") == pytest.approx(1 / 3)
    assert result.answers["promise"].tolist() == ["kept", "late", "kept", "overdue"]
    assert Path("impact.xlsx").is_file()
    page = Path("impact.html").read_text(encoding="utf-8")
    assert "Implemented: 1, which is 25.0 % of all 4" in page
    added = impact.read_ledger("ledger").append(
        {"rec_id": "2", "status": "decided", "date": "2023-12-01", "evidence_grade": 3}
    )
    assert added.as_of("2023-12-31").certain["2"] == "decided"


# --- speed -------------------------------------------------------------------------------------


@pytest.mark.long
def test_a_full_analysis_of_a_real_size_is_quick() -> None:
    made = impact.synthetic_ledger(149, confirmations=True)
    assert len(made.events) > 1900
    start = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = impact.analyse(made, DAY, promise="six months")
        result.summary(), result.methods_text(), result.indicators(), result.frames()
    assert time.process_time() - start < 10
    best = np.inf
    for _ in range(3):
        start = time.process_time()
        made.as_of("2023-05-05").certain  # noqa: B018
        best = min(best, time.process_time() - start)
    assert best < 0.05


def test_an_answer_dated_before_the_report_is_neither_in_time_nor_late() -> None:
    made = ledger(("R1", "accepted", "2020-12-16"), ("R2", "noted", "2021-08-01"), n=2)
    result = impact.analyse(made, "2022-02-01", promise="six months")
    found = result.answers.set_index("rec_id")
    assert found["promise"].to_dict() == {"R1": "before receipt", "R2": "kept"}
    assert found["days"]["R1"] == -189
    text = " ".join(result.summary().split())
    assert "noted and referred included): 2 of 2, of them at first 1 noted or parked." in text
    assert "1 in time" in text
    assert "1 answer is dated before the receipt" in text
    named = {i.name: i for i in result.indicators()}
    assert named["answers in time, share of those due"].n == 1  # R2 alone
    labels = [t.get_text() for t in result.plot_answers().texts]
    assert "189 days before receipt" in labels
    plain = impact.analyse(made, "2022-02-01").answers.set_index("rec_id")["promise"]
    assert plain.to_dict() == {"R1": "before receipt", "R2": "no due date"}


def test_without_an_event_of_an_action_there_is_no_record_and_not_a_start_missed() -> None:
    made = ledger(
        ("R1", "rejected", "2021-08-01"),
        ("R3", "in_progress", "2021-09-01"),
        ("R4", "not_started", "2021-09-01"),
        n=4,
    )
    result = impact.analyse(made, "2022-02-01")
    states = result.action_states
    assert states is not None
    last = states.at([states.end]).set_index("state")["estimate"]
    assert last["no_record"] == pytest.approx(0.5)  # rejected R1, and R2 of which nothing is known
    assert last["not_started"] == pytest.approx(0.25)
    assert any("no record 50%" in t.get_text() for t in result.plot_occupancy().texts)
    recorded = dict(result.flows.groupby("action")["n"].sum())
    assert recorded == {"no record": 2, "not started": 1, "in progress": 1}
