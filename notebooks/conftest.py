"""A notebook whose data are not on this computer is skipped, and says how to get them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from dmpkit.workbench.storing import skip_reason

reason_for = cache(skip_reason)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        path = Path(item.path)
        if path.suffix == ".ipynb" and (reason := reason_for(path)) is not None:
            item.add_marker(pytest.mark.skip(reason=reason))
