"""Coverage of the intervals of the room, by simulation."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import pytest
from simulations import Case, check_all, check_few

from dmpkit import coding as co
from dmpkit.coding.saturation_steps import code_estimates


def total_of_codes(interviews, chance, rng, runs):
    """Twenty codes, each heard in an interview with the chance given."""
    chances = np.broadcast_to(chance, 20)
    for _ in range(runs):
        heard = (rng.random((interviews, 20)) < chances).astype(int)
        found = code_estimates(heard)["Chao2"]
        if not np.isnan(found.low):  # none where nothing unseen is estimated
            yield found.low <= 20 <= found.high


def agreement_of_coders(rng, runs):
    """Ten interviews of 20 turns; a second coder who sees 70 % and else guesses."""
    turns = "\n".join(["P: word"] * 20)
    names = [f"I{i}" for i in range(10)]
    sources = pd.DataFrame({"source": names, "text": turns})
    for _ in range(runs):
        rows = []
        for name in names:
            one = rng.random(20) < 0.5
            two = np.where(rng.random(20) < 0.7, one, rng.random(20) < 0.5)
            for coder, coded in (("ada", one), ("ben", two)):
                rows += [(name, "A", coder, 8 * i, 8 * i + 7) for i in np.flatnonzero(coded)]
        segments = pd.DataFrame(rows, columns=["source", "code", "coder", "start", "end"])
        project = co.CodedProject.from_frames(sources, segments, approach="coding reliability")
        found = co.agreement(
            project, unit="character", coefficients=["percent"], n_resamples=99,
            seed=int(rng.integers(2**31)),
        ).value("A", coefficient="percent")  # fmt: skip
        # 85 % of the turns alike; in 20 turns of 8 characters but one, 7 each can be coded
        truth = 1 - 0.15 * 20 * 7 / (20 * 8 - 1)
        yield found.low <= truth <= found.high


def listed(step, *given):
    """A simulation that yields, as one that gives a list."""
    return lambda rng, runs: list(partial(step, *given)(rng, runs))


CASES = [
    Case("Saturation.totals", "95 % interval (Chao2)", 0.95,
         "20 codes, each in an interview with chance .2; 10 interviews",
         listed(total_of_codes, 10, 0.2), 1000, 40, "known", (0.8, 0.92)),
    Case("Saturation.totals", "95 % interval (Chao2)", 0.95,
         "20 codes with chances from .02 to .4; 10 interviews",
         listed(total_of_codes, 10, np.linspace(0.02, 0.4, 20)), 1000, 0, "known", (0.85, 0.95)),
    Case("CodingAgreement.value", "95 % interval (interviews drawn)", 0.95,
         "2 coders, 10 interviews of 20 turns; the second sees 70 %, else guesses",
         listed(agreement_of_coders), 120, 0, "known", (0.88, 0.96)),
]  # fmt: skip


@pytest.mark.parametrize("case", [c for c in CASES if c.few], ids=lambda c: c.name)
def test_few_runs(case):
    check_few(case)


@pytest.mark.long
@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_long_run(case):
    check_all(case, "coding")
