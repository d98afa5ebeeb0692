"""Small invented projects for the tests of retrieval and matrices."""

from __future__ import annotations

import numpy as np
import pandas as pd

from dmpkit.coding import CodedProject

CODES = ("Impact", "Impact/Policy", "Media", "Limits/Time", "Limits/Money")
TEXT = "Q: Why did you come?\nP1: The press asked me to.\nQ: And then?\nP1: Nothing changed at all."


def scattered(n: int, seed: int, *, n_sources: int = 3, length: int = 60) -> CodedProject:
    """Segments anywhere, by two coders; one case a source, and one without codings."""
    rng = np.random.default_rng(seed)
    names = [f"I{i}" for i in range(n_sources)]
    start = rng.integers(0, length - 1, n)
    end = np.minimum(start + rng.integers(1, 20, n), length)
    text = "".join(rng.choice(list("ab  \n"), length))
    segments = pd.DataFrame(
        {
            "source": rng.choice(names, n), "code": rng.choice(CODES, n),
            "coder": rng.choice(["ada", "bo"], n), "start": start, "end": end,
        }
    )  # fmt: skip
    cases = pd.DataFrame(
        {
            "case": [f"P{i}" for i in range(n_sources + 1)],
            "region": ["Europe", "Asia", "Europe", "Asia"][: n_sources + 1],
            "years": [3, 10, np.nan, 7][: n_sources + 1],
        }
    )
    links = pd.DataFrame({"case": cases["case"], "source": [*names, "I9"]})
    return CodedProject.from_frames(
        pd.DataFrame({"source": [*names, "I9"], "text": [text] * n_sources + ["Nothing here."]}),
        segments, cases=cases, case_sources=links,
    )  # fmt: skip


def interview() -> CodedProject:
    """One transcript with turns, two coders."""
    rows = [
        ("Media", "ada", 25, 34), ("Impact", "ada", 29, 46), ("Impact", "bo", 25, 34),
        ("Impact/Policy", "ada", 65, 80), ("Limits/Time", "bo", 0, 20),
    ]  # fmt: skip
    segments = pd.DataFrame(rows, columns=["code", "coder", "start", "end"]).assign(source="I1")
    return CodedProject.from_frames(pd.DataFrame({"source": ["I1"], "text": [TEXT]}), segments)
