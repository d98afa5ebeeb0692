"""Changes of a codebook as a log, replayed on codebooks and on coded projects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import pandas as pd

from dmpkit.coding.code_names import code_path
from dmpkit.coding.schema import SEPARATOR
from dmpkit.errors import DataError

if TYPE_CHECKING:
    from dmpkit.coding.data import CodedProject

__all__ = ["OPERATIONS", "RecodingLog", "Step", "changed_codes"]

OPERATIONS: Final = ("add", "define", "rename", "move", "merge", "split")


@dataclass(frozen=True)
class Step:
    """One change of a codebook.

    Parameters
    ----------
    operation : {"add", "define", "rename", "move", "merge", "split"}
    codes : tuple of str
        Full paths of the codes that change, as they are called before the step.
    into : str
        The new name (rename), parent (move), code (merge) or origin (add).
    segments : tuple of (code, segment ids)
        For a split: which segments get which new code.
    definitions : tuple of (code, text)
    note : str
        Why.
    version : str
        The version that came of it.
    """

    operation: str
    codes: tuple[str, ...]
    into: str = ""
    segments: tuple[tuple[str, tuple[str, ...]], ...] = ()
    definitions: tuple[tuple[str, str], ...] = ()
    note: str = ""
    version: str = ""

    def __post_init__(self) -> None:
        if self.operation not in OPERATIONS:
            raise DataError(
                f"{self.operation!r} is no change of a codebook.",
                remedy=f"There are {', '.join(OPERATIONS)}.",
            )
        if not self.codes or not all(self.codes):
            raise DataError(f"The step {self.operation!r} names no code.")

    @property
    def said(self) -> str:
        """What the step gives to its codes, in words."""
        if self.operation == "split":
            return "; ".join(f"{code} ({len(ids)} segments)" for code, ids in self.segments)
        if self.operation in {"define", "add"}:
            return "; ".join(text for _, text in self.definitions)
        return self.into or "(top)"


@dataclass(frozen=True)
class RecodingLog:
    """The changes in the order in which they were made.

    Examples
    --------
    >>> log = RecodingLog((Step("rename", ("A",), "B"),))
    >>> log.table[["operation", "codes", "into"]].to_numpy().tolist()
    [['rename', 'A', 'B']]
    """

    steps: tuple[Step, ...] = ()

    def extended(self, step: Step) -> RecodingLog:
        """The log with one more step."""
        return RecodingLog((*self.steps, step))

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a step: ``step, version, operation, codes, into, note``."""
        rows = [
            (i, s.version, s.operation, "; ".join(s.codes), s.said, s.note)
            for i, s in enumerate(self.steps, start=1)
        ]
        columns = ["step", "version", "operation", "codes", "into", "note"]
        kinds = {"step": "int64"} | dict.fromkeys(columns[1:], "str")
        return pd.DataFrame(rows, columns=columns).astype(kinds)

    def apply(self, project: CodedProject) -> CodedProject:
        """The project recoded step by step; every segment stays, with span, coder and memo.

        Where a merge gives the same words the same code twice by one coder, both rows
        stay (counting methods count exact duplicates once).

        Raises
        ------
        DataError
            When the project lacks a code or segment that a step names.

        Examples
        --------
        >>> from dmpkit.coding.data import CodedProject
        >>> sources = pd.DataFrame({"source": ["I1"], "text": ["Time was short."]})
        >>> segments = pd.DataFrame({"source": ["I1"], "code": ["A"], "start": [0], "end": [4]})
        >>> project = CodedProject.from_frames(sources, segments)
        >>> RecodingLog((Step("rename", ("A",), "B"),)).apply(project).segments["code"].tolist()
        ['B']
        """
        codes, segments, unplaced = project.codes, project.segments, project.unplaced
        for number, step in enumerate(self.steps, start=1):
            try:
                after = changed_codes(codes, step)
                segments = _recoded(segments, step, codes, unplaced)
                unplaced = _recoded(unplaced, step, codes, segments)
            except DataError as error:
                raise DataError(
                    f"Step {number} ({step.operation}) cannot be replayed: {error.problem}",
                    remedy=error.remedy or "Apply the log to the project for which it was made.",
                ) from None
            codes = after
        return project.with_tables(codes=codes, segments=segments, unplaced=unplaced)


def new_paths(codes: pd.DataFrame, step: Step) -> dict[str, str]:
    """Old path to new path, for every code that a step moves or calls otherwise."""
    if step.operation in {"add", "define", "split"}:
        return {}
    for path in step.codes:
        _require(codes, path)
    if step.operation == "merge":
        return _merged_paths(codes, step)
    path = step.codes[0]
    own = codes.loc[codes["code"] == path].iloc[0]
    if step.operation == "rename":
        name, parent = step.into, str(own["parent"])
    else:
        name, parent = str(own["name"]), step.into
        if parent:
            _require(codes, parent)
        if parent == path or parent.startswith(path + SEPARATOR):
            raise DataError(f"{path!r} cannot be moved below itself.")
    if not name.strip() or (step.operation == "rename" and SEPARATOR in name):
        raise DataError(
            f"{path!r} cannot be called {name!r}.",
            remedy=f"A name is not empty and holds no {SEPARATOR!r}; move puts a code elsewhere.",
        )
    target = f"{parent}{SEPARATOR}{name}" if parent else name
    moved = {path: target} | {
        code: target + code[len(path) :] for code in codes["code"] if code.startswith(path + "/")
    }
    _refuse_taken(codes, moved)
    return {old: new for old, new in moved.items() if old != new}


