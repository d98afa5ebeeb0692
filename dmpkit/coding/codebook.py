"""Codebooks: hierarchy, definitions, versions, and a log of changes that can be replayed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np
import pandas as pd

from dmpkit.coding.code_names import code_path, lineages
from dmpkit.coding.recoding import RecodingLog, Step, changed_codes
from dmpkit.coding.schema import tidy
from dmpkit.errors import DataError
from dmpkit.reporting import Result, Section, paragraphs, table_html
from dmpkit.tables import require_columns, to_pandas
from dmpkit.wording import counted

if TYPE_CHECKING:
    from dmpkit.coding.data import CodedProject

__all__ = ["Codebook", "diff"]

#: Columns of the reliability figures kept beside a codebook.
RELIABILITY: Final = ("version", "code", "coefficient", "value")
#: What is compared in two versions, and what a difference is called.
COMPARED: Final[Mapping[str, str]] = {
    "description": "redefined", "origin": "origin changed", "codable": "codable changed",
    "colour": "recoloured",
}  # fmt: skip


@dataclass(frozen=True, eq=False, repr=False)
class Codebook(Result):
    """A version of a codebook with the changes that led to it.

    Attributes
    ----------
    codes : DataFrame
        ``code`` (full path), ``name``, ``parent``, ``description``, ``colour``,
        ``codable``, ``origin`` (``"deductive"``: brought to the text, ``"inductive"``:
        made from it, or empty), ``guid``; parents stand above their children.
    version : str
    log : RecodingLog
        Steps since the version from which the log starts.
    reliability : DataFrame
        Figures as data: ``version, code, coefficient, value`` and further columns; they
        are kept and shown, not computed here.

    Examples
    --------
    >>> book = Codebook(pd.DataFrame({"code": ["Pressure", "Pressure/Time"]}), "1")
    >>> newer = book.rename("Pressure/Time", "Deadlines", version="2")
    >>> newer.codes["code"].tolist(), newer.log.table["operation"].tolist()
    (['Pressure', 'Pressure/Deadlines'], ['rename'])
    """

    title: ClassVar[str] = "Codebook"
    sheet_notes: ClassVar[Mapping[str, str]] = {
        "codebook": "One row a code in the order of the hierarchy.",
        "history": "Changes in the order in which they were made.",
        "reliability": "Reliability figures by version, as entered.",
    }

    codes: pd.DataFrame
    version: str = ""
    log: RecodingLog = field(default_factory=RecodingLog)
    reliability: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=RELIABILITY))

    def __post_init__(self) -> None:
        from dmpkit.coding.checking import check_codes, with_hierarchy

        codes = with_hierarchy(tidy(self.codes, "codes"))
        check_codes(codes)
        object.__setattr__(self, "codes", codes)
        object.__setattr__(self, "version", str(self.version))
        figures = to_pandas(self.reliability, what="table of reliability")
        require_columns(figures, RELIABILITY)
        object.__setattr__(self, "reliability", figures)

    @classmethod
    def of(cls, project: CodedProject, version: str = "") -> Codebook:
        """The codebook of a project, with an empty history."""
        return cls(project.codes, version)

    # --- changes ---------------------------------------------------------------------

    def rename(
        self, code: str, name: str, *, version: str | None = None, note: str = ""
    ) -> Codebook:
        """A code with another name; the codes below it move along.

        Parameters
        ----------
        code : str
            Path, or a name that occurs once.
        name : str
            The new name, without a path.
        version : str, optional
            Name of the version that comes of it.
        note : str
            Why, for the history.

        Raises
        ------
        DataError
            For an unknown code, or a name that is taken or empty.
        """
        return self._with(Step("rename", (self._path(code),), name, note=note), version)

    def move(
        self, code: str, parent: str = "", *, version: str | None = None, note: str = ""
    ) -> Codebook:
        """A code, with all below it, under another parent; a top code where that is empty.

        Raises
        ------
        DataError
            For unknown codes, a parent below the code itself, or a name taken there.
        """
        above = self._path(parent) if parent else ""
        return self._with(Step("move", (self._path(code),), above, note=note), version)

    def merge(
        self, codes: Iterable[str], into: str, *, version: str | None = None, note: str = ""
    ) -> Codebook:
        """Some codes made one: their segments get the code `into`, which may be new.

        Codes below those that are merged move under `into`; definitions of the merged
        codes are added to its own.

        Raises
        ------
        DataError
            For unknown codes, or where codes of one name would meet below `into`.
        """
        asked = [codes] if isinstance(codes, str) else list(codes)
        target = into if into not in self._names() else self._path(into)
        paths = tuple(p for p in dict.fromkeys(map(self._path, asked)) if p != target)
        return self._with(Step("merge", paths, target, note=note), version)

    def split(
        self,
        code: str,
        into: Mapping[str, Iterable[str]],
        *,
        definitions: Mapping[str, str] | None = None,
        version: str | None = None,
        note: str = "",
    ) -> Codebook:
        """A code parted: named segments get new codes, the others keep it.

        Parameters
        ----------
        code : str
        into : mapping of code to segment ids
            The new codes (full paths; new ones are made) and their segments.
        definitions : mapping of code to text, optional

        Raises
        ------
        DataError
            For an unknown code, or a segment that is given to two codes.
        """
        given = tuple((new, tuple(map(str, ids))) for new, ids in into.items())
        step = Step(
            "split", (self._path(code),), "", given, tuple((definitions or {}).items()), note
        )
        return self._with(step, version)

    def add(
        self,
        code: str,
        description: str = "",
        *,
        origin: str = "",
        version: str | None = None,
        note: str = "",
    ) -> Codebook:
        """A new code; its origin is "deductive", "inductive" or not said.

        Raises
        ------
        DataError
            When the code exists already.
        """
        step = Step("add", (code,), origin, (), ((code, description),), note)
        return self._with(step, version)

    def define(
        self, code: str, description: str, *, version: str | None = None, note: str = ""
    ) -> Codebook:
        """Another definition for a code; the old one stays in the history."""
        path = self._path(code)
        return self._with(Step("define", (path,), "", (), ((path, description),), note), version)

    def with_reliability(self, figures: Any) -> Codebook:
        """The codebook with reliability figures of its versions added, as data.

        Parameters
        ----------
        figures : DataFrame
            ``version, code, coefficient, value`` and whatever belongs to them (unit,
            coders, low, high).
        """
        more = to_pandas(figures, what="table of reliability")
        require_columns(more, RELIABILITY)
        both = [frame for frame in (self.reliability, more) if len(frame)]
        return replace(self, reliability=pd.concat(both, ignore_index=True) if both else more)

    def _with(self, step: Step, version: str | None) -> Codebook:
        name = self.version if version is None else str(version)
        done = replace(step, version=name)
        codes = changed_codes(self.codes, done)
        return Codebook(codes, name, self.log.extended(done), self.reliability)

    def _path(self, code: str) -> str:
        return code_path(self.codes, code)

    def _names(self) -> set[str]:
        return {*self.codes["code"], *self.codes["name"]}

    # --- views -----------------------------------------------------------------------

    def table(self, project: CodedProject | None = None) -> pd.DataFrame:
        """The codebook as an appendix prints it.

        Parameters
        ----------
        project : CodedProject, optional
            Adds ``segments``, ``sources`` and an ``example``: the shortest quote of at
            least four words, the earliest where several are as short. Check it before it
            is published: it can give away who spoke.

        Returns
        -------
        DataFrame
            ``code, level, name, definition, origin``, the counts, and the latest
            reliability figures of this version, one column a coefficient.
        """
        lines = lineages(self.codes)
        frame = pd.DataFrame(
            {
                "code": self.codes["code"],
                "level": [len(lines[code]) for code in self.codes["code"]],
                "name": self.codes["name"],
                "definition": self.codes["description"],
                "origin": self.codes["origin"],
            }
        )
        if project is not None:
            own = project.segments.groupby("code")
            frame["segments"] = _counted(frame["code"], own.size())
            frame["sources"] = _counted(frame["code"], own["source"].nunique())
            frame["example"] = [_example(project, code) for code in frame["code"]]
        current = self.reliability[self.reliability["version"].astype(str) == self.version]
        for coefficient, rows in current.groupby("coefficient", sort=False):
            latest = rows.drop_duplicates("code", keep="last").set_index("code")["value"]
            frame[str(coefficient)] = latest.reindex(frame["code"]).to_numpy()
        return frame

    def export(self, path: str | Path, project: CodedProject | None = None) -> Path:
        """Write the codebook for an appendix; the ending decides: .csv, .xlsx or .html.

        Raises
        ------
        DataError
            For another ending.
        """
        from dmpkit.reporting import page, write_html
        from dmpkit.tables import write_csv, write_workbook

        target, table = Path(path), self.table(project)
        kind = target.suffix.lower()
        if kind == ".csv":
            write_csv(table, target)
        elif kind == ".xlsx":
            sheets = {"codebook": table, "history": self.log.table}
            write_workbook(target, sheets, notes=[(self.title, self.summary())])
        elif kind == ".html":
            body = paragraphs(self.summary()) + table_html(table)
            history = Section("History", table_html(self.log.table))
            parts = [Section(self.title, body), *([history] if self.log.steps else [])]
            write_html(target, page(f"Codebook {self.version}".strip(), parts))
        else:
            raise DataError(
                f"A codebook is not written as {kind or 'a file without an ending'!r}.",
                file=target,
                remedy="Use .csv, .xlsx or .html.",
            )
        return target

    @cached_property
    def origins(self) -> pd.DataFrame:
        """How many codes are deductive, inductive, or do not say: ``origin, codes``."""
        counts = self.codes["origin"].value_counts()
        kinds = ("deductive", "inductive", "")
        names = ["deductive", "inductive", "not said"]
        return pd.DataFrame({"origin": names, "codes": [int(counts.get(k, 0)) for k in kinds]})

    def frames(self) -> dict[str, pd.DataFrame]:
        """Tables ``codebook``, ``origins``, ``history``, ``reliability``."""
        return {
            "codebook": self.table(),
            "origins": self.origins,
            "history": self.log.table,
            "reliability": self.reliability,
        }

    def summary(self) -> str:
        """How many codes of which origin, and what is not defined."""
        n, top = len(self.codes), int((self.codes["parent"] == "").sum())
        named = f" (version {self.version})" if self.version else ""
        text = f"{counted(n, 'code')}, {top} of them at the top{named}."
        deductive, inductive, unsaid = self.origins["codes"]
        if deductive or inductive:
            hybrid = "Hybrid coding: " if deductive and inductive else ""
            text += f" {hybrid}{deductive} from theory (deductive), "
            text += f"{inductive} from the text (inductive)"
            text += f", {unsaid} do not say." if unsaid else "."
        blank = self.codes.loc[self.codes["codable"] & (self.codes["description"] == ""), "code"]
        if len(blank):
            text += (
                f"\n\n{len(blank)} {'code has' if len(blank) == 1 else 'codes have'} no definition."
            )
        if self.log.steps:
            text += f"\n\nThe history holds {counted(len(self.log.steps), 'change')}."
        return text

    def methods_text(self) -> str:
        """Where the codes came from and how the codebook changed."""
        deductive, inductive, _ = self.origins["codes"]
        done = [step.operation for step in self.log.steps]
        changed = ", ".join(f"{done.count(o)} × {o}" for o in dict.fromkeys(done))
        history = (
            f" Since its first version the codebook was changed ({changed})." if changed else ""
        )
        return (
            f"The codebook has {len(self.codes)} codes, {deductive} brought to the text "
            f"(deductive) and {inductive} made from it (inductive).{history} Changes were applied "
            "to the codings from a log; no coding was dropped."
        )

    def section(self) -> Section:
        """The codebook as a section."""
        return Section(self.title, paragraphs(self.summary()) + table_html(self.table()))


def _counted(codes: pd.Series, counts: pd.Series) -> Any:
    return counts.reindex(codes).fillna(0).astype(np.int64).to_numpy()


def _example(project: CodedProject, code: str) -> str:
    quotes = project.segments.loc[project.segments["code"] == code, "quote"]
    longer = [q for q in quotes if len(q.split()) >= 4]
    return min(longer, key=lambda q: len(q.split()), default="")


def diff(old: Codebook | CodedProject | Any, new: Codebook | CodedProject | Any) -> pd.DataFrame:
    """What changed from one version of a codebook to another.

    Codes are the same where their GUIDs are; without GUIDs, where their paths are, and
    then where a name that left and a name that came are each the only ones of that name
    (a move). A code with another name and no GUID is one removed and one added.

    Parameters
    ----------
    old, new : Codebook, CodedProject or DataFrame of codes

    Returns
    -------
    DataFrame
        ``change`` (added, removed, renamed, moved, redefined, origin changed, codable
        changed, recoloured), ``code_old``, ``code_new``, ``old``, ``new``; no rows where
        nothing changed.

    Examples
    --------
    >>> diff(pd.DataFrame({"code": ["A", "B"]}), pd.DataFrame({"code": ["A", "A/B"]}))[
    ...     ["change", "code_old", "code_new"]].to_numpy().tolist()
    [['moved', 'B', 'A/B']]
    """
    before, after = (_codes_of(one) for one in (old, new))
    pairs = _same_codes(before, after)
    rows: list[tuple[str, str, str, str, str]] = []
    by_old, by_new = before.set_index("code"), after.set_index("code")
    names = dict(pairs)
    for a, b in pairs:
        one, two = by_old.loc[a], by_new.loc[b]
        if one["name"] != two["name"]:
            rows.append(("renamed", a, b, str(one["name"]), str(two["name"])))
        if names.get(str(one["parent"]), str(one["parent"])) != two["parent"]:
            rows.append(("moved", a, b, str(one["parent"]), str(two["parent"])))
        rows += [
            (what, a, b, str(one[column]), str(two[column]))
            for column, what in COMPARED.items()
            if one[column] != two[column]
        ]
    gone, come = {a for a, _ in pairs}, {b for _, b in pairs}
    rows += [("removed", a, "", a, "") for a in before["code"] if a not in gone]
    rows += [("added", "", b, "", b) for b in after["code"] if b not in come]
    columns = ["change", "code_old", "code_new", "old", "new"]
    return pd.DataFrame(rows, columns=columns).astype("str")


def _codes_of(book: Codebook | CodedProject | Any) -> pd.DataFrame:
    codes = getattr(book, "codes", None)
    return Codebook(to_pandas(book if codes is None else codes, what="codebook")).codes


def _same_codes(before: pd.DataFrame, after: pd.DataFrame) -> list[tuple[str, str]]:
    """Pairs of old and new paths that are the same code, in the order of the old."""
    guids = {g: c for g, c in zip(after["guid"], after["code"], strict=True) if g}
    found = {c: guids[g] for g, c in zip(before["guid"], before["code"], strict=True) if g in guids}
    taken = set(found.values())
    paths = set(after["code"]) - taken
    found |= {c: c for c in before["code"] if c not in found and c in paths}
    taken = set(found.values())
    left = before[~before["code"].isin(found)]
    come = after[~after["code"].isin(taken)]
    for name in left["name"]:
        one, two = left[left["name"] == name], come[come["name"] == name]
        if len(one) == 1 and len(two) == 1:
            found[one["code"].iloc[0]] = two["code"].iloc[0]
    return [(c, found[c]) for c in before["code"] if c in found]
