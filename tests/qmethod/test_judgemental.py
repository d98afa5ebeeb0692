"""Rotation by hand: the sums, replay, splits, and logs that must not be read."""

from __future__ import annotations

import json
import math
import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from made_up import analysis, sorts

import dmpkit.qmethod as qm
from dmpkit.errors import (
    BipolarFactorWarning,
    DataError,
    DmpkitWarning,
    ReplayWarning,
    UnflaggedFactorWarning,
)
from dmpkit.qmethod.rotation import turn

LOG = qm.RotationLog("varimax", [("rotate", "f1", "f2", 20), ("invert", "f2")])


def analysed(log: qm.RotationLog | str, data: qm.QSorts | None = None, k: int = 2, **how):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DmpkitWarning)
        return qm.analyse(bipolar() if data is None else data, k, rotation=log, **how)


def bipolar() -> qm.QSorts:
    """Twelve sorts; the last three hold the opposite of the first view of two."""
    made = sorts(30, 12, 2, texts=False)
    values = made.values.copy()
    values[:, 9:] = -values[:, :6:2]
    # a grid that is not symmetric is broken by a reversal; that is not the point here
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DmpkitWarning)
        return qm.QSorts(values, sorts=made.sorts)


# -- angles


@pytest.mark.parametrize("degrees", [12.5, -33.0, 90.0, 180.0, 270.0, 725.0])
def test_an_angle_does_the_sum_of_the_docstring(degrees):
    """KADE's clockwise button: A cos + B sin, B cos - A sin."""
    a = np.random.default_rng(1).normal(size=(6, 3))
    found = qm.RotationLog("none").rotate("f1", "f3", degrees).apply(a).loadings
    d = math.radians(degrees)
    np.testing.assert_allclose(found[:, 0], a[:, 0] * math.cos(d) + a[:, 2] * math.sin(d))
    np.testing.assert_allclose(found[:, 2], a[:, 2] * math.cos(d) - a[:, 0] * math.sin(d))
    np.testing.assert_array_equal(found[:, 1], a[:, 1])


def test_a_positive_angle_turns_the_sorts_clockwise():
    """A sort on the axis to the right goes below it."""
    (found,) = qm.RotationLog("none").rotate("f1", "f2", 30).apply([[1.0, 0.0]]).loadings
    assert found == pytest.approx([math.sqrt(3) / 2, -0.5])


def test_right_angles_are_exact():
    found = qm.RotationLog("none").rotate("f1", "f2", -90).apply([[0.3, 0.7]]).loadings
    assert found.tolist() == [[-0.7, 0.3]]


def test_the_factors_named_the_other_way_turn_against_it():
    a = np.random.default_rng(2).normal(size=(5, 2))
    there = qm.RotationLog("none").rotate("f1", "f2", 17)
    np.testing.assert_allclose(
        there.apply(a).loadings, there.undo().rotate("f2", "f1", -17).apply(a).loadings
    )
    back = there.rotate("f2", "f1", 17)
    np.testing.assert_allclose(back.apply(a).loadings, a, atol=1e-15)


def test_steps_keep_communalities_and_follow_on_each_other():
    result = analysed(qm.RotationLog("varimax", [*LOG.steps, ("rotate", "f2", "f3", -8)]), k=3)
    base = analysed("varimax", k=3)
    np.testing.assert_allclose(
        (result.loading_array**2).sum(axis=1), base.extra["communalities"], atol=1e-12
    )
    np.testing.assert_allclose(result.extra["communalities"], base.extra["communalities"])
    np.testing.assert_allclose(
        result.unrotated_array @ result.rotation_matrix, result.loading_array, atol=1e-12
    )
    np.testing.assert_array_equal(result.phi_array, np.eye(3))
    total = result.characteristics["explained_variance"].sum()
    assert total == pytest.approx(base.characteristics["explained_variance"].sum())


def test_a_rotation_by_hand_can_reach_varimax():
    """Two factors differ by one angle: found from the rotation matrix, it gives varimax."""
    data = sorts(30, 12, 2)
    varimax, none = analysed("varimax", data), analysed("none", data)
    matrix, *_ = np.linalg.lstsq(none.loading_array, varimax.loading_array, rcond=None)
    log = qm.RotationLog("none")
    if np.linalg.det(matrix) < 0:  # the order by size swapped or reflected the factors
        log, matrix = log.invert("f2"), np.diag([1, -1]) @ matrix
    log = log.rotate("f1", "f2", math.degrees(math.atan2(matrix[1, 0], matrix[0, 0])))
    by_hand = analysed(log, data)
    np.testing.assert_allclose(by_hand.loading_array, varimax.loading_array, atol=1e-9)
    np.testing.assert_array_equal(by_hand.flag_array, varimax.flag_array)
    np.testing.assert_allclose(by_hand.z_array, varimax.z_array, atol=1e-9)


