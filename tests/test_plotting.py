"""One look; every shared picture draws what its table says and says it in words too."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from dmpkit import plotting
from dmpkit.errors import DataError


def test_the_users_own_settings_come_back():
    before = mpl.rcParams["font.size"]
    with plotting.style():
        assert mpl.rcParams["font.size"] == 9
    assert mpl.rcParams["font.size"] == before


def test_letters_that_the_font_lacks_come_from_another_that_is_installed(monkeypatch):
    """STIX stands in for an East Asian font: it comes with matplotlib, those do not."""
    monkeypatch.setattr(plotting, "_EAST_ASIAN_FONTS", ("No Such Font", "STIXSizeOneSym"))
    plotting._fonts.cache_clear()
    try:
        with plotting.style():
            assert mpl.rcParams["font.family"] == ["DejaVu Sans", "STIXSizeOneSym"]
    finally:
        plotting._fonts.cache_clear()


def test_the_same_picture_gives_the_same_bytes():
    def draw():
        return plotting.to_png(plotting.heat_map(np.eye(3), list("abc"), list("abc")))

    assert draw() == draw()


@pytest.mark.parametrize("kind", ["png", "svg", "pdf"])
def test_saving_twice_gives_the_same_file(tmp_path, kind):
    for name in ("one", "two"):
        ax = plotting.set_alt(plotting.new_axes(), "x")
        ax.plot([1, 2])
        plotting.save(ax, tmp_path / f"{name}.{kind}")
    assert (tmp_path / f"one.{kind}").read_bytes() == (tmp_path / f"two.{kind}").read_bytes()


def test_a_kind_of_picture_that_is_not_known_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"\.png, \.svg or \.pdf"):
        plotting.save(plotting.new_axes(), tmp_path / "a.docx")


def test_a_picture_without_a_text_alternative_is_refused():
    with pytest.raises(DataError, match="alternative"):
        plotting.alt_text(plotting.new_axes())


def test_the_text_alternative_goes_into_the_notebooks_output(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", shown.append)
    ax = plotting.set_alt(plotting.new_axes(), "Two dots.")
    plotting.show(ax)
    plotting.show(ax, alt="Other words.")
    assert [image.metadata["alt"] for image in shown] == ["Two dots.", "Other words."]
    assert all(image.data.startswith(b"\x89PNG") for image in shown)


def test_a_dot_plot_puts_dots_where_the_table_says():
    frame = pd.DataFrame(
        {
            "who": ["a", "b", "a", "b"],
            "x": [0.1, 0.2, 0.3, 0.4],
            "low": [0.0, 0.1, np.nan, 0.3],
            "high": [0.2, 0.3, np.nan, 0.5],
            "stage": ["before", "before", "after", "after"],
        }
    )
    ax = plotting.dot_plot(
        frame, label="who", value="x", low="low", high="high", group="stage", reference=0.0
    )
    dots = [line for line in ax.lines if line.get_marker() in ("o", "s")]
    assert [list(d.get_xdata()) for d in dots] == [[0.1, 0.2], [0.3, 0.4]]
    assert len({d.get_marker() for d in dots}) == 2  # told apart without colour
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["before", "after"]


def test_a_dumbbell_names_the_largest_difference():
    frame = pd.DataFrame({"g": ["a", "b"], "target": [0.5, 0.2], "panel": [0.4, 0.5]})
    ax = plotting.dumbbell(frame, label="g", start="target", end="panel")
    assert "0.30 (b)" in plotting.alt_text(ax)


def test_negative_cells_of_a_heat_map_carry_a_hatch():
    ax = plotting.heat_map([[1.0, -0.5], [0.2, np.nan]], ["a", "b"], ["c", "d"])
    assert sum(bool(patch.get_hatch()) for patch in ax.patches) == 1


def test_an_alluvial_plot_keeps_every_unit():
    flows = pd.DataFrame({"a": ["x", "x", "y"], "b": ["x", "y", "y"], "n": [3, 2, 4]})
    ax = plotting.alluvial(flows, source="a", target="b")
    heights = [patch.get_height() for patch in ax.patches]
    assert sum(heights) == 2 * 9
    assert "x to y 2" in plotting.alt_text(ax)


def test_small_multiples_share_their_scales():
    axes = plotting.small_multiples(5, n_columns=2)
    axes[0].set_xlim(3, 4)
    assert axes[4].get_xlim() == (3, 4)
    assert len(axes) == 5


def test_axes_show_themselves_as_a_picture_with_its_text_alternative():
    ax = plotting.set_alt(plotting.new_axes(), "Two dots.")
    data, metadata = ax._repr_mimebundle_()
    assert data["image/png"].startswith(b"\x89PNG")
    assert data["text/plain"] == "Two dots."
    assert metadata == {"image/png": {"alt": "Two dots."}}
    assert plotting.small_multiples(2)[0]._repr_mimebundle_()[1] == {}


def test_dollars_in_labels_are_money_and_no_formula():
    def picture(label):
        frame = pd.DataFrame({"item": [label, "b"], "x": [1.0, 2.0]})
        return plotting.to_png(plotting.dot_plot(frame, label="item", value="x"))

    assert picture("Costs $5 and $10^") == picture(r"Costs \$5 and \$10^")
    assert picture("Costs $5 and $10^") != picture("Costs 5 and 10^")


def test_a_picture_is_marked_as_synthetic_once():
    ax = plotting.set_alt(plotting.new_axes(), "Two dots.")
    ax.set_title("Dots", loc="left")
    plotting.mark_synthetic(plotting.mark_synthetic(ax))
    assert ax.get_title(loc="left") == "Dots (synthetic data)"
    assert plotting.alt_text(ax) == "Synthetic data. Two dots."
