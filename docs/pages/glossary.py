"""The glossary: the field's terms in plain words."""

from __future__ import annotations

import csv
from pathlib import Path

TERMS = Path(__file__).resolve().parents[1] / "reference" / "glossary.csv"


def terms() -> list[dict[str, str]]:
    """The entries: term, meaning, room, see."""
    with TERMS.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _links(entry: dict[str, str], known: list[str]) -> str:
    named = [s.strip() for s in entry["see"].split(";") if s.strip()]
    full = [next(term for term in known if term.startswith(s)) for s in named]
    return f" See {', '.join(f'{{term}}`{term}`' for term in full)}." if full else ""


def page() -> str:
    """The glossary as a page."""
    entries = terms()
    known = [entry["term"] for entry in entries]
    items = "\n\n".join(
        f"{entry['term']}\n  {entry['meaning']}{_links(entry, known)} *({entry['room']})*"
        for entry in entries
    )
    return (
        "# Glossary\n\nThe words that dmpkit uses, in plain terms. The explanations are ours; the "
        "docstrings name the literature behind each number.\n\n"
        f":::{{glossary}}\n{items}\n:::\n"
    )
