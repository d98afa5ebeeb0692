"""Pictures: what is drawn is what the tables say, and it can be read."""

from __future__ import annotations

import dataclasses
import itertools
import warnings

import matplotlib.pyplot as plt
import numpy as np
import pytest
from made_up import analysis, hand_flagged, sorts
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle
from matplotlib.text import Text

import dmpkit.qmethod as qm
from dmpkit import plotting
from dmpkit.errors import DataError, DmpkitWarning
from dmpkit.qmethod import plots

DRAWN = {
    "composite": lambda a, ax=None: plots.plot_composite(a, "f1", ax=ax),
    "z_scores": lambda a, ax=None: plots.plot_z_scores(a, ax=ax),
    "loadings": lambda a, ax=None: plots.plot_loadings(a, ax=ax),
    "scree": lambda a, ax=None: plots.plot_scree(a, ax=ax),
    "correlations": lambda a, ax=None: plots.plot_correlations(a, ax=ax),
}


@pytest.fixture(params=list(DRAWN))
def draw(request):
    return DRAWN[request.param]


def visible_texts(ax):
    found = [*ax.texts, ax.xaxis.label, ax.yaxis.label, ax.title, ax._left_title]
    for axis in (ax.xaxis, ax.yaxis):
        low, high = sorted(axis.get_view_interval())
        shown = [tick for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]
        found += [label for tick in shown for label in (tick.label1, tick.label2)]
    return [text for text in found if text.get_text().strip() and text.get_visible()]


# -- what holds for all of them ----------------------------------------------------------------


@pytest.mark.parametrize("n", [30, 60])
def test_nothing_is_cut_off_at_the_edge_of_the_picture(draw, n):
    ax = draw(analysis(n))
    figure = ax.figure
    with plotting.style():
        figure.canvas.draw()
    page = figure.bbox
    for text in visible_texts(ax):
        box = text.get_window_extent()
        assert box.x0 >= page.x0 - 1, text
        assert box.x1 <= page.x1 + 1, text
        assert box.y0 >= page.y0 - 1, text
        assert box.y1 <= page.y1 + 1, text


def test_pictures_fit_a_page(draw):
    for n in (30, 60):
        width, height = draw(analysis(n)).figure.get_size_inches()
        assert min(width, height) <= 8.3
        assert max(width, height) <= 11.7


def test_axes_that_are_given_are_drawn_on_and_returned(draw):
    figure = plt.figure(figsize=(8, 6))
    try:
        ax = figure.add_subplot()
        assert draw(analysis(30, 12, 2), ax) is ax
        assert ax.has_data() or ax.patches
    finally:
        plt.close(figure)


def test_pictures_have_alternative_text_and_leave_pyplot_alone(draw):
    before = plt.get_fignums()
    ax = draw(analysis(30, 12, 2))
    assert len(plotting.alt_text(ax)) > 40
    assert plt.get_fignums() == before
    assert plotting.to_png(ax).startswith(b"\x89PNG")


def test_labels_that_look_like_formulas_are_drawn_as_they_are(draw):
    data = sorts(30, 12, 2)
    data = qm.QSorts(
        data.values,
        [f"$s_{i}" for i in range(30)],
        [f"$x^{j}$" for j in range(12)],
        texts=["costs $5 and $6 \\alpha {" + "x" * 20] * 30,
    )
    assert plotting.to_png(draw(qm.analyse(data, 2)))


# -- composite ---------------------------------------------------------------------------------


