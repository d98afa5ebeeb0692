"""Signs that steer a terminal or turn the direction of writing stay within their text."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from dmpkit.cli import main
from dmpkit.errors import DataError, legible
from dmpkit.reporting import escape, paragraphs

from .hostile_texts import ANSI

OPENS = {"\u202a": "\u202c", "\u202b": "\u202c", "\u202d": "\u202c", "\u202e": "\u202c"}
OPENS |= dict.fromkeys("\u2066\u2067\u2068", "\u2069")


def open_turns(text: str) -> list[str]:
    """The turns of direction that are still open at the end of a text."""
    left: list[str] = []
    for sign in text:
        if sign in OPENS:
            left.append(OPENS[sign])
        elif sign in OPENS.values() and sign in left:
            while left.pop() != sign:
                pass
    return left


@given(st.text(st.sampled_from("ab<\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")))
def test_no_turn_goes_beyond_its_text(text: str) -> None:
    shown = escape(text)
    assert open_turns(shown) == []
    assert shown.replace("&lt;", "<").startswith(text)


def test_text_without_turns_is_as_it_was() -> None:
    assert paragraphs("a \u200f b") == "<p>a \u200f b</p>"


def test_messages_do_not_steer_a_terminal() -> None:
    said = str(DataError(f"x {ANSI}", file=f"{ANSI}.csv", row=ANSI, column=ANSI, remedy=ANSI))
    assert "\x1b" not in said
    assert "\x07" not in said
    assert "\\x1b[31mred" in legible(ANSI)


@pytest.mark.parametrize("command", [["check", "toy"], ["studies"], ["reproduce", "toy"]])
def test_commands_do_not_steer_a_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    folder = tmp_path / "studies" / "toy"
    folder.mkdir(parents=True)
    sign = "\\u001b]0;taken\\u0007 \\u202e"
    toml = f'title = "{sign}"\nquestion = "{sign}"\ncitation = "{sign}"\nkind = "{sign}"\n'
    toml += f'licence = "{sign}"\nnotebook = "{sign}.ipynb"\n"{sign}" = 1\n'
    (folder / "study.toml").write_text(toml, encoding="utf-8")
    (folder / "published.csv").write_text("figure,description\n\x1b[31m,x\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    said = CliRunner().invoke(main, command).output
    assert said
    for sign in "\x1b\x07\u202e":
        assert sign not in said
