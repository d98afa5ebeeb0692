"""One call for a whole evaluation: what comes out, what is refused, what stays unknown."""

from __future__ import annotations

import hashlib
import math
import shutil

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmpkit import datasets
from dmpkit import evaluation as ev
from dmpkit.errors import DataError
from dmpkit.evaluation.analysis_parts import CHAPTERS, MEASURED_PARTS, SCORECARD_PARTS
from dmpkit.evaluation.verdict import ENOUGH, HIGH, LOW, READINGS, read_stage
from dmpkit.reporting import Indicator, Section

EXAMPLE = datasets.studies_path("evaluate-a-minipublic")


@pytest.fixture(scope="module")
def whole():
    return ev.analyse(EXAMPLE, seed=3, n_permutations=199, n_resamples=100)


@pytest.fixture(scope="module")
def apart():
    """The version that is not published."""
    return ev.analyse(EXAMPLE, confidential=True, n_permutations=9, n_resamples=9)


def small(folder, rows="criterion,rater,score\nC01,A,3\nC01,B,4\nC02,A,2\n", **files):
    folder.mkdir(exist_ok=True)
    (folder / "ratings.csv").write_text(rows, encoding="utf-8")
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


def test_every_part_is_computed_or_its_reason_is_given(whole):
    every = {*MEASURED_PARTS, *SCORECARD_PARTS}
    missing = set(whole.not_computed["part"])
    assert set(whole.parts) | missing == every
    assert not set(whole.parts) & missing
    assert missing == {"fate of the flags"}
    assert whole.not_computed["reason"].str.len().gt(20).all()
    shown = {name for names in CHAPTERS.values() for name in names}
    assert every - shown == {"agreement"}, "a part stands in no chapter (agreement: the annex)"


def test_numbers_are_those_of_the_single_methods(whole):
    """The one call does nothing else than the single calls do on the same tables."""
    people = pd.read_csv(EXAMPLE / "people.csv", dtype=str)
    talk = pd.read_csv(EXAMPLE / "talk.csv")
    alone = ev.talk_inequality(talk, members=people, seed=1, n_permutations=9, n_resamples=9)
    numbers = {one.name: one.value for one in whole.indicators()}
    assert numbers["Gini of speaking time"] == pytest.approx(alone.gini, abs=1e-12)
    before, after = (pd.read_csv(EXAMPLE / f"answers_{s}.csv") for s in ("before", "after"))
    items = pd.read_csv(EXAMPLE / "items.csv")
    own = items[items["kind"] == "opinion"]
    scale = {r.item: (r.low, r.high) for r in own.itertuples()}
    tables = dict(zip(people["person"], people["table"], strict=True))
    change = ev.opinion_change(before, after, items=list(scale), scale=scale, table=tables)
    name = "mean absolute change of opinion"
    theirs = next(i for i in change.indicators() if i.name == name)
    assert numbers[name] == pytest.approx(theirs.value, abs=1e-12)
    ballot = pd.read_csv(EXAMPLE / "ballot.csv")
    text = ballot[ballot["item"] == "text"]["answer"]
    assert numbers["support for the final text"] == pytest.approx((text == "for").mean())
    assert numbers["share of members who left"] == pytest.approx(2 / 40)
    assert numbers["hours of meeting per member"] == 28
    heard = pd.read_csv(EXAMPLE / "answers_after.csv")["X4"].dropna()
    assert numbers["share agreeing: C29"] == pytest.approx((heard >= 4).mean())


def test_the_reason_index_is_that_of_the_survey(whole):
    after = pd.read_csv(EXAMPLE / "answers_after.csv").set_index("person")
    ranks = pd.read_csv(EXAMPLE / "rankings.csv").query("stage == 'after'").set_index("person")
    considerations = after[[c for c in after if c.startswith("K")]]
    survey = ev.ReasonSurvey(considerations, ranks.loc[after.index].drop(columns="stage"))
    alone = ev.reason_index(survey)
    assert whole.parts["reason index"].value == pytest.approx(alone.value, abs=1e-12)
    assert whole.parts["reason index"].chance_level == pytest.approx(alone.chance_level, abs=1e-12)


def test_the_same_seed_gives_the_same_numbers():
    one, two = (ev.analyse(EXAMPLE, seed=5, n_permutations=49, n_resamples=20) for _ in "ab")
    for a, b in zip(one.indicators(), two.indicators(), strict=True):
        assert a.name == b.name
        for mine, other in ((a.value, b.value), (a.low, b.low), (a.high, b.high)):
            assert mine == other or (math.isnan(mine) and math.isnan(other)), a.name