@pytest.mark.parametrize("texts", [True, False])
@pytest.mark.parametrize("n", [30, 60])
def test_every_statement_has_one_cell_in_its_column(n, texts):
    result = analysis(n, texts=texts)
    ax = plots.plot_composite(result, "f2")
    marks = {}
    width = ax.get_xlim()[1] / 9 if n == 30 else ax.get_xlim()[1] / 11
    low = result.sorts.distribution[0]
    for text in ax.texts:
        mark = text.get_text().rstrip("*≈")
        if mark in result.sorts.statements and (text.get_weight() == "bold" or not texts):
            marks[mark] = low + int(text.get_position()[0] // width)
    assert marks == dict(zip(result.sorts.statements, result.score_array[:, 1], strict=True))


def test_distinguishing_and_consensus_are_marked_without_colour():
    result = analysis(30, 12, 2)
    ax = plots.plot_composite(result, "f1")
    own = set(result.distinguishing("f1")["statement"])
    strict = set(result.distinguishing("f1", level=0.01)["statement"])
    same = set(result.consensus()["statement"])
    assert own
    assert same
    labels = [text.get_text() for text in ax.texts if text.get_weight() == "bold"]
    assert {m.rstrip("*") for m in labels if m.endswith("*")} == own
    assert {m.rstrip("*") for m in labels if m.endswith("**")} == strict
    assert {m.rstrip("≈") for m in labels if m.endswith("≈")} == same
    cells = [patch for patch in ax.patches if isinstance(patch, Rectangle)]
    assert sum(cell.get_linewidth() > 1.5 for cell in cells) == len(own)
    assert sum(cell.get_linestyle() not in ("-", "solid", ":") for cell in cells) == len(same)


def test_texts_stay_in_their_cells():
    result = analysis(60)
    ax = plots.plot_composite(result, "f1")
    with plotting.style():
        ax.figure.canvas.draw()
    cells = [cell.get_window_extent() for cell in ax.patches]
    for text in ax.texts[:-1]:  # the last one is the key
        box = text.get_window_extent()
        assert any(
            c.x0 <= box.x0 and box.x1 <= c.x1 and c.y0 - 1 <= box.y0 and box.y1 <= c.y1 + 1
            for c in cells
        ), text.get_text()


def test_full_texts_are_all_there():
    result = analysis(60)
    ax = plots.plot_composite(result, "f1", texts="full")
    words = " ".join(text.get_text() for text in ax.texts)
    assert "…" not in words
    assert (
        ax.figure.get_size_inches()[1]
        > plots.plot_composite(result, "f1").figure.get_size_inches()[1]
    )


def test_tied_scores_leave_places_empty_and_say_so():
    result = analysis(30, 12, 2)
    scores = np.array(result.score_array)
    moved = int(np.flatnonzero(scores[:, 0] == 4)[0])
    scores[moved, 0] = 3
    ax = plots.plot_composite(dataclasses.replace(result, score_array=scores), "f1")
    headings = [label.get_text() for label in ax.get_xticklabels()]
    assert "+3 (4 in 3)" in headings
    assert "+4 (1 in 2)" in headings
    assert sum(cell.get_linestyle() == ":" for cell in ax.patches) == 1
    assert "Tied z-scores" in ax.texts[-1].get_text()


def test_composite_says_what_is_wrong():
    result = analysis(30, 12, 2)
    with pytest.raises(DataError, match=r"no factor 'f7'.*f1, f2"):
        plots.plot_composite(result, "f7")
    with pytest.raises(DataError, match="texts is 'some'"):
        plots.plot_composite(result, "f1", texts="some")  # type: ignore[arg-type]
    empty = hand_flagged([[1, 0], [1, 0], [0, 0], [0, 0], [0, 0], [0, 0]])
    with pytest.raises(DataError, match="no scores"):
        plots.plot_composite(empty, "f2")
    assert plots.plot_composite(empty, "f1").patches


def test_long_labels_stand_as_text_and_numbers_in_their_place():
    data = sorts(30, 12, 2, texts=False)
    long = qm.QSorts(data.values, [f"A long label number {i} of a card" for i in range(30)])
    ax = plots.plot_composite(qm.analyse(long, 2), "f1")
    bold = [text.get_text().rstrip("*≈") for text in ax.texts if text.get_weight() == "bold"]
    assert sorted(bold, key=int) == [str(i) for i in range(1, 31)]
    assert "A long label" in " ".join(text.get_text() for text in ax.texts)


# -- z-scores ----------------------------------------------------------------------------------


def test_markers_stand_at_the_z_scores_and_are_filled_where_distinguishing():
    result = analysis(30, 12, 2)
    ax = plots.plot_z_scores(result, order="statement")
    points: dict[tuple[int, int], tuple[float, bool]] = {}
    for line in ax.lines:
        if line.get_marker() in plotting.MARKERS[:2]:
            factor = plotting.MARKERS.index(line.get_marker())
            full = to_hex(line.get_markerfacecolor()) != "#ffffff"
            for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True):
                points[int(y), factor] = (float(x), full)
    assert len(points) == 60
    for factor, name in enumerate(result.factors):
        own = set(result.distinguishing(name)["statement"])
        for i, label in enumerate(result.sorts.statements):
            assert points[i, factor] == (result.z_array[i, factor], label in own)


