"""Formulas as MathML, turned while building: nothing is fetched to show them."""

from __future__ import annotations

from typing import Any, NoReturn

from docutils import nodes

from dmpkit.workbench.safe_html import mathml


def _inline(writer: Any, node: nodes.Node) -> NoReturn:
    writer.body.append(mathml(node.astext()))
    raise nodes.SkipNode


def _block(writer: Any, node: nodes.Node) -> NoReturn:
    writer.body.append(f'<div class="math">{mathml(node.astext(), block=True)}</div>')
    raise nodes.SkipNode


def add_renderer(app: Any) -> None:
    """Offer the renderer ``mathml`` to Sphinx."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
