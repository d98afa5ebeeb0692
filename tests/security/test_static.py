"""What the code may not do to what it is given, read from the code itself.

Ruff's rules S (those of bandit) run in `make check`, but a `noqa` silences them one by
one. Here every place that needs an exception is listed with its reason; an exception
that is no longer needed fails as well.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SEARCHED = ("dmpkit", "docs", "benchmarks", "dependencies")

#: Modules that run, load or reach out; importing one is an event.
MODULES = {
    **dict.fromkeys(("pickle", "cloudpickle", "dill", "shelve", "marshal", "joblib"), "pickle"),
    **dict.fromkeys(("yaml", "ruamel"), "yaml"),
    **dict.fromkeys(("xml", "lxml", "xmltodict", "defusedxml", "html5lib"), "xml"),
    **dict.fromkeys(("tarfile", "rarfile", "py7zr", "zipfile", "gzip", "bz2", "lzma"), "archive"),
    **dict.fromkeys(("requests", "httpx", "aiohttp", "urllib3", "pooch", "socket"), "network"),
    **dict.fromkeys(("http", "ftplib", "smtplib", "telnetlib", "webbrowser", "ssl"), "network"),
    **dict.fromkeys(("subprocess", "pty", "pexpect"), "process"),
    **dict.fromkeys(("sqlite3", "ctypes", "cffi"), "native"),
}
#: Parts of the standard library with a harmless and a harmful half.
HARMLESS = {"urllib.parse", "xml.sax.saxutils"}
#: Names that are called: what they are an instance of.
CALLS = {
    **dict.fromkeys(("eval", "exec", "compile", "__import__", "execfile"), "code"),
    **dict.fromkeys(("read_pickle", "to_pickle", "read_hdf", "memmap", "fromfile"), "pickle"),
    **dict.fromkeys(("system", "popen", "startfile"), "process"),
    **dict.fromkeys((f"exec{e}" for e in ("l", "le", "lp", "v", "ve", "vp", "vpe")), "process"),
    **dict.fromkeys((f"spawn{e}" for e in ("l", "le", "lp", "v", "ve", "vp")), "process"),
    **dict.fromkeys(("extractall", "extract", "unpack_archive"), "archive"),
    **dict.fromkeys(("mktemp",), "mktemp"),
    **dict.fromkeys(("enable_load_extension", "load_extension"), "native"),
    **dict.fromkeys(("read_html", "read_xml", "read_excel", "read_sql"), "pandas reader"),
    **dict.fromkeys(("urlopen", "urlretrieve", "create_connection"), "network"),
    **dict.fromkeys(("load_workbook",), "workbook"),
    **dict.fromkeys(("Markup", "Template", "from_string"), "template"),
}
#: Methods whose text is run: allowed with a text that stands in the code.
RUN_TEXT = ("query", "eval", "import_module")

WORKERS = "what a worker process gets and gives back; made by the parent, never read from a file"
EXCEPTIONS: dict[tuple[str, str], str] = {
    ("dmpkit/workers.py", "pickle"): WORKERS,
    ("dmpkit/coding/exchange/xml_stream.py", "xml"): "defusedxml reads; the other name is a type",
    ("dmpkit/coding/exchange/refi.py", "xml"): "the type Element in annotations; nothing is read",
    ("dmpkit/qmethod/formats/statements.py", "xml"): "defusedxml, within a limit of tags",
    ("dmpkit/workbench/safe_svg.py", "xml"): "defusedxml reads, within a limit; the other writes",
    ("dmpkit/archives.py", "archive"): "the bounded opening of archives of strangers",
    ("dmpkit/workbooks.py", "xml"): "expat counts elements and refuses a document type",
    ("dmpkit/workbooks.py", "archive"): "parts of a workbook, read through in blocks and counted",
    ("dmpkit/workbooks.py", "workbook"): "opened after its parts were counted",
    ("dmpkit/qmethod/formats/files.py", "archive"): "the bounded opening of archives with sorts",
    ("dmpkit/qmethod/formats/kade.py", "archive"): "a type; the archive comes bounded",
    ("dmpkit/coding/exchange/archive.py", "archive"): "the bounded opening of coded projects",
    ("dmpkit/coding/exchange/refi_write.py", "archive"): "an archive is written here, none is read",
    ("dmpkit/coding/synthetic.py", "archive"): "the project that dmpkit has just written itself",
    ("dmpkit/workbench/deposit.py", "archive"): "written; checked by hashes of blocks, in bounds",
    ("dmpkit/coding/exchange/databases.py", "native"): "opened read-only, bounded in rows and time",
    ("dmpkit/writing.py", "native"): "a call of the system that swaps two folders in one step",
    ("dmpkit/workbench/downloads.py", "network"): "the one place that asks the network, when told",
    ("dmpkit/workbench/printing.py", "process"): "a browser prints a page that dmpkit wrote",
    ("dmpkit/representativeness/external.py", "process"): "a program that the user names, no shell",
    ("dmpkit/cli.py", "process"): "our own Python opens JupyterLab with the user's options",
    ("dmpkit/workbench/site.py", "template"): "marks as safe what safe_html has just cleaned",
    ("docs/build.py", "process"): "our own Python runs Sphinx on our own pages",
    ("docs/pages/gallery.py", "code"): "runs the examples of the gallery, which are our own files",
    ("docs/pages/gallery.py", "run text"): "names of our own modules",
    ("docs/pages/blocks.py", "code"): "runs the examples of our own pages to show what they print",
    ("docs/pages/api.py", "run text"): "names of our own modules",
    ("dmpkit/__init__.py", "run text"): "names of our own modules, from a fixed list",
    ("dependencies/audit.py", "process"): "pip and pip-audit, on a list that it writes itself",
}


def _name(node: ast.expr) -> str:
    """The dotted name that is called or imported; of a call on a value the last part."""
    if isinstance(node, ast.Attribute):
        return f"{_name(node.value)}.{node.attr}".lstrip(".")
    return node.id if isinstance(node, ast.Name) else ""


def _imports(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _of_import(name: str) -> str | None:
    if any(name == part or name.startswith(f"{part}.") for part in HARMLESS):
        return None
    if name.startswith("urllib"):
        return "network"
    return MODULES.get(name.partition(".")[0])


def _of_call(call: ast.Call) -> str | None:
    name = _name(call.func)
    last = name.rpartition(".")[2]
    words = {word.arg: word.value for word in call.keywords}
    if name.startswith(("re.", "platform.")) or ".str." in f".{name}":
        return None
    if last == "extract" and not any(word in name for word in ("archive", "zip", "tar")):
        return None  # factors are extracted too
    if last.startswith("read_") and name.split(".")[0] not in ("pd", "pandas"):
        return None  # a reader of our own
    if last in RUN_TEXT and not isinstance(call.func, ast.Name):
        fixed = all(isinstance(argument, ast.Constant) for argument in call.args[:1])
        return None if fixed and call.args else "run text"
    if last == "load" and name.split(".")[0] in ("np", "numpy", "joblib"):
        allowed = words.get("allow_pickle")
        return None if isinstance(allowed, ast.Constant) and allowed.value is False else "pickle"
    if name in ("Environment", "jinja2.Environment"):
        escapes = words.get("autoescape")
        return None if isinstance(escapes, ast.Constant) and escapes.value else "template"
    if "shell" in words or "preexec_fn" in words:
        return "shell"
    if name.startswith("subprocess.") and call.args:
        first = call.args[0]
        if isinstance(first, ast.JoinedStr | ast.BinOp) or (
            isinstance(first, ast.Constant) and isinstance(first.value, str)
        ):
            return "shell"
    return CALLS.get(last)


def findings(code: str) -> set[str]:
    """The kinds of what a program does that it may not do without a reason."""
    found: set[str | None] = set()
    jinja = "jinja2" in code  # others have environments too
    for node in ast.walk(ast.parse(code)):
        found |= {_of_import(name) for name in _imports(node)}
        if isinstance(node, ast.Call):
            kind = _of_call(node)
            found.add(None if kind == "template" and not jinja else kind)
    return {kind for kind in found if kind}


def searched() -> Iterator[tuple[str, str]]:
    for folder in SEARCHED:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


def test_every_exception_is_listed_with_its_reason() -> None:
    found = {(path, kind) for path, code in searched() for kind in findings(code)}
    timings = {pair for pair in found if pair[0].startswith("benchmarks/")}
    found -= {(path, kind) for path, kind in timings if kind == "process"}  # but no shell
    assert len(list(searched())) > 200
    unlisted = sorted(found - set(EXCEPTIONS))
    assert not unlisted, f"Not allowed without a reason: {unlisted}"
    needless = sorted(set(EXCEPTIONS) - found)
    assert not needless, f"Exceptions that nothing needs: {needless}"
    assert all(len(reason) > 20 for reason in EXCEPTIONS.values())


def test_notebooks_run_nothing_of_this_either() -> None:
    for path in sorted((ROOT / "notebooks").rglob("*.ipynb")):
        if ".ipynb_checkpoints" in path.parts:
            continue
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
        plain = [
            "\n".join(
                line for line in text.splitlines() if not line.lstrip().startswith(("%", "!"))
            )
            for text in code
        ]
        assert not [text for text in code if text.lstrip().startswith("!")], path.name
        assert findings("\n".join(plain)) <= {"pandas reader", "archive"}, path.name


HARM = {
    "import pickle": "pickle",
    "from joblib import load": "pickle",
    "np.load(path)": "pickle",
    "np.load(path, allow_pickle=False)": None,
    "np.load(path, allow_pickle=True)": "pickle",
    "pd.read_pickle(path)": "pickle",
    "eval(text)": "code",
    "exec(compile(text, 'a', 'exec'))": "code",
    "__import__(name)": "code",
    "importlib.import_module(name)": "run text",
    "frame.query(text)": "run text",
    "frame.eval(f'a == {text}')": "run text",
    "subprocess.run('ls ' + name)": "shell",
    "subprocess.run(f'ls {name}')": "shell",
    "subprocess.run([a], shell=True)": "shell",
    "os.system(text)": "process",
    "os.popen(text)": "process",
    "import yaml": "yaml",
    "import xml.etree.ElementTree": "xml",
    "from lxml import etree": "xml",
    "from xml.dom.minidom import parse": "xml",
    "import tarfile": "archive",
    "archive.extractall(folder)": "archive",
    "shutil.unpack_archive(path)": "archive",
    "pd.read_excel(path)": "pandas reader",
    "pd.read_html(path)": "pandas reader",
    "openpyxl.load_workbook(path)": "workbook",
    "connection.enable_load_extension(True)": "native",
    "jinja2.Environment()": "template",
    "from jinja2 import Environment; Environment(autoescape=False)": "template",
    "jinja2.Markup(text)": "template",
    "tempfile.mktemp()": "mktemp",
    "from urllib.request import urlopen": "network",
    "import requests": "network",
    "import socket": "network",
    "from http.client import HTTPConnection": "network",
    "re.compile(text)": None,
    "frame.query('a > 1')": None,
    "from urllib.parse import quote": None,
    "jinja2.Environment(autoescape=True)": None,
    "Environment(name)": None,
}


@pytest.mark.parametrize(("code", "kind"), HARM.items())
def test_the_search_finds_what_it_looks_for(code: str, kind: str | None) -> None:
    assert (kind in findings(code)) if kind else findings(code) == set()