@pytest.mark.parametrize("order", ["spread", "f2", "statement"])
def test_orders_of_statements(order):
    result = analysis(30, 12, 2)
    rows = plots.statement_order(result, order)
    z = result.z_array[rows]
    key = {"spread": np.ptp(z, axis=1), "f2": z[:, 1], "statement": -rows}[order]
    assert np.all(np.diff(key) <= 0)
    assert sorted(rows) == list(range(30))


def test_unknown_order_lists_the_ones_there_are():
    with pytest.raises(DataError, match="'spread', 'statement' or one of f1, f2"):
        plots.plot_z_scores(analysis(30, 12, 2), order="size")


def test_factors_without_scores_are_left_out_of_the_z_scores():
    result = hand_flagged([[1, 0], [1, 0], [0, 0], [0, 0], [0, 0], [0, 0]])
    ax = plots.plot_z_scores(result)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["f1"]
    with pytest.raises(DataError, match="No factor has scores"):
        plots.plot_z_scores(hand_flagged(np.zeros((6, 2), bool)))


# -- loadings ----------------------------------------------------------------------------------


def test_markers_say_where_a_sort_is_flagged():
    flags = [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [0, 0, 0], [1, 0, 0]]
    result = hand_flagged(flags)
    ax = plots.plot_loadings(result)
    drawn = {c.get_label(): np.asarray(c.get_offsets()) for c in ax.collections}
    expected = {
        "flagged on f1": [0, 5],
        "flagged on f2": [1],
        "flagged on both": [3],
        "flagged on another factor": [2],
        "not flagged": [4],
    }
    assert set(drawn) == set(expected)
    for name, rows in expected.items():
        np.testing.assert_array_equal(drawn[name], result.loading_array[rows, :2])
    shapes = [tuple(map(tuple, c.get_paths()[0].vertices)) for c in ax.collections]
    assert len(set(shapes)) == len(shapes)


def test_critical_level_is_drawn_where_the_flag_rule_has_it():
    result = analysis(30, 12, 2, flags=qm.FlagRule(level=0.01))
    ax = plots.plot_loadings(result)
    dotted = {abs(line.get_xdata()[0]) for line in ax.lines if line.get_linestyle() == ":"}
    assert 2.576 / np.sqrt(30) in dotted


@pytest.mark.parametrize("pair", [("f1", "f2"), ("f3", "f5")])
def test_labels_of_forty_sorts_hardly_overlap(pair):
    ax = plots.plot_loadings(analysis(30), *pair)
    with plotting.style():
        ax.figure.canvas.draw()
    names = set(analysis(30).sorts.sorts)
    # a label without the line that leads to its point
    boxes = [Text.get_window_extent(t) for t in ax.texts if t.get_text() in names]
    assert len(boxes) == 40
    letters = [box.padded(0, -1.5) for box in boxes]  # without the room of the line
    touching = sum(a.overlaps(b) for a, b in itertools.combinations(letters, 2))
    assert touching == 0


def test_loadings_need_two_factors():
    with pytest.raises(DataError, match="Both axes are f1"):
        plots.plot_loadings(analysis(30, 12, 2), "f1", "f1")
    with pytest.raises(DataError, match="no factor 'f3'"):
        plots.plot_loadings(analysis(30, 12, 2), "f1", "f3")


# -- eigenvalues and correlations --------------------------------------------------------------


