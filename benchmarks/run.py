"""Our own timings beside what they were aimed at, room by room (`make bench-aims`)."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

ROOMS = ("coding", "impact", "measures", "qmethod", "rankings", "reason", "representativeness")


def main() -> None:
    for room in ROOMS:
        path = Path(__file__).parent / f"{room}.py"
        print(f"\n{room}\n{'-' * len(room)}")
        sys.argv = [str(path)]
        runpy.run_path(str(path), run_name="__main__")


if __name__ == "__main__":
    main()