def test_no_id_of_a_member_is_in_what_may_be_published(whole):
    people = pd.read_csv(EXAMPLE / "people.csv")["person"].tolist()
    text = whole.summary() + whole.methods_text()
    text += "".join(frame.to_csv() for frame in whole.frames().values())
    assert not [one for one in people if one in text]


def test_what_is_confidential_is_in_the_version_apart_only(whole, apart):
    assert "I3" not in whole.records["incidents"]["incident"].tolist()
    assert "V23" not in whole.evidence["evidence"].tolist()
    assert "I3" in apart.records["incidents"]["incident"].tolist()
    assert "V23" in apart.evidence["evidence"].tolist()
    assert apart.confidential


def test_evidence_that_is_not_public_is_listed_without_its_source(whole, apart, tmp_path):
    rows = pd.read_csv(EXAMPLE / "evidence.csv").set_index("evidence")
    listed = whole.records["evidence"].set_index("evidence")
    secret = listed[listed["public"] == "no"]
    assert len(secret) > 3
    assert set(secret["source"]) == {"held back: not public"}
    assert (secret[["date", "link", "sha256", "note"]] == "").all(axis=None)
    for column in ("kind", "made_by", "grade"):
        assert secret[column].tolist() == rows.loc[secret.index, column].tolist()
    assert listed.loc["V01", "source"] == "Remit as published"
    page = whole.report(tmp_path / "report.html")
    texts = [path.read_text(encoding="utf-8") for path in tmp_path.rglob("*") if path.is_file()]
    assert page.is_file()
    assert len(texts) > 3
    for source in rows.loc[secret.index, "source"]:
        assert not any(source in text for text in texts), source
    assert apart.evidence.set_index("evidence").loc["V02", "source"] == rows.loc["V02", "source"]


def test_ratings_alone_are_enough(tmp_path):
    found = ev.analyse(small(tmp_path / "a"))
    assert found.profile.criteria.query("status == 'assessed'")["score"].tolist() == [3.5, 2.0]
    assert math.isnan(found.total.value)
    assert "70" in found.total.note
    assert set(MEASURED_PARTS) <= set(found.not_computed["part"])
    assert set(found.verdict.stages["reading"]) == {"not known"}


def test_an_unassessed_criterion_widens_bounds_and_leaves_the_mean(tmp_path):
    one = ev.analyse(small(tmp_path / "a"))
    two = ev.analyse(
        small(tmp_path / "b", local_criteria="criterion,label,stage\nL01,Ours,commission\n")
    )
    a, b = (e.verdict.stages.set_index("stage").loc["commission"] for e in (one, two))
    assert a["mean"] == b["mean"]
    assert b["low"] < a["low"]
    assert b["high"] > a["high"]


def test_indicators_and_sections_of_others_are_taken_in(tmp_path):
    folder = small(tmp_path / "a")
    answered = Indicator("recommendations answered, share of all", 0.8, n=10)
    in_time = Indicator("answers in time, share of those due", 0.8, n=10)
    section = Section("What became of it", "<p>text</p>")
    found = ev.analyse(folder, indicators=[answered, in_time], sections={"impact": [section]})
    row = found.profile.criteria.set_index("criterion").loc["C42"]
    assert (row["status"], row["score"]) == ("assessed", 3.0)
    assert found.given["impact"] == (section,)
    with pytest.raises(DataError, match="no chapter 'imapct'"):
        ev.analyse(folder, sections={"imapct": [section]})


def test_a_number_that_was_not_assessed_is_no_score(tmp_path):
    blank = Indicator("Gini of speaking time", math.nan, note="not assessed")
    found = ev.analyse(small(tmp_path / "a"), indicators=[blank])
    assert found.profile.criteria.set_index("criterion").loc["C28", "status"] == "not assessed"


def test_the_group_can_be_chosen_and_must_be_there(tmp_path):
    found = ev.analyse(EXAMPLE, group="education", n_permutations=9, n_resamples=9)
    assert "By education" in found.parts["talk"].summary()
    with pytest.raises(DataError, match="no attribute 'shoes'"):
        ev.analyse(EXAMPLE, group="shoes")


def test_hashes_are_those_of_the_files_that_were_read(whole, tmp_path):
    files = whole.files.set_index("file")["sha256"]
    assert (
        files["ratings.csv"] == hashlib.sha256((EXAMPLE / "ratings.csv").read_bytes()).hexdigest()
    )
    assert "published.csv" not in files.index
    folder = small(tmp_path / "a")
    (folder / "report-records").mkdir()
    (folder / "report-records" / "ratings.csv").write_text("x", encoding="utf-8")
    assert ev.analyse(folder).files["file"].tolist() == ["ratings.csv"]


