"""The quick paired tests give what SciPy gives."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dmpkit.evaluation.quick_tests import quick_t, quick_wilcoxon
from dmpkit.evaluation.reason_change import customary_p


@pytest.mark.parametrize("n", [1, 2, 3, 7, 24, 49, 50, 80])
@pytest.mark.parametrize("grain", [None, 0.5, 2.0])
def test_they_give_what_scipy_gives(n, grain):
    rng = np.random.default_rng(n)
    for shift in (0.0, 0.3, 1.5):
        before, after = rng.normal(0, 1, n), rng.normal(shift, 1, n)
        if grain is not None:  # ties and zeros
            before, after = (np.round(x / grain) * grain for x in (before, after))
        difference = after - before
        slow = customary_p(before, after, test="wilcoxon")
        assert quick_wilcoxon(difference) == pytest.approx(slow, rel=1e-12)
        slow = customary_p(before, after, test="paired t")
        assert quick_t(difference) == pytest.approx(slow, rel=1e-10, nan_ok=True)


def test_nothing_differs():
    assert quick_t(np.zeros(4)) == quick_wilcoxon(np.zeros(4)) == 1
    assert math.isnan(quick_t(np.ones(4)))
