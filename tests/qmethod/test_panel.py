"""The rotation panel, driven from Python: what its widgets do without a front end."""

from __future__ import annotations

import importlib
import time
import warnings
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest
from made_up import analysis, hand_flagged, sorts

import dmpkit.qmethod as qm
from dmpkit.errors import DataError, DmpkitWarning, MissingDependency, ReplayWarning
from dmpkit.qmethod.panel_views import loadings_html, picture, steps_html

HOSTILE = "<script>alert('x')</script>\"&"


@pytest.fixture
def panel() -> qm.RotationPanel:
    pytest.importorskip("ipywidgets")
    return qm.rotate_by_hand(sorts(30, 12, 3), 3)


class Cells(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_data(self, data):
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data


def shown(panel: qm.RotationPanel) -> tuple[np.ndarray, np.ndarray]:
    """Loadings and flags as the panel's table shows them."""
    rows = Cells(panel._table.value).rows[1:-1]
    cells = [[cell.strip() for cell in row[1:]] for row in rows]
    numbers = [[float(c.removesuffix("✓").replace("−", "-")) for c in row] for row in cells]
    return np.array(numbers), np.array([[c.endswith("✓") for c in row] for row in cells])


def result(panel: qm.RotationPanel) -> qm.QAnalysis:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DmpkitWarning)
        return panel.analysis


def check(panel: qm.RotationPanel) -> None:
    """What is shown is what an analysis with the log gives."""
    loadings, flags = shown(panel)
    np.testing.assert_allclose(loadings, result(panel).loading_array, atol=0.00501)
    np.testing.assert_array_equal(flags, result(panel).flag_array)
    ElementTree.fromstring(panel._picture.value.partition("</svg>")[0] + "</svg>")


def steps(panel: qm.RotationPanel) -> list[object]:
    return list(panel.log.steps)


def test_it_starts_with_the_base_rotation(panel):
    assert steps(panel) == []
    np.testing.assert_array_equal(
        result(panel).loading_array, analysis(30, 12, 3, texts=False).loading_array
    )
    check(panel)


def test_the_slider_turns_and_loadings_and_flags_follow(panel):
    before, _ = shown(panel)
    panel.degrees.value = 31.5
    assert steps(panel) == [qm.Rotate("f1", "f2", 31.5)]
    assert "being tried" in panel._steps.value
    assert not np.allclose(shown(panel)[0], before)
    check(panel)
    panel.degrees.value = -10
    assert steps(panel) == [qm.Rotate("f1", "f2", -10)]  # one turn, not two
    check(panel)


def test_keeping_and_undoing(panel):
    panel.degrees.value = 20
    panel.keep.click()
    assert panel.degrees.value == 0
    assert steps(panel) == [qm.Rotate("f1", "f2", 20)]
    panel.degrees.value = 5
    panel.take_back.click()  # the turn that is being tried
    assert steps(panel) == [qm.Rotate("f1", "f2", 20)]
    assert panel.degrees.value == 0
    panel.take_back.click()
    assert steps(panel) == []
    panel.undo()  # nothing left: nothing happens
    assert steps(panel) == []
    check(panel)


def test_other_factors_keep_the_turn_of_the_plane_that_is_left(panel):
    panel.degrees.value = 20
    panel.right.value = "f3"
    assert steps(panel) == [qm.Rotate("f1", "f2", 20)]
    panel.degrees.value = -7
    assert steps(panel) == [qm.Rotate("f1", "f2", 20), qm.Rotate("f3", "f2", -7)]
    check(panel)


def test_choosing_the_same_factor_twice_swaps_them(panel):
    panel.right.value = "f2"
    assert (panel.right.value, panel.up.value) == ("f2", "f1")
    panel.degrees.value = 4
    assert steps(panel) == [qm.Rotate("f2", "f1", 4)]
    panel.up.value = "f2"
    assert (panel.right.value, panel.up.value) == ("f1", "f2")
    assert steps(panel) == [qm.Rotate("f2", "f1", 4)]


def test_inverting_splitting_and_starting_again(panel):
    panel.degrees.value = 15
    panel.invert_up.click()
    panel.split_right.click()
    assert steps(panel) == [qm.Rotate("f1", "f2", 15), qm.Invert("f2"), qm.Split("f1")]
    assert Cells(panel._table.value).rows[0] == ["sort", "f1+", "f1-", "f2", "f3"]
    check(panel)
    # a split comes last: what can no longer be done is switched off
    assert panel.degrees.disabled
    assert panel.invert_right.disabled
    assert panel.split_right.disabled
    assert not panel.split_up.disabled
    with pytest.raises(DataError, match="after a split"):
        panel.rotate("f1", "f2", 3)
    assert len(steps(panel)) == 3
    panel.take_back.click()
    assert not panel.degrees.disabled
    panel.start_again.click()
    assert steps(panel) == []
    assert panel.start_again.disabled
    check(panel)


def test_the_same_from_code(panel):
    panel.rotate("f2", "f3", 12)
    panel.invert("f1")
    panel.split("f2")
    assert steps(panel) == [qm.Rotate("f2", "f3", 12), qm.Invert("f1"), qm.Split("f2")]
    check(panel)
    panel.undo()
    with pytest.raises(DataError, match="names f4"):
        panel.invert("f4")
    assert steps(panel) == [qm.Rotate("f2", "f3", 12), qm.Invert("f1")]
    panel.reset()
    assert steps(panel) == []


