from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import portalocker
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledgers import events, ledger, recommendations
from pandas.testing import assert_frame_equal

from dmpkit.datasets import DataPackage
from dmpkit.errors import DataError
from dmpkit.impact import storage
from dmpkit.impact.data import Ledger
from dmpkit.impact.schema import TABLES
from dmpkit.impact.storage import (
    ledger_from_excel,
    ledger_to_excel,
    read_ledger,
    write_ledger,
    write_parquet,
)

ODD = '=HYPERLINK("x")\n- two lines; "quoted", \'=1, -3, _x000D_ and é'


def full() -> Ledger:
    """A ledger with something in every table, and texts that programs stumble over."""
    return Ledger.from_frames(
        recommendations(support_share=[0.123456789012345, None, 1], label=[ODD, "@sum", "+1 more"]),
        events(
            ("R1", "accepted", "2021-12-16", {"note": ODD, "evidence_grade": 2}),
            ("R1", "in_progress", "2022", {"note": "'", "wording": "-"}),
            ("R2", "rejected", "2021-12", {"note": "007", "fidelity": 0}),
        ),
        ratings=pd.DataFrame(
            {"rec_id": ["R1"], "rater": ["1"], "rater_side": "government", "fidelity": [3]}
        ),
        reviews=pd.DataFrame({"review_date": ["2022-05-01"], "scope": [""]}),
        wider_impact=pd.DataFrame(
            {"route": ["oversight"], "indicator": ["debates"], "value": ["many"], "date": ["2022"]}
        ),
        goals=pd.DataFrame({"goal": ["=trust"], "indicator": ["networks"]}),
    )


def same(one: Ledger, two: Ledger) -> None:
    for name in TABLES:
        assert_frame_equal(one.frames()[name], two.frames()[name])


def test_a_folder_keeps_everything(tmp_path: Path) -> None:
    made = write_ledger(full(), tmp_path / "a", title="Test", licence="CC0-1.0", source="made up")
    same(made, full())
    same(read_ledger(tmp_path / "a"), full())
    first = {f.name: f.read_bytes() for f in (tmp_path / "a").iterdir()}
    write_ledger(read_ledger(tmp_path / "a"), tmp_path / "a")
    assert {f.name: f.read_bytes() for f in (tmp_path / "a").iterdir()} == first


def test_the_folder_is_a_data_package_that_stays_right(tmp_path: Path) -> None:
    made = write_ledger(full(), tmp_path / "a", title="Test", licence="CC0-1.0")
    about = json.loads((tmp_path / "a" / "datapackage.json").read_text())
    assert about["title"] == "Test"
    assert not [r for r in about["resources"] if "hash" in r or "bytes" in r]
    made.append({"rec_id": "R3", "status": "noted", "date": "2022-05-01"})
    package = DataPackage.open(tmp_path / "a")
    assert package.licences == ("CC0-1.0",)
    assert package.resources == tuple(TABLES)
    assert len(package.read("events")) == 4


def test_append_writes_one_line_at_the_end(tmp_path: Path) -> None:
    made = write_ledger(full(), tmp_path)
    before = (tmp_path / "events.csv").read_bytes()
    new = made.append({"rec_id": "R3", "status": "noted", "date": dt.date(2022, 5, 1)})
    after = (tmp_path / "events.csv").read_bytes()
    assert after.startswith(before)
    assert after[len(before) :].count(b"\n") == 1
    same(read_ledger(tmp_path), new)
    gone = new.withdraw("E04", note="not so")
    same(read_ledger(tmp_path), gone)
    assert gone.as_of("2023-01-01").certain["R3"] == "no_record"