def test_scree_shows_all_eigenvalues_and_marks_the_kept():
    result = analysis(30, 12, 2)
    ax = plots.plot_scree(result)
    kept, left = (line for line in ax.lines if line.get_marker() == "o")
    np.testing.assert_array_equal(kept.get_ydata(), result.eigenvalue_array[:2])
    np.testing.assert_array_equal(left.get_ydata(), result.eigenvalue_array[2:])
    assert to_hex(kept.get_markerfacecolor()) != to_hex(left.get_markerfacecolor())
    assert any(list(line.get_ydata()) == [1, 1] for line in ax.lines)


def test_heat_map_puts_the_sorts_of_a_factor_side_by_side():
    result = analysis(30, 12, 3)
    order, home = plots.sort_order(result)
    assert np.all(np.diff(home[order]) >= 0)
    flagged = result.flag_array.any(axis=1)
    np.testing.assert_array_equal(home[flagged], result.flag_array[flagged].argmax(axis=1))
    ax = plots.plot_correlations(result)
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names == [result.sorts.sorts[i] for i in order]
    shown = np.asarray(ax.collections[0].get_array()).reshape(12, 12)
    np.testing.assert_array_equal(shown, result.correlation_matrix[np.ix_(order, order)])


def test_one_factor_is_drawn_too():
    result = analysis(30, 12, 1)
    for name in ("composite", "z_scores", "scree", "correlations"):
        assert DRAWN[name](result) is not None
    assert "distinguishing" not in plots.plot_composite(result, "f1").texts[-1].get_text()


def test_wordings_of_rows_take_two_lines_and_none_is_cut_that_fits():
    data = sorts(30, 12, 2)
    start = "Members of a citizens' assembly should be free to decide for themselves "
    texts = [f"{start}about matter number {i} of the agenda." for i in range(30)]
    result = qm.analyse(qm.QSorts(data.values, data.statements, data.sorts, texts=texts), 2)
    labels = [
        t.get_text() for t in plots.plot_z_scores(result, order="statement").get_yticklabels()
    ]
    for text, statement, label in zip(texts, data.statements, labels, strict=True):
        assert label.count("\n") == 1
        assert " ".join(label.split()).removesuffix(" ≈") == f"{text} {statement}"


def test_rows_too_low_for_two_lines_have_one():
    figure = plt.figure(figsize=(6, 3))
    try:
        ax = plots.plot_z_scores(analysis(30, 12, 2), ax=figure.add_subplot())
        assert not any("\n" in label.get_text() for label in ax.get_yticklabels())
    finally:
        plt.close(figure)


def test_rows_of_two_lines_do_not_touch():
    ax = plots.plot_z_scores(analysis(60))
    with plotting.style():
        ax.figure.canvas.draw()
    boxes = [label.get_window_extent() for label in ax.get_yticklabels()]
    boxes.sort(key=lambda box: -box.y1)
    assert all(upper.y0 >= lower.y1 - 1 for upper, lower in itertools.pairwise(boxes))


def test_synthetic_sorts_are_called_so_in_every_picture_and_text(tmp_path):
    made = qm.synthetic_sorts("governance-2024", n_sorts=20, noise=0.4, seed=1).sorts
    qm.write_sorts(made, tmp_path / "synthetic-sorts.csv")
    back = qm.read_sorts(tmp_path / "synthetic-sorts.csv")
    plain = qm.QSorts(made.values, made.statements, [f"p{i}" for i in range(20)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DmpkitWarning)
        assert "synthetic" in qm.analyse(back, 4).summary()
    for one, marked in ((made, True), (plain, False)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DmpkitWarning)
            result = qm.analyse(one, 4)
        drawn = [
            result.plot_composite("f1"),
            result.plot_z_scores(),
            result.plot_loadings(),
            result.plot_scree(),
            result.plot_correlations(),
        ]
        for ax in drawn:
            words = " ".join(ax.get_title(loc=where) for where in ("left", "right"))
            assert ("synthetic data" in words) == marked
            assert plotting.alt_text(ax).startswith("Synthetic data.") == marked
        for text in (result.summary(), result.methods_text(), result._repr_html_()):
            assert ("synthetic" in text) == marked
        assert ("synthetic" in result.section().html) == marked
