"""The criteria of an evaluation: those that come with dmpkit, or the user's own.

A set of criteria says for each its label, its stage and what a score of 0 to 4
means. Criteria that matter in one place only are added as local ones.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any, TypeAlias

import pandas as pd

from dmpkit.errors import DataError
from dmpkit.evaluation.records import (
    Field,
    Finding,
    RecordKind,
    check_records,
    nearest,
    read_records,
)

__all__ = ["CRITERIA", "HIGHEST", "LOCAL_CRITERIA", "Criteria"]

PathLike: TypeAlias = str | os.PathLike[str]

#: The highest score of a criterion; the lowest is 0.
HIGHEST = 4.0

_FIELDS = (
    Field("criterion", kind="id", required=True, aliases=("id",)),
    Field("label", required=True),
    Field("stage", kind="id", required=True),
    Field("definition"),
    Field("type"),
    Field("anchors"),
    Field("evidence"),
)
#: What a table of criteria holds; further columns are kept.
CRITERIA = RecordKind("criteria", "criteria.csv", _FIELDS, key=("criterion",))
#: The same for criteria that are added in one place.
LOCAL_CRITERIA = RecordKind("local_criteria", "local_criteria.csv", _FIELDS, key=("criterion",))


@dataclass(frozen=True, eq=False, repr=False)
class Criteria:
    """A set of criteria, each in a stage.

    Parameters
    ----------
    frame : DataFrame
        One row a criterion: ``criterion, label, stage, definition, type, anchors,
        evidence`` and any further column; ``id`` is taken for ``criterion``.
    stage_names : mapping of str to str, optional
        Stage to how it is shown; its order is the order of the stages. A stage
        without a name is shown as it is written.

    Raises
    ------
    DataError
        A column absent, a criterion doubled, a label or a stage empty.

    Examples
    --------
    >>> criteria = Criteria.default()
    >>> criteria.stages[:2], criteria.label("C01"), criteria.stage_of("C01")
    (('commission', 'design'), 'Clear task', 'commission')
    >>> criteria.subset(["C02", "C01"]).ids
    ('C01', 'C02')
    """

    frame: pd.DataFrame
    stage_names: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = {str(k): str(v) for k, v in self.stage_names.items()}
        frame = check_records(self.frame, CRITERIA)
        if not len(frame):
            raise DataError("The table of criteria has no row.", remedy="Give one row a criterion.")
        frame = frame.assign(stage=[_stage_code(s, names) for s in frame["stage"]])
        object.__setattr__(self, "frame", frame)
        object.__setattr__(self, "stage_names", MappingProxyType(names))

    def __repr__(self) -> str:
        return f"Criteria({len(self.ids)} in {len(self.stages)} stages)"

    @classmethod
    def default(cls) -> Criteria:
        """The criteria that come with dmpkit (``data/criteria``)."""
        from dmpkit import datasets

        return cls(datasets.load("criteria", "criteria"), _default_stages())

    @classmethod
    def from_frame(cls, frame: Any, *, file: PathLike | None = None) -> Criteria:
        """Criteria from a table of one's own; dmpkit's stages keep their names and order.

        Parameters
        ----------
        frame : DataFrame
            pandas, polars …, with the columns that :class:`Criteria` names.
        file : path, optional
            Named in an error.

        Examples
        --------
        >>> own = pd.DataFrame({"id": ["I1"], "label": ["Food"], "stage": ["Kitchen"]})
        >>> Criteria.from_frame(own).stages
        ('Kitchen',)
        """
        return cls(check_records(frame, CRITERIA, file=file), _default_stages())

    @classmethod
    def read(cls, path: PathLike) -> Criteria:
        """Criteria from delimited text, or from the sheet ``criteria`` of a workbook."""
        return cls(read_records(path, CRITERIA), _default_stages())

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """Labels of the criteria, by stage and then as they stand in the table."""
        return tuple(self.frame["criterion"])

    @cached_property
    def stages(self) -> tuple[str, ...]:
        """The stages that have a criterion, in order."""
        held = dict.fromkeys(self.frame["stage"])
        return (*[s for s in self.stage_names if s in held],
                *[s for s in held if s not in self.stage_names])  # fmt: skip

    def label(self, criterion: str) -> str:
        """Name of a criterion in words."""
        return str(self._row(criterion)["label"])

    def stage_of(self, criterion: str) -> str:
        """Stage of a criterion."""
        return str(self._row(criterion)["stage"])

    def stage_name(self, stage: str) -> str:
        """How a stage is shown."""
        return self.stage_names.get(stage, stage)

    def _row(self, criterion: str) -> pd.Series[Any]:
        rows = self.frame[self.frame["criterion"] == criterion]
        if not len(rows):
            raise DataError(
                f"There is no criterion {criterion!r}.", remedy=nearest(str(criterion), self.ids)
            )
        return rows.iloc[0]

    def subset(self, criteria: Iterable[str]) -> Criteria:
        """The set with some of its criteria only, in its own order.

        Raises
        ------
        DataError
            If one of them is not in the set, or none is named.
        """
        wanted = list(criteria)
        for each in wanted:
            self._row(each)
        kept = self.frame["criterion"].isin(wanted)
        return Criteria(self.frame[kept].reset_index(drop=True), self.stage_names)

    def with_local(self, frame: Any, *, file: PathLike | None = None) -> Criteria:
        """The set with local criteria added after those of their stage.

        Parameters
        ----------
        frame : DataFrame
            The same columns; every stage must be one of the set's.
        file : path, optional
            Named in an error.

        Raises
        ------
        DataError
            A criterion that the set has already, or a stage that it does not have.

        Examples
        --------
        >>> local = pd.DataFrame({"criterion": ["L01"], "label": ["In our tongue"],
        ...                       "stage": ["room"]})
        >>> Criteria.default().with_local(local).label("L01")
        'In our tongue'
        """
        return self._joined(
            check_records(frame, LOCAL_CRITERIA, file=file, rules=[self.refuse_clashes])
        )

    def refuse_clashes(self, local: pd.DataFrame) -> Iterable[Finding]:
        """What keeps local criteria from being added, as :func:`check_records` takes it."""
        known = {each.casefold() for each in self.ids}
        for i, (one, stage) in enumerate(zip(local["criterion"], local["stage"], strict=True)):
            if one.casefold() in known:
                yield (i, "criterion", f"The set of criteria has {one!r} already.",
                       "Number local criteria L01, L02 and so on.")  # fmt: skip
            if stage and _stage_code(stage, self.stage_names) not in self.stages:
                yield (i, "stage", f"{stage!r} is no stage of these criteria.",
                       nearest(stage, self.stages))  # fmt: skip

    def _joined(self, local: pd.DataFrame) -> Criteria:
        """The two tables as one, each stage's own first."""
        both = pd.concat([self.frame, local], ignore_index=True)
        both["stage"] = [_stage_code(s, self.stage_names) for s in both["stage"]]
        order = both["stage"].map({s: i for i, s in enumerate(self.stages)})
        both = both.loc[order.sort_values(kind="stable").index].fillna("")
        return Criteria(both.reset_index(drop=True), self.stage_names)


def _default_stages() -> dict[str, str]:
    from dmpkit import datasets

    stages = datasets.load("criteria", "stages").sort_values("order", kind="stable")
    return dict(zip(stages["stage"], stages["name"], strict=True))


def _stage_code(stage: str, names: Mapping[str, str]) -> str:
    """The code of a stage that is written as its code or its name, in any case."""
    plain = " ".join(stage.casefold().split())
    for code, name in names.items():
        if plain in (code.casefold(), name.casefold()):
            return code
    return stage
