"""Every small change that can be made to the numerical code of a room.

The changes are those of mutmut (its operators on libcst's trees); mutmut's own
runner leaves out every decorated function, and here most results are cached
properties, so the walk over the code and the runner are ours. What is text for
a reader is not changed: messages, labels, docstrings, annotations.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import libcst as cst
import libcst.matchers as m
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation.mutators import mutation_operators, operator_string

HERE = Path(__file__).parent
TEXT_CALLS = {"warn", "cast", "len", "isinstance", "TypeVar", "dedent", "fill", "shorten"}
TEXT_ARGUMENTS = {"remedy", "problem", "note", "notes", "caption", "title", "alt", "label", "doc"}
TEXT_FUNCTIONS = (
    "plot*", "report*", "summary*", "methods*", "_repr_*", "__repr__", "__str__", "to_report*",
    "*sentence*", "*_text", "explain*", "_explain*", "_note*", "describe*", "section*",
    "to_excel", "words", "headline", "legend",
)  # fmt: skip


@dataclass(frozen=True)
class Change:
    """One change: where it is, and how to make it."""

    file: str
    function: str
    line: int
    lines: tuple[int, ...] = field(repr=False)  # of the map of lines; empty: every test of the file
    before: str
    after: str
    key: str  # the same as long as this piece of code is the same
    _made: Any = field(repr=False, compare=False)

    def source(self) -> str:
        """The whole file with this change in it."""
        wrapper, original, mutated = self._made
        changed: cst.Module = wrapper.module.deep_replace(original, mutated)
        return changed.code


def modules(root: Path, room: str) -> list[str]:
    """The numerical modules of a room, as paths below `root`."""
    rules = tomllib.loads((HERE / "rooms.toml").read_text(encoding="utf-8"))["left_out"]
    patterns = [pattern for group in rules.values() for pattern in group]
    found = []
    for path in sorted((root / "dmpkit" / room).rglob("*.py")):
        name = path.relative_to(root / "dmpkit").with_suffix("").as_posix()
        inside = name.split("/", 1)[1]
        left_out = any(fnmatch(name if "/" in p else inside, p) for p in patterns)
        if path.name != "__init__.py" and not left_out:
            found.append(path.relative_to(root).as_posix())
    return found


def changes(root: Path, file: str) -> Iterator[Change]:
    """All changes of one module."""
    wrapper = MetadataWrapper(cst.parse_module((root / file).read_text(encoding="utf-8")))
    visitor = _Visitor(wrapper, file)
    wrapper.visit(visitor)
    yield from visitor.found


class _Visitor(cst.CSTVisitor):
    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self, wrapper: MetadataWrapper, file: str) -> None:
        self.wrapper, self.file = wrapper, file
        self.found: list[Change] = []
        self._names: list[cst.FunctionDef | cst.ClassDef] = []
        self._spans: list[tuple[cst.CSTNode, tuple[int, ...]]] = [(wrapper.module, ())]
        self._count: Counter[tuple[str, str, str]] = Counter()

    def on_visit(self, node: cst.CSTNode) -> bool:
        if _is_text(node):
            return False
        if isinstance(node, cst.FunctionDef | cst.ClassDef):
            self._names.append(node)
        span = self._span(node)
        if span is not None:
            self._spans.append((node, span))
        mutants = list(_mutated(node, inside=bool(self._spans[-1][1])))
        before = self.wrapper.module.code_for_node(node).strip() if mutants else ""
        for mutated in mutants:
            self._add(node, before, mutated)
        return True

    def on_leave(self, original_node: cst.CSTNode) -> None:
        if self._spans[-1][0] is original_node:
            self._spans.pop()
        if self._names and self._names[-1] is original_node:
            self._names.pop()

    def _span(self, node: cst.CSTNode) -> tuple[int, ...] | None:
        """The lines whose tests run what stands in this node, where it sets them anew."""
        if isinstance(node, cst.FunctionDef):
            return self._lines(node.body)
        if isinstance(node, cst.SimpleStatementLine) and len(self._names) and self._spans[-1][1]:
            return self._lines(node)
        if isinstance(node, cst.If | cst.While):
            return self._lines(node.test) if self._spans[-1][1] else None
        if isinstance(node, cst.For):
            return self._lines(node.iter) if self._spans[-1][1] else None
        return None

    def _lines(self, node: cst.CSTNode) -> tuple[int, ...]:
        place = self.get_metadata(PositionProvider, node)
        return tuple(range(place.start.line, place.end.line + 1))

    def _add(self, node: cst.CSTNode, before: str, mutated: cst.CSTNode) -> None:
        after = self.wrapper.module.code_for_node(mutated).strip()
        if before == after:
            return
        function = ".".join(named.name.value for named in self._names) or "(module)"
        self._count[function, before, after] += 1
        parts = (self.file, function, before, after, str(self._count[function, before, after]))
        key = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]
        self.found.append(
            Change(
                self.file, function, self.get_metadata(PositionProvider, node).start.line,
                self._spans[-1][1], _flat(before), _flat(after), key, (self.wrapper, node, mutated),
            )
        )  # fmt: skip


def _flat(code: str) -> str:
    return " ".join(code.split())


def _mutated(node: cst.CSTNode, *, inside: bool) -> Iterator[cst.CSTNode]:
    for kind, operator in mutation_operators:
        if not isinstance(node, kind):
            continue
        if isinstance(node, cst.Assign | cst.AnnAssign) and not inside:
            continue  # a constant set to None, or a type's other name
        for number, mutated in enumerate(operator(node)):
            if operator is operator_string and (number or not _is_code_word(node)):
                continue  # one change a word is enough
            if isinstance(node, cst.Call) and _drops_text(node, mutated):
                continue
            yield mutated


def _is_code_word(node: cst.CSTNode) -> bool:
    """Whether a string is a name in the code's own world, and not words for a reader."""
    value = getattr(node, "value", "")
    return len(value) > 2 and not any(c.isspace() for c in value)


