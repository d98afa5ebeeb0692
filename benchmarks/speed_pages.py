"""What README and guide say of speed, written from the stored results and from nothing else.

A page holds ``<!-- bench NAME -->`` and ``<!-- /bench -->``; what stands between them is made
here. ``python benchmarks/speed_pages.py`` writes the blocks anew; a test compares them.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
RESULTS = HERE / "results"
PAGES = (ROOT / "README.md", ROOT / "docs" / "guide" / "scaling.md")
BLOCK = re.compile(r"(<!-- bench ([a-z0-9-]+) -->\n).*?(<!-- /bench -->)", re.S)


def stored(name: str, folder: Path = RESULTS) -> tuple[pd.DataFrame, dict[str, Any]]:
    """A table of results and the machine that it was made on."""
    about = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    return pd.read_csv(folder / f"{name}.csv", keep_default_na=True), about


def duration(value: float) -> str:
    """Three digits and a unit: 1.80 ms, 24.6 s."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if value >= size * 0.9995:
            return f"{digits(value / size)} {unit}"
    return f"{digits(value * 1e6)} µs"


def digits(value: float) -> str:
    """Three digits: 1.80, 24.6, 569, 12,300."""
    if value >= 99.95:
        return f"{float(f'{value:.3g}'):,.0f}"
    return f"{value:.1f}" if value >= 9.995 else f"{value:.2f}"


def memory(value: float) -> str:
    if pd.isna(value):
        return "–"
    return f"{value / 1024:.1f} GiB" if value >= 1023.5 else f"{value:.0f} MiB"


def table_of(head: list[str], rows: list[list[str]], right: set[int] = frozenset()) -> str:  # type: ignore[assignment]
    """A Markdown table."""
    rule = ["---:" if i in right else "---" for i in range(len(head))]
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, rule, *rows]) + "\n"


def described(about: dict[str, Any]) -> str:
    sys.path.insert(0, str(HERE))
    from machine import described as said

    return said(about)


# --- ours beside others


def comparison(table: pd.DataFrame, about: dict[str, Any]) -> str:
    """The whole table in Markdown."""
    rows, notes = [], []
    for row in table.itertuples():
        mark = ""
        if isinstance(row.note, str) and row.note:
            notes.append(row.note)
            mark = f" [{len(notes)}]"
        peer = f"{row.peer} {row.version}{mark}"
        if pd.isna(row.theirs):
            rows.append([row.what, peer, duration(row.ours), "–", "–", *["–"] * 4])
            continue
        rows.append(
            [
                row.what, peer,
                f"{duration(row.ours)} ({duration(row.ours_median)})",
                f"{duration(row.theirs)} ({duration(row.theirs_median)})",
                digits(row.ratio), memory(row.ours_peak), memory(row.theirs_peak),
                f"{row.difference:.0e}", row.agree,
            ]
        )  # fmt: skip
    head = ["what", "peer", "dmpkit: best (median)", "peer: best (median)", "peer / dmpkit",
            "dmpkit: memory", "peer: memory", "difference", "same answer"]  # fmt: skip
    said = [
        "CPU time of one call (user and system, children included) in a fresh process, after the "
        f"libraries were loaded; best and median of {int(table['ours_repetitions'].max())} "
        "processes, one where a call takes longer than some seconds. Memory is the peak of the "
        "whole process, libraries and input included. One thread each. The difference is the "
        "largest one between the two answers, as a share of the largest number in them.",
        described(about),
        *(f"[{i}] {note}" for i, note in enumerate(notes, start=1)),
    ]
    return table_of(head, rows, {2, 3, 4, 5, 6, 7}) + "\n" + "\n\n".join(said) + "\n"


def readme(table: pd.DataFrame, about: dict[str, Any]) -> str:
    """The few lines of the README."""
    known = table[(table["agree"] == "yes")]
    here = known[known["where"] == "here"]
    fewer = here[here["ratio"] > 1]
    chosen = [
        ("alpha_nominal", "krippendorff"), ("conger", "irrCAC"), ("varimax", "factor_analyzer"),
        ("rake", "weightipy"), ("rake", "svy"), ("rake", "balance"), ("cox", "lifelines"),
        ("incidence", "statsmodels"), ("q_bootstrap_none", "R qmethod"), ("reason", "R deliberr"),
    ]  # fmt: skip
    rows = []
    for task, peer in chosen:
        part = known[(known["task"] == task) & (known["peer"] == peer)]
        if len(part):
            row = part.sort_values("size").iloc[-1]
            what = f"{row['what']}"
            rows.append(
                [what, f"{peer} {row['version']}", duration(row["ours"]), duration(row["theirs"]),
                 digits(row["ratio"])]
            )  # fmt: skip
    lines = [
        f"In {len(fewer)} of {len(here)} comparisons on the same machine dmpkit takes less CPU "
        f"time, in {len(here) - len(fewer)} more; the answers are the same in all of them. "
        "Some rows, of both kinds:",
        "",
        table_of(["what", "peer", "dmpkit", "peer", "peer / dmpkit"], rows, {2, 3, 4}),
        f"CPU time, one thread: {described(about)} Figures of R are from single runs on another "
        "shared machine. All rows, memory and how it was measured: "
        "[benchmarks/results/comparison.md](benchmarks/results/comparison.md).",
    ]
    return "\n".join(lines) + "\n"


# --- blocks


def blocks() -> dict[str, str]:
    """What every block shall hold."""
    made: dict[str, str] = {}
    if (RESULTS / "comparison.csv").exists():
        made["readme"] = readme(*stored("comparison"))
        made["comparison"] = comparison(*stored("comparison"))
    if (RESULTS / "scaling.csv").exists():
        import scaling_pages

        made |= scaling_pages.blocks()
    return made


def filled(text: str, made: Mapping[str, str]) -> str:
    """A page with its blocks as they shall be."""

    def one(found: re.Match[str]) -> str:
        if found[2] not in made:
            raise SystemExit(f"no results for the block {found[2]!r}")
        return f"{found[1]}{made[found[2]]}{found[3]}"

    return BLOCK.sub(one, text)


def write_all(write: Callable[[Path, str], object] | None = None) -> None:
    """Write the blocks of all pages anew."""
    made = blocks()
    for page in PAGES:
        if page.exists():
            text = page.read_text(encoding="utf-8")
            new = filled(text, made)
            if new != text:
                (write or (lambda p, t: p.write_text(t, encoding="utf-8")))(page, new)


if __name__ == "__main__":
    sys.path.insert(0, str(HERE))
    write_all()
