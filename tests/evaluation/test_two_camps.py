"""What the intervals of the reason index hold where people come in two opposed camps."""

import numpy as np
import pytest

from dmpkit import evaluation as ev


def group(generator, n, *, bend=0.6):
    """n people of two camps with opposed considerations and preferences."""
    camp = generator.integers(0, 2, n)
    c = np.array([[0, 1, 2, 3, 4, 5, 6, 7], [7, 5, 6, 4, 2, 3, 1, 0]])[camp] * 0.5
    p = np.array([[0, 1, 2, 3, 4], [4, 2, 3, 1, 0]])[camp] * bend
    return ev.ReasonSurvey(c + generator.normal(size=c.shape), p + generator.normal(size=p.shape))


@pytest.mark.long
def test_intervals_hold_about_nine_in_ten_in_two_camps():
    """The shortfall that the methods text tells: neither at the nominal 95 % nor far below."""
    generator = np.random.default_rng(4)
    target = np.mean([ev.reason_index(group(generator, 150)).value for _ in range(100)])
    held = 0
    for _ in range(800):
        made = ev.reason_index(group(generator, 15)).estimates["index"]
        held += made.low <= target <= made.high
    assert 0.87 <= held / 800 <= 0.94


def test_the_methods_text_tells_the_shortfall():
    made = ev.bootstrap_reason_index(group(np.random.default_rng(1), 9), n_resamples=50, seed=1)
    assert "two opposed camps" in made.methods_text()