def test_append_holds_what_others_appended(tmp_path: Path) -> None:
    write_ledger(full(), tmp_path)
    one, two = read_ledger(tmp_path), read_ledger(tmp_path)
    one.append({"rec_id": "R3", "status": "abandoned", "date": "2022-05-01"})
    with pytest.raises(DataError, match="cannot follow 'abandoned'"):
        two.append({"rec_id": "R3", "status": "in_progress", "date": "2022-06-01"})
    new = two.append({"rec_id": "R3", "status": "noted", "date": "2022-06-01"})
    assert new.events["event_id"].tolist()[-2:] == ["E04", "E05"]
    same(read_ledger(tmp_path), new)
    two.withdraw("E05")  # another's event, and known all the same


def test_a_held_lock_ends_in_a_clear_error(tmp_path: Path) -> None:
    made = write_ledger(full(), tmp_path)
    with portalocker.Lock(str(tmp_path / storage.LOCK), mode="a"):
        start = time.process_time()
        with pytest.raises(DataError, match=r"held the ledger for 0.1 seconds.*longer timeout"):
            made.append({"rec_id": "R3", "status": "noted", "date": "2022"}, timeout=0.1)
        assert time.process_time() - start < 5
    made.append({"rec_id": "R3", "status": "noted", "date": "2022"}, timeout=0.1)


def test_threads_append_one_after_the_other(tmp_path: Path) -> None:
    made = write_ledger(ledger(), tmp_path)

    def work() -> None:
        for _ in range(4):
            made.append({"rec_id": "R1", "status": "in_progress", "date": "2022"})

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(read_ledger(tmp_path).events) == 12


def test_writing_other_content_under_the_same_event_id_is_refused(tmp_path: Path) -> None:
    made = write_ledger(full(), tmp_path)
    events = made.events.copy()
    events.loc[0, "note"] = "told otherwise"
    changed = Ledger.from_frames(made.recommendations, events)
    with pytest.raises(DataError, match="other content under the same id"):
        write_ledger(changed, tmp_path)
    pd.testing.assert_frame_equal(read_ledger(tmp_path).events, made.events)
    write_ledger(read_ledger(tmp_path), tmp_path)  # the same again changes nothing


def test_writing_over_events_of_others_is_refused(tmp_path: Path) -> None:
    made = write_ledger(full(), tmp_path)
    made.append({"rec_id": "R3", "status": "noted", "date": "2022-05-01"})
    with pytest.raises(DataError, match=r"holds 1 event\(s\) that this ledger does not have"):
        write_ledger(full(), tmp_path)


@pytest.mark.parametrize(
    ("name", "text", "match"),
    [
        ("recommendations.csv", None, "no recommendations.csv"),
        ("recommendations.csv", b"rec_id,counting_unit\nR1\n", "has 1 cells, the header has 2"),
        ("recommendations.csv", b'rec_id,counting_unit\nR1,"a"b\n', "quoting is broken"),
        ("goals.csv", b"goal\n" + b"x" * 140_000 + b"\n", "longer than the 131,072"),
        ("recommendations.csv", b"rec_id,rec_id\nR1,R1\n", "share a name"),
        ("recommendations.csv", b"rec_id\nR1\n", "counting_unit"),
        ("goals.csv", b"goal\n\xff\n", "not UTF-8"),
        ("goals.csv", b"", "no header"),
        ("events.csv", b"event_id\nE1\n", "missing"),
    ],
)
def test_broken_folders_are_refused(
    tmp_path: Path, name: str, text: bytes | None, match: str
) -> None:
    write_ledger(full(), tmp_path)
    if text is None:
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_bytes(text)
    with pytest.raises(DataError, match=match):
        read_ledger(tmp_path)
    with pytest.raises(DataError, match="no folder"):
        read_ledger(tmp_path / "nothing")


def test_a_folder_made_by_hand_needs_recommendations_only(tmp_path: Path) -> None:
    (tmp_path / "recommendations.csv").write_text("rec_id,counting_unit\r\nR1,objective\r\n")
    made = read_ledger(tmp_path)
    made.append({"rec_id": "R1", "status": "noted", "date": "2022"})
    made.append({"rec_id": "R1", "status": "accepted", "date": "2023"})
    assert read_ledger(tmp_path).events["status"].tolist() == ["noted", "accepted"]
    with pytest.raises(DataError, match="cannot be made"):
        write_ledger(made, tmp_path / "recommendations.csv")


