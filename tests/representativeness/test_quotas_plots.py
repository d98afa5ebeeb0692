"""The picture of quota attainment."""

from __future__ import annotations

import pandas as pd
import pytest

from dmpkit.errors import ReadingWarning
from dmpkit.plotting import alt_text, to_png
from dmpkit.representativeness.quotas import quota_attainment


def test_bars_bands_and_words_agree_with_the_table():
    wanted = pd.DataFrame(
        {"variable": ["g"] * 3, "category": ["a", "b", "c"], "min": [4, 4, 4], "max": [6, 6, 6]}
    )
    got = quota_attainment({"g": {"a": 2, "b": 5, "c": 9}}, wanted)
    ax = got.plot_quotas()
    words = [t.get_text().strip() for t in ax.texts]
    assert "2 short" in words
    assert "3 over" in words
    assert [t.get_text() for t in ax.get_yticklabels()] == ["a", "b", "c"]
    bars = [p for p in ax.patches if abs(p.get_height() - 0.46) < 1e-9]
    assert [p.get_width() for p in bars] == [2, 5, 9]
    assert [bool(p.get_hatch()) for p in bars] == [True, False, True]
    assert "1 within, 2 outside" in alt_text(ax)
    assert to_png(ax)


def test_fifteen_variables_and_a_category_without_quota():
    wanted = pd.DataFrame(
        [(f"v{v}", c, 4, 6) for v in range(15) for c in ("first", "second")],
        columns=["variable", "category", "min", "max"],
    )
    counts = {f"v{v}": {"first": 5, "second": 6} for v in range(15)}
    counts["v3"]["someone else"] = 1
    with pytest.warns(ReadingWarning, match="no quota"):
        ax = quota_attainment(counts, wanted).plot_quotas()
    assert any("no quota" in t.get_text() for t in ax.texts)
    assert len(ax.get_yticklabels()) == 31
