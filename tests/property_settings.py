"""How many examples a property test tries: few in the normal run, many in the long one."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

#: Examples in the normal run; ``DMPKIT_EXAMPLES`` sets another number.
EXAMPLES = int(os.environ.get("DMPKIT_EXAMPLES", "4"))


def tried(share: float = 1.0) -> settings:
    """Settings of a property test; the same examples in every run.

    A test that takes long per example asks for a share of the usual number.
    """
    return settings(
        max_examples=max(2, round(share * EXAMPLES)),
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )
