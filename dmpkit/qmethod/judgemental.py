"""Rotation by hand (judgemental rotation): a log of steps that can be replayed.

A :class:`RotationLog` names the rotation it starts from and the steps taken by
hand. It is made step by step, or with the panel of
:func:`~dmpkit.qmethod.panel.rotate_by_hand`, saved with a study, and given to
:func:`~dmpkit.qmethod.analysis.analyse` as its rotation.

Signs. A step ``Rotate("f1", "f2", 12.5)`` makes, with the angle *d*,

    new f1 = f1 cos *d* + f2 sin *d*,    new f2 = f2 cos *d* - f1 sin *d*.

In a picture with the first factor to the right and the second upwards the sorts
turn *clockwise* by a positive angle, which is the same as turning the axes
counter-clockwise. KADE counts alike: its clockwise button by *d* degrees does
this sum with the factor of the lower number as the first. So does
``factor.rotate(f, d, 1, 2)`` of R's ``psych``, which names the same angle
counter-clockwise, after the axes. Named the other way round,
``Rotate("f2", "f1", d)`` turns against it. How PQMethod's PQROT signs its angles
was not checked.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from dmpkit.errors import DataError, ReplayWarning, in_file, warn
from dmpkit.qmethod.arrays import Bools, Floats, factor_names, to_matrix
from dmpkit.qmethod.flags import FlagRule, flag
from dmpkit.qmethod.rotation import Rotation, turn
from dmpkit.tables import atomic_write

__all__ = ["BASES", "Invert", "Rotate", "RotationLog", "Split", "Step"]

#: Rotations that steps by hand can start from: those that keep the factors uncorrelated.
BASES = ("varimax", "none", "quartimax", "equamax", "geomin_ort")
_FORMAT, _VERSION = "dmpkit-rotation", 1
_LARGEST = 1_000_000  # bytes of a log: some ten thousand steps
_ELSEWHERE = 0.01  # difference in a sum of squared loadings that shows another starting point


# -- steps ---------------------------------------------------------------------------


@dataclass(frozen=True, repr=False)
class Rotate:
    """Turn the sorts clockwise in the plane of two factors.

    Parameters
    ----------
    first, second : str
        The factor to the right and the factor upwards: ``"f1"``, ``"f2"`` …
    degrees : float
        Positive turns the sorts clockwise, negative counter-clockwise.

    Raises
    ------
    DataError
        When a name is no factor's, both are the same, or the angle is no finite number.

    Examples
    --------
    >>> Rotate("f1", "f2", 12.5)
    Rotate('f1', 'f2', 12.5)
    >>> Rotate("f1", "f2", -5).text
    'f1 and f2: sorts turned 5 degrees counter-clockwise'
    """

    action: ClassVar[str] = "rotate"
    first: str
    second: str
    degrees: float

    def __post_init__(self) -> None:
        for name in (self.first, self.second):
            _check_name(name)
        if self.first == self.second:
            raise DataError(
                f"a rotation takes two factors, not {self.first} twice.",
                remedy='Name two: Rotate("f1", "f2", 10).',
            )
        angle: Any = self.degrees
        number = isinstance(angle, int | float) and not isinstance(angle, bool)
        if not number or not math.isfinite(angle):
            raise DataError(
                f"the angle {angle!r} is not a number of degrees.", remedy="Write 12.5, or -12.5."
            )
        object.__setattr__(self, "degrees", float(angle))

    def __repr__(self) -> str:
        return f"Rotate({self.first!r}, {self.second!r}, {self.degrees:g})"

    @property
    def text(self) -> str:
        """The step in words."""
        way = "counter-clockwise" if self.degrees < 0 else "clockwise"
        return f"{self.first} and {self.second}: sorts turned {abs(self.degrees):g} degrees {way}"

    def matrix(self, n_factors: int) -> Floats:
        """What loadings are multiplied with, shape (k, k).

        Parameters
        ----------
        n_factors : int
            Number of factors, k.

        Examples
        --------
        >>> (np.array([[1.0, 0.0]]) @ Rotate("f1", "f2", 30).matrix(2)).round(3)
        array([[ 0.866, -0.5  ]])
        """
        i, j = _number(self.first), _number(self.second)
        cosine, sine = _cosine_and_sine(self.degrees)
        matrix = np.eye(n_factors)
        matrix[[i, j], [i, j]] = cosine
        matrix[j, i], matrix[i, j] = sine, -sine
        return matrix


@dataclass(frozen=True, repr=False)
class Invert:
    """Reverse all signs of a factor.

    Parameters
    ----------
    factor : str

    Raises
    ------
    DataError
        When it is no factor's name.

    Examples
    --------
    >>> Invert("f2"), Invert("f2").text
    (Invert('f2'), 'f2 inverted (all signs reversed)')
    """

    action: ClassVar[str] = "invert"
    factor: str

    def __post_init__(self) -> None:
        _check_name(self.factor)

    def __repr__(self) -> str:
        return f"Invert({self.factor!r})"

    @property
    def text(self) -> str:
        """The step in words."""
        return f"{self.factor} inverted (all signs reversed)"

    def matrix(self, n_factors: int) -> Floats:
        """What loadings are multiplied with, shape (k, k).

        Parameters
        ----------
        n_factors : int
        """
        matrix = np.eye(n_factors)
        matrix[_number(self.factor), _number(self.factor)] = -1.0
        return matrix


@dataclass(frozen=True, repr=False)
class Split:
    """Make two factors of a bipolar one: ``f1`` becomes ``f1+`` and ``f1-``.

    Both have the same loadings, those of ``f1-`` with all signs reversed. Sorts
    flagged with a positive loading define ``f1+``, those with a negative one
    define ``f1-``, where they count as they were sorted and not reversed.

    Parameters
    ----------
    factor : str

    Raises
    ------
    DataError
        When it is no factor's name.

    Examples
    --------
    >>> Split("f1"), Split("f1").text
    (Split('f1'), 'f1 split into f1+ (positive loadings) and f1- (negative loadings)')
    """

    action: ClassVar[str] = "split"
    factor: str

    def __post_init__(self) -> None:
        _check_name(self.factor)

    def __repr__(self) -> str:
        return f"Split({self.factor!r})"

    @property
    def text(self) -> str:
        """The step in words."""
        f = self.factor
        return f"{f} split into {f}+ (positive loadings) and {f}- (negative loadings)"


Step = Rotate | Invert | Split
_ACTIONS: Mapping[str, type[Step]] = {kind.action: kind for kind in (Rotate, Invert, Split)}


# -- the log -----------------------------------------------------------------------------


@dataclass(frozen=True, repr=False)
class RotationLog:
    """A rotation by hand: where it starts, and every step.

    A log does not change; each method that adds a step gives a new one. Steps
    name the factors ``f1`` to ``fk`` of the base rotation throughout. Splits come
    last: after one, the halves of a factor share one axis, and nothing can be
    rotated or inverted any more (take the split back first).

    After s splits of k factors the result has k + s factors, and every array and
    table of the analysis has k + s columns, named ``f1+``, ``f1-``, ``f2`` … in
    the order of the base. The unrotated loadings keep k columns; the rotation
    matrix is then k × (k + s), and the two halves of a factor correlate -1.

    Parameters
    ----------
    base : {"varimax", "none", "quartimax", "equamax", "geomin_ort"}
        The rotation that the steps start from; geomin_ort only with
        ``engine="factor_analyzer"``. Oblique rotations are not offered: turning
        two correlated factors would change how strongly each sort is explained.
    steps : sequence of Rotate, Invert, Split or tuple
        A tuple is ``("rotate", "f1", "f2", 12.5)``, ``("invert", "f2")`` or
        ``("split", "f1")``.
    start : sequence of float
        Sums of squared loadings of the factors of the base on which the steps were
        made (the panel fills it in). A replay on others gives a ReplayWarning;
        empty, nothing is compared.

    Raises
    ------
    DataError
        When the base is not offered, a step is malformed, or follows a split.

    Examples
    --------
    >>> log = RotationLog("varimax", [("rotate", "f1", "f2", 12.5), ("invert", "f2")])
    >>> log
    RotationLog('varimax', [Rotate('f1', 'f2', 12.5), Invert('f2')])
    >>> log.split("f1").names(2)
    ('f1+', 'f1-', 'f2')
    >>> log.undo() == RotationLog().rotate("f1", "f2", 12.5)
    True
    """

    base: str = "varimax"
    steps: tuple[Step, ...] = ()
    start: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if self.base not in BASES:
            raise DataError(
                f"a rotation by hand cannot start from {self.base!r}.",
                remedy=f"Choose one of: {', '.join(BASES)}; they keep the factors uncorrelated.",
            )
        listed: Any = self.steps
        if isinstance(listed, str | bytes) or not isinstance(listed, Iterable):
            raise DataError("the steps are not a list.", remedy='Give [("invert", "f1")].')
        steps = tuple(_step(given, i) for i, given in enumerate(listed, start=1))
        _check_order(steps)
        object.__setattr__(self, "steps", steps)
        object.__setattr__(self, "start", _sizes(self.start))

    def __repr__(self) -> str:
        return f"RotationLog({self.base!r}, {list(self.steps)})"

    def _repr_html_(self) -> str:
        from dmpkit.reporting import escape, table_html

        if not self.steps:
            return f"<p>{escape(self.describe())}</p>"
        return table_html(self.table, caption=f"Rotation by hand, starting from {self.base}")

    # Adding and taking back

    def rotate(self, first: str, second: str, degrees: float) -> RotationLog:
        """The log with one more rotation; see :class:`Rotate`.

        Parameters
        ----------
        first, second : str
        degrees : float

        Examples
        --------
        >>> RotationLog().rotate("f1", "f2", 10).steps
        (Rotate('f1', 'f2', 10),)
        """
        return self._with(Rotate(first, second, degrees))

    def invert(self, factor: str) -> RotationLog:
        """The log with one more inversion; see :class:`Invert`.

        Parameters
        ----------
        factor : str
        """
        return self._with(Invert(factor))

    def split(self, factor: str) -> RotationLog:
        """The log with one more split; see :class:`Split`.

        Parameters
        ----------
        factor : str
        """
        return self._with(Split(factor))

    def _with(self, step: Step) -> RotationLog:
        return replace(self, steps=(*self.steps, step))

    def undo(self, n_steps: int = 1) -> RotationLog:
        """The log without its last steps.

        Parameters
        ----------
        n_steps : int
            How many to take back.

        Raises
        ------
        DataError
            When there are not so many.

        Examples
        --------
        >>> RotationLog("none", [("invert", "f1"), ("invert", "f2")]).undo()
        RotationLog('none', [Invert('f1')])
        """
        if not 0 < n_steps <= len(self.steps):
            raise DataError(
                f"{n_steps} steps cannot be taken back.", remedy=f"There are {len(self.steps)}."
            )
        return replace(self, steps=self.steps[:-n_steps])

    # What it says

    @property
    def name(self) -> str:
        """The rotation in a few words: ``varimax, then by hand``."""
        if not self.steps:
            return self.base
        return "by hand" if self.base == "none" else f"{self.base}, then by hand"

    @cached_property
    def table(self) -> pd.DataFrame:
        """The steps: ``step, action, factor, other, degrees, text``, one row each."""
        rows = [
            (
                number,
                step.action,
                step.first if isinstance(step, Rotate) else step.factor,
                step.second if isinstance(step, Rotate) else "",
                step.degrees if isinstance(step, Rotate) else math.nan,
                step.text,
            )
            for number, step in enumerate(self.steps, start=1)
        ]
        columns = ["step", "action", "factor", "other", "degrees", "text"]
        return pd.DataFrame(rows, columns=columns).astype({"degrees": "float64"})

    def describe(self) -> str:
        """The rotation as a sentence for a methods paragraph.

        Returns
        -------
        str

        Examples
        --------
        >>> print(RotationLog("none").rotate("f1", "f2", 10).invert("f2").describe())
        The unrotated factors were rotated by hand in 2 steps: f1 and f2: sorts turned 10 \
