"""One input and what became of it: a result, a refusal that helps, or a fault."""

from __future__ import annotations

import gc
import re
import shutil
import sys
import time
import traceback
import warnings
from dataclasses import dataclass
from pathlib import Path

from dmpkit.errors import DataError, DmpkitWarning

from .readers import Reader
from .seeds import Seed

RESULT, REFUSED, FAULT = "result", "refused", "fault"
#: A message longer than this hides what it says.
LONGEST_MESSAGE = 2800
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


@dataclass
class Outcome:
    """What became of one input; `key` is the same for faults of the same place."""

    kind: str
    key: str = ""
    message: str = ""
    seconds: float = 0.0
    error: DataError | None = None


def put(files: Seed, place: Path) -> Path:
    """Write the files of an input into an empty folder; the first one's path."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    for name, data in files.items():
        path = place / name
        if path.parent != place:
            path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return place / next(iter(files), "nothing")


def judge(reader: Reader, files: Seed, place: Path) -> Outcome:
    """Give an input to a reader and say what became of it."""
    first = put(files, place)
    target = place if reader.folder else first
    odd: list[object] = []
    hook, sys.unraisablehook = sys.unraisablehook, lambda said: odd.append(said.exc_value)
    begun = time.process_time()
    try:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            warnings.filterwarnings("ignore", category=ImportWarning)
            outcome = _called(reader, target, files, place)
    finally:
        sys.unraisablehook = hook
    outcome.seconds = time.process_time() - begun
    if outcome.kind == FAULT:
        return outcome
    foreign = [w for w in said if not issubclass(w.category, DmpkitWarning)]
    if foreign:
        one = foreign[0]
        place_of = f"{Path(one.filename).name}:{one.lineno}"
        return Outcome(
            FAULT, f"{one.category.__name__} at {place_of}", str(one.message), outcome.seconds
        )
    if odd:
        return Outcome(FAULT, f"unraisable {type(odd[0]).__name__}", str(odd[0]), outcome.seconds)
    return outcome


def _called(reader: Reader, target: Path, files: Seed, place: Path) -> Outcome:
    try:
        result = reader.run(target)
        repr(result)
    except DataError as error:
        return _refusal(error, reader, files, place)
    except MemoryError as error:
        gc.collect()
        return Outcome(FAULT, f"MemoryError {_where(error)}", str(error))
    except Exception as error:
        return Outcome(FAULT, f"{type(error).__name__} {_where(error)}", str(error)[:500])
    return Outcome(RESULT)


def _where(error: BaseException) -> str:
    """The last line of dmpkit on the way to an error."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "/dmpkit/" in frame.filename] or frames[-1:]
    if not own:
        return "at an unknown line"
    return f"in {Path(own[-1].filename).stem}.{own[-1].name}, line {own[-1].lineno}"


def _refusal(error: DataError, reader: Reader, files: Seed, place: Path) -> Outcome:
    """A refusal, or a fault where its message does not help."""
    text = str(error)
    wrong = ""
    names = {place.name, *(Path(name).name for name in files)}
    names |= {Path(part).name for name in files for part in Path(name).parents}
    if len(text) > LONGEST_MESSAGE:
        wrong = "message too long"
    elif CONTROLS.search(text):
        wrong = "control characters in the message"
    elif str(place) in text:
        wrong = "a path of this machine in the message"
    elif reader.names_file and not error.file and not any(n and n in text for n in names):
        wrong = "message names no file"
    elif len(error.problem) < 8:
        wrong = "message says nothing"
    if wrong:
        return Outcome(FAULT, f"{wrong} {_where(error)}", text[:500], error=error)
    return Outcome(REFUSED, message=text, error=error)
