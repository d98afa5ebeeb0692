"""Where tests find material that is not part of the repository."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[1]


def shared_reference(*parts: str) -> Path:
    """Reference material kept outside the repository; skips the test where it is absent.

    ``DMPKIT_REFERENCE`` names the folder; without it, ``shared/reference`` beside
    the checkout is taken.
    """
    return _found("DMPKIT_REFERENCE", CHECKOUT.parent / "shared" / "reference", parts)


def data_mirror(*parts: str) -> Path:
    """Files of studies whose data others hold; skips the test where they are absent.

    ``DMPKIT_DATA_MIRROR`` names the folder; without it, ``data-sources/mirror``
    beside the reference material is taken.
    """
    beside = CHECKOUT.parent / "shared" / "data-sources" / "mirror"
    return _found("DMPKIT_DATA_MIRROR", beside, parts)


def _found(variable: str, default: Path, parts: tuple[str, ...]) -> Path:
    path = Path(os.environ.get(variable) or default).joinpath(*parts)
    if not path.exists():
        pytest.skip(f"{'/'.join(parts) or 'the folder'} is not here; set {variable} to its folder")
    return path