degrees clockwise; f2 inverted (all signs reversed).
        """
        what = "The unrotated factors" if self.base == "none" else f"The {self.base} factors"
        if not self.steps:
            return f"{what} were not rotated further by hand."
        n = len(self.steps)
        words = "; ".join(step.text for step in self.steps)
        return f"{what} were rotated by hand in {n} step{'s' if n > 1 else ''}: {words}."

    # Replay

    def sides(self, n_factors: int) -> tuple[tuple[int, int], ...]:
        """For each factor of the result, the position of its axis and its side.

        Parameters
        ----------
        n_factors : int
            Number of factors of the base.

        Returns
        -------
        tuple of (int, int)
            The side is 1 or -1 for the halves of a split factor, else 0.

        Raises
        ------
        DataError
            When a step names a factor that there is not.

        Examples
        --------
        >>> RotationLog(steps=[("split", "f2")]).sides(2)
        ((0, 0), (1, 1), (1, -1))
        """
        self._check_factors(n_factors)
        halves = {_number(step.factor) for step in self.steps if isinstance(step, Split)}
        return tuple(
            (j, side) for j in range(n_factors) for side in ((1, -1) if j in halves else (0,))
        )

    def names(self, n_factors: int) -> tuple[str, ...]:
        """Names of the factors of the result.

        Parameters
        ----------
        n_factors : int
            Number of factors of the base.
        """
        names = factor_names(n_factors)
        return tuple(f"{names[j]}{('', '+', '-')[side]}" for j, side in self.sides(n_factors))

    def apply(self, base: Rotation | ArrayLike) -> Rotation:
        """Do the steps on loadings that have the base rotation.

        Parameters
        ----------
        base : Rotation, or array_like of shape (p, k)

        Returns
        -------
        Rotation
            Loadings (p, k + s), the matrix (k, k + s) that gives them from the
            unrotated loadings (from the given ones, if an array is given), and the
            correlations of the factors (k + s, k + s).

        Raises
        ------
        DataError
            When a step names a factor that there is not, or the factors correlate.

        Warns
        -----
        ReplayWarning
            When the loadings are not those that the steps were made on.

        Examples
        --------
        >>> log = RotationLog().rotate("f1", "f2", 45).split("f1")
        >>> log.apply([[0.5, 0.5], [-0.4, -0.4]]).loadings.round(3) + 0.0
        array([[ 0.707, -0.707,  0.   ],
               [-0.566,  0.566,  0.   ]])
        """
        if isinstance(base, Rotation):
            loadings, matrix, phi = base
        else:
            loadings = to_matrix(base, "the loadings")
            matrix = phi = np.eye(loadings.shape[1])
        k = loadings.shape[1]
        if np.abs(phi - np.eye(k)).max() > 1e-9:
            raise DataError("correlated factors are not rotated by hand.", remedy="Use varimax.")
        sides = self.sides(k)
        self._compare_start(loadings)
        done = np.eye(k)
        for step in self.steps:
            if not isinstance(step, Split):
                done = done @ step.matrix(k)
        halves = np.zeros((k, len(sides)))
        for column, (j, side) in enumerate(sides):
            halves[j, column] = side or 1
        done = done @ halves
        return Rotation(loadings @ done, matrix @ done, halves.T @ halves)

    def replay(
        self, unrotated: ArrayLike, *, extraction: str = "pca", profile: str = "qmethod"
    ) -> Rotation:
        """Do the base rotation and the steps on unrotated loadings.

        Parameters
        ----------
        unrotated : array_like, shape (p, k)
        extraction, profile : str
            As in :func:`~dmpkit.qmethod.analysis.analyse`: they decide order and
            signs of the factors after the base rotation.

        Returns
        -------
        Rotation
            As from :meth:`apply`.

        Examples
        --------
        >>> unrotated = [[0.8, 0.2], [0.7, -0.4]]
        >>> RotationLog("none").rotate("f1", "f2", 90).replay(unrotated).loadings
        array([[-0.2, -0.8],
               [ 0.4, -0.7]])
        """
        return self.apply(turn(unrotated, self.base, extraction, profile))

    def flag(
        self,
        loadings: ArrayLike,
        n_factors: int,
        n_statements: int,
        rule: FlagRule | None = None,
        profile: str = "qmethod",
    ) -> Bools:
        """Flag sorts by the rule on the axes, then give each flag to its half.

        The rule sees k axes, before the splits: a factor and its mirror image would
        outvote each other under the majority rule.

        Parameters
        ----------
        loadings : array_like, shape (p, k + s)
            From :meth:`apply`.
        n_factors : int
            Number of factors of the base, k.
        n_statements : int
        rule : FlagRule, optional
        profile : {"qmethod", "kade"}

        Returns
        -------
        ndarray of bool, shape (p, k + s)

        Examples
        --------
        >>> log = RotationLog().split("f1")
        >>> log.flag(log.apply([[0.7], [-0.6], [0.1]]).loadings, 1, 33)
        array([[ True, False],
               [False,  True],
               [False, False]])
        """
        a = to_matrix(loadings, "the loadings")
        sides = self.sides(n_factors)
        axes = [column for column, (_, side) in enumerate(sides) if side >= 0]
        flagged = flag(a[:, axes], n_statements, rule, profile)
        return np.column_stack(
            [
                flagged[:, j] & ((a[:, column] > 0) | (side == 0))
                for column, (j, side) in enumerate(sides)
            ]
        )

    def started_on(self, base: Rotation | ArrayLike) -> RotationLog:
        """The log that remembers these loadings as the ones its steps are made on.

        Parameters
        ----------
        base : Rotation, or array_like of shape (p, k)
            Loadings with the base rotation.
        """
        loadings = base.loadings if isinstance(base, Rotation) else np.asarray(base)
        return replace(self, start=tuple(float(x) for x in (loadings**2).sum(axis=0)))

    def _compare_start(self, loadings: Floats) -> None:
        if not self.start:
            return
        sizes = (loadings**2).sum(axis=0)
        if len(self.start) != len(sizes) or np.abs(sizes - self.start).max() > _ELSEWHERE:
            made, here = (", ".join(f"{x:.2f}" for x in part) for part in (self.start, sizes))
            warn(
                "The rotation log was made on other loadings (sums of squared loadings "
                f"{made}; here {here}). Its angles need not make sense on these: look at the "
                "result, and rotate again if need be.",
                ReplayWarning,
                stacklevel=4,
            )

    def _check_factors(self, n_factors: int) -> None:
        for i, step in enumerate(self.steps, start=1):
            named = (step.first, step.second) if isinstance(step, Rotate) else (step.factor,)
            for name in named:
                if _number(name) >= n_factors:
                    raise DataError(
                        f"step {i} of the rotation log names {name}; there is no such factor.",
                        remedy=f"The factors are: {', '.join(factor_names(n_factors))}.",
                    )

    # As a file

    def to_json(self) -> str:
        """The log as JSON text that a person can read.

        Examples
        --------
        >>> RotationLog.from_json(RotationLog().invert("f1").to_json())
        RotationLog('varimax', [Invert('f1')])
        """
        steps = [{"action": step.action, **vars(step)} for step in self.steps]
        held: dict[str, Any] = {"format": _FORMAT, "version": _VERSION, "base": self.base}
        held |= {"start": list(self.start), "steps": steps}
        return json.dumps(held, indent=1) + "\n"

    @classmethod
    def from_json(
        cls, text: str | bytes, *, file: str | os.PathLike[str] | None = None
    ) -> RotationLog:
        """Read a log from JSON text.

        Parameters
        ----------
        text : str or bytes
        file : path, optional
            Where it comes from, for the messages.

        Raises
        ------
        DataError
            When it is not a rotation log, or says something that is not offered.
        """
        try:
            held = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise DataError(
                f"not a rotation log: no JSON ({error}).",
                file=file,
                remedy="RotationLog.save writes one.",
            ) from None
        if not isinstance(held, dict) or held.get("format") != _FORMAT:
            raise DataError(
                f'not a rotation log: it lacks "format": "{_FORMAT}".',
                file=file,
                remedy="RotationLog.save writes one.",
            )
        if held.get("version") != _VERSION:
            raise DataError(
                f"version {held.get('version')!r} of rotation logs is not known.",
                file=file,
                remedy="Update dmpkit.",
            )
        odd = sorted(set(held) - {"format", "version", "base", "start", "steps"})
        if odd:
            raise DataError(f"a rotation log has no {odd[0]!r}.", file=file)
        with in_file(file):
            return cls(held.get("base", "varimax"), held.get("steps", ()), held.get("start", ()))

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the log as a JSON file, whole or not at all.

        Parameters
        ----------
        path : path
            By custom ``rotation.json`` in the folder of the study.

        Returns
        -------
        Path
        """
        with atomic_write(path) as target:
            target.write_text(self.to_json(), encoding="utf-8")
        return Path(path)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> RotationLog:
        """Read a log that was saved.

        Parameters
        ----------
        path : path

        Raises
        ------
        DataError
            When there is no such file or it is not a rotation log.
        """
        source = Path(path)
        if not source.is_file():
            raise DataError("there is no such file.", file=path)
        if source.stat().st_size > _LARGEST:
            raise DataError("not a rotation log: too large.", file=path)
        return cls.from_json(source.read_bytes(), file=path)


