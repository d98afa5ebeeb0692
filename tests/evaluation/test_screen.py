"""Screening before the project: verdict, baseline, and what became of the flags."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import polars as pl
import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from dmpkit import evaluation as ev
from dmpkit.cli import main
from dmpkit.errors import DataError
from dmpkit.evaluation.outside_records import codes_of
from dmpkit.evaluation.screen import weigh_answer
from dmpkit.plotting import alt_text

FLAGS = codes_of("questions")["flag"].tolist()
EVIL = "<script>alert('x')</script>\u202e"
DAY = "2026-01-15"


def sheet(**given: tuple[str, str, str]) -> pd.DataFrame:
    """All questions without a sign, but those given as status, state, note."""
    rows = [(flag, *given.get(flag, ("no sign", "", ""))) for flag in FLAGS]
    return pd.DataFrame(rows, columns=["flag", "status", "state", "note"])


def verdict(**given: tuple[str, str, str]) -> str:
    return ev.screen(sheet(**given), on=DAY).verdict


# --- verdict ---


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (("no sign", "", ""), "go"),
        (("sign", "negotiated", "20 more hours"), "go"),
        (("no sign", "negotiated", "it is gone"), "go"),
        (("sign", "negotiated", ""), "renegotiate"),
        (("sign", "negotiated", "  "), "renegotiate"),
        (("sign", "negotiable", ""), "renegotiate"),
        (("shown", "", "plain"), "renegotiate"),
        (("sign", "stop", ""), "decline"),
        (("shown", "stop", ""), "decline"),
        (("", "", ""), "no verdict yet"),
        (("not looked", "", ""), "no verdict yet"),
    ],
)
@pytest.mark.parametrize("flag", ["F1", "K18"])
def test_one_answer_decides(flag: str, answer: tuple[str, str, str], expected: str) -> None:
    assert verdict(**{flag: answer}) == expected


def test_the_order_of_the_rule() -> None:
    stop, open_, blank = ("sign", "stop", ""), ("sign", "negotiable", ""), ("", "", "")
    assert verdict(F1=blank, F2=open_, F3=stop) == "decline"
    assert verdict(F1=blank, F2=open_) == "renegotiate"


ANSWERS = st.sampled_from(
    [("no sign", ""), ("", ""), ("sign", "negotiable"), ("shown", ""), ("sign", "stop"),
     ("shown", "negotiated")]
)  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(st.lists(ANSWERS, min_size=26, max_size=26))
def test_go_needs_every_answer_and_no_open_sign(given: list[tuple[str, str]]) -> None:
    rows = pd.DataFrame(given, columns=["status", "state"]).assign(flag=FLAGS, note="agreed")
    result = ev.screen(rows, on=DAY)
    fine = all(pair in {("no sign", ""), ("shown", "negotiated")} for pair in given)
    assert (result.verdict == "go") == fine
    assert (result.verdict == "decline") == (("sign", "stop") in given)
    assert result.n_unanswered == given.count(("", ""))
    shuffled = ev.screen(rows.sample(frac=1, random_state=1), on=DAY)
    assert shuffled.verdict == result.verdict


def test_a_missing_row_is_unanswered_and_said() -> None:
    result = ev.screen(sheet().iloc[1:], on=DAY)
    assert result.verdict == "no verdict yet"
    assert result.reasons == [
        "One question not answered, and a stop may be among them: F1 For show."
    ]


def test_reasons_name_who_and_what() -> None:
    rows = sheet(F3=("sign", "stop", "approval of articles"), F6=("sign", "negotiated", "20 hours"))
    rows["by"] = ["the lawyer" if flag == "F3" else "" for flag in FLAGS]
    assert ev.screen(rows, on=DAY).reasons == [
        "F3 Silence by contract: sign, said to be a stop, says the lawyer (approval of articles).",
        "Settled by negotiation: F6 Short and not negotiable.",
    ]


def test_a_flag_that_contradicts_its_part_is_named() -> None:
    reasons = ev.screen(sheet(K02=("sign", "negotiable", "")), on=DAY).reasons
    assert "F6 is said to have no sign, while its part K02 Money has one." in reasons


def test_red_lines_on_the_sheet_are_left_aside() -> None:
    rows = pd.concat([sheet(), pd.DataFrame({"flag": ["R1"], "status": ["sign"]})])
    assert ev.screen(rows.fillna(""), on=DAY).verdict == "go"


def test_labels_may_stand_for_codes() -> None:
    rows = pd.DataFrame({"flag": ["gag clause", "For show"], "status": ["SIGN", "none"]})
    found = ev.screen(rows, on=DAY).sheet.set_index("flag")["status"]
    assert (found["K07"], found["F1"], found["F2"]) == ("sign", "no sign", "not looked")


@pytest.mark.parametrize(
    ("answer", "column"),
    [(("no sign", "stop", ""), "state"), (("", "stop", ""), "status"),
     (("not looked", "negotiated", "x"), "status")],
)  # fmt: skip
def test_a_state_without_a_sign_is_refused(answer: tuple[str, str, str], column: str) -> None:
    with pytest.raises(DataError) as error:
        ev.screen(sheet(F2=answer), on=DAY)
    assert (error.value.row, error.value.column) == (3, column)
    assert error.value.remedy


def test_readings_of_an_answer() -> None:
    assert weigh_answer("no sign")[0] == "no sign"
    assert weigh_answer("sign", "negotiated", "x")[0] == "settled"


@pytest.mark.parametrize("on", ["tomorrow", "2026-02-30", ""])
def test_a_day_that_is_none(on: str) -> None:
    with pytest.raises(DataError, match="is no date"):
        ev.screen(sheet(), on=on)


def test_the_time_of_the_screening_is_said() -> None:
    when = [ev.screen(sheet(), on=DAY, first_day=day).when for day in ("", DAY, "2026-01-14")]
    assert when == ["the first day of the process is not known", "before the first day",
                    "after the first day, so no baseline"]  # fmt: skip


def test_page_picture_and_frames(tmp_path) -> None:
    result = ev.screen(pl.from_pandas(sheet(F1=("sign", "stop", EVIL + "z" * 10_000))), on=DAY,
                       name=EVIL, synthetic=True)  # fmt: skip
    page = result.report(tmp_path / "s.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "Decline" in page
    assert "synthetic" in page
    assert "F1 For show [stop]" in alt_text(result.plot())
    assert alt_text(result.plot()).startswith("Synthetic data")
    assert len(result.tables(kind="polars")["sheet"]) == 26
    assert len(result.section().figures) == 1


# --- baseline ---


def keep(folder: Path, day: str, **given: tuple[str, str, str]) -> None:
    ev.save_baseline(ev.screen(sheet(**given), on=day, name="x"), folder)


def test_screenings_are_added_and_never_replaced(tmp_path) -> None:
    keep(tmp_path, DAY, F3=("sign", "negotiable", ""))
    first = (tmp_path / "screen.json").read_text(encoding="utf-8")
    keep(tmp_path, "2026-01-20", F3=("sign", "negotiable", ""))
    assert (tmp_path / "screen.json").read_text(encoding="utf-8") == first
    keep(tmp_path, "2026-02-01", F3=("sign", "negotiated", "clause struck out"))
    kept = ev.read_baseline(tmp_path)
    assert [(one["date"], one["verdict"]) for one in kept] == [
        (DAY, "renegotiate"), ("2026-02-01", "go"),
    ]  # fmt: skip
    assert kept[1]["previous"] == kept[0]["sha256"]


def test_an_empty_sheet_is_no_baseline(tmp_path) -> None:
    blank = pd.DataFrame({"flag": FLAGS, "status": ""})
    assert ev.save_baseline(ev.screen(blank, on=DAY), tmp_path) is None
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("place", [0, 1])
def test_an_entry_that_was_changed_is_refused(tmp_path, place: int) -> None:
    keep(tmp_path, DAY, F3=("sign", "negotiable", ""))
    keep(tmp_path, "2026-02-01", F3=("sign", "stop", ""))
    path = tmp_path / "screen.json"
    said = json.loads(path.read_text(encoding="utf-8"))
    said["screenings"][place]["answers"][2]["status"] = "no sign"
    path.write_text(json.dumps(said), encoding="utf-8")
    with pytest.raises(DataError, match=f"Screening {place + 1} was changed"):
        ev.read_baseline(tmp_path)


def test_a_removed_first_entry_is_noticed(tmp_path) -> None:
    keep(tmp_path, DAY, F3=("sign", "negotiable", ""))
    keep(tmp_path, "2026-02-01")
    path = tmp_path / "screen.json"
    said = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({"screenings": said["screenings"][1:]}), encoding="utf-8")
    with pytest.raises(DataError, match="was changed"):
        ev.read_baseline(tmp_path)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"screenings": []}', '{"screenings": [3]}', '{"screenings": {"a": 1}}',
             '{"screenings": [{"date": 1}]}', "[" * 100_000],
)  # fmt: skip
def test_a_broken_file_is_refused_in_a_sentence(tmp_path, text: str) -> None:
    (tmp_path / "screen.json").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match="not a file of screenings"):
        ev.read_baseline(tmp_path)


def test_what_became_of_the_flags(tmp_path) -> None:
    keep(
        tmp_path,
        DAY,
        F3=("sign", "negotiable", ""),
        K14=("sign", "negotiable", ""),
        K01=("sign", "negotiable", ""),
        F5=("shown", "negotiable", ""),
        F8=("sign", "", ""),
    )
    keep(tmp_path, "2026-02-01", F3=("sign", "negotiated", "clause struck out"))
    means = {"C16": 4, "C17": 3, "C37": 3.5, "C10": 2, "C05": 0, "C06": 1, "C13": 3, "C36": 0.5}
    profile = pd.DataFrame({"criterion": list(means), "mean": list(means.values())})
    incidents = pd.DataFrame({"incident": ["i1"], "line": ["R2"], "grade": ["C"],
                              "evidence": ["E1"], "confidential": ["no"]})  # fmt: skip
    found = ev.compare_with_baseline(tmp_path, profile, lines=ev.red_lines(incidents))
    fates = found.fates.set_index("flag")
    assert fates["outcome"].loc[["F3", "K14", "K01", "F5", "F8", "K16"]].tolist() == [
        "did not come true", "a sign of it", "in part", "came true", "not known", "came true",
    ]  # fmt: skip
    assert fates.loc["F3", ["at_first", "at_last", "agreed", "raised"]].tolist() == [
        "sign, negotiable", "sign, negotiated", "clause struck out", "yes",
    ]  # fmt: skip
    assert fates.loc["K16", "raised"] == "no"
    assert (
        "without having been raised: K10 Reach of the contact and K16 Shield from lobbying"
        in found.summary()
    )
    assert "R2 sign" in fates.loc["K14", "rests_on"]
    assert found.section().render().count("<figure") == 1


def test_a_line_that_is_shown_makes_a_sign_true(tmp_path) -> None:
    keep(tmp_path, DAY, K14=("sign", "negotiable", ""))
    incidents = pd.DataFrame({"incident": ["i1"], "line": ["R2"], "grade": ["A"], "reply": ["No"],
                              "evidence": ["E1"], "confidential": ["no"]})  # fmt: skip
    card = ev.Scorecard.from_frames(
        pd.DataFrame({"criterion": ["C37"], "score": [4]}),
        evidence=pd.DataFrame({"evidence": ["E1"], "grade": ["A"]}),
        records={"incidents": incidents},
    )
    fates = ev.compare_with_baseline(tmp_path, card).fates.set_index("flag")
    assert fates.loc["K14", "outcome"] == "came true"


def test_a_confidential_incident_leaves_no_trace_in_the_comparison(tmp_path) -> None:
    keep(tmp_path, DAY, K14=("sign", "negotiable", ""))
    profile = pd.DataFrame({"criterion": ["C37", "C10"], "mean": [4.0, 4.0]})
    pages = []
    for line in ("R2", "R3"):
        hidden = pd.DataFrame({"incident": ["i1"], "line": [line], "grade": ["A"],
                               "reply": ["No"], "evidence": ["E1"],
                               "confidential": ["yes"]})  # fmt: skip
        found = ev.compare_with_baseline(tmp_path, profile, lines=ev.red_lines(hidden))
        pages.append(found.fates)
    pd.testing.assert_frame_equal(*pages)
    fates = pages[0].set_index("flag")["outcome"]
    assert (fates["K14"], fates["K01"]) == ("not known", "did not come true")


def test_without_a_baseline_it_is_said(tmp_path) -> None:
    with pytest.raises(DataError, match=r"no screen\.json"):
        ev.compare_with_baseline(tmp_path, pd.DataFrame({"criterion": ["C01"], "mean": [1.0]}))


# --- command line ---


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(main, ["screen", *arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_from_the_empty_sheet_to_the_verdict() -> None:
    made = run("job", "--new")
    assert made.exit_code == 0, made.output
    folder = Path("job")
    assert {p.name for p in folder.iterdir()} == {"flags.csv", "how-to-screen.txt"}
    empty = run("job")
    assert empty.exit_code == 0
    assert "no verdict yet" in empty.output
    assert "Nothing was kept" in empty.output
    rows = pd.read_csv(folder / "flags.csv", dtype=str, keep_default_na=False)
    assert rows["flag"].tolist() == FLAGS
    assert (rows["question"].str.len() > 20).all()
    rows["status"] = "no sign"
    rows.loc[2, ["status", "state", "note"]] = ["sign", "stop", "all publications are approved"]
    rows.to_csv(folder / "flags.csv", index=False, sep=";")
    done = run("job", "--on", DAY)
    assert done.exit_code == 0
    assert done.output.startswith("decline: job\n- F3 Silence by contract: sign")
    assert "Kept: " in done.output
    page = (folder / "screen.html").read_text(encoding="utf-8")
    assert "Decline" in page
    assert "all publications are approved" in page
    assert ev.read_baseline(folder)[0]["date"] == DAY


def test_nothing_is_overwritten() -> None:
    assert run("job", "--new").exit_code == 0
    sheet_file = Path("job") / "flags.csv"
    sheet_file.write_bytes(b"\xff\x00 damaged")
    again = run("job", "--new")
    assert again.exit_code == 2
    assert "already; it was left as it is" in again.output
    assert run("job").exit_code == 2  # damaged: an error, and no new sheet
    assert sheet_file.read_bytes() == b"\xff\x00 damaged"


def test_a_folder_without_a_sheet_gets_one_and_its_guidance_is_kept() -> None:
    Path("job").mkdir()
    (Path("job") / "how-to-screen.txt").write_text("mine", encoding="utf-8")
    assert run("job").exit_code == 0
    assert (Path("job") / "flags.csv").is_file()
    assert (Path("job") / "how-to-screen.txt").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nowhere",), "There is no folder 'nowhere'. Start one: dmpkit screen nowhere --new"),
        (("../out/nowhere",), f"dmpkit screen {Path('../out/nowhere')} --new"),
        (("no/where", "--new"), "The folder 'no' does not exist"),
        (("file.txt", "--new"), "not a folder"),
        (("file.txt",), "not a folder"),
    ],
)
def test_places_that_cannot_be_used(arguments: tuple[str, ...], said: str) -> None:
    Path("file.txt").write_text("x", encoding="utf-8")
    result = run(*arguments)
    assert result.exit_code == 2
    assert said in result.output
    assert "Traceback" not in result.output
    assert [p.name for p in Path().iterdir()] == ["file.txt"]


def test_mistakes_on_the_sheet_and_a_wrong_day() -> None:
    Path("job").mkdir()
    flags = Path("job") / "flags.csv"
    flags.write_text("flag,status\nF1,mabye\n", encoding="utf-8")
    wrong = run("job")
    assert wrong.exit_code == 2
    assert "flags.csv, row 2, column status" in wrong.output
    flags.write_text("flag,status,state\nF1,no sign,stop\n", encoding="utf-8")
    stop = run("job")
    assert stop.exit_code == 2
    assert "row 2" in stop.output
    flags.write_text("flag,status\nF1,no sign\n", encoding="utf-8")
    assert run("job", "--on", "soon").exit_code == 2
    assert not (Path("job") / "screen.json").exists()


def test_the_name_and_the_first_day_come_from_about() -> None:
    assert run("job", "--new").exit_code == 0
    about = "field,value\ntitle,Heat in the valley\nfirst_day,2025-12-01\nsynthetic,yes\n"
    (Path("job") / "about.csv").write_text(about, encoding="utf-8")
    assert "no verdict yet: Heat in the valley" in run("job", "--on", DAY).output
    page = (Path("job") / "screen.html").read_text(encoding="utf-8")
    assert "after the first day, so no baseline" in page
    assert "synthetic" in page


def test_the_help_says_what_is_never_done() -> None:
    text = CliRunner().invoke(main, ["screen", "--help"]).output
    assert "overwritten" in text
    assert "Exit codes" in text
    assert "xample" in text
