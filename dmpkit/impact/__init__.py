"""Impact: what became of a mini-public's recommendations."""

from __future__ import annotations

from dmpkit.impact.cherry_picking import CherryPicking, cherry_picking
from dmpkit.impact.exact_tables import exact_table_test
from dmpkit.impact.models import fit_cumulative_logit
from dmpkit.impact.multiverse import Multiverse, multiverse
from dmpkit.impact.random_intercepts import fit_random_intercept
from dmpkit.impact.share_intervals import TallyShares, share_interval, shares_of
from dmpkit.impact.wording import lint_causal_words

__all__ = [
    "CherryPicking",
    "Multiverse",
    "TallyShares",
    "cherry_picking",
    "exact_table_test",
    "fit_cumulative_logit",
    "fit_random_intercept",
    "lint_causal_words",
    "multiverse",
    "share_interval",
    "shares_of",
]