# -- checks ---------------------------------------------------------------------------------


def _check_name(name: object) -> None:
    if not isinstance(name, str) or not re.fullmatch(r"f[1-9][0-9]{0,3}", name, re.ASCII):
        raise DataError(
            f"{name!r} is not the name of a factor.",
            remedy="Factors are called f1, f2 …; the halves of a split one cannot be named.",
        )


def _number(name: str) -> int:
    """Position of a factor, from 0."""
    return int(name[1:]) - 1


def _step(given: object, number: int) -> Step:
    """A step from what a user or a file wrote."""
    if isinstance(given, Rotate | Invert | Split):
        return given
    if isinstance(given, Mapping):
        action, values = given.get("action"), {k: v for k, v in given.items() if k != "action"}
        kind = _ACTIONS.get(action) if isinstance(action, str) else None
        if kind is not None and set(values) == {field.name for field in fields(kind)}:
            return kind(**values)
    elif isinstance(given, Sequence) and not isinstance(given, str | bytes) and given:
        kind = _ACTIONS.get(given[0]) if isinstance(given[0], str) else None
        if kind is not None and len(given) - 1 == len(fields(kind)):
            return kind(*given[1:])
    raise DataError(
        f"step {number} of the rotation log cannot be read: {given!r}.",
        remedy='Write ("rotate", "f1", "f2", 12.5), ("invert", "f2") or ("split", "f1").',
    )


def _check_order(steps: Sequence[Step]) -> None:
    split: set[str] = set()
    for number, step in enumerate(steps, start=1):
        if isinstance(step, Split):
            if step.factor in split:
                raise DataError(f"step {number} splits {step.factor} a second time.")
            split.add(step.factor)
        elif split:
            raise DataError(
                f"step {number} of the rotation log comes after a split: {step!r}.",
                remedy="Rotate and invert first, split last.",
            )


def _sizes(given: object) -> tuple[float, ...]:
    try:
        sizes = tuple(float(x) for x in given)  # type: ignore[attr-defined]
    except (TypeError, ValueError):
        sizes = (math.nan,)
    if not all(math.isfinite(x) and x >= 0 for x in sizes):
        raise DataError(
            "the start of a rotation log is not a list of sums of squared loadings.",
            remedy="Leave it out, and nothing is compared.",
        )
    return sizes


def _cosine_and_sine(degrees: float) -> tuple[float, float]:
    """Exact at right angles, where radians leave rounding error."""
    quarter, rest = divmod(degrees, 90.0)
    if rest == 0:
        return ((1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0))[int(quarter % 4)]
    angle = math.radians(degrees % 360.0)
    return math.cos(angle), math.sin(angle)
