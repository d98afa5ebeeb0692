"""dmpkit: a research and evaluation workbench for deliberative mini-publics.

Sub-packages load when they are first used, so that ``import dmpkit`` stays
quick:

>>> import dmpkit
>>> dmpkit.errors.DataError("3 is not a share").problem
'3 is not a share'
"""

from __future__ import annotations

import importlib
from types import ModuleType

__version__ = "0.1.0"

_ROOMS = (
    "coding",
    "datasets",
    "errors",
    "evaluation",
    "impact",
    "measures",
    "plotting",
    "qmethod",
    "reporting",
    "representativeness",
    "resampling",
    "tables",
    "workbench",
)

__all__ = [*_ROOMS, "__version__"]


def __getattr__(name: str) -> ModuleType:
    if name in _ROOMS:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module 'dmpkit' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