@pytest.mark.parametrize("profile", ["qmethod", "kade"])
@pytest.mark.parametrize("extraction", ["pca", "centroid"])
def test_replay_gives_what_analyse_gives(extraction, profile):
    result = analysed(LOG, extraction=extraction, profile=profile)
    replayed = LOG.replay(result.unrotated_array, extraction=extraction, profile=profile)
    np.testing.assert_array_equal(replayed.loadings, result.loading_array)
    base = turn(result.unrotated_array, "varimax", extraction, profile)
    np.testing.assert_array_equal(LOG.apply(base).loadings, result.loading_array)


def test_a_log_without_steps_is_its_base():
    plain, logged = analysed("varimax"), analysed(qm.RotationLog("varimax"))
    for name, table in plain.tables().items():
        pd.testing.assert_frame_equal(table, logged.tables()[name])
    assert logged.rotation == "varimax"


# -- inversion and split


def test_inversion_reverses_a_factor_and_nothing_else():
    base, turned = analysed("varimax"), analysed(qm.RotationLog().invert("f1"))
    np.testing.assert_array_equal(turned.loading_array, base.loading_array * [-1, 1])
    np.testing.assert_array_equal(turned.flag_array, base.flag_array)
    np.testing.assert_allclose(turned.z_array, base.z_array * [-1, 1], atol=1e-12)


def test_a_split_gives_each_end_a_factor_of_its_own():
    data = bipolar()
    with pytest.warns(BipolarFactorWarning, match=r"split it: RotationLog\(...\)"):
        whole = qm.analyse(data, 2)
    (j,) = np.flatnonzero((whole.flag_array & (whole.loading_array < 0)).any(axis=0))
    name = whole.factors[j]
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # no longer bipolar
        result = qm.analyse(data, 2, rotation=qm.RotationLog().split(name))
    plus, minus = result.factors.index(f"{name}+"), result.factors.index(f"{name}-")
    assert minus == plus + 1
    assert result.n_factors == 3
    assert result.loading_array.shape == (12, 3)
    assert result.unrotated_array.shape == (12, 2)
    assert result.rotation_matrix.shape == (2, 3)
    assert result.phi_array[plus, minus] == -1
    own = whole.loading_array[:, j]
    np.testing.assert_array_equal(result.loading_array[:, plus], own)
    np.testing.assert_array_equal(result.loading_array[:, minus], -own)
    np.testing.assert_array_equal(result.flag_array[:, plus], whole.flag_array[:, j] & (own > 0))
    np.testing.assert_array_equal(result.flag_array[:, minus], whole.flag_array[:, j] & (own < 0))
    np.testing.assert_array_equal(result.flag_array.any(axis=1), whole.flag_array.any(axis=1))
    # the other end's composite is made of its own sorts, as they were sorted
    people = result.flag_array[:, minus]
    weights = -own[people] / (1 - own[people] ** 2)
    total = data.values[:, people] @ weights
    expected = (total - total.mean()) / total.std(ddof=1)
    np.testing.assert_allclose(result.z_array[:, minus], expected, atol=1e-12)
    # what was explained stays explained, once
    for column in ("eigenvalue", "explained_variance"):
        split, before = result.characteristics[column], whole.characteristics[column]
        assert split.sum() == pytest.approx(before.sum())
        assert split[plus] + split[minus] == pytest.approx(before[j])
    np.testing.assert_array_equal(result.extra["communalities"], whole.extra["communalities"])


def test_after_a_split_every_table_and_view_names_the_halves():
    result = analysed(qm.RotationLog().split("f1"))
    names = ["f1+", "f1-", "f2"]
    assert list(result.factors) == names
    for table in ("loadings", "flags", "z_scores", "factor_arrays"):
        assert result.tables()[table].columns[1:].tolist() == names
    assert result.unrotated.columns.tolist() == ["sort", "f1", "f2"]
    assert set(result.differences["factor"]) | set(result.differences["other"]) == set(names)
    assert not any("f3" in label for label in result.statements_table["label"])
    assert len(result.distinguishing("f1-").columns) == 9
    assert result.crib_sheet("f1+")["part"].iloc[0] == "highest"
    for text in (result.summary(), result.methods_text(), result._repr_html_()):
        assert "f1-" in text
    assert "2 factors were extracted" in result.methods_text()
    assert "Loadings are pattern loadings" not in result.methods_text()
    assert result.plot_loadings().get_xlabel() == "loading on f1+"
    assert result.plot_loadings().get_ylabel() == "loading on f2"
    assert result.plot_composite("f1-").get_title(loc="left") == "Composite sort of f1-"


