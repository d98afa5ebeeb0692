"""Settings that are a yes or no, or one of some words: checked in one place.

A function whose signature says ``bool`` or ``Literal[...]`` calls
:func:`check_settings` first, and an array, a missing value or a wrong word ends in a
:class:`~dmpkit.errors.DataError` that names the setting, not in an error of Python's.
"""

from __future__ import annotations

import functools
import inspect
import typing
from collections.abc import Callable, Mapping, Sequence
from numbers import Integral
from types import NoneType
from typing import Any, Literal

from dmpkit.errors import DataError

__all__ = ["a_word", "check_settings", "is_whole", "one_of", "settings_of", "yes_or_no"]

_TRUTHS = {"bool", "bool_"}
_SHOWN = 60  # letters of a wrong value that a message shows


def yes_or_no(value: object, name: str) -> bool:
    """True or False; 1 and 0 are taken too.

    Raises
    ------
    DataError
        For anything else: text, a missing value, an array.

    Examples
    --------
    >>> yes_or_no(True, "synthetic"), yes_or_no(0, "synthetic")
    (True, False)
    """
    if type(value).__name__ in _TRUTHS or (type(value) is int and value in (0, 1)):
        return bool(value)
    raise DataError(f"{name}={_said(value)} is no yes or no.", remedy="Use True or False.")


def one_of(value: object, choices: Sequence[str], name: str) -> str:
    """One of some words.

    Raises
    ------
    DataError
        For anything else; it lists the words.

    Examples
    --------
    >>> one_of("bh", ("holm", "bh"), "adjust")
    'bh'
    """
    if isinstance(value, str) and value in choices:
        return value
    *most, last = map(repr, choices)
    listed = f"{', '.join(most)} or {last}" if most else last
    raise DataError(f"{name}={_said(value)} is not known.", remedy=f"Use {listed}.")


def a_word(value: object, name: str) -> str:
    """A text, where what it may be depends on the data.

    Raises
    ------
    DataError
        For anything else.

    Examples
    --------
    >>> a_word("rejected", "state")
    'rejected'
    """
    if isinstance(value, str):
        return value
    raise DataError(f"{name}={_said(value)} is no name.", remedy="Give one name as text.")


def is_whole(value: object) -> bool:
    """Whether it is a whole number, and neither a truth nor an array.

    Examples
    --------
    >>> is_whole(3), is_whole(True), is_whole(3.0)
    (True, False, False)
    """
    return isinstance(value, Integral) and not isinstance(value, bool)


def _said(value: object) -> str:
    said = " ".join(repr(value).split())
    return said if len(said) <= _SHOWN else said[: _SHOWN - 1] + "…"


@functools.cache
def settings_of(function: Callable[..., Any]) -> Mapping[str, tuple[bool, tuple[str, ...]]]:
    """Settings of a function that are a yes or no, or one of some words.

    Returns
    -------
    dict
        Name to whether None is allowed, and the words; without words it is a yes or no.

    Examples
    --------
    >>> def shown(adjust: Literal["holm", "bh"] = "holm", synthetic: bool | None = None): ...
    >>> settings_of(shown)
    {'adjust': (False, ('holm', 'bh')), 'synthetic': (True, ())}
    """
    found = {}
    for name in inspect.signature(function).parameters:
        said = function.__annotations__.get(name)
        try:
            kinds = _kinds(said, function.__globals__)
        except (NameError, TypeError, AttributeError):
            continue  # a type that exists for type checking alone: no word, no truth
        words = tuple(w for kind in kinds for w in _words(kind))
        rest = [kind for kind in kinds if kind is not NoneType and not _words(kind)]
        if rest in ([], [bool]) and (words or rest):
            found[name] = (NoneType in kinds, words)
    return found


def _kinds(said: object, names: dict[str, Any]) -> tuple[Any, ...]:
    """What an annotation allows, each by itself."""
    holder = type("_", (), {"__annotations__": {"it": said}})
    kind = typing.get_type_hints(holder, globalns=names)["it"]
    literal = typing.get_origin(kind) is Literal
    return (kind,) if literal or not typing.get_args(kind) else typing.get_args(kind)


def _words(kind: object) -> tuple[str, ...]:
    return typing.get_args(kind) if typing.get_origin(kind) is Literal else ()


def check_settings(function: Callable[..., Any], given: Mapping[str, Any]) -> None:
    """Check the yes-or-no settings and the choices of a call.

    Parameters
    ----------
    function : callable
        The one that is called; its signature says what is allowed.
    given : mapping
        Its arguments by name: ``locals()`` as its first line.

    Raises
    ------
    DataError
        Names the setting and what it may be.

    Examples
    --------
    >>> def shown(adjust: Literal["holm", "bh"] = "holm") -> str:
    ...     check_settings(shown, locals())
    ...     return adjust
    >>> shown("bonferroni")
    Traceback (most recent call last):
    dmpkit.errors.DataError: adjust='bonferroni' is not known. Use 'holm' or 'bh'.
    """
    for name, (optional, words) in settings_of(function).items():
        value = given[name]
        if optional and value is None:
            continue
        if words:
            one_of(value, words, name)
        else:
            yes_or_no(value, name)