def test_edits_by_hand_are_seen_by_the_next_append(tmp_path: Path) -> None:
    made = write_ledger(full(), tmp_path)
    path = tmp_path / "events.csv"
    path.write_bytes(path.read_bytes().replace(b",rejected,", b",noted,"))
    new = made.append({"rec_id": "R3", "status": "noted", "date": "2022"})
    assert new.events["status"].tolist() == ["accepted", "in_progress", "noted", "noted"]
    recs = tmp_path / "recommendations.csv"
    recs.write_bytes(recs.read_bytes() + b"R4" + b"," * 6 + b"objective" + b"," * 14 + b"\n")
    assert new.append({"rec_id": "R4", "status": "noted", "date": "2022"}).n == 4


def test_parquet_holds_the_same_tables(tmp_path: Path) -> None:
    write_parquet(full(), tmp_path)
    for name in TABLES:
        frame = pd.read_parquet(tmp_path / f"{name}.parquet")
        assert_frame_equal(frame, full().frames()[name], check_dtype=False)


# --- Excel -------------------------------------------------------------------------------


def test_excel_and_back_loses_nothing(tmp_path: Path) -> None:
    path = ledger_to_excel(full(), tmp_path / "ledger.xlsx")
    same(ledger_from_excel(path), full())
    book = openpyxl.load_workbook(path)
    kinds = {c.data_type for page in book for row in page.iter_rows() for c in row}
    assert "f" not in kinds  # no formulas
    assert book["events"]["A2"].number_format == "@"


def test_what_is_typed_in_excel_is_read(tmp_path: Path) -> None:
    path = full().to_excel(tmp_path / "ledger.xlsx")
    book = openpyxl.load_workbook(path)
    page = book["events"]
    heads = {cell.value: cell.column for cell in page[1]}
    typed: dict[str, Any] = {
        "event_id": 17, "rec_id": "R3", "status": "In progress",
        "date": dt.datetime(2022, 5, 1), "recorded_on": dt.date(2022, 5, 2),
        "note": dt.time(14, 30), "evidence_grade": 1,
    }  # fmt: skip
    for name, value in typed.items():
        page.cell(row=5, column=heads[name], value=value)
    book.save(path)
    last = ledger_from_excel(path).events.iloc[-1]
    assert last[["event_id", "status", "date", "precision", "recorded_on", "note"]].tolist() == [
        "17", "in_progress", "2022-05-01", "day", "2022-05-02", "14:30:00",
    ]  # fmt: skip


@settings(max_examples=8, deadline=None)
@given(st.text(max_size=30), st.text(alphabet="=+-@'\t\r\n\"_x0D,;1", max_size=12))
def test_any_text_survives_csv_and_excel(tmp_path_factory: Any, one: str, two: str) -> None:
    folder = tmp_path_factory.mktemp("any")
    made = ledger(("R1", "noted", "2022", {"note": one}), ("R2", "noted", "2022", {"note": two}))
    write_ledger(made, folder)
    same(read_ledger(folder), made)
    grown = read_ledger(folder).append({"rec_id": "R3", "date": "2022", "status": "noted",
                                        "note": one + two})  # fmt: skip
    same(read_ledger(folder), grown)
    try:
        path = ledger_to_excel(grown, folder / "x.xlsx")
    except DataError as error:
        assert "control characters" in str(error)  # noqa: PT017
    else:
        same(ledger_from_excel(path), grown)


def test_workbooks_that_are_no_ledger(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"must end in \.xlsx"):
        ledger_to_excel(full(), tmp_path / "a.xls")
    openpyxl.Workbook().save(tmp_path / "b.xlsx")
    with pytest.raises(DataError, match="no sheet 'recommendations'"):
        ledger_from_excel(tmp_path / "b.xlsx")