def test_excel_and_frames_of_either_kind(whole, tmp_path):
    path = whole.to_excel(tmp_path / "all.xlsx")
    assert path.is_file()
    polars = whole.tables(kind="polars")
    assert polars["stages"]["name"].to_list() == whole.tables()["stages"]["name"].tolist()


def test_a_scorecard_in_memory_can_be_evaluated():
    ratings = pd.DataFrame({"criterion": ["C01", "C02"], "score": [4, 1]})
    found = ev.analyse(ev.Scorecard.from_frames(ratings, about={"title": "Ours"}))
    assert found.name == "Ours"
    assert len(found.files) == 0


def test_what_people_answered_only_once_is_left_out_and_said(tmp_path):
    folder = tmp_path / "a"
    shutil.copytree(EXAMPLE, folder)
    after = pd.read_csv(folder / "answers_after.csv", dtype=str)
    after.drop(columns=["E1", "E2"]).to_csv(folder / "answers_after.csv", index=False)
    found = ev.analyse(folder, n_permutations=9, n_resamples=9)
    capacity = next(i for i in found.indicators() if i.name.startswith("change in civic"))
    assert math.isnan(capacity.value)
    assert "not assessed" in capacity.note


# --- what members say -----------------------------------------------------------------------


def test_shares_of_members_by_hand():
    answers = pd.DataFrame({"person": range(5), "x": [5, 4, 3, None, 1], "y": [1, 2, 5, 4, 1]})
    items = pd.DataFrame({
        "item": ["x", "y"], "label": ["good", "bad"], "low": [1, 1], "high": [5, 5],
        "agree_from": [4, 4], "reversed": ["no", "yes"], "criterion": ["C29", "C29"],
    })  # fmt: skip
    found = ev.members_say(answers, items, n_members=8)
    table = found.items.set_index("item")
    assert table.loc["x", "share"] == pytest.approx(2 / 4)
    assert table.loc["x", ["at_least", "at_most"]].tolist() == pytest.approx([2 / 8, 6 / 8])
    assert table.loc["y", "share"] == pytest.approx(3 / 5), "1, 2 and 1 agree with the criterion"
    (one,) = found.indicators()
    assert (one.name, one.value) == ("share agreeing: C29", pytest.approx((0.5 + 0.6) / 2))
    assert math.isnan(one.low), "all members were asked: no interval"
    with pytest.raises(DataError, match="there are 3 members"):
        ev.members_say(answers, items, n_members=3)


def test_who_left():
    assert ev.share_who_left(["yes", "no", "", "yes"]).value == pytest.approx(1 / 3)
    assert math.isnan(ev.share_who_left(["", ""]).value)


# --- the verdict ------------------------------------------------------------------------------

shares = st.floats(0, 1)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.none(), st.floats(0, 4)), min_size=1, max_size=12))
def test_a_reading_never_says_more_than_the_bounds(scores):
    known = [s for s in scores if s is not None]
    n, gap = len(scores), len(scores) - len(known)
    mean = sum(known) / len(known) if known else math.nan
    low, high = sum(known) / n, (sum(known) + 4 * gap) / n
    reading = read_stage(mean, low, high, len(known) / n, n)
    assert reading in READINGS
    if reading == "good, whatever is unknown":
        assert low >= HIGH
    if reading == "poor, whatever is unknown":
        assert high <= LOW
    if reading.endswith("as far as it was assessed"):
        assert len(known) / n >= ENOUGH
        assert gap
    if not known and n:
        assert reading == "not known"
    if not gap:
        assert reading in ("good", "middling", "poor")


def test_small_groups_are_not_shown(whole):
    counts = whole.parts["transitions"].counts.to_numpy()
    assert not ((counts > 0) & (counts < 5)).any()
    answers = pd.DataFrame({"person": range(8), "x": [5, 4] + [None] * 6, "y": [4] * 8})
    items = pd.DataFrame({"item": ["x", "y"], "label": ["rare", "common"], "low": 1, "high": 5,
                          "agree_from": 4, "criterion": ""})  # fmt: skip
    section = ev.members_say(answers, items).section()
    assert "rare" not in section.html
    assert "1 item(s) were answered by fewer than 5 people" in section.html
    assert "rare" not in section.figures[0].alt
    few = ev.members_say(answers[["person", "x"]], items.head(1)).section()
    assert few.figures == ()
