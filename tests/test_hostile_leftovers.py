"""A folder from a stranger may hold what looks like the leavings of a run: it does no harm."""

from __future__ import annotations

import json
import os
import warnings

import pytest

from dmpkit.writing import LeftoverWarning, sweep

NAME = ".x.00000000-1-0123456789ab."
OLD = 1_700_000_000


def left(folder, plan, kind="ready", files=("a.txt",)):
    """What waits in a hidden folder, with a plan, made long ago elsewhere."""
    ready = folder / f"{NAME}{kind}"
    ready.mkdir(parents=True)
    for name in files:
        (ready / name).write_text("new")
    text = plan if isinstance(plan, str) else json.dumps(plan)
    (ready / ".dmpkit-plan.json").write_text(text)
    os.utime(ready, (OLD, OLD))
    return ready


@pytest.fixture
def precious(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    (home / "thesis.txt").write_text("years of work")
    return home / "thesis.txt"


def plans(home):
    sound = {"owned": [], "exclusive": False, "files": ["a.txt"]}
    return [
        {**sound, "owned": ["../home"]},
        {**sound, "owned": [str(home)]},
        {**sound, "owned": ["link"]},
        {**sound, "files": ["../home/thesis.txt"]},
        {**sound, "owned": "../home"},
        {**sound, "owned": [1]},
        {**sound, "owned": ["."]},
        {**sound, "owned": ["a\0b"]},
        {"owned": []},
        [],
        "{",
        "[" * 100_000,
    ]


@pytest.mark.parametrize("n", range(12))
def test_a_plan_that_leads_out_of_its_folder_is_left_alone(tmp_path, precious, n):
    folder = tmp_path / "from-a-stranger"
    ready = left(folder, plans(precious.parent)[n])
    (folder / "link").symlink_to(precious.parent)
    with pytest.warns(LeftoverWarning, match="left alone"):
        sweep(folder)
    assert precious.read_text() == "years of work"
    assert (ready / "a.txt").read_text() == "new"
    assert not (folder / "a.txt").exists()


@pytest.mark.parametrize("kind", ["ready", "old", "new", "tmp", "work"])
def test_a_link_instead_of_a_leaving_is_not_followed(tmp_path, precious, kind):
    folder = tmp_path / "from-a-stranger"
    folder.mkdir()
    (precious.parent / ".dmpkit-plan.json").write_text(
        json.dumps({"owned": [], "exclusive": False, "files": ["thesis.txt"]})
    )
    (folder / f"{NAME}{kind}").symlink_to(precious.parent)
    os.utime(folder / f"{NAME}{kind}", (OLD, OLD), follow_symlinks=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sweep(folder)
    assert precious.read_text() == "years of work"


def test_a_link_among_what_waits_is_not_followed(tmp_path, precious):
    folder = tmp_path / "from-a-stranger"
    ready = left(folder, {"owned": [], "exclusive": False, "files": ["a.txt"]})
    (folder / "sub").mkdir()
    (ready / "sub").symlink_to(precious.parent)
    os.utime(ready, (OLD, OLD))
    with pytest.warns(LeftoverWarning, match="left alone"):
        sweep(folder)
    assert precious.exists()


def test_a_sound_plan_is_still_carried_out(tmp_path):
    left(tmp_path / "own", {"owned": [], "exclusive": False, "files": ["a.txt"]})
    with pytest.warns(LeftoverWarning, match="done now"):
        sweep(tmp_path / "own")
    assert (tmp_path / "own" / "a.txt").read_text() == "new"


def test_a_name_with_braces_and_a_number_that_no_process_has(tmp_path):
    folder = tmp_path / "own"
    ready = left(folder, {"owned": [], "exclusive": False, "files": ["{x}"]}, files=["{x}"])
    (folder / "{x}").write_text("newer")
    os.utime(ready / ".dmpkit-plan.json", (OLD, OLD))
    ready.rename(folder / f".y.00000000-{'9' * 60}-0123456789ab.ready")
    with pytest.warns(LeftoverWarning, match=r"\{x\}"):
        sweep(folder)
