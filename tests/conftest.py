"""What all tests share."""

from __future__ import annotations

import os

import matplotlib as mpl
import pytest

mpl.use("Agg")
os.environ.setdefault("MPLBACKEND", "Agg")


@pytest.fixture(autouse=True)
def _own_folder(tmp_path, monkeypatch):
    """Run every test of this folder in a folder of its own."""
    monkeypatch.chdir(tmp_path)
