"""Python blocks of hand-written pages: found, run, and shown with what they print.

A block that begins with ```` ```python ```` is run; one marked ```` ```python no-run ````
is not. The blocks of a page share their names, as the cells of a notebook do.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

BLOCK = re.compile(r"^```python\n(.*?)^```\n?", re.S | re.M)


@contextlib.contextmanager
def _in(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def run(text: str, folder: Path, name: str = "page") -> list[str]:
    """Run the blocks of a page in `folder`, one after another; what each printed."""
    seen: dict[str, Any] = {"__name__": "page"}
    said = []
    with _in(folder):
        for number, block in enumerate(BLOCK.findall(text), start=1):
            with contextlib.redirect_stdout(io.StringIO()) as out:
                exec(compile(block, f"{name}, block {number}", "exec"), seen)  # noqa: S102
            said.append(out.getvalue())
    return said


def with_output(text: str, folder: Path, name: str = "page") -> str:
    """The page with the printed lines under each block."""
    said = iter(run(text, folder, name))

    def shown(match: re.Match[str]) -> str:
        printed = next(said).rstrip()
        return match[0] + (f"\n```text\n{printed}\n```\n" if printed else "")

    return BLOCK.sub(shown, text)