def _is_words(node: cst.CSTNode | None) -> bool:
    if isinstance(node, cst.FormattedString | cst.ConcatenatedString):
        return True
    return isinstance(node, cst.SimpleString) and not _is_code_word(node)


def _drops_text(node: cst.Call, mutated: cst.CSTNode) -> bool:
    """Whether the change takes away, or empties, an argument that is text."""
    kept = {id(arg) for arg in getattr(mutated, "args", ())}
    gone = [arg for arg in node.args if id(arg) not in kept]
    return bool(gone) and all(_is_text_argument(arg) for arg in gone)


def _is_text_argument(arg: cst.Arg) -> bool:
    named = arg.keyword is not None and arg.keyword.value in TEXT_ARGUMENTS | {"strict"}  # of zip
    return named or _is_words(arg.value)


def _is_text(node: cst.CSTNode) -> bool:
    """Whether node and all below are for a reader, a type checker or the import."""
    if isinstance(
        node,
        cst.Annotation | cst.Decorator | cst.Raise | cst.Assert | cst.Import | cst.ImportFrom
        | cst.FormattedString | cst.ConcatenatedString,
    ):  # fmt: skip
        return True
    if isinstance(node, cst.Arg):
        return _is_text_argument(node)
    if isinstance(node, cst.Call):
        name = node.func.attr.value if isinstance(node.func, cst.Attribute) else ""
        name = node.func.value if isinstance(node.func, cst.Name) else name
        return name in TEXT_CALLS or name.endswith(("Error", "Warning"))
    if isinstance(node, cst.Assign | cst.AnnAssign):
        return _is_words(node.value) or _names_type(node)
    if isinstance(node, cst.IfExp):
        return _is_words(node.body) or _is_words(node.orelse)
    if isinstance(node, cst.Expr):
        return isinstance(node.value, cst.SimpleString | cst.ConcatenatedString)
    if isinstance(node, cst.FunctionDef):
        return _writes_text(node) or _draws(node)
    return isinstance(node, cst.If) and m.matches(node.test, m.Name("TYPE_CHECKING"))


def _names_type(node: cst.Assign | cst.AnnAssign) -> bool:
    """``Levels = Literal[...]``, ``Floats: TypeAlias = ...`` and ``__all__``."""
    if isinstance(node, cst.AnnAssign):  # what a class says of itself is for its pages
        says = m.Subscript(value=m.Name("ClassVar"))
        return m.matches(node.annotation.annotation, m.Name("TypeAlias") | says)
    if getattr(node.targets[0].target, "value", "") in ("__all__", "title", "sheet_notes"):
        return True
    return m.matches(
        node.value,
        m.Subscript(
            value=m.Name("Literal") | m.Name("Callable") | m.Attribute(attr=m.Name("NDArray"))
        ),
    )


def _draws(node: cst.FunctionDef) -> bool:
    """Whether a function makes a picture: it names a figure or its axes."""
    names = m.Name("ax") | m.Name("axes") | m.Name("Figure") | m.Name("figure") | m.Name("plt")
    return bool(m.findall(node, names))


def _writes_text(node: cst.FunctionDef) -> bool:
    if any(fnmatch(node.name.value, pattern) for pattern in TEXT_FUNCTIONS):
        return True
    says = node.returns is not None and m.matches(node.returns.annotation, m.Name("str"))
    return says and bool(m.findall(node.body, m.FormattedString()))
