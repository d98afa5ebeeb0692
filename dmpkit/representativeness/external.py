"""Draw a panel with sortition-algorithms, as a program of its own.

sortition-algorithms (Sortition Foundation) is licensed GPL-3 and needs other versions
of the libraries than dmpkit: it lives in an environment of its own and is run as a
command, never imported. What passes between the two are files:

    sortition csv -S settings.toml -f features.csv -p people.csv -s selected.csv
    -r remaining.csv -n SEATS --no-progress

(command line of version 0.12.15).
"""

from __future__ import annotations

import json
import os
import subprocess  # a program that the user names, without a shell
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dmpkit.errors import DataError, DmpkitError
from dmpkit.representativeness.pool import DrawProblem, draw_problem
from dmpkit.resampling import drawn_seed
from dmpkit.tables import read_delimited
from dmpkit.writing import unfinished_folder

__all__ = ["ExternalDraw", "run_external_lottery"]

ALGORITHMS = ("maximin", "leximin", "nash", "legacy")


@dataclass(frozen=True, eq=False)
class ExternalDraw:
    """One panel drawn by the other program.

    Attributes
    ----------
    selected : tuple of str
        Ids of the members.
    output : str
        What the program printed.
    command : tuple of str
        How it was called.
    """

    selected: tuple[str, ...]
    output: str
    command: tuple[str, ...]


def run_external_lottery(
    pool: Any,
    quotas: Any,
    seats: int,
    *,
    command: str | Sequence[str] = "sortition",
    algorithm: str = "maximin",
    person: str | None = None,
    household: str | Sequence[str] | None = None,
    seed: int | None = None,
    timeout: float = 600.0,
) -> ExternalDraw:
    """Draw one panel with the command of sortition-algorithms.

    Only ids, quota variables and address columns are handed over.

    Parameters
    ----------
    pool, quotas, seats, person, household
        As in :func:`~dmpkit.representativeness.lottery.simulate_lottery`.
    command : str or list of str
        The program ``sortition`` of the environment that sortition-algorithms is
        installed in (``pip install 'sortition-algorithms[cli]'``), with its path where
        it is not on the search path; or a list of program and first arguments.
    algorithm : {"maximin", "leximin", "nash", "legacy"}
        LEXIMIN needs a Gurobi licence there.
    seed : int, optional
        Above 0; without it the program takes secure random numbers.
    timeout : float
        Seconds after which the program is ended.

    Returns
    -------
    ExternalDraw

    Raises
    ------
    DataError
        When the inputs do not fit together, the command is not there, or it draws
        no panel; the message ends with what the program said.

    Examples
    --------
    >>> import pandas as pd
    >>> import pandas as pd
    >>> pool = pd.DataFrame({"age": ["young", "old", "old"]})
    >>> quotas = pd.DataFrame({"variable": "age", "category": ["young", "old"],
    ...                        "min": [1, 1], "max": [1, 1]})
    >>> run_external_lottery(pool, quotas, 2, command="no-such-program")
    Traceback (most recent call last):
    ...
    dmpkit.errors.DataError: There is no command 'no-such-program'. Install \
sortition-algorithms[cli] in an environment of its own and give the path of its program \
sortition as command=.
    """
    if quotas is None:
        raise DataError("The program draws by quotas only.", remedy="Give quotas.")
    if algorithm not in ALGORITHMS:
        raise DataError(
            f"There is no algorithm {algorithm!r}.", remedy=f"Use one of {', '.join(ALGORITHMS)}."
        )
    if seed is not None and drawn_seed(seed) == 0:
        raise DataError("A seed of 0 means no seed to the program.", remedy="Use 1 or more.")
    problem = draw_problem(pool, quotas, seats, person=person, household=household)
    homes = [household] if isinstance(household, str) else list(household or ())
    with unfinished_folder(Path(tempfile.gettempdir()) / "lottery", work=True) as place:
        _write_inputs(place, problem, homes, algorithm, 0 if seed is None else int(seed))
        call = _call(command, place, problem.seats)
        output = _run(call, timeout)
        return ExternalDraw(_read_selected(place, problem, output), output, tuple(call))


def _write_inputs(
    place: Path, problem: DrawProblem, homes: list[str], algorithm: str, seed: int
) -> None:
    variables = list(dict.fromkeys(problem.cells["variable"]))
    taken = problem.frame[[*variables, *(h for h in homes if h not in variables)]]
    if "dmpkit_id" in taken.columns:
        raise DataError("The pool has a column 'dmpkit_id'.", remedy="Rename it.")
    people = taken.copy()
    people.insert(0, "dmpkit_id", list(problem.people))
    people.to_csv(place / "people.csv", index=False)
    features = problem.cells.rename(columns={"variable": "feature", "category": "value"})
    features[["feature", "value", "min", "max"]].to_csv(place / "features.csv", index=False)
    settings = {
        "random_number_seed": seed,
        "check_same_address": bool(homes),
        "check_same_address_columns": homes,
        "selection_algorithm": algorithm,
        "max_attempts": 100,
        "columns_to_keep": [],
        "id_column": "dmpkit_id",
    }
    # JSON and TOML write numbers, flags, text and lists of text alike
    lines = [
        f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in settings.items()
    ]
    (place / "settings.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _call(command: str | Sequence[str], place: Path, seats: int) -> list[str]:
    program = [command] if isinstance(command, str) else list(command)
    files = {"-S": "settings.toml", "-f": "features.csv", "-p": "people.csv",
             "-s": "selected.csv", "-r": "remaining.csv"}  # fmt: skip
    parts = [part for flag, name in files.items() for part in (flag, str(place / name))]
    return [*program, "csv", *parts, "-n", str(seats), "--no-progress"]


def _run(call: list[str], timeout: float) -> str:
    environment = {**os.environ, "PYTHONUTF8": "1"}
    try:
        done = subprocess.run(  # noqa: S603
            call, capture_output=True, text=True, encoding="utf-8", errors="replace",
            timeout=timeout, check=False, env=environment,
        )  # fmt: skip
    except FileNotFoundError:
        raise DataError(
            f"There is no command {call[0]!r}.",
            remedy="Install sortition-algorithms[cli] in an environment of its own and give the "
            "path of its program sortition as command=.",
        ) from None
    except subprocess.TimeoutExpired:
        raise DmpkitError(f"{call[0]} did not end within {timeout:g} seconds.") from None
    output = done.stdout + done.stderr
    if done.returncode != 0:
        raise DataError(f"{call[0]} ended with code {done.returncode}: {_last_words(output)}")
    return output


def _last_words(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return " ".join(lines[-5:]) or "it said nothing."


def _read_selected(place: Path, problem: DrawProblem, output: str) -> tuple[str, ...]:
    path = place / "selected.csv"
    if not path.exists():
        raise DataError(f"The program wrote no panel: {_last_words(output)}")
    table, _ = read_delimited(path, delimiter=",", decimal=".", encoding="utf-8")
    selected = tuple(table["dmpkit_id"]) if "dmpkit_id" in table.columns else ()
    if len(set(selected)) != problem.seats or not set(selected) <= set(problem.people):
        raise DataError(
            f"The program's panel has {len(selected)} members of the pool for "
            f"{problem.seats} seats: {_last_words(output)}"
        )
    return selected
