"""SVG pictures of notebooks that others sent: shapes stay, nothing runs or loads."""

from __future__ import annotations

import io

import pytest

from dmpkit.workbench.safe_svg import clean_svg

from .hostile_workbooks import ENTITIES, OUTSIDE

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">'


@pytest.mark.parametrize(
    "evil",
    [
        "<script>run()</script>",
        '<script xlink:href="https://example.org/x.js"/>',
        '<rect onload="run()" OnClick="run()"/>',
        '<a xlink:href="javascript:run()"><text>x</text></a>',
        '<image href="https://example.org/x.png"/>',
        '<image xlink:href="data:image/svg+xml;base64,AAAA"/>',
        '<use href="https://example.org/x.svg#a"/>',
        '<foreignObject><iframe xmlns="http://www.w3.org/1999/xhtml" src="x"/></foreignObject>',
        '<animate attributeName="href" to="javascript:run()"/>',
        '<set attributeName="onload" to="run()"/>',
        "<style>@import 'https://example.org/x.css'</style>",
        '<rect style="fill:url(https://example.org/x)"/>',
        '<rect fill="url( &quot;https://example.org/x&quot;)"/>',
        '<x:script xmlns:x="http://www.w3.org/1999/xhtml">run()</x:script>',
        '<metadata><x:a xmlns:x="x" href="https://example.org"/></metadata>',
        '<?xml-stylesheet href="https://example.org/x.css"?>',
    ],
)
def test_nothing_runs_or_loads(evil: str) -> None:
    made = clean_svg(f'{HEAD}{evil}<circle r="2"/></svg>')
    assert made is not None
    assert 'circle r="2"' in made
    for word in ("run", "example.org", "script", "iframe", "base64", "onload"):
        assert word not in made.replace("http://www.w3.org", "").casefold()


@pytest.mark.parametrize("before", [ENTITIES, OUTSIDE])
def test_entities_are_refused(before: str) -> None:
    assert clean_svg(f"{before}{HEAD}<text>&i;</text></svg>") is None


def test_what_is_no_svg_is_left_out() -> None:
    for text in ("", "no picture", "<html><body/></html>", f"{HEAD}<g>"):
        assert clean_svg(text) is None
    assert clean_svg(HEAD + "<g>" * 200_000 + "</g>" * 200_000 + "</svg>") is None


def test_a_drawn_picture_stays() -> None:
    """What matplotlib draws keeps each path and clip, and can be read again."""
    from dmpkit import plotting

    ax = plotting.new_axes()
    ax.plot([1, 2, 3], [2, 1, 3], marker="o")
    ax.set_title("z < 3 & $x^2$")
    stream = io.StringIO()
    ax.get_figure().savefig(stream, format="svg")  # type: ignore[union-attr]
    before = stream.getvalue()
    made = clean_svg(before)
    assert made is not None
    for element in ("<path", "<use", "<clipPath", "clip-path=", "stroke"):
        assert made.count(element) == before.count(element) > 0
    assert clean_svg(made) == made
