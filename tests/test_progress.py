"""What takes longer than a second says how far it is; what is quick says nothing."""

from __future__ import annotations

import pytest

import dmpkit.coding as cd
import dmpkit.evaluation as ev
import dmpkit.representativeness as rep
from dmpkit import datasets, reporting

from .coding.invented import scattered
from .test_readme import own_panel


@pytest.fixture
def at_once(monkeypatch):
    """Bars without their delay, as of a run that takes long."""
    import tqdm.auto

    class Bar(tqdm.auto.tqdm):
        def __init__(self, *args, **how):
            super().__init__(*args, **{**how, "delay": 0, "mininterval": 0})

    monkeypatch.setattr(tqdm.auto, "tqdm", Bar)


def test_drawing_a_report_counts_its_pictures(at_once, tmp_path, capsys):
    own_panel(tmp_path)
    found = rep.analyse(rep.read_panel("participants.csv"), rep.read_population("population.csv"))
    page = found.report(tmp_path / "r.html").read_text(encoding="utf-8")
    said = capsys.readouterr().err
    assert "drawing the report" in said
    assert f"{page.count('<figure')} pictures" in said


def test_an_evaluation_names_the_part_that_is_computed(at_once, capsys):
    ev.analyse(datasets.studies_path("evaluate-a-minipublic"), n_permutations=99, n_resamples=50)
    said = capsys.readouterr().err
    for part in ("talk", "profile"):
        assert part in said


def test_agreement_counts_codes(at_once, capsys):
    cd.agreement(scattered(200, 1), unit="segment", coders=["ada", "bo"])
    assert "6/6" in capsys.readouterr().err


def test_what_is_quick_shows_no_bar(tmp_path, capsys):
    with reporting.drawing():
        pass
    cd.agreement(scattered(50, 1), unit="segment")
    assert capsys.readouterr().err == ""