def test_the_only_factor_can_be_split():
    result = analysed(qm.RotationLog("none").split("f1"), k=1)
    assert result.factors == ("f1+", "f1-")
    assert result.phi_array.tolist() == [[1, -1], [-1, 1]]


def test_a_split_of_a_factor_that_is_not_bipolar_is_told():
    data = sorts(30, 12, 2)
    with pytest.warns(UnflaggedFactorWarning, match="f1- has no flagged sorts"):
        qm.analyse(data, 2, rotation=qm.RotationLog().split("f1"))


def test_flags_by_hand_are_given_for_the_factors_of_the_result():
    log = qm.RotationLog().split("f1")
    flags = np.zeros((12, 3), dtype=bool)
    flags[0, 0] = flags[9, 1] = flags[1, 2] = True
    assert analysed(log, flags=flags).flag_array.tolist() == flags.tolist()
    with pytest.raises(DataError, match=r"not \(12, 3\)"):
        analysed(log, flags=flags[:, :2])


def test_the_majority_rule_does_not_set_the_halves_against_each_other():
    log = qm.RotationLog("none").split("f1")
    a = log.apply([[0.7, 0.1], [-0.7, 0.1], [0.4, 0.6]]).loadings
    expected = [[True, False, False], [False, True, False], [False, False, True]]
    np.testing.assert_array_equal(log.flag(a, 2, 33), expected)


def test_sides_of_pictures_and_orders_follow_the_split():
    result = analysed(qm.RotationLog().split("f1"))
    assert (result.own_loadings[:, :2] >= 0).all()
    assert (np.minimum(result.own_loadings[:, 0], result.own_loadings[:, 1]) == 0).all()
    from dmpkit.qmethod.plots import sort_order

    _, home = sort_order(result)
    for i in np.flatnonzero(~result.flag_array.any(axis=1)):
        assert result.own_loadings[i, home[i]] == result.own_loadings[i].max() or home[i] == 2


# -- what a log refuses


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ([("rotate", "f1", "f1", 10)], "twice"),
        ([("rotate", "f1", "f2", float("nan"))], "not a number of degrees"),
        ([("rotate", "f1", "f2", "10")], "not a number of degrees"),
        ([("rotate", "f1", "f2", True)], "not a number of degrees"),
        ([("rotate", "f1", "f2")], "step 1 of the rotation log cannot be read"),
        ([("invert", "f0")], "'f0' is not the name"),
        ([("invert", "f1+")], "'f1\\+' is not the name"),
        ([("invert", 1)], "1 is not the name"),
        ([("turn", "f1")], "cannot be read"),
        (["invert"], "cannot be read"),
        ([{"action": "invert", "factor": "f1", "more": 1}], "cannot be read"),
        ([{"action": ["invert"], "factor": "f1"}], "cannot be read"),
        ([("split", "f1"), ("invert", "f1")], "step 2 of the rotation log comes after a split"),
        ([("split", "f1"), ("split", "f1")], "splits f1 a second time"),
        ("invert", "not a list"),
        (None, "not a list"),
    ],
)
def test_malformed_steps(steps, message):
    with pytest.raises(DataError, match=message):
        qm.RotationLog("varimax", steps)


@pytest.mark.parametrize("base", ["oblimin", "promax", "by hand", None])
def test_bases_that_are_not_offered(base):
    with pytest.raises(DataError, match="cannot start from"):
        qm.RotationLog(base)


def test_a_factor_that_there_is_not():
    with pytest.raises(DataError, match="step 1 of the rotation log names f3") as caught:
        qm.analyse(bipolar(), 2, rotation=qm.RotationLog().invert("f3"))
    assert "f1, f2" in str(caught.value)


def test_a_base_that_the_engine_does_not_offer():
    with pytest.raises(DataError, match="'geomin_ort' is not offered"):
        qm.analyse(bipolar(), 2, rotation=qm.RotationLog("geomin_ort"))


def test_correlated_factors_are_not_turned():
    oblique = qm.rotate_oblimin(analysed("none").unrotated_array)
    with pytest.raises(DataError, match="correlated factors"):
        LOG.apply(oblique)


