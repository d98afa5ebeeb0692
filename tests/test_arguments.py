"""Yes-or-no settings and choices: anything else ends in a DataError that names them."""

from __future__ import annotations

import importlib
import inspect
from typing import Literal

import numpy as np
import pandas as pd
import pytest

from dmpkit.arguments import check_settings, one_of, settings_of, yes_or_no
from dmpkit.errors import DataError

WRONG = [
    np.array([True, False]),
    np.array(["holm", "bh"]),
    pd.Series([True]),
    pd.NA,
    float("nan"),
    "perhaps",
    "True",
    2,
    ["holm"],
    {"a": 1},
    object(),
]
ROOMS = ("impact", "evaluation", "coding")


def functions():
    """Public functions and methods of three rooms that have such a setting."""
    for room in ROOMS:
        module = importlib.import_module(f"dmpkit.{room}")
        for name in module.__all__:
            thing = getattr(module, name)
            own = vars(thing).items() if inspect.isclass(thing) else [(name, thing)]
            for called, function in own:
                public = inspect.isfunction(function) and not called.startswith("_")
                if public and settings_of(function):
                    yield f"{room}.{name}.{called}", function


EVERY = dict(functions())


def test_a_truth_is_a_truth_and_a_word_one_of_the_words():
    assert yes_or_no(np.True_, "it") is True
    assert yes_or_no(0, "it") is False
    assert one_of("a", ("a", "b"), "it") == "a"
    for wrong in WRONG:
        with pytest.raises(DataError, match="it="):
            yes_or_no(wrong, "it")
        with pytest.raises(DataError, match="it="):
            one_of(wrong, ("a", "b"), "it")
    with pytest.raises(DataError) as found:
        one_of("x" * 10_000, ("a", "b"), "it")
    assert len(str(found.value)) < 120


def test_what_a_signature_says():
    def shown(
        frame: pd.DataFrame,
        adjust: Literal["holm", "bh"] = "holm",
        unit: Literal["a"] | list[str] | None = None,  # a list is not checked here
        synthetic: bool | None = None,
    ) -> None:
        check_settings(shown, locals())

    assert settings_of(shown) == {"adjust": (False, ("holm", "bh")), "synthetic": (True, ())}
    shown(pd.DataFrame(), synthetic=None)
    with pytest.raises(DataError, match="synthetic=<NA> is no yes or no"):
        shown(pd.DataFrame(), synthetic=pd.NA)


def test_there_are_many():
    assert len(EVERY) > 70


@pytest.mark.parametrize("name", EVERY)
def test_no_setting_takes_anything_else(name):
    function = EVERY[name]
    needed = {
        p.name: None
        for p in inspect.signature(function).parameters.values()
        if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
    }
    for setting in settings_of(function):
        for wrong in WRONG:
            given = {**needed, setting: wrong}
            before = [v for k, v in given.items() if k == "self"]
            with pytest.raises(DataError, match=setting):
                function(*before, **{k: v for k, v in given.items() if k != "self"})


@pytest.mark.parametrize("room", ["measures", "qmethod", "representativeness", *ROOMS])
def test_nothing_is_called_synthetic_unless_it_is_said_to_be(room):
    module = importlib.import_module(f"dmpkit.{room}")
    given = {
        name: inspect.signature(thing).parameters["synthetic"].default
        for name in getattr(module, "__all__", [])
        if inspect.isfunction(thing := getattr(module, name))
        and "synthetic" in inspect.signature(thing).parameters
    }
    assert not [name for name, default in given.items() if default is True]