def test_saving_and_going_on_from_what_was_saved(panel, tmp_path):
    panel.degrees.value = 22
    panel.file.value = str(tmp_path / "log.json")
    panel.save_log.click()
    assert "Saved 1 step" in panel.message.value
    log = qm.RotationLog.load(tmp_path / "log.json")
    assert log == panel.log
    assert log.start  # it knows what it was made on
    again = qm.rotate_by_hand(sorts(30, 12, 3), 3, log=log)
    assert again.log == log
    again.degrees.value = 3
    assert len(again.log.steps) == 2
    with pytest.warns(ReplayWarning):
        qm.rotate_by_hand(sorts(30, 15, 3), 3, log=log)


def test_what_goes_wrong_is_said_in_the_panel(panel, tmp_path):
    panel.file.value = str(tmp_path / "nowhere" / "<log>.json")
    panel.save_log.click()
    assert 'role="alert"' in panel.message.value
    assert "<log>" not in panel.message.value
    panel.keep.click()
    assert panel.message.value == ""


def test_an_analysis_brings_its_choices():
    pytest.importorskip("ipywidgets")
    rule = qm.FlagRule(0.01)
    log = qm.RotationLog("quartimax").rotate("f1", "f2", 10)
    base = analysis(30, 12, 3, extraction="centroid", rotation=log, flags=rule, profile="kade")
    panel = qm.rotate_by_hand(base)
    assert panel.log.steps == log.steps
    np.testing.assert_allclose(result(panel).loading_array, base.loading_array, atol=1e-12)
    np.testing.assert_array_equal(result(panel).flag_array, base.flag_array)
    check(panel)
    split = analysis(30, 12, 3, rotation=qm.RotationLog().split("f2"))
    assert qm.rotate_by_hand(split).log.steps == (qm.Split("f2"),)


def test_what_it_refuses(monkeypatch):
    pytest.importorskip("ipywidgets")
    data = sorts(30, 12, 3)
    with pytest.raises(DataError, match="how many factors"):
        qm.rotate_by_hand(data)
    with pytest.raises(DataError, match="takes two factors"):
        qm.rotate_by_hand(data, 1)
    with pytest.raises(DataError, match="brings its own number"):
        qm.rotate_by_hand(analysis(30, 12, 3), 3)
    with pytest.raises(DataError, match="cannot start from 'oblimin'"):
        qm.rotate_by_hand(analysis(30, 12, 3, rotation="oblimin"))
    by_hand = hand_flagged(np.eye(6, 2, dtype=bool))
    with pytest.raises(DataError, match="flags given by hand cannot follow"):
        qm.rotate_by_hand(by_hand)
    assert qm.rotate_by_hand(by_hand, flags=qm.FlagRule()).log.steps == ()


def test_without_ipywidgets(monkeypatch):
    def missing(name: str) -> object:
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(MissingDependency, match=r'-e "\.\[lab\]"'):
        qm.rotate_by_hand(sorts(30, 12, 3), 3)


def test_where_no_widget_can_be_shown_the_steps_are(panel):
    panel.rotate("f1", "f2", 12)
    found = panel._repr_mimebundle_()
    bundle = found[0] if isinstance(found, tuple) else found
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert "12 degrees clockwise" in bundle["text/html"]
    assert bundle["text/plain"].startswith("RotationPanel: 3 factors of 12 sorts")


def test_names_of_sorts_are_only_text():
    pytest.importorskip("ipywidgets")
    data = sorts(30, 12, 2)
    data = qm.QSorts(data.values, sorts=[HOSTILE, *data.sorts[1:]])
    panel = qm.rotate_by_hand(data, 2)
    panel.degrees.value = 5
    for html in (panel._picture.value, panel._table.value, panel._steps.value):
        assert "<script" not in html
    assert "&lt;script&gt;" in panel._picture.value
    assert "&lt;script&gt;" in panel._table.value
    check(panel)


@pytest.mark.parametrize("p", [1, 60, 200])
def test_a_picture_of_any_number_of_sorts(p):
    rng = np.random.default_rng(p)
    points = rng.uniform(-1.2, 1.2, size=(p, 2))
    kinds = list(rng.choice(["x", "y", "both", "other", "none"], size=p))
    svg = picture(points, [f"S{i}" for i in range(p)], kinds, ("f1", "f2"), 0.34, -30)
    root = ElementTree.fromstring(svg)
    titles = [e.text for e in root.iter("{http://www.w3.org/2000/svg}title")]
    assert len(titles) == p
    assert titles[0] == f"S0: f1 {points[0, 0]:.2f}, f2 {points[0, 1]:.2f}"
    assert root.attrib["aria-label"].startswith(f"{p} sorts on f1")
    for text in root.iter("{http://www.w3.org/2000/svg}text"):
        assert -5 <= float(text.attrib["x"]) <= 525
        assert -5 <= float(text.attrib["y"]) <= 530


def test_it_follows_a_slider():
    """A move of 60 sorts takes less than 150 ms of CPU time, by the fastest of five."""
    pytest.importorskip("ipywidgets")
    panel = qm.rotate_by_hand(sorts(30, 60, 4), 4)
    taken = []
    for angle in range(1, 6):
        start = time.process_time()
        panel.degrees.value = angle
        taken.append(time.process_time() - start)
    assert min(taken) < 0.15


def test_parts_of_the_page_without_data():
    assert "No steps yet" in steps_html(qm.RotationLog("none"), pending=False)
    html = loadings_html(["a"], ["f1"], np.array([[-0.5]]), np.array([[False]]))
    assert "−0.50" in html
    assert "✓</th>" in html
