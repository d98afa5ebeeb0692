"""The gallery: every plot, drawn while building, with the code under it.

Recipes stand in ``docs/gallery/*.py``, a file a room. A cell begins with ``# %%``; the
cell ``prepare`` comes before all others of its room. The line ``# shows:`` names the
plot that the cell draws, then those that draw the same picture.
"""

from __future__ import annotations

import importlib
import inspect
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from dmpkit.errors import DmpkitWarning
from dmpkit.plotting import alt_text, to_png
from dmpkit.reporting import escape

RECIPES = Path(__file__).resolve().parents[1] / "gallery"
ORDER = ("qmethod", "representativeness", "impact", "coding", "evaluation", "plotting")
#: Modules whose plots have to be in the gallery.
PUBLIC = (
    *(f"dmpkit.{room}" for room in ORDER),
    "dmpkit.measures.agreement",
    "dmpkit.measures.agreement_plots",
)
FORMS = ("plot", "dot_plot", "dumbbell", "heat_map", "alluvial", "small_multiples")


@dataclass(frozen=True)
class Recipe:
    """One picture: what it shows, and the lines that draw it."""

    title: str
    names: tuple[str, ...]
    says: str
    code: str

    @property
    def anchor(self) -> str:
        """Where it stands on its page."""
        return self.names[0].lower().replace(".", "-").replace("_", "-")


@dataclass(frozen=True)
class Room:
    """The recipes of one module, and the lines that come before them."""

    key: str
    title: str
    module: str
    says: str
    prepare: str
    recipes: tuple[Recipe, ...]


def _cell(text: str) -> tuple[str, dict[str, str], str]:
    title, *lines = text.strip().splitlines()
    notes: dict[str, str] = {}
    while lines and lines[0].startswith("# "):
        line = lines.pop(0)[2:]
        if line.startswith("shows: "):
            notes["shows"] = line.removeprefix("shows: ")
        else:
            notes["says"] = f"{notes.get('says', '')} {line}".strip()
    return title.strip(), notes, "\n".join(lines).strip()


def _read(key: str) -> Room:
    text = (RECIPES / f"{key}.py").read_text(encoding="utf-8")
    head, *cells = re.split(r"^# %% ?", text, flags=re.M)
    title = head.strip().splitlines()[0].strip('".')
    module = head.split("# room: ")[1].strip()
    prepare, *rest = [_cell(cell) for cell in cells]
    recipes = tuple(
        Recipe(name, tuple(notes["shows"].split(", ")), notes["says"], code)
        for name, notes, code in rest
    )
    return Room(key, title, module, prepare[1]["says"], prepare[2], recipes)


@cache
def rooms() -> tuple[Room, ...]:
    """All recipes, by room."""
    return tuple(_read(key) for key in ORDER)


def public_plots() -> set[str]:
    """Every plot that a user can call: functions, and methods as ``Class.method``."""
    found = set()
    for name in PUBLIC:
        module = importlib.import_module(name)
        for public in module.__all__:
            thing = getattr(module, public)
            if inspect.isclass(thing):
                found |= {f"{public}.{m}" for m in dir(thing) if m.startswith("plot")}
            elif public.startswith(FORMS) and callable(thing):
                found.add(public)
    return found


def _run(code: str, name: str, seen: dict[str, Any]) -> None:
    """Run some lines; what they warn of belongs to their small, made-up inputs."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DmpkitWarning)
        exec(compile(code, name, "exec"), seen)  # noqa: S102


def draw(room: Room) -> Iterator[tuple[Recipe, Any]]:
    """Run the recipes of a room in their order: the recipe and its picture."""
    seen: dict[str, Any] = {}
    _run(room.prepare, f"{room.key}.py", seen)
    for recipe in room.recipes:
        _run(recipe.code, f"{room.key}.py: {recipe.title}", seen)
        yield recipe, seen["ax"]


def _entry(recipe: Recipe, alt: str) -> str:
    first, *others = recipe.names
    same = f" The same picture: {', '.join(f'`{name}`' for name in others)}." if others else ""
    return (
        f"({recipe.anchor})=\n## {recipe.title}\n\n{recipe.says} `{first}`.{same}\n\n"
        f'<figure class="gallery-entry"><img src="{recipe.anchor}.png" alt="{escape(alt)}" '
        f'loading="lazy"></figure>\n\n```python\n{recipe.code}\n```\n'
    )


def _page(room: Room, folder: Path) -> tuple[str, str]:
    """The page of a room and its part of the overview; pictures go beside it."""
    target = folder / room.key
    target.mkdir(parents=True, exist_ok=True)
    entries, small = [], []
    for recipe, picture in draw(room):
        (target / f"{recipe.anchor}.png").write_bytes(to_png(picture, dpi=110))
        alt = alt_text(picture)
        entries.append(_entry(recipe, alt))
        small.append(
            f'<li><a href="{room.key}/index.html#{recipe.anchor}"><img '
            f'src="{room.key}/{recipe.anchor}.png" alt="" loading="lazy">'
            f"<span>{escape(recipe.title)}</span></a></li>"
        )
    page = (
        f"# {room.title}\n\n{room.says} These lines come before each picture of this page:\n\n"
        f"```python\n{room.prepare}\n```\n\n{''.join(f'{e}' + chr(10) for e in entries)}"
    )
    overview = f'## {room.title}\n\n<ul class="thumbnails">{"".join(small)}</ul>\n'
    return page, overview


def write(folder: Path) -> None:
    """Draw everything, and write the overview and a page a room."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = []
    for room in rooms():
        page, overview = _page(room, folder)
        (folder / room.key / "index.md").write_text(page, encoding="utf-8")
        parts.append(overview)
    listing = "\n".join(f"{room.key}/index" for room in rooms())
    count = sum(len(room.recipes) for room in rooms())
    text = (
        f"# Gallery\n\n{count} pictures: what each shows, and the lines that draw it. All are "
        "readable without colour and carry a text alternative; made-up data are marked "
        '*synthetic*. A picture is saved with `dmpkit.plotting.save(ax, "figure.pdf")`.\n\n'
        f"```{{toctree}}\n:hidden:\n\n{listing}\n```\n\n" + "\n".join(parts)
    )
    (folder / "index.md").write_text(text, encoding="utf-8")