def _merged_paths(codes: pd.DataFrame, step: Step) -> dict[str, str]:
    into = step.into
    if not into.strip():
        raise DataError("Codes cannot be merged into a code without a name.")
    moved: dict[str, str] = {}
    for path in step.codes:
        if path == into:
            continue
        if into.startswith(path + SEPARATOR):
            raise DataError(
                f"{path!r} cannot be merged into {into!r}, which lies below it.",
                remedy="Merge the lower code into the higher one, or move it first.",
            )
        moved[path] = into
        for code in codes["code"]:
            if code.startswith(path + SEPARATOR) and code not in moved and code != into:
                moved[code] = into + code[len(path) :]
    below = [new for old, new in moved.items() if old not in step.codes]
    named = set(step.codes)
    clash = [n for n in below if below.count(n) > 1 or n in set(codes["code"]) - named - set(moved)]
    if clash:
        raise DataError(
            f"Two codes would be called {clash[0]!r} after the merge.",
            remedy="Merge or rename the codes below first.",
        )
    return moved


def _require(codes: pd.DataFrame, path: str) -> None:
    if not (codes["code"] == path).any():
        code_path(codes.assign(name=codes["code"]), path)  # says the closest


def _refuse_taken(codes: pd.DataFrame, moved: Mapping[str, str]) -> None:
    staying = set(codes["code"]) - set(moved)
    taken = [new for new in moved.values() if new in staying]
    if taken:
        raise DataError(
            f"There is a code {taken[0]!r} already.",
            remedy="Merge the two, or choose another name.",
        )


def changed_codes(codes: pd.DataFrame, step: Step) -> pd.DataFrame:
    """The table of codes after a step.

    Raises
    ------
    DataError
        When the step does not fit the codes.
    """
    moved = new_paths(codes, step)
    given = dict(step.definitions)
    if step.operation == "define":
        _require(codes, step.codes[0])
    rows = [{str(k): v for k, v in row.items()} for row in codes.to_dict("records")]
    by_path: dict[str, dict[str, object]] = {}
    if step.operation == "merge":
        rows.sort(key=lambda row: row["code"] in step.codes)  # the target keeps its own fields
    for row in rows:
        path = moved.get(str(row["code"]), str(row["code"]))
        if path in by_path:
            _absorb(by_path[path], row)
        else:
            above = str(row["parent"])
            by_path[path] = row | {"code": path, "parent": moved.get(above, above)}
    if step.operation == "add" and step.codes[0] in by_path:
        raise DataError(f"There is a code {step.codes[0]!r} already.")
    fresh = step.codes if step.operation == "add" else tuple(code for code, _ in step.segments)
    if step.operation == "split":
        _require(codes, step.codes[0])
    for path in fresh:
        origin = step.into if step.operation == "add" else by_path[step.codes[0]].get("origin", "")
        by_path.setdefault(path, {"code": path, "origin": origin, "codable": True})
    for path, text in given.items():
        if path not in by_path:
            _require(codes, path)
        by_path[path]["description"] = text
    return _with_families(list(by_path.values()), tuple(codes.columns))


def _absorb(kept: dict[str, object], lost: Mapping[str, object]) -> None:
    """A merged code's definition joins that of the code which stays."""
    texts = [str(kept.get("description") or ""), str(lost.get("description") or "")]
    kept["description"] = "\n".join(dict.fromkeys(text for text in texts if text))
    kept["codable"] = bool(kept.get("codable")) or bool(lost.get("codable"))
    if kept.get("origin") != lost.get("origin"):
        kept["origin"] = kept.get("origin") or lost.get("origin") or ""


def _with_families(rows: list[dict[str, object]], columns: tuple[str, ...]) -> pd.DataFrame:
    """The rows with name and parent from their path, missing ancestors added."""
    from dmpkit.coding.checking import with_hierarchy
    from dmpkit.coding.schema import tidy

    for row in rows:
        name, parent = str(row.get("name") or ""), str(row.get("parent") or "")
        path = str(row["code"])
        if name and path == (f"{parent}{SEPARATOR}{name}" if parent else name):
            continue  # as it was, also where a name holds the separator
        row["parent"], _, row["name"] = path.rpartition(SEPARATOR)
    return with_hierarchy(tidy(pd.DataFrame(rows, columns=list(columns)), "codes"))


def _recoded(
    frame: pd.DataFrame, step: Step, codes: pd.DataFrame, others: pd.DataFrame
) -> pd.DataFrame:
    """Segments with the codes that a step gives them; as many as before."""
    if step.operation == "split":
        return _split(frame, step, others)
    moved = new_paths(codes, step)
    if not moved or not len(frame):
        return frame
    return frame.assign(code=[moved.get(code, code) for code in frame["code"]])


def _split(frame: pd.DataFrame, step: Step, others: pd.DataFrame) -> pd.DataFrame:
    given: dict[str, str] = {}
    for code, ids in step.segments:
        for segment in ids:
            if given.setdefault(segment, code) != code:
                raise DataError(
                    f"The segment {segment!r} is given to {given[segment]!r} and to {code!r}.",
                    remedy="Give each segment to one of the new codes.",
                )
    known = {*frame["segment"], *others["segment"]}
    unknown = [segment for segment in given if segment not in known]
    if unknown:
        raise DataError(f"There is no segment {unknown[0]!r}.")
    here = zip(frame["segment"], frame["code"], strict=True)
    wrong = [(s, c) for s, c in here if s in given and c != step.codes[0]]
    if wrong:
        raise DataError(
            f"The segment {wrong[0][0]!r} is coded {wrong[0][1]!r}, not {step.codes[0]!r}."
        )
    pairs: Iterable[tuple[str, str]] = zip(frame["segment"], frame["code"], strict=True)
    return frame.assign(code=[given.get(segment, code) for segment, code in pairs])
