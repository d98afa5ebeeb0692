"""All errors and warnings with their remedies, read from the source itself."""

from __future__ import annotations

import ast
import csv
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import dmpkit
from dmpkit import errors
from dmpkit.reporting import escape

SOURCE = Path(dmpkit.__file__).parent
MEANINGS = Path(__file__).resolve().parents[1] / "reference" / "messages.csv"


@dataclass(frozen=True)
class Message:
    """One message as it stands in the source; ``…`` stands for what depends on the input."""

    room: str
    kind: str
    problem: str
    remedy: str


def _text(node: ast.expr | None) -> str:
    """The fixed words of a string, a formatted string or a sum of them."""
    if isinstance(node, ast.Constant):
        return str(node.value) if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(v) if isinstance(v, ast.Constant) else "…" for v in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _text(node.left) + _text(node.right)
    if isinstance(node, ast.IfExp):
        return f"{_text(node.body)} / {_text(node.orelse)}"
    return "…" if node is not None else ""


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _from_call(call: ast.Call, room: str) -> Message | None:
    name, keywords = _name(call.func), {k.arg: k.value for k in call.keywords}
    if name == "DataError" and call.args:
        return Message(room, name, _text(call.args[0]), _text(keywords.get("remedy")))
    if name == "warn" and len(call.args) >= 2 and _name(call.args[1]).endswith("Warning"):
        return Message(room, _name(call.args[1]), _text(call.args[0]), "")
    return None


def harvest() -> Iterator[Message]:
    """Every message of the source whose wording stands in it."""
    for path in sorted(SOURCE.rglob("*.py")):
        parts = path.relative_to(SOURCE).parts
        room = parts[0] if len(parts) > 1 else path.stem
        if room in {"_shipped"}:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            found = _from_call(node, room) if isinstance(node, ast.Call) else None
            if found is not None and found.problem.strip("… /"):
                yield found


def meanings() -> dict[str, tuple[str, str]]:
    """Class of error or warning -> (what it means, what to do), in plain words."""
    with MEANINGS.open(encoding="utf-8", newline="") as file:
        return {r["name"]: (r["meaning"], r["remedy"]) for r in csv.DictReader(file)}


def _row(*cells: str) -> str:
    return "<tr>" + "".join(f"<td>{escape(c)}</td>" for c in cells) + "</tr>"


def _table(heads: tuple[str, ...], rows: list[str]) -> str:
    head = "".join(f'<th scope="col">{escape(h)}</th>' for h in heads)
    return (
        f'<div class="table-wrapper"><table class="docutils"><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def page() -> str:
    """The page on errors and warnings."""
    known = meanings()
    kinds = [n for n in errors.__all__ if n != "warn"]
    parts = [
        "# Errors and warnings\n",
        "Every bad input ends in a `DataError` that says what is wrong, where it stands (file, "
        "row, column) and how to mend it. What is odd but usable gives a named warning; each can "
        'be filtered by its name, for example `warnings.filterwarnings("ignore", '
        "category=dmpkit.errors.ReadingWarning)`.\n",
        "## What each kind means and what to do\n",
        _table(
            ("name", "meaning", "what to do"),
            [_row(n, *known.get(n, ("", ""))) for n in kinds],
        ),
    ]
    by_room: dict[str, list[Message]] = defaultdict(list)
    for message in harvest():
        by_room[message.room].append(message)
    parts.append(
        "\n## Every message\n\nAs they stand in the source; … stands for what comes from your "
        "data. The search of this site finds a message by any of its words.\n"
    )
    for room, found in sorted(by_room.items()):
        rows = sorted({(m.problem, m.remedy or "", m.kind) for m in found})
        parts.append(f"\n### {room}\n")
        parts.append(_table(("message", "remedy", "kind"), [_row(*r) for r in rows]))
    return "\n".join(parts) + "\n"