def test_nothing_to_take_back():
    with pytest.raises(DataError, match="cannot be taken back"):
        LOG.undo(3)
    with pytest.raises(DataError, match="cannot be taken back"):
        LOG.undo(0)


def test_steps_made_on_other_loadings_give_a_warning():
    here, there = bipolar(), sorts(30, 15, 2)
    log = LOG.started_on(analysed("varimax", here).loading_array)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        log.replay(analysed("none", here).unrotated_array)
    with pytest.warns(ReplayWarning, match="made on other loadings"):
        log.replay(analysed("none", there).unrotated_array)
    with pytest.warns(ReplayWarning, match="made on other loadings"):
        log.replay(analysed("none", here, k=3).unrotated_array)


# -- as a file, as words


def test_a_log_survives_its_file(tmp_path):
    log = LOG.started_on([[0.8, 0.1], [0.2, 0.9]]).split("f2")
    path = log.save(tmp_path / "rotation.json")
    assert qm.RotationLog.load(path) == log
    assert json.loads(path.read_text())["steps"][0] == {
        "action": "rotate",
        "first": "f1",
        "second": "f2",
        "degrees": 20.0,
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "no JSON"),
        (b"\xff\xfe\x00", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b"[]", "lacks"),
        (b'{"steps": []}', "lacks"),
        (b'{"format": "dmpkit-rotation", "version": 2}', "version 2"),
        (b'{"format": "dmpkit-rotation", "version": 1, "basis": "none"}', "no 'basis'"),
        (b'{"format": "dmpkit-rotation", "version": 1, "base": 3}', "cannot start from 3"),
        (b'{"format": "dmpkit-rotation", "version": 1, "steps": 3}', "not a list"),
        (b'{"format": "dmpkit-rotation", "version": 1, "steps": [NaN]}', "cannot be read"),
        (b'{"format": "dmpkit-rotation", "version": 1, "start": ["a"]}', "start of a rotation"),
        (
            b'{"format": "dmpkit-rotation", "version": 1, "steps": [{"action": "rotate", '
            b'"first": "f1", "second": "f2", "degrees": Infinity}]}',
            "not a number of degrees",
        ),
    ],
)
def test_files_that_are_no_log(tmp_path, text, message):
    path = tmp_path / "rotation.json"
    path.write_bytes(text)
    with pytest.raises(DataError, match=message) as caught:
        qm.RotationLog.load(path)
    assert str(caught.value).startswith("rotation.json: ")


def test_files_that_are_not_there_or_too_large(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        qm.RotationLog.load(tmp_path / "none.json")
    (tmp_path / "big.json").write_bytes(b" " * 1_000_001)
    with pytest.raises(DataError, match="too large"):
        qm.RotationLog.load(tmp_path / "big.json")


def test_the_steps_stand_in_table_report_workbook_and_methods(tmp_path):
    import openpyxl

    result = analysed(LOG)
    assert result.rotation == "varimax, then by hand"
    assert LOG.table["text"].tolist() == [step.text for step in LOG.steps]
    assert LOG.table["degrees"].isna().tolist() == [False, True]
    page = result.report(tmp_path / "report.html").read_text(encoding="utf-8")
    for step in LOG.steps:
        assert step.text in result.methods_text()
        assert step.text in page
        assert step.text in LOG._repr_html_()
    book = openpyxl.load_workbook(result.to_excel(tmp_path / "a.xlsx"))
    assert [cell.value for cell in book["rotation_steps"]["F"]] == ["text", *LOG.table["text"]]
    assert (
        "rotation_steps"
        not in openpyxl.load_workbook(analysis(30, 12, 2).to_excel(tmp_path / "b.xlsx")).sheetnames
    )


def test_an_analysis_with_a_log_goes_to_a_worker_and_back():
    result = analysed(LOG.split("f1"))
    back = pickle.loads(pickle.dumps(result))
    assert back.rotation_log == result.rotation_log
    np.testing.assert_array_equal(back.z_array, result.z_array)
    assert back.factors == result.factors


def test_factor_analyzer_can_be_the_base():
    pytest.importorskip("factor_analyzer")
    data = sorts(30, 12, 2)
    base = analysed("varimax", data, engine="factor_analyzer", extraction="minres")
    result = analysed(LOG, data, engine="factor_analyzer", extraction="minres")
    np.testing.assert_allclose(
        result.loading_array, LOG.apply(base.loading_array).loadings, atol=1e-12
    )
