"""The recipe of the synthetic ledger; run it in an empty folder to make the files anew.

24 recommendations of an invented assembly and three years of invented events, made with
``dmpkit.impact.synthetic_ledger``, whose documentation states the recipe. No assembly
made these recommendations and no government answered them.
"""

from __future__ import annotations

from pathlib import Path

from dmpkit import impact


def main(folder: Path) -> None:
    """Write the ledger's six tables into a folder."""
    impact.write_ledger(impact.synthetic_ledger(24, years=3, seed=4), folder)


if __name__ == "__main__":
    main(Path(__file__).resolve().parent)
