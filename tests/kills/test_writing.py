"""What an earlier run left is finished, removed or left alone, and told of."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dmpkit import writing
from dmpkit.errors import DataError, LeftoverWarning
from dmpkit.writing import (
    atomic_write,
    new_folder,
    replace_folder,
    sweep,
    unfinished_folder,
    write_together,
)


@pytest.fixture(scope="module")
def gone() -> int:
    """The number of a process that is no more."""
    with subprocess.Popen([sys.executable, "-c", ""]) as done:
        pass
    return done.pid


def left(place: Path, kind: str, pid: int, name: str = "out", where: int | None = None) -> Path:
    """A hidden path as a process leaves it."""
    here = writing._place() if where is None else where
    return place / f".{name}.{here:08x}-{pid}-{'0' * 12}.{kind}"


def names(place: Path) -> list[str]:
    return sorted(path.relative_to(place).as_posix() for path in place.rglob("*"))


@pytest.mark.parametrize("kind", ["tmp", "new", "work"])
def test_what_a_process_that_is_gone_left_is_removed(tmp_path: Path, gone: int, kind: str) -> None:
    path = left(tmp_path, kind, gone)
    if kind == "tmp":
        path.write_text("half", encoding="utf-8")
    else:
        (path / "deep").mkdir(parents=True)
    (tmp_path / "out").write_text("old", encoding="utf-8")
    with pytest.warns(LeftoverWarning, match=r"out: .*earlier run.*removed"):
        sweep(tmp_path)
    assert names(tmp_path) == ["out"]
    sweep(tmp_path)  # and nothing is said of what is not there


def test_what_a_process_at_work_holds_stays(tmp_path: Path, gone: int) -> None:
    theirs = left(tmp_path, "tmp", os.getppid())
    theirs.write_text("half", encoding="utf-8")
    elsewhere = left(tmp_path, "tmp", gone, where=1)  # another computer's, from just now
    elsewhere.write_text("half", encoding="utf-8")
    with atomic_write(tmp_path / "a") as one, atomic_write(tmp_path / "b") as two:
        one.write_text("1", encoding="utf-8")
        two.write_text("2", encoding="utf-8")  # the second does not sweep the first away
        sweep(tmp_path)
    assert names(tmp_path) == sorted([theirs.name, elsewhere.name, "a", "b"])


def test_what_another_computer_left_is_removed_after_a_day(tmp_path: Path) -> None:
    path = left(tmp_path, "tmp", 1, where=1)
    path.write_text("half", encoding="utf-8")
    day_ago = time.time() - writing.LONG - 1
    os.utime(path, (day_ago, day_ago))
    with pytest.warns(LeftoverWarning):
        sweep(tmp_path)
    assert names(tmp_path) == []


def test_a_number_that_another_process_has_now_does_not_keep_it(tmp_path: Path) -> None:
    path = left(tmp_path, "tmp", os.getppid())
    path.write_text("half", encoding="utf-8")
    os.utime(path, (1, 1))  # long before that process began
    with pytest.warns(LeftoverWarning):
        sweep(tmp_path)
    assert names(tmp_path) == []


def test_names_that_only_look_alike_stay(tmp_path: Path) -> None:
    for name in (".out.tmp", ".out.1-2-3.tmp", "out.00000000-1-000000000000.tmp", ".git"):
        (tmp_path / name).write_text("mine", encoding="utf-8")
    before = names(tmp_path)
    sweep(tmp_path)
    assert names(tmp_path) == before


def ended(
    place: Path, gone: int, monkeypatch: pytest.MonkeyPatch, after: int, **how: object
) -> None:
    """Write two files together and stop, as a kill would, after some moves."""
    moves = 0
    move = writing._move

    class Killed(BaseException):
        pass

    def counted(*arguments: object) -> list[str]:
        nonlocal moves
        if moves == after:
            raise Killed
        moves += 1
        return move(*arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(writing, "_move", counted)
        patch.setattr(writing.os, "getpid", lambda: gone)
        with pytest.raises(Killed), write_together(place, **how) as made:  # type: ignore[arg-type]  # noqa: PT012
            (made / "a").write_text("new", encoding="utf-8")
            (made / "sub").mkdir()
            (made / "sub" / "b").write_text("new", encoding="utf-8")


@pytest.mark.parametrize("after", [0, 1])
def test_files_that_were_decided_are_put_in_place_by_the_next(
    tmp_path: Path, gone: int, monkeypatch, after: int
) -> None:
    (tmp_path / "sub").mkdir()
    for name in ("a", "sub/b", "sub/c"):
        (tmp_path / name).write_text("old", encoding="utf-8")
    ended(tmp_path, gone, monkeypatch, after, owned=["sub"])
    assert (tmp_path / "sub" / "b").read_text(encoding="utf-8") == "old"
    with pytest.warns(LeftoverWarning, match="put finished files in place; that was done now"):
        sweep(tmp_path)
    assert names(tmp_path) == ["a", "sub", "sub/b"]  # what the folder held beside them is gone
    assert {(tmp_path / n).read_text(encoding="utf-8") for n in ("a", "sub/b")} == {"new"}


def test_ctrl_c_waits_until_what_was_decided_is_done(tmp_path: Path, monkeypatch) -> None:
    move = writing._move

    def stopped(*arguments: object) -> list[str]:
        monkeypatch.undo()
        raise KeyboardInterrupt

    monkeypatch.setattr(writing, "_move", stopped)
    with pytest.raises(KeyboardInterrupt), write_together(tmp_path) as made:
        (made / "a").write_text("new", encoding="utf-8")
    assert writing._move is move
    assert names(tmp_path) == ["a"]


def test_what_was_written_since_is_newer_and_stays(tmp_path: Path, gone: int, monkeypatch) -> None:
    ended(tmp_path, gone, monkeypatch, 0)
    (tmp_path / "a").write_text("newer", encoding="utf-8")
    later = time.time() + 10
    os.utime(tmp_path / "a", (later, later))
    with pytest.warns(LeftoverWarning, match="a had been written since and stayed"):
        sweep(tmp_path)
    assert (tmp_path / "a").read_text(encoding="utf-8") == "newer"
    assert names(tmp_path) == ["a", "sub", "sub/b"]


def test_nothing_is_overwritten_where_that_was_asked(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("mine", encoding="utf-8")
    with (
        pytest.raises(DataError, match="a is there already"),
        write_together(tmp_path, exclusive=True) as made,
    ):
        (made / "a").write_text("new", encoding="utf-8")
    assert (tmp_path / "a").read_text(encoding="utf-8") == "mine"


def test_an_error_while_writing_leaves_nothing(tmp_path: Path) -> None:
    for write in (write_together, lambda place: new_folder(place / "new")):
        with pytest.raises(ZeroDivisionError), write(tmp_path) as made:  # noqa: PT012
            (made / "a").write_text("new", encoding="utf-8")
            1 / 0  # noqa: B018
    with pytest.raises(DataError, match="does not exist"), write_together(tmp_path / "no"):
        pass
    (tmp_path / "folder").mkdir()
    with pytest.raises(DataError, match="a folder, not a file"), write_together(tmp_path) as made:
        (made / "folder").write_text("new", encoding="utf-8")
    assert names(tmp_path) == ["folder"]


def test_the_old_folder_comes_back_where_folders_do_not_change_names_in_one_step(
    tmp_path: Path, gone: int
) -> None:
    aside = left(tmp_path, "old", gone)
    (aside / "out").mkdir(parents=True)
    (aside / "out" / "a").write_text("old", encoding="utf-8")
    with pytest.warns(LeftoverWarning, match="the old one is back"):
        sweep(tmp_path)
    assert names(tmp_path) == ["out", "out/a"]


def test_a_folder_that_is_replaced_is_there_at_every_moment(tmp_path: Path) -> None:
    if sys.platform not in ("linux", "darwin"):
        pytest.skip("names change in one step on Linux and macOS")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a").write_text("0", encoding="utf-8")
    watch = "\n".join([
        "import os, sys, time", "end = time.monotonic() + 1.5", "n = 0",
        "while time.monotonic() < end:", "    os.stat(sys.argv[1]); n += 1", "print(n)",
    ])  # fmt: skip
    with subprocess.Popen(
        [sys.executable, "-c", watch, str(tmp_path / "out" / "a")],
        stdout=subprocess.PIPE,
        text=True,
    ) as watching:
        times = 0
        while watching.poll() is None:
            times += 1
            with unfinished_folder(tmp_path / "out") as made:
                (made / "a").write_text(str(times), encoding="utf-8")
                replace_folder(made, tmp_path / "out")
        seen = int(watching.communicate()[0])
    assert watching.returncode == 0
    assert times >= 5
    assert seen >= 100
    assert names(tmp_path) == ["out", "out/a"]


def test_one_process_at_a_time_and_a_dead_one_holds_no_lock(tmp_path: Path) -> None:
    hold = (
        "import sys, time\nfrom dmpkit.writing import locked\n"
        "with locked(sys.argv[1]):\n    print('held', flush=True)\n    time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with (
            pytest.raises(DataError, match=r"held this folder"),
            writing.locked(tmp_path, timeout=0.2),
        ):
            pass
        other.kill()
        other.wait()
        with writing.locked(tmp_path, timeout=5):
            pass


def test_what_is_left_is_told_of_where_nothing_is_overwritten(tmp_path: Path, gone: int) -> None:
    from dmpkit.workbench.deposit import deposit
    from dmpkit.workbench.evaluation_folder import empty_folder

    pytest.importorskip("rocrate")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine", encoding="utf-8")
    for refuse in (
        lambda: empty_folder(tmp_path / "out"),
        lambda: deposit("lipset-1963", tmp_path / "out"),
    ):
        left(tmp_path, "new", gone).mkdir()
        with (
            pytest.warns(LeftoverWarning, match="earlier run"),
            pytest.raises(DataError, match="is there already"),
        ):
            refuse()
        assert names(tmp_path) == ["out", "out/mine.txt"]
