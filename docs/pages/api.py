"""The API reference: a page a room, a page a public name, made from the docstrings."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

#: Room, how it is imported, and what stands above its names.
ROOMS = {
    "dmpkit.qmethod": ("import dmpkit.qmethod as qm", "Q methodology: from sorts to viewpoints."),
    "dmpkit.representativeness": (
        "import dmpkit.representativeness as rep",
        "Does a panel look like its population, at every stage?",
    ),
    "dmpkit.impact": (
        "import dmpkit.impact as impact",
        "What became of the recommendations over time.",
    ),
    "dmpkit.coding": ("import dmpkit.coding as coding", "Thematic coding of interviews."),
    "dmpkit.evaluation": (
        "import dmpkit.evaluation as ev",
        "Scoring a finished mini-public, with evidence and uncertainty.",
    ),
    "dmpkit.measures.agreement": (
        "from dmpkit.measures import agreement",
        "Agreement between coders and raters.",
    ),
    "dmpkit.measures.unitizing": (
        "from dmpkit.measures import unitizing",
        "Agreement about where passages begin and end.",
    ),
    "dmpkit.measures.proportions": (
        "from dmpkit.measures import proportions",
        "Intervals and tests of shares; many tests at once.",
    ),
    "dmpkit.measures.inequality": (
        "from dmpkit.measures import inequality",
        "Gini, entropy, Theil and other measures of how unevenly something is spread.",
    ),
    "dmpkit.measures.clusters": (
        "from dmpkit.measures import clusters",
        "People who sit at one table are not independent: ICC and design effect.",
    ),
    "dmpkit.workbench": ("from dmpkit.workbench import Study", "Studies and their verdicts."),
    "dmpkit.datasets": ("from dmpkit import datasets", "Reference data that come with dmpkit."),
    "dmpkit.plotting": ("from dmpkit import plotting", "One look for all pictures."),
    "dmpkit.reporting": ("from dmpkit import reporting", "Estimates, sections and pages."),
    "dmpkit.resampling": (
        "from dmpkit import resampling",
        "Bootstrap, permutation and Monte Carlo loops.",
    ),
    "dmpkit.tables": ("from dmpkit import tables", "Tables as people have them."),
    "dmpkit.errors": ("from dmpkit import errors", "Errors and warnings."),
}
GROUPS = {
    "Reading and writing": lambda name, _: name.startswith(("read_", "write_", "load")),
    "Pictures": lambda name, _: name.startswith("plot"),
    "Classes": lambda _, thing: inspect.isclass(thing),
    "Functions": lambda *_: True,
}


def rooms() -> Iterator[tuple[str, ModuleType]]:
    """Every room that is there, with its module."""
    for name in ROOMS:
        try:
            yield name, importlib.import_module(name)
        except ModuleNotFoundError:
            continue


def public(module: ModuleType) -> list[str]:
    """The public names of a module that carry a docstring of their own."""
    named = getattr(module, "__all__", None) or []
    things = {name: getattr(module, name) for name in named}
    return [n for n, t in things.items() if callable(t) and not inspect.ismodule(t)]


def _grouped(module: ModuleType) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {title: [] for title in GROUPS}
    for name in sorted(public(module), key=str.lower):
        thing = getattr(module, name)
        title = next(t for t, belongs in GROUPS.items() if belongs(name, thing))
        groups[title].append(name)
    return {title: names for title, names in groups.items() if names}


def _page(name: str, module: ModuleType) -> str:
    how, what = ROOMS[name]
    parts = [f"# {name}", what, f"```python\n{how}\n```"]
    for title, names in _grouped(module).items():
        entries = "\n".join(f"   {n}" for n in names)
        parts.append(
            f"## {title}\n\n```{{eval-rst}}\n.. currentmodule:: {name}\n\n"
            f".. autosummary::\n   :nosignatures:\n\n{entries}\n```"
        )
    return "\n\n".join(parts) + "\n"


def _stub(room: str, name: str, thing: object) -> str:
    """The page of one name; outside the table of contents, which would grow too long."""
    kind = "autoclass" if inspect.isclass(thing) else "autofunction"
    members = "   :members:\n   :inherited-members: Exception, UserWarning, ValueError\n"
    return (
        f":orphan:\n\n{name}\n{'=' * len(name)}\n\nIn :doc:`{room} <../{room}>`.\n\n"
        f".. currentmodule:: {room}\n\n.. {kind}:: {name}\n"
        f"{members if kind == 'autoclass' else ''}"
    )


def write(folder: Path) -> None:
    """Write the pages of the API reference into `folder`."""
    single = folder / "names"
    single.mkdir(parents=True, exist_ok=True)
    made = []
    for name, module in rooms():
        (folder / f"{name}.md").write_text(_page(name, module), encoding="utf-8")
        for one in public(module):
            stub = _stub(name, one, getattr(module, one))
            (single / f"{name}.{one}.rst").write_text(stub, encoding="utf-8")
        made.append(name)
    index = "\n".join(made)
    text = (
        "# API reference\n\nEvery public name, from its docstring: what it computes, the formula "
        "or its source, parameters with shapes and units, what it raises, and an example that "
        f"the tests run.\n\n```{{toctree}}\n:maxdepth: 1\n\n{index}\n```\n"
    )
    (folder / "index.md").write_text(text, encoding="utf-8")
