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
    return _found(_reference(), parts, "DMPKIT_REFERENCE")


def data_mirror(*parts: str) -> Path:
    """Files of studies whose data others hold; skips the test where they are absent.

    ``DMPKIT_DATA_MIRROR`` names the folder; without it, ``data-sources/mirror``
    beside the folder of the reference material is taken.
    """
    named = os.environ.get("DMPKIT_DATA_MIRROR")
    folder = Path(named) if named else _reference().parent / "data-sources" / "mirror"
    return _found(folder, parts, "DMPKIT_DATA_MIRROR")


def _reference() -> Path:
    named = os.environ.get("DMPKIT_REFERENCE")
    return Path(named) if named else CHECKOUT.parent / "shared" / "reference"


def _found(folder: Path, parts: tuple[str, ...], variable: str) -> Path:
    path = folder.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"{'/'.join(parts) or 'the folder'} is not here; set {variable} to its folder")
    return path