def test_reading_needs_no_heavy_imports(tmp_path: Path) -> None:
    write_ledger(full(), tmp_path)
    code = (
        "import sys; from dmpkit.impact.storage import read_ledger; "
        f"read_ledger({str(tmp_path)!r}); "
        "heavy = ('matplotlib.pyplot', 'openpyxl', 'statsmodels.api'); "
        "print([m for m in heavy if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_quotation_mark_left_open_hides_no_events(tmp_path: Path) -> None:
    """One mark typed by hand: the lines after it are not torn, and stay where they are."""
    write_ledger(full(), tmp_path)
    path = tmp_path / "events.csv"
    head = path.read_text(encoding="utf-8").splitlines()[0].split(",")
    rows = [{"event_id": f"E{k}", "rec_id": "R1", "status": "accepted", "date": "2021-12-16",
             "recorded_on": "2022-01-01"} for k in range(4)]  # fmt: skip
    rows[1]["note"] = 'the 5" rule'
    lines = [head, *([row.get(name, "") for name in head] for row in rows)]
    text = "".join(",".join(line) + "\n" for line in lines)
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match="never closed") as caught:
        read_ledger(tmp_path)
    assert caught.value.row == 3
    assert path.read_text(encoding="utf-8") == text
    assert not (tmp_path / storage.TORN).exists()


def test_events_that_vanished_from_the_folder_are_missed(tmp_path: Path) -> None:
    old = write_ledger(full(), tmp_path)
    (tmp_path / "events.csv").unlink()
    event = {"rec_id": "R3", "status": "accepted", "date": "2022-01-01"}
    with pytest.raises(DataError, match="does not hold 3"):
        old.append(event)
    assert not (tmp_path / "events.csv").exists()
    assert len(read_ledger(tmp_path).append(event).events) == 1


def test_what_may_not_be_written_is_said(tmp_path: Path, monkeypatch: Any) -> None:
    old = write_ledger(full(), tmp_path)
    event = {"rec_id": "R3", "status": "accepted", "date": "2022-01-01"}

    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patched:
        patched.setattr(portalocker.Lock, "acquire", refuse)
        with pytest.raises(DataError, match="cannot be written to"):
            old.append(event)
        with pytest.raises(DataError, match="cannot be written to"):
            write_ledger(old, tmp_path)
    real = Path.open

    def no_append(self: Path, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        if self.name == "events.csv" and "a" in mode:
            refuse()
        return real(self, mode, *args, **kwargs)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "open", no_append)
        with pytest.raises(DataError, match="write permission"):
            old.append(event)
    with pytest.raises(DataError, match="half a character"):
        old.append({**event, "note": "a\ud800b"})
    with pytest.raises(DataError, match="no ledger"):
        write_ledger(None, tmp_path)  # type: ignore[arg-type]
    assert len(read_ledger(tmp_path).events) == 3


def test_an_events_file_that_is_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "recommendations.csv").write_text("rec_id,counting_unit\nR1,recommendation\n")
    (tmp_path / "events.csv").mkdir()
    with pytest.raises(DataError, match="cannot be read"):
        read_ledger(tmp_path)


def test_a_layer_that_the_file_leaves_out_follows_from_the_status(tmp_path: Path) -> None:
    (tmp_path / "recommendations.csv").write_text("rec_id,counting_unit\nR1,recommendation\n")
    (tmp_path / "events.csv").write_text(
        "event_id,rec_id,status,date,precision,recorded_on\n", encoding="utf-8"
    )
    read_ledger(tmp_path).append({"rec_id": "R1", "status": "accepted", "date": "2022-01-01"})
    assert read_ledger(tmp_path).events["layer"].tolist() == ["response"]


def test_names_of_new_files_are_forced_to_disk(tmp_path: Path, monkeypatch: Any) -> None:
    forced = []
    for where in ("impact.storage", "writing"):
        monkeypatch.setattr(
            f"dmpkit.{where}.keep_names", lambda folder: forced.append(Path(folder))
        )
    write_ledger(full(), tmp_path / "new")
    assert {tmp_path / "new", tmp_path} <= set(forced)
